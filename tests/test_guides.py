"""The guides in docs/ hold: their commands and code run as they stand, what they show is shown, what they name exists."""

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from pipelines import cli, defaults
from pipelines.journal import Journal

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
GUIDES = ("tutorial", "recipes", "operation", "tuning")
BIN = Path(sys.executable).parent


def blocks(text: str) -> list[tuple[str, str]]:
    """Return the language and the content of each block of code."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def shell(command: str, folder: Path) -> str:
    """Run a block in a shell that stops at the first failure, and return all that it said."""
    environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_runs_as_it_stands(guide: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    shutil.copytree(ROOT / "fixtures" / "day1", tmp_path / "crawl")
    names: dict[str, Any] = {}
    shown = None
    for language, content in blocks((ROOT / "docs" / f"{guide}.md").read_text(encoding="utf-8")):
        if language == "sh":
            shown = shell(content, tmp_path).splitlines()
        elif language == "python":
            exec(content, names)
        elif language == "text" and guide == "tutorial":
            assert shown is not None
            missing = [line for line in content.splitlines() if not any(line in one for one in shown)]
            assert not missing, "\n".join([*missing, "", *shown])
    if guide == "recipes":
        assert names["leaked"] >= {"benchmark-1"}
        assert names["results"]
        assert max(names["per_source"]["articles"]) > 1
        assert len(set(names["copies"])) < len(names["pages"])
        assert len(set(names["events"]["event_id"])) < len(names["events"])
    elif guide == "operation":
        assert names["healthy"]


def commands() -> Iterator[tuple[str, str]]:
    """Yield each command of the tool in the documents, with the name of its document."""
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        written = [content for language, content in blocks(text) if language != "python"]
        prose = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
        for content in [*written, *re.findall(r"`([^`]+)`", prose)]:
            for found in re.findall(r"(?<![\w./=-])dedup ([a-z-][^|\n']*)", content):
                yield document.name, found


def test_every_command_of_the_documents_exists_with_its_options() -> None:
    tool: Any = typer.main.get_command(cli.app)
    seen = set()
    for document, written in commands():
        words = shlex.split(written, comments=True)
        command = tool
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        assert command is not tool or words[0].startswith("-"), f"{document}: dedup {written}"
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        unknown = {word for word in words if re.fullmatch(r"--?[a-z][a-z-]*", word)} - known
        assert not unknown, f"{document}: dedup {written}: {unknown}"
        seen.add(command.name)
    assert seen >= {"nightly", "clean", "unique", "explain", "evaluate", "train", "forget", "init"}


def test_the_exit_codes_are_those_of_the_command() -> None:
    text = (ROOT / "docs" / "operation.md").read_text(encoding="utf-8")
    told = [int(code) for code in re.findall(r"^\| (\d) \|", text, re.MULTILINE)]
    assert told == [cli.DONE, cli.FAILED, cli.WRONG_USE]


def test_the_units_of_systemd_are_whole() -> None:
    text = (ROOT / "docs" / "operation.md").read_text(encoding="utf-8")
    service, timer = (content for language, content in blocks(text) if language == "ini")
    found = []
    for content in (service, timer):
        unit = configparser.ConfigParser(interpolation=None, strict=True)
        unit.optionxform = str  # type: ignore[assignment,method-assign]
        unit.read_string(content)
        found.append(unit)
    assert found[0]["Service"]["Type"] == "oneshot"
    # A percent sign is a specifier there.
    assert "%" not in found[0]["Service"]["ExecStart"].replace("%%", "")
    assert found[1]["Timer"]["OnCalendar"]
    if shutil.which("systemd-analyze"):
        calendar = ["systemd-analyze", "calendar", found[1]["Timer"]["OnCalendar"]]
        assert subprocess.run(calendar, capture_output=True, check=False).returncode == 0


def test_what_the_image_copies_and_runs_exists() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [name for line in lines if line.startswith("COPY ") for name in line.split()[1:-1]]
    assert copied
    assert [name for name in copied if not (ROOT / name).exists()] == []
    let_through = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{name}" for name in copied} <= set(let_through)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert {project["project"]["readme"], *project["project"]["license-files"]} <= set(copied)
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) <= set(copied)
    (entry,) = (line for line in lines if line.startswith("ENTRYPOINT"))
    assert re.findall(r'"(.*?)"', entry)[0] in project["project"]["scripts"]


def test_the_shell_is_taught_the_commands(tmp_path: Path) -> None:
    tool = str(BIN / "dedup")
    home = os.environ | {"HOME": str(tmp_path)}
    for shell_name in ("bash", "zsh", "fish"):
        done = subprocess.run(
            [tool, "--show-completion", shell_name], capture_output=True, text=True, env=home, check=True, timeout=60
        )
        assert "_DEDUP_COMPLETE" in done.stdout
    asked = home | {"_DEDUP_COMPLETE": "complete_bash", "COMP_WORDS": "dedup un", "COMP_CWORD": "1"}
    done = subprocess.run([tool], capture_output=True, text=True, env=asked, check=True, timeout=60)
    assert done.stdout.split() == ["unique"]
    done = subprocess.run([tool, "--install-completion", "bash"], capture_output=True, env=home, check=True, timeout=60)
    assert any("dedup" in path.name for path in tmp_path.rglob("*") if path.is_file())


def test_parameters_that_the_guides_name_exist() -> None:
    sections = defaults.text().split("\n[")
    known = {section.split("]")[0]: set(re.findall(r"^# (\w+) = ", section, re.MULTILINE)) for section in sections[1:]}
    text = (ROOT / "docs" / "tuning.md").read_text(encoding="utf-8")
    named = re.findall(r"((?:`\w+`(?: or )?)+) in `\[([\w.]+)\]`", text)
    assert len(named) > 3
    for names, section in named:
        assert set(re.findall(r"`(\w+)`", names)) <= known[section], (names, section)


def test_the_guides_name_every_event_of_the_log() -> None:
    text = (ROOT / "docs" / "operation.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \| `", text, re.MULTILINE) == ["stage", "summary", "error"]
    assert Journal().counts == {}


def test_every_page_is_on_the_site() -> None:
    pages = {path.name for path in (ROOT / "docs").glob("*.md")}
    listed = re.findall(r": (\w+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(pages) == sorted(listed)
