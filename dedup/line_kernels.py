"""The loops over the lines of a page: what is counted of their letters, words and phrases, their keys, and the walk of the trees.

In: arrays. Out: arrays. Each kernel does what the function that calls it documents (in ``articles/spelling.py``, ``reading.py`` and ``segment.py``,
``boilerplate/features.py`` and ``line_model.py``), and whoever calls it imports this file where it is needed, for it loads a compiler. Bounds
are not looked at here: whoever calls sees to it that arrays fit each other.

Rule guarded here: a line is read by itself; what follows it changes nothing.
"""

from typing import Any, Final

import numpy as np
from numba import types

from dedup.articles.letters import (
    AFTER_GLUE,
    BAR,
    BEFORE_GLUE,
    CLOSING,
    COMMA,
    DECIMAL,
    LETTER,
    LOWER,
    N_CODES,
    OPENING,
    PLAIN_LOWER,
    QUOTE,
    SPACE,
    STOP,
    TRIM,
    UNSPACED,
    UPPER,
    WORD,
)
from dedup.compiled import (
    BYTES,
    CODES,
    INTS,
    PLACE,
    array,
    compiled,
    free_slot,
    hash_table,
    look_up,
    mix,
    part,
    tuple_of,
    uniform,
)
from dedup.hashing import TURN

_COUNTED: Final = COMMA | BAR | QUOTE

_BITS: Final = array(types.uint32)
_FLAGS: Final = array(types.boolean)
_INT: Final = types.int64
_OUT: Final = types.int64[::1]

#: Columns of `describe`.
(
    CHARACTERS,
    COMMAS,
    BARS,
    QUOTES,
    RAW_WORDS,
    CAPITALS,
    SHOUTS,
    GLUES,
    SENTENCES,
    LINKS,
    BULLET,
    ENDS_SENTENCE,
    ENDS_COLON,
    ENDS_OPEN,
    LOWER_START,
    N_DESCRIBED,
) = range(16)


@part
def _is(code: Any, table: Any) -> Any:
    return table[min(code, np.uint32(N_CODES))]


@part
def _stands(codes: Any, place: Any, end: Any, text: Any) -> Any:
    """Return whether ``text`` stands at a place."""
    if place + len(text) > end:
        return False
    for i in range(len(text)):
        if codes[place + i] != text[i]:
            return False
    return True


def _codes(text: str) -> Any:
    return np.array(list(map(ord, text)), dtype=np.uint32)


_HTTP, _HTTPS, _WWW = _codes("http://"), _codes("https://"), _codes("www.")
_HTTP_ALONE: Final = _codes("http")
_ENDINGS: Final = _codes("comorgnetjpgpnggif")
_TITLES: Final = _codes("SeptProfCapt")


@part
def _n_links(codes: Any, start: Any, end: Any, table: Any) -> Any:
    """Return how many addresses, handles and names of files a line has."""
    n, place = 0, start
    while place < end:
        code, length = codes[place], 0
        if code == 104:
            if _stands(codes, place, end, _HTTPS):
                length = 8
            elif _stands(codes, place, end, _HTTP):
                length = 7
        elif code == 119:
            if _stands(codes, place, end, _WWW):
                length = 4
        elif code == 64:
            if place + 1 < end and _is(codes[place + 1], table) & WORD:
                length = 2
        elif code == 46 and (place + 4 >= end or not _is(codes[place + 4], table) & WORD):
            for ending in range(0, len(_ENDINGS), 3):
                if _stands(codes, place + 1, end, _ENDINGS[ending : ending + 3]):
                    length = 4
        n += 1 if length else 0
        place += max(length, 1)
    return n


@part
def _stops_alone(code: Any) -> Any:
    """Return whether a sign ends a sentence with or without a space after it."""
    return code == 0x3002 or code == 0xFF01 or code == 0xFF1F


@part
def _closes(code: Any) -> Any:
    """Return whether a sign may follow the end of a sentence."""
    return code == 34 or code == 0x201D or code == 0x2019 or code == 0xBB or code == 41 or code == 93


@part
def _n_stops(codes: Any, start: Any, end: Any, table: Any) -> Any:
    """Return how many sentences of a line another one follows; in scripts without spaces, how many end."""
    n, place = 0, start
    while place < end:
        code = codes[place]
        alone = _stops_alone(code)
        if alone or code == 46 or code == 33 or code == 63:
            after = place + 1
            while after < end and _closes(codes[after]):
                after += 1
            space = after
            while after < end and _is(codes[after], table) & SPACE:
                after += 1
            if space < after < end:
                n += 1
                place = after
            elif alone:
                n += 1
        place += 1
    return n


@part
def _has_bullet(codes: Any, start: Any, end: Any, table: Any) -> Any:
    """Return whether a line begins with the mark or the number of an item."""
    code = codes[start]
    after = start + 1
    if _is(code, table) & DECIMAL:
        if after < end and _is(codes[after], table) & DECIMAL:
            after += 1
        if after >= end or (codes[after] != 46 and codes[after] != 41):
            return False
        after += 1
    elif code != 111 and not (
        code == 42
        or code == 43
        or code == 45
        or code == 35
        or code == 124
        or code == 0x2022
        or code == 0xB7
        or code == 0x25AA
        or code == 0x25BA
        or code == 0xBB
        or code == 0x203A
        or code == 0x2023
        or code == 0x25E6
        or code == 0x2013
        or code == 0x2014
    ):
        return False
    return bool(after < end and _is(codes[after], table) & SPACE)


