"""Stored targets against derived ones, base for base, in pieces: no second array of a block's size is made."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from genatator_assets.gene_finding.verify.derive import CHANNELS, Selected, expected_targets
from genatator_assets.work.tables import readable

_PIECE_BP = 100_000
_FOLD = 100
_COMBINED = 6

Values = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Mismatch:
    """Of one channel: how many bases differ, and the first of them."""

    position: int
    expected: float
    found: float
    count: int


@dataclass
class Compared:
    """Mismatches by channel, in the block and in the segments; sums, greatest values and bases above 0, as expected."""

    in_block: dict[int, Mismatch] = field(default_factory=dict)
    in_segments: dict[int, Mismatch] = field(default_factory=dict)
    illegal: int = 0
    below_mrna: int = 0
    sums: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(CHANNELS)))
    greatest: Values = field(default_factory=lambda: np.zeros(len(CHANNELS), np.float32))
    positive: npt.NDArray[np.uint64] = field(default_factory=lambda: np.zeros(len(CHANNELS), np.uint64))


@dataclass(frozen=True, eq=False)
class Runs:
    """The stored runs of a chromosome, all channels together: `value[i]` in `channel[i]` on [start[i], end[i])."""

    channel: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    value: Values

    @classmethod
    def read(cls, path: Path) -> "Runs":
        """Read them by pyarrow; errors are its own."""
        table = pq.ParquetFile(readable(path)).read()
        channel = pc.index_in(table["channel"].cast(pa.string()), pa.array(CHANNELS))
        return cls(channel.to_numpy(), *(table[name].to_numpy() for name in ("start", "end", "value")))

    def dense(self, start: int, end: int) -> Values:
        """Return their values on [start, end), float32 [end - start, 12]."""
        touch = (self.start < end) & (self.end > start)
        first, last = np.maximum(self.start[touch], start), np.minimum(self.end[touch], end)
        length = last - first
        offset = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
        values = np.zeros((end - start, len(CHANNELS)), np.float32)
        positions = np.repeat(first - start, length) + offset
        values[positions, np.repeat(self.channel[touch], length)] = np.repeat(self.value[touch], length)
        return values


def compare_targets(selected: Selected, peak: Values, start: int, found: Values, runs: Runs | None) -> Compared:
    """Compare the targets `found` from `start` on, float32 [bases, 12], and `runs`, with those of `selected`."""
    compared = Compared()
    for offset in range(0, len(found), _PIECE_BP):
        piece = found[offset : offset + _PIECE_BP]
        first, last = start + offset, start + offset + len(piece)
        expected = expected_targets(selected, peak, first, last)
        _note(compared.in_block, expected, piece, first)
        if runs is not None:
            _note(compared.in_segments, expected, runs.dense(first, last), first)
        compared.illegal += int(np.count_nonzero(~((piece >= 0) & (piece <= 1))))
        compared.below_mrna += int(np.count_nonzero(piece[:, :_COMBINED] < piece[:, _COMBINED:]))
        compared.sums += _by_channel(np.add, expected.astype(np.float64))
        compared.greatest = np.maximum(compared.greatest, _by_channel(np.maximum, expected))
        compared.positive += _by_channel(np.add, (expected > 0).astype(np.uint32))
    return compared


def _by_channel(reduce: np.ufunc, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Reduce [bases, 12] to [12], at first a hundred bases side by side: numpy is slow at rows of twelve."""
    whole = len(values) // _FOLD * _FOLD
    side_by_side = reduce.reduce(values[:whole].reshape(-1, _FOLD * len(CHANNELS)), axis=0, initial=0)
    rows = np.concatenate([side_by_side.reshape(_FOLD, len(CHANNELS)), values[whole:]])
    reduced: npt.NDArray[Any] = reduce.reduce(rows, axis=0)
    return reduced


def _note(mismatches: dict[int, Mismatch], expected: Values, found: Values, start: int) -> None:
    wrong = expected != found  # also where `found` is NaN
    if not wrong.any():
        return
    for channel in np.flatnonzero(wrong.any(axis=0)).tolist():
        bases = np.flatnonzero(wrong[:, channel])
        first = int(bases[0])
        known = mismatches.get(channel) or Mismatch(
            start + first, float(expected[first, channel]), float(found[first, channel]), 0
        )
        mismatches[channel] = Mismatch(known.position, known.expected, known.found, known.count + len(bases))
