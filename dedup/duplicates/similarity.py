"""What two articles have in common, word for word.

In: the word hashes of two articles in order. Out: exact Jaccard similarity and
containments of the shingle sets, the words that stand in shared passages, and the passages themselves.

Rule guarded here: values are exact and symmetric (left and right swap with the articles), and no estimate enters.
A passage is a maximal run of ``size`` or more equal words in both texts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from dedup.candidates.shingle import SHINGLE_WORDS
from dedup.hashing import mix

#: More equal shingle places than this (a text that repeats itself, met by its like) and only the longest is listed.
_MANY_PLACES: Final = 10_000


class Passage(NamedTuple):
    """A run of equal words: where it begins in either text, counted in words from 0, and its length in words."""

    left: int
    right: int
    words: int


class Passages(Sequence[Passage]):
    """Passages, longest first, then by place; ``rows`` are their numbers (left, right, words)."""

    def __init__(self, rows: NDArray[np.int64]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, place: int) -> Passage: ...

    @overload
    def __getitem__(self, place: slice) -> "Passages": ...

    def __getitem__(self, place: int | slice) -> "Passage | Passages":
        return Passages(self.rows[place]) if isinstance(place, slice) else Passage(*self.rows[place].tolist())

    def __iter__(self) -> Iterator[Passage]:
        return map(Passage._make, self.rows.tolist())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Passages) and np.array_equal(self.rows, other.rows)

    __hash__ = None  # type: ignore[assignment]


_NO_PASSAGES: Final = Passages(np.empty((0, 3), dtype=np.int64))


@dataclass(frozen=True)
class Similarity:
    """What two articles share.

    Parameters
    ----------
    n_shared : int
        Shingles in both sets.
    jaccard, containment_left, containment_right : float
        Of the shingle sets, in [0, 1]; 0 where a set is empty.
    covered_left, covered_right : int
        Words that stand in a shared passage, on either side.
    passages : Passages
        Longest first, then by place. A passage that stands twice is listed twice; of two equal texts the whole is the
        only one.
    """

    n_shared: int
    jaccard: float
    containment_left: float
    containment_right: float
    covered_left: int
    covered_right: int
    passages: Passages

    @property
    def shared_words(self) -> int:
        """Words that stand in a shared passage, on the side where they are fewer."""
        return min(self.covered_left, self.covered_right)

    @property
    def longest(self) -> Passage:
        """The longest passage, or one of no words."""
        return self.passages[0] if self.passages else Passage(0, 0, 0)


@dataclass(frozen=True, eq=False)
class Similarities(Sequence[Similarity]):
    """What the two articles of each of many pairs share, in arrays.

    Parameters
    ----------
    values : ndarray of int64, shape (n_pairs, 5)
        Shared shingles, shingles of the left, of the right, covered words of the left, of the right; zeros for ``NOTHING``.
    passages : ndarray of int64, shape (n_passages, 3)
        As ``Passages.rows``, pair after pair.
    ends : ndarray of int64, shape (n_pairs + 1,)
        The passages of pair i are ``passages[ends[i]:ends[i + 1]]``.
    """

    values: NDArray[np.int64]
    passages: NDArray[np.int64]
    ends: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.values)

    @overload
    def __getitem__(self, place: int) -> Similarity: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Similarity]: ...

    def __getitem__(self, place: int | slice) -> Similarity | Sequence[Similarity]:
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        if not self.values[place, 0]:
            return NOTHING
        return Similarity(
            n_shared=self.values[place, 0].item(),
            jaccard=self.jaccard[place].item(),
            containment_left=self.containment_left[place].item(),
            containment_right=self.containment_right[place].item(),
            covered_left=self.values[place, 3].item(),
            covered_right=self.values[place, 4].item(),
            passages=Passages(self.passages[self.ends[place] : self.ends[place + 1]]),
        )

    @cached_property
    def jaccard(self) -> NDArray[np.float64]:
        """Of each pair, as of a ``Similarity``."""
        return self._share_of(self.values[:, 1] + self.values[:, 2] - self.values[:, 0])

    @cached_property
    def containment_left(self) -> NDArray[np.float64]:
        """Of each pair, as of a ``Similarity``."""
        return self._share_of(self.values[:, 1])

    @cached_property
    def containment_right(self) -> NDArray[np.float64]:
        """Of each pair, as of a ``Similarity``."""
        return self._share_of(self.values[:, 2])

    @property
    def covered(self) -> NDArray[np.int64]:
        """Words that stand in a shared passage, on the left and on the right, shape (n_pairs, 2)."""
        return self.values[:, 3:]

    @property
    def longest(self) -> NDArray[np.int64]:
        """Words of the longest passage of each pair."""
        words = np.zeros(len(self), dtype=np.int64)
        listed = np.flatnonzero(self.ends[1:] > self.ends[:-1])
        words[listed] = self.passages[self.ends[listed], 2]
        return words

    def _share_of(self, n: NDArray[np.int64]) -> NDArray[np.float64]:
        return self.values[:, 0] / np.maximum(n, 1)


NOTHING: Final = Similarity(0, 0.0, 0.0, 0.0, 0, 0, _NO_PASSAGES)


def compare(left_words: NDArray[np.int64], right_words: NDArray[np.int64], size: int = SHINGLE_WORDS) -> Similarity:
    """Return what two articles share, exactly.

    Parameters
    ----------
    left_words, right_words : ndarray of int64, shape (n_words,)
        Word hashes in order.
    size : int
        Words in a shingle, and least words in a passage (of a text shorter than that, the whole).

    Returns
    -------
    Similarity
        ``NOTHING`` where no shingle is shared.

    Examples
    --------
    >>> from dedup.candidates.shingle import word_hashes
    >>> found = compare(word_hashes("a b c d e f"), word_hashes("x a b c d e"))
    >>> found.shared_words, found.longest, found.containment_left
    (5, Passage(left=0, right=1, words=5), 0.5)
    """
    ends = np.array([0, len(left_words)]), np.array([0, len(right_words)])
    return compare_pairs(left_words, ends[0], right_words, ends[1], size)[0]


def compare_pairs(  # noqa: PLR0913 - two sides, and what is asked of them
    left_words: NDArray[np.int64],
    left_ends: NDArray[np.int64],
    right_words: NDArray[np.int64],
    right_ends: NDArray[np.int64],
    size: int = SHINGLE_WORDS,
    least_words: int = 0,
    least_cover: float = 0.0,
) -> Similarities:
    """Return what the two articles of each pair share, as ``compare`` does; quick where pairs of one left article stand together.

    Parameters
    ----------
    left_words, right_words : ndarray of int64
        Word hashes in order, one article after the other.
    left_ends, right_ends : ndarray of int64, shape (n_pairs + 1,)
        The words of pair i are ``[ends[i]:ends[i + 1]]``.
    size : int
        Words in a shingle.
    least_words : int
        Pairs with fewer covered words on either side,
    least_cover : float
        and with less than this share covered (three parts of the text that is covered better, one of the other), in [0, 1],
        are given as ``NOTHING``.
    """
    from dedup import kernels

    values, ends, rows = kernels.compare(
        left_words, left_ends, right_words, right_ends, size, _MANY_PLACES, least_words, least_cover
    )
    lengths = np.diff(ends)
    # Of too many places only the longest is listed; of many the kernel leaves the order to us.
    listed = np.flatnonzero((values[:, 0] > 0) & (lengths == 0)).tolist()
    longest = [
        _longest(left_words[left_ends[i] : left_ends[i + 1]], right_words[right_ends[i] : right_ends[i + 1]], size)
        for i in listed
    ]
    if listed:
        rows = np.insert(rows, ends[listed], np.array(longest, dtype=np.int64), axis=0)
        lengths[listed] = 1
        ends = np.cumsum(np.append(0, lengths))
    for i in np.flatnonzero(lengths > kernels.FEW_RUNS).tolist():
        runs = rows[ends[i] : ends[i + 1]]
        rows[ends[i] : ends[i + 1]] = runs[np.lexsort((runs[:, 1], runs[:, 0], -runs[:, 2]))]
    return Similarities(values, rows, ends)


def _longest(left_words: NDArray[np.int64], right_words: NDArray[np.int64], size: int) -> Passage:
    """Return the longest common run by halving the range of lengths; one of ``size`` words is known to be there."""
    low, high = size, min(len(left_words), len(right_words))
    best = _common_run(left_words, right_words, low)
    while low < high:
        middle = (low + high + 1) // 2
        found = _common_run(left_words, right_words, middle)
        if found.words:
            low, best = middle, found
        else:
            high = middle - 1
    return best


def _common_run(left_words: NDArray[np.int64], right_words: NDArray[np.int64], length: int) -> Passage:
    """Return the first run of ``length`` words of the left that stands in the right, or a passage of no words."""
    left, right = (_run_hashes(words, length) for words in (left_words, right_words))
    order = np.argsort(right, kind="stable")
    places = np.searchsorted(right[order], left)
    places[places == len(right)] = len(right) - 1
    at = np.flatnonzero(right[order][places] == left)
    return Passage(int(at[0]), int(order[places[at[0]]]), length) if len(at) else Passage(0, 0, 0)


def _run_hashes(words: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Return a hash of each run of ``length`` words: by doubling, so that any length takes log(length) steps."""
    run, width, total, taken = words, 1, words[:0], 0
    n = len(words) - length + 1
    while True:
        if length & width:
            part = run[taken : taken + n]
            total = part if not taken else _joined_hashes(total, part)
            taken += width
        if taken == length:
            return total
        run = _joined_hashes(run[:-width], run[width:])
        width *= 2


def _joined_hashes(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the hash of each run that is ``first[i]`` followed by ``second[i]``."""
    return mix(mix(first.view(np.uint64)) + second.view(np.uint64)).view(np.int64)
