"""One chromosome, from landmarks to segments to blocks, in one task that a worker process runs.

The whole chromosome is painted before it is cut, so that a peak across a block's edge is intact. A task does only
what its manifests don't already say is done, and never raises: what went wrong is in its outcome.
"""

import hashlib
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from genatator_assets.catalogue.values import SPLITS, Split
from genatator_assets.errors import DamagedError, DatasetError, GenatatorError
from genatator_assets.gene_finding.blocks.along import as_digits, count_n, edges_of
from genatator_assets.gene_finding.blocks.contract import BlockPlace, block_intervals
from genatator_assets.gene_finding.blocks.write import write_block
from genatator_assets.gene_finding.channels import CHANNELS, GROUPS
from genatator_assets.gene_finding.kernels import kernel_values
from genatator_assets.gene_finding.landmarks import Landmarks
from genatator_assets.gene_finding.paint import paint
from genatator_assets.gene_finding.section import BlockWriter, Kernel
from genatator_assets.sources.assembly import discard_copy
from genatator_assets.sources.sequence import SequenceReader, count_nucleotides, local_fasta
from genatator_assets.tracks.runs import STRANDS, Positions
from genatator_assets.tracks.segments import Segments
from genatator_assets.tracks.store import read_segments, write_segments
from genatator_assets.version import __version__
from genatator_assets.work.files import TEMPORARY_SUFFIX, remove_folder, require_own_folder
from genatator_assets.work.layout import Layout, chromosome_key
from genatator_assets.work.made import recorded
from genatator_assets.work.manifest import Manifest, OutputFile, damaged, fingerprint_of, finished, read_manifest
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.tables import FORMAT_VERSION, Provenance


@dataclass(frozen=True)
class Recipe:
    """What decides the content of a chromosome's files, beside the platform's own version."""

    sequence_sha256: str
    annotation_sha256: str
    selection: Mapping[str, Any]
    length: int
    kernel: Kernel
    block_size_bp: int
    block_writer: BlockWriter

    @property
    def targets(self) -> Provenance:
        """What its segments are made from."""
        inputs = {"sequence": self.sequence_sha256, "annotation": self.annotation_sha256}
        kernel = self.kernel.model_dump(mode="json")
        return Provenance(inputs, {"kernel": kernel, "length": self.length, "selection": self.selection})

    @property
    def blocks(self) -> Provenance:
        """What its blocks are made from."""
        own = {"block_size_bp": self.block_size_bp, "block_writer": self.block_writer}
        return Provenance(self.targets.inputs, {**self.targets.parameters, **own})


@dataclass(frozen=True)
class ChromosomeTask:
    """All that a worker needs to know of a chromosome; it names files and holds no open ones. `run_id` is recorded.

    `bases_sha256` is the hash of its bases as they were imported: what is read for its blocks must have it.
    `begins` is only shown, in figures: where the selected transcripts begin, ascending, as often as they do there; None
    if there are to be no figures.
    """

    root: Path
    genome: str
    chrom: str
    split: Split
    recipe: Recipe
    landmarks: Landmarks
    begins: Positions | None
    bases_sha256: str
    with_blocks: bool = True
    run_id: str | None = None

    @property
    def key(self) -> str:
        """Name of the chromosome among all of a dataset."""
        return chromosome_key(self.genome, self.chrom)

    @property
    def length(self) -> int:
        """Size in bp."""
        return self.recipe.length

    @cached_property
    def layout(self) -> Layout:
        """Where its files stand."""
        return Layout(self.root)

    @cached_property
    def targets_fingerprint(self) -> str:
        """Of all that decides the bytes of its segments."""
        return _fingerprint(self.recipe.targets, landmarks=_digest(self.landmarks))

    @cached_property
    def blocks_fingerprint(self) -> str:
        """Of all that decides the bytes of its blocks."""
        return _fingerprint(self.recipe.blocks, targets=self.targets_fingerprint, split=self.split)

    def place(self, start: int, end: int) -> BlockPlace:
        """Where its block [start, end) lies."""
        return BlockPlace(self.genome, self.split, self.chrom, start, end, self.length, self.recipe.block_size_bp)


def build_chromosomes(tasks: Sequence[ChromosomeTask]) -> list[Outcome]:
    """Build each chromosome; a bad one becomes a failed outcome and leaves the others alone."""
    return [_guarded(_build, task) for task in tasks]


def discard_damaged(tasks: Sequence[ChromosomeTask]) -> list[Outcome]:
    """Read every byte that is stored of each chromosome; where they are not those that were written, discard the
    manifest, so that the files are built again. The outcome is `intact`, or `built` where there is building to do."""
    return [_guarded(_discard_damaged, task) for task in tasks]


def intact(task: ChromosomeTask) -> Outcome | None:
    """Return the outcome of a chromosome that needs no work: all its files are there, made by this very task."""
    targets, blocks = _stored_targets(task), _stored_blocks(task)
    if targets is None or (task.with_blocks and blocks is None):
        return None
    return Outcome(task.key, "intact", _facts(task, targets, blocks))


def _guarded(work: Callable[[ChromosomeTask], Outcome], task: ChromosomeTask) -> Outcome:
    try:
        return work(task)
    except GenatatorError as error:
        return Outcome(task.key, "failed", error=str(error))
    except Exception as error:  # noqa: BLE001 - one bad chromosome must not take the others down
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno} in {place.name}"
        return Outcome(task.key, "failed", error=f"{type(error).__name__}: {error} ({where})")


