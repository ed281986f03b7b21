"""Digests of files, folders and standard input."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from dedup.errors import InputError
from pipelines import source
from pipelines.source import read

HTML = b"<html><body><p>The council met on Tuesday.</p></body></html>"


def test_digest_of_files_folders_and_standard_input(tmp_path: Path, put: Callable[..., Path]) -> None:
    put(tmp_path / "d" / "b.html", HTML)
    put(tmp_path / "d" / "x.pdf", b"%PDF")
    put(tmp_path / "a.jsonl", b'{"text": "t"}\n')
    stdin = source.spool(io.BytesIO(b'{"text": "t"}\n'))
    inputs = ["-", str(tmp_path / "d"), str(tmp_path / "a.jsonl")]
    rows = source.digest(inputs, stdin)
    assert rows == source.digest(inputs[::-1], stdin)
    assert [(row["kind"], row["files"], row["bytes"]) for row in rows] == [
        ("jsonl", 1, 14),
        ("jsonl", 1, 14),
        ("folder", 2, len(HTML)),
    ]
    assert rows[0]["xxh3_128"] == rows[1]["xxh3_128"]
    assert len(list(read(["-"], stdin=stdin))) == 1
    stdin.close()
    put(tmp_path / "d" / "b.html", HTML + b" ")
    assert source.digest([inputs[1]])[0]["xxh3_128"] != rows[2]["xxh3_128"]
    with pytest.raises(InputError):
        source.digest([str(tmp_path / "nowhere")])
