"""Cell sentences: the genes of each cell, ranked by expression, and their symbols joined by blanks.

Only NumPy and Arrow arrays go in and come out. Ranking packs a value's inverted bits and its gene into one 64-bit key,
so that sorting the keys of a row sorts by value downward and then by gene upward. Joining looks up each symbol together
with its blank: the words that are looked up lie one after the other in memory, so they are the sentences already.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from genatator_assets.cells.genes import Vocabulary
from genatator_assets.sources.h5ad.rows import Numbers, Rows, offsets_of

Fault = Literal["negative", "not finite"]


@dataclass(frozen=True)
class Ranked:
    """The symbols of some cells in the order of their sentences: numbers of a vocabulary, each at most once in a cell.

    Cell `i` has `symbols[offsets[i]:offsets[i + 1]]`. `offsets` int64 [cells + 1], `symbols` int32 [all of them].
    """

    offsets: Numbers
    symbols: NDArray[np.int32]

    @property
    def counts(self) -> Numbers:
        """How many symbols each cell has."""
        return np.diff(self.offsets)

    def first(self, most: int) -> "Ranked":
        """Return the first symbols of each cell, `most` at most."""
        counts = self.counts
        if len(counts) == 0 or counts.max() <= most:
            return self
        place = np.arange(len(self.symbols)) - np.repeat(self.offsets[:-1], counts)
        return Ranked(offsets_of(np.minimum(counts, most)), self.symbols[place < most])

    def only(self, wanted: NDArray[np.bool_]) -> "Ranked":
        """Return those of the symbols, bool [vocabulary], that are wanted, in the same order."""
        kept = wanted[self.symbols]
        return Ranked(_offsets_after(self.offsets, kept), self.symbols[kept])

    def select(self, cells: NDArray[np.bool_]) -> "Ranked":
        """Return the cells that are wanted, bool [cells]."""
        if cells.all():
            return self
        counts = self.counts
        return Ranked(offsets_of(counts[cells]), self.symbols[np.repeat(cells, counts)])


def fault_of(values: NDArray[Any]) -> Fault | None:
    """Return what is wrong with values that are taken for expression; None if nothing is.

    >>> fault_of(np.array([0.0, 2.5])), fault_of(np.array([1.0, -1.0])), fault_of(np.array([np.nan]))
    (None, 'negative', 'not finite')
    """
    if len(values) == 0 or values.dtype.kind in "bu":
        return None
    low, high = values.min(), values.max()  # NaN wins in both
    if not (np.isfinite(low) and np.isfinite(high)):
        return "not finite"
    return "negative" if low < 0 else None


def rank(rows: Rows, vocabulary: Vocabulary) -> Ranked:
    """Rank the expressed genes of each row: by value downward, equal values by gene; a symbol at its best place only.

    Values must be finite and not negative; those of 0 are not expressed.
    """
    kept = rows.values > 0
    if not vocabulary.named.all():
        kept &= vocabulary.named[rows.genes]
    offsets, genes, values = rows.offsets, rows.genes, rows.values
    if not kept.all():
        offsets, genes, values = _offsets_after(offsets, kept), genes[kept], values[kept]
    ordered = vocabulary.of_gene[_by_value(offsets, genes, _descending(values))]
    repeated = _repeated(offsets, ordered, vocabulary.shared)
    if repeated is None:
        return Ranked(offsets, ordered)
    return Ranked(_offsets_after(offsets, ~repeated), ordered[~repeated])


def _descending(values: NDArray[Any]) -> NDArray[Any]:
    """Return unsigned integers that ascend where positive values descend, and are equal where those are.

    They have 32 bits where no two different values would become equal by that, else 64.
    """
    if values.dtype.kind in "biu":
        if len(values) == 0 or values.max() <= np.iinfo(np.uint32).max:
            return ~values.astype(np.uint32)
        return ~values.astype(np.uint64)
    single = values.astype(np.float32)
    if values.dtype.itemsize <= single.dtype.itemsize or np.array_equal(single, values):
        return ~single.view(np.uint32)
    return ~values.astype(np.float64).view(np.uint64)


def _by_value(offsets: Numbers, genes: NDArray[np.int32], descending: NDArray[Any]) -> NDArray[np.int32]:
    """Return the genes of each row in ascending order of their keys, and equal ones in their own order."""
    bounds = offsets.tolist()
    if descending.dtype == np.uint64:
        order = [np.argsort(descending[start:end], kind="stable") + start for start, end in pairwise(bounds)]
        return genes[np.concatenate(order)] if order else genes
    keys = descending.astype(np.uint64)
    keys <<= np.uint64(32)
    keys |= genes.view(np.uint32)
    for start, end in pairwise(bounds):
        keys[start:end].sort()
    return keys.astype(np.uint32).view(np.int32)  # the lower half


def _repeated(offsets: Numbers, ordered: NDArray[np.int32], shared: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """Return which symbols stand in the same cell already, further ahead; None if there are none."""
    if not shared.any():
        return None
    places = np.flatnonzero(shared[ordered])
    cell = np.searchsorted(offsets, places, side="right") - 1
    _, first = np.unique(cell * len(shared) + ordered[places], return_index=True)
    repeated = np.zeros(len(ordered), bool)
    repeated[places] = True
    repeated[places[first]] = False
    return repeated


def _offsets_after(offsets: Numbers, kept: NDArray[np.bool_]) -> Numbers:
    """Return the offsets of what is left where only `kept` is."""
    return offsets_of(kept)[offsets]


class Writer:
    """Joins symbols of a vocabulary to sentences."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Prepare each symbol twice: with a blank behind it, and as the last of a sentence."""
        self._words = pa.array([*(f"{symbol} " for symbol in vocabulary.symbols), *vocabulary.symbols], pa.string())
        self._size = len(vocabulary)

    def sentences(self, ranked: Ranked) -> pa.Array:
        """Return the sentence of each cell, "" for one without symbols."""
        words = ranked.symbols.copy()
        words[ranked.offsets[1:][ranked.counts > 0] - 1] += self._size
        taken = self._words.take(pa.array(words))
        _, where, text = taken.buffers()
        begins = np.frombuffer(where, np.int32, len(taken) + 1)[ranked.offsets]
        return pa.StringArray.from_buffers(len(begins) - 1, pa.py_buffer(begins), text or pa.py_buffer(b""))
