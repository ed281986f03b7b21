"""Counts in how many articles each term stands, and writes the table that ships as ``dedup/data/background.json.gz``.

    python benchmarks/background_terms.py ../shared/data/scale/allsides.jsonl.gz [...] -o dedup/data/background.json.gz

Only terms and counts are written, no text. The labelled event sets are left out on purpose: counted in, the very words
of their events would look common, and thresholds found on them would not hold for events not seen.
"""

import argparse
import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from dedup.articles import terms as t
from dedup.articles.published import published_day

MIN_COUNT = {"words": 3, "bigrams": 8, "spans": 3, "quantities": 3}
MAX_PER_SOURCE = 12_000


def read(path: Path) -> Iterator[dict[str, str]]:
    """Yield the first articles of a file of gzipped JSON lines."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number == MAX_PER_SOURCE:
                return
            yield json.loads(line)


def count(paths: list[Path]) -> tuple[int, dict[str, Counter[str]], str]:
    """Count the articles that hold each term."""
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in MIN_COUNT}
    n_documents = 0
    digest = hashlib.sha256()
    for path in paths:
        for article in read(path):
            n_documents += 1
            digest.update(article["text"].encode())
            language = article.get("language") or "en"
            text = t.plain(f"{article.get('title') or ''}\n{article['text']}")
            _, rest = t.take_dates(text, published_day(article.get("published")))
            stems = t.stems(rest, language)
            counts["words"].update(set(stems))
            counts["bigrams"].update({f"{a} {b}" for a, b in pairwise(stems)})
            counts["spans"].update(set(t.Spans(rest, language).texts()))
            counts["quantities"].update(set(t.quantities(rest, t.content(rest, language), language)))
    return n_documents, counts, digest.hexdigest()


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("articles", nargs="+", type=Path)
    parser.add_argument("-o", "--output", required=True, type=Path)
    options = parser.parse_args()
    n_documents, counts, digest = count(options.articles)
    table: dict[str, object] = {"n_documents": n_documents, "unseen": 1, "digest": digest}
    for kind, counter in counts.items():
        grouped: dict[str, list[str]] = {}
        for term, n in sorted(counter.items()):
            if n >= MIN_COUNT[kind] and "|" not in term:
                grouped.setdefault(str(n), []).append(term)
        table[kind] = {n: "|".join(terms) for n, terms in sorted(grouped.items(), key=lambda item: int(item[0]))}
        print(kind, len(counter), sum(map(len, grouped.values())))
    raw = json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode()
    options.output.write_bytes(gzip.compress(raw, mtime=0))
    print(n_documents, options.output.stat().st_size)


if __name__ == "__main__":
    main()
