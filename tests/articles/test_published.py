"""Dates as inputs write them."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.articles.published import in_order, moment_of, parse_date

EAST = dt.timezone(dt.timedelta(hours=5, minutes=30))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-02", "2024-01-02"),
        ("2024/01/02", "2024-01-02"),
        ("2024-1-2", "2024-01-02"),
        (" 20240102 ", "2024-01-02"),
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
        ("2024-01-02t03:04:05z", "2024-01-02T03:04:05Z"),
        ("2024-01-02 03:04", "2024-01-02T03:04:00Z"),
        ("2024-01-02 03:04:05.678 UTC", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05.123456789+02:00", "2024-01-02T01:04:05Z"),
        ("2024-01-02T23:00:00 -0500", "2024-01-03T04:00:00Z"),
        ("2024/01/02 03:04:05", "2024-01-02T03:04:05Z"),
        ("Tue, 02 Jan 2024 03:04:05 GMT", "2024-01-02T03:04:05Z"),
        ("Tue, 02 Jan 2024 03:04:05 +0100", "2024-01-02T02:04:05Z"),
        ("2 Jan 2024", "2024-01-02"),
        ("1987-02-26T15:01:01", "1987-02-26T15:01:01Z"),
        ("2024-02-30", ""),
        ("2024-13-01", ""),
        ("1799-12-31", ""),
        ("2101-01-01", ""),
        ("0000-00-00", ""),
        ("0001-01-01T00:00:00+14:00", ""),
        ("2024", ""),
        ("2024-01", ""),
        ("12:30", ""),
        ("1704164645", ""),
        ("yesterday", ""),
        ("May", ""),
        ("Mayor elected", ""),
        ("2024-01-02" + " " * 300_000 + "x", ""),  # looking for a zone in it would take hours
        ("", ""),
    ],
)
def test_parse_date(text: str, expected: str) -> None:
    assert parse_date(text) == expected


@given(st.text(max_size=40))
def test_parse_date_never_fails_and_settles(text: str) -> None:
    once = parse_date(text)
    assert parse_date(once) == once


@given(
    st.integers(-5_333_000_000, 4_100_000_000).map(
        lambda second: dt.datetime(1970, 1, 1, tzinfo=EAST) + dt.timedelta(seconds=second)
    )
)
def test_parse_date_keeps_the_moment(moment: dt.datetime) -> None:
    back = dt.datetime.fromisoformat(parse_date(moment.isoformat()))
    assert abs(back - moment.astimezone(dt.UTC)) < dt.timedelta(seconds=1)


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        ('<meta property="article:published_time" content="2026-03-02T09:30:00+01:00">', "2026-03-02T08:30:00Z"),
        ('<meta content="2026-03-02T09:30:00Z" property="article:published_time">', "2026-03-02"),
        ('{"@type": "NewsArticle", "datePublished": "2026-03-02T09:30:00Z"}', "2026-03-02T09:30:00Z"),
        ('<time class="x" datetime="2026-03-02T09:30:00Z">', "2026-03-02T09:30:00Z"),
        ('<time datetime="2026-02-27T09:30:00Z"><time datetime="2026-03-02T07:00:00Z">', "2026-03-02T07:00:00Z"),
        ('<time datetime="2026-03-02T23:30:00-05:00">', "2026-03-02"),  # in UTC another day
        ('"datePublished": "2026-03-02"', "2026-03-02"),
        ('"datePublished": "around noon, perhaps"', "2026-03-02"),
        ("", "2026-03-02"),
    ],
)
def test_the_time_of_day_that_a_page_states(page: str, wanted: str) -> None:
    assert moment_of(page, "2026-03-02") == wanted
    assert moment_of(page, "") == ""


def test_dates_in_order() -> None:
    in_turn = ["2026-03-01T23:00:00Z", "2026-03-01", "2026-03-02T00:00:00Z", "2026-03-02", ""]
    dates = in_turn[::-1]
    assert sorted(dates, key=in_order) == in_turn
