"""Where clean articles go: JSONL, CSV or Parquet, to a file that appears whole or not at all, or to standard output.

In: rows, some at a time. Out: each written before the next is asked for.

Rule guarded here: every field of a row is in every format, and nothing of a row is kept once it is written.
"""

import csv
import gzip
import io
import json
import select
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

import pyarrow as pa

from dedup.errors import InputError
from dedup.schema import ARTICLE, MEMBER
from pipelines.journal import printable
from pipelines.report import cell, check_output, json_line, whole_file

#: In tables, the column of the fields that are no columns, as a JSON object.
EXTRA: Final = "extra"
_TYPES: Final[Mapping[str, pa.DataType]] = {
    **{field.name: field.type for field in (*ARTICLE, *MEMBER)},
    "n_copies": pa.int64(),
}


class Format(StrEnum):
    """How articles are written."""

    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"


_ENDINGS: Final[Mapping[str, Format]] = {
    ".jsonl": Format.jsonl,
    ".ndjson": Format.jsonl,
    ".jsonl.gz": Format.jsonl,
    ".ndjson.gz": Format.jsonl,
    ".csv": Format.csv,
    ".csv.gz": Format.csv,
    ".parquet": Format.parquet,
}
#: Files of spreadsheets, which CSV is for.
_SPREADSHEETS: Final = (".xls", ".xlsx", ".ods")


class Output:
    """Writes articles as they come. Use as a context manager around the work.

    Parameters
    ----------
    path : Path, optional
        A file, whose name says the format; one whose ending is not known is JSONL. Without it, standard output.
    form : Format, optional
        For standard output, and for names that do not say it.
    columns : sequence of str
        What all rows have. Other fields of a row are fields in JSONL, and in tables together in ``extra``.

    Raises
    ------
    InputError
        If the file cannot be written, or its name says another format.
    """

    def __init__(self, path: Path | None, form: Format | None, columns: Sequence[str]) -> None:
        check_output(path)
        said = None
        if path is not None:
            name = path.name.lower()
            if name.endswith(_SPREADSHEETS):
                raise InputError(
                    f"-o: {path} would be a spreadsheet, which is not written. Give FILE.csv, which spreadsheets open."
                )
            said = next((each for ending, each in _ENDINGS.items() if name.endswith(ending)), None)
        if said and form and said is not form:
            raise InputError(f"--format: {path} is {said} by its name. Got {form}.")
        self.form = said or form or Format.jsonl
        if path is None and self.form is Format.parquet:
            raise InputError("--format: Parquet goes to a file. Give -o FILE.parquet.")
        self._path, self._columns = path, tuple(columns)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            # No wrapper of our own around standard output: one that fails to flush closes the descriptor when it is collected.
            file = sys.stdout if self._path is None else stack.enter_context(whole_file(self._path))
            self._file: BinaryIO = file.buffer
            if self._path is not None and self._path.name.lower().endswith(".gz"):
                # Without name and time: the same articles give the same bytes.
                packed = gzip.GzipFile(filename="", fileobj=self._file, mode="wb", mtime=0)
                self._file = stack.enter_context(packed)  # type: ignore[assignment]
            if self.form is Format.csv:
                self._file.write(self._csv([[*self._columns, EXTRA]]))
            elif self.form is Format.parquet:
                from pyarrow.parquet import ParquetWriter

                fields = [(name, _TYPES[name]) for name in self._columns]
                self._schema = pa.schema([*fields, (EXTRA, pa.string())])
                self._parquet = stack.enter_context(ParquetWriter(self._file, self._schema, compression="zstd"))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def write(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write some rows, and hand them on to whoever reads."""
        if self.form is Format.jsonl:
            for row in rows:
                self._file.write(json_line(row).encode("utf-8"))
        elif self.form is Format.csv:
            for row in rows:
                told = self._table_row(row) | {"removed": json.dumps(row["removed"], ensure_ascii=False)}
                self._file.write(self._csv([[cell(told[name]) for name in (*self._columns, EXTRA)]]))
        else:
            self._parquet.write_table(pa.Table.from_pylist([self._table_row(row) for row in rows], schema=self._schema))
        self._file.flush()

    def wanted(self) -> None:
        """See that somebody still reads.

        Raises
        ------
        BrokenPipeError
            If standard output is a pipe whose reader has gone, as ``head`` does when it has enough.
        """
        if self._path is None:
            poll = select.poll()
            poll.register(self._file, 0)
            if poll.poll(0):
                raise BrokenPipeError

    def _table_row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        other = {name: value for name, value in row.items() if name not in self._columns}
        extra = json.dumps(other, ensure_ascii=False) if other else ""
        return {name: row[name] for name in self._columns} | {EXTRA: extra}

    def _csv(self, rows: Iterable[Sequence[object]]) -> bytes:
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        shown = text.getvalue()
        # What a terminal would obey is no data to whoever looks at one.
        return (printable(shown) if self._file.isatty() else shown).encode("utf-8", "replace")
