"""What a page states about itself is read, broken or not."""

import json

import pytest

from dedup.articles.markup import parse
from dedup.articles.stated import Heading, Stated, Text, stated


def read(head: str = "", body: str = "<p>Text</p>", url: str = "") -> Stated:
    return stated(parse(f"<html><head>{head}</head><body>{body}</body></html>"), url)


def linked(value: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(value)}</script>'


def test_meta_tags_by_name_property_and_itemprop() -> None:
    found = read(
        '<meta name="Author" content="Ann &amp;amp; Bo"><meta property="og:title" content=" Quay  reopens ">'
        '<meta itemprop="date" content="2026"><meta name="empty" content=""><meta charset="utf-8">'
    )
    assert found.meta == {"author": ["Ann & Bo"], "og:title": ["Quay reopens"], "date": ["2026"]}


def test_meta_tags_are_read_in_one_order_whatever_the_hash_seed() -> None:
    page = read("<meta property=c itemprop=a name=b content=x>")
    assert list(page.meta) == ["c", "b", "a"]


def test_the_title_is_not_that_of_a_drawing() -> None:
    assert read(body="<svg><title>Logo</title></svg>").title == ""
    assert read("<title>Quay &amp; ferry</title>").title == "Quay & ferry"


def test_linked_articles_come_first_wherever_they_stand() -> None:
    graph = {"@graph": [{"@type": "WebSite", "name": "Gazette"}, {"@type": ["NewsArticle"], "headline": "Quay"}]}
    found = read(
        linked(graph) + linked([{"@type": "WebPage", "mainEntity": {"@type": "Article", "headline": "Ferry"}}])
    )
    assert [node.get("headline") for node in found.articles()] == ["Quay", "Ferry"]
    assert found.names_site("The Gazette")


def test_articles_of_a_list_are_not_the_page() -> None:
    other = {"@type": "NewsArticle", "headline": "Other"}
    assert not list(read(linked({"@type": "ItemList", "itemListElement": [other]})).articles())


@pytest.mark.parametrize("script", ["", "{", "[1, 2]", '"text"', "null", "[" * 100_000, '{"@type": 3, "name": {}}'])
def test_broken_linked_data_is_none(script: str) -> None:
    assert not list(read(f'<script type="application/ld+json">{script}</script>').articles())


def test_headings_that_lead_home_name_the_site() -> None:
    found = read(
        body='<h1><a href="/">Harbour Notes</a></h1><a href="https://x.example/q"><h2 class="Post-Title">Quay</h2></a>'
    )
    assert found.headings == [Heading(1, "Harbour Notes", home=True, parts=1), Heading(2, "Quay", marked=True)]
    assert found.names_site("harbour notes")


@pytest.mark.parametrize(
    ("head", "url", "wanted"),
    [
        (
            '<link rel="canonical" href="https://www.gazette.example/quay">',
            "https://gazette.example/quay?from=x",
            "https://www.gazette.example/quay",
        ),
        ('<link rel="canonical" href="//gazette.example/quay">', "", "https://gazette.example/quay"),
        (
            '<link rel="canonical" href="/quay"><meta property="og:url" content="https://gazette.example/q">',
            "",
            "https://gazette.example/q",
        ),
        (
            '<link rel="canonical" href="http://[broken">',
            "https://gazette.example/quay",
            "https://gazette.example/quay",
        ),
        ("", "", ""),
    ],
)
def test_the_address_that_a_page_gives_itself(head: str, url: str, wanted: str) -> None:
    found = read(head, url=url)
    assert (found.url, found.host) == (wanted, "gazette.example" if wanted else "")


def test_the_given_source_is_the_host() -> None:
    assert stated(parse("<p>x</p>"), "https://gazette.example/q", "wire.example").host == "wire.example"


def test_only_the_first_elements_of_each_kind_are_read() -> None:
    found = read("<meta name='author' content='x'>" * 5000, "<h2>Teaser</h2>" * 5000)
    assert (len(found.meta["author"]), len(found.headings)) == (400, 60)


def test_texts_and_elements_that_days_are_read_from_come_in_the_order_of_the_page() -> None:
    found = read(
        body="<h1>Quay <b>2020</b> of 2021</h1>3 May 2022<!-- 2023 --> to 2024<script>2025</script> 2026"
        "<p>no year</p><time>2027 <i>2028</i> 2029</time><noscript>2030</noscript><i itemprop=datePublished>5 May</i>"
    )
    order = [node.text.strip() if isinstance(node, Text) else node.tag for node in found.nodes]
    assert order == ["h1", "2020", "of 2021", "3 May 2022 to 2024", "2026", "time", "2028", "i"]
    assert [node.within.tag for node in found.nodes if isinstance(node, Text)] == ["b", "h1", "body", "body", "i"]


def test_a_heading_knows_its_parts_and_the_long_texts_above_it() -> None:
    paragraph = f"<p>{'The crane lifted its first container. ' * 6}</p>"
    found = read(body=f"<h1>Quay <b>2026</b> <i>x</i></h1>{paragraph * 2}<h2>Ferry</h2>")
    assert [(one.parts, one.below) for one in found.headings] == [(2, 0), (0, 2)]


def test_scripts_that_may_state_a_day_are_kept() -> None:
    assert read("<script>let publishDate = 1</script><script>let other</script>").scripts == ["let publishDate = 1"]
