"""The small figures that people see in Dagster's UI: numbers in, Markdown out. No I/O."""

from collections.abc import Iterable, Mapping
from math import log

import numpy as np
import numpy.typing as npt

from genatator_assets.annotation.select import Reason
from genatator_assets.catalogue.values import Split
from genatator_assets.gene_finding.channels import CHANNELS
from genatator_assets.gene_finding.landmarks import Landmarks
from genatator_assets.orchestration.along import counted, covered, edges_of, from_digits, levels
from genatator_assets.tracks.runs import STRANDS, Positions
from genatator_assets.work.svg import SPLIT_COLOURS, WIDTH, area, bars, fitting, markdown, picture, steps, text
from genatator_assets.work.text import format_bp

_GREY, _BLUE, _PURPLE = "#bbb", SPLIT_COLOURS["train"][1], "#65b"
_COUNTS_UP, _COVERAGE_UP, _LENGTHS_UP = 16, 10, 12
_LINE, _RULER, _NAMES, _THICK = 6, 7, 76, 4
_TINY = 1e-30
_MOST_PLACES, _LAST_PLACE = 6, WIDTH - 28
_ROUND = tuple(digit * 10**power for power in range(10) for digit in (1, 2, 5))
_UNITS = ((1_000_000, "Mbp"), (1_000, "kbp"), (1, "bp"))


def transcripts_figure(begins: Positions, length: int, n_along: str | None) -> str:
    """Show how many transcripts begin where along a chromosome of `length` bp, and behind them the share of N.

    `begins` are ascending positions; `n_along` is as `along.as_digits` spells it, None if it is not known.
    """
    line, places = _ruler(_positions(length), _COUNTS_UP)

    def draw(columns: int) -> str:
        counts = counted(begins, edges_of(length, columns))
        most = int(counts.max())
        outline = steps(levels(counts / max(most, 1), _COUNTS_UP), _COUNTS_UP)
        grey = _n(n_along, columns, _COUNTS_UP) + line
        svg = picture(_COUNTS_UP + _RULER, area(_GREY, grey), area(_BLUE, outline), places)
        said = f"{len(begins):,} begin in {format_bp(length)}, at most {most:,} in {format_bp(length / columns)}."
        return markdown(svg, said + _said_of(n_along))

    return fitting(draw)


def coverage_figure(landmarks: Landmarks, length: int, n_along: str | None) -> str:
    """Show which share of the bases along a chromosome is intragenic, of + (up) and of - (down), and which is N."""
    line, _ = _ruler((), _COVERAGE_UP)
    plus, minus = (landmarks["combined", strand] for strand in STRANDS)

    def draw(columns: int) -> str:
        edges = edges_of(length, columns)
        bases = np.stack([covered(of_strand.starts, of_strand.ends, edges) for of_strand in (plus, minus)])
        shares = bases / np.maximum(np.diff(edges), 1)
        most = shares.max()
        up, down = levels(shares / (most or 1), _COVERAGE_UP)
        outline = steps(up, _COVERAGE_UP) + steps(down, _COVERAGE_UP, way=-1)
        grey = _n(n_along, columns, 2 * _COVERAGE_UP) + line
        svg = picture(2 * _COVERAGE_UP, area(_GREY, grey), area(_PURPLE, outline))
        return markdown(svg, f"Share of bases, + up and - down, at most {100 * most:.0f} %.{_said_of(n_along)}")

    return fitting(draw)


def lengths_figure(lengths: Mapping[Split, Positions]) -> str:
    """Show how many chromosomes of each split have which length in bp; the axis is logarithmic."""
    every = np.concatenate(list(lengths.values()))
    low, high = max(one for one in _ROUND if one <= every.min()), min(one for one in _ROUND if one > every.max())

    def draw(columns: int) -> str:
        base, parts = 0, []
        for split, of_split in lengths.items():
            base += _LINE + _LENGTHS_UP + 1
            places = (np.log(of_split / low) / log(high / low) * columns).astype(np.int64)
            counts = np.bincount(places, minlength=columns)
            said = f"{split}: {len(of_split):,}, at most {counts.max():,} in a column"
            parts.append(text(0, base - _LENGTHS_UP - 2, said))
            parts.append(area(SPLIT_COLOURS[split][1], steps(levels(counts / counts.max(), _LENGTHS_UP), base)))
        line, places = _ruler(_lengths(low, high), base)
        return markdown(picture(base + _RULER, area(_GREY, line), *parts, places))

    return fitting(draw)


