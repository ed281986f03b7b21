"""Windows: how far apart two articles may be published and still be compared.

In: pairs and the dates of their articles. Out: the pairs that are near enough. A copy may come after years; two reports of one
happening come within days, and so what is compared on a night does not grow with the years before it.

Rule guarded here: a pair is dropped for its two dates alone, and never where one of them is unknown.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dedup.articles.published import published_day
from dedup.errors import ParameterError


@dataclass(frozen=True)
class Windows:
    """How far apart, in days, two articles may be published and still be compared.

    Parameters
    ----------
    match_window : int
        For articles that share words; 0 means any number of days.
    event_window : int
        For articles that share only what they tell of, as reports of one happening do; 0 means any number of days.
    """

    match_window: int = 0
    event_window: int = 3

    def __post_init__(self) -> None:
        """Check the parameters."""
        for name in ("match_window", "event_window"):
            if getattr(self, name) < 0:
                raise ParameterError(f"Windows: {name} must be 0 or more days. Got {getattr(self, name)}.")


def ordinals(published: pa.ChunkedArray | pa.Array) -> NDArray[np.float64]:
    """Return the day of every date, counted from the first of the year 1; NaN where there is none.

    Parameters
    ----------
    published : Array of str
        ISO 8601 days or moments; empty or null where unknown.
    """
    values = published.dictionary_encode()
    values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    days = [published_day(one) for one in values.dictionary.to_pylist()]
    of_value = np.array([*(np.nan if day is None else float(day.toordinal()) for day in days), np.nan])
    found: NDArray[np.float64] = of_value[pc.fill_null(values.indices, len(days)).to_numpy(zero_copy_only=False)]
    return found


def within(pairs: pa.Table, articles: pa.Table, days: int) -> pa.Table:
    """Return the pairs published at most ``days`` apart, and those of which a date is not known.

    Parameters
    ----------
    pairs : Table
        Relation PAIR.
    articles : Table
        ``doc_id`` and ``published`` of every article in them.
    days : int
        0 for any number.
    """
    if not days or not pairs.num_rows:
        return pairs
    day, ids = ordinals(articles["published"]), articles["doc_id"].combine_chunks()
    left, right = (day[pc.index_in(pairs[name], ids).to_numpy()] for name in ("left_id", "right_id"))
    return pairs.filter(pa.array(~(np.abs(left - right) > days)))
