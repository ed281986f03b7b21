"""Batches of pages: their schema, their bounds, and that they are filled lazily."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dedup.errors import ParameterError
from dedup.schema import PAGE
from pipelines import source
from pipelines.source import Identify, Page, read


def page(**fields: Any) -> Page:
    base = dict.fromkeys(
        ["doc_id", "url", "source", "title", "published", "language", "extra", "input", "position"], ""
    )
    return Page(**{**base, "kind": "article", "content": b"text", **fields})


def test_batches_have_the_schema_and_are_bounded() -> None:
    pages = [page(doc_id=str(n), content=b"x" * 10) for n in range(10)]
    by_rows = list(source.batches(pages, max_rows=4))
    assert [each.num_rows for each in by_rows] == [4, 4, 2]
    assert all(each.schema == PAGE for each in by_rows)
    assert [each.num_rows for each in source.batches(pages, max_bytes=25)] == [3, 3, 3, 1]
    assert pa.Table.from_batches(source.batches(pages, max_rows=3, start=5))["arrival"].to_pylist() == list(
        range(5, 15)
    )
    assert list(source.batches([])) == []
    with pytest.raises(ParameterError):
        next(source.batches(pages, max_rows=0))


def test_reading_is_lazy(tmp_path: Path, jsonl: Callable[..., Path]) -> None:
    jsonl(tmp_path / "a.jsonl", *[{"text": f"text {n}"} for n in range(50)])
    pulled = 0

    def counted() -> Iterator[Page]:
        nonlocal pulled
        for each in Identify().pages(read([str(tmp_path)])):
            pulled += 1
            yield each

    next(source.batches(counted(), max_rows=5))
    assert pulled == 5
