"""Counting of the lines that a site repeats."""

import time

import pyarrow as pa
import pytest

from dedup.articles.segment import line_key
from dedup.boilerplate.repeat import Article, Repeats, count, related
from dedup.errors import ParameterError
from dedup.schema import REPEAT
from dedup.stage import apply


def paragraph(subject: str, number: int, n_words: int = 30) -> str:
    """Return a paragraph of invented words that no other subject has."""
    return " ".join(f"{subject}{chr(97 + number)}{chr(97 + i % 26)}{'x' * (i // 26)}" for i in range(n_words)) + "."


def article(*lines: str) -> Article:
    made = Article()
    for line in lines:
        made.add(line_key(line), line)
    return made


def story(subject: str, n: int = 6) -> list[str]:
    return [paragraph(subject, number) for number in range(n)]


def test_a_line_of_unrelated_articles_is_counted() -> None:
    found = count({name: article(*story(name), "Sign up for 3 letters") for name in ("alpha", "beta", "gamma")})
    assert found == {line_key("Sign up for 7 letters"): 3}


def test_copies_and_updates_of_one_story_count_once() -> None:
    first = story("alpha")
    updates = {
        "1": article(*first),
        "2": article(*first),
        "3": article(*first[:5], paragraph("alpha", 8)),
        "4": article(paragraph("alpha", 9), *first[1:]),
    }
    assert count(updates) == {}


def test_an_update_and_another_story_make_two() -> None:
    first = story("alpha")
    found = count({"1": article(*first, "Menu"), "2": article(*first, "Menu"), "3": article(*story("beta"), "Menu")})
    assert found == {line_key("Menu"): 2}


def test_a_gallery_longer_than_its_articles_is_counted() -> None:
    gallery = story("gallery", 20)
    found = count({name: article(*story(name, 3), *gallery) for name in ("alpha", "beta", "gamma", "delta")})
    assert found == dict.fromkeys(sorted(map(line_key, gallery)), 4)


def test_lines_without_words_are_not_counted() -> None:
    assert count({name: article("---", *story(name)) for name in ("alpha", "beta")}) == {}


def test_related_is_symmetric() -> None:
    left, right = article(*story("alpha")), article(*story("alpha")[:3], *story("beta")[:2])
    assert related(left, right, 0.5) == related(right, left, 0.5)


def table(rows: list[tuple[str, str, str, str]]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {"doc_id": doc_id, "source": source, "kind": kind, "text": text, "key": line_key(text)}
            for doc_id, source, kind, text in rows
        ],
        schema=Repeats().reads,
    )


def test_stage_counts_each_source_apart_and_no_unknown_source() -> None:
    rows = [
        (f"{source}{name}", source, "html", line)
        for source in ("", "a.org", "b.org")
        for name in ("alpha", "beta")
        for line in (*story(name), "Menu")
    ]
    rows += [(f"c{name}", "c.org", "clean", "Menu") for name in ("alpha", "beta")]
    whole = table(rows)
    done = apply(Repeats(), whole)
    assert done.schema == REPEAT
    assert done.to_pylist() == [
        {"source": source, "key": line_key("Menu"), "n_articles": 2} for source in ("a.org", "b.org")
    ]
    ordered = whole.sort_by("source")
    single = [batch for row in range(len(whole)) for batch in ordered.slice(row, 1).to_batches()]
    assert pa.Table.from_batches(Repeats()(iter(single)), schema=REPEAT) == done


def test_stage_of_nothing() -> None:
    assert apply(Repeats(), table([])).num_rows == 0


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
        assert len(count(articles)) == 4
        return time.process_time() - start

    seconds(50)
    assert seconds(1200) < 12 * max(seconds(300), 0.01)
