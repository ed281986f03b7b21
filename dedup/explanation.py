"""Why two articles are, or are not, a match.

In: two ARTICLE rows and the stages with their parameters. Out: an ``Explanation``: the scores, the keys under which the
two meet, every step of the rule with its value and its bound, what would have changed the decision, the passages, days,
quantities and terms they share.

Rule guarded here: the decision is the one that matching makes, taken by the same functions; and a change is listed only
if the rule, asked again, answers differently.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.articles.letters import table as letter_kinds
from dedup.articles.normalize import kinds
from dedup.articles.spelling import spelled
from dedup.articles.terms import Terms
from dedup.duplicates.overlap import Evidence, Move, agreeing_days, evidence, moves
from dedup.duplicates.relation import (
    Article,
    Related,
    Reuse,
    Verify,
    overlap_bar,
    relate,
    title_agreement,
    weigh_reuse,
)
from dedup.duplicates.similarity import Passages, Similarity, compare
from dedup.errors import InputError
from dedup.flow import Flow, Inline
from dedup.schema import ARTICLE, BAND, KINDS
from dedup.stage import apply

#: Words shown around a shared passage, and passages shown.
_AROUND: Final = 12
_N_PASSAGES: Final = 12
_N_PLACED: Final = 200
_N_TERMS: Final = 20
_A_WEEK: Final = 7.0
#: A bound is tried if the value reaches this share of it.
_NEARLY: Final = 0.5

#: Where each word of a text begins and ends.
Spans: TypeAlias = NDArray[np.int32]


class Step(NamedTuple):
    """A step of the rule: what it asks, the value found, the bound it is held against, and whether it holds."""

    name: str
    asks: str
    value: float | None
    bound: float | None
    holds: bool


class Change(NamedTuple):
    """What would have changed the decision, and to which relation (empty: none)."""

    what: str
    relation: str


class Quote(NamedTuple):
    """A passage as one article writes it, with a few words around it."""

    before: str
    passage: str
    after: str


class Excerpt(NamedTuple):
    """A shared passage: its length in words, the number of its first word on either side (from 1), and its text."""

    words: int
    left_word: int
    right_word: int
    left: Quote
    right: Quote


class Named(NamedTuple):
    """Days, or quantities, that both articles name; and those of either alone: of the quantities, what both count."""

    agreeing: tuple[str, ...]
    left: tuple[str, ...]
    right: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """All that speaks for and against a match of two articles.

    Parameters
    ----------
    left_id, right_id, relation, reason : str
        As in ``duplicates.csv``; without a relation there is no match.
    decided_by : str
        Name of the step that decided.
    similarity : Similarity
        What they share word for word.
    overlap_score, days_apart, title_agreement : float or None
        None where it is not known, or not weighed.
    n_words : tuple of two int
        Words of either text.
    evidence : Evidence
        Evidence that both report one happening, weighed or not.
    moves : tuple of Move
        By how much each piece of it moved its score.
    keys : dict of str to int
        How many keys of each kind both have.
    is_candidate : bool
        Whether the two are compared at all, hot keys apart: not without a key in common, with one of a sample alone, or with salient
        ones alone and little that both tell.
    steps : tuple of Step
        The rule, in the order in which it is asked.
    changes : tuple of Change
        What would have changed the decision.
    excerpts : tuple of Excerpt
        Shared passages, the longest first, without those that stand in a longer one's place.
    dates, quantities : Named
        Of the texts.
    """

    left_id: str
    right_id: str
    relation: str
    reason: str
    decided_by: str
    similarity: Similarity
    overlap_score: float | None
    days_apart: float | None
    title_agreement: float | None
    n_words: tuple[int, int]
    evidence: Evidence
    moves: tuple[Move, ...]
    keys: dict[str, int]
    is_candidate: bool
    steps: tuple[Step, ...]
    changes: tuple[Change, ...]
    excerpts: tuple[Excerpt, ...]
    dates: Named
    quantities: Named

    @property
    def terms(self) -> tuple[str, ...]:
        """The most telling terms that both articles have."""
        return self.evidence.shared_terms[:_N_TERMS]


def explain(left: Mapping[str, Any], right: Mapping[str, Any], flow: Flow | None = None) -> Explanation:
    """Explain how two clean articles relate; on the left stands the one of the lesser id, as in ``duplicates.csv``.

    Parameters
    ----------
    left, right : mapping
        ``doc_id`` and ``text``, and as far as they are known ``title``, ``published``, ``source``, ``url`` and ``language``.
    flow : Flow, optional
        The stages with their parameters; the default ones otherwise.

    Raises
    ------
    InputError
        If both are one article.

    Examples
    --------
    >>> text = "The ferry to the island sails again on Monday after eleven days in dock, the operator said."
    >>> found = explain({"doc_id": "a", "text": text}, {"doc_id": "b", "text": text.upper()})
    >>> found.relation, found.decided_by
    ('exact', 'same words')
    """
    if left["doc_id"] == right["doc_id"]:
        raise InputError(f"{left['doc_id']!r} is one article; give two.")
    flow = flow or Flow()
    both = sorted((left, right), key=lambda row: str(row["doc_id"]))
    rows = [{name: row.get(name) for name in ARTICLE.names} | {"arrival": place} for place, row in enumerate(both)]
    articles = pa.Table.from_pylist(rows, schema=ARTICLE)
    signatures, terms = apply(flow.sign, articles), apply(flow.analyse, articles)
    one, other = (article_of(*parts) for parts in zip(rows, signatures.to_pylist(), terms.to_pylist(), strict=True))
    verify, texts = flow.verify, [str(row["text"] or "") for row in rows]
    assert one.terms is not None
    assert other.terms is not None
    found = compare(one.side.words, other.side.words, verify.shingle_words)
    related = relate(one, other, found, verify.rule, verify.overlap)
    weighed = evidence(one.terms, other.terms, related.days)
    reuse = weigh_reuse(one.side, other.side, found, verify.rule) if found.n_shared else None
    told = apply(flow.telling, terms)
    bands, salient = apply(flow.bands, signatures), apply(flow.salient, told)
    keys = _keys_in_common(pa.concat_tables([bands, salient]))
    candidates = flow.candidates(Inline(), articles, bands.to_batches(), salient.to_batches(), told)
    return Explanation(
        left_id=one.doc_id,
        right_id=other.doc_id,
        relation=related.verdict.relation,
        reason=related.verdict.reason,
        decided_by=_decided_by(related, reuse, verify),
        similarity=found,
        overlap_score=related.score,
        days_apart=related.days,
        title_agreement=title_agreement(one.side.title, other.side.title),
        n_words=(len(one.side.words), len(other.side.words)),
        evidence=weighed,
        moves=moves(one.terms, other.terms, related.days),
        keys=keys,
        is_candidate=candidates.num_rows > 0,
        steps=tuple(_steps(one, other, related, reuse, weighed, verify)),
        changes=tuple(_changes(one, other, found, reuse, related, verify)),
        excerpts=excerpts(texts[0], texts[1], found),
        dates=_dates(one.terms.dates, other.terms.dates),
        quantities=_quantities(one.terms, other.terms),
    )


def word_spans(text: str) -> Spans:
    """Return where each word of ``normalize.words`` stands in ``text``: from which character, to before which.

    Words that are written without a space between them, such as ``50-minute``, share one place.

    Returns
    -------
    ndarray of int32, shape (n_words, 2)
        In order.

    Examples
    --------
    >>> word_spans("The 50-minute call").tolist()
    [[0, 3], [4, 13], [4, 13], [14, 18]]
    """
    from dedup import place_kernels

    read = spelled(text)
    spans = np.empty((len(read.letters), 2), dtype=np.int32)
    n_words = place_kernels.word_spans(*read, kinds(), letter_kinds(), spans)
    return spans[:n_words].copy()


def excerpts(left: str, right: str, found: Similarity, at_most: int = _N_PASSAGES) -> tuple[Excerpt, ...]:
    """Return the shared passages as both texts write them, the longest first.

    Parameters
    ----------
    left, right : str
        The texts.
    found : Similarity
        What ``similarity.compare`` found in them.
    at_most : int
        So many; a passage that lies within the place of a longer one on either side is passed over.
    """
    spans = word_spans(left), word_spans(right)
    made: list[Excerpt] = []
    for passage in _apart(found, *spans, at_most):
        one, other = (
            _quote(text, of, range(at, at + passage.words))
            for text, of, at in zip((left, right), spans, passage[:2], strict=True)
        )
        made.append(Excerpt(passage.words, passage.left + 1, passage.right + 1, one, other))
    return tuple(made)


def shared_places(
    left: Spans, right: Spans, found: Similarity, at_most: int = _N_PLACED
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where the shared passages stand in both texts, in order of place; a word belongs to the longest passage it is in.

    Parameters
    ----------
    left, right : ndarray of int32, shape (n_words, 2)
        The ``word_spans`` of the texts.
    found : Similarity
        What ``similarity.compare`` found in them.
    at_most : int
        So many passages, as ``excerpts`` chooses them; they are numbered from 0, the longest first.

    Returns
    -------
    two ndarrays of int64, shape (n_places, 3)
        Where a piece of a passage begins, before what it ends, and the number of the passage.

    Examples
    --------
    >>> from dedup.candidates.shingle import word_hashes
    >>> one, other = "Yes: a ferry sails again on Monday.", "A ferry sails again, on Monday!"
    >>> found = compare(word_hashes(one), word_hashes(other))
    >>> [places.tolist() for places in shared_places(word_spans(one), word_spans(other), found)]
    [[[5, 35, 0]], [[0, 31, 0]]]
    """
    from dedup import place_kernels

    passages = _apart(found, left, right, at_most).rows
    return place_kernels.owned(passages, 0, left), place_kernels.owned(passages, 1, right)


