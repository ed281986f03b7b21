"""Scores the tool on labelled data, by running it as the nightly command does.

In: gold files in the formats of the contract. Out: one JSON object of scores.

Rule guarded here: labelled articles go through the same flow as any others, in one batch, so that site-level repeats and
live counts work as they would on a night.
"""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from dedup.articles.normalize import words
from dedup.errors import InputError
from pipelines.config import Config
from pipelines.gold import Row, of_format, read_gold
from pipelines.journal import Journal
from pipelines.nightly import night
from pipelines.preprocess import clean, passed_through
from pipelines.report import json_line
from pipelines.run_local import Local
from pipelines.scores import Score, bcubed, line_score, pair_score, pairwise, shingle_score, word_bag_score

#: What counts as a match at each step of the pairs task.
_STEPS = {
    "exact+near": {"exact", "near"},
    "exact+near+partial": {"exact", "near", "partial"},
    "exact+near+partial+overlap": {"exact", "near", "partial", "overlap"},
}
# Words that join names or lead up to them.
_BETWEEN_NAMES = {"and", "by"}
_PAIR_LABELS = _STEPS["exact+near+partial+overlap"] | {"related", "unrelated"}


def run(  # noqa: PLR0913 - the options of the command
    gold: Sequence[str],
    task: str,
    background: Sequence[str],
    config: Config,
    workers: int,
    text_is: str | None,
    journal: Journal,
) -> dict[str, Any]:
    """Score the tool.

    Parameters
    ----------
    gold : sequence of str
        Paths of JSONL or JSONL.gz files.
    task : {"pages", "lines", "pairs", "events"}
        What they label.
    background : sequence of str
        Inputs that are run among the labelled articles (pairs and events).

    Returns
    -------
    dict
        ``task``, the number of labelled items, and scores in [0, 1].

    Raises
    ------
    InputError
        If a file cannot be read or holds no labels for the task.
    """
    rows = [row for path in gold for row in read_gold(Path(path))]
    with Local(workers, config.limits) as engine:
        return {"task": task} | _TASKS[task](rows, background, config, engine, text_is, journal)


def _rounded(score: Score) -> dict[str, float]:
    return {name: round(value, 4) for name, value in asdict(score).items()}


def _as_input(rows: Iterable[Row], folder: str) -> list[str]:
    """Write rows as an input of the tool."""
    path = Path(folder) / "gold.jsonl"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json_line(row) for row in rows)
    return [str(path)]


# -- one function per task; all of one signature -----------------------------------------------------------------------


def _pages(
    rows: Sequence[Row],
    _background: Sequence[str],
    config: Config,
    engine: Local,
    text_is: str | None,
    journal: Journal,
) -> dict[str, Any]:
    """Score extracted bodies. A headline that the gold begins with counts when the tool has it as the title.

    Pages whose ``type`` is not ``article`` have no body to be scored; it is counted how many of them were rejected.
    """
    rows = of_format(rows, "pages")
    with tempfile.TemporaryDirectory() as folder:
        given = ({"id": str(row["id"]), "url": row.get("url", ""), "html": row["html"]} for row in rows)
        cleaned = clean(_as_input(given, folder), config, engine, journal, text_is)
    answers = {row["doc_id"]: passed_through(row) | row for row in cleaned.articles.to_pylist()}
    genres = _genres(rows, {one.doc_id for one in cleaned.rejects if one.reason == "not_an_article"})
    rows = [row for row in rows if _is_article(row)]
    pairs = []
    for row in rows:
        answer = answers.get(str(row["id"]), {"text": "", "title": ""})
        titled = answer["title"] and words(row["gold"])[: len(words(answer["title"]))] == words(answer["title"])
        pairs.append((row["gold"], f"{answer['title']}\n{answer['text']}" if titled else answer["text"]))
    found = {
        "n_pages": len(rows),
        "n_empty": sum(not answer for _, answer in pairs),
        "shingles": _rounded(shingle_score(pairs)),
        "word_bag": _rounded(word_bag_score(pairs)),
    }
    return found | _metadata(rows, answers) | genres


def _metadata(rows: Sequence[Row], answers: Mapping[str, Row]) -> dict[str, float]:
    """Score what stands beside the text, on the pages whose gold has it.

    A title is ``right`` with the same words, ``title_close`` if the two lists of words agree by an F1 of .8; a day with
    the same date; authors with the same words in any order. ``published_wrong`` counts days given that are not the gold's.
    """
    found = {}
    for field in ("title", "published", "author"):
        known = [(str(row[field]), answers.get(str(row["id"]), {}).get(field) or "") for row in rows if row.get(field)]
        if known:
            found[f"{field}_right"] = _share(known, partial(_same, field))
            found |= {name: _share(known, ask) for name, ask in _ALSO_ASKED.get(field, {}).items()}
    return found


def _is_article(row: Row) -> bool:
    return str(row.get("type") or "article") == "article"


def _genres(rows: Sequence[Row], rejected: set[str]) -> dict[str, Any]:
    """Count the articles that were lost, and of every other type the pages that were caught, as not an article."""
    hits: dict[str, list[bool]] = defaultdict(list)
    for row in rows:
        hits["article" if _is_article(row) else str(row["type"])].append(str(row["id"]) in rejected)
    shares = {name: round(sum(found) / len(found), 4) for name, found in sorted(hits.items())}
    lost = {"articles_lost": shares.pop("article")} if "article" in shares else {}
    return lost | ({"not_an_article_recall": shares} if shares else {})


