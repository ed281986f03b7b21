"""Terms of one article: words, spans, dates, quantities."""

import pickle
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.articles import terms
from dedup.articles.published import published_day
from dedup.articles.stopwords import STEMMERS, STOP_WORDS
from dedup.articles.terms import Analyse, Spans, Terms, analyse, background, quantities, take_dates
from dedup.errors import ParameterError
from dedup.schema import TERMS
from dedup.stage import apply


def _quantities(text: str) -> set[str]:
    return set(quantities(text, terms.content(text, "en"), "en"))


@pytest.mark.parametrize(
    ("text", "published", "expected"),
    [
        ("It was held on October 16.", None, ["--10-16"]),
        ("It was held on October 16, 2023, in Rome.", None, ["2023-10-16"]),
        ("It was held on 16 October 2023.", None, ["2023-10-16"]),
        ("Am 7. Oktober 2023 und el 8 de octubre de 2023.", None, ["2023-10-07", "2023-10-08"]),
        ("Logged 2023-10-16.", None, ["2023-10-16"]),
        ("The meeting of December 30 was short.", "2024-01-03", ["2023-12-30"]),
        ("They may 12 times march 3 miles.", None, []),
        ("It rose 5 percent to 12,000.", None, []),
        ("On February 30 nothing happens.", None, []),
    ],
)
def test_dates_in_figures(text: str, published: str | None, expected: list[str]) -> None:
    found, _ = take_dates(text, published_day(published))
    assert found == expected


def test_day_that_names_a_past_happening_is_no_day_of_the_report() -> None:
    for text in ("since the October 7 attack", "Hamas's October 7 attack", "the Hamas-led October 7, 2023, attack"):
        found, rest = take_dates(text, None)
        assert found == []
        assert "7" not in rest
    assert take_dates("before the October 7.", None)[0] == ["--10-07"]


def test_weekdays_are_resolved_to_the_last_before_publication() -> None:
    found = analyse("", "They spoke on Sunday and met yesterday.", "en", "2023-12-12T09:00:00Z")
    assert found.dates == ("2023-12-10", "2023-12-11")
    assert analyse("", "They will speak next Sunday.", "en", "2023-12-12").dates == ("2023-12-17",)
    assert analyse("", "They spoke on Sunday.", "en").dates == ()


def test_dates_are_read_before_quantities() -> None:
    found = analyse("", "On October 7 attackers came; 7 people fled.", "en")
    assert found.dates == ("--10-07",)
    assert found.quantities == ("7 people",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a 50-minute call", "50 minut"),
        ("lasted 50 minutes", "50 minut"),
        ("lasted fifty minutes", "50 minut"),
        ("a magnitude 6.4 quake", "6.4 magnitud"),
        ("a 6.4-magnitude quake", "6.4 magnitud"),
        ("12 people", "12 peopl"),
        ("twelve people", "12 peopl"),
        ("sixteen people", "16 peopl"),
        ("twenty-five people", "25 peopl"),
        ("four hundred residents", "400 resid"),
        ("two hundred and fifty thousand residents", "250000 resid"),
        ("a hundred and twenty one homes", "121 home"),
        ("three million people", "3000000 peopl"),
        ("3 million people", "3000000 peopl"),
        ("seven percent", "7 %"),
        ("$3 billion", "3000000000 $"),
        ("a 33-year-old man", "33 old"),
        ("aged 33", "33 old"),
        ("7 percent", "7 %"),
        ("7%", "7 %"),
        ("1,500 homes", "1500 home"),
    ],
)
def test_quantities(text: str, expected: str) -> None:
    assert expected in _quantities(text)


@pytest.mark.parametrize(
    ("text", "unexpected"),
    [
        ("the 22:15 passenger service", "15 passeng"),
        ("a 3:2 win", "2 win"),
        ("four hundred residents", "4 hundr"),
        ("twenty-five people", "5 peopl"),
        ("twenty-five people", "20 five"),
        ("one man", "1 man"),
        ("several hundred people", "100 peopl"),
        ("one hundred and one", "101"),
        ("fifty", "50"),
    ],
)
def test_no_part_of_a_number_is_a_quantity(text: str, unexpected: str) -> None:
    assert unexpected not in _quantities(text)


def test_years_and_small_bare_numbers_are_no_quantities() -> None:
    assert _quantities("In 2023, number 4.") <= {"4 number"}


def test_spans_leave_out_what_only_begins_a_sentence() -> None:
    spans = Spans("Talks went on. Leaders met Vladimir Putin in Moscow. Putin left on Monday.", "en")
    found = spans.texts()
    assert spans.written("putin") == "Putin"
    assert (spans.has("moscow"), spans.has("monday"), spans.has("unheard")) == (True, False, False)
    assert spans.keys().tolist() == terms.span_keys(found).tolist()
    assert {"vladimir", "putin", "vladimir putin", "moscow"} <= set(found)
    assert found.count("putin") == 2
    assert not {"talks", "leaders", "monday"} & set(found)


