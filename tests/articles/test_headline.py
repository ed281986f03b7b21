"""Which text of a page is its headline."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.articles.headline import headline, without_site
from dedup.articles.stated import Heading, Stated

HOST = "harbour-gazette.example"


@pytest.mark.parametrize(
    ("title", "names", "host", "wanted"),
    [
        ("Vote is delayed | The Harbour Gazette", {"harbourgazette"}, "", "Vote is delayed"),
        ("Vote is delayed - harbour-gazette.example", set(), HOST, "Vote is delayed"),
        ("Vote is delayed | News | Harbour Gazette", set(), HOST, "Vote is delayed | News"),
        ("Harbour Gazette: Vote is delayed", set(), HOST, "Vote is delayed"),
        ("Harbour Gazette – Vote is delayed", set(), HOST, "Vote is delayed"),
        ("Vote is delayed - for a week", {"harbourgazette"}, HOST, "Vote is delayed - for a week"),
        ("Vote – again – is delayed | Gazette", {"gazette"}, "", "Vote – again – is delayed"),
        ("Vote is delayed | Harbour District Notes", set(), "hdn.example", "Vote is delayed"),
        ("Vote is delayed - Harbour Gazette Media Group", set(), "harbourgazette.example", "Vote is delayed"),
        ("Mayor: vote is delayed", set(), HOST, "Mayor: vote is delayed"),
        ("The Harbour Gazette", set(), HOST, ""),
        ("  Vote \n is   delayed ", set(), "", "Vote is delayed"),
        ("", set(), "", ""),
    ],
)
def test_the_name_of_the_site_is_no_part_of_the_headline(title: str, names: set[str], host: str, wanted: str) -> None:
    assert without_site(title, Stated(names=frozenset(names), host=host)) == wanted


def test_what_the_page_shows_as_its_headline_wins_over_what_it_tells_others() -> None:
    page = Stated(
        meta={"og:title": ["Why the quay reopened sooner than planned"]},
        title="Quay reopens: what to know",
        headings=[Heading(1, "North quay reopens after the storm", marked=True)],
        url="https://gazette.example/north-quay-reopens-after-the-storm",
    )
    assert headline(page) == "North quay reopens after the storm"


def test_a_headline_set_as_a_lesser_heading_is_found_under_the_name_of_the_blog() -> None:
    page = Stated(
        title="Harbour Notes: The lean crane",
        headings=[
            Heading(1, "Harbour Notes", home=True),
            Heading(3, "The lean crane", marked=True),
            Heading(2, "Archive"),
        ],
        names=frozenset({"harbournotes"}),
    )
    assert headline(page) == "The lean crane"


def test_of_several_first_headings_the_one_that_the_title_names() -> None:
    page = Stated(
        meta={"og:title": ["Quay reopens after storm"]},
        title="Quay reopens after storm - Gazette",
        headings=[Heading(1, "Menu"), Heading(1, "Quay reopens after storm"), Heading(1, "Follow us")],
    )
    assert headline(page) == "Quay reopens after storm"


def test_a_title_with_an_unknown_name_at_its_end_is_cut_where_a_heading_says_so() -> None:
    page = Stated(
        title="Quay reopens after storm | Nordhavn Daily Press", headings=[Heading(1, "Quay reopens after storm")]
    )
    assert headline(page) == "Quay reopens after storm"


def test_a_heading_with_things_in_it_gives_way_to_the_title_that_is_like_it() -> None:
    page = Stated(
        meta={"og:title": ["Quay reopens after the storm"]},
        title="Quay reopens after the storm",
        headings=[Heading(1, "Quay reopens after the storm (wire.example) 87", parts=3)],
    )
    assert headline(page) == "Quay reopens after the storm"


def test_a_first_heading_below_much_text_is_of_something_else() -> None:
    headings = [Heading(1, "Quay reopens after the storm"), Heading(1, "Sign up for the letter", below=5)]
    assert headline(Stated(headings=headings)) == headline(Stated(headings=headings[::-1])) == headings[0].text


def test_what_open_graph_and_a_first_heading_both_say_is_the_headline_less_what_a_bar_cuts_off() -> None:
    def said(title: str) -> str:
        headings = [Heading(1, "Quay reopens"), Heading(1, title.upper())]
        return headline(
            Stated(meta={"og:title": [f"{title} - Gazette"]}, headings=headings, names=frozenset({"gazette"}))
        )

    assert said("Quay reopens - after a year") == "Quay reopens - after a year"
    assert said("Quay reopens | Harbour") == "Quay reopens"


def test_a_section_that_open_graph_and_a_first_heading_name_is_no_headline() -> None:
    page = Stated(
        meta={"og:title": ["News"]},
        title="Storm closes harbour - News - Gazette",
        headings=[Heading(1, "News"), Heading(1, "Storm closes harbour")],
        url="https://gazette.example/storm-closes-harbour",
    )
    assert headline(page) == "Storm closes harbour"


def test_a_title_without_heading_is_cut_at_its_separator() -> None:
    assert headline(Stated(title="Quay reopens after the storm | Nordhavn Daily")) == "Quay reopens after the storm"


def test_an_address_with_encoded_letters_is_read() -> None:
    headings = [Heading(1, "Straße am Kai öffnet"), Heading(1, "Kai und Straße im Wandel")]
    url = "https://gazette.example/2026/kai-und-stra%C3%9Fe-im-wandel.html?x=1"
    assert headline(Stated(headings=headings, url=url)) == "Kai und Straße im Wandel"


def test_a_page_that_swaps_the_parts() -> None:
    assert headline(Stated(title="Valley Courier - Quake & fire", host="valley-courier.example")) == "Quake & fire"


def test_the_linked_headline_stands_in_for_a_missing_title() -> None:
    node = {"@type": "NewsArticle", "headline": "Quay &amp; ferry reopen"}
    assert headline(Stated(linked=[node])) == "Quay & ferry reopen"


@pytest.mark.parametrize(
    "page", [Stated(), Stated(title="| - |"), Stated(headings=[Heading(1, "…")], url="http://[broken")]
)
def test_a_page_without_words_has_no_headline(page: Stated) -> None:
    assert headline(page) == ""


def test_a_title_that_swallowed_its_page_gives_its_beginning_at_most() -> None:
    found = headline(Stated(title="Quay reopens" + " | and more of the page" * 100_000))
    assert found.startswith("Quay reopens")
    assert len(found) <= 400


@given(st.text(max_size=60), st.lists(st.text(max_size=60), max_size=4), st.text(max_size=40))
def test_any_texts_give_one_of_them_or_a_part(title: str, headings: list[str], url: str) -> None:
    found = headline(Stated(title=title, headings=[Heading(1, text) for text in headings], url=url))
    squeezed = ["".join(text.split()) for text in (title, *headings)]
    assert any("".join(found.split()) in text for text in squeezed)
