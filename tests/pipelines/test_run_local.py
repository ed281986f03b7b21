"""The local engine: equal answers for any number of workers, and no task that takes the others down."""

import os
import pickle
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import pytest

from dedup.errors import ParameterError, SchemaError, StageError
from dedup.stage import apply
from pipelines.run_local import Failure, Limits, Local, _answer, _compact

ROWS = pa.schema([("n", pa.int64())])
HANGS, DIES, RAISES, GROWS, BREAKS_OFF = 3, 5, 7, 8, 10  # as in run_local_stages


# The workers import this file by its name, so it must be importable there.
@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


def stages():
    """The stages below, from a module that a worker process can import too."""
    import run_local_stages

    return run_local_stages


def table(*numbers: int) -> pa.Table:
    return pa.table({"n": list(numbers)}, schema=ROWS)


@dataclass(frozen=True)
class Keyed:
    reads: ClassVar[pa.Schema] = ROWS
    writes: ClassVar[pa.Schema] = ROWS
    partition_by: ClassVar[tuple[str, ...]] = ("n",)

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from batches


@pytest.mark.parametrize("workers", [1, 2])
def test_any_number_of_workers_gives_the_same_rows_in_order(workers: int) -> None:
    rows = table(*range(1000))
    doubled = stages().Doubled()
    ticks: list[int] = []
    with Local(workers) as engine:
        assert engine.map(doubled, rows, ticks.append).equals(apply(doubled, rows))
        assert sum(ticks) == 1000
        assert engine.map(doubled, iter(rows.to_batches(max_chunksize=10))).equals(apply(doubled, rows))
        assert engine.map(doubled, rows.slice(0, 0)).num_rows == 0
        assert engine.map(doubled, iter([])).num_rows == 0


def test_a_keyed_stage_gets_its_rows_sorted() -> None:
    with Local(2) as engine:
        assert engine.map(Keyed(), table(3, 1, 2))["n"].to_pylist() == [1, 2, 3]


@pytest.mark.parametrize("workers", [1, 2])
def test_articles_go_to_the_workers_whole(workers: int) -> None:
    whole = stages().Whole()
    ids = [f"{n % 700:03}" for n in range(5000)]
    rows = pa.table({"doc_id": ids, "n": list(range(5000))}, schema=whole.reads)
    ticks: list[int] = []
    with Local(workers) as engine:
        done = engine.map(whole, rows, ticks.append)
        assert engine.map(whole, rows.slice(0, 0)).num_rows == 0
    assert done.drop(["pid"]).equals(apply(whole, rows).drop(["pid"]))
    assert done["doc_id"].to_pylist() == sorted(set(ids))
    assert set(done["n"].to_pylist()) == {7, 8}
    assert (os.getpid() in done["pid"].to_pylist()) == (workers == 1)
    assert sum(ticks) == 5000


def test_missing_columns_are_named() -> None:
    with Local(1) as engine, pytest.raises(SchemaError, match="column 'n' is missing"):
        engine.map(stages().Doubled(), pa.table({"m": [1]}))


def test_a_stage_that_fails_is_an_error() -> None:
    with Local(2) as engine, pytest.raises(StageError, match="Naughty: ValueError: not this one"):
        engine.map(stages().Naughty(), iter(table(1, RAISES).to_batches(max_chunksize=1)))


def test_a_task_of_many_rows_that_fails_is_done_again_row_by_row() -> None:
    numbers = [RAISES, 1, 2, DIES]
    with Local(2, Limits(seconds=4.0)) as engine:
        naughty = stages().Naughty()
        done = [
            (batch["n"].to_pylist(), result)
            for _, batch, result in engine.guarded([naughty], table(*numbers).to_batches())
        ]
    reasons = {rows[0]: result.reason for rows, result in done if isinstance(result, Failure)}
    assert sorted(rows for rows, _ in done) == [[1], [2], [DIES], [RAISES]]
    assert reasons == {RAISES: "failed", DIES: "crashed"}


def test_each_task_fails_alone_and_with_its_reason() -> None:
    numbers = list(range(12))
    with Local(2, Limits(seconds=4.0, memory_mb=3000)) as engine:
        naughty = stages().Naughty()
        done = {
            index: result for index, _, result in engine.guarded([naughty], table(*numbers).to_batches(max_chunksize=1))
        }
        pids = [worker.process.pid for worker in engine._pool]
    assert sorted(done) == numbers
    reasons = {number: result.reason for number, result in done.items() if isinstance(result, Failure)}
    assert reasons == {
        HANGS: "timeout",
        DIES: "crashed",
        RAISES: "failed",
        GROWS: "memory",
        BREAKS_OFF: "crashed",
    }
    for number in set(numbers) - set(reasons):
        assert done[number]["n"].to_pylist() == [number]
    for pid in pids:
        assert not Path(f"/proc/{pid}").exists()


