"""Lines that are plainly chrome, whatever their words look like: the byline, captions, links to other stories.

In: the lines of a page with what its HTML says of them, and what is known of who wrote it. Out: which of them are such.

Rule guarded here: each is told by its form and its place in the page, not by words of one language or site; where pages with gold
keep such lines as often as they drop them, the line model has the word.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dedup.articles.byline import begins_as_byline, name_of
from dedup.articles.outline import LAYOUT, TAGS
from dedup.articles.published import names_day
from dedup.articles.reading import read
from dedup.boilerplate.features import opens_with

_TAG: Final = LAYOUT.index("tag")
_LINK_SHARE: Final = LAYOUT.index("link_share")
_CAPTION: Final = TAGS["figcaption"]
_LINKED: Final = 0.6
"""A line of which so much is links leads elsewhere."""
_BYLINE: Final = 25
"""A byline has no more words."""
_SHORTEST_NAME: Final = 3
_PARAGRAPH: Final = 15
_STOPS: Final = tuple(".!?…。！？।؟")
_CLOSING: Final = "\"”’»)]' "


def plainly_chrome(
    lines: Sequence[str], layout: NDArray[np.float32], keep: NDArray[np.float64], author: str = "", title: str = ""
) -> list[int]:
    """Return which lines of a page are plainly chrome, of those that may stay.

    Captions; lines that are links and begin by saying that they lead to another story; and before the first paragraph and after the
    last one, what says no more than who wrote the article, and when.

    Parameters
    ----------
    lines : sequence of str
        In order.
    layout : ndarray of float32, shape (n_lines, len(LAYOUT))
        What the HTML says of them.
    keep : ndarray of float64, shape (n_lines,)
        The probability that each stays; 0 for those that are not to be looked at.
    author, title : str
        Who wrote the article, as its page says it, and its headline.
    """
    looked_at = keep > 0
    found = set(np.flatnonzero(looked_at & (layout[:, _TAG] == _CAPTION)).tolist())
    linked = np.flatnonzero(looked_at & (layout[:, _LINK_SHARE] >= _LINKED)).tolist()
    if linked:
        leads = opens_with(read([lines[row] for row in linked]), "related")
        found.update(row for row, told in zip(linked, leads.tolist(), strict=True) if told)
    if author:
        rows = np.flatnonzero(looked_at).tolist()
        paragraphs = [row for row in rows if _is_paragraph(lines[row])]
        first, last = (paragraphs[0], paragraphs[-1]) if paragraphs else (len(lines), -1)
        found.update(row for row in rows if not first <= row <= last and is_byline(lines[row], author, title))
    return sorted(found)


def is_byline(line: str, author: str, title: str = "") -> bool:
    """Decide whether a line says no more than who wrote an article, and when.

    Examples
    --------
    >>> is_byline("By Ann Lee, published 2 March 2026", "Ann Lee"), is_byline("Ann Lee", "Ann Lee")
    (True, False)
    >>> is_byline("Ann Lee, 34, saw it.", "Ann Lee"), is_byline("By Bo Ek", "Ann Lee")
    (False, False)
    """
    # What costs least to see comes first.
    if line.count(" ") >= _BYLINE or not (begins_as_byline(line) or names_day(line)):
        return False
    name = name_of(line, title).casefold()
    return len(name) > _SHORTEST_NAME and name in author.casefold()


def _is_paragraph(line: str) -> bool:
    return line.count(" ") + 1 >= _PARAGRAPH and line.rstrip(_CLOSING).endswith(_STOPS)
