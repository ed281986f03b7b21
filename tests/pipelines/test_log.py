"""What a run says: lines to read, or JSON, an object a line, whatever happens."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.journal import Journal, Voice, printable

DEDUP = str(Path(sys.executable).with_name("dedup"))
BODY = "The harbour board voted on Tuesday to reopen the eastern quay after eleven days of repairs, its chairman said."


def said(folder: Path, *arguments: str, given: str = "") -> tuple[int, list[dict[str, object]]]:
    done = subprocess.run(
        [DEDUP, *arguments, "--log-format", "json"],
        input=given,
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=120,
        check=False,
    )
    return done.returncode, [json.loads(line) for line in done.stderr.splitlines()]


@pytest.mark.parametrize(
    ("command", "stages", "counts"),
    [
        (["nightly", "-", "--out", "out"], {"extract", "verify", "report", "page"}, {"duplicates": 1, "clusters": 1}),
        (["clean", "-", "-o", "x.csv"], {"extract", "classify", "repeats", "label"}, {}),
        (["unique", "-", "-o", "x.csv"], {"extract", "label", "sign", "cluster"}, {"kept": 1}),
    ],
    ids=lambda one: one[0] if isinstance(one, list) else "",
)
def test_stages_and_a_summary(tmp_path: Path, command: list[str], stages: set[str], counts: dict[str, int]) -> None:
    given = "".join(json.dumps({"id": name, "text": BODY}) + "\n" for name in "aba") + "broken\n"
    code, lines = said(tmp_path, *command, given=given)
    assert code == 0
    *before, last = lines
    # A report lists its rejects; without one they are told.
    told = [line["position"] for line in before if line["event"] == "reject"]
    assert told == ([] if command[0] == "nightly" else ["4"])
    before = [line for line in before if line["event"] != "reject"]
    assert {line["event"] for line in before} == {"stage"}
    assert stages <= {line["stage"] for line in before}
    assert all(line["seconds"] >= 0 and line["rows"] >= 0 for line in before)
    assert (last["event"], last["command"], last["exit_code"]) == ("summary", command[0], 0)
    expected = {"pages": 3, "articles": 2, "seen": 1, "rejects": 1, "notes": 0} | counts
    assert {name: last["counts"][name] for name in expected} == expected
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(line["time"])) for line in lines)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["clean", "nowhere"], 2),
        (["clean", "-", "--config", "nowhere"], 2),
        (["clean", "-", "-o", "x.csv", "--format", "jsonl"], 2),
        (["clean", "-", "--format", "parquet"], 2),
        (["nightly", "-", "--out", "/proc/report"], 1),
    ],
    ids=lambda one: one[-1] if isinstance(one, list) else "",
)
def test_an_error_is_the_last_line(tmp_path: Path, command: list[str], code: int) -> None:
    given = json.dumps({"id": "a", "text": BODY}) + "\n"
    found, lines = said(tmp_path, *command, given=given)
    assert found == code
    assert (lines[-1]["event"], lines[-1]["exit_code"]) == ("error", code)
    assert str(lines[-1]["message"]).startswith("dedup: ")
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_has_a_summary(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps({"id": "a", "text": BODY}) + "\n")
    code, (line,) = said(tmp_path, "nightly", "in.jsonl", "--out", "out", "--dry-run")
    assert (code, line["event"], line["counts"]) == (0, "summary", {})


def test_in_lines_to_read_nothing_is_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    journal = Journal(voice=Voice())
    with journal.stage("read", 3):
        pass
    Voice().say("2 articles\x1b[31m\n", "summary", exit_code=0)
    assert capsys.readouterr().err == "2 articles\\x1b[31m\n"
    assert journal.rows == {"read": 3}


def test_stages_of_many_portions_are_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    journal = Journal(voice=Voice(as_json=True))
    with journal.many("clean") as (each, tick):
        for _ in range(3):
            with each.stage("label", 2):
                tick(2)
    (line,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert (line["stage"], line["rows"]) == ("label", 6)
    assert list(journal.seconds) == ["label"]


@pytest.mark.parametrize("text", ["plain", "two\nlines\tand a tab", "‘quoted’ 🚢 اليوم"])
def test_harmless_text_stays(text: str) -> None:
    assert printable(text) == text
