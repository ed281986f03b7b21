"""Lists what cleaning takes out of real articles as repeats of their site, for a reader to judge.

Usage: python benchmarks/repeats.py [--out FILE] [--every N] [--seed N] [INPUT]

INPUT is JSON lines with `source` and `text` (default: `scale/allsides` of the labelled data). The hundred most frequent
removals and a random hundred of the distinct ones are written to FILE, by default in the folder for temporary files:
the texts belong to their publishers and stay out of the project. `--every N` takes one source in N.
"""

import argparse
import gzip
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from dedup.flow import Flow, Inline, Tick
from dedup.schema import DRAFT

ROOT = Path(__file__).resolve().parent.parent
ALLSIDES = ROOT.parent / "shared" / "data" / "scale" / "allsides.jsonl.gz"
N_LISTED = 100


class Stopwatch:
    """A watch that remembers the processor time of each stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Tick]:  # noqa: ARG002 - no bar is shown
        """Begin a stage; no bar is shown."""
        start = time.process_time()
        yield lambda _rows: None
        self.seconds[name] = time.process_time() - start


def drafts(path: Path, every: int) -> pa.Table:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    wanted = set(sorted({row.get("source") or "" for row in rows})[::every])
    empty = dict.fromkeys(DRAFT.names, "")
    return pa.Table.from_pylist(
        [
            empty | {name: row[name] for name in ("source", "title", "text") if row.get(name)} | found
            for number, row in enumerate(rows)
            if (row.get("source") or "") in wanted
            for found in [{"doc_id": str(number), "arrival": number, "kind": "article"}]
        ],
        schema=DRAFT,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", nargs="?", type=Path, default=ALLSIDES, metavar="INPUT")
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "repeats-to-read.txt")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.out.resolve().is_relative_to(ROOT):
        parser.error(f"--out must be outside the project. Got {given.out}.")

    table, watch = drafts(given.input, given.every), Stopwatch()
    cleaned = Flow().clean(Inline(), table, watch).select(["doc_id", "source", "removed", "text"]).to_pylist()
    given_text = dict(zip(table["doc_id"].to_pylist(), table["text"].to_pylist(), strict=True))
    found: Counter[tuple[str, str, str]] = Counter()
    inside = n_words = 0
    for row in cleaned:
        lines = {line.strip() for line in given_text[row["doc_id"]].splitlines()}
        for removal in row["removed"]:
            if removal["reason"].startswith("repeat"):
                found[row["source"], removal["text"], removal["reason"]] += 1
                inside += removal["text"] not in lines
                n_words += len(removal["text"].split())
    distinct = sorted(found)
    listed = {
        "most frequent": [one for one, _ in found.most_common(N_LISTED)],
        "random": random.Random(given.seed).sample(distinct, min(N_LISTED, len(distinct))),
    }
    with given.out.open("w", encoding="utf-8") as file:
        for name, chosen in listed.items():
            file.write(f"== {name}\n")
            file.writelines(f"{found[one]} x {one[0]} ({one[2]}): {one[1]}\n" for one in chosen)

    total = sum(len(text.split()) for text in given_text.values())
    print(f"{table.num_rows} articles of {len(set(table['source'].to_pylist()))} sources, {total} words")
    print(f"{found.total()} removals of {len(distinct)} distinct texts, {inside} inside lines; {n_words} words")
    print(", ".join(f"{name} {seconds:.1f} s" for name, seconds in watch.seconds.items()))
    print(f"to read: {given.out}")


if __name__ == "__main__":
    main()
