"""The command line: options in, one call, messages out.

In: what a user typed. Out: files, results on standard output, messages and progress bars on standard error, and the
exit code: 0 done, 1 the run failed and nothing was changed, 2 wrong use.

Rule guarded here: nothing else in the project prints, and a user never sees a traceback of ours or a usage page for a
slip: one clear line.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from typer.exceptions import TyperException

from dedup.errors import DedupError, InputError, StateError
from pipelines.journal import Journal, Voice, printable
from pipelines.output import Format
from pipelines.report import harmless

DONE, FAILED, WRONG_USE = 0, 1, 2
# What typer makes of a KeyboardInterrupt.
_INTERRUPTED = 130

app = typer.Typer(
    name="dedup",
    help=(
        "Clean, deduplicate and group a night of crawled news.\n\n"
        "[bold]dedup nightly[/bold] does the whole job: page chrome off, copies and overlapping reports found, articles "
        "grouped into events, CSV reports written. The other commands do one part of it.\n\n"
        "Example: [bold]dedup nightly crawl/ --out report/[/bold]"
    ),
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class TextIs(StrEnum):
    """What given plain text is."""

    article = "article"
    page = "page"
    clean = "clean"


class Extractor(StrEnum):
    """Who says which lines of an HTML page may be the article's."""

    auto = "auto"
    trafilatura = "trafilatura"
    fast = "fast"


class Engine(StrEnum):
    """Where the job runs."""

    local = "local"
    spark = "spark"


class LogFormat(StrEnum):
    """What messages are."""

    text = "text"
    json = "json"


class Task(StrEnum):
    """What gold data is about."""

    pages = "pages"
    lines = "lines"
    pairs = "pairs"
    events = "events"


class Model(StrEnum):
    """What can be trained."""

    boilerplate = "boilerplate"
    genre = "genre"
    events = "events"


Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT...",
        show_default=False,
        help=(
            "Files or folders, in any mix: .html .htm .txt (also .gz), .warc .warc.gz, .jsonl .ndjson (also .gz .zst), "
            ".csv, .parquet; '-' is JSONL on standard input."
        ),
    ),
]
TextIsOption = Annotated[
    TextIs | None,
    typer.Option(
        "--text-is",
        show_default=False,
        help=(
            "What given plain text is: 'article' (repeated and clear chrome lines are removed; the default for "
            "records), 'page' (all chrome is removed; the default for .txt files), 'clean' (taken as it is)."
        ),
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option("--workers", min=1, show_default=False, help="Worker processes. Default: one per processor."),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", show_default=False, help="TOML file with parameters, a table per stage."),
]
AllPagesOption = Annotated[
    bool,
    typer.Option(
        "--all-pages",
        help=(
            "Keep pages that are no articles, such as section fronts, listings, shops and forums; without it they are "
            "rejected as not_an_article."
        ),
    ),
]
ExtractorOption = Annotated[
    Extractor | None,
    typer.Option(
        "--extractor",
        show_default=False,
        help=(
            "Who looks for the article in HTML: 'fast', the line model alone; 'trafilatura', that and resiliparse before it, many times slower; "
            "'auto', resiliparse where the line model is not sure, and both where it still is not. Default: that of the configuration, else auto."
        ),
    ),
]


_voice = Voice()


EngineOption = Annotated[
    Engine,
    typer.Option(
        "--engine",
        help="Where the job runs: 'local', processes of this machine; 'spark', a cluster (needs the extra 'spark' and Java). Both give the same.",
    ),
]
MasterOption = Annotated[
    str | None,
    typer.Option(
        "--master",
        metavar="URL",
        show_default=False,
        help="Of the Spark cluster, such as spark://host:7077, yarn or local[4]. Default: what Spark's configuration says, else this machine.",
    ),
]
LogFormatOption = Annotated[
    LogFormat,
    typer.Option(
        "--log-format",
        help="Messages on standard error: lines to read, or a JSON object a line: each stage, and a summary at the end.",
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help=(
            "Write here instead of standard output. The name says the format: .jsonl, .csv (also .gz), .parquet; any other is "
            "JSONL."
        ),
    ),
]
FormatOption = Annotated[
    Format | None,
    typer.Option("--format", show_default=False, help="Of standard output: 'jsonl', the default, or 'csv'."),
]


@app.command(epilog="Example: dedup nightly crawl/2026-03-02 wire.jsonl.gz --out report/2026-03-02 --workers 4")
def nightly(
    inputs: Inputs,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the report; written whole or not at all.")
    ],
    state: Annotated[
        str,
        typer.Option(
            "--state",
            metavar="FILE",
            show_default=False,
            help=(
                "Memory of all nights, made by the first: what is new alone is worked on, and compared with every article seen "
                "before. One DuckDB file; a name that ends in / is a folder of Parquet."
            ),
        ),
    ] = "",
    config: ConfigOption = None,
    workers: WorkersOption = None,
    text_is: TextIsOption = None,
    all_pages: AllPagesOption = False,
    extractor: ExtractorOption = None,
    engine: EngineOption = Engine.local,
    master: MasterOption = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Check inputs, configuration and DIR, say what would be read, and change nothing."
        ),
    ] = False,
    log_format: LogFormatOption = LogFormat.text,
) -> None:
    """Do the whole job: clean, deduplicate, group, report.

    Writes articles.csv, duplicates.csv, clusters.csv, events.csv, boilerplate.csv, rejects.csv, articles.jsonl,
    run.json and report.html, a page to look at, to DIR. An input that cannot be used is a row in rejects.csv and stops nothing.
    """
    from pipelines import nightly as job

    with _elsewhere(engine, master) as elsewhere, _summed("nightly", log_format) as (journal, told):
        configured = _configured(config, all_pages, extractor)
        if dry_run:
            told.append(job.plan(inputs, out))
        else:
            told.append(job.run(inputs, out, configured, _workers(workers), _value(text_is), journal, state, elsewhere))


