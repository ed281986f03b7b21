"""Naming inputs: what is walked, what is left out, and what is wrong use."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dedup.errors import InputError
from pipelines import source
from pipelines.source import Page, Reject, read

HTML = b"<html><body><p>The council met on Tuesday.</p></body></html>"


def test_a_missing_path_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^No such file or folder: .*nowhere\.html\.$"):
        read([str(tmp_path / "nowhere.html")])


def test_no_input_and_standard_input_twice_are_wrong_use() -> None:
    with pytest.raises(InputError, match="No input"):
        read([])
    with pytest.raises(InputError, match="only once"):
        read(["-", "-"])


def test_a_path_with_a_zero_byte_or_no_letters_is_missing() -> None:
    for given_path in ("a\0b", ""):
        with pytest.raises(InputError, match="No such file"):
            read([given_path])


def test_a_folder_is_walked_in_sorted_order_without_hidden_ones(
    tmp_path: Path, pages_of: Callable[..., list[Page]], put: Callable[..., Path]
) -> None:
    for name in ("b.html", "a/z.HTML", "a/b.htm", ".hidden.html", ".git/x.html", "c.txt"):
        put(tmp_path / name, HTML)
    assert [each.doc_id for each in pages_of(tmp_path)] == ["a/b.htm", "a/z.HTML", "b.html", "c.txt"]


def test_a_file_given_directly_goes_by_its_name(
    tmp_path: Path, pages_of: Callable[..., list[Page]], put: Callable[..., Path]
) -> None:
    path = put(tmp_path / "deep" / "x.html.gz", gzip.compress(HTML))
    (only,) = pages_of(path)
    assert (only.doc_id, only.input, only.position, only.kind) == ("x.html.gz", str(path), "", "html")


@pytest.mark.parametrize("name", ["x.pdf", "README", "x.parquet.gz", "x.html.zst", "x.gz", "x.warc.wet"])
def test_an_unknown_extension_is_a_reject_also_in_folders(
    tmp_path: Path, name: str, rejects_of: Callable[..., list[Reject]], put: Callable[..., Path]
) -> None:
    put(tmp_path / name, b"anything")
    (given_directly,) = rejects_of(tmp_path / name)
    (in_folder,) = rejects_of(tmp_path)
    assert given_directly == in_folder
    assert (in_folder.reason, in_folder.doc_id, in_folder.input) == ("unknown_extension", name, str(tmp_path / name))


def test_an_empty_folder_is_told(tmp_path: Path, rejects_of: Callable[..., list[Reject]]) -> None:
    (only,) = rejects_of(tmp_path)
    assert (only.reason, only.input) == ("empty", str(tmp_path))


def test_a_folder_named_like_a_page_is_walked_or_told(
    tmp_path: Path, split: Callable[..., tuple[list[Page], list[Reject]]], put: Callable[..., Path]
) -> None:
    put(tmp_path / "story.html" / "index.html", HTML)
    (tmp_path / "x.html").mkdir()
    pages, rejects = split(read([str(tmp_path)]))
    assert [each.doc_id for each in pages] == ["story.html/index.html"]
    assert [(each.doc_id, each.reason) for each in rejects] == [("x.html", "unreadable")]


def test_links_do_not_loop_nor_read_twice(
    tmp_path: Path, split: Callable[..., tuple[list[Page], list[Reject]]], put: Callable[..., Path]
) -> None:
    root = tmp_path / "root"
    put(root / "2024" / "a.html", HTML)
    put(tmp_path / "outside" / "b.html", HTML)
    for link, target in {
        "2024/up": root,
        "out": tmp_path,
        "latest": root / "2024",
        "other": tmp_path / "outside",
        "copy.html": root / "2024" / "a.html",
    }.items():
        (root / link).symlink_to(target)
    (root / "broken.html").symlink_to(tmp_path / "nowhere.html")
    (root / "self.html").symlink_to(root / "self.html")
    pages, rejects = split(read([str(root)]))
    assert [each.doc_id for each in pages] == ["2024/a.html", "other/b.html"]
    assert [(each.doc_id, each.reason) for each in rejects] == [
        ("broken.html", "unreadable"),
        ("self.html", "unreadable"),
    ]


def test_a_pipe_is_not_opened(tmp_path: Path, reasons: Callable[..., list[str]]) -> None:
    os.mkfifo(tmp_path / "x.html")
    assert reasons(read([str(tmp_path)])) == ["unreadable"]


def test_a_file_name_that_is_not_utf8_can_be_written_to_a_table(
    tmp_path: Path, pages_of: Callable[..., list[Page]]
) -> None:
    try:
        with open(os.fsencode(tmp_path) + b"/caf\xe9.html", "wb") as file:  # noqa: PTH123
            file.write(HTML)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    (only,) = pages_of(tmp_path)
    assert only.doc_id == "caf\\xe9.html"
    assert next(source.batches([only])).num_rows == 1
