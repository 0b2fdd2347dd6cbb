"""How many of a window's sampled k-mers occur elsewhere: containment, window by window. Numpy, no I/O."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from genatator_assets.leakage.kmers import Hashes
from genatator_assets.tracks.runs import Positions

Counts = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def occurs_in(hashes: Hashes, sketch: Hashes) -> Mask:
    """Return which hashes, in any order, occur in a sketch, which ascends: bool [hashes].

    They are looked up in ascending order, side by side in memory: many times as fast as here and there.
    """
    found = np.zeros(len(hashes), bool)
    if len(sketch):
        order = np.argsort(hashes)
        ordered = hashes[order]
        place = np.minimum(np.searchsorted(sketch, ordered), len(sketch) - 1)
        found[order] = sketch[place] == ordered
    return found


@dataclass(frozen=True)
class Grid:
    """The windows of a chromosome of `length` bp, side by side; the last one is shorter unless it fits.

    >>> Grid(25, 10).windows, Grid(25, 10).ends.tolist()
    (3, [10, 20, 25])
    """

    length: int
    window_bp: int

    @property
    def windows(self) -> int:
        """Number of windows."""
        return -(-self.length // self.window_bp)

    @property
    def starts(self) -> Positions:
        """Where they start, int64 [windows]."""
        return np.arange(self.windows, dtype=np.int64) * self.window_bp

    @property
    def ends(self) -> Positions:
        """Where they end, int64 [windows]."""
        return np.minimum(self.starts + self.window_bp, self.length)

    def count(self, positions: Positions) -> Counts:
        """Count the k-mers that start in each window, int64 [windows]; the same k-mer twice counts twice."""
        return np.bincount(positions // self.window_bp, minlength=self.windows)


def shares(shared: Counts, sampled: Counts, min_samples: int) -> npt.NDArray[np.float64]:
    """Return the share of sampled k-mers that are shared; NaN where fewer than `min_samples` were sampled.

    >>> shares(np.array([5, 1]), np.array([10, 1]), 2).tolist()
    [0.5, nan]
    """
    judged = sampled >= min_samples
    return np.where(judged, shared / np.maximum(sampled, 1), np.nan)


def count_within(positions: Positions, start: Positions, end: Positions) -> Counts:
    """Count the positions (ascending) that lie in each interval, which may overlap: int64 [intervals]."""
    return np.searchsorted(positions, end) - np.searchsorted(positions, start)
