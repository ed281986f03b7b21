"""How two articles relate, and why: exact, near, partial, overlap, or not at all.

In: candidate pairs joined with both sides. Out: the matches, with their scores, their relation and its reason.

``exact``: the same words in the same order. ``near``: of one text nearly all words stand in shared passages of the other.
``partial``: enough words are reused word for word that are no shared quotation, and they are a good part of a text or
both are on one subject (``subject.py``). ``overlap``: the evidence of
``overlap.py`` that both report one happening. What looks like a copy is none where it is a *form* (a recurring notice
of one outlet with other figures filled in) or *standing text* of one outlet (a gallery, an appeal, a biography).

Rule guarded here: a verdict depends on the two articles and on frozen tables, never on any third article.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache, lru_cache
from math import nan
from typing import Any, ClassVar, Final, Generic, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.articles.host import host_of
from dedup.articles.normalize import words
from dedup.articles.published import moment_of
from dedup.articles.terms import Terms
from dedup.candidates.minhash import flat
from dedup.candidates.shingle import FIGURE, QUOTED, word_hashes
from dedup.duplicates.overlap import bounds, evidence
from dedup.duplicates.similarity import Passage, Similarities, Similarity, compare_pairs
from dedup.duplicates.subject import Texts, subjects
from dedup.errors import ParameterError
from dedup.schema import ARTICLE, MATCH, PAIR, SIGNATURE, TERMS

RELATIONS: Final = ("exact", "near", "partial", "overlap")
#: Words that stand for values, as figures do, in notices that are filled in anew.
_VALUES: Final = (
    "one two three four five six seven eight nine ten eleven twelve hundred thousand million billion "
    "monday tuesday wednesday thursday friday saturday sunday "
    "january february march april may june july august september october november december"
)
_SHARES: Final = (
    *("near_cover", "near_other", "quoted_weight", "form_title"),
    *("standing_cover", "standing_block", "whole_cover"),
    *("minor_cover", "minor_subject", "one_outlet"),
)
_NO_SERIES: Final = frozenset(_VALUES.split())
#: A kicker of fewer words says nothing.
_SERIES_WORDS: Final = 2
#: Headlines of one outlet that begin with the same words, so many, are of one series or of two steps of one story.
_BEGINNING: Final = 3
#: By so much may the last bits of two ways to add up differ.
_SLIP: Final = 1e-6
#: More words than any text has.
_NO_REUSE: Final = 1 << 40
#: Words between two passages that are looked at as one place of a form, and as a line of it.
_SLOT_WORDS: Final = 6
_GAP_WORDS: Final = 25
#: Headlines and outlets that are remembered, for an article is read with many others; and pairs of dates.
_MANY_TITLES: Final = 65_536
_MANY_DATES: Final = 65_536
#: Articles that are kept while pairs are related, with their terms.
_MANY_ARTICLES: Final = 512
#: From so many days on, two texts are of different days; a correction comes sooner.
_OTHER_DAY: Final = 0.75
#: Score of the evidence from which two articles that are no copies overlap.
OVERLAP: Final = 0.45
_SECONDS_PER_DAY: Final = 86_400.0

_Number = TypeVar("_Number")


@dataclass(frozen=True, eq=False, slots=True)
class Side:
    """What the rule needs of one article.

    Parameters
    ----------
    words : ndarray of int64, shape (n_words,)
        Word hashes in order.
    flags : ndarray of uint8, shape (n_words,)
        As ``shingle.read_words`` gives them.
    title : frozenset of str
        Words of the headline.
    outlets : frozenset of str
        What names its outlet: the source, and the host of the url.
    published : str
        ISO 8601 or ``""``.
    series : tuple of str
        What the headline has in common with those of its series, as ``series_of`` gives it.
    """

    words: NDArray[np.int64]
    flags: NDArray[np.uint8]
    title: frozenset[str]
    outlets: frozenset[str]
    published: str
    series: tuple[str, ...] = ()


class Article(NamedTuple):
    """One article of a pair; ``terms`` is None where no evidence is asked for."""

    doc_id: str
    side: Side
    terms: Terms | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any], side: str) -> "Article":
        """Read the ``left`` or ``right`` of a row of ``Verify.reads``."""
        read = Side(
            words=np.frombuffer(row[f"{side}_words"], dtype=np.int64),
            flags=np.frombuffer(row[f"{side}_flags"], dtype=np.uint8),
            title=_title_words(row[f"{side}_title"] or ""),
            outlets=outlets(row[f"{side}_source"], row[f"{side}_url"]),
            published=row[f"{side}_published"] or "",
            series=series_of(row[f"{side}_title"] or ""),
        )
        terms = None
        if f"{side}_terms_words" in row:
            terms = Terms.from_row({name: row[f"{side}_terms_{name}"] for name in _OF_TERMS})
        return cls(row[f"{side}_id"], read, terms)


@dataclass(frozen=True)
class Rule:
    """The numbers of the rule; ``benchmarks/relation_calibration.py`` is where they come from.

    Parameters
    ----------
    near_cover : float
        ``near`` when so large a share of the words stands in shared passages, in (0, 1]: the share of the text that is
        covered better counts three times that of the other, for trimming a copy leaves it a copy.
    near_other : float
        And this share of the text that is covered less, or both leads are shared: a brief is no copy of a round-up.
    reuse_words : int
        ``partial`` from this many words of reuse on.
    reuse_passage : int
        Shorter passages are no reuse: long texts share stock phrases.
    quoted_weight : float
        Weight of reused words that one text quotes and the other does not, in [0, 1].
    form_words : int
        One outlet's texts of different days are a form when a value is changed in this many shared words or fewer; of
        one day when two or more values are, twice as densely, and the headlines disagree.
    form_title : float
        Headlines disagree when they share less than this of their words, in [0, 1].
    short_words : int
        So are its texts that share fewer words than this under headlines that disagree.
    standing_days : float
        One outlet's text that comes again after more days is standing text, unless all of one article comes again.
    standing_cover : float
        So is what is less than this share of either text.
    standing_block : float
        And a single block with this share of all shared words, away from the lead.
    whole_cover : float
        It is not standing text when this share of one article stands in the other, and it is of ``form_words`` or more.
    line_words : int
        Equal texts of fewer words are two items of one outlet when either headline has a word of its own: ``Dividend as
        before``.
    lead_words : int
        Words that make a lead.
    minor_cover, minor_subject : float
        Reuse is stock (how a poll was made, a biography, links), whoever's it is, when it is less than this share of the
        words, weighed as for ``near_cover``, and the other words of either text have a cosine of less than this.
    one_outlet : float
        So much more evidence an overlap of one outlet needs: what it writes next is mostly of the next step of a story.
    """

    near_cover: float = 0.73
    near_other: float = 0.33
    reuse_words: int = 55
    reuse_passage: int = 8
    quoted_weight: float = 0.25
    form_words: int = 100
    form_title: float = 0.5
    short_words: int = 30
    standing_days: float = 3.0
    standing_cover: float = 0.1
    standing_block: float = 0.8
    whole_cover: float = 0.9
    line_words: int = 12
    lead_words: int = 50
    minor_cover: float = 0.2
    minor_subject: float = 0.2
    one_outlet: float = 0.15

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in _SHARES and not 0.0 <= value <= 1.0:
                raise ParameterError(f"Rule: {field.name} must be in [0, 1]. Got {value}.")
            if value < 0:
                raise ParameterError(f"Rule: {field.name} must be at least 0. Got {value}.")


class Verdict(NamedTuple):
    """A relation with its reason; ``relation`` is empty for none. ``barred``: nor may the two overlap."""

    relation: str
    reason: str
    barred: bool = False


class Reuse(NamedTuple, Generic[_Number]):
    """How much of two texts is one, as the rule weighs it; numbers of one pair, or arrays of many.

    ``cover``: share of the words in shared passages, the text that is covered better counting three times the other;
    ``most``, ``least``: of either text; ``leads``: both leads are shared; ``own``: words of reuse that neither text
    quotes; ``words``: words of reuse, weighed; ``subject``: cosine of the other words, 1 where the rule does not ask for it;
    ``changed``: values that differ, of two articles of one outlet that may be a form (0 where the rule does not ask).
    """

    cover: _Number
    most: _Number
    least: _Number
    leads: _Number
    own: _Number
    words: _Number
    subject: _Number
    changed: _Number

    def copies(self, rule: Rule) -> Any:
        """Return whether two texts, or those of which pairs, are one text."""
        return (self.cover >= rule.near_cover) & ((self.least >= rule.near_other) | self.leads)  # type: ignore[operator]

    def reuses(self, rule: Rule) -> Any:
        """Return whether enough words are reused for ``partial``."""
        return self.words >= rule.reuse_words  # type: ignore[operator]

    def is_stock(self, rule: Rule) -> Any:
        """Return whether what is reused is stock, if it is reuse."""
        return (self.cover < rule.minor_cover) & (self.subject < rule.minor_subject)  # type: ignore[operator]

    def is_refilled(self, shared_words: Any, days: Any, rule: Rule) -> Any:
        """Return whether two articles of one outlet, so many days apart (nan where that is unknown), are a form with other values."""
        changed: Any = self.changed
        return (changed > 0) & (days >= _OTHER_DAY) & (changed * rule.form_words >= shared_words)

    def is_standing(self, shared_words: Any, longest: Passage, days: Any, rule: Rule) -> Any:
        """Return whether two articles of one outlet, so many days apart (nan where that is unknown), share standing text alone.

        ``longest`` is their longest passage, or what three arrays tell of those of many pairs.
        """
        most: Any = self.most
        is_later = days > rule.standing_days
        is_whole = (most >= rule.whole_cover) & ((shared_words >= rule.form_words) | np.logical_not(is_later))
        is_block = longest.words >= rule.standing_block * shared_words
        first, last = np.minimum(longest.left, longest.right), np.maximum(longest.left, longest.right)
        at_lead = (first < rule.lead_words) & (last < 3 * rule.lead_words)
        found = is_later | (most < rule.standing_cover) | (is_block & np.logical_not(at_lead))
        return found & np.logical_not(is_whole)


class Related(NamedTuple):
    """How two articles relate: ``score`` is the evidence of overlap, None where none was weighed."""

    verdict: Verdict
    days: float | None
    score: float | None


@lru_cache(maxsize=_MANY_DATES)
def days_apart(left: str | None, right: str | None) -> float | None:
    """Return the days between two publication dates; a bare day is compared by its date.

    Parameters
    ----------
    left, right : str or None
        ISO 8601; without an offset it is UTC.

    Returns
    -------
    float or None
        At least 0; None when one is missing or unreadable.

    Examples
    --------
    >>> days_apart("2026-11-20", "2026-11-22T18:00:00Z"), days_apart("2026-11-20T00:00:00Z", "2026-11-20T06:00:00Z")
    (2.0, 0.25)
    """
    one, other = moment_of(left or ""), moment_of(right or "")
    if one is None or other is None:
        return None
    if one[1] or other[1]:
        return float(abs((one[0].date() - other[0].date()).days))
    return round(abs((one[0] - other[0]).total_seconds()) / _SECONDS_PER_DAY, 6)


@lru_cache(maxsize=_MANY_TITLES)
def outlets(source: str | None, url: str | None) -> frozenset[str]:
    """Return the names by which an outlet is known: its source, and the host of the url without ``www.``."""
    return frozenset(name for name in ((source or "").casefold().removeprefix("www."), host_of(url or "")) if name)


def title_agreement(left: frozenset[str], right: frozenset[str]) -> float | None:
    """Return the share of words that two headlines have in common, in [0, 1]; None when one is missing."""
    return len(left & right) / len(left | right) if left and right else None


@lru_cache(maxsize=_MANY_TITLES)
def series_of(title: str) -> tuple[str, ...]:
    """Return the words that a headline shares with the others of a daily series: its kicker, or all but its values.

    Examples
    --------
    >>> series_of("City market close: index gains 0.6%") == series_of("City market close: retailers drag")
    True
    >>> series_of("Valley weather for Monday 2 March")
    ('valley', 'weather', 'for')
    """
    kicker, colon, _ = title.partition(":")
    found = tuple(word for word in words(kicker if colon else title) if word not in _NO_SERIES and word.isalpha())
    return found if len(found) >= _SERIES_WORDS else ()


def of_one_series(left: Side, right: Side, days: float | None) -> bool:
    """Decide whether two articles are of one series of one outlet, on different days: headlines that begin alike."""
    if not left.series or not right.series or not _of_one_outlet(left, right):
        return False
    alike = left.series[:_BEGINNING]
    if left.series != right.series and (len(alike) < _BEGINNING or right.series[:_BEGINNING] != alike):
        return False
    return left.title != right.title if days is None else days >= _OTHER_DAY


def decide(left: Side, right: Side, found: Similarity, rule: Rule = Rule(), reuse: Reuse[Any] | None = None) -> Verdict:
    """Return the relation of two articles as far as their words show it.

    Parameters
    ----------
    left, right : Side
        The articles.
    found : Similarity
        What they share, as ``similarity.compare`` gives it.
    rule : Rule
        The numbers.
    reuse : Reuse, optional
        What `weigh_reuse` gives of them, where that is known.

    Returns
    -------
    Verdict
        ``exact``, ``near``, ``partial`` or none; never ``overlap``.
    """
    if not found.n_shared:
        return Verdict("", "no passage in common")
    of_one = None
    if _of_one_outlet(left, right):
        of_one = _OfOneOutlet(left.title, right.title, days_apart(left.published, right.published))
    shared = _Shared(np.array_equal(left.words, right.words), found.shared_words, found.longest)
    reuse = reuse or weigh_reuse(left, right, found, rule)
    return _decided(shared, reuse, of_one, rule)


class _OfOneOutlet(NamedTuple):
    """What else is asked of two articles of one outlet: the words of their headlines, and the days between them."""

    left: frozenset[str]
    right: frozenset[str]
    days: float | None

    @property
    def differ(self) -> bool:
        """Whether either headline says what the other does not."""
        return bool(self.left - self.right and self.right - self.left)

    def disagree(self, rule: Rule) -> bool:
        """Return whether the headlines have too little in common for two of one text."""
        alike = title_agreement(self.left, self.right)
        return alike is not None and alike < rule.form_title


class _Shared(NamedTuple):
    """What two articles that share a passage have in common: whether they are ``equal``, word for word, words, and the longest passage."""

    equal: bool
    words: int
    longest: Passage


def _decided(shared: _Shared, reuse: Reuse[Any], of_one: _OfOneOutlet | None, rule: Rule) -> Verdict:
    """Return the verdict on two articles; ``of_one`` is None where they are of two outlets."""
    if shared.equal:
        if of_one and of_one.differ and shared.words < rule.line_words:
            return Verdict("", f"a line of one outlet, {shared.words} words, under another headline", barred=True)
        return Verdict("exact", "same words")
    if not reuse.copies(rule) and not reuse.reuses(rule):
        return Verdict("", f"{reuse.own} words in common beyond quotations")
    if of_one:
        barred = _form(shared, reuse, of_one, rule) or _standing(shared, reuse, of_one, rule)
        if barred:
            return Verdict("", barred, barred=True)
    return _worded(shared.longest.words, reuse, rule)


def _worded(longest: int, reuse: Reuse[Any], rule: Rule) -> Verdict:
    """Return the verdict on two texts that are one text, or one of which reuses the other."""
    if reuse.copies(rule):
        return Verdict("near", f"{reuse.most:.0%} of one text stands in the other, longest passage {longest} words")
    if reuse.is_stock(rule):
        return Verdict("", f"{reuse.own} stock words in common, little of either text, and another subject")
    return Verdict("partial", f"{reuse.own} words in common beyond quotations, longest passage {longest} words")


def weigh_cover(covered: NDArray[np.int64], n_words: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the share of the words of two texts in shared passages; the text covered better counts three times.

    Parameters
    ----------
    covered, n_words : ndarray of int64, shape (n_pairs, 2)
        Words in shared passages, and all words, of the left and of the right.

    Returns
    -------
    ndarray of float64, shape (n_pairs,)
        In [0, 1].
    """
    cover = covered / np.maximum(n_words, 1)
    weighed: NDArray[np.float64] = 0.75 * cover.max(axis=1) + 0.25 * cover.min(axis=1)
    return weighed


