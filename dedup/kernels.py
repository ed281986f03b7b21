"""The loops that machine code is made of: over letters, words and shingles.

In: arrays. Out: arrays. Each kernel does what the function that calls it documents; nothing else calls it, and whoever does imports
this file where it is needed, for it loads a compiler. What is compiled is kept beside this file, else in the user's cache, and is
compiled anew by each process where neither can be written.

Rule guarded here: integers wrap modulo 2^64, so that a kernel gives the same on every machine and in every process.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numpy as np
from numba import config, njit, types

from dedup.candidates.shingle import GOLDEN, MIX_1, MIX_2, TURN

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _compiled(*signatures: Any) -> Callable[[_Function], _Function]:
    """Compile a function for given types of arguments, now or from what an earlier process kept."""

    def decorate(function: _Function) -> _Function:
        compile_: Any = njit
        if config.DISABLE_JIT:
            # Integers of NumPy tell of wrapping.
            return np.errstate(over="ignore")(function)
        try:
            made = compile_(list(signatures), cache=True)(function)
        except (RuntimeError, OSError):
            # There is no place to keep it, or that is full.
            made = compile_(list(signatures))(function)
        return cast("_Function", made)

    return decorate


def _part(function: _Function) -> _Function:
    """Make a function a part of the kernels that call it; it is kept with them and loaded with them."""
    compile_: Any = njit
    return cast("_Function", compile_(function))


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


@_part
def _mix(value: Any) -> Any:
    value += GOLDEN
    value = (value ^ (value >> _S30)) * MIX_1
    value = (value ^ (value >> _S27)) * MIX_2
    return value ^ (value >> _S31)


@_part
def _respell(text: Any, spelling: Any, codes: Any) -> Any:
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


@_part
def _read(codes: Any, kinds: Any, mixed: Any, posts: Any, hashes: Any, flags: Any) -> Any:
    """Write the hash and the flags of every word of a normalised text; return how many there are."""
    n, post = 0, 0
    total, power = np.uint64(0), np.uint64(1)
    before, quoted, begins_line, flag = np.uint8(0), False, True, np.uint8(0)
    for i in range(len(codes)):
        code = codes[i]
        kind = kinds[code]
        mark = kind == 2
        if mark:
            # Of the kind of the letter it follows; one that follows none is no part of a word.
            kind = before
        if kind != before or (kind == 3 and not mark):
            if before != 0:
                hashes[n], flags[n] = np.int64(_mix(total)), flag
                n += 1
            if kind != 0:
                total, power = np.uint64(0), np.uint64(1)
                while post < len(posts) and posts[post + 1] <= i:
                    post += 2
                in_post = post < len(posts) and posts[post] <= i
                flag = np.uint8((1 if quoted or in_post else 0) + (4 if begins_line else 0))
                begins_line = False
        if kind != 0:
            total += (mixed[code] if code < len(mixed) else _mix(np.uint64(code))) * power
            power *= _PLACE
            if 48 <= code <= 57:
                flag |= np.uint8(2)
        elif code == 10:
            quoted, begins_line = False, True
        elif code == 34:
            # A mark opens when nothing, a space, a break, a bracket or a dash stands before it.
            quoted = i == 0 or codes[i - 1] == 32 or codes[i - 1] == 10 or codes[i - 1] == 40 or codes[i - 1] == 45
        before = kind
    if before != 0:
        hashes[n], flags[n] = np.int64(_mix(total)), flag
        n += 1
    return n


@_part
def _mixed() -> Any:
    """Return the mixed code points that most texts are made of."""
    mixed = np.empty(128, dtype=np.uint64)
    for code in range(len(mixed)):
        mixed[code] = _mix(np.uint64(code))
    return mixed


@_compiled(types.int64(_CODES, _BYTES, _INTS, types.int64[::1], types.uint8[::1]))
def read_words(codes: Any, kinds: Any, posts: Any, hashes: Any, flags: Any) -> Any:
    """Write the hash and the flags of every word of a normalised text; return how many there are."""
    return _read(codes, kinds, _mixed(), posts, hashes, flags)


@_compiled(
    _uniform(types.int64, 2)(
        _BYTES,
        _INTS,
        types.int64,
        _CODES,
        _BYTES,
        types.uint32[::1],
        types.int64[::1],
        types.uint8[::1],
        types.int64[::1],
    )
)
def read_texts(  # noqa: PLR0913 - a text and what is made of it
    texts: Any, ends: Any, row: Any, spelling: Any, kinds: Any, codes: Any, hashes: Any, flags: Any, word_ends: Any
) -> Any:
    """Write the hash and the flags of every word of texts in UTF-8, from a row on, up to one that takes more than tables.

    ``codes`` has room for the longest text. Returns that row, or how many there are, and what is known of it: 0, or the answer of
    ``spelling`` with its sign changed: -1 where a character is not known yet, -2 where it takes the whole text; or -3 - n where
    its n code points may hold a post of a social network.
    """
    mixed, posts = _mixed(), np.empty(0, dtype=np.int64)
    while row < len(ends) - 1:
        n = _respell(texts[ends[row] : ends[row + 1]], spelling, codes)
        if n < 0:
            return row, n
        at = word_ends[row]
        word_ends[row + 1] = at + _read(codes[:n], kinds, mixed, posts, hashes[at:], flags[at:])
        row += 1
    return row, 0


@_part
def _shingles(words: Any, size: Any, made: Any) -> Any:
    """Write the shingle that starts at each word; return how many there are."""
    width = min(size, len(words))
    n = len(words) - width + 1 if width else 0
    for i in range(n):
        total = np.uint64(words[i])
        for place in range(1, width):
            total = total * TURN + np.uint64(words[i + place])
        made[i] = np.int64(_mix(total))
    return n


@_compiled(_uniform(types.int64[::1], 2)(_INTS, _INTS, types.int64))
def shingle_sequences(words: Any, ends: Any, size: Any) -> Any:
    """Return the shingle that starts at each word of each text, and where those of each text end."""
    made, made_ends = np.empty(ends[-1] - ends[0], dtype=np.int64), np.zeros(len(ends), dtype=np.int64)
    for row in range(len(ends) - 1):
        at = made_ends[row]
        made_ends[row + 1] = at + _shingles(words[ends[row] : ends[row + 1]], size, made[at:])
    return made[: made_ends[-1]], made_ends


@_compiled(types.void(_INTS, _INTS, _CODES, _CODES, types.uint32[:, ::1]))
def sign(hashes: Any, ends: Any, multipliers: Any, offsets: Any, signatures: Any) -> None:
    """Lower each place of each signature to the least value of its permutation."""
    for row in range(len(signatures)):
        signature = signatures[row]
        for i in range(ends[row], ends[row + 1]):
            value = np.uint32(np.uint64(hashes[i]) >> _S32)
            value = np.uint32((value ^ (value >> np.uint32(16))) * _MURMUR_1)
            value = np.uint32((value ^ (value >> np.uint32(13))) * _MURMUR_2)
            value = np.uint32(value ^ (value >> np.uint32(16)))
            for place in range(len(signature)):
                permuted = np.uint32(multipliers[place] * value + offsets[place])
                signature[place] = min(signature[place], permuted)


@_part
def _distinct(values: Any, n: Any) -> Any:
    """Sort the first ``n`` values and put each once at the beginning; return how many there are."""
    values[:n].sort()
    kept = min(n, 1)
    for i in range(1, n):
        if values[i] != values[i - 1]:
            values[kept] = values[i]
            kept += 1
    return kept


@_compiled(_tuple((types.uint64[::1], types.int64[::1]))(_INTS, _INTS, types.uint64, types.int64))
def sample(hashes: Any, ends: Any, highest: Any, least: Any) -> Any:
    """Return of each text the distinct hashes up to the highest, at least so many, ascending; and where they end."""
    taken, taken_ends = np.empty(ends[-1] - ends[0], dtype=np.uint64), np.zeros(len(ends), dtype=np.int64)
    for row in range(len(ends) - 1):
        into, n = taken[taken_ends[row] :], 0
        for i in range(ends[row], ends[row + 1]):
            if np.uint64(hashes[i]) <= highest:
                into[n] = np.uint64(hashes[i])
                n += 1
        n = _distinct(into, n)
        if n < least:
            n = ends[row + 1] - ends[row]
            for i in range(n):
                into[i] = np.uint64(hashes[ends[row] + i])
            n = min(least, _distinct(into, n))
        taken_ends[row + 1] = taken_ends[row] + n
    return taken[: taken_ends[-1]].copy(), taken_ends


@_compiled(types.void(_INTS, types.uint8[::1]))
def count_keys(keys: Any, counts: Any) -> None:
    """Count each key where its lowest bits say, up to 2; the number of counts is a power of two."""
    mask = np.uint64(len(counts) - 1)
    for i in range(len(keys)):
        slot = np.uint64(keys[i]) & mask
        counts[slot] = min(counts[slot] + 1, 2)


@_part
def _slot(value: Any, table: Any, values: Any, mask: Any) -> Any:
    """Return the slot of a value in a hash table of places, or the free one where it belongs."""
    slot = value & mask
    while table[slot] >= 0 and values[slot] != value:
        slot = (slot + np.uint64(1)) & mask
    return np.int64(slot)


@_part
def _n_slots(n: Any) -> Any:
    """Return the size of a hash table of ``n`` values."""
    n_slots = 4
    while n_slots < 2 * n:
        n_slots *= 2
    return n_slots


#: So many runs are sorted here.
FEW_RUNS: Final = 64


@_part
def _later(row: Any, left: Any, right: Any, words: Any) -> Any:
    """Return whether a run comes after another in order."""
    if row[2] != words:
        return bool(row[2] < words)
    return bool(row[0] > left or (row[0] == left and row[1] > right))


@_part
def _index(sequence: Any, table: Any, values: Any, last: Any, first: Any, after: Any) -> Any:
    """Write where shingles stand: a hash table of first places, the first place of each shingle, its next; return how many differ."""
    mask, n = np.uint64(_n_slots(len(sequence)) - 1), 0
    table[: mask + np.uint64(1)] = -1
    for i in range(len(sequence)):
        value = np.uint64(sequence[i])
        slot = _slot(value, table, values, mask)
        after[i] = -1
        if table[slot] < 0:
            table[slot], values[slot] = i, value
            n += 1
        else:
            after[last[slot]] = i
        first[i], last[slot] = table[slot], i
    return n


@_part
def _meet(right: Any, table: Any, values: Any, mask: Any, at: Any, met: Any) -> Any:
    """Write the first place on the left of each shingle of the right, and those that are met; return how many are."""
    n_shared = 0
    for j in range(len(right)):
        place = table[_slot(np.uint64(right[j]), table, values, mask)]
        at[j] = place
        if place >= 0 and not met[place]:
            met[place] = True
            n_shared += 1
    return n_shared


@_part
def _n_new(right: Any, at: Any, table: Any, values: Any) -> Any:
    """Return how many distinct shingles of the right are none of the left."""
    n, mask = 0, np.uint64(0)
    for j in range(len(right)):
        n += 1 if at[j] < 0 else 0
    if n == 0:
        return n
    mask, n = np.uint64(_n_slots(n) - 1), 0
    table[: mask + np.uint64(1)] = -1
    for j in range(len(right)):
        if at[j] < 0:
            value = np.uint64(right[j])
            slot = _slot(value, table, values, mask)
            if table[slot] < 0:
                table[slot], values[slot] = j, value
                n += 1
    return n


@_part
def _runs(left: Any, right: Any, at: Any, after: Any, size: Any, many: Any) -> Any:  # noqa: PLR0913 - two sides, and what is known of them
    """Return maximal common runs as rows (left, right, words), a few by length; none of more than ``many`` equal places."""
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
        i = np.int64(at[j])
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
            i = np.int64(after[i])
    return rows


@_part
def _longest_text(ends: Any) -> Any:
    longest = 1
    for row in range(len(ends) - 1):
        longest = max(longest, ends[row + 1] - ends[row])
    return longest


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
    values, ends = np.zeros((n, 5), dtype=np.int64), np.zeros(n + 1, dtype=np.int64)
    found, n_found = np.empty((256, 3), dtype=np.int64), 0
    # Room for the longest text of either side.
    long_left, long_right = _longest_text(left_ends), _longest_text(right_ends)
    n_slots = _n_slots(max(long_left, long_right))
    table, slots, last = (
        np.empty(n_slots, dtype=np.int32),
        np.empty(n_slots, dtype=np.uint64),
        np.empty(n_slots, dtype=np.int32),
    )
    new_table, new_slots = np.empty(n_slots, dtype=np.int32), np.empty(n_slots, dtype=np.uint64)
    left_made, right_made = np.empty(long_left, dtype=np.int64), np.empty(long_right, dtype=np.int64)
    first, after = np.empty(long_left, dtype=np.int32), np.empty(long_left, dtype=np.int32)
    met, at = np.empty(long_left, dtype=np.bool_), np.empty(long_right, dtype=np.int32)
    indexed, n_left = lefts[:0], 0
    for pair in range(n):
        ends[pair + 1] = n_found
        left, right = lefts[left_ends[pair] : left_ends[pair + 1]], rights[right_ends[pair] : right_ends[pair + 1]]
        equal = np.array_equal(left, right)
        # A text of fewer words has one shingle that no longer one has; and two of these are equal or share nothing.
        width = min(size, len(left))
        if width == 0 or (min(len(left), len(right)) < size and not equal):
            continue
        sequence = left_made[: len(left) - width + 1]
        if not np.array_equal(left, indexed):
            _shingles(left, size, sequence)
            n_left = _index(sequence, table, slots, last, first, after)
            indexed = left
        if equal:
            rows = np.empty((1, 3), dtype=np.int64)
            rows[0, 0], rows[0, 1], rows[0, 2] = 0, 0, len(left)
            values[pair, 0] = values[pair, 1] = values[pair, 2] = n_left
            values[pair, 3] = values[pair, 4] = len(left)
        else:
            others = right_made[: len(right) - width + 1]
            _shingles(right, size, others)
            met[: len(sequence)] = False
            n_shared = _meet(others, table, slots, np.uint64(_n_slots(len(sequence)) - 1), at, met)
            if n_shared == 0:
                continue
            covered_left, covered_right, end = 0, 0, 0
            for i in range(len(sequence)):
                if met[first[i]]:
                    covered_left += i + width - max(end, i)
                    end = i + width
            end = 0
            for j in range(len(others)):
                if at[j] >= 0:
                    covered_right += j + width - max(end, j)
                    end = j + width
            more, less = covered_left / len(left), covered_right / len(right)
            more, less = max(more, less), min(more, less)
            if max(covered_left, covered_right) < least_words and 0.75 * more + 0.25 * less < least_cover:
                continue
            values[pair, 0], values[pair, 1] = n_shared, n_left
            values[pair, 2] = n_shared + _n_new(others, at, new_table, new_slots)
            values[pair, 3], values[pair, 4] = covered_left, covered_right
            rows = _runs(sequence, others, at, after, width, many)
        while n_found + len(rows) > len(found):
            wider = np.empty((2 * len(found), 3), dtype=np.int64)
            wider[:n_found] = found[:n_found]
            found = wider
        found[n_found : n_found + len(rows)] = rows
        n_found += len(rows)
        ends[pair + 1] = n_found
    return values, ends, found[:n_found].copy()


@_compiled(types.int64[:, ::1](types.int64[:, ::1], _INTS, types.int64, _BYTES, _INTS, _BYTES, _INTS, types.uint8))
def words_without(  # noqa: PLR0913 - two sides, and what is asked of them
    passages: Any, ends: Any, least: Any, left_flags: Any, left_ends: Any, right_flags: Any, right_ends: Any, flag: Any
) -> Any:
    """Return of many pairs how many words of either side stand in passages of ``least`` words, as `compare` gives them, without a flag."""
    counts = np.zeros((len(ends) - 1, 2), dtype=np.int64)
    left_seen = np.zeros(_longest_text(left_ends), dtype=np.int64)
    right_seen = np.zeros(_longest_text(right_ends), dtype=np.int64)
    for pair in range(len(ends) - 1):
        left, right = left_flags[left_ends[pair] :], right_flags[right_ends[pair] :]
        for row in range(ends[pair], ends[pair + 1]):
            if passages[row, 2] < least:
                continue
            for step in range(passages[row, 2]):
                i, j = passages[row, 0] + step, passages[row, 1] + step
                if left_seen[i] <= pair:
                    left_seen[i] = pair + 1
                    counts[pair, 0] += 1 if left[i] & flag == 0 else 0
                if right_seen[j] <= pair:
                    right_seen[j] = pair + 1
                    counts[pair, 1] += 1 if right[j] & flag == 0 else 0
    return counts


@_part
def _find(word: Any, words: Any, n: Any) -> Any:
    """Return whether a word is among the first of some."""
    for i in range(n):
        if words[i] == word:
            return True
    return False


@_part
def _split(words: Any, flags: Any, named: Any, figure: Any, values: Any, rest: Any) -> Any:  # noqa: PLR0913 - words and what they are
    """Write the distinct values among some words, and the distinct other words; return how many of each."""
    n_values, n_rest = 0, 0
    for i in range(len(words)):
        word = words[i]
        if flags[i] & figure or _find(word, named, len(named)):
            if not _find(word, values, n_values):
                values[n_values] = word
                n_values += 1
        elif not _find(word, rest, n_rest):
            rest[n_rest] = word
            n_rest += 1
    return n_values, n_rest


@_part
def _n_common(left: Any, n_left: Any, right: Any, n_right: Any) -> Any:
    """Return how many of the first of some words are among the first of others."""
    n = 0
    for i in range(n_left):
        n += 1 if _find(left[i], right, n_right) else 0
    return n


@_compiled(types.int64(types.int64[:, ::1], _INTS, _BYTES, _INTS, _BYTES, _INTS, types.uint8, types.int64, types.int64))
def changed_values(  # noqa: PLR0913 - two sides, and what is asked of them
    passages: Any,
    left: Any,
    left_flags: Any,
    right: Any,
    right_flags: Any,
    named: Any,
    figure: Any,
    slot: Any,
    gap: Any,
) -> Any:
    """Return how many values differ in gaps of up to ``gap`` words between passages in order; of up to ``slot`` words, at most one."""
    changed, begin_left, begin_right = 0, 0, 0
    values, rest = np.empty((2, gap), dtype=np.int64), np.empty((2, gap), dtype=np.int64)
    for row in range(len(passages) + 1):
        end_left = passages[row, 0] if row < len(passages) else len(left)
        end_right = passages[row, 1] if row < len(passages) else len(right)
        n_left, n_right = end_left - begin_left, end_right - begin_right
        if 0 < n_left <= gap and 0 < n_right <= gap:
            v_left, r_left = _split(
                left[begin_left:end_left], left_flags[begin_left:end_left], named, figure, values[0], rest[0]
            )
            v_right, r_right = _split(
                right[begin_right:end_right], right_flags[begin_right:end_right], named, figure, values[1], rest[1]
            )
            common = _n_common(values[0], v_left, values[1], v_right)
            differ = min(v_left, v_right) - common
            if differ == 0 and v_left > 0 and v_right > 0 and v_left != v_right:
                differ = 1
            alike = _n_common(rest[0], r_left, rest[1], r_right)
            if max(n_left, n_right) <= slot:
                changed += min(differ, 1)
            elif 2 * alike >= r_left + r_right - alike:
                changed += differ
        if row < len(passages):
            begin_left, begin_right = passages[row, 0] + passages[row, 2], passages[row, 1] + passages[row, 2]
    return changed
