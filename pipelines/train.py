"""Fitting of the line models on labelled pages and labelled lines.

In: gold in the formats ``lines`` (JSONL ``id,lines:[{text,keep}]``) and ``pages`` (JSONL ``id,html,gold``), gzipped or
not. Out: the model as plain JSON, with the digest of what it was made from and, if asked for, its score by
cross-validation. Rule guarded here: the same gold and seed give the same file.
"""

import json
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dedup.articles import segment
from dedup.articles.extract import Extract, by_resiliparse, with_closed_title
from dedup.articles.host import host_of
from dedup.articles.language import detect_language
from dedup.articles.markup import parse
from dedup.articles.normalize import words
from dedup.articles.outline import Outline, full_outline, lines_of
from dedup.articles.reading import read
from dedup.boilerplate.features import (
    FAST_FEATURES,
    FEATURES,
    FEED,
    HTML_FEATURES,
    MARKERS,
    RESILIPARSE_FEATURES,
    Matrix,
    content_of,
    features,
    html_features,
    marks,
)
from dedup.boilerplate.line_model import MODELS, OF_HTML, from_table
from dedup.errors import InputError
from dedup.tables import load_json
from pipelines.gold import digest_of, of_format, read_gold
from pipelines.report import check_output, whole_file

_SHINGLE: Final = 4
_DEPTH: Final = 5
_HTML_DEPTH: Final = 6
_HTML_LEAVES: Final = 40
_HTML_SHARE: Final = 0.7
"""Share of the features that a split may choose from: extractors' votes would stand in every tree otherwise."""
_FILE_PAGES: Final = 20.0
"""The square root of the number of pages of a file that counts once."""
_RATE: Final = 0.1
_USED: Final = {"html": HTML_FEATURES, "fast": FAST_FEATURES, "resiliparse": RESILIPARSE_FEATURES}
_GOLD_LINES: Final = 4.0
"""How much more a labelled line counts than one whose label was derived from a page's gold."""
_OFFERS: Final = ("sign_up", "follow", "read_more", "related")
_FEW: Final = 0.05
_BOXES: Final = 0.5
"""Share of the pages in plain text of which a second example, with boxes between its paragraphs, is made."""
_PROSE: Final = 20
"""A paragraph that a teaser may have has at least so many words."""
_ALIKE: Final = 12
"""Half of the feeds tease so many articles whose subject is nearest."""
_SECTIONS: Final = 1 / 3
"""Share of the pages in plain text of which an example is made whose sections look like teasers; with a feed there is one of each."""
_COMPOSED: Final = ("/feed", "/sections")
"""How the origins of these examples end: the trees for feeds learn from them, no others."""
_FEED_TREES: Final = 12
_FEED_RATE: Final = 0.5
_FEED_LEAST: Final = 0.25
"""Trees for feeds learn from lines that have at least this probability without them: of others no teaser is to be told."""
_FEED_STEP: Final = 4.0
"""What a tree may ask of the log odds of a line at most."""
_FEED_SPLITS: Final = (*FEED, "shared_before")
"""What is told of a feed by; with everything else the trees would learn what composed pages look like."""
ENOUGH: Final = 0.6
"""Pages of whose gold less than this share is found in the extracted lines teach nothing."""


@dataclass(frozen=True)
class Example:
    """One labelled page.

    ``kind`` is as in ``PAGE``; ``keep`` and ``weight`` have one value per line, ``layout`` a row (empty but for those with HTML).
    Examples made of one page share ``id``; pages of one host share ``group``, and are never on both sides of a fold.
    """

    id: str
    origin: str
    kind: str
    title: str
    lines: tuple[str, ...]
    keep: NDArray[np.bool_]
    weight: Matrix
    layout: NDArray[np.float32] = field(default_factory=lambda: Outline().layout)
    group: str = ""


@dataclass(frozen=True)
class Draft:
    """The lines that are made of a gold page; ``kind`` names the model that learns from them."""

    kind: str
    lines: tuple[str, ...]
    layout: NDArray[np.float32] = field(default_factory=lambda: Outline().layout)


def example(id_: str, origin: str, kind: str, title: str, labelled: Sequence[tuple[str, bool]]) -> Example:
    """Weigh the lines of a page by their words; a headline, which a rule deals with, weighs nothing."""
    lines, keep = [line for line, _ in labelled], [kept for _, kept in labelled]
    counts = np.array([len(words(line)) for line in lines], dtype=float)
    headline = " ".join(words(title))
    is_headline = np.array([bool(headline) and " ".join(words(line)) == headline for line in lines], dtype=bool)
    return Example(
        id_, origin, kind, title, tuple(lines), np.array(keep, dtype=bool), np.where(is_headline, 0.0, counts)
    )


