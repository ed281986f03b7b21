"""What a site repeats: the same sentence, or form of a line, in several otherwise unrelated articles of one source.

In: the segments of a source, and what earlier nights learned of it. Out: in how many unrelated articles each key
stands, with a few of its holders, so that a later night can go on counting. Copies and updates of one story share
lines because they are one text; such articles count once, on whatever night they come. A gallery or a panel list that
different stories carry is counted, however long it is. What many *sources* carry (quotations, wire copy) is news:
nothing is counted across sources, nor among articles whose source is unknown.

Rule guarded here: near-linear cost; an article is compared with a few others per sentence, not with all.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby, pairwise
from operator import itemgetter
from typing import ClassVar, Final, NamedTuple, Self, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash
from numpy.typing import NDArray

from dedup.articles.normalize import UNSPACED, words
from dedup.articles.segment import NO_WORDS, size
from dedup.errors import ParameterError
from dedup.keys import KeyIndex, distinct
from dedup.schema import KEYS, REPEAT, SEGMENT

_LONG: Final = 8
"""From this many words on a sentence is text whose sharing may relate two articles."""
_CONTENT: Final = 5
"""Words of at least so many letters tell what a text is about; in scripts without spaces, pairs of letters do."""
_ENOUGH: Final = 40
"""Words a text must have beside what it shares before its subject can be compared."""
_SAME_SUBJECT: Final = 0.25
"""Share of the smaller rest's content words found in the other's, from which two rests are on one subject."""
_SITES: Final = 3
"""What so many articles repeat is the site's, and no longer says that two of them are one text."""
_HOLDERS: Final = 4
"""So many holders of a key are remembered. Of a key with more, it no longer matters which one they are."""

_UNSPACED = re.compile(f"[{UNSPACED}]")

#: ``kind`` of the rows of :func:`with_known` that bring what is known, not a line.
KNOWN: Final = "known"

#: The columns that :func:`counted` adds to segments.
COUNTED: Final = pa.schema(
    [("n_sentences", KEYS), ("n_alike", pa.int64()), ("n_sources", pa.int64()), ("n_site", pa.int64())]
)


class Holder(NamedTuple):
    """An article that holds a key: the digest of its id, and about how many words its long sentences have."""

    article: int
    size: int


#: From this probability on the line model trusts a line.
TRUSTED: Final = 0.5
#: So many trusted lines from the top may stand on other pages as teasers.
_LEAD: Final = 3
#: A lead is teased in fewer articles than so many, or than this share of all unrelated ones of its site.
_TEASED: Final = 10
_TEASED_SHARE: Final = 0.3
TRUSTED_BITS: Final = 0x5DEECE66D1F3B5A7
"""By these bits the key of a trusted sentence differs; see `trusted`."""


class Seen(NamedTuple):
    """How often a key was seen: in so many groups of related articles, of which the first few are named."""

    n_articles: int
    holders: tuple[Holder, ...] = ()


_UNSEEN: Final = Seen(0)


#: A line with the keys of its sentences and of its forms, and its probability to be the article's.
Line: TypeAlias = tuple[str, Sequence[int], Sequence[int], float]


