"""Which predicted transcripts match which true ones, which sites pair, and what overlaps. Numpy, no I/O.

Everything happens on one `Axis`: what lies at -1 matches nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from genatator_assets.evaluation.models import Axis, Mask, Models, Numbers, Parts
from genatator_assets.tracks.runs import Positions, ranges

_CANDIDATES_AT_ONCE = 4_000_000
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Pairs:
    """Predicted transcript `predicted[i]` matches true transcript `true[i]` at every k from `k_needed[i]` on.

    All int64 [pairs]; pairs ascend by predicted, then by true transcript.
    """

    predicted: Numbers
    true: Numbers
    k_needed: Numbers

    def keep(self, wanted: Mask) -> "Pairs":
        """Return some of the pairs."""
        return Pairs(self.predicted[wanted], self.true[wanted], self.k_needed[wanted])

    @staticmethod
    def best(side: Numbers, k_needed: Numbers, count: int) -> Numbers:
        """Return the smallest k at which each of `count` members of a side matches; a huge one where none does."""
        best = np.full(count, _NEVER, np.int64)
        np.minimum.at(best, side, k_needed)
        return best


def interval_pairs(predicted: Models, true: Models, axis: Axis, most: int) -> Pairs:
    """Return the pairs of transcripts whose starts and whose ends differ by `most` bp or less.

    k_needed = max(|start_p - start_t|, |end_p - end_t|).
    """
    p_start, p_end = on_axis(predicted, axis, predicted.start, predicted.end)
    t_start, t_end = on_axis(true, axis, true.start, true.end)

    def farther_end(p: Numbers, t: Numbers) -> Numbers:
        farther: Numbers = np.maximum(np.abs(p_start[p] - t_start[t]), np.abs(p_end[p] - t_end[t]))
        return farther

    return _pairs(p_start, t_start, (most, most), farther_end)


def coding_pairs(predicted: Models, true: Models, axis: Axis, most: int) -> Pairs:
    """Return the pairs whose predicted coding span contains the true one and overhangs each end by `most` bp or less.

    k_needed = max(start_t - start_p, end_p - end_t).
    """
    p_start, p_end = on_axis(predicted, axis, *predicted.cds.outer())
    t_start, t_end = on_axis(true, axis, *true.cds.outer())

    def longer_overhang(p: Numbers, t: Numbers) -> Numbers:
        left, right = t_start[t] - p_start[p], p_end[p] - t_end[t]
        return np.where((left < 0) | (right < 0), most + 1, np.maximum(left, right))

    return _pairs(p_start, t_start, (0, most), longer_overhang)


def on_axis(models: Models, axis: Axis, start: Positions, end: Positions) -> tuple[Positions, Positions]:
    """Return starts and ends of transcripts on the axis; both -1 where they have none (-1) or lie nowhere."""
    place = axis.place(models.seq, models.strand)
    nowhere = (place < 0) | (start < 0)
    return np.where(nowhere, -1, place + start), np.where(nowhere, -1, place + end)


def _pairs(
    p_start: Positions, t_start: Positions, reach: tuple[int, int], k_of: Callable[[Numbers, Numbers], Numbers]
) -> Pairs:
    """Return the pairs with start_t in [start_p - reach[0], start_p + reach[1]] and k within the longer reach.

    Candidates are found by binary search and looked at some millions at a time: memory doesn't depend on their number.
    """
    order = np.argsort(t_start, kind="stable")
    order = order[np.searchsorted(t_start[order], 0) :]
    sorted_start = t_start[order]
    low = np.searchsorted(sorted_start, p_start - reach[0], side="left")
    count = np.where(p_start < 0, 0, np.searchsorted(sorted_start, p_start + reach[1], side="right") - low)
    found = []
    for piece in _pieces(count):
        p = np.repeat(np.arange(piece.start, piece.stop), count[piece])
        t = order[ranges(low[piece], count[piece])]
        k = k_of(p, t)
        near = k <= max(reach)
        found.append((p[near], t[near], k[near]))
    p, t, k = (np.concatenate(column) for column in zip(*found, strict=True)) if found else (np.empty(0, np.int64),) * 3
    in_order = np.lexsort((t, p))
    return Pairs(p[in_order], t[in_order], k[in_order])


def _pieces(count: Numbers) -> Iterator[slice]:
    """Cut predictions into pieces that have some millions of candidates each, or are a single one."""
    before = np.append(0, np.cumsum(count))
    start = 0
    while start < len(count):
        stop = int(np.searchsorted(before, before[start] + _CANDIDATES_AT_ONCE, side="right")) - 1
        stop = max(stop, start + 1)
        yield slice(start, stop)
        start = stop


def distance_to_nearest(sites: Positions, others: Positions) -> Positions:
    """Return how far each site is from the nearest of the others (ascending): negative if that one lies before it.

    Of two that are equally near, the one before counts. A huge number where there are no others.

    >>> distance_to_nearest(np.array([0, 10, 16]), np.array([8, 12, 20])).tolist()
    [8, -2, -4]
    """
    if not len(others):
        return np.full(len(sites), _NEVER, np.int64)
    place = np.searchsorted(others, sites)
    before = others[np.maximum(place - 1, 0)] - sites
    after = others[np.minimum(place, len(others) - 1)] - sites
    before_wins = (place == len(others)) | ((place > 0) & (-before <= after))
    return np.where(before_wins, before, after)


def one_to_one(sites: Positions, others: Positions, k: int) -> tuple[Mask, Mask]:
    """Return which sites of two ascending sides are in a largest matching of pairs that are at most k apart.

    The sweep in order is largest on a line: of the two leftmost sites left, either they pair, or the left one has no
    partner any more.

    >>> [side.tolist() for side in one_to_one(np.array([0, 10]), np.array([6, 13, 40]), 5)]
    [[False, True], [True, False, False]]
    """
    left, right = sites.tolist(), others.tolist()
    paired: list[tuple[int, int]] = []
    i = j = 0
    while i < len(left) and j < len(right):
        apart = left[i] - right[j]
        if -k <= apart <= k:
            paired.append((i, j))
            i, j = i + 1, j + 1
        elif apart < 0:
            i += 1
        else:
            j += 1
    matched = np.zeros(len(sites), bool), np.zeros(len(others), bool)
    for side, places in zip(matched, zip(*paired, strict=True), strict=False):
        side[list(places)] = True
    return matched


def count_overlaps(start: Positions, end: Positions, other_start: Positions, other_end: Positions) -> Numbers:
    """Count the other intervals that each interval overlaps.

    >>> count_overlaps(np.array([0, 50]), np.array([10, 60]), np.array([5, 9, 10]), np.array([6, 20, 30])).tolist()
    [2, 0]
    """
    begun = np.searchsorted(np.sort(other_start), end, side="left")
    ended = np.searchsorted(np.sort(other_end), start, side="right")
    return begun - ended


def chain_numbers(models: tuple[Models, Models], parts: tuple[Parts, Parts], axis: Axis) -> tuple[Numbers, Numbers]:
    """Number the chains of parts of transcripts: equal numbers are equal parts, one by one, on one sequence and strand.

    -1 for transcripts without parts, or that lie nowhere. Chains are compared as they are, not by hashes.
    """
    known: dict[bytes, int] = {}
    numbers = []
    for of, chains in zip(models, parts, strict=True):
        place = axis.place(of.seq, of.strand)
        edges = np.stack([chains.start, chains.end], axis=1) + place[chains.owner][:, None]
        of_these = np.full(len(of), -1, np.int64)
        for number in np.flatnonzero((chains.count > 0) & (place >= 0)).tolist():
            key = edges[chains.first[number] : chains.first[number + 1]].tobytes()
            of_these[number] = known.setdefault(key, len(known))
        numbers.append(of_these)
    return numbers[0], numbers[1]
