"""The fields of a record: their names, their types, and what is passed through."""

import re
from codecs import BOM_UTF8 as BOM
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines import source
from pipelines.source import Page, Reject, read


def test_record_fields_and_aliases(
    tmp_path: Path, pages_of: Callable[..., list[Page]], jsonl: Callable[..., Path]
) -> None:
    path = jsonl(
        tmp_path / "a.jsonl",
        {
            "id": 7,
            "url": "http://www.Example.com/a",
            "body": "Text.",
            "title": " A\n title ",
            "date": "2024-01-02",
            "language": "en",
            "tags": ["x"],
            "n": 1.5,
        },
        {"url": "http://www.Example.com/a?utm_source=x#top", "content": "Other.", "host": "The Example"},
        {"ID": "u", "Text": "Upper.", "site": "s"},
    )
    first, second, third = pages_of(path)
    assert first == Page(
        doc_id="7",
        kind="article",
        content=b"Text.",
        url="http://www.Example.com/a",
        source="example.com",
        title="A title",
        published="2024-01-02",
        language="en",
        extra='{"tags":["x"],"n":1.5}',
        input=str(path),
        position="1",
    )
    assert (second.doc_id, second.source, second.extra) == ("http://www.example.com/a", "The Example", "{}")
    assert (third.doc_id, third.source, third.content) == ("u", "s", b"Upper.")


def test_html_goes_before_text_and_says_that_it_is_utf8(
    tmp_path: Path, pages_of: Callable[..., list[Page]], jsonl: Callable[..., Path]
) -> None:
    records = [{"id": "1", "html": "<p>caf\u00e9", "text": "no"}, {"id": "2", "html": " ", "text": "yes"}]
    first, second = pages_of(jsonl(tmp_path / "a.jsonl", *records), text_is="page")
    assert (first.kind, first.content, first.extra) == ("html", BOM + "<p>café".encode(), "{}")
    assert (second.kind, second.content, second.extra) == ("page", b"yes", "{}")


def test_unused_aliases_are_passed_through(
    tmp_path: Path, pages_of: Callable[..., list[Page]], jsonl: Callable[..., Path]
) -> None:
    (only,) = pages_of(
        jsonl(tmp_path / "a.jsonl", {"text": "t", "content": "c", "published": "", "date": "2024-01-02"})
    )
    assert (only.content, only.published, only.extra) == (b"t", "2024-01-02", '{"content":"c"}')


def test_an_id_from_the_content_when_there_is_no_other(
    tmp_path: Path, pages_of: Callable[..., list[Page]], jsonl: Callable[..., Path]
) -> None:
    one, two, other = pages_of(jsonl(tmp_path / "a.jsonl", {"text": "t"}, {"text": "t", "id": " "}, {"text": "u"}))
    assert one.doc_id == two.doc_id != other.doc_id
    assert re.fullmatch("[0-9a-f]{32}", one.doc_id)


@pytest.mark.parametrize("record", [{}, {"text": None}, {"text": " \n"}, {"html": "", "text": "\u200b"}, {"text": []}])
def test_no_text(
    tmp_path: Path, record: dict[str, object], rejects_of: Callable[..., list[Reject]], jsonl: Callable[..., Path]
) -> None:
    (only,) = rejects_of(jsonl(tmp_path / "a.jsonl", {"id": "x", **record}))
    assert (only.reason, only.doc_id, only.position) == ("no_text", "x", "1")


def test_text_of_another_type(
    tmp_path: Path, pages_of: Callable[..., list[Page]], reasons: Callable[..., list[str]], jsonl: Callable[..., Path]
) -> None:
    items = read([str(jsonl(tmp_path / "a.jsonl", {"text": 5}, {"text": {"a": 1}}, {"id": [1], "text": "t"}))])
    assert reasons(items) == ["bad_type"] * 3
    (joined,) = pages_of(jsonl(tmp_path / "b.jsonl", {"text": ["One.", "Two."]}))
    assert joined.content == b"One.\nTwo."


def test_a_field_of_another_type_is_passed_through(
    tmp_path: Path, pages_of: Callable[..., list[Page]], jsonl: Callable[..., Path]
) -> None:
    (only,) = pages_of(jsonl(tmp_path / "a.jsonl", {"text": "t", "title": {"en": "T"}, "language": ["en"]}))
    assert (only.title, only.language, only.extra) == ("", "", '{"title":{"en":"T"},"language":["en"]}')


def test_a_date_that_is_none_is_a_note_and_the_article_is_kept(
    tmp_path: Path, split: Callable[..., tuple[list[Page], list[Reject]]], jsonl: Callable[..., Path]
) -> None:
    items = list(
        read([str(jsonl(tmp_path / "a.jsonl", {"id": "x", "text": "t", "date": "soon"}, {"text": "t", "date": 5}))])
    )
    assert [type(each).__name__ for each in items] == ["Reject", "Page", "Reject", "Page"]
    (kept, _), (note, _) = split(items)
    assert (note.reason, note.doc_id, note.position) == ("bad_date", "x", "1")
    assert note.reason in source.NOTES
    assert (kept.published, kept.extra) == ("", "{}")
