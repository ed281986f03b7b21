"""The judgement of lines: how probable it is that each belongs to the article.

In: drafts. Out: their lines with the probability ``keep`` and the word for what the line looks like if it is chrome.
What a line looks like is told by ``features.py``; ``line_model.py`` weighs it.

Rule guarded here: a line is judged by its own page and by frozen tables, never by other pages.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, ClassVar, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.articles import segment
from dedup.articles.outline import LAYOUT
from dedup.articles.reading import Reading, read
from dedup.boilerplate.features import MARKED, MARKERS, VOTED, Matrix, features, html_features, marks
from dedup.boilerplate.line_model import line_model
from dedup.schema import DRAFT, KEYS, SEGMENT

_FOREIGN: Final = 1.6
"""What is added to the log odds of a line that trafilatura keeps, in a language that the model was not fitted on."""
_MARKED: Final = 0.25
"""From this share of its words on, phrases of one marker name what the line looks like."""
_DOUBTED: Final = 0.5
"""A line below this probability is chrome if the site has enough doubted lines of its form."""


class Judged(NamedTuple):
    """The judgement of the lines of a page.

    ``keep``: float64, shape (n_lines,), the probability that each is the article's, in [0, 1]; ``markers``: what it looks like if it is chrome,
    one of ``MARKERS``, or empty.
    """

    keep: Matrix
    markers: list[str]


def judge(  # noqa: PLR0913 - all that is known of a text
    page: Reading,
    kind: str,
    title: str = "",
    model: str = "",
    layout: NDArray[np.float32] | None = None,
    language: str = "",
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
    layout : ndarray of float32, shape (n_lines, len(LAYOUT)), optional
        What the HTML says of the lines; an ``html`` text without it is judged as an ``article``. Where trafilatura was not asked, `kept_alone`
        judges.
    language : str
        Its code, where it is known.

    Returns
    -------
    Judged
        In the order of the lines.
    """
    matrix = features(page, title)
    if kind != "html" or layout is None:
        keep = line_model("article" if kind == "html" else kind, model).predict(matrix)
    elif not was_asked(layout):
        keep = kept_alone(matrix, layout, model)
    else:
        fitted = line_model("html", model)
        # A page in a language that the model did not learn from looks less like an article than it is.
        is_foreign = bool(language and fitted.languages and language not in fitted.languages)
        bonus = np.where(layout[:, 0] > VOTED, _FOREIGN * is_foreign, 0.0)
        keep = fitted.predict(html_features(matrix, layout), bonus)
    return Judged(keep, _markers(matrix[:, MARKED]))


def kept_alone(matrix: Matrix, layout: NDArray[np.float32], model: str = "") -> Matrix:
    """Return the probability that each line of a page is the article's, trafilatura not asked.

    The model ``resiliparse`` judges where that was asked, else ``fast``. ``matrix``: what `features` says of the lines; the rest as in `judge`.
    """
    kind = "resiliparse" if len(layout) and layout[0, 1] >= 0 else "fast"
    return line_model(kind, model).predict(html_features(matrix, layout))


def was_asked(layout: NDArray[np.float32]) -> bool:
    """Tell whether the lines of a layout were chosen by extractors."""
    return bool(len(layout) and layout[0, 0] >= 0)


def _markers(shares: Matrix) -> list[str]:
    """Return what each line looks like, by the shares of its words in phrases of each marker."""
    best = np.where(shares.max(axis=1, initial=0.0) >= _MARKED, shares.argmax(axis=1), len(MARKERS))
    return [(*MARKERS, "")[number] for number in best.tolist()]


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
        [DRAFT.field(name) for name in ("doc_id", "source", "kind", "language", "title", "text", "layout", "keep")]
    )
    writes: ClassVar[pa.Schema] = SEGMENT
    partition_by: ClassVar[tuple[str, ...]] = ()

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield one batch of segments per batch of drafts."""
        for batch in batches:
            drafts = batch.select(["doc_id", "source", "kind"])
            lines: list[list[str]] = []
            judged: list[Judged] = []
            keys: list[segment.Keys] = []
            for draft in batch.select(self.reads.names).to_pylist():
                lines.append(segment.lines(draft["text"] or ""))
                if draft["kind"] == "clean":
                    # Every line is the article's, and none is looked for elsewhere.
                    n = len(lines[-1])
                    judged.append(Judged(np.ones(n), [""] * n))
                    keys.append(segment.no_keys(n))
                    continue
                page = read(lines[-1])
                judged.append(self._judged(page, draft))
                keys.append(segment.keys(page, judged[-1].keep < _DOUBTED))
            n_lines = [len(of_draft) for of_draft in lines]
            rows = np.repeat(np.arange(len(lines)), n_lines)
            columns = [
                *drafts.take(pa.array(rows)).columns,
                pa.array(np.concatenate([np.arange(0), *map(np.arange, n_lines)]), pa.int32()),
                pa.array(list(chain.from_iterable(lines)), pa.string()),
                _joined([of_draft.lines for of_draft in keys]),
                pa.array(np.concatenate([np.ones(0), *(of_draft.keep for of_draft in judged)])),
                pa.array(list(chain.from_iterable(of_draft.markers for of_draft in judged)), pa.string()),
                _lists([(of_draft.sentence_ends, of_draft.sentences) for of_draft in keys]),
                _lists([(of_draft.form_ends, of_draft.forms) for of_draft in keys]),
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=self.writes)

    def _judged(self, page: Reading, draft: dict[str, Any]) -> Judged:
        if draft["keep"]:
            # The whole page was looked at for it.
            return Judged(np.frombuffer(draft["keep"], dtype="<f4").astype(np.float64), _markers(marks(page)))
        told = np.frombuffer(draft["layout"] or b"", dtype="<f4").reshape(-1, len(LAYOUT))
        about = (draft["kind"], draft["title"] or "", self.model)
        return judge(page, *about, told if draft["layout"] else None, draft["language"] or "")


def _joined(parts: Sequence[NDArray[np.int64]]) -> pa.Array:
    return pa.array(np.concatenate([np.empty(0, dtype=np.int64), *parts]))


def _lists(parts: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]]) -> pa.Array:
    """Return the lists of several drafts, each given by 0 and the ends of its lists, and their values one after the other."""
    lengths = np.concatenate([np.empty(0, dtype=np.int64), *(np.diff(ends) for ends, _ in parts)])
    offsets = np.append(0, np.cumsum(lengths)).astype(np.int32)
    return pa.ListArray.from_arrays(offsets, _joined([values for _, values in parts])).cast(KEYS)
