"""Labelled data: JSONL rows of the formats that `evaluate` and `train` read.

In: paths. Out: rows whose fields are there and of the right types.

Rule guarded here: a row that claims to be of a format but is not is an error that names the row and the field, before
any work is done.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from dedup.errors import InputError

Row = dict[str, Any]

_ID = (str, int)

#: Fields of each format with their types.
FORMATS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "pages": {"id": _ID, "html": str, "gold": str},
    "genres": {"id": _ID, "html": str},
    "lines": {"id": _ID, "lines": list},
    "pairs": {"a": _ID, "b": _ID, "label": str},
    "articles": {"id": _ID, "text": str},
    "events": {"id": _ID, "text": str, "event": _ID},
}


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a gold file, by which a model names what it was made from."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_gold(path: Path) -> Iterator[Row]:
    """Read a JSONL file, gzipped if its name says so; ``doc_id`` serves as ``id`` where there is none.

    Raises
    ------
    InputError
        Names the file and the line that is no JSON object.
    """
    number = 0
    try:
        opener: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    row = json.loads(line)
                    if not isinstance(row, dict):
                        raise InputError(f"{path}: line {number} is no JSON object.")
                    yield row if "id" in row or "doc_id" not in row else row | {"id": row["doc_id"]}
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{path} is no whole gzip file: {error}.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: line {number or 1} is no JSON: {str(error)[:100]}.") from error


def of_format(rows: Sequence[Row], name: str) -> list[Row]:
    """Return the rows that have the fields of a format.

    Raises
    ------
    InputError
        If a field is of another type, or no row has them all.
    """
    fields = FORMATS[name]
    kept = [row for row in rows if all(field in row for field in fields)]
    for row in kept:
        for field, kind in fields.items():
            if not isinstance(row[field], kind) or isinstance(row[field], bool):
                raise InputError(f"gold {name}: {field!r} is {row[field]!r:.40} in row {_shown(row)}.")
        for line in row.get("lines", ()) if name == "lines" else ():
            if not isinstance(line, dict) or not isinstance(line.get("text"), str) or "keep" not in line:
                raise InputError(f"gold lines: {line!r:.60} has no text and keep in row {_shown(row)}.")
    if not kept:
        raise InputError(f"gold {name}: no row has {', '.join(fields)}.")
    return kept


def _shown(row: Row) -> str:
    return f"{row.get('id', row.get('a', ''))!r:.60}"
