"""Whether a run is the first after an installation, which has loops to compile.

In: the files of the loops, and the places where numba keeps what it made of them. Out: whether any was made.

Rule guarded here: nothing is loaded for this; a wrong answer costs a line on a terminal, nothing else.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import dedup

#: Files whose loops every run needs.
_LOOPS: Final = ("kernels", "line_kernels", "markup_kernels", "place_kernels", "term_kernels")


def is_first(package: Path = Path(dedup.__file__).parent) -> bool:
    """Tell whether loops of this version are nowhere kept."""
    return not all(any(_made(package / f"{name}.py")) for name in _LOOPS)


def _made(file: Path) -> Iterator[bool]:
    """Give whether each index of the loops of a file is of this Python and no older than the file."""
    written = file.stat().st_mtime
    version = f"py{sys.version_info.major}{sys.version_info.minor}"
    for place in _places(file.parent):
        for index in place.glob(f"{file.stem}.*.{version}.nbi"):
            yield index.stat().st_mtime >= written


def _places(package: Path) -> Iterator[Path]:
    """Give the folders in which numba may keep what it made of files of a folder."""
    given = os.environ.get("NUMBA_CACHE_DIR", "")
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    for root in (given, str(Path(caches, "numba"))):
        if root:
            # Numba names a folder of its own for each folder of files.
            yield from Path(root).expanduser().glob(f"{package.name}_*")
    yield package / "__pycache__"
