"""What the user named, read by executors: a file is read whole by one of them, by the readers of ``pipelines.source``.

In: files and folders that executors see under the same names, or addresses of any file system that Spark reads, such as ``hdfs:`` and ``s3a:``. Out: a
frame of pages and rejects, with what identity needs of each.

Rule guarded here: a page has the number that tells its place in the order of the inputs, whoever reads it when.
"""

import io
import itertools
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import unquote

import pyarrow as pa

from dedup.errors import InputError, StageError
from dedup.schema import PAGE, TEXT
from pipelines import source
from pipelines.source.named import KNOWN_ENDINGS, STANDARD_INPUT, format_of
from pipelines.spark.cluster import Batches, Cluster
from pipelines.state.seen import stem

#: A page as PAGE has it, ``arrival`` its number; the digest of its content; its id without the number of a revision; or of a reject ``reason``
#: and ``detail``, and no content.
READ: Final = pa.schema([*PAGE, ("digest", TEXT), ("stem", TEXT), ("reason", TEXT), ("detail", TEXT)])
_NAMED: Final = pa.schema(
    [("number", pa.int64()), ("path", TEXT), ("raw", pa.binary()), ("name", TEXT), ("input", TEXT), ("format", TEXT)]
)
#: A file to read; ``content`` where Spark has read it.
_FILES: Final = pa.schema([*_NAMED, ("content", pa.large_binary())])
_DIGEST: Final = pa.schema([("number", pa.int64()), ("n_bytes", pa.int64()), ("digest", TEXT)])
#: A file has so many pages at most.
_ITEMS: Final = 1 << 32
_BATCH_BYTES: Final = 8 << 20
_BATCH_ROWS: Final = 1024
#: Parts that the files are dealt into for each core.
_PARTS_PER_CORE: Final = 4
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]+://?", re.IGNORECASE)


@dataclass(frozen=True)
class Reading:
    """Work: rows of files to rows of pages and rejects.

    Parameters
    ----------
    text_is : str, optional
        See `pipelines.source.read`.
    """

    text_is: str | None

    def __call__(self, batches: Batches) -> Iterable[pa.RecordBatch]:
        """Read the files one after the other."""
        rows: list[dict[str, Any]] = []
        size = 0
        for row in (row for batch in batches for row in batch.to_pylist()):
            for row_read in self._read(row):
                rows.append(row_read)
                size += len(row_read["content"])
                if size >= _BATCH_BYTES or len(rows) >= _BATCH_ROWS:
                    yield pa.RecordBatch.from_pylist(rows, schema=READ)
                    rows, size = [], 0
        yield pa.RecordBatch.from_pylist(rows, schema=READ)

    def _read(self, file: dict[str, Any]) -> Iterator[dict[str, Any]]:
        whole = file["content"]
        items = source.read_file(_opened_as(file), self.text_is, stdin=None if whole is None else io.BytesIO(whole))
        for number, item in enumerate(items):
            place = {"arrival": file["number"] * _ITEMS + number}
            if isinstance(item, source.Reject):
                yield dict.fromkeys(READ.names, "") | _fields(item) | place | {"content": b""}
            else:
                told = {
                    "digest": source.content_digest(item.content),
                    "stem": stem(item.doc_id),
                    "reason": "",
                    "detail": "",
                }
                yield _fields(item) | place | told


def _opened_as(file: dict[str, Any]) -> source.Named:
    """Return a file as the readers take it: by its path here, or, where Spark has read it, as if it were standard input.

    Raises
    ------
    StageError
        If it is not on this machine.
    """
    path = STANDARD_INPUT if file["content"] is not None else os.fsdecode(file["raw"])
    if file["content"] is None and not os.path.lexists(path):
        raise StageError(
            f"{file['input']} is not there on the machine of an executor. Inputs must lie where all machines find them."
        )
    return source.Named(path, file["name"], file["input"], file["format"])


def _fields(item: source.Page | source.Reject) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__slots__}


def read(cluster: Cluster, inputs: Sequence[str], text_is: str | None) -> tuple[Any, list[source.Reject]]:
    """Read everything that ``inputs`` name.

    Parameters
    ----------
    cluster : Cluster
        Where the work is done.
    inputs : sequence of str
        Paths or addresses.
    text_is : str, optional
        See `pipelines.source.read`.

    Returns
    -------
    DataFrame
        Schema ``READ``.
    list of Reject
        What cannot be read at all.

    Raises
    ------
    InputError
        If an input does not exist, or is standard input, which executors do not see.
    """
    listed = _listed(cluster, inputs)
    rejects = [one.reject for _, _, files in listed for one in files if one.reject is not None]
    return cluster.run(Reading(text_is), _FILES, READ, _files(cluster, listed)), rejects


def digest(cluster: Cluster, inputs: Sequence[str]) -> list[dict[str, Any]]:
    """Return what `pipelines.source.digest` returns; executors read the files. A row for each file comes to the driver.

    Raises
    ------
    InputError
        As `read`.
    """
    listed = _listed(cluster, inputs)
    found = cluster.collected(cluster.run(_digested, _FILES, _DIGEST, _files(cluster, listed)), _DIGEST)
    sizes = {row["number"]: (row["n_bytes"], row["digest"]) for row in found.to_pylist()}
    numbers = itertools.count()
    told = []
    for given, is_folder, files in listed:
        each = [
            (one, *(sizes.get(number) or source.file_digest(one))) for one, number in zip(files, numbers, strict=False)
        ]
        told.append((given, is_folder, each))
    return source.summed(told)


