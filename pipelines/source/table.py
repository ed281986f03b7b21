"""A table: a file of records in rows under one header, CSV or Parquet.

In: an open file. Out: a page or a reject for each row; its position is the line (CSV) or the row (Parquet).

Rules guarded here: a table without a column for text is one reject, and a bad row never shifts its fields nor stops
the rows after it.
"""

import csv
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.source.decode import decode_text
from pipelines.source.page import Page
from pipelines.source.place import Place
from pipelines.source.record import columns_of, read_record
from pipelines.source.reject import Reject, UnusableError
from pipelines.source.stream import Stream, lines_of, uncompressed

_PARQUET_ROWS: Final = 64
_PARQUET_BYTES: Final = 1 << 27


def read_csv(file: BinaryIO, place: Place) -> Iterator[Page | Reject]:
    """Yield a page or a reject for each row of ``file`` that is not blank.

    Raises
    ------
    UnusableError
        If no column holds text; after the last whole row, if the file breaks off or a line is over the limit.
    """
    limit = place.line_limit
    # A module-wide setting of csv, there is no other; it only ever grows.
    csv.field_size_limit(max(csv.field_size_limit(), limit))
    lines = _csv_lines(uncompressed(file, place.name), limit)
    head = next(lines, "")
    header: list[str] = []
    columns: Mapping[str, Sequence[str]] = {}
    rows = csv.reader(itertools.chain([head], lines), delimiter=_delimiter(head), strict=True)
    while True:
        here = replace(place, position=str(rows.line_num + 1))
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield here.reject("bad_csv", f"Lines {here.position} to {rows.line_num} are not CSV: {error}.")
            continue
        if not any(cell.strip() for cell in row):
            continue
        if not header:
            header = [name.strip() for name in row]
            columns = columns_of(tuple(dict.fromkeys(header)))
            _require_text(columns, header)
        elif len(row) < len(header) or any(cell.strip() for cell in row[len(header) :]):
            yield here.reject("ragged_row", f"The row has {len(row)} fields where the header has {len(header)}.")
        else:
            record: dict[str, str] = {}
            for name, cell in zip(header, row, strict=False):
                # Of two columns of one name the first that holds something counts.
                record[name] = record.get(name) or cell
            yield from read_record(record, columns, here)


def _csv_lines(stream: Stream, limit: int) -> Iterator[str]:
    for number, line in lines_of(stream, limit):
        if line is None:
            detail = f"Line {number} is longer than {limit:,} bytes; reading stopped there."
            raise UnusableError("too_large", detail)
        yield line.decode("ascii") if line.isascii() else decode_text(line)


def _delimiter(head: str) -> str:
    """Return the delimiter by which the header ``head`` has a column for text or HTML; else a comma."""
    for delimiter in ",;\t":
        try:
            columns = columns_of(tuple(dict.fromkeys(next(csv.reader([head], delimiter=delimiter), []))))
        except csv.Error:
            continue
        if columns["html"] or columns["text"]:
            return delimiter
    return ","


def _require_text(columns: Mapping[str, Sequence[str]], names: Sequence[str]) -> None:
    if not columns["html"] and not columns["text"]:
        shown = ", ".join(names)
        shown = shown if len(shown) <= 200 else f"{shown[:200]}…"
        raise UnusableError("no_text_column", f"No column is named html, text, body or content. There are: {shown}.")


def read_parquet(file: BinaryIO, place: Place) -> Iterator[Page | Reject]:
    """Yield a page or a reject for each row of ``file``.

    Raises
    ------
    UnusableError
        If no column holds text; where the file is damaged.
    """
    if not file.read(1):
        raise UnusableError("empty", "The file is empty.")
    file.seek(0)
    columns: Mapping[str, Sequence[str]] = {}
    for number, row in enumerate(_parquet_rows(file)):
        if not number:
            # The names of the columns come first.
            columns = columns_of(tuple(row))
            _require_text(columns, tuple(row))
        else:
            yield from read_record(row, columns, replace(place, position=str(number)))


def _parquet_rows(file: BinaryIO) -> Iterator[dict[str, Any]]:
    """Yield a row of nothing but names, then the rows.

    Raises
    ------
    UnusableError
        Where the file is damaged.
    """
    try:
        table = pq.ParquetFile(file)
        names = table.schema_arrow.names
        yield dict.fromkeys(names)
        for batch in table.iter_batches(batch_size=_rows_at_a_time(table.metadata)):
            for row in zip(*[_cells(column) for column in batch.columns], strict=True):
                yield dict(zip(names, row, strict=True))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        detail = f"The file cannot be read as Parquet: {' '.join(str(error).split())}."
        raise UnusableError("corrupt", detail) from error


def _rows_at_a_time(file: pq.FileMetaData) -> int:
    """Return how many rows fit in memory at once, whatever they hold: one long cell may be written once for all rows."""
    chunks = [
        file.row_group(group).column(place) for group in range(file.num_row_groups) for place in range(file.num_columns)
    ]
    longest = max((chunk.total_uncompressed_size for chunk in chunks), default=0)
    return max(1, min(_PARQUET_ROWS, _PARQUET_BYTES // max(longest, 1)))


def _cells(column: pa.Array) -> list[Any]:
    """Return the values of ``column`` as Python has them; a moment that Python cannot hold as its number."""
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    try:
        return column.to_pylist()  # type: ignore[no-any-return]
    except (ValueError, OverflowError):
        return [_cell(value) for value in column]


def _cell(value: pa.Scalar) -> Any:
    try:
        return value.as_py()
    except UnicodeDecodeError:
        # Text that is not UTF-8, against the rules of Parquet.
        return value.as_buffer().to_pybytes() if hasattr(value, "as_buffer") else None
    except (ValueError, OverflowError):
        # Out of the range of Python's dates: the number that Arrow keeps.
        return str(getattr(value, "value", ""))
