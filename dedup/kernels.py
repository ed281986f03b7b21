"""The loops that machine code is made of: over letters, words and shingles.

In: arrays. Out: arrays. Each kernel does what the function that calls it documents; nothing else calls it, and whoever does imports
this file where it is needed, for it loads a compiler (``compiled.py``).

Rule guarded here: integers wrap modulo 2^64, so that a kernel gives the same on every machine and in every process.
"""

from typing import Any, Final

import numpy as np
from numba import types

from dedup.compiled import BYTES, CODES, INTS, PLACE, array, compiled, mix, part, tuple_of, uniform
from dedup.hashing import TURN

_1, _2, _3, _4 = (np.uint64(step) for step in (1, 2, 3, 4))
_S32 = np.uint64(32)
_6, _63 = np.uint64(6), np.uint64(63)
_MURMUR_1: Final = np.uint32(0x85EBCA6B)
_MURMUR_2: Final = np.uint32(0xC2B2AE35)


#: The code points before one, as the bytes of a number: the last of ``pic.twitter.com``, and of ``https://t.co``.
_TWITTER: Final = np.uint64(int.from_bytes(b"tter.com"))
_T_CO: Final = np.uint64(int.from_bytes(b"//t.co"))
_LAST: Final = np.uint64(0xFF)
_SIX: Final = np.uint64(0xFFFFFFFFFFFF)
_S8 = np.uint64(8)


@part
def _read(  # noqa: PLR0912, PLR0913, PLR0915 - letter by letter, all at once
    text: Any, spelling: Any, kinds: Any, mixed: Any, small: Any, posts: Any, is_normal: Any, hashes: Any, flags: Any
) -> Any:
    """Write the hash and the flags of every word of a text; return how many there are, or less than 0 as ``read_texts`` does.

    ``small`` is of each byte the letter or digit it is, written small, or 0; ``mixed`` its hash, and that of other ASCII.
    """
    # Unsigned places need no look at whether they count from the end.
    n, i, end = np.uint64(0), np.uint64(0), np.uint64(len(text))
    post, place, no_posts = 0, 0, len(posts) == 0
    total, power = np.uint64(0), _1
    before, quoted, begins_line, flag = np.uint8(0), False, True, np.uint8(0)
    # The code points before this one, a byte each; what is not ASCII is 255.
    past = np.uint64(32)
    while i < end:
        code = np.uint32(text[i])
        if code < 0x80:
            i += _1
            code = code + np.uint32(32) if 65 <= code <= 90 else code
        else:
            if code >= 0xF0:
                high = ((code & np.uint32(0x07)) << np.uint32(6)) | np.uint32(text[i + _1] & 0x3F)
                low = (np.uint32(text[i + _2] & 0x3F) << np.uint32(6)) | np.uint32(text[i + _3] & 0x3F)
                code = (high << np.uint32(12)) | low
                i += _4
            elif code >= 0xE0:
                low = (np.uint32(text[i + _1] & 0x3F) << np.uint32(6)) | np.uint32(text[i + _2] & 0x3F)
                code = ((code & np.uint32(0x0F)) << np.uint32(12)) | low
                i += _3
            else:
                code = ((code & np.uint32(0x1F)) << np.uint32(6)) | np.uint32(text[i + _1] & 0x3F)
                i += _2
            if not is_normal:
                code = spelling[code]
                if code <= 2 or code > 0x10FFFF:
                    if code == 1:
                        continue
                    return -1 if code == 0 else -2
        kind = kinds[code]
        mark = kind == 2
        if mark:
            # Of the kind of the letter it follows; one that follows none is no part of a word.
            kind = before
        if kind != before or (kind == 3 and not mark):
            if before != 0:
                hashes[n], flags[n] = np.int64(mix(total)), flag
                n += _1
            if kind != 0:
                total, power = np.uint64(0), _1
                while post < len(posts) and posts[post + 1] <= place:
                    post += 2
                in_post = post < len(posts) and posts[post] <= place
                flag = np.uint8((1 if quoted or in_post else 0) + (4 if begins_line else 0))
                begins_line = False
        if kind != 0:
            total += (mixed[code] if code < 0x80 else mix(np.uint64(code))) * power
            power *= PLACE
            flag |= np.uint8(2 if 48 <= code <= 57 else 0)
            if kind == 1:
                # Most of what follows is such letters, and single spaces between them: nothing else has to be asked of these.
                before, past = kind, (past << _S8) | (np.uint64(code) if code < 0x80 else _LAST)
                place += 1
                while i < end:
                    letter = small[text[i]]
                    if letter != 0:
                        total += mixed[letter] * power
                        power *= PLACE
                        flag |= np.uint8(2 if letter <= 57 else 0)
                    elif no_posts and text[i] == 32 and i + _1 < end and small[text[i + _1]] != 0:
                        hashes[n], flags[n] = np.int64(mix(total)), flag
                        n += _1
                        total, power, flag, letter = np.uint64(0), _1, np.uint8(1 if quoted else 0), np.uint8(32)
                    else:
                        break
                    past = (past << _S8) | np.uint64(letter)
                    place += 1
                    i += _1
                continue
        elif code == 10:
            quoted, begins_line = False, True
        elif code == 34:
            # A mark opens when nothing, a space, a break, a bracket or a dash stands before it.
            last = past & _LAST
            quoted = last == 32 or last == 10 or last == 40 or last == 45  # noqa: PLR1714 - a set is built anew each time
        elif code == 64:
            # An at sign after a bracket.
            if past & _LAST == 40 and not is_normal:
                return -2
        elif code == 47 and not is_normal and (past == _TWITTER or past & _SIX == _T_CO):
            # A slash after these.
            return -2
        before = kind
        place += 1
        past = (past << _S8) | (np.uint64(code) if code < 0x80 else _LAST)
    if before != 0:
        hashes[n], flags[n] = np.int64(mix(total)), flag
        n += _1
    return np.int64(n)


