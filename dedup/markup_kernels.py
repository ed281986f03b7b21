"""The loops over the HTML of a page: its elements and texts, its lines, and what stands around each line.

In: arrays. Out: arrays. Each kernel does what the function that calls it documents (in ``articles/markup.py`` and ``articles/outline.py``); whoever calls
it imports this file where it is needed, for it loads a compiler. Bounds are not looked at here: whoever calls sees to it that arrays
fit each other.

Rule guarded here: no page takes more than a time in proportion to its length, whatever is written in it.
"""

from typing import Any, Final

import numpy as np
from numba import types

from dedup.articles.letters import N_CODES, SPACE
from dedup.articles.markup import BY, BYLINE, DATED, RAW, TEXT, YEAR
from dedup.compiled import CODES, INTS, array, compiled, look_up, mix, part, tuple_of
from dedup.hashing import TURN

_INT: Final = types.int64
_FLOAT: Final = types.float64
_ROWS: Final = types.int32[::1]
_IN: Final = array(types.int32)
_HASHES: Final = array(types.int64)
_FLAGS: Final = array(types.uint32)

#: What stands for the block around a node that is no block itself; -1 is the one around the outermost.
NO_BLOCK: Final = -2

#: Elements are nested no deeper; what is deeper stands side by side.
DEEPEST: Final = 250

#: What is known of a tag. ``VOID``: it has no content; ``SOURCE``: its content is no HTML; ``PLAIN``: its content has entities but no elements;
#: ``CLOSES_P``: it ends a paragraph; ``SCOPE``: what it holds does not end what is outside; ``ITEM``, ``TERM``, ``CELL``, ``ROW``, ``GROUP``, ``OPTION``:
#: one ends the one before it; ``LIST``: it bounds items; ``OF_HEAD``: it may stand in the head; ``UNSEEN``: none of its text is read; ``INLINE``: it
#: ends no line; ``HEADING``, ``LINK``, ``BREAK``, ``TABLE``, ``ONCE`` as they say.
(
    VOID,
    SOURCE,
    PLAIN,
    CLOSES_P,
    SCOPE,
    ITEM,
    TERM,
    CELL,
    ROW,
    GROUP,
    OPTION,
    LIST,
    OF_HEAD,
    UNSEEN,
    INLINE,
    HEADING,
    LINK,
    BREAK,
    TABLE,
    ONCE,
    PARAGRAPH,
    HEAD,
) = (np.uint32(1 << bit) for bit in range(22))

_LONG: Final = 200

_SURROGATES: Final = (0xD800, 0xDFFF)


@part
def _lower(code: Any) -> Any:
    return code + np.uint32(32) if 65 <= code <= 90 else code


@part
def _is_space(code: Any) -> Any:
    """Return whether HTML takes a character for space."""
    return code <= 32 and (code == 32 or code == 10 or code == 9 or code == 13 or code == 12)


@part
def _is_letter(code: Any) -> Any:
    return 97 <= (code | np.uint32(32)) <= 122


@part
def _is_digit(code: Any) -> Any:
    return 48 <= code <= 57


@part
def _hash(codes: Any, start: Any, end: Any) -> Any:
    """Return the hash of a name in lower case."""
    total = np.uint64(0)
    for place in range(start, end):
        total = (total ^ np.uint64(_lower(codes[place]))) * TURN
    return np.int64(mix(total))


@part
def _exact_hash(codes: Any, start: Any, end: Any) -> Any:
    """Return the hash of a name as it is written."""
    total = np.uint64(0)
    for place in range(start, end):
        total = (total ^ np.uint64(codes[place])) * TURN
    return np.int64(mix(total))


@compiled(types.int64[::1](CODES, array(types.int64), types.boolean))
def hashes(codes: Any, edges: Any, folds: Any) -> Any:
    """Return the hash of each name; name ``i`` stands from ``edges[i]`` to before the break at ``edges[i + 1] - 1``. ``folds``: in lower case."""
    found = np.empty(len(edges) - 1, dtype=np.int64)
    for name in range(len(found)):
        start, end = edges[name], edges[name + 1] - 1
        found[name] = _hash(codes, start, end) if folds else _exact_hash(codes, start, end)
    return found


@part
def _holds(codes: Any, start: Any, end: Any, text: Any) -> Any:
    """Return whether a text in small letters stands somewhere in a range, in whatever case."""
    for place in range(start, end - len(text) + 1):
        if _begins(codes, place, end, text):
            return True
    return False


@part
def _begins(codes: Any, place: Any, end: Any, text: Any) -> Any:
    if place + len(text) > end:
        return False
    for i in range(len(text)):
        if _lower(codes[place + i]) != text[i]:
            return False
    return True


def _codes(text: str) -> Any:
    return np.array(list(map(ord, text)), dtype=np.uint32)


_CLASS, _ID, _ROLE, _ITEMPROP, _HREF, _REL = map(_codes, ("class", "id", "role", "itemprop", "href", "rel"))
_AUTHOR, _BYLINE, _TO_AUTHOR, _PUBLISHED = map(_codes, ("author", "byline", "/author", "datepublished"))

