"""Valued intervals that may overlap become runs: the later line has the base. Numpy, no I/O."""

import heapq

import numpy as np

from genatator_assets.tracks.runs import Positions


def overlay(start: Positions, end: Positions) -> tuple[Positions, Positions, Positions]:
    """Return disjoint pieces, ascending, that cover all intervals: start, end, and the last interval that is there.

    Intervals that overlap no other are returned as they are; only within groups of overlapping ones each edge is
    looked at.

    >>> [part.tolist() for part in overlay(np.array([0, 2]), np.array([9, 4]))]
    [[0, 2, 4], [2, 4, 9], [0, 1, 0]]
    """
    kept = np.flatnonzero(start < end)
    order = kept[np.argsort(start[kept], kind="stable")]
    begin, stop = start[order], end[order]
    if not len(order):
        return begin, stop, order
    reach = np.maximum.accumulate(stop)
    first = np.flatnonzero(np.append(True, begin[1:] >= reach[:-1]))
    last = np.append(first[1:], len(order))
    alone = last - first == 1
    pieces = [(begin[first[alone]], stop[first[alone]], order[first[alone]])]
    pieces += [_swept(begin[a:b], stop[a:b], order[a:b]) for a, b in zip(first[~alone], last[~alone], strict=True)]
    starts, ends, winners = (np.concatenate(arrays) for arrays in zip(*pieces, strict=True))
    ascending = np.argsort(starts, kind="stable")
    return starts[ascending], ends[ascending], winners[ascending]


def _swept(begin: Positions, stop: Positions, line: Positions) -> tuple[Positions, Positions, Positions]:
    """Go along a group of overlapping intervals, sorted by start; the one of the greatest line is on top."""
    edges = np.unique(np.concatenate([begin, stop]))
    arriving = np.searchsorted(begin, edges[:-1], side="right")
    there: list[tuple[int, int]] = []
    top: list[int] = []
    arrived = 0
    for edge, until in zip(edges[:-1].tolist(), arriving.tolist(), strict=True):
        for number in range(arrived, until):
            heapq.heappush(there, (-int(line[number]), int(stop[number])))
        arrived = until
        while there[0][1] <= edge:
            heapq.heappop(there)
        top.append(-there[0][0])
    return edges[:-1], edges[1:], np.array(top, np.int64)
