"""A dataset of cells: the ranges of rows that it is built in, and one manifest for all of its chunks."""

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from genatator_assets.cells.chunks import row_source
from genatator_assets.cells.fits import RankFit, rank_fit
from genatator_assets.cells.genes import Vocabulary
from genatator_assets.cells.layout import CellsLayout
from genatator_assets.cells.outcomes import INPUT, note, noted
from genatator_assets.cells.recipe import ChunkTask, Recipe
from genatator_assets.cells.symbols import read_genes
from genatator_assets.errors import DatasetError
from genatator_assets.sources.h5ad import open_h5ad
from genatator_assets.work.files import Measured, remove_folder, require_own_folder
from genatator_assets.work.made import recorded
from genatator_assets.work.manifest import Manifest
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.tables import readable
from genatator_assets.work.unit import Provenance, Step, Unit

STEP = Step("cell_dataset", 1)
ASSET = "cell_chunks"

_FITTED_BLOCKS, _FITTED_CELLS = 10, 50


@dataclass(frozen=True)
class DatasetTask:
    """A dataset and its ranges; `dropped` counts its cells by the filters on obs."""

    recipe: Recipe
    ranges: tuple[ChunkTask, ...]
    cells: int
    dropped: Mapping[str, int]
    run_id: str | None = None

    @property
    def key(self) -> str:
        """Name of the dataset."""
        return self.recipe.dataset

    @property
    def size(self) -> int:
        """About how many values are read."""
        return sum(one.size for one in self.ranges)

    @cached_property
    def units(self) -> dict[str, Unit]:
        """All of its chunks together."""
        ranges = {f"range_{one.number:04d}": one.unit.fingerprint for one in self.ranges}
        parameters = {**self.recipe.parameters, "cells": self.cells, "dropped": dict(self.dropped)}
        provenance = Provenance({**self.recipe.made_from, **ranges}, parameters, STEP)
        return {ASSET: Unit(self.recipe.root, self.recipe.layout.manifest(self.key), provenance)}


def join(task: DatasetTask, outcomes: Sequence[Outcome]) -> Outcome:
    """Make a dataset whole when all of its ranges have been built; or tell why it is not.

    Where the file is at fault, none of its chunks are kept.
    """
    layout, failed = task.recipe.layout, sorted((one for one in outcomes if one.error), key=lambda one: one.key)
    if not failed:
        return noted(_join, task, layout, task.key, "chunks")
    if any(outcome.facts.get(INPUT) for outcome in failed):
        for folder in (layout.dataset(task.key), layout.counts(task.key, 0).parent):
            if folder.is_dir():
                remove_folder(folder)
    more = f" (and {len(failed) - 1} more of its ranges)" if len(failed) > 1 else ""
    outcome = Outcome(task.key, "failed", failed[0].facts, f"{failed[0].error}{more}", failed[0].traceback)
    note(outcome, layout, task.key, "chunks")
    return outcome


def _join(task: DatasetTask) -> Outcome:
    unit, layout = task.units[ASSET], task.recipe.layout
    if unit.finished():
        return Outcome(task.key, "intact")
    require_own_folder(unit.manifest.parent, task.recipe.root)
    unit.begin()
    with recorded(unit.manifest, task.run_id):
        parts = [_finished(one) for one in task.ranges]
        outputs = {
            task.recipe.root / output.path: Measured(output.bytes, output.sha256)
            for part in parts
            for output in part.outputs
        }
        _remove_others(layout, task.key, {*outputs, *(one.unit.manifest for one in task.ranges)})
        facts = _facts(task, parts)
    unit.finish(outputs, facts)
    shutil.rmtree(layout.spill(task.key), ignore_errors=True)
    layout.spill(task.key).with_suffix(".lock").unlink(missing_ok=True)
    return Outcome(task.key, "built")


def _finished(one: ChunkTask) -> Manifest:
    part = one.unit.finished()
    if part is None:
        raise DatasetError(f"{one.unit.manifest}: the chunks of this range are not there; build the dataset again")
    return part


def _facts(task: DatasetTask, parts: Sequence[Manifest]) -> dict[str, Any]:
    dropped, kept = Counter(dict(task.dropped)), Counter[str]()
    for part in parts:
        kept.update(part.facts["cells"])
        dropped.update({"empty_sentence": part.facts["empty_sentence"]})
    fit = _fit(task.recipe) if kept else None
    return {
        "cells": task.cells,
        "kept": dict(kept),
        "dropped": {reason: count for reason, count in sorted(dropped.items()) if count},
        "chunks": {path: cells for part in parts for path, cells in part.facts["chunks"].items()},
        "bytes": sum(part.facts["bytes"] for part in parts),
        "publication": asdict(task.recipe.publication),
        "rank_fit": asdict(fit) if fit else None,
    }


def _fit(recipe: Recipe) -> RankFit | None:
    """Fit some blocks of cells, spread over the file."""
    rows = pq.read_table(readable(recipe.layout.plan(recipe.dataset)), columns=["row"])["row"].to_numpy()
    begins = np.linspace(0, max(0, len(rows) - _FITTED_CELLS), _FITTED_BLOCKS).astype(np.int64)
    places = np.unique(begins[:, np.newaxis] + np.arange(_FITTED_CELLS))
    chosen = rows[places[places < len(rows)]]
    vocabulary = Vocabulary.of(read_genes(recipe.layout, recipe.dataset)["symbol"].to_pylist())
    with open_h5ad(recipe.path) as file:
        return rank_fit(row_source(file, recipe).rows(chosen), vocabulary)


def _remove_others(layout: CellsLayout, dataset: str, ours: set[Path]) -> None:
    """Remove the chunks of an earlier build that cut or split otherwise."""
    folder = layout.dataset(dataset)
    counts = layout.counts(dataset, 0).parent
    chunks = [*folder.glob("chunk_*.parquet"), *folder.glob("*/chunk_*.parquet"), *counts.glob("*.parquet")]
    for path in [*chunks, *folder.glob("manifests/*.json")]:
        if path not in ours:
            path.unlink()
    for split in folder.glob("*/"):
        if not any(split.iterdir()):
            split.rmdir()