#: Kinds of attributes that are looked at.
_IS_CLASS, _IS_ID, _IS_ROLE, _IS_ITEMPROP, _IS_HREF, _IS_REL = range(1, 7)


@part
def _attribute(codes: Any, start: Any, end: Any) -> Any:
    n = end - start
    if n == 5 and _begins(codes, start, end, _CLASS):
        return _IS_CLASS
    if n == 2 and _begins(codes, start, end, _ID):
        return _IS_ID
    if n == 4:
        if _begins(codes, start, end, _ROLE):
            return _IS_ROLE
        return _IS_HREF if _begins(codes, start, end, _HREF) else 0
    if n == 8 and _begins(codes, start, end, _ITEMPROP):
        return _IS_ITEMPROP
    return _IS_REL if n == 3 and _begins(codes, start, end, _REL) else 0


@part
def _next_attribute(codes: Any, place: Any, end: Any) -> Any:
    """Return where the next attribute of a tag begins and ends, where its value does, and where to go on.

    At the end of the tag the name is empty; it then begins at its ``>``, or at ``end``.
    """
    while place < end and (_is_space(codes[place]) or codes[place] == 47):
        place += 1
    start = place
    if place >= end or codes[place] == 62:
        return start, start, start, start, start
    place += 1
    while (
        place < end and not _is_space(codes[place]) and codes[place] != 47 and codes[place] != 62 and codes[place] != 61
    ):
        place += 1
    name_end = place
    while place < end and _is_space(codes[place]):
        place += 1
    if place >= end or codes[place] != 61:
        return start, name_end, name_end, name_end, name_end
    place += 1
    while place < end and _is_space(codes[place]):
        place += 1
    if place < end and (codes[place] == 34 or codes[place] == 39):
        quote = codes[place]
        place += 1
        value = place
        while place < end and codes[place] != quote:
            place += 1
        return start, name_end, value, place, min(place + 1, end)
    value = place
    while place < end and not _is_space(codes[place]) and codes[place] != 62:
        place += 1
    return start, name_end, value, place, place


@part
def _entity(codes: Any, place: Any, end: Any, names: Any, letters: Any) -> Any:
    """Return what a reference that begins at an ampersand stands for, and where to go on; 0 where it is none."""
    at = place + 1
    if at < end and codes[at] == 35:
        at += 1
        base = 10
        if at < end and codes[at] | np.uint32(32) == 120:
            base = 16
            at += 1
        first, value = at, 0
        while at < end and at - first < 8:
            code = codes[at]
            lower = code | np.uint32(32)
            if _is_digit(code):
                value = base * value + int(code) - 48
            elif base == 16 and 97 <= lower <= 102:
                value = base * value + int(lower) - 87
            else:
                break
            at += 1
        if at == first:
            return np.uint32(0), place + 1
        if at < end and codes[at] == 59:
            at += 1
        if 128 <= value < 160:
            value = int(letters[value - 128])
        if value > 0x10FFFF or _SURROGATES[0] <= value <= _SURROGATES[1] or value == 0xFFFE or value == 0xFFFF:
            value = 0xFFFD
        # A control character is none, but tab and the ends of lines.
        if value < 32 and value != 9 and value != 10 and value != 13:
            value = 32
        return np.uint32(value), at
    first = at
    while at < end and at - first < 32 and (_is_letter(codes[at]) or _is_digit(codes[at])):
        at += 1
    if at < end and codes[at] == 59 and at > first:
        found = look_up(_exact_hash(codes, first, at + 1), names[0])
        if found >= 0:
            return np.uint32(names[1][found]), at + 1
    for stop in range(min(at, first + 6), first + 1, -1):
        found = look_up(_exact_hash(codes, first, stop), names[0])
        if found >= 0:
            return np.uint32(names[1][found]), stop
    return np.uint32(0), place + 1


@part
def _close_of(codes: Any, place: Any, name: Any, name_end: Any) -> Any:
    """Return where the end tag of a name begins, from a place on, or -1."""
    n = name_end - name
    last = len(codes) - n - 2
    while place <= last:
        if codes[place] == 60 and codes[place + 1] == 47:
            same = True
            for i in range(n):
                if _lower(codes[place + 2 + i]) != _lower(codes[name + i]):
                    same = False
                    break
            if same:
                return place
        place += 1
    return -1


@part
def _pop_to(depth: Any, target: Any, stack: Any, last: Any, n: Any) -> Any:
    """Close elements until so many are open."""
    while depth > target:
        depth -= 1
        last[stack[depth]] = n - 1
    return depth


@part
def _nearest(stack: Any, depth: Any, tag: Any, kinds: Any, wanted: Any, bounds: Any) -> Any:
    """Return the place on the stack of the nearest element of a kind that none of the bounding kind is in, or -1."""
    for place in range(depth - 1, 0, -1):
        kind = kinds[tag[stack[place]]]
        if kind & wanted:
            return place
        if kind & bounds:
            return -1
    return -1