def _apart(found: Similarity, left: Spans, right: Spans, at_most: int) -> Passages:
    """Return so many shared passages, the longest first, but none that lies within the place of longer ones on either side."""
    from dedup import place_kernels

    rows = found.passages.rows
    return Passages(rows[place_kernels.apart(rows, len(left), len(right), at_most)])


def _quote(text: str, spans: Spans, place: range) -> Quote:
    first, after = spans[place[0], 0], spans[place[-1], 1]
    before = text[spans[max(0, place[0] - _AROUND), 0] : first]
    follows = text[after : spans[min(len(spans) - 1, place[-1] + _AROUND), 1]]
    return Quote(*(" ".join(part.split()) for part in (before, text[first:after], follows)))


def article_of(row: Mapping[str, Any], signed: Mapping[str, Any], termed: Mapping[str, Any]) -> Article:
    """Make one article of its rows of ARTICLE, SIGNATURE and TERMS."""
    made = {f"left_{name}": value for name, value in (*row.items(), *signed.items())}
    return Article.from_row(
        made | {"left_id": row["doc_id"]} | {f"left_terms_{name}": value for name, value in termed.items()}, "left"
    )


def _keys_in_common(bands: pa.Table) -> dict[str, int]:
    """Count the keys of each kind that both articles have."""
    assert bands.schema == BAND
    held: dict[tuple[int, int], set[int]] = {}
    for row in bands.to_pylist():
        held.setdefault((row["kind"], row["key"]), set()).add(row["arrival"])
    return dict(Counter(KINDS[kind] for (kind, _), holders in sorted(held.items()) if len(holders) > 1))


