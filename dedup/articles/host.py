"""The host of an address: what a page's source is when nothing else names it.

In: a URL, or an address without a scheme, as it was crawled or given. Out: its host in lower case, without ``www.``; and
whether a text is only the name of a host.

Rule guarded here: one page has one host, whoever asks; what cannot be parsed has none.
"""

import re
import unicodedata
from functools import lru_cache

_BARE_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?::\d+)?(?:[/?#]|\Z)", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//([^/?#]*)")
_HOST = re.compile(r"(?:[^\[\]]*@)?(?:\[([0-9A-Fa-f:.]+)\]|([^@:\[\]]*))(?::[^@\[\]]*)?")
# Browsers pass over these wherever they stand in an address.
_BREAKS = re.compile(r"[\t\r\n]")
_DELIMITERS = re.compile(r"[/?#@:]")
_NO_LETTER = re.compile(r"[\W_]")
_SHORTEST_NAME, _LONGEST_NAME = 3, 60


def host_of(url: str) -> str:
    """Return the host of ``url`` in lower case without a leading ``www.``; empty if there is none.

    Parameters
    ----------
    url
        ``scheme://host/path``, ``//host/path``, or ``host/path`` if the host ends in a name of two letters or more.

    Returns
    -------
    str
        Without port, user and final dot. Empty if the address holds characters that NFKC makes delimiters.

    References
    ----------
    RFC 3986, section 3.2; the urlsplit function of Python, which this agrees with.

    Examples
    --------
    >>> host_of("https://user@WWW.Example.com:8080/a?b=c")
    'example.com'
    >>> host_of("news.example.com/a")
    'news.example.com'
    >>> host_of("not an address")
    ''
    """
    url = url.strip()
    found = _AUTHORITY.match(_BREAKS.sub("", url if "//" in url or not _BARE_HOST.match(url) else f"//{url}"))
    authority = found[1] if found else ""
    host = _HOST.fullmatch(authority)
    if host is None or _DELIMITERS.search(unicodedata.normalize("NFKC", _DELIMITERS.sub("", authority))):
        return ""
    return (host[1] or host[2]).lower().removeprefix("www.").removesuffix(".")


def names_host(text: str, host: str) -> bool:
    """Decide whether a short text is the name of a site: ``The Harbour Gazette`` of ``harbour-gazette.example``.

    Examples
    --------
    >>> names_host("The Harbour Gazette", "harbour-gazette.example")
    True
    >>> names_host("Harbour reopens", "harbour-gazette.example")
    False
    """
    return is_in_host(_NO_LETTER.sub("", text.lower()).removeprefix("the"), host)


def is_in_host(letters: str, host: str) -> bool:
    """Decide whether the letters and digits of a name, in lower case and without a leading ``the``, stand in a host."""
    return _SHORTEST_NAME < len(letters) <= _LONGEST_NAME and letters in _letters_of(host)


@lru_cache(maxsize=256)
def _letters_of(host: str) -> str:
    return _NO_LETTER.sub("", host.lower())
