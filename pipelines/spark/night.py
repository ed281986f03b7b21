"""``dedup nightly``, ``clean`` and ``unique`` on a cluster.

In: what the user named, a configuration, a session. Out: what the commands of one machine write, by the code that writes it there.

Rule guarded here: what comes to the driver is what the report holds, and it is brought there once.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import Any, Self

import pyarrow as pa

from dedup.flow import Matched
from dedup.schema import ARTICLE, BAND, MATCH, MEMBER, MERGE, PAIR, REPEAT, SIGNATURE, TELLING, TERMS, TEXT
from pipelines.config import Config
from pipelines.journal import Journal
from pipelines.nightly import Night
from pipelines.preprocess import Cleaned
from pipelines.source import Claim
from pipelines.spark import reading
from pipelines.spark.cleaning import CLAIM, CleanFrames, clean
from pipelines.spark.cluster import Cluster
from pipelines.spark.grouping import group_events
from pipelines.spark.matching import MatchFrames, match
from pipelines.spark.memory import Memory
from pipelines.spark.session import check, session, spark_errors
from pipelines.state import State

#: Where relations are written out, if the user said so: a folder, or an address, that the driver and all executors reach.
SCRATCH = "spark.dedup.scratch"
_CLAIMED = pa.schema([*CLAIM, ("given", TEXT)])


@contextmanager
def cluster_of(spark: Any) -> Iterator[Cluster]:
    """Give the verbs of a session, with a folder to write to that is gone in the end."""
    root = spark.sparkContext.getConf().get(SCRATCH)
    if root is None:
        folder = tempfile.mkdtemp(prefix="dedup-spark-")
        try:
            yield Cluster(spark, f"file:{folder}")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    place = f"{root.rstrip('/')}/dedup-{spark.sparkContext.applicationId}"
    try:
        yield Cluster(spark, place)
    finally:
        path = spark._jvm.org.apache.hadoop.fs.Path(place)  # noqa: SLF001 - the file systems of Spark have no other door
        path.getFileSystem(spark._jsc.hadoopConfiguration()).delete(path, True)  # noqa: SLF001


class OnSpark:
    """A cluster to work on; see `pipelines.nightly.Elsewhere`. Use as a context manager: leaving it ends the session, which the first work starts.

    Parameters
    ----------
    master, options
        See `pipelines.spark.session.session`.

    Raises
    ------
    InputError
        If the extra or Java is missing.
    """

    def __init__(self, master: str | None = None, options: Mapping[str, str] | None = None) -> None:
        check()
        self._master, self._options = master, options
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @cached_property
    def cluster(self) -> Cluster:
        """The verbs of the session."""
        return self._stack.enter_context(cluster_of(self._stack.enter_context(session(self._master, self._options))))

    def start(self, journal: Journal) -> None:
        """Start the session; a stage of its own, for it takes as long whatever there is to do."""
        with journal.stage("start"):
            self.cluster  # noqa: B018 - it starts when it is first asked for

    def check(self, inputs: Sequence[str]) -> None:
        """See that executors can read the inputs."""
        reading.check_named(inputs)
        if any(map(reading.is_address, inputs)):
            reading.check(self.cluster, inputs)

    def digest(self, inputs: Sequence[str]) -> list[dict[str, Any]]:
        """Return the digests of the inputs."""
        with spark_errors():
            return reading.digest(self.cluster, inputs)

    def night(
        self, inputs: Sequence[str], config: Config, journal: Journal, text_is: str | None, state: State | None
    ) -> Night:
        """Work on one night.

        Raises
        ------
        InputError
            If there is a state that is not in its folder form.
        """
        with spark_errors():
            return night(self.cluster, inputs, config, journal, text_is, state)

    def cleaned(self, inputs: Sequence[str], config: Config, journal: Journal, text_is: str | None) -> Cleaned:
        """Take the chrome off."""
        self.check(inputs)
        self.start(journal)
        with spark_errors():
            return _told(self.cluster, clean(self.cluster, inputs, config, journal, text_is), "number")

    def unique(
        self, inputs: Sequence[str], config: Config, journal: Journal, text_is: str | None
    ) -> tuple[Cleaned, pa.Table]:
        """Return the articles, and which of them are copies."""
        self.check(inputs)
        self.start(journal)
        with spark_errors():
            cleaned = clean(self.cluster, inputs, config, journal, text_is)
            found = match(self.cluster, cleaned.articles, config, journal, relations=("exact", "near"))
            return _told(self.cluster, cleaned, "arrival"), self.cluster.collected(found.members, MEMBER, ["doc_id"])


def night(  # noqa: PLR0913 - as `pipelines.nightly.night`
    cluster: Cluster,
    inputs: Sequence[str],
    config: Config,
    journal: Journal,
    text_is: str | None = None,
    state: State | None = None,
) -> Night:
    """Work on one night; see `pipelines.nightly.night`.

    Raises
    ------
    InputError
        If the state is not in its folder form.
    """
    memory = Memory(cluster, state) if state else None
    cleaned = clean(cluster, inputs, config, journal, text_is, memory)
    found = match(cluster, cleaned.articles, config, journal, memory=memory)
    with journal.stage("collect"):
        matched = _matched(cluster, found, memory)
    grouped = group_events(cluster, cleaned.articles, found, matched, config, journal, memory)
    with journal.stage("collect"):
        return Night(_told(cluster, cleaned, "arrival", memory), matched, grouped)


def _matched(cluster: Cluster, found: MatchFrames, memory: Memory | None) -> Matched:
    """Bring to the driver what the report tells of matches, and what the state is to keep of them."""
    from pyspark.sql import functions as F  # noqa: N812 - as everyone calls it

    members = cluster.collected(found.members, MEMBER, ["doc_id"])
    matches = cluster.collected(found.matches, MATCH, ["left_id", "right_id"])
    # Of the pairs compared it is told how many there were.
    n_pairs = found.candidates.count()
    pairs = pa.table([pa.nulls(n_pairs, one.type) for one in PAIR], schema=PAIR)
    if not memory:
        # How loose clusters are is asked of those of several alone.
        several = found.members.groupBy("cluster_id").count().where("count > 1")
        several = F.broadcast(found.members.join(several, "cluster_id", "left_semi").select("doc_id"))
        signatures = cluster.collected(found.signatures.join(several, "doc_id", "left_semi"), SIGNATURE, ["arrival"])
        return Matched(signatures, TERMS.empty_table(), matches, members, MERGE.empty_table(), pairs)
    gone = found.members.where("was <> cluster_id").select(
        F.lit("cluster").alias("level"), F.col("was").alias("old_id"), F.col("cluster_id").alias("new_id")
    )
    merges = cluster.collected(gone.distinct(), MERGE, ["old_id"])
    # A night goes into the state through the driver, which writes one file for each relation.
    signatures, terms, telling = (
        cluster.collected(frame, schema, ["arrival"])
        for frame, schema in ((found.signatures, SIGNATURE), (found.terms, TERMS), (found.telling, TELLING))
    )
    bands = cluster.collected(found.bands, BAND, ["arrival", "kind", "key"])
    return Matched(signatures, terms, matches, members, merges, pairs, telling, bands)


def _told(cluster: Cluster, cleaned: CleanFrames, order: str, memory: Memory | None = None) -> Cleaned:
    """Bring the articles to the driver, which writes them to one file."""
    schema = ARTICLE if order in ARTICLE.names else ARTICLE.append(pa.field(order, pa.int64()))
    articles = cluster.collected(cleaned.articles, schema, [order]).select(ARTICLE.names)
    repeats, claims = REPEAT.empty_table(), dict[int, tuple[Claim, str]]()
    if memory:
        repeats = cluster.collected(cleaned.repeats, REPEAT, ["source", "key"])
        named = cleaned.articles.select("number", "doc_id").withColumnRenamed("doc_id", "given")
        for row in cluster.collected(cleaned.claims.join(named, "number"), _CLAIMED, ["number"]).to_pylist():
            number, given = row.pop("number"), row.pop("given")
            claims[number] = Claim(**row), given
    return Cleaned(articles, repeats, claims, cleaned.rejects, cleaned.n_pages, cleaned.n_seen, cleaned.extractors)
