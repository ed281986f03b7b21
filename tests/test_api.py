"""The Python interface: what it takes, what it gives, what it refuses."""

import subprocess
import sys

import pyarrow as pa
import pytest

import dedup
from dedup.errors import InputError, ParameterError, SchemaError

BODY = (
    "The harbour board voted on Tuesday to reopen the eastern quay after eleven days of repairs. "
    "Engineers replaced forty metres of decking and two of the cranes, the chairman, Odd Halvorsen, said. "
    "The first ferry is due at noon on Wednesday with about 200 passengers."
)
OTHER = (
    "A bakery in the old town won the national bread prize for the second time. The jury praised a rye loaf "
    "that rests for three days. Its owner, Mira Lund, said she would give the money to her apprentices."
)


def test_every_public_name_is_there_and_documented() -> None:
    assert dedup.__all__ == sorted(dedup.__all__)
    assert dir(dedup) == dedup.__all__
    for name in dedup.__all__:
        assert getattr(dedup, name).__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = dedup.nothing


def test_importing_is_light() -> None:
    code = "import sys, dedup; print(sorted({'trafilatura','sklearn','scipy','datasketch','pyarrow','numba'} & set(sys.modules)))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_clean_gives_the_text_of_a_page_that_is_no_article() -> None:
    cards = "".join(
        f"<div class='card'><h2><a href='/{n}'>Quay reopens for ships {n}</a></h2><p>{BODY}</p></div>"
        for n in range(20)
    )
    page = f"<html><title>News</title><body><h1>News</h1>{cards}</body></html>"
    assert "harbour board" in dedup.clean(page, url="https://example.org/category/news/").text


def test_clean_takes_html_and_text() -> None:
    page = f"<html lang='en'><body><nav><a href='/'>Home</a></nav><article><h1>Quay reopens</h1><p>{BODY}</p></article></body></html>"
    for given in (page, page.encode()):
        article = dedup.clean(given, url="https://example.org/quay")
        assert BODY in article.text
        assert "Home" not in article.text
        assert article.source == "example.org"
        assert article.language == "en"
    assert dedup.clean(BODY, text_is="clean").text == BODY


def test_clean_of_nothing_is_an_empty_article() -> None:
    assert dedup.clean("").text == ""
    assert dedup.clean("<html><body></body></html>").text == ""


def test_clean_refuses_an_unknown_kind() -> None:
    with pytest.raises(ParameterError, match="text_is must be one of"):
        dedup.clean("x", text_is="mess")


def articles() -> list[dict[str, str]]:
    return [
        {"id": "c", "text": OTHER, "title": "Bread prize", "published": "2026-03-02", "source": "b.example"},
        {"id": "b", "text": BODY, "title": "Quay reopens", "published": "2026-03-02", "source": "b.example"},
        {"id": "a", "text": BODY, "title": "Quay to open", "published": "2026-03-03", "source": "a.example"},
    ]


def tables() -> list[object]:
    found: list[object] = [articles(), pa.Table.from_pylist(articles())]
    for module in ("pandas", "polars"):
        try:
            frames = __import__(module)
        except ImportError:
            continue
        found.append(frames.DataFrame(articles()))
    return found


@pytest.mark.parametrize("given", tables(), ids=lambda one: type(one).__module__)
def test_find_duplicates(given: object) -> None:
    (match,) = dedup.find_duplicates(given).to_pylist()
    assert (match["left_id"], match["right_id"], match["relation"]) == ("a", "b", "exact")
    assert match["jaccard"] == match["containment_left"] == match["containment_right"] == 1.0
    assert match["days_apart"] == 1.0
    assert match["reason"]


def test_find_duplicates_does_no_other_work(monkeypatch: pytest.MonkeyPatch) -> None:
    from dedup.articles import terms

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("terms were analysed for a relation that was not asked for")

    monkeypatch.setattr(terms, "analyse", forbidden)
    assert dedup.find_duplicates(articles(), relations=("exact", "near")).num_rows == 1
    with pytest.raises(AssertionError, match="were analysed"):
        dedup.find_duplicates(articles())


def test_a_language_is_detected_where_terms_are_read_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from dedup.articles import terms

    read: list[str] = []
    monkeypatch.setattr(terms, "detect_language", lambda text: read.append(text) or "en")
    dedup.find_duplicates(articles(), relations=("exact", "near", "partial"))
    assert read == []
    dedup.find_duplicates([row | {"language": "en"} for row in articles()])
    assert read == []
    dedup.find_duplicates(articles())
    assert sorted(set(read)) == sorted({BODY, OTHER})


def test_without_overlaps_no_terms_are_read_and_the_answer_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from dedup.articles import terms

    read: list[str] = []
    of_terms = terms.analyse
    monkeypatch.setattr(terms, "analyse", lambda *given, **more: read.append(given[1]) or of_terms(*given, **more))
    names = [[f"{letter}{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(300)] for letter in "wxyz"]
    stock = " ".join(names[0][:90])
    long = [f"{' '.join(own)} {stock}" for own in names[1:3]]
    given = [{"id": str(n), "text": text} for n, text in enumerate([*long, BODY, BODY, stock])]
    found = dedup.find_duplicates(given, relations=("exact", "near", "partial")).to_pylist()
    assert read == []
    assert {row["overlap_score"] for row in found} == {None}
    everything = dedup.find_duplicates(given).to_pylist()
    assert found == [row | {"overlap_score": None} for row in everything if row["relation"] != "overlap"]


def test_group_events_keeps_the_order() -> None:
    found = dedup.group_events(articles())
    assert found["id"].to_pylist() == ["c", "b", "a"]
    assert found["event_id"].to_pylist() == ["c", "b", "b"]


def test_nothing_in_nothing_out() -> None:
    assert dedup.find_duplicates([]).num_rows == 0
    assert dedup.group_events([]).num_rows == 0


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([{"id": "a"}], SchemaError, "number 1 has no 'text'"),
        ([{"text": "a"}], SchemaError, "number 1 has no 'id'"),
        ({"id": "a", "text": "b"}, SchemaError, "must be mappings"),
        ("text", SchemaError, "must be mappings"),
        ([{"id": "a", "text": "b"}, {"id": "a", "text": "c"}], InputError, "'a' comes twice"),
    ],
)
def test_bad_articles(given: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        dedup.find_duplicates(given)


def test_bad_relations() -> None:
    for relations in (("copy",), ()):
        with pytest.raises(ParameterError, match="relations must be among"):
            dedup.find_duplicates([], relations=relations)
