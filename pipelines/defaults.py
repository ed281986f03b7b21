"""The configuration file with every default.

In: the stages of a ``Config``. Out: TOML, in which every parameter stands with its meaning and its default.

Rule guarded here: meanings are read from the docstrings of the stages and defaults from their fields: there is no other list.
"""

import dataclasses
import inspect
import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from dedup.errors import InputError
from pipelines.config import Config

_WIDTH: Final = 110
_HEAD: Final = (
    "Parameters of dedup, with their defaults. All are commented out: take the mark away to change one, and give this file "
    "as --config. A parameter that is not named keeps its default."
)
#: A parameter, or several, of a numpydoc section: their names, then, indented, their meaning.
_ENTRY: Final = re.compile(r"^(\w+(?:, \w+)*) : [^\n]*\n((?:    [^\n]*\n|\n)+)", re.MULTILINE)


def text() -> str:
    """Return the file.

    Examples
    --------
    >>> print(text()[text().index("[limits]") :][:81].rstrip())
    [limits]
    <BLANKLINE>
    # Wall-clock seconds for one task; 0 means no limit.
    # seconds = 30.0
    """
    return "\n".join([*_comment(_HEAD), *_tables(Config(), "")]) + "\n"


def write(path: Path) -> str:
    """Write the file, and return the line that says so.

    Raises
    ------
    InputError
        If there is something at ``path``, or it cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text())
    except FileExistsError as error:
        raise InputError(f"-o: {path} is there already. Give another name.") from error
    except OSError as error:
        raise InputError(f"-o: {path} cannot be written: {error.strerror or error}.") from error
    return f"{path} has every parameter with its default. Give it as --config."


def _tables(stage: Any, where: str) -> Iterator[str]:
    """Give the lines of a stage's own parameters, then of the stages in it."""
    values = {one.name: getattr(stage, one.name) for one in dataclasses.fields(stage) if one.init}
    meanings = _meanings(stage)
    if where:
        yield ""
        yield from _comment(_plain(inspect.getdoc(stage) or "").split(". ")[0].split("\n\n")[0])
        yield f"[{where}]"
    said = ""
    for name, value in values.items():
        if dataclasses.is_dataclass(value):
            continue
        if meanings[name] != said:
            said = meanings[name]
            yield ""
            yield from _comment(said)
        yield f"# {name} = {_toml(value)}"
    for name, value in values.items():
        if dataclasses.is_dataclass(value):
            yield from _tables(value, f"{where}.{name}" if where else name)


def _meanings(stage: Any) -> dict[str, str]:
    """Return what the docstring of a stage says of each parameter."""
    return {
        name: _plain(textwrap.dedent(entry[2]))
        for entry in _ENTRY.finditer((inspect.getdoc(stage) or "") + "\n")
        for name in entry[1].split(", ")
    }


def _plain(docstring: str) -> str:
    """Return a docstring without its markup."""
    return re.sub(r":\w+:`([^`]*)`", r"\1", docstring).replace("``", "'").strip()


def _comment(sentence: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(" ".join(sentence.split()), _WIDTH, break_long_words=False)]


def _toml(value: Any) -> str:
    """Write a value; strings and lists of TOML are those of JSON.

    Examples
    --------
    >>> _toml(True), _toml(("a", "b")), _toml(0.5), _toml(3_000_000)
    ('true', '["a", "b"]', '0.5', '3000000')
    """
    return json.dumps(value, ensure_ascii=False)
