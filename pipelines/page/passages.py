"""The texts that the page holds, and where matched texts share passages.

In: matched pairs of articles, the most wanted first. Out: texts and marks in packs, compressed, which the page opens one at
a time; and which pair and which text stands where.

Rules guarded here: the page stays within its budget, and passages are those that matching finds
(``similarity.compare``). Offsets are in UTF-16 units, as JavaScript counts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dedup.articles.spelling import codes_of
from dedup.candidates.shingle import word_hashes
from dedup.duplicates.similarity import compare
from dedup.explanation import Spans, shared_places, word_spans

#: Bytes of all texts before compression, of one text, and pairs: more would make the page slow to open and to mail.
TEXT_BYTES: Final = 10_000_000
LONGEST_TEXT: Final = 100_000
PAIRS: Final = 5_000
#: Texts, and pairs, that are unpacked together.
TEXTS_PER_PACK: Final = 64
PAIRS_PER_PACK: Final = 128
_LAST_OF_ONE_UNIT: Final = 0xFFFF
#: Texts whose words are remembered: those of one event stand together.
_TEXTS_READ: Final = 1024


@dataclass
class Shown:
    """What the page shows side by side.

    Parameters
    ----------
    text_of : dict
        Number of the text of each article that is shown, by its place.
    texts : list of str
        The texts.
    pair_of : dict
        Number of each pair that is shown, by its place among the matches.
    pairs : list of (left, right)
        The numbers of the texts of each.
    """

    text_of: dict[int, int] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    pair_of: dict[int, int] = field(default_factory=dict)
    pairs: list[tuple[int, int]] = field(default_factory=list)

    def packs(self) -> dict[str, Iterable[list[Any]]]:
        """Return texts and marks in packs; marks are found as they are asked for.

        Marks are, for left and right: start, end and number of each piece of a shared passage, one after the other.
        """
        marks = (_marks(self.texts[left], self.texts[right]) for left, right in self.pairs)
        return {
            "texts": [self.texts[at : at + TEXTS_PER_PACK] for at in range(0, len(self.texts), TEXTS_PER_PACK)],
            "marks": (list(islice(marks, PAIRS_PER_PACK)) for _ in range(0, len(self.pairs), PAIRS_PER_PACK)),
        }


def side_by_side(pairs: Iterable[tuple[int, int, int]], texts: Sequence[str]) -> Shown:
    """Choose the pairs that the page shows side by side: in the order given, as long as there is room.

    Parameters
    ----------
    pairs : iterable of (match, left, right)
        Place of the match, and of its articles in ``texts``.
    texts : sequence of str
        Clean texts of all articles.
    """
    shown = Shown()
    room = TEXT_BYTES
    for match, left, right in pairs:
        if len(shown.pairs) == PAIRS:
            break
        new = {
            article: len(texts[article].encode("utf-8", "replace"))
            for article in (left, right)
            if article not in shown.text_of
        }
        if sum(new.values()) > room or max(new.values(), default=0) > LONGEST_TEXT:
            continue
        room -= sum(new.values())
        for article in new:
            shown.text_of[article] = len(shown.texts)
            shown.texts.append(texts[article])
        shown.pair_of[match] = len(shown.pairs)
        shown.pairs.append((shown.text_of[left], shown.text_of[right]))
    return shown


def _marks(left: str, right: str) -> tuple[list[int], list[int]]:
    (one, one_spans), (other, other_spans) = _words(left), _words(right)
    places = shared_places(one_spans, other_spans, compare(one, other))
    return places[0].ravel().tolist(), places[1].ravel().tolist()


@lru_cache(_TEXTS_READ)
def _words(text: str) -> tuple[NDArray[np.int64], Spans]:
    return word_hashes(text), _in_units(text, word_spans(text))


def _in_units(text: str, spans: Spans) -> Spans:
    r"""Return places in a text counted in UTF-16 units.

    Examples
    --------
    >>> _in_units("\U0001f6a2 ferry", np.array([[2, 7]], dtype=np.int32)).tolist()
    [[3, 8]]
    """
    is_long = codes_of(text) > _LAST_OF_ONE_UNIT
    if not is_long.any():
        return spans
    before: Spans = np.cumsum(is_long, dtype=np.int32) - is_long
    made: Spans = spans + np.append(before, is_long.sum(dtype=np.int32))[spans]
    return made
