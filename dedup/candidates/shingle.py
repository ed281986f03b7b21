"""Word shingles of a text, as 64-bit integers.

In: a text. Out: ``read_words``, one int64 per word of ``normalize.words``, in order, with flags that say what is
quoted, what is a figure and where lines begin; ``shingles``, the sorted set of int64 hashes of its runs of five words.
A text of fewer words than that has one shingle, of all it has; a text without words has none. Hashes are computed on arrays of code points: no Python string is made for a word or a shingle.

Rule guarded here: hashes depend on the words alone. They rest in the state, so their constants never change.
"""

import re
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.articles.normalize import kinds, normalize

#: Words in a shingle.
SHINGLE_WORDS: Final = 5

#: Flags of a word.
QUOTED, FIGURE, LINE = np.uint8(1), np.uint8(2), np.uint8(4)

#: Odd 64-bit multipliers: fractional digits of the golden ratio and of pi.
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)

#: An embedded post: its line ends with its author's (@handle) and date, or holds the network's own short links.
_POST: Final = re.compile(r"\(@\w+\)|\bpic\.twitter\.com/|https?://t\.co/")


def mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return each value scrambled: a bijection of the 64-bit integers in which every bit depends on every bit.

    Parameters
    ----------
    values : ndarray of uint64
        Any shape.

    Returns
    -------
    ndarray of uint64
        Same shape.

    References
    ----------
    .. [1] Steele, Lea, Flood. Fast splittable pseudorandom number generators. OOPSLA 2014 (the output function of
       SplitMix64, with the constants of Stafford's variant 13).
    """
    values = values + _GOLDEN
    values = (values ^ (values >> np.uint64(30))) * _MIX_1
    values = (values ^ (values >> np.uint64(27))) * _MIX_2
    return values ^ (values >> np.uint64(31))


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
    from dedup import kernels

    text = normalize(text)
    plain = text.isascii()
    codes: NDArray[Any] = (
        np.frombuffer(text.encode("ascii"), dtype=np.uint8)
        if plain
        else np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    )
    # Between words of ASCII stands a character; in scripts without spaces every letter may be a word.
    most = (len(codes) + 1) // 2 if plain else len(codes)
    hashes, flags = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.uint8)
    n = kernels.read_words(codes, kinds(), _posts(text), hashes, flags)
    return Words(hashes[:n].copy(), flags[:n].copy())


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
    from dedup import kernels

    return kernels.shingle_sequence(words, min(size, len(words))) if len(words) else np.empty(0, dtype=np.int64)


def _posts(text: str) -> NDArray[np.int64]:
    """Return where lines begin and end that are a post of a social network: everyone who reports it shows the same one."""
    places: list[int] = []
    if "(@" in text or "t.co/" in text or "pic.twitter.com/" in text:
        for found in _POST.finditer(text):
            if not places or found.start() >= places[-1]:
                end = text.find("\n", found.end())
                places += [text.rfind("\n", 0, found.start()) + 1, end if end >= 0 else len(text)]
    return np.array(places, dtype=np.int64)
