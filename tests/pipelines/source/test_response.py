"""HTTP responses in WARC records: codings, bombs and charsets."""

import gzip
import zlib
from codecs import BOM_UTF8 as BOM
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from pipelines.source import Page, Reject, read

HTML = b"<html><body><p>The council met on Tuesday.</p></body></html>"


def test_warc_codings_are_undone_also_when_only_claimed(
    tmp_path: Path, pages_of: Callable[..., list[Page]], put: Callable[..., Path], warc_record: Callable[..., bytes]
) -> None:
    chunked = b"5\r\n" + HTML[:5] + b"\r\n" + f"{len(HTML) - 5:x}\r\n".encode() + HTML[5:] + b"\r\n0\r\n\r\n"
    raw_deflate = zlib.compressobj(wbits=-15)
    content = b"".join(
        [
            warc_record("response", "http://x.org/1", gzip.compress(HTML), more="Content-Encoding: gzip\r\n"),
            warc_record("response", "http://x.org/2", zlib.compress(HTML), more="Content-Encoding: deflate\r\n"),
            warc_record(
                "response",
                "http://x.org/3",
                raw_deflate.compress(HTML) + raw_deflate.flush(),
                more="content-encoding: deflate\r\n",
            ),
            warc_record("response", "http://x.org/4", chunked, more="Transfer-Encoding: chunked\r\n"),
            warc_record(
                "response", "http://x.org/5", pa.compress(HTML, "brotli", asbytes=True), more="Content-Encoding: br\r\n"
            ),
            warc_record(
                "response", "http://x.org/6", pa.compress(HTML, "zstd", asbytes=True), more="Content-Encoding: zstd\r\n"
            ),
            *[
                warc_record("response", f"http://x.org/{coding}", HTML, more=f"Content-Encoding: {coding}\r\n")
                for coding in ("gzip", "deflate", "br", "zstd")
            ],
            warc_record("response", "http://x.org/7", HTML, more="Transfer-Encoding: chunked\r\n"),
        ]
    )
    pages = pages_of(put(tmp_path / "a.warc", content))
    assert [each.content.removeprefix(BOM) for each in pages] == [HTML] * 11


def test_warc_bomb_and_damage_within_a_response(
    tmp_path: Path,
    split: Callable[..., tuple[list[Page], list[Reject]]],
    reasons: Callable[..., list[str]],
    put: Callable[..., Path],
    warc_record: Callable[..., bytes],
) -> None:
    bomb = gzip.compress(bytes(10_000_000))
    content = b"".join(
        [
            warc_record("response", "http://x.org/1", bomb, more="Content-Encoding: gzip\r\n"),
            warc_record("response", "http://x.org/2", b"x" * 100_000),
            warc_record("response", "http://x.org/3", b"\x1f\x8b\x08\x00 damaged", more="Content-Encoding: gzip\r\n"),
            warc_record("response", "http://x.org/4", HTML),
        ]
    )
    pages, rejects = split(read([str(put(tmp_path / "a.warc", content))], max_page_bytes=20_000))
    assert [each.doc_id for each in pages] == ["http://x.org/4"]
    assert reasons(rejects) == ["too_large", "too_large", "corrupt"]


def test_warc_charset_of_http(
    tmp_path: Path, pages_of: Callable[..., list[Page]], put: Callable[..., Path], warc_record: Callable[..., bytes]
) -> None:
    text = '<html><meta charset="utf-8"><p>caf\u00e9 \u2019</p>'
    records = [
        warc_record("response", "http://x.org/1", text.encode("cp1252"), mime="text/html; charset=ISO-8859-1"),
        warc_record("response", "http://x.org/2", text.encode(), mime="text/html; charset=ISO-8859-1"),
        warc_record("response", "http://x.org/3", text.encode("cp1252"), mime="text/html; charset=nonsense"),
        warc_record("response", "http://x.org/4", text.encode("cp1252"), mime="text/html"),
    ]
    first, second, third, fourth = pages_of(put(tmp_path / "a.warc", b"".join(records)))
    assert first.content == second.content == BOM + text.encode()
    assert third.content == fourth.content == text.encode("cp1252")
