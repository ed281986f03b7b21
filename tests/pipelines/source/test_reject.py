"""The table of reasons."""

import re
from pathlib import Path

from pipelines import source


def test_every_reason_is_in_the_table_and_every_one_in_it_is_used() -> None:
    files = sorted(Path(source.__file__).parent.glob("*.py"))
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    used = set(re.findall(r'(?:UnusableError|\.reject)\(\s*"([a-z_]+)"', text))
    assert used <= set(source.REASONS)
    assert {"bad_json", "truncated"} <= used
    assert all(text.count(f'"{reason}"') > 1 for reason in source.REASONS)
    assert set(source.REASONS) >= source.NOTES
