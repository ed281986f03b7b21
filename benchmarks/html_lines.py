"""Cross-validates the line models for HTML as pages are scored: word bags and 4-token shingles per file of gold.

    python benchmarks/html_lines.py ../shared/data/pages/{article-extraction-benchmark,wcxb-articles,l3s-gn1,dragnet}.jsonl.gz

For each extractor: with the votes of trafilatura and resiliparse, without, and, as Extract goes about it, first without, then with that of
resiliparse where the model without has more doubt than is allowed, and with both where that leaves too much. Folds go by host, and the block names are learned anew in each, for either model. A line stays from the probability on
that Label asks for, of what a page says twice one copy; the repeats of a site, which the nightly command deals with too, are left
alone. Some minutes per file; OMP_NUM_THREADS=1 is faster on a busy machine.
"""

import argparse
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
from block_names import Shares, count, names_above, odds
from numpy.typing import NDArray

from dedup.articles.extract import Extract, both, by_resiliparse, by_trafilatura, doubt_of, tree_of, with_closed_title
from dedup.articles.host import host_of
from dedup.articles.markup import parse
from dedup.articles.metadata import metadata_of
from dedup.articles.normalize import words
from dedup.articles.outline import LAYOUT, NO_ODDS, candidates, full_outline, lines_of, names_in, odds_inside, outline
from dedup.boilerplate.doubled import doubled
from dedup.boilerplate.features import HTML_FEATURES
from dedup.boilerplate.label import Label
from dedup.boilerplate.line_model import from_table
from dedup.boilerplate.plain import plainly_chrome
from pipelines.gold import read_gold
from pipelines.scores import shingle_score, word_bag_score
from pipelines.train import ENOUGH, Example, align, describe, example, fit, fold_of

ODDS = slice(LAYOUT.index("odds_least"), LAYOUT.index("odds_parent_most") + 1)
FOLDS = 5
#: As ``Extract`` has them.
POSSIBLE, KEPT, LEFT = 0.1, 0.5, 1.5
TREES = 120


@dataclass(frozen=True)
class Page:
    """A gold page as one of the models sees it, and the blocks around each line, the nearest first."""

    example: Example
    recall: float
    names: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Gold:
    """A gold page: its text, title and author, what trafilatura made of it, and how each model, by its kind, sees it."""

    gold: str
    title: str
    author: str
    answer: str
    seen: dict[str, Page]

    @property
    def titled(self) -> list[str]:
        """Return the title, if the gold begins with it."""
        headline = words(self.title)
        return [self.title] if headline and words(self.gold)[: len(headline)] == headline else []


def read(job: tuple[str, Mapping[str, Any]]) -> Gold:
    """Outline a gold page."""
    origin, row = job
    page, url = with_closed_title(row["html"]), str(row.get("url") or "")
    markup = parse(page)
    main, second = by_trafilatura(tree_of(page), url), by_resiliparse(page)
    lines = lines_of(markup)
    chosen = candidates(markup, main, second, lines)
    about = metadata_of(markup, url)
    title = about.title
    host = host_of(url) or str(row.get("host") or row["id"])
    seen = {}
    for kind, found, among, numbers in (
        ("html", outline(markup, main, second, lines), chosen.lines, chosen.chosen.tolist()),
        ("fast", full_outline(lines), lines, range(len(lines))),
        ("resiliparse", full_outline(lines, second), lines, range(len(lines))),
    ):
        keep, recall = align(found.lines, row["gold"])
        made = example(str(row["id"]), origin, kind, title, list(zip(found.lines, keep.tolist(), strict=True)))
        names = tuple(tuple(among.names_above(number)) for number in numbers)
        seen[kind] = Page(replace(made, layout=found.layout, group=host), recall, names)
    return Gold(row["gold"], title, about.author, main, seen)


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


