"""Evidence that two articles, written independently, report one happening.

In: the terms of two articles and the days between their publication. Out: a score in [0, 1] with what it rests on:
words, names and leads in common, days and quantities that agree or conflict.

Rule guarded here: the score depends on the two articles and on frozen tables, never on a third article; so any split of
a collection into nights gives the same score.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from math import exp
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.articles.terms import Bag, Terms, background
from dedup.candidates.minhash import flat


@dataclass(frozen=True)
class Weights:
    """Weights of the evidence, found by cross-validation on labelled pairs (``benchmarks/relation_calibration.py``).

    Parameters
    ----------
    word, bigram, span, lead : float
        Weights of the four cosines. They add up to more than 1, so that one half is where the evidence decides.
    date, quantity, conflict : float
        By how much a day in common and a rare quantity in common raise that sum, and by how much it is lowered where
        both name days and none agrees; as shares of it, because a number alone is no evidence.
    decay_days, floor : float
        Articles published apart: factor that falls as a Gaussian of this width, to ``floor``.
    undated : float
        The factor where a date is missing: the same actors do the like again, and only the date would tell.
    """

    word: float = 0.38
    bigram: float = 0.31
    span: float = 0.31
    lead: float = 0.25
    date: float = 0.2
    quantity: float = 0.45
    conflict: float = 0.15
    decay_days: float = 2.0
    floor: float = 0.4
    undated: float = 0.7


DEFAULT = Weights()

_SLACK_DAYS = 1
_YEAR = 366
_RARE = 7.0
_N_SHOWN = 5
_LEAST_MOVE = 0.0005


class Move(NamedTuple):
    """A piece of evidence: what it is, by how much it moved the score, and what the score then was."""

    what: str
    by: float
    to: float


@dataclass(frozen=True)
class Evidence:
    """What two articles have in common.

    Parameters
    ----------
    score : float
        In [0, 1]; about one half is where articles begin to report one happening.
    reason : str
        In a few words.
    word, bigram, span, lead : float
        Cosines, in [0, 1].
    shared_terms : tuple of str
        Most telling readable terms of both.
    agreeing, conflicting : tuple of str
        Days and rare quantities both name; days named where none agrees.
    """

    score: float
    reason: str
    word: float
    bigram: float
    span: float
    lead: float
    shared_terms: tuple[str, ...]
    agreeing: tuple[str, ...]
    conflicting: tuple[str, ...]


class Weighed(NamedTuple):
    """A bag with the frozen weights of its terms: ``1 + ln tf``, and the square of their rarity."""

    bag: Bag
    counts: NDArray[np.float64]
    rarity: NDArray[np.float64]

    @classmethod
    def of(cls, bag: Bag) -> "Weighed":
        """Look the weights up."""
        return cls(bag, 1.0 + np.log(bag.counts), background().inverse_frequency(bag.keys) ** 2)


class Ready(NamedTuple):
    """Terms made ready to be compared with those of many articles."""

    words: Weighed
    bigrams: Weighed
    spans: Weighed
    lead: Weighed
    parts: tuple[frozenset[str], ...]
    names: dict[str, str]


#: Kept as long as the terms are: these may be views of a large table, which would be kept with them.
_READY: Final[WeakKeyDictionary[Terms, Ready]] = WeakKeyDictionary()


def ready(terms: Terms) -> Ready:
    """Return what comparing an article takes, once for all its pairs."""
    found = _READY.get(terms)
    if found is None:
        found = _READY[terms] = Ready(
            words=Weighed.of(terms.words),
            bigrams=Weighed.of(terms.bigrams),
            spans=Weighed.of(terms.spans),
            lead=Weighed.of(terms.lead),
            parts=tuple(frozenset(label.casefold().split()) for label in terms.labels),
            names={label.casefold(): label for label in terms.labels if not label.islower()},
        )
    return found


def cosine(left: Weighed, right: Weighed) -> float:
    """Return the cosine of two bags under the frozen background weights, in [0, 1]; 0 if one is empty."""
    if left.bag.norm <= 0.0 or right.bag.norm <= 0.0:
        return 0.0
    few, many = (left, right) if len(left.bag.keys) <= len(right.bag.keys) else (right, left)
    at = np.minimum(many.bag.keys.searchsorted(few.bag.keys), len(many.bag.keys) - 1)
    shared = np.flatnonzero(many.bag.keys[at] == few.bag.keys)
    product = np.sum(few.counts[shared] * many.counts[at[shared]] * few.rarity[shared])
    return min(1.0, float(product) / (left.bag.norm * right.bag.norm))


def bounds(
    pairs: pa.RecordBatch, rows: NDArray[np.int64], days_apart: NDArray[np.float64], weights: Weights = DEFAULT
) -> NDArray[np.float64]:
    """Return for some pairs of articles what their scores cannot exceed, for a hundredth of what the score costs.

    Parameters
    ----------
    pairs : RecordBatch
        Terms of both sides, a column of TERMS as ``left_terms_<name>`` and ``right_terms_<name>``.
    rows : ndarray of int64, shape (n,)
        The pairs asked for.
    days_apart : ndarray of float64, shape (n,)
        Days between their publication; nan if one date is missing.
    weights : Weights
        Weights of the evidence.

    Returns
    -------
    ndarray of float64, shape (n,)
        At least the score of `evidence`, but for its last bits.
    """
    names = [f"{side}_terms_{name}" for side in _SIDES for name in _BOUND_BY]
    pairs = pa.record_batch([pairs[name].take(pa.array(rows)) for name in names], names)
    mixed = weights.word * _cosines(pairs, ("words", "words"))
    mixed += weights.bigram * _cosines(pairs, ("bigrams", "bigrams"))
    mixed += weights.span * _cosines(pairs, ("spans", "spans"))
    mixed += weights.lead * np.maximum(_cosines(pairs, ("lead", "words")), _cosines(pairs, ("words", "lead")))
    (one, ends), (other, other_ends) = (flat(pairs[f"{side}_terms_quantity_keys"], np.int64) for side in _SIDES)
    n_common = _shared(one, np.ones(len(one), np.int32), ends, other, np.ones(len(other), np.int32), other_ends)
    factor = weights.floor + (1.0 - weights.floor) * np.exp(-0.5 * (days_apart / weights.decay_days) ** 2)
    mixed *= np.where(np.isnan(days_apart), weights.undated, factor)
    return mixed * (1.0 + weights.date + weights.quantity * (n_common > 0))


_SIDES = ("left", "right")
#: Where the norm of each bag stands in ``norms``, and the name of its counts.
_BAGS = {
    "words": (0, "word_counts"),
    "bigrams": (1, "bigram_counts"),
    "spans": (2, "span_counts"),
    "lead": (3, "lead_counts"),
}
#: The columns of TERMS that a bound is reckoned by.
_BOUND_BY = (*_BAGS, *(counts for _, counts in _BAGS.values()), "norms", "quantity_keys")


def _cosines(pairs: pa.RecordBatch, kinds: tuple[str, str]) -> NDArray[np.float64]:
    """Return for each pair the cosine of a bag of the left and one of the right article."""
    bags: list[NDArray[Any]] = []
    lengths = np.ones(pairs.num_rows)
    for side, kind in zip(_SIDES, kinds, strict=True):
        place, counts = _BAGS[kind]
        keys, ends = flat(pairs[f"{side}_terms_{kind}"], np.int64)
        bags += [keys, flat(pairs[f"{side}_terms_{counts}"], np.int32)[0], ends]
        norms = pairs[f"{side}_terms_norms"].flatten().to_numpy(zero_copy_only=False).reshape(-1, len(_BAGS))
        lengths = lengths * norms[:, place]
    return np.minimum(1.0, _shared(*bags) / np.where(lengths > 0.0, lengths, np.inf))


def _shared(*bags: NDArray[Any]) -> NDArray[np.float64]:
    from dedup import kernels

    found: NDArray[np.float64] = kernels.shared_weights(*(*bags, *_rarities()))
    return found


@cache
def _rarities() -> tuple[Any, ...]:
    """Return the three arrays of the index of the background, the square of the rarity of each of its keys, and that of all other terms."""
    known = background()
    unknown = known.rarity(np.array([float(known.unseen)])) ** 2
    index = known.index
    return index.keys, index.starts, index.bits, known.rarity(known.counts) ** 2, float(unknown[0])


def agreeing_days(left: Iterable[str], right: Iterable[str]) -> tuple[list[str], bool]:
    """Compare the days two articles name.

    Parameters
    ----------
    left, right : iterable of str
        ISO 8601 days, or ``--MM-DD``.

    Returns
    -------
    list of str, bool
        Days of ``left`` within one day of one of ``right``; whether both name days and none agree.
    """
    ours, theirs = list(left), list(right)
    agreeing = [one for one in ours if any(_near(one, other) for other in theirs)]
    return agreeing, bool(ours and theirs and not agreeing)


def _near(one: str, other: str) -> bool:
    """Tell whether two days are the same or neighbours; days without a year agree in any year."""
    if not one.startswith("-") and not other.startswith("-"):
        return abs(date.fromisoformat(one).toordinal() - date.fromisoformat(other).toordinal()) <= _SLACK_DAYS
    gap = abs(_day_of_year(one) - _day_of_year(other))
    return min(gap, _YEAR - gap) <= _SLACK_DAYS


def _day_of_year(day: str) -> int:
    return date.fromisoformat("2024" + day[-6:]).timetuple().tm_yday


def shared_quantities(left: Terms, right: Terms) -> list[str]:
    """Return the rare quantities that both articles name, as ``left`` words them, the rarest first."""
    if not len(left.quantity_keys) or not len(right.quantity_keys):
        return []
    common, at, _ = np.intersect1d(left.quantity_keys, right.quantity_keys, assume_unique=True, return_indices=True)
    rarity = background().inverse_frequency(common)
    ranked = sorted((-float(value), left.quantities[place]) for value, place in zip(rarity, at, strict=True))
    return [text for value, text in ranked if -value >= _RARE]


def decay(days: float | None, weights: Weights = DEFAULT) -> float:
    """Return the factor for articles published ``days`` apart, in [0, 1]; None where a date is missing."""
    if days is None:
        return weights.undated
    return weights.floor + (1.0 - weights.floor) * exp(-0.5 * (days / weights.decay_days) ** 2)


def evidence(left: Terms, right: Terms, days_apart: float | None = None, weights: Weights = DEFAULT) -> Evidence:
    """Weigh whether two articles report one happening.

    Parameters
    ----------
    left, right : Terms
        Terms of the articles; the score is the same the other way round.
    days_apart : float or None
        Days between their publication; None if one date is missing.
    weights : Weights
        Weights of the evidence.

    Returns
    -------
    Evidence
        Score in [0, 1] and what it rests on.
    """
    one, other = ready(left), ready(right)
    word = cosine(one.words, other.words)
    bigram = cosine(one.bigrams, other.bigrams)
    span = cosine(one.spans, other.spans)
    lead = max(cosine(one.lead, other.words), cosine(other.lead, one.words))
    days, conflict = agreeing_days(left.dates, right.dates)
    quantities = shared_quantities(left, right)
    mixed = weights.word * word + weights.bigram * bigram + weights.span * span + weights.lead * lead
    factor = 1.0 + weights.date * bool(days) + weights.quantity * bool(quantities) - weights.conflict * conflict
    score = mixed * factor * decay(days_apart, weights)
    shared = _shared_labels(left, right)
    return Evidence(
        score=round(min(1.0, max(0.0, score)), 6),
        reason=_reason(shared, quantities, days, days_apart),
        word=word,
        bigram=bigram,
        span=span,
        lead=lead,
        shared_terms=tuple(shared),
        agreeing=(*quantities, *days),
        conflicting=(*left.dates, *right.dates) if conflict else (),
    )


def moves(left: Terms, right: Terms, days_apart: float | None = None, weights: Weights = DEFAULT) -> tuple[Move, ...]:
    """Take the score of `evidence` apart: by how much each piece of it moved the score, in the order in which they are weighed.

    The parameters are those of `evidence`. What moved nothing is left out, but for the four likenesses.
    """
    found = evidence(left, right, days_apart, weights)
    days, conflict = agreeing_days(left.dates, right.dates)
    mixed = weights.word * found.word + weights.bigram * found.bigram
    mixed += weights.span * found.span + weights.lead * found.lead
    likenesses = (
        ("words of both", weights.word * found.word),
        ("pairs of words of both", weights.bigram * found.bigram),
        ("names of both", weights.span * found.span),
        ("the lead of one in the other", weights.lead * found.lead),
    )
    others = [
        ("a day that both name", weights.date * mixed * bool(days)),
        ("a rare quantity that both name", weights.quantity * mixed * bool(shared_quantities(left, right))),
        ("days that do not agree", -weights.conflict * mixed * conflict),
    ]
    raised = mixed + sum(by for _, by in others)
    apart = "a date that is missing" if days_apart is None else f"published {days_apart:.3g} days apart"
    others.append((apart, raised * (decay(days_apart, weights) - 1.0)))
    others.append(("at most 1", found.score - raised * decay(days_apart, weights)))
    made: list[Move] = []
    score = 0.0
    for what, by in (*likenesses, *((what, by) for what, by in others if abs(by) >= _LEAST_MOVE)):
        score += by
        made.append(Move(what, round(by, 6), round(score, 6)))
    return tuple(made)


def _shared_labels(left: Terms, right: Terms) -> list[str]:
    """Return the labels of ``left`` that ``right`` holds too, without those that repeat a word of an earlier one.

    A name that begins sentences alone in ``left``, and so may be none, is shown as ``right`` writes it.
    """
    shared: list[str] = []
    names = ready(right).names
    said: set[str] = set()
    held = _holds(right.words, left.label_keys) | _holds(right.spans, left.label_keys)
    for place in np.flatnonzero(held).tolist():
        parts = ready(left).parts[place]
        if not parts & said:
            label = left.labels[place]
            shared.append(names.get(label, label))
            said |= parts
    return shared


def _holds(bag: Bag, keys: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which of some keys a bag holds."""
    at = np.minimum(bag.keys.searchsorted(keys), len(bag.keys) - 1)
    return bag.keys[at] == keys if len(bag.keys) else np.zeros(len(keys), dtype=np.bool_)


def _reason(shared: list[str], quantities: list[str], days: list[str], days_apart: float | None) -> str:
    parts = [f"both name {', '.join(shared[:_N_SHOWN])}"] if shared else []
    if quantities:
        parts.append(f"both say {', '.join(quantities[:2])}")
    if days:
        parts.append(f"days agree ({', '.join(days[:2])})")
    if days_apart is not None:
        parts.append(
            "published the same day"
            if days_apart < 1
            else f"published {days_apart:.3g} day{'s' * (days_apart >= 1.5)} apart"
        )
    return "; ".join(parts)
