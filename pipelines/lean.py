"""What the command does without, and a library must leave to whoever uses it: pandas, and a look for garbage at every turn.

Arrow looks whether a list that it is given is a column of pandas, and loads pandas to look: a third of a second and 40 MB for every
process of every run, and none has such columns. Rows as Python objects come by hundreds of thousands and hold no cycles; to look
through them for some after every 700 took a sixth of the time of the stages that make them.
"""

import gc
import sys
from importlib.abc import MetaPathFinder
from typing import Final

_NEW_OBJECTS: Final = 10_000


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


def seldom_collected() -> None:
    """Let Python look for cycles among its objects once in so many new ones."""
    gc.set_threshold(_NEW_OBJECTS)
