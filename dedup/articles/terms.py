"""The terms of an article: what it is about, in the forms in which articles can be compared.

In: title, text, language and publication date of one article. Out: its stemmed words and word pairs with their counts,
its capitalised spans (not those that only begin a sentence), the dates it names, its quantities with their units, and
the same words for the lead (title and first words). Words are hashed; what a reader must see stays text.

It stands with the articles and not with the events because salient bands and the overlap of two articles need the same
terms, and each article is analysed once. Rule guarded here: dates are taken out before numbers are read ("October 7
attack" names a day, not seven attacks), and nothing depends on any other article: rarity comes from a frozen table.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property
from threading import local
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

from dedup.articles.language import detect_language
from dedup.articles.letters import table as letters
from dedup.articles.normalize import UNSPACED, kinds, normalize, words
from dedup.articles.published import published_day
from dedup.articles.spelling import codes_of
from dedup.articles.stopwords import STEMMERS, STOP_WORDS, guess_language
from dedup.articles.vocabulary import Told, Vocabulary
from dedup.errors import ParameterError
from dedup.keys import KeyIndex, among, counted
from dedup.schema import ARTICLE, TERMS
from dedup.tables import load_json

Keys = NDArray[np.int64]
Counts = NDArray[np.int32]


class Bag(NamedTuple):
    """A multiset of terms: ``keys`` sorted and distinct, ``counts`` at least 1, of one length.

    ``norm`` is the Euclidean length of its weights under the frozen background.
    """

    keys: Keys
    counts: Counts
    norm: float


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Terms:
    """The terms of one article.

    ``dates`` are ISO 8601 days, ``--MM-DD`` where the year is not known. ``quantities`` are a number and a unit as the
    article words it, such as ``50 minutes``, and ``quantity_keys`` their sorted keys, equal for ``50-minute``.
    ``labels`` are readable forms of the most telling words and spans, best first, and ``label_keys`` their keys.
    """

    words: Bag
    bigrams: Bag
    spans: Bag
    lead: Bag
    dates: tuple[str, ...]
    quantities: tuple[str, ...]
    quantity_keys: Keys
    labels: tuple[str, ...]
    label_keys: Keys

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Terms":
        """Read the terms back from a row of the relation TERMS, as ``Table.to_pylist`` gives it."""
        return cls(
            words=_bag_from(row["words"], row["word_counts"], row["norms"][0]),
            bigrams=_bag_from(row["bigrams"], row["bigram_counts"], row["norms"][1]),
            spans=_bag_from(row["spans"], row["span_counts"], row["norms"][2]),
            lead=_bag_from(row["lead"], row["lead_counts"], row["norms"][3]),
            dates=tuple(row["dates"]),
            quantities=tuple(row["quantities"]),
            quantity_keys=np.frombuffer(row["quantity_keys"], dtype="<i8"),
            labels=tuple(row["labels"]),
            label_keys=np.frombuffer(row["label_keys"], dtype="<i8"),
        )

    def to_row(self) -> dict[str, Any]:
        """Return the columns of the relation TERMS, without ``doc_id`` and ``arrival``."""
        row: dict[str, Any] = {
            "norms": [self.words.norm, self.bigrams.norm, self.spans.norm, self.lead.norm],
            "dates": list(self.dates),
            "quantities": list(self.quantities),
            "quantity_keys": self.quantity_keys.astype("<i8").tobytes(),
            "labels": list(self.labels),
            "label_keys": self.label_keys.astype("<i8").tobytes(),
        }
        for name, count_name, bag in (
            ("words", "word_counts", self.words),
            ("bigrams", "bigram_counts", self.bigrams),
            ("spans", "span_counts", self.spans),
            ("lead", "lead_counts", self.lead),
        ):
            row[name] = bag.keys.astype("<i8").tobytes()
            row[count_name] = bag.counts.astype("<i4").tobytes()
        return row


@dataclass(frozen=True, eq=False, slots=True)
class Background:
    """How many articles of a large, frozen collection hold a term.

    ``counts``, float64, are those of the keys in ``index``; a term that is not among them stands in at most ``unseen`` articles.
    """

    n_documents: int
    unseen: int
    index: KeyIndex
    counts: NDArray[np.float64]
    digest: str

    def document_frequency(self, keys: Keys) -> NDArray[np.float64]:
        """Return the number of background articles that hold each key; ``unseen`` for those not counted."""
        return self.index.values(keys, self.counts, float(self.unseen))

    def inverse_frequency(self, keys: Keys) -> NDArray[np.float64]:
        """Return ``ln((N + 1) / (df + 1))`` of each key, at least 0."""
        return self.rarity(self.document_frequency(keys))

    def rarity(self, counts: NDArray[Any]) -> NDArray[np.float64]:
        """Return the same of terms that so many articles hold."""
        return np.asarray(np.log((self.n_documents + 1) / (counts + 1)))


@cache
def background() -> Background:
    """Return the background frequencies that ship with the package (``benchmarks/background_terms.py`` builds them)."""
    table = load_json("background.json.gz")
    parts: list[Keys] = []
    counts: list[int] = []
    for kind, keys_of in _KEYS_OF.items():
        listed = [(int(count), terms.split("|")) for count, terms in table[kind].items()]
        parts.append(keys_of([term for _, terms in listed for term in terms]))
        counts += [count for count, terms in listed for _ in terms]
    keys = np.concatenate(parts)
    order = np.argsort(keys, kind="stable")
    return Background(
        n_documents=table["n_documents"],
        unseen=table["unseen"],
        index=KeyIndex.of(keys[order]),
        counts=np.array(counts, dtype=np.float64)[order],
        digest=table["digest"],
    )


def text_key(text: str) -> int:
    """Return the key of a term given as text: XXH3 of its UTF-8, as a signed 64-bit integer."""
    value = xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"))
    return value - (1 << 64) if value >= 1 << 63 else value


def text_keys(texts: Sequence[str]) -> Keys:
    """Return the `text_key` of each of many terms."""
    digest = xxhash.xxh3_64_intdigest
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    return np.fromiter(map(digest, encoded), dtype=np.uint64, count=len(texts)).view(np.int64)


def word_key(stem: str) -> int:
    """Return the key of a stemmed word."""
    return text_key(stem)


def span_keys(spans: Sequence[str]) -> Keys:
    """Return the keys of capitalised spans; others than those of the same words written small."""
    return text_keys([f"^{span}" for span in spans])


def bigram_keys(bigrams: Sequence[str]) -> Keys:
    """Return the keys of pairs of stemmed words, each written with a space between them."""
    keys = text_keys(" ".join(bigrams).split(" ") if bigrams else [])
    return pair_keys(np.ascontiguousarray(keys[::2]), np.ascontiguousarray(keys[1::2]))


def pair_keys(left: Keys, right: Keys) -> Keys:
    """Mix the keys of two neighbours into the key of the pair; order matters (splitmix64 finaliser)."""
    with np.errstate(over="ignore"):
        mixed = left.view(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + right.view(np.uint64)
        mixed ^= mixed >> np.uint64(30)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(27)
        mixed *= np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return mixed.view(np.int64)


#: How the terms of each kind in the background table get their keys.
_KEYS_OF: dict[str, Callable[[Sequence[str]], Keys]] = {
    "words": text_keys,
    "bigrams": bigram_keys,
    "spans": span_keys,
    "quantities": text_keys,
}


# ---------------------------------------------------------------------------------------------------------- words

_UNSPACED_LETTER = re.compile(f"[{UNSPACED}]")
_MAX_CACHED = 400_000
#: Numbers of names are smaller.
_NAME_BITS = 31


class Content(NamedTuple):
    """The words of a text: ``words`` as `content_words` gives them; ``keys`` of their stems, 0 for those to drop; ``bits``: what they may say.

    Arrays of int64, shape (n_words,).
    """

    words: list[str]
    keys: Keys
    bits: Keys


#: What a word may say: a number, a day.
_NUMBER_BIT, _DAY_BIT = 1, 2


class _Stems:
    """Stems and keys of words of one language, and its names; what is known of a word spares most of the stemming, and all of the hashing."""

    def __init__(self, language: str) -> None:
        self.stop = STOP_WORDS.get(language, frozenset())
        self.words = Vocabulary(self._word)
        self.names = Vocabulary(self._name)
        self._stem_of: dict[str, str] = {}
        self.stem_word = None
        if language in STEMMERS:
            import snowballstemmer

            self.stem_word = snowballstemmer.stemmer(STEMMERS[language]).stemWord

    def stem(self, word: str) -> str:
        """Return the stem of a normalised word, or ``""`` for a stop word or a stray letter."""
        found = self._stem_of.get(word)
        if found is None:
            if len(self._stem_of) > _MAX_CACHED:
                self._stem_of.clear()
            found = self._stem_of[word] = self._stemmed(word)
        return found

    def content(self, text: str) -> Content:
        """Return the words of a text."""
        from dedup import term_kernels

        if len(self.words) > _MAX_CACHED:
            self.words = Vocabulary(self._word)
        known = self.words
        normal = normalize(text)
        if not normal.isascii() and _UNSPACED_LETTER.search(normal):
            found = content_words(text)
            numbers = np.fromiter(map(known.number, found), np.int64, len(found))
        else:
            starts, ends, hashes = term_kernels.words(codes_of(normal), kinds())
            numbers = known.numbers(hashes, lambda place: normal[starts[place] : ends[place]])
            found = list(map(known.texts.__getitem__, numbers.tolist()))
        return Content(found, known.keys[numbers], known.bits[numbers])

    def names_at(self, text: str, starts: Keys, ends: Keys, hashes: Keys) -> Keys:
        """Return the numbers of the names that capitalised words are."""
        if len(self.names) > _MAX_CACHED:
            self.names = Vocabulary(self._name)
        return self.names.numbers(hashes, lambda place: _form(text[starts[place] : ends[place]]).casefold())

    def _word(self, word: str) -> Told:
        stem = self.stem(word)
        bits = _NUMBER_BIT * (word in _NUMBER_WORDS) | _DAY_BIT * (word in _DAY_WORDS)
        return Told(word_key(stem) if stem else 0, bits)

    def _name(self, word: str) -> Told:
        from dedup.term_kernels import COMMON, HONORIFIC, SINGLE

        is_common = word in self.stop or word in CALENDAR
        bits = COMMON * is_common | SINGLE * (len(word) <= 1) | HONORIFIC * (word in _HONORIFICS)
        return Told(text_key(f"^{word}"), int(bits))

    def _stemmed(self, word: str) -> str:
        if word in self.stop or (len(word) == 1 and not word.isdigit() and not _UNSPACED_LETTER.match(word)):
            return ""
        return self.stem_word(word) if self.stem_word is not None and word.isalpha() else word


class _ByLanguage(local):
    """What each thread knows of words, by language: a vocabulary is of one thread."""

    def __init__(self) -> None:
        self.stems: dict[str, _Stems] = {}


_known = _ByLanguage()


def _stems(language: str) -> _Stems:
    found = _known.stems.get(language)
    if found is None:
        found = _known.stems[language] = _Stems(language)
    return found


def stems(text: str, language: str) -> list[str]:
    """Return the stemmed words of ``text`` without stop words, in order: the readable form of what is hashed."""
    table = _stems(language)
    return [stem for word in content_words(text) if (stem := table.stem(word))]


def content(text: str, language: str) -> Content:
    """Return the words of a text in a language, with the keys of their stems."""
    return _stems(language).content(text)


def content_words(text: str) -> list[str]:
    """Return the words of ``text``; neighbouring letters of scripts without spaces come as pairs."""
    found = words(text)
    if text.isascii() or not _UNSPACED_LETTER.search(text):
        return found
    paired: list[str] = []
    previous = ""
    for word in found:
        if not _UNSPACED_LETTER.match(word):
            paired.append(word)
            previous = ""
        else:
            if previous:
                paired.append(previous + word)
            previous = word
    return paired


def weigh(keys: Keys, counts: Counts) -> NDArray[np.float64]:
    """Return ``(1 + ln tf) x idf`` of each term, idf being that of the frozen background."""
    return np.asarray((1.0 + np.log(counts)) * background().inverse_frequency(keys))


def _bag(keys: Keys) -> tuple[Bag, NDArray[np.float64]]:
    """Return the bag of some terms, and how each of them is weighed."""
    distinct, times = counted(keys)
    counts = times.astype(np.int32)
    weights = weigh(distinct, counts)
    return Bag(distinct, counts, float(np.sqrt(weights @ weights))), weights


def _bag_from(keys: bytes, counts: bytes, norm: float) -> Bag:
    return Bag(np.frombuffer(keys, dtype="<i8"), np.frombuffer(counts, dtype="<i4"), norm)


# ---------------------------------------------------------------------------------------------------------- spans

_SPELLINGS = (
    *((mark, "'") for mark in "\u2018\u2019\u201b\u02bc"),
    *((dash, "-") for dash in "\u2010\u2011\u2012\u2013\u2014\u2212"),
    *((invisible, "") for invisible in "\u00ad\u200b\u200c\u200d\u2060\ufeff"),
    *((space, " ") for space in "\u00a0\u202f"),
)


def plain(text: str) -> str:
    """Return ``text`` with straight apostrophes, hyphens and spaces, its capitals kept."""
    if not text.isascii():
        for there, wanted in _SPELLINGS:
            text = text.replace(there, wanted)
    return text


_HEADLINE = 200
_HONORIFICS = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "dr",
        "sen",
        "rep",
        "gov",
        "gen",
        "prof",
        "st",
        "sir",
        "lt",
        "col",
        "sgt",
        "capt",
        "rev",
        "hon",
        "president",
    ]  # said before names, tell little
)
_MAX_SPAN = 6


@cache
def _hashed_honorifics() -> Keys:
    """Return the titles before names, as a kernel looks them up."""
    from dedup import term_kernels
    from dedup.compiled import tabulate

    _, _, hashes = term_kernels.words(codes_of(" ".join(_HONORIFICS)), kinds())
    return tabulate(hashes, np.zeros_like(hashes))[0]  # type: ignore[no-any-return]


def _form(token: str) -> str:
    """Return how a name is written, without full stops and the genitive."""
    return token.replace(".", "").removesuffix("'s").removesuffix("'S")


class Spans:
    """The capitalised words of a text, and each pair of neighbours in a span.

    What only stands at the start of a sentence, or in a headline with capitals, counts if it is capitalised elsewhere too.

    Attributes
    ----------
    left, right : ndarray of int64, shape (n,)
        Numbers of names, ``right`` -1 where there is one alone.
    """

    def __init__(self, text: str, language: str) -> None:
        from dedup import term_kernels

        table = _stems(language)
        self._text = text
        self._starts, self._ends, hashes, flags = term_kernels.capitalised(
            codes_of(text), letters(), _hashed_honorifics(), _HEADLINE
        )
        self._names = table.names_at(text, self._starts, self._ends, hashes)
        self._known = table.names
        left, right, doubtful = term_kernels.spans(flags, self._names, self._known.bits, _MAX_SPAN)
        together = left << _NAME_BITS | right + 1
        stays = ~doubtful | among(together, together[~doubtful])
        self.left: Keys = left[stays]
        self.right: Keys = right[stays]
        self._alone = frozenset(self.left[self.right < 0].tolist())

    def keys(self) -> Keys:
        """Return the key of each, as `span_keys` gives it, shape (n,)."""
        found = self._known.keys[self.left]
        pairs = np.flatnonzero(self.right >= 0)
        found[pairs] = span_keys([self.text_at(place) for place in pairs.tolist()])
        return found

    def text_at(self, place: int) -> str:
        """Return one of them, casefolded."""
        left, right = self.left[place], self.right[place]
        one = self._known.texts[left]
        return one if right < 0 else f"{one} {self._known.texts[right]}"

    def texts(self) -> list[str]:
        """Return all of them, casefolded."""
        return list(map(self.text_at, range(len(self.left))))

    @cached_property
    def _places(self) -> dict[int, list[int]]:
        """Where each name stands among the capitalised words."""
        found: dict[int, list[int]] = {}
        for place, name in enumerate(self._names.tolist()):
            found.setdefault(name, []).append(place)
        return found

    def has(self, word: str) -> bool:
        """Tell whether a word is among them by itself."""
        return word in self._known and self._known.number(word) in self._alone

    def written(self, word: str) -> str:
        """Return how a name is written: as it is first, but for capitals throughout."""
        form = ""
        for place in self._places[self._known.number(word)]:
            form = _form(self._text[self._starts[place] : self._ends[place]])
            if not form.isupper():
                break
        return form


# ---------------------------------------------------------------------------------------------------------- dates

_MONTH_NAMES = (
    ("january", "jan", "januar", "jänner", "janvier", "enero", "gennaio", "januari", "janeiro", "января"),
    ("february", "feb", "februar", "février", "febrero", "febbraio", "februari", "fevereiro", "февраля"),
    ("march", "mar", "märz", "mars", "marzo", "maart", "março", "марта"),
    ("april", "apr", "avril", "abril", "aprile", "апреля"),
    ("may", "mai", "mayo", "maggio", "mei", "maio", "мая"),
    ("june", "jun", "juni", "juin", "junio", "giugno", "junho", "июня"),
    ("july", "jul", "juli", "juillet", "julio", "luglio", "julho", "июля"),
    ("august", "aug", "août", "agosto", "augustus", "августа"),
    ("september", "sep", "sept", "septembre", "septiembre", "settembre", "setembro", "сентября"),
    ("october", "oct", "oktober", "octobre", "octubre", "ottobre", "outubro", "октября"),
    ("november", "nov", "novembre", "noviembre", "novembro", "ноября"),
    ("december", "dec", "dezember", "décembre", "diciembre", "dicembre", "dezembro", "декабря"),
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names}
_WEEKDAY_NAMES = (
    ("monday", "montag", "lundi", "lunes", "lunedì", "maandag", "понедельник"),
    ("tuesday", "dienstag", "mardi", "martes", "martedì", "dinsdag", "вторник"),
    ("wednesday", "mittwoch", "mercredi", "miércoles", "mercoledì", "woensdag", "среду"),
    ("thursday", "donnerstag", "jeudi", "jueves", "giovedì", "donderdag", "четверг"),
    ("friday", "freitag", "vendredi", "viernes", "venerdì", "vrijdag", "пятницу"),
    ("saturday", "samstag", "samedi", "sábado", "sabato", "zaterdag", "субботу"),
    ("sunday", "sonntag", "dimanche", "domingo", "domenica", "zondag", "воскресенье"),
)
_WEEKDAYS = {name: number for number, names in enumerate(_WEEKDAY_NAMES) for name in names}
CALENDAR = frozenset(_MONTHS) - {"may", "mar", "mai", "jan"} | frozenset(_WEEKDAYS)
#: Words that name a day by its distance to the day of publication.
_RELATIVE = {
    "yesterday": -1,
    "today": 0,
    "tonight": 0,
    "tomorrow": 1,
    "gestern": -1,
    "hier": -1,
    "ayer": -1,
    "вчера": -1,
}
_DAY_WORDS = frozenset(_WEEKDAYS) | frozenset(_RELATIVE)
_AHEAD = frozenset({"next", "coming", "until", "kommenden", "prochain", "próximo"})
#: What may be a date is found by its digits, which are few, and then read in both directions.
_DIGITS = re.compile(r"\d(?<!\w.)(?:\d?(?=\D|$)|(?:(?<=1)9|(?<=2)0)\d\d-[01]\d-[0-3]\d\b)")
_MONTH_BEFORE = re.compile(r"([^\W\d_]{3,})\.?\s+$")
_AFTER_MONTH = re.compile(r"\d+(?:st|nd|rd|th)?\b(?![:-]\d|[.,]\d|%)(?:\s?,?\s*((?:19|20)\d\d)\b)?")
_BEFORE_MONTH = re.compile(
    r"\d+(?:st|nd|rd|th|\.|er|º)?\s+(?:of\s+|de\s+)?([^\W\d_]{3,})\b\.?(?:(?:,?\s+|\s+de\s+)((?:19|20)\d\d)\b)?"
)
_LONGEST_MONTH = 12
#: "The October 7 attack", "Hamas's October 7 attack": such a day is the name of something past, no day of this report.
_OWNED = re.compile(r"(?:\b(?:the|this|that|his|her|its|their)|'s|s'|-\w+)\s+$", re.IGNORECASE)
_OWNS = re.compile(r",?\s+[^\W\d_]{3,}")
_LONGEST_OWNER = 14
_WEEK = 7


def _iso_day(year: int | None, month: int, day: int, published: date | None) -> str:
    """Return a day in ISO 8601; the year nearest to the publication if only that is missing; ``""`` if no such day."""
    try:
        if year is not None:
            return date(year, month, day).isoformat()
        if published is None:
            date(2024, month, day)  # a leap year: is there such a day at all?
            return f"--{month:02d}-{day:02d}"
        near = [date(published.year + step, month, day) for step in (-1, 0, 1)]
    except ValueError:
        return ""
    return min(near, key=lambda candidate: (abs((candidate - published).days), candidate)).isoformat()


def _month(name: str) -> int:
    """Return the number of a month by its name, 0 for another word, the verbs ``may`` and ``march`` among them."""
    return 0 if name in ("may", "mar", "march", "mars") else _MONTHS.get(name.lower(), 0)


def take_dates(text: str, published: date | None) -> tuple[list[str], str]:
    """Return the days that ``text`` gives in figures, and the text without them."""
    found: list[str] = []
    rest: list[str] = []
    done = 0
    for digits in _DIGITS.finditer(text):
        start, end = digits.span()
        if start < done:
            continue
        day = ""
        is_name: object = None
        if end - start > 2:
            year, month_number, day_number = map(int, digits[0].split("-"))
            day = _iso_day(year, month_number, day_number, published)
        else:
            before = _MONTH_BEFORE.search(text, max(done, start - _LONGEST_MONTH), start)
            if before and (month := _month(before[1])):
                if after := _AFTER_MONTH.match(text, start):
                    day = _iso_day(int(after[1]) if after[1] else None, month, int(digits[0]), published)
                    start, end = before.start(), after.end()
                    is_name = _OWNED.search(text, max(0, start - _LONGEST_OWNER), start) and _OWNS.match(text, end)
            elif (after := _BEFORE_MONTH.match(text, start)) and (month := _month(after[1])):
                day = _iso_day(int(after[2]) if after[2] else None, month, int(digits[0]), published)
                end = after.end()
        if day:
            if not is_name:
                found.append(day)
            rest.append(text[done:start])
            done = end
    rest.append(text[done:])
    return found, " ".join(rest)


def _named_days(said: Content, published: date | None) -> list[str]:
    """Return the days that words name by weekday or by distance: the last such day unless one is ahead."""
    if published is None:
        return []
    days: list[str] = []
    found = said.words
    for position in np.flatnonzero(said.bits & _DAY_BIT).tolist():
        word = found[position]
        if word in _RELATIVE:
            step = _RELATIVE[word]
        else:
            step = (_WEEKDAYS[word] - published.weekday()) % _WEEK
            if step and not (position and found[position - 1] in _AHEAD):
                step -= _WEEK
        if date.min.toordinal() <= published.toordinal() + step <= date.max.toordinal():
            days.append((published + timedelta(days=step)).isoformat())
    return days


# ----------------------------------------------------------------------------------------------------- quantities

_ONES = {
    word: value
    for value, word in enumerate(
        [
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ],
        1,
    )
}
_TENS = {
    word: 10 * value
    for value, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)
}
_NUMBER_WORDS = {*_ONES, *_TENS, "hundred"}
_LARGE_NUMBERS = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_SCALES = {
    "thousand": 1e3, "million": 1e6, "mln": 1e6, "billion": 1e9, "bln": 1e9, "trillion": 1e12,
    "tausend": 1e3, "millionen": 1e6, "milliarden": 1e9, "millions": 1e6, "milliards": 1e9, "millones": 1e6,
    "milioni": 1e6, "miliardi": 1e9, "milhões": 1e6, "миллионов": 1e6, "млн": 1e6, "миллиардов": 1e9, "млрд": 1e9,
}  # fmt: skip
_SCALE = "|".join(sorted(_SCALES, key=len, reverse=True))
#: Not the minutes of a time of day, nor the second half of a result.
_NUMBER = re.compile(r"\d(?<![\w.].)(?<!\d:.)(?:\d{0,2}(?:[,.]\d{3})+(?!\d)|\d*(?:[.,]\d{1,2})?(?!\d))")
_BEFORE_NUMBER = re.compile(
    r"(?:\b(magnitude|aged|age|number|article|section|flight|route|chapter) |([$€£¥]) ?)$", re.IGNORECASE
)
_AFTER_NUMBER = re.compile(
    rf"""
    (?:st|nd|rd|th)?\b (?:[ -]?({_SCALE})\b)? (?:\s?(%)|[ -]?(percent|per[ ]cent|pct|prozent)\b)?
    ([ -]years?[ -]old\b)? (?:[ -]([^\W\d_]+))?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_YEARS = range(1900, 2100)
