"""Which repeats are the site's, and where a line is cut."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.articles.segment import sentences
from dedup.boilerplate.passage import Part, Row, joined, parts

LEAD = "The council voted on Tuesday night to repair the old bridge over the river after a debate of many hours."
NEXT = "Work on the bridge will begin next spring, the council said, and should take about two years to complete."
PLEA = (
    "Before you go: our newsroom is small, our readers pay for everything, and every single gift counts. "
    "Please think of giving us the price of one coffee a month, which keeps the presses running for us all."
)


def row(text: str, n: int | list[int] = 0, keep: float = 0.9, marker: str = "", **others: int) -> Row:
    told: dict[str, Any] = {
        "text": text,
        "key": 1,
        "keep": keep,
        "marker": marker,
        "n_sentences": n if isinstance(n, list) else [n] * len(sentences(text)),
        "n_alike": 0,
        "n_sources": 1,
        "n_site": 500,
    } | others
    return Row(**told)


def of_site(*rows: Row, n_repeats: int = 3) -> list[str]:
    """Return the parts that Label would remove."""
    return [part.text for part in parts(rows, n_repeats) if part.n_articles >= (2 if part.keep < 0.5 else n_repeats)]


def test_a_passage_inside_a_paragraph_is_cut_out() -> None:
    found = parts([row(f"{LEAD} {PLEA} {NEXT}", [0, 7, 7, 0]), row(NEXT)])
    assert [(part.line, part.text, part.n_articles) for part in found] == [
        (0, LEAD, 0),
        (0, PLEA, 7),
        (0, NEXT, 0),
        (1, NEXT, 0),
    ]
    assert joined([part for part in found if not part.n_articles]) == f"{LEAD} {NEXT}\n{NEXT}"


def test_a_passage_in_a_script_without_spaces_is_cut_out() -> None:
    plea = "请支持我们的独立新闻工作让所有人都能够免费阅读这里的每一篇报道" * 2 + "。"
    found = parts([row(f"他昨天来了。{plea}他今天走了。", [0, 5, 0])])
    assert [part.text for part in found if part.n_articles] == [plea]
    assert joined([part for part in found if not part.n_articles]) == "他昨天来了。他今天走了。"


def test_a_stock_phrase_inside_a_paragraph_stays() -> None:
    assert of_site(row(f"{LEAD} The mayor did not answer. {NEXT}", [0, 40, 0])) == []


def test_a_paragraph_that_reporters_write_again_stays_until_it_is_everywhere() -> None:
    stock = "The ministry did not immediately respond to a request for comment."
    assert of_site(row(LEAD), row(stock, 20), row(NEXT)) == []
    assert of_site(row(LEAD), row(stock, 60), row(NEXT)) == [stock]


def test_a_sentence_in_most_articles_of_a_small_site_goes() -> None:
    line = "Telephone the Courier newsroom on 0555 0142 with all your news and views."
    assert of_site(row(LEAD), row(line, 4, n_site=5), row(NEXT)) == [line]
    assert of_site(row(LEAD), row(line, 4, n_site=50), row(NEXT)) == []


def test_a_sentence_of_every_market_report_stays_in_its_paragraph() -> None:
    stock = "Volume was 412 million shares, against a thirty-day average of 455 million. "
    assert of_site(row(LEAD), row(f"{stock}{NEXT}", [9, 0], n_site=9)) == []


@pytest.mark.parametrize("line", ["Background", "What happens next?", "Ada Poe", "Thank you.", "In other news:"])
def test_headings_speakers_and_answers_stay(line: str) -> None:
    assert of_site(row(LEAD), row(line, 9, 0.7), row(NEXT)) == []


def test_a_heading_goes_with_the_passage_that_it_heads() -> None:
    assert of_site(row(LEAD), row("Support our work", 9), row(PLEA, 9)) == ["Support our work", PLEA]
    assert of_site(row(LEAD), row("Support our work", 9), row(NEXT), row(PLEA, 9)) == [PLEA]
    assert of_site(row(PLEA, 30), row("Background", 4), row(NEXT)) == [PLEA]


@pytest.mark.parametrize("line", ["( PHOTOS: Ten quotes on bridges )", "[audio-clip]", "Follow @adapoe and @jomarr"])
def test_credits_and_addresses_go(line: str) -> None:
    assert of_site(row(LEAD), row(line, 3), row(NEXT)) == [line]


@pytest.mark.parametrize(
    "line",
    [
        "Trust in the council: yes 41.8 percent, no 53.3 percent",
        "Volume was 412 million shares, against a 30-day average of 455 million.",
    ],
)
def test_a_line_of_data_stays(line: str) -> None:
    assert of_site(row(LEAD), row(line, 9, 0.6, n_site=9), row(NEXT)) == []


def test_background_to_the_subject_stays_and_a_foreign_passage_goes() -> None:
    background = (
        "The council first voted to repair the old bridge over the river two years ago, after a debate of many hours, and the "
        "work should have begun that spring."
    )
    assert of_site(row(LEAD), row(background, 4), row(NEXT)) == []
    assert of_site(row(LEAD), row(PLEA, 4), row(NEXT)) == [PLEA]


def test_a_long_panel_goes_whatever_it_is_about() -> None:
    panel = " ".join(f"{LEAD} {NEXT}" for _ in range(5))
    assert of_site(row(LEAD), row(NEXT), row(panel, 3)) == [panel]


def test_wire_copy_of_many_sources_stays() -> None:
    assert of_site(row(LEAD), row(PLEA, 4, n_sources=3), row(NEXT)) == []
    assert of_site(row(LEAD), row(PLEA, 12, n_sources=3), row(NEXT)) == [PLEA]


def test_a_gallery_with_one_caption_more_goes_whole() -> None:
    gallery = f"{PLEA} {PLEA} A new caption. {PLEA} {PLEA} {PLEA}"
    assert of_site(row(LEAD), row(gallery, [5, 5, 5, 5, 0, 5, 5, 5, 5, 5, 5])) == [gallery]


def test_a_doubted_line_goes_with_others_of_its_form() -> None:
    line = "Ada Poe contributed to this report."
    assert of_site(row(LEAD), row(line, 0, 0.3, n_alike=4)) == [line]
    assert of_site(row(LEAD), row(line, 0, 0.3, n_alike=3)) == []
    assert of_site(row(LEAD), row(line, 0, 0.6, n_alike=40)) == []


def test_two_articles_are_enough_for_a_doubted_line_that_says_something() -> None:
    line = "Ada Poe is a gardener and writes for us every week."
    assert of_site(row(LEAD), row(line, 2, 0.4)) == [line]
    assert of_site(row(LEAD), row("Thursday", 2, 0.4)) == []
    assert of_site(row(LEAD), row("Share this", 2, 0.4, "share")) == ["Share this"]


def test_a_trusted_repeat_that_stays_is_known_to_be_one() -> None:
    assert [part.n_articles for part in parts([row("Background", 9), row(LEAD)])] == [2, 0]


counts = st.lists(st.integers(0, 60), min_size=3, max_size=3)


@given(st.lists(st.tuples(counts, st.floats(0, 1), st.integers(0, 9)), max_size=6))
def test_parts_make_up_the_draft(made: list[tuple[list[int], float, int]]) -> None:
    text = f"{LEAD} Thank you.  {PLEA.split('. ', maxsplit=1)[0]}."
    rows = [row(text, n, keep, n_alike=n_alike) for n, keep, n_alike in made]
    found = parts(rows)
    assert joined(found) == "\n".join(text for _ in rows)
    assert [part.line for part in found] == sorted(part.line for part in found)


def test_nothing_makes_nothing() -> None:
    assert parts([]) == []
    assert joined([]) == ""
    assert joined([Part(3, "Alone", 1, 1.0, "", 0, " ")]) == "Alone"
