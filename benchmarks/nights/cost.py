"""What a night costs as the state grows: the same night of new articles against states of more and more articles.

    python benchmarks/nights/cost.py ARTICLES... --folder DIR [--sizes 10000 100000 1000000] [--night 1000] [--base 5000]
        [--pages PAGES...]

The first ``--base`` articles go into a state as they would night by night, a day each, in variants of the articles given (clean
text, JSONL or JSONL.gz): a variant has other names and numbers for half of those that stand in it. The years before them are made
of their rows, with other ids and earlier days; other keys of words, since they are other texts, and for half of them other keys of
what is telling, so that an archive is told of by new people as well as by old. At each size the state takes one night more, in a
process of its own; so does an empty one. Prints processor seconds (start-up taken off), clock seconds by stage, peak memory, and bytes an
article, a line of JSON for each size. `cost.jsonl` beside this file holds lines that it printed, which `pictures.py` draws.

With ``--pages`` (files of pages, JSONL of ``html``) a crawl comes in: each article stands in the page of its source, one of those
given, in the place of the paragraphs that were there.
"""

import argparse
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import lxml.html
import pyarrow as pa

from dedup.schema import PAGE

_FIRST = date(2024, 1, 1)
#: What no document may hold.
_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_WORD = re.compile(r"\b(?:[A-Z][a-z]{2,}|\d+)\b")
_SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "or")]


def articles(paths: list[Path]) -> list[dict[str, Any]]:
    """Read the articles."""
    rows = []
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            rows += [json.loads(line) for line in file]
    return rows


def other(word: str, variant: int) -> str:
    """Return the name, or number, that stands for a word in a variant; half of them stay."""
    seed = hashlib.blake2b(f"{word}".encode(), digest_size=2).digest()[0]
    if variant == 0 or seed % 2:
        return word
    drawn = hashlib.blake2b(f"{word} {variant}".encode(), digest_size=8).digest()
    if word.isdigit():
        return str(int(word) + drawn[0])
    return "".join(_SYLLABLES[one % len(_SYLLABLES)] for one in drawn[: 2 + drawn[7] % 2]).capitalize()


