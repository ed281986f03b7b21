"""A record: named fields, from a line of JSON or a row of a table.

In: a mapping of names to values of any type. Out: the page that it is, with a note if its date is none, or its reject.

Rules guarded here: a field goes by any of its names in any case, and what is not used is passed through in ``extra``.
"""

import base64
import datetime as dt
import decimal
import json
import math
import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from dedup.articles.host import host_of
from dedup.articles.published import parse_date
from pipelines.source.address import normalise_url
from pipelines.source.decode import BOM, binary_kind, decode_text, encoded, html_bytes, sound, wide_encoding
from pipelines.source.identity import content_digest
from pipelines.source.page import Page
from pipelines.source.place import Place
from pipelines.source.reject import Reject, UnusableError, over_limit

_MAX_DEPTH: Final = 100
#: What is no mark, zero or space.
_INK: Final = re.compile("[^\ufeff\u200b\0 \t\r\n]")
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id", "doc_id"),
    "url": ("url",),
    "html": ("html",),
    "text": ("text", "body", "content"),
    "title": ("title",),
    "published": ("published", "date"),
    "source": ("source", "host", "site"),
    "language": ("language",),
}


@lru_cache(maxsize=256)
def columns_of(names: tuple[str, ...]) -> Mapping[str, Sequence[str]]:
    """Return for each field of a record the names it goes by among ``names``, best first, whatever their case."""
    by_name: dict[str, list[str]] = {}
    for name in names:
        by_name.setdefault(name.strip().casefold(), []).append(name)
    for same in by_name.values():
        same.sort(key=lambda name: name != name.strip().casefold())
    return {each: [name for alias in aliases for name in by_name.get(alias, ())] for each, aliases in _FIELDS.items()}


def _blank(value: Any) -> bool:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    if isinstance(value, str):
        return not _INK.search(value) or value.isspace()
    return isinstance(value, bytes) and not value.strip()


def _word(value: Any) -> str | None:
    """Return a scalar as text: numbers without a needless fraction, times in ISO 8601; None if it is no scalar."""
    if isinstance(value, str):
        return sound(value).strip()
    if isinstance(value, bytes):
        return decode_text(value).strip()
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    return str(value) if isinstance(value, int | float | decimal.Decimal | uuid.UUID) else None


def _content(value: Any, what: str) -> str | bytes:
    """Return text or HTML; a list of texts is its paragraphs.

    Raises
    ------
    UnusableError
        If it is of another type.
    """
    if isinstance(value, str | bytes):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "\n".join(value)
    raise UnusableError("bad_type", f"{what!r} is of type {type(value).__name__}, which is no text.")


def _plain(value: Any) -> Any:
    """Return ``value`` as JSON can hold it."""
    if isinstance(value, Mapping):
        return {sound(str(key)): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return sound(value) if isinstance(value, str) else _plain_other(value)


def _plain_other(value: Any) -> str:
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return base64.b64encode(value).decode("ascii")
    return _word(value) or str(value)


def read_record(
    record: Mapping[str, Any], columns: Mapping[str, Sequence[str]], place: Place
) -> Iterator[Page | Reject]:
    """Yield the page that ``record`` is, with a note if its date is none; or its reject."""
    used: set[str] = set()

    def first(name: str) -> tuple[str, Any]:
        for each in columns[name]:
            if not _blank(value := record.get(each)):
                return each, value
        return name, None

    def word(name: str) -> str:
        key, value = first(name)
        text = "" if value is None else _word(value)
        if text is None:
            return ""
        used.add(key)
        return text

    key, value = first("id")
    given = "" if value is None else _word(value)
    if given is None:
        yield place.reject("bad_type", f"'id' is of type {type(value).__name__}, which is no id.")
        return
    used.add(key)
    url = word("url")
    doc_id = given or normalise_url(url)
    try:
        kind, content = _body(first, used, place)
        _check_depth(record)
    except UnusableError as unusable:
        yield place.reject(unusable.reason, unusable.detail, doc_id)
        return
    title, language, source, published = " ".join(word("title").split()), word("language"), word("source"), ""
    key, value = first("published")
    if value is not None:
        used.add(key)
        published = parse_date(_word(value) or "")
        if not published:
            shown = str(value)[:80]
            detail = f"{key!r} is no date of 1800 to 2100: {sound(shown)!r}. The article is kept without it."
            yield place.reject("bad_date", detail, doc_id or content_digest(content))
    used.update(columns["html"], columns["text"][:1])
    used.update(name for names in columns.values() for name in names if _blank(record.get(name)))
    extra = {name: value for name, value in record.items() if name not in used}
    yield Page(
        doc_id=doc_id or content_digest(content),
        kind=kind,
        content=content,
        url=url,
        source=source or host_of(url),
        title=title,
        published=published,
        language=language,
        extra=as_json(extra),
        input=place.input,
        position=place.position,
    )


def _check_depth(record: Mapping[str, Any]) -> None:
    """See that nothing is nested deeper than can be passed through.

    Raises
    ------
    UnusableError
        If something is.
    """
    level: list[Any] = list(record.values())
    for _ in range(_MAX_DEPTH):
        level = [
            inner
            for value in level
            if isinstance(value, Mapping | list | tuple)
            for inner in (value.values() if isinstance(value, Mapping) else value)
        ]
        if not level:
            return
    raise UnusableError("bad_record", f"A field is nested deeper than {_MAX_DEPTH} levels.")


def as_json(extra: Mapping[str, Any]) -> str:
    """Return as JSON the fields that are passed through, whatever their types."""
    return json.dumps(_plain(extra), ensure_ascii=False, separators=(",", ":"))


def _body(first: Callable[[str], tuple[str, Any]], used: set[str], place: Place) -> tuple[str, bytes]:
    """Return kind and content of a record: its HTML, else its text.

    Raises
    ------
    UnusableError
        If there is neither, or it cannot be used.
    """
    for name in ("html", "text"):
        key, value = first(name)
        if value is None:
            continue
        used.add(key)
        body = _content(value, key)
        if _blank(body):
            continue
        if isinstance(body, bytes) and wide_encoding(body) is None and (what := binary_kind(body)):
            raise UnusableError("binary", what)
        if name == "html":
            content = html_bytes(body) if isinstance(body, bytes) else BOM + encoded(body).removeprefix(BOM)
        else:
            content = encoded(decode_text(body) if isinstance(body, bytes) else body)
        if len(content) > place.limit:
            raise UnusableError("too_large", over_limit(place.limit))
        if what := binary_kind(content.removeprefix(BOM)):
            raise UnusableError("binary", what)
        return ("html" if name == "html" else place.text_is or "article"), content
    raise UnusableError("no_text", "The record has no text and no HTML, or blank ones.")
