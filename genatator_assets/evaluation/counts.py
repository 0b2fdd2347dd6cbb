"""What is counted at each level, so that it can be summed over any part of the genome and drawn again by bootstrap.

All counts are exact integers. Numpy, no I/O.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from genatator_assets.evaluation.models import Mask, Numbers, Strands
from genatator_assets.tracks.runs import Positions

Sums = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Items:
    """Things of one side (transcripts, genes, sites, stretches of bases): where each is, and whether it is right.

    Item i is [start[i], end[i]) of sequence seq[i] on strand[i] and counts `size[i]`; right bool [items, k] is one
    column for each k.
    """

    seq: Numbers
    strand: Strands
    start: Positions
    end: Positions
    right: Mask
    size: Numbers | None = None

    def __len__(self) -> int:
        """Number of items."""
        return len(self.start)

    def sums(self, unit: Numbers, units: int) -> tuple[Sums, Sums]:
        """Return how many are right at each k, int64 [units, k], and how many there are, int64 [units], in each unit.

        `unit` int64 [items] says in which unit each item is, -1 for none.
        """
        size = np.ones(len(self), np.int64) if self.size is None else self.size
        inside = unit >= 0
        unit, size, right = unit[inside], size[inside], self.right[inside]
        columns = [size, *(size * column for column in right.T)]
        # Weights are float64: exact up to 2^53, which is more bases than there are.
        sums = [np.bincount(unit, weights=column, minlength=units).astype(np.int64) for column in columns]
        return np.stack(sums[1:], axis=1), sums[0]


@dataclass(frozen=True, eq=False)
class Counted:
    """One kind of thing at one level, for every k in `ks` (None where there is no k).

    Precision is of the predicted items, recall of the true ones. `more` are further items to be counted beside them,
    by name.
    """

    level: str
    kind: str
    ks: tuple[int | None, ...]
    predicted: Items
    true: Items
    more: Mapping[str, Items] = field(default_factory=dict)


@dataclass(frozen=True)
class Ratios:
    """Precision, recall and their harmonic mean; None where there is nothing to divide by.

    >>> Ratios.of(1, 2, 1, 4).f1, Ratios.of(0, 0, 0, 4)
    (0.3333333333333333, Ratios(precision=None, recall=0.0, f1=None))
    """

    precision: float | None
    recall: float | None
    f1: float | None

    @classmethod
    def of(cls, tp_pred: int, n_pred: int, tp_true: int, n_true: int) -> "Ratios":
        """Divide counts."""
        precision = tp_pred / n_pred if n_pred else None
        recall = tp_true / n_true if n_true else None
        return cls(precision, recall, harmonic_mean(precision, recall))


def harmonic_mean(precision: float | None, recall: float | None) -> float | None:
    """Return F1; 0 where both are 0, None where one is not defined.

    >>> harmonic_mean(0.5, 1.0), harmonic_mean(0.0, 0.0), harmonic_mean(None, 1.0)
    (0.6666666666666666, 0.0, None)
    """
    if precision is None or recall is None:
        return None
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
