"""What a line looks like: numbers that tell the article's lines from a page's chrome.

In: the lines of one page. Out: a matrix, a row per line. A line is described by itself (length, function words of the
page's own language, punctuation, capitals, phrases that stand in chrome), by three neighbours on each side, by its
place, by what it has in common with the headline and with the page's main block of prose, and by what the page's HTML
says of it. A page is read as a whole, in arrays: by the line it would take three times as long.

Rule guarded here: a line is described by its own page and by frozen tables, never by other pages.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dedup.articles.letters import DIGIT, N_CODES, table
from dedup.articles.normalize import kinds
from dedup.articles.outline import LAYOUT
from dedup.articles.reading import Reading, read
from dedup.tables import load_json

Matrix: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Places: TypeAlias = NDArray[np.intp]

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

#: The columns of :func:`features` that hold the shares of the markers.
MARKED: Final = slice(_OWN.index(MARKERS[0]), _OWN.index(MARKERS[-1]) + 1)

_EXTRACTORS: Final = ("trafilatura", "resiliparse")
#: From this share of a line's word trigrams on an extractor has kept it.
VOTED: Final = 0.5
_VOTES: Final = (
    *(f"{name}{offset:+d}" for offset in (-3, -2, -1, 1, 2, 3) for name in _EXTRACTORS),
    *(f"{name}_{where}" for name in _EXTRACTORS for where in ("before", "after", "share", "agreed")),
)
#: Names of the columns of :func:`html_features`.
HTML_FEATURES: Final = (*FEATURES, *LAYOUT, *_VOTES)

_LONG: Final = 15
"""From this size on a line that ends like a sentence counts as prose."""
_EDGE: Final = 8
"""In a line of more than four times this many words, phrases are looked for at both edges only."""
_CONTENT: Final = 4
"""Shortest content word, in letters."""
_ANNOUNCES: Final = 0.5
"""A line of which so much is chrome phrases announces the end of something."""
_IN_LANGUAGE: Final = 0.08
"""A page is in a language if more than this share of its words are function words of it."""


@cache
def _vocabulary() -> "_Vocabulary":
    from dedup import line_kernels

    def hashed(lines: Sequence[str], bits: Sequence[int]) -> _Hashed:
        page = read(lines)
        n_slots = 1 << (2 * len(lines) + 1).bit_length()
        keys, values = np.zeros(n_slots, dtype=np.int64), np.zeros(n_slots, dtype=np.int64)
        line_kernels.tabulate(
            line_kernels.sequences(page.hashes, page.ends), np.array(bits, dtype=np.int64), keys, values
        )
        return _Hashed(keys, values, int(page.n_words.max()))

    known = load_json("chrome_words.json")
    function_words = [
        (word, 1 << number) for number, listed in enumerate(known["function_words"].values()) for word in listed.split()
    ]
    phrases = [
        (phrase, 1 << number)
        for number, marker in enumerate(MARKERS)
        for listed in known["markers"][marker].values()
        for phrase in listed
    ]
    starts = [(phrase.split()[0], 1) for phrase, _ in phrases]
    return _Vocabulary(
        *(hashed(*zip(*listed, strict=True)) for listed in (function_words, starts, phrases)), len(known["function_words"])
    )


class _Hashed(NamedTuple):
    """A table of sequences of words by their hash, as `line_kernels.look_up` reads it; ``longest``: the words of the longest."""

    keys: Places
    values: Places
    longest: int


class _Vocabulary(NamedTuple):
    """Function words, with the bits of their languages; the words that chrome phrases begin with; these, with the bits of their markers."""

    function_words: _Hashed
    starts: _Hashed
    phrases: _Hashed
    n_languages: int


class _Content(NamedTuple):
    """The content words of lines: pairs of line (``row``) and number of a ``word``, each once, by line; ``n`` of each line; the ``hashes``
    of the words.
    """

    row: Places
    word: Places
    n: Places
    hashes: Places


def _content(page: Reading) -> _Content:
    """Return the words that say what each line is about; pairs of letters in scripts without spaces."""
    from dedup import line_kernels

    known = _vocabulary().function_words
    return _Content(
        *line_kernels.content(page.hashes, page.sizes, page.ends, known.keys, known.values, page.is_unspaced, _CONTENT)
    )


def features(page: Reading, title: str = "") -> Matrix:
    """Describe the lines of one page.

    Parameters
    ----------
    page : Reading
        Lines that are not blank, in order.
    title : str
        The headline if it is known, else empty.

    Returns
    -------
    ndarray of float64, shape (n_lines, len(FEATURES))
        No missing values; what does not apply is -1.
    """
    if not page.n_lines:
        return np.empty((0, len(FEATURES)))
    own = _own(page)
    content = _content(page)
    if title:
        headline = _content(read([title]))
        if len(headline.hashes):
            told = np.isin(content.hashes, headline.hashes)
            shared = np.bincount(content.row[told[content.word]], minlength=page.n_lines)
            own[:, _I["headline"]] = shared / np.maximum(content.n, 1)
    _fit_to_page(own)
    return np.hstack([own, _neighbours(own), _place(own, content)])


_I: Final = {name: number for number, name in enumerate(_OWN)}


def _own(page: Reading) -> Matrix:
    """Return the features of each line by itself."""
    from dedup import line_kernels as loops

    counts = np.empty((page.n_lines, loops.N_DESCRIBED), dtype=np.int64)
    loops.describe(page.text.codes, page.edges, table(), counts)
    n = page.n_words
    n = np.where((n > _LONG) & page.is_unspaced, (n + 1) // 2, n)
    per_word = 1 / np.maximum(n, 1)
    n_raw = np.maximum(counts[:, loops.RAW_WORDS], 1)
    known = _vocabulary()
    languages = loops.looked_up(page.hashes, known.function_words.keys, known.function_words.values)
    language = _language(languages, known.n_languages)
    in_language = np.bincount(page.rows[languages & language > 0], minlength=page.n_lines)
    starts_digit = table()[np.minimum(page.firsts, N_CODES)] & DIGIT > 0
    glued = (counts[:, loops.GLUES] > 0) & (n <= _LONG)
    _, which, times = np.unique(loops.sequences(page.hashes, page.ends), return_inverse=True, return_counts=True)
    marked, marked_start, shares = _marks(page, glued)

    own = np.empty((page.n_lines, len(_OWN)))
    for name, column in {
        "size": np.log1p(n),
        "characters": np.log1p(counts[:, loops.CHARACTERS]),
        "word_length": counts[:, loops.CHARACTERS] * per_word,
        "function_words": in_language / np.maximum(page.n_words, 1) if language else -1.0,
        "ends_sentence": counts[:, loops.ENDS_SENTENCE],
        "ends_colon": counts[:, loops.ENDS_COLON],
        "ends_open": counts[:, loops.ENDS_OPEN],
        "sentences": counts[:, loops.SENTENCES],
        "commas": counts[:, loops.COMMAS] * per_word,
        "capitals": counts[:, loops.CAPITALS] / n_raw,
        "shouting": counts[:, loops.SHOUTS] / n_raw,
        "lower_start": counts[:, loops.LOWER_START],
        "numbers": np.bincount(page.rows[starts_digit], minlength=page.n_lines) * per_word,
        "bullet": counts[:, loops.BULLET],
        "bars": counts[:, loops.BARS] * per_word,
        "links": counts[:, loops.LINKS] * per_word,
        "quotes": counts[:, loops.QUOTES] > 0,
        "glued": glued,
        "marked": marked,
        "marked_start": marked_start,
        "times": np.minimum(times, 5)[which],
        "headline": -1.0,
    }.items():
        own[:, _I[name]] = column
    own[:, MARKED] = shares
    return own


def _language(masks: NDArray[np.int64], n_languages: int) -> int:
    """Return the bit of the language most of the page's function words belong to, 0 if there are few of any."""
    totals = [int(np.count_nonzero(masks & 1 << bit)) for bit in range(n_languages)]
    best = max(range(n_languages), key=lambda bit: (totals[bit], -bit))
    return 1 << best if totals[best] > _IN_LANGUAGE * len(masks) else 0


