"""Articles as sparse vectors, and how alike two of them are as reports of one happening.

In: the terms of a collection. Out: one TF-IDF matrix per kind of term (words, word pairs, spans, leads), matrices of the
days and quantities named, candidate pairs by their rarest terms, and the similarity of any list of pairs.

Rule guarded here: rarity is that of the frozen background and the collection together; a term of one article that the
background does not know either weighs half, because it can never match and only makes its article look different.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from dedup.articles.terms import Background
from dedup.candidates.minhash import flat
from dedup.events.counts import Columns, Counts, read_keys
from dedup.keys import numbered

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: What is known of a pair of articles.
FEATURES = ("word", "bigram", "span", "lead", "date", "conflict", "quantity", "days")

_DAYS_IN_YEAR = 366
_ODD_TERM = 0.5
_RARE_SHARE = 0.001
_COLUMNS = {"word": "words", "bigram": "bigrams", "span": "spans"}


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

    def __call__(self, found: Floats) -> Floats:
        """Return how alike pairs are.

        Parameters
        ----------
        found : ndarray of float64, shape (n_pairs, n_features)
            As `features` gives them.

        Returns
        -------
        ndarray of float64, shape (n_pairs,)
            In [0, 1].
        """
        word, bigram, span, lead, date, conflict, quantity, days = found.T
        mixed = self.word * word + self.bigram * bigram + self.span * span + self.lead * lead
        mixed *= 1.0 + self.date * date - self.conflict * conflict + self.quantity * quantity
        mixed *= self.floor + (1 - self.floor) * np.exp(-0.5 * (days / self.decay_days) ** 2)
        return np.asarray(np.clip(mixed, 0.0, 1.0))


@dataclass(frozen=True, eq=False)
class Bags:
    """The terms of one kind of every article, and in how many articles each stood before any of tonight came.

    Row i has the terms ``columns[ends[i]:ends[i + 1]]`` (int32), each so often as ``counts`` (int32) says. A term that tonight has once and
    nothing else knows can match nothing: it has no column, and ``odd``, float64 of shape (n_articles,), is the sum of ``(1 + ln tf)^2`` over
    such terms. Of each column, float64 of shape (n_columns,): ``known`` is how many articles of the background hold the term, ``met`` how
    many of earlier nights.
    """

    ends: Ints
    columns: NDArray[np.int32]
    counts: NDArray[np.int32]
    odd: Floats
    known: Floats
    met: Floats

    @property
    def places(self) -> Ints:
        """The row of every entry, int64 of the shape of ``columns``."""
        return np.repeat(np.arange(len(self.ends) - 1), np.diff(self.ends))

    def by_appearance(self) -> "Bags":
        """Return the same with columns numbered in the order in which they first come, so that what is known of the terms of a row lies together."""
        first = np.empty(len(self.known), dtype=np.int64)
        # Of several places written the last one stands.
        first[self.columns[::-1]] = np.arange(len(self.columns))[::-1]
        is_first = np.zeros(len(self.columns), dtype=bool)
        is_first[first] = True
        columns = self.columns[is_first]
        number = np.empty(len(columns), dtype=np.int32)
        number[columns] = np.arange(len(columns))
        return replace(self, columns=number[self.columns], known=self.known[columns], met=self.met[columns])


@dataclass(frozen=True, eq=False)
class Vectors:
    """What the similarity of articles is made of.

    ``words`` ... ``leads`` are the terms, leads in the columns of the words. ``days`` holds the days named, ``near_days`` those and their
    neighbours, ``quantities`` the quantities: CSR matrices of float64, shape (n_articles, n_columns), 1 for each that is named; ``known`` and
    ``met`` of the quantities are as in `Bags`. ``published`` is the day of publication as an ordinal, NaN where not known; ``window`` when each
    article comes, at least 0, and -1 for those of earlier nights; shapes (n_articles,). ``n_before`` articles had been counted before.
    """

    words: Bags
    bigrams: Bags
    spans: Bags
    leads: Bags
    days: Any
    near_days: Any
    quantities: Any
    known: Floats
    met: Floats
    published: Floats
    window: Ints
    n_before: int
    frequencies: Background


_PRIOR = 1000.0
"""So many articles of the background's frequencies are weighed against the run's own."""


def vectorise(terms: Columns, published: Floats, frequencies: Background, before: Counts, window: Ints) -> Vectors:
    """Make rows of the terms of a collection.

    Parameters
    ----------
    terms : Table, or what gives its columns
        TERMS, a row per article (or per cluster of copies).
    published : ndarray of float64, shape (n_articles,)
        Days of publication as ordinals; NaN where not known.
    frequencies : Background
        Frozen document frequencies.
    before : Counts
        Document frequencies of what earlier nights saw.
    window : ndarray of int64, shape (n_articles,)
        When each article comes, at least 0; -1 for those of earlier nights, which ``before`` has counted.

    Returns
    -------
    Vectors
        Rows in the order of ``terms``.
    """
    dates = terms["dates"].to_pylist()
    (words, leads), bigrams, spans = (
        _bags(terms, names, frequencies, before, window) for names in (("word", "lead"), ("bigram",), ("span",))
    )
    keys, ends = read_keys(terms, "quantity_keys")
    figures, at = np.unique(keys, return_inverse=True)
    return Vectors(
        words=words,
        bigrams=bigrams[0],
        spans=spans[0],
        leads=leads,
        days=_binary([_days(found, slack=0) for found in dates], _DAYS_IN_YEAR),
        near_days=_binary([_days(found, slack=1) for found in dates], _DAYS_IN_YEAR),
        quantities=csr_matrix((np.ones(len(at)), at, ends), shape=(terms.num_rows, len(figures))),
        known=frequencies.document_frequency(figures),
        met=before.frequency(figures),
        published=published,
        window=window,
        n_before=before.n_articles,
        frequencies=frequencies,
    )


def _bags(
    terms: Columns, names: Sequence[str], frequencies: Background, before: Counts, window: Ints
) -> tuple[Bags, ...]:
    """Return the terms of one kind, and of others that are weighed as the first is."""
    read = [read_keys(terms, _COLUMNS.get(name, name)) for name in names]
    first = read[0][0]
    there, n_rows, place = numbered(np.concatenate([keys for keys, _ in read]))
    if len(read) > 1:
        # Articles are counted by the first kind.
        n_rows = np.bincount(place[: len(first)], minlength=len(there))
    places = np.split(place, np.cumsum([len(keys) for keys, _ in read])[:-1])
    known, met = frequencies.document_frequency(there), before.frequency(there)
    is_odd = (n_rows <= 1) & (met <= 1) & (known <= frequencies.unseen)
    number = np.where(is_odd, -1, np.cumsum(~is_odd) - 1).astype(np.int32)
    made = []
    for name, (_, ends), at in zip(names, read, places, strict=True):
        counts, _ = flat(terms[f"{name}_counts"].combine_chunks(), np.int32)
        columns = number[at]
        rows = np.repeat(np.arange(len(window), dtype=np.int32), np.diff(ends))
        lost = columns < 0
        odd = np.bincount(rows[lost], (1 + np.log(counts[lost])) ** 2, len(window)).astype(np.float64)
        kept_ends = np.append(0, np.cumsum(np.bincount(rows[~lost], minlength=len(window))))
        made.append(Bags(kept_ends, columns[~lost], counts[~lost], odd, known[~is_odd], met[~is_odd]))
    return tuple(made)


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


def candidate_pairs(
    vectors: Vectors, *, n_terms: int = 60, n_neighbours: int = 60, crowd: int = 400, since: int = -1
) -> tuple[Ints, Ints]:
    """Return the pairs of articles that share their most telling words.

    Parameters
    ----------
    vectors : Vectors
        Of the collection.
    n_terms : int
        Words of each article, the heaviest first, by which it is looked up.
    n_neighbours : int
        Nearest articles kept per article, of those that come no later.
    crowd : int
        Words of more articles than this are not looked up.
    since : int
        First window whose articles are looked up: -1 for all, 0 for tonight's.

    Returns
    -------
    tuple of two ndarray of int64, shape (n_pairs,)
        Rows ``left < right``, sorted.
    """
    from dedup import event_kernels

    matrix = csr_matrix(hstack([_telling(bags, vectors, crowd) for bags in (vectors.words, vectors.spans)]))
    n_rows = matrix.shape[0]
    matrix.data[~event_kernels.heaviest(matrix.indptr.astype(np.int64), matrix.data, n_terms)] = 0.0
    matrix.eliminate_zeros()
    left, right = event_kernels.nearest(*_parts(matrix), *_parts(matrix.T.tocsr()), vectors.window, since, n_neighbours)
    codes = np.sort(left * n_rows + right)
    codes = codes[np.append(True, np.diff(codes) > 0)] if len(codes) else codes
    return codes // max(n_rows, 1), codes % max(n_rows, 1)


def _telling(bags: Bags, vectors: Vectors, crowd: int) -> Any:
    """Return the weights, once all have come, of the terms of two articles or more, and of ``crowd`` at most; CSR, rows of length 1 at most."""
    rows, n_articles = bags.places, len(vectors.window)
    n_new = int((vectors.window >= 0).sum())
    met = bags.met + np.bincount(bags.columns[vectors.window[rows] >= 0], minlength=len(bags.met))
    background = vectors.frequencies
    n_seen = vectors.n_before + n_new
    scale = inverse_frequency(bags.known, met, n_seen, background)
    alone = inverse_frequency(np.array([float(background.unseen)]), np.ones(1), n_seen, background)
    weights = (1 + np.log(bags.counts)) * scale[bags.columns]
    lengths = np.sqrt(np.bincount(rows, weights * weights, n_articles) + bags.odd * alone**2)
    n_rows = np.bincount(bags.columns, minlength=len(bags.met))
    kept = ((n_rows > 1) & (n_rows <= crowd))[bags.columns]
    rows, values = rows[kept], weights[kept] / lengths[rows[kept]]
    matrix = csr_matrix((values, (rows, bags.columns[kept])), shape=(n_articles, len(met)))
    matrix.sort_indices()
    matrix.eliminate_zeros()
    return matrix


def inverse_frequency(known: Floats, met: Floats, n_seen: int, background: Background) -> Floats:
    """Return how rare terms are.

    Parameters
    ----------
    known, met : ndarray of float64, shape (n_terms,)
        In how many articles of the background and of the nights each term stands.
    n_seen : int
        Articles of the nights.
    background : Background
        The background.

    Returns
    -------
    ndarray of float64, shape (n_terms,)
        At least 0; half where one article of the nights holds the term, and none of the background.
    """
    # A run of another country or year has names that the background never saw; there the run's own counts tell which
    # names are everywhere. The more articles it has, the more they weigh.
    share = (known + met + 1) / (background.n_documents + n_seen + 1)
    at_home = (met + _PRIOR * share) / (n_seen + _PRIOR)
    found = -np.log(np.maximum(share, at_home))
    found[(met <= 1) & (known <= background.unseen)] *= _ODD_TERM
    return found


def _parts(matrix: Any) -> tuple[Ints, NDArray[np.int32], Floats]:
    """Return where the rows of a sparse matrix end, and column and value of each entry, columns ascending in each row."""
    matrix.sort_indices()
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data


def features(vectors: Vectors, left: Ints, right: Ints) -> Floats:
    """Say in numbers what pairs of articles have in common.

    Parameters
    ----------
    vectors : Vectors
        Of the collection.
    left, right : ndarray of int64, shape (n_pairs,)
        Rows.

    Returns
    -------
    ndarray of float64, shape (n_pairs, n_features)
        In the order of ``FEATURES``: four cosines; 1 where days named agree, where both name days and none agrees, and where both name
        the same rare quantity; and the days between the two, 0 where one is not known.
    """
    # Terms weigh what they weighed when the later of the two came. That one is made ready for all its pairs: of the earlier ones there are
    # the more, from one window to the next, the more articles there are.
    when = np.maximum(vectors.window[left], vectors.window[right])
    is_left = vectors.window[left] > vectors.window[right]
    later, former = np.where(is_left, left, right), np.where(is_left, right, left)
    order = np.lexsort((later, when))
    pairs = later[order], former[order], when[order]
    found = np.empty((len(left), len(FEATURES)), order="F")
    for column, kind in ((1, vectors.bigrams.by_appearance()), (2, vectors.spans.by_appearance())):
        found[order, column] = _cosines(vectors, kind, kind, kind, pairs)
    words, leads, lengths = vectors.words, vectors.leads, np.full(len(left), -1.0)
    found[order, 0] = _cosines(vectors, words, words, words, pairs, lengths)
    found[order, 3] = np.maximum(
        _cosines(vectors, words, leads, words, pairs, lengths), _cosines(vectors, words, words, leads, pairs)
    )
    named = np.diff(vectors.days.indptr) > 0
    agree = _dots(vectors.days, vectors.near_days, left, right) > 0
    found[:, 4] = agree
    found[:, 5] = named[left] & named[right] & ~agree
    found[:, 6] = _rare_in_common(vectors, left, right, when)
    found[:, 7] = np.nan_to_num(np.abs(vectors.published[left] - vectors.published[right]), nan=0.0)
    return found


def _cosines(  # noqa: PLR0913 - two sides, and what is known of them
    vectors: Vectors,
    seen: Bags,
    one: Bags,
    other: Bags,
    pairs: tuple[Ints, Ints, Ints],
    lengths: Floats | None = None,
) -> Floats:
    """Return the cosine of row ``left[i]`` of one and row ``right[i]`` of the other by the weights of window ``when[i]``, for each i.

    ``pairs`` are left, right and when, sorted by when and left. What tonight has seen by then is counted in ``seen``. ``lengths`` are those of
    the right rows; negative ones are filled in.
    """
    from dedup import event_kernels

    new = np.flatnonzero(vectors.window >= 0)
    new = new[np.argsort(vectors.window[new], kind="stable")]
    most = max(int(bags.counts.max(initial=1)) for bags in (one, other))
    background = vectors.frequencies
    return event_kernels.cosines(  # type: ignore[no-any-return]
        one.ends,
        one.columns,
        one.counts,
        one.odd,
        other.ends,
        other.columns,
        other.counts,
        other.odd,
        *pairs,
        seen.ends,
        seen.columns,
        new,
        vectors.window[new],
        seen.known,
        seen.met,
        1 + np.log(np.arange(most + 1, dtype=np.float64).clip(1)),
        np.array([vectors.n_before, background.n_documents, background.unseen, _PRIOR, _ODD_TERM], dtype=np.float64),
        np.full(len(pairs[0]), -1.0) if lengths is None else lengths,
    )


def _rare_in_common(vectors: Vectors, left: Ints, right: Ints, when: Ints) -> NDArray[np.bool_]:
    """Tell which pairs name the same quantity, and one that was rare by their window."""
    figures, n_new = vectors.quantities, np.bincount(vectors.window + 1)
    n_seen = vectors.frequencies.n_documents + vectors.n_before + np.cumsum(np.append(0, n_new[1:]))
    named = (np.repeat(vectors.window, np.diff(figures.indptr)) + 1) + len(n_new) * figures.indices.astype(np.int64)
    named.sort()
    pairs = np.flatnonzero(_dots(figures, figures, left, right) > 0)
    common = figures[left[pairs]].multiply(figures[right[pairs]]).tocoo()
    by_then, column = when[pairs][common.row] + 1, common.col.astype(np.int64)
    met = np.searchsorted(named, column * len(n_new) + by_then, "right") - np.searchsorted(
        named, column * len(n_new), "right"
    )
    is_rare = vectors.known[column] + vectors.met[column] + met < _RARE_SHARE * n_seen[by_then]
    found = np.zeros(len(left), dtype=bool)
    found[pairs[common.row[is_rare]]] = True
    return found


def _dots(one: Any, other: Any, left: Ints, right: Ints) -> Floats:
    """Return the dot product of row ``left[i]`` of one matrix and row ``right[i]`` of the other, for each i."""
    from dedup import event_kernels

    return event_kernels.dots(*_parts(one), *_parts(other), left, right, one.shape[1])  # type: ignore[no-any-return]
