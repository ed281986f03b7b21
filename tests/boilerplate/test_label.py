"""What is taken out of an article, and why."""

import pyarrow as pa
import pytest

from dedup.articles.normalize import words
from dedup.articles.reading import read
from dedup.articles.segment import line_key, sentences
from dedup.boilerplate.label import Label, Thresholds
from dedup.boilerplate.label import strip as strip_page
from dedup.boilerplate.passage import Part
from dedup.errors import ParameterError
from dedup.schema import LABELLED
from dedup.stage import apply

LEAD = "The council voted on Tuesday night to repair the old bridge over the river after a debate of many hours."
NEXT = "Work on the bridge will begin next spring, the council said, and should take about two years to complete."
PAGE = Thresholds(0.5)
HTML = Thresholds(0.2)


def line(text: str, keep: float = 0.9, marker: str = "", n_articles: int = 0) -> Part:
    return Part(0, text, line_key(text), keep, marker, n_articles, "")


def strip(
    lines: list[Part], title: str, thresholds: Thresholds, source: str = ""
) -> tuple[str, list[int], dict[int, str]]:
    return strip_page(lines, read([one.text for one in lines]), title, thresholds, source)


def test_reasons_say_who_decided() -> None:
    lines = [
        line("Share", 0.1, "share"),
        line("Cheap flights", 0.1),
        line(LEAD),
        line("Follow our news here", 0.9, "", 7),
    ]
    _, kept, removed = strip(lines, "A title", PAGE)
    assert kept == [2]
    assert removed == {0: "line model: share", 1: "line model", 3: "repeat: in 7 articles of this site"}


def test_a_repeated_paragraph_goes_and_a_repeated_heading_stays() -> None:
    lines = [line(LEAD), line("Background", 0.9, "", 9), line(NEXT, 0.9, "", 3)]
    assert strip(lines, "A title", HTML)[1] == [0, 1]


def test_two_articles_are_enough_where_the_model_doubts() -> None:
    lines = [line(LEAD), line("Background", 0.4, "", 2), line(NEXT, 0.9, "", 2)]
    assert strip(lines, "A title", HTML)[1] == [0, 2]


def test_the_headline_is_found_and_leaves_the_text() -> None:
    lines = [
        line("Skip to content", 0.1, "menu"),
        line("Council votes to repair old bridge"),
        line("Council votes to repair old bridge", 0.4),
        line("The city's old bridge over the river will close for about two years", 0.3),
        line(LEAD),
        line(NEXT),
    ]
    title, kept, removed = strip(lines, "", PAGE)
    assert title == "Council votes to repair old bridge"
    assert kept == [3, 4, 5]
    assert removed == {0: "line model: menu", 1: "headline", 2: "headline repeated"}


def test_a_headline_is_found_though_other_pages_tease_it() -> None:
    headline = "Council votes to repair old bridge"
    lines = [line("Politics", 0.9, "", 9), line(headline, 0.9, "", 2), line(LEAD), line(NEXT)]
    title, kept, removed = strip(lines, "", PAGE)
    assert title == headline
    assert removed[1] == "headline"
    assert kept[-2:] == [2, 3]


def test_a_line_of_the_site_that_shares_no_word_with_the_text_is_no_headline() -> None:
    alone, teased = "Seven days that shook Northport", "Our daily letters and podcasts"
    assert strip([line(alone, 0.99), line(LEAD), line(NEXT)], "", PAGE)[0] == alone
    assert strip([line(teased, 0.99, "", 2), line(LEAD), line(NEXT)], "", PAGE)[0] == ""


def test_a_text_that_begins_with_its_first_paragraph_has_no_headline() -> None:
    title, kept, _ = strip([line(LEAD), line("Work on the old bridge"), line(NEXT)], "", PAGE)
    assert (title, kept) == ("", [0, 1, 2])


def test_a_known_headline_leaves_with_the_name_of_the_site() -> None:
    lines = [line("Council Votes to Repair Old Bridge | The Daily"), line(LEAD), line("The Daily")]
    title, kept, removed = strip(lines, "Council votes to repair old bridge", HTML)
    assert title == "Council votes to repair old bridge"
    assert (kept, removed) == ([1, 2], {0: "headline repeated"})


def test_an_article_is_not_emptied_by_doubts() -> None:
    lines = [line("Share", 0.05, "share"), line(LEAD, 0.4), line(NEXT, 0.45), line("Related", 0.05, "related")]
    assert strip(lines, "A title", PAGE)[1] == [1, 2]


def test_a_page_of_menus_alone_is_emptied() -> None:
    lines = [line("Home", 0.1, "menu"), line("News", 0.2), line("Contact us", 0.1, "copyright")]
    assert strip(lines, "A title", PAGE)[1] == []


