"""Scores against labelled data: pure functions from gold and answer to numbers.

In: gold labels and the tool's answers. Out: precision, recall and F1 in the senses that the field uses for pages,
lines, pairs and clusters, each in [0, 1].

Rule guarded here: a score is computed as its public definition says, so that it can be set beside others' figures. The
definition takes a run of letters for a word; in scripts written without spaces, where that would be a whole clause, a
letter is a word, as it is everywhere in the project.
"""

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from dedup.articles.normalize import UNSPACED

_TOKEN = re.compile(rf"(?=\w)[{UNSPACED}]|[^\W{UNSPACED}]+")
_SHINGLE = 4


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1, each in [0, 1]."""

    precision: float
    recall: float
    f1: float

    @classmethod
    def of(cls, true_positives: float, false_positives: float, false_negatives: float) -> "Score":
        """Make a score from counts; nothing expected and nothing answered is perfect."""
        found, wanted = true_positives + false_positives, true_positives + false_negatives
        precision = true_positives / found if found else float(not wanted)
        recall = true_positives / wanted if wanted else float(not found)
        total = precision + recall
        return cls(precision, recall, 2 * precision * recall / total if total else 0.0)


def _overlap(gold: Counter[Hashable], answer: Counter[Hashable]) -> tuple[float, float, float]:
    both = sum((gold & answer).values())
    return float(both), float(answer.total() - both), float(gold.total() - both)


def _shingles(text: str) -> Counter[Hashable]:
    tokens = _TOKEN.findall(text)
    return Counter(tuple(tokens[start : start + _SHINGLE]) for start in range(max(1, len(tokens) - _SHINGLE + 1)))


def shingle_score(pages: Iterable[tuple[str, str]]) -> Score:
    """Score extracted texts by 4-token shingles, each page weighing the same, as the public benchmark does.

    Parameters
    ----------
    pages : iterable of (gold, answer)
        Texts.

    References
    ----------
    scrapinghub/article-extraction-benchmark, ``evaluate.py``.
    """
    sums = [0.0, 0.0, 0.0]
    for gold, answer in pages:
        counts = _overlap(_shingles(gold), _shingles(answer))
        total = sum(counts)
        if total:
            sums = [old + new / total for old, new in zip(sums, counts, strict=True)]
    return Score.of(*sums)


def word_bag_score(pages: Sequence[tuple[str, str]]) -> Score:
    """Score extracted texts by their bags of lower-case words: the mean of the pages' precision, recall and F1."""
    scores = [Score.of(*_overlap(_bag(gold), _bag(answer))) for gold, answer in pages]
    n = max(1, len(scores))
    return Score(
        sum(score.precision for score in scores) / n,
        sum(score.recall for score in scores) / n,
        sum(score.f1 for score in scores) / n,
    )


def _bag(text: str) -> Counter[Hashable]:
    return Counter(_TOKEN.findall(text.lower()))


def line_score(lines: Iterable[tuple[int, bool, bool]]) -> Score:
    """Score kept lines, each weighing as many words as it has.

    Parameters
    ----------
    lines : iterable of (n_words, gold keep, answered keep)
        One per line.
    """
    counts = [0, 0, 0]
    for n_words, gold, answer in lines:
        counts[0] += n_words * (gold and answer)
        counts[1] += n_words * (answer and not gold)
        counts[2] += n_words * (gold and not answer)
    return Score.of(*counts)


def pair_score(pairs: Iterable[tuple[bool, bool]]) -> Score:
    """Score labelled pairs: (gold says match, tool says match) each."""
    counts = Counter(pairs)
    return Score.of(counts[True, True], counts[False, True], counts[True, False])


def bcubed(gold: Sequence[Hashable], answer: Sequence[Hashable]) -> Score:
    """Score a clustering by B-cubed: per item, the share of its cluster that is of its class, and the reverse.

    Parameters
    ----------
    gold, answer : sequence of hashable, of one length
        Class and cluster of each item.

    References
    ----------
    A. Bagga and B. Baldwin, Algorithms for scoring coreference chains, 1998; E. Amigo et al., 2009.

    Examples
    --------
    >>> bcubed("aab", "xyy").f1
    0.6666666666666666
    """
    if not gold:
        return Score(1.0, 1.0, 1.0)
    both = Counter(zip(gold, answer, strict=True))
    classes, clusters = Counter(gold), Counter(answer)
    precision = sum(n * n / clusters[cluster] for (_, cluster), n in both.items()) / len(gold)
    recall = sum(n * n / classes[label] for (label, _), n in both.items()) / len(gold)
    return Score(precision, recall, 2 * precision * recall / (precision + recall))


def pairwise(gold: Sequence[Hashable], answer: Sequence[Hashable]) -> Score:
    """Score a clustering by the pairs of items that it puts together."""

    def pairs(counts: Iterable[int]) -> int:
        return sum(n * (n - 1) // 2 for n in counts)

    both = pairs(Counter(zip(gold, answer, strict=True)).values())
    return Score.of(both, pairs(Counter(answer).values()) - both, pairs(Counter(gold).values()) - both)
