"""The lines of a page, each with what the page's HTML says of it.

In: a parsed page and the texts that extractors made of it. Out: an outline: the lines that may be the article's, in
order, with where they stand in the tree (tag, ancestors, class names, what their container holds) and how much of each
every extractor kept. It is wider than any extractor's answer: lines that an extractor dropped are there to be judged.

Rule guarded here: every line of the main extractor's answer is in the outline, whatever the tree looks like.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from operator import itemgetter
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dedup.articles.letters import table
from dedup.articles.markup import NUMBER_OF, TAG_NAMES, Markup, hashed, tables, text_of_codes
from dedup.articles.normalize import UNSPACED
from dedup.articles.spelling import codes_of
from dedup.keys import among
from dedup.tables import load_json

Matrix: TypeAlias = NDArray[np.float32]
Ints: TypeAlias = NDArray[np.int32]

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

#: Columns of `Outline.layout`. ``own``, ``parent``, ``grand``: the block the line stands in, and the two around it; ``odds``: what
#: the names of the blocks around say, see `odds_inside`; ``skipped``: lines left out before this one.
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

_MOST = 150_000
"""The lines of a page of more elements are not looked at: it is no article, or one that an extractor has to find."""
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


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """The lines of a page, and the blocks they stand in.

    Attributes
    ----------
    texts : list of str
        Without line breaks, none empty.
    sizes, words : ndarray of int32, shape (n_lines,)
        The letters of each, and its words as spaces part them.
    linked, runs : ndarray of int32, shape (n_lines,)
        The letters of each that are links, and the number of texts it was put together from.
    block : ndarray of int32, shape (n_lines,)
        The node that each stands in.
    around, number, inside, deep : ndarray of int32, shape (n_nodes,)
        Of each node that is a block: the block around it (-1: none), its number in `TAGS`, or that of the one around it, a bit set of the containers it is in,
        and how many blocks are around it.
    odds : ndarray of float64, shape (n_nodes, 7)
        What the names of the blocks around say: the columns of `LAYOUT` that are called odds.
    page : Markup or None
        What they were read from.
    """

    texts: list[str]
    sizes: Ints
    words: Ints
    linked: Ints
    runs: Ints
    block: Ints
    around: Ints
    number: Ints
    inside: Ints
    deep: Ints
    odds: NDArray[np.float64]
    page: Markup | None = None

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def link_share(self) -> NDArray[np.float64]:
        """The share of each line's letters that are links."""
        share: NDArray[np.float64] = np.minimum(self.linked / np.maximum(self.sizes, 1.0), 1.0)
        return share

    def tags(self) -> list[int]:
        """Return the number of the block of each line in `TAGS`."""
        found: list[int] = self.number[self.block].tolist()
        return found

    def names_above(self, line: int) -> list[str]:
        """Return the values of class, id, role and itemprop of the blocks around a line, the nearest first; empty where there are none."""
        found = []
        block = int(self.block[line])
        while block >= 0 and self.page is not None:
            named = self.page.tag[block] >= 0 and TAG_NAMES[self.page.tag[block]] != "body"
            found.append(" ".join(_names(self.page, block)) if named else "")
            block = int(self.around[block])
        return found


def _names(page: Markup, block: int) -> list[str]:
    return [value[:_NAMES_LETTERS] for name, value in page.attributes(block).items() if name in _NAMED_BY]


def no_lines() -> Lines:
    """Return the lines of no page."""
    none, root = np.empty(0, dtype=np.int32), np.zeros(1, dtype=np.int32)
    return Lines([], none, none, none, none, none, root - 1, root, root, root, np.zeros((1, len(NO_ODDS))))


def names_in(attributes: str) -> frozenset[str]:
    """Return the names that the values of ``class``, ``id`` and the like hold: each as a whole, and its words.

    Examples
    --------
    >>> sorted(names_in("entry-content storyBody"))
    ['body', 'content', 'entry', 'entry-content', 'story', 'storybody']
    """
    found = set(attributes.lower().split()) | set(_NAME.split(_CAMEL.sub(" ", attributes).lower()))
    return frozenset(name for name in found if len(name) in _NAME_LETTERS)


@cache
def _known_odds() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the hashes of the names of blocks, as a kernel looks them up, and the log odds, learned on labelled pages, that a block with one holds the article's lines."""
    from dedup.compiled import tabulate

    known: Mapping[str, float] = load_json("block_names.json")["odds"]
    table_of, number = tabulate(hashed(list(known), folds=True), np.arange(len(known)))
    return table_of, np.array([*known.values()], dtype=np.float64)[number]


#: What is told of a block with no name around it.
NO_ODDS: Final = (0.0,) * 7


def odds_inside(around: tuple[float, ...], own: Sequence[float]) -> tuple[float, ...]:
    """Return the columns of `LAYOUT` that are called odds, from those of the block around and the sorted odds of a block's names."""
    least, most, total, own_least, own_most, _, _ = around
    if not own:
        return (least, most, total, 0.0, 0.0, own_least, own_most)
    return (min(least, own[0]), max(most, own[-1]), total + sum(own), own[0], own[-1], own_least, own_most)


