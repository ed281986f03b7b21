"""The night: everything from the inputs to the report, in the order in which it happens.

In: what the user named, a configuration, an engine. Out: the relations of the night, and the files of its report.

Rule guarded here: this file says what follows what, and what is counted; how each step is done is said in ``dedup``.
"""

import platform
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Protocol

import pyarrow as pa

from dedup.duplicates.cohesion import Loose, loose_clusters
from dedup.earlier import not_among
from dedup.errors import InputError
from dedup.flow import Grouped, Matched
from pipelines import page, report, source, totals
from pipelines.config import Config
from pipelines.journal import Journal
from pipelines.output import Format, Output
from pipelines.preprocess import (
    PUBLIC,
    Cleaned,
    article_line,
    clean,
    counted,
    tally,
)
from pipelines.remember import remember
from pipelines.run_local import Local
from pipelines.state import State, inputs_key, open_store

_LIBRARIES = ("datasketch", "numpy", "pyarrow", "resiliparse", "scikit-learn", "trafilatura")


@dataclass(frozen=True)
class Night:
    """All that a night made."""

    cleaned: Cleaned
    matched: Matched
    grouped: Grouped


class Elsewhere(Protocol):
    """Another place to work than the processes of this machine; `pipelines.spark.night.OnSpark` is one."""

    def start(self, journal: Journal) -> None:
        """Start what the work is done by, if it does not run yet; a stage of its own."""
        ...

    def check(self, inputs: Sequence[str]) -> None:
        """See that the inputs can be read there.

        Raises
        ------
        InputError
            If one cannot.
        """
        ...

    def digest(self, inputs: Sequence[str]) -> list[dict[str, Any]]:
        """Return what `pipelines.source.digest` returns."""
        ...

    def night(
        self, inputs: Sequence[str], config: Config, journal: Journal, text_is: str | None, state: State | None
    ) -> Night:
        """Work on one night; see `night`."""
        ...

    def cleaned(self, inputs: Sequence[str], config: Config, journal: Journal, text_is: str | None) -> Cleaned:
        """Take the chrome off; articles stand in the order of the inputs. See `pipelines.preprocess.stream`, of which this is one portion."""
        ...

    def unique(
        self, inputs: Sequence[str], config: Config, journal: Journal, text_is: str | None
    ) -> tuple[Cleaned, pa.Table]:
        """Return the articles by arrival, and relation MEMBER of them, of copies alone."""
        ...


def night(  # noqa: PLR0913 - what a run is made of
    inputs: Sequence[str],
    config: Config,
    engine: Local,
    journal: Journal,
    text_is: str | None = None,
    stdin: BinaryIO | None = None,
    state: State | None = None,
) -> Night:
    """Work on one night; see `pipelines.preprocess.clean` for the parameters."""
    cleaned = clean(inputs, config, engine, journal, text_is, stdin, state)
    matched = config.match(engine, cleaned.articles, journal, earlier=state)
    grouped = config.group(cleaned.articles, matched, journal, state)
    return Night(cleaned, matched, grouped)


def run(  # noqa: PLR0913 - the options of the command
    inputs: Sequence[str],
    out: Path,
    config: Config,
    workers: int,
    text_is: str | None,
    journal: Journal,
    state: str = "",
    elsewhere: Elsewhere | None = None,
) -> str:
    """Do ``dedup nightly``: write the report, and return the line that sums it up."""
    _check_apart(inputs, out, "--out", elsewhere)
    with remembered(state, inputs, config, elsewhere) as memory, report.OutputFolder(out) as folder:
        told = _reported(inputs, folder.path, config, workers, text_is, journal, memory, elsewhere, out)
        with journal.stage("page"):
            page.write(folder.path)
        folder.commit()
    return f"{told} The report is in {out}."


