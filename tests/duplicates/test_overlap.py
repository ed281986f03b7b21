"""Evidence that two articles report one happening."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.api import arrange
from dedup.articles.terms import Analyse, Terms, analyse
from dedup.duplicates.overlap import _READY, agreeing_days, bounds, cosine, decay, evidence, moves, ready
from dedup.duplicates.relation import Verify
from dedup.schema import TERMS
from dedup.stage import apply

SEEDS = Path(__file__).parents[3] / "shared" / "data" / "seeds"

CALL = "Ambassador Quillfeather and minister Brontolov spoke for 50 minutes about the Zembla straits. They last met on March 3."
SAME = "A 50-minute call between Brontolov and Quillfeather dealt with the Zembla straits, the first since March 4."
LATER = "Brontolov and Quillfeather signed a fisheries treaty in Zembla on June 9, ending years of talks."
OTHER = "Shares of the bakery chain rose after profits doubled in the third quarter, analysts told reporters."


def _terms(text: str) -> Terms:
    return analyse("", text, "en")


def test_same_call_scores_above_other_meetings_of_the_same_people() -> None:
    call, same, later, other = map(_terms, (CALL, SAME, LATER, OTHER))
    best = evidence(call, same)
    assert best.score > 2 * evidence(call, later).score
    assert evidence(call, other).score == 0
    assert "50 minutes" in best.agreeing
    assert "--03-03" in best.agreeing
    assert "both say 50 minutes" in best.reason
    assert evidence(call, later).conflicting


def test_days_apart_lower_the_score_to_a_floor() -> None:
    call, same = _terms(CALL), _terms(SAME)
    scores = [evidence(call, same, days).score for days in (0.0, 1.0, 3.0, 30.0, 3000.0)]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] > 0
    assert decay(None) < decay(0.0)


@pytest.mark.parametrize("days", [None, 0.0, 3.0])
@pytest.mark.parametrize("other", [SAME, LATER, OTHER])
def test_the_moves_add_up_to_the_score(other: str, days: float | None) -> None:
    call, report = _terms(CALL), _terms(other)
    found = moves(call, report, days)
    assert sum(move.by for move in found) == pytest.approx(evidence(call, report, days).score, abs=1e-5)
    assert found[-1].to == pytest.approx(evidence(call, report, days).score, abs=1e-5)


def test_each_piece_of_evidence_says_how_far_it_moved_the_score() -> None:
    by = {move.what: move.by for move in moves(_terms(CALL), _terms(SAME), 3.0)}
    assert by["a rare quantity that both name"] > 0
    assert by["a day that both name"] > 0
    assert by["published 3 days apart"] < 0
    assert moves(_terms(CALL), _terms(LATER))[-1].what == "a date that is missing"
    assert {move.what: move.by for move in moves(_terms(CALL), _terms(LATER))}["days that do not agree"] < 0


def test_a_name_that_only_begins_sentences_is_shown_as_the_other_article_writes_it() -> None:
    left = _terms("Aldmere says that an anchor broke the cable.")
    right = _terms("The anchor that broke the cable off Aldmere was found, and Velsko told Aldmere so.")
    assert "Aldmere" in evidence(left, right).shared_terms
    assert evidence(left, right).reason.startswith("both name")


@pytest.mark.parametrize(
    ("left", "right", "agree", "conflict"),
    [
        (["--10-16"], ["--10-17"], ["--10-16"], False),
        (["--10-16"], ["--10-18"], [], True),
        (["2023-10-16"], ["2024-10-16"], [], True),
        (["2023-10-16"], ["--10-16"], ["2023-10-16"], False),
        (["--12-31"], ["--01-01"], ["--12-31"], False),
        ([], ["--01-01"], [], False),
    ],
)
def test_days(left: list[str], right: list[str], agree: list[str], conflict: bool) -> None:
    assert agreeing_days(left, right) == (agree, conflict)


WORDS = st.lists(
    st.sampled_from(["quake", "Rome", "minister", "40", "people", "treaty", "storm", "April", "5", "vote"]), max_size=30
).map(" ".join)


@settings(max_examples=50, deadline=None)
@given(WORDS, WORDS, st.none() | st.floats(0, 1000))
def test_score_is_symmetric_and_in_range(left: str, right: str, days: float | None) -> None:
    one, other = _terms(left), _terms(right)
    found = evidence(one, other, days)
    assert 0 <= found.score <= 1
    assert found.score == pytest.approx(evidence(other, one, days).score, abs=1e-6)
    assert 0 <= cosine(ready(one).words, ready(other).words) <= 1


@pytest.mark.skipif(not SEEDS.exists(), reason="the seed articles are not here")
@pytest.mark.parametrize("clean", [True, False])
def test_of_five_articles_with_the_same_actors_only_two_overlap(clean: bool) -> None:
    gold = json.loads((SEEDS / "gold.json").read_text())
    found = {}
    for name, marked in gold["lines"].items():
        lines = (SEEDS / name).read_text().split("\n")
        chrome = {*marked["chrome"], *marked["repeated_headline"]} if clean else set()
        found[name] = _terms("\n".join(line for number, line in enumerate(lines, 1) if number not in chrome))
    threshold = Verify().overlap
    scores = {pair: evidence(found[pair[0]], found[pair[1]]).score for pair in combinations(sorted(found), 2)}
    wanted = {tuple(sorted(pair)) for pair in gold["overlapping"]}
    assert min(scores[pair] for pair in wanted) > 1.2 * threshold
    assert max(score for pair, score in scores.items() if pair not in wanted) < 0.8 * threshold


@pytest.mark.parametrize("days", [0.0, 2.5, 40.0, None])
def test_no_score_exceeds_its_bound(root: Path, days: float | None) -> None:
    rows = [json.loads(line) for line in (root / "fixtures" / "gold" / "events.jsonl").read_text().splitlines()[:30]]
    articles = arrange([{name: row[name] for name in row if name != "event"} for row in rows])
    terms = apply(Analyse(), articles).to_pylist()
    sides = list(combinations(terms, 2))
    columns = {
        f"{side}_terms_{name}": pa.array([pair[place][name] for pair in sides], TERMS.field(name).type)
        for place, side in enumerate(("left", "right"))
        for name in TERMS.names
    }
    found = bounds(
        pa.RecordBatch.from_pydict(columns), np.arange(len(sides)), np.full(len(sides), days, dtype=np.float64)
    )
    scores = [evidence(*map(Terms.from_row, pair), days_apart=days).score for pair in sides]
    assert np.all(scores <= found + 1e-6)
    # It must tell most pairs that report nothing in common from those that might.
    assert np.mean(found < 0.45) > 0.8


def test_what_is_kept_ready_goes_with_the_terms() -> None:
    terms = analyse("Leaders speak", "The 50-minute call was held on Sunday.", "en")
    before = len(_READY)
    assert ready(terms) is ready(terms)
    assert len(_READY) == before + 1
    del terms
    assert len(_READY) == before
