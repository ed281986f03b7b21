"""Connected components of a graph of any size, in rounds that are written out.

In: the edges of a graph, whose nodes are numbers. Out: for each node that has an edge, the least node of its component.

Each round hooks every root to its least neighbour, then follows the pointers to their ends, each step twice as far as the one
before; then edges join roots only. In two rounds every root has been hooked or has been hooked to, so the roots of a component are at
most half as many; a chain of n nodes takes O(log n) rounds of O(log n) steps.

Rule guarded here: what is left goes to the driver only once it is small, and is finished there by the function of the library.
"""

from typing import Any, Final

import numpy as np
import pyarrow as pa

from dedup.duplicates.component import components
from pipelines.spark.cluster import Cluster

#: Edges that the driver takes: sixteen bytes each, some ten megabytes.
SMALL: Final = 500_000
_EDGES: Final = pa.schema([("left", pa.int64()), ("right", pa.int64())])
_LABELS: Final = pa.schema([("node", pa.int64()), ("label", pa.int64())])


def labels(cluster: Cluster, edges: Any, small: int = SMALL) -> Any:
    """Return the component of every node that has an edge.

    Parameters
    ----------
    cluster : Cluster
        Where the work is done.
    edges : DataFrame
        Columns ``left`` and ``right``, bigint; of two nodes each.
    small : int
        So many edges the driver takes.

    Returns
    -------
    DataFrame
        Columns ``node`` and ``label``, the least node of its component.

    References
    ----------
    .. [1] Shiloach, Vishkin. An O(log n) parallel connectivity algorithm. Journal of Algorithms 3, 1982.
    """
    from pyspark.sql import functions as F  # noqa: N812 - as everyone calls it

    left = cluster.written(edges.select("left", "right").where("left <> right").distinct())
    found = None
    while (n_edges := left.count()) > small:
        both = left.union(left.select("right", "left"))
        hooked = both.groupBy(F.col("left").alias("node")).agg(F.min("right").alias("label"))
        pointer = _jumped(cluster, hooked.select("node", F.least("node", "label").alias("label")))
        found = pointer if found is None else cluster.written(_through(found, pointer))
        roots = left
        for name in _EDGES.names:
            to = pointer.select(F.col("node").alias(name), F.col("label").alias("root"))
            roots = roots.join(to, name).drop(name).withColumnRenamed("root", name)
        left = cluster.written(roots.select("left", "right").where("left <> right").distinct())
    if n_edges or found is None:
        rest = cluster.frame(_finished(cluster.collected(left, _EDGES)))
        # What is left are roots, each of which has been a node before.
        found = rest if found is None else _through(found, rest)
    return found


def _jumped(cluster: Cluster, pointer: Any) -> Any:
    """Follow pointers to their ends."""
    from pyspark.sql import functions as F  # noqa: N812

    moved = cluster.written(pointer.withColumn("moved", F.lit(True)))
    while not moved.where("moved").isEmpty():
        to = moved.select(F.col("node").alias("label"), F.col("label").alias("root"))
        further = (
            moved.drop("moved")
            .join(to, "label", "left")
            .select("node", "label", F.coalesce("root", "label").alias("root"))
        )
        moved = cluster.written(
            further.select("node", F.col("root").alias("label"), (F.col("root") < F.col("label")).alias("moved"))
        )
    return moved.drop("moved")


def _through(pointer: Any, then: Any) -> Any:
    """Return where pointers lead when those of ``then`` are followed from their ends."""
    from pyspark.sql import functions as F  # noqa: N812

    to = then.select(F.col("node").alias("label"), F.col("label").alias("root"))
    return pointer.join(to, "label", "left").select("node", F.coalesce("root", "label").alias("label"))


def _finished(edges: pa.Table) -> pa.Table:
    left, right = edges["left"].to_numpy(), edges["right"].to_numpy()
    nodes = np.unique(np.concatenate([left, right]))
    found = components(len(nodes), np.searchsorted(nodes, left), np.searchsorted(nodes, right))
    return pa.table([nodes, nodes[found]], schema=_LABELS)
