"""Labelled intervals become regions of one length: merged, centred, united where equal, and counted. No I/O."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from genatator_assets.intervals.growing import Growing
from genatator_assets.regions.merge import Positions, merge_extended, merge_overlapping
from genatator_assets.regions.windows import Ends, centred, fit_to_end

Method = Literal["gip", "basset"]
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int32]

REASONS = (None, "no_base", "past_end", "not_exclusive")
"""Why a region is left out: it has no base on its chromosome; it runs past the chromosome's end, and such are dropped;
it has several labels, and each was to have one. Regions that are kept have number 0."""
_NO_BASE, _PAST_END, _NOT_EXCLUSIVE = 1, 2, 3


@dataclass(frozen=True)
class Rules:
    """How intervals become regions. `min_overlap` bp make two intervals one; `exclusive` regions have one label.

    `gip` merges intervals as they are and then takes the middle `length` bp; `basset` extends them to `length` first,
    and strands are apart.
    """

    method: Method = "gip"
    length: int = 600
    min_overlap: int = 200
    exclusive: bool = False
    ends: Ends = "pad"

    def __post_init__(self) -> None:
        """Refuse numbers that make no sense."""
        if self.length < 1:
            raise ValueError(f"found a length of {self.length}, expected at least 1 bp")
        if self.min_overlap < 1:
            raise ValueError(f"found a minimum overlap of {self.min_overlap}, expected at least 1 bp")
        if self.method == "basset" and self.min_overlap >= self.length:
            raise ValueError(
                f"found a minimum overlap of {self.min_overlap} bp for regions of {self.length} bp: Basset extends"
                " intervals to the length first, so that it must be greater"
            )
        if self.method == "basset" and self.ends != "shift":
            raise ValueError(f"found ends: {self.ends}; the method basset always shifts regions back: leave it out")


@dataclass(frozen=True, eq=False)
class Intervals:
    """n labelled intervals: of chromosome number `chrom`, from source number `source`, with a label's `column` or -1.

    int32 [n], start and end int64 [n], strand int8 [n] (1, -1, or 0 for none, which Basset takes as +). One that has
    several labels stands several times.
    """

    chrom: Numbers
    start: Positions
    end: Positions
    strand: npt.NDArray[np.int8]
    source: Numbers
    column: Numbers

    def __len__(self) -> int:
        """Number of intervals."""
        return len(self.start)

    @classmethod
    def joined(cls, parts: Sequence["Intervals"]) -> "Intervals":
        """Return the intervals of all parts, in their order."""
        return cls(*(np.concatenate(arrays) for arrays in zip(*(vars(part).values() for part in parts), strict=True)))


@dataclass(frozen=True, eq=False)
class Ragged:
    """A list of numbers, each once and ascending, for each of n rows: values[offsets[i]:offsets[i + 1]] of row i.

    `count` says how often each was given.
    """

    offsets: Positions
    values: Numbers
    count: Numbers

    @classmethod
    def of(cls, row: Positions, value: Numbers, rows: int) -> "Ragged":
        """Gather values by row; negative values are left out."""
        width = int(value.max(initial=0)) + 1
        there = value >= 0
        keys, count = np.unique(row[there] * width + value[there], return_counts=True)
        offsets = np.searchsorted(keys, np.arange(rows + 1) * width)
        return cls(offsets, (keys % width).astype(np.int32), count.astype(np.int32))

    def only(self, which: Mask) -> "Ragged":
        """Return some of the rows."""
        values = np.repeat(which, self.lengths)
        return Ragged(np.r_[0, np.cumsum(self.lengths[which])], self.values[values], self.count[values])

    def spread(self, place: Positions, rows: int) -> "Ragged":
        """Return so many rows, with these at some places, ascending, and empty ones elsewhere."""
        lengths = np.zeros(rows, np.int64)
        lengths[place] = self.lengths
        return Ragged(np.r_[0, np.cumsum(lengths)], self.values, self.count)

    @property
    def lengths(self) -> Positions:
        """How many values each row has."""
        return np.diff(self.offsets)

    def matrix(self, columns: int) -> npt.NDArray[np.uint8]:
        """Return a table of n rows that has 1 in the columns that a row's values name, else 0."""
        table = np.zeros((len(self.offsets) - 1, columns), np.uint8)
        table[np.repeat(np.arange(len(table)), self.lengths), self.values] = 1
        return table


