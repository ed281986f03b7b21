"""The files of a finished night, read back.

In: an output folder. Out: its rows, as ``nightly`` wrote them: without the apostrophes that guard CSV cells.

Rule guarded here: a folder that is no report, or a damaged file, is an error that names it.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from pyarrow import csv

from dedup.errors import InputError
from pipelines.report import ARTICLES_JSONL, COLUMNS, GUARD, RUN_JSON, cell, given


@dataclass(frozen=True)
class Finished:
    """A finished night. The articles are those of ``articles.jsonl``; the other rows hold text alone.

    Parameters
    ----------
    run : dict
        ``run.json``.
    articles : list of dict
        The columns of ``articles.csv`` and ``text``.
    duplicates, clusters, events, boilerplate, rejects : list of dict
        The rows of the CSV file of that name.
    """

    run: dict[str, Any]
    articles: list[dict[str, Any]]
    duplicates: list[dict[str, str]]
    clusters: list[dict[str, str]]
    events: list[dict[str, str]]
    boilerplate: list[dict[str, str]]
    rejects: list[dict[str, str]]


def read(folder: Path) -> Finished:
    """Read a finished output folder.

    Raises
    ------
    InputError
        If a file is missing or damaged.
    """
    articles = list(_articles(folder))
    # An id in a CSV file that begins with an apostrophe may have been given so, or be guarded; CSV holds no lone surrogates.
    written = ((row["doc_id"], str(cell(row["doc_id"])).encode("utf-8", "replace").decode()) for row in articles)
    ids = {shown: doc_id for doc_id, shown in written if shown != doc_id or shown.startswith(GUARD)}
    names = ("duplicates", "clusters", "events", "boilerplate", "rejects")
    return Finished(_run(folder), articles, *(_rows(folder / f"{name}.csv", ids) for name in names))


def _run(folder: Path) -> dict[str, Any]:
    path = folder / RUN_JSON
    with _readable(path):
        run = json.loads(path.read_text(encoding="utf-8"))
        if not all(isinstance(run["counts"][name], int) for name in ("pages", "seen", "words", "words_removed")):
            raise TypeError
        return dict(run)


#: Arrow reads no larger blocks; a row that spans two is read all the same.
_MOST_BYTES: Final = 2**31 - 1


def _articles(folder: Path) -> Iterator[dict[str, Any]]:
    path = folder / ARTICLES_JSONL
    columns = (*COLUMNS["articles.csv"], "text")
    with _readable(path), path.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            made = {name: row[name] if name.startswith("n_") else str(row[name] or "") for name in columns}
            if not isinstance(made["n_words"] + made["n_words_removed"], int):
                raise TypeError
            yield made


def _rows(path: Path, ids: dict[str, str]) -> list[dict[str, str]]:
    names = COLUMNS[path.name]
    with _readable(path):
        content = path.read_bytes()
        # Arrow takes what ends inside a cell, and a quotation mark inside one.
        if content.count(b'"') % 2 or not content.endswith(b"\n"):
            raise ValueError("a cell that does not end")
        table = csv.read_csv(
            pa.BufferReader(content),
            csv.ReadOptions(block_size=min(len(content), _MOST_BYTES)),
            csv.ParseOptions(newlines_in_values=True),
            csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), include_columns=names),
        )
    columns = [
        # Most cells are as they were given.
        [
            ids.get(value) or given(value) if value[:1] == GUARD or value in ids else value
            for value in column.to_pylist()
        ]
        for column in table.columns
    ]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise InputError(f"{path.parent} is no report of 'dedup nightly': it has no {path.name}.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is damaged. Run 'dedup nightly' again.") from error