def _reported(  # noqa: PLR0913 - what a run is made of
    inputs: Sequence[str],
    folder: Path,
    config: Config,
    workers: int,
    text_is: str | None,
    journal: Journal,
    memory: State | None,
    elsewhere: Elsewhere | None,
    replaced: Path | None = None,
) -> str:
    """Work on a night and remember it, or take up one that is remembered; write its report to ``folder``, and return what sums it up.

    Raises
    ------
    InputError
        If the inputs hold no article, and ``replaced`` is a report of some.
    """
    with source.spool(source.standard_input()) if "-" in inputs and not elsewhere else nullcontext() as stdin:
        if elsewhere:
            elsewhere.start(journal)
        with journal.stage("digest"):
            digests = elsewhere.digest(inputs) if elsewhere else source.digest(inputs, stdin)
        key = inputs_key(digests, text_is)
        if memory and (before := memory.report(key)):
            number, files = before
            for name, content in files.items():
                (folder / name).write_bytes(content)
            return f"These are the inputs of night {number}: what it gave is given again, and nothing was changed."
        if elsewhere:
            done = elsewhere.night(inputs, config, journal, text_is, memory)
        else:
            with Local(workers, config.limits) as engine:
                done = night(inputs, config, engine, journal, text_is, stdin, memory)
    if replaced and not done.cleaned.articles.num_rows and not done.cleaned.n_seen and report.has_articles(replaced):
        raise InputError(
            f"--out: {replaced} has a report of articles, and the inputs hold none ({tally(done.cleaned).summary}). It stays as it is; "
            "give another folder for an empty one."
        )
    with journal.stage("report"):
        counts = write(folder, done, memory)
        loose = _loose(done, config, memory)
    facts = _record(done, digests, counts, loose, config, workers, text_is, journal)
    report.write_json(folder / report.RUN_JSON, facts | ({"night": memory.night} if memory else {}))
    if memory:
        files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
        ended = datetime.now(UTC).isoformat(timespec="seconds")
        memory.record(key, files, files[report.RUN_JSON].decode(), ended, remember(done, memory, config))
    names = {name.removesuffix(".csv"): n for name, n in counts.items() if name != report.ARTICLES_JSONL}
    told = tally(done.cleaned)
    journal.counts |= names | told.counts
    chained = f" ({len(loose):,} loose, see {report.RUN_JSON})" if loose else ""
    return (
        f"{told.summary}; {counted(counts['duplicates.csv'], 'match')}, "
        f"{counted(counts['clusters.csv'], 'cluster')}{chained}, {counted(counts['events.csv'], 'event')}."
    )


def plan(inputs: Sequence[str], out: Path) -> str:
    """Do ``dedup nightly --dry-run``: see that the job can begin, and return the line that says what it would read."""
    _check_apart(inputs, out, "--out")
    report.OutputFolder(out).check()
    files = source.expand(inputs)
    unusable = sum(file.reject is not None for file in files)
    formats = Counter(file.format for file in files if file.reject is None)
    told = ", ".join(f"{n:,} {form}" for form, n in sorted(formats.items()))
    return (
        f"{counted(len(files), 'file')} would be read ({told or 'none that can be'}), {counted(unusable, 'file')} rejected. "
        f"The report would be in {out}. Nothing was changed."
    )


@contextmanager
def remembered(
    state: str, inputs: Sequence[str], config: Config, elsewhere: Elsewhere | None = None
) -> Iterator[State | None]:
    """Open the state called ``state`` for a night; without a name there is none."""
    if not state:
        yield None
        return
    _check_apart(inputs, Path(state), "--state", elsewhere)
    with open_store(state, writing=True, new=True) as store:
        yield State(store, config.parameters())


def _loose(done: Night, config: Config, state: State | None) -> list[Loose]:
    """Return tonight's clusters whose members are less alike than the rule for copies asks."""
    members, signatures = done.matched.members, done.matched.signatures
    if state:
        earlier = not_among(members["doc_id"], done.cleaned.articles)
        signatures = pa.concat_tables([signatures, state.rows("signatures", "doc_id", earlier)])
    return loose_clusters(members, signatures, config.verify.rule.near_cover, config.verify.shingle_words)


def _check_apart(inputs: Sequence[str], out: Path, option: str, elsewhere: Elsewhere | None = None) -> None:
    """See that the inputs exist, and that what is written will be no input of the next run.

    Raises
    ------
    InputError
        If an input does not exist, or what ``option`` names is in a folder that is an input.
    """
    if elsewhere:
        elsewhere.check(inputs)
    else:
        source.check(inputs)
    place = out.resolve()
    for given in inputs:
        folder = Path(given).resolve()
        if given != "-" and folder.is_dir() and place.is_relative_to(folder):
            raise InputError(
                f"{option}: {out} is in the input folder {given}; the next run would read it. Give another."
            )


