"""CSV and Parquet: their dialects and types, and bad rows."""

import csv
import datetime as dt
import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.source import Page, Reject, read
from pipelines.source.table import _rows_at_a_time

HTML = b"<html><body><p>The council met on Tuesday.</p></body></html>"


def test_csv_with_quotes_line_breaks_and_long_fields(
    tmp_path: Path, split: Callable[..., tuple[list[Page], list[Reject]]]
) -> None:
    long = "word " * 50_000
    path = tmp_path / "a.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerows(
            [["id", "text", "date", "tag"], ["1", 'He said, "no"\nand left', "2024-01-02", ""], ["2", long]]
        )
        writer.writerow(["3", long, "", "x"])
    pages, rejects = split(read([str(path)]))
    assert [(each.doc_id, each.position, each.extra) for each in pages] == [
        ("1", "2", '{"tag":""}'),
        ("3", "5", '{"tag":"x"}'),
    ]
    assert pages[0].content == b'He said, "no"\nand left'
    assert pages[0].published == "2024-01-02"
    assert [(each.reason, each.position) for each in rejects] == [("ragged_row", "4")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_csv_delimiters_and_encodings(
    tmp_path: Path, delimiter: str, encoding: str, pages_of: Callable[..., list[Page]], put: Callable[..., Path]
) -> None:
    content = delimiter.join(["Title, or name" if delimiter != "," else "Title", "TEXT"]) + "\r\n"
    content += delimiter.join(["a", "Frühstück für Österreich, sagte die Präsidentin".replace(",", "")]) + "\r\n"
    (only,) = pages_of(put(tmp_path / "a.csv", content.encode(encoding)))
    assert only.content.decode() == "Frühstück für Österreich sagte die Präsidentin"


def test_csv_gz(tmp_path: Path, pages_of: Callable[..., list[Page]], put: Callable[..., Path]) -> None:
    assert pages_of(put(tmp_path / "a.csv.gz", gzip.compress(b"text\nhello\n")))[0].content == b"hello"


def test_csv_without_text_names_the_columns(
    tmp_path: Path, rejects_of: Callable[..., list[Reject]], put: Callable[..., Path]
) -> None:
    (only,) = rejects_of(put(tmp_path / "a.csv", "id,headline\n1,a\n2,b\n"))
    assert (only.reason, only.position) == ("no_text_column", "")
    assert only.detail.endswith("There are: id, headline.")


def test_csv_with_only_a_header(tmp_path: Path, reasons: Callable[..., list[str]], put: Callable[..., Path]) -> None:
    assert reasons(read([str(put(tmp_path / "a.csv", "id,text\n"))])) == ["empty"]


def test_csv_with_broken_quotes_loses_nothing_silently(
    tmp_path: Path, split: Callable[..., tuple[list[Page], list[Reject]]], put: Callable[..., Path]
) -> None:
    content = 'id,text\n1,"He said "hi" to me"\n2,fine\n3,"never closed\n4,swallowed\n'
    pages, rejects = split(read([str(put(tmp_path / "a.csv", content))]))
    assert [each.doc_id for each in pages] == ["2"]
    assert [(each.reason, each.position) for each in rejects] == [("bad_csv", "2"), ("bad_csv", "4")]
    assert "Lines 4 to 5" in rejects[1].detail


def test_csv_rows_longer_or_shorter_than_the_header(
    tmp_path: Path, split: Callable[..., tuple[list[Page], list[Reject]]], put: Callable[..., Path]
) -> None:
    pages, rejects = split(read([str(put(tmp_path / "a.csv", "id,text\n1,a,,\n2,b,c\n3\n\n,\n4,d\n"))]))
    assert [each.doc_id for each in pages] == ["1", "4"]
    assert [(each.reason, each.position) for each in rejects] == [("ragged_row", "3"), ("ragged_row", "4")]


def test_csv_line_over_the_limit(
    tmp_path: Path,
    split: Callable[..., tuple[list[Page], list[Reject]]],
    reasons: Callable[..., list[str]],
    put: Callable[..., Path],
) -> None:
    content = "id,text\n1,ok\n2," + "x" * 5000 + "\n3,ok\n"
    pages, rejects = split(read([str(put(tmp_path / "a.csv", content))], max_page_bytes=1000))
    assert [each.doc_id for each in pages] == ["1"]
    assert reasons(rejects) == ["too_large"]


def parquet(path: Path, **columns: Any) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def test_parquet_text_that_is_not_utf8(tmp_path: Path, pages_of: Callable[..., list[Page]]) -> None:
    raw = pa.array([b"caf\xe9", b"plain"]).view(pa.string())
    assert [each.content.decode() for each in pages_of(parquet(tmp_path / "a.parquet", text=raw))] == ["café", "plain"]


def test_parquet_types(tmp_path: Path, pages_of: Callable[..., list[Page]]) -> None:
    day = dt.date(2024, 1, 2)
    moment = dt.datetime(2024, 1, 2, 3, 4, 5, 123456, tzinfo=dt.UTC)
    path = parquet(
        tmp_path / "a.parquet",
        id=pa.array([1, 2], pa.int64()),
        text=pa.array(["one", "two"], pa.large_string()),
        published=pa.array([moment, None], pa.timestamp("ns", "UTC")),
        date=pa.array([day, day], pa.date32()),
        title=pa.array(["t", "t"]).dictionary_encode(),
        tags=pa.array([["a"], None], pa.list_(pa.string())),
        meta=pa.array([{"when": day, "raw": b"\xff", "x": float("nan")}, None]),
        blob=pa.array([b"plain", None], pa.binary()),
    )
    first, second = pages_of(path)
    assert (first.doc_id, first.content, first.title, first.published) == ("1", b"one", "t", "2024-01-02T03:04:05Z")
    assert json.loads(first.extra) == {
        "date": "2024-01-02",
        "tags": ["a"],
        "meta": {"when": "2024-01-02", "raw": "/w==", "x": None},
        "blob": "plain",
    }
    assert (second.position, second.published) == ("2", "2024-01-02")


def test_parquet_ids_that_pandas_made_floats_and_html_bytes(
    tmp_path: Path, pages_of: Callable[..., list[Page]]
) -> None:
    raw = "<p>caf\xe9</p>".encode("latin-1")
    first, second = pages_of(parquet(tmp_path / "a.parquet", id=[1.0, float("nan")], html=pa.array([raw, HTML])))
    assert (first.doc_id, first.kind, first.content) == ("1", "html", raw)
    assert re.fullmatch("[0-9a-f]{32}", second.doc_id)


def test_parquet_text_of_other_types(
    tmp_path: Path, pages_of: Callable[..., list[Page]], reasons: Callable[..., list[str]]
) -> None:
    assert reasons(read([str(parquet(tmp_path / "a.parquet", text=[1, 2, None]))])) == [
        "bad_type",
        "bad_type",
        "no_text",
    ]
    (joined,) = pages_of(parquet(tmp_path / "b.parquet", text=[["one", "two"]]))
    assert joined.content == b"one\ntwo"
    assert reasons(read([str(parquet(tmp_path / "c.parquet", text=pa.array([b"\x89PNG" + bytes(99)])))])) == ["binary"]


def test_parquet_dates_beyond_python(
    tmp_path: Path, split: Callable[..., tuple[list[Page], list[Reject]]], reasons: Callable[..., list[str]]
) -> None:
    stamps = pa.array([2**62, 0], pa.int64()).cast(pa.timestamp("us"))
    pages, rejects = split(read([str(parquet(tmp_path / "a.parquet", text=["a", "b"], published=stamps))]))
    assert [each.published for each in pages] == ["", "1970-01-01T00:00:00Z"]
    assert reasons(rejects) == ["bad_date"]


def test_parquet_without_text_without_rows_and_damaged(
    tmp_path: Path, rejects_of: Callable[..., list[Reject]], reasons: Callable[..., list[str]], put: Callable[..., Path]
) -> None:
    (only,) = rejects_of(parquet(tmp_path / "a.parquet", id=["1"], words=["w"]))
    assert (only.reason, "There are: id, words." in only.detail) == ("no_text_column", True)
    assert reasons(read([str(parquet(tmp_path / "b.parquet", text=pa.array([], pa.string())))])) == ["empty"]
    whole = parquet(tmp_path / "c.parquet", text=["word " * 1000] * 100).read_bytes()
    assert reasons(read([str(put(tmp_path / "d.parquet", whole[:-20]))])) == ["corrupt"]
    assert reasons(read([str(put(tmp_path / "e.parquet", b"not parquet at all"))])) == ["corrupt"]


def test_parquet_of_many_row_groups(tmp_path: Path, pages_of: Callable[..., list[Page]]) -> None:
    pq.write_table(pa.table({"text": [f"text {n}" for n in range(300)]}), tmp_path / "a.parquet", row_group_size=100)
    assert [each.position for each in pages_of(tmp_path / "a.parquet")] == [str(n) for n in range(1, 301)]


def test_a_long_cell_that_is_written_once_for_many_rows_is_not_held_once_for_each(
    tmp_path: Path, rejects_of: Callable[..., list[Reject]]
) -> None:
    for name, text in (("short", "word"), ("long", "x" * 40_000_000)):
        pq.write_table(pa.table({"text": [text] * 8}), tmp_path / f"{name}.parquet")
    assert _rows_at_a_time(pq.read_metadata(tmp_path / "short.parquet")) == 64
    assert _rows_at_a_time(pq.read_metadata(tmp_path / "long.parquet")) == 3
    assert [each.reason for each in rejects_of(tmp_path / "long.parquet")] == ["too_large"] * 8
