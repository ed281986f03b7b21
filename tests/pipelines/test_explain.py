"""Explaining a pair of a finished report: how articles are named, what is said, and what is refused."""

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dedup.duplicates.relation import Verify
from dedup.errors import InputError
from pipelines import explain, nightly
from pipelines.config import Config
from pipelines.journal import Journal

QUAY = (
    "The harbour board voted on Tuesday to reopen the eastern quay after 11 days of repairs. "
    "Engineers replaced 40 metres of decking and two of the cranes, the chairman, Odd Halvorsen, said. "
    "The first ferry is due at noon on Wednesday with about 200 passengers, and the fish market returns on 9 March."
)
RECORDS = [
    {
        "id": "quay-1",
        "url": "https://www.a.example/quay?utm_source=x",
        "title": "Quay\x1b]0;reopens",
        "text": QUAY,
        "published": "2026-03-03",
    },
    {"id": "quay-2", "url": "https://b.example/quay", "text": QUAY.replace("fish market", "market") + " It rained."},
    {
        "id": "=bread",
        "url": "https://b.example/bread",
        "text": "A rye loaf won the national bread prize again on Friday.",
    },
    {"url": "https://c.example/news/storm", "text": "Storms have cost the coast more than in any winter since 1987."},
]

Report = Callable[..., explain.Explained]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("night")
    (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in RECORDS), encoding="utf-8")
    nightly.run([str(folder / "in.jsonl")], folder / "out", Config(), 1, "clean", Journal())
    return folder / "out"


@pytest.mark.parametrize(
    ("name", "doc_id"),
    [
        ("quay-1", "quay-1"),
        ("https://www.a.example/quay?utm_source=x", "quay-1"),
        ("https://www.a.example/quay", "quay-1"),
        ("www.a.ex", "quay-1"),
        ("=br", "=bread"),
        ("b.example/b", "=bread"),
        ("https://c.", "https://c.example/news/storm"),
        ("c.example/news", "https://c.example/news/storm"),
    ],
)
def test_an_article_is_named_by_id_or_address_or_how_either_begins(report: Path, name: str, doc_id: str) -> None:
    found = explain.of_report(name, "quay-2", report, Config())
    assert doc_id in (found.left["doc_id"], found.right["doc_id"])