@compiled(types.void(CODES, INTS, _BITS, types.int64[:, ::1]))
def describe(codes: Any, edges: Any, table: Any, counts: Any) -> None:
    """Count what each line has; line ``i`` stands from ``edges[i]`` to before the break at ``edges[i + 1] - 1``."""
    for line in range(len(edges) - 1):
        start, end = edges[line], edges[line + 1] - 1
        row = counts[line]
        row[:] = 0
        row[CHARACTERS] = end - start
        if end == start:
            continue
        n_commas, n_bars, n_quotes, n_glues, n_words, n_capitals, n_shouts = 0, 0, 0, 0, 0, 0, 0
        last, first = -1, -1
        word_start, word_kinds = -1, np.uint32(0)
        kind = _is(codes[start], table)
        for place in range(start, end):
            following = _is(codes[place + 1], table) if place + 1 < end else np.uint32(0)
            if kind & _COUNTED:
                n_commas += 1 if kind & COMMA else 0
                n_bars += 1 if kind & BAR else 0
                n_quotes += 1 if kind & QUOTE else 0
            if not kind & CLOSING:
                last = place
            if first < 0 and not kind & OPENING:
                first = place
            n_glues += 1 if kind & BEFORE_GLUE and following & AFTER_GLUE else 0
            # Runs of what is no space: words as they are written.
            if not kind & SPACE:
                if word_start < 0:
                    word_start, word_kinds = place, np.uint32(0)
                    n_words += 1
                    n_capitals += 1 if kind & UPPER else 0
                word_kinds |= kind
            if word_start >= 0 and (kind & SPACE or place + 1 == end):
                length = place - word_start + (0 if kind & SPACE else 1)
                n_shouts += 1 if length > 1 and word_kinds & UPPER and not word_kinds & LOWER else 0
                word_start = -1
            kind = following
        row[COMMAS], row[BARS], row[QUOTES], row[GLUES] = n_commas, n_bars, n_quotes, n_glues
        row[RAW_WORDS], row[CAPITALS], row[SHOUTS] = n_words, n_capitals, n_shouts
        if first >= 0 and _is(codes[first], table) & LOWER:
            row[LOWER_START] = 1
        if last >= 0:
            dots = last - start >= 2 and codes[last] == 46 and codes[last - 1] == 46 and codes[last - 2] == 46
            row[ENDS_OPEN] = 1 if dots or codes[last] == 0x2026 else 0
            row[ENDS_SENTENCE] = 1 if _is(codes[last], table) & STOP and not row[ENDS_OPEN] else 0
            row[ENDS_COLON] = 1 if codes[last] == 58 else 0
        row[SENTENCES] = _n_stops(codes, start, end, table)
        row[LINKS] = _n_links(codes, start, end, table)
        row[BULLET] = 1 if _has_bullet(codes, start, end, table) else 0


@compiled(_INT(CODES, CODES, types.uint32[::1]))
def spell(codes: Any, spelling: Any, letters: Any) -> Any:
    """Write the spelling of each code point; return how many are not spelled by one, or -1 where one has not been looked at yet.

    ``spelling`` gives for a code point what is written for it; 0 if it is unknown, 1, 2 and what is above all code points for no single one.
    """
    n_odd = 0
    for place in range(len(codes)):
        letter = spelling[codes[place]]
        letters[place] = letter
        if letter <= 2 or letter > 0x10FFFF:
            if letter == 0:
                return -1
            n_odd += 1
    return n_odd


_WORDS: Final = (_OUT, _OUT, _OUT, types.uint32[::1])


@part
def _read_line(
    codes: Any,
    letters: Any,
    at: Any,
    kinds: Any,
    table: Any,
    start: Any,
    end: Any,
    splits: Any,
    n: Any,
    hashes: Any,
    folded: Any,
    sizes: Any,
    firsts: Any,
) -> Any:
    """Write the words of ``letters[start:end]`` from number ``n`` on; return the number after the last.

    Of each its hash, its hash with runs of digits as one 0, its letters, and the first of them. ``splits``: a capital after a small letter
    begins a word.
    """
    before = np.uint8(0)
    total, power, plain, plain_power = np.uint64(0), np.uint64(1), np.uint64(0), np.uint64(1)
    in_number = False
    for i in range(start, end):
        code = letters[i]
        kind = kinds[code]
        mark = kind == 2
        if mark:
            # Of the kind of the letter it follows; one that follows none is no part of a word.
            kind = before
        begins = kind != before or (kind == 3 and not mark)
        if splits and not begins and kind != 0 and i > start and at[i] == at[i - 1] + 1:
            begins = _is(codes[at[i - 1]], table) & BEFORE_GLUE != 0 and _is(codes[at[i]], table) & AFTER_GLUE != 0
        if begins:
            if before != 0:
                hashes[n], folded[n] = np.int64(mix(total)), np.int64(mix(plain))
                n += 1
            if kind != 0:
                total, power, plain, plain_power = np.uint64(0), np.uint64(1), np.uint64(0), np.uint64(1)
                sizes[n], firsts[n] = 0, code
                in_number = False
        if kind != 0:
            sizes[n] += 1
            value = mix(np.uint64(code))
            total += value * power
            power *= PLACE
            is_number = _is(code, table) & DECIMAL != 0
            if not (is_number and in_number):
                plain += (mix(np.uint64(48)) if is_number else value) * plain_power
                plain_power *= PLACE
            in_number = is_number
        before = kind
    if before != 0:
        hashes[n], folded[n] = np.int64(mix(total)), np.int64(mix(plain))
        n += 1
    return n


