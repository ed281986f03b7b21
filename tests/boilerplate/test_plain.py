"""Lines that are plainly chrome: bylines, captions, links that say where they lead."""

import numpy as np
import pytest

from dedup.articles.markup import parse
from dedup.articles.outline import full_outline, lines_of
from dedup.boilerplate.plain import is_byline, plainly_chrome

PROSE = "<p>The ferry across the sound sails again from Tuesday, three weeks after a storm tore away the pier at its end.</p>"


def found(body: str, author: str = "Ann Lee", keep: float = 0.7) -> list[str]:
    page = full_outline(lines_of(parse(f"<body>{body}</body>")))
    rows = plainly_chrome(page.lines, page.layout, np.full(len(page.lines), keep), author, "Quay reopens")
    return [page.lines[row] for row in rows]


@pytest.mark.parametrize(
    "line",
    [
        "By Ann Lee",
        "By Ann Lee, published 2 March 2026",
        "Ann Lee | March 2, 2026",
        "Von Ann Lee",
        "Written by Ann Lee · Updated 3:05pm, 2 March 2026",
    ],
)
def test_a_line_that_says_who_wrote_it_and_when_is_a_byline(line: str) -> None:
    assert found(f"<h1>Quay reopens</h1><p>{line}</p>{PROSE}{PROSE}") == [line]
    assert found(f"{PROSE}{PROSE}<div>{line}</div>") == [line]


@pytest.mark.parametrize(
    "line", ["Ann Lee", "By Bo Ek, 2 March 2026", "Ann Lee, 34, saw it.", "By then it was 2 March 2026", "By Ann", ""]
)
def test_a_name_or_a_day_alone_or_somebody_else_is_no_byline(line: str) -> None:
    assert not is_byline(line, "Ann Lee")


def test_the_author_named_between_paragraphs_stays() -> None:
    assert found(f"{PROSE}<p>By Ann Lee</p>{PROSE}") == []
    assert found(f"<p>By Ann Lee</p>{PROSE}", author="") == []


def test_captions_go() -> None:
    figure = "<figure><img src=a><figcaption>The pier <span>Gazette/B. Ek</span></figcaption><p>Deep water at noon</p></figure>"
    assert found(f"{PROSE}{figure}{PROSE}") == ["The pier Gazette/B. Ek"]


def test_links_go_where_they_say_that_they_lead_to_another_story() -> None:
    teaser = "<div>{} <a href=/x>Storm tears away the pier at Hollin Sound</a></div>"
    for label in ("Related", "Related:", "See also:", "Mehr zum Thema:"):
        assert len(found(f"{PROSE}{teaser.format(label)}{PROSE}")) == 1, label
    assert found(f"{PROSE}{teaser.format('Storm')}{PROSE}") == []
    assert found(f"{PROSE}<p>Related to this is <a href=/x>the pier</a>, which the storm tore away at night.</p>") == []


def test_what_has_gone_already_is_not_looked_at() -> None:
    assert found(f"<p>By Ann Lee</p>{PROSE}<figcaption>The pier</figcaption>", keep=0.0) == []


def test_a_page_without_lines_has_none() -> None:
    assert found("") == []
