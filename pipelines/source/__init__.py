"""Everything that is read: what the user names comes in, pages and rejects go out.

Files, folders and standard input are opened here and nowhere else. A page keeps its content as bytes: HTML as it was
crawled (text that arrived as text, and HTML whose encoding is known, is UTF-8 behind a byte order mark, which says so),
plain text as UTF-8. Nothing is decided here about what is an article.

Rule guarded here: nothing is lost silently. What is named is a page, a reject with its reason, or was seen already;
one unusable file, line or row never stops the others, and no input can make the reader hold more than a few pages.
"""

from pipelines.source.address import normalise_url
from pipelines.source.batch import batches
from pipelines.source.checksum import digest, file_digest, spool, summed
from pipelines.source.decode import decode_text
from pipelines.source.identity import Claim, Identify, assign_ids, claim, content_digest
from pipelines.source.named import Named, check, expand
from pipelines.source.page import MAX_PAGE_BYTES, TEXT_IS, Page
from pipelines.source.reader import read, read_file
from pipelines.source.reject import NOTES, REASONS, Reject
from pipelines.source.stream import standard_input

__all__ = [
    "MAX_PAGE_BYTES",
    "NOTES",
    "REASONS",
    "TEXT_IS",
    "Claim",
    "Identify",
    "Named",
    "Page",
    "Reject",
    "assign_ids",
    "batches",
    "check",
    "claim",
    "content_digest",
    "decode_text",
    "digest",
    "expand",
    "file_digest",
    "normalise_url",
    "read",
    "read_file",
    "spool",
    "standard_input",
    "summed",
]
