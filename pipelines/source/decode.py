"""Decoding: from bytes of unknown encoding to text.

In: the bytes of a text or of an HTML page. Out: the text; for HTML its bytes, as UTF-8 behind a byte order mark where
the encoding is known; or what the bytes are, if not text.

Rules guarded here: decoding never fails, and what comes out can be written to any table.
"""

import codecs
import re
from typing import Final

from dedup.articles.encoding import by_label, by_looks, n_high, torn_utf8

BOM: Final = codecs.BOM_UTF8
_CONTROLS: Final = bytes([*range(9), *range(0x0E, 0x1B), *range(0x1C, 0x20)])
_SAMPLE: Final = 1 << 16
_TELLING: Final = 4
_WIDE_TAGS: Final = (
    (re.compile(rb"(?:\s\0)*<\0[a-zA-Z!?]\0"), "utf-16-le"),
    (re.compile(rb"(?:\0\s)*\0<\0[a-zA-Z!?]"), "utf-16-be"),
)
# Only what no text begins with: an article may well begin with "RIFF" or "ID3".
_BINARY_STARTS: Final = (
    (re.compile(rb"\x89PNG"), "a PNG image"),
    (re.compile(rb"\s*%PDF-"), "a PDF"),
    (re.compile(rb"\xff\xd8\xff"), "a JPEG image"),
    (re.compile(rb"GIF8[79]a"), "a GIF image"),
    (re.compile(rb"PK\x03\x04"), "a ZIP file or office document"),
    (re.compile(rb"RIFF....(?:WEBP|WAVE|AVI )", re.DOTALL), "an image, sound or film (RIFF)"),
    (re.compile(rb"\xd0\xcf\x11\xe0"), "an old office document"),
    (re.compile(rb"\x7fELF"), "a program"),
    (re.compile(rb"OggS\0"), "an Ogg file"),
    (re.compile(rb"ID3[\x02-\x04]"), "an MP3 file"),
    (re.compile(rb"....ftyp", re.DOTALL), "a film or image (MP4, HEIC, AVIF)"),
    (re.compile(rb"BZh[1-9]1AY&SY"), "a bzip2 file"),
    (re.compile(rb"7z\xbc\xaf"), "a 7-Zip file"),
    (re.compile(rb"\xfd7zXZ"), "an xz file"),
    (re.compile(rb"\x1f\x8b"), "a gzip file"),
    (re.compile(rb"\x28\xb5\x2f\xfd"), "a Zstandard file"),
    (re.compile(rb"wOF[F2](?:\x00\x01\x00\x00|OTTO)"), "a font"),
)


def sound(text: str) -> str:
    """Return ``text`` without lone surrogates, which no table can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def encoded(text: str) -> bytes:
    """Return ``text`` as UTF-8, without lone surrogates."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return sound(text).encode()


def wide_encoding(content: bytes) -> str | None:
    """Return the name of the UTF-16 or UTF-32 that ``content`` is in, by its mark or by where its zeros are."""
    # UTF-32 first: its little-endian mark begins with that of UTF-16.
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # A page in another script has few zeros beyond its tags.
    for tag, name in _WIDE_TAGS:
        if tag.match(content):
            return name
    sample = content[:1024]
    half = len(sample) // 2
    if half >= 2:
        even, odd = sample[: 2 * half : 2].count(0), sample[1 : 2 * half : 2].count(0)
        if not even and odd > 0.7 * half:
            return "utf-16-le"
        if not odd and even > 0.7 * half:
            return "utf-16-be"
    return None


def binary_kind(content: bytes) -> str:
    """Say what ``content`` is when it is not text, else return an empty string."""
    for start, what in _BINARY_STARTS:
        if start.match(content):
            return f"The content is {what}."
    sample = content[:_SAMPLE]
    n_controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if n_controls > 0.05 * len(sample) or sample.count(0) > 0.01 * len(sample):
        return "The content is binary: many control characters."
    return ""


def decode_text(content: bytes) -> str:
    """Decode plain text of unknown encoding; never fails.

    Marks of UTF-8, UTF-16 and UTF-32 decide; then UTF-8; then UTF-8 with stray bytes of Windows-1252, as long as
    most characters beyond ASCII are good UTF-8; then a guess from the bytes; last Windows-1252.

    Parameters
    ----------
    content
        Bytes of a text, not of HTML.

    Returns
    -------
    str
        Without a byte order mark and without lone surrogates.
    """
    if (wide := wide_encoding(content)) is not None:
        return content.decode(wide, "replace").removeprefix("\ufeff")
    content = content.removeprefix(BOM)
    try:
        return content.decode()
    except UnicodeDecodeError:
        pass
    text = torn_utf8(content)
    if text is not None:
        return text
    # Few bytes beyond ASCII prove nothing.
    return by_looks(content) if n_high(content) >= _TELLING else content.decode("cp1252", "replace")


def html_bytes(content: bytes, charset: str | None = None) -> bytes:
    """Return HTML bytes behind a byte order mark where their encoding is known, else as they are.

    ``charset`` is what HTTP said, which goes before what the page says of itself, but not before valid UTF-8.
    """
    if content.startswith(BOM):
        return content
    if (wide := wide_encoding(content)) is not None:
        return BOM + sound(content.decode(wide, "replace").removeprefix("\ufeff")).encode()
    if charset is None:
        return content
    try:
        content.decode()
    except UnicodeDecodeError:
        pass
    else:
        return BOM + content
    text = by_label(content, charset)
    return content if text is None else BOM + text.encode()
