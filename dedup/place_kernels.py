"""The loops over the words of a text that say where words stand in it, and where passages that two texts share.

In: arrays. Out: arrays. Each kernel does what the function of ``explanation.py`` that calls it documents; that imports this file where it is
needed, for it loads a compiler. Bounds are not looked at here: whoever calls sees to it that arrays fit each other.

Rule guarded here: places are of the text as it is written, not of its spelling.
"""

from typing import Any, Final

import numpy as np
from numba import types

from dedup.articles.letters import N_CODES, SPACE, UNSPACED
from dedup.compiled import BYTES, CODES, INTS, array, compiled, part

_PASSAGES: Final = types.Array(types.int64, 2, "C", readonly=True)
_SPANS: Final = types.Array(types.int32, 2, "C", readonly=True)


@part
def _is(code: Any, table: Any, bit: Any) -> Any:
    return table[min(code, N_CODES)] & bit != 0


@compiled(types.int64(CODES, CODES, INTS, BYTES, array(types.uint32), types.int32[:, ::1]))
def word_spans(  # noqa: PLR0913 - a text and its spelling, and what is written
    codes: Any, letters: Any, at: Any, kinds: Any, table: Any, spans: Any
) -> Any:
    """Write where each word stands, and return how many there are; see ``spelling.Spelled`` for the first three arrays.

    What stands between two spaces is a token, and each letter of a script without spaces in it, and all between two of them, a piece.
    """
    n, i, start = 0, 0, 0
    while start < len(codes):
        if _is(codes[start], table, SPACE):
            start += 1
            continue
        end = start
        while end < len(codes) and not _is(codes[end], table, SPACE):
            end += 1
        while i < len(letters) and at[i] < start:
            i += 1
        # Words, counted in the token as a whole, and in each of its pieces by itself.
        first, n_apart = n, 0
        before, before_apart = np.uint8(0), np.uint8(0)
        piece, after = start, start
        while i < len(letters) and at[i] < end:
            while at[i] >= after:
                piece, before_apart = after, np.uint8(0)
                after += 1
                while not _is(codes[piece], table, UNSPACED) and after < end and not _is(codes[after], table, UNSPACED):
                    after += 1
            kind = kinds[letters[i]]
            mark = kind == 2
            # A mark is of the kind of the letter it follows; one that follows none is no part of a word.
            kind_apart = before_apart if mark else kind
            kind = before if mark else kind
            if kind != 0 and (kind != before or (kind == 3 and not mark)):
                spans[n, 0], spans[n, 1] = piece, after
                n += 1
            n_apart += kind_apart != 0 and (kind_apart != before_apart or (kind_apart == 3 and not mark))
            before, before_apart = kind, kind_apart
            i += 1
        # A single word has all of its token, and so has each that reaches over pieces.
        if n == first + 1 or n - first != n_apart:
            spans[first:n, 0], spans[first:n, 1] = start, end
        start = end
    return n


@compiled(types.int64[::1](_PASSAGES, types.int64, types.int64, types.int64))
def apart(passages: Any, n_left: Any, n_right: Any, at_most: Any) -> Any:
    """Return the numbers of passages, in order, that do not lie within the place of ones before them on either side."""
    left, right = np.zeros(n_left, dtype=np.bool_), np.zeros(n_right, dtype=np.bool_)
    chosen, n = np.empty(min(at_most, len(passages)), dtype=np.int64), 0
    for number in range(len(passages)):
        if n == len(chosen):
            break
        at, other, n_words = passages[number]
        if not (left[at : at + n_words].all() or right[other : other + n_words].all()):
            left[at : at + n_words] = True
            right[other : other + n_words] = True
            chosen[n] = number
            n += 1
    return chosen[:n].copy()


@compiled(types.int64[:, ::1](_PASSAGES, types.int64, _SPANS))
def owned(passages: Any, side: Any, spans: Any) -> Any:
    """Return the runs of words that belong to a passage, the first that they are in: start, end and number of each."""
    owner: Any = np.full(len(spans), -1, dtype=np.int64)
    for number in range(len(passages) - 1, -1, -1):
        owner[passages[number, side] : passages[number, side] + passages[number, 2]] = number
    # Where one ends inside another, that has a run before it and one after.
    runs, n = np.empty((2 * len(passages), 3), dtype=np.int64), 0
    first, reached = 0, 0
    for word in range(1, len(spans) + 1):
        if word < len(spans) and owner[word] == owner[first]:
            continue
        if owner[first] >= 0 and reached < spans[word - 1, 1]:
            runs[n, 0], runs[n, 1], runs[n, 2] = max(spans[first, 0], reached), spans[word - 1, 1], owner[first]
            reached = runs[n, 1]
            n += 1
        first = word
    return runs[:n].copy()
