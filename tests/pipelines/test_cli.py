"""The command line through its entry point: exit codes, one clear line, whole output, no worker left behind.

Most tests call it in this process; that a process of its own gives the same is one of the tests.
"""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import call

ROOT = Path(__file__).resolve().parents[2]
DEDUP = str(Path(sys.executable).with_name("dedup"))
STATE = ("state info", "state check", "state forget", "state export")
COMMANDS = ("nightly", "clean", "unique", "explain", "report", "evaluate", "train", "config init", *STATE)

Run = Callable[..., subprocess.CompletedProcess[str]]

BODY = (
    "The harbour board voted on Tuesday to reopen the eastern quay after eleven days of repairs, its chairman said.\n"
    "Engineers replaced forty metres of decking and two of the cranes. The first ferry is due at noon on Wednesday."
)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return partial(call, tmp_path)


def started(folder: Path, *arguments: object, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command as a shell does."""
    return subprocess.run(
        [DEDUP, *map(str, arguments)], input=given, capture_output=True, text=True, cwd=folder, timeout=120, check=False
    )


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def record(name: str, text: str = BODY, **fields: str) -> str:
    return json.dumps({"id": name, "text": text} | fields) + "\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], 0),
        ([], 2),
        (["nightly", "in.jsonl"], 2),
        (["nightly", "in.jsonl", "--out", "/proc/report"], 1),
        (["clean", "-"], 0),
        (["nightly", "in.jsonl", "--out", "out", "--state", "state", "--log-format", "text"], 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_process_of_its_own_gives_what_is_given_here(tmp_path: Path, arguments: list[str], code: int) -> None:
    folders = [tmp_path / "here", tmp_path / "there"]
    for folder in folders:
        folder.mkdir()
        (folder / "in.jsonl").write_text(record("a") + record("b", BODY.upper()))
    here, there = (
        how(folder, *arguments, given=record("a") + "broken\n")
        for how, folder in zip((call, started), folders, strict=True)
    )
    assert (here.returncode, here.stdout, here.stderr) == (there.returncode, there.stdout, there.stderr)
    assert here.returncode == code
    found = [
        {one.name: one.read_bytes() for one in (folder / "out").glob("*") if one.name != "run.json"}
        for folder in folders
    ]
    assert found[0] == found[1]
    assert bool(found[0]) == ("out" in arguments)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_teaches(run: Run, command: str) -> None:
    done = run(*command.split(), "--help")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "Example" in done.stdout
    for option in re.findall(r"--[a-z-]+", done.stdout):
        assert option


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f"dedup {command}" in readme


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no command given"),
        (["bogus"], "No such command 'bogus'"),
        (["nightly"], "Missing argument 'INPUT...'"),
        (["nightly", "."], "Missing option '--out'"),
        (["nightly", ".", "--out"], "Option '--out' requires an argument"),
        (["nightly", ".", "--outt", "x"], "No such option: --outt"),
        (["nightly", "nowhere", "--out", "x"], "No such file or folder: nowhere"),
        (["nightly", ".", "--out", "x", "--workers", "0"], "--workers"),
        (["nightly", ".", "--out", "x", "--workers", "two"], "--workers"),
        (["nightly", ".", "--out", "x", "--text-is", "poem"], "'poem' is not one of 'article', 'page', 'clean'"),
        (["nightly", ".", "--out", "x", "--engine", "ray"], "'ray' is not one of"),
        (["nightly", ".", "--out", "x", "--master", "local[2]"], "--master: goes with --engine spark"),
        (["nightly", ".", "--out", "../x", "--state", "y"], "--state: y is in the input folder ."),
        (["nightly", ".", "--out", "x", "--config", "nowhere.toml"], "nowhere.toml cannot be read"),
        (["clean", "nowhere"], "No such file or folder: nowhere"),
        (["unique", ".", "--state", "y"], "--state: y is in the input folder ."),
        (["unique", "nowhere"], "No such file or folder: nowhere"),
        (["explain", "a"], "Missing argument 'RIGHT'"),
        (["explain", "a", "b"], "give either --out or --state"),
        (["explain", "a", "b", "--out", "x", "--state", "y"], "give either --out or --state"),
        (["explain", "a", "b", "--out", "nowhere"], "nowhere is no report of 'dedup nightly'"),
        (["report"], "Missing argument 'DIR'"),
        (["report", "nowhere"], "nowhere is no report of 'dedup nightly': it has no"),
        (["explain", "a", "b", "--state", "y"], "No such state: y"),
        (["state"], "Missing command"),
        (["state", "forget", "y"], "give either --older-than or --id"),
        (["state", "forget", "y", "--id", "a", "--older-than", "4d"], "give either --older-than or --id"),
        (["state", "forget", "y", "--older-than", "a year"], "must be a number of days, such as 400d. Got 'a year'"),
        (["state", "export", "y", "-o", "."], "No such state: y"),
        (["evaluate", "nowhere", "--task", "pages"], "nowhere cannot be read"),
        (["train", "boilerplate", "nowhere", "-o", "x"], "nowhere"),
        (["train", "genre", "nowhere", "-o", "x"], "nowhere cannot be read"),
        (["train", "genre", "nowhere", "-o", "."], "-o: . is a folder"),
        (["nightly", "nowhere", "--out", "x", "--dry-run"], "No such file or folder: nowhere"),
        (["nightly", ".", "--out", "x", "--dry-run", "--config", "nowhere.toml"], "nowhere.toml cannot be read"),
        (["config", "init", "-o", "."], "-o: . is there already"),
        (["config", "init", "-o", "nowhere/x"], "-o: nowhere/x cannot be written: No such file"),
        (["config", "weather"], "No such command 'weather'"),
        (["train", "weather", "nowhere", "-o", "x"], "'weather' is not one of 'boilerplate', 'genre', 'events'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_is_one_line_and_exit_2(run: Run, tmp_path: Path, arguments: list[str], message: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_says_what_would_be_read_and_changes_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.jsonl", "b.html", "c.html", "d.docx"):
        (tmp_path / "in" / name).write_text(record("a"))
    done = run("nightly", "in", "--out", "new/out", "--dry-run")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == (
        "4 files would be read (2 html, 1 jsonl), 1 file rejected. The report would be in new/out. Nothing was changed.\n"
    )
    assert os.listdir(tmp_path) == ["in"]


def test_a_dry_run_leaves_an_earlier_report(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(record("a"))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text("{}")
    assert run("nightly", "in.jsonl", "--out", "out", "--dry-run").returncode == 0
    assert os.listdir(tmp_path / "out") == ["run.json"]
    (tmp_path / "out" / "thesis.txt").write_text("years of work")
    done = run("nightly", "in.jsonl", "--out", "out", "--dry-run")
    assert (done.returncode, "thesis.txt" in done.stderr) == (2, True)


def test_a_config_with_a_typo_is_one_line_and_exit_2(run: Run, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("[extrakt]\n")
    done = run("nightly", ".", "--out", "x", "--config", "c.toml")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "Did you mean 'extract'?" in done.stderr


def test_explaining_a_pair_is_plain_text_in_a_pipe_and_json_on_request(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(record("a") + record("b", BODY.upper()))
    assert run("nightly", "in.jsonl", "--out", "out").returncode == 0
    done = run("explain", "a", "b", "--out", "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert "exact: same words\n" in done.stdout
    assert "\x1b" not in done.stdout
    told = json.loads(run("explain", "b", "a", "--out", "out", "--json").stdout)
    assert (told["left"]["doc_id"], told["right"]["doc_id"], told["relation"]) == ("a", "b", "exact")
    none = run("explain", "a", "c", "--out", "out")
    assert (none.returncode, none.stderr.count("\n"), none.stdout) == (2, 1, "")


def test_a_genre_model_is_trained_named_and_used(run: Run, tmp_path: Path) -> None:
    """A listing to the shipped model is an article where the labels say so, and a shop is what is not."""
    card = "<article><h2><a href=/{0}>Quay {0} reopens for ships</a></h2><time>2026-03-02</time></article>"
    goods = "<div class=product-card><a href=/{0}>Rope {0}</a> <span>$ {0}.50</span> <button>Add to cart</button></div>"
    cards, shop = ("".join(one.format(n) for n in range(20)) for one in (card, goods))
    gold = [
        {"id": f"{name}{n}", "url": f"https://{name}{n}.example/x", "html": f"<h1>News</h1>{body}"} | type_
        for name, body, type_ in (("paper", cards, {}), ("shop", shop, {"type": "product"}))
        for n in range(20)
    ]
    (tmp_path / "gold.jsonl").write_text("".join(json.dumps(row) + "\n" for row in gold))
    done = run("train", "genre", "gold.jsonl", "-o", "mine.json")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (0, "", 1)
    assert "name it as [extract] genre" in done.stderr
    (tmp_path / "c.toml").write_text('[extract]\ngenre = "mine.json"\n')
    (tmp_path / "page.html").write_text(f"<html><body><h1>News</h1>{cards}</body></html>")
    rejected, kept = run("clean", "page.html"), run("clean", "page.html", "--config", "c.toml")
    assert (rejected.returncode, kept.returncode) == (0, 0)
    assert rejected.stdout == ""
    assert "not_an_article" in rejected.stderr
    assert "reopens for ships" in json.loads(kept.stdout)["text"]


@pytest.mark.parametrize(("given", "message"), [("{}", "is no genre model of this version"), (None, "cannot be read")])
def test_a_bad_genre_model_is_one_line_and_exit_2(run: Run, tmp_path: Path, given: str | None, message: str) -> None:
    (tmp_path / "c.toml").write_text('[extract]\ngenre = "mine.json"\n')
    if given is not None:
        (tmp_path / "mine.json").write_text(given)
    done = run("nightly", ".", "--out", "x", "--config", "c.toml")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert f"mine.json {message}" in done.stderr


def test_out_that_is_a_file_or_somebody_elses_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(record("a"))
    (tmp_path / "file").write_text("x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("x")
    for out, message in (
        ("file", "is a file"),
        ("file/below", "is a file"),
        ("full", "holds 'thesis.txt', which is no part of a report"),
    ):
        done = run("nightly", "in.jsonl", "--out", out)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert message in done.stderr


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="needs a place that not even root can write")
def test_out_that_cannot_be_written_is_exit_1(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(record("a"))
    done = run("nightly", "in.jsonl", "--out", "/proc/report")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "cannot be written" in done.stderr


def test_bad_input_costs_nothing_else(run: Run, tmp_path: Path) -> None:
    """Every kind of broken input in one folder: each has its reason, and everything that can be used is used."""
    done = run("nightly", ROOT / "fixtures" / "broken", "--out", "report")
    assert done.returncode == 0
    found = {
        (row["doc_id"] or Path(row["input"]).name, row["reason"]) for row in rows(tmp_path / "report" / "rejects.csv")
    }
    assert found == {
        ("binary.html", "binary"),
        ("broken.jsonl", "bad_json"),
        ("b-3", "no_text"),
        *((f"d-{number}", "bad_date") for number in (1, 2, 3, 6, 7, 8)),
        ("empty.html", "empty"),
        ("menu-only.html", "no_article_text"),
        ("no-text.csv", "no_text_column"),
        ("nonsense.txt", "binary"),
        ("notes.pdf", "unknown_extension"),
        ("picture.jpg", "unknown_extension"),
        ("truncated.html.gz", "truncated"),
        ("https://www.northern-star.example/news/parking-charges/", "truncated"),
    }
    assert all(row["detail"] for row in rows(tmp_path / "report" / "rejects.csv"))
    assert {row["doc_id"] for row in rows(tmp_path / "report" / "articles.csv")} == {
        "https://www.northern-star.example/news/parking-charges/",
        "latin1.html",
        "r-2@2",
        *("b-1", "b-4", "c-1", "c-2", "r-1", "r-2"),
        *(f"d-{number}" for number in range(1, 9)),
    }
    assert "1 seen twice" in done.stderr


def test_an_empty_folder_is_a_report_that_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    done = run("nightly", "in", "--out", "report")
    assert done.returncode == 0
    assert "0 articles" in done.stderr
    assert rows(tmp_path / "report" / "articles.csv") == []
    (reject,) = rows(tmp_path / "report" / "rejects.csv")
    assert reject["reason"] == "empty"


def test_a_crawl_without_articles_replaces_no_report_of_some(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    page = tmp_path / "in" / "a.txt"
    page.write_text("The harbour board voted on Tuesday to reopen the eastern quay after eleven days of repairs.")
    assert run("nightly", "in", "--out", "report", "--state", "state.duckdb").returncode == 0
    before = (tmp_path / "report" / "articles.csv").read_bytes()
    page.write_text("")
    for state in ([], ["--state", "state.duckdb"]):
        done = run("nightly", "in", "--out", "report", *state)
        assert done.returncode == 2
        assert done.stderr == (
            "dedup: --out: report has a report of articles, and the inputs hold none (0 articles, 1 reject (1 empty)). "
            "It stays as it is; give another folder for an empty one.\n"
        )
        assert (tmp_path / "report" / "articles.csv").read_bytes() == before
    assert "nights       1," in run("state", "info", "state.duckdb").stdout
    assert run("nightly", "in", "--out", "other").returncode == 0
    assert run("nightly", "in", "--out", "other").returncode == 0


def test_a_slip_is_told_with_the_help_of_the_command(run: Run) -> None:
    assert run("nightly", "in").stderr.endswith("Missing option '--out'. Try 'dedup nightly --help'.\n")
    assert run("state").stderr.endswith("Missing command. Try 'dedup state --help'.\n")
    assert run("nigthly").stderr.endswith("Try 'dedup --help'.\n")


def test_standard_input_and_the_files_of_a_report(run: Run, tmp_path: Path) -> None:
    given = record("b", published="2026-03-02", desk="=harbour") + record("a", published="2026-03-03")
    done = run("nightly", "-", "--out", "report", given=given)
    assert (done.returncode, done.stdout) == (0, "")
    assert sorted(os.listdir(tmp_path / "report")) == [
        *("articles.csv", "articles.jsonl", "boilerplate.csv", "clusters.csv"),
        *("duplicates.csv", "events.csv", "rejects.csv", "report.html", "run.json"),
    ]
    (match,) = rows(tmp_path / "report" / "duplicates.csv")
    assert (match["left_id"], match["right_id"], match["relation"], match["jaccard"]) == ("a", "b", "exact", "1.0")
    (cluster,) = rows(tmp_path / "report" / "clusters.csv")
    assert (cluster["cluster_id"], cluster["canonical_id"], cluster["n_articles"], cluster["status"]) == (
        "b",
        "b",
        "2",
        "new",
    )
    lines = [json.loads(line) for line in (tmp_path / "report" / "articles.jsonl").read_text().splitlines()]
    assert [line["doc_id"] for line in lines] == ["b", "a"]
    assert lines[0]["desk"] == "=harbour"
    assert lines[0]["text"] == BODY
    assert set(rows(tmp_path / "report" / "articles.csv")[0]) <= set(lines[0])
    recorded = json.loads((tmp_path / "report" / "run.json").read_text())
    assert recorded["counts"]["articles"] == 2
    assert recorded["inputs"][0]["path"] == "-"
    assert recorded["seconds"]["extract"] >= 0


def test_clean_streams_to_standard_output_and_to_a_file(run: Run, tmp_path: Path) -> None:
    given = record("a", desk="harbour") + "broken\n"
    done = run("clean", "-", given=given)
    (line,) = map(json.loads, done.stdout.splitlines())
    assert (done.returncode, line["doc_id"], line["text"], line["desk"]) == (0, "a", BODY, "harbour")
    assert "1 bad_json" in done.stderr
    assert run("clean", "-", "-o", "clean.jsonl", given=given).stdout == ""
    assert json.loads((tmp_path / "clean.jsonl").read_text()) == line


@pytest.mark.parametrize("command", ["clean", "unique"])
def test_the_first_rejects_are_told_where_no_file_lists_them(run: Run, command: str) -> None:
    given = record("a") + "broken\n" * 12
    lines = run(command, "-", given=given).stderr.splitlines()
    assert [line.split(": The line is not JSON")[0] for line in lines[:-1]] == [f"-:{n}" for n in range(2, 12)]
    assert lines[0].endswith(" (bad_json)")
    assert "12 rejects (12 bad_json)" in lines[-1]
    told = [json.loads(line) for line in run(command, "-", "--log-format", "json", given=given).stderr.splitlines()]
    (reason,) = {one["reason"] for one in told if one["event"] == "reject"}
    assert reason == "bad_json"


@pytest.mark.parametrize(("options", "ids"), [((), ["a"]), (("--all-pages",), ["a", "front"])])
def test_pages_that_are_no_articles_are_kept_on_demand(run: Run, options: tuple[str, ...], ids: list[str]) -> None:
    cards = "".join(
        f"<div class='card'><h2><a href='/{n}'>The eastern quay reopens for ships {n}</a></h2><p>{BODY}</p></div>"
        for n in range(20)
    )
    front = f"<html><title>News</title><body><h1>News</h1>{cards}</body></html>"
    given = record("a") + json.dumps({"id": "front", "html": front}) + "\n"
    done = run("clean", "-", *options, given=given)
    assert done.returncode == 0
    assert [json.loads(line)["doc_id"] for line in done.stdout.splitlines()] == ids
    assert ("1 not_an_article" in done.stderr) is not bool(options)


@pytest.mark.parametrize("command", ["nightly", "clean", "unique", "evaluate"])
def test_input_options_are_the_same_on_every_command_that_reads_input(run: Run, command: str) -> None:
    shown = run(command, "--help").stdout
    assert all(option in shown for option in ("--text-is", "--workers", "--config", "--all-pages"))


def test_clean_can_be_fed_back(run: Run) -> None:
    first = run("clean", "-", given=record("a", desk="harbour")).stdout
    again = run("clean", "-", "--text-is", "clean", given=first.replace('"doc_id"', '"id"')).stdout
    assert json.loads(again)["text"] == BODY
    assert json.loads(again)["desk"] == "harbour"


def test_unique_keeps_one_per_cluster(run: Run) -> None:
    other = (
        "Six tractors were stolen from farms near the river in one week, and the police asked for witnesses on Monday."
    )
    done = run("unique", "-", given=record("b") + record("a") + record("c", other))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["doc_id"], line["cluster_id"], line["n_copies"]) for line in lines] == [("a", "a", 2), ("c", "c", 1)]


@pytest.mark.parametrize("n_bytes", [1, 5000, 66_000, 200_000])
def test_a_reader_that_has_enough_is_no_error(n_bytes: int) -> None:
    """Wherever in its buffers the writer is when the pipe breaks."""
    lines = "".join(record(f"a{number}", BODY * 20) for number in range(250))
    with subprocess.Popen(
        [DEDUP, "clean", "-", "--text-is", "clean"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdin.write(lines.encode())
        process.stdin.close()
        while n_bytes > 0 and (read := process.stdout.read(n_bytes)):
            n_bytes -= len(read)
        process.stdout.close()
        message = process.stderr.read().decode()
        assert (process.wait(timeout=60), message) == (0, "")


def descendants(pid: int) -> set[int]:
    """Process ids of all that ``pid`` has started and what those have started."""
    children: dict[int, set[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), set()).add(int(status.parent.name))
    found: set[int] = set()
    pending = [pid]
    while pending:
        new = children.get(pending.pop(), set()) - found
        found |= new
        pending.extend(new)
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes through /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda one: one.name)
def test_a_stopped_run_leaves_nothing_behind(tmp_path: Path, how: signal.Signals) -> None:
    # A page that keeps trafilatura busy for minutes, so that the run is sure to be at work when it is stopped.
    slow = tmp_path / "in"
    slow.mkdir()
    for number in range(4):
        (slow / f"{number}.html").write_text(
            "<html><body>" + f"<p>Paragraph {number}.</p>" * 150_000 + "</body></html>"
        )
    process = subprocess.Popen(
        [DEDUP, "nightly", str(slow), "--out", str(tmp_path / "report"), "--workers", "2"],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr
    deadline = time.monotonic() + 60
    while len(descendants(process.pid)) < 3 and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1.0)
    started = descendants(process.pid)
    assert len(started) >= 3, "the workers never started"
    if how is signal.SIGINT:
        os.killpg(process.pid, how)  # as a terminal does: to the whole group
    else:
        process.send_signal(how)
    stopped = time.monotonic()
    code = process.wait(timeout=30)
    message = process.stderr.read()
    process.stderr.close()
    assert time.monotonic() - stopped < 5
    while any(map(alive, started)) and time.monotonic() - stopped < 10:
        time.sleep(0.1)
    assert not [pid for pid in started if alive(pid)]
    assert not (tmp_path / "report").exists()
    if how is not signal.SIGKILL:
        assert (code, message) == (1, "dedup: stopped; nothing was changed.\n")
        assert os.listdir(tmp_path) == ["in"]


def test_fields_of_the_record_are_kept_whatever_their_names(run: Run) -> None:
    given = json.dumps(
        {"id": "a", "text": BODY, "input": "x", "position": 3, "arrival": [1], "extra": {"y": None}, "kind": "z"}
    )
    line = json.loads(run("clean", "-", given=given + "\n").stdout)
    wanted = {"input": "x", "position": 3, "arrival": [1], "extra": {"y": None}, "kind": "z"}
    assert {name: line[name] for name in wanted} == wanted


def test_a_record_nested_too_deeply_is_its_own_loss(run: Run) -> None:
    deep = '{"id": "deep", "text": "' + "x " * 9 + '", "x": ' + "[" * 900 + "]" * 900 + "}\n"
    done = run("clean", "-", given=deep + record("a"))
    assert done.returncode == 0
    assert json.loads(done.stdout)["doc_id"] == "a"
    assert "1 bad_record" in done.stderr


def test_a_report_in_an_input_folder_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text(record("a"))
    done = run("nightly", "in", "--out", "in/report")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "is in the input folder" in done.stderr
    assert os.listdir(tmp_path / "in") == ["a.jsonl"]


def test_closed_standard_input_is_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", f"exec {DEDUP} clean - <&-"], capture_output=True, text=True, cwd=tmp_path, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (2, "dedup: Standard input (-) is closed.\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[sign]\nn_permutations = 64", "n_permutations must be at least bands x rows (32 x 4 = 128). Got 64"),
        ("[sign]\nshingle_words = 3", "shingle_words must be the same. Got 3, 5, 5"),
        ("[limits]\nseconds = nan", "[limits] seconds must be 0 or more"),
    ],
)
def test_parameters_that_contradict_each_other_are_wrong_use(run: Run, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "c.toml").write_text(text)
    (tmp_path / "in.jsonl").write_text(record("a"))
    done = run("nightly", "in.jsonl", "--out", "x", "--config", "c.toml")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert message in done.stderr


OTHER = (
    "A cat was the only witness, said the owner of the orchard where ninety trees were cut overnight.\n"
    "It was the third such case on farms near the river in one week, and the police asked for witnesses on Monday."
)


@pytest.mark.parametrize("state", ["state", "state/"])
def test_unique_with_a_state_gives_out_what_no_earlier_night_had(run: Run, tmp_path: Path, state: str) -> None:
    nights = [record("b") + record("a"), record("c") + record("e", OTHER) + record("d", OTHER), record("f", OTHER)]
    for number, records in enumerate(nights):
        (tmp_path / f"night{number}.jsonl").write_text(records)

    def unique(number: int) -> list[tuple[str, str, int]]:
        done = run("unique", f"night{number}.jsonl", "--text-is", "clean", "--state", state)
        assert (done.returncode, done.stderr.count("\n")) == (0, 1), done.stderr
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return [(line["doc_id"], line["cluster_id"], line["n_copies"]) for line in lines]

    assert unique(0) == [("a", "a", 2)]
    assert unique(1) == [("d", "d", 2)]
    before = run("state", "export", "state").stdout
    assert unique(0) == [("a", "a", 2)]
    assert run("state", "export", "state").stdout == before
    # It can be shared with the whole job, in either order.
    again = run("nightly", "night1.jsonl", "--text-is", "clean", "--out", "out", "--state", state)
    assert "These are the inputs of night 2" in again.stderr
    assert [row["doc_id"] for row in rows(tmp_path / "out" / "articles.csv")] == ["c", "d", "e"]
    assert run("nightly", "night2.jsonl", "--text-is", "clean", "--out", "out", "--state", state).returncode == 0
    assert unique(2) == []
    assert run("state", "check", "state").returncode == 0


def test_the_fields_of_unique_are_the_same_with_a_state(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(
        record("b", section="coast") + record("a", title="Quay reopens") + record("c", OTHER)
    )
    alone, with_state = (run("unique", "in.jsonl", *more).stdout for more in ([], ["--state", "state"]))
    assert alone
    assert with_state == alone
    written = run("unique", "in.jsonl", "--state", "state", "-o", "out.jsonl")
    assert (written.returncode, written.stdout) == (0, "")
    assert (tmp_path / "out.jsonl").read_text() == alone


def test_a_pair_of_two_nights_is_explained_from_the_state(run: Run, tmp_path: Path) -> None:
    (tmp_path / "keep.toml").write_text("[state]\nkeep_text = false\n")
    for number, (name, text) in enumerate((("a", BODY), ("b", BODY.upper()), ("c", OTHER))):
        (tmp_path / "in.jsonl").write_text(
            record(name, text, url=f"https://{name}.example/quay", published="2026-03-02")
        )
        more = ["--config", "keep.toml"] if number == 2 else []
        assert run("nightly", "in.jsonl", "--out", "out", "--state", "state", *more).returncode == 0
    done = run("explain", "a", "b.example", "--state", "state")
    assert (done.returncode, done.stderr) == (0, "")
    assert "exact: same words\n" in done.stdout
    assert "In the state: listed as exact, in one cluster." in done.stdout
    assert "made with other parameters" not in done.stdout
    # What is said is what is said of a report that has both.
    (tmp_path / "in.jsonl").write_text(
        "".join(record(name, text, url=f"https://{name}.example/quay", published="2026-03-02")
                for name, text in (("a", BODY), ("b", BODY.upper())))
    )  # fmt: skip
    assert run("nightly", "in.jsonl", "--out", "both").returncode == 0
    told = [
        json.loads(run("explain", "b", "a", *place, "--json").stdout)
        for place in (("--state", "state"), ("--out", "both"))
    ]
    for one in told:
        # How it stands to its canonical article is a column of the report.
        one.pop("left"), one.pop("right")
    assert told[0] == told[1]
    for names, message in (
        (("a", "c"), "does not keep the text of 'c'"),
        (("a", "nobody"), "state has no article whose id or url is 'nobody'"),
        (("a", "a.example/quay"), "are one article: a"),
    ):
        refused = run("explain", *names, "--state", "state")
        assert (refused.returncode, refused.stderr.count("\n"), refused.stdout) == (2, 1, "")
        assert message in refused.stderr
    (tmp_path / "other.toml").write_text("[verify]\noverlap = 0.9\n")
    assert (
        "The state was made with other parameters"
        in run(*("explain", "a", "b", "--state", "state", "--config", "other.toml")).stdout
    )


def test_a_state_is_looked_at_pruned_and_written_out(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(
        record("a", title="Quay") + record("b") + record("c", OTHER, published="2020-01-01")
    )
    assert run("nightly", "in.jsonl", "--out", "out", "--state", "state").returncode == 0
    info = run("state", "info", "state")
    assert re.search(r"^articles +3 from 0 sources, 3 with their text$", info.stdout, re.MULTILINE)
    assert json.loads(run("state", "info", "state", "--json").stdout)["articles"] == 3
    assert run("state", "check", "state").stderr == "state is sound.\n"
    forgotten = run("state", "forget", "state", "--id", "a", "--id", "b")
    assert forgotten.stderr == "Forgotten: 2 articles. 1 report that showed one can no longer be written again.\n"
    assert run("state", "forget", "state", "--id", "a").returncode == 2
    assert "Forgotten: 1 article." in run("state", "forget", "state", "--older-than", "400d").stderr
    lines = run("state", "export", "state").stdout.splitlines()
    assert {json.loads(line)["relation"] for line in lines} == {"claims", "runs", "term_counts"}
    tables = run("state", "export", "state", "-o", "tables")
    assert "are in tables" in tables.stderr
    assert (tmp_path / "tables" / "articles.parquet").is_file()
