"""Fitting of the line model on labelled lines and pages."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dedup.boilerplate.classify import FEATURES, features, from_table
from dedup.errors import InputError
from pipelines.train import align, as_text, crop, example, river, train_boilerplate

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


def drafts(record: Any) -> dict[str, str]:
    text = "\n".join([*CHROME, record["gold"], *CHROME])
    return {"full": text, "main": text, "html": text}


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
    keep = from_table(table["models"]["page"], FEATURES).predict(features([*CHROME, *PARAGRAPHS])[0])
    assert np.all(keep[: len(CHROME)].max() < keep[len(CHROME) :].min())


def test_gold_without_a_line_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    with pytest.raises(InputError, match="no row has"):
        train_boilerplate([empty])