@cache
def _by_tag() -> tuple[Ints, Ints]:
    """Return by number of a tag its number in `TAGS`, or 0, and its bit as a container, or 0."""
    numbers = np.array([TAGS.get(name, 0) for name in TAG_NAMES], dtype=np.int32)
    return numbers, np.array([_BIT.get(name, 0) for name in TAG_NAMES], dtype=np.int32)


def lines_of(page: Markup) -> Lines:
    """Return the lines of a page in order: a block element, a row of a table or a ``br`` ends a line."""
    from dedup import markup_kernels as loops

    if np.count_nonzero(page.tag >= 0) > _MOST:
        return no_lines()
    body = page.body
    root = body.at if body is not None else 0
    letters, start, end, linked, runs, n_words, block, around, number, inside, deep = loops.lines(
        page.tag, page.last, page.start, page.end, page.letters, tables().kinds, *_by_tag(), table(), root
    )
    told = loops.odds(page.codes, page.tag, around, page.start, page.end, *_known_odds(), root, NUMBER_OF["body"])
    text = text_of_codes(letters)
    texts = [text[first:after] for first, after in zip(start.tolist(), end.tolist(), strict=True)]
    sizes = (end - start).astype(np.int32)
    return Lines(texts, sizes, n_words, linked, runs, block, around, number, inside, deep, told, page)


class _Texts:
    """Lines as runs of words, to be compared with others.

    ``grams`` holds the hashes of the word trigrams of all lines, ``of`` the line of each, ``n`` how many a line has, ``sizes`` its words; ``whole``
    the hash of each line.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        from dedup import line_kernels

        self.grams: NDArray[np.int64]
        self.of: NDArray[np.int64]
        self.n: NDArray[np.int64]
        self.sizes: NDArray[np.int64]
        codes = codes_of("\n".join([*lines, ""]))
        self.grams, self.of, self.n, self.sizes, whole = line_kernels.grams(codes, table(), _GRAM)
        self.whole: list[int] = whole.tolist()

    def share(self, held: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the share of each line's trigrams that are among ``held``; 0 for a line without any."""
        hits = np.bincount(self.of, weights=among(self.grams, held), minlength=len(self.n))
        return hits / np.maximum(self.n, 1)


def _kept(lines: _Texts, answer: _Texts) -> NDArray[np.float64]:
    """Return the share of each line's trigrams that an extractor's answer has; a shorter line is there as a whole."""
    kept = lines.share(answer.grams)
    whole = set(answer.whole)
    short = np.flatnonzero(lines.n == 0).tolist()
    kept[short] = [lines.whole[row] in whole for row in short]
    return kept


class _Places:
    """Where the lines of a page are that hold what an extractor's answer has."""

    def __init__(self, lines: _Texts) -> None:
        self._gram, at = np.unique(lines.grams, return_index=True)
        self._line = lines.of[at]
        self._whole: dict[int, list[int]] = {}
        for row, whole in enumerate(lines.whole):
            self._whole.setdefault(whole, []).append(row)

    def of(self, grams: NDArray[np.int64]) -> NDArray[np.intp]:
        """Return, for each trigram, the first line that has it, or -1."""
        if not len(self._gram):
            return np.full(len(grams), -1)
        at = np.minimum(np.searchsorted(self._gram, grams), len(self._gram) - 1)
        return np.where(self._gram[at] == grams, self._line[at], -1)

    def of_whole(self, whole: int, at: int) -> int:
        """Return the first line from ``at`` on that is just this, else the last one before, or -1."""
        rows = self._whole.get(whole, [])
        return next((row for row in rows if row >= at), rows[-1] if rows else -1)

    def of_cells(self, row: str) -> list[int]:
        """Return the lines of the cells of a table's row; none if most of them are not on the page."""
        cells = _Texts(row.split("|"))
        n_cells, found = 0, list[int]()
        for number, whole in enumerate(cells.whole):
            if not cells.sizes[number]:
                continue
            n_cells += 1
            line = self.of_whole(whole, 0)
            if line < 0:
                line = max(self.of(cells.grams[cells.of == number]).tolist(), default=-1)
            found += [line] if line >= 0 else []
        return found if 2 * len(found) > n_cells else []


