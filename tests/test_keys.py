"""Keys in order, counted, and found among others."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.keys import KeyIndex, distinct, numbered, stable_order

KEYS = st.lists(st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-3, 3), st.sampled_from([2**40, 2**40 + 1])))


@given(KEYS)
def test_the_order_is_that_of_a_stable_sort(keys):
    given_keys = np.array(keys, dtype=np.int64)
    assert stable_order(given_keys).tolist() == np.argsort(given_keys, kind="stable").tolist()
    assert given_keys.tolist() == keys


@given(KEYS)
def test_keys_are_numbered_in_their_order(keys):
    given_keys = np.array(keys, dtype=np.int64)
    wanted = np.unique(given_keys, return_counts=True, return_inverse=True)
    assert [found.tolist() for found in numbered(given_keys)] == [wanted[one].tolist() for one in (0, 2, 1)]


@pytest.mark.parametrize("step", [1, 2**20])
def test_keys_that_lie_together_are_numbered_too(step):
    keys = np.array([-(2**63), 2**63 - 1, *range(0, 1000 * step, step)] * 2)
    there, times, place = numbered(keys)
    assert there.tolist() == sorted(set(keys.tolist()))
    assert set(times.tolist()) == {2}
    assert np.array_equal(there[place], keys)


def test_keys_may_be_read_only():
    keys = pa.array([5, -5, 5]).to_numpy()
    assert stable_order(keys).tolist() == [1, 0, 2]


@given(KEYS, KEYS)
def test_keys_are_found_among_others_whatever_they_are(keys, others):
    index = KeyIndex.of(distinct(np.array([*others, *keys[::3]], dtype=np.int64)))
    at = {key: place for place, key in enumerate(index.keys.tolist())}
    wanted, values = np.array(keys, dtype=np.int64), np.arange(len(at)) + 0.5
    assert index.places(wanted).tolist() == [at.get(key, -1) for key in keys]
    assert index.values(wanted, values, -2.0).tolist() == [at[key] + 0.5 if key in at else -2.0 for key in keys]
    totals, counts = np.zeros(len(at), dtype=np.int64), np.arange(len(keys))
    index.add_to(totals, wanted, counts)
    assert totals.tolist() == [sum(n for n, one in enumerate(keys) if one == key) for key in at]


@pytest.mark.parametrize("step", [3, 2**40])
def test_a_few_keys_are_found_among_many(step):
    # Near one another all have the same upper bits.
    index = KeyIndex.of(np.arange(0, 1000 * step, step))
    wanted = np.array([0, step, step + 1, 999 * step, 999 * step + 1, -step])
    assert index.places(wanted).tolist() == [0, 1, -1, 999, -1, -1]
    assert KeyIndex.of(index.keys[:0]).places(wanted).tolist() == [-1] * 6
