"""A corpus of copies with its exact truth.

In: a number of articles and a seed. Out: ``corpus.jsonl`` (``id title text source published family kind``) and
``truth.npz``: all pairs of Jaccard similarity .5 or more and all of containment .8 or more, over word 5-shingles.

About half of the articles are bases: real ones of ``../shared/data/scale`` where that is present, and Markov text of order two over
these (over the project's own fixtures else). The others are made of bases: exact copies, new headlines, wire tags, edited words,
paragraphs dropped and added, halves, wire stories inside longer articles; and forms of one outlet (market notes, forecasts), which
share most words and are no copies. The truth is computed here, from the text, by an inverted index, and uses nothing of the
project but its word rule.
"""

import argparse
import gzip
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray
from scipy.sparse import csr_array

from dedup.articles.normalize import words

ROOT = Path(__file__).resolve().parents[2]
SCALE = ROOT.parent / "shared" / "data" / "scale"
SHINGLE_WORDS = 5
#: What is done to a base, and how often among the variants.
KINDS = {
    "exact": 3, "headline": 2, "wire_tag": 3, "edit_1": 2, "edit_2": 2, "edit_5": 2, "edit_10": 2, "edit_20": 2,
    "drop_10": 2, "drop_25": 2, "drop_45": 2, "add_10": 2, "add_25": 2, "add_45": 2, "first_half": 2, "second_half": 2,
    "embedded": 5, "form": 2,
}  # fmt: skip
#: Outlets with a form that they fill in anew.
N_FORMS = 40
_PARAGRAPH = 60
_LONGEST = 900
_SHORTEST = 80


def real_texts(limit: int) -> Iterator[list[str]]:
    """Yield the words, as written, of real articles of a usable length, long and short ones by turns."""
    names = [path for path in (SCALE / "reuters21578.jsonl.gz", SCALE / "allsides.jsonl.gz") if path.is_file()]
    readers = [gzip.open(path, "rt", encoding="utf-8") for path in names]  # noqa: SIM115 - read to their end
    taken = 0
    seen: set[str] = set()
    for lines in zip(*readers, strict=False):
        for line in lines:
            tokens = json.loads(line)["text"].split()[:_LONGEST]
            lead = " ".join(tokens[:12])
            if len(tokens) >= _SHORTEST and lead not in seen and taken < limit:
                seen.add(lead)
                taken += 1
                yield tokens


