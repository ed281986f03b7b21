"""Candidate pairs: articles that share a key.

In: bands, together by key. Out: meetings of two arrivals, with the kind of the key that proposed them; ``distinct`` makes
of them the candidate pairs, one row each, ``left_id < right_id``.

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
from dedup.hashing import GOLDEN
from dedup.keys import distinct as distinct_keys
from dedup.schema import BAND, KINDS, MEETING, PAIR

_SAMPLE = KINDS.index("sample")

#: So many sampled shingles must two articles share that meet under no other key: of a shared passage worth reporting that many are sampled, while one
#: or two are stock phrases.
LEAST_SAMPLES = 3

#: Room by which keys of one article are told from others; a quarter of it is in use.
_COUNTS_PER_KEY = 2
#: Arrivals of a wider range do not fit in a number two by two.
_WIDEST = 3_000_000_000
#: Rows of bands that are paired at a time.
_MANY_ROWS = 1 << 16
#: Parts that the rows are in at most.
_MANY_PARTS = 1 << 16
#: And pieces that they are put into parts by: a part has a slice of each.
_MANY_PIECES = 64


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


def shared(bands: list[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Yield the rows whose key another row has too, with few others: those alone can meet, and most keys are of one article.

    Parameters
    ----------
    bands : list of pyarrow.RecordBatch
        Schema ``BAND``, all rows of the keys in it; emptied, so that they do not stand in memory twice.

    Yields
    ------
    pyarrow.Table
        What ``Pairs`` reads, some keys at a time, all rows of a key together.
    """
    from dedup import kernels

    n_rows = sum(batch.num_rows for batch in bands)
    # Keys are hashes: their lowest bits spread them over the counts.
    counts = np.zeros(1 << max(10, (_COUNTS_PER_KEY * n_rows).bit_length()), dtype=np.uint8)
    for batch in bands:
        kernels.count_keys(batch["key"].to_numpy(), counts, 2)
    n_parts = min(1 + n_rows // _MANY_ROWS, _MANY_PARTS)
    kept: list[tuple[pa.RecordBatch, list[int]]] = []
    bands.reverse()
    while bands:
        batch = _taken(bands, max(_MANY_ROWS, n_rows // _MANY_PIECES))
        key = batch["key"].to_numpy()
        rows = np.flatnonzero(counts[key & (len(counts) - 1)] > 1)
        # Numbers so small are sorted in no time.
        part = ((key[rows] >> 32) % n_parts).astype(np.uint16)
        ends = np.cumsum(np.bincount(part, minlength=n_parts))
        kept.append((batch.take(pa.array(rows[np.argsort(part, kind="stable")])), [0, *ends.tolist()]))
    for number in range(n_parts):
        some = [batch.slice(ends[number], ends[number + 1] - ends[number]) for batch, ends in kept]
        yield pa.Table.from_batches(some, schema=BAND).combine_chunks()


def _taken(batches: list[pa.RecordBatch], least: int) -> pa.RecordBatch:
    """Take batches from the end of a list until they have so many rows, and return them as one."""
    some: list[pa.RecordBatch] = []
    n_rows = 0
    while batches and n_rows < least:
        some.append(batches.pop())
        n_rows += some[-1].num_rows
    return some[0] if len(some) == 1 else pa.concat_batches(some)


def distinct(meetings: Iterable[pa.Table], articles: pa.Table, least_samples: int = LEAST_SAMPLES) -> pa.Table:
    """Return the pairs to verify: each once, sorted by ``left_id`` and ``right_id``.

    Parameters
    ----------
    meetings : iterable of pyarrow.Table
        Schema ``MEETING``; all meetings of the pairs in them, in any order.
    articles : pyarrow.Table
        Columns ``doc_id`` and ``arrival``; every article that met another.
    least_samples : int
        A pair that met under keys of kind ``sample`` alone is taken when they are this many.

    Returns
    -------
    pyarrow.Table
        Schema ``PAIR``.
    """
    arrival, doc_id = articles["arrival"].to_numpy(), articles["doc_id"].combine_chunks()
    first, last = int(arrival.min(initial=0)), int(arrival.max(initial=0))
    # A pair of arrivals is one number, for numbers are quickly sorted.
    width = last - first + 1
    if width > _WIDEST:
        raise ParameterError(f"distinct: arrivals must be numbers of one count. Got {first} to {last}.")
    met, sampled = _Distinct(), []
    for some in meetings:
        pairs = (some["earlier"].to_numpy() - first) * width + (some["later"].to_numpy() - first)
        of_sample = some["kind"].to_numpy() == _SAMPLE
        met.add(pairs[~of_sample])
        sampled.append(pairs[of_sample])
    found = met.all()
    found = np.concatenate([found, often(sampled, found, least_samples)])
    ends = np.stack(np.divmod(found, width)) + first
    by_arrival, by_id = np.argsort(arrival, kind="stable"), pc.sort_indices(doc_id).to_numpy()
    # Ids are compared by their places in order.
    rank = np.empty(len(by_id), dtype=np.int64)
    rank[by_id] = np.arange(len(by_id))
    ranks = np.sort(rank[by_arrival][np.searchsorted(arrival[by_arrival], ends)], axis=0)
    ranks = ranks[:, np.lexsort(ranks[::-1])]
    return pa.table([doc_id.take(pa.array(by_id[side])) for side in ranks], schema=PAIR)


def often(parts: list[NDArray[np.int64]], known: NDArray[np.int64], least: int) -> NDArray[np.int64]:
    """Return the numbers that stand often in many arrays.

    Parameters
    ----------
    parts : list of ndarray of int64
        Emptied.
    known : ndarray of int64
        Distinct numbers that need not be told.
    least : int
        How often a number stands in all the arrays together, at least; up to 255.

    Returns
    -------
    ndarray of int64
        Ascending.

    Examples
    --------
    >>> often([np.array([7, 8, 9]), np.array([9, 8])], np.array([9]), 2).tolist()
    [8]
    """
    from dedup import kernels

    # Most numbers stand once or twice, and most of the others are known. What is left is little, and is sorted to be sure.
    n_bits = max(10, (_COUNTS_PER_KEY * sum(map(len, parts))).bit_length())
    counts = np.zeros(1 << n_bits, dtype=np.uint8)
    for part in parts:
        kernels.count_keys(_slots(part, n_bits), counts, least)
    known_bits = max(10, (_COUNTS_PER_KEY * len(known)).bit_length())
    # Where none of the known belongs stands one of them all the same.
    table = np.full(1 << known_bits, known.max(initial=0))
    table[_slots(known, known_bits)] = known
    kept = [np.empty(0, dtype=np.int64)]
    while parts:
        part = parts.pop()
        part = part[counts[_slots(part, n_bits)] >= least]
        kept.append(part[table[_slots(part, known_bits)] != part] if len(known) else part)
    numbers, times = np.unique(np.concatenate(kept), return_counts=True)
    return np.setdiff1d(numbers[times >= least], known, assume_unique=True)


def _slots(numbers: NDArray[np.int64], n_bits: int) -> NDArray[np.int64]:
    """Return a number of so many bits for each number: the highest of its product with a great odd one."""
    return ((numbers.view(np.uint64) * GOLDEN) >> np.uint64(64 - n_bits)).view(np.int64)


class _Distinct:
    """Which numbers stand in many arrays; what is added waits until it is as much as all before."""

    def __init__(self) -> None:
        self._parts = [np.empty(0, dtype=np.int64)]
        self._n_waiting = 0

    def add(self, numbers: NDArray[np.int64]) -> None:
        """Take some more."""
        self._parts.append(numbers)
        self._n_waiting += len(numbers)
        if self._n_waiting > len(self._parts[0]) + _MANY_ROWS:
            self.all()

    def all(self) -> NDArray[np.int64]:
        """Return the numbers in order."""
        self._parts = [distinct_keys(np.concatenate(self._parts))]
        self._n_waiting = 0
        return self._parts[0]


@dataclass(frozen=True)
class Pairs:
    """Stage: bands to meetings; keyed by key, which different kinds do not share. A pair may meet under many keys: see ``distinct``.

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
    partition_by: ClassVar[tuple[str, ...]] = ("key",)

    def __post_init__(self) -> None:
        for name in ("limit", "sample_limit"):
            if getattr(self, name) < 1:
                raise ParameterError(f"Pairs: {name} must be at least 1. Got {getattr(self, name)}.")

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the meetings under the keys that are complete, many at a time."""
        waiting: list[pa.RecordBatch] = []
        n_rows, enough = 0, _MANY_ROWS
        for batch in batches:
            waiting.append(batch.select(self.reads.names))
            n_rows += batch.num_rows
            if n_rows >= enough:
                rows = pa.Table.from_batches(waiting)
                done = int(np.searchsorted(rows["key"].to_numpy(), rows["key"][-1].as_py()))
                if done:
                    yield self._met(rows.slice(0, done))
                waiting, n_rows = rows.slice(done).to_batches(), n_rows - done
                # A key of very many rows is looked at again when they are twice as many.
                enough = max(_MANY_ROWS, 2 * n_rows)
        yield self._met(pa.Table.from_batches(waiting, schema=self.reads))

    def _met(self, rows: pa.Table) -> pa.RecordBatch:
        key = rows["key"].to_numpy()
        # Most keys are of one article; only the others are looked at.
        again = key[1:] == key[:-1]
        shared = (
            np.flatnonzero(np.append(again, False) | np.append(False, again)) if len(key) else np.empty(0, np.int64)
        )
        key, kind, arrival = key[shared], rows["kind"].to_numpy()[shared], rows["arrival"].to_numpy()[shared]
        # Rows come sorted by key; within a key the kinds stand together, in order of arrival.
        group = np.cumsum(np.append(0, key[1:] != key[:-1]))[: len(key)] * len(KINDS) + kind
        steps = np.diff(group)
        if not np.all((steps > 0) | ((steps == 0) & (np.diff(arrival) >= 0))):
            order = np.lexsort((arrival, group))
            group, arrival, kind = group[order], arrival[order], kind[order]
        earlier, later = meet(group, np.where(kind == _SAMPLE, self.sample_limit, self.limit))
        wanted = np.flatnonzero((arrival[later] >= self.since) & (arrival[earlier] != arrival[later]))
        earlier, later = earlier[wanted], later[wanted]
        columns = [pa.array(arrival[earlier]), pa.array(arrival[later]), pa.array(kind[later])]
        return pa.record_batch(columns, schema=MEETING)
