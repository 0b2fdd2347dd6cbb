"""How well a gene's rank predicts its expression: cell2sentence's measure of how little a sentence loses.

Expression is fitted as `slope * log10(1 + rank) + intercept` over the first thousand genes of each cell, ranks counted
from 0.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genatator_assets.cells.genes import Vocabulary
from genatator_assets.sources.h5ad import Rows

_LOG_RANKS = 3.0
_PER_CELL = 10_000


@dataclass(frozen=True)
class RankFit:
    """A line through expression by rank.

    `scale` says what was fitted: `log10(1 + count per 10,000)` if the values are whole numbers, else the stored values.
    Correlations are between fitted and true values; NaN where all are equal.
    """

    cells: int
    points: int
    scale: str
    slope: float
    intercept: float
    r2: float
    pearson: float
    spearman: float


def rank_fit(pieces: Iterable[Rows], vocabulary: Vocabulary) -> RankFit | None:
    """Fit the expressed genes of some cells that have a symbol; None if there are too few to fit."""
    ranks, values, totals, cells = [], [], [], 0
    for rows in pieces:
        for start, end in zip(rows.offsets[:-1], rows.offsets[1:], strict=True):
            of_cell = rows.values[start:end].astype(np.float64)
            named = of_cell[(of_cell > 0) & (vocabulary.of_gene[rows.genes[start:end]] >= 0)]
            if len(named):
                cells += 1
                ranks.append(np.arange(len(named)))
                values.append(np.sort(named)[::-1])
                totals.append(np.full(len(named), of_cell.sum()))
    if not cells:
        return None
    x, y, total = np.log10(1 + np.concatenate(ranks)), np.concatenate(values), np.concatenate(totals)
    whole = bool((y == np.floor(y)).all())
    if whole:
        y = np.log10(1 + _PER_CELL * y / total)
    first = x < _LOG_RANKS
    return _fitted(x[first], y[first], cells, "log10(1 + count per 10,000)" if whole else "stored values")


def _fitted(x: NDArray[np.float64], y: NDArray[np.float64], cells: int, scale: str) -> RankFit | None:
    if len(x) < 2 or np.ptp(x) == 0:
        return None
    slope, intercept = np.polyfit(x, y, 1)
    fitted = slope * x + intercept
    spread = float(((y - y.mean()) ** 2).sum())
    r2 = 1 - float(((y - fitted) ** 2).sum()) / spread if spread else float("nan")
    pearson, spearman = _correlation(fitted, y), _correlation(_places(fitted), _places(y))
    return RankFit(cells, len(x), scale, float(slope), float(intercept), r2, pearson, spearman)


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


def _places(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return the place of each value in ascending order; equal ones share the middle of theirs."""
    _, numbers, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    places: NDArray[np.float64] = (ends - (counts - 1) / 2)[numbers]
    return places
