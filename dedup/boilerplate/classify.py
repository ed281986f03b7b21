"""The line model: how probable it is that a line belongs to the article, told from the page alone.

In: drafts. Out: their lines with the probability ``keep`` and the word for what the line looks like if it is chrome.
A line is described by itself (length, function words of the page's own language, punctuation, capitals, phrases that
stand in chrome), by three neighbours on each side, by its place, and by what it has in common with the headline and
with the page's main block of prose; boosted trees, fitted by ``pipelines/train.py``, weigh that.

Rule guarded here: a line is judged by its own page and by frozen tables, never by other pages.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any, ClassVar, Final, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.articles import segment
from dedup.articles.normalize import UNSPACED, words
from dedup.articles.outline import LAYOUT
from dedup.schema import DRAFT, SEGMENT
from dedup.tables import load_json

Matrix: TypeAlias = NDArray[np.float64]

#: What a chrome phrase announces, in the order of the features. More is in ``data/chrome_words.json``.
MARKERS: Final = (
    "share",
    "sign_up",
    "read_more",
    "credit",
    "copyright",
    "cookie",
    "comment",
    "related",
    "follow",
    "menu",
    "byline",
)

_OWN: Final = (
    "size",
    "characters",
    "word_length",
    "function_words",
    "ends_sentence",
    "ends_colon",
    "ends_open",
    "sentences",
    "commas",
    "capitals",
    "shouting",
    "lower_start",
    "numbers",
    "bullet",
    "bars",
    "links",
    "quotes",
    "glued",
    "marked",
    "marked_start",
    *MARKERS,
    "times",
    "headline",
)
_NEIGHBOUR: Final = ("size", "ends_sentence", "function_words", "marked", "capitals", "bullet")
_REACH: Final = 3
_PLACE: Final = (
    "index",
    "from_end",
    "words_before",
    "words_after",
    "prose_before",
    "prose_after",
    "density_3",
    "density_8",
    "to_prose_before",
    "to_prose_after",
    "in_block",
    "from_block_start",
    "from_block_end",
    "block_share",
    "shared_block",
    "shared_prose",
    "shared_before",
    "shared_after",
    "ends_seen",
    "since_end",
    "section_shared",
    "section_words",
    "credits_seen",
    "marked_around",
    "page_lines",
    "page_words",
    "page_prose",
)
#: Names of the columns of :func:`features`.
FEATURES: Final = (
    *_OWN,
    *(f"{name}{offset:+d}" for offset in (-3, -2, -1, 1, 2, 3) for name in _NEIGHBOUR),
    *_PLACE,
)

_EXTRACTORS: Final = ("trafilatura", "resiliparse")
_FOREIGN: Final = 1.5
"""What is added to the log odds of a line that trafilatura keeps, in a language that the model was not fitted on."""
_VOTED: Final = 0.5
"""From this share of a line's word trigrams on an extractor has kept it."""
_VOTES: Final = (
    *(f"{name}{offset:+d}" for offset in (-3, -2, -1, 1, 2, 3) for name in _EXTRACTORS),
    *(f"{name}_{where}" for name in _EXTRACTORS for where in ("before", "after", "share", "agreed")),
)
#: Names of the columns of :func:`html_features`.
HTML_FEATURES = (*FEATURES, *LAYOUT, *_VOTES)

#: Kinds of text that have a line model of their own.
MODELS: Final = ("page", "article", "html")

_LONG: Final = 15
"""From this size on a line that ends like a sentence counts as prose."""
_EDGE: Final = 8
"""In a line of more than four times this many words, phrases are looked for at both edges only."""
_CONTENT: Final = 4
"""Shortest content word, in letters."""
_MARKED: Final = 0.25
"""From this share of its words on, phrases of one marker name what the line looks like."""

_DOUBTED: Final = 0.5
"""A line below this probability is chrome if the site has enough doubted lines of its form."""

_BULLET = re.compile(r"(?:[*+\-•·▪►»›‣◦–—|#]|o|\d{1,2}[.)])\s+")
_BAR = re.compile(r"[|•·»›/→▸]")
_LINK = re.compile(r"https?://|www\.|@\w|\.(?:com|org|net|jpg|png|gif)\b")
_SENTENCE = re.compile(r"[.!?。！？][\"”’»)\]]*\s+\S|[。！？]")
_GLUE = re.compile(r"(?<=[a-zà-öø-ÿа-яё])(?=[A-ZÀ-ÖØ-ÞА-ЯЁ])")
_UNSPACED = re.compile(f"[{UNSPACED}]")
_CLOSING = "\"”’»)]' \u200b"
_STOPS = ".!?…。！？।؟"


