"""Where the rows of a state lie: what is common to its two forms, one DuckDB file and a folder of Parquet.

In: look-ups, and the rows of a night. Out: rows in the order of their key. Both forms are asked in SQL, so that a look-up is
written once; they differ in how a night is made to be there whole or not at all.

Rules guarded here: a night is written in one step or not at all; one run at a time writes; and whatever the engine says of a
file becomes one clear line.
"""

import errno
import fcntl
import glob
import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.errors import InputError, StateError
from dedup.events.counts import Sums
from dedup.keys import distinct
from dedup.schema import ARTICLE, TEXT
from pipelines.state.relations import RELATIONS

#: Memory that the engine keeps to, in MB; what does not fit is spilled beside the state.
_MEMORY_MB: Final = 256
#: Rows that are read, or handed over, at a time.
_BATCH_ROWS: Final = 4096
#: Rows of two numbers that are added up at a time.
_SUMMED_ROWS: Final = 1 << 16

#: Between the name of a state and the number of the process whose rows were spilled there.
_SPILL: Final = ".spill-"

#: How the system says that there is no room: on the disk, for the user, in a file.
_FULL: Final = ("No space left", "quota exceeded", "File too large")

#: Relations of long rows. Those of one night lie together, and only where some are wanted are they read.
_LONG: Final = frozenset({"articles", "signatures", "terms", "telling"})
#: Arrivals that are looked up at a time lie in so many stretches at most, and in one where so few lie between two.
_MOST_SPANS: Final = 16
_LEAST_GAP: Final = 4096

_PLACE: Final = pa.schema([ARTICLE.field("doc_id"), ARTICLE.field("arrival")])

#: What to put in for one relation.
Rows = Mapping[str, pa.Table]


