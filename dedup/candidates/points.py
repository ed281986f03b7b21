"""Which earlier articles tell most alike to one: met by the few terms that tell most of each, ranked by all that both tell.

In: what tonight's articles tell, and a look-up of what earlier ones do. Out: the points of tonight's articles, for later nights to meet them
by; and for each of tonight the nearest of the earlier ones, a few at most.

Bands (``salient.py``) find two that tell a third of it alike nearly always, and two that tell a tenth in every second case; a report that
belongs to an earlier event by so little is nearly always among the ten nearest.

Rule guarded here: which points an article has depends on it alone; what is looked up depends on tonight's articles, and of terms that are
everywhere nobody is met.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dedup.candidates.minhash import flat
from dedup.candidates.window import ordinals
from dedup.errors import ParameterError
from dedup.keys import distinct
from dedup.schema import PAIR, POINT, TELLING

if TYPE_CHECKING:
    from dedup.earlier import Earlier

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Nearby:
    """Which articles of earlier nights are looked at with their events.

    Parameters
    ----------
    n_points : int
        Terms of an article by which it is met: those that tell most.
    crowd : int
        Terms that more earlier articles are met by than this are not looked up.
    least : float
        Weighted Jaccard similarity of what two articles tell, from which on the earlier one is near, in [0, 1].
    n_nearest : int
        So many of the earlier articles that are near to an article are looked at, the nearest first.
    """

    n_points: int = 12
    crowd: int = 400
    least: float = 0.07
    n_nearest: int = 10

    def __post_init__(self) -> None:
        """Check the parameters."""
        for name in ("n_points", "crowd", "n_nearest"):
            if getattr(self, name) < 1:
                raise ParameterError(f"Nearby: {name} must be at least 1. Got {getattr(self, name)}.")
        if not 0.0 <= self.least <= 1.0:
            raise ParameterError(f"Nearby: least must be in [0, 1]. Got {self.least}.")

    def points(self, told: pa.Table, articles: pa.Table) -> pa.Table:
        """Return relation POINT of some articles.

        Parameters
        ----------
        told : Table
            Relation TELLING.
        articles : Table
            ``doc_id`` and ``published`` of every article in it.
        """
        keys, ends = flat(told["keys"].combine_chunks(), np.int64)
        weights, _ = flat(told["weights"].combine_chunks(), np.float64)
        rows = np.repeat(np.arange(told.num_rows), np.diff(ends))
        # The heaviest of each article first, of equal ones the smaller key.
        order = np.lexsort((keys, -weights, rows))
        chosen = order[np.arange(len(order)) - ends[rows] < self.n_points]
        days = ordinals(articles["published"])[_places(told["doc_id"], articles["doc_id"])][rows[chosen]]
        columns = {
            "key": pa.array(keys[chosen]),
            "arrival": pa.array(told["arrival"].to_numpy()[rows[chosen]]),
            "day": pa.array(np.nan_to_num(days).astype(np.int64), mask=np.isnan(days)),
        }
        return pa.table(columns, schema=POINT)

    def nearest(self, points: pa.Table, told: pa.Table, earlier: "Earlier", days: int) -> pa.Table:
        """Return relation PAIR: each article of tonight with those of earlier nights that tell most alike.

        Parameters
        ----------
        points, told : Table
            Relations POINT and TELLING, of tonight.
        earlier : Earlier
            Looks up ``points`` and ``telling`` of earlier nights.
        days : int
            How far apart two articles may be published, where that is known; 0 for any number.
        """
        dated = pc.is_valid(points["day"])
        met = [self._met(points.filter(pc.invert(dated)), earlier, 0), self._met(points.filter(dated), earlier, days)]
        # An arrival of tonight is told by its place, so that two are one number.
        arrivals, found = told["arrival"].to_numpy(), np.concatenate(met)
        codes = distinct(found[:, 1] * told.num_rows + _at(told, found[:, 0]))
        theirs, ours = codes // max(1, told.num_rows), arrivals[codes % max(1, told.num_rows)]
        before = earlier.rows("telling", "arrival", pa.array(distinct(theirs)))
        told = told.select(TELLING.names)
        alike = _alike(told, before, _at(told, ours), _at(before, theirs))
        is_near = alike >= self.least
        ours, theirs, alike = ours[is_near], theirs[is_near], alike[is_near]
        order = np.lexsort((theirs, -alike, ours))
        ours, theirs = ours[order], theirs[order]
        begins = np.searchsorted(ours, ours)
        kept = np.arange(len(ours)) - begins < self.n_nearest
        one, other = (
            table["doc_id"].take(pa.array(_at(table, arrivals[kept])))
            for table, arrivals in ((told, ours), (before, theirs))
        )
        sides = {"left_id": pc.min_element_wise(one, other), "right_id": pc.max_element_wise(one, other)}
        return pa.table(sides, schema=PAIR)

    def _met(self, points: pa.Table, earlier: "Earlier", days: int) -> Ints:
        """Return the arrivals of tonight's articles and of the earlier ones that share a point with them, shape (n, 2)."""
        if not points.num_rows:
            return np.empty((0, 2), dtype=np.int64)
        between = None
        if days:
            first, last = pc.min_max(points["day"]).as_py().values()
            between = "day", first - days, last + days
        found = earlier.rows("points", "key", pc.unique(points["key"]), between=between)
        key, arrival, day = (_numbers(found[name]) for name in POINT.names)
        starts, stops = (np.searchsorted(key, points["key"].to_numpy(), side) for side in ("left", "right"))
        sizes = np.where(stops - starts > self.crowd, 0, stops - starts)
        ours = np.repeat(np.arange(points.num_rows), sizes)
        theirs = np.arange(len(ours)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + starts[ours]
        if days:
            # An earlier one without a day is met by all.
            apart = np.abs(_numbers(points["day"])[ours] - day[theirs])
            near = ~(apart > days)
            ours, theirs = ours[near], theirs[near]
        return np.stack([points["arrival"].to_numpy()[ours], arrival[theirs].astype(np.int64)], axis=1)


def _numbers(column: pa.ChunkedArray) -> NDArray[Any]:
    """Return a column of numbers; of floats with NaN where some are missing."""
    found: NDArray[Any] = (column if column.null_count == 0 else column.cast(pa.float64())).to_numpy()
    return found


def _places(wanted: pa.ChunkedArray, ids: pa.ChunkedArray) -> Ints:
    found: Ints = pc.index_in(wanted, ids.combine_chunks()).to_numpy()
    return found


def _at(table: pa.Table, arrivals: Ints) -> Ints:
    """Return the rows of the articles that arrived so."""
    numbers = table["arrival"].to_numpy()
    order = np.argsort(numbers)
    found: Ints = order[np.searchsorted(numbers[order], arrivals)]
    return found


def _alike(one: pa.Table, other: pa.Table, left: Ints, right: Ints) -> NDArray[np.float64]:
    """Return the weighted Jaccard similarity of what row ``left[i]`` of one tells and row ``right[i]`` of another, for each i."""
    from dedup import kernels

    sides: list[NDArray[Any]] = []
    for table, rows in ((one, left), (other, right)):
        keys, ends = flat(table["keys"].combine_chunks(), np.int64)
        sides += [keys, flat(table["weights"].combine_chunks(), np.float64)[0], ends, rows]
    found: NDArray[np.float64] = kernels.weighted_jaccard(*sides)
    return found
