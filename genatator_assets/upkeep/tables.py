"""Whether the tables of a dataset, and the release in its root, are of the blocks that there are now."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from genatator_assets.errors import DatasetError
from genatator_assets.gene_finding import index, statistics
from genatator_assets.gene_finding.statistics import TABLES
from genatator_assets.release.names import INDEX
from genatator_assets.work.files import sha256_of_file
from genatator_assets.work.layout import Layout
from genatator_assets.work.manifest import read_manifest
from genatator_assets.work.tables import provenance_of, read_table
from genatator_assets.work.unit import Step, Unit

Current = Literal["current", "out of date", "missing"]


def index_state(layout: Layout, blocks: Iterable[Unit]) -> Current:
    """Return whether the index lists the blocks of these intact units, by path and hash, and no others."""
    if not layout.index.is_file():
        return "missing"
    stored = {
        (output.path, output.sha256)
        for unit in blocks
        if (manifest := read_manifest(unit.manifest))
        for output in manifest.outputs
    }
    return _current(_is_of(layout.index, index.STEP) and _rows(layout.index, "path", "sha256") == stored)


def statistics_state(layout: Layout) -> Current:
    """Return whether all tables of the card were computed from the index as it is."""
    tables = [layout.statistics(name) for name in TABLES]
    if not layout.index.is_file() or not all(table.is_file() for table in tables):
        return "missing"
    listed = sha256_of_file(layout.index)
    return _current(all(_is_of(table, statistics.STEP, index=listed) for table in tables))


def release_state(layout: Layout) -> Current:
    """Return whether the release in the root has the blocks that the index lists."""
    released = layout.release / INDEX
    if not released.is_file():
        return "missing"
    block = ("genome", "chrom", "start", "end", "sha256")
    return _current(layout.index.is_file() and _rows(released, *block) == _rows(layout.index, *block))


def _is_of(table: Path, step: Step, **inputs: str) -> bool:
    """Return whether a table says that this step made it, of these inputs."""
    try:
        said = provenance_of(table)
    except DatasetError:
        return False
    return said.step == step and inputs.items() <= said.inputs.items()


def _rows(table: Path, *columns: str) -> set[tuple[object, ...]]:
    try:
        read = read_table(table, columns=list(columns))
    except DatasetError:  # damaged: then it is of nothing
        return set()
    return set(zip(*(read[column].to_pylist() for column in columns), strict=True))


def _current(same: bool) -> Current:
    return "current" if same else "out of date"
