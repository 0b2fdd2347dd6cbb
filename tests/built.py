"""A small dataset of three simulated genomes, built without Dagster, and how tests damage it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from genatator_assets.annotation.transcripts import select_isoforms
from genatator_assets.catalogue import Catalogue
from genatator_assets.gene_finding.blocks.chromosome import build_chromosomes
from genatator_assets.gene_finding.index import IndexSummary, build_index
from genatator_assets.gene_finding.statistics import build_statistics
from genatator_assets.gene_finding.tasks import chromosome_tasks, included_chromosomes
from genatator_assets.parts import load_catalogue
from genatator_assets.query.catalog import write_catalog
from genatator_assets.release.card import write_card
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.work.layout import Layout

CATALOGUE = """
dataset: small
gene_finding: {block_size_bp: 60_000}
min_chromosome_length_bp: 50_000
assemblies:
  - genome: sim-gencode
    species: Simulata humana
    simulate: {seed: 1, total_bp: 400_000, chromosomes: 3, flavour: gencode}
    splits: {validation: [chr3]}
  - genome: sim-ensembl
    species: Simulata humana
    simulate: {seed: 2, total_bp: 300_000, chromosomes: 2, flavour: ensembl}
  - genome: sim-refseq
    species: Simulata nova
    simulate: {seed: 3, total_bp: 300_000, chromosomes: 2, flavour: refseq}
    splits: {default: test}
"""
BLOCKS, CHROMOSOMES, NT = 21, 7, 1_000_000
SETTINGS = {"compression": "zstd", "compression_level": 1, "use_dictionary": False, "write_page_checksum": True}


@dataclass(frozen=True)
class Dataset:
    catalogue: Catalogue
    layout: Layout
    index: IndexSummary
    card: str

    @property
    def root(self) -> Path:
        return self.layout.root


def build_small(folder: Path, text: str = CATALOGUE) -> Dataset:
    """Build the whole of a catalogue in `folder`/root."""
    folder.mkdir()
    (folder / "catalogue.yaml").write_text(text)
    catalogue, layout = load_catalogue(folder / "catalogue.yaml"), Layout(folder / "root")
    for genome in catalogue.genomes:
        import_assembly(catalogue, genome, layout)
        select_isoforms(catalogue, genome, layout)
    for genome, chromosomes in included_chromosomes(catalogue, layout).items():
        names = [chromosome.chrom for chromosome in chromosomes]
        for outcome in build_chromosomes(chromosome_tasks(catalogue, layout, genome, names)):
            assert outcome.status == "built", outcome.error
    index = build_index(catalogue, layout)
    build_statistics(catalogue, layout)
    card = write_card(catalogue, layout)
    write_catalog(layout)
    return Dataset(catalogue, layout, index, card)


@cache
def small_dataset(base: Path) -> Dataset:
    """The small dataset, built once for all modules of a session; tests that damage it use a copy."""
    return build_small(base / "small")


def copy_of(dataset: Dataset, root: Path) -> Path:
    return Path(shutil.copytree(dataset.root, root))


def edit_rows(path: Path, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    """Rewrite a table with its rows changed."""
    table = pq.ParquetFile(path).read()
    pq.write_table(pa.Table.from_pylist(change(table.to_pylist()), table.schema), path)


@dataclass
class BlockParts:
    """What a block file holds, to be changed; `targets` is float32 [L, channels], or lists where a cell is null."""

    dna: str
    targets: Any
    metadata: dict[str, Any]


def edit_block(path: Path, change: Callable[[BlockParts], None]) -> None:
    """Rewrite a block with its parts changed, with the settings that it was written with."""
    file = pq.ParquetFile(path)
    table, said = file.read(), file.metadata.metadata
    dna = table["dna_sequence"][0].as_py()
    targets = table["targets"].combine_chunks().flatten().flatten().to_numpy().reshape(len(dna), -1).copy()
    parts = BlockParts(dna, targets, json.loads(table["metadata"][0].as_py()))
    change(parts)
    columns = [pa.array([parts.dna]), _nested(parts.targets), pa.array([json.dumps(parts.metadata)])]
    written = pa.table(columns, names=["dna_sequence", "targets", "metadata"])
    with pq.ParquetWriter(path, written.schema, **SETTINGS) as writer:
        writer.write_table(written)
        gone = (b"ARROW:schema", b"genatator_assets.page_table")  # the pages are others now
        writer.add_key_value_metadata({key: value for key, value in said.items() if key not in gone})


def _nested(targets: np.ndarray | list[list[float | None] | None]) -> pa.Array:
    if isinstance(targets, list):
        return pa.array([targets], pa.list_(pa.list_(pa.float32(), 12)))
    bases = pa.FixedSizeListArray.from_arrays(pa.array(targets.reshape(-1)), targets.shape[1])
    return pa.ListArray.from_arrays([0, len(targets)], bases)
