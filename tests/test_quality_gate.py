"""The quality gate: scores on the fixtures, and on the labelled data where it is present, never fall below their floors.

`--raise-floors` pins better scores and never lowers one; a floor is lowered by hand, with its reason in the changelog.
"""

import functools
import json
import re
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from dedup.articles.extract import EXTRACTORS
from dedup.articles.normalize import words
from pipelines import evaluate
from pipelines.config import Config
from pipelines.journal import Journal
from pipelines.preprocess import clean
from pipelines.run_local import Local
from pipelines.scores import pair_score

FLOORS = Path(__file__).with_name("quality_floors.json")
# A line or a pair more or less on these small sets is no news; the floor is the score less this.
SLACK = 0.002

# The English outlet shows what of the others' scores is due to the pages and what to the language.
LANGUAGES = ("en", "de", "es", "fr", "ru", "ar", "zh")

GATES: dict[str, tuple[str, str, list[str]]] = {
    "fixtures/pages": ("pages", "fixtures", ["gold/pages.jsonl"]),
    "fixtures/lines": ("lines", "fixtures", ["gold/lines.jsonl"]),
    "fixtures/pairs": ("pairs", "fixtures", ["gold/pairs.jsonl", "gold/events.jsonl"]),
    "fixtures/events": ("events", "fixtures", ["gold/events.jsonl"]),
    **{
        f"languages/{language}/{task}": (task, "fixtures", [f"gold/languages-{task}.jsonl"])
        for language in LANGUAGES
        for task in ("pages", "lines")
    },
    **{
        f"languages/{language}/repeats": ("repeats", "fixtures", ["gold/languages-lines.jsonl"])
        for language in LANGUAGES
    },
    "data/pages": ("pages", "data", ["pages/article-extraction-benchmark.jsonl.gz"]),
    **{
        f"{extractor}/{where}/pages": ("pages", where, [file])
        for extractor in ("trafilatura", "fast")
        for where, file in (("fixtures", "gold/pages.jsonl"), ("data", "pages/article-extraction-benchmark.jsonl.gz"))
    },
    "data/lines": ("lines", "data", ["lines/plain-text.jsonl.gz"]),
    "data/pairs": ("pairs", "data", ["pairs/pairs.jsonl.gz", "pairs/articles.jsonl.gz"]),
    "data/ecbplus": ("events", "data", ["events/ecbplus.jsonl.gz"]),
    "data/basil": ("events", "data", ["events/basil.jsonl.gz"]),
    "data/duc2004": ("events", "data", ["events/duc2004.jsonl.gz"]),
}
# What is pinned of each task.
PINNED = {
    "pages": ("shingles.f1", "word_bag.f1"),
    "lines": ("kept_words.f1", "removed_lines.f1"),
    "repeats": ("repeated_sentences.f1",),
    "pairs": ("exact+near.f1", "exact+near+partial.f1", "exact+near+partial+overlap.f1"),
    "events": ("event.bcubed.f1", "event.ari"),
}


def pick(result: dict[str, Any], path: str) -> float:
    # Names of steps hold no dots.
    return float(functools.reduce(lambda value, name: value[name], path.split("."), result))


def of_language(gate: str, paths: list[Path], folder: Path) -> list[Path]:
    """Take out of the gold the rows of the language that a gate is about, where it is about one."""
    if not gate.startswith("languages/"):
        return paths
    taken = []
    for path in paths:
        rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
        taken.append(folder / path.name)
        taken[-1].write_text(
            "".join(row for row in rows if json.loads(row)["language"] == gate.split("/")[1]), encoding="utf-8"
        )
    return taken


def configured(gate: str) -> Config:
    """Return the configuration of a gate; it begins with the extractor, where that is not the default."""
    extractor, config = gate.split("/", maxsplit=1)[0], Config()
    return replace(config, extract=replace(config.extract, extractor=extractor)) if extractor in EXTRACTORS else config