@app.command(epilog="Examples: dedup clean page.html | jq -r .text\n\ndedup clean crawl/ -o articles.jsonl")
def clean(
    inputs: Inputs,
    output: OutputOption = None,
    form: FormatOption = None,
    config: ConfigOption = None,
    workers: WorkersOption = None,
    text_is: TextIsOption = None,
    all_pages: AllPagesOption = False,
    extractor: ExtractorOption = None,
    engine: EngineOption = Engine.local,
    master: MasterOption = None,
    log_format: LogFormatOption = LogFormat.text,
) -> None:
    """Take the chrome off pages: clean articles as JSONL, CSV or Parquet.

    One row per article with its title, text, the removed lines with reasons, and every field that the input record
    had, in the order of the input. Articles come a portion at a time, and memory does not grow with their number. Standard
    error tells how many inputs were rejected, and of the first ten where and why.
    """
    from functools import partial

    from pipelines import preprocess

    with _elsewhere(engine, master) as spark, _quiet_pipe(), _summed("clean", log_format) as (journal, told):
        configured, given = _configured(config, all_pages, extractor), _value(text_is)
        elsewhere = partial(spark.cleaned, inputs, configured, journal, given) if spark else None
        told.append(preprocess.run(inputs, output, configured, _workers(workers), given, journal, form, elsewhere))


@app.command(
    epilog="Examples: dedup unique articles.jsonl -o unique.jsonl\n\nzcat archive/*.gz | dedup unique - | wc -l"
)
def unique(
    inputs: Inputs,
    output: OutputOption = None,
    form: FormatOption = None,
    state: Annotated[
        str,
        typer.Option(
            "--state",
            metavar="FILE",
            show_default=False,
            help=(
                "Memory of all nights, as that of 'dedup nightly': this one goes into it, and copies of articles of earlier ones "
                "are left out."
            ),
        ),
    ] = "",
    config: ConfigOption = None,
    workers: WorkersOption = None,
    text_is: TextIsOption = None,
    all_pages: AllPagesOption = False,
    extractor: ExtractorOption = None,
    engine: EngineOption = Engine.local,
    master: MasterOption = None,
    log_format: LogFormatOption = LogFormat.text,
) -> None:
    """Keep one article per cluster of copies: JSONL, CSV or Parquet.

    The fields are those of 'dedup clean', with cluster_id and n_copies.
    """
    from pipelines import nightly as job

    with _elsewhere(engine, master) as elsewhere, _quiet_pipe(), _summed("unique", log_format) as (journal, told):
        configured, given = _configured(config, all_pages, extractor), _value(text_is)
        told.append(job.unique(inputs, output, configured, _workers(workers), given, journal, form, state, elsewhere))


