"""Chunks: ranges of a file's rows become Parquet files of cells with their sentences, one for each split.

A range is a row group of the plan, so its rows and their splits are known before it is read. Ranges are built in any
order by any number of processes and give the same bytes; each reads only its own rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock
from numpy.typing import NDArray

from genatator_assets.cells.genes import Vocabulary
from genatator_assets.cells.outcomes import blaming
from genatator_assets.cells.recipe import ChunkTask, GeneList, Recipe
from genatator_assets.cells.sentences import Ranked, Writer, fault_of, rank
from genatator_assets.cells.survey import Written, columns_of, fault_text
from genatator_assets.cells.symbols import read_genes
from genatator_assets.errors import H5adError
from genatator_assets.sources.h5ad import H5ad, RowSource, open_h5ad
from genatator_assets.sources.h5ad.spill import spill
from genatator_assets.work.files import require_own_folder
from genatator_assets.work.outcome import Outcome, guarded
from genatator_assets.work.tables import TableWriter, readable, table_writer, write_table
from genatator_assets.work.unit import Provenance

ROW_GROUP = 2_048
"""Cells of a row group: with 2,000 genes some 30 MB, which any viewer can load."""

COUNTS = pa.schema([("symbol", pa.string()), ("cells", pa.int64())])
"""How many cells of a range have each symbol, before sentences are cut."""

SORTED_FROM = 2_000_000
"""Values of a CSC matrix from which on it is sorted by rows first; fewer are searched through for each range."""

_ZSTD_LEVEL = 3
_AGES = ("age", "age_months", "age_low", "age_high")


def build_chunks(tasks: Sequence[ChunkTask]) -> list[Outcome]:
    """Build each range; a bad one becomes a failed outcome and leaves the others alone.

    Ranges of one dataset that stand together share the open file and its vocabulary.
    """
    outcomes = []
    for recipe, same in groupby(tasks, key=lambda task: task.recipe):
        with _Shared(recipe) as shared:
            outcomes += [guarded(blaming(shared.build), task) for task in same]
    return outcomes


class _Shared(ExitStack):
    """What the ranges of one dataset share in a process; it is opened for the first range that has to be built."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self._recipe = recipe

    @cached_property
    def _bench(self) -> "_Bench":
        return self.enter_context(_bench(self._recipe))

    def build(self, task: ChunkTask) -> Outcome:
        """Build one range, unless it is."""
        if task.unit.finished():
            return Outcome(task.key, "intact")
        return _build(task, self._bench)


def _build(task: ChunkTask, bench: "_Bench") -> Outcome:
    recipe, unit = task.recipe, task.unit
    require_own_folder(unit.manifest.parent, recipe.root)
    unit.begin()
    symbol_counts = np.zeros(len(bench.vocabulary), np.int64)
    with ExitStack() as stack:
        chunks = {}
        for split, number in task.names.items():
            path = recipe.layout.chunk(recipe.dataset, split, number)
            require_own_folder(path.parent, recipe.root)
            chunks[split] = _Chunk(stack, path, unit.provenance, bench)
        for split, cells in _cells(task, bench, symbol_counts):
            chunks[split].add(cells)
        for chunk in chunks.values():
            chunk.finish()
    written = {path: measured for chunk in chunks.values() for path, measured in chunk.written.items()}
    kept = {str(split): chunk.cells for split, chunk in chunks.items()}
    facts = {
        "cells": kept,
        "empty_sentence": task.cells - sum(kept.values()),
        "bytes": sum(measured.bytes for measured in written.values()),
        "chunks": {path.relative_to(recipe.root).as_posix(): c.cells for c in chunks.values() for path in c.written},
    }
    unit.finish({**written, **_write_counts(task, bench.vocabulary, symbol_counts)}, facts)
    return Outcome(task.key, "built")


def _write_counts(task: ChunkTask, vocabulary: Vocabulary, counts: NDArray[np.int64]) -> Written:
    used = np.flatnonzero(counts).tolist()
    path = task.recipe.layout.counts(task.recipe.dataset, task.number)
    table = pa.table({"symbol": [vocabulary.symbols[number] for number in used], "cells": counts[used]}, COUNTS)
    return {path: write_table(path, table, task.unit.provenance)}


