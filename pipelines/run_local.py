"""The local engine: stages in this process or in a pool of worker processes.

In: a stage and its rows. Out: the stage's rows, in the order of the input, whatever the number of workers.

Rules guarded here: a task that runs past its wall-clock limit, takes too much memory or kills its worker costs that
task alone (the worker is killed and replaced); workers are replaced after so many tasks or so much memory; and no
worker outlives the engine, however it ends.
"""

import fcntl
import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from itertools import chain, islice, pairwise
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.errors import ParameterError, StageError
from dedup.stage import Stage, apply, require, together

_MB = 1 << 20
_BATCH_ROWS = 256
_BATCH_BYTES = 8 * _MB
_START_SECONDS = 120
# Keyed by what has many lines: those of a task take longer to work on than to send.
_OF_LINES = (("doc_id",), ("source",))
_LINES = 1024
# What a worker needs and is slow to import, to compile or to read; the fork server has it once, so that a replaced worker starts at once.
_PRELOAD = ["trafilatura", "resiliparse.extract.html2text", "dedup.kernels", "dedup.term_kernels", "pipelines.warm"]


@dataclass(frozen=True, slots=True)
class Failure:
    """A task that gave no rows: ``reason`` is ``timeout``, ``crashed``, ``memory`` or ``failed``."""

    reason: str
    detail: str


_OUT_OF_MEMORY = Failure("memory", "more memory was needed than one page may take")


@dataclass(frozen=True)
class Limits:
    """What one page may cost: before its worker is killed or replaced, and in the stages after extraction.

    Parameters
    ----------
    seconds : float
        Wall-clock seconds for one task; 0 means no limit.
    memory_mb : int
        Address space of a worker in MB beyond which it gets a MemoryError; 0 means no limit.
    recycle_tasks : int
        A worker is replaced after so many tasks.
    recycle_mb : int
        A worker whose peak resident memory passes this is replaced after the task.
    characters, lines : int
        A text of more characters or lines than this is no article and is rejected as ``too_large``: the stages after
        extraction work on all texts together, and this is what bounds them. Three million characters are a long novel.
    """

    seconds: float = 30.0
    memory_mb: int = 6000
    recycle_tasks: int = 2000
    recycle_mb: int = 1200
    characters: int = 3_000_000
    lines: int = 150_000

    def __post_init__(self) -> None:
        for one in fields(self):
            value, least = getattr(self, one.name), 0 if one.name in ("seconds", "memory_mb") else 1
            if not value >= least:
                raise ParameterError(f"Limits: {one.name} must be {least} or more. Got {value}.")


@dataclass(slots=True)
class _Task:
    index: int
    batch: pa.RecordBatch
    attempt: int = 0


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    task: _Task | None = None
    deadline: float = float("inf")


