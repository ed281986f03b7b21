"""The headline of a page: one of the things that could be it, by the evidence for each.

In: what a page states about itself. Out: its headline, the site's name cut off; empty where the page has none.

Rule guarded here: the answer is always a text that the page has, or a title less the parts at its ends; which one is
decided by a sum of a few weights, fitted once on labelled pages, that a reader can follow, unless the page says it twice.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import chain
from operator import mul
from typing import Final

from dedup.articles.normalize import words, words_once
from dedup.articles.stated import Heading, Stated, line_of, types_of

_CUT: Final = re.compile(r"\s+(?:[|\u2013\u2014\u00b7\u00bb\u2022:~<>/-]{1,2})\s+|\s*\|\s*")
_LABEL: Final = re.compile(r"([^:]{3,60}):\s+")
_EXTENSION: Final = re.compile(r"\.\w{2,5}\Z")
_AROUND_PATH: Final = re.compile(r"\A(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*|[?#].*\Z", re.DOTALL)
_ENCODED: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_NO_WORD: Final = re.compile(r"[\W_]+")
_PARTED: Final = re.compile(r"\s[|\u2013\u2014-]\s")
_LONGEST: Final = 400
_SHORT: Final = 2
_MOST_LATER, _MOST_PARTS, _MOST_BELOW = 5, 3, 5

#: What speaks for a candidate and how much: a conditional logit over the candidates of a page (``benchmarks/metadata.py``).
WEIGHTS: Final = {
    "h1": 2.5,
    "h1 front": 1.2,
    "front": 1.0,
    "end": 0.4,
    "parted": -2.0,
    "like a title": 2.6,
    "like both": 2.7,
    "agreed, like h1": 2.3,
    "address": 1.9,
    "marked": 0.8,
    "within": 0.7,
    "short": -0.7,
    "site": -0.9,
    "later": -0.9,
    "parts": -1.2,
    "below": -1.0,
}

Words = tuple[str, ...]


def headline(page: Stated) -> str:
    """Choose the headline of a page.

    Candidates are the headings, and the title as the title element, Open Graph, Twitter and linked data give it, each
    whole and cut at its separators. What Open Graph calls the page needs no more to speak for it where a heading of the first level
    says the same; see ``evidence`` for what speaks for others.

    Examples
    --------
    >>> from dedup.articles.stated import Heading
    >>> headline(Stated(title="Vote is delayed - Gazette", headings=[Heading(1, "Gazette"), Heading(1, "Vote is delayed")]))
    'Vote is delayed'
    """
    if agreed := _agreed(page):
        return agreed
    texts, found = evidence(page)
    if not found:
        return ""
    return texts[max(found, key=lambda one: sum(map(mul, map(WEIGHTS.__getitem__, found[one]), found[one].values())))]


def _agreed(page: Stated) -> str:
    """Return the title for Open Graph, the site's name cut off, where it has the words of a heading of the first level; else nothing."""
    for title in page.meta.get("og:title", [])[:1]:
        whole = without_site(title[:_LONGEST], page)
        # What a bar cuts off is no headline, though heading and title both have it; a word or two, or what leads home, may be a section's name.
        named = () if "|" in whole else words_once(whole)
        shown = (one.text for one in page.headings if one.level == 1 and not one.home and len(one.text) <= _LONGEST)
        if len(named) > _SHORT and any(words_once(text) == named for text in shown):
            return whole.strip()
    return ""


def evidence(page: Stated) -> tuple[dict[Words, str], dict[Words, dict[str, float]]]:
    """Return the candidates of a page, by their words, and what speaks for each.

    Returns
    -------
    texts : dict
        How the page writes each.
    found : dict
        Evidence by name, each in [0, 1] or a small count; see ``WEIGHTS``.
    """
    texts: dict[Words, str] = {}
    roles: dict[Words, set[str]] = defaultdict(set)
    places: dict[Words, Heading] = {}

    def add(text: str, role: str) -> Words:
        key = words_once(text) if len(text) <= _LONGEST else ()
        if key:
            texts.setdefault(key, text.strip())
            roles[key].add(role)
        return key

    for role, text in _titles(page):
        whole = without_site(text[:_LONGEST], page)
        add(whole, role)
        cuts = list(_CUT.finditer(whole))
        for cut in cuts:
            add(whole[: cut.start()], "front")
        if cuts:
            add(whole[cuts[-1].end() :], "end")
    for heading in page.headings:
        key = add(heading.text, "h1" if heading.level == 1 else "h2")
        if not key:
            continue
        places.setdefault(key, heading)
        roles[key].update(name for name in ("marked", "home") if getattr(heading, name))
        if heading.level == 1:
            for cut in _CUT.finditer(heading.text):
                add(heading.text[: cut.start()], "h1 front")
    main = [key for key in roles if roles[key] & {"og", "title", "linked"}]
    first = [key for key in roles if "h1" in roles[key]]
    counts = {key: Counter(key) for key in (*main, *first)}
    nowhere = Heading(0, "")
    slug = Counter(_slug(page.url))
    telling = {*slug, *chain.from_iterable(counts)}
    found = {}
    for key, held in roles.items():
        alike = like_h1 = in_address = 0.0
        if not telling.isdisjoint(key):
            own = counts.get(key) or Counter(key)
            alike = max([_alike(own, counts[other]) for other in main], default=0.0)
            like_h1 = max([_alike(own, counts[other]) for other in first], default=0.0)
            in_address = _in_both(own, slug)
        place = places.get(key, nowhere)
        found[key] = {name: 1.0 for name in ("h1", "front", "end", "marked", "h1 front") if name in held} | {
            "like a title": alike,
            "like both": (alike + like_h1) / 2,
            "agreed, like h1": like_h1 if {"og", "title"} <= held and "h1" not in held else 0.0,
            "later": float(min(first.index(key), _MOST_LATER)) if "h1" in held else 0.0,
            "parts": min(place.parts, _MOST_PARTS) / 2,
            "below": min(place.below, _MOST_BELOW) / 3,
            "parted": float(bool(_PARTED.search(texts[key]))),
            "address": in_address,
            "site": float("home" in held or page.names_site(texts[key])),
            "short": float(len(key) <= _SHORT),
            "within": float(
                "h1" in held and not held & {"og", "title", "linked"} and any(_holds(other, key) for other in main)
            ),
        }
    return texts, found


