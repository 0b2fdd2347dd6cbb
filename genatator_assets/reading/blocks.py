"""A dataset of which only the blocks are there: a release, a download, a folder that another program wrote.

Its index comes from dataset/blocks.parquet where there is one, else from the `metadata` column of each file: that is
a column chunk of its own, and is read alone.
"""

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import groupby, pairwise
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from genatator_assets.annotation.parsed import EXONS_SCHEMA
from genatator_assets.annotation.transcripts import read_exons, read_transcripts
from genatator_assets.catalogue.values import SPLITS
from genatator_assets.errors import DatasetError
from genatator_assets.gene_finding.blocks.window import BlockTargets, open_targets
from genatator_assets.gene_finding.channels import CHANNELS
from genatator_assets.gene_finding.section import SetName
from genatator_assets.reading.channels import EVERY
from genatator_assets.reading.set_runs import paint_sets
from genatator_assets.reading.store import Chromosome, masked_cache, sets_cache
from genatator_assets.reading.window import Stretches
from genatator_assets.sources.letters import in_contract
from genatator_assets.tracks.painting import Canvas, Painter, columns_of
from genatator_assets.tracks.runs import Runs, Values
from genatator_assets.tracks.segments import Segments
from genatator_assets.work.cache import Cache
from genatator_assets.work.layout import Layout
from genatator_assets.work.tables import read_table

_THREADS = 8  # disks, and more so network disks, answer many files at once
_SHOWN = 5
_STRETCH_BP = 500_000
_OBJECTS_BYTES = 2_000  # of a painter without runs
_COLUMNS = ["genome", "split", "chrom", "start", "end", "chrom_length", "path"]


@dataclass(frozen=True)
class Block:
    """A block file, which holds the bases [start, end) of its chromosome."""

    path: Path
    genome: str
    split: str
    chrom: str
    start: int
    end: int
    chrom_length: int

    def __post_init__(self) -> None:
        """Check the place."""
        if not 0 <= self.start < self.end <= self.chrom_length:
            raise ValueError(
                f"[{self.start:,}, {self.end:,}) is not a place in a chromosome of {self.chrom_length:,} bp"
            )


