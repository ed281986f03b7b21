"""Inputs become clean articles: read, extract, identify, take the chrome off.

In: what the user named. Out: the articles, what was rejected, and how much was seen twice.

Rules guarded here: every input is an article, a skip already seen, or a reject with its reason; ids and the order of
arrival depend on what was read, not on the order in which it was named or finished.
"""

from collections import Counter
from collections.abc import Callable, Container, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from dedup.articles.published import in_order
from dedup.articles.segment import lines
from dedup.earlier import Earlier
from dedup.schema import DRAFT
from pipelines import source
from pipelines.config import Config
from pipelines.journal import Journal, Tick
from pipelines.output import Format, Output
from pipelines.portion import Remembered, portions
from pipelines.run_local import Failure, Limits, Local
from pipelines.source import Claim, Page, Reject

MIN_WORDS = 5
# Pages of HTML that a worker is given at a time; one that fails among them is tried again alone.
_TASK_PAGES, _TASK_BYTES = 16, 2_000_000

#: Why a page that was read did not become an article; beside the reasons of `pipelines.source`.
REASONS = {
    "no_article_text": "no article was found on the page, or nothing was left once its chrome was off",
    "not_an_article": "a section front, a listing, a shop's page or a forum; --all-pages keeps them",
    "timeout": "no extractor was done with the page within the time limit",
    "memory": "no extractor could work on the page within the memory limit",
    "crashed": "every extractor ended its process on the page",
    "failed": "every extractor failed on the page",
}


class Before(Earlier, Protocol):
    """What was worked on before: earlier nights, or earlier portions of a crawl."""

    @property
    def seen(self) -> Container[Claim]:
        """All that became an article."""
        ...

    @property
    def first_arrival(self) -> int:
        """The arrival of the first article to come."""
        ...

    def known(self, claims: Iterable[Claim]) -> Mapping[str, Mapping[str, str]]:
        """Return the ids given before; see `pipelines.source.assign_ids`."""
        ...


@dataclass(frozen=True)
class Cleaned:
    """What became of the inputs.

    ``articles``: relation ARTICLE, by arrival. ``n_pages``: all that were read. ``extractors``: how many pages of HTML each found lines on. What later nights must know: ``repeats``,
    relation REPEAT; ``claims``, by place all that became an article, with its id.
    """

    articles: pa.Table
    repeats: pa.Table
    claims: dict[int, tuple[Claim, str]]
    rejects: list[Reject]
    n_pages: int
    n_seen: int
    extractors: Mapping[str, int]


def clean(  # noqa: PLR0913 - what a run is made of
    inputs: Sequence[str],
    config: Config,
    engine: Local,
    journal: Journal,
    text_is: str | None = None,
    stdin: BinaryIO | None = None,
    before: Before | None = None,
) -> Cleaned:
    """Read the inputs and take the chrome off.

    Parameters
    ----------
    inputs : sequence of str
        Paths, or ``-``.
    text_is : {"article", "page", "clean"}, optional
        What given text is; see `pipelines.source.read`.
    stdin : binary file, optional
        Read for ``-``.
    before : Before, optional
        What was seen before, and learned of the chrome of sites.

    Raises
    ------
    InputError
        If an input does not exist.
    """
    return _cleaned(source.read(inputs, text_is, stdin=stdin), config, engine, journal, before)


def stream(  # noqa: PLR0913 - what a run is made of
    inputs: Sequence[str],
    config: Config,
    engine: Local,
    journal: Journal,
    text_is: str | None = None,
    wanted: Callable[[], None] = lambda: None,
) -> Generator[Cleaned, None, None]:
    """Read the inputs and take the chrome off, a portion at a time.

    Parameters
    ----------
    inputs, config, engine, journal, text_is
        As in `clean`.
    wanted : callable, optional
        Called for each page before it is worked on; raises if there is no use in going on.

    Yields
    ------
    Cleaned
        Of each portion, articles in the order in which they were read. What a site repeats is counted over all portions so
        far; an id that was given stays.
    """
    read = _while(wanted, source.read(inputs, text_is))
    with Remembered() as before, journal.many("clean") as (each, tick):
        for items in portions(read, config.portion):
            cleaned = _cleaned(items, config, engine, each, before)
            before.add(cleaned.claims.values(), cleaned.repeats, cleaned.articles.num_rows)
            tick(cleaned.n_pages)
            # Claims stand in the order in which they were read.
            ids = pa.array([doc_id for _, doc_id in cleaned.claims.values()], pa.string())
            order = pc.index_in(ids, cleaned.articles["doc_id"].combine_chunks())
            yield replace(cleaned, articles=cleaned.articles.take(order))


def _while(wanted: Callable[[], None], items: Iterable[Page | Reject]) -> Iterator[Page | Reject]:
    for item in items:
        wanted()
        yield item


