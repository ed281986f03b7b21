"""What a stage is, and what every engine and test needs to run one.

A stage is a frozen, picklable dataclass whose fields are its parameters. Called with an iterator of record batches it
yields record batches, which is the contract of Spark's ``mapInArrow``; so one object runs in this process, in a pool
of processes and on a cluster. ``reads`` and ``writes`` are Arrow schemas, ``partition_by`` names the columns whose
rows must come together (and sorted by them); ``()`` means that any split of the rows will do.

Rule guarded here: a stage sees all it needs in its rows and its parameters, and never the file system, the clock, the
environment or another stage.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol, runtime_checkable

import pyarrow as pa

from dedup.errors import SchemaError
from dedup.keys import stable_order

# A stage makes Python objects of the rows of a batch; of those of a whole night there would be too many.
_BATCH_ROWS = 4096


@runtime_checkable
class Stage(Protocol):
    """A pure, picklable function from record batches to record batches."""

    @property
    def reads(self) -> pa.Schema:
        """Columns the stage needs; more may be there and are ignored."""
        ...

    @property
    def writes(self) -> pa.Schema:
        """Schema of the batches the stage yields, exactly."""
        ...

    @property
    def partition_by(self) -> tuple[str, ...]:
        """Columns whose rows must come together, or ``()``."""
        ...

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Work on the batches, in order."""
        ...


def require(table: pa.Table | pa.RecordBatch, schema: pa.Schema, who: str) -> None:
    """Check that ``table`` has every column of ``schema``.

    Raises
    ------
    SchemaError
        Names the first column that is missing or of another type.
    """
    for field in schema:
        index = table.schema.get_field_index(field.name)
        if index < 0:
            raise SchemaError(f"{who}: column {field.name!r} is missing. Got {', '.join(table.schema.names)}.")
        got = table.schema.field(index).type
        if got != field.type:
            raise SchemaError(f"{who}: column {field.name!r} must be {field.type}. Got {got}.")


def apply(stage: Stage, table: pa.Table) -> pa.Table:
    """Run ``stage`` over ``table`` in this process; the oracle that every engine must equal.

    A keyed stage gets its rows sorted by its key.

    Raises
    ------
    SchemaError
        If ``table`` lacks what the stage reads.
    """
    require(table, stage.reads, type(stage).__name__)
    table = table.select(stage.reads.names)
    if stage.partition_by:
        table = together(table, stage.partition_by)
    batches = table.to_batches(max_chunksize=_BATCH_ROWS)
    return pa.Table.from_batches(stage(iter(batches)), schema=stage.writes)


def together(table: pa.Table, names: tuple[str, ...]) -> pa.Table:
    """Return the rows sorted by some columns, those of one key in their order; a number that nothing is missing of is sorted quickly."""
    first = table[names[0]]
    if len(names) == 1 and first.type == pa.int64() and not first.null_count:
        return table.take(pa.array(stable_order(first.to_numpy())))
    return table.sort_by([(name, "ascending") for name in names])
