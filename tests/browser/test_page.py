"""The page as a reader uses it: numbers, events, filters, two articles side by side, by mouse and by keyboard."""

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipelines import page as job

Open = Callable[..., Any]
VIEWS = ("events", "matches", "chrome", "rejects")


@pytest.fixture(scope="module")
def folder(nights: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = nights.small(tmp_path_factory.mktemp("night"))
    job.write(folder)
    return folder


def titles(page: Any) -> list[str]:
    return page.locator(".event h4 .title").all_inner_texts()


def test_the_night_in_numbers(folder: Path, open_page: Open) -> None:
    page = open_page(folder)
    assert page.title() == "A night of news, 2–3 March 2026"
    assert page.locator("h1").inner_text() == "5 articles tell of 4 events"
    figures = dict(
        zip(page.locator(".label").all_inner_texts(), page.locator(".figure").all_inner_texts(), strict=True)
    )
    assert figures == {
        "articles": "5",
        "of words were page chrome": "12%",
        "copies": "2",
        "overlaps": "1",
        "events": "4",
        "rejected": "1",
    }
    assert page.locator(".deck").first.inner_text() == "The largest: Quay reopens, in 3 articles of 3 sources."
    assert "This page holds every row of the report" in page.locator("footer").inner_text()


def test_events_stand_by_day_the_latest_first(folder: Path, open_page: Open) -> None:
    page = open_page(folder)
    days = [text.split("\n")[0] for text in page.locator(".day > h3").all_inner_texts()]
    assert days == ["Tuesday 3 March 2026", "Monday 2 March 2026"]
    assert titles(page) == ["Café vote", "A merged event", "Quay reopens", "An older event"]
    page.get_by_label("Order").select_option("size")
    page.locator(".day > h3", has_text="Largest first").wait_for()
    assert titles(page)[0] == "Quay reopens"


def test_filters(folder: Path, open_page: Open) -> None:
    page = open_page(folder)
    for name, value, left in (
        ("text", "cafe", ["Café vote"]),
        ("text", "velsko QUAY", ["Quay reopens"]),
        ("text", "ferry back", ["Quay reopens"]),
        ("text", "nothing like it", []),
        ("source", "star.example", ["Café vote", "Quay reopens"]),
        ("relation", "overlap", ["Quay reopens"]),
        ("relation", "exact", ["An older event"]),
        ("size", "3", ["Quay reopens", "An older event"]),
        ("day", "2026-03-03", ["Café vote", "A merged event", "Quay reopens"]),
    ):
        field = page.locator(f"[name={name}]")
        field.fill(value) if name == "text" else field.select_option(value)
        page.locator("#found", has_text="of 4").wait_for()
        assert titles(page) == left, (name, value)
        page.get_by_role("button", name="Clear").click()
        page.locator("#found", has_text=re.compile("^4 events$")).wait_for()


def test_a_bar_filters_by_its_day(folder: Path, open_page: Open) -> None:
    page = open_page(folder)
    bar = page.get_by_role("button", name="3 articles on 2 Mar")
    bar.click()
    assert titles(page) == ["Quay reopens", "An older event"]
    assert bar.get_attribute("aria-pressed") == "true"
    bar.click()
    assert len(titles(page)) == 4


def test_an_event_opens_to_its_articles_and_clusters(folder: Path, open_page: Open) -> None:
    page = open_page(folder)
    button = page.get_by_role("button", name="Quay reopens")
    button.click()
    assert button.get_attribute("aria-expanded") == "true"
    panel = page.locator(".panel:visible")
    assert panel.locator("h5").all_inner_texts() == [
        "One text in 4 articles, 2 of them of earlier nights grown since an earlier night",
        "Texts of their own",
        "What they share",
    ]
    assert panel.locator(".headline").all_inner_texts() == [
        "Quay reopens",
        "Ferry back at the quay",
        "Passengers return",
    ]
    link = panel.get_by_role("link", name="Quay reopens")
    assert (link.get_attribute("href"), link.get_attribute("rel")) == ("https://wire.example/1", "noopener noreferrer")
    assert "near copy" in panel.inner_text()
    button.click()
    assert page.locator(".panel:visible").count() == 0


def test_two_articles_side_by_side(folder: Path, open_page: Open) -> None:
    page = open_page(folder)
    page.get_by_role("button", name="Quay reopens").click()
    page.get_by_role("button", name="Compare gazette.example and Northwire").click()
    dialog = page.get_by_role("dialog", name="Near copy")
    assert "91% of one text stands in the other" in dialog.locator(".why").inner_text()
    left, right = dialog.get_by_role("article").all()
    marks = [side.locator("mark").all_inner_texts() for side in (left, right)]
    assert marks[0] == marks[1]
    assert any(mark.startswith("Engineers replaced forty metres of decking and two cranes") for mark in marks[0])
    assert "announced this week" not in " ".join(marks[0])
    assert "🚢" in left.inner_text()
    assert "🚢" not in " ".join(marks[0])
    page.get_by_role("button", name="Next passage").click()
    assert "Passage 1 of" in dialog.locator(".passages").inner_text()
    assert {side.locator("mark.current").first.get_attribute("data-passage") for side in (left, right)} == {"0"}
    page.get_by_role("button", name="Close").click()
    assert dialog.count() == 0
    page.wait_for_url("**#events")  # going back takes the browser a moment


def test_what_two_reports_of_one_happening_both_name_is_underlined(
    nights: ModuleType, tmp_path: Path, open_page: Open
) -> None:
    left = nights.article(
        "a", "Velsko rang Morvania. The 50-minute call moved the cabled lines.", published="2026-03-02"
    )
    right = nights.article(
        "b", "For 50 minutes Mr Velsko spoke of a cable.\nCables 150 minutes (x", published="2026-03-02"
    )
    reason = "both name Velsko, cable; both say 50 minutes; published the same day"
    job.write(
        nights.write(
            tmp_path,
            {
                "events.csv": [nights.event([left, right])],
                "duplicates.csv": [nights.match(left, right, "overlap", reason=reason)],
            },
            [left, right],
        )
    )
    page = open_page(tmp_path, "#match-0")
    dialog = page.get_by_role("dialog", name="Overlap")
    assert "What both name is underlined." in dialog.inner_text()
    marks = [side.locator("mark.term").all_inner_texts() for side in dialog.get_by_role("article").all()]
    assert marks == [["Velsko", "50-minute", "cabled"], ["50 minutes", "Velsko", "cable", "Cables"]]
    dialog.locator("mark.term").first.click()
    assert page.locator("mark.current").count() == 0


@pytest.mark.parametrize("width", [320, 390])
def test_a_button_keeps_its_word_in_one_line_on_a_phone(folder: Path, open_page: Open, width: int) -> None:
    page = open_page(folder, "#match-0", viewport={"width": width, "height": 800})
    button = page.get_by_role("dialog").get_by_role("button", name="Close")
    assert button.bounding_box()["height"] < 45


def test_going_back_closes_the_comparison_and_leaves_the_list_as_it_was(folder: Path, open_page: Open) -> None:
    page = open_page(folder, "#events")
    page.get_by_role("button", name="Quay reopens").click()
    page.get_by_role("button", name="Compare gazette.example and Northwire").click()
    page.get_by_role("dialog").wait_for()
    page.go_back()
    page.get_by_role("dialog").wait_for(state="hidden")
    assert page.locator(".panel:visible").count() == 1


def test_what_is_of_an_earlier_night_is_said_to_be(folder: Path, open_page: Open) -> None:
    page = open_page(folder)
    assert (
        page.locator(".event", has_text="An older event").locator(".tag").inner_text() == "grown since an earlier night"
    )
    merged = page.locator(".event", has_text="A merged event").locator(".tag")
    assert merged.inner_text() == "merged into Quay reopens"
    page.get_by_role("button", name="An older event").click()
    panel = page.locator(".panel:visible")
    assert "A copy of an article of an earlier night" in panel.inner_text()
    assert "2 more articles of earlier nights." in panel.inner_text()
    panel.get_by_role("button", name="Compare gazette.example and old").first.click()
    dialog = page.get_by_role("dialog", name="Exact copy")
    assert "One of the two is an article of an earlier night" in dialog.inner_text()
    page.keyboard.press("Escape")
    merged.get_by_role("link").click()
    page.locator("#note", has_text="One event alone").wait_for()
    assert titles(page) == ["Quay reopens"]
    page.get_by_role("link", name="Show all events").click()
    page.locator("#found", has_text="4 events").wait_for()


def test_other_parts(folder: Path, open_page: Open) -> None:
    page = open_page(folder)
    page.get_by_role("navigation").get_by_role("link", name="Matches").click()
    page.locator("#found", has_text="3 matched pairs").wait_for()
    assert page.locator(".relation").all_inner_texts() == ["Overlap", "Near copy", "Exact copy"]
    page.get_by_role("navigation").get_by_role("link", name="Chrome").click()
    page.locator("#found", has_text="3 sources").wait_for()
    page.get_by_role("button", name="gazette.example").click()
    assert "Sign up here" in page.locator(".lines").inner_text()
    page.get_by_role("navigation").get_by_role("link", name="Rejects").click()
    page.locator("#found", has_text="1 rejected input").wait_for()
    assert "a file, or a folder, that holds nothing" in page.locator(".reasons").inner_text()


def test_by_keyboard_alone(folder: Path, open_page: Open) -> None:
    page = open_page(folder)
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the list"
    page.keyboard.press("Enter")

    def tab_to(text: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            # Nothing has the focus while it is outside of the page; what is asked of it then must not wait.
            named = page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.innerText")
            if page.evaluate("document.activeElement !== document.body") and text in named:
                return
        raise AssertionError(f"{text} cannot be reached")

    tab_to("Quay reopens")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Compare gazette.example and Northwire").first.wait_for()
    tab_to("Compare gazette.example and Northwire")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    tab_to("Next passage")
    page.keyboard.press("Space")
    assert page.locator("mark.current").count() >= 2
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0
    assert page.locator(":focus").get_attribute("aria-label") == "Compare gazette.example and Northwire"


def test_a_pair_has_an_address(folder: Path, open_page: Open) -> None:
    page = open_page(folder, "#match-0")
    page.get_by_role("dialog").wait_for()


def test_nothing_is_wider_than_the_screen(folder: Path, open_page: Open) -> None:
    page = open_page(folder)
    for view in VIEWS:
        page.evaluate(f"location.hash = '{view}'")
        page.locator(f"nav a[href='#{view}'][aria-current]").wait_for()
        for title in page.locator("main .title").all():
            title.click()
        for width in (320, 390, 768, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (view, width)


def test_on_paper_stands_what_is_for_paper(folder: Path, open_page: Open) -> None:
    page = open_page(folder)
    page.emulate_media(media="print")
    assert page.locator("form, nav, .more").filter(visible=True).count() == 0
    assert page.locator(".event").filter(visible=True).count() == 4


def test_without_scripts_the_numbers_are_there(folder: Path, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "report.html").as_uri())
    assert "5 articles, 2 of them copies; 4 events; 1 inputs rejected." in page.locator("body").inner_text()
    context.close()
