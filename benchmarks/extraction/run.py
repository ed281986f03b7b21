"""Compares ways to get articles out of pages: F1 on gold, pages per second of processor time, memory.

    pip install -r benchmarks/extraction/requirements.txt
    python benchmarks/extraction/run.py ../shared/data/pages/{article-extraction-benchmark,wcxb-articles,l3s-gn1,dragnet}.jsonl.gz

Each has a process of its own, and the same pages go to all of them in turn, a batch at a time, so that other work on the machine
falls on all alike. The first batch of a file is done twice, and timed the second time. Scores of this project are on pages that
its models were fitted on; ``benchmarks/html_lines.py`` says what to expect of others. A title counts where the gold begins with it.
"""

import argparse
import multiprocessing
import time
import warnings
from collections import defaultdict
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from contenders import CONTENDERS

from dedup.articles.normalize import words
from pipelines.gold import read_gold
from pipelines.scores import shingle_score, word_bag_score

BATCH = 16


def work(name: str, pipe: Connection) -> None:
    """Answer batches of pages with their texts, the processor seconds they took, and the memory held so far, in MB."""
    warnings.simplefilter("ignore")
    contender = CONTENDERS[name]
    while (pages := pipe.recv()) is not None:
        began = time.process_time()
        texts = contender(pages)
        spent = time.process_time() - began
        pipe.send((texts, spent, peak_mb()))


def peak_mb() -> float:
    """Return the most memory that this process has held; what getrusage tells is inherited from the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def scored(text: str, gold: str) -> str:
    """Return an answer less its title, unless the gold begins with it."""
    title, _, rest = text.partition("\n")
    return text if words(gold)[: len(words(title))] == words(title) else rest


def compare(rows: Sequence[dict[str, Any]], names: Sequence[str], titled: Sequence[str]) -> None:
    """Print the table of one file."""
    context = multiprocessing.get_context("spawn")
    pipes = {}
    for name in names:
        pipes[name], theirs = context.Pipe()
        context.Process(target=work, args=(name, theirs), daemon=True).start()
    answers, spent, memory = defaultdict(list), defaultdict(float), {}
    for start in range(0, len(rows), BATCH):
        pages = [(row["html"], str(row.get("url") or "")) for row in rows[start : start + BATCH]]
        for name, pipe in pipes.items():
            for _ in range(1 if start else 2):
                pipe.send(pages)
                texts, seconds, memory[name] = pipe.recv()
            answers[name] += texts
            spent[name] += seconds
    for pipe in pipes.values():
        pipe.send(None)
    print("| way | word bags | shingles | pages per second | ms a page | of trafilatura's | MB |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in names:
        pairs = [
            (row["gold"], scored(text, row["gold"]) if name in titled else text)
            for row, text in zip(rows, answers[name], strict=True)
        ]
        figures = f"{word_bag_score(pairs).f1:.3f} | {shingle_score(pairs).f1:.3f}"
        cost = f"{len(rows) / spent[name]:.0f} | {1000 * spent[name] / len(rows):.1f}"
        print(
            f"| {name} | {figures} | {cost} | {spent[name] / spent['trafilatura']:.3f} | {memory[name]:.0f} |",
            flush=True,
        )


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", nargs="+", type=Path)
    parser.add_argument("--every", type=int, default=1, help="take every n-th page")
    parser.add_argument("--only", nargs="*", default=list(CONTENDERS), help="ways to compare")
    options = parser.parse_args()
    names = [name for name in CONTENDERS if name in {*options.only, "trafilatura"}]
    titled = [name for name in names if name.startswith(("dedup", "trafilatura", "newspaper"))]
    for path in options.gold:
        rows = list(read_gold(path))[:: options.every]
        print(f"\n{path.name}, {len(rows)} pages\n")
        compare(rows, names, titled)


if __name__ == "__main__":
    main()
