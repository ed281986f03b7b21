"""The laws that every form of a state must keep, as functions that raise AssertionError; pytest calls them with each form, and so
do the tests of the laws themselves, with stores that break one each."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from dedup.candidates.pair import Pairs
from dedup.duplicates.component import JOINING
from dedup.flow import Inline, Unwatched
from dedup.schema import ARTICLE, REPEAT
from pipelines.config import Config
from pipelines.nightly import Night
from pipelines.preprocess import Cleaned
from pipelines.remember import remember
from pipelines.source import Claim
from pipelines.state import State, Store
from pipelines.state.check import problems
from pipelines.state.export import rows
from pipelines.state.file import File

#: Makes a store at a path; ``writing`` as `Store` takes it.
Opened = Callable[..., Store]

#: Limits so low that every key here is hot.
HOT = replace(Config(), pairs=Pairs(limit=2, sample_limit=1))
COOL = Config()


def story(seed: int, n_words: int = 120) -> list[str]:
    draw = np.random.default_rng(seed)
    return ["".join(draw.choice(list("abcdefghijklmnop"), 7)) for _ in range(n_words)]


def table(texts: Sequence[Sequence[str]]) -> pa.Table:
    """Articles in order of arrival; ids run against it."""
    given = [
        dict.fromkeys(ARTICLE.names, "")
        | {"doc_id": f"d{99 - i}", "arrival": i, "text": " ".join(text), "source": f"s{i}.example", "language": "en"}
        | {"title": f"Story {99 - i}", "published": f"2026-03-{i // 4 + 1:02d}"}
        | {"removed": [], "n_words": len(text), "n_words_removed": 0}
        for i, text in enumerate(texts)
    ]
    return pa.Table.from_pylist(given, schema=ARTICLE)


@cache
def corpus() -> pa.Table:
    """Copies, trimmed copies and stories inside others, of four families, and an article between two of them."""
    texts = []
    for i in range(16):
        base, other = story(i % 4), story(100 + i)
        kind = (i // 4) % 4
        texts.append([base, base[:90], [*other[:60], *base, *other[60:]], [*base[:50], *other[:3], *base[53:]]][kind])
    texts.append([*story(0)[:70], *story(1)[:70], *story(300)])
    return table(texts)


@cache
def bridged() -> pa.Table:
    """Two versions of a story too far apart to be copies, or one event; one that is a copy of both; and an article of its own."""
    long = story(7, 216)
    articles = table([long[:96], long[48:144], story(8), long[24:120]])
    days = ["2026-03-01", "2026-04-20", "2026-03-01", "2026-03-02"]
    return articles.set_column(5, ARTICLE.field("published"), pa.array(days))


def play(
    opened: Opened, path: Path, config: Config, articles: pa.Table, cuts: Sequence[int]
) -> list[tuple[Night, dict[str, tuple[str, str, str]]]]:
    """Work on articles night by night; returns each night, and where each article was after it: cluster, event, storyline."""
    done = []
    for start, end in zip([0, *cuts], [*cuts, articles.num_rows], strict=True):
        with opened(path, writing=True) as store:
            state = State(store, config.parameters())
            one = work(state, config, articles.slice(start, end - start))
            key = f"inputs {start} {end}"
            assert state.report(key) is None
            state.record(key, {"a.csv": key.encode()}, "{}", "2026-03-02T00:00:00+00:00", remember(one, state, config))
        with opened(path, writing=False) as store:
            done.append((one, places(store)))
    return done


def work(state: State, config: Config, articles: pa.Table) -> Night:
    """Match and group what comes on a night, its claims made of its ids."""
    arrivals = range(state.first_arrival, state.first_arrival + articles.num_rows)
    articles = articles.set_column(1, ARTICLE.field("arrival"), pa.array(arrivals, pa.int64()))
    claims = [Claim(doc_id, f"digest of {doc_id}", "", "", "") for doc_id in articles["doc_id"].to_pylist()]
    assert not [one for one in claims if one in state.seen]
    matched = config.match(Inline(), articles, Unwatched(), earlier=state)
    grouped = config.group(articles, matched, Unwatched(), state)
    given = {place: (one, one.doc_id) for place, one in enumerate(claims)}
    return Night(Cleaned(articles, REPEAT.empty_table(), given, [], len(claims), 0, {}), matched, grouped)


def places(store: Store) -> dict[str, tuple[str, str, str]]:
    """Cluster, event and storyline of every article."""
    event = {row["doc_id"]: row for row in store.rows("assignments").to_pylist()}
    return {
        row["doc_id"]: (row["cluster_id"], event[row["doc_id"]]["event_id"], event[row["doc_id"]]["storyline_id"])
        for row in store.rows("members").to_pylist()
    }


def groups(of: dict[str, str]) -> set[frozenset[str]]:
    return {frozenset(one for one in of if of[one] == name) for name in of.values()}


def one_shot(config: Config, articles: pa.Table) -> tuple[list[str], set[frozenset[str]]]:
    """Matches and partition of all articles at once, without a state."""
    found = config.match(Inline(), articles, Unwatched())
    cluster = {row["doc_id"]: row["cluster_id"] for row in found.members.to_pylist()}
    return sorted(map(repr, found.matches.to_pylist())), groups(cluster)


# -- the laws --------------------------------------------------------------------------------------------------------


def nights_agree_with_one_shot(
    opened: Opened,
    folder: Path,
    config: Config = HOT,
    cuts: Sequence[int] = (1, 5, 11),
    articles: pa.Table | None = None,
) -> None:
    articles = corpus() if articles is None else articles
    play(opened, folder / "state", config, articles, cuts)
    matches, partition = one_shot(config, articles)
    with opened(folder / "state", writing=False) as store:
        assert sorted(map(repr, store.rows("matches").to_pylist())) == matches
        assert groups({doc_id: place[0] for doc_id, place in places(store).items()}) == partition


def ids_hold(opened: Opened, folder: Path) -> None:
    """Also where a night joins two clusters: the younger id goes, and is told of once."""
    before: dict[str, tuple[str, str, str]] = {}
    merged: set[tuple[str, str, str]] = set()
    for one, now in play(opened, folder / "state", COOL, bridged(), (1, 2, 3)):
        rows_of = [*one.matched.merges.to_pylist(), *one.grouped.merges.to_pylist()]
        became = {(row["level"], row["old_id"]): row["new_id"] for row in rows_of}
        for doc_id, places_then in before.items():
            for level, was, is_now in zip(("cluster", "event", "storyline"), places_then, now[doc_id], strict=True):
                assert became.get((level, was), was) == is_now, (doc_id, level)
        assert set(now) - set(before) == set(one.cleaned.articles["doc_id"].to_pylist())
        new = {(row["level"], row["old_id"], row["new_id"]) for row in rows_of}
        assert not new & merged
        merged |= new
        before = now
    assert {("cluster", "d98", "d99"), ("event", "d98", "d99")} <= merged
    assert {before[doc_id][0] for doc_id in ("d99", "d98", "d96")} == {"d99"}
    with opened(folder / "state", writing=False) as store:
        assert {tuple(row.values()) for row in store.rows("merges").to_pylist()} == merged


def both_forms_hold_the_same(opened: Opened, folder: Path) -> None:
    exported = []
    for name, form in (("state", opened), ("other", File)):
        play(form, folder / name, HOT, corpus(), (5, 11))
        play(form, folder / f"bridged {name}", COOL, bridged(), (1, 2, 3))
        exported.append([])
        for path in (folder / name, folder / f"bridged {name}"):
            with form(path, writing=False) as store:
                exported[-1] += list(rows(store))
    assert exported[0] == exported[1]


def it_is_sound(opened: Opened, folder: Path) -> None:
    play(opened, folder / "state", COOL, bridged(), (1, 2, 3))
    with opened(folder / "state", writing=False) as store:
        assert list(problems(store)) == []


def copies_are_joined_and_nothing_else(opened: Opened, folder: Path) -> None:
    play(opened, folder / "state", COOL, bridged(), (1, 2, 3))
    with opened(folder / "state", writing=False) as store:
        cluster = {doc_id: place[0] for doc_id, place in places(store).items()}
        for row in store.rows("matches").to_pylist():
            if row["relation"] in JOINING:
                assert cluster[row["left_id"]] == cluster[row["right_id"]]
    assert groups(cluster) == {frozenset({"d99", "d98", "d96"}), frozenset({"d97"})}


def what_was_seen_is_known(opened: Opened, folder: Path) -> None:
    play(opened, folder / "state", COOL, bridged(), (2,))
    ids = bridged()["doc_id"].to_pylist()
    with opened(folder / "state", writing=True) as store:
        state = State(store, COOL.parameters())
        assert (state.night, state.first_arrival) == (3, 4)
        claims = [Claim(doc_id, f"digest of {doc_id}", "", "", "") for doc_id in ids]
        assert all(one in state.seen for one in claims)
        assert not any(replace(one, digest="another") in state.seen for one in claims)
        assert state.known(claims) == {one.doc_id: {one.digest: one.doc_id} for one in claims}
        assert state.report("inputs 0 2") == (1, {"a.csv": b"inputs 0 2"})
        assert state.report("inputs 2 4") == (2, {"a.csv": b"inputs 2 4"})


def a_night_is_there_whole_or_not_at_all(opened: Opened, folder: Path) -> None:
    articles = bridged()
    play(opened, folder / "state", COOL, articles.slice(0, 2), (1,))
    with opened(folder / "state", writing=False) as store:
        before = list(rows(store))
    with opened(folder / "state", writing=True) as store:
        state = State(store, COOL.parameters())
        night = remember(work(state, COOL, articles.slice(2)), state, COOL)
        # The last relation of the night cannot be written.
        broken: dict[str, Any] = {**night, "files": None}
        with pytest.raises(AttributeError):
            store.commit(state.night, broken, {})
    with opened(folder / "state", writing=False) as store:
        assert list(rows(store)) == before
    with opened(folder / "state", writing=True) as store:
        state = State(store, COOL.parameters())
        night = remember(work(state, COOL, articles.slice(2)), state, COOL)
        state.record("last", {}, "{}", "", night)
    with opened(folder / "state", writing=False) as store:
        assert list(problems(store)) == []
        assert len(places(store)) == articles.num_rows


LAWS = [
    nights_agree_with_one_shot,
    ids_hold,
    both_forms_hold_the_same,
    it_is_sound,
    copies_are_joined_and_nothing_else,
    what_was_seen_is_known,
    a_night_is_there_whole_or_not_at_all,
]
