"""The genre of a page: whether it is an article, or a section front, a listing, a shop's page or a forum.

In: a parsed page with its lines, as the outline finds them, and its address where it is known. Out: the probability that
it is an article, and in words why it is taken for something else. A logistic regression, fitted by
``pipelines/train_genre.py``, weighs what the page says of itself, its address, and how much running prose it has; unless
that settles it, also what stands below its headline and how much of it is made by one template over and over.

Rules guarded here: a page is judged by itself and by a frozen table; no feature looks at the words of a language; the
sign of every weight is fixed beforehand, so that no accident of the training data lets prose speak against an article.
"""

import html as entities
import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.articles.markup import Element, Markup
from dedup.articles.normalize import UNSPACED
from dedup.articles.outline import TAGS, Lines
from dedup.articles.stated import holds_linked
from dedup.tables import load_json

_WITHIN: Final = 1_500
"""Lines of a page that are read."""
_TAGS: Final = 1_000
"""Elements in which a page speaks of itself, and scripts, that are looked at."""
_LONG_WORDS: Final = 10
"""Letters a word, on the whole of a line, that are so many that the line may be written without spaces."""
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
_HEADLINE_COST: Final = 40
"""Words of prose that a headline with a link takes from a run of prose."""
_ALIKE: Final = 4
"""Blocks made by one template that count as cards."""
_PARAGRAPHS: Final = 3
"""Paragraphs after each other that are running prose."""
_HALF: Final = 0.5
"""Least probability of an article."""

_UNSPACED = re.compile(f"[{UNSPACED}]")
_CLOSING: Final = "\"”’»)]' \u200b\n\r\t"
_STOPS: Final = frozenset(".!?…。！？।؟")
_MONEY: Final = ("$", "€", "£", "¥", "₹", "₽", "zł", "руб", "円")
_TITLE_CUT = re.compile(r"\s+[|–—·»:-]{1,2}\s+|\s*[|｜]\s*")
_ADDRESS = re.compile(r"https?://[^/?#\s]+([^?#]*)(?:\?([^#]*))?", re.IGNORECASE)
_DATE_PATH = re.compile(r"/(?:19|20)\d\d[/_-]?(?:0?[1-9]|1[0-2])\b")
_RECORD_NUMBER = re.compile(r"=\d{3}")
_SLUG = re.compile("[-_+]")
_SUFFIX = re.compile(r"\.\w{2,5}$")
_LD_TYPE = re.compile(r'"@type"\s*:\s*(?:\[\s*)?"([A-Za-z]+)"')

_HEADLINE_TAG: Final = TAGS["h1"]
_HEADINGS: Final = frozenset([TAGS[f"h{rank}"] for rank in range(1, 7)])

_TEMPLATE: Final = ("goods", "cart", "filter", "card", "pagination", "button", "byline", "comment")


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
    "path_top": "the address is at the top of its site",
    "path_goods": "the address is a shop's or a service's",
    "path_forum": "the address is a forum's",
    "says_site": "it describes its site, not an article",
    "says_goods": "it says it offers goods",
    "says_forum": "it says it is a forum",
    "og_product": "it says it is a product",
    "og_site": "it says it is a site",
    "says_questions": "it answers questions that are often asked",
    "body_page": "its system calls it a page",
    "body_goods": "its system calls it a shop",
    "unclaimed": "nothing says it is an article",
    "section": "title and address name a section",
    "short_title": "short title",
    "prose_alone": "its paragraphs stand alone",
    "repeated": "one template over and over",
    "pattern": "a pattern with links over and over",
    "listed": "it says it lists items",
    "cards": "many cards",
    "linked_headings": "many headings are links",
    "first_headings": "more than one headline",
    "prices": "prices",
    "template_card": "cards",
    "template_goods": "products",
    "template_cart": "a cart",
    "template_filter": "filters",
    "template_pagination": "page numbers",
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
    "template_comment",
    "runs",
    "runs_share",
    "prose_together",
    "run_words",
    "below_prose",
)
FEATURES: Final = (*AGAINST, *FOR)
#: Features that are looked at first; a page that they say is an article is not looked at further.
FIRST: Final = (
    "path_list",
    "path_front",
    "path_top",
    "path_goods",
    "path_forum",
    "path_slug",
    "path_date",
    "path_digits",
    "says_site",
    "says_goods",
    "says_forum",
    "says_questions",
    "says_article",
    "og_product",
    "og_site",
    "og_article",
    "body_page",
    "body_goods",
    "body_post",
    "authored",
    "claims",
    "listed",
    "title_words",
    "short_title",
    "unclaimed",
    "section",
    "runs",
    "runs_share",
    "run_words",
    "prose_alone",
    "prose_together",
)


