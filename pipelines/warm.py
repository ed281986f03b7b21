"""What a worker has before its first page: modules, compiled loops, tables and models.

Importing this extracts one page. The fork server does so once, and every worker that it starts has the rest from it.
"""

from dedup.articles.extract import Extract
from pipelines.lean import seldom_collected, without_pandas

without_pandas()
seldom_collected()
_PAGE = (
    "<html><head><title>Quay reopens</title></head><body><h1>Quay reopens</h1><p>The harbour board voted on Tuesday to reopen "
    "the eastern quay after eleven days of repairs, its chairman said.</p></body></html>"
)

Extract("fast").extract(_PAGE.encode())
