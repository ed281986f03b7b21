"""HTML, parsed once: what browsers make of it where it matters for text, whatever state it is in."""

import time

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dedup.articles.markup import BY, BYLINE, DATED, RAW, TEXT, YEAR, Element, Markup, parse


def shown(page: Markup, at: int = 0) -> str:
    """Write a node and what is in it, every end tag in its place."""
    if page.is_text(at):
        return page.text_at(at)
    inside = "".join(shown(page, child) for child in page.children(at))
    return f"<{page.name_of(at)}>{inside}</{page.name_of(at)}>" if at else inside


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("<p>One<p>Two<div>Three", "<p>One</p><p>Two</p><div>Three</div>"),
        ("<ul><li>a<li>b<ul><li>c</ul><li>d</ul>e", "<ul><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ul>e"),
        ("<dl><dt>a<dd>b<dt>c</dl>", "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>"),
        ("<table><tr><td>1<td>2<tr><th>3</table>4", "<table><tr><td>1</td><td>2</td></tr><tr><th>3</th></tr></table>4"),
        (
            "<table><tbody><tr><td><table><tr><td>1</table>2<tbody>3</table>",
            "<table><tbody><tr><td><table><tr><td>1</td></tr></table>2</td></tr></tbody><tbody>3</tbody></table>",
        ),
        ("<select><option>a<option>b</select>", "<select><option>a</option><option>b</option></select>"),
        ("<h2>a<h3>b</h3>c", "<h2>a</h2><h3>b</h3>c"),
        ("<a>1<b>2<a>3</a>4", "<a>1<b>2</b></a><a>3</a>4"),
        ("<div><p>1</div>2</p>3", "<div><p>1</p></div>23"),
        ("<div><b>1</div>2</b>3", "<div><b>1</b></div>23"),
        ("<span><div>1</span>2</div>3", "<span><div>12</div>3</span>"),
        ("<title>a &lt; <b></title>c", "<title>a < <b></title>c"),
        ("<title>a<body>b", "<title>a</title><body>b</body>"),
        ("<script>if (a<b) '</p>'</script>c", "<script>if (a<b) '</p>'</script>c"),
        ("<style>p {}</STYLE >c", "<style>p {}</style>c"),
        ("<script>a", "<script>a</script>"),
        ("a<!-- <p> -->b<!-->c<!doctype x>d<?php x ?>e</ x>f", "abcdef"),
        ("a<!-- b", "a"),
        ("a < b <3 <", "a < b <3 <"),
        ("<br>a</br>b<BR/>c", "<br></br>a<br></br>b<br></br>c"),
        ("<img src=x>a<div/>b<a href=x/>c</a>", "<img></img>a<div></div>b<a>c</a>"),
        ("<head><title>a</title><body>b<body>c", "<head><title>a</title></head><body>bc</body>"),
        ("<x-y>a<b>b</x-y>c", "<>a<b>b</b></>c"),
        (
            "<html><head><meta x>a<p>b<html c><body d>e</html>f",
            "<html><head><meta></meta>a</head><p>bef</p></html>",
        ),
        (
            "&amp;&lt;&#8217;&#x2019;&eacute;&nbsp;&copy &ampx &#146; &bogus; & &#0; &#xD800;",
            "&<\u2019\u2019é\xa0© &x \u2019 &bogus; &   \ufffd",
        ),
    ],
)
def test_what_is_left_open_is_closed_where_browsers_do(given: str, wanted: str) -> None:
    assert shown(parse(given)) == wanted


def test_attributes_are_read_as_they_are_written() -> None:
    page = parse("""<p CLASS = "a  b" id=x/y title='&quot;>' hidden data-x="" class=z>One<b a=1 / c>""")
    first, second = page.elements("p", "b")
    assert page.attributes(first.at) == {"class": "a  b", "id": "x/y", "title": '">', "hidden": "", "data-x": ""}
    assert page.attributes(second.at) == {"a": "1", "c": ""}
    assert (first.get("class"), first.get("none"), first.get("none", "")) == ("a  b", None, "")
    assert (page.class_of(first.at), page.classes) == ("a  b", "a  b")