class Block(NamedTuple):
    """A line of a page: its words, how many of them are links, whether it is a heading, and where it stands.

    ``is_link``: most of it is a link; ``is_prose``: it reads like a paragraph. ``around`` tells apart the elements around
    the one it stands in.
    """

    words: int
    linked: int
    is_link: bool
    is_prose: bool
    is_heading: bool
    around: int


class Blocks(NamedTuple):
    """The blocks of a page in order, a column for each field of `Block`: int64 ``words`` and ``linked``, int32 ``around``, and flags; shape (n_blocks,)."""

    words: NDArray[np.int64]
    linked: NDArray[np.int64]
    is_link: NDArray[np.bool_]
    is_prose: NDArray[np.bool_]
    is_heading: NDArray[np.bool_]
    around: NDArray[np.int32]


class Prose(NamedTuple):
    """The running prose of a page, as `line_kernels.prose_runs` finds it: numbers of words, and the block where its main run begins."""

    words: int
    alone: int
    in_runs: int
    in_main: int
    together: int
    first: int


@dataclass
class Page:
    """A page and what is read of it first: its blocks in order, and what it says of itself."""

    markup: Markup
    lines: Lines
    columns: Blocks
    url: str = ""
    meta: dict[str, str] = field(default_factory=dict)
    types: Counter[str] = field(default_factory=Counter)
    body_classes: frozenset[str] = frozenset()
    title: str = ""

    # Of most pages the columns are enough.
    @cached_property
    def blocks(self) -> list[Block]:
        """The blocks in order."""
        return list(map(Block, *(column.tolist() for column in self.columns)))

    @cached_property
    def prose(self) -> Prose:
        """Its running prose."""
        from dedup import line_kernels

        blocks = self.columns
        limits = np.array([_PROSE, _SHORT_TITLE, _PARAGRAPHS, _HEADLINE[0], _HEADLINE_COST], dtype=np.int64)
        return Prose(*line_kernels.prose_runs(*blocks[:4], blocks.around, limits))


class Verdict(NamedTuple):
    """Probability that a page is an article, in [0, 1], and what speaks against it in words, if it is none."""

    article: float
    why: str


def read(markup: Markup, lines: Lines, url: str = "") -> Page:
    """Read a page.

    Parameters
    ----------
    markup : Markup
        The page.
    lines : Lines
        Its lines, as `dedup.articles.outline.lines_of` finds them; the first of them are looked at.
    url : str
        Its address; if empty, what the page gives as its own is taken, if anything.

    Examples
    --------
    >>> from dedup.articles.markup import parse
    >>> from dedup.articles.outline import lines_of
    >>> markup = parse("<body><h1>Quay reopens</h1><p>The ferry <a href=x>sails again</a>.</p></body>")
    >>> [(block.words, block.linked) for block in read(markup, lines_of(markup)).blocks]
    [(2, 0), (4, 2)]
    """
    meta: dict[str, str] = {}
    types: Counter[str] = Counter()
    canonical = ""
    for at in sorted(at for name in ("meta", "script", "link") for at in markup.places(name))[:_TAGS]:
        tag = markup.name_of(at)
        if tag == "meta":
            held = markup.attributes(at)
            key = held.get("property") or held.get("name") or held.get("itemprop")
            if key:
                meta.setdefault(key.lower(), held.get("content") or "")
        elif tag == "script":
            if holds_linked(markup, at):
                types.update(_LD_TYPE.findall(Element(markup, at).text))
        elif not (url or canonical) and (markup.attributes(at).get("rel") or "").lower() == "canonical":
            canonical = markup.attributes(at).get("href") or ""
    body = markup.body
    return Page(
        markup,
        lines,
        url=url or canonical or meta.get("og:url", ""),
        columns=_blocks(lines),
        meta=meta,
        types=types,
        body_classes=frozenset((body.get("class") or "").lower().split()) if body is not None else frozenset(),
        title="".join(next(markup.elements("title")).itertext()) if markup.places("title") else "",
    )


