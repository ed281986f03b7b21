"""The genre of a page: section fronts and listings are told from articles, in any language, and no article is lost."""

import random
from collections import Counter
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup import line_kernels
from dedup.articles.genre import (
    AGAINST,
    FEATURES,
    FIRST,
    FOR,
    Page,
    Verdict,
    count_words,
    features,
    first_features,
    from_table,
    genre_model,
    judge,
    later_features,
    read,
    why_no_article,
)
from dedup.articles.markup import parse
from dedup.articles.outline import lines_of
from dedup.tables import load_json

# Sentences of an invented newsroom, five a language: headlines are their beginnings.
SENTENCES = {
    "en": (
        "The harbour board voted on Tuesday to reopen the eastern quay after eleven days of repairs, its chairman said.",
        "Two hundred dock workers walked out over night shifts, and the first ships were sent on to Norrland instead.",
        "A court in Aldmere ordered the release of three students who had been held since the protest of last autumn.",
        "Farmers in the northern valleys expect the worst harvest in twenty years because the spring rains never came.",
        "The national side lost its third match in a row when a late goal from the bench gave the visitors the win.",
    ),
    "de": (
        "Der Hafenrat hat am Dienstag beschlossen, den östlichen Kai nach elf Tagen Arbeit wieder zu öffnen.",
        "Zweihundert Hafenarbeiter legten wegen der Nachtschichten die Arbeit nieder, die ersten Schiffe fuhren weiter.",
        "Ein Gericht in Aldmere ordnete die Freilassung von drei Studenten an, die seit dem Herbst festgehalten wurden.",
        "Die Bauern in den nördlichen Tälern erwarten die schlechteste Ernte seit zwanzig Jahren, weil der Regen ausblieb.",
        "Die Nationalmannschaft verlor ihr drittes Spiel in Folge, weil ein spätes Tor den Gästen den Sieg brachte.",
    ),
    "es": (
        "La junta del puerto votó el martes reabrir el muelle oriental tras once días de obras, dijo su presidente.",
        "Doscientos estibadores pararon por los turnos de noche y los primeros barcos siguieron viaje hacia Norrland.",
        "Un tribunal de Aldmere ordenó liberar a tres estudiantes detenidos desde la protesta del otoño pasado en la plaza.",
        "Los agricultores de los valles del norte esperan la peor cosecha en veinte años porque no llegaron las lluvias.",
        "La selección perdió su tercer partido seguido cuando un gol tardío del suplente dio la victoria a los visitantes.",
    ),
    "ru": (
        "Совет порта во вторник решил вновь открыть восточный причал после одиннадцати дней ремонта, сказал его глава.",
        "Двести докеров прекратили работу из-за ночных смен, и первые суда были отправлены дальше на север в Норланд.",
        "Суд в Альдмере постановил освободить трёх студентов, которых держали под стражей с осеннего протеста на площади.",
        "Фермеры северных долин ждут худшего урожая за двадцать лет, потому что весенние дожди в этом году так и не пришли.",
        "Сборная проиграла третий матч подряд, когда поздний гол вышедшего на замену игрока принёс гостям общую победу.",
    ),
    "zh": (
        "港务局周二投票决定在十一天的维修之后重新开放东码头，局长在会后对记者表示，第一班渡轮将于周三中午抵达港口。",
        "两百名码头工人因夜班安排问题停止工作，第一批货船已经改道前往北方的港口，工会说谈判将在下周继续进行下去。",
        "阿尔德米尔的一家法院下令释放三名学生，他们自去年秋天的抗议活动以来一直被关押，律师对这一裁决表示欢迎。",
        "北部山谷的农民预计今年将迎来二十年来最差的收成，因为春雨一直没有来，政府承诺为受影响的家庭提供帮助资金。",
        "国家队连续第三场比赛失利，替补队员在比赛最后时刻的进球让客队获胜，教练在赛后承认球队的防守出现了问题。",
    ),
}
LANGUAGES = sorted(SENTENCES)
MENU = {
    "en": ("Home", "World", "Politics", "Business", "Sport", "Culture", "Weather", "Contact"),
    "de": ("Start", "Welt", "Politik", "Wirtschaft", "Sport", "Kultur", "Wetter", "Kontakt"),
    "es": ("Inicio", "Mundo", "Política", "Economía", "Deportes", "Cultura", "Tiempo", "Contacto"),
    "ru": ("Главная", "Мир", "Политика", "Экономика", "Спорт", "Культура", "Погода", "Контакты"),
    "zh": ("首页", "国际", "政治", "财经", "体育", "文化", "天气", "联系我们"),
}


