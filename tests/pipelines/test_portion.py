"""Portions: a small crawl is cleaned as a night is; in a larger one what is remembered keeps ids right and chrome counted."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dedup.errors import OutputError, ParameterError
from pipelines.config import Config
from pipelines.journal import Journal
from pipelines.portion import Portion, Remembered, portions
from pipelines.preprocess import Cleaned, clean, stream
from pipelines.run_local import Local
from pipelines.source import Page, Reject

DEDUP = str(Path(sys.executable).with_name("dedup"))
STORIES = (
    "The harbour board voted on Tuesday to reopen the eastern quay after eleven days of repairs, its chairman said.",
    "A bakery in the old town won the national bread prize for the second time with a rye loaf that rests for days.",
    "Six tractors were stolen from farms near the river in one week, and the police asked for witnesses on Monday.",
    "The orchestra opens its season with a symphony that was found in an attic and has never been played before.",
    "Teachers in the northern district return to work today, after a vote that ended the longest strike since 1987.",
)
CHROME = "Telephone the newsroom on 0555 0142 with your own news and views."


def given(folder: Path, rows: Iterable[dict[str, str]]) -> list[str]:
    path = folder / "in.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return [str(path)]


def streamed(inputs: list[str], pages: int) -> list[Cleaned]:
    with Local(1) as engine:
        config = replace(Config(), portion=Portion(pages=pages))
        return list(stream(inputs, config, engine, Journal()))


def articles(found: Iterable[Cleaned]) -> list[dict[str, Any]]:
    return [row for one in found for row in one.articles.to_pylist()]


def test_a_portion_ends_where_it_is_full_and_nothing_is_read_ahead() -> None:
    read: list[int] = []

    def items() -> Iterable[Page | Reject]:
        for number in range(7):
            read.append(number)
            if number % 2:
                yield Reject("in", str(number), "", "bad_json", "")
            else:
                content = b"x" * (1_200_000 if number == 4 else 1)
                yield Page(str(number), "text", content, *[""] * 8)

    sizes = []
    for portion in portions(items(), Portion(pages=3, megabytes=1)):
        sizes.append(len(list(portion)))
        assert len(read) == sum(sizes)
    assert sizes == [3, 2, 2]


@pytest.mark.parametrize("size", [{"pages": 0}, {"megabytes": 0}])
def test_a_portion_holds_something(size: dict[str, int]) -> None:
    with pytest.raises(ParameterError, match="must be 1 or more"):
        Portion(**size)


def test_one_portion_is_cleaned_as_a_night_is(root: Path) -> None:
    inputs = [str(root / "fixtures" / "day1")]
    with Local(2) as engine:
        night = clean(inputs, Config(), engine, Journal())
        (portion,) = stream(inputs, Config(), engine, Journal())
    one, other = (
        {row["doc_id"]: row for row in cleaned.articles.drop_columns(["arrival"]).to_pylist()}
        for cleaned in (night, portion)
    )
    assert one == other
    assert (night.rejects, night.n_seen, night.n_pages) == (portion.rejects, portion.n_seen, portion.n_pages)


def test_articles_come_in_the_order_of_the_input(tmp_path: Path) -> None:
    rows = [{"id": f"{9 - n}", "text": text, "published": f"2026-03-0{9 - n}"} for n, text in enumerate(STORIES)]
    assert [row["doc_id"] for row in articles(streamed(given(tmp_path, rows), 2))] == ["9", "8", "7", "6", "5"]


def test_ids_are_right_over_portions(tmp_path: Path) -> None:
    """A revision, one of a revision, the same again, and an id that looks like a revision's."""
    rows = [
        {"id": "a", "text": STORIES[0]},
        {"id": "a", "text": STORIES[1]},
        {"id": "a", "text": STORIES[0]},
        {"id": "a@2", "text": STORIES[2]},
        {"id": "a", "text": STORIES[3]},
        {"id": "a@2", "text": STORIES[2]},
        {"id": "a@2@2", "text": STORIES[4]},
    ]
    for pages in (1, 2, 4, 7):
        found = streamed(given(tmp_path, rows), pages)
        ids = [row["doc_id"] for row in articles(found)]
        assert len(set(ids)) == len(ids) == 5, pages
        assert sum(one.n_seen for one in found) == 2, pages
        assert len(found) == -(-7 // pages)
    assert [row["doc_id"] for row in articles(streamed(given(tmp_path, rows), 1))] == [
        "a",
        "a@2",
        "a@2@2",
        "a@3",
        "a@2@2@2",
    ]


def test_what_a_site_repeats_is_counted_over_portions(tmp_path: Path) -> None:
    rows = [
        {"id": f"{n}", "source": "harbour.example", "text": f"{text}\n{CHROME}\nThe case goes on in {n + 3} weeks."}
        for n, text in enumerate(STORIES)
    ]
    whole, single = (articles(streamed(given(tmp_path, rows), pages)) for pages in (5, 1))
    assert [CHROME in row["text"] for row in whole] == [False] * 5
    assert [CHROME in row["text"] for row in single] == [True, True, False, False, False]
    assert [row["text"] for row in whole[2:]] == [row["text"] for row in single[2:]]


def test_a_temporary_file_that_cannot_be_written_is_told() -> None:
    with Remembered() as memory:
        memory._file.execute("PRAGMA query_only = on")
        with pytest.raises(OutputError, match=r"temporary file .* cannot be written"):
            memory.rows("repeats", "key", pa.array([1]))


def test_a_reader_that_has_enough_stops_the_work() -> None:
    """The input never ends, so that only the reader can end it."""
    command = [DEDUP, "clean", "-", "--text-is", "clean", "--workers", "1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin and process.stdout and process.stderr
        stdin = process.stdin
        ended = threading.Event()

        def feed() -> None:
            for number in count():
                try:
                    stdin.write(json.dumps({"id": str(number), "text": f"{number} {STORIES[0]}"}).encode() + b"\n")
                except BrokenPipeError:
                    ended.set()
                    return

        feeding = threading.Thread(target=feed)
        feeding.start()
        first = json.loads(process.stdout.readline())
        process.stdout.close()
        assert first["doc_id"] == "0"
        message = process.stderr.read()
        assert (process.wait(timeout=60), message) == (0, b"")
        feeding.join(timeout=60)
        assert ended.is_set()
        with pytest.raises(BrokenPipeError):
            stdin.close()
