"""Building cell sentences in the tests' own process."""

from collections.abc import Iterator, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import Stage
from genatator_assets.cells.part import PART
from genatator_assets.cells.section import Cells
from genatator_assets.errors import DatasetError
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.pool import Workers, run_batches


class Inline:
    """Workers that are this process."""

    at_once = 1
    death = BrokenExecutor

    @contextmanager
    def executor(self) -> Iterator[Executor]:
        yield _Inline()


class _Inline(Executor):
    def submit(self, function: Any, /, *given: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(function(*given, **named))
        return future


class OfCells(Catalogue):
    cells: Cells


def section(*files: Path, **keys: Any) -> Cells:
    return Cells.model_validate({"datasets": [{"path": path} for path in files], **keys})


def build(cells: Cells, root: Path, workers: Workers | None = None) -> dict[str, Outcome]:
    """Do all stages, the chunks by `workers`; return each dataset's outcome."""
    datasets: dict[str, Outcome] = {}
    for stage in PART.stages:
        partitioned = stage.partitions is not None
        keys = [file.name for file in cells.files()] if partitioned else [""]
        outcomes = run_stage(stage, cells, root, keys, workers if partitioned else None)
        if partitioned:
            datasets = outcomes
        elif error := outcomes[""].error:
            raise DatasetError(error)
    return datasets


def run_stage(
    stage: Stage, cells: Cells, root: Path, keys: list[str], workers: Workers | None = None
) -> dict[str, Outcome]:
    """Do a stage as orchestration does: what its tasks' units say is finished is left alone."""
    found = stage.tasks(OfCells(dataset="cells", cells=cells), root, keys)
    outcomes = {key: Outcome(key, "failed", error=fault) for key, fault in found.faults.items()}
    for key, task in found.by_key.items():
        if all(unit.finished() for unit in task.units.values()):
            outcomes[key] = Outcome(key, "intact")
        elif stage.pieces is None or stage.join is None:
            (outcomes[key],) = stage.build([task])
        else:
            made = run_batches(workers or Inline(), stage.build, stage.pieces(task)) if stage.pieces(task) else ()
            outcomes[key] = stage.join(task, list(made))
    return outcomes


def cells_of(root: Path, dataset: str) -> pa.Table:
    """All cells of a dataset, of all splits, in the order in which the files lie."""
    paths = sorted((root / "cells" / dataset).rglob("chunk_*.parquet"))
    return pa.concat_tables(pq.read_table(path, partitioning=None) for path in paths)


def contents(folder: Path) -> Mapping[str, bytes]:
    """The bytes of all tables below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}
