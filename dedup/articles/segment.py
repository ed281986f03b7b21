"""Lines of a draft: the smallest pieces of text that are judged as a whole, and the keys by which repeats are found.

In: the text of one draft. Out: its lines that are not blank, stripped, in order; the sentences of a line; keys. The
key of a line is for what a site repeats to the letter, the keys of its sentences for what stands inside a longer line,
the keys of its forms for near-equal lines ("Follow Jane Doe on Twitter", "Follow John Roe on Twitter").

Rule guarded here: two lines, or sentences, have one key exactly if their letters agree after normalisation and every
run of digits is folded to 0, so that the same line with another date, price or count is still the same line.
"""

import re
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.articles.letters import table
from dedup.articles.normalize import UNSPACED, kinds
from dedup.articles.reading import Reading, read
from dedup.articles.spelling import codes_of

#: The key of a line without any letter ("---", "*"); such lines are never counted as repeats.
NO_WORDS = 0

_FORM_WORDS: Final = (4, 40)
"""A line has forms if it has so many words: shorter ones have nothing to fold, longer ones are prose."""
_EDGE: Final = 4
"""Words at either end of a line that make a form of it."""
_LETTERS_PER_WORD: Final = 6
"""Letters and spaces that a word takes up in scripts with spaces."""
_LETTERS_PER_UNSPACED_WORD: Final = 2

_UNSPACED = re.compile(f"[{UNSPACED}]")


class Keys(NamedTuple):
    """The keys of the lines of a page, signed 64-bit integers.

    ``lines``: one for each line; ``sentences``: those of its sentences, in order; ``forms``: those of its forms, none for most lines. The last two in
    lists one after the other: ``sentence_ends`` and ``form_ends``, shape (n_lines + 1,), have 0 and where each line's end.
    """

    lines: NDArray[np.int64]
    sentence_ends: NDArray[np.int64]
    sentences: NDArray[np.int64]
    form_ends: NDArray[np.int64]
    forms: NDArray[np.int64]


def lines(text: str) -> list[str]:
    r"""Return the lines of ``text`` that are not blank, stripped of white space at both ends.

    Examples
    --------
    >>> lines("Headline\n\n  First paragraph. \n")
    ['Headline', 'First paragraph.']
    """
    return [stripped for line in text.splitlines() if (stripped := line.strip())]


def sentences(line: str) -> list[str]:
    """Return the sentences of a line, each with the white space after it: joined they are the line.

    Examples
    --------
    >>> sentences("Mr. Poe left. Follow him here: poe.example. Or not?")
    ['Mr. Poe left. ', 'Follow him here: poe.example. ', 'Or not?']
    """
    from dedup import line_kernels

    codes = codes_of(line)
    found = np.empty(len(codes) + 1, dtype=np.int64)
    n = line_kernels.borders(codes, 0, len(codes), table(), found)
    return [line[start:end] for start, end in pairwise([*found[:n].tolist(), len(line)])]


def size(line: str) -> int:
    """Return about how many words a line has; letters of scripts without spaces count half a word.

    Examples
    --------
    >>> size("So this line has seven words, roughly.")
    6
    """
    unspaced = 0 if line.isascii() else len(_UNSPACED.findall(line))
    return (len(line) - unspaced) // _LETTERS_PER_WORD + unspaced // _LETTERS_PER_UNSPACED_WORD


def keys(page: Reading, wants_forms: NDArray[np.bool_]) -> Keys:
    """Return the keys of the lines of a page.

    Parameters
    ----------
    page : Reading
        The lines.
    wants_forms : ndarray of bool, shape (n_lines,)
        The lines of which forms are to be told: with names, dates and numbers left open, the first words, the last words. A line that is too
        short or too long has none.
    """
    from dedup import line_kernels

    text, (least, most) = page.text, _FORM_WORDS
    wanted = wants_forms & (np.diff(page.edges) - 1 <= 2 * most * _LETTERS_PER_WORD)
    return Keys(
        *line_kernels.keys(
            *text, page.edges, kinds(), table(), page.folded, page.ends, page.is_unspaced, wanted, least, most, _EDGE
        )
    )


def no_keys(n_lines: int) -> Keys:
    """Return keys that say nothing of so many lines."""
    none, ends = np.empty(0, dtype=np.int64), np.zeros(n_lines + 1, dtype=np.int64)
    return Keys(np.full(n_lines, NO_WORDS), ends, none, ends, none)


def line_key(line: str) -> int:
    """Return the key of one line of text.

    Examples
    --------
    >>> line_key("Updated 3 May, 10:45") == line_key("updated 27 may 9:12")
    True
    """
    return int(keys(read([line]), np.zeros(1, dtype=bool)).lines[0])
