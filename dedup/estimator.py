"""Near duplicates as a scikit-learn estimator: texts in, a cluster label for each out.

In: a list of clean texts, and what else is known of them. Out: fitted attributes, by which texts can be grouped and one
of each group be kept.

Rule guarded here: it is ``dedup.find_duplicates`` under other names: same flow, same clusters; and only this file knows
scikit-learn, which is loaded when the estimator is first asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from sklearn.base import BaseEstimator, ClusterMixin

from dedup.api import arrange
from dedup.duplicates.component import JOINING
from dedup.duplicates.relation import RELATIONS
from dedup.errors import ParameterError, SchemaError
from dedup.flow import Flow, Inline, Unwatched


class NearDuplicates(ClusterMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Clusters of texts that are one text: the same words, or lightly edited, trimmed or updated.

    Every pair is found by its keys and then compared exactly; only verified pairs are joined. There is no number of
    clusters to choose, and no training: texts that were not fitted have no label.

    Parameters
    ----------
    relations : tuple of {"exact", "near", "partial", "overlap"}
        Which matches to list in ``matches_``. Clusters are always made of ``exact`` and ``near``; no work is done for
        relations that are not listed.
    flow : Flow, optional
        The stages with other parameters than their defaults.

    Attributes
    ----------
    labels_ : ndarray of int64, shape (n_texts,)
        Cluster of each text, numbered from 0 in the order in which they appear. A text of its own has a cluster of its own.
    cluster_ids_ : ndarray of int64, shape (n_texts,)
        For each text the place of the one that founded its cluster, the first to be published.
    canonical_ : ndarray of int64, shape (n_clusters,)
        The places of the texts to keep, one for each cluster, ascending.
    matches_ : pyarrow.Table
        The columns of ``duplicates.csv``, ids being places in what was fitted (int64).

    Examples
    --------
    >>> text = "The ferry to the island sails again on Monday after eleven days in dock, the operator said."
    >>> NearDuplicates().fit_predict([text, "Rye loaf wins the national bread prize.", text.upper()]).tolist()
    [0, 1, 0]
    """

    def __init__(self, relations: tuple[str, ...] = JOINING, flow: Flow | None = None) -> None:
        self.relations = relations
        self.flow = flow

    def fit(
        self,
        X: Iterable[str],  # noqa: N803 - scikit-learn's name
        y: Any = None,  # noqa: ARG002 - pipelines give it
        *,
        titles: Iterable[str | None] | None = None,
        published: Iterable[str | None] | None = None,
        sources: Iterable[str | None] | None = None,
    ) -> "NearDuplicates":
        """Find the clusters of some texts.

        Parameters
        ----------
        X : iterable of str, length n_texts
            Clean texts; one without words is like no other.
        y : None
            Not used.
        titles, published, sources : iterable of str or None, length n_texts, optional
            Headline, date (ISO 8601) and outlet of each, by which forms and standing text of one outlet are told from copies.

        Returns
        -------
        NearDuplicates
            Itself.

        Raises
        ------
        SchemaError
            If ``X`` is no iterable of str.
        ParameterError
            If a relation is not known, or something is not as long as ``X``.
        """
        texts = _strings(X)
        known_relations = isinstance(self.relations, Iterable) and set(self.relations) <= set(RELATIONS)
        if not known_relations or not self.relations:
            allowed = ", ".join(RELATIONS)
            raise ParameterError(f"NearDuplicates: relations must be among {allowed}. Got {self.relations!r}.")
        if self.flow is not None and not isinstance(self.flow, Flow):
            raise ParameterError(f"NearDuplicates: flow must be a Flow or None. Got {self.flow!r}.")
        known = {"title": titles, "published": published, "source": sources}
        columns = {name: list(values) for name, values in known.items() if values is not None}
        for name, values in columns.items():
            if len(values) != len(texts):
                raise ParameterError(f"NearDuplicates: {name} must be as long as X ({len(texts)}). Got {len(values)}.")
        articles: list[dict[str, str | None]] = [
            {"id": f"{place:012d}", "text": text, **{name: values[place] for name, values in columns.items()}}
            for place, text in enumerate(texts)
            if text.strip()
        ]
        wanted = tuple(name for name in RELATIONS if name in {*self.relations, *JOINING})
        found = (self.flow or Flow()).match(Inline(), arrange(articles), Unwatched(), wanted)
        self.cluster_ids_, canonical = np.arange(len(texts)), np.arange(len(texts))
        for row in found.members.to_pylist():
            self.cluster_ids_[int(row["doc_id"])] = int(row["cluster_id"])
            canonical[int(row["doc_id"])] = int(row["canonical_id"])
        _, first, inverse = np.unique(self.cluster_ids_, return_index=True, return_inverse=True)
        self.labels_ = np.argsort(np.argsort(first))[inverse].astype(np.int64)
        self.canonical_ = np.unique(canonical)
        self.matches_ = _placed(found.matches, self.relations)
        return self

    def __sklearn_tags__(self) -> Any:
        """Say that it takes texts, not numbers."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.no_validation = True
        return tags


def _strings(given: Any) -> list[str]:
    is_flat = getattr(given, "ndim", 1) == 1
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable) or not is_flat:
        raise SchemaError(f"NearDuplicates: X must be an iterable of str. Got {type(given).__name__}.")
    texts: list[Any] = given.tolist() if isinstance(given, np.ndarray) else list(given)
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise SchemaError(f"NearDuplicates: X must hold str alone. Number {place + 1} is {type(text).__name__}.")
    return texts


def _placed(matches: pa.Table, relations: Sequence[str]) -> pa.Table:
    """Keep the matches asked for, with places for ids."""
    rows = [row for row in matches.to_pylist() if row["relation"] in relations]
    schema = matches.schema
    for name in ("left_id", "right_id"):
        schema = schema.set(schema.get_field_index(name), pa.field(name, pa.int64()))
    return pa.Table.from_pylist(
        [row | {"left_id": int(row["left_id"]), "right_id": int(row["right_id"])} for row in rows], schema=schema
    )
