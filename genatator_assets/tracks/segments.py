"""Segments: the runs of a set of tracks on one chromosome. Exact, small, and any window of them is dense at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genatator_assets.tracks.runs import Positions, Runs, Values, paint
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
        if not 0 <= start <= end <= self.length:
            raise ValueError(f"[{start}, {end}) does not lie within [0, {self.length})")
        columns = range(len(self.tracks)) if columns is None else columns
        dense = np.zeros((end - start, len(columns)), np.float32)
        for column, place in enumerate(columns):
            if self.tracks[place].missing == "keep":
                dense[:, column] = np.nan
            paint(dense[:, column], start, *self.runs[place].cut(start, end))
        return dense

    def side_by_side(self, start: Positions, end: Positions) -> "Segments":
        """Return the segments of disjoint stretches [start[i], end[i]), at least one, as if nothing lay between."""
        together = tuple(runs.side_by_side(start, end) for runs in self.runs)
        return Segments(int((end - start).sum()), together, self.tracks)

    @property
    def nbytes(self) -> int:
        """Memory of the runs in bytes."""
        return sum(runs.nbytes for runs in self.runs)
