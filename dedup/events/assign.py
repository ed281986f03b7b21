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
from itertools import pairwise
from math import sqrt
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from dedup.articles.terms import background
from dedup.candidates.window import ordinals
from dedup.duplicates.relation import series_of
from dedup.errors import ParameterError, SchemaError
from dedup.events.counts import Columns, Counts, read_keys
from dedup.events.pair_model import pair_model
from dedup.events.vector import FEATURES, Floats, Ints, Mix, Vectors, candidate_pairs, features, vectorise
from dedup.keys import distinct
from dedup.schema import ASSIGNMENT, EVENT, LIKENESS, MERGE

_COPIES = frozenset({"exact", "near"})
_N_TOP_TERMS = 8
_EVENTS_AT_ONCE = 1024
_N_TITLE_WORDS = 12
_LEVELS = ("storyline", "event")
#: Pairs less alike than this share of what makes a storyline are not remembered: all of them together hardly move a mean.
_WORTH_KEEPING = 0.5


@dataclass(frozen=True)
class Grouping:
    """Parameters of the grouping.

    Parameters
    ----------
    storyline : float
        Mean similarity down to which groups are joined into storylines, in [0, 1].
    single, firm, few : float
        Mean similarity down to which a single article joins a large event, and two large groups would; and how much more
        two single articles need. In between as ``Bar`` says.
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
    model : str
        The text of a pair model to judge by in place of ``mix``; see ``dedup train events``. Empty for none.
    """

    storyline: float = 0.1
    single: float = 0.12
    firm: float = 0.36
    few: float = 0.1
    strict: float = 0.46
    conflict_share: float = 0.8
    conflict_pairs: float = 1 / 3
    matched: float = 0.5
    series: float = 0.05
    merge: float = 0.05
    n_neighbours: int = 60
    mix: Mix = field(default_factory=Mix)
    model: str = ""

    def __post_init__(self) -> None:
        """Check the parameters."""
        if not 0 <= self.storyline <= self.single <= self.firm <= self.strict <= 1:
            got = f"{self.storyline}, {self.single}, {self.firm}, {self.strict}"
            raise ParameterError(f"Grouping: 0 <= storyline <= single <= firm <= strict <= 1 must hold. Got {got}.")
        if not 0 <= self.series <= 1:
            raise ParameterError(f"Grouping: series must be in [0, 1]. Got {self.series}.")
        for name in ("few", "merge"):
            if getattr(self, name) < 0:
                raise ParameterError(f"Grouping: {name} must be at least 0. Got {getattr(self, name)}.")
        if self.n_neighbours < 1:
            raise ParameterError(f"Grouping: n_neighbours must be at least 1. Got {self.n_neighbours}.")


class Groups(NamedTuple):
    """What grouping found. Relations ASSIGNMENT sorted by ``doc_id``, EVENT sorted by ``event_id``, and MERGE and LIKENESS sorted by their keys."""

    assignments: pa.Table
    events: pa.Table
    merges: pa.Table
    likenesses: pa.Table


@dataclass(frozen=True, eq=False)
class Graph:
    """Pairs of units with their similarity and whether the days they name agree (1) or conflict (-1).

    Shapes (n_pairs,): ``left``, ``right`` and ``dates`` int64, ``weight`` float64 in [0, 1].
    """

    left: Ints
    right: Ints
    weight: Floats
    dates: Ints

    def within(self, labels: Ints) -> "Graph":
        """Return the edges whose ends have one label."""
        inside = labels[self.left] == labels[self.right]
        return Graph(self.left[inside], self.right[inside], self.weight[inside], self.dates[inside])

    def and_those(self, other: "Graph") -> "Graph":
        """Return the edges of both, sorted by their ends."""
        left, right, weight, dates = (
            np.concatenate([getattr(one, name) for one in (self, other)])
            for name in ("left", "right", "weight", "dates")
        )
        order = np.lexsort((right, left))
        return Graph(left[order], right[order], weight[order], dates[order])