def weigh_reuse(left: Side, right: Side, found: Similarity, rule: Rule = Rule()) -> Reuse[Any]:
    """Return what `decide` weighs of two articles that have words."""
    covered = np.array([[found.covered_left, found.covered_right]])
    sides = [Words(one.words, one.flags, np.array([0, len(one.words)])) for one in (left, right)]
    ends, one_outlet = np.array([0, len(found.passages)]), np.array([_of_one_outlet(left, right)])
    weighed = _weigh(covered, found.passages.rows, ends, sides[0], sides[1], one_outlet, rule)
    _fill_subjects(weighed, found.passages.rows, ends, sides[0], sides[1], np.array([True]), rule)
    return next(_each(weighed, np.array([0])))


def _each(reuse: Reuse[NDArray[Any]], pairs: NDArray[np.int64]) -> Iterator[Reuse[Any]]:
    """Yield the numbers of some of many pairs."""
    return map(Reuse._make, zip(*(column[pairs].tolist() for column in reuse), strict=True))


class Words(NamedTuple):
    """The words of one side of some pairs, with their flags: one text after the other, and where each ends."""

    words: NDArray[np.int64]
    flags: NDArray[np.uint8]
    ends: NDArray[np.int64]

    @property
    def texts(self) -> Texts:
        """The words alone."""
        return Texts(self.words, self.ends)


