"""Three nights of the fixtures in, exact files out. `make golden` writes the files anew; read the difference in review."""

import difflib
import json
from pathlib import Path

import pytest

from pipelines import nightly
from pipelines.config import Config
from pipelines.journal import Journal
from pipelines.report import ARTICLES_JSONL, COLUMNS, RUN_JSON

EXPECTED = Path(__file__).parent / "expected"
FILES = (*COLUMNS, ARTICLES_JSONL)


@pytest.mark.parametrize("day", ["day1", "day2", "day3"])
def test_golden_night(
    day: str, root: Path, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)  # inputs stand in the report as they were named
    nightly.run([f"fixtures/{day}"], tmp_path / day, Config(), 1, None, Journal())
    if request.config.getoption("--update-golden"):
        (EXPECTED / day).mkdir(parents=True, exist_ok=True)
        for name in FILES:
            (EXPECTED / day / name).write_bytes((tmp_path / day / name).read_bytes())
    differences = []
    for name in FILES:
        wanted = (EXPECTED / day / name).read_text(encoding="utf-8").splitlines()
        found = (tmp_path / day / name).read_text(encoding="utf-8").splitlines()
        differences += difflib.unified_diff(wanted, found, f"expected/{name}", f"found/{name}", lineterm="", n=0)
    assert not differences, "\n".join(line[:300] for line in differences[:60])
    counts = json.loads((tmp_path / day / RUN_JSON).read_text(encoding="utf-8"))["counts"]
    assert counts["articles"] + sum(counts["rejects"].values()) >= counts["pages"] - counts["seen"]
