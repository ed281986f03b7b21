"""The judgement of lines: how probable it is that each belongs to the article.

In: drafts. Out: their lines with the probability ``keep`` and the word for what the line looks like if it is chrome.
What a line looks like is told by ``features.py``; ``line_model.py`` weighs it.

Rule guarded here: a line is judged by its own page and by frozen tables, never by other pages.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, NamedTuple

import numpy as np
import pyarrow as pa

from dedup.articles import segment
from dedup.articles.normalize import words
from dedup.articles.outline import LAYOUT
from dedup.boilerplate.features import MARKED, MARKERS, VOTED, features, html_features
from dedup.boilerplate.line_model import line_model
from dedup.schema import DRAFT, SEGMENT

_FOREIGN: Final = 1.6
"""What is added to the log odds of a line that trafilatura keeps, in a language that the model was not fitted on."""
_MARKED: Final = 0.25
"""From this share of its words on, phrases of one marker name what the line looks like."""
_DOUBTED: Final = 0.5
"""A line below this probability is chrome if the site has enough doubted lines of its form."""


class Judged(NamedTuple):
    """The judgement of the lines of a page.

    ``keep``: per line the probability that it is the article's, in [0, 1]; ``markers``: what it looks like if it is chrome, one of
    ``MARKERS``, or empty; ``tokens``: its normalised words.
    """

    keep: list[float]
    markers: list[str]
    tokens: list[list[str]]


def judge(  # noqa: PLR0913 - all that is known of a text
    lines: Sequence[str], kind: str, title: str = "", model: str = "", layout: bytes = b"", language: str = ""
) -> Judged:
    """Judge the lines of one page.

    Parameters
    ----------
    lines : sequence of str
        Lines that are not blank, in order.
    kind : {"html", "page", "article", "clean"}
        What the text is; lines of a ``clean`` one belong to the article.
    title : str
        The headline if it is known, else empty.
    model : str
        As ``text`` of `line_model`.
    language : str
        Its code, where it is known.
    layout : bytes
        What the HTML says of the lines, as in ``DRAFT``; an ``html`` text without it is judged as an ``article``.

    Returns
    -------
    Judged
        In the order of the lines.
    """
    if kind == "clean" or not lines:
        return Judged([1.0] * len(lines), [""] * len(lines), [words(line) for line in lines])
    matrix, tokens = features(lines, title)
    if kind == "html" and layout:
        told = np.frombuffer(layout, dtype="<f4").reshape(len(lines), len(LAYOUT))
        fitted = line_model("html", model)
        # A page in a language that the model did not learn from looks less like an article than it is.
        is_foreign = bool(language and fitted.languages and language not in fitted.languages)
        bonus = np.where(told[:, 0] > VOTED, _FOREIGN * is_foreign, 0.0)
        keep = fitted.predict(html_features(matrix, told), bonus)
    else:
        keep = line_model("article" if kind == "html" else kind, model).predict(matrix)
    shares = matrix[:, MARKED]
    best = shares.argmax(axis=1)
    markers = [
        MARKERS[number] if share >= _MARKED else ""
        for number, share in zip(best.tolist(), shares.max(axis=1).tolist(), strict=True)
    ]
    return Judged(keep.tolist(), markers, tokens)


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
            rows: list[dict[str, Any]] = []
            for draft in batch.select(self.reads.names).to_pylist():
                lines = segment.lines(draft["text"] or "")
                judged = judge(
                    lines,
                    draft["kind"],
                    draft["title"] or "",
                    self.model,
                    draft["layout"] or b"",
                    draft["language"] or "",
                )
                rows += [
                    {
                        "doc_id": draft["doc_id"],
                        "source": draft["source"],
                        "kind": draft["kind"],
                        "index": index,
                        "text": line,
                        "key": (key := segment.key(tokens)),
                        "keep": keep,
                        "marker": marker,
                        "sentences": segment.sentence_keys(line) or [key],
                        "forms": segment.form_keys(line, tokens) if keep < _DOUBTED else [],
                    }
                    for index, (line, keep, marker, tokens) in enumerate(zip(lines, *judged, strict=True))
                ]
            yield pa.RecordBatch.from_pylist(rows, schema=self.writes)
