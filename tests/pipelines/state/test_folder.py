"""A state in a folder: files are only ever added, and those count that the manifest names."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dedup.errors import InputError, StateError
from pipelines.state import open_store
from pipelines.state.export import rows
from pipelines.state.folder import MANIFEST, Folder

Play = Callable[..., Path]


@pytest.fixture
def form() -> str:
    return "folder"


def content(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*.parquet")}


def test_a_night_adds_files_and_changes_none(state: Path, play: Play) -> None:
    before = content(state)
    play(state.parent, state.name, 4, [{"id": "quay-4", "text": "The harbour board voted on Tuesday."}])
    after = content(state)
    assert before.items() < after.items()
    assert {name.rpartition("/")[2] for name in after.keys() - before.keys()} == {"000004.parquet"}
    named = json.loads((state / MANIFEST).read_text())["files"]
    assert sorted(one for files in named.values() for one in files) == sorted(after)


def test_files_that_the_manifest_does_not_name_do_not_count_and_go(state: Path) -> None:
    with open_store(str(state), writing=False) as store:
        before = list(rows(store))
    left = state / "articles" / "000009.parquet"
    left.write_bytes((state / "articles" / "000001.parquet").read_bytes())
    mine = state / "notes.parquet"
    mine.write_text("of the user")
    with open_store(str(state), writing=False) as store:
        assert list(rows(store)) == before
    assert left.exists()
    with open_store(str(state), writing=True) as store:
        assert list(rows(store)) == before
    assert not left.exists()
    assert mine.exists()


def test_a_manifest_that_was_not_yet_in_place_does_not_count(state: Path, tmp_path: Path) -> None:
    (state / f"{MANIFEST}.new").write_text("half a mani")
    open_store(str(state), writing=True).close()
    # Nor does one of a first night.
    first = tmp_path / "first"
    (first / "articles").mkdir(parents=True)
    (first / f"{MANIFEST}.new").write_text("half a mani")
    with Folder(first, writing=True) as store:
        assert store.is_new


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(InputError, match=r"holds 'thesis.tex' and is no state of this tool"):
        open_store(str(tmp_path), writing=True, new=True)
    assert [one.name for one in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"files": {}}', '{"files": [], "parameters": {}}', "\xff"])
def test_a_damaged_manifest_is_told(state: Path, text: str) -> None:
    (state / MANIFEST).write_text(text, encoding="latin-1")
    for writing in (True, False):
        with pytest.raises(StateError, match=r"manifest.json is damaged or cannot be read"):
            open_store(str(state), writing=writing)
    assert (state / MANIFEST).read_text(encoding="latin-1") == text


def test_a_file_that_is_gone_is_named(state: Path) -> None:
    (state / "bands" / "000002.parquet").unlink()
    with pytest.raises(StateError, match=r"bands/000002.parquet is gone. Put a copy of the folder in its place"):
        open_store(str(state), writing=False)


def test_its_size_is_that_of_its_files(state: Path) -> None:
    with open_store(str(state), writing=False) as store:
        assert store.n_bytes() == sum(one.stat().st_size for one in state.rglob("*") if one.is_file())
