"""The interval algebra: everything that is done to intervals along one chromosome, as numpy arrays.

Specification. All functions here keep to it, and tests/test_runs.py checks it by properties.

- A *position* is a 0-based base of a chromosome. An *interval* is half-open, [start, end), and holds at least one base.
- *Intervals* are two int64 arrays `start` and `end` of one length, in any order unless said otherwise.
- *Disjoint* intervals ascend and share no base: end[i] <= start[i + 1]. They may touch.
- *Runs* are disjoint intervals with a finite float32 value each. A base in no run has no value: the track that the runs
  belong to says whether that means 0 or missing. Runs need not be as long as they can be: two that touch may have one
  value (`join` makes them one).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

Strand = Literal["+", "-"]
STRANDS: tuple[Strand, ...] = ("+", "-")

Missing = Literal["zero", "keep"]
"""What a base without a run means: the value 0, or that there is no value."""

Positions = npt.NDArray[np.int64]
Values = npt.NDArray[np.float32]

Integers = TypeVar("Integers", bound=np.integer[Any])

_SHORT_BP = 64


@dataclass(frozen=True, eq=False)
class Runs:
    """`value[i]` on the half-open interval [start[i], end[i]) (0-based), and no value elsewhere.

    start, end int64 [runs], value float32 [runs]; intervals are disjoint, values finite.
    """

    start: Positions
    end: Positions
    value: Values

    def __post_init__(self) -> None:
        """Check what the class promises."""
        if not len(self.start) == len(self.end) == len(self.value):
            raise ValueError(f"{len(self.start)=}, {len(self.end)=} and {len(self.value)=} differ")
        if not (np.all(self.start < self.end) and np.all(self.end[:-1] <= self.start[1:])):
            raise ValueError("runs must be ascending, disjoint and not empty")
        if not np.all(np.isfinite(self.value)):
            raise ValueError("values of runs must be finite")

    @classmethod
    def none(cls) -> "Runs":
        """Return no runs."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))

    @classmethod
    def of_column(cls, column: Values, offset: int = 0, missing: Missing = "zero") -> "Runs":
        """Return the runs of dense values, float32 [length >= 1], that begin at `offset`.

        Bases of value 0 have no run or, if `missing` is "keep", those of NaN.

        >>> Runs.of_column(np.array([0, 1, 1, 0.5], np.float32), offset=100).start.tolist()
        [101, 103]

        Raises:
            ValueError: a value is not finite.
        """
        edges = np.flatnonzero(column[1:] != column[:-1]) + 1
        start, end = np.concatenate([[0], edges]), np.concatenate([edges, [len(column)]])
        value = column[start]
        kept = value != 0 if missing == "zero" else ~np.isnan(value)
        return cls(start[kept] + offset, end[kept] + offset, value[kept])

    def __len__(self) -> int:
        """Number of runs."""
        return len(self.start)

    def within(self, start: int, end: int) -> "Runs":
        """Return the runs that overlap [start, end), cut to it."""
        return Runs(*self.cut(start, end))

    def cut(self, start: int, end: int) -> tuple[Positions, Positions, Values]:
        """Return starts, ends and values of the runs that overlap [start, end), cut to it: `within`, unchecked."""
        first = np.searchsorted(self.end, start, side="right")
        last = np.searchsorted(self.start, end, side="left") if start < end else first
        piece = slice(first, max(first, last))
        return np.maximum(self.start[piece], start), np.minimum(self.end[piece], end), self.value[piece]

    def at(self, positions: Positions, otherwise: float = 0) -> Values:
        """Return the value at each position, `otherwise` where there is none: float32 [positions]."""
        following = np.searchsorted(self.end, positions, side="right")
        inside = np.append(self.start, np.iinfo(np.int64).max)[following] <= positions
        return np.where(inside, np.append(self.value, np.float32(0))[following], np.float32(otherwise))

    def windows(self, start: Positions, length: int, missing: float = 0) -> Values:
        """Return the values of windows [start[i], start[i] + length), which may overlap: float32 [windows, length].

        Bases without a value are `missing`.

        >>> Runs(np.array([2]), np.array([5]), np.ones(1, np.float32)).windows(np.array([3, 1]), 3).tolist()
        [[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]]
        """
        first = np.searchsorted(self.end, start, side="right")
        count = np.searchsorted(self.start, start + length, side="left") - first
        run, window = ranges(first, count), np.repeat(np.arange(len(start)), count)
        left = window * length
        begin = np.maximum(self.start[run] - start[window], 0) + left
        end = np.minimum(self.end[run] - start[window], length) + left
        return filled(len(start) * length, begin, end, self.value[run], missing).reshape(len(start), length)

    def side_by_side(self, start: Positions, end: Positions) -> "Runs":
        """Return the runs of disjoint stretches [start[i], end[i]), at least one, as if nothing lay between them.

        >>> runs = Runs(np.array([2, 8]), np.array([3, 9]), np.ones(2, np.float32))
        >>> runs.side_by_side(np.array([0, 8]), np.array([4, 10])).start.tolist()
        [2, 4]
        """
        sizes = end - start
        before = np.cumsum(sizes) - sizes

        def moved(edges: Positions) -> Positions:
            stretch = np.maximum(np.searchsorted(start, edges, side="right") - 1, 0)
            places: Positions = before[stretch] + np.clip(edges - start[stretch], 0, sizes[stretch])
            return places

        first, last, value = self.cut(int(start[0]), int(end[-1]))
        first, last = moved(first), moved(last)
        kept = first < last
        return Runs(first[kept], last[kept], value[kept])

    @property
    def sum(self) -> float:
        """Sum of the values of all bases, in float64."""
        return float(np.dot((self.end - self.start).astype(np.float64), self.value.astype(np.float64)))

    @property
    def max(self) -> float:
        """Maximum value; 0 where there are no runs or all are below it."""
        return float(self.value.max(initial=0.0))

    @property
    def positive(self) -> int:
        """Number of bases whose value is above 0."""
        return int((self.end - self.start)[self.value > 0].sum())

    @property
    def nbytes(self) -> int:
        """Memory of the arrays in bytes."""
        return self.start.nbytes + self.end.nbytes + self.value.nbytes