class Local:
    """Runs stages on this machine. Use as a context manager: leaving it ends every worker.

    Parameters
    ----------
    workers : int
        Worker processes. With 1, stages run in this process, but for guarded ones, which always get a worker.
    limits : Limits
        For guarded stages.
    """

    def __init__(self, workers: int = 1, limits: Limits | None = None) -> None:
        if workers < 1:
            raise ParameterError(f"workers must be 1 or more. Got {workers}.")
        self.workers = workers
        self.limits = limits or Limits()
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(_PRELOAD)
        self._pool: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every worker at once."""
        for worker in self._pool:
            _end(worker)
        self._pool.clear()

    # -- verbs ---------------------------------------------------------------------------------------------------

    def map(
        self, stage: Stage, rows: pa.Table | Iterable[pa.RecordBatch], tick: Callable[[int], None] | None = None
    ) -> pa.Table:
        """Run a stage over a relation.

        Parameters
        ----------
        stage : Stage
            A row-wise stage runs in the workers, and so does one keyed by article or by source, some of them a task; any other keyed one in
            this process, over rows sorted by its key.
        rows : Table or iterable of RecordBatch
            An iterable is consumed as it is worked on, so that it never stands in memory as a whole.
        tick : callable, optional
            Called with the number of input rows finished.

        Raises
        ------
        SchemaError
            If the rows lack what the stage reads.
        StageError
            If the stage fails on them.
        """
        if stage.partition_by:
            table = rows if isinstance(rows, pa.Table) else pa.Table.from_batches(rows, schema=stage.reads)
            if self.workers == 1 or stage.partition_by not in _OF_LINES:
                done = apply(stage, table)
                if tick:
                    tick(table.num_rows)
                return done
            require(table, stage.reads, type(stage).__name__)
            batches: Iterable[pa.RecordBatch] = _whole(table.select(stage.reads.names), stage.partition_by)
        elif isinstance(rows, pa.Table):
            require(rows, stage.reads, type(stage).__name__)
            batches = _bounded(rows.select(stage.reads.names))
        else:
            batches = rows
        # A single batch is done here before a worker would have started.
        ahead = list(islice(batches := iter(batches), 2))
        batches = chain(ahead, batches)
        if self.workers == 1 or len(ahead) < 2:
            return pa.Table.from_batches(_counted(stage, batches, tick), schema=stage.writes)
        done_batches: dict[int, pa.RecordBatch] = {}
        for index, _batch, result in self._run((stage,), batches, Limits(seconds=0, memory_mb=0)):
            if isinstance(result, Failure):
                raise StageError(f"{type(stage).__name__}: {result.detail}")
            done_batches[index] = result
            if tick:
                tick(_batch.num_rows)
        return pa.Table.from_batches([done_batches[index] for index in sorted(done_batches)], schema=stage.writes)

    def guarded(
        self, stages: Sequence[Stage], batches: Iterable[pa.RecordBatch]
    ) -> Iterator[tuple[int, pa.RecordBatch, pa.RecordBatch | Failure]]:
        """Run a row-wise stage in workers, under the engine's limits.

        Parameters
        ----------
        stages : sequence of Stage
            The stage, then what to try in its place on a row it failed on.
        batches : iterable of RecordBatch
            One task each. One that fails is done again row by row, so that a bad row costs no other; the limits are those of a task.

        Yields
        ------
        index, batch, result
            In the order they finish: the batch's place, the batch, or a row of it, and the stage's rows or why there are none.
        """
        return self._run(tuple(stages), batches, self.limits, splits=True)

    # -- the pool ------------------------------------------------------------------------------------------------

    def _run(
        self, stages: tuple[Stage, ...], batches: Iterable[pa.RecordBatch], limits: Limits, *, splits: bool = False
    ) -> Iterator[tuple[int, pa.RecordBatch, pa.RecordBatch | Failure]]:
        source = (_Task(*one) for one in enumerate(batches))
        again: deque[_Task] = deque()
        ahead = next(source, None)
        try:
            while True:
                while (len(self._pool) < self.workers) or any(worker.task is None for worker in self._pool):
                    if again:
                        task = again.popleft()
                    elif ahead:
                        # The next one is made ready while workers are busy: one that is done would wait for it.
                        task, ahead = ahead, None
                    else:
                        break
                    self._give(task, stages[task.attempt], limits)
                    ahead = ahead or next(source, None)
                busy = [worker for worker in self._pool if worker.task is not None]
                if not busy:
                    return
                for worker in self._ready(busy):
                    assigned = worker.task
                    assert assigned is not None
                    result = self._take(worker, limits)
                    if isinstance(result, Failure) and splits and assigned.batch.num_rows > 1:
                        rows = range(assigned.batch.num_rows)
                        again.extend(_Task(assigned.index, assigned.batch.slice(row, 1)) for row in rows)
                    elif isinstance(result, Failure) and assigned.attempt + 1 < len(stages):
                        assigned.attempt += 1
                        again.append(assigned)
                    else:
                        yield assigned.index, assigned.batch, result
        finally:
            # Left early, by an error or a closed generator: what is still being worked on is of no use to anyone.
            for worker in [one for one in self._pool if one.task is not None]:
                self._drop(worker)

    def _give(self, task: _Task, stage: Stage, limits: Limits) -> None:
        # One that has died while idle, as when the system was short of memory, is no fault of the next task.
        for idle in [one for one in self._pool if one.task is None and not one.process.is_alive()]:
            self._drop(idle)
        worker = next((one for one in self._pool if one.task is None), None)
        if worker is None:
            worker = self._start(limits)
        worker.task = task
        with suppress(BrokenPipeError, ConnectionResetError):
            worker.pipe.send((stage, _compact(task.batch)))
        worker.deadline = time.monotonic() + limits.seconds if limits.seconds else float("inf")

    @staticmethod
    def _ready(busy: list[_Worker]) -> list[_Worker]:
        deadline = min(worker.deadline for worker in busy)
        timeout = None if deadline == float("inf") else max(0.0, deadline - time.monotonic())
        ready = set(wait([worker.pipe for worker in busy], timeout))
        now = time.monotonic()
        return [worker for worker in busy if worker.pipe in ready or worker.deadline <= now]

    def _take(self, worker: _Worker, limits: Limits) -> pa.RecordBatch | Failure:
        """Read what a worker answered, or see that it has died or run out of time; replace it where it must go."""
        if not worker.pipe.poll():
            self._drop(worker)
            return Failure("timeout", f"no result within {limits.seconds:g} seconds")
        try:
            result, retire = worker.pipe.recv()
        except (EOFError, OSError):
            # Before it answered, or in the middle of its answer.
            worker.process.join(5)
            code = worker.process.exitcode
            self._drop(worker)
            return Failure("crashed", f"the worker process ended with code {code}")
        worker.task = None
        if retire:
            self._drop(worker)
        assert isinstance(result, pa.RecordBatch | Failure)
        return result

    def _start(self, limits: Limits) -> _Worker:
        _start_fork_server()
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(theirs, limits), daemon=True)
        process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self._pool.append(worker)
        # The first worker waits for the fork server's imports; they are no part of a task's time.
        if not ours.poll(_START_SECONDS):
            raise StageError(f"a worker process did not start within {_START_SECONDS} seconds.")
        try:
            ours.recv()
        except (EOFError, OSError):
            raise StageError("a worker process ended while it started; standard error has its last words.") from None
        return worker

    def _drop(self, worker: _Worker) -> None:
        self._pool.remove(worker)
        _end(worker)


def _compact(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the rows in memory of their own: of a slice, Arrow would send all that it is a slice of."""
    return pa.ipc.read_record_batch(batch.serialize(), batch.schema)


