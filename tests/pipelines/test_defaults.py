"""The configuration file with every default: it changes nothing, and says of every parameter what it means."""

import re
from pathlib import Path

import pytest

from dedup.errors import InputError
from pipelines import defaults
from pipelines.config import Config, load


def test_as_written_it_is_the_default(tmp_path: Path) -> None:
    assert defaults.write(tmp_path / "dedup.toml").startswith(f"{tmp_path / 'dedup.toml'} has every parameter")
    assert load(tmp_path / "dedup.toml") == Config()


def test_with_every_mark_taken_away_it_is_the_default(tmp_path: Path) -> None:
    path = tmp_path / "dedup.toml"
    text, n_values = re.subn(r"^# (?=\w+ = )", "", defaults.text(), flags=re.MULTILINE)
    path.write_text(text)
    assert load(path) == Config()
    assert n_values == defaults.text().count(" = ") > 70
    assert text.count("[verify.rule]") == 1


def test_every_parameter_has_a_meaning() -> None:
    lines = defaults.text().splitlines()
    for number, line in enumerate(lines):
        if re.match(r"# \w+ = ", line):
            assert lines[number - 1].startswith("# "), line
            assert len(lines[number - 1]) > 5, line
        elif line.startswith("["):
            assert lines[number - 1].startswith("# "), line


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "dedup.toml").write_text("[limits]\n")
    with pytest.raises(InputError, match="is there already"):
        defaults.write(tmp_path / "dedup.toml")
    assert (tmp_path / "dedup.toml").read_text() == "[limits]\n"
