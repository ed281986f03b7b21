"""Lines that a site repeats: the same line in several otherwise unrelated articles of one source.

In: the segments of a source. Out: how many unrelated articles hold each key that is held by two or more. Copies and
updates of one story share lines because they are one text; such articles count once. A gallery or a panel list that
different stories carry is counted, however long it is. Lines that many *sources* carry (quotations, wire copy) are
news: nothing is counted across sources, nor among articles whose source is unknown.

Rule guarded here: near-linear cost; an article is compared with a few others per line, not with all.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import pyarrow as pa

from dedup.articles.normalize import words
from dedup.articles.segment import NO_WORDS
from dedup.errors import ParameterError
from dedup.schema import REPEAT, SEGMENT

_LONG = 12
"""From this many words on a line is text whose sharing may relate two articles."""
_CONTENT = 5
"""Words of at least so many letters tell what a text is about."""
_ENOUGH = 40
"""Words a text must have beside what it shares before its subject can be compared."""
_SAME_SUBJECT = 0.25
"""Share of the smaller rest's content words found in the other's, from which two rests are on one subject."""


@dataclass
class Article:
    """The lines of one article, as far as counting repeats needs them.

    ``keys``: every key; ``long``: number of words of each long line; ``content``: content words of each long line.
    """

    keys: set[int] = field(default_factory=set)
    long: dict[int, int] = field(default_factory=dict)
    content: dict[int, frozenset[str]] = field(default_factory=dict)

    def add(self, key: int, text: str) -> None:
        """Add a line."""
        if key == NO_WORDS:
            return
        self.keys.add(key)
        tokens = words(text)
        if len(tokens) >= _LONG:
            self.long[key] = len(tokens)
            self.content[key] = frozenset(word for word in tokens if len(word) >= _CONTENT)


def related(left: Article, right: Article, least_share: float) -> bool:
    """Decide whether two articles are one text in two versions.

    They are if the long lines they share make up ``least_share`` of the words in the long lines of either, unless
    what both have beside them is substantial and on different subjects.
    """
    shared = left.long.keys() & right.long.keys()
    size = sum(left.long[key] for key in shared)
    total = [sum(article.long.values()) for article in (left, right)]
    if size < least_share * min(total):
        return False
    if min(total) - size < _ENOUGH:
        # The smaller has nothing of its own: a copy, unless the larger shows the shared part to be a small attachment.
        return size >= least_share * max(total) or min(total) >= 3 * _ENOUGH
    rests = [
        frozenset().union(*(words_ for key, words_ in article.content.items() if key not in shared))
        for article in (left, right)
    ]
    return len(rests[0] & rests[1]) >= _SAME_SUBJECT * min(map(len, rests))


def count(articles: Mapping[str, Article], least_share: float = 0.5, n_compared: int = 3) -> dict[int, int]:
    """Count in how many unrelated articles of one source each key stands.

    Parameters
    ----------
    articles : mapping of str to Article
        The articles of one source by id.
    least_share : float
        Share of the words in long lines from which two articles may be versions of one, in (0, 1].
    n_compared : int
        With how many articles before it, in order of id, an article is compared per long line.

    Returns
    -------
    dict of int to int
        Key -> number of groups of related articles that hold it; only keys of two groups or more, in order.
    """
    order = sorted(articles)
    holders: defaultdict[int, list[int]] = defaultdict(list)
    for number, doc_id in enumerate(order):
        for key in articles[doc_id].keys:
            holders[key].append(number)
    parent = list(range(len(order)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    compared: set[tuple[int, int]] = set()
    for number, doc_id in enumerate(order):
        for key in sorted(articles[doc_id].long):
            held = holders[key]
            at = bisect_left(held, number)
            for other in held[max(at - n_compared, 0) : at]:
                if (other, number) in compared:
                    continue
                compared.add((other, number))
                if root(other) != root(number) and related(articles[order[other]], articles[doc_id], least_share):
                    high, low = sorted((root(other), root(number)), reverse=True)
                    parent[high] = low
    groups = {key: len({root(number) for number in held}) for key, held in holders.items() if len(held) > 1}
    return {key: groups[key] for key in sorted(groups) if groups[key] > 1}


@dataclass(frozen=True)
class Repeats:
    """Count the lines that a source repeats.

    Reads: segments. Writes: repeats. Partitioned by: source. Segments without a source, and ``clean`` ones, are not
    counted: of a text whose site is not known nothing can be said to be the site's.
    """

    least_share: float = 0.5
    n_compared: int = 3

    reads: ClassVar[pa.Schema] = pa.schema(
        [SEGMENT.field(name) for name in ("doc_id", "source", "kind", "text", "key")]
    )
    writes: ClassVar[pa.Schema] = REPEAT
    partition_by: ClassVar[tuple[str, ...]] = ("source",)

    def __post_init__(self) -> None:
        """Check the parameters."""
        if not 0 < self.least_share <= 1:
            raise ParameterError(f"Repeats: least_share must be in (0, 1]. Got {self.least_share}.")
        if self.n_compared < 1:
            raise ParameterError(f"Repeats: n_compared must be at least 1. Got {self.n_compared}.")

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield one batch of repeats per source."""
        source, articles = "", dict[str, Article]()
        for batch in batches:
            columns = (batch.column(name).to_pylist() for name in self.reads.names)
            for doc_id, now, kind, text, key in zip(*columns, strict=True):
                if (now or "") != source:
                    yield self._count(source, articles)
                    source, articles = now or "", {}
                if source and kind != "clean":
                    articles.setdefault(doc_id, Article()).add(key, text)
        yield self._count(source, articles)

    def _count(self, source: str, articles: Mapping[str, Article]) -> pa.RecordBatch:
        found = count(articles, self.least_share, self.n_compared)
        rows = [{"source": source, "key": key, "n_articles": number} for key, number in found.items()]
        return pa.RecordBatch.from_pylist(rows, schema=self.writes)
