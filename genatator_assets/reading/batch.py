"""Several windows in one set of arrays: each is written where it stays, and nothing is written twice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from genatator_assets.errors import ReadingError
from genatator_assets.reading.channels import EVERY, Channels, require_values
from genatator_assets.reading.shapes import Shapes
from genatator_assets.reading.window import Interval, Mask, OneHot, write_one_hot
from genatator_assets.reading.windows import Windows
from genatator_assets.tracks.runs import Values

if TYPE_CHECKING:
    from genatator_assets.reading.dataset import Dataset


class Arrays(NamedTuple):
    """The arrays of a batch. dna: one-hot uint8 [B, L, 4], columns A, C, G, T; targets: float32 [B, L, C].

    Channels first they are [B, 4, L] and [B, C, L]. With context, `dna` has so many letters more on either side.
    """

    dna: OneHot
    targets: Values


@dataclass(frozen=True, eq=False)
class Batch:
    """Windows of one length, in the order in which they were asked for.

    dna, targets: as `Arrays` says; channels: the names of the targets' channels.
    inside: bool [B, L], false where a window was filled up past an end of its chromosome; None if none was.
    tracks: float32 [B, bins, T] or [B, T, bins], values of the tracks `track_names`; None unless tracks were asked for.
    """

    intervals: tuple[Interval, ...]
    dna: OneHot
    targets: Values
    channels: tuple[str, ...]
    inside: Mask | None
    tracks: Values | None = None
    track_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.intervals)

    def __repr__(self) -> str:
        """Return how many there are, not the bases themselves."""
        return f"<{len(self):,} windows of {self.intervals[0].length:,} bp: {len(self.channels)} channels>"


def read_batch(  # noqa: PLR0913 - intervals, and what is read of them
    dataset: "Dataset",
    intervals: Sequence[Interval],
    channels: Channels,
    out: Arrays | tuple[OneHot, Values] | None,
    *,
    pad: bool,
    context: int,
    channels_first: bool,
    tracks: Sequence[str],
    how: dict[str, Any],
) -> Batch:
    """Read intervals of one length; see `Dataset.read_batch`."""
    if pad and isinstance(intervals, Windows):
        intervals = [replace(one, end=one.start + intervals.length) for one in intervals]
    intervals = tuple(intervals)
    lengths = sorted({one.length for one in intervals})
    if len(lengths) != 1:
        raise ReadingError(
            f"a batch is of windows of one length, found {lengths or 'no window'}; give `Windows` with pad=True, which"
            " fills short ones up"
        )
    require_values(channels, tracks)
    numbers = dataset.channel_numbers(channels)
    letters = lengths[0] + 2 * context
    shapes = Shapes.of(len(intervals), letters, lengths[0], len(numbers), channels_first=channels_first)
    dna, targets = _checked(out, shapes) if out else (np.empty(shapes.dna, np.uint8), np.empty(shapes.targets, "f4"))
    filled: dict[int, Mask] = {}
    for number, interval in enumerate(intervals):
        chromosome = dataset.chromosome_of(interval, beyond=pad)
        letters_out, targets_out = (one[number].T if channels_first else one[number] for one in (dna, targets))
        dataset.paint(targets_out, chromosome, interval, numbers)
        write_one_hot(letters_out, dataset.letters(chromosome, interval, context))
        if not 0 <= interval.start < interval.end <= chromosome.length:
            filled[number] = interval.inside(chromosome.length)
    inside = None
    if filled:
        inside = np.ones((len(intervals), lengths[0]), np.bool_)
        for number, own in filled.items():
            inside[number] = own
    names: tuple[str, ...] = ()
    values = None
    if tracks:
        read = [dataset.read_tracks(one, tracks, **how) for one in intervals]
        names, values = read[0][0], np.stack([own.T if channels_first else own for _, own in read])
    return Batch(intervals, dna, targets, tuple(EVERY.names[number] for number in numbers), inside, values, names)


def _checked(out: Arrays | tuple[OneHot, Values], shapes: Shapes) -> tuple[OneHot, Values]:
    dna, targets = out
    if (dna.shape, targets.shape) != shapes or dna.dtype != np.uint8 or targets.dtype != np.float32:
        raise ReadingError(
            f"out: found dna {dna.dtype} {dna.shape} and targets {targets.dtype} {targets.shape}, expected uint8"
            f" {shapes.dna} and float32 {shapes.targets}"
        )
    return dna, targets
