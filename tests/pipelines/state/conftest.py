"""A state of three nights in both its forms, made once; each test works on a copy of its own."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipelines import nightly
from pipelines.config import Config
from pipelines.journal import Journal

QUAY = (
    "The harbour board voted on Tuesday to reopen the eastern quay after 11 days of repairs. "
    "Engineers replaced 40 metres of decking and two of the cranes, the chairman, Odd Halvorsen, said. "
    "The first ferry is due at noon on Wednesday with about 200 passengers, and the fish market returns on 9 March."
)
BREAD = (
    "A rye loaf from a village bakery won the national bread prize again on Friday, the jury of 12 bakers announced. "
    "Its baker, Ingrid Solheim, has kept the sourdough alive since 1987 and sells 300 loaves on a good day."
)
STORM = (
    "Storm Wilma has cost the northern coast more than any winter since 1962, insurers said on Monday. "
    "Some 4,000 homes were without power, and the road to Skerrow stays closed until the bridge has been looked at."
)
#: Night by night: a story and its copies, one a revision that came later, and two stories of their own.
NIGHTS: tuple[tuple[dict[str, str], ...], ...] = (
    (
        {"id": "quay-1", "title": "Quay zebrawood reopens", "text": QUAY, "published": "2026-03-03", "source": "a"},
        {"id": "bread-1", "title": "Rye loaf wins", "text": BREAD, "published": "2026-03-03", "source": "b"},
    ),
    (
        {"id": "quay-2", "title": "Ferries return", "text": QUAY + " It rained.", "published": "2026-03-04"},
        {"id": "storm-1", "title": "Storm Wilma counted", "text": STORM, "published": "2026-03-04", "source": "b"},
    ),
    (
        {"id": "quay-3", "title": "Ferries are back", "text": QUAY + " It snowed.", "published": "2026-03-05"},
        {"id": "bread-1", "title": "Rye loaf wins", "text": BREAD + " He thanked them.", "published": "2026-03-05"},
    ),
)

Play = Callable[..., Path]


def _play(
    folder: Path, state: str, number: int, records: Sequence[dict[str, str]], config: Config | None = None
) -> Path:
    given, out = folder / f"night{number}.jsonl", folder / f"report{number}"
    given.write_text("".join(json.dumps(row) + "\n" for row in records), encoding="utf-8")
    nightly.run([str(given)], out, config or Config(), 1, "clean", Journal(), str(folder / state))
    return out


@pytest.fixture
def play() -> Play:
    """Run a night of records with the state called so in a folder; returns its report."""
    return _play


@pytest.fixture(scope="session")
def _nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nights")
    (folder / "folder").mkdir()
    for state in ("file", "folder"):
        for number, records in enumerate(NIGHTS, start=1):
            _play(folder, state, number, records)
    return folder


@pytest.fixture(params=["file", "folder"])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def state(_nights: Path, form: str, tmp_path: Path) -> Path:
    """The path of a state of three nights."""
    copy: Any = shutil.copytree if form == "folder" else shutil.copy
    return Path(copy(_nights / form, tmp_path / form))


@pytest.fixture
def reports(_nights: Path) -> Path:
    """The folder in which ``report1`` and so on are, and what they were made of."""
    return _nights
