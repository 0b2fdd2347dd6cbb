"""Where everything of the part `cells` stands under a dataset root."""

from dataclasses import dataclass
from pathlib import Path

from genatator_assets.work.files import path_name
from genatator_assets.work.storage import machine_folder


@dataclass(frozen=True)
class CellsLayout:
    """The paths of cell sentences under one dataset root.

    >>> CellsLayout(Path("data")).chunk("blood", "train", 3).as_posix()
    'data/cells/blood/train/chunk_0003.parquet'
    """

    root: Path

    @property
    def top(self) -> Path:
        """Folder of all cells."""
        return self.root / "cells"

    def dataset(self, dataset: str) -> Path:
        """Folder of a dataset's chunks, in the layout of the published dataset."""
        return self.top / path_name(dataset)

    def chunk(self, dataset: str, split: str | None, number: int) -> Path:
        """One chunk: some thousand cells of a dataset that are in the same split."""
        folder = self.dataset(dataset)
        return (folder if split is None else folder / split) / f"chunk_{number:04d}.parquet"

    def chunk_manifest(self, dataset: str, number: int) -> Path:
        """What made the chunks of a range of rows: the train and the test cells of it."""
        return self.dataset(dataset) / "manifests" / f"{number:04d}.json"

    def manifest(self, dataset: str) -> Path:
        """What made a dataset's chunks; there only when all of them are."""
        return self.dataset(dataset) / "manifest.json"

    def counts(self, dataset: str, number: int) -> Path:
        """How many cells of a range of rows have each symbol."""
        return self.top / "counts" / path_name(dataset) / f"{number:04d}.parquet"

    @property
    def sources(self) -> Path:
        """Which files were looked at."""
        return self.top / "sources.json"

    @property
    def symbols(self) -> Path:
        """Of which files the genes were named."""
        return self.top / "genes.json"

    def source(self, dataset: str) -> Path:
        """What a dataset's h5ad file holds, with its hash."""
        return self.top / "sources" / f"{path_name(dataset)}.json"

    def failure(self, dataset: str) -> Path:
        """Why a dataset could not be built; there only if it could not."""
        return self.top / "sources" / f"{path_name(dataset)}.failed.json"

    def plan(self, dataset: str) -> Path:
        """Table of the cells that pass the filters on obs; its row groups are the ranges of rows."""
        return self.top / "plans" / f"{path_name(dataset)}.parquet"

    def units(self, dataset: str) -> Path:
        """Table of a dataset's donors, or of its cells where obs names none, with their ages."""
        return self.top / "units" / f"{path_name(dataset)}.parquet"

    def genes(self, dataset: str) -> Path:
        """Table of a dataset's genes with their symbols."""
        return self.top / "genes" / f"{path_name(dataset)}.parquet"

    def genes_manifest(self, dataset: str) -> Path:
        """What made the table of genes."""
        return self.top / "genes" / f"{path_name(dataset)}.json"

    def spill(self, dataset: str) -> Path:
        """Folder of a CSC matrix sorted by rows, on this machine, while its chunks are built."""
        return CellsLayout(machine_folder(self.root)).top / ".spill" / path_name(dataset)

    @property
    def publications(self) -> Path:
        """Table of the publications of CELLxGENE's datasets."""
        return self.top / "publications.parquet"

    @property
    def publications_manifest(self) -> Path:
        """What made the table of publications."""
        return self.top / "publications.json"

    @property
    def donors(self) -> Path:
        """Table of all donors with their splits."""
        return self.top / "donors.parquet"

    @property
    def donors_manifest(self) -> Path:
        """What made the table of donors."""
        return self.top / "donors.json"

    @property
    def gathered(self) -> Path:
        """What made the tables over all datasets."""
        return self.top / "tables.json"

    def preview(self, split: str | None) -> Path:
        """Some cells of a split, of all datasets."""
        return self.top / "preview" / f"{split or 'all'}.parquet"

    @property
    def chunks(self) -> Path:
        """Index: a row per chunk."""
        return self.top / "chunks.parquet"

    @property
    def dropped(self) -> Path:
        """Counts of cells that were left out, by dataset and reason."""
        return self.top / "dropped.parquet"

    @property
    def vocabulary(self) -> Path:
        """All symbols, with the number of cells that have each."""
        return self.top / "vocabulary.parquet"

    @property
    def summary(self) -> Path:
        """A row per dataset: what became of it."""
        return self.top / "summary.parquet"

    @property
    def fits(self) -> Path:
        """A row per dataset: how well a rank tells expression, as cell2sentence reports it."""
        return self.top / "rank_fits.parquet"