def _decided_by(related: Related, reuse: Reuse[float] | None, verify: Verify) -> str:
    """Return the name of the step that decided."""
    if related.verdict.relation:
        return {"exact": "same words", "near": "copy", "partial": "reuse", "overlap": "evidence"}[
            related.verdict.relation
        ]
    if related.verdict.barred:
        return "standing text"
    return "stock" if reuse and reuse.reuses(verify.rule) else "evidence"


def _steps(  # noqa: PLR0913 - what a decision is made of
    one: Article, other: Article, related: Related, reuse: Reuse[float] | None, weighed: Evidence, verify: Verify
) -> Iterator[Step]:
    """List what the rule asks, in order."""
    rule, barred = verify.rule, related.verdict.barred
    bar = overlap_bar(one.side, other.side, rule, verify.overlap)
    same = np.array_equal(one.side.words, other.side.words)
    yield Step("same words", "the same words in the same order", None, None, same)
    cover, least, own = (reuse.cover, reuse.least, reuse.words) if reuse else (0.0, 0.0, 0.0)
    yield Step(
        "copy",
        "share of the words in shared passages, the text covered better counting three times",
        cover,
        rule.near_cover,
        cover >= rule.near_cover,
    )
    leads = bool(reuse and reuse.leads)
    also = ", or the leads shared" + (" (they are)" if leads else " (they are not)")
    yield Step(
        "copy, both ways",
        f"share of the text covered less{also}",
        least,
        rule.near_other,
        leads or least >= rule.near_other,
    )
    yield Step("reuse", "words reused beyond quotations", own, rule.reuse_words, own >= rule.reuse_words)
    minor = reuse if reuse and reuse.reuses(rule) and cover < rule.minor_cover else None
    yield Step(
        "stock",
        "a good part of a text, or other words of one subject",
        minor and minor.subject,
        minor and rule.minor_subject,
        not (minor and minor.is_stock(rule)),
    )
    yield Step("standing text", "no form, series or standing text of one outlet", None, None, not barred)
    yield Step(
        "evidence", "evidence that both report one happening", weighed.score, bar, not barred and weighed.score >= bar
    )


