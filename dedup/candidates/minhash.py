"""MinHash signatures, bit for bit those of datasketch.

In: the shingles of an article. Out: ``n_permutations`` uint32 values that estimate Jaccard similarity.

Rule guarded here: a signature equals ``datasketch.MinHash`` (2.0.0, scheme ``affine32``, seed 1) that was updated with
the upper halves of the shingles' hashes; datasketch defines the sketch, this file only makes it fast.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, ClassVar, Final, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash
from numpy.typing import NDArray

from dedup.candidates.shingle import SHINGLE_WORDS, read_texts, shingle_sequences
from dedup.errors import ParameterError
from dedup.schema import ARTICLE, SIGNATURE

_Element = TypeVar("_Element", bound=np.generic)

SEED: Final = 1
#: Value of every place of the signature of an empty set.
EMPTY: Final = np.uint32(0xFFFFFFFF)
#: Articles signed at a time: their words fit in the memory that those before them used.
_ROWS: Final = 256


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
    signature: NDArray[np.uint32] = sign_sets(hashes, np.array([0, len(hashes)]), n_permutations)[0]
    return signature


def sign_sets(hashes: NDArray[np.int64], ends: NDArray[np.int64], n_permutations: int = 128) -> NDArray[np.uint32]:
    """Return the signature of each of many sets: set i is ``hashes[ends[i]:ends[i + 1]]``."""
    from dedup import kernels

    signatures: NDArray[np.uint32] = np.full((len(ends) - 1, n_permutations), EMPTY)
    kernels.sign(hashes, ends, *permutations(n_permutations), signatures)
    return signatures


def estimate(left: NDArray[np.uint32], right: NDArray[np.uint32]) -> float:
    """Return the Jaccard similarity two signatures suggest: the share of places in which they agree, in [0, 1]."""
    return float(np.mean(left == right))


def text_digests(words: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a digest of the words of each text; equal for the same words in the same order.

    Parameters
    ----------
    words : ndarray of int64
        Hashes of the words of all texts, one after the other.
    ends : ndarray of int64, shape (n_texts + 1,)
        Text i is ``words[ends[i]:ends[i + 1]]``.
    """
    digests = [xxhash.xxh3_64_digest(words[start:end].data) for start, end in pairwise(ends.tolist())]
    return np.frombuffer(b"".join(digests), dtype=">i8").astype(np.int64)


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
        (words, flags), ends = read_texts(*flat(batch["text"], np.uint8))
        signatures = sign_sets(*shingle_sequences(words, ends, self.shingle_words), self.n_permutations)
        columns = {
            "text_digest": pa.array(text_digests(words, ends)),
            "words": binary(words, ends, pa.large_binary()),
            "signature": binary(signatures, np.arange(len(ends)) * self.n_permutations, pa.binary()),
            "flags": binary(flags, ends, pa.binary()),
        }
        columns |= {name: batch[name] for name in ("doc_id", "arrival")}
        return pa.record_batch([columns[name] for name in SIGNATURE.names], schema=SIGNATURE)


def flat(column: pa.Array, element: type[_Element]) -> tuple[NDArray[_Element], NDArray[np.int64]]:
    """Return the values of all rows of a column of texts or binary values, one after the other, without a copy.

    Parameters
    ----------
    column : pyarrow.Array
        Of strings or binary values; a missing one is an empty one.
    element : type
        What the bytes are read as.

    Returns
    -------
    ndarray of element, ndarray of int64, shape (len(column) + 1,)
        Row i is ``values[ends[i]:ends[i + 1]]``.
    """
    if column.null_count:
        column = pc.fill_null(column, "" if pa.types.is_string(column.type) else b"")
    _, offsets, data = column.buffers()
    if not len(column) or data is None:
        return np.empty(0, dtype=element), np.zeros(len(column) + 1, dtype=np.int64)
    width = np.int64 if pa.types.is_large_binary(column.type) else np.int32
    ends = np.frombuffer(offsets, dtype=width)[column.offset : column.offset + len(column) + 1].astype(np.int64)
    every = np.frombuffer(data, dtype=np.uint8)[ends[0] : ends[-1]].view(element)
    return every, (ends - ends[0]) // every.itemsize


def binary(values: NDArray[Any], ends: NDArray[np.int64], kind: pa.DataType) -> pa.Array:
    """Return a column that holds the bytes of ``values[ends[i]:ends[i + 1]]`` in row i."""
    width = np.int64 if kind == pa.large_binary() else np.int32
    offsets = pa.py_buffer((ends * values.itemsize).astype(width))
    return pa.Array.from_buffers(kind, len(ends) - 1, [None, offsets, pa.py_buffer(values)])
