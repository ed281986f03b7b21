"""The Python interface: articles in as people have them, answers out as Arrow tables.

In: one page, or articles as mappings, an Arrow table, or a data frame of pandas or polars. Out: an ``Article``, or a
table with the columns of the report of the same name.

Rule guarded here: it is the same flow with the same defaults as the nightly command, in this process.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from dedup.articles.extract import Extract
from dedup.duplicates.relation import RELATIONS
from dedup.errors import InputError, ParameterError, SchemaError
from dedup.flow import Flow, Inline, Unwatched
from dedup.schema import ARTICLE, DRAFT, PAGE

_TAG = re.compile(r"<(?:!doctype|html|head|body|article|div|p|h[1-6]|table|span|a)\b[^<]{0,2000}>", re.IGNORECASE)
#: Texts that are encoded at a time.
_ROWS = 1024
_KINDS = ("page", "article", "clean")
_OPTIONAL = ("title", "published", "source", "language", "url")


@dataclass(frozen=True, slots=True)
class Article:
    """One article with its chrome removed; an empty ``text`` means that there was none.

    ``removed`` holds (text, reason) of each line that was taken out of the extracted text, in order.
    """

    title: str
    text: str
    published: str
    language: str
    source: str
    url: str
    removed: tuple[tuple[str, str], ...]


def clean(html_or_text: str | bytes, url: str = "", *, title: str = "", text_is: str = "page") -> Article:
    """Take the chrome off one page.

    A page alone shows no repeats: lines that only their frequency on a site betrays stay. ``dedup nightly`` and ``dedup
    clean`` see them.

    Parameters
    ----------
    html_or_text : str or bytes
        A page as HTML, or its text. What has HTML tags is HTML.
    url : str
        Its address, which helps to find date and source.
    title : str
        Its headline, where it is known.
    text_is : {"page", "article", "clean"}
        What plain text is: with all its chrome, with some residue, or clean.

    Raises
    ------
    ParameterError
        If ``text_is`` is none of these.

    Examples
    --------
    >>> clean("Quiet day at the harbour as ferries resume after the long strike, operators said.").title
    ''
    """
    if not isinstance(html_or_text, str | bytes):
        raise ParameterError(f"clean: a page is str or bytes. Got {type(html_or_text).__name__}.")
    if text_is not in _KINDS:
        raise ParameterError(f"clean: text_is must be one of {', '.join(_KINDS)}. Got {text_is!r}.")
    content = html_or_text.encode("utf-8", "replace") if isinstance(html_or_text, str) else html_or_text
    kind = "html" if _TAG.search(content[:100_000].decode("utf-8", "ignore")) else text_is
    # Whoever asks for this one page wants its text, whatever it is.
    flow = Flow(extract=Extract(all_pages=True))
    page: dict[str, Any] = dict.fromkeys(PAGE.names, "")
    draft = flow.extraction.draft(page | {"arrival": 0, "kind": kind, "content": content, "url": url, "title": title})
    drafts = pa.Table.from_pylist([draft], schema=DRAFT)
    (row,) = flow.clean(Inline(), drafts, Unwatched()).articles.to_pylist()
    removed = tuple((removal["text"], removal["reason"]) for removal in row["removed"])
    return Article(**{name: row[name] for name in ("title", "text", *_OPTIONAL[1:])}, removed=removed)


def find_duplicates(articles: Any, relations: str | Iterable[str] = RELATIONS) -> pa.Table:
    """Find copies and overlapping reports among clean articles.

    Parameters
    ----------
    articles : iterable of mappings, or Arrow table, or pandas or polars data frame
        ``id`` (or ``doc_id``) and clean ``text``; ``title``, ``published`` and ``source`` where they are known.
    relations : str or iterable of {"exact", "near", "partial", "overlap"}
        Those wanted; no work is done for others.

    Returns
    -------
    Table
        The columns of ``duplicates.csv``, sorted by ``left_id`` and ``right_id``.

    Raises
    ------
    SchemaError
        If an article has no ``id`` or no ``text``.
    InputError
        If an id comes twice.
    ParameterError
        If a relation is not known.

    Examples
    --------
    >>> text = "The ferry to the island sails again on Monday after eleven days in dock, the operator said."
    >>> found = find_duplicates([{"id": "a", "text": text}, {"id": "b", "text": text}])
    >>> found.select(["left_id", "right_id", "relation"]).to_pylist()
    [{'left_id': 'a', 'right_id': 'b', 'relation': 'exact'}]
    """
    wanted = (relations,) if isinstance(relations, str) else tuple(relations)
    unknown = [relation for relation in wanted if relation not in RELATIONS]
    if unknown or not wanted:
        raise ParameterError(f"find_duplicates: relations must be among {', '.join(RELATIONS)}. Got {list(wanted)}.")
    return Flow().match(Inline(), arrange(articles), Unwatched(), wanted).matches


def group_events(articles: Any) -> pa.Table:
    """Group clean articles into events and storylines.

    Parameters
    ----------
    articles : iterable of mappings, or Arrow table, or pandas or polars data frame
        As for `find_duplicates`.

    Returns
    -------
    Table
        ``id``, ``event_id``, ``storyline_id`` and ``similarity`` (mean similarity to the event's others, in [0, 1]), a
        row per article in their order.

    Raises
    ------
    SchemaError, InputError
        As `find_duplicates`.
    """
    flow, engine, watch = Flow(), Inline(), Unwatched()
    table = arrange(articles)
    assigned = flow.group(table, flow.match(engine, table, watch), watch).assignments
    # `input` holds the place of each article in what was given.
    places = dict(zip(table["doc_id"].to_pylist(), table["input"].to_pylist(), strict=True))
    rows = sorted(assigned.to_pylist(), key=lambda row: places[row["doc_id"]])
    return pa.Table.from_pylist(rows, schema=assigned.schema).rename_columns(["id", *assigned.schema.names[1:]])


def arrange(articles: Any) -> pa.Table:
    """Make an ARTICLE table of whatever holds articles; arrival is by date, undated last, then by id.

    ``language`` and ``n_words`` are null where they are not given: whoever needs them finds them out.
    """
    from dedup.articles.host import host_of
    from dedup.articles.published import in_order, parse_date

    names = ("doc_id", "text", *_OPTIONAL)
    columns: dict[str, list[str | None]] = {name: [] for name in names}
    for place, given in enumerate(_mappings(articles)):
        if not isinstance(given, Mapping):
            raise SchemaError(f"articles: number {place + 1} is no mapping. Got {given!r:.60}.")
        doc_id, text = _text(given.get("id", given.get("doc_id"))), _written(given.get("text"))
        for name, value in (("id", doc_id), ("text", text)):
            if not value:
                raise SchemaError(f"articles: number {place + 1} has no {name!r}. Got {', '.join(map(str, given))}.")
        title, date, source, language, url = (_text(given.get(name)) for name in _OPTIONAL)
        row = (doc_id, text, title, parse_date(date), source or host_of(url), language or None, url)
        for column, written in zip(columns.values(), row, strict=True):
            column.append(written)
    doc_ids, published = columns["doc_id"], columns["published"]
    order = sorted(range(len(doc_ids)), key=lambda place: (in_order(published[place] or ""), doc_ids[place]))
    repeated = sorted(doc_id for doc_id, n in Counter(doc_ids).items() if doc_id and n > 1)
    if repeated:
        raise InputError(f"articles: id {repeated[0]!r} comes twice. Give each article an id of its own.")
    n = len(order)
    made: dict[str, list[Any]] = {name: [""] * n for name in ARTICLE.names}
    texts = columns.pop("text")
    made |= {name: [column[place] for place in order] for name, column in columns.items()}
    made |= {"arrival": list(range(n)), "input": [f"{place:012d}" for place in order]}
    made |= {"removed": [[]] * n, "n_words": [None] * n, "n_words_removed": [0] * n}
    # Some at a time, as bytes: a str that Arrow reads keeps its UTF-8 beside it.
    encoded = (
        [(texts[place] or "").encode("utf-8", "replace") for place in order[start : start + _ROWS]]
        for start in range(0, n, _ROWS)
    )
    text = pa.chunked_array([pa.array(some, pa.string()) for some in encoded], pa.string())
    return pa.table(made | {"text": text}, schema=ARTICLE)


def _mappings(articles: Any) -> Iterable[Mapping[str, Any]]:
    """Iterate over the rows of a table of any make. Data frames of pandas and polars speak Arrow's C interface."""
    if isinstance(articles, pa.Table | pa.RecordBatch):
        return articles.to_pylist()  # type: ignore[no-any-return]
    if hasattr(articles, "__arrow_c_stream__"):
        return pa.table(articles).to_pylist()  # type: ignore[no-any-return]
    if isinstance(articles, Mapping | str | bytes) or not isinstance(articles, Iterable):
        raise SchemaError("articles must be mappings with 'id' and 'text', or a table with these columns.")
    return articles


def _text(value: Any) -> str:
    """Write a date, a number or a missing value of a data frame as text that UTF-8 can hold."""
    text = _written(value)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _written(value: Any) -> str:
    """Write a date, a number or a missing value of a data frame as text."""
    if value is None or value != value:  # noqa: PLR0124 - NaN and NaT are what they are not
        return ""
    return str(value.isoformat() if hasattr(value, "isoformat") else value)
