"""Vectors of a collection, candidate pairs and similarities."""

import numpy as np
import pyarrow as pa
import pytest

from dedup.articles.terms import analyse, background
from dedup.events.counts import Counts
from dedup.events.vector import Mix, Vectors, candidate_pairs, features, vectorise
from dedup.schema import TERMS

TEXTS = (
    "Ambassador Quillfeather and minister Brontolov spoke for 50 minutes about the Zembla straits on March 3.",
    "A 50-minute call between Brontolov and Quillfeather on March 3 dealt with the Zembla straits.",
    "Brontolov and Quillfeather signed a fisheries treaty in Zembla on June 9.",
    "Shares of the bakery chain rose after profits doubled in the third quarter, analysts told reporters.",
)
NONE = float("nan")
NOTHING = Counts.of_terms(TERMS.empty_table())


def _terms(*texts: str) -> pa.Table:
    rows = [{"doc_id": text, **analyse("", text, "en").to_row()} for text in texts]
    return pa.Table.from_pylist(rows, schema=TERMS)


def _vectors(published: tuple[float, ...] = (NONE,) * 4) -> Vectors:
    terms = _terms(*TEXTS)
    return vectorise(terms, np.array(published), background(), NOTHING, np.zeros(4, dtype=np.int64))


def _similarity(vectors: Vectors, left: int, right: int) -> tuple[float, int]:
    found = features(vectors, np.array([left]), np.array([right]))
    return float(Mix()(found)[0]), int(found[0, 4] - found[0, 5])


def test_an_article_is_as_like_itself_as_can_be_but_for_words_that_nothing_else_knows() -> None:
    assert _similarity(_vectors(), 3, 3)[0] < 1
    terms = _terms(*TEXTS[3:], *TEXTS[3:])
    twice = vectorise(terms, np.array([NONE] * 2), background(), NOTHING, np.zeros(2, dtype=np.int64))
    assert _similarity(twice, 0, 1)[0] == pytest.approx(Mix().word + Mix().bigram + Mix().lead)


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
    vectors = vectorise(empty, np.array([NONE, NONE]), background(), NOTHING, np.zeros(2, dtype=np.int64))
    assert len(candidate_pairs(vectors)[0]) == 0
    assert _similarity(vectors, 0, 1)[0] == 0


def test_a_pair_weighs_what_it_weighed_when_its_later_article_came() -> None:
    # The call and the treaty; others tell of the call a day later, or with them, or came before.
    terms = _terms(TEXTS[0], TEXTS[2], TEXTS[1], TEXTS[1])
    published = np.array([NONE] * 4)

    def first_two(*window: int, before: Counts = NOTHING) -> float:
        vectors = vectorise(terms, published, background(), before, np.array(window))
        return _similarity(vectors, 0, 1)[0]

    assert first_two(0, 0, 1, 1) == first_two(0, 0, 2, 1) != first_two(0, 0, 0, 0)
    others = Counts.of_terms(terms.slice(2))
    assert first_two(0, 0, -1, -1, before=others) == pytest.approx(first_two(0, 0, 0, 0))
    # Those of earlier nights weigh what they weighed before this one.
    first = Counts.of_terms(terms.slice(0, 2))
    assert first_two(-1, -1, 0, 0, before=first) == pytest.approx(first_two(0, 0, 1, 1))


def test_a_quantity_is_rare_or_not_by_its_window() -> None:
    terms = _terms(TEXTS[0], TEXTS[1], *[TEXTS[0]] * 40)

    def alike(others: int) -> float:
        window = np.array([0, 0] + [others] * 40)
        vectors = vectorise(terms, np.array([NONE] * 42), background(), NOTHING, window)
        return float(features(vectors, np.array([0]), np.array([1]))[0, 6])

    assert alike(1) > alike(0)
