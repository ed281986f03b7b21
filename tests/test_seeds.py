"""Five real articles as a crawler left them: two report one 50-minute call, the others other meetings of the same people."""

import csv
import json
import random
import shutil
from pathlib import Path

import pytest

from dedup.articles.normalize import words
from pipelines import nightly
from pipelines.config import Config
from pipelines.journal import Journal
from pipelines.scores import Score

OVERLAPPING = ("002_e32d4ad9c98742a8.txt", "003_1bef9f8aadeba2b5.txt")


@pytest.fixture(scope="session")
def seeds(data: Path) -> Path:
    return data / "seeds"


@pytest.fixture(scope="session")
def gold(seeds: Path) -> dict:
    return json.loads((seeds / "gold.json").read_text(encoding="utf-8"))


def report(inputs: list[Path], out: Path, workers: int = 1) -> Path:
    nightly.run([str(path) for path in inputs], out, Config(), workers, None, Journal())
    return out


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def found(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report(sorted(seeds.glob("*.txt")), tmp_path_factory.mktemp("seeds") / "report")


def test_the_two_reports_of_one_call_overlap_and_nothing_else_matches(found: Path) -> None:
    matches = rows(found / "duplicates.csv")
    assert [(row["left_id"], row["right_id"], row["relation"]) for row in matches] == [(*OVERLAPPING, "overlap")]
    assert rows(found / "clusters.csv") == []


def test_they_share_one_event_and_the_others_are_events_of_their_own(found: Path, gold: dict) -> None:
    events: dict[str, list[str]] = {}
    for row in rows(found / "articles.csv"):
        events.setdefault(row["event_id"], []).append(row["doc_id"])
    assert sorted(events.values()) == sorted(sorted(event) for event in gold["events"])


def test_chrome_lines_are_removed_and_no_sentence_is_lost(found: Path, seeds: Path, gold: dict) -> None:
    counts = [0, 0, 0]
    lost = []
    for line in (found / "articles.jsonl").read_text(encoding="utf-8").splitlines():
        article = json.loads(line)
        labels = gold["lines"][article["doc_id"]]
        chrome = set(labels["chrome"]) | set(labels["repeated_headline"])
        kept = [" ".join(words(text)) for text in [article["title"], *article["text"].split("\n")]]
        text = (seeds / article["doc_id"]).read_text(encoding="utf-8")
        for number, source in enumerate(text.split("\n"), 1):
            spelled = " ".join(words(source))
            if not spelled or number in labels["unscored"]:
                continue
            removed = spelled not in kept
            if spelled in kept:
                kept.remove(spelled)
            counts[0] += removed and number in chrome
            counts[1] += removed and number not in chrome
            counts[2] += not removed and number in chrome
            if removed and number not in chrome:
                lost.append((article["doc_id"], number, source[:60]))
    assert lost == []
    assert Score.of(*counts).f1 >= 0.97


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_and_order_change_nothing(found: Path, seeds: Path, tmp_path: Path, workers: int) -> None:
    inputs = sorted(seeds.glob("*.txt"))
    random.Random(7).shuffle(inputs)
    again = report(inputs, tmp_path / "report", workers)
    for path in sorted(found.iterdir()):
        if path.name != "run.json":
            assert path.read_bytes() == (again / path.name).read_bytes(), path.name


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_names_change_nothing_but_names(found: Path, seeds: Path, tmp_path: Path, seed: int) -> None:
    names = ["delta", "alpha", "echo", "charlie", "bravo"]
    random.Random(seed).shuffle(names)
    renamed = {path.name: f"{name}.txt" for path, name in zip(sorted(seeds.glob("*.txt")), names, strict=True)}
    for old, new in renamed.items():
        shutil.copy(seeds / old, tmp_path / new)
    again = report([tmp_path], tmp_path.parent / f"{tmp_path.name}-report")
    (match,) = rows(again / "duplicates.csv")
    assert {match["left_id"], match["right_id"]} == {renamed[name] for name in OVERLAPPING}
    before = {renamed[row["doc_id"]]: row for row in rows(found / "articles.csv")}
    after = {row["doc_id"]: row for row in rows(again / "articles.csv")}
    for one in after:
        assert after[one]["n_words"] == before[one]["n_words"]
        for other in after:
            same = before[one]["event_id"] == before[other]["event_id"]
            assert same == (after[one]["event_id"] == after[other]["event_id"])
