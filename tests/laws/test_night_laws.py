import csv
import gzip
import importlib.util
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.articles.published import in_order
from dedup.errors import DedupError
from pipelines import nightly
from pipelines.config import Config
from pipelines.journal import Journal
from pipelines.state import RELATIONS, Store, open_store
from pipelines.state.file import File
from pipelines.state.folder import Folder

_spec = importlib.util.spec_from_file_location("night_laws", Path(__file__).parent / "night_laws.py")
laws = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(laws)

FORMS = [File, Folder]
form = pytest.mark.parametrize("opened", FORMS, ids=lambda one: one.__name__)


@form
@pytest.mark.parametrize("law", laws.LAWS, ids=lambda one: one.__name__)
def test_law(law: Callable, opened: type[Store], tmp_path: Path) -> None:
    law(opened, tmp_path)


@form
@settings(max_examples=3)
@given(cuts=st.sets(st.integers(0, 17), max_size=3), hot=st.booleans())
def test_any_split_into_nights_agrees_with_one_shot(opened: type[Store], cuts: set[int], hot: bool) -> None:
    config = laws.HOT if hot else laws.COOL
    with tempfile.TemporaryDirectory() as folder:
        laws.nights_agree_with_one_shot(opened, Path(folder), config, sorted(cuts))


@settings(max_examples=3)
@given(order=st.permutations(range(17)), cut=st.integers(1, 16))
def test_so_it_does_whatever_came_first(order: list[int], cut: int) -> None:
    articles = laws.corpus().take(order)
    articles = articles.set_column(1, articles.schema.field(1), pa.array(range(17), pa.int64()))
    with tempfile.TemporaryDirectory() as folder:
        laws.nights_agree_with_one_shot(Folder, Path(folder), laws.HOT, [cut], articles)


def test_the_low_limits_are_felt() -> None:
    assert 0 < len(laws.one_shot(laws.HOT, laws.corpus())[0]) < len(laws.one_shot(laws.COOL, laws.corpus())[0])


# -- stores that break a law -----------------------------------------------------------------------------------------


def forgetting(name: str) -> type[Store]:
    """A file that never writes one relation."""

    class Forgetting(File):
        def commit(self, night, rows, parameters):
            super().commit(night, rows | {name: RELATIONS[name].schema.empty_table()}, parameters)

    return Forgetting


def keeping_the_earliest(name: str) -> type[Store]:
    """A folder in which the first row of a key stays for ever."""

    class Keeping(Folder):
        def commit(self, night, rows, parameters):
            ours = {tuple(row[one] for one in RELATIONS[name].key) for row in self.rows(name).to_pylist()}
            kept = [row for row in rows[name].to_pylist() if tuple(row[one] for one in RELATIONS[name].key) not in ours]
            new = pa.Table.from_pylist(kept, schema=RELATIONS[name].schema)
            super().commit(night, rows | {name: new}, parameters)

    return Keeping


class CountsArrivalsAnew(File):
    def value(self, query):
        return -1 if "arrival" in query else super().value(query)


class NumbersAllNightsOne(Folder):
    def value(self, query):
        return 0 if "number" in query else super().value(query)


