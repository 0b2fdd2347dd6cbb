"""One chromosome, from landmarks to segments to blocks, in one task that a worker process runs.

The whole chromosome is painted before it is cut, so that a peak across a block's edge is intact. A task does only
what its manifests don't already say is done, and never raises: what went wrong is in its outcome.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from genatator_assets.catalogue.values import SPLITS, Split
from genatator_assets.errors import DamagedError, DatasetError
from genatator_assets.gene_finding.blocks.contract import BlockPlace, block_intervals
from genatator_assets.gene_finding.blocks.write import write_block
from genatator_assets.gene_finding.channels import CHANNELS, GROUPS
from genatator_assets.gene_finding.kernels import kernel_values
from genatator_assets.gene_finding.landmarks import Landmarks
from genatator_assets.gene_finding.paint import paint
from genatator_assets.gene_finding.section import BlockWriter, Kernel
from genatator_assets.sources.assembly import discard_copy
from genatator_assets.sources.sequence import SequenceReader, count_nucleotides, local_fasta
from genatator_assets.tracks.runs import STRANDS
from genatator_assets.tracks.segments import Segments
from genatator_assets.tracks.store import read_segments, write_segments
from genatator_assets.work.damage import damaged_files
from genatator_assets.work.files import TEMPORARY_SUFFIX, Measured, remove_folder, require_own_folder
from genatator_assets.work.layout import Layout, chromosome_key
from genatator_assets.work.made import recorded
from genatator_assets.work.manifest import Manifest
from genatator_assets.work.outcome import Outcome, guarded
from genatator_assets.work.unit import Provenance, Step, Unit

TARGETS_STEP = Step("targets", 1)
BLOCKS_STEP = Step("blocks", 2)


@dataclass(frozen=True)
class Recipe:
    """What decides the content of a chromosome's files.

    inputs: name -> SHA-256 of each input file of its genome. bases_sha256: of its bases as they were imported; what is
    read for its blocks must have it. selected_sha256: of the selected transcripts on it.
    """

    inputs: Mapping[str, str]
    bases_sha256: str
    selected_sha256: str
    selection: Mapping[str, Any]
    length: int
    split: Split
    kernel: Kernel
    block_size_bp: int
    block_writer: BlockWriter

    @cached_property
    def targets(self) -> Provenance:
        """What its segments are made from."""
        kernel = self.kernel.model_dump(mode="json")
        parameters = {"kernel": kernel, "length": self.length, "selection": self.selection}
        return Provenance({**self.inputs, "transcripts": self.selected_sha256}, parameters, TARGETS_STEP)

    @cached_property
    def blocks(self) -> Provenance:
        """What its blocks are made from."""
        inputs = {**self.targets.inputs, "bases": self.bases_sha256, "targets": self.targets.fingerprint}
        own = {"block_size_bp": self.block_size_bp, "block_writer": self.block_writer, "split": self.split}
        return Provenance(inputs, {**self.targets.parameters, **own}, BLOCKS_STEP)


@dataclass(frozen=True)
class ChromosomeTask:
    """All that a worker needs to know of a chromosome; it names files and holds no open ones. `run_id` is recorded.

    `landmarks` are there where there is something to paint.
    """

    root: Path
    genome: str
    chrom: str
    recipe: Recipe
    landmarks: Landmarks | None = None
    with_blocks: bool = True
    run_id: str | None = None

    @property
    def key(self) -> str:
        """Name of the chromosome among all of a dataset."""
        return chromosome_key(self.genome, self.chrom)

    @property
    def size(self) -> int:
        """Length in bp."""
        return self.recipe.length

    @property
    def split(self) -> Split:
        """The split that it is in."""
        return self.recipe.split

    @cached_property
    def layout(self) -> Layout:
        """Where its files stand."""
        return Layout(self.root)

    @cached_property
    def targets(self) -> Unit:
        """Its segments."""
        return Unit(self.root, self.layout.segments_manifest(self.genome, self.chrom), self.recipe.targets)

    @cached_property
    def blocks(self) -> Unit:
        """Its blocks."""
        return blocks_unit(self.layout, self.genome, self.chrom, self.recipe)

    @property
    def units(self) -> dict[str, Unit]:
        """What it makes, by asset."""
        return {"chromosome_targets": self.targets, **({"blocks": self.blocks} if self.with_blocks else {})}

    def place(self, start: int, end: int) -> BlockPlace:
        """Where its block [start, end) lies."""
        return BlockPlace(self.genome, self.split, self.chrom, start, end, self.size, self.recipe.block_size_bp)


def blocks_unit(layout: Layout, genome: str, chrom: str, recipe: Recipe) -> Unit:
    """Return the blocks of a chromosome as a unit."""
    return Unit(layout.root, layout.blocks_manifest(recipe.split, genome, chrom), recipe.blocks)


def build_chromosomes(tasks: Sequence[ChromosomeTask]) -> list[Outcome]:
    """Build each chromosome; a bad one becomes a failed outcome and leaves the others alone."""
    return [guarded(_build, task) for task in tasks]


def intact(task: ChromosomeTask) -> Outcome | None:
    """Return the outcome of a chromosome that needs no work: all its files are there, made by this very task."""
    targets, blocks = task.targets.finished(), task.blocks.finished()
    if targets is None or (task.with_blocks and blocks is None):
        return None
    return Outcome(task.key, "intact", _facts(task, targets, blocks))


def _build(task: ChromosomeTask) -> Outcome:
    if done := intact(task):
        return done
    targets, blocks, segments = task.targets.finished(), task.blocks.finished(), None
    if targets is None:
        targets, segments = _build_targets(task)
    if task.with_blocks and blocks is None:
        if segments is None:
            segments = _stored_segments(task)
        blocks = _build_blocks(task, segments)
    return Outcome(task.key, "built", _facts(task, targets, blocks))


def _facts(task: ChromosomeTask, targets: Manifest, blocks: Manifest | None) -> dict[str, Any]:
    facts: dict[str, Any] = {"targets": dict(targets.facts)}
    if task.with_blocks and blocks is not None:
        size = sum(output.bytes for output in blocks.outputs)
        n = [(block["end"], block["N"]) for block in blocks.facts["blocks"]]
        facts["blocks"] = {"blocks": len(blocks.outputs), "nt": task.size, "bytes": size, "n": n}
    return facts


def _segments(task: ChromosomeTask) -> Path:
    return task.layout.segments(task.genome, task.chrom)


def _stored_segments(task: ChromosomeTask) -> Segments:
    """Read the segments that are there; if they are damaged, have the next build paint them again."""
    if damaged_files(task.targets.manifest, task.root):
        task.targets.begin()
        raise DatasetError(f"{_segments(task)} is damaged: it is not what was written; the next build paints it again")
    return read_segments(_segments(task), task.size, CHANNELS)


def _build_targets(task: ChromosomeTask) -> tuple[Manifest, Segments]:
    """Paint and store the segments."""
    if task.landmarks is None:
        raise ValueError(f"{task.key} has to be painted, and its task has no landmarks")
    unit = task.targets
    require_own_folder(unit.manifest.parent, task.layout.targets)
    unit.begin()
    with recorded(unit.manifest, task.run_id):
        segments = paint(task.landmarks, task.size, kernel_values(task.recipe.kernel))
        measured = write_segments(_segments(task), task.genome, task.chrom, segments, unit.provenance)
    return unit.finish({_segments(task): measured}, _target_facts(task.landmarks, segments)), segments


def _build_blocks(task: ChromosomeTask, segments: Segments) -> Manifest:
    """Cut and store the blocks."""
    unit = task.blocks
    require_own_folder(unit.manifest.parent, task.layout.blocks)
    unit.begin()
    intervals = block_intervals(task.size, task.recipe.block_size_bp)
    with recorded(unit.manifest, task.run_id), _sequence_discarded_if_damaged(task):
        bases = SequenceReader(local_fasta(task.layout.sequence(task.genome)), task.chrom)
        written = [_write_block(task, bases.read_to(end), segments, start, end) for start, end in intervals]
        bases.require(task.recipe.bases_sha256)
    outputs = {path: measured for path, measured, _ in written}
    _remove_stale(task, set(outputs))
    chromosome = {"genome": task.genome, "chrom": task.chrom, "split": task.split, "chrom_length": task.size}
    blocks = [
        {"path": path.relative_to(task.root).as_posix(), **asdict(measured), **facts}
        for path, measured, facts in written
    ]
    return unit.finish(outputs, {"chromosome": chromosome, "blocks": blocks})


@contextmanager
def _sequence_discarded_if_damaged(task: ChromosomeTask) -> Iterator[None]:
    """Remove the blocks that were cut from a damaged sequence, and have the sequence imported again."""
    try:
        yield
    except DamagedError as error:
        _remove_stale(task, current=set())
        discard_copy(task.layout, task.genome)
        raise DatasetError(f"{error.what}; the next build imports it again") from error


def _write_block(
    task: ChromosomeTask, dna: str, segments: Segments, start: int, end: int
) -> tuple[Path, Measured, dict[str, Any]]:
    """Cut and store a block; return its file and its facts."""
    path = task.layout.block(task.split, task.genome, task.chrom, start)
    measured = write_block(path, dna, segments, task.place(start, end), task.recipe.blocks, task.recipe.block_writer)
    runs = [channel.within(start, end) for channel in segments.runs]
    facts = {
        "start": start,
        "end": end,
        **count_nucleotides(dna),
        "dna_sha256": hashlib.sha256(dna.encode("ascii")).hexdigest(),
        "target_sum": [channel.sum for channel in runs],
        "target_max": [channel.max for channel in runs],
        "target_positive": [channel.positive for channel in runs],
    }
    return path, measured, facts


def _remove_stale(task: ChromosomeTask, current: set[Path]) -> None:
    """Remove this chromosome's blocks of an earlier block size or split, and what killed writers left."""
    for split in SPLITS:
        folder = task.layout.chromosome_blocks(split, task.genome, task.chrom)
        if split != task.split and folder.is_dir():
            remove_folder(folder)
    folder = task.layout.chromosome_blocks(task.split, task.genome, task.chrom)
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.suffix in {".parquet", TEMPORARY_SUFFIX} and path not in current:
            path.unlink()


def _target_facts(landmarks: Landmarks, segments: Segments) -> dict[str, Any]:
    sites = {f"{group} {strand}": landmarks[group, strand] for group in GROUPS for strand in STRANDS}
    return {
        "runs": sum(len(runs.start) for runs in segments.runs),
        "tss_sites": {name: len(of_strand.tss) for name, of_strand in sites.items()},
        "polya_sites": {name: len(of_strand.polya) for name, of_strand in sites.items()},
        "target_sum": {name: runs.sum for name, runs in zip(CHANNELS.names, segments.runs, strict=True)},
    }


def finished_blocks(layout: Layout, genome: str, chrom: str, recipe: Recipe) -> list[dict[str, Any]]:
    """Return the facts of each block of a chromosome; none unless its blocks are finished and made by `recipe`."""
    manifest = blocks_unit(layout, genome, chrom, recipe).finished()
    if manifest is None:
        return []
    return [{**manifest.facts["chromosome"], **block} for block in manifest.facts["blocks"]]
