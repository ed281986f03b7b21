"""WARC files: which records are pages, and what is left of a cut or damaged file."""

import gzip
import random
from codecs import BOM_UTF8 as BOM
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.source import Page, Reject, read

HTML = b"<html><body><p>The council met on Tuesday.</p></body></html>"


@pytest.fixture
def crawl(warc_record: Callable[..., bytes]) -> list[bytes]:
    return [
        warc_record("warcinfo", "", b"software: test", mime="application/warc-fields"),
        warc_record("request", "http://x.org/1", b"GET / HTTP/1.1\r\n\r\n", mime="application/http; msgtype=request"),
        warc_record("response", "http://www.x.org/1?utm_source=a", HTML),
        warc_record("metadata", "http://x.org/1", b"via: x", mime="application/warc-fields"),
        warc_record("response", "http://x.org/2", b"{}", mime="application/json"),
        warc_record("response", "http://x.org/3", b"gone", status="404 Not Found"),
        warc_record("revisit", "http://x.org/4", b""),
        warc_record("response", "http://x.org/5", HTML, mime="text/plain"),
        warc_record("response", "http://x.org/6", b"just text", mime="text/plain"),
        warc_record("response", "http://x.org/7", b"", mime="text/html"),
        warc_record("resource", "http://x.org/8", HTML, mime="text/html"),
        warc_record("response", "http://x.org/9", b"\x89PNG" + bytes(90)),
    ]


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz", "one.warc.gz"])
def test_warc_responses_that_are_html(
    tmp_path: Path,
    name: str,
    split: Callable[..., tuple[list[Page], list[Reject]]],
    put: Callable[..., Path],
    crawl: list[bytes],
) -> None:
    records = crawl
    content = b"".join(records)
    if name == "a.warc.gz":
        content = b"".join(gzip.compress(each) for each in records)
    elif name == "one.warc.gz":
        content = gzip.compress(content)
    pages, rejects = split(read([str(put(tmp_path / name, content))]))
    assert [(each.doc_id, each.position) for each in pages] == [
        ("http://www.x.org/1", "3"),
        ("http://x.org/5", "8"),
        ("http://x.org/8", "11"),
    ]
    assert pages[0].content.removeprefix(BOM) == HTML
    assert (pages[0].source, pages[0].kind, pages[0].published) == ("x.org", "html", "")
    assert pages[0].extra == '{"warc_date":"2024-01-02T03:04:05Z"}'
    assert [(each.position, each.reason) for each in rejects] == [
        ("5", "not_html"),
        ("6", "http_status"),
        ("7", "revisit"),
        ("9", "not_html"),
        ("10", "empty"),
        ("12", "binary"),
    ]
    assert rejects[1].detail == "The HTTP status is 404. (http://x.org/3)"


@pytest.mark.parametrize("packed", ["plain", "members", "whole"])
def test_a_cut_warc_keeps_what_came_before(
    tmp_path: Path,
    packed: str,
    split: Callable[..., tuple[list[Page], list[Reject]]],
    put: Callable[..., Path],
    warc_record: Callable[..., bytes],
) -> None:
    records = [
        warc_record("response", f"http://x.org/{n}", HTML + random.Random(n).randbytes(300).hex().encode())
        for n in range(6)
    ]
    pack = gzip.compress if packed == "members" else bytes
    parts = [pack(each) for each in records]
    whole, last = b"".join(parts), len(parts[-1])
    if packed == "whole":
        whole = gzip.compress(whole)
        last = len(whole) // 6
    for cut in range(5, last, 37):
        pages, rejects = split(read([str(put(tmp_path / "a.warc", whole[:-cut]))]))
        assert 4 <= len(pages) <= 6, cut
        if len(pages) < 6 or packed != "plain":
            assert [each.reason for each in rejects] == ["truncated"], (cut, rejects)


def test_a_damaged_warc(
    tmp_path: Path,
    split: Callable[..., tuple[list[Page], list[Reject]]],
    reasons: Callable[..., list[str]],
    put: Callable[..., Path],
    crawl: list[bytes],
) -> None:
    assert reasons(read([str(put(tmp_path / "a.warc", HTML * 50))])) == ["corrupt"]
    records = crawl
    pages, rejects = split(
        read([str(put(tmp_path / "b.warc", b"".join([*records[:3], b"rubbish\r\n" * 9, *records[3:]])))])
    )
    assert len(pages) == 1
    assert [(each.reason, each.position) for each in rejects] == [("corrupt", "4")]
