"""The parts of a draft that are its site's: runs of repeated sentences, whole lines or inside one.

In: the segments of one draft, with the number of articles that repeat each of their sentences. Out: the same text in
parts, each of which is a line, or the piece of a line that a repeated passage leaves or makes up, with the number of
articles if it is the site's.

Rule guarded here: what is news stays. A repeat that the line model trusts must be long, or on every other page, or
beside other repeats: headings, speakers and stock sentences of reporters come again too. One that is about the very
subject of its article is background.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, groupby
from typing import Final, NamedTuple

from dedup.articles.segment import sentences, size
from dedup.boilerplate.repeat import content

_DOUBTED: Final = 0.5
"""A line below this probability is in doubt."""
_DENIED: Final = 0.1
"""Below this probability no exception is made for short lines and lines of figures."""
_TRUSTED: Final = 0.75
_TRUSTED_IF_RARE: Final = 0.6
"""From this probability on a sentence is trusted; a shorter line is already from ``_DOUBTED`` on."""
_SENTENCE: Final = 8
"""A line of fewer words is a heading or a name rather than a sentence."""
_TELLING: Final = 4
"""Two articles may share a line of fewer words by chance."""
_PASSAGE: Final = 25
"""A run of repeats of so many words is a passage, which no reporter writes twice by chance."""
_PARAGRAPH: Final = 60
"""A trusted run of so many words, if it is in no more articles than it must be: how a poll was made is told again too."""
_INSIDE: Final = 12
"""A run inside a line that is not all repeated must have so many words to be cut out."""
_WHOLE: Final = 0.8
"""If this share of the words of a panel is repeated, so is the rest: a gallery with a caption more."""
_BACKGROUND: Final = 150
"""A run of more words is no background paragraph, whatever it is about."""
_ABOUT: Final = 0.33
"""From this share of its content words found in the rest of the article on a passage is about its subject."""
_TOGETHER: Final = 2
"""Lines that stand one after the other come together if neither is in more than so many times the other's articles."""
_CREDIT: Final = 15
"""A trusted line in brackets, or with an address, of fewer words is a credit."""
_USUAL: Final = 0.3
"""A line that is a sentence and stands in this share of all unrelated articles of the site is the site's."""
_EVERYWHERE: Final = 50
"""In so many unrelated articles stands nothing but what is the site's."""
_ALIKE: Final = 4
"""So many articles must have lines of one form, all in doubt."""
_SPREAD: Final = 3
"""A trusted passage in the articles of so many sources is wire copy or a quotation, if no one of them has it often."""
_OFTEN: Final = 10
"""From so many unrelated articles on a repeat is often; below, it is rare."""

_NONE: Final = (0,)
_STOPS: Final = tuple(".!?…。！？।؟")
_DATA = re.compile(r"(?:\d[.,]\d|\d ?%).*(?:\d[.,]\d|\d ?%)|\d\S*(?:\s+[^\W\d]\S*){3,}\s+\S*\d")
"""Two figures, or two numbers with words between them, which a desk fills in anew: such lines differ in what they say."""
_BRACKETED = re.compile(r"[\[(【（].*[\])】）]\W*")
_ADDRESS = re.compile(r"(?:^|\s)@\w|https?://|www\.|\w@\w")


class Row(NamedTuple):
    """A segment with its counts: the columns of ``SEGMENT`` and :func:`dedup.boilerplate.repeat.counted` that say what a line is."""

    text: str
    key: int
    keep: float
    marker: str
    n_sentences: Sequence[int] | None
    n_alike: int
    n_sources: int
    n_site: int


class Part(NamedTuple):
    """A line, or a piece of one.

    ``line`` is the number of the line it is of, ``before`` the white space between it and the piece before it there.
    ``n_articles`` is the number of articles that repeat it if it is the site's, else too small to remove it.
    """

    line: int
    text: str
    key: int
    keep: float
    marker: str
    n_articles: int
    before: str


@dataclass(slots=True)
class _Unit:
    """A sentence of row number ``row``.

    ``n`` is set to 0 where it is found to be the article's; ``seen`` then says that it is a repeat all the same, in a
    number too small to remove it: a repeat is no headline.
    """

    row: int
    text: str
    words: int
    n: int
    seen: int


def parts(rows: Sequence[Row], n_repeats: int = 3) -> list[Part]:
    """Split the lines of a draft where a repeated passage begins or ends.

    Parameters
    ----------
    rows : sequence of Row
        Segments of one draft, in order.
    n_repeats : int
        Number of unrelated articles in which a sentence is the site's; two are enough where the line model doubts.
    """
    # What is no repeat is a part as it is; of most drafts that is all.
    lines = [
        _units(n, row, n_repeats) if row.n_alike > 0 or max(row.n_sentences or _NONE) > 1 else ()
        for n, row in enumerate(rows)
    ]

    @cache
    def rest() -> set[str]:
        texts = (unit.text for units in lines for unit in units if not unit.n)
        return set().union(
            *map(content, chain(texts, (row.text for row, units in zip(rows, lines, strict=True) if not units)))
        )

    for run in _runs(lines):
        if not _is_of_site(run, len(lines[run[0].row]), rows, rest, n_repeats):
            for unit in run:
                unit.n = 0
    made: list[Part] = []
    for n, (row, units) in enumerate(zip(rows, lines, strict=True)):
        if len(units) > 1:
            made += _pieces(n, row, units)
        else:
            repeated = units[0].n or units[0].seen if units else 0
            made.append(Part(n, row.text, row.key, row.keep, row.marker, repeated, ""))
    return made


