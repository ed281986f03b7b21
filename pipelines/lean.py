"""Keeps pandas out of the command, where it happens to be installed.

Arrow looks whether a list that it is given is a column of pandas, and loads pandas to look: a third of a second and 40 MB for every
process of every run, and none has such columns.
"""

import sys
from importlib.abc import MetaPathFinder


class _NoPandas(MetaPathFinder):
    """Says that pandas is not installed."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def without_pandas() -> None:
    """Let Arrow look once, and find none. Spark, which hands over its rows by pandas, cannot be used in this process any more."""
    if "pandas" in sys.modules:
        return
    import pyarrow as pa

    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(finder)
