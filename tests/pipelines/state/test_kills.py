"""A few nights are killed; `benchmarks/nights/kills.py` kills more."""

import importlib.util
import random
from pathlib import Path

import pytest


@pytest.mark.parametrize("form", ["file", "folder"])
def test_a_night_that_is_killed_leaves_no_trace(form: str, root: Path, tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("kills", root / "benchmarks" / "nights" / "kills.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - shown where it fails
    assert module.kills(4, seed, tmp_path, form).total() == 4
