"""Cell sentences of a root: Arrow batches of those that are asked for, for PyTorch and for Hugging Face's `datasets`.

Chunks are read one after the other by DuckDB; nothing is loaded whole unless a table is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from genatator_assets.errors import ReadingError, optional_import
from genatator_assets.work.storage import is_remote
from genatator_assets.work.tables import read_table

if TYPE_CHECKING:
    from torch.utils.data import IterableDataset

_BATCH = 1_024


@dataclass(frozen=True)
class CellSentences:
    """Cells of a dataset. Processes may be sent copies: each opens the chunks that it reads by itself.

    `chunks` are paths of files, `where` an SQL condition on their columns, `columns` those that are read, None for all.
    """

    chunks: tuple[str, ...]
    where: str | None = None
    columns: tuple[str, ...] | None = None

    @classmethod
    def of(
        cls, root: Path, split: str | None = None, where: str | None = None, columns: Sequence[str] | None = None
    ) -> CellSentences:
        """Return the cells of a root's split that a condition is true of.

        Raises:
            ReadingError: there are no cells, no such split, or the condition is not SQL on the columns of cells.
        """
        index = root / "cells" / "chunks.parquet"
        if is_remote(root) or not index.is_file():
            raise ReadingError(f"{root} holds no cell sentences on this machine; expected {index}: build them first")
        rows = read_table(index).to_pylist()
        known = sorted({row["split"] for row in rows if row["split"] is not None})
        if split is not None and split not in known:
            raise ReadingError(f"{root}: no cells in the split {split!r}; there are: {', '.join(known) or 'no splits'}")
        paths = tuple(str(root / row["path"]) for row in rows if split in (None, row["split"]))
        found = cls(paths, where, None if columns is None else tuple(columns))
        _ = found.schema  # a wrong condition shows here, not in a worker
        return found

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns that are read; `dataset` is the first."""
        return self._reader(rows=1).schema

    def __len__(self) -> int:
        """Return the number of cells."""
        ((count,),) = self._ask("count(*)").fetchall()
        return int(count)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Go through all cells in the order of the chunks, in batches of some thousand."""
        return self.batches()

    def batches(self, rows: int = _BATCH) -> Iterator[pa.RecordBatch]:
        """Go through all cells in the order of the chunks, `rows` at a time."""
        yield from self._reader(rows)

    def to_table(self) -> pa.Table:
        """Return all cells at once."""
        return self._reader(_BATCH).read_all()

    def share(self, number: int, of: int) -> CellSentences:
        """Return every `of`-th chunk, from `number` on: what one of several workers reads."""
        return replace(self, chunks=self.chunks[number::of])

    def to_torch(self) -> IterableDataset[dict[str, Any]]:
        """Return the cells as an iterable dataset of PyTorch, a dict each; workers share the chunks."""
        with optional_import("torch", "torch", "PyTorch"):
            from torch.utils import data  # noqa: PLC0415 - an extra

        cells = self

        class Cells(data.IterableDataset[dict[str, Any]]):
            def __iter__(self) -> Iterator[dict[str, Any]]:
                worker = data.get_worker_info()
                mine = cells.share(worker.id, worker.num_workers) if worker else cells
                return mine.rows()

        return Cells()

    def to_datasets(self, c2s: bool = False) -> Any:
        """Return the cells as an iterable dataset of Hugging Face's `datasets`, sharded by chunks.

        With `c2s`, `cell_id` is called `cell_name`, as cell2sentence expects.
        """
        with optional_import("datasets", "dev"):
            import datasets  # type: ignore[import-untyped]  # noqa: PLC0415 - an extra

        features = datasets.Features.from_arrow_schema(_named(self.schema, c2s))
        given = {"chunks": list(self.chunks), "cells": [self] * len(self.chunks), "c2s": c2s}
        return datasets.IterableDataset.from_generator(_rows_of, features=features, gen_kwargs=given)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Go through all cells, a dict each."""
        for batch in self.batches():
            yield from batch.to_pylist()

    def _reader(self, rows: int) -> pa.RecordBatchReader:
        wanted = "*" if self.columns is None else ", ".join(_quoted(name) for name in self.columns)
        return self._ask(wanted).to_arrow_reader(rows)

    def _ask(self, wanted: str) -> duckdb.DuckDBPyRelation:
        if not self.chunks:
            raise ReadingError("there are no chunks to read: no cell was kept, or there are more workers than chunks")
        condition = f" where {self.where}" if self.where else ""
        named = "regexp_extract(filename, '/cells/([^/]+)/', 1) as dataset, * exclude (filename)"
        read = "read_parquet(?, union_by_name = true, filename = true, hive_partitioning = false)"
        try:
            connection = duckdb.connect(config={"python_enable_replacements": "false"})
            question = f"select {wanted} from (select {named} from {read}){condition}"
            return connection.sql(question, params=[list(self.chunks)])
        except duckdb.Error as error:
            raise ReadingError(f"these cells can't be read: {error}") from error


def _rows_of(chunks: list[str], cells: list[CellSentences], c2s: bool) -> Iterator[Mapping[str, Any]]:
    for chunk, one in zip(chunks, cells, strict=True):
        for row in replace(one, chunks=(chunk,)).rows():
            yield {("cell_name" if c2s and name == "cell_id" else name): value for name, value in row.items()}


def _named(schema: pa.Schema, c2s: bool) -> pa.Schema:
    names = ["cell_name" if c2s and name == "cell_id" else name for name in schema.names]
    return pa.schema([field.with_name(name) for field, name in zip(schema, names, strict=True)])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
