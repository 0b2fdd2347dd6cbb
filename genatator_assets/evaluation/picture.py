"""The precision-recall picture: what each prediction reaches, as SVG that any browser shows. No library is needed.

Scores per base are curves, one panel a channel; gene models are points, one panel a level.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt

from genatator_assets.evaluation.scores import Scores
from genatator_assets.evaluation.scoring import Score

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
_SIDE, _GAP, _MARGIN, _ACROSS = 180, 56, 48, 4
_LEVELS = (
    ("interval", "transcript"),
    ("site", "tss"),
    ("site", "polya"),
    ("part", "exon"),
    ("base", "exon"),
    ("base", "cds"),
)

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Line:
    """Recall and precision of one prediction in a panel, joined or as points; a base rate is a level line."""

    name: str
    recall: Sequence[float]
    precision: Sequence[float]
    joined: bool
    base_rate: float | None = None


def precision_recall(scores: Scores) -> str:
    """Return a picture of all predictions side by side, as SVG."""
    panels = dict(_panels(scores))
    names = [one.name for one in scores.predictions]
    columns = min(_ACROSS, max(len(panels), 1))
    rows = -(-len(panels) // columns)
    width = _MARGIN + columns * (_SIDE + _GAP)
    height = rows * (_SIDE + _GAP + 24) + 24 + 18 * len(names)
    drawn = [
        _panel(
            title,
            lines,
            names,
            _MARGIN + number % columns * (_SIDE + _GAP),
            24 + number // columns * (_SIDE + _GAP + 24),
        )
        for number, (title, lines) in enumerate(panels.items())
    ]
    legend = [
        f"<circle cx='{_MARGIN}' cy='{height - 18 * (len(names) - number) - 4}' r='5' fill='{_colour(number)}'/>"
        f"<text x='{_MARGIN + 12}' y='{height - 18 * (len(names) - number)}'>{escape(name)}</text>"
        for number, name in enumerate(names)
    ]
    head = f"xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' viewBox='0 0 {width} {height}'"
    style = "background:#fff;font:11px sans-serif"
    return f"<svg {head} style='{style}'>{''.join([*drawn, *legend])}</svg>\n"


def _panels(scores: Scores) -> Iterator[tuple[str, list[_Line]]]:
    channels = dict.fromkeys(channel for one in scores.predictions for channel in one.curves)
    rates = {
        row["kind"]: json.loads(row["extra"]).get("base_rate")
        for row in scores.rows()
        if row["level"] == "nucleotide" and row["subset"] == "all"
    }
    for channel in channels:
        curves = [(one.name, one.curves[channel]) for one in scores.predictions if channel in one.curves]
        yield (
            channel,
            [
                _Line(name, recall.tolist(), precision.tolist(), True, rates.get(channel))
                for name, (recall, precision) in curves
            ],
        )
    for level, kind in _LEVELS:
        rows = {
            one.name: [row for row in one.scores if (row.level, row.kind, row.subset) == (level, kind, "all")]
            for one in scores.predictions
        }
        lines = list(filter(None, (_points(name, of) for name, of in rows.items())))
        if lines:
            ks = sorted({row.k for of in rows.values() for row in of if row.k is not None})
            yield f"{level} {kind}" + (f", k {' '.join(map(str, ks))}" if len(ks) > 1 else ""), lines


def _points(name: str, rows: Sequence[Score]) -> _Line | None:
    points = [(row.recall, row.precision) for row in rows if row.recall is not None and row.precision is not None]
    if not points:
        return None
    return _Line(name, [recall for recall, _ in points], [precision for _, precision in points], len(points) > 1)


def _panel(title: str, lines: Sequence[_Line], names: Sequence[str], left: int, top: int) -> str:
    def place(recall: float, precision: float) -> str:
        return f"{left + recall * _SIDE:.1f},{top + (1 - precision) * _SIDE:.1f}"

    parts = [
        f"<text x='{left}' y='{top - 8}' font-weight='bold'>{escape(title)}</text>",
        f"<rect x='{left}' y='{top}' width='{_SIDE}' height='{_SIDE}' fill='none' stroke='#888'/>",
        f"<text x='{left + _SIDE / 2}' y='{top + _SIDE + 28}' text-anchor='middle'>recall</text>",
        f"<text x='{left - 30}' y='{top + _SIDE / 2}' text-anchor='middle'"
        f" transform='rotate(-90 {left - 30} {top + _SIDE / 2})'>precision</text>",
    ]
    for tick in (0.0, 0.5, 1.0):
        parts.append(f"<text x='{left + tick * _SIDE}' y='{top + _SIDE + 14}' text-anchor='middle'>{tick:g}</text>")
        parts.append(f"<text x='{left - 6}' y='{top + (1 - tick) * _SIDE + 4}' text-anchor='end'>{tick:g}</text>")
    for line in lines:
        colour = _colour(names.index(line.name))
        points = [place(*point) for point in zip(line.recall, line.precision, strict=True)]
        if line.base_rate is not None:
            ends = f"{place(0, line.base_rate)} {place(1, line.base_rate)}"
            parts.append(f"<polyline points='{ends}' stroke='#888' stroke-dasharray='4 3' fill='none'/>")
        if line.joined:
            parts.append(f"<polyline points='{' '.join(points)}' fill='none' stroke='{colour}' stroke-width='1.5'/>")
        if line.base_rate is None:
            parts += [
                f"<circle cx='{x}' cy='{y}' r='3' fill='{colour}'/>" for x, y in (point.split(",") for point in points)
            ]
    return "".join(parts)


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]
