"""The lines of a page with what its HTML says of them."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dedup import line_kernels
from dedup.articles import outline as module
from dedup.articles.extract import by_resiliparse, by_trafilatura, tree_of
from dedup.articles.letters import table
from dedup.articles.markup import Markup, parse
from dedup.articles.outline import LAYOUT, Outline, candidates, lines_of, names_in, outline
from dedup.articles.spelling import codes_of

FIRST = "The council voted on Tuesday night to repair the old bridge over the river."
SECOND = "Work will begin next spring, and it should take about two years to complete."
THIRD = "Until then the traffic goes over the new bridge in the north of the town."
CHINESE = (
    "市议会星期二晚上经过长时间辩论后决定修复河上的旧桥。",
    "工程将于明年春天开始，按照市政府的计划大约需要两年时间。",
    "施工期间交通将改道城北的新桥，市长在会议上解释说。",
)


def tree(body: str) -> Markup:
    return parse(f"<html><head><title>Head</title></head><body>{body}</body></html>")


def texts(body: str) -> list[str]:
    return lines_of(tree(body)).texts


def column(found: Outline, name: str) -> list[float]:
    values: list[float] = found.layout[:, LAYOUT.index(name)].tolist()
    return values


def holds(found: Outline, line: str) -> bool:
    """Tell whether half of a line's word trigrams, or most of its cells, stand in an outline."""
    words = line.replace("|", " ").split()
    grams = list(zip(words, words[1:], words[2:], strict=False))
    there = {gram for kept in map(str.split, found.lines) for gram in zip(kept, kept[1:], kept[2:], strict=False)}
    cells = [cell for part in line.split("|") if (cell := " ".join(part.split()))]
    in_lines = sum(any(cell in kept for kept in found.lines) for cell in cells)
    return 2 * sum(gram in there for gram in grams) >= len(grams) or 2 * in_lines > len(cells)


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("<p>One</p><p>Two</p>", ["One", "Two"]),
        ("<div>One<p>Two</p>Three</div>", ["One", "Two", "Three"]),
        ("One<br>Two<br/><br/>Three", ["One", "Two", "Three"]),
        ("<p>The <b>old</b> br<i>id</i>ge, <a href='/'>see <span>here</span></a>.</p>", ["The old bridge, see here."]),
        ("<p>\n  One\n  two\t three\u2028four </p>", ["One two three four"]),
        ("<table><tr><td>Town</td><td>Votes</td></tr><tr><th>A</th><td>7</td></tr></table>", ["Town | Votes", "A | 7"]),
        ("<table><tr><td><p>One</p></td><td><p>Two</p></td></tr></table>", ["One", "Two"]),
        ("<p>One</p><script>var a = 'b'</script><style>p {}</style><noscript>Turn it on</noscript>", ["One"]),
        ("<p>One<script>x</script> two</p>", ["One two"]),
        ("<p>One<!-- two --> three</p>", ["One three"]),
        ("<p> </p><div><span> </span></div><td>|</td>", []),
        ("<ul><li>One<ul><li>Two</li></ul>Three</li></ul>", ["One", "Two", "Three"]),
    ],
)
def test_lines_end_where_blocks_do(body: str, lines: list[str]) -> None:
    assert texts(body) == lines


def test_links_in_links_count_once() -> None:
    found = lines_of(tree("<p>See <a href='/1'>the <b>whole</b> <span>story</span></a> now</p>"))
    assert (found.texts, found.linked.tolist()) == (["See the whole story now"], [len("thewholestory")])
    page = tree(f"<p><a href='/1'><span><a href='/2'>{FIRST}</a></span></a></p>")
    assert column(outline(page, FIRST), "link_share") == [pytest.approx(1.0)]


