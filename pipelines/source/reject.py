"""A reject: an input, or a place in one, that could not be used, and why.

In: what went wrong where. Out: one row of ``rejects.csv``, or the exception that carries its reason to the place
that knows where reading was.

Rule guarded here: every reason that is ever given stands in one table, with its meaning.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: Why an input, or a part of one, could not be used.
REASONS: Final[Mapping[str, str]] = {
    "bad_csv": "a CSV row whose quoting is broken, or that is longer than the limit",
    "bad_date": "a note, not a loss: the article is kept without its date, which is no date of 1800 to 2100",
    "bad_json": "a line that is not JSON",
    "bad_record": "a line of JSON that is not an object, or an object nested too deeply",
    "bad_type": "a record whose text, HTML or id is of a type that cannot be read as one",
    "binary": "content that is not text, such as an image or a PDF under the name of a page",
    "corrupt": "a file that is not what its name says, or is damaged from some point on",
    "empty": "a file, or a folder, that holds nothing",
    "http_status": "a WARC response that is not a success (status other than 200)",
    "no_text": "a record without text and HTML, or with blank ones",
    "no_text_column": "a table without a column for text or HTML",
    "not_html": "a WARC record whose content is not HTML",
    "ragged_row": "a CSV row with more or fewer fields than the header",
    "revisit": "a WARC record that only says that a page is as it was before",
    "too_large": "a page, or the text that was found on it, that is larger than the limit for one",
    "truncated": "a file or record that ends before its end; what came before is used",
    "unknown_extension": "a file whose name ends in none of the known extensions",
    "unreadable": "a file or folder that the system did not let us read",
}

#: The reasons that do not reject: the article is used all the same.
NOTES: Final = frozenset({"bad_date"})


@dataclass(frozen=True, slots=True)
class Reject:
    """One row of ``rejects.csv``: an input, or a place in one, that could not be used."""

    input: str
    position: str
    doc_id: str
    reason: str
    detail: str


class UnusableError(Exception):
    """Carries the reason and the detail of a reject to the place that knows where it happened."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def system_says(error: OSError) -> str:
    """Return the detail of a reject that the system is the cause of."""
    return f"The system says: {error.strerror or error}."


def over_limit(limit: int) -> str:
    """Return the detail of a reject for a page of more than ``limit`` bytes."""
    return f"It is larger than {limit:,} bytes, the limit for one page."
