"""The page of a finished night: the same bytes for the same files, safe to open, and plain about what it leaves out."""

import base64
import csv
import gzip
import hashlib
import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from dedup.errors import InputError
from pipelines import nightly, page, report
from pipelines.config import Config
from pipelines.journal import Journal
from pipelines.page import content, passages
from pipelines.page.content import choose
from pipelines.page.document import SCRIPT, STYLE, compose
from pipelines.page.finished import read

WIRE = (
    "The harbour board voted on Tuesday to reopen the eastern quay after eleven days of repairs, its chairman said.\n"
    "Engineers replaced forty metres of decking and two of the cranes. The first ferry is due at noon on Wednesday."
)


def night(folder: Path, *rows: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "in.jsonl").write_text("".join(json.dumps({"text": WIRE} | row) + "\n" for row in rows))
    nightly.run([str(folder / "in.jsonl")], folder / "out", Config(), 1, "clean", Journal())
    return folder / "out"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return night(
        tmp_path_factory.mktemp("night"),
        {"id": "=a", "title": "=1+1", "published": "2026-03-02"},
        {"id": "b", "title": "x" * 200_000, "source": "-b", "text": "\U0001f6a2 " + WIRE.replace("forty", "fifty")},
        {"id": "c", "text": "Nothing like it at all, but rain over the whole of the island."},
    )


def night_of(html: str) -> dict[str, Any]:
    (found,) = re.findall(r'<script type="application/json" id="night">(.*?)</script>', html)
    return json.loads(found)


def pack(html: str, name: str) -> Any:
    (found,) = re.findall(rf'<script type="application/gzip;base64" id="{name}">([^<]*)</script>', html)
    return json.loads(gzip.decompress(base64.b64decode(found)))


def test_nightly_writes_the_page_that_report_writes_again(out: Path) -> None:
    html = out / report.REPORT_HTML
    first = html.read_bytes()
    html.unlink()
    assert page.write(out) == f"{html} has {len(first) / 1e6:.1f} MB."
    assert html.read_bytes() == first


def test_clocks_workers_and_order_of_inputs_change_no_byte(out: Path, tmp_path: Path) -> None:
    for name in (*report.COLUMNS, report.ARTICLES_JSONL, report.RUN_JSON):
        (tmp_path / name).write_bytes((out / name).read_bytes())
    run = json.loads((out / report.RUN_JSON).read_text())
    run |= {"seconds": {"extract": 999.0}, "workers": 77, "python": "4", "inputs": run["inputs"][::-1]}
    report.write_json(tmp_path / report.RUN_JSON, run)
    page.write(tmp_path)
    assert (tmp_path / report.REPORT_HTML).read_bytes() == (out / report.REPORT_HTML).read_bytes()


def test_what_csv_guards_is_read_as_it_was_given(out: Path) -> None:
    done = read(out)
    assert [row["doc_id"] for row in done.articles] == ["=a", "b", "c"]
    (match,) = done.duplicates
    assert (match["left_id"], match["right_id"]) == ("=a", "b")
    assert {row["event_id"] for row in done.events} <= {"=a", "b", "c"}
    assert "=1+1" in {row["title"] for row in done.events} | {row["title"] for row in done.clusters}


def test_the_limit_of_csv_fields_is_left_as_it_was(out: Path) -> None:
    limit = csv.field_size_limit()
    read(out)
    assert csv.field_size_limit() == limit


def test_long_values_are_cut(out: Path) -> None:
    _, packs = choose(read(out))
    (tables,) = packs["tables"]
    assert max(map(len, tables["articles"]["title"])) == content.LONG_TITLE + 1


def test_passages_are_marked_in_units_of_javascript(out: Path) -> None:
    html = (out / report.REPORT_HTML).read_text(encoding="utf-8")
    tables = pack(html, "tables-0")
    texts, (marks,) = pack(html, "texts-0"), pack(html, "marks-0")
    assert tables["matches"]["pair"] == [0]
    ids = tables["articles"]["doc_id"]
    for name, flat in zip(("=a", "b"), marks, strict=True):
        text = texts[tables["articles"]["text"][ids.index(name)]].encode("utf-16-le")
        quoted = [text[2 * flat[at] : 2 * flat[at + 1]].decode("utf-16-le") for at in range(0, len(flat), 3)]
        assert quoted[0] == WIRE[: WIRE.index(" forty")]
        assert sorted(flat[2::3]) == [0, 1]
    assert tables["articles"]["text"][ids.index("c")] == -1


