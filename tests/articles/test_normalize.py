"""Spelling and words."""

import re
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.articles.normalize import LETTER, MARK, OTHER, UNSPACED_LETTER, kinds, normalize, words

LATIN = st.text(st.characters(max_codepoint=0x24F, exclude_characters="\u00ad\u0130\u01f0\u0149"))


@given(st.text())
def test_normalizing_again_changes_nothing(text):
    assert normalize(normalize(text)) == normalize(text)


@given(LATIN)
def test_latin_words_are_what_an_outsider_computes(text):
    assert words(text) == re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold())


@given(st.text())
def test_words_are_normalised_and_not_empty(text):
    for word in words(text):
        assert word
        assert words(word) == [word]


@given(st.lists(st.sampled_from(["peace", "Straße", "50", "çà", "दिल्ली", "한국", "x̂y"]), max_size=8))
def test_words_come_back_from_between_any_separators(parts):
    for separator in (" ", "_", "-", "\n", " “", "…", "\u00a0"):
        assert words(separator.join(parts)) == [normalize(part) for part in parts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n_-.", []),
        ("don’t don't", ["don", "t", "don", "t"]),
        ("co\u00adoperate zero\u200bwidth", ["cooperate", "zerowidth"]),
        ("1,000.50 e-mail", ["1", "000", "50", "e", "mail"]),
        ("ＡＢＣ ﬁne ①", ["abc", "fine", "1"]),
        ("東京タワー2026年", ["東", "京", "タ", "ワ", "ー", "2026", "年"]),
        ("ภาษาไทย", ["ภ", "า", "ษ", "า", "ไ", "ท", "ย"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("한국어 텍스트", ["한국어", "텍스트"]),
        ("Ελλάδα ΕΛΛΆΔΑ", ["ελλάδα", "ελλάδα"]),
        ("\u0301 a\u0301\u0302b", ["á\u0302b"]),
        ("\u2018a\u2019 \u201cb\u201d\u2014c", ["a", "b", "c"]),
    ],
)
def test_words_of(text, expected):
    assert words(text) == expected


def test_composed_and_decomposed_spellings_are_one():
    assert words(unicodedata.normalize("NFD", "Ångström Việt")) == words("Ångström Việt")


def test_quotes_and_dashes_are_straight():
    assert normalize("«A» – ‚b‘ ´") == "\"a\" - 'b' '"


def test_lone_surrogates_do_no_harm():
    assert words("a \ud800 b") == ["a", "b"]


def test_table_of_kinds_is_the_rule_of_words():
    table = kinds()
    assert [int(table[ord(sign)]) for sign in "a7_ \u0301東ก้"] == [
        *(LETTER, LETTER, OTHER, OTHER, MARK, UNSPACED_LETTER, UNSPACED_LETTER, MARK)
    ]
    assert table.dtype == np.uint8
    assert not table.flags.writeable