def test_headlines_are_no_source_of_spans() -> None:
    assert Spans("Storm Hits The Northern Coast Again\nA storm hit the coast.", "en").texts() == []


CAPITALISED = re.compile(r"(?<![^\W_])[^\W\d_a-zß-öø-ÿа-я](?:(?<=[A-Z])\.(?:[A-Z]\.)+|[^\W_]*(?:'[^\W_]+)*)")


def begins_sentence(line: str, start: int) -> bool:
    before = line[max(0, start - 3) : start].rstrip(" -,'()")
    if before.endswith("."):
        last = line[: start - 1].rstrip(" .").rsplit(" ", 1)[-1]
        return not (last.casefold() in terms._HONORIFICS or (len(last) == 1 and last.isupper()))
    return not before or (not before[-1].isalnum() and bool(re.search('[.!?:;"\u201c\u201e\u00ab|\u2022]', before)))


def is_shouted(line: str) -> bool:
    if len(line) > 200 or line.rstrip("\"' \u201d").endswith("."):
        return False
    long = re.findall(r"[^\W\d_][^\W_]{3,}", line)
    return len(long) > 1 and sum(word[0].isupper() for word in long) >= 0.7 * len(long)


def spans_of(text: str) -> list[str]:
    """Find the spans of a text in plain words."""
    certain: list[str] = []
    doubtful: list[str] = []
    for line in text.split("\n"):
        span: list[str] = []
        into, end = certain, -1

        def close(span: list[str], into: list[str]) -> None:
            names = [word for word in span if len(word) > 1 and word not in terms._HONORIFICS]
            into += names + [f"{left} {right}" for left, right in pairwise(names)]
            span.clear()

        for match in CAPITALISED.finditer(line):
            if not match[0][0].isupper():
                continue
            word = match[0].replace(".", "").removesuffix("'s").removesuffix("'S").casefold()
            gap = line[end : match.start()]
            is_title = bool(span) and (len(span[-1]) == 1 or span[-1] in terms._HONORIFICS)
            if gap not in (" ", "-") and not (gap == ". " and is_title):
                close(span, into)
            if not span:
                into = doubtful if begins_sentence(line, match.start()) or is_shouted(line) else certain
            end = match.end()
            if word not in STOP_WORDS["en"] and word not in terms.CALENDAR and len(span) < 6:
                span.append(word)
            else:
                close(span, into)
        close(span, into)
    return [*certain, *(word for word in doubtful if word in certain)]


PIECES = st.sampled_from(
    [
        *(
            "Ann",
            "Lee",
            "Mr",
            "Mr.",
            "Dr.",
            "J.",
            "U.S.",
            "U.N",
            "O'Neil",
            "Lee's",
            "NATO",
            "X",
            "Émile",
            "Élan",
            "Über",
        ),
        *(
            "Иван",
            "Ёлка",
            "ёж",
            "Αθήνα",
            "αυτό",
            "東京",
            "½Tor",
            "ß",
            "the",
            "The",
            "On",
            "May",
            "Monday",
            "march",
            "went",
            "4th",
            "12B",
        ),
        *(" ", " ", " ", " ", ". ", ", ", "-", "'", '"', "\u201c", "\u201d", ": ", "(", "\n", "\n", "_", "|", "…", "!"),
    ]
)


@settings(max_examples=400)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_spans_are_those_of_the_plain_way(text: str) -> None:
    assert sorted(Spans(text, "en").texts()) == sorted(spans_of(text))


@settings(max_examples=200)
@given(st.lists(PIECES | st.text(max_size=6), max_size=20).map("".join))
def test_words_of_a_text_are_those_of_its_spelling(text: str) -> None:
    found = terms.content(text, "en")
    assert found.words == terms.content_words(text)
    assert [bool(key) for key in found.keys] == [bool(terms.stems(word, "en")) for word in found.words]


def test_labels_show_a_word_as_it_first_stands_and_a_span_as_it_last_does() -> None:
    labels = analyse(
        "", "They were running and it runs. We met the NATO chief in Oslo, then the Nato chief.", "en"
    ).labels
    assert "running" in labels
    assert "runs" not in labels
    assert "Nato" in labels
    assert "NATO" not in labels


def test_terms_are_hashed_together_as_one_by_one() -> None:
    texts = ["", "a", "\ud800", "caf\u00e9", "\U0001f600 b"]
    assert terms.text_keys(texts).tolist() == [terms.text_key(text) for text in texts]


def test_words_are_stemmed_and_stop_words_dropped() -> None:
    assert terms.stems("The leaders were calling", "en") == ["leader", "call"]
    assert terms.stems("Die Gespräche der Minister", "de") == ["gesprach", "minist"]
    assert terms.stems("alpha beta", "xx") == ["alpha", "beta"]


