"""One set of labelled intervals: a task that a worker runs, from sources to regions to one-hot HDF5."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import Tasks
from genatator_assets.errors import BedError, CatalogueError, GenatatorError
from genatator_assets.intervals.beds import BedFile, Chromosomes, RemoteBed, Source, choose_chromosomes
from genatator_assets.intervals.dataset import ChromosomeSplit, Prepared, Recipe, prepare
from genatator_assets.intervals.labels import label_columns
from genatator_assets.intervals.negatives import NegativeRule, add_negatives
from genatator_assets.intervals.own import GeneModels, TrackRuns
from genatator_assets.intervals.regions import Rules
from genatator_assets.intervals.rows import write_rows
from genatator_assets.intervals.section import AtRandom, IntervalSet, interval_sets
from genatator_assets.intervals.section import Source as Wanted
from genatator_assets.intervals.splits import LabelledRegions, RandomSplit
from genatator_assets.intervals.tables import regions_table, sources_table
from genatator_assets.intervals.write import Encoding, write_hdf5
from genatator_assets.sources.assembly import read_source
from genatator_assets.sources.chromosomes import Chromosome, read_chromosomes
from genatator_assets.sources.sequence import local_fasta
from genatator_assets.sources.stretches import open_indexed
from genatator_assets.work.files import canonical_json, measure, require_own_folder, size_of, whole_file
from genatator_assets.work.layout import Layout
from genatator_assets.work.layout_intervals import IntervalLayout
from genatator_assets.work.layout_signals import SignalLayout
from genatator_assets.work.made import recorded
from genatator_assets.work.outcome import Outcome, guarded
from genatator_assets.work.tables import write_table
from genatator_assets.work.unit import Provenance, Step, Unit

BED_LIST, REGIONS, DATASET = "bed_list", "regions", "interval_dataset"
BED_LIST_STEP, REGIONS_STEP, DATASET_STEP = Step(BED_LIST, 1), Step(REGIONS, 1), Step(DATASET, 2)

_ALPHABETS = {"gip": "ACTG", "basset": "ACGT"}


@dataclass(frozen=True)
class IntervalTask:
    """All that a worker needs to know of a set. `run_id` is recorded."""

    root: Path
    set: IntervalSet
    sources: tuple[Source, ...]
    chromosomes: Chromosomes
    recipe: Recipe
    sequence_sha256: str
    run_id: str | None = None

    @property
    def key(self) -> str:
        """Name of the set."""
        return self.set.name

    @property
    def size(self) -> int:
        """Bytes of its BED files."""
        return sum(max(0, size_of(path)) for path in self.set.files)

    @cached_property
    def layout(self) -> IntervalLayout:
        """Where its files are."""
        return IntervalLayout(self.root)

    @cached_property
    def encoding(self) -> Encoding:
        """How its sequences are stored."""
        return Encoding(self.set.alphabet or _ALPHABETS[self.set.method], self.set.compression)

    @cached_property
    def negatives(self) -> NegativeRule | None:
        """How regions without labels are drawn, if they are."""
        rule = self.set.negatives
        return NegativeRule(rule.ratio, rule.seed) if rule else None

    @cached_property
    def units(self) -> Mapping[str, Unit]:
        """Its units, by the asset that each is a part of."""
        listed = {f"source {number}": source.sha256 for number, source in enumerate(self.sources)}
        rules = {
            "genome": self.set.genome,
            "chromosomes": _hash_of(asdict(self.chromosomes)),
            "sources": [[source.kind, source.name] for source in self.sources],
            "labels": self.set.labels,
        }
        bed_list = Provenance(listed, rules, BED_LIST_STEP)
        sequence = {"sequence": self.sequence_sha256}
        made_of = {"bed_list": bed_list.fingerprint, **(sequence if self.negatives else {})}
        recipe = {**asdict(self.recipe), "negatives": asdict(self.negatives) if self.negatives else None}
        regions = Provenance(made_of, recipe, REGIONS_STEP)
        dataset = Provenance({"regions": regions.fingerprint, **sequence}, asdict(self.encoding), DATASET_STEP)
        return {
            name: Unit(self.root, self.layout.manifest(self.key, name), provenance)
            for name, provenance in ((BED_LIST, bed_list), (REGIONS, regions), (DATASET, dataset))
        }


def names_of(catalogue: Catalogue, _: Path) -> list[str]:
    """Return the names of a catalogue's sets."""
    return [one.name for one in interval_sets(catalogue)]


def tasks_of(catalogue: Catalogue, root: Path, keys: Collection[str]) -> Tasks:
    """Return the tasks of sets by name, and why others have none: what they are made from is not built, for example."""
    known = {one.name: one for one in interval_sets(catalogue)}
    tasks: dict[str, IntervalTask] = {}
    faults: dict[str, str] = {}
    for key in keys:
        try:
            tasks[key] = _task(catalogue, root, known[key])
        except KeyError:
            faults[key] = f"{catalogue.origin}: no set of intervals {key!r}; there are: {', '.join(known)}"
        except (GenatatorError, OSError) as error:
            faults[key] = str(error)
    return Tasks(tasks, faults)


def _task(catalogue: Catalogue, root: Path, wanted: IntervalSet) -> IntervalTask:
    layout = Layout(root)
    if wanted.genome not in catalogue.genomes:
        raise CatalogueError(
            f"{catalogue.origin}: intervals: set {wanted.name}: no genome {wanted.genome!r}; there are:"
            f" {', '.join(catalogue.genomes)}"
        )
    every = read_chromosomes(layout.chromosomes(wanted.genome))
    included = {one.chrom: one for one in every if one.included}
    lengths = {name: one.length for name, one in included.items()}
    chromosomes = choose_chromosomes(lengths, {one.chrom: one.aliases for one in every}, wanted.chromosomes)
    sources = tuple(_source(source, wanted.genome, layout) for source in wanted.beds)
    recipe = Recipe(_rules(wanted), _split(wanted, chromosomes.names, included), wanted.chromosomes)
    sha256 = read_source(layout, wanted.genome).sequence.sha256
    task = IntervalTask(root, wanted, sources, chromosomes, recipe, sha256)
    _ = task.units  # what can't be hashed shows here, by name
    return task


