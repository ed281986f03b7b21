"""Lines of a draft: the smallest pieces of text that are kept or removed as a whole.

In: the text of one draft. Out: its lines that are not blank, stripped, in order, each with a key by which repeats
are found. The rule guarded here: two lines have one key exactly if their normalised words agree once every run
of digits is folded to 0, so that the same line with another date, price or count is still the same line.
"""

import re
from collections.abc import Sequence

import xxhash

from dedup.articles.normalize import words

#: The key of a line without any word ("---", "*"); such lines are never counted as repeats.
NO_WORDS = 0

_NUMBER = re.compile(r"\d+")
_BREAK = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def lines(text: str) -> list[str]:
    r"""Return the lines of ``text`` that are not blank, stripped of white space at both ends.

    Examples
    --------
    >>> lines("Headline\n\n  First paragraph. \n")
    ['Headline', 'First paragraph.']
    """
    return [stripped for line in _BREAK.split(text) if (stripped := line.strip())]


def key(tokens: Sequence[str]) -> int:
    """Return the key of a line, given its normalised words, as a signed 64-bit integer.

    Examples
    --------
    >>> key(words("Updated 3 May, 10:45")) == key(words("updated 27 may 9:12"))
    True
    """
    if not tokens:
        return NO_WORDS
    value = xxhash.xxh3_64_intdigest(_NUMBER.sub("0", " ".join(tokens)).encode())
    return value - (1 << 64) if value >= 1 << 63 else value


def line_key(line: str) -> int:
    """Return the key of one line of text; see :func:`key`."""
    return key(words(line))
