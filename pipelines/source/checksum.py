"""The checksum of an input, by which a night can be shown to have read what another did.

In: the inputs as named, and standard input spooled so that it can be read twice. Out: for each its size and digest.

Rule guarded here: the digest changes with any byte, name or reject that reading would give, and with nothing
else: neither the order of the inputs nor the place of a folder.
"""

import os
import tempfile
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO

import xxhash

from pipelines.source.named import STANDARD_INPUT, Named, check, expand_one, readable
from pipelines.source.stream import opened


def spool(stream: BinaryIO) -> BinaryIO:
    """Copy ``stream`` to a nameless temporary file, so that standard input can be digested first and read then."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 -- the caller's, and gone with it
    while chunk := stream.read(1 << 20):
        file.write(chunk)
    file.seek(0)
    return file


def digest(inputs: Sequence[str], stdin: BinaryIO | None = None) -> list[dict[str, Any]]:
    """Return for each input its ``path``, ``kind``, ``files``, ``bytes`` and ``xxh3_128``, sorted by path.

    The digest of a file is that of its bytes; that of a folder is taken over the names, sizes and digests of the files
    that would be read, and the reasons of those that would not. ``stdin`` must be seekable (see `spool`) and is left
    at its beginning.

    Raises
    ------
    InputError
        If an input does not exist.
    """
    check(inputs)
    listed: list[tuple[str, bool, list[tuple[Named, int, str]]]] = []
    for given in inputs:
        is_folder = given != STANDARD_INPUT and os.path.isdir(given)  # noqa: PTH112
        listed.append((given, is_folder, [(one, *file_digest(one, stdin)) for one in expand_one(given)]))
    return summed(listed)


def summed(inputs: Iterable[tuple[str, bool, Sequence[tuple[Named, int, str]]]]) -> list[dict[str, Any]]:
    """Return what `digest` returns, of files that were looked at already.

    Parameters
    ----------
    inputs : iterable of (str, bool, sequence of (Named, int, str))
        What was named, whether it is a folder, and the files in it, each with its size and its digest.
    """
    rows: list[dict[str, Any]] = []
    for given, is_folder, files in inputs:
        whole = xxhash.xxh3_128()
        for named, size, value in files:
            whole.update(f"{named.name}\0{size}\0{value}\n".encode())
        rows.append(
            {
                "path": readable(given),
                "kind": "folder" if is_folder else files[0][0].format,
                "files": len(files),
                "bytes": sum(size for _, size, _ in files),
                "xxh3_128": whole.hexdigest() if is_folder else files[0][2],
            }
        )
    return sorted(rows, key=lambda row: str(row["path"]))


def file_digest(named: Named, stdin: BinaryIO | None = None) -> tuple[int, str]:
    """Return size and digest of one file; a file that cannot be read has size 0 and the reason for a digest."""
    if named.reject is not None:
        return 0, named.reject.reason
    state, size = xxhash.xxh3_128(), 0
    try:
        with opened(named.path, stdin) as file:
            while chunk := file.read(1 << 20):
                state.update(chunk)
                size += len(chunk)
            if named.path == STANDARD_INPUT:
                file.seek(0)
    except OSError:
        return 0, "unreadable"
    return size, state.hexdigest()