def _blocks(lines: Lines) -> Blocks:
    texts, n_words = lines.texts[:_WITHIN], lines.words[:_WITHIN].astype(np.int64)
    sizes, n_linked = lines.sizes[:_WITHIN], lines.linked[:_WITHIN]
    for row in np.flatnonzero(sizes > _LONG_WORDS * n_words).tolist():
        n_words[row] = count_words(texts[row])
    linked = np.minimum(np.rint(n_words * n_linked / sizes), n_words).astype(np.int64)
    is_link = 2 * linked > n_words
    is_heading = _is_heading()[lines.number[lines.block[:_WITHIN]]]
    is_prose = (n_words >= _PROSE) & ~is_heading & ~is_link
    for row in np.flatnonzero(is_prose).tolist():
        is_prose[row] = texts[row].rstrip(_CLOSING)[-1:] in _STOPS
    return Blocks(n_words, linked, is_link, is_prose, is_heading, lines.around[lines.block[:_WITHIN]])


@cache
def _is_heading() -> NDArray[np.bool_]:
    """Tell by number of a tag in `TAGS` whether it is that of a heading."""
    return np.array([number in _HEADINGS for number in range(max(TAGS.values()) + 1)])


def count_words(text: str) -> int:
    """Count words; in scripts without spaces two letters are one.

    Examples
    --------
    >>> count_words("The ferry sails"), count_words("渡轮周二恢复航行")
    (3, 5)
    """
    n = len(text.split())
    return n if text.isascii() else n + len(_UNSPACED.findall(text)) // 2


def features(page: Page) -> dict[str, float]:
    """Describe a page: a value for each of ``FEATURES``, none missing."""
    return first_features(page) | later_features(page)


def first_features(page: Page) -> dict[str, float]:
    """Describe what a page says of itself, its address and its running prose: a value for each of ``FIRST``."""
    said = _said(page)
    address = _address(page.url)
    title = page.meta.get("og:title") or page.title
    title_words = max((count_words(part) for part in _TITLE_CUT.split(entities.unescape(title))), default=0)
    runs = _runs(page)
    short_title = 0 < title_words <= _SHORT_TITLE
    unclaimed = not (
        said["says_article"] or said["og_article"] or said["body_post"] or _has(page.meta, _known("meta_dated"))
    )
    return (
        said
        | address
        | runs
        | {
            "title_words": math.log1p(title_words),
            "short_title": float(short_title),
            "unclaimed": float(unclaimed and runs["runs_share"] < 0.15),
            "section": float(
                short_title and unclaimed and address["path_slug"] < 1 and address["path_digits"] < _SHORT_TITLE
            ),
        }
    )


def later_features(page: Page) -> dict[str, float]:
    """Describe what is made by templates: a value for each of ``FEATURES`` that is not in ``FIRST``."""
    classes = page.markup.classes.lower()
    text = "".join(page.lines.texts[:_WITHIN])
    n_words = max(int(page.columns.words.sum()), 1)
    return _below(page) | {
        "prices": math.log1p(100 * sum([text.count(sign) for sign in _MONEY]) / n_words),
        **{name: math.log1p(sum(map(classes.count, words))) for name, words in _template_words()},
    }


def _has(meta: Mapping[str, str], names: frozenset[str]) -> bool:
    return any(meta.get(name) for name in names)


