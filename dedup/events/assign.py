"""Articles to events, and events to storylines.

In: terms, articles, clusters of copies and matches, and where earlier nights put some of them. Out: for every article of
tonight its event and storyline, for every event its title, terms and cohesion, and which events became one. Copies enter as one; neighbours are joined by average linkage over a sparse graph, so no
chain of half-alike articles can grow into a blob. A coarse group is a storyline; where the days its members name
conflict, it is several happenings of the same actors, and is cut again more strictly.

Rule guarded here: the result depends on the articles and their arrival only, not on the order of rows; an event and a
storyline are named after the article that arrived first, and keep the name and the articles they were published with.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from math import inf, sqrt
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from dedup.articles.published import published_day
from dedup.articles.terms import Terms, background
from dedup.duplicates.relation import series_of
from dedup.errors import ParameterError
from dedup.events.counts import Counts
from dedup.events.vector import Floats, Ints, Mix, Vectors, candidate_pairs, similarities, vectorise
from dedup.schema import ASSIGNMENT, EVENT, MERGE

_COPIES = frozenset({"exact", "near"})
_N_TOP_TERMS = 8
_N_TITLE_WORDS = 12
_LEVELS = ("storyline", "event")


@dataclass(frozen=True)
class Grouping:
    """Parameters of the grouping.

    Parameters
    ----------
    storyline : float
        Mean similarity down to which groups are joined into storylines, in [0, 1].
    single, firm : float
        Mean similarity down to which a single article joins an event, and two large groups would: the more articles
        have been compared, the less may their mean be excused as chance. In between as ``required`` says.
    strict : float
        Mean similarity down to which events are joined where their days conflict.
    conflict_share, conflict_pairs : float
        The days of a group conflict when so large a share of the pairs that both name days conflict, and so large a
        share of all its pairs; in [0, 1]. Groups of two never do.
    matched : float
        Least similarity of a pair matched as ``partial`` or ``overlap``, in [0, 1].
    series : float
        Factor for articles of one daily series of one source on different days, in [0, 1].
    merge : float
        How much above ``firm`` (``storyline``, ``strict``) the mean similarity of two events (storylines, events whose days
        conflict) of earlier nights must be to be joined, whatever their size; at least 0.
    n_neighbours : int
        Nearest articles looked at per article.
    mix : Mix
        How a similarity is made up.
    """

    storyline: float = 0.1
    single: float = 0.13
    firm: float = 0.36
    strict: float = 0.46
    conflict_share: float = 0.8
    conflict_pairs: float = 1 / 3
    matched: float = 0.5
    series: float = 0.1
    merge: float = 0.05
    n_neighbours: int = 60
    mix: Mix = field(default_factory=Mix)

    def __post_init__(self) -> None:
        """Check the parameters."""
        if not 0 <= self.storyline <= self.single <= self.firm <= self.strict <= 1:
            got = f"{self.storyline}, {self.single}, {self.firm}, {self.strict}"
            raise ParameterError(f"Grouping: 0 <= storyline <= single <= firm <= strict <= 1 must hold. Got {got}.")
        if not 0 <= self.series <= 1:
            raise ParameterError(f"Grouping: series must be in [0, 1]. Got {self.series}.")
        if self.merge < 0:
            raise ParameterError(f"Grouping: merge must be at least 0. Got {self.merge}.")
        if self.n_neighbours < 1:
            raise ParameterError(f"Grouping: n_neighbours must be at least 1. Got {self.n_neighbours}.")


class Groups(NamedTuple):
    """What grouping found. Relations ASSIGNMENT sorted by ``doc_id``, EVENT sorted by ``event_id``, and MERGE sorted by its key."""

    assignments: pa.Table
    events: pa.Table
    merges: pa.Table


@dataclass(frozen=True, eq=False)
class Graph:
    """Pairs of units with their similarity and whether the days they name agree (1) or conflict (-1)."""

    left: Ints
    right: Ints
    weight: Floats
    dates: Ints

    def within(self, labels: Ints) -> "Graph":
        """Return the edges whose ends have one label."""
        inside = labels[self.left] == labels[self.right]
        return Graph(self.left[inside], self.right[inside], self.weight[inside], self.dates[inside])


def required(size: int, single: float, firm: float) -> float:
    """Return the mean similarity two groups need to be joined: ``firm - (firm - single) / sqrt(size of the smaller)``.

    Examples
    --------
    >>> [round(required(size, 0.1, 0.4), 2) for size in (1, 4, 9)]
    [0.1, 0.25, 0.3]
    """
    return float(firm - (firm - single) / sqrt(size))


@dataclass(frozen=True, eq=False)
class Settled:
    """Where earlier nights put each unit.

    ``event`` and ``storyline`` name each unit's group by its smallest unit, a new one itself; ``known`` tells which are
    not new. Shapes (n_units,).
    """

    event: Ints
    storyline: Ints
    known: NDArray[np.bool_]


def average_linkage(  # noqa: PLR0913 (graph, bars, and what stood before)
    n_nodes: int,
    graph: Graph,
    single: float,
    firm: float,
    start: Ints | None = None,
    known: NDArray[np.bool_] | None = None,
    merge: float = 0.0,
) -> Ints:
    """Join nodes by average linkage over a sparse graph.

    Parameters
    ----------
    n_nodes : int
        Nodes 0 to n - 1.
    graph : Graph
        Edges, each once. A missing edge counts as similarity 0.
    single, firm : float
        Groups are joined, the most similar first, while their mean similarity is at least ``required``.
    start : ndarray of int64, shape (n_nodes,), or None
        Groups that there are already, each named by its smallest node; they are never split.
    known : ndarray of bool, shape (n_nodes,), or None
        Nodes that were grouped before. Two groups that both have some are joined only if one of them has a node that was
        not, and their mean is at least ``merge`` above ``firm``, however small they are.
    merge : float
        See ``known``.

    Returns
    -------
    ndarray of int64, shape (n_nodes,)
        The smallest node of each node's group.
    """
    first = np.arange(n_nodes) if start is None else start
    old = np.zeros(n_nodes, dtype=bool) if known is None else known
    size = np.bincount(first, minlength=n_nodes).tolist()
    has_old = (np.bincount(first, old, n_nodes) > 0).tolist()
    has_new = (np.bincount(first, ~old, n_nodes) > 0).tolist()
    parent = first.tolist()
    sums: list[dict[int, float]] = [{} for _ in range(n_nodes)]
    heap: list[tuple[float, int, int, int, int]] = []

    def propose(one: int, other: int, value: float) -> None:
        mean = value / (size[one] * size[other])
        least = required(min(size[one], size[other]), single, firm)
        if has_old[one] and has_old[other]:
            least = firm + merge if has_new[one] or has_new[other] else inf
        if mean >= least:
            low, high = (one, other) if one < other else (other, one)
            heap.append((-mean, low, high, size[low], size[high]))

    for one, other, value in _between(graph, first):
        sums[one][other] = sums[other][one] = value
        propose(one, other, value)
    heapify(heap)
    while heap:
        _, one, other, size_one, size_other = heappop(heap)
        if parent[one] != one or parent[other] != other or (size[one], size[other]) != (size_one, size_other):
            continue
        parent[other] = one  # one < other: the smallest node stays the root
        size[one] += size[other]
        has_old[one] |= has_old[other]
        has_new[one] |= has_new[other]
        ours = sums[one]
        ours.pop(other, None)
        for third, value in sums[other].items():
            if third == one:
                continue
            theirs = sums[third]
            del theirs[other]
            ours[third] = theirs[one] = ours.get(third, 0.0) + value
        sums[other] = {}
        n_before = len(heap)
        for third, value in ours.items():
            propose(one, third, value)
        proposed = heap[n_before:]
        del heap[n_before:]
        for entry in proposed:
            heappush(heap, entry)
    roots = np.empty(n_nodes, dtype=np.int64)
    for node in range(n_nodes):
        root = node
        while parent[root] != root:
            root = parent[root]
        roots[node] = root
    return roots


def _between(graph: Graph, labels: Ints) -> Iterator[tuple[int, int, float]]:
    """Yield two groups and the sum of the similarities between them, for all that have any, sorted."""
    one, other = labels[graph.left], labels[graph.right]
    apart = one != other
    low, high = np.minimum(one, other)[apart], np.maximum(one, other)[apart]
    codes, at = np.unique(low * len(labels) + high, return_inverse=True)
    sums = np.bincount(at, graph.weight[apart], len(codes))
    yield from zip((codes // len(labels)).tolist(), (codes % len(labels)).tolist(), sums.tolist(), strict=True)


def partition(n_units: int, graph: Graph, grouping: Grouping, settled: Settled) -> tuple[Ints, Ints]:
    """Return the storyline and the event of every unit, each named by its smallest unit.

    What earlier nights joined stays joined. Whether days conflict is asked of the groups that there would be had all come
    at once, so that the answer does not depend on the night.
    """
    event = average_linkage(n_units, graph, grouping.single, grouping.firm, settled.event)
    within = graph.within(event)
    conflicts = np.bincount(event[within.left], weights=within.dates < 0, minlength=n_units)
    agreements = np.bincount(event[within.left], weights=within.dates > 0, minlength=n_units)
    size = np.bincount(event, minlength=n_units)
    torn = (size > 2) & (conflicts >= grouping.conflict_share * (conflicts + agreements))
    torn &= conflicts >= grouping.conflict_pairs * size * (size - 1) / 2
    founders = settled.known & (settled.event == np.arange(n_units))
    several = np.bincount(event, founders, n_units) > 1
    for again, single, firm in (
        (torn[event], grouping.strict, grouping.strict),
        ((several & ~torn)[event], grouping.single, grouping.firm),
    ):
        if again.any():
            inside = within.within(np.where(again, event, -1))
            recut = average_linkage(n_units, inside, single, firm, settled.event, settled.known, grouping.merge)
            event = np.where(again, recut, event)
    storyline = average_linkage(
        n_units,
        graph,
        grouping.storyline,
        grouping.storyline,
        joined(event, settled.storyline),
        settled.known,
        grouping.merge,
    )
    return storyline, event


def joined(one: Ints, other: Ints) -> Ints:
    """Return the finest grouping that splits no group of either, each group named by its smallest node.

    Parameters
    ----------
    one, other : ndarray of int64, shape (n_nodes,)
        Groups as labels, each in [0, n_nodes).

    Examples
    --------
    >>> joined(np.array([0, 0, 2, 3]), np.array([0, 1, 1, 3])).tolist()
    [0, 0, 0, 3]
    """
    n_nodes = len(one)
    labels = np.concatenate([one, other + n_nodes])
    nodes = np.tile(np.arange(n_nodes), 2)
    links = csr_matrix((np.ones(2 * n_nodes), (nodes, labels)), shape=(n_nodes, 2 * n_nodes))
    _, component = connected_components(links @ links.T, directed=False)
    return _named(component)


def _named(labels: Ints) -> Ints:
    """Name every group by its smallest node."""
    _, first, at = np.unique(labels, return_index=True, return_inverse=True)
    return first[at].astype(np.int64)


def group(  # noqa: PLR0913 (all that is known)
    terms: pa.Table,
    articles: pa.Table,
    members: pa.Table | None = None,
    matches: pa.Table | None = None,
    grouping: Grouping | None = None,
    known: pa.Table | None = None,
    counts: pa.Table | None = None,
) -> Groups:
    """Group articles into events and storylines.

    Parameters
    ----------
    terms : Table
        TERMS of every article.
    articles : Table
        ``doc_id``, ``arrival``, ``title``, ``published``, ``source`` and ``text`` (for a title where there is none).
    members : Table or None
        MEMBER; articles of one cluster are of one event. Without it every article is alone.
    matches : Table or None
        MATCH; a pair matched as ``partial`` or ``overlap`` counts as at least ``grouping.matched`` alike.
    grouping : Grouping or None
        Parameters; None for the defaults.
    known : Table or None
        KNOWN: those of the articles that earlier nights grouped; the others are tonight's. Their events are never split,
        and only tonight's articles can join two of them.
    counts : Table or None
        TERM_COUNT: what earlier nights counted (`count_terms`), of the terms of these articles at least; tonight's are added.
        None where nothing was: the articles given are then counted.

    Returns
    -------
    Groups
        ASSIGNMENT of tonight's articles, EVENT of the events that they are in, over the articles given, and MERGE.
    """
    grouping = grouping or Grouping()
    columns = ["doc_id", "arrival", "title", "published", "source", "text"]
    rows = sorted(articles.select(columns).to_pylist(), key=_arrival)
    earlier = {} if known is None else {row["doc_id"]: row for row in known.to_pylist()}
    if not rows:
        return Groups(ASSIGNMENT.empty_table(), EVENT.empty_table(), MERGE.empty_table())
    units = _units(rows, members)
    heads = [rows[unit[0]] for unit in units]
    unit_of = {rows[position]["doc_id"]: number for number, unit in enumerate(units) for position in unit}
    found = _terms_of(terms, {head["doc_id"] for head in heads})
    unit_terms = [found[head["doc_id"]] for head in heads]
    settled = _settled(unit_of, earlier, len(units))
    if counts is None:
        live = Counts.of_terms(unit_terms)
    else:
        tonight = [unit_terms[number] for number in np.flatnonzero(~settled.known)]
        live = Counts.of_terms(tonight).plus(Counts.of_table(counts))
    vectors = vectorise(unit_terms, _ordinals(heads), background(), live)
    graph = _graph(vectors, _pairs_matched(matches, unit_of, len(units)), _series(heads), grouping)
    labels = dict(zip(_LEVELS, partition(len(units), graph, grouping, settled), strict=True))
    names = {level: _names(heads, labels[level], unit_of, earlier, level) for level in _LEVELS}
    similarity, cohesion = _centrality(graph, labels["event"], len(units))
    assigned = [
        {
            "doc_id": row["doc_id"],
            **{f"{level}_id": names[level][labels[level][unit_of[row["doc_id"]]]] for level in _LEVELS},
            "similarity": float(similarity[unit_of[row["doc_id"]]]),
        }
        for row in sorted(rows, key=itemgetter("doc_id"))
        if row["doc_id"] not in earlier
    ]
    touched = {int(labels["event"][unit_of[row["doc_id"]]]) for row in assigned}
    events = [
        {
            **{f"{level}_id": names[level][labels[level][number]] for level in _LEVELS},
            "title": _title(heads[_central(heads, similarity, found)]),
            "top_terms": top_terms([unit_terms[unit] for unit in found]),
            "cohesion": float(cohesion[number]),
        }
        for number, found in _members(labels["event"]).items()
        if number in touched
    ]
    return Groups(
        pa.Table.from_pylist(assigned, schema=ASSIGNMENT),
        pa.Table.from_pylist(sorted(events, key=itemgetter("event_id")), schema=EVENT),
        _merges(unit_of, earlier, labels, names),
    )


def count_terms(terms: pa.Table, members: pa.Table | None = None, known: pa.Table | None = None) -> pa.Table:
    """Count tonight's articles for the nights to come.

    Parameters
    ----------
    terms : Table
        TERMS of tonight's articles; others that ``known`` names do no harm.
    members : Table or None
        MEMBER; a cluster of copies counts once, by its first article, and not where ``known`` has one of it.
    known : Table or None
        KNOWN, as `group` takes it.

    Returns
    -------
    Table
        TERM_COUNT, sorted by ``key``.
    """
    rows = sorted(terms.select(["doc_id", "arrival"]).to_pylist(), key=_arrival)
    cluster = _clusters(members)
    earlier = [] if known is None else known["doc_id"].to_pylist()
    counted = {cluster.get(doc_id, doc_id) for doc_id in earlier}
    units = [[rows[position]["doc_id"] for position in unit] for unit in _units(rows, members)]
    heads = {unit[0] for unit in units if cluster.get(unit[0], unit[0]) not in counted}
    return Counts.of_terms(list(_terms_of(terms, heads).values())).to_table()


def _arrival(row: Mapping[str, Any]) -> tuple[int, str]:
    return row["arrival"], row["doc_id"]


def _clusters(members: pa.Table | None) -> dict[str, str]:
    """Return the cluster of every article that has one."""
    if members is None:
        return {}
    return dict(zip(members["doc_id"].to_pylist(), members["cluster_id"].to_pylist(), strict=True))


def _units(rows: list[dict[str, Any]], members: pa.Table | None) -> list[list[int]]:
    """Return the rows of each cluster, clusters and rows by arrival."""
    cluster = _clusters(members)
    units: dict[str, list[int]] = {}
    for position, row in enumerate(rows):
        units.setdefault(cluster.get(row["doc_id"], row["doc_id"]), []).append(position)
    return list(units.values())


def _settled(unit_of: Mapping[str, int], earlier: Mapping[str, Mapping[str, Any]], n_units: int) -> Settled:
    """Say where earlier nights put each unit; copies that join two events make them one."""
    known = np.zeros(n_units, dtype=bool)
    at = [unit_of[doc_id] for doc_id in earlier if doc_id in unit_of]
    known[at] = True
    labels = {}
    for level in ("event", "storyline"):
        names = [row[f"{level}_id"] for doc_id, row in earlier.items() if doc_id in unit_of]
        _, number = np.unique(np.array(names, dtype=str), return_inverse=True)
        links = csr_matrix((np.ones(len(at)), (at, number)), shape=(n_units, len(names)))
        labels[level] = _named(connected_components(links @ links.T, directed=False)[1])
    return Settled(labels["event"], labels["storyline"], known)


def _terms_of(terms: pa.Table, wanted: set[str]) -> dict[str, Terms]:
    kept = terms.filter(pa.compute.is_in(terms["doc_id"], pa.array(sorted(wanted), pa.string())))
    return {
        row["doc_id"]: Terms.from_row(row) for batch in kept.to_batches(max_chunksize=1000) for row in batch.to_pylist()
    }


def _ordinals(heads: list[dict[str, Any]]) -> Floats:
    days = [published_day(head["published"]) for head in heads]
    return np.array([np.nan if day is None else float(day.toordinal()) for day in days])


def _pairs_matched(matches: pa.Table | None, unit_of: dict[str, int], n_units: int) -> Ints:
    """Return ``left * n_units + right`` of every two units matched as ``partial`` or ``overlap``."""
    if matches is None:
        return np.empty(0, dtype=np.int64)
    codes: set[int] = set()
    columns = (matches[name].to_pylist() for name in ("left_id", "right_id", "relation"))
    for left, right, relation in zip(*columns, strict=True):
        one, other = unit_of.get(left, -1), unit_of.get(right, -1)
        if relation not in _COPIES and min(one, other) >= 0 and one != other:
            codes.add(min(one, other) * n_units + max(one, other))
    return np.array(sorted(codes), dtype=np.int64)


def _series(heads: list[dict[str, Any]]) -> Ints:
    """Return the number of the daily series that each article's headline says it is of; its own for the others."""
    numbers: dict[tuple[str, tuple[str, ...]], int] = {}
    found = []
    for place, head in enumerate(heads):
        name = series_of(head["title"] or "")
        found.append(numbers.setdefault((head["source"] or "", name), place) if name else place)
    return np.array(found, dtype=np.int64)


