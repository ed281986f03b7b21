"""Fit the weights of headline and day anew, and score them by cross-validation over hosts.

python benchmarks/metadata.py ../shared/data/pages/wcxb-articles.jsonl.gz

Each fold is judged by weights fitted on the others. A page that is rejected as no article counts as wrong. The headline by
which days are placed is chosen by the weights that ship. The weights fitted on all pages are printed last.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from dedup.articles import headline as titles
from dedup.articles import published as days
from dedup.articles.genre import why_no_article
from dedup.articles.host import host_of
from dedup.articles.markup import parse
from dedup.articles.normalize import words
from dedup.articles.outline import lines_of
from dedup.articles.stated import stated
from pipelines.gold import read_gold

Evidence = dict[str, float]
Floats = npt.NDArray[np.float64]

#: The answer that a page has no day: its weight is the least evidence that a day must have.
NONE = {"none": 1.0}
#: What a page without a day in the gold counts beside one with: fewer days are given for a lower one of both.
EMPTY = 0.6


@dataclass(slots=True)
class Choice:
    """One page: its candidates, what speaks for each, and the gold. ``lost``: it is rejected as no article."""

    host: str
    gold: str
    lost: bool
    candidates: list[str]
    evidence: list[Evidence]
    table: Floats = field(default_factory=lambda: np.empty((0, 0)))

    def right(self, answer: str) -> bool:
        """Compare as ``dedup evaluate`` does: a gold month is right if the day is of it."""
        return answer[: len(self.gold)] == self.gold if self.gold[:4].isdecimal() else answer == self.gold


def choices(path: Path) -> tuple[list[Choice], list[Choice]]:
    """Read the pages: for each the choice of its headline, and that of its day."""
    of_titles, of_days = [], []
    for row in read_gold(path):
        page, url = parse(row["html"]), str(row.get("url") or "")
        found = stated(page, url)
        lost = bool(why_no_article(page, lines_of(page), url))
        _, held = titles.evidence(found)
        gold = " ".join(words(str(row.get("title") or "")))
        if gold:
            named = [" ".join(key) for key in held]
            of_titles.append(
                Choice(host_of(url), f"={gold}", lost, [f"={name}" for name in named], list(held.values()))
            )
        dated, _ = days.evidence(found, titles.headline(found))
        day = str(row.get("published") or "")[:10]
        of_days.append(Choice(host_of(url), day, lost, [*dated, ""], [*dated.values(), NONE]))
    return of_titles, of_days


def fit(pages: Sequence[Choice], ridge: float) -> Floats:
    """Fit a conditional logit over the candidates of each page that has the right one among them."""
    known = [page for page in pages if page.gold in page.candidates]
    table = np.vstack([page.table for page in known])
    right = np.concatenate([[float(name == page.gold) for name in page.candidates] for page in known])
    sizes = [len(page.candidates) for page in known]
    starts, of_page = np.cumsum([0, *sizes[:-1]]), np.repeat(np.arange(len(known)), sizes)
    counts = np.array([1.0 if page.gold else EMPTY for page in known])

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = table @ weights
        odds = np.exp(scores - np.maximum.reduceat(scores, starts)[of_page])
        shares = odds / np.add.reduceat(odds, starts)[of_page]
        hits = np.add.reduceat(shares * right, starts)
        pull = (shares * right / hits[of_page] - shares) * counts[of_page]
        return ridge * float(weights @ weights) / 2 - float(counts @ np.log(hits)), ridge * weights - table.T @ pull

    return np.asarray(minimize(loss, np.zeros(table.shape[1]), jac=True, method="L-BFGS-B").x)


def answers(pages: Sequence[Choice], ridge: float, shuffle: int, folds: int = 5) -> Iterator[tuple[Choice, str]]:
    """Give each page with its answer by weights that no page of its host had a part in."""
    hosts = sorted({page.host for page in pages})
    order = np.random.default_rng(shuffle).permutation(len(hosts)) % folds
    fold_of = dict(zip(hosts, order.tolist(), strict=True))
    for fold in range(folds):
        weights = fit([page for page in pages if fold_of[page.host] != fold], ridge)
        for page in pages:
            if fold_of[page.host] == fold:
                scores = page.table @ weights
                yield page, page.candidates[int(scores.argmax())] if len(scores) else ""


def report(what: str, pages: Sequence[Choice], shipped: dict[str, float], ridge: float, shuffles: int) -> None:
    """Print the scores of one kind of choice, and its weights."""
    names = list(shipped)
    for page in pages:
        page.table = np.array([[held.get(name, 0.0) for name in names] for held in page.evidence]).reshape(
            -1, len(names)
        )
    print(f"{what}: {sum(bool(page.gold) for page in pages)} pages, {len({page.host for page in pages})} hosts")
    for shuffle in range(shuffles):
        told = list(answers(pages, ridge, shuffle))
        known = [(page.right(answer), bool(answer), page.lost) for page, answer in told if page.gold]
        given = [bool(answer) for page, answer in told if not page.gold]
        right = np.mean([right and not lost for right, _, lost in known])
        wrong = np.mean([answered and not right for right, answered, _ in known])
        line = f"  shuffle {shuffle}: right {right:.3f}, without rejects {np.mean([one[0] for one in known]):.3f}"
        print(f"{line}, wrong {wrong:.3f}" + (f", given where the gold has none {np.mean(given):.3f}" if given else ""))
    fitted = fit(pages, ridge)
    print("  " + ", ".join(f'"{name}": {weight:.1f}' for name, weight in zip(names, fitted, strict=True)))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--shuffles", type=int, default=5)
    options = parser.parse_args()
    of_titles, of_days = choices(options.gold)
    report("headline", of_titles, titles.WEIGHTS, 1.0, options.shuffles)
    report("day", of_days, days.WEIGHTS | {"none": days.ENOUGH}, 3.0, options.shuffles)


if __name__ == "__main__":
    main()
