"""The whole way for a catalogue, through Dagster and in this process: prepare, build the blocks, finish."""

from collections.abc import Mapping

import dagster as dg

from genatator_assets.catalogue import load_catalogue
from genatator_assets.dataset.tasks import require_own_root
from genatator_assets.orchestration.definitions import build_definitions
from genatator_assets.orchestration.instance import open_instance
from genatator_assets.orchestration.jobs import BUILD_BLOCKS, FINISH, PREPARE
from genatator_assets.orchestration.outcomes import faults_of
from genatator_assets.orchestration.partitions import genome_ranges, range_tags, registered_chromosomes
from genatator_assets.orchestration.progress import Progress
from genatator_assets.orchestration.settings import Settings
from genatator_assets.work.layout import Layout

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def build(settings: Settings, progress: Progress) -> list[str]:
    """Build a dataset; give all faults, none if all is well. A bad genome or chromosome leaves the others alone.

    Raises:
        CatalogueError: the catalogue can't be used.
        DatasetError: the root holds another dataset.
    """
    catalogue = load_catalogue(settings.catalogue)
    require_own_root(catalogue, Layout(settings.root))
    overrides = {"progress": dg.ResourceDefinition.hardcoded_resource(progress)}
    definitions = build_definitions(settings, overrides)
    with open_instance(settings.root) as instance:
        faults = _run(definitions, PREPARE, instance, range_tags(catalogue.genomes))
        if faults:  # then the step after the bad genome's was skipped; the good ones go on
            faults += _run(definitions, PREPARE, instance, {}, ["chromosome_catalogue"])
        for keys in genome_ranges(registered_chromosomes(instance)):
            faults += _run(definitions, BUILD_BLOCKS, instance, range_tags(keys))
        if registered_chromosomes(instance):
            faults += _run(definitions, FINISH, instance, {})
    return faults


def _run(
    definitions: dg.Definitions,
    job: str,
    instance: dg.DagsterInstance,
    tags: Mapping[str, str],
    only: list[str] | None = None,
) -> list[str]:
    result = definitions.resolve_job_def(job).execute_in_process(
        run_config=_QUIET,
        instance=instance,
        tags=dict(tags),
        asset_selection=[dg.AssetKey(asset) for asset in only] if only else None,
        raise_on_error=False,
    )
    return faults_of(result.all_events)
