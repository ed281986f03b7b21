"""A headless Chromium for the pages of this folder, and what watches over them: no message, no request.

Tests are skipped, with a reason, where Playwright or Chromium is absent.
"""

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_spec = importlib.util.spec_from_file_location("nights", Path(__file__).with_name("nights.py"))
assert _spec and _spec.loader
_nights = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_nights)


@pytest.fixture(scope="session")
def nights() -> ModuleType:
    return _nights


# One per module: a browser that waited between modules would be a process among those that other tests count.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        pytest.skip(f"none of {', '.join(_NAMES)} is installed")
    with api.sync_playwright() as playwright:
        # Without a sandbox, for root has none; the pages are our own.
        running = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield running
        finally:
            running.close()


Open = Callable[..., Any]


@pytest.fixture
def open_page(browser: Any) -> Iterator[Open]:
    """Open ``report.html`` of a folder; at the end nothing may have been said on the console, or asked of the network."""
    contexts: list[Any] = []
    noted: list[str] = []

    def opened(folder: Path, part: str = "", **options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        address = (folder / "report.html").as_uri()
        page.on("console", lambda message: noted.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: noted.append(f"error: {error}"))
        page.on("dialog", lambda dialog: noted.append(f"dialog: {dialog.message}"))
        page.on("popup", lambda popup: noted.append(f"popup: {popup.url}"))
        page.on(
            "request",
            lambda request: (
                noted.append(f"request: {request.url}") if request.url.partition("#")[0] != address else None
            ),
        )
        page.goto(address + part)
        page.locator("html[data-ready]").wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [note for note in noted if not note.startswith("request: data:")] == []