def test_what_stands_around_a_line_is_told() -> None:
    body = (
        f"<nav><a>Home</a></nav><article><h1>{SECOND}</h1><ul><li>{FIRST}</li></ul></article><footer>Imprint</footer>"
    )
    found = outline(tree(body), f"{SECOND}\n{FIRST}")
    assert found.lines == ("Home", SECOND, FIRST, "Imprint")
    assert column(found, "in_article") == [0, 1, 1, 0]
    assert column(found, "in_nav") == [1, 0, 0, 0]
    assert column(found, "in_ul") == [0, 0, 1, 0]
    assert column(found, "in_footer") == [0, 0, 0, 1]
    assert column(found, "trafilatura") == [0, 1, 1, 0]
    assert column(found, "own_trafilatura") == [0, 1, 1, 0]
    assert column(found, "depth") == [2, 3, 4, 2]
    assert column(found, "link_share")[0] == pytest.approx(1.0)
    assert len(set(column(found, "tag"))) == 3


def test_lines_far_from_the_article_are_left_out_and_counted() -> None:
    menu = "".join(f"<li>Entry {number}</li>" for number in range(20))
    found = outline(tree(f"<ul>{menu}</ul><p>{FIRST}</p><ul>{menu}</ul><p>{SECOND}</p>"), f"{FIRST}\n{SECOND}")
    assert [line for line in found.lines if not line.startswith("Entry")] == [FIRST, SECOND]
    assert column(found, "skipped")[0] == 17
    assert max(column(found, "skipped")[1:]) == 14
    assert len(found.lines) == 2 + 3 + 6


def test_a_paragraph_that_no_extractor_kept_is_there_to_be_judged() -> None:
    menu = "".join(f"<li>Entry {number}</li>" for number in range(20))
    found = outline(tree(f"<p>{FIRST}</p><ul>{menu}</ul><p>{SECOND}</p>"), FIRST)
    assert SECOND in found.lines
    assert dict(zip(found.lines, column(found, "trafilatura"), strict=True))[SECOND] == 0


def test_names_of_blocks_are_read_whole_and_by_words() -> None:
    assert {"story-body", "story", "body", "main", "text"} <= names_in("story-body MainText x")
    assert "x" not in names_in("x")


def test_the_odds_of_names_are_those_of_the_blocks_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "load_json", lambda _: {"odds": {"good": 2.0, "bad": -3.0, "odd": 9.0}})
    module._known_odds.cache_clear()
    try:
        found = outline(
            tree(f"<div class='odd'><div class='bad'><section id='good'><p>{FIRST}</p></section></div></div>"), FIRST
        )
        named = {name: value for name, (value,) in zip(LAYOUT, found.layout.T.tolist(), strict=True) if "odds" in name}
        assert named == {
            "odds_least": -3,
            "odds_most": 9,
            "odds_sum": 8,
            "odds_own_least": 0,
            "odds_own_most": 0,
            "odds_parent_least": 2,
            "odds_parent_most": 2,
        }
        whole = outline(parse(f"<html><body class='bad'><p>{FIRST}</p></body></html>"), FIRST)
        assert column(whole, "odds_least") == [0]
    finally:
        module._known_odds.cache_clear()


def test_lines_that_the_page_does_not_hold_stand_where_the_answer_has_them() -> None:
    page = tree(f"<p>{FIRST}</p><p>{SECOND}</p><p>{THIRD}</p>")
    added = ["The mayor said so in a note.", "A second line of that note."]
    assert outline(page, "\n".join([FIRST, *added, SECOND, THIRD])).lines == (FIRST, *added, SECOND, THIRD)
    assert outline(page, "\n".join([*added, FIRST, SECOND, THIRD])).lines == (*added, FIRST, SECOND, THIRD)
    assert outline(page, "\n".join([FIRST, SECOND, THIRD, *added])).lines == (FIRST, SECOND, THIRD, *added)
    apart = "\n".join([FIRST, added[0], SECOND, added[1], THIRD])
    assert outline(page, apart).lines == tuple(apart.split("\n"))


