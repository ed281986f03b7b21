"""Content or chrome: the last word on every line, and the article that remains.

In: the lines of one draft with the judgement of the line model and the number of articles that repeat each. Out: the
clean body, its headline, and every line that was taken out with its reason. A page, as HTML or in plain text, is cleaned
fully; what the user gave as an article loses only clear chrome, repeats and its repeated headline; a clean text loses
nothing.

Rule guarded here: a line leaves with a reason, and an article is not emptied by doubts about each of its lines.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pyarrow as pa

from dedup.articles.host import names_host
from dedup.articles.reading import Reading, read
from dedup.articles.segment import NO_WORDS
from dedup.boilerplate.doubled import doubled
from dedup.boilerplate.passage import Part, Row, joined, parts
from dedup.boilerplate.repeat import COUNTED
from dedup.errors import ParameterError
from dedup.schema import LABELLED, SEGMENT

_PROSE = 15
"""From this many words on a line that ends like a sentence is a paragraph."""
_HEADLINE = (3, 30)
"""A headline has so many words."""
_NEAR = 15
"""A headline stands at most so many lines before the first paragraph."""
_ABOUT = 0.3
"""Share of a headline's longer words that its text uses too."""
_SAME = 0.7
"""Share of words from which the beginning of a longer headline is taken for the headline."""

_FOLLOWING = 0.5
"""By this factor less probability is asked of a sentence that follows a paragraph of the article."""
_SENTENCE = 8
"""A line of fewer words is no sentence that could follow a paragraph."""
_STANDFIRST = 8
"""A standfirst has at least so many words."""
_LIKELY = 0.5
"""From this probability on a line tells what the article is about."""
_HEADLINE_ALONE = 0.45
"""From this probability on a line may be the headline though it shares no word with the text."""
_SHORT = 3
"""Words of so many letters or fewer say little about the subject."""

_TWICE = "doubled: stands on this page twice"

_CLOSING = "\"”’»)]' "
_STOPS = tuple(".!?…。！？।؟")


@dataclass(frozen=True)
class Thresholds:
    """From where on a line stays.

    ``keep``: least probability; ``n_repeats``: number of unrelated articles in which a line of ``min_words`` words or
    more is the site's; ``doubtful``: a line below this probability is the site's when it stands in two; ``island``:
    least mean probability of a run of lines that stands apart from the article's largest run; ``once``: of what the page says
    twice one copy stays.
    """

    keep: float
    n_repeats: int = 3
    min_words: int = 2
    doubtful: float = 0.5
    island: float = 0.0
    once: bool = False


def strip(
    lines: Sequence[Part], page: Reading, title: str, thresholds: Thresholds, source: str = ""
) -> tuple[str, list[int], dict[int, str]]:
    """Label the lines of one draft.

    Parameters
    ----------
    lines : sequence of Part
        Lines, or pieces of lines, in order.
    page : Reading
        The same, read.
    title : str
        The headline if it is known, else empty.
    thresholds : Thresholds
        From where on a line stays.
    source : str
        Host of the site, whose name is no headline.

    Returns
    -------
    title : str
        The headline, found in the text if it was not known; may be empty.
    kept : list of int
        Positions of the lines of the article, in order.
    removed : dict of int to str
        Position -> reason of every other line, in order.
    """
    n_words = page.n_words.tolist()
    reasons: dict[int, str] = {}
    for position, line in enumerate(lines):
        if line.n_articles > 1 and _repeated(line, n_words[position], thresholds):
            reasons[position] = f"repeat: in {line.n_articles} articles of this site"
        elif line.keep < thresholds.keep and (
            line.keep < _FOLLOWING * thresholds.keep or not _follows(lines, n_words, position, reasons)
        ):
            reasons[position] = f"line model: {line.marker}" if line.marker else "line model"

    for position in _islands(lines, n_words, reasons, thresholds.island):
        reasons[position] = "line model: stands apart"
    body = next((p for p in range(len(lines)) if p not in reasons and _is_prose(lines[p].text, n_words[p])), None)
    if body is None:
        restored = _best_run(lines, n_words, reasons)
        for position in restored:
            reasons.pop(position, None)
        body = next((p for p in restored if _is_prose(lines[p].text, n_words[p])), None)
    if not title and body is not None:
        found = _headline(lines, page, body, source)
        if found is not None:
            title = lines[found].text
            reasons[found] = "headline"
            standfirst = _standfirst(lines, page, found, body)
            if standfirst is not None and not reasons.get(standfirst, "").startswith("repeat"):
                reasons.pop(standfirst, None)
    for position in _titles(lines, page, title, len(lines) if body is None else body):
        reasons[position] = reasons[position] if reasons.get(position) == "headline" else "headline repeated"
    kept = [position for position in range(len(lines)) if position not in reasons]
    if thresholds.once:
        reasons.update(dict.fromkeys(doubled(page, kept), _TWICE))
        kept = [position for position in kept if position not in reasons]
    return title, kept, {position: reasons[position] for position in sorted(reasons)}