@part
def _mark_texts(tag: Any, start: Any, end: Any, letters: Any, marks: Any, n: Any) -> None:
    """Mark the texts that may hold a day, or begin as a byline does."""
    for node in range(n):
        if tag[node] != TEXT:
            continue
        first, stop = start[node], end[node]
        marks[node] = YEAR if stop - first > _LONG else np.uint32(0)
        for at in range(first, stop - 1):
            if (letters[at] == 50 and letters[at + 1] == 48) or (letters[at] == 49 and letters[at + 1] == 57):
                marks[node] = YEAR
                break
        if stop - first < _LONG:
            while first < stop and _is_space(letters[first]):
                first += 1
            if first < stop and (letters[first] | np.uint32(32) == 98 or letters[first] == 87):
                marks[node] |= BY


_NODES: Final = tuple_of((_ROWS, _ROWS, _ROWS, _ROWS, _ROWS, _ROWS, _ROWS, types.uint32[::1], types.uint32[::1]))


@compiled(_NODES(CODES, tuple_of((_HASHES, _HASHES)), tuple_of((_HASHES, _HASHES)), CODES, _FLAGS, _IN))
def parse(codes: Any, tags: Any, names: Any, windows: Any, kinds: Any, ranks: Any) -> Any:
    """Read the HTML of a page.

    ``tags``: a table of the hashes of names, as `look_up` reads it, and their numbers; ``names``: the same of entities, and their code points; ``windows``: what the references
    128 to 159 stand for; ``kinds``, ``ranks``: by number of a tag, what is known of it, and which end tags cannot reach beyond it.

    Returns tag, parent, last node inside, start and end (of the attributes in the page, or of the text), start and end of the class, marks; and
    the letters of all texts.
    """
    n_codes = len(codes)
    n_most = 2
    for place in range(n_codes):
        n_most += 2 if codes[place] == 60 else 0
    tag, parent = np.empty(n_most, dtype=np.int32), np.empty(n_most, dtype=np.int32)
    last, start = np.empty(n_most, dtype=np.int32), np.empty(n_most, dtype=np.int32)
    end, class_start = np.empty(n_most, dtype=np.int32), np.zeros(n_most, dtype=np.int32)
    class_end, marks = np.zeros(n_most, dtype=np.int32), np.zeros(n_most, dtype=np.uint32)
    letters = np.empty(n_codes, dtype=np.uint32)
    never_closed = np.zeros(len(kinds), dtype=np.bool_)
    was_once = np.zeros(len(kinds), dtype=np.bool_)
    stack = np.zeros(DEEPEST + 2, dtype=np.int64)
    # Node 0 is the document.
    tag[0], parent[0], start[0], end[0], last[0] = 0, -1, 0, 0, 0
    n, depth, beyond, n_letters, place, has_content = 1, 1, 0, 0, 0, False
    while place < n_codes:
        following = codes[place + 1] if place + 1 < n_codes else np.uint32(0)
        is_markup = codes[place] == 60 and (
            _is_letter(following) or following == 47 or following == 33 or following == 63
        )
        if not is_markup:
            top = stack[depth - 1]
            goes_on = n > 1 and tag[n - 1] == TEXT and parent[n - 1] == top
            if not goes_on:
                tag[n], parent[n], last[n], start[n], marks[n] = TEXT, top, n, n_letters, 0
                n += 1
            first = True
            while place < n_codes and (codes[place] != 60 or first):
                code = codes[place]
                first = False
                if code == 38:
                    value, after = _entity(codes, place, n_codes, names, windows)
                    if value:
                        letters[n_letters] = value
                        n_letters += 1
                        place = after
                        continue
                letters[n_letters] = code
                n_letters += 1
                place += 1
            end[n - 1] = n_letters
            continue
        if (
            following == 33
            or following == 63
            or (following == 47 and not (place + 2 < n_codes and _is_letter(codes[place + 2])))
        ):
            is_comment = following == 33 and place + 3 < n_codes and codes[place + 2] == 45 and codes[place + 3] == 45
            if is_comment:
                place += 4
                if place < n_codes and codes[place] == 62:
                    place += 1
                    continue
                while place < n_codes and not (
                    codes[place] == 62 and codes[place - 1] == 45 and codes[place - 2] == 45
                ):
                    place += 1
            else:
                while place < n_codes and codes[place] != 62:
                    place += 1
            place += 1
            continue
        is_end = following == 47
        name = place + 2 if is_end else place + 1
        name_end = name
        while (
            name_end < n_codes
            and not _is_space(codes[name_end])
            and codes[name_end] != 47
            and codes[name_end] != 62
            and codes[name_end] != 60
        ):
            name_end += 1
        found = look_up(_hash(codes, name, name_end), tags[0])
        number = tags[1][found] if found >= 0 else 0
        kind = kinds[number]
        # The attributes, up to the end of the tag.
        at, is_closed, mark, the_class, the_class_end = name_end, False, np.uint32(0), 0, 0
        while True:
            before = at
            attribute, attribute_end, value, value_end, at = _next_attribute(codes, at, n_codes)
            if attribute == attribute_end:
                # A slash after a value without quotes belongs to that.
                is_closed = attribute > before and codes[attribute - 1] == 47
                break
            what = _attribute(codes, attribute, attribute_end) if value_end > value and not is_end else 0
            if what == _IS_CLASS and not the_class_end:
                the_class, the_class_end = value, value_end
                if _holds(codes, value, value_end, _AUTHOR) or _holds(codes, value, value_end, _BYLINE):
                    mark |= BYLINE
            elif what == _IS_HREF:
                mark |= BYLINE if _holds(codes, value, value_end, _TO_AUTHOR) else np.uint32(0)
            elif what == _IS_REL:
                mark |= BYLINE if _holds(codes, value, value_end, _AUTHOR) else np.uint32(0)
            elif what == _IS_ITEMPROP:
                mark |= BYLINE if _holds(codes, value, value_end, _AUTHOR) else np.uint32(0)
                mark |= DATED if _holds(codes, value, value_end, _PUBLISHED) else np.uint32(0)
        stop = attribute
        place = min(stop + 1, n_codes)
        if is_end:
            if number == 0 and found < 0:
                # An element of its own name: the nearest open one of that name.
                wanted = _hash(codes, name, name_end)
                for open_ in range(depth - 1, max(depth - 20, 0), -1):
                    node = stack[open_]
                    if tag[node] == 0 and node > 0:
                        back = start[node] - 1
                        first_letter = back
                        while codes[first_letter] != 60:
                            first_letter -= 1
                        if _hash(codes, first_letter + 1, start[node]) == wanted:
                            if beyond:
                                beyond -= 1
                            else:
                                depth = _pop_to(depth, open_, stack, last, n)
                            break
                    elif ranks[tag[node]] > 100:
                        break
                continue
            if kind & BREAK:
                tag[n], parent[n], last[n], start[n], end[n] = number, stack[depth - 1], n, name_end, name_end
                n += 1
                continue
            if kind & ONCE or kind & VOID:
                if kind & HEAD:
                    target = _nearest(stack, depth, tag, kinds, HEAD, np.uint32(0))
                    depth = _pop_to(depth, target, stack, last, n) if target >= 0 else depth
                continue
            if beyond:
                beyond -= 1
                continue
            rank = ranks[number]
            for open_ in range(depth - 1, 0, -1):
                node = stack[open_]
                if tag[node] == number:
                    depth = _pop_to(depth, open_, stack, last, n)
                    break
                if ranks[tag[node]] > rank:
                    break
            continue
        if kind & ONCE:
            # A body that begins after its content is that of all.
            if was_once[number] or (has_content and not kind & OF_HEAD):
                continue
            was_once[number] = True
        elif not kind & OF_HEAD:
            has_content = True
        # What a new element ends.
        if not beyond:
            if not kind & OF_HEAD:
                target = _nearest(stack, depth, tag, kinds, HEAD, SCOPE)
                depth = _pop_to(depth, target, stack, last, n) if target >= 0 else depth
            if kind & (ITEM | TERM | CELL | ROW | GROUP | OPTION):
                if kind & ITEM:
                    target = _nearest(stack, depth, tag, kinds, ITEM, LIST | SCOPE)
                elif kind & TERM:
                    target = _nearest(stack, depth, tag, kinds, TERM, LIST | SCOPE)
                elif kind & CELL:
                    target = _nearest(stack, depth, tag, kinds, CELL, TABLE | ROW)
                elif kind & ROW:
                    target = _nearest(stack, depth, tag, kinds, ROW, TABLE | GROUP)
                elif kind & GROUP:
                    target = _nearest(stack, depth, tag, kinds, GROUP, TABLE)
                else:
                    target = _nearest(stack, depth, tag, kinds, OPTION, LIST | SCOPE)
                depth = _pop_to(depth, target, stack, last, n) if target >= 0 else depth
            if kind & CLOSES_P:
                target = _nearest(stack, depth, tag, kinds, PARAGRAPH, SCOPE)
                depth = _pop_to(depth, target, stack, last, n) if target >= 0 else depth
            if kind & HEADING and kinds[tag[stack[depth - 1]]] & HEADING and depth > 1:
                depth = _pop_to(depth, depth - 1, stack, last, n)
            if kind & LINK:
                target = depth - 1
                while (
                    target > 0 and kinds[tag[stack[target]]] & INLINE and not kinds[tag[stack[target]]] & (LINK | CELL)
                ):
                    target -= 1
                if target > 0 and kinds[tag[stack[target]]] & LINK:
                    depth = _pop_to(depth, target, stack, last, n)
        node = n
        tag[n], parent[n], last[n], start[n], end[n] = number, stack[depth - 1], n, name_end, stop
        class_start[n], class_end[n], marks[n] = the_class, the_class_end, mark
        n += 1
        if kind & VOID or (is_closed and not kind & (SOURCE | PLAIN)):
            continue
        if kind & (SOURCE | PLAIN):
            close = -1
            if not never_closed[number]:
                close = _close_of(codes, place, name, name_end)
                never_closed[number] = close < 0
            if close < 0 and kind & PLAIN:
                # One that never ends would hold the whole page.
                close = place
                while close < n_codes and codes[close] != 60:
                    close += 1
            elif close < 0:
                close = n_codes
            if kind & PLAIN:
                tag[n], parent[n], start[n] = TEXT, node, n_letters
                while place < close:
                    code, after = codes[place], place + 1
                    if code == 38:
                        value_of, after_it = _entity(codes, place, close, names, windows)
                        if value_of:
                            code, after = value_of, after_it
                    letters[n_letters] = code
                    n_letters += 1
                    place = after
                end[n] = n_letters
            else:
                tag[n], parent[n], start[n], end[n] = RAW, node, place, close
            last[n] = n
            last[node] = n
            marks[n], class_start[n], class_end[n] = 0, 0, 0
            n += 1
            place = close
            # The end tag that follows is of no open element.
            if place < n_codes and place + 1 < n_codes and codes[place + 1] == 47:
                while place < n_codes and codes[place] != 62:
                    place += 1
                place += 1
            continue
        if depth < DEEPEST:
            stack[depth] = node
            depth += 1
        else:
            beyond += 1
    _pop_to(depth, 0, stack, last, n)
    _mark_texts(tag, start, end, letters, marks, n)
    return (
        tag[:n].copy(),
        parent[:n].copy(),
        last[:n].copy(),
        start[:n].copy(),
        end[:n].copy(),
        class_start[:n].copy(),
        class_end[:n].copy(),
        marks[:n].copy(),
        letters[:n_letters].copy(),
    )


