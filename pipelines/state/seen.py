"""What was seen: which inputs a state knows already, told by a digest before anything is parsed.

In: the claims of tonight's pages. Out: whether one was seen, and the ids that were given to what claimed the same.

Rule guarded here: a page is passed over only for all 128 bits of its digest.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

from pipelines.source import Claim
from pipelines.state.relations import CLAIM


def halves(claimed: str, digest: str) -> tuple[int, int]:
    """Return the low and the high half of the digest by which a claim is known, as signed numbers."""
    whole = xxhash.xxh3_128_digest(f"{claimed}\0{digest}".encode(errors="surrogatepass"))
    high, low = (int.from_bytes(part, "big", signed=True) for part in (whole[:8], whole[8:]))
    return low, high


@dataclass(frozen=True)
class Seen:
    """Digests of all claims; ``in`` tells whether a claim was seen.

    ``low`` and ``high``: int64, shape (n_claims,), sorted by ``low``.
    """

    low: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    high: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @classmethod
    def of_table(cls, claims: pa.Table) -> "Seen":
        """Read them from the columns ``low`` and ``high`` of relation CLAIM."""
        low, high = claims["low"].to_numpy(), claims["high"].to_numpy()
        order = np.argsort(low, kind="stable")
        return cls(low[order], high[order])

    def __contains__(self, claim: object) -> bool:
        assert isinstance(claim, Claim)
        low, high = halves(claim.doc_id, claim.digest)
        first, after = (np.searchsorted(self.low, low, side) for side in ("left", "right"))
        return bool(np.any(self.high[first:after] == high))


def stem(doc_id: str) -> str:
    """Return an id without the number of a revision.

    Examples
    --------
    >>> stem("a.html@2"), stem("me@example.org")
    ('a.html', 'me@example.org')
    """
    before, at, number = doc_id.rpartition("@")
    return before if at and number.isascii() and number.isdigit() else doc_id


def claim_rows(claims: Iterable[tuple[Claim, str]]) -> pa.Table:
    """Return relation CLAIM of claims and the ids they were given."""
    rows = []
    for one, doc_id in claims:
        low, high = halves(one.doc_id, one.digest)
        rows.append(
            {
                "claimed": one.doc_id,
                "digest": one.digest,
                "doc_id": doc_id,
                "stem": stem(doc_id),
                "low": low,
                "high": high,
            }
        )
    return pa.Table.from_pylist(rows, schema=CLAIM)
