"""What intervals come from, BED files above all, and which of them lie on the chromosomes that are wanted."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from genatator_assets.catalogue.model import Input
from genatator_assets.catalogue.values import nearest
from genatator_assets.errors import BedError
from genatator_assets.intervals.labels import LabelColumns
from genatator_assets.intervals.regions import Intervals, Mask, Numbers
from genatator_assets.regions.bed import MAX_MALFORMED, STRAND, Bed, read_bed
from genatator_assets.regions.merge import Positions
from genatator_assets.sources.aliases import chromosomes_named, some_of
from genatator_assets.work.files import canonical_json, sha256_of_file

AUTOSOMES = tuple(f"chr{number}" for number in range(1, 23))


@dataclass(frozen=True)
class Chromosomes:
    """The chromosomes that are wanted, in the order of the regions to be, their lengths in bp, and all names there are.

    `aliases` are the other names of every sequence of the genome, wanted or not.
    """

    names: tuple[str, ...]
    lengths: tuple[int, ...]
    aliases: Mapping[str, tuple[str, ...]]

    def numbers(self, found: Sequence[str]) -> Numbers:
        """Return the number of the chromosome that each name means, int32 [names]; -1 where it is not wanted."""
        place = {name: number for number, name in enumerate(self.names)}
        known, _ = chromosomes_named(found, self.aliases)
        return np.array([place.get(known.get(name, name), -1) for name in found], np.int32)


def choose_chromosomes(
    lengths: Mapping[str, int], aliases: Mapping[str, tuple[str, ...]], wanted: str | Sequence[str]
) -> Chromosomes:
    """Return the chromosomes of a genome that are `wanted`: "all", "autosomes" (chr1 to chr22), or names.

    Autosomes that the genome does not have are not missed.

    Raises:
        BedError: a name is not of this genome.
    """
    if wanted == "all":
        names = list(lengths)
    else:
        asked = AUTOSOMES if wanted == "autosomes" else tuple(wanted)
        known, _ = chromosomes_named(asked, aliases)
        names = list(dict.fromkeys(known[name] for name in asked if name in known))
        if wanted != "autosomes" and (missing := [name for name in asked if name not in known]):
            raise BedError(
                f"no sequence {missing[0]!r} in the genome{nearest(missing[0], list(lengths))}; it has"
                f" {some_of(lengths)}"
            )
    return Chromosomes(tuple(names), tuple(lengths[name] for name in names), aliases)


@dataclass(frozen=True)
class RowCount:
    """Rows of one source: `read`, and `malformed` ones beside them. Of those that were read, `passed_over` (by name)
    are on chromosomes that are not wanted, `outside` begin behind their chromosome's end, and `past_end` end behind it.

    Rows that are passed over or outside are left out; those that only end behind the end are kept.
    """

    read: int
    malformed: int = 0
    passed_over: Mapping[str, int] = field(default_factory=dict)
    outside: int = 0
    past_end: int = 0


@dataclass(frozen=True, eq=False)
class Rows:
    """n intervals of one source: chromosome numbers int32 [n], start, end int64 [n], strand int8 [n]; and the count."""

    chrom: Numbers
    start: Positions
    end: Positions
    strand: npt.NDArray[np.int8]
    count: RowCount


class Source(Protocol):
    """What intervals come from."""

    @property
    def kind(self) -> str:
        """What it is: bed, track or genes."""

    @property
    def name(self) -> str:
        """What a person calls it."""

    @property
    def sha256(self) -> str:
        """Of all that decides its rows."""

    def rows(self, chromosomes: "Chromosomes") -> Rows:
        """Return its intervals on the chromosomes that are wanted."""


@dataclass(frozen=True)
class BedFile:
    """The intervals of a BED file."""

    path: Path

    kind = "bed"

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @cached_property
    def sha256(self) -> str:
        """Of the file's bytes."""
        return sha256_of_file(self.path)

    def rows(self, chromosomes: "Chromosomes") -> Rows:
        """Read the file.

        Raises:
            BedError: it can't be used, or more than one row in a hundred lies behind its chromosome's end: the file is
                of another build of the genome.
        """
        bed = read_bed(self.path, columns=(STRAND,))
        chrom = chromosomes.numbers(bed.chrom.values)[bed.chrom.of]
        rows = np.bincount(bed.chrom.of[chrom < 0], minlength=len(bed.chrom.values)).tolist()
        length = np.array([*chromosomes.lengths, np.iinfo(np.int64).max])[chrom]  # of what is passed over, no end
        outside = bed.start >= length
        if np.count_nonzero(outside) > MAX_MALFORMED * len(bed):
            raise BedError(_of_another_build(bed, length, outside))
        kept = np.flatnonzero((chrom >= 0) & ~outside)
        passed_over = {name: count for name, count in zip(bed.chrom.values, rows, strict=True) if count}
        past_end = int(np.count_nonzero(bed.end[kept] > length[kept]))
        count = RowCount(len(bed), bed.malformed, passed_over, int(np.count_nonzero(outside)), past_end)
        return Rows(chrom[kept], bed.start[kept], bed.end[kept], bed.strands()[kept], count)


