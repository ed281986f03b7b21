"""Articles written as JSONL, CSV and Parquet: whole, readable by others and by the tool itself, and safe to look at."""

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from dedup.errors import InputError
from pipelines import source
from pipelines.output import Format, Output
from pipelines.preprocess import PUBLIC

ROW: dict[str, Any] = {
    "doc_id": "=a",
    "url": "https://quay.example/1",
    "source": "quay.example",
    "title": 'The "quay", reopened\nat last',
    "published": "2026-03-02",
    "language": "en",
    "n_words": 4,
    "n_words_removed": 1,
    "text": "Ferries sail again, 🚢 اليوم.",
    "removed": [{"text": "Share", "reason": "line model"}],
    "desk": {"name": "harbour", "n": 3},
}


def written(path: Path, rows: list[dict[str, Any]], form: Format | None = None) -> Path:
    with Output(path, form, PUBLIC) as out:
        out.write(rows[:1])
        out.write(rows[1:])
    return path


@pytest.mark.parametrize("name", ["a.jsonl", "a.NDJSON", "a.jsonl.gz", "a.txt", "a"])
def test_jsonl_has_every_field_under_its_name(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name, [ROW, ROW])
    content = gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()
    assert [json.loads(line) for line in content.splitlines()] == [ROW, ROW]


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a"])
def test_csv_has_a_fixed_header_and_the_rest_as_json(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name, [ROW, ROW], Format.csv)
    content = gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()
    rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    assert list(rows[0]) == [*PUBLIC, "extra"]
    assert rows[0] == rows[1]
    assert rows[0]["doc_id"] == "'=a"
    assert (rows[0]["title"], rows[0]["text"]) == (ROW["title"], ROW["text"])
    assert json.loads(rows[0]["removed"]) == ROW["removed"]
    assert json.loads(rows[0]["extra"]) == {"desk": ROW["desk"]}


def test_parquet_has_types(tmp_path: Path) -> None:
    table = pq.read_table(written(tmp_path / "a.parquet", [ROW, ROW]))
    assert table.schema.names == [*PUBLIC, "extra"]
    (row, _) = table.to_pylist()
    assert json.loads(row.pop("extra")) == {"desk": ROW["desk"]}
    assert row == {name: ROW[name] for name in PUBLIC}


def test_without_rows_a_table_has_its_columns(tmp_path: Path) -> None:
    assert written(tmp_path / "a.csv", []).read_text() == ",".join([*PUBLIC, "extra"]) + "\n"
    assert pq.read_table(written(tmp_path / "a.parquet", [])).schema.names == [*PUBLIC, "extra"]
    assert written(tmp_path / "a.jsonl", []).read_text() == ""


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.csv", "a.csv.gz", "a.parquet"])
def test_the_same_rows_give_the_same_bytes_and_can_be_read_back(tmp_path: Path, name: str) -> None:
    row = ROW | {"doc_id": "a"}
    content = written(tmp_path / name, [row]).read_bytes()
    assert written(tmp_path / name, [row]).read_bytes() == content
    (page,) = source.read([str(tmp_path / name)])
    assert isinstance(page, source.Page)
    assert (page.doc_id, page.title, page.content.decode()) == ("a", " ".join(row["title"].split()), row["text"])


def test_a_failure_leaves_no_file_and_an_earlier_one_alone(tmp_path: Path) -> None:
    for name in ("a.jsonl", "a.csv.gz", "a.parquet"):
        path = tmp_path / name
        path.write_text("before")
        with pytest.raises(RuntimeError), Output(path, None, PUBLIC) as out:
            out.write([ROW])
            raise RuntimeError
        assert path.read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    ("name", "form", "message"),
    [
        ("a.csv", Format.jsonl, "a.csv is csv by its name"),
        ("a.parquet", Format.csv, "is parquet by its name"),
        (None, Format.parquet, "Parquet goes to a file"),
        ("nowhere/a.csv", None, "there is no folder"),
        (".", None, "is a folder"),
    ],
)
def test_what_cannot_be_is_told_before_the_work(
    tmp_path: Path, name: str | None, form: Format | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        Output(tmp_path / name if name else None, form, PUBLIC)


@pytest.mark.parametrize("name", ["a.xlsx", "a.XLS", "a.ods"])
def test_a_name_of_a_spreadsheet_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"would be a spreadsheet, which is not written\. Give FILE\.csv"):
        written(tmp_path / name, [ROW])
    assert not list(tmp_path.iterdir())
