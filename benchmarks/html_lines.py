"""Cross-validates the line model for HTML as pages are scored: word bags and 4-token shingles per file of gold.

    python benchmarks/html_lines.py ../shared/data/pages/{article-extraction-benchmark,wcxb-articles,l3s-gn1,dragnet}.jsonl.gz

Folds go by host, and the block names are learned anew in each. A line stays from the probability on that Label asks for, of what a page
says twice one copy; the repeats of a site, which the nightly command deals with too, are left alone. A few minutes per file.
"""

import argparse
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
from block_names import Shares, attributes_above, count, names_above, odds
from numpy.typing import NDArray

from dedup.articles.extract import by_resiliparse, by_trafilatura, parse, with_closed_title
from dedup.articles.host import host_of
from dedup.articles.metadata import metadata_of
from dedup.articles.normalize import words
from dedup.articles.outline import LAYOUT, NO_ODDS, candidates, lines_of, names_in, odds_inside, outline
from dedup.boilerplate.doubled import doubled
from dedup.boilerplate.features import HTML_FEATURES
from dedup.boilerplate.label import Label
from dedup.boilerplate.line_model import from_table
from pipelines.gold import read_gold
from pipelines.scores import shingle_score, word_bag_score
from pipelines.train import ENOUGH, Example, align, describe, example, fit, fold_of

ODDS = slice(LAYOUT.index("odds_least"), LAYOUT.index("odds_parent_most") + 1)
FOLDS = 5
TREES = 120


@dataclass(frozen=True)
class Page:
    """A gold page: its example, what trafilatura made of it, and the blocks around each line, the nearest first."""

    example: Example
    gold: str
    title: str
    answer: str
    recall: float
    names: tuple[tuple[str, ...], ...]


def read(job: tuple[str, Mapping[str, Any]]) -> Page | None:
    """Outline a gold page; None if it cannot be parsed."""
    origin, row = job
    page, url = with_closed_title(row["html"]), str(row.get("url") or "")
    tree = parse(page)
    if tree is None:
        return None
    main, second = by_trafilatura(tree, url), by_resiliparse(page)
    walked = lines_of(tree)
    found, lines = outline(tree, main, second, walked), candidates(tree, main, second, walked)
    title = metadata_of(tree, url).title
    keep, recall = align(found.lines, row["gold"])
    host = host_of(url) or str(row.get("host") or row["id"])
    made = example(str(row["id"]), origin, "html", title, list(zip(found.lines, keep.tolist(), strict=True)))
    names = tuple(tuple(attributes_above(lines.lines[number].block)) for number in lines.chosen.tolist())
    return Page(replace(made, layout=found.layout, group=host), row["gold"], title, main, recall, names)


def with_odds(page: Page, known: Mapping[str, float]) -> Example:
    """Put the odds of other block names into the layout."""
    layout = page.example.layout.copy()
    made: dict[tuple[str, ...], NDArray[np.float32]] = {}
    for row, path in enumerate(page.names):
        if path not in made:
            told: tuple[float, ...] = NO_ODDS
            for names in reversed(path):
                own = sorted(known[name] for name in names_in(names) if name in known) if names else []
                told = odds_inside(told, own)
            made[path] = np.array(told, dtype=np.float32)
        layout[row, ODDS] = made[path]
    return replace(page.example, layout=layout)


def names_of(pages: Sequence[Page]) -> dict[str, float]:
    """Learn the odds of block names."""
    shares: Shares = defaultdict(dict)
    for page in pages:
        names = [names_above(path) for path in page.names]
        weights = np.minimum(page.example.weight, 100) ** 0.7
        count(shares, page.example.group, zip(names, weights.tolist(), page.example.keep.tolist(), strict=True))
    return odds(shares)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", nargs="+", type=Path)
    options = parser.parse_args()
    jobs = [(path.name.split(".")[0], row) for path in options.gold for row in read_gold(path)]
    with Pool() as pool:
        pages = [page for page in pool.map(read, jobs, chunksize=8) if page and page.example.lines]
    scored: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for fold in range(FOLDS):
        held = [page for page in pages if fold_of(page.example, FOLDS) == fold]
        rest = [page for page in pages if fold_of(page.example, FOLDS) != fold and page.recall >= ENOUGH]
        known = names_of(rest)
        learned = [(made, describe(made)) for made in (with_odds(page, known) for page in rest) if made.weight.any()]
        model = from_table(fit(learned, TREES, seed=0), HTML_FEATURES)
        for page in held:
            made = with_odds(page, known)
            keep = model.predict(describe(made)) >= Label().keep_html
            headline = words(page.title)
            kept = [
                line for line, stays in zip(made.lines, keep.tolist(), strict=True) if stays and words(line) != headline
            ]
            twice = set(doubled([words(line) for line in kept]))
            lines = [line for number, line in enumerate(kept) if number not in twice]
            titled = [page.title] if headline and words(page.gold)[: len(headline)] == headline else []
            texts = ("\n".join([*titled, *lines]), "\n".join([*titled, page.answer]))
            scored[made.origin].append((page.gold, *texts))
        print(f"fold {fold + 1} of {FOLDS}: {len(rest)} pages learned from, {len(held)} scored", flush=True)
    print("| gold | pages | word bags: trafilatura | model | shingles: trafilatura | model |")
    print("| --- | --- | --- | --- | --- | --- |")
    for origin, found in scored.items():
        ours = [(gold, text) for gold, text, _ in found]
        theirs = [(gold, text) for gold, _, text in found]
        bags, shingles = ([score(pairs).f1 for pairs in (theirs, ours)] for score in (word_bag_score, shingle_score))
        figures = " | ".join(f"{value:.4f}" for value in (*bags, *shingles))
        print(f"| {origin} | {len(found)} | {figures} |")


if __name__ == "__main__":
    main()
