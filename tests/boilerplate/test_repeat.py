"""Counting of what a site repeats, in one night and over nights."""

import random
import time
from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.articles.reading import read
from dedup.articles.segment import NO_WORDS, Keys, keys, line_key
from dedup.boilerplate.repeat import COUNTED, Article, Repeats, Seen, count, counted, related, trusted, with_known
from dedup.errors import ParameterError
from dedup.schema import REPEAT, SEGMENT
from dedup.stage import apply

ALPHABETS = {
    "German": ("abcdefghijklmnopqrstuvwxyzäöüß", " ", ". "),
    "Spanish": ("abcdefghijklmnopqrstuvwxyzñáéíóú", " ", ". "),
    "French": ("abcdefghijklmnopqrstuvwxyzéèêàçù", " ", ". "),
    "Russian": ("абвгдежзийклмнопрстуфхцчшщыьэюя", " ", ". "),
    "Arabic": ("ابتثجحخدذرزسشصضطظعغفقكلمنهوي", " ", ". "),
    "Chinese": ("天地人你我他大小上下左右中国民日月年火水木金土春夏秋冬东西南北风雨雪花草树山川海河", "", "。"),
}


def paragraph(subject: str, number: int, n_words: int = 20) -> str:
    """Return a paragraph of invented words that no other subject has."""
    return " ".join(f"{subject}{chr(97 + number)}{chr(97 + i % 26)}{'x' * (i // 26)}" for i in range(n_words)) + "."


def keys_of(line: str) -> Keys:
    return keys(read([line]), np.ones(1, dtype=bool))


def article(*lines: str) -> Article:
    found = [keys_of(line) for line in lines]
    return Article.of(
        [(line, of.sentences.tolist(), of.forms.tolist(), 0.0) for line, of in zip(lines, found, strict=True)]
    )


def story(subject: str, n: int = 6) -> list[str]:
    return [paragraph(subject, number) for number in range(n)]


def numbers(found: Mapping[int, Seen], *lines: str) -> list[int]:
    """Return how often each line was seen, 0 if it is no repeat."""
    return [found[line_key(line)].n_articles if line_key(line) in found else 0 for line in lines]


def test_a_line_of_unrelated_articles_is_counted() -> None:
    found = count({name: article(*story(name), "Sign up for 3 letters") for name in ("alpha", "beta", "gamma")})
    assert numbers(found, "Sign up for 7 letters", story("alpha")[0]) == [3, 0]
    assert found[NO_WORDS].n_articles == 3


def test_copies_and_updates_of_one_story_count_once() -> None:
    first = story("alpha")
    updates = {
        "1": article(*first),
        "2": article(*first),
        "3": article(*first[:5], paragraph("alpha", 8)),
        "4": article(paragraph("alpha", 9), *first[1:]),
    }
    assert {key: seen.n_articles for key, seen in count(updates).items() if seen.n_articles > 1} == {}


def test_updates_without_line_breaks_count_once() -> None:
    first = [paragraph("Alpha", number, 12) for number in range(12)]
    updates = {
        "1": article(" ".join(first)),
        "2": article(" ".join([*first[:9], paragraph("Alpha", 20)])),
        "3": article(" ".join([paragraph("Alpha", 21), *first[2:]])),
    }
    assert count(updates)[NO_WORDS].n_articles == 1


def test_a_live_blog_that_grows_counts_once() -> None:
    entries = [f"0{hour}:30 {paragraph('alpha', hour)}" for hour in range(9)]
    blog = {str(n): article("Follow our live blog", *entries[9 - n :]) for n in range(4, 10)}
    assert numbers(count(blog), "Follow our live blog") == [0]


def test_a_weekly_column_is_counted_by_its_standing_lines_alone() -> None:
    bio = "Ada Poe writes every week on gardens, and has done so for longer than anybody here remembers."
    found = count({name: article("The week in the garden", *story(name), bio) for name in ("alpha", "beta", "gamma")})
    assert numbers(found, "The week in the garden", bio) == [3, 3]
    assert found[NO_WORDS].n_articles == 3


def test_an_update_and_another_story_make_two() -> None:
    first = story("alpha")
    found = count({"1": article(*first, "Menu"), "2": article(*first, "Menu"), "3": article(*story("beta"), "Menu")})
    assert numbers(found, "Menu", first[0]) == [2, 0]


