"""The same night on this machine and on a Spark cluster of two workers: equal to the byte, with a worker killed, skewed, growing.

In: a number of articles, real ones of ``../shared/data/scale`` where that is present (else of the fixtures, with their words exchanged). Out: a table on
standard output, from the event log that Spark writes; the exit code is 1 if a file differs. The cluster is started here, of what ``pip install`` brought,
bound to 127.0.0.1, and ended here, process by process.

    python benchmarks/spark/run.py equal --articles 20000
    python benchmarks/spark/run.py kill --articles 20000
    python benchmarks/spark/run.py nights --articles 6000
    python benchmarks/spark/run.py skew
    python benchmarks/spark/run.py growth --articles 5000 20000
"""

import argparse
import gzip
import itertools
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pyspark

ROOT = Path(__file__).resolve().parents[2]
SCALE = ROOT.parent / "shared" / "data" / "scale"
CLASS = Path(pyspark.__file__).parent / "bin" / "spark-class"
COMPARED = (
    "articles.csv",
    "duplicates.csv",
    "clusters.csv",
    "events.csv",
    "boilerplate.csv",
    "rejects.csv",
    "articles.jsonl",
)
DEDUP = [str(Path(sys.executable).with_name("dedup"))]
MEMORY_MB = 3072
DIGITS = "0123456789"
WORD = re.compile(r"[^\W\d_]+")
#: Years by which articles are told anew, later and earlier by turns: more than those of a magazine span, so that their days do not meet. Seventeen times
#: they stay between 1800 and 2100, where dates are read.
YEARS = 9
#: Stages whose shuffle is told.
_SHOWN = 8


# -- articles --------------------------------------------------------------------------------------------------------


