"""How tonight meets earlier nights: what is looked up, and which names stay."""

from collections.abc import Sequence

import pyarrow as pa
import pytest

from dedup.duplicates.component import JOINING
from dedup.earlier import clusters_of, held_together, in_reach, met_under, names_kept, not_among, others
from dedup.schema import BAND, MATCH, MEMBER, PAIR, SIGNATURE
from pipelines.state import RELATIONS

SCHEMAS = {"articles": RELATIONS["articles"].schema, "members": MEMBER, "bands": BAND, "signatures": SIGNATURE}


class Before:
    """What earlier nights left, in tables; ``asked`` notes every look-up."""

    def __init__(self, **relations: list[dict]) -> None:
        self.relations = relations
        self.asked: list[tuple[str, str, list]] = []

    def rows(self, name: str, column: str, values: pa.Array, columns: Sequence[str] = ()) -> pa.Table:
        wanted = values.to_pylist()
        self.asked.append((name, column, wanted))
        found = [row for row in self.relations.get(name, ()) if row[column] in wanted]
        table = pa.Table.from_pylist(found, schema=SCHEMAS[name])
        return table.select(list(columns) or table.schema.names)


def member(doc_id: str, cluster_id: str) -> dict[str, str]:
    return {"doc_id": doc_id, "cluster_id": cluster_id, "canonical_id": cluster_id, "relation": "near"}


def match(left: str, right: str, relation: str = "near") -> dict[str, str]:
    return {"left_id": left, "right_id": right, "relation": relation}


def tonight(*ids: str) -> pa.Table:
    return pa.table({"doc_id": pa.array(ids, pa.string())})


def test_ids_of_others_are_distinct_and_sorted() -> None:
    assert not_among(pa.chunked_array([["c", "a"], ["c", "b"]]), tonight("b")).to_pylist() == ["a", "c"]
    assert not_among(pa.chunked_array([pa.array([], pa.string())]), tonight("b")).to_pylist() == []
    pairs = pa.Table.from_pylist([match("x", "b"), match("b", "a"), match("a", "x")], schema=PAIR)
    assert others(pairs, tonight("b")).to_pylist() == ["a", "x"]


def test_earlier_articles_are_met_under_tonights_keys_alone() -> None:
    bands = [{"kind": 1, "key": key, "arrival": arrival} for key, arrival in ((5, 0), (6, 1), (7, 2), (5, 2))]
    articles = [{"doc_id": f"a{n}", "arrival": n, "published": "2026-03-01"} for n in range(3)]
    before = Before(bands=bands, articles=articles)
    ours = [
        pa.Table.from_pylist([{"kind": 1, "key": key, "arrival": 9} for key in keys], schema=BAND)
        for keys in ((5, 5), (8,))
    ]
    found, met = met_under(before, ours)
    assert [(row["key"], row["arrival"]) for row in found.to_pylist()] == [(5, 0), (5, 2)]
    assert met.to_pylist() == [articles[0], articles[2]]
    # No question holds a key, or an article, that tonight has not reached.
    assert before.asked == [("bands", "key", [5, 8]), ("articles", "arrival", [0, 2])]


def test_the_whole_of_a_cluster_is_reached_through_copies_alone() -> None:
    before = Before(
        members=[member("a", "a"), member("b", "a"), member("c", "c")],
        articles=[{"doc_id": one} for one in "abc"],
        signatures=[{"doc_id": one, "text_digest": ord(one)} for one in "abc"],
    )
    matches = pa.Table.from_pylist([match("b", "n"), match("c", "n", "partial")], schema=MATCH)
    members, about, digests = clusters_of(before, matches, tonight("n"))
    assert members["doc_id"].to_pylist() == ["a", "b"]
    assert about["doc_id"].to_pylist() == ["a", "b"]
    assert digests.to_pylist() == [{"doc_id": "a", "text_digest": 97}, {"doc_id": "b", "text_digest": 98}]