@dataclass(frozen=True)
class Bar:
    """The mean similarity that two groups of ``m <= n`` articles need to be joined.

    It is ``firm - (firm - single) / sqrt(m) + few / (m n)``: a mean of few pairs is high by chance now and then, and two
    large groups that are alike may still be two happenings of the same actors.

    Examples
    --------
    >>> bar = Bar(single=0.1, firm=0.4, few=0.08)
    >>> [round(bar.required(m, n), 3) for m, n in ((1, 1), (1, 8), (4, 8), (100, 100))]
    [0.18, 0.11, 0.253, 0.37]
    """

    single: float
    firm: float
    few: float = 0.0

    @classmethod
    def level(cls, value: float) -> "Bar":
        """Return the bar that is the same for all."""
        return cls(value, value)

    def required(self, m: int, n: int) -> float:
        """Return the mean similarity that groups of ``m`` and ``n`` articles need."""
        return float(self.firm - (self.firm - self.single) / sqrt(min(m, n)) + self.few / (m * n))


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
    bar: Bar,
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
    bar : Bar
        Groups are joined, the most similar first, while their mean similarity is at least what it asks for.
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
    from dedup import event_kernels

    start = np.arange(n_nodes) if start is None else start
    known = np.zeros(n_nodes, dtype=bool) if known is None else known
    return event_kernels.link(  # type: ignore[no-any-return]
        start, graph.left, graph.right, graph.weight, known, bar.single, bar.firm, bar.few, merge
    )


def partition(graph: Graph, grouping: Grouping, window: Ints) -> tuple[Ints, Ints]:
    """Return the storyline and the event of every unit, each named by its smallest unit.

    Windows are settled one after the other, so that a week in one run is what it is in seven. What joined in an earlier window
    stays joined; of it only what has an edge to a new unit is looked at.

    Parameters
    ----------
    graph : Graph
        Of the units, sorted by the left ends.
    grouping : Grouping
        Parameters.
    window : ndarray of int64, shape (n_units,)
        When each unit comes; those of one window come together.
    """
    n_units = len(window)
    event, storyline, known = np.arange(n_units), np.arange(n_units), np.zeros(n_units, dtype=bool)
    around = _neighbourhoods(graph, n_units, grouping.storyline)
    order = np.argsort(window, kind="stable")
    for some in np.split(order, np.flatnonzero(np.diff(window[order])) + 1):
        near = storyline[np.append(some, around.near(some))]
        is_met = np.zeros(n_units, dtype=bool)
        is_met[near] = True
        is_here = is_met[storyline] & known
        is_here[some] = True
        units = np.flatnonzero(is_here)
        place = np.full(n_units, -1)
        place[units] = np.arange(len(units))
        there = Settled(place[event[units]], place[storyline[units]], known[units])
        lines, events = _settle(around.among(units, place), grouping, there)
        storyline[units], event[units] = units[lines], units[events]
        known[some] = True
    return storyline, event


def kept_whole(found: Ints, standing: Ints, known: NDArray[np.bool_]) -> Ints:
    """Return the grouping that is nearest to what was found and splits no group of earlier nights.

    Such a group goes where most of its units are, a new unit where it was found. Groups of earlier nights are put together only
    where a new unit is.

    Parameters
    ----------
    found, standing : ndarray of int64, shape (n_units,)
        Groups as labels in [0, n_units): as they are found now, and as earlier nights left them.
    known : ndarray of bool, shape (n_units,)
        Units of earlier nights; of the others ``standing`` says nothing.

    Returns
    -------
    ndarray of int64, shape (n_units,)
        The smallest unit of each unit's group.

    Examples
    --------
    >>> known = np.array([True, True, True, False])
    >>> kept_whole(np.array([0, 0, 2, 2]), np.array([0, 0, 0, 3]), known).tolist()
    [0, 0, 0, 3]
    >>> kept_whole(np.array([0, 0, 0, 0]), np.array([0, 1, 1, 3]), known).tolist()
    [0, 0, 0, 0]
    """
    n_units = len(found)
    pairs, n_shared = np.unique(standing[known] * n_units + found[known], return_counts=True)
    group, label = pairs // n_units, pairs % n_units
    # The one that shares most with it comes last, of equal ones that of the smallest unit.
    order = np.lexsort((-label, n_shared, group))
    chosen = np.arange(n_units)
    chosen[group[order]] = label[order]
    to = np.where(known, chosen[standing], found)
    has_new = np.zeros(n_units, dtype=bool)
    has_new[found[~known]] = True
    return _named(np.where(has_new[to], to, n_units + standing))


