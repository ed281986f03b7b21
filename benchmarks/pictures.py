"""Draws the pictures of the documentation from the rules as the code has them, and from what was measured: `docs/images/*.svg`.

    python benchmarks/pictures.py [FOLDER]

In: a page of the fixtures, the numbers of the stages, and what `nights/cost.py` printed. Out: one file per picture, the same bytes every time.
"""

import json
import sys
from collections.abc import Callable, Iterable
from html import escape
from math import log10
from pathlib import Path

import pyarrow as pa

from dedup.candidates.band import Bands, probability, sample_probability
from dedup.candidates.pair import LEAST_SAMPLES
from dedup.candidates.salient import Salient
from dedup.events.assign import Bar
from dedup.flow import Flow
from dedup.schema import PAGE
from dedup.stage import apply

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "fixtures" / "day1" / "metro-evening.example" / "coal-plants.html"
NIGHTS = Path(__file__).parent / "nights" / "cost.jsonl"
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #333 } .small { font-size: 11px; fill: #666 } .axis { stroke: #888; fill: none }
.grid { stroke: #8884; fill: none } .a { stroke: #1a6fb5; fill: #1a6fb5 } .b { stroke: #c2541b; fill: #c2541b } .c { stroke: #3f8f3a; fill: #3f8f3a }
polyline { fill: none !important; stroke-width: 2.5 } text.a, text.b, text.c { stroke: none } .gone { fill: #999; text-decoration: line-through }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .small { fill: #aaa } .gone { fill: #888 } }
"""
_LEFT, _TOP, _WIDTH, _HEIGHT = 60, 30, 520, 260
_SHINGLES = 300
Point = tuple[float, float]


def svg(width: int, height: int, title: str, parts: Iterable[str]) -> str:
    """Return a picture; its title is what a screen reader says of it."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">'
    return "\n".join([head, f"<title>{escape(title)}</title><style>{_STYLE}</style>", *parts, "</svg>", ""])


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    """Return words at a place."""
    return f'<text x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def chart(
    title: str, across: tuple[str, list[Point]], up: tuple[str, float], curves: list[tuple[str, str, list[Point]]]
) -> str:
    """Return curves over an axis whose ticks are places in [0, 1] with their values; each curve has a class, a name and its points."""
    (x_name, ticks), (y_name, highest) = across, up
    parts = [f'<path class="axis" d="M{_LEFT} {_TOP}V{_TOP + _HEIGHT}H{_LEFT + _WIDTH}"/>']
    for place, value in ticks:
        x = _LEFT + _WIDTH * place
        parts += [
            f'<path class="grid" d="M{x:g} {_TOP}V{_TOP + _HEIGHT}"/>',
            text(x, _TOP + _HEIGHT + 18, f"{value:,.12g}", "small", "middle"),
        ]
    for step in range(5):
        y = _TOP + _HEIGHT * (1 - step / 4)
        parts += [
            f'<path class="grid" d="M{_LEFT} {y:g}H{_LEFT + _WIDTH}"/>',
            text(_LEFT - 8, y + 4, f"{highest * step / 4:.2g}", "small", "end"),
        ]
    for row, (kind, name, points) in enumerate(curves):
        at = " ".join(f"{_LEFT + _WIDTH * x:.1f},{_TOP + _HEIGHT * (1 - y / highest):.1f}" for x, y in points)
        parts += [
            f'<polyline class="{kind}" points="{at}"/>',
            text(_LEFT + _WIDTH + 16, _TOP + 20 + 22 * row, name, kind),
        ]
    parts += [text(_LEFT + _WIDTH / 2, _TOP + _HEIGHT + 40, x_name, "", "middle"), text(_LEFT - 50, _TOP - 12, y_name)]
    return svg(_LEFT + _WIDTH + 270, _TOP + _HEIGHT + 55, title, parts)


def _curve(of: Callable[[float], float]) -> list[Point]:
    return [(step / 100, of(step / 100)) for step in range(101)]


def candidates() -> str:
    """Return how probably two articles are compared."""
    flow = Flow()
    words, telling = flow.bands, flow.salient

    def bands(stage: Bands | Salient) -> list[Point]:
        return _curve(lambda share: probability(share, stage.n_bands, stage.n_rows))

    return chart(
        "How probably two articles are compared, by what they share",
        (f"share of what they have: Jaccard similarity, or of {_SHINGLES} shingles those in one passage", [(n / 5, n / 5) for n in range(6)]),
        ("chance", 1.0),
        [
            ("a", f"MinHash bands, {words.n_bands} of {words.n_rows}", bands(words)),
            ("b", "three of the sampled shingles", _curve(lambda share: sample_probability(round(share * _SHINGLES), words.one_in, LEAST_SAMPLES))),
            ("c", f"bands of telling terms, {telling.n_bands} of {telling.n_rows}", bands(telling)),
        ],
    )  # fmt: skip


def events() -> str:
    """Return how alike two groups must be to be one event."""
    grouping = Flow().grouping
    bar = Bar(grouping.single, grouping.firm, grouping.few)
    sizes = range(1, 41)
    place = {size: (size - 1) / (sizes[-1] - 1) for size in sizes}
    return chart(
        "How alike two groups of articles must be to be one event, by the size of the greater",
        ("articles in the greater group", [(place[n], n) for n in (1, 5, 10, 20, 30, 40)]),
        ("mean similarity", 0.4),
        [
            ("a", "the other is one article", [(place[n], bar.required(1, n)) for n in sizes]),
            ("b", "the other has five, or as many", [(place[n], bar.required(min(5, n), n)) for n in sizes]),
            ("c", "the other is as great", [(place[n], bar.required(n, n)) for n in sizes]),
        ],
    )


def nights() -> str:
    """Return what a night costs as the state grows, on a scale of tens; as `nights/cost.py` measured it."""
    told = [json.loads(line) for line in NIGHTS.read_text(encoding="utf-8").splitlines()]
    first, last = (log10(told[end]["articles"]) for end in (0, -1))
    place = [(log10(one["articles"]) - first) / (last - first) for one in told]

    def curve(side: str, *stages: str) -> list[Point]:
        return [(x, sum(one[side][name] for name in stages)) for x, one in zip(place, told, strict=True)]

    highest = 4.0 * -(-max(one["night"]["seconds"] for one in told) // 4)
    return chart(
        "What a night of 1,000 new articles costs as the state grows",
        ("articles in the state", [(x, one["articles"]) for x, one in zip(place, told, strict=True)]),
        ("processor seconds", highest),
        [
            ("a", "against this state", curve("night", "seconds")),
            ("b", "against an empty one", curve("empty", "seconds")),
            ("c", "of the first: pairs and events", curve("night", "pair", "verify", "events")),
        ],
    )


def page(path: Path = EXAMPLE, n_lines: int = 22) -> str:
    """Return how the lines of a page were judged: what the model gives them, and which went."""
    flow = Flow()
    row = dict.fromkeys(PAGE.names, "") | {"doc_id": "page", "arrival": 0, "kind": "html", "source": path.parent.name}
    row["content"] = path.read_bytes()
    draft = apply(flow.extraction, pa.Table.from_pylist([row], schema=PAGE))
    segments = apply(flow.classify, draft).to_pylist()[:n_lines]
    parts = []
    for number, line in enumerate(segments):
        y = 30 + 22 * number
        stays = line["keep"] >= flow.label.keep_html
        shown = line["text"][:78] + ("…" if len(line["text"]) > 78 else "")
        parts.append(
            f'<rect class="{"a" if stays else "b"}" x="10" y="{y - 11}" width="{max(1, round(90 * line["keep"]))}" height="13"/>'
        )
        parts.append(text(112, y, shown, "" if stays else "gone"))
    return svg(
        700,
        30 + 22 * len(segments),
        "Lines of a page with what the line model gives them; those of little are taken off",
        parts,
    )


PICTURES: dict[str, Callable[[], str]] = {
    "page.svg": page,
    "candidates.svg": candidates,
    "events.svg": events,
    "nights.svg": nights,
}


def main() -> None:
    """Write the pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    for name, draw in PICTURES.items():
        (folder / name).write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