@dataclass(frozen=True, eq=False)
class Regions:
    """n regions of one length, ordered by chromosome, start and strand, kept ones and others.

    chrom int32 [n], start and end int64 [n], strand int8 [n] as in `Intervals`; hull_start and hull_end int64 [n]: the
    hull of its intervals. labels: columns; sources: where its intervals are from, and how many from each. reason int8
    [n] numbers REASONS. `merged` is how many there were before equal ones were united.
    """

    chrom: Numbers
    start: Positions
    end: Positions
    strand: npt.NDArray[np.int8]
    hull_start: Positions
    hull_end: Positions
    reason: npt.NDArray[np.int8]
    labels: Ragged
    sources: Ragged
    merged: int

    def __len__(self) -> int:
        """Number of regions."""
        return len(self.start)

    @property
    def kept(self) -> Mask:
        """Which regions are not left out."""
        kept: Mask = self.reason == 0
        return kept

    def only(self, which: Mask) -> "Regions":
        """Return some of them."""
        if which.all():
            return self
        return Regions(
            self.chrom[which],
            self.start[which],
            self.end[which],
            self.strand[which],
            self.hull_start[which],
            self.hull_end[which],
            self.reason[which],
            self.labels.only(which),
            self.sources.only(which),
            self.merged,
        )

    def count(self) -> dict[str, int]:
        """Count regions on their way: merged, dropped at ends, duplicates of others, centred, not exclusive, kept."""
        of = np.bincount(self.reason, minlength=len(REASONS)).tolist()
        dropped = of[_NO_BASE] + of[_PAST_END]
        return {
            "merged": self.merged,
            "dropped": dropped,
            "duplicates": self.merged - len(self),
            "centred": len(self) - dropped,
            "not_exclusive": of[_NOT_EXCLUSIVE],
            "kept": of[0],
        }


def make_regions_of_each(chromosomes: Iterable[Intervals], lengths: Sequence[int], rules: Rules) -> Regions:
    """Make regions as `make_regions` does, of intervals that come chromosome by chromosome, in ascending order.

    Memory is that of one chromosome's intervals, and of the regions.
    """
    whole = _GrowingRegions()
    for intervals in chromosomes:
        whole.append(make_regions(intervals, lengths, rules))
    return whole.regions()


class _GrowingRegions:
    """Regions of one chromosome after another."""

    def __init__(self) -> None:
        self._chrom, self._strand, self._reason = Growing(np.int32), Growing(np.int8), Growing(np.int8)
        self._start, self._end, self._hull_start, self._hull_end = (Growing(np.int64) for _ in range(4))
        self._labels, self._sources = _GrowingRagged(), _GrowingRagged()
        self._merged = 0

    def append(self, regions: Regions) -> None:
        self._chrom.append(regions.chrom)
        self._start.append(regions.start)
        self._end.append(regions.end)
        self._strand.append(regions.strand)
        self._hull_start.append(regions.hull_start)
        self._hull_end.append(regions.hull_end)
        self._reason.append(regions.reason)
        self._labels.append(regions.labels)
        self._sources.append(regions.sources)
        self._merged += regions.merged

    def regions(self) -> Regions:
        return Regions(
            self._chrom.whole(),
            self._start.whole(),
            self._end.whole(),
            self._strand.whole(),
            self._hull_start.whole(),
            self._hull_end.whole(),
            self._reason.whole(),
            self._labels.ragged(),
            self._sources.ragged(),
            self._merged,
        )


class _GrowingRagged:
    def __init__(self) -> None:
        self._offsets, self._values, self._count = Growing(np.int64), Growing(np.int32), Growing(np.int32)
        self._offsets.append(np.zeros(1, np.int64))
        self._reach = 0

    def append(self, rows: Ragged) -> None:
        self._offsets.append(rows.offsets[1:] + self._reach)
        self._values.append(rows.values)
        self._count.append(rows.count)
        self._reach += int(rows.offsets[-1])

    def ragged(self) -> Ragged:
        return Ragged(self._offsets.whole(), self._values.whole(), self._count.whole())


