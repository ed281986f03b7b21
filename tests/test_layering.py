"""The two rules of the layout: `dedup/` is pure, and nothing in it knows the application."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = sorted((ROOT / "dedup").rglob("*.py"))

# What reads or writes files, opens sockets, tells the time, looks at the environment or starts processes.
IMPURE_MODULES = {
    "asyncio", "concurrent", "datasets", "duckdb", "glob", "http", "io", "logging", "multiprocessing", "os", "pathlib",
    "pyspark", "random", "requests", "shutil", "signal", "socket", "sqlite3", "subprocess", "sys", "tempfile",
    "threading", "time", "urllib", "urllib3", "pipelines",
}  # fmt: skip
IMPURE_CALLS = {"open", "print", "input", "exec", "eval", "__import__"}
IMPURE_METHODS = {"now", "today", "utcnow", "read_text", "write_text", "read_bytes", "write_bytes"}
# Only one place reads the tables that ship with the package.
EXCEPTIONS = {"dedup/tables.py": {"read_bytes"}}


def offences(source: str, place: str) -> list[str]:
    found = []
    allowed = EXCEPTIONS.get(place, set())
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            # What is of one thread alone starts none.
            is_local = node.module == "threading" and [alias.name for alias in node.names] == ["local"]
            names = [] if is_local else [node.module or ""]
            assert not node.level, f"{place}: relative import"
        for name in names:
            root = name.split(".")[0]
            if root in IMPURE_MODULES or (
                name.startswith("importlib") and place not in {"dedup/tables.py", "dedup/__init__.py"}
            ):
                found.append(f"{place}:{node.lineno} imports {name}")
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in IMPURE_CALLS:
                found.append(f"{place}:{node.lineno} calls {node.func.id}")
            if isinstance(node.func, ast.Attribute) and node.func.attr in IMPURE_METHODS - allowed:
                found.append(f"{place}:{node.lineno} calls .{node.func.attr}")
            # Python's own hash differs between processes; a __hash__ is not called by that name.
            if isinstance(node.func, ast.Name) and node.func.id == "hash":
                found.append(f"{place}:{node.lineno} calls hash")
    return found


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: str(path.relative_to(ROOT)))
def test_library_is_pure(path: Path) -> None:
    place = path.relative_to(ROOT).as_posix()
    assert offences(path.read_text(encoding="utf-8"), place) == []


@pytest.mark.parametrize(
    "bad",
    [
        "import os",
        "from pathlib import Path",
        "from threading import Thread, local",
        "import pipelines.config",
        "from pipelines import config",
        "def f():\n    import socket",
        "open('x')",
        "from datetime import datetime\ndatetime.now()",
        "hash('x')",
        "from importlib import resources",
    ],
)
def test_the_rule_sees_bad_code(bad: str) -> None:
    assert offences(bad, "dedup/bad.py")


def test_no_nameless_files() -> None:
    nameless = {"utils.py", "helpers.py", "common.py", "base.py", "misc.py"}
    assert not [path for path in [*LIBRARY, *(ROOT / "pipelines").rglob("*.py")] if path.name in nameless]


def test_every_file_says_what_it_is_for() -> None:
    for path in [*LIBRARY, *(ROOT / "pipelines").rglob("*.py")]:
        source = path.read_text(encoding="utf-8")
        if source.strip():
            assert ast.get_docstring(ast.parse(source)), path
