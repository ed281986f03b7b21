"""Where the numbers of ``dedup.duplicates.relation.Rule`` come from.

Reads the labelled pairs in ``../shared/data/pairs`` (or the folder given) and prints F1 for {exact, near} and for
{exact, near, partial}: of the shipped rule, and cross-validated. For the latter the pairs are split by the connected
components of their graph, so that no article stands on both sides; in each fold the numbers that do best on the other
folds judge the pairs left out (of those that tie, one drawn at random). Splits are drawn anew several times, and pairs
of all folds are scored together. The features of the rule were chosen with all these pairs in view: F1 on others is lower.

    python benchmarks/relation_calibration.py [FOLDER]
"""

import gzip
import itertools
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedup.articles.normalize import words
from dedup.candidates.shingle import read_words
from dedup.duplicates.component import components
from dedup.duplicates.relation import Rule, Side, decide, outlets
from dedup.duplicates.similarity import compare

GRID = {
    "near_cover": (0.65, 0.69, 0.73, 0.77, 0.81),
    "reuse_words": (45, 55, 65, 80),
    "reuse_passage": (5, 8),
    "quoted_weight": (0.0, 0.25),
    "standing_cover": (0.0, 0.1),
    "standing_block": (0.8, 0.9),
    "standing_days": (3.0, 6.0),
}
TASKS = {"exact+near": {"exact", "near"}, "+partial": {"exact", "near", "partial"}}
N_FOLDS, N_REPEATS = 5, 10


def rows_of(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def f1(gold: NDArray[np.bool_], found: NDArray[np.bool_]) -> float:
    hits = int(np.sum(gold & found))
    return 2 * hits / max(1, int(gold.sum() + found.sum()))


def main(folder: Path) -> None:
    articles = {row["id"]: row for row in rows_of(folder / "articles.jsonl.gz")}
    pairs = rows_of(folder / "pairs.jsonl.gz")
    sides = {}
    for name, row in articles.items():
        read, title = read_words(row["text"]), frozenset(words(row["title"] or ""))
        outlet, published = outlets(row["source"], row["url"]), row["published"] or ""
        sides[name] = Side(read.hashes, read.flags, title, outlet, published)
    both = [(sides[pair["a"]], sides[pair["b"]]) for pair in pairs]
    both = [(left, right, compare(left.words, right.words)) for left, right in both]
    labels = np.array([pair["label"] for pair in pairs])
    template = np.array([bool(pair["template"]) for pair in pairs])

    rules = [Rule(**dict(zip(GRID, values, strict=True))) for values in itertools.product(*GRID.values())]
    shipped = Rule()
    first = rules.index(shipped)
    verdicts = np.array([[decide(*sample, rule).relation for sample in both] for rule in rules])

    place = {name: i for i, name in enumerate(articles)}
    ends = np.array([[place[pair["a"]], place[pair["b"]]] for pair in pairs])
    group = components(len(articles), ends[:, 0], ends[:, 1])[ends[:, 0]]
    print(f"{len(pairs)} pairs in {len(set(group.tolist()))} components, {len(rules)} rules")
    for task, positive in TASKS.items():
        gold = np.isin(labels, list(positive))
        found = np.isin(verdicts, list(positive))
        own = f1(gold, found[first])
        print(
            f"{task:11} shipped rule: F1 {own:.3f}, without template pairs {f1(gold[~template], found[first][~template]):.3f}"
        )
        scores = []
        for seed in range(N_REPEATS):
            names, draw = np.unique(group), np.random.default_rng(seed)
            fold = dict(zip(names, draw.permutation(len(names)) % N_FOLDS, strict=True))
            folds = np.array([fold[name] for name in group])
            out = np.zeros(len(pairs), dtype=bool)
            for k in range(N_FOLDS):
                train = folds != k
                scored = np.array([f1(gold[train], row[train]) for row in found])
                best = draw.choice(np.flatnonzero(scored == scored.max()))
                out[~train] = found[best][~train]
            scores.append(f1(gold, out))
        print(f"{'':11} cross-validated: F1 {np.mean(scores):.3f} (repeats {min(scores):.3f} to {max(scores):.3f})")
        for name, values in GRID.items():
            line = [
                f"{value:g}: {f1(gold, found[rules.index(replace(shipped, **{name: value}))]):.3f}" for value in values
            ]
            print(f"{'':13}{name:15}", "  ".join(line))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "shared" / "data" / "pairs")
