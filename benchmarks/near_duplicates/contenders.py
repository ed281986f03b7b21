"""One contender over one corpus, in this process: prints CPU seconds, peak memory and the file of its pairs as JSON.

In: the folder of a corpus and a contender's name. Out: pairs as ``left right`` places, and, of those that give values, the
Jaccard similarity and the greater containment. What is timed begins with the texts in memory and ends with the pairs; loading
of libraries (of the project's kernels, too) and reading are left out for everyone, tokenising is not. Everyone gets word 5-shingles,
128 permutations, 32 bands of 4 rows and one thread.

The project needs none of the peers; a virtual environment beside it does: ``pip install datasketch==2.0.0 gaoya==0.2.2 rensa==0.5.0
xxhash``, and one of its own for ``text-dedup==0.4.0``.
"""

import json
import re
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from itertools import combinations, islice
from pathlib import Path
from typing import Any

import numpy as np

N_PERMUTATIONS, N_BANDS, N_ROWS = 128, 32, 4
_WORD = re.compile(r"\w+")

Pairs = Iterable[tuple[int, int]]


def five_grams(text: str) -> set[str]:
    words = _WORD.findall(text.lower())
    size = min(5, len(words))
    return {" ".join(words[i : i + size]) for i in range(len(words) - size + 1)}


def xxh32(data: bytes) -> int:
    import xxhash

    return xxhash.xxh32_intdigest(data)


def _lsh(sketches: list[Any]) -> Pairs:
    from datasketch import MinHashLSH

    index = MinHashLSH(num_perm=N_PERMUTATIONS, params=(N_BANDS, N_ROWS))
    pairs = set()
    for place, sketch in enumerate(sketches):
        pairs.update((other, place) for other in index.query(sketch))
        index.insert(place, sketch)
    return pairs


def datasketch_bulk(texts: list[str]) -> Pairs:
    from datasketch import MinHash

    data = ([shingle.encode() for shingle in five_grams(text)] for text in texts)
    return _lsh(MinHash.bulk(data, num_perm=N_PERMUTATIONS, hashfunc=xxh32))


def datasketch_affine32(texts: list[str]) -> Pairs:
    from datasketch import MinHash

    data = ([shingle.encode() for shingle in five_grams(text)] for text in texts)
    return _lsh(MinHash.bulk(data, num_perm=N_PERMUTATIONS, hashfunc=xxh32, scheme="affine32"))


def datasketch_loop(texts: list[str]) -> Pairs:
    from datasketch import MinHash

    sketches = []
    for text in texts:
        sketch = MinHash(num_perm=N_PERMUTATIONS)
        for shingle in five_grams(text):
            sketch.update(shingle.encode())
        sketches.append(sketch)
    return _lsh(sketches)


def gaoya(texts: list[str]) -> Pairs:
    from gaoya.minhash import MinHashStringIndex

    index = MinHashStringIndex(32, 0.5, N_BANDS, N_ROWS, None, "word", True, (5, 5))
    index.par_bulk_insert_docs(list(range(len(texts))), texts)
    return {
        (min(place, other), max(place, other))
        for place, found in enumerate(index.par_bulk_query(texts))
        for other in found
        if place != other
    }


def rensa(texts: list[str]) -> Pairs:
    from rensa import RMinHash, RMinHashLSH

    sketches = RMinHash.from_token_sets((list(five_grams(text)) for text in texts), N_PERMUTATIONS, 1)
    index = RMinHashLSH(0.5, N_PERMUTATIONS, N_BANDS)
    index.insert_many(sketches)
    return {
        (min(place, other), max(place, other))
        for place, found in enumerate(index.query_all(sketches))
        for other in found
        if place != other
    }


def text_dedup(corpus: Path, work: Path) -> Pairs:
    """Run its command and give the closure of its clusters; it reads and writes on its own, which is timed."""
    import pickle
    import subprocess
    import tempfile

    # What an earlier run left in its cache would be taken for the answer.
    with tempfile.TemporaryDirectory(dir=work) as fresh:
        given = {
            "path": "json", "data_files": corpus, "split": "train", "column": "text", "output": f"{fresh}/out",
            "cache_dir": f"{fresh}/cache", "num_proc": 1, "ngram": 5, "num_perm": N_PERMUTATIONS, "b": N_BANDS, "r": N_ROWS,
        }  # fmt: skip
        options = [part for name, value in given.items() for part in (f"--{name}", str(value))]
        command = [sys.executable, "-m", "text_dedup.minhash", *options, "--debug"]
        subprocess.run(command, check=True, capture_output=True)
        with Path(fresh, "out", "uf.pkl").open("rb") as dumped:
            parents = pickle.load(dumped).parent
    clusters: dict[int, list[int]] = {}
    for place in parents:
        root = place
        while parents[root] != root:
            root = parents[root]
        clusters.setdefault(root, []).append(place)
    return {pair for members in clusters.values() for pair in combinations(sorted(members), 2)}