def _digested(batches: Batches) -> Iterator[pa.RecordBatch]:
    """Work: files to their digests."""
    for batch in batches:
        rows = []
        for row in batch.to_pylist():
            whole = None if row["content"] is None else io.BytesIO(row["content"])
            n_bytes, value = source.file_digest(_opened_as(row), whole)
            rows.append({"number": row["number"], "n_bytes": n_bytes, "digest": value})
        yield pa.RecordBatch.from_pylist(rows, schema=_DIGEST)


#: What was named, whether it is a folder, and its files.
_Listed: TypeAlias = list[tuple[str, bool, list[source.Named]]]


def _listed(cluster: Cluster, inputs: Sequence[str]) -> _Listed:
    """List the files that inputs name, on the driver; what they hold is read by executors."""
    check(cluster, inputs)
    found: _Listed = []
    for given in inputs:
        if is_address(given):
            files = _named(given, [row.path for row in _binary(cluster, given).select("path").collect()])
            found.append(
                (given, _file_system(cluster, given).getFileStatus(_path(cluster, given)).isDirectory(), files)
            )
        else:
            found.append((given, os.path.isdir(given), source.expand([given])))  # noqa: PTH112 - as it was given
    return found


def _files(cluster: Cluster, listed: _Listed) -> Any:
    """Return the rows of the files that can be read, numbered in their order."""
    from pyspark.sql import functions as F  # noqa: N812 - as everyone calls it

    rows: list[dict[str, Any]] = []
    numbers = itertools.count()
    for given, _, files in listed:
        for one, number in zip(files, numbers, strict=False):
            if one.reject is None:
                # Executors work in folders of their own; a name may hold any bytes.
                raw = None if is_address(given) else os.fsencode(os.path.abspath(one.path))  # noqa: PTH100 - a link stays one
                told = {name: getattr(one, name) for name in ("name", "input", "format")}
                rows.append(told | {"number": number, "path": one.path if raw is None else "", "raw": raw})
    found = cluster.frame(pa.Table.from_pylist(rows, schema=_NAMED))
    parts = min(max(len(rows), 1), _PARTS_PER_CORE * max(2, cluster.spark.sparkContext.defaultParallelism))
    files_here = found.where("raw IS NOT NULL").withColumn("content", F.lit(None).cast("binary"))
    files_here = files_here.select(*_FILES.names).repartition(parts, "number")
    for given in {given for given, _, _ in listed if is_address(given)}:
        there = _binary(cluster, given).join(F.broadcast(found.where("raw IS NULL")), "path")
        files_here = files_here.union(there.select(*_FILES.names))
    return files_here


def is_address(given: str) -> bool:
    """Tell an address of a file system, such as ``s3a://bucket/crawl``, from a path."""
    return _SCHEME.match(given) is not None


def check_named(inputs: Sequence[str]) -> None:
    """See that there are inputs, that paths exist, and that none is standard input; addresses are not looked at.

    Raises
    ------
    InputError
        If not.
    """
    if STANDARD_INPUT in inputs:
        raise InputError(
            "--engine spark: standard input (-) cannot be read by executors. Name files or folders that they see."
        )
    paths = [given for given in inputs if not is_address(given)]
    if paths or not inputs:
        source.check(paths)


def check(cluster: Cluster, inputs: Sequence[str]) -> None:
    """See that all inputs can be read by executors.

    Raises
    ------
    InputError
        If one cannot.
    """
    check_named(inputs)
    for given in filter(is_address, inputs):
        _file_system(cluster, given)


def _path(cluster: Cluster, given: str) -> Any:
    return cluster.spark._jvm.org.apache.hadoop.fs.Path(given)  # noqa: SLF001 - the file systems of Spark have no other door


def _file_system(cluster: Cluster, given: str) -> Any:
    """Return the file system of an address that is there.

    Raises
    ------
    InputError
        If it is not, or cannot be reached.
    """
    try:
        path = _path(cluster, given)
        system = path.getFileSystem(cluster.spark._jsc.hadoopConfiguration())  # noqa: SLF001
        is_there = system.exists(path)
    except Exception as error:
        said = str(error).strip().splitlines()
        raise InputError(f"{given} cannot be read: {said[1] if len(said) > 1 else said[0]}.") from error
    if not is_there:
        raise InputError(f"No such file or folder: {given}.")
    return system


def _binary(cluster: Cluster, given: str) -> Any:
    """Return path and content of the files under an address."""
    return cluster.spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(given)


def _named(given: str, paths: Sequence[str]) -> list[source.Named]:
    """Return the files under an address, in the order of their names; Spark gives them as addresses with one slash, or with three."""
    root = _one_slash(given).rstrip("/")
    found = []
    for path in sorted(paths):
        name = unquote(_one_slash(path)).removeprefix(root).lstrip("/") or path.rpartition("/")[2]
        form = format_of(name)
        detail = f"The name ends in none of the known extensions ({KNOWN_ENDINGS})."
        reject = None if form else source.Reject(path, "", name, "unknown_extension", detail)
        found.append(source.Named(path, name, path, form or "unknown", reject))
    return found


def _one_slash(address: str) -> str:
    return re.sub(r"^([\w+.-]+):/+", r"\1:/", address)