def test_a_gallery_longer_than_its_articles_is_counted() -> None:
    gallery = story("gallery", 20)
    found = count({name: article(*story(name, 3), *gallery) for name in ("alpha", "beta", "gamma", "delta")})
    assert numbers(found, *gallery) == [4] * 20


def test_a_sentence_inside_paragraphs_is_counted() -> None:
    plea = "Please help us to keep our news free for all."
    found = count({name: article(f"Once {name} came. {plea} Then {name} went.", *story(name)) for name in ("ab", "cd")})
    assert numbers(found, plea) == [2]


def test_near_equal_lines_are_counted_by_their_form() -> None:
    authors = ("Ada Poe", "Jo Marr", "Lin Orrin")
    made = {name: article(*story(name), f"Follow {name} on her own page") for name in authors}
    found = count(made)
    shared = set.intersection(*(set(keys_of(f"Follow {name} on her own page").forms.tolist()) for name in authors))
    assert shared
    assert {found[key].n_articles for key in shared} == {3}
    assert numbers(found, "Follow Ada Poe on her own page") == [0]


def test_lines_without_words_are_not_counted() -> None:
    assert set(count({name: article("---", "12", *story(name)) for name in ("alpha", "beta")})) == {NO_WORDS}


def test_related_is_symmetric() -> None:
    left, right = article(*story("alpha")), article(*story("alpha")[:3], *story("beta")[:2])
    assert related(left, right, 0.5) == related(right, left, 0.5)


def invented(language: str, seed: int, n: int) -> list[str]:
    """Return ``n`` sentences of invented words in the letters of a language."""
    letters, space, stop = ALPHABETS[language]
    source = random.Random(seed)
    words = (
        [
            "".join(source.choices(letters, k=source.randint(1, 3) if not space else source.randint(2, 9)))
            for _ in range(14)
        ]
        for _ in range(n)
    )
    return [space.join(found).capitalize() + stop.rstrip() for found in words]


@pytest.mark.parametrize("language", ALPHABETS)
def test_repeats_and_updates_are_told_apart_in_every_script(language: str) -> None:
    stop = ALPHABETS[language][2]
    gap = stop[1:]
    plea = invented(language, 0, 2)
    others = {str(n): article(*invented(language, n, 8), gap.join(plea)) for n in (1, 2, 3)}
    again = invented(language, 1, 9)
    update = article(*again[1:], gap.join(plea))
    found = count({**others, "4": update})
    assert found[NO_WORDS].n_articles == 3
    assert numbers(found, *plea, again[4]) == [3, 3, 0]


@given(
    st.dictionaries(st.integers(0, 6), st.tuples(st.integers(0, 2), st.sets(st.sampled_from("abcd"))), min_size=1),
)
def test_unrelated_articles_count_the_same_on_any_nights(nights: dict[int, tuple[int, set[str]]]) -> None:
    made = {
        str(number): article(*story(f"subject{chr(97 + number)}"), *(f"Menu of {line}" for line in sorted(lines)))
        for number, (_, lines) in nights.items()
    }
    whole = count(made, remember=True)
    known: dict[int, Seen] = {}
    for night in range(3):
        tonight = {name: one for name, one in made.items() if nights[int(name)][0] == night}
        known |= count(tonight, known, remember=True)
    assert {key: seen.n_articles for key, seen in known.items()} == {
        key: seen.n_articles for key, seen in whole.items()
    }
    assert all(len(seen.holders) <= 4 for seen in known.values())


def test_an_update_on_a_later_night_counts_once() -> None:
    first = story("alpha")
    known = count({"1": article(*first, "Menu")}, remember=True)
    update = {"2": article(*first[1:], paragraph("alpha", 9), "Menu")}
    assert numbers(count(update, known, remember=True), first[2], "Menu") == [1, 1]
    other = {"3": article(*story("beta"), "Menu")}
    assert numbers(count(other, known, remember=True), "Menu") == [2]


def test_what_is_known_to_be_the_sites_does_not_relate_articles() -> None:
    gallery = story("gallery", 20)
    known = count({name: article(*story(name, 3), *gallery) for name in ("alpha", "beta", "gamma")}, remember=True)
    later = count({"delta": article(*story("delta", 3), *gallery)}, known, remember=True)
    assert numbers(later, *gallery) == [4] * 20