def densities_figure(densities: Mapping[Split, npt.NDArray[np.float64]]) -> str:
    """Show the sum per nucleotide of each channel in each split; float64 [12], in the channels' order.

    Bars of TSS and polyA have one scale, those of intragenic channels another.
    """
    wide = np.array([channel.kind == "intragenic" for channel in CHANNELS])
    highest = np.maximum.reduce(list(densities.values()))
    full = np.where(wide, highest[wide].max(), highest[~wide].max())
    long = {split: levels(of_split / np.maximum(full, _TINY), WIDTH - _NAMES) for split, of_split in densities.items()}
    names, lines, y = "", dict.fromkeys(densities, ""), 0
    for number, channel in enumerate(CHANNELS):
        y += 1
        if channel.strand == "+":
            y += 2
            names += text(0, y + _LINE - 1, channel.name.removesuffix("_+"))
        for split in densities:
            lines[split] += f"M{_NAMES} {y}h{long[split][number]}"
            y += 1
    colours = ", ".join(f"{split} {SPLIT_COLOURS[split][0]}" for split in densities).capitalize()
    longest = f"TSS, polyA {100 * full[0]:.2g} %, intragenic {100 * full[wide][0]:.2g} %"
    said = f"{colours}; + above -. Longest: {longest}."
    return markdown(picture(y + 2, names, *(bars(SPLIT_COLOURS[split][1], of) for split, of in lines.items())), said)


def reasons_figure(counts: Mapping[Reason, int]) -> str:
    """Show how many transcripts have which reason; those that are selected in a colour of their own."""
    long = levels(np.array(list(counts.values())) / max(counts.values()), WIDTH - _NAMES)
    names, lines = "", {_BLUE: "", _GREY: ""}
    for row, (reason, count) in enumerate(counts.items()):
        y = _LINE * (row + 1)
        names += text(0, y, f"{reason} {count:,}")
        lines[_BLUE if reason == "selected" else _GREY] += f"M{_NAMES} {y - 1}h{long[row]}"
    drawn = (bars(colour, of_colour, _THICK) for colour, of_colour in lines.items())
    return markdown(picture(_LINE * len(counts) + 1, names, *drawn))


def _ruler(places: Iterable[tuple[int, str]], base: int) -> tuple[str, str]:
    """Return the outline of a line with marks at some places, and what stands below them."""
    line, said = f"M0 {base}h{WIDTH}v.3H0", ""
    for x, words in places:
        if x <= _LAST_PLACE:
            line += f"M{x} {base}v2h.5v-2"
            said += text(x + 1, base + _LINE, words)
    return line, said


def _positions(length: int) -> list[tuple[int, str]]:
    """Return round positions along a chromosome, and where on a picture they are."""
    step = next(one for one in _ROUND if length / one <= _MOST_PLACES)
    return [(round(position / length * WIDTH), _in_words(position, step)) for position in range(step, length, step)]


def _lengths(low: int, high: int) -> list[tuple[int, str]]:
    """Return round lengths from `low` to `high`, and where on a logarithmic picture they are."""
    between = [one for one in _ROUND if low <= one < high]
    if len(between) > _MOST_PLACES:
        between = [one for one in between if str(one)[0] == "1"]
    return [(round(log(one / low) / log(high / low) * WIDTH), _in_words(one, one)) for one in between]


def _in_words(position: int, least: int) -> str:
    """Format a round position in the largest unit not above `least`.

    >>> _in_words(1_500_000, 500_000), _in_words(150_000_000, 50_000_000)
    ('1,500 kbp', '150 Mbp')
    """
    size, unit = next(one for one in _UNITS if one[0] <= least)
    return f"{position // size:,} {unit}"


def _n(n_along: str | None, columns: int, up: int) -> str:
    return steps(levels(from_digits(n_along, columns), up), up) if n_along else ""


def _said_of(n_along: str | None) -> str:
    """Describe what the grey columns are, if it is known whether there are any."""
    if n_along is None:
        return ""
    return " Grey: N." if n_along.strip("0") else " No N."
