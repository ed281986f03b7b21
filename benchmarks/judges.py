"""Processor time of extraction and of the judges that follow it, interleaved, as shares of extraction's.

python benchmarks/judges.py ../shared/data/pages/wcxb-articles.jsonl.gz --pages 200

Two tables a file. The steps of extraction, page by page, as shares of trafilatura's own. And the stages as a run calls them: extraction
(all of these steps), the line model with the keys of lines, the count of what sites repeat, and the label that takes lines out by both. Of
the stages a first pass is not timed; then batches of pages go through each in turn, ``--rounds`` times, and the median round is printed.
"""

import argparse
import gc
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from trafilatura import bare_extraction

from dedup.articles.extract import EXTRACTORS, Extract, by_resiliparse, by_trafilatura, decode, tree_of
from dedup.articles.genre import why_no_article
from dedup.articles.host import host_of
from dedup.articles.language import detect_language
from dedup.articles.markup import parse
from dedup.articles.metadata import metadata_of
from dedup.articles.outline import full_outline, lines_of, outline
from dedup.articles.reading import read
from dedup.boilerplate.classify import judge
from dedup.boilerplate.repeat import counted, with_known
from dedup.flow import Flow
from dedup.schema import PAGE
from dedup.stage import apply
from pipelines.gold import read_gold

BATCH = 16


class Clock:
    """Processor seconds by name."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Time what is done inside."""
        start = time.process_time()
        yield
        self.spent[name] += time.process_time() - start

    def timed(self, name: str, work: Callable[..., Any], *args: Any) -> Any:
        """Time a call, and return what it returns."""
        with self.of(name):
            return work(*args)


def steps(rows: list[dict[str, Any]]) -> tuple[int, dict[str, float]]:
    """Time the steps of extraction, page by page."""
    clock, n = Clock(), 0
    for row in rows:
        content, url = row["html"].encode("utf-8", "surrogatepass"), str(row.get("url") or "")
        n += 1
        page = clock.timed("decode", decode, content)
        markup = clock.timed("parse", parse, page)
        title = clock.timed("metadata", metadata_of, markup, url).title
        walked = clock.timed("lines", lines_of, markup)
        clock.timed("genre", why_no_article, markup, walked, url)
        whole = clock.timed("outline, whole page", full_outline, walked)
        with clock.of("line model, whole page"):
            keep = judge(read(whole.lines), "html", title, layout=whole.layout).keep
        clock.timed("language", detect_language, "\n".join(np.array(whole.lines)[keep >= 0.5]) if len(keep) else "")
        tree = clock.timed("tree for trafilatura", tree_of, page)
        if tree is None:
            continue
        main_text = clock.timed("trafilatura", by_trafilatura, tree, url)
        second = clock.timed("resiliparse", by_resiliparse, page)
        clock.timed("outline by both", outline, markup, main_text, second, walked)
        clock.timed("trafilatura with metadata", bare_extraction, page, url=url or None, with_metadata=True)
    return n, clock.spent


def pages_of(rows: list[dict[str, Any]]) -> pa.Table:
    """Return gold pages as PAGE."""
    empty = dict.fromkeys(PAGE.names, "")
    made = []
    for number, row in enumerate(rows):
        url = str(row.get("url") or "")
        content = row["html"].encode("utf-8", "surrogatepass")
        about = {"doc_id": str(number), "arrival": number, "kind": "html", "content": content, "url": url}
        made.append(empty | about | {"source": host_of(url)})
    return pa.Table.from_pylist(made, schema=PAGE)


def stages(pages: pa.Table, n_rounds: int, extractor: str) -> list[dict[str, float]]:
    """Time the stages, batch by batch."""
    flow = Flow(extract=Extract(extractor))
    drafts = apply(flow.extract, pages)
    drafts = drafts.filter(pc.equal(drafts["failure"], ""))
    segments = apply(flow.classify, drafts)
    repeats = apply(flow.repeats, with_known(segments, None))
    found = []
    for _ in range(n_rounds):
        clock = Clock()
        clock.timed("repeats", apply, flow.repeats, with_known(segments, None))
        with clock.of("repeats"):
            all_counted = counted(segments, repeats)
        titles = drafts["title"].take(pc.index_in(segments["doc_id"], drafts["doc_id"].combine_chunks()))
        all_counted = all_counted.append_column("title", titles)
        for start in range(0, pages.num_rows, BATCH):
            batch = pages.slice(start, BATCH)
            clock.timed("extract", apply, flow.extract, batch)
            of_batch = drafts.filter(pc.is_in(drafts["doc_id"], batch["doc_id"].combine_chunks()))
            clock.timed("line model", apply, flow.classify, of_batch)
            of_batch = all_counted.filter(pc.is_in(all_counted["doc_id"], batch["doc_id"].combine_chunks()))
            clock.timed("label", apply, flow.label, of_batch)
        found.append(clock.spent)
    return found


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", nargs="+", type=Path)
    parser.add_argument("--pages", type=int, default=200, help="pages taken of each file, the first ones")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--extractor", default=Extract().extractor, choices=EXTRACTORS, help="for the stages")
    options = parser.parse_args()
    # Imported now and set aside: else a collection of all of it falls on whichever step happens to set it off.
    steps([{"html": "<html><body><p>One line.</p><p>Another.</p></body></html>"}])
    gc.collect()
    gc.freeze()
    for path in options.gold:
        rows = list(islice(read_gold(path), options.pages))
        n, spent = steps(rows)
        print(
            f"\n{path.name}, {n} pages\n\n| step of extraction | ms a page | of trafilatura's with metadata |\n| --- | --- | --- |"
        )
        for step, seconds in spent.items():
            print(f"| {step} | {1000 * seconds / n:.1f} | {seconds / spent['trafilatura with metadata']:.3f} |")
        rounds = stages(pages_of(rows), options.rounds, options.extractor)
        print("\n| stage | ms a page | of extraction |\n| --- | --- | --- |")
        for stage in ("extract", "line model", "repeats", "label"):
            seconds = statistics.median(spent[stage] for spent in rounds)
            share = statistics.median(spent[stage] / spent["extract"] for spent in rounds)
            print(f"| {stage} | {1000 * seconds / len(rows):.2f} | {share:.3f} |")
        judges = [sum(spent.values()) / spent["extract"] - 1 for spent in rounds]
        print(f"| all three judges | | {statistics.median(judges):.3f} ({min(judges):.3f} to {max(judges):.3f}) |")


if __name__ == "__main__":
    main()
