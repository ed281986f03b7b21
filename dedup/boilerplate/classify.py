"""The judgement of lines: how probable it is that each belongs to the article.

In: drafts. Out: their lines with the probability ``keep`` and the word for what the line looks like if it is chrome.
What a line looks like is told by ``features.py``; ``line_model.py`` weighs it.

Rule guarded here: a line is judged by its own page and by frozen tables, never by other pages.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, NamedTuple

import numpy as np
import pyarrow as pa

from dedup.articles import segment
from dedup.articles.outline import LAYOUT
from dedup.articles.reading import Reading, read
from dedup.boilerplate.features import MARKED, MARKERS, VOTED, Matrix, features, html_features
from dedup.boilerplate.line_model import line_model
from dedup.schema import DRAFT, KEYS, SEGMENT

_FOREIGN: Final = 1.6
"""What is added to the log odds of a line that trafilatura keeps, in a language that the model was not fitted on."""
_MARKED: Final = 0.25
"""From this share of its words on, phrases of one marker name what the line looks like."""
_DOUBTED: Final = 0.5
"""A line below this probability is chrome if the site has enough doubted lines of its form."""


_NONE: Final = pa.RecordBatch.from_pylist([], SEGMENT)


class Judged(NamedTuple):
    """The judgement of the lines of a page.

    ``keep``: float64, shape (n_lines,), the probability that each is the article's, in [0, 1]; ``markers``: what it looks like if it is chrome,
    one of ``MARKERS``, or empty.
    """

    keep: Matrix
    markers: list[str]


def judge(  # noqa: PLR0913 - all that is known of a text
    page: Reading, kind: str, title: str = "", model: str = "", layout: bytes = b"", language: str = ""
) -> Judged:
    """Judge the lines of one page.

    Parameters
    ----------
    page : Reading
        Lines that are not blank, in order.
    kind : {"html", "page", "article"}
        What the text is.
    title : str
        The headline if it is known, else empty.
    model : str
        As ``text`` of `line_model`.
    layout : bytes
        What the HTML says of the lines, as in ``DRAFT``; an ``html`` text without it is judged as an ``article``.
    language : str
        Its code, where it is known.

    Returns
    -------
    Judged
        In the order of the lines.
    """
    matrix = features(page, title)
    if kind == "html" and layout:
        told = np.frombuffer(layout, dtype="<f4").reshape(page.n_lines, len(LAYOUT))
        fitted = line_model("html", model)
        # A page in a language that the model did not learn from looks less like an article than it is.
        is_foreign = bool(language and fitted.languages and language not in fitted.languages)
        bonus = np.where(told[:, 0] > VOTED, _FOREIGN * is_foreign, 0.0)
        keep = fitted.predict(html_features(matrix, told), bonus)
    else:
        keep = line_model("article" if kind == "html" else kind, model).predict(matrix)
    shares = matrix[:, MARKED]
    best = np.where(shares.max(axis=1, initial=0.0) >= _MARKED, shares.argmax(axis=1), len(MARKERS))
    return Judged(keep, [(*MARKERS, "")[number] for number in best.tolist()])


@dataclass(frozen=True)
class Classify:
    """Split drafts into lines and judge each by its page.

    Reads: drafts. Writes: segments. Row-wise: the lines of a draft depend on nothing but the draft.

    Parameters
    ----------
    model : str
        A line model as JSON, in place of the one that ships; in a configuration file, the path of one.
    """

    model: str = ""

    reads: ClassVar[pa.Schema] = pa.schema(
        [DRAFT.field(name) for name in ("doc_id", "source", "kind", "language", "title", "text", "layout")]
    )
    writes: ClassVar[pa.Schema] = SEGMENT
    partition_by: ClassVar[tuple[str, ...]] = ()

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield one batch of segments per batch of drafts."""
        for batch in batches:
            pages = [self._segments(draft) for draft in batch.select(self.reads.names).to_pylist()]
            yield from pa.Table.from_batches(pages, self.writes).combine_chunks().to_batches() or [_NONE]

    def _segments(self, draft: Mapping[str, Any]) -> pa.RecordBatch:
        lines = segment.lines(draft["text"] or "")
        n = len(lines)
        if not n:
            return _NONE
        about = (pa.repeat(pa.scalar(draft[name], pa.string()), n) for name in ("doc_id", "source", "kind"))
        numbers, texts = pa.array(range(n), pa.int32()), pa.array(lines, pa.string())
        if draft["kind"] == "clean":
            # Every line is the article's, and none is looked for elsewhere.
            none = pa.array([[]] * n, KEYS)
            key, keep = pa.repeat(segment.NO_WORDS, n), pa.repeat(1.0, n)
            return pa.RecordBatch.from_arrays(
                [*about, numbers, texts, key, keep, pa.repeat("", n), none, none], schema=self.writes
            )
        page = read(lines)
        judged = judge(
            page, draft["kind"], draft["title"] or "", self.model, draft["layout"] or b"", draft["language"] or ""
        )
        keys = segment.keys(page, judged.keep < _DOUBTED)
        sentences, forms = (
            pa.ListArray.from_arrays(ends.astype(np.int32), of_line).cast(KEYS)
            for ends, of_line in ((keys.sentence_ends, keys.sentences), (keys.form_ends, keys.forms))
        )
        columns = (*about, numbers, texts, keys.lines, judged.keep, judged.markers, sentences, forms)
        return pa.RecordBatch.from_arrays([pa.array(column) for column in columns], schema=self.writes)