def test_an_answer_in_another_order_than_the_page_loses_no_line() -> None:
    page = tree(f"<p>{FIRST}</p><p>{SECOND}</p>")
    found = outline(page, f"{SECOND}\nOne line from elsewhere, about the bridge.\n{FIRST}\nTwo more words here now.")
    assert sorted(found.lines) == sorted(
        [FIRST, "Two more words here now.", SECOND, "One line from elsewhere, about the bridge."]
    )


def test_rows_of_tables_are_not_said_twice() -> None:
    rows = "".join(f"<tr><td>Town {n}</td><td>{n}00 votes</td></tr>" for n in range(5))
    answer = "\n".join([FIRST, *(f"| Town {n} | {n}00 votes |" for n in range(5))])
    found = outline(tree(f"<p>{FIRST}</p><table>{rows}</table>"), answer)
    assert found.lines == (FIRST, *(f"Town {n} | {n}00 votes" for n in range(5)))
    assert column(found, "trafilatura") == [1] * 6
    # Cells of blocks are lines of their own, of two words each.
    cells = "".join(f"<tr><td><p>Town {n}</p></td><td><p>{n}00 votes</p></td></tr>" for n in range(5))
    found = outline(tree(f"<p>{FIRST}</p><table>{cells}</table>"), answer)
    assert found.lines == (FIRST, *(cell for n in range(5) for cell in (f"Town {n}", f"{n}00 votes")))


def test_short_lines_that_the_extractor_kept_far_from_all_prose_are_there() -> None:
    menu = "".join(f"<li>Entry {number}</li>" for number in range(9))
    body = f"<p>{FIRST}</p><ul>{menu}</ul><ul><li>Three old bridges</li></ul><ul>{menu}</ul>"
    assert "Three old bridges" in outline(tree(body), f"{FIRST}\nThree old bridges").lines


def test_an_answer_of_short_lines_alone_is_not_lost() -> None:
    items = ["Salt and pepper", "Two red onions", "Butter and flour"]
    found = outline(tree("".join(f"<li>{item}</li>" for item in items)), "\n".join(f"- {item}" for item in items))
    assert found.lines == tuple(items)


def test_a_list_of_single_words_that_the_extractor_kept_is_there() -> None:
    names = ["Smith", "Okafor", "Varden", "Sulz", "Amory", "Pell", "Ostler", "Hale"]
    listed = "".join(f"<li>{name}</li>" for name in names)
    page = f"<nav><a>Smith</a></nav><p>{FIRST}</p><ul>{listed}</ul>"
    found = outline(tree(page), "\n".join([FIRST, *(f"- {name}" for name in names)]))
    assert found.lines[-len(names) :] == tuple(names)


@pytest.mark.parametrize("page", [None, "<html><body><p>One two</p></body></html>"])
@pytest.mark.parametrize("answer", ["x" * 5000, "Quay\n\nreopens", FIRST])
def test_no_answer_with_words_has_an_empty_outline(page: str | None, answer: str) -> None:
    found = outline(parse(page) if page else None, answer)
    assert [line for line in found.lines if line in answer] == [line for line in answer.split("\n") if line]


def test_a_line_cut_out_of_a_long_one_is_there() -> None:
    long = " ".join(f"word{number}" for number in range(90))
    assert outline(tree(f"<p>{long}</p>"), "word7 word8 word9 word10").lines == (long,)


@pytest.mark.parametrize("page", [None, "<html></html>", "<html><frameset></frameset></html>"])
def test_without_a_tree_the_answer_is_the_outline(page: str | None) -> None:
    found = outline(parse(page) if page else None, f"{FIRST}\n{SECOND}", SECOND)
    assert found.lines == (FIRST, SECOND)
    assert column(found, "trafilatura") == [1, 1]
    assert column(found, "resiliparse") == [0, 1]
    assert found.layout.shape == (2, len(LAYOUT))


