"""What executors run, here in this process: rows in types, whole keys, guarded pages; and what is said where Spark cannot be had."""

import time
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.errors import InputError, StageError
from dedup.schema import PAGE, PAIR, SEGMENT
from pipelines.config import Config
from pipelines.journal import Journal
from pipelines.run_local import Limits
from pipelines.source import Reject
from pipelines.spark import cleaning
from pipelines.spark.cleaning import _LINES, Extracting, Labelling, _with_text
from pipelines.spark.cluster import OnExecutor, gathered, portable, whole_keys
from pipelines.spark.matching import _Parts
from pipelines.spark.memory import Memory
from pipelines.spark.night import OnSpark
from pipelines.spark.reading import Reading, _named, is_address
from pipelines.spark.session import _said, check, missing
from pipelines.state import State, open_store

ROWS = pa.schema([("key", pa.string()), ("n", pa.int64())])


@given(st.lists(st.lists(st.integers(0, 3), max_size=4), max_size=6))
def test_rows_of_a_key_stay_together_however_they_come(sizes: list[list[int]]) -> None:
    keys = sorted(f"k{one}" for some in sizes for one in some)
    rows = [{"key": key, "n": place} for place, key in enumerate(keys)]
    batches, start = [], 0
    for some in sizes:
        batches.append(pa.RecordBatch.from_pylist(rows[start : start + len(some)], schema=ROWS))
        start += len(some)
    found = [table.to_pylist() for table in whole_keys(iter(batches), "key")]
    assert [row for some in found for row in some] == rows
    firsts = [{row["key"] for row in some} for some in found]
    assert sum(map(len, firsts)) == len(set().union(*firsts))
    assert [row for batch in gathered(batches) for row in batch.to_pylist()] == rows


def test_a_function_gets_and_gives_the_types_that_it_declares() -> None:
    long = pa.schema([("words", pa.large_binary())])
    seen = []

    def work(batches):
        for batch in batches:
            seen.append(batch.schema)
            yield batch

    given_ = pa.record_batch({"more": [1], "words": pa.array([b"ab"], pa.binary())})
    done = list(OnExecutor(work, long, long)(iter([given_])))
    assert seen == [long]
    assert [one.schema for one in done] == [portable(long)] == [pa.schema([("words", pa.binary())])]


class Told:
    """A stage that gives the pairs as they come to it."""

    reads = writes = pa.schema([*PAIR, ("left_text", pa.string()), ("right_text", pa.string())])

    def __call__(self, batches):
        return batches


class Chosen(Told):
    """A stage that gives the ids of the pairs alone."""

    writes = PAIR

    def __call__(self, batches):
        return (batch.select(PAIR.names) for batch in batches)


def test_a_part_has_its_pairs_and_once_each_article_in_them() -> None:
    """Pairs are told by their arrivals, which are in no order of their ids."""
    rows = pa.schema(
        [
            ("part", pa.int64()),
            *((name, pa.int64()) for name in ("earlier", "later", "arrival")),
            ("doc_id", pa.string()),
            ("text", pa.string()),
        ]
    )
    ids = {7: "b", 8: "d", 11: "a", 12: "c"}
    pairs = [(0, 7, 11), (0, 7, 12), (1, 8, 12), (1, 11, 12)]
    sent = {(part, one) for part, *ends in pairs for one in ends}
    given_ = [{"part": part, "earlier": earlier, "later": later} for part, earlier, later in pairs]
    given_ += [
        {"part": part, "arrival": one, "doc_id": ids[one], "text": f"text of {one}"} for part, one in sorted(sent)
    ]
    given_.sort(key=lambda row: row["part"])
    arrivals = {doc_id: one for one, doc_id in ids.items()}
    for size in (1, 3, len(given_)):
        batches = pa.Table.from_pylist(given_, schema=rows).to_batches(max_chunksize=size)
        found = [row for batch in _Parts(Told())(iter(batches)) for row in batch.to_pylist()]
        assert found == [
            {
                "left_id": left,
                "right_id": right,
                "left_text": f"text of {arrivals[left]}",
                "right_text": f"text of {arrivals[right]}",
            }
            for left, right in (sorted((ids[earlier], ids[later])) for _, earlier, later in pairs)
        ]
        found = [row for batch in _Parts(Chosen())(iter(batches)) for row in batch.to_pylist()]
        assert found == [{"earlier": earlier, "later": later} for _, earlier, later in pairs]


def test_a_draft_that_has_no_line_is_an_article_without_text() -> None:
    empty = dict.fromkeys(_LINES.names)
    told = dict.fromkeys(("title", "text", "url", "extra", "input", "position", "language", "published"), "")
    drafts = [
        told | {"doc_id": one, "kind": kind, "number": 4, "arrival": 2} for one, kind in (("a", "page"), ("b", "clean"))
    ]
    drafts[1]["text"] = "  As it was given.\n"
    rows = [empty | {"doc_id": one["doc_id"], "kind": "draft", "draft": one} for one in drafts]
    for some in (rows[:1], rows):
        made = pa.Table.from_batches(Labelling(Config().label)(iter([pa.RecordBatch.from_pylist(some, schema=_LINES)])))
        found = [(row["doc_id"], row["text"], row["n_words"], row["number"]) for row in made.to_pylist()]
        assert found == [("a", "", 0, 4), ("b", "  As it was given.\n", 0, 4)][: len(some)]