@compiled(types.void(CODES, CODES, INTS, BYTES, _BITS, *_WORDS, _OUT, types.boolean[::1]))
def read_words(
    codes: Any,
    letters: Any,
    at: Any,
    kinds: Any,
    table: Any,
    hashes: Any,
    folded: Any,
    sizes: Any,
    firsts: Any,
    ends: Any,
    is_unspaced: Any,
) -> None:
    """Write the words of all lines of a text, where those of each line end, and which have letters of scripts without spaces."""
    n, line, start = 0, 0, 0
    for i in range(len(letters)):
        if letters[i] == 10:
            n = _read_line(codes, letters, at, kinds, table, start, i, False, n, hashes, folded, sizes, firsts)
            line += 1
            ends[line] = n
            start = i + 1
        elif kinds[letters[i]] == 3:
            is_unspaced[line] = True


#: Tokens that are no words: what lists and tables put before and between theirs.
_MARKS: Final = _codes("|-•*–")


@part
def _is_mark(code: Any) -> Any:
    """Tell whether a letter that stands alone is no word."""
    for mark in _MARKS:
        if code == mark:
            return True
    return False


@part
def follow(total: Any, value: Any) -> Any:
    """Return the hash of a sequence of hashes with one more at its end."""
    return np.int64(mix(np.uint64(total) * TURN + np.uint64(value)))


@compiled(_OUT(INTS, INTS))
def sequences(words: Any, ends: Any) -> Any:
    """Return the hash of the words of each line, in order; of one word its own. ``ends`` has 0 and where the words of each line end."""
    hashes = np.zeros(len(ends) - 1, dtype=np.int64)
    for line in range(len(hashes)):
        for place in range(ends[line], ends[line + 1]):
            hashes[line] = words[place] if place == ends[line] else follow(hashes[line], words[place])
    return hashes


@compiled(uniform(_OUT, 5)(CODES, _BITS, _INT))
def grams(codes: Any, table: Any, size: Any) -> Any:
    """Return the runs of so many words inside each line of a text, its line breaks among them.

    Words are what spaces part, as they are written, and letters of scripts without spaces. Returns the hashes of the runs, in order; the line of
    each; and of each line how many it has, its words, and the hash of all of them.
    """
    n_lines, n_words = 0, 0
    words, lines = np.empty(len(codes), dtype=np.int64), np.empty(len(codes), dtype=np.int64)
    total, power, start = np.uint64(0), np.uint64(1), 0
    for i in range(len(codes)):
        code = codes[i]
        bits = _is(code, table)
        if i > start and bits & (SPACE | UNSPACED) != 0:
            if i > start + 1 or not _is_mark(codes[start]):
                words[n_words], lines[n_words] = np.int64(mix(total)), n_lines
                n_words += 1
            start = i
        if start == i:
            total, power = np.uint64(0), np.uint64(1)
        total += mix(np.uint64(code)) * power
        power *= PLACE
        if bits & UNSPACED != 0:
            words[n_words], lines[n_words] = np.int64(mix(total)), n_lines
            n_words += 1
        if bits & (SPACE | UNSPACED) != 0:
            start = i + 1
        if code == 10:
            n_lines += 1
    n_runs, n_of = np.zeros(n_lines, dtype=np.int64), np.zeros(n_lines, dtype=np.int64)
    found, of, whole = (
        np.empty(n_words, dtype=np.int64),
        np.empty(n_words, dtype=np.int64),
        np.zeros(n_lines, dtype=np.int64),
    )
    n = 0
    for place in range(n_words):
        line = lines[place]
        whole[line] = follow(whole[line], words[place])
        n_of[line] += 1
        if n_of[line] >= size:
            run = words[place - size + 1]
            for inside in range(place - size + 2, place + 1):
                run = follow(run, words[inside])
            found[n], of[n] = run, line
            n_runs[line] += 1
            n += 1
    return found[:n], of[:n], n_runs, n_of, whole


@compiled(_OUT(INTS, INTS, INTS, INTS, _INT, types.float64))
def function_words(words: Any, ends: Any, keys: Any, values: Any, n_languages: Any, least: Any) -> Any:
    """Return how many function words of the page's language each line has; -1 for all if less than ``least`` of all words are of any.

    The language is the one most function words belong to; ``values`` has a bit for each.
    """
    bits, totals = np.zeros(len(words), dtype=np.int64), np.zeros(n_languages, dtype=np.int64)
    for place in range(len(words)):
        slot = look_up(words[place], keys)
        if slot >= 0:
            bits[place] = values[slot]
            for language in range(n_languages):
                totals[language] += values[slot] >> language & 1
    best = 0
    for language in range(n_languages):
        best = language if totals[language] > totals[best] else best
    counts = np.zeros(len(ends) - 1, dtype=np.int64)
    if totals[best] <= least * len(words):
        counts[:] = -1
        return counts
    for line in range(len(counts)):
        for place in range(ends[line], ends[line + 1]):
            counts[line] += bits[place] >> best & 1
    return counts


@compiled(_OUT(INTS))
def n_equal(hashes: Any) -> Any:
    """Return how often each hash is there."""
    table, slots = hash_table(len(hashes)), np.empty(len(hashes), dtype=np.int64)
    counts = np.zeros(len(table), dtype=np.int64)
    for i in range(len(hashes)):
        # 0, of a line without words, is what a free slot holds.
        value = hashes[i] if hashes[i] != 0 else 1
        slots[i] = free_slot(value, table)
        table[slots[i]] = value
        counts[slots[i]] += 1
    times = np.empty(len(hashes), dtype=np.int64)
    for i in range(len(hashes)):
        times[i] = counts[slots[i]]
    return times