def _weigh(  # noqa: PLR0913 - two sides, and what they share
    covered: NDArray[np.int64],
    passages: NDArray[np.int64],
    ends: NDArray[np.int64],
    left: Words,
    right: Words,
    one_outlet: NDArray[np.bool_],
    rule: Rule,
) -> Reuse[NDArray[Any]]:
    """Return what `decide` weighs of many pairs, but for ``subject``: of their covered words and passages, and whether both are of one outlet.

    A quotation in both is reused in neither; one that the other side has as its own words is in the greater count alone.
    """
    from dedup import kernels

    n_words = np.stack([np.diff(side.ends) for side in (left, right)], axis=1)
    cover = covered / np.maximum(n_words, 1)
    counts = kernels.words_without(passages, ends, rule.reuse_passage, *left[1:], *right[1:], int(QUOTED))
    fewer, more = counts.min(axis=1), counts.max(axis=1)
    of_pair = np.repeat(np.arange(len(covered)), np.diff(ends))
    lead = of_pair[passages[:, :2].max(axis=1) < rule.lead_words]
    found = Reuse(
        cover=weigh_cover(covered, n_words),
        most=cover.max(axis=1),
        least=cover.min(axis=1),
        leads=np.bincount(lead, minlength=len(covered)) > 0,
        own=fewer,
        words=fewer + rule.quoted_weight * (more - fewer),
        subject=np.ones(len(covered)),
        changed=np.zeros(len(covered), dtype=np.int64),
    )
    asked = np.flatnonzero(one_outlet & (found.copies(rule) | found.reuses(rule)))
    if len(asked):
        found.changed[asked] = changed_values(passages, ends, left, right, asked)
    return found


