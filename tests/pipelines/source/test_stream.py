"""Compressed bytes, whole, cut and damaged, and standard input."""

import gzip
import io
import json
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.source import Page, Reject, read

HTML = b"<html><body><p>The council met on Tuesday.</p></body></html>"


def test_truncated_and_corrupt_gzip(
    tmp_path: Path, reasons: Callable[..., list[str]], put: Callable[..., Path]
) -> None:
    whole = gzip.compress(random.Random(1).randbytes(3000).hex().encode())
    for cut in (1, 8, 100, len(whole) - 3):
        assert reasons(read([str(put(tmp_path / "a.txt.gz", whole[:-cut]))])) == ["truncated"]
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0xFF
    assert reasons(read([str(put(tmp_path / "a.txt.gz", bytes(damaged)))])) == ["corrupt"]
    assert reasons(read([str(put(tmp_path / "a.txt.gz", b"this was never compressed"))])) == ["corrupt"]
    assert reasons(read([str(put(tmp_path / "a.txt.gz", whole + b"rubbish"))])) == ["corrupt"]


def test_members_padding_and_hidden_compression(
    tmp_path: Path, pages_of: Callable[..., list[Page]], put: Callable[..., Path]
) -> None:
    two = gzip.compress(b"one ") + gzip.compress(b"two") + bytes(512)
    assert pages_of(put(tmp_path / "a.txt.gz", two))[0].content == b"one two"
    assert pages_of(put(tmp_path / "a.html", gzip.compress(HTML)))[0].content == HTML


@pytest.mark.parametrize(
    ("suffix", "compress"), [("gz", gzip.compress), ("zst", partial(pa.compress, codec="zstd", asbytes=True))]
)
def test_compressed_lines_whole_and_cut(
    tmp_path: Path,
    suffix: str,
    compress: Callable[[bytes], bytes],
    split: Callable[..., tuple[list[Page], list[Reject]]],
    put: Callable[..., Path],
) -> None:
    texts = [random.Random(index).randbytes(400).hex() for index in range(400)]
    whole = compress("".join(json.dumps({"text": text}) + "\n" for text in texts).encode())
    pages, rejects = split(read([str(put(tmp_path / f"a.jsonl.{suffix}", whole))]))
    assert not rejects, rejects
    assert [each.content.decode() for each in pages] == texts
    pages, rejects = split(read([str(put(tmp_path / f"b.jsonl.{suffix}", whole[: len(whole) // 2]))]))
    assert [each.content.decode() for each in pages] == texts[: len(pages)]
    assert 50 < len(pages) < 250
    assert [(each.reason, each.position) for each in rejects] == [("truncated", str(len(pages) + 1))]


def test_not_zstandard(tmp_path: Path, reasons: Callable[..., list[str]], put: Callable[..., Path]) -> None:
    assert reasons(read([str(put(tmp_path / "a.jsonl.zst", b'{"text": "a"}'))])) == ["corrupt"]
    assert reasons(read([str(put(tmp_path / "b.jsonl.zst", b"\x28\xb5"))])) == ["truncated"]


def test_standard_input_is_jsonl_also_compressed(
    split: Callable[..., tuple[list[Page], list[Reject]]], reasons: Callable[..., list[str]]
) -> None:
    lines = b'{"text": "one"}\n{"text": "two"}'
    for content in (lines, gzip.compress(lines)):
        pages, rejects = split(read(["-"], stdin=io.BytesIO(content)))
        assert [(each.content, each.input, each.position) for each in pages] == [(b"one", "-", "1"), (b"two", "-", "2")]
        assert not rejects
    assert reasons(read(["-"], stdin=io.BytesIO(b""))) == ["empty"]


def test_standard_input_stays_open() -> None:
    stdin = io.BytesIO(b'{"text": "one"}\n')
    list(read(["-"], stdin=stdin))
    assert not stdin.closed