def ranges(begin: Positions, length: Positions) -> Positions:
    """Return all positions of the intervals [begin[i], begin[i] + length[i]), one after another.

    >>> ranges(np.array([3, 10]), np.array([2, 3])).tolist()
    [3, 4, 10, 11, 12]
    """
    before = np.cumsum(length) - length
    return np.repeat(begin - before, length) + np.arange(length.sum(), dtype=np.int64)


def distinct(values: npt.NDArray[Integers]) -> npt.NDArray[Integers]:
    """Return the distinct values, ascending.

    `np.unique` would hash them, which takes a hundred times as long as sorting for ten million (numpy 2.4).

    >>> distinct(np.array([3, 1, 3])).tolist()
    [1, 3]
    """
    ordered = np.sort(values)
    first: npt.NDArray[Integers] = ordered[np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]]
    return first


def merge(start: Positions, end: Positions) -> tuple[Positions, Positions]:
    """Return the union of intervals: disjoint intervals of which no two touch.

    >>> [edges.tolist() for edges in merge(np.array([5, 0, 3]), np.array([8, 3, 4]))]
    [[0, 5], [4, 8]]
    """
    order = np.argsort(start, kind="stable")
    start, reach = start[order], np.maximum.accumulate(end[order])
    first = np.flatnonzero(np.append(True, start[1:] > reach[:-1])[: len(start)])
    return start[first], reach[np.append(first[1:], len(start))[: len(first)] - 1]


