"""The index: a row per block with typed metadata, composition and target sums, so that nobody scans the blocks."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from genatator_assets.annotation.transcripts import read_summary
from genatator_assets.catalogue import Catalogue
from genatator_assets.errors import DatasetError
from genatator_assets.gene_finding.blocks.chromosome import Recipe, finished_blocks
from genatator_assets.gene_finding.channels import CHANNELS
from genatator_assets.gene_finding.section import gene_finding_of
from genatator_assets.gene_finding.tasks import included_chromosomes, recipes_of
from genatator_assets.sources.assembly import read_source
from genatator_assets.sources.chromosomes import Chromosome
from genatator_assets.work.layout import Layout, chromosome_key
from genatator_assets.work.storage import ask_each
from genatator_assets.work.tables import write_table
from genatator_assets.work.unit import Provenance, Step

SCHEMA = pa.schema(
    [
        ("genome", pa.string()),
        ("species", pa.string()),
        ("split", pa.string()),
        ("chrom", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("chrom_length", pa.int64()),
        ("A", pa.int64()),
        ("C", pa.int64()),
        ("G", pa.int64()),
        ("T", pa.int64()),
        ("N", pa.int64()),
        ("dna_sha256", pa.string()),
        ("target_sum", pa.list_(pa.float64(), len(CHANNELS))),
        ("target_max", pa.list_(pa.float32(), len(CHANNELS))),
        ("target_positive", pa.list_(pa.int64(), len(CHANNELS))),
        ("path", pa.string()),
        ("bytes", pa.int64()),
        ("sha256", pa.string()),
    ]
)
"""[start, end) is 0-based half-open; target_sum, target_max and target_positive (bases above 0) are in the order of the
channels; `path` is relative to the root. `dna_sha256` is of the letters of `dna_sequence`, `sha256` of the file."""


STEP = Step("index", 2)


@dataclass(frozen=True)
class IndexSummary:
    """What the index holds, and what is absent: chromosomes (`<genome>/<chrom>`) without finished blocks, and
    genomes (`<genome>`) that are not ready to be built."""

    blocks: int
    chromosomes: int
    nt: int
    bytes: int
    absent: tuple[str, ...]


def build_index(catalogue: Catalogue, layout: Layout) -> IndexSummary:
    """Gather the facts of all finished blocks from the manifests beside them.

    Blocks that were made for another kernel, block size or input than the catalogue's count as absent.

    Raises:
        DatasetError: there are no finished blocks at all.
    """
    included = included_chromosomes(catalogue, layout)
    rows: list[dict[str, Any]] = []
    absent = [genome for genome in catalogue.annotated_genomes if genome not in included]
    for genome, chromosomes in included.items():
        recipes = recipes_of(catalogue, layout, genome, chromosomes)
        of_each = ask_each(layout.root, lambda one: _rows(layout, one, recipes[one.chrom]), chromosomes)  # noqa: B023
        for chromosome, blocks in zip(chromosomes, of_each, strict=True):
            rows += blocks
            absent += [] if blocks else [chromosome_key(genome, chromosome.chrom)]
    if not rows:
        raise DatasetError(
            "there are no blocks yet: run 'build_everything', or 'prepare' and then 'build_blocks';"
            f" {layout.blocks} holds no finished blocks"
        )
    genomes = list(dict.fromkeys(row["genome"] for row in rows))
    write_table(layout.index, pa.Table.from_pylist(rows, SCHEMA), _provenance(catalogue, layout, genomes))
    return IndexSummary(
        blocks=len(rows),
        chromosomes=len({(row["genome"], row["chrom"]) for row in rows}),
        nt=sum(row["end"] - row["start"] for row in rows),
        bytes=sum(row["bytes"] for row in rows),
        absent=tuple(absent),
    )


def _rows(layout: Layout, chromosome: Chromosome, recipe: Recipe) -> list[dict[str, Any]]:
    blocks = finished_blocks(layout, chromosome.genome, chromosome.chrom, recipe)
    return [{**block, "species": chromosome.species} for block in blocks]


def _provenance(catalogue: Catalogue, layout: Layout, genomes: list[str]) -> Provenance:
    inputs: dict[str, str] = {}
    for genome in genomes:
        inputs[f"{genome}.sequence"] = read_source(layout, genome).sequence.sha256
        inputs[f"{genome}.annotation"] = read_summary(layout, genome).sha256
    about = {
        "dataset": catalogue.dataset,
        "genomes": list(catalogue.annotated_genomes),
        "block_size_bp": gene_finding_of(catalogue).block_size_bp,
        "license": catalogue.license,
    }
    return Provenance(inputs, about, STEP)
