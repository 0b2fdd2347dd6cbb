"""A chromosome's sketch on disk: its sampled k-mers' hashes, ascending, each once.

Because they ascend, the rows below 2^64 / n are the sketch of the coarser scale n: one file serves every scale.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from genatator_assets.leakage.kmers import Hashes, Kmers
from genatator_assets.leakage.stretches import Stretches
from genatator_assets.tracks.runs import distinct
from genatator_assets.work.layout import Layout, chromosome_key
from genatator_assets.work.made import recorded
from genatator_assets.work.outcome import Outcome, guarded
from genatator_assets.work.tables import read_table, write_table
from genatator_assets.work.unit import Provenance, Step, Unit

STEP = Step("kmer_sketch", 1)

SCHEMA = pa.schema([("hash", pa.uint64()), ("copies", pa.uint8())])
"""A row per distinct hash, ascending; `copies` is how often it occurs on the chromosome, 255 for more."""

_MOST_COPIES = 255

Copies = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class SketchTask:
    """A chromosome to be sketched. `sha256` is of its letters; `unmasked` leaves soft-masked k-mers out.

    `masked_sha256` is of the table of soft-masked runs, where that is asked for. `run_id` is recorded.
    """

    chromosome: Stretches
    sha256: str
    kmers: Kmers
    masked_sha256: str | None = None
    run_id: str | None = None

    @property
    def key(self) -> str:
        """Name of the chromosome among all of a dataset."""
        return chromosome_key(self.chromosome.genome, self.chromosome.chrom)

    @property
    def size(self) -> int:
        """Length in bp."""
        return self.chromosome.length

    @property
    def path(self) -> Path:
        """The sketch."""
        return Layout(self.chromosome.root).sketch(self.chromosome.genome, self.chromosome.chrom)

    @cached_property
    def unit(self) -> Unit:
        """The sketch and all that decides its bytes."""
        inputs = {"sequence": self.sha256} | ({"soft_masked": self.masked_sha256} if self.masked_sha256 else {})
        parameters = {"k": self.kmers.k, "scaled": self.kmers.scaled, "unmasked": self.masked_sha256 is not None}
        return Unit(self.chromosome.root, self.path.with_suffix(".json"), Provenance(inputs, parameters, STEP))

    @property
    def units(self) -> dict[str, Unit]:
        """What it makes, by asset."""
        return {"kmer_sketch": self.unit}


def build_sketches(tasks: Sequence[SketchTask]) -> list[Outcome]:
    """Sketch each chromosome; a bad one becomes a failed outcome and leaves the others alone."""
    return [guarded(_build, task) for task in tasks]


def _build(task: SketchTask) -> Outcome:
    if kept := task.unit.finished():
        return Outcome(task.key, "intact", kept.facts)
    task.unit.begin()
    with recorded(task.unit.manifest, task.run_id):
        hashes, copies = sketch_of(task.chromosome, task.kmers, unmasked=task.masked_sha256 is not None)
        table = pa.table({"hash": hashes, "copies": copies}, SCHEMA)
        measured = write_table(task.path, table, task.unit.provenance, ascending=("hash",))
    facts = {"hashes": len(hashes), "bytes": measured.bytes}
    task.unit.finish({task.path: measured}, facts)
    return Outcome(task.key, "built", facts)


def sketch_of(chromosome: Stretches, kmers: Kmers, unmasked: bool) -> tuple[Hashes, Copies]:
    """Return the distinct hashes of a chromosome, ascending, and how often each occurs."""
    left_out = chromosome.soft_masked() if unmasked else None
    found = [hashes for _, hashes in chromosome.kmers(kmers, left_out)]
    if not found:
        return np.empty(0, np.uint64), np.empty(0, np.uint8)
    hashes, copies = np.unique(np.concatenate(found), return_counts=True)
    return hashes, np.minimum(copies, _MOST_COPIES).astype(np.uint8)


def read_sketch(path: Path) -> tuple[Hashes, Copies]:
    """Read what `build_sketches` stored."""
    table = read_table(path, schema=SCHEMA)
    return table["hash"].to_numpy(), table["copies"].to_numpy()


def union(sketches: Iterable[Hashes]) -> Hashes:
    """Return the distinct hashes of several sketches, ascending."""
    together = list(sketches)
    return distinct(np.concatenate(together)) if together else np.empty(0, np.uint64)