@compiled(
    types.void(
        CODES,
        CODES,
        INTS,
        BYTES,
        _BITS,
        INTS,
        INTS,
        _FLAGS,
        INTS,
        INTS,
        INTS,
        _INT,
        _INT,
        types.float64[:, ::1],
        *[types.float64[::1]] * 2,
    )
)
def mark(
    codes: Any,
    letters: Any,
    at: Any,
    kinds: Any,
    table: Any,
    words: Any,
    ends: Any,
    splits: Any,
    starts: Any,
    phrases: Any,
    markers: Any,
    longest: Any,
    edge: Any,
    shares: Any,
    total: Any,
    opens: Any,
) -> None:
    """Look for the chrome phrases of every line.

    ``ends`` has 0 and where the words of each line end; of lines that ``splits`` names, words are read anew. ``starts`` has the first words of
    phrases, ``phrases`` those of up to ``longest`` words with the bits of their ``markers``. In a line of more than four times ``edge`` words
    both edges are looked at. Writes for each line each marker's share of the words, the share of all, and whether one opens it.
    """
    scratch = np.empty(len(letters), dtype=np.int64)
    folded, sizes = np.empty(len(letters), dtype=np.int64), np.empty(len(letters), dtype=np.int64)
    firsts = np.empty(len(letters), dtype=np.uint32)
    start = 0
    for line in range(len(ends) - 1):
        end = start
        while end < len(letters) and letters[end] != 10:
            end += 1
        of_line = words[ends[line] : ends[line + 1]]
        if splits[line]:
            n = _read_line(codes, letters, at, kinds, table, start, end, True, 0, scratch, folded, sizes, firsts)
            of_line = scratch[:n]
        start = end + 1
        n, place, marked = len(of_line), 0, 0
        while place < n:
            if n > 4 * edge and edge <= place < n - edge:
                place = n - edge
            length, found = 0, np.int64(0)
            if look_up(of_line[place], starts) >= 0:
                phrase = of_line[place]
                for step in range(min(longest, n - place)):
                    phrase = follow(phrase, of_line[place + step]) if step else phrase
                    slot = look_up(phrase, phrases)
                    if slot >= 0:
                        length, found = step + 1, markers[slot]
            if length:
                marked += length
                if place == 0:
                    opens[line] = 1.0
                for marker in range(shares.shape[1]):
                    if found >> marker & 1:
                        shares[line, marker] += length / n
            place += max(length, 1)
        total[line] = marked / max(n, 1)


@compiled(
    tuple_of((types.int64[::1], types.int64[::1], types.int64[::1], types.int64[::1]))(
        INTS, INTS, INTS, INTS, INTS, _FLAGS, _INT
    )
)
def content(words: Any, sizes: Any, ends: Any, keys: Any, languages: Any, is_unspaced: Any, least: Any) -> Any:
    """Return the content words of each line, each once: line and number of each, by line; how many a line has; and the hash of each number.

    Words of ``least`` letters that are no function words; in lines of scripts without spaces, pairs of letters.
    """
    table = hash_table(len(words) + 1)
    numbers = np.empty(len(table), dtype=np.int64)
    hashes, last = np.empty(len(words), dtype=np.int64), np.full(len(words), -1, dtype=np.int64)
    rows, found = np.empty(len(words), dtype=np.int64), np.empty(len(words), dtype=np.int64)
    n_of = np.zeros(len(ends) - 1, dtype=np.int64)
    n, n_numbers = 0, 0
    for line in range(len(ends) - 1):
        for place in range(ends[line], ends[line + 1]):
            value = words[place]
            if is_unspaced[line]:
                if place + 1 == ends[line + 1]:
                    continue
                value = follow(value, words[place + 1])
            elif sizes[place] < least:
                continue
            else:
                slot = look_up(value, keys)
                if slot >= 0 and languages[slot]:
                    continue
            slot = free_slot(value, table)
            if table[slot] == 0:
                table[slot] = value
                numbers[slot] = n_numbers
                hashes[n_numbers] = value
                n_numbers += 1
            number = numbers[slot]
            if last[number] != line:
                last[number] = line
                rows[n], found[n] = line, number
                n += 1
                n_of[line] += 1
    return rows[:n].copy(), found[:n].copy(), n_of, hashes[:n_numbers].copy()


@part
def _is_abbreviated(codes: Any, start: Any, place: Any, table: Any) -> Any:
    """Return whether the full stop at a place ends no sentence: after an initial, a short title, or the number of an item."""
    n, at = 0, place - 1
    while at >= start and n < 3 and _is(codes[at], table) & DECIMAL:
        n += 1
        at -= 1
    if 0 < n < 3 and (at < start or _is(codes[at], table) & SPACE):
        return True
    n, at = 0, place - 1
    while at >= start and n < 4 and 97 <= codes[at] <= 122:
        n += 1
        at -= 1
    if at < start or not 65 <= codes[at] <= 90 or n > 3:
        return False
    if n == 3:
        known = False
        for title in range(0, len(_TITLES), 4):
            known |= _stands(codes, at, place, _TITLES[title : title + 4])
        if not known:
            return False
    at -= 1
    return bool(
        at < start
        or _is(codes[at], table) & SPACE
        or codes[at] == 40
        or codes[at] == 34
        or codes[at] == 0x201C
        or codes[at] == 46
        or codes[at] == 45
    )


