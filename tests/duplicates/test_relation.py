"""The relation of two articles, and why."""

import gzip
import json
import pickle
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.articles.normalize import words
from dedup.articles.terms import Analyse
from dedup.candidates.minhash import Sign
from dedup.candidates.shingle import read_words
from dedup.duplicates.relation import (
    Article,
    Rule,
    Side,
    Verify,
    Words,
    changed_values,
    days_apart,
    decide,
    of_one_series,
    outlets,
    relate,
    series_of,
)
from dedup.duplicates.similarity import compare
from dedup.errors import ParameterError
from dedup.schema import ARTICLE, MATCH, TERMS
from dedup.stage import Stage, apply

PAIRS = Path(__file__).parents[3] / "shared" / "data" / "pairs"


def prose(seed, n_words, per_line=40):
    """Text of made-up words that shares none with that of another seed."""
    draw = np.random.default_rng(seed)
    text = [f"w{seed}x{number}" for number in draw.integers(0, 10_000, n_words)]
    letters = str.maketrans("0123456789", "abcdefghij")
    lines = [" ".join(text[i : i + per_line]) for i in range(0, n_words, per_line)]
    return ".\n".join(lines).translate(letters)


def side(text, title="", source="", published=""):
    read = read_words(text)
    return Side(read.hashes, read.flags, frozenset(words(title)), outlets(source, ""), published)


def verdict(left, right, **at):
    left, right = (side(text, **at) if isinstance(text, str) else text for text in (left, right))
    found = compare(left.words, right.words)
    decided = decide(left, right, found)
    turned = decide(right, left, compare(right.words, left.words))
    assert turned.relation == decided.relation
    return decided


def test_same_words_are_exact_whatever_their_dress():
    text = prose(1, 80)
    assert verdict(text, text.upper().replace(" ", "  ").replace(".", " — ")) == ("exact", "same words", False)


def test_same_words_in_another_order_are_not_exact():
    assert verdict("one two three four five six", "six five four three two one").relation == ""


def test_an_edited_copy_is_near():
    text = prose(1, 400)
    edited = text.replace(text.split()[200], "another").replace(text.split()[50], "word")
    found = verdict(text, edited)
    assert found.relation == "near"
    assert "of one text stands in the other" in found.reason


