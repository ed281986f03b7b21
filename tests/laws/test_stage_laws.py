import importlib.util
import itertools
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import pytest

from dedup.stage import Stage

HERE = Path(__file__).parent


def _load(name: str):
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


laws = _load("stage_laws")
stage_classes = _load("conftest").stage_classes

# Some forty milliseconds a row.
SLOW = {"Extract": 6}

ROWS = pa.schema([("key", pa.string()), ("n", pa.int64())])
TABLE = pa.table({"key": ["a", "b", "a", "c", "b", "a"], "n": [1, 2, 3, 4, 5, 6]}, schema=ROWS)


@pytest.mark.parametrize("stage_class", stage_classes(), ids=lambda one: one.__name__)
@pytest.mark.parametrize("law", laws.LAWS, ids=lambda one: one.__name__)
def test_law(law: Callable, stage_class: type, recorded: dict[str, tuple[Stage, pa.Table]]) -> None:
    if stage_class.__name__ not in recorded:
        pytest.fail("the nightly job never ran this stage")
    stage, table = recorded[stage_class.__name__]
    assert table.num_rows, "the nightly job gave this stage no rows"
    n_rows = SLOW.get(stage_class.__name__, laws.N_ROWS)
    law(stage, table.slice(0, n_rows))


def test_hash_seed_does_not_matter(recorded: dict[str, tuple[Stage, pa.Table]], tmp_path: Path) -> None:
    given = [
        (stage, table.select(stage.reads.names).slice(0, SLOW.get(name, laws.N_ROWS)))
        for name, (stage, table) in recorded.items()
    ]
    path = tmp_path / "stages.pickle"
    path.write_bytes(pickle.dumps(given))
    code = (
        "import pickle, sys, hashlib\nfrom dedup.stage import apply\n"
        "for stage, table in pickle.load(open(sys.argv[1], 'rb')):\n"
        "    rows = repr(apply(stage, table).to_pylist())\n"
        "    print(type(stage).__name__, hashlib.sha256(rows.encode()).hexdigest())\n"
    )
    answers = []
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", code, str(path)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            cwd=HERE.parents[1],
        )
        answers.append(run.stdout)
    assert answers[0] == answers[1]
    assert answers[0].count("\n") == len(given)


# -- stages that break one law each ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Good:
    reads: ClassVar[pa.Schema] = ROWS
    writes: ClassVar[pa.Schema] = ROWS
    partition_by: ClassVar[tuple[str, ...]] = ()

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield batch.select(ROWS.names)


@dataclass
class NotFrozen:
    reads: ClassVar[pa.Schema] = ROWS
    writes: ClassVar[pa.Schema] = ROWS
    partition_by: ClassVar[tuple[str, ...]] = ()

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from batches


@dataclass(frozen=True)
class OtherSchema(Good):
    writes: ClassVar[pa.Schema] = pa.schema([("key", pa.string())])


@dataclass(frozen=True)
class Unsigned(Good):
    writes: ClassVar[pa.Schema] = pa.schema([("n", pa.uint64())])


@dataclass(frozen=True)
class Unpicklable(Good):
    how: Callable = lambda: None


@dataclass(frozen=True)
class CountsItsCalls(Good):
    calls: list[int] = field(default_factory=list, compare=False)

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        self.calls.append(1)
        for batch in batches:
            yield pa.RecordBatch.from_pylist([row | {"n": len(self.calls)} for row in batch.to_pylist()], schema=ROWS)


@dataclass(frozen=True)
class NumbersWithinTheBatch(Good):
    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            rows = [row | {"n": place} for place, row in enumerate(batch.to_pylist())]
            yield pa.RecordBatch.from_pylist(rows, schema=ROWS)


@dataclass(frozen=True)
class NumbersAllRows(Good):
    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        number = itertools.count()
        for batch in batches:
            rows = [row | {"n": next(number)} for row in batch.to_pylist()]
            yield pa.RecordBatch.from_pylist(rows, schema=ROWS)


@dataclass(frozen=True)
class AlwaysOneRow(Good):
    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from batches
        yield pa.RecordBatch.from_pylist([{"key": "extra", "n": 0}], schema=ROWS)


@dataclass(frozen=True)
class TakesTheFirstColumn(Good):
    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield pa.RecordBatch.from_arrays([batch.column(0), batch.column(-1)], schema=ROWS)


@dataclass(frozen=True)
class LosesAKeyAtABorder(Good):
    """Keyed, but sums per batch: a group that straddles two batches comes out twice."""

    partition_by: ClassVar[tuple[str, ...]] = ("key",)

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            sums = pa.Table.from_batches([batch]).group_by("key", use_threads=False).aggregate([("n", "sum")])
            rows = [{"key": row["key"], "n": row["n_sum"]} for row in sums.to_pylist()]
            yield pa.RecordBatch.from_pylist(rows, schema=ROWS)


@dataclass(frozen=True)
class ComparesWithTheFirstKey(Good):
    partition_by: ClassVar[tuple[str, ...]] = ("key",)

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        first = None
        for batch in batches:
            rows = batch.to_pylist()
            first = first or (rows[0]["key"] if rows else None)
            yield pa.RecordBatch.from_pylist([row | {"key": f"{first}-{row['key']}"} for row in rows], schema=ROWS)


@pytest.mark.parametrize("law", laws.LAWS, ids=lambda one: one.__name__)
def test_a_good_stage_keeps_every_law(law: Callable) -> None:
    law(Good(), TABLE)


@pytest.mark.parametrize(
    ("bad", "broken"),
    [
        (NotFrozen, laws.is_a_stage),
        (OtherSchema, laws.batches_do_not_matter),
        (Unsigned, laws.types_are_portable),
        (Unpicklable, laws.pickles),
        (CountsItsCalls, laws.no_memory),
        (NumbersWithinTheBatch, laws.batches_do_not_matter),
        (NumbersAllRows, laws.splits_do_not_matter),
        (NumbersAllRows, laws.order_does_not_matter),
        (AlwaysOneRow, laws.empty_gives_empty),
        (TakesTheFirstColumn, laws.more_columns_are_ignored),
        (LosesAKeyAtABorder, laws.batches_do_not_matter),
        (ComparesWithTheFirstKey, laws.splits_do_not_matter),
    ],
    ids=lambda one: one.__name__,
)
def test_the_laws_see_bad_stages(bad: type, broken: Callable) -> None:
    with pytest.raises((AssertionError, AttributeError, pickle.PicklingError, pa.ArrowInvalid, ValueError)):
        broken(bad(), TABLE)
