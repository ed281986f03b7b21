"""The address of a page.

In: a URL or path as it was crawled or given. Out: the form of a URL that two crawls of one page share, which serves as
its id; the host that a folder is named after.

Rule guarded here: only what cannot change which page is meant is dropped.
"""

import re
from typing import Final
from urllib.parse import urlsplit

_PORTS: Final = {"http": ":80", "https": ":443"}
_HOST: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,24}", re.IGNORECASE)
_TRACKING: Final = re.compile(
    r"(?:utm_\w*|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|ttclid|twclid|igshid|igsh|mc_cid|mc_eid|_ga|_gl"
    r"|_hsenc|_hsmi|mkt_tok|vero_id|oly_enc_id|oly_anon_id)\Z",
    re.IGNORECASE,
)


def normalise_url(url: str) -> str:
    """Return ``url`` in the form that two crawls of one page share.

    Scheme and host in lower case; default port, fragment and tracking parameters dropped; other parameters kept in
    their order; a bare host ends in a slash. What cannot be parsed comes back stripped.

    Examples
    --------
    >>> normalise_url("HTTPS://News.Example.com:443/a?utm_source=x&id=7#top")
    'https://news.example.com/a?id=7'
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    if not parts.scheme or not parts.netloc:
        return url
    user, at, host = parts.netloc.rpartition("@")
    netloc = user + at + host.lower().removesuffix(_PORTS.get(parts.scheme, "\0")).removesuffix(":")
    query = "&".join(each for each in parts.query.split("&") if not _TRACKING.match(each.partition("=")[0]))
    return f"{parts.scheme}://{netloc}{parts.path or '/'}{'?' if query else ''}{query}"


def host_folder(path: str) -> str:
    """Return the innermost folder of ``path`` that is named like a host, as mirroring crawlers name theirs, or ``""``.

    Examples
    --------
    >>> host_folder("crawl/www.harbour-gazette.example/news/quake.html")
    'harbour-gazette.example'
    >>> host_folder("crawl/2026.03.02/quake.html")
    ''
    """
    for folder in reversed(path.split("/")[:-1]):
        if _HOST.fullmatch(folder):
            return folder.lower().removeprefix("www.")
    return ""
