"""What a page says twice: a paragraph that stands there again, or a whole article once more in one line.

In: the words of the lines that stay. Out: those lines whose words stand in the others all the same. Pages hold a second
copy for another width of screen, for print or for a preview; which of them is shown no extractor can tell.

Rule guarded here: of what stands on a page twice, one copy stays.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from dedup.articles.reading import Reading

_SIZE: Final = 4
_LEAST: Final = 8
"""Words of a line that is looked for; shorter ones are said again: speakers, headings, refrains, rows of tables."""
_SHARE: Final = 0.8
"""A line is there twice if so much of its runs of words is."""


def doubled(page: Reading, lines: Sequence[int]) -> list[int]:
    """Return those of some lines of a page that the others say too, in order; of copies the first stays.

    A line that holds several others goes before they do, and a later copy before the first.

    Parameters
    ----------
    page : Reading
        All lines.
    lines : sequence of int
        Positions of those that are looked at, in order.

    Examples
    --------
    >>> from dedup.articles.reading import read
    >>> one, other = "It was as cold as it had been for ten years.", "Then the thaw came and the river rose again."
    >>> doubled(read([one, other, one]), [0, 1, 2]), doubled(read([f"{one} {other}", one, other]), [0, 1, 2])
    ([2], [0])
    """
    from dedup import line_kernels

    positions = np.array(lines, dtype=np.int64)
    is_twice = line_kernels.doubled(page.hashes, page.ends, positions, _SIZE, _LEAST, _SHARE)
    found: list[int] = positions[is_twice].tolist()
    return found
