"""The panels of a picture: DNA composition, transcripts as arrows, and a channel of both strands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.ticker import FuncFormatter, MaxNLocator

from genatator_assets.reading.bins import Composition, rows_of
from genatator_assets.reading.locus import Line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from genatator_assets.reading.window import Interval
    from genatator_assets.tracks.runs import Positions, Values

GREY = "#666666"

_PALE = "#e4e4e4"
_DNA_IN, _CHANNEL_IN, _ROW_IN, _LINE_IN = 0.65, 0.42, 0.16, 0.125
_MOST_IN = 3.6
_ROWS_FOR_NAMES, _MOST_NAMED_ROWS = 6, 21  # how many more rows names are worth, and how many they may stand in
_NAME_PT, _LETTER_IN, _SPACE_IN = 6.5, 0.06, 0.05

Model = tuple[int, int, str, str, str]
"""A transcript as it is drawn: start, end, strand, colour, name."""


@dataclass(frozen=True)
class Panel:
    """One panel: its height, and what draws it."""

    inches: float
    draw: Callable[[Axes], None]


def draw_bare(axes: Axes, interval: Interval, last: bool) -> None:
    """Take the frame of an axis away; the last one has the positions."""
    axes.set_xlim(interval.start, interval.end)
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10], integer=True))
    axes.grid(axis="x", color=_PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(axis="x", length=3 if last else 0, labelsize=7, colors=GREY, labelbottom=last)
    if last:
        megabases = interval.length >= 500_000
        axes.spines["bottom"].set(visible=True, color=GREY, linewidth=0.6)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x / 1e6:g}" if megabases else f"{x:,.0f}"))
        axes.set_xlabel(f"{interval.chrom} ({'Mb' if megabases else 'bp'})", fontsize=7.5, color=GREY, labelpad=2)


def dna_panel(dna: Composition) -> Panel:
    """Make the panel of the share of GC, and of N."""

    def draw(axes: Axes) -> None:
        axes.set_ylim(0, 1)
        axes.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"], fontsize=5.5, color=GREY)
        axes.tick_params(axis="y", length=0, pad=1)
        axes.axhline(0.5, color=_PALE, linewidth=0.6)
        axes.fill_between(dna.edges, _closed(dna.n), step="post", color="#c9c9c9", linewidth=0)
        axes.step(dna.edges, _closed(dna.gc), where="post", color="#333333", linewidth=0.8)
        _draw_label(axes, _DNA_IN, ("GC", "#333333"), ("N", "#a0a0a0"))

    return Panel(_DNA_IN, draw)


def channel_panel(edges: Positions, plus: Values, minus: Values, colour: str, *label: Line) -> Panel:
    """Make the panel of a channel of both strands: + upwards, - downwards."""

    def draw(axes: Axes) -> None:
        axes.set_ylim(-1.08, 1.08)
        axes.set_yticks([0.55, -0.55], ["+", "\N{MINUS SIGN}"], fontsize=7, color=GREY)
        axes.tick_params(axis="y", length=0, pad=2)
        for heights in (plus, -minus):
            axes.fill_between(edges, _closed(heights), step="post", facecolor=colour, edgecolor=colour, linewidth=0.5)
        axes.axhline(0, color=GREY, linewidth=0.5)
        _draw_label(axes, _CHANNEL_IN, *label)

    return Panel(_CHANNEL_IN, draw)


def track_panel(edges: Positions, up: Values, down: Values, colour: str, *label: Line) -> Panel:
    """Make the panel of a track, scaled to its greatest height; downwards only where something goes down."""
    highest = float(max(up.max(initial=0), down.max(initial=0))) or 1.0
    below = bool(down.any())

    def draw(axes: Axes) -> None:
        axes.set_ylim(-1.08 * highest if below else 0, 1.08 * highest)
        axes.set_yticks([highest], [f"{highest:.3g}"], fontsize=7, color=GREY)
        axes.tick_params(axis="y", length=0, pad=2)
        for heights in (up, -down):
            axes.fill_between(edges, _closed(heights), step="post", facecolor=colour, edgecolor=colour, linewidth=0.5)
        axes.axhline(0, color=GREY, linewidth=0.5)
        _draw_label(axes, _CHANNEL_IN, *label)

    return Panel(_CHANNEL_IN, draw)


def models_panel(interval: Interval, width_in: float, models: Sequence[Model], *label: Line) -> Panel:
    """Make a panel of transcripts, each in the first row with room, with names if that takes few more rows."""
    bp_per_inch = interval.length / width_in
    gap = _SPACE_IN * bp_per_inch
    names = [_place_name(model, interval, bp_per_inch) for model in models]
    rows = rows_of([model[0] for model in models], [model[1] for model in models], gap)
    with_names = rows_of([name.first for name in names], [name.last for name in names], gap)
    named = max(with_names, default=0) <= min(max(rows, default=0) + _ROWS_FOR_NAMES, _MOST_NAMED_ROWS)
    rows = with_names if named else rows
    count = max(rows, default=0) + 1
    inches = max(min(_MOST_IN, count * _ROW_IN), _LINE_IN * (len(label) + 0.4))
    row_in = min(_ROW_IN, inches / count)
    middle, half = (1 - count) / 2, inches / row_in / 2

    def draw(axes: Axes) -> None:
        axes.set_ylim(middle - half, middle + half)
        _draw_models(axes, models, rows, min(0.06, row_in) * bp_per_inch)
        _draw_directions(axes, interval, models, rows, bp_per_inch, 72 * row_in)
        for model, row, name in zip(models, rows, names if named else [], strict=named):
            colour = "white" if name.side == "center" else model[3]
            axes.text(
                name.x,
                -row,
                model[4],
                ha=name.side,
                va="center_baseline",
                fontsize=_NAME_PT,
                color=colour,
                clip_on=True,
            )
        if not models:
            axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center", va="center", fontsize=7, color="#a0a0a0")
        _draw_label(axes, inches, *label)

    return Panel(inches, draw)


@dataclass(frozen=True)
class _Name:
    """Where a transcript's name stands: at x, on one side of it; and the stretch that both take."""

    x: float
    side: Literal["left", "right", "center"]
    first: float
    last: float


