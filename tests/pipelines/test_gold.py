"""Labelled data that is not what it says: one error that names the row, before any work is done."""

import gzip
import json
from pathlib import Path

import pytest

from dedup.errors import InputError
from pipelines import evaluate
from pipelines.config import Config
from pipelines.gold import of_format, read_gold
from pipelines.journal import Journal

TEXT = "The harbour board voted on Tuesday to reopen the eastern quay after eleven days of repairs, its chairman said."


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize(
    ("name", "row", "message"),
    [
        ("pages", {"id": "a", "html": "x", "gold": None}, "'gold' is None in row 'a'"),
        ("pages", {"id": "a"}, "no row has id, html, gold"),
        ("lines", {"id": "a", "lines": None}, "'lines' is None in row 'a'"),
        ("lines", {"id": "a", "lines": ["x"]}, "'x' has no text and keep in row 'a'"),
        ("genres", {"id": "a", "html": ["x"]}, r"'html' is \['x'\] in row 'a'"),
        ("pairs", {"a": "1", "b": "2", "label": ["near"]}, r"'label' is \['near'\] in row '1'"),
        ("pairs", {"a": "1", "b": "2"}, "no row has a, b, label"),
        ("events", {"id": "a", "text": 3, "event": "x"}, "'text' is 3 in row 'a'"),
    ],
)
def test_rows_of_another_shape(name: str, row: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        of_format([row], name)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    whole = gzip.compress(b'{"id": 1}\n' * 1000)
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "noise.jsonl.gz").write_bytes(b"\x1f\x8b" + b"\x00" * 30)
    (tmp_path / "text.jsonl.gz").write_bytes(b"no gzip")
    (tmp_path / "broken.jsonl").write_text('{"id": 1}\n{"id"')
    (tmp_path / "list.jsonl").write_text("[1]\n")
    (tmp_path / "deep.jsonl").write_text("[" * 100_000)
    (tmp_path / "digits.jsonl").write_text("9" * 5000)
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(InputError, match=path.name):
            list(read_gold(path))
    with pytest.raises(InputError, match="cannot be read"):
        list(read_gold(tmp_path / "nothing"))


def test_what_the_tool_writes_serves_as_gold(tmp_path: Path) -> None:
    assert list(read_gold(write(tmp_path / "a.jsonl", {"doc_id": "x"}))) == [{"doc_id": "x", "id": "x"}]


def test_numbers_serve_as_ids_of_pairs(tmp_path: Path) -> None:
    gold = write(
        tmp_path / "g.jsonl", {"id": 1, "text": TEXT}, {"id": 2, "text": TEXT}, {"a": 2, "b": 1, "label": "exact"}
    )
    found = evaluate.run([str(gold)], "pairs", [], Config(), 1, None, Journal())
    assert found["exact+near"]["f1"] == 1.0


def test_an_unknown_label_is_named(tmp_path: Path) -> None:
    gold = write(tmp_path / "g.jsonl", {"id": 1, "text": TEXT}, {"a": 1, "b": 1, "label": "copy"})
    with pytest.raises(InputError, match="'copy' is not one of exact"):
        evaluate.run([str(gold)], "pairs", [], Config(), 1, None, Journal())


def test_pages_are_scored_by_title_day_and_author_as_well(tmp_path: Path) -> None:
    text = "The north quay reopened on Monday after three weeks of repairs, and the first ferry left at noon. " * 5
    html = f"<title>Quay reopens</title><h1>Quay reopens</h1><p class='byline'>By Ann Lee and Bo Ek</p><p>2 March 2026</p><p>{text}</p>"
    gold = {"html": html, "gold": text}
    told = [
        {"id": "a", "title": "Quay reopens", "published": "2026-03-02", "author": "Bo Ek and Ann Lee"},
        {"id": "b", "title": "The quay reopens", "published": "2026-03-03", "author": "Bo Ek"},
        {"id": "c", "title": "Ferry sold", "published": "2026-03"},
        {"id": "d"},
    ]
    path = tmp_path / "pages.jsonl"
    path.write_text("".join(json.dumps(gold | row) + "\n" for row in told))
    found = evaluate.run([str(path)], "pages", [], Config(), 1, None, Journal())
    assert found["title_right"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["title_close"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["published_right"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["published_wrong"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["author_right"] == 0.5
