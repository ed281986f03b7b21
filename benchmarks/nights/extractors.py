"""What a night of HTML takes with each extractor: the whole command, in turns.

    python benchmarks/nights/extractors.py ../shared/data/pages/*.jsonl.gz [--extractors auto trafilatura] [--workers 2] [--rounds 1]

The pages of all files (JSONL of ``id``, ``html`` and, where it is known, ``url``, gzipped or not) are one night, without a state. Each run
is a process of its own; the extractors take turns, so that other work on the machine falls on all alike. Prints the seconds of the
quickest night and those of its extraction, on the clock, articles, and the share of pages asked of trafilatura.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipelines.gold import read_gold


def pages(paths: Sequence[Path], output: Path, every: int) -> int:
    """Write the pages of all files as one input; return how many there are."""
    n = 0
    with output.open("w", encoding="utf-8") as file:
        for path in paths:
            for row in list(read_gold(path))[::every]:
                fields = {
                    "id": f"{path.name.split('.')[0]}/{row['id']}",
                    "url": row.get("url") or "",
                    "html": row["html"],
                }
                file.write(json.dumps(fields) + "\n")
                n += 1
    return n


def run(night: Path, output: Path, extractor: str, workers: int) -> tuple[float, dict[str, Any]]:
    """Run a night; return its seconds, and what it says of itself."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "pipelines.start", "nightly", str(night), "--out", str(output)]
    command += ["--extractor", extractor, "--workers", str(workers)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall = time.perf_counter() - began
    return wall, json.loads((output / "run.json").read_text(encoding="utf-8"))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", nargs="+", type=Path)
    parser.add_argument("--extractors", nargs="+", default=["auto", "trafilatura"])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--every", type=int, default=1, help="take every n-th page")
    options = parser.parse_args()
    found: dict[str, list[tuple[float, dict[str, Any]]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        night = Path(folder) / "night.jsonl"
        print(f"{pages(options.gold, night, options.every)} pages, {options.workers} workers", flush=True)
        for turn in range(options.rounds):
            for extractor in options.extractors:
                found[extractor].append(run(night, Path(folder) / f"{extractor}-{turn}", extractor, options.workers))
    print("| extractor | seconds | extraction | articles | asked of trafilatura |\n| --- | --- | --- | --- | --- |")
    for extractor, runs in found.items():
        wall, said = min(runs, key=lambda one: one[0])
        counts = said["counts"]
        by = counts["extractors"]
        share = by.get("trafilatura", 0) / max(sum(by.values()), 1)
        figures = f"{wall:.0f} | {said['seconds']['extract']:.0f} | {counts['articles']} | {share:.3f}"
        print(f"| {extractor} | {figures} |")


if __name__ == "__main__":
    main()
