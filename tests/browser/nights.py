"""Output folders for the browser tests, written as ``nightly`` writes them: a large night, and one of hostile texts.

In: an empty folder. Out: the files of a finished night in it, without ``report.html``.
"""

import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pipelines import report

N_EVENTS, N_ARTICLES, N_SOURCES = 5_000, 20_000, 300
_SYLLABLES = (
    "bar",
    "cor",
    "del",
    "fen",
    "gal",
    "hol",
    "ist",
    "kem",
    "lor",
    "mun",
    "nor",
    "ost",
    "pel",
    "quin",
    "ras",
    "tam",
)


def write(folder: Path, tables: dict[str, Iterable[dict[str, Any]]], articles: list[dict[str, Any]]) -> Path:
    """Write the files of a night; columns that a row lacks are empty."""
    for name, columns in report.COLUMNS.items():
        rows = articles if name == "articles.csv" else tables.get(name, ())
        report.write_csv(folder / name, columns, ({column: row.get(column, "") for column in columns} for row in rows))
    columns = (*report.COLUMNS["articles.csv"], "text")
    report.write_jsonl(
        folder / report.ARTICLES_JSONL, ({column: row.get(column, "") for column in columns} for row in articles)
    )
    counts = {
        "pages": len(articles),
        "seen": 0,
        "articles": len(articles),
        "words": sum(row["n_words"] for row in articles),
        "words_removed": sum(row["n_words_removed"] for row in articles),
    }
    report.write_json(folder / report.RUN_JSON, {"version": "1", "inputs": [{"path": "crawl"}], "counts": counts})
    return folder


def article(doc_id: str, text: str, **fields: Any) -> dict[str, Any]:
    """One article, a canonical of an event of its own unless the fields say more."""
    made = {"doc_id": doc_id, "n_words": len(text.split()), "n_words_removed": 0, "text": text}
    made |= {"relation": "canonical", "url": "", "source": "", "title": "", "published": "", "language": "en"}
    return made | dict.fromkeys(("cluster_id", "canonical_id", "event_id", "storyline_id"), doc_id) | fields


