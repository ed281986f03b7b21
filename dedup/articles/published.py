"""When an article was published, as inputs and pages write it.

In: a text that may be a date, or the page. Out: a day, ``YYYY-MM-DD``, or a moment in UTC, ``YYYY-MM-DDTHH:MM:SSZ``; and
what to sort it by.

Rule guarded here: what is not surely a date of 1800 to 2100 is none.
"""

import datetime as dt
import email.utils
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, Final, NamedTuple

from dedup.articles.markup import Element
from dedup.articles.normalize import words, words_once
from dedup.articles.stated import LONG, Stated, Text, describes_article, text_of

_YEARS: Final = range(1800, 2101)
_DAY: Final = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})\Z", re.ASCII)
_DOTTED: Final = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})\Z", re.ASCII)
_LAST: Final = "~"
#: Dates that are remembered once read, for an article is compared with many others.
_MANY_DATES: Final = 65_536
#: Texts whose days are remembered, for a page says its own several times.
_MANY_DAYS: Final = 1024
# The longest date that anyone writes has some seventy characters; looking for a zone in a long run of spaces takes hours.
_LONGEST: Final = 100
_MONTH_NAME: Final = re.compile(r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)", re.IGNORECASE)


def parse_date(text: str) -> str:
    """Normalise a date: ``YYYY-MM-DD`` for a day, ``YYYY-MM-DDTHH:MM:SSZ`` for a moment; empty if it is none.

    Reads ISO 8601, ``YYYY/MM/DD``, ``DD.MM.YYYY`` and RFC 2822 (``Tue, 02 Jan 2024 03:04:05 GMT``). A moment without a zone is UTC.
    Years outside 1800 to 2100 are no dates here.

    Examples
    --------
    >>> parse_date("2024-01-02T03:04:05+02:00")
    '2024-01-02T01:04:05Z'
    >>> parse_date("2 Jan 2024")
    '2024-01-02'
    >>> parse_date("yesterday")
    ''
    """
    text = text.strip()
    if len(text) > _LONGEST:
        return ""
    try:
        if day := _DAY.match(text):
            return _day(dt.date(int(day[1]), int(day[2]), int(day[3])))
        if day := _DOTTED.match(text):
            return _day(dt.date(int(day[3]), int(day[2]), int(day[1])))
        if text[:1].isdecimal() and not _MONTH_NAME.search(text):
            iso = re.sub(r"\s*(?:utc|gmt|z)\Z", "+00:00", text.replace("/", "-"), flags=re.IGNORECASE)
            moment = dt.datetime.fromisoformat(re.sub(r"\s+(?=[+-]\d\d:?\d\d\Z)", "", iso))
            return _moment(moment) if re.search(r"[T\s]", text, re.IGNORECASE) else _day(moment.date())
        if _MONTH_NAME.search(text):
            moment = email.utils.parsedate_to_datetime(text if ":" in text else f"{text} 00:00:00")
            return _moment(moment) if ":" in text else _day(moment.date())
    except (ValueError, TypeError, IndexError, OverflowError):
        pass
    return ""


def _day(day: dt.date) -> str:
    return day.isoformat() if day.year in _YEARS else ""


def _moment(moment: dt.datetime) -> str:
    utc = moment.astimezone(dt.UTC) if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%SZ}" if utc.year in _YEARS else ""