def without_site(title: str, page: Stated) -> str:
    """Take the site's name off the ends of a title.

    Examples
    --------
    >>> without_site("Vote is delayed | The Harbour Gazette", Stated(host="harbour-gazette.example"))
    'Vote is delayed'
    >>> without_site("Vote is delayed - for a week", Stated(host="harbour-gazette.example"))
    'Vote is delayed - for a week'
    >>> without_site("The Harbour Gazette", Stated(host="harbour-gazette.example"))
    ''
    """
    title = " ".join(title.split())
    while True:
        if page.names_site(title):
            return ""
        cuts = list(_CUT.finditer(title))
        label = _LABEL.match(title)
        if label and page.names_site(label[1]):
            title = title[label.end() :]
        elif cuts and (page.names_site(title[cuts[-1].end() :]) or _of_host(title[cuts[-1].end() :], page.host)):
            title = title[: cuts[-1].start()]
        elif cuts and page.names_site(title[: cuts[0].start()]):
            title = title[cuts[0].end() :]
        else:
            return title


def _of_host(part: str, host: str) -> bool:
    """Decide whether a short part of a title mentions the host by name or by its initials."""
    name = words(part)
    labels = [label for label in host.split(".")[:-1] if label not in {"www", "co", "com", "org", "blog", "news"}]
    initials = "".join(word[0] for word in name)
    return len(name) <= 6 and any(
        (len(label) > 2 and label in name)
        or (len(label) > 3 and label.replace("-", "") in "".join(name))
        or (len(name) > 1 and initials == label)
        for label in labels
    )


def _titles(page: Stated) -> Iterator[tuple[str, str]]:
    for role, tag in (("og", "og:title"), ("twitter", "twitter:title")):
        for text in page.meta.get(tag, [])[:1]:
            yield role, text
    yield "title", page.title
    for node in page.articles():
        name = node.get("headline") or node.get("name")
        if isinstance(name, str):
            yield "linked", line_of(name)
    for node in page.linked:
        if "WebPage" in types_of(node) and isinstance(node.get("name"), str):
            yield "page", line_of(node["name"])


def _slug(url: str) -> list[str]:
    """Return the words of the part of the address that has most of them."""
    path = _ENCODED.sub(_decoded, _AROUND_PATH.sub("", url)).lower()
    parts = (_NO_WORD.split(_EXTENSION.sub("", part)) for part in path.split("/"))
    longest = max(([word for word in part if word and not word.isdigit()] for part in parts), key=len)
    return longest if len(longest) > 1 else []


def _decoded(match: re.Match[str]) -> str:
    return bytes.fromhex(match[0].replace("%", "")).decode("utf-8", errors="replace")


def _alike(left: Counter[str], right: Counter[str]) -> float:
    """Return the F1 of two bags of words."""
    if left.keys().isdisjoint(right):
        return 0.0
    shared = sum(min(n, right[word]) for word, n in left.items() if word in right)
    return 2 * shared / (left.total() + right.total())


def _in_both(left: Counter[str], right: Counter[str]) -> float:
    """Return the mean of the shares of the words of each that the other has."""
    if left.keys().isdisjoint(right):
        return 0.0
    return (
        sum(n for word, n in left.items() if word in right) / left.total()
        + sum(n for word, n in right.items() if word in left) / right.total()
    ) / 2


def _holds(outer: Words, inner: Words) -> bool:
    size = len(inner)
    return 2 < size < len(outer) and any(outer[i : i + size] == inner for i in range(len(outer) - size + 1))
