"""Regions without labels that are like those with: of the same split, length and GC content. numpy and bases in."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from genatator_assets.intervals.regions import Intervals, Mask, Regions
from genatator_assets.intervals.splits import PARTS, LabelledRegions
from genatator_assets.regions.merge import Positions
from genatator_assets.sources.stretches import IndexedFasta, Letters
from genatator_assets.tracks.runs import merge

BINS = 50
"""Of GC content: regions of one bin differ by 2 % at most."""

_BATCH_BASES = 1_000_000
_IS_BASE, _IS_GC = (np.isin(np.arange(256), np.frombuffer(of, np.uint8)) for of in (b"ACGTacgt", b"GCgc"))


@dataclass(frozen=True)
class NegativeRule:
    """How many regions without labels are drawn for each with, and by which seed."""

    ratio: float = 1.0
    seed: int = 1


@dataclass(frozen=True, eq=False)
class _Candidates:
    """Windows that overlap no interval and have no N: chromosome numbers, starts, and bins of their GC content."""

    chrom: Positions
    start: Positions
    bin: Positions

    def only(self, which: Mask | Positions) -> "_Candidates":
        return _Candidates(self.chrom[which], self.start[which], self.bin[which])


def add_negatives(
    genome: IndexedFasta,
    dataset: LabelledRegions,
    intervals: Callable[[int], Intervals],
    rule: NegativeRule,
    by_chromosome: bool,
) -> tuple[LabelledRegions, Mapping[str, int]]:
    """Return a dataset with negatives among its regions, and by split how many were asked for, but not found.

    Candidates are all windows of the regions' length that lie side by side along the chromosomes, overlap neither a
    region nor any of the `intervals` of a chromosome's number, and have no base but A, C, G, T. From them as many are
    drawn, for each split and bin of GC content, as it has regions, times the rule's ratio; `by_chromosome`, from the
    split's own chromosomes. The same seed draws the same.

    Raises:
        SequenceError: the genome can't be read.
    """
    regions = dataset.regions
    length = int(regions.end[0] - regions.start[0])
    candidates = _candidates(genome, dataset, intervals, length)
    wanted = _wanted(genome, dataset, rule.ratio)
    drawn = np.random.RandomState(rule.seed)
    chosen: list[_Candidates] = []
    missing: dict[str, int] = {}
    for split, part in enumerate(PARTS):
        own = np.isin(candidates.chrom, regions.chrom[dataset.splits == split]) if by_chromosome else np.True_
        taken = np.zeros(len(candidates.start), bool)
        for bin_, count in enumerate(wanted[split].tolist()):
            pool = np.flatnonzero((candidates.bin == bin_) & own)
            taken[drawn.permutation(pool)[:count]] = True
        missing[part] = int(wanted[split].sum()) - int(np.count_nonzero(taken))
        chosen.append(candidates.only(taken))
        candidates = candidates.only(~taken)
    return _joined(dataset, chosen, length), missing


def _candidates(
    genome: IndexedFasta, dataset: LabelledRegions, intervals: Callable[[int], Intervals], length: int
) -> _Candidates:
    found: list[_Candidates] = []
    for number, (name, chrom_length) in enumerate(
        zip(dataset.chromosomes.names, dataset.chromosomes.lengths, strict=True)
    ):
        tiles = np.arange(0, chrom_length - length + 1, length)
        tiles = tiles[_free(tiles, length, _occupied(number, dataset.regions, intervals(number)))]
        bins = [_gc_bins(letters) for letters in _letters(genome, name, tiles, length)]
        bin_ = np.concatenate([np.zeros(0, np.int64), *bins])
        whole = bin_ >= 0
        found.append(_Candidates(np.full(np.count_nonzero(whole), number), tiles[whole], bin_[whole]))
    return _Candidates(*(np.concatenate([getattr(one, name) for one in found]) for name in ("chrom", "start", "bin")))


def _occupied(number: int, regions: Regions, intervals: Intervals) -> tuple[Positions, Positions]:
    """Return the stretches of a chromosome that a region or one of its intervals covers, ascending and apart."""
    here = regions.chrom == number
    start, end = np.r_[regions.start[here], intervals.start], np.r_[regions.end[here], intervals.end]
    return merge(start, end)


def _free(tiles: Positions, length: int, occupied: tuple[Positions, Positions]) -> Mask:
    """Return which tiles overlap no occupied stretch."""
    start, end = occupied
    behind = np.searchsorted(end, tiles, side="right")  # the first stretch that ends behind the tile's start
    free: Mask = np.r_[start, np.iinfo(np.int64).max][behind] >= tiles + length
    return free


def _letters(genome: IndexedFasta, chrom: str, starts: Positions, length: int) -> Iterator[Letters]:
    step = max(1, _BATCH_BASES // length)
    for first in range(0, len(starts), step):
        yield genome.letters(chrom, starts[first : first + step], length)


def _gc_bins(letters: Letters) -> Positions:
    """Return the bin of each row's GC content; -1 of rows with other letters than A, C, G, T."""
    bases, gc = (np.count_nonzero(which[letters], axis=1) for which in (_IS_BASE, _IS_GC))
    return np.where(bases == letters.shape[1], _bin(gc, bases), -1)


def _bin(gc: Positions, bases: Positions) -> Positions:
    bins: Positions = gc * BINS // np.maximum(1, bases)
    return bins


def _wanted(genome: IndexedFasta, dataset: LabelledRegions, ratio: float) -> Positions:
    """Return how many negatives each split needs of each bin, int64 [splits, bins + 1]; N counts for nothing."""
    regions = dataset.regions
    length = int(regions.end[0] - regions.start[0])
    counts = np.zeros((len(PARTS), BINS + 1), np.int64)
    for chrom, numbers in dataset.by_chromosome():
        first = 0
        for letters in _letters(genome, chrom, regions.start[numbers], length):
            bases, gc = (np.count_nonzero(which[letters], axis=1) for which in (_IS_BASE, _IS_GC))
            split = dataset.splits[numbers[first : first + len(letters)]]
            np.add.at(counts, (split, _bin(gc, bases)), 1)
            first += len(letters)
    wanted: Positions = np.floor(counts * ratio + 0.5).astype(np.int64)
    return wanted


def _joined(dataset: LabelledRegions, chosen: list[_Candidates], length: int) -> LabelledRegions:
    """Return regions and negatives, ordered by chromosome and start."""
    own = dataset.regions
    count = sum(len(one.start) for one in chosen)
    chrom, start, splits = (
        np.concatenate([first, *behind])
        for first, *behind in (
            (own.chrom, *(one.chrom.astype(np.int32) for one in chosen)),
            (own.start, *(one.start for one in chosen)),
            (dataset.splits, *(np.full(len(one.start), split, np.int8) for split, one in enumerate(chosen))),
        )
    )
    strand = np.r_[own.strand, np.full(count, own.strand.any(), np.int8)]
    hull_start, hull_end = np.r_[own.hull_start, start[len(own) :]], np.r_[own.hull_end, start[len(own) :] + length]
    order = np.lexsort((-strand, start, chrom))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    regions = Regions(
        chrom[order],
        start[order],
        start[order] + length,
        strand[order],
        hull_start[order],
        hull_end[order],
        np.zeros(len(order), np.int8),
        own.labels.spread(place[: len(own)], len(order)),
        own.sources.spread(place[: len(own)], len(order)),
        own.merged,
    )
    return LabelledRegions(dataset.chromosomes, regions, splits[order], dataset.labels)
