"""The night as a whole: same bytes for any workers and order, nothing lost, and pages that hang or kill their worker."""

import csv
import gzip
import json
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import nightly
from pipelines.config import Config, load
from pipelines.journal import Journal
from pipelines.preprocess import clean
from pipelines.run_local import Limits, Local

WORDS = (
    *("amber", "birch", "cedar", "dune", "elder", "fern", "grove", "heron", "iris", "juniper", "kelp"),
    *("larch", "maple", "nettle", "olive", "pine", "quince", "reed", "sorrel", "thyme", "umber", "violet"),
)
PARAGRAPH = (
    "The harbour board voted on Tuesday to reopen the eastern quay after eleven days of repairs, its chairman said. "
    "Engineers replaced forty metres of decking and two of the cranes, and the first ferry is due at noon on Wednesday. "
)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run(
    inputs: list[str], out: Path, workers: int = 1, text_is: str | None = None, config: Config | None = None
) -> Path:
    nightly.run(inputs, out, config or Config(), workers, text_is, Journal())
    return out


def same_reports(one: Path, other: Path) -> None:
    names = sorted(path.name for path in one.iterdir())
    assert names == sorted(path.name for path in other.iterdir())
    for name in names:
        if name != "run.json":
            assert (one / name).read_bytes() == (other / name).read_bytes(), name


