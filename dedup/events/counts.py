"""In how many articles each term stood: what a run knows of its own time and place, beside the background that ships.

In: terms of articles, and the sum of what earlier nights counted. Out: the relation TERM_COUNT, and the numbers as arrays.

Rule guarded here: a cluster of copies counts once, on the night its first article comes, so the sum over nights is the
count of one night that had them all.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.candidates.minhash import flat
from dedup.keys import KeyIndex, counted, distinct, numbered
from dedup.schema import TERM_COUNT

Ints = NDArray[np.int64]

#: The key under which the number of articles stands; no term has it.
ARTICLES_KEY = 0


#: What is counted of an article.
_COUNTED = ("words", "bigrams", "spans", "quantity_keys")


class Columns(Protocol):
    """A table, or what gives its columns when they are asked for."""

    @property
    def num_rows(self) -> int:
        """Number of its rows."""
        ...

    def __getitem__(self, name: str) -> pa.ChunkedArray:
        """Return a column."""
        ...


@dataclass(frozen=True, eq=False)
class Counts:
    """Document frequencies: ``keys`` sorted and distinct, ``counts`` beside them, both int64; of ``n_articles`` articles."""

    n_articles: int
    keys: Ints
    counts: Ints

    @classmethod
    def of_terms(cls, terms: Columns) -> "Counts":
        """Count the words, word pairs, spans and quantities of the rows of TERMS, each an article."""
        found = [counted(read_keys(terms, name)[0]) for name in _COUNTED]
        keys, counts = _added(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
        return cls(terms.num_rows, keys, counts)

    @classmethod
    def of_table(cls, table: pa.Table) -> "Counts":
        """Read the relation TERM_COUNT; several rows of one key are added up."""
        keys, counts = _added(table["key"].to_numpy(), table["n_articles"].to_numpy())
        is_term = keys != ARTICLES_KEY
        return cls(int(counts[~is_term].sum()), keys[is_term], counts[is_term])

    def to_table(self) -> pa.Table:
        """Write the relation TERM_COUNT, sorted by ``key``."""
        keys = np.append(self.keys, ARTICLES_KEY)
        counts = np.append(self.counts, self.n_articles)
        order = np.argsort(keys, kind="stable")
        return pa.table({"key": keys[order], "n_articles": counts[order]}, schema=TERM_COUNT)

    def frequency(self, keys: Ints) -> NDArray[np.float64]:
        """Return in how many of the articles each key stood, float64 of the shape of ``keys``."""
        return self._index.values(keys, self._counts, 0.0)

    # Frequencies are asked for kind by kind.
    @cached_property
    def _index(self) -> KeyIndex:
        return KeyIndex.of(self.keys)

    @cached_property
    def _counts(self) -> NDArray[np.float64]:
        return self.counts.astype(np.float64)


class Sums:
    """Adds up the counts of some keys over rows that are given some at a time.

    Parameters
    ----------
    keys : ndarray of int64, shape (n,)
        Hashes, in any order.

    Examples
    --------
    >>> sums = Sums(np.array([7, 3]))
    >>> sums.add(np.array([3, 5, 3]), np.array([1, 1, 2]))
    >>> [found.tolist() for found in sums.found()]
    [[3], [3]]
    """

    def __init__(self, keys: Ints) -> None:
        self._index = KeyIndex.of(distinct(keys))
        self._totals = np.zeros(len(self._index.keys), dtype=np.int64)

    def add(self, keys: Ints, counts: Ints) -> None:
        """Add the counts of some rows."""
        self._index.add_to(self._totals, keys, counts)

    def found(self) -> tuple[Ints, Ints]:
        """Return the keys that were met, sorted, and the sum of each."""
        met = self._totals > 0
        return self._index.keys[met], self._totals[met]


def read_keys(terms: Columns, name: str) -> tuple[Ints, Ints]:
    """Return the keys in a column of TERMS, one article after the other, and where each begins, the end being the last."""
    return flat(terms[name].combine_chunks(), np.int64)


def counted_keys(terms: Columns) -> Ints:
    """Return the distinct keys of all that is counted of some articles, and that of their number, sorted."""
    return numbered(np.concatenate([[ARTICLES_KEY], *(read_keys(terms, name)[0] for name in _COUNTED)]))[0]


def _added(keys: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """Return the distinct keys, sorted, and the sum of the counts of each."""
    there, _, place = numbered(keys)
    sums = np.zeros(len(there), dtype=np.int64)
    np.add.at(sums, place, counts)
    return there, sums
