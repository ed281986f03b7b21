"""Lines of a draft: the smallest pieces of text that are judged as a whole, and the keys by which repeats are found.

In: the text of one draft. Out: its lines that are not blank, stripped, in order; the sentences of a line; keys. The
key of a line is for what a site repeats to the letter, the keys of its sentences for what stands inside a longer line,
the keys of its forms for near-equal lines ("Follow Jane Doe on Twitter", "Follow John Roe on Twitter").

Rule guarded here: two lines, or sentences, have one key exactly if their letters agree after normalisation and every
run of digits is folded to 0, so that the same line with another date, price or count is still the same line.
"""

import re
from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from itertools import pairwise
from typing import Final

import xxhash

from dedup.articles.normalize import UNSPACED, normalize, words

#: The key of a line without any letter ("---", "*"); such lines are never counted as repeats.
NO_WORDS = 0

_FORM_WORDS: Final = (4, 40)
"""A line has forms if it has so many words: shorter ones have nothing to fold, longer ones are prose."""
_EDGE: Final = 4
"""Words at either end of a line that make a form of it."""
_LETTERS_PER_WORD: Final = 6
"""Letters and spaces that a word takes up in scripts with spaces."""
_LETTERS_PER_UNSPACED_WORD: Final = 2

_NO_LETTERS: Final = bytes(code for code in range(128) if not chr(code).isalnum())
_ZEROS: Final = bytes.maketrans(b"123456789", b"000000000")
_NO_INNER: Final = 2
"""Borders of a line that is one sentence."""

_NUMBER = re.compile(r"\d+")
_MANY_ZEROS = re.compile(b"00+")
_BREAK = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_STOP = re.compile(r"[.!?…؟।][\"”’»)\]]*\s+(?![a-zà-öø-ÿа-яё])")
_UNSPACED_STOP = re.compile(r"[.!?…][\"”’»)\]]*\s+(?![a-z])|[。！？][”’」』）]*\s*")
_ABBREVIATED = re.compile(r"(?:^|[\s(\"“.-])(?:[A-Z][a-z]{0,2}|Sept|Prof|Capt)\.$|(?:^|\s)\d{1,2}\.$")
"""What ends no sentence: an initial, a short title before its name ("Mr.", "Sen.", "U.S."), the number of an item."""
_NAME = re.compile(r"[^\W\d_a-zà-öø-ÿа-яё]|[@\d]|www\.|http")
"""What begins like this is a name, a number or an address."""
_CLOCK = re.compile(r"(?:[ap]\.?m\.?|e[sd]?t|gmt|uhr|h)", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]")
_UNSPACED = re.compile(f"[{UNSPACED}]")


def lines(text: str) -> list[str]:
    r"""Return the lines of ``text`` that are not blank, stripped of white space at both ends.

    Examples
    --------
    >>> lines("Headline\n\n  First paragraph. \n")
    ['Headline', 'First paragraph.']
    """
    return [stripped for line in _BREAK.split(text) if (stripped := line.strip())]


def sentences(line: str) -> list[str]:
    """Return the sentences of a line, each with the white space after it: joined they are the line.

    Examples
    --------
    >>> sentences("Mr. Poe left. Follow him here: poe.example. Or not?")
    ['Mr. Poe left. ', 'Follow him here: poe.example. ', 'Or not?']
    """
    return [line[start:end] for start, end in pairwise(_borders(line))]


def size(line: str) -> int:
    """Return about how many words a line has; letters of scripts without spaces count half a word.

    Examples
    --------
    >>> size("So this line has seven words, roughly.")
    6
    """
    unspaced = 0 if line.isascii() else len(_UNSPACED.findall(line))
    return (len(line) - unspaced) // _LETTERS_PER_WORD + unspaced // _LETTERS_PER_UNSPACED_WORD


def key(tokens: Sequence[str]) -> int:
    """Return the key of a line or a sentence, given its normalised words, as a signed 64-bit integer.

    Examples
    --------
    >>> key(words("Updated 3 May, 10:45")) == key(words("updated 27 may 9:12"))
    True
    """
    return _key("".join(tokens))


def line_key(line: str) -> int:
    """Return the key of one line of text; see :func:`key`."""
    return key(words(line))


