"""Fitting of the pair model on articles with the events that they are of.

In: gold in the format ``events`` (JSONL ``id,text,event``), gzipped or not. Out: the model as plain JSON, with the digest of what it
was made from, its score by cross-validation over events, and that of the default on the same folds.

Rules guarded here: the same gold gives the same file; articles are never grouped by a model that saw their event.
"""

import json
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dedup.api import arrange
from dedup.articles.terms import background
from dedup.candidates.window import ordinals
from dedup.errors import InputError
from dedup.events.assign import Grouping, group, windows
from dedup.events.counts import Counts
from dedup.events.pair_model import described
from dedup.events.vector import FEATURES, Floats, candidate_pairs, features, vectorise
from dedup.flow import Flow, Inline, Matched, Unwatched
from dedup.schema import TERMS
from pipelines.gold import digest_of, of_format, read_gold
from pipelines.report import check_output, whole_file
from pipelines.scores import bcubed

_LEAST_EVENTS: Final = 5
"""Events of two articles or more without which nothing is fitted."""
_SHIFTS: Final = tuple(np.arange(-4.0, 2.5, 0.5).tolist())
"""What may be added to the log odds, so that the bars of the grouping stand where they are of use."""


@dataclass(frozen=True)
class Labelled:
    """Labelled articles: relation ARTICLE, what matching found among them, and the event of each by its id."""

    articles: pa.Table
    matched: Matched
    event: Mapping[str, str]

    def only(self, wanted: NDArray[np.bool_]) -> "Labelled":
        """Return some of them; ``wanted`` is of shape (n_articles,)."""
        articles = self.articles.filter(pa.array(wanted))
        found = self.matched
        kept = [one.filter(pc.is_in(one["doc_id"], articles["doc_id"])) for one in (found.terms, found.members)]
        matched = Matched(found.signatures, kept[0], found.matches, kept[1], found.merges, found.candidates)
        return Labelled(articles, matched, self.event)

    def pairs(self) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the features of the pairs that grouping would look at, and which are of one event; copies count once.

        Returns
        -------
        ndarray of float64, shape (n_pairs, n_features), ndarray of bool, shape (n_pairs,)
            As `described` gives them.
        """
        cluster = dict(zip(*(self.matched.members[name].to_pylist() for name in ("doc_id", "cluster_id")), strict=True))
        first: dict[str, int] = {}
        for place, doc_id in enumerate(self.articles["doc_id"].to_pylist()):
            first.setdefault(cluster.get(doc_id, doc_id), place)
        heads = self.articles.take(pa.array(list(first.values()), pa.int64()))
        terms = self.matched.terms.take(pc.index_in(heads["doc_id"], self.matched.terms["doc_id"].combine_chunks()))
        published = ordinals(heads["published"])
        nothing = Counts.of_terms(TERMS.empty_table())
        vectors = vectorise(terms.combine_chunks(), published, background(), nothing, windows(published))
        left, right = candidate_pairs(vectors)
        event = np.array([self.event[doc_id] for doc_id in heads["doc_id"].to_pylist()], dtype=object)
        return described(features(vectors, left, right)), event[left] == event[right]

    def score(self, grouping: Grouping) -> float:
        """Return the B-cubed F1 of the events that a grouping makes of them."""
        found = self.matched
        made = group(found.terms, self.articles, found.members, found.matches, grouping).assignments
        ids = made["doc_id"].to_pylist()
        return bcubed([self.event[doc_id] for doc_id in ids], made["event_id"].to_pylist()).f1


def fit(labelled: Labelled) -> dict[str, Any] | None:
    """Fit a model: weights on the pairs, then the shift of all log odds by which the articles are best grouped.

    Returns
    -------
    dict or None
        ``bias`` and, by name, ``features``; None if the pairs are all of one event each, or none is.
    """
    from sklearn.linear_model import LogisticRegression

    found, same = labelled.pairs()
    if same.all() or not same.any():
        return None
    fitted = LogisticRegression(max_iter=1000).fit(found, same)
    weights = {name: _short(one) for name, one in zip(FEATURES, fitted.coef_[0].tolist(), strict=True)}
    models = [{"bias": _short(float(fitted.intercept_[0]) + shift), "features": weights} for shift in _SHIFTS]
    scores = [labelled.score(Grouping(model=json.dumps(model))) for model in models]
    # Of several that are best, the one in their middle.
    best = np.flatnonzero(np.isclose(scores, max(scores)))
    return models[int(best[len(best) // 2])]


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def cross_validate(labelled: Labelled, n_folds: int) -> dict[str, float]:
    """Return the mean B-cubed F1, over articles, of folds grouped by models that saw none of their events; and the default's.

    An event is of one fold, by its name.
    """
    events = [labelled.event[doc_id] for doc_id in labelled.articles["doc_id"].to_pylist()]
    folds = np.array([zlib.crc32(event.encode()) % n_folds for event in events])
    scores, counts = [], []
    for number in sorted(set(folds.tolist())):
        model = fit(labelled.only(folds != number))
        if model:
            held = labelled.only(folds == number)
            scores.append((held.score(Grouping(model=json.dumps(model))), held.score(Grouping())))
            counts.append(held.articles.num_rows)
    if not scores:
        raise InputError("train: no part of the gold is enough to fit the pair model on. Label more events.")
    mean = np.average(np.array(scores), axis=0, weights=counts).round(4).tolist()
    return dict(zip(("model", "default"), mean, strict=True))


def train_events(gold_paths: Sequence[Path], *, n_folds: int = 5) -> dict[str, Any]:
    """Fit the pair model on labelled articles.

    Parameters
    ----------
    gold_paths : sequence of Path
        Gold files of the format ``events``; an event is that of its file.
    n_folds : int
        Folds of the cross-validation, over events.

    Returns
    -------
    dict
        The content of the model file.

    Raises
    ------
    InputError
        If there are too few events of two articles or more, or no two articles of different events that are at all alike.
    """
    paths = sorted(gold_paths, key=lambda path: path.name)
    rows = [
        row | {"id": str(row["id"]), "event": f"{path.name} {row['event']}"}
        for path in paths
        for row in of_format(list(read_gold(path)), "events")
    ]
    event = {row["id"]: row["event"] for row in rows}
    n_events = sum(n > 1 for n in Counter(event.values()).values())
    if n_events < _LEAST_EVENTS:
        raise InputError(
            f"train: the pair model needs at least {_LEAST_EVENTS} events of two articles or more. Got {n_events}."
        )
    articles = arrange([{name: value for name, value in row.items() if name != "event"} for row in rows])
    labelled = Labelled(articles, Flow().match(Inline(), articles, Unwatched()), event)
    fitted = fit(labelled)
    if fitted is None:
        raise InputError("train: the pair model needs articles of one event, and of different ones, that are alike.")
    return {
        "about": "Logistic regression over features of pairs of articles; positive weights speak for one event.",
        "gold": {path.name: digest_of(path) for path in paths},
        "n_articles": len(event),
        "n_events": n_events,
        "bcubed_f1_by_cross_validation": cross_validate(labelled, n_folds),
        **fitted,
    }


def run(gold: Sequence[str], output: Path) -> str:
    """Do ``dedup train events``: write the model, and return the line that sums it up."""
    check_output(output)
    model = train_events([Path(path) for path in gold])
    with whole_file(output) as file:
        file.write(json.dumps(model, indent=1) + "\n")
    scores = model["bcubed_f1_by_cross_validation"]
    return (
        f"B-cubed F1 by cross-validation over events: {scores['model']:.3f}, the default {scores['default']:.3f}. "
        f"The model is in {output}; name it as [grouping] model."
    )
