"""Title, day and author of a page, read in one pass."""

import json

from hypothesis import given
from hypothesis import strategies as st

from dedup.articles.markup import parse
from dedup.articles.metadata import Metadata, metadata_of

PAGE = """<html><head><title>Quay reopens | Harbour Gazette</title>
<link rel="canonical" href="https://harbour-gazette.example/2026/03/02/quay-reopens"></head>
<body><h1>Quay reopens</h1><p class="byline">By Ann Lee</p><p>2 March 2026</p></body></html>"""


def test_all_that_a_page_says_beside_its_text() -> None:
    found = metadata_of(parse(PAGE))
    assert (found.title, found.published, found.author) == ("Quay reopens", "2026-03-02", "Ann Lee")
    assert (found.url, found.source) == (
        "https://harbour-gazette.example/2026/03/02/quay-reopens",
        "harbour-gazette.example",
    )


def test_what_is_given_is_kept_where_the_page_is_silent() -> None:
    found = metadata_of(parse("<p></p>"), "https://gazette.example/q", "wire.example")
    assert found == Metadata(url="https://gazette.example/q", source="wire.example")


KEYS = st.sampled_from(
    ["@type", "@id", "@graph", "mainEntity", "name", "headline", "author", "publisher", "datePublished", "dateModified"]
)
VALUES = st.recursive(
    st.none() | st.integers() | st.sampled_from(["NewsArticle", "WebPage", "Organization", "#a", "Quay", "2026-03-02"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)


@given(VALUES)
def test_linked_data_of_any_shape_is_survived(value: object) -> None:
    article = [
        {"@type": "Article", "author": value, "headline": value, "datePublished": value, "publisher": value},
        value,
    ]
    script = f'<script type="application/ld+json">{json.dumps(article)}</script>'
    metadata_of(parse(f"<html><head>{script}</head><body><h1>Quay reopens</h1></body></html>"))


@given(st.text(alphabet="<>/\"'=- abh123.:,!?\n", max_size=200), st.text(max_size=50))
def test_markup_of_any_shape_is_survived(markup: str, url: str) -> None:
    metadata_of(parse(f"<html><body><time datetime={markup}><p class=byline>{markup}</p></body></html>"), url)
