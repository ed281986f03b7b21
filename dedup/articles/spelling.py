"""A text letter by letter: its code points, and how each is spelled where words are compared.

In: a text. Out: arrays of code points, of the text as it is written and of its normalised spelling, with the place of every letter
of the one in the other. So a loop over letters can look at the capitals, spaces and signs of a text and at its words at once.

Rule guarded here: the spelling is that of ``normalize``, taken letter by letter; what composes with its neighbours, such as a combining mark, is
spelled together with the letter before it.
"""

from functools import cache, lru_cache
from itertools import chain
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.articles.letters import N_CODES, SPACE
from dedup.articles.letters import table as letter_kinds
from dedup.articles.normalize import MARK, OTHER, kinds, normalize

Codes = NDArray[np.uint32]

#: What the table says of a code point that is not spelled by one: not looked at yet, left out, spelled with its neighbours; from
#: ``_SEVERAL`` on it is the number of a spelling of several.
_UNKNOWN, _NOTHING, _TOGETHER = 0, 1, 2
_SEVERAL: Final = 1 << 31
#: What composes with its neighbours beside combining marks: parts of Hangul syllables, narrow ones too, and narrow voicing marks of kana.
_COMPOSING: Final = (*range(0x1100, 0x1200), *range(0xA960, 0xA980), *range(0xD7B0, 0xD800), *range(0xFF9E, 0xFFDD))
_N_CODES: Final = 0x110000


class Spelled(NamedTuple):
    """A text and its spelling, as code points.

    ``codes``: uint32, shape (n_characters,), of the text; ``letters``: uint32, shape (n_letters,), of its spelling; ``at``: int64, shape
    (n_letters,), the place in ``codes`` of what each of them spells, ascending.
    """

    codes: Codes
    letters: Codes
    at: NDArray[np.int64]


class Table:
    """How code points are spelled, filled in as they are met: there are a million, and a text has a hundred.

    ``spelling``: uint32, shape (0x110000,); ``several``: the spellings of more than one code point.
    """

    def __init__(self) -> None:
        self.spelling = np.zeros(_N_CODES, dtype=np.uint32)
        self.several: list[tuple[int, ...]] = []

    def learn(self, text: str) -> None:
        """Fill in what the characters of a text are spelled by."""
        for code in map(ord, set(text)):
            if self.spelling[code] == _UNKNOWN:
                self._learn(code)

    def _learn(self, code: int) -> None:
        spelled = tuple(map(ord, normalize(chr(code))))
        if len(spelled) > 1 and all(kinds()[one] == OTHER and chr(one) not in '\n"' for one in spelled):
            # Signs that part words, such as an ellipsis: the last of them stands for all.
            spelled = spelled[-1:]
        if kinds()[code] == MARK or code in _COMPOSING:
            self.spelling[code] = _TOGETHER
        elif not spelled:
            self.spelling[code] = _NOTHING
        elif len(spelled) == 1:
            # A control character that means something here parts words like any other sign.
            self.spelling[code] = spelled[0] if spelled[0] > _TOGETHER else ord(" ")
        else:
            self.spelling[code] = _SEVERAL + len(self.several)
            self.several.append(spelled)


@cache
def table() -> Table:
    """Return the table of this process."""
    return Table()


def spelled(text: str) -> Spelled:
    r"""Spell a text.

    Parameters
    ----------
    text : str
        Any text; lone surrogates are left as they are.

    Returns
    -------
    Spelled
        A line break is spelled as itself, and nothing else is spelled as one.

    Examples
    --------
    >>> found = spelled("\u201cStra\u00dfe")
    >>> "".join(map(chr, found.letters)), found.at.tolist()
    ('"strasse', [0, 1, 2, 3, 4, 5, 5, 6])
    """
    from dedup import line_kernels

    codes = codes_of(text)
    known, letters = table(), np.empty(len(codes), dtype=np.uint32)
    n_odd = line_kernels.spell(codes, known.spelling, letters)
    if n_odd < 0:
        known.learn(text)
        n_odd = line_kernels.spell(codes, known.spelling, letters)
    if not n_odd:
        return Spelled(codes, letters, np.arange(len(codes)))
    several = [*known.several]
    is_together = letters == _TOGETHER
    if is_together.any():
        # The first letter of a run stands for all of it.
        letters[is_together] = _NOTHING
        numbers: dict[str, int] = {}
        starts, ends = _runs(is_together, codes)
        texts = [text[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        which = np.array([numbers.setdefault(run, len(numbers)) for run in texts])
        letters[starts] = _SEVERAL + len(several) + which
        several += map(_spelled, numbers)
    is_odd = (letters == _NOTHING) | (letters >= _SEVERAL)
    number = np.where(letters >= _SEVERAL, letters - np.uint32(_SEVERAL), len(several)).astype(np.int64)[is_odd]
    sizes = np.array([*map(len, several), 0])
    n, begins = np.ones(len(letters), dtype=np.int64), np.zeros(len(letters), dtype=np.int64)
    n[is_odd], begins[is_odd] = sizes[number], (np.cumsum(sizes) - sizes)[number]
    at = np.repeat(np.arange(len(letters)), n)
    whole, place = letters[at], np.arange(len(at)) - np.repeat(np.cumsum(n) - n, n)
    of_several = is_odd[at]
    flat = np.fromiter(chain.from_iterable(several), dtype=np.uint32)
    whole[of_several] = flat[(begins[at] + place)[of_several]]
    return Spelled(codes, whole, at)


def codes_of(text: str) -> Codes:
    """Return the code points of a text."""
    if text.isascii():
        return np.frombuffer(text.encode(), dtype=np.uint8).astype(np.uint32)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


@lru_cache(maxsize=16_384)
def _spelled(together: str) -> tuple[int, ...]:
    return tuple(map(ord, normalize(together)))


def _runs(is_together: NDArray[np.bool_], codes: Codes) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return where each run of what composes begins, with the letter before it unless that is a space, and where it ends."""
    edges = np.flatnonzero(np.diff(is_together, prepend=False, append=False))
    firsts, ends = edges[::2], edges[1::2]
    before = letter_kinds()[np.minimum(codes[np.maximum(firsts - 1, 0)], N_CODES)]
    return firsts - ((firsts > 0) & (before & SPACE == 0)), ends