def test_a_copy_cut_short_is_near():
    assert verdict(prose(1, 500), prose(1, 500)[: len(prose(1, 500)) // 3]).relation == "near"


def test_a_brief_within_a_round_up_is_partial():
    brief = prose(1, 80)
    assert verdict(brief, prose(2, 300) + "\n" + brief + "\n" + prose(3, 300)).relation == "partial"


@pytest.mark.parametrize(("n_words", "expected"), [(40, ""), (70, "partial"), (200, "partial")])
def test_reuse_is_partial_from_sixty_words_or_so(n_words, expected):
    shared = prose(1, n_words)
    left, right = prose(2, 250) + "\n" + shared, prose(3, 100) + "\n" + shared + "\n" + prose(4, 150)
    assert verdict(left, right).relation == expected


def test_a_shared_quotation_is_no_reuse():
    quotation = '"' + prose(1, 150, per_line=150) + '"'
    left, right = prose(2, 250) + "\n" + quotation + " he said", quotation + " he said " + prose(3, 250)
    assert verdict(left, right).relation == ""


def test_many_stock_phrases_are_no_reuse():
    phrases = [prose(10 + i, 6) for i in range(20)]
    left = "\n".join(phrase + " " + prose(100 + i, 20) for i, phrase in enumerate(phrases))
    right = "\n".join(prose(200 + i, 20) + " " + phrase for i, phrase in enumerate(phrases))
    assert verdict(left, right).relation == ""


NOTE = "The index closed {} points higher at {} on {} as traders weighed rates . " + prose(5, 50, per_line=60)


def note(index, points, level, day):
    return side(NOTE.format(points, level, day), "Markets close higher", "wire.example", f"2026-11-{index:02}")


def test_market_notes_of_two_days_are_a_form():
    monday, tuesday = note(9, "12.5", "18,200", "Monday"), note(10, "80", "18,280", "Tuesday")
    found = verdict(monday, tuesday)
    assert (found.relation, found.barred) == ("", True)
    assert found.reason.startswith("a form of one outlet, ")


def test_a_correction_of_the_same_day_is_near():
    assert verdict(note(9, "12.5", "18,200", "Monday"), note(9, "21.5", "18,200", "Monday")).relation == "near"


def test_an_update_of_the_next_day_is_near():
    text = prose(1, 300)
    before = side(text, "Vote near", "paper.example", "2026-11-09")
    after = side(prose(2, 40) + "\n" + text, "Vote done", "paper.example", "2026-11-10")
    assert verdict(before, after).relation == "near"


def test_standing_text_of_one_outlet_is_no_match_but_that_of_two_is_reuse():
    shared = prose(1, 120)
    left, right = prose(2, 250) + "\n" + shared, prose(3, 250) + "\n" + shared
    same = (
        side(left, source="a.example", published="2026-11-01"),
        side(right, source="a.example", published="2026-11-09"),
    )
    found = verdict(*same)
    assert (found.relation, found.barred) == ("", True)
    assert found.reason == "standing text of one outlet, 8.0 days apart"
    assert verdict(same[0], replace(same[1], outlets=frozenset(["b.example"]))).relation == "partial"


def test_one_block_away_from_the_lead_is_a_gallery():
    gallery = prose(1, 400)
    left, right = prose(2, 250) + "\n" + gallery, prose(3, 250) + "\n" + gallery + "\n" + prose(4, 50)
    found = verdict(left, right, source="a.example", published="2026-11-01")
    assert (found.relation, found.barred) == ("", True)
    assert found.reason.startswith("one block of 400 words")


def test_a_repost_of_the_whole_after_weeks_is_near():
    text = prose(1, 400)
    old = side(text, "Essay", "a.example", "2026-10-01")
    assert verdict(old, side(text + "\nFrom the archive", "Essay", "a.example", "2026-11-01")).relation == "near"


def test_a_short_notice_that_comes_again_after_weeks_is_a_form_though_no_value_is_left_in_it():
    notice = prose(5, 40)
    first, later = (
        side(notice + end, "Bank adds reserves", "wire.example", day)
        for end, day in (
            (" said a spokesman", "2026-11-02"),
            (" said a spokeswoman", "2026-11-20"),
        )
    )
    found = verdict(first, later)
    assert (found.relation, found.barred) == ("", True)
    assert verdict(first, replace(later, published="2026-11-02")).relation == "near"


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (("Sandry Corp sets payout", "wire.example"), ""),
        (("Brack Corp payout", "wire.example"), "exact"),  # the same headline, shortened
        (("", "wire.example"), "exact"),
        (("Sandry Corp sets payout", "daily.example"), "exact"),
    ],
)
def test_a_line_of_one_outlet_under_another_headline_is_another_item(other, expected):
    line = "Quarterly dividend five cents, as before"
    found = verdict(side(line, "Brack Corp sets payout", "wire.example"), side(line, *other))
    assert (found.relation, found.barred) == (expected, not expected)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("2026-11-20", "2026-11-22", 2.0),
        ("2026-11-20", "2026-11-21T23:59:00+00:00", 1.0),
        ("2026-11-20T12:00:00Z", "2026-11-20T18:00:00", 0.25),
        ("2026-11-20T23:00:00-05:00", "2026-11-21", 0.0),
        ("2026-11-20", None, None),
        ("", "2026-11-20", None),
        ("last week", "2026-11-20", None),
    ],
)
def test_days_apart(left, right, expected):
    assert days_apart(left, right) == expected
    assert days_apart(right, left) == expected


def test_outlets_are_known_by_source_and_host():
    assert outlets("Daily", "https://user@www.Daily.example:8080/a?b") == {"daily", "daily.example"}
    assert outlets("www.daily.example", None) == outlets(None, "http://daily.example/x") == {"daily.example"}
    assert outlets(None, "//News.daily.example./x") == outlets(None, "news.daily.example/x") == {"news.daily.example"}
    assert outlets(None, None) == outlets("", "no url") == frozenset()