class LooksUpHalf(File):
    def rows(self, name, column="", values=None, columns=(), between=None):
        found = super().rows(name, column, values, columns, between)
        return found if values is None else found.slice(0, (found.num_rows + 1) // 2)


class LooksUpByTheFirstValueAlone(Folder):
    def rows(self, name, column="", values=None, columns=(), between=None):
        return super().rows(name, column, None if values is None else values[:1], columns, between)


class WritesWhatItCan(Folder):
    """A night that breaks off is half there."""

    def commit(self, night, rows, parameters):
        for number, (name, table) in enumerate(rows.items()):
            super().commit(night, {name: table}, parameters if not number else {})


class KeepsBothOfAKey(File):
    def _put(self, name, table):
        self.register("added", table)
        self.connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM added")


AGREE, IDS, SOUND, SEEN, SAME = (
    laws.nights_agree_with_one_shot,
    laws.ids_hold,
    laws.it_is_sound,
    laws.what_was_seen_is_known,
    laws.both_forms_hold_the_same,
)
FOUND_BY = {
    **dict.fromkeys(("articles", "signatures", "terms", "telling", "bands", "matches", "members"), AGREE),
    **dict.fromkeys(("assignments", "merges"), IDS),
    **dict.fromkeys(("events", "runs"), SOUND),
    **dict.fromkeys(("claims", "files"), SEEN),
    **dict.fromkeys(("term_counts", "points", "likenesses"), SAME),
}
BAD = [
    *(pytest.param(forgetting(name), law, id=f"forgets {name}") for name, law in FOUND_BY.items()),
    *(
        pytest.param(keeping_the_earliest(name), IDS, id=f"keeps the first of {name}")
        for name in ("members", "assignments")
    ),
    (CountsArrivalsAnew, AGREE),
    (NumbersAllNightsOne, SEEN),
    (LooksUpHalf, AGREE),
    (LooksUpByTheFirstValueAlone, AGREE),
    (WritesWhatItCan, laws.a_night_is_there_whole_or_not_at_all),
    (KeepsBothOfAKey, SOUND),
]


def test_a_store_is_tried_that_forgets_each_relation() -> None:
    """But repeats, which are for cleaning: these laws leave it out."""
    assert RELATIONS.keys() - FOUND_BY.keys() == {"repeats"}


@pytest.mark.parametrize(("opened", "law"), BAD)
def test_a_store_that_breaks_a_law_is_found_out(opened: type[Store], law: Callable, tmp_path: Path) -> None:
    # Some nights cannot even end on such a store.
    with pytest.raises((AssertionError, LookupError, TypeError, ValueError, pa.ArrowException, DedupError)):
        law(opened, tmp_path)


# -- what a night's report says of groups ----------------------------------------------------------------------------


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run(records: Sequence[dict], folder: Path, name: str, state: str) -> Path:
    given = folder / f"{name}.jsonl"
    given.write_text("".join(json.dumps(row) + "\n" for row in records), encoding="utf-8")
    nightly.run([str(given)], folder / name, Config(), 1, "clean", Journal(), str(folder / state))
    return folder / name


@form
def test_reports_tell_what_is_new_what_has_grown_and_what_was_merged(opened: type[Store], tmp_path: Path) -> None:
    state = "state/" if opened is Folder else "state"
    (tmp_path / "state").mkdir() if opened is Folder else None
    records = [
        {"id": row["doc_id"], "text": row["text"], "title": row["title"], "source": row["source"]}
        | {"published": row["published"]}
        for row in laws.bridged().to_pylist()
    ]
    first, second, other, bridge = records
    copy = first | {"id": "copy", "source": "copy.example"}
    nights = [[first], [second, other], [copy], [bridge]]
    told = [run(records, tmp_path, f"night{n}", state) for n, records in enumerate(nights)]
    clusters, events = ([rows(one / name) for one in told] for name in ("clusters.csv", "events.csv"))
    assert [[(row["cluster_id"], row["status"], row["n_articles"]) for row in night] for night in clusters] == [
        [],
        [],
        [("d99", "new", "2")],
        [("d99", "grown", "4"), ("d98", "merged_into:d99", "1")],
    ]
    assert [[(row["event_id"], row["status"], row["n_articles"]) for row in night] for night in events] == [
        [("d99", "new", "1")],
        [("d97", "new", "1"), ("d98", "new", "1")],
        [("d99", "grown", "2")],
        [("d99", "grown", "4"), ("d98", "merged_into:d99", "1")],
    ]
    grown = clusters[3][0]
    assert (grown["n_sources"], grown["first_published"], grown["last_published"]) == ("4", "2026-03-01", "2026-04-20")
    assert events[3][0]["n_clusters"] == "1"


# -- real articles ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(data: Path) -> list[str]:
    with gzip.open(data / "scale" / "allsides.jsonl.gz", "rt", encoding="utf-8") as file:
        # Arrival is by day within a night: nights must follow each other as days do.
        lines = [line for _, line in zip(range(3000), file, strict=False)]

    def arrival(line: str) -> tuple:
        record = json.loads(line)
        return in_order(record.get("published", "")), record["id"]

    return sorted(lines, key=arrival)


@pytest.mark.data
def test_five_nights_of_real_articles_agree_with_one_shot(real: list[str], tmp_path: Path) -> None:
    def work(lines: Sequence[str], name: str, state: str = "") -> list[dict[str, str]]:
        (tmp_path / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
        nightly.run([str(tmp_path / f"{name}.jsonl")], tmp_path / name, Config(), 2, "clean", Journal(), state)
        return rows(tmp_path / name / "duplicates.csv")

    whole = work(real, "whole")
    found = []
    for night in range(5):
        found += work(real[night * 600 : (night + 1) * 600], f"night{night}", str(tmp_path / "state"))
    assert len(whole) > 40
    assert sorted(map(repr, found)) == sorted(map(repr, whole))
    cluster = {row["doc_id"]: row["cluster_id"] for row in rows(tmp_path / "whole" / "articles.csv")}
    with open_store(str(tmp_path / "state"), writing=False) as store:
        now = {doc_id: place[0] for doc_id, place in laws.places(store).items()}
    assert laws.groups(now) == laws.groups(cluster)
