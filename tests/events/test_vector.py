"""Vectors of a collection, candidate pairs and similarities."""

import numpy as np
import pyarrow as pa
import pytest

from dedup.articles.terms import analyse, background
from dedup.events.counts import Counts
from dedup.events.vector import Mix, Vectors, candidate_pairs, similarities, vectorise
from dedup.schema import TERMS

TEXTS = (
    "Ambassador Quillfeather and minister Brontolov spoke for 50 minutes about the Zembla straits on March 3.",
    "A 50-minute call between Brontolov and Quillfeather on March 3 dealt with the Zembla straits.",
    "Brontolov and Quillfeather signed a fisheries treaty in Zembla on June 9.",
    "Shares of the bakery chain rose after profits doubled in the third quarter, analysts told reporters.",
)
NONE = float("nan")


def _terms(*texts: str) -> pa.Table:
    rows = [{"doc_id": text, **analyse("", text, "en").to_row()} for text in texts]
    return pa.Table.from_pylist(rows, schema=TERMS)


def _vectors(published: tuple[float, ...] = (NONE,) * 4) -> Vectors:
    terms = _terms(*TEXTS)
    return vectorise(terms, np.array(published), background(), Counts.of_terms(terms))


def _similarity(vectors: Vectors, left: int, right: int) -> tuple[float, int]:
    found, dates = similarities(vectors, np.array([left]), np.array([right]), Mix())
    return float(found[0]), int(dates[0])


def test_rows_are_normalised_and_words_of_one_article_count_in_the_length_alone() -> None:
    terms = _terms(*TEXTS[:2], *TEXTS[:2])
    vectors = vectorise(terms, np.array([NONE] * 4), background(), Counts.of_terms(terms))
    lengths = np.asarray(vectors.words.multiply(vectors.words).sum(axis=1)).ravel()
    assert lengths == pytest.approx(1.0)
    assert 0 < _vectors().words.power(2).sum() < len(TEXTS)


def test_same_call_is_nearer_than_the_treaty_and_the_bakery() -> None:
    vectors = _vectors()
    (call, agree), (treaty, conflict), (bakery, _) = (_similarity(vectors, 0, other) for other in (1, 2, 3))
    assert 1 >= call > 2 * treaty > bakery >= 0
    assert (agree, conflict) == (1, -1)


def test_time_lowers_similarity_to_a_floor() -> None:
    same, later, much = (_similarity(_vectors((0.0, 0.0, day, 0.0)), 0, 2)[0] for day in (0.0, 7.0, 700.0))
    assert same > later > much
    assert much == pytest.approx(Mix().floor * same)
    assert _similarity(_vectors((0.0, 0.0, NONE, 0.0)), 0, 2)[0] == pytest.approx(same)


def test_candidates_share_words_and_are_sorted() -> None:
    left, right = candidate_pairs(_vectors())
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 2)]
    left, right = candidate_pairs(_vectors(), n_neighbours=1)
    assert (0, 1) in set(zip(left.tolist(), right.tolist(), strict=True))


def test_empty_articles_have_no_candidates() -> None:
    empty = _terms("", "")
    vectors = vectorise(empty, np.array([NONE, NONE]), background(), Counts.of_terms(empty))
    assert len(candidate_pairs(vectors)[0]) == 0
    assert _similarity(vectors, 0, 1)[0] == 0
