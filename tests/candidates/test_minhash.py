"""Signatures are those of datasketch."""

import datasketch
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.candidates.minhash import EMPTY, Sign, estimate, permutations, sign
from dedup.candidates.shingle import read_words, shingles
from dedup.errors import ParameterError
from dedup.schema import SIGNATURE
from dedup.stage import Stage, apply

HASHES = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=50).map(lambda values: np.array(values, dtype=np.int64))


def of_datasketch(hashes, n_permutations):
    sketch = datasketch.MinHash(n_permutations, seed=1, hashfunc=int, scheme="affine32")
    # Of a shingle the upper half of its 64 bits goes into the sketch.
    for value in (hashes.view(np.uint64) >> np.uint64(32)).tolist():
        sketch.update(value)
    return sketch.hashvalues


@settings(max_examples=50)
@given(HASHES, st.sampled_from([1, 16, 128]))
def test_signature_is_that_of_datasketch(hashes, n_permutations):
    ours = sign(hashes, n_permutations)
    assert ours.dtype == np.uint32
    np.testing.assert_array_equal(ours, of_datasketch(hashes, n_permutations))


def test_signature_of_many_shingles_is_that_of_datasketch():
    hashes = np.random.default_rng(0).integers(-(2**63), 2**63 - 1, 5_000)
    np.testing.assert_array_equal(sign(hashes), of_datasketch(hashes, 128))


def test_permutations_are_those_of_datasketch():
    ours, theirs = permutations(128), datasketch.MinHash(128, seed=1).permutations
    np.testing.assert_array_equal(ours[0], theirs[0])
    np.testing.assert_array_equal(ours[1], theirs[1])


def test_empty_set():
    assert (sign(np.empty(0, dtype=np.int64)) == EMPTY).all()


def test_estimate_is_near_jaccard():
    draw = np.random.default_rng(1)
    common, rest = draw.integers(-(2**63), 2**63 - 1, 600), draw.integers(-(2**63), 2**63 - 1, 400)
    one, other = np.r_[common, rest[:200]], np.r_[common, rest[200:]]
    assert estimate(sign(one, 1024), sign(other, 1024)) == pytest.approx(0.6, abs=0.06)


def articles(texts):
    return pa.table(
        {
            "doc_id": pa.array([f"d{i}" for i in range(len(texts))], pa.string()),
            "arrival": pa.array(range(len(texts)), pa.int64()),
            "text": pa.array(texts, pa.string()),
        }
    )


def test_stage_writes_words_signature_and_flags():
    table = apply(Sign(), articles(["One two, three four five six.", "", None]))
    assert table.schema == SIGNATURE
    row = table.to_pylist()[0]
    read = read_words("one two three four five six")
    np.testing.assert_array_equal(np.frombuffer(row["words"], dtype=np.int64), read.hashes)
    np.testing.assert_array_equal(np.frombuffer(row["signature"], dtype=np.uint32), sign(shingles(read.hashes)))
    assert len(row["flags"]) == 6
    assert table["words"].to_pylist()[1:] == [b"", b""]


def test_equal_words_have_equal_digests():
    digests = apply(Sign(), articles(["Peace talks — today", "peace TALKS today!", "today peace talks"]))["text_digest"]
    assert digests[0] == digests[1] != digests[2]


def test_stage_is_a_stage_and_rejects_bad_parameters():
    assert isinstance(Sign(), Stage)
    with pytest.raises(ParameterError, match="n_permutations must be at least 1"):
        Sign(n_permutations=0)
    with pytest.raises(ParameterError, match="shingle_words must be at least 1"):
        Sign(shingle_words=0)
