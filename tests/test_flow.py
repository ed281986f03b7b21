"""What follows what: cleaning with and without a memory of what sites repeat."""

import pyarrow as pa

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


def known(n_articles: int, source: str = "a.example") -> pa.Table:
    # The line model trusted it on those nights too.
    rows = [
        {"source": source, "key": key, "n_articles": n_articles, "holders": []}
        for key in (line_key(PLEA), trusted(line_key(PLEA)))
    ]
    return pa.Table.from_pylist(rows, schema=REPEAT)


def test_what_earlier_nights_learned_cleans_a_single_article() -> None:
    tonight = drafts(f"{BODY} {PLEA}")
    cleaned = Flow().clean(Inline(), tonight, Unwatched(), known(9)).to_pylist()[0]
    assert cleaned["text"] == BODY
    assert cleaned["removed"] == [{"text": PLEA, "reason": "repeat: in 10 articles of this site"}]


def test_what_another_site_repeats_stays() -> None:
    tonight = drafts(f"{BODY} {PLEA}")
    for memory in (None, known(9, "b.example"), known(1)):
        assert Flow().clean(Inline(), tonight, Unwatched(), memory)["text"].to_pylist() == [f"{BODY} {PLEA}"]


def test_a_clean_text_is_taken_as_it_is() -> None:
    text = f"{BODY}  {PLEA}"
    cleaned = Flow().clean(Inline(), drafts(text, kind="clean"), Unwatched(), known(9)).to_pylist()[0]
    assert (cleaned["text"], cleaned["removed"]) == (text, [])