def real(n_first: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield articles: of magazines and of an agency by turns, then the same with other words, digits and years.

    A word is exchanged for one that is about as frequent. So articles that come again are no copies, tell of nothing that those before tell of, and have
    as much in common with one another as the first. Up to 30,000 articles a pair of reports of one happening becomes the likelier the more there are;
    with ``n_first`` so many are told again and again, and an article has as many others to be compared with however many there are.
    """
    names = [path for path in (SCALE / "allsides.jsonl.gz", SCALE / "reuters21578.jsonl.gz") if path.is_file()]
    lists = []
    for path in names:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            lists.append([row for row in map(json.loads, file) if len(row["text"].split()) > 20])
    if not lists:
        lines = (ROOT / "fixtures" / "gold" / "events.jsonl").read_text(encoding="utf-8").splitlines()
        lists = [list(map(json.loads, lines))]
    mixed = [row for rows in itertools.zip_longest(*lists) for row in rows if row][:n_first]
    ranked: list[str] = []
    for again in itertools.count():
        if again:
            ranked = ranked or by_frequency(row["text"] for row in mixed)
        exchanged = exchange(ranked, random.Random(again)) if again else str
        years = YEARS * ((again + 1) // 2) * (1 if again % 2 else -1)
        for row in mixed:
            told = {"source": row.get("source") or "", "published": moved(row.get("published") or "", years)}
            told |= {name: exchanged(row.get(name) or "") for name in ("title", "text")}
            yield {"id": f"{row['id']}-{again}", "url": ""} | told


def by_frequency(texts: Iterable[str]) -> list[str]:
    """Return the words of some texts, first those that stand in most of them."""
    frequencies = Counter(word for text in texts for word in {one.lower() for one in WORD.findall(text)})
    return sorted(frequencies, key=lambda word: (-frequencies[word], word))


def exchange(ranked: Sequence[str], draw: random.Random) -> Callable[[str], str]:
    """Return what exchanges the words of a text for others of about the same rank, and its digits."""
    other, start, end = {}, 0, 32
    while start < len(ranked):
        near = ranked[start:end]
        other |= dict(zip(near, draw.sample(near, len(near)), strict=True))
        start, end = end, 2 * end
    digits = str.maketrans(DIGITS, "".join(draw.sample(DIGITS, len(DIGITS))))

    def of(found: re.Match[str]) -> str:
        word = found[0]
        told = other.get(word.lower(), word)
        return told.upper() if word.isupper() and len(word) > 1 else told.capitalize() if word[0].isupper() else told

    return lambda text: WORD.sub(of, text.translate(digits))


def moved(published: str, years: int) -> str:
    """Return a date so many years later, or earlier; what is none stays."""
    if not years or not published[:4].isdecimal():
        return published
    return f"{int(published[:4]) + years}{published[4:]}".replace("-02-29", "-02-28")


def skewed(n_articles: int) -> Iterator[dict[str, Any]]:
    """Yield articles of which 30 % are of one host and 2,000 are copies of one wire story."""
    for place, row in enumerate(itertools.islice(real(), n_articles)):
        yield row | ({"source": "huge.example"} if place % 10 < 3 else {})
    story = next(row for row in real() if len(row["text"].split()) > 300)
    for place in range(2000):
        text = story["text"] + (f"\n\nReporting for outlet {place}." if place % 2 else "")
        yield story | {
            "id": f"wire-{place}",
            "source": f"outlet{place}.example",
            "text": text,
            "published": "2026-03-02",
        }


def write(path: Path, rows: Iterator[dict[str, Any]], n_files: int = 8) -> Path:
    """Write articles as a folder of JSONL, and return it."""
    path.mkdir()
    files = [(path / f"part-{number}.jsonl").open("w", encoding="utf-8") for number in range(n_files)]
    for place, row in enumerate(rows):
        files[place % n_files].write(json.dumps(row, ensure_ascii=False) + "\n")
    for file in files:
        file.close()
    return path


# -- the cluster -----------------------------------------------------------------------------------------------------


@dataclass
class Standalone:
    """A master and two workers of one core each."""

    master: str
    workers: list[subprocess.Popen[bytes]]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def standalone(folder: Path) -> Iterator[Standalone]:
    """Start a cluster on the loopback address; end its processes, executors too, when left."""
    port = free_port()
    master = f"spark://127.0.0.1:{port}"
    environment = os.environ | {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        with (folder / f"process-{len(started)}.log").open("wb") as log:
            # In a group of its own: a worker starts executors, which go when it goes.
            one = subprocess.Popen(
                [str(CLASS), *arguments], env=environment, stdout=log, stderr=log, start_new_session=True
            )
        started.append(one)
        return one

    try:
        places = ["--host", "127.0.0.1", "--webui-port", "0"]
        start("org.apache.spark.deploy.master.Master", "--port", str(port), *places)
        wait_for(port)
        workers = []
        for number in range(2):
            given = ["-c", "1", "-m", f"{MEMORY_MB + 512}m", "-d", str(folder / f"worker-{number}"), *places, master]
            workers.append(start("org.apache.spark.deploy.worker.Worker", *given))
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and b"".join(
            path.read_bytes() for path in folder.glob("process-*.log")
        ).count(b"Successfully registered with master") < len(workers):
            time.sleep(0.5)
        yield Standalone(master, workers)
    finally:
        for one in reversed(started):
            end(one)


def end(one: subprocess.Popen[bytes]) -> None:
    """End a process with all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(one.pid, signal.SIGKILL)
    one.wait()


class Clock(Thread):
    """Adds up the seconds of the processor that the processes of some sessions take, but for what each takes after the last look at it; a look is taken every second."""

    def __init__(self, sessions: Sequence[int]) -> None:
        super().__init__(daemon=True)
        #: By number and start of each process, for numbers are used again.
        self._ticks = dict[tuple[int, str], int]()
        self._sessions, self._done = sessions, Event()
        self.start()

    def run(self) -> None:
        """Look at the processes every second, and at the end."""
        while not self._done.wait(1.0):
            self._look()
        self._look()

    def _look(self) -> None:
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                told = stat.read_text().rsplit(")", 1)[1].split()
                if int(told[3]) in self._sessions:
                    self._ticks[int(stat.parent.name), told[19]] = sum(map(int, told[11:13]))

    def stop(self) -> float:
        """Return the seconds."""
        self._done.set()
        self.join()
        return sum(self._ticks.values()) / os.sysconf("SC_CLK_TCK")


def wait_for(port: int) -> None:
    """Wait until somebody listens on a port."""
    for _ in range(240):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.5)
    raise SystemExit("the master did not start")


