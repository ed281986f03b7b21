"""A check tells each kind of damage, and nothing of a sound state."""

from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from dedup.errors import StateError
from pipelines.state import open_store
from pipelines.state.check import problems
from pipelines.state.export import rows


def told(state: Path) -> list[str]:
    with open_store(str(state), writing=False) as store:
        return list(problems(store))


def exported(state: Path) -> list[dict]:
    with open_store(str(state), writing=False) as store:
        return list(rows(store))


def test_a_sound_state_gives_nothing(state: Path) -> None:
    assert told(state) == []


#: What is done to the file, and how it is told.
DAMAGE = [
    *((f"DELETE FROM {name} WHERE doc_id = 'quay-2'", f"name a doc_id that {name} does not have") for name in
      ("signatures", "terms", "telling", "members", "assignments", "claims", "articles")),
    ("DELETE FROM events", "name a event_id that events does not have"),
    ("DELETE FROM runs WHERE number = 2", "name a night that runs does not have"),
    ("DELETE FROM runs WHERE number = 2", "name a number that runs does not have"),
    ("DELETE FROM members WHERE doc_id = canonical_id AND doc_id = 'quay-1'", "name a canonical_id that members"),
    ("UPDATE bands SET arrival = 99 WHERE arrival = 1", "bands: .* name a arrival that articles does not have"),
    ("UPDATE matches SET left_id = 'nobody'", "matches: .* name a left_id that articles does not have"),
    ("UPDATE matches SET left_id = right_id, right_id = left_id", "ids in matches are not in order"),
    ("INSERT INTO members SELECT * FROM members", r"members: 6 keys \(doc_id\) stand more than once"),
    ("INSERT INTO term_counts SELECT * FROM term_counts", r"term_counts: .* keys \(key, night\) stand more than once"),
    ("UPDATE articles SET arrival = 0", "articles share an arrival"),
    ("UPDATE members SET canonical_id = doc_id", "members of a cluster disagree on its canonical article"),
    ("UPDATE members SET cluster_id = doc_id", "copies are in different clusters"),
    ("UPDATE members SET canonical_id = 'storm-1' WHERE cluster_id = 'quay-1'", "canonical article of another cluster"),
    ("UPDATE assignments SET event_id = 'storm-1' WHERE doc_id = 'quay-2'", "copies are in different events"),
    ("UPDATE events SET storyline_id = 'nobody'", "articles are in another storyline than their event"),
    ("INSERT INTO merges VALUES ('cluster', 'quay-1', 'x', 3)", "clusters that were merged have members"),
    ("INSERT INTO merges VALUES ('event', 'quay-1', 'x', 3)", "events that were merged have articles"),
    ("INSERT INTO merges VALUES ('storyline', 'quay-1', 'x', 3)", "storylines that were merged have articles"),
    ("UPDATE signatures SET words = ''::BLOB WHERE doc_id = 'quay-1'", "the digest of 1 articles is not that of their words"),
    ("UPDATE files SET content = 'x'::BLOB WHERE number = 1", "files: .* files of reports cannot be unpacked"),
]  # fmt: skip


@pytest.mark.parametrize("form", ["file"], indirect=True)
@pytest.mark.parametrize(("damage", "line"), DAMAGE)
def test_damage_is_told(state: Path, damage: str, line: str) -> None:
    with duckdb.connect(str(state)) as client:
        client.execute(damage)
    found = "\n".join(told(state))
    with pytest.raises(AssertionError, match=line):
        assert not found


@pytest.mark.parametrize("form", ["file"], indirect=True)
def test_a_relation_that_is_gone_is_damage(state: Path) -> None:
    with duckdb.connect(str(state)) as client:
        client.execute("DROP TABLE telling")
    with pytest.raises(StateError, match="is damaged"):
        told(state)


@pytest.mark.parametrize("form", ["file"], indirect=True)
def test_blocks_that_no_query_needs_are_read_too(state: Path) -> None:
    """Damage that is not told is in a block that holds no row any more."""
    whole = state.read_bytes()
    before, found = exported(state), 0
    used = [start for start in range(3 * 4096, len(whole), 4096) if any(whole[start : start + 256])]
    for start in used[:: len(used) // 10]:
        damaged = whole[:start] + bytes(256) + whole[start + 256 :]
        state.write_bytes(damaged)
        try:
            is_told = bool(told(state))
        except StateError:
            is_told = True
        if not is_told:
            assert exported(state) == before
        found += is_told
        assert state.read_bytes() == damaged
    assert found >= 5


@pytest.mark.parametrize("form", ["folder"], indirect=True)
@pytest.mark.parametrize("name", ["articles", "files", "bands"])
def test_a_damaged_file_of_a_folder_is_told(state: Path, name: str) -> None:
    path = state / name / "000001.parquet"
    content = path.read_bytes()
    for damaged in (b"", content[: len(content) // 2], content[:64] + bytes(64) + content[128:]):
        path.write_bytes(damaged)
        with pytest.raises(StateError, match="cannot be read") as error:
            told(state)
        assert "\n" not in str(error.value)
        assert path.read_bytes() == damaged


@pytest.mark.parametrize("form", ["folder"], indirect=True)
def test_rows_that_are_gone_from_a_folder_are_told(state: Path) -> None:
    place = state / "claims" / "000002.parquet"
    pq.write_table(pq.read_table(place).slice(1), place)
    assert any("name a doc_id that claims does not have" in line for line in told(state))