def _cleaned(
    items: Iterable[Page | Reject], config: Config, engine: Local, journal: Journal, before: Before | None
) -> Cleaned:
    reader = source.Identify(before.seen) if before else source.Identify()
    pages = reader.pages(items)
    with journal.stage("extract") as tick:
        drafts, failed = drafts_of(pages, config, engine, tick)
    given = reader.assign(before.known(reader.claims) if before else None)
    ids = [given[place] for place in reader.places]
    rejects = list(reader.rejects)
    for number, failure in failed.items():
        claim = reader.claims[reader.places[number]]
        if ids[number]:
            rejects.append(Reject(claim.input, claim.position, ids[number], failure.reason, failure.detail))
    drafts = _identified(drafts, ids)
    extractors = Counter(name for name in drafts["extractor"].to_pylist() if name)
    rejects.extend(
        Reject(row["input"], row["position"], row["doc_id"], row["failure"], row["detail"])
        for row in drafts.filter(pc.not_equal(drafts["failure"], "")).to_pylist()
    )
    drafts = _arrived(drafts.filter(pc.equal(drafts["failure"], "")), before.first_arrival if before else 0)
    articles, repeats = config.clean(engine, drafts, journal, before)
    # What is left of a page must be more than a stray line; a text that was given as an article must only be something.
    is_page = pc.is_in(drafts["kind"], pa.array(["html", "page"]))
    empty = pc.less(articles["n_words"], pc.if_else(is_page, MIN_WORDS, 1))
    for row in articles.filter(empty).to_pylist():
        detail = f"{row['n_words']} words were left of the page once its chrome was off"
        rejects.append(Reject(row["input"], row["position"], row["doc_id"], "no_article_text", detail))
    articles = articles.filter(pc.invert(empty))
    kept = set(articles["doc_id"].to_pylist())
    claims = {place: (reader.claims[place], doc_id) for place, doc_id in enumerate(given) if doc_id in kept}
    rejects.sort(key=reject_order)
    return Cleaned(
        articles, repeats, claims, rejects, len(reader.claims), reader.seen, dict(sorted(extractors.items()))
    )


def drafts_of(pages: Iterable[Page], config: Config, engine: Local, tick: Tick) -> tuple[pa.Table, dict[int, Failure]]:
    """Extract every page; HTML in guarded workers while the next pages are read, text here and now."""
    texts: list[dict[str, Any]] = []
    extract = config.extraction

    def html() -> Iterator[pa.RecordBatch]:
        for batch in source.batches(pages, max_rows=_TASK_PAGES, max_bytes=_TASK_BYTES):
            is_html = pc.equal(batch["kind"], "html")
            for row in batch.filter(pc.invert(is_html)).to_pylist():
                draft = extract.draft(row)
                texts.append(draft | _too_large(str(draft["text"]), config.limits))
                tick(1)
            if (of_html := batch.filter(is_html)).num_rows:
                yield of_html

    done: list[pa.RecordBatch] = []
    failed: dict[int, Failure] = {}
    for _task, batch, result in engine.guarded([extract, extract.fallback()], html()):
        tick(batch.num_rows)
        if isinstance(result, Failure):
            failed |= dict.fromkeys(batch["arrival"].to_pylist(), result)
            continue
        rejects = [_too_large(text, config.limits) for text in result["text"].to_pylist()]
        texts += [result.slice(row, 1).to_pylist()[0] | reject for row, reject in enumerate(rejects) if reject]
        done.append(result.filter(pa.array([not reject for reject in rejects])))
    drafts = pa.Table.from_batches([*done, pa.RecordBatch.from_pylist(texts, schema=DRAFT)], schema=DRAFT)
    return drafts.sort_by("arrival"), failed


def _too_large(text: str, limits: Limits) -> dict[str, str]:
    """Return what to put in the draft of a text that the stages to come, which are not guarded, would choke on."""
    # A line takes two characters at least.
    if len(text) > limits.characters:
        detail = f"The text has {len(text):,} characters; [limits] characters is {limits.characters:,}."
    elif len(text) >= 2 * limits.lines and (n_lines := len(lines(text))) > limits.lines:
        detail = f"The text has {n_lines:,} lines; [limits] lines is {limits.lines:,}."
    else:
        return {}
    return {"text": "", "failure": "too_large", "detail": detail}


def _identified(drafts: pa.Table, ids: Sequence[str]) -> pa.Table:
    """Put the final ids in, and leave out what was seen already. ``arrival`` is the number of the page as read."""
    final = pa.array([ids[number] for number in drafts["arrival"].to_pylist()], pa.string())
    return drafts.set_column(0, DRAFT.field("doc_id"), final).filter(pc.not_equal(final, ""))


