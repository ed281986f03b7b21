"""Inputs become clean articles on a cluster; what `pipelines.preprocess` does on one machine, in the same order, with the same stages.

In: what the user named. Out: frames of the articles and of what their sites repeat; on the driver the rejects, and numbers.

Rules guarded here: those of `pipelines.preprocess`. Of pages the driver sees those alone whose id is claimed more than once, and of each no
more than it claims.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, reduce
from itertools import chain
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.articles.published import in_order
from dedup.articles.segment import NO_WORDS
from dedup.articles.segment import lines as lines_of
from dedup.boilerplate.label import Label
from dedup.boilerplate.repeat import KNOWN, TRUSTED_BITS, Repeats, counted
from dedup.flow import Watch, as_given
from dedup.schema import ARTICLE, DRAFT, LABELLED, PAGE, REPEAT, SEGMENT, TEXT
from dedup.stage import apply
from pipelines.config import Config
from pipelines.preprocess import MIN_WORDS, drafts_of, reject_order
from pipelines.run_local import Limits, Local
from pipelines.source import Claim, Page, Reject, assign_ids
from pipelines.spark.cluster import Batches, Cluster, everywhere, whole_keys
from pipelines.spark.memory import Memory
from pipelines.spark.reading import read

#: A draft, and what it is sorted by to arrive (`in_order`).
_DATED: Final = pa.schema([*DRAFT, ("when", TEXT)])
_PLACE_BITS: Final = 33
_READ_OF_LINES: Final = {one for one in Repeats.reads.names if one in SEGMENT.names}
#: The columns of a draft that its article has.
_KEPT: Final = pa.schema([*(one for one in DRAFT if one.name in {*ARTICLE.names, "kind"}), ("number", pa.int64())])
_WHOLE: Final = "draft"
#: Lines of drafts, whose text is that of the draft and travels with it; in rows of kind ``draft`` the draft itself, and in rows of kind ``known`` what is
#: a repeat of its site: ``key`` stands in ``n_articles`` unrelated articles, and in the lines of ``n_sources`` sites.
_LINES: Final = pa.schema(
    [
        *(one for one in SEGMENT if one.name != "text"),
        ("n_articles", pa.int64()),
        ("n_sources", pa.int64()),
        (_WHOLE, pa.struct(list(_KEPT))),
    ]
)
#: An article, with what its text was given as, and its place in the inputs.
_MADE: Final = pa.schema([*ARTICLE, ("kind", TEXT), ("number", pa.int64())])
_REJECT: Final = pa.schema([("input", TEXT), ("position", TEXT), ("doc_id", TEXT), ("reason", TEXT), ("detail", TEXT)])
#: What a page claims, with its place in the inputs.
CLAIM: Final = pa.schema(
    [
        ("number", pa.int64()),
        ("doc_id", TEXT),
        ("digest", TEXT),
        ("published", TEXT),
        ("input", TEXT),
        ("position", TEXT),
    ]
)
_GIVEN: Final = pa.schema([("number", pa.int64()), ("given", TEXT)])


@dataclass(frozen=True)
class CleanFrames:
    """What cleaning made; see `pipelines.preprocess.Cleaned`.

    Frames: ``articles``, ARTICLE with ``number``, the place of each in the inputs; ``claims``, by ``number`` what each page claimed; REPEAT.
    """

    articles: Any
    claims: Any
    repeats: Any
    rejects: list[Reject]
    n_pages: int
    n_seen: int
    extractors: dict[str, int]


def clean(  # noqa: PLR0913 - what a run is made of
    cluster: Cluster,
    inputs: Sequence[str],
    config: Config,
    watch: Watch,
    text_is: str | None = None,
    memory: Memory | None = None,
) -> CleanFrames:
    """Read the inputs and take the chrome off; see `pipelines.preprocess.clean`.

    Raises
    ------
    InputError
        If an input does not exist, or executors cannot read it.
    """
    from pyspark.sql import functions as F  # noqa: N812 - as everyone calls it

    with watch.stage("read"):
        found, rejects = read(cluster, inputs, text_is)
        found = cluster.written(found)
        # Rejects go into the report, which the driver writes.
        rejects += _rejects(cluster, found.where("reason <> ''"))
        pages = found.where("reason = ''")
    with watch.stage("identify"):
        n_pages = pages.count()
        claims = pages.withColumnRenamed("arrival", "number").select(*CLAIM.names, "stem")
        named = cluster.written(_named(cluster, claims, memory))
        n_seen = named.where("given = ''").count()
    with watch.stage("extract"):
        # Few pages as a rule, so that the others stay where they are.
        pages = pages.join(named.withColumnRenamed("number", "arrival"), "arrival", "left")
        pages = pages.where(F.col("given").isNull() | (F.col("given") != ""))
        pages = pages.withColumn("doc_id", F.coalesce("given", "doc_id")).select(*PAGE.names)
        drafts = cluster.written(cluster.run(Extracting(config), PAGE, _DATED, pages))
        rejects += _rejects(cluster, drafts.withColumn("reason", F.col("failure")).where("failure <> ''"))
        counts = drafts.where("extractor <> ''").groupBy("extractor").count().collect()
        extractors = dict(sorted((row["extractor"], row["count"]) for row in counts))
    drafts = cluster.written(
        _arrived(cluster, drafts.where("failure = ''"), memory.state.first_arrival if memory else 0)
    )
    articles, repeats = _stripped(cluster, drafts, config, watch, memory)
    least = F.when(F.col("kind").isin("html", "page"), MIN_WORDS).otherwise(1)
    empty = articles.where(F.col("n_words") < least)
    detail = F.concat(F.col("n_words").cast("string"), F.lit(" words were left of the page once its chrome was off"))
    rejects += _rejects(cluster, empty.select("*", F.lit("no_article_text").alias("reason"), detail.alias("detail")))
    articles, rejects = articles.where(F.col("n_words") >= least), sorted(rejects, key=reject_order)
    return CleanFrames(articles, claims, repeats, rejects, n_pages, n_seen, extractors)


def _rejects(cluster: Cluster, rows: Any) -> list[Reject]:
    return [Reject(**row) for row in cluster.collected(rows, _REJECT).to_pylist()]


# -- identity and order ----------------------------------------------------------------------------------------------


def _named(cluster: Cluster, claims: Any, memory: Memory | None) -> Any:
    """Return ``number`` and ``given``, the id of each page that may not have what it claims, empty for one seen already.

    An id that is claimed once, and by nothing before, is given. The claims to any other come to the driver, with those that look like a revision
    of one: a hundred bytes for each page that is there again with another content, or twice tonight. What earlier nights saw stays where it is.
    """
    from pyspark.sql import functions as F  # noqa: N812

    fresh, used = claims, None
    if memory:
        before = memory.frame("claims")
        seen = before.select(F.col("claimed").alias("doc_id"), "digest")
        fresh = cluster.written(claims.join(seen, ["doc_id", "digest"], "left_anti"))
        gone = pa.table({"name": pa.array(memory.state.names_in_use, TEXT)})
        used = before.select(F.col("claimed").alias("name")).union(before.select("doc_id")).union(cluster.frame(gone))
    again = fresh.groupBy("doc_id").count().where("count > 1").select(F.col("doc_id").alias("name"))
    if used is not None:
        again = again.union(fresh.select(F.col("doc_id").alias("name")).join(used, "name", "left_semi"))
    again = cluster.written(again.distinct())
    of_one = fresh.join(again, fresh["doc_id"] == again["name"], "left_semi")
    like_one = fresh.join(again, fresh["stem"] == again["name"], "left_semi")
    rows = cluster.collected(of_one.union(like_one).select(*CLAIM.names).distinct(), CLAIM, ["number"]).to_pylist()
    numbers = [row.pop("number") for row in rows]
    asked = [Claim(**row) for row in rows]
    given = assign_ids(asked, memory.state.known(asked) if memory and asked else None)
    settled = cluster.frame(pa.table([pa.array(numbers, pa.int64()), pa.array(given, TEXT)], schema=_GIVEN))
    known = claims.join(fresh, "number", "left_anti").select("number", F.lit("").alias("given"))
    return settled.union(known) if memory else settled


def _arrived(cluster: Cluster, drafts: Any, first: int) -> Any:
    """Give the drafts the numbers of their order of arrival, by date and then by id; ``number`` is their place in the inputs."""
    from pyspark.sql import functions as F  # noqa: N812

    order = drafts.select(F.col("arrival").alias("number"), "when", "doc_id").orderBy("when", "doc_id")
    order = cluster.written(order.select("number", F.monotonically_increasing_id().alias("place")))
    part = F.shiftright("place", _PLACE_BITS)
    # A row for each part that Spark sorted into.
    sizes = {row["part"]: row["count"] for row in order.groupBy(part.alias("part")).count().collect()}
    starts, before = [], first
    for number in sorted(sizes):
        starts.append({"part": number, "start": before - (number << _PLACE_BITS)})
        before += sizes[number]
    table = pa.Table.from_pylist(starts, schema=pa.schema([("part", pa.int64()), ("start", pa.int64())]))
    order = order.withColumn("part", part).join(F.broadcast(cluster.frame(table)), "part")
    order = order.select("number", (F.col("place") + F.col("start")).alias("arrival"))
    return (
        drafts.withColumnRenamed("arrival", "number").join(everywhere(order), "number").select(*DRAFT.names, "number")
    )


# -- extraction ------------------------------------------------------------------------------------------------------


@cache
def _guard(limits: Limits) -> Local:
    """Return the guarded worker of this process of an executor; it serves all its tasks, and ends with it."""
    return Local(1, limits)


@dataclass(frozen=True)
class Extracting:
    """Work: pages to drafts.

    HTML is extracted in a worker process beside that of the executor, so that a page that hangs or ends its process costs no more than
    itself.
    """

    config: Config

    def __call__(self, batches: Batches) -> Iterable[pa.RecordBatch]:
        """Extract, a batch at a time."""
        engine = _guard(self.config.limits)
        for batch in batches:
            rows = batch.to_pylist()
            numbers = [row.pop("arrival") for row in rows]
            drafts, failed = drafts_of((Page(**row) for row in rows), self.config, engine, lambda _rows: None)
            # In the order of the batch they were numbered anew.
            done = [row | {"arrival": numbers[row["arrival"]]} for row in drafts.to_pylist()]
            for place, failure in failed.items():
                lost = dict.fromkeys(DRAFT.names, "") | {
                    name: rows[place][name] for name in ("doc_id", "kind", "input", "position")
                }
                told = {"arrival": numbers[place], "failure": failure.reason, "detail": failure.detail, "layout": b""}
                done.append(lost | told)
            dated = [row | {"when": in_order(row["published"])} for row in done]
            yield pa.RecordBatch.from_pylist(dated, schema=_DATED)


# -- chrome ----------------------------------------------------------------------------------------------------------


def _stripped(cluster: Cluster, drafts: Any, config: Config, watch: Watch, memory: Memory | None) -> tuple[Any, Any]:
    """Return ARTICLE of every draft, with ``kind`` and ``number``, and REPEAT; as `dedup.flow.Flow.clean`."""
    from pyspark.sql import functions as F  # noqa: N812

    nothing = F.lit(None)
    with watch.stage("classify"):
        segments = cluster.written(cluster.map(config.classify, drafts))
    asked = _asked(segments)
    with watch.stage("repeats"):
        counting = replace(config.repeats, remember=memory is not None)
        # Of other lines nothing is counted.
        lines = segments.where(F.col("source").isNotNull() & (F.col("source") != "") & (F.col("kind") != "clean"))
        lines = lines.withColumns(
            {one.name: nothing.cast(_ddl(one)) for one in counting.reads if one.name not in _READ_OF_LINES}
        )
        if memory:
            before = memory.frame("repeats").join(
                asked.select("source", "key").distinct(), ["source", "key"], "left_semi"
            )
            empty = {one.name: nothing.cast(_ddl(one)) for one in counting.reads if one.name not in REPEAT.names}
            before = before.withColumns(empty).withColumn("kind", F.lit(KNOWN))
            lines = lines.select(*counting.reads.names).union(before.select(*counting.reads.names))
        repeats = cluster.written(cluster.map(counting, lines))
    with watch.stage("label"):
        several = repeats.where((F.col("n_articles") > 1) | (F.col("key") == NO_WORDS))
        whole = F.struct(*_KEPT.names)
        empty = {one.name: nothing.cast(_ddl(one)) for one in _LINES if one.name not in SEGMENT.names}
        rows = [
            segments.withColumns(empty),
            _facts(asked, segments, several),
            _as_lines(drafts, kind=F.lit(_WHOLE), draft=whole),
        ]
        lines = reduce(lambda left, right: left.union(right), (one.select(*_LINES.names) for one in rows))
        articles = cluster.written(cluster.run(Labelling(config.label), _LINES, _MADE, lines, ["doc_id"]))
    return articles, repeats


def _ddl(one: pa.Field) -> Any:
    from pyspark.sql.pandas.types import from_arrow_type

    return from_arrow_type(one.type)


def _as_lines(rows: Any, **columns: Any) -> Any:
    """Return rows in the columns of ``_LINES``: those given, those that ``rows`` has, null for others."""
    from pyspark.sql import functions as F  # noqa: N812

    there = {"doc_id", "source", *columns}
    return rows.select(
        *(
            columns.get(one.name, F.col(one.name) if one.name in there else F.lit(None)).cast(_ddl(one)).alias(one.name)
            for one in _LINES
        )
    )


def _asked(segments: Any) -> Any:
    """Return ``doc_id``, ``source`` and ``key`` of all that is looked up for the lines of a draft, as `dedup.boilerplate.repeat.wanted_keys` has it."""
    from pyspark.sql import functions as F  # noqa: N812

    keys = segments.select("doc_id", "source", F.explode("sentences").alias("key"))
    asked = keys.union(keys.select("doc_id", "source", F.col("key").bitwiseXOR(F.lit(TRUSTED_BITS))))
    asked = asked.union(segments.select("doc_id", "source", F.explode("forms")))
    return asked.union(segments.select("doc_id", "source", F.lit(NO_WORDS).cast("bigint")))


def _facts(asked: Any, segments: Any, several: Any) -> Any:
    """Return for each draft the repeats of its site that are in its lines: what `counted` looks up."""
    from pyspark.sql import functions as F  # noqa: N812

    keys = segments.select("source", F.explode("sentences").alias("key"))
    found = asked.join(several.select("source", "key", "n_articles"), ["source", "key"]).distinct()
    # Sites are counted of what is a repeat somewhere, and nothing else; an unknown site is one, too.
    held = keys.join(several.select("key").distinct(), "key", "left_semi")
    site = F.struct(F.col("source").isNull(), F.coalesce("source", F.lit("")))
    spread = held.select("key", site.alias("site")).distinct().groupBy("key").agg(F.count("*").alias("n_sources"))
    found = found.join(spread, "key", "left").withColumn("n_sources", F.coalesce("n_sources", F.lit(0)))
    columns = {name: F.col(name) for name in ("key", "n_articles", "n_sources")}
    return _as_lines(found, kind=F.lit(KNOWN), **columns)


@dataclass(frozen=True)
class Labelling:
    """Work: ``_LINES`` of whole drafts, sorted by draft, to ``_MADE``."""

    label: Label

    def __call__(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        """Label some drafts at a time."""
        for rows in whole_keys(batches, "doc_id"):
            is_known, is_whole = pc.equal(rows["kind"], KNOWN), pc.equal(rows["kind"], _WHOLE)
            drafts = pa.Table.from_struct_array(rows.filter(is_whole)[_WHOLE].combine_chunks())
            segments = rows.filter(pc.invert(pc.or_(is_known, is_whole)))
            made = self._labelled(_with_text(segments, drafts), rows.filter(is_known), drafts)
            made = made.take(pc.index_in(drafts["doc_id"], made["doc_id"].combine_chunks()))
            of_lines = LABELLED.names[1:]
            columns = [(made if name in of_lines else drafts)[name] for name in ARTICLE.names]
            articles = as_given(drafts, pa.table(columns, schema=ARTICLE))
            both = articles.append_column("kind", drafts["kind"]).append_column("number", drafts["number"])
            yield from both.cast(_MADE).combine_chunks().to_batches()

    def _labelled(self, segments: pa.Table, known: pa.Table, drafts: pa.Table) -> pa.Table:
        if not segments.num_rows:
            return LABELLED.empty_table()
        known = known.group_by(["source", "key"]).aggregate([("n_articles", "max"), ("n_sources", "max")])
        names = {"n_articles_max": "n_articles", "n_sources_max": "n_sources"}
        known = known.rename_columns([names.get(name, name) for name in known.schema.names])
        place = pc.index_in(segments["doc_id"], drafts["doc_id"].combine_chunks())
        # The lines of a draft come together; in which order they lie, they say.
        return apply(self.label, counted(segments, known, known).append_column("title", drafts["title"].take(place)))


def _with_text(segments: pa.Table, drafts: pa.Table) -> pa.Table:
    """Return SEGMENT, the text of each line from its draft."""
    of_drafts = [lines_of(text or "") for text in drafts["text"].to_pylist()]
    starts = np.cumsum([0, *map(len, of_drafts)])
    draft = pc.index_in(segments["doc_id"], drafts["doc_id"].combine_chunks()).to_numpy()
    places = pa.array(starts[draft] + segments["index"].to_numpy())
    text = pa.array(chain.from_iterable(of_drafts), TEXT).take(places)
    return segments.append_column("text", text).select(SEGMENT.names)