@compiled(_INT(CODES, _INT, _INT, _BITS, _OUT))
def borders(codes: Any, start: Any, end: Any, table: Any, found: Any) -> Any:
    """Write where the sentences of a line begin, the first one too; return how many there are, at least one."""
    is_unspaced = False
    for place in range(start, end):
        if _is(codes[place], table) & UNSPACED:
            is_unspaced = True
            break
    found[0] = start
    n, place, has_word = 1, start, False
    while place < end:
        code = codes[place]
        kind = _is(code, table)
        place += 1
        has_word |= kind & LETTER != 0
        alone = is_unspaced and _stops_alone(code)
        if not (
            alone
            or code == 46
            or code == 33
            or code == 63
            or code == 0x2026
            or (not is_unspaced and (code == 0x61F or code == 0x964))
        ):
            continue
        stop, after = place - 1, place
        while after < end and (
            _closes(codes[after])
            or (alone and (codes[after] == 0x300D or codes[after] == 0x300F or codes[after] == 0xFF09))
        ):
            after += 1
        space = after
        while after < end and _is(codes[after], table) & SPACE:
            after += 1
        if after == end or (after == space and not alone):
            continue
        following = codes[after]
        goes_on = 97 <= following <= 122 if is_unspaced else _is(following, table) & PLAIN_LOWER != 0
        if goes_on and not alone:
            continue
        if code == 46 and _is_abbreviated(codes, start, stop, table):
            continue
        # A piece without a word belongs to the one before it.
        if n > 1 and not has_word:
            n -= 1
        found[n] = after
        n += 1
        place, has_word = after, False
    if n > 1 and not has_word:
        n -= 1
    return n


@part
def _key(letters: Any, kinds: Any, table: Any, start: Any, end: Any) -> Any:
    """Return the hash of the letters of a text, runs of digits as one 0; 0 if it has none but digits."""
    total, in_number, before, says = np.uint64(0), False, np.uint8(0), False
    for i in range(start, end):
        kind = kinds[letters[i]]
        if kind == 2:
            kind = before
        before = kind
        if kind == 0:
            continue
        is_number = _is(letters[i], table) & DECIMAL != 0
        if is_number and in_number:
            continue
        in_number = is_number
        says |= not is_number
        total = (total ^ np.uint64(48 if is_number else letters[i])) * TURN
    return np.int64(mix(total)) if says else np.int64(0)


@part
def _is_clock(codes: Any, start: Any, end: Any) -> Any:
    """Return whether a word belongs to a time of day: am, p.m, ET, EST, EDT, GMT, Uhr, h."""
    n = end - start
    if n == 0 or n > 3:
        return False
    a = codes[start] | np.uint32(32)
    if n == 1:
        return a == 104
    b, last = codes[start + 1] | np.uint32(32), codes[end - 1] | np.uint32(32)
    if n == 2:
        return ((a == 97 or a == 112) and b == 109) or (a == 101 and b == 116)
    if (a == 97 or a == 112) and codes[start + 1] == 46 and last == 109:
        return True
    if a == 101 and (b == 115 or b == 100) and last == 116:
        return True
    return (a == 103 and b == 109 and last == 116) or (a == 117 and b == 104 and last == 114)


@part
def _form(codes: Any, letters: Any, at: Any, kinds: Any, table: Any, start: Any, end: Any, letter: Any) -> Any:
    """Return the hash of the words of a line with every run of names and numbers as one gap; 0 if that says too little.

    ``letter`` is the place in ``letters`` of the first of the line.
    """
    total, n_plain, has_gap, was_gap, place, is_first = np.uint64(1), 0, False, False, start, True
    while place < end:
        if _is(codes[place], table) & SPACE:
            place += 1
            continue
        first = place
        has_handle = False
        while place < end and not _is(codes[place], table) & SPACE:
            has_handle |= codes[place] == 64
            place += 1
        last = place
        while first < last and _is(codes[first], table) & TRIM:
            first += 1
        while first < last and _is(codes[last - 1], table) & TRIM:
            last -= 1
        if _is_clock(codes, first, last):
            is_first = False
            continue
        kind = _is(codes[first], table) if first < last else np.uint32(0)
        is_name = bool(
            (kind & LETTER and not kind & PLAIN_LOWER)
            or _stands(codes, first, last, _WWW)
            or _stands(codes, first, last, _HTTP_ALONE)
        )
        if first == last or has_handle or (is_name and not is_first):
            has_gap = True
            if not was_gap:
                total = (total ^ np.uint64(42)) * TURN
            was_gap = True
        else:
            n_plain += 1
            was_gap = False
            total = (total ^ np.uint64(32)) * TURN
            while letter < len(letters) and at[letter] < first:
                letter += 1
            before = np.uint8(0)
            while letter < len(letters) and at[letter] < last:
                letter_kind = kinds[letters[letter]]
                if letter_kind == 2:
                    letter_kind = before
                before = letter_kind
                if letter_kind != 0:
                    total = (total ^ np.uint64(letters[letter])) * TURN
                letter += 1
        is_first = False
    return np.int64(mix(total)) if has_gap and n_plain > 1 else np.int64(0)