def join(start: Positions, end: Positions, value: Values) -> tuple[Positions, Positions, Values]:
    """Join neighbours of disjoint, valued intervals that touch and have one value.

    >>> [a.tolist() for a in join(np.array([0, 2, 4]), np.array([2, 4, 5]), np.array([1, 1, 2], np.float32))]
    [[0, 4], [4, 5], [1.0, 2.0]]
    """
    if not len(start):
        return start, end, value
    apart = start[1:] != end[:-1]
    apart |= value[1:] != value[:-1]
    if apart.all():
        return start, end, value
    breaks = np.flatnonzero(apart) + 1
    first, last = np.concatenate([[0], breaks]), np.concatenate([breaks, [len(start)]]) - 1
    return start[first], end[last], value[first]


def join_stretches(stretches: Iterable[tuple[Runs, ...]], tracks: int) -> Iterator[tuple[Runs, ...]]:
    """Join runs of one value that touch, also where one stretch of a chromosome ends and the next begins.

    Each stretch has the runs of the same `tracks` tracks. A run is returned once it can't grow any more.
    """
    held = [Runs.none()] * tracks
    for stretch in stretches:
        pairs = [_joined(last, runs) for last, runs in zip(held, stretch, strict=True)]
        held = [last for _, last in pairs]
        yield tuple(finished for finished, _ in pairs)
    yield tuple(held)


def _joined(last: Runs, runs: Runs) -> tuple[Runs, Runs]:
    """Return what is finished, and the last run, which the next stretch may continue."""
    names = ("start", "end", "value")
    start, end, value = join(*(np.concatenate([getattr(last, name), getattr(runs, name)]) for name in names))
    return Runs(start[:-1], end[:-1], value[:-1]), Runs(start[-1:], end[-1:], value[-1:])


def runs_at(positions: Positions, values: Values) -> Runs:
    """Return the runs of values at single positions, which ascend: neighbours of one value are joined.

    >>> runs_at(np.array([1, 2, 5]), np.array([1, 1, 2], np.float32)).end.tolist()
    [3, 6]
    """
    return Runs(*join(positions, positions + 1, values))


def intervals_where(mask: npt.NDArray[np.bool_]) -> tuple[Positions, Positions]:
    """Return the intervals in which a mask, bool [length], is true.

    >>> [edges.tolist() for edges in intervals_where(np.array([True, True, False, True]))]
    [[0, 3], [2, 4]]
    """
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False))
    return edges[::2], edges[1::2]


def covered_before(start: Positions, end: Positions, positions: Positions) -> Positions:
    """Count the bases before each position that lie in disjoint intervals.

    >>> covered_before(np.array([0, 4]), np.array([2, 5]), np.array([0, 1, 3, 5, 9])).tolist()
    [0, 1, 2, 3, 3]
    """
    before = np.concatenate([[0], np.cumsum(end - start)])
    interval = np.searchsorted(start, positions, side="right")
    beyond = np.maximum(np.concatenate([[0], end])[interval] - np.maximum(positions, 0), 0)
    counted: Positions = before[interval] - beyond
    return counted


def filled(size: int, start: Positions, end: Positions, value: Values, missing: float = 0) -> Values:
    """Return bases [0, size) with disjoint, valued intervals in it, and `missing` elsewhere: float32 [size].

    >>> filled(5, np.array([1]), np.array([3]), np.array([2], np.float32)).tolist()
    [0.0, 2.0, 2.0, 0.0, 0.0]
    """
    values = np.full(2 * len(start) + 1, missing, np.float32)
    values[1::2] = value
    lengths = np.empty(len(values), np.int64)
    lengths[1::2] = end - start
    lengths[::2] = np.append(start, size) - np.concatenate([[0], end])
    return np.repeat(values, lengths)


def paint(column: Values, offset: int, start: Positions, end: Positions, value: Values) -> None:
    """Write disjoint, valued intervals into a column whose first element is the base at `offset`.

    column: float32 [length], changed in place. Long intervals are written one by one, the many short ones (peaks) all
    at once.
    """
    begin, length = start - offset, end - start
    long = length > _SHORT_BP
    for first, count, height in zip(begin[long], length[long], value[long], strict=True):
        column[first : first + count] = height
    short = ~long
    column[ranges(begin[short], length[short])] = np.repeat(value[short], length[short])
