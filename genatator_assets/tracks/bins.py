"""Values of single bases in bins: mean, sum, maximum or minimum, with or without bases that have no value. Numpy."""

from typing import Literal

import numpy as np

from genatator_assets.tracks.runs import Values

Aggregate = Literal["mean", "sum", "max", "min"]


def binned(values: Values, resolution: int, aggregate: Aggregate) -> Values:
    """Return float32 [bins] of values, float32 [bins * resolution]; NaN are bases without a value.

    A bin is of the bases that have a value; of one where no base has, NaN.

    >>> binned(np.array([1, 2, np.nan, 4, np.nan, np.nan], np.float32), 2, "sum").tolist()
    [3.0, 4.0, nan]
    """
    if resolution == 1:
        return values
    shaped = values.reshape(-1, resolution).astype(np.float64)
    known = ~np.isnan(shaped)
    count = known.sum(axis=1)
    if aggregate in {"mean", "sum"}:
        total = np.where(known, shaped, 0).sum(axis=1)
        result = total / np.maximum(count, 1) if aggregate == "mean" else total
    else:
        extreme, beyond = (np.max, -np.inf) if aggregate == "max" else (np.min, np.inf)
        result = extreme(np.where(known, shaped, beyond), axis=1)
    return np.where(count > 0, result, np.nan).astype(np.float32)
