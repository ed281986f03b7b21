"""Fitting of the pair model: the command, its file, and what it takes in the configuration."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dedup.api import arrange
from dedup.errors import InputError
from dedup.events.assign import Grouping
from dedup.events.pair_model import pair_model
from dedup.events.vector import FEATURES
from dedup.flow import Flow, Inline, Unwatched
from pipelines.config import load
from pipelines.train_events import run, train_events

DEDUP = Path(sys.executable).with_name("dedup")


def trained(gold: Path, output: Path) -> subprocess.CompletedProcess[str]:
    command = [DEDUP, "train", "events", gold, "-o", output]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def written(folder: Path, rows: list[dict[str, str]]) -> Path:
    path = folder / "gold.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def model(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "pair_model.json"
    done = trained(root / "fixtures" / "gold" / "events.jsonl", path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (0, "", 1)
    assert "name it as [grouping] model" in done.stderr
    return path


def test_the_file_tells_what_it_was_made_from_and_how_it_does_beside_the_default(model: Path) -> None:
    table = json.loads(model.read_text(encoding="utf-8"))
    assert tuple(table["features"]) == FEATURES
    assert list(table["gold"]) == ["events.jsonl"]
    assert (table["n_articles"], table["n_events"]) == (110, 24)
    scores = table["bcubed_f1_by_cross_validation"]
    assert set(scores) == {"model", "default"}
    assert min(scores.values()) > 0.85


def test_the_more_alike_the_likelier_and_within_bounds(model: Path) -> None:
    judge = pair_model(model.read_text(encoding="utf-8"))
    nothing, something = np.zeros(len(FEATURES)), np.zeros(len(FEATURES))
    something[[0, 2, 3]] = 0.8
    found = judge(np.array([nothing, something])).tolist()
    assert 0 <= found[0] < found[1] <= 1


def test_it_groups_where_the_configuration_names_it(model: Path) -> None:
    config = model.with_name("dedup.toml")
    config.write_text(f'[grouping]\nmodel = "{model.name}"\n', encoding="utf-8")
    read = load(config)
    assert read.grouping == Grouping(model=model.read_text(encoding="utf-8"))
    assert read.parameters()["grouping.model"].startswith("xxh3:")
    model.with_name("other.json").write_text(json.dumps({"bias": 0, "features": {"word": 1}}), encoding="utf-8")
    config.write_text('[grouping]\nmodel = "other.json"\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"'grouping.model': .*other.json is no pair model of this version"):
        load(config)


def test_a_model_that_says_no_to_all_joins_nothing(root: Path) -> None:
    lines = (root / "fixtures" / "gold" / "events.jsonl").read_text(encoding="utf-8").splitlines()
    articles = arrange([{key: json.loads(line)[key] for key in ("id", "text")} for line in lines[:12]])
    never = json.dumps({"bias": -50, "features": dict.fromkeys(FEATURES, 0)})
    flow = Flow(grouping=Grouping(model=never, matched=0.0))
    matched = flow.match(Inline(), articles, Unwatched())
    events = flow.group(articles, matched, Unwatched()).assignments["event_id"].to_pylist()
    assert len(set(events)) == 12 - matched.members.num_rows + len(set(matched.members["cluster_id"].to_pylist()))


def test_gold_that_has_too_little_is_told_so(tmp_path: Path) -> None:
    rows = [{"id": f"{n}", "text": f"Port Lumen reopened its quay number {n}.", "event": f"{n // 2}"} for n in range(6)]
    gold, output = written(tmp_path, rows), tmp_path / "model.json"
    done = trained(gold, output)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "needs at least 5 events of two articles or more. Got 3." in done.stderr
    assert not output.exists()


def test_gold_in_which_nothing_is_alike_is_told_so(tmp_path: Path) -> None:
    rows = [{"id": f"{n}", "text": chr(97 + n) * 5 + "ish", "event": f"{n // 2}"} for n in range(12)]
    with pytest.raises(InputError, match="of one event, and of different ones, that are alike"):
        train_events([written(tmp_path, rows)])
    with pytest.raises(InputError, match="no row has id, text, event"):
        run([str(written(tmp_path, [{"id": "a", "text": "b"}]))], tmp_path / "model.json")