def sentence_keys(line: str) -> list[int]:
    """Return the keys of the sentences of a line, in order; none if it has but one."""
    borders = _borders(line)
    if len(borders) == _NO_INNER:
        return []
    normal = normalize(line)
    if normal.isascii() and len(normal) == len(line):
        return [_key(normal[start:end]) for start, end in pairwise(borders)]
    return [line_key(line[start:end]) for start, end in pairwise(borders)]


def form_keys(line: str, tokens: Sequence[str] | None = None) -> list[int]:
    """Return the keys of the forms of a line: with names, dates and numbers left open, its first words, its last words.

    None for a line that is too short or too long to have a form. ``tokens``: its normalised words, if they are known.

    Examples
    --------
    >>> one, other = form_keys("Follow Jane Doe on her own page"), form_keys("Follow Mr. Roe on her own page")
    >>> [left == right for left, right in zip(one, other)]
    [True, False, True]
    """
    if len(line) > 2 * _FORM_WORDS[1] * _LETTERS_PER_WORD:
        return []
    tokens = words(line) if tokens is None else tokens
    if not _FORM_WORDS[0] <= len(tokens) <= _FORM_WORDS[1]:
        return []
    made = []
    folded = _folded(line)
    if folded:
        made.append(_hash(f"form {folded}".encode()))
    edge = 2 * _EDGE if not line.isascii() and _UNSPACED.search(line) else _EDGE
    if len(tokens) > edge:
        made.append(_hash(f"head {_NUMBER.sub('0', ' '.join(tokens[:edge]))}".encode()))
        made.append(_hash(f"tail {_NUMBER.sub('0', ' '.join(tokens[-edge:]))}".encode()))
    return made


def _folded(line: str) -> str:
    """Return the words of a line with every run of names and numbers as one gap; empty if that says too little."""
    kept: list[str] = []
    plain = 0
    for place, raw in enumerate(line.split()):
        kind, folded = _fold(raw)
        if kind is _Kind.CLOCK:
            continue
        if kind is _Kind.GAP or (kind is _Kind.NAME and place):
            if not kept or kept[-1] != "*":
                kept.append("*")
        else:
            kept.append(folded)
            plain += 1
    return " ".join(kept) if "*" in kept and plain > 1 else ""


class _Kind(Enum):
    """What a word of a form is: ``NAME`` may be one but at the beginning of a line, ``GAP`` is one anywhere."""

    PLAIN = 0
    NAME = 1
    GAP = 2
    CLOCK = 3


@lru_cache(maxsize=16_384)
def _fold(raw: str) -> tuple[_Kind, str]:
    """Return what a word, as it is written, is to a form, and its normalised words; chrome has few words."""
    token = raw.strip("\"“”‘’'()[],;:.!?-–—|•*/")
    if _CLOCK.fullmatch(token):
        return _Kind.CLOCK, ""
    if not token or "@" in token:
        return _Kind.GAP, ""
    return _Kind.NAME if _NAME.match(token) else _Kind.PLAIN, " ".join(words(token))


def _borders(line: str) -> list[int]:
    """Return where the sentences of a line begin, and the end of the line."""
    stop = _STOP if line.isascii() or not _UNSPACED.search(line) else _UNSPACED_STOP
    inner = [
        end.end()
        for end in stop.finditer(line)
        if end.end() < len(line) and not _ABBREVIATED.search(line, max(end.start() - 6, 0), end.start() + 1)
    ]
    if not inner:
        return [0, len(line)]
    return [0, *(start for start, end in pairwise([*inner, len(line)]) if _WORD.search(line, start, end)), len(line)]


def _key(normal: str) -> int:
    """Return the key of a normalised text; one that is not ASCII must have no other characters than letters and digits."""
    if normal.isascii():
        letters = normal.encode().translate(_ZEROS, _NO_LETTERS)
        if b"00" in letters:
            letters = _MANY_ZEROS.sub(b"0", letters)
    else:
        letters = _NUMBER.sub("0", normal).encode()
    return _hash(letters) if letters not in {b"", b"0"} else NO_WORDS


def _hash(text: bytes) -> int:
    value = xxhash.xxh3_64_intdigest(text)
    return value - (1 << 64) if value >= 1 << 63 else value
