"""Clusters that hold two articles far below the rule for copies."""

import pyarrow as pa
import pytest

from dedup.candidates.minhash import Sign
from dedup.duplicates import cohesion
from dedup.duplicates.cohesion import loose_clusters
from dedup.schema import ARTICLE, MEMBER
from dedup.stage import apply

LETTERS = str.maketrans("0123456789", "abcdefghij")


def words(first: int, n: int) -> str:
    return " ".join(f"w{place}" for place in range(first, first + n)).translate(LETTERS)


def tables(clusters: dict[str, list[str]]) -> tuple[pa.Table, pa.Table]:
    """Members and signatures of clusters of texts; an article is named by its cluster and its place there."""
    rows = [
        (cluster, f"{cluster}{place}", text) for cluster, texts in clusters.items() for place, text in enumerate(texts)
    ]
    articles = [{"doc_id": doc_id, "arrival": place, "text": text} for place, (_, doc_id, text) in enumerate(rows)]
    members = [
        {"doc_id": doc_id, "cluster_id": f"{cluster}0", "canonical_id": f"{cluster}0"} for cluster, doc_id, _ in rows
    ]
    names = ["doc_id", "arrival", "text"]
    signed = apply(Sign(), pa.Table.from_pylist(articles, schema=ARTICLE).select(names))
    return pa.Table.from_pylist(members, schema=MEMBER), signed


# Each update drops the oldest third and adds as much: neighbours are copies, the ends share nothing.
CHAIN = [words(first, 300) for first in (0, 80, 160, 240, 320)]
COPIES = [words(1000, 300), words(1000, 290), words(1000, 280)]


def test_a_chain_of_updates_is_loose_and_copies_are_not() -> None:
    (found,) = loose_clusters(*tables({"c": COPIES, "u": CHAIN}))
    assert found == ("u0", 5, "u0", "u4", 0.0)


def test_the_loosest_comes_first_and_what_is_far_can_be_set() -> None:
    given = tables({"a": CHAIN[:4], "b": CHAIN, "c": COPIES})
    assert [one.cluster_id for one in loose_clusters(*given)] == ["b0", "a0"]
    assert [one.n_articles for one in loose_clusters(*given)] == [5, 4]
    assert [one.cluster_id for one in loose_clusters(*given, far=1.0)] == ["b0", "a0"]
    assert loose_clusters(*given, far=0.0) == []


def test_two_articles_and_equal_texts_are_no_chain() -> None:
    assert loose_clusters(*tables({"a": CHAIN[::4], "b": [CHAIN[0], CHAIN[4], CHAIN[4]], "c": []})) == []


def test_order_of_rows_changes_nothing() -> None:
    members, signatures = tables({"a": CHAIN, "b": [*COPIES, CHAIN[0]]})
    turned = members.take(list(range(len(members)))[::-1]), signatures.take(list(range(len(signatures)))[::-1])
    assert loose_clusters(*turned) == loose_clusters(members, signatures)


def test_of_a_large_cluster_the_pairs_least_alike_by_signature_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cohesion, "_N_PAIRS", 1)
    (found,) = loose_clusters(*tables({"u": [*COPIES, *CHAIN]}))
    assert found.cover == 0.0


def test_no_clusters() -> None:
    assert loose_clusters(*tables({})) == []


def test_of_a_large_cluster_the_texts_that_came_first_are_read_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    of_row = cohesion._Text.from_row
    monkeypatch.setattr(cohesion, "_N_TEXTS", 3)
    monkeypatch.setattr(cohesion._Text, "from_row", lambda row: read.append(row["doc_id"]) or of_row(row))
    assert loose_clusters(*tables({"u": [*CHAIN[:2], *CHAIN]})) == []
    assert read == ["u0", "u1", "u4"]
