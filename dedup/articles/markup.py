"""The HTML of a page, parsed once for everything that is read off it: its elements and texts, in the order of the page.

In: a page. Out: a ``Markup``: arrays with a row per node, of which an ``Element`` shows one, in the words of lxml, where only a few are looked at.

Rules guarded here: the page is gone through a fixed number of times, whatever is written in it; what browsers make of broken HTML is
made of it here where it matters for text (paragraphs, items, cells and rows that are not closed; links in links; end tags of
nothing), and no more.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import islice
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.articles.spelling import codes_of

#: What a node is beside an element: a text, or what a script or a style holds, as it is written.
TEXT, RAW = -1, -2
#: What is marked on a node. Of elements: ``BYLINE``: it is called after an author or leads to one; ``DATED``: it holds the day of publication. Of
#: texts: ``YEAR``: it may hold a year, or is long; ``BY``: it may begin with "by".
BYLINE, DATED, YEAR, BY = (np.uint32(1 << bit) for bit in range(4))

Rows = NDArray[np.int32]
Codes = NDArray[np.uint32]

_HEADINGS: Final = ["h1", "h2", "h3", "h4", "h5", "h6"]
_BLOCKS: Final = [
    "address",
    "article",
    "aside",
    "blockquote",
    "center",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "header",
    "hgroup",
    "main",
    "menu",
    "nav",
    "ol",
    "p",
    "pre",
    "search",
    "section",
    "summary",
    "table",
    "ul",
    "hr",
    *_HEADINGS,
    "listing",
]
#: Tags by what is known of them; `TEXT` or `RAW`.
_KINDS: Final[dict[str, Sequence[str]]] = {
    "VOID": [
        "area",
        "base",
        "basefont",
        "bgsound",
        "br",
        "col",
        "embed",
        "frame",
        "hr",
        "img",
        "input",
        "keygen",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    ],
    "SOURCE": ["script", "style", "iframe", "noembed", "noframes", "xmp"],
    "PLAIN": ["title", "textarea"],
    "CLOSES_P": _BLOCKS,
    "SCOPE": ["table", "td", "th", "caption", "button", "object", "applet", "marquee", "template", "html"],
    "ITEM": ["li"],
    "TERM": ["dt", "dd"],
    "CELL": ["td", "th"],
    "ROW": ["tr"],
    "GROUP": ["tbody", "thead", "tfoot"],
    "OPTION": ["option", "optgroup"],
    "LIST": ["ul", "ol", "menu", "dir", "dl", "select"],
    "OF_HEAD": ["html", "head", "title", "meta", "link", "script", "style", "base", "noscript", "template"],
    "UNSEEN": [
        "script",
        "style",
        "head",
        "template",
        "svg",
        "iframe",
        "object",
        "button",
        "option",
        "select",
        "datalist",
        "canvas",
        "math",
        "map",
        "audio",
        "video",
        "textarea",
        "noscript",
        "title",
        "meta",
        "link",
        "noembed",
        "noframes",
    ],
    # A cell is inline: a row of a table of figures is one line. A cell that holds paragraphs ends lines by these.
    "INLINE": [
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "label",
        "mark",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strong",
        "strike",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
        "nobr",
        "data",
        "ruby",
        "rt",
        "rp",
        "rb",
        "td",
        "th",
    ],
    "HEADING": _HEADINGS,
    "LINK": ["a"],
    "BREAK": ["br"],
    "TABLE": ["table"],
    "ONCE": ["html", "head", "body"],
    "PARAGRAPH": ["p"],
    "HEAD": ["head"],
}
#: An end tag closes nothing beyond an element of a higher rank; as libxml2 has it.
_RANKS: Final = {
    "p": 10,
    "div": 150,
    "td": 160,
    "th": 160,
    "tr": 170,
    "tbody": 180,
    "thead": 180,
    "tfoot": 180,
    "table": 190,
}
_RANKS_OF_ALL: Final = {"head": 200, "body": 200, "html": 220}
_USUAL_RANK: Final = 100
#: Names of tags by their number; 0 stands for the document and for every name that is not listed.
TAG_NAMES: Final = ("", *sorted({name for names in _KINDS.values() for name in names} | {"rtc", "img"}))
NUMBER_OF: Final = {name: number for number, name in enumerate(TAG_NAMES)}

_ATTRIBUTE: Final = re.compile(
    r"""([^\s/>=][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)(?:"|\Z)|'([^']*)(?:'|\Z)|([^\s>]*)))?""", re.DOTALL
)


class Tables(NamedTuple):
    """What the kernel knows of tags and entities; see `markup_kernels.parse`."""

    tags: tuple[NDArray[np.int64], NDArray[np.int64]]
    entities: tuple[NDArray[np.int64], NDArray[np.int64]]
    windows: Codes
    kinds: NDArray[np.uint32]
    ranks: Rows


def hashed(names: Sequence[str], *, folds: bool) -> NDArray[np.int64]:
    """Return the hash of each name; ``folds``: in lower case."""
    from dedup import markup_kernels

    edges = np.cumsum([0, *(len(name) + 1 for name in names)])
    found: NDArray[np.int64] = markup_kernels.hashes(codes_of("\n".join([*names, ""])), edges, folds)
    return found


@cache
def tables() -> Tables:
    """Return the tables of this process."""
    from html.entities import html5

    from dedup import markup_kernels
    from dedup.compiled import tabulate

    single = [(name, ord(value)) for name, value in html5.items() if len(value) == 1]
    kinds = np.zeros(len(TAG_NAMES), dtype=np.uint32)
    for kind, listed in _KINDS.items():
        kinds[[NUMBER_OF[name] for name in listed]] |= getattr(markup_kernels, kind)
    ranks = np.array([(_RANKS | _RANKS_OF_ALL).get(name, _USUAL_RANK) for name in TAG_NAMES], dtype=np.int32)
    return Tables(
        tabulate(hashed(TAG_NAMES[1:], folds=True), np.arange(1, len(TAG_NAMES))),
        tabulate(
            hashed([name for name, _ in single], folds=False), np.array([code for _, code in single], dtype=np.int64)
        ),
        np.array([ord(html.unescape(f"&#{code};")) for code in range(128, 160)], dtype=np.uint32),
        kinds,
        ranks,
    )


#: Elements that every page is asked for.
_SOUGHT: Final = np.array(
    [NUMBER_OF[name] for name in ("html", "body", "title", "meta", "link", "script", "time", *_HEADINGS[:3])]
)


@cache
def _is_sought() -> NDArray[np.bool_]:
    """Tell by number of a tag whether every page is asked for its elements; the last two stand for `TEXT` and `RAW`."""
    found = np.zeros(len(TAG_NAMES) + 2, dtype=np.bool_)
    found[_SOUGHT] = True
    return found


@dataclass(eq=False)
class Markup:
    """A parsed page, a row per node in the order of the page; node 0 is the document.

    Attributes
    ----------
    page : str
        The page.
    codes : ndarray of uint32
        Its code points.
    tag : ndarray of int32, shape (n_nodes,)
        Number of the tag in ``TAG_NAMES``; below 0: `TEXT` or `RAW`.
    parent, last : ndarray of int32, shape (n_nodes,)
        The node around it, and the last one inside it.
    start, end : ndarray of int32, shape (n_nodes,)
        Of an element, where its attributes stand in the page; of what a script holds, where that does; of a text, where it stands in ``letters``.
    class_start, class_end : ndarray of int32, shape (n_nodes,)
        Where the value of its class stands in the page.
    marks : ndarray of uint32, shape (n_nodes,)
        `BYLINE` and the others.
    letters : ndarray of uint32
        All texts, entities resolved.
    text : str
        The same.
    """

    page: str
    codes: Codes
    tag: Rows
    parent: Rows
    last: Rows
    start: Rows
    end: Rows
    class_start: Rows
    class_end: Rows
    marks: NDArray[np.uint32]
    letters: Codes
    text: str = ""
    _attributes: dict[int, dict[str, str]] = field(default_factory=dict)
    _lines: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.text = text_of_codes(self.letters)

    @property
    def root(self) -> "Element":
        """The ``html`` element; where there is none, the document."""
        return next(self.elements("html"), Element(self, 0))

    @property
    def body(self) -> "Element | None":
        """The ``body`` element, if there is one."""
        return next(self.elements("body"), None)

    # A node is looked at as an int of Python, which views give; few of the nodes are, so they are not made for all.
    @cached_property
    def _tags(self) -> memoryview:
        return self.tag.data

    @cached_property
    def _parents(self) -> memoryview:
        return self.parent.data

    @cached_property
    def _lasts(self) -> memoryview:
        return self.last.data

    @cached_property
    def _starts(self) -> memoryview:
        return self.start.data

    @cached_property
    def _ends(self) -> memoryview:
        return self.end.data

    @cached_property
    def _places(self) -> dict[int, list[int]]:
        """Where the elements stand that are asked for by their names, by number of the tag."""
        found: dict[int, list[int]] = {number: [] for number in _SOUGHT.tolist()}
        at = np.flatnonzero(_is_sought()[self.tag])
        for place, number in zip(at.tolist(), self.tag[at].tolist(), strict=True):
            found[number].append(place)
        return found

    def places(self, name: str) -> list[int]:
        """Return where the elements of a name stand, in order."""
        number = NUMBER_OF[name]
        found = self._places.get(number)
        if found is None:
            found = self._places[number] = np.flatnonzero(self.tag == number).tolist()
        return found

    def elements(self, *names: str) -> Iterator["Element"]:
        """Give the elements of some names, in order."""
        places = sorted(at for name in names for at in self.places(name)) if len(names) > 1 else self.places(names[0])
        return (Element(self, at) for at in places)

    def marked(self, mark: np.uint32) -> list[int]:
        """Return the nodes that have a mark, in order."""
        found: list[int] = np.flatnonzero(self.marks & mark).tolist()
        return found

    def attributes(self, at: int) -> dict[str, str]:
        """Return the attributes of an element by their names in lower case; the first of each name."""
        found = self._attributes.get(at)
        if found is None:
            found = self._attributes[at] = {}
            start, end = self._starts[at], self._ends[at]
            for name, first, second, third in _ATTRIBUTE.findall(self.page, start, end) if self._tags[at] >= 0 else ():
                value = first or second or third
                found.setdefault(name.lower(), html.unescape(value) if "&" in value else value)
        return found

    def may_hold(self, at: int, text: str) -> bool:
        """Tell whether a text stands among the attributes of an element as they are written, which is found out sooner than what they are."""
        return self.page.find(text, self._starts[at], self._ends[at]) >= 0

    def finds(self, at: int, pattern: re.Pattern[str]) -> bool:
        """Tell whether a pattern is found among the attributes of an element, or in what a script holds, as they are written."""
        return pattern.search(self.page, self._starts[at], self._ends[at]) is not None

    def is_text(self, at: int) -> bool:
        """Tell whether a node is a text, or what a script holds."""
        return self._tags[at] < 0

    def name_of(self, at: int) -> str:
        """Return the name of an element; empty for names that HTML does not have."""
        return TAG_NAMES[self._tags[at]]

    def around(self, at: int) -> int:
        """Return the node around a node, -1 for the document."""
        return self._parents[at]

    def above(self, at: int, number: int) -> int:
        """Return the nearest element of a number of tag around a node, -1 if there is none."""
        tags, parents = self._tags, self._parents
        around = parents[at]
        while around >= 0 and tags[around] != number:
            around = parents[around]
        return around

    def inside(self, at: int, number: int | None) -> Iterator[int]:
        """Give an element and those inside it, in order; only those of a number of tag, if one is given."""
        tags = self._tags
        for place in range(at, self._lasts[at] + 1):
            if tags[place] == number or (number is None and tags[place] >= 0):
                yield place

    def last_in(self, at: int) -> int:
        """Return the last node inside a node, itself if there is none."""
        return self._lasts[at]

    def before(self, at: int) -> int:
        """Return the element before a node with the same parent, -1 if there is none."""
        around, before = self._parents[at], at - 1
        while before > around and (self._parents[before] != around or self._tags[before] < 0):
            before = self._parents[before] if self._parents[before] != around else before - 1
        return before if before > around else -1

    def children(self, at: int) -> Iterator[int]:
        """Give the nodes right inside a node."""
        child, last = at + 1, self._lasts[at]
        while child <= last:
            yield child
            child = self._lasts[child] + 1

    def text_at(self, at: int) -> str:
        """Return a text, or what a script holds."""
        whole = self.text if self._tags[at] == TEXT else self.page
        return whole[self._starts[at] : self._ends[at]]

    def texts_in(self, at: int) -> Iterator[str]:
        """Give the texts inside an element, in order."""
        tags = self._tags
        for inside in range(at + 1, self._lasts[at] + 1):
            if tags[inside] < 0:
                yield self.text_at(inside)

    def line_of(self, at: int, n_texts: int) -> str:
        """Return the first texts inside an element in one line, entities that are written twice resolved."""
        found = self._lines.get(at)
        if found is None:
            text = " ".join(islice(self.texts_in(at), n_texts))
            found = self._lines[at] = " ".join((html.unescape(text) if "&" in text else text).split())
        return found

    def class_of(self, at: int) -> str:
        """Return the class of an element as it is written."""
        return self.page[self.class_start[at] : self.class_end[at]]

    @property
    def classes(self) -> str:
        """The classes of all elements, with spaces between."""
        places = np.flatnonzero(self.class_end)
        starts, ends = self.class_start[places].tolist(), self.class_end[places].tolist()
        return " ".join([self.page[start:end] for start, end in zip(starts, ends, strict=True)])


@dataclass(slots=True, eq=False)
class Element:
    """One element of a page, in the words of lxml; not frozen, which would take twice as long to make."""

    page: Markup = field(repr=False)
    at: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Element) and other.at == self.at and other.page is self.page

    def __hash__(self) -> int:
        return self.at

    @property
    def tag(self) -> str:
        """The name of the tag; empty for names that HTML does not have."""
        return self.page.name_of(self.at)

    @property
    def text(self) -> str:
        """The text that it begins with."""
        inside = self.at + 1
        return self.page.text_at(inside) if inside <= self.page.last_in(self.at) and self.page.is_text(inside) else ""

    @property
    def tail(self) -> str:
        """The text that comes right after it."""
        page, after = self.page, self.page.last_in(self.at) + 1
        is_tail = after < len(page.tag) and page.is_text(after) and page.around(after) == page.around(self.at)
        return page.text_at(after) if is_tail else ""

    def get(self, name: str, default: str | None = None) -> Any:
        """Return an attribute."""
        return self.page.attributes(self.at).get(name, default)

    def getparent(self) -> "Element | None":
        """Return the element around it, None for the document."""
        around = self.page.around(self.at)
        return Element(self.page, around) if around >= 0 else None

    def getprevious(self) -> "Element | None":
        """Return the element before it with the same parent, if there is one."""
        before = self.page.before(self.at)
        return Element(self.page, before) if before >= 0 else None

    def above(self, name: str) -> "Element | None":
        """Return the nearest element of a name around it."""
        around = self.page.above(self.at, NUMBER_OF[name])
        return Element(self.page, around) if around >= 0 else None

    def iter(self, name: str = "") -> Iterator["Element"]:
        """Give it and the elements inside it, in order; only those of a name, if one is given."""
        for inside in self.page.inside(self.at, NUMBER_OF[name] if name else None):
            yield Element(self.page, inside)

    def itertext(self) -> Iterator[str]:
        """Give the texts inside it, in order."""
        return self.page.texts_in(self.at)

    def __len__(self) -> int:
        """Return how many elements stand right inside it."""
        return sum([not self.page.is_text(child) for child in self.page.children(self.at)])

    def __bool__(self) -> bool:
        return True


def text_of_codes(codes: Codes) -> str:
    """Return the text that code points are of."""
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


def parse(page: str) -> Markup:
    """Parse a page.

    Parameters
    ----------
    page : str
        HTML, whatever state it is in.

    Examples
    --------
    >>> page = parse("<p class=lead>One &amp; <b>two</b><p>Three")
    >>> [(one.tag, one.text, one.tail) for one in page.elements("p", "b")]
    [('p', 'One & ', ''), ('b', 'two', ''), ('p', 'Three', '')]
    """
    from dedup import markup_kernels

    codes, known = codes_of(page), tables()
    return Markup(page, codes, *markup_kernels.parse(codes, *known))