def page_of(page: str, url: str = "") -> Page:
    tree = parse(page)
    return read(tree, lines_of(tree), url)


def judged(page: str, url: str = "") -> Verdict:
    return judge(page_of(page, url))


def why(page: str, url: str = "") -> str:
    tree = parse(page)
    return why_no_article(tree, lines_of(tree), url)


def probability(page: str, url: str = "") -> float:
    """Return the probability by all features, whatever the first of them say."""
    return genre_model().article(features(page_of(page, url)))


def headline(sentence: str) -> str:
    return " ".join(sentence.split()[:8]) if " " in sentence else sentence[:16]


def shell(title: str, body: str, language: str, head: str = "") -> str:
    menu = "".join(f"<li><a href='/{i}/'>{name}</a></li>" for i, name in enumerate(MENU[language]))
    return (
        f"<!DOCTYPE html><html lang='{language}'><head><title>{title} | Tagblatt</title>{head}</head>"
        f"<body><nav><ul>{menu}</ul></nav><main>{body}</main>"
        f"<footer><ul>{menu}</ul><p>© 2026 Tagblatt</p></footer></body></html>"
    )


def teasers(language: str, n: int, kind: str = "summary") -> list[str]:
    """Return cards with a headline that is a link, and with a kicker, a date and a summary if wanted."""
    sentences = SENTENCES[language]
    made = []
    for i in range(n):
        sentence = sentences[i % len(sentences)]
        summary = "" if kind == "bare" else f"<p class='summary'>{sentences[(i + 2) % len(sentences)]}</p>"
        made.append(
            f"<article class='teaser'><a href='/2026/03/story-{i}'><img src='{i}.jpg' alt=''></a>"
            f"<span class='kicker'>{MENU[language][1 + i % 5]}</span>"
            f"<h2 class='teaser-title'><a href='/2026/03/story-{i}'>{headline(sentence)}</a></h2>{summary}"
            f"<time datetime='2026-03-0{1 + i % 9}'>{1 + i % 9}.3.2026</time></article>"
        )
    return made


def front(language: str, n: int = 24, kind: str = "summary") -> str:
    title = MENU[language][2]
    return shell(title, f"<h1>{title}</h1>" + "".join(teasers(language, n, kind)), language)


def article(language: str, n: int = 8, head: str = "", related: int = 6) -> str:
    sentences = SENTENCES[language]
    title = headline(sentences[0])
    rng = random.Random(n)
    paragraphs = "".join(f"<p>{' '.join(rng.sample(sentences, 2))}</p>" for _ in range(n))
    aside = f"<aside>{''.join(teasers(language, related, 'bare'))}</aside>" if related else ""
    return shell(title, f"<h1>{title}</h1>{paragraphs}{aside}", language, head)


def brief(language: str) -> str:
    """Return an article of three sentences, with as much around it as a page has."""
    return article(language, 0, related=4).replace("<aside>", f"<p>{' '.join(SENTENCES[language][:3])}</p><aside>")


def live_blog(language: str) -> str:
    sentences = SENTENCES[language]
    entries = "".join(
        f"<div class='entry'><h3>{8 + i}:{10 + i}</h3><p>{sentences[i % 5]}</p><p>{sentences[(i + 1) % 5]}</p></div>"
        for i in range(12)
    )
    title = headline(sentences[1])
    return shell(title, f"<h1>{title}</h1><p>{sentences[0]}</p>{entries}", language)


