"""Processor time of each step from page to judged lines, interleaved page by page, as a share of trafilatura's.

python benchmarks/judges.py ../shared/data/pages/wcxb-articles.jsonl.gz --pages 200
"""

import argparse
import gc
import time
from collections import defaultdict
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

from dedup.articles.extract import by_resiliparse, by_trafilatura, parse, with_closed_title
from dedup.articles.genre import why_no_article
from dedup.articles.metadata import metadata_of
from dedup.articles.outline import lines_of, outline
from dedup.articles.reading import read
from dedup.boilerplate.classify import judge
from pipelines.gold import read_gold


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", nargs="+", type=Path)
    parser.add_argument("--pages", type=int, default=200, help="pages taken of each file, the first ones")
    options = parser.parse_args()
    spent: dict[str, float] = defaultdict(float)

    def timed(step: str, work: Callable[[], Any]) -> Any:
        start = time.process_time()
        done = work()
        spent[step] += time.process_time() - start
        return done

    # Imported now and set aside: else a collection of all of it falls on whichever step happens to set it off.
    by_trafilatura(parse("<html><body><p>One line.</p><p>Another.</p></body></html>"))
    gc.collect()
    gc.freeze()
    n = 0
    for path in options.gold:
        for row in islice(read_gold(path), options.pages):
            page, url = with_closed_title(row["html"]), str(row.get("url") or "")
            tree = timed("parse", lambda page=page: parse(page))
            if tree is None:
                continue
            n += 1
            about = timed("metadata", lambda tree=tree, url=url: metadata_of(tree, url))
            main_text = timed("trafilatura", lambda tree=tree, url=url: by_trafilatura(tree, url))
            second = timed("resiliparse", lambda page=page: by_resiliparse(page))
            walked = timed("lines", lambda tree=tree: lines_of(tree))
            found = timed("outline", lambda args=(tree, main_text, second, walked): outline(*args))
            timed("genre", lambda args=(tree, walked, url): why_no_article(*args))
            args = ("html", about.title, "", found.layout.tobytes())
            timed("line model", lambda lines=found.lines, args=args: judge(read(lines), *args))
    print(f"| step | ms a page ({n} pages) | of trafilatura's |")
    print("| --- | --- | --- |")
    for step, seconds in spent.items():
        print(f"| {step} | {1000 * seconds / n:.1f} | {seconds / spent['trafilatura']:.2f} |")


if __name__ == "__main__":
    main()
