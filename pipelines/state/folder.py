"""A state in a folder: Parquet files that are only ever added, and one manifest that says which of them count.

In: the path of a folder that is there, or is to be. Out: a `Store`. The manifest is written anew for each night and moved into
place last, so a night is there when the manifest names its files.

Rule guarded here: a file that the manifest names is never changed; of rows that are replaced, that of the latest night counts.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from dedup.errors import InputError, StateError
from pipelines.state.relations import PARAMETER, RELATIONS
from pipelines.state.store import Rows, Store, connected, engine_errors, synced

MANIFEST: Final = "manifest.json"
_ROW_GROUP: Final = 8192


class Folder(Store):
    """A state in a folder; see `Store`."""

    def __init__(self, path: Path, *, writing: bool) -> None:
        self._manifest = _read(path)
        super().__init__(path, writing=writing)

    @property
    def is_new(self) -> bool:
        """Whether no night was ever written."""
        return not self._manifest

    def _open(self) -> duckdb.DuckDBPyConnection:
        # Another run may have ended while this one waited for the lock.
        self._manifest = _read(self.path)
        connection = connected(":memory:", self.path)
        if self._manifest:
            self._view(connection)
        if self.writing and self.path.is_dir():
            self._sweep()
        return connection

    def _view(self, connection: duckdb.DuckDBPyConnection) -> None:
        for name, relation in RELATIONS.items():
            files = [str(one) for one in self.files(name)]
            if not files:
                connection.register(name, relation.stored.empty_table())
                continue
            listed = ", ".join("'" + one.replace("'", "''") + "'" for one in files)
            rows = f"SELECT * FROM read_parquet([{listed}], hive_partitioning = false)"  # noqa: S608 - names are ours
            if relation.replaced:
                key = ", ".join(relation.key)
                rows += f" QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY night DESC) = 1"
            connection.execute(f"CREATE VIEW {name} AS {rows}")
        values = self._manifest["parameters"]
        connection.register("parameters", pa.table({"name": list(values), "value": list(values.values())}, PARAMETER))

    def files(self, name: str) -> list[Path]:
        """Return the files that hold the rows of a relation, oldest first; another engine may read them too."""
        return [self.path / one for one in self._manifest.get("files", {}).get(name, ())]

    def commit(self, night: int, rows: Rows, parameters: Mapping[str, str]) -> None:
        """Add the files of a night, then the manifest that names them; see `Store.commit`."""
        with engine_errors(self.path):
            self.path.mkdir(exist_ok=True)
            files = {name: list(known) for name, known in self._manifest.get("files", {}).items()}
            for name, table in rows.items():
                if table.num_rows:
                    stored = table.append_column("night", pa.array([night] * table.num_rows, pa.int64()))
                    files.setdefault(name, []).append(self._write(name, f"{night:06d}", stored))
            self._swap({"parameters": self._manifest.get("parameters") or dict(parameters), "files": files})

    def rewrite(self, gone: Mapping[str, str], rows: Rows) -> None:
        """Write the relations that change as one file each, then the manifest that names these; see `Store.rewrite`."""
        with engine_errors(self.path):
            files = {name: list(known) for name, known in self._manifest["files"].items()}
            version = 1 + max(
                (int(one.rpartition("v")[2].removesuffix(".parquet")) for one in self._rewritten(files)), default=0
            )
            for name in sorted({*gone, *rows}):
                relation = RELATIONS[name]
                kept = self.select(f"SELECT * FROM {name} WHERE NOT ({gone.get(name, 'false')})", relation.stored)  # noqa: S608
                if name in rows:
                    self.register("kept", kept)
                    self.register("added", rows[name])
                    same = f"ANTI JOIN added USING ({', '.join(relation.key)})"
                    kept = pa.concat_tables([self.select(f"SELECT * FROM kept {same}", relation.stored), rows[name]])  # noqa: S608
                files[name] = [self._write(name, f"v{version}", kept)] if kept.num_rows else []
            self._swap({"parameters": self._manifest["parameters"], "files": files})
            self._sweep()

    def n_bytes(self) -> int:
        """Return how much room the files take that the manifest names, and itself."""
        named = [self.path / one for files in self._manifest["files"].values() for one in files]
        return sum(one.stat().st_size for one in [*named, self.path / MANIFEST])

    @staticmethod
    def _rewritten(files: Mapping[str, list[str]]) -> list[str]:
        return [one for named in files.values() for one in named if "/v" in one]

    def _write(self, name: str, stem: str, table: pa.Table) -> str:
        folder = self.path / name
        folder.mkdir(exist_ok=True)
        path = folder / f"{stem}.parquet"
        pq.write_table(table, path, compression="zstd", row_group_size=_ROW_GROUP)
        synced(path)
        return f"{name}/{path.name}"

    def _swap(self, manifest: dict[str, Any]) -> None:
        new = self.path / f"{MANIFEST}.new"
        new.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        synced(new)
        new.replace(self.path / MANIFEST)
        synced(self.path)
        self._manifest = manifest

    def _sweep(self) -> None:
        """Remove the files of a night that was killed before its manifest was in place."""
        named = {one for files in self._manifest.get("files", {}).values() for one in files}
        for path in self.path.glob("*/*.parquet"):
            if path.parent.name in RELATIONS and f"{path.parent.name}/{path.name}" not in named:
                path.unlink()


def _read(path: Path) -> dict[str, Any]:
    """Return the manifest of a folder; an empty one where there is no folder yet, or an empty one.

    Raises
    ------
    InputError
        If the folder holds something else.
    StateError
        If the manifest is damaged, or a file that it names is gone.
    """
    place = path / MANIFEST
    if not place.exists():
        others = [one.name for one in path.iterdir() if one.name not in RELATIONS] if path.is_dir() else []
        if others and others != [f"{MANIFEST}.new"]:
            raise InputError(
                f"--state: {path} holds {min(others)!r} and is no state of this tool. Give another folder."
            )
        return {}
    try:
        manifest: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
        files = [one for named in manifest["files"].values() for one in named]
        dict(manifest["parameters"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise StateError(
            f"--state: {place} is damaged or cannot be read ({error}). Put a copy in its place."
        ) from error
    if lost := [one for one in files if not (path / one).is_file()]:
        raise StateError(f"--state: {path / lost[0]} is gone. Put a copy of the folder in its place.")
    return manifest
