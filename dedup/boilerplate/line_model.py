"""The line model: boosted trees that weigh the features of a line.

In: a matrix of features. Out: how probable it is that each line belongs to the article. The trees ship as readable
JSON (``data/line_model.json``), fitted by ``pipelines/train.py``; no pickle is read.

Rule guarded here: a model that uses what this version does not compute, or that is damaged, is refused, not misread.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dedup.boilerplate.features import FEATURES, HTML_FEATURES, Matrix
from dedup.tables import load_json

#: Kinds of text that have a line model of their own.
MODELS: Final = ("page", "article", "html", "fast", "resiliparse")

#: Those of lines with a layout: with what both extractors kept, with what neither did, and with what resiliparse alone did.
OF_HTML: Final = ("html", "fast", "resiliparse")


@dataclass(frozen=True, eq=False)
class LineModel:
    """Boosted trees, padded to complete binary trees of one depth.

    ``feature`` and ``threshold`` have shape (n_trees, 2**depth - 1), ``value`` (n_trees, 2**depth): from node ``i`` the
    way goes to ``2 i + 1`` if the feature is at most the threshold, else to ``2 i + 2``. ``languages``: of the pages it was fitted
    on; none where it does not matter.
    """

    feature: NDArray[np.intp]
    threshold: Matrix
    value: Matrix
    bias: float
    languages: frozenset[str] = frozenset()

    def predict(self, matrix: Matrix, bonus: Matrix | float = 0.0) -> Matrix:
        """Return the probability of ``keep`` for each row of ``matrix``, shape (n_lines,), in [0, 1].

        ``bonus`` is added to the log odds.
        """
        from dedup import line_kernels

        log_odds = np.full(len(matrix), self.bias) + bonus
        line_kernels.add_trees(
            np.ascontiguousarray(matrix.T, dtype=np.float64), self.feature, self.threshold, self.value, log_odds
        )
        keep: Matrix = 1 / (1 + np.exp(-log_odds))
        return keep


@lru_cache(maxsize=8)
def line_model(kind: str, text: str = "") -> LineModel:
    """Return the model for texts of ``kind``: one of `MODELS`.

    Parameters
    ----------
    kind : str
        What the text is.
    text : str
        A model as JSON, as `dedup train boilerplate` writes it; empty for the one that ships with the package.

    Raises
    ------
    ValueError
        If the model describes lines by other features than this version computes.
    """
    table = json.loads(text) if text else load_json("line_model.json")
    return from_table(table["models"][kind], HTML_FEATURES if kind in OF_HTML else FEATURES)


def from_table(table: Mapping[str, Any], names: Sequence[str]) -> LineModel:
    """Build a model from its plain form; see ``pipelines/train.py``.

    Its features may be some of ``names``, in any order. Where there are ``feed_trees``, which speak of lines in feeds alone,
    they add to the others.
    """
    places = {name: place for place, name in enumerate(names)}
    if not places.keys() >= set(table["features"]):
        raise ValueError("line model: its features are none that this version computes. Train it again.")
    columns = np.array([places[name] for name in table["features"]], dtype=np.intp)
    trees = [*table["trees"], *table.get("feed_trees", ())]
    try:
        feature = np.array([tree["feature"] for tree in trees], dtype=np.intp)
        threshold = np.array([tree["threshold"] for tree in trees], dtype=np.float64)
        value = np.array([tree["value"] for tree in trees], dtype=np.float64)
        n_trees, n_inner = feature.shape
    except ValueError as error:
        raise ValueError("line model: its trees are not all of one size. Train it again.") from error
    # The loop that walks them looks at no bound.
    is_complete = (n_inner + 1).bit_count() == 1 and value.shape == (n_trees, n_inner + 1)
    if not is_complete or threshold.shape != feature.shape or not ((feature >= 0) & (feature < len(columns))).all():
        raise ValueError("line model: its trees are damaged. Train it again.")
    languages = frozenset(table.get("languages", ()))
    return LineModel(columns[feature], threshold, value, float(table["bias"]), languages)
