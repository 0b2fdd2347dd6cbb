"""Normalisers: what is taken from training data once, and then is a pure function of the values read.

Statistics of a track come from its tally over the training chromosomes. Trimming and logarithms change the values whose
mean and deviation a later step needs; those are then taken from the histogram's levels, which the earlier steps
transform, so that chains are fitted without reading the track again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from genatator_assets.signals.section import Normalizer, Trim
from genatator_assets.tracks.tally import Bases, Tally

Floats = npt.NDArray[np.floating[Any]]

_TRIMMED_PERCENT = 99.0
_MILLION = 1e6


@dataclass(frozen=True)
class Step:
    """One fitted step: `kind` is trim, log, shift_scale or scale, with its numbers."""

    kind: str
    top: float = np.inf
    mean: float = 0.0
    deviation: float = 1.0
    factor: float = 1.0

    def __call__(self, values: Floats) -> Floats:
        """Return normalised values; NaN stays NaN."""
        if self.kind == "trim":
            return np.minimum(values, self.top)
        if self.kind == "log":
            return np.log(values + 1)
        if self.kind == "shift_scale":
            return (values - self.mean) / self.deviation
        return values * self.factor


@dataclass(frozen=True)
class Fitted:
    """Fitted steps, one after another. As JSON they can go with a model, so that it sees the training numbers."""

    steps: tuple[Step, ...]

    def __call__(self, values: Floats) -> Floats:
        """Return normalised values, float32 of any shape."""
        for step in self.steps:
            values = step(values)
        return values.astype(np.float32)

    def as_json(self) -> list[dict[str, Any]]:
        """Return it as plain values; `of_json` reverses it."""
        names = {"trim": ("top",), "log": (), "shift_scale": ("mean", "deviation"), "scale": ("factor",)}
        return [{"kind": step.kind, **{name: getattr(step, name) for name in names[step.kind]}} for step in self.steps]

    @classmethod
    def of_json(cls, steps: Sequence[Mapping[str, Any]]) -> Self:
        """Return what `as_json` wrote."""
        return cls(tuple(Step(**step) for step in steps))


def read_normalizers(path: Path) -> dict[str, dict[str, Fitted]]:
    """Return what normalises tracks, by genome and track; nothing where no statistics were built."""
    if not path.is_file():
        return {}
    stored = json.loads(path.read_text())
    return {genome: {name: Fitted.of_json(steps) for name, steps in own.items()} for genome, own in stored.items()}


def fit(normalizers: Sequence[Normalizer], tally: Tally, length: int | None) -> Fitted:
    """Fit normalisers, one after another, to the values of a track at single bases.

    `tpm` scales so that the values of all bases are a million together; `binsizenorm` divides by the length of a bin,
    which is 1 bp here; `perctrim` is {percentile: 99}. `length` is of the training chromosomes in bp, where bases
    without a value count as 0; None where they don't count.
    """
    values, bases = tally.levels()
    levels: Floats = values.astype(np.float64)
    counts = bases
    if length is not None and length > tally.covered:
        levels, counts = np.append(levels, 0.0), np.append(counts, length - tally.covered)
    steps: list[Step] = []
    exact: Tally | None = tally
    for normalizer in normalizers:
        added = _fitted(normalizer, levels, counts, exact, length)
        for step in added:
            levels = step(levels)
        steps += added
        exact = None
    return Fitted(tuple(steps))


def _fitted(
    normalizer: Normalizer, levels: Floats, counts: Bases, exact: Tally | None, length: int | None
) -> list[Step]:
    if isinstance(normalizer, Trim):
        return [Step("trim", top=_percentile(levels, counts, normalizer.percentile))]
    if normalizer == "perctrim":
        return [Step("trim", top=_percentile(levels, counts, _TRIMMED_PERCENT))]
    if normalizer == "zscorelog":
        log = Step("log")
        return [log, _centred(log(levels), counts, None, length)]
    if normalizer == "zscore":
        return [_centred(levels, counts, exact, length)]
    if normalizer == "binsizenorm":
        return [Step("scale")]
    total = exact.sum if exact else float((levels * counts).sum())
    return [Step("scale", factor=_MILLION / total if total else 1.0)]


def _centred(levels: Floats, counts: Bases, exact: Tally | None, length: int | None) -> Step:
    """Return the step to mean 0 and deviation 1; by the exact sums where nothing changed the values before."""
    number = int(counts.sum())
    if exact is not None:
        number = length if length is not None else exact.covered
        total, squares = exact.sum, exact.sum_of_squares
    else:
        total, squares = float((levels * counts).sum()), float((levels**2 * counts).sum())
    mean = total / number if number else 0.0
    variance = (squares - number * mean**2) / (number - 1) if number > 1 else 0.0
    return Step("shift_scale", mean=mean, deviation=float(np.sqrt(max(variance, 0.0))) or 1.0)


def _percentile(levels: Floats, counts: Bases, percent: float) -> float:
    order = np.argsort(levels, kind="stable")
    reached = np.cumsum(counts[order])
    if not len(order) or not reached[-1]:
        return np.inf
    return float(levels[order][np.argmax(reached >= percent / 100 * reached[-1])])
