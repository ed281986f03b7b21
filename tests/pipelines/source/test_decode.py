"""Text of unknown encoding."""

from codecs import BOM_UTF8 as BOM

from hypothesis import given
from hypothesis import strategies as st

from pipelines.source import decode_text


@given(st.binary(max_size=200))
def test_decode_text_never_fails(content: bytes) -> None:
    decode_text(content).encode()


@given(st.text())
def test_decode_text_of_utf8(text: str) -> None:
    assert decode_text(BOM + text.encode()) == text or "\0" in text


def test_decode_text_with_stray_bytes() -> None:
    assert decode_text("Grüße aus Köln ".encode() + b"it\x92s") == "Grüße aus Köln it’s"
    assert decode_text("Президент заявил, что завтра будет встреча".encode("cp1251")).startswith("Президент")
    assert decode_text(b"na\xefve") == "naïve"
