"""Where a dataset's bases are read from, and the store of a root: segments and FASTA files.

A store answers for intervals that lie within a chromosome; that they do is the dataset's business.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Protocol, Self

import pyarrow as pa

from genatator_assets.annotation.parsed import EXONS_SCHEMA
from genatator_assets.annotation.transcripts import read_exons, read_transcripts
from genatator_assets.errors import DatasetError, ReadingError
from genatator_assets.gene_finding.channels import CHANNELS
from genatator_assets.gene_finding.section import SetName
from genatator_assets.reading.set_runs import by_set, paint_sets, reader_of, segments_bytes
from genatator_assets.reading.window import Stretches
from genatator_assets.sources.chromosomes import read_chromosomes
from genatator_assets.sources.sequence import local_fasta, read_dna
from genatator_assets.sources.soft_masked import read_soft_masked
from genatator_assets.tracks.runs import Runs, Values
from genatator_assets.tracks.segments import Segments
from genatator_assets.tracks.store import read_segments
from genatator_assets.work.cache import Cache
from genatator_assets.work.files import plain_name
from genatator_assets.work.layout import Layout
from genatator_assets.work.storage import ask_each


@dataclass(frozen=True)
class Chromosome:
    """A chromosome of a dataset: its length in bp and the split that it is in."""

    genome: str
    chrom: str
    length: int
    split: str


class Store(Protocol):
    """What a dataset needs of the place where it is kept."""

    @property
    def origin(self) -> Path:
        """The folder."""

    @property
    def chromosomes(self) -> tuple[Chromosome, ...]:
        """All chromosomes, genome by genome."""

    def dna(self, chromosome: Chromosome, start: int, end: int) -> str:
        """Return bases [start, end) in the contract's alphabet."""

    def paint(
        self, out: Values, chromosome: Chromosome, start: int, channels: tuple[int, ...], *, backwards: bool = False
    ) -> None:
        """Write the targets of the bases from `start` on over an array, float32 [bases, channels].

        With `backwards`, the last row is the base at `start`. See `tracks.segments.Segments.paint`.
        """

    def runs(self, chromosome: Chromosome, channels: Sequence[int]) -> Iterator[tuple[Runs, ...]]:
        """Return the runs of channels along a chromosome, stretch by stretch; one may go on in the next stretch."""

    def lower_case(self, chromosome: Chromosome) -> Callable[[], Stretches]:
        """Return what gives the stretches that the FASTA file has in lower case, when it is called."""

    def transcripts(self, genome: str) -> pa.Table | None:
        """Return every transcript of a genome (`annotation.select.SCHEMA`), or None where none are kept."""

    def exons(self, genome: str) -> pa.Table:
        """Return the exons of every transcript (`annotation.parsed.EXONS_SCHEMA`); none where none are kept."""


@dataclass(frozen=True)
class NoChromosomes:
    """A root that holds other things than genomes, such as cell sentences."""

    origin: Path

    @property
    def chromosomes(self) -> tuple[Chromosome, ...]:
        """None."""
        return ()

    def dna(self, chromosome: Chromosome, start: int, end: int) -> str:
        """Raise: there are no chromosomes."""
        raise NotImplementedError

    def paint(
        self, out: Values, chromosome: Chromosome, start: int, channels: tuple[int, ...], *, backwards: bool = False
    ) -> None:
        """Raise: there are no chromosomes."""
        raise NotImplementedError

    def runs(self, chromosome: Chromosome, channels: Sequence[int]) -> Iterator[tuple[Runs, ...]]:
        """Raise: there are no chromosomes."""
        raise NotImplementedError

    def lower_case(self, chromosome: Chromosome) -> Callable[[], Stretches]:
        """Raise: there are no chromosomes."""
        raise NotImplementedError

    def transcripts(self, genome: str) -> pa.Table | None:
        """Return that there are none."""
        return None

    def exons(self, genome: str) -> pa.Table:
        """Return that there are none."""
        return EXONS_SCHEMA.empty_table()


