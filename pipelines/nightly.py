"""The night: everything from the inputs to the report, in the order in which it happens.

In: what the user named, a configuration, an engine. Out: the relations of the night, and the files of its report.

Rule guarded here: this file says what follows what, and what is counted; how each step is done is said in ``dedup``.
"""

import platform
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from dedup.articles.published import in_order
from dedup.duplicates.cohesion import Loose, loose_clusters
from dedup.errors import InputError
from dedup.flow import Grouped, Matched
from pipelines import page, report, source
from pipelines.config import Config
from pipelines.journal import Journal
from pipelines.preprocess import (
    Cleaned,
    article_line,
    clean,
    counted,
    summary,
    write_lines,
)
from pipelines.run_local import Local

_LIBRARIES = ("datasketch", "numpy", "pyarrow", "resiliparse", "scikit-learn", "trafilatura")


@dataclass(frozen=True)
class Night:
    """All that a night made."""

    cleaned: Cleaned
    matched: Matched
    grouped: Grouped


def night(  # noqa: PLR0913 - what a run is made of
    inputs: Sequence[str],
    config: Config,
    engine: Local,
    journal: Journal,
    text_is: str | None = None,
    stdin: BinaryIO | None = None,
) -> Night:
    """Work on one night; see `pipelines.preprocess.clean` for the parameters."""
    cleaned = clean(inputs, config, engine, journal, text_is, stdin)
    matched = config.match(engine, cleaned.articles, journal)
    grouped = config.group(cleaned.articles, matched, journal)
    return Night(cleaned, matched, grouped)


def run(  # noqa: PLR0913 - the options of the command
    inputs: Sequence[str], out: Path, config: Config, workers: int, text_is: str | None, journal: Journal
) -> str:
    """Do ``dedup nightly``: write the report, and return the line that sums it up."""
    _check_apart(inputs, out)
    with report.OutputFolder(out) as folder:
        stdin = source.spool(source.standard_input()) if "-" in inputs else None
        with journal.stage("digest"):
            digests = source.digest(inputs, stdin)
        with Local(workers, config.limits) as engine:
            done = night(inputs, config, engine, journal, text_is, stdin)
        with journal.stage("report"):
            counts = write(folder.path, done)
            bound, size = config.verify.rule.near_cover, config.verify.shingle_words
            loose = loose_clusters(done.matched.members, done.matched.signatures, bound, size)
        report.write_json(
            folder.path / report.RUN_JSON, _record(done, digests, counts, loose, config, workers, text_is, journal)
        )
        with journal.stage("page"):
            page.write(folder.path)
        folder.commit()
    chained = f" ({len(loose):,} loose, see {report.RUN_JSON})" if loose else ""
    return (
        f"{summary(done.cleaned)}; {counted(counts['duplicates.csv'], 'match')}, "
        f"{counted(counts['clusters.csv'], 'cluster')}{chained}, {counted(counts['events.csv'], 'event')}. The report is in {out}."
    )


def plan(inputs: Sequence[str], out: Path) -> str:
    """Do ``dedup nightly --dry-run``: see that the job can begin, and return the line that says what it would read."""
    _check_apart(inputs, out)
    report.OutputFolder(out).check()
    files = source.expand(inputs)
    unusable = sum(file.reject is not None for file in files)
    formats = Counter(file.format for file in files if file.reject is None)
    told = ", ".join(f"{n:,} {form}" for form, n in sorted(formats.items()))
    return (
        f"{counted(len(files), 'file')} would be read ({told or 'none that can be'}), {counted(unusable, 'file')} rejected. "
        f"The report would be in {out}. Nothing was changed."
    )


def _check_apart(inputs: Sequence[str], out: Path) -> None:
    """See that the inputs exist, and that the report will be no input of the next run.

    Raises
    ------
    InputError
        If an input does not exist, or the output is in a folder that is an input.
    """
    source.expand(inputs)
    place = out.resolve()
    for given in inputs:
        folder = Path(given).resolve()
        if given != "-" and folder.is_dir() and place.is_relative_to(folder):
            raise InputError(f"--out: {out} is in the input folder {given}; the next run would read it. Give another.")


def unique(  # noqa: PLR0913 - the options of the command
    inputs: Sequence[str], output: Path | None, config: Config, workers: int, text_is: str | None, journal: Journal
) -> str:
    """Do ``dedup unique``: write the canonical article of every cluster, and return the line that sums it up."""
    report.check_output(output)
    with Local(workers, config.limits) as engine:
        cleaned = clean(inputs, config, engine, journal, text_is)
        members = config.match(engine, cleaned.articles, journal, relations=("exact", "near")).members.to_pylist()
    sizes = Counter(row["cluster_id"] for row in members)
    cluster_of = {row["canonical_id"]: row["cluster_id"] for row in members}
    kept = (row for row in cleaned.articles.to_pylist() if row["doc_id"] in cluster_of)
    write_lines(
        (
            article_line(row) | {"cluster_id": cluster_of[row["doc_id"]], "n_copies": sizes[cluster_of[row["doc_id"]]]}
            for row in kept
        ),
        output,
    )
    return f"{summary(cleaned)}; {len(cluster_of):,} kept, one per cluster of copies."


