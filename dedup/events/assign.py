"""Articles to events, and events to storylines.

In: terms, articles, clusters of copies and matches. Out: for every article its event and storyline, and for every event
its title, terms and cohesion. Copies enter as one; neighbours are joined by average linkage over a sparse graph, so no
chain of half-alike articles can grow into a blob. A coarse group is a storyline; where the days its members name
conflict, it is several happenings of the same actors, and is cut again more strictly.

Rule guarded here: the result depends on the articles and their arrival only, not on the order of rows; an event and a
storyline are named after the article that arrived first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from math import sqrt
from typing import Any

import numpy as np
import pyarrow as pa

from dedup.articles.published import published_day
from dedup.articles.terms import Terms, background
from dedup.duplicates.relation import series_of
from dedup.errors import ParameterError
from dedup.events.vector import Floats, Ints, Mix, Vectors, candidate_pairs, similarities, vectorise
from dedup.schema import ASSIGNMENT, EVENT

_COPIES = frozenset({"exact", "near"})
_N_TOP_TERMS = 8
_N_TITLE_WORDS = 12


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
    n_neighbours: int = 60
    mix: Mix = field(default_factory=Mix)

    def __post_init__(self) -> None:
        """Check the parameters."""
        if not 0 <= self.storyline <= self.single <= self.firm <= self.strict <= 1:
            got = f"{self.storyline}, {self.single}, {self.firm}, {self.strict}"
            raise ParameterError(f"Grouping: 0 <= storyline <= single <= firm <= strict <= 1 must hold. Got {got}.")
        if not 0 <= self.series <= 1:
            raise ParameterError(f"Grouping: series must be in [0, 1]. Got {self.series}.")
        if self.n_neighbours < 1:
            raise ParameterError(f"Grouping: n_neighbours must be at least 1. Got {self.n_neighbours}.")


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


def average_linkage(n_nodes: int, graph: Graph, single: float, firm: float) -> Ints:
    """Join nodes by average linkage over a sparse graph.

    Parameters
    ----------
    n_nodes : int
        Nodes 0 to n - 1.
    graph : Graph
        Edges, each once. A missing edge counts as similarity 0.
    single, firm : float
        Groups are joined, the most similar first, while their mean similarity is at least ``required``.

    Returns
    -------
    ndarray of int64, shape (n_nodes,)
        The smallest node of each node's group.
    """
    size = [1] * n_nodes
    parent = list(range(n_nodes))
    sums: list[dict[int, float]] = [{} for _ in range(n_nodes)]
    heap: list[tuple[float, int, int, int, int]] = []
    for one, other, value in zip(graph.left.tolist(), graph.right.tolist(), graph.weight.tolist(), strict=True):
        sums[one][other] = value
        sums[other][one] = value
        if value >= single:
            heap.append((-value, one, other, 1, 1))
    heapify(heap)
    while heap:
        _, one, other, size_one, size_other = heappop(heap)
        if parent[one] != one or parent[other] != other or (size[one], size[other]) != (size_one, size_other):
            continue
        parent[other] = one  # one < other: the smallest node stays the root
        size[one] += size[other]
        ours = sums[one]
        ours.pop(other, None)
        for third, value in sums[other].items():
            if third == one:
                continue
            theirs = sums[third]
            del theirs[other]
            ours[third] = theirs[one] = ours.get(third, 0.0) + value
        sums[other] = {}
        for third, value in ours.items():
            mean = value / (size[one] * size[third])
            if mean >= required(min(size[one], size[third]), single, firm):
                low, high = (one, third) if one < third else (third, one)
                heappush(heap, (-mean, low, high, size[low], size[high]))
    roots = np.empty(n_nodes, dtype=np.int64)
    for node in range(n_nodes):
        root = node
        while parent[root] != root:
            root = parent[root]
        roots[node] = root
    return roots


def partition(n_units: int, graph: Graph, grouping: Grouping) -> tuple[Ints, Ints]:
    """Return the storyline and the event of every unit, each named by its smallest unit."""
    event = average_linkage(n_units, graph, grouping.single, grouping.firm)
    storyline = _joined(average_linkage(n_units, graph, grouping.storyline, grouping.storyline), event)
    within = graph.within(event)
    conflicts = np.bincount(event[within.left], weights=within.dates < 0, minlength=n_units)
    agreements = np.bincount(event[within.left], weights=within.dates > 0, minlength=n_units)
    size = np.bincount(event, minlength=n_units)
    torn = (size > 2) & (conflicts >= grouping.conflict_share * (conflicts + agreements))
    torn &= conflicts >= grouping.conflict_pairs * size * (size - 1) / 2
    recut = torn[event]
    if recut.any():
        strict = average_linkage(n_units, within.within(np.where(recut, event, -1)), grouping.strict, grouping.strict)
        event = np.where(recut, strict, event)
    return storyline, event


def _joined(coarse: Ints, fine: Ints) -> Ints:
    """Return the finest grouping that splits no group of either, each group named by its smallest node."""
    root = coarse.copy()
    while True:
        least = root.copy()
        for labels in (coarse, fine):
            smallest = np.full(len(root), len(root), dtype=np.int64)
            np.minimum.at(smallest, labels, least)
            least = smallest[labels]
        if np.array_equal(least, root):
            return root
        root = least


def group(
    terms: pa.Table,
    articles: pa.Table,
    members: pa.Table | None = None,
    matches: pa.Table | None = None,
    grouping: Grouping | None = None,
) -> tuple[pa.Table, pa.Table]:
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

    Returns
    -------
    tuple of two Tables
        ASSIGNMENT sorted by ``doc_id``, and EVENT sorted by ``event_id``.
    """
    grouping = grouping or Grouping()
    rows = sorted(
        articles.select(["doc_id", "arrival", "title", "published", "source", "text"]).to_pylist(), key=_arrival
    )
    if not rows:
        return ASSIGNMENT.empty_table(), EVENT.empty_table()
    units = _units(rows, members)
    heads = [rows[unit[0]] for unit in units]
    unit_of = {rows[position]["doc_id"]: number for number, unit in enumerate(units) for position in unit}
    found = _terms_of(terms, {head["doc_id"] for head in heads})
    unit_terms = [found[head["doc_id"]] for head in heads]
    vectors = vectorise(unit_terms, _ordinals(heads), background())
    graph = _graph(vectors, _pairs_matched(matches, unit_of, len(units)), _series(heads), grouping)
    storyline, event = partition(len(units), graph, grouping)
    return _assignment(rows, units, heads, graph, storyline, event), _events(heads, unit_terms, graph, storyline, event)


