"""The files of a finished night: CSV and JSON written to a temporary folder that is moved into place at the end.

In: the relations of a night. Out: the output folder as the contract of the project describes it.

Rules guarded here: a reader never sees half a report; rows stand in a fixed order, so that the same night gives the
same bytes; and no cell runs as a formula when a spreadsheet opens it.
"""

import csv
import ctypes
import errno
import fcntl
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TextIO

from dedup.errors import InputError, OutputError

#: Columns of each CSV file, in order. Outside scripts read these: add at the end only.
COLUMNS: dict[str, tuple[str, ...]] = {
    "articles.csv": (
        "doc_id",
        "url",
        "source",
        "title",
        "published",
        "language",
        "n_words",
        "n_words_removed",
        "cluster_id",
        "relation",
        "canonical_id",
        "event_id",
        "storyline_id",
    ),
    "duplicates.csv": (
        "left_id",
        "right_id",
        "relation",
        "jaccard",
        "containment_left",
        "containment_right",
        "shared_words",
        "longest_passage_words",
        "overlap_score",
        "days_apart",
        "reason",
    ),
    "clusters.csv": (
        "cluster_id",
        "canonical_id",
        "title",
        "n_articles",
        "n_sources",
        "first_published",
        "last_published",
        "sources",
        "status",
    ),
    "events.csv": (
        "event_id",
        "storyline_id",
        "title",
        "top_terms",
        "n_articles",
        "n_clusters",
        "n_sources",
        "first_published",
        "last_published",
        "cohesion",
        "sources",
        "status",
    ),
    "boilerplate.csv": ("source", "text", "n_articles", "reason", "example_doc_id"),
    "rejects.csv": ("input", "position", "doc_id", "reason", "detail"),
}

#: Other files of a report.
ARTICLES_JSONL = "articles.jsonl"
RUN_JSON = "run.json"
REPORT_HTML = "report.html"

#: All that a report's folder may hold; a folder with anything else in it is never replaced.
FILES = frozenset({*COLUMNS, ARTICLES_JSONL, RUN_JSON, REPORT_HTML})

#: Stands before what a spreadsheet would run as a formula.
GUARD: Final = "'"
# The full-width forms run in some locales.
_FORMULA_STARTS = frozenset("=+-@\t\r＝＋－＠")
_CONTROLS = re.compile("[\x7f-\x9f]")
_DECIMALS = 6
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_A_DAY = 86_400


def cell(value: object) -> object:
    """Make a value safe for a CSV cell.

    Parameters
    ----------
    value : object
        A float is rounded to six decimals; a list is joined by ``"; "``; ``None`` is empty; text that a spreadsheet
        would run as a formula gets a leading apostrophe.

    Examples
    --------
    >>> cell("=1+1"), cell(0.12345678), cell(["b", "a"]), cell(None)
    ("'=1+1", 0.123457, 'b; a', '')
    """
    # Most cells are text.
    if isinstance(value, str):
        return GUARD + value if value[:1] in _FORMULA_STARTS else value
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return cell("; ".join(map(str, value)))
    return round(value, _DECIMALS) if isinstance(value, float) else value


def given(text: str) -> str:
    """Return the text that `cell` guarded with an apostrophe; other text as it is.

    Examples
    --------
    >>> given(cell("=1+1")), given("'tis")
    ('=1+1', "'tis")
    """
    return text[1:] if text[:1] == GUARD and text[1:2] in _FORMULA_STARTS else text


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> int:
    """Write rows as RFC 4180 CSV in UTF-8 with a header, and return how many there were."""
    count = 0
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in rows:
            writer.writerow(map(cell, map(row.__getitem__, columns)))
            count += 1
    return count


def harmless(written: str) -> str:
    r"""Escape in JSON what a terminal would obey; of the controls of ASCII JSON itself leaves only the last.

    Examples
    --------
    >>> print(harmless('"\x9b31m"'))
    "\u009b31m"
    """
    return _CONTROLS.sub(lambda sign: f"\\u{ord(sign[0]):04x}", written)


def json_line(row: Mapping[str, Any]) -> str:
    """Serialise one row as a line of JSONL, newline included.

    Escaped are lone surrogates, which UTF-8 cannot hold, and all that a terminal would obey.
    """
    line = harmless(json.dumps(row, ensure_ascii=False, allow_nan=False))
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:
        line = json.dumps(row, ensure_ascii=True, allow_nan=False)
    return line + "\n"


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write rows as JSON lines in UTF-8, and return how many there were."""
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json_line(row))
            count += 1
    return count


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """Read what `write_jsonl` wrote."""
    with path.open(encoding="utf-8", newline="\n") as file:
        return [json.loads(line) for line in file]


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write one indented JSON object."""
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def check_output(output: Path | None) -> None:
    """See before the work begins that a file can be written.

    Raises
    ------
    InputError
        If it is a folder, or its folder does not exist.
    """
    if output is None:
        return
    if output.is_dir():
        raise InputError(f"-o: {output} is a folder. Give a file.")
    if not output.parent.is_dir():
        raise InputError(f"-o: there is no folder {output.parent}.")


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """Open a file for writing that appears whole or not at all; a pipe or device is written to as it is."""
    path = path.resolve() if path.is_symlink() else path
    if path.exists() and not path.is_file():
        with path.open("w", encoding="utf-8", newline="\n") as file:
            yield file
        return
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as file:
            yield file
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def has_articles(folder: Path) -> bool:
    """Tell whether a folder holds a report of one article or more."""
    try:
        with (folder / ARTICLES_JSONL).open("rb") as file:
            return bool(file.read(1))
    except FileNotFoundError:
        return False


