"""The loops of grouping that machine code is made of: over sparse rows, nearest articles and groups.

In: arrays. Out: arrays. Each kernel does what the function that calls it documents; nothing else calls it, and whoever does imports
this file where it is needed, for it loads a compiler (``compiled.py``).

Rule guarded here: sums are taken in the order of rows and columns, so that a kernel gives the same on every machine and in every
process, compiled or not.
"""

from typing import Any, Final

import numpy as np
from numba import types

from dedup.compiled import INTS, array, compiled, part, uniform

_FLOATS = array(types.float64)
_COLUMNS = array(types.int32)
_FLAGS = array(types.boolean)


@compiled(types.float64[::1](INTS, _COLUMNS, _FLOATS, INTS, _COLUMNS, _FLOATS, INTS, INTS, types.int64))
def dots(
    ends: Any,
    columns: Any,
    values: Any,
    other_ends: Any,
    other_columns: Any,
    other_values: Any,
    left: Any,
    right: Any,
    n_columns: Any,
) -> Any:
    """Return the dot product of row ``left[i]`` of one matrix and row ``right[i]`` of another; quick where ``left`` is sorted."""
    found = np.zeros(len(left))
    # The left row, spread out: it is looked up for all its pairs.
    spread = np.zeros(n_columns)
    row = -1
    for pair in range(len(left)):
        if left[pair] != row:
            if row >= 0:
                for place in range(ends[row], ends[row + 1]):
                    spread[columns[place]] = 0.0
            row = left[pair]
            for place in range(ends[row], ends[row + 1]):
                spread[columns[place]] = values[place]
        total = 0.0
        for place in range(other_ends[right[pair]], other_ends[right[pair] + 1]):
            total += spread[other_columns[place]] * other_values[place]
        found[pair] = total
    return found


@part
def _rarity(known: Any, met: Any, n_seen: Any, about: Any) -> Any:
    """Return how rare a term is, as ``inverse_frequency`` says."""
    share = (known + met + 1.0) / (about[1] + n_seen + 1.0)
    at_home = (met + about[3] * share) / (n_seen + about[3])
    found = -np.log(max(share, at_home))
    if met <= 1.0 and known <= about[2]:
        found *= about[4]
    return found


#: Terms of counts below this, of the background and of the nights, share their rarity with all that are counted alike: most terms are rare.
_FEW: Final = 256


@part
def _shared_place(column: Any, known: Any, met: Any) -> Any:
    """Return where the rarity of a term stands: one place for all rare terms of the same counts, one of its own for a frequent one."""
    return known * _FEW + met if known < _FEW and met < _FEW else np.float64(_FEW * _FEW + column)


#: Bits that tell which terms a row has.
_N_BITS: Final = 1 << 13


@part
def _bit_place(column: Any) -> Any:
    """Return which number of 64 bits holds that of a term."""
    return (np.uint64(column) & np.uint64(_N_BITS - 1)) >> np.uint64(6)


@part
def _bit(column: Any) -> Any:
    """Return the bit of a term in its number."""
    return np.uint64(1) << (np.uint64(column) & np.uint64(63))