def interview(language: str) -> str:
    sentences = SENTENCES[language]
    talk = "".join(
        f"<p><b>{headline(sentences[i % 5])}?</b></p><p>{sentences[(i + 1) % 5]} {sentences[(i + 3) % 5]}</p>"
        for i in range(9)
    )
    title = headline(sentences[2])
    return shell(title, f"<h1>{title}</h1>{talk}", language)


def ten_best(language: str) -> str:
    sentences = SENTENCES[language]
    items = "".join(
        f"<h2>{i + 1}. {headline(sentences[i % 5])}</h2><p>{sentences[i % 5]} {sentences[(i + 1) % 5]}</p>"
        for i in range(10)
    )
    title = "10: " + headline(sentences[3])
    return shell(title, f"<h1>{title}</h1><p>{sentences[0]} {sentences[1]}</p>{items}", language)


def recipe(language: str) -> str:
    sentences = SENTENCES[language]
    parts = "".join(
        f"<li>{100 + 50 * i} g {sentence.split()[-1] if ' ' in sentence else sentence[:3]}</li>"
        for i, sentence in enumerate(sentences * 2)
    )
    steps = "".join(f"<p>{sentences[i % 5]}</p>" for i in range(5))
    title = headline(sentences[3])
    return shell(title, f"<h1>{title}</h1><p>{sentences[4]} {sentences[0]}</p><ul>{parts}</ul>{steps}", language)


def obituary(language: str) -> str:
    sentences = SENTENCES[language]
    title = "Ada Tranter, 1931-2026"
    return shell(
        title,
        f"<h1>{title}</h1>" + "".join(f"<p>{a} {b}</p>" for a, b in pairwise(sentences)),
        language,
    )


KEPT = {f.__name__: f for f in (article, brief, live_blog, interview, ten_best, recipe, obituary)}
FRONTS = {
    "front": front,
    "front with long summaries": lambda language: front(language, 20).replace(
        "</p><time", f" {SENTENCES[language][3]}</p><time"
    ),
    "bare front": lambda language: front(language, 30, "bare"),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", FRONTS)
@pytest.mark.parametrize("url", ["", "https://tagblatt.example/politik/"])
def test_a_section_front_is_no_article(kind: str, language: str, url: str) -> None:
    assert why(FRONTS[kind](language), url).startswith("no article (p=")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KEPT)
@pytest.mark.parametrize(
    "url", ["", "https://tagblatt.example/politik/hafen-kai-wieder-offen-nach-arbeiten-a-1234.html"]
)
def test_an_article_of_any_kind_stays(kind: str, language: str, url: str) -> None:
    assert why(KEPT[kind](language), url) == ""


def test_what_a_page_says_of_itself_counts() -> None:
    page = article("en", 2)
    said = page.replace("</head>", "<meta property='og:type' content='article'></head>")
    assert probability(said) > probability(page)
    shop = page.replace("</head>", "<meta property='og:type' content='product'></head>")
    assert probability(shop) < probability(page)


def test_the_address_counts_and_is_taken_from_the_page_where_it_is_not_given() -> None:
    page = article("de", 2)
    listing = "https://tagblatt.example/category/politik/"
    assert probability(page, listing) < probability(page)
    linked = page.replace("</head>", f"<link rel='canonical' href='{listing}'></head>")
    assert probability(linked) == probability(page, listing)


@pytest.mark.parametrize(
    "url", ["http://[::1", "about:blank", "//", "https://", "\ud800", "https://a.example/%ff?x=1#y"]
)
def test_any_address_will_do(url: str) -> None:
    assert 0 <= probability(article("en"), url) <= 1
    assert 0 <= judged(article("en"), url).article <= 1


@given(st.text(alphabet="<>/=\"'! abhprst1-\n日", max_size=400))
def test_any_text_is_judged_and_no_feature_is_missing(text: str) -> None:
    page = page_of(f"<html><body>{text}</body></html>")
    first, later = first_features(page), later_features(page)
    assert set(first) == set(FIRST)
    assert set(later) == set(FEATURES) - set(FIRST)
    assert 0 <= judge(page).article <= 1


