"""Hostile inputs among good ones, through the real command: nothing hangs, nothing is lost, and the good ones come out
as if they had been alone.
"""

import csv
import importlib.util
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pipelines import preprocess, source

ROOT = Path(__file__).resolve().parents[2]
DEDUP = str(Path(sys.executable).with_name("dedup"))
# Some thirty times what a good page takes, so that a busy machine does not change its text.
SECONDS = 5
# A tenth of the defaults, so that the test ends soon.
CHARACTERS, LINES = 300_000, 15_000
WORKERS = 2
# A machine that is busy with other things takes longer, and reading is no part of a page's time.
PATIENCE = 600
PARENT_MB, WORKER_MB = 2500, 3500

_spec = importlib.util.spec_from_file_location("pages", Path(__file__).with_name("pages.py"))
assert _spec and _spec.loader
pages = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(pages)


@dataclass
class Run:
    """A finished command, and the processes that it was seen to start: process id -> most memory, in MB."""

    code: int
    errors: str
    parent_mb: float
    workers_mb: Mapping[int, float]
    left: list[int] = field(default_factory=list)


def _children(pid: int) -> set[int]:
    """Process ids of all that ``pid`` has started and what those have started."""
    children: dict[int, set[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        children.setdefault(parent, set()).add(int(stat.parent.name))
    found: set[int] = set()
    pending = [pid]
    while pending:
        new = children.get(pending.pop(), set()) - found
        found |= new
        pending.extend(new)
    return found


def _peak_mb(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0.0)


def _session(pid: int) -> int:
    """The session of a process that lives, by which another process with its number is told from it; else 0."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0
    return int(rest[2]) if state != "Z" else 0


@contextmanager
def _watched(process: subprocess.Popen[Any], peaks: dict[int, float]) -> Iterator[None]:
    stopped = threading.Event()

    def watch() -> None:
        while not stopped.wait(0.2):
            for pid in {process.pid, *_children(process.pid)}:
                peaks[pid] = max(peaks.get(pid, 0.0), _peak_mb(pid))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def dedup(*arguments: str | Path, folder: Path) -> Run:
    """Run the command to its end, and see what it leaves behind."""
    config = folder / "limits.toml"
    config.write_text(f"[limits]\nseconds = {SECONDS}\ncharacters = {CHARACTERS}\nlines = {LINES}\n")
    peaks: dict[int, float] = {}
    errors = folder / "errors.txt"
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            [DEDUP, *map(str, arguments), "--config", str(config), "--workers", str(WORKERS)],
            stdin=subprocess.DEVNULL,
            stderr=stderr,
            cwd=folder,
            start_new_session=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        try:
            with _watched(process, peaks):
                code = process.wait(PATIENCE)
        finally:
            process.kill()
            process.wait()
    # The helpers of multiprocessing end when they see that the command has.
    patience = time.monotonic() + 30
    while (left := [pid for pid in peaks if _session(pid) == process.pid]) and time.monotonic() < patience:
        time.sleep(0.1)
    parent = peaks.pop(process.pid, 0.0)
    return Run(code, errors.read_text(encoding="utf-8", errors="replace"), parent, peaks, left)


def rejects(report: Path) -> list[dict[str, str]]:
    with (report / "rejects.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def articles(path: Path) -> dict[str, dict[str, Any]]:
    with path.open(encoding="utf-8", newline="\n") as file:
        return {row["doc_id"]: row for row in map(json.loads, file)}


@dataclass
class Night:
    """One run over everything, and what the good pages gave alone."""

    run: Run
    alone: dict[str, dict[str, Any]]
    articles: dict[str, dict[str, Any]]
    rejects: list[dict[str, str]]
    strange: list[bytes]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some twenty pages of the fixtures, each a file of its site."""
    folder = tmp_path_factory.mktemp("good") / "crawl"
    found = sorted((ROOT / "fixtures" / "day1").rglob("*.html"))[:20]
    for path in found:
        place = folder / path.relative_to(ROOT / "fixtures" / "day1")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes())
    return folder


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory, good: Path) -> Night:
    folder = tmp_path_factory.mktemp("night")
    first = dedup("clean", good, "-o", "alone.jsonl", folder=folder)
    assert (first.code, first.left) == (0, []), first.errors
    pages.write(folder / "hostile")
    strange = pages.write_strange(folder / "strange")
    run = dedup("nightly", "hostile", good, "strange", "--out", "report", folder=folder)
    assert run.code == 0, run.errors
    return Night(
        run,
        articles(folder / "alone.jsonl"),
        articles(folder / "report" / "articles.jsonl"),
        rejects(folder / "report"),
        strange,
    )


