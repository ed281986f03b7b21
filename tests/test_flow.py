"""What follows what: cleaning with and without a memory of what sites repeat."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from dedup.articles.segment import line_key
from dedup.boilerplate.repeat import trusted
from dedup.flow import Flow, Inline, Unwatched
from dedup.schema import DRAFT, REPEAT

BODY = (
    "The council voted on Tuesday night to repair the old bridge over the river after a debate of many hours.\n"
    "Work on the bridge will begin next spring, the council said, and should take about two years to complete."
)
PLEA = (
    "Before you go, please think of giving our small newsroom the price of one coffee a month, which keeps all the presses "
    "running through the night for every reader of this paper."
)


def drafts(*texts: str, kind: str = "article") -> pa.Table:
    empty = dict.fromkeys(DRAFT.names, "")
    return pa.Table.from_pylist(
        [
            empty
            | {"doc_id": str(n), "arrival": n, "kind": kind, "source": "a.example", "text": text, "title": "A bridge"}
            for n, text in enumerate(texts)
        ],
        schema=DRAFT,
    )


class Remembered:
    """What earlier nights left, in a table."""

    def __init__(self, repeats: pa.Table) -> None:
        self.repeats = repeats

    def rows(self, name: str, column: str, values: pa.Array, columns: Sequence[str] = ()) -> pa.Table:
        assert (name, columns) == ("repeats", ())
        return self.repeats.filter(pc.is_in(self.repeats[column], values))


def known(n_articles: int, source: str = "a.example") -> Remembered:
    # The line model trusted it on those nights too.
    rows = [
        {"source": source, "key": key, "n_articles": n_articles, "holders": []}
        for key in (line_key(PLEA), trusted(line_key(PLEA)))
    ]
    return Remembered(pa.Table.from_pylist(rows, schema=REPEAT))


def test_what_earlier_nights_learned_cleans_a_single_article() -> None:
    tonight = drafts(f"{BODY} {PLEA}")
    cleaned = Flow().clean(Inline(), tonight, Unwatched(), known(9)).articles.to_pylist()[0]
    assert cleaned["text"] == BODY
    assert cleaned["removed"] == [{"text": PLEA, "reason": "repeat: in 10 articles of this site"}]


def test_what_another_site_repeats_stays() -> None:
    tonight = drafts(f"{BODY} {PLEA}")
    for memory in (None, known(9, "b.example"), known(1)):
        found = Flow().clean(Inline(), tonight, Unwatched(), memory)
        assert found.articles["text"].to_pylist() == [f"{BODY} {PLEA}"]


def test_what_is_learned_is_handed_out_where_there_are_nights() -> None:
    tonight = drafts(f"{BODY} {PLEA}", f"{BODY} {PLEA}")
    assert Flow().clean(Inline(), drafts(BODY), Unwatched()).repeats.num_rows == 0
    learned = Flow().clean(Inline(), tonight, Unwatched(), known(1)).repeats
    counts = dict(zip(learned["key"].to_pylist(), learned["n_articles"].to_pylist(), strict=True))
    assert counts[line_key(PLEA)] == 2


def test_a_clean_text_is_taken_as_it_is() -> None:
    text = f"{BODY}  {PLEA}"
    cleaned = Flow().clean(Inline(), drafts(text, kind="clean"), Unwatched(), known(9)).articles.to_pylist()[0]
    assert (cleaned["text"], cleaned["removed"]) == (text, [])
