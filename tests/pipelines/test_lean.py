"""Pandas stays out of the command, and so do most looks for garbage."""

import subprocess
import sys

import pytest


def test_arrow_does_not_load_pandas_but_others_may() -> None:
    pytest.importorskip("pandas")
    code = """
import sys
from pipelines.lean import without_pandas
import pyarrow as pa

without_pandas()
without_pandas()
assert pa.array([1, 2]).to_pylist() == [1, 2]
assert "pandas" not in sys.modules
import pandas
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_process_that_has_pandas_keeps_it() -> None:
    pytest.importorskip("pandas")
    code = """
import pandas
import pyarrow as pa
from pipelines.lean import without_pandas

without_pandas()
assert pa.table({"a": [1]}).to_pandas()["a"].tolist() == [1]
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_worker_seldom_looks_for_garbage() -> None:
    code = "import gc, pipelines.warm; print(gc.get_threshold()[0])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(run.stdout) >= 10_000