@compiled(
    uniform(types.int64, 2)(
        *(BYTES, INTS, types.int64, CODES, BYTES, INTS, types.boolean),
        *(types.int64[::1], types.uint8[::1], types.int64[::1]),
    )
)
def read_texts(  # noqa: PLR0913 - a text and what is made of it
    texts: Any,
    ends: Any,
    row: Any,
    spelling: Any,
    kinds: Any,
    posts: Any,
    is_normal: Any,
    hashes: Any,
    flags: Any,
    word_ends: Any,
) -> Any:
    """Write the hash and the flags of every word of texts in UTF-8, from a row on, up to one that takes more than tables.

    ``spelling`` gives for a code point what is written for it: 1 for nothing, 0 where that is not known yet, 2 where a table cannot
    say. Returns that row, or how many there are, and why: -1 for a character that is not known, -2 for what takes the whole text,
    which a post of a social network does. A normalised text is read whatever it holds; ``posts`` are the places of its posts.
    """
    mixed, small = np.empty(256, dtype=np.uint64), np.zeros(256, dtype=np.uint8)
    for code in range(len(mixed)):
        mixed[code] = mix(np.uint64(code))
        if code < 0x80 and kinds[code] == 1:
            small[code] = code + 32 if 65 <= code <= 90 else code
    while row < len(ends) - 1:
        at, text = word_ends[row], texts[ends[row] : ends[row + 1]]
        n = _read(text, spelling, kinds, mixed, small, posts, is_normal, hashes[at:], flags[at:])
        if n < 0:
            return row, n
        word_ends[row + 1] = at + n
        row += 1
    return row, 0


@part
def _runs_of(words: Any, size: Any, made: Any) -> Any:
    """Write a number for the run of ``size`` words that starts at each word, equal for equal runs; return how many there are.

    Of fewer words there is one run, of all. The number is a polynomial of the words; `mix` makes a shingle of it.
    """
    width = min(size, len(words))
    if width == 0:
        return 0
    total, power = np.uint64(0), _1
    for i in range(width):
        total = total * TURN + np.uint64(words[i])
        power *= TURN
    made[0] = np.int64(total)
    # What has gone by is taken off, what comes is put on.
    for i in range(len(words) - width):
        total = total * TURN + (np.uint64(words[i + width]) - np.uint64(words[i]) * power)
        made[i + 1] = np.int64(total)
    return len(words) - width + 1