def test_a_failed_task_is_tried_with_the_next_stage() -> None:
    with Local(1, Limits(memory_mb=3000)) as engine:
        batches = table(DIES, RAISES).to_batches(max_chunksize=1)
        done = [
            result["n"].to_pylist()
            for _, _, result in engine.guarded([stages().Naughty(), stages().Doubled()], batches)
        ]
    assert sorted(done) == [[2 * DIES], [2 * RAISES]]


def test_workers_are_replaced_after_so_many_tasks() -> None:
    with Local(1, Limits(recycle_tasks=2)) as engine:
        batches = table(*range(6)).to_batches(max_chunksize=1)
        pids = [result["n"][0].as_py() for _, _, result in engine.guarded([stages().Pid()], batches)]
    assert len(set(pids)) == 3
    assert os.getpid() not in pids


def test_workers_are_replaced_when_they_have_grown() -> None:
    with Local(1, Limits(recycle_mb=1)) as engine:
        batches = table(*range(3)).to_batches(max_chunksize=1)
        pids = [result["n"][0].as_py() for _, _, result in engine.guarded([stages().Pid()], batches)]
    assert len(set(pids)) == 3


def test_one_task_that_needs_much_memory_costs_one_worker() -> None:
    with Local(1, Limits(recycle_mb=700)) as engine:
        batches = table(0, 0, 800, 0, 0).to_batches(max_chunksize=1)
        pids = [result["n"][0].as_py() for _, _, result in engine.guarded([stages().Fed()], batches)]
    assert pids[0] == pids[1] == pids[2] != pids[3] == pids[4]


def test_a_worker_that_died_while_idle_costs_no_task() -> None:
    with Local(1) as engine:
        pids = []
        for _, _, result in engine.guarded([stages().Pid()], table(0, 1).to_batches(max_chunksize=1)):
            assert not isinstance(result, Failure)
            pids.append(result["n"][0].as_py())
            (worker,) = engine._pool
            worker.process.kill()
            worker.process.join()
    assert len(set(pids)) == 2


def test_a_result_too_large_to_send_is_told() -> None:
    sent = []

    class Full:
        def send(self, answer: tuple[object, bool]) -> None:
            if not isinstance(answer[0], Failure):
                raise MemoryError  # noqa: TRY004 - as the system would
            sent.append(answer)

    _answer(Full(), table(1).to_batches()[0], retire=False)
    ((failure, retire),) = sent
    assert (failure.reason, retire) == ("memory", True)


def test_batches_are_bounded_in_bytes() -> None:
    seen: list[int] = []
    rows = pa.table({"n": list(range(300)), "text": ["x" * 100_000] * 300})

    @dataclass(frozen=True)
    class Sized:
        reads: ClassVar[pa.Schema] = rows.schema
        writes: ClassVar[pa.Schema] = ROWS
        partition_by: ClassVar[tuple[str, ...]] = ()

        def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                seen.append(batch.nbytes)
                yield batch.select(["n"])

    with Local(1) as engine:
        assert engine.map(Sized(), rows)["n"].to_pylist() == list(range(300))
    assert max(seen) <= 8 << 20
    assert len(seen) < 12


def test_leaving_early_leaves_no_worker_busy() -> None:
    with Local(2, Limits(seconds=60)) as engine:
        results = engine.guarded([stages().Naughty()], table(0, HANGS, 1).to_batches(max_chunksize=1))
        next(results)
        began = time.monotonic()
        results.close()
        assert time.monotonic() - began < 5
        assert not [worker for worker in engine._pool if worker.task is not None]


@pytest.mark.parametrize(
    "bad",
    [{"seconds": -1.0}, {"memory_mb": -1}, {"recycle_tasks": 0}, {"recycle_mb": 0}, {"characters": 0}, {"lines": 0}],
    ids=lambda bad: next(iter(bad)),
)
def test_bad_limits(bad: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match=f"Limits: {next(iter(bad))} must be"):
        Limits(**bad)
    with pytest.raises(ParameterError, match="workers must be 1 or more"):
        Local(0)


def test_a_slice_is_sent_without_what_it_is_a_slice_of():
    table = pa.table({"text": ["x" * 1000] * 1000, "keys": [[1, 2]] * 1000, "none": pa.nulls(1000, pa.string())})
    batch = table.combine_chunks().to_batches()[0].slice(500, 10)
    assert len(pickle.dumps(_compact(batch))) < 2 * batch.nbytes < 100_000
    assert _compact(batch).equals(batch)
    assert _compact(batch.slice(0, 0)).schema == batch.schema