def _changes(  # noqa: PLR0913 - what a decision is made of
    one: Article, other: Article, found: Similarity, reuse: Reuse[float] | None, related: Related, verify: Verify
) -> Iterator[Change]:
    """Ask the rule again with one thing changed at a time, and list where it answers differently."""
    asked: list[tuple[str, Article, Article, Verify]] = []
    sides = one.side, other.side
    if not sides[0].outlets.isdisjoint(sides[1].outlets):
        elsewhere = other._replace(side=replace(sides[1], outlets=frozenset()))
        asked.append(("were they of different outlets", one, elsewhere, verify))
    days = related.days
    today = one._replace(side=replace(sides[0], published="2026-01-01"))
    for text, published, applies in (
        ("had they come on the same day", "2026-01-01", days is None or days > 0),
        ("had they come a week apart", "2026-01-08", days is None or days < _A_WEEK),
    ):
        if applies:
            asked.append((text, today, other._replace(side=replace(sides[1], published=published)), verify))
    for name, value in _bounds(reuse, related, overlap_bar(*sides, verify.rule, verify.overlap), verify):
        if name == "overlap":
            asked.append((f"with [verify] overlap = {value:g}", one, other, replace(verify, overlap=value)))
        else:
            rule = replace(verify.rule, **{name: type(getattr(verify.rule, name))(value)})
            asked.append((f"with [verify.rule] {name} = {value:g}", one, other, replace(verify, rule=rule)))
    for what, left, right, ruled in asked:
        relation = relate(left, right, found, ruled.rule, ruled.overlap).verdict.relation
        if relation != related.verdict.relation:
            yield Change(what, relation)


def _bounds(reuse: Reuse[float] | None, related: Related, bar: float, verify: Verify) -> Iterator[tuple[str, float]]:
    """Give each number of the rule a value on the other side of what was found, where that is not far away."""
    rule = verify.rule
    if reuse is not None:
        for name, value in (("near_cover", reuse.cover), ("near_other", reuse.least)):
            yield from ((name, bound) for bound in _across(value, getattr(rule, name), 100) if bound <= 1.0)
        yield from (("reuse_words", bound) for bound in _across(reuse.words, rule.reuse_words, 1))
        if related.verdict.barred and related.days is not None and related.days > rule.standing_days:
            yield "standing_days", float(ceil(related.days))
        for name, value in (("minor_cover", reuse.cover), ("minor_subject", reuse.subject)):
            yield from ((name, bound) for bound in _across(value, getattr(rule, name), 100) if bound <= 1.0)
    if related.score is not None:
        more = bar - verify.overlap
        yield from (
            ("overlap", bound) for bound in _across(related.score - more, verify.overlap, 100) if 0 <= bound <= 1
        )


def _across(value: float, bound: float, parts: int) -> Iterator[float]:
    """Give the bound that the value would just fail, or, if it nearly reaches the present one, just reach."""
    if value >= bound:
        yield (floor(value * parts) + 1) / parts
    elif value >= _NEARLY * bound:
        yield floor(value * parts) / parts


def _dates(left: Iterable[str], right: Iterable[str]) -> Named:
    ours, theirs = tuple(left), tuple(right)
    agreeing, _ = agreeing_days(ours, theirs)
    known, _ = agreeing_days(theirs, ours)
    return Named(
        tuple(agreeing),
        tuple(day for day in ours if day not in agreeing),
        tuple(day for day in theirs if day not in known),
    )


def _quantities(left: Terms, right: Terms) -> Named:
    ours = dict(zip(left.quantity_keys.tolist(), left.quantities, strict=True))
    theirs = dict(zip(right.quantity_keys.tolist(), right.quantities, strict=True))
    agreeing = tuple(text for key, text in ours.items() if key in theirs)
    alone = [
        [text for key, text in one.items() if key not in other and " " in text]
        for one, other in ((ours, theirs), (theirs, ours))
    ]
    counted = {_counted(text) for text in alone[0]} & {_counted(text) for text in alone[1]}
    return Named(agreeing, *(tuple(text for text in texts if _counted(text) in counted) for texts in alone))


def _counted(quantity: str) -> str:
    """Return what a quantity counts, without the plural of English."""
    return quantity.partition(" ")[2].removesuffix("s")
