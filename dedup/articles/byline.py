"""Who wrote an article, as its page says it.

In: a parsed page, what it states about itself, and its headline. Out: names joined by ``", "``; empty where there is none.

Rule guarded here: a name is a short text of a few words; addresses, dates and sentences are no names.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from dedup.articles.markup import BY, BYLINE, Element, Markup
from dedup.articles.stated import Node, Stated, line_of, texts_of

_TAGS: Final = ("author", "article:author", "parsely-author", "sailthru.author", "dc.creator", "byl", "citation_author")
# Elements that are called after their author, and short texts that begin as a byline does.
_CALLED: Final = re.compile("[Aa]uthor|[Bb]yline")
_PROFILE: Final = re.compile("/authors?/")
_NOT_SHOWN: Final = frozenset({"meta", "link", "script"})
_NEVER_READ: Final = frozenset({"script", "style"})
_BY: Final = re.compile(r"\s*(?:(?:By|by|BY)\s+\S|(?:By:?|by)\s*\Z|Written\s+by)", re.ASCII)
_LONGEST_BY, _MOST_MARKED, _MOST_BY = 200, 40, 10
_LEAD: Final = re.compile(r"\A(?:(?:\w+\s+){0,2}?by|authors?|von|par|por)\b[\s:]*", re.IGNORECASE)
_JOINS: Final = frozenset({"and", "&", ",", "und", "et", "y"})
_END: Final = re.compile(
    r"\s*(?:[|\u2022\u00b7\u2013\u2014\u2026]|\s-\s|\bon\b|\bposted\b|\bpublished\b|\bupdated\b|\breviewed\b|\blast\b|\bmin(?:ute)?s?\s+read"
    r"|(?<!\S)\d|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b"
    r"|\b(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?\s+\d).*\Z",
    re.IGNORECASE | re.DOTALL,
)
_NO_NAME: Final = re.compile(
    r"https?:|www\.|[@<>{}=]|\A(?:admin|administrator|author|authors|guest|null|none|name)\Z", re.IGNORECASE
)
_MOST_WORDS, _MOST_LETTERS, _MOST_NAMES = 12, 100, 10


def author(page: Markup, said: Stated, headline: str) -> str:
    """Return who wrote an article.

    What linked data says of the article comes first, then the meta tags, then elements marked as the author's, then a
    text that begins with "By".

    Examples
    --------
    >>> from dedup.articles.markup import parse
    >>> author(parse("<body><h1>Quay reopens</h1><p class='byline'>By Ann Lee | 2 March</p></body>"), Stated(), "Quay reopens")
    'Ann Lee'
    """
    for names in (_linked(said), _meta(said), () if said.large else _on_page(page, headline)):
        told = list(dict.fromkeys(name for text in names if (name := name_of(text, headline))))
        if told:
            return ", ".join(told[:_MOST_NAMES])
    return ""


def name_of(text: str, headline: str = "") -> str:
    """Return the names in a byline, or ``""`` if it holds none.

    Examples
    --------
    >>> name_of("By Ann Lee and Bo Ek • March 2, 2026")
    'Ann Lee and Bo Ek'
    >>> name_of("https://gazette.example/staff/ann")
    ''
    """
    name = _LEAD.sub("", line_of(text), count=1)
    name = _END.sub("", name).strip(" ,;:.-/|") if len(name) <= 2 * _MOST_LETTERS else ""
    if not name or len(name) > _MOST_LETTERS or len(name.split()) > _MOST_WORDS or name == headline:
        return ""
    return "" if _NO_NAME.search(name) else name


def begins_as_byline(text: str) -> bool:
    """Decide whether a text begins as a byline does, with "By" or the like."""
    return bool(_LEAD.match(text))


def _linked(page: Stated) -> Iterator[str]:
    """Give the authors of the first linked article that names any."""
    known = {node["@id"]: node for node in page.linked if isinstance(node.get("@id"), str)}
    for node in page.articles():
        names = [name for name in _names(node.get("author") or node.get("creator"), known) if name.strip()]
        if names:
            yield from names
            return


def _names(value: Any, known: dict[str, Node], depth: int = 0) -> Iterator[str]:
    if depth > 3:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value[:_MOST_NAMES]:
            yield from _names(item, known, depth + 1)
    elif isinstance(value, dict):
        name = value.get("name")
        if name:
            yield from _names(name, known, depth + 1)
        elif (other := known.get(str(value.get("@id")))) is not None and other is not value:
            yield from _names(other, known, depth + 1)


def _meta(page: Stated) -> Iterable[str]:
    for label, content in (("twitter:label1", "twitter:data1"), ("twitter:label2", "twitter:data2")):
        if any("by" in text.lower().split() for text in page.meta.get(label, [])):
            return page.meta.get(content, [])[:1]
    for tag in _TAGS:
        names = [text for text in page.meta.get(tag, []) if name_of(text)]
        if names:
            return names
    return []


def _on_page(page: Markup, headline: str) -> Iterator[str]:
    """Give the first names on the page that are marked as the author's or follow a "By"."""
    marked = (Element(page, at) for at in page.marked(BYLINE))
    for node in islice(filter(_is_marked, marked), _MOST_MARKED):
        named = next((tag for tag in node.iter() if tag.get("itemprop") == "name"), node)
        told = _first_names(islice(named.itertext(), 20), headline)
        if told:
            yield told
            return
    texts = (text for text in texts_of(page, BY) if _begins_with_by(text.text))
    for text in islice((text for text in texts if text.within.tag not in _NEVER_READ), _MOST_BY):
        told = name_of(text.text, headline)
        # Prose that begins with "by" goes on in lower case.
        told = told if told[:1].isupper() else ""
        if not told and _LEAD.fullmatch(line_of(text.text)):
            told = _first_names(islice(text.within.itertext(), 20), headline)
        if told:
            yield told
            return


def _is_marked(node: Element) -> bool:
    """Decide whether an element is called after the author, or leads to a page on one."""
    return (
        bool(_CALLED.search(node.get("class", "")) or _PROFILE.search(node.get("href", "")))
        or node.get("rel") == "author"
        or node.get("itemprop") == "author"
    ) and node.tag not in _NOT_SHOWN


def _begins_with_by(text: str) -> bool:
    return len(text) < _LONGEST_BY and bool(_BY.match(text))


def _first_names(texts: Iterable[str], headline: str) -> str:
    """Join the first name among the texts with those that an "and" or a comma ties to it."""
    told = ""
    tied = False
    for text in texts:
        line = line_of(text)
        if told and line.lower() in _JOINS:
            tied = True
        elif line and told and not tied:
            break
        elif name := name_of(line, headline):
            told, tied = (f"{told}, {name}" if told else name), line.lower().endswith((",", " and", "&"))
    return told