_MIN_BARE = 100
_LONGEST_MEASURE = 11


def quantities(text: str, said: Content, language: str) -> dict[str, str]:
    """Return the quantities of ``text``: number and stemmed unit (``50 minut``), and as it is worded (``50 minutes``).

    ``said`` are its words; numbers written as words are looked for among them.
    """
    table = _stems(language)
    found: dict[str, str] = {}
    for match in _NUMBER.finditer(text):
        start, end = match.span()
        before = _BEFORE_NUMBER.search(text, max(0, start - _LONGEST_MEASURE), start)
        after = _AFTER_NUMBER.match(text, end)
        scale, sign, percent, old, word = after.groups() if after else (None, None, None, None, None)
        value = _value(match[0])
        unit = shown = ""
        if before and before[2]:
            unit = before[2]
        elif sign or percent:
            unit = "%"
        elif old:
            unit = "old"
        elif before:
            shown = before[1].lower()
            unit = "old" if shown in ("age", "aged") else table.stem(shown)
        elif word and word[0].islower():
            shown = word.casefold()
            unit = table.stem(shown)
        if scale:
            value *= _SCALES[scale.lower()]
        elif value in _YEARS and not (before and before[2]) and "," not in match[0]:
            continue
        if unit or scale or value >= _MIN_BARE:
            number = f"{value:.10g}"
            found.setdefault(f"{number} {unit}".rstrip(), f"{number} {(unit and shown) or unit}".rstrip())
    for count, word in _spelled(said):
        if word.isalpha() and (unit := table.stem(word)):
            found.setdefault(f"{count} {'%' if word == 'percent' else unit}", f"{count} {word}")
    return found


