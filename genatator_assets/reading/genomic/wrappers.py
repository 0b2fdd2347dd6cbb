"""Wrappers: a dataset with fewer, other or changed dimensions. None of them changes its source."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from genatator_assets.reading.genomic.indexer import WindowError

_AGGREGATORS = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min}


class Array:
    """A numpy array with a name."""

    def __init__(self, name: str, array: Any, conditions: Sequence[str] | None = None) -> None:
        """Keep the array."""
        self.name, self.data, self.conditions = name, array, conditions

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.data)

    def __getitem__(self, index: Any) -> Any:
        """Return some rows."""
        return self.data[index]

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape, with at least two dimensions."""
        shape = tuple(self.data.shape)
        return (*shape, 1) if len(shape) == 1 else shape

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)


class _Wrapper:
    """A dataset whose rows are changed as they are read."""

    def __init__(self, array: Any) -> None:
        """Wrap a dataset."""
        self.data = array
        self.name = getattr(array, "name", "")
        self.conditions = getattr(array, "conditions", None)

    def _change(self, rows: Any) -> Any:
        raise NotImplementedError

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.data)

    def __getitem__(self, index: Any) -> Any:
        """Return some rows, changed."""
        return self._change(np.array(self.data[index]))

    @property
    def gindexer(self) -> Any:
        """The windows of the source."""
        return self.data.gindexer

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of all rows."""
        return (len(self), *self[:1].shape[1:]) if len(self) else tuple(self.data.shape)

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)


class ReduceDim(_Wrapper):
    """Some axes aggregated away: by default positions and strands."""

    def __init__(self, array: Any, aggregator: Any = None, axis: Any = None) -> None:
        """`aggregator` is sum, mean, max, min or a callable; mean by default."""
        super().__init__(array)
        if isinstance(aggregator, str) and aggregator not in _AGGREGATORS:
            raise WindowError(f"unknown aggregator: {aggregator}; expected {', '.join(_AGGREGATORS)}, or a callable")
        named = isinstance(aggregator, str) or aggregator is None
        self._aggregate: Any = _AGGREGATORS[aggregator or "mean"] if named else aggregator
        self._axis = tuple(axis) if axis is not None else (1, 2)

    def _change(self, rows: Any) -> Any:
        return self._aggregate(rows, axis=self._axis)


class SqueezeDim(_Wrapper):
    """Axes of one element left out."""

    def __init__(self, array: Any, axis: Any = None) -> None:
        """`axis` are those to leave out, by default all of one element but the first."""
        super().__init__(array)
        self._axis = axis

    def _change(self, rows: Any) -> Any:
        if self._axis is not None:
            return np.squeeze(rows, axis=self._axis)
        return np.squeeze(rows, axis=tuple(axis for axis in range(1, rows.ndim) if rows.shape[axis] == 1))


class Transpose(_Wrapper):
    """Axes in another order."""

    def __init__(self, array: Any, axis: Sequence[int]) -> None:
        """`axis` is the new order."""
        super().__init__(array)
        self._axis = tuple(axis)

    def _change(self, rows: Any) -> Any:
        return np.transpose(rows, self._axis)


class NanToNumConverter(_Wrapper):
    """NaN become 0."""

    def _change(self, rows: Any) -> Any:
        return np.nan_to_num(rows)


class RandomSignalScale(_Wrapper):
    """Each row times a factor from [1 - deviance, 1 + deviance]."""

    def __init__(self, array: Any, deviance: float, seed: int | None = None) -> None:
        """`seed` decides the factors."""
        super().__init__(array)
        self._deviance, self._random = deviance, np.random.default_rng(seed)

    def _change(self, rows: Any) -> Any:
        factors = self._random.uniform(1 - self._deviance, 1 + self._deviance, len(rows))
        return rows * factors.reshape(-1, *[1] * (rows.ndim - 1))


class RandomOrientation(_Wrapper):
    """Each row as it is, or with positions and strands reversed."""

    def __init__(self, array: Any, seed: int | None = None) -> None:
        """`seed` decides which are turned."""
        super().__init__(array)
        self._random = np.random.default_rng(seed)

    def _change(self, rows: Any) -> Any:
        for place in np.flatnonzero(self._random.integers(0, 2, len(rows))):
            rows[place] = rows[place][::-1, ::-1]
        return rows


class RandomShift(_Wrapper):
    """Each row moved by -shift to +shift positions; what comes in is 0."""

    def __init__(self, array: Any, shift: int, batchwise: bool = False, seed: int | None = None) -> None:
        """With `batchwise` all rows of a batch are moved alike; `seed` decides how far."""
        super().__init__(array)
        self._shift, self._batchwise, self._random = shift, batchwise, np.random.default_rng(seed)

    def _change(self, rows: Any) -> Any:
        shifts = self._random.integers(-self._shift, self._shift, 1 if self._batchwise else len(rows), endpoint=True)
        moved = np.zeros_like(rows)
        for place, shift in enumerate(np.resize(shifts, len(rows)).tolist()):
            length = rows.shape[1]
            moved[place][max(0, shift) : length + min(0, shift)] = rows[place][max(0, -shift) : length - max(0, shift)]
        return moved
