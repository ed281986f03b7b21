"""Events on a cluster: the heads of clusters are brought to the driver and grouped there by the function of the library.

In: frames of articles and of what matching found. Out: Arrow tables of the assignments and the events.

What grows with what: the driver holds the terms of one article for each cluster, some twenty kilobytes, and sixty neighbours of each, some two; and the
ids of all articles.

Rule guarded here: copies never come to the driver but by their ids.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from dedup.earlier import ABOUT
from dedup.flow import Flow, Grouped, Matched, Watch
from dedup.schema import ARTICLE, TERMS
from pipelines.spark.cluster import Batches, Cluster
from pipelines.spark.matching import MatchFrames
from pipelines.spark.memory import Memory

#: What events read of an article; its text only where it has no title, by which it would be called.
_READ: Final = pa.schema([ARTICLE.field(name) for name in (*ABOUT, "text")])


def group_events(  # noqa: PLR0913 - all that is known
    cluster: Cluster,
    articles: Any,
    found: MatchFrames,
    matched: Matched,
    flow: Flow,
    watch: Watch,
    memory: Memory | None,
) -> Grouped:
    """Group articles into events and storylines; see `dedup.flow.Flow.group`.

    Parameters
    ----------
    cluster : Cluster
        Where the work is done.
    articles : DataFrame
        Relation ARTICLE.
    found : MatchFrames
        What was found among them.
    matched : Matched
        The same, as far as it came to the driver: matches and members.
    flow : Flow
        The parameters.
    watch : Watch
        Is told of the progress.
    memory : Memory, optional
        Earlier nights, whose events these may join; looked up by the driver.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F  # noqa: N812 - as everyone calls it

    # The first of tonight's articles in a cluster stands for it. That the terms of the others stay where they are is told by their ids, which are
    # less than what comes to the driver.
    arrived = found.members.join(articles.select("doc_id", "arrival"), "doc_id")
    first = F.row_number().over(Window.partitionBy("cluster_id").orderBy("arrival"))
    others = arrived.withColumn("_place", first).where("_place > 1").select("doc_id")
    terms = cluster.collected(found.terms.join(F.broadcast(others), "doc_id", "left_anti"), TERMS, ["arrival"])
    about = cluster.collected(cluster.run(_Untold(), _READ, _READ, articles), _READ, ["arrival"])
    return flow.group(about, replace(matched, terms=terms), watch, memory.state if memory else None)


@dataclass(frozen=True)
class _Untold:
    """Work: articles without their text, but where they have no title and are called by it."""

    def __call__(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            titled = [bool((title or "").strip()) for title in batch.column("title").to_pylist()]
            text = pc.if_else(pa.array(titled, pa.bool_()), "", batch.column("text"))
            yield batch.set_column(batch.schema.get_field_index("text"), _READ.field("text"), text)
