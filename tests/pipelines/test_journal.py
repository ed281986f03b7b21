"""What a run tells while it works: nothing where nobody looks, full bars on a terminal, seconds always."""

import io

import pytest
from rich.console import Console

from pipelines.journal import Journal


def shown(total: int | None, ticks: list[int], *, terminal: bool) -> str:
    stream = io.StringIO()
    journal = Journal(Console(file=stream, force_terminal=terminal, width=100, legacy_windows=False))
    with journal.stage("verify", total) as tick:
        for rows in ticks:
            tick(rows)
    assert list(journal.seconds) == ["verify"]
    assert journal.seconds["verify"] >= 0
    return stream.getvalue()


def test_no_bar_without_a_terminal() -> None:
    assert shown(3, [1, 2], terminal=False) == ""


@pytest.mark.parametrize(("total", "ticks", "end"), [(3, [1, 2], "3/3"), (3, [], "3/3"), (None, [2, 2], "4/4")])
def test_a_bar_on_a_terminal_ends_full(total: int | None, ticks: list[int], end: str) -> None:
    text = shown(total, ticks, terminal=True)
    assert "verify" in text
    assert end in text


def test_seconds_add_up_and_survive_errors() -> None:
    journal = Journal()
    for _ in range(2):
        with pytest.raises(ValueError, match="no"), journal.stage("read"):
            raise ValueError("no")
    assert list(journal.seconds) == ["read"]
