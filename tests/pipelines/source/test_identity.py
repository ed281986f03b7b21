"""Ids: one for each content, whatever the order."""

import random
from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipelines.source import Claim, Identify, assign_ids, read

HTML = b"<html><body><p>The council met on Tuesday.</p></body></html>"


def claims(*rows: tuple[str, str, str]) -> list[Claim]:
    return [Claim(doc_id, digest, published, "in", str(n)) for n, (doc_id, digest, published) in enumerate(rows, 1)]


def test_revisions_are_numbered_by_date_whatever_their_order() -> None:
    rows = [
        ("a", "3", ""),
        ("a", "2", "2024-01-03"),
        ("b", "9", ""),
        ("a", "1", "2024-01-02"),
        ("a", "2", "2024-01-05"),
    ]
    assert assign_ids(claims(*rows)) == ["a@3", "a@2", "b", "a", ""]


def test_revisions_do_not_take_an_id_that_is_claimed() -> None:
    assert assign_ids(claims(("a", "1", ""), ("a", "2", ""), ("a@2", "3", ""), ("a@2", "4", ""))) == [
        "a",
        "a@3",
        "a@2",
        "a@2@2",
    ]


def test_ids_of_earlier_nights_stay() -> None:
    known = {"a": {"1": "a", "2": "a@2"}, "b": {"7": "b"}}
    rows = [("a", "2", "1999-01-01"), ("a", "0", "1999-01-01"), ("b", "7", ""), ("a@2", "5", ""), ("c", "5", "")]
    assert assign_ids(claims(*rows), known) == ["", "a@3", "", "a@2@2", "c"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "a@2", "a@3", "b"]), st.sampled_from("123"), st.sampled_from(["", "2024-01-02"])
        ),
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_ids_are_unique_and_do_not_depend_on_the_order(
    rows: list[tuple[str, str, str]], shuffler: random.Random
) -> None:
    these = claims(*rows)
    ids = dict(zip(these, assign_ids(these), strict=True))
    given_ids = [each for each in ids.values() if each]
    assert len(given_ids) == len(set(given_ids)) == len({(each.doc_id, each.digest) for each in these})
    shuffled = list(these)
    shuffler.shuffle(shuffled)
    assert dict(zip(shuffled, assign_ids(shuffled), strict=True)) == ids


def test_identify_counts_what_was_seen(
    tmp_path: Path, reasons: Callable[..., list[str]], put: Callable[..., Path]
) -> None:
    put(tmp_path / "one" / "a.html", HTML)
    put(tmp_path / "two" / "a.html", HTML + b"<p>More.</p>")
    put(tmp_path / "three" / "a.html", HTML)
    put(tmp_path / "three" / "x.pdf", b"")
    names = [str(tmp_path / name) for name in ("one", "two", "three")]
    by_order = []
    for inputs in (names, names[::-1]):
        identify = Identify()
        contents = [each.content for each in identify.pages(read(inputs))]
        ids = identify.assign()
        assert (identify.seen, reasons(identify.rejects)) == (1, ["unknown_extension"])
        by_order.append({each: content for each, content in zip(ids, contents, strict=True) if each})
    assert by_order[0] == by_order[1]
    assert sorted(by_order[0]) == ["a.html", "a.html@2"]
