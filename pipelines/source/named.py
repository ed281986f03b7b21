"""What is named: the files that the user's inputs stand for.

In: paths of files and folders, or ``-`` for standard input. Out: the files in them, in sorted order, each with its
format, or with the reject that says why it cannot be read.

Rules guarded here: a missing input stops the run before it begins, no file is read twice in one folder, and no link
leads round in a circle.
"""

import heapq
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from dedup.errors import InputError
from pipelines.source.reject import Reject, system_says

STANDARD_INPUT: Final = "-"
_FORMATS: Final = {
    ".html": "html",
    ".htm": "html",
    ".txt": "text",
    ".warc": "warc",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".parquet": "parquet",
}
_COMPRESSIONS: Final = {
    "html": (".gz",),
    "text": (".gz",),
    "warc": (".gz",),
    "jsonl": (".gz", ".zst"),
    "csv": (".gz",),
    "parquet": (),
}
KNOWN_ENDINGS: Final = ".html .htm .txt .warc .jsonl .ndjson .csv .parquet, most of them also .gz"


@dataclass(frozen=True, slots=True)
class Named:
    """One file that the user's inputs name. ``reject`` is set where it cannot be read at all."""

    path: str
    name: str
    input: str
    format: str
    reject: Reject | None = None


def expand(inputs: Sequence[str]) -> list[Named]:
    """List the files that ``inputs`` name, folders walked in sorted order.

    A folder's files are sorted by their path in it; hidden files and folders are left out. A link into a folder that
    is walked anyway, or out to one that holds it, is not followed.

    Raises
    ------
    InputError
        If an input does not exist, or standard input is named twice.
    """
    check(inputs)
    return [named for given in inputs for named in expand_one(given)]


def check(inputs: Sequence[str]) -> None:
    """Check that ``inputs`` can be used at all.

    Raises
    ------
    InputError
        If there are none, one does not exist, or standard input is named twice.
    """
    if not inputs:
        raise InputError("No input was named. Name a file, a folder, or - for JSONL on standard input.")
    if sum(given == STANDARD_INPUT for given in inputs) > 1:
        raise InputError("Standard input (-) can be named only once.")
    for given in inputs:
        if given != STANDARD_INPUT and not _exists(given):
            raise InputError(f"No such file or folder: {readable(given) or repr(given)}.")


def expand_one(given: str) -> list[Named]:
    """List the files that one input, which has been checked, names."""
    if given == STANDARD_INPUT:
        return [Named(given, given, given, "jsonl")]
    if os.path.isdir(given):  # noqa: PTH112 -- Path would change what was given, which is reported as it is
        return _Walk(given).files()
    return [_file(given, os.path.basename(given), given)]  # noqa: PTH119


def _exists(path: str) -> bool:
    try:
        os.stat(path)  # noqa: PTH116
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True


def readable(path: str) -> str:
    """Return ``path`` with the bytes that are not UTF-8 spelled out, so that it can be written to any table."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _file(path: str, name: str, given: str) -> Named:
    shown, name = readable(given), readable(PurePath(name).as_posix())
    form = format_of(name)
    if not form:
        detail = f"The name ends in none of the known extensions ({KNOWN_ENDINGS})."
        return Named(path, name, shown, "unknown", Reject(shown, "", name, "unknown_extension", detail))
    try:
        regular = stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116
    except OSError as error:
        return Named(path, name, shown, form, Reject(shown, "", name, "unreadable", system_says(error)))
    if not regular:
        return Named(path, name, shown, form, Reject(shown, "", name, "unreadable", "It is not a regular file."))
    return Named(path, name, shown, form)


def format_of(name: str) -> str:
    """Return the format that the extension of ``name`` says, or an empty string."""
    stem, last = os.path.splitext(name.lower())  # noqa: PTH122
    if last not in (".gz", ".zst"):
        return _FORMATS.get(last, "")
    form = _FORMATS.get(os.path.splitext(stem)[1], "")  # noqa: PTH122
    return form if form and last in _COMPRESSIONS[form] else ""


class _Walk:
    """One walk of a folder: each real folder once, and links after what is there in its own right."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._found: dict[str, Named] = {}
        self._pending = [("", root)]
        self._links: list[tuple[str, str]] = []
        self._folders: set[tuple[int, int]] = set()
        self._regular: set[tuple[int, int]] = set()

    def files(self) -> list[Named]:
        """Walk, and return what was found sorted by path; a folder without any is one reject."""
        while self._pending or self._links:
            visit, (rel, path) = (
                (self._folder, self._pending.pop()) if self._pending else (self._link, heapq.heappop(self._links))
            )
            try:
                visit(rel, path)
            except OSError as error:
                self._fail(rel, system_says(error))
        if self._found:
            return [self._found[rel] for rel in sorted(self._found)]
        shown = readable(self._root)
        reject = Reject(shown, "", "", "empty", "The folder holds no files, hidden ones apart.")
        return [Named(self._root, "", shown, "unknown", reject)]

    def _fail(self, rel: str, detail: str) -> None:
        shown, name = readable(_under(self._root, rel)), readable(rel)
        self._found[rel] = Named(shown, name, shown, "unknown", Reject(shown, "", name, "unreadable", detail))

    def _link(self, rel: str, path: str) -> None:
        target = os.stat(path)  # noqa: PTH116
        if not stat.S_ISDIR(target.st_mode):
            if (target.st_dev, target.st_ino) not in self._regular:
                self._found[rel] = _file(path, rel, _under(self._root, rel))
            return
        root, real = os.path.realpath(self._root), os.path.realpath(path)
        if root != real and not root.startswith(real.rstrip(os.sep) + os.sep):
            self._pending.append((rel, path))

    def _folder(self, rel: str, path: str) -> None:
        here = os.stat(path)  # noqa: PTH116
        if (here.st_dev, here.st_ino) in self._folders:
            return
        self._folders.add((here.st_dev, here.st_ino))
        with os.scandir(path) as listing:
            entries = [entry for entry in listing if not entry.name.startswith(".")]
        if not entries and format_of(rel):
            self._fail(rel, "It has the name of a file but is a folder, an empty one.")
        for entry in entries:
            inner = f"{rel}/{entry.name}" if rel else entry.name
            if entry.is_symlink():
                heapq.heappush(self._links, (inner, entry.path))
            elif entry.is_dir():
                self._pending.append((inner, entry.path))
            else:
                self._regular.add((here.st_dev, entry.inode()))
                self._found[inner] = _file(entry.path, inner, _under(self._root, inner))


def _under(root: str, rel: str) -> str:
    return f"{root.rstrip('/')}/{rel}" if rel else root