def test_an_element_shows_what_stands_in_and_around_it() -> None:
    page = parse("<html lang=en><body><h1>One<b>two</b>three</h1>four<!-- x -->five<p>six</p></body></html>")
    (heading,) = page.elements("h1")
    assert (heading.tag, heading.text, heading.tail, list(heading.itertext())) == (
        "h1",
        "One",
        "fourfive",
        ["One", "two", "three"],
    )
    assert [inside.tag for inside in heading.iter()] == ["h1", "b"]
    assert [inside.tag for inside in heading.iter("b")] == ["b"]
    assert len(heading) == 1
    (paragraph,) = page.elements("p")
    assert paragraph.getprevious() == heading
    assert heading.getprevious() is None
    assert paragraph.getparent() == page.body
    assert paragraph.above("html") == page.root
    assert paragraph.above("nav") is None
    assert page.root.getparent() == Element(page, 0)
    assert Element(page, 0).getparent() is None
    assert parse("<p>x").body is None
    assert parse("").root.at == 0


def test_what_metadata_is_read_from_is_marked() -> None:
    page = parse(
        "<p class='post-Author'>x</p><a href='/authors/ann'>x</a><a rel=author>x</a><time itemprop=datePublished>2026</time>"
        "<p>By Ann</p><p>In 1999</p><p>Bo</p><p>" + "x" * 300
    )
    assert [page.name_of(at) for at in page.marked(BYLINE)] == ["p", "a", "a"]
    assert [page.name_of(at) for at in page.marked(DATED)] == ["time"]
    assert [page.text_at(at)[:7] for at in page.marked(YEAR)] == ["2026", "In 1999", "xxxxxxx"]
    assert [page.text_at(at) for at in page.marked(BY)] == ["By Ann", "Bo"]


PIECES = st.lists(
    st.sampled_from(
        [
            "<p>",
            "</p>",
            "<div class='a b'>",
            "</div>",
            "<li>",
            "<ul>",
            "</ul>",
            "<a href=x>",
            "</a>",
            "<b>",
            "</b>",
            "<td>",
            "<tr>",
            "<table>",
            "</table>",
            "<br>",
            "<!-- c -->",
            "<script>",
            "</script>",
            "<title>",
            "</title>",
            "text ",
            "&amp;",
            "<",
            ">",
            '"',
            "'",
            "=",
            "/",
            "<x-y>",
            "</x-y>",
            "<head>",
            "<body>",
            "</body>",
            "<option>",
            "<h1>",
            "é",
            "文",
        ]
    ),
    max_size=40,
).map("".join)


@settings(deadline=None)
@given(PIECES | st.text(alphabet="<>/=\"'!-ab &;# ", max_size=60))
@example("<")
@example("</")
@example("<a")
@example("<a b='")
@example("<!--")
@example("&#")
def test_any_text_is_a_tree(page: str) -> None:
    found = parse(page)
    n = len(found.tag)
    at = np.arange(n)
    assert (found.parent[1:] < at[1:]).all()
    assert ((found.last >= at) & (found.last < n)).all()
    # What is inside an element is right behind it.
    assert all(found.last[found.parent[node]] >= found.last[node] for node in range(1, n))
    assert (found.tag[found.parent[1:]] >= 0).all()
    # No letter of a text is lost or said twice.
    texts = np.flatnonzero(found.tag == TEXT)
    assert found.start[texts].tolist() == [0, *found.end[texts].tolist()[:-1]][: len(texts)]
    assert (found.end[found.tag == RAW] <= len(page)).all()


@pytest.mark.parametrize(
    "piece",
    [
        "<div>",
        "<b>",
        "</p>",
        "<a b='c'>",
        "<x-y>",
        "</x-y>",
        "<title>",
        "<script>",
        "<!--",
        "<td>",
        "<p>",
        "<li>",
        "&",
        "&#",
        "<",
        "</a",
        "<a ",
        "<a b=",
        "'",
    ],
)
def test_no_page_takes_long(piece: str) -> None:
    page = piece * (1_000_000 // len(piece))
    parse("<p>x")
    began = time.process_time()
    parse(page)
    assert time.process_time() - began < 2
