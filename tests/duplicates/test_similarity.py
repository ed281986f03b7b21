"""What two articles share."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.candidates.shingle import word_hashes
from dedup.duplicates import similarity
from dedup.duplicates.similarity import NOTHING, Passage, compare, compare_pairs

#: Texts over three words repeat themselves and one another.
TEXTS = st.lists(st.integers(0, 2), max_size=30).map(lambda values: np.array(values, dtype=np.int64))


def compared(left, right):
    return compare(left, right)


def maximal_runs(left, right, least=5):
    """All maximal common runs of words, by trying every place."""
    found = []
    for i in range(len(left)):
        for j in range(len(right)):
            if left[i] != right[j] or (i and j and left[i - 1] == right[j - 1]):
                continue
            n = 0
            while i + n < len(left) and j + n < len(right) and left[i + n] == right[j + n]:
                n += 1
            if n >= least:
                found.append(Passage(i, j, n))
    return sorted(found, key=lambda passage: (-passage.words, passage.left, passage.right))


@settings(max_examples=200)
@given(TEXTS, TEXTS)
def test_values_are_exact(left, right):
    if min(len(left), len(right)) < 5 or np.array_equal(left, right):
        return
    runs = [{tuple(text[i : i + 5]) for i in range(len(text) - 4)} for text in (left.tolist(), right.tolist())]
    common = runs[0] & runs[1]
    found = compared(left, right)
    assert found.n_shared == len(common)
    assert found.jaccard == pytest.approx(len(common) / len(runs[0] | runs[1]))
    assert found.containment_left == pytest.approx(len(common) / len(runs[0]))
    assert found.containment_right == pytest.approx(len(common) / len(runs[1]))
    passages = maximal_runs(left.tolist(), right.tolist())
    assert list(found.passages) == passages
    for side, count in ((0, found.covered_left), (1, found.covered_right)):
        assert count == len({place for run in passages for place in range(run[side], run[side] + run.words)})


@given(TEXTS, TEXTS)
def test_sides_swap_with_the_articles(left, right):
    one, other = compared(left, right), compared(right, left)
    assert (one.jaccard, one.shared_words, one.longest.words) == (
        other.jaccard,
        other.shared_words,
        other.longest.words,
    )
    assert (one.containment_left, one.covered_left) == (other.containment_right, other.covered_right)
    assert {(p.left, p.right) for p in one.passages} == {(p.right, p.left) for p in other.passages}


@given(TEXTS)
def test_a_text_is_its_own_copy(text):
    found = compared(text, text)
    if len(text):
        assert (found.jaccard, found.shared_words, found.longest) == (1.0, len(text), Passage(0, 0, len(text)))
    else:
        assert found == NOTHING


@settings(max_examples=100)
@given(TEXTS, TEXTS)
def test_texts_that_repeat_themselves_still_have_their_longest_passage(left, right):
    expected = compared(left, right)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(similarity, "_MANY_PLACES", 0)
        found = compared(left, right)
    assert found.longest.words == expected.longest.words
    assert (found.shared_words, found.jaccard) == (expected.shared_words, expected.jaccard)
    run = found.longest
    assert left[run.left : run.left + run.words].tolist() == right[run.right : run.right + run.words].tolist()


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=5), st.booleans())
def test_many_pairs_are_compared_as_each_by_itself(pairs, repetitive):
    sides = [[pair[side] for pair in pairs] for side in (0, 1)]
    flat = [
        part
        for side in sides
        for part in (np.concatenate([*side, np.empty(0, dtype=np.int64)]), np.cumsum([0, *map(len, side)]))
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(similarity, "_MANY_PLACES", 0 if repetitive else 10_000)
        together, alone = compare_pairs(*flat), [compared(left, right) for left, right in pairs]
    assert list(together) == alone
    assert list(together[1:3]) == alone[1:3]
    assert together.longest.tolist() == [one.longest.words for one in alone]


#: Texts that hardly repeat themselves: pieces of one.
PIECES = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=3).map(
    lambda pieces: np.array([i for start, n in pieces for i in range(start, start + n)], dtype=np.int64)
)


@settings(max_examples=200)
@given(
    st.lists(st.tuples(TEXTS, TEXTS) | st.tuples(PIECES, PIECES), min_size=1, max_size=5),
    st.integers(0, 40),
    st.floats(0.0, 1.0),
)
def test_pairs_that_cover_too_little_are_nothing_and_the_others_as_they_are(pairs, least_words, least_cover):
    sides = [[pair[side] for pair in pairs] for side in (0, 1)]
    flat = [part for side in sides for part in (np.concatenate(side), np.cumsum([0, *map(len, side)]))]
    found = compare_pairs(*flat, least_words=least_words, least_cover=least_cover)
    for (left, right), one, whole in zip(pairs, found, compare_pairs(*flat), strict=True):
        covered = (whole.covered_left, whole.covered_right)
        less, more = sorted(n / max(1, len(text)) for n, text in zip(covered, (left, right), strict=True))
        few = max(covered) < least_words and 0.75 * more + 0.25 * less < least_cover
        assert one == (NOTHING if few and not np.array_equal(left, right) else whole)


def test_a_long_litany_is_no_trouble():
    one, other = (word_hashes("we want peace now and we want it " * times) for times in (900, 901))
    assert compared(one, other).longest.words == len(one)


def test_nothing_in_common():
    assert compared(word_hashes("a b c d e f"), word_hashes("g h i j k l")) == NOTHING
    assert compared(word_hashes(""), word_hashes("g h i j k l")) == NOTHING
    assert NOTHING.longest == Passage(0, 0, 0)


def test_short_texts_match_whole_or_not_at_all():
    assert compared(word_hashes("Ceasefire holds"), word_hashes("ceasefire HOLDS")).jaccard == 1.0
    assert compared(word_hashes("Ceasefire holds"), word_hashes("ceasefire holds, day two in Gaza")) == NOTHING