@dataclass(frozen=True)
class Vocabulary:
    """Function words and chrome phrases, ready to be looked up.

    ``languages``: word -> bit set of the languages whose function word it is. ``phrases``: first word -> phrases
    (rest of the words, number of the marker), longest first.
    """

    languages: Mapping[str, int]
    n_languages: int
    phrases: Mapping[str, tuple[tuple[tuple[str, ...], int], ...]]


@cache
def vocabulary() -> Vocabulary:
    """Return the vocabulary that ships with the package."""
    table = load_json("chrome_words.json")
    languages: dict[str, int] = {}
    for number, listed in enumerate(table["function_words"].values()):
        for word in listed.split():
            languages[word] = languages.get(word, 0) | 1 << number
    phrases: dict[str, set[tuple[tuple[str, ...], int]]] = {}
    for number, marker in enumerate(MARKERS):
        for listed in table["markers"][marker].values():
            for phrase in listed:
                first, *rest = phrase.split()
                phrases.setdefault(first, set()).add((tuple(rest), number))
    return Vocabulary(
        languages,
        len(table["function_words"]),
        {first: tuple(sorted(found, key=lambda p: (-len(p[0]), p))) for first, found in phrases.items()},
    )


def features(lines: Sequence[str], title: str = "") -> tuple[Matrix, list[list[str]]]:
    """Describe the lines of one page.

    Parameters
    ----------
    lines : sequence of str
        Lines that are not blank, in order.
    title : str
        The headline if it is known, else empty.

    Returns
    -------
    matrix : ndarray of float64, shape (n_lines, len(FEATURES))
        No missing values; what does not apply is -1.
    tokens : list of list of str
        The normalised words of each line.
    """
    tokens = [words(line) for line in lines]
    known = vocabulary()
    function_masks = [[mask for word in line if (mask := known.languages.get(word))] for line in tokens]
    language = _language(function_masks, known.n_languages, sum(map(len, tokens)))
    content = [_content(line, tokens_, known) for line, tokens_ in zip(lines, tokens, strict=True)]
    headline = _content(title, words(title), known)
    times = Counter(" ".join(line) for line in tokens)

    own = np.empty((len(lines), len(_OWN)))
    for row, line in enumerate(lines):
        found = tokens[row]
        own[row] = _own(line, found, known)
        own[row, _I["function_words"]] = (
            sum(1 for mask in function_masks[row] if mask & language) / max(len(found), 1) if language else -1.0
        )
        own[row, _I["times"]] = min(times[" ".join(found)], 5)
        own[row, _I["headline"]] = len(content[row] & headline) / max(len(content[row]), 1) if headline else -1.0
    _fit_to_page(own)
    matrix = np.hstack([own, _neighbours(own), _place(own, content)]) if len(lines) else np.empty((0, len(FEATURES)))
    return matrix, tokens


def _fit_to_page(own: Matrix) -> None:
    """Express length of words and share of function words by what they are in the page's prose.

    Languages differ in both more than chrome differs from prose.
    """
    prose = own[_is_prose(own)]
    for name in ("word_length", "function_words"):
        column = own[:, _I[name]]
        usual = float((prose if len(prose) else own)[:, _I[name]].mean()) if len(own) else 0.0
        if usual > 0:
            column[:] = np.where(column >= 0, np.minimum(column / usual, 4.0), column)


def _is_prose(own: Matrix) -> NDArray[np.bool_]:
    return (np.expm1(own[:, _I["size"]]) >= _LONG - 0.5) & (own[:, _I["ends_sentence"]] > 0)


_I: Final = {name: number for number, name in enumerate(_OWN)}


def _language(masks: Sequence[Sequence[int]], n_languages: int, n_words: int) -> int:
    """Return the bit of the language most of the page's function words belong to, 0 if there are few of any."""
    counts = Counter(mask for line in masks for mask in line)
    totals = [sum(n for mask, n in counts.items() if mask >> bit & 1) for bit in range(n_languages)]
    best = max(range(n_languages), key=lambda bit: (totals[bit], -bit))
    return 1 << best if totals[best] > 0.08 * n_words else 0


