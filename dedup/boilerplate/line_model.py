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

#: As many leaves as a number has bits.
_LEAVES: Final = 64
_ALL: Final = (1 << _LEAVES) - 1


@dataclass(frozen=True, eq=False)
class LineModel:
    """Boosted trees of one depth, as sets of leaves.

    Attributes
    ----------
    feature, threshold, leaves : ndarray, shape (n_nodes,)
        Of each node that parts leaves of different values, those of a tree together: which feature it asks for, int64; where its value
        exceeds the threshold, float64, the leaves remain that have a bit in ``leaves``, uint64, the others else.
    ends : ndarray of int64, shape (n_trees,)
        Where the nodes of each tree end.
    value : ndarray of float64, shape (n_trees, n_leaves)
        What a leaf adds to the log odds; a row falls in the first that remains.
    bias : float
        Log odds before any tree.
    languages : frozenset of str
        Of the pages it was fitted on; none where it does not matter.
    """

    feature: NDArray[np.int64]
    threshold: Matrix
    leaves: NDArray[np.uint64]
    ends: NDArray[np.int64]
    value: Matrix
    bias: float
    languages: frozenset[str] = frozenset()

    def predict(self, matrix: Matrix, bonus: Matrix | float = 0.0) -> Matrix:
        """Return the probability of ``keep`` for each row of ``matrix``, shape (n_lines,), in [0, 1].

        ``bonus`` is added to the log odds.
        """
        from dedup import line_kernels

        log_odds = np.full(len(matrix), self.bias) + bonus
        columns = np.ascontiguousarray(matrix.T, dtype=np.float64)
        line_kernels.add_trees(columns, self.feature, self.threshold, self.leaves, self.ends, self.value, log_odds)
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
    # The loop that reads them looks at no bound, and has a bit for each leaf.
    is_complete = (n_inner + 1).bit_count() == 1 and value.shape == (n_trees, n_inner + 1) and 0 < n_inner < _LEAVES
    if not is_complete or threshold.shape != feature.shape or not ((feature >= 0) & (feature < len(columns))).all():
        raise ValueError("line model: its trees are damaged. Train it again.")
    languages = frozenset(table.get("languages", ()))
    parts, leaves = _parted(value)
    return LineModel(
        columns[feature[parts]],
        threshold[parts],
        np.broadcast_to(leaves, parts.shape)[parts],
        np.cumsum(np.count_nonzero(parts, axis=1)),
        value,
        float(table["bias"]),
        languages,
    )


def _parted(value: Matrix) -> tuple[NDArray[np.bool_], NDArray[np.uint64]]:
    """Tell of the nodes of complete trees, in heap order, which part leaves of different values, and which leaves the way to the right leaves out.

    Returns
    -------
    parts : ndarray of bool, shape (n_trees, n_leaves - 1)
    leaves : ndarray of uint64, shape (n_leaves - 1,)
        A bit for each leaf that is not to the left below the node.
    """
    n_trees, n_leaves = value.shape
    parts, leaves = [], []
    width = n_leaves
    while width > 1:
        below = value.reshape(n_trees, -1, width)
        parts.append(below.min(axis=2) != below.max(axis=2))
        leaves += [~(((1 << width // 2) - 1) << first) & _ALL for first in range(0, n_leaves, width)]
        width //= 2
    return np.concatenate(parts, axis=1), np.array(leaves, dtype=np.uint64)
