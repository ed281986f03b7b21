"""What a page states about itself: its meta tags, its linked data, its title element and its headings.

In: a parsed page and its address. Out: one ``Stated``, from which headline, day and author are chosen.

Rules guarded here: nothing is decided here, only read; broken linked data is none; and however many elements a page has,
only the first few of each kind are looked at.
"""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, NamedTuple

import numpy as np

from dedup.articles.host import host_of, is_in_host
from dedup.articles.markup import DATED, TEXT, YEAR, Element, Markup

Node = dict[str, Any]

_ARTICLE: Final = re.compile(r"article|posting|report|review|recipe", re.IGNORECASE)
_MARKED: Final = re.compile(r"title|headline", re.IGNORECASE)
_HOME: Final = re.compile(r"(?:(?:https?:)?//[^/?#]*)?/?", re.IGNORECASE)
_NO_LETTER: Final = re.compile(r"[\W_]+")
_LONGEST: Final = 400
_HEADINGS: Final = 60
_SCRIPTS: Final = 30
_NODES: Final = 200
_TAGS: Final = 400
_TEXTS: Final = 50_000
_NODES_READ: Final = 3000
_SCRIPTS_READ: Final = 20
#: What stands in a script that states a day: "published", "datePublished", "pubDate".
_MAY_STATE: Final = re.compile("ub(?:lish|Date)")
_OF_DAYS: Final = frozenset({"h1", "h2", "h3", "time"})
_UNSEEN: Final = frozenset({"script", "style", "noscript", "time"})
#: Texts of more letters are long: paragraphs.
LONG: Final = 200


class Heading(NamedTuple):
    """One ``h1``, ``h2`` or ``h3``.

    ``marked``: its class says title; ``home``: it links to the front page; ``parts``: elements right inside it;
    ``below``: long texts above it.
    """

    level: int
    text: str
    marked: bool = False
    home: bool = False
    parts: int = 0
    below: int = 0


@dataclass(frozen=True, slots=True)
class Stated:
    """What one page states about itself.

    Attributes
    ----------
    meta : dict of str to list of str
        Contents of the meta tags by name, property or itemprop in lower case, in order.
    linked : list of dict
        JSON-LD nodes: those of articles first.
    title : str
        Text of the title element.
    headings : list of Heading
        In order.
    language : str
        The language that the page declares, as it writes it.
    url, host : str
        Address of the page, canonical if it states one, and its host; or ``""``.
    names : frozenset of str
        Names of the site, letters and digits in lower case.
    nodes : list
        What the days of the page are read from, in order: an ``Element`` for each heading, time and mark of the day of
        publication; a ``Text`` for each long one (they part the article from what stands around it) and each that may
        hold a year.
    markup : Markup, optional
        The page.
    large : bool
        The page has so many texts that looking at each would take seconds; there are no nodes.
    """

    meta: dict[str, list[str]] = field(default_factory=dict)
    linked: list[Node] = field(default_factory=list)
    title: str = ""
    headings: list[Heading] = field(default_factory=list)
    language: str = ""
    url: str = ""
    host: str = ""
    names: frozenset[str] = frozenset()
    nodes: list[Any] = field(default_factory=list)
    markup: Markup | None = field(default=None, repr=False)
    large: bool = False

    @property
    def scripts(self) -> list[str]:
        """Scripts that may state a day of publication."""
        page = self.markup
        if page is None:
            return []
        inside = (at + 1 for at in page.places("script") if page.last_in(at) > at)
        return [page.text_at(at) for at in islice((at for at in inside if page.finds(at, _MAY_STATE)), _SCRIPTS_READ)]

    def names_site(self, text: str) -> bool:
        """Decide whether ``text`` is only the name of the site."""
        letters = letters_of(text)
        return letters in self.names or is_in_host(letters, self.host)

    def articles(self) -> Iterator[Node]:
        """Give the linked nodes that describe an article."""
        return (node for node in self.linked if describes_article(node))


def stated(page: Markup, url: str = "", source: str = "") -> Stated:
    """Read what a parsed page states about itself.

    Parameters
    ----------
    page : Markup
        The page.
    url : str
        Its address where known.
    source : str
        Its host where that is given; else the address tells.

    Examples
    --------
    >>> from dedup.articles.markup import parse
    >>> page = parse("<html><head><title>Quay reopens | Gazette</title></head><body><h1>Quay reopens</h1></body></html>")
    >>> found = stated(page)
    >>> found.title, found.headings[0].text
    ('Quay reopens | Gazette', 'Quay reopens')
    """
    meta: dict[str, list[str]] = {}
    for at in page.places("meta")[:_TAGS]:
        held = page.attributes(at)
        content = line_of(held.get("content", ""))
        names = [held[key].lower() for key in ("property", "name", "itemprop") if key in held] if content else ()
        for name in dict.fromkeys(names):
            if name:
                meta.setdefault(name, []).append(content)
    linked = list(islice(_linked(page), _NODES))
    linked.sort(key=lambda node: not describes_article(node))
    found = _address(page, meta, url)
    large = int(np.count_nonzero(page.tag == TEXT)) > _TEXTS
    nodes = [] if large else list(islice(_dated(page), _NODES_READ))
    headings = list(islice(_headings(page, nodes), _HEADINGS))
    return Stated(
        meta=meta,
        linked=linked,
        title=next((text_of(tag) for tag in page.elements("title") if not _in_drawing(tag)), ""),
        headings=headings,
        language=page.root.get("lang") or "",
        url=found,
        host=source or host_of(found),
        names=frozenset((_names(meta, linked) | {letters_of(one.text) for one in headings if one.home}) - {""}),
        nodes=nodes,
        markup=page,
        large=large,
    )