# -- a night ---------------------------------------------------------------------------------------------------------


@dataclass
class Ran:
    """One run: seconds of the clock, and of the processor those of its process and of what that waited for; the most memory of one in MB; its report."""

    seconds: float
    cpu: float
    peak_mb: float
    out: Path


def run(given: Path, out: Path, text_is: str, *more: str, environment: dict[str, str] | None = None) -> Ran:
    """Run a night, and return what it took."""
    began = time.monotonic()
    arguments = ["nightly", str(given), "--out", str(out), "--text-is", text_is, *more]
    started = subprocess.Popen([*DEDUP, *arguments], cwd=ROOT, env=os.environ | (environment or {}))
    _, status, used = os.wait4(started.pid, 0)
    if status:
        raise SystemExit(f"the command failed: {status}")
    return Ran(time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, out)


def on_cluster(
    given: Path, folder: Path, text_is: str, kill: float = 0.0, more: Sequence[str] = ()
) -> tuple[Ran, dict[str, Any]]:
    """Run a night on a cluster, ``kill`` seconds after its first job end one worker; return what Spark says of it, too."""
    folder.mkdir()
    log = folder / "events"
    log.mkdir()
    settings = folder / "conf"
    settings.mkdir()
    (settings / "spark-defaults.conf").write_text(
        f"spark.eventLog.enabled true\nspark.eventLog.dir file:{log}\nspark.eventLog.compress false\n"
        f"spark.eventLog.rolling.enabled false\nspark.executor.memory {MEMORY_MB - 1024}m\nspark.driver.memory 2g\n",
        encoding="utf-8",
    )
    with standalone(folder) as cluster:
        clock, killer = Clock([one.pid for one in cluster.workers]), None
        if kill:
            code = "import os, signal, sys, time; time.sleep(float(sys.argv[1])); os.killpg(int(sys.argv[2]), signal.SIGKILL)"
            killer = subprocess.Popen([sys.executable, "-c", code, str(kill), str(cluster.workers[1].pid)])
        try:
            ran = run(
                given,
                folder / "out",
                text_is,
                "--engine",
                "spark",
                "--master",
                cluster.master,
                *more,
                environment={"SPARK_CONF_DIR": str(settings)},
            )
        finally:
            if killer:
                killer.kill()
                killer.wait()
        told = {"CPU seconds": round(ran.cpu + clock.stop())}
        told |= {"worker killed": cluster.workers[1].poll() is not None} if kill else {}
    return ran, told | measured(log)


