"""A state in one DuckDB file, which any DuckDB client can open.

In: the path of a file that is there, or is to be. Out: a `Store`.

Rule guarded here: a night is one transaction; and a file appears under its name only with its first night in it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from pipelines.state.relations import PARAMETER, RELATIONS
from pipelines.state.store import Rows, Store, connected, engine_errors, no_state, synced

_TYPES: Final = {
    pa.string(): "VARCHAR",
    pa.int8(): "TINYINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.binary(): "BLOB",
    pa.large_binary(): "BLOB",
}


class File(Store):
    """A state in one file; see `Store`."""

    def __init__(self, path: Path, *, writing: bool) -> None:
        self._made = path
        self._beside = path.with_name(f"{path.name}.new")
        super().__init__(path, writing=writing)

    @property
    def is_new(self) -> bool:
        """Whether no night was ever written."""
        return not self.path.exists()

    def _open(self) -> duckdb.DuckDBPyConnection:
        if not self.is_new:
            # The engine would make a database of an empty file.
            if not self.path.stat().st_size:
                raise no_state(self.path)
            if self.writing:
                self._discard()
            return connected(str(self.path), self.path, read_only=not self.writing)
        self._made = self._beside
        self._discard()
        return connected(str(self._made), self.path)

    def close(self) -> None:
        """Let go of the state; half a first night goes."""
        self.connection.close()
        if self._made != self.path:
            self._discard()
        super().close()

    def _discard(self) -> None:
        """Remove half a file, of this run or of one that was killed."""
        for left in (self._beside, self._beside.with_name(f"{self._beside.name}.wal")):
            left.unlink(missing_ok=True)

    def commit(self, night: int, rows: Rows, parameters: Mapping[str, str]) -> None:
        """Write the rows of a night in one transaction; see `Store.commit`."""
        with engine_errors(self.path):
            self.connection.execute("BEGIN")
            if self.is_new:
                self._create(parameters)
            for name, table in rows.items():
                stored = table.append_column("night", pa.array([night] * table.num_rows, pa.int64()))
                self._put(name, stored)
            self.connection.execute("COMMIT")
            if self._made != self.path:
                # What is left in a log beside it would not be moved into place.
                self.connection.execute("CHECKPOINT")
            self._close()

    def rewrite(self, gone: Mapping[str, str], rows: Rows) -> None:
        """Write the file anew, so that nothing of what goes is left in it, and put it in place; see `Store.rewrite`."""
        with engine_errors(self.path):
            self._made = self._beside
            made = str(self._made).replace("'", "''")
            self.connection.execute(f"ATTACH '{made}' AS made")
            self.connection.execute("BEGIN")
            self._create(self.parameters, "made.")
            for name, relation in RELATIONS.items():
                kept = f"SELECT * FROM {name} WHERE NOT ({gone.get(name, 'false')})"  # noqa: S608 - names and conditions are ours
                if name in rows:
                    self.register("added", rows[name])
                    kept = f"SELECT * FROM ({kept}) ANTI JOIN added USING ({', '.join(relation.key)}) UNION ALL BY NAME SELECT * FROM added"  # noqa: S608
                self.connection.execute(f"INSERT INTO made.{name} BY NAME {kept}")
            self.connection.execute("COMMIT")
            self.connection.execute("CHECKPOINT made")
            self.connection.execute("DETACH made")
            self._close()

    def n_bytes(self) -> int:
        """Return how much room the file takes."""
        return self.path.stat().st_size

    def _create(self, parameters: Mapping[str, str], where: str = "") -> None:
        for name, relation in RELATIONS.items():
            columns = ", ".join(f'"{field.name}" {_sql_type(field.type)}' for field in relation.stored)
            self.connection.execute(f"CREATE TABLE {where}{name} ({columns})")
        self.connection.execute(f"CREATE TABLE {where}parameters (name VARCHAR, value VARCHAR)")
        values = {"name": list(parameters), "value": list(parameters.values())}
        self.register("added", pa.table(values, schema=PARAMETER))
        self.connection.execute(f"INSERT INTO {where}parameters SELECT * FROM added")  # noqa: S608

    def _put(self, name: str, table: pa.Table) -> None:
        """Insert rows, in the place of those with their keys."""
        self.register("added", table)
        if RELATIONS[name].replaced and table.num_rows:
            same = " AND ".join(f"{name}.{column} = added.{column}" for column in RELATIONS[name].key)
            self.connection.execute(f"DELETE FROM {name} USING added WHERE {same}")  # noqa: S608
        self.connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM added")  # noqa: S608

    def _close(self) -> None:
        self.connection.close()
        if self._made != self.path:
            synced(self._made)
            self._made.replace(self.path)
            synced(self.path.absolute().parent)
            self._made = self.path


def _sql_type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"{_sql_type(kind.value_type)}[]"
    if pa.types.is_struct(kind):
        fields = [f'"{field.name}" {_sql_type(field.type)}' for field in kind]
        return f"STRUCT({', '.join(fields)})"
    return _TYPES[kind]
