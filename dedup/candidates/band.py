"""Keys under which copies meet: bands of the MinHash, samples of the shingles, and the digest of all words.

In: signatures. Out: rows (kind, key, arrival). Kind ``exact``: the digest of the word sequence, one key. ``minhash``:
``n_bands`` keys of ``n_rows`` signature values each; two articles of Jaccard J share one with ``probability(J)``.
``sample``: the shingles whose hash is in the lowest 1/``one_in`` of all hashes, as FracMinHash takes them, but at least
``least`` of them; they find containment: a wire story in a longer article, one passage of sixty words.

Rule guarded here: keys depend on the article alone, and an article without words has none.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import comb
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dedup.candidates.minhash import flat
from dedup.candidates.shingle import SHINGLE_WORDS, shingle_sequences
from dedup.errors import ParameterError
from dedup.hashing import TURN, mix
from dedup.schema import BAND, KINDS, SIGNATURE

#: Those that are written here.
_OF_COPIES = KINDS[:3]
#: Articles whose keys are made at a time: what comes up in between stays near the processor.
_ROWS = 512


def probability(jaccard: float, n_bands: int = 32, n_rows: int = 4) -> float:
    """Return the chance that two articles share a ``minhash`` band.

    Parameters
    ----------
    jaccard : float
        Jaccard similarity of their shingles, in [0, 1].
    n_bands, n_rows : int
        Bands, and signature values in a band.

    Returns
    -------
    float
        ``1 - (1 - J^n_rows)^n_bands``, in [0, 1].

    References
    ----------
    .. [1] Leskovec, Rajaraman, Ullman. Mining of Massive Datasets, section 3.4.

    Examples
    --------
    >>> [round(probability(jaccard), 2) for jaccard in (0.2, 0.4, 0.6, 0.8)]
    [0.05, 0.56, 0.99, 1.0]
    """
    return float(1.0 - (1.0 - jaccard**n_rows) ** n_bands)


def sample_probability(shared: int, one_in: int = 8, at_least: int = 1) -> float:
    """Return the chance that of ``shared`` common shingles ``at_least`` are sampled.

    Parameters
    ----------
    shared : int
        Shingles that two articles have in common.
    one_in : int
        Rate of the sample.
    at_least : int
        How many must be sampled.

    Returns
    -------
    float
        Upper tail of the binomial distribution, in [0, 1].

    Examples
    --------
    >>> round(sample_probability(56), 4)
    0.9994
    """
    rate = 1.0 / one_in
    fewer = (comb(shared, k) * rate**k * (1.0 - rate) ** (shared - k) for k in range(at_least))
    return float(1.0 - sum(fewer))


def band_keys(signatures: NDArray[np.uint32], n_bands: int = 32, n_rows: int = 4) -> NDArray[np.int64]:
    """Return the keys of every band of every signature.

    Parameters
    ----------
    signatures : ndarray of uint32, shape (n_articles, n_permutations)
        ``n_permutations >= n_bands * n_rows``; values beyond that are not used, as in datasketch.

    Returns
    -------
    ndarray of int64, shape (n_articles, n_bands)
        Equal for two articles exactly where their band's values are equal; different bands have different keys.
    """
    used = signatures[:, : n_bands * n_rows].reshape(-1, n_bands, n_rows).astype(np.uint64)
    keys = np.broadcast_to(mix(np.arange(n_bands, dtype=np.uint64)), used.shape[:2])
    for row in range(n_rows):
        keys = mix(keys * TURN + used[:, :, row])
    return keys.view(np.int64)


def sampled(shingles: NDArray[np.int64], one_in: int = 8, least: int = 4) -> NDArray[np.int64]:
    """Return the sampled shingles of one article.

    Parameters
    ----------
    shingles : ndarray of int64, shape (n_shingles,)
        In any order.
    one_in : int
        Rate: a shingle is taken when its hash, read as an unsigned number, is in the lowest 1/``one_in``.
    least : int
        Of a short article the ``least`` lowest are taken (or all it has).

    Returns
    -------
    ndarray of int64
        Sorted as unsigned numbers.

    References
    ----------
    .. [1] Irber et al. Lightweight compositional analysis of metagenomes with FracMinHash and minimum metagenome
       covers. bioRxiv 2022.01.11.475838.
    """
    return _samples(shingles, np.array([0, len(shingles)]), one_in, least)[0]


def _samples(
    hashes: NDArray[np.int64], ends: NDArray[np.int64], one_in: int, least: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the samples of many articles, one after the other, and their ends; shingles may repeat, in any order."""
    from dedup import kernels

    keys, key_ends = kernels.sample(hashes, ends, (1 << 64) // one_in - 1, least)
    return keys.view(np.int64), key_ends


@dataclass(frozen=True)
class Bands:
    """Stage: signatures to the keys under which copies meet; row-wise, many rows per article.

    Parameters
    ----------
    kinds : tuple of str
        Which kinds to write, of ``exact``, ``minhash``, ``sample``.
    n_bands, n_rows : int
        Shape of the ``minhash`` bands.
    one_in, least : int
        Rate and least number of the ``sample`` shingles.
    shingle_words : int
        Words in a shingle, as the signatures were made with.
    """

    kinds: tuple[str, ...] = _OF_COPIES
    n_bands: int = 32
    n_rows: int = 4
    one_in: int = 8
    least: int = 4
    shingle_words: int = SHINGLE_WORDS

    reads: ClassVar[pa.Schema] = pa.schema(
        [SIGNATURE.field(name) for name in ("arrival", "text_digest", "words", "signature")]
    )
    writes: ClassVar[pa.Schema] = BAND
    partition_by: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        if not set(self.kinds) <= set(_OF_COPIES):
            raise ParameterError(f"Bands: kinds must be among {', '.join(_OF_COPIES)}. Got {', '.join(self.kinds)}.")
        for name in ("n_bands", "n_rows", "one_in", "shingle_words"):
            if getattr(self, name) < 1:
                raise ParameterError(f"Bands: {name} must be at least 1. Got {getattr(self, name)}.")
        if self.least < 0:
            raise ParameterError(f"Bands: least must be at least 0. Got {self.least}.")

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the keys of each batch of signatures, article by article.

        Raises
        ------
        ParameterError
            If the signatures are shorter than the bands need.
        """
        kinds = [kind for kind in _OF_COPIES if kind in self.kinds]
        for batch in batches:
            is_filled = pc.greater(pc.binary_length(batch["words"]), 0)
            # Nearly always all are, and need not be copied.
            filled = batch if pc.all(is_filled).as_py() else batch.filter(is_filled)
            for start in range(0, filled.num_rows if kinds else 0, _ROWS):
                some = filled.slice(start, _ROWS)
                yield _rows(some, [(kind, *self._keys(kind, some)) for kind in kinds])

    def _keys(self, kind: str, batch: pa.RecordBatch) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the keys of one kind, article by article, and how many each article has."""
        n = batch.num_rows
        if kind == "exact":
            return batch["text_digest"].to_numpy(), np.ones(n, dtype=np.int64)
        if kind == "sample":
            found = shingle_sequences(*flat(batch["words"], np.int64), self.shingle_words)
            keys, ends = _samples(*found, self.one_in, self.least)
            return keys, np.diff(ends)
        values, ends = flat(batch["signature"], np.uint32)
        if ends[1] < self.n_bands * self.n_rows:
            needed = f"{self.n_bands} x {self.n_rows} = {self.n_bands * self.n_rows}"
            raise ParameterError(f"Bands: a signature must have n_bands x n_rows ({needed}) values. Got {ends[1]}.")
        return band_keys(values.reshape(n, -1), self.n_bands, self.n_rows).ravel(), np.full(n, self.n_bands)


def _rows(batch: pa.RecordBatch, parts: list[tuple[str, NDArray[np.int64], NDArray[np.int64]]]) -> pa.RecordBatch:
    """Rows of one batch: for each article its keys, kind by kind."""
    lengths = np.stack([of_article for _, _, of_article in parts], axis=1)
    starts = np.cumsum(lengths.ravel()).reshape(lengths.shape) - lengths
    keys = np.empty(int(lengths.sum()), dtype=np.int64)
    for place, (_, found, of_article) in enumerate(parts):
        within = np.arange(len(found)) - np.repeat(np.cumsum(of_article) - of_article, of_article)
        keys[np.repeat(starts[:, place], of_article) + within] = found
    codes = np.array([KINDS.index(kind) for kind, _, _ in parts], dtype=np.int8)
    kinds = np.repeat(np.tile(codes, len(lengths)), lengths.ravel())
    arrivals = np.repeat(batch["arrival"].to_numpy(), lengths.sum(axis=1))
    return pa.record_batch([pa.array(kinds), pa.array(keys), pa.array(arrivals)], schema=BAND)