@compiled(uniform(types.int64[::1], 2)(INTS, INTS, types.int64))
def shingle_sequences(words: Any, ends: Any, size: Any) -> Any:
    """Return the shingle that starts at each word of each text, and where those of each text end."""
    made, made_ends = np.empty(ends[-1] - ends[0], dtype=np.int64), np.zeros(len(ends), dtype=np.int64)
    for row in range(len(ends) - 1):
        at = made_ends[row]
        made_ends[row + 1] = at + _runs_of(words[ends[row] : ends[row + 1]], size, made[at:])
    made = made[: made_ends[-1]]
    for i in range(len(made)):
        made[i] = np.int64(mix(np.uint64(made[i])))
    return made, made_ends


@part
def _upper(value: Any) -> Any:
    """Return the upper half of a hash, scrambled."""
    value = np.uint32(np.uint64(value) >> _S32)
    value = np.uint32((value ^ (value >> np.uint32(16))) * _MURMUR_1)
    value = np.uint32((value ^ (value >> np.uint32(13))) * _MURMUR_2)
    return np.uint32(value ^ (value >> np.uint32(16)))


@compiled(types.void(INTS, INTS, CODES, CODES, types.uint32[:, ::1]))
def sign(hashes: Any, ends: Any, multipliers: Any, offsets: Any, signatures: Any) -> None:
    """Lower each place of each signature to the least value of its permutation."""
    for row in range(len(signatures)):
        signature, end = signatures[row], ends[row + 1]
        # Four at a time, for each place is read and written once for them; the last is taken again where there are fewer.
        for i in range(ends[row], end, 4):
            one, two = _upper(hashes[i]), _upper(hashes[min(i + 1, end - 1)])
            three, four = _upper(hashes[min(i + 2, end - 1)]), _upper(hashes[min(i + 3, end - 1)])
            for place in range(len(signature)):
                times, plus = multipliers[place], offsets[place]
                first = min(np.uint32(times * one + plus), np.uint32(times * two + plus))
                second = min(np.uint32(times * three + plus), np.uint32(times * four + plus))
                signature[place] = min(signature[place], first, second)


@part
def _distinct(values: Any, n: Any) -> Any:
    """Sort the first ``n`` values and put each once at the beginning; return how many there are."""
    values[:n].sort()
    kept = min(n, 1)
    for i in range(1, n):
        if values[i] != values[i - 1]:
            values[kept] = values[i]
            kept += 1
    return kept


@compiled(tuple_of((types.uint64[::1], types.int64[::1]))(INTS, INTS, types.uint64, types.int64))
def sample(hashes: Any, ends: Any, highest: Any, least: Any) -> Any:
    """Return of each text the distinct hashes up to the highest, at least so many, ascending; and where they end."""
    taken, taken_ends = np.empty(ends[-1] - ends[0], dtype=np.uint64), np.zeros(len(ends), dtype=np.int64)
    for row in range(len(ends) - 1):
        into, n = taken[taken_ends[row] :], 0
        for i in range(ends[row], ends[row + 1]):
            # Written over by the next unless it is taken.
            into[n] = np.uint64(hashes[i])
            n += 1 if np.uint64(hashes[i]) <= highest else 0
        n = _distinct(into, n)
        if n < least:
            n = ends[row + 1] - ends[row]
            for i in range(n):
                into[i] = np.uint64(hashes[ends[row] + i])
            n = min(least, _distinct(into, n))
        taken_ends[row + 1] = taken_ends[row] + n
    return taken[: taken_ends[-1]].copy(), taken_ends


@compiled(types.void(INTS, types.uint8[::1], types.uint8))
def count_keys(keys: Any, counts: Any, most: Any) -> None:
    """Count each key where its lowest bits say, up to ``most``; the number of counts is a power of two."""
    mask = np.uint64(len(counts) - 1)
    for i in range(len(keys)):
        slot = np.uint64(keys[i]) & mask
        counts[slot] = min(counts[slot] + 1, most)


@part
def _slot(value: Any, table: Any, values: Any, mask: Any) -> Any:
    """Return the slot of a value in a hash table of places, or the free one where it belongs."""
    slot = value & mask
    while table[slot] >= 0 and values[slot] != value:
        slot = (slot + _1) & mask
    return slot


