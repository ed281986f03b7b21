"""What a line looks like: numbers that tell the article's lines from a page's chrome.

In: the lines of one page. Out: a matrix, a row per line. A line is described by itself (length, function words of the
page's own language, punctuation, capitals, phrases that stand in chrome), by three neighbours on each side, by its
place, by what it has in common with the headline and with the page's main block of prose, and by what the page's HTML
says of it. A page is read as a whole, in arrays: by the line it would take three times as long.

Rule guarded here: a line is described by its own page and by frozen tables, never by other pages.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dedup.articles.normalize import UNSPACED, words, words_and_breaks
from dedup.articles.outline import LAYOUT
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

_BULLET = re.compile(r"^(?:[*+\-•·▪►»›‣◦–—|#]|o|\d{1,2}[.)])[^\S\n]+", re.MULTILINE)
_LINK = re.compile(r"https?://|www\.|@\w|\.(?:com|org|net|jpg|png|gif)\b")
_SENTENCE = re.compile(r"[.!?。！？][\"”’»)\]]*[^\S\n]+\S|[。！？]")
_GLUE = re.compile(r"(?<=[a-zà-öø-ÿа-яё])(?=[A-ZÀ-ÖØ-ÞА-ЯЁ])")

#: What a character is, as bits; see :func:`_table`.
_SPACE, _UPPER, _LOWER, _COMMA, _BAR, _QUOTE, _CLOSING, _STOP, _OPENING, _BEFORE_GLUE, _AFTER_GLUE, _HAN = (
    1 << bit for bit in range(12)
)
_N_CODES: Final = 0x40000
_CASED_END: Final = 0x1F000


#: The words of a chrome phrase after the first, and the number of its marker.
Phrase: TypeAlias = tuple[tuple[str, ...], int]


@dataclass(frozen=True)
class Vocabulary:
    """Function words and chrome phrases, ready to be looked up.

    ``languages``: word -> bit set of the languages whose function word it is. ``phrases``: first word -> second word, empty
    where there is none -> phrases (rest of the words, number of the marker), longest first.
    """

    languages: Mapping[str, int]
    n_languages: int
    phrases: Mapping[str, Mapping[str, Sequence[Phrase]]]


@cache
def vocabulary() -> Vocabulary:
    """Return the vocabulary that ships with the package."""
    table = load_json("chrome_words.json")
    languages: dict[str, int] = {}
    for number, listed in enumerate(table["function_words"].values()):
        for word in listed.split():
            languages[word] = languages.get(word, 0) | 1 << number
    phrases: dict[str, dict[str, list[Phrase]]] = {}
    listed_phrases = {
        (phrase, number)
        for number, marker in enumerate(MARKERS)
        for listed in table["markers"][marker].values()
        for phrase in listed
    }
    for phrase, number in sorted(listed_phrases, key=lambda p: (-len(p[0].split()), p)):
        first, *rest = phrase.split()
        phrases.setdefault(first, {}).setdefault(rest[0] if rest else "", []).append((tuple(rest), number))
    return Vocabulary(languages, len(table["function_words"]), phrases)


@cache
def _table() -> NDArray[np.uint16]:
    """Return what each code point is; the last row stands for all that follow."""
    table = np.zeros(_N_CODES + 1, dtype=np.uint16)
    for bit, characters in (
        (_COMMA, ",，、"),
        (_BAR, "|•·»›/→▸"),
        (_QUOTE, '"“„«'),
        (_CLOSING, "\"”’»)]' \u200b\n"),
        (_STOP, ".!?…。！？।؟"),
        (_OPENING, "\"“‘«'([¿¡\n"),
    ):
        table[list(map(ord, characters))] |= bit
    everything = "".join(map(chr, range(_N_CODES)))
    for bit, pattern in (
        (_BEFORE_GLUE, "[a-zà-öø-ÿа-яё]+"),
        (_AFTER_GLUE, "[A-ZÀ-ÖØ-ÞА-ЯЁ]+"),
        (_SPACE, r"\s+"),
        (_HAN, f"[{UNSPACED}]+"),
    ):
        for run in re.finditer(pattern, everything):
            table[run.start() : run.end()] |= bit
    cased = everything[:_CASED_END]
    table[[code for code, letter in enumerate(cased) if letter.isupper()]] |= _UPPER
    table[[code for code, letter in enumerate(cased) if letter.islower()]] |= _LOWER
    return table


#: What is known of a word, as bits; from ``_LANGUAGES`` on, the languages whose function word it is.
_IS_CONTENT, _STARTS_DIGIT, _STARTS_PHRASE, _LANGUAGES = 1, 2, 4, 3


@lru_cache(maxsize=65_536)
def _about(word: str) -> int:
    """Return what is known of a word, the same on every page."""
    known = vocabulary()
    languages = known.languages.get(word, 0)
    return (
        _IS_CONTENT * (len(word) >= _CONTENT and not languages)
        | _STARTS_DIGIT * word[0].isdigit()
        | _STARTS_PHRASE * (word in known.phrases)
        | languages << _LANGUAGES
    )


class _Words(NamedTuple):
    """The words of a page, numbered.

    ``tokens``: the words of each line; ``row``, ``number``: of each word its line and its number; ``numbers``: the number of each
    word, ``about`` what is known of it (see `_about`); ``at``: place of each word among ``stream``, the words with line breaks between them.
    """

    tokens: list[list[str]]
    row: Places
    number: Places
    numbers: dict[str, int]
    about: NDArray[np.int64]
    stream: list[str]
    at: Places
    n: Places


def _read(lines: Sequence[str], text: str) -> _Words:
    stream = words_and_breaks(text)
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    numbers["\n"] = 0
    of_stream = np.fromiter(map(numbers.__getitem__, stream), dtype=np.intp, count=len(stream))
    at = np.flatnonzero(of_stream)
    breaks = np.flatnonzero(of_stream == 0)
    edges = [-1, *breaks.tolist(), len(stream)]
    n = np.diff(edges) - 1
    return _Words(
        [stream[start + 1 : end] for start, end in pairwise(edges)],
        np.repeat(np.arange(len(lines)), n),
        of_stream[at],
        dict(numbers),
        np.fromiter(map(_about, numbers), dtype=np.int64, count=len(numbers)),
        stream,
        at,
        n,
    )


class _Content(NamedTuple):
    """The content words of lines: pairs of line (``row``) and ``word``, each once, sorted; ``n`` of each line."""

    row: Places
    word: Places
    n: Places
    n_words: int


def _content(read: _Words, is_unspaced: Flags) -> _Content:
    """Return the words that say what each line is about; pairs of letters, which it numbers too, in scripts without spaces."""
    is_content = read.about & _IS_CONTENT > 0
    row, number = read.row, read.number
    wanted = is_content[number] & ~is_unspaced[row]
    rows, numbers = [row[wanted]], [number[wanted]]
    more = read.numbers
    for line in np.flatnonzero(is_unspaced).tolist():
        pairs = [more.setdefault(a + b, len(more)) for a, b in pairwise(read.tokens[line])]
        rows.append(np.full(len(pairs), line, dtype=np.intp))
        numbers.append(np.array(pairs, dtype=np.intp))
    n_words = len(more)
    coded = _once(np.concatenate(rows) * n_words + np.concatenate(numbers))
    row, word = np.divmod(coded, n_words)
    return _Content(row, word, np.bincount(row, minlength=len(read.n)), n_words)


def _once(numbers: Places) -> Places:
    """Return the numbers sorted, each once; a sort is faster here than the table of ``np.unique``."""
    numbers = np.sort(numbers)
    return numbers[np.concatenate([[True], numbers[1:] != numbers[:-1]])] if len(numbers) else numbers


def content_of(line: str) -> set[str]:
    """Return the words that say what a line is about; pairs of letters in scripts without spaces."""
    tokens = words(line)
    if not line.isascii() and any(_table()[min(ord(letter), _N_CODES)] & _HAN for letter in line):
        return {a + b for a, b in pairwise(tokens)}
    return {word for word in tokens if _about(word) & _IS_CONTENT}


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
    if not lines:
        return np.empty((0, len(FEATURES))), []
    text = "\n".join(lines)
    if text.count("\n") != len(lines) - 1:
        lines = [line.replace("\n", " ") for line in lines]
        text = "\n".join(lines)
    read = _read(lines, text)
    own, is_unspaced = _own(lines, text, read)
    content = _content(read, is_unspaced)
    if headline := content_of(title):
        told = [read.numbers[word] for word in headline if word in read.numbers]
        shared = np.bincount(content.row[np.isin(content.word, told)], minlength=len(lines))
        own[:, _I["headline"]] = shared / np.maximum(content.n, 1)
    _fit_to_page(own)
    place = _place(own, content)
    return np.hstack([own, _neighbours(own), place, _feeds(own, place[:, _PLACE.index("shared_before")])]), read.tokens


_I: Final = {name: number for number, name in enumerate(_OWN)}


def _own(lines: Sequence[str], text: str, read: _Words) -> tuple[Matrix, Flags]:
    """Return the features of each line by itself, and which lines are written without spaces."""
    if text.isascii():
        codes: NDArray[np.uint32] | NDArray[np.uint8] = np.frombuffer(text.encode("ascii"), dtype=np.uint8)
    else:
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        codes = np.minimum(codes, _N_CODES)
    is_ = _table()[codes]
    length = np.array([len(line) for line in lines])
    start = np.concatenate([[0], np.cumsum(length[:-1] + 1)])
    end = start + length

    def count(flags: Flags) -> NDArray[np.int64]:
        return np.add.reduceat(flags, start, dtype=np.int64)

    def count_at(places: Sequence[int]) -> NDArray[np.int64]:
        return np.bincount(np.searchsorted(start, places, side="right") - 1, minlength=len(lines))

    is_unspaced = count(is_ & _HAN > 0) > 0
    n = read.n
    n = np.where((n > _LONG) & is_unspaced, (n + 1) // 2, n)
    per_word = 1 / np.maximum(n, 1)

    # The last character that does not close a bracket or a quotation, and the first that does not open one.
    place = np.arange(len(codes))
    last = np.maximum.reduceat(np.where(is_ & _CLOSING == 0, place, -1), start)
    has_last = last >= 0
    last = np.maximum(last, 0)
    is_dot = codes == ord(".")
    open_dots = is_dot[last] & is_dot[np.maximum(last - 1, start)] & is_dot[np.maximum(last - 2, start)]
    open_dots &= last - start >= 2
    ends_open = has_last & (open_dots | (codes[last] == ord("…")))
    first = np.minimum.reduceat(np.where(is_ & _OPENING == 0, place, len(codes)), start)
    lower_start = is_[np.minimum(first, len(codes) - 1)] & _LOWER > 0

    # Runs of what is no space: words as they are written.
    is_space = is_ & _SPACE > 0
    begins = np.flatnonzero(~is_space & np.concatenate([[True], is_space[:-1]]))
    ends = np.flatnonzero(~is_space & np.concatenate([is_space[1:], [True]])) + 1
    raw_row = np.searchsorted(start, begins, side="right") - 1
    kinds = np.bitwise_or.reduceat(np.where(is_space, np.uint16(0), is_), begins)
    shouts = (kinds & _UPPER > 0) & (kinds & _LOWER == 0) & (ends - begins > 1)
    n_raw = np.maximum(np.bincount(raw_row, minlength=len(lines)), 1)

    masks = read.about[read.number] >> _LANGUAGES
    language = _language(masks, vocabulary().n_languages)
    in_language = np.bincount(read.row[masks & language > 0], minlength=len(lines))
    starts_digit = read.about & _STARTS_DIGIT > 0
    glues = np.flatnonzero((is_[:-1] & _BEFORE_GLUE > 0) & (is_[1:] & _AFTER_GLUE > 0))
    glued = (count_at(glues.tolist()) > 0) & (n <= _LONG)
    times = Counter(seen := [" ".join(line) for line in read.tokens])
    marked, marked_start, shares = _marks(lines, read, glued)

    own = np.empty((len(lines), len(_OWN)))
    for name, column in {
        "size": np.log1p(n),
        "characters": np.log1p(length),
        "word_length": length * per_word,
        "function_words": in_language / np.maximum(read.n, 1) if language else -1.0,
        "ends_sentence": has_last & (is_[last] & _STOP > 0) & ~ends_open,
        "ends_colon": has_last & (codes[last] == ord(":")),
        "ends_open": ends_open,
        "sentences": count_at([found.start() for found in _SENTENCE.finditer(text)]),
        "commas": count(is_ & _COMMA > 0) * per_word,
        "capitals": np.bincount(raw_row[is_[begins] & _UPPER > 0], minlength=len(lines)) / n_raw,
        "shouting": np.bincount(raw_row[shouts], minlength=len(lines)) / n_raw,
        "lower_start": lower_start & (first < end),
        "numbers": np.bincount(read.row[starts_digit[read.number]], minlength=len(lines)) * per_word,
        "bullet": count_at([found.start() for found in _BULLET.finditer(text)]),
        "bars": count(is_ & _BAR > 0) * per_word,
        "links": count_at([found.start() for found in _LINK.finditer(text)]) * per_word,
        "quotes": count(is_ & _QUOTE > 0) > 0,
        "glued": glued,
        "marked": marked,
        "marked_start": marked_start,
        "times": [min(times[line], 5) for line in seen],
        "headline": -1.0,
    }.items():
        own[:, _I[name]] = column
    own[:, MARKED] = shares
    return own, is_unspaced


def _language(masks: NDArray[np.int64], n_languages: int) -> int:
    """Return the bit of the language most of the page's function words belong to, 0 if there are few of any."""
    totals = [int(np.count_nonzero(masks & 1 << bit)) for bit in range(n_languages)]
    best = max(range(n_languages), key=lambda bit: (totals[bit], -bit))
    return 1 << best if totals[best] > _IN_LANGUAGE * len(masks) else 0


