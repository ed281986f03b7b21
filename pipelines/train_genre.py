"""Fitting of the genre model on labelled pages.

In: gold pages (JSONL ``id,html,type``, with ``url`` where it is known), gzipped or not; a page without a ``type`` is an
article. Out: the model as plain JSON, with the digest of what it was made from and what it loses and catches by
cross-validation over hosts.

Rules guarded here: the same gold gives the same file; a page is never judged by a model that saw its host; no weight has
a sign that its feature must not have.
"""

import json
import math
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dedup.articles.genre import AGAINST, FEATURES, FIRST, features, from_table, read
from dedup.articles.host import host_of
from dedup.articles.markup import parse
from dedup.articles.outline import lines_of
from dedup.errors import InputError
from pipelines.gold import Row, digest_of, of_format, read_gold
from pipelines.report import check_output, whole_file

Vector = NDArray[np.float64]

_ARTICLE: Final = "article"
_WEIGHTS: Final = {"article": 1.0, "listing": 3.0, "collection": 3.0, "product": 1.0, "documentation": 0.0}
"""How much a page counts in the fit. Documentation reads like articles, and is left to be one."""
_OTHER: Final = 0.3
"""How much a page of any other type counts."""
_STRENGTH: Final = 0.01
"""Inverse of the penalty on squared weights; a hundred features' worth of freedom for fifty lists would fit the lists."""
_LOST: Final = 0.01
"""Share of the articles of any one gold file that may be lost."""
_NEVER: Final = -99.0
"""Log odds that no page has."""
_FARTHEST: Final = 5.0
"""Log odds between which the threshold is."""
_ENOUGH: Final = 50
"""A gold file of fewer articles does not set the threshold."""


@dataclass(frozen=True)
class Example:
    """One labelled page: the gold file and the host it is of, its type, its features in the order of ``FEATURES``."""

    origin: str
    host: str
    type: str
    values: Vector


def example(row: Row, origin: str) -> Example:
    """Describe a gold page."""
    url = str(row.get("url") or "")
    markup = parse(row["html"])
    page = read(markup, lines_of(markup), url)
    described = features(page)
    host = host_of(page.url) or str(row["id"])
    return Example(
        origin, host, str(row.get("type") or _ARTICLE), np.array([described[name] for name in FEATURES], dtype=float)
    )


def weigh(type_: str) -> float:
    """Return how much a page of a type counts in the fit."""
    return _WEIGHTS.get(type_, _OTHER)


def fit(examples: Sequence[Example]) -> dict[str, Any]:
    """Fit a logistic regression whose weights keep the sign that is known of their features.

    Returns
    -------
    dict
        ``bias``, and per feature ``mean``, ``scale`` and ``weight``; positive log odds speak against an article. By
        ``sure`` every page is looked at to the end; see `model_of`.
    """
    from scipy.optimize import minimize

    used = [e for e in examples if weigh(e.type) > 0]
    matrix = np.vstack([e.values for e in used])
    is_other = np.array([1.0 if e.type != _ARTICLE else -1.0 for e in used])
    count = np.array([weigh(e.type) for e in used])
    mean, scale = matrix.mean(axis=0), matrix.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    standard = (matrix - mean) / scale

    def loss(given: Vector) -> tuple[float, Vector]:
        weight, bias = given[:-1], given[-1]
        margin = is_other * (standard @ weight + bias)
        pull = -is_other * count / (1 + np.exp(np.clip(margin, -50, 50)))
        value = float((count * np.logaddexp(0, -margin)).sum() + (weight**2).sum() / (2 * _STRENGTH))
        return value, np.append(standard.T @ pull + weight / _STRENGTH, pull.sum())

    bounds = [(0.0, None) if name in AGAINST else (None, 0.0) for name in FEATURES]
    found = minimize(loss, np.zeros(len(FEATURES) + 1), jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)]).x
    return {
        "bias": _short(found[-1]),
        "sure": _NEVER,
        "features": {
            name: {"mean": _short(mean[i]), "scale": _short(scale[i]), "weight": _short(found[i])}
            for i, name in enumerate(FEATURES)
        },
    }


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def cross_validate(examples: Sequence[Example], n_folds: int) -> tuple[Vector, Vector]:
    """Return the log odds that each page is no article, by a model that saw no page of its host.

    Returns
    -------
    whole : array of float, shape (n_examples,)
        By all features.
    first : array of float, shape (n_examples,)
        By the features that are looked at first.
    """
    folds = np.array([zlib.crc32(e.host.encode()) % n_folds for e in examples])
    whole = np.full(len(examples), _NEVER)
    first = whole.copy()
    for number in range(n_folds):
        rest = [e for e, fold in zip(examples, folds.tolist(), strict=True) if fold != number]
        held = np.flatnonzero(folds == number).tolist()
        if not held or not _fits(rest):
            continue
        model = from_table(fit(rest))
        for at in held:
            described = dict(zip(FEATURES, examples[at].values.tolist(), strict=True))
            whole[at] = model.against(described)
            first[at] = model.against({name: described[name] for name in FIRST})
    return whole, first