def joined(kept: Iterable[Part]) -> str:
    """Return the text of parts that are kept, in lines."""
    text = ""
    line = -1
    for part in kept:
        text += (part.before if part.line == line else "\n" * bool(text)) + part.text
        line = part.line
    return text


def _units(number: int, row: Row, n_repeats: int) -> list[_Unit]:
    """Return the sentences of a line, one of them a repeat; the whole line as one if it is all repeated, or of a form that is."""
    text, counts = row.text, row.n_sentences or [0]
    doubted, n_words = row.keep < _DOUBTED, size(text)
    least = _least(row, n_words, n_repeats)

    def unit(piece: str, words: int, n: int) -> _Unit:
        return _Unit(number, piece, words, n if n >= least else 0, 0 if doubted else min(n, n_repeats - 1))

    n = min(counts)
    if doubted and n < least and row.n_alike >= _ALIKE:
        n = row.n_alike
    elif row.keep >= _DENIED and n < _EVERYWHERE and n_words < _PASSAGE and _DATA.search(text):
        n = min(n, least - 1)
    if n >= least or len(counts) == 1:
        return [unit(text, n_words, n)]
    units = [unit(piece, size(piece), count) for piece, count in zip(sentences(text), counts, strict=True)]
    repeated = sorted(piece.n for piece in units if piece.n)
    if sum(piece.words for piece in units if piece.n) >= max(_WHOLE * sum(piece.words for piece in units), _BACKGROUND):
        return [unit(text, n_words, repeated[len(repeated) // 2])]
    return units


def _least(row: Row, n_words: int, n_repeats: int) -> int:
    """Return the number of articles from which on a line of so many words may be the site's."""
    text, keep = row.text, row.keep
    if row.marker:
        return 2 if keep < _DOUBTED else n_repeats
    if n_words < _TELLING:
        # What is that short and ends like a sentence was said by somebody; a name may head two texts by chance.
        if _ends(text):
            return _EVERYWHERE
        return max(n_repeats, _ALIKE) if _DENIED <= keep < _DOUBTED else n_repeats
    if text.endswith((":", "：")):
        return _OFTEN
    said = n_words < _SENTENCE and _ends(text)
    return 2 if keep < _DOUBTED and not said else n_repeats


def _ends(text: str) -> bool:
    return text.rstrip("\"”’»)]' ").endswith(_STOPS)


def _runs(lines: Sequence[Sequence[_Unit]]) -> Iterator[list[_Unit]]:
    """Yield the runs of repeats: whole lines that come together on the site, or sentences inside one line."""
    whole: list[_Unit] = []
    for units in lines:
        alone = len(units) == 1 and units[0].n > 0
        if whole and not (alone and max(units[0].n, whole[-1].n) <= _TOGETHER * min(units[0].n, whole[-1].n)):
            yield whole
            whole = []
        if alone:
            whole.append(units[0])
            continue
        for repeated, run in groupby(units, key=lambda unit: unit.n > 0):
            if repeated:
                yield list(run)
    if whole:
        yield whole


def _is_of_site(
    run: Sequence[_Unit], n_units: int, rows: Sequence[Row], rest: Callable[[], set[str]], n_repeats: int
) -> bool:
    """Decide whether a run of repeats is the site's, not the article's."""
    n = min(unit.n for unit in run)
    total = sum(unit.words for unit in run)
    touched = [rows[unit.row] for unit in run]
    inside = len(run) < n_units
    text = "".join(unit.text for unit in run)
    keep = sum(row.keep * (unit.words + 1) for row, unit in zip(touched, run, strict=True)) / (total + len(run))
    credit = total < _CREDIT and (_BRACKETED.fullmatch(text) is not None or _ADDRESS.search(text) is not None)
    if inside and (n < n_repeats or total < _INSIDE) and not (credit and keep < _DOUBTED):
        return False
    trusted = _DOUBTED if total < _SENTENCE else _TRUSTED_IF_RARE if n < _OFTEN else _TRUSTED
    marked = not inside and not text.endswith("?") and any(row.marker for row in touched)
    usual = n >= _EVERYWHERE or (not inside and total >= _SENTENCE and n >= _USUAL * max(row.n_site for row in touched))
    if usual or marked or keep < trusted:
        return True
    if n < _OFTEN and max(row.n_sources for row in touched) >= _SPREAD:
        return False
    if total < (_PARAGRAPH if n <= n_repeats else _PASSAGE):
        return credit
    about = content(text)
    return total >= _BACKGROUND or len(about & rest()) < _ABOUT * len(about)


def _pieces(number: int, row: Row, units: Sequence[_Unit]) -> Iterator[Part]:
    """Yield the pieces of a line that a repeated passage parts."""
    before = ""
    for _, run in groupby(units, key=lambda unit: unit.n > 0):
        piece = list(run)
        text = "".join(unit.text for unit in piece)
        n = min(unit.n or unit.seen for unit in piece)
        yield Part(number, text.strip(), row.key, row.keep, row.marker, n, before)
        before = text[len(text.rstrip()) :]