PEERS: dict[str, Callable[[list[str]], Pairs]] = {
    "datasketch_bulk": datasketch_bulk,
    "datasketch_affine32": datasketch_affine32,
    "datasketch_loop": datasketch_loop,
    "gaoya": gaoya,
    "rensa": rensa,
}
#: What each loads before the clock runs; the first run of the project after an installation compiles here.
LOADED = dict.fromkeys(("datasketch_bulk", "datasketch_affine32", "datasketch_loop"), ("datasketch", "xxhash")) | {
    "gaoya": ("gaoya.minhash",),
    "rensa": ("rensa",),
}
LOADED_BY_PROJECT = ("dedup.api", "dedup.kernels", "snowballstemmer")
COPIES = ("exact", "near", "partial")


def of_project(name: str) -> Callable[[list[dict[str, Any]]], Any]:
    """Return what turns articles into a table of matches: from a table of clean articles, or as the Python interface."""
    import pyarrow as pa

    import dedup
    from dedup.flow import Flow, Inline, Unwatched
    from dedup.schema import ARTICLE

    if name == "dedup_api":
        return lambda rows: dedup.find_duplicates(rows, COPIES)
    relations = {"dedup": COPIES, "dedup_near": COPIES[:2], "dedup_overlap": (*COPIES, "overlap")}[name]

    def prepare(rows: list[dict[str, Any]]) -> pa.Table:
        empty = dict.fromkeys(ARTICLE.names, "") | {"removed": [], "n_words": 0, "n_words_removed": 0}
        given = ("title", "text", "source", "published", "language")
        filled = [
            empty | {"doc_id": row["id"], "arrival": row["place"]} | {key: row[key] for key in given} for row in rows
        ]
        return pa.Table.from_pylist(filled, schema=ARTICLE)

    def run(table: pa.Table) -> pa.Table:
        return Flow().match(Inline(), table, Unwatched(), relations).matches

    run.prepare = prepare  # type: ignore[attr-defined]
    return run


def articles(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the articles of a corpus, each with its place."""
    with (folder / "corpus.jsonl").open(encoding="utf-8") as lines:
        for place, line in enumerate(lines):
            yield json.loads(line) | {"place": place}


def batched(rows: Iterator[dict[str, Any]], n: int) -> Iterator[list[dict[str, Any]]]:
    while batch := list(islice(rows, n)):
        yield batch


def concat(tables: list[Any]) -> Any:
    import pyarrow as pa

    return pa.concat_tables(tables)


def cpu_seconds() -> float:
    """Return user and system time of this process and of those it started."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def own_peak() -> int:
    """Return the peak memory of this process in kilobytes; what ``getrusage`` gives begins with the parent's, before it was replaced."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])  # type: ignore[index]


def main(folder: Path, name: str, out: Path) -> None:
    columns: dict[str, Any] = {}
    for library in LOADED_BY_PROJECT if name.startswith("dedup") else LOADED.get(name, ()):
        import_module(library)
    if name.startswith("dedup"):
        import pyarrow as pa

        run = of_project(name)
        place: dict[str, int] = {}
        given: Any = []
        # As a table, some at a time, by a pool that keeps nothing: what is measured is the memory of the step, not that of reading.
        pool = pa.default_memory_pool()
        pa.set_memory_pool(pa.system_memory_pool())
        for rows in batched(articles(folder), 1000):
            place |= {row["id"]: row["place"] for row in rows}
            given += [run.prepare(rows)] if hasattr(run, "prepare") else rows
        if hasattr(run, "prepare"):
            given = concat(given)
        pa.set_memory_pool(pool)
        started, clock = cpu_seconds(), time.perf_counter()
        found = run(given)
        used, wall = cpu_seconds() - started, time.perf_counter() - clock
        ends = [[place[doc_id] for doc_id in found[side].to_pylist()] for side in ("left_id", "right_id")]
        contained = np.maximum(found["containment_left"].to_numpy(), found["containment_right"].to_numpy())
        columns = {"jaccard": found["jaccard"].to_numpy(), "containment": contained}
    else:
        texts = [row["text"] for row in articles(folder)] if name != "text_dedup" else []
        started, clock = cpu_seconds(), time.perf_counter()
        pairs = text_dedup(folder / "corpus.jsonl", out.parent) if name == "text_dedup" else PEERS[name](texts)
        used, wall = cpu_seconds() - started, time.perf_counter() - clock
        ends = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2).T.tolist()
    peak = max(own_peak(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024
    np.savez(out, left=np.array(ends[0]), right=np.array(ends[1]), **columns)
    print(json.dumps({"name": name, "cpu": used, "wall": wall, "megabytes": peak}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
