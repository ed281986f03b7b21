"""The whole job as the library knows it: which relation goes through which stage, in which order.

In: drafts (or clean articles) and an engine. Out: clean articles; matches, clusters; events. The nightly command and
the Python interface both go through here, so there is one flow.

Rule guarded here: every parameter is a field of a stage, and every stage is a field of ``Flow``.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dedup.articles.extract import Extract
from dedup.articles.terms import Analyse
from dedup.boilerplate.classify import Classify
from dedup.boilerplate.label import Label
from dedup.boilerplate.repeat import Repeats, counted, several, wanted_keys, with_known
from dedup.candidates.band import Bands
from dedup.candidates.minhash import Sign, binary, flat
from dedup.candidates.pair import Pairs, distinct, shared
from dedup.candidates.points import Nearby
from dedup.candidates.salient import Salient
from dedup.candidates.telling import Alike, Telling
from dedup.candidates.window import Windows, within
from dedup.duplicates.canonical import Policy, members
from dedup.duplicates.component import cluster_ids
from dedup.duplicates.relation import RELATIONS, Verify
from dedup.earlier import Earlier, Texts, beside, clusters_of, held_together, in_reach, met_under, names_kept, others
from dedup.errors import ParameterError
from dedup.events.assign import Grouping, count_terms, group
from dedup.schema import ARTICLE, BAND, KINDS, MERGE, PAIR, POINT, SIGNATURE, TERM_COUNT
from dedup.stage import Stage, apply

Tick = Callable[[int], None]


class Engine(Protocol):
    """Where stages run."""

    def map(self, stage: Stage, rows: pa.Table | Iterable[pa.RecordBatch], tick: Tick | None = None) -> pa.Table:
        """Run a stage over rows and give its rows, in the order of the input."""
        ...


class Watch(Protocol):
    """Who is told of the progress of a run."""

    def stage(self, name: str, total: int | None = None) -> AbstractContextManager[Tick]:
        """Begin a stage of ``total`` rows; gives what to call with the number of rows finished."""
        ...


class Inline:
    """The engine of the Python interface: stages run in this process."""

    def map(self, stage: Stage, rows: pa.Table | Iterable[pa.RecordBatch], tick: Tick | None = None) -> pa.Table:
        """Run a stage over rows and give its rows, in the order of the input."""
        if isinstance(rows, pa.Table):
            done = apply(stage, rows)
        else:
            done = pa.Table.from_batches(stage(iter(rows)), schema=stage.writes)
        if tick and isinstance(rows, pa.Table):
            tick(rows.num_rows)
        return done


class Unwatched:
    """A watch that nobody looks at."""

    def stage(self, name: str, total: int | None = None) -> AbstractContextManager[Tick]:  # noqa: ARG002
        """Begin a stage."""
        return nullcontext(lambda _rows: None)


class Cleaned(NamedTuple):
    """What cleaning made. Relation ARTICLE; and REPEAT, what is to be remembered of tonight where there are nights."""

    articles: pa.Table
    repeats: pa.Table


@dataclass(frozen=True)
class Matched:
    """What matching found.

    Relations SIGNATURE and TERMS (empty where none were asked for) of the articles; MATCH; MEMBER of the articles and of all
    that share a cluster with one; MERGE of earlier clusters that have become one; PAIR of all that were compared. ``telling``
    and ``bands`` are for later nights to meet them by; None where there are no nights.
    """

    signatures: pa.Table
    terms: pa.Table
    matches: pa.Table
    members: pa.Table
    merges: pa.Table
    candidates: pa.Table
    telling: pa.Table | None = None
    bands: pa.Table | None = None

    @cached_property
    def member_of(self) -> dict[str, dict[str, Any]]:
        """The MEMBER row of every article by its id."""
        return {row["doc_id"]: row for row in self.members.to_pylist()}


@dataclass(frozen=True)
class Grouped:
    """What grouping found. Relations ASSIGNMENT, EVENT and MERGE; and for later nights LIKENESS, TERM_COUNT and POINT, the last two empty where there are none."""

    assignments: pa.Table
    events: pa.Table
    merges: pa.Table
    likenesses: pa.Table
    counts: pa.Table
    points: pa.Table

    @cached_property
    def event_of(self) -> dict[str, dict[str, Any]]:
        """The event and storyline of every article by its id."""
        columns = ["doc_id", "event_id", "storyline_id"]
        return {row["doc_id"]: row for row in self.assignments.select(columns).to_pylist()}


@dataclass(frozen=True)
class Flow:
    """The stages with their parameters, and the order they work in."""

    extract: Extract = field(default_factory=Extract)
    classify: Classify = field(default_factory=Classify)
    repeats: Repeats = field(default_factory=Repeats)
    label: Label = field(default_factory=Label)
    sign: Sign = field(default_factory=Sign)
    bands: Bands = field(default_factory=Bands)
    analyse: Analyse = field(default_factory=Analyse)
    telling: Telling = field(default_factory=Telling)
    salient: Salient = field(default_factory=Salient)
    windows: Windows = field(default_factory=Windows)
    pairs: Pairs = field(default_factory=Pairs)
    alike: Alike = field(default_factory=Alike)
    nearby: Nearby = field(default_factory=Nearby)
    verify: Verify = field(default_factory=Verify)
    canonical: Policy = field(default_factory=Policy)
    grouping: Grouping = field(default_factory=Grouping)

    def __post_init__(self) -> None:
        needed = self.bands.n_bands * self.bands.n_rows
        if self.sign.n_permutations < needed:
            raise ParameterError(
                f"sign: n_permutations must be at least bands x rows ({self.bands.n_bands} x {self.bands.n_rows} = "
                f"{needed}). Got {self.sign.n_permutations}."
            )
        sizes = [stage.shingle_words for stage in (self.sign, self.bands, self.verify)]
        if len(set(sizes)) > 1:
            given = ", ".join(map(str, sizes))
            raise ParameterError(f"sign, bands and verify: shingle_words must be the same. Got {given}.")

    @property
    def extraction(self) -> Extract:
        """The stage that makes drafts, with the line model of the one that judges them."""
        return replace(self.extract, model=self.extract.model or self.classify.model)

    def clean(self, engine: Engine, drafts: pa.Table, watch: Watch, earlier: Earlier | None = None) -> Cleaned:
        """Take the chrome off.

        Parameters
        ----------
        drafts : Table
            Relation DRAFT, usable ones only.
        earlier : Earlier, optional
            What earlier nights learned of what sites repeat; with it, what this one learns is handed out for the next.

        Returns
        -------
        Cleaned
            A row of ARTICLE per draft in the same order; ``text`` is empty where nothing was left.
        """
        with watch.stage("classify", drafts.num_rows) as tick:
            segments = engine.map(self.classify, drafts, tick)
        with watch.stage("repeats", segments.num_rows) as tick:
            known = earlier.rows("repeats", "key", wanted_keys(segments)) if earlier else None
            counting = replace(self.repeats, remember=earlier is not None)
            repeats = engine.map(counting, with_known(segments, known), tick)
        with watch.stage("label", segments.num_rows) as tick:
            titles = drafts["title"].take(pc.index_in(segments["doc_id"], drafts["doc_id"].combine_chunks()))
            lines = counted(segments, several(repeats)).append_column("title", titles)
            labelled = engine.map(self.label, lines, tick)
        return Cleaned(as_given(drafts, _rows_for(drafts, labelled, ARTICLE)), repeats)

    def match(
        self,
        engine: Engine,
        articles: pa.Table,
        watch: Watch,
        relations: tuple[str, ...] = RELATIONS,
        earlier: Earlier | None = None,
    ) -> Matched:
        """Find the matches among clean articles, and the clusters that they make.

        Parameters
        ----------
        articles : Table
            Relation ARTICLE.
        relations : tuple of str
            Those wanted; nothing is computed for others. All of them, where there are earlier articles.
        earlier : Earlier, optional
            Articles of earlier nights, with smaller arrivals, to match these with as well.
        """
        with watch.stage("sign", articles.num_rows) as tick:
            signatures = engine.map(self.sign, articles, tick)
        with watch.stage("band", articles.num_rows) as tick:
            bands = engine.map(self.bands, signatures, tick)
        terms, told, salient = self.analyse.writes.empty_table(), self.telling.writes.empty_table(), BAND.empty_table()
        if "overlap" in relations:
            with watch.stage("terms", articles.num_rows) as tick:
                terms = engine.map(self.analyse, articles, tick).combine_chunks()
            with watch.stage("salient", articles.num_rows) as tick:
                told = engine.map(self.telling, terms, tick)
                salient = engine.map(self.salient, told)
        kept = [told, pa.concat_tables([bands, salient])] if earlier else []
        with watch.stage("pair") as tick:
            by_words, by_telling, known, since = bands.to_batches(), salient.to_batches(), articles, 0
            if earlier and articles.num_rows:
                theirs, others_met = met_under(earlier, [bands, salient])
                is_salient = pc.equal(theirs["kind"], KINDS.index("salient"))
                by_words += theirs.filter(pc.invert(is_salient)).to_batches()
                told_by = theirs.filter(is_salient)
                days, limit = self.windows.event_window, self.pairs.limit
                by_telling += in_reach(told_by, others_met, salient, articles, days, limit).to_batches()
                known = pa.concat_tables([articles.select(others_met.schema.names), others_met])
                since = pc.min(articles["arrival"]).as_py()
            del bands, salient
            candidates = self.candidates(engine, known, by_words, by_telling, told, tick, since=since, earlier=earlier)
        with watch.stage("verify", candidates.num_rows) as tick:
            texts = Texts(articles, signatures, terms)
            if earlier:
                texts = texts.and_those(earlier, others(candidates, articles))
            matches = self._verified(engine, candidates, *texts, relations, tick)
        with watch.stage("cluster", articles.num_rows):
            clustered, merges = self._clustered(articles, signatures, matches, earlier)
        return Matched(signatures, terms, matches, clustered, merges, candidates, *kept)

    def _clustered(
        self, articles: pa.Table, signatures: pa.Table, matches: pa.Table, earlier: Earlier | None
    ) -> tuple[pa.Table, pa.Table]:
        """Return MEMBER of the articles and of the earlier clusters they join, and MERGE of the clusters that became one."""
        about = counted_words(articles.select(["doc_id", "arrival", "source", "published", "n_words"]), signatures)
        digests, edges, gone = signatures.select(["doc_id", "text_digest"]), [matches], dict[str, str]()
        if earlier:
            before, joined, told = clusters_of(earlier, matches, articles)
            about = pa.concat_tables([about, joined.select(about.schema.names)])
            digests, edges = pa.concat_tables([digests, told]), [matches, held_together(before)]
        named = cluster_ids(about, edges)
        if earlier:
            arrival = dict(zip(about["doc_id"].to_pylist(), about["arrival"].to_pylist(), strict=True))
            named, gone = names_kept(named, before, arrival)
        described = _rows_for(about, digests, pa.schema([*about.schema, SIGNATURE.field("text_digest")]))
        merges = [{"level": "cluster", "old_id": one, "new_id": gone[one]} for one in sorted(gone)]
        return members(described, named, self.canonical), pa.Table.from_pylist(merges, schema=MERGE)

    def candidates(  # noqa: PLR0913 - all that articles meet by
        self,
        engine: Engine,
        articles: pa.Table,
        bands: list[pa.RecordBatch],
        salient: list[pa.RecordBatch],
        told: pa.Table,
        tick: Tick | None = None,
        *,
        since: int = 0,
        earlier: Earlier | None = None,
    ) -> pa.Table:
        """Return the pairs to verify.

        Parameters
        ----------
        articles : Table
            Columns ``doc_id``, ``arrival`` and ``published``.
        bands, salient : list of RecordBatch
            Relation BAND: keys of words, and of what is telling; emptied.
        told : Table
            Relation TELLING, of the articles with salient bands; what earlier ones tell is looked up.
        since : int
            Pairs of two articles that arrived before this number are left out: they were settled then.
        earlier : Earlier, optional
            Where those articles are found.

        Returns
        -------
        Table
            Relation PAIR, sorted: those that met under keys of words, and of those that met under salient ones all that are alike.
        """
        pairs, windows = replace(self.pairs, since=max(since, self.pairs.since)), self.windows
        met = distinct((engine.map(pairs, some, tick) for some in shared(bands)), articles)
        met = within(met, articles, windows.match_window)
        if not salient:
            return met
        said = distinct((engine.map(pairs, some, tick) for some in shared(salient)), articles)
        said = within(said, articles, windows.event_window)
        if earlier:
            told = pa.concat_tables([told, earlier.rows("telling", "doc_id", others(said, told))])
        told = told.select(["doc_id", "keys", "weights"])
        alike = engine.map(self.alike, joined(said, told, self.alike.reads))
        compared = pa.concat_tables([met, alike]).group_by(PAIR.names).aggregate([])
        return compared.sort_by([(name, "ascending") for name in PAIR.names])

    def _verified(  # noqa: PLR0913 - all that is known of the candidates
        self,
        engine: Engine,
        candidates: pa.Table,
        articles: pa.Table,
        signatures: pa.Table,
        terms: pa.Table,
        relations: tuple[str, ...],
        tick: Tick,
    ) -> pa.Table:
        """Return the matches among candidate pairs."""
        verify = replace(self.verify, relations=relations)
        sides = _sides(articles, signatures, terms, verify.reads)
        matches = engine.map(verify, joined(candidates, sides, verify.reads), tick)
        return matches.sort_by([("left_id", "ascending"), ("right_id", "ascending")])

    def group(self, articles: pa.Table, matched: Matched, watch: Watch, earlier: Earlier | None = None) -> Grouped:
        """Group articles into events and storylines.

        Parameters
        ----------
        articles : Table
            Relation ARTICLE.
        matched : Matched
            What ``match`` found among them, ``overlap`` included.
        earlier : Earlier, optional
            Articles of earlier nights with their events, which these may join.

        Returns
        -------
        Grouped
            Relations ASSIGNMENT of the articles, EVENT of the events that they are in, MERGE of earlier groups that have become one;
            LIKENESS, TERM_COUNT and POINT for later nights.
        """
        with watch.stage("events", articles.num_rows):
            if not earlier:
                found = group(matched.terms, articles, matched.members, matched.matches, self.grouping)
                return Grouped(*found, TERM_COUNT.empty_table(), POINT.empty_table())
            assert matched.telling is not None
            days = self.windows.event_window
            points = self.nearby.points(matched.telling, articles)
            near = self.nearby.nearest(points, matched.telling, earlier, days)
            pairs = pa.concat_tables([near, matched.matches.select(PAIR.names)])
            every = beside(earlier, articles, matched.terms, pairs, matched.members, days)
            found = group(
                every.terms,
                every.articles,
                every.members,
                matched.matches,
                self.grouping,
                every.known,
                every.counts,
                every.likenesses,
            )
            return Grouped(*found, count_terms(matched.terms, every.members, every.known), points)


#: Pairs that are joined with their texts at a time, and with their terms as well; a row is some ten kilobytes, and some forty.
_JOIN_ROWS, _JOIN_ROWS_OF_TERMS = 1024, 256
_NO_BYTES = np.empty(0, dtype=np.uint8)


def _rows_for(rows: pa.Table, made: pa.Table, schema: pa.Schema) -> pa.Table:
    """Join ``made`` to ``rows`` by ``doc_id``, in the order of ``rows``; what was made wins."""
    made = made.take(pc.index_in(rows["doc_id"], made["doc_id"].combine_chunks()))
    return pa.table([(made if name in made.schema.names else rows)[name] for name in schema.names], schema=schema)


def counted_words(articles: pa.Table, signatures: pa.Table) -> pa.Table:
    """Fill in the words of articles that nobody has counted; signatures stand in the order of the articles."""
    counted = pc.cast(pc.divide(pc.binary_length(signatures["words"]), np.dtype(np.int64).itemsize), pa.int64())
    place = articles.schema.get_field_index("n_words")
    return articles.set_column(place, ARTICLE.field("n_words"), pc.coalesce(articles["n_words"], counted))


def as_given(drafts: pa.Table, articles: pa.Table) -> pa.Table:
    """Fill in the articles of which no line was left, and give back a ``clean`` text to the letter."""
    text = pc.if_else(pc.equal(drafts["kind"], "clean"), drafts["text"], pc.fill_null(articles["text"], ""))
    articles = articles.set_column(articles.schema.get_field_index("text"), ARTICLE.field("text"), text)
    for name, empty in (("title", ""), ("n_words", 0), ("n_words_removed", 0), ("removed", [])):
        place = articles.schema.get_field_index(name)
        filled = articles[name].combine_chunks()
        if filled.null_count:
            filled = pa.array([empty if value is None else value for value in filled.to_pylist()], filled.type)
        articles = articles.set_column(place, ARTICLE.field(name), filled)
    return articles


def _sides(articles: pa.Table, signatures: pa.Table, terms: pa.Table, reads: pa.Schema) -> pa.Table:
    """Put all that ``reads`` needs of an article in one row; a column of its terms is ``terms_<name>``."""
    wanted = {name.removeprefix("left_") for name in reads.names}
    parts: dict[str, pa.ChunkedArray] = {}
    for table, prefix in ((articles, ""), (signatures, ""), (terms, "terms_")):
        names = [name for name in table.schema.names if prefix + name in wanted - parts.keys()]
        if names:
            # What a row-wise stage made stands in the order of the articles, and need not be copied.
            if not table["doc_id"].equals(articles["doc_id"]):
                table = table.take(pc.index_in(articles["doc_id"], table["doc_id"].combine_chunks()))  # noqa: PLW2901
            parts |= {prefix + name: table[name] for name in names}
    return pa.table({"doc_id": articles["doc_id"], **parts})


def joined(candidates: pa.Table, sides: pa.Table, reads: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Join candidate pairs with both their sides, some at a time: all at once they would not fit in memory."""
    ids = sides["doc_id"].combine_chunks()
    places = {side: pc.index_in(candidates[f"{side}_id"], ids).combine_chunks() for side in ("left", "right")}
    takers = {name: _taker(sides[name]) for name in sides.schema.names if name != "doc_id"}
    n_rows = _JOIN_ROWS_OF_TERMS if any(name.startswith("terms_") for name in takers) else _JOIN_ROWS
    for start in range(0, candidates.num_rows, n_rows):
        pairs = candidates.slice(start, n_rows)
        columns = {name: pairs[name].combine_chunks() for name in candidates.schema.names}
        for side, rows in places.items():
            columns |= {f"{side}_{name}": take(rows.slice(start, n_rows)) for name, take in takers.items()}
        yield pa.record_batch([columns[name] for name in reads.names], schema=reads)


def _taker(column: pa.ChunkedArray) -> Callable[[pa.Array], pa.Array]:
    """Return what takes rows of a column; bytes, which are most of it, stay where they are."""
    if not pa.types.is_large_binary(column.type):
        # Rows are taken from one chunk forty times as fast.
        one = column.combine_chunks()
        return one.take  # type: ignore[no-any-return]
    views: list[NDArray[np.uint8]] = []
    for chunk in column.chunks:
        values, ends = flat(chunk, np.uint8)
        views += [values[start:end] for start, end in pairwise(ends.tolist())]

    def take(rows: pa.Array) -> pa.Array:
        taken = [views[row] for row in rows.to_pylist()]
        ends = np.cumsum([0, *map(len, taken)])
        return binary(np.concatenate([*taken, _NO_BYTES]), ends, column.type)

    return take