def test_scripts_without_spaces_give_pairs_of_letters() -> None:
    found = terms.content_words("東京都 2026")
    assert found == ["東京", "京都", "2026"]
    assert len(analyse("", "東京都の知事", "ja").words.keys) > 0


def test_keys_agree_with_the_readable_forms() -> None:
    found = analyse("", "Calling leaders calls", "en")
    assert set(found.words.keys.tolist()) == {terms.word_key("call"), terms.word_key("leader")}
    assert terms.bigram_keys(["call leader"])[0] in found.bigrams.keys


def test_title_and_text_make_no_pair() -> None:
    found = analyse("alpha", "beta gamma", "xx")
    assert set(found.bigrams.keys.tolist()) == {int(terms.bigram_keys(["beta gamma"])[0])}
    assert set(found.lead.keys.tolist()) == {terms.word_key(word) for word in ("alpha", "beta", "gamma")}


def test_background_knows_common_terms() -> None:
    table = background()
    common, rare = terms.word_key("presid"), terms.word_key("zzqxy")
    frequency = table.document_frequency(np.array([common, rare]))
    assert frequency[0] > 1000
    assert frequency[1] == table.unseen


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300), st.text(max_size=40), st.sampled_from(["en", "de", "ru", "ja", "", None]))
def test_any_text_can_be_analysed(text: str, title: str, language: str | None) -> None:
    found = analyse(title, text, language, "2024-02-29")
    assert np.all(found.words.keys[1:] > found.words.keys[:-1])
    again = Terms.from_row(found.to_row())
    assert again.dates == found.dates
    assert np.array_equal(again.bigrams.keys, found.bigrams.keys)


def _articles() -> pa.Table:
    rows = [
        {"doc_id": "a", "arrival": 1, "title": "One", "text": "The leaders spoke for 50 minutes.", "language": "en"},
        {"doc_id": "b", "arrival": 2, "title": None, "text": "", "language": None},
    ]
    return pa.Table.from_pylist(rows, schema=Analyse.reads)


def test_stage_keeps_its_laws() -> None:
    stage = Analyse()
    table = apply(stage, _articles())
    assert table.schema == TERMS
    assert table["quantities"].to_pylist() == [["50 minutes"], []]
    parts = [batch for row in range(2) for batch in _articles().slice(row, 1).to_batches()]
    assert pa.Table.from_batches(stage(parts)).to_pylist() == table.to_pylist()
    assert apply(stage, _articles().slice(0, 0)).num_rows == 0
    assert pickle.loads(pickle.dumps(stage)) == stage


def test_stage_refuses_wrong_parameters() -> None:
    with pytest.raises(ParameterError, match="n_lead_words"):
        Analyse(n_lead_words=0)
    with pytest.raises(ParameterError, match="n_labels"):
        Analyse(n_labels=-1)


@pytest.mark.parametrize("language", sorted(set(STEMMERS)))
def test_stems_in_c_are_those_in_python(language: str) -> None:
    name = STEMMERS[language]
    python = getattr(import_module(f"snowballstemmer.{name}_stemmer"), f"{name.capitalize()}Stemmer")()
    stem_word = terms._Stems(language).stem_word
    assert stem_word is not None
    for word in (word for listed in STOP_WORDS.values() for word in listed if word.isalpha()):
        assert stem_word(word) == python.stemWord(word)


@given(st.lists(st.text()))
def test_keys_of_many_terms_are_those_of_each(texts: list[str]) -> None:
    assert terms.text_keys(texts).tolist() == [terms.text_key(text) for text in texts]


def test_labels_show_a_name_with_its_capitals() -> None:
    labels = analyse(
        "", "On Monday Piers Hallam met Velsko. Talks of Hallam with Velsko went on for hours.", "en"
    ).labels
    assert {"Hallam", "Velsko"} <= set(labels)
    assert not {"hallam", "velsko"} & set(labels)
    assert "hours" in labels


def test_threads_find_the_terms_that_one_finds() -> None:
    rng = np.random.default_rng(0)
    made = [" ".join("".join(rng.choice(list("abcdeklmnoprst"), 6)).title() for _ in range(60)) for _ in range(60)]
    alone = [analyse("", text, "en").to_row() for text in made]
    # Others than those whose words are known by now.
    news = [text.replace("A", "Zu").replace("e", "y") for text in made]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda text: analyse("", text, "en").to_row(), [*made, *news] * 4))
    finally:
        sys.setswitchinterval(before)
    assert [found[number] for number in range(len(made))] == alone
    assert found[: 2 * len(made)] == found[2 * len(made) : 4 * len(made)]
    assert found[len(made) : 2 * len(made)] == [analyse("", text, "en").to_row() for text in news]
