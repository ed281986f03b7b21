"""What the page of a night holds, chosen from its files.

In: the rows of a finished night. Out: the numbers of the night, plain, and its tables and texts, each as JSON values.

Rules guarded here: what is left out is counted and said; nothing depends on clocks, workers or the order of inputs; a row
that names an article of an earlier night keeps its id.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pipelines import preprocess, source
from pipelines.page.finished import Finished
from pipelines.page.passages import PAIRS_PER_PACK, TEXTS_PER_PACK, side_by_side

#: So many at most, that a page of the busiest night still opens at once.
EVENTS: Final = 20_000
ARTICLES: Final = 40_000
MATCHES: Final = 50_000
REJECTS: Final = 2_000
INPUTS: Final = 20
#: Removed lines: of one source, of all.
LINES_OF_SOURCE: Final = 25
LINES: Final = 8_000
#: Longer values are cut for display: ids and addresses, headlines, removed lines, details.
LONG_ID: Final = 600
LONG_TITLE: Final = 300
LONG_LINE: Final = 240
#: Of the matches of one event so many come before any event gets more.
_ROUND: Final = 20
_DECIMALS: Final = 3
_WORDS_OF_TITLE: Final = 12
_SIDES: Final = ("left_id", "right_id")
_RELATIONS: Final = ("exact", "near", "partial", "overlap")

Table = dict[str, list[Any]]


def choose(done: Finished) -> tuple[dict[str, Any], dict[str, Iterable[Any]]]:
    """Choose what the page holds.

    Returns
    -------
    night : dict
        Numbers, sources and what was left out.
    packs : dict of iterables
        Values that the page unpacks when it needs them: ``tables`` at once, ``texts`` and ``marks`` by their number.
    """
    articles = _articles_shown(done)
    place = {row["doc_id"]: number for number, row in enumerate(articles)}
    matches = _matches_shown(done, place)
    texts = [row["text"] for row in articles]
    both = [
        (number, place[row["left_id"]], place[row["right_id"]])
        for number, row in enumerate(matches)
        if row["left_id"] in place and row["right_id"] in place
    ]
    shown = side_by_side(both, texts)
    lines = _lines_shown(done.boilerplate)
    events = done.events[:EVENTS]
    clusters = {row["cluster_id"] for row in articles}
    tables = {
        "sources": [_cut(name, LONG_TITLE) for name in _names(articles)],
        "articles": _articles(articles, events) | {"text": [shown.text_of.get(at, -1) for at in range(len(articles))]},
        "events": _columns(events, _EVENT),
        "clusters": _columns([row for row in done.clusters if row["cluster_id"] in clusters], _CLUSTER),
        "matches": _matches(matches, place) | {"pair": [shown.pair_of.get(at, -1) for at in range(len(matches))]},
        "lines": _columns(lines, _LINE),
        "rejects": _columns(done.rejects[:REJECTS], _REJECT),
    }
    night = {
        **_numbers(done),
        "left_out": {
            "events": len(done.events) - len(events),
            "articles": len(done.articles) - len(articles),
            "matches": len(done.duplicates) - len(matches),
            "texts": len(both) - len(shown.pairs),
            "lines": len(done.boilerplate) - len(lines),
            "rejects": max(len(done.rejects) - REJECTS, 0),
        },
        "per_pack": {"texts": TEXTS_PER_PACK, "marks": PAIRS_PER_PACK},
    }
    return night, {"tables": [tables], **shown.packs()}


# -- the numbers -----------------------------------------------------------------------------------------------------


def _numbers(done: Finished) -> dict[str, Any]:
    counts = done.run["counts"]
    relations = Counter(row["relation"] for row in done.duplicates)
    return {
        "version": str(done.run.get("version", "")),
        "inputs": sorted(_cut(str(one.get("path", "")), LONG_ID) for one in done.run.get("inputs", ()))[:INPUTS],
        "counts": {name: counts[name] for name in ("pages", "seen", "words", "words_removed")}
        | {
            "articles": len(done.articles),
            "copies": sum(row["relation"] != "canonical" for row in done.articles),
            "clusters": len(done.clusters),
            "events": len(done.events),
            "events_of_many": sum(row["n_articles"] not in {"0", "1"} for row in done.events),
            "matches": {name: relations[name] for name in _RELATIONS},
            "rejects": len(done.rejects),
        },
        "reasons": [
            [reason, n, _REASONS.get(reason, "")]
            for reason, n in sorted(
                Counter(row["reason"] for row in done.rejects).items(), key=lambda pair: (-pair[1], pair[0])
            )
        ],
        "sources": _sources(done),
    }


_REASONS: Final = {**source.REASONS, **preprocess.REASONS}


def _sources(done: Finished) -> list[list[Any]]:
    """Return for each source its articles, words that stayed and that went, and different lines; most words that went first."""
    totals: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for row in done.articles:
        total = totals[row["source"]]
        for at, n in enumerate((1, row["n_words"], row["n_words_removed"])):
            total[at] += n
    for line in done.boilerplate:
        totals[line["source"]][3] += 1
    ordered = sorted(totals.items(), key=lambda pair: (-pair[1][2], pair[0]))
    return [[_cut(name, LONG_TITLE), *total] for name, total in ordered]


# -- what is chosen --------------------------------------------------------------------------------------------------


def _articles_shown(done: Finished) -> list[dict[str, Any]]:
    """Return the articles of the largest events, in the order of the events."""
    members: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in done.articles:
        members[row["event_id"]].append(row)
    ordered = [row for event in done.events for row in members.pop(event["event_id"], ())]
    return [*ordered, *(row for rest in members.values() for row in rest)][:ARTICLES]


def _matches_shown(done: Finished, place: Mapping[str, int]) -> list[dict[str, str]]:
    """Return the matches of articles that are shown, by rounds: some of each event, then more of each."""
    event_of = {row["doc_id"]: row["event_id"] for row in done.articles}
    canonical = {row["canonical_id"] for row in done.articles}
    rank = {row["event_id"]: number for number, row in enumerate(done.events)}

    def first(row: Mapping[str, str]) -> tuple[int, bool, int]:
        events = [rank.get(event_of.get(row[side], ""), len(rank)) for side in _SIDES]
        relation = row["relation"]
        of_canonical = row["left_id"] in canonical or row["right_id"] in canonical
        return min(events), not of_canonical, _WANTED.index(relation) if relation in _WANTED else len(_WANTED)

    # A side that is neither in the page nor left out of it is of an earlier night.
    own = [
        row
        for row in done.duplicates
        if any(row[side] in place for side in _SIDES)
        and all(row[side] in place or row[side] not in event_of for side in _SIDES)
    ]
    seen: Counter[int] = Counter()
    ordered: list[tuple[int, dict[str, str]]] = []
    for row in sorted(own, key=first):
        event = first(row)[0]
        ordered.append((seen[event] // _ROUND, row))
        seen[event] += 1
    return [row for _, row in sorted(ordered, key=lambda pair: pair[0])][:MATCHES]


#: What a reader most wants to see side by side.
_WANTED: Final = ("partial", "near", "overlap", "exact")


def _lines_shown(boilerplate: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Return the most frequent removed lines of each source."""
    seen: Counter[str] = Counter()
    lines = []
    for row in boilerplate:
        seen[row["source"]] += 1
        if seen[row["source"]] <= LINES_OF_SOURCE:
            lines.append(row)
    return lines[:LINES]


