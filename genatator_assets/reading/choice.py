"""Which windows of a dataset are wanted: around the regions of a BED file or around sites, and without what."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from genatator_assets.errors import ReadingError
from genatator_assets.gene_finding.channels import CHANNELS, GROUPS, Channel, Kind
from genatator_assets.reading.arguments import is_share, whole
from genatator_assets.reading.channels import Channels, contract_numbers
from genatator_assets.reading.store import Chromosome
from genatator_assets.reading.windows import Windows, runs_of_n
from genatator_assets.regions.bed import NAME, STRAND, read_bed
from genatator_assets.regions.fields import Codes
from genatator_assets.regions.windows import centred
from genatator_assets.sources.aliases import chromosomes_named, some_of
from genatator_assets.sources.chromosomes import read_chromosomes
from genatator_assets.tracks.runs import Positions, merge
from genatator_assets.work.layout import Layout

if TYPE_CHECKING:
    from genatator_assets.reading.dataset import Dataset

Bed = str | Path | Mapping[str, str | Path]
"""A BED file, whose chromosomes are those of the dataset's one genome, or of the genomes that its fourth column names;
or such a file for each of some genomes."""

Marks = Literal["genes", "sites", "tss", "polya"] | Channels
"""What marks bases: channels by what they mark, of all selected isoforms; a group of channels; or their names."""

_KINDS: dict[str, tuple[Kind, ...]] = {
    "genes": ("intragenic",),
    "sites": ("tss", "polya"),
    "tss": ("tss",),
    "polya": ("polya",),
}
_PIECE_BP = 10_000_000

Intervals = tuple[Positions, Positions]
Piece = tuple[npt.NDArray[np.int32], Positions, Positions, npt.NDArray[np.bool_]]
"""Number of the chromosome, start, end and whether it is on the - strand, of some intervals."""


@dataclass(frozen=True)
class Without:
    """What windows must not have. `exclude`: a region of a BED file; `without`: a base that is marked; of either, none
    may be closer than `margin` bp. `drop_n_fraction`: a greater share of N."""

    exclude: Bed | None = None
    without: Marks | None = None
    margin: int = 0
    drop_n_fraction: float | None = None

    def __post_init__(self) -> None:
        """Check the numbers and names."""
        whole("margin", self.margin)
        if self.drop_n_fraction is not None and not is_share(self.drop_n_fraction):
            raise ReadingError(f"drop_n_fraction={self.drop_n_fraction!r} is not a share; expected 0 to 1")
        if self.without is not None:
            marking(self.without)

    def keep(self, dataset: "Dataset", windows: Windows) -> Windows:
        """Return the windows that have nothing of it, in their order."""
        if self.exclude is not None:
            windows = self._apart(windows, places_of_bed(dataset, self.exclude, windows.chromosomes).merged())
        if self.without is not None:
            numbers = marking(self.without)
            marked = [_marked(dataset, one, numbers) for one in windows.chromosomes]
            windows = self._apart(windows, marked)
        if self.drop_n_fraction is not None:
            used = np.bincount(windows.number, minlength=len(windows.chromosomes)) > 0
            runs = [_runs_of_n(dataset, one) if used[place] else _NONE for place, one in enumerate(windows.chromosomes)]
            most = self.drop_n_fraction * (windows.end - windows.start)
            windows = windows.take(windows.covered(runs) <= most)
        return windows

    def _apart(self, windows: Windows, intervals: Sequence[Intervals]) -> Windows:
        widened = [merge(start - self.margin, end + self.margin) for start, end in intervals]
        return windows.take(windows.covered(widened) == 0)


_NONE: Intervals = np.empty(0, np.int64), np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Places:
    """Intervals [start[i], end[i]) of chromosomes[number[i]], of at least one base each, on it; `reverse`: on the -
    strand. number int32 [n], start, end int64 [n], reverse bool [n]."""

    chromosomes: tuple[Chromosome, ...]
    number: npt.NDArray[np.int32]
    start: Positions
    end: Positions
    reverse: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, chromosomes: tuple[Chromosome, ...], pieces: Sequence[Piece]) -> "Places":
        """Put pieces together (number, start, end, reverse), cut to their chromosomes."""
        number = np.concatenate([np.empty(0, np.int32), *(piece[0] for piece in pieces)])
        start, end = (np.concatenate([np.empty(0, np.int64), *(piece[edge] for piece in pieces)]) for edge in (1, 2))
        reverse = np.concatenate([np.empty(0, bool), *(piece[3] for piece in pieces)])
        lengths = np.array([one.length for one in chromosomes], np.int64)[number]
        start, end = np.maximum(start, 0), np.minimum(end, lengths)
        there = start < end
        return cls(chromosomes, number[there], start[there], end[there], reverse[there])

    def merged(self) -> list[Intervals]:
        """Return their union, disjoint and ascending, of each chromosome."""
        order = np.argsort(self.number, kind="stable")
        edges = np.searchsorted(self.number[order], np.arange(len(self.chromosomes) + 1))
        own = [order[edges[place] : edges[place + 1]] for place in range(len(self.chromosomes))]
        return [merge(self.start[rows], self.end[rows]) for rows in own]


def marking(marks: Marks) -> tuple[int, ...]:
    """Return the numbers of the channels that mark something.

    >>> marking("tss"), marking("mrna")
    ((0, 1), (6, 7, 8, 9, 10, 11))

    Raises:
        ReadingError: there is no such channel or group.
    """
    if isinstance(marks, str) and marks in _KINDS:
        kinds = _KINDS[marks]
        return tuple(number for number, one in enumerate(CHANNELS) if one.group == "combined" and one.kind in kinds)
    return contract_numbers(marks)


def windows_of(dataset: "Dataset", places: Places, length: int, *, oriented: bool) -> Windows:
    """Return the windows of `length` bp with places in their middle, along the chromosomes, each once.

    A window that would leave its chromosome is moved until it is on it; a chromosome that is shorter has one window,
    which is all of it. `oriented`: those of places on the - strand are read on it.
    """
    length = whole("length", length, 1)
    lengths = np.array([one.length for one in places.chromosomes], np.int64)[places.number]
    start = np.minimum(centred(places.start, places.end, length), np.maximum(0, lengths - length))
    reverse = places.reverse & oriented
    key = np.stack([places.number.astype(np.int64), start, reverse.astype(np.int64)])
    number, start, turned = np.unique(key, axis=1)
    end = np.minimum(start + length, np.array([one.length for one in places.chromosomes], np.int64)[number])
    return Windows(length, places.chromosomes, number.astype(np.int32), start, end, turned.astype(bool), dataset)


def places_of(dataset: "Dataset", what: Marks | Bed, chromosomes: tuple[Chromosome, ...]) -> Places:
    """Return the sites of that name, or else the regions of that BED file."""
    if isinstance(what, Path | Mapping) or (isinstance(what, str) and what not in {*_KINDS, "all", *GROUPS}):
        return places_of_bed(dataset, what, chromosomes)
    return places_of_sites(dataset, what, chromosomes)


def places_of_sites(dataset: "Dataset", marks: Marks, chromosomes: tuple[Chromosome, ...]) -> Places:
    """Return the sites that channels mark, a base each.

    Raises:
        ReadingError: there is no such channel, or it does not mark sites.
        DatasetError: the dataset's blocks don't tell where its sites are.
    """
    from genatator_assets.reading.sites import sites_of  # noqa: PLC0415 - it reads the dataset that windows are of

    wanted = [CHANNELS[number] for number in marking(marks)]
    if others := [channel.name for channel in wanted if channel.kind == "intragenic"]:
        raise ReadingError(f"{others[0]} marks no sites, but intervals; give 'tss', 'polya', 'sites' or such channels")
    numbers = {(one.genome, one.chrom): place for place, one in enumerate(chromosomes)}
    pieces = []
    for genome in dict.fromkeys(one.genome for one in chromosomes):
        of_genome = {chrom: place for (of, chrom), place in numbers.items() if of == genome}
        for channel, table in sites_of(dataset, genome, wanted).items():
            pieces.append(_piece(channel, table["chrom"].to_pylist(), table["start"].to_numpy(), of_genome))
    return Places.of(chromosomes, pieces)


def _piece(channel: Channel, chroms: Sequence[str], start: Positions, of_genome: Mapping[str, int]) -> Piece:
    number = np.array([of_genome.get(chrom, -1) for chrom in chroms], np.int32)
    there = number >= 0
    return number[there], start[there], start[there] + 1, np.full(np.count_nonzero(there), channel.strand == "-")


def places_of_bed(dataset: "Dataset", bed: Bed, chromosomes: tuple[Chromosome, ...]) -> Places:
    """Return the regions of a BED file that lie on some chromosomes, by any of these' names.

    Raises:
        ReadingError: the file does not say of which genome it is, or has none of its chromosomes.
        BedError: the file is missing or malformed.
    """
    if isinstance(bed, Mapping):
        if unknown := set(bed) - set(_known(dataset)):
            raise ReadingError(
                f"{dataset.store.origin} has no genome {min(unknown)!r}; it has {some_of(_known(dataset))}"
            )
        pieces = [piece for genome, path in bed.items() for piece in _of_file(dataset, Path(path), genome, chromosomes)]
        return Places.of(chromosomes, pieces)
    return Places.of(chromosomes, list(_of_file(dataset, Path(bed), None, chromosomes)))


def _of_file(
    dataset: "Dataset", path: Path, genome: str | None, chromosomes: tuple[Chromosome, ...]
) -> Iterator[Piece]:
    rows = read_bed(path, {NAME, STRAND})
    named = rows.columns[NAME]
    if genome is None and set(named.values) <= set(_known(dataset)):
        genomes = [(one, named.of == code) for code, one in enumerate(named.values)]
    elif genome is None and len(dataset.genomes) > 1:
        raise ReadingError(
            f"{path} does not say of which genome its regions are; the dataset has {some_of(dataset.genomes)}: give"
            " {genome: file}, or select a genome, or name it in column 4"
        )
    else:
        genomes = [(genome or dataset.genomes[0], np.ones(len(rows), bool))]
    for of, own in genomes:
        number = _numbers(dataset, of, path, rows.chrom, chromosomes)[rows.chrom.of]
        there = own & (number >= 0)
        yield number[there], rows.start[there], rows.end[there], rows.strands()[there] < 0


def _numbers(
    dataset: "Dataset", genome: str, path: Path, names: Codes, chromosomes: tuple[Chromosome, ...]
) -> npt.NDArray[np.int32]:
    """Return the place among the chromosomes of each name that a file has for one; -1 where it is not among them."""
    layout = Layout(dataset.store.origin)
    aliases: dict[str, tuple[str, ...]] = {one.chrom: () for one in dataset.store.chromosomes if one.genome == genome}
    if layout.chromosomes(genome).is_file():
        aliases = {one.chrom: one.aliases for one in read_chromosomes(layout.chromosomes(genome))}
    known, _ = chromosomes_named(names.values, aliases)
    if not known:
        raise ReadingError(
            f"{path}: none of its chromosomes is one of {genome}: found {some_of(names.values)}, expected names such as"
            f" {some_of(aliases)}"
        )
    place = {one.chrom: number for number, one in enumerate(chromosomes) if one.genome == genome}
    return np.array([place.get(known.get(name, ""), -1) for name in names.values], np.int32)


def _known(dataset: "Dataset") -> list[str]:
    return list(dict.fromkeys(one.genome for one in dataset.store.chromosomes))


def _marked(dataset: "Dataset", chromosome: Chromosome, channels: Sequence[int]) -> Intervals:
    """Return where one of some channels is above 0."""
    runs = [one for stretch in dataset.store.runs(chromosome, channels) for one in stretch]
    none = [np.empty(0, np.int64)]
    return merge(np.concatenate(none + [one.start for one in runs]), np.concatenate(none + [one.end for one in runs]))


def _runs_of_n(dataset: "Dataset", chromosome: Chromosome) -> Intervals:
    starts, ends = [], []
    for start in range(0, chromosome.length, _PIECE_BP):
        dna = dataset.store.dna(chromosome, start, min(start + _PIECE_BP, chromosome.length))
        own_starts, own_ends = runs_of_n(dna)
        starts.append(own_starts + start)
        ends.append(own_ends + start)
    return np.concatenate(starts), np.concatenate(ends)
