"""A state in one file: it appears with its first night, and any client can read it."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from pipelines.state import RELATIONS, open_store
from pipelines.state.export import rows
from pipelines.state.file import File

Play = Callable[..., Path]


@pytest.fixture
def form() -> str:
    return "file"


def test_any_client_of_the_engine_reads_it(state: Path) -> None:
    with duckdb.connect(str(state), read_only=True) as client:
        assert client.sql("SELECT count(*) FROM articles").fetchall() == [(6,)]
        tables = {name for (name,) in client.sql("SELECT table_name FROM duckdb_tables()").fetchall()}
        assert tables == {*RELATIONS, "parameters"}


def test_it_appears_with_its_first_night(tmp_path: Path, play: Play) -> None:
    with File(tmp_path / "new", writing=True) as store:
        assert sorted(one.name for one in tmp_path.iterdir()) == ["new.lock", "new.new"]
        store.connection.execute("CREATE TABLE half (night INT)")
    assert [one.name for one in tmp_path.iterdir()] == ["new.lock"]
    play(tmp_path, "new", 1, [{"id": "a", "text": "one two three"}])
    names = {one.name for one in tmp_path.iterdir()}
    assert names == {"new", "new.lock", "night1.jsonl", "report1"}


def test_what_a_killed_run_left_half_made_goes(state: Path) -> None:
    left = [state.with_name(f"file.new{end}") for end in ("", ".wal")]
    for one in left:
        one.write_text("half a file")
    with open_store(str(state), writing=False) as store:
        before = list(rows(store))
    assert all(one.exists() for one in left)
    with open_store(str(state), writing=True) as store:
        assert list(rows(store)) == before
    assert not any(one.exists() for one in left)


def test_a_night_is_in_the_file_itself_when_it_ends(tmp_path: Path, play: Play) -> None:
    """It may be copied and moved: nothing stands in a log beside it."""
    for number, words in ((1, "one two three"), (2, "four five six")):
        play(tmp_path, "new", number, [{"id": f"a{number}", "text": words}])
        assert not list(tmp_path.glob("new.*wal"))
    moved = (tmp_path / "new").rename(tmp_path / "moved")
    with open_store(str(moved), writing=False) as store:
        assert store.value("SELECT count(*) FROM articles") == 2
        assert store.n_bytes() == moved.stat().st_size
