"""Clusters: the connected components of verified matches.

In: the articles with their arrivals, and pairs of them. Out: for each article the id of its cluster, which is the id of
the member that arrived first.

Rule guarded here: only verified pairs are joined, verified before and not after; and the result depends on the set of
pairs, not on their order.
"""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

#: Relations whose matches join articles to a cluster.
JOINING = ("exact", "near")


def components(n: int, left: NDArray[np.integer], right: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the least node of the connected component of every node.

    Parameters
    ----------
    n : int
        Number of nodes, which are 0 to n - 1.
    left, right : ndarray of int, shape (n_edges,)
        The ends of each edge.

    Returns
    -------
    ndarray of int64, shape (n,)
        ``label[i] <= i``, and ``label[label] == label``.

    References
    ----------
    .. [1] Shiloach, Vishkin. An O(log n) parallel connectivity algorithm. Journal of Algorithms 3, 1982 (hooking to
       the least label and pointer jumping, on arrays).

    Examples
    --------
    >>> components(5, np.array([3, 1]), np.array([4, 3])).tolist()
    [0, 1, 2, 1, 1]
    """
    label = np.arange(n, dtype=np.int64)
    while True:
        one, other = label[left], label[right]
        apart = one != other
        if not apart.any():
            return label
        low, high = np.minimum(one, other)[apart], np.maximum(one, other)[apart]
        np.minimum.at(label, high, low)
        while not np.array_equal(label[label], label):
            label = label[label]


def cluster_ids(articles: pa.Table, pairs: Iterable[pa.Table]) -> dict[str, str]:
    """Return the cluster of every article.

    Parameters
    ----------
    articles : pyarrow.Table
        Columns ``doc_id`` and ``arrival``; every article that a pair names.
    pairs : iterable of pyarrow.Table
        Columns ``left_id``, ``right_id`` and ``relation``; matches of other relations than ``JOINING`` are passed over.

    Returns
    -------
    dict of str to str
        ``doc_id`` to the ``doc_id`` of the member of its cluster with the least arrival; in order of arrival.
    """
    ordered = articles.select(["doc_id", "arrival"]).sort_by([("arrival", "ascending"), ("doc_id", "ascending")])
    doc_ids = ordered["doc_id"].to_pylist()
    place = {doc_id: i for i, doc_id in enumerate(doc_ids)}
    ends: list[list[int]] = [[], []]
    for table in pairs:
        joining = table.filter(pc.is_in(table["relation"], pa.array(JOINING)))
        for name, into in zip(("left_id", "right_id"), ends, strict=True):
            into.extend(place[doc_id] for doc_id in joining[name].to_pylist())
    left, right = (np.array(end, dtype=np.int64) for end in ends)
    label = components(len(doc_ids), left, right)
    return {doc_id: doc_ids[first] for doc_id, first in zip(doc_ids, label.tolist(), strict=True)}
