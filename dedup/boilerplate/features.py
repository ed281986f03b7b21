"""What a line looks like: numbers that tell the article's lines from a page's chrome.

In: the lines of one page. Out: a matrix, a row per line. A line is described by itself (length, function words of the
page's own language, punctuation, capitals, phrases that stand in chrome), by three neighbours on each side, by its
place, by what it has in common with the headline and with the page's main block of prose, and by what the page's HTML
says of it. A page is read as a whole, in arrays: by the line it would take three times as long.

Rule guarded here: a line is described by its own page and by frozen tables, never by other pages.
"""

from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dedup.articles.letters import DIGIT, N_CODES, table
from dedup.articles.normalize import kinds
from dedup.articles.outline import LAYOUT
from dedup.articles.reading import Reading, read
from dedup.keys import KeyIndex
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
#: The columns of :func:`features` that tell of feeds of teasers; the last ones.
FEED: Final = ("feed_units", "feed_heads", "feed_credits", "feed_before", "feed_after", "feed_shared")
#: Names of the columns of :func:`features`.
FEATURES: Final = (
    *_OWN,
    *(f"{name}{offset:+d}" for offset in (-3, -2, -1, 1, 2, 3) for name in _NEIGHBOUR),
    *_PLACE,
    *FEED,
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
#: Names of the columns of :func:`html_features`. Feeds are told of plain text alone: HTML has elements for them.
HTML_FEATURES: Final = (*FEATURES[: -len(FEED)], *LAYOUT, *_VOTES)
#: Those of them that say nothing of an extractor.
FAST_FEATURES: Final = tuple(name for name in HTML_FEATURES if not any(of in name for of in _EXTRACTORS))
#: Those that say nothing of trafilatura, nor of whether it agrees.
RESILIPARSE_FEATURES: Final = tuple(
    name for name in HTML_FEATURES if "trafilatura" not in name and name != "resiliparse_agreed"
)

_LONG: Final = 15
"""From this size on a line that ends like a sentence counts as prose."""
_EDGE: Final = 8
"""In a line of more than four times this many words, phrases are looked for at both edges only."""
_CONTENT: Final = 4
"""Shortest content word, in letters."""
_ANNOUNCES: Final = 0.5
"""A line of which so much is chrome phrases announces the end of something."""
_UNIT: Final = 12
"""A teaser has at most so many lines before the one that ends it."""
_IN_LANGUAGE: Final = 0.08
"""A page is in a language if more than this share of its words are function words of it."""


@cache
def _vocabulary() -> "_Vocabulary":
    from dedup import line_kernels
    from dedup.compiled import tabulate

    def hashed(listed: Sequence[tuple[str, int]]) -> _Hashed:
        lines, bits = zip(*listed, strict=True)
        page = read(lines)
        hashes = line_kernels.sequences(page.hashes, page.ends)
        keys, values = tabulate(hashes, np.array(bits, dtype=np.int64))
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
    return _Vocabulary(hashed(function_words), hashed(starts), hashed(phrases), len(known["function_words"]))


class _Hashed(NamedTuple):
    """A table of sequences of words by their hash, as `compiled.look_up` reads it; ``longest``: the words of the longest."""

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
    """The content words of lines: line (``row``) and number of each ``word``, once a line; ``n`` of each line; ``hashes`` of the words."""

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


def content_of(text: str) -> set[int]:
    """Return the hashes of the words that say what a text is about; of pairs of letters in scripts without spaces."""
    return set(_content(read([text])).hashes.tolist())


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
    from dedup import line_kernels as loops

    if not page.n_lines:
        return np.empty((0, len(FEATURES)))
    # By column, as it is written here and read by trees.
    matrix = np.empty((page.n_lines, len(FEATURES)), order="F")
    widths = (len(_OWN), 2 * _REACH * len(_NEIGHBOUR), len(_PLACE))
    own, near, place, in_feed = np.split(matrix, np.cumsum(widths), axis=1)
    size = _describe(page, own)
    prose = (size >= _LONG) & (own[:, _I["ends_sentence"]] > 0)
    content = _content(page)
    if title:
        headline = content_of(title)
        if headline:
            told = KeyIndex.of(np.array(sorted(headline))).places(content.hashes) >= 0
            shared = np.bincount(content.row[told[content.word]], minlength=page.n_lines)
            own[:, _I["headline"]] = shared / np.maximum(content.n, 1)
    _fit_to_page(own, prose)
    loops.neighbours(own[:, [_I[name] for name in _NEIGHBOUR]], _REACH, near)
    _locate(own, size, prose, content, place)
    in_feed[:] = _feeds(own, size, prose, place[:, _PLACE.index("shared_before")])
    return matrix


_I: Final = {name: number for number, name in enumerate(_OWN)}


def _describe(page: Reading, own: Matrix) -> Matrix:
    """Write the features of each line by itself, and return its words, for every two of a script without spaces one if they are many."""
    from dedup import line_kernels as loops

    counts = np.empty((page.n_lines, loops.N_DESCRIBED), dtype=np.int64)
    loops.describe(page.text.codes, page.edges, table(), counts)
    n = page.n_words
    n = np.where((n > _LONG) & page.is_unspaced, (n + 1) // 2, n)
    per_word = 1 / np.maximum(n, 1)
    n_raw = np.maximum(counts[:, loops.RAW_WORDS], 1)
    known = _vocabulary()
    words = known.function_words
    in_language = loops.function_words(
        page.hashes, page.ends, words.keys, words.values, known.n_languages, _IN_LANGUAGE
    )
    starts_digit = table()[np.minimum(page.firsts, N_CODES)] & DIGIT > 0
    glued = (counts[:, loops.GLUES] > 0) & (n <= _LONG)
    times = loops.n_equal(loops.sequences(page.hashes, page.ends))
    marked, marked_start, shares = _marks(page, glued)

    for name, column in {
        "size": np.log1p(n),
        "characters": np.log1p(counts[:, loops.CHARACTERS]),
        "word_length": counts[:, loops.CHARACTERS] * per_word,
        "function_words": np.where(in_language < 0, -1.0, in_language / np.maximum(page.n_words, 1)),
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
        "times": np.minimum(times, 5),
        "headline": -1.0,
    }.items():
        own[:, _I[name]] = column
    own[:, MARKED] = shares
    return n.astype(np.float64)


def _marks(page: Reading, glued: Flags) -> tuple[Matrix, Matrix, Matrix]:
    """Return for each line the share of its words that are in chrome phrases, whether one opens it, and each marker's share."""
    from dedup import line_kernels

    known = _vocabulary()
    shares = np.zeros((page.n_lines, len(MARKERS)))
    total, opens = np.zeros(page.n_lines), np.zeros(page.n_lines)
    phrases = known.phrases
    line_kernels.mark(
        *page.text,
        kinds(),
        table(),
        page.hashes,
        page.ends,
        glued,
        known.starts.keys,
        *phrases,
        _EDGE,
        shares,
        total,
        opens,
    )
    return total, opens, shares


def marks(page: Reading) -> Matrix:
    """Return each marker's share of the words of each line, shape (n_lines, len(MARKERS))."""
    return _marks(page, np.zeros(page.n_lines, dtype=bool))[2]


def opens_with(page: Reading, marker: str) -> Flags:
    """Tell which lines begin with a chrome phrase, and hold one of a marker."""
    _, opens, shares = _marks(page, np.zeros(page.n_lines, dtype=bool))
    found: Flags = (opens > 0) & (shares[:, MARKERS.index(marker)] > 0)
    return found


def _fit_to_page(own: Matrix, prose: Flags) -> None:
    """Express length of words and share of function words by what they are in the page's prose.

    Languages differ in both more than chrome differs from prose.
    """
    for name in ("word_length", "function_words"):
        column = own[:, _I[name]]
        usual = float((column[prose] if prose.any() else column).mean())
        if usual > 0:
            column[:] = np.where(column >= 0, np.minimum(column / usual, 4.0), column)


def _locate(own: Matrix, size: Matrix, prose: Flags, content: _Content, out: Matrix) -> None:
    """Write where each line stands, and what it has in common with the lines around it."""
    from dedup import line_kernels as loops

    marked = own[:, _I["marked"]]
    position = np.arange(len(own))
    # The main block: the run of lines with the largest sum, prose counting for it, short and marked lines against.
    first, last = loops.best_run(np.where(prose, size, -6.0 - 12.0 * (marked > 0.3)))
    in_block = (position >= first) & (position <= last)
    # A line that announces the end of the article: mostly made of such phrases, after the block has begun.
    is_marked = marked >= _ANNOUNCES
    announces = is_marked & (own[:, _I["byline"]] < _ANNOUNCES) & (position > first)
    credit = (own[:, _I["marked_start"]] > 0) & (own[:, _I["credit"]] > 0) & (position > first)
    loops.places(size, prose, is_marked, announces, credit, first, last, out)
    at = _PLACE.index
    words = (content.row, content.word)
    loops.share_words(
        prose, in_block, *words, content.n, len(content.hashes), out[:, at("shared_block") : at("shared_after") + 1]
    )
    # A section ends with a line that announces the end of something, and begins with one that announces a picture.
    sections = out[:, at("section_shared") : at("section_words") + 1]
    loops.share_sections(prose, announces | credit, size, *words, len(content.hashes), sections)


def _feeds(own: Matrix, size: Matrix, prose: Flags, shared: Matrix) -> Matrix:
    """Describe the feed of teasers that each line stands in.

    A teaser ends with an invitation to read on that the page repeats, and in a feed the next one begins right there, with
    what is no prose (a picture's credit, a headline, a tag); a caption apart, its prose stands together at its end. A box in
    the middle of an article is followed by the article.

    Returns
    -------
    ndarray of float64, shape (n_lines, len(FEED))
        The number of teasers of the feed, 0 outside any; how many lines they have above their prose on average, the share of them
        that have a credit, the shares of the page's prose before and after the feed, and what its prose shares on average with the
        prose before each line (``shared``), -1 outside.
    """
    n = len(own)
    found = np.full((n, len(FEED)), -1.0)
    found[:, 0] = 0.0
    credit = (own[:, _I["marked_start"]] > 0) & (own[:, _I["credit"]] > 0)
    prose = prose & ~credit
    ends = np.flatnonzero((own[:, _I["read_more"]] >= _ANNOUNCES) & (own[:, _I["times"]] > 1) & ~prose)
    if len(ends) < 2:
        return found
    size = np.where(prose, size, 0.0)
    position = np.arange(n)
    last_other = np.maximum.accumulate(np.where(prose, -1, position))
    last_prose = np.maximum.accumulate(np.where(prose, position, -1))
    lead = ends - 1 - np.where(ends > 0, last_other[ends - 1], -1)
    between = np.diff(ends) - 1
    n_prose = np.concatenate([[0], np.cumsum(prose)])
    captions = n_prose[ends[1:]] - n_prose[ends[:-1] + 1] - lead[1:]
    follows = (between > 0) & (between <= _UNIT) & ~prose[ends[:-1] + 1] & (captions <= 1)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], follows, [0]])))
    for first, last in edges.reshape(-1, 2).tolist():
        # The first teaser has no end before it: it is as long as the others at most.
        body = ends[first] - min(lead[first], lead[first + 1 : last + 1].max())
        heads = between[first:last] - lead[first + 1 : last + 1]
        begin = body - min(heads.max(), body - 1 - (last_prose[body - 1] if body else -1))
        starts = np.concatenate([[begin], ends[first:last] + 1])
        end = ends[last] + 1
        told = shared[begin:end][prose[begin:end]]
        found[begin:end] = (
            min(len(starts), 10),
            heads.mean(),
            np.mean(np.logical_or.reduceat(credit[:end], starts)),
            size[:begin].sum() / max(size.sum(), 1.0),
            size[end:].sum() / max(size.sum(), 1.0),
            told.mean() if len(told) else -1.0,
        )
    return found


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
    from dedup import line_kernels as loops

    n, n_extractors = len(matrix), len(_EXTRACTORS)
    whole = np.empty((n, len(HTML_FEATURES)), order="F")
    n_text = len(FEATURES) - len(FEED)
    text, told, near, voted = np.split(whole, np.cumsum([n_text, len(LAYOUT), 2 * _REACH * n_extractors]), axis=1)
    text[:], told[:] = matrix[:, :n_text], layout
    if n and told[0, :n_extractors].max() < 0:
        # Nobody was asked.
        near[:], voted[:] = -1.0, 0.0
        return whole
    loops.neighbours(told[:, :n_extractors], _REACH, near)
    size = np.rint(np.expm1(matrix[:, _I["size"]]))
    loops.votes(size, (told[:, :n_extractors] > VOTED).astype(float), 50, voted)
    return whole
