"""A page becomes a draft: decoding, titles, the second extractor, and text that arrived as text."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.articles import segment
from dedup.articles.extract import EXTRACTORS, Extract, decode, tree_of
from dedup.articles.outline import LAYOUT
from dedup.errors import ParameterError
from dedup.schema import DRAFT, PAGE
from dedup.stage import apply

PARAGRAPH = (
    "The harbour board voted on Tuesday to reopen the eastern quay after eleven days of repairs, its chairman said. "
    "Engineers replaced forty metres of decking and two of the cranes, and the first ferry is due at noon on Wednesday."
)


def page(body: str = "", head: str = "", language: str = "en") -> str:
    article = f"<article><h1>Quay reopens</h1><p>{PARAGRAPH}</p><p>{PARAGRAPH[::-1]}</p></article>"
    return f"<html lang='{language}'><head><title>Quay reopens</title>{head}</head><body>{article}{body}</body></html>"


def row(content: bytes, kind: str = "html", **fields: str) -> dict[str, object]:
    empty: dict[str, object] = dict.fromkeys(PAGE.names, "")
    return empty | {"doc_id": "a", "arrival": 0, "kind": kind, "content": content} | fields


def draft(content: bytes, kind: str = "html", **fields: str) -> dict[str, object]:
    table = pa.Table.from_pylist([row(content, kind, **fields)], schema=PAGE)
    (found,) = apply(Extract(), table).to_pylist()
    return found


@pytest.mark.parametrize(
    ("declared", "actual"),
    [
        ("utf-8", "utf-8"),
        ("iso-8859-1", "utf-8"),  # a wrong declaration: the bytes are valid UTF-8
        ("utf-8", "cp1252"),  # the other way round
        ("iso-8859-1", "cp1252"),
        ("windows-1251", "cp1251"),
        ("no-such-charset", "cp1252"),
        ("shift_jis", "shift_jis"),
        ("undefined", "cp1252"),  # codecs that Python knows and no page is in
        ("utf-16", "cp1252"),
        ("unicode_escape", "cp1252"),
    ],
)
def test_declared_wrong_and_missing_encodings(declared: str, actual: str) -> None:
    word = {"cp1251": "Ледокол у причала в Северном порту", "shift_jis": "港北市の新しい駅"}.get(
        actual, "café à l’été, naïve façade déjà vu"
    )
    raw = f"<html><head><meta charset='{declared}'></head><body><p>{word}</p></body></html>".encode(actual)
    assert word in decode(raw)


def test_a_stray_byte_does_not_cost_a_page_its_encoding() -> None:
    assert decode("Café à l’été, déjà vu ".encode() + b"it\x92s") == "Café à l’été, déjà vu it’s"
    russian = "Ледокол у причала в Северном порту. " * 40
    raw = b"<meta charset=windows-1251>" + russian.encode("cp1251") + b"\x98"
    assert decode(raw).startswith(f"<meta charset=windows-1251>{russian}")


def test_byte_order_marks_win() -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        assert decode("<meta charset='latin1'>naïve".encode(encoding)).endswith("naïve")


@given(st.binary(max_size=300))
def test_any_bytes_can_be_decoded(content: bytes) -> None:
    assert not set(decode(content)) & set("\x00\x0b\x1f\x7f")


@pytest.mark.parametrize("none", ["\ufffe", "\uffff", "\x00", "\x1b"])
@pytest.mark.parametrize("around", ["a{}b", "\u20ac{}\u00e9", "{}\U0001f600"])
def test_characters_that_are_none_are_dropped_wherever_they_stand(none: str, around: str) -> None:
    assert decode(around.format(none).encode()) == around.format("")


def test_html_becomes_a_draft() -> None:
    head = "<link rel='canonical' href='https://www.gazette.example/quay'><meta property='article:published_time' content='2026-03-02T08:00:00Z'>"
    found = draft(page("<nav><a href='/'>Home</a></nav>", head).encode())
    assert PARAGRAPH in str(found["text"])
    assert (found["title"], found["published"], found["language"]) == ("Quay reopens", "2026-03-02T08:00:00Z", "en")
    assert (found["url"], found["source"]) == ("https://www.gazette.example/quay", "gazette.example")
    assert found["failure"] == ""


def test_what_the_input_states_wins() -> None:
    stated = {"title": "Stated", "published": "2020-01-01", "source": "b.example", "language": "de"}
    found = draft(page().encode(), **stated)
    assert {name: found[name] for name in stated} == stated


def test_a_page_laid_out_in_a_table_loses_its_side_columns() -> None:
    links = "".join(f"<a href='/{n}'>Menu entry {n}</a><br>" for n in range(30))
    body = f"<table><tr><td>{links}</td><td><h2>Quay reopens</h2>" + f"<p>{PARAGRAPH}</p>" * 4 + "</td></tr></table>"
    content = f"<html><head><title>Quay reopens</title></head><body>{body}</body></html>".encode()
    found, _ = Extract("trafilatura").extract(content)
    assert PARAGRAPH in found.text
    assert "Menu entry" not in found.text
    # Of the column beside it no more is left to be judged than the lines next to the text.
    assert sum("Menu entry" in line for line in found.outline.lines) <= 3
    votes = dict(zip(found.outline.lines, found.outline.layout[:, LAYOUT.index("trafilatura")].tolist(), strict=True))
    assert votes[PARAGRAPH] == 1
    assert max(vote for line, vote in votes.items() if "Menu entry" in line) == 0


def test_a_draft_of_html_has_a_row_of_layout_for_each_line_and_no_other_has() -> None:
    found = Extract("trafilatura").draft(row(page("<nav><a href='/'>Home</a></nav>").encode()))
    layout, lines = found["layout"], segment.lines(str(found["text"]))
    assert isinstance(layout, bytes)
    matrix = np.frombuffer(layout, dtype="<f4").reshape(len(lines), len(LAYOUT))
    assert lines[1] == PARAGRAPH
    assert matrix[1, LAYOUT.index("trafilatura")] == 1
    assert draft(PARAGRAPH.encode(), "page")["layout"] == b""


@pytest.mark.parametrize(
    "stage", [Extract(), Extract(extractor="trafilatura"), Extract(extractor="fast"), Extract(max_bytes=10)]
)
@pytest.mark.parametrize("odd", ["\u2028", "\x85", "\x1c", "\u200b", "&#8232;", "&#133;", "&#12;", "\ufeff"])
def test_odd_spaces_do_not_part_lines_from_their_layout(stage: Extract, odd: str) -> None:
    found = stage.draft(row(page(f"<p>{odd}</p><p>Two{odd}words{odd}</p><p>{odd} {PARAGRAPH}{odd}More</p>").encode()))
    layout = found["layout"]
    assert isinstance(layout, bytes)
    assert len(layout) == 4 * len(LAYOUT) * len(segment.lines(str(found["text"])))


def test_what_an_extractor_dropped_is_in_the_draft_to_be_judged() -> None:
    found, _ = Extract("trafilatura").extract(
        page(f"<aside class='related'><p>{PARAGRAPH.upper()}</p></aside>").encode()
    )
    assert PARAGRAPH.upper() in found.outline.lines


def test_a_page_without_prose_is_judged_by_the_lines_that_an_extractor_kept() -> None:
    items = "".join(f"<li>{n} spoons of flour</li>" for n in range(12))
    found = draft(f"<html><body><article><ul>{items}</ul></article></body></html>".encode())
    assert found["failure"] == ""
    assert "7 spoons of flour" in str(found["text"])


def test_deep_nesting_is_left_to_the_second_extractor() -> None:
    found = draft(("<html><body>" + "<div>" * 5000 + f"<p>{PARAGRAPH}</p>" + "</div>" * 5000).encode())
    assert PARAGRAPH in str(found["text"])


@pytest.mark.parametrize("content", [b"<html></html>", b"<html><body><p>Hi</p></body></html>", b"\x00\x01"])
def test_a_page_without_an_article_says_so(content: bytes) -> None:
    found = draft(content)
    assert (found["text"], found["failure"]) == ("", "no_article_text")
    assert found["detail"]


@pytest.mark.parametrize("kind", ["article", "page", "clean"])
def test_given_text_passes_as_it_is(kind: str) -> None:
    found = draft(PARAGRAPH.encode(), kind)
    assert (found["text"], found["language"], found["failure"]) == (PARAGRAPH, "en", "")


def test_the_same_page_gives_the_same_draft_every_time() -> None:
    table = pa.Table.from_pylist([row(page().encode())] * 8, schema=PAGE)
    texts = apply(Extract(), table)["text"].to_pylist()
    assert len(set(texts)) == 1
    assert texts[0]


def test_the_fallback_asks_no_extractor() -> None:
    assert Extract().fallback() == Extract(extractor="fast")
    found, _ = Extract().fallback().extract(page().encode(), "https://gazette.example/x")
    assert PARAGRAPH in found.text


@pytest.mark.parametrize("bad", [{"extractor": "magic"}, {"max_bytes": 0}, {"min_characters": 0}])
def test_bad_parameters(bad: dict[str, object]) -> None:
    with pytest.raises(ParameterError, match="Extract: "):
        Extract(**bad)


def test_schemas() -> None:
    assert Extract().reads.equals(PAGE)
    assert Extract().writes.equals(DRAFT)


def test_the_tree_for_trafilatura_has_linked_data_but_no_other_scripts_and_no_drawings() -> None:
    linked = "<script type='application/ld+json'>{}</script>"
    tree = tree_of(
        f"<body>{linked}<script>a</script>b<style>c</style>d<p>e<svg><path/></svg>f<script>g</script>h</p></body>"
    )
    assert [element.tag for element in tree.iter()] == ["html", "body", "script", "p"]
    assert "".join(tree.itertext()) == "{}bdefh"


def test_a_title_that_never_ends_does_not_swallow_the_page() -> None:
    found = draft(page().replace("</title>", "\n").encode())
    assert PARAGRAPH in str(found["text"])
    assert found["title"] == "Quay reopens"


def test_a_page_without_a_text_for_trafilatura_keeps_its_day_and_author() -> None:
    head = (
        "<title>Quay reopens</title><meta name='author' content='Ann Lee'><meta name='date' content='2026-03-02'>"
        "<link rel='canonical' href='https://www.gazette.example/quay'>"
    )
    body = "<div>" * 5000 + f"<p>{PARAGRAPH}</p>" + "</div>" * 5000
    found, _ = Extract("trafilatura").extract(f"<html lang='en'><head>{head}</head><body>{body}</body></html>".encode())
    assert PARAGRAPH in found.text
    assert (found.title, found.published, found.author) == ("Quay reopens", "2026-03-02", "Ann Lee")
    assert (found.url, found.source, found.language) == ("https://www.gazette.example/quay", "gazette.example", "en")


def test_without_an_extractor_day_and_author_are_found() -> None:
    head = (
        "<meta property='article:published_time' content='2026-03-02T08:00:00Z'><meta name='author' content='Ann Lee'>"
    )
    found, _ = Extract("fast").extract(page(head=head).encode(), "https://gazette.example/x")
    assert (found.title, found.published, found.author) == ("Quay reopens", "2026-03-02T08:00:00Z", "Ann Lee")


def test_the_author_is_passed_through_unless_the_record_names_one() -> None:
    content = page(head="<meta name='author' content='Ann Lee'>").encode()
    assert draft(content)["extra"] == '{"author":"Ann Lee"}'
    assert draft(content, extra='{"desk":"Häfen"}')["extra"] == '{"desk":"Häfen","author":"Ann Lee"}'
    assert draft(content, extra='{"Author":"Bo Ek"}')["extra"] == '{"Author":"Bo Ek"}'
    assert draft(page().encode())["extra"] == ""


def test_a_page_that_is_no_article_has_its_reason_unless_all_pages_are_wanted() -> None:
    cards = "".join(
        f"<div class='card'><h2><a href='/{n}'>The eastern quay reopens for ships {n}</a></h2><p>{PARAGRAPH}</p></div>"
        for n in range(20)
    )
    front = f"<html><title>News</title><body><h1>News</h1>{cards}</body></html>".encode()
    found = draft(front)
    assert found["failure"] == "not_an_article"
    assert str(found["detail"]).startswith("no article (p=0.")
    kept = Extract(all_pages=True).draft(row(front))
    assert (kept["failure"], bool(kept["text"])) == ("", True)


def test_given_text_is_never_asked_whether_it_is_an_article() -> None:
    assert draft(b"News\nSport\nWeather", kind="page")["failure"] == ""


def columns(found: dict[str, object], name: str) -> list[float]:
    layout = found["layout"]
    assert isinstance(layout, bytes)
    values: list[float] = np.frombuffer(layout, dtype="<f4").reshape(-1, len(LAYOUT))[:, LAYOUT.index(name)].tolist()
    return values


GERMAN = "Der Hafenrat hat am Dienstag beschlossen, den östlichen Kai nach elf Tagen Arbeit wieder zu öffnen."
ARTICLE = f"<article><h1>Quay reopens</h1>{''.join(f'<p>{PARAGRAPH}</p>' for _ in range(4))}</article>"


def test_without_extractors_every_line_that_may_stay_has_its_probability() -> None:
    menu = "".join(f"<li><a href='/{n}'>Section {n}</a></li>" for n in range(40))
    found = Extract("fast").draft(row(page(f"<nav><ul>{menu}</ul></nav>{ARTICLE}").encode()))
    keep = found["keep"]
    assert isinstance(keep, bytes)
    lines = segment.lines(str(found["text"]))
    likely = dict(zip(lines, np.frombuffer(keep, dtype="<f4").tolist(), strict=True))
    assert likely[PARAGRAPH] > 0.5
    assert len(lines) < 40
    assert found["extractor"] == "fast"
    assert set(columns(found, "trafilatura")) == {-1.0}


def test_without_extractors_what_reads_like_a_paragraph_is_handed_on_wherever_it_stands() -> None:
    notice = (
        "By continuing to use this site you agree to the use of cookies by us and by those who advertise with us here."
    )
    menu = "".join(f"<li><a href='/{n}'>Section {n}</a></li>" for n in range(40))
    body = f"<div class='cookies'><p>{notice}</p></div><ul>{menu}</ul>{ARTICLE}"
    found, _ = Extract("fast").extract(
        f"<html lang='en'><title>Quay reopens</title><body>{body}</body></html>".encode()
    )
    assert notice in found.outline.lines
    assert notice not in found.text
    assert "Section 20" not in found.outline.lines


def test_without_extractors_byline_caption_and_links_to_other_stories_go() -> None:
    head = "<script type='application/ld+json'>" + '{"@type": "NewsArticle", "author": {"name": "Ann Lee"}}</script>'
    chrome = (
        "By Ann Lee, published 2 March 2026",
        "The pier at dawn Gazette/B. Ek",
        "Related Storm tears away the pier at Hollin Sound",
    )
    body = (
        f"<article><h1>Quay reopens</h1><p>{chrome[0]}</p>"
        "<figure><img src=a><figcaption>The pier at dawn <span>Gazette/B. Ek</span></figcaption></figure>"
        f"{ARTICLE}<aside><span>Related</span> <a href=/x>Storm tears away the pier at Hollin Sound</a></aside>{ARTICLE}</article>"
    )
    found, _ = Extract("fast").extract(page(body, head=head).encode())
    keep = dict(zip(found.outline.lines, found.keep.tolist(), strict=True))
    assert all(keep[line] < 0.1 for line in chrome)
    assert not any(line in found.text for line in chrome)


@pytest.mark.parametrize(
    ("stage", "by"), [(Extract("auto", doubt=0.0), "trafilatura"), (Extract("auto", doubt=9.0), "fast")]
)
def test_a_page_in_doubt_goes_to_the_extractors(stage: Extract, by: str) -> None:
    found = stage.draft(row(page(ARTICLE).encode()))
    assert found["extractor"] == by
    assert (found["keep"] == b"") is (by == "trafilatura")
    assert PARAGRAPH in str(found["text"])


@pytest.mark.parametrize(
    ("doubts", "by"),
    [([0.1], "fast"), ([0.3, 0.1], "resiliparse"), ([0.3, 0.29], "resiliparse"), ([0.3, 0.5], "trafilatura")],
)
def test_resiliparse_is_asked_before_trafilatura(monkeypatch: pytest.MonkeyPatch, doubts: list[float], by: str) -> None:
    told = iter(doubts)
    monkeypatch.setattr("dedup.articles.extract.doubt_of", lambda *_: next(told))
    found = Extract("auto").draft(row(page(ARTICLE).encode()))
    assert found["extractor"] == by
    assert (found["keep"] == b"") is (by == "trafilatura")
    assert PARAGRAPH in str(found["text"])


def test_where_the_vote_of_resiliparse_changes_much_trafilatura_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    doubts, judged = iter([0.3, 0.0]), iter([0.9, 0.3])
    monkeypatch.setattr("dedup.articles.extract.doubt_of", lambda *_: next(doubts))
    monkeypatch.setattr("dedup.articles.extract.kept_alone", lambda matrix, *_: np.full(len(matrix), next(judged)))
    assert Extract("auto").draft(row(page(ARTICLE).encode()))["extractor"] == "trafilatura"


def test_a_page_on_which_resiliparse_fails_has_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dedup.articles.extract.by_resiliparse", lambda _: 1 / 0)
    found = Extract("auto", doubt=0.0).draft(row(page(ARTICLE).encode()))
    assert PARAGRAPH in str(found["text"])


def test_a_page_that_is_large_or_no_article_is_asked_of_no_extractor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dedup.articles.extract.by_trafilatura", lambda *_: pytest.fail("asked"))
    large = Extract("auto", doubt=0.0, max_bytes=10).draft(row(page(ARTICLE).encode()))
    assert large["extractor"] == "fast"
    cards = "".join(
        f"<div class='card'><h2><a href='/{n}'>The quay reopens for ships {n}</a></h2><p>{PARAGRAPH}</p></div>"
        for n in range(20)
    )
    front = Extract("auto", doubt=0.0).draft(
        row(f"<html><title>News</title><body><h1>News</h1>{cards}</body></html>".encode())
    )
    assert front["failure"] == "not_an_article"


@pytest.mark.parametrize("extractor", EXTRACTORS)
def test_a_page_that_is_no_article_needs_no_text_to_be_told(extractor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("by_trafilatura", "by_resiliparse"):
        monkeypatch.setattr(f"dedup.articles.extract.{name}", lambda *_: pytest.fail("asked"))
    goods = "".join(f"<div class='product-card'><a href='/p/{n}'>Oak {n}</a> <b>€{n}</b></div>" for n in range(40))
    shop = f"<html><title>Shop all chairs</title><body><h1>Chairs</h1>{goods}</body></html>".encode()
    found = Extract(extractor).draft(row(shop))
    assert (found["failure"], found["text"], found["extractor"]) == ("not_an_article", "", "")


def test_where_the_line_model_finds_nothing_the_extractors_are_asked() -> None:
    items = "".join(f"<li>{n} spoons of flour</li>" for n in range(12))
    found = Extract("auto", doubt=99.0).draft(
        row(f"<html><body><article><ul>{items}</ul></article></body></html>".encode())
    )
    assert "7 spoons of flour" in str(found["text"])


@pytest.mark.parametrize(("paragraph", "is_whole"), [(PARAGRAPH, False), (GERMAN, True)])
def test_a_page_of_which_nothing_is_kept_is_shown_in_part_if_its_language_is_known(
    paragraph: str, is_whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    menu = "".join(f"<li><a href='/{n}'>{n}</a></li>" for n in range(40))
    html = f"<html><title>x</title><body><ul>{menu}</ul>{f'<p>{paragraph}</p>' * 9}</body></html>"
    shown: list[str] = []
    monkeypatch.setattr("dedup.articles.extract.tree_of", lambda page: shown.append(page) or tree_of(page))
    monkeypatch.setattr("dedup.articles.extract._Judging.alone", lambda _, found: (found, 1.0))
    monkeypatch.setattr("dedup.articles.extract._Judging.without_chrome", lambda _: f"<p>{paragraph}</p>")
    found = Extract(all_pages=True).draft(row(html.encode()))
    assert (shown[0] == html) is is_whole
    assert paragraph in str(found["text"])


def test_a_large_page_is_asked_of_trafilatura_from_more_doubt_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dedup.articles.extract._Judging.alone", lambda _, found: (replace(found, text=PARAGRAPH), 0.3))
    monkeypatch.setattr("dedup.articles.extract._Judging.with_second", lambda _, found, __: (found, 0.9))
    monkeypatch.setattr("dedup.articles.extract._LARGE", 10_000)
    small, large = (page(ARTICLE + "<!-- -->" * n) for n in (0, 3000))
    assert Extract(all_pages=True).draft(row(small.encode()))["extractor"] == "trafilatura"
    assert Extract(all_pages=True).draft(row(large.encode()))["extractor"] != "trafilatura"


@pytest.mark.parametrize(
    ("doubt", "text", "sure"),
    [
        (0.15, PARAGRAPH, True),
        (0.25, PARAGRAPH, False),
        (0.15, GERMAN, False),
        (0.05, GERMAN, True),
        (0.15, "7", False),
    ],
)
def test_less_doubt_is_allowed_in_a_language_that_the_model_did_not_learn_from(
    doubt: float, text: str, sure: bool
) -> None:
    assert Extract("auto", doubt=0.2)._is_sure(doubt, text) is sure
