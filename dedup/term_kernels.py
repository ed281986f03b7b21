"""The loops of an article's terms that machine code is made of: over its letters, its words and its names.

In: arrays. Out: arrays. Each kernel does what the function that calls it documents; nothing else calls it, and whoever does imports
this file where it is needed, for it loads a compiler (``compiled.py``).

Rule guarded here: a word is what ``articles.normalize.words`` says, a capitalised one what the patterns in the comments say.
"""

from typing import Any, Final

import numpy as np
from numba import types

from dedup.articles.letters import DECIMAL, LETTER, N_CODES, UPPER
from dedup.compiled import BYTES, CODES, INTS, PLACE, array, compiled, free_slot, look_up, mix, part, tuple_of, uniform

_BITS: Final = array(types.uint32)
_OUT: Final = types.int64[::1]
_INT: Final = types.int64

#: What a capitalised word is where it stands: a sentence begins with it; its line is a headline with capitals; between it and the one before in
#: its line stand a space or a hyphen, or a full stop and a space.
(BEGINS, SHOUTED, JOINED, STOPPED) = (np.int64(1 << bit) for bit in range(4))
#: What a capitalised word is wherever it stands: no name, a single letter, a title before names.
(COMMON, SINGLE, HONORIFIC) = (np.int64(1 << bit) for bit in range(3))


# -- words ----------------------------------------------------------------------------------------------------------


@compiled(uniform(_OUT, 3)(CODES, BYTES))
def words(letters: Any, kinds: Any) -> Any:
    """Return where each word of a normalised text begins and ends, and its hash."""
    starts, ends, hashes = (
        np.empty(len(letters), np.int64),
        np.empty(len(letters), np.int64),
        np.empty(len(letters), np.int64),
    )
    n, before = 0, np.uint8(0)
    total, power = np.uint64(0), np.uint64(1)
    for i in range(len(letters)):
        kind = kinds[letters[i]]
        mark = kind == 2
        if mark:
            # Of the kind of the letter it follows; one that follows none is no part of a word.
            kind = before
        if kind != before or (kind == 3 and not mark):
            if before != 0:
                ends[n], hashes[n] = i, np.int64(mix(total))
                n += 1
            starts[n] = i
            total, power = np.uint64(0), np.uint64(1)
        if kind != 0:
            total += mix(np.uint64(letters[i])) * power
            power *= PLACE
        before = kind
    if before != 0:
        ends[n], hashes[n] = len(letters), np.int64(mix(total))
        n += 1
    return starts[:n], ends[:n], hashes[:n]


@compiled(_OUT(INTS, INTS, INTS))
def numbers(hashes: Any, table: Any, values: Any) -> Any:
    """Return the value of each hash in a table, -1 where it is not there."""
    found = np.empty(len(hashes), dtype=np.int64)
    for i in range(len(hashes)):
        slot = look_up(hashes[i], table)
        found[i] = values[slot] if slot >= 0 else -1
    return found


@compiled(types.void(INTS, INTS, _OUT, _OUT))
def enter(hashes: Any, numbers: Any, table: Any, values: Any) -> None:
    """Enter hashes and their values into a table with room for them."""
    for i in range(len(hashes)):
        slot = free_slot(hashes[i], table)
        table[slot], values[slot] = hashes[i], numbers[i]


# -- names ----------------------------------------------------------------------------------------------------------


@part
def _is(code: Any, table: Any) -> Any:
    return table[min(code, np.uint32(N_CODES))]


@part
def _may_begin(code: Any, bits: Any) -> Any:
    r"""Tell whether a letter is one, and no small one of the large scripts: ``[^\W\d_a-zß-öø-ÿа-я]``."""
    if bits & LETTER == 0 or bits & DECIMAL != 0 or 97 <= code <= 122:
        return False
    return not (0xDF <= code <= 0xFF and code != 0xF7) and not (0x430 <= code <= 0x44F)