def _graph(vectors: Vectors, matched: Ints, series: Ints, grouping: Grouping) -> Graph:
    n_units = len(vectors.published)
    left, right = candidate_pairs(vectors, n_neighbours=grouping.n_neighbours)
    codes = np.union1d(left * n_units + right, matched)
    left, right = codes // n_units, codes % n_units
    weight, dates = similarities(vectors, left, right, grouping.mix)
    weight = np.where(np.isin(codes, matched), np.maximum(weight, grouping.matched), weight)
    # Tuesday's weather is not Monday's, however alike they are told.
    apart = (series[left] == series[right]) & (np.abs(vectors.published[left] - vectors.published[right]) > 0)
    weight = np.where(apart, weight * grouping.series, weight)
    return Graph(left, right, weight.round(9), dates.astype(np.int64))


def _centrality(graph: Graph, event: Ints, n_units: int) -> tuple[Floats, Floats]:
    """Return each unit's mean similarity to the others of its event (1 if alone), and each event's mean over pairs."""
    inside = graph.within(event)
    total = np.bincount(inside.left, inside.weight, n_units) + np.bincount(inside.right, inside.weight, n_units)
    size = np.bincount(event, minlength=n_units)
    others = size[event] - 1
    mean = np.where(others > 0, total / np.maximum(others, 1), 1.0)
    pairs = size * (size - 1) / 2
    cohesion = np.where(pairs > 0, np.bincount(event[inside.left], inside.weight, n_units) / np.maximum(pairs, 1), 1.0)
    return mean, cohesion