@pytest.mark.parametrize(
    ("left", "right", "message"),
    [
        ("quay", "=bread", r"'quay' stands for 2 articles of .*: quay-1, quay-2. Say more of it"),
        ("nothing", "quay-1", "no article whose id or url is 'nothing', or begins with it"),
        ("", "quay-1", "no article whose id or url is ''"),
        ("quay-1", "www.a.example/quay", "are one article: quay-1. Give two"),
    ],
)
def test_a_name_of_none_or_several_is_refused(report: Path, left: str, right: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        explain.of_report(left, right, report, Config())


def test_an_id_goes_before_what_begins_with_it(report: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(report, tmp_path / "out"))
    lines = (copied / "articles.jsonl").read_text(encoding="utf-8").splitlines()
    more = json.loads(lines[0]) | {"doc_id": "quay-11", "url": ""}
    (copied / "articles.jsonl").write_text("\n".join([*lines, json.dumps(more)]) + "\n", encoding="utf-8")
    assert explain.of_report("quay-1", "=bread", copied, Config()).right["doc_id"] == "quay-1"


def test_what_is_no_report_is_refused(report: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is no report of 'dedup nightly': it has no articles.jsonl"):
        explain.of_report("a", "b", tmp_path, Config())
    copied = Path(shutil.copytree(report, tmp_path / "out"))
    (copied / "articles.jsonl").write_text("[1]\n", encoding="utf-8")
    with pytest.raises(InputError, match="damaged: a line is no article"):
        explain.of_report("a", "b", copied, Config())


@pytest.mark.parametrize("broken", [{"text": 5}, {"published": 5}, {"cluster_id": None, "event_id": 1}])
def test_a_damaged_article_is_refused_in_a_line(broken: dict[str, Any], report: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(report, tmp_path / "out"))
    rows = [json.loads(line) for line in (copied / "articles.jsonl").read_text(encoding="utf-8").splitlines()]
    ids = [row["doc_id"] for row in rows[:2]]
    rows[0] |= broken
    (copied / "articles.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with pytest.raises(InputError, match=r"is damaged: .* is no article of a report"):
        explain.of_report(*ids, copied, Config())


@pytest.mark.parametrize("given", [{"all_pages": True}, {"extractor": "fast"}])
def test_how_pages_were_extracted_is_no_other_parameter(report: Path, tmp_path: Path, given: dict[str, Any]) -> None:
    copied = Path(shutil.copytree(report, tmp_path / "out"))
    made = json.loads((copied / "run.json").read_text(encoding="utf-8"))
    config = Config()
    other = replace(config, extract=replace(config.extract, **given))
    (copied / "run.json").write_text(json.dumps(made | {"configuration": other.fingerprint()}), encoding="utf-8")
    ids = [json.loads(line)["doc_id"] for line in (copied / "articles.jsonl").read_text(encoding="utf-8").splitlines()]
    assert explain.of_report(ids[0], ids[1], copied, config).same_parameters is True


def test_the_decision_and_figures_are_those_of_the_report(report: Path) -> None:
    with (report / "duplicates.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    found = explain.of_report("quay-2", "quay-1", report, Config())
    told = found.as_json()
    assert found.reported == row
    assert (told["relation"], told["reason"]) == (row["relation"], row["reason"])
    for name in ("jaccard", "containment_left", "containment_right", "shared_words", "longest_passage_words"):
        assert round(told["scores"][name], 6) == float(row[name]), name
    assert round(told["scores"]["overlap_score"], 6) == float(row["overlap_score"])
    assert (told["same_cluster"], told["same_event"], told["same_parameters"]) == (True, True, True)


def test_json_can_be_written_and_holds_the_passages_in_context(report: Path) -> None:
    told = json.loads(json.dumps(explain.of_report("quay-1", "quay-2", report, Config()).as_json()))
    assert told["left"]["doc_id"] == "quay-1"
    assert "text" not in told["left"]
    first = told["passages"][0]
    assert first["left"]["passage"] in QUAY
    assert {"name", "asks", "value", "bound", "holds"} == told["steps"][0].keys()
    assert told["decided_by"] in [step["name"] for step in told["steps"]]


def written(found: explain.Explained) -> str:
    return "\n".join(line.plain for line in explain.lines(found))


def test_lines_tell_all_of_it_and_steer_no_terminal(report: Path) -> None:
    text = written(explain.of_report("quay-1", "quay-2", report, Config()))
    for part in (
        "near: ",
        "In the report: listed as near, in one cluster.",
        "<- decided",
        "What would have changed it",
    ):
        assert part in text
    assert "Quay ]0;reopens" in text
    assert "\x1b" not in text
    assert "The report was made with other parameters" not in text


def test_two_that_are_never_compared_are_told_so(report: Path) -> None:
    found = explain.of_report("quay-1", "=bread", report, Config())
    assert found.as_json()["is_candidate"] is False
    text = written(found)
    assert "no match: no passage in common" in text
    assert "never compared" in text
    assert "not listed as a match, in two storylines" in text


def test_other_parameters_than_the_reports_are_told(report: Path) -> None:
    other: Any = Config(verify=Verify(overlap=0.9))
    assert "made with other parameters" in written(explain.of_report("quay-1", "quay-2", report, other))


def test_a_long_passage_is_shown_by_its_ends(report: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(report, tmp_path / "out"))
    rows = [json.loads(line) for line in (copied / "articles.jsonl").read_text(encoding="utf-8").splitlines()]
    long = " ".join(f"word{'abcdefghij'[n % 10]}{'klmnopqrst'[n // 10]}" for n in range(100))
    (copied / "articles.jsonl").write_text(
        "".join(json.dumps(row | {"text": long}) + "\n" for row in rows), encoding="utf-8"
    )
    found = explain.of_report("quay-1", "quay-2", copied, Config())
    assert "[...]" in written(found)
    assert found.as_json()["passages"][0]["left"]["passage"] == long
