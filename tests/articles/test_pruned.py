"""A page written again: what is surely chrome goes, and what stays reads as it did."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.articles.markup import Markup, parse
from dedup.articles.outline import Lines, lines_of
from dedup.articles.pruned import pruned

PIECES = st.lists(
    st.sampled_from(
        [
            "<p>",
            "</p>",
            "<div class='story lead'>",
            "</div>",
            "<nav id=menu>",
            "</nav>",
            "<ul><li>",
            "</ul>",
            "<table><tr><td>",
            "</table>",
            "<a href='/x?a=1&amp;b=2'>",
            "</a>",
            "<b>",
            "</b>",
            "<br/>",
            "<my-box k=v/>",
            "<script>if (a < b) {}</script>",
            "<select><option>One",
            "</select>",
            "Rain &amp; wind ",
            "3 &lt; 4 ",
            "Quay reopens. ",
            "&nbsp;",
            "<",
            "&",
        ]
    ),
    max_size=30,
).map("".join)


def written(page: Markup, keep: Sequence[float] | None = None, least: float = 0.5) -> tuple[Lines, str]:
    """Return the lines of a page, and the page without those less likely than ``least``."""
    lines = lines_of(page)
    judged = np.ones(len(lines)) if keep is None else np.array(keep, dtype=np.float64)
    return lines, pruned(page, lines, judged, least)


def test_blocks_go_whose_lines_are_all_surely_chrome() -> None:
    page = parse(
        "<html lang=en><body><nav><ul><li><a href=/>Home</a><li><a href=/sport>Sport</a></ul></nav>"
        "<main class='story'><h1>Quay reopens</h1><div><p>Rain came.</p><p>Share this</p></div></main></body></html>"
    )
    lines, found = written(page, [0.01, 0.3, 0.9, 0.9, 0.01], 0.02)
    assert lines.texts == ["Home", "Sport", "Quay reopens", "Rain came.", "Share this"]
    assert found == (
        "<html lang=en><body><nav><ul><li><a href=/sport>Sport</a></li></ul></nav>"
        "<main class='story'><h1>Quay reopens</h1><div><p>Rain came.</p></div></main></body></html>"
    )


def test_blocks_without_a_text_and_what_is_unseen_go_and_linked_data_stays() -> None:
    linked = '<script type="application/ld+json">{"headline": "a < b"}</script>'
    page = parse(
        f"<html><head><title>Quay</title><style>p {{}}</style>{linked}</head><body><div><img src=a></div>"
        "<p>Rain<script>x < y</script><button>Share</button></p></body></html>"
    )
    _, found = written(page)
    assert found == f"<html><head>{linked}</head><body><p>Rain</p></body></html>"


def test_an_element_without_an_end_tag_closes_nothing_and_a_name_that_html_does_not_have_stays() -> None:
    _, found = written(parse("<p>One<br/>two<img src=a />three</p><my-Box k='v'>four<a href=/>five</a>"))
    assert found == "<p>One<br>two<img src=a >three</p><my-Box k='v'>four<a href=/ >five</a></my-Box>"


@given(PIECES)
def test_what_stays_reads_as_it_did(text: str) -> None:
    lines, found = written(parse(text))
    again = lines_of(parse(found))
    assert again.texts == lines.texts
    assert again.tags() == lines.tags()
    assert again.linked.tolist() == lines.linked.tolist()


@given(PIECES, st.lists(st.sampled_from([0.0, 0.3, 0.7, 1.0]), min_size=40, max_size=40))
def test_no_line_goes_that_may_be_the_articles(text: str, judged: list[float]) -> None:
    page = parse(text)
    keep = (judged * 10)[: len(lines_of(page))]
    lines, found = written(page, keep)
    likely = [line for line, share in zip(lines.texts, keep, strict=True) if share >= 0.5]
    left = iter(lines_of(parse(found)).texts)
    assert all(line in left for line in likely)


@given(st.text(alphabet="<>/=\"'!-ab &;# ", max_size=60))
def test_any_text_is_written(text: str) -> None:
    written(parse(text))


@pytest.mark.parametrize("depth", [300, 5000])
def test_deep_pages_are_written(depth: int) -> None:
    _, found = written(parse("<div>" * depth + "<p>Rain</p>"))
    assert "Rain" in found
