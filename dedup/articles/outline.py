"""The lines of a page, each with what the page's HTML says of it.

In: a parsed page and the texts that extractors made of it. Out: an outline: the lines that may be the article's, in
order, with where they stand in the tree (tag, ancestors, class names, what their container holds) and how much of each
every extractor kept. It is wider than any extractor's answer: lines that an extractor dropped are there to be judged.

Rule guarded here: every line of the main extractor's answer is in the outline, whatever the tree looks like.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dedup.tables import load_json

Matrix: TypeAlias = NDArray[np.float32]

_SKIPPED: Final = frozenset(
    [
        "script",
        "style",
        "head",
        "template",
        "svg",
        "iframe",
        "object",
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
    ]
)
# A cell is inline: a row of a table of figures is one line. A cell that holds paragraphs ends lines by these.
_INLINE: Final = frozenset(
    [
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
    ]
)
_TAGS: Final = {
    tag: number
    for number, tag in enumerate(
        [
            "p",
            "li",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "td",
            "th",
            "div",
            "blockquote",
            "figcaption",
            "pre",
            "dt",
            "dd",
            "section",
            "article",
            "button",
            "caption",
        ],
        1,
    )
}
_CONTAINERS: Final = (
    "article",
    "aside",
    "blockquote",
    "figure",
    "footer",
    "form",
    "header",
    "main",
    "nav",
    "ol",
    "section",
    "table",
    "ul",
)
_BIT: Final = {tag: 1 << number for number, tag in enumerate(_CONTAINERS)}

_NAMED_BY: Final = ("class", "id", "role", "itemprop")
_LEVELS: Final = 3

#: Columns of `Outline.layout`. ``own``, ``parent``, ``grand``: the block the line stands in, and the two around it; ``odds``: what
#: the names of the blocks around say, see `block_odds`; ``skipped``: lines left out before this one.
LAYOUT: Final = (
    "trafilatura",
    "resiliparse",
    "link_share",
    "tag",
    "depth",
    "runs",
    *(f"in_{tag}" for tag in _CONTAINERS),
    *(f"{level}_{what}" for level in ("own", "parent", "grand") for what in ("words", "links", "lines", "share")),
    "own_trafilatura",
    "own_resiliparse",
    *(f"odds_{what}" for what in ("least", "most", "sum", "own_least", "own_most", "parent_least", "parent_most")),
    "skipped",
)

_NAME = re.compile(r"[^a-z]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NAME_LETTERS = range(3, 31)

_DEEPEST = 240
"""Elements below this depth are taken as one line; libxml2 itself stops a little later."""
_MOST = 60_000
"""A tree of more elements is not walked: it is no article, or one that an extractor has to find."""
_GRAM = 3
_VOTED = 0.5
"""An extractor keeps a line if it has this share of the line's word trigrams."""
_SHORTEST = 25
"""A line of fewer letters is no sign that the article is near: menus and articles share them."""
_SENTENCE = 60
"""From this many letters on a line that ends like a sentence may be the article's though no extractor has it."""
_LINKED = 0.6
_REACH = 3
"""So many lines around such a sign are judged."""
_MARKS = frozenset("|-•*–")
_CLOSING = "\"”’»)]' "
_ENDS = tuple(".!?…。！？।؟")


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """The lines of a page that may be its article's.

    ``lines``: one string each, without line breaks; ``layout``: float32, shape (n_lines, len(LAYOUT)).
    """

    lines: tuple[str, ...] = ()
    layout: Matrix = field(default_factory=lambda: np.empty((0, len(LAYOUT)), dtype=np.float32))


@dataclass(slots=True)
class Line:
    """A line of text, with the letters of it that are links and the number of text nodes it was put together from."""

    text: str
    linked: int
    runs: int
    block: "Block"


@dataclass(slots=True, eq=False)
class Block:
    """A block element as its lines see it.

    ``inside`` is a bit set of the containers it is in, ``odds`` the columns of `LAYOUT` of that name; ``names`` holds the values of
    class, id, role and itemprop.
    """

    parent: "Block | None"
    names: str = ""
    tag: int = 0
    inside: int = 0
    depth: int = 0
    odds: tuple[float, ...] = (0.0,) * 7


def names_in(attributes: str) -> frozenset[str]:
    """Return the names that the values of ``class``, ``id`` and the like hold: each as a whole, and its words.

    Examples
    --------
    >>> sorted(names_in("entry-content storyBody"))
    ['body', 'content', 'entry', 'entry-content', 'story', 'storybody']
    """
    found = set(attributes.lower().split()) | set(_NAME.split(_CAMEL.sub(" ", attributes).lower()))
    return frozenset(name for name in found if len(name) in _NAME_LETTERS)


