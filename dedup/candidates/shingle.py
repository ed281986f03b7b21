"""Word shingles of a text, as 64-bit integers.

In: a text. Out: ``read_words``, one int64 per word of ``normalize.words``, in order, with flags that say what is
quoted, what is a figure and where lines begin; ``shingles``, the sorted set of int64 hashes of its runs of five words.
A text of fewer words than that has one shingle, of all it has; a text without words has none. Hashes are computed on arrays of code points: no Python string is made for a word or a shingle.

Rule guarded here: hashes depend on the words alone. They rest in the state, so their constants never change.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.articles.normalize import kinds, normalize
from dedup.articles.spelling import table

#: Words in a shingle.
SHINGLE_WORDS: Final = 5

#: Flags of a word.
QUOTED, FIGURE, LINE = np.uint8(1), np.uint8(2), np.uint8(4)

#: What ``kernels.read_texts`` says of a text with characters that the table of spellings does not know yet.
_UNKNOWN: Final = -1

#: An embedded post: its line ends with its author's (@handle) and date, or holds the network's own short links.
_POST: Final = re.compile(r"\(@\w+\)|\bpic\.twitter\.com/|https?://t\.co/")
#: How such a mark begins; to look for these is quicker than to look for the pattern.
_SIGNS: Final = ("(@", "pic.twitter.com/", "http://t.co/", "https://t.co/")
_NO_POSTS: Final = np.empty(0, dtype=np.int64)


class Words(NamedTuple):
    """The words of a text, in order: int64 hashes, and uint8 flags (``QUOTED``, ``FIGURE``, ``LINE``)."""

    hashes: NDArray[np.int64]
    flags: NDArray[np.uint8]


def read_words(text: str) -> Words:
    """Return hash and flags of every word of ``text``.

    The hash of a word is ``mix(sum of mix(code point) * P ** place)`` modulo 2^64 with P odd.

    Parameters
    ----------
    text : str
        Any text; it is normalised here.

    Returns
    -------
    Words
        Aligned with ``normalize.words(text)``. ``QUOTED``: the last quotation mark of its line before the word opens, or
        the line is an embedded post; ``FIGURE``: it has a digit; ``LINE``: it is the first of its line.
    """
    encoded = np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=np.uint8)
    return read_texts(encoded, np.array([0, len(encoded)]))[0]


def read_texts(texts: NDArray[np.uint8], ends: NDArray[np.int64]) -> tuple[Words, NDArray[np.int64]]:
    """Return hash and flags of every word of many texts, as ``read_words`` does.

    Parameters
    ----------
    texts : ndarray of uint8
        UTF-8, one text after the other.
    ends : ndarray of int64, shape (n_texts + 1,)
        Text i is ``texts[ends[i]:ends[i + 1]]``.

    Returns
    -------
    Words, ndarray of int64, shape (n_texts + 1,)
        Words one after the other, and their ends: those of text i are ``[ends[i]:ends[i + 1]]``.
    """
    from dedup import kernels

    n_texts, known = len(ends) - 1, table()
    word_ends = np.zeros(n_texts + 1, dtype=np.int64)
    # A text has at most a word for each of its bytes; what is not written takes no memory.
    room = int(ends[-1] - ends[0])
    hashes, flags = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.uint8)
    row = 0
    while True:
        tables = known.spelling, kinds()
        row, why = kernels.read_texts(texts, ends, row, *tables, _NO_POSTS, False, hashes, flags, word_ends)
        if row == n_texts:
            return Words(hashes[: word_ends[-1]].copy(), flags[: word_ends[-1]].copy()), word_ends
        text = texts[ends[row] : ends[row + 1]].tobytes().decode("utf-8", "surrogatepass")
        if why == _UNKNOWN:
            known.learn(text)
            continue
        normal = normalize(text)
        encoded = np.frombuffer(normal.encode("utf-8", "surrogatepass"), dtype=np.uint8)
        # Of one character may come several words.
        if (more := len(normal) - int(ends[row + 1] - ends[row])) > 0:
            hashes, flags = np.append(hashes, np.empty(more, np.int64)), np.append(flags, np.empty(more, np.uint8))
        span = np.array([0, len(encoded)])
        kernels.read_texts(encoded, span, 0, *tables, _posts(normal), True, hashes, flags, word_ends[row : row + 2])
        row += 1


def word_hashes(text: str) -> NDArray[np.int64]:
    """Return the hash of every word of ``text``, in order.

    Parameters
    ----------
    text : str
        Any text; it is normalised here.

    Returns
    -------
    ndarray of int64, shape (n_words,)
        Aligned with ``normalize.words(text)``.

    Examples
    --------
    >>> a, b, c = word_hashes("Peace, war, PEACE")
    >>> bool(a == c), bool(a == b)
    (True, False)
    """
    return read_words(text).hashes


def shingles(words: NDArray[np.int64], size: int = SHINGLE_WORDS) -> NDArray[np.int64]:
    """Return the set of shingle hashes of a sequence of word hashes.

    Parameters
    ----------
    words : ndarray of int64, shape (n_words,)
        As ``word_hashes`` gives them.
    size : int
        Words in a shingle, at least 1.

    Returns
    -------
    ndarray of int64, shape (n_shingles,)
        Sorted, each once. One shingle when ``0 < n_words < size``; empty when there is no word.
    """
    found = shingle_sequence(words, size)
    found.sort()
    return found[np.concatenate(([True], found[1:] != found[:-1]))] if len(found) else found


def shingle_sequence(words: NDArray[np.int64], size: int = SHINGLE_WORDS) -> NDArray[np.int64]:
    """Return the shingle hash that starts at each word, in order of the text.

    Parameters
    ----------
    words : ndarray of int64, shape (n_words,)
        As ``word_hashes`` gives them.
    size : int
        Words in a shingle, at least 1.

    Returns
    -------
    ndarray of int64, shape (max(n_words - size + 1, min(n_words, 1)),)
        With repeats; place i is the shingle of words i to i + size - 1.
    """
    return shingle_sequences(words, np.array([0, len(words)]), size)[0]


def shingle_sequences(
    words: NDArray[np.int64], ends: NDArray[np.int64], size: int = SHINGLE_WORDS
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the ``shingle_sequence`` of each of many texts, one after the other, and their ends; both as of ``read_texts``."""
    from dedup import kernels

    made: tuple[NDArray[np.int64], NDArray[np.int64]] = kernels.shingle_sequences(words, ends, size)
    return made


def _posts(text: str) -> NDArray[np.int64]:
    """Return where lines begin and end that are a post of a social network: everyone who reports it shows the same one."""
    marks = [place for sign in _SIGNS for place in _places(text, sign) if _POST.match(text, place)]
    places: list[int] = []
    for place in sorted(marks):
        if not places or place >= places[-1]:
            end = text.find("\n", place)
            places += [text.rfind("\n", 0, place) + 1, end if end >= 0 else len(text)]
    return np.array(places, dtype=np.int64)


def _places(text: str, sign: str) -> Iterator[int]:
    """Yield where ``sign`` stands."""
    place = text.find(sign)
    while place >= 0:
        yield place
        place = text.find(sign, place + 1)