@part
def _n_slots(n: Any) -> Any:
    """Return the size of a hash table of ``n`` values."""
    n_slots = 4
    while n_slots < 4 * n:
        n_slots *= 2
    return n_slots


@part
def _n_bits(n: Any) -> Any:
    """Return the size of a set of bits by which nearly all that is none of ``n`` values is told."""
    n_bits = 64
    while n_bits < 32 * n:
        n_bits *= 2
    return n_bits


@part
def _mark(values: Any, bits: Any) -> Any:
    """Set the bit of each value in a set of bits that is cleared first; return what the bit of a value is told by."""
    mask = np.uint64(_n_bits(len(values)) - 1)
    bits[: (mask >> _6) + _1] = 0
    for i in range(len(values)):
        bit = np.uint64(values[i]) & mask
        bits[bit >> _6] |= _1 << (bit & _63)
    return mask


#: So many runs are sorted here.
FEW_RUNS: Final = 64


@part
def _later(row: Any, left: Any, right: Any, words: Any) -> Any:
    """Return whether a run comes after another in order."""
    if row[2] != words:
        return bool(row[2] < words)
    return bool(row[0] > left or (row[0] == left and row[1] > right))


@part
def _index(  # noqa: PLR0913 - what is written
    sequence: Any, table: Any, values: Any, last: Any, first: Any, after: Any
) -> Any:
    """Write where shingles stand: a hash table of first places, the first place of each shingle, its next; return how many differ."""
    mask, n = np.uint64(_n_slots(len(sequence)) - 1), 0
    table[: mask + _1] = -1
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


@part
def _meet(  # noqa: PLR0913 - an index, and what is written
    right: Any, bits: Any, bit_mask: Any, table: Any, values: Any, mask: Any, at: Any, met: Any
) -> Any:
    """Write the first place on the left of each shingle of the right, and those that are met; return how many, and of how many places."""
    n_shared, n_places = 0, 0
    for j in range(len(right)):
        value, at[j] = np.uint64(right[j]), -1
        bit = value & bit_mask
        if bits[bit >> _6] >> (bit & _63) & _1:
            place = table[_slot(value, table, values, mask)]
            at[j] = place
            if place >= 0:
                n_places += 1
                if not met[place]:
                    met[place] = True
                    n_shared += 1
    return n_shared, n_places


@part
def _covered(places: Any, met: Any, n: Any, size: Any) -> Any:
    """Return how many words stand in the shingles that are met, by the first place of each on the left, less than 0 for none."""
    covered, end = 0, 0
    for i in range(n):
        if places[i] >= 0 and met[places[i]]:
            covered += i + size - max(end, i)
            end = i + size
    return covered


@part
def _n_new(right: Any, at: Any, table: Any, values: Any) -> Any:
    """Return how many distinct shingles of the right are none of the left."""
    n, mask = 0, np.uint64(0)
    for j in range(len(right)):
        n += 1 if at[j] < 0 else 0
    if n == 0:
        return n
    mask, n = np.uint64(_n_slots(n) - 1), 0
    table[: mask + _1] = -1
    for j in range(len(right)):
        if at[j] < 0:
            value = np.uint64(right[j])
            slot = _slot(value, table, values, mask)
            if table[slot] < 0:
                table[slot], values[slot] = j, value
                n += 1
    return n


@part
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


@part
def _longest_text(ends: Any) -> Any:
    longest = 1
    for row in range(len(ends) - 1):
        longest = max(longest, ends[row + 1] - ends[row])
    return longest


