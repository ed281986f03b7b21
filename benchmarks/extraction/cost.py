"""What text and metadata of a page cost, of what trafilatura takes for them: some pages at a time, in turns, in one process.

    python benchmarks/extraction/cost.py ../shared/data/pages/{article-extraction-benchmark,wcxb-articles,l3s-gn1,dragnet}.jsonl.gz
        [--every 9] [--asked FILE] [--genre] [--batch 16]

Ours goes from bytes to the lines of the article with title, day, author and language; with ``--genre`` it tells as well whether the page is an
article at all. trafilatura's is ``bare_extraction(with_metadata=True)``. With ``--batch 1`` they take turns page by page: whoever comes next then finds the
processor full of what the other left, which costs the quicker one more. Prints milliseconds of processor time a page, and shares of
trafilatura's, per file and for all.

The models have seen these pages and doubt them less than others. ``--asked``: who is asked of which page, told by models that never saw it,
as ``benchmarks/html_lines.py --asked FILE`` writes it.
"""

import argparse
import json
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from trafilatura import bare_extraction

from dedup.articles.extract import Extract
from dedup.schema import PAGE
from pipelines.gold import read_gold

#: More than any page is doubted.
_ALL = 1e9


@dataclass(frozen=True)
class Told(Extract):
    """Asks those of whom it is told that they are asked."""

    of_resiliparse: bool = False

    def _is_sure(self, doubt: float, text: str) -> bool:  # noqa: ARG002 - of the page itself nothing is asked
        return not self.of_resiliparse


def told(asked: Sequence[bool], *, all_pages: bool) -> Extract:
    """Return what extracts a page; ``asked`` of which are resiliparse and trafilatura."""
    of_resiliparse, of_trafilatura = asked
    return Told(of_resiliparse=of_resiliparse, doubt=0.0 if of_trafilatura else _ALL, all_pages=all_pages)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the processor seconds that a call takes, and what it gives."""
    began = time.process_time()
    made = work()
    return time.process_time() - began, made


def main() -> None:
    """Run the command line."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", nargs="+", type=Path)
    parser.add_argument("--every", type=int, default=1, help="take every n-th page")
    parser.add_argument("--extractor", choices=("auto", "fast"), default="auto")
    parser.add_argument("--batch", type=int, default=16, help="pages that each works on in a row")
    parser.add_argument("--genre", action="store_true", help="tell whether the page is an article, too")
    parser.add_argument("--asked", type=Path, help="who is asked of each page, by file and id")
    options = parser.parse_args()
    asked = json.loads(options.asked.read_text(encoding="utf-8")) if options.asked else {}
    extract = Extract(options.extractor, all_pages=not options.genre)
    empty = dict.fromkeys(PAGE.names, "") | {"doc_id": "a", "arrival": 0, "kind": "html"}
    spent: dict[str, Counter[str]] = defaultdict(Counter)
    for path in options.gold:
        name = path.name.split(".")[0]
        works = []
        for row in list(read_gold(path))[:: options.every]:
            html, url = row["html"], str(row.get("url") or "")
            page = empty | {"url": url, "content": html.encode("utf-8", "surrogatepass")}
            if asked:
                who = asked.get(f"{name}/{row['id']}", (False, False))
                extract = told(who, all_pages=not options.genre)
            theirs = partial(bare_extraction, html, url=url or None, include_comments=False, with_metadata=True)
            works.append({"ours": partial(extract.draft, page), "theirs": theirs})
        # The first page finds nothing loaded.
        works[0]["ours"](), works[0]["theirs"]()
        for start in range(0, len(works), options.batch):
            sides = ["ours", "theirs"]
            for side in sides if start // options.batch % 2 else reversed(sides):
                for work in works[start : start + options.batch]:
                    seconds, made = timed(work[side])
                    told_of = {side: seconds, "pages": side == "ours"}
                    for of in (name, "all"):
                        spent[of].update(told_of, asked=side == "ours" and made["extractor"] == "trafilatura")
    print(
        f"| pages | trafilatura, ms | {options.extractor}, ms | share | asked of trafilatura |\n| --- | --- | --- | --- | --- |"
    )
    for of, by in spent.items():
        n = by["pages"]
        figures = f"{1000 * by['theirs'] / n:.1f} | {1000 * by['ours'] / n:.1f} | {by['ours'] / by['theirs']:.3f}"
        print(f"| {of} ({n}) | {figures} | {by['asked'] / n:.3f} |")


if __name__ == "__main__":
    main()
