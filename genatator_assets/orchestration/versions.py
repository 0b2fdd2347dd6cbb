"""What Dagster is told of versions, by which it knows what is out of date: data versions are fingerprints of contents.

Between genomes and chromosomes stands one asset without partitions; if chromosomes depended on it, a change of one
genome would put those of all genomes out of date. So each chromosome depends on an asset that nobody runs, its inputs:
the chromosome catalogue says of each when they have changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from genatator_assets.annotation import transcripts
from genatator_assets.catalogue import Catalogue
from genatator_assets.gene_finding import index, statistics
from genatator_assets.gene_finding.blocks import chromosome
from genatator_assets.gene_finding.statistics import TABLES
from genatator_assets.gene_finding.tasks import tasks_of_keys
from genatator_assets.orchestration.partitions import CHROMOSOMES
from genatator_assets.orchestration.record import together
from genatator_assets.parts import parts_of
from genatator_assets.sources import assembly
from genatator_assets.sources.assembly import input_hashes, read_source
from genatator_assets.version import __version__
from genatator_assets.work.files import sha256_of_file
from genatator_assets.work.layout import Layout
from genatator_assets.work.manifest import fingerprint_of
from genatator_assets.work.unit import Step

INPUTS = dg.AssetKey("chromosome_inputs")

_STEPS: dict[str, tuple[Step, ...]] = {
    "assembly": (assembly.COPY_STEP, assembly.STEP),
    "selected_isoforms": (transcripts.STEP,),
    "chromosome_catalogue": (assembly.STEP,),
    "chromosome_targets": (chromosome.TARGETS_STEP,),
    "blocks": (chromosome.BLOCKS_STEP,),
    "block_index": (index.STEP,),
    "split_statistics": (statistics.STEP,),
}
"""The steps that make each asset of gene finding."""

_DATA_VERSION, _CODE_VERSION = "dagster/data_version", "dagster/code_version"
_LETTERS = 16


@dataclass(frozen=True)
class Parent:
    """What something was made from: its version, and the storage id of the event that Dagster knows it by."""

    version: str
    event: int | None


def code_version(asset: str) -> str:
    """Return the version of the code that makes an asset: the numbers of its steps.

    A new version of the package that makes the same bytes puts nothing out of date. Only what says that version itself,
    the card and the release, follows the package's.
    """
    steps = _STEPS.get(asset)
    return ".".join(str(step.number) for step in steps) if steps else __version__


def inputs_spec() -> dg.AssetSpec:
    """Return the asset of chromosomes' inputs."""
    return dg.AssetSpec(
        INPUTS,
        deps=["chromosome_catalogue"],
        partitions_def=CHROMOSOMES,
        group_name="assemblies",
        description="What a chromosome is made from, as one version: sequence, annotation, transcripts, kernel, block"
        " size and split. Nobody runs it: the chromosome catalogue says when it has changed.",
    )


def of_assembly(layout: Layout, genome: str) -> str:
    """Return the version of an imported assembly: of its input files and its table of chromosomes."""
    source = read_source(layout, genome)
    made_of = {**input_hashes(source), "copy": source.indexed_sha256}
    return fingerprint_of({**made_of, "chromosomes": sha256_of_file(layout.chromosomes(genome))})


def of_transcripts(layout: Layout, genome: str) -> str:
    """Return the version of an assembly's transcripts."""
    return sha256_of_file(layout.transcripts(genome))


def of_chromosomes(catalogue: Catalogue, layout: Layout, keys: Iterable[str]) -> dict[str, str]:
    """Return the version of each chromosome's inputs: the fingerprint that says whether there is work to do."""
    tasks, _ = tasks_of_keys(catalogue, layout, keys)
    return {key: task.blocks.fingerprint for key, task in tasks.items()}


def data_version(versions: Iterable[str]) -> dg.DataVersion:
    """Return the version of a run's result: that of its only partition, or one of all of them together."""
    known = list(versions)
    return dg.DataVersion((known[0] if len(known) == 1 else fingerprint_of({"versions": known}))[:_LETTERS])


def of_files(*paths: Path) -> dg.DataVersion:
    """Return the version of what has no partitions: that of its files' contents."""
    return data_version(sha256_of_file(path) for path in paths)


def of_dataset(catalogue: Catalogue, layout: Layout) -> dict[str, str]:
    """Return the versions of the dataset's assets without partitions, as their files now are.

    Raises:
        FileNotFoundError: a file is not there.
    """
    files: dict[str, tuple[Path, ...]] = {"dataset_card": (layout.card, layout.catalog)}
    if "gene_finding" in parts_of(catalogue):
        files["block_index"] = (layout.index,)
        files["split_statistics"] = tuple(layout.statistics(name) for name in TABLES)
    return {asset: of_files(*paths).value for asset, paths in files.items()}


def parents(context: dg.AssetExecutionContext, of: dg.AssetKey) -> dict[dg.AssetKey, Parent]:
    """Return what an asset is made from, as it now is; Dagster goes by the events alone."""
    return {
        asset: Parent("UNKNOWN", latest_materialization(context.instance, asset))
        for asset in context.assets_def.asset_deps[of]
    }


def event_tags(asset: dg.AssetKey, version: str, made_from: Mapping[dg.AssetKey, Parent]) -> dict[str, str]:
    """Return the tags that Dagster itself gives to the event of a run's result; events one by one need them as well."""
    name = asset.to_user_string()
    tags = {_DATA_VERSION: version[:_LETTERS]} | ({_CODE_VERSION: code_version(name)} if name in _STEPS else {})
    for origin, parent in made_from.items():
        name = origin.to_user_string()
        tags[f"dagster/input_data_version/{name}"] = parent.version[:_LETTERS]
        tags[f"dagster/input_event_pointer/{name}"] = "NULL" if parent.event is None else str(parent.event)
    return tags


def observe_inputs(context: dg.AssetExecutionContext, versions: Mapping[str, str]) -> int:
    """Report the chromosomes whose inputs have changed to Dagster; return their number."""
    known = context.instance.event_log_storage.get_latest_tags_by_partition(
        INPUTS, dg.DagsterEventType.ASSET_OBSERVATION, [_DATA_VERSION]
    )
    changed = {
        key: version[:_LETTERS]
        for key, version in versions.items()
        if known.get(key, {}).get(_DATA_VERSION) != version[:_LETTERS]
    }
    with together(context.instance):
        for key, version in changed.items():
            context.log_event(dg.AssetObservation(INPUTS, partition=key, tags={_DATA_VERSION: version}))
    return len(changed)


def latest_version(instance: dg.DagsterInstance, asset: dg.AssetKey) -> str | None:
    """Return the version that an asset without partitions had when it was last materialised."""
    event = instance.get_latest_materialization_event(asset)
    materialization = event.asset_materialization if event else None
    return (materialization.tags or {}).get(_DATA_VERSION) if materialization else None


def latest_observation(instance: dg.DagsterInstance, asset: dg.AssetKey) -> int | None:
    """Return the storage id of an asset's latest observation, of whichever partition."""
    return next((record.storage_id for record in instance.fetch_observations(asset, limit=1).records), None)


def latest_materialization(instance: dg.DagsterInstance, asset: dg.AssetKey) -> int | None:
    """Return the storage id of an asset's latest materialisation, of whichever partition."""
    return next((record.storage_id for record in instance.fetch_materializations(asset, limit=1).records), None)
