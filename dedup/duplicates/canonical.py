"""The canonical article of a cluster: the one that stands for all of them.

In: the articles of each cluster. Out: MEMBER rows, which say of every article what its cluster and canonical are and
how it relates to that: ``canonical``, ``exact`` (same words) or ``near``.

Rule guarded here: the choice is a total order on the members, so that it depends on nothing else.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from dedup.articles.published import in_order
from dedup.errors import ParameterError
from dedup.schema import MEMBER

#: What members may be ordered by.
CRITERIA: Final = ("preferred", "earliest", "longest", "arrival")


@dataclass(frozen=True)
class Policy:
    """In which order the canonical article is looked for.

    Parameters
    ----------
    order : tuple of str
        Criteria, the first that tells two members apart decides: ``preferred`` (by the place of their source in
        ``preferred_sources``), ``earliest`` (publication; unknown last), ``longest`` (words), ``arrival``. Arrival and
        ``doc_id`` settle what is left.
    preferred_sources : tuple of str
        Best first.
    """

    order: tuple[str, ...] = ("preferred", "earliest", "longest", "arrival")
    preferred_sources: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not set(self.order) <= set(CRITERIA):
            allowed, got = ", ".join(CRITERIA), ", ".join(self.order)
            raise ParameterError(f"Policy: order must be made of {allowed}. Got {got}.")

    def key(self, article: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return what ``article`` is sorted by; the least member is the canonical one.

        Parameters
        ----------
        article : mapping
            ``doc_id``, ``arrival``, ``source``, ``published``, ``n_words``.
        """
        places = {source.casefold(): place for place, source in enumerate(self.preferred_sources)}
        value = {
            "preferred": places.get((article["source"] or "").casefold(), len(places)),
            "earliest": in_order(article["published"] or ""),
            "longest": -(article["n_words"] or 0),
            "arrival": article["arrival"],
        }
        return (*(value[name] for name in self.order), article["arrival"], article["doc_id"])


def members(articles: pa.Table, clusters: Mapping[str, str], policy: Policy = Policy()) -> pa.Table:
    """Return the MEMBER row of every article.

    Parameters
    ----------
    articles : pyarrow.Table
        Columns ``doc_id``, ``arrival``, ``source``, ``published``, ``n_words`` and ``text_digest``.
    clusters : mapping of str to str
        ``doc_id`` to ``cluster_id``, as ``component.cluster_ids`` gives it.
    policy : Policy
        How the canonical article is chosen.

    Returns
    -------
    pyarrow.Table
        Schema ``MEMBER``, one row per article, sorted by ``doc_id``.
    """
    columns = ["doc_id", "arrival", "source", "published", "n_words", "text_digest"]
    articles = articles.select(columns).sort_by("doc_id")
    doc_ids = articles["doc_id"].to_pylist()
    named = [clusters[doc_id] for doc_id in doc_ids]
    canonical, relations = list(doc_ids), ["canonical"] * len(doc_ids)
    # Most articles stand for themselves alone; only the others are looked at.
    sizes = Counter(named)
    places = [place for place, cluster_id in enumerate(named) if sizes[cluster_id] > 1]
    rows = articles.take(pa.array(places, pa.int64())).to_pylist()
    first: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=policy.key):
        first.setdefault(clusters[row["doc_id"]], row)
    for place, row in zip(places, rows, strict=True):
        best = first[named[place]]
        canonical[place] = best["doc_id"]
        if row is not best:
            relations[place] = "exact" if row["text_digest"] == best["text_digest"] else "near"
    return pa.table([doc_ids, named, canonical, relations], schema=MEMBER)
