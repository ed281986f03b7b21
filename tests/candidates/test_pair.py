"""Candidate pairs and the prefix rule."""

import itertools
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.candidates import pair
from dedup.candidates.pair import Pairs, distinct, meet, shared
from dedup.errors import ParameterError
from dedup.schema import ARTICLE, BAND, KINDS, MEETING, PAIR
from dedup.stage import apply

#: Keys of each article, in order of arrival.
CROWDS = st.lists(st.sets(st.integers(-3, 3), max_size=4), max_size=14)


def bands(crowd, kind="minhash", arrivals=None):
    """BAND rows."""
    arrivals = range(len(crowd)) if arrivals is None else arrivals
    rows = [{"kind": KINDS.index(kind), "key": key, "arrival": i} for i in arrivals for key in sorted(crowd[i])]
    return pa.Table.from_pylist(rows, schema=BAND)


def as_set(table):
    return set(zip(table["earlier"].to_pylist(), table["later"].to_pylist(), strict=True))


def by_the_rule(crowd, limit):
    """The prefix rule, written down once more."""
    met = set()
    for key in {key for keys in crowd for key in keys}:
        here = [i for i, keys in enumerate(crowd) if key in keys]
        for rank, later in enumerate(here):
            met |= {(i, later) for i in here[: min(rank, limit)]}
    return met


@given(CROWDS, st.integers(1, 5))
def test_each_article_meets_the_first_arrivals(crowd, limit):
    assert as_set(apply(Pairs(limit=limit), bands(crowd))) == by_the_rule(crowd, limit)


@given(CROWDS, st.integers(1, 4), st.integers(0, 14))
def test_any_split_into_nights_gives_the_same_pairs(crowd, limit, cut):
    cut = min(cut, len(crowd))
    first = apply(Pairs(limit=limit), bands(crowd, arrivals=range(cut)))
    second = apply(Pairs(limit=limit, since=cut), bands(crowd))
    assert as_set(first) | as_set(second) == by_the_rule(crowd, limit)
    assert as_set(second) == by_the_rule(crowd, limit) - as_set(first)


@given(CROWDS, st.integers(1, 4))
def test_batches_change_nothing(crowd, size):
    stage = Pairs(limit=2)
    table = bands(crowd).sort_by("key").select(stage.reads.names)
    parts = pa.Table.from_batches(stage(iter(table.to_batches(max_chunksize=size))), schema=MEETING)
    assert parts.equals(apply(stage, table))


def test_kinds_do_not_meet_and_samples_have_their_own_limit():
    crowd = [{1}] * 6
    table = pa.concat_tables([bands(crowd, "exact"), bands(crowd, "sample")])
    meetings = apply(Pairs(limit=100, sample_limit=1), table)
    assert [KINDS[kind] for kind in meetings["kind"].to_pylist()] == ["exact"] * 15 + ["sample"] * 5


def test_no_rows_no_pairs():
    assert apply(Pairs(), BAND.empty_table()).equals(MEETING.empty_table())
    assert distinct([MEETING.empty_table()], ARTICLE.empty_table()).equals(PAIR.empty_table())


def test_the_same_id_does_not_meet_itself():
    row = {"kind": 0, "key": 1, "arrival": 1}
    assert apply(Pairs(), pa.Table.from_pylist([row, row], schema=BAND)).num_rows == 0


def test_distinct_asks_for_three_samples_or_one_of_another_kind():
    articles = pa.table({"doc_id": ["c", "b", "a"], "arrival": [7, 8, 20]})
    rows = [*[(8, 20, "sample")] * 2, *[(7, 20, "sample")] * 3, (7, 8, "minhash")]
    told = [{"earlier": earlier, "later": later, "kind": KINDS.index(kind)} for earlier, later, kind in rows]
    meetings = pa.Table.from_pylist(told, schema=MEETING)
    for order in itertools.permutations(range(len(rows))):
        pairs = distinct([meetings.take(list(order))], articles)
        assert pairs.schema == PAIR
        assert pairs.to_pylist() == [{"left_id": "a", "right_id": "c"}, {"left_id": "b", "right_id": "c"}]


