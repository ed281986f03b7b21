"""What earlier nights left, as frames: the Parquet files of a state's folder, read by executors.

In: a state in its folder form, on storage that all machines reach. Out: frames of its relations, or of those rows of them that tonight reaches.

Rule guarded here: what is read of long rows depends on tonight: the arrivals that are reached, eight bytes each, come to the driver, and of the files
those parts alone are read that hold some.
"""

from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa

from dedup.errors import InputError
from pipelines.spark.cluster import Cluster, spark_schema
from pipelines.state import State
from pipelines.state.folder import Folder
from pipelines.state.relations import NIGHT, RELATIONS
from pipelines.state.store import spans


@dataclass(frozen=True)
class Memory:
    """A state as a cluster reads it.

    Parameters
    ----------
    cluster : Cluster
        Where it is read.
    state : State
        Its folder; what is small is looked up there, as on one machine.

    Raises
    ------
    InputError
        If the state is a file, which one process alone can read.
    """

    cluster: Cluster
    state: State

    def __post_init__(self) -> None:
        if not isinstance(self.state.store, Folder):
            raise InputError(
                f"--engine spark: --state must be a folder of Parquet, a name that ends in /. Got the file {self.state.store.path}."
            )

    def frame(self, name: str) -> Any:
        """Return a relation; of rows that were replaced the latest."""
        from pyspark.sql import Window
        from pyspark.sql import functions as F  # noqa: N812 - as everyone calls it

        assert isinstance(self.state.store, Folder)
        relation, files = RELATIONS[name], self.state.store.files(name)
        names = relation.schema.names
        if not files:
            return self.cluster.spark.createDataFrame([], spark_schema(relation.schema))
        reader = self.cluster.spark.read.schema(spark_schema(relation.stored))
        rows = reader.parquet(*(path.resolve().as_uri() for path in files))
        if relation.replaced:
            latest = Window.partitionBy(*relation.key).orderBy(F.desc(NIGHT.name))
            rows = rows.withColumn("_latest", F.row_number().over(latest)).where("_latest = 1")
        return rows.select(*names)

    def arrived(self, name: str, reached: Any) -> Any:
        """Return the rows of a relation of long rows that a frame names by their ``arrival``."""
        from pyspark.sql import functions as F  # noqa: N812

        arrivals = self.cluster.collected(reached.select("arrival").distinct(), pa.schema([("arrival", pa.int64())]))
        numbers = np.sort(arrivals["arrival"].to_numpy())
        rows = self.frame(name)
        if not len(numbers):
            return rows.where(F.lit(False))
        within = (F.col("arrival").between(low, high) for low, high in spans(numbers))
        wanted = self.cluster.frame(pa.table({"arrival": numbers}))
        return rows.where(reduce(lambda one, other: one | other, within)).join(wanted, "arrival", "left_semi")