def _spelled(said: Content) -> Iterator[tuple[int, str]]:
    """Yield each number above one that is written as English words, ``two hundred and fifty thousand``, with the word after it."""
    places = np.flatnonzero(said.bits & _NUMBER_BIT).tolist()
    end = 0
    found = [*said.words, "", ""] if places else []
    for place in places:
        if place < end or (found[place] == "hundred" and (not place or found[place - 1] != "a")):
            continue
        value, end = _below_hundred(found, place)
        if found[end] == "hundred":
            is_more = found[end + 1] == "and" and found[end + 2] in _NUMBER_WORDS
            rest, end = _below_hundred(found, end + 1 + is_more)
            value = 100 * max(1, value) + rest
        while found[end] in _LARGE_NUMBERS:
            value, end = value * _LARGE_NUMBERS[found[end]], end + 1
        if value > 1 and found[end]:
            yield value, found[end]


def _below_hundred(found: Sequence[str], place: int) -> tuple[int, int]:
    """Read a number of one or two words; return it and the place after it, or 0 and the same place."""
    value = 0
    if found[place] in _TENS:
        value, place = _TENS[found[place]], place + 1
    if (ones := _ONES.get(found[place], 0)) and (ones < 10 or not value):
        value, place = value + ones, place + 1
    return value, place


