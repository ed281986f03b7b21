"""Whether two articles are on one subject: told by the words outside of what they share."""

from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.articles.normalize import words
from dedup.candidates.shingle import word_hashes
from dedup.duplicates.subject import Texts, rarity, subjects
from dedup.tables import load_json

WORDS = st.lists(
    st.sampled_from(["the", "of", "said", "harbour", "ferry", "tariff", "quarrel", "1994", "zzyzx"]), max_size=12
)


def texts(*found: list[str]) -> Texts:
    hashes = [word_hashes(" ".join(one)) for one in found]
    return Texts(np.concatenate(hashes), np.cumsum([0, *map(len, hashes)]))


def weight(word: str) -> float:
    table = load_json("common_words.json")
    counts = {listed: int(count) for count, found in table["words"].items() for listed in found.split()}
    return log((table["n_documents"] + 1) / (counts.get(word, table["least"]) + 1))


def cosine(left: list[str], right: list[str]) -> float:
    """The rule with dictionaries, written down once more."""
    ours, theirs = ({word: (1 + log(found.count(word))) * weight(word) for word in found} for found in (left, right))
    length = sqrt(sum(w * w for w in ours.values()) * sum(w * w for w in theirs.values()))
    return sum(ours[word] * theirs[word] for word in ours.keys() & theirs.keys()) / length if length else 0.0


@given(WORDS, WORDS, WORDS, st.integers(0, 3))
def test_it_is_the_cosine_of_the_words_outside_of_the_passages(before, shared, after, gap):
    left, right = [*before, *shared, *after], [*after[:gap], *shared]
    passages = np.array([[len(before), len(after[:gap]), len(shared)]])
    found = subjects(passages, np.array([0, 1]), texts(left), texts(right), np.array([0]))
    assert found.tolist() == [pytest.approx(cosine([*before, *after], after[:gap]), abs=1e-12)]
    swapped = subjects(passages[:, [1, 0, 2]], np.array([0, 1]), texts(right), texts(left), np.array([0]))
    assert swapped.tolist() == found.tolist()


def test_each_pair_is_asked_by_itself():
    left, right = texts(["ferry", "harbour"], ["tariff"], ["the"]), texts(["tariff"], ["tariff"], ["the", "ferry"])
    nothing = np.empty((0, 3), dtype=np.int64), np.zeros(4, dtype=np.int64)
    every = subjects(*nothing, left, right, np.array([0, 1, 2])).tolist()
    assert every[:2] == [0.0, pytest.approx(1.0)]
    assert 0.0 < every[2] < 0.5
    assert subjects(*nothing, left, right, np.array([2, 0])).tolist() == [every[2], every[0]]


def test_the_table_lists_words_as_they_are_read():
    table = load_json("common_words.json")
    listed = " ".join(table["words"].values())
    assert words(listed) == listed.split(" ")
    assert len(set(listed.split(" "))) == len(rarity().keys) == len(np.unique(rarity().keys))
    assert rarity().weights.max() <= rarity().rare
