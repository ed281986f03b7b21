"""The loops that machine code is made of: over letters, words and shingles.

In: arrays. Out: arrays. Each kernel does what the function that calls it documents; nothing else calls it, and whoever does imports
this file where it is needed, for it loads a compiler. What is compiled is kept beside this file, else in the user's cache, and is
compiled anew by each process where neither can be written.

Rule guarded here: integers wrap modulo 2^64, so that a kernel gives the same on every machine and in every process.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numpy as np
from numba import njit, types

from dedup.candidates.shingle import GOLDEN, MIX_1, MIX_2, TURN

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _compiled(*signatures: Any) -> Callable[[_Function], _Function]:
    """Compile a function for given types of arguments, now or from what an earlier process kept."""

    def decorate(function: _Function) -> _Function:
        compile_: Any = njit
        try:
            made = compile_(list(signatures), cache=True)(function)
        except (RuntimeError, OSError):
            # There is no place to keep it, or that is full.
            made = compile_(list(signatures))(function)
        return cast("_Function", made)

    return decorate


#: numba does not type these.
_tuple: Any = types.Tuple
_uniform: Any = types.UniTuple


def _array(element: Any) -> Any:
    """Return the type of an array that is only read; numba takes any of these elements for it."""
    return types.Array(element, 1, "C", readonly=True)


_BYTES, _CODES, _INTS = (_array(element) for element in (types.uint8, types.uint32, types.int64))

_PLACE: Final = np.uint64(0x243F6A8885A308D3)
_S27, _S30, _S31, _S32 = (np.uint64(bits) for bits in (27, 30, 31, 32))
_MURMUR_1: Final = np.uint32(0x85EBCA6B)
_MURMUR_2: Final = np.uint32(0xC2B2AE35)


@_compiled(types.uint64(types.uint64))
def _mix(value: Any) -> Any:
    value += GOLDEN
    value = (value ^ (value >> _S30)) * MIX_1
    value = (value ^ (value >> _S27)) * MIX_2
    return value ^ (value >> _S31)


@_compiled(types.int64(_CODES, _BYTES, _INTS, types.int64[::1], types.uint8[::1]))
def read_words(codes: Any, kinds: Any, posts: Any, hashes: Any, flags: Any) -> Any:
    """Write the hash and the flags of every word of a normalised text; return how many there are."""
    n, post = 0, 0
    total, power = np.uint64(0), np.uint64(1)
    before, quoted, begins_line = np.uint8(0), False, True
    for i in range(len(codes)):
        code = codes[i]
        kind = kinds[code]
        mark = kind == 2
        if mark:
            # Of the kind of the letter it follows; one that follows none is no part of a word.
            kind = before
        if kind != before or (kind == 3 and not mark):
            if before != 0:
                hashes[n] = np.int64(_mix(total))
                n += 1
            if kind != 0:
                total, power = np.uint64(0), np.uint64(1)
                while post < len(posts) and posts[post + 1] <= i:
                    post += 2
                in_post = post < len(posts) and posts[post] <= i
                flags[n] = (1 if quoted or in_post else 0) + (4 if begins_line else 0)
                begins_line = False
        if kind != 0:
            total += _mix(np.uint64(code)) * power
            power *= _PLACE
            if 48 <= code <= 57:
                flags[n] |= np.uint8(2)
        elif code == 10:
            quoted, begins_line = False, True
        elif code == 34:
            # A mark opens when nothing, a space, a break, a bracket or a dash stands before it.
            quoted = i == 0 or codes[i - 1] == 32 or codes[i - 1] == 10 or codes[i - 1] == 40 or codes[i - 1] == 45
        before = kind
    if before != 0:
        hashes[n] = np.int64(_mix(total))
        n += 1
    return n


@_compiled(types.int64(_BYTES, _CODES, types.uint32[::1]))
def respell(text: Any, spelling: Any, codes: Any) -> Any:
    """Write the code points of a text in UTF-8 as words are compared, and return how many.

    ``spelling`` gives for a code point what is written for it: 1 for nothing. Returns -1 where it gives 0, which is not known yet,
    and -2 where it gives 2, for what a table cannot say; -3 and less, -3 - n, where the text may hold a post of a social network.
    """
    n, i, may_be_post = 0, 0, False
    while i < len(text):
        code = np.uint32(text[i])
        if code < 0x80:
            i += 1
            written = code + np.uint32(32) if 65 <= code <= 90 else code
        elif code >= 0xF0:
            return -2
        else:
            if code < 0xE0:
                code = ((code & np.uint32(0x1F)) << np.uint32(6)) | np.uint32(text[i + 1] & 0x3F)
                i += 2
            else:
                low = (np.uint32(text[i + 1] & 0x3F) << np.uint32(6)) | np.uint32(text[i + 2] & 0x3F)
                code = ((code & np.uint32(0x0F)) << np.uint32(12)) | low
                i += 3
            written = spelling[code]
            if written <= 2:
                if written == 1:
                    continue
                return -1 if written == 0 else -2
        codes[n] = written
        n += 1
        # "(@", "t.co/" and "r.com/".
        if written == 64 and n > 1 and codes[n - 2] == 40:
            may_be_post = True
        if written == 47 and n > 5:
            a, b, c, d = codes[n - 2], codes[n - 3], codes[n - 4], codes[n - 5]
            if (a == 111 and b == 99 and c == 46 and d == 116) or (a == 109 and b == 111 and c == 99 and d == 46):
                may_be_post = True
    return -3 - n if may_be_post else n


@_compiled(types.int64[::1](_INTS, types.int64))
def shingle_sequence(words: Any, size: Any) -> Any:
    """Return the shingle that starts at each word; ``1 <= size <= len(words)``."""
    made = np.empty(len(words) - size + 1, dtype=np.int64)
    for i in range(len(made)):
        total = np.uint64(words[i])
        for place in range(1, size):
            total = total * TURN + np.uint64(words[i + place])
        made[i] = np.int64(_mix(total))
    return made


@_compiled(types.int64[::1](_INTS, types.int64, types.uint64))
def low_shingles(words: Any, size: Any, bound: Any) -> Any:
    """Return the shingles below a bound, with repeats; ``1 <= size <= len(words)``."""
    sequence = shingle_sequence(words, size)
    n = 0
    for i in range(len(sequence)):
        if np.uint64(sequence[i]) < bound:
            sequence[n] = sequence[i]
            n += 1
    return sequence[:n].copy()


@_compiled(types.void(_INTS, _CODES, _CODES, types.uint32[::1]))
def sign(hashes: Any, multipliers: Any, offsets: Any, signature: Any) -> None:
    """Lower each place of the signature to the least value of its permutation."""
    for i in range(len(hashes)):
        value = np.uint32(np.uint64(hashes[i]) >> _S32)
        value = np.uint32((value ^ (value >> np.uint32(16))) * _MURMUR_1)
        value = np.uint32((value ^ (value >> np.uint32(13))) * _MURMUR_2)
        value = np.uint32(value ^ (value >> np.uint32(16)))
        for place in range(len(signature)):
            permuted = np.uint32(multipliers[place] * value + offsets[place])
            signature[place] = min(signature[place], permuted)


@_compiled(types.int64(types.uint64, types.int32[::1], types.int64[::1]))
def _slot(value: Any, table: Any, values: Any) -> Any:
    """Return the slot of a value in a hash table of places, or the free one where it belongs."""
    mask = np.uint64(len(table) - 1)
    slot = value & mask
    while table[slot] >= 0 and np.uint64(values[table[slot]]) != value:
        slot = (slot + np.uint64(1)) & mask
    return np.int64(slot)


@_compiled(types.int32[::1](types.int64))
def _table(n: Any) -> Any:
    """Return an empty hash table for ``n`` values."""
    n_slots = 4
    while n_slots < 2 * n:
        n_slots *= 2
    return np.full(n_slots, -1, dtype=np.int32)


#: So many runs are sorted here.
FEW_RUNS: Final = 64


@_compiled(types.boolean(types.int64[::1], types.int64, types.int64, types.int64))
def _later(row: Any, left: Any, right: Any, words: Any) -> Any:
    """Return whether a run comes after another in order."""
    if row[2] != words:
        return bool(row[2] < words)
    return bool(row[0] > left or (row[0] == left and row[1] > right))


_INDEX: Final = _uniform(types.int32[::1], 3)


@_compiled(_INDEX(types.int64[::1]))
def index(sequence: Any) -> Any:
    """Return where shingles stand: a hash table of first places, the first place of each shingle, and its next place."""
    table = _table(len(sequence))
    first = np.empty(len(sequence), dtype=np.int32)
    after = np.full(len(sequence), -1, dtype=np.int32)
    last = np.empty(len(sequence), dtype=np.int32)
    for i in range(len(sequence)):
        slot = _slot(np.uint64(sequence[i]), table, sequence)
        if table[slot] < 0:
            table[slot] = i
        else:
            after[last[table[slot]]] = i
        first[i] = table[slot]
        last[table[slot]] = i
    return table, first, after


@_compiled(types.int64(types.int32[::1]))
def n_distinct(first: Any) -> Any:
    """Return how many shingles are the first of their kind."""
    n = 0
    for i in range(len(first)):
        n += 1 if first[i] == i else 0
    return n


@_compiled(
    _tuple((types.int64, types.int64, types.int64, types.int32[::1]))(
        types.int64[::1], _INDEX, types.int64[::1], types.int64
    )
)
def meet(left: Any, left_index: Any, right: Any, size: Any) -> Any:
    """Return shared shingles, covered words of the left and of the right, and the first place on the left of each on the right."""
    table, first, _ = left_index
    met = np.zeros(len(left), dtype=np.bool_)
    at = np.empty(len(right), dtype=np.int32)
    n_shared, covered_left, covered_right, end = 0, 0, 0, 0
    for j in range(len(right)):
        place = table[_slot(np.uint64(right[j]), table, left)]
        at[j] = place
        if place >= 0:
            n_shared += 0 if met[place] else 1
            met[place] = True
            covered_right += j + size - max(end, j)
            end = j + size
    if n_shared:
        end = 0
        for i in range(len(left)):
            if met[first[i]]:
                covered_left += i + size - max(end, i)
                end = i + size
    return n_shared, covered_left, covered_right, at


@_compiled(types.int64[:, ::1](types.int64[::1], _INDEX, types.int64[::1], types.int32[::1], types.int64, types.int64))
def runs(  # noqa: PLR0913 - two sides, and what is known of them
    left: Any, left_index: Any, right: Any, at: Any, size: Any, many: Any
) -> Any:
    """Return maximal common runs as rows (left, right, words), a few by length; none of more than ``many`` equal places."""
    _, _, after = left_index
    n_points, n_rows = 0, 0
    for j in range(len(right)):
        i = at[j]
        while i >= 0 and n_points <= many:
            n_points += 1
            n_rows += 1 if i == 0 or j == 0 or left[i - 1] != right[j - 1] else 0
            i = after[i]
    if n_points > many:
        return np.empty((0, 3), dtype=np.int64)
    rows = np.empty((n_rows, 3), dtype=np.int64)
    n_rows = 0
    for j in range(len(right)):
        i = at[j]
        while i >= 0:
            if i == 0 or j == 0 or left[i - 1] != right[j - 1]:
                length = 1
                while i + length < len(left) and j + length < len(right) and left[i + length] == right[j + length]:
                    length += 1
                words = length + size - 1
                # Sorted as they come, while they are few: longest first, then by place.
                row = n_rows
                while n_rows <= FEW_RUNS and row > 0 and _later(rows[row - 1], i, j, words):
                    rows[row] = rows[row - 1]
                    row -= 1
                rows[row, 0], rows[row, 1], rows[row, 2] = i, j, words
                n_rows += 1
            i = after[i]
    return rows


@_compiled(types.int64(types.int64[::1], types.int32[::1]))
def _n_new(right: Any, at: Any) -> Any:
    """Return how many distinct shingles of the right are none of the left."""
    table = _table(len(right))
    n = 0
    for j in range(len(right)):
        if at[j] < 0:
            slot = _slot(np.uint64(right[j]), table, right)
            if table[slot] < 0:
                table[slot] = j
                n += 1
    return n


@_compiled(
    _tuple((types.int64[:, ::1], types.int64[::1], types.int64[:, ::1]))(
        _INTS, _INTS, _INTS, _INTS, types.int64, types.int64, types.int64, types.float64
    )
)
def compare(  # noqa: PLR0913 - two sides, and what is asked of them
    lefts: Any, left_ends: Any, rights: Any, right_ends: Any, size: Any, many: Any, least_words: Any, least_cover: Any
) -> Any:
    """Compare the words of many pairs; the texts of a side stand one after the other, between its ends.

    Returns a row per pair (shared shingles, shingles of the left, of the right, covered words of the left, of the right), where
    the runs of each pair end, and the runs. Pairs that share nothing, or that cover fewer words than ``least_words`` and less than
    ``least_cover``, three parts of the text that is covered better and one of the other, have a row of zeros.
    """
    n = len(left_ends) - 1
    values, ends = np.zeros((n, 5), dtype=np.int64), np.zeros(n, dtype=np.int64)
    found, n_found = np.empty((256, 3), dtype=np.int64), 0
    left, right = lefts[:0], rights[:0]
    left_sequence = shingle_sequence(np.zeros(1, dtype=np.int64), 1)
    left_index = index(left_sequence)
    n_left = 0
    for pair in range(n):
        same = pair > 0 and np.array_equal(left, lefts[left_ends[pair] : left_ends[pair + 1]])
        left, right = lefts[left_ends[pair] : left_ends[pair + 1]], rights[right_ends[pair] : right_ends[pair + 1]]
        equal = np.array_equal(left, right)
        ends[pair] = n_found
        # A text of fewer words has one shingle that no longer one has; and two of these are equal or share nothing.
        width = min(size, len(left))
        if len(left) == 0 or (min(len(left), len(right)) < size and not equal):
            same = False
            left = lefts[:0]
            continue
        if not same:
            left_sequence = shingle_sequence(left, width)
            left_index = index(left_sequence)
            n_left = n_distinct(left_index[1])
        if equal:
            rows = np.empty((1, 3), dtype=np.int64)
            rows[0, 0], rows[0, 1], rows[0, 2] = 0, 0, len(left)
            values[pair, 0] = values[pair, 1] = values[pair, 2] = n_left
            values[pair, 3] = values[pair, 4] = len(left)
        else:
            right_sequence = shingle_sequence(right, width)
            n_shared, covered_left, covered_right, at = meet(left_sequence, left_index, right_sequence, width)
            if n_shared == 0:
                continue
            more, less = covered_left / len(left), covered_right / len(right)
            more, less = max(more, less), min(more, less)
            if max(covered_left, covered_right) < least_words and 0.75 * more + 0.25 * less < least_cover:
                continue
            values[pair, 0], values[pair, 1] = n_shared, n_left
            values[pair, 2] = n_shared + _n_new(right_sequence, at)
            values[pair, 3], values[pair, 4] = covered_left, covered_right
            rows = runs(left_sequence, left_index, right_sequence, at, width, many)
        while n_found + len(rows) > len(found):
            wider = np.empty((2 * len(found), 3), dtype=np.int64)
            wider[:n_found] = found[:n_found]
            found = wider
        found[n_found : n_found + len(rows)] = rows
        n_found += len(rows)
        ends[pair] = n_found
    return values, ends, found[:n_found].copy()


@_compiled(_uniform(types.int64, 2)(types.int64[:, ::1], types.int64, _BYTES, _BYTES, types.uint8))
def words_without(passages: Any, least: Any, left_flags: Any, right_flags: Any, flag: Any) -> Any:
    """Return how many words of either side stand in passages of ``least`` words, as `runs` gives them, without a flag."""
    left = np.zeros(len(left_flags), dtype=np.bool_)
    right = np.zeros(len(right_flags), dtype=np.bool_)
    n_left, n_right = 0, 0
    for row in range(len(passages)):
        if passages[row, 2] < least:
            continue
        for step in range(passages[row, 2]):
            i, j = passages[row, 0] + step, passages[row, 1] + step
            n_left += 1 if not left[i] and left_flags[i] & flag == 0 else 0
            n_right += 1 if not right[j] and right_flags[j] & flag == 0 else 0
            left[i] = right[j] = True
    return n_left, n_right
