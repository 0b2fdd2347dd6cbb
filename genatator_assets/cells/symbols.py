"""The table of a dataset's genes: read from the file, named by the catalogue's tables of symbols, and stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from genatator_assets.cells.genes import (
    SCHEMA,
    Gene,
    SymbolSource,
    SymbolTable,
    count_symbols,
    gene_table,
    hgnc,
    name_genes,
    own_table,
)
from genatator_assets.cells.layout import CellsLayout
from genatator_assets.cells.survey import Written
from genatator_assets.errors import CatalogueError, DatasetError, H5adError
from genatator_assets.sources.h5ad import Frame, H5ad
from genatator_assets.work.files import sha256_of_file
from genatator_assets.work.layout import Layout
from genatator_assets.work.manifest import read_manifest
from genatator_assets.work.tables import read_table, write_table
from genatator_assets.work.unit import Provenance, Step

if TYPE_CHECKING:
    from genatator_assets.cells.section import Genes

STEP = Step("gene_symbols", 1)

_FEATURE_NAME, _BIOTYPE = "feature_name", "feature_biotype"


@dataclass(frozen=True)
class SymbolFile:
    """A file with symbols, and its hash: a table of the user's, or the transcripts of an assembly (`assembly`)."""

    path: Path
    sha256: str
    assembly: str | None = None


@dataclass(frozen=True)
class SymbolRules:
    """Where symbols come from: `files` first, then the shipped HGNC table if `hgnc`. `ids` is a column of var."""

    files: tuple[SymbolFile, ...]
    hgnc: bool
    ids: str | None
    id_column: str | None
    symbol_column: str | None

    @classmethod
    def of(cls, genes: Genes, layout: Layout) -> SymbolRules:
        """Return what a section of the catalogue says.

        Raises:
            DatasetError: the assembly that it names has no transcripts yet.
        """
        files = []
        if genes.assembly is not None:
            transcripts = layout.transcripts(genes.assembly)
            if not transcripts.is_file():
                raise DatasetError(
                    f"genes of {genes.assembly} are not there yet ({transcripts}): build its annotation first"
                )
            files.append(SymbolFile(transcripts, sha256_of_file(transcripts), genes.assembly))
        own = isinstance(genes.table, Path)
        if isinstance(genes.table, Path):
            files.append(SymbolFile(genes.table, sha256_of_file(genes.table)))
        return cls(tuple(files), not own, None if own else genes.id, genes.id if own else None, genes.symbol)

    def tables(self) -> list[SymbolTable]:
        """Read the tables, in the order in which they are asked."""
        read = [_read(file, self.id_column, self.symbol_column) for file in self.files]
        return [*read, _shipped()] if self.hgnc else read

    @property
    def recorded(self) -> dict[str, Any]:
        """What decides the symbols, for fingerprints."""
        files = [{"sha256": file.sha256, "assembly": file.assembly} for file in self.files]
        shipped = dict(_shipped().about) if self.hgnc else None
        columns = {"ids": self.ids, "id": self.id_column, "symbol": self.symbol_column}
        return {"files": files, "hgnc": shipped, **columns}


@lru_cache(maxsize=1)
def _shipped() -> SymbolTable:
    return hgnc()


@lru_cache(maxsize=2)
def _read(file: SymbolFile, id_column: str | None, symbol_column: str | None) -> SymbolTable:
    if file.assembly is None:
        return own_table(file.path, file.sha256, id_column, symbol_column)
    present = pq.read_schema(file.path).names
    if "gene_name" not in present:
        raise CatalogueError(f"{file.path} has no gene names; build the annotation of {file.assembly} again")
    genes = pq.read_table(file.path, columns=["gene_id", "gene_name"])
    pairs = zip(*(genes[name].to_pylist() for name in ("gene_id", "gene_name")), strict=True)
    symbols = {str(gene).partition(".")[0]: name for gene, name in pairs if gene and name}
    return SymbolTable("assembly", symbols, {"assembly": file.assembly, "sha256": file.sha256})


@dataclass(frozen=True)
class Named:
    """What became of a file's genes: how many have a symbol of each source, or none for each reason.

    `made_from` is the fingerprint of the table; `hgnc_date` is the date of the shipped table, None if it was not used.
    """

    genes: int
    symbols: Mapping[str, int]
    made_from: str
    hgnc_date: str | None

    @property
    def share(self) -> float:
        """The share of genes that have a symbol."""
        return sum(self.symbols.get(source, 0) for source in get_args(SymbolSource)) / max(1, self.genes)


def write_genes(
    file: H5ad, dataset: str, sha256: str, matrix: str, rules: SymbolRules, layout: CellsLayout
) -> tuple[Named, Written]:
    """Name the genes of a matrix of an open file and write their table.

    Raises:
        H5adError: var has no column of the name that the catalogue gives.
    """
    genes = genes_of(file, matrix, rules)
    provenance = Provenance({"source": sha256}, {"matrix": matrix, **rules.recorded}, STEP)
    date = _shipped().about["date"] if rules.hgnc else None
    path = layout.genes(dataset)
    named = Named(len(genes), count_symbols(genes), provenance.fingerprint, date)
    return named, {path: write_table(path, gene_table(genes), provenance)}


def read_named(layout: CellsLayout, dataset: str) -> Named | None:
    """Read what became of a dataset's genes; None if they have not been named."""
    manifest = read_manifest(layout.genes_manifest(dataset))
    return None if manifest is None else Named(**manifest.facts)


def genes_of(file: H5ad, matrix: str, rules: SymbolRules) -> list[Gene]:
    """Return the genes of a matrix of an open file with their symbols.

    Raises:
        H5adError: var has no column of the name that the catalogue gives.
    """
    frame = file.genes(matrix)
    if rules.ids is not None and rules.ids not in frame.names:
        raise H5adError(
            f"{file.path}: the genes of {matrix} have no column {rules.ids!r}, which the catalogue gives as"
            f" 'genes: id'; found {', '.join(frame.names) or 'no columns'}"
        )
    return name_genes(
        [name or "" for name in frame.index().to_pylist()],
        rules.tables(),
        ids=_texts(frame, rules.ids),
        feature_names=_texts(frame, _FEATURE_NAME),
        biotypes=_texts(frame, _BIOTYPE),
    )


def _texts(frame: Frame, name: str | None) -> list[str | None] | None:
    if name not in frame.names:
        return None
    texts: list[str | None] = frame.column(name).cast(pa.string()).to_pylist()
    return texts


def read_genes(layout: CellsLayout, dataset: str) -> pa.Table:
    """Read the table of a dataset's genes.

    Raises:
        DatasetError: it has not been made.
    """
    return read_table(layout.genes(dataset)).cast(SCHEMA)
