"""Matches and clusters on a cluster: `dedup.flow.Flow.match` over frames, in the same order, with the same stages.

In: a frame of ARTICLE. Out: frames of what was made of them, of the pairs that were compared, of the matches and the clusters.

Rule guarded here: a relation that grows with the articles stays a frame; nothing is collected here but the edges between copies, once they
are few (`pipelines.spark.component`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.candidates.pair import LEAST_SAMPLES
from dedup.candidates.window import ordinals
from dedup.duplicates.canonical import Policy, members
from dedup.duplicates.component import JOINING
from dedup.duplicates.relation import RELATIONS
from dedup.earlier import names_kept
from dedup.flow import Flow, Watch, counted_words, joined
from dedup.schema import ARTICLE, BAND, KINDS, MEMBER, PAIR, SIGNATURE, TERMS, TEXT
from dedup.stage import Stage, apply
from pipelines.spark.cluster import Batches, Cluster, everywhere, whole_keys
from pipelines.spark.component import labels
from pipelines.spark.memory import Memory

_SAMPLE: Final = KINDS.index("sample")
_SALIENT: Final = KINDS.index("salient")

#: Two to the power of this are the pairs in a part: an executor's Python holds the articles of one, no more than two for a pair, and of each what it tells, one
#: kilobyte, or all that it is compared by, some fifteen.
_TELLING_BITS: Final = 17
_PART_BITS: Final = 13
#: Two articles by their arrivals.
_MET: Final = pa.schema([("earlier", pa.int64()), ("later", pa.int64())])
#: Of an article: what `Verify` reads beside its words and its terms.
_SHOWN: Final = ("title", "url", "source", "published")

#: What is short of an article; ``day`` of publication is counted from the first of the year 1, null where unknown.
_ABOUT: Final = pa.schema(
    [
        ("doc_id", TEXT),
        ("arrival", pa.int64()),
        ("source", TEXT),
        ("published", TEXT),
        ("n_words", pa.int64()),
        ("text_digest", pa.int64()),
        ("day", pa.float64()),
    ]
)
_UNDATED: Final = pa.schema([one for one in _ABOUT if one.name != "day"])
#: The same with its cluster, told by the arrival of the first, and the id of the cluster that it was in.
_CLUSTERED: Final = pa.schema([*_UNDATED, ("label", pa.int64()), ("was", TEXT)])
_MEMBERSHIP: Final = pa.schema([*MEMBER, ("was", TEXT)])


@dataclass(frozen=True)
class MatchFrames:
    """What matching found, in frames; see `dedup.flow.Matched`. ``members`` has a column ``was``: the id of the cluster before tonight, if any."""

    signatures: Any
    terms: Any
    matches: Any
    members: Any
    candidates: Any
    telling: Any = None
    bands: Any = None


def match(  # noqa: PLR0913 - as `Flow.match`
    cluster: Cluster,
    articles: Any,
    flow: Flow,
    watch: Watch,
    relations: tuple[str, ...] = RELATIONS,
    memory: Memory | None = None,
) -> MatchFrames:
    """Find the matches among clean articles, and the clusters that they make; see `dedup.flow.Flow.match`.

    Parameters
    ----------
    cluster : Cluster
        Where the work is done.
    articles : DataFrame
        Relation ARTICLE.
    flow : Flow
        The stages.
    watch : Watch
        Is told of the progress.
    relations : tuple of str
        Those wanted.
    memory : Memory, optional
        Articles of earlier nights, to match these with as well.
    """
    from pyspark.sql import functions as F  # noqa: N812 - as everyone calls it

    wants_overlap = "overlap" in relations
    with watch.stage("sign"):
        signing = _Signing(flow.sign, flow.analyse if wants_overlap else None)
        # One relation, so that nothing that was made of an article is ever joined with it again.
        signed = cluster.written(cluster.run(signing, signing.reads, signing.writes, articles))
        signatures = signed.select(*SIGNATURE.names)
    with watch.stage("band"):
        bands = cluster.map(flow.bands, signatures)
    terms, told = None, None
    if wants_overlap:
        terms = signed.select("doc_id", "arrival", *(F.col(f"terms_{name}").alias(name) for name in TERMS.names[2:]))
        with watch.stage("salient"):
            told = cluster.written(cluster.map(flow.telling, terms))
            bands = bands.union(cluster.map(flow.salient, told))
    about = cluster.written(cluster.run(_Dated(), _UNDATED, _ABOUT, signed))
    with watch.stage("pair"):
        met, meeting = bands, about
        pairing = flow.pairs
        if memory:
            bands = cluster.written(bands)
            theirs = memory.frame("bands").join(bands.select("key").distinct(), "key", "left_semi").select(*BAND.names)
            theirs = cluster.written(theirs)
            met, meeting = bands.union(theirs), about.union(_about(cluster, memory, theirs))
            pairing = replace(flow.pairs, since=max(memory.state.first_arrival, flow.pairs.since))
            meeting = cluster.written(meeting)
        candidates = cluster.written(_candidates(cluster, flow, cluster.map(pairing, met), told, meeting, memory))
    with watch.stage("verify"):
        verify = replace(flow.verify, relations=relations)
        sides = signed
        if memory:
            names = ["doc_id", "arrival", *_sides(verify.reads)]
            sides = signed.select(*names).union(_signed(memory, _others(candidates, memory)).select(*names))
        matches = cluster.written(_compared(cluster, verify, candidates, sides, _PART_BITS))
    with watch.stage("cluster"):
        clustered = cluster.written(_clustered(cluster, flow.canonical, about, matches, memory))
    return MatchFrames(signatures, terms, matches, clustered, candidates, told, bands)


@dataclass(frozen=True)
class _Signing:
    """Work: articles to SIGNATURE, ``_SHOWN``, the number of words, and TERMS as ``terms_<name>``."""

    sign: Stage
    analyse: Stage | None

    @property
    def reads(self) -> pa.Schema:
        """Columns of the articles that are read."""
        names = {*self.sign.reads.names, *(self.analyse.reads.names if self.analyse else ()), *_SHOWN, "n_words"}
        return pa.schema([one for one in ARTICLE if one.name in names])

    @property
    def writes(self) -> pa.Schema:
        """Columns that go out."""
        terms = [one.with_name(f"terms_{one.name}") for one in list(TERMS)[2:]] if self.analyse else []
        return pa.schema([*SIGNATURE, *(ARTICLE.field(name) for name in (*_SHOWN, "n_words")), *terms])

    def __call__(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            articles = pa.Table.from_batches([batch])
            made = apply(self.sign, articles)
            articles = counted_words(articles, made)
            columns = [*made.columns, *(articles[name] for name in (*_SHOWN, "n_words"))]
            # Both stages are row-wise: what they make stands in the order of the articles.
            columns += apply(self.analyse, articles).columns[2:] if self.analyse else []
            yield from pa.table(columns, schema=self.writes).combine_chunks().to_batches()


@dataclass(frozen=True)
class _Dated:
    """Work: articles to ``_ABOUT``."""

    def __call__(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            day = ordinals(batch.column("published"))
            yield batch.append_column("day", pa.array(day, mask=np.isnan(day)))


def _about(cluster: Cluster, memory: Memory, reached: Any) -> Any:
    """Return ``_ABOUT`` of the earlier articles that a frame names by their arrivals."""
    rows = memory.arrived("articles", reached)
    digests = memory.arrived("signatures", reached).select("doc_id", "text_digest")
    rows = rows.select(*_UNDATED.names[:-1]).join(digests, "doc_id")
    return cluster.run(_Dated(), _UNDATED, _ABOUT, rows)


def _others(pairs: Any, memory: Memory) -> Any:
    """Return the ``arrival`` of the articles of earlier nights in some pairs."""
    from pyspark.sql import functions as F  # noqa: N812

    arrivals = pairs.select(F.explode(F.array(*_MET.names)).alias("arrival"))
    return arrivals.where(F.col("arrival") < memory.state.first_arrival).distinct()


def _signed(memory: Memory, reached: Any) -> Any:
    """Return of the earlier articles that a frame names by their arrivals what `_Signing` made of them, with their terms."""
    from pyspark.sql import functions as F  # noqa: N812

    theirs, signed, weighed = (memory.arrived(name, reached) for name in ("articles", "signatures", "terms"))
    weighed = weighed.select("doc_id", *(F.col(name).alias(f"terms_{name}") for name in TERMS.names[2:]))
    return theirs.select("doc_id", "arrival", *_SHOWN).join(signed.drop("arrival"), "doc_id").join(weighed, "doc_id")


def _candidates(  # noqa: PLR0913 - all that articles meet by
    cluster: Cluster, flow: Flow, met: Any, told: Any, meeting: Any, memory: Memory | None
) -> Any:
    """Return the pairs to compare, ``_MET``, as `dedup.flow.Flow.candidates`."""
    from pyspark.sql import functions as F  # noqa: N812

    is_sample, is_salient = F.col("kind") == _SAMPLE, F.col("kind") == _SALIENT
    days = everywhere(meeting.select("arrival", "day"))
    for name in _MET.names:
        met = met.join(days.select(F.col("arrival").alias(name), F.col("day").alias(f"{name}_day")), name)
    apart = F.abs(F.col("earlier_day") - F.col("later_day"))
    # The more articles there are, the more of those that meet are too far apart: they are left out before they travel.
    near = F.when(is_salient, _within(apart, flow.windows.event_window)).otherwise(
        _within(apart, flow.windows.match_window)
    )
    met = (
        met.where(near)
        .groupBy(*_MET.names)
        .agg(
            F.count_if(is_sample).alias("samples"),
            F.count_if(~is_sample & ~is_salient).alias("words"),
            F.count_if(is_salient).alias("salient"),
        )
    )
    by_words = (F.col("words") > 0) | (F.col("samples") >= LEAST_SAMPLES)
    # What words propose need not be proposed again.
    by_telling = ~by_words & (F.col("salient") > 0)
    met = met.select(*_MET.names, by_words.alias("by_words"), by_telling.alias("by_telling"))
    met = cluster.written(met.where("by_words OR by_telling"))
    pairs = met.where("by_words").select(*_MET.names)
    if told is None:
        return pairs
    said = met.where("by_telling").select(*_MET.names)
    if memory:
        earlier = memory.arrived("telling", _others(said, memory))
        told = told.union(earlier.select(*told.columns))
    return pairs.union(_compared(cluster, flow.alike, said, told, _TELLING_BITS))


def _within(apart: Any, days: int) -> Any:
    """Return the condition of `dedup.candidates.window.within`, of the days that two articles are apart."""
    from pyspark.sql import functions as F  # noqa: N812

    return F.coalesce(apart <= days, F.lit(True)) if days else F.lit(True)


def _sides(reads: pa.Schema) -> list[str]:
    """Return the columns of one article that a stage over pairs reads."""
    return [name.removeprefix("left_") for name in reads.names if name.startswith("left_") and name != "left_id"]


def _compared(cluster: Cluster, stage: Stage, pairs: Any, articles: Any, bits: int) -> Any:
    """Return what a stage makes of pairs, ``_MET``, joined with both their articles; what gives PAIR gives ``_MET`` here.

    Pairs are dealt into parts, of two to the power of ``bits``, in the order of the earlier article of each, and a part is sent every article in it once.
    Under a hot key many articles meet the same hundred, and reports of one happening come one after the other, so a part of thousands of pairs has few
    articles; joined pair by pair, or dealt by chance, each would travel as often as it is compared. Articles without a day come last and meet those of all
    days: in the order of the later article, nearly all others would be sent to each of their parts.
    """
    from pyspark.sql import functions as F  # noqa: N812 - as everyone calls it

    part = F.shiftright(F.monotonically_increasing_id(), bits).alias("part")
    pairs = cluster.written(pairs.orderBy("earlier", "later").select(part, *_MET.names))
    sent = cluster.written(pairs.select("part", F.explode(F.array(*_MET.names)).alias("arrival")).distinct())
    names = _sides(stage.reads)
    sent = everywhere(sent).join(articles.select("arrival", "doc_id", *names), "arrival")
    rows = pairs.unionByName(sent, allowMissingColumns=True)
    fields = [stage.reads.field(f"left_{name}").with_name(name) for name in names]
    reads = pa.schema([("part", pa.int64()), *_MET, ("arrival", pa.int64()), ("doc_id", TEXT), *fields])
    work = _Parts(stage)
    return cluster.run(work, reads, work.writes, rows, ["part"], is_long=True)


@dataclass(frozen=True)
class _Parts:
    """Work: whole parts, of pairs and of the articles in them (``arrival``), to what a stage makes of the pairs."""

    stage: Stage

    @property
    def writes(self) -> pa.Schema:
        """What goes out: as the stage, pairs by their arrivals."""
        return _MET if self.stage.writes == PAIR else self.stage.writes

    def __call__(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        for rows in whole_keys(batches, "part"):
            is_side = pc.is_valid(rows["arrival"])
            sides = rows.filter(is_side).drop_columns(["part", *_MET.names])
            met = rows.filter(pc.invert(is_side))
            arrivals, ids = sides["arrival"].combine_chunks(), sides["doc_id"].combine_chunks()
            earlier, later = (ids.take(pc.index_in(met[name].combine_chunks(), arrivals)) for name in _MET.names)
            in_order = pc.less(earlier, later)
            ends = [pc.if_else(in_order, *ends) for ends in ((earlier, later), (later, earlier))]
            made = self.stage(joined(pa.table(ends, schema=PAIR), sides.drop_columns("arrival"), self.stage.reads))
            for batch in made:
                yield batch if self.stage.writes != PAIR else _met(batch, arrivals, ids)


def _met(pairs: pa.RecordBatch, arrivals: pa.Array, ids: pa.Array) -> pa.RecordBatch:
    """Return pairs of some articles by their arrivals."""
    ends = [arrivals.take(pc.index_in(pairs[name], ids)).to_numpy() for name in PAIR.names]
    return pa.record_batch([pa.array(np.minimum(*ends)), pa.array(np.maximum(*ends))], schema=_MET)


def _clustered(cluster: Cluster, policy: Policy, about: Any, matches: Any, memory: Memory | None) -> Any:
    """Return MEMBER of tonight's articles and of the earlier clusters that they join, with the cluster of each before."""
    from pyspark.sql import functions as F  # noqa: N812

    joining = matches.where(F.col("relation").isin(*JOINING)).select(*PAIR.names)
    rows, edges = about.withColumn("was", F.lit(None).cast("string")), joining
    if memory:
        known = memory.frame("members")
        ids = joining.select(F.explode(F.array(*PAIR.names)).alias("doc_id"))
        reached = known.join(ids, "doc_id", "left_semi").select("cluster_id").distinct()
        before = cluster.written(known.join(reached, "cluster_id", "left_semi").select("doc_id", "cluster_id"))
        arrivals = memory.frame("articles").select("doc_id", "arrival").join(before, "doc_id", "left_semi")
        joined = _about(cluster, memory, cluster.written(arrivals)).join(before, "doc_id")
        rows = rows.union(joined.select(*_ABOUT.names, F.col("cluster_id").alias("was")))
        rows = cluster.written(rows)
        # The first of each earlier cluster holds its others.
        first = before.groupBy("cluster_id").agg(F.min("doc_id").alias("left_id"))
        held = before.join(first, "cluster_id").select("left_id", F.col("doc_id").alias("right_id"))
        edges = edges.union(held.where("left_id <> right_id"))
    for name in ("left", "right"):
        ends = rows.select(F.col("doc_id").alias(f"{name}_id"), F.col("arrival").alias(name))
        edges = edges.join(ends, f"{name}_id").drop(f"{name}_id")
    found = labels(cluster, edges).withColumnRenamed("node", "arrival")
    rows = rows.join(found, "arrival", "left").withColumn("label", F.coalesce("label", "arrival"))
    return cluster.run(_Membership(policy), _CLUSTERED, _MEMBERSHIP, rows, ["label"])


@dataclass(frozen=True)
class _Membership:
    """Work: articles with their cluster, whole clusters together, to MEMBER and what cluster they were in."""

    policy: Policy

    def __call__(self, batches: Batches) -> Iterable[pa.RecordBatch]:
        for rows in whole_keys(batches, "label"):
            ids, arrivals = rows["doc_id"].to_pylist(), rows["arrival"].to_pylist()
            first = dict(zip(arrivals, ids, strict=True))
            named = {doc_id: first[label] for doc_id, label in zip(ids, rows["label"].to_pylist(), strict=True)}
            known = rows.filter(pc.is_valid(rows["was"]))
            before = known.select(["doc_id", "was"]).rename_columns(["doc_id", "cluster_id"])
            named, _gone = names_kept(named, before, dict(zip(ids, arrivals, strict=True)))
            made = members(rows, named, self.policy)
            was = rows["was"].take(pc.index_in(made["doc_id"], rows["doc_id"].combine_chunks()))
            yield from made.append_column("was", was).combine_chunks().to_batches()
