"""The reader: from what the user names to pages and rejects, one at a time.

In: inputs, or one file of them. Out: a stream of pages and rejects, in the order of the inputs.

Rules guarded here: wrong use is told at once, before anything is read, and no file that is read raises: what is wrong
with it is a reject, and the next file is read.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import BinaryIO, Final

from dedup.errors import ParameterError
from pipelines.source.document import read_document
from pipelines.source.jsonl import read_jsonl
from pipelines.source.named import Named, expand
from pipelines.source.page import MAX_PAGE_BYTES, TEXT_IS, Page
from pipelines.source.place import Place
from pipelines.source.reject import Reject, UnusableError, system_says
from pipelines.source.stream import opened
from pipelines.source.table import read_csv, read_parquet
from pipelines.source.warc import read_warc

_READERS: Final[Mapping[str, Callable[[BinaryIO, Place], Iterator[Page | Reject]]]] = {
    "html": read_document,
    "text": read_document,
    "jsonl": read_jsonl,
    "csv": read_csv,
    "parquet": read_parquet,
    "warc": read_warc,
}


def read(
    inputs: Sequence[str],
    text_is: str | None = None,
    *,
    max_page_bytes: int = MAX_PAGE_BYTES,
    stdin: BinaryIO | None = None,
) -> Iterator[Page | Reject]:
    """Read everything that ``inputs`` name, one page at a time.

    Parameters
    ----------
    inputs
        Paths of files and folders; ``-`` is JSONL on standard input.
    text_is
        ``article``, ``page`` or ``clean``: what given text is. None: ``.txt`` files are pages, text of records is an
        article.
    max_page_bytes
        A page of more bytes, after decompression, is rejected.
    stdin
        Read for ``-`` in place of the process's own standard input.

    Returns
    -------
    iterator of Page or Reject
        In the order of the inputs. A reject whose reason is in `NOTES` comes just before the page it is about.

    Raises
    ------
    InputError
        At once, if an input does not exist.
    ParameterError
        At once, if ``text_is`` is none of its words.
    """
    if text_is is not None and text_is not in TEXT_IS:
        raise ParameterError(f"text_is must be one of {', '.join(TEXT_IS)}. Got {text_is!r}.")
    if max_page_bytes < 1:
        raise ParameterError(f"max_page_bytes must be 1 or more. Got {max_page_bytes}.")
    files = expand(inputs)
    return (item for named in files for item in read_file(named, text_is, max_page_bytes=max_page_bytes, stdin=stdin))


def read_file(
    named: Named,
    text_is: str | None = None,
    *,
    max_page_bytes: int = MAX_PAGE_BYTES,
    stdin: BinaryIO | None = None,
) -> Iterator[Page | Reject]:
    """Read one file that `expand` named; parameters as in `read`. No file raises: what is wrong is a reject."""
    if named.reject is not None:
        yield named.reject
        return
    last = ""
    doc_id = named.name if named.format in ("html", "text") else ""
    place = Place(named.input, named.name, "", text_is, max_page_bytes)
    n_items = 0
    try:
        with opened(named.path, stdin) as file:
            for item in _READERS[named.format](file, place):
                n_items += 1
                last = item.position
                yield item
    except UnusableError as unusable:
        yield Reject(named.input, _after(last), doc_id, unusable.reason, unusable.detail)
    except OSError as error:
        yield Reject(named.input, _after(last), doc_id, "unreadable", system_says(error))
    else:
        if not n_items and named.format != "warc":
            yield Reject(named.input, "", doc_id, "empty", "The file holds no records.")


def _after(position: str) -> str:
    """Return the place after ``position``: the first that a broken file no longer gave."""
    return str(int(position) + 1) if position else ""
