"""The order in which a keyed stage gets its rows, and where keys are found among others."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from dedup.stage import distinct, places, stable_order

KEYS = st.lists(st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-3, 3), st.sampled_from([2**40, 2**40 + 1])))


@given(KEYS)
def test_the_order_is_that_of_a_stable_sort(keys):
    given_keys = np.array(keys, dtype=np.int64)
    assert stable_order(given_keys).tolist() == np.argsort(given_keys, kind="stable").tolist()
    assert given_keys.tolist() == keys


def test_keys_may_be_read_only():
    keys = pa.array([5, -5, 5]).to_numpy()
    assert stable_order(keys).tolist() == [1, 0, 2]


@given(KEYS, KEYS, st.lists(st.integers(0, 80), max_size=3))
def test_keys_are_found_in_whatever_order_they_come(keys, others, cuts):
    # Ascending runs, as the nights of a state are read, and any other order.
    ends = sorted({0, len(keys), *(min(cut, len(keys)) for cut in cuts)})
    runs = [key for start, end in pairwise(ends) for key in sorted(keys[start:end])]
    wanted = distinct(np.array([*others, *keys[::3]], dtype=np.int64))
    at = {key: place for place, key in enumerate(wanted.tolist())}
    for given_keys in (keys, runs):
        found = places(np.array(given_keys, dtype=np.int64), wanted)
        assert found.tolist() == [at.get(key, -1) for key in given_keys]


def test_a_few_keys_are_found_among_many():
    wanted = np.arange(0, 3000, 3)
    assert places(np.array([0, 3, 4, 2997, 2998]), wanted).tolist() == [0, 1, -1, 999, -1]
    assert places(np.array([7]), wanted[:0]).tolist() == [-1]
