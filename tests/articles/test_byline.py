"""Who wrote an article."""

import json

import pytest

from dedup.articles.byline import author, name_of
from dedup.articles.markup import parse
from dedup.articles.stated import stated


def by(body: str = "", head: str = "") -> str:
    tree = parse(f"<html><head>{head}</head><body><h1>Quay reopens</h1>{body}<p>Text</p></body></html>")
    return author(tree, stated(tree), "Quay reopens")


def linked(**fields: object) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle"} | fields)}</script>'


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("Ann Lee", "Ann Lee"),
        ({"@type": "Person", "name": "By Ann Lee"}, "Ann Lee"),
        ([{"name": "Ann Lee"}, {"name": "Bo Ek"}, {"name": "Ann Lee"}], "Ann Lee, Bo Ek"),
        ({"name": ["Ann Lee", "Bo Ek"]}, "Ann Lee, Bo Ek"),
        ([{"name": ""}], ""),
        ({"url": "https://gazette.example/ann"}, ""),
        ("https://gazette.example/ann", ""),
        (7, ""),
    ],
)
def test_linked_data_names_the_author(value: object, wanted: str) -> None:
    assert by(head=linked(author=value)) == wanted


def test_an_author_that_is_told_elsewhere_in_the_linked_data() -> None:
    graph = {
        "@graph": [
            {"@type": "Article", "author": {"@id": "#ann"}},
            {"@type": "Person", "@id": "#ann", "name": "Ann Lee"},
        ]
    }
    assert by(head=f'<script type="application/ld+json">{json.dumps(graph)}</script>') == "Ann Lee"


def test_authors_that_name_each_other_in_a_ring_are_none() -> None:
    graph = {"@graph": [{"@type": "Article", "author": {"@id": "#a"}}, {"@id": "#a", "name": {"@id": "#a"}}]}
    assert by(head=f'<script type="application/ld+json">{json.dumps(graph)}</script>') == ""


@pytest.mark.parametrize(
    ("head", "wanted"),
    [
        ('<meta name="author" content="Ann Lee">', "Ann Lee"),
        ('<meta name="author" content="hung">', "hung"),
        ('<meta name="twitter:label1" content="Written by"><meta name="twitter:data1" content="Ann Lee">', "Ann Lee"),
        ('<meta name="twitter:label1" content="Reading time"><meta name="twitter:data1" content="Four minutes">', ""),
        ('<meta name="article:author" content="https://social.example/gazette">', ""),
        ('<meta name="author" content="admin">', ""),
    ],
)
def test_meta_tags_name_the_author(head: str, wanted: str) -> None:
    assert by(head=head) == wanted


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("<p class='byline'>By Ann Lee | 2 March 2026</p>", "Ann Lee"),
        (
            "<p class='byline'>By <a href='/ann'>Ann Lee</a> and <a href='/bo'>Bo Ek</a> Harbour reporters</p>",
            "Ann Lee, Bo Ek",
        ),
        ("<div class='author-box'><img alt=''><b>Ann Lee</b><i>Harbour reporter</i></div>", "Ann Lee"),
        ("<a rel='author' href='/ann'>Ann Lee</a>", "Ann Lee"),
        ("<div itemprop='author'><i>Editor</i> <span itemprop='name'>Ann Lee</span></div>", "Ann Lee"),
        ("<p>Written by Ann Lee</p>", "Ann Lee"),
        ("<p>By <b>Ann Lee</b></p>", "Ann Lee"),
        ("<p>by the north quay, which reopened</p>", ""),
        ("", ""),
    ],
)
def test_the_page_shows_the_author(body: str, wanted: str) -> None:
    assert by(body) == wanted


def test_what_is_stated_comes_before_what_is_shown() -> None:
    assert by("<p class='byline'>By The Desk</p>", linked(author="Ann Lee")) == "Ann Lee"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("By Ann Lee • March 2, 2026", "Ann Lee"),
        ("Ann Lee on 2 March", "Ann Lee"),
        ("Story by Ann Lee, Tuesday", "Ann Lee"),
        ("Baya Byrne", "Baya Byrne"),
        ("Quay reopens", ""),
        ("word " * 40, ""),
        ("12 min read", ""),
        ("ann@gazette.example", ""),
    ],
)
def test_names_in_a_byline(text: str, wanted: str) -> None:
    assert name_of(text, "Quay reopens") == wanted


def test_what_is_no_element_is_no_mark_of_an_author() -> None:
    assert by("<?php class='author' ?><!-- author --><p class='byline'>By <!-- who --> Ann Lee</p>") == "Ann Lee"