def _said(page: Page) -> dict[str, float]:
    """Return what a page says of itself."""

    def number(of: frozenset[str]) -> int:
        return sum([n for name, n in page.types.items() if name in of])

    og = page.meta.get("og:type", "").lower()
    said = {
        "says_article": number(_known("schema_article")) > 0,
        "says_site": not number(_known("schema_article")) and number(_known("schema_site")) > 0,
        "says_forum": number(_known("schema_forum")) > 0,
        "og_article": og in _known("og_article"),
        "og_product": "product" in og,
        "og_site": og in {"website", "webpage"},
        "says_questions": page.types["FAQPage"] > 0,
        "body_post": bool(page.body_classes & _known("body_post")),
        "body_page": "page" in page.body_classes,
        "body_goods": bool(page.body_classes & _known("body_goods")),
        "authored": _has(page.meta, _known("meta_authored")),
    }
    claims = [said[name] for name in ("says_article", "og_article", "body_post", "authored")]
    claims += [_has(page.meta, _known("meta_dated"))]
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
    slug = len([part for part in _SLUG.split(last) if part])
    inside = set(path)
    ends_list = last in _known("path_front") and not _RECORD_NUMBER.search(query)
    return {
        "path_list": float(bool(_known("path_list") & set(path[:-1]))),
        "path_front": float(known and (ends_list or not (path or query))),
        "path_top": float(len(path) == 1),
        "path_goods": float(bool(_known("path_goods") & inside)),
        "path_forum": float(bool(_known("path_forum") & inside)),
        "path_slug": float(slug >= _LONG_SLUG) if known else 0.5,
        "path_date": float(known and _DATE_PATH.search(whole) is not None),
        "path_digits": float(min(sum(letter.isdigit() for letter in last), 9)) if known else 2.0,
    }


def _runs(page: Page) -> dict[str, float]:
    """Describe the running prose: paragraphs after paragraphs, with no more than a word or two between them."""
    prose = page.prose
    return {
        "runs": math.log1p(prose.in_runs),
        "runs_share": prose.in_runs / max(int(page.columns.words.sum()), 1),
        "run_words": math.log1p(prose.in_main),
        "prose_alone": prose.alone / prose.words if prose.words else 1.0,
        "prose_together": prose.together / max(prose.words, 1),
    }


def _below(page: Page) -> dict[str, float]:
    """Describe what stands below the headline, or where there is none, from the main run of prose on."""
    blocks, tags = page.blocks, page.lines.tags()[:_WITHIN]
    headlines = [at for at, tag in enumerate(tags) if tag == _HEADLINE_TAG]
    # Of many first-rank headings the first is the page's; of two it may be the site's name.
    start = page.prose.first if not headlines else headlines[0 if len(headlines) > 2 else -1] + 1
    rest = blocks[start:]
    n_words = n_prose = 0
    for block in rest:
        n_words += block.words
        n_prose += block.words if block.is_prose else 0
        if n_words >= _WINDOW:
            break
    before = third = 0
    for block in rest:
        if block.is_prose:
            before += block.words
        elif block.is_link and 4 <= block.words <= 40:
            third += 1
            if third == 3:
                break
    made = list(zip(tags, _classes_of(page), strict=True))
    # Paragraphs are made alike too, but have no class, or are prose.
    templates = Counter(
        [
            template
            for block, template in zip(blocks, made, strict=True)
            if template[1] and not block.is_prose and block.words > 1
        ]
    )
    often = {template for template, n in templates.items() if n >= _ALIKE}
    below = made[start:]
    repeated = sum(
        [block.words for block, template in zip(rest, below, strict=True) if template in often and not block.is_prose]
    )
    few = before < _FEW
    linked = sum([block.is_link and block.is_heading for block in blocks]) if few else 0
    total = max(sum([block.words for block in rest]), 1)
    return {
        "below_prose": n_prose / max(n_words, 1),
        "first_headings": float(min(len(headlines), 3)),
        "repeated": repeated / total,
        "pattern": _in_patterns(rest, below) / total,
        "cards": math.log1p(max(templates.values(), default=0)) if few else 0.0,
        "linked_headings": math.log1p(linked),
    }


def _classes_of(page: Page) -> list[str]:
    """Return the class of the block of each line."""
    return [page.markup.class_of(block) for block in page.lines.block[:_WITHIN].tolist()]