def align(lines: Sequence[str], gold: str) -> tuple[NDArray[np.bool_], float]:
    """Label each line as kept if ``gold`` holds it.

    A line of four words or more is kept if half of its 4-shingles stand in the gold; a shorter one if it is a line of
    the gold, or stands in it and between kept lines.

    Returns
    -------
    keep : ndarray of bool, shape (n_lines,)
    recall : float
        Share of the gold's distinct shingles that stand in kept lines, in [0, 1].
    """
    gold_words = words(gold)
    wanted = _shingles(gold_words)
    whole = {" ".join(words(line)) for line in segment.lines(gold)}
    running = f" {' '.join(gold_words)} "
    keep = np.zeros(len(lines), dtype=bool)
    short: list[tuple[int, str]] = []
    found: set[tuple[str, ...]] = set()
    for row, line in enumerate(lines):
        tokens = words(line)
        shingles = _shingles(tokens)
        if shingles:
            keep[row] = len(shingles & wanted) >= len(shingles) / 2
            if keep[row]:
                found |= shingles & wanted
        elif tokens:
            short.append((row, " ".join(tokens)))
    sure = np.flatnonzero(keep)
    for row, text in short:
        after = int(np.searchsorted(sure, row))
        near = [abs(int(sure[at]) - row) for at in (after - 1, after) if 0 <= at < len(sure)]
        inside = len(near) == 2 and max(near) <= 4
        if near and min(near) <= 4:
            keep[row] = text in whole or (inside and f" {text} " in running)
    return keep, len(found) / max(len(wanted), 1)


def _shingles(tokens: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(tokens[i : i + _SHINGLE]) for i in range(len(tokens) - _SHINGLE + 1)}


def crop(whole: Example, seed: int) -> Example | None:
    """Cut a page to its article with a little of what stands around it, as a coarse extractor would leave it."""
    kept = np.flatnonzero(whole.keep & (whole.weight > _SHINGLE))
    if not len(kept):
        return None
    rng = _generator(whole, seed)
    before, after = rng.choice([0, 0, 2, 5, 10]), rng.choice([0, 0, 3, 8, 20, 40])
    part = slice(max(int(kept[0]) - int(before), 0), int(kept[-1]) + int(after) + 1)
    return replace(
        whole,
        origin=whole.origin + "/crop",
        lines=whole.lines[part],
        keep=whole.keep[part],
        weight=whole.weight[part],
    )


def paragraphs(e: Example) -> list[str]:
    """Return the article's lines that are long enough to be paragraphs."""
    return [line for line, keep, weight in zip(e.lines, e.keep, e.weight, strict=True) if keep and weight >= _PROSE]


def river(whole: Example, others: Sequence[Example], seed: int) -> Example | None:
    """Let an article be followed by teasers of others, as on pages that go on with the next stories.

    A teaser is the headline and the first paragraphs of another page, between a photo credit and an invitation to read
    on; each part may be missing, the paragraphs are not.
    """
    kept = np.flatnonzero(whole.keep & (whole.weight > _SHINGLE))
    if not len(kept):
        return None
    rng = _generator(whole, seed + 1)
    phrase = partial(_phrase, rng)

    before = int(rng.choice([0, 2, 5]))
    first, end = max(int(kept[0]) - before, 0), int(kept[-1]) + 1
    chrome: list[str] = []
    style = rng.random(6) < (0.3, 0.4, 0.6, 0.7, 0.3, 0.6)
    if rng.random() < 0.4:
        chrome.append(phrase("related"))
    label = ""
    for number in rng.integers(len(others), size=int(rng.integers(1, 5))).tolist():
        other = others[number]
        leads = paragraphs(other)[: int(rng.integers(1, 4))]
        if other.id == whole.id or not leads:
            continue
        name = [word for word in other.title.split() if word[:1].isupper()]
        label = " ".join(name[-2:]) or label
        if style[0] and label:
            chrome.append(label)
        if style[1]:
            credit = leads[0].split()[:14]
            chrome.append(
                f"{phrase('credit')}: {' '.join(credit)}"
                if rng.random() < 0.6
                else f"{' '.join(credit)} (Photo/{label})"
            )
        if style[2] or style[3]:
            chrome.append(other.title or label or phrase("related"))
        if style[4] and label:
            chrome.append(label)
        chrome += leads
        if style[5]:
            chrome.append(phrase("read_more") + (phrase("read_more") if rng.random() < 0.2 else ""))
    for marker in ("related", "sign_up", "comment", "share", "copyright"):
        if rng.random() < 0.3:
            chrome.append(phrase(marker))
    return replace(
        whole,
        origin=whole.origin + "/river",
        lines=(*whole.lines[first:end], *chrome),
        keep=np.concatenate([whole.keep[first:end], np.zeros(len(chrome), dtype=bool)]),
        weight=np.concatenate([whole.weight[first:end], [float(len(words(line))) for line in chrome]]),
    )