def _marks(page: Reading, glued: Flags) -> tuple[Matrix, Matrix, Matrix]:
    """Return for each line the share of its words that are in chrome phrases, whether one opens it, and each marker's share."""
    from dedup import line_kernels

    known = _vocabulary()
    shares = np.zeros((page.n_lines, len(MARKERS)))
    total, opens = np.zeros(page.n_lines), np.zeros(page.n_lines)
    phrases = known.phrases
    line_kernels.mark(
        *page.text, kinds(), table(), page.hashes, page.ends, glued, known.starts.keys, *phrases, _EDGE, shares, total, opens
    )
    return total, opens, shares


def marks(page: Reading) -> Matrix:
    """Return each marker's share of the words of each line, shape (n_lines, len(MARKERS))."""
    return _marks(page, np.zeros(page.n_lines, dtype=bool))[2]


def _fit_to_page(own: Matrix) -> None:
    """Express length of words and share of function words by what they are in the page's prose.

    Languages differ in both more than chrome differs from prose.
    """
    prose = own[_is_prose(own)]
    for name in ("word_length", "function_words"):
        column = own[:, _I[name]]
        usual = float((prose if len(prose) else own)[:, _I[name]].mean())
        if usual > 0:
            column[:] = np.where(column >= 0, np.minimum(column / usual, 4.0), column)