def _words(page: Reading, position: int) -> list[int]:
    """Return the hashes of the words of a line."""
    start, end = page.ends[position : position + 2]
    hashes: list[int] = page.hashes[start:end].tolist()
    return hashes


def _titles(lines: Sequence[Part], page: Reading, title: str, body: int) -> Iterator[int]:
    """Yield the lines that are the headline, before ``body`` those that begin as it does, and chrome that has it in it."""
    wanted = read([title]).hashes.tolist()
    if not wanted:
        return
    has_first = np.zeros(page.n_lines, dtype=bool)
    has_first[page.rows[page.hashes == wanted[0]]] = True
    for position in np.flatnonzero(has_first).tolist():
        found = _words(page, position)
        if (
            found == wanted
            or (position < body and _begins(found, wanted))
            or (lines[position].marker and _contains(found, wanted))
        ):
            yield position


def _follows(lines: Sequence[Part], n_words: Sequence[int], position: int, reasons: Mapping[int, str]) -> bool:
    """Decide whether a line is a sentence right after a paragraph that stays, and so deserves less doubt."""
    line, before = lines[position], position - 1
    return (
        position > 0
        and before not in reasons
        and not line.marker
        and n_words[position] >= _SENTENCE
        and _ends(line.text)
        and _ends(lines[before].text)
    )


def _repeated(line: Part, n_words: int, thresholds: Thresholds) -> bool:
    if line.key == NO_WORDS:
        return False
    if line.keep < thresholds.doubtful:
        return True
    return line.n_articles >= thresholds.n_repeats and n_words >= thresholds.min_words


def _is_prose(text: str, n_words: int) -> bool:
    return n_words >= _PROSE and _ends(text)


def _ends(text: str) -> bool:
    return text.rstrip(_CLOSING).endswith(_STOPS)


def _islands(lines: Sequence[Part], n_words: Sequence[int], reasons: Mapping[int, str], least: float) -> list[int]:
    """Return the lines of the runs that stand apart from the largest one and are doubtful as a whole.

    A run with a paragraph in it stays: sign-up boxes stand in the middle of articles too.
    """
    if not least:
        return []
    runs: list[list[int]] = []
    for position in range(len(lines)):
        if position in reasons:
            continue
        if runs and runs[-1][-1] == position - 1:
            runs[-1].append(position)
        else:
            runs.append([position])

    def mass(run: Sequence[int]) -> float:
        return sum(lines[position].keep * n_words[position] for position in run)

    largest = max(runs, key=mass, default=[])
    return [
        position
        for run in runs
        if run is not largest
        and mass(run) < least * sum(n_words[position] for position in run)
        and not any(_is_prose(lines[position].text, n_words[position]) for position in run)
        for position in run
    ]