def alike(examples: Sequence[Example]) -> Callable[[Example], list[Example]]:
    """Return a function that gives the articles whose headline and first paragraph share most content words with those of a page."""
    known = [(e, content_of(" ".join([e.title, *paragraphs(e)[:1]]))) for e in examples]

    def nearest(whole: Example) -> list[Example]:
        own = content_of(" ".join([whole.title, *paragraphs(whole)[:2]]))
        others = [(len(own & told) / max(len(told), 1) ** 0.5, e) for e, told in known if e.id != whole.id]
        return [e for _, e in sorted(others, key=lambda pair: -pair[0])[:_ALIKE]]

    return nearest


def feed(whole: Example, others: Sequence[Example], seed: int) -> Example | None:
    """Let an article be followed by a feed: teasers of other articles in one form, each ended by the same invitation to read on."""
    kept = np.flatnonzero(whole.keep & (whole.weight > _SHINGLE))
    if not len(kept) or not others:
        return None
    rng = _generator(whole, seed + 3)
    end, credit, related = _form(rng)
    has_tag, has_title, has_section, has_early_credit = rng.random(4) < (0.4, 0.9, 0.4, 0.5)
    added = [(related, False)] if rng.random() < 0.3 else []
    most = int(rng.integers(1, 4))
    for number in rng.permutation(len(others))[: int(rng.integers(2, 7))].tolist():
        title, leads = others[number].title, paragraphs(others[number])
        if not leads:
            continue
        named = [word for word in title.split() if word[:1].isupper()] or title.split()
        picture = [f"{credit}: {' '.join(leads[-1].split()[: int(rng.integers(2, 30))])}"] if credit else []
        head = [
            *([" ".join(named[-2:])] if has_tag else []),
            *(picture if has_early_credit else []),
            *([title] if has_title else []),
            *([] if has_early_credit else picture),
            *([named[0]] if has_section or not (has_tag or has_title or picture) else []),
        ]
        added += [(line, False) for line in (*head, *leads[: int(rng.integers(1, most + 1))], end)]
    # What the page has after its article stands before and after the feed, if it is not left out.
    first, end_of_article, n = max(int(kept[0]) - int(rng.choice([0, 2, 5])), 0), int(kept[-1]) + 1, len(whole.lines)
    place = min(end_of_article + int(rng.choice([0, 0, 1, 3, 8])), n)
    last = min(place + int(rng.choice([0, 3, 20, n])), n)
    return _composed(whole, "feed", [*_labelled(whole, first, place), *added, *_labelled(whole, place, last)])


def in_sections(whole: Example, others: Sequence[Example], seed: int) -> Example | None:
    """Let the sections of an article look like teasers: a heading, a picture's credit, paragraphs, and an invitation to read on.

    In one of two it is the article's own sections that end so, as in a list of places or books; in the other boxes with teasers
    stand between its sections.
    """
    kept = np.flatnonzero(whole.keep & (whole.weight >= _PROSE))
    if len(kept) < 4 or not others:
        return None
    rng = _generator(whole, seed + 4)
    end, credit, related = _form(rng)
    is_list, has_heading = rng.random(2) < (0.5, 0.7)
    starts = set(kept[int(rng.integers(1, 4)) :: int(rng.integers(1, 4))].tolist())
    made: list[tuple[str, bool]] = []
    opened = False
    last = int(kept[-1])
    for row, (line, keep) in enumerate(_labelled(whole, 0, len(whole.lines))):
        if row in starts or row == last + 1:
            box = others[int(rng.integers(len(others)))]
            if opened and not is_list:
                made += [(box.title or related, False), *((lead, False) for lead in paragraphs(box)[:1])]
            if opened:
                made.append((end, False))
            opened = True
        if row in starts:
            told = [word for word in line.split() if len(word) > _SHINGLE and word.isalpha()]
            if told and (is_list or has_heading):
                made.append((" ".join(told[: int(rng.integers(1, 5))]).capitalize(), True))
            if credit:
                made.append((f"{credit}: {' '.join(line.split()[-3:])}", False))
        made.append((line, keep))
    return _composed(whole, "sections", made)