@part
def _end_line(
    out: Any,
    first: Any,
    n_out: Any,
    line_start: Any,
    line_end: Any,
    linked_of: Any,
    runs_of: Any,
    block_of: Any,
    words_of: Any,
    n: Any,
    linked: Any,
    runs: Any,
    block: Any,
) -> Any:
    """Write a line, if it has a letter; return the number of lines and where the next one is written."""
    stop = n_out
    while first < stop and (out[first] == 32 or out[first] == 124):
        first += 1
    while stop > first and (out[stop - 1] == 32 or out[stop - 1] == 124):
        stop -= 1
    if stop > first:
        line_start[n], line_end[n], linked_of[n], runs_of[n], block_of[n] = first, stop, linked, runs, block
        n_words = 1
        for place in range(first, stop):
            n_words += 1 if out[place] == 32 else 0
        words_of[n] = n_words
        n += 1
    return n, stop


_LINES: Final = tuple_of(
    (types.uint32[::1], types.int64[::1], types.int64[::1], _ROWS, _ROWS, _ROWS, _ROWS, _ROWS, _ROWS, _ROWS, _ROWS)
)


@compiled(_LINES(_IN, _IN, _IN, _IN, CODES, _FLAGS, _IN, _IN, _FLAGS, _INT))
def lines(
    tag: Any,
    last: Any,
    start: Any,
    end: Any,
    letters: Any,
    kinds: Any,
    numbers: Any,
    bits: Any,
    table: Any,
    root: Any,
) -> Any:
    """Gather the lines below a node.

    ``numbers``, ``bits``: by number of a tag, how `outline` numbers it (0 as the one around) and the bit of the container it is; ``table``: what each
    letter is.

    Returns the letters of all lines; of each line where it starts and ends there, its linked letters, its runs, its words and its block; and of each
    node that is a block the block around, the number of its tag, the bits of the containers it is in and its depth.
    """
    n_nodes = len(tag)
    around, number = np.full(n_nodes, NO_BLOCK, dtype=np.int32), np.zeros(n_nodes, dtype=np.int32)
    around[0] = -1
    inside, deep = np.zeros(n_nodes, dtype=np.int32), np.zeros(n_nodes, dtype=np.int32)
    out = np.empty(len(letters) + 3 * n_nodes + 3, dtype=np.uint32)
    line_start, line_end = np.empty(n_nodes + 1, dtype=np.int64), np.empty(n_nodes + 1, dtype=np.int64)
    linked_of, runs_of = np.empty(n_nodes + 1, dtype=np.int32), np.empty(n_nodes + 1, dtype=np.int32)
    block_of, words_of = np.empty(n_nodes + 1, dtype=np.int32), np.empty(n_nodes + 1, dtype=np.int32)
    stack = np.zeros(DEEPEST + 3, dtype=np.int64)
    depth, n_links, n, n_out, first_out = 0, 0, 0, 0, 0
    linked, runs, block = 0, 0, 0
    has_parts = False
    node = root
    stop = last[root] if root < n_nodes else -1
    while node <= stop + 1:
        # What has ended before this node.
        while depth > 0 and (node > stop or last[stack[depth - 1]] < node):
            depth -= 1
            ended = stack[depth]
            kind = kinds[tag[ended]]
            if kind & LINK:
                n_links -= 1
            if not kind & INLINE:
                if has_parts:
                    n, n_out = _end_line(
                        out,
                        first_out,
                        n_out,
                        line_start,
                        line_end,
                        linked_of,
                        runs_of,
                        block_of,
                        words_of,
                        n,
                        linked,
                        runs,
                        ended,
                    )
                    first_out, linked, runs, has_parts = n_out, 0, 0, False
                block = around[ended]
        if node > stop:
            break
        kind_of = tag[node]
        if kind_of == RAW:
            node += 1
            continue
        if kind_of == TEXT:
            has_parts = True
            runs += 1
            if n_links:
                first, after = start[node], end[node]
                while first < after and table[min(letters[first], np.uint32(N_CODES))] & SPACE:
                    first += 1
                while after > first and table[min(letters[after - 1], np.uint32(N_CODES))] & SPACE:
                    after -= 1
                linked += after - first
            for at in range(start[node], end[node]):
                code = letters[at]
                if code == 32 or table[min(code, np.uint32(N_CODES))] & SPACE:
                    if n_out > first_out and out[n_out - 1] != 32:
                        out[n_out] = 32
                        n_out += 1
                else:
                    out[n_out] = code
                    n_out += 1
            node += 1
            continue
        kind = kinds[kind_of]
        if kind & UNSEEN:
            node = last[node] + 1
            continue
        if kind & BREAK or (has_parts and not kind & INLINE):
            n, n_out = _end_line(
                out,
                first_out,
                n_out,
                line_start,
                line_end,
                linked_of,
                runs_of,
                block_of,
                words_of,
                n,
                linked,
                runs,
                block,
            )
            first_out, linked, runs, has_parts = n_out, 0, 0, False
        if kind & BREAK:
            node += 1
            continue
        if not kind & INLINE:
            around[node] = block if node else -1
            number[node] = numbers[kind_of] or number[block]
            inside[node] = inside[block] | bits[kind_of]
            deep[node] = deep[block] + 1
            block = node
        elif kind & CELL and has_parts:
            for code in (32, 124, 32):
                if code != 32 or (n_out > first_out and out[n_out - 1] != 32):
                    out[n_out] = code
                    n_out += 1
        if kind & LINK:
            n_links += 1
        stack[depth] = node
        depth += 1
        node += 1
    return (
        out[:n_out].copy(),
        line_start[:n].copy(),
        line_end[:n].copy(),
        linked_of[:n].copy(),
        runs_of[:n].copy(),
        words_of[:n].copy(),
        block_of[:n].copy(),
        around,
        number,
        inside,
        deep,
    )


