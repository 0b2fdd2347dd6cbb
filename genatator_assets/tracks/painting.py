"""Runs of several tracks in one table, and how any window of them is painted: in place, in either direction.

Most runs of targets are short: the slopes of peaks, a base each. Those of all tracks are found by one search and
written by one scatter, which costs less than filling the window with zeros; the few long ones are written one by one.
What is painted backwards comes as the other strand is read, at the same cost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Self

import numpy as np
import numpy.typing as npt

from genatator_assets.tracks.runs import Positions, Runs, Values, ranges

Columns = npt.NDArray[np.int64]
"""The column in which each track of a set is painted, -1 for a track that is not wanted."""

BYTES_A_RUN = 22

_SHORT_BP = 64
_LONG_BP = 1 << 16
"""Longer runs are cut, so that no run over a base begins farther before it."""


@dataclass(frozen=True, eq=False)
class RunTable:
    """Runs of the tracks of a set: `value[i]` on [start[i], end[i]) (0-based half-open) of track `track[i]`.

    start, end int64, track int16, value float32, all [runs]; those of one track are disjoint.
    """

    start: Positions
    end: Positions
    track: npt.NDArray[np.int16]
    value: Values

    @classmethod
    def of(cls, runs: Sequence[Runs]) -> Self:
        """Put the runs of all tracks of a set together."""
        nothing = Runs.none()
        start = np.concatenate([one.start for one in (nothing, *runs)])
        end = np.concatenate([one.end for one in (nothing, *runs)])
        value = np.concatenate([one.value for one in (nothing, *runs)])
        track = np.repeat(np.arange(len(runs), dtype=np.int16), [len(one) for one in runs])
        return cls(start, end, track, value)

    @classmethod
    def of_dense(cls, dense: Values, offset: int) -> Self:
        """Return the runs of dense values other than 0, float32 [bases >= 1, tracks], that begin at `offset`.

        >>> table = RunTable.of_dense(np.array([[0, 1], [0.5, 1]], np.float32), 100)
        >>> table.start.tolist(), table.end.tolist(), table.track.tolist(), table.value.tolist()
        ([101, 100], [102, 102], [0, 1], [0.5, 1.0])
        """
        bases, tracks = dense.shape
        flat = np.ascontiguousarray(dense).reshape(-1)
        begin = np.concatenate([np.arange(tracks), np.flatnonzero(flat[tracks:] != flat[:-tracks]) + tracks])
        begin = begin[np.argsort(begin % tracks, kind="stable")]
        base, track = np.divmod(begin, tracks)
        end = np.append(base[1:], 0)
        end[np.append(track[1:] != track[:-1], True)] = bases
        kept = flat[begin] != 0
        return cls(base[kept] + offset, end[kept] + offset, track[kept].astype(np.int16), flat[begin[kept]])

    @classmethod
    def together(cls, tables: "Sequence[RunTable]") -> Self:
        """Put tables, at least one, one after another."""
        return cls(
            np.concatenate([one.start for one in tables]),
            np.concatenate([one.end for one in tables]),
            np.concatenate([one.track for one in tables]),
            np.concatenate([one.value for one in tables]),
        )

    def __len__(self) -> int:
        """Number of runs."""
        return len(self.start)

    def moved(self, bases: int) -> Self:
        """Return the runs so many bases later."""
        return type(self)(self.start + bases, self.end + bases, self.track, self.value)

    def take(self, rows: slice | npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Self:
        """Return some of the runs."""
        return type(self)(self.start[rows], self.end[rows], self.track[rows], self.value[rows])

    @property
    def nbytes(self) -> int:
        """Memory of the arrays in bytes."""
        return len(self) * BYTES_A_RUN


@dataclass(frozen=True, eq=False)
class Canvas:
    """An array that is painted: float32 [bases, columns], whose row i is base `start` + i.

    With `backwards`, the first base is in the last row. It is painted at once if it lies in memory base by base or,
    being the transpose of [columns, bases], column by column; any other array is painted too, more slowly.
    """

    array: Values
    start: int
    columns: Columns
    backwards: bool = False

    @cached_property
    def end(self) -> int:
        """The base after the last one."""
        return self.start + len(self.array)

    def paint(self, table: RunTable) -> None:
        """Write runs, of which some may begin before the window or end after it."""
        short = table.end - table.start <= _SHORT_BP
        self.paint_short(table.take(short))
        self.paint_long(table.take(~short))

    def paint_long(self, table: RunTable) -> None:
        """Write runs one by one."""
        array, columns, bases = self.array[::-1] if self.backwards else self.array, self.columns, len(self.array)
        first, last = (table.start - self.start).tolist(), (table.end - self.start).tolist()
        for begin, end, column, value in zip(first, last, columns[table.track].tolist(), table.value, strict=True):
            if column >= 0 and end > 0 and begin < bases:
                array[max(begin, 0) : end, column] = value

    def paint_short(self, table: RunTable) -> None:
        """Write runs all at once."""
        column, value = self.columns[table.track], table.value
        first = np.maximum(table.start, self.start)
        length = np.minimum(table.end, self.end) - first
        wanted = (length > 0) & (column >= 0)
        if not wanted.all():
            first, length, column, value = first[wanted], length[wanted], column[wanted], value[wanted]
        base = first - self.start
        if length.max(initial=1) > 1:
            base, column, value = ranges(base, length), np.repeat(column, length), np.repeat(value, length)
        self._scatter(len(self.array) - 1 - base if self.backwards else base, column, value)

    def _scatter(self, base: Columns, column: Columns, value: Values) -> None:
        bases, columns = self.array.shape
        if self.array.flags.c_contiguous:
            self.array.reshape(-1)[base * columns + column] = value
        elif self.array.flags.f_contiguous:
            self.array.T.reshape(-1)[column * bases + base] = value
        else:
            self.array[base, column] = value


@dataclass(frozen=True, eq=False)
class Painter:
    """The runs of a chromosome, ready for painting any window: short ones and long ones, each by their starts."""

    short: RunTable
    long: RunTable

    @classmethod
    def of(cls, table: RunTable) -> Self:
        """Make it from runs in any order."""
        table = table.take(np.argsort(table.start, kind="stable"))
        is_short = table.end - table.start <= _SHORT_BP
        return cls(table.take(is_short), _cut(table.take(~is_short)))

    @property
    def nbytes(self) -> int:
        """Memory of the arrays in bytes."""
        return self.short.nbytes + self.long.nbytes

    def paint(self, canvas: Canvas) -> None:
        """Write the runs that overlap a window."""
        for table, reach, paint in (
            (self.long, _LONG_BP, canvas.paint_long),
            (self.short, _SHORT_BP, canvas.paint_short),
        ):
            first, last = table.start.searchsorted((canvas.start - reach, canvas.end)).tolist()
            if first < last:
                paint(table.take(slice(first, last)))


@lru_cache(maxsize=64)
def columns_of(tracks: tuple[int, ...], count: int) -> Columns:
    """Return the column of each of `count` tracks where those at some places in their set are wanted, in their order.

    >>> columns_of((2, 0), 4).tolist()
    [1, -1, 0, -1]
    """
    columns = np.full(count, -1, np.int64)
    columns[list(tracks)] = np.arange(len(tracks))
    columns.flags.writeable = False
    return columns


def _cut(table: RunTable) -> RunTable:
    """Cut runs into pieces of at most `_LONG_BP`."""
    count = -(-(table.end - table.start) // _LONG_BP)
    whole = np.repeat(np.arange(len(table)), count)
    start = table.start[whole] + _LONG_BP * ranges(np.zeros(len(count), np.int64), count)
    end = np.minimum(start + _LONG_BP, table.end[whole])
    pieces = RunTable(start, end, table.track[whole], table.value[whole])
    return pieces.take(np.argsort(start, kind="stable"))