def _marks(lines: Sequence[str], read: _Words, glued: Flags) -> tuple[Matrix, Matrix, Matrix]:
    """Return for each line the share of its words that are in chrome phrases, whether one opens it, and each marker's share."""
    phrases = vocabulary().phrases
    shares = np.zeros((len(lines), len(MARKERS)))
    total, opens = np.zeros(len(lines)), np.zeros(len(lines))
    stream = [*read.stream, "\n"]
    found = np.flatnonzero(read.about[read.number] & _STARTS_PHRASE)
    row, at = read.row[found], read.at[found]
    local = found - (np.cumsum(read.n) - read.n)[row]
    n = read.n[row]
    looked_at = ~glued[row] & ((n <= 4 * _EDGE) | (local < _EDGE) | (local >= n - _EDGE))
    done = -1
    columns = (row, at, local, n)
    for line, place, inside, size in zip(*(column[looked_at].tolist() for column in columns), strict=True):
        if place < done:
            continue
        # Most words that may begin a phrase do not.
        following = phrases[stream[place]]
        if "" not in following and stream[place + 1] not in following:
            continue
        longest = _phrase_at(stream, place, size, shares[line])
        if longest:
            done = place + longest
            total[line] += longest
            if not inside:
                opens[line] = 1.0
    total /= np.maximum(read.n, 1)
    for line in np.flatnonzero(glued).tolist():
        total[line], opens[line] = mark(words(_GLUE.sub(" ", lines[line])), shares[line])
    return total, opens, shares


