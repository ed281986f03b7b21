"""Scoring: pages that are no articles are counted as caught or not, and not as extraction."""

from typing import Any

import pytest

from pipelines.config import Config
from pipelines.evaluate import run
from pipelines.journal import Journal
from pipelines.report import json_line

PARAGRAPH = (
    "The harbour board voted on Tuesday to reopen the eastern quay after eleven days of repairs, its chairman said."
)
ARTICLE = f"<html><title>Quay reopens after eleven days</title><h1>Quay reopens after eleven days</h1>{f'<p>{PARAGRAPH}</p>' * 3}</html>"
CARDS = "".join(
    f"<div class='card'><h2><a href='/{n}'>The eastern quay reopens for ships of the line {n}</a></h2>"
    f"<p class='summary'>{PARAGRAPH}</p></div>"
    for n in range(25)
)
FRONT = f"<html><title>News</title><body class='archive'><h1>News</h1>{CARDS}</html>"


def scores(tmp_path: Any, *rows: dict[str, str]) -> dict[str, Any]:
    path = tmp_path / "gold.jsonl"
    path.write_text("".join(json_line(row) for row in rows), encoding="utf-8")
    return run([str(path)], "pages", [], Config(), 1, None, Journal())


def test_pages_of_another_type_are_counted_by_type_and_not_scored(tmp_path: Any) -> None:
    article = {"id": "a", "html": ARTICLE, "gold": "\n".join([PARAGRAPH] * 3)}
    front = {"id": "f", "url": "https://a.example/category/news/", "html": FRONT, "gold": "x", "type": "listing"}
    shop = {"id": "s", "html": ARTICLE + " ", "gold": "x", "type": "product"}
    found = scores(tmp_path, article, front, shop)
    assert found["n_pages"] == 1
    assert found["articles_lost"] == 0
    assert found["not_an_article_recall"] == {"listing": 1.0, "product": 0.0}


def test_gold_without_articles_has_no_scores_of_text(tmp_path: Any) -> None:
    found = scores(tmp_path, {"id": "f", "html": FRONT, "gold": "x", "type": "listing"})
    assert found["n_pages"] == 0
    assert found["not_an_article_recall"] == {"listing": 1.0}
    assert "articles_lost" not in found


def test_gold_without_types_is_all_articles(tmp_path: Any) -> None:
    found = scores(tmp_path, {"id": "a", "html": ARTICLE, "gold": PARAGRAPH})
    assert (found["n_pages"], found["articles_lost"]) == (1, 0)
    assert found["word_bag"]["f1"] == pytest.approx(1.0, abs=0.6)
    assert "not_an_article_recall" not in found