def joined(rows, stage):
    """Rows that `Verify` reads, of every two neighbours of ``rows``."""
    names = ["doc_id", "arrival", "text"]
    table = pa.Table.from_pylist(
        [{"doc_id": f"d{i}", "arrival": i, "language": "en", **row} for i, row in enumerate(rows)], schema=ARTICLE
    )
    signed, terms = apply(Sign(), table.select(names)).to_pylist(), apply(Analyse(), table).to_pylist()
    made = []
    for i in range(len(rows) - 1):
        row = {"left_id": f"d{i}", "right_id": f"d{i + 1}"}
        for name, j in (("left", i), ("right", i + 1)):
            row |= {f"{name}_{key}": value for key, value in rows[j].items()}
            row |= {f"{name}_{key}": signed[j][key] for key in ("words", "flags")}
            row |= {f"{name}_terms_{key}": terms[j][key] for key in TERMS.names}
        made.append(row)
    return pa.Table.from_pylist(made, schema=stage.reads)


CALL = "The presidents of Atland and Beland spoke by telephone for 50 minutes on Tuesday about the Cestria ceasefire."
ROWS = [
    {"text": CALL, "title": "Atland and Beland presidents talk", "published": "2026-11-17", "source": "a.example"},
    {"text": CALL.upper(), "title": "Presidents talk", "published": "2026-11-17", "source": "b.example"},
    {"text": prose(1, 90), "title": "Nothing of it", "published": None, "source": "d.example"},
]
REPORT = "A call of 50 minutes: on Tuesday the leaders of Atland, Beland dealt with a ceasefire in Cestria, aides said."
REPORTS = [ROWS[0], {"text": REPORT, "title": "Leaders talk", "published": "2026-11-17", "source": "c.example"}]


def test_stage_writes_matches_alone():
    found = apply(Verify(), joined(ROWS, Verify()))
    assert found.schema == MATCH
    (row,) = found.to_pylist()
    assert (row["left_id"], row["right_id"], row["relation"], row["days_apart"]) == ("d0", "d1", "exact", 0.0)
    assert (row["jaccard"], row["containment_left"], row["containment_right"]) == (1.0, 1.0, 1.0)
    assert row["shared_words"] == row["longest_passage_words"] == len(words(CALL))
    assert 0.0 <= row["overlap_score"] <= 1.0


def test_overlap_is_what_the_evidence_says():
    (row,) = apply(Verify(), joined(REPORTS, Verify())).to_pylist()
    assert (row["relation"], row["jaccard"], row["shared_words"]) == ("overlap", 0.0, 0)
    assert row["overlap_score"] >= Verify().overlap
    assert row["reason"]
    table = joined(ROWS[1:], Verify())
    assert apply(Verify(), table).num_rows == 0
    assert apply(Verify(overlap=0.0), table)["relation"].to_pylist() == ["overlap"]


def test_relations_not_asked_for_are_neither_written_nor_worked_on():
    stage = Verify(relations=("exact", "near"))
    assert not any("terms" in name for name in stage.reads.names)
    assert apply(stage, joined(ROWS[1:], stage)).num_rows == 0
    exact = Verify(relations=("exact",))
    assert apply(exact, joined(ROWS, exact))["overlap_score"].to_pylist() == [None]


def test_copies_alone_are_the_copies_of_copies_and_reuse():
    text = prose(1, 300)
    rows = [
        {"title": f"Headline {i}", "published": None, "source": f"{i}.example", "text": text}
        for i, text in enumerate([text, text[:1500], f"{text[:900]}\n{prose(2, 200)}", text.upper(), prose(2, 200)])
    ]
    both, alone = Verify(relations=("exact", "near", "partial")), Verify(relations=("exact", "near"))
    found = [apply(stage, joined(rows, stage)).to_pylist() for stage in (both, alone)]
    assert {row["relation"] for row in found[0]} > {"near"}
    assert found[1] == [row for row in found[0] if row["relation"] in alone.relations]


