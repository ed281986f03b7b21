"""Keys, many at a time: sorted, counted, and found among others.

In: arrays of hashes, int64. Out: arrays. What terms, shingles and sentences are told apart by goes through here.

Rule guarded here: every answer is exact, whatever the keys are; that they are hashes, which differ in their upper bits, makes it quick.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def distinct(keys: Ints) -> Ints:
    """Return the distinct keys, sorted, as ``numpy.unique`` does in thirty times the time.

    Parameters
    ----------
    keys : ndarray of int64, shape (n,)
        Returned themselves where they are so already.

    Examples
    --------
    >>> distinct(np.array([3, 1, 3])).tolist()
    [1, 3]
    """
    if np.all(keys[1:] > keys[:-1]):
        return keys
    ordered = np.sort(keys)
    found: Ints = ordered[np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]]
    return found


def counted(keys: Ints) -> tuple[Ints, Ints]:
    """Return the distinct keys, sorted, and how often each comes.

    Parameters
    ----------
    keys : ndarray of int64, shape (n,)

    Examples
    --------
    >>> [found.tolist() for found in counted(np.array([3, 1, 3]))]
    [[1, 3], [1, 2]]
    """
    ordered = np.sort(keys)
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)])
    return ordered[starts], np.diff(np.append(starts, len(ordered)))


def among(keys: Ints, held: Ints) -> NDArray[np.bool_]:
    """Tell which keys are among a few others, shape of ``keys``: sooner than ``numpy.isin`` does, and than an index is made.

    Examples
    --------
    >>> among(np.array([3, 1, 5]), np.array([5, 4, 3])).tolist()
    [True, False, True]
    """
    if not len(held):
        return np.zeros(len(keys), dtype=bool)
    held = np.sort(held)
    found: NDArray[np.bool_] = held[np.minimum(np.searchsorted(held, keys), len(held) - 1)] == keys
    return found


#: Distinct keys of one bucket, of which there are hardly more than a few where keys are hashes, and least bits that tell buckets apart.
_IN_A_BUCKET: Final = 64
_BUCKET_BITS: Final = 8


def numbered(keys: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the distinct keys, sorted, how often each comes, and for each of the keys its place among the distinct ones.

    Parameters
    ----------
    keys : ndarray of int64, shape (n,)
        Any numbers; quick where they are hashes, which differ in their upper bits.

    Examples
    --------
    >>> [found.tolist() for found in numbered(np.array([7, 3, 7]))]
    [[3, 7], [1, 2], [1, 0, 1]]
    """
    from dedup import kernels

    if len(keys):
        *found, is_done = kernels.numbered(keys, max(len(keys).bit_length() - 1, _BUCKET_BITS), _IN_A_BUCKET)
        if is_done:
            return found[0], found[1], found[2]
    there, place, times = np.unique(keys, return_inverse=True, return_counts=True)
    return there, times, place


def stable_order(keys: Ints) -> Ints:
    """Return the order that sorts keys, equal ones as they stand.

    Parameters
    ----------
    keys : ndarray of int64, shape (n,)
        Any numbers; the order is found in a fifth of the time where they are hashes, which differ in their upper bits.

    Returns
    -------
    ndarray of int64, shape (n,)
        As ``numpy.argsort(keys, kind="stable")`` gives it.

    Examples
    --------
    >>> stable_order(np.array([3, 1, 3, 1])).tolist()
    [1, 3, 0, 2]
    """
    # A key and its place in one number: numbers alone are sorted by the vector units of a processor.
    below = (1 << len(keys).bit_length()) - 1
    packed = (keys & ~below) | np.arange(len(keys))
    packed.sort()
    order = packed & below
    ordered = keys[order]
    return order if np.all(ordered[1:] >= ordered[:-1]) else np.argsort(keys, kind="stable")


#: Keys are told apart by so many of their upper bits at least and at most, before they are compared.
_FEWEST_BITS: Final = 2
_MOST_BITS: Final = 24


@dataclass(frozen=True, eq=False, slots=True)
class KeyIndex:
    """Keys among which others are looked for.

    ``keys`` are sorted and distinct, shape (n,). ``starts``, int32 of shape (2^b + 1,), tells by the upper b bits of a key, the sign turned,
    where those begin that have them; ``bits``, uint64 of shape (2^b / 4,), has a bit for each b + 4 upper bits that there are, so that
    nearly all keys that are not there need no second look.

    Examples
    --------
    >>> index = KeyIndex.of(np.array([3, 7]))
    >>> index.places(np.array([5, 7, 3, 9])).tolist()
    [-1, 1, 0, -1]
    """

    keys: Ints
    starts: NDArray[np.int32]
    bits: NDArray[np.uint64]

    @classmethod
    def of(cls, keys: Ints) -> "KeyIndex":
        """Make the index of keys that are sorted and distinct."""
        from dedup import kernels

        n_bits = min(max(len(keys).bit_length(), _FEWEST_BITS), _MOST_BITS)
        return cls(keys, *kernels.key_tables(keys, n_bits))

    def places(self, keys: Ints) -> Ints:
        """Return where each of some keys stands, from 0 to n - 1, and -1 for those that do not; shape of ``keys``."""
        from dedup import kernels

        return kernels.places(keys, self.keys, self.starts, self.bits)  # type: ignore[no-any-return]

    def values(self, keys: Ints, values: NDArray[np.float64], missing: float) -> NDArray[np.float64]:
        """Return the value of each of some keys, of those that are not there ``missing``; ``values``, shape (n,), are those of the keys of the index."""
        from dedup import kernels

        return kernels.values_of(keys, values, missing, self.keys, self.starts, self.bits)  # type: ignore[no-any-return]

    def add_to(self, totals: Ints, keys: Ints, counts: Ints) -> None:
        """Add to ``totals``, int64 of shape (n,), the count of each key that is there; ``counts`` have the shape of ``keys``."""
        from dedup import kernels

        kernels.add_counts(totals, keys, counts, self.keys, self.starts, self.bits)