@dataclass(frozen=True, eq=False)
class BlockStore:
    """Blocks alone. Of the blocks used last is kept what makes windows quick: the DNA and, of the targets, the page
    table and the runs of the pages seen; or, of a file without one, all runs, for which it is decoded once."""

    origin: Path
    blocks: dict[Chromosome, tuple[Block, ...]]
    _dna: Cache[Block, str]
    _targets: Cache[Block, BlockTargets | Segments]
    _pages: Cache[tuple[Block, int], Painter]
    _masked: Cache[Chromosome, Stretches]
    _sets: Cache[tuple[SetName, Chromosome], Segments]

    @classmethod
    def open(cls, folder: Path, blocks: Iterable[Block], cache_bytes: int) -> Self:
        """Put the blocks of each chromosome together.

        Raises:
            DatasetError: the blocks of a chromosome do not cover it from end to end, once and in one split.
        """
        ordered = sorted(blocks, key=lambda block: (block.genome, block.chrom, block.start))
        grouped = [tuple(group) for _, group in groupby(ordered, key=lambda block: (block.genome, block.chrom))]
        faults = [fault for own in grouped if (fault := _fault(own))]
        if faults:
            more = f"\nand {len(faults) - _SHOWN:,} more chromosomes" if len(faults) > _SHOWN else ""
            raise DatasetError(
                "\n".join([f"{folder}: blocks are missing or too many:", *faults[:_SHOWN]])
                + f"{more}\nGet the missing files, or move those of these chromosomes elsewhere."
            )
        of_chromosome = {Chromosome(own[0].genome, own[0].chrom, own[-1].end, own[0].split): own for own in grouped}
        half, quarter = cache_bytes // 2, cache_bytes // 4
        targets = Cache(_open_targets, _bytes, quarter)
        pages = Cache(partial(_read_pages, targets), _painter_bytes, quarter)
        masked = masked_cache(folder, cache_bytes)
        dna, sets = Cache(_read_dna, len, half), sets_cache(folder, cache_bytes)
        return cls(folder, of_chromosome, dna, targets, pages, masked, sets)

    @property
    def chromosomes(self) -> tuple[Chromosome, ...]:
        """All chromosomes, in the order of their names."""
        return tuple(self.blocks)

    def dna(self, chromosome: Chromosome, start: int, end: int) -> str:
        """Put the DNA of each block together."""
        return "".join(self._dna(block)[left:right] for block, left, right in self._pieces(chromosome, start, end))

    def paint(
        self, out: Values, chromosome: Chromosome, start: int, channels: tuple[int, ...], *, backwards: bool = False
    ) -> None:
        """Paint what each block has of them; of channel sets, the runs that a release has beside its blocks."""

        def twelve(part: Values, own: tuple[int, ...]) -> None:
            self._paint(part, chromosome, start, own, backwards=backwards)

        paint_sets(out, chromosome, start, channels, backwards=backwards, twelve=twelve, segments_of=self._sets)

    def _paint(
        self, out: Values, chromosome: Chromosome, start: int, channels: tuple[int, ...], *, backwards: bool
    ) -> None:
        forwards = out[::-1] if backwards else out
        for block, left, right in self._pieces(chromosome, start, start + len(out)):
            first = block.start + left - start
            piece = forwards[first : first + right - left]
            piece = piece[::-1] if backwards else piece
            opened = self._targets(block)
            if isinstance(opened, Segments):
                opened.paint(piece, left, channels, backwards=backwards)
            else:
                piece.fill(0)
                canvas = Canvas(piece, left, columns_of(channels, len(CHANNELS)), backwards)
                for stretch in opened.stretches(left, right):
                    self._pages((block, stretch)).paint(canvas)

    def runs(self, chromosome: Chromosome, channels: Sequence[int]) -> Iterator[tuple[Runs, ...]]:
        """Find the runs of one stretch of dense targets after another."""
        for start in range(0, chromosome.length, _STRETCH_BP):
            end = min(start + _STRETCH_BP, chromosome.length)
            dense = np.empty((len(channels), end - start), np.float32)
            self.paint(dense.T, chromosome, start, tuple(channels))
            try:
                stretch = tuple(Runs.of_column(column, start) for column in dense)
                for channel, runs in zip(channels, stretch, strict=True):
                    EVERY[channel].check(runs)
            except ValueError as error:
                raise DatasetError(
                    f"{self.origin}: targets of {chromosome.genome} {chromosome.chrom}, [{start:,}, {end:,}): {error};"
                    " get its blocks again"
                ) from error
            yield stretch

    def lower_case(self, chromosome: Chromosome) -> Callable[[], Stretches]:
        """Return what reads them: blocks don't tell them, but a release has them beside its blocks."""
        return partial(self._masked, chromosome)

    def transcripts(self, genome: str) -> pa.Table | None:
        """Blocks don't tell transcripts, but a release has them beside its blocks."""
        layout = Layout(self.origin)
        return read_transcripts(layout, genome) if layout.transcripts(genome).is_file() else None

    def exons(self, genome: str) -> pa.Table:
        """Read them, where a release has them beside its blocks."""
        layout = Layout(self.origin)
        return read_exons(layout, genome) if layout.exons(genome).is_file() else EXONS_SCHEMA.empty_table()

    def _pieces(self, chromosome: Chromosome, start: int, end: int) -> list[tuple[Block, int, int]]:
        """Return the blocks that [start, end) touches, and which bases of each, counted from its own start."""
        blocks = self.blocks[chromosome]
        first = bisect_right(blocks, start, key=lambda block: block.start) - 1
        last = bisect_right(blocks, end - 1, key=lambda block: block.start)
        return [
            (block, max(start, block.start) - block.start, min(end, block.end) - block.start)
            for block in blocks[first:last]
        ]


def indexed_blocks(root: Path) -> list[Block]:
    """Return the blocks that a root's index lists; none if there is no index, or a file that it lists is not there."""
    index = Layout(root).index
    if not index.is_file():
        return []
    rows = read_table(index, columns=_COLUMNS).to_pylist()
    blocks = [Block(**{**row, "path": root / row["path"]}) for row in rows]
    return blocks if all(block.path.is_file() for block in blocks) else []


