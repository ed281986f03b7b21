"""How alike the articles of a cluster are: clusters that hold two articles far below the rule for copies.

In: the clusters with the word hashes and signatures of their articles. Out: of each cluster that updates or
trimmed copies have chained together, its two least similar articles.

Rule guarded here: it is told and changes nothing; a cluster stays what its verified matches make it.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dedup.candidates.minhash import estimate
from dedup.duplicates.relation import Rule, weigh_cover
from dedup.duplicates.similarity import compare

#: A cluster of which no two texts are alike in this share of what the rule asks is loose.
FAR: Final = 0.5
#: A chain has three links.
_LEAST: Final = 3
#: So many texts of a cluster, those that came first, and so many pairs of them, the least alike by their signatures, are
#: compared exactly; the copies of one wire story may be thousands.
_N_TEXTS: Final = 200
_N_PAIRS: Final = 500


class Loose(NamedTuple):
    """A loose cluster: how many articles it has, its two least similar ones, and the share of their words they share.

    ``cover`` is weighed as the rule does: the text that is covered better counts three times the other.
    """

    cluster_id: str
    n_articles: int
    left_id: str
    right_id: str
    cover: float


def loose_clusters(
    members: pa.Table, signatures: pa.Table, near_cover: float = Rule.near_cover, size: int = 5, far: float = FAR
) -> list[Loose]:
    """Return the clusters whose least similar pair is far below the rule.

    Parameters
    ----------
    members : pyarrow.Table
        Relation MEMBER.
    signatures : pyarrow.Table
        Relation SIGNATURE, of all the members.
    near_cover : float
        What a copy needs, as in ``Rule``.
    size : int
        Words in a shingle, as the signatures were made with.
    far : float
        Share of that below which a pair is far below it, in [0, 1].

    Returns
    -------
    list of Loose
        The loosest first, then by id.
    """
    sizes = pc.value_counts(members["cluster_id"])
    large = sizes.filter(pc.greater_equal(sizes.field("counts"), _LEAST))
    chosen = members.filter(pc.is_in(members["cluster_id"], large.field("values")))
    cluster_of = dict(zip(chosen["doc_id"].to_pylist(), chosen["cluster_id"].to_pylist(), strict=True))
    described = signatures.select(["doc_id", "arrival", "text_digest"])
    described = described.append_column("row", pa.array(range(signatures.num_rows), pa.int64()))
    described = described.filter(pc.is_in(described["doc_id"], chosen["doc_id"].combine_chunks()))
    described = described.sort_by([("arrival", "ascending"), ("doc_id", "ascending")])
    # Of each cluster the rows of its first texts; what is equal to one of them is passed over before it is read.
    firsts: dict[str, dict[int, int]] = {}
    for doc_id, digest, row in zip(
        *(described[name].to_pylist() for name in ("doc_id", "text_digest", "row")), strict=True
    ):
        texts = firsts.setdefault(cluster_of[doc_id], {})
        if len(texts) < _N_TEXTS:
            texts.setdefault(digest, row)
    n_articles = dict(zip(large.field("values").to_pylist(), large.field("counts").to_pylist(), strict=True))
    chained = {cluster_id: list(texts.values()) for cluster_id, texts in firsts.items() if len(texts) >= _LEAST}
    kept = signatures.take(pa.array([row for rows in chained.values() for row in rows], pa.int64()))
    found, start = [], 0
    for cluster_id, places in chained.items():
        rows = kept.slice(start, len(places)).to_pylist()
        start += len(places)
        cover, left, right = min(_covers([_Text.from_row(row) for row in rows], size))
        if cover < far * near_cover:
            ends = min(left, right), max(left, right)
            found.append(Loose(cluster_id, n_articles[cluster_id], *ends, round(cover, 6)))
    return sorted(found, key=lambda one: (one.cover, one.cluster_id))


class _Text(NamedTuple):
    doc_id: str
    words: NDArray[np.int64]
    signature: NDArray[np.uint32]

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> "_Text":
        return cls(
            row["doc_id"],
            np.frombuffer(row["words"], dtype=np.int64),
            np.frombuffer(row["signature"], dtype=np.uint32),
        )


def _covers(texts: list[_Text], size: int) -> Iterator[tuple[float, str, str]]:
    """Give how much of two texts is one, for the least similar pairs of a cluster."""
    pairs = sorted(combinations(texts, 2), key=lambda pair: estimate(pair[0].signature, pair[1].signature))
    for one, other in pairs[:_N_PAIRS]:
        found = compare(one.words, other.words, size)
        covered, n_words = (found.covered_left, found.covered_right), (len(one.words), len(other.words))
        yield weigh_cover(np.array([covered]), np.array([n_words])).item(), one.doc_id, other.doc_id