def _best_run(lines: Sequence[Part], n_words: Sequence[int], reasons: Mapping[int, str]) -> list[int]:
    """Return the run of lines most likely to be an article, none if the page has no paragraph that is no repeat."""
    usable = [not reasons.get(position, "").startswith("repeat") for position in range(len(lines))]
    prose = [
        position for position, line in enumerate(lines) if usable[position] and _is_prose(line.text, n_words[position])
    ]
    if not prose:
        return []
    bar = max(lines[position].keep for position in prose) / 2
    best: list[int] = []
    best_sum = running_sum = 0.0
    running: list[int] = []
    for position, line in enumerate(lines):
        gain = n_words[position] * (line.keep - bar) if usable[position] else -1.0
        if running_sum <= 0:
            running, running_sum = [], 0.0
        running_sum += gain
        if usable[position] and line.keep >= bar:
            running.append(position)
        if running_sum > best_sum:
            best, best_sum = list(running), running_sum
    return best


def _headline(lines: Sequence[Part], page: Reading, body: int, source: str) -> int | None:
    """Find the headline among the lines shortly before the first paragraph.

    It is a short line without a full stop that is no chrome and no repeat of the site, and shares words with the text; of
    several one that stands there twice, else the likeliest to be the article's.
    """
    from dedup import line_kernels

    text = _vocabulary(lines, page, body)
    candidates = []
    for position in range(max(body - _NEAR, 0), body):
        line, n_words = lines[position], page.ends[position + 1] - page.ends[position]
        if (
            not _HEADLINE[0] <= n_words <= _HEADLINE[1]
            or line.marker
            or names_host(line.text, source)
            or line.text.rstrip(_CLOSING).endswith((".", ":", "…"))
        ):
            continue
        # One that shares no word with the text must be likely by itself, and no line of the site's, such as a section's name;
        # but a headline stands on other pages too, above its teaser.
        if (line.keep >= _HEADLINE_ALONE and line.n_articles < 2) or _is_about(page, position, text):
            candidates.append(position)
    times = line_kernels.n_equal(line_kernels.sequences(page.hashes, page.ends))
    twice = [position for position in candidates if times[position] > 1]
    return max(twice or candidates, key=lambda position: (lines[position].keep, -position), default=None)


def _contains(found: Sequence[int], wanted: Sequence[int]) -> bool:
    n = len(wanted)
    return n >= _HEADLINE[0] and any(list(found[i : i + n]) == list(wanted) for i in range(len(found) - n + 1))


def _standfirst(lines: Sequence[Part], page: Reading, headline: int, body: int) -> int | None:
    """Find the line under the headline that sums the article up, which the line model takes for a teaser."""
    position = headline + 1
    while position < body and _words(page, position) == _words(page, headline):
        position += 1
    if position >= body or len(_words(page, position)) < _STANDFIRST or lines[position].marker:
        return None
    return position if _is_about(page, position, _vocabulary(lines, page, body)) else None


def _vocabulary(lines: Sequence[Part], page: Reading, body: int) -> set[int]:
    """Return the words of the likely lines of the text."""
    is_likely = np.array([line.keep >= _LIKELY for line in lines])
    is_likely[:body] = False
    return set(page.hashes[is_likely[page.rows]].tolist())


def _is_about(page: Reading, position: int, text: set[int]) -> bool:
    """Decide whether a text uses the words of a line: all but short ones, if it has others."""
    start, end = page.ends[position : position + 2]
    words = page.hashes[start:end]
    about = set(words[page.sizes[start:end] > _SHORT].tolist()) or set(words.tolist())
    return len(about & text) >= _ABOUT * len(about)


def _begins(found: Sequence[int], wanted: Sequence[int]) -> bool:
    """Decide whether one of a line and a headline is the other with something more, as a site's name."""
    if min(len(found), len(wanted)) < _HEADLINE[0]:
        return False
    short, long = sorted((found, wanted), key=len)
    return long[: len(short)] == short and len(short) >= _SAME * len(long)


class _About(NamedTuple):
    """The draft that a segment is of."""

    doc_id: str
    source: str | None
    kind: str
    title: str | None


