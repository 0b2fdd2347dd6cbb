"""Donors, and which of them are held out: decided once, from obs alone, before any cell is written.

All cells of a donor go to the same side. Donors of one collection's datasets are the same people, so a collection is
split as a whole (its *scope*). Where obs names no donors, each cell is split by its own id.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from genatator_assets.sources.h5ad import Frame

if TYPE_CHECKING:
    from genatator_assets.cells.section import CellSplit

UnitKind = Literal["donor", "cell"]

_COLUMNS = ("donor_id", "donor", "subject_id", "individual")
_NOBODY = {"", "unknown", "na", "nan", "pooled"}
_WORD = 0xFFFFFFFF + 1


def donor_column(obs: Frame) -> str | None:
    """Return the column of obs that names donors; None if there is none, so that each cell is a unit of its own."""
    return next((name for name in _COLUMNS if name in obs.names), None)


def donors_of(column: pa.Array) -> pa.DictionaryArray:
    """Return the donor of each cell; null where none is named: unknown, na, nan, pooled, an empty name.

    >>> donors_of(pa.array(["D1", "Pooled", None, "D2", "D1"])).to_pylist()
    ['D1', None, None, 'D2', 'D1']
    """
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    names = column.dictionary.cast(pa.string()).to_pylist()
    meant = pa.array([None if name is None or name.strip().casefold() in _NOBODY else name for name in names])
    return meant.cast(pa.string()).take(column.indices).dictionary_encode()


def held_out(units: Sequence[str], ages: NDArray[np.float64], scope: str, rules: CellSplit) -> NDArray[np.bool_]:
    """Return which units of a scope are test: bool [units]. `ages` are their median ages in years, NaN if unknown.

    Systematic sampling: units are put in the order of age, and of a hash where ages are equal; every n-th is taken,
    counted from a place that the seed decides. So the number is exact, ages are spread, and neither the order of
    datasets nor that of cells matters.
    """
    if rules.method == "hash":
        return np.array([_share(f"{rules.seed}/{scope}/{unit}") < rules.test for unit in units], bool)
    test = np.zeros(len(units), bool)
    if len(units) < 2:
        return test
    hashes = np.array([hashlib.sha256(f"{rules.seed}/{scope}/{unit}".encode()).digest() for unit in units], "S32")
    if rules.stratify == "none":
        ages = np.zeros(len(units))
    order = np.lexsort((hashes, ages))  # NaN comes last
    wanted = max(1, math.floor(rules.test * len(units) + 0.5))
    begin = _share(f"{rules.seed}/{scope}")
    places = [math.floor((number + begin) * len(units) / wanted) for number in range(wanted)]
    test[order[places]] = True
    return test


def _share(text: str) -> float:
    """Return a number in [0, 1) that a text decides."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) / _WORD