def _start_fork_server() -> None:
    """Start the fork server, unless it runs, deaf to a Ctrl-C, which would reach it too while it is still loading."""
    # It unblocks the signal when it starts, so it must be there before.
    resource_tracker.ensure_running()
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _end(worker: _Worker) -> None:
    worker.process.kill()
    worker.process.join()
    worker.pipe.close()


def _bounded(table: pa.Table) -> Iterator[pa.RecordBatch]:
    """Split a table into batches that are bounded in rows and, down to a single row, in bytes."""
    pending = table.to_batches(max_chunksize=_BATCH_ROWS)[::-1]
    while pending:
        batch = pending.pop()
        if batch.num_rows > 1 and batch.nbytes > _BATCH_BYTES:
            half = batch.num_rows // 2
            pending += [batch.slice(half), batch.slice(0, half)]
        else:
            yield batch


def _whole(table: pa.Table, names: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    """Split rows into batches in which those of a key are together, bounded in rows and in bytes, but for one key alone."""
    table = together(table, names)
    keys = pc.fill_null(table[names[0]].combine_chunks(), "")
    begins = pc.not_equal(keys[1:], keys[:-1]).to_numpy(zero_copy_only=False)
    ends = [*(np.flatnonzero(begins) + 1).tolist(), len(keys)] if len(keys) else []
    most = min(_LINES, _BATCH_BYTES * len(keys) // max(table.nbytes, 1))
    start = 0
    for end, following in pairwise([*ends, 2 * len(keys) + most]):
        if following - start > most:
            yield table.slice(start, end - start).combine_chunks().to_batches()[0]
            start = end


def _counted(
    stage: Stage, batches: Iterable[pa.RecordBatch], tick: Callable[[int], None] | None
) -> Iterator[pa.RecordBatch]:
    """Run the stage in this process, and tell of each input batch once the stage has asked for the next."""

    def told() -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield batch
            if tick:
                tick(batch.num_rows)

    return stage(told())


# -- in the worker ---------------------------------------------------------------------------------------------------


def _work(pipe: Connection, limits: Limits) -> None:
    """Answer tasks until the pipe closes. Runs in the worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides; a Ctrl-C reaches the whole group
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _die_with_parent()
    _cap_memory(limits.memory_mb)
    pipe.send("ready")
    n_tasks = 0
    while True:
        try:
            stage, batch = pipe.recv()
        except (EOFError, OSError, MemoryError):
            return
        n_tasks += 1
        result = _attempt(stage, batch)
        retire = n_tasks >= limits.recycle_tasks or _peak_mb() > limits.recycle_mb
        try:
            _answer(pipe, result, retire=retire)
        except OSError:
            return


def _answer(pipe: Connection, result: pa.RecordBatch | Failure, *, retire: bool) -> None:
    """Send a result, or say that there was not even the memory to send it."""
    try:
        pipe.send((result, retire))
    except MemoryError:
        pipe.send((_OUT_OF_MEMORY, True))


def _attempt(stage: Stage, batch: pa.RecordBatch) -> pa.RecordBatch | Failure:
    try:
        return pa.Table.from_batches(stage(iter([batch])), schema=stage.writes).combine_chunks().to_batches()[0]
    except IndexError:
        return pa.RecordBatch.from_pylist([], schema=stage.writes)
    except MemoryError:
        return _OUT_OF_MEMORY
    except Exception as error:  # noqa: BLE001 - the parent decides what a failed task means
        return Failure("failed", f"{type(error).__name__}: {str(error)[:300]}")


def _die_with_parent() -> None:
    """Ask the kernel to end this process when the parent ends, however busy it is then and however that ended.

    The parent holds the other end of a pipe; when it closes, the kernel sends SIGIO, whose default is to terminate.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None
    pipe = parent.sentinel
    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)
    if wait([pipe], 0):
        os._exit(1)


def _cap_memory(megabytes: int) -> None:
    if not megabytes:
        return
    import resource

    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = megabytes * _MB if hard == resource.RLIM_INFINITY else min(megabytes * _MB, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _peak_mb() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else _MB)


def default_workers() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
