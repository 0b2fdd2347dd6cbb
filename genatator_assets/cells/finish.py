"""What comes before and after a dataset's chunks: sorting a CSC matrix by rows, and one manifest for all chunks."""

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from genatator_assets.cells import fits
from genatator_assets.cells.chunks import row_source
from genatator_assets.cells.genes import Vocabulary
from genatator_assets.cells.layout import CellsLayout
from genatator_assets.cells.outcomes import guarded
from genatator_assets.cells.recipe import ChunkTask, Recipe
from genatator_assets.cells.symbols import read_genes
from genatator_assets.errors import DatasetError
from genatator_assets.sources.h5ad import open_h5ad
from genatator_assets.sources.h5ad.spill import spill
from genatator_assets.work.files import require_own_folder
from genatator_assets.work.made import recorded
from genatator_assets.work.manifest import Manifest, fingerprint_of, finished
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.tables import readable

_FITTED_BLOCKS, _FITTED_CELLS = 10, 50


def sort_by_rows(recipes: Sequence[Recipe]) -> list[Outcome]:
    """Write a copy of each CSC matrix that is sorted by rows, which its ranges are then read from."""
    return [guarded(_sort, recipe) for recipe in recipes]


def _sort(recipe: Recipe) -> Outcome:
    with open_h5ad(recipe.path) as file:
        spill(file.matrix(recipe.matrix), recipe.layout.spill(recipe.dataset), recipe.spill_key)
    return Outcome(recipe.key, "built")


@dataclass(frozen=True)
class DatasetTask:
    """A dataset and the fingerprints of all its ranges, in order; `dropped` counts cells by the filters on obs."""

    recipe: Recipe
    ranges: tuple[str, ...]
    cells: int
    dropped: tuple[tuple[str, int], ...]
    run_id: str | None = None

    @property
    def key(self) -> str:
        """Name of the dataset."""
        return self.recipe.dataset

    @property
    def length(self) -> int:
        """Cells in the file."""
        return self.cells

    @property
    def fingerprint(self) -> str:
        """Of all that decides the bytes of its chunks, and of what is reported of them."""
        steps = {"fits": fits.STEP}
        made_from = {**self.recipe.made_from, **self.recipe.recorded}
        return fingerprint_of({**made_from, "ranges": self.ranges, "dropped": self.dropped, "also": steps})


def whole(task: DatasetTask) -> Outcome | None:
    """Return the outcome of a dataset that needs no work: all of its chunks are there."""
    manifest = finished(task.recipe.layout.manifest(task.key), task.fingerprint, task.recipe.root)
    return Outcome(task.key, "intact", manifest.facts) if manifest else None


def dataset_task(recipe: Recipe, ranges: Sequence[ChunkTask], cells: int, dropped: dict[str, int]) -> DatasetTask:
    """Return the task that gathers ranges of a dataset."""
    return DatasetTask(recipe, tuple(one.fingerprint for one in ranges), cells, tuple(sorted(dropped.items())))


def finish_datasets(tasks: Sequence[DatasetTask]) -> list[Outcome]:
    """Gather the ranges of each dataset, all of which must be built; remove what is of an earlier build."""
    return [guarded(_finish, task) for task in tasks]


def _finish(task: DatasetTask) -> Outcome:
    recipe, layout = task.recipe, task.recipe.layout
    place = layout.manifest(task.key)
    if done := whole(task):
        return done
    require_own_folder(place.parent, recipe.root)
    place.unlink(missing_ok=True)
    with recorded(place, task.run_id):
        parts = [_range(task, number) for number in range(len(task.ranges))]
        outputs = tuple(output for part in parts for output in part.outputs)
        _remove_others(layout, task.key, {recipe.root / output.path for output in outputs}, len(parts))
        facts = _facts(task, parts)
        Manifest(task.fingerprint, outputs, facts).write(place)
    shutil.rmtree(layout.spill(task.key), ignore_errors=True)
    return Outcome(task.key, "built", facts)


def _range(task: DatasetTask, number: int) -> Manifest:
    place = task.recipe.layout.chunk_manifest(task.key, number)
    part = finished(place, task.ranges[number], task.recipe.root)
    if part is None:
        raise DatasetError(f"{place}: the chunks of this range are not there; build dataset {task.key} again")
    return part


def _facts(task: DatasetTask, parts: Sequence[Manifest]) -> dict[str, Any]:
    dropped, kept = Counter(dict(task.dropped)), Counter[str]()
    for part in parts:
        kept.update(part.facts["cells"])
        dropped.update({"empty_sentence": part.facts["empty_sentence"]})
    fit = _fit(task.recipe) if parts else None
    return {
        "cells": task.cells,
        "kept": dict(kept),
        "dropped": {reason: count for reason, count in sorted(dropped.items()) if count},
        "chunks": {path: cells for part in parts for path, cells in part.facts["chunks"].items()},
        "bytes": sum(part.facts["bytes"] for part in parts),
        "publication": asdict(task.recipe.publication),
        "rank_fit": asdict(fit) if fit else None,
    }


def _fit(recipe: Recipe) -> fits.RankFit | None:
    """Fit some blocks of cells, spread over the file."""
    rows = pq.read_table(readable(recipe.layout.plan(recipe.dataset)), columns=["row"])["row"].to_numpy()
    begins = np.linspace(0, max(0, len(rows) - _FITTED_CELLS), _FITTED_BLOCKS).astype(np.int64)
    places = np.unique(begins[:, np.newaxis] + np.arange(_FITTED_CELLS))
    chosen = rows[places[places < len(rows)]]
    vocabulary = Vocabulary.of(read_genes(recipe.layout, recipe.dataset)["symbol"].to_pylist())
    with open_h5ad(recipe.path) as file:
        return fits.rank_fit(row_source(file, recipe).rows(chosen), vocabulary)


def _remove_others(layout: CellsLayout, dataset: str, ours: set[Path], ranges: int) -> None:
    """Remove the chunks of an earlier build that cut or split otherwise."""
    folder = layout.dataset(dataset)
    chunks = [*folder.glob("chunk_*.parquet"), *folder.glob("*/chunk_*.parquet")]
    manifests = {layout.chunk_manifest(dataset, number) for number in range(ranges)}
    for path in [*chunks, *layout.counts(dataset, 0).parent.glob("*.parquet")]:
        if path not in ours:
            path.unlink()
    for path in folder.glob("manifests/*.json"):
        if path not in manifests:
            path.unlink()
    for split in folder.glob("*/"):
        if not any(split.iterdir()):
            split.rmdir()
