"""Lines as arrays."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.articles.normalize import normalize, words
from dedup.articles.reading import read
from dedup.articles.spelling import spelled
from dedup.candidates.shingle import word_hashes

WRITTEN = [
    "\u201cStra\u00dfe\u201d \u2014 10\u00bd \ufb01ne\u2122 words\u2026",
    unicodedata.normalize("NFD", "Équipe réduite à Cézanne 한국어"),
    "\uff76\uff9e\uff77\uff9e 東京都の知事 ภาษากำลัง हिन्दी क़लम",
    "co\u00adoperation ze\u200bro \x00\x01 \U0001f600 \U00020000",
    "مُحَمَّد العَرَبِيَّة",
]


@pytest.mark.parametrize("text", WRITTEN)
def test_a_text_is_spelled_as_words_are_compared(text: str) -> None:
    found = spelled(text)
    assert words("".join(map(chr, found.letters.tolist()))) == words(text)
    assert "".join(map(chr, found.codes.tolist())) == text


@given(st.text())
def test_every_letter_has_a_place_in_the_text(text: str) -> None:
    found = spelled(text)
    assert len(found.at) == len(found.letters)
    assert (np.diff(found.at) >= 0).all()
    assert set(found.at.tolist()) <= set(range(len(text)))
    assert np.flatnonzero(found.letters == 10).tolist() == [
        place for place, at in enumerate(found.at) if text[at] == "\n"
    ]


@given(st.text(st.characters(categories=["L", "Nd", "P", "Zs"], max_codepoint=0x2000)))
def test_letters_that_do_not_compose_are_spelled_one_by_one(text: str) -> None:
    text = unicodedata.normalize("NFC", text)
    assert words("".join(map(chr, spelled(text).letters.tolist()))) == words(normalize(text))


@given(st.lists(st.text(st.characters(categories=["L", "Nd", "P", "Zs"], max_codepoint=0x2000)), max_size=6))
def test_a_page_has_the_words_of_its_lines(lines: list[str]) -> None:
    page = read(lines)
    tokens = [words(line) for line in lines]
    assert page.n_words.tolist() == [len(line) for line in tokens]
    assert page.sizes.tolist() == [len(word) for line in tokens for word in line]
    assert page.hashes.tolist() == [value for line in lines for value in word_hashes(line).tolist()]


def test_hashes_of_words_with_other_digits_fold_to_one() -> None:
    page = read(["room 101 covid19", "room 7 covid2020"])
    assert page.folded[:3].tolist() == page.folded[3:].tolist()
    assert page.hashes[1] != page.hashes[4]
    assert page.is_unspaced.tolist() == [False, False]
    assert read(["東京", "Tokyo"]).is_unspaced.tolist() == [True, False]
