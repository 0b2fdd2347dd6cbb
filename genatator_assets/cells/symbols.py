"""The table of a dataset's genes: read from the file, named by the catalogue's tables of symbols, and stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from genatator_assets.cells.genes import (
    SCHEMA,
    STEP,
    Gene,
    SymbolTable,
    count_symbols,
    gene_table,
    hgnc,
    name_genes,
    own_table,
)
from genatator_assets.cells.layout import CellsLayout
from genatator_assets.cells.outcomes import guarded
from genatator_assets.errors import CatalogueError, DatasetError, H5adError
from genatator_assets.sources.h5ad import Frame, H5ad, open_h5ad
from genatator_assets.work.files import sha256_of_file
from genatator_assets.work.layout import Layout
from genatator_assets.work.manifest import Manifest, OutputFile, fingerprint_of, finished
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.tables import read_table, write_table
from genatator_assets.work.unit import FORMAT_VERSION, Provenance

if TYPE_CHECKING:
    from genatator_assets.cells.section import Genes

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
class GeneTask:
    """A file whose genes are to be named."""

    root: Path
    dataset: str
    path: Path
    sha256: str
    matrix: str
    rules: SymbolRules

    @property
    def key(self) -> str:
        """Name of the dataset."""
        return self.dataset

    @property
    def length(self) -> int:
        """The same for all: files have about equally many genes."""
        return 1

    @property
    def fingerprint(self) -> str:
        """Of all that decides the symbols."""
        steps = {"genes": STEP, "format": FORMAT_VERSION}
        return fingerprint_of({"source": self.sha256, "matrix": self.matrix, **self.rules.recorded, "steps": steps})


def name_all(tasks: Sequence[GeneTask]) -> list[Outcome]:
    """Name the genes of each file; a bad one becomes a failed outcome and leaves the others alone."""
    return [guarded(_name, task) for task in tasks]


def _name(task: GeneTask) -> Outcome:
    layout = CellsLayout(task.root)
    kept = layout.genes_manifest(task.dataset)
    if manifest := finished(kept, task.fingerprint, task.root):
        return Outcome(task.key, "intact", manifest.facts)
    kept.unlink(missing_ok=True)
    with open_h5ad(task.path) as file:
        genes = genes_of(file, task.matrix, task.rules)
    facts = {"genes": len(genes), "symbols": count_symbols(genes), **_asides(task.rules)}
    provenance = Provenance({"source": task.sha256}, {"tables": task.rules.recorded, "step": STEP})
    written = write_table(layout.genes(task.dataset), gene_table(genes), provenance)
    output = OutputFile.of(layout.genes(task.dataset), task.root, written)
    Manifest(task.fingerprint, (output,), facts).write(kept)
    return Outcome(task.key, "built", facts)


def _asides(rules: SymbolRules) -> dict[str, Any]:
    return {"hgnc_date": _shipped().about["date"]} if rules.hgnc else {}


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