@pytest.mark.parametrize("body", ["", "<p>Menu</p>", f"<p>{FIRST}</p>"])
def test_empty_answers_give_no_missing_values(body: str) -> None:
    found = outline(tree(body), "", "")
    assert found.layout.shape == (len(found.lines), len(LAYOUT))
    assert found.layout.dtype == np.float32
    assert outline(None, "").lines == ()
    assert outline(None, "").layout.shape == (0, len(LAYOUT))


def test_deep_trees_are_walked() -> None:
    page = tree("<div>" * 10_000 + f"<p>{FIRST}</p>" + "</div>" * 10_000 + f"<p>{SECOND}</p>")
    assert holds(outline(page, f"{FIRST}\n{SECOND}"), FIRST)
    assert holds(outline(page, f"{FIRST}\n{SECOND}"), SECOND)


def test_text_below_the_deepest_level_is_kept_and_scripts_there_are_not() -> None:
    deep = "<div>" * 300 + f"<p>{FIRST}</p><script>var hidden;</script><p>{SECOND}</p>" + "</div>" * 300
    assert texts(f"{deep}<p>{THIRD}</p>") == [FIRST, SECOND, THIRD]


def test_a_tree_of_too_many_elements_leaves_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 50)
    page = tree("<i>x</i>" * 60 + f"<p>{FIRST}</p>")
    assert lines_of(page).texts == []
    assert outline(page, f"{FIRST}\n{SECOND}").lines == (FIRST, SECOND)


def test_text_without_spaces_is_compared_by_its_letters() -> None:
    body = "".join(f"<p>{line[:9]}<b>{line[9:12]}</b>{line[12:]}</p>" for line in CHINESE)
    # As extractors do: spaces around inline elements, a line cut in two, two lines in one.
    answer = "\n".join([f"{CHINESE[0][:9]} {CHINESE[0][9:12]} {CHINESE[0][12:]}", CHINESE[1][:14], CHINESE[1][14:]])
    found = outline(tree(f"<p>首页新闻体育</p>{body}"), answer, "".join(CHINESE))
    assert found.lines == ("首页新闻体育", *CHINESE)
    assert min(column(found, "trafilatura")[1:3]) > 0.8
    assert min(column(found, "resiliparse")[1:]) > 0.8
    assert column(found, "trafilatura")[0] == column(found, "trafilatura")[3] == 0


def test_a_line_without_spaces_that_the_page_does_not_hold_is_put_in() -> None:
    body = "".join(f"<p>{line}</p>" for line in CHINESE[::2])
    assert outline(tree(body), "\n".join(CHINESE)).lines == CHINESE


def test_a_short_paragraph_without_spaces_is_a_sign_of_the_article() -> None:
    menu = "".join(f"<li>新闻{number}</li>" for number in range(9))
    found = outline(tree(f"<ul>{menu}</ul><p>{CHINESE[0]}</p><ul>{menu}</ul><p>{CHINESE[1]}</p>"), CHINESE[0])
    assert CHINESE[1] in found.lines


WORDS = st.sampled_from(
    ["bridge", "river", "council", "the", "of", "Share", "votes.", "7", "|", "-", "桥梁", "мост", "café"]
)
TEXT = st.lists(WORDS, min_size=1, max_size=30).map(" ".join)
TAGS = st.sampled_from(
    [
        "p",
        "div",
        "li",
        "ul",
        "a",
        "span",
        "b",
        "br",
        "td",
        "tr",
        "table",
        "h2",
        "article",
        "nav",
        "script",
        "pre",
        "form",
    ]
)
HTML = st.recursive(
    TEXT,
    lambda inner: st.builds(
        lambda tag, name, children: f"<{tag} class='{name}'>{''.join(children)}</{tag}>",
        TAGS,
        st.sampled_from(["", "main", "content post", "sidebar menu"]),
        st.lists(inner, max_size=4),
    ),
    max_leaves=25,
)


def n_words(line: str) -> int:
    """Signs of lists and tables are no words."""
    return sum(word not in "|-" for word in line.split())


# Lines of an answer that no page here has: of words that stand on none.
FOREIGN = st.sampled_from(
    ["Zebra yak walrus vole.", "Urchin toad", "Xerus | yak | vole", "Quokka numbat okapi ibex gaur."]
)


