"""Pages that are files: their encodings, and content that is no text."""

import gzip
import random
from codecs import BOM_UTF8 as BOM
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.source import Page, Reject

HTML = b"<html><body><p>The council met on Tuesday.</p></body></html>"


def test_html_stays_as_it_was_crawled(
    tmp_path: Path, pages_of: Callable[..., list[Page]], put: Callable[..., Path]
) -> None:
    raw = '<html><meta charset="iso-8859-1"><p>caf\xe9</p>'.encode("latin-1")
    (only,) = pages_of(put(tmp_path / "a.html", raw))
    assert only.content == raw


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_wide_html_is_made_utf8(
    tmp_path: Path, encoding: str, pages_of: Callable[..., list[Page]], put: Callable[..., Path]
) -> None:
    (only,) = pages_of(put(tmp_path / "a.html", HTML.decode().encode(encoding)))
    assert only.content == BOM + HTML


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_wide_html_in_another_script_is_told_by_its_tags(
    tmp_path: Path, encoding: str, pages_of: Callable[..., list[Page]], put: Callable[..., Path]
) -> None:
    text = f"\n<p>{'Портовый совет объявил. ' * 200}</p>"
    (only,) = pages_of(put(tmp_path / "a.html", text.encode(encoding)))
    assert only.content == BOM + text.encode()


@pytest.mark.parametrize(("text_is", "kind"), [(None, "page"), ("article", "article"), ("clean", "clean")])
def test_txt_is_a_page_unless_told(
    tmp_path: Path, text_is: str | None, kind: str, pages_of: Callable[..., list[Page]], put: Callable[..., Path]
) -> None:
    (only,) = pages_of(put(tmp_path / "a.txt", "Grüße\n"), text_is=text_is)
    assert (only.kind, only.content) == (kind, "Grüße\n".encode())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "cp1252", "utf-16-le"])
def test_txt_is_decoded(
    tmp_path: Path, encoding: str, pages_of: Callable[..., list[Page]], put: Callable[..., Path]
) -> None:
    text = "Der Präsident erklärte, daß er müde sei und nach Österreich fährt.\n"
    (only,) = pages_of(put(tmp_path / "a.txt", text.encode(encoding)))
    assert only.content.decode() == text


@pytest.mark.parametrize("content", [b"", b" \n\t\r\n ", BOM])
@pytest.mark.parametrize("name", ["a.html", "a.txt"])
def test_an_empty_file_is_told(
    tmp_path: Path, name: str, content: bytes, rejects_of: Callable[..., list[Reject]], put: Callable[..., Path]
) -> None:
    (only,) = rejects_of(put(tmp_path / name, content))
    assert (only.reason, only.doc_id) == ("empty", name)


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        b"%PDF-1.7\n" + b"text " * 100,
        b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"x" * 500,
        b"GIF89a" + b"x" * 500,
        b"PK\x03\x04" + b"x" * 500,
        b"RIFF\x24\x00\x00\x00WEBPVP8 " + b"x" * 500,
        random.Random(7).randbytes(5000),
        b"\x00\x01\x02\x03" * 500,
    ],
)
@pytest.mark.parametrize("name", ["a.html", "a.txt"])
def test_binary_content_under_the_name_of_a_page(
    tmp_path: Path, name: str, content: bytes, rejects_of: Callable[..., list[Reject]], put: Callable[..., Path]
) -> None:
    (only,) = rejects_of(put(tmp_path / name, content))
    assert only.reason == "binary"


def test_texts_that_begin_like_a_format_are_texts(
    tmp_path: Path, pages_of: Callable[..., list[Page]], put: Callable[..., Path]
) -> None:
    for index, text in enumerate(["RIFF raff of the city", "ID3 is a tag", "OggS", "A form\x00 feed" + " word" * 100]):
        assert pages_of(put(tmp_path / f"{index}.txt", text))


def test_a_page_over_the_limit_and_a_gzip_bomb(
    tmp_path: Path,
    pages_of: Callable[..., list[Page]],
    rejects_of: Callable[..., list[Reject]],
    put: Callable[..., Path],
) -> None:
    fits = put(tmp_path / "fits.html", b"x" * 1000)
    assert len(pages_of(fits, max_page_bytes=1000)) == 1
    (over,) = rejects_of(put(tmp_path / "over.html", b"x" * 1001), max_page_bytes=1000)
    bomb = gzip.compress(bytes(200_000_000), 9)
    (bombed,) = rejects_of(put(tmp_path / "bomb.html.gz", bomb), max_page_bytes=1000)
    assert over.reason == bombed.reason == "too_large"
    assert over.detail == "It is larger than 1,000 bytes, the limit for one page."
