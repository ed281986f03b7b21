"""What grouping costs: time and memory over more and more articles, terms apart from grouping.

    python benchmarks/events/cost.py ARTICLES... [--sizes 12000 25000 50000] [--by-day 1000]

Articles are clean texts (JSONL or JSONL.gz) and, once they are used up, variants of them with other names and numbers, so many a day, as
`benchmarks/nights/cost.py` makes them. Each size is a process of its own. Prints processor seconds, and memory at its peak and before grouping.
"""

import argparse
import importlib.util
import json
import resource
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from dedup.api import arrange
from dedup.articles.terms import Analyse
from dedup.events.assign import group
from dedup.stage import apply

_SPEC = importlib.util.spec_from_file_location("cost", Path(__file__).parents[1] / "nights" / "cost.py")
assert _SPEC is not None
assert _SPEC.loader is not None
VARIANTS: Any = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(VARIANTS)


def megabytes() -> float:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one(paths: list[Path], size: int, by_day: int) -> dict[str, float]:
    """Group ``size`` articles in this process; returns what it took."""
    days = islice(VARIANTS.nights(VARIANTS.articles(paths), by_day), -(-size // by_day))
    articles = arrange([row for day in days for row in day][:size])
    started = time.process_time()
    terms = apply(Analyse(), articles).combine_chunks()
    analysed = time.process_time()
    # Grouping is given no text, as it is on a night.
    articles = articles.set_column(
        articles.schema.get_field_index("text"), "text", pa.nulls(size, pa.string()).fill_null("")
    )
    before = megabytes()
    found = group(terms, articles)
    return {
        "articles": size,
        "terms": round(analysed - started, 1),
        "grouping": round(time.process_time() - analysed, 1),
        "megabytes": round(megabytes()),
        "before": round(before),
        "events": found.events.num_rows,
    }


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", nargs="+", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[12_000, 25_000, 50_000])
    parser.add_argument("--by-day", type=int, default=1000)
    parser.add_argument("--one", action="store_true", help="the first size, in this process, as JSON")
    options = parser.parse_args()
    if options.one:
        sys.stdout.write(json.dumps(one(options.articles, options.sizes[0], options.by_day)) + "\n")
        return
    print("| articles | terms, s | grouping, s | memory at the peak, MB | before grouping | events |")
    print("| --- | --- | --- | --- | --- | --- |")
    for size in options.sizes:
        command = [sys.executable, __file__, *map(str, options.articles), "--one", "--by-day", str(options.by_day)]
        told = subprocess.run([*command, "--sizes", str(size)], check=True, capture_output=True, text=True).stdout
        print("| " + " | ".join(f"{value:,}" for value in json.loads(told).values()) + " |", flush=True)


if __name__ == "__main__":
    main()