def test_without_remembering_an_earlier_night_is_still_counted_on() -> None:
    known = count({"1": article(*story("alpha"), "Menu")}, remember=True)
    assert numbers(count({"2": article(*story("beta"), "Menu")}, known), "Menu", story("beta")[0]) == [2, 0]


def table(rows: Iterable[tuple[str, str, str, str]]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "doc_id": doc_id,
                "source": source,
                "kind": kind,
                "text": text,
                "sentences": keys_of(text).sentences.tolist(),
                "forms": keys_of(text).forms.tolist(),
            }
            for doc_id, source, kind, text in rows
        ],
        schema=SEGMENT,
    )


def two_sites() -> list[tuple[str, str, str, str]]:
    rows = [
        (f"{source}{name}", source, "html", line)
        for source in ("", "a.org", "b.org")
        for name in ("alpha", "beta")
        for line in (*story(name), "Menu")
    ]
    return rows + [(f"c{name}", "c.org", "clean", "Menu") for name in ("alpha", "beta")]


def test_stage_counts_each_source_apart_and_no_unknown_source() -> None:
    whole = with_known(table(two_sites()), None)
    done = apply(Repeats(), whole)
    assert done.schema == REPEAT
    assert [(row["source"], row["key"], row["n_articles"]) for row in done.to_pylist()] == [
        (source, key, 2) for source in ("a.org", "b.org") for key in sorted((NO_WORDS, line_key("Menu")))
    ]
    ordered = whole.sort_by("source")
    single = [batch for row in range(len(whole)) for batch in ordered.slice(row, 1).to_batches()]
    assert pa.Table.from_batches(Repeats()(iter(single)), schema=REPEAT) == done


def test_stage_goes_on_from_what_is_known() -> None:
    first = apply(Repeats(remember=True), with_known(table(two_sites()), None))
    later = table(
        (f"{source}new", source, "html", line) for source in ("a.org", "d.org") for line in (*story("x"), "Menu")
    )
    second = apply(Repeats(remember=True), with_known(later, first))
    found = {(row["source"], row["key"]): row for row in second.to_pylist()}
    assert found["a.org", line_key("Menu")]["n_articles"] == 3
    assert found["d.org", line_key("Menu")]["n_articles"] == 1
    assert len(found["a.org", line_key("Menu")]["holders"]) == 3
    assert "b.org" not in {source for source, _ in found}


def test_stage_of_nothing() -> None:
    assert apply(Repeats(), with_known(table([]), None)).num_rows == 0


def test_segments_are_told_how_often_each_sentence_stands() -> None:
    plea = "Please help us to keep our news free for all."
    rows = [
        (f"{source}{name}", source, "html", line)
        for source in ("a.org", "b.org")
        for name in ("alpha", "beta")
        for line in (*story(name), f"Once {name} came. {plea}", f"Written by Ada {name.title()} in London")
    ]
    segments = table(rows)
    done = counted(segments, apply(Repeats(), with_known(segments, None)))
    assert done.schema == pa.schema([*SEGMENT, *COUNTED])
    lead, *_, text, byline = done.to_pylist()[:8]
    assert (lead["n_sentences"], text["n_sentences"], byline["n_sentences"]) == ([0], [0, 2], [0])
    assert (lead["n_sources"], text["n_sources"]) == (0, 2)
    assert (lead["n_alike"], byline["n_alike"]) == (0, 2)
    assert {row["n_site"] for row in done.to_pylist()} == {2}


def test_some_segments_are_told_what_all_of_them_would_be() -> None:
    plea = "Please help us to keep our news free for all."
    rows = [
        (f"{source}{name}", source, "html", line)
        for source in ("a.org", "b.org", "c.org")
        for name in ("alpha", "beta")
        for line in (*story(name), f"Once {name} came. {plea}", f"Written by Ada {name.title()} in {source}")
    ]
    segments = table(rows)
    repeats = apply(Repeats(), with_known(segments, None))
    together = counted(segments, repeats)
    keys_ = sorted(set(repeats["key"].to_pylist()))
    held = {
        key: len({row["source"] for row in segments.to_pylist() if key in (row["sentences"] or ())}) for key in keys_
    }
    spread = pa.table(
        {"key": pa.array(keys_, pa.int64()), "n_sources": pa.array([held[key] for key in keys_], pa.int64())}
    )
    for doc_id in set(segments["doc_id"].to_pylist()):
        of_one = pc.equal(segments["doc_id"], doc_id)
        assert counted(segments.filter(of_one), repeats, spread).equals(together.filter(of_one))


