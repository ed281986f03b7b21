"""When an article was published, as inputs and pages write it.

In: a text that may be a date, or the page. Out: a day, ``YYYY-MM-DD``, or a moment in UTC, ``YYYY-MM-DDTHH:MM:SSZ``; and
what to sort it by.

Rule guarded here: what is not surely a date of 1800 to 2100 is none.
"""

import datetime as dt
import email.utils
import re
from typing import Final

_YEARS: Final = range(1800, 2101)
_DAY: Final = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})\Z", re.ASCII)
_DOTTED: Final = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})\Z", re.ASCII)
_LAST: Final = "~"
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


#: Where pages state the moment of publication: Open Graph and like meta tags, JSON-LD, the time element.
_STATED: Final = re.compile(
    r"""(?:article:published_time|datePublished|dcterms\.created|parsely-pub-date|pubdate)["']?\s*(?::|content=|[^<>]{0,60}?content=)"""
    r"""\s*["']([^"']{16,40})["']|<time[^>]{0,200}?datetime=["']([^"']{16,40})["']""",
    re.IGNORECASE,
)
_STATED_WITHIN: Final = 300_000


def moment_of(page: str, day: str) -> str:
    """Return the moment of publication that a page states, if in UTC it is of ``day``; else ``day``.

    A reader of the page would say that day, so it is kept where UTC has another.

    Parameters
    ----------
    page : str
        HTML.
    day : str
        ``YYYY-MM-DD`` as the page's date was found, or ``""``.

    Examples
    --------
    >>> moment_of('<meta property="article:published_time" content="2026-03-02T09:30:00+01:00">', "2026-03-02")
    '2026-03-02T08:30:00Z'
    """
    if not day:
        return ""
    for found in _STATED.finditer(page[:_STATED_WITHIN]):
        moment = parse_date(found[1] or found[2])
        if moment.startswith(f"{day}T"):
            return moment
    return day


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
