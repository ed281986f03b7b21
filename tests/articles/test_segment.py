"""Lines and their keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.articles import segment


def test_lines_are_stripped_and_never_blank() -> None:
    assert segment.lines("Headline\r\n\r\n  First paragraph. \n\t\nSecond.\u2028Third.\n") == [
        "Headline",
        "First paragraph.",
        "Second.",
        "Third.",
    ]


@given(st.text())
def test_lines_keep_every_character_that_is_no_white_space(text: str) -> None:
    assert "".join("".join(segment.lines(text)).split()) == "".join(text.split())


@given(st.text())
def test_lines_of_lines_are_the_same(text: str) -> None:
    once = segment.lines(text)
    assert segment.lines("\n".join(once)) == once


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Updated 3 May, 10:45", "updated 27 may 9:12"),
        ("“12 Comments”", "7 comments"),
        ("Sign up  for our newsletter!", "SIGN UP FOR OUR NEWSLETTER"),
    ],
)
def test_key_ignores_numbers_case_and_punctuation(left: str, right: str) -> None:
    assert segment.line_key(left) == segment.line_key(right)


def test_key_tells_words_and_their_order_apart() -> None:
    assert len({segment.line_key(line) for line in ("read more", "more read", "read", "readmore")}) == 4


@pytest.mark.parametrize("line", ["---", "* * *", ""])
def test_key_of_a_line_without_words(line: str) -> None:
    assert segment.line_key(line) == segment.NO_WORDS


@given(st.text(min_size=1))
def test_key_fits_a_signed_64_bit_integer(text: str) -> None:
    assert -(2**63) <= segment.line_key(text) < 2**63


def test_key_is_the_same_in_every_process() -> None:
    assert segment.line_key("Read more") == -8517551099377695376
