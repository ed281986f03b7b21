"""What the user named, read by executors: a file is read whole by one of them, by the readers of ``pipelines.source``.

In: files and folders that executors see under the same names, or addresses of any file system that Spark reads, such as ``hdfs:`` and ``s3a:``. Out: a
frame of pages and rejects, with what identity needs of each.

Rule guarded here: a page has the number that tells its place in the order of the inputs, whoever reads it when.
"""

import io
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
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
    [
        ("number", pa.int64()),
        ("path", TEXT),
        ("name", TEXT),
        ("input", TEXT),
        ("format", TEXT),
        ("is_address", pa.bool_()),
    ]
)
#: A file to read; ``content`` where Spark has read it.
_FILES: Final = pa.schema([*list(_NAMED)[:-1], ("content", pa.large_binary())])
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
        if whole is None and not os.path.lexists(file["path"]):
            raise StageError(
                f"{file['path']} is not there on the machine of an executor. Inputs must lie where all machines find them."
            )
        path = file["path"] if whole is None else STANDARD_INPUT
        named = source.Named(path, file["name"], file["input"], file["format"])
        items = source.read_file(named, self.text_is, stdin=None if whole is None else io.BytesIO(whole))
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
    from pyspark.sql import functions as F  # noqa: N812 - as everyone calls it

    check(cluster, inputs)
    files: list[dict[str, Any]] = []
    rejects: list[source.Reject] = []
    number = 0
    addressed = []
    for given in inputs:
        # Names alone are listed by the driver; what they hold is read by executors.
        if is_address(given):
            listed = _listed(cluster, given)
            addressed.append(listed)
            named = _named(given, [row.path for row in listed.select("path").collect()])
        else:
            named = source.expand([given])
        for number, one in enumerate(named, number):  # noqa: B020 - it goes on from where it was
            if one.reject is not None:
                rejects.append(one.reject)
            else:
                row = {name: getattr(one, name) for name in ("name", "input", "format")}
                # Executors work in folders of their own.
                path = one.path if is_address(given) else os.path.abspath(one.path)  # noqa: PTH100 - a link stays a link
                files.append(row | {"path": path, "number": number, "is_address": is_address(given)})
        number += 1
    found = cluster.frame(pa.Table.from_pylist(files, schema=_NAMED))
    rows = found.where("NOT is_address").withColumn("content", F.lit(None).cast("binary"))
    parts = min(max(len(files), 1), _PARTS_PER_CORE * max(2, cluster.spark.sparkContext.defaultParallelism))
    rows = rows.select(*_FILES.names).repartition(parts, "number")
    for listed in addressed:
        rows = rows.union(listed.join(F.broadcast(found.where("is_address")), "path").select(*_FILES.names))
    return cluster.run(Reading(text_is), _FILES, READ, rows), rejects


def is_address(given: str) -> bool:
    """Tell an address of a file system, such as ``s3a://bucket/crawl``, from a path."""
    return _SCHEME.match(given) is not None


def check(cluster: Cluster, inputs: Sequence[str]) -> None:
    """See that all inputs can be read by executors.

    Raises
    ------
    InputError
        If one cannot.
    """
    if STANDARD_INPUT in inputs:
        raise InputError(
            "--engine spark: standard input (-) cannot be read by executors. Name files or folders that they see."
        )
    paths = [given for given in inputs if not is_address(given)]
    if paths or not inputs:
        source.expand(paths)
    for given in inputs:
        if is_address(given):
            hadoop = cluster.spark._jvm.org.apache.hadoop.fs.Path(given)  # noqa: SLF001 - the file systems of Spark have no other door
            try:
                found = hadoop.getFileSystem(cluster.spark._jsc.hadoopConfiguration()).exists(hadoop)  # noqa: SLF001
            except Exception as error:
                said = str(error).strip().splitlines()
                raise InputError(f"{given} cannot be read: {said[1] if len(said) > 1 else said[0]}.") from error
            if not found:
                raise InputError(f"No such file or folder: {given}.")


def _listed(cluster: Cluster, given: str) -> Any:
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
