"""A state written out: JSON lines for people and for comparing, Parquet for other tools.

In: a store. Out: every relation in the order of its key.

Rule guarded here: two states that hold the same give the same lines: no clock times, nothing of the machine.
"""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from dedup.errors import InputError, OutputError
from pipelines.state.relations import RELATIONS, Relation
from pipelines.state.store import Store

#: The report of a night, and all that says when or how fast it was made, differ between two states that hold the same.
_LEFT_OUT: Final = {"runs": ("ended", "record"), "files": ("n_bytes", "content")}


def rows(store: Store) -> Iterator[dict[str, Any]]:
    """Yield every row, as what JSON can hold, with the name of its relation; bytes in base 64."""
    for name, relation in RELATIONS.items():
        left_out = _LEFT_OUT.get(name, ())
        for batch in _batches(store, name, relation):
            for row in batch.to_pylist():
                yield {
                    "relation": name,
                    "row": {key: _plain(value) for key, value in row.items() if key not in left_out},
                }


def to_folder(store: Store, folder: Path) -> dict[str, int]:
    """Write each relation to a Parquet file of its name in ``folder``, and return the number of rows of each.

    Raises
    ------
    InputError
        If the folder holds anything already.
    OutputError
        If it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise InputError(f"-o: {folder} is not empty. Give a new folder.")
        counts = {}
        for name, relation in RELATIONS.items():
            counts[name] = 0
            with pq.ParquetWriter(folder / f"{name}.parquet", relation.stored, compression="zstd") as writer:
                for batch in _batches(store, name, relation):
                    writer.write_batch(batch)
                    counts[name] += batch.num_rows
    except OSError as error:
        raise OutputError(f"-o: {folder} cannot be written: {error.strerror or error}.") from error
    return counts


def _batches(store: Store, name: str, relation: Relation) -> Iterator[pa.RecordBatch]:
    return store.batches(f"SELECT * FROM {name} ORDER BY {', '.join([*relation.key, 'night'])}", relation.stored)  # noqa: S608


def _plain(value: Any) -> Any:
    return base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value


def line(row: dict[str, Any]) -> str:
    """Write a row as a line of JSON."""
    return json.dumps(row, ensure_ascii=False) + "\n"
