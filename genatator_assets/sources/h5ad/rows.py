"""Rows of an expression matrix in sparse form: what every layout of a matrix is read as."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Some rows of a cells x genes matrix.

    Row `i` has the values `values[offsets[i]:offsets[i + 1]]` at `genes[offsets[i]:offsets[i + 1]]`. Genes ascend
    within a row and none is repeated. Values keep the file's type; they may be 0, negative or not finite.

    `offsets` int64 [rows + 1], from 0; `genes` int32 [stored]; `values` [stored].
    """

    offsets: Numbers
    genes: NDArray[np.int32]
    values: Values

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.offsets) - 1

    def select(self, wanted: NDArray[np.bool_]) -> "Rows":
        """Return the rows where `wanted`, bool [rows], is true."""
        if wanted.all():
            return self
        counts = np.diff(self.offsets)
        kept = np.repeat(wanted, counts)
        return Rows(offsets_of(counts[wanted]), self.genes[kept], self.values[kept])


def offsets_of(counts: NDArray[Any]) -> Numbers:
    """Return where each of several rows begins and the last one ends.

    >>> offsets_of(np.array([2, 0, 3])).tolist()
    [0, 2, 2, 5]
    """
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets


def grouped_by_row(rows: NDArray[Any], genes: NDArray[Any], values: Values, n_rows: int) -> Rows:
    """Return the rows of entries (row, gene, value) that come in ascending order of genes, all rows mixed."""
    order = np.argsort(rows, kind="stable")
    offsets = offsets_of(np.bincount(rows, minlength=n_rows))
    return Rows(offsets, genes[order].astype(np.int32, copy=False), values[order])