def _source(wanted: Wanted, genome: str, layout: Layout) -> Source:
    if wanted.path:
        return BedFile(wanted.path)
    if wanted.file:
        return RemoteBed(wanted.file)
    if wanted.track:
        return TrackRuns(SignalLayout(layout.root).tracks(genome), wanted.track, wanted.at_least)
    if wanted.genes:
        return GeneModels(layout.transcripts(genome), wanted.genes, wanted.flank_bp, wanted.types)
    raise ValueError(f"{wanted} names nothing that intervals come from")


def _rules(wanted: IntervalSet) -> Rules:
    ends = wanted.ends or ("shift" if wanted.method == "basset" else "pad")
    return Rules(wanted.method, wanted.length_bp, wanted.min_overlap_bp, wanted.exclusive, ends)


def _split(
    wanted: IntervalSet, names: Sequence[str], chromosomes: Mapping[str, Chromosome]
) -> ChromosomeSplit | RandomSplit:
    if isinstance(wanted.splits, AtRandom):
        shares = wanted.splits.random
        return RandomSplit(shares.test, shares.validation, shares.seed)
    of = {split: tuple(name for name in names if chromosomes[name].split == split) for split in ("validation", "test")}
    return ChromosomeSplit(of["validation"], of["test"])


def build_sets(tasks: Sequence[IntervalTask]) -> list[Outcome]:
    """Build each set; a bad one becomes a failed outcome and leaves the others alone."""
    return [guarded(_build, task) for task in tasks]


def _build(task: IntervalTask) -> Outcome:
    to_do = [name for name, unit in task.units.items() if not unit.finished()]
    if not to_do:
        return Outcome(task.key, "intact")
    require_own_folder(task.layout.set(task.key), task.layout.folder)
    for name in to_do:
        task.units[name].begin()
    with recorded(task.units[to_do[-1]].manifest, task.run_id):
        labels = task.set.labels
        prepared = prepare(task.sources, labels, task.chromosomes, task.recipe)
        if BED_LIST in to_do:
            _write_bed_list(task, prepared)
        with open_indexed(local_fasta(Layout(task.root).sequence(task.set.genome))) as genome:
            dataset = prepared.dataset
            missing: Mapping[str, int] = {}
            if not len(dataset.regions):
                raise BedError(_nothing_left(task, prepared))
            if task.negatives:
                by_chromosome = isinstance(task.recipe.split, ChromosomeSplit)
                intervals = prepared.collected.on
                dataset, missing = add_negatives(genome, dataset, intervals, task.negatives, by_chromosome)
            if REGIONS in to_do:
                _write_regions(task, prepared, dataset, missing)
            if DATASET in to_do:
                path, unit = task.layout.hdf5(task.key), task.units[DATASET]
                with whole_file(path) as temporary:
                    write_hdf5(temporary, genome, dataset, _attributes(task, unit), task.encoding)
                    measured = measure(temporary)
                written = write_rows(task.layout.rows(task.key), genome, dataset, unit.provenance)
                for other in {*task.layout.rows(task.key).iterdir()} - {*written}:
                    other.unlink()  # of a split that there is no more
                unit.finish({path: measured, **written}, {"rows": dataset.count(), "alphabet": task.encoding.alphabet})
    return Outcome(task.key, "built")


def _write_bed_list(task: IntervalTask, prepared: Prepared) -> None:
    unit, path = task.units[BED_LIST], task.layout.sources(task.key)
    columns = label_columns(task.set.labels)
    table = sources_table(task.key, task.sources, columns, prepared.collected.counts)
    counts = prepared.collected.count()
    unit.finish({path: write_table(path, table, unit.provenance)}, {"sources": len(task.sources), **counts})


def _write_regions(
    task: IntervalTask, prepared: Prepared, dataset: LabelledRegions, missing: Mapping[str, int]
) -> None:
    unit, path = task.units[REGIONS], task.layout.regions(task.key)
    table = regions_table(task.key, task.set.genome, prepared.regions, dataset)
    facts: dict[str, Any] = {
        "counts": prepared.regions.count(),
        "by_chromosome": dataset.count_by_chromosome(),
        "by_label": list(dataset.count_by_label().items()),
    }
    if task.negatives:
        facts["negatives"] = {"drawn": len(dataset.regions) - len(prepared.dataset.regions), "missing": dict(missing)}
    unit.finish({path: write_table(path, table, unit.provenance, ascending=("start",))}, facts)


def _attributes(task: IntervalTask, unit: Unit) -> dict[str, Any]:
    """Return what the HDF5 file says of itself, beside its alphabet and labels: all that it is made from."""
    return {**unit.provenance.as_metadata(), "genatator_assets.rules": canonical_json(asdict(task.recipe))}


def _nothing_left(task: IntervalTask, prepared: Prepared) -> str:
    counts = ", ".join(f"{name} {count:,}" for name, count in prepared.count().items() if count)
    passed_over = prepared.collected.passed_over
    names = ", ".join(list(passed_over)[:5])
    hint = f" Rows of {names} were passed over: the set's chromosomes are {', '.join(task.chromosomes.names[:5])}."
    return f"set {task.key}: no region is left ({counts}).{hint if passed_over else ''}"


def _hash_of(value: Any) -> str:
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()