@part
def _token_end(codes: Any, at: Any, end: Any, table: Any) -> Any:
    r"""Return where a word ends that begins at a place: ``(?<=[A-Z])\.(?:[A-Z]\.)+|[^\W_]*(?:'[^\W_]+)*`` after its first letter."""
    after = at + 1
    if 65 <= codes[at] <= 90 and after < end and codes[after] == 46:
        place = after + 1
        while place + 1 < end and 65 <= codes[place] <= 90 and codes[place + 1] == 46:
            place += 2
        if place > after + 1:
            return place
    while after < end and _is(codes[after], table) & LETTER != 0:
        after += 1
    while after + 1 < end and codes[after] == 39 and _is(codes[after + 1], table) & LETTER != 0:
        after += 2
        while after < end and _is(codes[after], table) & LETTER != 0:
            after += 1
    return after


@part
def _is_shouted(codes: Any, start: Any, end: Any, table: Any, longest: Any) -> Any:
    """Tell whether a short line is a headline with capitals: most words of four letters and more begin with one."""
    if end - start > longest:
        return False
    last = end
    while last > start and (
        codes[last - 1] == 34 or codes[last - 1] == 39 or codes[last - 1] == 32 or codes[last - 1] == 0x201D
    ):
        last -= 1
    if last > start and codes[last - 1] == 46:
        return False
    n_long, n_capitals, place = 0, 0, start
    while place < end:
        bits = _is(codes[place], table)
        if bits & LETTER == 0 or bits & DECIMAL != 0:
            place += 1
            continue
        after = place + 1
        while after < end and _is(codes[after], table) & LETTER != 0:
            after += 1
        if after - place >= 4:
            n_long += 1
            n_capitals += 1 if bits & UPPER != 0 else 0
        place = after
    return n_long > 1 and n_capitals >= 0.7 * n_long


@part
def _parts(code: Any) -> Any:
    r"""Tell whether a sign may end a sentence or open a quotation: ``[.!?:;\n"“„«|•]``."""
    if code < 0x80:
        return code == 46 or code == 33 or code == 63 or code == 58 or code == 59 or code == 34 or code == 124
    return code == 0x201C or code == 0x201E or code == 0xAB or code == 0x2022


@part
def _hash(codes: Any, start: Any, end: Any, folds: Any) -> Any:
    """Return the hash of a word; ``folds``: its Latin capitals written small, and its long s as any other."""
    total, power = np.uint64(0), np.uint64(1)
    for i in range(start, end):
        code = codes[i]
        if folds:
            code = codes[i] + np.uint32(32) if 65 <= codes[i] <= 90 else codes[i]
            code = np.uint32(115) if code == 0x17F else code
        total += mix(np.uint64(code)) * power
        power *= PLACE
    return np.int64(mix(total))


@part
def _begins_sentence(codes: Any, start: Any, at: Any, table: Any, honorifics: Any) -> Any:
    """Tell whether nothing, or the end of a sentence, or a quotation mark, stands before a word in its line."""
    first = max(start, at - 3)
    last = at
    while last > first and (
        codes[last - 1] == 32 or codes[last - 1] == 45 or 39 <= codes[last - 1] <= 41 or codes[last - 1] == 44
    ):
        last -= 1
    if last == first:
        return True
    if codes[last - 1] == 46:
        # Not after an initial, nor after a title.
        end = at - 1
        while end > start and (codes[end - 1] == 32 or codes[end - 1] == 46):
            end -= 1
        begin = end
        while begin > start and codes[begin - 1] != 32:
            begin -= 1
        if end - begin == 1 and _is(codes[begin], table) & UPPER != 0:
            return False
        return look_up(_hash(codes, begin, end, True), honorifics) < 0
    if _is(codes[last - 1], table) & LETTER != 0:
        return False
    parts = False
    for i in range(first, last):
        parts |= _parts(codes[i])
    return parts