def _form(rng: np.random.Generator) -> tuple[str, str, str]:
    """Draw what ends each teaser of a page, the word for a picture (mostly), and a heading, in one language."""
    markers = load_json("chrome_words.json")["markers"]
    spoken = sorted(markers["read_more"].keys() & markers["credit"].keys() & markers["related"].keys())
    language = "en" if rng.random() < 0.5 else spoken[int(rng.integers(len(spoken)))]
    end, again, credit, related = (
        str(listed[int(rng.integers(len(listed)))]).capitalize()
        for listed in (markers[name][language] for name in ("read_more", "read_more", "credit", "related"))
    )
    return end + (again if rng.random() < 0.2 else ""), credit if rng.random() < 0.6 else "", related


def _labelled(e: Example, first: int, end: int) -> list[tuple[str, bool]]:
    return list(zip(e.lines[first:end], e.keep[first:end].tolist(), strict=True))


def _composed(whole: Example, name: str, labelled: Sequence[tuple[str, bool]]) -> Example:
    made = example(whole.id, f"{whole.origin}/{name}", whole.kind, whole.title, labelled)
    return replace(made, group=whole.group)


def offers(examples: Sequence[Example]) -> list[str]:
    """Return the chrome lines of the examples that are sentences of an offer: what stands in sign-up boxes."""
    at = [MARKERS.index(name) for name in _OFFERS]
    found = []
    for e in examples:
        page = read(e.lines)
        offered = (page.n_words >= 6) & (page.n_words <= 40) & (marks(page)[:, at].sum(axis=1) > 0.05)
        found += [e.lines[row] for row in np.flatnonzero(offered & ~e.keep).tolist()]
    return found


def interrupt(whole: Example, titles: Sequence[str], sentences: Sequence[str], seed: int) -> Example | None:
    """Put boxes between the paragraphs of an article: a link to another story, a list of them, an offer to sign up.

    Without them the model learns that what announces the end of something ends the article.
    """
    kept = np.flatnonzero(whole.keep & (whole.weight > _SHINGLE))
    if len(kept) < 3:
        return None
    rng = _generator(whole, seed + 2)
    phrase = partial(_phrase, rng)

    def one(of: Sequence[str]) -> str:
        return of[int(rng.integers(len(of)))]

    def box() -> list[str]:
        kind = rng.random()
        if kind < 0.25:
            return [f"{phrase('read_more' if rng.random() < 0.6 else 'related')}: {one(titles)}"]
        if kind < 0.4:
            return [phrase("related"), *(one(titles) for _ in range(int(rng.integers(1, 4))))]
        if kind < 0.55:
            return ["Advertisement" if rng.random() < 0.5 else phrase("related")]
        heading = [phrase("sign_up")] if rng.random() < 0.6 else []
        second = [one(sentences)] if rng.random() < 0.4 else []
        return [*heading, one(sentences), *second, *(phrase("sign_up") for _ in range(int(rng.integers(0, 3))))]

    places = set(rng.choice(kept[1:], size=min(int(rng.integers(1, 5)), len(kept) - 1), replace=False).tolist())
    lines: list[str] = []
    keep: list[bool] = []
    weight: list[float] = []
    for row, line in enumerate(whole.lines):
        for added in box() if row in places else ():
            lines.append(added)
            keep.append(False)
            weight.append(float(len(words(added))))
        lines.append(line)
        keep.append(bool(whole.keep[row]))
        weight.append(float(whole.weight[row]))
    return replace(
        whole,
        origin=whole.origin + "/box",
        lines=tuple(lines),
        keep=np.array(keep, dtype=bool),
        weight=np.array(weight),
    )


def _phrase(rng: np.random.Generator, marker: str) -> str:
    """Choose one of a marker's phrases, mostly with a capital letter."""
    listed = load_json("chrome_words.json")["markers"][marker]["en"]
    chosen = str(listed[int(rng.integers(len(listed)))])
    return chosen.capitalize() if rng.random() < 0.7 else chosen


def _generator(whole: Example, seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(f"{whole.origin} {whole.id}".encode())])


