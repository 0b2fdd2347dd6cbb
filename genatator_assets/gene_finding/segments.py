"""Run-length targets of a chromosome: exact, small, and any window of them becomes dense at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from genatator_assets.gene_finding.channels import CHANNELS
from genatator_assets.gene_finding.landmarks import Positions

Values = npt.NDArray[np.float32]

_SHORT_BP = 64


@dataclass(frozen=True, eq=False)
class Runs:
    """One channel: `value[i]` on the half-open interval [start[i], end[i]) (0-based), 0 elsewhere.

    start, end int64 [runs], value float32 [runs]; intervals are ascending and disjoint, values are positive.
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
        if not np.all((self.value > 0) & (self.value <= 1)):
            raise ValueError("values of runs must be in (0, 1]")

    @classmethod
    def of_column(cls, column: Values, offset: int = 0) -> "Runs":
        """Return the runs of one channel's dense values, float32 [length >= 1], that begin at `offset`.

        >>> Runs.of_column(np.array([0, 1, 1, 0.5], np.float32), offset=100).start.tolist()
        [101, 103]

        Raises:
            ValueError: a value is not in [0, 1].
        """
        if not (column.min() >= 0 and column.max() <= 1):  # which NaN isn't either
            raise ValueError(f"values lie between {column.min()} and {column.max()}, expected [0, 1]")
        edges = np.flatnonzero(column[1:] != column[:-1]) + 1
        start, end = np.concatenate([[0], edges]), np.concatenate([edges, [len(column)]])
        kept = column[start] > 0
        return cls(start[kept] + offset, end[kept] + offset, column[start[kept]])

    def within(self, start: int, end: int) -> "Runs":
        """Return the runs that overlap [start, end), cut to it."""
        return Runs(*self.cut(start, end))

    def cut(self, start: int, end: int) -> tuple[Positions, Positions, Values]:
        """Return starts, ends and values of the runs that overlap [start, end), cut to it: `within`, unchecked."""
        first = np.searchsorted(self.end, start, side="right")
        last = np.searchsorted(self.start, end, side="left") if start < end else first
        piece = slice(first, max(first, last))
        return np.maximum(self.start[piece], start), np.minimum(self.end[piece], end), self.value[piece]

    @property
    def sum(self) -> float:
        """Sum of the values of all bases, in float64."""
        return float(np.dot((self.end - self.start).astype(np.float64), self.value.astype(np.float64)))

    @property
    def max(self) -> float:
        """Greatest value; 0 where there are no runs."""
        return float(self.value.max(initial=0.0))


@dataclass(frozen=True, eq=False)
class Segments:
    """The targets of a chromosome of `length` bp: runs of each of the twelve channels, in the contract's order."""

    length: int
    channels: tuple[Runs, ...]

    def __post_init__(self) -> None:
        """Check the number of channels and the chromosome's bounds."""
        if len(self.channels) != len(CHANNELS):
            raise ValueError(f"{len(self.channels)=}, expected {len(CHANNELS)}")
        for channel, runs in zip(CHANNELS, self.channels, strict=True):
            if len(runs.start) and not (runs.start[0] >= 0 and runs.end[-1] <= self.length):
                raise ValueError(f"runs of {channel.name} leave the chromosome [0, {self.length})")

    @classmethod
    def from_dense(cls, dense: Values) -> "Segments":
        """Return the runs of dense targets, float32 [length, 12] with length at least 1: `dense` reversed.

        Raises:
            ValueError: a value is not in [0, 1], or there are not twelve channels.
        """
        return cls(len(dense), tuple(Runs.of_column(np.ascontiguousarray(column)) for column in dense.T))

    def dense(self, start: int, end: int, channels: Sequence[int] = range(len(CHANNELS))) -> Values:
        """Return the targets of [start, end) (0-based half-open), float32 [end - start, len(channels)].

        Raises:
            ValueError: the interval is reversed or leaves the chromosome.
        """
        if not 0 <= start <= end <= self.length:
            raise ValueError(f"{start=}, {end=} is no interval within [0, {self.length})")
        dense = np.zeros((end - start, len(channels)), np.float32)
        for column, channel in enumerate(channels):
            _paint(dense[:, column], start, *self.channels[channel].cut(start, end))
        return dense


def _paint(column: Values, offset: int, start: Positions, end: Positions, value: Values) -> None:
    """Write runs into a zeroed column: long runs one by one, the many short ones (peaks) all at once."""
    begin, length = start - offset, end - start
    long = length > _SHORT_BP
    for first, count, height in zip(begin[long], length[long], value[long], strict=True):
        column[first : first + count] = height
    short = ~long
    column[ranges(begin[short], length[short])] = np.repeat(value[short], length[short])


def ranges(begin: Positions, length: Positions) -> Positions:
    """Return all positions of the intervals [begin[i], begin[i] + length[i]), one after another.

    >>> ranges(np.array([3, 10]), np.array([2, 3])).tolist()
    [3, 4, 10, 11, 12]
    """
    before = np.cumsum(length) - length
    return np.repeat(begin - before, length) + np.arange(length.sum(), dtype=np.int64)