def nights(rows: list[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    """Yield nights of ``size`` articles without end, a day each."""
    number = 0
    while True:
        night = []
        day = _FIRST + timedelta(days=number)
        for place in range(number * size, (number + 1) * size):
            variant, base = divmod(place, len(rows))
            row = rows[base]

            def changed(found: re.Match[str], variant: int = variant) -> str:
                return other(found.group(), variant)

            night.append(
                {
                    "id": f"{base}-{variant}",
                    "text": _WORD.sub(changed, row["text"]),
                    "title": _WORD.sub(changed, row.get("title") or ""),
                    "source": row.get("source") or "",
                    "published": day.isoformat(),
                }
            )
        yield night
        number += 1


def dressed(row: dict[str, Any], pages: list[str]) -> dict[str, Any]:
    """Return an article as the page of its source."""
    drawn = hashlib.blake2b(row["source"].encode(), digest_size=8).digest()
    page = lxml.html.fromstring(pages[int.from_bytes(drawn) % len(pages)].encode())
    body = body_of(page)
    assert body is not None
    place = body.index(body.find("p"))
    for paragraph in body.findall("p"):
        body.remove(paragraph)
    for line in reversed(row["text"].split("\n")):
        made = lxml.html.Element("p")
        made.text = _UNFIT.sub(" ", line)
        body.insert(place, made)
    for headline in page.iter("h1", "title"):
        headline.text = row["title"]
    html = lxml.html.tostring(page, encoding="unicode")
    return {name: row[name] for name in ("id", "title", "source", "published")} | {"html": html}


def body_of(page: lxml.html.HtmlElement) -> lxml.html.HtmlElement | None:
    """Return the element with most text in paragraphs right below it, None if it has fewer than three."""
    paragraphs = {one: one.findall("p") for one in page.iter("*")}
    most = max(paragraphs, key=lambda one: sum(len(paragraph.text_content()) for paragraph in paragraphs[one]))
    return most if len(paragraphs[most]) > 2 else None


_IDS = ("doc_id", "cluster_id", "canonical_id", "event_id", "storyline_id", "claimed", "left_id", "right_id")
#: What changes in the rows of each relation, and how: names of ids are in all.
_OLDER = {
    "articles": {"arrival": "arrival + {past}", "published": "strftime(published::DATE - {days}, '%Y-%m-%d')"},
    "signatures": {"arrival": "arrival + {past}"},
    "terms": {"arrival": "arrival + {past}"},
    "telling": {"arrival": "arrival + {past}"},
    "bands": {
        "arrival": "arrival + {past}",
        "key": "CASE WHEN kind < 3 OR arrival % 2 = 0 THEN xor(key, {salt}) ELSE key END",
    },
    "points": {
        "arrival": "arrival + {past}",
        "day": "day - {days}",
        "key": "CASE WHEN arrival % 2 = 0 THEN xor(key, {salt}) ELSE key END",
    },
    "likenesses": {"earlier": "earlier + {past}", "later": "later + {past}"},
    "members": {},
    "assignments": {},
    "events": {},
    "matches": {},
    "claims": {"low": "xor(low, {salt})"},
    "repeats": {"key": "xor(key, {salt})"},
    "term_counts": {"key": "CASE WHEN key % 2 = 0 THEN key ELSE xor(key, {salt}) END"},
}


def grow(state: Path, n_base: int, size: int) -> None:
    """Put older articles into a state, as rows made of those of its first night, until it has ``size``."""
    import duckdb

    connection = duckdb.connect(str(state), config={"memory_limit": "2GB", "preserve_insertion_order": "true"})
    # Not all that were given are articles: a page may have none.
    have = connection.sql("SELECT max(night) FROM articles").fetchall()[0][0]
    for number in range(have, size // n_base):
        made = {"past": number * n_base, "days": 30 * number, "salt": number * 0x9E3779B97F4A7C15 % 2**62}
        connection.execute("BEGIN")
        for name, changes in _OLDER.items():
            columns = [row[0] for row in connection.sql(f"DESCRIBE {name}").fetchall()]
            changed = (
                {one: f"{one} || '~{number}'" for one in columns if one in _IDS} | changes | {"night": f"1 + {number}"}
            )
            replaced = ", ".join(f"{value.format(**made)} AS {one}" for one, value in changed.items())
            # As a night writes them.
            order = "ORDER BY key" if name == "term_counts" else ""
            connection.execute(f"INSERT INTO {name} SELECT * REPLACE ({replaced}) FROM {name} WHERE night = 1 {order}")
        connection.execute("COMMIT")
    connection.close()


def run(night: list[dict[str, Any]], folder: Path, state: Path) -> dict[str, float]:
    """Take a night into a state, in a process of its own; return its processor seconds and peak megabytes."""
    given = folder / "night.jsonl"
    given.write_text("".join(json.dumps(row) + "\n" for row in night), encoding="utf-8")
    command = [sys.executable, __file__, "--one", str(given), "--folder", str(folder), "--state", str(state)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    return {"seconds": told["seconds"], "megabytes": told["megabytes"], **told["stages"]}


def one(given: str, folder: Path, state: Path) -> None:
    """Do the night of this process, once all that it needs is loaded."""
    from dedup import kernels, line_kernels  # noqa: F401 - loaded before the clock starts
    from pipelines import nightly
    from pipelines.config import Config
    from pipelines.journal import Journal
    from pipelines.run_local import Local

    out = folder / "report"
    shutil.rmtree(out, ignore_errors=True)
    config, journal = Config(), Journal()
    page = {
        "doc_id": "0",
        "arrival": 0,
        "kind": "html",
        "content": b"<p>Workers come from a process that loads all they need.",
    }
    with Local() as engine:
        list(engine.guarded([config.extraction], [pa.RecordBatch.from_pylist([page], schema=PAGE)]))
    used = spent()
    nightly.run([given], out, config, 1, "clean", journal, str(state))
    seconds = spent() - used
    # The peak that the system counts for a process includes that of the one it was forked from; this one does not.
    told = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(told.partition("VmHWM:")[2].split()[0]) / 1024
    stages = {name: round(took, 2) for name, took in journal.seconds.items()}
    sys.stdout.write(json.dumps({"seconds": seconds, "megabytes": peak, "stages": stages}) + "\n")


def spent() -> float:
    """Return the processor seconds of this process, and of its workers that have ended: their parent is the fork server."""
    parent = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]  # noqa: SLF001 - nothing else tells
    fields = Path(f"/proc/{parent}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    user, system = fields[13:15]
    return time.process_time() + (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print a line for each size of the state."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", nargs="*", type=Path)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--night", type=int, default=1000)
    parser.add_argument("--base", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pages", type=Path, nargs="+", default=[], help="pages that the articles are put in")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--state", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    if given.one:
        one(given.one, given.folder, given.state)
        return
    coming = nights(articles(given.articles), given.night)
    pages = [
        one["html"] for one in articles(given.pages) if body_of(lxml.html.fromstring(one["html"].encode())) is not None
    ]
    state, copy, empty = (given.folder / f"{name}.duckdb" for name in ("state", "copy", "empty"))
    if pages:
        coming = ([dressed(row, pages) for row in night] for night in coming)
    base = [row for _ in range(given.base // given.night) for row in next(coming)]
    tonight = next(coming)
    if not state.exists():
        run(base, given.folder, state)
    for size in sorted(given.sizes):
        grow(state, given.base, size)
        n_bytes, rounds = state.stat().st_size, []
        # Where there is one round, and no larger size to come, the state itself is used: a copy may be dozens of gigabytes.
        is_last = given.rounds == 1 and size == max(given.sizes)
        for _ in range(given.rounds):
            empty.unlink(missing_ok=True)
            if not is_last:
                shutil.copyfile(state, copy)
                # What the system has yet to write of the copy would slow the night down.
                os.sync()
            rounds.append((run(tonight, given.folder, state if is_last else copy), run(tonight, given.folder, empty)))
        grown, fresh = (
            sorted(side, key=lambda took: took["seconds"])[given.rounds // 2] for side in zip(*rounds, strict=True)
        )
        told = {
            "articles": size,
            "ratio": round(grown["seconds"] / fresh["seconds"], 3),
            "bytes_per_article": round(n_bytes / size),
            "night": grown,
            "empty": fresh,
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