def columns_of(kind: str) -> tuple[str, ...]:
    """Return the names of the columns of `describe`."""
    return HTML_FEATURES if kind in OF_HTML else FEATURES


def describe(e: Example) -> Matrix:
    """Return the features of the lines; the headline of a page in plain text is not known."""
    matrix = features(read(e.lines), "" if e.kind == "page" else e.title)
    return html_features(matrix, e.layout) if e.kind in OF_HTML else matrix


def fit(examples: Sequence[tuple[Example, Matrix]], n_trees: int, seed: int) -> dict[str, Any]:
    """Fit boosted trees and return them in plain form.

    Returns
    -------
    dict
        ``features``, ``bias`` and ``trees``, each with ``feature`` and ``threshold`` (one per inner node of a complete binary tree, in
        heap order) and ``value`` (one per leaf, in log odds).
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    kind = examples[0][0].kind
    is_html = kind in OF_HTML
    names = list(_USED.get(kind, FEATURES[: -len(FEED)]))
    columns = [columns_of(kind).index(name) for name in names]
    matrix = np.vstack([x[:, columns] for _, x in examples])
    keep = np.concatenate([e.keep for e, _ in examples])
    n_pages = Counter(e.origin for e, _ in examples)
    weight = np.concatenate([_line_weights(e, n_pages[e.origin]) for e, _ in examples])
    used = weight > 0
    depth = _HTML_DEPTH if is_html else _DEPTH
    model = HistGradientBoostingClassifier(
        max_iter=n_trees,
        max_depth=depth,
        max_leaf_nodes=_HTML_LEAVES if is_html else None,
        max_features=_HTML_SHARE if is_html else 1.0,
        max_bins=64,
        learning_rate=_RATE,
        min_samples_leaf=40,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=seed,
    ).fit(matrix[used], keep[used], sample_weight=weight[used])
    trees = [_complete(stage[0].nodes, depth) for stage in model._predictors]  # noqa: SLF001 -- no public way to the trees
    return {"features": names, "bias": float(np.ravel(model._baseline_prediction)[0]), "trees": trees}  # noqa: SLF001


def fit_feeds(model: Mapping[str, Any], examples: Sequence[tuple[Example, Matrix]], seed: int) -> dict[str, Any]:
    """Fit trees on top of a model that add to its log odds of lines in feeds, and of no others.

    A page without a feed is judged as it is without them. Each tree is a step of Newton's.

    Parameters
    ----------
    model : dict
        What `fit` returned.
    examples : sequence of tuple
        Pages with feeds, and articles whose sections look like teasers, with the features of their lines.
    seed : int
        Seed of the trees.

    Returns
    -------
    dict
        The model with ``feed_trees``, of the form of ``trees``.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    base = {name: part for name, part in model.items() if name != "feed_trees"}
    rows = [(x[:, FEATURES.index(FEED[0])] > 0) & (e.weight > 0) for e, x in examples]
    matrix = np.vstack([x[used] for (_, x), used in zip(examples, rows, strict=True)])
    keep = np.concatenate([e.keep[used] for (e, _), used in zip(examples, rows, strict=True)])
    weight = np.concatenate([_line_weights(e, 1)[used] for (e, _), used in zip(examples, rows, strict=True)])
    told = from_table(base, FEATURES).predict(matrix)
    likely = told >= _FEED_LEAST
    matrix = matrix[likely][:, [FEATURES.index(name) for name in _FEED_SPLITS]]
    keep, weight, told = keep[likely], weight[likely], told[likely]
    names = list(dict.fromkeys((*base["features"], *_FEED_SPLITS)))
    log_odds = np.log(told / (1 - told))
    trees = []
    for _ in range(_FEED_TREES if len(matrix) else 0):
        told = 1 / (1 + np.exp(-log_odds))
        curve = told * (1 - told)
        tree = HistGradientBoostingRegressor(
            max_iter=1,
            max_depth=_DEPTH - 1,
            max_leaf_nodes=None,
            max_bins=64,
            learning_rate=1.0,
            min_samples_leaf=40,
            l2_regularization=1.0,
            early_stopping=False,
            random_state=seed,
        ).fit(matrix, np.clip((keep - told) / curve, -_FEED_STEP, _FEED_STEP), sample_weight=weight * curve)
        log_odds += _FEED_RATE * tree.predict(matrix)
        trees.append(_in_feeds(tree, [names.index(name) for name in _FEED_SPLITS]))
    return {**base, "features": names, "feed_trees": trees}


