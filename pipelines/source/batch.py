"""A batch: pages in the columns of the table that the library reads.

In: pages, one at a time. Out: record batches of schema ``PAGE``, numbered by arrival.

Rule guarded here: a batch is bounded in rows and in bytes, and holds every page that came, in order.
"""

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa

from dedup.errors import ParameterError
from dedup.schema import PAGE
from pipelines.source.page import Page


def batches(
    pages: Iterable[Page], *, max_rows: int = 256, max_bytes: int = 16_000_000, start: int = 0
) -> Iterator[pa.RecordBatch]:
    """Yield ``pages`` as record batches of schema ``PAGE``; ``arrival`` counts them from ``start``.

    A batch is closed at ``max_rows`` rows or ``max_bytes`` bytes of content, whichever comes first.

    Raises
    ------
    ParameterError
        If ``max_rows`` or ``max_bytes`` is below 1.
    """
    if max_rows < 1 or max_bytes < 1:
        raise ParameterError(f"max_rows and max_bytes must be 1 or more. Got {max_rows} and {max_bytes}.")
    rows: list[Page] = []
    size = 0
    arrival = start
    for page in pages:
        rows.append(page)
        size += len(page.content)
        if len(rows) >= max_rows or size >= max_bytes:
            yield _batch(rows, arrival)
            arrival += len(rows)
            rows, size = [], 0
    if rows:
        yield _batch(rows, arrival)


def _batch(rows: Sequence[Page], arrival: int) -> pa.RecordBatch:
    arrivals = pa.array(range(arrival, arrival + len(rows)), pa.int64())
    arrays = [
        arrivals if each.name == "arrival" else pa.array([getattr(row, each.name) for row in rows], each.type)
        for each in PAGE
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=PAGE)
