"""Segmentation datasets built without Dagster, for tests."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from conftest import data_folder

from genatator_assets.annotation.transcripts import select_isoforms
from genatator_assets.catalogue import Catalogue
from genatator_assets.parts import load_catalogue
from genatator_assets.segmentation.build import build_genomes, tasks_of
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.work.layout import Layout
from genatator_assets.work.outcome import Outcome

FIXTURES = data_folder().parent / "fixtures" / "segmentation"
CHANNELS = ("5UTR", "exon", "intron", "3UTR", "CDS")


def fixture(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text())


def segmented(folder: Path, text: str) -> tuple[Catalogue, Path, list[Outcome]]:
    """Build a catalogue's rows in `folder`/root."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "catalogue.yaml").write_text(text)
    catalogue, layout = load_catalogue(folder / "catalogue.yaml"), Layout(folder / "root")
    for genome in catalogue.genomes:
        import_assembly(catalogue, genome, layout)
        select_isoforms(catalogue, genome, layout)
    return catalogue, layout.root, again(catalogue, layout.root)


def again(catalogue: Catalogue, root: Path) -> list[Outcome]:
    tasks = tasks_of(catalogue, root, catalogue.annotated_genomes)
    assert not tasks.faults, tasks.faults
    return build_genomes(list(tasks.by_key.values()))


def rows_of(root: Path, config: str = "default") -> dict[tuple[str, str], dict[str, Any]]:
    """All rows of a config, by genome and transcript: dna, labels uint8 [L, 5], metadata, status, split."""
    found = {}
    for path in sorted((root / "segmentation" / config).glob("*/*.parquet")):
        table = pq.ParquetFile(path).read()
        for place, row in enumerate(table.select(["dna_sequence", "metadata", "status"]).to_pylist()):
            labels = table["labels"][place].values.flatten().to_numpy().reshape(-1, 5).astype(np.uint8)
            name, _, _, _, genome = row["metadata"].split("|")[:5]
            found[genome, name] = {**row, "labels": labels, "split": path.parent.name}
    return found


def runs(column: np.ndarray) -> list[list[int]]:
    """The runs of ones of a channel, by looking at each base."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], column, [0]])))
    return edges.reshape(-1, 2).tolist()
