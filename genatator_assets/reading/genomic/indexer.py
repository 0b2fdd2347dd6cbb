"""GenomicIndexer: which windows there are over regions, in which order, and by which number each is found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from genatator_assets.errors import ReadingError
from genatator_assets.regions.bed import BED, GFF, STRAND, read_bed
from genatator_assets.regions.tiles import tiles

_GFF_STRAND = 6
_GFF_ENDINGS = (".gff", ".gff3", ".gtf", ".gff.gz", ".gff3.gz", ".gtf.gz")


class WindowError(ReadingError, ValueError):
    """An argument makes no sense; the message names it."""


class WindowIndexError(ReadingError, IndexError):
    """An index is none."""


@dataclass(frozen=True)
class Interval:
    """Bases [start, end) of a chromosome, 0-based half-open, on strand +, - or . (neither)."""

    chrom: str
    start: int
    end: int
    strand: str = "."

    @property
    def length(self) -> int:
        """Number of bases."""
        return self.end - self.start


def regions_of(regions: Any) -> list[Interval]:
    """Return regions: of a BED, GFF or GTF file, of a pandas DataFrame (chrom, start, end, and strand), or as given.

    Raises:
        WindowError: a file does not exist.
    """
    if isinstance(regions, str | Path):
        return _of_file(Path(regions))
    if hasattr(regions, "to_dict"):
        rows = regions.to_dict("records")
        return [Interval(str(r["chrom"]), int(r["start"]), int(r["end"]), str(r.get("strand") or ".")) for r in rows]
    given = ((one.chrom, one.start, one.end, one.strand) if isinstance(one, Interval) else one for one in regions)
    return [Interval(one[0], int(one[1]), int(one[2]), *one[3:4]) for one in given]


def _of_file(path: Path) -> list[Interval]:
    if not path.is_file():
        raise WindowError(f"File {path} does not exist.")
    gff = str(path).lower().endswith(_GFF_ENDINGS)
    column = _GFF_STRAND if gff else STRAND
    bed = read_bed(path, {column}, form=GFF if gff else BED)
    signs = {1: "+", -1: "-", 0: "."}
    strands = [signs[sign] for sign in bed.strands(column).tolist()]
    chroms = (bed.chrom.values[code] for code in bed.chrom.of.tolist())
    return [Interval(*row) for row in zip(chroms, bed.start.tolist(), bed.end.tolist(), strands, strict=True)]


@dataclass(frozen=True)
class GenomicIndexer:
    """Windows over regions; window i is found by its number, shuffled where there is a `random_state`.

    Windows begin every `stepsize` bp from a region's start. None leaves its region (flanks apart) or is longer than
    `binsize`; what is left at a region's end is a shorter window, unless `zero_padding` is off.
    """

    windows: tuple[Interval, ...]
    binsize: int | None
    stepsize: int | None
    flank: int = 0
    zero_padding: bool = True
    collapse: bool = False
    random_state: int | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        for name in ("binsize", "stepsize"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise WindowError(f"{name}>0 required, found {value}")
        if not isinstance(self.flank, int) or self.flank < 0:
            raise WindowError(f"flank>=0 required, found {self.flank}")

    @classmethod
    def create_from_file(
        cls,
        regions: Any,
        binsize: int | None = None,
        stepsize: int | None = None,
        flank: int = 0,
        zero_padding: bool = True,
        collapse: bool = False,
        random_state: int | None = None,
    ) -> Self:
        """Return the windows over the regions of a file, DataFrame or list."""
        own = regions_of(regions)
        if binsize is None and not collapse:
            binsize = max((one.length for one in own), default=1)
        stepsize = stepsize or binsize
        indexer = cls((), binsize, stepsize, flank, zero_padding, collapse, random_state)
        return replace(indexer, windows=tuple(window for one in own for window in indexer._tiles(one)))

    @classmethod
    def create_from_genomesize(cls, gsize: Mapping[str, int]) -> Self:
        """Return one window for each chromosome, all of it."""
        return cls(tuple(Interval(chrom, 0, length) for chrom, length in gsize.items()), None, None, zero_padding=False)

    def _tiles(self, region: Interval) -> Iterator[Interval]:
        binsize = self.binsize if self.binsize is not None else region.length
        for start, end in tiles(
            region.start, region.end, max(1, binsize), self.stepsize or max(1, binsize), short=self.zero_padding
        ):
            yield replace(region, start=start, end=end)

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.windows)

    def __iter__(self) -> Iterator[Interval]:
        """Yield all windows, in order."""
        return (self[place] for place in range(len(self)))

    def __getitem__(self, place: int) -> Interval:
        """Return a window, with its flanks."""
        if isinstance(place, bool) or not isinstance(place, int | np.integer):
            raise WindowIndexError(f"Cannot interpret index: {type(place)}; expected an integer")
        window = self.windows[self.number(int(place))]
        return replace(window, start=window.start - self.flank, end=window.end + self.flank)

    def number(self, place: int) -> int:
        """Return which window comes at a place."""
        if not -len(self) <= place < len(self):
            raise WindowIndexError(f"index {place} is out of range of {len(self)} windows")
        if self.random_state is None:
            return place % len(self)
        return int(self._order[place])

    @cached_property
    def _order(self) -> Any:
        return np.random.RandomState(self.random_state).permutation(len(self))

    def idx_by_region(
        self,
        include: str | Sequence[str] | None = None,
        exclude: str | Sequence[str] | None = None,
        start: int | None = None,
        end: int | None = None,
    ) -> list[int]:
        """Return the places of the windows of some chromosomes that overlap [start, end)."""
        wanted = {include} if isinstance(include, str) else set(include or ())
        unwanted = {exclude} if isinstance(exclude, str) else set(exclude or ())
        return [
            place
            for place, one in enumerate(self.windows)
            if (not wanted or one.chrom in wanted)
            and one.chrom not in unwanted
            and (start is None or one.end + self.flank > start)
            and (end is None or one.start - self.flank < end)
        ]

    def filter_by_region(self, **which: Any) -> Self:
        """Return the windows that `idx_by_region` finds."""
        return replace(self, windows=tuple(self.windows[place] for place in self.idx_by_region(**which)))

    @cached_property
    def length(self) -> int:
        """Length of windows with flanks in bp."""
        longest = max((one.length for one in self.windows), default=0)
        return (self.binsize or longest) + 2 * self.flank
