"""What axe-core finds on the page, in light and in dark, of every part: nothing serious."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipelines import page as job

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def axe(root: Path) -> str:
    path = root / "node_modules" / "axe-core" / "axe.min.js"
    if not path.is_file():
        pytest.skip("axe-core is not installed (npm install --no-save axe-core)")
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(nights: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = nights.small(tmp_path_factory.mktemp("night"))
    job.write(folder)
    return folder


def found(page: Any, axe: str) -> list[str]:
    page.evaluate(axe)
    result = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{one['id']}: {one['help']}: {node['html'][:120]}"
        for one in result["violations"]
        for node in one["nodes"]
        if one["impact"] in {"moderate", "serious", "critical"}
    ]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("dark", 390)])
def test_nothing_serious(folder: Path, open_page: Open, axe: str, scheme: str, width: int) -> None:
    page = open_page(folder, color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True)
    for title in page.locator(".event .title").all():
        title.click()
    assert found(page, axe) == []
    for view in ("matches", "chrome", "rejects"):
        page.evaluate(f"location.hash = '{view}'")
        page.locator(f"nav a[href='#{view}'][aria-current]").wait_for()
        for button in page.locator("table .title").all():
            button.click()
        assert found(page, axe) == [], view
    page.evaluate("location.hash = 'match-0'")
    page.get_by_role("dialog").wait_for()
    page.get_by_role("button", name="Next passage").click()
    assert found(page, axe) == [], "comparison"
