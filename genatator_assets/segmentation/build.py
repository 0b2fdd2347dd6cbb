"""One genome's rows: a task that a worker runs, from the tables of its annotation to files of rows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from genatator_assets.annotation.transcripts import is_ready, read_exons, read_summary, read_transcripts
from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import Tasks
from genatator_assets.errors import DatasetError, GenatatorError
from genatator_assets.segmentation.genome import GenomeRows, Rules
from genatator_assets.segmentation.section import Segmentation, configs_of
from genatator_assets.segmentation.selection import select
from genatator_assets.sources.assembly import read_source
from genatator_assets.sources.chromosomes import read_chromosomes
from genatator_assets.sources.sequence import local_fasta
from genatator_assets.work.files import require_own_folder
from genatator_assets.work.layout import Layout
from genatator_assets.work.layout_segmentation import SegmentationLayout
from genatator_assets.work.made import recorded
from genatator_assets.work.manifest import read_manifest
from genatator_assets.work.outcome import Outcome, guarded
from genatator_assets.work.unit import Provenance, Step, Unit

ASSET = "segmentation_rows"
STEP = Step(ASSET, 1)


@dataclass(frozen=True)
class GenomeTask:
    """All that a worker needs to know of a genome. `splits` are those of its chromosomes, in their order."""

    root: Path
    genome: str
    splits: Mapping[str, str]
    rules: Rules
    inputs: Mapping[str, str]
    size: int

    @property
    def key(self) -> str:
        """Name of the genome."""
        return self.genome

    @cached_property
    def layout(self) -> SegmentationLayout:
        """Where its files are."""
        return SegmentationLayout(self.root)

    @cached_property
    def unit(self) -> Unit:
        """All its files."""
        return Unit(self.root, self.layout.manifest(self.genome), Provenance(self.inputs, asdict(self.rules), STEP))

    @property
    def units(self) -> Mapping[str, Unit]:
        """Its one unit, by its asset."""
        return {ASSET: self.unit}


def tasks_of(catalogue: Catalogue, root: Path, keys: Collection[str]) -> Tasks:
    """Return the tasks of genomes, and why others have none: their annotations are not read yet, for example."""
    tasks: dict[str, GenomeTask] = {}
    faults: dict[str, str] = {}
    for genome in keys:
        try:
            tasks[genome] = _task(catalogue, Layout(root), genome)
        except (GenatatorError, OSError) as error:
            faults[genome] = str(error)
    return Tasks(tasks, faults)


def _task(catalogue: Catalogue, layout: Layout, genome: str) -> GenomeTask:
    section, configs = catalogue.section(Segmentation), configs_of(catalogue)
    if not is_ready(catalogue, layout, genome):
        raise DatasetError(f"genome {genome} is not ready: build its assembly and its selected isoforms first")
    summary = read_summary(layout, genome)
    chromosomes = read_chromosomes(layout.chromosomes(genome))
    splits = {one.chrom: one.split for one in chromosomes if one.split is not None}
    used = dict.fromkeys(splits.values())
    taken = {name: tuple(split for split in used if one.has(genome, split)) for name, one in configs.items()}
    inputs = {
        "sequence": read_source(layout, genome).sequence_sha256,
        "chromosomes": summary.chromosomes_sha256,
        "transcripts": summary.table_sha256,
        "exons": summary.exons_sha256,
    }
    rules = Rules(
        {name: of_config for name, of_config in taken.items() if of_config},
        section.representative,
        section.utr_orientation,
        "rows" if section.stop_codon == "auto" and "stop_codon" in summary.rows else section.stop_codon,
        section.too_long,
    )
    return GenomeTask(layout.root, genome, splits, rules, inputs, summary.transcripts)


def build_genomes(tasks: Sequence[GenomeTask]) -> list[Outcome]:
    """Make the rows of genomes."""
    return [guarded(_build, task) for task in tasks]


def _build(task: GenomeTask) -> Outcome:
    if task.unit.finished():
        return Outcome(task.key, "intact")
    layout = Layout(task.root)
    with recorded(task.layout.manifest(task.genome), None):
        _remove_earlier(task)
        chosen = select(read_transcripts(layout, task.genome), read_exons(layout, task.genome), task.splits)
        rows = GenomeRows(task.genome, chosen, task.rules, local_fasta(layout.sequence(task.genome)))
        task.unit.finish(rows.write(task.layout, task.unit.provenance), rows.facts())
    return Outcome(task.key, "built")


def _remove_earlier(task: GenomeTask) -> None:
    """Remove the files of an earlier build, which may have had others."""
    layout, manifest = task.layout, task.layout.manifest(task.genome)
    for config, splits in task.rules.splits_of.items():
        for split in splits:
            require_own_folder(layout.rows(config, split, task.genome, 0).parent, task.root)
            require_own_folder(layout.preview(split, task.genome).parent, task.root)
    require_own_folder(manifest.parent, task.root)
    earlier = read_manifest(manifest)
    task.unit.begin()
    for output in earlier.outputs if earlier else ():
        path = task.root / output.path
        if path.is_file() and path.resolve().is_relative_to(task.root.resolve()):
            path.unlink()
