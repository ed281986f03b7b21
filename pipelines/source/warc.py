"""WARC: a file of records that a crawler wrote, some of which hold pages.

In: an open file. Out: a page for each successful response or resource that is HTML, a reject for each that is not;
its position is the record.

Rule guarded here: a record that should hold a page and does not is told, those that never hold one are passed over.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, BinaryIO, Final

from fastwarc.warc import ArchiveIterator, WarcRecordType

from dedup.articles.host import host_of
from pipelines.source.address import normalise_url
from pipelines.source.decode import binary_kind, html_bytes, sound, wide_encoding
from pipelines.source.identity import content_digest
from pipelines.source.page import Page
from pipelines.source.place import Place
from pipelines.source.record import as_json
from pipelines.source.reject import Reject, UnusableError, over_limit
from pipelines.source.response import http_body, http_headers
from pipelines.source.stream import uncompressed

_HTML_TYPES: Final = ("text/html", "application/xhtml+xml")
_VAGUE_TYPES: Final = ("", "text/plain", "application/octet-stream", "unknown/unknown", "application/unknown")
_HTML_START: Final = re.compile(rb"<(?:!doctype\s+html|html|head|body|title|meta)\b", re.IGNORECASE)


def read_warc(file: BinaryIO, place: Place) -> Iterator[Page | Reject]:
    """Yield a page or a reject for each record of ``file`` that should hold a page.

    Raises
    ------
    UnusableError
        If the file holds no records; after the last good one, if it is damaged.
    """
    stream = uncompressed(file, place.name)
    number = 0
    told = False
    try:
        for record in ArchiveIterator(stream.file, parse_http=False, stream_detect=False):
            number += 1
            here = replace(place, position=str(number))
            try:
                yield from _warc_record(record, here)
            except UnusableError as unusable:
                told = told or unusable.reason == "truncated"
                address = _address(record)
                detail = f"{unusable.detail} ({address})" if address else unusable.detail
                yield here.reject(unusable.reason, detail, normalise_url(address))
    except OSError as error:
        if error.errno is not None:
            raise
        if stream.layer.broken is None:
            raise _broken_warc(number, str(error)) from error
    if stream.layer.broken is not None and not told:
        reason, detail = stream.layer.broken
        yield Reject(place.input, str(number + 1), "", reason, detail)
    elif not number:
        raise UnusableError("empty", "The file holds no records.")


def _broken_warc(number: int, error: str) -> UnusableError:
    if not number:
        return UnusableError("corrupt", f"The file cannot be read as WARC: {error}.")
    return UnusableError("corrupt", f"After record {number} the file cannot be read as WARC: {error}.")


def _address(record: Any) -> str:
    return sound((record.headers.get("WARC-Target-URI") or "").strip().strip("<>"))


def _warc_record(record: Any, place: Place) -> Iterator[Page]:
    """Yield the page of a record that holds HTML; nothing for records that never hold a page.

    Raises
    ------
    UnusableError
        If a record that should hold a page does not.
    """
    if record.headers.get("Content-Length") is None:
        raise UnusableError("truncated", "The file ends within the header of a record.")
    if record.record_type in (WarcRecordType.warcinfo, WarcRecordType.request, WarcRecordType.metadata):
        return
    try:
        headers, mime = _warc_head(record, place.limit)
    except UnusableError:
        # A header that makes no sense may be one that was cut.
        _complete(record.reader.consume(), record.content_length)
        raise
    content: bytes = record.reader.read(record.content_length) if record.content_length else b""
    _complete(len(content), record.content_length)
    if headers is not None:
        content = http_body(content, headers, place.limit)
    if mime not in _HTML_TYPES and not _HTML_START.search(content[:2048]):
        raise UnusableError("not_html", f"The content is {mime or 'of no type'} and does not begin like HTML.")
    if not content.strip():
        raise UnusableError("empty", "The response is empty.")
    if wide_encoding(content) is None and (what := binary_kind(content)):
        raise UnusableError("binary", what)
    content = html_bytes(content, record.http_charset if headers is not None else None)
    address, date = _address(record), record.headers.get("WARC-Date")
    yield Page(
        doc_id=normalise_url(address) or content_digest(content),
        kind="html",
        content=content,
        url=address,
        source=host_of(address),
        title="",
        published="",
        language="",
        extra=as_json({"warc_date": date} if date else {}),
        input=place.input,
        position=place.position,
    )


def _warc_head(record: Any, limit: int) -> tuple[Any, str]:
    """Return HTTP headers (None for a resource) and media type of a record that may be a page.

    Raises
    ------
    UnusableError
        If it cannot be one.
    """
    if record.record_type == WarcRecordType.revisit:
        raise UnusableError("revisit", "The record only says that the page is as it was before.")
    if record.record_type not in (WarcRecordType.response, WarcRecordType.resource):
        raise UnusableError("not_html", "The record is neither a response nor a resource.")
    headers = http_headers(record) if record.record_type == WarcRecordType.response else None
    mime = ((headers or record.headers).get("Content-Type") or "").partition(";")[0].strip().lower()
    if mime not in _HTML_TYPES and mime not in _VAGUE_TYPES:
        raise UnusableError("not_html", f"The content is {mime}.")
    if record.content_length > limit:
        raise UnusableError("too_large", over_limit(limit))
    return headers, mime


def _complete(n_bytes: int, expected: int) -> None:
    if n_bytes < expected:
        raise UnusableError("truncated", f"The record ends after {n_bytes:,} of {expected:,} bytes.")