@app.command(
    epilog="Example: dedup explain nw-20260303-006 standard-post.example/cable-call.html --out report/2026-03-03"
)
def explain(
    left: Annotated[
        str, typer.Argument(metavar="LEFT", show_default=False, help="An article: its id or url, or how one begins.")
    ],
    right: Annotated[str, typer.Argument(metavar="RIGHT", show_default=False, help="The other article.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", show_default=False, help="A report of 'dedup nightly'.")
    ] = None,
    state: Annotated[
        str,
        typer.Option(
            "--state", metavar="FILE", show_default=False, help="A memory of nights; articles of all of them are found."
        ),
    ] = "",
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines to read.")] = False,
) -> None:
    """Say why two articles are, or are not, matched.

    Shows the scores, the rule step by step and what would have changed the decision, the days, quantities and terms
    that the articles share, and the passages, in context.
    """
    from pipelines import explain as job

    if (out is None) is not bool(state):
        raise InputError("give either --out or --state. Try 'dedup explain --help'.")
    configured = _configured(config)
    found = job.of_state(left, right, state, configured) if out is None else job.of_report(left, right, out, configured)
    with _quiet_pipe():
        if as_json:
            sys.stdout.write(harmless(json.dumps(found.as_json(), indent=2, ensure_ascii=False)) + "\n")
        else:
            screen = Console(highlight=False)
            for line in job.lines(found):
                screen.print(line, soft_wrap=not screen.is_terminal)
        sys.stdout.flush()


@app.command(epilog="Example: dedup report report/2026-03-03")
def report(
    out: Annotated[Path, typer.Argument(metavar="DIR", show_default=False, help="A report of 'dedup nightly'.")],
) -> None:
    """Make report.html again, from the other files of a report.

    One page to look at: the night in numbers, events, matched articles side by side, removed chrome, rejects. It loads
    nothing from anywhere.
    """
    from pipelines import page as job

    _tell(job.write(out))


@app.command(epilog="Example: dedup evaluate gold/articles.jsonl gold/pairs.jsonl --task pairs --background archive/")
def evaluate(
    gold: Annotated[
        list[str], typer.Argument(metavar="GOLD...", show_default=False, help="Labelled files, JSONL or JSONL.gz.")
    ],
    task: Annotated[Task, typer.Option("--task", help="What the labels are about.")],
    background: Annotated[
        list[str] | None,
        typer.Option("--background", metavar="INPUT", help="Run among these articles too; may be given several times."),
    ] = None,
    config: ConfigOption = None,
    workers: WorkersOption = None,
    text_is: TextIsOption = None,
    all_pages: AllPagesOption = False,
    extractor: ExtractorOption = None,
) -> None:
    """Score the tool on labelled data: JSON on standard output.

    pages: id, url, html, gold. lines: id, lines of text and keep. pairs: articles, and a, b, label. events: articles
    with a field event.
    """
    from pipelines import evaluate as job

    result = job.run(
        gold,
        task.value,
        background or [],
        _configured(config, all_pages, extractor),
        _workers(workers),
        _value(text_is),
        _journal(),
    )
    sys.stdout.write(json.dumps(result, indent=2, ensure_ascii=False) + "\n")


@app.command(
    epilog=(
        "Examples: dedup train boilerplate gold/lines.jsonl.gz -o line_model.json\n\n"
        "dedup train genre gold/articles.jsonl.gz gold/fronts.jsonl -o genre_model.json\n\n"
        "dedup train events gold/events.jsonl -o pair_model.json"
    )
)
def train(
    model: Annotated[Model, typer.Argument(help="What to train.", show_default=False)],
    gold: Annotated[
        list[str], typer.Argument(metavar="GOLD...", show_default=False, help="Labelled files, JSONL or JSONL.gz.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Where the model goes.")],
) -> None:
    r"""Fit a model on labelled data.

    boilerplate, the line model: gold in the formats 'lines' and 'pages' of 'dedup evaluate'. To use it, name the file in
    the configuration, as model in the table \[classify].

    genre, which tells the pages that are no articles: JSONL with html, id, where it is known url, and type; a page
    without a type is an article. To use it, name the file as genre in the table \[extract].

    events, which says how alike two articles are as reports of one event: gold in the format 'events'. To use it, name
    the file as model in the table \[grouping]. Its score stands in it, beside that of the default; use it where it wins.
    """
    from pipelines import train, train_events, train_genre

    runs = {Model.boilerplate: train.run, Model.genre: train_genre.run, Model.events: train_events.run}
    _tell(runs[model](gold, output))


