"""Prints the tables of docs/measurements.md: scores on the labelled data, and seconds per stage of one run.

Usage: python benchmarks/stages.py [--scores] [--seconds] [INPUT ...]

Without INPUT the run is over the older labelled pages (1,063) where the data is present, else over the fixtures.
"""

import argparse
import json
import os
import platform
import tempfile
from pathlib import Path

from pipelines import evaluate, nightly
from pipelines.config import Config
from pipelines.journal import Journal
from pipelines.run_local import default_workers

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
PAGES = [DATA / "pages" / "dragnet.jsonl.gz", DATA / "pages" / "l3s-gn1.jsonl.gz"]

GOLD = [
    ("pages", [ROOT / "fixtures" / "gold" / "pages.jsonl"]),
    ("lines", [ROOT / "fixtures" / "gold" / "lines.jsonl"]),
    ("pairs", [ROOT / "fixtures" / "gold" / "pairs.jsonl", ROOT / "fixtures" / "gold" / "events.jsonl"]),
    ("events", [ROOT / "fixtures" / "gold" / "events.jsonl"]),
    ("pages", [DATA / "pages" / "article-extraction-benchmark.jsonl.gz"]),
    ("pages", [DATA / "pages" / "l3s-gn1.jsonl.gz"]),
    ("pages", [DATA / "pages" / "dragnet.jsonl.gz"]),
    ("pages", [DATA / "pages" / "wcxb-articles.jsonl.gz"]),
    ("lines", [DATA / "lines" / "plain-text.jsonl.gz"]),
    ("pairs", [DATA / "pairs" / "articles.jsonl.gz", DATA / "pairs" / "pairs.jsonl.gz"]),
    ("events", [DATA / "events" / "ecbplus.jsonl.gz"]),
    ("events", [DATA / "events" / "basil.jsonl.gz"]),
    ("events", [DATA / "events" / "duc2004.jsonl.gz"]),
]


def flat(value: object, name: str = "") -> list[tuple[str, float]]:
    if isinstance(value, dict):
        return [pair for key, one in value.items() if key != "answers_by_label" for pair in flat(one, f"{name} {key}")]
    return [(name.strip(), float(value))] if isinstance(value, float) else []


def scores() -> None:
    print("| data | task | score |\n| --- | --- | --- |")
    for task, files in GOLD:
        if not all(path.is_file() for path in files):
            continue
        result = evaluate.run([str(path) for path in files], task, [], Config(), default_workers(), None, Journal())
        wanted = [(name, value) for name, value in flat(result) if name.endswith(("f1", "ari", "right"))]
        shown = ", ".join(f"{name} {value:.3f}" for name, value in wanted)
        print(f"| {files[0].parent.name}/{files[0].name.split('.')[0]} | {task} | {shown} |", flush=True)


def seconds(inputs: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(nightly.run(inputs, Path(folder) / "report", Config(), default_workers(), None, Journal()))
        recorded = json.loads((Path(folder) / "report" / "run.json").read_text(encoding="utf-8"))
    print(
        f"\n{platform.machine()}, {os.cpu_count()} processors, {recorded['workers']} workers, {recorded['libraries']}\n"
    )
    print("| stage | seconds | share |\n| --- | --- | --- |")
    total = sum(recorded["seconds"].values())
    for stage, value in recorded["seconds"].items():
        print(f"| {stage} | {value:.2f} | {value / total:.1%} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs", nargs="*", metavar="INPUT")
    parser.add_argument("--scores", action="store_true", help="only the scores")
    parser.add_argument("--seconds", action="store_true", help="only the seconds per stage")
    given = parser.parse_args()
    if not given.seconds:
        scores()
    if not given.scores:
        pages = PAGES if all(path.is_file() for path in PAGES) else [ROOT / "fixtures" / f"day{n}" for n in (1, 2, 3)]
        seconds(given.inputs or [str(path) for path in pages])


if __name__ == "__main__":
    main()