@dataclass(frozen=True, eq=False)
class _Neighbourhoods:
    """The edges of each unit, of a graph that is sorted by its left ends.

    ``others[ends[i]:ends[i + 1]]`` are the units at the other ends of the heavy edges of unit i, and ``starts[i]:starts[i + 1]`` the edges of
    which it is the left end.
    """

    graph: Graph
    ends: Ints
    others: Ints
    starts: Ints

    def near(self, units: Ints) -> Ints:
        """Return the units that have a heavy edge to one of some units."""
        return self.others[_stretches(self.ends, units)]

    def among(self, units: Ints, place: Ints) -> Graph:
        """Return the edges among some units, which are sorted and which ``place`` numbers; -1 for all others."""
        graph, edges = self.graph, _stretches(self.starts, units)
        edges = edges[place[graph.right[edges]] >= 0]
        return Graph(place[graph.left[edges]], place[graph.right[edges]], graph.weight[edges], graph.dates[edges])


def _stretches(ends: Ints, rows: Ints) -> Ints:
    """Return all places from ``ends[row]`` to ``ends[row + 1]``, of one row after the other."""
    starts, sizes = ends[rows], ends[rows + 1] - ends[rows]
    before = np.append(0, np.cumsum(sizes))
    places: Ints = np.arange(before[-1]) + np.repeat(starts - before[:-1], sizes)
    return places


def _neighbourhoods(graph: Graph, n_units: int, least: float) -> _Neighbourhoods:
    heavy = graph.weight >= least
    left, right = graph.left[heavy], graph.right[heavy]
    ends = np.concatenate([left, right])
    others = np.concatenate([right, left])[np.argsort(ends, kind="stable")]
    of_unit, of_left = (np.append(0, np.cumsum(np.bincount(found, minlength=n_units))) for found in (ends, graph.left))
    return _Neighbourhoods(graph, of_unit, others, of_left)