def _names(
    heads: list[dict[str, Any]],
    labels: Ints,
    unit_of: Mapping[str, int],
    earlier: Mapping[str, Mapping[str, Any]],
    level: str,
) -> dict[int, str]:
    """Return the id of each group: the oldest that it had, else that of its first article."""
    oldest: dict[int, tuple[int, str]] = {}
    for doc_id, row in earlier.items():
        if doc_id in unit_of:
            number = int(labels[unit_of[doc_id]])
            age = row[f"{level}_arrival"], row[f"{level}_id"]
            oldest[number] = min(oldest.get(number, age), age)
    return {number: oldest[number][1] if number in oldest else heads[number]["doc_id"] for number in labels.tolist()}


def _merges(
    unit_of: Mapping[str, int],
    earlier: Mapping[str, Mapping[str, Any]],
    labels: Mapping[str, Ints],
    names: Mapping[str, Mapping[int, str]],
) -> pa.Table:
    """Return MERGE: ids of earlier nights that are no more, and what they became."""
    now = {
        (level, row[f"{level}_id"], names[level][int(labels[level][unit_of[doc_id]])])
        for doc_id, row in earlier.items()
        if doc_id in unit_of
        for level in _LEVELS
    }
    gone = [dict(zip(MERGE.names, row, strict=True)) for row in sorted(now) if row[1] != row[2]]
    return pa.Table.from_pylist(gone, schema=MERGE)