@dataclass(frozen=True)
class RemoteBed:
    """The intervals of a BED file at an address, which is fetched when they are read, unless the cache has it."""

    file: Input

    kind = "bed"

    @property
    def name(self) -> str:
        """The file's name."""
        return str(self.file.url).rpartition("/")[2]

    @property
    def sha256(self) -> str:
        """Of the file's bytes where the catalogue states it, else of the address: what it serves is taken to stay."""
        stated = canonical_json(self.file.model_dump(mode="json"))
        return self.file.sha256 or hashlib.sha256(stated.encode()).hexdigest()

    def rows(self, chromosomes: "Chromosomes") -> Rows:
        """Read the file.

        Raises:
            BedError: as for a `BedFile`.
            FetchError: it can't be fetched.
        """
        from genatator_assets.sources.inputs import resolve_file  # noqa: PLC0415 - slow to import, seldom needed

        return BedFile(resolve_file(self.file).path).rows(chromosomes)


def _of_another_build(bed: Bed, length: Positions, outside: Mask) -> str:
    first = int(np.flatnonzero(outside)[0])
    name = bed.chrom.values[bed.chrom.of[first]]
    return (
        f"{bed.path}:{bed.line[first]}: {name}:{bed.start[first]:,}-{bed.end[first]:,} lies behind the end of {name}"
        f" ({length[first]:,} bp), as {np.count_nonzero(outside):,} of {len(bed):,} rows do: the file is of another"
        " build of the genome"
    )


@dataclass(frozen=True, eq=False)
class Collected:
    """The intervals of several sources on the chromosomes that are wanted, and the count of each one's rows."""

    intervals: Intervals
    counts: tuple[RowCount, ...]

    @property
    def passed_over(self) -> Mapping[str, int]:
        """How many rows were passed over, by the names of their chromosomes."""
        return dict(sum((Counter(count.passed_over) for count in self.counts), Counter()))

    def count(self) -> dict[str, int]:
        """Count the rows of all sources."""
        totals = {name: sum(getattr(count, name) for count in self.counts) for name in _COUNTED}
        return {**totals, "passed_over": sum(self.passed_over.values())}


_COUNTED = ("read", "malformed", "outside", "past_end")


def collect(sources: Sequence[Source], columns: LabelColumns, chromosomes: Chromosomes) -> Collected:
    """Take the intervals of sources that lie on the chromosomes that are wanted.

    Raises:
        BedError: a source can't be used.
    """
    taken = [source.rows(chromosomes) for source in sources]
    parts = [
        Intervals(rows.chrom, rows.start, rows.end, rows.strand, *_constant(len(rows.start), number, column))
        for number, (rows, column) in enumerate(zip(taken, columns.of, strict=True))
    ]
    return Collected(Intervals.joined(parts), tuple(rows.count for rows in taken))


def _constant(count: int, *values: int) -> list[Numbers]:
    return [np.full(count, value, np.int32) for value in values]
