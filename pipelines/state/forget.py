"""What a state must forget: articles past an age, or taken down.

In: a store, and which articles. Out: the state without them and all that was made of them; ids of the rest stay.

Rule guarded here: of a forgotten article nothing is left that can be read: no text, no words, no keys, no title in a report.
An article that was taken down is known by a digest alone, so that it stays away when it is crawled again.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from dedup.duplicates.canonical import Policy, members
from dedup.errors import InputError
from dedup.events.assign import top_terms, weighed_labels
from dedup.schema import EVENT, MEMBER
from pipelines.report import cell
from pipelines.state.relations import NIGHT, unpacked
from pipelines.state.store import Store

_ABOUT = ["doc_id", "arrival", "source", "published", "n_words"]
#: Of the articles that go.
_ARRIVALS = "SELECT arrival FROM articles JOIN gone USING (doc_id)"


@dataclass(frozen=True)
class Forgotten:
    """How much was forgotten: articles, and reports of nights that named them."""

    articles: int
    reports: int


def older(store: Store, days: int, now: datetime) -> pa.Array:
    """Return the ids of articles published more than ``days`` before ``now``, by the day; of undated ones, those that came so long ago."""
    bound = (now - timedelta(days=days)).date().isoformat()
    query = f"""SELECT doc_id FROM articles LEFT JOIN runs ON articles.night = runs.number
        WHERE left(coalesce(nullif(published, ''), ended), 10) < '{bound}' ORDER BY doc_id"""  # noqa: S608 - a date of ours
    return store.select(query, pa.schema([("doc_id", pa.string())]))["doc_id"].combine_chunks()


def named(store: Store, doc_ids: Iterable[str]) -> pa.Array:
    """Return ids that are in the state.

    Raises
    ------
    InputError
        If one is not.
    """
    wanted = pa.array(sorted(set(doc_ids)), pa.string())
    found = set(store.rows("articles", "doc_id", wanted, ["doc_id"])["doc_id"].to_pylist())
    lost = [doc_id for doc_id in wanted.to_pylist() if doc_id not in found]
    if lost:
        raise InputError(f"--state: {store.path} has no article {lost[0]!r}. Nothing was changed.")
    return wanted


def forget(store: Store, doc_ids: pa.Array, policy: Policy, *, claims: bool) -> Forgotten:
    """Take articles out of a state; ends the use of the store.

    Parameters
    ----------
    doc_ids : Array of str
        Articles that are in it.
    policy : Policy
        By which clusters choose another canonical article.
    claims : bool
        Whether it is forgotten too that they were seen: if they are crawled again, they are new.
    """
    if not len(doc_ids):
        return Forgotten(0, 0)
    gone = set(doc_ids.to_pylist())
    store.register("gone", pa.table({"doc_id": doc_ids}))
    nights = store.rows("articles", "doc_id", doc_ids, ["doc_id", "night"])["night"]
    # A match of a later night is in that night's report as well.
    touched = [
        table["night"]
        for side in ("left_id", "right_id")
        if (table := store.rows("matches", side, doc_ids, ["left_id", "right_id", "night"])).num_rows
    ]
    reports = _reports(
        store, gone, {*nights.to_pylist(), *(night for column in touched for night in column.to_pylist())}
    )
    store.register("reports", pa.table({"number": pa.array(sorted(reports), pa.int64())}))
    mine = "doc_id IN (SELECT doc_id FROM gone)"
    conditions = {
        **dict.fromkeys(("articles", "signatures", "terms", "telling", "members", "assignments"), mine),
        **dict.fromkeys(("bands", "points"), f"arrival IN ({_ARRIVALS})"),
        "likenesses": f"earlier IN ({_ARRIVALS}) OR later IN ({_ARRIVALS})",
        "matches": "left_id IN (SELECT doc_id FROM gone) OR right_id IN (SELECT doc_id FROM gone)",
        # With them the events that were merged: these have no articles, but a title and terms.
        "events": f"event_id NOT IN (SELECT event_id FROM assignments WHERE NOT {mine})",  # noqa: S608
        "files": "number IN (SELECT number FROM reports)",
    }
    if claims:
        conditions["claims"] = mine
    replaced = {"members": _members(store, doc_ids, gone, policy), "events": _events(store, doc_ids, gone)}
    store.rewrite(conditions, replaced)
    return Forgotten(len(gone), len(reports))


def _reports(store: Store, gone: set[str], nights: set[int]) -> set[int]:
    """Return the nights whose reports may show a forgotten article: ``nights``, and those that listed a group it is in."""
    ids = pa.array(sorted(gone), pa.string())
    groups = {
        "clusters.csv": _ever_called(store, "cluster", store.rows("members", "doc_id", ids)["cluster_id"]),
        "events.csv": _ever_called(store, "event", store.rows("assignments", "doc_id", ids)["event_id"]),
    }
    for row in store.rows("files", "name", pa.array(sorted(groups))).to_pylist():
        if row["number"] not in nights:
            listed = csv.reader(io.StringIO(unpacked(row).decode(), newline=""))
            if any(cells[0] in groups[row["name"]] for cells in listed):
                nights.add(row["number"])
    return nights & set(store.rows("files", columns=["number", "name"])["number"].to_pylist())


def _ever_called(store: Store, level: str, ids: pa.ChunkedArray) -> set[object]:
    """Return the ids of groups, and those of all that they have grown from, as a report writes them."""
    found = set(ids.to_pylist())
    merges = [row for row in store.rows("merges").to_pylist() if row["level"] == level]
    while older := {row["old_id"] for row in merges if row["new_id"] in found} - found:
        found |= older
    return {cell(one) for one in found}


def _members(store: Store, doc_ids: pa.Array, gone: set[str], policy: Policy) -> pa.Table:
    """Return the rows of the articles that are left in the clusters of forgotten ones, with the canonical article they have now."""
    clusters = store.rows("members", "doc_id", doc_ids)["cluster_id"].unique()
    left = [
        row
        for row in store.rows("members", "cluster_id", clusters, [*MEMBER.names, "night"]).to_pylist()
        if row["doc_id"] not in gone
    ]
    ids = pa.array([row["doc_id"] for row in left], pa.string())
    about = store.rows("articles", "doc_id", ids, _ABOUT)
    digests = store.rows("signatures", "doc_id", ids, ["doc_id", "text_digest"])
    chosen = members(
        about.append_column("text_digest", digests["text_digest"]),
        {row["doc_id"]: row["cluster_id"] for row in left},
        policy,
    )
    night = {row["doc_id"]: row["night"] for row in left}
    return chosen.append_column(NIGHT, pa.array([night[one] for one in chosen["doc_id"].to_pylist()], pa.int64()))


def _events(store: Store, doc_ids: pa.Array, gone: set[str]) -> pa.Table:
    """Return the events that forgotten articles were in, titled and described by what is left of them."""
    events = store.rows("assignments", "doc_id", doc_ids)["event_id"].unique()
    left: dict[str, list[str]] = {}
    for row in store.rows("assignments", "event_id", events, ["doc_id", "event_id"]).to_pylist():
        if row["doc_id"] not in gone:
            left.setdefault(row["event_id"], []).append(row["doc_id"])
    rows: list[dict[str, Any]] = []
    for event in store.rows(
        "events", "event_id", pa.array(sorted(left), pa.string()), [*EVENT.names, "night"]
    ).to_pylist():
        ids = pa.array(sorted(left[event["event_id"]]), pa.string())
        articles = sorted(store.rows("articles", "doc_id", ids).to_pylist(), key=lambda row: row["arrival"])
        titles = [row["title"] for row in articles if row["title"]]
        title = (
            event["title"]
            if event["title"] in titles
            else (titles or [" ".join((articles[0]["text"] or "").split()[:12])])[0]
        )
        labelled = weighed_labels(store.rows("terms", "doc_id", ids))
        rows.append(event | {"title": title, "top_terms": top_terms(labelled)})
    return pa.Table.from_pylist(rows, schema=EVENT.append(NIGHT))