@compiled(
    tuple_of((_OUT, _OUT, _OUT, _OUT, _OUT))(
        CODES, CODES, INTS, INTS, BYTES, _BITS, INTS, INTS, _FLAGS, _FLAGS, _INT, _INT, _INT
    )
)
def keys(
    codes: Any,
    letters: Any,
    at: Any,
    edges: Any,
    kinds: Any,
    table: Any,
    folded: Any,
    ends: Any,
    is_unspaced: Any,
    wanted: Any,
    least: Any,
    most: Any,
    edge: Any,
) -> Any:
    """Return the key of each line; where the keys of its sentences end, and these; where the keys of its forms end, and these.

    A line has forms if they are ``wanted`` and it has ``least`` to ``most`` words: one with gaps, one of its first ``edge`` words, one of its last;
    of twice as many in scripts without spaces.
    """
    n_lines = len(edges) - 1
    of_line = np.empty(n_lines, dtype=np.int64)
    sentence_ends, form_ends = np.zeros(n_lines + 1, dtype=np.int64), np.zeros(n_lines + 1, dtype=np.int64)
    sentences, forms = np.empty(len(codes) + n_lines, dtype=np.int64), np.empty(3 * n_lines, dtype=np.int64)
    found = np.empty(len(codes) + 1, dtype=np.int64)
    n_sentences, n_forms, letter = 0, 0, 0
    for line in range(n_lines):
        start, end = edges[line], edges[line + 1] - 1
        while letter < len(letters) and at[letter] < start:
            letter += 1
        first_letter = letter
        n = borders(codes, start, end, table, found)
        for number in range(n):
            stop = found[number + 1] if number + 1 < n else end
            last = letter
            while last < len(letters) and at[last] < stop:
                last += 1
            sentences[n_sentences] = _key(letters, kinds, table, letter, last)
            n_sentences += 1
            letter = last
        of_line[line] = sentences[n_sentences - 1] if n == 1 else _key(letters, kinds, table, first_letter, letter)
        sentence_ends[line + 1] = n_sentences
        first, last = ends[line], ends[line + 1]
        if wanted[line] and least <= last - first <= most:
            value = _form(codes, letters, at, kinds, table, start, end, first_letter)
            if value:
                forms[n_forms] = value
                n_forms += 1
            width = 2 * edge if is_unspaced[line] else edge
            if last - first > width:
                head, tail = np.int64(2), np.int64(3)
                for word in range(width):
                    head = follow(head, folded[first + word])
                    tail = follow(tail, folded[last - width + word])
                forms[n_forms], forms[n_forms + 1] = head, tail
                n_forms += 2
        form_ends[line + 1] = n_forms
    return of_line, sentence_ends, sentences[:n_sentences].copy(), form_ends, forms[:n_forms].copy()


_FLOATS: Final = types.Array(types.float64, 1, "C", readonly=True)
_PART: Final = types.Array(types.float64, 2, "A")


@compiled(types.void(_PART, _INT, _PART))
def neighbours(values: Any, reach: Any, out: Any) -> None:
    """Write the values of the lines before and after each, from ``reach`` lines before to as many after; -1 where there is no line."""
    n, width = values.shape
    for line in range(n):
        column = 0
        for offset in range(-reach, reach + 1):
            if offset == 0:
                continue
            beside = line + offset
            for value in range(width):
                out[line, column] = values[beside, value] if 0 <= beside < n else -1.0
                column += 1


@compiled(uniform(_INT, 2)(_FLOATS))
def best_run(score: Any) -> Any:
    """Return the first and last place of the run of largest sum (the earliest of equals)."""
    best, best_first, best_last, running, start = -np.inf, 0, 0, 0.0, 0
    for place in range(len(score)):
        if running <= 0:
            running, start = 0.0, place
        running += score[place]
        if running > best:
            best, best_first, best_last = running, start, place
    return best_first, best_last


@compiled(uniform(_INT, 6)(INTS, INTS, _FLAGS, _FLAGS, array(types.int32), INTS))
def prose_runs(words: Any, linked: Any, is_link: Any, is_prose: Any, around: Any, limits: Any) -> Any:
    """Find the running prose of a page.

    ``limits``: words of a paragraph, of a line that ends a run of paragraphs, paragraphs of a run, words of a headline, and what a headline that is a
    link speaks against a run.

    Returns the words of all prose, of paragraphs with none next to them, of runs of paragraphs, and of those in the main run, which has the largest
    sum, links and small lines against it; the most that stand in one block; and where the main run begins.
    """
    of_prose, short, paragraphs, headline, cost = limits
    together = np.zeros(2 + max(around) - min(around) if len(around) else 1, dtype=np.int64)
    lowest = min(around) if len(around) else 0
    total, alone, in_runs, run, n_paragraphs, neighbours, last_words = 0, 0, 0, 0, 0, 0, 0
    best, running, first, start, in_run, in_best = 0.0, 0.0, 0, 0, 0, 0
    for line in range(len(words) + 1):
        if line < len(words) and is_prose[line]:
            last_words = words[line]
            total += last_words
            run += last_words
            n_paragraphs += 1
            neighbours += 1
            together[around[line] - lowest] += last_words
            if running <= 0:
                running, start, in_run = 0.0, line, 0
            running += last_words
            in_run += last_words
            if running > best:
                best, first, in_best = running, start, in_run
            continue
        alone += last_words if neighbours == 1 else 0
        neighbours = 0
        if n_paragraphs and (line == len(words) or words[line] > short):
            in_runs += run if n_paragraphs >= paragraphs else 0
            run = n_paragraphs = 0
        if line < len(words) and running > 0:
            small = 0.5 * (words[line] - linked[line]) if words[line] < of_prose else 0.0
            # Between teasers there is always a headline that is a link; between paragraphs hardly ever.
            running -= 3 + linked[line] + small + (cost if is_link[line] and words[line] >= headline else 0)
    return total, alone, in_runs, in_best, max(together), first