def _in_patterns(blocks: Sequence[Block], made: Sequence[tuple[int, str]]) -> int:
    """Return the words in patterns of blocks, links among them, that recur; teasers of prose make such too."""
    kinds = [(*template, block.is_link) for block, template in zip(blocks, made, strict=True)]
    patterns = list(zip(kinds, kinds[1:], kinds[2:], strict=False))
    recurring = {
        pattern
        for pattern, n in Counter(patterns).items()
        # Links alone are a menu.
        if n >= _ALIKE and len(set(pattern)) > 1 and any(is_link for _, _, is_link in pattern)
    }
    if not recurring:
        return 0
    inside = {at + ahead for at, pattern in enumerate(patterns) if pattern in recurring for ahead in range(3)}
    return sum([blocks[at].words for at in inside])


@dataclass(frozen=True)
class GenreModel:
    """A logistic regression: standardised features times weights; positive log odds speak against an article.

    A page whose log odds by ``FIRST`` alone, the others as on a page of the mean, are below ``sure`` is an article.
    """

    mean: Mapping[str, float]
    scale: Mapping[str, float]
    weight: Mapping[str, float]
    bias: float
    sure: float

    def parts(self, described: Mapping[str, float]) -> dict[str, float]:
        """Return what each feature that is described adds to the log odds that a page is no article."""
        return {
            name: self.weight[name] * (value - self.mean[name]) / self.scale[name] for name, value in described.items()
        }

    def against(self, described: Mapping[str, float]) -> float:
        """Return the log odds that a page is no article, by the features that are described."""
        return self.bias + sum(self.parts(described).values())

    def article(self, described: Mapping[str, float]) -> float:
        """Return the probability that a page is an article, in [0, 1]."""
        return 1 / (1 + math.exp(min(max(self.against(described), -50.0), 50.0)))


def from_table(table: Mapping[str, Any]) -> GenreModel:
    """Build a model from its plain form; see ``pipelines/train_genre.py``.

    Raises
    ------
    ValueError
        If it is no such model, or describes pages by other features than this version computes.
    """
    try:
        rows, bias, sure = dict(table["features"]), float(table["bias"]), float(table["sure"])
        if sorted(rows) != sorted(FEATURES):
            raise ValueError("genre model: its features are not those of this version. Train it again.")
        columns = {key: {name: float(rows[name][key]) for name in FEATURES} for key in _COLUMNS}
    except (KeyError, TypeError) as error:
        raise ValueError("genre model: this is none.") from error
    numbers = [bias, sure, *(value for column in columns.values() for value in column.values())]
    if not all(map(math.isfinite, numbers)) or min(columns["scale"].values()) <= 0:
        raise ValueError("genre model: a number is not finite, or a scale not positive.")
    return GenreModel(**columns, bias=bias, sure=sure)


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


def judge(page: Page, model: str = "") -> Verdict:
    """Judge whether a page is an article.

    Parameters
    ----------
    page : Page
        What `read` read.
    model : str
        As ``text`` of `genre_model`.

    References
    ----------
    S. Sharoff, Z. Wu, K. Markert, The Web Library of Babel: evaluating genre collections, LREC 2010.
    C. Kohlschütter, P. Fankhauser, W. Nejdl, Boilerplate detection using shallow text features, WSDM 2010.
    """
    weights = genre_model(model)
    described = first_features(page)
    if weights.against(described) < weights.sure:
        return Verdict(weights.article(described), "")
    described |= later_features(page)
    article = weights.article(described)
    if article >= _HALF:
        return Verdict(article, "")
    parts = weights.parts(described)
    strongest = sorted(AGAINST, key=lambda name: (-parts[name], name))[:3]
    reasons = [AGAINST[name] for name in strongest if parts[name] > 0]
    n_headlines = sum(block.is_link and _HEADLINE[0] <= block.words <= _HEADLINE[1] for block in page.blocks)
    n_words = round(math.expm1(described["run_words"]))
    facts = f"{n_headlines} links with headlines, {n_words} words of running prose"
    return Verdict(article, f"no article (p={article:.2f}): {'; '.join([facts, *reasons])}")


def why_no_article(markup: Markup, lines: Lines, url: str = "", model: str = "") -> str:
    """Return in words why a page is no article; empty if it is one. Parameters are those of `read` and `judge`."""
    return judge(read(markup, lines, url), model).why
