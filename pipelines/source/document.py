"""A document: a file that is one page, HTML or plain text.

In: an open file. Out: one page that goes by the name of its file.

Rule guarded here: a file that is empty, not text, broken off or over the limit is told, never read in part.
"""

from collections.abc import Iterator
from typing import BinaryIO

from pipelines.source.address import host_folder
from pipelines.source.decode import BOM, binary_kind, decode_text, html_bytes, sound, wide_encoding
from pipelines.source.named import format_of
from pipelines.source.page import Page
from pipelines.source.place import Place
from pipelines.source.reject import Reject, UnusableError, over_limit
from pipelines.source.stream import uncompressed


def read_document(file: BinaryIO, place: Place) -> Iterator[Page | Reject]:
    """Yield the one page that ``file`` is.

    Raises
    ------
    UnusableError
        If it is none.
    """
    stream = uncompressed(file, place.name)
    content = stream.file.read(place.limit + 1)
    if len(content) > place.limit:
        raise UnusableError("too_large", over_limit(place.limit))
    stream.check()
    wide = wide_encoding(content)
    if not content.removeprefix(BOM).strip():
        raise UnusableError("empty", "The file holds nothing but white space.")
    if wide is None and (what := binary_kind(content)):
        raise UnusableError("binary", what)
    html = format_of(place.name) == "html"
    content = html_bytes(content) if html else sound(decode_text(content)).encode()
    kind = "html" if html else place.text_is or "page"
    yield Page(place.name, kind, content, "", host_folder(place.input), "", "", "", "{}", place.input, "")
