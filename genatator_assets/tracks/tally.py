"""Statistics of a track, from its runs: what normalisers, profiles and checks need. Numpy, no I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from genatator_assets.tracks.runs import Runs, Values

_BINS = 1 << 16
_HALF = np.uint32(1 << 15)

Bases = npt.NDArray[np.int64]


@dataclass
class Tally:
    """Counts and sums over the bases of runs: add them up stretch by stretch, and those of chromosomes together.

    `covered` bases have a value, `zeros` of them the value 0, `negative` of them one below 0. `sum` and
    `sum_of_squares` are of their values, in float64. `histogram` counts covered bases by value, rounded to the 8
    significant bits of bfloat16: exact for integers up to 256, else within 0.4 %.
    """

    runs: int = 0
    covered: int = 0
    zeros: int = 0
    negative: int = 0
    sum: float = 0.0
    sum_of_squares: float = 0.0
    minimum: float = np.inf
    maximum: float = -np.inf
    histogram: Bases = field(default_factory=lambda: np.zeros(_BINS, np.int64), repr=False)

    def add(self, runs: Runs) -> None:
        """Count runs that were not counted before."""
        if not len(runs):
            return
        length, value = (runs.end - runs.start).astype(np.float64), runs.value.astype(np.float64)
        weighted = value * length
        lowest, highest = float(value.min()), float(value.max())
        self.runs += len(runs)
        self.covered += int(length.sum())
        self.zeros += int(length[value == 0].sum()) if lowest <= 0 <= highest else 0
        self.negative += int(length[value < 0].sum()) if lowest < 0 else 0
        self.sum += float(weighted.sum())
        self.sum_of_squares += float((weighted * value).sum())  # numpy.dot would wake a thread for every core
        self.minimum, self.maximum = min(self.minimum, lowest), max(self.maximum, highest)
        self.histogram += np.bincount(_bins_of(runs.value), length, _BINS).astype(np.int64)

    def __add__(self, other: Self) -> Self:
        """Return the tally of both."""
        return type(self)(
            self.runs + other.runs,
            self.covered + other.covered,
            self.zeros + other.zeros,
            self.negative + other.negative,
            self.sum + other.sum,
            self.sum_of_squares + other.sum_of_squares,
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
            self.histogram + other.histogram,
        )

    @property
    def nonzero_mean(self) -> float | None:
        """Mean over the covered bases whose value is not 0; None where there are none."""
        count = self.covered - self.zeros
        return self.sum / count if count else None

    def percentile(self, percent: float, bases: int | None = None) -> float:
        """Return the least value that at least this share of bases does not exceed, as precise as the histogram.

        `bases` are all that there are: those without a value count as 0. By default only covered bases count.
        """
        values, counts = self.levels()
        if bases is not None and bases > self.covered:
            values, counts = np.append(values, np.float32(0)), np.append(counts, bases - self.covered)
        if not counts.sum():
            return 0.0
        order = np.argsort(values, kind="stable")
        reached = np.cumsum(counts[order]) >= percent / 100 * counts.sum()
        return float(values[order][np.argmax(reached)])

    def levels(self) -> tuple[Values, Bases]:
        """Return the values of the histogram, ascending, and how many bases have each."""
        filled = np.flatnonzero(self.histogram)
        values = (filled.astype(np.uint32) << 16).view(np.float32)
        order = np.argsort(values, kind="stable")
        return values[order], self.histogram[filled][order]

    def as_row(self) -> dict[str, Any]:
        """Return it as plain values; `of_row` reverses it. Without runs, minimum and maximum are None.

        The histogram is a text of `bits:bases`, where bits are the upper 16 of a value's float32.
        """
        filled = np.flatnonzero(self.histogram)
        levels = zip(filled.tolist(), self.histogram[filled].tolist(), strict=True)
        return {
            "runs": self.runs,
            "covered": self.covered,
            "zeros": self.zeros,
            "negative": self.negative,
            "sum": self.sum,
            "sum_of_squares": self.sum_of_squares,
            "minimum": self.minimum if self.runs else None,
            "maximum": self.maximum if self.runs else None,
            "histogram": " ".join(f"{bits}:{bases}" for bits, bases in levels),
        }

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Self:
        """Return the tally that `as_row` wrote."""
        numbers = {key: row[key] for key in ("runs", "covered", "zeros", "negative", "sum", "sum_of_squares")}
        tally = cls(**numbers)
        if tally.runs:
            tally.minimum, tally.maximum = row["minimum"], row["maximum"]
        for level in row["histogram"].split():
            bits, _, bases = level.partition(":")
            tally.histogram[int(bits)] = int(bases)
        return tally


def tally_of(stretches: Iterable[Runs]) -> Tally:
    """Return the tally of all runs.

    >>> tally_of([Runs(np.array([3]), np.array([5]), np.array([1.5], np.float32))]).sum
    3.0
    """
    tally = Tally()
    for runs in stretches:
        tally.add(runs)
    return tally


def _bins_of(values: Values) -> npt.NDArray[np.int64]:
    """Return the upper half of each float32, rounded; -0.0 counts as 0."""
    bits = np.ascontiguousarray(values + np.float32(0)).view(np.uint32)
    return ((bits + _HALF) >> np.uint32(16)).astype(np.int64)