def measured(log: Path) -> dict[str, Any]:
    """Sum up what the event log says of tasks: seconds and bytes; the longest task of each stage beside the median one."""
    seconds, written, spilled, lost, peak = defaultdict[int, list[float]](list), Counter[int](), 0, 0, 0
    for path in log.iterdir():
        with path.open(encoding="utf-8") as file:
            for event in map(json.loads, file):
                lost += event["Event"] == "SparkListenerExecutorRemoved"
                if event["Event"] != "SparkListenerTaskEnd" or not event.get("Task Metrics"):
                    continue
                metrics, info = event["Task Metrics"], event["Task Info"]
                seconds[event["Stage ID"]].append((info["Finish Time"] - info["Launch Time"]) / 1000)
                shuffled = metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"]
                written[event["Stage ID"]] += shuffled
                peak = max(peak, shuffled)
                spilled += metrics["Disk Bytes Spilled"]
    every = sorted(one for tasks in seconds.values() for one in tasks)
    longest = max(seconds.values(), key=max)
    return {
        "tasks": len(every),
        "task seconds": round(sum(every)),
        "longest task s": round(every[-1], 1),
        "median of its stage s": round(sorted(longest)[len(longest) // 2], 1),
        "shuffled MB": round(written.total() / 1e6, 1),
        "most by stages MB": [round(n / 1e6, 1) for _, n in written.most_common(_SHOWN)],
        "most by a task MB": round(peak / 1e6, 1),
        "spilled MB": round(spilled / 1e6, 1),
        "executors lost": lost,
    }


def nights(n_articles: int, folder: Path, text_is: str) -> list[str]:
    """Run three nights with a state here and on a cluster; return what differs, of the reports and of what is remembered."""
    differ, rows = [], real()
    crawls = [write(folder / f"crawl-{night}", itertools.islice(rows, n_articles // 3)) for night in range(3)]
    for night, crawl in enumerate(crawls):
        local = run(crawl, folder / f"local-{night}", text_is, "--state", f"{folder}/state-local/")
        spark, told = on_cluster(crawl, folder / f"spark-{night}", text_is, more=("--state", f"{folder}/state-spark/"))
        print(
            f"night {night + 1}: local {local.seconds:.0f} s; spark {spark.seconds:.0f} s, {json.dumps(told)}",
            flush=True,
        )
        differ += [f"{name} of night {night + 1}" for name in differences(local.out, spark.out)]
    remembered = []
    for engine in ("local", "spark"):
        done = subprocess.run(
            [*DEDUP, "state", "export", f"{folder}/state-{engine}/"], stdout=subprocess.PIPE, check=True
        )
        # How long a night took is told in these.
        told = [one for one in done.stdout.splitlines() if json.loads(one)["relation"] not in {"runs", "files"}]
        remembered.append(told)
    return [*differ, *(["the state"] if remembered[0] != remembered[1] else [])]


def differences(one: Path, other: Path) -> list[str]:
    """Return the files that differ."""
    return [name for name in COMPARED if (one / name).read_bytes() != (other / name).read_bytes()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("equal", "kill", "nights", "skew", "growth"))
    parser.add_argument("--articles", type=int, nargs="+", default=[20_000])
    parser.add_argument("--text-is", default="clean", choices=("clean", "article", "page"))
    parser.add_argument(
        "--alone", action="store_true", help="on the cluster only: nothing is compared (not for nights)"
    )
    parser.add_argument("--kill-after", type=float, default=90.0, help="seconds after the start of the command")
    given = parser.parse_args()
    unequal = False
    with tempfile.TemporaryDirectory(prefix="dedup-bench-") as name:
        for n_articles in given.articles:
            folder = Path(name) / str(n_articles)
            folder.mkdir()
            if given.what == "nights":
                differ = nights(n_articles, folder, given.text_is)
                unequal |= bool(differ)
                print(f"  what differs: {', '.join(differ) or 'nothing'}", flush=True)
                continue
            # So that what is compared with an article does not grow with the others.
            n_first = min(given.articles) if given.what == "growth" else None
            rows = skewed(n_articles) if given.what == "skew" else itertools.islice(real(n_first), n_articles)
            crawl = write(folder / "crawl", rows)
            local = None if given.alone else run(crawl, folder / "local", given.text_is)
            if local:
                print(f"local, {n_articles:,}: {local.seconds:.0f} s, {local.peak_mb:.0f} MB", flush=True)
            kill = given.kill_after if given.what == "kill" else 0.0
            spark, told = on_cluster(crawl, folder / "spark", given.text_is, kill)
            print(
                f"spark, {n_articles:,}: {spark.seconds:.0f} s, driver {spark.peak_mb:.0f} MB, {json.dumps(told)}",
                flush=True,
            )
            for ran, where in ((local, "local"), (spark, "spark")):
                if ran is None:
                    continue
                record = json.loads((ran.out / "run.json").read_text(encoding="utf-8"))
                print(f"  {where}: {json.dumps(record['seconds'])}", flush=True)
            print(f"  pairs compared: {record['counts']['candidate_pairs']:,}", flush=True)
            differ = differences(local.out, spark.out) if local else []
            unequal |= bool(differ)
            print(f"  files that differ: {', '.join(differ) or 'none'}" if local else "  not compared", flush=True)
    sys.exit(1 if unequal else 0)


if __name__ == "__main__":
    main()
