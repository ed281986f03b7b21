"""MinHash signatures, bit for bit those of datasketch.

In: the shingles of an article. Out: ``n_permutations`` uint32 values that estimate Jaccard similarity.

Rule guarded here: a signature equals ``datasketch.MinHash`` (2.0.0, scheme ``affine32``, seed 1) that was updated with
the upper halves of the shingles' hashes; datasketch defines the sketch, this file only makes it fast.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Final

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

from dedup.candidates.shingle import SHINGLE_WORDS, read_encoded, shingle_sequence
from dedup.errors import ParameterError
from dedup.schema import ARTICLE, SIGNATURE

SEED: Final = 1
#: Value of every place of the signature of an empty set.
EMPTY: Final = np.uint32(0xFFFFFFFF)
#: Articles signed at a time: their words fit in the memory that those before them used.
_ROWS: Final = 2048


@cache
def permutations(count: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return the parameters a (odd) and b of ``count`` maps ``a * h + b mod 2^32``, as datasketch draws them.

    Returns
    -------
    tuple of two ndarray of uint32, shape (count,)
        Multipliers and offsets.
    """
    generator = np.random.RandomState(SEED)
    multipliers = generator.randint(0, 1 << 31, count, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    offsets = generator.randint(0, 1 << 32, count, dtype=np.uint32)
    return multipliers, offsets


def sign(hashes: NDArray[np.int64], n_permutations: int = 128) -> NDArray[np.uint32]:
    """Return the MinHash signature of a set of shingles.

    Parameters
    ----------
    hashes : ndarray of int64, shape (n_shingles,)
        Order and repeats change nothing.
    n_permutations : int
        Length of the signature, at least 1.

    Returns
    -------
    ndarray of uint32, shape (n_permutations,)
        All ``EMPTY`` for no shingles.

    References
    ----------
    .. [1] Broder. On the resemblance and containment of documents. SEQUENCES 1997.
    .. [2] datasketch 2.0.0, ``MinHash``, scheme ``affine32``.
    """
    signature = np.full(n_permutations, EMPTY)
    lower(signature, hashes)
    return signature


def lower(signature: NDArray[np.uint32], hashes: NDArray[np.int64]) -> None:
    """Lower each place of a signature to the least value that a set of shingles has there."""
    from dedup import kernels

    kernels.sign(hashes, *permutations(len(signature)), signature)


def estimate(left: NDArray[np.uint32], right: NDArray[np.uint32]) -> float:
    """Return the Jaccard similarity two signatures suggest: the share of places in which they agree, in [0, 1]."""
    return float(np.mean(left == right))


@dataclass(frozen=True)
class Sign:
    """Stage: articles to their words and signatures; row-wise.

    Parameters
    ----------
    n_permutations : int
        Length of a signature.
    shingle_words : int
        Words in a shingle.
    """

    n_permutations: int = 128
    shingle_words: int = SHINGLE_WORDS

    reads: ClassVar[pa.Schema] = pa.schema([ARTICLE.field(name) for name in ("doc_id", "arrival", "text")])
    writes: ClassVar[pa.Schema] = SIGNATURE
    partition_by: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        if self.n_permutations < 1:
            raise ParameterError(f"Sign: n_permutations must be at least 1. Got {self.n_permutations}.")
        if self.shingle_words < 1:
            raise ParameterError(f"Sign: shingle_words must be at least 1. Got {self.shingle_words}.")

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the signatures of each batch of articles."""
        for batch in batches:
            for start in range(0, batch.num_rows, _ROWS):
                yield self._signed(batch.slice(start, _ROWS))

    def _signed(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        read = [read_encoded(text) for text in views(batch["text"])]
        signatures = np.full((len(read), self.n_permutations), EMPTY)
        for signature, (words, _) in zip(signatures, read, strict=True):
            lower(signature, shingle_sequence(words, self.shingle_words))
        digests = [xxhash.xxh3_64_digest(words.data) for words, _ in read]
        columns = {
            "text_digest": pa.array(np.frombuffer(b"".join(digests), dtype=">i8").astype(np.int64)),
            "words": binary([words for words, _ in read], pa.large_binary()),
            "signature": binary(list(signatures), pa.binary()),
            "flags": binary([flags for _, flags in read], pa.binary()),
        }
        columns |= {name: batch[name] for name in ("doc_id", "arrival")}
        return pa.record_batch([columns[name] for name in SIGNATURE.names], schema=SIGNATURE)


def views(column: pa.Array) -> Iterator[NDArray[np.uint8]]:
    """Yield the bytes of each text, or binary value, of a column without a copy; none for a missing one."""
    _, offsets, data = column.buffers()
    width = np.int64 if pa.types.is_large_binary(column.type) else np.int32
    ends = np.frombuffer(offsets, dtype=width)[column.offset : column.offset + len(column) + 1].tolist()
    every = np.frombuffer(data or b"", dtype=np.uint8)
    missing = column.is_null().to_pylist() if column.null_count else [False] * len(column)
    for start, end, none in zip(ends[:-1], ends[1:], missing, strict=True):
        yield every[start : start if none else end]


def binary(rows: list[NDArray[Any]], kind: pa.DataType) -> pa.Array:
    """Return a column that holds the bytes of each array."""
    width = np.int64 if kind == pa.large_binary() else np.int32
    offsets = np.zeros(len(rows) + 1, dtype=width)
    np.cumsum([row.nbytes for row in rows], out=offsets[1:])
    data = np.concatenate(rows) if rows else np.empty(0, dtype=np.uint8)
    return pa.Array.from_buffers(kind, len(rows), [None, pa.py_buffer(offsets), pa.py_buffer(data)])
