"""Every stage of the library with real rows to work on: recorded while the nightly job runs over the fixtures."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

import dedup
from dedup.stage import Stage
from pipelines.config import Config
from pipelines.journal import Journal
from pipelines.nightly import night
from pipelines.run_local import Failure, Local

ROOT = Path(__file__).resolve().parents[2]


class Recorder(Local):
    """An engine that remembers what each stage was given."""

    def __init__(self) -> None:
        super().__init__(workers=1)
        self.seen: dict[str, tuple[Stage, pa.Table]] = {}

    def map(
        self, stage: Stage, rows: pa.Table | Iterable[pa.RecordBatch], tick: Callable[[int], None] | None = None
    ) -> pa.Table:
        table = rows if isinstance(rows, pa.Table) else pa.Table.from_batches(rows, schema=stage.reads)
        self.seen.setdefault(type(stage).__name__, (stage, table))
        return super().map(stage, table, tick)

    def guarded(
        self, stages: Sequence[Stage], batches: Iterable[pa.RecordBatch]
    ) -> Iterator[tuple[int, pa.RecordBatch, pa.RecordBatch | Failure]]:
        given = list(batches)
        self.seen.setdefault(type(stages[0]).__name__, (stages[0], pa.Table.from_batches(given)))
        return super().guarded(stages, given)


@pytest.fixture(scope="session")
def recorded() -> dict[str, tuple[Stage, pa.Table]]:
    with Recorder() as engine:
        night([str(ROOT / "fixtures" / "day1")], Config(), engine, Journal())
        return engine.seen


def stage_classes() -> list[type]:
    """Every class of the library that has the shape of a stage."""
    found = {}
    for module in pkgutil.walk_packages(dedup.__path__, "dedup."):
        for name, value in vars(importlib.import_module(module.name)).items():
            is_stage = isinstance(value, type) and all(hasattr(value, part) for part in ("reads", "writes", "__call__"))
            if is_stage and value.__module__ == module.name:
                found[name] = value
    found.pop("Stage", None)
    return [found[name] for name in sorted(found)]
