"""Whether loops were compiled before."""

import os
import sys
from pathlib import Path

import pytest

from pipelines import first
from pipelines.first import is_first

PY = f"py{sys.version_info.major}{sys.version_info.minor}"
LOOPS = first._LOOPS


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "dedup"
    folder.mkdir()
    for name in LOOPS:
        (folder / f"{name}.py").touch()
    return folder


def keep(folder: Path, version: str = PY) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in LOOPS:
        (folder / f"{name}.loop-1.{version}.nbi").touch()


def test_nothing_was_made_after_an_installation(package: Path) -> None:
    assert is_first(package)


@pytest.mark.parametrize("place", ["dedup/__pycache__", "cache/numba/dedup_0123", "given/dedup_0123"])
def test_what_was_made_is_found_where_it_is_kept(
    package: Path, tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "given"))
    keep(tmp_path / place)
    assert not is_first(package)


def test_what_another_python_or_an_older_version_made_does_not_count(package: Path) -> None:
    keep(package / "__pycache__", "py30")
    assert is_first(package)
    keep(package / "__pycache__")
    os.utime(package / "kernels.py", (2e9, 2e9))
    assert is_first(package)


def test_loops_that_ran_are_found() -> None:
    pytest.importorskip("dedup.kernels")
    pytest.importorskip("dedup.line_kernels")
    pytest.importorskip("dedup.markup_kernels")
    if os.environ.get("NUMBA_DISABLE_JIT", "0") == "0":
        assert not is_first()
