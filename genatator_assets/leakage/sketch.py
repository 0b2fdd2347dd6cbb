"""A chromosome's sketch on disk: its sampled k-mers' hashes, ascending, each once.

Because they ascend, the rows below 2^64 / n are the sketch of the coarser scale n: one file serves every scale.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from genatator_assets.leakage.kmers import Hashes, Kmers
from genatator_assets.leakage.stretches import Stretches
from genatator_assets.tracks.runs import distinct
from genatator_assets.work.layout import Layout, chromosome_key
from genatator_assets.work.made import recorded
from genatator_assets.work.manifest import Manifest, OutputFile, fingerprint_of, finished
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.tables import Provenance, read_table, write_table

STEP = 1
"""Raised when the same sequence is to give another sketch."""

SCHEMA = pa.schema([("hash", pa.uint64()), ("copies", pa.uint8())])
"""A row per distinct hash, ascending; `copies` is how often it occurs on the chromosome, 255 for more."""

_MOST_COPIES = 255

Copies = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class SketchTask:
    """A chromosome to be sketched. `sha256` is of its letters; `unmasked` leaves soft-masked k-mers out.

    `masked_sha256` is of the table of soft-masked runs, where that is asked for.
    """

    root: Path
    genome: str
    chrom: str
    length: int
    sha256: str
    kmers: Kmers
    unmasked: bool = False
    masked_sha256: str | None = None
    run_id: str | None = None

    @property
    def key(self) -> str:
        """Name of the chromosome among all of a dataset."""
        return chromosome_key(self.genome, self.chrom)

    @property
    def provenance(self) -> Provenance:
        """What the sketch is made from."""
        inputs = {"sequence": self.sha256} | ({"soft_masked": self.masked_sha256} if self.masked_sha256 else {})
        parameters = {"k": self.kmers.k, "scaled": self.kmers.scaled, "unmasked": self.unmasked}
        return Provenance(inputs, parameters)

    @property
    def fingerprint(self) -> str:
        """Of all that decides the file's bytes."""
        return fingerprint_of(
            {"step": STEP, "inputs": dict(self.provenance.inputs), "parameters": dict(self.provenance.parameters)}
        )

    @property
    def path(self) -> Path:
        """The sketch."""
        return Layout(self.root).sketch(self.genome, self.chrom)

    @property
    def manifest(self) -> Path:
        """What made it."""
        return self.path.with_suffix(".json")


def build_sketches(tasks: Sequence[SketchTask]) -> list[Outcome]:
    """Sketch each chromosome; a bad one becomes a failed outcome and leaves the others alone."""
    return [guarded(_build, task) for task in tasks]


def _build(task: SketchTask) -> Outcome:
    if kept := finished(task.manifest, task.fingerprint, task.root):
        return Outcome(task.key, "intact", kept.facts)
    task.manifest.unlink(missing_ok=True)
    with recorded(task.manifest, task.run_id):
        hashes, copies = sketch_of(task)
        table = pa.table({"hash": hashes, "copies": copies}, SCHEMA)
        measured = write_table(task.path, table, task.provenance, ascending=("hash",))
    outputs = (OutputFile.of(task.path, task.root, measured),)
    facts: dict[str, Any] = {"hashes": len(hashes), "bytes": measured.bytes}
    Manifest(task.fingerprint, outputs, facts).write(task.manifest)
    return Outcome(task.key, "built", facts)


def sketch_of(task: SketchTask) -> tuple[Hashes, Copies]:
    """Return the distinct hashes of a chromosome, ascending, and how often each occurs."""
    chromosome = Stretches(task.root, task.genome, task.chrom, task.length)
    left_out = chromosome.soft_masked() if task.unmasked else None
    found = [hashes for _, hashes in chromosome.kmers(task.kmers, left_out)]
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
