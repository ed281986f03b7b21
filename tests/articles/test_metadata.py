"""Title, day and author of a page, read in one pass that leaves the page as it was."""

from lxml.html import document_fromstring, tostring

from dedup.articles.metadata import Metadata, metadata_of

PAGE = """<html><head><title>Quay reopens | Harbour Gazette</title>
<link rel="canonical" href="https://harbour-gazette.example/2026/03/02/quay-reopens"></head>
<body><h1>Quay reopens</h1><p class="byline">By Ann Lee</p><p>2 March 2026</p></body></html>"""


def test_all_that_a_page_says_beside_its_text() -> None:
    tree = document_fromstring(PAGE)
    before = tostring(tree)
    found = metadata_of(tree)
    assert (found.title, found.published, found.author) == ("Quay reopens", "2026-03-02", "Ann Lee")
    assert (found.url, found.source) == (
        "https://harbour-gazette.example/2026/03/02/quay-reopens",
        "harbour-gazette.example",
    )
    assert tostring(tree) == before


def test_what_is_given_is_kept_where_the_page_is_silent() -> None:
    found = metadata_of(document_fromstring("<p></p>"), "https://gazette.example/q", "wire.example")
    assert found == Metadata(url="https://gazette.example/q", source="wire.example")