def _settle(graph: Graph, grouping: Grouping, settled: Settled) -> tuple[Ints, Ints]:
    """Return the storyline and the event of every unit, all new ones coming together.

    Whether days conflict is asked of the groups that there would be had all come at once, so that the answer does not depend
    on the night.
    """
    n_units = len(settled.known)
    usual, strict = Bar(grouping.single, grouping.firm, grouping.few), Bar.level(grouping.strict)
    event = average_linkage(n_units, graph, usual, settled.event)
    within = graph.within(event)
    conflicts = np.bincount(event[within.left], weights=within.dates < 0, minlength=n_units)
    agreements = np.bincount(event[within.left], weights=within.dates > 0, minlength=n_units)
    size = np.bincount(event, minlength=n_units)
    torn = (size > 2) & (conflicts >= grouping.conflict_share * (conflicts + agreements))
    torn &= conflicts >= grouping.conflict_pairs * size * (size - 1) / 2
    founders = settled.known & (settled.event == np.arange(n_units))
    several = np.bincount(event, founders, n_units) > 1
    for again, bar in ((torn[event], strict), ((several & ~torn)[event], usual)):
        if again.any():
            inside = within.within(np.where(again, event, -1))
            recut = average_linkage(n_units, inside, bar, settled.event, settled.known, grouping.merge)
            event = np.where(again, recut, event)
    standing = joined(event, settled.storyline)
    coarse = Bar.level(grouping.storyline)
    return average_linkage(n_units, graph, coarse, standing, settled.known, grouping.merge), event


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
    likenesses: pa.Table | None = None,
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
        KNOWN: those of the articles that earlier nights grouped; the others are tonight's. All are grouped as though they came
        together, and then no event of earlier nights is split (`kept_whole`). Of an archive, whole events should be given: those of the
        articles that share something telling with tonight's. How alike an article and an event are is the mean over its
        articles that are given.
    counts : Table or None
        TERM_COUNT: what earlier nights counted (`count_terms`), of the terms of these articles at least; tonight's are added.
        None where nothing was: the articles given are then counted.
    likenesses : Table or None
        LIKENESS, as earlier nights gave it out, of these articles. None where nobody kept it: two earlier articles are then
        weighed anew, by the counts of today.

    Returns
    -------
    Groups
        ASSIGNMENT of tonight's articles, EVENT of the events that they are in, over the articles given, MERGE, and LIKENESS of
        tonight's articles with all they were weighed with and are at all alike to, or share an event with.
    """
    grouping = grouping or Grouping()
    rows = sorted(articles.select(["doc_id", "arrival", "title", "published", "source"]).to_pylist(), key=_arrival)
    earlier = {} if known is None else {row["doc_id"]: row for row in known.to_pylist()}
    if not rows:
        return Groups(*(schema.empty_table() for schema in (ASSIGNMENT, EVENT, MERGE, LIKENESS)))
    units = _units(rows, members)
    heads = [rows[unit[0]] for unit in units]
    unit_of = {rows[position]["doc_id"]: number for number, unit in enumerate(units) for position in unit}
    unit_terms = _terms_of(terms, [head["doc_id"] for head in heads])
    settled = _settled(unit_of, earlier, len(units))
    if counts is None:
        met = [head["doc_id"] for head, known in zip(heads, settled.known, strict=True) if known]
        before = Counts.of_terms(_terms_of(terms, met))
    else:
        before = Counts.of_table(counts)
    published = ordinals(pa.array([head["published"] for head in heads], pa.string()))
    window = windows(published)
    # The vectors are let go as soon as the graph is there.
    tonight, graph = _graph(
        vectorise(unit_terms, published, background(), before, np.where(settled.known, -1, window)),
        _pairs_matched(matches, unit_of, len(units)),
        _series(heads),
        grouping,
        settled,
        np.array([any(rows[place]["doc_id"] not in earlier for place in unit) for unit in units]),
        None if likenesses is None else _remembered(likenesses, rows, unit_of),
    )
    found = dict(zip(_LEVELS, partition(graph, grouping, window), strict=True))
    labels = {level: kept_whole(found[level], getattr(settled, level), settled.known) for level in _LEVELS}
    labels["storyline"] = joined(labels["event"], labels["storyline"])
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
    told = [(number, found) for number, found in _members(labels["event"]).items() if number in touched]
    titles = _titles([heads[_central(heads, similarity, found)] for _, found in told], articles)
    events = [
        {
            **{f"{level}_id": names[level][labels[level][number]] for level in _LEVELS},
            "title": title,
            "top_terms": telling,
            "cohesion": float(cohesion[number]),
        }
        for (number, _), title, telling in zip(
            told, titles, _top_terms(unit_terms, [found for _, found in told]), strict=True
        )
    ]
    return Groups(
        pa.Table.from_pylist(assigned, schema=ASSIGNMENT),
        pa.Table.from_pylist(sorted(events, key=itemgetter("event_id")), schema=EVENT),
        _merges(unit_of, earlier, labels, names),
        _likenesses(tonight, labels["event"], heads, grouping.storyline * _WORTH_KEEPING),
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
    heads = [unit[0] for unit in units if cluster.get(unit[0], unit[0]) not in counted]
    return Counts.of_terms(_terms_of(terms, heads)).to_table()


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


@dataclass(frozen=True, eq=False)
class _Chosen:
    """Some rows of a table, in an order of their own; a column is taken when it is asked for: all at once are most of the memory."""

    table: pa.Table
    places: pa.Array

    @property
    def num_rows(self) -> int:
        return len(self.places)

    def __getitem__(self, name: str) -> pa.ChunkedArray:
        return self.table[name].take(self.places)


def _top_terms(terms: _Chosen, groups: list[list[int]]) -> Iterator[list[str]]:
    """Yield the readable terms of each group of rows."""
    for start in range(0, len(groups), _EVENTS_AT_ONCE):
        some = groups[start : start + _EVENTS_AT_ONCE]
        rows = pa.array([row for found in some for row in found], pa.int64())
        labelled = iter(weighed_labels(_Chosen(terms.table, terms.places.take(rows))))
        for found in some:
            yield top_terms([next(labelled) for _ in found])


def _terms_of(terms: pa.Table, wanted: list[str]) -> _Chosen:
    """Return the rows of TERMS of some articles, in their order."""
    places = pc.index_in(pa.array(wanted, pa.string()), terms["doc_id"].combine_chunks())
    if places.null_count:
        lost = wanted[places.is_null().to_pylist().index(True)]
        raise SchemaError(f"terms: article {lost!r} has no row.")
    return _Chosen(terms, places)


def windows(published: Floats) -> Ints:
    """Return when each unit comes: its day of publication; those without one come last, together.

    Parameters
    ----------
    published : ndarray of float64, shape (n_units,)
        Days as ordinals; NaN where not known.

    Returns
    -------
    ndarray of int64, shape (n_units,)
        Numbers from 0 on, one for each day.
    """
    _, window = np.unique(np.nan_to_num(published, nan=np.inf), return_inverse=True)
    return window.astype(np.int64)


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


def _graph(  # noqa: PLR0913 - all that is known of the units
    vectors: Vectors,
    matched: Ints,
    series: Ints,
    grouping: Grouping,
    settled: Settled,
    touched: NDArray[np.bool_],
    remembered: Graph | None,
) -> tuple[Graph, Graph]:
    """Return the pairs of tonight's units; and these with those of two earlier ones, which are ``remembered``, or weighed where they may decide something.

    ``touched`` tells which units have an article of tonight.
    """
    n_units = len(vectors.published)
    since = -1 if remembered is None else 0
    left, right = candidate_pairs(vectors, n_neighbours=grouping.n_neighbours, since=since)
    codes = distinct(np.append(left * n_units + right, matched))
    is_earlier = settled.known[codes // n_units] & settled.known[codes % n_units]
    tonight = _weighed(codes[~is_earlier], vectors, matched, series, grouping)
    if remembered is not None:
        return tonight, tonight.and_those(remembered)
    # The others matter within the storylines that tonight's articles are near to or in; most are settled for good.
    heavy = tonight.weight >= grouping.storyline
    is_met = np.zeros(n_units, dtype=bool)
    for units in (tonight.left[heavy], tonight.right[heavy], np.flatnonzero(touched)):
        is_met[settled.storyline[units]] = True
    is_met = is_met[settled.storyline]
    codes = codes[is_earlier]
    codes = codes[is_met[codes // n_units] & is_met[codes % n_units]]
    return tonight, tonight.and_those(_weighed(codes, vectors, matched, series, grouping))


def _remembered(likenesses: pa.Table, rows: list[dict[str, Any]], unit_of: Mapping[str, int]) -> Graph:
    """Return the pairs of units that earlier nights weighed; of two that have become one with others, those most alike."""
    arrivals = np.array([row["arrival"] for row in rows], dtype=np.int64)
    units = np.array([unit_of[row["doc_id"]] for row in rows], dtype=np.int64)
    ends = np.stack([units[np.searchsorted(arrivals, likenesses[one].to_numpy())] for one in ("earlier", "later")])
    left, right = ends.min(axis=0), ends.max(axis=0)
    weight, dates = likenesses["weight"].to_numpy(), likenesses["dates"].to_numpy()
    order = np.lexsort((dates, -weight, right, left))
    order = order[left[order] != right[order]]
    first = np.append(True, (np.diff(left[order]) != 0) | (np.diff(right[order]) != 0))[: len(order)]
    order = order[first]
    return Graph(left[order], right[order], weight[order], dates[order])


def _likenesses(graph: Graph, event: Ints, heads: list[dict[str, Any]], least: float) -> pa.Table:
    """Return LIKENESS of the pairs that later nights may ask for."""
    kept = (graph.weight >= least) | (event[graph.left] == event[graph.right])
    arrivals = np.array([head["arrival"] for head in heads], dtype=np.int64)
    # Units stand in the order in which their first articles came.
    columns = [arrivals[graph.left[kept]], arrivals[graph.right[kept]], graph.weight[kept], graph.dates[kept]]
    return pa.table([pa.array(one) for one in columns], schema=LIKENESS)


def _weighed(codes: Ints, vectors: Vectors, matched: Ints, series: Ints, grouping: Grouping) -> Graph:
    """Weigh pairs, each given as ``left * n_units + right``."""
    n_units = len(vectors.published)
    left, right = codes // n_units, codes % n_units
    found = features(vectors, left, right)
    weight = pair_model(grouping.model)(found) if grouping.model else grouping.mix(found)
    dates = (found[:, FEATURES.index("date")] - found[:, FEATURES.index("conflict")]).astype(np.int64)
    weight = np.where(np.isin(codes, matched), np.maximum(weight, grouping.matched), weight)
    # Tuesday's weather is not Monday's, however alike they are told.
    apart = (series[left] == series[right]) & (np.abs(vectors.published[left] - vectors.published[right]) > 0)
    weight = np.where(apart, weight * grouping.series, weight)
    return Graph(left, right, weight.round(9), dates)


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


def _titles(heads: list[dict[str, Any]], articles: pa.Table) -> list[str]:
    """Return the title of each article, its first words where it has none."""
    titles = [(head["title"] or "").strip() for head in heads]
    without = [head["doc_id"] for head, title in zip(heads, titles, strict=True) if not title]
    named = articles.filter(pc.is_in(articles["doc_id"], pa.array(without, pa.string())))
    begins = dict(zip(named["doc_id"].to_pylist(), map(_first_words, named["text"].to_pylist()), strict=True))
    return [title or begins[head["doc_id"]] for head, title in zip(heads, titles, strict=True)]


def _first_words(text: str | None) -> str:
    found = (text or "").split(maxsplit=_N_TITLE_WORDS)
    return " ".join(found[:_N_TITLE_WORDS]) + ("…" if len(found) > _N_TITLE_WORDS else "")


def weighed_labels(terms: Columns) -> list[list[tuple[str, float]]]:
    """Return the readable terms of each row of TERMS with their inverse document frequency in the background."""
    keys, ends = read_keys(terms, "label_keys")
    rarity = background().inverse_frequency(keys)
    labels = terms["labels"].to_pylist()
    return [
        list(zip(found, rarity[start:end].tolist(), strict=True))
        for found, (start, end) in zip(labels, pairwise(ends.tolist()), strict=True)
    ]


def top_terms(labelled: list[list[tuple[str, float]]], n_terms: int = _N_TOP_TERMS) -> list[str]:
    """Return the readable terms that most distinguish a group: labels of many members, the rarest first.

    A label that only repeats a word of a longer one is left out.
    """
    score: dict[str, float] = {}
    shown: dict[str, str] = {}
    for found in labelled:
        for label, value in found:
            folded = label.casefold()
            score[folded] = score.get(folded, 0.0) + value
            if shown.get(folded, folded) == folded:
                shown[folded] = label
    ranked = sorted(score, key=lambda folded: (-score[folded] * (1 + 0.2 * folded.count(" ")), folded))
    chosen: list[str] = []
    used: set[str] = set()
    for folded in ranked:
        parts = set(folded.split())
        if parts & used:
            continue
        chosen.append(folded)
        used |= parts
        if len(chosen) == n_terms:
            break
    return [shown[folded] for folded in chosen]
