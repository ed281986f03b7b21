"""The judgement of lines and its stage."""

import pickle

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.articles.markup import parse
from dedup.articles.outline import Outline, outline
from dedup.articles.reading import read
from dedup.boilerplate.classify import Classify, judge
from dedup.boilerplate.features import MARKERS
from dedup.boilerplate.label import Label, Thresholds, strip
from dedup.boilerplate.passage import Part
from dedup.schema import SEGMENT
from dedup.stage import apply

ARTICLES = {
    "de": [
        "Der Stadtrat hat am Dienstagabend nach langer Debatte beschlossen, die alte Brücke über den Fluss zu sanieren.",
        "Die Arbeiten sollen im kommenden Frühjahr beginnen und nach den Plänen der Verwaltung rund zwei Jahre dauern.",
        "Während der Bauzeit wird der Verkehr über die neue Brücke im Norden der Stadt geleitet, sagte die Bürgermeisterin.",
        "Kritik kam von der Opposition, die eine günstigere Lösung gefordert und vor steigenden Kosten gewarnt hatte.",
    ],
    "es": [
        "El ayuntamiento aprobó el martes por la noche, tras un largo debate, la reparación del viejo puente sobre el río.",
        "Las obras comenzarán la próxima primavera y, según los planes del gobierno local, durarán unos dos años.",
        "Durante las obras el tráfico se desviará por el puente nuevo del norte de la ciudad, explicó la alcaldesa.",
        "La oposición criticó el proyecto, porque había pedido una solución más barata y advertido del aumento de los costes.",
    ],
    "fr": [
        "Le conseil municipal a décidé mardi soir, après un long débat, de rénover le vieux pont qui traverse la rivière.",
        "Les travaux commenceront au printemps prochain et dureront, selon les plans de la mairie, environ deux ans.",
        "Pendant les travaux, la circulation passera par le nouveau pont au nord de la ville, a expliqué la maire.",
        "L'opposition a critiqué le projet : elle demandait une solution moins chère et craignait une hausse des coûts.",
    ],
    "ru": [
        "Городской совет во вторник вечером после долгих споров решил отремонтировать старый мост через реку.",
        "Работы начнутся следующей весной и, по планам администрации, продлятся около двух лет.",
        "На время ремонта движение пойдёт по новому мосту на севере города, сообщила глава администрации.",
        "Оппозиция раскритиковала проект: она предлагала более дешёвое решение и предупреждала о росте расходов.",
    ],
}


def laid_out(body: str, lines: list[str]) -> Outline:
    """Return the outline of a page of which both extractors kept the lines."""
    found = outline(parse(f"<html><body>{body}</body></html>"), "\n".join(lines), "\n".join(lines))
    assert set(lines) <= set(found.lines)
    return found


def paragraphs(lines: list[str]) -> str:
    return "".join(f"<p>{line}</p>" for line in lines)


@pytest.mark.parametrize("language", sorted(ARTICLES))
@pytest.mark.parametrize("kind", ["page", "html", "article"])
def test_paragraphs_of_an_article_are_kept(language: str, kind: str) -> None:
    keep, _ = judge(read(ARTICLES[language]), kind)
    assert min(keep) > 0.5


@pytest.mark.parametrize("language", sorted(ARTICLES))
def test_chrome_is_told_by_the_html_around_it(language: str) -> None:
    article = ARTICLES[language]
    menu = "".join(f"<li><a href='/{n}'>Entry {n}</a></li>" for n in range(8))
    found = laid_out(
        f"<nav><ul>{menu}</ul></nav><article>{paragraphs(article)}</article><footer><ul>{menu}</ul></footer>", article
    )
    keep, _ = judge(read(found.lines), "html", layout=found.layout)
    kept = [line for line, value in zip(found.lines, keep, strict=True) if value >= 0.5]
    assert len(found.lines) > len(article)
    assert kept == article


def test_html_without_a_layout_is_judged_as_an_article() -> None:
    lines = ["Share", *ARTICLES["de"]]
    as_html, as_article = judge(read(lines), "html"), judge(read(lines), "article")
    assert as_html.keep.tolist() == as_article.keep.tolist()
    assert as_html.markers == as_article.markers


