"""The lines of a page as arrays: letters, and words as hashes, for everything that looks at all of a page.

In: lines. Out: their code points, spelled and unspelled, and the hash of every word. No Python string is made for a word.

Rule guarded here: the words are those of ``normalize.words``, in order, and a hash depends on its word alone.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.articles.letters import table
from dedup.articles.normalize import kinds
from dedup.articles.spelling import Spelled, spelled

Ints = NDArray[np.int64]


class Reading(NamedTuple):
    """The lines of a page, read.

    Parameters
    ----------
    text : Spelled
        The lines, with a break after each.
    edges : ndarray of int64, shape (n_lines + 1,)
        Where each line begins in ``text.codes``; the break stands before the next one.
    is_unspaced : ndarray of bool, shape (n_lines,)
        Whether a line has letters of a script without spaces between words.
    hashes, folded : ndarray of int64, shape (n_words,)
        The hash of each word, and that of the word with every run of digits as one 0.
    sizes : ndarray of int64, shape (n_words,)
        The letters of each word.
    firsts : ndarray of uint32, shape (n_words,)
        The code point it begins with.
    ends : ndarray of int64, shape (n_lines + 1,)
        0, and where the words of each line end.
    rows : ndarray of int32, shape (n_words,)
        The line of each word.
    """

    text: Spelled
    edges: Ints
    is_unspaced: NDArray[np.bool_]
    hashes: Ints
    folded: Ints
    sizes: Ints
    firsts: NDArray[np.uint32]
    ends: Ints
    rows: NDArray[np.int32]

    @property
    def n_lines(self) -> int:
        """How many lines there are."""
        return len(self.ends) - 1

    @property
    def n_words(self) -> Ints:
        """The number of words of each line."""
        return np.diff(self.ends)


def read(lines: Sequence[str]) -> Reading:
    """Read lines.

    Parameters
    ----------
    lines : sequence of str
        In order; a break inside a line is taken for a space.

    Examples
    --------
    >>> page = read(["The 50-minute call", "ended. The END"])
    >>> page.n_words.tolist(), bool(page.hashes[0] == page.hashes[5])
    ([4, 3], True)
    """
    from dedup import line_kernels

    text = "\n".join(lines)
    if text.count("\n") != len(lines) - 1:
        text = "\n".join([line.replace("\n", " ") for line in lines])
    found = spelled(f"{text}\n" if lines else "")
    edges = np.append(0, np.flatnonzero(found.codes == ord("\n")) + 1)
    n = len(found.letters)
    hashes, folded, sizes = (np.empty(n, dtype=np.int64) for _ in range(3))
    firsts, ends = np.empty(n, dtype=np.uint32), np.zeros(len(lines) + 1, dtype=np.int64)
    is_unspaced = np.zeros(len(lines), dtype=bool)
    line_kernels.read_words(*found, kinds(), table(), hashes, folded, sizes, firsts, ends, is_unspaced)
    n = int(ends[-1])
    rows = np.repeat(np.arange(len(lines), dtype=np.int32), np.diff(ends))
    return Reading(found, edges, is_unspaced, hashes[:n], folded[:n], sizes[:n], firsts[:n], ends, rows)