def _arrival(row: Mapping[str, Any]) -> tuple[int, str]:
    return row["arrival"], row["doc_id"]


def _units(rows: list[dict[str, Any]], members: pa.Table | None) -> list[list[int]]:
    """Return the rows of each cluster, clusters and rows by arrival."""
    cluster = {}
    if members is not None:
        cluster = dict(zip(members["doc_id"].to_pylist(), members["cluster_id"].to_pylist(), strict=True))
    units: dict[str, list[int]] = {}
    for position, row in enumerate(rows):
        units.setdefault(cluster.get(row["doc_id"], row["doc_id"]), []).append(position)
    return list(units.values())


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


def _assignment(  # noqa: PLR0913 (all that the rows say)
    rows: list[dict[str, Any]],
    units: list[list[int]],
    heads: list[dict[str, Any]],
    graph: Graph,
    storyline: Ints,
    event: Ints,
) -> pa.Table:
    similarity, _ = _centrality(graph, event, len(units))
    out = [
        {
            "doc_id": rows[position]["doc_id"],
            "event_id": heads[event[number]]["doc_id"],
            "storyline_id": heads[storyline[number]]["doc_id"],
            "similarity": float(similarity[number]),
        }
        for number, unit in enumerate(units)
        for position in unit
    ]
    return pa.Table.from_pylist(sorted(out, key=lambda row: row["doc_id"]), schema=ASSIGNMENT)


def _events(heads: list[dict[str, Any]], terms: list[Terms], graph: Graph, storyline: Ints, event: Ints) -> pa.Table:
    similarity, cohesion = _centrality(graph, event, len(heads))
    in_event: dict[int, list[int]] = {}
    for unit, number in enumerate(event.tolist()):
        in_event.setdefault(number, []).append(unit)
    out = []
    for number, found in in_event.items():
        # The most central article that has a title gives the event's.
        central = min(found, key=lambda unit: (not heads[unit]["title"], -similarity[unit], unit))
        out.append(
            {
                "event_id": heads[number]["doc_id"],
                "storyline_id": heads[storyline[number]]["doc_id"],
                "title": _title(heads[central]),
                "top_terms": top_terms([terms[unit] for unit in found]),
                "cohesion": float(cohesion[number]),
            }
        )
    return pa.Table.from_pylist(sorted(out, key=lambda row: row["event_id"]), schema=EVENT)


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