def event(members: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    """The row of an event with these articles."""
    days = sorted(row["published"] for row in members)
    return {
        "event_id": members[0]["event_id"],
        "storyline_id": members[0]["storyline_id"],
        "title": members[0]["title"],
        "n_articles": len(members),
        "n_clusters": len({row["cluster_id"] for row in members}),
        "n_sources": len({row["source"] for row in members}),
        "first_published": days[0],
        "last_published": days[-1],
        "cohesion": 0.5,
        "sources": sorted({row["source"] for row in members}),
        "status": "new",
    } | fields


def match(left: dict[str, Any], right: dict[str, Any], relation: str, **fields: Any) -> dict[str, Any]:
    """The row of a match."""
    numbers = {"jaccard": 0.512345, "containment_left": 0.712345, "containment_right": 0.612345, "overlap_score": 0.9}
    words = {"shared_words": 120, "longest_passage_words": 40, "days_apart": 0.2}
    reason = "91% of one text stands in the other, longest passage 80 words"
    ids = {"left_id": left["doc_id"], "right_id": right["doc_id"]}
    return {**ids, "relation": relation, **numbers, **words, "reason": reason, **fields}


_WIRE = (
    "The harbour board of Velsko said on Tuesday that the eastern quay would reopen after eleven days of repairs.\n"
    "Engineers replaced forty metres of decking and two cranes, and the first ferry is due at noon on Wednesday."
)
_CUT = _WIRE.replace("said on Tuesday", "announced this week").replace("eleven days", "a fortnight \U0001f6a2")


def small(folder: Path) -> Path:
    """Four events of two days: copies, an overlap, and what a memory of nights adds."""
    quay = {"event_id": "wire-1", "storyline_id": "wire-1", "source": "Northwire"}
    wire = article(
        "wire-1", _WIRE, title="Quay reopens", published="2026-03-02T08:00:00Z", url="https://wire.example/1", **quay
    )
    near = article("gazette-1", _CUT, title="Ferry back at the quay", published="2026-03-02T09:30:00Z", **quay)
    near |= {
        "cluster_id": "wire-1",
        "canonical_id": "wire-1",
        "relation": "near",
        "source": "gazette.example",
        "n_words_removed": 12,
    }
    star = article(
        "star-1", "Passengers waited at the pier.", title="Passengers return", published="2026-03-03", **quay
    )
    star |= {"source": "star.example"}
    vote = article(
        "vote", "The council voted.", title="Caf\u00e9 vote", published="2026-03-03T10:00:00Z", source="star.example"
    )
    late = article(
        "late", "It rained.", title="Rain", event_id="old-event", cluster_id="old", canonical_id="old", relation="exact"
    )
    late |= {"storyline_id": "wire-1", "published": "2026-03-02T20:00:00Z", "source": "gazette.example"}
    events = [
        event([wire, near, star], top_terms=["Velsko", "quay"]),
        event([vote], top_terms=["council"]),
        event([late], event_id="old-event", title="An older event", n_articles=3, status="grown"),
        event([vote], event_id="gone", title="A merged event", n_articles=0, status="merged_into:wire-1"),
    ]
    matches = [
        match(near, wire, "near"),
        match(star, wire, "overlap", reason="both name Velsko"),
        match(late, {"doc_id": "old"}, "exact", reason="same words"),
    ]
    clusters = [
        {"cluster_id": "wire-1", "canonical_id": "wire-1", "title": "Quay reopens", "n_articles": 4, "status": "grown"}
    ]
    lines = [
        {
            "source": "gazette.example",
            "text": "Sign up here",
            "n_articles": 2,
            "reason": "repeat: in 2 articles of this site",
        }
    ]
    rejects = [
        {"input": "crawl/a.html", "position": "", "doc_id": "a", "reason": "empty", "detail": "It holds nothing."}
    ]
    tables = {"events.csv": events, "duplicates.csv": matches, "clusters.csv": clusters}
    return write(folder, tables | {"boilerplate.csv": lines, "rejects.csv": rejects}, [wire, near, star, vote, late])


def large(folder: Path) -> Path:
    """A busy night: 5,000 events and 20,000 articles of 250 words, half of them copies, in an uneven spread."""
    dice = random.Random(7)
    words = ["".join(dice.choices(_SYLLABLES, k=dice.choice((1, 2, 2, 3)))) for _ in range(9_000)]
    sources = [f"{one}-{other}.example" for one in words[:20] for other in words[20:35]][:N_SOURCES]
    sizes = [1 + (dice.random() < 0.6) + int(dice.paretovariate(0.9)) % 40 for _ in range(N_EVENTS)]
    while sum(sizes) > N_ARTICLES:
        sizes[dice.randrange(N_EVENTS)] = 1
    sizes[0] += N_ARTICLES - sum(sizes)
    articles: list[dict[str, Any]] = []
    events, matches, clusters = [], [], []
    for size in sizes:
        members = list(_members(dice, words, sources, len(articles), size))
        articles += members
        events.append(event(members, top_terms=dice.sample(words, 8)))
        copies = [row for row in members if row["cluster_id"] == members[0]["doc_id"]]
        if len(copies) > 1:
            clusters.append({"cluster_id": members[0]["doc_id"], "n_articles": len(copies), "status": "new"})
        matches += [match(members[0], row, row["relation"]) for row in copies[1:]]
        matches += [match(members[0], row, "overlap") for row in members if row not in copies]
    events.sort(key=lambda row: (-row["n_articles"], row["event_id"]))
    lines = [
        {
            "source": source,
            "text": " ".join(dice.sample(words, 12)),
            "n_articles": 3,
            "reason": "repeat: in 3 articles of this site",
        }
        for source in sources
        for _ in range(80)
    ]
    tables = {"events.csv": events, "clusters.csv": clusters, "duplicates.csv": matches, "boilerplate.csv": lines}
    return write(folder, tables, articles)


def _members(
    dice: random.Random, words: list[str], sources: list[str], first: int, size: int
) -> Iterator[dict[str, Any]]:
    text = [" ".join(dice.choices(words, k=25)) + "." for _ in range(10)]
    day = f"2026-03-{1 + first % 14:02}"
    head = ""
    for number in range(first, first + size):
        source = dice.choice(sources)
        is_copy = number > first and dice.random() < 0.5
        own = (
            [*text[:8], *(" ".join(dice.choices(words, k=25)) + "." for _ in range(2))]
            if is_copy or not head
            else [" ".join(dice.choices(words, k=25)) + "." for _ in range(10)]
        )
        doc_id = f"{source}/news/{day}/{'-'.join(dice.choices(words, k=5))}-{number:05}"
        head = head or doc_id
        yield article(
            doc_id,
            "\n".join(own),
            url=f"https://www.{doc_id}.html",
            source=source,
            title=" ".join(dice.choices(words, k=9)).capitalize(),
            published=f"{day}T{dice.randrange(24):02}:{dice.randrange(60):02}:00Z",
            n_words_removed=dice.randrange(300),
            cluster_id=head if is_copy else doc_id,
            canonical_id=head if is_copy else doc_id,
            relation="near" if is_copy else "canonical",
            event_id=head,
            storyline_id=head,
        )