def test_a_page_without_a_line_is_judged_by_what_it_says_of_itself() -> None:
    page = "<html><head><meta property='og:type' content='{}'></head><body><noscript>Wait</noscript></body></html>"
    assert probability(page.format("product")) < probability(page.format("article"))


def test_more_prose_never_speaks_against_an_article() -> None:
    by_prose = [probability(article("en", n)) for n in (1, 3, 6, 12)]
    assert by_prose == sorted(by_prose)


def test_prose_under_one_element_speaks_for_an_article_more_than_the_same_in_cards() -> None:
    paragraphs = [f"<p>{sentence}</p>" for sentence in SENTENCES["en"]]
    apart = "".join(f"<div>{paragraph}</div>" for paragraph in paragraphs)
    assert features(page_of(shell("Quay", "".join(paragraphs), "en")))["prose_together"] == 1.0
    assert features(page_of(shell("Quay", apart, "en")))["prose_together"] == pytest.approx(0.2, abs=0.03)


def test_a_page_is_sure_to_be_an_article_by_its_first_features_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "<meta property='og:type' content='article'><meta name='author' content='Ann Lee'>"
    page = page_of(article("en", 12, said), "https://tagblatt.example/2026/03/harbour-board-opens-eastern-quay")
    assert genre_model().against(first_features(page)) < genre_model().sure
    monkeypatch.setattr("dedup.articles.genre.later_features", None)
    assert judge(page) == (pytest.approx(1.0, abs=0.1), "")


def test_what_a_page_says_of_its_site_speaks_against_it_only_without_an_article() -> None:
    data = '<script type="application/ld+json">[{{"@type": "WebSite"}}{}]</script>'
    site, both = data.format(""), data.format(', {"@type": "NewsArticle"}')
    assert features(page_of(article("en", 2, site)))["says_site"] == 1.0
    assert features(page_of(article("en", 2, both)))["says_site"] == 0.0


def test_no_weight_has_a_sign_its_feature_must_not_have() -> None:
    weight = genre_model().weight
    assert all(weight[name] >= 0 for name in AGAINST)
    assert all(weight[name] <= 0 for name in FOR)


def test_a_model_of_other_features_is_refused() -> None:
    table = load_json("genre_model.json")
    with pytest.raises(ValueError, match="Train it again"):
        from_table(table | {"features": {"links": {"mean": 0, "scale": 1, "weight": 1}}})


@pytest.mark.parametrize(
    "broken",
    [
        [],
        3,
        "x",
        None,
        {"bias": 0, "sure": 0},
        {"features": [], "bias": 0, "sure": 0},
        {"features": dict.fromkeys(FEATURES), "bias": 0, "sure": 0},
    ],
)
def test_what_is_no_model_is_refused(broken: Any) -> None:
    with pytest.raises(ValueError, match="genre model"):
        from_table(broken)


@pytest.mark.parametrize(("key", "value"), [("scale", 0), ("scale", -1), ("mean", "nan"), ("weight", "inf")])
def test_a_model_that_cannot_be_computed_with_is_refused(key: str, value: object) -> None:
    table = load_json("genre_model.json")
    name = FEATURES[0]
    with pytest.raises(ValueError, match="genre model"):
        from_table(table | {"features": table["features"] | {name: table["features"][name] | {key: value}}})
    with pytest.raises(ValueError, match="genre model"):
        from_table(table | {"sure": "inf"})


def test_the_reason_is_in_words_with_figures() -> None:
    assert "24 links with headlines, 0 words of running prose" in why(front("en", 24, "bare"))


