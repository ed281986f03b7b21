"""Word hashes, their flags, and shingles."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.articles.normalize import normalize, words
from dedup.candidates.shingle import (
    FIGURE,
    LINE,
    QUOTED,
    read_texts,
    read_words,
    shingle_sequence,
    shingles,
    word_hashes,
)
from dedup.hashing import mix

PINNED_WORDS = [-5474704554429794173, -3787828938318194010]
PINNED_SHINGLE = [7071027390843230083]
ANY_SCRIPT = st.text(st.sampled_from("ab Z9_-.\n\"'“é\u0301東กท้ा हिन্ক한\u200b\u00ad"), max_size=60)


def quoted(text):
    read = read_words(text)
    return [word for word, flag in zip(words(text), read.flags, strict=True) if flag & QUOTED]


@given(ANY_SCRIPT)
def test_hashes_are_those_of_the_words_one_by_one(text):
    expected = [int(word_hashes(word)[0]) for word in words(text)]
    assert word_hashes(text).tolist() == expected


@given(st.text(), st.text())
def test_equal_hashes_are_equal_words(one, other):
    same = word_hashes(one).tolist() == word_hashes(other).tolist()
    assert same == (words(one) == words(other))


#: Spellings that a table knows, and those that take the whole text: marks, parts of syllables, posts, the second plane.
SPELLINGS = st.text(
    st.sampled_from(
        "aA1 .\n-(\"'“”„«’‘—…\u00a0\u00ad\u200bÉéßſﬁ½™²\u0301\u0308\u1100\u1161\u11a8각ｱﾞ＂＠／．(@b)t.co/東กά😀𝔸"
    ),
    max_size=40,
)


@given(SPELLINGS)
def test_hashes_and_flags_are_those_of_the_normalised_text(text):
    given, normal = read_words(text), read_words(normalize(text))
    assert given.hashes.tolist() == normal.hashes.tolist()
    assert given.flags.tolist() == normal.flags.tolist()
    assert len(given.hashes) == len(words(text))


@given(st.lists(SPELLINGS, max_size=6))
def test_many_texts_are_read_as_each_by_itself(texts):
    encoded = [np.frombuffer(text.encode(), dtype=np.uint8) for text in texts]
    ends = np.cumsum([0, *map(len, encoded)])
    together, word_ends = read_texts(np.concatenate([*encoded, np.empty(0, dtype=np.uint8)]), ends)
    alone = [read_words(text) for text in texts]
    assert np.diff(word_ends).tolist() == [len(read.hashes) for read in alone]
    for name in ("hashes", "flags"):
        assert getattr(together, name).tolist() == [value for read in alone for value in getattr(read, name).tolist()]


def test_anagrams_and_prefixes_differ():
    hashes = word_hashes("stop post pots tops a aa aaa ab ba")
    assert len(set(hashes.tolist())) == len(hashes)


def test_long_words_are_hashed_whole():
    one, other = "x" * 500 + "y", "x" * 501
    assert word_hashes(one) != word_hashes(other)


def test_hashes_never_change():
    # They rest in the state of every user.
    assert word_hashes("Peace talks").tolist() == PINNED_WORDS
    assert shingles(word_hashes("one two three four five")).tolist() == PINNED_SHINGLE


def test_hashes_are_the_same_in_another_process():
    code = "from dedup.candidates.shingle import word_hashes; print(word_hashes('Peace talks').tolist())"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7"}
    )
    assert run.stdout.strip() == str(PINNED_WORDS)


@given(st.lists(st.integers(0, 5), max_size=40), st.integers(1, 6))
def test_shingles_are_the_set_of_runs(numbers, size):
    sequence = np.array(numbers, dtype=np.int64)
    found = shingles(sequence, size)
    runs = {tuple(numbers[i : i + size]) for i in range(max(len(numbers) - size + 1, min(len(numbers), 1)))}
    assert len(found) == len(runs)
    assert found.tolist() == sorted(set(found.tolist()))
    places = shingle_sequence(sequence, size).tolist()
    by_run = {}
    for i, place in enumerate(places):
        assert by_run.setdefault(tuple(numbers[i : i + size]), place) == place


def test_short_texts_have_one_shingle_of_all_they_have():
    assert len(shingles(word_hashes("three words only"))) == 1
    assert len(shingles(word_hashes(""))) == 0
    assert shingles(word_hashes("three words only")) != shingles(word_hashes("only three words"))


def test_unspaced_scripts_have_shingles_of_letters():
    assert len(shingles(word_hashes("東京都知事選挙"))) == 3


def test_mix_is_a_bijection_on_a_sample():
    values = np.arange(10_000, dtype=np.uint64)
    assert len(np.unique(mix(values))) == len(values)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('He said "we will win" today', ["we", "will", "win"]),
        ("He said “we will win” today", ["we", "will", "win"]),
        ('"It is over\n"he said', ["it", "is", "over", "he", "said"]),
        ('a 6" nail and "one quote" more', ["one", "quote"]),
        ("no marks at all", []),
        ("Peace now! — A Name (@a_name) May 1\nWords", ["peace", "now", "a", "name", "a", "name", "may", "1"]),
    ],
)
def test_quoted_words(text, expected):
    assert quoted(text) == expected


def test_figures_and_lines_are_flagged():
    flags = read_words("Up 5 pct\n\nb2b deal").flags
    assert ((flags & FIGURE) > 0).tolist() == [False, True, False, True, False]
    assert ((flags & LINE) > 0).tolist() == [True, False, False, True, False]


@pytest.mark.parametrize("base", ["カ", "ｶ", "가", "ㄱ", "a"])
@pytest.mark.parametrize(("first", "last"), [(0x3099, 0x30FF), (0x1100, 0x11FF), (0x3130, 0x318F), (0xFF61, 0xFFDC)])
def test_what_composes_with_its_neighbours_has_one_hash_beside_a_sign_of_another_plane_too(
    base: str, first: int, last: int
) -> None:
    for code in range(first, last + 1):
        text = f"{base}{chr(code)}x"
        assert word_hashes(text).tolist() == word_hashes(f"{text} \U0001f600").tolist(), hex(code)
