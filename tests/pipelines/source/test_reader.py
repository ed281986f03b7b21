"""Reading whole runs: wrong use is told at once, and no file stops the others."""

import builtins
import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dedup.errors import ParameterError
from pipelines.source import Page, Reject, read

HTML = b"<html><body><p>The council met on Tuesday.</p></body></html>"


def test_text_is_and_the_limit_are_checked_at_once(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"text_is must be one of article, page, clean\. Got 'raw'"):
        read([str(tmp_path)], "raw")
    with pytest.raises(ParameterError, match="max_page_bytes"):
        read([str(tmp_path)], max_page_bytes=0)


def test_an_unreadable_file_does_not_stop_the_others(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    split: Callable[..., tuple[list[Page], list[Reject]]],
    put: Callable[..., Path],
) -> None:
    for name in ("a.html", "b.html", "c.jsonl", "d.parquet"):
        put(tmp_path / name, HTML)
    real = builtins.open

    def refuse(path: str, *args: Any, **kwargs: Any) -> Any:
        if str(path).endswith(("a.html", "c.jsonl", "d.parquet")):
            raise PermissionError(13, "Permission denied", path)
        return real(path, *args, **kwargs)

    monkeypatch.setattr(builtins, "open", refuse)
    pages, rejects = split(read([str(tmp_path)]))
    assert [each.doc_id for each in pages] == ["b.html"]
    assert [each.reason for each in rejects] == ["unreadable"] * 3
    assert rejects[0].detail == "The system says: Permission denied."


def test_a_file_that_vanishes_or_fails_while_read_is_told(
    tmp_path: Path,
    split: Callable[..., tuple[list[Page], list[Reject]]],
    reasons: Callable[..., list[str]],
    put: Callable[..., Path],
) -> None:
    path = put(tmp_path / "a.html", HTML)
    items = read([str(path)])
    path.unlink()
    assert reasons(items) == ["unreadable"]

    class Failing(io.BytesIO):
        def read1(self, size: int | None = -1) -> bytes:  # noqa: ARG002
            if self.tell() > 0:
                raise OSError(5, "Input/output error")
            return super().read(40)

    pages, rejects = split(read(["-"], stdin=Failing(b'{"text": "one two"}\n' * 20)))
    assert [each.position for each in pages] == ["1", "2"]
    assert [(each.position, each.reason) for each in rejects] == [("3", "unreadable")]


@pytest.mark.parametrize("name", ["a.html.gz", "a.jsonl", "a.jsonl.gz", "a.csv", "a.parquet", "a.warc", "a.warc.gz"])
def test_an_empty_file_of_every_format_is_told(
    tmp_path: Path, name: str, reasons: Callable[..., list[str]], put: Callable[..., Path]
) -> None:
    assert reasons(read([str(put(tmp_path / name, b""))])) == ["empty"]
    if name.endswith(".gz"):
        assert reasons(read([str(put(tmp_path / name, gzip.compress(b"")))])) == ["empty"]


def test_the_seed_files_are_pages(
    split: Callable[..., tuple[list[Page], list[Reject]]], reasons: Callable[..., list[str]]
) -> None:
    folder = Path(__file__).parents[4] / "shared" / "data" / "seeds"
    if not folder.is_dir():
        pytest.skip("needs the labelled data beside the checkout")
    pages, rejects = split(read([str(folder)]))
    assert len(pages) == len(list(folder.glob("*.txt")))
    assert {each.kind for each in pages} == {"page"}
    assert set(reasons(rejects)) <= {"unknown_extension"}
