"""What a night touched, with totals over the whole life of each."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from dedup.flow import Grouped, Matched
from dedup.schema import ASSIGNMENT, EVENT, LIKENESS, MATCH, MEMBER, MERGE, PAIR, POINT, SIGNATURE, TERM_COUNT, TERMS
from pipelines import totals
from pipelines.state import RELATIONS

SCHEMAS = {"articles": RELATIONS["articles"].schema, "members": MEMBER, "assignments": ASSIGNMENT, "events": EVENT}


class Before:
    """What earlier nights left, in tables."""

    def __init__(self, **relations: list[dict]) -> None:
        self.relations = relations

    def rows(self, name: str, column: str, values: pa.Array, columns: Sequence[str] = ()) -> pa.Table:
        found = [row for row in self.relations.get(name, ()) if row[column] in values.to_pylist()]
        table = pa.Table.from_pylist(found, schema=SCHEMAS[name])
        return table.select(list(columns) or table.schema.names)


def article(doc_id: str, source: str, published: str = "", title: str = "", text: str | None = "") -> dict[str, Any]:
    return {"doc_id": doc_id, "source": source, "published": published, "title": title, "text": text}


def member(doc_id: str, cluster_id: str, canonical_id: str) -> dict[str, str]:
    relation = "canonical" if doc_id == canonical_id else "near"
    return {"doc_id": doc_id, "cluster_id": cluster_id, "canonical_id": canonical_id, "relation": relation}


def assigned(doc_id: str, event_id: str, storyline_id: str) -> dict[str, Any]:
    return {"doc_id": doc_id, "event_id": event_id, "storyline_id": storyline_id, "similarity": 1.0}


def event(event_id: str, storyline_id: str, title: str = "") -> dict[str, Any]:
    return {"event_id": event_id, "storyline_id": storyline_id, "title": title, "top_terms": [], "cohesion": 1.0}


def merged(*rows: tuple[str, str, str]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(MERGE.names, row, strict=True)) for row in rows], schema=MERGE)


def matched(members: list[dict], *merges: tuple[str, str, str]) -> Matched:
    empty = (one.empty_table() for one in (SIGNATURE, TERMS, MATCH))
    return Matched(*empty, pa.Table.from_pylist(members, schema=MEMBER), merged(*merges), PAIR.empty_table())


def grouped(assignments: list[dict], events: list[dict], *merges: tuple[str, str, str]) -> Grouped:
    tables = (pa.Table.from_pylist(*one) for one in ((assignments, ASSIGNMENT), (events, EVENT)))
    later = (one.empty_table() for one in (LIKENESS, TERM_COUNT, POINT))
    return Grouped(*tables, merged(*merges), *later)


def told(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


def test_a_night_alone_tells_of_clusters_of_two_or_more() -> None:
    members = [member("a", "a", "b"), member("b", "a", "b"), member("c", "c", "c")]
    tonight = [article(row["doc_id"], "s", text="One two") | row for row in members]
    (row,) = totals.clusters(tonight, matched(members))
    assert row == {
        "cluster_id": "a",
        "canonical_id": "b",
        "title": "One two",
        "n_articles": 2,
        "n_sources": 1,
        "first_published": "",
        "last_published": "",
        "sources": ["s"],
        "status": "new",
    }


BEFORE = Before(
    articles=[
        article("a", "s", "2026-03-02T09:00:00Z", "A"),
        article("b", "t", "2026-03-01"),
        article("c", "s", "", "C"),
    ],
    members=[member("a", "a", "a"), member("b", "a", "a"), member("c", "c", "c")],
    assignments=[assigned("a", "a", "a"), assigned("b", "a", "a"), assigned("c", "c", "c")],
    events=[event("a", "a", "Old A"), event("c", "c", "Old C")],
)


def joins(doc_id: str, cluster_id: str, **fields: str) -> list[dict]:
    return [article(doc_id, "u", "2026-03-05") | member(doc_id, cluster_id, cluster_id) | fields]


def test_a_cluster_has_grown_with_totals_over_its_whole_life() -> None:
    now = matched([member(one, "a", "a") for one in "abn"])
    (row,) = totals.clusters(joins("n", "a", canonical_id="a", relation="near"), now, BEFORE)
    assert told([row], "cluster_id", "title", "n_articles", "n_sources", "status") == [("a", "A", 3, 3, "grown")]
    assert (row["first_published"], row["last_published"]) == ("2026-03-01", "2026-03-05")
    assert row["sources"] == ["s", "t", "u"]


def test_an_article_alone_whose_first_copy_came_is_a_new_cluster() -> None:
    now = matched([member("c", "c", "c"), member("n", "c", "c")])
    (row,) = totals.clusters(joins("n", "c", canonical_id="c", relation="near"), now, BEFORE)
    assert told([row], "cluster_id", "n_articles", "status") == [("c", 2, "new")]


def test_a_cluster_that_was_merged_is_told_with_what_it_was() -> None:
    now = matched([member(one, "a", "a") for one in "abcn"], ("cluster", "c", "a"), ("event", "x", "y"))
    rows = totals.clusters(joins("n", "a", canonical_id="a", relation="near"), now, BEFORE)
    assert told(rows, "cluster_id", "n_articles", "title", "status") == [
        ("a", 4, "A", "grown"),
        ("c", 1, "C", "merged_into:a"),
    ]


def test_a_canonical_article_of_which_no_text_is_kept_has_its_title_or_none() -> None:
    bare = Before(articles=[article("c", "s", text=None)], members=BEFORE.relations["members"])
    now = matched([member("c", "c", "c"), member("n", "c", "c")])
    (row,) = totals.clusters(joins("n", "c", canonical_id="c", relation="near"), now, bare)
    assert row["title"] == ""


def test_events_are_new_or_have_grown() -> None:
    members = [member("n", "n", "n"), member("m", "m", "m")]
    tonight = [article(row["doc_id"], "u") | row for row in members]
    found = grouped([assigned("n", "a", "a"), assigned("m", "m", "m")], [event("a", "a", "Now A"), event("m", "m")])
    tonight = [row | found.event_of[row["doc_id"]] for row in tonight]
    rows = totals.events(tonight, matched(members), found, BEFORE)
    assert told(rows, "event_id", "title", "n_articles", "n_clusters", "n_sources", "status") == [
        ("a", "Now A", 3, 2, 3, "grown"),
        ("m", "", 1, 1, 1, "new"),
    ]


def test_one_that_was_merged_is_told_once_and_counted_where_it_went() -> None:
    now = matched([member(one, "a", "a") for one in "abcn"], ("cluster", "c", "a"))
    found = grouped([assigned("n", "a", "a")], [event("a", "a", "Now A")], ("event", "c", "a"), ("storyline", "c", "a"))
    tonight = [row | found.event_of["n"] for row in joins("n", "a")]
    rows = totals.events(tonight, now, found, BEFORE)
    # Its cluster is that of the others now.
    assert told(rows, "event_id", "storyline_id", "title", "n_articles", "n_clusters", "status") == [
        ("a", "a", "Now A", 4, 1, "grown"),
        ("c", "a", "Old C", 1, 1, "merged_into:a"),
    ]


def test_an_event_that_only_its_storyline_changed_is_told_with_the_one_it_has_now() -> None:
    found = grouped([assigned("n", "a", "a")], [event("a", "a")], ("storyline", "c", "a"))
    tonight = [row | found.event_of["n"] for row in joins("n", "n")]
    rows = totals.events(tonight, matched([member("n", "n", "n")]), found, BEFORE)
    assert told(rows, "event_id", "storyline_id", "n_articles", "status") == [
        ("a", "a", 3, "grown"),
        ("c", "a", 1, "grown"),
    ]


def test_one_that_was_merged_on_an_earlier_night_is_not_told_again() -> None:
    before = Before(**BEFORE.relations | {"events": [event("a", "a"), event("c", "c"), event("old", "c")]})
    found = grouped([assigned("n", "a", "a")], [event("a", "a")], ("storyline", "c", "a"))
    tonight = [row | found.event_of["n"] for row in joins("n", "n")]
    rows = totals.events(tonight, matched([member("n", "n", "n")]), found, before)
    assert {row["event_id"] for row in rows} == {"a", "c"}
