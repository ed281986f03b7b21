"""The lines of a page, each with what the page's HTML says of it.

In: a parsed page and the texts that extractors made of it. Out: an outline: the lines that may be the article's, in
order, with where they stand in the tree (tag, ancestors, class names, what their container holds) and how much of each
every extractor kept. It is wider than any extractor's answer: lines that an extractor dropped are there to be judged.

Rule guarded here: every line of the main extractor's answer is in the outline, whatever the tree looks like.
"""

import math
import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dedup.articles.gram import Numbers, grams_of, numbering
from dedup.articles.normalize import UNSPACED
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
#: Numbers of block elements, as `Block.tag` has them; an element that is not listed has that of the one around.
TAGS: Final = {
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

_NAMED_BY: Final = frozenset(["class", "id", "role", "itemprop"])
_NAMES_LETTERS: Final = 200
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
_UNSPACED = re.compile(f"[{UNSPACED}]")
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
    """A block element as its lines see it; ``inside`` is a bit set of the containers it is in."""

    parent: "Block | None"
    element: Any = None
    tag: int = 0
    inside: int = 0
    depth: int = 0

    @property
    def names(self) -> str:
        """The values of class, id, role and itemprop."""
        if self.element is None:
            return ""
        return " ".join([value[:_NAMES_LETTERS] for name, value in self.element.items() if name in _NAMED_BY])


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


#: What is told of a block with no name around it.
NO_ODDS: Final = (0.0,) * 7


def odds_inside(around: tuple[float, ...], own: Sequence[float]) -> tuple[float, ...]:
    """Return the columns of `LAYOUT` that are called odds, from those of the block around and the sorted odds of a block's names."""
    least, most, total, own_least, own_most, _, _ = around
    if not own:
        return (least, most, total, 0.0, 0.0, own_least, own_most)
    return (min(least, own[0]), max(most, own[-1]), total + sum(own), own[0], own[-1], own_least, own_most)


def _odds(block: Block, known: dict[Block, tuple[float, ...]]) -> tuple[float, ...]:
    """Return the columns of `LAYOUT` that are called odds."""
    found = known.get(block)
    if found is not None:
        return found
    around = _odds(block.parent, known) if block.parent else NO_ODDS
    # The whole page is often called "post" or "no-sidebar".
    own = block_odds(names) if (names := block.names) and block.element.tag != "body" else ()
    known[block] = found = odds_inside(around, own)
    return found


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
        if tag in _SKIPPED or not isinstance(tag, str):
            return
        self.elements += 1
        if self.elements > _MOST:
            return
        if tag == "br":
            self._end(block)
            return
        outer = block
        if tag not in _INLINE:
            if self._parts:
                self._end(block)
            block = Block(outer, element, TAGS.get(tag, outer.tag), outer.inside | _BIT.get(tag, 0), outer.depth + 1)
        elif tag == "a":
            linked = True
        elif tag in ("td", "th") and self._parts:
            self._parts.append(" | ")
        if text := element.text:
            self._text(text, linked=linked)
        inner = self.element if level < _DEEPEST else self._flat
        for child in element:
            inner(child, block, level + 1, linked=linked)
            if text := child.tail:
                self._text(text, linked=linked)
        if block is not outer and self._parts:
            self._end(block)

    def _flat(self, element: Any, _block: Block, _level: int, *, linked: bool) -> None:
        waiting = [element]
        while waiting:
            inner = waiting.pop()
            if isinstance(inner, str):
                self._text(f" {inner} ", linked=linked)
            elif isinstance(inner.tag, str) and inner.tag not in _SKIPPED:
                for child in reversed(inner):
                    waiting += [part for part in (child.tail, child) if part is not None]
                waiting += [inner.text] if inner.text else []
            # A comment has no text to read, but its tail waits already.

    def _text(self, text: str, *, linked: bool) -> None:
        self._parts.append(text)
        self._runs += 1
        if linked:
            self._linked += len(text.strip())

    def _end(self, block: Block) -> None:
        text = " ".join("".join(self._parts).split()).strip("| ")
        if text:
            self.lines.append(Line(text, self._linked, self._runs, block))
        self._parts.clear()
        self._linked = self._runs = 0


def lines_of(tree: Any) -> list[Line]:
    """Return the lines of a tree in order: a block element, a row of a table or a ``br`` ends a line."""
    body = tree.find("body") if tree.tag == "html" else tree
    walk = _Walk()
    if body is not None:
        walk.element(body, Block(None), 0, linked=False)
    return walk.lines if walk.elements <= _MOST else []


def _tokens(line: str) -> list[str]:
    """Return the words of a line, and its letters where it is written without spaces."""
    if not line.isascii() and _UNSPACED.search(line):
        line = _UNSPACED.sub(r" \g<0> ", line)
    return [token for token in line.split() if token not in _MARKS]


class _Texts:
    """Lines as runs of words, to be compared with others of one vocabulary.

    ``grams`` holds the word trigrams of all lines as numbers, ``of`` the line of each, ``n`` how many a line has; ``whole`` the
    lines as strings.
    """

    def __init__(self, lines: Sequence[str], vocabulary: Numbers) -> None:
        tokens = [_tokens(line) for line in lines]
        self.whole = [" ".join(line) for line in tokens]
        self.grams, self.of, self.n, self.sizes = grams_of(tokens, _GRAM, vocabulary)

    def share(self, held: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the share of each line's trigrams that are among ``held``; 0 for a line without any."""
        hits = np.bincount(self.of, weights=_among(self.grams, held), minlength=len(self.n))
        return hits / np.maximum(self.n, 1)


def _among(grams: NDArray[np.int64], held: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which numbers are among those held; for so few a search is faster than ``np.isin``."""
    if not len(held):
        return np.zeros(len(grams), dtype=bool)
    held = np.sort(held)
    found: NDArray[np.bool_] = held[np.minimum(np.searchsorted(held, grams), len(held) - 1)] == grams
    return found


def _kept(lines: _Texts, answer: _Texts) -> NDArray[np.float64]:
    """Return the share of each line's trigrams that an extractor's answer has; a shorter line is there as a whole."""
    kept = lines.share(answer.grams)
    whole = set(answer.whole)
    short = np.flatnonzero(lines.n == 0).tolist()
    kept[short] = [lines.whole[row] in whole for row in short]
    return kept


class _Places:
    """Where the lines of a page are that hold what an extractor's answer has."""

    def __init__(self, lines: _Texts, vocabulary: Numbers) -> None:
        self._vocabulary = vocabulary
        self._gram, at = np.unique(lines.grams, return_index=True)
        self._line = lines.of[at]
        self._whole: dict[str, list[int]] = {}
        for row, whole in enumerate(lines.whole):
            self._whole.setdefault(whole, []).append(row)

    def of(self, grams: NDArray[np.int64]) -> NDArray[np.intp]:
        """Return, for each trigram, the first line that has it, or -1."""
        if not len(self._gram):
            return np.full(len(grams), -1)
        at = np.minimum(np.searchsorted(self._gram, grams), len(self._gram) - 1)
        return np.where(self._gram[at] == grams, self._line[at], -1)

    def of_whole(self, whole: str, at: int) -> int:
        """Return the first line from ``at`` on that is just this, else the last one before, or -1."""
        rows = self._whole.get(whole, [])
        return next((row for row in rows if row >= at), rows[-1] if rows else -1)

    def of_cells(self, row: str) -> list[int]:
        """Return the lines of the cells of a table's row; none if most of them are not on the page."""
        cells = [cell for cell in row.split("|") if _tokens(cell)]
        if not cells:
            return []
        known = _Texts(cells, self._vocabulary)
        found = []
        for number, whole in enumerate(known.whole):
            line = self.of_whole(whole, 0)
            if line < 0:
                line = max(self.of(known.grams[known.of == number]).tolist(), default=-1)
            found += [line] if line >= 0 else []
        return found if 2 * len(found) > len(cells) else []


def _placed(
    lines: _Texts, answer: Sequence[str], texts: _Texts, vocabulary: Numbers
) -> tuple[list[tuple[int, str]], list[tuple[int, list[int]]]]:
    """Find the lines of an answer on the page.

    Returns
    -------
    missing : list of (int, str)
        The lines that the page's do not hold, each with the number of the line it stands before, in order.
    held : list of (int, list of int)
        The other lines, by number, each with the lines of the page that hold it.
    """
    places = _Places(lines, vocabulary)
    is_there = texts.share(lines.grams) >= _VOTED
    lines_of_grams = places.of(texts.grams)
    starts = np.searchsorted(texts.of, np.arange(len(answer) + 1)).tolist()
    at = 0
    missing, held = [], []
    for number, line in enumerate(answer):
        if not texts.sizes[number]:
            continue
        if not texts.n[number] and (row := places.of_whole(texts.whole[number], at)) >= 0:
            # Short lines stand in menus too: this one stands after what came before it, and moves nothing.
            held.append((number, [row]))
            continue
        if "|" in line and (cells := places.of_cells(line)):
            held.append((number, cells))
        elif not is_there[number]:
            if text := " ".join(line.split()).strip("| "):
                missing.append((at, text))
        else:
            found = sorted(row for row in lines_of_grams[starts[number] : starts[number + 1]].tolist() if row >= 0)
            at = found[len(found) // 2] + 1
            held.append((number, found))
    return missing, held


@dataclass(frozen=True, slots=True)
class Candidates:
    """The lines of a page, and which of them (``chosen``, positions) may be the article's.

    ``votes``: shape (2, n_lines), share of each line that the extractors kept; ``link_share``: shape (n_lines,).
    """

    lines: list[Line]
    votes: Matrix
    link_share: Matrix
    chosen: NDArray[np.intp]


def candidates(tree: Any, main: str, second: str = "", walked: Sequence[Line] | None = None) -> Candidates:
    """Find the lines of a page that may be its article's: those that an extractor has or that read so, and those near.

    Parameters are those of `outline`.
    """
    found = list(walked) if walked is not None else lines_of(tree) if tree is not None else []
    vocabulary = numbering()
    answer = main.split("\n")
    texts = _Texts(answer, vocabulary)
    lines = _Texts([line.text for line in found], vocabulary)
    missing, held = _placed(lines, answer, texts, vocabulary)
    added = np.empty(0, dtype=np.intp)
    if missing:
        found, moved = _with_missing(found, missing)
        added = np.setdiff1d(np.arange(len(found)), moved)
        held = [(number, [moved[row] for row in rows]) for number, rows in held]
        lines = _Texts([line.text for line in found], vocabulary)
    others = _Texts(second.split("\n"), vocabulary)
    votes = np.array([_kept(lines, texts), _kept(lines, others)], dtype=np.float32)
    size = np.array([_size(line.text) for line in found])
    link_share = np.array([min(line.linked / len(line.text), 1.0) for line in found], dtype=np.float32)
    ends = np.array([line.text.rstrip(_CLOSING).endswith(_ENDS) for line in found], dtype=bool)
    signs = ((votes > _VOTED).any(axis=0) & (size >= _SHORTEST)) | (ends & (size >= _SENTENCE) & (link_share < _LINKED))
    near = np.zeros(len(found), dtype=bool)
    if signs.any():
        near = np.convolve(signs, np.ones(2 * _REACH + 1), mode="full")[_REACH : _REACH + len(found)] > 0
    near[added] = True
    chosen = near[lines.of]
    kept = texts.share(lines.grams[chosen])
    for number, rows in held:
        if kept[number] < _VOTED:
            near[rows] = True
    if not near.any() and found and tree is not None and main.strip():
        # The answer is words that stand nowhere on the page as it was walked.
        return candidates(None, main, second)
    return Candidates(found, votes, link_share, np.flatnonzero(near))


def _with_missing(found: Sequence[Line], missing: Sequence[tuple[int, str]]) -> tuple[list[Line], list[int]]:
    """Put lines before those of the given numbers, and tell where each of the lines has moved."""
    made: list[Line] = []
    moved = []
    waiting = deque(sorted(missing, key=itemgetter(0)))
    for row in range(len(found) + 1):
        while waiting and waiting[0][0] <= row:
            beside = found[min(max(row - 1, 0), len(found) - 1)].block if found else Block(None)
            text = waiting.popleft()[1]
            made.append(Line(text, 0, 1, beside))
        if row < len(found):
            moved.append(len(made))
            made.append(found[row])
    return made, moved


def _size(line: str) -> int:
    """Return the letters of a line; one of a script without spaces says as much as three."""
    return len(line) if line.isascii() else len(line) + 2 * len(_UNSPACED.findall(line))


def outline(tree: Any, main: str, second: str = "", walked: Sequence[Line] | None = None) -> Outline:
    """Outline a page.

    Parameters
    ----------
    tree : lxml element or None
        The page; None where it could not be parsed, which leaves the lines of ``main``.
    main : str
        What trafilatura made of the page.
    second : str
        What resiliparse made of it.
    walked : sequence of Line, optional
        The lines of the tree, where `lines_of` has been asked for them before.
    """
    page = candidates(tree, main, second, walked)
    if not len(page.chosen):
        return Outline()
    n_words = np.array([line.text.count(" ") + 1 for line in page.lines], dtype=float)
    around = _blocks(page, n_words)
    skipped = np.minimum(np.diff(page.chosen, prepend=-1) - 1, 50)
    known: dict[Block, tuple[float, ...]] = {}
    layout = []
    for row, gap in zip(page.chosen.tolist(), skipped.tolist(), strict=True):
        line = page.lines[row]
        block = line.block
        told = (*page.votes[:, row].tolist(), page.link_share[row], block.tag, block.depth, line.runs)
        layout.append((*told, *_bits(block.inside, len(_CONTAINERS)), *around[row], *_odds(block, known), gap))
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