def test_a_lead_that_is_teased_on_two_other_pages_stays_in_its_own_article() -> None:
    lead = story("alpha")[0]
    pages = {"alpha": story("alpha"), "beta": [*story("beta"), lead], "gamma": [*story("gamma"), lead]}
    rows = [
        dict(row, keep=0.9 if row["text"] != lead or name == "alpha" else 0.2)
        for name, lines in pages.items()
        for row in table((name, "a.org", "html", line) for line in lines).to_pylist()
    ]
    segments = pa.Table.from_pylist(rows, schema=SEGMENT)
    done = counted(segments, apply(Repeats(), with_known(segments, None))).to_pylist()
    found = {row["doc_id"]: row["n_sentences"] for row in done if row["text"] == lead}
    assert max(found["alpha"]) < 2
    # Where the line model doubts it, it is counted wherever it stands.
    assert found["beta"] == found["gamma"] == [3]


def test_what_stands_in_more_articles_than_any_teaser_is_counted_even_where_it_is_trusted_once() -> None:
    plea = "Please help us to keep our news free for all."
    rows = [
        dict(row, keep=0.55 if row["text"] != plea or number == 7 else 0.45)
        for number in range(20)
        for row in table(
            (f"a{number}", "a.org", "html", line) for line in (plea, *story(chr(97 + number) * 6))
        ).to_pylist()
    ]
    segments = pa.Table.from_pylist(rows, schema=SEGMENT)
    done = counted(segments, apply(Repeats(), with_known(segments, None))).to_pylist()
    assert [row["n_sentences"] for row in done if row["text"] == plea] == [[20]] * 20


def test_a_trusted_line_below_the_lead_goes_with_those_that_are_doubted() -> None:
    plea = "Please help us to keep our news free for all."
    rows = [
        dict(row, index=index, keep=0.9 if row["text"] != plea or name == "alpha" else 0.2)
        for name in ("alpha", "beta", "gamma")
        for index, row in enumerate(table((name, "a.org", "html", line) for line in (*story(name), plea)).to_pylist())
    ]
    segments = pa.Table.from_pylist(rows[::-1], schema=SEGMENT)
    done = counted(segments, apply(Repeats(), with_known(segments, None))).to_pylist()
    assert [row["n_sentences"] for row in done if row["text"] == plea] == [[3]] * 3


def test_a_sentence_that_is_trusted_everywhere_is_counted() -> None:
    plea = "Please help us to keep our news free for all."
    rows = [
        dict(row, keep=0.9)
        for name in ("alpha", "beta", "gamma")
        for row in table((name, "a.org", "html", line) for line in (*story(name), plea)).to_pylist()
    ]
    segments = pa.Table.from_pylist(rows, schema=SEGMENT)
    done = counted(segments, apply(Repeats(), with_known(segments, None))).to_pylist()
    assert [row["n_sentences"] for row in done if row["text"] == plea] == [[3]] * 3


def test_lines_without_words_have_no_key_of_trust() -> None:
    assert trusted(NO_WORDS) == NO_WORDS
    assert trusted(line_key("Menu")) not in (NO_WORDS, line_key("Menu"))


def test_segments_without_repeats_are_told_so() -> None:
    segments = table([("a", "a.org", "html", "Once upon a time."), ("b", "", "html", "---")])
    done = counted(segments, REPEAT.empty_table())
    assert done["n_sentences"].to_pylist() == [[0], [0]]
    assert counted(table([]), REPEAT.empty_table()).num_rows == 0


@pytest.mark.parametrize("wrong", [{"least_share": 0.0}, {"least_share": 1.5}, {"n_compared": 0}])
def test_parameters_are_checked(wrong: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match="Repeats: "):
        Repeats(**wrong)  # type: ignore[arg-type]


def test_cost_is_near_linear() -> None:
    footer = story("footer", 4)

    def seconds(n: int) -> float:
        names = [f"{i:05d}".translate(str.maketrans("0123456789", "abcdefghij")) for i in range(n)]
        articles = {name: article(*story(name, 2), *footer) for name in names}
        start = time.process_time()
        assert numbers(count(articles), *footer) == [n] * 4
        return time.process_time() - start

    seconds(50)
    assert seconds(1200) < 12 * max(seconds(300), 0.01)
