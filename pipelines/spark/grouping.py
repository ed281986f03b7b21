"""Events on a cluster: the heads of clusters are brought to the driver and grouped there by the function of the library.

In: frames of articles and of what matching found. Out: Arrow tables of the assignments and the events.

What grows with what: the driver holds the terms of one article for each cluster, some twenty kilobytes, and sixty neighbours of each, some two; and the
ids of all articles.

Rule guarded here: copies never come to the driver but by their ids.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from dedup.duplicates.component import JOINING
from dedup.events.assign import group
from dedup.flow import Flow, Grouped, Watch
from dedup.schema import ARTICLE, MATCH, TERM_COUNT, TERMS
from pipelines.spark.cluster import Batches, Cluster
from pipelines.spark.matching import MatchFrames

_HEAD: Final = pa.schema(
    [ARTICLE.field(name) for name in ("doc_id", "arrival", "title", "published", "source", "text")]
)
_JUDGED: Final = pa.schema([MATCH.field(name) for name in ("left_id", "right_id", "relation")])


def group_events(  # noqa: PLR0913 - all that is known
    cluster: Cluster, articles: Any, matched: MatchFrames, members: pa.Table, flow: Flow, watch: Watch
) -> Grouped:
    """Group articles into events and storylines; see `dedup.flow.Flow.group`.

    Parameters
    ----------
    cluster : Cluster
        Where the work is done.
    articles : DataFrame
        Relation ARTICLE.
    matched : MatchFrames
        What was found among them.
    members : Table
        Relation MEMBER of them.
    flow : Flow
        The parameters.
    watch : Watch
        Is told of the progress.
    """
    from pyspark.sql import functions as F  # noqa: N812 - as everyone calls it

    with watch.stage("events"):
        # A cluster is called after its first article, which stands for it.
        is_head = F.col("doc_id") == F.col("cluster_id")
        heads = matched.members.where(is_head).select("doc_id")
        terms = cluster.collected(matched.terms.join(heads, "doc_id", "left_semi"), TERMS, ["arrival"])
        about = cluster.collected(cluster.run(_Headed(), _HEAD, _HEAD, articles), _HEAD, ["arrival"])
        judged = matched.matches.where(~F.col("relation").isin(*JOINING))
        found = group(terms, about, members, cluster.collected(judged, _JUDGED), flow.grouping)
    return Grouped(*found, TERM_COUNT.empty_table())


@dataclass(frozen=True)
class _Headed:
    """Work: articles without their text, but where they have no title and are called by it."""

    def __call__(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            titled = [bool((title or "").strip()) for title in batch.column("title").to_pylist()]
            text = pc.if_else(pa.array(titled, pa.bool_()), "", batch.column("text"))
            yield batch.set_column(batch.schema.get_field_index("text"), _HEAD.field("text"), text)
