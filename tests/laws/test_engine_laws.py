"""Engines agree: a stage, and the whole job, give the same in this process, in a pool of processes and on Spark's executors.

Executors are processes of their own (`local-cluster`): `local[*]` hides what does not survive the way to another machine. One session serves all
tests of this file.
"""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup.duplicates.component import components
from dedup.stage import Stage, apply
from pipelines import nightly
from pipelines.config import Config
from pipelines.journal import Journal
from pipelines.output import Format
from pipelines.preprocess import article_line
from pipelines.report import FILES, RUN_JSON
from pipelines.run_local import Local
from pipelines.source import digest as source_digest
from pipelines.source import read_file
from pipelines.source.named import expand
from pipelines.spark.cluster import Cluster
from pipelines.spark.component import labels
from pipelines.spark.night import OnSpark
from pipelines.spark.reading import READ, read
from pipelines.spark.reading import digest as spark_digest
from pipelines.spark.session import missing
from pipelines.state import open_store
from pipelines.state.export import line, rows

# Small data: what takes time is compiling, and starting tasks; the second compiler of the virtual machine costs more than it gives.
BRIEF = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
OPTIONS = {
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.codegen.wholeStage": "false",
    "spark.executor.extraJavaOptions": BRIEF,
    "spark.driver.defaultJavaOptions": BRIEF,
    "spark.driver.memory": "1g",
}
#: Some forty milliseconds a row.
SLOW = {"Extract": 6}
N_ROWS = 60


@pytest.fixture(scope="module")
def spark() -> Iterator[OnSpark]:
    if said := missing():
        pytest.skip(f"no Spark here: {said}")
    with OnSpark("local-cluster[2,1,1024]", OPTIONS) as one:
        yield one


@pytest.fixture(scope="module")
def cluster(spark: OnSpark) -> Cluster:
    return spark.cluster


def told(table: pa.Table) -> list[str]:
    return sorted(repr(row) for row in table.to_pylist())


# -- stages ----------------------------------------------------------------------------------------------------------


def given(recorded: dict[str, tuple[Stage, pa.Table]]) -> Iterator[tuple[Stage, pa.Table]]:
    for name, (stage, table) in recorded.items():
        yield stage, table.select(stage.reads.names).slice(0, SLOW.get(name, N_ROWS))


def test_a_pool_gives_what_one_process_gives(recorded: dict[str, tuple[Stage, pa.Table]]) -> None:
    with Local(2) as engine:
        for stage, table in given(recorded):
            assert engine.map(stage, table).equals(apply(stage, table)), type(stage).__name__


def test_executors_give_what_one_process_gives(cluster: Cluster, recorded: dict[str, tuple[Stage, pa.Table]]) -> None:
    for stage, table in given(recorded):
        found = cluster.collected(cluster.map(stage, cluster.frame(table)), stage.writes)
        assert told(found) == told(apply(stage, table)), type(stage).__name__


# -- components ------------------------------------------------------------------------------------------------------


def test_components_take_rounds_that_grow_with_the_logarithm(cluster: Cluster) -> None:
    draw = np.random.default_rng(5)
    chain = draw.permutation(16)
    star = np.full(5, 999), np.arange(200, 205)
    left = np.concatenate([chain[:-1], star[0], [300, 301, 302]])
    right = np.concatenate([chain[1:], star[1], [301, 302, 300]])
    before = next(cluster._numbers)
    found = cluster.collected(
        labels(cluster, cluster.frame(pa.table({"left": left, "right": right})), small=0),
        pa.schema([("node", pa.int64()), ("label", pa.int64())]),
        ["node"],
    )
    written = next(cluster._numbers) - before
    nodes = found["node"].to_numpy()
    assert nodes.tolist() == np.unique(np.concatenate([left, right])).tolist()
    expected = components(1000, left, right)
    assert found["label"].to_pylist() == expected[nodes].tolist()
    # A walk along the chain would be sixteen of them.
    assert written < 16