def test_the_run_says_one_line_and_leaves_no_process(night: Night) -> None:
    assert night.run.errors.count("\n") == 1, night.run.errors
    assert "The report is in report." in night.run.errors
    assert night.run.left == []
    assert len(night.run.workers_mb) > WORKERS, "no worker was ever seen, or none replaced"


def test_memory_is_bounded(night: Night) -> None:
    assert 0 < night.run.parent_mb < PARENT_MB
    assert max(night.run.workers_mb.values()) < WORKER_MB


def test_good_pages_come_out_as_if_they_had_been_alone(night: Night) -> None:
    assert len(night.alone) == 20
    for doc_id, article in night.alone.items():
        assert {name: night.articles[doc_id][name] for name in article} == article


def test_every_hostile_page_is_an_article_or_a_reject_with_its_reason(night: Night) -> None:
    told = night.articles.keys() | {row["doc_id"] for row in night.rejects if row["reason"] not in source.NOTES}
    positions = {(Path(row["input"]).name, row["position"]) for row in night.rejects}
    lost = []
    for name in pages.PAGES:
        parts = pages.RECORDS.get(name, (name,))
        lost += [part for part in parts if part not in told and (name, part) not in positions]
    assert lost == []
    for row in night.rejects:
        assert row["reason"] in source.REASONS.keys() | preprocess.REASONS.keys()
        assert row["detail"]


def test_names_links_pipes_and_folders_are_told(night: Night) -> None:
    # In the table a carriage return is one, and a name that would be a formula begins with an apostrophe.
    told = night.articles.keys() | {row["doc_id"] for row in night.rejects}
    assert [name for name in night.strange if source.named.readable(os.fsdecode(name)) not in told] == []
    unreadable = {row["doc_id"] for row in night.rejects if row["reason"] == "unreadable"}
    assert {f"{name}.html" for name in ("pipe", "socket", "self", "nowhere", "endless", "folder")} <= unreadable


@pytest.mark.parametrize(
    ("reason", "names"),
    [
        ("too_large", "bomb.html.gz bomb-page.html.gz bomb.txt.gz text-20-mb.txt lines-500000.txt one-line.txt"),
        (
            "binary",
            "picture-png.html picture-jpg.html document-pdf.html program.html noise.html noise.txt nested.html.gz",
        ),
        ("empty", "empty.html blank.html members.html.gz"),
        ("truncated", "truncated.html.gz https://bomb.example/d"),
        ("corrupt", "not-compressed.html.gz"),
        ("no_article_text", "frameset.html redirect.html open-comment.html open-script.html open-style.html"),
        ("bad_date", "hostile-date"),
    ],
)
def test_the_reason_is_the_right_one(night: Night, reason: str, names: str) -> None:
    found = {row["doc_id"] for row in night.rejects if row["reason"] == reason}
    assert set(names.split()) <= found


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("naïve café", "latin1-as-utf8 utf8-as-latin1 utf16-unmarked utf16-cut utf16-declared mixed"),
        ("naïve café", "charset-bogus charset-codec charset-bytes charset-idna charset-undefined"),
        ("Портовый совет", "koi8 charset-late utf16-big"),
        ("港湾局は火曜日", "shift-jis"),
        ("harbour board of Velsko", "open-title json-ld-deep json-ld-broken json-ld-types json-ld-quotes json-ld-many"),
        ("harbour board of Velsko", "base-loop no-tags titles-open metas-open meta-many deep-quotes"),
    ],
)
def test_a_page_that_is_only_odd_is_read(night: Night, words: str, names: str) -> None:
    for name in names.split():
        assert words in night.articles[f"{name}.html"]["text"]


def test_what_stands_after_a_bomb_is_read(night: Night) -> None:
    assert "https://bomb.example/b" in night.articles
    assert "hostile-after" in night.articles


@pytest.mark.parametrize("text_is", ["article", "clean"])
def test_a_text_given_as_an_article_is_bounded_too(tmp_path: Path, text_is: str) -> None:
    (tmp_path / "in").mkdir()
    for name in ("lines-500000.txt", "one-line.txt", "strays.txt"):
        content = pages.PAGES[name]()
        (tmp_path / "in" / name).write_bytes(content.encode() if isinstance(content, str) else content)
    (tmp_path / "in" / "good.txt").write_text("The ferry sails again on Monday, the operator said.\n")
    run = dedup("clean", "in", "--text-is", text_is, "-o", "out.jsonl", folder=tmp_path)
    assert (run.code, run.left) == (0, [])
    *told, summed = run.errors.splitlines()
    assert summed == "1 article, 3 rejects (3 too_large)"
    assert len(told) == 3
    assert all(line.startswith("in/") and line.endswith(" (too_large)") for line in told)
    assert articles(tmp_path / "out.jsonl").keys() == {"good.txt"}