def _arrived(drafts: pa.Table, first: int) -> pa.Table:
    """Sort a night's drafts into their order of arrival, counted from ``first``: by date (see `in_order`), then by id."""
    published, ids = drafts["published"].to_pylist(), drafts["doc_id"].to_pylist()
    order = sorted(range(len(ids)), key=lambda row: (in_order(published[row]), ids[row]))
    drafts = drafts.take(pa.array(order, pa.int64()))
    return drafts.set_column(1, DRAFT.field("arrival"), pa.array(range(first, first + len(order)), pa.int64()))


def reject_order(reject: Reject) -> tuple[str, int, str, str, str]:
    """Return what rejects are sorted by: where they happened, positions as numbers."""
    return (reject.input, len(reject.position), reject.position, reject.doc_id, reject.reason)


def run(  # noqa: PLR0913 - the options of the command
    inputs: Sequence[str],
    output: Path | None,
    config: Config,
    workers: int,
    text_is: str | None,
    journal: Journal,
    form: Format | None = None,
    elsewhere: Callable[[], Cleaned] | None = None,
) -> str:
    """Do ``dedup clean``: write the articles, and return the line that sums it up; they may be cleaned elsewhere, all at once."""
    told = Tally(journal)
    if elsewhere:
        with Output(output, form, PUBLIC) as out:
            cleaned = elsewhere()
            out.write(map(article_line, cleaned.articles.to_pylist()))
            told.add(cleaned)
        journal.counts |= told.counts
        return told.summary
    with (
        Local(workers, config.limits) as engine,
        Output(output, form, PUBLIC) as out,
        # Left early, the work ends here and now.
        closing(stream(inputs, config, engine, journal, text_is, out.wanted)) as cleaned_portions,
    ):
        for cleaned in cleaned_portions:
            out.write(map(article_line, cleaned.articles.to_pylist()))
            told.add(cleaned)
    journal.counts |= told.counts
    return told.summary


#: Columns of ARTICLE that a user sees.
PUBLIC = ("doc_id", "url", "source", "title", "published", "language", "n_words", "n_words_removed", "text", "removed")


def article_line(article: dict[str, Any], columns: Sequence[str] = PUBLIC) -> dict[str, Any]:
    """Make the JSONL line of an article: its columns, then the fields of the record that we do not know."""
    return {name: article[name] for name in columns} | passed_through(article, columns)


def passed_through(article: dict[str, Any], columns: Sequence[str] = PUBLIC) -> dict[str, Any]:
    """Return the fields that the record had and the tool does not know; names of columns stay the tool's."""
    from json import loads

    extra = loads(article["extra"]) if article["extra"] else {}
    return {name: value for name, value in extra.items() if name not in columns}


#: Rejects that are told one by one where no file lists them.
_N_TOLD = 10


class Tally:
    """What became of the inputs, in numbers; of the first rejects a ``journal`` is told where each was, and why."""

    def __init__(self, journal: Journal | None = None) -> None:
        self._n_articles = self._n_seen = self._n_pages = 0
        self._reasons = Counter[str]()
        self._journal = journal

    def add(self, cleaned: Cleaned) -> None:
        """Add a night, or a portion."""
        self._n_articles += cleaned.articles.num_rows
        self._n_seen += cleaned.n_seen
        self._n_pages += cleaned.n_pages
        if self._journal:
            for one in cleaned.rejects[: max(0, _N_TOLD - self._reasons.total())]:
                where = ":".join(part for part in (one.input, one.position) if part)
                self._journal.say(f"{where}: {one.detail} ({one.reason})", "reject", **asdict(one))
        self._reasons.update(one.reason for one in cleaned.rejects)

    @property
    def counts(self) -> dict[str, int]:
        """``pages``, ``articles``, ``seen`` and ``rejects``. Notes are no rejects: their articles were kept."""
        rejected = sum(n for reason, n in self._reasons.items() if reason not in source.NOTES)
        return {
            "pages": self._n_pages,
            "articles": self._n_articles,
            "seen": self._n_seen,
            "rejects": rejected,
            "notes": self._reasons.total() - rejected,
        }

    @property
    def summary(self) -> str:
        """Say it in a line."""
        parts = [counted(self._n_articles, "article")]
        if self._n_seen:
            parts.append(f"{self._n_seen:,} seen twice")
        for name, is_note in (("reject", False), ("note", True)):
            reasons = {one: n for one, n in self._reasons.items() if (one in source.NOTES) is is_note}
            if reasons:
                told = ", ".join(f"{n:,} {reason}" for reason, n in sorted(reasons.items()))
                parts.append(f"{counted(sum(reasons.values()), name)} ({told})")
        return ", ".join(parts)


def tally(cleaned: Cleaned, journal: Journal | None = None) -> Tally:
    """Return what became of the inputs of one night."""
    told = Tally(journal)
    told.add(cleaned)
    return told


def counted(n: int, name: str) -> str:
    """Write a number of things: ``1 article``, ``1,200 articles``, ``2 matches``."""
    plural = "es" if name.endswith("ch") else "s"
    return f"{n:,} {name}{'' if n == 1 else plural}"