def unique(  # noqa: PLR0913 - the options of the command
    inputs: Sequence[str],
    output: Path | None,
    config: Config,
    workers: int,
    text_is: str | None,
    journal: Journal,
    form: Format | None = None,
    state: str = "",
    elsewhere: Elsewhere | None = None,
) -> str:
    """Do ``dedup unique``: write the canonical article of every cluster, and return the line that sums it up.

    With a state the night is remembered as ``dedup nightly`` does, and of clusters that earlier nights founded none is written.
    """
    columns = (*PUBLIC, "cluster_id", "n_copies")
    with remembered(state, inputs, config, elsewhere) as memory:
        if memory:
            with TemporaryDirectory() as folder, Output(output, form, columns) as out:
                summed = _reported(inputs, Path(folder), config, workers, text_is, journal, memory, elsewhere)
                founders = list(_founders(report.read_jsonl(Path(folder) / report.ARTICLES_JSONL)))
                out.write(founders)
            journal.counts["kept"] = len(founders)
            return f"{summed} {len(founders):,} kept, one per cluster of copies that is new."
    with Output(output, form, columns) as out:
        if elsewhere:
            cleaned, found = elsewhere.unique(inputs, config, journal, text_is)
        else:
            with Local(workers, config.limits) as engine:
                cleaned = clean(inputs, config, engine, journal, text_is)
                found = config.match(engine, cleaned.articles, journal, relations=("exact", "near")).members
        members = found.to_pylist()
        sizes = Counter(row["cluster_id"] for row in members)
        cluster_of = {row["canonical_id"]: row["cluster_id"] for row in members}
        kept = (row for row in cleaned.articles.to_pylist() if row["doc_id"] in cluster_of)
        out.write(
            article_line(row) | {"cluster_id": cluster_of[row["doc_id"]], "n_copies": sizes[cluster_of[row["doc_id"]]]}
            for row in kept
        )
    told = tally(cleaned, journal)
    journal.counts |= told.counts | {"kept": len(cluster_of)}
    return f"{told.summary}; {len(cluster_of):,} kept, one per cluster of copies."


def _founders(rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield a line for each cluster that is named after one of these articles, which are all of a night."""
    ids, sizes = {row["doc_id"] for row in rows}, Counter(row["cluster_id"] for row in rows)
    hidden = {"relation", "canonical_id", "event_id", "storyline_id"}
    for row in rows:
        cluster_id = row.pop("cluster_id")
        if row["doc_id"] == row["canonical_id"] and cluster_id in ids:
            kept = {name: value for name, value in row.items() if name not in hidden}
            yield kept | {"cluster_id": cluster_id, "n_copies": sizes[cluster_id]}


# -- the report ------------------------------------------------------------------------------------------------------


def write(folder: Path, done: Night, state: State | None = None) -> dict[str, int]:
    """Write every file of the report but ``run.json``, and return the number of rows of each."""
    articles = [_joined(row, done) for row in done.cleaned.articles.to_pylist()]
    tables: dict[str, Iterable[dict[str, Any]]] = {
        "articles.csv": articles,
        "duplicates.csv": done.matched.matches.to_pylist(),
        "clusters.csv": totals.clusters(articles, done.matched, state),
        "events.csv": totals.events(articles, done.matched, done.grouped, state),
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


def _boilerplate(articles: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Make a row per removed text and source, the most frequent first."""
    found: dict[tuple[str, str], tuple[set[str], dict[str, int]]] = {}
    for article in articles:
        doc_id, source_ = article["doc_id"], article["source"]
        for removal in article["removed"]:
            ids, reasons = found.setdefault((source_, removal["text"]), (set(), {}))
            ids.add(doc_id)
            reasons[removal["reason"]] = reasons.get(removal["reason"], 0) + 1
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
            "extractors": done.cleaned.extractors,
            "rejects": dict(sorted(reasons.items())),
            "articles": done.cleaned.articles.num_rows,
            "words": sum(done.cleaned.articles["n_words"].to_pylist()),
            "words_removed": sum(done.cleaned.articles["n_words_removed"].to_pylist()),
            "candidate_pairs": done.matched.candidates.num_rows,
            "matches": dict(sorted(relations.items())),
            "clusters": counts["clusters.csv"],
            "events": counts["events.csv"],
        },
        "loose_clusters": [one._asdict() for one in loose],
        "seconds": {name: round(seconds, 3) for name, seconds in journal.seconds.items()},
    }
