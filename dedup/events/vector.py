"""Articles as sparse vectors, and how alike two of them are as reports of one happening.

In: the terms of a collection. Out: one TF-IDF matrix per kind of term (words, word pairs, spans, leads), matrices of the
days and quantities named, candidate pairs by their rarest terms, and the similarity of any list of pairs.

Rule guarded here: rarity is that of the frozen background and the collection together; a term of one article that the
background does not know either weighs half, because it can never match and only makes its article look different.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array, hstack

from dedup.articles.terms import Background, Bag, Terms
from dedup.events.counts import Counts

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_DAYS_IN_YEAR = 366
_PAIRS_AT_ONCE = 20_000
_ROWS_AT_ONCE = 512
_ODD_TERM = 0.5
_RARE_SHARE = 0.001


@dataclass(frozen=True)
class Mix:
    """How the similarity of two articles is made up.

    Parameters
    ----------
    word, bigram, span, lead : float
        Weights of the four cosines; they add up to 1.
    date, quantity, conflict : float
        By how much, as shares of that sum, a day and a rare quantity named by both raise it, and by how much it is
        lowered where both name days and none agrees.
    decay_days, floor : float
        The similarity of articles published apart is multiplied by a Gaussian of this width, never below ``floor``.
    """

    word: float = 0.25
    bigram: float = 0.25
    span: float = 0.2
    lead: float = 0.3
    date: float = 0.25
    quantity: float = 0.4
    conflict: float = 0.15
    decay_days: float = 7.0
    floor: float = 0.3


@dataclass(frozen=True, eq=False)
class Vectors:
    """TF-IDF rows of every article, L2-normalised, and what else its similarity is made of.

    ``words`` ... ``leads`` are CSR matrices of float64, shape (n_articles, n_terms of that kind). ``days`` holds the
    days named, ``near_days`` those and their neighbours; ``quantities`` the quantities; 1 for
    each that is named, quantities only where they are rare. ``published`` is the day of publication as an ordinal, NaN where not known.
    """

    words: Any
    bigrams: Any
    spans: Any
    leads: Any
    days: Any
    near_days: Any
    quantities: Any
    published: Floats


_PRIOR = 1000.0
"""So many articles of the background's frequencies are weighed against the run's own."""


def vectorise(terms: Sequence[Terms], published: Floats, frequencies: Background, live: Counts) -> Vectors:
    """Weigh the terms of a collection.

    Parameters
    ----------
    terms : sequence of Terms
        One per article (or per cluster of copies).
    published : ndarray of float64, shape (n_articles,)
        Days of publication as ordinals; NaN where not known.
    frequencies : Background
        Frozen document frequencies.
    live : Counts
        Those of the collection, and of what was seen before it.

    Returns
    -------
    Vectors
        Rows in the order of ``terms``.
    """
    words, word_keys = _tfidf([found.words for found in terms], frequencies, live)
    days = [_days(found.dates, slack=0) for found in terms]
    near = [_days(found.dates, slack=1) for found in terms]
    return Vectors(
        words=words,
        bigrams=_tfidf([found.bigrams for found in terms], frequencies, live)[0],
        spans=_tfidf([found.spans for found in terms], frequencies, live)[0],
        leads=_tfidf([found.lead for found in terms], frequencies, live, columns=word_keys)[0],
        days=_binary(days, _DAYS_IN_YEAR),
        near_days=_binary(near, _DAYS_IN_YEAR),
        quantities=_rarity([found.quantity_keys for found in terms], frequencies, live),
        published=published,
    )


def _stack(bags: Sequence[Bag]) -> tuple[Ints, Ints, NDArray[np.int32]]:
    """Return row, key and count of every entry of the bags."""
    rows = np.repeat(np.arange(len(bags)), [len(bag.keys) for bag in bags])
    keys = np.concatenate([bag.keys for bag in bags]) if bags else np.empty(0, dtype=np.int64)
    counts = np.concatenate([bag.counts for bag in bags]) if bags else np.empty(0, dtype=np.int32)
    return rows, keys, counts


def _tfidf(bags: Sequence[Bag], frequencies: Background, live: Counts, columns: Ints | None = None) -> tuple[Any, Ints]:
    """Return the L2-normalised matrix of ``(1 + ln tf) x idf`` and the key of each column."""
    rows, keys, counts = _stack(bags)
    if columns is None:
        columns = np.unique(keys)
    at = np.searchsorted(columns, keys)
    kept = np.isin(keys, columns)
    rows, at, counts = rows[kept], at[kept], counts[kept]
    met = live.frequency(columns)
    total = frequencies.n_documents + live.n_articles
    known = frequencies.document_frequency(columns)
    # A run of another country or year has names that the background never saw; there the run's own counts tell which
    # names are everywhere. The more articles it has, the more they weigh.
    share = (known + met + 1) / (total + 1)
    at_home = (met + _PRIOR * share) / (live.n_articles + _PRIOR)
    idf = -np.log(np.maximum(share, at_home))
    idf[(met <= 1) & (known <= frequencies.unseen)] *= _ODD_TERM
    matrix = csr_matrix(((1 + np.log(counts)) * idf[at], (rows, at)), shape=(len(bags), len(columns)))
    return _normalised(matrix), columns


def _normalised(matrix: Any) -> Any:
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return csr_matrix(diags_array(1.0 / np.where(lengths > 0, lengths, 1.0)) @ matrix) if matrix.shape[1] else matrix


def _days(days: Sequence[str], slack: int) -> list[int]:
    """Return days of the year as columns; a day of any year is the same column, and years are rarely given."""
    numbers = [_day_number(day) for day in days]
    return sorted({(number + step) % _DAYS_IN_YEAR for number in numbers for step in range(-slack, slack + 1)})


def _day_number(day: str) -> int:
    month, number = int(day[-5:-3]), int(day[-2:])
    return (0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335)[month - 1] + number - 1


def _binary(rows_of_columns: Sequence[Sequence[int]], n_columns: int) -> Any:
    rows = np.repeat(np.arange(len(rows_of_columns)), [len(columns) for columns in rows_of_columns])
    columns = np.array([column for columns in rows_of_columns for column in columns], dtype=np.int64)
    return csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(rows_of_columns), n_columns))


def _rarity(sets: Sequence[Ints], frequencies: Background, live: Counts) -> Any:
    """Return a matrix with 1 for every term that is rare and 0 for the others."""
    rows = np.repeat(np.arange(len(sets)), [len(keys) for keys in sets])
    columns, at = np.unique(np.concatenate(sets), return_inverse=True)
    n_articles = frequencies.n_documents + live.n_articles
    share = (frequencies.document_frequency(columns) + live.frequency(columns)) / n_articles
    rarity = (share < _RARE_SHARE).astype(np.float64)
    return csr_matrix((rarity[at], (rows, at)), shape=(len(sets), len(columns)))


def candidate_pairs(
    vectors: Vectors, *, n_terms: int = 60, n_neighbours: int = 60, crowd: int = 400
) -> tuple[Ints, Ints]:
    """Return the pairs of articles that share their most telling words.

    Parameters
    ----------
    vectors : Vectors
        Of the collection.
    n_terms : int
        Words of each article, the heaviest first, by which it is looked up.
    n_neighbours : int
        Nearest articles kept per article.
    crowd : int
        Words of more articles than this are not looked up.

    Returns
    -------
    tuple of two ndarray of int64, shape (n_pairs,)
        Rows ``left < right``, sorted.
    """
    matrix = csr_matrix(hstack([vectors.words, vectors.spans]))
    n_rows = matrix.shape[0]
    common = np.bincount(matrix.indices, minlength=matrix.shape[1]) > crowd
    matrix.data[common[matrix.indices]] = 0.0
    _keep_heaviest(matrix, n_terms)
    transposed = matrix.T.tocsr()
    lefts: list[Ints] = []
    rights: list[Ints] = []
    for start in range(0, n_rows, _ROWS_AT_ONCE):
        block = (matrix[start : start + _ROWS_AT_ONCE] @ transposed).tocsr()
        block.sort_indices()
        for row in range(block.shape[0]):
            there = slice(block.indptr[row], block.indptr[row + 1])
            columns, values = block.indices[there], block.data[there]
            other = columns != start + row
            columns, values = columns[other], values[other]
            if len(columns) > n_neighbours:
                columns = columns[np.lexsort((columns, -values))[:n_neighbours]]
            lefts.append(np.minimum(columns, start + row).astype(np.int64))
            rights.append(np.maximum(columns, start + row).astype(np.int64))
    if not lefts:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    codes = np.unique(np.concatenate(lefts) * n_rows + np.concatenate(rights))
    return codes // n_rows, codes % n_rows


def _keep_heaviest(matrix: Any, n_terms: int) -> None:
    """Set all but the ``n_terms`` heaviest entries of each row to nothing, in place."""
    for row in range(matrix.shape[0]):
        there = slice(matrix.indptr[row], matrix.indptr[row + 1])
        data = matrix.data[there]
        if len(data) > n_terms:
            light = np.lexsort((matrix.indices[there], -data))[n_terms:]
            data[light] = 0.0
    matrix.eliminate_zeros()


def similarities(vectors: Vectors, left: Ints, right: Ints, mix: Mix) -> tuple[Floats, NDArray[np.int8]]:
    """Return how alike pairs of articles are.

    Parameters
    ----------
    vectors : Vectors
        Of the collection.
    left, right : ndarray of int64, shape (n_pairs,)
        Rows.
    mix : Mix
        How the similarity is made up.

    Returns
    -------
    ndarray of float64, ndarray of int8, shape (n_pairs,)
        Similarities in [0, 1]; days named: 1 agree, -1 conflict, 0 not named by both.
    """
    mixed = mix.word * _dots(vectors.words, vectors.words, left, right)
    mixed += mix.bigram * _dots(vectors.bigrams, vectors.bigrams, left, right)
    mixed += mix.span * _dots(vectors.spans, vectors.spans, left, right)
    lead = np.maximum(
        _dots(vectors.leads, vectors.words, left, right), _dots(vectors.words, vectors.leads, left, right)
    )
    mixed += mix.lead * lead
    named = np.diff(vectors.days.indptr)
    agree = _dots(vectors.days, vectors.near_days, left, right) > 0
    dates = np.where(agree, 1, -((named[left] > 0) & (named[right] > 0)).astype(np.int8)).astype(np.int8)
    quantity = _dots(vectors.quantities, vectors.quantities, left, right) > 0
    mixed *= 1.0 + mix.date * (dates > 0) - mix.conflict * (dates < 0) + mix.quantity * quantity
    days = np.nan_to_num(np.abs(vectors.published[left] - vectors.published[right]), nan=0.0)
    mixed *= mix.floor + (1 - mix.floor) * np.exp(-0.5 * (days / mix.decay_days) ** 2)
    return np.clip(mixed, 0.0, 1.0), dates


def _dots(one: Any, other: Any, left: Ints, right: Ints) -> Floats:
    """Return the dot product of row ``left[i]`` of one matrix and row ``right[i]`` of the other, for each i."""
    found = np.zeros(len(left))
    if not one.shape[1]:
        return found
    for start in range(0, len(left), _PAIRS_AT_ONCE):
        there = slice(start, start + _PAIRS_AT_ONCE)
        found[there] = np.asarray(one[left[there]].multiply(other[right[there]]).sum(axis=1)).ravel()
    return found
