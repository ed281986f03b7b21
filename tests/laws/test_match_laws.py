"""Laws of matching as a whole: nights agree with one shot, only verified pairs are joined, and order changes nothing."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.candidates.pair import Pairs
from dedup.duplicates.component import JOINING
from dedup.duplicates.relation import RELATIONS
from dedup.flow import Flow, Inline, Unwatched
from dedup.schema import ARTICLE

COPIES = ("exact", "near", "partial")
#: Limits so low that every key here is hot.
HOT = replace(Flow(), pairs=Pairs(limit=2, sample_limit=1))


def story(seed, n_words=120):
    draw = np.random.default_rng(seed)
    return ["".join(draw.choice(list("abcdefghijklmnop"), 7)) for _ in range(n_words)]


def articles():
    """Articles of four families: copies, trimmed copies, stories inside others, and a bridge; ids run against arrivals."""
    texts = []
    for i in range(20):
        base, other = story(i % 4), story(100 + i)
        kind = (i // 4) % 5
        texts.append(
            [base, base[:90], [*other[:60], *base, *other[60:]], [*base[:50], *other[:3], *base[53:]], base][kind]
        )
    # It takes from two families and belongs to neither.
    texts.append([*story(0)[:70], *story(1)[:70], *story(300)])
    rows = [
        dict.fromkeys(ARTICLE.names, "")
        | {"doc_id": f"d{99 - i}", "arrival": i, "text": " ".join(text), "source": f"s{i}.example", "language": "en"}
        | {"removed": [], "n_words": len(text), "n_words_removed": 0}
        for i, text in enumerate(texts)
    ]
    return pa.Table.from_pylist(rows, schema=ARTICLE)


def matches(flow, table, relations=COPIES):
    return flow.match(Inline(), table, Unwatched(), relations).matches.to_pylist()


@pytest.fixture(scope="module")
def one_shot():
    return matches(HOT, articles())


def test_the_limits_are_felt(one_shot):
    assert 0 < len(one_shot) < len(matches(Flow(), articles()))


@pytest.mark.parametrize("cut", [1, 5, 11, 19])
def test_any_split_into_nights_gives_the_same_matches_under_hot_keys(cut, one_shot):
    table = articles()
    first = matches(HOT, table.slice(0, cut))
    second = matches(replace(HOT, pairs=replace(HOT.pairs, since=cut)), table)
    assert sorted(map(repr, first + second)) == sorted(map(repr, one_shot))


@settings(max_examples=8, deadline=None)
@given(st.permutations(range(21)))
def test_order_of_the_rows_changes_nothing(order):
    table = articles()
    assert matches(HOT, table.take(list(order))) == matches(HOT, table)


def test_copies_asked_for_alone_are_those_found_with_overlaps():
    table = articles()
    alone = [row | {"overlap_score": None} for row in matches(Flow(), table)]
    among_all = matches(Flow(), table, RELATIONS)
    assert alone == [row | {"overlap_score": None} for row in among_all if row["relation"] in COPIES]


def test_clusters_are_the_components_of_verified_copies_and_of_nothing_else():
    found = Flow().match(Inline(), articles(), Unwatched(), COPIES)
    cluster = {row["doc_id"]: row["cluster_id"] for row in found.members.to_pylist()}
    rows = found.matches.to_pylist()
    assert {row["relation"] for row in rows if "d79" in (row["left_id"], row["right_id"])} == {"partial"}
    joined = {doc_id: {doc_id} for doc_id in cluster}
    for row in rows:
        if row["relation"] in JOINING:
            one = joined[row["left_id"]] | joined[row["right_id"]]
            for doc_id in one:
                joined[doc_id] = one
    assert {frozenset(one) for one in joined.values()} == {
        frozenset(doc_id for doc_id in cluster if cluster[doc_id] == name) for name in cluster.values()
    }
