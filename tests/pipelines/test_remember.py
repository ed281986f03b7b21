"""What of a night goes into the state."""

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from dedup.schema import EVENT, MERGE
from pipelines import nightly
from pipelines.config import Config, Keeping
from pipelines.journal import Journal
from pipelines.remember import _events, _moved
from pipelines.state import RELATIONS, State, open_store

TEXT = (
    "The harbour board voted on Tuesday to reopen the eastern quay after 11 days of repairs. "
    "Engineers replaced 40 metres of decking and two of the cranes, the chairman, Odd Halvorsen, said. "
)


def run(folder: Path, number: int, records: list[dict], config: Config, state: str = "state") -> dict[str, bytes]:
    given = folder / f"in{number}.jsonl"
    given.write_text("".join(json.dumps(row) + "\n" for row in records), encoding="utf-8")
    nightly.run([str(given)], folder / "out", config, 1, "clean", Journal(), str(folder / state))
    return {one.name: one.read_bytes() for one in (folder / "out").iterdir() if one.name != "run.json"}


def test_nights_are_worked_on_alike_without_the_texts(tmp_path: Path) -> None:
    bare = replace(Config(), state=Keeping(keep_text=False))
    nights = [[{"id": "a", "text": TEXT}], [{"id": "b", "text": TEXT + "It rained."}], [{"id": "c", "text": TEXT}]]
    for number, records in enumerate(nights):
        records = [row | {"title": "Quay reopens"} for row in records]  # noqa: PLW2901
        kept, without = (
            run(tmp_path, number, records, one, name) for one, name in ((Config(), "kept"), (bare, "bare"))
        )
        assert kept == without
    for name, expected in (("kept", 3), ("bare", 0)):
        with open_store(str(tmp_path / name), writing=False) as store:
            assert store.value("SELECT count(text) FROM articles") == expected


def test_every_relation_is_remembered_and_rejects_are_not(tmp_path: Path) -> None:
    run(tmp_path, 1, [{"id": "a", "text": TEXT}, {"id": "b", "text": ""}, {"id": "c", "text": TEXT}], Config())
    with open_store(str(tmp_path / "state"), writing=False) as store:
        counts = {name: store.rows(name).num_rows for name in RELATIONS}
        assert store.rows("claims")["doc_id"].to_pylist() == ["a", "c"]
    of_articles = ("articles", "signatures", "terms", "telling", "members", "assignments", "claims")
    assert {name: counts[name] for name in of_articles} == dict.fromkeys(of_articles, 2)
    assert (counts["matches"], counts["events"], counts["runs"], counts["merges"]) == (1, 1, 1, 0)
    assert min(counts["bands"], counts["term_counts"], counts["files"]) > 0


def merges(*rows: tuple[str, str, str]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(MERGE.names, row, strict=True)) for row in rows], schema=MERGE)


def test_a_merge_is_carried_to_every_row_that_names_what_is_no_more(tmp_path: Path) -> None:
    words = ("harbour quay ferry", "bread rye loaf", "storm coast power")
    run(tmp_path, 1, [{"id": f"a{n}", "text": one} for n, one in enumerate(words)], Config())
    with open_store(str(tmp_path / "state"), writing=False) as store:
        state = State(store, Config().parameters())
        assert {row["event_id"] for row in store.rows("events").to_pylist()} == {"a0", "a1", "a2"}
        gone = merges(
            ("event", "a1", "a0"), ("storyline", "a1", "a0"), ("storyline", "a2", "a0"), ("cluster", "a2", "a0")
        )
        moved = _moved(state, "assignments", gone).to_pylist()
        assert [(row["doc_id"], row["event_id"], row["storyline_id"]) for row in moved] == [
            ("a1", "a0", "a0"),
            ("a2", "a2", "a0"),
        ]
        tonight = pa.Table.from_pylist([{"event_id": "a1", "storyline_id": "a1", "title": "tonight"}], schema=EVENT)
        events = _events(state, tonight, gone).to_pylist()
        # One that tonight describes is taken as it does.
        assert [(row["event_id"], row["storyline_id"]) for row in events] == [("a1", "a1"), ("a2", "a0")]
        assert events[0]["title"] == "tonight"
        assert _moved(state, "assignments", merges()).num_rows == 0
