"""Dates as inputs write them."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.articles.markup import parse
from dedup.articles.published import in_order, moment_of, parse_date, published, published_day
from dedup.articles.stated import stated

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


def day_on(body: str, head: str = "", url: str = "") -> str:
    tree = parse(f"<html><head>{head}</head><body>{body}</body></html>")
    return published(stated(tree, url), "Quay reopens")


HEADLINE = "<h1>Quay reopens</h1>"
LONG = "<p>" + "The crane of the north quay lifted its first container. " * 5 + "</p>"


@pytest.mark.parametrize(
    ("head", "wanted"),
    [
        ('<meta property="article:published_time" content="2026-03-02T09:30:00+01:00">', "2026-03-02T08:30:00Z"),
        ('<meta content="2026-03-02T09:30:00Z" property="article:published_time">', "2026-03-02T09:30:00Z"),
        (
            '<meta property="article:published_time" content="2026-03-02T23:30:00-05:00">',
            "2026-03-02",
        ),  # in UTC another day
        ('<meta name="dc.date" content="2026-03-02">', "2026-03-02"),
        ('<meta name="citation_publication_date" content="2026 Mar 2">', "2026-03-02"),
        (
            '<script type="application/ld+json">{"@type": "NewsArticle", "datePublished": "2026-03-02T09:30:00Z"}</script>',
            "2026-03-02T09:30:00Z",
        ),
        (
            '<script type="application/ld+json">{"@graph": [{"@type": "WebPage", "datePublished": "2026-03-02"}]}</script>',
            "2026-03-02",
        ),
        ('<script>window.page = {"publishDate": "2026-03-02", "other": 1}</script>', "2026-03-02"),
        ('<meta property="article:publisher" content="https://social.example/2026/02/01/">', ""),
        ('<meta property="article:published_time" content="around noon, perhaps">', ""),
        ('<script type="application/ld+json">{"@type": "NewsArticle", "datePublished": 5}</script>', ""),
        ('<script type="application/ld+json">{"@type": "NewsArticle", broken</script>', ""),
    ],
)
def test_the_day_that_a_page_states_for_machines(head: str, wanted: str) -> None:
    assert day_on(HEADLINE + LONG, head) == wanted


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        ("2 March 2026", "2026-03-02"),
        ("March 2nd, 2026", "2026-03-02"),
        ("Mon, 02 Mar 2026 9:30 am", "2026-03-02"),
        ("2. März 2026", "2026-03-02"),
        ("2 juillet 2026", "2026-07-02"),
        ("2 juin 2026", "2026-06-02"),
        ("2 maart 2026", "2026-03-02"),
        ("2 aout 2026", "2026-08-02"),
        ("Sept. 2, 2026", "2026-09-02"),
        ("Results: Marathon 26 2019", ""),
        ("Decision 14 2021", ""),
        ("2 de marzo de 2026", "2026-03-02"),
        ("2 марта 2026 г.", "2026-03-02"),
        ("2 березня 2026", "2026-03-02"),
        ("2 października 2026", "2026-10-02"),
        ("2 Ağustos 2026", "2026-08-02"),
        ("2 مارس 2026", "2026-03-02"),
        ("發布於2026年3月2日 09:30", "2026-03-02"),
        ("2026년 3월 2일", "2026-03-02"),
        ("2026年3月", ""),
        ("02.03.2026", "2026-03-02"),
        ("3/2/2026", "2026-03-02"),
        ("31/3/2026", "2026-03-31"),
        ("2026-03-02", "2026-03-02"),
        ("<time datetime='2026-03-02T09:30:00Z'>Monday</time>", "2026-03-02T09:30:00Z"),
        ("31 February 2026", ""),
        ("Room 12 of 2026", ""),
    ],
)
def test_the_day_that_stands_under_the_headline(shown: str, wanted: str) -> None:
    assert day_on(f"{HEADLINE}<p>{shown}</p>{LONG}") == wanted


@pytest.mark.parametrize(("host", "wanted"), [("gazette.example", "2026-03-04"), ("gazette.uk", "2026-04-03")])
def test_which_number_is_the_month_depends_on_the_country(host: str, wanted: str) -> None:
    assert day_on(f"{HEADLINE}<p>3/4/2026</p>{LONG}", url=f"https://{host}/quay") == wanted


@pytest.mark.parametrize(
    ("language", "other", "wanted"),
    [
        ("en-US", "", "2026-03-04"),
        ("en", "", "2026-03-04"),
        ("en-GB", "", "2026-04-03"),
        ("fr", "", "2026-04-03"),
        ("en-US", "31/1/2026", "2026-04-03"),
        ("en_GB", "1/31/2026", "2026-03-04"),
        ("en-US", "3/4/2026 is not 5/6/2026", "2026-03-04"),
    ],
)
def test_which_number_is_the_month_depends_on_language_and_other_dates(language: str, other: str, wanted: str) -> None:
    page = f"<html lang={language}><body>{HEADLINE}<p>3/4/2026</p>{LONG * 3}<p>{other}</p></body></html>"
    assert published(stated(parse(page)), "Quay reopens") == wanted


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("2026/03/02/quay", "2026-03-02"),
        ("2026-03-02-quay", "2026-03-02"),
        ("20260302/quay", "2026-03-02"),
        ("2026/march/02/quay", "2026-03-02"),
        ("2026/03/quay", "2026-03-05"),
        ("2026/05/quay", "2026-05-06"),
        ("2026/marketing/02/quay", ""),
        ("202603021234", ""),
    ],
)
def test_the_day_or_the_month_that_the_address_names(path: str, wanted: str) -> None:
    meta = (
        "<meta name=date content=2026-03-05><meta name=date content=2026-05-06>"
        if "/quay" in path and len(path) < 15
        else ""
    )
    assert day_on(HEADLINE + LONG, meta, f"https://gazette.example/{path}") == wanted


def test_a_day_beside_the_headline_may_be_said_again_far_off() -> None:
    again = f"{HEADLINE}<p>{{}}</p>{LONG * 3}<p>2 March 2026</p><p>1 March 2026</p>"
    assert day_on(again.format("2 March 2026")) == day_on(again.format("2 March 2026 or 1 March 2026")) == "2026-03-02"


def test_a_day_is_called_by_what_stands_before_it_however_deep() -> None:
    head = '<meta property="article:published_time" content="2026-03-02">'
    page = f"{HEADLINE}<p><span><b>{{}}</b><i></i></span> <span><time>9 March 2026</time></span></p>{LONG}"
    assert day_on(page.format("Updated"), head) == "2026-03-02"
    assert day_on(page.format("Published"), head) == "2026-03-09"
    for word in ("Mis à jour le", "Обновлено", "更新", "Zuletzt aktualisiert"):
        assert day_on(page.format(word), head) == "2026-03-02"
    for word in ("Publié le", "Опубликовано", "发布"):
        assert day_on(page.format(word), head) == "2026-03-09"


def test_a_day_out_of_a_list_of_days_is_less_than_one_that_stands_alone() -> None:
    others = "".join(f"<p class=other>{day} February 2026</p>" for day in range(2, 6))
    assert day_on(f"<p class=day>1 February 2026</p>{others}<h1>Quay reopens</h1>{LONG}") == "2026-02-01"
    assert day_on(f"<p class=other>1 February 2026</p>{others}<h1>Quay reopens</h1>{LONG}") == "2026-02-05"


def test_the_days_of_other_articles_farther_down_are_not_taken() -> None:
    other = f"{LONG * 3}<h3>Ferry sold</h3><time datetime='2026-02-01'>1 February 2026</time><p>8 February 2026</p>"
    assert day_on(f"{HEADLINE}<p>2 March 2026</p>{other}") == "2026-03-02"
    assert day_on(f"{HEADLINE}{other}") == ""


def test_the_only_line_of_a_day_dates_the_article_wherever_it_stands() -> None:
    prose = "<p>The quay had been closed on 5 May 2021 and reopened once before, on 7 June 2022.</p>"
    assert day_on(f"{HEADLINE}{LONG * 3}{prose}<p>Wire Press - March 2, 2026 4:13 PM ET</p>") == "2026-03-02"
    assert day_on(f"{HEADLINE}{LONG * 3}{prose}<p>March 2, 2026</p><p>March 3, 2026</p>") == ""


def test_a_day_in_the_running_text_alone_is_not_when_it_was_published() -> None:
    prose = "The quay was closed on 5 May 2021 after the storm, and those who work there had to wait for the dredger to come."
    assert day_on(f"{HEADLINE}{LONG}<p>{prose * 2}</p>{LONG}") == ""


def test_when_it_was_published_comes_before_when_it_was_changed() -> None:
    head = (
        '<meta property="article:published_time" content="2026-03-02T09:30:00Z">'
        '<meta property="article:modified_time" content="2026-03-09T09:30:00Z">'
    )
    assert day_on(HEADLINE + LONG, head) == "2026-03-02T09:30:00Z"
    assert day_on(f"{HEADLINE}<p>2 March 2026</p><p>Updated 9 March 2026</p>{LONG}", head) == "2026-03-02T09:30:00Z"


def test_of_very_many_days_the_first_are_read_and_of_too_many_none() -> None:
    head = '<meta name="date" content="2026-03-05">'
    assert day_on(f"{HEADLINE}<p>2 March 2026</p>" + "<p>1 May 2020</p>" * 20_000) == "2026-03-02"
    assert day_on(f"{HEADLINE}<p>2 March 2026</p>" + "<p>1 May 2020</p>" * 60_000) == ""
    assert day_on(f"{HEADLINE}<p>2 March 2026</p>" + "<p>1 May 2020</p>" * 60_000, head) == "2026-03-05"


def test_dates_in_order() -> None:
    in_turn = ["2026-03-01T23:00:00Z", "2026-03-01", "2026-03-02T00:00:00Z", "2026-03-02", ""]
    dates = in_turn[::-1]
    assert sorted(dates, key=in_order) == in_turn


@pytest.mark.parametrize(
    ("text", "moment", "bare"),
    [
        ("2026-03-02", dt.datetime(2026, 3, 2, tzinfo=dt.UTC), True),
        ("2026-03-02T08:00:00Z", dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC), False),
        ("2026-03-01T23:00:00-05:00", dt.datetime(2026, 3, 2, 4, tzinfo=dt.UTC), False),
        ("2026-03-02T08:00:00", dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC), False),
    ],
)
def test_a_date_is_a_moment_in_utc_and_knows_whether_it_is_a_bare_day(
    text: str, moment: dt.datetime, bare: bool
) -> None:
    assert moment_of(text) == (moment, bare)
    assert published_day(text) == moment.date()


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-40"])
def test_what_is_no_date_has_neither_moment_nor_day(text: str) -> None:
    assert moment_of(text) is None
    assert published_day(text) is None
    assert published_day(None) is None