# -- as columns ------------------------------------------------------------------------------------------------------


def _text(limit: int) -> Any:
    return lambda value: _cut(value, limit)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[:limit] + "…"


def _whole(value: str) -> int | None:
    return int(value) if value.isdecimal() and value.isascii() else None


def _decimal(value: str) -> float | None:
    try:
        return round(float(value), _DECIMALS)
    except ValueError:
        return None


def _listed(value: str) -> list[str]:
    return [_cut(one, LONG_TITLE) for one in value.split("; ")] if value else []


_EVENT: Final = {
    "event_id": _text(LONG_ID),
    "storyline_id": _text(LONG_ID),
    "title": _text(LONG_TITLE),
    "top_terms": _listed,
    "n_articles": _whole,
    "n_clusters": _whole,
    "n_sources": _whole,
    "first_published": _text(LONG_TITLE),
    "last_published": _text(LONG_TITLE),
    "cohesion": _decimal,
    "sources": _listed,
    "status": _text(LONG_ID),
}
_CLUSTER: Final = {
    "cluster_id": _text(LONG_ID),
    "n_articles": _whole,
    "status": _text(LONG_ID),
}
_LINE: Final = {
    "source": _text(LONG_TITLE),
    "text": _text(LONG_LINE),
    "n_articles": _whole,
    "reason": _text(LONG_LINE),
}
_REJECT: Final = {
    "input": _text(LONG_ID),
    "position": _text(LONG_TITLE),
    "doc_id": _text(LONG_ID),
    "reason": _text(LONG_TITLE),
    "detail": _text(LONG_ID),
}
_MATCH: Final = {
    "relation": _text(LONG_TITLE),
    "jaccard": _decimal,
    "containment_left": _decimal,
    "containment_right": _decimal,
    "shared_words": _whole,
    "longest_passage_words": _whole,
    "overlap_score": _decimal,
    "days_apart": _decimal,
    "reason": _text(LONG_TITLE),
}


def _columns(rows: Sequence[Mapping[str, str]], makers: Mapping[str, Any]) -> Table:
    return {name: [make(row[name]) for row in rows] for name, make in makers.items()}


def _articles(rows: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, str]]) -> Table:
    """Return articles as columns; their source, event, cluster and canonical are numbers where these have a row in the page."""
    place = {row["doc_id"]: number for number, row in enumerate(rows)}
    event = {row["event_id"]: number for number, row in enumerate(events)}
    source = {name: number for number, name in enumerate(_names(rows))}
    return {
        "doc_id": [_cut(row["doc_id"], LONG_ID) for row in rows],
        "url": [_cut(row["url"], LONG_ID) for row in rows],
        "title": [_cut(row["title"] or _first_words(row["text"]), LONG_TITLE) for row in rows],
        "source": [source[row["source"]] for row in rows],
        "event": [event.get(row["event_id"], -1) for row in rows],
        "cluster": [_numbered(row["cluster_id"], place) for row in rows],
        "canonical": [_numbered(row["canonical_id"], place) for row in rows],
        "relation": [_cut(row["relation"], LONG_TITLE) for row in rows],
        "published": [_cut(row["published"], LONG_TITLE) for row in rows],
        "n_words": [row["n_words"] for row in rows],
        "n_words_removed": [row["n_words_removed"] for row in rows],
    }


def _names(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return sorted({row["source"] for row in rows})


def _first_words(text: str) -> str:
    return " ".join(text[:LONG_TITLE].split()[:_WORDS_OF_TITLE]) + " …"


def _matches(rows: Sequence[Mapping[str, str]], place: Mapping[str, int]) -> Table:
    """Return matches as columns; a side is the number of its article, or its id where that is of an earlier night."""
    sides = {side: [_numbered(row[f"{side}_id"], place) for row in rows] for side in ("left", "right")}
    return sides | _columns(rows, _MATCH)


def _numbered(doc_id: str, place: Mapping[str, int]) -> int | str:
    return place.get(doc_id, _cut(doc_id, LONG_ID))
