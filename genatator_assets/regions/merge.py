"""Which intervals of one chromosome are one region: two rules, each as numpy on the intervals' ends. No I/O.

`merge_overlapping` is the rule of genomic_interval_pipeline, carried to its end, and `merge_extended` that of Basset.
Both return the group that each interval belongs to, so that whatever goes with intervals (files, labels, scores) can
be united by the caller.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Groups:
    """`of` int64 [n]: the group of each of n intervals. start, end int64 [groups]: each group's own interval.

    Groups are numbered in the order of (start, end).
    """

    of: Positions
    start: Positions
    end: Positions

    def __len__(self) -> int:
        """Number of groups."""
        return len(self.start)


def merge_overlapping(start: Positions, end: Positions, min_overlap: int) -> Groups:
    """Group intervals until no two groups' hulls overlap by `min_overlap` bp or more; equal intervals are one.

    Whatever the order of merging, this grouping is the only one that it can end at: merging only widens hulls. It is
    found in one pass, because two intervals of at least m bp overlap by m bp or more exactly where the closed intervals
    [start, end - m] meet, and so do their hulls:

        start       end - m   end
          |============|------|                the first
                    |=======|------|           the second begins before the first's end - m: they are one

    An interval shorter than m overlaps nothing by m bp, and stands alone, also where it lies inside another.

    start, end: int64 [n], start <= end, in any order. min_overlap: at least 1.
    """
    if not len(start):
        return Groups(start, start, end)
    order = np.lexsort((end, start))
    starts, ends = start[order], end[order]
    new = np.r_[True, (starts[1:] != starts[:-1]) | (ends[1:] != ends[:-1])]  # equal intervals are one from here on
    starts, ends = starts[new], ends[new]
    can_merge = ends - starts >= min_overlap
    reach = np.maximum.accumulate(ends[can_merge]) - min_overlap
    first = np.ones(len(starts), bool)  # of each group
    first[can_merge] = np.r_[True, starts[can_merge][1:] > reach[:-1]][: len(reach)]
    group = np.empty(len(starts), np.int64)
    group[first] = np.arange(np.count_nonzero(first))
    group[can_merge] = group[first & can_merge][np.cumsum(first[can_merge]) - 1]
    hull_start, hull_end = starts[first], ends[first]
    np.maximum.at(hull_end, group, ends)
    ranked = np.lexsort((hull_end, hull_start))
    rank = np.empty_like(ranked)
    rank[ranked] = np.arange(len(ranked))
    of = np.empty(len(start), np.int64)
    of[order] = rank[group][np.cumsum(new) - 1]
    return Groups(of, hull_start[ranked], hull_end[ranked])


def merge_extended(start: Positions, column: npt.NDArray[np.integer], size: int, min_overlap: int) -> Groups:
    """Merge intervals of one `size` as Basset does: the two that overlap most first, the leftmost of several.

    Two become one of the same size around the mean of their midpoints, each weighted by 1 + how many different columns
    it has, rounded half up. That goes on within each pile (a chain of intervals each of which overlaps the next by more
    than `min_overlap` bp) while two neighbours overlap by `min_overlap` bp or more.

    start: int64 [n], in any order. column: the column of each (such as a file's number), -1 for none; an interval that
    has several stands several times.
    """
    distinct, of = np.unique(start, return_inverse=True)
    widest = size - min_overlap  # from one start to the next, where two merge
    first = np.ones(len(distinct), bool)  # of each pile and, in the end, of each group
    first[1:] = np.diff(distinct) >= widest
    pile = np.cumsum(first) - 1
    members = np.bincount(pile, minlength=1)[pile]
    left = np.flatnonzero(first & (members == 2))  # most piles are pairs, which always merge
    weight = _weights(of, column, len(distinct))
    distinct[left] = _middle(distinct[left], weight[left], distinct[left + 1], weight[left + 1])
    first[left + 1] = False
    larger = np.flatnonzero(members > 2)
    stops = np.flatnonzero(np.diff(pile[larger], append=-1)) + 1
    columns = _bitmasks(of, column, larger, len(distinct))
    firsts, places = _merge_piles(distinct[larger].tolist(), columns, stops.tolist(), widest)
    first[larger] = False
    first[larger[firsts]] = True
    distinct[larger[firsts]] = places
    group = np.cumsum(first) - 1
    return Groups(group[of], distinct[first], distinct[first] + size)


def _weights(of: Positions, column: npt.NDArray[np.integer], count: int) -> Positions:
    """Return 1 + the number of different columns of each of `count` intervals."""
    there = column >= 0
    width = int(column.max(initial=0)) + 1
    weights: Positions = 1 + np.bincount(np.unique(of[there] * width + column[there]) // width, minlength=count)
    return weights


Number = TypeVar("Number", int, Positions)


def _middle(one: Number, weight: Number, other: Number, other_weight: Number) -> Number:
    """Return the weighted mean of two starts, rounded half up."""
    both = weight + other_weight
    middle: Number = (2 * (one * weight + other * other_weight) + both) // (2 * both)
    return middle


def _bitmasks(of: Positions, column: npt.NDArray[np.integer], chosen: Positions, count: int) -> list[int]:
    """Return the columns of each chosen one of `count` intervals as the bits of a number."""
    place = np.full(count, -1)
    place[chosen] = np.arange(len(chosen))
    place = place[of]
    wanted = (place >= 0) & (column >= 0)
    masks = [0] * len(chosen)
    for at, bit in zip(place[wanted].tolist(), column[wanted].tolist(), strict=True):
        masks[at] |= 1 << bit
    return masks


def _merge_piles(starts: list[int], columns: list[int], stops: list[int], widest: int) -> tuple[list[int], list[int]]:
    """Merge within each pile [previous stop, stop); return the first member and the start of each group.

    Merging moves a start towards its partner, so the gaps to the neighbours on both sides only grow. Therefore a gap
    that is smaller than the one before it and no larger than the one behind it is merged before either of them,
    whatever happens elsewhere. So one pass with a stack is enough: on it, gaps become smaller towards the top, or are
    too wide to merge.
    """
    firsts: list[int] = []
    places: list[int] = []
    begin = 0
    for stop in stops:
        beyond = (stop, starts[stop - 1] + widest + 1, 0)  # a last one that is too far to merge
        waiting = [beyond, *((member, starts[member], columns[member]) for member in range(stop - 1, begin - 1, -1))]
        stack: list[tuple[int, int, int]] = []
        while waiting:
            following = waiting.pop()
            if len(stack) > 1:
                gap = stack[-1][1] - stack[-2][1]
                if gap <= widest and gap <= following[1] - stack[-1][1]:
                    waiting += following, _united(stack.pop(-2), stack.pop())
                    continue
            stack.append(following)
        firsts += [member for member, _, _ in stack[:-1]]
        places += [start for _, start, _ in stack[:-1]]
        begin = stop
    return firsts, places


def _united(left: tuple[int, int, int], right: tuple[int, int, int]) -> tuple[int, int, int]:
    (member, start, columns), (_, other, others) = left, right
    place = _middle(start, 1 + columns.bit_count(), other, 1 + others.bit_count())
    return member, place, columns | others


def merge_listed(listed: list[tuple[int, int]], size: int, min_overlap: int) -> list[tuple[int, int]]:
    """Merge as `merge_extended` does, but intervals that are not listed in the order of their starts.

    Neighbours, and what a pile is, are those of the list. Each interval is (start, its columns as the bits of a
    number), and so is each that is returned. A pile of k intervals takes time that grows with k * k.
    """
    merged: list[tuple[int, int]] = []
    pile: list[tuple[int, int, int]] = []
    reach = 0
    for start, columns in listed:
        if pile and reach - min_overlap <= start:
            merged += _merge_list(pile, size - min_overlap)
            pile = []
        reach = max(reach, start + size) if pile else start + size
        pile.append((len(pile), start, columns))
    return merged + _merge_list(pile, size - min_overlap)


def _merge_list(pile: list[tuple[int, int, int]], widest: int) -> list[tuple[int, int]]:
    while len(pile) > 1:
        gaps = [right[1] - left[1] for left, right in pairwise(pile)]
        closest = min(range(len(gaps)), key=gaps.__getitem__)
        if gaps[closest] > widest:
            break
        pile[closest : closest + 2] = [_united(*pile[closest : closest + 2])]
    return [(start, columns) for _, start, columns in pile]
