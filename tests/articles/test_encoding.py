"""Bytes that are no valid UTF-8."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.articles.encoding import by_label, by_looks, torn_utf8


@given(st.binary(max_size=200), st.text(max_size=20) | st.sampled_from(["gbk", "utf-7", "utf-16", "rot13", "hex"]))
def test_any_bytes_by_any_label_give_text_or_nothing(content: bytes, label: str) -> None:
    for text in (by_label(content, label), by_looks(content), torn_utf8(content)):
        assert text is None or text.encode().decode() == text


@given(st.text())
def test_valid_utf8_is_read_as_it_is(text: str) -> None:
    assert torn_utf8(text.encode()) == text


def test_utf8_with_strays() -> None:
    assert torn_utf8("Grüße ".encode() + b"\x93a\x94" + "ü".encode()) == "Grüße “a”ü"
    assert torn_utf8("Grüße".encode() * 9 + "ü".encode()[:1]) == "Grüße" * 9 + "Ã"
    assert torn_utf8("Портовый совет".encode("cp1251")) is None
    assert torn_utf8("市议会周二决定重新开放东码头".encode("gbk")) is None


@pytest.mark.parametrize(
    ("label", "actual"),
    [
        ("gb2312", "gbk"),
        ("Latin-1", "cp1252"),
        ("x-sjis", "shift_jis"),
        ("ks_c_5601-1987", "euc-kr"),
        ("cp949", "cp949"),
        ("unicode", None),
        ("utf-8", None),
        ("", None),
        ("\0", None),
    ],
)
def test_labels_as_browsers_know_them(label: str, actual: str | None) -> None:
    text = {"gbk": "市议会周二", "shift_jis": "港湾局は火曜日", "euc-kr": "항만국은", "cp949": "항만국은"}.get(
        actual or "", "café"
    )
    assert by_label(text.encode(actual or "cp1252"), label) == (text if actual else None)


def test_a_label_that_does_not_fit_the_bytes_is_not_believed() -> None:
    assert by_label("déjà vu, été".encode("latin-1"), "euc-kr") is None
    russian = "Портовый совет Вельска".encode("cp1251")
    assert by_label(russian * 5 + b"\x98", "cp1251") == "Портовый совет Вельска" * 5 + "\ufffd"
