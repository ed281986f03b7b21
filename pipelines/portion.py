"""Portions: a crawl of any size, some pages at a time, as if each portion were a night.

In: what is read, one item at a time. Out: portions of it; and what the portions before have to say to the next one: the ids
that were given, and what sites were seen to repeat.

Rule guarded here: memory does not grow with the number of inputs; what must be remembered of them is in a temporary file
without a name, which is gone with the process however that ends.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from dedup.errors import OutputError, ParameterError
from dedup.schema import REPEAT
from pipelines.source import Claim, Page, Reject
from pipelines.state.seen import stem

_MB: Final = 1_000_000
_CACHE_KB: Final = 32_000
_TABLES: Final = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    CREATE TABLE claims (claimed TEXT, digest TEXT, doc_id TEXT, stem TEXT, PRIMARY KEY (claimed, digest)) WITHOUT ROWID;
    CREATE INDEX stems ON claims (stem);
    CREATE TABLE sources (number INTEGER PRIMARY KEY, source TEXT);
    CREATE TABLE repeats (
        key INTEGER, number INTEGER, n_articles INTEGER, holders BLOB, PRIMARY KEY (key, number)
    ) WITHOUT ROWID;
    CREATE TABLE wanted (key INTEGER PRIMARY KEY);
"""


@dataclass(frozen=True)
class Portion:
    """How much ``dedup clean`` works on at a time; it gives out the articles of a portion before it reads on.

    Parameters
    ----------
    pages : int
        So many pages, rejects included. Of a larger portion the first articles profit from more of their site's repeats, and it takes
        more memory.
    megabytes : int
        Or so many megabytes of pages, whichever comes first.
    """

    pages: int = 1000
    megabytes: int = 64

    def __post_init__(self) -> None:
        if self.pages < 1 or self.megabytes < 1:
            raise ParameterError(
                f"Portion: pages and megabytes must be 1 or more. Got {self.pages} and {self.megabytes}."
            )


def portions(items: Iterable[Page | Reject], size: Portion) -> Iterator[Iterator[Page | Reject]]:
    """Cut what is read into portions; each must be used up before the next is asked for.

    Parameters
    ----------
    items : iterable of Page or Reject
        Read as the portions are used, never ahead.
    size : Portion
        Where a portion ends.
    """
    items = iter(items)

    def one(first: Page | Reject) -> Iterator[Page | Reject]:
        n_bytes = 0
        for n_items, item in enumerate(chain([first], items), 1):
            yield item
            n_bytes += len(item.content) if isinstance(item, Page) else 0
            if n_items >= size.pages or n_bytes >= size.megabytes * _MB:
                return

    for first in items:
        yield one(first)


