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
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from dedup.articles.terms import Background
from dedup.candidates.minhash import flat
from dedup.events.counts import Counts, read_keys

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_DAYS_IN_YEAR = 366
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

    word: float = 0.19
    bigram: float = 0.24
    span: float = 0.285
    lead: float = 0.285
    date: float = 0.2
    quantity: float = 0.3
    conflict: float = 0.1
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


def vectorise(terms: pa.Table, published: Floats, frequencies: Background, live: Counts) -> Vectors:
    """Weigh the terms of a collection.

    Parameters
    ----------
    terms : Table
        TERMS, a row per article (or per cluster of copies).
    published : ndarray of float64, shape (n_articles,)
        Days of publication as ordinals; NaN where not known.
    frequencies : Background
        Frozen document frequencies.
    live : Counts
        Those of the collection, and of what was seen before it.

    Returns
    -------
    Vectors
        Rows in the order of ``terms``. A term of one article alone has no column; it counts in the length of its row.
    """
    words, columns = _tfidf(terms, "words", "word_counts", frequencies, live)
    dates = terms["dates"].to_pylist()
    return Vectors(
        words=words,
        bigrams=_tfidf(terms, "bigrams", "bigram_counts", frequencies, live)[0],
        spans=_tfidf(terms, "spans", "span_counts", frequencies, live)[0],
        leads=_tfidf(terms, "lead", "lead_counts", frequencies, live, columns)[0],
        days=_binary([_days(found, slack=0) for found in dates], _DAYS_IN_YEAR),
        near_days=_binary([_days(found, slack=1) for found in dates], _DAYS_IN_YEAR),
        quantities=_rare(terms, frequencies, live),
        published=published,
    )


def _tfidf(  # noqa: PLR0913 (where the counts stand, and what they are weighed by)
    terms: pa.Table, name: str, count_name: str, frequencies: Background, live: Counts, columns: Ints | None = None
) -> tuple[Any, Ints]:
    """Return the L2-normalised matrix of ``(1 + ln tf) x idf`` and the key of each of its columns."""
    keys, ends = read_keys(terms, name)
    counts, _ = flat(terms[count_name].combine_chunks(), np.int32)
    rows = np.repeat(np.arange(terms.num_rows), np.diff(ends))
    there, at = np.unique(keys, return_inverse=True)
    met = live.frequency(there)
    total = frequencies.n_documents + live.n_articles
    known = frequencies.document_frequency(there)
    # A run of another country or year has names that the background never saw; there the run's own counts tell which
    # names are everywhere. The more articles it has, the more they weigh.
    share = (known + met + 1) / (total + 1)
    at_home = (met + _PRIOR * share) / (live.n_articles + _PRIOR)
    idf = -np.log(np.maximum(share, at_home))
    idf[(met <= 1) & (known <= frequencies.unseen)] *= _ODD_TERM
    weights = (1 + np.log(counts)) * idf[at]
    lengths = np.sqrt(np.bincount(rows, weights * weights, terms.num_rows))
    if columns is None:
        columns = there[np.bincount(at, minlength=len(there)) > 1]
    place = np.searchsorted(columns, there)
    place[place == len(columns)] = 0
    found = columns[place] == there if len(columns) else np.zeros(len(there), dtype=bool)
    kept = found[at]
    rows, values = rows[kept], weights[kept]
    values /= np.where(lengths > 0, lengths, 1.0)[rows]
    matrix = csr_matrix((values, (rows, place[at[kept]])), shape=(terms.num_rows, len(columns)))
    matrix.sort_indices()
    return matrix, columns


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


def _rare(terms: pa.Table, frequencies: Background, live: Counts) -> Any:
    """Return a matrix with 1 for every quantity that is rare."""
    keys, ends = read_keys(terms, "quantity_keys")
    rows = np.repeat(np.arange(terms.num_rows), np.diff(ends))
    columns, at = np.unique(keys, return_inverse=True)
    n_articles = frequencies.n_documents + live.n_articles
    share = (frequencies.document_frequency(columns) + live.frequency(columns)) / n_articles
    is_rare = share[at] < _RARE_SHARE
    shape = (terms.num_rows, len(columns))
    return csr_matrix((np.ones(int(is_rare.sum())), (rows[is_rare], at[is_rare])), shape=shape)


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
    from dedup import event_kernels

    matrix = csr_matrix(hstack([vectors.words, vectors.spans]))
    n_rows = matrix.shape[0]
    common = np.bincount(matrix.indices, minlength=matrix.shape[1]) > crowd
    matrix.data[common[matrix.indices]] = 0.0
    matrix.eliminate_zeros()
    matrix.data[~event_kernels.heaviest(matrix.indptr.astype(np.int64), matrix.data, n_terms)] = 0.0
    matrix.eliminate_zeros()
    left, right = event_kernels.nearest(*_parts(matrix), *_parts(matrix.T.tocsr()), n_neighbours)
    codes = np.sort(left * n_rows + right)
    codes = codes[np.append(True, np.diff(codes) > 0)] if len(codes) else codes
    return codes // max(n_rows, 1), codes % max(n_rows, 1)


def _parts(matrix: Any) -> tuple[Ints, NDArray[np.int32], Floats]:
    """Return where the rows of a sparse matrix end, and column and value of each entry, columns ascending in each row."""
    matrix.sort_indices()
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data


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
    from dedup import event_kernels

    return event_kernels.dots(*_parts(one), *_parts(other), left, right, one.shape[1])  # type: ignore[no-any-return]
