"""Learns which names of classes and ids stand around articles and which around chrome: ``dedup/data/block_names.json``.

    python benchmarks/block_names.py ../shared/data/pages/*.jsonl.gz -o dedup/data/block_names.json

Reads gold pages (JSONL ``id,url,html,gold``). A name counts once per host, by the share of the lines beneath it that are the
article's, and ships only if several hosts use it. Only names and numbers are written.
"""

import argparse
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from dedup.articles.extract import by_resiliparse, by_trafilatura, tree_of, with_closed_title
from dedup.articles.host import host_of
from dedup.articles.markup import parse
from dedup.articles.outline import candidates, names_in
from pipelines.gold import digest_of, read_gold
from pipelines.train import align

LEAST_HOSTS = 6
#: Levels above a line at which names say something of it.
LEVELS = 6

Shares = dict[str, dict[str, list[float]]]


def names_above(attributes: Sequence[str]) -> set[str]:
    """Return the names in the nearest of them."""
    return set().union(*map(names_in, [values for values in attributes if values][:LEVELS]))


def count(shares: Shares, host: str, labelled: Iterable[tuple[set[str], float, bool]]) -> None:
    """Add the lines of one page, each (names above it, weight, is the article's), to the weights of the names."""
    for names, weight, keep in labelled:
        for name in names:
            shares[name].setdefault(host, [0.0, 0.0])[int(keep)] += weight


def odds(shares: Shares, least_hosts: int = LEAST_HOSTS) -> dict[str, float]:
    """Return the log odds of each name that enough hosts use."""
    made = {}
    for name, hosts in sorted(shares.items()):
        if len(hosts) >= least_hosts:
            kept = [keep / (keep + drop) for drop, keep in hosts.values() if keep + drop > 0]
            made[name] = round(math.log((sum(kept) + 1) / (len(kept) - sum(kept) + 1)), 2)
    return made


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", nargs="+", type=Path)
    parser.add_argument("-o", "--output", required=True, type=Path)
    options = parser.parse_args()
    shares: Shares = defaultdict(dict)
    digests = {}
    for path in sorted(options.gold, key=lambda path: path.name):
        digests[path.name] = digest_of(path)
        for row in read_gold(path):
            page, url = with_closed_title(row["html"]), str(row.get("url") or "")
            found = candidates(parse(page), by_trafilatura(tree_of(page), url), by_resiliparse(page))
            chosen = found.chosen.tolist()
            lines = [found.lines.texts[number] for number in chosen]
            keep, _ = align(lines, row["gold"])
            weights = [min(len(line.split()), 100) ** 0.7 for line in lines]
            names = [names_above(found.lines.names_above(number)) for number in chosen]
            count(shares, host_of(url) or str(row.get("host") or row["id"]), zip(names, weights, keep, strict=True))
    table = {"least_hosts": LEAST_HOSTS, "gold": digests, "odds": odds(shares)}
    text = (
        json.dumps(table, ensure_ascii=False, separators=(",", ":"))
        .replace('","', '",\n"')
        .replace(',"odds', ',\n"odds')
    )
    options.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
