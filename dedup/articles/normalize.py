"""One spelling of a text, and its words.

In: any text. Out: ``normalize`` gives it in NFKC, casefolded, with straight quotes, plain hyphens and no invisible
characters; ``words`` the maximal runs of letters and digits of that, in order. The underscore is no letter; combining
marks stay with the letter they follow. Scripts written without spaces between words (Han, Hiragana, Katakana, Thai,
Lao, Khmer, Burmese) give one word per letter, so that five-word shingles become five-letter shingles there.

Rule guarded here: every count, shingle and comparison of words in the project is over the words of this file.
"""

import re
import unicodedata
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

#: Letters of scripts without spaces: Burmese, Thai and Lao, Khmer, kana, Han with its extensions.
UNSPACED = (
    "\u0e00-\u0eff"
    "\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f"
    "\u1780-\u17ff"
    "\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3041-\u309f\u30a1-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U0001aff0-\U0001b16f\U00020000-\U0003ffff"
)

#: What a code point is to ``words``, as in the table of ``kinds``.
OTHER, LETTER, MARK, UNSPACED_LETTER = 0, 1, 2, 3

_N_CODE_POINTS = 0x110000
#: Above these no letter and no combining mark is assigned (variation selectors are taken out by ``normalize``).
_LETTERS_END, _MARKS_END = 0x40000, 0x20000

_SPELLINGS = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u2035\u00b4\u02b9", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u2036\u00ab\u00bb", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe31\ufe32\ufe58", "-"),
}
#: Most English text is ASCII but for these, and replacing them one by one is several times faster than the pattern.
_FREQUENT = tuple((mark, _SPELLINGS.get(mark, " ")) for mark in "\u2019\u2018\u201c\u201d\u2013\u2014\u00a0")
#: Soft hyphen, joiners, direction marks, variation selectors, byte order mark and other default ignorables.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\U0001bca0-\U0001bca3\U000e0000-\U000e0fff"
)
_RESPELL = re.compile(f"[{''.join(_SPELLINGS)}{_INVISIBLE}]")
#: What stands in no word, as a space; capitals small.
_ASCII_WORDS = "".join(chr(code).lower() if chr(code).isalnum() else " " for code in range(128))
_PLAIN_WORD = re.compile(r"[^\W_]+")


def normalize(text: str) -> str:
    """Return ``text`` in the spelling in which words are compared.

    Parameters
    ----------
    text : str
        Any text; lone surrogates are left as they are.

    Returns
    -------
    str
        NFKC, casefolded, quotes and dashes straight, invisible characters gone. Applying it again changes nothing.

    Examples
    --------
    >>> normalize("\u201cCo\u00adoperation\u201d \u2014 \uff21\ufb01ne Stra\u00dfe")
    '"cooperation" - afine strasse'
    """
    if text.isascii():
        return text.lower()
    for mark, plain in _FREQUENT:
        text = text.replace(mark, plain)
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", _respelled(text)).casefold()
    return folded if folded.isascii() else _respelled(unicodedata.normalize("NFKC", folded))


def words(text: str) -> list[str]:
    r"""Return the words of ``text`` in order: maximal runs of letters and digits after ``normalize``.

    Parameters
    ----------
    text : str
        Any text, normalised or not.

    Returns
    -------
    list of str
        Normalised words, none empty. For Latin text the same as ``re.findall(r"[^\W_]+", text)`` after NFKC and
        casefolding.

    Examples
    --------
    >>> words("The 50-minute call, on_line.")
    ['the', '50', 'minute', 'call', 'on', 'line']
    >>> words("\u6771\u4eac 2026")
    ['\u6771', '\u4eac', '2026']
    """
    text = normalize(text)
    if text.isascii():
        # A fifth of the time that a pattern takes.
        return text.translate(_ASCII_WORDS).split()
    return (_PLAIN_WORD if _is_plain(text) else _word_pattern()).findall(text)


@lru_cache(maxsize=1024)
def words_once(text: str) -> tuple[str, ...]:
    """Return the words of a short text that is asked for again soon, as a headline is."""
    return tuple(words(text))


@cache
def kinds() -> NDArray[np.uint8]:
    """Return what each code point is to ``words``: the same rule as a table, for kernels.

    Returns
    -------
    ndarray of uint8, shape (0x110000,)
        ``OTHER``, ``LETTER`` (letters and digits), ``MARK`` (combining) or ``UNSPACED_LETTER``. Read only.
    """
    everything = "".join(map(chr, range(_LETTERS_END)))
    table = np.full(_N_CODE_POINTS, OTHER, dtype=np.uint8)
    for run in re.finditer(r"[^\W_]+", everything):
        table[run.start() : run.end()] = LETTER
    for run in re.finditer(f"[{UNSPACED}]+", everything):
        part = table[run.start() : run.end()]
        part[part == LETTER] = UNSPACED_LETTER
    rest = np.flatnonzero(table[:_MARKS_END] == OTHER).tolist()
    table[[code for code in rest if unicodedata.category(chr(code))[0] == "M"]] = MARK
    table.flags.writeable = False
    return table


def _respelled(text: str) -> str:
    return _RESPELL.sub(lambda match: _SPELLINGS.get(match[0], ""), text)


def _is_plain(text: str) -> bool:
    """Tell whether a text has neither combining marks nor letters of scripts without spaces; the full pattern is slow."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    return int(kinds()[codes].max()) <= LETTER


@cache
def _word_pattern() -> re.Pattern[str]:
    marks = np.flatnonzero(kinds() == MARK)
    ends = np.flatnonzero(np.diff(marks) > 1)
    first, last = marks[np.r_[0, ends + 1]], marks[np.r_[ends, len(marks) - 1]]
    mark = "".join(f"{chr(a)}-{chr(b)}" for a, b in zip(first, last, strict=True))
    return re.compile(f"(?=[^\\W_])[{UNSPACED}][{mark}]*|[^\\W_{UNSPACED}](?:[^\\W_{UNSPACED}]|[{mark}])*")
