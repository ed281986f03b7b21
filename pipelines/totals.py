"""What a night touched, with totals over the whole life of each: the rows of ``clusters.csv`` and ``events.csv``.

In: tonight's articles with their cluster and event, what tonight made, and what earlier nights left. Out: rows in the order of the
files.

Rule guarded here: an id that was published once is listed until it is told what it was merged into.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from dedup.articles.published import in_order
from dedup.earlier import Earlier, titled
from dedup.flow import Grouped, Matched

Row = dict[str, Any]
_N_TITLE_WORDS = 12
#: What is read of earlier articles to say how far a group reaches.
_SPREAD = ("doc_id", "source", "published")


def clusters(tonight: Sequence[Row], matched: Matched, earlier: Earlier | None = None) -> list[Row]:
    """Return the rows of clusters of two or more that hold an article of tonight, and of those that were merged; largest first.

    Parameters
    ----------
    tonight : sequence of dict
        Tonight's articles with their columns of MEMBER.
    matched : Matched
        What matching found.
    earlier : Earlier, optional
        Where other members are looked up.
    """
    merged, was, before = _merged(matched.merges, "cluster"), dict[str, list[Row]](), list[Row]()
    if earlier:
        ours = {row["doc_id"] for row in tonight}
        others = [row for doc_id, row in matched.member_of.items() if doc_id not in ours]
        before = _with_titles(others, earlier)
        names = pa.array(sorted({*(row["cluster_id"] for row in before), *merged}), pa.string())
        was = _grouped(_with_titles(earlier.rows("members", "cluster_id", names).to_pylist(), earlier), "cluster_id")
    rows = [
        _cluster(cluster_id, members) | {"status": "grown" if len(was.get(cluster_id, ())) > 1 else "new"}
        for cluster_id, members in _grouped([*tonight, *before], "cluster_id").items()
        if len(members) > 1
    ]
    rows += [_cluster(old_id, was[old_id]) | {"status": f"merged_into:{new_id}"} for old_id, new_id in merged.items()]
    return sorted(rows, key=lambda row: (-row["n_articles"], row["cluster_id"]))


def events(tonight: Sequence[Row], matched: Matched, grouped: Grouped, earlier: Earlier | None = None) -> list[Row]:
    """Return the rows of events that hold an article of tonight, and of those whose event or storyline was merged; largest first.

    Parameters
    ----------
    tonight : sequence of dict
        Tonight's articles with their columns of MEMBER and ASSIGNMENT.
    matched, grouped : Matched, Grouped
        What matching and grouping found.
    earlier : Earlier, optional
        Where other members are looked up.
    """
    merged, storyline = _merged(grouped.merges, "event"), _merged(grouped.merges, "storyline")
    touched = {event["event_id"]: event for event in grouped.events.to_pylist()}
    before, told = list[Row](), dict[str, Row]()
    if earlier:
        gone = earlier.rows("events", "event_id", pa.array(sorted(merged), pa.string()))
        moved = earlier.rows("events", "storyline_id", pa.array(sorted(storyline), pa.string()))
        told = {
            row["event_id"]: row for row in [*gone.to_pylist(), *moved.to_pylist()] if row["event_id"] not in touched
        }
        names = pa.array(sorted({*touched, *told}), pa.string())
        assigned = earlier.rows("assignments", "event_id", names)
        ids = assigned["doc_id"].combine_chunks()
        found = _with_articles(assigned.to_pylist(), earlier.rows("articles", "doc_id", ids, _SPREAD))
        of_cluster = {
            row["doc_id"]: row for row in earlier.rows("members", "doc_id", ids).to_pylist()
        } | matched.member_of
        before = [row | of_cluster[row["doc_id"]] for row in found]
    was = _grouped(before, "event_id")
    now = _grouped(
        [*tonight, *({**row, "event_id": merged.get(row["event_id"], row["event_id"])} for row in before)], "event_id"
    )
    rows = [
        event | _totals(now[event_id]) | {"status": "grown" if event_id in was else "new"}
        for event_id, event in touched.items()
    ]
    # One that was merged on an earlier night has no articles, and was told of then.
    for event_id, event in ((name, row) for name, row in told.items() if name in was):
        status = f"merged_into:{merged[event_id]}" if event_id in merged else "grown"
        named = storyline.get(event["storyline_id"], event["storyline_id"])
        rows.append(event | _totals(was[event_id]) | {"storyline_id": named, "status": status})
    return sorted(rows, key=lambda row: (-row["n_articles"], row["event_id"]))


def _merged(merges: pa.Table, level: str) -> dict[str, str]:
    return {row["old_id"]: row["new_id"] for row in merges.to_pylist() if row["level"] == level}


def _with_titles(rows: Sequence[Row], earlier: Earlier) -> list[Row]:
    """Join rows of earlier articles with these, and with what they are called by."""
    return _with_articles(rows, titled(earlier, pa.array([row["doc_id"] for row in rows], pa.string())))


def _with_articles(rows: Sequence[Row], articles: pa.Table) -> list[Row]:
    about = {row["doc_id"]: row for row in articles.to_pylist()}
    return [about[row["doc_id"]] | row for row in rows]


def _grouped(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return groups


def _cluster(cluster_id: str, members: Sequence[Row]) -> Row:
    canonical = next(row for row in members if row["relation"] == "canonical")
    title = canonical["title"] or _first_words(canonical["text"] or "")
    return {"cluster_id": cluster_id, "canonical_id": canonical["doc_id"], "title": title} | _spread(members)


def _totals(members: Sequence[Row]) -> Row:
    return {"n_clusters": len({row["cluster_id"] for row in members})} | _spread(members)


def _spread(members: Sequence[Row]) -> Row:
    """Say how far a group reaches: articles, sources, first and last day."""
    days = sorted((row["published"] for row in members if row["published"]), key=in_order)
    sources = sorted({row["source"] for row in members if row["source"]})
    return {
        "n_articles": len(members),
        "n_sources": len(sources),
        "first_published": days[0] if days else "",
        "last_published": days[-1] if days else "",
        "sources": sources,
    }


def _first_words(text: str) -> str:
    words = text.split()
    return " ".join(words[:_N_TITLE_WORDS]) + (" …" if len(words) > _N_TITLE_WORDS else "")
