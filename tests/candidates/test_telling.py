"""What articles tell, and who tells nearly the same."""

import pickle

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup import kernels
from dedup.articles.terms import Analyse, analyse, background, text_key
from dedup.candidates.telling import Alike, Telling, telling
from dedup.errors import ParameterError
from dedup.flow import Flow, Inline
from dedup.schema import ARTICLE, PAIR
from dedup.stage import apply

CALL = "Ambassador Quillfeather and minister Brontolov spoke for 50 minutes about the Zembla straits on March 3."
SAME = "A 50-minute call between Brontolov and Quillfeather on March 3 dealt with shipping in the Zembla straits."
OTHER = "Shares of the bakery chain rose after profits doubled in the third quarter, analysts told reporters."


def articles(*texts: str) -> pa.Table:
    empty = dict.fromkeys(ARTICLE.names, "") | {"removed": [], "n_words": None, "n_words_removed": 0}
    rows = [
        empty | {"doc_id": str(number), "arrival": number, "text": text, "language": "en", "published": None}
        for number, text in enumerate(texts)
    ]
    return pa.Table.from_pylist(rows, schema=ARTICLE)


def told(*texts: str) -> pa.Table:
    return apply(Telling(), apply(Analyse(), articles(*texts).select(Analyse.reads.names)))


def sides(left: dict[int, float], right: dict[int, float]) -> list[np.ndarray]:
    made = []
    for one in (left, right):
        keys = sorted(one)
        weights = np.array([one[key] for key in keys], dtype=np.float64)
        made += [np.array(keys, dtype=np.int64), weights, np.array([0, len(keys)]), np.array([0])]
    return made


def test_quantities_and_days_are_told_beside_the_most_telling_terms() -> None:
    found = telling(analyse("", CALL, "en"), background(), n_terms=1)
    assert len(found.keys) == len(found.weights) == 3
    weights = dict(zip(found.keys.tolist(), found.weights.tolist(), strict=True))
    figures = [weights.pop(text_key(figure)) for figure in ("50 minut", "#03-03")]
    (of_term,) = weights.values()
    assert figures == pytest.approx([of_term / 2] * 2)


def test_terms_are_sorted_and_weigh_something() -> None:
    found = telling(analyse("The Zembla straits", CALL, "en"), background())
    assert (np.diff(found.keys) > 0).all()
    assert (found.weights > 0).all()


WEIGHTED = st.dictionaries(st.integers(0, 8), st.floats(0.5, 9), max_size=6)


@given(WEIGHTED, WEIGHTED)
def test_similarity_is_what_both_have_of_what_either_has(left: dict[int, float], right: dict[int, float]) -> None:
    every = left.keys() | right.keys()
    lesser = sum(min(left.get(key, 0), right.get(key, 0)) for key in every)
    greater = sum(max(left.get(key, 0), right.get(key, 0)) for key in every)
    (found,) = kernels.weighted_jaccard(*sides(left, right)).tolist()
    assert found == pytest.approx(lesser / greater if greater else 0.0)
    assert kernels.weighted_jaccard(*sides(right, left)).tolist() == pytest.approx([found])


def test_reports_of_one_call_are_alike_and_others_are_not() -> None:
    flow, rows = Flow(), told(CALL, SAME, OTHER)
    salient = apply(flow.salient, rows).to_batches()
    hot = [batch.set_column(1, "key", pa.array([7] * len(batch), pa.int64())) for batch in salient]
    for bands in (salient, hot):
        found = flow.candidates(Inline(), articles(CALL, SAME, OTHER), [], [*bands], rows)
        assert found.to_pylist() == [{"left_id": "0", "right_id": "1"}]


def test_pairs_that_met_by_their_words_need_not_be_alike() -> None:
    texts = f"{CALL} {SAME} {OTHER}", f"{CALL} {SAME} {OTHER} The bakers were glad."
    flow, rows, given = Flow(alike=Alike(least=1.0)), told(*texts), articles(*texts)
    bands = apply(flow.bands, apply(flow.sign, given)).to_batches()
    found = flow.candidates(Inline(), given, bands, apply(flow.salient, rows).to_batches(), rows)
    assert found.to_pylist() == [{"left_id": "0", "right_id": "1"}]


def test_articles_without_terms_tell_nothing() -> None:
    assert told("", "the of and").select(["keys", "weights"]).to_pylist() == [{"keys": b"", "weights": b""}] * 2
    assert kernels.weighted_jaccard(*sides({}, {})).tolist() == [0.0]


def test_stages_can_be_sent_and_take_no_rows() -> None:
    for stage in (Telling(n_terms=5), Alike(least=0.3)):
        assert pickle.loads(pickle.dumps(stage)) == stage
        assert apply(stage, stage.reads.empty_table()).num_rows == 0
    assert Alike.writes == PAIR


def test_wrong_parameters_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"n_terms must be at least 1. Got 0"):
        Telling(n_terms=0)
    with pytest.raises(ParameterError, match=r"least must be in \[0, 1\]. Got 2"):
        Alike(least=2)
