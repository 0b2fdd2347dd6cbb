"""A set on one chromosome: a task that a worker runs, from the tables of the annotation to runs and blocks."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from genatator_assets.annotation.transcripts import is_ready, read_summary
from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import Tasks
from genatator_assets.catalogue.values import SPLITS
from genatator_assets.errors import DatasetError, GenatatorError
from genatator_assets.gene_finding.blocks.contract import BlockPlace, block_intervals
from genatator_assets.gene_finding.blocks.encode import encode_small
from genatator_assets.gene_finding.channel_sets.contract import SetPlace, schema_of
from genatator_assets.gene_finding.channel_sets.models import Bases, Models
from genatator_assets.gene_finding.channel_sets.sets import SETS
from genatator_assets.gene_finding.section import Isoforms, SetName, gene_finding_of
from genatator_assets.sources.chromosomes import Chromosome, read_chromosomes
from genatator_assets.sources.sequence import local_fasta
from genatator_assets.tracks.segments import Segments
from genatator_assets.tracks.store import write_segments
from genatator_assets.work.files import (
    TEMPORARY_SUFFIX,
    Measured,
    measure,
    remove_folder,
    require_own_folder,
    whole_file,
)
from genatator_assets.work.layout import Layout, chromosome_key, parse_key
from genatator_assets.work.layout_channels import ChannelLayout
from genatator_assets.work.made import recorded
from genatator_assets.work.outcome import Outcome, guarded
from genatator_assets.work.unit import Provenance, Step, Unit

STEP = Step("channel_sets", 1)


def asset_of(name: SetName) -> str:
    """Return what a set is called as an asset.

    >>> asset_of("splice")
    'splice_channels'
    """
    return f"{name}_channels"


@dataclass(frozen=True)
class SetTask:
    """All that a worker needs to know of a set on a chromosome. `inputs` are hashes of what it is painted from."""

    root: Path
    name: SetName
    isoforms: Isoforms
    genome: str
    chrom: str
    split: str
    size: int
    block_size_bp: int
    inputs: Mapping[str, str]

    @property
    def key(self) -> str:
        """Name of the chromosome among all of a dataset."""
        return chromosome_key(self.genome, self.chrom)

    @cached_property
    def layout(self) -> ChannelLayout:
        """Where its files are."""
        return ChannelLayout(self.root)

    @cached_property
    def unit(self) -> Unit:
        """Its runs and its blocks."""
        parameters = {
            "set": self.name,
            "isoforms": self.isoforms,
            "length": self.size,
            "split": self.split,
            "block_size_bp": self.block_size_bp,
        }
        manifest = self.layout.manifest(self.name, self.genome, self.chrom)
        return Unit(self.root, manifest, Provenance(self.inputs, parameters, STEP))

    @property
    def units(self) -> Mapping[str, Unit]:
        """Its one unit, by its asset."""
        return {asset_of(self.name): self.unit}

    @property
    def segments(self) -> Path:
        """The file of its runs."""
        return self.layout.segments(self.name, self.genome, self.chrom)


def keys_of(catalogue: Catalogue, root: Path) -> list[str]:
    """Return the keys of all chromosomes that there are to build, of the genomes that are ready."""
    layout = Layout(root)
    return [
        chromosome_key(genome, one.chrom)
        for genome in catalogue.annotated_genomes
        if is_ready(catalogue, layout, genome)
        for one in read_chromosomes(layout.chromosomes(genome))
        if one.included
    ]


def tasks_of(name: SetName, catalogue: Catalogue, root: Path, keys: Collection[str]) -> Tasks:
    """Return the tasks of a set for chromosomes, and why others have none."""
    by_genome: dict[str, list[tuple[str, str]]] = {}
    tasks: dict[str, SetTask] = {}
    faults: dict[str, str] = {}
    for key in keys:
        try:
            genome, chrom = parse_key(key)
            by_genome.setdefault(genome, []).append((key, chrom))
        except GenatatorError as error:
            faults[key] = str(error)
    for genome, named in by_genome.items():
        try:
            known = set_tasks(name, catalogue, Layout(root), genome)
        except (GenatatorError, OSError) as error:
            faults |= {key: str(error) for key, _ in named}
            continue
        for key, chrom in named:
            if chrom in known:
                tasks[key] = known[chrom]
            else:
                faults[key] = f"genome {genome} has no included chromosome {chrom}; run the job 'prepare'"
    return Tasks(tasks, faults)


def set_tasks(name: SetName, catalogue: Catalogue, layout: Layout, genome: str) -> dict[str, SetTask]:
    """Return the task of a set for each included chromosome of a genome, by its name.

    Raises:
        DatasetError: the genome is not ready.
    """
    if not is_ready(catalogue, layout, genome):
        raise DatasetError(f"genome {genome} is not ready: build its assembly and its selected isoforms first")
    section, summary = gene_finding_of(catalogue), read_summary(layout, genome)
    tables = {"transcripts_table": summary.table_sha256, "exons_table": summary.exons_sha256}
    return {
        one.chrom: SetTask(
            layout.root,
            name,
            section.isoforms,
            genome,
            one.chrom,
            one.split,
            one.length,
            section.block_size_bp,
            {**tables, "bases": _sha256(one, layout)},
        )
        for one in read_chromosomes(layout.chromosomes(genome))
        if one.split is not None
    }


def _sha256(one: Chromosome, layout: Layout) -> str:
    if one.sha256 is None:
        path = layout.chromosomes(one.genome)
        raise DatasetError(f"{path} does not say the SHA-256 of {one.chrom}; build the assembly again")
    return one.sha256


def build_sets(tasks: Sequence[SetTask]) -> list[Outcome]:
    """Build a set on each chromosome; a bad one becomes a failed outcome and leaves the others alone."""
    models: dict[tuple[str, Isoforms], Models] = {}
    return [guarded(lambda one: _build(one, models), task) for task in tasks]


def _build(task: SetTask, models: dict[tuple[str, Isoforms], Models]) -> Outcome:
    unit = task.unit
    if unit.finished():
        return Outcome(task.key, "intact")
    require_own_folder(unit.manifest.parent, task.root)
    require_own_folder(_folder(task), task.root)
    unit.begin()
    with recorded(unit.manifest, None):
        segments = _paint(task, models)
        outputs = {task.segments: write_segments(task.segments, task.genome, task.chrom, segments, unit.provenance)}
        outputs |= dict(_write_blocks(task, segments))
        _remove_stale(task, set(outputs))
    unit.finish(outputs, _facts(task, segments))
    return Outcome(task.key, "built")


def _paint(task: SetTask, models: dict[tuple[str, Isoforms], Models]) -> Segments:
    layout, of = Layout(task.root), (task.genome, task.isoforms)
    if of not in models:
        models.clear()  # a batch has the chromosomes of a genome side by side
        models[of] = Models(layout, *of)
    bases = Bases(local_fasta(layout.sequence(task.genome)), task.chrom, task.size)
    return models[of].of_chromosome(task.chrom, task.size).paint(task.name, bases.at)


def _write_blocks(task: SetTask, segments: Segments) -> Iterator[tuple[Path, Measured]]:
    for start, end in block_intervals(task.size, task.block_size_bp):
        place = BlockPlace(task.genome, task.split, task.chrom, start, end, task.size, task.block_size_bp)
        path = task.layout.block(task.name, task.split, task.genome, task.chrom, start)
        yield path, write_block(path, segments, SetPlace(task.name, task.isoforms, place), task.unit.provenance)


def write_block(path: Path, segments: Segments, of: SetPlace, provenance: Provenance) -> Measured:
    """Write the block at a place, whole or not at all; return the file's size and hash."""
    with whole_file(path) as temporary:
        with temporary.open("wb") as handle:
            encode_small(
                handle,
                segments,
                of.place.start,
                of.place.end,
                of.metadata_json(),
                schema_of(of.name),
                provenance.as_metadata(),
            )
        return measure(temporary)


def _folder(task: SetTask) -> Path:
    return task.layout.blocks(task.name, task.split, task.genome, task.chrom)


def _remove_stale(task: SetTask, current: set[Path]) -> None:
    """Remove blocks of an earlier block size or split, and what killed writers left."""
    for split in SPLITS:
        folder = task.layout.blocks(task.name, split, task.genome, task.chrom)
        if split != task.split and folder.is_dir():
            remove_folder(folder)
    for path in _folder(task).iterdir():
        if path.suffix in {".parquet", TEMPORARY_SUFFIX} and path not in current:
            path.unlink()


def _facts(task: SetTask, segments: Segments) -> dict[str, Any]:
    runs = zip(SETS[task.name].names, segments.runs, strict=True)
    chromosome = {"genome": task.genome, "chrom": task.chrom, "split": task.split, "length": task.size}
    return {
        "chromosome": chromosome,
        "channels": {channel: {"bases": int(own.sum), "runs": len(own)} for channel, own in runs},
    }