@dataclass(frozen=True)
class Label:
    """Strip each draft of its chrome.

    Reads: segments with the counts of :func:`dedup.boilerplate.repeat.counted` and the draft's ``title``. Writes: clean body,
    headline and removed lines, one row per draft that has any line. Partitioned by: doc_id.

    Parameters
    ----------
    keep_page, keep_html, keep_article : float
        Least probability with which a line of a page in plain text, of HTML and of a text given as an article stays, in [0, 1].
    n_repeats, min_words : int
        A line of ``min_words`` words or more is the site's when it stands in ``n_repeats`` unrelated articles.
    island : float
        Of a page in plain text: least mean probability of a run of lines that stands apart from its largest run, in [0, 1].
    """

    keep_page: float = 0.5
    keep_html: float = 0.55
    keep_article: float = 0.05
    n_repeats: int = 3
    min_words: int = 2
    island: float = 0.6

    reads: ClassVar[pa.Schema] = pa.schema(
        [
            *(SEGMENT.field(name) for name in ("doc_id", "source", "kind", "index", "text", "key", "keep", "marker")),
            *COUNTED,
            ("title", pa.string()),
        ]
    )
    writes: ClassVar[pa.Schema] = LABELLED
    partition_by: ClassVar[tuple[str, ...]] = ("doc_id",)

    def __post_init__(self) -> None:
        """Check the parameters."""
        for name in ("keep_page", "keep_html", "keep_article", "island"):
            if not 0 <= getattr(self, name) <= 1:
                raise ParameterError(f"Label: {name} must be in [0, 1]. Got {getattr(self, name)}.")
        if self.n_repeats < 2:
            raise ParameterError(f"Label: n_repeats must be at least 2. Got {self.n_repeats}.")
        if self.min_words < 0:
            raise ParameterError(f"Label: min_words must not be negative. Got {self.min_words}.")

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield one batch per batch of segments; a draft comes with the batch that ends it."""
        about, draft = _About("", None, "", None), list[tuple[int, Row]]()
        for batch in batches:
            done = []
            ids, indices = (batch.column(name).to_pylist() for name in ("doc_id", "index"))
            rows = list(map(Row, *(batch.column(name).to_pylist() for name in Row._fields)))
            starts = [place for place in range(len(ids)) if not place or ids[place] != ids[place - 1]]
            for start, end in pairwise([*starts, len(ids)]):
                if draft and ids[start] != about.doc_id:
                    done.append(self._label(about, draft))
                    draft = []
                about = _About(*(batch.column(name)[start].as_py() for name in _About._fields))
                draft += zip(indices[start:end], rows[start:end], strict=True)
            yield pa.RecordBatch.from_pylist(done, schema=self.writes)
        yield pa.RecordBatch.from_pylist([self._label(about, draft)] if draft else [], schema=self.writes)

    def _label(self, about: _About, rows: Sequence[tuple[int, Row]]) -> dict[str, Any]:
        pieces = parts([row for _, row in sorted(rows, key=itemgetter(0))], self.n_repeats)
        page = read([piece.text for piece in pieces])
        n_words = page.n_words.tolist()
        title = about.title or ""
        removed: dict[int, str] = {}
        kept = list(range(len(pieces)))
        if about.kind != "clean":
            keep = {"page": self.keep_page, "html": self.keep_html}.get(about.kind, self.keep_article)
            island = self.island if about.kind == "page" else 0.0
            # Copies for another screen are in HTML; who hands over a text has it as it should be.
            once = about.kind == "html"
            thresholds = Thresholds(keep, self.n_repeats, self.min_words, island=island, once=once)
            title, kept, removed = strip(pieces, page, title, thresholds, about.source or "")
        return {
            "doc_id": about.doc_id,
            "title": title,
            "text": joined([pieces[position] for position in kept]),
            "removed": [{"text": pieces[position].text, "reason": reason} for position, reason in removed.items()],
            "n_words": sum(n_words[position] for position in kept),
            "n_words_removed": sum(n_words[position] for position in removed),
        }
