"""Groups articles in five nights and in one, and tells how far the two agree, and how good each is where there are labels.

    python benchmarks/events/nights.py ../shared/data/events/ecbplus.jsonl.gz [...] [--limit N]

Nights are fifths in order of arrival: by day, undated last, then by id. Every night is given all articles of those before it.
"""

import argparse
import gzip
import json
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sklearn.metrics import adjusted_rand_score

from dedup.api import arrange
from dedup.events.assign import count_terms, group
from dedup.events.counts import Counts
from dedup.flow import Flow, Inline, Matched, Unwatched
from dedup.schema import KNOWN, LIKENESS
from pipelines.scores import bcubed

LEVELS = ("event", "storyline")


def night_by_night(articles: pa.Table, matched: Matched, n_nights: int = 5) -> dict[str, dict[str, str]]:
    """Return event and storyline of every article after the last night."""
    arrival = dict(zip(articles["doc_id"].to_pylist(), articles["arrival"].to_pylist(), strict=True))
    ids = sorted(arrival, key=arrival.__getitem__)
    where: dict[str, dict[str, str]] = {}
    counts, likenesses = None, LIKENESS.empty_table()
    for night in range(n_nights):
        seen = pa.array(ids[: len(ids) * (night + 1) // n_nights], pa.string())
        terms, members, given = (
            t.filter(pc.is_in(t["doc_id"], seen)) for t in (matched.terms, matched.members, articles)
        )
        rows = [
            {"doc_id": doc_id} | names | {f"{level}_arrival": arrival[names[f"{level}_id"]] for level in LEVELS}
            for doc_id, names in where.items()
        ]
        known = pa.Table.from_pylist(rows, schema=KNOWN)
        found = group(terms, given, members, matched.matches, known=known, counts=counts, likenesses=likenesses)
        became = {(row["level"], row["old_id"]): row["new_id"] for row in found.merges.to_pylist()}
        for row in found.assignments.to_pylist():
            where[row["doc_id"]] = {f"{level}_id": row[f"{level}_id"] for level in LEVELS}
        for names in where.values():
            names |= {
                f"{level}_id": became.get((level, names[f"{level}_id"]), names[f"{level}_id"]) for level in LEVELS
            }
        likenesses = pa.concat_tables([likenesses, found.likenesses])
        tonight = count_terms(terms, members, known)
        counts = Counts.of_table(pa.concat_tables([tonight] if counts is None else [counts, tonight])).to_table()
    return where


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", nargs="+", type=Path)
    parser.add_argument("--limit", type=int, help="how many of each")
    options = parser.parse_args()
    print(
        "| articles | ARI of events | ARI of storylines | B-cubed F1 in one night | in five |\n| --- | --- | --- | --- | --- |"
    )
    for path in options.articles:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows: list[dict[str, Any]] = [json.loads(line) for line in islice(lines, options.limit)]
        rows = [row for row in rows if row["text"].strip()]
        articles = arrange([{name: row[name] for name in row if name != "event"} for row in rows])
        matched = Flow().match(Inline(), articles, Unwatched())
        once = group(matched.terms, articles, matched.members, matched.matches).assignments
        one = {row["doc_id"]: row for row in once.to_pylist()}
        five = night_by_night(articles, matched)
        agreed = [
            adjusted_rand_score([one[d][f"{level}_id"] for d in one], [five[d][f"{level}_id"] for d in one])
            for level in LEVELS
        ]
        scores = ["–", "–"]
        if "event" in rows[0]:
            gold = [row["event"] for row in rows]
            scores = [f"{bcubed(gold, [w[str(r['id'])]['event_id'] for r in rows]).f1:.3f}" for w in (one, five)]
        name = f"{path.name.split('.')[0]} ({len(rows):,})"
        print(f"| {name} | {agreed[0]:.3f} | {agreed[1]:.3f} | {' | '.join(scores)} |", flush=True)


if __name__ == "__main__":
    main()
