"""Lines that a page says twice."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from dedup.articles.reading import read
from dedup.boilerplate import doubled as doubled_lines
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


def doubled(lines: list[list[str]]) -> list[int]:
    return doubled_lines.doubled(read([" ".join(line) for line in lines]), range(len(lines)))


def plain(lines: list[list[str]]) -> list[int]:
    """Return what `doubled` does, run by run."""
    runs = [[tuple(line[at : at + 4]) for at in range(len(line) - 3)] for line in lines]
    counts = Counter(run for line in runs for run in line)
    dropped = []
    for position in sorted(range(len(lines)), key=lambda position: (-len(lines[position]), -position)):
        own = Counter(runs[position])
        elsewhere = sum(counts[run] > own[run] for run in runs[position])
        if len(lines[position]) >= 8 and elsewhere >= 0.8 * len(runs[position]):
            dropped.append(position)
            counts -= own
    return sorted(dropped)


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


@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=16), max_size=10))
def test_copies_are_those_that_runs_tell(lines: list[list[str]]) -> None:
    assert doubled(lines) == plain(lines)


def test_only_the_lines_asked_for_are_looked_at() -> None:
    page = read([" ".join(line) for line in (PROSE[1], *PROSE, PROSE[0])])
    assert doubled_lines.doubled(page, [0, 1, 3]) == []
    assert doubled_lines.doubled(page, [1, 2, 4]) == [4]


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
