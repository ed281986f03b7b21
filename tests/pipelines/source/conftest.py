"""What the tests of reading share: files to write, and ways to look at what is read from them."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from pipelines.source import Page, Reject, read


def _split(items: Iterable[Page | Reject]) -> tuple[list[Page], list[Reject]]:
    items = list(items)
    return [each for each in items if isinstance(each, Page)], [each for each in items if isinstance(each, Reject)]


def _put(path: Path, content: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.fixture
def split() -> Callable[..., tuple[list[Page], list[Reject]]]:
    """Return pages and rejects apart."""
    return _split


@pytest.fixture
def pages_of() -> Callable[..., list[Page]]:
    """Read files that hold nothing but pages."""

    def read_pages(*paths: Path, **options: Any) -> list[Page]:
        pages, rejects = _split(read([str(path) for path in paths], **options))
        assert not rejects, rejects
        return pages

    return read_pages


@pytest.fixture
def rejects_of() -> Callable[..., list[Reject]]:
    """Read files that hold nothing but rejects."""

    def read_rejects(*paths: Path, **options: Any) -> list[Reject]:
        pages, rejects = _split(read([str(path) for path in paths], **options))
        assert not pages, pages
        return rejects

    return read_rejects


@pytest.fixture
def reasons() -> Callable[..., list[str]]:
    """Return the reasons of the rejects, in order."""
    return lambda items: [each.reason for each in _split(items)[1]]


@pytest.fixture
def put() -> Callable[..., Path]:
    """Write a file, its folders too."""
    return _put


@pytest.fixture
def jsonl() -> Callable[..., Path]:
    """Write records, one in each line."""

    def write(path: Path, *records: dict[str, Any]) -> Path:
        return _put(path, "".join(json.dumps(record) + "\n" for record in records))

    return write


@pytest.fixture
def warc_record() -> Callable[..., bytes]:
    """Return the bytes of one record of a WARC file."""

    def write(
        kind: str,
        url: str,
        body: bytes,
        *,
        status: str = "200 OK",
        mime: str = "text/html; charset=utf-8",
        more: str = "",
    ) -> bytes:
        if kind == "response":
            head = f"HTTP/1.1 {status}\r\nContent-Type: {mime}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
            body, mime = head.encode() + body, "application/http; msgtype=response"
        head = (
            f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000000>\r\n"
            f"WARC-Target-URI: {url}\r\nWARC-Date: 2024-01-02T03:04:05Z\r\nContent-Type: {mime}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body + b"\r\n\r\n"

    return write
