"""Strings by number."""

import numpy as np

from dedup.articles.vocabulary import Told, Vocabulary
from dedup.hashing import mix


def test_numbers_hold_as_a_vocabulary_grows() -> None:
    asked: list[str] = []

    def describe(text: str) -> Told:
        asked.append(text)
        return Told(-int(text), int(text) % 2)

    known = Vocabulary(describe)
    texts = list(map(str, range(20_000)))
    hashes = mix(np.arange(1, 20_001).astype(np.uint64)).view(np.int64)
    for start in range(0, 20_000, 4_000):
        part = slice(0, start + 4_000)
        numbers = known.numbers(hashes[part], texts[part].__getitem__)
        assert numbers.tolist() == list(range(start + 4_000))
    assert asked == texts
    assert len(known) == 20_000
    assert known.keys[numbers].tolist() == [-int(text) for text in texts]
    assert known.bits[numbers[:4]].tolist() == [0, 1, 0, 1]


def test_a_string_has_one_number_by_whatever_hash_it_is_found() -> None:
    known = Vocabulary(lambda _: Told(0, 0))
    assert known.number("quay") == 0
    assert known.numbers(np.array([7, 8, 7]), lambda _: "quay").tolist() == [0, 0, 0]
    assert ("quay" in known, "ferry" in known) == (True, False)
