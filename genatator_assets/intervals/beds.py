"""What intervals come from, BED files above all, and which of them lie on the chromosomes that are wanted."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from genatator_assets.catalogue.model import Input
from genatator_assets.catalogue.values import nearest
from genatator_assets.errors import BedError
from genatator_assets.intervals.growing import Growing
from genatator_assets.intervals.labels import LabelColumns
from genatator_assets.intervals.regions import Intervals, Numbers
from genatator_assets.regions.bed import MAX_MALFORMED, STRAND, Bed, bed_pieces
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
    """n intervals of one source, by chromosome and there in its own order; and the count.

    Chromosome numbers int32 [n], ascending; start, end int64 [n], strand int8 [n].
    """

    chrom: Numbers
    start: Positions
    end: Positions
    strand: npt.NDArray[np.int8]
    count: RowCount

    @classmethod
    def of(
        cls, chrom: Numbers, start: Positions, end: Positions, strand: npt.NDArray[np.int8], count: RowCount
    ) -> "Rows":
        """Return intervals that come in any order."""
        if np.all(chrom[1:] >= chrom[:-1]):
            return cls(chrom, start, end, strand, count)
        order = np.argsort(chrom, kind="stable")
        return cls(chrom[order], start[order], end[order], strand[order], count)

    def on(self, number: int) -> slice:
        """Return which of them lie on a chromosome."""
        return slice(*np.searchsorted(self.chrom, [number, number + 1]).tolist())


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
        taken = _Taken(chromosomes)
        for piece in bed_pieces(self.path, columns=(STRAND,), max_malformed=MAX_MALFORMED):
            taken.take(piece)
        return taken.rows()


class _Taken:
    """What has been taken of a BED file so far, piece by piece: only what is needed of its rows is kept."""

    def __init__(self, chromosomes: Chromosomes) -> None:
        self._chromosomes = chromosomes
        self._lengths = np.array([*chromosomes.lengths, np.iinfo(np.int64).max])  # of what is passed over, no end
        self._numbers: dict[str, int] = {}
        self._chrom, self._start, self._end = Growing(np.int32), Growing(np.int64), Growing(np.int64)
        self._strand = Growing(np.int8)
        self._passed_over: Counter[str] = Counter()
        self._read = self._malformed = self._outside = self._past_end = 0
        self._first_outside = ""

    def take(self, bed: Bed) -> None:
        chrom = self._numbered(bed.chrom.values)[bed.chrom.of]
        length = self._lengths[chrom]
        outside = bed.start >= length
        if outside.any() and not self._first_outside:
            first = int(np.flatnonzero(outside)[0])
            name = bed.chrom.values[bed.chrom.of[first]]
            self._first_outside = (
                f"{bed.path}:{bed.line[first]}: {name}:{bed.start[first]:,}-{bed.end[first]:,} lies behind the end of"
                f" {name} ({length[first]:,} bp)"
            )
        rows = np.bincount(bed.chrom.of[chrom < 0], minlength=len(bed.chrom.values)).tolist()
        self._passed_over.update({name: count for name, count in zip(bed.chrom.values, rows, strict=True) if count})
        kept = np.flatnonzero((chrom >= 0) & ~outside)
        self._read += len(bed)
        self._malformed += bed.malformed
        self._outside += int(np.count_nonzero(outside))
        self._past_end += int(np.count_nonzero(bed.end[kept] > length[kept]))
        self._chrom.append(chrom[kept])
        self._start.append(bed.start[kept])
        self._end.append(bed.end[kept])
        self._strand.append(bed.strands()[kept])

    def rows(self) -> Rows:
        if self._outside > MAX_MALFORMED * self._read:
            raise BedError(
                f"{self._first_outside}, as {self._outside:,} of {self._read:,} rows do: the file is of another build"
                " of the genome"
            )
        count = RowCount(self._read, self._malformed, dict(self._passed_over), self._outside, self._past_end)
        return Rows.of(self._chrom.whole(), self._start.whole(), self._end.whole(), self._strand.whole(), count)

    def _numbered(self, names: Sequence[str]) -> Numbers:
        if new := [name for name in names if name not in self._numbers]:
            self._numbers |= dict(zip(new, self._chromosomes.numbers(new).tolist(), strict=True))
        return np.array([self._numbers[name] for name in names], np.int32)


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


@dataclass(frozen=True, eq=False)
class Collected:
    """The intervals of several sources on the chromosomes that are wanted, and the column of each one's label."""

    rows: tuple[Rows, ...]
    columns: tuple[int, ...]

    @property
    def counts(self) -> tuple[RowCount, ...]:
        """The count of each source's rows."""
        return tuple(rows.count for rows in self.rows)

    def by_chromosome(self) -> Iterator[Intervals]:
        """Return the intervals of each chromosome that has some."""
        for number in np.unique(np.concatenate([np.unique(rows.chrom) for rows in self.rows])).tolist():
            yield self.on(number)

    def on(self, number: int) -> Intervals:
        """Return the intervals of all sources on a chromosome."""
        parts = []
        for source, (rows, column) in enumerate(zip(self.rows, self.columns, strict=True)):
            of = rows.on(number)
            constant = _constant(of.stop - of.start, source, column)
            parts.append(Intervals(rows.chrom[of], rows.start[of], rows.end[of], rows.strand[of], *constant))
        return Intervals.joined(parts)

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
    return Collected(tuple(source.rows(chromosomes) for source in sources), tuple(columns.of))


def _constant(count: int, *values: int) -> list[Numbers]:
    return [np.full(count, value, np.int32) for value in values]
