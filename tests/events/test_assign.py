"""Events and storylines."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage

from dedup.articles.terms import analyse
from dedup.errors import ParameterError
from dedup.events.assign import Bar, Graph, Grouping, average_linkage, group, top_terms, weighed_labels
from dedup.schema import ASSIGNMENT, EVENT, MATCH, MEMBER, TERMS

SEEDS = Path(__file__).parents[3] / "shared" / "data" / "seeds"

ARTICLES = pa.schema(
    [(name, pa.string()) for name in ("doc_id", "title", "published", "source", "text")] + [("arrival", pa.int64())]
)
TEXTS = {
    "call_a": "Ambassador Quillfeather and minister Brontolov spoke for 50 minutes about the Zembla straits on March 3.",
    "call_b": "A 50-minute call between Brontolov and Quillfeather on March 3 dealt with the Zembla straits.",
    "bakery": "Shares of the bakery chain rose after profits doubled in the third quarter, analysts told reporters.",
    "storm": "A storm flooded the harbour of Port Lumen overnight and left 40 people without homes.",
    "storm_b": "Port Lumen counts the damage: 40 people lost their homes when a storm flooded its harbour.",
}


def _tables(texts: dict[str, str], title: str = "") -> tuple[pa.Table, pa.Table]:
    terms, articles = [], []
    for arrival, (doc_id, text) in enumerate(texts.items()):
        terms.append({"doc_id": doc_id, "arrival": arrival, **analyse(title, text, "en").to_row()})
        articles.append(
            {"doc_id": doc_id, "arrival": arrival, "title": title, "published": None, "source": "", "text": text}
        )
    return pa.Table.from_pylist(terms, schema=TERMS), pa.Table.from_pylist(articles, schema=ARTICLES)


def _events(assignment: pa.Table) -> dict[str, str]:
    return {row["doc_id"]: row["event_id"] for row in assignment.to_pylist()}


def test_events_are_named_after_the_first_arrival() -> None:
    assignment, events, *_ = group(*_tables(TEXTS))
    assert _events(assignment) == {
        "call_a": "call_a",
        "call_b": "call_a",
        "bakery": "bakery",
        "storm": "storm",
        "storm_b": "storm",
    }
    assert assignment.schema == ASSIGNMENT
    assert events.schema == EVENT
    found = {row["event_id"]: row for row in events.to_pylist()}
    assert set(found) == {"call_a", "bakery", "storm"}
    assert found["bakery"]["cohesion"] == 1.0
    assert 0 < found["storm"]["cohesion"] < 1
    assert found["storm"]["title"].startswith("A storm flooded")
    assert any("lumen" in term.lower() for term in found["storm"]["top_terms"])


def test_order_of_rows_changes_nothing() -> None:
    terms, articles = _tables(TEXTS)
    back = list(range(len(TEXTS)))[::-1]
    for one, other in zip(group(terms, articles), group(terms.take(back), articles.take(back)), strict=True):
        assert one.equals(other)


def test_copies_enter_as_one_and_share_an_event() -> None:
    terms, articles = _tables({**TEXTS, "late": "Something else altogether."})
    rows = [{"doc_id": doc, "cluster_id": doc, "canonical_id": doc, "relation": "canonical"} for doc in TEXTS]
    rows.append({"doc_id": "late", "cluster_id": "bakery", "canonical_id": "bakery", "relation": "near"})
    assignment, *_ = group(terms, articles, pa.Table.from_pylist(rows, schema=MEMBER))
    assert _events(assignment)["late"] == "bakery"


def test_overlap_brings_articles_into_one_event() -> None:
    match = dict.fromkeys(MATCH.names) | {"left_id": "bakery", "right_id": "storm", "relation": "overlap"}
    found = _events(group(*_tables(TEXTS), matches=pa.Table.from_pylist([match], schema=MATCH))[0])
    assert found["bakery"] == found["storm"]


def test_nothing_gives_nothing() -> None:
    assignment, events, *_ = group(TERMS.empty_table(), ARTICLES.empty_table())
    assert (assignment.num_rows, events.num_rows) == (0, 0)
    assignment, *_ = group(*_tables({"a": "", "b": ""}))
    assert _events(assignment) == {"a": "a", "b": "b"}


def test_wrong_parameters_are_refused() -> None:
    with pytest.raises(ParameterError, match="storyline <= single <= firm <= strict"):
        Grouping(single=0.9)
    with pytest.raises(ParameterError, match="n_neighbours"):
        Grouping(n_neighbours=0)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 12), st.integers(0, 2**32 - 1), st.floats(0.05, 0.9))
def test_average_linkage_equals_scipy(n_nodes: int, seed: int, least: float) -> None:
    left, right = np.triu_indices(n_nodes, 1)
    weight = np.random.default_rng(seed).random(len(left))
    graph = Graph(left.astype(np.int64), right.astype(np.int64), weight, np.zeros(len(left), dtype=np.int64))
    found = average_linkage(n_nodes, graph, Bar.level(least))
    wanted = fcluster(linkage(1 - weight, "average"), 1 - least, "distance")
    assert {tuple(np.flatnonzero(found == label)) for label in set(found.tolist())} == {
        tuple(np.flatnonzero(wanted == label)) for label in set(wanted.tolist())
    }


def test_top_terms_do_not_repeat_each_other() -> None:
    found = top_terms(weighed_labels(_tables(TEXTS)[0]))
    words = [word for term in found for word in term.casefold().split()]
    assert len(words) == len(set(words))


@pytest.mark.skipif(not SEEDS.exists(), reason="the seed articles are not here")
@pytest.mark.parametrize("clean", [True, False])
def test_five_articles_with_the_same_actors_are_four_events(clean: bool) -> None:
    gold: dict[str, Any] = json.loads((SEEDS / "gold.json").read_text())
    texts = {}
    for name, marked in gold["lines"].items():
        lines = (SEEDS / name).read_text().split("\n")
        chrome = {*marked["chrome"], *marked["repeated_headline"]} if clean else set()
        texts[name] = "\n".join(line for number, line in enumerate(lines, 1) if number not in chrome)
    found = _events(group(*_tables(texts))[0])
    assert {frozenset(event) for event in gold["events"]} == {
        frozenset(doc for doc in found if found[doc] == event) for event in found.values()
    }


def test_a_daily_series_is_an_event_a_day() -> None:
    text = "Rain will reach the valley by noon and clear from the west by dusk, with highs of {} degrees on the tops."
    terms, articles = _tables({f"w{day}": text.format(day) for day in (2, 3, 4)})
    rows = articles.to_pylist()
    for day, row in zip((2, 3, 4), rows, strict=True):
        row |= {"published": f"2026-03-0{day}", "source": "a.example", "title": f"Valley weather for {day} March"}
    series = pa.Table.from_pylist(rows, schema=ARTICLES)
    assert len(set(_events(group(terms, series)[0]).values())) == 3
    others = pa.Table.from_pylist([row | {"source": row["doc_id"]} for row in rows], schema=ARTICLES)
    assert len(set(_events(group(terms, others)[0]).values())) == 1
