"""Building cell sentences in the tests' own process."""

from collections.abc import Iterator, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from genatator_assets.cells.build import CellsBuild
from genatator_assets.cells.gather import gather
from genatator_assets.cells.section import Cells
from genatator_assets.sources.fetch import Cache
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.pool import Workers


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


def section(*files: Path, **keys: Any) -> Cells:
    return Cells.model_validate({"datasets": [{"path": path} for path in files], **keys})


def build(cells: Cells, root: Path, workers: Workers | None = None, cache: Cache | None = None) -> dict[str, Outcome]:
    """Do all steps, the chunks by `workers`; return each dataset's outcome, of the step that failed or of the last."""
    made, here, cache = CellsBuild(cells, root), Inline(), cache or Cache()
    names = list(made.files)
    outcomes = {outcome.key: outcome for outcome in made.survey(names, here, cache)}
    good = [name for name in names if not outcomes[name].error]
    outcomes |= {outcome.key: outcome for outcome in made.name_genes(good, here)}
    made.write_publications(cache)
    made.write_donors()
    good = [name for name in names if not outcomes[name].error]
    outcomes |= {outcome.key: outcome for outcome in made.build_chunks(good, workers or here)}
    gather(names, made.layout)
    return outcomes


def cells_of(root: Path, dataset: str) -> pa.Table:
    """All cells of a dataset, of all splits, in the order in which the files lie."""
    paths = sorted((root / "cells" / dataset).rglob("chunk_*.parquet"))
    return pa.concat_tables(pq.read_table(path, partitioning=None) for path in paths)


def contents(folder: Path, suffixes: tuple[str, ...] = (".parquet",)) -> Mapping[str, bytes]:
    """The bytes of all files of some kind below a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.suffix in suffixes}