def _value(number: str) -> float:
    """Read ``1,500`` and ``1.500`` as fifteen hundred, ``6.4`` and ``6,4`` as six and four tenths."""
    head, mark, tail = number.replace(",", ".").rpartition(".")
    if not mark:
        return float(number)
    if len(tail) == len("000"):
        return float(head.replace(".", "") + tail)
    return float(head.replace(".", "") + "." + tail)


# -------------------------------------------------------------------------------------------------------- analyse


def analyse(  # noqa: PLR0913 (the parameters of the stage)
    title: str | None,
    text: str,
    language: str | None = None,
    published: str | None = None,
    *,
    n_lead_words: int = 60,
    n_labels: int = 40,
) -> Terms:
    """Find the terms of one article.

    Parameters
    ----------
    title : str or None
        Headline; its words count for the lead and for the whole.
    text : str
        Clean body.
    language : str or None
        ISO 639-1 code. Without one it is guessed by stop words; a language without a stemmer is not stemmed.
    published : str or None
        ISO 8601 day or time. Weekdays and days without a year are resolved against it.
    n_lead_words : int
        Words of the body, stop words not counted, that belong to the lead.
    n_labels : int
        Readable terms to keep.

    Returns
    -------
    Terms
        Bags of int64 keys with int32 counts; dates, quantities and labels as text.

    Examples
    --------
    >>> found = analyse("Leaders speak", "The 50-minute call, the first since October 7, was held on Sunday.", "en")
    >>> found.dates, found.quantities
    (('--10-07',), ('50 minute',))
    """
    title = title or ""
    language = language[:2].lower() if language else guess_language(text)
    table = _stems(language)
    day = published_day(published)
    dates, rest = take_dates(plain(text), day)
    title_dates, title_rest = take_dates(plain(title), day)

    in_title, in_body = table.content(title_rest), table.content(rest)
    keys = np.concatenate([in_title.keys, in_body.keys])
    kept = keys[keys != 0]
    n_title = int(np.count_nonzero(in_title.keys))
    bigrams = pair_keys(kept[:-1], kept[1:])
    if n_title:
        bigrams = np.delete(bigrams, min(n_title - 1, len(bigrams) - 1)) if len(bigrams) else bigrams

    spans = Spans(f"{title_rest}\n{rest}", language)
    keys_of_spans = spans.keys()
    measured = quantities(rest, in_body, language) | quantities(title_rest, in_title, language)
    named = sorted((text_key(text), shown) for text, shown in measured.items())
    dates += [*title_dates, *_named_days(in_title, day), *_named_days(in_body, day)]

    (word_bag, word_weights), (span_bag, span_weights) = _bag(kept), _bag(keys_of_spans)
    label_keys = _most_telling([word_bag, span_bag], [word_weights, span_weights], n_labels)
    # A word is shown as it first stands in the text, a name with its capitals, a span as it last does.
    said = [*in_title.words, *in_body.words]
    places = np.flatnonzero(among(keys, label_keys))
    first = dict(zip(keys[places[::-1]].tolist(), places[::-1].tolist(), strict=True))
    surface = {key: spans.written(said[at]) if spans.has(said[at]) else said[at] for key, at in first.items()}
    places = np.flatnonzero(among(keys_of_spans, label_keys))
    last = dict(zip(keys_of_spans[places].tolist(), places.tolist(), strict=True))
    surface |= {key: " ".join(map(spans.written, spans.text_at(at).split(" "))) for key, at in last.items()}
    return Terms(
        words=word_bag,
        bigrams=_bag(bigrams)[0],
        spans=span_bag,
        lead=_bag(kept[: n_title + n_lead_words])[0],
        dates=tuple(sorted(set(dates))),
        quantities=tuple(shown for _, shown in named),
        quantity_keys=np.array([key for key, _ in named], dtype=np.int64),
        labels=tuple(surface[key] for key in label_keys.tolist()),
        label_keys=label_keys,
    )


