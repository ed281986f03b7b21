"""A page written as HTML again, without what is surely no part of its article: for extractors that parse pages themselves.

In: a parsed page, its lines and how likely each is to be the article's. Out: HTML of a half or a third of the length, in which what an extractor has to
choose from is all there is.

Rule guarded here: what is left stands as it stood in the page: the same blocks in the same blocks, with the attributes they had.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from dedup.articles.markup import TAG_NAMES, Codes, Markup, tables, text_of_codes
from dedup.articles.outline import Lines
from dedup.articles.spelling import codes_of
from dedup.articles.stated import holds_linked


@cache
def _names() -> tuple[Codes, NDArray[np.int64]]:
    """Return the names of tags by their numbers, one after the other, and where each begins, the end being the last."""
    return codes_of("".join(TAG_NAMES)), np.cumsum([0, *map(len, TAG_NAMES)])


def pruned(page: Markup, lines: Lines, keep: NDArray[np.float64], least: float) -> str:
    """Write a page without the blocks whose lines are surely not the article's, and without what readers do not see.

    Parameters
    ----------
    page : Markup
        The page.
    lines : Lines
        Its lines.
    keep : ndarray of float64, shape (n_lines,)
        The probability that each is the article's; one for each line, or what is written is undefined.
    least : float
        Blocks are left out all of whose lines are less likely; and those without a text.

    Returns
    -------
    str
        HTML. Linked data stays, which extractors may read, and with it what it stands in.

    Examples
    --------
    >>> from dedup.articles.markup import parse
    >>> from dedup.articles.outline import lines_of
    >>> page = parse("<body><nav><a href=/>Home</a></nav><p class=lead>Rain &amp; wind<p>Later snow</body>")
    >>> pruned(page, lines_of(page), np.array([0.01, 0.9, 0.4]), 0.02)
    '<body><p class=lead>Rain &amp; wind</p><p>Later snow</p></body>'
    """
    from dedup import markup_kernels

    stays = np.zeros(len(page.tag), dtype=np.bool_)
    stays[[script for script in page.places("script") if holds_linked(page, script)]] = True
    blocks, kinds = lines.block, tables().kinds
    nodes = (page.tag, page.parent, page.last, page.start, page.end)
    written = markup_kernels.written(*nodes, page.codes, page.letters, kinds, *_names(), stays, blocks, keep, least)
    return text_of_codes(written)