def _phrase_at(tokens: Sequence[str], place: int, n: int, shares: Matrix) -> int:
    """Return the length of the longest chrome phrase that begins at a place, 0 for none; add its share of ``n`` words."""
    following = vocabulary().phrases.get(tokens[place])
    if following is None:
        return 0
    longest = 0
    second = tokens[place + 1] if place + 1 < len(tokens) else "\n"
    for rest, number in (*following.get(second, ()), *following.get("", ())):
        size = len(rest) + 1
        if size < longest:
            break
        if tuple(tokens[place + 1 : place + size]) == rest:
            longest = size
            shares[number] += size / n
    return longest


def mark(tokens: Sequence[str], shares: Matrix) -> tuple[float, float]:
    """Add to ``shares``, shape (len(MARKERS),), each marker's share of the words of one line.

    Returns
    -------
    tuple of float
        The share of all of them, and 1 if one opens the line.
    """
    n, total, opens, place = len(tokens), 0, 0.0, 0
    while place < n:
        if n > 4 * _EDGE and _EDGE <= place < n - _EDGE:
            place = n - _EDGE
        longest = _phrase_at(tokens, place, n, shares)
        opens = 1.0 if longest and not place else opens
        total += longest
        place += longest or 1
    return total / max(n, 1), opens


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
    n_prose = np.bincount(word[is_prose], minlength=content.n_words)[word]
    n_block = np.bincount(word[is_block], minlength=content.n_words)[word]
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
    first = np.full(content.n_words, n)
    np.minimum.at(first, word, row)
    held = _once(section[row] * content.n_words + word)
    of, word = np.divmod(held, content.n_words)
    n_held = np.bincount(of, minlength=len(edges))
    n_before = np.bincount(of[first[word] < edges[of]], minlength=len(edges))
    told = (n_held > 0) & (edges > row[0])
    shared = np.where(told, n_before / np.maximum(n_held, 1), -1.0)
    return [shared[section], total]


def _feeds(own: Matrix, shared: Matrix) -> Matrix:
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
    prose = _is_prose(own) & ~credit
    ends = np.flatnonzero((own[:, _I["read_more"]] >= _ANNOUNCES) & (own[:, _I["times"]] > 1) & ~prose)
    if len(ends) < 2:
        return found
    size = np.where(prose, np.expm1(own[:, _I["size"]]), 0.0)
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
    return np.hstack([matrix[:, : -len(FEED)], layout, *columns])
