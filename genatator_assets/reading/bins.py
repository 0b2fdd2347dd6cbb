"""What a picture needs of a locus, in as many numbers as it has pixels. Numpy only, no I/O and no drawing."""

from bisect import bisect, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from genatator_assets.tracks.runs import Positions, Values

Shares = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Composition:
    """Bins [edges[i], edges[i + 1]) of a locus: the share of N, and of G and C among the other letters (NaN if none).

    edges int64 [bins + 1]; gc, n float64 [bins].
    """

    edges: Positions
    gc: Shares
    n: Shares


def bin_edges(start: int, end: int, most: int) -> Positions:
    """Cut [start, end) into at most `most` nearly equal bins; int64 [bins + 1].

    >>> bin_edges(10, 20, most=4).tolist(), bin_edges(0, 3, most=10).tolist()
    ([10, 12, 15, 17, 20], [0, 1, 2, 3])
    """
    bins = min(most, end - start)
    return start + np.arange(bins + 1, dtype=np.int64) * (end - start) // bins


def merged_edges(edges: Positions, most: int, least_bp: int) -> Positions:
    """Join equally many bins each time, into at most `most` of at least `least_bp`; the last may be smaller.

    >>> merged_edges(np.arange(0, 26, 2), most=6, least_bp=5).tolist()
    [0, 6, 12, 18, 24]
    """
    bins = len(edges) - 1
    joined = max(-(-bins // most), -(-least_bp * bins // int(edges[-1] - edges[0])))
    return np.append(edges[:-1:joined], edges[-1])


def pieces(edges: Positions, bp: int) -> Iterator[Positions]:
    """Return edges in turns of about `bp` bases, so that a long locus is never read whole; turns share an edge.

    >>> [turn.tolist() for turn in pieces(np.array([0, 4, 8, 12]), 9)]
    [[0, 4, 8], [8, 12]]
    """
    first = 0
    while first < len(edges) - 1:
        last = max(first + 1, int(np.searchsorted(edges, edges[first] + bp, side="right")) - 1)
        yield edges[first : last + 1]
        first = last


def maxima(targets: Values, edges: Positions) -> Values:
    """Return the greatest value of each bin and channel: of float32 [L, C], which begins at edges[0], [bins, C].

    >>> maxima(np.array([[0.0], [1.0], [0.0], [0.5]], np.float32), np.array([7, 9, 11])).tolist()
    [[1.0], [0.5]]
    """
    return np.maximum.reduceat(targets, edges[:-1] - edges[0], axis=0)


def composition(dna: str, edges: Positions) -> Composition:
    """Return the composition of DNA that begins at edges[0].

    >>> composition("GCATNNNN", np.array([0, 4, 6, 8])).gc.tolist()
    [0.5, nan, nan]
    """
    letters = np.frombuffer(dna.encode("ascii"), np.uint8)
    begin, sizes = edges[:-1] - edges[0], np.diff(edges)
    n = np.add.reduceat((letters == ord("N")).astype(np.int64), begin)
    gc = np.add.reduceat(((letters == ord("G")) | (letters == ord("C"))).astype(np.int64), begin)
    known = sizes - n
    return Composition(edges, np.where(known > 0, gc / np.maximum(known, 1), np.nan), n / sizes)


def rows_of(starts: Sequence[float], ends: Sequence[float], gap: float) -> list[int]:
    """Return for each interval the first row where it has `gap` to those before it; they come in stacking order.

    >>> rows_of([0, 2, 11, 30], [10, 12, 20, 40], gap=2)
    [0, 1, 2, 0]
    """
    rows: list[list[tuple[float, float]]] = []
    places = []
    for start, end in zip(starts, ends, strict=True):
        number = next((number for number, row in enumerate(rows) if _fits(row, start, end, gap)), len(rows))
        if number == len(rows):
            rows.append([])
        insort(rows[number], (start, end))
        places.append(number)
    return places


def _fits(row: list[tuple[float, float]], start: float, end: float, gap: float) -> bool:
    """Return whether an interval has room between those of a row, which ascend."""
    behind = bisect(row, (start, end))
    return (behind == 0 or row[behind - 1][1] + gap <= start) and (behind == len(row) or end + gap <= row[behind][0])
