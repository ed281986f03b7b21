"""What the documentation says holds: examples run, commands and files exist, columns are as listed."""

import contextlib
import csv
import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

import dedup
import pipelines
from pipelines import explain, nightly, preprocess, source
from pipelines.config import Config
from pipelines.journal import Journal
from pipelines.report import COLUMNS
from pipelines.state import RELATIONS

MODULES = [
    module.name
    for package in (dedup, pipelines)
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_columns_in_the_readme_are_those_of_the_files(root: Path) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    for name in COLUMNS:
        assert f"`{name}`" in readme
        assert "\n" + ",".join(COLUMNS[name]) + "\n" in readme


@pytest.fixture(scope="module")
def demo(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of ``make demo``."""
    out = tmp_path_factory.mktemp("demo") / "demo-report"
    with contextlib.chdir(root):
        nightly.run([f"fixtures/day{day}" for day in (1, 2, 3)], out, Config(), 2, None, Journal())
    return out


def test_the_excerpts_in_the_readme_are_real(root: Path, demo: Path) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    for name in COLUMNS:
        excerpt = re.search(rf"`{re.escape(name)}`, a row per [^\n]*\n\n```\n(.*?)```", readme, re.DOTALL)
        assert excerpt, name
        lines = (demo / name).read_text(encoding="utf-8").splitlines()
        assert [line for line in excerpt[1].splitlines() if line not in lines] == [], name
    named = re.search(r"dedup explain (\S+) (\S+) --out demo-report", readme)
    assert named
    told = explain.lines(explain.of_report(named[1], named[2], demo, Config()))
    lines = [line for text in told for line in text.plain.split("\n")]
    excerpt = re.search(r"in their context:\n\n```\n(.*?)```", readme, re.DOTALL)
    assert excerpt
    assert [line for line in excerpt[1].splitlines() if line not in lines] == []


def test_the_picture_is_told_to_show_what_the_demo_gives(root: Path, demo: Path) -> None:
    tables = ((demo / f"{name}.csv").read_text(encoding="utf-8") for name in ("articles", "events"))
    articles, events = (len(list(csv.DictReader(table.splitlines()))) for table in tables)
    for name in ("README.md", "docs/index.md"):
        assert f"{articles} articles tell of {events} events" in (root / name).read_text(encoding="utf-8"), name


def test_the_pictures_are_what_the_rules_give(root: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, root / "benchmarks" / "pictures.py", tmp_path], check=True)
    drawn = sorted(path.name for path in tmp_path.iterdir())
    assert drawn == sorted(path.name for path in (root / "docs" / "images").glob("*.svg"))
    shown = "".join(path.read_text(encoding="utf-8") for path in sorted((root / "docs").glob("*.md")))
    for name in drawn:
        assert (root / "docs" / "images" / name).read_text(encoding="utf-8") == (tmp_path / name).read_text(
            encoding="utf-8"
        ), name
        assert f"(images/{name})" in shown


def test_the_recipes_of_the_readme_run(root: Path, demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    recipes = readme[readme.index("### In pandas, in DuckDB") : readme.index("## How it works")]
    pytest.importorskip("pandas")
    monkeypatch.chdir(demo.parent)
    (code,) = re.findall(r"```python\n(.*?)```", recipes, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    assert list(names["chrome"].index[:2]) == ["harbour-gazette.example", "touchline.example"]
    assert (names["shared"]["n_sources"] >= 3).all()
    assert len(names["shared"]) > 5
    (query,) = re.findall(r"```sql\n(.*?)```", recipes, re.DOTALL)
    with duckdb.connect() as connection:
        found = connection.execute(query).fetchall()
    assert all(one != other and matches for one, other, matches, _ in found)
    assert len(found) > 5
    (source, other) = re.findall(r'=COUNTIFS\(C:C,"(.*?)",J:J,"<>(.*?)"\)', recipes)[0]
    with (demo / "articles.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert (header[2], header[9]) == ("source", "relation")
    assert {source, other} <= {cell for row in rows for cell in (row[2], row[9])}


def test_the_dictionary_of_columns_is_that_of_the_files(root: Path, demo: Path) -> None:
    text = (root / "docs" / "csv.md").read_text(encoding="utf-8")
    parts = re.findall(r"^## `(.*?)`\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert [name for name, _ in parts] == list(COLUMNS)
    for name, part in parts:
        listed = re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \|[^|]*\| `(.*)` \|$", part, re.MULTILINE)
        assert tuple(column for column, _ in listed) == COLUMNS[name], name
        with (demo / name).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for column, example in listed:
            assert example in {row[column] for row in rows}, (name, column)


def test_three_nights_give_what_the_readme_shows(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    readme = (root / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Night after night")[2].partition("\n## ")[0]
    nights = re.findall(r"^dedup nightly (\S+) --out report/(\S+) --state archive.duckdb$", section, re.MULTILINE)
    assert len(nights) == 3
    state = tmp_path / "archive.duckdb"
    for given, name in nights:
        nightly.run([given], tmp_path / name, Config(), 2, None, Journal(), str(state))
    excerpts = re.findall(r"^```\n(cluster_id,.*?)```$", section, re.DOTALL | re.MULTILINE)
    told, answer = (excerpt.splitlines() for excerpt in excerpts)
    lines = (tmp_path / nights[1][1] / "clusters.csv").read_text(encoding="utf-8").splitlines()
    assert [line for line in told if line not in lines] == []
    query = re.search(r'^duckdb -csv archive.duckdb "(.*)"$', section, re.MULTILINE)
    assert query
    with duckdb.connect(str(state), read_only=True) as client:
        found = client.sql(query[1])
        rows = [",".join(map(str, row)) for row in [found.columns, *found.fetchall()]]
    assert rows == answer


def test_relations_of_the_state_are_documented_with_their_keys(root: Path) -> None:
    text = (root / "docs" / "state.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", text, re.MULTILINE))
    assert listed == {name: ", ".join(f"`{one}`" for one in relation.key) for name, relation in RELATIONS.items()}


def test_files_that_the_documents_link_to_exist(root: Path) -> None:
    for document in [*root.glob("*.md"), *(root / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
            if not link.startswith("http"):
                assert (document.parent / link).exists(), f"{document.name}: {link}"


def test_places_that_the_architecture_names_exist(root: Path) -> None:
    text = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    for place in re.findall(r"`((?:dedup|pipelines|tests)/[\w/.]*)`", text):
        assert (root / place).exists(), place


def test_every_make_target_of_the_documents_exists(root: Path) -> None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    for document in root.glob("*.md"):
        for target in re.findall(r"`make (\w+)`", document.read_text(encoding="utf-8")):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_dependency_is_justified(root: Path) -> None:
    listed = (root / "docs" / "dependencies.md").read_text(encoding="utf-8")
    for name in re.findall(
        r'^  "([A-Za-z_0-9-]+)>=', (root / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
    ):
        assert name in listed, name


def test_reasons_are_told_apart() -> None:
    assert not source.REASONS.keys() & preprocess.REASONS.keys()
