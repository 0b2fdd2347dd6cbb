"""Normalisers of dense data: fitted the first time, and the same numbers for whatever comes after."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from genatator_assets.reading.genomic.indexer import WindowError

Floats = npt.NDArray[np.floating[Any]]


@dataclass
class Garray:
    """Dense data: `handle` has "data" (regions, bins, strands, conditions), or an array (bins, strands, conditions) for
    each chromosome. `lengths` are the regions' in bp, or None by chromosome, where a bin has `resolution` bp."""

    handle: dict[str, Floats]
    condition: Sequence[str]
    resolution: int | None
    lengths: npt.NDArray[np.int64] | None

    def each(self, change: Callable[[Floats], Floats]) -> "Garray":
        """Change all arrays."""
        self.handle = {name: change(array) for name, array in self.handle.items()}
        return self

    def rows(self) -> Floats:
        """Return all values of each condition, (values, conditions)."""
        return np.concatenate([array.reshape(-1, array.shape[-1]) for array in self.handle.values()])

    def bin_lengths(self) -> Any:
        """Return what values are divided by to be per bp: the region's length, or a bin's."""
        return self.resolution if self.lengths is None else self.lengths.reshape(-1, 1, 1, 1)


class LogTransform:
    """log(x + 1)."""

    def __call__(self, garray: Garray) -> Garray:
        """Change values."""
        return garray.each(lambda array: np.log(array + 1))


class ZScore:
    """To mean 0 and deviation 1, by condition."""

    def __init__(self, mean: Any = None, std: Any = None) -> None:
        """Take the numbers as they are given, or from the first data."""
        self.mean, self.std = mean, std

    def __call__(self, garray: Garray) -> Garray:
        """Change values."""
        rows = garray.rows()
        if self.mean is None:
            self.mean = np.nanmean(rows, axis=0)
        if self.std is None:
            self.std = np.sqrt(np.nansum((rows - self.mean) ** 2, axis=0) / max(len(rows) - 1, 1))
        return garray.each(lambda array: (array - self.mean) / self.std)


class ZScoreLog(ZScore):
    """`ZScore` of log(x + 1)."""

    def __call__(self, garray: Garray) -> Garray:
        """Change values."""
        return super().__call__(LogTransform()(garray))


class PercentileTrimming:
    """Values above a percentile, of each condition over positions and strands, are set to it."""

    def __init__(self, percentile: float) -> None:
        """Take the percentile."""
        self.percentile = percentile
        self.top: Any = None

    def __call__(self, garray: Garray) -> Garray:
        """Change values."""
        if self.top is None:
            self.top = np.nanpercentile(garray.rows(), self.percentile, axis=0)
        return garray.each(lambda array: np.minimum(array, self.top))


class RegionLengthNormalization:
    """Values per bp of their region."""

    def __call__(self, garray: Garray) -> Garray:
        """Change values."""
        lengths = garray.bin_lengths()
        return garray.each(lambda array: array / lengths)


class TPM:
    """Values per kb of their region, so that all are a million together, by condition."""

    def __init__(self) -> None:
        """Begin without a scale."""
        self.scale: Any = None

    def __call__(self, garray: Garray) -> Garray:
        """Change values."""
        garray = RegionLengthNormalization()(garray).each(lambda array: array * 1e3)
        if self.scale is None:
            self.scale = np.nansum(garray.rows(), axis=0) / 1e6
        return garray.each(lambda array: array / self.scale)


_NAMED: dict[str, Callable[[], Callable[[Garray], Garray]]] = {
    "zscore": ZScore,
    "zscorelog": ZScoreLog,
    "tpm": TPM,
    "binsizenorm": RegionLengthNormalization,
    "perctrim": lambda: PercentileTrimming(99),
}


def normalizers_of(normalizer: Any) -> list[Callable[[Garray], Garray]]:
    """Return normalisers by name or as given, one or several.

    Raises:
        WindowError: there is none of a name.
    """
    given = normalizer if isinstance(normalizer, list | tuple) else [] if normalizer is None else [normalizer]
    found: list[Callable[[Garray], Garray]] = []
    for one in given:
        if isinstance(one, str) and one not in _NAMED:
            raise WindowError(f"unknown normalizer: {one}; expected {', '.join(_NAMED)}, or a callable")
        found.append(_NAMED[one]() if isinstance(one, str) else one)
    return found
