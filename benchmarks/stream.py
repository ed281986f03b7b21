"""What `dedup clean` takes as its input grows: records made as they are read, of which every sentence is new.

Usage: python benchmarks/stream.py [SIZES...] [--words N]

For each size the command cleans so many records of some N words in 12 lines, 3 of them its site's, from standard input, with one
worker. Prints seconds of the command (clock and processor), its peak memory, that once the first portion was out, and the size of its
temporary file.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

N_SITES = 50
N_LINES = 9
SYLLABLES = [a + b for a in "bdfgklmnprstv" for b in ("a", "e", "i", "o", "u", "an", "or", "el")]


def records(n: int, n_words: int) -> Iterator[bytes]:
    """Yield records, the same ones each time."""
    drawn = random.Random(1)
    words = ["".join(drawn.choices(SYLLABLES, k=drawn.choice((1, 2, 2, 3)))) for _ in range(20_000)]
    chrome = [[" ".join(drawn.choices(words, k=9)).capitalize() + "." for _ in range(3)] for _ in range(N_SITES)]
    for number in range(n):
        lines = [" ".join(drawn.choices(words, k=n_words // N_LINES)).capitalize() + "." for _ in range(N_LINES)]
        site = number % N_SITES
        row = {"id": f"{number}", "source": f"site{site}.example", "text": "\n".join(lines + chrome[site])}
        yield json.dumps(row).encode() + b"\n"


def temporary(pid: int) -> int:
    """Return the size of files without a name that a process holds open."""
    sizes = [0]
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            if str(entry.readlink()).endswith("(deleted)"):
                sizes.append(entry.stat().st_size)
        except OSError:
            continue
    return sum(sizes)


def resident(pid: int) -> int:
    """Return the peak resident memory of a process so far, in kB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0])


def measure(n: int, n_words: int) -> str:
    """Clean so many records, and return a row of the table."""
    command = [str(Path(sys.executable).with_name("dedup")), "clean", "-", "--workers", "1"]
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin
        assert process.stdout
        given, lines = process.stdin, process.stdout

        def feed() -> None:
            given.writelines(records(n, n_words))
            given.close()

        feeding = threading.Thread(target=feed)
        feeding.start()
        first = peak = disk = 0
        for number, _line in enumerate(lines):
            if number == 0:
                first = resident(process.pid)
            if number % 1000 == 0:
                peak, disk = resident(process.pid), temporary(process.pid)
        feeding.join()
        process.wait()
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = spent.ru_utime + spent.ru_stime - before.ru_utime - before.ru_stime
    return (
        f"| {n:,} | {time.perf_counter() - began:.0f} | {processor:.0f} | {first / 1000:.0f} | {peak / 1000:.0f} "
        f"| {disk / 1e6:.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=[1_000, 10_000, 100_000])
    parser.add_argument("--words", type=int, default=90)
    options = parser.parse_args()
    print("| records | seconds | of processor | MB after the first portion | peak MB | temporary file, MB |")
    print("| --- | --- | --- | --- | --- | --- |")
    for size in options.sizes:
        print(measure(size, options.words), flush=True)


if __name__ == "__main__":
    main()