def fixture_texts() -> list[list[str]]:
    """Return the words, as written, of the labelled pages that ship with the project."""
    lines = (ROOT / "fixtures" / "gold" / "pages.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["gold"].split() for line in lines]


class Markov:
    """Text of order two over given texts; where they are few it jumps to another place now and then."""

    def __init__(self, texts: list[list[str]], draw: np.random.Generator) -> None:
        self.tokens = [token for tokens in texts for token in tokens]
        self.jump = 0.0 if len(self.tokens) > 1_000_000 else 0.3
        self.follow: dict[tuple[str, str], list[int]] = {}
        for place in range(len(self.tokens) - 2):
            self.follow.setdefault((self.tokens[place], self.tokens[place + 1]), []).append(place + 2)
        self.draw = draw

    def text(self, length: int) -> list[str]:
        """Return ``length`` tokens."""
        tokens, n = self.tokens, len(self.tokens)
        chances = self.draw.random((length, 2)).tolist()
        place = int(self.draw.integers(0, n - 2))
        made = [tokens[place], tokens[place + 1]]
        for chance, jump in chances:
            options = self.follow.get((made[-2], made[-1]))
            at = options[int(chance * len(options))] if options and jump >= self.jump else int(chance * n)
            made.append(tokens[at])
        return made[2:]


def paragraphs(tokens: list[str]) -> list[list[str]]:
    return [tokens[start : start + _PARAGRAPH] for start in range(0, len(tokens), _PARAGRAPH)]


def written(blocks: list[list[str]]) -> str:
    return "\n".join(" ".join(block) for block in blocks if block)


def edited(tokens: list[str], rate: float, vocabulary: list[str], draw: np.random.Generator) -> list[str]:
    """Replace, delete or insert words, each with the same chance."""
    what = draw.choice(4, len(tokens), p=[1 - rate, rate / 3, rate / 3, rate / 3]).tolist()
    fresh = draw.integers(0, len(vocabulary), len(tokens)).tolist()
    made: list[str] = []
    for token, act, other in zip(tokens, what, fresh, strict=True):
        if act != 2:
            made.append(vocabulary[other] if act == 1 else token)
        if act == 3:
            made.append(vocabulary[other])
    return made


def variant(kind: str, tokens: list[str], other: list[str], vocabulary: list[str], draw: np.random.Generator) -> str:
    """Return the text that ``kind`` makes of a base; ``other`` is a text that stands nowhere else."""
    blocks = paragraphs(tokens)
    name, _, number = kind.partition("_")
    if kind == "wire_tag":
        return written(
            [
                ["LONDON", "(Newswire)", "-", *blocks[0]],
                *blocks[1:],
                ["Reporting", "by", "our", "staff", "in", "London"],
            ]
        )
    if name == "edit":
        return written(paragraphs(edited(tokens, int(number) / 100, vocabulary, draw)))
    if name == "drop":
        kept = max(1, round(len(blocks) * (1 - int(number) / 100)))
        return written([blocks[i] for i in sorted(draw.permutation(len(blocks))[:kept].tolist())])
    if name == "add":
        fresh = paragraphs(other[: round(len(tokens) * int(number) / 100)])
        for block in fresh:
            blocks.insert(int(draw.integers(0, len(blocks) + 1)), block)
        return written(blocks)
    if name in ("first", "second"):
        half = len(tokens) // 2
        return written(paragraphs(tokens[:half] if name == "first" else tokens[half:]))
    # An exact copy or another headline stands alone; a wire story stands in another text.
    around = paragraphs(other) if name == "embedded" else []
    place = int(draw.integers(0, len(around) + 1))
    return written([*around[:place], *blocks, *around[place:]])


def form(outlet: int, lines: list[list[str]], draw: np.random.Generator) -> str:
    """Return a note of an outlet that has the same sentences every day, with other figures."""
    values = (draw.integers(1, 99_999, len(lines)) / 100).tolist()
    filled = (
        [*line[: len(line) // 2], str(value), "points,", *line[len(line) // 2 :]]
        for line, value in zip(lines, values, strict=True)
    )
    return written([["Desk", f"{outlet}:", "figures", "of", "the", "day"], *filled])


def articles(n: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Yield ``n`` articles in an order that tells nothing."""
    draw = np.random.default_rng(seed)
    source = list(real_texts(12_000))
    markov = Markov(source or fixture_texts(), draw)
    vocabulary = [token for tokens in (source or fixture_texts())[:300] for token in tokens]
    n_bases = n // 2
    n_real = min(len(source) // 2, n_bases // 2)
    lengths = np.clip(draw.lognormal(5.9, 0.5, 2 * n), _SHORTEST, _LONGEST).astype(int).tolist()
    bases = source[:n_real] + [markov.text(lengths[i]) for i in range(n_bases - n_real)]
    kinds = draw.choice(list(KINDS), n - n_bases, p=np.array(list(KINDS.values())) / sum(KINDS.values())).tolist()
    # A story that is copied is copied two or three times, a few by many.
    families = draw.geometric(0.4, n).tolist()
    order = draw.permutation(n_bases).tolist()
    chosen: list[int] = []
    for base, copies in zip(order, families, strict=False):
        chosen += [base] * copies
    forms = [[markov.text(30) for _ in range(12)] for _ in range(N_FORMS)]
    rows = [(base, "base", written(paragraphs(tokens))) for base, tokens in enumerate(bases)]
    for i, (kind, base) in enumerate(zip(kinds, chosen, strict=False)):
        if kind == "form":
            outlet = i % N_FORMS
            rows.append((n_bases + outlet, kind, form(outlet, forms[outlet], draw)))
        else:
            other = markov.text(2 * lengths[n + i]) if kind[:3] in ("add", "emb") else []
            rows.append((base, kind, variant(kind, bases[base], other, vocabulary, draw)))
    for i, place in enumerate(draw.permutation(len(rows)).tolist()):
        family, kind, text = rows[place]
        title = " ".join(text.split()[:7]) + (" in brief" if kind == "headline" else "")
        outlet = f"forms{family}" if kind == "form" else f"outlet{place % 97}"
        published = f"2026-{1 + place % 12:02d}-{1 + place % 28:02d}"
        yield {
            "id": f"a{i:07d}", "title": title, "text": text, "source": f"{outlet}.example", "published": published,
            "language": "en", "family": family, "kind": kind,
        }  # fmt: skip


def shingle_sets(texts: list[str]) -> list[NDArray[np.int64]]:
    """Return the shingles of each text, one by one from its words as strings."""
    sets = []
    for text in texts:
        found = words(text)
        size = min(SHINGLE_WORDS, len(found))
        runs = {" ".join(found[i : i + size]) for i in range(len(found) - size + 1)} if found else set()
        hashes = (xxhash.xxh3_64_intdigest(run.encode()) >> 1 for run in runs)
        sets.append(np.fromiter(hashes, dtype=np.int64, count=len(runs)))
    return sets


def truth(sets: list[NDArray[np.int64]]) -> dict[str, NDArray[Any]]:
    """Return all pairs ``left < right`` of Jaccard .5 or containment .8, with both values."""
    sizes = np.array([len(one) for one in sets])
    hashes, owner = np.concatenate(sets), np.repeat(np.arange(len(sets)), sizes)
    order = np.argsort(hashes, kind="stable")
    hashes, owner = hashes[order], owner[order]
    new = np.concatenate(([True], hashes[1:] != hashes[:-1]))
    column = np.cumsum(new) - 1
    held = np.bincount(column)[column] > 1
    column = np.unique(column[held], return_inverse=True)[1]
    shape = (len(sets), int(column.max()) + 1)
    holds = csr_array((np.ones(len(column), dtype=np.int32), (owner[held], column)), shape=shape)
    across = holds.T.tocsr()
    parts = []
    for start in range(0, len(sets), 200):
        block = (holds[start : start + 200] @ across).tocoo()
        left, right, shared = block.row + start, block.col, block.data
        wanted = left < right
        left, right, shared = left[wanted], right[wanted], shared[wanted]
        jaccard = shared / (sizes[left] + sizes[right] - shared)
        containment = shared / np.minimum(sizes[left], sizes[right])
        kept = (jaccard >= 0.5) | (containment >= 0.8)
        parts.append((left[kept], right[kept], jaccard[kept], containment[kept]))
    names = ("left", "right", "jaccard", "containment")
    return {name: np.concatenate([part[i] for part in parts]) for i, name in enumerate(names)}


def build(folder: Path, n: int, seed: int = 1, *, with_truth: bool = True) -> None:
    """Write corpus and truth, unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    corpus = folder / "corpus.jsonl"
    if not corpus.is_file():
        beside = corpus.with_suffix(".part")
        with beside.open("w", encoding="utf-8") as out:
            out.writelines(json.dumps(row) + "\n" for row in articles(n, seed))
        beside.rename(corpus)
    if with_truth and not (folder / "truth.npz").is_file():
        np.savez(folder / "truth.npz", **truth(shingle_sets([row["text"] for row in read(folder)])))


def read(folder: Path, limit: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield the articles of a corpus."""
    with (folder / "corpus.jsonl").open(encoding="utf-8") as lines:
        for line in islice(lines, limit):
            yield json.loads(line)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--no-truth", action="store_true")
    given = parser.parse_args()
    build(given.folder, given.articles, with_truth=not given.no_truth)
