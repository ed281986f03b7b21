"""Lines and their keys."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.articles import segment
from dedup.articles.reading import read


def form_keys(line: str) -> list[int]:
    found = segment.keys(read([line]), np.ones(1, dtype=bool))
    return found.forms.tolist()


def sentence_keys(line: str) -> list[int]:
    found = segment.keys(read([line]), np.zeros(1, dtype=bool))
    assert found.sentence_ends.tolist() == [0, len(found.sentences)]
    return found.sentences.tolist()


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
        ("Sign-up", "Sign up"),
        ("Отправлено в 10:45", "отправлено в 9"),
    ],
)
def test_key_ignores_numbers_case_and_punctuation(left: str, right: str) -> None:
    assert segment.line_key(left) == segment.line_key(right)


def test_key_tells_words_and_their_order_apart() -> None:
    assert len({segment.line_key(line) for line in ("read more", "more read", "read", "read 1 more")}) == 4


@pytest.mark.parametrize("line", ["---", "* * *", "", "12", "3/4"])
def test_key_of_a_line_without_words(line: str) -> None:
    assert segment.line_key(line) == segment.NO_WORDS


@given(st.text(min_size=1))
def test_key_fits_a_signed_64_bit_integer(text: str) -> None:
    assert -(2**63) <= segment.line_key(text) < 2**63


def test_key_is_the_same_in_every_process() -> None:
    assert segment.line_key("Read more") == -8643003789069135276


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("It rained. It snowed.", ["It rained. ", "It snowed."]),
        (
            "“It rained.” Then it “snowed!” (A lot.) Really?",
            ["“It rained.” ", "Then it “snowed!” ", "(A lot.) ", "Really?"],
        ),
        (
            "Sen. J. Q. Poe (R-Ky.) met Mr. Marr at the U.S. border.",
            ["Sen. J. Q. Poe (R-Ky.) met Mr. Marr at the U.S. border."],
        ),
        ("No. 3. Tide tables. 4. Lost", ["No. 3. Tide tables. ", "4. Lost"]),
        ("At 3.30 p.m. he came, i.e. late.", ["At 3.30 p.m. he came, i.e. late."]),
        ("Шёл дождь. Потом снег.", ["Шёл дождь. ", "Потом снег."]),
        ("هطل المطر. ثم الثلج؟ نعم", ["هطل المطر. ", "ثم الثلج؟ ", "نعم"]),
        ("下雨了。“下雪了！”他说。", ["下雨了。", "“下雪了！”", "他说。"]),
        ("| It rained. | It snowed. |", ["| It rained. ", "| It snowed. |"]),
        ("One", ["One"]),
    ],
)
def test_sentences(line: str, found: list[str]) -> None:
    assert segment.sentences(line) == found


@given(st.text())
def test_sentences_make_up_the_line(line: str) -> None:
    assert "".join(segment.sentences(line)) == line


@given(st.text() | st.text("Ab. !“”。1é") | st.text("Ab. e\u0301\u1100\u1161\u11a8\u0e01\u0e33"))
def test_sentence_keys_are_the_keys_of_the_sentences(line: str) -> None:
    line = line.replace("\n", " ")
    assert sentence_keys(line) == [segment.line_key(one) for one in segment.sentences(line)]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Follow Jane Doe on Twitter", "Follow @jroe on Twitter"),
        ("By Ada Poe, who is a reporter in Paris", "By Jo Marr, who is a reporter in Rome"),
        ("Updated at 3:54 p.m. ET on March 3", "Updated at 9 a.m. on May 27"),
        ("Enlarge this image toggle caption Jo Marr", "Enlarge this image toggle caption of a bridge"),
        ("Ada Poe contributed to this report.", "Jo Marr and Ada Poe also contributed to this report."),
    ],
)
def test_near_equal_lines_have_a_form_in_common(left: str, right: str) -> None:
    assert set(form_keys(left)) & set(form_keys(right))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Ada Poe met Jo Marr", "Jo Marr met Ada Poe"),
        ("The minister said on Monday that he would resign", "The mayor told us on Monday that she might stay"),
        ("Share", "Share"),
    ],
)
def test_lines_that_only_name_things_have_no_form_in_common(left: str, right: str) -> None:
    assert not set(form_keys(left)) & set(form_keys(right))


def test_letters_of_scripts_without_spaces_count_half() -> None:
    assert segment.size("This is a line of some eight plain words.") == 6
    assert segment.size("这是一行大约八个词的文字句子") == 7
