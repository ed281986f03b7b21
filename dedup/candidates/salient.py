"""Keys under which reports of one happening meet: bands over the MinHash of what an article tells.

In: the telling terms of articles (``telling.py``). Out: rows (``salient``, key, arrival). Two reports of one call may share no sentence and so
no shingle; they share names, a duration, a day. The set that is sketched holds the words and spans that tell most, and every quantity
and date.

Rule guarded here: an article's keys depend on it alone, never on its night.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.candidates.band import band_keys
from dedup.candidates.minhash import sign
from dedup.errors import ParameterError
from dedup.schema import BAND, KINDS, TELLING

_KIND = KINDS.index("salient")


@dataclass(frozen=True)
class Salient:
    """Stage: telling terms to the keys under which reports of one happening meet; row-wise, ``n_bands`` rows per article that has any.

    Parameters
    ----------
    n_permutations : int
        Length of the signature; ``n_bands`` times ``n_rows``.
    n_bands, n_rows : int
        Two sets of Jaccard similarity J share a key with probability ``1 - (1 - J^n_rows)^n_bands``.
    """

    n_permutations: int = 128
    n_bands: int = 64
    n_rows: int = 2

    reads: ClassVar[pa.Schema] = pa.schema([TELLING.field(name) for name in ("arrival", "keys")])
    writes: ClassVar[pa.Schema] = BAND
    partition_by: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        """Check the parameters."""
        if min(self.n_bands, self.n_rows) < 1 or self.n_permutations != self.n_bands * self.n_rows:
            needed = f"{self.n_bands} x {self.n_rows} = {self.n_bands * self.n_rows}"
            raise ParameterError(f"Salient: n_permutations must be bands x rows ({needed}). Got {self.n_permutations}.")

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the keys of every article that tells anything."""
        for batch in batches:
            arrivals: list[int] = []
            signatures: list[NDArray[np.uint32]] = []
            for row in batch.select(self.reads.names).to_pylist():
                keys = np.frombuffer(row["keys"], dtype="<i8")
                if len(keys):
                    arrivals.append(row["arrival"])
                    signatures.append(sign(keys, self.n_permutations))
            if not signatures:
                yield pa.RecordBatch.from_pylist([], schema=self.writes)
                continue
            bands = band_keys(np.stack(signatures), self.n_bands, self.n_rows)
            columns = {
                "kind": pa.array(np.full(bands.size, _KIND, dtype=np.int8)),
                "key": pa.array(bands.ravel(), pa.int64()),
                "arrival": pa.array(np.repeat(np.array(arrivals, dtype=np.int64), self.n_bands), pa.int64()),
            }
            yield pa.RecordBatch.from_pydict(columns, schema=self.writes)