def _content(line: str, tokens: Sequence[str], known: Vocabulary) -> set[str]:
    """Return the words that say what a line is about; pairs of letters in scripts without spaces."""
    if not line.isascii() and _UNSPACED.search(line):
        return {a + b for a, b in pairwise(tokens)}
    return {word for word in tokens if len(word) >= _CONTENT and word not in known.languages}


def _own(line: str, tokens: Sequence[str], known: Vocabulary) -> list[float]:
    n = len(tokens)
    if n > _LONG and not line.isascii() and _UNSPACED.search(line):
        n = (n + 1) // 2
    per_word = 1 / max(n, 1)
    raw = line.split()
    bullet = _BULLET.match(line) is not None
    glued = n <= _LONG and _GLUE.search(line) is not None
    shares = [0.0] * len(MARKERS)
    marked, marked_start = mark(words(_GLUE.sub(" ", line)) if glued else tokens, shares, known)
    closed = line.rstrip(_CLOSING)
    last = closed[-1:]
    start = line[len(line) - len(line.lstrip("\"“‘«'([¿¡")) :][:1]
    return [
        float(np.log1p(n)),
        float(np.log1p(len(line))),
        len(line) * per_word,
        0.0,
        float(last in _STOPS and bool(last) and not closed.endswith("...") and last != "…"),
        float(last == ":"),
        float(closed.endswith("...") or last == "…"),
        len(_SENTENCE.findall(line)),
        (line.count(",") + line.count("，") + line.count("、")) * per_word,
        sum(1 for word in raw if word[0].isupper()) / len(raw),
        sum(1 for word in raw if word.isupper() and len(word) > 1) / len(raw),
        float(start.islower()),
        sum(1 for word in tokens if word[0].isdigit()) * per_word,
        float(bullet),
        len(_BAR.findall(line)) * per_word,
        len(_LINK.findall(line)) * per_word,
        float('"' in line or "“" in line or "„" in line or "«" in line),
        float(glued),
        marked,
        marked_start,
        *shares,
        0.0,
        0.0,
    ]


def mark(tokens: Sequence[str], shares: list[float], known: Vocabulary) -> tuple[float, float]:
    """Add to ``shares`` each marker's share of the words; return the share of all and whether one opens the line."""
    n = len(tokens)
    total = 0
    opens = 0.0
    position = 0
    while position < n:
        if n > 4 * _EDGE and _EDGE <= position < n - _EDGE:
            position = n - _EDGE
        longest = 0
        for rest, number in known.phrases.get(tokens[position], ()):
            size = len(rest) + 1
            if size < longest:
                break
            if not rest or tuple(tokens[position + 1 : position + size]) == rest:
                longest = size
                shares[number] += size / n
        if longest and position == 0:
            opens = 1.0
        total += longest
        position += longest or 1
    return total / max(n, 1), opens


def _neighbours(own: Matrix) -> Matrix:
    n = len(own)
    picked = own[:, [_I[name] for name in _NEIGHBOUR]]
    padded = np.vstack([np.full((_REACH, picked.shape[1]), -1.0), picked, np.full((_REACH, picked.shape[1]), -1.0)])
    return np.hstack([padded[_REACH + k : _REACH + k + n] for k in (-3, -2, -1, 1, 2, 3)])