_ODDS: Final = array(types.float64)
#: Letters of an attribute, and names of an element, that are looked at.
_LONGEST_VALUE: Final = 200
_MOST_NAMES: Final = 120
_NAME_LETTERS: Final = (3, 30)


@part
def _add_name(codes: Any, first: Any, end: Any, known: Any, seen: Any, n: Any) -> Any:
    """Note the place of a name that is known and was not seen before; return how many were seen."""
    if not _NAME_LETTERS[0] <= end - first <= _NAME_LETTERS[1] or n >= len(seen):
        return n
    found = look_up(_hash(codes, first, end), known)
    if found < 0:
        return n
    for earlier in range(n):
        if seen[earlier] == found:
            return n
    seen[n] = found
    return n + 1


@compiled(types.float64[:, ::1](CODES, _IN, _IN, _IN, _IN, _HASHES, _ODDS, _INT, _INT))
def odds(codes: Any, tag: Any, around: Any, start: Any, end: Any, known: Any, values: Any, root: Any, body: Any) -> Any:
    """Return of each node that is a block, below ``root``, what the names of the blocks around it say: the columns of the layout.

    ``known``, ``values``: a table of the hashes of names, as `look_up` reads it, and their odds; ``body``: the number of a tag whose names say nothing.
    """
    n_nodes = len(tag)
    found = np.zeros((n_nodes, 7))
    seen = np.empty(_MOST_NAMES, dtype=np.int64)
    for node in range(root, n_nodes):
        if around[node] == NO_BLOCK:
            continue
        n = 0
        at = start[node]
        while tag[node] != body:
            name, name_end, first, value_end, at = _next_attribute(codes, at, end[node])
            if name == name_end:
                break
            what = _attribute(codes, name, name_end)
            if not _IS_CLASS <= what <= _IS_ITEMPROP:
                continue
            value_end = min(value_end, first + _LONGEST_VALUE)
            whole = first
            while whole < value_end:
                while whole < value_end and _is_space(codes[whole]):
                    whole += 1
                stop = whole
                while stop < value_end and not _is_space(codes[stop]):
                    stop += 1
                n = _add_name(codes, whole, stop, known, seen, n)
                word = whole
                while word < stop:
                    while word < stop and not _is_letter(codes[word]):
                        word += 1
                    after = word
                    while after < stop and _is_letter(codes[after]):
                        if after > word and codes[after] <= 90 and codes[after - 1] >= 97:
                            break
                        after += 1
                    if after > word and not (word == whole and after == stop):
                        n = _add_name(codes, word, after, known, seen, n)
                    word = after
                whole = stop
        least, most, total = 0.0, 0.0, 0.0
        if n:
            least, most = np.inf, -np.inf
            for number in range(n):
                value = values[seen[number]]
                least, most, total = min(least, value), max(most, value), total + value
        row, outer = found[node], found[max(around[node], 0)]
        row[0] = min(outer[0], least) if n else outer[0]
        row[1] = max(outer[1], most) if n else outer[1]
        row[2] = outer[2] + total
        row[3], row[4], row[5], row[6] = least, most, outer[3], outer[4]
    return found


