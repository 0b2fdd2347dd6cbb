"""All units of a catalogue, whichever part makes them, and in which state their files are."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from genatator_assets.annotation.transcripts import is_ready
from genatator_assets.catalogue import Catalogue
from genatator_assets.errors import DatasetError
from genatator_assets.gene_finding.tasks import tasks_of_keys
from genatator_assets.parts import asked_parts, parts_of
from genatator_assets.sources.chromosomes import read_chromosomes
from genatator_assets.work.files import size_of
from genatator_assets.work.layout import Layout, chromosome_key
from genatator_assets.work.manifest import Manifest, read_manifest
from genatator_assets.work.unit import Unit

State = Literal["intact", "stale", "damaged", "missing"]
"""`stale`: made from something else than the catalogue and the imported inputs now say. `damaged`: a file is not there,
or has another size. `missing`: not built, or not finished."""

_OWN_TASKS = "gene_finding"  # its tasks are per chromosome of genomes, which the platform itself brings in


@dataclass(frozen=True)
class Wanted:
    """A unit that the catalogue asks for: of which asset, and of which key (a chromosome, a track, ...)."""

    asset: str
    key: str
    unit: Unit


def wanted_units(
    catalogue: Catalogue, layout: Layout, unknown: list[tuple[str, str]] | None = None
) -> Iterator[Wanted]:
    """Return the units of all parts; those of genomes that are not ready are not known yet.

    Assets and keys of other parts whose units can't be told yet, say because a step before them was not run or failed,
    go into `unknown`.
    """
    if _OWN_TASKS in parts_of(catalogue):
        for genome in catalogue.annotated_genomes:
            if not _ready(catalogue, layout, genome):
                continue
            chromosomes = [one for one in read_chromosomes(layout.chromosomes(genome)) if one.included]
            tasks, _ = tasks_of_keys(catalogue, layout, [chromosome_key(genome, one.chrom) for one in chromosomes])
            yield from (Wanted(name, task.key, unit) for task in tasks.values() for name, unit in task.units.items())
    for part in asked_parts(catalogue):
        for stage in part.stages:
            keys = stage.partitions.keys(catalogue, layout.root) if stage.partitions else [""]
            tasks_of = stage.tasks(catalogue, layout.root, keys)
            if unknown is not None:
                unknown += [(asset.name, key) for asset in stage.assets for key in tasks_of.faults]
            for task in tasks_of.by_key.values():
                yield from (Wanted(asset, task.key, unit) for asset, unit in task.units.items())


def not_ready(catalogue: Catalogue, layout: Layout) -> list[str]:
    """Return the genomes that are still to be imported or annotated, as the catalogue now says."""
    return [genome for genome in catalogue.genomes if not _ready(catalogue, layout, genome)]


def _ready(catalogue: Catalogue, layout: Layout, genome: str) -> bool:
    if genome not in catalogue.annotated_genomes:
        return layout.chromosomes(genome).is_file()
    try:
        return is_ready(catalogue, layout, genome)
    except DatasetError:  # a record is damaged
        return False


def state_of(unit: Unit) -> State:
    """Return the state of a unit's files: by their sizes, not their bytes."""
    manifest = read_manifest(unit.manifest)
    if manifest is None:
        return "missing"
    if manifest.fingerprint != unit.fingerprint:
        return "stale"
    return "intact" if _whole(manifest, unit) else "damaged"


def _whole(manifest: Manifest, unit: Unit) -> bool:
    return all(size_of(unit.root / output.path) == output.bytes for output in manifest.outputs)
