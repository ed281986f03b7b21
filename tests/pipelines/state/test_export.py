"""A state written out: in fixed order, without clock times, and nothing left out."""

import base64
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dedup.errors import InputError, OutputError
from pipelines import nightly
from pipelines.config import Config
from pipelines.journal import Journal
from pipelines.state import RELATIONS, State, open_store
from pipelines.state.export import line, rows, to_folder


def exported(state: Path) -> list[dict]:
    with open_store(str(state), writing=False) as store:
        return list(rows(store))


def test_relations_and_rows_stand_in_fixed_order(state: Path) -> None:
    found = exported(state)
    names = [row["relation"] for row in found]
    assert list(dict.fromkeys(names)) == [name for name in RELATIONS if name in names]
    for name, relation in RELATIONS.items():
        keys = [tuple(row["row"][one] for one in relation.key) for row in found if row["relation"] == name]
        assert keys == sorted(keys), name


def test_lines_hold_all_of_a_row_but_clock_times_and_reports(state: Path) -> None:
    found = [json.loads(line(row)) for row in exported(state)]
    for row in found:
        left_out = {"runs": {"ended", "record"}, "files": {"n_bytes", "content"}}.get(row["relation"], set())
        assert row["row"].keys() == set(RELATIONS[row["relation"]].stored.names) - left_out
    (signature,) = (row["row"] for row in found if row["relation"] == "signatures" and row["row"]["doc_id"] == "quay-1")
    with open_store(str(state), writing=False) as store:
        words = next(row["words"] for row in store.rows("signatures").to_pylist() if row["doc_id"] == "quay-1")
    assert base64.b64decode(signature["words"]) == words


def test_two_states_made_at_other_times_give_the_same_lines(state: Path, reports: Path, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        given = [str(reports / f"night{number}.jsonl")]
        nightly.run(given, tmp_path / "out", Config(), 1, "clean", Journal(), str(tmp_path / "again"))
    with open_store(str(tmp_path / "again"), writing=False) as store:
        ended = store.value("SELECT max(ended) FROM runs")
    assert exported(tmp_path / "again") == exported(state)
    assert ended not in "".join(map(line, exported(state)))


def test_a_folder_gets_a_file_for_each_relation(state: Path, tmp_path: Path) -> None:
    with open_store(str(state), writing=False) as store:
        counts = to_folder(store, tmp_path / "new" / "tables")
    assert {one.name for one in (tmp_path / "new" / "tables").iterdir()} == {f"{name}.parquet" for name in RELATIONS}
    for name, relation in RELATIONS.items():
        table = pq.read_table(tmp_path / "new" / "tables" / f"{name}.parquet")
        assert table.schema.equals(relation.stored), name
        assert table.num_rows == counts[name]
    assert counts["articles"] == 6


def test_a_folder_that_holds_something_is_left_alone(state: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("mine")
    with open_store(str(state), writing=False) as store:
        with pytest.raises(InputError, match=r"is not empty. Give a new folder"):
            to_folder(store, tmp_path / "mine")
        with pytest.raises(OutputError, match="cannot be written"):
            to_folder(store, tmp_path / "mine" / "thesis.tex" / "x")
    assert [one.name for one in (tmp_path / "mine").iterdir()] == ["thesis.tex"]


def test_looking_changes_no_byte(state: Path) -> None:
    files = [state] if state.is_file() else sorted(one for one in state.rglob("*") if one.is_file())
    before = [one.read_bytes() for one in files]
    with open_store(str(state), writing=False) as store:
        assert State(store, Config().parameters()).night == 4
        list(rows(store))
    assert [one.read_bytes() for one in files] == before