class Store(ABC):
    """Rows of a state. Use as a context manager: leaving it lets others in.

    Parameters
    ----------
    path : Path
        As the user named it.
    writing : bool
        Whether a night may be written; then no other run may write until this one ends.

    Raises
    ------
    InputError
        If what is there is no state.
    StateError
        If another run is using it, or it cannot be read, or not written though it must be.
    """

    def __init__(self, path: Path, *, writing: bool) -> None:
        self.path = path
        self.writing = writing
        self._lock = -1
        self._arrivals: dict[str, int | None] = {}
        self.parameters: dict[str, str] = {}
        if writing:
            self._lock = _locked(path)
        try:
            with engine_errors(path):
                if writing:
                    _sweep_spill(path)
                self.connection = self._open()
                if not self.is_new:
                    self.parameters = self._parameters()
        except BaseException:
            self._unlock()
            raise

    @property
    @abstractmethod
    def is_new(self) -> bool:
        """Whether no night was ever written."""

    @abstractmethod
    def _open(self) -> duckdb.DuckDBPyConnection:
        """Return a connection in which every relation can be selected from by its name, but where the state is new."""

    def _parameters(self) -> dict[str, str]:
        try:
            return dict(self.connection.sql("SELECT name, value FROM parameters").fetchall())
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            self.connection.close()
            raise no_state(self.path) from error
        except BaseException:
            self.connection.close()
            raise

    @abstractmethod
    def commit(self, night: int, rows: Rows, parameters: Mapping[str, str]) -> None:
        """Write the rows of a night, all of them or none, and the parameters where the state is new; ends the use of the store.

        Parameters
        ----------
        night : int
            Number of the night.
        rows : mapping of str to Table
            Rows by relation. Of a relation whose rows are replaced, a row takes the place of an earlier one with its key.
        parameters : mapping of str to str
            Those that shape the state.
        """

    @abstractmethod
    def rewrite(self, gone: Mapping[str, str], rows: Rows) -> None:
        """Take rows out and put others in, all of it or nothing; ends the use of the store.

        Parameters
        ----------
        gone : mapping of str to str
            By relation, the condition (SQL) of the rows that go; the tables of ``register`` can be named in it.
        rows : mapping of str to Table
            Rows that take the place of earlier ones with their key, with their ``night``.
        """

    @abstractmethod
    def n_bytes(self) -> int:
        """Return how much room the state takes."""

    def rows(
        self,
        name: str,
        column: str = "",
        values: pa.Array | None = None,
        columns: Sequence[str] = (),
        between: tuple[str, int, int] | None = None,
    ) -> pa.Table:
        """Return rows of a relation, in the order of its key, if it is ``ordered`` or all are asked for.

        Parameters
        ----------
        name : str
            Relation.
        column, values : str, Array
            Only the rows that hold one of ``values`` in ``column``; without them, all.
        columns : sequence of str
            Those wanted; all, but ``night``, without it.
        between : tuple of str, int, int, optional
            Only rows that have a number from the second to the third, or none, in this column.
        """
        relation = RELATIONS[name]
        schema = relation.stored if "night" in columns else relation.schema
        schema = pa.schema([schema.field(one) for one in columns or schema.names])
        if self.is_new or (values is not None and not len(values)):
            return schema.empty_table()
        named, key = ", ".join(f'"{one}"' for one in schema.names), ", ".join(relation.key)
        if name in _LONG and column == "doc_id":
            column, values = "arrival", self._arrivals_of(values)
        if name in _LONG and column == "arrival":
            return self._long_rows(name, values, schema)
        if values is not None and column == "key" and relation.summed:
            return self._sums(name, values, schema)
        where = ""
        if values is not None:
            self.register("wanted", pa.table({column: values}))
            where = f"SEMI JOIN wanted USING ({column})"  # names are ours
        if between:
            where += " WHERE {0} IS NULL OR {0} BETWEEN {1} AND {2}".format(*between)
        if relation.summed:
            named, where = f"{key}, sum({relation.summed}) AS {relation.summed}", f"{where} GROUP BY {key}"
        order = f"ORDER BY {key}" if relation.ordered or values is None else ""
        return self.select(f"SELECT {named} FROM {name} {where} {order}", schema)  # noqa: S608

    def _sums(self, name: str, keys: pa.Array, schema: pa.Schema) -> pa.Table:
        """Return the sum over nights of each key; all rows are read, which takes less than joining them with the keys does."""
        relation, sums = RELATIONS[name], Sums(keys.to_numpy())
        with engine_errors(self.path):
            rows = self.connection.sql(f"SELECT key, {relation.summed} FROM {name}")  # noqa: S608 - names are ours
            for batch in rows.to_arrow_reader(_SUMMED_ROWS):
                sums.add(*(column.to_numpy() for column in batch.columns))
        found = dict(zip(("key", relation.summed), sums.found(), strict=True))
        return pa.table([found[one.name] for one in schema], schema=schema)

    def _arrivals_of(self, doc_ids: pa.Array) -> pa.Array:
        """Return the arrivals of those of some articles that there are; no article is looked for twice."""
        asked = doc_ids.to_pylist()
        new = [one for one in dict.fromkeys(asked) if one not in self._arrivals]
        if new:
            self._arrivals |= dict.fromkeys(new)
            self.register("wanted", pa.table({"doc_id": pa.array(new, TEXT)}))
            found = self.select("SELECT doc_id, arrival FROM articles SEMI JOIN wanted USING (doc_id)", _PLACE)
            self._arrivals |= zip(found["doc_id"].to_pylist(), found["arrival"].to_pylist(), strict=True)
        there = [arrival for one in asked if (arrival := self._arrivals[one]) is not None]
        return pa.array(there, pa.int64())

    def _long_rows(self, name: str, arrivals: pa.Array, schema: pa.Schema) -> pa.Table:
        """Return the rows of some arrivals in the order of their ids; what lies far from all of them is not read."""
        self.register("wanted", pa.table({"arrival": arrivals}))
        wanted = [*schema.names, *(["doc_id"] if "doc_id" not in schema.names else [])]
        read = pa.schema([RELATIONS[name].stored.field(one) for one in wanted])
        named = ", ".join(f'"{one}"' for one in wanted)
        parts = [read.empty_table()]
        for low, high in spans(arrivals.to_numpy()):
            within = f"SEMI JOIN wanted USING (arrival) WHERE arrival BETWEEN {low} AND {high}"
            parts.append(self.select(f"SELECT {named} FROM {name} {within}", read))  # noqa: S608 - names are ours
        rows = pa.concat_tables(parts).sort_by("doc_id")
        if "arrival" in rows.schema.names:
            self._arrivals |= zip(rows["doc_id"].to_pylist(), rows["arrival"].to_pylist(), strict=True)
        return rows.select(schema.names)

    def select(self, query: str, schema: pa.Schema) -> pa.Table:
        """Return the rows of a query in the types of ``schema``."""
        with engine_errors(self.path):
            found = self.connection.sql(query).to_arrow_table(_BATCH_ROWS)
        return pa.table([found[one.name].cast(one.type) for one in schema], schema=schema)

    def batches(self, query: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a query, some at a time."""
        with engine_errors(self.path):
            for batch in self.connection.sql(query).to_arrow_reader(_BATCH_ROWS):
                yield pa.record_batch([batch.column(one.name).cast(one.type) for one in schema], schema=schema)

    def row(self, query: str) -> tuple[Any, ...]:
        """Return the first row that a query gives."""
        with engine_errors(self.path):
            return tuple(self.connection.sql(query).fetchall()[0])

    def value(self, query: str) -> Any:
        """Return the first value that a query gives."""
        return self.row(query)[0]

    def register(self, name: str, table: pa.Table) -> None:
        """Let queries name ``table``."""
        self.connection.register(name, table)

    def close(self) -> None:
        """Let go of the state."""
        self.connection.close()
        self._unlock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _unlock(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def spans(arrivals: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return few stretches, first and last, in which all arrivals lie, with what lies between them left out where that is most.

    Parameters
    ----------
    arrivals : ndarray of int64, shape (n,)
        In any order.

    Examples
    --------
    >>> spans(np.array([90_000, 3, 7, 90_001]))
    [(3, 7), (90000, 90001)]
    """
    if not len(arrivals):
        return []
    ordered = distinct(arrivals)
    gaps = np.diff(ordered)
    cuts = np.flatnonzero(gaps > _LEAST_GAP)
    cuts = np.sort(cuts[np.argsort(gaps[cuts], kind="stable")[-(_MOST_SPANS - 1) :]])
    firsts, lasts = ordered[np.append(0, cuts + 1)], ordered[np.append(cuts, len(ordered) - 1)]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


def connected(database: str, path: Path, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a database that keeps to its memory and spills beside ``path``."""
    connection = duckdb.connect(
        database,
        read_only=read_only,
        config={
            "memory_limit": f"{_MEMORY_MB}MB",
            # Of this process alone: the engine names its files alike in all.
            "temp_directory": f"{path}{_SPILL}{os.getpid()}",
            "threads": str(min(4, os.cpu_count() or 1)),
            "preserve_insertion_order": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    return connection


@contextmanager
def engine_errors(path: Path) -> Iterator[None]:
    """Say in one line what the engine, or the system, says of a state.

    Raises
    ------
    InputError
        If the file is no database, or none of ours.
    StateError
        If it is in use, damaged, or cannot be read or written.
    """
    try:
        yield
    except duckdb.Error as error:
        # Without the query, which the engine quotes.
        said = " ".join(str(error).partition("\nLINE 1:")[0].split())
        if "lock on file" in said:
            raise busy(path) from error
        if "not a valid DuckDB database file" in said or "sqlite_scanner" in said:
            raise no_state(path) from error
        if any(one in said for one in _FULL):
            raise _full(path) from error
        if "Permission denied" in said or "read-only" in said.casefold():
            raise StateError(f"--state: {path} cannot be written: {said.rpartition(': ')[2]}.") from error
        raise StateError(
            f"--state: {path} is damaged, or cannot be read ({said[:200]}). 'dedup state check' says more; put a copy in its place."
        ) from error
    except OSError as error:
        raise cannot_write(path, error) from error


def no_state(path: Path) -> InputError:
    """Return the error for a file that is something else."""
    return InputError(f"--state: {path} is no state of this tool. Give another name, or none of a file.")


def busy(path: Path) -> StateError:
    """Return the error for a state that another run is using."""
    return StateError(f"--state: {path} is in use by another run. Wait for it to end.")


def cannot_write(path: Path, error: OSError) -> StateError:
    """Return the error for a state that the system does not let us write."""
    if any(one in str(error) for one in _FULL):
        return _full(path)
    return StateError(f"--state: {path} cannot be written: {error.strerror or error}. Nothing was changed.")


def _full(path: Path) -> StateError:
    return StateError(f"--state: {path} cannot be written: no space left. Nothing was changed.")


def _locked(path: Path) -> int:
    """Take the lock of a state, a file beside it, and return its descriptor; it ends with the process, however that ends."""
    beside = path.with_name(f"{path.name}.lock")
    try:
        if not path.parent.is_dir():
            raise InputError(f"--state: there is no folder {path.parent}.")
        lock = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        if error.errno in {errno.EACCES, errno.EAGAIN}:
            raise busy(path) from error
        raise cannot_write(path, error) from error
    return lock


def _sweep_spill(path: Path) -> None:
    """Remove what runs that were killed had spilled: it may hold text that is to be forgotten."""
    for left in path.parent.glob(f"{glob.escape(path.name)}{_SPILL}*"):
        number = left.name.rpartition("-")[2]
        if number.isdigit() and not Path(f"/proc/{number}").exists():
            shutil.rmtree(left, ignore_errors=True)


def synced(path: Path) -> None:
    """See that what was written to a file or folder is on the disk."""
    place = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(place)
    finally:
        os.close(place)