def text_of(element: Element) -> str:
    """Return the text of an element in one line."""
    return element.page.line_of(element.at, _TAGS)


class Text(NamedTuple):
    """A text of a page, and the node that it is."""

    text: str
    page: Markup
    at: int

    @property
    def within(self) -> Element:
        """The element that the text stands in."""
        return Element(self.page, self.page.around(self.at))

    @property
    def after(self) -> Element | None:
        """The element that it comes right after, None where its element begins with it."""
        before = self.page.before(self.at)
        return Element(self.page, before) if before >= 0 else None


def texts_of(page: Markup, mark: np.uint32) -> Iterator[Text]:
    """Give the texts of a page that have a mark, in order."""
    return (Text(page.text_at(at), page, at) for at in page.marked(mark) if page.tag[at] == TEXT)


def line_of(text: str) -> str:
    """Return a text in one line, its entities, which some pages write twice, resolved."""
    return " ".join((html.unescape(text) if "&" in text else text).split())


def letters_of(text: str) -> str:
    """Return the letters and digits of a name in lower case, without a leading ``the``."""
    return _NO_LETTER.sub("", text.lower()).removeprefix("the")


def types_of(node: Node) -> list[str]:
    """Return the types of a linked node."""
    types = node.get("@type")
    return [str(name) for name in types] if isinstance(types, list) else [str(types or "")]


def describes_article(node: Node) -> bool:
    """Decide whether a linked node is of a type of article."""
    return any(_ARTICLE.search(name) for name in types_of(node))


def _in_drawing(tag: Element) -> bool:
    return tag.above("svg") is not None


def _address(page: Markup, meta: dict[str, list[str]], url: str) -> str:
    links = (
        page.attributes(at)
        for at in page.places("link")
        if page.may_hold(at, "anonical") or page.may_hold(at, "ANONICAL")
    )
    canonical = (held.get("href") or "" for held in links if (held.get("rel") or "").lower() == "canonical")
    for address in (*islice(canonical, 1), *meta.get("og:url", [])[:1]):
        if address.startswith(("http://", "https://", "//")) and host_of(address):
            return f"https:{address}" if address.startswith("//") else address
    return url


def holds_linked(page: Markup, script: int) -> bool:
    """Decide whether a script holds linked data."""
    return page.may_hold(script, "json") and "ld+json" in (page.attributes(script).get("type") or "")


def _linked(page: Markup) -> Iterator[Node]:
    scripts = (script for script in page.places("script") if holds_linked(page, script))
    for script in islice(scripts, _SCRIPTS):
        text = Element(page, script).text.strip().removeprefix("<!--").removesuffix("-->").strip().rstrip(";")
        try:
            yield from _nodes(json.loads(text, strict=False))
        except (ValueError, RecursionError):
            continue


def _nodes(value: Any, depth: int = 0) -> Iterator[Node]:
    """Give a node and those that stand for the same page; nodes of other articles, as in lists, are left out."""
    if depth > 8:
        return
    if isinstance(value, list):
        for item in value[:_NODES]:
            yield from _nodes(item, depth + 1)
    elif isinstance(value, dict):
        yield value
        for key in ("@graph", "mainEntity", "mainEntityOfPage"):
            yield from _nodes(value.get(key), depth + 1)


def _dated(page: Markup) -> Iterator[Element | Text]:
    wanted = {*page.marked(DATED), *page.marked(YEAR), *(at for name in _OF_DAYS for at in page.places(name))}
    for at in sorted(wanted):
        if not page.is_text(at):
            yield Element(page, at)
        elif page.name_of(page.around(at)) not in _UNSEEN:
            yield Text(page.text_at(at), page, at)


def _headings(page: Markup, nodes: list[Any]) -> Iterator[Heading]:
    below: dict[Any, int] = {}
    long_texts = 0
    for node in nodes:
        if isinstance(node, Text):
            long_texts += len(node.text) > LONG
        else:
            below[node] = long_texts
    for tag in islice(page.elements("h1", "h2", "h3"), _TAGS):
        text = text_of(tag)
        if not 0 < len(text) <= _LONGEST:
            continue
        link = next(tag.iter("a"), None) or tag.above("a")
        yield Heading(
            level=int(tag.tag[1]),
            text=text,
            marked=_is_marked(page, tag),
            home=link is not None and bool(_HOME.fullmatch((link.get("href") or "#").strip())),
            parts=len(tag),
            below=below.get(tag, 0),
        )


def _is_marked(page: Markup, tag: Element) -> bool:
    if not page.finds(tag.at, _MARKED):
        return False
    return any(_MARKED.search(tag.get(key) or "") for key in ("class", "id", "itemprop"))


def _names(meta: dict[str, list[str]], linked: list[Node]) -> set[str]:
    names = {letters_of(name) for key in ("og:site_name", "application-name") for name in meta.get(key, [])}
    for node in linked:
        publisher = node.get("publisher")
        held = [publisher] if isinstance(publisher, dict) else []
        held += [node] if {"WebSite", "Organization"} & set(types_of(node)) else []
        names |= {letters_of(line_of(one["name"])) for one in held if isinstance(one.get("name"), str)}
    return names
