"""Lines that a page says twice."""

from hypothesis import given
from hypothesis import strategies as st

from dedup.articles.reading import read
from dedup.boilerplate.doubled import doubled
from dedup.boilerplate.label import Thresholds, strip
from dedup.boilerplate.passage import Part

PROSE = [
    [
        "The",
        "council",
        "met",
        "on",
        "Tuesday",
        "evening",
        "to",
        "decide",
        "what",
        "to",
        "do",
        "with",
        "the",
        "old",
        "bridge.",
    ],
    ["Repairs", "would", "take", "two", "years", "and", "cost", "more", "than", "the", "town", "earns", "in", "one."],
    [
        "A",
        "ferry",
        "could",
        "carry",
        "cars",
        "in",
        "the",
        "meantime,",
        "the",
        "harbour",
        "master",
        "said",
        "afterwards.",
    ],
]
ALL = [word for line in PROSE for word in line]


def test_of_copies_the_first_stays() -> None:
    assert doubled([*PROSE, *PROSE]) == [3, 4, 5]
    assert doubled([PROSE[0], PROSE[1], PROSE[1], PROSE[1]]) == [2, 3]


def test_a_line_that_holds_all_the_others_goes_before_they_do() -> None:
    assert doubled([ALL, *PROSE]) == [0]
    assert doubled([*PROSE, ALL]) == [3]


def test_a_line_that_goes_on_is_no_copy() -> None:
    longer = [*PROSE[0], *["said", "the", "mayor,", "who", "had", "asked", "for", "it", "in", "spring"]]
    assert doubled([PROSE[0], longer]) == [0]
    assert doubled([PROSE[0][:9] + PROSE[1][4:], *PROSE[:1]]) == []


def test_short_lines_may_come_again() -> None:
    refrain = ["oh", "so", "it", "goes"]
    assert doubled([refrain, PROSE[0], refrain, PROSE[1], refrain]) == []
    assert doubled([]) == []


def test_a_line_that_repeats_itself_is_not_its_own_copy() -> None:
    assert doubled([["la", "la", "la", "la", "la", "la", "la", "la", "la", "la"], PROSE[0]]) == []


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=24), max_size=10))
def test_every_run_of_words_of_a_dropped_line_mostly_stays(lines: list[list[str]]) -> None:
    dropped = doubled(lines)

    def runs(numbers: list[int]) -> set[tuple[str, ...]]:
        return {tuple(lines[n][i : i + 4]) for n in numbers for i in range(len(lines[n]) - 3)}

    left = runs([n for n in range(len(lines)) if n not in dropped])
    assert not (runs(dropped) and not left)
    for n in dropped:
        assert len(lines[n]) >= 8


def test_what_stands_twice_is_removed_with_its_reason() -> None:
    texts = [" ".join(line) for line in (*PROSE, PROSE[1])]
    lines = [Part(number, text, number, 1.0, "", 0, "") for number, text in enumerate(texts)]
    page = read(texts)
    _, kept, removed = strip(lines, page, "The old bridge", Thresholds(0.5, once=True))
    assert kept == [0, 1, 2]
    assert removed == {3: "doubled: stands on this page twice"}
    assert strip(lines, page, "The old bridge", Thresholds(0.5))[2] == {}
