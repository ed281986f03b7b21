"""Copies found among 20,000 articles: the project's whole verified step beside the peers that pip can install.

    python benchmarks/near_duplicates/run.py [--folder DIR] [--peers PYTHON] [--text-dedup PYTHON] [--rounds N]
    python benchmarks/near_duplicates/run.py --growth 20000 50000 100000 200000 [--folder DIR]
    python benchmarks/near_duplicates/run.py --proposed ../shared/data/events/ecbplus.jsonl.gz

Every contender (``contenders.py`` says how to install the peers) runs in a process of its own, one after the other; the order is
turned round in every second round. Precision and recall are of the pairs of Jaccard .5 or more against the exact truth
(``corpus.py``); pairs of two forms of one outlet are left out of it and counted on their own. A peer gives no containment: for
the project the pairs of containment .8 or more are scored as well. ``dedup`` finds copies and reuse (``exact``, ``near``,
``partial``), ``dedup_near`` copies alone, ``dedup_api`` what ``dedup`` does by ``dedup.find_duplicates``.

``--proposed`` prints which share of same-event pairs, and of all pairs, the candidates are.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import corpus
import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROJECT = ["dedup", "dedup_near", "dedup_api"]
PEERS = ["datasketch_bulk", "gaoya", "rensa", "datasketch_affine32", "datasketch_loop"]
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "RAYON_NUM_THREADS", "NUMBA_NUM_THREADS", "ARROW_NUM_THREADS"), "1")


def contend(folder: Path, name: str, python: str) -> dict[str, Any]:
    """Run a contender; return what it printed, and its pairs."""
    out = folder / f"{name}.npz"
    environment = os.environ | ONE_THREAD | {"PYTHONPATH": str(ROOT), "HF_DATASETS_OFFLINE": "1"}
    done = subprocess.run(
        [python, str(HERE / "contenders.py"), str(folder), name, str(out)],
        env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    with np.load(out) as pairs:
        return json.loads(done.stdout.splitlines()[-1]) | {"pairs": dict(pairs)}


def codes(pairs: dict[str, Any], wanted: Any, n: int) -> Any:
    return np.unique((pairs["left"] * n + pairs["right"])[wanted])


class Truth:
    """The pairs there are, and the scores of those found."""

    def __init__(self, folder: Path) -> None:
        rows = list(corpus.read(folder))
        self.n = len(rows)
        self.form = np.array([row["kind"] == "form" for row in rows])
        with np.load(folder / "truth.npz") as exact:
            exact_pairs = dict(exact)
        self.of = {
            "jaccard": codes(exact_pairs, exact_pairs["jaccard"] >= 0.5, self.n),
            "containment": codes(exact_pairs, exact_pairs["containment"] >= 0.8, self.n),
        }

    def forms(self, found: Any) -> Any:
        """Tell which pairs are of two forms."""
        return self.form[found // self.n] & self.form[found % self.n]

    def score(self, pairs: dict[str, Any], by: str) -> tuple[float, float, float, int]:
        """Return precision, recall, F1, and how many pairs of forms were given."""
        least = {"jaccard": 0.5, "containment": 0.8}[by]
        wanted = pairs[by] >= least if by in pairs else np.ones(len(pairs["left"]), dtype=bool)
        found, true = codes(pairs, wanted, self.n), self.of[by]
        n_forms = int(self.forms(found).sum())
        found, true = found[~self.forms(found)], true[~self.forms(true)]
        hits = len(np.intersect1d(found, true, assume_unique=True))
        precision, recall = hits / max(1, len(found)), hits / max(1, len(true))
        return precision, recall, 2 * precision * recall / max(1e-9, precision + recall), n_forms


def compare(folder: Path, interpreters: dict[str, str], rounds: int) -> None:
    corpus.build(folder, 20_000)
    truth = Truth(folder)
    runs: dict[str, list[dict[str, Any]]] = {}
    for turn in range(rounds):
        for name in list(interpreters)[:: -1 if turn % 2 else 1]:
            try:
                runs.setdefault(name, []).append(contend(folder, name, interpreters[name]))
            except subprocess.CalledProcessError as error:
                print(f"{name}: {error.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
    cpu = {name: statistics.median(run["cpu"] for run in done) for name, done in runs.items() if done}
    bulk = cpu.get("datasketch_bulk", float("nan"))
    print(
        f"{truth.n} articles, {len(truth.of['jaccard'])} pairs of Jaccard .5, {len(truth.of['containment'])} of containment .8"
    )
    print("| contender | CPU s | datasketch bulk = 1 | peak MB | precision | recall | F1 | pairs of forms |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, seconds in cpu.items():
        last = runs[name][-1]
        precision, recall, f1, n_forms = truth.score(last["pairs"], "jaccard")
        megabytes = max(run["megabytes"] for run in runs[name])
        print(
            f"| {name} | {seconds:.1f} | {seconds / bulk:.3f} | {megabytes:.0f} | {precision:.3f} | {recall:.4f} | {f1:.4f} "
            f"| {n_forms} |"
        )
    for name in cpu:
        if "containment" in runs[name][-1]["pairs"]:
            precision, recall, _, _ = truth.score(runs[name][-1]["pairs"], "containment")
            print(f"{name}, containment .8: precision {precision:.4f}, recall {recall:.4f}")


def growth(folder: Path, sizes: list[int]) -> None:
    print("| articles | CPU s | peak MB | matches |\n| --- | --- | --- | --- |")
    points = []
    for n in sizes:
        corpus.build(folder / str(n), n, with_truth=False)
        run = contend(folder / str(n), "dedup", sys.executable)
        points.append((n, run["cpu"], run["megabytes"]))
        print(f"| {n} | {run['cpu']:.1f} | {run['megabytes']:.0f} | {len(run['pairs']['left'])} |", flush=True)
    size, *costs = np.log(np.array(points)).T
    exponents = [np.polyfit(size, cost, 1)[0] for cost in costs]
    print(f"CPU grows as n^{exponents[0]:.2f}, peak memory as n^{exponents[1]:.2f}")


def proposed(path: Path) -> None:
    """Print the share of same-event pairs, and of all pairs, that are candidates: by words, by telling terms, alike or not, and by all."""
    import gzip

    import pyarrow as pa

    from dedup.flow import Flow, Inline
    from dedup.schema import ARTICLE
    from dedup.stage import apply

    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    event = {row["id"]: row["event"] for row in rows}
    names = ("title", "text", "language", "published")
    given = [
        {"doc_id": row["id"], "arrival": i} | {name: row.get(name) for name in names} for i, row in enumerate(rows)
    ]
    schema = pa.schema([ARTICLE.field(name) for name in ("doc_id", "arrival", *names)])
    table = pa.Table.from_pylist(given, schema=schema)
    flow = Flow()
    told = apply(flow.telling, apply(flow.analyse, table))
    words = apply(flow.bands, apply(flow.sign, table)).to_batches()
    salient = apply(flow.salient, told).to_batches()
    found = {
        "words": flow.candidates(Inline(), table, [*words], [], told),
        "telling terms, before they are compared": flow.candidates(Inline(), table, [*salient], [], told),
        "telling terms": flow.candidates(Inline(), table, [], [*salient], told),
        "all": flow.candidates(Inline(), table, [*words], [*salient], told),
    }
    all_same = sum(count * (count - 1) // 2 for count in Counter(event.values()).values())
    total = len(rows) * (len(rows) - 1) // 2
    for name, candidates in found.items():
        pairs = candidates
        both = zip(pairs["left_id"].to_pylist(), pairs["right_id"].to_pylist(), strict=True)
        same = sum(event[left] == event[right] for left, right in both)
        share = pairs.num_rows / total
        print(f"{path.name}, by {name}: {same / all_same:.3f} of same-event pairs, {share:.4f} of all pairs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=ROOT / ".near_duplicates", help="where corpora are kept")
    parser.add_argument("--peers", help="a Python that has the peers")
    parser.add_argument("--text-dedup", help="a Python that has text-dedup")
    parser.add_argument("--only", nargs="*", help="names of contenders")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--growth", type=int, nargs="+", metavar="N")
    parser.add_argument("--proposed", type=Path, metavar="EVENTS")
    given = parser.parse_args()
    if given.proposed:
        proposed(given.proposed)
    elif given.growth:
        growth(given.folder, given.growth)
    else:
        interpreters = dict.fromkeys(PROJECT, sys.executable)
        if given.peers:
            interpreters |= dict.fromkeys(PEERS, given.peers)
        if given.text_dedup:
            interpreters["text_dedup"] = given.text_dedup
        if given.only:
            interpreters = {name: interpreters[name] for name in given.only}
        compare(given.folder, interpreters, given.rounds)


if __name__ == "__main__":
    main()
