"""The configuration file: what is known, what is refused, and how it is said."""

import dataclasses
import json
from pathlib import Path

import pytest

from dedup.boilerplate.line_model import MODELS
from dedup.errors import InputError
from pipelines.config import Config, load


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "dedup.toml"
    path.write_text(text)
    return path


def test_an_empty_file_is_the_default(tmp_path: Path) -> None:
    assert load(write(tmp_path, "")) == Config()


def test_values_reach_their_stage(tmp_path: Path) -> None:
    text = '[extract]\nmax_bytes = 1000\n[limits]\nseconds = 5\n[canonical]\npreferred_sources = ["a.example"]\n'
    config = load(write(tmp_path, text))
    assert config.extract.max_bytes == 1000
    assert config.limits.seconds == 5.0
    assert isinstance(config.limits.seconds, float)
    assert config.canonical.preferred_sources == ("a.example",)
    assert config.fingerprint() != Config().fingerprint()


def test_limits_of_the_machine_are_no_part_of_the_fingerprint(tmp_path: Path) -> None:
    assert load(write(tmp_path, "[limits]\nseconds = 5\n")).fingerprint() == Config().fingerprint()


def test_how_long_a_text_may_be_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    assert load(write(tmp_path, "[limits]\nlines = 5\n")).fingerprint() != Config().fingerprint()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[extrakt]", "'extrakt' is not known. Did you mean 'extract'?"),
        ("[extract]\nmax_byte = 1", "'extract.max_byte' is not known. Did you mean 'max_bytes'?"),
        ("[extract]\nzzz = 1", "'extract.zzz' is not known. Known: extractor"),
        ("extract = 1", "'extract' must be a table"),
        ("[extract]\nmax_bytes = 'many'", "'extract.max_bytes' must be a whole number. Got 'many'."),
        ("[extract]\nmax_bytes = true", "'extract.max_bytes' must be a whole number. Got True."),
        ("[extract]\nmax_bytes = 0", ": [extract] max_bytes and min_characters must be 1 or more. Got 0"),
        ("[canonical]\norder = 'longest'", "'canonical.order' must be a list. Got 'longest'."),
        ("[limits]\nseconds = '5'", "'limits.seconds' must be a number. Got '5'."),
        ("[limits]\nseconds = -1", ": [limits] seconds must be 0 or more. Got -1.0."),
        ("[limits]\nlines = 0", ": [limits] lines must be 1 or more. Got 0."),
        ("[verify.rule]\nnear_cover = 7", ": [verify.rule] near_cover must be in [0, 1]. Got 7"),
        ("[canonical]\norder = ['best']", ": [canonical] order must be made of preferred,"),
        ("[extract", "is no TOML"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        load(write(tmp_path, text))
    assert message in str(error.value)
    assert "dedup.toml" in str(error.value)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.toml cannot be read: No such file"):
        load(tmp_path / "nothing.toml")


def test_every_parameter_of_every_stage_can_be_set_by_its_own_value(tmp_path: Path) -> None:
    """The types of all fields are ones that a TOML file can hold."""

    def toml(value: object) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, tuple):
            return "[" + ", ".join(toml(one) for one in value) + "]"
        return repr(value)

    lines = []

    def table(value: object, name: str) -> None:
        fields = [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
        lines.append(f"[{name}]")
        lines.extend(f"{key} = {toml(one)}" for key, one in fields if not dataclasses.is_dataclass(one))
        for key, one in fields:
            if dataclasses.is_dataclass(one):
                table(one, f"{name}.{key}")

    config = Config()
    for field in dataclasses.fields(config):
        table(getattr(config, field.name), field.name)
    assert load(write(tmp_path, "\n".join(lines))) == config


def test_a_line_model_is_named_by_its_path(tmp_path: Path, root: Path) -> None:
    shipped = (root / "dedup" / "data" / "line_model.json").read_text(encoding="utf-8")
    (tmp_path / "mine.json").write_text(shipped, encoding="utf-8")
    config = load(write(tmp_path, '[classify]\nmodel = "mine.json"\n'))
    assert config.classify.model == shipped
    assert config.fingerprint() != Config().fingerprint()


@pytest.mark.parametrize("kind", MODELS)
def test_a_line_model_without_one_of_its_models_is_refused(tmp_path: Path, root: Path, kind: str) -> None:
    table = json.loads((root / "dedup" / "data" / "line_model.json").read_text(encoding="utf-8"))
    del table["models"][kind]
    (tmp_path / "mine.json").write_text(json.dumps(table))
    with pytest.raises(InputError, match="is no line model"):
        load(write(tmp_path, '[classify]\nmodel = "mine.json"\n'))


@pytest.mark.parametrize(
    "content", [None, "", "{}", "[", "[]", '"model"', '{"models": 3}', '{"features": []}', "[" * 100_000]
)
@pytest.mark.parametrize(
    ("table", "key", "name"), [("classify", "model", "line model"), ("extract", "genre", "genre model")]
)
def test_a_bad_model_is_said(tmp_path: Path, content: str | None, table: str, key: str, name: str) -> None:
    if content is not None:
        (tmp_path / "mine.json").write_text(content)
    with pytest.raises(InputError) as error:
        load(write(tmp_path, f'[{table}]\n{key} = "mine.json"\n'))
    assert ("cannot be read" if content is None else f"mine.json is no {name} of this version.") in str(error.value)
    assert f"'{table}.{key}'" in str(error.value)


def test_a_genre_model_is_named_by_its_path_and_judges(tmp_path: Path, root: Path) -> None:
    shipped = json.loads((root / "dedup" / "data" / "genre_model.json").read_text(encoding="utf-8"))
    (tmp_path / "mine.json").write_text(json.dumps(shipped | {"bias": 40.0}), encoding="utf-8")
    config = load(write(tmp_path, '[extract]\ngenre = "mine.json"\n'))
    assert json.loads(config.extract.genre)["bias"] == 40.0
    assert config.fingerprint() != Config().fingerprint()
    page = b"<h1>Quay reopens</h1><p>The harbour board voted on Tuesday to reopen the eastern quay after repairs.</p>"
    assert Config().extract.extract(page)[0].no_article == ""
    assert "no article (p=0.00)" in config.extract.extract(page)[0].no_article