# Names under which meta tags and scripts state the day of publication, a day of which they do not say more, and that of
# the last change.
_STRICT_NAME: Final = re.compile(r"publi(?!sher)|pub.?date|issued|posted", re.IGNORECASE)
_PUBLISHED_NAME: Final = re.compile(
    r"publi(?!sher)|pub.?date|issued|created|posted|(?:\A|[.:_-])date\Z|_date_original|citation_.*date", re.IGNORECASE
)
_CHANGED_NAME: Final = re.compile(r"modif|updated|revis|lastmod", re.IGNORECASE)
_IN_SCRIPT: Final = re.compile(
    r"""["'](?:datePublished|date_published|publish(?:ed)?_?(?:At|Date|Time|On)|pub_?date|first_?published_?at)\\?["']\s*:\s*\\?["']([^"'\\]{8,40})""",
    re.IGNORECASE,
)
_SCRIPT_WITHIN: Final = 300_000
_WITHIN: Final = 1000
_CHANGED: Final = re.compile(
    r"updat|modif|review|revis|edited|verified|aktualisiert|actualis|actualiz|atualiz|aggiorn|mise? à jour|bijgewerkt|oppdatert|opdateret"
    r"|güncelle|обновл|изменен|оновлен|更新|修改|업데이트|تحديث",
    re.IGNORECASE,
)
_CALLED: Final = re.compile(
    r"publi|pubbl|posted|pubdate|(?:entry|post)-date|date-?line|written|veröffentlicht|erschienen|yayın|опубл|发布|发表|公開|نشر",
    re.IGNORECASE,
)
_OF_NO_COUNTRY: Final = frozenset({"us", "io", "co", "ai", "me", "tv", "ly", "to", "gg", "so", "cc", "fm", "is"})
_IN_ADDRESS: Final = re.compile(
    r"/(?P<year>(?:19|20)\d\d)(?:[/-]?(?P<month>\d\d)|[/-](?P<name>[a-z]{3,9})(?![a-z]))(?:[/-]?(?P<day>\d\d))?(?!\d)",
    re.ASCII | re.IGNORECASE,
)

_SHORTEST_MONTH: Final = 3
#: Names of months in English, German, French, Spanish, Italian, Portuguese and Dutch; in Danish, Norwegian, Swedish,
#: Indonesian, Polish and Turkish; in Russian, Ukrainian and Arabic; and short forms that do not begin them.
_MONTHS: Final[tuple[tuple[str, ...], ...]] = tuple(
    tuple(names.split())
    for names in (
        "january januar jänner janvier enero gennaio janeiro januari stycznia ocak января січня يناير",
        "february februar février fevrier febrero febbraio fevereiro februari lutego şubat февраля лютого فبراير",
        "march märz maerz mars marzo março marco maart mrt mrz marts maret marca mart марта березня مارس",
        "april avril abril aprile kwietnia nisan апреля квітня أبريل ابريل",
        "may mai mayo maggio maio mei maj maja mayıs мая травня مايو",
        "june juni juin junio giugno junho czerwca haziran июня червня يونيو",
        "july juli juillet julio luglio julho lipca temmuz июля липня يوليو",
        "august août aout agosto augustus augusti agustus sierpnia ağustos августа серпня أغسطس اغسطس",
        "september septembre septiembre settembre setembro setiembre września eylül сентября вересня سبتمبر",
        "october oktober octobre octubre ottobre outubro października ekim октября жовтня أكتوبر اكتوبر",
        "november novembre noviembre novembro listopada kasım ноября листопада نوفمبر",
        "december dezember décembre decembre diciembre dicembre dezembro desember grudnia aralık декабря грудня ديسمبر",
    )
)
#: The months that a word of three letters or more begins: "jui" two in French, "mar" one in every language.
_BEGINNINGS: Final[dict[str, set[int]]] = {}
for _number, _names in enumerate(_MONTHS, start=1):
    for _name in _names:
        for _end in range(_SHORTEST_MONTH, len(_name) + 1):
            _BEGINNINGS.setdefault(_name[:_end], set()).add(_number)
