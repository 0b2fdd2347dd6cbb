"""How a block's targets are cut into pages: long ones where nothing changes, short ones around what does.

    cells      |0  |1  |2  |3  |4  |5  |6  |7  |8  |9  |10 |11 |12 |13 |14 |15 |
    a channel  _____________/\\_____________________________^^^^^^^^^^^^^^^^^^^^
    pages      | constant  | d |   constant    | constant  |     constant      |

A constant page depends on one number a channel only and is encoded once; only dense pages are painted, many at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from genatator_assets.gene_finding.blocks.encode.pages import Compressor, Page, target_page
from genatator_assets.tracks.runs import Positions, Values
from genatator_assets.tracks.segments import Segments

CELL_BP = 1_000
CELLS_PER_PAGE = 8
"""Measured (docs/format.md): pages are whole cells, at most so many."""

_PAINTED_BP = 200_000


@dataclass(frozen=True, eq=False)
class Cut:
    """Page k holds bases [edges[k], edges[k + 1]) of the chromosome; edges int64 [pages + 1], changing bool [pages]."""

    edges: Positions
    changing: npt.NDArray[np.bool_]


def cut_into_pages(segments: Segments, start: int, end: int) -> Cut:
    """Cut bases [start, end) into pages: a page is constant in all channels, or it is `changing`."""
    cells = -(-(end - start) // CELL_BP)
    changing, begins = np.zeros(cells, np.bool_), np.zeros(cells, np.bool_)
    for runs in segments.runs:
        for edges in (runs.start, runs.end):
            inside = edges[np.searchsorted(edges, start, side="right") : np.searchsorted(edges, end, side="left")]
            cell, place = np.divmod(inside - start, CELL_BP)
            changing[cell[place > 0]] = True
            begins[cell[place == 0]] = True
    begins &= ~changing
    begins[1:] |= changing[1:] != changing[:-1]
    begins[::CELLS_PER_PAGE] = True
    first = np.flatnonzero(begins)
    return Cut(np.append(start + first * CELL_BP, end), changing[first])


def target_pages(compressor: Compressor, segments: Segments, cut: Cut, stored: str) -> Iterator[Page]:
    """Make the pages of the targets, in order; values are stored as of this dtype, of four bytes."""
    starts, ends = cut.edges[:-1], cut.edges[1:]
    painted = _painted(segments, starts[cut.changing], ends[cut.changing])
    values = np.stack([runs.at(starts) for runs in segments.runs], axis=1).astype(stored, copy=False)
    channels = values.shape[1]
    cache: dict[tuple[int, bool, bytes], Page] = {}
    for number, (bases, changing) in enumerate(zip((ends - starts).tolist(), cut.changing.tolist(), strict=True)):
        opening = number == 0
        if changing:
            yield target_page(compressor, next(painted).astype(stored, copy=False).data, bases, channels, opening)
            continue
        key = bases, opening, values[number].tobytes()
        if key not in cache:
            cache[key] = target_page(compressor, key[2] * bases, bases, channels, opening)
        yield cache[key]


def _painted(segments: Segments, starts: Positions, ends: Positions) -> Iterator[Values]:
    """Yield the dense targets of stretches [starts[i], ends[i]), many at a time, painted side by side."""
    before = np.cumsum(ends - starts) - (ends - starts)
    for chosen in np.split(np.arange(len(starts)), np.flatnonzero(np.diff(before // _PAINTED_BP)) + 1):
        if len(chosen):
            together = segments.side_by_side(starts[chosen], ends[chosen])
            places = np.cumsum(ends[chosen] - starts[chosen])
            yield from np.split(together.dense(0, together.length), places[:-1])
