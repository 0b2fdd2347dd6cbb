"""What there is to do for the leakage report: sketches of chromosomes, the report of all, and its statistics."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from genatator_assets.annotation.transcripts import is_ready, read_summary
from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import Tasks
from genatator_assets.errors import DatasetError
from genatator_assets.leakage.kmers import Kmers
from genatator_assets.leakage.masks import bed_lines, masked_windows
from genatator_assets.leakage.report import BLOCKS_SCHEMA, Judging, judge, leakage_of_blocks, statistics
from genatator_assets.leakage.section import Leakage
from genatator_assets.leakage.sketch import SketchTask
from genatator_assets.leakage.stretches import Stretches
from genatator_assets.sources.chromosomes import Chromosome, read_chromosomes
from genatator_assets.work.files import canonical_json, measure, sha256_of_file, whole_file
from genatator_assets.work.layout import Layout
from genatator_assets.work.machine import available_cores
from genatator_assets.work.made import recorded
from genatator_assets.work.manifest import read_manifest
from genatator_assets.work.outcome import Outcome, guarded
from genatator_assets.work.tables import read_table, readable, write_table
from genatator_assets.work.unit import OnlyTask, Provenance, Step, Unit

REPORT = Step("leakage", 1)
STATISTICS = Step("leakage_statistics", 1)


def included(catalogue: Catalogue, layout: Layout) -> list[Chromosome]:
    """Return the included chromosomes of all assemblies, in the catalogue's order.

    Raises:
        DatasetError: an assembly has not been imported yet.
    """
    found: list[Chromosome] = []
    for genome in catalogue.genomes:
        path = layout.chromosomes(genome)
        if not path.is_file():
            raise DatasetError(f"genome {genome} has not been imported yet; run 'genatator-assets build'")
        found += [one for one in read_chromosomes(path) if one.included]
    return found


def sketch_tasks(catalogue: Catalogue, root: Path, keys: Collection[str]) -> Tasks:
    """Return the tasks of genomes."""
    layout, rules = Layout(root), catalogue.section(Leakage)
    tasks, faults = {}, {}
    for genome in keys:
        path = layout.chromosomes(genome)
        if not path.is_file():
            faults[genome] = f"genome {genome} has not been imported yet"
            continue
        own = [one for one in read_chromosomes(path) if one.included]
        tasks[genome] = SketchTask(
            root,
            genome,
            tuple(Stretches(root, genome, one.chrom, one.length) for one in own),
            tuple(one.sha256 or "" for one in own),
            Kmers(rules.k, rules.scaled),
            _masked_sha256(layout, genome) if rules.masked == "both" else None,
        )
    return Tasks(tasks, faults)


def _masked_sha256(layout: Layout, genome: str) -> str:
    """Return the hash of a genome's table of soft-masked runs, as the import wrote it down."""
    manifest = read_manifest(layout.sequence_manifest(genome))
    name = layout.soft_masked(genome).relative_to(layout.root).as_posix()
    found = [output.sha256 for output in manifest.outputs if output.path == name] if manifest else []
    if not found:
        raise DatasetError(f"{layout.soft_masked(genome)} is not there; build the assembly again")
    return found[0]


def judging_of(catalogue: Catalogue, root: Path) -> Judging:
    """Return what is to be compared.

    Raises:
        DatasetError: an assembly has not been imported yet.
    """
    layout = Layout(root)
    masked = {genome for genome in catalogue.genomes if _is_masked(layout.soft_masked(genome))}
    annotated = {genome for genome in catalogue.annotated_genomes if is_ready(catalogue, layout, genome)}
    return Judging(
        root,
        getattr(catalogue, "leakage", None) or Leakage(),  # `split` needs no section
        tuple(included(catalogue, layout)),
        frozenset(masked),
        frozenset(annotated),
        available_cores(),
    )


def _is_masked(path: Path) -> bool:
    return path.is_file() and pq.read_metadata(readable(path)).num_rows > 0


def report_tasks(catalogue: Catalogue, root: Path, _: Collection[str]) -> Tasks:
    """Return the task of the report."""
    try:
        return Tasks({"": LeakageTask(judging_of(catalogue, root))})
    except DatasetError as error:
        return Tasks({}, {"": str(error)})


def statistics_tasks(catalogue: Catalogue, root: Path, _: Collection[str]) -> Tasks:
    """Return the task of the statistics."""
    return Tasks({"": StatisticsTask(root, catalogue.dataset)})


