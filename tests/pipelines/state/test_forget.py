"""Forgetting: nothing of an article is left, the rest keeps its ids, and the nights go on."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup.duplicates.canonical import Policy
from dedup.errors import InputError, StateError
from pipelines import nightly
from pipelines.config import Config
from pipelines.journal import Journal
from pipelines.state import RELATIONS, open_store
from pipelines.state.check import problems
from pipelines.state.export import rows
from pipelines.state.forget import Forgotten, forget, named, older
from pipelines.state.relations import packed, unpacked

Play = Callable[..., Path]
NOW = datetime(2026, 3, 14, tzinfo=UTC)


def taken_down(state: Path, *doc_ids: str, policy: Policy = Policy()) -> Forgotten:  # noqa: B008 - frozen
    with open_store(str(state), writing=True) as store:
        return forget(store, named(store, doc_ids), policy, claims=False)


def pruned(state: Path, days: int) -> Forgotten:
    with open_store(str(state), writing=True) as store:
        return forget(store, older(store, days, NOW), Policy(), claims=True)


def readable(state: Path) -> str:
    """All that can be read of a state: its bytes as they are, every row of every file, and reports unpacked."""
    found = []
    beside = [one for one in state.parent.glob(f"{state.name}*") if one.is_file()]
    tables = []
    if state.is_file():
        found += [one.read_bytes().decode("latin-1") for one in beside]
        with duckdb.connect(str(state), read_only=True) as client:
            tables = [client.sql(f"SELECT * FROM {name}").to_arrow_table() for name in RELATIONS]
    else:
        tables = [pq.read_table(one) for one in state.rglob("*.parquet")]
        found += [one.read_bytes().decode("latin-1") for one in state.rglob("*") if one.is_file()]
    for table in tables:
        for row in table.to_pylist():
            found.append(repr(row))
            if "n_bytes" in row:
                found.append(unpacked(row).decode())
    return "\n".join(found)


def all_rows(state: Path, name: str) -> list[dict]:
    with open_store(str(state), writing=False) as store:
        return store.rows(name).to_pylist()


def places(state: Path) -> dict[str, tuple[str, str, str]]:
    event = {row["doc_id"]: row for row in all_rows(state, "assignments")}
    return {
        row["doc_id"]: (row["cluster_id"], event[row["doc_id"]]["event_id"], event[row["doc_id"]]["storyline_id"])
        for row in all_rows(state, "members")
    }


def is_sound(state: Path) -> bool:
    with open_store(str(state), writing=False) as store:
        return not list(problems(store))


def again(reports: Path, number: int, state: Path, tmp_path: Path) -> str:
    given = [str(reports / f"night{number}.jsonl")]
    return nightly.run(given, tmp_path / "again", Config(), 1, "clean", Journal(), str(state))


@pytest.mark.parametrize(
    ("doc_id", "words"),
    [
        ("storm-1", ("Wilma", "Skerrow stays closed", "Storm Wilma counted")),
        ("quay-1", ("zebrawood",)),
        ("bread-1@2", ("He thanked them",)),
    ],
)
def test_nothing_is_left_of_a_text_and_a_title(state: Path, doc_id: str, words: Sequence[str]) -> None:
    before = readable(state)
    assert all(one in before for one in words)
    assert taken_down(state, doc_id).articles == 1
    after = readable(state)
    assert [one for one in words if one in after] == []
    assert is_sound(state)


@pytest.mark.parametrize("gone", [("storm-1",), ("quay-1",), ("quay-2", "quay-3"), ("quay-1", "bread-1", "storm-1")])
def test_ids_of_the_rest_stay(state: Path, gone: Sequence[str]) -> None:
    before = places(state)
    assert taken_down(state, *gone).articles == len(gone)
    assert places(state) == {doc_id: place for doc_id, place in before.items() if doc_id not in gone}
    assert is_sound(state)
    left = {row["event_id"] for row in all_rows(state, "events")}
    assert left == {place[1] for place in places(state).values()}


def test_of_everything_derived_the_rows_go(state: Path) -> None:
    taken_down(state, "quay-2")
    arrivals = {row["arrival"] for row in all_rows(state, "articles")}
    assert {row["arrival"] for row in all_rows(state, "bands")} == arrivals
    assert not [row for row in all_rows(state, "matches") if "quay-2" in (row["left_id"], row["right_id"])]
    for name in ("signatures", "terms", "telling", "members", "assignments"):
        assert {row["doc_id"] for row in all_rows(state, name)} == {
            row["doc_id"] for row in all_rows(state, "articles")
        }


@pytest.mark.parametrize(
    ("policy", "canonical"),
    [(Policy(), "quay-2"), (Policy(order=("longest",)), "quay-2"), (Policy(preferred_sources=("c",)), "quay-3")],
)
def test_a_cluster_gets_another_canonical_article(state: Path, policy: Policy, canonical: str, play: Play) -> None:
    if canonical == "quay-3":
        text = next(row["text"] for row in all_rows(state, "articles") if row["doc_id"] == "quay-3")
        play(state.parent, state.name, 4, [{"id": "quay-4", "text": text, "source": "c"}])
        canonical = "quay-4"
    taken_down(state, "quay-1", policy=policy)
    ours = [row for row in all_rows(state, "members") if row["cluster_id"] == "quay-1"]
    assert {row["canonical_id"] for row in ours} == {canonical}
    assert {row["doc_id"] for row in ours if row["relation"] == "canonical"} == {canonical}


@pytest.mark.parametrize("how", ["taken down", "pruned"])
def test_nights_go_on_when_a_founder_is_gone(state: Path, how: str, play: Play) -> None:
    if how == "pruned":
        assert pruned(state, 10).articles == 2
    else:
        assert taken_down(state, "quay-1", "bread-1").articles == 2
    text = next(row["text"] for row in all_rows(state, "articles") if row["doc_id"] == "quay-2")
    told = play(
        state.parent,
        state.name,
        4,
        [{"id": "quay-4", "text": text, "published": "2026-03-06"}, {"id": "other", "text": "A word or two of news."}],
    )
    assert is_sound(state)
    now = places(state)
    assert now["quay-4"] == now["quay-2"] == now["quay-3"]
    assert now["quay-4"][:2] == ("quay-1", "quay-1")
    assert "quay-1,quay-2,Ferries return,3," in (told / "clusters.csv").read_text()
    assert "zebrawood" not in readable(state)


def test_one_that_was_taken_down_stays_away(state: Path, play: Play) -> None:
    storm = next(row for row in all_rows(state, "articles") if row["doc_id"] == "storm-1")
    taken_down(state, "storm-1")
    record = {"id": "storm-1", "title": "Storm Wilma counted", "text": storm["text"]}
    out = play(state.parent, state.name, 4, [record])
    assert json.loads((out / "run.json").read_text())["counts"]["seen"] == 1
    assert "storm-1" not in places(state)
    assert "Wilma" not in readable(state)
    # A later text is an article of its own, under a name of its own.
    play(state.parent, state.name, 5, [record | {"text": storm["text"] + " The road is open again."}])
    assert "storm-1@2" in places(state)
    assert is_sound(state)


def test_one_that_was_pruned_is_new_when_it_comes_again(state: Path, play: Play) -> None:
    bread = next(row for row in all_rows(state, "articles") if row["doc_id"] == "bread-1@2")
    assert pruned(state, 0).articles == 6
    assert places(state) == {}
    assert is_sound(state)
    out = play(state.parent, state.name, 4, [{"id": "bread-1", "text": bread["text"]}])
    assert json.loads((out / "run.json").read_text())["counts"]["seen"] == 0
    assert set(places(state)) == {"bread-1"}
    assert is_sound(state)


def test_a_name_that_a_group_has_is_given_to_no_other_article(state: Path, play: Play) -> None:
    pruned(state, 10)
    assert "quay-1" not in places(state)
    play(
        state.parent, state.name, 4, [{"id": "quay-1", "text": "Quite another story under the address of the old one."}]
    )
    now = places(state)
    assert now["quay-1@2"] == ("quay-1@2", "quay-1@2", "quay-1@2")
    assert now["quay-2"][0] == "quay-1"
    assert is_sound(state)


def test_the_title_of_an_event_that_was_merged_goes_too(tmp_path: Path, form: str, play: Play) -> None:
    words = ["".join(chr(97 + (n * k) % 16) for k in (1, 3, 5, 7, 11, 13)) + str(n) for n in range(216)]
    parts = {"one": words[:96], "two": words[48:144], "bridge": words[24:120]}
    state = tmp_path / form
    state.mkdir() if form == "folder" else None
    for number, (name, text) in enumerate(parts.items(), start=1):
        published = "2026-04-20" if name == "two" else "2026-03-01"
        record = {"id": name, "title": f"Title {name}", "text": " ".join(text), "published": published}
        play(tmp_path, form, number, [record])
    assert {"level": "event", "old_id": "two", "new_id": "one"} in all_rows(state, "merges")
    assert any(row["title"] == "Title two" for row in all_rows(state, "events"))
    taken_down(state, "two")
    assert "Title two" not in readable(state)
    assert is_sound(state)
    # An id that was published means what it meant.
    out = play(tmp_path, form, 9, [{"id": "two", "text": "Quite another story."}])
    assert "two@2,two@2," in (out / "events.csv").read_text()
    assert is_sound(state)


def test_reports_go_that_showed_it_and_no_others(state: Path, reports: Path, tmp_path: Path) -> None:
    assert taken_down(state, "storm-1") == Forgotten(1, 1)
    for number in (1, 3):
        assert f"These are the inputs of night {number}" in again(reports, number, state, tmp_path)
    with pytest.raises(StateError, match="those of night 2, whose report is gone"):
        again(reports, 2, state, tmp_path)


def test_a_report_goes_that_lists_its_event_though_it_has_no_article_of_it(state: Path) -> None:
    """As that of a night on which its storyline was merged."""
    (event,) = (row["event_id"] for row in all_rows(state, "assignments") if row["doc_id"] == "storm-1")
    with open_store(str(state), writing=True) as store:
        file = store.rows("files", columns=["number", "name", "n_bytes", "content", "night"])
        kept = [row for row in file.to_pylist() if (row["number"], row["name"]) == (3, "events.csv")]
        listing = unpacked(kept[0]) + f'{event},{event},"Storm, counted"\r\n'.encode()
        shown = packed(3, "events.csv", listing) | {"night": 3}
        store.rewrite({}, {"files": pa.Table.from_pylist([shown], schema=file.schema)})
    assert taken_down(state, "storm-1") == Forgotten(1, 2)
    assert {row["number"] for row in all_rows(state, "files")} == {1}


def test_age_is_counted_from_publication_and_without_one_from_the_night(state: Path, play: Play) -> None:
    play(state.parent, state.name, 4, [{"id": "undated", "text": "No day is known of this one."}])
    with open_store(str(state), writing=False) as store:
        for days, gone in ((11, []), (10, ["bread-1", "quay-1"]), (9, ["bread-1", "quay-1", "quay-2", "storm-1"])):
            assert older(store, days, NOW).to_pylist() == gone
        ended = datetime.fromisoformat(store.value("SELECT max(ended) FROM runs"))
        assert "undated" not in older(store, 0, ended).to_pylist()
        assert "undated" in older(store, 1, ended.replace(year=ended.year + 1)).to_pylist()


def test_nothing_to_forget_changes_nothing(state: Path) -> None:
    with open_store(str(state), writing=False) as store:
        before = list(rows(store))
    assert pruned(state, 400) == Forgotten(0, 0)
    with pytest.raises(InputError, match=r"has no article 'nobody'\. Nothing was changed"):
        taken_down(state, "quay-1", "nobody")
    with open_store(str(state), writing=False) as store:
        assert list(rows(store)) == before
