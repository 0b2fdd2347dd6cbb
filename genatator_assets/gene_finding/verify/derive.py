"""The targets by their plain definition: at each distinct site the greater of what is there and the peak, 1 inside.

Numpy only, and nothing of the package's own painting: this is what that is compared with.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from genatator_assets.gene_finding.section import Kernel

CHANNELS = tuple(
    f"{name}_{strand}"
    for name in (
        "primary_tss",
        "primary_polya",
        "intragenic_regions",
        "mrna_tss",
        "mrna_polya",
        "mrna_intragenic_regions",
    )
    for strand in "+-"
)
"""In the order of the contract."""

Heights = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Selected:
    """The selected transcripts of one chromosome: [start, end) 0-based int64, and bool arrays, all of one length."""

    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    forward: npt.NDArray[np.bool_]
    mrna: npt.NDArray[np.bool_]


def heights(kernel: Kernel) -> Heights:
    """Return the peak around a site at distances -radius .. radius, float32 [2 radius + 1]."""
    distances = range(-kernel.radius_bp, kernel.radius_bp + 1)
    return np.array([_height(kernel.shape, kernel.width_bp, abs(distance)) for distance in distances], np.float32)


def _height(shape: str, width: float, distance: int) -> float:
    match shape:
        case "laplace":
            return math.exp(-distance / width)
        case "gaussian":
            return math.exp(-(distance**2) / (2 * width**2))
        case "triangular":
            return max(0.0, 1 - distance / width)
        case "box":
            return 1.0
    raise ValueError(f"unknown {shape=}")


def expected_targets(selected: Selected, peak: Heights, start: int, end: int) -> npt.NDArray[np.float32]:
    """Return the targets of [start, end), float32 [end - start, 12]; `peak` as of `heights`.

    >>> one = Selected(np.array([2]), np.array([5]), np.array([True]), np.array([False]))
    >>> expected_targets(one, np.array([0.5, 1, 0.5], np.float32), 0, 6)[:, :6:2].T.tolist()
    [[0.0, 0.5, 1.0, 0.5, 0.0, 0.0], [0.0, 0.0, 0.0, 0.5, 1.0, 0.5], [0.0, 0.0, 1.0, 1.0, 1.0, 0.0]]
    """
    values = np.zeros((end - start, len(CHANNELS)), np.float32)
    for first_channel, in_group in ((0, np.ones_like(selected.mrna)), (6, selected.mrna)):
        for strand, on_strand in ((0, selected.forward), (1, ~selected.forward)):
            chosen = in_group & on_strand
            first, last = selected.start[chosen], selected.end[chosen] - 1
            tss, polya = (first, last) if strand == 0 else (last, first)
            _lay_peaks(values[:, first_channel + strand], tss, peak, start)
            _lay_peaks(values[:, first_channel + 2 + strand], polya, peak, start)
            for left, right in _overlapping(first, last + 1, start, end):
                values[left - start : right - start, first_channel + 4 + strand] = 1
    return values


def _lay_peaks(column: Heights, sites: npt.NDArray[np.int64], peak: Heights, start: int) -> None:
    radius, end = len(peak) // 2, start + len(column)
    near = sites[(sites + radius >= start) & (sites - radius < end)]
    for site in np.unique(near).tolist():
        left, right = max(site - radius, start), min(site + radius + 1, end)
        under = column[left - start : right - start]
        np.maximum(under, peak[left - site + radius : right - site + radius], out=under)


def _overlapping(
    starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], start: int, end: int
) -> Iterator[tuple[int, int]]:
    touches = (starts < end) & (ends > start)
    cut = np.maximum(starts[touches], start), np.minimum(ends[touches], end)
    return zip(cut[0].tolist(), cut[1].tolist(), strict=True)