def _share(pairs: Sequence[tuple[str, str]], right: Callable[[str, str], bool]) -> float:
    return round(sum(right(gold, answer) for gold, answer in pairs) / len(pairs), 4)


def _same(field: str, gold: str, answer: str) -> bool:
    if field == "published":
        return answer[: len(gold[:10])] == gold[:10]
    if field == "author":
        return set(words(answer)) - _BETWEEN_NAMES == set(words(gold)) - _BETWEEN_NAMES
    return words(answer) == words(gold)


def _close(gold: str, answer: str) -> bool:
    one, other = words(gold), words(answer)
    shared = sum((Counter(one) & Counter(other)).values())
    return bool(shared) and 2 * shared >= 0.8 * (len(one) + len(other))


def _other_day(gold: str, answer: str) -> bool:
    return bool(answer) and not _same("published", gold, answer)


_ALSO_ASKED = {"title": {"title_close": _close}, "published": {"published_wrong": _other_day}}


def _lines(
    rows: Sequence[Row],
    _background: Sequence[str],
    config: Config,
    engine: Local,
    text_is: str | None,
    journal: Journal,
) -> dict[str, Any]:
    """Score lines kept of pages without their HTML, weighted by words."""
    rows = of_format(rows, "lines")
    with tempfile.TemporaryDirectory() as folder:
        given = (
            {"id": str(row["id"]), "url": row.get("url", ""), "text": "\n".join(line["text"] for line in row["lines"])}
            for row in rows
        )
        cleaned = clean(_as_input(given, folder), config, engine, journal, text_is or "page")
    answers = {row["doc_id"]: row for row in cleaned.articles.to_pylist()}
    scored, chrome = [], []
    for row in rows:
        answer = answers.get(str(row["id"]))
        for line, kept in zip(row["lines"], _kept(row["lines"], answer), strict=True):
            scored.append((len(words(line["text"])), bool(line["keep"]), kept))
            chrome.append((not line["keep"], not kept))
    return {
        "n_pages": len(rows),
        "n_lines": len(scored),
        "kept_words": _rounded(line_score(scored)),
        "removed_lines": _rounded(pair_score(chrome)),
    }


def _kept(lines: Sequence[Row], answer: Row | None) -> list[bool]:
    """Say of each line whether it stands in the answer; both are in order, so that equal lines are told apart."""
    if answer is None:
        return [False] * len(lines)
    body = iter(answer["text"].split("\n"))
    title = answer["title"]
    following = next(body, None)
    kept = []
    for line in lines:
        text = line["text"].strip()
        if following is not None and text == following.strip():
            kept.append(True)
            following = next(body, None)
        elif title and words(text) == words(title):
            kept.append(True)
            title = ""
        else:
            kept.append(False)
    return kept


def _pairs(  # noqa: PLR0913 - all tasks have one signature
    rows: Sequence[Row], background: Sequence[str], config: Config, engine: Local, text_is: str | None, journal: Journal
) -> dict[str, Any]:
    """Score labelled pairs of articles, in three steps of what is asked for."""
    labelled = of_format(rows, "pairs")
    unknown = sorted({row["label"] for row in labelled} - _PAIR_LABELS)
    if unknown:
        raise InputError(f"--task pairs: label {unknown[0]!r} is not one of {', '.join(sorted(_PAIR_LABELS))}.")
    articles = of_format([row for row in rows if "label" not in row], "articles")
    with tempfile.TemporaryDirectory() as folder:
        done = night([*_as_input(articles, folder), *background], config, engine, journal, text_is)
    found = {
        (row["left_id"], row["right_id"]): row["relation"]
        for row in done.matched.matches.select(["left_id", "right_id", "relation"]).to_pylist()
    }
    answers = []
    for row in labelled:
        one, other = str(row["a"]), str(row["b"])
        answers.append((row["label"], found.get((min(one, other), max(one, other)), "")))
    table: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for label, answer in answers:
        table[label][answer or "none"] += 1
    return {
        "n_pairs": len(labelled),
        **{
            name: _rounded(pair_score((label in step, answer in step) for label, answer in answers))
            for name, step in _STEPS.items()
        },
        "answers_by_label": {label: dict(sorted(counts.items())) for label, counts in sorted(table.items())},
    }


def _events(  # noqa: PLR0913 - all tasks have one signature
    rows: Sequence[Row], background: Sequence[str], config: Config, engine: Local, text_is: str | None, journal: Journal
) -> dict[str, Any]:
    """Score events and storylines as clusterings of the labelled articles."""
    from sklearn.metrics import adjusted_rand_score

    rows = of_format(rows, "events")
    with tempfile.TemporaryDirectory() as folder:
        given = ({name: value for name, value in row.items() if name != "event"} for row in rows)
        done = night([*_as_input(given, folder), *background], config, engine, journal, text_is)
    assigned = done.grouped.event_of
    gold = [str(row["event"]) for row in rows]
    found: dict[str, Any] = {"n_articles": len(rows), "n_events": len(set(gold))}
    for level in ("event", "storyline"):
        answer = [assigned.get(str(row["id"]), {}).get(f"{level}_id", f"rejected {row['id']}") for row in rows]
        found[level] = {
            "bcubed": _rounded(bcubed(gold, answer)),
            "pairwise": _rounded(pairwise(gold, answer)),
            "ari": round(float(adjusted_rand_score(gold, answer)), 4),
            "n_found": len(set(answer)),
        }
    return found


_TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "pages": _pages,
    "lines": _lines,
    "pairs": _pairs,
    "events": _events,
}
