"""Word shingles of a text, as 64-bit integers.

In: a text. Out: ``read_words``, one int64 per word of ``normalize.words``, in order, with flags that say what is
quoted, what is a figure and where lines begin; ``shingles``, the sorted set of int64 hashes of its runs of five words.
A text of fewer words than that has one shingle, of all it has; a text without words has none. Hashes are computed on arrays of code points: no Python string is made for a word or a shingle.

Rule guarded here: hashes depend on the words alone. They rest in the state, so their constants never change.
"""

import re
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.articles.normalize import MARK, OTHER, UNSPACED_LETTER, kinds, normalize

#: Words in a shingle.
SHINGLE_WORDS: Final = 5

#: Flags of a word.
QUOTED, FIGURE, LINE = np.uint8(1), np.uint8(2), np.uint8(4)

#: Odd 64-bit multipliers: fractional digits of the golden ratio and of pi.
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_PLACE: Final = np.uint64(0x243F6A8885A308D3)
_TURN: Final = np.uint64(0x13198A2E03707345)
_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)
_LEAST_POWERS: Final = 1 << 14

#: An embedded post: its line ends with its author's (@handle) and date, or holds the network's own short links.
_POST: Final = re.compile(r"^.*(?:\(@\w+\)|\bpic\.twitter\.com/|https?://t\.co/).*$", re.MULTILINE)


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
    text = normalize(text)
    if text.isascii():
        codes: NDArray[Any] = np.frombuffer(text.encode("ascii"), dtype=np.uint8)
        starts, ends = _runs(_ascii_is_letter()[codes])
        letters = _ascii_letters()[codes]
    else:
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        starts, ends = _unicode_words(kinds()[codes])
        letters = mix(codes.astype(np.uint64))
    if not len(starts):
        return Words(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint8))
    # The sum over a word is a difference of running sums over the text, with the powers of its place divided out.
    powers, inverses = _powers(len(codes))
    running = np.zeros(len(codes) + 1, dtype=np.uint64)
    np.cumsum(letters * powers, out=running[1:])
    hashes = mix((running[ends] - running[starts]) * inverses[starts]).view(np.int64)
    return Words(hashes, _flags(text, codes, starts))


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
    found = np.sort(shingle_sequence(words, size))
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
    if not len(words):
        return np.empty(0, dtype=np.int64)
    size = min(size, len(words))
    ordered = words.view(np.uint64)
    n = len(words) - size + 1
    total = ordered[:n].copy()
    for place in range(1, size):
        total *= _TURN
        total += ordered[place : place + n]
    return mix(total).view(np.int64)


def _flags(text: str, codes: NDArray[Any], starts: NDArray[np.intp]) -> NDArray[np.uint8]:
    """Return the flags of the words that begin at ``starts``."""
    flags = np.zeros(len(starts) + 1, dtype=np.uint8)
    digits = np.flatnonzero((codes >= ord("0")) & (codes <= ord("9")))
    flags[np.searchsorted(starts, digits, side="right") - 1] |= FIGURE
    breaks = np.flatnonzero(codes == ord("\n"))
    flags[np.searchsorted(starts, breaks)] |= LINE
    flags[0] |= LINE
    ranges = np.concatenate((_quotations(codes, breaks), _posts(text)))
    if len(ranges):
        depth = np.zeros(len(starts) + 1, dtype=np.int64)
        first, after = np.searchsorted(starts, ranges).T
        np.add.at(depth, first, 1)
        np.add.at(depth, after, -1)
        flags[np.cumsum(depth) > 0] |= QUOTED
    return flags[:-1]


def _quotations(codes: NDArray[Any], breaks: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the ranges that are quoted: from a mark that opens, for a space stands before it, to the next or the break."""
    marks = np.flatnonzero(codes == ord('"'))
    before = codes[marks - 1]
    opens = (before == ord(" ")) | (before == ord("\n")) | (before == ord("(")) | (before == ord("-")) | (marks == 0)
    next_mark = np.append(marks[1:], len(codes))
    next_break = np.append(breaks, len(codes))[np.searchsorted(breaks, marks)]
    return np.stack((marks[opens], np.minimum(next_mark, next_break)[opens]), axis=1)


def _posts(text: str) -> NDArray[np.intp]:
    """Return the ranges of lines that are a post of a social network: everyone who reports it shows the same one."""
    found = _POST.finditer(text) if "(@" in text or "t.co/" in text or "pic.twitter.com/" in text else ()
    return np.array([post.span() for post in found], dtype=np.intp).reshape(-1, 2)


def _runs(inside: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return where the runs of true values begin and end."""
    padded = np.zeros(len(inside) + 2, dtype=bool)
    padded[1:-1] = inside
    edges = np.flatnonzero(padded[1:] != padded[:-1])
    return edges[::2], edges[1::2]


def _unicode_words(kind: NDArray[np.uint8]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return where words begin and end, by what the code points are to ``words``."""
    marks = kind == MARK
    if marks.any():
        # A mark is of the kind of the letter it follows; one that follows none is no part of a word.
        kind = np.where(marks & (np.arange(len(kind)) == 0), OTHER, kind)
        kind = kind[np.maximum.accumulate(np.where(kind == MARK, 0, np.arange(len(kind))))]
    unspaced = kind == UNSPACED_LETTER
    if not unspaced.any():
        return _runs(kind != OTHER)
    padded = np.zeros(len(kind) + 2, dtype=kind.dtype)
    padded[1:-1] = kind
    edge = padded[1:] != padded[:-1]
    edge[:-1] |= unspaced & ~marks
    edges = np.flatnonzero(edge)
    starts = edges[padded[1:][edges] != OTHER]
    ends = edges[padded[:-1][edges] != OTHER]
    return starts, ends


@cache
def _ascii_is_letter() -> NDArray[np.bool_]:
    return np.array([chr(code).isalnum() for code in range(128)])


@cache
def _ascii_letters() -> NDArray[np.uint64]:
    return mix(np.arange(128, dtype=np.uint64))


def _powers(length: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return the first powers of the multiplier of places, and their inverses modulo 2^64."""
    powers, inverses = _power_table(max(_LEAST_POWERS, 1 << length.bit_length()))
    return powers[:length], inverses[:length]


@lru_cache(maxsize=4)
def _power_table(length: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    tables = []
    for base in (int(_PLACE), pow(int(_PLACE), -1, 1 << 64)):
        steps = np.full(length, base, dtype=np.uint64)
        steps[0] = 1
        tables.append(np.multiply.accumulate(steps))
    return tables[0], tables[1]