@dataclass(frozen=True, eq=False)
class RootStore:
    """A dataset's root. The segments of the chromosomes used last are kept; DNA is read when it is asked for."""

    origin: Path
    chromosomes: tuple[Chromosome, ...]
    segments: Cache[Chromosome, Segments]
    fastas: Cache[str, Path]
    masked: Cache[Chromosome, Stretches]
    sets: Cache[tuple[SetName, Chromosome], Segments]
    has_targets: bool = True

    @classmethod
    def open(cls, root: Path, cache_bytes: int) -> Self:
        """Find out which chromosomes have targets; of a root of other parts alone, all are there, without.

        Raises:
            DatasetError: none has.
        """
        layout = Layout(root)
        genomes = sorted(plain_name(folder.name) for folder in (root / "assemblies").iterdir())
        planned = [
            Chromosome(row.genome, row.chrom, row.length, row.split)
            for genome in genomes
            if layout.chromosomes(genome).is_file()
            for row in read_chromosomes(layout.chromosomes(genome))
            if row.split is not None
        ]
        files = (layout.segments(one.genome, one.chrom) for one in planned)
        painted = ask_each(root, lambda file: file.is_file(), files)
        built = [one for one, there in zip(planned, painted, strict=True) if there]
        has_targets = bool(built) or not any((root / name).is_dir() for name in ("tracks", "segmentation"))
        built = built if has_targets else planned
        if not built:
            raise DatasetError(f"{root} has no targets of any chromosome yet; run 'genatator-assets build'")
        segments = Cache(partial(_segments, layout), attrgetter("nbytes"), cache_bytes)
        fastas = Cache(partial(_fasta, layout), _no_memory, 0)
        sets = sets_cache(root, cache_bytes)
        return cls(root, tuple(built), segments, fastas, masked_cache(root, cache_bytes), sets, has_targets)

    def dna(self, chromosome: Chromosome, start: int, end: int) -> str:
        """Read from the indexed FASTA file."""
        return read_dna(self.fastas(chromosome.genome), chromosome.chrom, start, end)

    def paint(
        self, out: Values, chromosome: Chromosome, start: int, channels: tuple[int, ...], *, backwards: bool = False
    ) -> None:
        """Paint them from the chromosome's segments."""

        def twelve(part: Values, own: tuple[int, ...]) -> None:
            self.segments(chromosome).paint(part, start, own, backwards=backwards)

        paint_sets(out, chromosome, start, channels, backwards=backwards, twelve=twelve, segments_of=self.sets)

    def runs(self, chromosome: Chromosome, channels: Sequence[int]) -> Iterator[tuple[Runs, ...]]:
        """Return them as they are stored: the chromosome is one stretch."""
        stretch: list[Runs] = []
        for name, _, places in by_set(channels):
            segments = self.sets((name, chromosome)) if name else self.segments(chromosome)
            stretch += [segments.runs[place] for place in places]
        yield tuple(stretch)

    def lower_case(self, chromosome: Chromosome) -> Callable[[], Stretches]:
        """Return what reads them, or has them."""
        return partial(self.masked, chromosome)

    def transcripts(self, genome: str) -> pa.Table | None:
        """Read them; a root without targets may have none."""
        layout = Layout(self.origin)
        if not self.has_targets and not layout.transcripts(genome).is_file():
            return None
        return read_transcripts(layout, genome)

    def exons(self, genome: str) -> pa.Table:
        """Read them."""
        return read_exons(Layout(self.origin), genome)


def masked_cache(folder: Path, cache_bytes: int) -> Cache[Chromosome, Stretches]:
    """Return what reads a chromosome's soft masking from a root or a release, and keeps what was used last."""
    return Cache(partial(_masked, Layout(folder)), attrgetter("nbytes"), cache_bytes // 4)


def _masked(layout: Layout, chromosome: Chromosome) -> Stretches:
    path = layout.soft_masked(chromosome.genome)
    if not path.is_file():
        raise ReadingError(
            f"{layout.root} doesn't keep what of {chromosome.genome} was in lower case; expected {path}, which a root"
            " and a release have: blocks alone are upper case"
        )
    return read_soft_masked(path, chromosome.chrom)


def _no_memory(_: Path) -> int:
    return 0


def _fasta(layout: Layout, genome: str) -> Path:
    return local_fasta(layout.sequence(genome))


def sets_cache(root: Path, cache_bytes: int) -> Cache[tuple[SetName, Chromosome], Segments]:
    """Return what reads the runs of channel sets, and keeps those used last."""
    return Cache(reader_of(root), segments_bytes, cache_bytes)


def _segments(layout: Layout, chromosome: Chromosome) -> Segments:
    return read_segments(layout.segments(chromosome.genome, chromosome.chrom), chromosome.length, CHANNELS)
