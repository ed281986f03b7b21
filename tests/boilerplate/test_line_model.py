"""The trees of the line model."""

import numpy as np
import pytest

from dedup.articles.outline import LAYOUT
from dedup.articles.reading import read
from dedup.boilerplate.features import FEATURES, HTML_FEATURES, features, html_features
from dedup.boilerplate.line_model import MODELS, OF_HTML, LineModel, from_table, line_model
from dedup.tables import load_json


def test_each_kind_of_text_has_a_model_of_its_own() -> None:
    models = [line_model(kind) for kind in MODELS]
    assert len({model.value.tobytes() for model in models}) == len(MODELS)
    with pytest.raises(KeyError):
        line_model("clean")


def test_trees_are_walked_by_heap_order() -> None:
    tree = {"feature": [0, 1, 1], "threshold": [0.5, 0.5, 1.5], "value": [-2.0, -1.0, 1.0, 2.0]}
    model = from_table({"features": FEATURES, "bias": 0.0, "trees": [tree]}, FEATURES)
    matrix = np.zeros((4, len(FEATURES)))
    matrix[:, 0] = [0.5, 0.5, 0.6, 0.6]
    matrix[:, 1] = [0.5, 0.6, 1.5, 1.6]
    assert np.allclose(model.predict(matrix), 1 / (1 + np.exp([2.0, 1.0, -1.0, -2.0])))


def walked(tree: dict[str, list[float]], row: list[float]) -> float:
    """Walk a tree as it is written."""
    node, n_inner = 0, len(tree["feature"])
    while node < n_inner:
        node = 2 * node + (2 if row[int(tree["feature"][node])] > tree["threshold"][node] else 1)
    return tree["value"][node - n_inner]


@pytest.mark.parametrize("depth", [1, 2, 3, 6])
@pytest.mark.parametrize("n_rows", [0, 1, 7, 1100])
def test_leaves_are_those_of_a_walk(depth: int, n_rows: int) -> None:
    rng = np.random.default_rng([depth, n_rows])
    trees = [
        {
            "feature": rng.integers(3, size=2**depth - 1).tolist(),
            "threshold": rng.integers(-2, 3, size=2**depth - 1).astype(float).tolist(),
            # Equal leaves side by side, as where a branch ends early.
            "value": rng.integers(-2, 3, size=2**depth).astype(float).tolist(),
        }
        for _ in range(5)
    ]
    trees.append(trees[0] | {"value": [1.0] * 2**depth})
    model = from_table({"features": ["a", "b", "c"], "bias": 0.0, "trees": trees}, ("a", "b", "c"))
    matrix = rng.integers(-3, 4, size=(n_rows, 3)) / 2
    matrix[::9] = np.nan
    log_odds = np.array([sum(walked(tree, row) for tree in trees) for row in matrix.tolist()])
    assert np.allclose(model.predict(matrix), 1 / (1 + np.exp(-log_odds)))


def test_a_model_of_other_features_is_refused() -> None:
    tree = {"feature": [0], "threshold": [0.5], "value": [-1.0, 1.0]}
    with pytest.raises(ValueError, match="Train it again"):
        from_table({"features": ["length"], "bias": 0.0, "trees": [tree]}, FEATURES)
    with pytest.raises(ValueError, match="Train it again"):
        from_table({"features": FEATURES, "bias": 0.0, "trees": [tree]}, HTML_FEATURES)


def test_a_model_may_use_some_of_the_features_in_any_order() -> None:
    tree = {"feature": [1, 0, 0], "threshold": [0.5, 0.5, 0.5], "value": [-2.0, -1.0, 1.0, 2.0]}
    model = from_table({"features": ["c", "a"], "bias": 0.0, "trees": [tree]}, ("a", "b", "c"))
    found = model.predict(np.array([[0, 9, 1], [1, 9, 0]]))
    assert np.allclose(found, 1 / (1 + np.exp([1.0, -1.0])))


@pytest.mark.parametrize(
    "damage",
    [
        {"value": [-1.0, 1.0, 2.0]},
        {"value": [-1.0, 1.0], "feature": [0, 0], "threshold": [0.5, 0.5]},
        {"threshold": [0.5, 0.5]},
        {"feature": [1]},
        {"feature": [-1]},
        {"value": [0.0] * 128, "feature": [0] * 127, "threshold": [0.0] * 127},
    ],
)
@pytest.mark.parametrize("n_trees", [1, 2])
def test_damaged_trees_are_refused(damage: dict[str, list[float]], n_trees: int) -> None:
    tree = {"feature": [0], "threshold": [0.5], "value": [-1.0, 1.0]}
    trees = [tree, tree | damage][-n_trees:]
    with pytest.raises(ValueError, match="line model: its trees are"):
        from_table({"features": ["a"], "bias": 0.0, "trees": trees}, ("a", "b"))


def test_trees_for_feeds_add_to_the_others() -> None:
    trees = [{"feature": [0], "threshold": [0.5], "value": value} for value in ([-1.0, 1.0], [0.0, -3.0])]
    model = from_table({"features": ["a"], "bias": 0.0, "trees": trees[:1], "feed_trees": trees[1:]}, ("a",))
    assert np.allclose(model.predict(np.array([[0.0], [1.0]])), 1 / (1 + np.exp([1.0, 2.0])))


@pytest.mark.parametrize("kind", MODELS)
def test_lines_outside_feeds_are_judged_as_without_the_trees_for_feeds(kind: str) -> None:
    table = load_json("line_model.json")["models"][kind]
    names = HTML_FEATURES if kind == "html" else FEATURES
    assert ("feed_trees" in table) == (kind == "page")
    for tree in table.get("feed_trees", ()):
        root = len(tree["value"]) // 2
        assert names[tree["feature"][0]] == "feed_units"
        assert tree["threshold"][0] == 0.5
        assert not any(tree["value"][:root])


@pytest.mark.parametrize("kind", MODELS)
def test_a_line_is_judged_alike_alone_and_in_a_batch(kind: str) -> None:
    model = line_model(kind)
    assert isinstance(model, LineModel)
    matrix = features(read(["Share this", "They met on Monday, she said, and left the same day."]))
    if kind in OF_HTML:
        matrix = html_features(matrix, np.full((len(matrix), len(LAYOUT)), 0.5, dtype=np.float32))
    whole = model.predict(matrix)
    assert all(model.predict(matrix[row : row + 1])[0] == whole[row] for row in range(len(matrix)))
