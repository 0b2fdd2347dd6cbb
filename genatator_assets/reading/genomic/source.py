"""What a Cover reads from: values of conditions and strands at single bases of chromosomes, from runs of any file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from genatator_assets.reading.genomic.indexer import WindowError
from genatator_assets.signals.count import CountRule, ReadCounter
from genatator_assets.signals.features import Features, feature_runs, on_chromosome, read_features
from genatator_assets.signals.section import ValueOf
from genatator_assets.sources.alignments import AlignmentFile
from genatator_assets.sources.bigwig import BigWig
from genatator_assets.tracks.runs import Positions, Runs, Values

Columns = tuple[tuple[Runs, ...], ...]
"""Runs of each condition and, within it, of each strand."""


@dataclass(frozen=True, eq=False)
class Source:
    """Runs of `conditions` x `strands` on a chromosome, by its name, read when they are first asked for.

    `lengths` are the chromosomes' in bp, where they are known. Bases without a run have the value `missing`.
    """

    conditions: tuple[str, ...]
    strands: int
    lengths: Mapping[str, int]
    read: Callable[[str], Columns]
    missing: float = 0.0
    _kept: dict[str, Columns] = field(default_factory=dict)

    def windows(self, chrom: str, start: Positions, length: int) -> Values:
        """Return values of windows [start[i], start[i] + length): float32 [windows, length, strands, conditions].

        They are 0 outside the chromosome.
        """
        columns = self._kept.get(chrom)
        if columns is None:
            columns = self._kept[chrom] = self.read(chrom)
        values = np.empty((len(start), length, self.strands, len(self.conditions)), np.float32)
        for condition, strands in enumerate(columns):
            for strand, runs in enumerate(strands):
                values[:, :, strand, condition] = runs.windows(start, length, self.missing)
        if self.missing:
            last = self.lengths.get(chrom)
            for window in np.flatnonzero((start < 0) | (start + length > (last or np.inf))).tolist():
                values[window, : max(0, -int(start[window]))] = 0
                if last is not None:
                    values[window, max(0, last - int(start[window])) :] = 0
        return values


def require_files(files: str | Path | Sequence[str | Path]) -> list[Path]:
    """Return the paths of files that exist.

    Raises:
        WindowError: there are none, or one does not exist.
    """
    paths = [Path(files)] if isinstance(files, str | Path) else [Path(file) for file in files]
    if not paths:
        raise WindowError("Empty list of files.")
    for path in paths:
        if not path.is_file():
            raise WindowError(f"File {path} does not exist.")
    return paths


def names_of(files: Sequence[Path], conditions: Sequence[str] | None) -> tuple[str, ...]:
    """Return the conditions: those given, or the files' names without their endings."""
    return tuple(conditions) if conditions is not None else tuple(path.stem for path in files)


def of_bams(files: Sequence[Path], rule: CountRule, conditions: Sequence[str] | None) -> Source:
    """Return the counts of alignment files."""
    opened = [AlignmentFile(path) for path in files]
    strands = 2 if rule.stranded else 1

    def read(chrom: str) -> Columns:
        return tuple(_counted(file, rule, chrom, strands) for file in opened)

    return Source(names_of(files, conditions), strands, opened[0].lengths, read)


def _counted(file: AlignmentFile, rule: CountRule, chrom: str, strands: int) -> tuple[Runs, ...]:
    if chrom not in file.lengths:
        return (Runs.none(),) * strands
    counter = ReadCounter(rule, file.lengths[chrom])
    stretches = [counter.take(batch) for batch in file.batches(chrom, rule.parts)]
    stretches.append(counter.finish())
    return tuple(_joined([stretch[strand] for stretch in stretches]) for strand in range(strands))


def of_bigwigs(files: Sequence[Path], conditions: Sequence[str] | None, *, nan_to_num: bool) -> Source:
    """Return the values of bigWig files."""

    def read(chrom: str) -> Columns:
        return tuple((_values(path, chrom),) for path in files)

    with BigWig.open(files[0]) as first:
        lengths = dict(first.lengths)
    return Source(names_of(files, conditions), 1, lengths, read, 0.0 if nan_to_num else float("nan"))


def _values(path: Path, chrom: str) -> Runs:
    with BigWig.open(path) as opened:
        stretches = list(opened.stretches(chrom))
    pieces: list[Runs] = []
    for start, end, value in stretches:
        there = ~np.isnan(value)
        pieces.append(Runs(start[there], end[there], value[there]))
    return _joined(pieces)


def of_beds(files: Sequence[Path], mode: ValueOf, conditions: Sequence[str] | None) -> Source:
    """Return the features of interval files; of categories each is a condition, and there is one file."""

    @cache
    def features(path: Path) -> Features:
        return read_features(path, mode, path.stat().st_mtime_ns)

    lengths: dict[str, int] = {}
    for path in files:
        own = features(path)
        for place, name in enumerate(own.chrom.values):
            lengths[name] = max(lengths.get(name, 0), int(own.end[own.chrom.of == place].max()))
    categories = features(files[0]).categories()
    beyond = np.iinfo(np.int64).max

    def read(chrom: str) -> Columns:
        if categories:
            own = features(files[0])
            here = on_chromosome(own, chrom)
            return tuple((feature_runs(own, here, beyond, category),) for category in conditions or categories)
        return tuple((feature_runs(features(path), on_chromosome(features(path), chrom), beyond),) for path in files)

    return Source(tuple(conditions or categories) if categories else names_of(files, conditions), 1, lengths, read)


def _joined(pieces: Sequence[Runs]) -> Runs:
    if not pieces:
        return Runs.none()
    return Runs(*(np.concatenate([getattr(piece, name) for piece in pieces]) for name in ("start", "end", "value")))