def test_a_doubtful_run_apart_from_the_article_goes() -> None:
    lines = [
        line(LEAD),
        line(NEXT),
        line("Share", 0.1, "share"),
        line("Somalia", 0.55),
        line("Why it cannot win", 0.55),
    ]
    assert strip(lines, "T", Thresholds(0.5, island=0.6))[1] == [0, 1]
    assert strip(lines, "T", PAGE)[1] == [0, 1, 3, 4]


def test_a_sentence_after_a_paragraph_is_doubted_less() -> None:
    doubtful = line("The mayor said that nobody had expected so many costs.", 0.45)
    assert strip([line(LEAD), doubtful, line("Share", 0.1)], "T", PAGE)[1] == [0, 1]
    assert strip([line(LEAD), line("Share", 0.1), doubtful], "T", PAGE)[1] == [0]


def test_a_chrome_line_that_holds_the_headline_goes() -> None:
    lines = [line(LEAD), line('Post a Comment for "Council votes to repair bridge"', 0.6, "comment")]
    assert strip(lines, "Council votes to repair bridge", PAGE)[1] == [0]


def rows(kind: str, *lines: Part, doc_id: str = "a", title: str | None = "T") -> list[dict[str, object]]:
    return [
        {
            "doc_id": doc_id,
            "kind": kind,
            "index": index,
            "text": one.text,
            "key": one.key,
            "keep": one.keep,
            "marker": one.marker,
            "n_sentences": [one.n_articles] * len(sentences(one.text)),
            "n_alike": 0,
            "n_sources": 1,
            "n_site": 9,
            "title": title,
        }
        for index, one in enumerate(lines)
    ]


def test_stage_takes_more_from_a_page_than_from_an_article() -> None:
    lines = (line("Share", 0.01, "share"), line("A doubtful line", 0.07), line("A line", 0.3), line(LEAD))
    kinds = ("page", "html", "article", "clean")
    table = pa.Table.from_pylist(
        [row for kind in kinds for row in rows(kind, *lines, doc_id=kind)], schema=Label().reads
    )
    done = {
        row["doc_id"]: row for row in apply(Label(keep_page=0.5, keep_html=0.2, keep_article=0.05), table).to_pylist()
    }
    assert [done[kind]["text"].count("\n") + 1 for kind in kinds] == [1, 2, 3, 4]
    shipped = {row["doc_id"]: row["text"].count("\n") + 1 for row in apply(Label(), table).to_pylist()}
    # Of HTML the lines around the extractor's answer are judged too.
    assert [shipped[kind] for kind in kinds] == [1, 1, 3, 4]
    assert done["page"]["removed"][0] == {"text": "Share", "reason": "line model: share"}
    assert all(row["n_words"] + row["n_words_removed"] == done["clean"]["n_words"] for row in done.values())


def test_stage_cuts_a_repeated_passage_out_of_its_paragraph() -> None:
    plea = (
        "Please think of giving our small newsroom the price of one coffee a month, which keeps the presses running for all "
        "our readers, every night and every day."
    )
    rest = "Shopkeepers near the bridge welcomed the decision, though some of them fear for their trade while it is closed."
    made = rows("article", line(f"{LEAD} {plea} {NEXT}"), line(rest))
    made[0]["n_sentences"] = [0, 8, 0]
    done = apply(Label(), pa.Table.from_pylist(made, schema=Label().reads)).to_pylist()[0]
    assert done["text"] == f"{LEAD} {NEXT}\n{rest}"
    assert done["removed"] == [{"text": plea, "reason": "repeat: in 8 articles of this site"}]
    assert done["n_words"] + done["n_words_removed"] == len(words(f"{LEAD} {plea} {NEXT} {rest}"))


def test_stage_does_not_depend_on_batches_or_on_the_order_of_lines() -> None:
    made = [row for name in "abc" for row in rows("page", line(LEAD), line("Share", 0.1), line(NEXT), doc_id=name)]
    table = pa.Table.from_pylist(made, schema=Label().reads)
    whole = apply(Label(), table)
    assert whole.schema == LABELLED
    assert whole.column("text").to_pylist() == [f"{LEAD}\n{NEXT}"] * 3
    single = [batch for row in range(len(table)) for batch in table.slice(row, 1).to_batches()]
    assert pa.Table.from_batches(Label()(iter(single)), schema=LABELLED) == whole
    backwards = pa.Table.from_pylist(made[::-1], schema=Label().reads)
    assert apply(Label(), backwards) == whole


def test_stage_of_nothing() -> None:
    assert apply(Label(), Label().reads.empty_table()).num_rows == 0


@pytest.mark.parametrize("wrong", [{"keep_page": 1.5}, {"n_repeats": 1}, {"min_words": -1}])
def test_parameters_are_checked(wrong: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match="Label: "):
        Label(**wrong)  # type: ignore[arg-type]
