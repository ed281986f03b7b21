"""Stop words and the guess at a language."""

import pytest

from dedup.articles.normalize import normalize
from dedup.articles.stopwords import STEMMERS, STOP_WORDS, guess_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The president said that he would not be in the city on the day of the vote.", "en"),
        ("Le président a déclaré que les deux pays ne sont pas dans une guerre avec la France.", "fr"),
        ("Президент сказал, что он не был в городе и что это было до того.", "ru"),
        ("東京都の知事は", ""),
        ("", ""),
    ],
)
def test_guess(text: str, language: str) -> None:
    assert guess_language(text) == language


def test_lists_are_normalised_and_of_known_languages() -> None:
    assert set(STOP_WORDS) <= set(STEMMERS)
    for stop in STOP_WORDS.values():
        assert all(word == normalize(word) for word in stop)
