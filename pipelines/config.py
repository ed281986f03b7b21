"""Every parameter of a run, in one frozen tree.

In: nothing, or a TOML file. Out: a ``Config`` whose parts are the stages themselves, so that a parameter stands in one
place, with its default, its meaning and its check.

Rule guarded here: an unknown section or key is an error that names the nearest known one; a value out of its range is
the error of the stage it belongs to.
"""

import dataclasses
import difflib
import tomllib
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

import xxhash

from dedup.articles.genre import genre_model
from dedup.boilerplate.line_model import MODELS, line_model
from dedup.errors import DedupError, InputError
from dedup.events.pair_model import pair_model
from dedup.flow import Flow
from pipelines.portion import Portion
from pipelines.run_local import Limits

T = TypeVar("T")

_MODELS: Final[Mapping[tuple[str, str], tuple[str, Callable[[str], object]]]] = {
    ("classify", "model"): ("line model", lambda text: [line_model(kind, text) for kind in MODELS]),
    ("extract", "genre"): ("genre model", genre_model),
    ("extract", "model"): ("line model", lambda text: [line_model(kind, text) for kind in ("fast", "resiliparse")]),
    ("grouping", "model"): ("pair model", pair_model),
}
"""Section and key of each model: how it is called, and what reads it or fails."""


@dataclass(frozen=True)
class Keeping:
    """What a state keeps of articles.

    Parameters
    ----------
    keep_text : bool
        Whether their texts are kept, by which ``dedup explain --state`` shows passages and ``dedup state export`` gives them out.
        Nights are worked on alike without them.
    """

    keep_text: bool = True


@dataclass(frozen=True)
class Config(Flow):
    """All parameters of a run; each field is a section of the TOML file."""

    limits: Limits = field(default_factory=Limits)
    state: Keeping = field(default_factory=Keeping)
    portion: Portion = field(default_factory=Portion)

    def parameters(self) -> dict[str, str]:
        """Return every parameter that can change the answer of a night, as text, by its name in the TOML file; of long texts the digest."""
        # Time and memory are the machine's; how long a text may be is not.
        found = dict(_parameters(self, ""))
        machine = {f"limits.{one.name}" for one in dataclasses.fields(Limits)} - {"limits.characters", "limits.lines"}
        return {name: value for name, value in found.items() if name not in machine and name not in _FREE}

    def fingerprint(self) -> str:
        """Return a digest of every parameter that can change an answer."""
        return xxhash.xxh3_128_hexdigest(repr(sorted(self.parameters().items())).encode())


_FREE: Final = frozenset({"state.keep_text", "portion.pages", "portion.megabytes"})
_LONGEST: Final = 120


def _parameters(part: Any, where: str) -> Iterator[tuple[str, str]]:
    for one in dataclasses.fields(part):
        value, place = getattr(part, one.name), f"{where}{one.name}"
        if dataclasses.is_dataclass(value):
            yield from _parameters(value, f"{place}.")
        else:
            text = repr(value)
            yield place, text if len(text) <= _LONGEST else f"xxh3:{xxhash.xxh3_64_hexdigest(text.encode())}"


def load(path: Path) -> Config:
    """Read a configuration file.

    Parameters
    ----------
    path : Path
        TOML: a table per section, such as ``[verify]``, with the parameters of that stage.

    Raises
    ------
    InputError
        If the file cannot be read, is no TOML, or has a section, key or value that is not known.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"--config: {path} cannot be read: {error.strerror or error}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"--config: {path} is no TOML: {error}.") from error
    try:
        return build(Config, _with_models(content, path.parent), "")
    except InputError as error:
        raise InputError(f"--config: {path}: {error}") from error


def _with_models(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Put the content of the models that ``[classify] model``, ``[extract] genre`` and ``model``, and ``[grouping] model`` name in the place of their paths.

    Raises
    ------
    InputError
        If a file cannot be read or is no model of this version.
    """
    for (table, key), (name, read) in _MODELS.items():
        section = content.get(table)
        if not isinstance(section, dict) or not isinstance(section.get(key), str) or not section[key]:
            continue
        path = folder / section[key]
        try:
            text = path.read_text(encoding="utf-8")
            # An empty text would stand for the model that ships.
            read(text or "{}")
        except OSError as error:
            raise InputError(f"'{table}.{key}': {path} cannot be read: {error.strerror or error}.") from error
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise InputError(f"'{table}.{key}': {path} is no {name} of this version.") from error
        content = content | {table: section | {key: text}}
    return content


def build(kind: type[T], content: dict[str, Any], where: str) -> T:
    """Make a dataclass from the tables of a TOML file, sections first.

    Raises
    ------
    InputError
        Names the section or key, what came and what was expected.
    """
    fields = {one.name: one for one in dataclasses.fields(kind) if one.init}  # type: ignore[arg-type]
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for name, value in content.items():
        place = f"{where}{name}"
        if name not in fields:
            near = difflib.get_close_matches(name, fields, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(fields)}."
            raise InputError(f"{place!r} is not known.{hint}")
        hint_type = hints[name]
        if dataclasses.is_dataclass(hint_type) and isinstance(hint_type, type):
            if not isinstance(value, dict):
                raise InputError(f"{place!r} must be a table, such as [{place}].")
            values[name] = build(hint_type, value, f"{place}.")
        else:
            values[name] = _value(hint_type, value, place)
    try:
        return kind(**values)
    except DedupError as error:
        place = f"[{where.rstrip('.')}] " if where else ""
        raise InputError(f"{place}{str(error).removeprefix(f'{kind.__name__}: ')}") from error


_CALLED: Final[Mapping[Any, str]] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text in quotation marks",
}


def _value(kind: Any, value: Any, place: str) -> Any:
    """Convert a TOML value to the type of a field: a list to a tuple, an integer to a float."""
    if get_origin(kind) is tuple and isinstance(value, list):
        of = get_args(kind)[0]
        return tuple(_value(of, one, place) for one in value)
    if kind is float and type(value) is int:
        return float(value)
    allowed = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    if type(value) not in allowed:
        expected = "a list" if get_origin(kind) is tuple else " or ".join(_CALLED.get(one, str(one)) for one in allowed)
        raise InputError(f"{place!r} must be {expected}. Got {value!r}.")
    return value