def _fill_subjects(  # noqa: PLR0913 - two sides, what they share, and of which pairs
    found: Reuse[NDArray[Any]],
    passages: NDArray[np.int64],
    ends: NDArray[np.int64],
    left: Words,
    right: Words,
    pairs: NDArray[np.bool_],
    rule: Rule,
) -> None:
    """Fill in ``subject`` of some of the pairs that `_weigh` weighed, where the rule asks for it."""
    asked = np.flatnonzero(pairs & found.reuses(rule) & (found.cover < rule.minor_cover))
    if len(asked):
        found.subject[asked] = subjects(passages, ends, left.texts, right.texts, asked)


def changed_values(
    passages: NDArray[np.int64], ends: NDArray[np.int64], left: Words, right: Words, pairs: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return how many figures (or numerals, days, months) differ where two texts, of some of the pairs, differ in little else.

    A gap between two passages, or before the first or after the last, counts as one when it is a few words long; a
    longer one by its values that differ, if its other words are mostly the same.
    """
    from dedup import kernels

    of_pair = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    ordered = passages[np.lexsort((passages[:, 1], passages[:, 0], of_pair))]
    numbers = _value_words(), int(FIGURE), _SLOT_WORDS, _GAP_WORDS
    changed: NDArray[np.int64] = kernels.changed_values(ordered, ends, pairs, *left, *right, *numbers)
    return changed


def overlap_bar(left: Side, right: Side, rule: Rule = Rule(), overlap: float = OVERLAP) -> float:
    """Return the score from which two articles overlap."""
    return overlap + rule.one_outlet * _of_one_outlet(left, right)


def relate(  # noqa: PLR0913 - what a decision is made of
    left: Article,
    right: Article,
    found: Similarity,
    rule: Rule = Rule(),
    overlap: float = OVERLAP,
    reuse: Reuse[Any] | None = None,
) -> Related:
    """Return the relation of two articles: as their words show it, else by the evidence that both report one happening.

    Parameters
    ----------
    left, right : Article
        Without terms no evidence is weighed, and nothing overlaps.
    found : Similarity
        What they share, as ``similarity.compare`` gives it.
    rule : Rule
        The numbers of the rule for copies.
    overlap : float
        Score from which two articles of different outlets that are no copies overlap, in [0, 1].
    reuse : Reuse, optional
        What `weigh_reuse` gives of them, where that is known.
    """
    one, other = left.side, right.side
    verdict, days = decide(one, other, found, rule, reuse), days_apart(one.published, other.published)
    if not verdict.relation and not verdict.barred and of_one_series(one, other, days):
        verdict = Verdict("", "one series of one outlet, on different days", barred=True)
    if verdict.barred:
        return Related(verdict, days, None)
    if left.terms is None or right.terms is None:
        return Related(verdict, days, None)
    if verdict.relation == "exact":
        return Related(verdict, days, 1.0)
    weighed = evidence(left.terms, right.terms, days)
    if not verdict.relation and weighed.score >= overlap_bar(one, other, rule, overlap):
        verdict = Verdict("overlap", weighed.reason)
    return Related(verdict, days, weighed.score)


def _of_one_outlet(left: Side, right: Side) -> bool:
    return not left.outlets.isdisjoint(right.outlets)


def _form(shared: _Shared, reuse: Reuse[Any], of_one: _OfOneOutlet, rule: Rule) -> str:
    """Return why they are a form that is filled in anew, or ``""``."""
    days, changed = of_one.days, reuse.changed
    dense = changed * rule.form_words / shared.words
    if days is not None and reuse.is_refilled(shared.words, days, rule):
        return f"a form of one outlet, {changed} values changed, {days:.1f} days apart"
    if changed >= 2 and dense >= 2.0 and of_one.disagree(rule):
        return f"a form of one outlet, {changed} values changed, under another headline"
    if shared.words < rule.short_words and of_one.disagree(rule):
        return "a short form of one outlet under another headline"
    return ""


def _standing(shared: _Shared, reuse: Reuse[Any], of_one: _OfOneOutlet, rule: Rule) -> str:
    """Return why they share standing text alone, or ``""``."""
    days = nan if of_one.days is None else of_one.days
    if not reuse.is_standing(shared.words, shared.longest, days, rule):
        return ""
    if days > rule.standing_days:
        return f"standing text of one outlet, {days:.1f} days apart"
    if reuse.most < rule.standing_cover:
        return f"{shared.words} words of one outlet, little of either text"
    return f"one block of {shared.longest.words} words of one outlet and little else in common"


@cache
def _value_words() -> NDArray[np.int64]:
    return np.sort(word_hashes(_VALUES))


@lru_cache(maxsize=_MANY_TITLES)
def _title_words(title: str) -> frozenset[str]:
    return frozenset(words(title))


_OF_SIGNATURE: Final = ("words", "flags")
_OF_ARTICLE: Final = ("url", "source", "title", "published")
_OF_TERMS: Final = tuple(name for name in TERMS.names if name not in ("doc_id", "arrival"))


def _joined(*, terms: bool) -> pa.Schema:
    columns = list(PAIR)
    for side in ("left", "right"):
        columns += [SIGNATURE.field(name).with_name(f"{side}_{name}") for name in _OF_SIGNATURE]
        columns += [ARTICLE.field(name).with_name(f"{side}_{name}") for name in _OF_ARTICLE]
        if terms:
            columns += [TERMS.field(name).with_name(f"{side}_terms_{name}") for name in _OF_TERMS]
    return pa.schema(columns)


class _Rows:
    """The articles of one side of some rows of a batch, by their place among these."""

    def __init__(self, batch: pa.RecordBatch, side: str, names: Iterable[str], rows: NDArray[np.int64]) -> None:
        self.batch, self.side, self.rows = batch, side, rows
        self.names = [name for name in names if name.startswith(f"{side}_")]
        self._listed: dict[str, list[Any]] = {}

    def column(self, name: str) -> list[Any]:
        """Return a column of the side as Python has it; it is read when it is first asked for."""
        if name not in self._listed:
            self._listed[name] = _listed(self.batch[name], self.rows)
        return self._listed[name]

    def article(self, place: int, known: dict[str, Article]) -> Article:
        """Return the article of a row; one that is known is not read again."""
        doc_id = self.column(f"{self.side}_id")[place]
        if doc_id not in known:
            if len(known) >= _MANY_ARTICLES:
                known.clear()
            row = {name: self.column(name)[place] for name in self.names}
            # A view would keep the whole batch.
            row = {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in row.items()}
            known[doc_id] = Article.from_row(row, self.side)
        return known[doc_id]


def _listed(column: pa.Array, rows: NDArray[np.int64]) -> list[Any]:
    """Return some rows of a column as Python has them, bytes as views of it."""
    if not pa.types.is_binary(column.type) and not pa.types.is_large_binary(column.type):
        return column.take(pa.array(rows)).to_pylist()  # type: ignore[no-any-return]
    values, ends = flat(column, np.uint8)
    return [values[start:end] for start, end in zip(ends[rows].tolist(), ends[rows + 1].tolist(), strict=True)]


@dataclass(frozen=True)
class Verify:
    """Stage: candidate pairs, joined with both sides, to matches; row-wise.

    A column of ``SIGNATURE`` or ``ARTICLE`` is read as ``left_<name>`` and ``right_<name>``, one of ``TERMS`` (needed for
    ``overlap`` alone) as ``left_terms_<name>`` and ``right_terms_<name>``.

    Parameters
    ----------
    relations : tuple of str
        Which relations to write. Without ``overlap`` no terms are read, and its score is null.
    overlap : float
        Score from which two articles of different outlets that are no copies overlap, in [0, 1].
    rule : Rule
        The other numbers.
    shingle_words : int
        Words in a shingle, as the signatures were made with.
    """

    relations: tuple[str, ...] = RELATIONS
    overlap: float = OVERLAP
    rule: Rule = Rule()
    shingle_words: int = 5

    writes: ClassVar[pa.Schema] = MATCH
    partition_by: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        if not set(self.relations) <= set(RELATIONS):
            allowed = ", ".join(RELATIONS)
            raise ParameterError(f"Verify: relations must be among {allowed}. Got {', '.join(self.relations)}.")
        if not 0.0 <= self.overlap <= 1.0:
            raise ParameterError(f"Verify: overlap must be in [0, 1]. Got {self.overlap}.")

    @property
    def reads(self) -> pa.Schema:
        """Pairs with the columns of both sides; those of the terms when overlaps are asked for."""
        return _joined(terms="overlap" in self.relations)

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the matches of each batch, in the order of its pairs."""
        known: dict[str, Article] = {}
        for batch in batches:
            if batch.num_rows:
                yield self._matches(batch, known)

    def _matches(self, batch: pa.RecordBatch, known: dict[str, Article]) -> pa.RecordBatch:
        overlaps = "overlap" in self.relations
        sides = [
            Words(words, flat(batch[f"{side}_flags"], np.uint8)[0], ends)
            for side in ("left", "right")
            for words, ends in [flat(batch[f"{side}_words"], np.int64)]
        ]
        # Without overlaps, what covers too little for a copy has no relation; nor without reuse, however many words it has in common.
        least_words = self.rule.reuse_words if "partial" in self.relations else _NO_REUSE
        least = (0, 0.0) if overlaps else (least_words, self.rule.near_cover)
        found = compare_pairs(*sides[0].texts, *sides[1].texts, self.shingle_words, *least)
        n_words = [np.diff(side.ends) for side in sides]
        equal = (found.longest == n_words[0]) & (found.longest == n_words[1]) & (found.longest > 0)
        one_outlet = _of_one(batch)
        reuse = _weigh(found.covered, found.passages, found.ends, sides[0], sides[1], one_outlet, self.rule)
        # Most pairs that share words are of one outlet, and of its forms or of what stands on all its pages: these have no relation.
        is_open = ~self._barred(batch, found, reuse, one_outlet & ~equal)
        _fill_subjects(reuse, found.passages, found.ends, sides[0], sides[1], is_open, self.rule)
        by_words = reuse.copies(self.rule)
        if "partial" in self.relations:
            by_words |= reuse.reuses(self.rule) & ~reuse.is_stock(self.rule)
        may_match = (equal | by_words) & is_open & (found.longest > 0)
        if overlaps:
            # Of most of the others it is soon told that the evidence can give them none either.
            rows = np.flatnonzero(is_open & ~may_match)
            bars = self.overlap + self.rule.one_outlet * one_outlet[rows]
            may_match[rows] = bounds(batch, rows, _days(batch, rows)) >= bars - _SLIP
        asked = np.flatnonzero(may_match)
        each = _each(reuse, asked)
        if overlaps:
            told = self._by_evidence(batch, found, each, asked, known)
        else:
            told = self._by_words(batch, found, each, asked, equal, one_outlet)
        kept = [
            (row, one) for row, one in zip(asked.tolist(), told, strict=True) if one.verdict.relation in self.relations
        ]
        places, verdicts = np.array([row for row, _ in kept], dtype=np.int64), [one for _, one in kept]
        columns = {
            "left_id": batch["left_id"].take(pa.array(places)),
            "right_id": batch["right_id"].take(pa.array(places)),
            "relation": [one.verdict.relation for one in verdicts],
            "jaccard": found.jaccard[places],
            "containment_left": found.containment_left[places],
            "containment_right": found.containment_right[places],
            "shared_words": found.covered.min(axis=1)[places],
            "longest_passage_words": found.longest[places],
            "overlap_score": [one.score if overlaps else None for one in verdicts],
            "days_apart": [one.days for one in verdicts],
            "reason": [one.verdict.reason for one in verdicts],
        }
        return pa.RecordBatch.from_pydict(columns, schema=MATCH)

    def _barred(
        self, batch: pa.RecordBatch, found: Similarities, reuse: Reuse[NDArray[Any]], one_outlet: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Tell which pairs of one outlet, that are not equal, are told by numbers alone to be a form or standing text."""
        barred = np.zeros(batch.num_rows, dtype=bool)
        shares = (found.longest > 0) & (reuse.copies(self.rule) | reuse.reuses(self.rule))
        rows = np.flatnonzero(one_outlet & shares)
        if len(rows):
            of_one = Reuse(*(numbers[rows] for numbers in reuse))
            shared_words, days = found.covered.min(axis=1)[rows], _days(batch, rows)
            longest = Passage(*found.passages[found.ends[rows]].T)
            barred[rows] = of_one.is_refilled(shared_words, days, self.rule)
            barred[rows] |= of_one.is_standing(shared_words, longest, days, self.rule)
        return barred

    def _by_evidence(
        self,
        batch: pa.RecordBatch,
        found: Similarities,
        reuse: Iterator[Reuse[Any]],
        rows: NDArray[np.int64],
        known: dict[str, Article],
    ) -> Iterator[Related]:
        """Yield how the two articles of some rows relate."""
        left, right = (_Rows(batch, side, self.reads.names, rows) for side in ("left", "right"))
        for place, (row, weighed) in enumerate(zip(rows.tolist(), reuse, strict=True)):
            yield relate(
                left.article(place, known), right.article(place, known), found[row], self.rule, self.overlap, weighed
            )

    def _by_words(  # noqa: PLR0913 - what a decision is made of
        self,
        batch: pa.RecordBatch,
        found: Similarities,
        reuse: Iterator[Reuse[Any]],
        rows: NDArray[np.int64],
        equal: NDArray[np.bool_],
        one_outlet: NDArray[np.bool_],
    ) -> Iterator[Related]:
        """Yield the same as the numbers of their words alone show it."""
        names = ("left_published", "right_published", "left_title", "right_title")
        columns = (_listed(batch[name], rows) for name in names)
        # Of two that are equal all words are shared.
        numbers = (of_all[rows].tolist() for of_all in (equal, one_outlet, found.covered.min(axis=1)))
        longest = map(Passage._make, found.passages[found.ends[rows]].tolist())
        told = zip(*columns, *numbers, longest, reuse, strict=True)
        for one, other, title, another, is_equal, same, n_words, passage, weighed in told:
            days = days_apart(one, other)
            of_one = _OfOneOutlet(_title_words(title or ""), _title_words(another or ""), days) if same else None
            yield Related(_decided(_Shared(is_equal, n_words, passage), weighed, of_one, self.rule), days, None)


def _of_one(batch: pa.RecordBatch) -> NDArray[np.bool_]:
    """Tell which pairs are of one outlet."""
    left, right = (
        map(outlets, batch[f"{side}_source"].to_pylist(), batch[f"{side}_url"].to_pylist())
        for side in ("left", "right")
    )
    return ~np.fromiter(map(frozenset.isdisjoint, left, right), dtype=bool, count=batch.num_rows)


def _days(batch: pa.RecordBatch, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the days between the two articles of some rows, nan where that is unknown."""
    left, right = (_listed(batch[f"{side}_published"], rows) for side in ("left", "right"))
    # None becomes nan.
    return np.array(list(map(days_apart, left, right)), dtype=np.float64)
