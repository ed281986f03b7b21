"""What a character is, as bits in one table: letter, capital, space, what ends a sentence, what opens a quotation.

In: nothing. Out: ``table``, for loops that look at every letter of a page (``dedup/line_kernels.py``).

Rule guarded here: frozen; every bit is defined by a list of characters or by a pattern, as Python's ``re`` and ``str`` understand it.
"""

import re
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dedup.articles.normalize import UNSPACED as UNSPACED_LETTERS

#: The bits. ``LETTER``: letters and digits; ``WORD``: these and the underscore; ``PLAIN_LOWER``: small letters by which a sentence is known to go
#: on; ``BEFORE_GLUE``, ``AFTER_GLUE``: a small letter and a capital, which side by side are two words without a space; ``TRIM``: what stands
#: around a word and is no part of it.
(
    SPACE,
    LETTER,
    WORD,
    DECIMAL,
    UPPER,
    LOWER,
    PLAIN_LOWER,
    UNSPACED,
    COMMA,
    BAR,
    QUOTE,
    STOP,
    OPENING,
    CLOSING,
    TRIM,
    BEFORE_GLUE,
    AFTER_GLUE,
    DIGIT,
) = (np.uint32(1 << bit) for bit in range(18))

#: Characters from here on have no bits; letters beyond it are none that a loop asks for.
N_CODES: Final = 0x40000
_CASED_END: Final = 0x1F000

_LISTED: Final = (
    (COMMA, ",，、"),
    (BAR, "|•·»›/→▸"),
    (QUOTE, '"“„«'),
    (CLOSING, "\"”’»)]' \u200b\n"),
    (STOP, ".!?…。！？।؟"),
    (OPENING, "\"“‘«'([¿¡\n"),
    (TRIM, "\"“”‘’'()[],;:.!?-–—|•*/"),
)
_PATTERNS: Final = (
    (SPACE, r"\s+"),
    (LETTER, r"[^\W_]+"),
    (WORD, r"\w+"),
    (DECIMAL, r"\d+"),
    (UNSPACED, f"[{UNSPACED_LETTERS}]+"),
    (PLAIN_LOWER, "[a-zà-öø-ÿа-яё]+"),
    (BEFORE_GLUE, "[a-zà-öø-ÿа-яё]+"),
    (AFTER_GLUE, "[A-ZÀ-ÖØ-ÞА-ЯЁ]+"),
)


@cache
def table() -> NDArray[np.uint32]:
    """Return what each code point is.

    Returns
    -------
    ndarray of uint32, shape (N_CODES + 1,)
        Read only; the last row stands for all code points from ``N_CODES`` on.
    """
    bits = np.zeros(N_CODES + 1, dtype=np.uint32)
    for bit, characters in _LISTED:
        bits[list(map(ord, characters))] |= bit
    everything = "".join(map(chr, range(N_CODES)))
    for bit, pattern in _PATTERNS:
        for run in re.finditer(pattern, everything):
            bits[run.start() : run.end()] |= bit
    cased = everything[:_CASED_END]
    for bit, is_one in ((UPPER, str.isupper), (LOWER, str.islower), (DIGIT, str.isdigit)):
        bits[[code for code, letter in enumerate(cased) if is_one(letter)]] |= bit
    bits.flags.writeable = False
    return bits
