"""The laws that every stage must keep, as functions that raise AssertionError; pytest calls them, and so do the tests
of the laws themselves, with stages that break one each."""

import dataclasses
import pickle

import pyarrow as pa

from dedup.stage import Stage, apply

N_ROWS = 60


def rows(table: pa.Table, *, in_order: bool) -> list[tuple[str, ...]]:
    found = [tuple(repr(value) for value in row.values()) for row in table.to_pylist()]
    return found if in_order else sorted(found)


def result(stage: Stage, table: pa.Table, batch_rows: int | None = None) -> pa.Table:
    table = table.select(stage.reads.names)
    if stage.partition_by:
        table = table.sort_by([(name, "ascending") for name in stage.partition_by])
    batches = list(stage(iter(table.combine_chunks().to_batches(max_chunksize=batch_rows))))
    for batch in batches:
        assert batch.schema.equals(stage.writes), f"yields {batch.schema}, declares {stage.writes}"
    return pa.Table.from_batches(batches, schema=stage.writes)


def is_a_stage(stage: Stage, _table: pa.Table) -> None:
    assert isinstance(stage, Stage)
    assert dataclasses.is_dataclass(stage)
    assert type(stage).__dataclass_params__.frozen, "a stage is frozen"
    assert type(stage)() is not None, "a stage has defaults for all its parameters"
    assert type(stage)() == type(stage)()
    assert set(stage.partition_by) <= set(stage.reads.names)


def types_are_portable(stage: Stage, _table: pa.Table) -> None:
    def check(kind: pa.DataType) -> None:
        bad = pa.types.is_unsigned_integer(kind) or pa.types.is_float16(kind) or str(kind) == "string_view"
        assert not bad, f"{kind} is refused by an engine"
        for index in range(kind.num_fields):
            check(kind.field(index).type)

    for field in [*stage.reads, *stage.writes]:
        check(field.type)


def pickles(stage: Stage, table: pa.Table) -> None:
    again = pickle.loads(pickle.dumps(stage))
    assert again == stage
    assert rows(result(again, table), in_order=True) == rows(result(stage, table), in_order=True)


def batches_do_not_matter(stage: Stage, table: pa.Table) -> None:
    whole = rows(result(stage, table), in_order=True)
    for size in (1, 7):
        assert rows(result(stage, table, size), in_order=True) == whole


def empty_gives_empty(stage: Stage, table: pa.Table) -> None:
    assert result(stage, table.slice(0, 0)).num_rows == 0
    assert list(stage(iter([]))) == [] or all(batch.num_rows == 0 for batch in stage(iter([])))
    nothing = pa.RecordBatch.from_pylist([], schema=stage.reads)
    assert sum(batch.num_rows for batch in stage(iter([nothing]))) == 0


def more_columns_are_ignored(stage: Stage, table: pa.Table) -> None:
    if stage.partition_by:
        table = table.sort_by([(name, "ascending") for name in stage.partition_by])
    wider = table.add_column(0, "not_read", pa.array(["x"] * table.num_rows)).combine_chunks()
    batches = list(stage(iter(wider.to_batches())))
    assert rows(pa.Table.from_batches(batches, schema=stage.writes), in_order=True) == rows(
        apply(stage, table), in_order=True
    )


def no_memory(stage: Stage, table: pa.Table) -> None:
    first = rows(result(stage, table), in_order=True)
    assert rows(result(stage, table), in_order=True) == first


def order_does_not_matter(stage: Stage, table: pa.Table) -> None:
    backwards = table.take(pa.array(range(table.num_rows - 1, -1, -1)))
    assert rows(result(stage, backwards), in_order=False) == rows(result(stage, table), in_order=False)


def splits_do_not_matter(stage: Stage, table: pa.Table) -> None:
    """Any split of a row-wise stage, and any split between keys of a keyed one, gives the same rows."""
    if stage.partition_by:
        keys = [tuple(row.values()) for row in table.select(list(stage.partition_by)).to_pylist()]
        first = set(sorted(set(keys), key=repr)[::2])
        sides = [[place for place, key in enumerate(keys) if (key in first) is side] for side in (True, False)]
    else:
        sides = [list(range(0, table.num_rows, 2)), list(range(1, table.num_rows, 2))]
    parts = [result(stage, table.take(pa.array(side, pa.int64()))) for side in sides]
    assert rows(pa.concat_tables(parts), in_order=False) == rows(result(stage, table), in_order=False)


LAWS = [
    is_a_stage,
    types_are_portable,
    pickles,
    batches_do_not_matter,
    empty_gives_empty,
    more_columns_are_ignored,
    no_memory,
    order_does_not_matter,
    splits_do_not_matter,
]
