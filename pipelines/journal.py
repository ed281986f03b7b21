"""What a run tells while it works and remembers when it is done: stages, seconds, progress bars.

In: the names of stages as they begin and end. Out: the table of seconds for ``run.json``, and bars on
standard error where that is a terminal.

Rule guarded here: nothing that is measured here decides anything; a run gives the same answer with or without it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

Tick = Callable[[int], None]


class Journal:
    """Collects seconds per stage; shows bars on a terminal.

    Parameters
    ----------
    console : Console, optional
        Where bars go. Without one, or where it is no terminal, there are none.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.seconds: dict[str, float] = {}
        self._console = console if console is not None and console.is_terminal else None

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
        began = time.perf_counter()
        try:
            if self._console is None:
                yield lambda _rows: None
            else:
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
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began
