"""Keys under which reports of one happening meet: bands over the MinHash of an article's most telling terms.

In: the terms of articles. Out: rows (``salient``, key, arrival). Two reports of one call may share no sentence and so
no shingle; they share names, a duration, a day. The set that is sketched holds the ``n_terms`` words and spans that tell
most: often said, said in the lead, rare in the frozen background; and every quantity and date.

Rule guarded here: what is salient is decided by the article and the frozen background alone, never by its night.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.articles.terms import Background, Terms, background, text_key, weigh
from dedup.candidates.band import band_keys
from dedup.candidates.minhash import sign
from dedup.errors import ParameterError
from dedup.schema import BAND, KINDS, TERMS

_KIND = KINDS.index("salient")

#: A term of the lead counts so much more.
_LEAD = 1.5
#: What one article says once and the background does not know is mostly a slip or a passing name.
_ODD = 0.5


def salient(terms: Terms, frequencies: Background, n_terms: int = 60) -> NDArray[np.int64]:
    """Return the keys of an article's most telling terms.

    Parameters
    ----------
    terms : Terms
        Of one article.
    frequencies : Background
        Frozen document frequencies.
    n_terms : int
        Words and spans to take, by ``(1 + ln tf) x idf``, more for a word of the lead; the smaller key first among
        equal ones; at least 1.

    Returns
    -------
    ndarray of int64
        Sorted and distinct; at most ``n_terms`` and the article's quantities and dates.
    """
    keys = np.concatenate([terms.words.keys, terms.spans.keys])
    counts = np.concatenate([terms.words.counts, terms.spans.counts])
    telling = weigh(keys, counts)
    telling[np.isin(keys, terms.lead.keys)] *= _LEAD
    telling[(counts == 1) & (frequencies.document_frequency(keys) <= frequencies.unseen)] *= _ODD
    chosen = keys[np.lexsort((keys, -telling))[:n_terms]]
    days = np.array([text_key("#" + day[-len("MM-DD") :]) for day in terms.dates], dtype=np.int64)
    return np.unique(np.concatenate([chosen, terms.quantity_keys, days]))


@dataclass(frozen=True)
class Salient:
    """Stage: terms to the keys under which reports of one happening meet; row-wise, ``n_bands`` rows per article.

    Parameters
    ----------
    n_terms : int
        Words and spans to sketch.
    n_permutations : int
        Length of the signature; ``n_bands`` times ``n_rows``.
    n_bands, n_rows : int
        Two sets of Jaccard similarity J share a key with probability ``1 - (1 - J^n_rows)^n_bands``.
    """

    n_terms: int = 60
    n_permutations: int = 128
    n_bands: int = 64
    n_rows: int = 2

    reads: ClassVar[pa.Schema] = TERMS
    writes: ClassVar[pa.Schema] = BAND
    partition_by: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        """Check the parameters."""
        if self.n_terms < 1:
            raise ParameterError(f"Salient: n_terms must be at least 1. Got {self.n_terms}.")
        if min(self.n_bands, self.n_rows) < 1 or self.n_permutations != self.n_bands * self.n_rows:
            needed = f"{self.n_bands} x {self.n_rows} = {self.n_bands * self.n_rows}"
            raise ParameterError(f"Salient: n_permutations must be bands x rows ({needed}). Got {self.n_permutations}.")

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the keys of every article that has terms."""
        frequencies = background()
        for batch in batches:
            arrivals: list[int] = []
            signatures: list[NDArray[np.uint32]] = []
            for row in batch.to_pylist():
                keys = salient(Terms.from_row(row), frequencies, self.n_terms)
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