# -- the report ------------------------------------------------------------------------------------------------------


def write(folder: Path, done: Night) -> dict[str, int]:
    """Write every file of the report but ``run.json``, and return the number of rows of each."""
    articles = [_joined(row, done) for row in done.cleaned.articles.to_pylist()]
    tables: dict[str, Iterable[dict[str, Any]]] = {
        "articles.csv": articles,
        "duplicates.csv": done.matched.matches.to_pylist(),
        "clusters.csv": _clusters(articles),
        "events.csv": _events(articles, done.grouped.events),
        "boilerplate.csv": _boilerplate(articles),
        "rejects.csv": (
            {name: getattr(one, name) for name in report.COLUMNS["rejects.csv"]} for one in done.cleaned.rejects
        ),
    }
    counts = {name: report.write_csv(folder / name, report.COLUMNS[name], rows) for name, rows in tables.items()}
    columns = (*report.COLUMNS["articles.csv"], "text", "removed")
    lines = (article_line(row, columns) for row in articles)
    counts[report.ARTICLES_JSONL] = report.write_jsonl(folder / report.ARTICLES_JSONL, lines)
    return counts


def _joined(article: dict[str, Any], done: Night) -> dict[str, Any]:
    return article | done.matched.member_of[article["doc_id"]] | done.grouped.event_of[article["doc_id"]]


def _spread(members: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Say how far a group reaches: articles, sources, first and last day."""
    days = sorted((row["published"] for row in members if row["published"]), key=in_order)
    sources = sorted({row["source"] for row in members if row["source"]})
    return {
        "n_articles": len(members),
        "n_sources": len(sources),
        "first_published": days[0] if days else "",
        "last_published": days[-1] if days else "",
        "sources": sources,
        "status": "new",
    }


def _grouped(articles: Iterable[dict[str, Any]], column: str) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in articles:
        groups[row[column]].append(row)
    return groups


def _clusters(articles: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Make the rows of clusters of two or more, largest first."""
    rows = []
    for cluster_id, members in _grouped(articles, "cluster_id").items():
        if len(members) < 2:
            continue
        canonical = next(row for row in members if row["relation"] == "canonical")
        title = canonical["title"] or _first_words(canonical["text"])
        rows.append({"cluster_id": cluster_id, "canonical_id": canonical["doc_id"], "title": title} | _spread(members))
    return sorted(rows, key=lambda row: (-row["n_articles"], row["cluster_id"]))


def _events(articles: Sequence[dict[str, Any]], events: pa.Table) -> list[dict[str, Any]]:
    """Make the rows of all events, largest first."""
    members = _grouped(articles, "event_id")
    rows = []
    for event in events.to_pylist():
        own = members[event["event_id"]]
        rows.append(event | {"n_clusters": len({row["cluster_id"] for row in own})} | _spread(own))
    return sorted(rows, key=lambda row: (-row["n_articles"], row["event_id"]))


def _boilerplate(articles: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Make a row per removed text and source, the most frequent first."""
    found: dict[tuple[str, str], tuple[set[str], Counter[str]]] = {}
    for article in articles:
        for removal in article["removed"]:
            ids, reasons = found.setdefault((article["source"], removal["text"]), (set(), Counter()))
            ids.add(article["doc_id"])
            reasons[removal["reason"]] += 1
    rows = [
        {
            "source": site,
            "text": text,
            "n_articles": len(ids),
            "reason": min(reasons, key=lambda reason: (-reasons[reason], reason)),
            "example_doc_id": min(ids),
        }
        for (site, text), (ids, reasons) in found.items()
    ]
    return sorted(rows, key=lambda row: (-row["n_articles"], row["source"], row["text"]))


def _first_words(text: str, n_words: int = 12) -> str:
    words = text.split()
    return " ".join(words[:n_words]) + (" …" if len(words) > n_words else "")


def _record(  # noqa: PLR0913 - all that is known of the run
    done: Night,
    digests: list[dict[str, Any]],
    counts: dict[str, int],
    loose: Sequence[Loose],
    config: Config,
    workers: int,
    text_is: str | None,
    journal: Journal,
) -> dict[str, Any]:
    """Make the content of ``run.json``."""
    reasons = Counter(one.reason for one in done.cleaned.rejects)
    relations = Counter(done.matched.matches["relation"].to_pylist())
    return {
        "version": version("news-dedup"),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in _LIBRARIES},
        "configuration": config.fingerprint(),
        "text_is": text_is or "",
        "workers": workers,
        "inputs": digests,
        "counts": {
            "pages": done.cleaned.n_pages,
            "seen": done.cleaned.n_seen,
            "rejects": dict(sorted(reasons.items())),
            "articles": done.cleaned.articles.num_rows,
            "words": sum(done.cleaned.articles["n_words"].to_pylist()),
            "words_removed": sum(done.cleaned.articles["n_words_removed"].to_pylist()),
            "candidate_pairs": done.matched.n_candidates,
            "matches": dict(sorted(relations.items())),
            "clusters": counts["clusters.csv"],
            "events": counts["events.csv"],
        },
        "loose_clusters": [one._asdict() for one in loose],
        "seconds": {name: round(seconds, 3) for name, seconds in journal.seconds.items()},
    }
