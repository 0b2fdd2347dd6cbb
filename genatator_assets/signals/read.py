"""From files to runs: what one recording has on one chromosome, stretch by stretch, and what was passed over.

This is the only place where a format meets tracks. Everything after it is the same whatever a track was recorded from.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np

from genatator_assets.errors import SignalError
from genatator_assets.signals.count import ReadCounter
from genatator_assets.signals.features import (
    CATEGORIES,
    bedgraph_stretches,
    feature_runs,
    on_chromosome,
    read_features,
)
from genatator_assets.signals.origin import Origin, OriginFile
from genatator_assets.signals.recording import SUFFIXES, Recording
from genatator_assets.sources.alignments import AlignmentFile
from genatator_assets.sources.bigwig import BigWig, Stretch
from genatator_assets.tracks.runs import Runs

_SIGN = {"+": 1, "-": -1}
_SORT = "expected each chromosome's intervals together, ascending and without overlaps, as 'sort -k1,1 -k2,2n' has them"


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


@dataclass(frozen=True)
class Stream:
    """What a file has on one chromosome: the runs of tracks that are read together, stretch by stretch.

    A track's id is the recording's name and one of `suffixes`; each stretch has the runs of all of them. `found` is
    complete when all stretches have been taken.
    """

    chrom: str
    file: OriginFile
    suffixes: tuple[str, ...]
    stretches: Stretches
    found: Found


def streams_of(recording: Recording, origin: Origin, lengths: Mapping[str, int]) -> Iterator[Stream]:
    """Return what a recording's files have on chromosomes, name -> length in bp; take each before the next.

    Raises:
        SignalError: a file is damaged, or holds what can't be a track.
        BedError: an interval file is malformed.
    """
    for file in origin.files:
        if recording.kind == "signal" and file.format == "bedGraph":
            yield from _bedgraph(recording, file, lengths)
            continue
        for chrom in lengths:
            if chrom not in file.names:
                continue
            if recording.kind == "intervals":
                yield _features(recording, file, chrom, lengths[chrom])
                continue
            found = Found()
            if recording.kind == "reads":
                suffixes = tuple(SUFFIXES[strand] for strand in recording.strands)
                stretches = _alignments(recording, file, chrom, lengths[chrom], found)
            else:
                suffixes = (SUFFIXES[file.strand],)
                stretches = _bigwig(recording, file, chrom, lengths[chrom], found)
            yield Stream(chrom, file, suffixes, stretches, found)


def category_suffixes(recording: Recording, file: OriginFile) -> tuple[str, ...]:
    """Return what the ids of an interval recording's tracks have behind its name: a category, a strand, or both."""
    categories: tuple[str, ...] = ("",)
    if recording.value in CATEGORIES:
        names = read_features(file.path, recording.value, file.modified_ns).categories()
        categories = tuple(f".{name}" for name in names)
    return tuple(category + SUFFIXES[strand] for category in categories for strand in recording.strands)


def _features(recording: Recording, file: OriginFile, chrom: str, length: int) -> Stream:
    features = read_features(file.path, recording.value, file.modified_ns)
    here = on_chromosome(features, file.names[chrom])
    found = Found(read=len(here))
    within = features.start[here] < length
    found.passed_over["outside"] = int(np.count_nonzero(~within))
    here = here[within]
    if recording.stranded:
        found.passed_over["no_strand"] = int(np.count_nonzero(features.strand[here] == 0))
        here = here[features.strand[here] != 0]
    found.counted = len(here)
    found.passed_over = +found.passed_over
    chosen = [here[features.strand[here] == _SIGN[strand]] if strand in _SIGN else here for strand in recording.strands]
    categories = features.categories() or (None,)
    runs = tuple(feature_runs(features, own, length, category) for category in categories for own in chosen)
    return Stream(chrom, file, category_suffixes(recording, file), iter([runs]), found)


def _bedgraph(recording: Recording, file: OriginFile, lengths: Mapping[str, int]) -> Iterator[Stream]:
    """Go once through a bedGraph file, whose chromosomes must each stand together."""
    wanted = {name: chrom for chrom, name in file.names.items() if chrom in lengths}
    seen: set[str] = set()
    for name, group in groupby(bedgraph_stretches(file.path), key=itemgetter(0)):
        if name in seen:
            raise SignalError(f"{file.path}: lines of {name} stand apart from others of it; {_SORT}")
        seen.add(name)
        if name in wanted:
            chrom, found = wanted[name], Found()
            kept = (_kept(recording, stretch[1:], lengths[chrom], found) for stretch in group)
            runs = ((_checked(file, chrom, stretch),) for stretch in kept)
            yield Stream(chrom, file, (SUFFIXES[file.strand],), runs, found)


def _alignments(recording: Recording, file: OriginFile, chrom: str, length: int, found: Found) -> Stretches:
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


def _bigwig(recording: Recording, file: OriginFile, chrom: str, length: int, found: Found) -> Stretches:
    """Return the runs of a bigWig file. Bases whose value is NaN have none, nor those of value 0 if missing means 0."""
    with BigWig.open(file.path) as opened:
        for stretch in opened.stretches(file.names[chrom]):
            yield (_checked(file, chrom, _kept(recording, stretch, length, found)),)


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
        raise SignalError(
            f"{file.path}: intervals of {file.names[chrom]} can't be a signal: {error}; {_SORT}"
        ) from error