def _place(own: Matrix, content: Sequence[set[str]]) -> Matrix:
    n = len(own)
    size = np.expm1(own[:, _I["size"]])
    marked = own[:, _I["marked"]]
    prose = _is_prose(own)
    prose_size = np.where(prose, size, 0.0)
    total, total_prose = max(size.sum(), 1.0), max(prose_size.sum(), 1.0)
    before = np.concatenate([[0.0], np.cumsum(size)])
    prose_before = np.concatenate([[0.0], np.cumsum(prose_size)])
    position = np.arange(n)

    def density(reach: int) -> Matrix:
        low, high = np.maximum(position - reach, 0), np.minimum(position + reach + 1, n)
        inside: Matrix = (prose_before[high] - prose_before[low]) / np.maximum(before[high] - before[low], 1.0)
        return inside

    last_prose = np.maximum.accumulate(np.where(prose, position, -99))
    next_prose = np.minimum.accumulate(np.where(prose, position, n + 99)[::-1])[::-1]
    last_before = np.concatenate([[-99], last_prose[:-1]])
    next_after = np.concatenate([next_prose[1:], [n + 99]])

    # The main block: the run of lines with the largest sum, prose counting for it, short and marked lines against.
    score = np.where(prose, size, -6.0 - 12.0 * (marked > 0.3))
    first, last = _best_run(score)
    in_block = (position >= first) & (position <= last)

    # A line that announces the end of the article: mostly made of such phrases, after the block has begun.
    announces = (marked >= 0.5) & (own[:, _I["byline"]] < 0.5) & (position > first)
    seen = np.concatenate([[0], np.cumsum(announces)[:-1]])
    last_end = np.maximum.accumulate(np.where(announces, position, -99))
    last_end = np.concatenate([[-99], last_end[:-1]])
    credit = (own[:, _I["marked_start"]] > 0) & (own[:, _I["credit"]] > 0) & (position > first)
    around = np.convolve(np.pad((marked >= 0.5).astype(float), _REACH), np.ones(2 * _REACH + 1), mode="valid")

    return np.column_stack(
        [
            np.minimum(position, 200),
            np.minimum(n - 1 - position, 200),
            before[:-1] / total,
            1 - before[1:] / total,
            prose_before[:-1] / total_prose,
            1 - prose_before[1:] / total_prose,
            density(3),
            density(8),
            np.minimum(position - last_before, 30),
            np.minimum(next_after - position, 30),
            in_block,
            np.clip(position - first, -50, 50),
            np.clip(last - position, -50, 50),
            np.full(n, size[first : last + 1].sum() / total),
            *_shared(content, prose, in_block),
            np.minimum(seen, 10),
            np.minimum(position - last_end, 30),
            *_sections(content, prose, announces | credit, size),
            np.minimum(np.cumsum(credit), 10),
            around,
            np.full(n, np.log1p(n)),
            np.full(n, np.log1p(total)),
            np.full(n, total_prose / total),
        ]
    )


def _best_run(score: Matrix) -> tuple[int, int]:
    """Return the first and last index of the run of largest sum (the earliest of equals)."""
    best, best_run, running, start = -np.inf, (0, 0), 0.0, 0
    for position, value in enumerate(score.tolist()):
        if running <= 0:
            running, start = 0.0, position
        running += value
        if running > best:
            best, best_run = running, (start, position)
    return best_run


def _shared(content: Sequence[set[str]], prose: NDArray[np.bool_], in_block: NDArray[np.bool_]) -> list[Matrix]:
    """Return the share of a line's content words that stand in the block, in other prose, in prose before and after."""
    n_prose: Counter[str] = Counter()
    n_block: Counter[str] = Counter()
    for row in np.flatnonzero(prose).tolist():
        n_prose.update(content[row])
    for row in np.flatnonzero(prose & in_block).tolist():
        n_block.update(content[row])
    shared = np.full((4, len(content)), -1.0)
    seen: Counter[str] = Counter()
    for row, found in enumerate(content):
        if not found:
            continue
        own_prose, own_block = int(prose[row]), int(prose[row] and in_block[row])
        block = others = earlier = later = 0
        for word in found:
            n_all = n_prose[word]
            if n_all:
                n_seen = seen[word]
                block += n_block[word] > own_block
                others += n_all > own_prose
                earlier += n_seen > 0
                later += n_all - n_seen > own_prose
        shared[:, row] = (block, others, earlier, later)
        shared[:, row] /= len(found)
        if own_prose:
            seen.update(found)
    return list(shared)


def _sections(
    content: Sequence[set[str]], prose: NDArray[np.bool_], breaks: NDArray[np.bool_], size: Matrix
) -> list[Matrix]:
    """Return, for the section a line is in, the share of its content words in prose before it, and its words.

    A section ends with a line that announces the end of something, and begins with one that announces a picture.
    """
    n = len(content)
    shared, total = np.full(n, -1.0), np.zeros(n)
    edges = [0, *np.flatnonzero(breaks).tolist(), n]
    before: set[str] = set()
    for start, end in pairwise(edges):
        if start == end:
            continue
        rows = [row for row in range(start, end) if prose[row]]
        found = set().union(*(content[row] for row in rows))
        if before and found:
            shared[start:end] = len(found & before) / len(found)
        total[start:end] = np.log1p(size[start:end].sum())
        if rows:
            before |= found
    return [shared, total]