def _is_prose(own: Matrix) -> Flags:
    return (np.expm1(own[:, _I["size"]]) >= _LONG - 0.5) & (own[:, _I["ends_sentence"]] > 0)


def _neighbours(own: Matrix) -> Matrix:
    n = len(own)
    picked = own[:, [_I[name] for name in _NEIGHBOUR]]
    padded = np.vstack([np.full((_REACH, picked.shape[1]), -1.0), picked, np.full((_REACH, picked.shape[1]), -1.0)])
    return np.hstack([padded[_REACH + k : _REACH + k + n] for k in (-3, -2, -1, 1, 2, 3)])


def _place(own: Matrix, content: _Content) -> Matrix:
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
    announces = (marked >= _ANNOUNCES) & (own[:, _I["byline"]] < _ANNOUNCES) & (position > first)
    seen = np.concatenate([[0], np.cumsum(announces)[:-1]])
    last_end = np.maximum.accumulate(np.where(announces, position, -99))
    last_end = np.concatenate([[-99], last_end[:-1]])
    credit = (own[:, _I["marked_start"]] > 0) & (own[:, _I["credit"]] > 0) & (position > first)
    around = np.convolve(np.pad((marked >= _ANNOUNCES).astype(float), _REACH), np.ones(2 * _REACH + 1), mode="valid")

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


def _once(numbers: Places) -> Places:
    """Return the numbers sorted, each once; a sort is faster here than the table of ``np.unique``."""
    numbers = np.sort(numbers)
    return numbers[np.concatenate([[True], numbers[1:] != numbers[:-1]])] if len(numbers) else numbers


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


def _shared(content: _Content, prose: Flags, in_block: Flags) -> list[Matrix]:
    """Return the share of a line's content words that stand in the block, in other prose, in prose before and after."""
    row, word = content.row, content.word
    is_prose, is_block = prose[row], (prose & in_block)[row]
    n_prose = np.bincount(word[is_prose], minlength=len(content.hashes))[word]
    n_block = np.bincount(word[is_block], minlength=len(content.hashes))[word]
    # Pairs by word, then line: how many lines of prose before this one have the word.
    order = np.argsort(word, kind="stable")
    of_prose = is_prose[order].astype(np.intp)
    so_far = np.cumsum(of_prose) - of_prose
    ordered = word[order]
    group = np.searchsorted(ordered, ordered)
    before = np.empty(len(row), dtype=np.intp)
    before[order] = so_far - so_far[group]
    shares = []
    for found in (n_block > is_block, n_prose > is_prose, before > 0, n_prose - before > is_prose):
        shared = np.bincount(row[found], minlength=len(prose)) / np.maximum(content.n, 1)
        shares.append(np.where(content.n > 0, shared, -1.0))
    return shares


def _sections(content: _Content, prose: Flags, breaks: Flags, size: Matrix) -> list[Matrix]:
    """Return, for the section a line is in, the share of its content words in prose before it, and its words.

    A section ends with a line that announces the end of something, and begins with one that announces a picture.
    """
    n = len(prose)
    edges = _once(np.append(np.flatnonzero(breaks), 0))
    section = np.searchsorted(edges, np.arange(n), side="right") - 1
    total = np.log1p(np.add.reduceat(size, edges))[section]
    is_prose = prose[content.row]
    row, word = content.row[is_prose], content.word[is_prose]
    if not len(row):
        return [np.full(n, -1.0), total]
    first = np.full(len(content.hashes), n)
    np.minimum.at(first, word, row)
    held = _once(section[row] * len(content.hashes) + word)
    of, word = np.divmod(held, len(content.hashes))
    n_held = np.bincount(of, minlength=len(edges))
    n_before = np.bincount(of[first[word] < edges[of]], minlength=len(edges))
    told = (n_held > 0) & (edges > row[0])
    shared = np.where(told, n_before / np.maximum(n_held, 1), -1.0)
    return [shared[section], total]


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
    kept = votes > VOTED
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
