"""Lines of JSON, good and bad."""

import json
from codecs import BOM_UTF8 as BOM
from collections.abc import Callable
from pathlib import Path

from pipelines.source import Page, Reject, read


def test_broken_lines_do_not_stop_the_others(
    tmp_path: Path, split: Callable[..., tuple[list[Page], list[Reject]]], put: Callable[..., Path]
) -> None:
    deep = "[" * 100_000
    lines = ['{"text": "one"}', "{broken", "", "[1]", "null", '"text"', deep, '{"text": "two"}']
    pages, rejects = split(read([str(put(tmp_path / "a.jsonl", "\r\n".join(lines)))]))
    assert [(each.content, each.position) for each in pages] == [(b"one", "1"), (b"two", "8")]
    assert [(each.reason, each.position) for each in rejects] == [
        ("bad_json", "2"),
        ("bad_record", "4"),
        ("bad_record", "5"),
        ("bad_record", "6"),
        ("bad_json", "7"),
    ]


def test_lines_in_mixed_encodings(
    tmp_path: Path, pages_of: Callable[..., list[Page]], put: Callable[..., Path]
) -> None:
    text = "Der Präsident erklärte, daß er müde sei. “Quoted”"
    line = json.dumps({"text": text}, ensure_ascii=False)
    content = b"\n".join([BOM + line.encode(), line.encode("cp1252"), line.encode()])
    assert [each.content.decode() for each in pages_of(put(tmp_path / "a.jsonl", content))] == [text] * 3
    wide = "\n".join([line] * 3).encode("utf-16")
    assert [each.content.decode() for each in pages_of(put(tmp_path / "b.jsonl", wide))] == [text] * 3


def test_lone_surrogates_and_numbers_json_does_not_have(
    tmp_path: Path, pages_of: Callable[..., list[Page]], put: Callable[..., Path]
) -> None:
    path = put(
        tmp_path / "a.jsonl", '{"id": "\\ud83d", "text": "a \\ud83d\\ude00 b \\udc00", "n": NaN, "m": [1e999]}\n'
    )
    (only,) = pages_of(path)
    assert (only.doc_id, only.content.decode()) == ("\ufffd", "a \U0001f600 b \ufffd")
    assert json.loads(only.extra) == {"n": None, "m": [None]}


def test_a_line_and_a_text_over_the_limit(
    tmp_path: Path, split: Callable[..., tuple[list[Page], list[Reject]]], jsonl: Callable[..., Path]
) -> None:
    records = [{"text": "x" * 5000}, {"text": "y" * 1001}, {"text": "z" * 1000}]
    pages, rejects = split(read([str(jsonl(tmp_path / "a.jsonl", *records))], max_page_bytes=1000))
    assert [each.position for each in pages] == ["3"]
    assert [(each.reason, each.position) for each in rejects] == [("too_large", "1"), ("too_large", "2")]