@settings(deadline=None, max_examples=60)
@given(HTML, st.lists(FOREIGN, max_size=4), st.randoms(use_true_random=False))
@example("<p>|</p>", ["| - |", "- a |"], None)
def test_laws_of_the_outline(body: str, foreign: list[str], random: Any) -> None:
    page = tree(body)
    own = lines_of(page).texts
    answer = [line for line in own if random is None or random.random() < 0.5]
    for line in foreign:
        answer.insert(random.randrange(len(answer) + 1) if random else 0, line)
    found = outline(page, "\n".join(answer), "\n".join(own[::2]))
    assert found.layout.shape == (len(found.lines), len(LAYOUT))
    assert np.isfinite(found.layout).all()
    for name in LAYOUT:
        values = column(found, name)
        low, high = (-99, 99) if name.startswith("odds") else (0, 1e6)
        is_share = name in ("trafilatura", "resiliparse", "link_share") or name.startswith(("in_", "own_t", "own_r"))
        assert all(low <= value <= (1 if is_share or name.endswith("share") else high) for value in values), name
    assert all(line.strip() and "\n" not in line for line in found.lines)
    for line in answer:
        if n_words(line) >= 3:
            assert holds(found, line), line
    # The lines of the page are in its order.
    rest = iter(own)
    mine = [line for line in found.lines if line in set(own) and line not in foreign]
    assert all(any(line == other for other in rest) for line in mine)


@settings(deadline=None, max_examples=30)
@given(HTML)
def test_what_the_extractors_say_is_in_the_outline(body: str) -> None:
    page = f"<html><body><article><p>{FIRST}</p><p>{SECOND}</p>{body}</article></body></html>"
    parsed = parse(page)
    main = by_trafilatura(tree_of(page))
    found = outline(parsed, main, by_resiliparse(page))
    assert all(holds(found, line) for line in main.split("\n") if n_words(line) >= 3)


def test_a_page_is_not_changed_and_its_outline_is_the_same_every_time() -> None:
    page = tree(f"<div class='post'><p>{FIRST}</p><p>{SECOND} <a>More</a></p></div>")
    first, second = outline(page, FIRST, SECOND), outline(page, FIRST, SECOND)
    assert first.lines == second.lines
    assert first.layout.tobytes() == second.layout.tobytes()


def test_candidates_count_votes_of_every_line_of_the_page() -> None:
    found = candidates(tree(f"<p>{FIRST}</p><p>{SECOND}</p>"), FIRST, SECOND)
    assert found.votes.tolist() == [[1, 0], [0, 1]]
    assert found.chosen.tolist() == [0, 1]


WORDS_OF_LINES = st.text(alphabet="ab é|-•*–日本ก\t\u00a0\u2028", max_size=14)


@given(st.lists(WORDS_OF_LINES, max_size=6))
def test_runs_of_words_are_those_of_what_spaces_part(lines: list[str]) -> None:
    tokens = [
        [token for token in re.sub("[日本ก]", r" \g<0> ", line).split() if token not in set("|-•*–")] for line in lines
    ]
    codes = codes_of("\n".join([*lines, ""]))
    grams, of, n, sizes, whole = (found.tolist() for found in line_kernels.grams(codes, table(), 3))
    runs = [(row, tuple(line[at : at + 3])) for row, line in enumerate(tokens) for at in range(len(line) - 2)]
    assert (sizes, of) == (list(map(len, tokens)), [row for row, _ in runs])
    assert n == [max(len(line) - 2, 0) for line in tokens]
    # Equal where the words are, and nowhere else.
    assert (
        len(set(zip(grams, (run for _, run in runs), strict=True))) == len(set(grams)) == len({run for _, run in runs})
    )
    assert len(set(zip(whole, map(tuple, tokens), strict=True))) == len(set(whole)) == len(set(map(tuple, tokens)))
