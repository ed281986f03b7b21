"""The genre of a page: whether it is an article, or a section front, a listing, a shop's page or a forum.

In: the HTML of a page and, where it is known, its address. Out: the probability that it is an article, and in words why
it is taken for something else. The page is read once, without a tree, into blocks of text and links; a logistic
regression, fitted by ``pipelines/train_genre.py``, weighs what the page says of itself, its address, how much running
prose it has, what stands below its headline, and how much of it is made by one template over and over.

Rules guarded here: a page is judged by itself and by a frozen table; no feature looks at the words of a language; the
sign of every weight is fixed beforehand, so that no accident of the training data lets prose speak against an article.
"""

import html as entities
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

from dedup.articles.normalize import UNSPACED
from dedup.tables import load_json

_WITHIN: Final = 400_000
"""Characters of a page that are read, scripts and styles not counted."""
_TYPE_WITHIN: Final = 300_000
"""Characters in which a script's word for the type of the page is looked for."""
_PROSE: Final = 15
"""From this many words on a block that ends like a sentence, and is no heading and not mostly links, is prose."""
_WINDOW: Final = 300
"""Words below the headline that tell whether an article begins there."""
_FEW: Final = 150
"""Words of prose before the third block that is a link; a section front has fewer."""
_SHORT_TITLE: Final = 3
_LONG_SLUG: Final = 4
_HEADLINE: Final = (4, 30)
"""Words of a link that is as long as a headline is."""
_HEADLINE_COST: Final = 40.0
"""Words of prose that a headline with a link takes from a run of prose."""
_ALIKE: Final = 4
"""Blocks made by one template that count as cards."""
_PATTERN: Final = 3
"""Blocks of a pattern, such as a teaser's headline, its text and its date."""

