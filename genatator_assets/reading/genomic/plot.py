"""plotGenomeTrack: Covers and Bioseqs below each other along an interval, as lines, heat maps or letters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from genatator_assets.errors import optional_import
from genatator_assets.reading.genomic.indexer import WindowError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = {"A": "#2ca02c", "C": "#1f77b4", "G": "#ff9900", "T": "#d62728"}
_MOST_LETTERS, _LETTERS_PT = 140, 500


class Drawn(Protocol):
    """A track of a figure: a dataset, how high it is in parts, and how many panels it has."""

    data: Any
    height: int

    def panels(self) -> int:
        """Return the number of panels."""

    def draw(self, axes: Sequence[Axes], chrom: str, start: int, end: int) -> None:
        """Draw it into its panels."""


class LineTrack:
    """A panel for each condition, with a line for each strand."""

    def __init__(self, data: Any, height: int = 3, linestyle: str = "-", marker: str | None = None) -> None:
        """Take a Cover, and how it is drawn."""
        self.data, self.height, self.linestyle, self.marker = data, height, linestyle, marker

    def panels(self) -> int:
        """Return the number of conditions."""
        return len(self.data.conditions)

    def draw(self, axes: Sequence[Axes], chrom: str, start: int, end: int) -> None:
        """Draw the values of single bases."""
        values = _bases(self.data, chrom, start, end)
        for condition, panel in enumerate(axes):
            for strand in range(values.shape[1]):
                label = "" if values.shape[1] == 1 else "+-"[strand]
                panel.plot(
                    np.arange(start, end),
                    values[:, strand, condition],
                    linestyle=self.linestyle,
                    marker=self.marker,
                    linewidth=0.9,
                    label=label or None,
                )
            if values.shape[1] > 1:
                panel.legend(loc="upper right", fontsize=7, frameon=False)
            panel.set_ylabel(self.data.conditions[condition], rotation=0, ha="right", fontsize=8)


class HeatTrack:
    """A heat map with a row for each condition and strand."""

    def __init__(self, data: Any, height: int = 3) -> None:
        """Take a Cover."""
        self.data, self.height = data, height

    def panels(self) -> int:
        """Return 1."""
        return 1

    def draw(self, axes: Sequence[Axes], chrom: str, start: int, end: int) -> None:
        """Draw the values of single bases."""
        values = _bases(self.data, chrom, start, end)
        rows = values.transpose(2, 1, 0).reshape(-1, end - start)
        axes[0].imshow(rows, aspect="auto", interpolation="nearest", extent=(start, end, len(rows), 0))
        strands = [""] if values.shape[1] == 1 else [" +", " -"]
        names = [f"{condition}{strand}" for condition in self.data.conditions for strand in strands]
        axes[0].set_yticks(np.arange(len(names)) + 0.5, names, fontsize=8)


class SeqTrack:
    """The letters of a Bioseq of a whole genome; of long intervals only their colours."""

    def __init__(self, data: Any, height: int = 1) -> None:
        """Take a Bioseq of order 1."""
        self.data, self.height = data, height

    def panels(self) -> int:
        """Return 1."""
        return 1

    def draw(self, axes: Sequence[Axes], chrom: str, start: int, end: int) -> None:
        """Draw the letters in their colours."""
        hot = self.data[chrom, start, end][0]
        hot = hot[:, 0] if hot.shape[0] == end - start else hot[:, 0].T
        letters, size = list(self.data.conditions), min(10.0, _LETTERS_PT / (end - start))
        for row, letter in enumerate(letters):
            places = start + np.flatnonzero(hot[:, row])
            colour = _COLOURS.get(letter, "#666666")
            if end - start > _MOST_LETTERS:
                axes[0].vlines(places + 0.5, 0, 1, colors=colour, linewidth=0.5)
                continue
            for place in places:
                axes[0].text(place + 0.5, 0.5, letter, color=colour, ha="center", va="center", fontsize=size)
        axes[0].set_ylim(0, 1)
        axes[0].set_yticks([])


def plotGenomeTrack(  # noqa: N802 - Janggu's name and arguments
    tracks: Any,
    chrom: str,
    start: int,
    end: int,
    figsize: tuple[float, float] = (10, 5),
    plottypes: Sequence[str] | str | None = None,
) -> Figure:
    """Draw tracks along [start, end) of a chromosome: LineTrack, HeatTrack and SeqTrack, or datasets.

    A Cover is drawn as a line and a Bioseq as letters, or as `plottypes` ("line", "heatmap", "seqplot") says. The
    first axes have the position, the second are a spacer, and then come the tracks.

    Raises:
        MissingExtraError: matplotlib is not installed.
        WindowError: the interval is empty, or a type of plot is not known.
    """
    with optional_import("matplotlib", "plot"):
        from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    if start >= end:
        raise WindowError(f"start={start:,} is not before end={end:,}")
    drawn = _drawn(tracks, plottypes)
    heights = [1, 1, *(track.height for track in drawn for _ in range(track.panels()))]
    figure = Figure(figsize=figsize)
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights, hspace=0.25)
    axes = [figure.add_subplot(grid[place]) for place in range(len(heights))]
    axes[0].set_title(chrom)
    axes[0].set_yticks([])
    axes[0].spines[:].set_visible(False)
    axes[1].set_visible(False)
    axes[0].xaxis.set_ticks_position("bottom")
    first = 2
    for track in drawn:
        track.draw(axes[first : first + track.panels()], chrom, start, end)
        first += track.panels()
    for place, panel in enumerate(axes):
        panel.set_xlim(start, end)
        if place:
            panel.set_xticks([])
        else:
            panel.ticklabel_format(axis="x", style="plain", useOffset=False)
    return figure


def _drawn(tracks: Any, plottypes: Sequence[str] | str | None) -> list[Drawn]:
    listed = list(tracks) if isinstance(tracks, list | tuple) else [tracks]
    kinds: Sequence[str | None] = (
        [plottypes] * len(listed) if plottypes is None or isinstance(plottypes, str) else plottypes
    )
    if len(kinds) != len(listed):
        raise WindowError(f"plottypes has {len(kinds)} names, and there are {len(listed)} tracks")
    return [_track(one, kind) for one, kind in zip(listed, kinds, strict=True)]


def _track(one: Any, kind: str | None) -> Drawn:
    if isinstance(one, LineTrack | HeatTrack | SeqTrack):
        return one
    types: dict[str, Any] = {"line": LineTrack, "heatmap": HeatTrack, "seqplot": SeqTrack}
    if kind is not None and kind not in types:
        raise WindowError(f"unknown plottype: {kind}; expected {', '.join(types)}")
    found: Drawn = types[kind or ("seqplot" if hasattr(one, "encode") else "line")](one)
    return found


def _bases(data: Any, chrom: str, start: int, end: int) -> Any:
    """Return values of single bases, [bases, strands, conditions], however the Cover has its channels."""
    values = data[chrom, start, end][0]
    return values if values.shape[0] == end - start else values.transpose(2, 1, 0)