def _members(labels: Ints) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for unit, number in enumerate(labels.tolist()):
        found.setdefault(number, []).append(unit)
    return found


def _central(heads: list[dict[str, Any]], similarity: Floats, units: list[int]) -> int:
    """Return the most central of some units that has a title."""
    return min(units, key=lambda unit: (not heads[unit]["title"], -similarity[unit], unit))


def _title(head: Mapping[str, Any]) -> str:
    title = (head["title"] or "").strip()
    if title:
        return title
    found = (head["text"] or "").split()
    return " ".join(found[:_N_TITLE_WORDS]) + ("…" if len(found) > _N_TITLE_WORDS else "")


def top_terms(terms: list[Terms], n_terms: int = _N_TOP_TERMS) -> list[str]:
    """Return the readable terms that most distinguish a group: labels of many members, the rarest first.

    A label that only repeats a word of a longer one is left out.
    """
    frequencies = background()
    score: dict[str, float] = {}
    shown: dict[str, str] = {}
    for found in terms:
        rarity = frequencies.inverse_frequency(found.label_keys)
        for label, value in zip(found.labels, rarity.tolist(), strict=True):
            folded = label.casefold()
            score[folded] = score.get(folded, 0.0) + value
            if shown.get(folded, folded) == folded:
                shown[folded] = label
    ranked = sorted(score, key=lambda folded: (-score[folded] * (1 + 0.2 * folded.count(" ")), folded))
    chosen: list[str] = []
    for folded in ranked:
        parts = set(folded.split())
        if any(parts & set(known.split()) for known in chosen):
            continue
        chosen.append(folded)
        if len(chosen) == n_terms:
            break
    return [shown[folded] for folded in chosen]
