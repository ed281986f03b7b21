"""Whether two articles that share a passage are on one subject: told by the words outside of it.

In: word hashes of pairs of articles and the passages that they share. Out: a cosine in [0, 1] for each pair. What two articles on
two subjects share is stock: how a poll was made, a biography, a list of links.

Rule guarded here: it depends on the two articles and on a frozen table of frequent words, never on a third article; and no terms are
needed, so that reuse is told from stock whether or not overlaps are asked for.
"""

from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.candidates.shingle import word_hashes
from dedup.tables import load_json

_TABLE: Final = "common_words.json"


class Rarity(NamedTuple):
    """How much a word tells: ``ln((N + 1) / (df + 1))``.

    ``keys``: int64, shape (n_words,), ascending hashes of frequent words; ``weights``: float64, of each of them; ``rare``: of all
    others.
    """

    keys: NDArray[np.int64]
    weights: NDArray[np.float64]
    rare: float


@cache
def rarity() -> Rarity:
    """Return how much each word tells, as counted by ``benchmarks/common_words.py``."""
    table: dict[str, Any] = load_json(_TABLE)
    listed = [(int(count), listed.split(" ")) for count, listed in table["words"].items()]
    keys = word_hashes(" ".join(word for _, found in listed for word in found))
    counts = np.repeat([count for count, _ in listed], [len(found) for _, found in listed])
    order = np.argsort(keys)
    weights = np.log((table["n_documents"] + 1) / (counts[order] + 1))
    return Rarity(keys[order], weights, float(np.log((table["n_documents"] + 1) / (table["least"] + 1))))


class Texts(NamedTuple):
    """The words of one side of some pairs.

    ``words``: int64 hashes, one text after the other; ``ends``: int64, shape (n_pairs + 1,), 0 and where each text ends.
    """

    words: NDArray[np.int64]
    ends: NDArray[np.int64]


def subjects(
    passages: NDArray[np.int64], ends: NDArray[np.int64], left: Texts, right: Texts, pairs: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return how much the words of two articles outside of their shared passages are of one subject.

    Parameters
    ----------
    passages : ndarray of int64, shape (n_passages, 3)
        Place in the left and in the right text, and number of words, of the passages of all pairs, one pair after the other.
    ends : ndarray of int64, shape (n_pairs + 1,)
        0, and where the passages of each pair end.
    left, right : Texts
        The words of all pairs.
    pairs : ndarray of int64, shape (n,)
        The pairs asked for.

    Returns
    -------
    ndarray of float64, shape (n,)
        Cosine of the words, weighed by ``1 + ln tf`` and their rarity, in [0, 1]; 0 where a side has no words left.

    Examples
    --------
    >>> one, other = word_hashes("Floods close the quay"), word_hashes("The quay closes: floods again")
    >>> texts = (Texts(words, np.array([0, len(words)])) for words in (one, other))
    >>> subjects(np.empty((0, 3), np.int64), np.array([0, 0]), *texts, np.array([0])).round(2).tolist()
    [0.75]
    """
    from dedup import kernels

    found: NDArray[np.float64] = kernels.cosines_outside(passages, ends, pairs, *left, *right, *rarity())
    return found
