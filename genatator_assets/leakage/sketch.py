"""Sketches on disk, one a chromosome: its sampled k-mers' hashes, ascending, each once.

Because they ascend, the rows below 2^64 / n are the sketch of the coarser scale n: one file serves every scale.
"""

import hashlib
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
from genatator_assets.work.files import Measured, canonical_json
from genatator_assets.work.layout import Layout
from genatator_assets.work.made import recorded
from genatator_assets.work.outcome import Outcome, guarded
from genatator_assets.work.tables import read_table, write_table
from genatator_assets.work.unit import Provenance, Step, Unit

STEP = Step("kmer_sketches", 1)

SCHEMA = pa.schema([("hash", pa.uint64()), ("copies", pa.uint8())])
"""A row per distinct hash, ascending; `copies` is how often it occurs on the chromosome, 255 for more."""

_MOST_COPIES = 255

Copies = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class SketchTask:
    """A genome whose chromosomes are sketched; `sha256` are the hashes of their letters, in their order.

    `masked_sha256` is of the table of soft-masked runs, where soft-masked k-mers are left out. `run_id` is recorded.
    """

    root: Path
    genome: str
    chromosomes: tuple[Stretches, ...]
    sha256: tuple[str, ...]
    kmers: Kmers
    masked_sha256: str | None = None
    run_id: str | None = None

    @property
    def key(self) -> str:
        """Name of the genome."""
        return self.genome

    @property
    def size(self) -> int:
        """Length of its chromosomes in bp."""
        return sum(one.length for one in self.chromosomes)

    @cached_property
    def unit(self) -> Unit:
        """The sketches and all that decides their bytes."""
        sequences = [[one.chrom, sha256] for one, sha256 in zip(self.chromosomes, self.sha256, strict=True)]
        inputs = {"sequences": hashlib.sha256(canonical_json(sequences).encode()).hexdigest()}
        if self.masked_sha256:
            inputs["soft_masked"] = self.masked_sha256
        parameters = {"k": self.kmers.k, "scaled": self.kmers.scaled}
        return Unit(self.root, Layout(self.root).sketches(self.genome), Provenance(inputs, parameters, STEP))

    @property
    def units(self) -> dict[str, Unit]:
        """What it makes, by asset."""
        return {"kmer_sketches": self.unit}


def build_sketches(tasks: Sequence[SketchTask]) -> list[Outcome]:
    """Sketch each genome; a bad one becomes a failed outcome and leaves the others alone."""
    return [guarded(_build, task) for task in tasks]


def _build(task: SketchTask) -> Outcome:
    if task.unit.finished():
        return Outcome(task.key, "intact")
    task.unit.begin()
    written: dict[Path, Measured] = {}
    hashes = 0
    with recorded(task.unit.manifest, task.run_id):
        for one, sha256 in zip(task.chromosomes, task.sha256, strict=True):
            found, copies = sketch_of(one, task.kmers, unmasked=task.masked_sha256 is not None)
            inputs = {"sequence": sha256} | ({"soft_masked": task.masked_sha256} if task.masked_sha256 else {})
            path = Layout(task.root).sketch(one.genome, one.chrom)
            table = pa.table({"hash": found, "copies": copies}, SCHEMA)
            made_from = Provenance(inputs, task.unit.provenance.parameters, STEP)
            written[path] = write_table(path, table, made_from, ascending=("hash",))
            hashes += len(found)
    task.unit.finish(written, {"hashes": hashes, "chromosomes": len(written)})
    return Outcome(task.key, "built")


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