def _build(task: ChromosomeTask) -> Outcome:
    if done := intact(task):
        return done
    targets, blocks, segments = _stored_targets(task), _stored_blocks(task), None
    if targets is None:
        targets, segments = _build_targets(task)
    if task.with_blocks and blocks is None:
        if segments is None:
            segments = read_segments(_segments(task), task.length, CHANNELS)
        blocks = _build_blocks(task, segments)
    return Outcome(task.key, "built", _facts(task, targets, blocks))


def _discard_damaged(task: ChromosomeTask) -> Outcome:
    bad = [path for path in (_targets_manifest(task), _blocks_manifest(task)) if damaged(path, task.root)]
    for path in bad:
        path.unlink()
    return Outcome(task.key, "built" if bad else "intact")


def _facts(task: ChromosomeTask, targets: Manifest, blocks: Manifest | None) -> dict[str, Any]:
    facts: dict[str, Any] = {"targets": dict(targets.facts)}
    if task.with_blocks and blocks is not None:
        size = sum(output.bytes for output in blocks.outputs)
        facts["blocks"] = {
            "blocks": len(blocks.outputs),
            "nt": task.length,
            "bytes": size,
            "n_along": blocks.facts.get("n_along"),
        }
    return facts


def _stored_targets(task: ChromosomeTask) -> Manifest | None:
    return finished(_targets_manifest(task), task.targets_fingerprint, task.root)


def _stored_blocks(task: ChromosomeTask) -> Manifest | None:
    return finished(_blocks_manifest(task), task.blocks_fingerprint, task.root)


def _segments(task: ChromosomeTask) -> Path:
    return task.layout.segments(task.genome, task.chrom)


def _targets_manifest(task: ChromosomeTask) -> Path:
    return task.layout.segments_manifest(task.genome, task.chrom)


def _blocks_manifest(task: ChromosomeTask) -> Path:
    return task.layout.blocks_manifest(task.split, task.genome, task.chrom)


def _build_targets(task: ChromosomeTask) -> tuple[Manifest, Segments]:
    """Paint and store the segments."""
    require_own_folder(_targets_manifest(task).parent, task.layout.targets)
    _targets_manifest(task).unlink(missing_ok=True)
    with recorded(_targets_manifest(task), task.run_id):
        segments = paint(task.landmarks, task.length, kernel_values(task.recipe.kernel))
        measured = write_segments(_segments(task), task.genome, task.chrom, segments, task.recipe.targets)
    outputs = (OutputFile.of(_segments(task), task.root, measured),)
    manifest = Manifest(task.targets_fingerprint, outputs, _target_facts(task.landmarks, segments))
    manifest.write(_targets_manifest(task))
    return manifest, segments


def _build_blocks(task: ChromosomeTask, segments: Segments) -> Manifest:
    """Cut and store the blocks."""
    require_own_folder(_blocks_manifest(task).parent, task.layout.blocks)
    _blocks_manifest(task).unlink(missing_ok=True)
    intervals = block_intervals(task.length, task.recipe.block_size_bp)
    with recorded(_blocks_manifest(task), task.run_id), _sequence_discarded_if_damaged(task):
        bases = SequenceReader(local_fasta(task.layout.sequence(task.genome)), task.chrom)
        written = [_write_block(task, bases.read_to(end), segments, start, end) for start, end in intervals]
        bases.require(task.bases_sha256)
    outputs = tuple(output for output, _, _ in written)
    _remove_stale(task, {task.root / output.path for output in outputs})
    blocks = [{**asdict(output), **facts} for output, facts, _ in written]
    n_along = as_digits(np.sum([n for _, _, n in written], axis=0), edges_of(task.length))
    chromosome = {"genome": task.genome, "chrom": task.chrom, "split": task.split, "chrom_length": task.length}
    made_from = asdict(task.recipe.blocks)
    facts = {"chromosome": chromosome, "blocks": blocks, "n_along": n_along, "made_from": made_from}
    manifest = Manifest(task.blocks_fingerprint, outputs, facts)
    manifest.write(_blocks_manifest(task))
    return manifest


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
) -> tuple[OutputFile, dict[str, Any], Positions]:
    """Cut and store a block; give its file, its facts, and its N in each stretch of the chromosome."""
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
    }
    return OutputFile.of(path, task.root, measured), facts, count_n(dna, start, edges_of(task.length))


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


def _fingerprint(provenance: Provenance, **more: str) -> str:
    versions = {"format": FORMAT_VERSION, "platform": __version__}
    return fingerprint_of({**versions, **asdict(provenance), **more})


def _digest(landmarks: Landmarks) -> str:
    digest = hashlib.sha256()
    for group in GROUPS:
        for strand in STRANDS:
            of_strand = landmarks[group, strand]
            for array in (of_strand.tss, of_strand.polya, of_strand.starts, of_strand.ends):
                digest.update(len(array).to_bytes(8, "little"))
                digest.update(array.astype("<i8").tobytes())
    return digest.hexdigest()


def finished_blocks(layout: Layout, split: Split, genome: str, chrom: str, recipe: Recipe) -> list[dict[str, Any]]:
    """Return the facts of each block of a chromosome; none unless its blocks are finished and made by `recipe`."""
    manifest = read_manifest(layout.blocks_manifest(split, genome, chrom))
    if manifest is None or manifest.facts.get("made_from") != asdict(recipe.blocks):
        return []
    return [{**manifest.facts["chromosome"], **block} for block in manifest.facts["blocks"]]
