"""Fitting of the line model on labelled lines and pages."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dedup.articles.outline import LAYOUT
from dedup.articles.reading import read
from dedup.boilerplate.features import (
    FAST_FEATURES,
    FEATURES,
    FEED,
    HTML_FEATURES,
    RESILIPARSE_FEATURES,
    features,
    html_features,
)
from dedup.boilerplate.line_model import OF_HTML, from_table, line_model
from dedup.errors import InputError
from dedup.tables import load_json
from pipelines.train import (
    Draft,
    Example,
    align,
    alike,
    as_text,
    augment,
    columns_of,
    crop,
    drafts_of,
    example,
    examples_of,
    feed,
    fold_of,
    in_sections,
    interrupt,
    of_one_page,
    offers,
    river,
    train_boilerplate,
)

PARAGRAPHS = [
    f"In the {word} month of the year the council of the town met again, and it decided that the {word} road would be closed."
    for word in ("first", "second", "third", "fourth", "fifth", "sixth")
]
CHROME = ["Share", "Subscribe now", "Home | News | Sport", "All rights reserved"]


def gold(folder: Path) -> list[Path]:
    lines = folder / "lines.jsonl"
    pages = folder / "pages.jsonl"
    record = [{"text": text, "keep": False} for text in CHROME] + [{"text": text, "keep": True} for text in PARAGRAPHS]
    lines.write_text("".join(json.dumps({"id": str(i), "lines": record[i % 4 :]}) + "\n" for i in range(40)))
    pages.write_text(
        "".join(
            json.dumps({"id": f"p{i}", "html": "", "gold": "\n".join(PARAGRAPHS[i % 3 :])}) + "\n" for i in range(20)
        )
    )
    return [lines, pages]


def drafts(record: Any) -> dict[str, Draft]:
    lines = (*CHROME, *record["gold"].split("\n"), *CHROME)
    layout = np.zeros((len(lines), len(LAYOUT)), dtype=np.float32)
    layout[len(CHROME) : -len(CHROME), :2] = 1
    voted = layout.copy()
    voted[:, 0] = -1
    return {
        "full": Draft("page", lines),
        "main": Draft("page", lines),
        "answer": Draft("article", lines),
        "outline": Draft("html", lines, layout),
        "whole": Draft("fast", lines, np.full_like(layout, -1.0)),
        "voted": Draft("resiliparse", lines, voted),
    }


def test_lines_are_labelled_by_the_gold() -> None:
    lines = ["Home", PARAGRAPHS[0], "town", PARAGRAPHS[1], "Closed", PARAGRAPHS[2], "town", "Share"]
    keep, recall = align(lines, "\n".join([*PARAGRAPHS[:2], "Closed", PARAGRAPHS[2]]))
    assert keep.tolist() == [False, True, True, True, True, True, False, False]
    assert recall > 0.8


def test_a_headline_weighs_nothing() -> None:
    made = example("1", "pages", "html", "The Road", [("The road", True), (PARAGRAPHS[0], True), ("Share", False)])
    assert made.weight[0] == 0
    assert made.weight[1] > made.weight[2] > 0


def test_crops_and_rivers_keep_the_article() -> None:
    labelled = [(line, False) for line in CHROME] + [(line, True) for line in PARAGRAPHS] + [("Share", False)] * 9
    page = example("1", "pages/full", "page", "", labelled)
    others = [example("2", "pages/html", "html", "Another Story", [(PARAGRAPHS[5] * 2, True)])]
    for seed in range(5):
        for made in (crop(page, seed), river(page, others, seed)):
            assert made is not None
            assert [line for line, keep in zip(made.lines, made.keep, strict=True) if keep] == PARAGRAPHS
            assert len(made.lines) == len(made.keep) == len(made.weight)
    assert crop(example("1", "pages/full", "page", "", [("Share", False)]), 0) is None


def test_training_is_deterministic_and_its_model_tells_chrome(tmp_path: Path) -> None:
    paths = gold(tmp_path)
    first = train_boilerplate(paths, share=1.0, n_trees=5, n_folds=2, drafts=drafts)
    assert first == train_boilerplate(paths[::-1], share=1.0, n_trees=5, n_folds=2, drafts=drafts)
    assert set(first["gold"]) == {"lines.jsonl", "pages.jsonl"}
    assert first["word_f1_by_cross_validation"]["page"]["lines"] > 0.95
    (tmp_path / "model.json").write_text(as_text(first), encoding="utf-8")
    table = json.loads((tmp_path / "model.json").read_text())
    assert table == first
    lines = [*CHROME, *PARAGRAPHS]
    layout = np.repeat(np.eye(1, len(LAYOUT)) + np.eye(1, len(LAYOUT), 1), len(lines), axis=0).astype(np.float32)
    layout[: len(CHROME)] = 0
    for kind, used in (
        ("page", FEATURES),
        ("article", FEATURES[: -len(FEED)]),
        ("html", HTML_FEATURES),
        ("fast", FAST_FEATURES),
        ("resiliparse", RESILIPARSE_FEATURES),
    ):
        assert table["models"][kind]["features"] == list(used)
        names = columns_of(kind)
        matrix = features(read(lines))
        keep = from_table(table["models"][kind], names).predict(
            html_features(matrix, np.full_like(layout, -1.0) if kind == "fast" else layout)
            if kind in OF_HTML
            else matrix
        )
        assert keep[: len(CHROME)].max() < keep[len(CHROME) :].min()


def test_gold_of_lines_alone_keeps_the_html_model_that_ships(tmp_path: Path) -> None:
    lines, _ = gold(tmp_path)
    made = train_boilerplate([lines], share=1.0, n_trees=3, n_folds=0, drafts=drafts)
    shipped = load_json("line_model.json")["models"]
    assert made["models"]["html"] == shipped["html"]
    assert made["models"]["page"] != shipped["page"]
    assert made["models"]["article"] == made["models"]["page"]
    (tmp_path / "mine.json").write_text(as_text(made), encoding="utf-8")
    line_model("html", (tmp_path / "mine.json").read_text())


def test_a_page_that_is_no_article_is_not_trained_on(tmp_path: Path) -> None:
    asked = []

    def noted(record: Any) -> dict[str, Draft]:
        asked.append(record["id"])
        return drafts(record)

    path = tmp_path / "pages.jsonl"
    types = {"a": {"type": "article"}, "b": {"type": "listing"}, "c": {}, "d": {"type": "product"}}
    path.write_text(
        "".join(
            json.dumps({"id": id_, "html": "", "gold": "\n".join(PARAGRAPHS)} | fields) + "\n"
            for id_, fields in types.items()
        )
    )
    assert {e.id for e in examples_of(path, 1.0, noted)} == {"a", "c"}
    assert asked == ["a", "c"]


def test_of_pages_a_share_is_taken_but_of_outlines_all(tmp_path: Path) -> None:
    _, pages = gold(tmp_path)
    made = examples_of(pages, 0.3, drafts)
    by_kind = {kind: {e.id for e in made if e.kind == kind} for kind in ("page", "article", "html")}
    assert len(by_kind["html"]) == 20
    assert 0 < len(by_kind["page"]) < 20
    assert by_kind["page"] == by_kind["article"]
    assert all(e.layout.shape == (len(e.lines), len(LAYOUT)) for e in made if e.kind == "html")


def test_drafts_of_a_page_hold_a_row_of_layout_for_each_line_of_its_outline() -> None:
    body = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    html = f"<html><body><nav><a href='/'>Home</a></nav><article>{body}</article><p>Share</p></body></html>"
    made = drafts_of({"id": "1", "html": html, "gold": ""})
    assert {name: draft.kind for name, draft in made.items()} == {
        "full": "page",
        "main": "page",
        "answer": "article",
        "outline": "html",
        "whole": "fast",
        "voted": "resiliparse",
    }
    assert all(set(PARAGRAPHS) <= set(draft.lines) for draft in made.values())
    assert made["outline"].layout.shape == (len(made["outline"].lines), len(LAYOUT))
    assert made["whole"].layout.shape == (len(made["whole"].lines), len(LAYOUT))
    assert set(made["whole"].layout[:, 0].tolist()) == {-1.0}
    assert made["voted"].lines == made["whole"].lines
    assert set(made["voted"].layout[:, 0].tolist()) == {-1.0}
    assert made["voted"].layout[:, 1].min() >= 0
    assert made["answer"].layout.shape == (0, len(LAYOUT))


OFFER = "Sign up for our newsletter and get the best stories of the week."


def test_offers_are_chrome_sentences_that_announce_something() -> None:
    page = example(
        "1",
        "lines",
        "page",
        "",
        [("Subscribe now", False), (OFFER, False), (PARAGRAPHS[0], False), (OFFER + " ", True)],
    )
    assert offers([page]) == [OFFER]


def test_boxes_stand_between_paragraphs_and_are_chrome() -> None:
    labelled = [("Share", False), *((line, True) for line in PARAGRAPHS), ("Home", False)]
    page = example("1", "pages/main", "page", "", labelled)
    seen = set()
    for seed in range(20):
        made = interrupt(page, ["Another Story"], [OFFER], seed)
        assert made is not None
        assert made.origin == "pages/main/box"
        assert len(made.lines) == len(made.keep) == len(made.weight) > len(page.lines)
        assert [line for line, keep in zip(made.lines, made.keep, strict=True) if keep] == PARAGRAPHS
        added = [row for row, line in enumerate(made.lines) if line not in page.lines]
        assert made.lines.index(PARAGRAPHS[0]) < min(added)
        assert max(added) < made.lines.index(PARAGRAPHS[-1])
        assert all(made.weight[row] > 0 and not made.keep[row] for row in added)
        # What is not added keeps its order and its weight.
        rest = [row for row in range(len(made.lines)) if row not in added]
        assert [made.lines[row] for row in rest] == list(page.lines)
        assert made.weight[rest].tolist() == page.weight.tolist()
        seen.add(made.lines)
    assert len(seen) > 10
    again, same = (interrupt(page, ["Another Story"], [OFFER], 0) for _ in range(2))
    assert again is not None and same is not None
    assert again.lines == same.lines


def test_an_article_of_two_paragraphs_gets_no_boxes() -> None:
    page = example("1", "pages/main", "page", "", [(line, True) for line in PARAGRAPHS[:2]])
    assert interrupt(page, ["Another Story"], [OFFER], 0) is None


def test_boxes_are_added_to_some_pages_in_plain_text_and_to_nothing_else() -> None:
    labelled = [(OFFER, False), *((line, True) for line in PARAGRAPHS)]
    examples = [
        example(f"{number}", f"pages/{name}", kind, "A Story of Roads", labelled)
        for number in range(40)
        for name, kind in (("main", "page"), ("answer", "article"), ("outline", "html"))
    ]
    made = augment(examples, 0)
    added = Counter(e.origin for e in made) - Counter(e.origin for e in examples)
    assert set(added) == {"pages/main/box", "pages/main/feed", "pages/main/sections"}
    assert 5 < added["pages/main/box"] < 35
    assert added["pages/main/feed"] == 40
    assert 5 < added["pages/main/sections"] < 30
    assert [e for e in made if e.origin not in added] == examples
    # Without headlines and offers there is nothing to put into boxes.
    bare = [example("1", "lines", "page", "", [(line, True) for line in PARAGRAPHS])]
    assert augment(bare, 0) == bare


def stories() -> list[Example]:
    return [
        example(
            name,
            "pages/answer",
            "article",
            f"The {name.title()} Road",
            [(f"{name} {line}", True) for line in PARAGRAPHS],
        )
        for name in ("northern", "southern", "eastern", "western")
    ]


def column(e: Example, name: str) -> NDArray[np.float64]:
    return features(read(e.lines))[:, FEATURES.index(name)]


def test_a_feed_after_an_article_ends_each_teaser_alike_and_is_chrome() -> None:
    labelled = [("Share", False), *((line, True) for line in PARAGRAPHS), ("Home", False)]
    page = example("1", "pages/full", "page", "", labelled)
    n_in_feeds = 0
    for seed in range(20):
        made = feed(page, stories(), seed)
        assert made is not None
        assert made.origin == "pages/full/feed"
        assert [line for line, keep in zip(made.lines, made.keep, strict=True) if keep] == PARAGRAPHS
        units = column(made, "feed_units")
        assert not units[made.keep].any()
        n_in_feeds += int(units.max() > 1)
    assert n_in_feeds > 15
    assert feed(example("1", "pages/full", "page", "", [("Share", False)]), stories(), 0) is None
    assert feed(page, [], 0) is None


def test_sections_that_look_like_teasers_keep_the_article() -> None:
    labelled = [("Share", False), *((line, True) for line in PARAGRAPHS), ("Home", False)]
    page = example("1", "pages/full", "page", "", labelled)
    seen = set()
    for seed in range(20):
        made = in_sections(page, stories(), seed)
        assert made is not None
        assert made.origin == "pages/full/sections"
        article = [line for line, keep in zip(made.lines, made.keep, strict=True) if keep]
        assert [line for line in article if line in PARAGRAPHS] == PARAGRAPHS
        seen.add(bool(column(made, "feed_units")[made.keep].any()))
    assert seen == {True, False}
    short = example("1", "pages/full", "page", "", [(line, True) for line in PARAGRAPHS[:3]])
    assert in_sections(short, stories(), 0) is None


def test_articles_alike_share_words_with_a_page_and_are_not_its_own() -> None:
    others = stories()
    page = example(
        "1",
        "pages/full",
        "page",
        "",
        [("They met on the eastern coast road.", True), (f"eastern {PARAGRAPHS[1]}", True)],
    )
    assert alike(others)(page)[0].id == "eastern"
    assert "eastern" not in {e.id for e in alike(others)(others[2])}


def test_of_kinds_that_are_not_fitted_anew_the_trees_that_ship_stay(tmp_path: Path) -> None:
    made = train_boilerplate(gold(tmp_path), share=1.0, n_trees=3, n_folds=0, refit=(), drafts=drafts)["models"]
    shipped = load_json("line_model.json")["models"]
    assert made["article"] == shipped["article"]
    assert made["html"] == shipped["html"]
    assert made["page"]["trees"] == shipped["page"]["trees"]
    assert made["page"]["bias"] == shipped["page"]["bias"]
    assert made["page"]["feed_trees"] != shipped["page"]["feed_trees"]


def test_gold_without_a_line_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    with pytest.raises(InputError, match="no row has"):
        train_boilerplate([empty])


def test_labelled_lines_are_in_the_fold_of_their_page() -> None:
    page, lines = (
        example(id_, origin, "page", "", [("One line.", True)]) for id_, origin in (("7", "p"), ("7", "lines"))
    )
    other = example("8", "lines", "page", "", [("Another line.", True)])
    grouped = of_one_page([replace(page, group="host.example"), lines, other])
    assert [e.group for e in grouped] == ["host.example", "host.example", ""]
    assert fold_of(grouped[0], 5) == fold_of(grouped[1], 5)
