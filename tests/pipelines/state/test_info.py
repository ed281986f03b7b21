"""What a state says of itself."""

from pathlib import Path

from pipelines.state import RELATIONS, open_store
from pipelines.state.export import rows
from pipelines.state.info import info, lines


def test_it_counts_what_is_there_and_changes_nothing(state: Path, form: str) -> None:
    with open_store(str(state), writing=False) as store:
        before = list(rows(store))
        found = info(store)
        assert list(rows(store)) == before
        assert found["bytes"] == store.n_bytes()
    assert (found["path"], found["form"], found["format"]) == (str(state), form, 2)
    assert (found["nights"], found["articles"], found["texts_kept"], found["sources"]) == (3, 6, 6, 2)
    assert (found["first_published"], found["last_published"]) == ("2026-03-03", "2026-03-05")
    assert found["clusters"] == 2
    assert 2 <= found["events"] <= 3
    assert found["bytes_per_article"] == round(found["bytes"] / 6)
    assert found["rows"].keys() == RELATIONS.keys()
    assert (found["rows"]["articles"], found["rows"]["runs"], found["rows"]["claims"]) == (6, 3, 6)
    assert "verify.overlap" in found["parameters"]
    assert "format" not in found["parameters"]


def test_lines_say_the_same_to_people(state: Path) -> None:
    with open_store(str(state), writing=False) as store:
        found = info(store)
    told = lines(found)
    for part in ("6 from 2 sources, 6 with their text", "2026-03-03 to 2026-03-05", "2 of two or more"):
        assert any(part in line for line in told)
    assert f"  verify.overlap = {found['parameters']['verify.overlap']}" in told
    assert any(line.split() == ["claims", "6"] for line in told)
    assert any(line.startswith("nights") and "3, the last ended 20" in line for line in told)
