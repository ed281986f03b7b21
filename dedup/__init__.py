"""News articles: chrome off, copies and overlapping reports found, events grouped.

Alphabetical order is the data flow: articles -> boilerplate -> candidates -> duplicates -> events. What is public
stands here; it is loaded when it is first used, so that importing the package stays light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dedup.api import Article, clean, find_duplicates, group_events
    from dedup.errors import DedupError
    from dedup.estimator import EventClustering, NearDuplicates

__all__ = ["Article", "DedupError", "EventClustering", "NearDuplicates", "clean", "find_duplicates", "group_events"]

_HOMES = dict.fromkeys(__all__, "dedup.api") | {
    "DedupError": "dedup.errors",
    "EventClustering": "dedup.estimator",
    "NearDuplicates": "dedup.estimator",
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'dedup' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
