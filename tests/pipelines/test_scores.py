"""The scores, against definitions spelled out the slow way."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import pair_confusion_matrix

from dedup.articles.normalize import UNSPACED
from pipelines import scores
from pipelines.scores import Score, bcubed, line_score, pair_score, pairwise, shingle_score, word_bag_score

LABELS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30)


@given(LABELS)
def test_bcubed_is_the_mean_over_items(items: list[tuple[int, int]]) -> None:
    precision = recall = 0.0
    for gold, answer in items:
        both = sum(one == (gold, answer) for one in items)
        precision += both / sum(other == answer for _, other in items)
        recall += both / sum(other == gold for other, _ in items)
    found = bcubed([gold for gold, _ in items], [answer for _, answer in items])
    assert found.precision == pytest.approx(precision / len(items))
    assert found.recall == pytest.approx(recall / len(items))


@given(LABELS)
def test_pairwise_agrees_with_scikit_learn(items: list[tuple[int, int]]) -> None:
    gold, answer = [gold for gold, _ in items], [answer for _, answer in items]
    table = pair_confusion_matrix(gold, answer)
    expected = Score.of(table[1, 1], table[0, 1], table[1, 0])
    found = pairwise(gold, answer)
    assert (found.precision, found.recall) == pytest.approx((expected.precision, expected.recall))


@given(LABELS)
def test_a_perfect_clustering_has_perfect_scores(items: list[tuple[int, int]]) -> None:
    gold = [gold for gold, _ in items]
    renamed = [f"cluster {label}" for label in gold]
    assert bcubed(gold, renamed) == pairwise(gold, renamed) == Score(1.0, 1.0, 1.0)


def test_page_scores() -> None:
    perfect = [("a b c d e", "a b c d e")]
    assert shingle_score(perfect).f1 == word_bag_score(perfect).f1 == 1.0
    assert shingle_score([("a b c d e", "")]).recall == 0.0
    half = shingle_score([("a b c d e", "a b c d")])
    assert (half.precision, half.recall) == (1.0, 0.5)
    bag = word_bag_score([("the The dog", "the dog cat")])
    assert (bag.precision, bag.recall) == pytest.approx((2 / 3, 2 / 3))


def test_pages_weigh_the_same_however_long() -> None:
    long_right = (" ".join(map(str, range(1000))),) * 2
    assert shingle_score([long_right, ("a b c d", "w x y z")]).precision == pytest.approx(1 / 1.5)


def test_lines_weigh_by_words() -> None:
    found = line_score([(90, True, True), (10, True, False), (10, False, True)])
    assert (found.precision, found.recall) == (0.9, 0.9)


@given(st.lists(st.tuples(st.booleans(), st.booleans())))
def test_pairs(pairs: list[tuple[bool, bool]]) -> None:
    found = pair_score(pairs)
    assert 0.0 <= found.f1 <= 1.0
    if any(itertools.chain(*pairs)):
        assert (found.f1 == 1.0) == all(gold == answer for gold, answer in pairs)


def test_nothing_expected_and_nothing_found_is_perfect() -> None:
    assert pair_score([]) == bcubed([], []) == Score(1.0, 1.0, 1.0)


@given(st.text().filter(lambda text: not re.search(f"[{UNSPACED}]", text)))
def test_words_of_spaced_scripts_are_those_of_the_public_definition(text: str) -> None:
    assert scores._TOKEN.findall(text) == re.findall(r"\w+", text)


def test_a_letter_is_a_word_where_words_are_not_spaced() -> None:
    # Taken for one word each, these would have nothing in common.
    assert word_bag_score([("澜江旧桥下周封闭大修", "澜江旧桥下周封闭大修了")]).f1 == pytest.approx(20 / 21)
    assert shingle_score([("东屿岛灯塔开放", "东屿岛灯塔")]).recall == 0.5
    assert scores._TOKEN.findall("2026年3月，iPhone的ไทย") == ["2026", "年", "3", "月", "iPhone", "的", "ไ", "ท", "ย"]