def html_features(matrix: Matrix, layout: NDArray[np.float32]) -> Matrix:
    """Put beside the features of lines what the HTML of their page says of them.

    Parameters
    ----------
    matrix : ndarray, shape (n_lines, len(FEATURES))
        What :func:`features` returned.
    layout : ndarray of float32, shape (n_lines, len(LAYOUT))
        As in :class:`dedup.articles.outline.Outline`.

    Returns
    -------
    ndarray of float64, shape (n_lines, len(HTML_FEATURES))
    """
    n = len(matrix)
    votes = layout[:, : len(_EXTRACTORS)].astype(np.float64)
    edge = np.full((_REACH, votes.shape[1]), -1.0)
    padded = np.vstack([edge, votes, edge])
    position = np.arange(n)
    kept = votes > _VOTED
    size = np.expm1(matrix[:, _I["size"]])
    voted = size @ kept
    both = size @ kept.all(axis=1)
    columns = [padded[_REACH + k : _REACH + k + n] for k in (-3, -2, -1, 1, 2, 3)]
    for number in range(len(_EXTRACTORS)):
        last = np.maximum.accumulate(np.where(kept[:, number], position, -99))
        following = np.minimum.accumulate(np.where(kept[:, number], position, n + 99)[::-1])[::-1]
        columns += [
            np.minimum(position - last, 50)[:, None],
            np.minimum(following - position, 50)[:, None],
            np.full((n, 1), voted[number] / max(size.sum(), 1.0)),
            np.full((n, 1), both / max(voted[number], 1.0)),
        ]
    return np.hstack([matrix, layout, *columns])


@dataclass(frozen=True, eq=False)
class LineModel:
    """Boosted trees, padded to complete binary trees of one depth.

    ``feature`` and ``threshold`` have shape (n_trees, 2**depth - 1), ``value`` (n_trees, 2**depth): from node ``i`` the
    way goes to ``2 i + 1`` if the feature is at most the threshold, else to ``2 i + 2``. ``languages``: of the pages it was fitted
    on; none where it does not matter.
    """

    feature: NDArray[np.intp]
    threshold: Matrix
    value: Matrix
    bias: float
    languages: frozenset[str] = frozenset()

    def predict(self, matrix: Matrix, bonus: Matrix | float = 0.0) -> Matrix:
        """Return the probability of ``keep`` for each row of ``matrix``, shape (n_lines,), in [0, 1].

        ``bonus`` is added to the log odds.
        """
        n_trees, n_inner = self.feature.shape
        flat = np.ascontiguousarray(matrix).ravel()
        rows = (np.arange(len(matrix)) * matrix.shape[1])[:, None]
        trees = np.arange(n_trees) * n_inner
        node = np.zeros((len(matrix), n_trees), dtype=np.intp)
        feature, threshold = self.feature.ravel(), self.threshold.ravel()
        for _ in range((n_inner + 1).bit_length() - 1):
            at = node + trees
            node = 2 * node + 1 + (flat[rows + feature[at]] > threshold[at])
        leaf = node - n_inner + np.arange(n_trees) * (n_inner + 1)
        log_odds = self.value.ravel()[leaf].sum(axis=1) + self.bias + bonus
        keep: Matrix = 1 / (1 + np.exp(-log_odds))
        return keep


@lru_cache(maxsize=8)
def line_model(kind: str, text: str = "") -> LineModel:
    """Return the model for texts of ``kind``: ``html``, ``page`` or ``article``.

    Parameters
    ----------
    kind : str
        What the text is.
    text : str
        A model as JSON, as `dedup train boilerplate` writes it; empty for the one that ships with the package.

    Raises
    ------
    ValueError
        If the model describes lines by other features than this version computes.
    """
    table = json.loads(text) if text else load_json("line_model.json")
    return from_table(table["models"][kind], HTML_FEATURES if kind == "html" else FEATURES)