@compiled(
    types.float64[::1](
        *(INTS, _COLUMNS, _COLUMNS, _FLOATS) * 2,
        *(INTS, INTS, INTS),
        *(INTS, _COLUMNS, INTS, INTS),
        *(_FLOATS, _FLOATS, _FLOATS, _FLOATS, types.float64[::1]),
    )
)
def cosines(
    ends: Any,
    columns: Any,
    counts: Any,
    odd: Any,
    other_ends: Any,
    other_columns: Any,
    other_counts: Any,
    other_odd: Any,
    left: Any,
    right: Any,
    when: Any,
    seen_ends: Any,
    seen_columns: Any,
    new: Any,
    window: Any,
    known: Any,
    before: Any,
    loud: Any,
    about: Any,
    lengths: Any,
) -> Any:
    """Return the cosine of each pair of rows, by the counts of the window that it is of; pairs are sorted by window and left row.

    ``new`` are the rows that are counted, sorted by ``window``; ``loud[n]`` is what a term counts that comes n times; ``about`` is how many
    articles were counted before and in the background, in how many of it an unknown term is, the prior, and the factor of odd terms.
    ``lengths`` are those of the right row of each pair; one that is negative is reckoned and written.
    """
    found = np.zeros(len(left))
    met = before.copy()
    n_seen = about[0]
    # Rarity and lengths, and at which step they were reckoned.
    n_places = _FEW * _FEW + len(known)
    rarity, reckoned = np.zeros(n_places), np.full(n_places, -1, dtype=np.int32)
    length, length_at = np.zeros(len(other_ends)), np.full(len(other_ends), -1, dtype=np.int32)
    # Of each term what the left row has of it, and where its rarity stands, side by side.
    spread = np.zeros((len(known), 2))
    # A bit for each term of the left row, which several terms share: nearly all that it does not have are told by these few bytes, which
    # are always at hand, where looking in ``spread`` takes the longer the more terms there are.
    bits = np.zeros(_N_BITS // 64, dtype=np.uint64)
    longest = 1
    for one in range(len(other_ends) - 1):
        longest = max(longest, other_ends[one + 1] - other_ends[one])
    likely = np.empty(longest, dtype=np.int64)
    for column in range(len(known)):
        spread[column, 1] = _shared_place(column, known[column], met[column])
    alone = 0.0
    step, now, n_counted, row = np.int32(-1), np.int64(-2), 0, np.int64(-1)
    for pair in range(len(left)):
        is_later = when[pair] != now
        if is_later or left[pair] != row:
            if row >= 0:
                for place in range(ends[row], ends[row + 1]):
                    spread[columns[place], 0] = 0.0
                bits[:] = np.uint64(0)
            if is_later:
                now = when[pair]
                step += np.int32(1)
                while n_counted < len(new) and window[n_counted] <= now:
                    one = new[n_counted]
                    n_counted += 1
                    n_seen += 1.0
                    for place in range(seen_ends[one], seen_ends[one + 1]):
                        column = seen_columns[place]
                        met[column] += 1.0
                        spread[column, 1] = _shared_place(column, known[column], met[column])
                alone = _rarity(about[2], 1.0, n_seen, about)
            row = left[pair]
            total = odd[row] * alone * alone
            for place in range(ends[row], ends[row + 1]):
                column, at = columns[place], np.int64(spread[columns[place], 1])
                if reckoned[at] != step:
                    rarity[at], reckoned[at] = _rarity(known[column], met[column], n_seen, about), step
                value = loud[counts[place]] * rarity[at]
                spread[column, 0] = value
                bits[_bit_place(column)] |= _bit(column)
                total += value * value
            if total > 0.0:
                total = 1.0 / np.sqrt(total)
            for place in range(ends[row], ends[row + 1]):
                spread[columns[place], 0] *= total
        other = right[pair]
        is_new = lengths[pair] < 0.0 and length_at[other] != step
        total, squares = 0.0, other_odd[other] * alone * alone
        # Of a row whose length is known nothing is needed of terms that the left one does not have. They are passed over without a
        # branch: which they are, nothing foresees.
        n_likely = np.uint64(0)
        for place in range(other_ends[other], other_ends[other + 1]):
            column = other_columns[place]
            likely[n_likely] = place
            n_likely += np.uint64(is_new) | (
                (bits[_bit_place(column)] >> (np.uint64(column) & np.uint64(63))) & np.uint64(1)
            )
        for place in likely[:n_likely]:
            column = other_columns[place]
            if not is_new and spread[column, 0] == 0.0:
                continue
            at = np.int64(spread[column, 1])
            if reckoned[at] != step:
                rarity[at], reckoned[at] = _rarity(known[column], met[column], n_seen, about), step
            value = loud[other_counts[place]] * rarity[at]
            total += spread[column, 0] * value
            squares += value * value
        if is_new:
            length[other] = np.sqrt(squares)
            length_at[other] = step
        if lengths[pair] < 0.0:
            lengths[pair] = length[other]
        if lengths[pair] > 0.0:
            found[pair] = total / lengths[pair]
    return found


@compiled(types.boolean[::1](INTS, _FLOATS, types.int64))
def heaviest(ends: Any, values: Any, n_terms: Any) -> Any:
    """Mark the ``n_terms`` largest values of each row, of equal ones the first."""
    kept = np.ones(len(values), dtype=np.bool_)
    for row in range(len(ends) - 1):
        start, stop = ends[row], ends[row + 1]
        if stop - start > n_terms:
            order = np.argsort(-values[start:stop], kind="mergesort")
            for place in order[n_terms:]:
                kept[start + place] = False
    return kept


@part
def _is_less(mean: Any, low: Any, high: Any, other_mean: Any, other_low: Any, other_high: Any) -> Any:
    """Tell whether the first of two comes later: less alike, or as alike and of later groups."""
    if mean != other_mean:
        return mean < other_mean
    if low != other_low:
        return low > other_low
    return high > other_high


@compiled(
    uniform(types.int64[::1], 2)(INTS, _COLUMNS, _FLOATS, INTS, _COLUMNS, _FLOATS, INTS, types.int64, types.int64)
)
def nearest(
    ends: Any,
    columns: Any,
    values: Any,
    post_ends: Any,
    post_rows: Any,
    post_values: Any,
    window: Any,
    since: Any,
    n_neighbours: Any,
) -> Any:
    """Return each row with each of its ``n_neighbours`` largest dot products with rows of no later ``window``, of equal ones the first rows.

    Rows whose window is before ``since`` are met, and meet none.

    ``post_ends``, ``post_rows`` and ``post_values`` are the same matrix by columns.
    """
    n_rows = len(ends) - 1
    total = np.zeros(n_rows)
    met = np.empty(n_rows, dtype=np.int64)
    size = 1024
    lefts, rights = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
    n_pairs = 0
    best = np.empty(n_neighbours, dtype=np.int64)
    for row in range(n_rows):
        if window[row] < since:
            continue
        n_met = 0
        for place in range(ends[row], ends[row + 1]):
            value = values[place]
            for post in range(post_ends[columns[place]], post_ends[columns[place] + 1]):
                other = post_rows[post]
                if other == row or window[other] > window[row]:
                    continue
                if total[other] == 0.0:
                    met[n_met] = other
                    n_met += 1
                total[other] += value * post_values[post]
        # A heap of the nearest with the farthest of them on top.
        n_best = 0
        for number in range(n_met):
            other = met[number]
            if n_best == n_neighbours:
                top = best[0]
                if _is_less(total[other], other, 0, total[top], top, 0):
                    continue
                place = 0
                while True:
                    child = 2 * place + 1
                    if child >= n_best:
                        break
                    one = best[child]
                    if child + 1 < n_best:
                        two = best[child + 1]
                        if _is_less(total[two], two, 0, total[one], one, 0):
                            child += 1
                            one = two
                    if _is_less(total[other], other, 0, total[one], one, 0):
                        break
                    best[place] = one
                    place = child
                best[place] = other
            else:
                place = n_best
                n_best += 1
                while place > 0:
                    parent = (place - 1) // 2
                    if not _is_less(total[other], other, 0, total[best[parent]], best[parent], 0):
                        break
                    best[place] = best[parent]
                    place = parent
                best[place] = other
        if n_pairs + n_best > size:
            size = 2 * size + n_best
            lefts = np.concatenate((lefts, np.empty(size - len(lefts), dtype=np.int64)))
            rights = np.concatenate((rights, np.empty(size - len(rights), dtype=np.int64)))
        for number in range(n_best):
            lefts[n_pairs] = min(row, best[number])
            rights[n_pairs] = max(row, best[number])
            n_pairs += 1
        for number in range(n_met):
            total[met[number]] = 0.0
    return lefts[:n_pairs].copy(), rights[:n_pairs].copy()


@part
def _root(parent: Any, node: Any) -> Any:
    root = node
    while parent[root] != root:
        root = parent[root]
    while parent[node] != root:
        parent[node], node = root, parent[node]
    return root


@part
def _least(size: Any, other: Any, single: Any, firm: Any, few: Any) -> Any:
    """Return the mean similarity that two groups need, as ``required`` says."""
    return firm - (firm - single) / np.sqrt(min(size, other)) + few / (size * other)


@compiled(
    types.int64[::1](INTS, INTS, INTS, _FLOATS, _FLAGS, types.float64, types.float64, types.float64, types.float64)
)
def link(
    start: Any, left: Any, right: Any, weight: Any, known: Any, single: Any, firm: Any, few: Any, merge: Any
) -> Any:
    """Join groups of nodes, the most alike first, as ``average_linkage`` says."""
    n_nodes, n_edges = len(start), len(left)
    parent = start.copy()
    size = np.zeros(n_nodes, dtype=np.int64)
    has_old, has_new = np.zeros(n_nodes, dtype=np.bool_), np.zeros(n_nodes, dtype=np.bool_)
    for node in range(n_nodes):
        size[start[node]] += 1
        has_old[start[node]] |= known[node]
        has_new[start[node]] |= not known[node]
    # Each group has a list of the edges that leave it; what stands at their other end is looked up when they are read.
    first, last = np.full(n_nodes, -1, dtype=np.int64), np.full(n_nodes, -1, dtype=np.int64)
    following = np.full(2 * n_edges, -1, dtype=np.int64)
    target, value = np.empty(2 * n_edges, dtype=np.int64), np.empty(2 * n_edges)
    for edge in range(n_edges):
        for side in range(2):
            here, there = start[left[edge]], start[right[edge]]
            if side == 1:
                here, there = there, here
            if here == there:
                continue
            place = 2 * edge + side
            target[place], value[place] = there, weight[edge]
            if first[here] < 0:
                first[here] = place
            else:
                following[last[here]] = place
            last[here] = place
    room = 1024
    heap_mean, heap_groups = np.empty(room), np.empty((room, 4), dtype=np.int64)
    n_heap = 0
    total, seen_at = np.zeros(n_nodes), np.full(n_nodes, -1, dtype=np.int64)
    step = 0
    begin = 0
    while True:
        # First every group with a new node looks around, for two others are not joined; and then each that has grown.
        if begin < n_nodes:
            one = begin
            begin += 1
            if parent[one] != one or not has_new[one]:
                continue
        else:
            if n_heap == 0:
                break
            mean, one, other = heap_mean[0], heap_groups[0, 0], heap_groups[0, 1]
            size_one, size_other = heap_groups[0, 2], heap_groups[0, 3]
            n_heap -= 1
            last_mean = heap_mean[n_heap]
            last_groups = heap_groups[n_heap].copy()
            place = 0
            while True:
                child = 2 * place + 1
                if child >= n_heap:
                    break
                if child + 1 < n_heap and _is_less(
                    heap_mean[child],
                    heap_groups[child, 0],
                    heap_groups[child, 1],
                    heap_mean[child + 1],
                    heap_groups[child + 1, 0],
                    heap_groups[child + 1, 1],
                ):
                    child += 1
                if not _is_less(
                    last_mean,
                    last_groups[0],
                    last_groups[1],
                    heap_mean[child],
                    heap_groups[child, 0],
                    heap_groups[child, 1],
                ):
                    break
                heap_mean[place] = heap_mean[child]
                heap_groups[place] = heap_groups[child]
                place = child
            heap_mean[place] = last_mean
            heap_groups[place] = last_groups
            if parent[one] != one or parent[other] != other or size[one] != size_one or size[other] != size_other:
                continue
            parent[other] = one  # one < other: the smallest node stays the root
            size[one] += size[other]
            has_old[one] |= has_old[other]
            has_new[one] |= has_new[other]
            if first[one] < 0:
                first[one] = first[other]
            elif first[other] >= 0:
                following[last[one]] = first[other]
            if first[other] >= 0:
                last[one] = last[other]
        # Add up the edges to each neighbour, and keep one for each.
        step += 1
        place, before = first[one], -1
        while place >= 0:
            third = _root(parent, target[place])
            after = following[place]
            if third != one and seen_at[third] != step:
                seen_at[third] = step
                total[third] = value[place]
                target[place] = third
                before = place
            else:
                if third != one:
                    total[third] += value[place]
                if before < 0:
                    first[one] = after
                else:
                    following[before] = after
            place = after
        last[one] = before
        place = first[one]
        while place >= 0:
            third = target[place]
            value[place] = total[third]
            place = following[place]
            if begin < n_nodes and third < one and has_new[third]:
                continue
            mean = np.round(total[third] / (size[one] * size[third]), 12)
            least = _least(size[one], size[third], single, firm, few)
            if has_old[one] and has_old[third]:
                least = firm + merge if has_new[one] or has_new[third] else np.inf
            if mean < least:
                continue
            if n_heap == room:
                room *= 2
                more_mean, more_groups = np.empty(room), np.empty((room, 4), dtype=np.int64)
                more_mean[:n_heap], more_groups[:n_heap] = heap_mean, heap_groups
                heap_mean, heap_groups = more_mean, more_groups
            low, high = min(one, third), max(one, third)
            spot = n_heap
            n_heap += 1
            while spot > 0:
                above = (spot - 1) // 2
                if not _is_less(heap_mean[above], heap_groups[above, 0], heap_groups[above, 1], mean, low, high):
                    break
                heap_mean[spot] = heap_mean[above]
                heap_groups[spot] = heap_groups[above]
                spot = above
            heap_mean[spot] = mean
            heap_groups[spot, 0], heap_groups[spot, 1] = low, high
            heap_groups[spot, 2], heap_groups[spot, 3] = size[low], size[high]
    for node in range(n_nodes):
        parent[node] = _root(parent, node)
    return parent
