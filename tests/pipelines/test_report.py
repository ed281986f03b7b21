"""The report's files: cells, rows, and a folder that appears whole or not at all."""

import csv
import io
import json
import os
import stat
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.errors import InputError, OutputError
from pipelines import report
from pipelines.report import OutputFolder, cell, json_line, whole_file, write_csv, write_jsonl

# What CSV and JSON files can hold: any text but lone surrogates (which are escaped) and NUL.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


@pytest.mark.parametrize("text", ["=1+1", "+49 30", "-x", "@home", "\t=1", "\r=1"])
def test_no_cell_runs_as_a_formula(text: str) -> None:
    assert cell(text) == "'" + text
    assert cell([text, "b"]) == f"'{text}; b"


def test_cells() -> None:
    assert [cell(value) for value in ("a", "", None, 3, 0.1234567, ["a", "b"], [])] == [
        "a",
        "",
        "",
        3,
        0.123457,
        "a; b",
        "",
    ]


@given(st.lists(TEXT, min_size=1, max_size=4))
def test_csv_can_be_read_back(texts: list[str]) -> None:
    columns = [f"c{place}" for place in range(len(texts))]
    stream = io.StringIO(newline="")
    csv.writer(stream).writerow([cell(text) for text in texts])
    (row,) = csv.reader(io.StringIO(stream.getvalue(), newline=""))
    assert [
        value.removeprefix("'") if text[:1] in report._FORMULA_STARTS else value
        for text, value in zip(texts, row, strict=True)
    ] == texts
    assert len(columns) == len(row)


def test_csv_is_utf8_with_a_header_and_crlf(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    assert write_csv(path, ("a", "b"), [{"a": 'é\n"q"', "b": 1, "c": "left out"}]) == 1
    assert path.read_bytes() == 'a,b\r\n"é\n""q""",1\r\n'.encode()


@given(TEXT)
def test_json_lines_can_be_read_back(text: str) -> None:
    line = json_line({"a": text})
    assert line.count("\n") == 1
    assert json.loads(line.encode()) == {"a": text}


def test_json_lines_hold_lone_surrogates(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    assert write_jsonl(path, [{"a": "x\ud800"}]) == 1
    assert json.loads(path.read_bytes()) == {"a": "x\ud800"}


def make_report(folder: Path, content: str) -> None:
    with OutputFolder(folder) as output:
        (output.path / report.RUN_JSON).write_text("{}")
        (output.path / "articles.csv").write_text(content)
        output.commit()


def test_a_folder_is_made_with_its_parents_and_usual_rights(tmp_path: Path) -> None:
    umask = os.umask(0o022)
    try:
        make_report(tmp_path / "a" / "b", "one")
    finally:
        os.umask(umask)
    assert (tmp_path / "a" / "b" / "articles.csv").read_text() == "one"
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o755
    assert os.listdir(tmp_path / "a") == ["b"]


@pytest.mark.parametrize("atomic", [True, False])
def test_an_earlier_report_is_replaced(tmp_path: Path, atomic: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not atomic:
        monkeypatch.setattr(report, "_exchange", lambda *_: False)
    make_report(tmp_path / "out", "one")
    (tmp_path / "out" / "report.html").write_text("of the earlier night")
    make_report(tmp_path / "out", "two")
    assert (tmp_path / "out" / "articles.csv").read_text() == "two"
    assert sorted(os.listdir(tmp_path / "out")) == ["articles.csv", "run.json"]
    assert os.listdir(tmp_path) == ["out"]


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    make_report(tmp_path / "out", "one")
    assert (tmp_path / "out" / "articles.csv").read_text() == "one"


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "real")
    make_report(tmp_path / "out", "one")
    assert (tmp_path / "out").is_symlink()
    assert (tmp_path / "real" / "articles.csv").read_text() == "one"


def test_somebody_elses_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match=r"holds 'thesis\.txt', which is no part"), OutputFolder(tmp_path):
        pass
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("place", ["file", "file/below", "file/far/below"])
def test_a_file_is_no_folder(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="is a file"), OutputFolder(tmp_path / place):
        pass


def test_a_place_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(report.tempfile, "mkdtemp", refused)
    with pytest.raises(OutputError, match="out cannot be written: Permission denied"), OutputFolder(tmp_path / "out"):
        pass


def test_a_failed_run_leaves_nothing_and_the_earlier_report_whole(tmp_path: Path) -> None:
    make_report(tmp_path / "out", "one")
    with pytest.raises(KeyboardInterrupt), OutputFolder(tmp_path / "out") as output:
        (output.path / "articles.csv").write_text("half")
        raise KeyboardInterrupt
    assert (tmp_path / "out" / "articles.csv").read_text() == "one"
    assert os.listdir(tmp_path) == ["out"]


def test_what_a_killed_run_left_is_removed_a_day_later_unless_a_run_holds_it(tmp_path: Path) -> None:
    long_ago = time.time() - 2 * 86_400
    for name in (".out.partial-abandoned", ".out.partial-fresh", ".other.partial-abandoned"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "articles.csv").write_text("half")
    with OutputFolder(tmp_path / "out") as running:
        for path in (*tmp_path.glob(".*abandoned"), running.path):
            os.utime(path, (long_ago, long_ago))
        make_report(tmp_path / "out", "one")
        left = {path.name for path in tmp_path.iterdir()}
        assert left == {"out", running.path.name, ".out.partial-fresh", ".other.partial-abandoned"}
        running.commit()


def test_a_full_disk_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written: No space left"), OutputFolder(tmp_path / "out"):
        raise OSError(28, "No space left on device")
    assert os.listdir(tmp_path) == []


def test_a_report_that_somebody_keeps_notes_in_is_left_alone(tmp_path: Path) -> None:
    make_report(tmp_path / "out", "one")
    (tmp_path / "out" / "notes.md").write_text("mine")
    with pytest.raises(InputError, match=r"holds 'notes\.md'"), OutputFolder(tmp_path / "out"):
        pass
    assert (tmp_path / "out" / "notes.md").read_text() == "mine"


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), whole_file(path) as file:
        file.write("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["x.jsonl"]


def test_a_link_is_followed_and_a_pipe_stays_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with whole_file(tmp_path / "link") as file:
        file.write("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with whole_file(pipe) as file:
        file.write("through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