class OutputFolder:
    """A folder that appears whole or not at all. Use as a context manager around the whole run.

    Entering checks that the place can be written and makes a hidden folder beside it; `commit` moves that into place;
    leaving without a commit removes it. One that a killed run left behind is removed by the first run a day later.

    Parameters
    ----------
    target : Path
        Where the report is to stand. An earlier report there is replaced; a folder that holds anything else is not.

    Raises
    ------
    InputError
        If the place is a file, or a folder that holds what is no part of a report.
    OutputError
        If it cannot be written.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self._partial: Path | None = None
        self._lock = -1

    @property
    def path(self) -> Path:
        """The hidden folder to write to."""
        assert self._partial is not None
        return self._partial

    def check(self) -> None:
        """See that a report may stand there, and write nothing."""
        with self._told():
            self._free()

    def _free(self) -> Path:
        """Return the place itself, if a report may stand there."""
        target = Path(os.path.abspath(self.target))  # noqa: PTH100 - a link stays the link the user named
        if target.is_symlink():
            target = target.resolve()
        if target.exists() and not target.is_dir():
            raise InputError(f"--out: {self.target} is a file. Give a folder.")
        foreign = sorted(path.name for path in target.iterdir() if path.name not in FILES) if target.is_dir() else []
        if foreign:
            raise InputError(
                f"--out: {self.target} holds {foreign[0]!r}, which is no part of a report, and would be lost. "
                "Give a new or empty folder, or that of an earlier report."
            )
        return target

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except FileExistsError as error:
            raise InputError(f"--out: {self.target}: {error.filename} is a file. Give a folder.") from error
        except NotADirectoryError as error:
            raise InputError(f"--out: {self.target}: a part of the path is a file. Give a folder.") from error
        except OSError as error:
            raise OutputError(f"--out: {self.target} cannot be written: {error.strerror or error}.") from error

    def __enter__(self) -> Self:
        with self._told():
            target = self._free()
            target.parent.mkdir(parents=True, exist_ok=True)
            _sweep(target)
            self._partial = Path(tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=target.parent))
            # mkdtemp makes a private folder; a report has the rights any new folder would have.
            umask = os.umask(0)
            os.umask(umask)
            self._partial.chmod(0o777 & ~umask)
            # Held until this process ends, however it does: by it another run sees that the folder is in use.
            self._lock = os.open(self._partial, os.O_RDONLY)
            with suppress(OSError):
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.target = target
        return self

    def commit(self) -> None:
        """Move what was written into place. An earlier report is swapped out in one step where the system can."""
        partial = self.path
        try:
            if self.target.exists():
                if not _exchange(partial, self.target):
                    aside = Path(tempfile.mkdtemp(prefix=f".{self.target.name}.old-", dir=self.target.parent))
                    os.replace(self.target, aside)  # noqa: PTH105 - one call each, side by side
                    os.replace(partial, self.target)  # noqa: PTH105
                    partial = aside
                shutil.rmtree(partial)
            else:
                partial.rename(self.target)
        except OSError as error:
            raise OutputError(f"--out: {self.target} cannot be written: {error.strerror or error}.") from error
        self._partial = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._partial is not None:
            shutil.rmtree(self._partial, ignore_errors=True)
        os.close(self._lock)
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EROFS}:
            raise OutputError(f"--out: {self.target} cannot be written: {error.strerror}.") from error


def _sweep(target: Path) -> None:
    """Remove the hidden folders of runs that were killed: none that a run holds, and none of the last day."""
    left: list[Path] = []
    with suppress(OSError):
        left = [path for path in target.parent.iterdir() if path.name.startswith(f".{target.name}.partial-")]
    for path in left:
        with suppress(OSError):
            place = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if time.time() - os.fstat(place).st_mtime > _A_DAY:
                    fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(path)
            finally:
                os.close(place)


def _exchange(left: Path, right: Path) -> bool:
    """Swap two folders atomically; False where the system or its file system cannot."""
    if sys.platform != "linux":
        return False
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return False
    return bool(rename(_AT_FDCWD, os.fsencode(left), _AT_FDCWD, os.fsencode(right), _RENAME_EXCHANGE) == 0)
