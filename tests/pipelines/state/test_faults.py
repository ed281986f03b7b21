"""Faults, through the command line: one clear line, nothing changed, and a rerun gives what an undisturbed run gives."""

import hashlib
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb
import pytest

from pipelines import nightly
from pipelines.config import Config
from pipelines.journal import Journal
from pipelines.state import open_store
from pipelines.state.export import rows
from pipelines.state.folder import MANIFEST
from tests.conftest import call

DEDUP = str(Path(sys.executable).with_name("dedup"))
RECORDS = [
    {
        "id": f"a{number}",
        "title": f"Quay {number}",
        "published": f"2026-03-0{number // 4 + 1}",
        "text": f"Pier {number} was closed by the board on day {number}. "
        + "The harbour board voted to reopen the quay. " * 9,
    }
    for number in range(12)
]
NIGHT_1, NIGHT_2 = "night1.jsonl", "night2.jsonl"

Done = subprocess.CompletedProcess[str]


def run(folder: Path, *arguments: str, before: Callable[[], None] | None = None) -> Done:
    """Run the command in this process; in one of its own where something is to be done to that before."""
    if before is None:
        return call(folder, *arguments)
    return subprocess.run(
        [DEDUP, *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=120,
        check=False,
        preexec_fn=before,
        # On a full disk Python leaves the first part of what it compiled, and takes that for the whole from then on.
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )


def nothing() -> None:
    """What is done before a command that must only be in a process of its own, for locks are a process's."""


def nightly_run(folder: Path, state: str = "state", given: str = NIGHT_2, **how: object) -> Done:
    return run(
        folder, "nightly", given, "--text-is", "clean", "--workers", "1", "--out", "out", "--state", state, **how
    )


def content(path: Path) -> dict[str, str]:
    """Digest of every file of a state, whatever it is; what stands beside it is none of it."""
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return {str(one.relative_to(path)): hashlib.sha256(one.read_bytes()).hexdigest() for one in files}


def exported(path: Path) -> list[dict]:
    with open_store(str(path), writing=False) as store:
        return list(rows(store))


def report(folder: Path) -> dict[str, str | bytes]:
    found: dict[str, str | bytes] = {one.name: one.read_bytes() for one in folder.iterdir()}
    told = json.loads(found["run.json"])
    found["run.json"] = repr({name: value for name, value in told.items() if name != "seconds"})
    return found


def is_refused(done: Done, folder: Path, code: int, *parts: str) -> None:
    """One line that says so, and no report, not even half of one."""
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1), done.stderr
    assert done.stderr.startswith("dedup: ")
    assert all(part in done.stderr for part in parts), done.stderr
    assert not [one.name for one in folder.iterdir() if one.name.lstrip(".").startswith("out")]


