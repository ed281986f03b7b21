"""The quality gate: scores on the fixtures, and on the labelled data where it is present, never fall below their floors.

`--raise-floors` pins better scores and never lowers one; a floor is lowered by hand, with its reason in the changelog.
"""

import functools
import json
from pathlib import Path
from typing import Any

import pytest

from pipelines import evaluate
from pipelines.config import Config
from pipelines.journal import Journal

FLOORS = Path(__file__).with_name("quality_floors.json")
# A line or a pair more or less on these small sets is no news; the floor is the score less this.
SLACK = 0.002

GATES: dict[str, tuple[str, str, list[str]]] = {
    "fixtures/pages": ("pages", "fixtures", ["gold/pages.jsonl"]),
    "fixtures/lines": ("lines", "fixtures", ["gold/lines.jsonl"]),
    "fixtures/pairs": ("pairs", "fixtures", ["gold/pairs.jsonl", "gold/events.jsonl"]),
    "fixtures/events": ("events", "fixtures", ["gold/events.jsonl"]),
    "data/pages": ("pages", "data", ["pages/article-extraction-benchmark.jsonl.gz"]),
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
    "pairs": ("exact+near.f1", "exact+near+partial.f1", "exact+near+partial+overlap.f1"),
    "events": ("event.bcubed.f1", "event.ari"),
}


def pick(result: dict[str, Any], path: str) -> float:
    # Names of steps hold no dots.
    return float(functools.reduce(lambda value, name: value[name], path.split("."), result))


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
def test_scores_stand_above_their_floors(gate: str, root: Path, request: pytest.FixtureRequest) -> None:
    task, where, files = GATES[gate]
    folder = root / "fixtures" if where == "fixtures" else request.getfixturevalue("data")
    result = evaluate.run([str(folder / name) for name in files], task, [], Config(), 2, None, Journal())
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
