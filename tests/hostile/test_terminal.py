"""Titles, ids, addresses, texts and names of files that give orders to a terminal: none of them is obeyed."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

DEDUP = str(Path(sys.executable).with_name("dedup"))
ORDERS = {
    "blink": "\x1b[5;31mHURT",
    "reset": "\x1bcHURT",
    "link": "\x1b]8;;https://hurt.example\x1b\\HURT\x1b]8;;\x1b\\",
    "title": "\x1b]0;HURT\x07",
    "csi": "\x9b5;31mHURT",
    "osc": "\x9d0;HURT\x9c",
    "return": "safe\rHURT",
    "delete": "safe\x7f\x08HURT",
}
ALL = " ".join(ORDERS.values())
#: What only an input would send here; the bars and colours are of other sequences.
OBEYED = re.compile(rb"\x1b\[5|\x1bc|\x1b\]|\x1b\\|\x07|\xc2[\x80-\x9f]|\x7f|\x08|\rHURT")
STORY = "The harbour board said that the quay {0} would reopen after eleven days of repairs on Tuesday, and named the {0} ferries."


def shown(folder: Path, *arguments: str) -> tuple[int, bytes]:
    """Run a command on a terminal, and return its exit code and all that the terminal is sent."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "200"}
    command = [DEDUP, *arguments]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=environment) as process:
        os.close(theirs)
        sent = b""
        while True:
            try:
                more = os.read(ours, 65_536)
            except OSError:
                break
            if not more:
                break
            sent += more
        os.close(ours)
    return process.returncode, sent


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two articles for each order, and a report of them all."""
    folder = tmp_path_factory.mktemp("terminal")
    rows = [
        {
            "id": f"{name}{side} {order}",
            "title": f"{order} quay",
            "url": f"https://quay.example/{order}",
            "source": f"{order}.example",
            "text": STORY.format(order),
            "published": order,
            order: order,
        }
        for name, order in ORDERS.items()
        for side in "ab"
    ]
    (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + f"{{{ALL}\n")
    code, sent = shown(folder, "nightly", "in.jsonl", "--out", "out", "--workers", "1", "--state", "nights.duckdb")
    assert code == 0
    assert b"verify" in sent, "the bars were not shown"
    assert not OBEYED.search(sent)
    return folder


@pytest.mark.parametrize(
    "command",
    [
        ["clean", "in.jsonl"],
        ["clean", "in.jsonl", "--format", "csv"],
        ["unique", "in.jsonl"],
        ["unique", "in.jsonl", "--log-format", "json"],
        ["explain", "blinka", "blinkb", "--out", "out"],
        ["explain", "linka", "csib", "--out", "out"],
        ["explain", "osca", "oscb", "--out", "out", "--json"],
        ["report", "out"],
        ["state", "info", "nights.duckdb"],
        ["state", "check", "nights.duckdb"],
        ["state", "export", "nights.duckdb"],
        ["nightly", "in.jsonl", "--out", f"other {ORDERS['csi']}"],
    ],
    ids=lambda one: " ".join(one[:2]),
)
def test_what_is_shown_gives_no_orders(folder: Path, command: list[str]) -> None:
    code, sent = shown(folder, *command)
    assert code == 0, sent
    assert sent
    found = OBEYED.search(sent)
    assert not found, sent[max(found.start() - 80, 0) : found.end() + 20]


@pytest.mark.parametrize(
    "arguments",
    [
        ["clean", ALL],
        ["clean", "in.jsonl", "-o", f"{ALL}/x"],
        ["clean", "in.jsonl", "--config", "c.toml"],
        ["clean", "in.jsonl", "--text-is", ALL],
        ["clean", "in.jsonl", f"--{ALL}"],
        [ALL],
        ["explain", ALL, "in", "--out", "out"],
        ["explain", "blink", "linka", "--out", "out"],
        ["report", ALL],
        ["state", "info", ALL],
        ["evaluate", "gold.jsonl", "--task", "pairs"],
    ],
    ids=lambda one: one[0] if one[0] != ALL else "command",
)
def test_messages_give_no_orders(folder: Path, arguments: list[str]) -> None:
    (folder / "c.toml").write_text(f"[{json.dumps(ALL)}]\n")
    (folder / "gold.jsonl").write_text(f"{{{ALL}\n")
    code, sent = shown(folder, *arguments)
    assert code in {1, 2}
    assert sent.count(b"\n") == 1, sent
    found = OBEYED.search(sent)
    assert not found, sent
