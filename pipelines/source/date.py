"""The date of an article, as inputs write it.

In: a text that may be a date. Out: a day, ``YYYY-MM-DD``, or a moment in UTC, ``YYYY-MM-DDTHH:MM:SSZ``.

Rule guarded here: what is not surely a date of 1800 to 2100 is none.
"""

import datetime as dt
import email.utils
import re
from typing import Final

_YEARS: Final = range(1800, 2101)
_DAY: Final = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})\Z", re.ASCII)
_MONTH_NAME: Final = re.compile(r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)", re.IGNORECASE)


def parse_date(text: str) -> str:
    """Normalise a date: ``YYYY-MM-DD`` for a day, ``YYYY-MM-DDTHH:MM:SSZ`` for a moment; empty if it is none.

    Reads ISO 8601, ``YYYY/MM/DD`` and RFC 2822 (``Tue, 02 Jan 2024 03:04:05 GMT``). A moment without a zone is UTC.
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
    try:
        if day := _DAY.match(text):
            return _day(dt.date(int(day[1]), int(day[2]), int(day[3])))
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
