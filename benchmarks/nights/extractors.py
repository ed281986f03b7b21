"""What a night of HTML takes with each extractor: the whole command, in turns.

    python benchmarks/nights/extractors.py ../shared/data/pages/*.jsonl.gz [--extractors auto trafilatura] [--workers 2] [--rounds 1]
        [--before FOLDER] [--times 2]

The pages of all files (JSONL of ``id``, ``html`` and, where it is known, ``url``, gzipped or not) are one night, without a state. Each run
is a process of its own; the extractors take turns, so that other work on the machine falls on all alike. Prints the seconds of the
quickest night and those of its extraction, on the clock, articles, and the share of pages asked of trafilatura.
``--before``: a checkout of an earlier version, which takes its turn too, run with this environment and its own extractor. ``--times``: so
often each page is there, under another id and with a word of it changed each time.
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

BEFORE = "before"
#: What stands in the place of "the" in a page that is there once more.
WORDS = ("the", "that", "this", "our", "her")


def pages(paths: Sequence[Path], output: Path, every: int, times: int) -> int:
    """Write the pages of all files as one input; return how many there are."""
    n = 0
    with output.open("w", encoding="utf-8") as file:
        for path in paths:
            for row in list(read_gold(path))[::every]:
                for word in WORDS[:times]:
                    fields = {
                        "id": f"{path.name.split('.')[0]}/{row['id']}/{word}",
                        "url": row.get("url") or "",
                        "html": row["html"].replace(" the ", f" {word} "),
                    }
                    file.write(json.dumps(fields) + "\n")
                    n += 1
    return n


def run(night: Path, output: Path, extractor: str, workers: int, before: Path | None) -> tuple[float, dict[str, Any]]:
    """Run a night; return its seconds, and what it says of itself."""
    began = time.perf_counter()
    command = [sys.executable, "-c", "from pipelines.start import main; main()"]
    command += ["nightly", str(night), "--out", str(output)]
    command += ["--workers", str(workers)]
    command += [] if extractor == BEFORE else ["--extractor", extractor]
    # What is in the folder of a process comes before what is installed.
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=before if extractor == BEFORE else None)
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
    parser.add_argument("--before", type=Path, help="a checkout of an earlier version, to take its turn")
    parser.add_argument("--times", type=int, choices=range(1, len(WORDS) + 1), default=1, help="use each page so often")
    options = parser.parse_args()
    names = [*options.extractors, *([BEFORE] if options.before else [])]
    found: dict[str, list[tuple[float, dict[str, Any]]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        night = Path(folder) / "night.jsonl"
        print(
            f"{pages(options.gold, night, options.every, options.times)} pages, {options.workers} workers", flush=True
        )
        for turn in range(options.rounds):
            for extractor in names:
                output = Path(folder) / f"{extractor}-{turn}"
                found[extractor].append(run(night, output, extractor, options.workers, options.before))
                print(f"{extractor}: {found[extractor][-1][0]:.0f} s", flush=True)
    columns = ("extractor", "seconds", "extraction", "articles", "asked of trafilatura")
    print(f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}")
    for extractor, runs in found.items():
        wall, said = min(runs, key=lambda one: one[0])
        counts = said["counts"]
        by = counts.get("extractors") or {"trafilatura": counts["articles"]}
        share = by.get("trafilatura", 0) / max(sum(by.values()), 1)
        figures = f"{wall:.0f} | {said['seconds']['extract']:.0f} | {counts['articles']} | {share:.3f}"
        print(f"| {extractor} | {figures} |")


if __name__ == "__main__":
    main()