def test_what_is_written_out_is_read_in_pieces(cluster: Cluster) -> None:
    """So the rows that one task made, such as all pages of a large file, are the work of many."""
    draw = np.random.default_rng(7)
    table = pa.table({"page": pa.array([draw.bytes(50_000) for _ in range(600)], pa.binary())})
    rows = cluster.written(cluster.frame(table).coalesce(1))
    [path] = rows.inputFiles()
    pieces = pq.ParquetFile(path.removeprefix("file://")).metadata
    assert pieces.num_rows == table.num_rows
    assert 3 <= pieces.num_row_groups <= 6
    assert rows.count() == table.num_rows


# -- reading ---------------------------------------------------------------------------------------------------------


def test_an_address_is_read_as_a_path_is(cluster: Cluster, root: Path) -> None:
    folder = root / "fixtures" / "day2"
    found, rejects = read(cluster, [folder.as_uri()], None)
    pages = cluster.collected(found, READ, ["arrival"]).to_pylist()
    here = [item for named in expand([str(folder)]) for item in read_file(named)]
    columns = ("doc_id", "kind", "content", "url", "source", "title", "published", "extra", "position", "reason")
    assert [[row[name] for name in columns] for row in pages] == [
        [getattr(one, name, b"" if name == "content" else "") for name in columns] for one in here
    ]
    assert rejects == []
    found, there = (spark_digest(cluster, [given])[0] for given in (str(folder), folder.as_uri()))
    assert found == source_digest([str(folder)])[0]
    assert found | {"path": ""} == there | {"path": ""}


# -- the job ---------------------------------------------------------------------------------------------------------


def exported(state: str) -> list[str]:
    """Rows of all relations but those that tell of the run itself, and how long it took."""
    with open_store(state, writing=False) as store:
        found = [line(row) for row in rows(store)]
    return [one for one in found if json.loads(one)["relation"] not in {"runs", "files"}]


def test_nights_on_a_cluster_are_nights_on_one_machine(
    spark: OnSpark, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)  # inputs stand in the report as they were named
    for name in ("_TELLING_BITS", "_PART_BITS"):
        monkeypatch.setattr(f"pipelines.spark.matching.{name}", 3)  # pairs are of many parts
    nights = [["fixtures/day1", "fixtures/broken"], ["fixtures/day2", "fixtures/day1/wire.jsonl"]]
    for place, inputs in enumerate(nights):
        # What is short goes to every executor on the first night, and is joined by keys on the second.
        monkeypatch.setattr("pipelines.spark.cluster.EVERYWHERE", 0 if place else 1000)
        reports = []
        for name, elsewhere in (("local", None), ("spark", spark)):
            out = tmp_path / f"{name}-{place}"
            nightly.run(inputs, out, Config(), 1, None, Journal(), f"{tmp_path}/state-{name}/", elsewhere)
            reports.append({file: (out / file).read_bytes() for file in FILES - {RUN_JSON}})
        differing = [file for file in reports[0] if reports[0][file] != reports[1][file]]
        assert not differing, f"night {place}"
        counts = [
            json.loads((tmp_path / f"{name}-{place}" / RUN_JSON).read_text())["counts"] for name in ("local", "spark")
        ]
        assert counts[0] == counts[1]
    assert exported(f"{tmp_path}/state-local/") == exported(f"{tmp_path}/state-spark/")


def test_unique_is_the_same(spark: OnSpark, root: Path, tmp_path: Path) -> None:
    inputs, written = (
        [str(root / "fixtures" / "day1" / "wire.jsonl"), str(root / "fixtures" / "day2" / "wire.jsonl")],
        [],
    )
    for name, elsewhere in (("local", None), ("spark", spark)):
        nightly.unique(inputs, tmp_path / name, Config(), 1, None, Journal(), Format.jsonl, elsewhere=elsewhere)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]


def test_clean_gives_the_articles_in_the_order_of_the_inputs(spark: OnSpark, root: Path) -> None:
    from pipelines.preprocess import stream

    inputs = [str(root / "fixtures" / "day3" / "wire.jsonl"), str(root / "fixtures" / "day1" / "wire.jsonl")]
    found = spark.cleaned(inputs, Config(), Journal(), None)
    with Local(1) as engine:
        here = list(stream(inputs, Config(), engine, Journal()))
    assert len(here) == 1
    assert [article_line(row) for row in found.articles.to_pylist()] == [
        article_line(row) for row in itertools.chain.from_iterable(one.articles.to_pylist() for one in here)
    ]
