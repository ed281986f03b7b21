"""What a page says twice: a paragraph that stands there again, or a whole article once more in one line.

In: the words of the lines that stay. Out: those lines whose words stand in the others all the same. Pages hold a second
copy for another width of screen, for print or for a preview; which of them is shown no extractor can tell.

Rule guarded here: of what stands on a page twice, one copy stays.
"""

from collections.abc import Hashable, Sequence
from typing import Final

import numpy as np

from dedup.articles.gram import grams_of, numbering

_SIZE: Final = 4
_LEAST: Final = 8
"""Words of a line that is looked for; shorter ones are said again: speakers, headings, refrains, rows of tables."""
_SHARE: Final = 0.8
"""A line is there twice if so much of its runs of words is."""


def doubled(lines: Sequence[Sequence[Hashable]]) -> list[int]:
    """Return the positions of lines that other lines say too, in order; of copies the first stays.

    Parameters
    ----------
    lines : sequence of list
        The words of each line, normalised, or their hashes.

    Examples
    --------
    >>> one, other = "it was as cold as it had been for ten years".split(), "then the thaw came and the river rose again".split()
    >>> doubled([one, other, one]), doubled([one + other, one, other])
    ([2], [0])
    """
    found = grams_of(lines, _SIZE, numbering())
    _, which, count = np.unique(found.grams, return_inverse=True, return_counts=True)
    if not len(count) or count.max() == 1:
        return []
    start = np.concatenate([[0], np.cumsum(found.n)])
    shared = np.bincount(found.of, weights=count[which] > 1, minlength=len(lines))
    likely = np.flatnonzero((found.sizes >= _LEAST) & (shared >= _SHARE * found.n)).tolist()
    dropped = []
    # A line that holds several others goes before they do, and a later copy before the first.
    for position in sorted(likely, key=lambda position: (-found.sizes[position], -position)):
        own, times = np.unique(which[start[position] : start[position + 1]], return_counts=True)
        elsewhere = times[count[own] > times].sum()
        if elsewhere >= _SHARE * found.n[position]:
            dropped.append(position)
            count[own] -= times
    return sorted(dropped)