def found_blocks(folder: Path) -> list[Block]:
    """Return the blocks under data/<split>/, at any depth; or else under <split>/ or blocks/<split>/.

    The folder decides the split, as it does for `datasets`; everything else is what a file's metadata says. There
    are none if there is no such folder.

    Raises:
        DatasetError: a file is no block, or its metadata does not say what it should.
    """
    data = folder / "data"
    places = [
        sorted(data.iterdir()) if data.is_dir() else [],
        [folder / split for split in SPLITS],
        [folder / "blocks" / split for split in SPLITS],
    ]
    for splits in places:
        files = [(path, split.name) for split in splits for path in sorted(split.rglob("*.parquet"))]
        if files:
            with ThreadPoolExecutor(_THREADS) as threads:
                return list(threads.map(_read_place, *zip(*files, strict=True)))
    return []


def _read_place(path: Path, split: str) -> Block:
    """Read one block's metadata."""
    try:
        metadata = json.loads(_read_text(path, "metadata"))
        place = {key: int(metadata[key]) for key in ("start", "end", "chrom_length")}
        return Block(path=path, split=split, genome=str(metadata["genome"]), chrom=str(metadata["chrom"]), **place)
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            f"{path}: its metadata is not that of a block ({error!r}); expected a JSON object with genome, chrom,"
            " start, end and chrom_length; get the file again, or move it elsewhere"
        ) from error


def _read_dna(block: Block) -> str:
    dna = in_contract(_read_text(block.path, "dna_sequence").encode("ascii", "replace"))
    if len(dna) != block.end - block.start:
        raise DatasetError(f"{block.path} has {len(dna):,} bases of DNA, but {_said(block)}; get it again")
    return dna


def _read_text(path: Path, column: str) -> str:
    """Read the one value of a column of text, and nothing else of the file."""
    try:
        with pq.ParquetFile(path) as file:
            if file.metadata.num_rows == 1 and column in file.schema_arrow.names:
                text = file.read_row_group(0, columns=[column], use_threads=False)[column].cast(pa.string())
                return str(text[0].as_py())
            raise DatasetError(
                f"{path} is not a block: it has {file.metadata.num_rows:,} rows of"
                f" {', '.join(file.schema_arrow.names)},"
                f" expected one with a column {column}; get it again, or move it elsewhere"
            )
    except (ValueError, OSError) as error:
        raise DatasetError(f"{path} can't be read as a block ({error}); get it again, or move it elsewhere") from error


def _open_targets(block: Block) -> BlockTargets | Segments:
    """Return the page table, or else the runs."""
    targets = open_targets(block.path)
    if targets.bases != block.end - block.start:
        raise DatasetError(f"{block.path} has targets of {targets.bases:,} bases, but {_said(block)}; get it again")
    if targets.table is not None:
        return targets
    try:
        return Segments.from_dense(targets.read(0, targets.bases), CHANNELS)
    except ValueError as error:
        raise DatasetError(f"{block.path}: {error}; get it again") from error


def _read_pages(targets: Cache[Block, BlockTargets | Segments], place: tuple[Block, int]) -> Painter:
    opened = targets(place[0])
    assert isinstance(opened, BlockTargets)  # noqa: S101 - others have no pages
    return opened.painter(place[1])


def _painter_bytes(painter: Painter) -> int:
    return painter.nbytes + _OBJECTS_BYTES


def _bytes(opened: BlockTargets | Segments) -> int:
    if isinstance(opened, Segments):
        return opened.nbytes
    return 0 if opened.table is None else opened.table.edges.nbytes


def _said(block: Block) -> str:
    return f"its metadata says [{block.start:,}, {block.end:,})"


def _fault(blocks: tuple[Block, ...]) -> str | None:
    """Describe what is wrong with the blocks of one chromosome, in the order of their starts."""
    name, first, last = f"{blocks[0].genome} {blocks[0].chrom}", blocks[0], blocks[-1]
    for one, other in pairwise(blocks):
        if (one.split, one.chrom_length) != (other.split, other.chrom_length):
            said = f"{one.split}, {one.chrom_length:,} bp; {other.split}, {other.chrom_length:,} bp"
            return f"{name}: {one.path} and {other.path} disagree on its split or length: {said}"
        if one.end != other.start:
            what = f"[{one.end:,}, {other.start:,}) is missing" if one.end < other.start else "overlap"
            return f"{name}: between {one.path} and {other.path}: {what}"
    if first.start:
        return f"{name}: [0, {first.start:,}) is missing before {first.path}"
    if last.end != last.chrom_length:
        return f"{name}: [{last.end:,}, {last.chrom_length:,}) is missing after {last.path}"
    return None