def test_a_layout_of_another_number_of_lines_is_refused() -> None:
    found = laid_out(paragraphs(ARTICLES["de"]), ARTICLES["de"])
    with pytest.raises(ValueError, match="broadcast"):
        judge(read([*found.lines, "One more"]), "html", layout=found.layout)


@pytest.mark.parametrize(
    ("language", "chrome"),
    [
        (
            "de",
            [
                "Zum Inhalt springen",
                "Artikel teilen",
                "Newsletter abonnieren",
                "Mehr zum Thema",
                "Alle Rechte vorbehalten",
            ],
        ),
        (
            "es",
            [
                "Saltar al contenido",
                "Compartir",
                "Suscríbete",
                "Noticias relacionadas",
                "Todos los derechos reservados",
            ],
        ),
        ("fr", ["Aller au contenu", "Partager", "Abonnez-vous", "Sur le même sujet", "Tous droits réservés"]),
        ("ru", ["Перейти к содержимому", "Поделиться", "Подписаться", "Читайте также", "Все права защищены"]),
    ],
)
def test_chrome_around_an_article_is_told(language: str, chrome: list[str]) -> None:
    lines = [*chrome[:2], *ARTICLES[language], *chrome[2:]]
    keep, markers = judge(read(lines), "page")
    judged = [Part(row, lines[row], 1, keep[row], markers[row], 0, "") for row in range(len(lines))]
    _, kept, _ = strip(judged, read(lines), "", Thresholds(Label().keep_page, island=Label().island))
    assert [lines[position] for position in kept] == ARTICLES[language]
    edges = [0, 1, *range(len(lines) - 3, len(lines))]
    assert max(keep[row] for row in edges) < 0.5
    assert all(markers[row] for row in edges)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.text(min_size=1).filter(str.strip).map(str.strip), max_size=8), st.text(max_size=20))
def test_any_lines_get_a_probability_and_a_known_marker(lines: list[str], title: str) -> None:
    keep, markers = judge(read(lines), "page", title)
    assert len(keep) == len(markers) == len(lines)
    assert all(0 <= value <= 1 for value in keep)
    assert set(markers) <= {"", *MARKERS}


def test_a_word_of_prose_is_no_marker() -> None:
    _, markers = judge(read(["They decided to share what they had with everybody who came to the house."]), "page")
    assert markers == [""]


def test_clean_lines_are_not_judged() -> None:
    clean = [{"doc_id": "a", "kind": "clean", "text": "Share\nShare"}]
    table = apply(Classify(), pa.Table.from_pylist(clean, schema=Classify().reads))
    assert table.select(["keep", "marker", "sentences"]).to_pydict() == {
        "keep": [1.0, 1.0],
        "marker": ["", ""],
        "sentences": [[], []],
    }


def drafts() -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "doc_id": "a",
                "source": "s",
                "kind": "page",
                "title": "",
                "text": "Share\n\n" + "\n".join(ARTICLES["de"]),
            },
            {"doc_id": "b", "source": "s", "kind": "clean", "title": "T", "text": "One.\n\nTwo."},
            {"doc_id": "c", "source": "", "kind": "html", "title": "T", "text": ""},
        ],
        schema=Classify().reads,
    )


def test_stage_writes_one_row_per_line() -> None:
    table = apply(Classify(), drafts())
    assert table.schema == SEGMENT
    assert table.column("doc_id").to_pylist() == ["a"] * 5 + ["b"] * 2
    assert table.column("index").to_pylist() == [0, 1, 2, 3, 4, 0, 1]
    assert table.column("keep").to_pylist()[5:] == [1.0, 1.0]


def test_stage_does_not_depend_on_batches() -> None:
    stage, table = pickle.loads(pickle.dumps(Classify())), drafts()
    single = [batch for row in range(len(table)) for batch in table.slice(row, 1).to_batches()]
    assert pa.Table.from_batches(stage(iter(single)), schema=SEGMENT) == apply(stage, table)
    assert stage == Classify()
    assert list(stage(iter([]))) == []
