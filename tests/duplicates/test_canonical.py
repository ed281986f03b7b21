"""The canonical article of a cluster."""

import itertools

import pyarrow as pa
import pytest

from dedup.duplicates.canonical import Policy, members
from dedup.errors import ParameterError
from dedup.schema import MEMBER

ROWS = [
    {"doc_id": "a", "arrival": 1, "source": "blog", "published": None, "n_words": 90, "text_digest": 7},
    {"doc_id": "b", "arrival": 2, "source": "wire", "published": "2026-11-20", "n_words": 80, "text_digest": 8},
    {"doc_id": "c", "arrival": 3, "source": "daily", "published": "2026-11-19", "n_words": 70, "text_digest": 7},
    {"doc_id": "d", "arrival": 4, "source": "daily", "published": "2026-11-19", "n_words": 75, "text_digest": 7},
    {"doc_id": "e", "arrival": 5, "source": "", "published": None, "n_words": 0, "text_digest": 9},
]
CLUSTERS = {"a": "a", "b": "a", "c": "a", "d": "a", "e": "e"}


def canonical_of(policy):
    return {row["canonical_id"] for row in members(pa.Table.from_pylist(ROWS[:4]), CLUSTERS, policy).to_pylist()}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Policy(), "d"),
        (Policy(preferred_sources=("wire", "blog")), "b"),
        (Policy(order=("longest",)), "a"),
        (Policy(order=("arrival", "longest")), "a"),
        (Policy(order=("earliest", "arrival")), "c"),
        (Policy(order=()), "a"),
    ],
)
def test_the_first_criterion_that_tells_members_apart_decides(policy, expected):
    assert canonical_of(policy) == {expected}


def test_every_article_has_a_row_that_says_how_it_relates():
    found = members(pa.Table.from_pylist(ROWS), CLUSTERS)
    assert found.schema == MEMBER
    assert [(row["doc_id"], row["cluster_id"], row["relation"]) for row in found.to_pylist()] == [
        ("a", "a", "exact"),
        ("b", "a", "near"),
        ("c", "a", "exact"),
        ("d", "a", "canonical"),
        ("e", "e", "canonical"),
    ]


def test_order_of_rows_changes_nothing():
    expected = members(pa.Table.from_pylist(ROWS), CLUSTERS)
    for rows in itertools.permutations(ROWS):
        assert members(pa.Table.from_pylist(rows), CLUSTERS).equals(expected)


def test_no_articles():
    empty = pa.Table.from_pylist(ROWS).slice(0, 0)
    assert members(empty, {}).equals(MEMBER.empty_table())


def test_unknown_criteria_are_refused():
    with pytest.raises(ParameterError, match="Got newest"):
        Policy(order=("newest",))
