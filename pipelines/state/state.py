"""The memory of a tool that runs every night: what it has seen, matched, grouped and published.

In: the path of a state, the parameters of a run. Out: what earlier nights left, by which tonight is worked on; at the end, tonight
goes in as one.

Rules guarded here: a state is used with the parameters that shaped it and no others; what was published stays; and a run of
inputs that were run before gives that run's report again.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import xxhash

from dedup.errors import InputError, StateError
from pipelines.source import Claim
from pipelines.state.file import File
from pipelines.state.folder import Folder
from pipelines.state.relations import FILE, RUN, packed, unpacked
from pipelines.state.seen import Seen, stem
from pipelines.state.store import Rows, Store

#: Raised whenever relations or their meaning change.
FORMAT: Final = 2
_FORMAT: Final = "format"


def open_store(name: str, *, writing: bool, new: bool = False) -> Store:
    """Open the state called ``name``: a folder if there is one, or if the name ends in a slash, else a file.

    Parameters
    ----------
    name : str
        As the user gave it.
    writing : bool
        See `Store`.
    new : bool
        Whether it is made if it is not there.

    Raises
    ------
    InputError
        If it is not there though it must be, or is none of ours.
    StateError
        If it is in use, damaged or cannot be written.
    """
    path = Path(name)
    # What stands beside it is called after it.
    path = path if path.name not in {"", ".."} else path.resolve()
    if not new and not path.exists():
        raise InputError(f"No such state: {name}.")
    if name.endswith("/") and path.exists() and not path.is_dir():
        raise InputError(f"--state: {path} is a file. Leave out the slash, or give another name.")
    store = (Folder if path.is_dir() or name.endswith("/") else File)(path, writing=writing)
    if store.is_new and not new:
        store.close()
        raise InputError(f"--state: {path} holds no night yet.")
    return store


def inputs_key(digests: Iterable[Mapping[str, Any]], text_is: str | None) -> str:
    """Return what tells the inputs of a run: their digests, and what a file is called by that gives its article the name.

    Parameters
    ----------
    digests : iterable of mapping
        As `pipelines.source.digest` gives them.
    text_is : str or None
        What given text was said to be.
    """
    named = sorted(
        [one["kind"], one["xxh3_128"], Path(one["path"]).name if one["kind"] in {"html", "text"} else ""]
        for one in digests
    )
    return xxhash.xxh3_128_hexdigest(json.dumps([named, text_is or ""]).encode())


def check_format(store: Store) -> None:
    """See that a state is of the format of this version.

    Raises
    ------
    StateError
        If it is not.
    """
    version = store.parameters.get(_FORMAT, "")
    if version != str(FORMAT):
        newer = version.isdigit() and int(version) > FORMAT
        advice = "Update this tool." if newer else f"Make a new state. {_rebuild(store)}"
        raise StateError(f"--state: {store.path} is of format {version or '?'}, this version reads {FORMAT}. {advice}")


def _rebuild(store: Store) -> str:
    return (
        f"To make it of the same articles: dedup state export {store.path} -o OLD && dedup nightly OLD/articles.parquet "
        f"--text-is clean --state NEW --out DIR"
    )


@dataclass(frozen=True)
class State:
    """A state as a run uses it. Parameters: the store, and those of the run that shape a state, by name.

    Raises
    ------
    InputError
        If the state was made with other parameters.
    StateError
        If it is of a version that this one cannot read.
    """

    store: Store
    parameters: Mapping[str, str]

    def __post_init__(self) -> None:
        if self.store.is_new:
            return
        check_format(self.store)
        theirs = {name: value for name, value in self.store.parameters.items() if name != _FORMAT}
        for name in sorted(theirs.keys() | self.parameters.keys()):
            was, now = theirs.get(name, "(none)"), self.parameters.get(name, "(none)")
            if was != now:
                raise InputError(
                    f"--state: {self.store.path} was made with {name} = {was}; this run has {now}. Run with the former, or make a "
                    f"new state. {_rebuild(self.store)}"
                )

    # -- what earlier nights left ------------------------------------------------------------------------------------

    @property
    def is_new(self) -> bool:
        """Whether this is the first night."""
        return self.store.is_new

    def rows(
        self,
        name: str,
        column: str,
        values: pa.Array,
        columns: Sequence[str] = (),
        between: tuple[str, int, int] | None = None,
    ) -> pa.Table:
        """Look rows up; see `dedup.earlier.Earlier`."""
        return self.store.rows(name, column, values, columns, between)

    @cached_property
    def night(self) -> int:
        """The number of tonight, from 1."""
        return 1 if self.is_new else 1 + int(self.store.value("SELECT coalesce(max(number), 0) FROM runs"))

    @cached_property
    def first_arrival(self) -> int:
        """The arrival of tonight's first article."""
        return 0 if self.is_new else 1 + int(self.store.value("SELECT coalesce(max(arrival), -1) FROM articles"))

    @cached_property
    def seen(self) -> Seen:
        """What was seen before tonight."""
        return Seen() if self.is_new else Seen.of_table(self.store.rows("claims", columns=["low", "high"]))

    def known(self, claims: Iterable[Claim]) -> dict[str, dict[str, str]]:
        """Return the ids given to whatever claimed one of these ids, or could be a revision of it: claim -> digest -> id."""
        stems = pa.array(
            sorted({stem(name) for claim in claims for name in (claim.doc_id, stem(claim.doc_id))}), pa.string()
        )
        claimed = pa.array(sorted({claim.doc_id for claim in claims}), pa.string())
        found: dict[str, dict[str, str]] = {}
        for column, values in (("stem", pa.concat_arrays([stems, claimed]).unique()), ("claimed", claimed)):
            for row in self.store.rows("claims", column, values).to_pylist():
                found.setdefault(row["claimed"], {})[row["digest"]] = row["doc_id"]
        for name in self.names_in_use:
            found.setdefault(name, {})[""] = name
        return found

    @cached_property
    def names_in_use(self) -> list[str]:
        """Names of groups whose founder was pruned, or which were merged: none of tonight's articles may be called so."""
        if self.is_new:
            return []
        named = " UNION ".join(
            f"SELECT {column} AS name FROM {relation}"  # noqa: S608 - names of ours
            for relation, column in (
                ("members", "cluster_id"),
                ("assignments", "event_id"),
                ("assignments", "storyline_id"),
                ("merges", "old_id"),
            )
        )
        query = f"SELECT name FROM ({named}) ANTI JOIN claims ON name = claims.doc_id ORDER BY name"  # noqa: S608
        return self.store.select(query, pa.schema([("name", pa.string())]))["name"].to_pylist()  # type: ignore[no-any-return]

    def report(self, key: str) -> tuple[int, dict[str, bytes]] | None:
        """Return number and report files of the run whose inputs have this key; None where there was none.

        Raises
        ------
        StateError
            If the report is gone, as articles in it have been forgotten.
        """
        runs = self.store.rows("runs", "inputs", pa.array([key])).to_pylist()
        if not runs:
            return None
        number = runs[0]["number"]
        rows = self.store.rows("files", "number", pa.array([number])).to_pylist()
        if not rows:
            raise StateError(
                f"--state: these inputs are those of night {number}, whose report is gone since articles in it were forgotten. Nothing was changed."
            )
        return number, {row["name"]: unpacked(row) for row in rows}

    # -- tonight goes in ---------------------------------------------------------------------------------------------

    def record(self, key: str, files: Mapping[str, bytes], record: str, ended: str, rows: Rows) -> None:
        """Write tonight, all of it or nothing; ends the use of the state.

        Parameters
        ----------
        key : str
            `inputs_key` of its inputs.
        files : mapping of str to bytes
            Its report.
        record : str
            What its ``run.json`` says.
        ended : str
            When, ISO 8601.
        rows : mapping of str to Table
            All other relations.
        """
        run = {"number": self.night, "inputs": key, "ended": ended, "record": record}
        report = [packed(self.night, name, content) for name, content in sorted(files.items())]
        tables = {"runs": pa.Table.from_pylist([run], schema=RUN), "files": pa.Table.from_pylist(report, schema=FILE)}
        self.store.commit(self.night, {**rows, **tables}, {_FORMAT: str(FORMAT), **self.parameters})