def test_only_the_styles_and_scripts_of_the_page_may_work(out: Path) -> None:
    html = (out / report.REPORT_HTML).read_text(encoding="utf-8")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', html)
    for kind, pattern in (("script", r'<script type="module">(.*?)</script>'), ("style", r"<style>(.*?)</style>")):
        (body,) = re.findall(pattern, html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy
    assert "unsafe" not in policy
    assert not re.search(r"\son\w+=", html.split('<script type="module">')[0])
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|https?://(?!www\.w3\.org/2000/svg)", html
    )


def test_data_ends_no_element() -> None:
    night = {"counts": dict.fromkeys(("articles", "copies", "events", "rejects"), 1), "x": "</script><!--{{script}}]]>"}
    html = compose(night, {"texts": ["</script>"]})
    assert night_of(html)["x"] == night["x"]
    assert pack(html, "texts-0") == "</script>"
    assert html.count("</script>") == 3


def test_every_style_and_script_is_in_the_page() -> None:
    folder = resources.files(page)
    for name, parts, ending in (("style", STYLE, "css"), ("script", SCRIPT, "js")):
        assert sorted(one.name for one in (folder / name).iterdir()) == sorted(f"{part}.{ending}" for part in parts)


def test_what_does_not_fit_is_counted(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passages, "LONGEST_TEXT", 10)
    night, packs = choose(read(out))
    assert night["left_out"] == {"events": 0, "articles": 0, "matches": 0, "texts": 1, "lines": 0, "rejects": 0}
    assert list(packs["texts"]) == list(packs["marks"]) == []
    monkeypatch.setattr(content, "ARTICLES", 1)
    monkeypatch.setattr(content, "EVENTS", 1)
    night, packs = choose(read(out))
    # A match of an article that is left out is left out too: its other side would pass for one of an earlier night.
    assert night["left_out"] == {"events": 1, "articles": 2, "matches": 1, "texts": 0, "lines": 0, "rejects": 0}
    (tables,) = packs["tables"]
    assert tables["matches"]["left"] == []
    assert night["counts"]["articles"] == 3


def test_each_event_gets_some_of_its_pairs_before_any_gets_more(tmp_path: Path) -> None:
    copies = [{"id": f"wire-{number:02}"} for number in range(9)]
    other = {"text": WIRE.replace("harbour", "airport").replace("quay", "runway")[::-1], "published": "2025-01-01"}
    out = night(tmp_path / "night", *copies, {"id": "x1"} | other, {"id": "x2"} | other)
    done = read(out)
    assert len(done.duplicates) == 37
    (tables,) = choose(done)[1]["tables"]
    other = tables["articles"]["doc_id"].index("x1")
    assert tables["matches"]["left"].index(other) == 20


@pytest.mark.parametrize("name", ["articles.jsonl", "run.json", "duplicates.csv", "events.csv"])
@pytest.mark.parametrize("damage", ["absent", "broken", "other"])
def test_a_folder_that_is_no_report_is_one_clear_error(out: Path, tmp_path: Path, name: str, damage: str) -> None:
    for path in out.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / report.REPORT_HTML).unlink()
    if damage == "absent":
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text({"broken": '{"a', "other": '{"doc_id": []}\n'}[damage])
    if damage == "other" and name.endswith(".csv"):
        (tmp_path / name).write_text("a,b\n1,2\n")
    if damage == "broken" and name.endswith(".csv"):
        (tmp_path / name).write_text('left_id,right_id\n"a')
    with pytest.raises(InputError, match=f"has no {name}" if damage == "absent" else f"{name} is damaged"):
        page.write(tmp_path)
    assert not (tmp_path / report.REPORT_HTML).exists()


@pytest.mark.parametrize("end", ['"a story that ends in its mid\r\ndle', '"a "quoted" one', 'a row without its end"'])
def test_a_file_that_ends_in_a_cell_is_damaged(out: Path, tmp_path: Path, end: str) -> None:
    for path in out.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with (tmp_path / "boilerplate.csv").open("a", newline="") as file:
        file.write(f"harbour.example,{end}")
    with pytest.raises(InputError, match=r"boilerplate\.csv is damaged"):
        page.write(tmp_path)
