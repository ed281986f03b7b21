"""Is a state sound? Every block is read, every row is looked for where another names it.

In: a store. Out: what is wrong, a line each.

Rule guarded here: a state of which nothing is told gives every later night what an undisturbed one would.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from dedup.candidates.minhash import flat, text_digests
from dedup.duplicates.component import JOINING
from dedup.errors import StateError
from pipelines.state.relations import RELATIONS, unpacked
from pipelines.state.store import Store

#: Of each relation, what its rows name that must be there: column, relation, column there.
_NAMED: Final = (
    ("articles", "doc_id", "signatures", "doc_id"),
    ("articles", "doc_id", "terms", "doc_id"),
    ("articles", "doc_id", "telling", "doc_id"),
    ("articles", "doc_id", "members", "doc_id"),
    ("articles", "doc_id", "assignments", "doc_id"),
    ("articles", "doc_id", "claims", "doc_id"),
    ("articles", "night", "runs", "number"),
    ("signatures", "doc_id", "articles", "doc_id"),
    ("terms", "doc_id", "articles", "doc_id"),
    ("telling", "doc_id", "articles", "doc_id"),
    ("bands", "arrival", "articles", "arrival"),
    ("points", "arrival", "articles", "arrival"),
    ("likenesses", "earlier", "articles", "arrival"),
    ("likenesses", "later", "articles", "arrival"),
    ("matches", "left_id", "articles", "doc_id"),
    ("matches", "right_id", "articles", "doc_id"),
    ("members", "doc_id", "articles", "doc_id"),
    ("members", "canonical_id", "members", "doc_id"),
    ("assignments", "doc_id", "articles", "doc_id"),
    ("assignments", "event_id", "events", "event_id"),
    ("files", "number", "runs", "number"),
)
#: Rows that must not be: what is wrong, and the query that finds them.
_WRONG: Final = (
    (
        "members of a cluster disagree on its canonical article",
        "SELECT cluster_id FROM members GROUP BY cluster_id HAVING count(DISTINCT canonical_id) > 1",
    ),
    (
        "clusters have a canonical article of another cluster",
        "SELECT one.doc_id FROM members one JOIN members other ON one.canonical_id = other.doc_id WHERE one.cluster_id <> other.cluster_id",
    ),
    (
        "copies are in different clusters",
        f"""SELECT left_id FROM matches JOIN members one ON left_id = one.doc_id JOIN members other ON right_id = other.doc_id
        WHERE matches.relation IN {JOINING} AND one.cluster_id <> other.cluster_id""",  # noqa: S608 - words of ours
    ),
    (
        "copies are in different events",
        """SELECT one.doc_id FROM members one JOIN members other ON one.cluster_id = other.doc_id
        JOIN assignments a ON one.doc_id = a.doc_id JOIN assignments b ON other.doc_id = b.doc_id WHERE a.event_id <> b.event_id""",
    ),
    (
        "articles are in another storyline than their event",
        "SELECT doc_id FROM assignments a JOIN events e USING (event_id) WHERE a.storyline_id <> e.storyline_id",
    ),
    (
        "clusters that were merged have members",
        "SELECT doc_id FROM members JOIN merges ON cluster_id = old_id WHERE level = 'cluster'",
    ),
    (
        "events that were merged have articles",
        "SELECT doc_id FROM assignments JOIN merges ON event_id = old_id WHERE level = 'event'",
    ),
    (
        "storylines that were merged have articles",
        "SELECT doc_id FROM assignments JOIN merges ON storyline_id = old_id WHERE level = 'storyline'",
    ),
    ("articles share an arrival", "SELECT arrival FROM articles GROUP BY arrival HAVING count(*) > 1"),
    ("likenesses are not in order", "SELECT later FROM likenesses WHERE earlier >= later"),
    ("ids in matches are not in order", "SELECT left_id FROM matches WHERE left_id >= right_id"),
)


def problems(store: Store) -> Iterator[str]:
    """Yield what is wrong with a state, a line each; a sound one gives none.

    Raises
    ------
    StateError
        If it cannot be read at all.
    """
    for name, relation in RELATIONS.items():
        columns = [*relation.key, *(["night"] if relation.summed else [])]
        keys = ", ".join(columns)
        again = store.value(f"SELECT count(*) FROM (SELECT 1 FROM {name} GROUP BY {keys} HAVING count(*) > 1)")  # noqa: S608
        if again:
            yield f"{name}: {again:,} keys ({keys}) stand more than once"
    for name, column, other, there in _NAMED:
        lost = store.value(
            f"SELECT count(*) FROM {name} ANTI JOIN (SELECT DISTINCT {there} AS wanted FROM {other}) ON {column} = wanted"  # noqa: S608
        )
        if lost:
            yield f"{name}: {lost:,} rows name a {column} that {other} does not have"
    for what, query in _WRONG:
        found = store.value(f"SELECT count(*) FROM ({query})")  # noqa: S608
        if found:
            yield f"{what}: {found:,} rows"
    yield from _contents(store)


def _contents(store: Store) -> Iterator[str]:
    """Read what no query has read: words, terms, texts and reports."""
    for name, relation in RELATIONS.items():
        unlike = damaged = 0
        for batch in store.batches(f"SELECT * FROM {name}", relation.schema):  # noqa: S608
            if name == "signatures":
                found = text_digests(*flat(batch["words"], np.int64))
                unlike += int(np.sum(found != batch["text_digest"].to_numpy()))
            elif name == "files":
                damaged += sum(not _unpacks(row) for row in batch.to_pylist())
        if unlike:
            yield f"{name}: the digest of {unlike:,} articles is not that of their words"
        if damaged:
            yield f"{name}: {damaged:,} files of reports cannot be unpacked"


def _unpacks(row: dict[str, Any]) -> bool:
    try:
        unpacked(row)
    except StateError:
        return False
    return True
