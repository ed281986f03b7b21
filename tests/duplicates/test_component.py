"""Connected components and cluster ids."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from dedup.duplicates.component import cluster_ids, components

GRAPHS = st.integers(1, 25).flatmap(
    lambda n: st.tuples(st.just(n), st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=40))
)


def by_search(n, edges):
    """Least node of each component, found by walking the graph."""
    neighbours = {node: set() for node in range(n)}
    for one, other in edges:
        neighbours[one].add(other)
        neighbours[other].add(one)
    label = {}
    for node in range(n):
        waiting = [] if node in label else [node]
        while waiting:
            here = waiting.pop()
            if here not in label:
                label[here] = node
                waiting.extend(neighbours[here])
    return [label[node] for node in range(n)]


@given(GRAPHS)
def test_components_are_those_of_a_search(graph):
    n, edges = graph
    ends = np.array(edges, dtype=np.int64).reshape(-1, 2)
    assert components(n, ends[:, 0], ends[:, 1]).tolist() == by_search(n, edges)


def test_a_long_chain_is_one_component():
    order = np.random.default_rng(0).permutation(20_000)
    assert (components(20_000, order[:-1], order[1:]) == 0).all()


def pairs(*rows):
    names = ("left_id", "right_id", "relation")
    return pa.table([[row[i] for row in rows] for i in range(3)], names=names)


def test_only_exact_and_near_join_and_the_first_arrival_names_the_cluster():
    articles = pa.table({"doc_id": ["a", "b", "c", "d", "e"], "arrival": [5, 4, 3, 2, 1]})
    found = cluster_ids(articles, [pairs(("a", "b", "near"), ("a", "d", "partial")), pairs(("b", "c", "exact"))])
    assert found == {"e": "e", "d": "d", "c": "c", "b": "c", "a": "c"}
    assert list(found) == ["e", "d", "c", "b", "a"]


def test_no_pairs():
    articles = pa.table({"doc_id": ["a", "b"], "arrival": [1, 2]})
    assert cluster_ids(articles, []) == {"a": "a", "b": "b"}


@given(GRAPHS, st.integers(0, 40))
def test_neither_order_nor_split_of_the_pairs_matters(graph, cut):
    n, edges = graph
    articles = pa.table({"doc_id": [f"d{i:02}" for i in range(n)], "arrival": list(range(n))})
    rows = [(f"d{one:02}", f"d{other:02}", "near") for one, other in edges]
    if not rows:
        return
    split = [part for part in (rows[:cut], rows[cut:]) if part]
    assert cluster_ids(articles, [pairs(*rows[::-1])]) == cluster_ids(articles, [pairs(*part) for part in split])