class Remembered:
    """What earlier portions saw and learned, as a state has it of earlier nights. Use as a context manager.

    Raises
    ------
    OutputError
        Whenever the temporary file cannot be written.
    """

    def __init__(self) -> None:
        self.first_arrival = 0
        with _told():
            # Without a name it is a file of its own that the system removes.
            self._file = sqlite3.connect("", isolation_level=None)
            self._file.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
            self._file.executescript(_TABLES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def seen(self) -> Self:
        """Tells by ``in`` whether a claim was seen."""
        return self

    def __contains__(self, claim: object) -> bool:
        assert isinstance(claim, Claim)
        query = "SELECT 1 FROM claims WHERE claimed = ? AND digest = ?"
        return self._file.execute(query, (claim.doc_id, claim.digest)).fetchone() is not None

    def known(self, claims: Iterable[Claim]) -> dict[str, dict[str, str]]:
        """Return the ids given to whatever claimed one of these ids, or could be a revision of it: claim -> digest -> id."""
        found: dict[str, dict[str, str]] = {}
        for claimed in {claim.doc_id for claim in claims}:
            for query, value in (
                ("SELECT claimed, digest, doc_id FROM claims WHERE claimed = ?", claimed),
                ("SELECT claimed, digest, doc_id FROM claims WHERE stem = ?", claimed),
                ("SELECT claimed, digest, doc_id FROM claims WHERE stem = ?", stem(claimed)),
            ):
                for name, digest, doc_id in self._file.execute(query, (value,)):
                    found.setdefault(name, {})[digest] = doc_id
        return found

    def rows(
        self,
        name: str,
        column: str,
        values: pa.Array,
        columns: Sequence[str] = (),
        between: tuple[str, int, int] | None = None,
    ) -> pa.Table:
        """Look up what sites repeat; see `dedup.earlier.Earlier`, of whose relations this has ``repeats`` by ``key`` alone."""
        assert (name, column, columns, between) == ("repeats", "key", (), None)
        with _told():
            # A transaction at a time: the end of one costs in proportion to the cache.
            self._file.execute("BEGIN")
            self._file.execute("DELETE FROM wanted")
            self._file.executemany("INSERT INTO wanted VALUES (?)", zip(values.to_pylist(), strict=True))
            self._file.execute("COMMIT")
            # The order of a cross join is kept: each key is looked up, and what is remembered is never read as a whole.
            rows = self._file.execute(
                "SELECT source, key, n_articles, holders FROM wanted CROSS JOIN repeats USING (key) "
                "CROSS JOIN sources USING (number) ORDER BY source, key"
            ).fetchall()
        sources, keys, numbers, holders = zip(*rows, strict=True) if rows else ((), (), (), ())
        flat = np.frombuffer(b"".join(holders), dtype=np.int64).reshape(-1, 2)
        ends = np.cumsum([0, *(len(one) // 16 for one in holders)], dtype=np.int32)
        structs = pa.StructArray.from_arrays([pa.array(flat[:, 0]), pa.array(flat[:, 1])], names=["article", "size"])
        lists = pa.ListArray.from_arrays(pa.array(ends), structs)
        arrays: list[Any] = [pa.array(sources, pa.string()), pa.array(keys, pa.int64()), pa.array(numbers, pa.int64())]
        return pa.table([*arrays, lists.cast(REPEAT.field("holders").type)], schema=REPEAT)

    def add(self, claims: Iterable[tuple[Claim, str]], repeats: pa.Table, n_articles: int) -> None:
        """Remember a portion.

        Parameters
        ----------
        claims : iterable of Claim and str
            What became an article, and its id.
        repeats : Table
            Relation REPEAT; its rows take the place of those that were there.
        n_articles : int
            By so many the next arrivals are later.
        """
        self.first_arrival += n_articles
        numbers = {name: _number(name) for name in pc.unique(repeats["source"]).to_pylist()}
        lists = repeats["holders"].combine_chunks()
        ends = np.append(0, np.cumsum(pc.fill_null(pc.list_value_length(lists), 0).to_numpy())) * 16
        flat = lists.flatten()
        packed = np.column_stack([flat.field(0).to_numpy(), flat.field(1).to_numpy()]).astype(np.int64).tobytes()
        rows = zip(
            repeats["key"].to_pylist(),
            map(numbers.__getitem__, repeats["source"].to_pylist()),
            repeats["n_articles"].to_pylist(),
            (packed[start:end] for start, end in pairwise(ends.tolist())),
            strict=True,
        )
        with _told():
            self._file.execute("BEGIN")
            self._file.executemany(
                "INSERT OR IGNORE INTO sources VALUES (?, ?)", ((number, name) for name, number in numbers.items())
            )
            self._file.executemany("INSERT OR REPLACE INTO repeats VALUES (?, ?, ?, ?)", rows)
            self._file.executemany(
                "INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?)",
                ((claim.doc_id, claim.digest, doc_id, stem(doc_id)) for claim, doc_id in claims),
            )
            self._file.execute("COMMIT")


def _number(source: str) -> int:
    return xxhash.xxh3_64_intdigest(source.encode()) - (1 << 63)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise OutputError(f"The temporary file for what earlier portions saw cannot be written: {error}.") from error
