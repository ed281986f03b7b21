"""What two articles have in common, word for word.

In: the word hashes of two articles in order. Out: exact Jaccard similarity and
containments of the shingle sets, the words that stand in shared passages, and the passages themselves.

Rule guarded here: values are exact and symmetric (left and right swap with the articles), and no estimate enters.
A passage is a maximal run of ``size`` or more equal words in both texts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from dedup.candidates.shingle import SHINGLE_WORDS, mix

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
    return next(compare_pairs([left_words], [right_words], size))


def compare_pairs(
    lefts: Sequence[NDArray[np.int64]],
    rights: Sequence[NDArray[np.int64]],
    size: int = SHINGLE_WORDS,
    least_words: int = 0,
    least_cover: float = 0.0,
) -> Iterator[Similarity]:
    """Yield what the two articles of each pair share, as ``compare`` does; quick where pairs of one left article stand together.

    Parameters
    ----------
    lefts, rights : sequences of ndarray of int64, of one length
        Word hashes in order.
    size : int
        Words in a shingle.
    least_words : int
        Pairs with fewer covered words on either side,
    least_cover : float
        and with less than this share covered (three parts of the text that is covered better, one of the other), in [0, 1],
        are given as ``NOTHING``.
    """
    from dedup import kernels

    ends_of = (np.cumsum([0, *map(len, side)]) for side in (lefts, rights))
    (left_ends, right_ends), (left_words, right_words) = ends_of, map(np.concatenate, (lefts, rights))
    values, ends, rows = kernels.compare(
        left_words, left_ends, right_words, right_ends, size, _MANY_PLACES, least_words, least_cover
    )
    begin = 0
    for left, right, numbers, end in zip(lefts, rights, values.tolist(), ends.tolist(), strict=True):
        n_shared, n_left, n_right, covered_left, covered_right = numbers
        if not n_shared:
            yield NOTHING
            continue
        passages = rows[begin:end]
        if begin == end:
            passages = np.array([_longest(left, right, size)], dtype=np.int64)
        elif end - begin > kernels.FEW_RUNS:
            passages = passages[np.lexsort((passages[:, 1], passages[:, 0], -passages[:, 2]))]
        begin = end
        yield Similarity(
            n_shared=n_shared,
            jaccard=n_shared / (n_left + n_right - n_shared),
            containment_left=n_shared / n_left,
            containment_right=n_shared / n_right,
            covered_left=covered_left,
            covered_right=covered_right,
            passages=Passages(passages),
        )


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
