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

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.errors import SchemaError

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


def distinct(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the distinct keys, sorted, as ``numpy.unique`` does in thirty times the time.

    Parameters
    ----------
    keys : ndarray of int64, shape (n,)

    Examples
    --------
    >>> distinct(np.array([3, 1, 3])).tolist()
    [1, 3]
    """
    ordered = np.sort(keys)
    found: NDArray[np.int64] = ordered[np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]]
    return found


def counted(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct keys, sorted, and how often each comes.

    Parameters
    ----------
    keys : ndarray of int64, shape (n,)

    Examples
    --------
    >>> [found.tolist() for found in counted(np.array([3, 1, 3]))]
    [[1, 3], [1, 2]]
    """
    ordered = np.sort(keys)
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)])
    return ordered[starts], np.diff(np.append(starts, len(ordered)))


def stable_order(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the order that sorts keys, equal ones as they stand.

    Parameters
    ----------
    keys : ndarray of int64, shape (n,)
        Any numbers; the order is found in a fifth of the time where they are hashes, which differ in their upper bits.

    Returns
    -------
    ndarray of int64, shape (n,)
        As ``numpy.argsort(keys, kind="stable")`` gives it.

    Examples
    --------
    >>> stable_order(np.array([3, 1, 3, 1])).tolist()
    [1, 3, 0, 2]
    """
    # A key and its place in one number: numbers alone are sorted by the vector units of a processor.
    below = (1 << len(keys).bit_length()) - 1
    packed = (keys & ~below) | np.arange(len(keys))
    packed.sort()
    order = packed & below
    ordered = keys[order]
    return order if np.all(ordered[1:] >= ordered[:-1]) else np.argsort(keys, kind="stable")


def places(keys: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each key stands among others, -1 for those that do not; quickly where keys come in long ascending runs.

    Parameters
    ----------
    keys : ndarray of int64, shape (n,)
        In any order.
    wanted : ndarray of int64, shape (m,)
        Sorted and distinct.

    Returns
    -------
    ndarray of int64, shape (n,)
        From -1 to m - 1.

    Examples
    --------
    >>> places(np.array([5, 7, 3, 9]), np.array([3, 7])).tolist()
    [-1, 1, 0, -1]
    """
    from dedup import kernels

    return kernels.places(keys, wanted)  # type: ignore[no-any-return]