@dataclass(frozen=True)
class _Bench:
    """An open file with all that its rows are made to sentences by. `columns` are those of obs and their names here."""

    recipe: Recipe
    file: H5ad
    rows: RowSource
    vocabulary: Vocabulary
    columns: Mapping[str, str]
    lists: Mapping[str, NDArray[np.bool_]]

    @cached_property
    def writer(self) -> Writer:
        """Joins sentences."""
        return Writer(self.vocabulary)

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns of chunks."""
        word = pa.dictionary(pa.int32(), pa.string())
        obs = [(ours, self.file.obs.column(name, 0, 0).type) for name, ours in self.columns.items()]
        return pa.schema(
            [
                ("cell_id", pa.string()),
                ("cell_sentence", pa.string()),
                *((name, pa.string()) for name in self.lists),
                ("n_genes", pa.int32()),
                *((name, pa.float64()) for name in _AGES),
                *((name, word) for name in ("age_reason", "donor", "split")),
                *obs,
                *((name, word) for name in asdict(self.recipe.publication)),
            ]
        )

    @property
    def settings(self) -> dict[str, Any]:
        """How chunks are written. Their Arrow schema is not stored: `datasets` refuses one with dictionaries, and to
        whoever reads them they are strings."""
        unlike = {"cell_id", "cell_sentence", *self.lists}
        alike = [name for name in self.schema.names if name not in unlike]
        stored = {"use_dictionary": alike, "write_statistics": alike, "store_schema": False}
        return {"compression_level": _ZSTD_LEVEL, **stored}


@contextmanager
def _bench(recipe: Recipe) -> Iterator[_Bench]:
    rules = recipe.sentence
    vocabulary = Vocabulary.of(read_genes(recipe.layout, recipe.dataset)["symbol"].to_pylist(), rules.upper_case)
    lists = {one.column: _in_list(one, vocabulary, rules.upper_case) for one in rules.lists}
    with open_h5ad(recipe.path) as file:
        columns = columns_of(file, [one.name for one in rules.lists])
        yield _Bench(recipe, file, row_source(file, recipe), vocabulary, columns, lists)


def row_source(file: H5ad, recipe: Recipe) -> RowSource:
    """Return what rows are read from: the matrix, or if it is in CSC and large, a copy that is sorted by rows.

    Whoever needs the copy first makes it, and others wait for it.
    """
    matrix, folder = file.matrix(recipe.matrix), recipe.layout.spill(recipe.dataset)
    if matrix.layout != "csc" or matrix.stored < SORTED_FROM:
        return matrix
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        return spill(matrix, folder, recipe.spill_key)


def _in_list(one: GeneList, vocabulary: Vocabulary, upper_case: bool) -> NDArray[np.bool_]:
    """Return which symbols a list names: a text file with a symbol to a line, `#` before comments."""
    lines = (line.partition("#")[0].strip() for line in one.path.read_text(encoding="utf-8").splitlines())
    wanted = {line.upper() if upper_case else line for line in lines if line}
    return np.array([symbol in wanted for symbol in vocabulary.symbols], bool)


def _cells(task: ChunkTask, bench: _Bench, symbol_counts: NDArray[np.int64]) -> Iterator[tuple[str | None, pa.Table]]:
    """Make sentences of a range's rows, piece by piece: the cells of each split that have one, in the file's order.

    How many cells have each symbol is added to `symbol_counts`.
    """
    plan = pq.ParquetFile(readable(task.recipe.layout.plan(task.recipe.dataset))).read_row_group(task.number)
    numbers = plan["row"].to_numpy()
    about, splits, start = _about(task, bench, plan), task.splits(), 0
    for rows in bench.rows.rows(numbers):
        if fault := fault_of(rows.values):
            raise H5adError(fault_text(task.recipe.path, task.recipe.matrix, fault, bench.file.matrices))
        ranked = rank(rows, bench.vocabulary)
        symbol_counts += np.bincount(ranked.symbols, minlength=len(symbol_counts))
        columns = {**_sentences(ranked, bench), **_columns(about.slice(start, len(rows)))}
        cells = pa.table([columns[name] for name in bench.schema.names], bench.schema)
        for split in task.names:
            wanted = splits[split][start : start + len(rows)] & (ranked.counts > 0)
            yield split, cells if wanted.all() else cells.filter(pa.array(wanted))
        start += len(rows)


def _sentences(ranked: Ranked, bench: _Bench) -> dict[str, pa.Array]:
    of_lists = {column: bench.writer.sentences(ranked.only(wanted)) for column, wanted in bench.lists.items()}
    sentence = bench.writer.sentences(ranked.first(bench.recipe.sentence.top_genes))
    return {"cell_sentence": sentence, **of_lists, "n_genes": pa.array(ranked.counts.astype(np.int32))}


def _about(task: ChunkTask, bench: _Bench, plan: pa.Table) -> pa.Table:
    """Return all that is told of a range's cells but their sentences."""
    numbers = plan["row"].to_numpy()
    first, last = int(numbers[0]), int(numbers[-1]) + 1
    inside = None if last - first == len(numbers) else pa.array(numbers - first)

    def of_cells(column: pa.Array) -> pa.Array:
        return column if inside is None else column.take(inside)

    obs = bench.file.obs
    donor = plan["unit"] if task.recipe.has_donors else pa.nulls(len(plan), bench.schema.field("donor").type)
    return pa.table(
        {
            "cell_id": of_cells(obs.index(first, last)),
            **{name: plan[name] for name in (*_AGES, "age_reason")},
            "donor": donor,
            "split": _split_names(task),
            **{ours: of_cells(obs.column(name, first, last)) for name, ours in bench.columns.items()},
            **{name: _same(text, len(plan)) for name, text in asdict(task.recipe.publication).items()},
        }
    )