@pytest.fixture(scope="module", params=["file", "folder"])
def undisturbed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the state after night 1, and what night 2 makes of it."""
    folder = tmp_path_factory.mktemp("undisturbed")
    for name, records in ((NIGHT_1, RECORDS[:6]), (NIGHT_2, RECORDS[4:])):
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in records))
    (folder / "state").mkdir() if request.param == "folder" else None
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # inputs stand in the state as they were named
        nightly.run([NIGHT_1], folder / "out1", Config(), 1, "clean", Journal(), "state")
        copy(folder / "state", folder / "after")
        nightly.run([NIGHT_2], folder / "out2", Config(), 1, "clean", Journal(), "after")
    return folder


def copy(path: Path, to: Path) -> None:
    shutil.copytree(path, to) if path.is_dir() else shutil.copy(path, to)


@pytest.fixture
def folder(undisturbed: Path, tmp_path: Path) -> Path:
    """The state after night 1, and the inputs of both nights."""
    for name in (NIGHT_1, NIGHT_2, "state"):
        copy(undisturbed / name, tmp_path / name)
    return tmp_path


def recovers(folder: Path, undisturbed: Path) -> None:
    done = nightly_run(folder)
    assert done.returncode == 0, done.stderr
    assert exported(folder / "state") == exported(undisturbed / "after")
    assert report(folder / "out") == report(undisturbed / "out2")
    assert run(folder, "state", "check", "state").returncode == 0


# -- a disk that is full ---------------------------------------------------------------------------------------------


def limited(n_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))


def needed(undisturbed: Path) -> int:
    """Return the bytes of the largest file that is written before the night is remembered; the page comes after."""
    return max(one.stat().st_size for one in (undisturbed / "out2").iterdir() if one.suffix != ".html")


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_a_full_disk_changes_nothing(folder: Path, undisturbed: Path, share: float) -> None:
    """Wherever it becomes full: in the log of the night, or where the file grows; in the first file of a folder, or a later one."""
    state = folder / "state"
    largest = max(one.stat().st_size for one in (state.rglob("*.parquet") if state.is_dir() else [state]))
    whole = needed(undisturbed)
    before = exported(state)
    done = nightly_run(folder, before=partial(limited, max(int(largest * share), whole)))
    if done.returncode == 0:
        # There was room for the log of the night, if not to put it into the file at once.
        assert (state.is_file(), share) == (True, 0.3)
        assert exported(state) == exported(undisturbed / "after")
        return
    is_refused(done, folder, 1, "cannot be written: no space left. Nothing was changed")
    assert exported(state) == before
    recovers(folder, undisturbed)


def test_a_first_night_on_a_full_disk_leaves_nothing(folder: Path, undisturbed: Path) -> None:
    name = "new/" if (folder / "state").is_dir() else "new"
    whole = needed(undisturbed)
    done = nightly_run(folder, name, before=partial(limited, whole))
    is_refused(done, folder, 1, "cannot be written: no space left. Nothing was changed")
    assert not (folder / "new").is_file()
    assert nightly_run(folder, name).returncode == 0
    assert run(folder, "state", "check", "new").returncode == 0


def test_a_report_that_has_no_room_leaves_the_state_alone(folder: Path, undisturbed: Path) -> None:
    before = content(folder / "state")
    is_refused(nightly_run(folder, before=partial(limited, 300)), folder, 1)
    assert content(folder / "state") == before
    recovers(folder, undisturbed)


def in_mounts_of_its_own(script: str, folder: Path) -> Done:
    """Run a script of the shell that mounts what it likes, and nobody else sees it."""
    prefix = ["unshare", "--mount", "--map-root-user"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("this machine lets nobody have mounts of one's own")
    done = subprocess.run(
        [*prefix, "sh", "-c", script, DEDUP], capture_output=True, text=True, cwd=folder, timeout=120, check=False
    )
    if "mount:" in done.stderr:
        pytest.skip(f"this machine lets nobody mount: {done.stderr}")
    return done


WORK = '"$0" nightly night2.jsonl --text-is clean --workers 1 --out out --state'


def test_a_small_disk_that_is_full_changes_nothing(folder: Path) -> None:
    before = exported(folder / "state")
    filled = "mkdir disk && mount -t tmpfs -o size=24m none disk && cp -r state disk && { cat /dev/zero > disk/zero; } 2>/dev/null; "
    done = in_mounts_of_its_own(f"{filled}{WORK} disk/state; code=$?; cp -r disk/state after; exit $code", folder)
    is_refused(done, folder, 1, "no space left. Nothing was changed")
    assert exported(folder / "after") == before


def test_a_folder_that_can_only_be_read_is_read_and_not_written(folder: Path, undisturbed: Path) -> None:
    before = content(folder / "state")
    mounted = "mkdir disk && cp -r state disk && mount --bind disk disk && mount -o remount,bind,ro disk && "
    done = in_mounts_of_its_own(f"{mounted}{WORK} disk/state", folder)
    is_refused(done, folder, 1, "cannot be written: Read-only file system. Nothing was changed")
    assert content(folder / "disk" / "state") == before
    shutil.rmtree(folder / "disk")
    looked = in_mounts_of_its_own(f'{mounted}"$0" state check disk/state', folder)
    assert looked.returncode == 0, looked.stderr
    recovers(folder, undisturbed)


# -- a second run ----------------------------------------------------------------------------------------------------


def test_a_second_run_at_once_is_refused_and_can_be_run_later(folder: Path, undisturbed: Path) -> None:
    before = exported(folder / "state")
    with open_store(str(folder / "state"), writing=True):
        told = "--state: state is in use by another run. Wait for it to end"
        is_refused(nightly_run(folder, before=nothing), folder, 1, told)
        forget = run(folder, "state", "forget", "state", "--id", "a1", before=nothing)
        is_refused(forget, folder, 1, "in use by another run")
    assert exported(folder / "state") == before
    recovers(folder, undisturbed)


def test_so_is_one_while_another_program_has_the_file_open(folder: Path) -> None:
    if (folder / "state").is_dir():
        pytest.skip("a folder is opened by nobody")
    with duckdb.connect(str(folder / "state")):
        is_refused(nightly_run(folder, before=nothing), folder, 1, "in use by another run")
        is_refused(run(folder, "state", "info", "state", before=nothing), folder, 1, "in use by another run")


# -- what is no state, or no longer one ------------------------------------------------------------------------------


def text(path: Path) -> None:
    path.write_text("a list of things to do\n" * 1000)


def sqlite(path: Path) -> None:
    with sqlite3.connect(path) as client:
        client.execute("CREATE TABLE parameters (name TEXT, value TEXT)")
    client.close()


def of_somebody_else(path: Path) -> None:
    with duckdb.connect(str(path)) as client:
        client.execute("CREATE TABLE mine AS SELECT 1 AS one")


def with_parameters_of_its_own(path: Path) -> None:
    with duckdb.connect(str(path)) as client:
        client.execute("CREATE TABLE parameters AS SELECT 1 AS one")


def empty(path: Path) -> None:
    path.touch()


def thesis(path: Path) -> None:
    path.mkdir()
    (path / "thesis.tex").write_text("mine")


FOREIGN = [text, sqlite, of_somebody_else, with_parameters_of_its_own, empty, thesis]


@pytest.mark.parametrize("make", FOREIGN, ids=lambda one: one.__name__)
def test_what_is_something_else_is_left_as_it_is(make: Callable[[Path], None], tmp_path: Path) -> None:
    (tmp_path / NIGHT_2).write_text("".join(json.dumps(row) + "\n" for row in RECORDS))
    make(tmp_path / "other")
    before = content(tmp_path / "other")
    is_refused(nightly_run(tmp_path, "other"), tmp_path, 2, "other", "is no state of this tool")
    assert content(tmp_path / "other") == before
    assert not list(tmp_path.glob("other.wal"))


def cut(state: Path) -> None:
    """As by a copy that broke off."""
    for one in [state] if state.is_file() else sorted(state.rglob("*.parquet")):
        one.write_bytes(one.read_bytes()[: one.stat().st_size // 2])


def without_its_end(state: Path) -> None:
    for one in [state] if state.is_file() else sorted(state.rglob("*.parquet")):
        one.write_bytes(one.read_bytes()[:-5])


def overwritten(state: Path) -> None:
    for one in [state] if state.is_file() else sorted(state.rglob("*.parquet")):
        whole = one.read_bytes()
        one.write_bytes(whole[: len(whole) // 3] + bytes(len(whole) // 3) + whole[len(whole) // 3 * 2 :])


@pytest.mark.parametrize("damage", [cut, without_its_end, overwritten], ids=lambda one: one.__name__)
def test_a_damaged_state_is_told_and_left_as_it_is(folder: Path, damage: Callable[[Path], None]) -> None:
    damage(folder / "state")
    before = content(folder / "state")
    is_refused(nightly_run(folder), folder, 1, "--state: state is damaged", "put a copy in its place")
    assert content(folder / "state") == before


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda state: (state / MANIFEST).write_text("{"), "manifest.json is damaged or cannot be read"),
        (lambda state: (state / "terms" / "000001.parquet").unlink(), "terms/000001.parquet is gone"),
    ],
    ids=["manifest", "lost file"],
)
def test_a_folder_that_is_not_whole_is_told(folder: Path, damage: Callable[[Path], None], told: str) -> None:
    if (folder / "state").is_file():
        pytest.skip("a file is whole or damaged")
    damage(folder / "state")
    before = content(folder / "state")
    is_refused(nightly_run(folder), folder, 1, told, "Put a copy")
    is_refused(run(folder, "state", "check", "state"), folder, 1, told)
    assert content(folder / "state") == before


# -- places where no state can be ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "code", "told"),
    [
        ("/proc/state", 1, "--state: /proc/state cannot be written"),
        ("nowhere/state", 2, "--state: there is no folder nowhere"),
        ("nowhere/state/", 2, "--state: there is no folder nowhere"),
        ("night2.jsonl/", 2, "--state: night2.jsonl is a file"),
        ("night2.jsonl/state", 2, "--state: there is no folder night2.jsonl"),
        ("in/state", 2, "--state: in/state is in the input folder in"),
        ("in/state/", 2, "--state: in/state is in the input folder in"),
    ],
)
def test_a_place_where_no_state_can_be_is_told(tmp_path: Path, state: str, code: int, told: str) -> None:
    (tmp_path / "in").mkdir()
    for place in (tmp_path, tmp_path / "in"):
        (place / NIGHT_2).write_text(json.dumps(RECORDS[0]) + "\n")
    before = sorted(tmp_path.rglob("*"))
    given = "in" if state.startswith("in/") else NIGHT_2
    is_refused(nightly_run(tmp_path, state, given), tmp_path, code, told)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("command", ["info", "check", "export", "forget"])
def test_what_is_not_there_is_told(tmp_path: Path, command: str) -> None:
    more = ["--id", "a"] if command == "forget" else []
    is_refused(run(tmp_path, "state", command, "nowhere", *more), tmp_path, 2, "No such state: nowhere")
    assert list(tmp_path.iterdir()) == []
