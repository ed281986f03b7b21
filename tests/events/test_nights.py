"""The laws of grouping night by night: nothing published is split, moved or renamed but by a merge that is given out."""

import gzip
import itertools
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from dedup.api import arrange
from dedup.articles.terms import analyse
from dedup.errors import ParameterError
from dedup.events.assign import Bar, Graph, Grouping, Groups, average_linkage, count_terms, group, kept_whole, partition
from dedup.events.counts import Counts, Sums
from dedup.flow import Flow, Inline, Matched, Unwatched
from dedup.schema import ASSIGNMENT, EVENT, KNOWN, LIKENESS, MATCH, MEMBER, MERGE, TERM_COUNT, TERMS

LEVELS = ("event", "storyline")
Published = dict[str, tuple[str, str]]


@dataclass
class State:
    """What a caller remembers between nights: where articles are, when they came, what was counted, and what was weighed."""

    arrival: dict[str, int]
    where: Published = field(default_factory=dict)
    counts: pa.Table | None = None
    likenesses: pa.Table = field(default_factory=LIKENESS.empty_table)

    def known(self, ids: Sequence[str]) -> pa.Table:
        rows = [
            {"doc_id": doc_id}
            | {f"{level}_id": one for level, one in zip(LEVELS, self.where[doc_id], strict=True)}
            | {f"{level}_arrival": self.arrival[one] for level, one in zip(LEVELS, self.where[doc_id], strict=True)}
            for doc_id in ids
            if doc_id in self.where
        ]
        return pa.Table.from_pylist(rows, schema=KNOWN)

    def take(self, found: Groups, counted: pa.Table) -> None:
        became = {(row["level"], row["old_id"]): row["new_id"] for row in found.merges.to_pylist()}
        self.where = {
            doc_id: (became.get(("event", event), event), became.get(("storyline", storyline), storyline))
            for doc_id, (event, storyline) in self.where.items()
        }
        for row in found.assignments.to_pylist():
            assert row["doc_id"] not in self.where
            self.where[row["doc_id"]] = row["event_id"], row["storyline_id"]
        given = [counted] if self.counts is None else [self.counts, counted]
        self.counts = Counts.of_table(pa.concat_tables(given)).to_table()
        self.likenesses = pa.concat_tables([self.likenesses, found.likenesses])


def only(table: pa.Table, ids: Sequence[str]) -> pa.Table:
    return table.filter(pc.is_in(table["doc_id"], pa.array(sorted(ids), pa.string())))


def nights(articles: pa.Table, matched: Matched, parts: Sequence[Sequence[str]]) -> State:
    """Group articles part by part, everything before loaded, and hold the laws after each."""
    state = State(dict(zip(articles["doc_id"].to_pylist(), articles["arrival"].to_pylist(), strict=True)))
    seen: list[str] = []
    for part in parts:
        seen += part
        known = state.known(seen) if state.where else None
        members = only(matched.members, seen)
        found = group(
            only(matched.terms, seen),
            only(articles, seen),
            members,
            matched.matches,
            known=known,
            counts=state.counts,
            likenesses=state.likenesses,
        )
        before = dict(state.where)
        state.take(found, count_terms(only(matched.terms, seen), members, known))
        check(before, state, found, part)
    return state


def check(before: Published, state: State, found: Groups, tonight: Sequence[str]) -> None:
    assert [one.schema for one in found] == [ASSIGNMENT, EVENT, MERGE, LIKENESS]
    assert set(found.assignments["doc_id"].to_pylist()) == set(tonight)
    assert set(found.events["event_id"].to_pylist()) == set(found.assignments["event_id"].to_pylist())
    for one, other in itertools.pairwise(sorted(before)):
        for level in (0, 1):
            # What was together is together.
            if before[one][level] == before[other][level]:
                assert state.where[one][level] == state.where[other][level]
    for row in found.merges.to_pylist():
        # The oldest name stays, and a name that went is used no more.
        assert state.arrival[row["new_id"]] < state.arrival[row["old_id"]]
        assert row["old_id"] not in {pair[LEVELS.index(row["level"])] for pair in state.where.values()}
    gone = {(row["level"], row["old_id"]) for row in found.merges.to_pylist()}
    for doc_id, pair in before.items():
        for level, old, new in zip(LEVELS, pair, state.where[doc_id], strict=True):
            assert old == new or (level, old) in gone
    # An event is of one storyline.
    assert len(set(state.where.values())) == len({event for event, _ in state.where.values()})


