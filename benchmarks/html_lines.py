"""Cross-validates the line models for HTML as pages are scored: word bags and 4-token shingles per file of gold.

    python benchmarks/html_lines.py ../shared/data/pages/{article-extraction-benchmark,wcxb-articles,l3s-gn1,dragnet}.jsonl.gz
        [--asked FILE]

For each extractor: with the votes of trafilatura and resiliparse, without, and, as Extract goes about it, first without, then with that of
resiliparse where the model without has more doubt than is allowed, and with both where that leaves too much, trafilatura being shown the page
without what is surely chrome by a model that never saw it. Folds go by host, and the block names are learned anew in each, for either model. A line stays from the probability on
that Label asks for, of what a page says twice one copy; the repeats of a site, which the nightly command deals with too, are left
alone. ``--asked``: where to write who is asked of each page, for ``extraction/cost.py``. Some minutes per file; OMP_NUM_THREADS=1 is faster on a busy machine.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing import Pool
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from block_names import Shares, count, names_above, odds
from numpy.typing import NDArray

from dedup.articles.extract import (
    Extract,
    both,
    by_resiliparse,
    by_trafilatura,
    doubt_of,
    is_known,
    tree_of,
    with_closed_title,
)
from dedup.articles.host import host_of
from dedup.articles.markup import parse
from dedup.articles.metadata import metadata_of
from dedup.articles.normalize import words
from dedup.articles.outline import (
    LAYOUT,
    NO_ODDS,
    Lines,
    Outline,
    candidates,
    full_outline,
    lines_of,
    names_in,
    odds_inside,
    outline,
)
from dedup.articles.pruned import pruned
from dedup.articles.reading import read as read_lines
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
POSSIBLE, KEPT, LEFT, LARGE, SURELY_CHROME = 0.1, 0.5, 2.0, 150_000, 0.05
TREES = 120

Job: TypeAlias = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Page:
    """A gold page as one of the models sees it, and the blocks around each line, the nearest first."""

    example: Example
    recall: float
    names: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Gold:
    """A gold page: its text, title and author, its bytes, what trafilatura made of it, and how each model, by its kind, sees it."""

    gold: str
    title: str
    author: str
    size: int
    answer: str
    seen: dict[str, Page]

    @property
    def titled(self) -> list[str]:
        """Return the title, if the gold begins with it."""
        headline = words(self.title)
        return [self.title] if headline and words(self.gold)[: len(headline)] == headline else []


class Reader:
    """Looks at one gold page. ``job``: the name of its set, and its row there."""

    def __init__(self, job: Job) -> None:
        self._origin, self._row = job
        self._page, self._url = with_closed_title(self._row["html"]), str(self._row.get("url") or "")
        self._markup = parse(self._page)
        self._lines = lines_of(self._markup)
        self._about = metadata_of(self._markup, self._url)
        self._second = by_resiliparse(self._page)

    def gold(self) -> Gold:
        """Outline the page as each model sees it."""
        main, lines, every = by_trafilatura(tree_of(self._page), self._url), self._lines, range(len(self._lines))
        seen = {
            "html": self._with_votes(main),
            "fast": self._seen(full_outline(lines), lines, every),
            "resiliparse": self._seen(full_outline(lines, self._second), lines, every),
        }
        return Gold(
            self._row["gold"],
            self._about.title,
            self._about.author,
            len(self._page.encode("utf-8", "surrogatepass")),
            main,
            seen,
        )

    def shown(self, keep: NDArray[np.float64]) -> Page:
        """Outline the page by what trafilatura makes of it without what is surely chrome."""
        kept = "\n".join(line for line, stay in zip(self._lines.texts, (keep >= KEPT).tolist(), strict=True) if stay)
        rest = pruned(self._markup, self._lines, keep, SURELY_CHROME) if is_known(kept, self._lines) else ""
        return self._with_votes(by_trafilatura(tree_of(rest or self._page), self._url))

    def _with_votes(self, main: str) -> Page:
        chosen = candidates(self._markup, main, self._second, self._lines)
        found = outline(self._markup, main, self._second, self._lines)
        return self._seen(found, chosen.lines, chosen.chosen.tolist())

    def _seen(self, found: Outline, among: Lines, numbers: Sequence[int]) -> Page:
        row, host = self._row, host_of(self._url)
        keep, recall = align(found.lines, row["gold"])
        lines = list(zip(found.lines, keep.tolist(), strict=True))
        made = example(str(row["id"]), self._origin, "html", self._about.title, lines)
        names = tuple(tuple(among.names_above(number)) for number in numbers)
        return Page(replace(made, layout=found.layout, group=host or str(row.get("host") or row["id"])), recall, names)


def read(job: Job) -> Gold:
    """Outline a gold page."""
    return Reader(job).gold()


def shown(asked: tuple[Job, NDArray[np.float64]]) -> Page:
    """Outline a gold page as `Reader.shown` does."""
    job, keep = asked
    return Reader(job).shown(keep)


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


def judge(pages: Sequence[Gold], kind: str, fold: int) -> Callable[[Page], NDArray[np.float64]]:
    """Return what tells the probabilities of the lines of a page, by a model of the pages that are not of a fold."""
    seen = [page.seen[kind] for page in pages if page.seen[kind].example.lines]
    rest = [page for page in seen if fold_of(page.example, FOLDS) != fold and page.recall >= ENOUGH]
    known = names_of(rest)
    learned = [(made, describe(made)) for made in (with_odds(page, known) for page in rest) if made.weight.any()]
    model = from_table(fit(learned, TREES, seed=0), HTML_FEATURES)
    return lambda page: model.predict(describe(with_odds(page, known)))


class Doubt(NamedTuple):
    """A page without trafilatura: its lines' probabilities by the line model alone, and with the vote of resiliparse; and who is asked in ``auto``."""

    alone: NDArray[np.float64]
    voted: NDArray[np.float64]
    of_resiliparse: bool
    of_trafilatura: bool