def _fits(examples: Sequence[Example]) -> bool:
    types = {e.type for e in examples if weigh(e.type) > 0}
    return _ARTICLE in types and len(types) > 1


def threshold(examples: Sequence[Example], against: Vector) -> float:
    """Return the log odds above which a page is no article: the lowest at which no gold file loses too many."""
    by_origin: defaultdict[str, list[float]] = defaultdict(list)
    for e, odds in zip(examples, against.tolist(), strict=True):
        if e.type == _ARTICLE:
            by_origin[e.origin].append(odds)
    set_by = [found for found in by_origin.values() if len(found) >= _ENOUGH] or list(by_origin.values())
    # The article of this rank is the first that must stay.
    return max(sorted(found, reverse=True)[math.floor(_LOST * len(found))] for found in set_by)


def table(examples: Sequence[Example], rejected: NDArray[np.bool_]) -> dict[str, dict[str, Any]]:
    """Count what is lost of the articles of each gold file, and caught of each other type."""
    lost: dict[str, list[bool]] = defaultdict(list)
    caught: dict[str, list[bool]] = defaultdict(list)
    for e, hit in zip(examples, rejected.tolist(), strict=True):
        (lost[e.origin] if e.type == _ARTICLE else caught[e.type]).append(hit)
    return {
        name: {key: {"n": len(hits), "share": round(sum(hits) / len(hits), 4)} for key, hits in sorted(group.items())}
        for name, group in (("articles_lost", lost), ("caught", caught))
    }


def train_genre(gold_paths: Sequence[Path], *, n_folds: int = 10) -> dict[str, Any]:
    """Fit the genre model on labelled pages.

    Parameters
    ----------
    gold_paths : sequence of Path
        Gold files of the format ``pages``; rows with a ``type`` other than ``article`` are the other genres.
    n_folds : int
        Folds of the cross-validation, grouped by host, which sets the threshold.

    Returns
    -------
    dict
        The content of ``genre_model.json``.

    Raises
    ------
    InputError
        If there are no articles, or nothing but articles.
    """
    paths = sorted(gold_paths, key=lambda path: path.name)
    read_ = (
        example(row, path.name.split(".")[0]) for path in paths for row in of_format(list(read_gold(path)), "genres")
    )
    examples = [one for one in read_ if one is not None]
    return model_of(examples, {path.name: digest_of(path) for path in paths}, n_folds)


def model_of(examples: Sequence[Example], gold: Mapping[str, str], n_folds: int) -> dict[str, Any]:
    """Fit and cross-validate; see `train_genre`."""
    if not _fits(examples):
        raise InputError(
            "train: the genre model needs gold pages with html of both kinds: articles, and pages with another 'type'."
        )
    whole, first = cross_validate(examples, n_folds)
    least = min(max(threshold(examples, whole), -_FARTHEST), _FARTHEST)
    rejected = whole > least
    others = [e.type != _ARTICLE for e in examples]
    # No page that is rejected and rightly so is sure to be an article by its first features.
    sure = min((first - least)[rejected & others].tolist(), default=_NEVER)
    fitted = fit(examples)
    # What is a half in the end is what was the threshold in the folds.
    fitted["bias"] = _short(fitted["bias"] - least)
    fitted["sure"] = math.floor(100 * sure) / 100
    is_sure = first - least < sure
    articles = ~np.array(others)
    return {
        "about": "Logistic regression over features of a page; positive log odds speak against an article.",
        "gold": dict(gold),
        "by_cross_validation": table(examples, rejected & ~is_sure),
        "sure_articles": round(float(is_sure[articles].mean()), 4),
        **fitted,
    }


def as_text(model: Mapping[str, Any]) -> str:
    """Return a model as JSON, a field or a feature a line."""
    rows = [f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in model["features"].items()]
    fields = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in model.items() if key != "features"]
    features_ = ' "features": {\n' + ",\n".join(rows) + "\n }"
    return "{\n" + ",\n".join([*fields, features_]) + "\n}\n"


def run(gold: Sequence[str], output: Path) -> str:
    """Do ``dedup train genre``: write the model, and return the line that sums it up."""
    check_output(output)
    model = train_genre([Path(path) for path in gold])
    with whole_file(output) as file:
        file.write(as_text(model))
    shares = "; ".join(
        f"{name.replace('_', ' ')} "
        + ", ".join(f"{key} {one['share']:.3f} of {one['n']:,}" for key, one in group.items())
        for name, group in model["by_cross_validation"].items()
    )
    return f"By cross-validation over hosts: {shares}. The model is in {output}; name it as [extract] genre."