_SHOWN: Final = re.compile(
    r"""\b(?P<m1>[^\W\d_]{3,12})\.?\s*(?P<d1>\d{1,2})(?:st|nd|rd|th)?\s*,?\s+(?P<y1>(?:19|20)\d\d)\b
    |\b(?P<d2>\d{1,2})(?:st|nd|rd|th|er|\.)?(?:\s+(?:of|de))?[\s-]+(?P<m2>[^\W\d_]{3,12})\.?,?(?:\s+del?)?[\s-]+(?P<y2>(?:19|20)\d\d)\b
    |\b(?P<y5>(?:19|20)\d\d)\s+(?P<m5>[^\W\d_]{3,12})\.?\s+(?P<d5>\d{1,2})\b
    |\b(?P<y3>(?:19|20)\d\d)[-/.](?P<m3>\d\d?)[-/.](?P<d3>\d\d?)(?!\d)
    |(?<!\d)(?P<y6>(?:19|20)\d\d)\s?[年년]\s?(?P<m6>\d\d?)\s?[月월]\s?(?P<d6>\d\d?)\s?[日일]
    |(?<!\d)(?P<a>\d\d?)(?P<by>[/.-])(?P<b>\d\d?)(?P=by)(?P<y4>(?:19|20)\d\d)\b""",
    re.VERBOSE | re.IGNORECASE,
)
_SLASHED: Final = re.compile(r"(?<![\d/])(\d\d?)/(\d\d?)/(?:19|20)\d\d(?!\d)", re.ASCII)
_MONTHS_A_YEAR: Final = 12
#: A day and its month stand at most so many letters from their year; where nobody puts ten spaces between them it is half as many.
_ABOUT_YEAR: Final = 60
_YEAR: Final = re.compile(r"(?:19|20)\d\d", re.ASCII)
_BYLINE, _DATELINE, _LINE, _LABEL = 120, 50, 30, 40
_BEGINNING: Final = 2 * LONG
_LIST, _VERY_NEAR = 3, 2
_HEADINGS: Final = frozenset({"h1", "h2", "h3"})
_MARKS: Final = ("class", "id", "itemprop")

#: What speaks for a day and how much: a conditional logit over the days of a page and the answer that it has none
#: (``benchmarks/metadata.py``); "only dateline" is raised from 0.7, so that where nothing else speaks it decides.
WEIGHTS: Final = {
    "stated": 1.2,
    "meta stated": 2.0,
    "web page stated": 0.4,
    "web page changed": 0.4,
    "article changed": 0.4,
    "meta changed": -0.2,
    "month in address": 0.8,
    "after stated": -0.3,
    "shown": 0.5,
    "beside": 1.0,
    "beside, not changed": 0.9,
    "beside, changed": -0.6,
    "very near": 1.0,
    "before": 0.5,
    "just before": 1.1,
    "far": -0.8,
    "time element": 0.6,
    "line": 0.4,
    "only dateline": 0.9,
    "called": 0.4,
    "listed": -1.2,
}
_UPDATES: Final = ("meta changed", "article changed", "web page changed", "beside, changed")
#: Less evidence than this is none.
ENOUGH: Final = 0.5


def published(page: Stated, headline: str) -> str:
    """Choose the day on which an article was published, as its page says it.

    Candidates are the days that meta tags, linked data and the address state, and the days that stand on the page; what
    stands beside the headline speaks loudest. See ``evidence`` for what speaks for them.

    Parameters
    ----------
    page : Stated
        What the page states about itself.
    headline : str
        Its headline.

    Returns
    -------
    str
        A day; a moment in UTC where the page states one that in UTC is of that day: a reader of the page would say that
        day. Empty if there is no date, or only one that may be of anything.

    Examples
    --------
    >>> from dedup.articles.markup import parse
    >>> from dedup.articles.stated import stated
    >>> published(stated(parse("<body><h1>Quay reopens</h1><p>2 March 2026</p></body>")), "Quay reopens")
    '2026-03-02'
    """
    found, written = evidence(page, headline)
    scores = {day: sum(WEIGHTS.get(name, 0.0) * value for name, value in held.items()) for day, held in found.items()}
    day = max(scores, key=lambda one: scores[one], default="")
    if not day or scores[day] < ENOUGH:
        return ""
    moments = (parse_date(text) for text in written)
    return next((moment for moment in moments if moment.startswith(f"{day}T")), day)


