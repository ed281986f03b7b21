"""A page: what is read from any input, before anything is decided about it.

In: the fields that a reader found. Out: one row of ``dedup.schema.PAGE``, its content still bytes.

Rule guarded here: a page looks the same whatever it was read from.
"""

from dataclasses import dataclass
from typing import Final

#: What given text may be said to be.
TEXT_IS: Final = ("article", "page", "clean")
MAX_PAGE_BYTES: Final = 20_000_000


@dataclass(frozen=True, slots=True)
class Page:
    """One crawled page or given text, in the columns of ``dedup.schema.PAGE``; missing texts are empty.

    ``doc_id`` is what the input claims; `assign_ids` tells apart those that claim the same. ``position`` is the line
    (JSONL, CSV), row (Parquet) or record (WARC), from 1; empty for a page that is a file.
    """

    doc_id: str
    kind: str
    content: bytes
    url: str
    source: str
    title: str
    published: str
    language: str
    extra: str
    input: str
    position: str
