"""The memory of a run: the parameters that shaped it, what it knew, and reports that come again."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from dedup.duplicates.relation import Verify
from dedup.errors import InputError, StateError
from pipelines import nightly
from pipelines.config import Config, Keeping
from pipelines.journal import Journal
from pipelines.source import Claim
from pipelines.state import FORMAT, State, inputs_key, open_store
from pipelines.state.export import rows, to_folder


def test_it_is_used_with_the_parameters_that_shaped_it_and_no_others(state: Path) -> None:
    other = replace(Config(), verify=Verify(overlap=0.875))
    with (
        open_store(str(state), writing=True) as store,
        pytest.raises(InputError, match=r"was made with verify.overlap = ") as told,
    ):
        State(store, other.parameters())
    said = str(told.value)
    assert f"verify.overlap = {Verify().overlap}; this run has 0.875" in said
    assert "To make it of the same articles: dedup state export" in said
    assert "\n" not in said


def test_a_parameter_that_one_of_both_does_not_have_is_told(state: Path) -> None:
    with open_store(str(state), writing=False) as store:
        ours = Config().parameters()
        with pytest.raises(InputError, match=r"made with new.one = \(none\); this run has 5"):
            State(store, ours | {"new.one": "5"})
        del ours["verify.overlap"]
        with pytest.raises(InputError, match=r"made with verify.overlap = .*; this run has \(none\)"):
            State(store, ours)


def test_what_is_kept_and_what_the_machine_bears_are_no_such_parameters(state: Path) -> None:
    config = replace(Config(), state=Keeping(keep_text=False))
    config = replace(config, limits=replace(config.limits, seconds=1.0))
    with open_store(str(state), writing=False) as store:
        assert State(store, config.parameters()).night == 4


def test_the_command_that_makes_it_anew_does(state: Path, tmp_path: Path) -> None:
    with open_store(str(state), writing=False) as store:
        to_folder(store, tmp_path / "OLD")
        before = {row["doc_id"]: row["text"] for row in store.rows("articles").to_pylist()}
    nightly.run(
        [str(tmp_path / "OLD" / "articles.parquet")],
        *(tmp_path / "DIR", replace(Config(), verify=Verify(overlap=0.875)), 1, "clean", Journal()),
        str(tmp_path / "NEW"),
    )
    with open_store(str(tmp_path / "NEW"), writing=False) as store:
        assert {row["doc_id"]: row["text"] for row in store.rows("articles").to_pylist()} == before


@pytest.mark.parametrize(
    ("version", "advice"),
    [(str(FORMAT + 1), "Update this tool"), ("0", "Make a new state"), (None, "Make a new state")],
)
def test_one_of_another_format_is_refused(state: Path, version: str | None, advice: str) -> None:
    with open_store(str(state), writing=False) as store:
        store.parameters.pop("format") if version is None else store.parameters.update(format=version)
        with pytest.raises(StateError, match=f"this version reads {FORMAT}. {advice}") as told:
            State(store, Config().parameters())
        assert f"is of format {version or '?'}" in str(told.value)


def test_nights_are_numbered_and_arrivals_counted_on(state: Path, tmp_path: Path) -> None:
    with open_store(str(state), writing=False) as store:
        memory = State(store, Config().parameters())
        assert (memory.is_new, memory.night, memory.first_arrival) == (False, 4, 6)
    with open_store(str(tmp_path / "new"), writing=True, new=True) as store:
        memory = State(store, Config().parameters())
        assert (memory.is_new, memory.night, memory.first_arrival) == (True, 1, 0)
        claim = Claim("a", "b", "", "", "")
        assert claim not in memory.seen
        assert memory.known([claim]) == {}
        assert memory.report("any") is None


def test_revisions_are_known_by_what_they_claimed(state: Path) -> None:
    with open_store(str(state), writing=False) as store:
        known = State(store, Config().parameters()).known([Claim("bread-1", "other", "", "", "")])
    assert sorted(known["bread-1"].values()) == ["bread-1", "bread-1@2"]


def test_no_new_article_is_called_what_another_group_is_called(state: Path) -> None:
    """An article pruned by age may come again with another text; its name still is that of the cluster it founded."""
    with open_store(str(state), writing=True) as store:
        gone = "doc_id = 'quay-1'"
        store.rewrite(dict.fromkeys(("articles", "signatures", "terms", "telling", "members", "assignments"), gone), {})
    with open_store(str(state), writing=True) as store:
        store.rewrite({"claims": "doc_id = 'quay-1'"}, {})
    with open_store(str(state), writing=False) as store:
        known = State(store, Config().parameters()).known([Claim("quay-1", "other", "", "", "")])
    assert known == {"quay-1": {"": "quay-1"}}


def test_the_same_inputs_give_the_report_again_and_change_nothing(state: Path, reports: Path, tmp_path: Path) -> None:
    with open_store(str(state), writing=False) as store:
        before = list(rows(store))
    given, out = str(reports / "night2.jsonl"), tmp_path / "out"
    told = nightly.run([given], out, Config(), 1, "clean", Journal(), str(state))
    assert "These are the inputs of night 2" in told
    with open_store(str(state), writing=False) as store:
        assert list(rows(store)) == before
    # The two forms were made one after the other, over each other's reports: times differ.
    first = {one.name: one.read_bytes() for one in (reports / "report2").iterdir() if one.name != "run.json"}
    assert {one.name: one.read_bytes() for one in out.iterdir() if one.name != "run.json"} == first


def digest(kind: str, value: str, path: str) -> dict[str, str]:
    return {"kind": kind, "xxh3_128": value, "path": path}


def test_inputs_are_told_by_their_digests_and_files_of_one_article_by_their_names_too() -> None:
    one, other = digest("jsonl", "11", "x/a.jsonl"), digest("html", "22", "x/b.html")
    key = inputs_key([one, other], None)
    assert inputs_key([other, digest("jsonl", "11", "y/c.jsonl")], None) == key
    assert inputs_key([one, digest("html", "22", "y/b.html")], None) == key
    for different in (
        inputs_key([one, digest("html", "22", "x/c.html")], None),
        inputs_key([one, digest("html", "23", "x/b.html")], None),
        inputs_key([one, other], "clean"),
        inputs_key([one], None),
        inputs_key([one, other, other], None),
    ):
        assert different != key


def test_a_report_that_is_gone_is_told(state: Path) -> None:
    with open_store(str(state), writing=False) as store:
        key = store.value("SELECT inputs FROM runs WHERE number = 2")
    with open_store(str(state), writing=True) as store:
        store.rewrite({"files": "number = 2"}, {})
    with open_store(str(state), writing=False) as store:
        memory = State(store, Config().parameters())
        with pytest.raises(StateError, match=r"those of night 2, whose report is gone .* Nothing was changed"):
            memory.report(key)
        assert isinstance(memory.rows("articles", "doc_id", pa.array(["quay-1"])), pa.Table)
