"""What all tests share: where things are, reproducible hypothesis, and the flags that write expected results anew."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile

import pytest
from hypothesis import HealthCheck, settings

from pipelines.start import main

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"

# Failing examples print the blob that reproduces them; in CI the same examples are tried each time.
settings.register_profile("default", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, max_examples=20)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew, to be read in review")
    parser.addoption("--raise-floors", action="store_true", help="pin better scores as floors; never lowers one")


#: Files that take half a minute and more, the longest first: begun last, one would keep a process busy long after the others are done.
SLOW_FILES = (
    "test_engine_laws.py",
    "test_night_laws.py",
    "test_quality_gate.py",
    "test_kills.py",
    "test_faults.py",
    "test_cli.py",
    "test_guides.py",
    "test_hostile.py",
    "test_terminal.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put slow files first; otherwise tests stay in their order."""
    items.sort(key=lambda item: SLOW_FILES.index(item.path.name) if item.path.name in SLOW_FILES else len(SLOW_FILES))


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def data() -> Path:
    """The labelled data that cannot ship with the project."""
    if not DATA.is_dir():
        pytest.skip(f"no labelled data at {DATA}")
    return DATA


def call(folder: Path, *arguments: object, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command in a folder as its entry point does, but in this process: to start one takes seconds.

    That it gives the same as in a process of its own is held by the tests of the command line.
    """
    stops = signal.getsignal(signal.SIGTERM)
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.chdir(folder)
        patch.setattr(sys, "argv", [str(Path(sys.executable).with_name("dedup")), *map(str, arguments)])
        streams = {
            name: stack.enter_context(TemporaryFile("w+", encoding="utf-8")) for name in ("stdin", "stdout", "stderr")
        }
        streams["stdin"].write(given)
        streams["stdin"].seek(0)
        for name, stream in streams.items():
            patch.setattr(sys, name, stream)
        # By it a command tells whether it was started as a module, and what it is called.
        patch.setattr(sys.modules["__main__"], "__package__", None)
        # Other tests give pandas' frames to Arrow.
        patch.setattr("pipelines.lean.without_pandas", lambda: None)
        try:
            with pytest.raises(SystemExit) as ended:
                main()
        finally:
            signal.signal(signal.SIGTERM, stops)
        for stream in streams.values():
            stream.seek(0)
        return subprocess.CompletedProcess(
            list(arguments), ended.value.code, streams["stdout"].read(), streams["stderr"].read()
        )
