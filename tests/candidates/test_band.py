"""Keys under which copies meet."""

import datasketch
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.candidates.band import Bands, band_keys, probability, sample_probability, sampled
from dedup.candidates.minhash import Sign, sign
from dedup.candidates.pair import Pairs, distinct
from dedup.errors import ParameterError
from dedup.schema import BAND, KINDS
from dedup.stage import apply


def corpus(seed, n_articles=60):
    """Sets of shingles, many of them edited copies of one another."""
    draw = np.random.default_rng(seed)
    base = [draw.integers(-(2**63), 2**63 - 1, 80) for _ in range(12)]
    made = []
    for i in range(n_articles):
        keep = draw.random(80) < draw.choice([0.3, 0.5, 0.7, 0.9])
        made.append(np.unique(np.r_[base[i % 12][keep], draw.integers(-(2**63), 2**63 - 1, 20)]))
    return made


def signature_table(sets):
    rows = [
        {
            "doc_id": f"d{i:03}",
            "arrival": i,
            "text_digest": i,
            "words": found.tobytes(),
            "signature": sign(found).tobytes(),
            "flags": b"",
        }
        for i, found in enumerate(sets)
    ]
    return pa.Table.from_pylist(rows, schema=Sign().writes)


@pytest.mark.parametrize("seed", range(5))
def test_minhash_candidates_are_those_of_datasketch(seed):
    sets = corpus(seed)
    index = datasketch.MinHashLSH(num_perm=128, params=(32, 4))
    theirs = set()
    for i, found in enumerate(sets):
        sketch = datasketch.MinHash(hashvalues=sign(found), scheme="affine32")
        theirs |= {tuple(sorted((name, f"d{i:03}"))) for name in index.query(sketch)}
        index.insert(f"d{i:03}", sketch)
    signatures = signature_table(sets)
    bands = apply(Bands(kinds=("minhash",)), signatures)
    pairs = distinct([apply(Pairs(limit=len(sets)), bands)], signatures)
    assert set(zip(*(pairs[name].to_pylist() for name in pairs.column_names), strict=True)) == theirs
    assert theirs


def test_bands_of_one_signature_have_different_keys():
    same = np.zeros((1, 128), dtype=np.uint32)
    assert len(set(band_keys(same)[0].tolist())) == 32


@given(st.floats(0, 1), st.integers(1, 40), st.integers(1, 8))
def test_probability_is_a_probability_that_grows_with_bands(jaccard, n_bands, n_rows):
    assert 0 <= probability(jaccard, n_bands, n_rows) <= probability(jaccard, n_bands + 1, n_rows) <= 1


def test_probability_at_the_ends():
    assert probability(0.0) == 0.0
    assert probability(1.0) == 1.0


def test_a_passage_of_sixty_words_is_sampled_twice():
    # 56 shared shingles; `distinct` asks for two of them.
    assert sample_probability(56, at_least=2) > 0.99
    assert sample_probability(56) == pytest.approx(1 - (7 / 8) ** 56)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), unique=True, max_size=60), st.integers(1, 9), st.integers(0, 5))
def test_sample_is_the_lowest_by_unsigned_value(values, one_in, least):
    unsigned = sorted(value % 2**64 for value in values)
    n_below = sum(value < 2**64 // one_in for value in unsigned) if one_in > 1 else len(unsigned)
    found = sampled(np.array(sorted(values), dtype=np.int64), one_in, least)
    assert found.view(np.uint64).tolist() == unsigned[: max(n_below, least)]


def test_sample_of_a_part_is_in_the_sample_of_the_whole():
    whole = np.unique(np.random.default_rng(2).integers(-(2**63), 2**63 - 1, 4_000))
    part = np.sort(np.random.default_rng(3).choice(whole, 400, replace=False))
    assert set(sampled(part).tolist()) <= set(sampled(whole).tolist())


def test_rows_of_an_article_stand_together_kind_by_kind():
    table = apply(Bands(one_in=1, shingle_words=1), signature_table(corpus(0, 3)))
    assert table.schema == BAND
    order = list(dict.fromkeys(zip(table["arrival"].to_pylist(), table["kind"].to_pylist(), strict=True)))
    assert order == [(i, KINDS.index(kind)) for i in range(3) for kind in ("exact", "minhash", "sample")]
    assert table.num_rows == 3 * 33 + sum(len(found) for found in corpus(0, 3))


def test_articles_without_words_have_no_key():
    empty = np.empty(0, dtype=np.int64)
    assert apply(Bands(), signature_table([empty, empty])).num_rows == 0


def test_parameters_are_checked():
    with pytest.raises(ParameterError, match="Got salient"):
        Bands(kinds=("salient",))
    with pytest.raises(ParameterError, match="n_rows must be at least 1"):
        Bands(n_rows=0)
    with pytest.raises(ParameterError, match="least must be at least 0"):
        Bands(least=-1)
    with pytest.raises(ParameterError, match=r"32 x 5 = 160\) values. Got 128"):
        apply(Bands(n_rows=5), signature_table(corpus(0, 1)))