def _columns(table: pa.Table) -> dict[str, pa.Array]:
    return {name: column.combine_chunks() for name, column in zip(table.column_names, table.columns, strict=True)}


def _split_names(task: ChunkTask) -> pa.Array:
    splits = task.splits()
    if "test" not in splits:
        return _same(None, task.cells)
    return pa.DictionaryArray.from_arrays(pa.array(splits["test"].astype(np.int32)), pa.array(["train", "test"]))


def _same(text: str | None, cells: int) -> pa.Array:
    """Return a column that has the same text in all cells."""
    codes = pa.nulls(cells, pa.int32()) if text is None else pa.array(np.zeros(cells, np.int32))
    return pa.DictionaryArray.from_arrays(codes, pa.array([] if text is None else [text], pa.string()))


class _Chunk:
    """A chunk that is being written, in row groups of equal size; without cells it gets no file."""

    def __init__(self, stack: ExitStack, path: Path, provenance: Provenance, bench: _Bench) -> None:
        self.cells = 0
        self._stack, self._path, self._provenance, self._bench = stack, path, provenance, bench
        self._held: list[pa.Table] = []

    @cached_property
    def _writer(self) -> TableWriter:
        return self._stack.enter_context(
            table_writer(self._path, self._bench.schema, self._provenance, **self._bench.settings)
        )

    def add(self, cells: pa.Table) -> None:
        """Append cells."""
        self.cells += len(cells)
        self._held.append(cells)
        while sum(map(len, self._held)) >= ROW_GROUP:
            together = pa.concat_tables(self._held)
            self._write(together.slice(0, ROW_GROUP))
            self._held = [together.slice(ROW_GROUP)]

    def finish(self) -> None:
        """Write what is left."""
        if sum(map(len, self._held)):
            self._write(pa.concat_tables(self._held))

    def _write(self, cells: pa.Table) -> None:
        self._writer.write(cells, ROW_GROUP)

    @property
    def written(self) -> Written:
        """The file, once it is whole."""
        return {self._path: self._writer.measured} if self.cells else {}
