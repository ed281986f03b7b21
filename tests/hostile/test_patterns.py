"""Texts on which a regular expression may go back and forth: every reading of an article takes time in proportion."""

import time
from collections.abc import Callable
from html import escape

import pyarrow as pa
import pytest

from dedup.articles.extract import decode, with_closed_title
from dedup.articles.host import host_of, names_host
from dedup.articles.language import declared_language, detect_language
from dedup.articles.markup import parse
from dedup.articles.metadata import metadata_of
from dedup.articles.normalize import words
from dedup.articles.published import parse_date
from dedup.articles.reading import read
from dedup.articles.segment import line_key, lines
from dedup.articles.terms import Analyse
from dedup.boilerplate.classify import judge
from dedup.schema import ARTICLE
from pipelines.source import normalise_url

SIZE = 100_000
# Processor seconds; what is quadratic takes from a minute to hours at this size, what is linear a tenth of a second.
LIMIT = 15

PIECES = [
    *" \n\t\u00a0\u200b\u0301\u00ad.,:;-\u2014'\"\u201d(<[{|/\\@%&=+_1aA\u6e2f",
    *("a ", "A ", "a.", "A.", "1.", "1,", "1:", "1/", "1 ", "1-", "a-", "a'", "a\u0301", ".\u201d", ". ", " -", " | "),
    *("Aa ", "A of ", "of ", "the ", "May ", "Mr. ", "$1 ", "10 million ", "2026-", "://", "//", "http://", "a@a."),
    *("<title", "<title>", "</title", "<html ", "<html lang=", "<meta ", "<time ", "<time datetime='", "<?xml "),
    *("datePublished", 'datePublished" ', "pubdate content=", "<!--", "&amp;", "&#", "| a "),
]


def _analysed(text: str) -> object:
    row = dict.fromkeys(ARTICLE.names, "") | {"doc_id": "a", "arrival": 0, "text": text, "title": text[:1000]}
    row |= {"n_words": 1, "n_words_removed": 0, "removed": []}
    stage = Analyse()
    table = pa.Table.from_pylist([row], schema=ARTICLE).select(stage.reads.names)
    return list(stage(iter(table.to_batches())))


def _described(page: str) -> object:
    return metadata_of(parse(page), "https://harbour-gazette.example/a", "harbour-gazette.example")


READINGS: dict[str, Callable[[str], object]] = {
    "date": parse_date,
    "date after a digit": lambda text: parse_date(f"2026{text}"),
    "date after a month": lambda text: parse_date(f"2 May {text}"),
    "host": host_of,
    "host after a scheme": lambda text: host_of(f"https://{text}"),
    "name of a host": lambda text: names_host(text, "harbour-gazette.example"),
    "url": lambda text: normalise_url(f"https://a.example/?{text}"),
    "metadata": lambda text: _described(f"<title>{escape(text)}</title><h1>{escape(text)}</h1><p>{escape(text)}</p>"),
    "metadata of broken tags": lambda text: _described(f"<html><body>{text}"),
    "linked data": lambda text: _described(f"<script type='application/ld+json'>{text}</script>"),
    "title unclosed": with_closed_title,
    "bytes": lambda text: decode(text.encode()),
    "bytes torn": lambda text: decode(text.encode() + b"\xe9"),
    "bytes of another charset": lambda text: decode(text.encode("utf-16-le") + b"\xff"),
    "language": detect_language,
    "language tag": declared_language,
    "words": words,
    "key": line_key,
    "lines": lines,
    "line model": lambda text: judge(read(lines(text[: SIZE // 2])), "page", text[:1000]),
    "terms": lambda text: _analysed(text[: SIZE // 2]),
}


@pytest.mark.parametrize("name", READINGS)
def test_no_text_makes_a_reading_go_back_and_forth(name: str) -> None:
    slow = []
    for piece in PIECES:
        text = piece * (SIZE // len(piece)) + "\x01"
        began = time.process_time()
        READINGS[name](text)
        if time.process_time() - began > LIMIT:
            slow.append(piece)
    assert slow == []