@dataclass(frozen=True)
class LeakageTask:
    """The whole report: windows, genes and, if asked for, the masked windows."""

    judging: Judging
    run_id: str | None = None

    @property
    def key(self) -> str:
        """There is only one."""
        return ""

    @property
    def size(self) -> int:
        """Bases of the judged chromosomes."""
        return sum(one.length for one in self.judging.judged)

    @cached_property
    def unit(self) -> Unit:
        """The tables and all that decides their bytes."""
        judging, layout = self.judging, Layout(self.judging.root)
        sequences = [[one.genome, one.chrom, one.split, one.sha256] for one in judging.chromosomes]
        inputs = {"chromosomes": hashlib.sha256(canonical_json(sequences).encode()).hexdigest()}
        for genome in sorted(judging.annotated):
            summary = read_summary(layout, genome)
            inputs |= {f"{genome}.transcripts": summary.table_sha256, f"{genome}.exons": summary.exons_sha256}
        for genome in sorted(judging.masked):
            inputs[f"{genome}.soft_masked"] = _masked_sha256(layout, genome)
        parameters = judging.rules.model_dump(mode="json", by_alias=True, exclude={"fail_over"})
        return Unit(judging.root, layout.leakage_manifest, Provenance(inputs, parameters, REPORT))

    @property
    def units(self) -> dict[str, Unit]:
        """What it makes, by asset."""
        return {"leakage": self.unit}


def build_leakage(tasks: Sequence[LeakageTask]) -> list[Outcome]:
    """Make the report."""
    return [guarded(_build, task) for task in tasks]


def _build(task: LeakageTask) -> Outcome:
    if kept := task.unit.finished():
        return Outcome(task.key, "intact", kept.facts)
    task.unit.begin()
    judging, layout, made_from = task.judging, Layout(task.judging.root), task.unit.provenance
    with recorded(task.unit.manifest, task.run_id):
        windows, genes = judge(judging)
        written = {
            layout.leakage("windows"): write_table(layout.leakage("windows"), windows, made_from),
            layout.leakage("genes"): write_table(layout.leakage("genes"), genes, made_from),
        }
        facts: dict[str, Any] = {"windows": len(windows), "genes": len(genes), "rules": _rules(judging)}
        if judging.rules.hold_out is not None:
            masked = masked_windows(judging, judging.rules.hold_out, windows)
            path = layout.leakage("masked")
            written[path] = write_table(path, masked, made_from)
            with whole_file(layout.train_mask) as temporary:
                temporary.write_text("".join(f"{line}\n" for line in bed_lines(masked)))
                written[layout.train_mask] = measure(temporary)
            facts["masked_windows"] = len(masked)
    task.unit.finish(written, facts)
    return Outcome(task.key, "built", facts)


def _rules(judging: Judging) -> dict[str, str]:
    return {one.genome: judging.rule(one.genome) for one in judging.judged}


@dataclass(frozen=True)
class StatisticsTask(OnlyTask):
    """The report by blocks, and its statistics."""

    root: Path
    dataset: str

    @cached_property
    def unit(self) -> Unit:
        """The tables and all that decides their bytes."""
        layout = Layout(self.root)
        files = [layout.leakage("windows"), layout.leakage("genes"), layout.index]
        inputs = {file.stem: sha256_of_file(file) for file in files if file.is_file()}
        manifest = layout.leakage("blocks").with_suffix(".json")
        return Unit(self.root, manifest, Provenance(inputs, {"dataset": self.dataset}, STATISTICS))

    @property
    def units(self) -> Mapping[str, Unit]:
        """What it makes, by asset."""
        return {"leakage_statistics": self.unit}


def build_statistics(tasks: Sequence[StatisticsTask]) -> list[Outcome]:
    """Make the statistics."""
    return [guarded(_build_statistics, task) for task in tasks]


def _build_statistics(task: StatisticsTask) -> Outcome:
    layout = Layout(task.root)
    manifest = read_manifest(layout.leakage_manifest)
    if manifest is None:
        raise DatasetError(f"{layout.root} has no leakage report yet; build it first")
    if kept := task.unit.finished():
        return Outcome(task.key, "intact", kept.facts)
    task.unit.begin()
    windows, genes = (read_table(layout.leakage(name)) for name in ("windows", "genes"))
    blocks = BLOCKS_SCHEMA.empty_table()
    if layout.index.is_file():
        places = read_table(layout.index, columns=["genome", "chrom", "start", "end", "split"])
        blocks = leakage_of_blocks(places, windows, genes)
    table = statistics(windows, genes, blocks, manifest.facts["rules"])
    made_from = task.unit.provenance
    written = {
        layout.leakage("blocks"): write_table(layout.leakage("blocks"), blocks, made_from),
        layout.statistics("leakage"): write_table(layout.statistics("leakage"), table, made_from),
    }
    facts = {"blocks": len(blocks), "rows": len(table)}
    task.unit.finish(written, facts)
    return Outcome(task.key, "built", facts)