def _place_name(model: Model, interval: Interval, bp_per_inch: float) -> _Name:
    """Put the name before the transcript; where there is no room behind it; and where there is none either, onto it."""
    start, end = max(model[0], interval.start), min(model[1], interval.end)
    space = _SPACE_IN * bp_per_inch
    length = len(model[4]) * _LETTER_IN * bp_per_inch + space
    if start - length >= interval.start:
        return _Name(start - space, "right", start - length, end)
    if end + length <= interval.end:
        return _Name(end + space, "left", start, end + length)
    return _Name((start + end) / 2, "center", start, end)


def _draw_models(axes: Axes, models: Sequence[Model], rows: list[int], head_bp: float) -> None:
    """Draw transcripts as arrows in the direction of their strand."""
    shapes = []
    for (start, end, strand, _, _), row in zip(models, rows, strict=True):
        head = min(head_bp, end - start)
        tail, neck, tip = {"+": (start, end - head, end), "-": (end, start + head, start)}.get(
            strand, (start, end, end)
        )
        up, down = -row + 0.3, -row - 0.3
        shapes.append([(tail, up), (neck, up), (tip, -row), (neck, down), (tail, down)])
    colours = [model[3] for model in models]
    axes.add_collection(PolyCollection(shapes, facecolors=colours, edgecolors=colours, linewidths=0.3), autolim=False)


def _draw_directions(
    axes: Axes, interval: Interval, models: Sequence[Model], rows: list[int], bp_per_inch: float, row_pt: float
) -> None:
    """Mark the direction along long transcripts, whose tip may be out of sight."""
    for strand, marker in (("+", ">"), ("-", "<")):
        x, y = [], []
        for (start, end, own, _, _), row in zip(models, rows, strict=True):
            if own == strand:
                first, last = max(start, interval.start), min(end, interval.end)
                places = np.arange(first + 0.3 * bp_per_inch, last - 0.3 * bp_per_inch, 0.4 * bp_per_inch)
                x += places.tolist()
                y += [-row] * len(places)
        axes.plot(x, y, linestyle="none", marker=marker, markersize=min(2.6, 0.35 * row_pt), color="white", mew=0)


def _draw_label(axes: Axes, inches: float, *lines: Line) -> None:
    """Write lines to the left of a panel, the first one bold."""
    for number, (text, colour) in enumerate(lines):
        y = 0.5 + ((len(lines) - 1) / 2 - number) * _LINE_IN / inches
        weight = "normal" if number else "bold"
        axes.text(
            -0.032, y, text, transform=axes.transAxes, ha="right", va="center", fontsize=7, color=colour, weight=weight
        )


def _closed(heights: Values | np.ndarray) -> np.ndarray:
    """Return each bin's height and the last one once more: steps want as many heights as edges."""
    return np.append(heights, heights[-1])
