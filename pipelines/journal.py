"""What a run tells while it works and remembers when it is done: stages, seconds, progress bars, lines for a log.

In: the names of stages as they begin and end, messages. Out: the table of seconds for ``run.json``; on standard error lines to
read, and bars where that is a terminal; or, on request, JSON, an object a line.

Rules guarded here: nothing that is measured here decides anything; a run gives the same answer with or without it. And nothing
that an input holds can give a terminal an order.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

Tick = Callable[[int], None]

# Orders to a terminal begin with one of these; marks of direction would let a line read as another.
_ORDERS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    r"""Return text with all that a terminal would obey spelled out; ends of lines and tabs stay.

    Examples
    --------
    >>> print(printable("Quay\x1b]0;x\x07 reopens\r"))
    Quay\x1b]0;x\x07 reopens\x0d
    """
    return _ORDERS.sub(lambda sign: f"\\x{ord(sign[0]):02x}" if ord(sign[0]) < 256 else f"\\u{ord(sign[0]):04x}", text)


class Voice:
    """Says on standard error what users and monitors are to know.

    Parameters
    ----------
    as_json : bool
        One JSON object a line, with ``time`` and ``event``, instead of lines to read.
    """

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json

    def say(self, message: str, event: str = "message", **fields: Any) -> None:
        """Say a message; ``fields`` are for programs alone."""
        if self.as_json:
            self.record(event, **fields, message=message)
        else:
            sys.stderr.write(printable(message.rstrip("\n")) + "\n")

    def record(self, event: str, **fields: Any) -> None:
        """Say something that is for programs alone."""
        if self.as_json:
            now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            sys.stderr.write(json.dumps({"time": now, "event": event} | fields) + "\n")
            sys.stderr.flush()


class Journal:
    """Collects seconds and rows per stage, and counts; shows bars on a terminal.

    Parameters
    ----------
    console : Console, optional
        Where bars go. Without one, or where it is no terminal, there are none.
    voice : Voice, optional
        Is told of every stage that ends.
    """

    def __init__(self, console: Console | None = None, voice: Voice | None = None) -> None:
        self.seconds: dict[str, float] = {}
        self.rows: dict[str, int] = {}
        self.counts: dict[str, int] = {}
        self._console = console if console is not None and console.is_terminal else None
        self._voice = voice

    def say(self, message: str, event: str = "message", **fields: Any) -> None:
        """Say a message to whoever listens, as `Voice.say` does."""
        if self._voice:
            self._voice.say(message, event, **fields)

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Tick]:
        """Time a stage. Gives the function to call with the number of rows finished.

        Parameters
        ----------
        name : str
            As it stands in ``run.json``.
        total : int, optional
            Rows to come, where that is known.
        """
        ticked = 0
        began = time.perf_counter()
        try:
            with self._bar(name, total) as advance:

                def tick(rows: int) -> None:
                    nonlocal ticked
                    ticked += rows
                    advance(rows)

                yield tick
        finally:
            self._ended(name, time.perf_counter() - began, ticked if total is None else total)

    @contextmanager
    def many(self, name: str) -> Iterator[tuple["Journal", Tick]]:
        """Show one bar for work that goes through the same stages many times.

        Gives the journal of these stages, and the function to call with the number of rows finished; the stages are told
        when all is done.
        """
        each = Journal()
        try:
            with self._bar(name, None) as advance:
                yield each, advance
        finally:
            for stage, seconds in each.seconds.items():
                self._ended(stage, seconds, each.rows[stage])

    def _ended(self, name: str, seconds: float, rows: int) -> None:
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds
        self.rows[name] = self.rows.get(name, 0) + rows
        if self._voice:
            self._voice.record("stage", stage=name, seconds=round(seconds, 3), rows=rows)

    @contextmanager
    def _bar(self, name: str, total: int | None) -> Iterator[Tick]:
        if self._console is None:
            yield lambda _rows: None
            return
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task(name, total=total)
            yield lambda rows: progress.update(task, advance=rows)
            # A stage that does its rows at once, or did not know how many there are, ends with a full bar too.
            done = total if total is not None else int(progress.tasks[task].completed)
            progress.update(task, total=done, completed=done)