def make_regions(intervals: Intervals, lengths: Sequence[int], rules: Rules) -> Regions:
    """Merge intervals and make regions of them; `lengths` are those of the chromosomes that intervals number, in bp."""
    stranded = rules.method == "basset"
    if stranded:
        intervals = replace(intervals, strand=np.where(intervals.strand < 0, np.int8(-1), np.int8(1)))
    merged = [_merge(intervals, which, lengths, rules) for which in _by_strand(intervals, stranded)]
    first = np.cumsum([0, *(len(groups.start) for _, groups in merged)])  # each strand's first group
    group = np.empty(len(intervals), np.int64)  # of each interval
    for (which, groups), number in zip(merged, first, strict=False):
        group[which] = groups.of + number
    of_group = np.empty(first[-1], np.int64)  # an interval of each
    of_group[group] = np.arange(len(intervals))
    chrom, strand = intervals.chrom[of_group], intervals.strand[of_group] if stranded else np.zeros(first[-1], np.int8)
    start = np.concatenate([np.zeros(0, np.int64), *(groups.start for _, groups in merged)])
    reason = np.concatenate([np.zeros(0, np.int8), *(groups.reason for _, groups in merged)])

    order = np.lexsort((-strand, start, chrom))
    chrom, start, strand, reason = chrom[order], start[order], strand[order], reason[order]
    new = np.ones(len(order), bool)  # equal ones are united, unless they are left out
    new[1:] = (np.diff(chrom) != 0) | (np.diff(start) != 0) | (np.diff(strand) != 0) | (reason[1:] != 0)
    region_of_group = np.empty(len(order), np.int64)
    region_of_group[order] = np.cumsum(new) - 1
    region = region_of_group[group]
    count = int(np.count_nonzero(new))
    labels = Ragged.of(region, intervals.column, count)
    reason = reason[new]
    if rules.exclusive:
        reason[(labels.lengths != 1) & (reason == 0)] = _NOT_EXCLUSIVE
    hull_start, hull_end = np.full(count, np.iinfo(np.int64).max), np.zeros(count, np.int64)
    np.minimum.at(hull_start, region, intervals.start)
    np.maximum.at(hull_end, region, intervals.end)
    return Regions(
        chrom[new],
        start[new],
        start[new] + rules.length,
        strand[new],
        hull_start,
        hull_end,
        reason,
        labels,
        Ragged.of(region, intervals.source, count),
        len(order),
    )


@dataclass(frozen=True, eq=False)
class _Merged:
    """Of the intervals of one strand: the group of each; where each group's region starts, and why it is left out."""

    of: Positions
    start: Positions
    reason: npt.NDArray[np.int8]


def _by_strand(intervals: Intervals, stranded: bool) -> Iterator[Positions]:
    """Return which intervals lie on each chromosome or, if strands are to be apart, on each of its strands."""
    key = intervals.chrom.astype(np.int64) * 3 + (1 - intervals.strand if stranded else 0)
    order = np.argsort(key, kind="stable")
    if len(order):
        yield from np.split(order, np.flatnonzero(np.diff(key[order])) + 1)


def _merge(intervals: Intervals, which: Positions, lengths: Sequence[int], rules: Rules) -> tuple[Positions, _Merged]:
    start, end = intervals.start[which], intervals.end[which]
    chrom_length = lengths[intervals.chrom[which[0]]]
    if rules.method == "gip":
        groups = merge_overlapping(start, end, rules.min_overlap)
        starts = centred(groups.start, groups.end, rules.length)
    else:
        extended, _ = fit_to_end(centred(start, end, rules.length), rules.length, chrom_length, "shift")
        groups = merge_extended(extended, intervals.column[which], rules.length, rules.min_overlap)
        starts = groups.start
    starts, kept = fit_to_end(starts, rules.length, chrom_length, rules.ends)
    why = np.where(starts >= chrom_length, _NO_BASE, _PAST_END)
    return which, _Merged(groups.of, starts, np.where(kept, 0, why).astype(np.int8))
