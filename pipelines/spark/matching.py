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
from dedup.flow import Flow, Watch, joined
from dedup.schema import BAND, KINDS, MEMBER, PAIR, TEXT
from dedup.stage import Stage
from pipelines.spark.cluster import Batches, Cluster, whole_keys
from pipelines.spark.component import labels
from pipelines.spark.memory import Memory

_SAMPLE: Final = KINDS.index("sample")
_SALIENT: Final = KINDS.index("salient")

#: Pairs in a part: an executor's Python holds the articles of one, some twenty kilobytes each and no more than two for a pair.
_PART: Final = 4096

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
        signatures = cluster.written(cluster.map(flow.sign, articles))
    with watch.stage("band"):
        bands = cluster.map(flow.bands, signatures)
    terms, told = None, None
    if wants_overlap:
        with watch.stage("terms"):
            terms = cluster.written(cluster.map(flow.analyse, articles))
        with watch.stage("salient"):
            told = cluster.written(cluster.map(flow.telling, terms))
            bands = bands.union(cluster.map(flow.salient, told))
    counted = F.coalesce("n_words", F.shiftright(F.octet_length("words"), 3).cast("bigint"))
    words = signatures.select("doc_id", "words", "text_digest")
    about = articles.select(*_UNDATED.names[:-1]).join(words, "doc_id").withColumn("n_words", counted)
    about = cluster.written(cluster.run(_Dated(), _UNDATED, _ABOUT, about))
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
        sides = _sides(articles, signatures, terms, verify.reads)
        if memory:
            reached = _others(candidates, meeting, memory)
            theirs, signed, weighed = (memory.arrived(name, reached) for name in ("articles", "signatures", "terms"))
            sides = sides.union(_sides(theirs, signed, weighed, verify.reads).select(*sides.columns))
        matches = cluster.written(_compared(cluster, verify, candidates, sides, meeting))
    with watch.stage("cluster"):
        clustered = cluster.written(_clustered(cluster, flow.canonical, about, matches, meeting, memory))
    return MatchFrames(signatures, terms, matches, clustered, candidates, told, bands)


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


def _others(pairs: Any, meeting: Any, memory: Memory) -> Any:
    """Return the ``arrival`` of the earlier articles in some pairs."""
    from pyspark.sql import functions as F  # noqa: N812

    ids = pairs.select(F.explode(F.array("left_id", "right_id")).alias("doc_id")).distinct()
    return ids.join(meeting.select("doc_id", "arrival"), "doc_id").where(F.col("arrival") < memory.state.first_arrival)


def _candidates(  # noqa: PLR0913 - all that articles meet by
    cluster: Cluster, flow: Flow, met: Any, told: Any, meeting: Any, memory: Memory | None
) -> Any:
    """Return PAIR of those to compare, as `dedup.flow.Flow.candidates`."""
    from pyspark.sql import functions as F  # noqa: N812

    is_sample, is_salient = F.col("kind") == _SAMPLE, F.col("kind") == _SALIENT
    met = met.groupBy("earlier", "later").agg(
        F.count_if(is_sample).alias("samples"),
        F.count_if(~is_sample & ~is_salient).alias("words"),
        F.count_if(is_salient).alias("salient"),
    )
    by_words = (F.col("words") > 0) | (F.col("samples") >= LEAST_SAMPLES)
    met = met.select("earlier", "later", by_words.alias("by_words"), (F.col("salient") > 0).alias("by_telling"))
    for name in ("earlier", "later"):
        columns = {"arrival": name, "doc_id": f"{name}_id", "day": f"{name}_day"}
        ends = meeting.select(*(F.col(one).alias(called) for one, called in columns.items()))
        met = met.join(ends, name).drop(name)
    ids = F.col("earlier_id"), F.col("later_id")
    apart = F.abs(F.col("earlier_day") - F.col("later_day"))
    named = F.least(*ids).alias("left_id"), F.greatest(*ids).alias("right_id")
    met = cluster.written(met.select(*named, "by_words", "by_telling", apart.alias("apart")))
    pairs = met.where("by_words").where(_within(flow.windows.match_window)).select(*PAIR.names)
    if told is None:
        return pairs
    said = met.where("by_telling").where(_within(flow.windows.event_window)).select(*PAIR.names)
    told = told.select("doc_id", "keys", "weights")
    if memory:
        earlier = memory.arrived("telling", _others(said, meeting, memory))
        told = told.union(earlier.select(*told.columns))
    return pairs.union(_compared(cluster, flow.alike, said, told, meeting)).distinct()


