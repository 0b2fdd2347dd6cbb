"""How much of each chromosome each channel of each set covers, gathered from the manifests beside their runs."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from genatator_assets.annotation.transcripts import is_ready
from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import Tasks
from genatator_assets.catalogue.values import SPLITS
from genatator_assets.gene_finding.channel_sets.build import SetTask, set_tasks
from genatator_assets.gene_finding.channel_sets.sets import SETS
from genatator_assets.gene_finding.section import gene_finding_of
from genatator_assets.work.layout import Layout
from genatator_assets.work.layout_channels import ChannelLayout
from genatator_assets.work.manifest import Manifest
from genatator_assets.work.outcome import Outcome, guarded
from genatator_assets.work.storage import ask_each
from genatator_assets.work.tables import read_table, write_table
from genatator_assets.work.text import TextTable
from genatator_assets.work.unit import Provenance, Step, Unit

ASSET = "channel_statistics"
STEP = Step("channel_statistics", 1)

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("set", "isoforms", "channel", "genome", "chrom", "split")),
        *((name, pa.int64()) for name in ("length", "bases", "runs")),
    ]
)
"""A row per channel of a set and chromosome: `bases` of its `length` are 1, in so many `runs`."""


def finished_sets(catalogue: Catalogue, root: Path) -> Iterator[tuple[SetTask, Manifest]]:
    """Return the finished units of all sets that a catalogue asks for, in the order of sets and chromosomes."""
    layout = Layout(root)
    for name in gene_finding_of(catalogue).channel_sets:
        for genome in catalogue.annotated_genomes:
            if is_ready(catalogue, layout, genome):
                tasks = set_tasks(name, catalogue, layout, genome).values()
                made = ask_each(root, lambda task: task.unit.finished(), tasks)
                yield from ((task, manifest) for task, manifest in zip(tasks, made, strict=True) if manifest)


@dataclass(frozen=True)
class StatisticsTask:
    """Gather the statistics of all sets that are finished now."""

    catalogue: Catalogue
    root: Path
    key: str = ""
    size: int = 1

    @cached_property
    def found(self) -> list[tuple[SetTask, Manifest]]:
        """What is finished."""
        return list(finished_sets(self.catalogue, self.root))

    @property
    def units(self) -> Mapping[str, Unit]:
        """Its one table."""
        inputs = {f"{task.name} {task.key}": manifest.fingerprint for task, manifest in self.found}
        table = ChannelLayout(self.root).statistics
        return {ASSET: Unit(self.root, table.with_suffix(".json"), Provenance(inputs, {}, STEP))}


def statistics_tasks(catalogue: Catalogue, root: Path, _: Collection[str]) -> Tasks:
    """Return the one task."""
    return Tasks({"": StatisticsTask(catalogue, root)})


def build_statistics(tasks: Sequence[StatisticsTask]) -> list[Outcome]:
    """Write the table."""
    return [guarded(_build, task) for task in tasks]


def _build(task: StatisticsTask) -> Outcome:
    unit, path = task.units[ASSET], ChannelLayout(task.root).statistics
    unit.begin()
    rows = [
        {"set": of.name, "isoforms": of.isoforms, "channel": channel, **manifest.facts["chromosome"], **counted}
        for of, manifest in task.found
        for channel, counted in manifest.facts["channels"].items()
    ]
    measured = write_table(path, pa.Table.from_pylist(rows, SCHEMA), unit.provenance)
    unit.finish({path: measured}, {"rows": len(rows)})
    return Outcome(task.key, "built")


def summary_table(root: Path) -> TextTable | None:
    """Return the card's table: bases, runs and share of each channel in each split; None before they are gathered."""
    path = ChannelLayout(root).statistics
    if not path.is_file():
        return None
    table = read_table(path)
    places = ["set", "channel", "split"]
    summed = table.group_by(places, use_threads=False).aggregate([("bases", "sum"), ("runs", "sum"), ("length", "sum")])
    places_of = {(name, one.name): place for name, tracks in SETS.items() for place, one in enumerate(tracks)}
    sets = list(SETS)
    rows = sorted(
        summed.to_pylist(),
        key=lambda row: (SPLITS.index(row["split"]), sets.index(row["set"]), places_of[row["set"], row["channel"]]),
    )
    return TextTable("Channel sets", ("split", "set", "channel", "bases", "runs", "bases / nt"), tuple(map(_row, rows)))


def _row(row: Mapping[str, Any]) -> tuple[str, ...]:
    share = 100 * row["bases_sum"] / row["length_sum"]
    return row["split"], row["set"], row["channel"], f"{row['bases_sum']:,}", f"{row['runs_sum']:,}", f"{share:.6f}%"
