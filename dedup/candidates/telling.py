"""What an article tells: its most telling terms with their weights, and who tells so nearly the same that they may report one happening.

In: the terms of articles; then pairs that met under salient bands, with what both tell. Out: the telling terms; the pairs that are alike.
Bands are loose, for two reports of one happening share a fifth to a third of what they tell: of the pairs that meet under them alone, a
fifth share next to nothing, and are told so here for a hundredth of what it costs to compare them.

Rule guarded here: what is telling is decided by the article and the frozen background alone, and who is alike by the two of them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.articles.terms import Background, Terms, background, text_key, weigh
from dedup.candidates.minhash import flat
from dedup.errors import ParameterError
from dedup.schema import PAIR, TELLING, TERMS

#: A term of the lead counts so much more.
_LEAD = 1.5
#: What one article says once and the background does not know is mostly a slip or a passing name.
_ODD = 0.5
#: A quantity or a day counts so much of the usual term.
_FIGURE = 0.5


class Told(NamedTuple):
    """What an article tells.

    ``keys``: int64, shape (n,), of its most telling words and spans, its quantities and days, sorted and distinct; ``weights``: float64,
    shape (n,), how telling each is, > 0.
    """

    keys: NDArray[np.int64]
    weights: NDArray[np.float64]


def telling(terms: Terms, frequencies: Background, n_terms: int = 60) -> Told:
    """Return what an article tells.

    Parameters
    ----------
    terms : Terms
        Of one article.
    frequencies : Background
        Frozen document frequencies.
    n_terms : int
        Words and spans to take, by ``(1 + ln tf) x idf``, more for a word of the lead; the smaller key first among
        equal ones; at least 1.
    """
    keys = np.concatenate([terms.words.keys, terms.spans.keys])
    counts = np.concatenate([terms.words.counts, terms.spans.counts])
    weights = weigh(keys, counts)
    weights[np.isin(keys, terms.lead.keys)] *= _LEAD
    weights[(counts == 1) & (frequencies.document_frequency(keys) <= frequencies.unseen)] *= _ODD
    chosen = np.lexsort((keys, -weights))[:n_terms]
    days = [text_key("#" + day[-len("MM-DD") :]) for day in terms.dates]
    figures = np.concatenate([terms.quantity_keys, np.array(days, dtype=np.int64)])
    usual = _FIGURE * float(np.median(weights[chosen])) if len(chosen) else 1.0
    keys, first = np.unique(np.concatenate([keys[chosen], figures]), return_index=True)
    return Told(keys, np.concatenate([weights[chosen], np.full(len(figures), usual)])[first])


@dataclass(frozen=True)
class Telling:
    """Stage: terms to what is telling of them; row-wise.

    Parameters
    ----------
    n_terms : int
        Words and spans to take.
    """

    n_terms: int = 60

    reads: ClassVar[pa.Schema] = TERMS
    writes: ClassVar[pa.Schema] = TELLING
    partition_by: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        """Check the parameter."""
        if self.n_terms < 1:
            raise ParameterError(f"Telling: n_terms must be at least 1. Got {self.n_terms}.")

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield a row per article."""
        frequencies = background()
        for batch in batches:
            rows = []
            for row in batch.to_pylist():
                told = telling(Terms.from_row(row), frequencies, self.n_terms)
                values = dict(zip(Told._fields, (part.tobytes() for part in told), strict=True))
                rows.append({"doc_id": row["doc_id"], "arrival": row["arrival"]} | values)
            yield pa.RecordBatch.from_pylist(rows, schema=self.writes)


@dataclass(frozen=True)
class Alike:
    """Stage: pairs with what both articles tell to those that are alike; row-wise.

    Parameters
    ----------
    least : float
        Weighted Jaccard similarity of what they tell, sum of the lesser weights by sum of the greater ones, from which
        on two articles are alike, in [0, 1].
    """

    least: float = 0.11

    reads: ClassVar[pa.Schema] = pa.schema(
        [
            *PAIR,
            *(
                TELLING.field(name).with_name(f"{side}_{name}")
                for side in ("left", "right")
                for name in ("keys", "weights")
            ),
        ]
    )
    writes: ClassVar[pa.Schema] = PAIR
    partition_by: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        """Check the parameter."""
        if not 0.0 <= self.least <= 1.0:
            raise ParameterError(f"Alike: least must be in [0, 1]. Got {self.least}.")

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the pairs of each batch that are alike, in order."""
        from dedup import kernels

        for batch in batches:
            sides = []
            for side in ("left", "right"):
                keys, ends = flat(batch[f"{side}_keys"], np.int64)
                sides += [keys, flat(batch[f"{side}_weights"], np.float64)[0], ends, np.arange(batch.num_rows)]
            found = kernels.weighted_jaccard(*sides)
            yield batch.select(self.writes.names).filter(pa.array(found >= self.least))
