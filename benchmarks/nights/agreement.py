"""How far nights through a state agree with one run over the same articles, both by the command itself.

    python benchmarks/nights/agreement.py ARTICLES [--limit 3000] [--nights 5] [--deal]

ARTICLES are clean texts (JSONL or JSONL.gz). Nights are equal parts in order of date, those without a date last; with ``--deal`` the
articles are dealt out to them at random. Prints whether matches, with all their values, and clusters are the same, and the
adjusted Rand index of events and of storylines.
"""

import argparse
import csv
import gzip
import json
import random
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from sklearn.metrics import adjusted_rand_score

LEVELS = ("event_id", "storyline_id")


def read(path: Path, limit: int) -> list[dict[str, Any]]:
    """Read the articles, in order of date."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in islice(lines, limit)]
    return sorted(rows, key=lambda row: (not row.get("published"), row.get("published") or "", str(row["id"])))


def dedup(*arguments: object) -> None:
    """Run the command."""
    command = [sys.executable, "-m", "pipelines.start", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)


def night(rows: list[dict[str, Any]], folder: Path, name: str, *more: object) -> Path:
    """Run a night, and return where its report is."""
    given, report = folder / f"{name}.jsonl", folder / f"{name} report"
    given.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    dedup("nightly", given, "--out", report, "--text-is", "clean", "--workers", 1, *more)
    return report


def table(path: Path) -> list[dict[str, str]]:
    """Read a file of a report."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Print a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path)
    parser.add_argument("--limit", type=int, default=3000)
    parser.add_argument("--nights", type=int, default=5)
    parser.add_argument("--deal", action="store_true")
    given = parser.parse_args()
    rows = read(given.articles, given.limit)
    parts = [
        rows[len(rows) * one // given.nights : len(rows) * (one + 1) // given.nights] for one in range(given.nights)
    ]
    if given.deal:
        draw = random.Random(1)
        parts = [[] for _ in parts]
        for row in rows:
            draw.choice(parts).append(row)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        report = night(rows, folder, "once")
        matches = sorted(tuple(row.values()) for row in table(report / "duplicates.csv"))
        once = {row["doc_id"]: row for row in table(report / "articles.csv")}
        found: list[tuple[str, ...]] = []
        state = folder / "state.duckdb"
        for number, part in enumerate(parts):
            report = night(part, folder, f"night {number}", "--state", state)
            found += [tuple(row.values()) for row in table(report / "duplicates.csv")]
        dedup("state", "export", state, "-o", folder / "written")
        placed, members = (
            {row["doc_id"]: row for row in pq.read_table(folder / "written" / f"{name}.parquet").to_pylist()}
            for name in ("assignments", "members")
        )
    ids = sorted(once)
    agreed = {
        level: round(adjusted_rand_score([once[one][level] for one in ids], [placed[one][level] for one in ids]), 4)
        for level in LEVELS
    }
    clusters = adjusted_rand_score(
        [once[one]["cluster_id"] for one in ids], [members[one]["cluster_id"] for one in ids]
    )
    told = {
        "articles": len(ids),
        "matches": len(matches),
        "same_matches": sorted(found) == matches,
        "same_clusters": bool(clusters == 1.0),
        "ari_events": agreed["event_id"],
        "ari_storylines": agreed["storyline_id"],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
