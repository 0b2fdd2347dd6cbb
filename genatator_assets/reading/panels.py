"""The panels of a picture: DNA composition, gene models, and a channel of both strands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator

from genatator_assets.reading.bins import Composition
from genatator_assets.reading.locus import Line
from genatator_assets.reading.stacking import Gene, Stack, joined, stacked

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from genatator_assets.reading.window import Interval
    from genatator_assets.tracks.runs import Positions, Values

GREY = "#666666"

_PALE = "#e4e4e4"
_DNA_IN, _CHANNEL_IN, _LINE_IN = 0.65, 0.42, 0.125
_LINE = [Path.MOVETO, Path.LINETO]
_BAR = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
_NAME_PT, _DOTS_PER_INCH = 6, 300
_EXON_HALF, _CODING_HALF = 0.17, 0.36  # of a row


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
    megabases = interval.length >= 500_000
    locator = MaxNLocator(nbins=8, steps=[1, 2, 5, 10], integer=True)
    ticks = np.asarray(locator.tick_values(interval.start, interval.end))
    ticks = ticks[(ticks >= interval.start + (not megabases)) & (ticks <= interval.end)]
    labels = [f"{x / 1e6:g}" if megabases else f"{x:,.0f}" for x in ticks]
    axes.set_xticks(ticks if megabases else ticks - 0.5, labels)  # of a base that is counted from 1, the middle
    axes.grid(axis="x", color=_PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(axis="x", length=3 if last else 0, labelsize=7, colors=GREY, labelbottom=last)
    if last:
        axes.spines["bottom"].set(visible=True, color=GREY, linewidth=0.6)
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
            _fill(axes, edges, heights, colour)
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
            _fill(axes, edges, heights, colour)
        axes.axhline(0, color=GREY, linewidth=0.5)
        _draw_label(axes, _CHANNEL_IN, *label)

    return Panel(_CHANNEL_IN, draw)


def models_panel(interval: Interval, width_in: float, genes: Sequence[Gene], *label: Line) -> Panel:
    """Make a panel of genes, isoforms below each other under one name (see `reading.stacking`)."""
    bp_per_inch = interval.length / width_in
    stack = stacked(genes, interval, bp_per_inch)
    label = (*label, *((said, GREY) for said in stack.remarks))
    inches = max(stack.rows * stack.row_in, _LINE_IN * (len(label) + 0.4))
    middle, half = (1 - stack.rows) / 2, inches / stack.row_in / 2

    def draw(axes: Axes) -> None:
        axes.set_ylim(middle - half, middle + half)
        _draw_models(axes, interval, stack, bp_per_inch)
        _draw_directions(axes, interval, stack, bp_per_inch)
        for name in stack.names:
            axes.text(
                name.x,
                -name.row,
                name.text,
                ha=name.side,
                va="center_baseline",
                fontsize=_NAME_PT,
                color=name.colour,
                clip_on=True,
            )
        if not genes:
            axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center", va="center", fontsize=7, color="#a0a0a0")
        _draw_label(axes, inches, *label)

    return Panel(inches, draw)


def _draw_models(axes: Axes, interval: Interval, stack: Stack, bp_per_inch: float) -> None:
    """Draw introns as lines, exons as bars, and coding sequence as higher bars; what is closer than a dot is joined."""
    dot = bp_per_inch / _DOTS_PER_INCH
    lines: dict[str, list[tuple[float, float]]] = {}  # all lines of a colour are one, and all bars: a smaller SVG
    bars: dict[str, list[tuple[float, float]]] = {}
    for model, row in stack.models:
        first, last = max(model.start, interval.start), min(model.end, interval.end)
        lines.setdefault(model.colour, []).extend([(first, -row), (last, -row)])
        for pieces, half in ((model.exons, _EXON_HALF), (model.coding, _CODING_HALF)):
            for start, end in joined(pieces, interval, dot):
                corners = [(start, half - row), (end, half - row), (end, -half - row), (start, -half - row)]
                bars.setdefault(model.colour, []).extend([*corners, corners[0]])
    for drawn, codes, filled, width in ((lines, _LINE, False, 0.7), (bars, _BAR, True, 0.3)):
        outlines = [Path(corners, codes * (len(corners) // len(codes))) for corners in drawn.values()]
        fill = list(drawn) if filled else "none"
        colours = PathCollection(outlines, facecolors=fill, edgecolors=list(drawn), linewidths=width)
        axes.add_collection(colours, autolim=False)


def _draw_directions(axes: Axes, interval: Interval, stack: Stack, bp_per_inch: float) -> None:
    """Mark the direction along transcripts: in their colour on introns, white on exons."""
    marked: dict[tuple[str, str], tuple[list[float], list[float]]] = {}
    for model, row in stack.models:
        marker = {"+": ">", "-": "<"}.get(model.strand)
        first, last = max(model.start, interval.start), min(model.end, interval.end)
        for x in np.arange(first + 0.1 * bp_per_inch, last - 0.05 * bp_per_inch, 0.25 * bp_per_inch) if marker else ():
            on_exon = any(start <= x < end for start, end in model.exons)
            places = marked.setdefault((str(marker), "white" if on_exon else model.colour), ([], []))
            places[0].append(float(x))
            places[1].append(-row)
    row_pt = 72 * stack.row_in
    for (marker, colour), (xs, ys) in marked.items():
        size = min(2.8, row_pt * (_EXON_HALF if colour == "white" else 2 * _EXON_HALF))
        axes.plot(xs, ys, linestyle="none", marker=marker, markersize=size, color=colour, mew=0)


def _draw_label(axes: Axes, inches: float, *lines: Line) -> None:
    """Write lines to the left of a panel, the first one bold."""
    for number, (text, colour) in enumerate(lines):
        y = 0.5 + ((len(lines) - 1) / 2 - number) * _LINE_IN / inches
        weight = "normal" if number else "bold"
        axes.text(
            -0.032, y, text, transform=axes.transAxes, ha="right", va="center", fontsize=7, color=colour, weight=weight
        )


def _fill(axes: Axes, edges: Positions, heights: Values, colour: str) -> None:
    """Fill what lies between 0 and the heights of bins; neighbours of one height are one, for a small SVG."""
    kept = np.flatnonzero(np.append(True, heights[1:] != heights[:-1]))
    places = np.append(edges[kept], edges[-1])
    outline = np.column_stack([np.repeat(places, 2)[1:-1], np.repeat(heights[kept], 2)])
    outline = np.concatenate([[(edges[0], 0)], outline, [(edges[-1], 0)]])
    axes.add_collection(PolyCollection([outline], facecolors=colour, edgecolors=colour, linewidths=0.5), autolim=False)


def _closed(heights: Values | np.ndarray) -> np.ndarray:
    """Return each bin's height and the last one once more: steps want as many heights as edges."""
    return np.append(heights, heights[-1])
