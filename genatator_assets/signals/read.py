"""From files to runs: what one recording has on one chromosome, stretch by stretch, and what was passed over.

This is the only place where a format meets tracks. Everything after it is the same whatever a track was recorded from.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from genatator_assets.errors import SignalError
from genatator_assets.signals.count import ReadCounter
from genatator_assets.signals.origin import Origin, OriginFile
from genatator_assets.signals.recording import SUFFIXES, Recording
from genatator_assets.sources.alignments import AlignmentFile
from genatator_assets.sources.bigwig import BigWig, Stretch
from genatator_assets.tracks.runs import Runs


@dataclass
class Found:
    """How many alignments or intervals were read; each is counted, or passed over for one reason."""

    read: int = 0
    counted: int = 0
    passed_over: Counter[str] = field(default_factory=Counter)

    def as_facts(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"read": self.read, "counted": self.counted, "passed_over": dict(sorted(self.passed_over.items()))}


Stretches = Iterator[tuple[Runs, ...]]


def runs_of(
    recording: Recording, origin: Origin, chrom: str, length: int, found: Found
) -> Iterator[tuple[tuple[str, ...], Stretches]]:
    """Return the suffixes of tracks that are read together, and their runs, stretch by stretch: for all tracks.

    `length` is the chromosome's in bp. `found` is complete when all runs have been taken.

    Raises:
        SignalError: a file is damaged, or holds what can't be a track.
    """
    for file in origin.files:
        if chrom in file.names and recording.kind == "reads":
            suffixes = tuple(SUFFIXES[strand] for strand in recording.strands)
            yield suffixes, _read_alignments(recording, file, chrom, length, found)
        elif chrom in file.names:
            runs = _read_bigwig(recording, file, chrom, length, found)
            yield (SUFFIXES[file.strand],), ((stretch,) for stretch in runs)


def _read_alignments(recording: Recording, file: OriginFile, chrom: str, length: int, found: Found) -> Stretches:
    """Return the runs of the + and the - strand of a recording if it is stranded, else of both as one."""
    counter = ReadCounter(recording.rule, length)
    opened = AlignmentFile(file.path, file.index)
    try:
        for batch in opened.batches(file.names[chrom], recording.rule.parts):
            found.read += len(batch.flag)
            yield counter.take(batch)
    except ValueError as error:
        raise SignalError(
            f"{file.path}: {error}, on {file.names[chrom]}: the file is not sorted by coordinate, though it has an"
            " index; sort it and index it again"
        ) from error
    yield counter.finish()
    found.counted += counter.counted
    found.passed_over += counter.passed_over


def _read_bigwig(recording: Recording, file: OriginFile, chrom: str, length: int, found: Found) -> Iterator[Runs]:
    """Return the runs of a bigWig file. Bases whose value is NaN have none, nor those of value 0 if missing means 0."""
    with BigWig.open(file.path) as opened:
        for stretch in opened.stretches(file.names[chrom]):
            yield _checked(file, chrom, _kept(recording, stretch, length, found))


def _kept(recording: Recording, stretch: Stretch, length: int, found: Found) -> Stretch:
    """Leave out intervals without a value, those past the chromosome's end, and what a missing run says already."""
    start, end, value = stretch
    found.read += len(start)
    for reason, mask in (("nan", np.isnan(value)), ("outside", start >= length)):
        if mask.any():
            found.passed_over[reason] += int(np.count_nonzero(mask))
            start, end, value = start[~mask], end[~mask], value[~mask]
    found.counted += len(start)
    if len(end) and int(end[-1]) > length:
        end = np.minimum(end, length)
    if recording.missing == "zero" and not value.all():
        there = value != 0
        start, end, value = start[there], end[there], value[there]
    return start, end, value


def _checked(file: OriginFile, chrom: str, stretch: Stretch) -> Runs:
    try:
        return Runs(*stretch)
    except ValueError as error:
        raise SignalError(f"{file.path}: intervals of {file.names[chrom]} can't be a signal: {error}") from error
