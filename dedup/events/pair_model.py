"""The pair model: what users' own labels say of how much each kind of likeness counts; in place of ``Mix`` where it is asked for.

In: the text of a model file, as ``dedup train events`` writes it. Out: the similarity of pairs by their features.

Rule guarded here: a model is its numbers alone, readable JSON; one that lacks a feature, or has another, is of another version.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from dedup.events.vector import FEATURES, Floats

_NEAR_DAYS = 7.0


@dataclass(frozen=True, eq=False)
class PairModel:
    """A logistic regression over the features of pairs.

    Parameters
    ----------
    bias : float
        Log odds of a pair of which all features are 0.
    weights : ndarray of float64, shape (n_features,)
        By how much each feature, as `described` gives it, raises the log odds.
    """

    bias: float
    weights: Floats

    def __call__(self, found: Floats) -> Floats:
        """Return how alike pairs are.

        Parameters
        ----------
        found : ndarray of float64, shape (n_pairs, n_features)
            As `dedup.events.vector.features` gives them.

        Returns
        -------
        ndarray of float64, shape (n_pairs,)
            In [0, 1].
        """
        odds = np.full(len(found), self.bias)
        for column, weight in zip(described(found).T, self.weights.tolist(), strict=True):
            odds += weight * column
        return np.asarray(1 / (1 + np.exp(-np.clip(odds, -50, 50))))


def described(found: Floats) -> Floats:
    """Return features as the model reads them: all in [0, 1], days apart as how near they are.

    Parameters
    ----------
    found : ndarray of float64, shape (n_pairs, n_features)
        As `dedup.events.vector.features` gives them.
    """
    made = found.copy()
    made[:, -1] = np.exp(-0.5 * (found[:, -1] / _NEAR_DAYS) ** 2)
    return made


def from_table(table: Mapping[str, Any]) -> PairModel:
    """Read a model.

    Raises
    ------
    ValueError
        If it has not the features of this version.
    """
    if tuple(table["features"]) != FEATURES:
        raise ValueError(f"the features must be {', '.join(FEATURES)}")
    return PairModel(float(table["bias"]), np.array([float(table["features"][name]) for name in FEATURES]))


@lru_cache(maxsize=4)
def pair_model(text: str) -> PairModel:
    """Read the text of a model file; see `from_table`."""
    return from_table(json.loads(text))
