"""Bytes that are no valid UTF-8, as text.

In: the bytes of a page or a text. Out: the text, by one of three readings: UTF-8 with a few bytes gone wrong, the
charset that a label names, or the one that the bytes look like.

Rules guarded here: no bytes and no label raise, and each reading takes time in proportion to the bytes.
"""

import codecs
import re
from typing import Final

_HIGH: Final = bytes(range(0x80, 0x100))
# What Python's "surrogateescape" makes of a byte that is no UTF-8 -> the character it is in Windows-1252.
_STRAYS: Final = {0xDC00 + byte: bytes([byte]).decode("cp1252", "replace") for byte in _HIGH}
_STRAY: Final = re.compile("[\udc80-\udcff]+")
# One byte in so many may be wrong in a page that is in the charset it names.
_TORN: Final = 50
# Codecs of Python that no page is in; Unicode of other widths is told by its zeros, and a label that can be read says
# that it is none of them.
_NO_CHARSETS: Final = ("utf", "unicode", "raw_unicode", "idna", "punycode", "undefined", "mbcs", "oem", "palmos")


def n_high(content: bytes) -> int:
    """Count the bytes beyond ASCII."""
    return len(content) - len(content.translate(None, _HIGH))


def torn_utf8(content: bytes) -> str | None:
    r"""Decode UTF-8 in which some bytes are of Windows-1252, as where pages are put together from parts.

    Returns
    -------
    str or None
        None if there are more such bytes than characters beyond ASCII that are good: then it is no UTF-8.

    Examples
    --------
    >>> torn_utf8("Grüße aus Köln ".encode() + b"it\x92s")
    'Grüße aus Köln it’s'
    >>> torn_utf8(b"caf\xe9")
    """
    text = content.decode("utf-8", "surrogateescape")
    n_stray = len(text) - len(_STRAY.sub("", text))
    n_good = len(text) - (len(content) - n_high(content)) - n_stray
    return text.translate(_STRAYS) if n_stray <= n_good else None


def by_label(content: bytes, label: str) -> str | None:
    r"""Decode by the charset that a page or a server names.

    Returns
    -------
    str or None
        None if the label means nothing, or not for these bytes: more than one in fifty of those beyond ASCII is wrong.

    Examples
    --------
    >>> by_label(b"caf\xe9", "ISO-8859-1"), by_label(b"caf\xe9", "klingon")
    ('café', None)
    """
    codec = _codec(label)
    if codec is None:
        return None
    text = content.decode(codec, "replace")
    return text if text.count("\ufffd") * _TORN <= n_high(content) else None


def _codec(label: str) -> str | None:
    from resiliparse.parse.encoding import map_encoding_to_html5

    try:
        # As browsers have it: who says Latin-1 means Windows-1252, who says GB 2312 means GBK.
        info = codecs.lookup(map_encoding_to_html5(label, False) or label)
    except (LookupError, ValueError):
        return None
    if not info._is_text_encoding or info.name.startswith(_NO_CHARSETS):  # noqa: SLF001 - there is no public name for it
        return None
    return "cp1252" if info.name in ("iso8859-1", "ascii") else info.name


def by_looks(content: bytes) -> str:
    """Decode by what the bytes look like, last as Windows-1252; what cannot be decoded becomes U+FFFD."""
    from resiliparse.parse.encoding import detect_encoding

    codec = _codec(detect_encoding(content) or "")
    return content.decode(codec or "cp1252", "replace")
