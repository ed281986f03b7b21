"""MinHash signatures, bit for bit those of datasketch.

In: the shingles of an article. Out: ``n_permutations`` uint32 values that estimate Jaccard similarity.

Rule guarded here: a signature equals ``datasketch.MinHash`` (2.0.0, scheme ``affine32``, seed 1) that was updated with
the shingles' ``fold32``; datasketch defines the sketch, this file only makes it fast.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Final

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

from dedup.candidates.shingle import SHINGLE_WORDS, read_words, shingles
from dedup.errors import ParameterError
from dedup.schema import ARTICLE, SIGNATURE

SEED: Final = 1
#: Value of every place of the signature of an empty set.
EMPTY: Final = np.uint32(0xFFFFFFFF)
_HALF: Final = np.uint64(32)
_MADE: Final = ("text_digest", "words", "shingles", "signature", "flags")


def fold32(hashes: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Return the 32-bit hash of each shingle that goes into the sketch: the upper half of its 64 bits."""
    return (hashes.view(np.uint64) >> _HALF).astype(np.uint32)


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
    from dedup import kernels

    signature = np.full(n_permutations, EMPTY)
    kernels.sign(hashes, *permutations(n_permutations), signature)
    return signature


def estimate(left: NDArray[np.uint32], right: NDArray[np.uint32]) -> float:
    """Return the Jaccard similarity two signatures suggest: the share of places in which they agree, in [0, 1]."""
    return float(np.mean(left == right))


@dataclass(frozen=True)
class Sign:
    """Stage: articles to their words, shingles and signatures; row-wise.

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
        """Yield one batch of signatures per batch of articles."""
        for batch in batches:
            rows = [self._signed(text or "") for text in batch["text"].to_pylist()]
            made = zip(*rows, strict=True) if rows else ((),) * len(_MADE)
            columns = {
                name: pa.array(column, SIGNATURE.field(name).type) for name, column in zip(_MADE, made, strict=True)
            }
            columns |= {name: batch[name] for name in ("doc_id", "arrival")}
            yield pa.record_batch([columns[name] for name in SIGNATURE.names], schema=SIGNATURE)

    def _signed(self, text: str) -> tuple[int, bytes, bytes, bytes, bytes]:
        words = read_words(text)
        sets = shingles(words.hashes, self.shingle_words)
        raw = words.hashes.tobytes()
        digest = int.from_bytes(xxhash.xxh3_64_digest(raw), "little", signed=True)
        return digest, raw, sets.tobytes(), sign(sets, self.n_permutations).tobytes(), words.flags.tobytes()