@compiled(types.void(_FLAGS, _FLAGS, INTS, INTS, INTS, _INT, _PART))
def share_words(prose: Any, in_block: Any, rows: Any, words: Any, n_of: Any, n_words: Any, out: Any) -> None:
    """Write the share of a line's content words that stand in other lines of the block, in other prose, in prose before and after it.

    ``rows`` and ``words`` are as `content` gives them.
    """
    of_prose, of_block = np.zeros(n_words, dtype=np.int64), np.zeros(n_words, dtype=np.int64)
    before = np.zeros(n_words, dtype=np.int64)
    for pair in range(len(rows)):
        if prose[rows[pair]]:
            of_prose[words[pair]] += 1
            of_block[words[pair]] += 1 if in_block[rows[pair]] else 0
    pair = 0
    for line in range(len(prose)):
        shared = np.zeros(4)
        first = pair
        while pair < len(rows) and rows[pair] == line:
            word = words[pair]
            own = 1 if prose[line] else 0
            shared[0] += 1 if of_block[word] > (own if in_block[line] else 0) else 0
            shared[1] += 1 if of_prose[word] > own else 0
            shared[2] += 1 if before[word] > 0 else 0
            shared[3] += 1 if of_prose[word] - before[word] > own else 0
            pair += 1
        if prose[line]:
            for place in range(first, pair):
                before[words[place]] += 1
        for column in range(4):
            out[line, column] = shared[column] / n_of[line] if n_of[line] > 0 else -1.0


@compiled(types.void(_FLAGS, _FLAGS, _FLOATS, INTS, INTS, _INT, _PART))
def share_sections(prose: Any, breaks: Any, size: Any, rows: Any, words: Any, n_words: Any, out: Any) -> None:
    """Write for the section of each line the share of its content words, in prose, that stand in prose before it, and its size."""
    n = len(prose)
    first = np.full(n_words, n, dtype=np.int64)
    held = np.full(n_words, -1, dtype=np.int64)
    pair, start, begun = 0, 0, False
    while start < n:
        end, total, n_held, n_before = start, 0.0, 0, 0
        told = begun
        while end < n and (end == start or not breaks[end]):
            total += size[end]
            while pair < len(rows) and rows[pair] == end:
                word = words[pair]
                if prose[end]:
                    begun = True
                    if held[word] != start:
                        held[word] = start
                        n_held += 1
                        n_before += 1 if first[word] < start else 0
                    first[word] = min(first[word], end)
                pair += 1
            end += 1
        for line in range(start, end):
            out[line, 0] = n_before / n_held if told and n_held else -1.0
            out[line, 1] = np.log1p(total)
        start = end


@compiled(types.void(_FLOATS, _FLAGS, _FLAGS, _FLAGS, _FLAGS, _INT, _INT, _PART))
def places(size: Any, prose: Any, marked: Any, announces: Any, credits_: Any, first: Any, last: Any, out: Any) -> None:
    """Write where each line stands: in the page, among its words and its prose, to its main block, after what ends articles.

    The columns are those that `features` has for the place of a line, in order, but for the words it shares and its section.
    """
    n = len(size)
    before, prose_before = np.zeros(n + 1), np.zeros(n + 1)
    next_prose = np.full(n + 1, n + 99)
    for line in range(n):
        before[line + 1] = before[line] + size[line]
        prose_before[line + 1] = prose_before[line] + (size[line] if prose[line] else 0.0)
    for line in range(n - 1, -1, -1):
        next_prose[line] = line if prose[line] else next_prose[line + 1]
    total, total_prose = max(before[n], 1.0), max(prose_before[n], 1.0)
    block_share = (before[last + 1] - before[first]) / total
    last_prose, n_ends, last_end, n_credits = -99, 0, -99, 0
    for line in range(n):
        density = np.zeros(2)
        for at in range(2):
            reach = 3 if at == 0 else 8
            low, high = max(line - reach, 0), min(line + reach + 1, n)
            density[at] = (prose_before[high] - prose_before[low]) / max(before[high] - before[low], 1.0)
        around = 0.0
        for beside in range(max(line - 3, 0), min(line + 4, n)):
            around += 1.0 if marked[beside] else 0.0
        n_credits += 1 if credits_[line] else 0
        row = (
            float(min(line, 200)),
            float(min(n - 1 - line, 200)),
            before[line] / total,
            1 - before[line + 1] / total,
            prose_before[line] / total_prose,
            1 - prose_before[line + 1] / total_prose,
            density[0],
            density[1],
            float(min(line - last_prose, 30)),
            float(min(next_prose[line + 1] - line, 30)),
            1.0 if first <= line <= last else 0.0,
            float(min(max(line - first, -50), 50)),
            float(min(max(last - line, -50), 50)),
            block_share,
            float(min(n_ends, 10)),
            float(min(line - last_end, 30)),
            float(min(n_credits, 10)),
            around,
            np.log1p(float(n)),
            np.log1p(total),
            total_prose / total,
        )
        for column in range(len(row)):
            out[line, column + (0 if column < 14 else 4 if column < 16 else 6)] = row[column]
        last_prose = line if prose[line] else last_prose
        if announces[line]:
            n_ends += 1
            last_end = line


