"""Scores the grouping into events, the salient bands and the overlap evidence on labelled data.

    python benchmarks/events/score.py ../shared/data/events/ecbplus.jsonl.gz [...] [--background FILE] [--limit N]

For every set: B-cubed, pairwise F1 and ARI of events and of storylines; the share of same-event pairs that the salient
bands propose, and of all pairs; and, where articles have a field ``topic``, the share of pairs of one topic but of two
events that were merged. With ``--background`` the set is grouped among other articles.
"""

import argparse
import gzip
import json
import time
from collections import Counter
from itertools import combinations, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from sklearn.metrics import adjusted_rand_score

from dedup.api import arrange
from dedup.candidates.salient import Salient
from dedup.candidates.telling import Telling
from dedup.events.assign import group
from dedup.flow import Flow, Inline, Unwatched
from dedup.stage import apply
from pipelines.scores import bcubed, pairwise


def read(path: Path, limit: int | None = None) -> list[dict[str, Any]]:
    """Return the articles of a file of gzipped JSON lines."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in islice(lines, limit)]


def proposed(terms: pa.Table, event: dict[str, str]) -> tuple[float, float]:
    """Return the share of same-event pairs, and of all pairs, that share a salient band."""
    holders: dict[int, list[str]] = {}
    bands = apply(Salient(), apply(Telling(), terms))
    named = dict(zip(terms["arrival"].to_pylist(), terms["doc_id"].to_pylist(), strict=True))
    for key, arrival in zip(bands["key"].to_pylist(), bands["arrival"].to_pylist(), strict=True):
        holders.setdefault(key, []).append(named[arrival])
    pairs = {pair for docs in holders.values() for pair in combinations(sorted(set(docs) & set(event)), 2)}
    same = sum(event[left] == event[right] for left, right in pairs)
    n = len(event)
    return same / max(1, sum(count * (count - 1) // 2 for count in Counter(event.values()).values())), len(pairs) / max(
        1.0, n * (n - 1) / 2
    )


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", nargs="+", type=Path)
    parser.add_argument("--background", type=Path, help="other articles to group among")
    parser.add_argument("--limit", type=int, help="how many of these")
    options = parser.parse_args()
    crowd = read(options.background, options.limit) if options.background else []
    for path in options.gold:
        labelled = read(path)
        start = time.process_time()
        articles = arrange([{name: row[name] for name in row if name != "event"} for row in labelled + crowd])
        found = Flow().match(Inline(), articles, Unwatched())
        terms = found.terms
        matched = time.process_time()
        assignment = group(terms, articles, found.members, found.matches).assignments
        grouped = time.process_time()
        n = len(labelled) + len(crowd)
        print(f"{path.name}: {n} articles, matched in {matched - start:.1f} s, grouped in {grouped - matched:.1f} s")
        rows = {row["doc_id"]: row for row in assignment.to_pylist()}
        true = [article["event"] for article in labelled]
        for level in ("event_id", "storyline_id"):
            answer = [rows[article["id"]][level] for article in labelled]
            score = bcubed(true, answer)
            print(
                f"  {level}: B-cubed {score.precision:.3f} {score.recall:.3f} {score.f1:.3f}"
                f"  pairwise F1 {pairwise(true, answer).f1:.3f}  ARI {adjusted_rand_score(true, answer):.3f}"
            )
        alike = [
            (left, right)
            for left, right in combinations([article for article in labelled if "topic" in article], 2)
            if left["topic"] == right["topic"] and left["event"] != right["event"]
        ]
        if alike:
            merged = sum(rows[left["id"]]["event_id"] == rows[right["id"]]["event_id"] for left, right in alike)
            print(f"  pairs of one topic and two events merged: {merged / len(alike):.3f}")
        same, everything = proposed(terms, {article["id"]: article["event"] for article in labelled})
        print(f"  salient bands propose {same:.3f} of same-event pairs, {everything:.4f} of all")


if __name__ == "__main__":
    main()
