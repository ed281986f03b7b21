"""What both forms do alike: look-ups in fixed order, one writer at a time, nothing left behind."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.errors import InputError, StateError
from pipelines.state import RELATIONS, open_store
from pipelines.state.store import engine_errors, spans


def test_rows_are_looked_up_in_the_order_of_their_key(state: Path) -> None:
    with open_store(str(state), writing=False) as store:
        wanted = pa.array(["storm-1", "quay-2", "nobody", "quay-1"])
        found = store.rows("articles", "doc_id", wanted, ["doc_id", "night"])
        assert found.to_pylist() == [
            {"doc_id": "quay-1", "night": 1},
            {"doc_id": "quay-2", "night": 2},
            {"doc_id": "storm-1", "night": 2},
        ]
        whole = store.rows("articles")
        assert whole.schema == RELATIONS["articles"].schema
        ids = whole["doc_id"].to_pylist()
        assert ids == sorted(ids)
        assert store.rows("articles", "doc_id", wanted[:0]).num_rows == 0


def test_of_rows_that_are_replaced_the_last_stands(state: Path) -> None:
    with open_store(str(state), writing=False) as store:
        members = store.rows("members", columns=["doc_id", "cluster_id", "night"]).to_pylist()
        ids = [row["doc_id"] for row in members]
        assert len(ids) == len(set(ids))
        # The cluster of quay-1 was looked at again on the third night.
        assert {row["night"] for row in members if row["cluster_id"] == "quay-1"} == {3}


def test_numbers_of_nights_are_added_up(state: Path) -> None:
    with open_store(str(state), writing=False) as store:
        (total,) = store.rows("term_counts", "key", pa.array([0])).to_pylist()
        # Copies count once.
        assert total == {"key": 0, "n_articles": 3}
        assert store.value("SELECT count(*) FROM term_counts WHERE key = 0") == 3


def test_while_one_writes_no_other_may(state: Path) -> None:
    with open_store(str(state), writing=True), pytest.raises(StateError, match="is in use by another run"):
        open_store(str(state), writing=True)
    open_store(str(state), writing=True).close()


def test_one_that_could_not_be_opened_is_let_go(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no state")
    for _ in range(2):
        with pytest.raises(InputError, match="is no state of this tool"):
            open_store(str(tmp_path / "state"), writing=True)


def test_what_killed_runs_have_spilled_is_removed_and_nothing_else(state: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    left, ours, other = (
        state.with_name(f"{state.name}.spill-{of}") for of in (ended.stdout.decode().strip(), os.getpid(), "mine")
    )
    for one in (left, ours, other):
        one.mkdir()
        (one / "rows.tmp").write_text("text")
    open_store(str(state), writing=False).close()
    assert left.exists()
    open_store(str(state), writing=True).close()
    assert (left.exists(), ours.exists(), other.exists()) == (False, True, True)


@pytest.mark.parametrize("name", ["nowhere", "nowhere/"])
def test_what_is_not_there_is_read_by_nobody(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for writing in (True, False):
        with pytest.raises(InputError, match=f"No such state: {name}"):
            open_store(name, writing=writing)
    assert list(tmp_path.iterdir()) == []


def test_a_new_one_is_empty(tmp_path: Path, form: str) -> None:
    with open_store(str(tmp_path / "new") + "/" * (form == "folder"), writing=True, new=True) as store:
        assert store.is_new
        assert store.parameters == {}
        for name, relation in RELATIONS.items():
            assert store.rows(name).schema == relation.schema
            assert store.rows(name).num_rows == 0
    assert [one.name for one in tmp_path.iterdir()] == ["new.lock"]


def test_a_folder_without_a_night_is_nothing_to_read(tmp_path: Path) -> None:
    for writing in (True, False):
        with pytest.raises(InputError, match="holds no night yet"):
            open_store(str(tmp_path), writing=writing)


def test_a_file_is_no_folder_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match=r"is a file\. Leave out"):
        open_store(f"{tmp_path}/file/", writing=True, new=True)
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("name", [".", "./", "../state"])
def test_a_state_may_be_the_folder_one_is_in(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "state").mkdir()
    monkeypatch.chdir(tmp_path / "state")
    open_store(name, writing=True, new=True).close()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["state", "state.lock"]


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        (
            duckdb.IOException("Could not set lock on file x: held in python (PID 1)"),
            StateError,
            "in use by another run",
        ),
        (duckdb.IOException("The file exists, but it is not a valid DuckDB database file!"), InputError, "is no state"),
        (duckdb.IOException("Could not write file x: No space left on device"), StateError, "no space left"),
        (duckdb.IOException("Could not write file x: File too large"), StateError, "no space left"),
        (
            duckdb.IOException("Cannot open file x: Permission denied"),
            StateError,
            "cannot be written: Permission denied",
        ),
        (duckdb.IOException("Cannot open file x: Read-only file system"), StateError, "Read-only file system"),
        (duckdb.CatalogException("Table with name x does not exist!\nDid you mean"), StateError, "is damaged"),
        (duckdb.IOException("Corrupt database file: \n computed checksum"), StateError, "is damaged"),
        (OSError(5, "Input/output error"), StateError, "cannot be written: Input/output error"),
    ],
)
def test_what_the_engine_says_becomes_one_clear_line(said: Exception, kind: type[Exception], told: str) -> None:
    with pytest.raises(kind, match=told) as found, engine_errors(Path("x")):
        raise said
    assert "\n" not in str(found.value)
    assert "x" in str(found.value)


@given(st.lists(st.integers(0, 10**7), max_size=200))
def test_stretches_hold_every_arrival_and_are_few(arrivals: list[int]) -> None:
    found = spans(np.array(arrivals, dtype=np.int64))
    assert all(any(low <= one <= high for low, high in found) for one in arrivals)
    assert {end for pair in found for end in pair} <= set(arrivals)
    assert len(found) <= 16
    for (_, before), (after, _) in pairwise(found):
        assert after - before > 4096
