"""Average precision, ROC-AUC and best F1 of per-base scores, from counts in 65,536 bins. Numpy, no I/O.

Counts add up: chromosomes may be counted in any pieces, in any order and on any machine, and the numbers are the same.
Each float16 score has a bin of its own, so its results are exact. Other floats must be probabilities and are put into
equal bins of (0, 1), with 0 and 1 in bins of their own; `Curve.ap_error` bounds what that can change.
"""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from genatator_assets.errors import EvaluationError
from genatator_assets.evaluation.counts import harmonic_mean
from genatator_assets.tracks.runs import Positions, ranges

BINS = 1 << 16
_EQUAL = BINS - 4  # even, so that 0.5 is an edge
_ONE, _NOT_FINITE = BINS - 3, BINS - 1
_LONG_BP = 1_000
_COUNTED_AT_ONCE = 1 << 18  # numpy counts a copy of eight bytes a bin: of so many it stays in the processor's cache

Counts = npt.NDArray[np.int64]
Bins = npt.NDArray[np.uint16]
Intervals = tuple[Positions, Positions]
Scores = npt.NDArray[np.floating[Any]]


def bins_of(scores: Scores) -> Bins:
    """Return the bin of each score; NaN and infinities have bins too, which are left out of every result.

    Raises:
        EvaluationError: scores that are not float16 lie outside [0, 1].
    """
    if scores.dtype == np.float16:
        return scores.view(np.uint16)
    wide = scores.astype(np.float64)
    finite = np.isfinite(wide)
    if not finite.all():
        wide[~finite] = 0
    if len(wide) and not (wide.min() >= 0 and wide.max() <= 1):
        raise EvaluationError(
            f"scores lie between {wide.min():g} and {wide.max():g}, expected probabilities in [0, 1]; any other scores"
            " can be ranked if they are stored as float16"
        )
    places = np.minimum(1 + (wide * _EQUAL).astype(np.int64), _EQUAL)
    places[wide == 0], places[wide == 1], places[~finite] = 0, _ONE, _NOT_FINITE
    return places.astype(np.uint16)


@dataclass(frozen=True, eq=False)
class BinCounts:
    """How many bases have their score in each bin, and how many of these are positive: both int64 [65,536].

    `exact` says that the scores were float16.
    """

    exact: bool
    bases: Counts
    positive: Counts

    @classmethod
    def none(cls, exact: bool) -> "BinCounts":
        """Return counts of nothing."""
        return cls(exact, np.zeros(BINS, np.int64), np.zeros(BINS, np.int64))

    @classmethod
    def of(cls, scores: Scores, start: int, positive: Intervals, within: Intervals | None = None) -> "BinCounts":
        """Count the scores of the bases from `start` on: all, or those in the disjoint intervals `within`.

        `positive` are disjoint intervals of the chromosome that lie among the scores. The bases outside of them need
        not be visited: they are the whole less the positive ones.
        """
        bins = bins_of(scores)
        end = start + len(bins)
        if within is not None:
            within = overlap(within, (np.array([start]), np.array([end])))
            positive = overlap(positive, within)
        everything = bins if within is None else _taken(bins, start, within)
        return cls(scores.dtype == np.float16, _counted(everything), _counted(_taken(bins, start, positive)))

    def __add__(self, other: "BinCounts") -> "BinCounts":
        """Return the counts of both together.

        Raises:
            EvaluationError: one is of float16 scores and the other is not.
        """
        if self.exact != other.exact:
            raise EvaluationError("some scores are float16 and others are not; store all of a channel in one type")
        return BinCounts(self.exact, self.bases + other.bases, self.positive + other.positive)

    def curve(self) -> "Curve":
        """Return precision and recall at every threshold that occurs."""
        order, values = _order(self.exact)
        bases, positive = self.bases, self.positive
        if self.exact:  # -0 is 0
            bases, positive = (np.concatenate([[n[0] + n[0x8000]], n[1:]]) for n in (bases, positive))
        occurs = bases[order] > 0
        dropped = int(bases.sum() - bases[order].sum()) - (int(bases[0x8000]) if self.exact else 0)
        return Curve(self.exact, values[occurs], bases[order][occurs], positive[order][occurs], dropped)


def overlap(one: Intervals, other: Intervals) -> Intervals:
    """Return the bases that lie in both of two sets of disjoint intervals.

    >>> both = overlap((np.array([0, 10]), np.array([5, 20])), (np.array([3, 12]), np.array([11, 13])))
    >>> [edges.tolist() for edges in both]
    [[3, 10, 12], [5, 11, 13]]
    """
    first = np.searchsorted(other[1], one[0], side="right")
    count = np.maximum(np.searchsorted(other[0], one[1], side="left") - first, 0)
    of_one, of_other = np.repeat(np.arange(len(count)), count), ranges(first, count)
    return np.maximum(one[0][of_one], other[0][of_other]), np.minimum(one[1][of_one], other[1][of_other])