_TABLE: Final = types.Array(types.float64, 2, "C", readonly=True)


@compiled(types.void(_FLOATS, _PART, _INT, _PART))
def votes(size: Any, kept: Any, reach: Any, out: Any) -> None:
    """Write what each extractor says of a line.

    How far it is to the next line that it kept, before and after, what share of the words it kept, and what share of these the others kept too.
    ``kept`` has a column per extractor, 1 where it kept the line.
    """
    n, n_extractors = kept.shape
    total, both = 0.0, 0.0
    for line in range(n):
        agreed = True
        for of in range(n_extractors):
            agreed = agreed and kept[line, of] > 0
        total += size[line]
        both += size[line] if agreed else 0.0
    for of in range(n_extractors):
        voted, last, following = 0.0, -99, n + 99
        for line in range(n):
            voted += size[line] if kept[line, of] > 0 else 0.0
            last = line if kept[line, of] > 0 else last
            out[line, 4 * of] = min(line - last, reach)
        for line in range(n - 1, -1, -1):
            following = line if kept[line, of] > 0 else following
            out[line, 4 * of + 1] = min(following - line, reach)
            out[line, 4 * of + 2] = voted / max(total, 1.0)
            out[line, 4 * of + 3] = both / max(voted, 1.0)


#: A power of two times this number has its exponent in the upper six bits, at another place of the table.
_DE_BRUIJN: Final = np.uint64(0x03F79D71B4CB0A89)
_EXPONENT: Final = np.zeros(64, dtype=np.int64)
_EXPONENT[[((0x03F79D71B4CB0A89 << number) & (2**64 - 1)) >> 58 for number in range(64)]] = range(64)
#: So many rows at a time stay near the processor.
_ROWS: Final = 512
_ALL_LEAVES: Final = np.uint64(0xFFFFFFFFFFFFFFFF)
_S58, _ONE = np.uint64(58), np.uint64(1)
_MASKS, _NUMBERS = array(types.uint64), array(types.float64)


@compiled(types.void(_TABLE, INTS, _NUMBERS, _MASKS, INTS, _TABLE, types.float64[::1]))
def add_trees(columns: Any, feature: Any, threshold: Any, leaves: Any, ends: Any, value: Any, log_odds: Any) -> None:
    """Add to the log odds of each row the leaf that it falls in, of every tree in turn.

    ``columns`` has a row per feature. The nodes of all trees stand one after the other, those of each up to its end in ``ends``; ``leaves`` has a bit
    for each leaf that is left to a row whose feature exceeds the threshold. What is left in the end begins with the leaf that the row falls in:
    no node waits for another, as it does where trees are walked (C. Lucchese et al., QuickScorer, SIGIR 2015).
    """
    left = np.empty(_ROWS, dtype=np.uint64)
    for first in range(0, len(log_odds), _ROWS):
        n = min(_ROWS, len(log_odds) - first)
        node = 0
        for tree in range(len(ends)):
            left[:n] = _ALL_LEAVES
            while node < ends[tree]:
                # A part, not a sum of places, is what a compiler sees through.
                column, least, mask = columns[feature[node], first : first + n], threshold[node], leaves[node]
                for row in range(n):
                    left[row] &= mask if column[row] > least else _ALL_LEAVES
                node += 1
            of_tree, odds = value[tree], log_odds[first : first + n]
            for row in range(n):
                lowest = left[row] & (~left[row] + _ONE)
                odds[row] += of_tree[_EXPONENT[(lowest * _DE_BRUIJN) >> _S58]]


@compiled(types.boolean[::1](INTS, INTS, INTS, _INT, _INT, types.float64))
def doubled(words: Any, ends: Any, lines: Any, size: Any, least: Any, share: Any) -> Any:
    """Tell which of some lines of a page have ``least`` words, and that share of their runs of ``size`` words in others too.

    A line that is longest is looked at first, of such the last, and what is told of it does not count as another for those after it.
    """
    n_runs = np.zeros(len(lines), dtype=np.int64)
    for number in range(len(lines)):
        n_runs[number] = max(ends[lines[number] + 1] - ends[lines[number]] - size + 1, 0)
    first = np.zeros(len(lines) + 1, dtype=np.int64)
    first[1:] = np.cumsum(n_runs)
    # Of each run its slot in a table, that holds how often it stands on the page.
    table, slots = hash_table(first[-1]), np.empty(first[-1], dtype=np.int64)
    counts = np.zeros(len(table), dtype=np.int64)
    for number in range(len(lines)):
        for run in range(n_runs[number]):
            start = ends[lines[number]] + run
            value = words[start]
            for place in range(start + 1, start + size):
                value = follow(value, words[place])
            slot = free_slot(value, table)
            table[slot] = value
            counts[slot] += 1
            slots[first[number] + run] = slot
    told, own = np.zeros(len(lines), dtype=np.bool_), np.zeros(len(table), dtype=np.int64)
    for number in np.argsort(n_runs * len(lines) + np.arange(len(lines)))[::-1]:
        if n_runs[number] + size - 1 < least:
            break
        runs = slots[first[number] : first[number + 1]]
        for slot in runs:
            own[slot] += 1
        n_elsewhere = 0
        for slot in runs:
            n_elsewhere += counts[slot] > own[slot]
        told[number] = n_elsewhere >= share * len(runs)
        for slot in runs:
            counts[slot] -= told[number]
            own[slot] = 0
    return told
