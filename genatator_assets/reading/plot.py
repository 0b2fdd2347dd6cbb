"""A picture of a locus: DNA, transcripts and the twelve channels, one below the other along the same bases."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from genatator_assets.errors import optional_import
from genatator_assets.gene_finding.channels import CHANNELS
from genatator_assets.reading.bins import Composition, bin_edges, composition, maxima, merged_edges, pieces
from genatator_assets.reading.locus import GROUPS, KINDS, Row, colour_of, counted, genes_of
from genatator_assets.reading.stacking import Gene, Model
from genatator_assets.reading.window import Interval, Window

with optional_import("matplotlib", "plot"):
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from genatator_assets.reading.panels import (
        GREY,
        Panel,
        channel_panel,
        dna_panel,
        draw_bare,
        models_panel,
        track_panel,
    )

if TYPE_CHECKING:
    from genatator_assets.reading.tracks import TrackReader
    from genatator_assets.tracks.runs import Positions, Values

_LEFT_IN, _PANEL_IN, _RIGHT_IN, _TOP_IN, _BOTTOM_IN, _GAP_IN = 1.45, 8.2, 0.35, 0.4, 0.45, 0.1
_WIDTH_IN = _LEFT_IN + _PANEL_IN + _RIGHT_IN
_BINS, _DNA_BINS, _DNA_BIN_BP = 1_000, 250, 20
_PIECE_BP = 2_000_000
_TRACK_COLOUR = "#3b6ea8"
_DRAWN = re.compile(r' d="[^"]*"')

Read: TypeAlias = Callable[[int, int], Window]
"""What gives the window of bases [start, end) of the chromosome."""


def plot_locus(
    read: Read,
    transcripts: Mapping[str, Sequence[Row]],
    interval: Interval,
    tracks: Sequence[str] = (),
    reader: TrackReader | None = None,
) -> Figure:
    """Draw an interval; see `Dataset.plot`.

    `read` gives the window of bases [start, end) of the chromosome; `transcripts` are those of `locus.transcripts_at`,
    or none; `tracks` are read by `reader`.
    """
    edges, values, dna = _summary(read, interval)
    panels = [dna_panel(dna), *(_models(interval, name, rows) for name, rows in transcripts.items())]
    for group, said in GROUPS.items() if values.shape[1] else ():
        for kind, (title, colour) in KINDS.items():
            plus, minus = (values[:, _column(group, kind, strand)] for strand in "+-")
            panels.append(channel_panel(edges, plus, minus, colour, (title, colour), (said, GREY)))
    return _figure(interval, [*panels, *(_track_panels(reader, interval, tracks) if reader else ())])


def save(figure: Figure, path: Path, form: str) -> None:
    """Write a picture as png, pdf or svg. In SVG text stays text, numbers are short, and nothing tells the time."""
    if form != "svg":
        figure.savefig(path, format=form)
        return
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "genatator-assets", "font.sans-serif": ["DejaVu Sans"]}):
        figure.savefig(path, format=form, metadata={"Date": None})
    path.write_text(_DRAWN.sub(_rounded, path.read_text(encoding="utf-8")), encoding="utf-8")


def _rounded(drawn: re.Match[str]) -> str:
    """Return the commands of a path with shorter numbers, in one line.

    >>> _DRAWN.sub(_rounded, '<path d="M 104.4 -197.275304 \\nL 109.1232 7 \\nz\\n" style="fill: none"/>')
    '<path d="M104.4 -197.28L109.12 7z" style="fill: none"/>'
    """
    numbers = re.sub(r"-?[0-9]+\.[0-9]+", lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), drawn[0])
    return re.sub(r"\s*([A-Za-z])\s*", r"\1", numbers[4:-1]).join((' d="', '"'))


def _track_panels(reader: TrackReader, interval: Interval, names: Sequence[str]) -> Iterator[Panel]:
    """Make a panel of each track. Both strands of a track that are asked for share one: + upwards, - downwards.

    Strands show how far values are from 0; of a track without a strand values below 0 go downwards.
    """
    if not names:
        return
    place = (interval.genome, interval.chrom)
    reader.names(interval.genome, names)
    edges = bin_edges(interval.start, interval.end, _BINS)
    turns = [(turn, reader.read(*place, int(turn[0]), int(turn[-1]), names)) for turn in pieces(edges, _PIECE_BP)]
    rows = {row["track_id"]: row for row in reader.rows(interval.genome, names)}
    heights = {
        name: [
            np.concatenate([maxima(np.nan_to_num(np.maximum(sign * read, 0)), turn)[:, column] for turn, read in turns])
            for sign in (1, -1)
        ]
        for column, name in enumerate(names)
    }
    for name, drawn in heights.items():
        row = rows[name]
        stranded = row["strand"] in {"+", "-"}
        other = reader.partner(interval.genome, name) if stranded else name
        paired = other != name and other in rows
        if paired and row["strand"] == "-":
            continue  # it is drawn with its partner
        up, down = drawn
        if stranded:
            sizes = {row["strand"]: np.maximum(*drawn)}
            sizes |= {rows[other]["strand"]: np.maximum(*heights[other])} if paired else {}
            up, down = (sizes.get(strand, np.zeros(len(edges) - 1, np.float32)) for strand in "+-")
        title = row["name"] if paired else name
        yield track_panel(edges, up, down, _TRACK_COLOUR, (title, _TRACK_COLOUR), (row["output_type"] or "", GREY))


def _column(group: str, kind: str, strand: str) -> int:
    return [(one.group, one.kind, one.strand) for one in CHANNELS].index((group, kind, strand))  # type: ignore[arg-type]


def _summary(read: Read, interval: Interval) -> tuple[Positions, Values, Composition]:
    """Return bins, the greatest value of each bin and channel, and the composition, read piece by piece."""
    edges = bin_edges(interval.start, interval.end, _BINS)
    dna_edges = merged_edges(edges, _DNA_BINS, _DNA_BIN_BP)
    values, gc, n = [], [], []
    for turn in pieces(dna_edges, _PIECE_BP):
        window = read(turn[0], turn[-1])
        values.append(maxima(window.targets, edges[(edges >= turn[0]) & (edges <= turn[-1])]))
        part = composition(window.dna, turn)
        gc.append(part.gc)
        n.append(part.n)
    return edges, np.concatenate(values), Composition(dna_edges, np.concatenate(gc), np.concatenate(n))


def _models(interval: Interval, title: str, rows: Sequence[Row]) -> Panel:
    genes = [Gene(name, tuple(map(_model, own))) for name, own in genes_of(rows)]
    return models_panel(interval, _PANEL_IN, genes, (title, GREY), *counted(rows))


def _model(row: Row) -> Model:
    """Return a transcript as it is drawn: one whose exons aren't known as one exon."""
    exons = row["exons"] or [(row["start"], row["end"])]
    return Model(row["start"], row["end"], row["strand"], colour_of(row), tuple(exons), tuple(row["coding"]))


def _figure(interval: Interval, panels: Sequence[Panel]) -> Figure:
    """Put panels below each other, each as high as it says."""
    height = _TOP_IN + sum(panel.inches for panel in panels) + _GAP_IN * (len(panels) - 1) + _BOTTOM_IN
    figure = Figure(figsize=(_WIDTH_IN, height), dpi=150)
    top = height - _TOP_IN
    for number, panel in enumerate(panels):
        bottom = top - panel.inches
        axes = figure.add_axes((_LEFT_IN / _WIDTH_IN, bottom / height, _PANEL_IN / _WIDTH_IN, panel.inches / height))
        draw_bare(axes, interval, last=number == len(panels) - 1)
        panel.draw(axes)
        top = bottom - _GAP_IN
    title = f"{interval.genome}  {interval.chrom}:{interval.start + 1:,}-{interval.end:,}"
    y = 1 - 0.14 / height
    figure.text(_LEFT_IN / _WIDTH_IN, y, title, fontsize=9, fontweight="bold", va="top")
    right = 1 - _RIGHT_IN / _WIDTH_IN
    figure.text(right, y, f"{interval.length:,} bp", fontsize=8, color=GREY, ha="right", va="top")
    return figure
