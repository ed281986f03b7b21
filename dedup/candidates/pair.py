"""Candidate pairs: articles that share a key.

In: bands, together by key. Out: meetings, ``left_id < right_id``, with the kind of the key that proposed them;
``distinct`` makes of them the candidate pairs, one row each.

Rule guarded here, the prefix rule: under a hot key each article meets the first ``limit`` arrivals and no other. The
pairs of an article are then settled on its arrival, whatever arrives later and however the arrivals are split into
nights, and a key met by n articles costs n x limit pairs, not n x n.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dedup.errors import ParameterError
from dedup.schema import BAND, MEETING, PAIR


def meet(groups: NDArray[np.int64], limits: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return who meets whom by the prefix rule.

    Parameters
    ----------
    groups : ndarray of int64, shape (n,)
        Group of each row; rows of a group stand together, in order of arrival.
    limits : ndarray of int64, shape (n,)
        How many first arrivals of its group each row may meet.

    Returns
    -------
    tuple of two ndarray of int64
        Places of the earlier and of the later row of each meeting.

    Examples
    --------
    >>> earlier, later = meet(np.array([7, 7, 7, 9]), np.array([1, 1, 1, 1]))
    >>> earlier.tolist(), later.tolist()
    ([0, 0], [1, 2])
    """
    n = len(groups)
    places = np.arange(n)
    begins = np.concatenate(([True], groups[1:] != groups[:-1])) if n else np.empty(0, dtype=bool)
    start = np.maximum.accumulate(np.where(begins, places, 0)) if n else places
    met = np.minimum(places - start, limits)
    later = np.repeat(places, met)
    earlier = np.arange(len(later)) - np.repeat(np.cumsum(met) - met, met) + np.repeat(start, met)
    return earlier, later


def distinct(meetings: pa.Table, least_samples: int = 2) -> pa.Table:
    """Return the pairs to verify: each once, sorted by ``left_id`` and ``right_id``.

    Parameters
    ----------
    meetings : pyarrow.Table
        Schema ``MEETING``; all meetings of the pairs in it, in any order.
    least_samples : int
        A pair that met under keys of kind ``sample`` alone is taken when they are this many: of a shared passage worth
        reporting several shingles are sampled, while one is often a stock phrase.

    Returns
    -------
    pyarrow.Table
        Schema ``PAIR``.
    """
    weight = pc.if_else(pc.equal(meetings["kind"], "sample"), 1, least_samples)
    counted = meetings.select(PAIR.names).append_column("weight", weight)
    pairs = counted.group_by(PAIR.names, use_threads=False).aggregate([("weight", "sum")])
    pairs = pairs.filter(pc.greater_equal(pairs["weight_sum"], least_samples))
    return pairs.sort_by([(name, "ascending") for name in PAIR.names]).select(PAIR.names).cast(PAIR)


@dataclass(frozen=True)
class Pairs:
    """Stage: bands to meetings; keyed by kind and key. A pair may meet under many keys: see ``distinct``.

    Parameters
    ----------
    limit : int
        First arrivals that an article meets under a key.
    sample_limit : int
        The same under a key of kind ``sample``: a single shingle in common says less, and stock phrases are hot.
    since : int
        Pairs of two articles that both arrived before this number are left out: they were settled then.
    """

    limit: int = 100
    sample_limit: int = 10
    since: int = 0

    reads: ClassVar[pa.Schema] = BAND
    writes: ClassVar[pa.Schema] = MEETING
    partition_by: ClassVar[tuple[str, ...]] = ("kind", "key")

    def __post_init__(self) -> None:
        for name in ("limit", "sample_limit"):
            if getattr(self, name) < 1:
                raise ParameterError(f"Pairs: {name} must be at least 1. Got {getattr(self, name)}.")

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the pairs of the keys completed by each batch."""
        rest = BAND.empty_table()
        for batch in batches:
            rows = pa.concat_tables([rest, pa.Table.from_batches([batch.select(BAND.names)])])
            done = self._complete(rows)
            rest = rows.slice(done)
            if done:
                yield self._paired(rows.slice(0, done))
        yield self._paired(rest)

    @staticmethod
    def _complete(rows: pa.Table) -> int:
        """Count of leading rows whose key ends before the last row's."""
        if not rows.num_rows:
            return 0
        last = [rows[name][-1].as_py() for name in ("kind", "key")]
        same = pc.and_(pc.equal(rows["kind"], last[0]), pc.equal(rows["key"], last[1]))
        return int(pc.index(same, value=True).as_py())

    def _paired(self, rows: pa.Table) -> pa.RecordBatch:
        rows = rows.sort_by([(name, "ascending") for name in ("kind", "key", "arrival", "doc_id")])
        key, arrival = rows["key"].to_numpy(), rows["arrival"].to_numpy()
        kind = rows["kind"].combine_chunks().dictionary_encode()
        kind_code = kind.indices.to_numpy().astype(np.int64)
        names = kind.dictionary.to_pylist()
        by_kind = np.array([self.sample_limit if name == "sample" else self.limit for name in names], dtype=np.int64)
        changed = (key[1:] != key[:-1]) | (kind_code[1:] != kind_code[:-1])
        groups = np.concatenate(([0], np.cumsum(changed))) if len(key) else np.empty(0, dtype=np.int64)
        earlier, later = meet(groups, by_kind[kind_code] if names else np.empty(0, dtype=np.int64))
        wanted = arrival[later] >= self.since
        doc_id = rows["doc_id"].combine_chunks()
        one, other = doc_id.take(earlier[wanted]), doc_id.take(later[wanted])
        first = pc.less(one, other)
        left, right = pc.if_else(first, one, other), pc.if_else(first, other, one)
        apart = pc.not_equal(left, right)
        met_as = rows["kind"].combine_chunks().take(later[wanted])
        return pa.record_batch([column.filter(apart) for column in (left, right, met_as)], schema=MEETING)
