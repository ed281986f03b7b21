"""Strings that come again and again, by number: what is known of each is found out once.

In: hashes of strings, and a way to get the string of one. Out: their numbers, by which its key and its bits stand in arrays.

Rule guarded here: a number holds as long as its vocabulary. One thread alone asks a vocabulary.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

_SLOTS: Final = 1 << 12


class Told(NamedTuple):
    """What is known of a string: a key, and bits."""

    key: int
    bits: int


class Vocabulary:
    """Strings by number, in the order in which they were first seen.

    Parameters
    ----------
    describe : callable
        Tells what is to be known of a string.

    Attributes
    ----------
    texts : list of str
        By number.
    keys, bits : ndarray of int64
        By number; longer than ``texts``.

    Examples
    --------
    >>> known = Vocabulary(lambda text: Told(len(text), 0))
    >>> numbers = known.numbers(np.array([11, 12, 11]), ["ab", "c", "ab"].__getitem__)
    >>> numbers.tolist(), known.keys[numbers].tolist()
    ([0, 1, 0], [2, 1, 2])
    """

    def __init__(self, describe: Callable[[str], Told]) -> None:
        self._describe = describe
        self.texts: list[str] = []
        self.keys: Ints = np.zeros(_SLOTS, dtype=np.int64)
        self.bits: Ints = np.zeros(_SLOTS, dtype=np.int64)
        self._number_of: dict[str, int] = {}
        self._table: Ints = np.zeros(_SLOTS, dtype=np.int64)
        self._values: Ints = np.zeros(_SLOTS, dtype=np.int64)
        self._n_hashes = 0

    def __len__(self) -> int:
        return len(self.texts)

    def __contains__(self, text: str) -> bool:
        return text in self._number_of

    def number(self, text: str) -> int:
        """Return the number of a string."""
        found = self._number_of.get(text)
        if found is None:
            found = self._number_of[text] = len(self.texts)
            self.texts.append(text)
            if found == len(self.keys):
                self.keys, self.bits = (
                    np.concatenate([column, np.zeros_like(column)]) for column in (self.keys, self.bits)
                )
            self.keys[found], self.bits[found] = self._describe(text)
        return found

    def numbers(self, hashes: Ints, text_at: Callable[[int], str]) -> Ints:
        """Return the number of each of some strings, shape of ``hashes``; ``text_at`` gives the string of one by its place."""
        from dedup import term_kernels

        found: Ints = term_kernels.numbers(hashes, self._table, self._values)
        missing = np.flatnonzero(found < 0)
        if len(missing):
            new: dict[int, int] = {}
            for place, value in zip(missing.tolist(), hashes[missing].tolist(), strict=True):
                if value not in new:
                    new[value] = self.number(text_at(place))
                found[place] = new[value]
            self._enter(np.array([*new.keys()]), np.array([*new.values()]))
        return found

    def _enter(self, hashes: Ints, numbers: Ints) -> None:
        from dedup import term_kernels

        self._n_hashes += len(hashes)
        if 2 * self._n_hashes > len(self._table):
            there = np.flatnonzero(self._table)
            hashes = np.concatenate([self._table[there], hashes])
            numbers = np.concatenate([self._values[there], numbers])
            n_slots = 1 << (4 * self._n_hashes).bit_length()
            self._table, self._values = np.zeros(n_slots, dtype=np.int64), np.zeros(n_slots, dtype=np.int64)
        term_kernels.enter(hashes, numbers, self._table, self._values)
