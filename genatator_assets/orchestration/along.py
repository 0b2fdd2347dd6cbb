"""What is where along a chromosome, in as many stretches as a small figure has columns. Numpy only, no I/O."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from genatator_assets.tracks.runs import Positions, covered_before

STRETCHES = 240
"""Of so many stretches the share of N is known: figures have fewer columns, a whole number of stretches each."""

_ALL = 15


def edges_of(length: int, count: int = STRETCHES) -> Positions:
    """Cut [0, length) into `count` nearly equal stretches, of which some are empty if it is shorter; int64 [count + 1].

    >>> edges_of(10, 4).tolist(), edges_of(2, 4).tolist()
    ([0, 2, 5, 7, 10], [0, 0, 1, 1, 2])
    """
    return np.arange(count + 1, dtype=np.int64) * length // count


def counted(sites: Positions, edges: Positions) -> Positions:
    """Count the ascending `sites` in each stretch [edges[i], edges[i + 1]).

    >>> counted(np.array([0, 4, 4, 5]), np.array([0, 4, 5, 9])).tolist()
    [1, 2, 1]
    """
    return np.diff(np.searchsorted(sites, edges))


def covered(starts: Positions, ends: Positions, edges: Positions) -> Positions:
    """Count the bases of each stretch within the intervals [starts[i], ends[i]), which are ascending and disjoint.

    >>> covered(np.array([1, 6]), np.array([3, 12]), np.array([0, 2, 8, 10, 20])).tolist()
    [1, 3, 2, 2]
    """
    return np.diff(covered_before(starts, ends, edges))


def n_digits(blocks: Sequence[tuple[int, int]], length: int) -> str:
    """Return the share of N in each stretch of a chromosome as `as_digits` does, from (end, N) of each of its blocks:
    within a block N is taken to be spread evenly.

    >>> n_digits([(240, 0), (480, 240)], 480) == "0" * 120 + "f" * 120
    True
    """
    edges = edges_of(length)
    ends, counts = np.array([(0, 0), *blocks], np.int64).T
    return as_digits(np.diff(np.interp(edges, ends, np.cumsum(counts))), edges)


def levels(shares: npt.NDArray[np.float64], most: int) -> Positions:
    """Return the nearest of the levels 0 to `most` to each share; 0 only where there is nothing at all.

    >>> levels(np.array([0, 0.001, 0.26, 1]), 10).tolist()
    [0, 1, 3, 10]
    """
    return np.maximum(np.rint(shares * most), shares > 0).astype(np.int64)


def as_digits(n: npt.NDArray[Any], edges: Positions) -> str:
    """Spell the share of N in each stretch as a hexadecimal digit: 0 is none at all, f is all.

    >>> as_digits(np.array([0, 1, 50, 100]), np.array([0, 100, 200, 300, 400]))
    '018f'
    """
    return "".join(f"{level:x}" for level in levels(n / np.maximum(np.diff(edges), 1), _ALL))


def from_digits(digits: str, columns: int) -> npt.NDArray[np.float64]:
    """Return the share of N in each of `columns` columns, of a whole number of stretches each: `as_digits` reversed.

    >>> from_digits("00f0", 2).tolist()
    [0.0, 0.5]
    """
    shares = np.array([int(digit, 16) / _ALL for digit in digits])
    return np.asarray(shares.reshape(columns, -1).mean(axis=1))