def evidence(page: Stated, headline: str) -> tuple[dict[str, dict[str, float]], list[str]]:
    """Return the days that a page names with what speaks for each, and its statements of when it was published."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    moments = []
    stated = list(_stated(page))
    if not any(kind == "stated" for _, _, kind in stated):
        stated += _in_scripts(page)
    for where, text, kind in stated:
        for days in _days_in(text)[:1]:
            for day in days.readings:
                found[day][f"{where} {kind}"] = 1.0
                if kind == "stated":
                    found[day]["stated"] = 1.0
        if kind == "stated":
            moments.append(text)
    shown = list(_shown(page, headline, day_first=_writes_day_first(page)))
    _place(found, shown)
    earliest = min((day for day, held in found.items() if "stated" in held), default=_LAST)
    months = tuple(month for month, _ in _in_address(page.url))
    for day, held in found.items():
        held["month in address"] = float(day.startswith(months))
        held["after stated"] = float(earliest < day)
        late = "stated" not in held and any(held.get(name) for name in _UPDATES)
        held["beside, not changed"] = float("beside" in held and not late and not held.get("beside, changed"))
    return found, moments + [one.written for one in shown if one.written]


class _Days(NamedTuple):
    """A day in a text: its readings, the likelier first, and where it starts."""

    readings: tuple[str, ...]
    start: int


class _Shown(NamedTuple):
    """A day that stands on the page.

    ``after``: how many nodes after the headline, 0 or less if before it; ``long_texts``: how many stand between;
    ``element``: in a time element, which says ``written``; ``changed``, ``called``: called the day of an update, or of
    publication; ``kind``: elements of one name and class are of one; ``length``: of the text it stands in.
    """

    readings: tuple[str, ...]
    after: int
    long_texts: int
    element: bool
    changed: bool
    called: bool
    kind: tuple[str, str]
    length: int
    written: str = ""


def _days_in(text: str, *, day_first: bool = False) -> tuple[_Days, ...]:
    """Return the days that stand in the beginning of a text."""
    return _days_read(text[:_WITHIN], day_first) if _YEAR.search(text, 0, _WITHIN) else ()


@lru_cache(maxsize=_MANY_DAYS)
def _days_read(text: str, day_first: bool) -> tuple[_Days, ...]:  # noqa: FBT001 - keywords cost a cache time
    found: list[_Days] = []
    years = [year.start() for year in _YEAR.finditer(text)]
    for match in _SHOWN.finditer(text, max(years[0] - _ABOUT_YEAR, 0), years[-1] + _ABOUT_YEAR):
        readings: list[tuple[str, str | int | None, str]]
        if match["m1"]:
            readings = [(match["y1"], _month(match["m1"]), match["d1"])]
        elif match["m2"]:
            readings = [(match["y2"], _month(match["m2"]), match["d2"])]
        elif match["m5"]:
            readings = [(match["y5"], _month(match["m5"]), match["d5"])]
        elif match["y3"]:
            readings = [(match["y3"], match["m3"], match["d3"])]
        elif match["y6"]:
            readings = [(match["y6"], match["m6"], match["d6"])]
        else:
            readings = [(match["y4"], match["a"], match["b"]), (match["y4"], match["b"], match["a"])]
            readings = readings[::-1] if day_first or match["by"] != "/" else readings
        days = tuple(dict.fromkeys(day for reading in readings if (day := _calendar(*reading))))
        if days:
            found.append(_Days(days, match.start()))
    return tuple(found)


def names_day(text: str) -> bool:
    """Decide whether a day stands in a text."""
    return bool(_days_in(text))


def _writes_day_first(page: Stated) -> bool:
    """Decide whether 3/4/2026 is of April on a page.

    A date on it that can be read in one way only tells; else its language does: outside the United States days come
    first; else the host, where its ending is of a country and not a name for sale.
    """
    for node in page.nodes:
        found = _SLASHED.search(node.text[:_WITHIN]) if isinstance(node, Text) and "/" in node.text else None
        if found and max(int(found[1]), int(found[2])) > _MONTHS_A_YEAR:
            return int(found[1]) > _MONTHS_A_YEAR
    language, _, region = page.language.lower().replace("_", "-").partition("-")
    if region or language not in {"", "en"}:
        return region != "us"
    ending = page.host.rpartition(".")[2]
    return len(ending) == 2 and ending not in _OF_NO_COUNTRY


def _month(name: str) -> int | None:
    """Return the month that a word names, in full or by three letters or more from its beginning."""
    months = _BEGINNINGS.get(name.lower(), set())
    return next(iter(months)) if len(months) == 1 else None


def _calendar(year: str, month: str | int | None, day: str) -> str:
    try:
        return _day(dt.date(int(year), int(month or 0), int(day)))
    except ValueError:
        return ""


def _stated(page: Stated) -> Iterator[tuple[str, str, str]]:
    """Give what the page states for machines: where, as written, and whether of the publication or of a change."""
    for name, texts in page.meta.items():
        where, kind = _said_once(name) if len(name) <= _LONGEST else _said_by(name)
        for text in texts[:2] if kind else ():
            yield where, text, kind
    for node in page.linked:
        where = "article" if describes_article(node) else "web page"
        for key, kind in (("datePublished", "stated"), ("dateModified", "changed"), ("dateCreated", "created")):
            if isinstance(node.get(key), str):
                yield where, node[key], kind
    for month, day in _in_address(page.url):
        if day:
            yield "address", f"{month}-{day}", "stated"


def _said_by(name: str) -> tuple[str, str]:
    """Return what a meta tag of a name, in lower case, states: where that counts as said, and whether of the publication or of a change, or nothing."""
    kind = "changed" if _CHANGED_NAME.search(name) else "stated" if _PUBLISHED_NAME.search(name) else ""
    return "meta" if kind == "changed" or _STRICT_NAME.search(name) else "loose meta", kind


#: Pages have the same few names.
_said_once: Final = lru_cache(maxsize=4096)(_said_by)


def _in_address(url: str) -> Iterator[tuple[str, str]]:
    """Give the months, ``YYYY-MM``, that the folders of an address name, each with its day of two digits or ``""``."""
    for match in _IN_ADDRESS.finditer(url):
        month = int(match["month"]) if match["month"] else _month(match["name"])
        if month:
            yield f"{match['year']}-{month:02}", match["day"] or ""


def _in_scripts(page: Stated) -> Iterator[tuple[str, str, str]]:
    for script in page.scripts:
        for match in islice(_IN_SCRIPT.finditer(script[:_SCRIPT_WITHIN]), 3):
            yield "script", match[1], "stated"


def _shown(page: Stated, headline: str, *, day_first: bool = False) -> Iterator[_Shown]:
    """Give the days that stand on the page, in order, and where they stand to the headline."""
    stands = _stands(page.nodes, headline)
    long_texts = 0
    for index, node in enumerate(page.nodes):
        after = index - stands
        if isinstance(node, Text):
            # Of most long texts the beginning is long.
            if len(node.text) > LONG and len(" ".join(node.text[:_BEGINNING].split())) > LONG:
                long_texts += 1
                continue
            text = " ".join(node.text.split())
            if len(text) > LONG:
                long_texts += 1
                continue
            for days in _days_in(text, day_first=day_first):
                label = text[: days.start][-_LABEL:] or _label_of_text(node)
                changed = bool(_CHANGED.search(label))
                called = not changed and bool(_CALLED.search(f"{label} {node.within.get('class', '')}"))
                kind = (node.within.tag, node.within.get("class", ""))
                yield _Shown(days.readings, after, long_texts, False, changed, called, kind, len(text))
        elif node.tag in _HEADINGS:
            long_texts = 0 if index == stands else long_texts
        else:
            written, text = node.get("datetime") or node.get("content") or "", text_of(node)
            seen = _days_in(text, day_first=day_first)[:1]
            label = (text[: seen[0].start].strip() if seen else "") or _label(node)
            label = " ".join([label, *(node.get(key) or "" for key in _MARKS)])
            changed = bool(_CHANGED.search(label))
            called = not changed and bool(_CALLED.search(label))
            kind = (node.tag, node.get("class", ""))
            for days in (*_days_in(written, day_first=day_first)[:1], *seen):
                stated = "" if changed else written
                yield _Shown(days.readings, after, long_texts, True, changed, called, kind, len(text), stated)


def _stands(nodes: list[Any], headline: str) -> int:
    """Return which node is the headline: the heading with its words, else one like it, else the first; -1 if none is."""
    title = set(words(headline))
    headings = [
        (index, node.tag, set(words_once(text_of(node)))) for index, node in enumerate(nodes) if _is_heading(node)
    ]
    ranks = (
        (index for index, _, own in headings if own == title),
        (index for index, tag, own in headings if tag == "h1" and 2 * len(own & title) >= len(own | title)),
        (index for index, tag, _ in headings if tag == "h1"),
    )
    return next((index for rank in ranks for index in rank), -1)


def _is_heading(node: Any) -> bool:
    return not isinstance(node, Text) and node.tag in _HEADINGS


def _label_of_text(text: Text) -> str:
    before = text.after
    return _label(text.within) if before is None else _text_before_end(before)


def _label(node: Element) -> str:
    """Return the end of the text before a node, by which a day beside it is called: in its parent, else before that."""
    before, parent = node.getprevious(), node.getparent()
    if before is None and parent is not None:
        line = " ".join(parent.text.split())
        if line:
            return line[-_LABEL:]
        before = parent.getprevious()
    if before is None:
        return ""
    return " ".join(before.tail.split())[-_LABEL:] or _text_before_end(before)


def _text_before_end(element: Element) -> str:
    return text_of(element)[-_LABEL:]


def _place(found: dict[str, dict[str, float]], shown: list[_Shown]) -> None:
    """Say of the days shown where they stand: beside the headline, next to it, farther off, or before it."""
    order = {day: rank for rank, day in enumerate(dict.fromkeys(one.readings[0] for one in shown if one.after > 0))}
    before = [one for one in shown if one.after <= 0]
    lines = {one.readings for one in shown if one.length <= _DATELINE}
    kinds: dict[tuple[str, str, bool], set[tuple[str, ...]]] = defaultdict(set)
    for one in shown:
        kinds[*one.kind, one.length <= _DATELINE].add(one.readings)
    next_to_it = set()
    for one in shown:
        rank = order[one.readings[0]] if one.after > 0 else -1
        near = one.after > 0 and one.long_texts <= 1
        listed = float(len(kinds[*one.kind, one.length <= _DATELINE]) >= _LIST)
        for nth, day in enumerate(one.readings):
            held = found[day]
            held["shown"] = 1.0
            held["listed"] = min(held.get("listed", 1.0), listed)
            held["line"] = max(held.get("line", 0.0), float(one.length <= _LINE))
            held["called"] = max(held.get("called", 0.0), float(one.called))
            held["very near"] = max(held.get("very near", 0.0), float(0 < one.after <= _VERY_NEAR))
            if lines == {one.readings} and one.length <= _DATELINE:
                held["only dateline"] = float(nth == 0)
            held.setdefault("beside, changed", 0.0)
            if one.after <= 0:
                held["just before" if one is before[-1] else "before"] = 1.0
            elif not near or one.length > _BYLINE:
                held["far"] = 1.0
            elif rank == 0:
                held["beside"] = 1.0
                held["beside, changed"] = max(held["beside, changed"], float(one.changed))
            if near and rank <= 1 and one.length <= _BYLINE:
                next_to_it.add(day)
            if near and rank <= 2 and one.element and not one.changed:
                held["time element"] = 1.0
    # What stands beside the headline may be said again far off.
    for day in next_to_it:
        found[day].pop("far", None)


@lru_cache(maxsize=_MANY_DATES)
def moment_of(published: str) -> tuple[dt.datetime, bool] | None:
    """Read a date: the moment in UTC, and whether it is a bare day; None if it is no date.

    Examples
    --------
    >>> moment_of("2023-12-10T08:15:00Z")
    (datetime.datetime(2023, 12, 10, 8, 15, tzinfo=datetime.timezone.utc), False)
    """
    text = parse_date(published)
    return (dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC), "T" not in text) if text else None


def published_day(published: str | None) -> dt.date | None:
    """Return the day of a date or moment, None if it is none.

    Examples
    --------
    >>> published_day("2023-12-10T08:15:00Z")
    datetime.date(2023, 12, 10)
    """
    found = moment_of(published or "")
    return found[0].date() if found else None


def in_order(published: str) -> str:
    """Return what to sort dates by: within a day known moments come first, then bare days; no date comes last.

    Examples
    --------
    >>> sorted(["", "2026-03-02", "2026-03-02T08:00:00Z", "2026-03-01"], key=in_order)
    ['2026-03-01', '2026-03-02T08:00:00Z', '2026-03-02', '']
    """
    if not published:
        return _LAST
    return published if "T" in published else f"{published}T{_LAST}"
