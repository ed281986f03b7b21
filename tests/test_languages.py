"""What must hold on pages in any language, shown on outlets in six and an English one; scores are in the quality gate."""

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dedup.articles.language import detect_language
from dedup.articles.normalize import words
from dedup.articles.reading import read
from dedup.articles.segment import line_key
from dedup.boilerplate.features import FEATURES, MARKERS, features
from dedup.tables import load_json
from pipelines.config import Config
from pipelines.journal import Journal
from pipelines.preprocess import clean
from pipelines.run_local import Local

GOLD = Path(__file__).resolve().parent.parent / "fixtures" / "gold"
LANGUAGES = ("en", "de", "es", "fr", "ru", "ar", "zh")
# So many unrelated articles make a line the site's.
SEVERAL = 3

Row = dict[str, Any]


@cache
def gold(task: str) -> tuple[Row, ...]:
    lines = (GOLD / f"languages-{task}.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


def cleaned(rows: list[Row], folder: Path) -> dict[str, Row]:
    path = folder / "pages.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with Local(1, Config().limits) as engine:
        found = clean([str(path)], Config(), engine, Journal(), None)
    return {row["doc_id"]: row for row in found.articles.to_pylist()}


@pytest.fixture(scope="module")
def from_html(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    rows = [{name: row[name] for name in ("id", "url", "html")} for row in gold("pages")]
    return cleaned(rows, tmp_path_factory.mktemp("html"))


def folded(text: str) -> str:
    """A line as it is the same line with other digits."""
    return re.sub(r"\d+", "0", " ".join(words(text)))


#: Three times in seven articles is not enough where the line model trusts the paragraph that a sentence stands in.
WEAK = {"es": "a note on the author inside a paragraph that the line model trusts stays"}


@pytest.mark.parametrize(
    "language",
    [
        pytest.param(code, marks=pytest.mark.xfail(reason=WEAK[code], strict=True)) if code in WEAK else code
        for code in LANGUAGES
    ],
)
def test_what_an_outlet_leaves_in_its_articles_is_taken_out_whatever_numbers_stand_in_it(
    language: str, from_html: dict[str, Row]
) -> None:
    pages = [row for row in gold("pages") if row["language"] == language]
    n_pages = Counter(folded(text) for row in pages for text in row["without"])
    left = [
        (row["id"], text)
        for row in pages
        for text in row["without"]
        if n_pages[folded(text)] >= SEVERAL and text in from_html[row["id"]]["text"]
    ]
    assert any(n >= SEVERAL for n in n_pages.values())
    assert not left


@pytest.mark.parametrize("language", LANGUAGES)
def test_language_title_and_day_of_every_page_are_found(language: str, from_html: dict[str, Row]) -> None:
    for row in gold("pages"):
        if row["language"] == language:
            found = from_html[row["id"]]
            assert found["language"] == language
            assert words(found["title"]) == words(row["title"])
            assert found["published"][:10] == row["published"][:10]


@pytest.mark.parametrize("language", LANGUAGES)
def test_language_is_told_from_the_text_alone(language: str) -> None:
    for row in gold("pages"):
        if row["language"] == language:
            assert detect_language(row["gold"]) == language
            assert detect_language(max(row["gold"].split("\n"), key=len)) == language


def test_listed_phrases_and_function_words_are_in_the_form_of_words() -> None:
    table = load_json("chrome_words.json")
    phrases = [p for marker in MARKERS for listed in table["markers"][marker].values() for p in listed]
    assert [phrase for phrase in phrases if " ".join(words(phrase)) != phrase] == []
    listed = [word for text in table["function_words"].values() for word in text.split()]
    assert [word for word in listed if words(word) != [word]] == []


def test_no_phrase_is_listed_twice_for_a_marker_and_a_language() -> None:
    for by_language in load_json("chrome_words.json")["markers"].values():
        for listed in by_language.values():
            assert len(listed) == len(set(listed))


def test_no_phrase_is_a_function_word_of_another_language() -> None:
    table = load_json("chrome_words.json")
    function_words = {language: set(listed.split()) for language, listed in table["function_words"].items()}
    # A byline begins with "by" in English; in Polish and Czech, where it means "would", few lines do.
    allowed = {("en", "by"), ("pt", "por"), ("es", "por")}
    found = [
        (language, phrase, other)
        for by_language in table["markers"].values()
        for language, listed in by_language.items()
        for phrase in listed
        for other, known in function_words.items()
        if other != language and phrase in known and (language, phrase) not in allowed
    ]
    assert found == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_marker_has_phrases_in_the_language(language: str) -> None:
    table = load_json("chrome_words.json")["markers"]
    assert [marker for marker in MARKERS if len(table[marker].get(language, ())) < 5] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_function_words_tell_prose_from_menus(language: str) -> None:
    column = FEATURES.index("function_words")
    for row in gold("lines"):
        if row["language"] == language:
            page = read([line["text"] for line in row["lines"]])
            share, n = features(page)[:, column], page.n_words
            assert share.min() >= 0, "the language was not recognised"
            keep = np.array([line["keep"] for line in row["lines"]])
            assert share[keep & (n >= 20)].mean() > share[~keep & (n <= 4)].mean()


def test_chinese_letters_are_words_so_that_a_line_has_a_length() -> None:
    assert len(words("订阅澜江早报")) == 6
    assert line_key("已有20万读者下载") == line_key("已有58万读者下载")