_MATRIX: Final = types.float32[:, ::1]
_VALUES: Final = array(types.float64)
_VOTES: Final = types.Array(types.float32, 2, "C", readonly=True)
_LEVELS: Final = 3
_MOST_LINES: Final = 100.0
_MOST_SKIPPED: Final = 50


@compiled(
    types.void(
        INTS,
        _VALUES,
        _VALUES,
        _IN,
        _IN,
        _VOTES,
        _IN,
        _IN,
        _IN,
        _IN,
        types.Array(types.float64, 2, "C", readonly=True),
        _FLOAT,
        _INT,
        _MATRIX,
    )
)
def layout(
    chosen: Any,
    n_words: Any,
    link_share: Any,
    runs: Any,
    block_of: Any,
    votes: Any,
    around: Any,
    number: Any,
    inside: Any,
    deep: Any,
    told: Any,
    voted: Any,
    n_containers: Any,
    out: Any,
) -> None:
    """Write the layout of the chosen lines, the columns of ``outline.LAYOUT``.

    ``votes``: a row per extractor, the share of each line that it kept; from ``voted`` on it kept the line. ``told``: what the names of blocks say.
    """
    n_blocks = len(around)
    sums = np.zeros((n_blocks, 3 * _LEVELS))
    kept = np.zeros((n_blocks, 2))
    total = 0.0
    for line in range(len(n_words)):
        words, links = n_words[line], n_words[line] * link_share[line]
        total += words
        block = block_of[line]
        for of in range(2):
            kept[block, of] += words if votes[of, line] > voted else 0.0
        for level in range(_LEVELS):
            if block < 0:
                break
            sums[block, 3 * level] += words
            sums[block, 3 * level + 1] += links
            sums[block, 3 * level + 2] += 1.0
            block = around[block]
    total = max(total, 1.0)
    before = -1
    for row in range(len(chosen)):
        line = chosen[row]
        block = block_of[line]
        out[row, 0], out[row, 1], out[row, 2] = votes[0, line], votes[1, line], link_share[line]
        out[row, 3], out[row, 4], out[row, 5] = number[block], deep[block], runs[line]
        column = 6
        for bit in range(n_containers):
            out[row, column] = inside[block] >> bit & 1
            column += 1
        outer, level_of = block, 0
        for level in range(_LEVELS):
            words, links, n = sums[outer, 3 * level_of], sums[outer, 3 * level_of + 1], sums[outer, 3 * level_of + 2]
            out[row, column] = np.log1p(words)
            out[row, column + 1] = links / max(words, 1.0)
            out[row, column + 2] = min(n, _MOST_LINES)
            out[row, column + 3] = words / total
            column += 4
            if around[outer] >= 0 and level + 1 < _LEVELS:
                outer = around[outer]
                level_of += 1
        for of in range(2):
            out[row, column] = kept[block, of] / max(sums[block, 0], 1.0)
            column += 1
        for place in range(7):
            out[row, column] = told[block, place]
            column += 1
        out[row, column] = min(line - before - 1, _MOST_SKIPPED)
        before = line


