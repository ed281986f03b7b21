"""Near duplicates and events as scikit-learn estimators: texts in, a label for each out.

In: a list of clean texts, and what else is known of them. Out: fitted attributes, by which texts can be grouped and one
of each group be kept.

Rule guarded here: they are ``dedup.find_duplicates`` and ``dedup.group_events`` under other names: same flow, same clusters,
same events; and only this file knows scikit-learn, which is loaded when an estimator is first asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClusterMixin

from dedup.api import arrange
from dedup.duplicates.component import JOINING
from dedup.duplicates.relation import RELATIONS
from dedup.errors import ParameterError, SchemaError
from dedup.flow import Flow, Inline, Unwatched


class _Texts(ClusterMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """What estimators of texts have in common: what they take, and how they number what they found."""

    flow: Flow | None

    def _arranged(self, given: Any, known: Mapping[str, Iterable[str | None] | None]) -> tuple[int, pa.Table]:
        """Check what is fitted; return the number of texts, and the ARTICLE table of those with words, ids being places."""
        name = type(self).__name__
        texts = _strings(given, name)
        if self.flow is not None and not isinstance(self.flow, Flow):
            raise ParameterError(f"{name}: flow must be a Flow or None. Got {self.flow!r}.")
        columns = {column: list(values) for column, values in known.items() if values is not None}
        for column, values in columns.items():
            if len(values) != len(texts):
                raise ParameterError(f"{name}: {column} must be as long as X ({len(texts)}). Got {len(values)}.")
        articles: list[dict[str, str | None]] = [
            {"id": f"{place:012d}", "text": text, **{column: values[place] for column, values in columns.items()}}
            for place, text in enumerate(texts)
            if text.strip()
        ]
        return len(texts), arrange(articles)

    def __sklearn_tags__(self) -> Any:
        """Say that it takes texts, not numbers."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.no_validation = True
        return tags


class NearDuplicates(_Texts):
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
        known_relations = isinstance(self.relations, Iterable) and set(self.relations) <= set(RELATIONS)
        n_texts, articles = self._arranged(X, {"title": titles, "published": published, "source": sources})
        if not known_relations or not self.relations:
            allowed = ", ".join(RELATIONS)
            raise ParameterError(f"NearDuplicates: relations must be among {allowed}. Got {self.relations!r}.")
        wanted = tuple(name for name in RELATIONS if name in {*self.relations, *JOINING})
        found = (self.flow or Flow()).match(Inline(), articles, Unwatched(), wanted)
        self.cluster_ids_ = _founders(found.members, "cluster_id", n_texts)
        self.labels_ = _numbered(self.cluster_ids_)
        self.canonical_ = np.unique(_founders(found.members, "canonical_id", n_texts))
        self.matches_ = _placed(found.matches, self.relations)
        return self


class EventClustering(_Texts):
    """Events: groups of texts that report one happening.

    There is no number of events to choose, and no training: texts that were not fitted have no label.

    Parameters
    ----------
    flow : Flow, optional
        The stages with other parameters than their defaults; ``flow.grouping`` says how alike the texts of an event are.

    Attributes
    ----------
    labels_ : ndarray of int64, shape (n_texts,)
        Event of each text, numbered from 0 in the order in which they appear. A text of its own has an event of its own.
    event_ids_ : ndarray of int64, shape (n_texts,)
        For each text the place of the one that founded its event, the first to be published.
    storylines_ : ndarray of int64, shape (n_texts,)
        Storyline of each text, numbered likewise; an event is of one storyline.
    similarity_ : ndarray of float64, shape (n_texts,)
        Mean similarity of each text to the others of its event, in [0, 1]; 1 where there is none.

    Examples
    --------
    >>> texts = [
    ...     "A storm flooded the harbour of Port Lumen overnight and left 40 people without homes.",
    ...     "Rye loaf wins the national bread prize.",
    ...     "Port Lumen counts the damage: 40 people lost their homes when a storm flooded its harbour.",
    ... ]
    >>> EventClustering().fit_predict(texts, published=["2026-03-02", "2026-03-02", "2026-03-03"]).tolist()
    [0, 1, 0]
    """

    def __init__(self, flow: Flow | None = None) -> None:
        self.flow = flow

    def fit(
        self,
        X: Iterable[str],  # noqa: N803 - scikit-learn's name
        y: Any = None,  # noqa: ARG002 - pipelines give it
        *,
        titles: Iterable[str | None] | None = None,
        published: Iterable[str | None] | None = None,
        sources: Iterable[str | None] | None = None,
    ) -> "EventClustering":
        """Find the events of some texts.

        Parameters
        ----------
        X : iterable of str, length n_texts
            Clean texts; one without words is an event of its own.
        y : None
            Not used.
        titles, published, sources : iterable of str or None, length n_texts, optional
            Headline, date (ISO 8601) and outlet of each. Dates help much: what actors do again is told by its day.

        Returns
        -------
        EventClustering
            Itself.

        Raises
        ------
        SchemaError
            If ``X`` is no iterable of str.
        ParameterError
            If something is not as long as ``X``, or ``flow`` is no Flow.
        """
        n_texts, articles = self._arranged(X, {"title": titles, "published": published, "source": sources})
        flow, watch = self.flow or Flow(), Unwatched()
        assigned = flow.group(articles, flow.match(Inline(), articles, watch), watch).assignments
        self.event_ids_ = _founders(assigned, "event_id", n_texts)
        self.labels_ = _numbered(self.event_ids_)
        self.storylines_ = _numbered(_founders(assigned, "storyline_id", n_texts))
        self.similarity_ = np.ones(n_texts)
        self.similarity_[_places(assigned["doc_id"])] = assigned["similarity"].to_numpy()
        return self


def _places(ids: pa.ChunkedArray) -> NDArray[np.int64]:
    return np.array([int(one) for one in ids.to_pylist()], dtype=np.int64)


def _founders(rows: pa.Table, column: str, n_texts: int) -> NDArray[np.int64]:
    """Return for each text the place that a column of ids names; its own where there is no row."""
    found = np.arange(n_texts)
    found[_places(rows["doc_id"])] = _places(rows[column])
    return found


def _numbered(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give labels numbers from 0, in the order in which they appear."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].astype(np.int64)


def _strings(given: Any, name: str) -> list[str]:
    is_flat = getattr(given, "ndim", 1) == 1
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable) or not is_flat:
        raise SchemaError(f"{name}: X must be an iterable of str. Got {type(given).__name__}.")
    texts: list[Any] = given.tolist() if isinstance(given, np.ndarray) else list(given)
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise SchemaError(f"{name}: X must hold str alone. Number {place + 1} is {type(text).__name__}.")
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
