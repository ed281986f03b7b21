"""The verbs of the distributed engine: a stage over a frame, a relation written out, a small one collected.

In: Spark frames with the columns of the relations of ``dedup.schema``. Out: frames, and Arrow tables of what is small. A stage is
the very object that the local engine runs: batches of Arrow come to it on an executor and go back to Spark.

Rule guarded here: a stage sees its rows in the types that it declares, whatever Spark made of them on the way.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import pyarrow as pa

from dedup.stage import Stage

Batches = Iterator[pa.RecordBatch]
#: What executors run: batches in, batches out, with the schema that goes out.
Work = Callable[[Batches], Iterable[pa.RecordBatch]]

#: What goes back to Spark at a time: a stage may yield a batch for each key.
_ROWS: Final = 4096
_BYTES: Final = 8 << 20
#: What is written out is cut into pieces of so many bytes, which tasks read one by one.
_PIECE: Final = 8 << 20
#: The setting that says into how many partitions rows are put by a key.
PARTITIONS: Final = "spark.sql.shuffle.partitions"
#: So many rows of two numbers, of some forty bytes there, are given to every executor, and held by the driver until then: 40 MB for a million.
EVERYWHERE: Final = 8_000_000


@dataclass(frozen=True)
class OnExecutor:
    """A function over batches as an executor runs it, with the types of its rows on both sides.

    Parameters
    ----------
    work : callable
        Batches of ``reads`` to batches of ``writes``.
    reads, writes : Schema
        Arrow schemas.
    """

    work: Work
    reads: pa.Schema
    writes: pa.Schema

    def __call__(self, batches: Batches) -> Batches:
        """Work on the batches of one partition."""
        goes = portable(self.writes)
        for batch in gathered(self.work(typed(batch, self.reads) for batch in batches)):
            yield typed(batch, goes)


def typed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return the columns of a batch that a schema names, in its types."""
    return pa.record_batch([batch.column(one.name).cast(one.type) for one in schema], schema=schema)


def portable(schema: pa.Schema) -> pa.Schema:
    """Return a schema as Spark takes it: bytes of any length are ``binary`` to it."""
    fields = [one.with_type(pa.binary()) if pa.types.is_large_binary(one.type) else one for one in schema]
    return pa.schema(fields)


def gathered(batches: Iterable[pa.RecordBatch]) -> Batches:
    """Yield the rows of many small batches in fewer."""
    waiting: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        if not batch.num_rows:
            continue
        waiting.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows >= _ROWS or size >= _BYTES:
            yield from _together(waiting)
            waiting, rows, size = [], 0, 0
    yield from _together(waiting)


def _together(batches: Sequence[pa.RecordBatch]) -> Batches:
    if batches:
        yield from pa.Table.from_batches(batches).combine_chunks().to_batches()


def whole_keys(batches: Iterable[pa.RecordBatch], name: str) -> Iterator[pa.Table]:
    """Yield rows that come sorted by a column, some at a time, all rows of a key together."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        if not batch.num_rows:
            continue
        keys = batch.column(name).to_pylist()
        begins = keys.index(keys[-1])
        if waiting and (begins or waiting[-1].column(name)[-1].as_py() != keys[-1]):
            yield pa.Table.from_batches([*waiting, batch.slice(0, begins)])
            waiting, batch = [], batch.slice(begins)  # noqa: PLW2901 - the rest of it
        elif begins:
            yield pa.Table.from_batches([batch.slice(0, begins)])
            batch = batch.slice(begins)  # noqa: PLW2901
        waiting.append(batch)
    if waiting:
        yield pa.Table.from_batches(waiting)


@dataclass
class Cluster:
    """Frames of one run.

    Parameters
    ----------
    spark : SparkSession
        Where the work is done.
    scratch : str
        A folder that the driver and all executors reach, for what is written out; the caller removes it.
    """

    spark: Any
    scratch: str
    _numbers: Iterator[int] = field(default_factory=count)

    def frame(self, table: pa.Table) -> Any:
        """Return a table of the driver as a frame."""
        return self.spark.createDataFrame(table.cast(portable(table.schema)), schema=spark_schema(table.schema))

    def map(self, stage: Stage, rows: Any) -> Any:
        """Return the rows that a stage makes of a frame; those of a key of a keyed stage come together, sorted by it."""
        return self.run(stage, stage.reads, stage.writes, rows, stage.partition_by)

    def run(  # noqa: PLR0913 - what a run is made of
        self,
        work: Work,
        reads: pa.Schema,
        writes: pa.Schema,
        rows: Any,
        key: Sequence[str] = (),
        *,
        is_long: bool = False,
    ) -> Any:
        """Return what a function makes of the rows of a frame; with a key, those that share it come together, sorted by it.

        Parameters
        ----------
        work : callable
            Picklable; batches of ``reads`` to batches of ``writes``.
        reads, writes : Schema
            Arrow schemas; ``rows`` has the columns of ``reads`` at least.
        rows : DataFrame
            Input.
        key : sequence of str
            Columns, or none.
        is_long : bool
            Few bytes are long work: Spark is not to put keys together into fewer tasks because they are small.
        """
        rows = rows.select(*reads.names)
        if key:
            number = [int(self.spark.conf.get(PARTITIONS))] if is_long else []
            rows = rows.repartition(*number, *key).sortWithinPartitions(*key)
        return rows.mapInArrow(OnExecutor(work, reads, writes), spark_schema(writes))

    def written(self, rows: Any) -> Any:
        """Write a frame out, and return it as it is read from there: it is made once, and a lost executor takes none of it along."""
        path = f"{self.scratch}/{next(self._numbers)}"
        rows.write.option("parquet.block.size", _PIECE).parquet(path)
        return self.spark.read.schema(rows.schema).parquet(path)

    def collected(self, rows: Any, schema: pa.Schema, order: Sequence[str] = ()) -> pa.Table:
        """Bring a relation to the driver, sorted there by some columns. Each caller says why it is small."""
        found = rows.select(*schema.names).toArrow()
        table = pa.table([found[one.name].cast(one.type) for one in schema], schema=schema)
        return table.sort_by([(name, "ascending") for name in order]) if order else table


def everywhere(rows: Any) -> Any:
    """Return rows of two numbers that are to be joined with long ones, given to every executor unless they are very many: the long ones need not travel to them."""
    from pyspark.sql import functions as F  # noqa: N812 - as everyone calls it

    return F.broadcast(rows) if rows.count() <= EVERYWHERE else rows


def spark_schema(schema: pa.Schema) -> Any:
    """Return an Arrow schema as Spark has it."""
    from pyspark.sql.pandas.types import from_arrow_schema

    return from_arrow_schema(portable(schema))