_HIDDEN = re.compile(r"<(script|style|svg|noscript|template|iframe|select|textarea|!--)", re.IGNORECASE)
_ENDS: Final = {
    name: re.compile(f"</{name}", re.IGNORECASE)
    for name in ("script", "style", "svg", "noscript", "template", "iframe", "select", "textarea")
}
_NAME = re.compile(r"/?[a-zA-Z][a-zA-Z0-9:-]*")
_ATTRIBUTE = re.compile(r"""([a-zA-Z:_-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_UNSPACED = re.compile(f"[{UNSPACED}]")
_CLOSING: Final = "\"”’»)]' \u200b\n\r\t"
_STOPS: Final = frozenset(".!?…。！？।؟")
_MONEY: Final = ("$", "€", "£", "¥", "₹", "₽", "&euro;", "&pound;", "zł", "руб", "円")
_TITLE_CUT = re.compile(r"\s+[|–—·»:-]{1,2}\s+|\s*[|｜]\s*")
_ADDRESS = re.compile(r"https?://[^/?#\s]+([^?#]*)(?:\?([^#]*))?", re.IGNORECASE)
_DATE_PATH = re.compile(r"/(?:19|20)\d\d[/_-]?(?:0?[1-9]|1[0-2])\b")
_RECORD_NUMBER = re.compile(r"=\d{3}")
_SUFFIX = re.compile(r"\.\w{2,5}$")
_NEXT_PAGE = re.compile(r"[?&/](?:page|p|pg|paged|seite|pagina)[=/-]?2\b|/page-?2\b", re.IGNORECASE)
_LD_TYPE = re.compile(r'"@type"\s*:\s*(?:\[\s*)?"([A-Za-z]+)"')
_ITEM_TYPE = re.compile(r"""itemtype=["']?https?://schema\.org/([A-Za-z]+)""")
_PAGE_TYPE = re.compile(r"""ype\\?["']?\s?[:=]\s?\\?["']([A-Za-z][\w -]{1,30})\\?["']""")
_OF_PAGE = re.compile(r"(?:page|content|post|resource)[_-]?t$", re.IGNORECASE)

_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")

_TEMPLATE: Final = ("goods", "cart", "filter", "card", "pagination", "reply", "button", "byline", "published")


@cache
def _known(name: str) -> frozenset[str]:
    """Return the words of one list of ``data/genre_words.json``."""
    return frozenset(load_json("genre_words.json")[name].split())


@cache
def _template_words() -> tuple[tuple[str, tuple[str, ...]], ...]:
    listed = load_json("genre_words.json")["template"]
    return tuple((f"template_{name}", tuple(listed[name].split())) for name in _TEMPLATE)


#: Features that can only speak against an article, and in words what each says.
AGAINST: Final[Mapping[str, str]] = {
    "path_list": "the address is inside a listing",
    "path_front": "the address is that of a listing or a front",
    "path_goods": "the address is a shop's or a service's",
    "path_forum": "the address is a forum's",
    "says_list": "it says it is a list",
    "says_goods": "it says it offers goods",
    "says_forum": "it says it is a forum",
    "og_product": "it says it is a product",
    "og_site": "it says it is a site",
    "type_list": "its system calls it a listing",
    "type_goods": "its system calls it a product",
    "body_page": "its system calls it a page",
    "body_goods": "its system calls it a shop",
    "unclaimed": "nothing says it is an article",
    "section": "title and address name a section",
    "short_title": "short title",
    "prose_alone": "its paragraphs stand alone",
    "no_prose": "no prose below the headline",
    "below_blocks": "many small blocks below the headline",
    "repeated": "one template over and over",
    "pattern": "a pattern with links over and over",
    "listed": "it says it lists items",
    "cards": "many cards",
    "linked_headings": "many headings are links",
    "link_words": "long links",
    "headings_alike": "headings of one template",
    "first_headings": "more than one headline",
    "prices": "prices",
    "article_elements": "many teasers",
    "times": "many dates",
    "next_page": "it has a second page",
    "template_card": "cards",
    "template_goods": "products",
    "template_cart": "a cart",
    "template_filter": "filters",
    "template_pagination": "page numbers",
    "template_reply": "replies",
    "template_button": "buttons",
}
#: Features that can only speak for an article.
FOR: Final = (
    "path_slug",
    "path_date",
    "path_digits",
    "title_words",
    "claims",
    "says_article",
    "og_article",
    "body_post",
    "authored",
    "template_byline",
    "template_published",
    "runs",
    "runs_share",
    "run_of_prose",
    "run_words",
    "prose_longest",
    "below_prose",
    "prose_first",
)
FEATURES: Final = (*AGAINST, *FOR)


class Block(NamedTuple):
    """A block of text: its words, how many of them are links, the heading it is in, the tag that opened it."""

    words: int
    linked: int
    text: str
    heading: str
    template: str

    @property
    def is_prose(self) -> bool:
        """Whether it reads like a paragraph."""
        return (
            self.words >= _PROSE
            and 2 * self.linked < self.words
            and not self.heading
            and self.text.rstrip(_CLOSING)[-1:] in _STOPS
        )

    @property
    def is_link(self) -> bool:
        """Whether most of it is a link."""
        return 2 * self.linked > self.words


@dataclass
class Outline:
    """What is read of a page: its blocks in order, how often elements stand in it, and what it says of itself.

    ``headlines`` is the number of links that are as long as headlines are.
    """

    markup: str
    blocks: list[Block] = field(default_factory=list)
    elements: Counter[str] = field(default_factory=Counter)
    headlines: int = 0
    meta: dict[str, str] = field(default_factory=dict)
    types: Counter[str] = field(default_factory=Counter)
    page_types: set[str] = field(default_factory=set)
    body_classes: frozenset[str] = frozenset()
    canonical: str = ""
    title: str = ""
    next_page: bool = False


class Verdict(NamedTuple):
    """Probability that a page is an article, in [0, 1], and what speaks against it in words."""

    article: float
    why: str


def outline(page: str) -> Outline:
    """Read a page.

    Parameters
    ----------
    page : str
        HTML; it may be broken in any way.

    Examples
    --------
    >>> [block.words for block in outline("<h1>Quay reopens</h1><p>The ferry <a href=x>sails again</a>.").blocks]
    [2, 5]
    """
    markup, linked_data = _visible(page)
    reader = _Reader(markup)
    reader.read()
    made = reader.made
    for text in linked_data:
        made.types.update(_LD_TYPE.findall(text))
    made.types.update(_ITEM_TYPE.findall(markup))
    for found in _PAGE_TYPE.finditer(page, 0, _TYPE_WITHIN):
        if _OF_PAGE.search(page, max(found.start() - 10, 0), found.start()):
            made.page_types.add(found.group(1).lower().strip())
    return made


def _visible(page: str) -> tuple[str, list[str]]:
    """Take out what no reader sees; return the rest and the texts of JSON-LD."""
    parts: list[str] = []
    linked_data: list[str] = []
    at = total = 0
    while total < _WITHIN and (found := _HIDDEN.search(page, at)):
        parts.append(page[at : found.start()])
        total += found.start() - at
        name = found.group(1).lower()
        at = found.end()
        if name == "!--":
            end = page.find("-->", at)
            at = end + 3 if end >= 0 else at
            continue
        closed = _ENDS[name].search(page, at)
        if closed is None:
            continue
        start = page.find(">", at) + 1
        if name == "script" and "ld+json" in page[at:start]:
            linked_data.append(page[start : closed.start()])
        end = page.find(">", closed.end())
        at = end + 1 if end >= 0 else len(page)
    parts.append(page[at : at + max(_WITHIN - total, 0)])
    return " ".join(parts), linked_data


def _attributes(tag: str) -> dict[str, str]:
    return {name.lower(): one or other or bare for name, one, other, bare in _ATTRIBUTE.findall(tag)}


def count_words(text: str) -> int:
    """Count words; in scripts without spaces two letters are one.

    Examples
    --------
    >>> count_words("The ferry sails"), count_words("渡轮周二恢复航行")
    (3, 5)
    """
    n = len(text.split())
    return n if text.isascii() else n + len(_UNSPACED.findall(text)) // 2


_Act: TypeAlias = Callable[[str, str], None]


class _Reader:
    """Goes through the tags of a page and cuts its text into blocks."""

    def __init__(self, markup: str) -> None:
        self.made = Outline(markup)
        self._buffer: list[str] = []
        self._words = self._linked = self._link_words = 0
        self._heading = self._template = ""
        self._in_link = self._in_title = self._after_break = False
        self._on: dict[str, _Act | None] = {
            "a": self._link,
            "/a": self._link_end,
            "br": self._break,
            "img": self._count,
            "time": self._count,
            "/time": None,
            "link": self._relation,
            "meta": self._meta,
            "title": self._title,
            "/title": self._title,
            "body": self._body,
            **dict.fromkeys(f"{slash}{name}" for slash in ("", "/") for name in _known("inline")),
        }

    def read(self) -> None:
        """Read it all."""
        buffer = self._buffer
        seen: dict[str, tuple[str, _Act | None]] = {}
        for piece in self.made.markup.split("<"):
            tag, closed, text = piece.partition(">")
            if closed:
                raw = tag.partition(" ")[0]
                known = seen.get(raw)
                if known is None:
                    known = seen[raw] = self._named(raw)
                name, act = known
                if act is not None:
                    act(name, tag)
            else:
                text = piece
            if text:
                if not text.isspace():
                    self._text(text)
                elif buffer:
                    buffer.append(" ")
        self._flush()

    def _named(self, raw: str) -> tuple[str, _Act | None]:
        """Return the name of an element and what is to be done at its tag."""
        named = _NAME.match(raw)
        if named is None:
            return "", None
        name = named.group().lower()
        return name, self._on.get(name, self._block)

    def _text(self, text: str) -> None:
        if self._in_title:
            self.made.title += text
            return
        self._after_break = False
        n = count_words(text)
        self._words += n
        self._buffer.append(text)
        if self._in_link:
            self._linked += n
            self._link_words += n

    def _flush(self) -> None:
        if self._words:
            self.made.blocks.append(
                Block(self._words, self._linked, "".join(self._buffer), self._heading, self._template)
            )
        self._buffer.clear()
        self._words = self._linked = 0

    def _block(self, name: str, tag: str) -> None:
        if self._buffer:
            self._flush()
        self._after_break = False
        if name[0] == "/":
            if name[1:] in _HEADINGS:
                self._heading = ""
            return
        self._template = tag
        self.made.elements[name] += 1
        if name in _HEADINGS:
            self._heading = name

    def _link(self, name: str, tag: str) -> None:
        self._link_end(name, tag)
        self._in_link = True
        self.made.elements[name] += 1
        if "2" in tag and not self.made.next_page:
            self.made.next_page = _NEXT_PAGE.search(tag) is not None

    def _link_end(self, _name: str, _tag: str) -> None:
        self.made.headlines += _HEADLINE[0] <= self._link_words <= _HEADLINE[1]
        self._in_link, self._link_words = False, 0

    def _break(self, _name: str, _tag: str) -> None:
        # One break is a line of a paragraph, two are the end of it.
        if self._after_break:
            self._flush()
        self._after_break = True

    def _count(self, name: str, _tag: str) -> None:
        self.made.elements[name] += 1

    def _relation(self, _name: str, tag: str) -> None:
        if "canonical" in tag:
            self.made.canonical = _attributes(tag).get("href", "")

    def _meta(self, _name: str, tag: str) -> None:
        given = _attributes(tag)
        key = given.get("property") or given.get("name") or given.get("itemprop")
        if key:
            self.made.meta.setdefault(key.lower(), given.get("content", ""))

    def _title(self, name: str, _tag: str) -> None:
        self._flush()
        # A drawing has a title too; the first is the page's.
        self._in_title = name == "title" and not self.made.title

    def _body(self, _name: str, tag: str) -> None:
        self._flush()
        self.made.body_classes = frozenset(_attributes(tag).get("class", "").lower().split())


def features(page: Outline, url: str = "") -> dict[str, float]:
    """Describe a page.

    Parameters
    ----------
    page : Outline
        What `outline` read.
    url : str
        Its address; if empty, what the page gives as its own is taken, if anything.

    Returns
    -------
    dict of str to float
        A value for each of ``FEATURES``, none missing.
    """
    said = _said(page)
    prose = [block.is_prose for block in page.blocks]
    address = _address(url or page.canonical or page.meta.get("og:url", ""))
    title = page.meta.get("og:title") or page.title
    title_words = max((count_words(part) for part in _TITLE_CUT.split(entities.unescape(title))), default=0)
    runs = _runs(page.blocks, prose)
    short_title = 0 < title_words <= _SHORT_TITLE
    unclaimed = not (
        said["says_article"] or said["og_article"] or said["body_post"] or _has(page.meta, _known("meta_dated"))
    )
    text = "".join(block.text for block in page.blocks)
    n_words = max(sum(block.words for block in page.blocks), 1)
    markup = page.markup.lower()
    alike = Counter(block.template for block in page.blocks if block.heading)
    return (
        said
        | address
        | runs
        | _below(page.blocks, prose)
        | {
            "title_words": math.log1p(title_words),
            "short_title": float(short_title),
            "unclaimed": float(unclaimed and runs["runs_share"] < 0.15),
            "section": float(
                short_title and unclaimed and address["path_slug"] < 1 and address["path_digits"] < _SHORT_TITLE
            ),
            "prices": math.log1p(100 * sum(text.count(sign) for sign in _MONEY) / n_words),
            "article_elements": math.log1p(page.elements["article"]),
            "link_words": min(sum(block.linked for block in page.blocks) / max(page.elements["a"], 1), 15.0),
            "headings_alike": math.log1p(max(alike.values(), default=0)),
            "first_headings": float(min(sum(1 for block in page.blocks if block.heading == "h1"), 3)),
            "times": math.log1p(page.elements["time"]),
            "next_page": float(page.next_page),
        }
        | {name: math.log1p(sum(markup.count(word) for word in words)) for name, words in _template_words()}
    )


def _has(meta: Mapping[str, str], names: frozenset[str]) -> bool:
    return any(meta.get(name) for name in names)


def _said(page: Outline) -> dict[str, float]:
    """Return what a page says of itself."""

    def number(of: frozenset[str]) -> int:
        return sum(page.types[name] for name in of)

    og = page.meta.get("og:type", "").lower()
    said = {
        "says_article": number(_known("schema_article")) > 0,
        "says_list": number(_known("schema_list")) > 0,
        "says_forum": number(_known("schema_forum")) > 0,
        "og_article": og in _known("og_article"),
        "og_product": "product" in og,
        "og_site": og in {"website", "webpage"},
        "type_list": bool(page.page_types & _known("type_list") or page.body_classes & _known("body_list")),
        "type_goods": bool(page.page_types & _known("type_goods")),
        "body_post": bool(page.body_classes & _known("body_post")),
        "body_page": "page" in page.body_classes,
        "body_goods": bool(page.body_classes & _known("body_goods")),
        "authored": _has(page.meta, _known("meta_authored")),
    }
    claims = [said[name] for name in ("says_article", "og_article", "body_post", "authored")]
    claims += [_has(page.meta, _known("meta_dated")), bool(page.page_types & _known("type_article"))]
    # An article names what it reviews or offers; a shop's page names nothing but goods.
    goods = 0 if said["says_article"] else number(_known("schema_goods"))
    return {name: float(value) for name, value in said.items()} | {
        "says_goods": math.log1p(goods),
        "listed": math.log1p(page.types["ListItem"]),
        "claims": float(sum(claims)),
    }


def _address(url: str) -> dict[str, float]:
    """Describe an address; one that is not known speaks neither for nor against."""
    found = _ADDRESS.match(url)
    known = found is not None
    whole, query = (found.group(1).lower(), found.group(2) or "") if found else ("", "")
    path = [part for part in whole.split("/") if part]
    last = _SUFFIX.sub("", path[-1]) if path else ""
    slug = len([part for part in re.split(r"[-_+]", last) if part])
    inside = set(path)
    ends_list = last in _known("path_front") and not _RECORD_NUMBER.search(query)
    return {
        "path_list": float(bool(_known("path_list") & set(path[:-1]))),
        "path_front": float(known and (ends_list or not (path or query))),
        "path_goods": float(bool(_known("path_goods") & inside)),
        "path_forum": float(bool(_known("path_forum") & inside)),
        "path_slug": float(slug >= _LONG_SLUG) if known else 0.5,
        "path_date": float(known and _DATE_PATH.search(whole) is not None),
        "path_digits": float(min(sum(letter.isdigit() for letter in last), 9)) if known else 2.0,
    }


def _runs(blocks: Sequence[Block], prose: Sequence[bool]) -> dict[str, float]:
    """Describe the running prose: paragraphs after paragraphs, with no more than a word or two between them."""
    sizes = [block.words if is_prose else 0 for block, is_prose in zip(blocks, prose, strict=True)]
    total = sum(sizes)
    first, last = main_run(blocks, prose)
    in_run = sum(sizes[first:last])
    alone = sum(
        size
        for at, size in enumerate(sizes)
        if size and not (at and sizes[at - 1]) and not (at + 1 < len(sizes) and sizes[at + 1])
    )
    in_runs = words = paragraphs = 0
    for block, size in zip([*blocks, Block(_PROSE, 0, "", "", "")], [*sizes, 0], strict=True):
        if size:
            words, paragraphs = words + size, paragraphs + 1
        elif block.words > _SHORT_TITLE:
            in_runs += words if paragraphs >= 3 else 0
            words = paragraphs = 0
    return {
        "runs": math.log1p(in_runs),
        "runs_share": in_runs / max(sum(block.words for block in blocks), 1),
        "run_of_prose": in_run / max(total, 1),
        "run_words": math.log1p(in_run),
        "prose_longest": math.log1p(max(sizes, default=0)),
        "prose_alone": alone / total if total else 1.0,
    }


def main_run(blocks: Sequence[Block], prose: Sequence[bool]) -> tuple[int, int]:
    """Return where the main run of prose begins and ends: the run of largest sum, links and small blocks against it."""
    best = running = 0.0
    first = last = start = 0
    for at, (block, is_prose) in enumerate(zip(blocks, prose, strict=True)):
        if running <= 0:
            running, start = 0.0, at
        small = 0.5 * (block.words - block.linked) if block.words < _PROSE else 0.0
        # Between teasers there is always a headline that is a link; between paragraphs hardly ever.
        headline = _HEADLINE_COST if block.is_link and block.words >= _HEADLINE[0] else 0.0
        running += block.words if is_prose else -(3 + block.linked + small + headline)
        if running > best:
            best, first, last = running, start, at + 1
    return first, last


def _below(blocks: Sequence[Block], prose: Sequence[bool]) -> dict[str, float]:
    """Describe what stands below the headline, or where there is none, from the main run of prose on."""
    headlines = [at for at, block in enumerate(blocks) if block.heading == "h1"]
    # Of many first-rank headings the first is the page's; of two it may be the site's name.
    start = main_run(blocks, prose)[0] if not headlines else headlines[0 if len(headlines) > 2 else -1] + 1
    rest = list(zip(blocks[start:], prose[start:], strict=True))
    n_words = n_prose = n_blocks = 0
    for block, is_prose in rest:
        n_words += block.words
        n_blocks += 1
        n_prose += block.words if is_prose else 0
        if n_words >= _WINDOW:
            break
    before = third = 0
    for block, is_prose in rest:
        if 4 <= block.words <= 40 and block.is_link:
            third += 1
            if third == 3:
                break
        elif is_prose:
            before += block.words
    # Paragraphs are made alike too, but have no attributes, or are prose.
    templates = Counter(
        block.template
        for block, is_prose in zip(blocks, prose, strict=True)
        if not is_prose and block.words >= 2 and "=" in block.template
    )
    repeated = sum(block.words for block, is_prose in rest if not is_prose and templates[block.template] >= _ALIKE)
    linked = sum(1 for block in blocks if block.heading in {"h2", "h3", "h4"} and block.is_link)
    few = before < _FEW
    return {
        "below_prose": n_prose / max(n_words, 1),
        "below_blocks": math.log1p(n_blocks),
        "prose_first": math.log1p(before),
        "no_prose": float(before < _FEW * 2 / 3),
        "repeated": repeated / max(sum(block.words for block, _ in rest), 1),
        "pattern": _in_patterns([block for block, _ in rest]),
        "cards": math.log1p(max(templates.values(), default=0)) if few else 0.0,
        "linked_headings": math.log1p(linked) if few else 0.0,
    }


def _in_patterns(blocks: Sequence[Block]) -> float:
    """Return the share of words in patterns of blocks, links among them, that recur; teasers of prose make such too."""
    numbers: dict[tuple[str, str, bool], int] = {}
    kinds = [numbers.setdefault((block.template, block.heading, block.is_link), len(numbers)) for block in blocks]
    links = {number for (_, _, is_link), number in numbers.items() if is_link}
    patterns = list(zip(*(kinds[at:] for at in range(_PATTERN)), strict=False))
    recurring = {
        pattern
        for pattern, n in Counter(patterns).items()
        # Links alone are a menu.
        if n >= _ALIKE and len(set(pattern)) > 1 and not links.isdisjoint(pattern)
    }
    inside = {at + ahead for at, pattern in enumerate(patterns) if pattern in recurring for ahead in range(_PATTERN)}
    return sum(blocks[at].words for at in inside) / max(sum(block.words for block in blocks), 1)


@dataclass(frozen=True)
class GenreModel:
    """A logistic regression: standardised features times weights; positive log odds speak against an article."""

    mean: Mapping[str, float]
    scale: Mapping[str, float]
    weight: Mapping[str, float]
    bias: float

    def parts(self, described: Mapping[str, float]) -> dict[str, float]:
        """Return what each feature adds to the log odds that a page is no article."""
        return {
            name: weight * (described[name] - self.mean[name]) / self.scale[name]
            for name, weight in self.weight.items()
        }

    def article(self, described: Mapping[str, float]) -> float:
        """Return the probability that a page is an article, in [0, 1]."""
        against = self.bias + sum(self.parts(described).values())
        return 1 / (1 + math.exp(min(max(against, -50.0), 50.0)))


def from_table(table: Mapping[str, Any]) -> GenreModel:
    """Build a model from its plain form; see ``pipelines/train_genre.py``.

    Raises
    ------
    ValueError
        If it is no such model, or describes pages by other features than this version computes.
    """
    try:
        rows, bias = dict(table["features"]), float(table["bias"])
        if sorted(rows) != sorted(FEATURES):
            raise ValueError("genre model: its features are not those of this version. Train it again.")
        columns = {key: {name: float(rows[name][key]) for name in FEATURES} for key in _COLUMNS}
    except (KeyError, TypeError) as error:
        raise ValueError("genre model: this is none.") from error
    numbers = [bias, *(value for column in columns.values() for value in column.values())]
    if not all(map(math.isfinite, numbers)) or min(columns["scale"].values()) <= 0:
        raise ValueError("genre model: a number is not finite, or a scale not positive.")
    return GenreModel(**columns, bias=bias)


_COLUMNS: Final = ("mean", "scale", "weight")


@lru_cache(maxsize=8)
def genre_model(text: str = "") -> GenreModel:
    """Return a model.

    Parameters
    ----------
    text : str
        The model as JSON, as `dedup train genre` writes it; empty for the one that ships with the package.

    Raises
    ------
    ValueError
        If the text is no model of this version.
    """
    return from_table(json.loads(text) if text else load_json("genre_model.json"))


def judge(page: str, url: str = "", model: str = "") -> Verdict:
    """Judge whether a page is an article.

    Parameters
    ----------
    page : str
        HTML.
    url : str
        Its address, where it is known.
    model : str
        As ``text`` of `genre_model`.

    References
    ----------
    S. Sharoff, Z. Wu, K. Markert, The Web Library of Babel: evaluating genre collections, LREC 2010.
    C. Kohlschütter, P. Fankhauser, W. Nejdl, Boilerplate detection using shallow text features, WSDM 2010.
    """
    weights = genre_model(model)
    read = outline(page)
    described = features(read, url)
    article = weights.article(described)
    parts = weights.parts(described)
    strongest = sorted(AGAINST, key=lambda name: (-parts[name], name))[:3]
    reasons = [AGAINST[name] for name in strongest if parts[name] > 0]
    n_words = round(math.expm1(described["run_words"]))
    facts = f"{read.headlines} links with headlines, {n_words} words of running prose"
    return Verdict(article, f"no article (p={article:.2f}): {'; '.join([facts, *reasons])}")


def why_no_article(page: str, url: str = "", model: str = "") -> str:
    """Return in words why a page is no article; empty if it is one. The parameters are those of `judge`."""
    verdict = judge(page, url, model)
    return verdict.why if verdict.article < 0.5 else ""
