"""Identity: which pages are the same, and what each is called.

In: pages as they stream by, and the ids of earlier nights. Out: one id for each, empty for a page seen already.

Rules guarded here: no two contents share an id, an id once given stays, and the order of the inputs does not matter.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import xxhash

from pipelines.source.decode import BOM
from pipelines.source.page import Page
from pipelines.source.reject import Reject


def content_digest(content: bytes) -> str:
    """Return the XXH3-128 digest of ``content`` in hex, a UTF-8 byte order mark left out."""
    return xxhash.xxh3_128_hexdigest(content.removeprefix(BOM))


@dataclass(frozen=True, slots=True)
class Claim:
    """What an id is given by: everything of a page but its content."""

    doc_id: str
    digest: str
    published: str
    input: str
    position: str


def claim(page: Page) -> Claim:
    """Return what ``page`` claims."""
    return Claim(page.doc_id, content_digest(page.content), page.published, page.input, page.position)


def assign_ids(claims: Sequence[Claim], known: Mapping[str, Mapping[str, str]] | None = None) -> list[str]:
    """Give every claim its id, or an empty string if it was seen already.

    The contents that claim one id are ordered by date (undated last), then by digest; the first gets the id as it is,
    the others ``ID@2``, ``ID@3``… and never an id that another page claims as its own. The order of ``claims`` does
    not matter.

    Parameters
    ----------
    claims
        One per page.
    known
        For each id claimed before: digest of the content -> id it was given. Those stay.

    Returns
    -------
    list of str
        Ids in the order of ``claims``.
    """
    known = known or {}
    groups: dict[str, dict[str, list[int]]] = {}
    for index, each in enumerate(claims):
        groups.setdefault(each.doc_id, {}).setdefault(each.digest, []).append(index)
    used = {given for contents in known.values() for given in contents.values()}
    ids = [""] * len(claims)

    def order(index: int) -> tuple[bool, str, str, str, int, str]:
        each = claims[index]
        # Positions are numbers: the shorter is the smaller.
        return (not each.published, each.published, each.digest, each.input, len(each.position), each.position)

    for doc_id in sorted(groups):
        before = known.get(doc_id, {})
        firsts = [min(same, key=order) for digest, same in groups[doc_id].items() if digest not in before]
        number = 1
        for index in sorted(firsts, key=order):
            given = doc_id
            while given in used or (number > 1 and given in groups):
                number += 1
                given = f"{doc_id}@{number}"
            used.add(given)
            ids[index] = given
    return ids


@dataclass(slots=True)
class Identify:
    """Lets pages stream by, remembers what each claims and what was rejected, and gives the ids at the end.

    ``earlier``: what earlier nights claimed; such pages stop here. ``places``: of each page that went on, its place in ``claims``.
    """

    earlier: Container[Claim] = ()
    claims: list[Claim] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    seen: int = 0

    def pages(self, items: Iterable[Page | Reject]) -> Iterator[Page]:
        """Yield the pages of ``items`` that no earlier night had; the rejects go to ``rejects``."""
        for item in items:
            if isinstance(item, Reject):
                self.rejects.append(item)
            else:
                self.claims.append(claim(item))
                if self.claims[-1] not in self.earlier:
                    self.places.append(len(self.claims) - 1)
                    yield item

    def assign(self, known: Mapping[str, Mapping[str, str]] | None = None) -> list[str]:
        """Return the id of each page in the order they came, empty for one seen already, and count those."""
        ids = assign_ids(self.claims, known)
        self.seen = ids.count("")
        return ids
