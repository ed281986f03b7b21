"""The canonical article of a cluster: the one that stands for all of them.

In: the articles of each cluster. Out: MEMBER rows, which say of every article what its cluster and canonical are and
how it relates to that: ``canonical``, ``exact`` (same words) or ``near``.

Rule guarded here: the choice is a total order on the members, so that it depends on nothing else.
"""

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
    rows = articles.select(columns).to_pylist()
    canonical: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=policy.key):
        canonical.setdefault(clusters[row["doc_id"]], row)
    made = []
    for row in sorted(rows, key=lambda row: row["doc_id"]):
        cluster_id = clusters[row["doc_id"]]
        first = canonical[cluster_id]
        same = row["text_digest"] == first["text_digest"]
        relation = "canonical" if row is first else "exact" if same else "near"
        made.append((row["doc_id"], cluster_id, first["doc_id"], relation))
    return pa.table(list(map(list, zip(*made, strict=True))) or [[]] * len(MEMBER), schema=MEMBER)