def test_reuse_is_told_from_stock_without_terms():
    stage = Verify(relations=("exact", "near", "partial"))
    assert not any("terms" in name for name in stage.reads.names)
    rows = [{"title": "", "published": None} | row for row in (ONE, OTHER, OTHER | {"source": "c.example"})]
    assert apply(stage, joined(rows[:2], stage)).num_rows == 0
    whole = [rows[1], rows[2] | {"text": f"{prose(6, 60)}\n{STOCK}"}]
    assert apply(stage, joined(whole, stage))["relation"].to_pylist() == ["partial"]


@pytest.mark.parametrize("outlet", [{}, {"source": "one.example"}], ids=["two outlets", "one outlet"])
def test_pairs_are_told_many_at_a_time_as_each_by_itself(outlet):
    stage = Verify(relations=("exact", "near", "partial"))
    text = prose(1, 400)
    notes = [
        "\n".join(f"{prose(20 + line, 20)} {day * 7 + line} points {prose(40 + line, 20)}" for line in range(9))
        for day in (1, 2)
    ]
    rows = [
        {"text": text, "title": "A", "published": "2026-11-17", "source": "a.example"},
        {"text": text.upper(), "title": "B", "published": "2026-11-18", "source": "b.example"},
        {"text": text[: len(text) // 2], "title": "C", "published": None, "source": "c.example"},
        {"text": prose(2, 60) + text[: len(text) // 4], "title": "D", "published": "2026-11-18", "source": "c.example"},
        {"text": prose(3, 200), "title": "E", "published": None, "source": "d.example"},
        {"text": notes[0], "title": "F", "published": "2026-11-18", "source": "e.example"},
        {"text": notes[1], "title": "G", "published": "2026-11-19", "source": "f.example"},
        {"text": "Dividend as before", "title": "H", "published": None, "source": "g.example"},
        {"text": "Dividend as before", "title": "I", "published": None, "source": "h.example"},
    ]
    rows = [row | outlet for row in rows]
    found = {(row["left_id"], row["right_id"]): row for row in apply(stage, joined(rows, stage)).to_pylist()}
    for place, (one, other) in enumerate(pairwise(rows)):
        sides = [side(row["text"], row["title"], row["source"], row["published"] or "") for row in (one, other)]
        shared = compare(sides[0].words, sides[1].words)
        expected, row = decide(*sides, shared), found.get((f"d{place}", f"d{place + 1}"))
        assert bool(row) == bool(expected.relation)
        if row:
            assert (row["relation"], row["reason"]) == expected[:2]
            values = shared.jaccard, shared.containment_left, shared.shared_words, shared.longest.words
            assert values == tuple(
                row[name] for name in ("jaccard", "containment_left", "shared_words", "longest_passage_words")
            )


@pytest.mark.parametrize("relations", [("exact", "near", "partial", "overlap"), ("overlap",)])
@pytest.mark.parametrize(
    "rule", [Rule(), Rule(near_cover=0.0, reuse_words=0), Rule(minor_cover=1.0, minor_subject=1.0)]
)
@pytest.mark.parametrize("outlet", [{}, {"source": "one.example"}], ids=["two outlets", "one outlet"])
def test_with_evidence_pairs_are_told_as_each_by_itself_too(relations, rule, outlet):
    stage = Verify(relations=relations, rule=rule, overlap=0.2)
    standing, body = prose(1, 120), f"{CALL} {prose(2, 80)}"
    rows = [
        *REPORTS,
        {"text": f"{CALL}\n{prose(3, 30)}", "title": "Talk", "published": "2026-11-19", "source": "a.example"},
        {"text": f"{body}\n{standing}", "title": "A", "published": "2026-11-20", "source": "b.example"},
        {"text": f"{prose(4, 90)} {CALL}\n{standing}", "title": "B", "published": None, "source": "c.example"},
        {"text": f"{prose(5, 250)}\n{standing}", "title": "C", "published": "2026-11-02", "source": "d.example"},
        {"text": f"{body}\n{standing}", "title": "D", "published": "2026-11-20", "source": "e.example"},
        {"text": "", "title": "", "published": None, "source": "f.example"},
        {"text": "", "title": "", "published": None, "source": "g.example"},
    ]
    table = joined([row | outlet for row in rows], stage)
    expected = []
    for row in table.to_pylist():
        left, right = (Article.from_row(row, side) for side in ("left", "right"))
        found = relate(left, right, compare(left.side.words, right.side.words), rule, stage.overlap)
        if found.verdict.relation in relations:
            expected.append((row["left_id"], found.verdict.relation, found.verdict.reason, found.score))
    told = apply(stage, table).to_pylist()
    assert [tuple(row[name] for name in ("left_id", "relation", "reason", "overlap_score")) for row in told] == expected


GAPS = st.lists(
    st.sampled_from(["one", "two", "three", "5", "6", "7", "a", "b", "c", "d", "e", "f", "g", "h"]), max_size=12
)


@given(st.lists(st.tuples(GAPS, GAPS), min_size=2, max_size=4))
def test_changed_values_are_those_of_the_sets_of_words(gaps):
    """The rule with sets of words, written down once more."""
    runs = [[f"run{letter}{n}" for n in "abcdefgh"] for letter in "uvw"]
    texts, passages, expected = ([], []), [], 0
    for place, gap in enumerate(gaps):
        for text, found in zip(texts, gap, strict=True):
            text.extend(found)
        values, rest = zip(*(_split(found) for found in gap), strict=True)
        differ = min(len(values[0] - values[1]), len(values[1] - values[0])) or bool(
            all(values) and values[0] != values[1]
        )
        if all(gap):
            if max(map(len, gap)) <= 6:
                expected += min(differ, 1)
            elif 2 * len(rest[0] & rest[1]) >= len(rest[0] | rest[1]):
                expected += differ
        if place < len(gaps) - 1:
            passages.append((len(texts[0]), len(texts[1]), 8))
            for text in texts:
                text.extend(runs[place])
    left, right = (side(" ".join(text)) for text in texts)
    rows = np.array(passages[::-1], dtype=np.int64)
    sides = (Words(one.words, one.flags, np.array([0, len(one.words)])) for one in (left, right))
    assert changed_values(rows, np.array([0, len(rows)]), *sides, np.array([0])).tolist() == [expected]


def _split(found):
    values = {word for word in found if word in {"one", "two", "three", "5", "6", "7"}}
    return values, set(found) - values


def judged(left, right, **numbers):
    """The rows of two articles, and the relation and reason they get."""
    stage = Verify(rule=Rule(**numbers))
    both = ({"title": "", "published": "2026-11-17"} | row for row in (left, right))
    found = apply(stage, joined(list(both), stage)).to_pylist()
    return (found[0]["relation"], found[0]["reason"]) if found else ("", "")


STOCK = prose(1, 90)
ONE = {"text": f"{prose(2, 350)}\n{STOCK}\n{prose(4, 100)}", "source": "a.example"}
OTHER = {"text": f"{prose(3, 350)}\n{STOCK}\n{prose(5, 100)}", "source": "b.example"}


def test_stock_words_in_articles_on_other_subjects_are_no_reuse():
    assert judged(ONE, OTHER) == ("", "")
    assert judged(ONE, OTHER, minor_cover=0.0)[0] == judged(ONE, OTHER, minor_subject=0.0)[0] == "partial"


def test_the_same_words_are_reuse_where_both_are_on_one_subject_or_they_are_a_good_part():
    subject = prose(6, 200).split()
    left = ONE | {"title": " ".join(subject), "text": f"{' '.join(subject)} {ONE['text']}"}
    right = OTHER | {"title": " ".join(subject[::-1]), "text": f"{' '.join(subject[::-1])} {OTHER['text']}"}
    assert judged(left, right)[0] == "partial"
    assert judged(ONE, {"text": f"{prose(3, 60)}\n{STOCK}", "source": "b.example"})[0] == "partial"


def test_partial_does_not_depend_on_whether_overlaps_are_asked_for():
    stage = Verify(relations=("partial",))
    assert (
        apply(
            stage, joined([ONE | {"title": "", "published": None}, OTHER | {"title": "", "published": None}], stage)
        ).num_rows
        == 0
    )


def test_the_relation_is_the_same_the_other_way_round():
    for left, right in ((ONE, OTHER), (REPORTS[0], REPORTS[1]), (ROWS[0], ROWS[2])):
        there, back = judged(left, right), judged(right, left)
        assert there[0] == back[0]


def test_one_outlet_needs_more_evidence_to_report_a_happening_twice():
    (found,) = apply(Verify(), joined(REPORTS, Verify())).to_pylist()
    same = [row | {"source": "a.example"} for row in REPORTS]
    bar = found["overlap_score"] - 0.01
    assert apply(Verify(overlap=bar), joined(REPORTS, Verify())).num_rows == 1
    assert apply(Verify(overlap=bar), joined(same, Verify())).num_rows == 0
    assert apply(Verify(overlap=bar, rule=Rule(one_outlet=0.0)), joined(same, Verify())).num_rows == 1


def test_batches_change_nothing():
    stage = Verify(overlap=0.0)
    table = joined(ROWS, stage)
    parts = pa.Table.from_batches(stage(iter(table.to_batches(max_chunksize=1))), schema=MATCH)
    assert parts.equals(apply(stage, table))
    assert apply(stage, table.slice(0, 0)).num_rows == 0


def test_it_does_not_matter_how_many_articles_are_kept(monkeypatch):
    stage = Verify()
    rows = joined([*ROWS, *REPORTS, *ROWS[:2]], stage)
    kept = apply(stage, rows)
    monkeypatch.setattr("dedup.duplicates.relation._MANY_ARTICLES", 1)
    assert apply(stage, rows).equals(kept)
    assert kept.num_rows


def test_stage_is_a_stage_that_pickles_and_checks_its_parameters():
    assert isinstance(Verify(), Stage)
    assert pickle.loads(pickle.dumps(Verify())) == Verify()
    with pytest.raises(ParameterError, match="Got same"):
        Verify(relations=("same",))
    with pytest.raises(ParameterError, match=r"overlap must be in \[0, 1\]. Got 2"):
        Verify(overlap=2.0)
    with pytest.raises(ParameterError, match=r"Rule: near_cover must be in \[0, 1\]. Got 7"):
        Rule(near_cover=7.0)


@pytest.mark.skipif(not PAIRS.exists(), reason="labelled pairs are not here")
def test_labelled_pairs_keep_their_floor():
    rows = {}
    for name in ("articles", "pairs"):
        with gzip.open(PAIRS / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            rows[name] = [json.loads(line) for line in lines]
    sides = {
        row["id"]: side(row["text"], row["title"] or "", row["source"] or "", row["published"] or "")
        for row in rows["articles"]
    }
    both = [(sides[pair["a"]], sides[pair["b"]]) for pair in rows["pairs"]]
    found = [decide(left, right, compare(left.words, right.words)).relation for left, right in both]
    for positive, floor in (({"exact", "near"}, 0.97), ({"exact", "near", "partial"}, 0.93)):
        gold = [pair["label"] in positive for pair in rows["pairs"]]
        said = [relation in positive for relation in found]
        hits = sum(one and other for one, other in zip(gold, said, strict=True))
        assert 2 * hits / (sum(gold) + sum(said)) >= floor


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("City market close: index gains 0.6%", "City market close: retailers drag", True),
        ("Valley weather for Monday 2 March", "Valley weather for Tuesday 3 March", True),
        ("Harbour money market given 30 million", "Harbour money market forecast revised", True),
        ("Harbour market given 30 million", "Harbour market forecast revised", False),  # two words begin much
        ("Quake: four dead", "Quake: rescuers reach village", False),  # one word is no series
        ("Quake kills four in the hills", "Ferry hits pier at the port", False),
        ("", "", False),
    ],
)
def test_a_daily_series_is_known_by_its_headlines(one: str, other: str, same: bool) -> None:
    sides = [
        replace(side("some words of a text", one, "a.example"), series=series_of(one), title=frozenset(one.split()))
    ]
    sides.append(
        replace(
            side("more words of a text", other, "a.example"), series=series_of(other), title=frozenset(other.split())
        )
    )
    assert of_one_series(*sides, days=1.0) is same
    assert of_one_series(*sides, days=0.0) is False
    assert of_one_series(sides[0], replace(sides[1], outlets=frozenset({"b.example"})), days=1.0) is False
