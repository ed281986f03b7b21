"""How two articles relate, and why: exact, near, partial, overlap, or not at all.

In: candidate pairs joined with both sides. Out: the matches, with their scores, their relation and its reason.

``exact``: the same words in the same order. ``near``: of one text nearly all words stand in shared passages of the other.
``partial``: enough words are reused word for word that are no shared quotation, and they are a good part of a text or
both are on one subject. ``overlap``: the evidence of
``overlap.py`` that both report one happening. What looks like a copy is none where it is a *form* (a recurring notice
of one outlet with other figures filled in) or *standing text* of one outlet (a gallery, an appeal, a biography).

Rule guarded here: a verdict depends on the two articles and on frozen tables, never on any third article.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any, ClassVar, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.articles.host import host_of
from dedup.articles.normalize import words
from dedup.articles.published import moment_of
from dedup.articles.terms import Terms
from dedup.candidates.minhash import views
from dedup.candidates.shingle import FIGURE, QUOTED, word_hashes
from dedup.duplicates.overlap import evidence
from dedup.duplicates.similarity import Passage, Passages, Similarity, compare_pairs
from dedup.errors import ParameterError
from dedup.schema import ARTICLE, MATCH, PAIR, SIGNATURE, TERMS

RELATIONS: Final = ("exact", "near", "partial", "overlap")
#: Those that are decided with the evidence of the terms.
EVIDENT: Final = frozenset({"partial", "overlap"})
#: Words that stand for values, as figures do, in notices that are filled in anew.
_VALUES: Final = (
    "one two three four five six seven eight nine ten eleven twelve hundred thousand million billion "
    "monday tuesday wednesday thursday friday saturday sunday "
    "january february march april may june july august september october november december"
)
_SHARES: Final = (
    *("near_cover", "near_other", "quoted_weight", "form_title"),
    *("standing_cover", "standing_block", "whole_cover"),
    *("minor_cover", "minor_evidence", "one_outlet"),
)
_NO_SERIES: Final = frozenset(_VALUES.split())
#: A kicker of fewer words says nothing.
_SERIES_WORDS: Final = 2
#: Headlines of one outlet that begin with the same words, so many, are of one series or of two steps of one story.
_BEGINNING: Final = 3
#: Words between two passages that are looked at as one place of a form, and as a line of it.
_SLOT_WORDS: Final = 6
_GAP_WORDS: Final = 25
#: Headlines and outlets that are remembered, for an article is read with many others.
_MANY_TITLES: Final = 65_536
#: From so many days on, two texts are of different days; a correction comes sooner.
_OTHER_DAY: Final = 0.75
#: Score of the evidence from which two articles that are no copies overlap.
OVERLAP: Final = 0.45
_SECONDS_PER_DAY: Final = 86_400.0


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
    minor_cover, minor_evidence : float
        Reuse is stock (how a poll was made, a biography, links), whoever's it is, when it is less than this share of the
        words, weighed as for ``near_cover``, and there is less evidence than this that both report one happening.
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
    minor_cover: float = 0.25
    minor_evidence: float = 0.3
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


class Reuse(NamedTuple):
    """How much of two texts is one, as the rule weighs it.

    ``cover``: share of the words in shared passages, the text that is covered better counting three times the other;
    ``most``, ``least``: of either text; ``leads``: both leads are shared; ``own``: words of reuse that neither text
    quotes; ``words``: words of reuse, weighed.
    """

    cover: float
    most: float
    least: float
    leads: bool
    own: int
    words: float


class Related(NamedTuple):
    """How two articles relate: ``score`` is the evidence of overlap, None where none was weighed."""

    verdict: Verdict
    days: float | None
    score: float | None


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


def reused_words(left: Side, right: Side, passages: Passages, least: int) -> tuple[int, int]:
    """Return how many words outside quotation marks stand in passages of at least ``least`` words.

    Returns
    -------
    tuple of two int
        The lesser and the greater of the two sides: a quotation in both counts in neither, one that the other side has
        as its own words counts in the greater alone.
    """
    from dedup import kernels

    counts = kernels.words_without(passages.rows, least, left.flags, right.flags, int(QUOTED))
    return min(counts), max(counts)


def changed_values(left: Side, right: Side, passages: Iterable[Passage]) -> int:
    """Return how many figures (or numerals, days, months) differ where two texts differ in little else.

    A gap between two passages, or before the first or after the last, counts as one when it is a few words long; a
    longer one by its values that differ, if its other words are mostly the same.
    """
    ends = Passage(0, 0, 0), Passage(len(left.words), len(right.words), 0)
    ordered = [ends[0], *sorted(passages, key=lambda passage: (passage.left, passage.right)), ends[1]]
    changed = 0
    for before, after in pairwise(ordered):
        one = left.words[before.left + before.words : after.left]
        other = right.words[before.right + before.words : after.right]
        if 0 < len(one) <= _GAP_WORDS and 0 < len(other) <= _GAP_WORDS:
            flags = (
                left.flags[before.left + before.words : after.left],
                right.flags[before.right + before.words : after.right],
            )
            (values, rest), (other_values, other_rest) = _split(one, flags[0]), _split(other, flags[1])
            differ = min(len(values - other_values), len(other_values - values)) or int(
                bool(values and other_values and values != other_values)
            )
            if max(len(one), len(other)) <= _SLOT_WORDS:
                changed += min(differ, 1)
            elif 2 * len(rest & other_rest) >= len(rest | other_rest):
                changed += differ
    return changed


def decide(left: Side, right: Side, found: Similarity, rule: Rule = Rule()) -> Verdict:
    """Return the relation of two articles as far as their words show it.

    Parameters
    ----------
    left, right : Side
        The articles.
    found : Similarity
        What they share, as ``similarity.compare`` gives it.
    rule : Rule
        The numbers.

    Returns
    -------
    Verdict
        ``exact``, ``near``, ``partial`` or none; never ``overlap``.
    """
    if not found.n_shared:
        return Verdict("", "no passage in common")
    if len(left.words) == len(right.words) and np.array_equal(left.words, right.words):
        return _equal(left, right, rule)
    reuse = weigh_reuse(left, right, found, rule)
    copied = reuse.cover >= rule.near_cover and (reuse.least >= rule.near_other or reuse.leads)
    if not copied and reuse.words < rule.reuse_words:
        return Verdict("", f"{reuse.own} words in common beyond quotations")
    barred = _barred(left, right, found, rule)
    if barred:
        return Verdict("", barred, barred=True)
    longest = f"longest passage {found.longest.words} words"
    if copied:
        return Verdict("near", f"{reuse.most:.0%} of one text stands in the other, {longest}")
    return Verdict("partial", f"{reuse.own} words in common beyond quotations, {longest}")


def weigh_cover(found: Similarity, n_left: int, n_right: int) -> float:
    """Return the share of the words of two texts in shared passages; the text covered better counts three times."""
    cover = found.covered_left / n_left, found.covered_right / n_right
    return 0.75 * max(cover) + 0.25 * min(cover)


def weigh_reuse(left: Side, right: Side, found: Similarity, rule: Rule = Rule()) -> Reuse:
    """Return what `decide` weighs of two articles that have words."""
    cover = found.covered_left / len(left.words), found.covered_right / len(right.words)
    fewer, more = reused_words(left, right, found.passages, rule.reuse_passage)
    return Reuse(
        cover=weigh_cover(found, len(left.words), len(right.words)),
        most=max(cover),
        least=min(cover),
        leads=any(max(passage.left, passage.right) < rule.lead_words for passage in found.passages),
        own=fewer,
        words=fewer + rule.quoted_weight * (more - fewer),
    )


def overlap_bar(left: Side, right: Side, rule: Rule = Rule(), overlap: float = OVERLAP) -> float:
    """Return the score from which two articles overlap."""
    return overlap + rule.one_outlet * _of_one_outlet(left, right)


def relate(left: Article, right: Article, found: Similarity, rule: Rule = Rule(), overlap: float = OVERLAP) -> Related:
    """Return the relation of two articles: as their words show it, else by the evidence that both report one happening.

    Parameters
    ----------
    left, right : Article
        Without terms no evidence of overlap is weighed.
    found : Similarity
        What they share, as ``similarity.compare`` gives it.
    rule : Rule
        The numbers of the rule for copies.
    overlap : float
        Score from which two articles of different outlets that are no copies overlap, in [0, 1].
    """
    one, other = left.side, right.side
    verdict, days = decide(one, other, found, rule), days_apart(one.published, other.published)
    if not verdict.relation and not verdict.barred and of_one_series(one, other, days):
        verdict = Verdict("", "one series of one outlet, on different days", barred=True)
    if left.terms is None or right.terms is None or verdict.barred:
        return Related(verdict, days, None)
    if verdict.relation == "exact":
        return Related(verdict, days, 1.0)
    weighed = evidence(left.terms, right.terms, days)
    if verdict.relation == "partial" and weighed.score < rule.minor_evidence:
        reuse = weigh_reuse(one, other, found, rule)
        if reuse.cover < rule.minor_cover:
            verdict = Verdict("", f"{reuse.own} stock words in common, little of either text, and another subject")
    if not verdict.relation and weighed.score >= overlap_bar(one, other, rule, overlap):
        verdict = Verdict("overlap", weighed.reason)
    return Related(verdict, days, weighed.score)


def _equal(left: Side, right: Side, rule: Rule) -> Verdict:
    """Return the relation of two articles of the same words."""
    # Either headline says what the other does not.
    two = bool(left.title - right.title and right.title - left.title)
    if two and len(left.words) < rule.line_words and _of_one_outlet(left, right):
        return Verdict("", f"a line of one outlet, {len(left.words)} words, under another headline", barred=True)
    return Verdict("exact", "same words")


def _barred(left: Side, right: Side, found: Similarity, rule: Rule) -> str:
    """Return why what two articles of one outlet share is a form or standing text, or ``""``."""
    if not _of_one_outlet(left, right):
        return ""
    days = days_apart(left.published, right.published)
    return _form(left, right, found, days, rule) or _standing(left, right, found, days, rule)


def _of_one_outlet(left: Side, right: Side) -> bool:
    return not left.outlets.isdisjoint(right.outlets)


def _headlines_disagree(left: Side, right: Side, rule: Rule) -> bool:
    alike = title_agreement(left.title, right.title)
    return alike is not None and alike < rule.form_title


def _form(left: Side, right: Side, found: Similarity, days: float | None, rule: Rule) -> str:
    """Return why they are a form that is filled in anew, or ``""``."""
    disagree = _headlines_disagree(left, right, rule)
    changed = changed_values(left, right, found.passages)
    dense = changed * rule.form_words / found.shared_words
    if changed and days is not None and days >= _OTHER_DAY and dense >= 1.0:
        return f"a form of one outlet, {changed} values changed, {days:.1f} days apart"
    if changed >= 2 and disagree and dense >= 2.0:
        return f"a form of one outlet, {changed} values changed, under another headline"
    if disagree and found.shared_words < rule.short_words:
        return "a short form of one outlet under another headline"
    return ""


def _standing(left: Side, right: Side, found: Similarity, days: float | None, rule: Rule) -> str:
    """Return why they share standing text alone, or ``""``."""
    cover = max(found.covered_left / len(left.words), found.covered_right / len(right.words))
    later = days is not None and days > rule.standing_days
    if cover >= rule.whole_cover and (found.shared_words >= rule.form_words or not later):
        return ""
    if later:
        return f"standing text of one outlet, {days:.1f} days apart"
    if cover < rule.standing_cover:
        return f"{found.shared_words} words of one outlet, little of either text"
    block = found.longest
    at_lead = min(block.left, block.right) < rule.lead_words and max(block.left, block.right) < 3 * rule.lead_words
    if block.words >= rule.standing_block * found.shared_words and not at_lead:
        return f"one block of {block.words} words of one outlet and little else in common"
    return ""


def _split(words: NDArray[np.int64], flags: NDArray[np.uint8]) -> tuple[frozenset[int], frozenset[int]]:
    """Return the values among some words, and the other words."""
    named = _value_words()
    all_words = words.tolist()
    values = {word for word, flag in zip(all_words, flags.tolist(), strict=True) if flag & FIGURE or word in named}
    # A word is a value or is not, wherever it stands.
    return frozenset(values), frozenset(all_words) - values


@cache
def _value_words() -> frozenset[int]:
    return frozenset(word_hashes(_VALUES).tolist())


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


def _columns(batch: pa.RecordBatch, side: str, reads: pa.Schema) -> dict[str, list[Any]]:
    """Return the columns of one side: bytes as views of the batch, the rest as Python has it."""
    columns = {name: batch[name] for name in reads.names if name.startswith(f"{side}_")}
    return {
        name: list(views(column))
        if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type)
        else column.to_pylist()
        for name, column in columns.items()
    }


@dataclass(frozen=True)
class Verify:
    """Stage: candidate pairs, joined with both sides, to matches; row-wise.

    A column of ``SIGNATURE`` or ``ARTICLE`` is read as ``left_<name>`` and ``right_<name>``, one of ``TERMS`` (needed for
    ``partial`` and ``overlap`` alone) as ``left_terms_<name>`` and ``right_terms_<name>``.

    Parameters
    ----------
    relations : tuple of str
        Which relations to write. Without ``partial`` and ``overlap`` no evidence is computed, and ``overlap_score`` is null.
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
        """Pairs with the columns of both sides; those of the terms when a relation is asked for that weighs evidence."""
        return _joined(terms=not EVIDENT.isdisjoint(self.relations))

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the matches of each batch, in the order of its pairs."""
        overlaps = "overlap" in self.relations
        for batch in batches:
            if not batch.num_rows:
                continue
            ids = batch["left_id"].to_pylist(), batch["right_id"].to_pylist()
            columns = {side: _columns(batch, side, self.reads) for side in ("left", "right")}
            lefts, rights = ([raw.view(np.int64) for raw in columns[side][f"{side}_words"]] for side in columns)
            # Without overlaps, what covers too little for a copy needs no judge.
            least = (0, 0.0) if overlaps else (self.rule.reuse_words, self.rule.near_cover)
            all_found = compare_pairs(lefts, rights, self.shingle_words, *least)
            # An article is in many pairs: it is read once per batch.
            known: dict[str, Article] = {}
            matches = []
            for i, (left, right, found) in enumerate(zip(*ids, all_found, strict=True)):
                if not found.n_shared and not overlaps:
                    continue
                for doc_id, side in ((left, "left"), (right, "right")):
                    if doc_id not in known:
                        known[doc_id] = Article.from_row(
                            {name: column[i] for name, column in columns[side].items()}, side
                        )
                match = self.judge(known[left], known[right], found)
                if match["relation"] in self.relations:
                    matches.append(match)
            yield pa.RecordBatch.from_pylist(matches, schema=MATCH)

    def judge(self, left: Article, right: Article, found: Similarity) -> dict[str, Any]:
        """Return the row of ``MATCH`` for two articles, ``left.doc_id < right.doc_id``; no match has no relation."""
        verdict, days, score = relate(left, right, found, self.rule, self.overlap)
        return {
            "left_id": left.doc_id,
            "right_id": right.doc_id,
            "relation": verdict.relation,
            "jaccard": found.jaccard,
            "containment_left": found.containment_left,
            "containment_right": found.containment_right,
            "shared_words": found.shared_words,
            "longest_passage_words": found.longest.words,
            "overlap_score": score,
            "days_apart": days,
            "reason": verdict.reason,
        }