def _within(days: int) -> Any:
    """Return the condition of `dedup.candidates.window.within`."""
    from pyspark.sql import functions as F  # noqa: N812

    return F.coalesce(F.col("apart") <= days, F.lit(True)) if days else F.lit(True)


def _sides(articles: Any, signatures: Any, terms: Any, reads: pa.Schema) -> Any:
    """Put all that ``reads`` needs of an article in one row; a column of its terms is ``terms_<name>``."""
    wanted = {name.removeprefix("left_") for name in reads.names}
    rows, there = articles.select("doc_id", *(name for name in articles.columns if name in wanted)), {"doc_id"}
    there |= set(rows.columns)
    for table, prefix in ((signatures, ""), (terms, "terms_")):
        names = [] if table is None else [name for name in table.columns if prefix + name in wanted - there]
        if names:
            rows = rows.join(table.select("doc_id", *(table[name].alias(prefix + name) for name in names)), "doc_id")
            there |= {prefix + name for name in names}
    return rows


def _compared(cluster: Cluster, stage: Stage, pairs: Any, sides: Any, meeting: Any) -> Any:
    """Return what a stage makes of pairs joined with both their sides.

    Pairs are dealt into parts by the later article of each, and a part is sent every article in it once. Under a hot key many articles meet the same
    hundred, so a part of thousands of pairs has few articles; joined pair by pair, each would travel as often as it is compared.
    """
    from pyspark.sql import functions as F  # noqa: N812 - as everyone calls it

    for name in PAIR.names:
        ends = meeting.select(F.col("doc_id").alias(name), F.col("arrival").alias(f"{name}_arrival"))
        pairs = pairs.join(ends, name)
    pairs = cluster.written(pairs.withColumn("later", F.greatest(*(f"{name}_arrival" for name in PAIR.names))))
    part = F.pmod(F.xxhash64("later"), F.lit(1 + pairs.count() // _PART))
    pairs = pairs.select(part.alias("part"), *PAIR.names)
    sent = pairs.select("part", F.explode(F.array(*PAIR.names)).alias("doc_id")).distinct().join(sides, "doc_id")
    rows = pairs.unionByName(sent, allowMissingColumns=True)
    names = [name for name in sides.columns if name != "doc_id"]
    fields = [stage.reads.field(f"left_{name}").with_name(name) for name in names]
    reads = pa.schema([("part", pa.int64()), *PAIR, ("doc_id", TEXT), *fields])
    return cluster.run(_Parts(stage), reads, stage.writes, rows, ["part"])


@dataclass(frozen=True)
class _Parts:
    """Work: whole parts, of pairs and of the articles in them (``doc_id``), to what a stage makes of the pairs."""

    stage: Stage

    def __call__(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        for rows in whole_keys(batches, "part"):
            is_side = pc.is_valid(rows["doc_id"])
            pairs = rows.filter(pc.invert(is_side)).select(PAIR.names)
            sides = rows.filter(is_side).drop_columns(["part", *PAIR.names])
            yield from self.stage(joined(pairs, sides, self.stage.reads))


def _clustered(  # noqa: PLR0913 - tonight, and what was there
    cluster: Cluster, policy: Policy, about: Any, matches: Any, meeting: Any, memory: Memory | None
) -> Any:
    """Return MEMBER of tonight's articles and of the earlier clusters that they join, with the cluster of each before."""
    from pyspark.sql import functions as F  # noqa: N812

    joining = matches.where(F.col("relation").isin(*JOINING)).select(*PAIR.names)
    rows, edges = about.withColumn("was", F.lit(None).cast("string")), joining
    if memory:
        known = memory.frame("members")
        reached = known.join(_others(joining, meeting, memory), "doc_id", "left_semi").select("cluster_id").distinct()
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
