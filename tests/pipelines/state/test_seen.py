"""What was seen: exactly the claims that were remembered, and ids without the number of a revision."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.source import Claim
from pipelines.state.seen import Seen, claim_rows, halves, stem

claims = st.builds(
    Claim, st.text(max_size=4), st.text(max_size=4), st.just(""), st.just("in.jsonl"), st.integers(1, 9).map(str)
)


@given(st.lists(claims), st.lists(claims))
def test_the_claims_given_are_seen_and_no_others(given: list[Claim], others: list[Claim]) -> None:
    seen = Seen.of_table(claim_rows((one, one.doc_id) for one in given))
    known = {(one.doc_id, one.digest) for one in given}
    for one in [*given, *others]:
        assert (one in seen) is ((one.doc_id, one.digest) in known)


def test_all_of_a_digest_counts() -> None:
    one, other = (Claim(name, "", "", "", "") for name in ("a", "b"))
    (low, high), (other_low, other_high) = halves("a", ""), halves("b", "")
    for lows, highs in (([low], [other_high]), ([other_low], [high]), ([low, other_low], [other_high, high])):
        seen = Seen(np.array(lows), np.array(highs))
        assert one not in seen
    # Two digests that begin alike are told apart.
    both = Seen(np.array([low, low]), np.array([other_high, high]))
    assert one in both
    assert other not in both


def test_before_the_first_night_nothing_was_seen() -> None:
    assert Claim("a", "b", "", "", "") not in Seen()


def test_id_and_digest_do_not_run_into_each_other() -> None:
    assert halves("ab", "c") != halves("a", "bc")


@given(st.text(), st.integers(1, 99))
def test_a_stem_is_an_id_without_its_number(doc_id: str, number: int) -> None:
    assert stem(f"{doc_id}@{number}") == doc_id


@pytest.mark.parametrize("doc_id", ["a", "me@example.org", "a@", "a@²", "@", "", "a@2b"])
def test_other_ids_are_their_own_stem(doc_id: str) -> None:
    assert stem(doc_id) == doc_id
