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

from dedup.candidates.window import ordinals
from dedup.duplicates.canonical import Policy, members
from dedup.duplicates.component import JOINING
from dedup.duplicates.relation import RELATIONS
from dedup.flow import Flow, Watch
from dedup.schema import KINDS, MEMBER, PAIR, SIGNATURE, TERMS, TEXT
from pipelines.spark.cluster import Batches, Cluster, spark_schema, whole_keys
from pipelines.spark.component import labels

_SAMPLE: Final = KINDS.index("sample")
_SALIENT: Final = KINDS.index("salient")
#: Sampled shingles that two articles must share where they share no other key, as `dedup.candidates.pair.distinct` has it.
_LEAST_SAMPLES: Final = 2

#: What is read of an article beside its words and terms; ``day`` of publication is counted from the first of the year 1, null where unknown.
_ABOUT: Final = pa.schema(
    [
        ("doc_id", TEXT),
        ("arrival", pa.int64()),
        ("source", TEXT),
        ("published", TEXT),
        ("n_words", pa.int64()),
        ("day", pa.float64()),
    ]
)
_CLUSTERED: Final = pa.schema(
    [
        *(_ABOUT.field(name) for name in ("doc_id", "arrival", "source", "published", "n_words")),
        SIGNATURE.field("text_digest"),
        ("cluster_id", TEXT),
    ]
)


@dataclass(frozen=True)
class MatchFrames:
    """What matching found, in frames; see `dedup.flow.Matched`. ``about``: of each article what is short."""

    signatures: Any
    terms: Any
    about: Any
    matches: Any
    members: Any
    candidates: Any


def match(
    cluster: Cluster, articles: Any, flow: Flow, watch: Watch, relations: tuple[str, ...] = RELATIONS
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
        Those wanted, with ``overlap`` or without any reuse.
    """
    from pyspark.sql import functions as F  # noqa: N812 - as everyone calls it

    wants_overlap = "overlap" in relations
    with watch.stage("sign"):
        signatures = cluster.written(cluster.map(flow.sign, articles))
    with watch.stage("band"):
        bands = cluster.map(flow.bands, signatures)
    terms = cluster.spark.createDataFrame([], spark_schema(TERMS))
    told = None
    if wants_overlap:
        with watch.stage("terms"):
            terms = cluster.written(cluster.map(flow.analyse, articles))
        with watch.stage("salient"):
            told = cluster.written(cluster.map(flow.telling, terms))
            bands = bands.union(cluster.map(flow.salient, told))
    counted = F.coalesce("n_words", F.shiftright(F.octet_length("words"), 3).cast("bigint"))
    words = signatures.select("doc_id", "words", "text_digest")
    about = articles.select(*_ABOUT.names[:-1]).join(words, "doc_id").withColumn("n_words", counted)
    about = cluster.written(cluster.run(_Dated(), _Dated.reads, _Dated.writes, about))
    with watch.stage("pair"):
        candidates = cluster.written(_candidates(cluster, flow, bands, told, about))
    with watch.stage("verify"):
        verify = replace(flow.verify, relations=relations)
        sides = _sides(articles, signatures, terms if wants_overlap else None, verify.reads)
        matches = cluster.written(cluster.map(verify, _joined(candidates, sides)))
    with watch.stage("cluster"):
        clustered = cluster.written(_clustered(cluster, flow.canonical, about, matches))
    return MatchFrames(signatures, terms, about, matches, clustered, candidates)


@dataclass(frozen=True)
class _Dated:
    """Work: articles to ``_ABOUT``."""

    reads = pa.schema([*list(_ABOUT)[:-1], SIGNATURE.field("text_digest")])
    writes = pa.schema([*_ABOUT, SIGNATURE.field("text_digest")])

    def __call__(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            day = ordinals(batch.column("published"))
            yield batch.append_column("day", pa.array(day, mask=np.isnan(day))).select(self.writes.names)


def _candidates(cluster: Cluster, flow: Flow, bands: Any, told: Any, about: Any) -> Any:
    """Return PAIR of those to compare."""
    from pyspark.sql import functions as F  # noqa: N812

    met = cluster.map(flow.pairs, bands)
    is_sample, is_salient = F.col("kind") == _SAMPLE, F.col("kind") == _SALIENT
    met = met.groupBy("earlier", "later").agg(
        F.count_if(is_sample).alias("samples"),
        F.count_if(~is_sample & ~is_salient).alias("words"),
        F.count_if(is_salient).alias("salient"),
    )
    by_words = (F.col("words") > 0) | (F.col("samples") >= _LEAST_SAMPLES)
    met = met.select("earlier", "later", by_words.alias("by_words"), (F.col("salient") > 0).alias("by_telling"))
    for name in ("earlier", "later"):
        ends = about.select(
            F.col("arrival").alias(name), F.col("doc_id").alias(f"{name}_id"), F.col("day").alias(f"{name}_day")
        )
        met = met.join(ends, name).drop(name)
    ids = F.col("earlier_id"), F.col("later_id")
    apart = F.abs(F.col("earlier_day") - F.col("later_day"))
    met = cluster.written(
        met.select(
            F.least(*ids).alias("left_id"),
            F.greatest(*ids).alias("right_id"),
            "by_words",
            "by_telling",
            apart.alias("apart"),
        )
    )
    pairs = met.where("by_words").where(_within(flow.windows.match_window)).select(*PAIR.names)
    if told is None:
        return pairs
    said = met.where("by_telling").where(_within(flow.windows.event_window)).select(*PAIR.names)
    alike = cluster.map(flow.alike, _joined(said, told.select("doc_id", "keys", "weights")))
    return pairs.union(alike).distinct()


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


def _joined(pairs: Any, sides: Any) -> Any:
    """Join pairs with both their sides."""
    for side in ("left", "right"):
        names = [name for name in sides.columns if name != "doc_id"]
        of_side = sides.select(
            sides["doc_id"].alias(f"{side}_id"), *(sides[name].alias(f"{side}_{name}") for name in names)
        )
        pairs = pairs.join(of_side, f"{side}_id")
    return pairs


def _clustered(cluster: Cluster, policy: Policy, about: Any, matches: Any) -> Any:
    """Return MEMBER of all articles."""
    from pyspark.sql import functions as F  # noqa: N812

    edges = matches.where(F.col("relation").isin(*JOINING)).select(*PAIR.names)
    for name in ("left", "right"):
        ends = about.select(F.col("doc_id").alias(f"{name}_id"), F.col("arrival").alias(name))
        edges = edges.join(ends, f"{name}_id").drop(f"{name}_id")
    found = labels(cluster, edges)
    named = found.join(about.select(F.col("arrival").alias("label"), F.col("doc_id").alias("cluster_id")), "label")
    named = named.select(F.col("node").alias("arrival"), "cluster_id")
    rows = about.join(named, "arrival", "left").withColumn("cluster_id", F.coalesce("cluster_id", "doc_id"))
    return cluster.run(_Membership(policy), _CLUSTERED, MEMBER, rows, ["cluster_id"])


@dataclass(frozen=True)
class _Membership:
    """Work: articles with their cluster, whole clusters together, to MEMBER."""

    policy: Policy

    def __call__(self, batches: Batches) -> Iterable[pa.RecordBatch]:
        for rows in whole_keys(batches, "cluster_id"):
            of = dict(zip(rows["doc_id"].to_pylist(), rows["cluster_id"].to_pylist(), strict=True))
            yield from members(rows, of, self.policy).combine_chunks().to_batches()