def fit_kind(
    examples: Sequence[tuple[Example, Matrix]], n_trees: int, seed: int, base: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Fit the model for one kind of text: its trees, or those of ``base``, and for pages in plain text those for feeds on top."""
    model = base or fit([item for item in examples if not item[0].origin.endswith(_COMPOSED)], n_trees, seed)
    return fit_feeds(model, examples, seed) if examples[0][0].kind == "page" else dict(model)


def _in_feeds(stage: Any, columns: Sequence[int]) -> dict[str, Any]:
    """Return a tree of a regression in plain form, under a node that leads every line outside a feed to nothing."""
    tree = _complete(stage._predictors[0][0].nodes, _DEPTH - 1)  # noqa: SLF001 -- no public way to the trees
    usual = float(np.ravel(stage._baseline_prediction)[0])  # noqa: SLF001
    feature, threshold = [columns[_FEED_SPLITS.index(FEED[0])]], [0.5]
    for level in range(_DEPTH - 1):
        n = 2**level
        feature += [*[0] * n, *(columns[number] for number in tree["feature"][n - 1 : 2 * n - 1])]
        threshold += [*[0.0] * n, *tree["threshold"][n - 1 : 2 * n - 1]]
    value = [_short(_FEED_RATE * (usual + leaf)) for leaf in tree["value"]]
    return {"feature": feature, "threshold": threshold, "value": [*[0.0] * len(value), *value]}


def _line_weights(e: Example, n_pages: int) -> Matrix:
    """Lines count by their words, long ones less than proportionally; labelled lines more than derived ones.

    With their HTML, long pages count less than proportionally too, and so do large files of gold, of ``n_pages``.
    """
    weight = np.where(e.weight > 0, np.minimum(e.weight, 100) ** 0.7 + 0.2, 0.0)
    if e.kind in OF_HTML:
        return np.asarray(weight / max(np.sqrt(weight.sum()), 1.0) * _FILE_PAGES / np.sqrt(n_pages))
    return weight * (_GOLD_LINES if e.origin == "lines" else 1.0)


def _complete(nodes: NDArray[Any], depth: int) -> dict[str, Any]:
    """Pad a tree to a complete one: below an early leaf every way leads to its value."""
    inner = 2**depth - 1
    feature, threshold, value = [0] * inner, [0.0] * inner, [0.0] * (inner + 1)

    def place(source: int, target: int) -> None:
        node = nodes[source]
        if target >= inner:
            value[target - inner] = _short(node["value"])
            return
        leaf = bool(node["is_leaf"])
        feature[target] = 0 if leaf else int(node["feature_idx"])
        threshold[target] = 0.0 if leaf else _short(node["num_threshold"])
        place(source if leaf else int(node["left"]), 2 * target + 1)
        place(source if leaf else int(node["right"]), 2 * target + 2)

    place(0, 0)
    return {"feature": feature, "threshold": threshold, "value": value}


def _short(value: float) -> float:
    return float(f"{value:.5g}")


Drafts = Callable[[Mapping[str, Any]], Mapping[str, Draft]]


def drafts_of(record: Mapping[str, Any]) -> dict[str, Draft]:
    """Return what is made of a page.

    ``full`` and ``main`` plain text, an extractor's ``answer``, its ``outline``, and that of the ``whole`` page, alone and with what resiliparse
    ``voted``.
    """
    from resiliparse.extract.html2text import extract_plain_text

    html = record["html"]
    found, _ = Extract("trafilatura", all_pages=True).extract(
        html.encode(errors="replace"), str(record.get("url") or "")
    )
    lines, second = lines_of(parse(html)), by_resiliparse(with_closed_title(html))
    whole, voted = full_outline(lines), full_outline(lines, second)
    return {
        "full": Draft("page", tuple(segment.lines(extract_plain_text(html, main_content=False)))),
        "main": Draft("page", tuple(segment.lines(by_resiliparse(html)))),
        "answer": Draft("article", tuple(segment.lines(found.text))),
        "outline": Draft("html", found.outline.lines, found.outline.layout),
        "whole": Draft("fast", whole.lines, whole.layout),
        "voted": Draft("resiliparse", voted.lines, voted.layout),
    }


def examples_of(path: Path, share: float, drafts: Drafts) -> list[Example]:
    """Read a gold file of either format; of pages, a share is taken, but for the outlines.

    Which pages are taken and what is made of them depends on their ids alone.
    """
    origin = path.name.split(".")[0]
    made: list[Example] = []
    rows = list(read_gold(path))
    is_pages = not any("lines" in row for row in rows)
    for record in of_format(rows, "pages" if is_pages else "lines"):
        id_ = str(record["id"])
        if "lines" in record:
            pairs = [(line["text"].strip(), bool(line["keep"])) for line in record["lines"] if line["text"].strip()]
            made.append(example(id_, "lines", "page", "", pairs))
            continue
        if record.get("type", "article") != "article":
            continue
        taken = _part(id_, "taken") < share
        host = host_of(str(record.get("url") or "")) or str(record.get("host") or "")
        title = str(record.get("headline") or record.get("title") or "")
        for name, draft in drafts(record).items():
            keep, recall = align(draft.lines, record["gold"])
            if draft.lines and recall >= ENOUGH and (taken or draft.kind in OF_HTML):
                labelled = list(zip(draft.lines, keep.tolist(), strict=True))
                one = example(id_, f"{origin}/{name}", draft.kind, title, labelled)
                made.append(replace(one, layout=draft.layout, group=host))
    return made


def of_one_page(examples: Iterable[Example]) -> list[Example]:
    """Put labelled lines into the group of the page of the same id: a text of a page is never scored by a model that saw another."""
    made = list(examples)
    groups = {e.id: e.group for e in made if e.group}
    return [replace(e, group=groups.get(e.id, "")) for e in made]


def _part(id_: str, salt: str) -> float:
    """Return a number in [0, 1) that depends on the id and the salt alone."""
    return zlib.crc32(f"{salt} {id_}".encode()) / 2**32


def fold_of(e: Example, n_folds: int) -> int:
    """Return the fold of an example; pages of one host are in one fold."""
    return int(_part(e.group or e.id, "fold") * n_folds)


def augment(examples: Sequence[Example], seed: int) -> list[Example]:
    """Add crops, rivers, articles with boxes in them, feeds and articles like feeds, and keep full pages for a third of the ids only.

    Their menus outnumber everything.
    """
    articles = [e for e in examples if e.kind == "article" and e.title]
    titles, sentences = [e.title for e in articles], offers(examples)
    nearest = alike(articles)
    made: list[Example] = []
    for e in examples:
        if e.kind == "page":
            others = nearest(e) if _part(e.id, "alike") < 0.5 else [other for other in articles if other.id != e.id]
            fed = feed(e, others, seed)
            like_feed = in_sections(e, others, seed) if _part(e.id, "sections") < _SECTIONS else None
            made += [other for other in (fed, like_feed) if other is not None]
        if e.kind == "page" and titles and sentences and _part(e.id, "boxes") < _BOXES:
            interrupted = interrupt(e, titles, sentences, seed)
            made += [interrupted] if interrupted else []
        if not e.origin.endswith("/full"):
            made.append(e)
            continue
        if _part(e.id, "full") < 1 / 3:
            made.append(e)
        cropped = crop(e, seed)
        followed = river(e, articles, seed) if articles else None
        made += [other for other in (cropped, followed) if other is not None]
    return made


def word_f1(keep: NDArray[np.bool_], wanted: NDArray[np.bool_], weight: Matrix) -> float:
    """Return the word-weighted F1 of kept lines, in [0, 1]."""
    total = float(weight[keep].sum() + weight[wanted].sum())
    return 2 * float(weight[keep & wanted].sum()) / total if total else 0.0


def train_boilerplate(  # noqa: PLR0913 -- every choice that shapes the model can be named
    gold_paths: Sequence[Path],
    *,
    share: float = 0.4,
    n_trees: int = 120,
    n_folds: int = 5,
    seed: int = 0,
    refit: Sequence[str] = MODELS,
    drafts: Drafts = drafts_of,
) -> dict[str, Any]:
    """Fit the line models on labelled lines and labelled pages.

    Parameters
    ----------
    gold_paths : sequence of Path
        Gold files in the formats ``lines`` and ``pages``.
    share : float
        Share of the pages that is used, in (0, 1], for texts without HTML; outlines are made of all, labelled lines all used.
    n_trees : int
        Trees per model.
    n_folds : int
        Folds of the cross-validation, grouped by host, where it is known, else by page; 0 leaves it out.
    seed : int
        Seed of the augmentation and of the trees.
    refit : sequence of str
        Kinds of text whose trees are fitted anew. Of the others those that ship stay; what tells of feeds is fitted on top of them.
    drafts : callable
        Gives the texts made of a record with ``html``, by name.

    Returns
    -------
    dict
        The content of ``line_model.json``.

    Raises
    ------
    InputError
        If the gold holds no labelled line.
    """
    paths = sorted(gold_paths, key=lambda path: path.name)
    examples = augment(of_one_page(e for path in paths for e in examples_of(path, share, drafts)), seed)
    described = [(e, describe(e)) for e in examples if e.weight.any()]
    if not described:
        raise InputError(
            "train boilerplate: the gold holds no labelled line. Give files of the formats lines or pages."
        )
    models: dict[str, Any] = {}
    scores: dict[str, dict[str, float]] = {}
    for kind in MODELS:
        chosen = [item for item in described if item[0].kind == kind]
        shipped = load_json("line_model.json")["models"].get(kind)
        if not chosen and kind in OF_HTML:
            # Of the HTML of pages labelled lines say nothing.
            models[kind] = shipped
            continue
        # Without texts of its own a kind is judged by the other's model.
        chosen = chosen or [item for item in described if item[0].kind not in OF_HTML]
        if kind not in refit:
            models[kind] = fit_kind(chosen, n_trees, seed, shipped) if kind == "page" else shipped
            continue
        models[kind] = fit_kind(chosen, n_trees, seed)
        if kind in OF_HTML:
            models[kind]["languages"] = languages_of([e for e, _ in chosen])
        if n_folds:
            scores[kind] = cross_validate(chosen, n_trees, n_folds, seed)
    return {
        "about": "Boosted trees over line features: complete binary trees in heap order, values in log odds of keep.",
        "gold": {path.name: digest_of(path) for path in paths},
        "parameters": {"share": share, "n_trees": n_trees, "seed": seed},
        "word_f1_by_cross_validation": scores,
        "models": models,
    }


def cross_validate(
    examples: Sequence[tuple[Example, Matrix]], n_trees: int, n_folds: int, seed: int
) -> dict[str, float]:
    """Return the word-weighted F1 by origin of the examples; no page is scored by a model that saw its host."""
    folds = [fold_of(e, n_folds) for e, _ in examples]
    scored: defaultdict[str, list[tuple[NDArray[np.bool_], Example]]] = defaultdict(list)
    for number in range(n_folds):
        rest = [item for item, fold in zip(examples, folds, strict=True) if fold != number]
        held = [item for item, fold in zip(examples, folds, strict=True) if fold == number]
        if not rest or not held:
            continue
        model = from_table(fit_kind(rest, n_trees, seed), columns_of(rest[0][0].kind))
        for e, matrix in held:
            scored[e.origin].append((model.predict(matrix) >= 0.5, e))
    return {
        origin: round(
            word_f1(
                np.concatenate([keep for keep, _ in found]),
                np.concatenate([e.keep for _, e in found]),
                np.concatenate([e.weight for _, e in found]),
            ),
            4,
        )
        for origin, found in sorted(scored.items())
    }


def languages_of(examples: Sequence[Example]) -> list[str]:
    """Return the languages that more than a few of the examples are in."""
    found = Counter(detect_language("\n".join(e.lines)) for e in examples)
    return sorted(code for code, n in found.items() if code and n >= _FEW * len(examples))


def as_text(model: Mapping[str, Any]) -> str:
    """Return a model as JSON, one tree a line."""
    text = json.dumps(model, ensure_ascii=False, separators=(",", ":"))
    for opening in (
        '{"feature":',
        '"models"',
        '"article":{"features"',
        '"html":{"features"',
        '"fast":{"features"',
        '"resiliparse":{"features"',
        '"trees"',
        '"feed_trees"',
        '"gold"',
        '"parameters"',
        '"word_f1',
    ):
        text = text.replace(opening, "\n" + opening)
    return text + "\n"


def run(gold: Sequence[str], output: Path) -> str:
    """Do ``dedup train boilerplate``: write the model, and return the line that sums it up."""
    for path in gold:
        if not Path(path).is_file():
            raise InputError(f"No such file: {path}.")
    check_output(output)
    model = train_boilerplate([Path(path) for path in gold])
    with whole_file(output) as file:
        file.write(as_text(model))
    scores = "; ".join(
        f"{kind} " + ", ".join(f"{origin} {score:.3f}" for origin, score in found.items())
        for kind, found in model["word_f1_by_cross_validation"].items()
    )
    return f"Word-weighted F1 by cross-validation: {scores}. The model is in {output}; name it as [classify] model."
