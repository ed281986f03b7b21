"""Fitting of the genre model: signs, threshold, folds by host, and a file that is the same each time."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from dedup.articles.genre import AGAINST, FEATURES, FIRST, from_table, why_no_article
from dedup.articles.markup import parse
from dedup.articles.outline import lines_of
from dedup.errors import InputError
from pipelines.train_genre import Example, as_text, cross_validate, fit, model_of, run, threshold, train_genre

ARTICLE = "<html><body><h1>Quay reopens after repairs</h1>{}</body></html>"
PARAGRAPH = "<p>The harbour board voted on Tuesday to reopen the eastern quay after eleven days of repairs.</p>"
LISTING = "<html><body><h1>News</h1>{}</body></html>"
CARD = "<div class='card'><h2><a href='/{0}'>The quay reopens for ships {0}</a></h2></div>"


def gold(folder: Path) -> list[Path]:
    articles = [
        {"id": f"a{i}", "url": f"https://host{i}.example/story-{i}", "html": ARTICLE.format(PARAGRAPH * (3 + i % 4))}
        for i in range(30)
    ]
    others = [
        {
            "id": f"o{i}",
            "url": f"https://other{i}.example/list",
            "html": LISTING.format("".join(CARD.format(n) for n in range(8 + i))),
            "type": "listing",
        }
        for i in range(15)
    ]
    one, other = folder / "articles.jsonl", folder / "other.jsonl.gz"
    one.write_text("".join(json.dumps(row) + "\n" for row in articles), encoding="utf-8")
    other.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in others).encode()))
    return [one, other]


def why(page: str, url: str, model: str) -> str:
    tree = parse(page)
    return why_no_article(tree, lines_of(tree), url, model)


def made(n: int, type_: str, level: float) -> list[Example]:
    rng = np.random.default_rng([n, len(type_)])
    return [Example("gold", f"{type_}{i}", type_, rng.normal(level, 1, len(FEATURES))) for i in range(n)]


def test_articles_and_listings_are_told_apart_and_the_file_is_the_same_each_time(tmp_path: Path) -> None:
    paths = gold(tmp_path)
    model = train_genre(paths, n_folds=3)
    assert model["by_cross_validation"] == {
        "articles_lost": {"articles": {"n": 30, "share": 0.0}},
        "caught": {"listing": {"n": 15, "share": 1.0}},
    }
    assert as_text(train_genre(paths[::-1], n_folds=3)) == as_text(model)
    assert json.loads(as_text(model)) == model
    assert sorted(model["gold"]) == ["articles.jsonl", "other.jsonl.gz"]


def test_what_is_written_is_what_is_used(tmp_path: Path) -> None:
    said = run([str(path) for path in gold(tmp_path)], tmp_path / "model.json")
    assert said.startswith(
        "By cross-validation over hosts: articles lost articles 0.000 of 30; caught listing 1.000 of 15."
    )
    text = (tmp_path / "model.json").read_text(encoding="utf-8")
    listing = LISTING.format("".join(CARD.format(n) for n in range(30)))
    assert why(listing, "https://new.example/list", text)
    assert not why(ARTICLE.format(PARAGRAPH * 9), "https://new.example/story", text)


def test_a_row_of_another_shape_is_refused(tmp_path: Path) -> None:
    (tmp_path / "odd.jsonl").write_text('{"id": "a", "html": 3}\n')
    with pytest.raises(InputError, match="'html' is 3 in row 'a'"):
        train_genre([tmp_path / "odd.jsonl"])


def test_gold_of_one_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="of both kinds"):
        train_genre(gold(tmp_path)[:1])


def test_a_weight_keeps_its_sign_even_if_the_data_say_otherwise() -> None:
    # Everything that should speak against an article is higher here in articles, and the other way round.
    model = from_table(fit([*made(40, "article", 1.0), *made(40, "listing", -1.0)]))
    assert all(model.weight[name] == 0 for name in AGAINST)
    assert any(model.weight[name] < 0 for name in FEATURES)


def test_the_threshold_loses_at_most_one_in_a_hundred_of_every_gold_file() -> None:
    one = [Example("one", str(i), "article", np.zeros(1)) for i in range(200)]
    other = [Example("other", str(i), "article", np.zeros(1)) for i in range(100)]
    few = [Example("few", "x", "article", np.zeros(1))]
    against = np.concatenate([np.linspace(1, -1, 200), np.linspace(0.8, -1, 100), [5.0]])
    least = threshold([*one, *other, *few], against)
    assert [int((part > least).sum()) for part in (against[:200], against[200:300])] == [2, 0]


def test_a_page_is_judged_by_a_model_that_saw_no_page_of_its_host() -> None:
    examples = [*made(30, "article", 0.0), *made(30, "listing", 0.0)]
    # One host whose pages are like nothing else: a model that saw it would know it.
    odd = np.where(np.array([name in AGAINST for name in FEATURES]), 9.0, -9.0)
    same = [Example("gold", "odd.example", "article", odd) for _ in range(30)]
    judged, first = cross_validate([*examples, *same], 5)
    assert set(np.round(judged[60:], 9)) == {np.round(judged[60], 9)}
    seen = from_table(fit([*examples, *same]))
    described = dict(zip(FEATURES, odd.tolist(), strict=True))
    assert judged[60] != seen.against(described)
    assert set(np.round(first[60:], 9)) == {np.round(first[60], 9)}
    assert first[60] != judged[60]


def test_the_probability_of_the_threshold_is_a_half() -> None:
    examples = [*made(200, "article", -0.1), *made(60, "listing", 0.1)]
    model = model_of(examples, {}, 5)
    judge = from_table(model)
    lost = [
        judge.article(dict(zip(FEATURES, e.values.tolist(), strict=True))) < 0.5
        for e in examples
        if e.type == "article"
    ]
    assert sum(lost) <= 6


def test_no_page_that_is_rejected_by_all_features_is_sure_to_be_an_article_by_the_first() -> None:
    examples = [*made(200, "article", -0.4), *made(60, "listing", 0.4)]
    model = model_of(examples, {}, 5)
    judge = from_table(model)
    described = [dict(zip(FEATURES, e.values.tolist(), strict=True)) for e in examples]
    sure = [judge.against({name: one[name] for name in FIRST}) < judge.sure for one in described]
    rejected = [judge.article(one) < 0.5 for one in described]
    assert sum(s and r for s, r in zip(sure[200:], rejected[200:], strict=True)) <= 1
    assert model["sure_articles"] == pytest.approx(np.mean(sure[:200]), abs=0.1)
    assert sum(sure) > 0