def test_a_line_has_the_text_that_it_has_in_its_draft() -> None:
    drafts = pa.table({"doc_id": ["b", "a", "c"], "text": ["\n  Second. \n\nThird.\n", "First.", None]})
    empty = dict.fromkeys(_LINES.names)
    rows = [empty | {"doc_id": doc_id, "index": index} for doc_id, index in (("a", 0), ("b", 1), ("b", 0))]
    found = _with_text(pa.Table.from_pylist(rows, schema=_LINES), drafts)
    assert found.schema.names == SEGMENT.names
    assert found["text"].to_pylist() == ["First.", "Third.", "Second."]
    assert not _with_text(pa.Table.from_pylist([], schema=_LINES), drafts).num_rows


def pages(*contents: bytes) -> pa.RecordBatch:
    rows = [
        dict.fromkeys(PAGE.names, "")
        | {"doc_id": f"p{place}", "arrival": 70 + place, "kind": "html", "content": content}
        for place, content in enumerate(contents)
    ]
    return pa.RecordBatch.from_pylist(rows, schema=PAGE)


def test_a_page_that_does_not_end_costs_itself_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """An executor's process waits for its worker no longer than the limit says."""
    good = b"<html><body><article>" + b"<p>The harbour board reopens the quay on Tuesday, it said.</p>" * 20
    hangs = b"<html><body><table>" + b"<tr><td>cell</td></tr>" * 200_000
    config = replace(Config(), limits=Limits(seconds=3.0))
    engines = []
    monkeypatch.setattr(cleaning, "_guard", lambda limits: engines.append(cleaning.Local(1, limits)) or engines[-1])
    began = time.monotonic()
    [batch] = Extracting(config)(iter([pages(good, hangs, good)]))
    # trafilatura is ended at the limit; the line model alone then sees that there is no article.
    assert 3.0 < time.monotonic() - began < 60
    found = {row["arrival"]: row["failure"] for row in batch.to_pylist()}
    assert found == {70: "", 71: "no_article_text", 72: ""}
    for one in engines:
        one.close()


def test_a_file_that_executors_do_not_see_ends_the_run() -> None:
    file = {
        "number": 0,
        "path": "",
        "raw": b"/nowhere/a.jsonl",
        "name": "a.jsonl",
        "input": "a.jsonl",
        "format": "jsonl",
    }
    with pytest.raises(StageError, match="not there on the machine of an executor"):
        list(Reading(None)._read(file | {"content": None}))


def test_files_under_an_address_are_named_as_those_of_a_folder() -> None:
    paths = ["hdfs://host/crawl/b%20c/x.html", "hdfs://host/crawl/a.jsonl.gz", "hdfs://host/crawl/d.docx"]
    found = _named("hdfs://host/crawl/", paths)
    assert [(one.name, one.format) for one in found] == [
        ("a.jsonl.gz", "jsonl"),
        ("b c/x.html", "html"),
        ("d.docx", "unknown"),
    ]
    assert isinstance(found[2].reject, Reject)
    assert _named("file:///tmp/one.jsonl", ["file:/tmp/one.jsonl"])[0].name == "one.jsonl"
    assert is_address("s3a://bucket/crawl")
    assert not any(map(is_address, ("crawl/a:b", "C", "-", "./x://y")))


def test_a_state_on_a_cluster_is_a_folder(tmp_path: Path) -> None:
    with open_store(str(tmp_path / "state.duckdb"), writing=True, new=True) as store:
        state = State(store, Config().parameters())
        with pytest.raises(InputError, match="must be a folder of Parquet"):
            Memory(None, state)  # type: ignore[arg-type]


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.spark.session.find_spec", lambda name: None if name == "pandas" else object())
    with pytest.raises(InputError, match=r"the package pandas is not installed. Install the extra: pip install"):
        check()
    monkeypatch.setattr("pipelines.spark.session.find_spec", lambda _name: object())
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert missing() == "there is no Java. Install Java 17, or set JAVA_HOME"


def test_standard_input_is_refused_before_a_session_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.spark.session.missing", lambda: "")
    for work in (OnSpark().cleaned, OnSpark().unique):
        with pytest.raises(InputError, match="standard input"):
            work(["-"], Config(), Journal(), None)
    with pytest.raises(InputError, match="No such file or folder: nowhere"):
        OnSpark().check(["s3a://bucket/a", "nowhere"])


def test_of_what_failed_on_an_executor_the_last_line_is_said() -> None:
    text = (
        "An exception was thrown from the Python worker. Please see the stack trace below.\n"
        'Traceback (most recent call last):\n  File "a.py", line 1, in b\nKeyError: 1\n\n'
        "During handling of the above exception, another exception occurred:\n\n"
        'Traceback (most recent call last):\n  File "a.py", line 3, in c\n'
        "dedup.errors.StageError: x.html is not there on the machine of an executor.\n\nJVM stacktrace:\norg.apache.spark"
    )
    assert _said(ValueError(text)) == "x.html is not there on the machine of an executor."
    assert _said(ValueError("Job aborted.\n\tat org.apache")) == "Job aborted."
    assert _said(ValueError()) == "ValueError"
