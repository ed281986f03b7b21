"""What of a night goes into the state: the rows by which later nights know this one.

In: a finished night, and the state as it was before. Out: rows for each relation of the state.

Rule guarded here: what later nights look up is what this one worked with; a merge is carried to every row that names what is
no more.
"""

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from dedup.schema import EVENT
from pipelines.config import Config
from pipelines.state import RELATIONS, State
from pipelines.state.seen import claim_rows

if TYPE_CHECKING:
    from pipelines.nightly import Night


def remember(done: "Night", state: State, config: Config) -> dict[str, pa.Table]:
    """Return the rows that a night adds to each relation, or puts in the place of earlier ones."""
    matched, grouped = done.matched, done.grouped
    assert matched.telling is not None
    assert matched.bands is not None
    articles = done.cleaned.articles.select(RELATIONS["articles"].schema.names)
    if not config.state.keep_text:
        place = articles.schema.get_field_index("text")
        articles = articles.set_column(place, articles.schema.field(place), pa.nulls(articles.num_rows, pa.string()))
    return {
        "articles": articles,
        "signatures": matched.signatures,
        "terms": matched.terms,
        "telling": matched.telling,
        "bands": matched.bands,
        "points": grouped.points,
        "matches": matched.matches,
        "members": matched.members,
        "assignments": pa.concat_tables([grouped.assignments, _moved(state, "assignments", grouped.merges)]),
        "events": _events(state, grouped.events, grouped.merges),
        "likenesses": grouped.likenesses,
        "merges": pa.concat_tables([matched.merges, grouped.merges]),
        "repeats": done.cleaned.repeats,
        "term_counts": grouped.counts,
        "claims": claim_rows(done.cleaned.claims[place] for place in sorted(done.cleaned.claims)),
    }


def _moved(state: State, name: str, merges: pa.Table) -> pa.Table:
    """Return the earlier rows of a relation that name an event or a storyline that is no more, with what it became."""
    schema = RELATIONS[name].schema
    rows: dict[str, dict[str, object]] = {}
    key = RELATIONS[name].key[0]
    for level in ("event", "storyline"):
        became = {row["old_id"]: row["new_id"] for row in merges.to_pylist() if row["level"] == level}
        column = f"{level}_id"
        for row in state.rows(name, column, pa.array(sorted(became), pa.string())).to_pylist():
            found = rows.setdefault(row[key], dict(row))
            found[column] = became[row[column]]
    return pa.Table.from_pylist([rows[one] for one in sorted(rows)], schema=schema)


def _events(state: State, tonight: pa.Table, merges: pa.Table) -> pa.Table:
    """Return tonight's events, and the earlier ones whose storyline is no more; an event that was merged keeps its last row."""
    storylines = merges.filter(pc.equal(merges["level"], "storyline"))
    moved = _moved(state, "events", storylines)
    moved = moved.filter(pc.invert(pc.is_in(moved["event_id"], tonight["event_id"].combine_chunks())))
    return pa.concat_tables([tonight.cast(EVENT), moved])