def test_what_was_together_is_held_together() -> None:
    members = pa.Table.from_pylist([member("a", "a"), member("b", "b"), member("c", "a")], schema=MEMBER)
    found = held_together(members)
    assert [{row["left_id"], row["right_id"]} for row in found.to_pylist()] == [{"a"}, {"b"}, {"a", "c"}]
    assert set(found["relation"].to_pylist()) <= set(JOINING)
    assert found.schema.equals(MATCH)


@pytest.mark.parametrize(
    ("named", "members", "arrival", "kept", "gone"),
    [
        # A newcomer joins.
        ({"a": "a", "n": "a"}, [("a", "a")], {"a": 0}, {"a": "a", "n": "a"}, {}),
        # The name stays though another article is the first that is left.
        ({"b": "b", "n": "b"}, [("b", "gone")], {"b": 1}, {"b": "gone", "n": "gone"}, {}),
        # Of two, the older name.
        ({"a": "a", "b": "a", "n": "a"}, [("a", "a"), ("b", "b")], {"a": 3, "b": 2}, dict.fromkeys("abn", "b"), {"a": "b"}),
        # One whose founder was forgotten is the oldest of all.
        ({"a": "a", "b": "a"}, [("a", "a"), ("b", "gone")], {"a": 0, "b": 5}, dict.fromkeys("ab", "gone"), {"a": "gone"}),
        # Of two such, the smaller name, so that it does not depend on the order of rows.
        ({"a": "a", "b": "a"}, [("b", "y"), ("a", "x")], {"a": 0, "b": 5}, dict.fromkeys("ab", "x"), {"y": "x"}),
        # Three at once.
        ({"a": "a", "b": "a", "c": "a"}, [(one, one) for one in "cba"], {"a": 0, "b": 1, "c": 2}, dict.fromkeys("abc", "a"), {"b": "a", "c": "a"}),
        # What is new stays new.
        ({"n": "n", "m": "n"}, [], {}, {"n": "n", "m": "n"}, {}),
    ],
)  # fmt: skip
def test_the_oldest_name_is_kept(named: dict, members: list, arrival: dict, kept: dict, gone: dict) -> None:
    table = pa.Table.from_pylist([member(*one) for one in members], schema=MEMBER)
    assert names_kept(named, table, arrival) == (kept, gone)


def test_who_is_far_in_time_is_left_out_under_salient_keys_unless_that_could_change_a_pair() -> None:
    days = ["2026-03-01", "2026-03-09", "", "2026-03-10"]
    met = pa.table({"arrival": [3, 2, 1, 0], "published": days[::-1]})
    rows = [(5, 0), (5, 1), (5, 2), (5, 3), (6, 0), (7, 0), (7, 1)]
    found = pa.Table.from_pylist([{"kind": 3, "key": key, "arrival": one} for key, one in rows], schema=BAND)
    ours = pa.Table.from_pylist(
        [{"kind": 3, "key": key, "arrival": one} for key, one in ((5, 8), (6, 8), (7, 9))], schema=BAND
    )

    def left(limit: int, reach: int = 3, published: tuple[str, str] = ("2026-03-08", "")) -> list[tuple[int, int]]:
        tonight = pa.table({"arrival": [8, 9], "published": list(published)})
        kept = in_reach(found, met, ours, tonight, reach, limit)
        return [(row["key"], row["arrival"]) for row in kept.to_pylist()]

    # What the undated one of tonight has keys of may be of any day.
    assert left(9) == [(5, 1), (5, 2), (5, 3), (7, 0), (7, 1)]
    # Under a key of five the first four alone may be met.
    assert left(4) == [(5, 0), (5, 1), (5, 2), (5, 3), (7, 0), (7, 1)]
    assert left(1) == left(9, reach=0) == left(9, published=("", "")) == rows
    assert left(9, published=("2026-03-08", "2026-03-02")) == rows
    assert in_reach(found.slice(7), met, ours, met, 3, 9).num_rows == 0