def _placed(
    lines: _Texts, answer: Sequence[str], texts: _Texts
) -> tuple[list[tuple[int, str]], list[tuple[int, list[int]]]]:
    """Find the lines of an answer on the page.

    Returns
    -------
    missing : list of (int, str)
        The lines that the page's do not hold, each with the number of the line it stands before, in order.
    held : list of (int, list of int)
        The other lines, by number, each with the lines of the page that hold it.
    """
    places = _Places(lines)
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

    ``votes``: shape (2, n_lines), share of each line that the extractors kept, -1 where none was asked.
    """

    lines: Lines
    votes: Matrix
    chosen: NDArray[np.intp]


def candidates(page: Markup | None, main: str, second: str = "", walked: Lines | None = None) -> Candidates:
    """Find the lines of a page that may be its article's: those that an extractor has or that read so, and those near.

    Parameters are those of `outline`.
    """
    found = walked if walked is not None else lines_of(page) if page is not None else no_lines()
    answer = main.split("\n")
    texts = _Texts(answer)
    lines = _Texts(found.texts)
    missing, held = _placed(lines, answer, texts)
    added = np.empty(0, dtype=np.intp)
    if missing:
        found, moved = _with_missing(found, missing)
        added = np.setdiff1d(np.arange(len(found)), moved)
        held = [(number, [moved[row] for row in rows]) for number, rows in held]
        lines = _Texts(found.texts)
    others = _Texts(second.split("\n"))
    votes = np.array([_kept(lines, texts), _kept(lines, others)], dtype=np.float32)
    sizes = np.array([_size(text) for text in found.texts])
    signs = ((votes > _VOTED).any(axis=0) & (sizes >= _SHORTEST)) | reads_so(found)
    is_near = near(signs)
    is_near[added] = True
    chosen = is_near[lines.of]
    kept = texts.share(lines.grams[chosen])
    for number, rows in held:
        if kept[number] < _VOTED:
            is_near[rows] = True
    if not is_near.any() and len(found) and page is not None and main.strip():
        # The answer is words that stand nowhere on the page as it was walked.
        return candidates(None, main, second)
    return Candidates(found, votes, np.flatnonzero(is_near))


def reads_so(lines: Lines) -> NDArray[np.bool_]:
    """Tell which lines end like a sentence, and are long enough and not links."""
    found: NDArray[np.bool_] = (3 * lines.sizes >= _SENTENCE) & (lines.link_share < _LINKED)
    for row in np.flatnonzero(found).tolist():
        text = lines.texts[row]
        found[row] = _size(text) >= _SENTENCE and text.rstrip(_CLOSING).endswith(_ENDS)
    return found


def near(signs: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which lines are at most ``_REACH`` from a sign."""
    if not signs.any():
        return np.zeros(len(signs), dtype=bool)
    return np.convolve(signs, np.ones(2 * _REACH + 1), mode="full")[_REACH : _REACH + len(signs)] > 0


def _with_missing(found: Lines, missing: Sequence[tuple[int, str]]) -> tuple[Lines, list[int]]:
    """Put lines before those of the given numbers, and tell where each of the lines has moved."""
    waiting = sorted(missing, key=itemgetter(0))
    at = [min(row, len(found)) for row, _ in waiting]
    texts = found.texts.copy()
    for before, (row, (_, text)) in enumerate(zip(at, waiting, strict=True)):
        texts.insert(row + before, text)
    beside = np.array([min(max(row - 1, 0), len(found) - 1) for row in at])
    block = np.insert(found.block, at, found.block[beside] if len(found) else 0)
    added = [text for _, text in waiting]
    made = replace(
        found,
        texts=texts,
        sizes=np.insert(found.sizes, at, list(map(len, added))),
        words=np.insert(found.words, at, [text.count(" ") + 1 for text in added]),
        linked=np.insert(found.linked, at, 0),
        runs=np.insert(found.runs, at, 1),
        block=block,
    )
    moved = np.arange(len(found)) + np.searchsorted(at, np.arange(len(found)), side="right")
    return made, moved.tolist()


def _size(line: str) -> int:
    """Return the letters of a line; one of a script without spaces says as much as three."""
    return len(line) if line.isascii() else len(line) + 2 * len(_UNSPACED.findall(line))


def outline(page: Markup | None, main: str, second: str = "", walked: Lines | None = None) -> Outline:
    """Outline a page by what two extractors made of it.

    Parameters
    ----------
    page : Markup or None
        The page; None where it could not be parsed, which leaves the lines of ``main``.
    main : str
        What trafilatura made of the page.
    second : str
        What resiliparse made of it.
    walked : Lines, optional
        The lines of the page, where `lines_of` has been asked for them before.
    """
    return _laid_out(candidates(page, main, second, walked))


def full_outline(lines: Lines, second: str | None = None) -> Outline:
    """Outline a page by itself; ``second``: what resiliparse made of it, if it was asked. The columns of those that were not are -1."""
    votes = np.full((2, len(lines)), -1.0, dtype=np.float32)
    if second is not None:
        votes[1] = _kept(_Texts(lines.texts), _Texts(second.split("\n")))
    return _laid_out(Candidates(lines, votes, np.arange(len(lines))))


def _laid_out(found: Candidates) -> Outline:
    from dedup import markup_kernels as loops

    lines, chosen = found.lines, found.chosen
    if not len(chosen):
        return Outline()
    layout = np.empty((len(chosen), len(LAYOUT)), dtype=np.float32)
    blocks = (lines.around, lines.number, lines.inside, lines.deep, lines.odds)
    loops.layout(
        chosen,
        lines.words.astype(np.float64),
        lines.link_share,
        lines.runs,
        lines.block,
        found.votes,
        *blocks,
        _VOTED,
        len(_CONTAINERS),
        layout,
    )
    return Outline(tuple(map(lines.texts.__getitem__, chosen.tolist())), layout)
