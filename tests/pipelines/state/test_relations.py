"""The relations: keys that they have, types that both forms hold alike, and reports that come back as they were."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.errors import StateError
from pipelines.state import open_store
from pipelines.state.relations import RELATIONS, Relation, packed, unpacked


@pytest.mark.parametrize("name", RELATIONS)
def test_a_key_is_made_of_columns_and_night_is_no_part_of_it(name: str) -> None:
    relation = RELATIONS[name]
    assert relation.key
    assert set(relation.key) <= set(relation.schema.names)
    assert "night" not in relation.schema.names
    assert relation.stored.names == [*relation.schema.names, "night"]


def test_what_is_added_up_is_a_number_and_all_there_is_beside_the_key() -> None:
    for relation in RELATIONS.values():
        if relation.summed:
            assert [*relation.key, relation.summed] == relation.schema.names
            assert pa.types.is_integer(relation.schema.field(relation.summed).type)


def test_both_forms_give_the_columns_and_types_that_are_declared(state: Path) -> None:
    with open_store(str(state), writing=False) as store:
        for name, relation in RELATIONS.items():
            stored = store.connection.sql(f"SELECT * FROM {name}").to_arrow_table()
            assert stored.schema.names == relation.stored.names, name
            assert stored.num_rows or name in {"likenesses", "merges", "repeats"}, name
            # The engine has one type for all texts and one for all bytes.
            for field in relation.stored:
                found = stored.schema.field(field.name).type
                assert found == field.type or found.id in {pa.binary().id, pa.large_binary().id}, (name, field.name)


def test_a_relation_is_not_changed_by_being_asked() -> None:
    one = Relation(pa.schema([("a", pa.int64())]), ("a",))
    assert (one.stored.names, one.schema.names, one.stored.names) == (["a", "night"], ["a"], ["a", "night"])


@given(st.binary(max_size=300))
def test_a_file_comes_back_as_it_was(content: bytes) -> None:
    row = packed(7, "a.csv", content)
    assert (row["number"], row["name"], row["n_bytes"], unpacked(row)) == (7, "a.csv", len(content), content)


@pytest.mark.parametrize("content", [b"", b"nonsense"])
def test_one_that_was_damaged_is_told(content: bytes) -> None:
    row = packed(7, "a.csv", b"news") | {"content": content}
    with pytest.raises(StateError, match=r"a\.csv of night 7 is damaged"):
        unpacked(row)
