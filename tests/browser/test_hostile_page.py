"""Titles, addresses, texts and ids that would do harm: the page shows them as text."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines import nightly
from pipelines.config import Config
from pipelines.journal import Journal

Open = Callable[..., Any]
HOSTILE = {
    "script": "</script><script>window.hurt = 1; alert(1)</script>",
    "comment": "<!--<script>",
    "image": "<img src=x onerror='window.hurt = 1'>",
    "formula": '=HYPERLINK("https://hurt.example","x")',
    "template": "{{data}} {{script}} ${window.hurt = 1}",
    "bidi": "\u202egnihton\u2066 here\u200f",
    "nul": "nul\x00 bell\x07 escape\x1b[31m",
    "surrogate": "lone \ud800 half",
    "long": "long " * 200_000,
    "quotes": "\"'><svg onload='window.hurt = 1'>",
}
ADDRESSES = (
    "javascript:window.hurt=1",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>1</script>",
    'https://ok.example/"><script>',
)
TEXT = "The harbour board said that the quay would reopen after eleven days of repairs, and {0} was the reason it gave for it."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    rows = []
    for place, (name, value) in enumerate(HOSTILE.items()):
        short = value[:300]
        common = {
            "text": TEXT.format(short),
            "title": value,
            "published": "2026-03-02",
            "url": ADDRESSES[place % len(ADDRESSES)],
        }
        rows += [
            {"id": f"{short} a", "source": f"{short}.example", **common},
            {"id": f"{short} b", "source": f"{name}.example", **common},
        ]
    (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    nightly.run([str(folder / "in.jsonl")], folder / "out", Config(), 1, "clean", Journal())
    return folder / "out"


def test_hostile_values_are_text(folder: Path, open_page: Open) -> None:
    page = open_page(folder)
    for view in ("rejects", "chrome", "matches", "events"):
        page.evaluate(f"location.hash = '{view}'")
        page.locator(f"nav a[href='#{view}'][aria-current]").wait_for()
    for title in page.locator(".event .title").all():
        title.click()
    seen = page.locator("main").text_content()
    for name in ("script", "comment", "image", "formula", "template", "quotes"):
        assert HOSTILE[name] in seen, name
    assert "[U+202E]gnihton[U+2066] here" in seen
    assert "nul␀ bell␇ escape␛[31m" in seen
    assert not set("\u202e\u2066\x00\x1b") & set(
        "".join(page.locator("header, section, form, main, footer").all_text_contents())
    )
    assert max(map(len, page.locator(".title").all_inner_texts())) < 400
    for address in page.locator("main a[target]").evaluate_all("links => links.map((link) => link.href)"):
        assert address.startswith("https://ok.example/"), address
    assert page.evaluate("window.hurt") is None
    assert page.evaluate("document.scripts.length") == page.locator("script").count()
    assert page.locator("body > script").count() == page.locator("script").count()


def test_hostile_texts_are_compared_as_text(folder: Path, open_page: Open) -> None:
    page = open_page(folder, "#matches")
    seen = ""
    for button in page.locator(".compare").all():
        button.click()
        dialog = page.get_by_role("dialog")
        dialog.locator(".panes").wait_for()
        seen += dialog.text_content()
        page.keyboard.press("Escape")
        dialog.wait_for(state="hidden")
    for name in ("script", "image", "quotes"):
        assert HOSTILE[name] in seen, name
    assert page.evaluate("window.hurt") is None


def test_the_policy_stops_what_would_be_put_in(folder: Path, browser: Any) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto((folder / "report.html").as_uri())
    page.locator("html[data-ready]").wait_for()
    done = page.evaluate(
        """async () => {
          const tried = {};
          const script = document.createElement("script");
          try { script.text = "window.hurt = 1"; document.body.append(script); } catch { tried.script = "refused"; }
          try { document.body.innerHTML = "<b>x</b>"; } catch { tried.html = "refused"; }
          try { setTimeout("window.hurt = 1", 0); } catch { tried.timer = "refused"; }
          try { await fetch("https://hurt.example/"); } catch { tried.fetch = "refused"; }
          return [tried, window.hurt ?? null];
        }"""
    )
    assert done == [{"script": "refused", "html": "refused", "timer": "refused", "fetch": "refused"}, None]
    context.close()