@pytest.fixture(scope="session")
def fixture_articles(root: Path) -> tuple[pa.Table, Matched]:
    rows = [json.loads(line) for line in (root / "fixtures" / "gold" / "events.jsonl").read_text().splitlines()]
    articles = arrange([{name: row[name] for name in row if name != "event"} for row in rows])
    return articles, Flow().match(Inline(), articles, Unwatched())


def dealt(articles: pa.Table, matched: Matched, seed: int) -> Published:
    """Return what five nights publish to which the articles are dealt at random, so that days come in any order."""
    ids = articles["doc_id"].to_pylist()
    random.Random(seed).shuffle(ids)
    order = {doc_id: place for place, doc_id in enumerate(ids)}

    def arrived(table: pa.Table) -> pa.Table:
        places = pa.array([order[doc_id] for doc_id in table["doc_id"].to_pylist()], pa.int64())
        return table.set_column(table.schema.get_field_index("arrival"), "arrival", places)

    parts = [ids[len(ids) * part // 5 : len(ids) * (part + 1) // 5] for part in range(5)]
    return nights(arrived(articles), replace(matched, terms=arrived(matched.terms)), parts).where


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_came_when_nothing_published_moves(fixture_articles: tuple[pa.Table, Matched], seed: int) -> None:
    dealt(*fixture_articles, seed)


def likeness(found: Published, articles: pa.Table, matched: Matched) -> float:
    """Return the adjusted Rand index between events and those of one night."""
    once = group(matched.terms, articles, matched.members, matched.matches).assignments
    events = dict(zip(once["doc_id"].to_pylist(), once["event_id"].to_pylist(), strict=True))
    return float(adjusted_rand_score(list(events.values()), [found[doc_id][0] for doc_id in events]))


def agreement(articles: pa.Table, matched: Matched) -> float:
    """Return the adjusted Rand index of events between five nights, in order of arrival, and one."""
    ids = articles.sort_by("arrival")["doc_id"].to_pylist()
    parts = [ids[len(ids) * part // 5 : len(ids) * (part + 1) // 5] for part in range(5)]
    return likeness(nights(articles, matched, parts).where, articles, matched)


def test_five_nights_agree_with_one_on_the_fixtures(fixture_articles: tuple[pa.Table, Matched]) -> None:
    # A hundred articles: a single one that stands elsewhere is seen.
    assert agreement(*fixture_articles) >= 0.96


def test_nights_of_whole_days_agree_with_one_to_the_article(fixture_articles: tuple[pa.Table, Matched]) -> None:
    articles, matched = fixture_articles
    rows = articles.sort_by("arrival").select(["doc_id", "published"]).to_pylist()
    days = [[row["doc_id"] for row in some] for _, some in itertools.groupby(rows, lambda row: row["published"][:10])]
    once = group(matched.terms, articles, matched.members, matched.matches).assignments.to_pylist()
    whole = {row["doc_id"]: (row["event_id"], row["storyline_id"]) for row in once}
    assert len(days) > 2
    for cuts in itertools.product((False, True), repeat=len(days) - 1):
        parts = [days[0]]
        for cut, day in zip(cuts, days[1:], strict=True):
            parts = [*parts, day] if cut else [*parts[:-1], parts[-1] + day]
        assert nights(articles, matched, parts).where == whole


@pytest.mark.parametrize(
    ("name", "limit", "least"),
    [("events/basil", 1000, 0.995), ("events/ecbplus", 1000, 0.96), ("scale/allsides", 1000, 0.995)],
)
def test_five_nights_agree_with_one(data: Path, name: str, limit: int, least: float) -> None:
    with gzip.open(data / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in itertools.islice(lines, limit)]
    articles = arrange([{key: row[key] for key in row if key != "event"} for row in rows if row["text"].strip()])
    assert agreement(articles, Flow().match(Inline(), articles, Unwatched())) >= least


def test_late_articles_find_the_events_of_one_night(data: Path) -> None:
    with gzip.open(data / "events" / "duc2004.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = list(map(json.loads, lines))
    articles = arrange([{key: row[key] for key in row if key != "event"} for row in rows])
    matched = Flow().match(Inline(), articles, Unwatched())
    # Were each night to go on from the one before, it would be .83.
    agreed = [likeness(dealt(articles, matched, seed), articles, matched) for seed in (1, 2, 3)]
    assert sum(agreed) / len(agreed) >= 0.86


def test_a_night_with_nothing_known_is_the_first(fixture_articles: tuple[pa.Table, Matched]) -> None:
    articles, matched = fixture_articles
    given = matched.terms, articles, matched.members, matched.matches
    nothing = group(*given, known=KNOWN.empty_table(), counts=Counts.of_terms(TERMS.empty_table()).to_table())
    for one, other in zip(group(*given), nothing, strict=True):
        assert one.equals(other)


def test_order_of_rows_changes_nothing(fixture_articles: tuple[pa.Table, Matched]) -> None:
    articles, matched = fixture_articles
    ids = articles["doc_id"].to_pylist()
    state = nights(articles, matched, [ids[:60]])

    def tonight(draw: random.Random) -> Groups:
        def mixed(table: pa.Table) -> pa.Table:
            return table.take(draw.sample(range(table.num_rows), table.num_rows))

        tables = (mixed(one) for one in (matched.terms, articles, matched.members, matched.matches))
        assert state.counts is not None
        return group(*tables, known=mixed(state.known(ids)), counts=mixed(state.counts))

    for one, other in zip(tonight(random.Random(1)), tonight(random.Random(2)), strict=True):
        assert one.equals(other)


ARTICLES = pa.schema(
    [(name, pa.string()) for name in ("doc_id", "title", "published", "source", "text")] + [("arrival", pa.int64())]
)
QUAY = "The harbour of Port Lumen reopened its eastern quay after engineers replaced forty metres of decking."
BREAD = "A bakery in Old Zembla won the bread prize for a rye loaf that rests three days, its owner Mira Lund said."


def _tables(texts: dict[str, str]) -> tuple[pa.Table, pa.Table]:
    terms, articles = [], []
    for arrival, (doc_id, text) in enumerate(texts.items()):
        terms.append({"doc_id": doc_id, "arrival": arrival, **analyse("", text, "en").to_row()})
        articles.append({"doc_id": doc_id, "arrival": arrival, "text": text})
    return pa.Table.from_pylist(terms, schema=TERMS), pa.Table.from_pylist(articles, schema=ARTICLES)


def _known(**events: tuple[str, int]) -> pa.Table:
    rows = [
        {
            "doc_id": doc_id,
            "event_id": event,
            "event_arrival": arrival,
            "storyline_id": event,
            "storyline_arrival": arrival,
        }
        for doc_id, (event, arrival) in events.items()
    ]
    return pa.Table.from_pylist(rows, schema=KNOWN)


def test_a_new_article_joins_and_the_name_is_the_founders_though_it_is_not_loaded() -> None:
    terms, articles = _tables({"a": QUAY, "b": BREAD, "c": QUAY.replace("forty", "many")})
    found = group(terms, articles, known=_known(a=("founder", -5), b=("b", 1)))
    assert found.assignments.select(["doc_id", "event_id", "storyline_id"]).to_pylist() == [
        {"doc_id": "c", "event_id": "founder", "storyline_id": "founder"}
    ]
    assert found.events["event_id"].to_pylist() == ["founder"]
    assert found.merges.num_rows == 0


def test_what_earlier_nights_held_apart_stays_apart_until_something_new_comes_between() -> None:
    texts = {"a": QUAY, "b": QUAY, "c": BREAD}
    held = _known(a=("a", 0), b=("b", 1))
    assert group(*_tables(texts), known=held).merges.num_rows == 0
    found = group(*_tables(texts | {"d": QUAY}), known=held)
    assert found.merges.to_pylist() == [
        {"level": level, "old_id": "b", "new_id": "a"} for level in ("event", "storyline")
    ]
    assert dict(zip(*(found.assignments[name].to_pylist() for name in ("doc_id", "event_id")), strict=True)) == {
        "c": "c",
        "d": "a",
    }


def test_what_earlier_nights_joined_stays_joined() -> None:
    found = group(*_tables({"a": QUAY, "b": BREAD, "c": BREAD}), known=_known(a=("a", 0), b=("a", 0)))
    assert found.merges.num_rows == 0
    assert found.events.num_rows == 1


def test_copies_join_two_events_and_the_older_name_stays() -> None:
    rows = [
        {"doc_id": doc_id, "cluster_id": "a", "canonical_id": "a", "relation": "near"} for doc_id in ("a", "b", "c")
    ]
    members = pa.Table.from_pylist(rows, schema=MEMBER)
    tables = _tables({"a": QUAY, "b": BREAD, "c": QUAY})
    found = group(*tables, members, known=_known(a=("x", 7), b=("y", 3)))
    assert found.assignments["event_id"].to_pylist() == ["y"]
    assert {(row["old_id"], row["new_id"]) for row in found.merges.to_pylist()} == {("x", "y")}


def test_an_overlap_with_two_events_is_no_reason_to_join_them() -> None:
    matches = [
        dict.fromkeys(MATCH.names) | {"left_id": one, "right_id": "c", "relation": "overlap"} for one in ("a", "b")
    ]
    terms, articles = _tables({"a": QUAY, "b": BREAD, "c": "Nothing of the kind was said by anyone at all."})
    days = pa.array(["2026-03-01", "2026-03-01", "2026-03-02"])
    articles = articles.set_column(articles.schema.get_field_index("published"), "published", days)
    found = group(
        terms, articles, matches=pa.Table.from_pylist(matches, schema=MATCH), known=_known(a=("a", 0), b=("b", 1))
    )
    assert found.assignments["event_id"].to_pylist() == ["a"]
    assert "event" not in found.merges["level"].to_pylist()


def test_counts_of_nights_add_up_to_those_of_one_and_copies_count_once() -> None:
    terms, _ = _tables({"a": QUAY, "b": BREAD, "c": QUAY, "d": BREAD})
    rows = [
        {"doc_id": doc_id, "cluster_id": cluster, "canonical_id": cluster, "relation": "near"}
        for doc_id, cluster in (("a", "a"), ("b", "b"), ("c", "a"), ("d", "b"))
    ]
    members = pa.Table.from_pylist(rows, schema=MEMBER)
    whole = count_terms(terms, members)
    assert whole.schema == TERM_COUNT
    assert Counts.of_table(whole).n_articles == 2
    first = count_terms(terms.slice(0, 1), members)
    second = count_terms(terms.slice(1), members, _known(a=("a", 0)))
    assert Counts.of_table(pa.concat_tables([first, second])).to_table().equals(whole)
    assert count_terms(terms).num_rows == whole.num_rows
    assert Counts.of_table(count_terms(TERMS.empty_table())).n_articles == 0


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.integers(1, 9)), max_size=60),
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=30),
    st.integers(0, 60),
)
def test_sums_are_of_what_is_asked_for_whatever_the_portions(
    rows: list[tuple[int, int]], others: list[int], cut: int
) -> None:
    wanted = [key for key, _ in rows[::2]] + others
    found = Sums(np.array(wanted, dtype=np.int64))
    for some in (rows[:cut], rows[cut:]):
        found.add(*(np.array([row[place] for row in some], dtype=np.int64) for place in (0, 1)))
    sums: dict[int, int] = {}
    for key, count in rows:
        if key in wanted:
            sums[key] = sums.get(key, 0) + count
    assert list(zip(*(part.tolist() for part in found.found()), strict=True)) == sorted(sums.items())


def test_how_alike_earlier_articles_are_is_what_it_was_when_they_came() -> None:
    texts = {"a": QUAY, "b": QUAY, "d": QUAY}
    held, arrival = _known(a=("a", 0), b=("b", 1)), {"a": 0, "b": 1}
    first = group(*_tables({name: texts[name] for name in arrival}))
    assert first.likenesses.to_pylist() == [{"earlier": 0, "later": 1, "weight": 1.0, "dates": 0}]
    assert group(*_tables({"a": QUAY}), known=_known(a=("a", 0))).likenesses.num_rows == 0
    merged = [{"level": level, "old_id": "b", "new_id": "a"} for level in ("event", "storyline")]
    for likenesses, merges in ((first.likenesses, merged), (first.likenesses.slice(1), merged)):
        found = group(*_tables(texts), known=held, likenesses=likenesses)
        assert found.merges.to_pylist() == merges
        assert set(found.likenesses["later"].to_pylist()) == {2}
    # Of three that are wholly alike the mean is 1; where nobody kept how alike the first two were, that pair counts as not alike.
    for likenesses, cohesion in ((first.likenesses, 1.0), (first.likenesses.slice(1), 2 / 3)):
        found = group(*_tables(texts), known=held, likenesses=likenesses)
        assert found.events["cohesion"].to_pylist() == [pytest.approx(cohesion)]


def test_counts_of_other_terms_say_nothing() -> None:
    counts = Counts.of_terms(_tables({"a": QUAY})[0])
    assert counts.frequency(counts.keys).tolist() == [1.0] * len(counts.keys)
    assert counts.frequency(analyse("", BREAD, "en").words.keys).sum() == 0
    assert Counts.of_terms(TERMS.empty_table()).frequency(counts.keys).sum() == 0


def test_a_negative_bar_is_refused() -> None:
    with pytest.raises(ParameterError, match="merge must be at least 0"):
        Grouping(merge=-0.1)


def test_days_of_one_run_are_settled_as_if_they_were_nights() -> None:
    # The third is most like the second, but the first two were out before it came.
    left, right = np.array([0, 0, 1]), np.array([1, 2, 2])
    graph = Graph(left, right, np.array([0.3, 0.2, 0.9]), np.zeros(3, dtype=np.int64))
    grouping = Grouping(storyline=0.29, single=0.29, firm=0.29, few=0.0)
    assert partition(graph, grouping, np.array([0, 0, 0]))[1].tolist() == [0, 1, 1]
    assert partition(graph, grouping, np.array([0, 0, 1]))[1].tolist() == [0, 0, 0]


GROUPS = st.integers(1, 12).flatmap(
    lambda n: st.tuples(
        *(st.lists(one, min_size=n, max_size=n) for one in (st.integers(0, n - 1),) * 2 + (st.booleans(),))
    )
)


@given(GROUPS)
def test_earlier_groups_go_whole_where_most_of_them_are(given_groups: tuple[list[int], list[int], list[bool]]) -> None:
    found, standing, known = map(np.array, given_groups)
    made = kept_whole(found, standing, known)
    assert all(np.flatnonzero(made == label)[0] == label for label in made)
    new = np.flatnonzero(~known)
    for one, other in itertools.combinations(range(len(found)), 2):
        if known[one] and known[other] and standing[one] == standing[other]:
            assert made[one] == made[other]
        if not known[one] and not known[other]:
            assert (made[one] == made[other]) == (found[one] == found[other])
    for group_of in set(standing[known].tolist()):
        theirs = np.flatnonzero(known & (standing == group_of))
        shares = Counter(found[theirs].tolist())
        with_them = {int(found[one]) for one in new if made[one] == made[theirs[0]]}
        # Whoever is new there is of the group that most of them are of, and without anybody new they stay alone.
        assert with_them <= {label for label, n in shares.items() if n == max(shares.values())}
        if not with_them:
            assert set(standing[known & (made == made[theirs[0]])].tolist()) == {group_of}


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 12), st.integers(0, 2**32 - 1), st.floats(0.05, 0.9), st.floats(0.0, 0.3))
def test_groups_that_stand_are_kept_and_join_for_something_new_alone(
    n_nodes: int, seed: int, least: float, merge: float
) -> None:
    draw = random.Random(seed)
    left, right = zip(*itertools.combinations(range(n_nodes), 2), strict=True)
    weight = np.array([draw.random() for _ in left])
    graph = Graph(np.array(left), np.array(right), weight, np.zeros(len(left), dtype=np.int64))
    drawn = np.array([draw.randrange(3) for _ in range(n_nodes)])
    known = drawn < 2
    start = np.array([int(np.flatnonzero(drawn == one)[0]) if one < 2 else place for place, one in enumerate(drawn)])
    found = average_linkage(n_nodes, graph, Bar.level(least), start, known, merge)
    for label in set(start.tolist()):
        assert len(set(found[start == label].tolist())) == 1
    for label in set(found.tolist()):
        assert np.flatnonzero(found == label)[0] == label
    if known.all():
        assert found.tolist() == start.tolist()
    nothing: dict[str, Any] = {"start": np.arange(n_nodes), "known": np.zeros(n_nodes, dtype=bool), "merge": merge}
    plain = average_linkage(n_nodes, graph, Bar.level(least))
    assert average_linkage(n_nodes, graph, Bar.level(least), **nothing).tolist() == plain.tolist()