@pytest.mark.parametrize(
    ("unit", "times", "share"),
    [
        ("<h3><a href=/{0}>Quay {0} reopens</a></h3><p>One two three.</p><p class=day>4 May</p>", 5, 1.0),
        ("<h3><a href=/{0}>Quay {0} reopens</a></h3><p>One two three.</p><p class=day>4 May</p>", 3, 0.0),
        # Sections of an article: a pattern, but without links.
        ("<h3>Quay {0} reopens</h3><p>One two three.</p><p class=day>4 May</p>", 9, 0.0),
        # A menu: links, but no pattern.
        ("<li><a href=/{0}>Quay {0} reopens</a></li>", 9, 0.0),
    ],
)
def test_teasers_make_a_pattern_with_links(unit: str, times: int, share: float) -> None:
    described = features(page_of(f"<html><body><h1>News</h1>{''.join(map(unit.format, range(times)))}</body></html>"))
    assert described["pattern"] == share


def test_blocks_know_their_links_and_headings() -> None:
    page = page_of(
        "<html><head><title>Tag</title><link rel=canonical href='https://a.example/b'></head><body class='Post Wide'>"
        "<h2><a href='/a'>One two three four</a></h2><p>Five <b>six</b></p><td>seven <a>eight</a> nine"
        '<script type=\'application/ld+json\'>{"@type": "NewsArticle"}</script></body></html>'
    )
    assert [(block.words, block.linked, block.is_heading) for block in page.blocks] == [
        (4, 4, True),
        (2, 0, False),
        (3, 1, False),
    ]
    assert (page.title, page.url, page.types["NewsArticle"]) == ("Tag", "https://a.example/b", 1)
    assert page.body_classes == {"post", "wide"}


def test_words_of_scripts_without_spaces() -> None:
    assert count_words("ab cd") == 2
    assert count_words("渡轮") == 2


LIMITS = (15, 4, 3, 4, 40)
#: Words of a line, how many of them are links, whether it is prose, and the block around it.
ROW = st.tuples(st.integers(1, 60), st.integers(0, 60), st.booleans(), st.integers(-1, 3))


def prose_as_it_is_described(rows: list[tuple[int, int, bool, int]]) -> tuple[int, ...]:
    """Return what `line_kernels.prose_runs` does, run by run."""
    of_prose, short, paragraphs, headline, cost = LIMITS
    kinds = [(words, min(linked, words), is_prose, around) for words, linked, is_prose, around in rows]
    neighbours = [list(run) for is_prose, run in groupby(kinds, key=itemgetter(2)) if is_prose]
    alone = sum(run[0][0] for run in neighbours if len(run) == 1)
    runs: list[list[int]] = [[]]
    for words, _, is_prose, _ in kinds:
        if is_prose:
            runs[-1].append(words)
        elif words > short:
            runs.append([])
    scores = [
        float(words)
        if is_prose
        else -(
            3
            + linked
            + (0.5 * (words - linked) if words < of_prose else 0)
            + (cost if 2 * linked > words >= headline else 0)
        )
        for words, linked, is_prose, _ in kinds
    ]
    best, first, last = 0.0, 0, 0
    for end in range(1, len(kinds) + 1):
        for start in reversed(range(end)):
            if sum(scores[start:end]) > best:
                best, first, last = sum(scores[start:end]), start, end
    together = Counter[int]()
    for words, _, is_prose, around in kinds:
        together[around] += words if is_prose else 0
    return (
        sum(words for words, _, is_prose, _ in kinds if is_prose),
        alone,
        sum(sum(run) for run in runs if len(run) >= paragraphs),
        sum(words for words, _, is_prose, _ in kinds[first:last] if is_prose),
        max(together.values(), default=0),
        first,
    )


@given(st.lists(ROW, max_size=14))
def test_prose_is_found_run_by_run(rows: list[tuple[int, int, bool, int]]) -> None:
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    words, linked, is_prose = table[:, 0].copy(), np.minimum(table[:, 0], table[:, 1]), table[:, 2] > 0
    is_link = (2 * linked > words) & ~is_prose
    around, limits = table[:, 3].astype(np.int32), np.array(LIMITS, dtype=np.int64)
    found = line_kernels.prose_runs(words, linked, is_link, is_prose, around, limits)
    assert tuple(found) == prose_as_it_is_described(rows)
