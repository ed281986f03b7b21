"""What a state holds, in a few lines.

In: a store. Out: its size, its nights, how many rows each relation has, and the parameters that shaped it.

Rule guarded here: looking changes nothing.
"""

from typing import Any

from pipelines.state.relations import RELATIONS
from pipelines.state.store import Store


def info(store: Store) -> dict[str, Any]:
    """Return what ``dedup state info`` tells, by name."""
    articles = int(store.value("SELECT count(*) FROM articles"))
    first, last = store.row("SELECT min(nullif(published, '')), max(nullif(published, '')) FROM articles")
    n_bytes = store.n_bytes()
    return {
        "path": str(store.path),
        "form": type(store).__name__.lower(),
        "format": int(store.parameters.get("format", 0)),
        "bytes": n_bytes,
        "bytes_per_article": round(n_bytes / articles) if articles else 0,
        "nights": int(store.value("SELECT count(*) FROM runs")),
        "last_night": store.value("SELECT max(ended) FROM runs"),
        "articles": articles,
        "texts_kept": int(store.value("SELECT count(text) FROM articles")),
        "sources": int(store.value("SELECT count(DISTINCT source) FROM articles WHERE source <> ''")),
        "first_published": first or "",
        "last_published": last or "",
        "clusters": int(
            store.value("SELECT count(*) FROM (SELECT 1 FROM members GROUP BY cluster_id HAVING count(*) > 1)")
        ),
        "events": int(store.value("SELECT count(DISTINCT event_id) FROM assignments")),
        "storylines": int(store.value("SELECT count(DISTINCT storyline_id) FROM assignments")),
        "rows": {name: int(store.value(f"SELECT count(*) FROM {name}")) for name in RELATIONS},  # noqa: S608 - ours
        "parameters": {name: value for name, value in sorted(store.parameters.items()) if name != "format"},
    }


def lines(found: dict[str, Any]) -> list[str]:
    """Say it in lines to read."""
    shown = {
        "form": found["form"],
        "size": f"{found['bytes'] / 1e6:,.1f} MB, {found['bytes_per_article'] / 1e3:,.1f} kB an article",
        "nights": f"{found['nights']:,}, the last ended {found['last_night']}",
        "articles": f"{found['articles']:,} from {found['sources']:,} sources, {found['texts_kept']:,} with their text",
        "published": f"{found['first_published'] or '?'} to {found['last_published'] or '?'}",
        "clusters": f"{found['clusters']:,} of two or more",
        "events": f"{found['events']:,} in {found['storylines']:,} storylines",
    }
    width = max(map(len, [*shown, *found["rows"]])) + 2
    told = [f"{name:<{width}}{value}" for name, value in shown.items()]
    told += ["", "rows"] + [f"  {name:<{width}}{count:>14,}" for name, count in found["rows"].items()]
    return [*told, "", "parameters", *(f"  {name} = {value}" for name, value in found["parameters"].items())]
