"""Why two articles of a finished report, or of a state, are, or are not, matched.

In: a report's folder or a state, and the names of two of its articles. Out: the explanation, as lines to read or as one JSON object.

Rule guarded here: an article is named by its id, its address, or the beginning of either; what names none or several is
an error that says so, never a guess.
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from rich.text import Text

from dedup.articles.extract import EXTRACTORS
from dedup.errors import InputError
from dedup.explanation import Explanation, Named, Quote, explain
from pipelines.config import Config
from pipelines.report import ARTICLES_JSONL, COLUMNS, RUN_JSON, cell
from pipelines.source import normalise_url
from pipelines.state import check_format, open_store

_N_NAMED: Final = 4
#: Of a longer passage the middle is left out where people read it.
_LONG: Final = 60
_ENDS: Final = 25
_KINDS: Final = {
    "exact": "the same words",
    "minhash": "bands of shingles",
    "sample": "sampled shingles",
    "salient": "bands of telling terms",
}


@dataclass(frozen=True)
class Explained:
    """Two articles and why they are, or are not, matched."""

    left: dict[str, Any]
    right: dict[str, Any]
    explanation: Explanation
    #: Where they were found: ``report`` or ``state``.
    place: str
    #: The row of ``duplicates.csv``; None where there is none.
    reported: dict[str, str] | None
    #: Whether that was made with the parameters of this run; None where it does not say.
    same_parameters: bool | None

    def as_json(self) -> dict[str, Any]:
        """Return all of it as one object."""
        found = self.explanation
        return {
            "left": _public(self.left),
            "right": _public(self.right),
            "relation": found.relation,
            "reason": found.reason,
            "decided_by": found.decided_by,
            "reported": self.reported,
            "same_parameters": self.same_parameters,
            "same_cluster": self.left["cluster_id"] == self.right["cluster_id"],
            "same_event": self.left["event_id"] == self.right["event_id"],
            "same_storyline": self.left["storyline_id"] == self.right["storyline_id"],
            "scores": {
                "jaccard": found.similarity.jaccard,
                "containment_left": found.similarity.containment_left,
                "containment_right": found.similarity.containment_right,
                "shared_words": found.similarity.shared_words,
                "longest_passage_words": found.similarity.longest.words,
                "overlap_score": found.overlap_score,
                "days_apart": found.days_apart,
                "title_agreement": found.title_agreement,
                "n_words": list(found.n_words),
            },
            "evidence": {name: getattr(found.evidence, name) for name in ("score", "word", "bigram", "span", "lead")}
            | {"moves": [move._asdict() for move in found.moves]},
            "keys": found.keys,
            "is_candidate": found.is_candidate,
            "steps": [step._asdict() for step in found.steps],
            "changes": [change._asdict() for change in found.changes],
            "dates": found.dates._asdict(),
            "quantities": found.quantities._asdict(),
            "terms": list(found.terms),
            "passages": [
                one._asdict() | {"left": one.left._asdict(), "right": one.right._asdict()} for one in found.excerpts
            ],
            "n_passages": len(found.similarity.passages),
        }


def of_report(left: str, right: str, out: Path, config: Config) -> Explained:
    """Explain two articles of the report in ``out``.

    Parameters
    ----------
    left, right : str
        Each the id or the address of an article, or the beginning of one that no other article has.

    Raises
    ------
    InputError
        If there is no report, or a name stands for no article, for several, or both for one.
    """
    one, other = _two(_articles(out, (left, right)), left, right)
    reported = _reported(out, one["doc_id"], other["doc_id"])
    return Explained(one, other, explain(one, other, config), "report", reported, _same(out, config))


def of_state(left: str, right: str, state: str, config: Config) -> Explained:
    """Explain two articles of a state; the parameters and errors are those of `of_report`.

    Raises
    ------
    InputError
        Also if the text of one was not kept.
    StateError
        If it cannot be read.
    """
    with open_store(state, writing=False) as store:
        check_format(store)
        wanted = [_Wanted(name) for name in (left, right)]
        for batch in store.batches("SELECT doc_id, url FROM articles ORDER BY doc_id", _NAMES):
            for row in batch.to_pylist():
                for each in wanted:
                    each.see(row)
        one, other = _two([each.article(state) for each in wanted], left, right)
        ids = pa.array([one["doc_id"], other["doc_id"]])
        about: list[list[dict[str, Any]]] = [
            store.rows(name, "doc_id", ids).to_pylist() for name in ("articles", "members", "assignments")
        ]
        rows = [parts[0] | parts[1] | parts[2] for parts in zip(*about, strict=True)]
        matches = store.rows("matches", "left_id", ids[:1]).to_pylist()
        made = {name: value for name, value in store.parameters.items() if name in config.parameters()}
    for row in rows:
        if row["text"] is None:
            raise InputError(
                f"--state: {state} does not keep the text of {row['doc_id']!r} (keep_text was false). Give the --out of its report."
            )
    one, other = ({name: row[name] for name in (*_NEEDED, *_READ, "n_words", "relation")} for row in rows)
    reported = [
        {name: str(cell(row[name])) for name in COLUMNS["duplicates.csv"]}
        for row in matches
        if row["right_id"] == other["doc_id"]
    ]
    is_same = made in ([one.parameters() for one in _alike(config)])
    return Explained(one, other, explain(one, other, config), "state", next(iter(reported), None), is_same)


def _two(found: Sequence[dict[str, Any]], left: str, right: str) -> list[dict[str, Any]]:
    """Return two articles in the order of their ids."""
    if found[0]["doc_id"] == found[1]["doc_id"]:
        raise InputError(f"{left!r} and {right!r} are one article: {found[0]['doc_id']}. Give two.")
    return sorted(found, key=lambda row: str(row["doc_id"]))


_NEEDED: Final = ("doc_id", "cluster_id", "event_id", "storyline_id", "text")
_NAMES: Final = pa.schema([("doc_id", pa.string()), ("url", pa.string())])
_READ: Final = ("url", "source", "title", "published", "language")


@dataclass
class _Wanted:
    """A name, and the articles that it may stand for: by the id itself, by the address itself, by how either begins."""

    name: str
    ranks: tuple[list[dict[str, Any]], ...] = field(default_factory=lambda: ([], [], []))

    def __post_init__(self) -> None:
        self.address = normalise_url(self.name)

    def see(self, row: dict[str, Any]) -> None:
        """Keep an article that the name may stand for."""
        doc_id, url = str(row["doc_id"]), str(row.get("url") or "")
        bare = url.partition("://")[2]
        if doc_id == self.name:
            self.ranks[0].append(row)
        elif url and (url == self.name or normalise_url(url) == self.address):
            self.ranks[1].append(row)
        elif self.name and (doc_id.startswith(self.name) or url.startswith(self.name) or bare.startswith(self.name)):
            self.ranks[2].append(row)

    def article(self, place: Path | str) -> dict[str, Any]:
        """Return the one article that the name stands for."""
        found = next((rank for rank in self.ranks if rank), [])
        if not found:
            raise InputError(f"{place} has no article whose id or url is {self.name!r}, or begins with it.")
        if len(found) > 1:
            named = ", ".join(str(row["doc_id"]) for row in found[:_N_NAMED])
            more = f" and {len(found) - _N_NAMED:,} more" if len(found) > _N_NAMED else ""
            raise InputError(
                f"{self.name!r} stands for {len(found):,} articles of {place}: {named}{more}. Say more of it."
            )
        return found[0]


def _articles(out: Path, names: Sequence[str]) -> list[dict[str, Any]]:
    wanted = [_Wanted(name) for name in names]
    path = out / ARTICLES_JSONL
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                for one in wanted:
                    one.see(row)
    except FileNotFoundError as error:
        raise InputError(f"--out: {out} is no report of 'dedup nightly': it has no {ARTICLES_JSONL}.") from error
    except OSError as error:
        raise InputError(f"--out: {path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError(f"--out: {path} is damaged: a line is no article.") from error
    found = [one.article(out) for one in wanted]
    for row in found:
        if any(name not in row for name in _NEEDED) or not all(
            isinstance(row.get(name), str | None) for name in (*_NEEDED, *_READ)
        ):
            raise InputError(f"--out: {path} is damaged: {row['doc_id']!r} is no article of a report.")
    return found


def _reported(out: Path, left_id: str, right_id: str) -> dict[str, str] | None:
    """Return the row of ``duplicates.csv`` for two articles."""
    ids = str(cell(left_id)), str(cell(right_id))
    try:
        with (out / "duplicates.csv").open(encoding="utf-8", newline="") as file:
            return next((row for row in csv.DictReader(file) if (row["left_id"], row["right_id"]) == ids), None)
    except (OSError, ValueError, LookupError, csv.Error) as error:
        raise InputError(f"--out: {out / 'duplicates.csv'} cannot be read.") from error


def _same(out: Path, config: Config) -> bool | None:
    """Say whether a report was made with this configuration; None where it does not tell."""
    try:
        made = json.loads((out / RUN_JSON).read_text(encoding="utf-8"))["configuration"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return bool(made in [one.fingerprint() for one in _alike(config)])


def _alike(config: Config) -> list[Config]:
    """Return the configurations that say the same of two articles: who extracted them, and which pages were rejected, changes nothing between them."""
    return [
        replace(config, extract=replace(config.extract, all_pages=value, extractor=extractor))
        for value in (False, True)
        for extractor in EXTRACTORS
    ]


# -- for people ------------------------------------------------------------------------------------------------------


def lines(found: Explained) -> Iterator[Text]:
    """Write an explanation for people: lines that a terminal shows with styles, and a file without."""
    told = found.explanation
    yield from _heading(found)
    yield Text()
    relation = told.relation or "no match"
    yield Text.assemble((relation, _STYLES.get(told.relation, "bold red")), ": ", plain(told.reason))
    yield Text(_in_report(found))
    if not told.is_candidate:
        why = {
            (): "they have no key in common",
            ("sample",): "they have one shingle of a sample in common, and no other key",
        }
        alike = "they have keys of telling terms alone in common, and too few of these terms"
        yield Text(f"These two are never compared: {why.get(tuple(told.keys), alike)}.", "yellow")
    elif told.relation and found.reported is None:
        yield Text(
            "Under a key that many articles share, each meets the first hundred to arrive alone (of a sample the first ten).",
            "yellow",
        )
    if found.same_parameters is False:
        yield Text(
            f"The {found.place} was made with other parameters; give its --config to explain it with these.", "yellow"
        )
    yield from _scores(told)
    yield Text("\nThe evidence, piece by piece", "bold")
    for move in told.moves:
        style = "green" if move.by > 0 else "red" if move.by < 0 else "dim"
        yield Text.assemble((f"  {move.what:<32}", "dim"), (f"{move.by:+.2f}", style), f"  {move.to:.2f}")
    yield Text("\nThe rule", "bold")
    for step in told.steps:
        figure = "" if step.value is None else f" {step.value:.4g}, needed {step.bound:g}"
        mark = Text("yes " if step.holds else "no  ", "green" if step.holds else "red")
        decided = Text("   <- decided", "bold") if step.name == told.decided_by else Text()
        yield Text("  ").append_text(mark).append(f"{step.asks}:{figure}" if figure else step.asks).append_text(decided)
    yield Text("\nWhat would have changed it", "bold")
    for change in told.changes:
        yield Text(f"  {change.what}: {change.relation or 'no match'}")
    if not told.changes:
        yield Text("  nothing that was tried: neither outlet, nor dates, nor any one number of the rule")
    yield from _named("Days", told.dates)
    if told.evidence.conflicting:
        yield Text("  both name days, and none agrees: evidence against", "yellow")
    yield from _named("Quantities", told.quantities)
    yield Text("\nTerms of both", "bold")
    yield Text(f"  {plain(', '.join(told.terms)) or 'none'}")
    yield from _passages(told)


_STYLES: Final = {"exact": "bold green", "near": "bold green", "partial": "bold yellow", "overlap": "bold cyan"}


def plain(text: str) -> str:
    r"""Make text of the web safe to show: one line, and nothing in it that steers a terminal.

    Examples
    --------
    >>> plain("Quay\x1b[31m reopens\n today")
    'Quay [31m reopens today'
    """
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _heading(found: Explained) -> Iterator[Text]:
    for side, row, n_words in zip(
        ("left ", "right"), (found.left, found.right), found.explanation.n_words, strict=True
    ):
        yield Text.assemble((f"{side}  ", "dim"), (plain(str(row["doc_id"])), "bold"))
        told = [str(row.get(name) or "") for name in ("source", "published")]
        yield Text(f"       {plain(str(row.get('title') or 'without a title'))}")
        yield Text(f"       {plain(', '.join([*filter(None, told), f'{n_words:,} words']))}", "dim")


def _in_report(found: Explained) -> str:
    listed = f"listed as {found.reported['relation']}" if found.reported else "not listed as a match"
    if found.left["cluster_id"] == found.right["cluster_id"]:
        group = "one cluster"
    elif found.left["event_id"] == found.right["event_id"]:
        group = "two clusters of one event"
    elif found.left["storyline_id"] == found.right["storyline_id"]:
        group = "two events of one storyline"
    else:
        group = "two storylines"
    return f"In the {found.place}: {listed}, in {group}."


def _scores(told: Explanation) -> Iterator[Text]:
    similarity, evidence = told.similarity, told.evidence
    days = "unknown" if told.days_apart is None else f"{told.days_apart:.3g}"
    titles = "unknown" if told.title_agreement is None else f"{told.title_agreement:.2f} of the words of both"
    keys = ", ".join(f"{n} {_KINDS.get(kind, kind)}" for kind, n in told.keys.items())
    told_apart = (("words", evidence.word), ("pairs of words", evidence.bigram), ("names", evidence.span))
    cosines = ", ".join(f"{name} {value:.2f}" for name, value in (*told_apart, ("leads", evidence.lead)))
    rows = [
        ("jaccard", f"{similarity.jaccard:.4g}"),
        (
            "containment",
            f"{similarity.containment_left:.4g} of the left, {similarity.containment_right:.4g} of the right",
        ),
        ("shared words", f"{similarity.shared_words:,}, the longest passage {similarity.longest.words:,}"),
        ("headlines agree", titles),
        ("days apart", days),
        ("evidence", f"{evidence.score:.4g} ({cosines})"),
        ("keys in common", keys or "none"),
    ]
    yield Text("\nScores", "bold")
    for name, value in rows:
        yield Text.assemble((f"  {name:<16}", "dim"), value)


def _named(name: str, named: Named) -> Iterator[Text]:
    yield Text(f"\n{name}", "bold")
    rows = (("in both", named.agreeing), ("left alone", named.left), ("right alone", named.right))
    for label, values in rows:
        if values:
            yield Text.assemble((f"  {label:<12}", "dim"), plain(", ".join(values)))
    if not any(values for _, values in rows):
        yield Text("  none")


def _passages(told: Explanation) -> Iterator[Text]:
    n_all = len(told.similarity.passages)
    yield Text(f"\nShared passages ({n_all:,}{', the longest first' if n_all > 1 else ''})", "bold")
    if not n_all:
        yield Text("  none of five words or more")
    for number, one in enumerate(told.excerpts, start=1):
        yield Text(
            f"  {number}. {one.words:,} words, from word {one.left_word:,} of the left and {one.right_word:,} of the right"
        )
        for side, quote in (("left ", one.left), ("right", one.right)):
            yield Text.assemble((f"     {side}  ", "dim"), *_quoted(quote))
    if n_all > len(told.excerpts):
        yield Text(f"  {n_all - len(told.excerpts):,} more are shorter, or lie within these")


def _quoted(quote: Quote) -> Iterator[tuple[str, str]]:
    passage = plain(quote.passage)
    written = passage.split(" ")
    if len(written) > _LONG:
        passage = f"{' '.join(written[:_ENDS])} [...] {' '.join(written[-_ENDS:])}"
    yield plain(quote.before) + " " * bool(quote.before), "dim"
    yield f"[{passage}]", "yellow"
    yield " " * bool(quote.after) + plain(quote.after), "dim"


def _public(article: Mapping[str, Any]) -> dict[str, Any]:
    """Return what tells an article, without its text."""
    return {name: value for name, value in article.items() if name not in ("text", "removed")}
