"""A night of 5,000 events and 20,000 articles: the page stays small, opens at once and scrolls."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipelines import page as job

Open = Callable[..., Any]
MEGABYTE = 1_000_000
SECONDS, FRAME = 2.0, 50.0


def patience() -> float:
    """How much longer a machine may take that has more to run than it has processors."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


@pytest.fixture(scope="module")
def folder(nights: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = nights.large(tmp_path_factory.mktemp("night"))
    job.write(folder)
    return folder


def test_it_stays_small_and_opens_within_two_seconds(folder: Path, open_page: Open) -> None:
    assert (folder / "report.html").stat().st_size < 15 * MEGABYTE
    seconds = []
    # The best of a few, for other things run on the machine too.
    for _ in range(4):
        page = open_page(folder)
        seconds.append(page.evaluate("performance.getEntriesByName('opened')[0].startTime") / 1000)
        page.close()
        if seconds[-1] < SECONDS:
            break
    assert min(seconds) < SECONDS * patience(), seconds


def test_it_scrolls_and_searches(folder: Path, open_page: Open) -> None:
    page = open_page(folder)
    assert page.locator("#found").inner_text() == "5,000 events"
    first = page.locator(".event").count()
    gaps = page.evaluate(
        """async () => {
          const gaps = [];
          let last = performance.now();
          for (let frame = 0; frame < 60; frame += 1) {
            await new Promise(requestAnimationFrame);
            gaps.push(performance.now() - last);
            last = performance.now();
            scrollBy(0, 300);
          }
          return gaps.sort((one, other) => one - other);
        }"""
    )
    assert gaps[len(gaps) // 2] < FRAME * patience(), gaps
    assert page.locator(".event").count() > first
    page.locator("[name=text]").fill("kem")
    page.locator("#found", has_text="of 5,000").wait_for()
    assert 0 < page.locator(".event").count() <= 100


def test_what_is_left_out_is_said(folder: Path, open_page: Open) -> None:
    page = open_page(folder)
    told = page.locator("footer").inner_text()
    assert "Left out, to keep this page small: the marked texts of" in told
    assert "removed lines" in told
    page.evaluate("location.hash = 'matches'")
    (n_matches,) = re.findall(r"^([\d,]+) matched pairs$", page.locator("#found").inner_text())
    page.evaluate(f"location.hash = 'match-{int(n_matches.replace(',', '')) - 1}'")
    page.get_by_role("dialog").wait_for()
    assert "not all texts are in it" in page.get_by_role("dialog").inner_text()