@dataclass
class Article:
    """The lines of one article, as far as counting repeats needs them.

    ``keys``: every key, of sentences and of forms; ``long``: about the number of words of each long sentence; ``lines``:
    every line with a long sentence, and the keys of its sentences.
    """

    keys: set[int] = field(default_factory=set)
    long: dict[int, int] = field(default_factory=dict)
    lines: list[tuple[str, Sequence[int]]] = field(default_factory=list)

    @classmethod
    def of(cls, lines: Sequence[Line]) -> Self:
        """Make an article of its lines."""
        made = cls({NO_WORDS}.union(*(keys for _, *both, _ in lines for keys in both)))
        made.keys.update(trusted(key) for _, sentences, _, keep in lines if keep >= TRUSTED for key in sentences)
        for text, sentences, _, _ in lines:
            n = max(len(sentences), 1)
            if len(text) >= _LONG * n and (each := size(text) // n) >= _LONG:
                made.long.update((key, each) for key in sentences if key != NO_WORDS)
                made.lines.append((text, sentences))
        return made

    @property
    def size(self) -> int:
        """About how many words the long sentences have."""
        return sum(self.long.values())


def trusted(key: int) -> int:
    """Return the key under which a sentence is counted where the line model trusts it.

    A lead stands on other pages as a teaser of its story; there the model doubts it, and it must not go for that at home, the
    only place where it is trusted.
    """
    return key ^ TRUSTED_BITS if key != NO_WORDS else NO_WORDS


def content(text: str) -> set[str]:
    """Return the words that tell what a text is about; pairs of letters in scripts without spaces."""
    tokens = words(text)
    if not text.isascii() and _UNSPACED.search(text):
        return {a + b for a, b in pairwise(tokens)}
    return {word for word in tokens if len(word) >= _CONTENT}


def related(left: Article, right: Article, least_share: float) -> bool:
    """Decide whether two articles are one text in two versions.

    They are if the long sentences they share make up ``least_share`` of the words in the long sentences of either, unless
    what both have beside them is substantial and on different subjects.
    """
    shared = left.long.keys() & right.long.keys()
    common = sum(min(left.long[key], right.long[key]) for key in shared)
    total = [left.size, right.size]
    if common < least_share * min(total):
        return False
    if min(total) - common < _ENOUGH:
        # The smaller has nothing of its own: a copy, unless the larger shows the shared part to be a small attachment.
        return common >= least_share * max(total) or min(total) >= 3 * _ENOUGH
    rests = [
        set().union(*(content(text) for text, keys in article.lines if not shared.issuperset(keys)))
        for article in (left, right)
    ]
    return len(rests[0] & rests[1]) >= _SAME_SUBJECT * min(map(len, rests))


def count(
    articles: Mapping[str, Article],
    known: Mapping[int, Seen] | None = None,
    least_share: float = 0.5,
    n_compared: int = 3,
    *,
    remember: bool = False,
) -> dict[int, Seen]:
    """Count in how many unrelated articles of one source each key stands.

    Parameters
    ----------
    articles : mapping of str to Article
        The articles of one source by id, none of them counted before.
    known : mapping of int to Seen, optional
        What this function returned for the articles of earlier nights, the latest word on each key.
    least_share : float
        Share of the words in long sentences from which two articles may be versions of one, in (0, 1].
    n_compared : int
        With how many articles before it, in order of id, an article is compared per long sentence.
    remember : bool
        Give keys of a single article too: a later night may bring the second.

    Returns
    -------
    dict of int to Seen
        For each key of these articles, in order, the sum of what is known and what is new; it takes the place of what was
        known. Unless ``remember``, only keys in two groups of related articles or more. The key ``NO_WORDS``, which every
        article holds, has the number of all groups.
    """
    known = known or {}
    order = sorted(articles)
    once, wanted = set[int](), {NO_WORDS}
    for article in articles.values():
        wanted |= article.keys if remember else article.keys & once
        once |= article.keys
    wanted |= once & known.keys()
    holders: defaultdict[int, list[int]] = defaultdict(list)
    for number, doc_id in enumerate(order):
        for key in articles[doc_id].keys & wanted:
            holders[key].append(number)
    sites = {key for key in holders if key in known and known[key].n_articles >= _SITES}
    root = _grouped([articles[doc_id] for doc_id in order], holders, sites, least_share, n_compared)
    met: defaultdict[int, set[int]] = defaultdict(set)
    if known:
        for number, doc_id in enumerate(order):
            met[root[number]] |= _met(articles[doc_id], known, sites, least_share)

    @cache
    def holder(group: int) -> Holder:
        return Holder(digest(order[group]), articles[order[group]].size)

    found = {}
    for key in sorted(holders):
        before, new = known.get(key, _UNSEEN), {root[number] for number in holders[key]}
        if before.holders:
            earlier = {one.article for one in before.holders}
            new = {group for group in new if not met[group] & earlier}
        n_articles = before.n_articles + len(new)
        if n_articles > 1 or remember or key == NO_WORDS:
            named = sorted(new)[: max(_HOLDERS - len(before.holders), 0)] if remember else []
            found[key] = Seen(n_articles, before.holders + tuple(map(holder, named)))
    return found


def digest(doc_id: str) -> int:
    """Return the number by which an article is remembered."""
    return xxhash.xxh3_64_intdigest(doc_id.encode(errors="surrogatepass")) - (1 << 63)


def _grouped(
    articles: Sequence[Article],
    holders: Mapping[int, Sequence[int]],
    sites: set[int],
    least_share: float,
    n_compared: int,
) -> list[int]:
    """Return for each article the first one of its group of related articles."""
    parent = list(range(len(articles)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    compared: set[tuple[int, int]] = set()
    for number, article in enumerate(articles):
        for key in sorted(key for key in article.long if len(holders.get(key, ())) > 1 and key not in sites):
            held = holders[key]
            at = bisect_left(held, number)
            for other in held[max(at - n_compared, 0) : at]:
                if (other, number) in compared:
                    continue
                compared.add((other, number))
                if root(other) != root(number) and related(articles[other], article, least_share):
                    high, low = sorted((root(other), root(number)), reverse=True)
                    parent[high] = low
    return [root(number) for number in range(len(articles))]


def _met(article: Article, known: Mapping[int, Seen], sites: set[int], least_share: float) -> set[int]:
    """Return the remembered articles of earlier nights that this one is a version of."""
    common: defaultdict[Holder, int] = defaultdict(int)
    for key, each in article.long.items():
        if key not in sites and key in known:
            for holder in known[key].holders:
                common[holder] += each
    total = article.size
    return {holder.article for holder, shared in common.items() if shared >= least_share * min(total, holder.size)}


def wanted_keys(segments: pa.Table) -> pa.Array:
    """Return every key under which something of these segments is counted: what must be known of earlier nights.

    Parameters
    ----------
    segments : Table
        Relation SEGMENT.

    Returns
    -------
    Array of int64
        Sorted and distinct.
    """
    sentences, forms = (
        segments[name].combine_chunks().flatten().to_numpy(zero_copy_only=False).astype(np.int64)
        for name in ("sentences", "forms")
    )
    return pa.array(distinct(np.concatenate([sentences, sentences ^ TRUSTED_BITS, forms, [NO_WORDS]])), pa.int64())


def several(repeats: pa.Table) -> pa.Table:
    """Return the rows of what more than one group of articles holds, and of the number of all groups of a source."""
    return repeats.filter(pc.or_(pc.greater(repeats["n_articles"], 1), pc.equal(repeats["key"], NO_WORDS)))


def with_known(segments: pa.Table, known: pa.Table | None) -> pa.Table:
    """Put what earlier nights learned among tonight's segments, as :class:`Repeats` reads it.

    Parameters
    ----------
    segments : Table
        Relation SEGMENT.
    known : Table, optional
        Relation REPEAT, of the sources of these segments or of more.
    """
    names = Repeats.reads.names
    # Of other lines nothing is counted.
    is_counted = pc.and_(
        pc.not_equal(segments["kind"], "clean"), pc.not_equal(pc.fill_null(segments["source"], ""), "")
    )
    tonight = segments.select([name for name in names if name in SEGMENT.names]).filter(is_counted)
    if known is None or not known.num_rows:
        return pa.concat_tables([tonight, Repeats.reads.empty_table()], promote_options="default").select(names)
    known = known.filter(pc.is_in(known["source"], pc.unique(segments["source"]).drop_null()))
    known = known.append_column("kind", pa.repeat(pa.scalar(KNOWN), known.num_rows))
    return pa.concat_tables([tonight, known], promote_options="default").select(names)


def counted(segments: pa.Table, repeats: pa.Table, spread: pa.Table | None = None) -> pa.Table:
    """Say of every segment how often its sentences, and lines of its form, stand in articles of its source.

    Parameters
    ----------
    segments : Table
        Relation SEGMENT.
    repeats : Table
        Relation REPEAT; ``source``, ``key`` and ``n_articles``, of the keys of these segments at least.
    spread : Table, optional
        ``key`` and ``n_sources``, both int64: in the segments of how many sources a key stands, where these segments are not all; of all that is in
        ``repeats`` at least.

    Returns
    -------
    Table
        The segments with ``n_sentences`` (a number per sentence, 0 for what is no repeat), ``n_alike`` (the largest of its
        forms), ``n_sources`` (the largest number of sources, tonight, that one of its sentences stands in) and ``n_site``
        (the number of unrelated articles of its source).
    """
    sources = pc.unique(pa.chunked_array([*segments["source"].chunks, *repeats["source"].chunks]))
    salts = np.array([xxhash.xxh3_64_intdigest((name or "").encode()) for name in sources.to_pylist()], dtype=np.uint64)
    codes = pc.index_in(segments["source"], sources).to_numpy()
    of_repeat = _salted(repeats["key"].to_numpy(), salts, pc.index_in(repeats["source"], sources).to_numpy())
    of_repeat, first = np.unique(of_repeat, return_index=True)
    index, numbers = KeyIndex.of(of_repeat), repeats["n_articles"].to_numpy()[first].astype(np.float64)

    def look_up(wanted: NDArray[np.int64]) -> NDArray[np.int64]:
        return index.values(wanted, numbers, 0.0).astype(np.int64)

    def flat(name: str) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        lists = segments[name].combine_chunks()
        lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False).astype(np.int64)
        keys = lists.flatten().to_numpy(zero_copy_only=False).astype(np.int64)
        return keys, np.repeat(np.arange(len(lengths)), lengths), np.append(0, np.cumsum(lengths))

    keys, rows, offsets = flat("sentences")
    salted = codes[rows]
    n_sentences = np.where(keys == NO_WORDS, 0, look_up(_salted(keys, salts, salted)))
    n_site = look_up(_salted(np.full(segments.num_rows, NO_WORDS, dtype=np.int64), salts, codes))
    is_at_home = _is_lead(segments)[rows] & (look_up(_salted(keys ^ TRUSTED_BITS, salts, salted)) < 2)
    is_at_home &= n_sentences < np.maximum(_TEASED, _TEASED_SHARE * n_site)[rows]
    n_sentences = np.where(is_at_home, 0, n_sentences)
    repeated = n_sentences > 1
    if spread is None:
        is_spread = np.isin(keys, keys[repeated])
        spread_keys, key = np.unique(keys[is_spread], return_inverse=True)
        spread_to = np.bincount(distinct(key * len(sources) + codes[rows[is_spread]]) // len(sources))
    else:
        spread_keys, first = np.unique(spread["key"].to_numpy(), return_index=True)
        spread_to = spread["n_sources"].to_numpy()[first]
    n_sources = np.zeros(segments.num_rows, dtype=np.int64)
    np.maximum.at(n_sources, rows[repeated], spread_to[np.searchsorted(spread_keys, keys[repeated])])
    forms, form_rows, _ = flat("forms")
    n_alike = np.zeros(segments.num_rows, dtype=np.int64)
    np.maximum.at(n_alike, form_rows, look_up(_salted(forms, salts, codes[form_rows])))
    lists = pa.LargeListArray.from_arrays(offsets, n_sentences)
    for field_, column in zip(COUNTED, (lists, n_alike, n_sources, n_site), strict=True):
        segments = segments.append_column(field_, pa.array(column).cast(field_.type))
    return segments


def _is_lead(segments: pa.Table) -> NDArray[np.bool_]:
    """Tell the first lines of each article that the line model trusts: what teasers are made of."""
    trusted_ = pc.fill_null(segments["keep"], 0.0).to_numpy() >= TRUSTED
    rows = np.flatnonzero(trusted_)
    article = pc.index_in(segments["doc_id"], pc.unique(segments["doc_id"])).to_numpy()[rows]
    order = np.lexsort((segments["index"].to_numpy()[rows], article))
    first = np.flatnonzero(np.diff(article[order], prepend=-1))
    rank = np.arange(len(rows)) - np.repeat(first, np.diff(np.append(first, len(rows))))
    lead = np.zeros(segments.num_rows, dtype=bool)
    lead[rows[order[rank < _LEAD]]] = True
    return lead


def _salted(keys: NDArray[np.int64], salts: NDArray[np.uint64], codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Make one number of a key and its source."""
    return (keys.view(np.uint64) ^ salts[codes]).view(np.int64)


@dataclass(frozen=True)
class Repeats:
    """Count what a source repeats.

    Reads: segments, among them what is known (:func:`with_known`). Writes: repeats, a row per key of tonight's segments
    that takes the place of the row known before. Partitioned by: source. Segments without a source, and ``clean`` ones,
    are not counted: of a text whose site is not known nothing can be said to be the site's.

    Parameters
    ----------
    least_share : float
        Share of the words in long sentences from which two articles may be versions of one, in (0, 1].
    n_compared : int
        With how many articles before it, in order of id, an article is compared per long sentence.
    remember : bool
        Give keys of a single article too: a later night may bring the second.
    """

    least_share: float = 0.5
    n_compared: int = 3
    remember: bool = False

    reads: ClassVar[pa.Schema] = pa.schema(
        [
            *(SEGMENT.field(name) for name in ("doc_id", "source", "kind", "text", "keep", "sentences", "forms")),
            *(REPEAT.field(name) for name in ("key", "n_articles", "holders")),
        ]
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
        source, lines, known = "", defaultdict[str, list[Line]](list), dict[int, Seen]()
        for batch in batches:
            columns = [batch.column(name).to_pylist() for name in self.reads.names if name != "holders"]
            rows = zip(*columns, _held(batch.column("holders")), strict=True)
            for (doc_id, now, kind), of_article in groupby(rows, key=itemgetter(0, 1, 2)):
                if (now or "") != source:
                    yield self._count(source, lines, known)
                    source, lines, known = now or "", defaultdict(list), {}
                if kind == KNOWN:
                    known.update((key, Seen(n_articles, holders)) for *_, key, n_articles, holders in of_article)
                elif source and kind != "clean":
                    lines[doc_id] += (
                        (text, sentences or (), forms or (), keep or 0.0)
                        for _, _, _, text, keep, sentences, forms, *_ in of_article
                    )
        yield self._count(source, lines, known)

    def _count(self, source: str, lines: Mapping[str, list[Line]], known: Mapping[int, Seen]) -> pa.RecordBatch:
        # Of an article alone there is nothing to count, and many sources have but one.
        alone = len(lines) < 2 and not known and not self.remember
        articles = {doc_id: Article() if alone else Article.of(of_article) for doc_id, of_article in lines.items()}
        found = count(articles, known, self.least_share, self.n_compared, remember=self.remember)
        columns = [
            pa.array([source] * len(found), pa.string()),
            pa.array(list(found), pa.int64()),
            pa.array([seen.n_articles for seen in found.values()], pa.int64()),
            _as_lists([seen.holders for seen in found.values()]),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=self.writes)


_HOLDERS_TYPE: Final = REPEAT.field("holders").type


def _held(column: pa.Array) -> list[tuple[Holder, ...]]:
    """Return the holders of each row."""
    fields = column.flatten().flatten()
    holders = list(map(Holder, *(one.to_pylist() for one in fields)))
    ends = np.cumsum(pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)).tolist()
    return [tuple(holders[start:end]) for start, end in pairwise([0, *ends])]


def _as_lists(holders: Sequence[Sequence[Holder]]) -> pa.Array:
    """Return the holders of each row as a column."""
    held = [holder for each in holders for holder in each]
    fields = [
        pa.array([holder[place] for holder in held], one.type) for place, one in enumerate(_HOLDERS_TYPE.value_type)
    ]
    structs = pa.StructArray.from_arrays(fields, fields=list(_HOLDERS_TYPE.value_type))
    return pa.ListArray.from_arrays(np.cumsum([0, *map(len, holders)]).astype(np.int32), structs).cast(_HOLDERS_TYPE)