@compiled(
    tuple_of((types.int64[:, ::1], types.int64[::1], types.int64[:, ::1]))(
        INTS, INTS, INTS, INTS, types.int64, types.int64, types.int64, types.float64
    )
)
def compare(  # noqa: PLR0913, PLR0915 - two sides, what is asked of them, and room that all pairs share
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
    bits, bit_mask = np.empty(_n_bits(long_left) >> 6, dtype=np.uint64), np.uint64(0)
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
            _runs_of(left, size, sequence)
            n_left = _index(sequence, table, slots, last, first, after)
            bit_mask = _mark(sequence, bits)
            indexed = left
        if equal:
            rows = np.empty((1, 3), dtype=np.int64)
            rows[0, 0], rows[0, 1], rows[0, 2] = 0, 0, len(left)
            values[pair, 0] = values[pair, 1] = values[pair, 2] = n_left
            values[pair, 3] = values[pair, 4] = len(left)
        else:
            others = right_made[: len(right) - width + 1]
            _runs_of(right, size, others)
            met[: len(sequence)] = False
            mask = np.uint64(_n_slots(len(sequence)) - 1)
            n_shared, n_places = _meet(others, bits, bit_mask, table, slots, mask, at, met)
            # No more places of the left are met, unless it repeats itself, and each covers so many words at most.
            most = width * n_places
            few = most < least_words and most + 1 < least_cover * min(len(left), len(right))
            if n_shared == 0 or (few and n_left == len(sequence)):
                continue
            covered_left = _covered(first, met, len(sequence), width)
            covered_right = _covered(at, met, len(others), width)
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


@compiled(types.int64[:, ::1](types.int64[:, ::1], INTS, types.int64, BYTES, INTS, BYTES, INTS, types.uint8))
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


@part
def _find(word: Any, words: Any, n: Any) -> Any:
    """Return whether a word is among the first of some."""
    for i in range(n):  # noqa: SIM110 - no generators here
        if words[i] == word:
            return True
    return False


@part
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


@part
def _n_common(left: Any, n_left: Any, right: Any, n_right: Any) -> Any:
    """Return how many of the first of some words are among the first of others."""
    n = 0
    for i in range(n_left):
        n += 1 if _find(left[i], right, n_right) else 0
    return n


@part
def _n_changed(  # noqa: PLR0913 - two sides, what is asked of them, and room that all pairs share
    passages: Any,
    left: Any,
    left_flags: Any,
    right: Any,
    right_flags: Any,
    named: Any,
    figure: Any,
    slot: Any,
    gap: Any,
    values: Any,
    rest: Any,
) -> Any:
    """Return how many values of two texts differ, as `changed_values` gives it."""
    changed, begin_left, begin_right = 0, 0, 0
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


@compiled(
    types.int64[::1](
        types.int64[:, ::1],
        *(INTS, INTS),
        *(INTS, BYTES, INTS),
        *(INTS, BYTES, INTS),
        *(INTS, types.uint8, types.int64, types.int64),
    )
)
def changed_values(  # noqa: PLR0913 - two sides, and what is asked of them
    passages: Any,
    ends: Any,
    pairs: Any,
    left: Any,
    left_flags: Any,
    left_ends: Any,
    right: Any,
    right_flags: Any,
    right_ends: Any,
    named: Any,
    figure: Any,
    slot: Any,
    gap: Any,
) -> Any:
    """Return how many values of some pairs differ in gaps of up to ``gap`` words between passages in order; of up to ``slot`` words, at most one."""
    counts = np.empty(len(pairs), dtype=np.int64)
    values, rest = np.empty((2, gap), dtype=np.int64), np.empty((2, gap), dtype=np.int64)
    for place in range(len(pairs)):
        pair = pairs[place]
        ours, theirs = (left_ends[pair], left_ends[pair + 1]), (right_ends[pair], right_ends[pair + 1])
        counts[place] = _n_changed(
            passages[ends[pair] : ends[pair + 1]],
            left[ours[0] : ours[1]],
            left_flags[ours[0] : ours[1]],
            right[theirs[0] : theirs[1]],
            right_flags[theirs[0] : theirs[1]],
            named,
            figure,
            slot,
            gap,
            values,
            rest,
        )
    return counts


_FLOATS: Final = array(types.float64)
_COUNTS: Final = array(types.int32)


@compiled(types.float64[::1](*(INTS, _FLOATS, INTS, INTS) * 2))
def weighted_jaccard(  # noqa: PLR0913 - two sides
    lefts: Any,
    left_weights: Any,
    left_ends: Any,
    left_rows: Any,
    rights: Any,
    right_weights: Any,
    right_ends: Any,
    right_rows: Any,
) -> Any:
    """Return for pairs of weighted sets, by their rows, the sum of lesser weights by that of greater ones; sets are sorted, one after the other."""
    found = np.zeros(len(left_rows))
    for pair in range(len(found)):
        i, left_end = left_ends[left_rows[pair]], left_ends[left_rows[pair] + 1]
        j, right_end = right_ends[right_rows[pair]], right_ends[right_rows[pair] + 1]
        lesser, greater = 0.0, 0.0
        while i < left_end or j < right_end:
            if j == right_end or (i < left_end and lefts[i] < rights[j]):
                greater += left_weights[i]
                i += 1
            elif i == left_end or rights[j] < lefts[i]:
                greater += right_weights[j]
                j += 1
            else:
                lesser += min(left_weights[i], right_weights[j])
                greater += max(left_weights[i], right_weights[j])
                i += 1
                j += 1
        found[pair] = lesser / greater if greater else 0.0
    return found


@part
def _rest(words: Any, passages: Any, side: Any, rest: Any) -> Any:
    """Write the words of one side that stand in no passage, sorted; return how many there are."""
    rest[: len(words)] = words
    is_left = np.ones(len(words), dtype=np.bool_)
    for row in range(len(passages)):
        is_left[passages[row, side] : passages[row, side] + passages[row, 2]] = False
    n = 0
    for i in range(len(words)):
        rest[n] = words[i]
        n += 1 if is_left[i] else 0
    rest[:n].sort()
    return n


@part
def _weight(words: Any, i: Any, n: Any, keys: Any, rarity: Any, rare: Any) -> Any:  # noqa: PLR0913 - words, and how rare they are
    """Return the weight of the word at a place among the first of sorted ones, and where the next one begins."""
    j = i + 1
    while j < n and words[j] == words[i]:
        j += 1
    at = np.searchsorted(keys, words[i])
    known = at < len(keys) and keys[at] == words[i]
    return (1.0 + np.log(j - i)) * (rarity[at] if known else rare), j


@compiled(
    types.float64[::1](types.int64[:, ::1], INTS, INTS, INTS, INTS, INTS, INTS, INTS, _FLOATS, types.float64),
)
def cosines_outside(  # noqa: PLR0913 - two sides, what they share, and how rare a word is
    passages: Any,
    ends: Any,
    pairs: Any,
    left: Any,
    left_ends: Any,
    right: Any,
    right_ends: Any,
    keys: Any,
    rarity: Any,
    rare: Any,
) -> Any:
    """Return of some pairs of texts the cosine of their words outside of the passages that they share, as `compare` gives these.

    ``rarity`` are the weights of the words ``keys``, which are sorted, and ``rare`` that of all others.
    """
    found = np.zeros(len(pairs))
    ours, theirs = np.empty(_longest_text(left_ends), np.int64), np.empty(_longest_text(right_ends), np.int64)
    for place in range(len(pairs)):
        pair = pairs[place]
        shared = passages[ends[pair] : ends[pair + 1]]
        n = _rest(left[left_ends[pair] : left_ends[pair + 1]], shared, 0, ours)
        m = _rest(right[right_ends[pair] : right_ends[pair + 1]], shared, 1, theirs)
        i, j, both, one, other = 0, 0, 0.0, 0.0, 0.0
        while i < n or j < m:
            take_left = j == m or (i < n and ours[i] <= theirs[j])
            take_right = i == n or (j < m and theirs[j] <= ours[i])
            mine, its = 0.0, 0.0
            if take_left:
                mine, i = _weight(ours, i, n, keys, rarity, rare)
            if take_right:
                its, j = _weight(theirs, j, m, keys, rarity, rare)
            both, one, other = both + mine * its, one + mine * mine, other + its * its
        found[place] = both / np.sqrt(one * other) if one * other > 0.0 else 0.0
    return found


_64: Final = np.uint64(64)
_SIGN: Final = np.uint64(1 << 63)
#: Bits by which a key is told from those that have its upper bits, before it is compared with them.
_MORE: Final = np.uint64(4)
#: More keys of the same upper bits are gone through by halves.
_CROWD: Final = 16


@compiled(tuple_of((types.int32[::1], types.uint64[::1]))(INTS, types.int64))
def key_tables(keys: Any, n_bits: Any) -> Any:
    """Return ``starts`` and ``bits`` of sorted keys by their upper ``n_bits``, as `KeyIndex` says."""
    n_parts, shift = 1 << n_bits, _64 - np.uint64(n_bits)
    starts, bits = np.zeros(n_parts + 1, dtype=np.int32), np.zeros(n_parts // 4, dtype=np.uint64)
    for key in keys:
        turned = np.uint64(key) ^ _SIGN
        starts[(turned >> shift) + _1] += 1
        fine = turned >> (shift - _MORE)
        bits[fine >> _6] |= _1 << (fine & _63)
    for one in range(n_parts):
        starts[one + 1] += starts[one]
    return starts, bits


#: Keys are put into so many parts, each of which fits into the memory that is near, and from there into buckets.
_PART_BITS: Final = 8


@compiled(
    tuple_of((types.int64[::1], types.int64[::1], types.int64[::1], types.boolean))(INTS, types.int64, types.int64)
)
def numbered(keys: Any, n_bits: Any, crowd: Any) -> Any:  # noqa: PLR0912 - part by part, bucket by bucket
    """Return the distinct keys, sorted, how often each comes, and the place of each key among them; and whether that could be done.

    A bucket, one of 2^``n_bits``, is a stretch of the range of the keys, kept in order as they come; it could not be done where one
    has more than ``crowd`` distinct keys.
    """
    n = len(keys)
    least, most = keys[0], keys[0]
    for key in keys:
        least, most = min(least, key), max(most, key)
    zero, width, shift = np.uint64(least), np.uint64(most) - np.uint64(least), np.uint64(0)
    while width >> shift >= np.uint64(1 << n_bits):
        shift += _1
    inner = np.uint64(n_bits - _PART_BITS)
    n_parts, n_buckets, mask = 1 << _PART_BITS, 1 << (n_bits - _PART_BITS), (_1 << inner) - _1
    ends = np.zeros(n_parts + 2, dtype=np.int64)
    for key in keys:
        ends[((np.uint64(key) - zero) >> (shift + inner)) + _2] += 1
    for one in range(n_parts):
        ends[one + 2] += ends[one + 1]
    by_part = np.empty(n, dtype=np.int64)
    for key in keys:
        own = ((np.uint64(key) - zero) >> (shift + inner)) + _1
        by_part[ends[own]] = key
        ends[own] += 1
    starts, held = np.zeros(n_buckets + 1, dtype=np.int32), np.zeros(n_buckets, dtype=np.int32)
    largest = np.diff(ends).max()
    slots, times = np.empty(largest, dtype=np.int64), np.empty(largest, dtype=np.int32)
    found, counts, place = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    first, n_found = np.empty(n_parts * n_buckets, dtype=np.int32), 0
    for one in range(n_parts):
        some = by_part[ends[one] : ends[one + 1]]
        starts[:], held[:] = 0, 0
        for key in some:
            starts[(((np.uint64(key) - zero) >> shift) & mask) + _1] += 1
        for bucket in range(n_buckets):
            starts[bucket + 1] += starts[bucket]
        for key in some:
            here = ((np.uint64(key) - zero) >> shift) & mask
            low, high = starts[here], starts[here] + held[here]
            at = high
            while at > low and slots[at - 1] > key:
                at -= 1
            if at > low and slots[at - 1] == key:
                times[at - 1] += 1
                continue
            if high - low == crowd:
                return found[:0], counts[:0], place[:0], False
            for later in range(high, at, -1):
                slots[later], times[later] = slots[later - 1], times[later - 1]
            slots[at], times[at] = key, 1
            held[here] += 1
        for bucket in range(n_buckets):
            first[one * n_buckets + bucket] = n_found
            for at in range(starts[bucket], starts[bucket] + held[bucket]):
                found[n_found], counts[n_found] = slots[at], times[at]
                n_found += 1
    for row in range(n):
        at = first[(np.uint64(keys[row]) - zero) >> shift]
        while found[at] != keys[row]:
            at += 1
        place[row] = at
    return found[:n_found].copy(), counts[:n_found].copy(), place, True


@part
def _shift(starts: Any) -> Any:
    """Return by how much a key is shifted for its upper bits."""
    shift, n_parts = _64, len(starts) - 1
    while n_parts > 1:
        n_parts >>= 1
        shift -= _1
    return shift


@part
def _is_likely(key: Any, bits: Any, shift: Any) -> Any:
    """Return 1 if a key may be there, 0 if it is not."""
    fine = (np.uint64(key) ^ _SIGN) >> (shift - _MORE)
    return (bits[fine >> _6] >> (fine & _63)) & _1


@part
def _place(key: Any, keys: Any, starts: Any, shift: Any) -> Any:
    """Return where a key stands, or -1."""
    upper = (np.uint64(key) ^ _SIGN) >> shift
    first, last = starts[upper], starts[upper + _1]
    if last - first > _CROWD:
        first += np.searchsorted(keys[first:last], key)
        last = min(last, first + 1)
    for place in range(first, last):
        if keys[place] == key:
            return place
    return -1


_INDEX: Final = (INTS, array(types.int32), array(types.uint64))


@compiled(types.float64[::1](INTS, _COUNTS, INTS, INTS, _COUNTS, INTS, *_INDEX, _FLOATS, types.float64))
def shared_weights(  # noqa: PLR0913 - two sides, and how rare a term is
    lefts: Any,
    left_counts: Any,
    left_ends: Any,
    rights: Any,
    right_counts: Any,
    right_ends: Any,
    keys: Any,
    starts: Any,
    bits: Any,
    rarity: Any,
    rare: Any,
) -> Any:
    """Return for each pair of bags, sorted and one after the other, the product of their weights under the frozen background.

    ``rarity`` are the weights of the ``keys`` of an index, and ``rare`` that of all other terms.
    """
    found, shift = np.zeros(len(left_ends) - 1), _shift(starts)
    for pair in range(len(found)):
        i, j = left_ends[pair], right_ends[pair]
        while i < left_ends[pair + 1] and j < right_ends[pair + 1]:
            if lefts[i] < rights[j]:
                i += 1
            elif rights[j] < lefts[i]:
                j += 1
            else:
                at = _place(lefts[i], keys, starts, shift) if _is_likely(lefts[i], bits, shift) else -1
                weight = rarity[at] if at >= 0 else rare
                found[pair] += (1.0 + np.log(left_counts[i])) * (1.0 + np.log(right_counts[j])) * weight
                i += 1
                j += 1
    return found


@compiled(types.int64[::1](INTS, *_INDEX))
def places(wanted: Any, keys: Any, starts: Any, bits: Any) -> Any:
    """Return where each of the wanted stands among ``keys``, or -1."""
    found, shift = np.full(len(wanted), -1, dtype=np.int64), _shift(starts)
    for row in range(len(wanted)):
        if _is_likely(wanted[row], bits, shift):
            found[row] = _place(wanted[row], keys, starts, shift)
    return found


@compiled(types.float64[::1](INTS, _FLOATS, types.float64, *_INDEX))
def values_of(  # noqa: PLR0913 - what is looked for, and the three arrays of an index
    wanted: Any, values: Any, missing: Any, keys: Any, starts: Any, bits: Any
) -> Any:
    """Return the value of each of the wanted, of those that are not there ``missing``."""
    found, shift = np.full(len(wanted), missing), _shift(starts)
    for row in range(len(wanted)):
        if _is_likely(wanted[row], bits, shift):
            place = _place(wanted[row], keys, starts, shift)
            if place >= 0:
                found[row] = values[place]
    return found


@compiled(types.void(types.int64[::1], INTS, INTS, *_INDEX))
def add_counts(  # noqa: PLR0913 - what is looked for, and the three arrays of an index
    totals: Any, wanted: Any, counts: Any, keys: Any, starts: Any, bits: Any
) -> None:
    """Add the counts of those of the wanted that are there to their totals."""
    rows, n_rows, shift = np.empty(len(wanted), dtype=np.int64), np.uint64(0), _shift(starts)
    # Without a branch: which keys are likely, nothing foresees.
    for row in range(len(wanted)):
        rows[n_rows] = row
        n_rows += _is_likely(wanted[row], bits, shift)
    for row in rows[:n_rows]:
        place = _place(wanted[row], keys, starts, shift)
        if place >= 0:
            totals[place] += counts[row]