_LESS_THAN, _GREATER_THAN, _AMPERSAND, _SLASH, _BLANK = (np.uint32(ord(one)) for one in "<>&/ ")
_ENTITIES: Final = tuple(_codes(entity) for entity in ("&lt;", "&gt;", "&amp;"))
_LINE_END: Final = _codes("<br>")
#: ``<  ></>``: what is written of an element beside its name and its attributes.
_LETTERS_OF_TAGS: Final = 7


@part
def _copy(source: Any, first: Any, after: Any, out: Any, n: Any) -> Any:
    """Append a part of the source; return where the next goes."""
    for place in range(first, after):
        out[n] = source[place]
        n += 1
    return n


@part
def _name_before(codes: Any, after: Any) -> Any:
    """Return where the name of a tag begins, which ends where its attributes stand."""
    while after > 0 and codes[after - 1] != _LESS_THAN:
        after -= 1
    return after


@part
def _copy_name(node: Any, tag: Any, start: Any, codes: Any, names: Any, name_ends: Any, out: Any, n: Any) -> Any:
    """Append the name of an element, as the page writes it where HTML does not have it; return where the next letter goes."""
    number = tag[node]
    if number:
        return _copy(names, name_ends[number], name_ends[number + 1], out, n)
    return _copy(codes, _name_before(codes, start[node]), start[node], out, n)


@part
def _ends_value(code: Any) -> Any:
    """Return whether a slash after a character stands for itself: after a blank, or after a value in quotes."""
    return _is_space(code) or code == 34 or code == 39


@part
def _is_blank(letters: Any, first: Any, after: Any) -> Any:
    for place in range(first, after):
        if not _is_space(letters[place]):
            return False
    return True