def test_workers_and_order_of_inputs_change_no_byte(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    inputs = ["fixtures/day2", "fixtures/broken", "fixtures/day3/wire.jsonl"]
    first = run(inputs, tmp_path / "first")
    same_reports(first, run(inputs[::-1], tmp_path / "again", workers=2))


def test_every_input_is_accounted_for(root: Path) -> None:
    inputs = [str(root / "fixtures" / name) for name in ("day1", "day2", "day3", "broken")]
    with Local(2) as engine:
        cleaned = clean(inputs, Config(), engine, Journal())
    # Rejects of whole files and of what is no page come on top of the pages that were read.
    of_pages = [
        one for one in cleaned.rejects if one.reason in {"no_article_text", "timeout", "crashed", "memory", "failed"}
    ]
    assert cleaned.n_pages == cleaned.articles.num_rows + cleaned.n_seen + len(of_pages)
    ids = cleaned.articles["doc_id"].to_pylist()
    assert len(ids) == len(set(ids))
    files = [
        path
        for name in ("day1", "day2", "day3", "broken")
        for path in (root / "fixtures" / name).rglob("*")
        if path.is_file()
    ]
    named = set(cleaned.articles["input"].to_pylist()) | {one.input for one in cleaned.rejects}
    assert {str(path) for path in files} == named


def test_every_article_stands_in_one_cluster_and_one_event(root: Path, tmp_path: Path) -> None:
    out = run([str(root / "fixtures" / "day1")], tmp_path / "out", workers=2)
    articles = rows(out / "articles.csv")
    ids = {row["doc_id"] for row in articles}
    sizes = Counter(row["cluster_id"] for row in articles)
    assert sizes.keys() <= ids
    assert {row["canonical_id"] for row in articles} <= ids
    for row in articles:
        assert (row["relation"] == "canonical") == (row["canonical_id"] == row["doc_id"])
    clusters = {row["cluster_id"]: int(row["n_articles"]) for row in rows(out / "clusters.csv")}
    assert clusters == {cluster: n for cluster, n in sizes.items() if n > 1}
    events = {row["event_id"]: row for row in rows(out / "events.csv")}
    assert Counter(row["event_id"] for row in articles) == {
        name: int(row["n_articles"]) for name, row in events.items()
    }
    storyline = {row["event_id"]: row["storyline_id"] for row in articles}
    assert storyline == {name: row["storyline_id"] for name, row in events.items()}
    for match in rows(out / "duplicates.csv"):
        assert match["left_id"] < match["right_id"]
        assert {match["left_id"], match["right_id"]} <= ids
        assert match["reason"]
    lines = [json.loads(line) for line in (out / "articles.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["doc_id"] for line in lines] == [row["doc_id"] for row in articles]
    removed = {(line["source"], removal["text"]) for line in lines for removal in line["removed"]}
    assert removed == {(row["source"], row["text"].removeprefix("'")) for row in rows(out / "boilerplate.csv")} or any(
        row["text"].startswith("'") for row in rows(out / "boilerplate.csv")
    )


def page(body: str) -> str:
    return f"<html><head><title>Quay reopens</title></head><body><article><h1>Quay reopens</h1>{body}</article></body></html>"


def test_a_page_that_never_ends_is_judged_without_extractors(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "slow.html").write_text(page(f"<p>{PARAGRAPH}</p>" + "<p>One of very many.</p>" * 100_000))
    (folder / "plain.html").write_text(page(f"<p>{PARAGRAPH * 3}</p>"))
    with Local(2, Limits(seconds=3.0)) as engine:
        cleaned = clean([str(folder)], Config(), engine, Journal())
    texts = dict(zip(cleaned.articles["doc_id"].to_pylist(), cleaned.articles["text"].to_pylist(), strict=True))
    assert PARAGRAPH.split(",", maxsplit=1)[0] in texts["plain.html"]
    assert "slow.html" in texts or [one.reason for one in cleaned.rejects] == ["timeout"]


def test_a_page_that_no_extractor_can_end_is_a_reject(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "deep.html").write_text(page("<div>" * 100_000 + PARAGRAPH))
    (folder / "plain.html").write_text(page(f"<p>{PARAGRAPH * 3}</p>"))
    with Local(1, Limits(seconds=3.0)) as engine:
        cleaned = clean([str(folder)], Config(), engine, Journal())
    assert "plain.html" in cleaned.articles["doc_id"].to_pylist()
    outcome = {one.doc_id: one.reason for one in cleaned.rejects}
    assert "deep.html" in outcome or "deep.html" in cleaned.articles["doc_id"].to_pylist()


def test_clean_text_is_taken_to_the_letter(tmp_path: Path) -> None:
    text = "Share\n\n  Sign up for our newsletter  \n" + PARAGRAPH
    (tmp_path / "in.jsonl").write_text(json.dumps({"id": "a", "text": text}) + "\n")
    out = run([str(tmp_path / "in.jsonl")], tmp_path / "out", text_is="clean")
    line = json.loads((out / "articles.jsonl").read_text())
    assert line["text"] == text
    assert line["removed"] == []


def test_all_kinds_of_input_give_the_same_article(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    row = {
        "id": "",
        "title": "Quay reopens",
        "text": PARAGRAPH.strip(),
        "published": "2026-03-02",
        "source": "a.example",
    }
    (folder / "a.jsonl").write_text(json.dumps(row | {"id": "jsonl"}) + "\n")
    (folder / "b.jsonl.gz").write_bytes(gzip.compress((json.dumps(row | {"id": "gz"}) + "\n").encode()))
    with (folder / "c.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerow(row | {"id": "csv"})
    pq.write_table(pa.Table.from_pylist([row | {"id": "parquet"}]), folder / "d.parquet")
    out = run([str(folder)], tmp_path / "out")
    articles = rows(out / "articles.csv")
    assert {row["doc_id"] for row in articles} == {"jsonl", "gz", "csv", "parquet"}
    assert len({(row["title"], row["published"], row["source"], row["n_words"]) for row in articles}) == 1
    assert {row["relation"] for row in rows(out / "duplicates.csv")} == {"exact"}


@pytest.mark.parametrize(
    ("section", "canonical"),
    [
        ("", "early"),
        ('order = ["longest"]', "long"),
        ('preferred_sources = ["Late"]', "late"),
        ('preferred_sources = ["Late"]\norder = ["longest", "preferred"]', "long"),
    ],
)
def test_the_canonical_article_is_chosen_as_the_configuration_says(
    tmp_path: Path, section: str, canonical: str
) -> None:
    copies = [
        {"id": "early", "source": "Early", "published": "2026-03-01", "text": PARAGRAPH},
        {"id": "long", "source": "Long", "published": "2026-03-02", "text": PARAGRAPH + " It rained."},
        {"id": "late", "source": "late", "published": "2026-03-03", "text": PARAGRAPH},
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in copies))
    (tmp_path / "c.toml").write_text(f"[canonical]\n{section}\n")
    nightly.run([str(tmp_path / "in.jsonl")], tmp_path / "out", load(tmp_path / "c.toml"), 1, "clean", Journal())
    (cluster,) = rows(tmp_path / "out" / "clusters.csv")
    assert cluster["canonical_id"] == canonical


def test_a_cluster_that_updates_have_chained_is_told(tmp_path: Path) -> None:
    endings = ("", "s", "ed", "ing", "er", "ville", "son", "ton")
    sentences = [" ".join(f"{word}{ending}" for ending in endings) + "." for word in WORDS]
    versions = [" ".join(sentences[start : start + 12]) for start in (0, 3, 6, 9, 10)]
    (tmp_path / "in.jsonl").write_text(
        "".join(json.dumps({"id": f"v{n}", "text": text}) + "\n" for n, text in enumerate(versions))
    )
    told = nightly.run([str(tmp_path / "in.jsonl")], tmp_path / "out", Config(), 1, "clean", Journal())
    assert "1 cluster (1 loose, see run.json)" in told
    (loose,) = json.loads((tmp_path / "out" / "run.json").read_text())["loose_clusters"]
    assert (loose["cluster_id"], loose["n_articles"], loose["left_id"], loose["right_id"]) == ("v0", 5, "v0", "v4")
    assert 0.0 < loose["cover"] < 0.37


def test_run_json_says_what_was_done(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps({"id": "a", "text": PARAGRAPH}) + "\nbroken\n")
    out = run([str(tmp_path / "in.jsonl")], tmp_path / "out")
    recorded = json.loads((out / "run.json").read_text())
    assert recorded["counts"]["pages"] == 1
    assert recorded["counts"]["rejects"] == {"bad_json": 1}
    assert recorded["configuration"] == Config().fingerprint()
    assert set(recorded["seconds"]) == {
        *("digest", "extract", "classify", "repeats", "label", "sign", "band", "terms", "salient"),
        *("pair", "verify", "cluster", "events", "report"),
    }
    assert recorded["loose_clusters"] == []
    (given,) = recorded["inputs"]
    assert given["path"] == str(tmp_path / "in.jsonl")
    assert len(given["xxh3_128"]) == 32
