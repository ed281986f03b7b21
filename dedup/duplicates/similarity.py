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

from dedup.candidates.shingle import SHINGLE_WORDS, mix, shingle_sequence

#: More equal shingle places than this (a text that repeats itself, met by its like) and only the longest is listed.
_MANY_PLACES: Final = 200_000


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

    def __hash__(self) -> int:
        return hash(self.rows.tobytes())


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


class Text:
    """A text that is compared with others: what that takes is computed once.

    Parameters
    ----------
    words : ndarray of int64, shape (n_words,)
        Word hashes in order.
    size : int
        Words in a shingle, and least words in a passage.
    """

    def __init__(self, words: NDArray[np.int64], size: int = SHINGLE_WORDS) -> None:
        self.words = words
        self.size = size

    @cached_property
    def sequence(self) -> NDArray[np.int64]:
        """The shingle that starts at each word."""
        return shingle_sequence(self.words, self.size)

    @cached_property
    def index(self) -> tuple[NDArray[np.int32], ...]:
        """Where each shingle stands, as ``kernels.index`` gives it."""
        from dedup import kernels

        found: tuple[NDArray[np.int32], ...] = kernels.index(self.sequence)
        return found

    @cached_property
    def n_shingles(self) -> int:
        """Distinct shingles."""
        from dedup import kernels

        return int(kernels.n_distinct(self.index[1]))


class Contact(NamedTuple):
    """How far two texts touch: ``at`` is the first place on the left of each shingle on the right, or -1."""

    n_shared: int
    covered_left: int
    covered_right: int
    at: NDArray[np.int32]


_APART: Final = Contact(0, 0, 0, np.empty(0, dtype=np.int32))


def contact(left: Text, right: Text) -> Contact:
    """Return how many shingles two texts share and how many words these cover; cheaper than all of ``similarity``."""
    size = left.size
    # A text of fewer words has one shingle that no longer one has; and two of these are equal or share nothing.
    if min(len(left.words), len(right.words)) < size and not np.array_equal(left.words, right.words):
        return _APART
    from dedup import kernels

    return Contact(*kernels.meet(left.sequence, left.index, right.sequence, min(size, len(left.words))))


def similarity(left: Text, right: Text, touch: Contact) -> Similarity:
    """Return what two texts share, given how far they touch."""
    if not touch.n_shared:
        return NOTHING
    if np.array_equal(left.words, right.words):
        n_words = len(left.words)
        whole = Passages(np.array([(0, 0, n_words)], dtype=np.int64))
        return Similarity(left.n_shingles, 1.0, 1.0, 1.0, n_words, n_words, whole)
    from dedup import kernels

    rows = kernels.runs(left.sequence, left.index, right.sequence, touch.at, left.size, _MANY_PLACES)
    if not len(rows):
        rows = np.array([_longest(left.words, right.words, left.size)], dtype=np.int64)
    if len(rows) > kernels.FEW_RUNS:
        rows = rows[np.lexsort((rows[:, 1], rows[:, 0], -rows[:, 2]))]
    n_shared, n_left, n_right = touch.n_shared, left.n_shingles, right.n_shingles
    return Similarity(
        n_shared=n_shared,
        jaccard=n_shared / (n_left + n_right - n_shared),
        containment_left=n_shared / n_left,
        containment_right=n_shared / n_right,
        covered_left=touch.covered_left,
        covered_right=touch.covered_right,
        passages=Passages(rows),
    )


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
    left, right = Text(left_words, size), Text(right_words, size)
    return similarity(left, right, contact(left, right))


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
