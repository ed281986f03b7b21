"""Windows: a pair is dropped for its two dates alone, and never where one is unknown."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.candidates.window import Windows, ordinals, within
from dedup.errors import ParameterError
from dedup.schema import PAIR

DAYS = ["2026-03-01", "2026-03-01T23:59:00Z", "2026-03-08T00:01:00Z", "2026-03-09", "", None]


def pairs(*names: str) -> pa.Table:
    return pa.Table.from_pylist([{"left_id": one[0], "right_id": one[1]} for one in names], schema=PAIR)


def articles() -> pa.Table:
    return pa.table({"doc_id": list("abcdef"), "published": pa.array(DAYS, pa.string())})


def test_days_are_counted_whatever_the_hour() -> None:
    first, same, week, more, *unknown = ordinals(articles()["published"]).tolist()
    assert (same - first, week - first, more - first) == (0, 7, 8)
    assert all(one != one for one in unknown)  # noqa: PLR0124 - not a number
    assert ordinals(pa.array([], pa.string())).tolist() == []


def test_pairs_go_that_are_further_apart_in_either_direction() -> None:
    given_pairs = pairs("ab", "ac", "ad", "bd", "da", "cd")
    assert within(given_pairs, articles(), 7).to_pylist() == pairs("ab", "ac", "cd").to_pylist()
    assert within(given_pairs, articles(), 8) == given_pairs


def test_a_pair_stays_if_a_date_is_unknown() -> None:
    given_pairs = pairs("ae", "ed", "ef", "df")
    assert within(given_pairs, articles(), 1) == given_pairs


@given(st.integers(0, 12))
def test_none_is_any_number_of_days(days: int) -> None:
    given_pairs = pairs("ab", "ac", "ad")
    kept = within(given_pairs, articles(), days)
    assert kept.num_rows == (3 if days in {0, 8, 9, 10, 11, 12} else 2 if days == 7 else 1)


@pytest.mark.parametrize("name", ["match_window", "event_window"])
def test_a_window_is_no_negative_number(name: str) -> None:
    with pytest.raises(ParameterError, match=rf"{name} must be 0 or more days\. Got -1"):
        Windows(**{name: -1})
