"""Points: of earlier nights those articles are looked at that tell most alike, however little that is."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dedup.candidates.points import Nearby
from dedup.errors import ParameterError
from dedup.schema import ARTICLE, PAIR, POINT, TELLING

ABOUT = pa.schema([(name, ARTICLE.field(name).type) for name in ("doc_id", "arrival", "published")])
#: What articles tell, by id: terms, the most telling first; a day of March 2026, 0 where none is known.
TOLD = {
    "old": ([1, 2, 3, 4], 2),
    "alike": ([1, 2, 3, 9], 3),
    "far": ([1, 2, 3, 4], 20),
    "undated": ([1, 2, 8, 9], 0),
    "other": ([11, 12, 13, 14], 2),
    "silent": ([], 2),
}


def told(names: Sequence[str], first: int = 0) -> tuple[pa.Table, pa.Table]:
    """Relation TELLING of some articles, their weights falling; and what is known of them."""
    rows, articles = [], []
    for place, name in enumerate(names):
        keys, day = TOLD[name]
        order = np.argsort(keys)
        weights = np.arange(len(keys), 0, -1, dtype=np.float64)[order]
        row = {"doc_id": name, "arrival": first + place}
        found = np.array(keys, dtype=np.int64)[order]
        rows.append(row | {"keys": found.tobytes(), "weights": weights.tobytes()})
        articles.append(row | {"published": f"2026-03-{day:02d}" if day else ""})
    return pa.Table.from_pylist(rows, schema=TELLING), pa.Table.from_pylist(articles, schema=ABOUT)


class Before:
    """What earlier articles tell."""

    def __init__(self, names: Sequence[str], nearby: Nearby) -> None:
        self.telling, articles = told(names)
        self.points = nearby.points(self.telling, articles).sort_by([("key", "ascending"), ("arrival", "ascending")])

    def rows(self, name, column, values, columns=(), between=None):
        assert not columns
        table = getattr(self, name)
        table = table.filter(pc.is_in(table[column], pa.array(values, pa.int64())))
        if between:
            day = table[between[0]]
            kept = pc.and_(pc.greater_equal(day, between[1]), pc.less_equal(day, between[2]))
            table = table.filter(pc.fill_null(kept, True))
        return table


def near(tonight: Sequence[str], before: Sequence[str], days: int = 3, nearby: Nearby | None = None) -> list[tuple]:
    nearby = nearby or Nearby()
    telling, articles = told(tonight, first=100)
    pairs = nearby.nearest(nearby.points(telling, articles), telling, Before(before, nearby), days)
    assert pairs.schema == PAIR
    return sorted(tuple(row.values()) for row in pairs.to_pylist())


def test_the_points_of_an_article_are_what_tells_most_with_its_day() -> None:
    found = Nearby(n_points=2).points(*told(["old", "undated", "silent"]))
    assert found.schema == POINT
    day = 739677  # 2 March 2026, from the first day of the year 1
    assert found.to_pylist() == [
        {"key": key, "arrival": arrival, "day": of}
        for key, arrival, of in ((1, 0, day), (2, 0, day), (1, 1, None), (2, 1, None))
    ]


def test_those_are_near_that_share_a_point_within_the_days_or_without_any() -> None:
    before = ["old", "far", "undated", "other", "silent"]
    assert near(["alike"], before) == [("alike", "old"), ("alike", "undated")]
    assert near(["alike"], before, days=0) == [("alike", "far"), ("alike", "old"), ("alike", "undated")]
    assert near(["undated"], ["old", "far"]) == [("far", "undated"), ("old", "undated")]
    assert near(["silent"], before) == []
    assert near([], before) == []
    assert near(["alike"], []) == []


def test_the_nearest_come_first_and_few_are_taken() -> None:
    assert near(["alike"], ["undated", "old"], nearby=Nearby(n_nearest=1)) == [("alike", "old")]
    assert near(["alike"], ["undated", "old"], nearby=Nearby(least=0.7)) == [("alike", "old")]


def test_by_terms_of_a_crowd_nobody_is_met() -> None:
    assert near(["alike"], ["old", "undated"], nearby=Nearby(crowd=2)) != []
    assert near(["alike"], ["old", "undated"], nearby=Nearby(crowd=1, n_points=2)) == []


def test_wrong_parameters_are_refused() -> None:
    for name in ("n_points", "crowd", "n_nearest"):
        with pytest.raises(ParameterError, match=f"{name} must be at least 1. Got 0"):
            Nearby(**{name: 0})
    with pytest.raises(ParameterError, match=r"least must be in \[0, 1\]. Got 2"):
        Nearby(least=2)
