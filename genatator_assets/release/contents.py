"""What a release is made from: gathered from a root, and refused unless it is whole and of one making."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa

from genatator_assets.catalogue.values import SPLITS
from genatator_assets.errors import DatasetError
from genatator_assets.gene_finding.blocks.contract import BlockPlace
from genatator_assets.gene_finding.section import Kernel
from genatator_assets.gene_finding.statistics import TABLES, read_statistics
from genatator_assets.release.names import block_paths
from genatator_assets.sources.assembly import read_source
from genatator_assets.sources.chromosomes import Chromosome, read_chromosomes
from genatator_assets.work.files import sha256_of_file
from genatator_assets.work.layout import Layout
from genatator_assets.work.manifest import read_manifest
from genatator_assets.work.tables import provenance_of, read_table
from genatator_assets.work.unit import Provenance

_KINDS = ("sequence", "annotation", "aliases")
_SHOWN = 5


@dataclass(frozen=True)
class Block:
    """A block to be released: its file in the root, its path in the release, size and hash."""

    place: BlockPlace
    source: Path
    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class InputFile:
    """A file that an assembly was made from; `url` where it was fetched."""

    kind: str
    name: str
    sha256: str
    url: str | None


@dataclass(frozen=True)
class Origin:
    """What the blocks of one genome were made from, by their own word."""

    genome: str
    species: str
    inputs: tuple[InputFile, ...]
    kernel: Kernel
    selection: Mapping[str, Any]
    provenance: Provenance


@dataclass(frozen=True, eq=False)
class Contents:
    """All that a release is made from. `index` has a row per block, in the order of `blocks`."""

    layout: Layout
    dataset: str
    license: str
    block_size_bp: int
    index: pa.Table
    index_provenance: Provenance
    blocks: tuple[Block, ...]
    origins: tuple[Origin, ...]
    statistics: Mapping[str, pa.Table]

    @property
    def splits(self) -> dict[str, list[Block]]:
        """The blocks of each split, train first."""
        found = {split: [block for block in self.blocks if block.place.split == split] for split in SPLITS}
        return {split: blocks for split, blocks in found.items() if blocks}

    @property
    def nt(self) -> int:
        """Bases in all."""
        return sum(block.place.end - block.place.start for block in self.blocks)


def gather(layout: Layout) -> Contents:
    """Gather what a release of the dataset at a root is made from.

    Raises:
        DatasetError: the dataset is not whole, or its parts were not made of one another.
    """
    index = read_table(layout.index)
    provenance = provenance_of(layout.index)
    statistics = _statistics_of_index(layout)
    about = provenance.parameters
    if unsaid := {"dataset", "license", "block_size_bp"} - set(about):
        raise DatasetError(f"{layout.index} does not say its {', '.join(sorted(unsaid))}; run the job 'finish'")
    blocks = _blocks(layout, index, about["block_size_bp"])
    faults = [*_unfinished(layout, blocks), *_missing(layout, blocks)]
    if faults:
        more = f"\n... and {len(faults) - _SHOWN:,} more" if len(faults) > _SHOWN else ""
        raise DatasetError("\n".join([f"{layout.root} can't be released:", *faults[:_SHOWN]]) + more)
    species = dict(zip(index["genome"].to_pylist(), index["species"].to_pylist(), strict=True))
    first = {block.place.genome: block for block in reversed(blocks)}
    return Contents(
        layout=layout,
        dataset=about["dataset"],
        license=about["license"],
        block_size_bp=about["block_size_bp"],
        index=index,
        index_provenance=provenance,
        blocks=blocks,
        origins=tuple(_origin(layout, genome, species[genome], first[genome]) for genome in species),
        statistics=statistics,
    )


def _statistics_of_index(layout: Layout) -> dict[str, pa.Table]:
    present = sha256_of_file(layout.index)
    tables = read_statistics(layout)
    stale = [name for name in TABLES if provenance_of(layout.statistics(name)).inputs.get("index") != present]
    if stale:
        raise DatasetError(
            f"{layout.root}: the statistics {', '.join(stale)} were computed from another index; run the job 'finish'"
        )
    return tables


def _blocks(layout: Layout, index: pa.Table, block_size_bp: int) -> tuple[Block, ...]:
    names = ["split", "genome", "chrom", "start", "end", "chrom_length", "path", "bytes", "sha256"]
    rows = index.select(names).to_pylist()
    paths = block_paths((row["split"], row["genome"], row["chrom"], row["start"]) for row in rows)
    return tuple(
        Block(
            BlockPlace(
                genome=row["genome"],
                split=row["split"],
                chrom=row["chrom"],
                start=row["start"],
                end=row["end"],
                chrom_length=row["chrom_length"],
                block_size_bp=block_size_bp,
            ),
            layout.root / row["path"],
            path,
            row["bytes"],
            row["sha256"],
        )
        for row, path in zip(rows, paths, strict=True)
    )


def _unfinished(layout: Layout, blocks: Iterable[Block]) -> Iterator[str]:
    """Report which blocks are not those of the index: by the manifests beside them, and by their sizes."""
    for (split, genome, chrom), own in groupby(blocks, key=lambda b: (b.place.split, b.place.genome, b.place.chrom)):
        manifest = read_manifest(layout.blocks_manifest(split, genome, chrom))
        written = {output.path: output.sha256 for output in manifest.outputs} if manifest else {}
        for block in own:
            if written.get(block.source.relative_to(layout.root).as_posix()) != block.sha256:
                yield f"{block.source} was built after the index, or is being built; run the job 'finish'"
            elif (size := block.source.stat().st_size if block.source.is_file() else None) != block.bytes:
                found = "no file" if size is None else f"{size:,} bytes"
                yield f"{block.source}: found {found}, expected {block.bytes:,} bytes; delete it and build again"


def _missing(layout: Layout, blocks: Iterable[Block]) -> Iterator[str]:
    """Report the chromosomes that the catalogue includes the blocks don't cover all."""
    covered = {
        key: [block.place for block in own]
        for key, own in groupby(blocks, key=lambda block: (block.place.genome, block.place.chrom))
    }
    for path in sorted((layout.root / "assemblies").glob("*/chromosomes.parquet")):
        for chromosome in read_chromosomes(path):
            places = covered.get((chromosome.genome, chromosome.chrom), [])
            if chromosome.included and not _covers(places, chromosome):
                yield (
                    f"{chromosome.genome}/{chromosome.chrom}: the index has {len(places):,} blocks, which are not all"
                    f" of its {chromosome.length:,} bp; build it, or take it out of the catalogue"
                )


def _covers(places: list[BlockPlace], chromosome: Chromosome) -> bool:
    if not places or places[0].start != 0 or places[-1].end != chromosome.length:
        return False
    return all(one.end == other.start for one, other in pairwise(places))


def _origin(layout: Layout, genome: str, species: str, block: Block) -> Origin:
    provenance = provenance_of(block.source)
    files = read_source(layout, genome).inputs
    inputs = tuple(InputFile(kind, file.name, file.sha256, file.url) for kind, file in files.items())
    parameters = provenance.parameters
    return Origin(genome, species, inputs, Kernel(**parameters["kernel"]), parameters["selection"], provenance)