@given(CROWDS, st.integers(1, 4), st.integers(1, 6))
def test_however_many_rows_are_paired_at_a_time_the_pairs_are_the_same(crowd, limit, many):
    table = bands(crowd).sort_by("key")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pair, "_MANY_ROWS", many)
        batches = Pairs(limit=limit)(iter(table.to_batches(max_chunksize=2)))
        assert as_set(pa.Table.from_batches(batches, schema=MEETING)) == by_the_rule(crowd, limit)


@given(CROWDS, st.integers(1, 4), st.integers(1, 6), st.integers(1, 3))
def test_keys_of_one_article_and_the_parts_of_the_others_change_nothing(crowd, limit, many, n_batches):
    table = bands(crowd)
    batches = table.to_batches(max_chunksize=max(1, table.num_rows // n_batches))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pair, "_MANY_ROWS", many)
        met = [as_set(apply(Pairs(limit=limit), part)) for part in shared(batches)]
    assert set().union(*met) == by_the_rule(crowd, limit)
    assert not batches


def test_samples_are_counted_over_all_meetings():
    articles = pa.table({"doc_id": ["a", "b"], "arrival": [0, 1]})
    one = pa.Table.from_pylist([{"earlier": 0, "later": 1, "kind": KINDS.index("sample")}], schema=MEETING)
    assert distinct([one, one], articles).num_rows == 0
    assert distinct([one, one, one], articles).num_rows == 1


@given(st.lists(st.lists(st.integers(-3, 3), max_size=9), max_size=9), st.integers(0, 4))
def test_numbers_are_told_once_however_often_they_are_merged(parts, many):
    numbers = pair._Distinct()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pair, "_MANY_ROWS", many)
        for part in parts:
            numbers.add(np.array(part, dtype=np.int64))
    assert numbers.all().tolist() == sorted(set(itertools.chain(*parts)))


MEETINGS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(6, 9), st.sampled_from(["sample", "minhash"])), max_size=60
)


@given(MEETINGS, st.integers(1, 4), st.integers(1, 9))
def test_distinct_is_what_counting_gives(rows, least, size):
    articles = pa.table({"doc_id": [f"{number}" for number in range(10)], "arrival": range(10)})
    told = [{"earlier": earlier, "later": later, "kind": KINDS.index(kind)} for earlier, later, kind in rows]
    parts = [pa.Table.from_pylist(told[i : i + size], schema=MEETING) for i in range(0, len(told), size)]
    times = Counter(rows)
    expected = {row[:2] for row, n in times.items() if n >= (least if row[2] == "sample" else 1)}
    found = distinct(parts, articles, least).to_pylist()
    assert [(int(row["left_id"]), int(row["right_id"])) for row in found] == sorted(expected)


@given(st.lists(st.lists(st.integers(-3, 9), max_size=20), max_size=5), st.sets(st.integers(-3, 9)), st.integers(1, 5))
def test_numbers_that_stand_often_are_told_unless_they_are_known(parts, known, least):
    arrays = [np.array(part, dtype=np.int64) for part in parts]
    found = pair.often(arrays, np.array(sorted(known), dtype=np.int64), least).tolist()
    times = Counter(itertools.chain(*parts))
    assert found == sorted(number for number, n in times.items() if n >= least and number not in known)
    assert not arrays


def test_arrivals_of_no_count_are_refused():
    with pytest.raises(ParameterError, match=r"numbers of one count\. Got 0 to 4000000000"):
        distinct([MEETING.empty_table()], pa.table({"doc_id": ["a", "b"], "arrival": [0, 4_000_000_000]}))


def test_hot_keys_cost_n_times_limit():
    earlier, later = meet(np.zeros(10_000, dtype=np.int64), np.full(10_000, 5))
    assert len(earlier) == 5 * 10_000 - 15
    assert earlier.max() == 4
    assert (earlier < later).all()


def test_parameters_are_checked():
    with pytest.raises(ParameterError, match="limit must be at least 1"):
        Pairs(limit=0)
