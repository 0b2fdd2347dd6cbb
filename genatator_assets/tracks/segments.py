"""Segments: the runs of a set of tracks on one chromosome. Exact, small, and any window of them is dense at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from genatator_assets.tracks.painting import BYTES_A_RUN, Canvas, Painter, RunTable, columns_of
from genatator_assets.tracks.runs import Positions, Runs, Values
from genatator_assets.tracks.track import Track, TrackSet


@dataclass(frozen=True, eq=False)
class Segments:
    """The runs of each track of a set, in the set's order, on a chromosome of `length` bp."""

    length: int
    runs: tuple[Runs, ...]
    tracks: TrackSet[Track]

    def __post_init__(self) -> None:
        """Check the number of tracks, the chromosome's bounds and the tracks' values."""
        if len(self.runs) != len(self.tracks):
            raise ValueError(f"found the runs of {len(self.runs)} tracks, expected {len(self.tracks)}")
        for track, runs in zip(self.tracks, self.runs, strict=True):
            if len(runs) and not (runs.start[0] >= 0 and runs.end[-1] <= self.length):
                raise ValueError(f"runs of {track.name} leave the chromosome [0, {self.length})")
            track.check(runs)

    @classmethod
    def from_dense(cls, dense: Values, tracks: TrackSet[Track]) -> "Segments":
        """Return the runs of dense values, float32 [length >= 1, tracks]: `dense` reversed.

        Raises:
            ValueError: a value is not finite or not of its track.
        """
        runs = (
            Runs.of_column(np.ascontiguousarray(dense[:, column]), missing=track.missing)
            for column, track in enumerate(tracks)
        )
        return cls(len(dense), tuple(runs), tracks)

    def dense(self, start: int, end: int, columns: Sequence[int] | None = None) -> Values:
        """Return the values of [start, end) (0-based half-open): float32 [end - start, columns].

        `columns` are places in the set, all by default. A base without a run is 0, or NaN for a track whose missing
        values are kept.

        Raises:
            ValueError: the interval is reversed or leaves the chromosome.
        """
        self._require(start, end)
        places = tuple(range(len(self.tracks)) if columns is None else columns)
        distinct = tuple(dict.fromkeys(places))
        dense = np.empty((end - start, len(distinct)), np.float32)
        self.paint(dense, start, distinct)
        return dense if distinct == places else dense[:, [distinct.index(place) for place in places]]

    def paint(self, out: Values, start: int, columns: tuple[int, ...], *, backwards: bool = False) -> None:
        """Write the values of the bases from `start` on over an array: float32 [bases, columns], also as the transpose
        of [columns, bases].

        `columns` are places in the set, none of them twice. With `backwards`, the last row is the base at `start`.

        Raises:
            ValueError: the array is not as wide, or the interval leaves the chromosome.
        """
        self._require(start, start + len(out))
        if out.shape != (len(out), len(columns)):
            raise ValueError(f"{out.shape=} is no place for {len(columns)} columns")
        out.fill(0)
        for column, place in enumerate(columns if self._some_keep else ()):
            if self.tracks[place].missing == "keep":
                out[:, column] = np.nan
        self._painter.paint(Canvas(out, start, columns_of(columns, len(self.tracks)), backwards))

    def _require(self, start: int, end: int) -> None:
        if not 0 <= start <= end <= self.length:
            raise ValueError(f"[{start}, {end}) does not lie within [0, {self.length})")

    @cached_property
    def _some_keep(self) -> bool:
        return any(track.missing == "keep" for track in self.tracks)

    @cached_property
    def _painter(self) -> Painter:
        return Painter.of(RunTable.of(self.runs))

    def side_by_side(self, start: Positions, end: Positions) -> "Segments":
        """Return the segments of disjoint stretches [start[i], end[i]), at least one, as if nothing lay between."""
        together = tuple(runs.side_by_side(start, end) for runs in self.runs)
        return Segments(int((end - start).sum()), together, self.tracks)

    @property
    def nbytes(self) -> int:
        """Memory of the runs in bytes, with what paints them."""
        return sum(runs.nbytes + len(runs) * BYTES_A_RUN for runs in self.runs)
