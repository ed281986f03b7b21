"""Runs of words as numbers: to see which lines of one page hold the same words.

In: lines as lists of words, and a table that gives each word a number. Out: the runs of ``size`` words inside each line.

Rule guarded here: numbers hold for the texts of one table alone; what must be compared between pages has a hash.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: Gives each word a number of its own.
Numbers: TypeAlias = dict[Hashable, int]

_BITS = 63


class Grams(NamedTuple):
    """The runs of words of some lines.

    ``grams``: int64, shape (n_grams,), in order; ``of``: the line of each; ``n``: shape (n_lines,), how many a line has; ``sizes``: its
    words.
    """

    grams: NDArray[np.int64]
    of: NDArray[np.intp]
    n: NDArray[np.intp]
    sizes: NDArray[np.intp]


def numbering() -> Numbers:
    """Return an empty table that gives each word asked for a number of its own."""
    numbers: defaultdict[Hashable, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    return numbers


def grams_of(lines: Sequence[Sequence[Hashable]], size: int, numbers: Numbers) -> Grams:
    """Return the runs of ``size`` words in lines; words beyond ``2 ** (63 // size)`` different ones may share a number.

    Examples
    --------
    >>> found = grams_of([["a", "b", "c"], ["d"], ["a", "b"]], 2, numbering())
    >>> found.of.tolist(), bool(found.grams[0] == found.grams[2])
    ([0, 0, 2], True)
    """
    bits = _BITS // size
    sizes = np.array([len(line) for line in lines], dtype=np.intp)
    number = np.array([numbers[word] for line in lines for word in line], dtype=np.int64)
    of = np.repeat(np.arange(len(lines)), sizes)
    n = max(len(number) - size + 1, 0)
    grams = np.zeros(n, dtype=np.int64)
    for place in range(size):
        grams ^= number[place : place + n] << bits * (size - 1 - place)
    inside = of[size - 1 :] == of[:n] if n else np.zeros(0, dtype=bool)
    return Grams(grams[inside], of[:n][inside], np.maximum(sizes - size + 1, 0), sizes)
