"""Kills nights at random moments and looks whether anything of it can be seen afterwards.

Usage: python benchmarks/nights/kills.py [N] [--seed N]

For each form of a state N nights are killed, the whole process group at once, as when the power fails: two in three at any moment
of the night, one in three as soon as the state is being written; one in four is the first night of a state. After each, the state
must be sound and hold what it held before the night or after it; the same night, run again, must leave the state and the
report of one that nobody disturbed, times left out, and no other file beside the state.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from pipelines.state import open_store
from pipelines.state.check import problems
from pipelines.state.export import line, rows

DEDUP = str(Path(sys.executable).with_name("dedup"))
FORMS = ("file", "folder")
STORIES = (
    "The harbour board voted on day {} to reopen quay {}, its chairman said, after repairs to the decking and both cranes. ",
    "A rye loaf from village {} won the national bread prize on day {}, the jury of twelve bakers announced in the capital. ",
    "Storm number {} has cost coast {} more than any winter since 1962, insurers said, and the road stays closed for now. ",
)


def write_nights(folder: Path) -> None:
    """Write the inputs of two nights: stories and copies of them, some of the night before."""
    records = [
        {"id": f"a{n}", "title": f"Story {n // 2}", "published": f"2026-03-{n // 12 + 1:02d}"}
        | {"text": STORIES[n % 3].format(n // 6, n // 6) * 3 + f"It was number {n}."}
        for n in range(48)
    ]
    for number, some in enumerate((records[:24], records[20:]), start=1):
        (folder / f"night{number}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in some), encoding="utf-8")


def start(folder: Path, night: int, state: str) -> subprocess.Popen[bytes]:
    """Start a night in a process group of its own."""
    given = [DEDUP, "nightly", f"night{night}.jsonl", "--text-is", "clean", "--workers", "1", "--out", "out"]
    return subprocess.Popen(
        [*given, "--state", state],
        cwd=folder,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def finish(process: subprocess.Popen[bytes]) -> None:
    """Wait for a night to end well."""
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said.decode()


def exported(state: Path) -> list[str]:
    """Return the lines of a state, of which nothing may be wrong; none where no night is in it."""
    if not (state.is_file() or (state / "manifest.json").is_file()):
        return []
    with open_store(str(state), writing=False) as store:
        found = list(problems(store))
        assert not found, found
        return [line(row) for row in rows(store)]


def report(folder: Path) -> dict[str, str]:
    """Return the files of a report, times left out."""
    found = {one.name: one.read_text(encoding="utf-8") for one in folder.iterdir()}
    told = json.loads(found["run.json"])
    found["run.json"] = repr({name: value for name, value in told.items() if name != "seconds"})
    return found


def beside(folder: Path) -> list[str]:
    """Return what stands beside a state and is called after it."""
    return sorted(one.name for one in folder.iterdir() if one.name.startswith("state") and one.name != "state")


def copied(path: Path, to: Path) -> None:
    """Copy a state of either form."""
    shutil.copytree(path, to) if path.is_dir() else shutil.copy(path, to)


class Undisturbed:
    """What two nights make when nobody disturbs them, and how long the second takes."""

    def __init__(self, folder: Path, form: str) -> None:
        self.folder, self.name = folder, "state/" if form == "folder" else "state"
        folder.mkdir()
        write_nights(folder)
        #: Before the first night, after it, after the second.
        self.states: list[list[str]] = [[]]
        self.reports: list[dict[str, str]] = [{}]
        for night in (1, 2):
            began = time.monotonic()
            finish(start(folder, night, self.name))
            self.seconds = time.monotonic() - began
            self.states.append(exported(folder / "state"))
            self.reports.append(report(folder / "out"))
            copied(folder / "state", folder / f"after{night}")

    def kill(self, folder: Path, draw: random.Random) -> str:
        """Kill one night, look at what is left, run it again; returns when it was killed.

        Raises
        ------
        AssertionError
            If anything can be seen of it.
        """
        night = 1 if draw.random() < 1 / 4 else 2
        writing = draw.random() < 1 / 3
        after = draw.uniform(0, 0.15) if writing else draw.uniform(0, self.seconds)
        folder.mkdir()
        write_nights(folder)
        if night == 2:
            copied(self.folder / "after1", folder / "state")
        elif self.name.endswith("/"):
            (folder / "state").mkdir()
        before = _look(folder)
        process = start(folder, night, self.name)
        while writing and _look(folder) == before and process.poll() is None:
            time.sleep(0.001)
        time.sleep(after)
        ended = process.poll() is not None
        os.killpg(process.pid, signal.SIGKILL) if not ended else None
        process.communicate()
        left = exported(folder / "state")
        assert left in self.states[night - 1 : night + 1], "half a night is in the state"
        if (folder / "out").exists():
            assert report(folder / "out") == self.reports[night], "half a report is there"
        finish(start(folder, night, self.name))
        assert exported(folder / "state") == self.states[night], "the state is another than an undisturbed run's"
        assert report(folder / "out") == self.reports[night], "the report is another than an undisturbed run's"
        assert beside(folder) == ["state.lock"], beside(folder)
        place = (
            "not at all, it had ended" if ended else "after its commit" if left == self.states[night] else "before it"
        )
        return place if ended or not writing else f"{place}, while it was written"


def _look(folder: Path) -> set[tuple[str, int, int]]:
    """Return what shows that a state is being written: its files, with their sizes and times."""
    found = set()
    for path in [*folder.glob("state*"), *(folder / "state").glob("**/*")]:
        try:
            told = path.stat()
        except FileNotFoundError:
            continue
        if not path.is_dir() and not path.name.endswith(".lock"):
            found.add((path.name, told.st_size, told.st_mtime_ns))
    return found


def kills(n_kills: int, seed: int, folder: Path, form: str) -> Counter[str]:
    """Kill nights of one form, and return how often each was killed when."""
    draw = random.Random(f"{seed} {form}")
    undisturbed = Undisturbed(folder / "undisturbed", form)
    found: Counter[str] = Counter()
    for number in range(n_kills):
        place = folder / f"kill{number}"
        found[undisturbed.kill(place, draw)] += 1
        shutil.rmtree(place)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("n_kills", nargs="?", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    given = parser.parse_args()
    print(f"seed {given.seed}")
    for form in FORMS:
        with tempfile.TemporaryDirectory() as folder:
            found = kills(given.n_kills, given.seed, Path(folder), form)
        for when, count in sorted(found.items()):
            print(f"{form:<8}{count:>4}  killed {when}")
    print("Nothing can be seen of any of them.")


if __name__ == "__main__":
    main()