def repeats(paths: list[Path]) -> dict[str, Any]:
    """Score the sentences that three pages of an outlet share, whatever their digits: all must go but the article's own.

    A lead is such a line where other pages tease the story with it.
    """
    rows = [json.loads(row) for path in paths for row in path.read_text(encoding="utf-8").splitlines()]

    def folded(text: str) -> str:
        return re.sub(r"\d+", "0", " ".join(words(text)))

    n_pages: Counter[tuple[str, str]] = Counter()
    for row in rows:
        n_pages.update({(row["id"].split("/")[0], folded(line["text"])) for line in row["lines"]})
    given = {row["id"]: {"url": row["url"], "text": "\n".join(line["text"] for line in row["lines"])} for row in rows}
    path = paths[0].with_name("repeats-input.jsonl")
    path.write_text("".join(json.dumps({"id": id_} | row) + "\n" for id_, row in given.items()), encoding="utf-8")
    with Local(1, Config().limits) as engine:
        answers = {
            row["doc_id"]: row for row in clean([str(path)], Config(), engine, Journal(), "page").articles.to_pylist()
        }
    pairs = []
    for row in rows:
        for line, kept in zip(row["lines"], evaluate._kept(row["lines"], answers.get(row["id"])), strict=True):
            shared = n_pages[row["id"].split("/")[0], folded(line["text"])]
            if shared >= 3 and len(words(line["text"])) >= 8:
                pairs.append((not line["keep"], not kept))
    return {"task": "repeats", "repeated_sentences": asdict(pair_score(pairs))}


def raised(floors: dict[str, float], found: dict[str, float]) -> dict[str, float]:
    """New floors: better scores less the slack; nothing is lowered and nothing is forgotten."""
    lifted = {name: round(value - SLACK, 4) for name, value in found.items()}
    return {name: max(floors.get(name, 0.0), lifted.get(name, 0.0)) for name in floors | lifted}


def fallen(floors: dict[str, float], found: dict[str, float]) -> list[str]:
    missing = [f"{name} has no floor; run with --raise-floors" for name in found if name not in floors]
    return missing + [
        f"{name}: {value:.4f} is below its floor {floors[name]:.4f}"
        for name, value in found.items()
        if name in floors and value < floors[name]
    ]


@pytest.mark.parametrize("gate", GATES)
def test_scores_stand_above_their_floors(gate: str, root: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    task, where, files = GATES[gate]
    folder = root / "fixtures" if where == "fixtures" else request.getfixturevalue("data")
    paths = of_language(gate, [folder / name for name in files], tmp_path)
    if task == "repeats":
        result = repeats(paths)
    else:
        result = evaluate.run([str(path) for path in paths], task, [], configured(gate), 2, None, Journal())
    found = {f"{gate}.{path}": pick(result, path) for path in PINNED[task]}
    floors = json.loads(FLOORS.read_text(encoding="utf-8"))
    if request.config.getoption("--raise-floors"):
        floors = raised(floors, found)
        FLOORS.write_text(json.dumps(dict(sorted(floors.items())), indent=2) + "\n", encoding="utf-8")
    assert not fallen(floors, found), result


def test_the_gate_sees_a_fall_and_a_missing_floor() -> None:
    assert fallen({"a": 0.9}, {"a": 0.95}) == []
    assert fallen({"a": 0.9}, {"a": 0.89}) == ["a: 0.8900 is below its floor 0.9000"]
    assert fallen({}, {"a": 0.89}) == ["a has no floor; run with --raise-floors"]


def test_raising_never_lowers_and_never_forgets() -> None:
    assert raised({"a": 0.9, "b": 0.5}, {"a": 0.8, "c": 0.7}) == {"a": 0.9, "b": 0.5, "c": 0.698}


def test_every_gate_has_floors() -> None:
    floors = json.loads(FLOORS.read_text(encoding="utf-8"))
    assert set(floors) == {f"{gate}.{path}" for gate, (task, _, _) in GATES.items() for path in PINNED[task]}
