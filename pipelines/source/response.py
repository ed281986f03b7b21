"""An HTTP response, as a WARC record holds it.

In: a record, or the bytes of its body. Out: the headers of a success; the body without its transfer and content
codings.

Rules guarded here: a coding that is only claimed is not undone, and no compressed body unpacks beyond the limit.
"""

import io
import re
import zlib
from typing import Any, Final

import pyarrow as pa

from pipelines.source.decode import BOM
from pipelines.source.reject import UnusableError, over_limit
from pipelines.source.stream import CHUNK, GZIP_MAGIC, ZSTD_MAGIC

_CHUNK_HEAD: Final = re.compile(rb"\s*([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")


def http_headers(record: Any) -> Any:
    """Return the HTTP headers of a successful response.

    Raises
    ------
    UnusableError
        If there are none, or it is not one.
    """
    if not record.is_http:
        raise UnusableError("not_html", "The response is not of HTTP.")
    try:
        record.parse_http()
    except (OSError, ValueError) as error:
        raise UnusableError("corrupt", f"The HTTP header cannot be read: {error}.") from error
    headers = record.http_headers
    if headers is None or headers.status_code is None:
        raise UnusableError("corrupt", "The response has no HTTP header.")
    if headers.status_code != 200:
        raise UnusableError("http_status", f"The HTTP status is {headers.status_code}.")
    return headers


def http_body(content: bytes, headers: Any, limit: int) -> bytes:
    """Undo the transfer and content codings; crawlers often have already, and left the header as it was.

    Raises
    ------
    UnusableError
        If the content is coded but damaged, or larger than ``limit`` without its coding.
    """
    if "chunked" in (headers.get("Transfer-Encoding") or "").lower() and _CHUNK_HEAD.match(content):
        content = _unchunked(content)
    coding = (headers.get("Content-Encoding") or "").lower()
    for each in reversed([word.strip() for word in coding.split(",")]):
        if each in ("gzip", "x-gzip") and content.startswith(GZIP_MAGIC):
            content = _inflated(content, 31, limit)
        elif each == "deflate" and not _looks_text(content):
            # The header of zlib was meant, raw deflate is what some servers send.
            content = _inflated(content, 15 if int.from_bytes(content[:2], "big") % 31 == 0 else -15, limit)
        elif (each == "zstd" and content.startswith(ZSTD_MAGIC)) or (each == "br" and not _looks_text(content)):
            content = _decompressed(content, "zstd" if each == "zstd" else "brotli", limit)
        if len(content) > limit:
            raise UnusableError("too_large", over_limit(limit))
    return content


def _looks_text(content: bytes) -> bool:
    return not content or content.lstrip()[:1] == b"<" or content.startswith(BOM)


def _unchunked(content: bytes) -> bytes:
    parts: list[bytes] = []
    at = 0
    while head := _CHUNK_HEAD.match(content, at):
        size = int(head[1], 16)
        if not size:
            break
        parts.append(content[head.end() : head.end() + size])
        at = head.end() + size
    return b"".join(parts)


def _inflated(content: bytes, window: int, limit: int) -> bytes:
    member = zlib.decompressobj(window)
    try:
        out = member.decompress(content, limit + 1)
    except zlib.error as error:
        raise UnusableError("corrupt", f"The compressed content is damaged ({error}).") from error
    if not out and not member.eof:
        raise UnusableError("corrupt", "The compressed content is damaged.")
    return out


def _decompressed(content: bytes, codec: str, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        with pa.CompressedInputStream(io.BytesIO(content), codec) as stream:
            while size <= limit and (part := stream.read(CHUNK)):
                parts.append(part)
                size += len(part)
    except OSError as error:
        raise UnusableError("corrupt", f"The compressed content is damaged ({error}).") from error
    return b"".join(parts)