def doubt(page: Gold, alone: NDArray[np.float64], voted: NDArray[np.float64]) -> Doubt:
    """Decide who is asked, as ``Extract`` does."""
    left = LEFT * Extract().doubt * max(1.0, page.size / LARGE)
    first, second = (without_plain_chrome(page, told) for told in (alone, both(alone, voted)))
    n_words = np.array([len(words(line)) for line in page.seen["fast"].example.lines])
    differ = n_words @ ((alone >= KEPT) != (voted >= KEPT)) / max(n_words @ (voted >= KEPT), 1)
    is_asked = doubt_of(first, n_words) > Extract().doubt
    return Doubt(first, second, is_asked, is_asked and doubt_of(second, n_words) + differ > left)


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
    twice = set(doubled(read_lines(kept), range(len(kept))))
    return "\n".join([*page.titled, *(line for number, line in enumerate(kept) if number not in twice)])


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", nargs="+", type=Path)
    parser.add_argument("--asked", type=Path, help="where to write who is asked of each page")
    options = parser.parse_args()
    jobs = [(path.name.split(".")[0], row) for path in options.gold for row in read_gold(path)]
    with Pool() as pool:
        pages = pool.map(read, jobs, chunksize=8)
        keep: dict[str, dict[int, NDArray[np.float64]]] = {"html": {}, "fast": {}, "resiliparse": {}, "shown": {}}
        doubts: dict[int, Doubt] = {}
        for fold in range(FOLDS):
            judges = {kind: judge(pages, kind, fold) for kind in ("html", "fast", "resiliparse")}
            for kind, told in judges.items():
                for number, page in enumerate(pages):
                    made = page.seen[kind].example
                    if made.lines and fold_of(made, FOLDS) == fold:
                        keep[kind][number] = told(page.seen[kind])
            held = [number for number in sorted(keep["html"].keys() & keep["fast"].keys()) if number not in doubts]
            for number in held:
                doubts[number] = doubt(pages[number], keep["fast"][number], keep["resiliparse"][number])
            asked_again = [number for number in held if doubts[number].of_trafilatura]
            outlined = pool.map(shown, [(jobs[number], keep["fast"][number]) for number in asked_again], chunksize=1)
            for number, page_shown in zip(asked_again, outlined, strict=True):
                if page_shown.example.lines:
                    pages[number].seen["shown"] = page_shown
                    keep["shown"][number] = judges["html"](page_shown)
            print(f"fold {fold + 1} of {FOLDS}", flush=True)
    if options.asked:
        who = {
            f"{jobs[number][0]}/{jobs[number][1]['id']}": (bool(one.of_resiliparse), bool(one.of_trafilatura))
            for number, one in doubts.items()
        }
        options.asked.write_text(json.dumps(who), encoding="utf-8")
    answers: dict[str, dict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
    asked: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for number, in_doubt in doubts.items():
        page = pages[number]
        origin = page.seen["fast"].example.origin
        asked[origin].append((in_doubt.of_resiliparse, in_doubt.of_trafilatura))
        scored = answers[origin]
        scored["trafilatura alone"].append((page.gold, "\n".join([*page.titled, page.answer])))
        scored["trafilatura"].append((page.gold, answer(page, "html", keep["html"][number])))
        scored["fast"].append((page.gold, answer(page, "fast", in_doubt.alone)))
        quick = answer(page, "fast", in_doubt.voted if in_doubt.of_resiliparse else in_doubt.alone)
        told_again = keep["shown"].get(number)
        scored["auto"].append((page.gold, quick if told_again is None else answer(page, "shown", told_again)))
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