states = typer.Typer(
    name="state",
    help="Look at, verify, prune and export the memory of nights that 'dedup nightly --state' keeps.",
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(states)
StateFile = Annotated[str, typer.Argument(metavar="FILE", show_default=False, help="A state.")]


@states.command(epilog="Example: dedup state info archive.duckdb")
def info(
    state: StateFile,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines to read.")] = False,
) -> None:
    """Say what a state holds: nights, articles, sizes, parameters."""
    from pipelines.state import info as job
    from pipelines.state import open_store

    with open_store(state, writing=False) as store:
        found = job.info(store)
    with _quiet_pipe():
        sys.stdout.write(
            json.dumps(found, indent=2, ensure_ascii=False) + "\n" if as_json else "\n".join(job.lines(found)) + "\n"
        )
        sys.stdout.flush()


@states.command(epilog="Example: dedup state check archive.duckdb && echo sound")
def check(state: StateFile) -> None:
    """Read all of a state and verify it: exit code 0 if it is sound, else 1 and a line for each thing that is wrong."""
    from pipelines.preprocess import counted
    from pipelines.state import open_store
    from pipelines.state.check import problems

    with open_store(state, writing=False) as store:
        found = list(problems(store))
    for one in found:
        sys.stdout.write(printable(one) + "\n")
    if found:
        raise StateError(f"{state} is not sound: {counted(len(found), 'thing')} told. Put a copy in its place.")
    _tell(f"{state} is sound.")


@states.command(
    epilog=(
        "Examples: dedup state forget archive.duckdb --older-than 400d\n\n"
        "dedup state forget archive.duckdb --id https://example.org/taken-down"
    )
)
def forget(
    state: StateFile,
    older_than: Annotated[
        str,
        typer.Option(
            "--older-than",
            metavar="DAYS",
            show_default=False,
            help="Articles published more than so long ago, such as 400d.",
        ),
    ] = "",
    doc_ids: Annotated[
        list[str] | None,
        typer.Option(
            "--id", metavar="ID", show_default=False, help="An article to take down; may be given several times."
        ),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Take articles out of a state, by age or by id, with all that was made of them; ids of the rest stay.

    An article that is taken down by its id is not taken up again when it is crawled again; one that was pruned by age is.
    Reports that showed one of them can no longer be written again.
    """
    from datetime import UTC, datetime

    from pipelines.preprocess import counted
    from pipelines.state import open_store
    from pipelines.state.forget import forget as remove
    from pipelines.state.forget import named, older

    if bool(older_than) == bool(doc_ids):
        raise InputError("give either --older-than or --id.")
    days = older_than.removesuffix("d")
    if older_than and not (days.isascii() and days.isdigit() and len(days) < 6):
        raise InputError(f"--older-than: must be a number of days, such as 400d. Got {older_than!r}.")
    policy = _configured(config).canonical
    with open_store(state, writing=True) as store:
        gone = older(store, int(days), datetime.now(UTC)) if older_than else named(store, doc_ids or [])
        done = remove(store, gone, policy, claims=bool(older_than))
    _tell(
        f"Forgotten: {counted(done.articles, 'article')}. {counted(done.reports, 'report')} that showed one can no longer be written again."
    )


@states.command(
    epilog="Examples: dedup state export archive.duckdb | head\n\ndedup state export archive.duckdb -o tables/"
)
def export(
    state: StateFile,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="DIR", show_default=False, help="Write one Parquet file per relation here."
        ),
    ] = None,
) -> None:
    """Write out a state: JSON lines with the name of their relation on standard output, or a folder of Parquet files.

    Lines stand in a fixed order and hold no clock times, so two states with the same content give the same lines.
    """
    from pipelines.state import export as job
    from pipelines.state import open_store

    with open_store(state, writing=False) as store:
        if output is not None:
            counts = job.to_folder(store, output)
            _tell(f"{sum(counts.values()):,} rows of {len(counts)} relations are in {output}.")
            return
        with _quiet_pipe():
            for row in job.rows(store):
                sys.stdout.write(harmless(job.line(row)))
            sys.stdout.flush()


settings = typer.Typer(help="Write a configuration file.", rich_markup_mode="rich")
app.add_typer(settings, name="config", epilog="Example: dedup config init -o dedup.toml")


@settings.command(epilog="Example: dedup config init -o dedup.toml")
def init(
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write here, if there is no such file yet."),
    ] = None,
) -> None:
    """Write a configuration file with every parameter, its meaning and its default.

    All values are commented out: the file changes nothing until you take a mark away. Use it as --config.
    """
    from pipelines import defaults

    if output is None:
        with _quiet_pipe():
            sys.stdout.write(defaults.text())
            sys.stdout.flush()
    else:
        _tell(defaults.write(output))


@app.callback(invoke_without_command=True)
def _main(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as version_of

        sys.stdout.write(version_of("news-dedup") + "\n")
        raise typer.Exit
    if context.invoked_subcommand is None:
        raise InputError("no command given. Try 'dedup --help'.")


# -- between the options and the job ---------------------------------------------------------------------------------


def _configured(path: Path | None, all_pages: bool = False, extractor: Extractor | None = None) -> Any:
    from dataclasses import replace

    from pipelines.config import Config, load

    config = load(path) if path is not None else Config()
    given: dict[str, Any] = {"all_pages": True} if all_pages else {}
    given |= {"extractor": extractor.value} if extractor else {}
    return replace(config, extract=replace(config.extract, **given)) if given else config


def _elsewhere(engine: Engine, master: str | None) -> AbstractContextManager[Any]:
    """Give the place to work if it is not this machine's processes; what it needs is looked for before anything is read."""
    if engine is Engine.local:
        if master is not None:
            raise InputError("--master: goes with --engine spark. Leave it out, or give both.")
        from pipelines.lean import seldom_collected, without_pandas

        without_pandas()
        seldom_collected()
        return nullcontext()
    from pipelines.spark.night import OnSpark

    return OnSpark(master)


def _workers(workers: int | None) -> int:
    """Return how many processes work; whoever watches is told if there is something to compile before they can."""
    from pipelines.first import is_first
    from pipelines.run_local import default_workers

    if not _voice.as_json and sys.stderr.isatty() and is_first():
        _tell("The first run compiles its loops, which takes some thirty seconds; later ones find them made.")
    return workers or default_workers()


def _value(text_is: TextIs | None) -> str | None:
    return text_is.value if text_is else None


def _journal() -> Journal:
    return Journal(None if _voice.as_json else Console(stderr=True), _voice)


def _tell(message: str) -> None:
    _voice.say(message)


@contextmanager
def _summed(command: str, log_format: LogFormat) -> Iterator[tuple[Journal, list[str]]]:
    """Give a journal, and a list for the line that sums the run up, which is said at the end with what was counted."""
    _voice.as_json = log_format is LogFormat.json
    journal, told, began = _journal(), list[str](), time.perf_counter()
    yield journal, told
    seconds = round(time.perf_counter() - began, 3)
    _voice.say(told[0], "summary", command=command, exit_code=DONE, seconds=seconds, counts=journal.counts)


@contextmanager
def _quiet_pipe() -> Iterator[None]:
    """End quietly when the reader of standard output, such as `head`, has all it wants."""
    try:
        yield
    except BrokenPipeError:
        # Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _stop(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _reflow(text: str) -> str:
    """Make each paragraph of a docstring one line, so that the help is broken to the terminal's width."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


for _command in (*app.registered_commands, *settings.registered_commands, *states.registered_commands):
    assert _command.callback is not None
    _command.help = _reflow(_command.callback.__doc__ or "")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit."""
    signal.signal(signal.SIGTERM, _stop)
    _voice.as_json = False
    message = ""
    try:
        code = app(args=list(arguments) if arguments is not None else None, standalone_mode=False)
        sys.stdout.flush()
        if code == _INTERRUPTED:
            code, message = FAILED, "stopped; nothing was changed."
    except InputError as error:
        code, message = WRONG_USE, str(error)
    except DedupError as error:
        code, message = FAILED, str(error)
    except TyperException as error:
        told = " ".join(error.format_message().replace("Value error, ", "").split()).rstrip(".?")
        context = getattr(error, "ctx", None)
        code, message = WRONG_USE, f"{told}. Try '{context.command_path if context else 'dedup'} --help'."
    except OSError as error:
        code, message = FAILED, f"{error.filename or 'input or output'}: {error.strerror or error}."
    if message:
        _voice.say(f"dedup: {message}", "error", exit_code=code)
    sys.exit(code or DONE)


if __name__ == "__main__":
    main()
