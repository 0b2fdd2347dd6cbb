"""One genome's rows: a task that a worker runs, from the tables of its annotation to files of rows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

from genatator_assets.annotation.transcripts import is_ready, read_exons, read_summary, read_transcripts
from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import Tasks
from genatator_assets.catalogue.values import SPLITS
from genatator_assets.errors import DatasetError, GenatatorError
from genatator_assets.segmentation.genome import File, GenomeRows, Rules
from genatator_assets.segmentation.section import Segmentation, configs_of
from genatator_assets.segmentation.selection import select
from genatator_assets.sources.assembly import read_source
from genatator_assets.sources.chromosomes import read_chromosomes
from genatator_assets.sources.sequence import local_fasta
from genatator_assets.work.files import Measured, path_name, require_own_folder
from genatator_assets.work.layout import Layout
from genatator_assets.work.layout_segmentation import SegmentationLayout
from genatator_assets.work.made import recorded
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
        "sequence": read_source(layout, genome).sequence.sha256,
        "chromosomes_table": summary.chromosomes_sha256,
        "transcripts_table": summary.table_sha256,
        "exons_table": summary.exons_sha256,
    }
    rules = Rules(
        {name: of_config for name, of_config in taken.items() if of_config},
        section.representative,
        section.utr_orientation,
        "rows" if section.stop_codon == "auto" and "stop_codon" in summary.rows else section.stop_codon,
        section.too_long,
    )
    return GenomeTask(layout.root, genome, splits, rules, inputs, summary.transcripts)


@dataclass(frozen=True)
class FileTask:
    """One file of a genome's rows or, without `file`, its tables; so that a large genome keeps all workers busy."""

    genome: GenomeTask
    number: int
    file: File | None
    size: int

    @property
    def key(self) -> str:
        """Name of the genome, and the number of the piece."""
        return f"{self.genome.key}#{self.number}"


def cut(task: GenomeTask) -> list[GenomeTask | FileTask]:
    """Cut a genome of several files into tasks of a file each; what can't be cut, or fails, is a task whole."""
    try:
        files = _rows_of(task).files
    except (GenatatorError, OSError):
        return [task]
    if len(files) < 2:
        return [task]
    _begin(task)
    pieces: list[FileTask] = [
        FileTask(task, number, file, file.bp if file else 0) for number, file in enumerate([None, *files])
    ]
    share = sum(piece.size for piece in pieces) or 1
    return [replace(piece, size=max(1, piece.size * task.size // share)) for piece in pieces]


def join(task: GenomeTask, outcomes: Sequence[Outcome]) -> Outcome:
    """Finish a genome of which all pieces are made."""
    if len(outcomes) == 1:
        return outcomes[0]
    if failed := next((outcome for outcome in outcomes if outcome.error), None):
        return replace(failed, key=task.key)
    outputs = {Path(path): Measured(*found) for one in outcomes for path, found in one.facts["files"].items()}
    (facts,) = (outcome.facts["facts"] for outcome in outcomes if "facts" in outcome.facts)
    task.unit.finish(dict(sorted(outputs.items())), facts)
    return Outcome(task.key, "built")


def build_genomes(tasks: Sequence[GenomeTask | FileTask]) -> list[Outcome]:
    """Make the rows of genomes, or pieces of them."""
    return [guarded(_build, task) for task in tasks]


def _build(task: GenomeTask | FileTask) -> Outcome:
    if isinstance(task, FileTask):
        return _build_piece(task)
    if task.unit.finished():
        return Outcome(task.key, "intact")
    with recorded(task.layout.manifest(task.genome), None):
        _begin(task)
        rows = _rows_of(task)
        outputs = rows.write(task.layout, task.unit.provenance)
        task.unit.finish(dict(sorted(outputs.items())), rows.facts())
    return Outcome(task.key, "built")


def _build_piece(task: FileTask) -> Outcome:
    rows, layout, provenance = _rows_of(task.genome), task.genome.layout, task.genome.unit.provenance
    written = rows.write_file(layout, provenance, task.file) if task.file else rows.write_tables(layout, provenance)
    files = {str(path): (measured.bytes, measured.sha256) for path, measured in written.items()}
    return Outcome(task.key, "built", {"files": files, **({} if task.file else {"facts": rows.facts()})})


def _rows_of(task: GenomeTask) -> GenomeRows:
    layout = Layout(task.root)
    chosen = select(read_transcripts(layout, task.genome), read_exons(layout, task.genome), task.splits)
    return GenomeRows(task.genome, chosen, task.rules, local_fasta(layout.sequence(task.genome)))


def _begin(task: GenomeTask) -> None:
    """Have a genome count as unfinished, and remove its rows of an earlier build, which may have had other configs."""
    layout = task.layout
    task.unit.begin()
    name = path_name(task.genome)
    earlier = [
        *layout.folder.glob(f"*/*/{name}-[0-9][0-9][0-9][0-9].parquet"),
        *(layout.preview(split, task.genome) for split in SPLITS),
    ]
    ahead = [layout.rows(config, split, task.genome, 0) for config, of in task.rules.splits_of.items() for split in of]
    for path in (*earlier, *ahead, layout.manifest(task.genome)):
        require_own_folder(path.parent, task.root)
    for path in earlier:
        path.unlink(missing_ok=True)