def from_table(table: Mapping[str, Any], names: Sequence[str]) -> LineModel:
    """Build a model from its plain form; see ``pipelines/train.py``."""
    if list(table["features"]) != list(names):
        raise ValueError("line model: its features are not those of this version. Train it again.")
    trees = table["trees"]
    return LineModel(
        np.array([tree["feature"] for tree in trees], dtype=np.intp),
        np.array([tree["threshold"] for tree in trees], dtype=np.float64),
        np.array([tree["value"] for tree in trees], dtype=np.float64),
        float(table["bias"]),
        frozenset(table.get("languages", ())),
    )


def judge(  # noqa: PLR0913 - all that is known of a text
    lines: Sequence[str], kind: str, title: str = "", model: str = "", layout: bytes = b"", language: str = ""
) -> tuple[list[float], list[str], list[int]]:
    """Judge the lines of one page.

    Parameters
    ----------
    lines : sequence of str
        Lines that are not blank, in order.
    kind : {"html", "page", "article", "clean"}
        What the text is; lines of a ``clean`` one belong to the article.
    title : str
        The headline if it is known, else empty.
    model : str
        As ``text`` of `line_model`.
    language : str
        Its code, where it is known.
    layout : bytes
        What the HTML says of the lines, as in ``DRAFT``; an ``html`` text without it is judged as an ``article``.

    Returns
    -------
    keep : list of float
        Probability per line that it is the article's, in [0, 1].
    markers : list of str
        What the line looks like if it is chrome, one of ``MARKERS``, or empty.
    keys : list of int
        Key per line, see :func:`dedup.articles.segment.key`.
    """
    if kind == "clean" or not lines:
        return [1.0] * len(lines), [""] * len(lines), [segment.line_key(line) for line in lines]
    matrix, tokens = features(lines, title)
    if kind == "html" and layout:
        told = np.frombuffer(layout, dtype="<f4").reshape(len(lines), len(LAYOUT))
        fitted = line_model("html", model)
        # A page in a language that the model did not learn from looks less like an article than it is.
        is_foreign = bool(language and fitted.languages and language not in fitted.languages)
        bonus = np.where(told[:, 0] > _VOTED, _FOREIGN * is_foreign, 0.0)
        keep = fitted.predict(html_features(matrix, told), bonus)
    else:
        keep = line_model("article" if kind == "html" else kind, model).predict(matrix)
    shares = matrix[:, _I[MARKERS[0]] : _I[MARKERS[0]] + len(MARKERS)]
    best = shares.argmax(axis=1)
    markers = [
        MARKERS[number] if share >= _MARKED else ""
        for number, share in zip(best.tolist(), shares.max(axis=1).tolist(), strict=True)
    ]
    return keep.tolist(), markers, [segment.key(line) for line in tokens]


@dataclass(frozen=True)
class Classify:
    """Split drafts into lines and judge each by its page.

    Reads: drafts. Writes: segments. Row-wise: the lines of a draft depend on nothing but the draft.

    Parameters
    ----------
    model : str
        A line model as JSON, in place of the one that ships; in a configuration file, the path of one.
    """

    model: str = ""

    reads: ClassVar[pa.Schema] = pa.schema(
        [DRAFT.field(name) for name in ("doc_id", "source", "kind", "language", "title", "text", "layout")]
    )
    writes: ClassVar[pa.Schema] = SEGMENT
    partition_by: ClassVar[tuple[str, ...]] = ()

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield one batch of segments per batch of drafts."""
        for batch in batches:
            rows: list[dict[str, Any]] = []
            for draft in batch.select(self.reads.names).to_pylist():
                lines = segment.lines(draft["text"] or "")
                judged = judge(
                    lines,
                    draft["kind"],
                    draft["title"] or "",
                    self.model,
                    draft["layout"] or b"",
                    draft["language"] or "",
                )
                rows += [
                    {
                        "doc_id": draft["doc_id"],
                        "source": draft["source"],
                        "kind": draft["kind"],
                        "index": index,
                        "text": line,
                        "key": key,
                        "keep": keep,
                        "marker": marker,
                        "sentences": segment.sentence_keys(line) or [key],
                        "forms": segment.form_keys(line) if keep < _DOUBTED else [],
                    }
                    for index, (line, keep, marker, key) in enumerate(zip(lines, *judged, strict=True))
                ]
            yield pa.RecordBatch.from_pylist(rows, schema=self.writes)
