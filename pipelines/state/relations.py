"""What a state remembers: its relations, the key of each, and whether its rows are ever replaced.

In: nothing. Out: ``RELATIONS``, by which both forms of a state make their tables, check what they hold and write it out.

Rule guarded here: everything that a night must know of earlier ones stands in one of these; each row of them, but those of
``parameters``, says which night wrote it, in a column ``night``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from dedup.errors import StateError
from dedup.schema import (
    ARTICLE,
    ASSIGNMENT,
    BAND,
    EVENT,
    LIKENESS,
    MATCH,
    MEMBER,
    MERGE,
    POINT,
    REPEAT,
    SIGNATURE,
    TELLING,
    TERM_COUNT,
    TERMS,
    TEXT,
)

#: The column that says which night wrote a row.
NIGHT: Final = pa.field("night", pa.int64())


@dataclass(frozen=True)
class Relation:
    """One relation of a state.

    Parameters
    ----------
    schema : Schema
        Without ``night``.
    key : tuple of str
        Columns that tell its rows apart.
    replaced : bool
        Whether a later night may write a row of the same key, which takes the place of the earlier one.
    summed : str
        Column of which the numbers of all nights are added up when rows are looked up; each night adds its own.
    ordered : bool
        Whether rows that are looked up stand in the order of the key. To order many costs more than to find them.
    """

    schema: pa.Schema
    key: tuple[str, ...]
    replaced: bool = False
    summed: str = ""
    ordered: bool = True

    @property
    def stored(self) -> pa.Schema:
        """The schema with ``night``."""
        return self.schema.append(NIGHT)


#: What an input claimed and was given: ``claimed`` and ``digest`` (of the raw content) tell it apart, ``doc_id`` is what it is
#: called, ``stem`` that without the number of a revision. ``low`` and ``high`` are halves of a digest of ``claimed`` and ``digest``.
#: The text of a forgotten article is gone, but not this row, so that it stays away when it is crawled again.
CLAIM = pa.schema(
    [
        ("claimed", TEXT),
        ("digest", TEXT),
        ("doc_id", TEXT),
        ("stem", TEXT),
        ("low", pa.int64()),
        ("high", pa.int64()),
    ]
)

#: One night. ``inputs`` tells its inputs by their digests; ``ended`` is when (ISO 8601, UTC); ``record`` its ``run.json``.
RUN = pa.schema([("number", pa.int64()), ("inputs", TEXT), ("ended", TEXT), ("record", TEXT)])

#: One file of the report of a night, compressed (Zstandard).
FILE = pa.schema([("number", pa.int64()), ("name", TEXT), ("n_bytes", pa.int64()), ("content", pa.large_binary())])

#: A parameter that shaped the state, and its value as text.
PARAMETER = pa.schema([("name", TEXT), ("value", TEXT)])

_COMPRESSION: Final = "zstd"


def packed(number: int, name: str, content: bytes) -> dict[str, Any]:
    """Return the row of relation FILE for a file of the report of night ``number``."""
    squeezed = pa.compress(content, _COMPRESSION, asbytes=True)
    return {"number": number, "name": name, "n_bytes": len(content), "content": squeezed}


def unpacked(row: Mapping[str, Any]) -> bytes:
    """Return the content of a file of a report, from its row of relation FILE.

    Raises
    ------
    StateError
        If it is damaged.
    """
    try:
        content: bytes = pa.decompress(row["content"], row["n_bytes"], _COMPRESSION, asbytes=True)
    except (OSError, ValueError) as error:
        raise StateError(
            f"--state: {row['name']} of night {row['number']} is damaged. Put a copy of the state in its place."
        ) from error
    return content


_OF_ARTICLES = pa.schema([field for field in ARTICLE if field.name != "removed"])

#: Every relation by its name.
RELATIONS: Final[dict[str, Relation]] = {
    "articles": Relation(_OF_ARTICLES, ("doc_id",)),
    "signatures": Relation(SIGNATURE, ("doc_id",)),
    "terms": Relation(TERMS, ("doc_id",)),
    "telling": Relation(TELLING, ("doc_id",)),
    "bands": Relation(BAND, ("kind", "key", "arrival"), ordered=False),
    "points": Relation(POINT, ("key", "arrival")),
    "matches": Relation(MATCH, ("left_id", "right_id")),
    "members": Relation(MEMBER, ("doc_id",), replaced=True),
    "assignments": Relation(ASSIGNMENT, ("doc_id",), replaced=True),
    "events": Relation(EVENT, ("event_id",), replaced=True),
    "likenesses": Relation(LIKENESS, ("earlier", "later")),
    "merges": Relation(MERGE, ("level", "old_id")),
    "repeats": Relation(REPEAT, ("source", "key"), replaced=True),
    "term_counts": Relation(TERM_COUNT, ("key",), summed="n_articles"),
    "claims": Relation(CLAIM, ("claimed", "digest")),
    "runs": Relation(RUN, ("number",)),
    "files": Relation(FILE, ("number", "name")),
}
