"""Which language a text is in, and when nobody can tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.articles.language import declared_language, detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The harbour board voted on Tuesday to reopen the eastern quay after eleven days of repairs.", "en"),
        ("Der Hafenrat beschloss am Dienstag, den östlichen Kai nach elf Tagen wieder zu öffnen.", "de"),
        ("Le conseil du port a décidé mardi de rouvrir le quai après onze jours de travaux.", "fr"),
        ("El consejo del puerto votó el martes a favor de reabrir el muelle tras once días de obras.", "es"),
        ("Совет порта во вторник решил открыть восточный причал после одиннадцати дней ремонта.", "ru"),
        ("قرر مجلس الميناء يوم الثلاثاء إعادة فتح الرصيف الشرقي بعد أحد عشر يوما من الإصلاحات", "ar"),
        ("港湾委員会は火曜日、東埠頭の再開を決めた。", "ja"),
        ("港务委员会周二决定重新开放东码头。", "zh"),
        ("항만위원회는 화요일에 동쪽 부두를 다시 열기로 결정했다.", "ko"),
        ("Το συμβούλιο του λιμανιού αποφάσισε να ανοίξει την προβλήτα.", "el"),
    ],
)
def test_languages(text: str, language: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("No hubo heridos. La compañía devolverá el importe del billete a todos los que esperaron.", "es"),
        ("Los vecinos han dormido en el polideportivo, donde la Cruz Roja instaló 150 camas, y piden volver.", "es"),
        (
            (
                "Los vecinos desalojados han dormido en el polideportivo municipal, donde la Cruz Roja instaló 150 camas. "
                "La alcaldesa pidió paciencia: nadie podrá volver a casa hasta que el perímetro esté estabilizado."
            ),
            "es",
        ),
        ("С 16 марта движение по старому мосту через Тальму будет полностью прекращено из-за ремонта опор.", "ru"),
        ("В прошлый раз обещали полгода, а чинили два года, и жители отнеслись к новости без восторга.", "ru"),
    ],
)
def test_short_texts_are_not_taken_for_a_relative(text: str, language: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (
            (
                "Os veciños da vila pasaron a noite no pavillón municipal, onde a Cruz Vermella instalou cen camas, e piden "
                "poder volver á súa casa canto antes. A alcaldesa explicou que o lume non está controlado."
            ),
            "gl",
        ),
        (
            (
                "Els veïns de la vila han passat la nit al pavelló municipal, on la Creu Roja va instal·lar cent llits, i "
                "demanen poder tornar a casa seva. L'alcaldessa ha explicat que el foc encara no està controlat."
            ),
            "ca",
        ),
        ("Os moradores passaram a noite no pavilhão, onde a Cruz Vermelha montou camas para todos eles.", "pt"),
        ("Кметът съобщи, че мостът ще бъде затворен за ремонт до края на годината заради пукнатини.", "bg"),
        ("Gli abitanti hanno dormito nella palestra, dove la Croce Rossa ha sistemato cento brandine.", "it"),
    ],
)
def test_relatives_keep_their_own_language(text: str, language: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize("text", ["", "12:30", "OK", "..."])
def test_too_little_to_tell(text: str) -> None:
    assert detect_language(text) == ""


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    assert len(detect_language(text)) in {0, 2, 3}


@pytest.mark.parametrize(
    ("tag", "language"),
    [("de-AT", "de"), ("en_US", "en"), (" FR ", "fr"), ("", ""), (None, ""), ("english", ""), ("x", "")],
)
def test_declared_tags(tag: str | None, language: str) -> None:
    assert declared_language(tag) == language
