"""Counts in how many articles each frequent word stands, and writes the table that ships as ``dedup/data/common_words.json``.

    python benchmarks/common_words.py ../shared/data/scale/{allsides,reuters21578}.jsonl.gz -o dedup/data/common_words.json

Only words and counts are written, no text; a word counts as frequent from one article in a hundred. What the articles do not tell,
for they are English, is told by the stop words of other languages, which are taken to stand in half of all articles.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

from background_terms import read

from dedup.articles.normalize import words
from dedup.articles.stopwords import STOP_WORDS

LEAST = 0.01


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", nargs="+", type=Path)
    parser.add_argument("-o", "--output", required=True, type=Path)
    options = parser.parse_args()
    counts, n_documents = Counter[str](), 0
    for path in options.articles:
        for article in read(path):
            n_documents += 1
            counts.update(set(words(f"{article.get('title') or ''}\n{article['text']}")))
    least = int(LEAST * n_documents)
    listed = dict.fromkeys({word for known in STOP_WORDS.values() for word in known}, n_documents // 2)
    listed |= {word: n for word, n in counts.items() if n >= least}
    grouped: dict[int, list[str]] = {}
    for word, n in sorted(listed.items()):
        grouped.setdefault(n, []).append(word)
    table = {"n_documents": n_documents, "least": least, "words": {n: " ".join(grouped[n]) for n in sorted(grouped)}}
    options.output.write_text(json.dumps(table, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    print(f"{n_documents} articles, {len(listed)} words, {options.output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