def _counted(bins: Bins) -> Counts:
    """Return how often each bin occurs, int64 [65,536]."""
    counts = np.zeros(BINS, np.int64)
    for start in range(0, len(bins), _COUNTED_AT_ONCE):
        counts += np.bincount(bins[start : start + _COUNTED_AT_ONCE], minlength=BINS)
    return counts


def _taken(bins: Bins, start: int, intervals: Intervals) -> Bins:
    """Return the bins of intervals, one after another: of the many short ones all at once, of long ones one by one."""
    begin, length = intervals[0] - start, intervals[1] - intervals[0]
    long = length > _LONG_BP
    pieces = [bins[ranges(begin[~long], length[~long])]]
    pieces += [bins[at : at + bases] for at, bases in zip(begin[long].tolist(), length[long].tolist(), strict=True)]
    return np.concatenate(pieces)


@cache
def _order(exact: bool) -> tuple[Counts, npt.NDArray[np.float64]]:
    """Return the bins of finite scores from the highest down, and the lowest score of each."""
    if not exact:
        edges = np.concatenate([[0.0], np.arange(_EQUAL) / _EQUAL, [1.0]])
        return np.arange(_ONE, -1, -1), edges[::-1]
    patterns = np.arange(BINS, dtype=np.uint16)
    values = patterns.view(np.float16).astype(np.float64)
    kept = np.flatnonzero(np.isfinite(values) & (patterns != 0x8000))
    order = kept[np.argsort(-values[kept], kind="stable")]
    return order, values[order]


@dataclass(frozen=True, eq=False)
class Curve:
    """The thresholds that occur, from the highest down, and the bases and positive bases at each.

    threshold float64, bases and positive int64, all [thresholds]; `dropped` bases have a score that is not finite.
    """

    exact: bool
    threshold: npt.NDArray[np.float64]
    bases: Counts
    positive: Counts
    dropped: int

    @cached_property
    def true_positives(self) -> Counts:
        """Positive bases at or above each threshold."""
        return np.cumsum(self.positive)

    @cached_property
    def predicted(self) -> Counts:
        """Bases at or above each threshold."""
        return np.cumsum(self.bases)

    @property
    def positives(self) -> int:
        """Positive bases in all."""
        return int(self.positive.sum())

    @property
    def negatives(self) -> int:
        """All other bases."""
        return int(self.bases.sum()) - self.positives

    @property
    def defined(self) -> bool:
        """Whether there are both positive and negative bases; the ratios below are None if not."""
        return self.positives > 0 and self.negatives > 0

    @property
    def average_precision(self) -> float | None:
        """Sum over the thresholds of (R_n - R_(n-1)) P_n, without interpolation, as scikit-learn has it."""
        if not self.defined:
            return None
        return float(np.sum(self.positive * (self.true_positives / self.predicted)) / self.positives)

    @property
    def ap_error(self) -> float:
        """How far the average precision can be from that of the scores themselves: 0 for float16.

        In a bin, the positive bases may all stand above the negative ones, or below them.
        """
        if self.exact or not self.defined:
            return 0.0
        spread = (self.threshold > 0) & (self.threshold < 1)
        spread[-1] &= self.threshold[-1] > 0
        before, above = self.true_positives - self.positive, self.predicted - self.bases
        best = self.true_positives / np.maximum(above + self.positive, 1)
        worst = (before + 1) / np.maximum(self.predicted - self.positive + 1, 1)
        middle = self.true_positives / self.predicted
        farther = np.maximum(best - middle, middle - worst)
        return float(np.sum(np.where(spread, self.positive * farther, 0)) / self.positives)

    @property
    def roc_auc(self) -> float | None:
        """Chance that a positive base has a higher score than a negative one; equal scores count half."""
        if not self.defined:
            return None
        above = self.true_positives - self.positive / 2
        return float(np.sum((self.bases - self.positive) / self.negatives * (above / self.positives)))

    def best_f1(self) -> tuple[float, float] | None:
        """Return the best F1 and the threshold (score >= threshold) that gives it: the highest of several."""
        if not self.positives:
            return None
        f1 = 2 * self.true_positives / (self.predicted + self.positives)
        best = int(np.argmax(f1))
        return float(f1[best]), float(self.threshold[best])

    def counts_at(self, threshold: float) -> tuple[int, int]:
        """Return true and false positives at score >= threshold."""
        reached = self.threshold >= threshold
        found = int(self.positive[reached].sum())
        return found, int(self.bases[reached].sum()) - found

    def points(self, most: int = 400) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return recall and precision at up to `most` thresholds, for a picture: evenly spread over the recall."""
        if not self.positives:
            return np.empty(0), np.empty(0)
        recall, precision = self.true_positives / self.positives, self.true_positives / self.predicted
        wanted = np.unique(np.searchsorted(recall, np.linspace(0, recall[-1], most)))
        return recall[wanted], precision[wanted]


def f1_at(curve: Curve, threshold: float) -> float | None:
    """Return F1 at score >= threshold."""
    found, wrong = curve.counts_at(threshold)
    precision = found / (found + wrong) if found + wrong else None
    return harmonic_mean(precision, found / curve.positives if curve.positives else None)
