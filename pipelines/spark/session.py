"""A Spark session for one run: looked for, started, ended.

In: the address of a master. Out: a session whose executors run the Python of this process, unless the user said another; on this
machine it is bound to the loopback address.

Rule guarded here: what is missing (the extra, Java, the master) is told in one line before anything is read.
"""

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from dedup.errors import InputError, StageError
from pipelines.spark.cluster import PARTITIONS

#: Masters whose driver and executors are all on this machine.
_HERE: Final = ("local", "spark://127.", "spark://localhost")
#: Settings that the user's own come before. A page may have megabytes and a joined pair has some forty kilobytes, so batches are bounded in bytes; and a
#: megabyte of text is seconds of work, so tasks are small: no more than one of them is lost with a worker, and the last ends soon after the others.
_DEFAULTS: Final[Mapping[str, str]] = {
    "spark.sql.execution.arrow.maxRecordsPerBatch": "1024",
    "spark.sql.execution.arrow.maxBytesPerBatch": str(16 << 20),
    "spark.sql.files.maxPartitionBytes": str(8 << 20),
    "spark.sql.files.openCostInBytes": str(1 << 20),
    "spark.sql.adaptive.advisoryPartitionSizeInBytes": str(8 << 20),
    "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
}
#: The same of what is settled when a session starts. It makes a quarter less of what is shuffled than the usual codec does, in no more time.
_AT_START: Final[Mapping[str, str]] = {"spark.io.compression.codec": "zstd"}
#: Parts that a shuffle is cut into for each core; what is too small is put together again by Spark as it runs.
_PARTS_PER_CORE: Final = 8
#: The line of a traceback that says what was raised.
_RAISED: Final = re.compile(r"(?:[a-z_]+\.)*[A-Z]\w*(?:Error|Exception): (.+)")


def missing() -> str:
    """Return what is missing for Spark on this machine, in a few words; empty where all is there."""
    for name in ("pyspark", "pandas"):
        if find_spec(name) is None:
            return f"the package {name} is not installed. Install the extra: pip install 'news-dedup[spark]'"
    home = os.environ.get("JAVA_HOME")
    if not (home and (Path(home) / "bin" / "java").exists()) and shutil.which("java") is None:
        return "there is no Java. Install Java 17, or set JAVA_HOME"
    return ""


def check() -> None:
    """See that Spark can be started here.

    Raises
    ------
    InputError
        Says what is missing.
    """
    if said := missing():
        raise InputError(f"--engine spark: {said}.")


@contextmanager
def session(master: str | None, options: Mapping[str, str] | None = None) -> Iterator[Any]:
    """Start a session, and end it with the process that it started.

    Parameters
    ----------
    master : str, optional
        Such as ``spark://host:7077``, ``yarn`` or ``local[4]``. Without it what ``spark-submit`` or ``spark-defaults.conf`` say; else all cores of
        this machine.
    options : mapping of str to str, optional
        Options of Spark that come before those set here.

    Yields
    ------
    pyspark.sql.SparkSession

    Raises
    ------
    InputError
        If the extra or Java is missing.
    StageError
        If the session cannot be started.
    """
    check()
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

    # A setting of the session does not reach the executors of a standalone cluster; the environment does.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = _settings(master) | dict(options or {}) | ({"spark.master": master} if master else {})
    try:
        # What the user set is known to the virtual machine alone.
        SparkContext._ensure_initialized(conf=SparkConf(loadDefaults=False).setAll(list(settings.items())))  # noqa: SLF001 - there is no other way
        users = SparkConf()
        settings = {name: value for name, value in _AT_START.items() if not users.contains(name)} | settings
        builder = SparkSession.builder.appName("dedup")
        for name, value in settings.items():
            builder = builder.config(name, value)
        spark = builder.getOrCreate()
    except Exception as error:
        raise StageError(
            f"--engine spark: there is no session with {master or 'the default master'}. Is the address right, and does it run? Spark says: {_said(error)}"
        ) from error
    spark.sparkContext.setLogLevel("ERROR")
    parts = str(_PARTS_PER_CORE * max(2, spark.sparkContext.defaultParallelism))
    for name, value in {**_DEFAULTS, PARTITIONS: parts}.items():
        if spark.sparkContext.getConf().get(name) is None:
            spark.conf.set(name, value)
    try:
        yield spark
    finally:
        spark.stop()
        # The virtual machine would wait for the end of this process.
        gateway, SparkContext._gateway, SparkContext._jvm = SparkContext._gateway, None, None  # noqa: SLF001 - there is no other way
        # Of `spark-submit` it is the parent, and ends by itself.
        if gateway is not None and gateway.proc is not None:
            gateway.shutdown()
            gateway.proc.stdin.close()
            gateway.proc.wait(30)


def _settings(master: str | None) -> dict[str, str]:
    log = resources.files("pipelines.spark") / "log4j2.properties"
    found = {
        "spark.driver.maxResultSize": "0",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile=file:{log}",
    }
    if master is None or not master.startswith(_HERE):
        return found
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    return found | {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
    }


@contextmanager
def spark_errors() -> Iterator[None]:
    """Say in one line what Spark says of a job that failed.

    Raises
    ------
    StageError
        With the error that Python raised on an executor, if it was one.
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (Py4JError, PySparkException) as error:
        raise StageError(f"--engine spark: {_said(error)}") from error


def _said(error: Exception) -> str:
    """Return what an error says: the last that Python raised on an executor, else its first line."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    raised = [found for one in lines if (found := _RAISED.match(one))]
    return raised[-1][1].strip() if raised else lines[0].strip()
