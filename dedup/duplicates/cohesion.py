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
    large = sizes.filter(pc.greater_equal(sizes.field("counts"), _LEAST)).field("values")
    chosen = members.filter(pc.is_in(members["cluster_id"], large))
    of_cluster: dict[str, list[str]] = {}
    for cluster_id, doc_id in zip(chosen["cluster_id"].to_pylist(), chosen["doc_id"].to_pylist(), strict=True):
        of_cluster.setdefault(cluster_id, []).append(doc_id)
    rows = signatures.filter(pc.is_in(signatures["doc_id"], chosen["doc_id"].combine_chunks())).to_pylist()
    texts = {
        row["doc_id"]: _Text.from_row(row) for row in sorted(rows, key=lambda row: (row["arrival"], row["doc_id"]))
    }
    order = {doc_id: place for place, doc_id in enumerate(texts)}
    found = []
    for cluster_id, doc_ids in of_cluster.items():
        named = sorted(doc_ids, key=lambda doc_id: order[doc_id])
        cover, left, right = min(_covers({doc_id: texts[doc_id] for doc_id in named}, size), default=(1.0, "", ""))
        if cover < far * near_cover:
            found.append(Loose(cluster_id, len(doc_ids), min(left, right), max(left, right), round(cover, 6)))
    return sorted(found, key=lambda one: (one.cover, one.cluster_id))


class _Text(NamedTuple):
    digest: int
    words: NDArray[np.int64]
    signature: NDArray[np.uint32]

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> "_Text":
        return cls(
            row["text_digest"],
            np.frombuffer(row["words"], dtype=np.int64),
            np.frombuffer(row["signature"], dtype=np.uint32),
        )


def _covers(texts: dict[str, _Text], size: int) -> Iterator[tuple[float, str, str]]:
    """Give how much of two texts is one, for the least similar pairs of a cluster."""
    distinct = list({text.digest: (doc_id, text) for doc_id, text in reversed(texts.items())}.values())[::-1]
    if len(distinct) < _LEAST:
        return
    pairs = sorted(
        combinations(distinct[:_N_TEXTS], 2), key=lambda pair: estimate(pair[0][1].signature, pair[1][1].signature)
    )
    for (left, one), (right, other) in pairs[:_N_PAIRS]:
        found = compare(one.words, other.words, size)
        covered, n_words = (found.covered_left, found.covered_right), (len(one.words), len(other.words))
        yield weigh_cover(np.array([covered]), np.array([n_words])).item(), left, right