@lru_cache(maxsize=50_000)
def block_odds(attributes: str) -> tuple[float, ...]:
    """Return the log odds, learned on labelled pages, that a block with these names holds the article's lines."""
    known: Mapping[str, float] = load_json("block_names.json")["odds"]
    return tuple(sorted(known[name] for name in names_in(attributes) if name in known))


class _Walk:
    """One pass over a tree, which gathers its lines."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.elements = 0
        self._parts: list[str] = []
        self._linked = 0
        self._runs = 0

    def element(self, element: Any, block: Block, level: int, *, linked: bool) -> None:
        tag = element.tag
        if not isinstance(tag, str) or tag in _SKIPPED:
            return
        self.elements += 1
        if self.elements > _MOST:
            return
        if tag == "br":
            self._end(block)
            return
        outer = block
        if tag not in _INLINE:
            self._end(block)
            block = self._block(element, tag, block)
        elif tag == "a":
            linked = True
        elif tag in ("td", "th") and self._parts:
            self._parts.append(" | ")
        self._text(element.text, linked=linked)
        if level < _DEEPEST:
            for child in element:
                self.element(child, block, level + 1, linked=linked)
                self._text(child.tail, linked=linked)
        else:
            self._text(" ".join(islice(element.itertext(), 1, _MOST)), linked=linked)
        if block is not outer:
            self._end(block)

    def _text(self, text: str | None, *, linked: bool) -> None:
        if text:
            self._parts.append(text)
            self._runs += 1
            if linked:
                self._linked += len(text.strip())

    def _end(self, block: Block) -> None:
        if not self._parts:
            return
        text = " ".join("".join(self._parts).split()).strip("| ")
        if text:
            self.lines.append(Line(text, self._linked, self._runs, block))
        self._parts.clear()
        self._linked = self._runs = 0

    @staticmethod
    def _block(element: Any, tag: str, outer: Block) -> Block:
        attributes = element.attrib
        names = " ".join([attributes.get(name, "")[:200] for name in _NAMED_BY]).strip() if attributes else ""
        # The whole page is often called "post" or "no-sidebar".
        odds = block_odds(names) if names and tag != "body" else ()
        least, most, total, own_least, own_most, _, _ = outer.odds
        return Block(
            outer,
            names,
            _TAGS.get(tag, outer.tag),
            outer.inside | _BIT.get(tag, 0),
            outer.depth + 1,
            (min(least, odds[0]), max(most, odds[-1]), total + sum(odds), odds[0], odds[-1], own_least, own_most)
            if odds
            else (least, most, total, 0.0, 0.0, own_least, own_most),
        )


def lines_of(tree: Any) -> list[Line]:
    """Return the lines of a tree in order: a block element, a row of a table or a ``br`` ends a line."""
    body = tree.find("body") if tree.tag == "html" else tree
    walk = _Walk()
    if body is not None:
        walk.element(body, Block(None), 0, linked=False)
    return walk.lines if walk.elements <= _MOST else []


def _tokens(line: str) -> list[str]:
    return [token for token in line.split() if token not in _MARKS]


def _grams(tokens: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(tokens[start:] for start in range(_GRAM)), strict=False)


def _kept(lines: Iterable[Sequence[str]], answer: str) -> list[float]:
    """Return the share of each line's trigrams that an extractor's answer has; a shorter line is there as a whole."""
    grams: set[tuple[str, ...]] = set()
    whole: set[str] = set()
    for line in answer.split("\n"):
        tokens = _tokens(line)
        grams.update(_grams(tokens))
        whole.add(" ".join(tokens))
    return [
        sum(map(grams.__contains__, _grams(tokens))) / (len(tokens) - _GRAM + 1)
        if len(tokens) >= _GRAM
        else float(" ".join(tokens) in whole)
        for tokens in lines
    ]


def _missing(lines: Sequence[Sequence[str]], answer: str) -> list[tuple[int, str]]:
    """Return the lines of an answer that the page's lines do not hold, with the number of the line they stand before."""
    whole = {" ".join(tokens) for tokens in lines}
    held: set[tuple[str, ...]] = set()
    for tokens in lines:
        held.update(_grams(tokens))

    def is_there(tokens: Sequence[str]) -> bool:
        n = len(tokens) - _GRAM + 1
        return n < 1 or sum(map(held.__contains__, _grams(tokens))) >= _VOTED * n

    answers = [(line, _tokens(line)) for line in answer.split("\n")]
    if all(is_there(tokens) for _, tokens in answers):
        return []
    first: dict[tuple[str, ...], int] = {}
    for number, tokens in enumerate(lines):
        for gram in _grams(tokens):
            first.setdefault(gram, number)
    at = 0
    missing = []
    for line, tokens in answers:
        cells = [cell_ for cell in line.split("|") if (cell_ := _tokens(cell))] if "|" in line else []
        if sum(" ".join(cell) in whole or any(gram in first for gram in _grams(cell)) for cell in cells) * 2 > len(
            cells
        ):
            continue
        if not is_there(tokens):
            missing.append((at, " ".join(line.split()).strip("| ")))
        elif found := sorted(first[gram] for gram in _grams(tokens) if gram in first):
            at = found[len(found) // 2] + 1
    return missing


@dataclass(frozen=True, slots=True)
class Candidates:
    """The lines of a page, and which of them (``chosen``, positions) may be the article's.

    ``votes``: shape (2, n_lines), share of each line that the extractors kept; ``link_share``: shape (n_lines,).
    """

    lines: list[Line]
    votes: Matrix
    link_share: Matrix
    chosen: NDArray[np.intp]


def candidates(tree: Any, main: str, second: str = "") -> Candidates:
    """Find the lines of a page that may be its article's: those that an extractor has or that read so, and those near.

    Parameters are those of `outline`.
    """
    found = lines_of(tree) if tree is not None else []
    for at, text in reversed(_missing([_tokens(line.text) for line in found], main)):
        beside = found[min(max(at - 1, 0), len(found) - 1)].block if found else Block(None)
        found.insert(at, Line(text, 0, 1, beside))
    tokens = [_tokens(line.text) for line in found]
    votes = np.array([_kept(tokens, main), _kept(tokens, second)], dtype=np.float32)
    size = np.array([len(line.text) for line in found])
    link_share = np.array([min(line.linked / len(line.text), 1.0) for line in found], dtype=np.float32)
    ends = np.array([line.text.rstrip(_CLOSING).endswith(_ENDS) for line in found], dtype=bool)
    signs = ((votes > _VOTED).any(axis=0) & (size >= _SHORTEST)) | (ends & (size >= _SENTENCE) & (link_share < _LINKED))
    if not signs.any():
        return Candidates(found, votes, link_share, np.empty(0, dtype=np.intp))
    near = np.convolve(signs, np.ones(2 * _REACH + 1), mode="full")[_REACH : _REACH + len(found)] > 0
    return Candidates(found, votes, link_share, np.flatnonzero(near))


def outline(tree: Any, main: str, second: str = "") -> Outline:
    """Outline a page.

    Parameters
    ----------
    tree : lxml element or None
        The page; None where it could not be parsed, which leaves the lines of ``main``.
    main : str
        What trafilatura made of the page.
    second : str
        What resiliparse made of it.
    """
    page = candidates(tree, main, second)
    if not len(page.chosen):
        return Outline()
    n_words = np.array([line.text.count(" ") + 1 for line in page.lines], dtype=float)
    around = _blocks(page, n_words)
    skipped = np.minimum(np.diff(page.chosen, prepend=-1) - 1, 50)
    layout = []
    for row, gap in zip(page.chosen.tolist(), skipped.tolist(), strict=True):
        line = page.lines[row]
        block = line.block
        told = (*page.votes[:, row].tolist(), page.link_share[row], block.tag, block.depth, line.runs)
        layout.append((*told, *_bits(block.inside, len(_CONTAINERS)), *around[row], *block.odds, gap))
    return Outline(tuple(page.lines[row].text for row in page.chosen.tolist()), np.array(layout, dtype=np.float32))


@lru_cache(maxsize=20_000)
def _bits(bits: int, n: int) -> tuple[int, ...]:
    return tuple(bits >> number & 1 for number in range(n))


def _blocks(page: Candidates, n_words: NDArray[np.float64]) -> dict[int, list[float]]:
    """Return, by chosen line, what its block and the two around it hold, and how much of its block the extractors kept."""
    total = max(float(n_words.sum()), 1.0)
    sums: dict[Block, list[float]] = {}
    linked = (n_words * page.link_share).tolist()
    kept = ((page.votes > _VOTED) * n_words).T.tolist()
    for line, words, links, (main, second) in zip(page.lines, n_words.tolist(), linked, kept, strict=True):
        block: Block | None = line.block
        for level in range(_LEVELS):
            if block is None:
                break
            held = sums.get(block)
            if held is None:
                held = sums[block] = [0.0] * (3 * _LEVELS + 2)
            at = 3 * level
            held[at] += words
            held[at + 1] += links
            held[at + 2] += 1.0
            if not level:
                held[-2] += main
                held[-1] += second
            block = block.parent
    made = {}
    for row in page.chosen.tolist():
        block = own = page.lines[row].block
        values: list[float] = []
        for level in range(_LEVELS):
            words, links, n = sums[block][3 * level : 3 * level + 3]
            values += [math.log1p(words), links / max(words, 1.0), min(n, 100.0), words / total]
            if block.parent is None:
                values += values[-4:] * (_LEVELS - 1 - level)
                break
            block = block.parent
        held = sums[own]
        made[row] = [*values, held[-2] / max(held[0], 1.0), held[-1] / max(held[0], 1.0)]
    return made
