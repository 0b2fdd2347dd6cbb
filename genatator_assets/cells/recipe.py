"""What is to be built: ranges of a file's rows, and all that decides the chunks that come of them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from genatator_assets.cells.layout import CellsLayout
from genatator_assets.cells.publications import Publication
from genatator_assets.cells.split import held_out_units
from genatator_assets.cells.survey import Surveyed
from genatator_assets.work.tables import readable
from genatator_assets.work.unit import Provenance, Step, Unit

STEP = Step("cell_chunks", 1)


@dataclass(frozen=True)
class GeneList:
    """A list of symbols, of which an additional sentence is made: a text file with one to a line."""

    name: str
    path: Path
    sha256: str

    @property
    def column(self) -> str:
        """The column of its sentences."""
        return f"cell_sentence_{self.name}"


@dataclass(frozen=True)
class SentenceRules:
    """How sentences are made."""

    top_genes: int
    upper_case: bool
    lists: tuple[GeneList, ...]

    @property
    def recorded(self) -> dict[str, Any]:
        """What decides the sentences, for fingerprints."""
        lists = {one.name: one.sha256 for one in self.lists}
        return {"top_genes": self.top_genes, "upper_case": self.upper_case, "lists": lists}


@dataclass(frozen=True)
class Recipe:
    """What all chunks of a dataset have in common: the file, its genes, and what is written of them.

    `made_from` are the hash of the file and the fingerprints of its plan and its genes, by `source`, `plan`, `genes`.
    `stored_per_cell` is how many values the matrix has for a cell on average.
    """

    root: Path
    dataset: str
    path: Path
    matrix: str
    made_from: Mapping[str, str]
    sentence: SentenceRules
    publication: Publication
    has_donors: bool
    stored_per_cell: float

    @property
    def layout(self) -> CellsLayout:
        """Where its files stand."""
        return CellsLayout(self.root)

    @property
    def parameters(self) -> dict[str, Any]:
        """What decides the chunks, beside what they are made from."""
        return {
            "matrix": self.matrix,
            "sentence": self.sentence.recorded,
            "publication": asdict(self.publication),
        }

    @property
    def spill_key(self) -> str:
        """What a copy of its matrix that is sorted by rows must have been made from."""
        return f"{self.made_from['source']} {self.matrix}"


@dataclass(frozen=True)
class ChunkTask:
    """A range of rows: row group `number` of the plan, with `cells` planned cells.

    `test` are bits, which of them are held out; None where nothing is split. `names` are the numbers of the chunks that
    they go to, by split (None where there is none).
    """

    recipe: Recipe
    number: int
    cells: int
    test: bytes | None
    names: Mapping[str | None, int]

    @property
    def key(self) -> str:
        """Name of the range among all."""
        return f"{self.recipe.dataset}/{self.number:04d}"

    @property
    def size(self) -> int:
        """About how many values are read."""
        return round(self.cells * self.recipe.stored_per_cell)

    @cached_property
    def unit(self) -> Unit:
        """Its chunks."""
        names = {str(split): number for split, number in self.names.items()}
        own = {"range": self.number, "test": self.test and self.test.hex(), "chunks": names}
        provenance = Provenance(self.recipe.made_from, {**self.recipe.parameters, **own}, STEP)
        manifest = self.recipe.layout.chunk_manifest(self.recipe.dataset, self.number)
        return Unit(self.recipe.root, manifest, provenance)

    def splits(self) -> dict[str | None, NDArray[np.bool_]]:
        """Return which of the cells go to which split."""
        if self.test is None:
            return {None: np.ones(self.cells, bool)}
        test = np.unpackbits(np.frombuffer(self.test, np.uint8), count=self.cells).astype(bool)
        return {"train": ~test, "test": test}


def chunk_tasks(recipe: Recipe, surveyed: Surveyed, split: bool) -> list[ChunkTask]:
    """Return the tasks of a dataset: which of its cells are held out is read from the tables of plan and donors."""
    if surveyed.planned == 0:
        return []
    plan = pq.ParquetFile(readable(recipe.layout.plan(recipe.dataset)))
    held_out = held_out_units(recipe.layout, recipe.dataset) if split else None
    tasks: list[ChunkTask] = []
    names: dict[str | None, int] = {}
    for number in range(plan.num_row_groups):
        units = plan.read_row_group(number, columns=["unit"])["unit"].combine_chunks()
        test = None if held_out is None else _among(units, held_out)
        task = ChunkTask(recipe, number, len(units), None if test is None else np.packbits(test).tobytes(), {})
        used = {name: names.get(name, 0) for name, cells in task.splits().items() if cells.any()}
        names |= {name: count + 1 for name, count in used.items()}
        tasks.append(replace(task, names=used))
    return tasks


def _among(units: pa.Array, wanted: pa.Array) -> NDArray[np.bool_]:
    """Return which units are among those that are wanted; null is not."""
    if pa.types.is_dictionary(units.type):
        found = pc.is_in(units.dictionary, wanted).take(units.indices)
    else:
        found = pc.is_in(units, wanted)
    among: NDArray[np.bool_] = found.fill_null(False).to_numpy(zero_copy_only=False)
    return among