def _most_telling(bags: Sequence[Bag], weights: Sequence[NDArray[np.float64]], n: int) -> Keys:
    """Return the keys with the highest weights in some bags, best first; ties go to the smaller key."""
    keys = np.concatenate([bag.keys for bag in bags])
    return keys[np.lexsort((keys, -np.concatenate(weights)))[:n]]


@dataclass(frozen=True)
class Analyse:
    """Stage: ARTICLE to TERMS, row by row. A language that is null is detected, one that is ``""`` could not be.

    Parameters
    ----------
    n_lead_words : int
        Words of the body, stop words not counted, that count as its lead; at least 1.
    n_labels : int
        Readable terms to keep per article; at least 0.
    """

    n_lead_words: int = 60
    n_labels: int = 40

    reads: ClassVar[pa.Schema] = pa.schema(
        [ARTICLE.field(name) for name in ("doc_id", "arrival", "title", "text", "language", "published")]
    )
    writes: ClassVar[pa.Schema] = TERMS
    partition_by: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        """Check the parameters."""
        if self.n_lead_words < 1:
            raise ParameterError(f"Analyse: n_lead_words must be at least 1. Got {self.n_lead_words}.")
        if self.n_labels < 0:
            raise ParameterError(f"Analyse: n_labels must be at least 0. Got {self.n_labels}.")

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Analyse every article."""
        for batch in batches:
            rows = [
                {
                    "doc_id": row["doc_id"],
                    "arrival": row["arrival"],
                    **analyse(
                        row["title"],
                        row["text"] or "",
                        detect_language(row["text"] or "") if row["language"] is None else row["language"],
                        row["published"],
                        n_lead_words=self.n_lead_words,
                        n_labels=self.n_labels,
                    ).to_row(),
                }
                for row in batch.select(self.reads.names).to_pylist()
            ]
            yield pa.RecordBatch.from_pylist(rows, schema=self.writes)
