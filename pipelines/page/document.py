"""One HTML file: what a browser reads, and the night as data in it.

In: the night as JSON values. Out: the text of ``report.html``.

Rules guarded here: nothing in the data can end the element that holds it or run; the policy of the page lets only these
styles and these scripts work, by their digests, and lets nothing be loaded.
"""

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Final

#: Parts of the style and of the script, in the order in which they are put together.
STYLE: Final = ("paper", "figures", "events", "tables", "comparison", "print")
SCRIPT: Final = (
    "elements",
    "words",
    "night",
    "lists",
    "filters",
    "events",
    "matches",
    "sources",
    "rejects",
    "comparison",
    "page",
)
_LEVEL: Final = 6


def compose(night: Mapping[str, Any], packs: Mapping[str, Iterable[Any]]) -> str:
    """Put the page together.

    Parameters
    ----------
    night : mapping
        Stands in the page as plain JSON.
    packs : mapping of iterables
        Values that are compressed one by one; the page unpacks each when it needs it.
    """
    place = resources.files(__name__.rpartition(".")[0])
    style, script = _joined(place / "style", STYLE, "css"), _joined(place / "script", SCRIPT, "js")
    policy = (
        "default-src 'none'; "
        f"script-src {_digest(script)}; style-src {_digest(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )
    parts = {
        "policy": policy,
        "style": style,
        "summary": _summary(night["counts"]),
        "data": "\n".join(_data(night, packs)),
        "script": script,
    }
    page = (place / "template.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda name: parts[name[1]], page)


def _joined(folder: Traversable, names: Sequence[str], ending: str) -> str:
    return "\n" + "\n".join((folder / f"{name}.{ending}").read_text(encoding="utf-8") for name in names)


def _digest(text: str) -> str:
    """Return the source expression that allows one inline element."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _summary(counts: Mapping[str, Any]) -> str:
    """Say the night in a line for those whose browser runs no scripts."""
    return (
        f"{counts['articles']:,} articles, {counts['copies']:,} of them copies; {counts['events']:,} events; "
        f"{counts['rejects']:,} inputs rejected."
    )


def _data(night: Mapping[str, Any], packs: Mapping[str, Iterable[Any]]) -> Iterator[str]:
    yield f'<script type="application/json" id="night">{escaped(night)}</script>'
    # A value is compressed while the next are made.
    with ThreadPoolExecutor() as threads:
        for name, texts in {name: threads.map(packed, values) for name, values in packs.items()}.items():
            for number, text in enumerate(texts):
                yield f'<script type="application/gzip;base64" id="{name}-{number}">{text}</script>'


def escaped(value: Any) -> str:
    r"""Return JSON that ends no element: ``<``, ``>`` and ``&`` are escaped.

    Examples
    --------
    >>> escaped("</script>")
    '"\\u003c/script\\u003e"'
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def packed(value: Any) -> str:
    """Return JSON compressed by gzip, in base64; the same value gives the same text."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), _LEVEL, mtime=0)).decode("ascii")