def judged(pages: Sequence[Gold], kind: str, fold: int) -> dict[int, NDArray[np.float64]]:
    """Return the probabilities of the lines of the pages of a fold, by number of the page, by a model of all others."""
    seen = {number: page.seen[kind] for number, page in enumerate(pages) if page.seen[kind].example.lines}
    folds = {number: fold_of(page.example, FOLDS) for number, page in seen.items()}
    rest = [page for number, page in seen.items() if folds[number] != fold and page.recall >= ENOUGH]
    known = names_of(rest)
    learned = [(made, describe(made)) for made in (with_odds(page, known) for page in rest) if made.weight.any()]
    model = from_table(fit(learned, TREES, seed=0), HTML_FEATURES)
    held = {number: page for number, page in seen.items() if folds[number] == fold}
    return {number: model.predict(describe(with_odds(page, known))) for number, page in held.items()}


def without_plain_chrome(page: Gold, keep: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probabilities of the lines of a page as ``Extract`` has them: what is plainly chrome has none."""
    made, less = page.seen["fast"].example, keep.copy()
    less[plainly_chrome(made.lines, made.layout, np.where(keep >= POSSIBLE, keep, 0), page.author, page.title)] = 0
    return less


def answer(page: Gold, kind: str, keep: NDArray[np.float64]) -> str:
    """Return the text of a page by the probabilities of its lines."""
    headline, lines = words(page.title), page.seen[kind].example.lines
    stays = (keep >= Label().keep_html).tolist()
    kept = [line for line, stay in zip(lines, stays, strict=True) if stay and words(line) != headline]
    twice = set(doubled([words(line) for line in kept]))
    return "\n".join([*page.titled, *(line for number, line in enumerate(kept) if number not in twice)])


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", nargs="+", type=Path)
    options = parser.parse_args()
    jobs = [(path.name.split(".")[0], row) for path in options.gold for row in read_gold(path)]
    with Pool() as pool:
        pages = pool.map(read, jobs, chunksize=8)
    keep: dict[str, dict[int, NDArray[np.float64]]] = {"html": {}, "fast": {}, "resiliparse": {}}
    for fold in range(FOLDS):
        for kind, known in keep.items():
            known.update(judged(pages, kind, fold))
        print(f"fold {fold + 1} of {FOLDS}", flush=True)
    answers: dict[str, dict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
    asked: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for number in sorted(keep["html"].keys() & keep["fast"].keys()):
        page = pages[number]
        made = page.seen["fast"].example
        alone, voted = (keep[kind][number] for kind in ("fast", "resiliparse"))
        first, second = (without_plain_chrome(page, told) for told in (alone, both(alone, voted)))
        by_votes = answer(page, "html", keep["html"][number])
        n_words = np.array([len(words(line)) for line in made.lines])
        differ = n_words @ ((alone >= KEPT) != (voted >= KEPT)) / max(n_words @ (voted >= KEPT), 1)
        is_asked = doubt_of(first, n_words) > Extract().doubt
        is_asked_again = is_asked and doubt_of(second, n_words) + differ > LEFT * Extract().doubt
        asked[made.origin].append((is_asked, is_asked_again))
        scored = answers[made.origin]
        scored["trafilatura alone"].append((page.gold, "\n".join([*page.titled, page.answer])))
        scored["trafilatura"].append((page.gold, by_votes))
        scored["fast"].append((page.gold, answer(page, "fast", first)))
        quick = answer(page, "fast", second if is_asked else first)
        scored["auto"].append((page.gold, by_votes if is_asked_again else quick))
    print(
        "| gold | pages | extractor | word bags | shingles | asked of resiliparse | asked of trafilatura |\n"
        "| --- | --- | --- | --- | --- | --- | --- |"
    )
    for origin, scored in answers.items():
        for name, pairs in scored.items():
            shares = np.mean(asked[origin], axis=0) if name == "auto" else np.full(2, float(name != "fast"))
            figures = (
                f"{word_bag_score(pairs).f1:.4f} | {shingle_score(pairs).f1:.4f} | {shares[0]:.2f} | {shares[1]:.2f}"
            )
            print(f"| {origin} | {len(pairs)} | {name} | {figures} |")


if __name__ == "__main__":
    main()