@compiled(uniform(_OUT, 4)(CODES, _BITS, INTS, _INT))
def capitalised(codes: Any, table: Any, honorifics: Any, longest: Any) -> Any:
    """Return where each capitalised word of a text begins and ends, its hash, and what it is there.

    ``honorifics`` has the hashes of titles before names; a headline with capitals has at most ``longest`` letters.
    """
    starts, ends, hashes, flags = (
        np.empty(len(codes), np.int64),
        np.empty(len(codes), np.int64),
        np.empty(len(codes), np.int64),
        np.empty(len(codes), np.int64),
    )
    n, start = 0, 0
    while start < len(codes):
        end = start
        while end < len(codes) and codes[end] != 10:
            end += 1
        shouted = SHOUTED if _is_shouted(codes, start, end, table, longest) else 0
        # The word before in this line, -1 for none.
        last, i, after_letter = -1, start, False
        while i < end:
            code = codes[i]
            bits = _is(code, table)
            if after_letter or not _may_begin(code, bits):
                after_letter = bits & LETTER != 0
                i += 1
                continue
            after = _token_end(codes, i, end, table)
            if bits & UPPER != 0:
                flag = shouted
                if last >= 0 and i - last == 1 and (codes[last] == 32 or codes[last] == 45):
                    flag |= JOINED
                elif last >= 0 and i - last == 2 and codes[last] == 46 and codes[last + 1] == 32:
                    flag |= STOPPED
                if _begins_sentence(codes, start, i, table, honorifics):
                    flag |= BEGINS
                starts[n], ends[n], hashes[n], flags[n] = i, after, _hash(codes, i, after, False), flag
                n += 1
                last = after
            # What comes right after is looked at by the letter before it.
            after_letter = _is(codes[after - 1], table) & LETTER != 0
            i = after
        start = end + 1
    return starts[:n], ends[:n], hashes[:n], flags[:n]


@part
def _close(span: Any, size: Any, is_doubtful: Any, kind_of: Any, left: Any, right: Any, doubtful: Any, n: Any) -> Any:
    """Write the names of a finished span, and each pair of neighbours; return how many there are."""
    before = -1
    for place in range(size):
        name = span[place]
        if kind_of[name] & (SINGLE | HONORIFIC) == 0:
            left[n], right[n], doubtful[n] = name, -1, is_doubtful
            n += 1
            if before >= 0:
                left[n], right[n], doubtful[n] = before, name, is_doubtful
                n += 1
            before = name
    return n


@compiled(tuple_of((_OUT, _OUT, types.boolean[::1]))(INTS, INTS, INTS, _INT))
def spans(flags: Any, names: Any, kind_of: Any, longest: Any) -> Any:
    """Return the names in spans of capitalised words, and pairs of neighbours in one: left and right, -1 where there is one name alone; and whether they are doubtful.

    ``flags`` tell of each capitalised word what it is there, ``names`` its number; ``kind_of``, by number, what it is anywhere. What begins a sentence, or
    stands in a headline with capitals, is doubtful.
    """
    left, right = np.empty(2 * len(flags), np.int64), np.empty(2 * len(flags), np.int64)
    doubtful = np.empty(2 * len(flags), np.bool_)
    span, size, n, is_doubtful = np.empty(longest, np.int64), 0, 0, False
    for i in range(len(flags)):
        flag = flags[i]
        if size > 0:
            is_initial = flag & STOPPED != 0 and kind_of[span[size - 1]] & (SINGLE | HONORIFIC) != 0
            if flag & JOINED == 0 and not is_initial:
                n = _close(span, size, is_doubtful, kind_of, left, right, doubtful, n)
                size = 0
        if size == 0:
            is_doubtful = flag & (BEGINS | SHOUTED) != 0
        if kind_of[names[i]] & COMMON == 0 and size < longest:
            span[size] = names[i]
            size += 1
        elif size > 0:
            n = _close(span, size, is_doubtful, kind_of, left, right, doubtful, n)
            size = 0
    n = _close(span, size, is_doubtful, kind_of, left, right, doubtful, n)
    return left[:n], right[:n], doubtful[:n]