@part
def _without(
    tag: Any, parent: Any, start: Any, end: Any, letters: Any, kinds: Any, stays: Any, held: Any, keep: Any, least: Any
) -> Any:
    """Tell which elements are left out, with all that is in them, and between which nodes a line would have to end then; see `written`."""
    n_nodes = len(tag)
    best, has_text, holds_kept = np.full(n_nodes, -1.0), np.zeros(n_nodes, dtype=np.bool_), stays.copy()
    for line in range(len(held)):
        best[held[line]] = max(best[held[line]], keep[line])
    gone, is_mixed = np.zeros(n_nodes, dtype=np.bool_), np.zeros(n_nodes, dtype=np.bool_)
    for node in range(n_nodes - 1, 0, -1):
        around = parent[node]
        if tag[node] == TEXT:
            has_text[node] = not _is_blank(letters, start[node], end[node])
        has_text[around] |= has_text[node]
        best[around] = max(best[around], best[node])
        holds_kept[around] |= holds_kept[node]
        kind = kinds[tag[node]] if tag[node] >= 0 else INLINE
        is_mixed[around] |= has_text[node] and kind & INLINE
        if tag[node] >= 0 and not holds_kept[node]:
            is_unlikely = best[node] < least and (best[node] >= 0 or not has_text[node])
            gone[node] = kind & UNSEEN or (is_unlikely and not kind & (INLINE | VOID | ONCE))
    for node in range(1, n_nodes):
        # What is in a part of a line stands in that line.
        is_mixed[node] |= tag[node] >= 0 and kinds[tag[node]] & INLINE and is_mixed[parent[node]]
    return gone, is_mixed


@compiled(
    types.uint32[::1](
        _IN, _IN, _IN, _IN, _IN, CODES, CODES, _FLAGS, CODES, INTS, array(types.boolean), _IN, _ODDS, _FLOAT
    )
)
def written(
    tag: Any,
    parent: Any,
    last: Any,
    start: Any,
    end: Any,
    codes: Any,
    letters: Any,
    kinds: Any,
    names: Any,
    name_ends: Any,
    stays: Any,
    held: Any,
    keep: Any,
    least: Any,
) -> Any:
    """Write a page as HTML, without what is unseen and the blocks whose lines are all less likely than ``least`` to stay, or that have none.

    ``names``: those of tags by their numbers, one begins where that before it ends; ``stays``, by node: kept though unseen; ``held``, ``keep``: the node
    that each line stands in, and its probability.
    """
    gone, is_mixed = _without(tag, parent, start, end, letters, kinds, stays, held, keep, least)
    n_out = 0
    for node in range(1, len(tag)):
        n_out += (end[node] - start[node]) * (len(_ENTITIES[2]) if tag[node] == TEXT else 1)
        if tag[node] > 0:
            n_out += 2 * (name_ends[tag[node] + 1] - name_ends[tag[node]]) + _LETTERS_OF_TAGS
        elif tag[node] == 0:
            n_out += 2 * (start[node] - _name_before(codes, start[node])) + _LETTERS_OF_TAGS
    out, n = np.empty(n_out, dtype=np.uint32), 0
    stack, depth, node = np.zeros(DEEPEST + 3, dtype=np.int64), 0, 1
    while node <= len(tag):
        while depth and (node == len(tag) or last[stack[depth - 1]] < node):
            depth -= 1
            out[n], out[n + 1] = _LESS_THAN, _SLASH
            n = _copy_name(stack[depth], tag, start, codes, names, name_ends, out, n + 2)
            out[n] = _GREATER_THAN
            n += 1
        if node == len(tag):
            break
        number = tag[node]
        if number == RAW:
            n = _copy(codes, start[node], end[node], out, n)
        elif number == TEXT:
            for place in range(start[node], end[node]):
                code = letters[place]
                if code == _LESS_THAN:
                    n = _copy(_ENTITIES[0], 0, len(_ENTITIES[0]), out, n)
                elif code == _GREATER_THAN:
                    n = _copy(_ENTITIES[1], 0, len(_ENTITIES[1]), out, n)
                elif code == _AMPERSAND:
                    n = _copy(_ENTITIES[2], 0, len(_ENTITIES[2]), out, n)
                else:
                    out[n] = code
                    n += 1
        elif gone[node]:
            if is_mixed[parent[node]] and not kinds[number] & UNSEEN:
                # The texts before and after it are no one line.
                n = _copy(_LINE_END, 0, len(_LINE_END), out, n)
            node = last[node]
        else:
            out[n] = _LESS_THAN
            n = _copy_name(node, tag, start, codes, names, name_ends, out, n + 1)
            first, after = start[node], end[node]
            while first < after and _is_space(codes[first]):
                first += 1
            # The slash of an element without an end tag: some parsers would close it there. One that stands in a value stays, and a blank after it.
            while after > first and _is_space(codes[after - 1]):
                after -= 1
            in_value = after - first > 1 and codes[after - 1] == _SLASH and not _ends_value(codes[after - 2])
            if after > first and codes[after - 1] == _SLASH and not in_value:
                after -= 1
            if after > first:
                out[n] = _BLANK
                n = _copy(codes, first, after, out, n + 1)
            if in_value:
                out[n] = _BLANK
                n += 1
            out[n] = _GREATER_THAN
            n += 1
            if not kinds[number] & VOID:
                stack[depth] = node
                depth += 1
        node += 1
    return out[:n].copy()
