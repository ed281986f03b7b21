"""The order in which a keyed stage gets its rows."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from dedup.stage import stable_order

KEYS = st.lists(st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-3, 3), st.sampled_from([2**40, 2**40 + 1])))


@given(KEYS)
def test_the_order_is_that_of_a_stable_sort(keys):
    given_keys = np.array(keys, dtype=np.int64)
    assert stable_order(given_keys).tolist() == np.argsort(given_keys, kind="stable").tolist()
    assert given_keys.tolist() == keys


def test_keys_may_be_read_only():
    keys = pa.array([5, -5, 5]).to_numpy()
    assert stable_order(keys).tolist() == [1, 0, 2]
