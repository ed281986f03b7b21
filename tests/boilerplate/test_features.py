"""What a line looks like, in numbers."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.articles.markup import parse
from dedup.articles.normalize import words
from dedup.articles.outline import LAYOUT, outline
from dedup.articles.reading import read
from dedup.boilerplate.features import FEATURES, HTML_FEATURES, MARKED, MARKERS, features, html_features
from dedup.tables import load_json

ARTICLE = [
    "Der Stadtrat hat am Dienstagabend nach langer Debatte beschlossen, die alte Brücke über den Fluss zu sanieren.",
    "Die Arbeiten sollen im kommenden Frühjahr beginnen und nach den Plänen der Verwaltung rund zwei Jahre dauern.",
    "Während der Bauzeit wird der Verkehr über die neue Brücke im Norden der Stadt geleitet, sagte die Bürgermeisterin.",
    "Kritik kam von der Opposition, die eine günstigere Lösung gefordert und vor steigenden Kosten gewarnt hatte.",
]


def told(lines: list[str], name: str, title: str = "") -> list[float]:
    """Return one feature of each line."""
    column: list[float] = features(read(lines), title)[:, FEATURES.index(name)].tolist()
    return column


def test_html_features_have_their_names_and_no_missing_values() -> None:
    found = outline(
        parse(f"<ul><li>Share</li></ul><p>{'</p><p>'.join(ARTICLE)}</p><p>Mehr</p>"), *["\n".join(ARTICLE)] * 2
    )
    matrix = html_features(features(read(found.lines)), found.layout)
    assert matrix.shape == (6, len(HTML_FEATURES))
    assert len(set(HTML_FEATURES)) == len(HTML_FEATURES)
    assert np.isfinite(matrix).all()
    told = {name: matrix[:, number].tolist() for number, name in enumerate(HTML_FEATURES)}
    assert told["trafilatura"] == [0, 1, 1, 1, 1, 0]
    assert told["trafilatura-1"] == [-1, 0, 1, 1, 1, 1]
    assert told["resiliparse+3"] == [1, 1, 0, -1, -1, -1]
    assert told["trafilatura_before"] == [50, 0, 0, 0, 0, 1]
    assert told["trafilatura_after"] == [1, 0, 0, 0, 0, 50]
    assert set(told["resiliparse_agreed"]) == {1}
    assert 0.9 < told["trafilatura_share"][0] < 1


def test_html_features_of_lines_that_no_extractor_kept() -> None:
    layout = np.zeros((2, len(LAYOUT)), dtype=np.float32)
    matrix = html_features(features(read(["Share", "Home"])), layout)
    told = dict(zip(HTML_FEATURES, matrix[0].tolist(), strict=True))
    assert told["trafilatura_before"] == told["trafilatura_after"] == 50
    assert told["trafilatura_share"] == told["trafilatura_agreed"] == 0
    assert html_features(features(read([])), layout[:0]).shape == (0, len(HTML_FEATURES))


def test_features_have_their_names_and_no_missing_values() -> None:
    matrix = features(read(["Share", "日本語の文章です。", "---", "A. B."]), "A headline")
    assert matrix.shape == (4, len(FEATURES))
    assert len(set(FEATURES)) == len(FEATURES)
    assert np.isfinite(matrix).all()


def test_features_of_no_line() -> None:
    assert features(read([])).shape == (0, len(FEATURES))


def test_words_of_glued_elements_are_told_apart() -> None:
    matrix = features(read(["keep readingShow less"]))
    assert matrix[0, FEATURES.index("read_more")] == 1.0


def test_a_line_is_described_by_its_letters() -> None:
    lines = [
        "Read more: NASA's HQ | www.example.org",
        "“Who knows,” she said, “what comes?”",
        "the rest…",
        "12 and 7 of 9",
    ]
    assert told(lines, "size") == pytest.approx(np.log1p([8, 6, 2, 5]))
    assert told(lines, "characters") == pytest.approx(np.log1p([len(line) for line in lines]))
    assert told(lines, "ends_sentence") == [0, 1, 0, 0]
    assert told(lines, "ends_open") == [0, 0, 1, 0]
    assert told(lines, "quotes") == [0, 1, 0, 0]
    assert told(lines, "commas") == pytest.approx([0, 2 / 6, 0, 0])
    assert told(lines, "bars") == pytest.approx([1 / 8, 0, 0, 0])
    assert told(lines, "links") == pytest.approx([2 / 8, 0, 0, 0])
    assert told(lines, "capitals") == pytest.approx([3 / 6, 0, 0, 0])
    assert told(lines, "shouting") == pytest.approx([1 / 6, 0, 0, 0])
    assert told(lines, "lower_start") == [0, 0, 1, 0]
    assert told(lines, "numbers") == pytest.approx([0, 0, 0, 3 / 5])


@pytest.mark.parametrize(
    ("line", "ends", "is_open", "colon"),
    [
        ("So it ended.", 1, 0, 0),
        ("So it ended.”)", 1, 0, 0),
        ("So it ended...", 0, 1, 0),
        ("So it ended…", 0, 1, 0),
        ("So it went:", 0, 0, 1),
        ("..", 1, 0, 0),
        ("”", 0, 0, 0),
        ("结束了。", 1, 0, 0),
        ("انتهى الأمر؟", 1, 0, 0),
    ],
)
def test_ends_of_lines(line: str, ends: int, is_open: int, colon: int) -> None:
    lines = ["Before", line, "After."]
    found = [told(lines, name)[1] for name in ("ends_sentence", "ends_open", "ends_colon")]
    assert found == [ends, is_open, colon]


def test_sentences_bullets_and_equal_lines() -> None:
    lines = ["* One. Two! Three?", "*", "• Menu", "Menu", "menu", "第一。第二。"]
    assert told(lines, "sentences") == [2, 0, 0, 0, 0, 2]
    assert told(lines, "bullet") == [1, 0, 1, 0, 0, 0]
    assert told(lines, "times") == [1, 1, 3, 3, 3, 1]


def test_the_headline_is_looked_for_by_its_content_words() -> None:
    lines = ["The bridge is closed", "Nothing of the kind", "and"]
    assert told(lines, "headline", "Old bridge closed for repairs") == [1, 0, 0]
    assert told(lines, "headline") == [-1, -1, -1]
    assert told(["大桥今天关闭", "其他"], "headline", "大桥关闭") == [pytest.approx(2 / 5), 0]


def test_subjects_are_compared_before_and_after_a_line() -> None:
    prose = (
        "The committee considered the old bridge over the river and heard engineers about repairs, costs and closures."
    )
    other = "Gardeners planted tulips around monuments while musicians entertained visitors throughout several sunny afternoons, despite earlier forecasts."
    lines = [prose, "Bridge repairs", other, "Tulips everywhere", prose]
    assert told(lines, "shared_before") == [0, 1, 0, pytest.approx(1 / 2), 1]
    assert told(lines, "shared_after") == [1, 1, 0, 0, 0]
    assert told(lines, "shared_prose") == [1, 1, 0, pytest.approx(1 / 2), 1]


def test_a_section_is_compared_with_the_prose_before_it() -> None:
    prose = (
        "The committee considered the old bridge over the river and heard engineers about repairs, costs and closures."
    )
    other = "Gardeners planted tulips around monuments while musicians entertained visitors throughout several sunny afternoons, despite earlier forecasts."
    lines = [prose, "Related stories", other, "Read more", prose]
    assert told(lines, "section_shared") == [-1, 0, 0, 1, 1]


def phrases() -> dict[tuple[str, ...], set[int]]:
    found: dict[tuple[str, ...], set[int]] = {}
    for number, marker in enumerate(MARKERS):
        for listed in load_json("chrome_words.json")["markers"][marker].values():
            for phrase in listed:
                found.setdefault(tuple(words(phrase)), set()).add(number)
    return found


PHRASES = phrases()


def naive_marks(tokens: list[str]) -> tuple[float, float, list[float]]:
    shares, marked, opens, place, n = [0.0] * len(MARKERS), 0, 0.0, 0, len(tokens)
    while place < n:
        if n > 32 and 8 <= place < n - 8:
            place = n - 8
        sizes = [size for size in range(1, n - place + 1) if tuple(tokens[place : place + size]) in PHRASES]
        size = max(sizes, default=0)
        for number in PHRASES.get(tuple(tokens[place : place + size]), ()):
            shares[number] += size / n
        marked += size
        opens = 1.0 if size and not place else opens
        place += size or 1
    return marked / max(n, 1), opens, shares


LINES = st.lists(
    st.one_of(
        st.text(min_size=1, max_size=40),
        st.lists(
            st.sampled_from(
                ["sign", "up", "for", "our", "newsletter", "share", "this", "read", "more", "follow", "us", "on", "the"]
            ),
            min_size=1,
        ).map(" ".join),
    )
    .map(lambda text: " ".join(text.split()))
    .filter(bool),
    min_size=1,
    max_size=8,
)


@settings(deadline=None, max_examples=60)
@given(LINES)
def test_a_page_is_read_as_its_lines_are(lines: list[str]) -> None:
    matrix = features(read(lines))
    tokens = [words(line) for line in lines]
    for row, line in enumerate(lines):
        if not matrix[row, FEATURES.index("glued")]:
            total, opens, shares = naive_marks(tokens[row])
            found = matrix[row, [FEATURES.index("marked"), FEATURES.index("marked_start")]].tolist()
            assert found == pytest.approx([total, opens])
            assert matrix[row, MARKED].tolist() == pytest.approx(shares)
        raw = line.split()
        assert matrix[row, FEATURES.index("capitals")] == pytest.approx(
            sum(word[0].isupper() for word in raw) / len(raw)
        )
        alone = features(read([line]))[0]
        for name in (
            "size",
            "characters",
            "ends_sentence",
            "ends_colon",
            "ends_open",
            "sentences",
            "commas",
            "bullet",
            "bars",
            "links",
        ):
            assert matrix[row, FEATURES.index(name)] == alone[FEATURES.index(name)]


def test_line_breaks_inside_a_line_are_spaces() -> None:
    assert np.array_equal(features(read(["One\nTwo.", "Three"])), features(read(["One Two.", "Three"])))


def test_marks_and_letters_beyond_the_table() -> None:
    decomposed = unicodedata.normalize("NFD", "Équipe réduite à Cézanne 𠀋𠀋 😀.")
    matrix = features(read([decomposed]))
    assert np.isfinite(matrix).all()
    assert matrix[0, FEATURES.index("size")] == np.log1p(len(words(decomposed)))
