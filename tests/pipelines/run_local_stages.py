"""Stages for the tests of the local engine, in a module of their own so that worker processes can import them."""

import gc
import os
import struct
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from multiprocessing.connection import Connection
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

ROWS = pa.schema([("n", pa.int64())])
HANGS, DIES, RAISES, GROWS, BREAKS_OFF = 3, 5, 7, 8, 10


@dataclass(frozen=True)
class Doubled:
    reads: ClassVar[pa.Schema] = ROWS
    writes: ClassVar[pa.Schema] = ROWS
    partition_by: ClassVar[tuple[str, ...]] = ()

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield pa.record_batch([pc.multiply(batch["n"], 2)], schema=ROWS)


@dataclass(frozen=True)
class Whole:
    """Counts the rows of each article that come together."""

    reads: ClassVar[pa.Schema] = pa.schema([("doc_id", pa.string()), ("n", pa.int64())])
    writes: ClassVar[pa.Schema] = pa.schema([("doc_id", pa.string()), ("n", pa.int64()), ("pid", pa.int64())])
    partition_by: ClassVar[tuple[str, ...]] = ("doc_id",)

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        ids = [doc_id for batch in batches for doc_id in batch["doc_id"].to_pylist()]
        rows = [{"doc_id": doc_id, "n": len(list(run)), "pid": os.getpid()} for doc_id, run in groupby(ids)]
        yield pa.RecordBatch.from_pylist(rows, schema=self.writes)


@dataclass(frozen=True)
class Naughty(Doubled):
    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            number = batch["n"][0].as_py()
            if number == HANGS:
                time.sleep(600)
            if number == DIES:
                os._exit(9)
            if number == RAISES:
                raise ValueError("not this one")
            if number == GROWS:
                bytearray(8 << 30)
            if number == BREAKS_OFF:
                (pipe,) = [each for each in gc.get_objects() if type(each) is Connection and not each.closed]
                os.write(pipe.fileno(), struct.pack("!i", 1000) + b"half an answer")
                os._exit(0)
            yield batch


@dataclass(frozen=True)
class Pid(Doubled):
    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield pa.record_batch([[os.getpid()] * batch.num_rows], schema=ROWS)


@dataclass(frozen=True)
class Fed(Doubled):
    """Takes so many MB for the length of the task, and answers with its process id."""

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            eaten = bytearray(batch["n"][0].as_py() << 20)
            eaten[:: 1 << 12] = b"x" * len(range(0, len(eaten), 1 << 12))
            yield pa.record_batch([[os.getpid()] * batch.num_rows], schema=ROWS)
