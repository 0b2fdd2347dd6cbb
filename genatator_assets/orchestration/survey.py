"""What is still to do: chromosomes that are not built as the catalogue says, or that Dagster has no record of; and
whether the dataset's tables and card are of these very chromosomes."""

from dataclasses import dataclass

import dagster as dg

from genatator_assets.catalogue import Catalogue
from genatator_assets.gene_finding.tasks import in_words, sort_out, space_of, tasks_of_keys
from genatator_assets.orchestration.assets import BLOCKS, TARGETS
from genatator_assets.orchestration.jobs import FINISH
from genatator_assets.orchestration.outcomes import faults_of
from genatator_assets.orchestration.partitions import genome_ranges, registered_chromosomes
from genatator_assets.orchestration.versions import latest_version, of_dataset
from genatator_assets.version import __version__
from genatator_assets.work.layout import Layout
from genatator_assets.work.manifest import fingerprint_of

VERSION_TAG = "genatator/dataset_version"
"""On runs of `finish`: the version of what they finished."""


@dataclass(frozen=True)
class Survey:
    """`stretches`: of each genome with something to do, the keys from its first such chromosome to its last.

    `waiting` chromosomes are registered, but their genomes are not ready, so that only preparing these can help.
    `version` is of all that decides the dataset's content; `finished` says that the latest run of `finish` was of it,
    that no check failed there, and that its files are as it left them.
    """

    chromosomes: int
    to_do: int
    waiting: int
    bytes_to_write: int
    stretches: tuple[list[str], ...]
    version: str
    finished: bool

    def in_words(self) -> str:
        """Show it to a person."""
        waiting = f", {self.waiting:,} of genomes that are not ready" if self.waiting else ""
        return in_words(self.chromosomes - self.to_do - self.waiting, self.to_do) + waiting


def survey(catalogue: Catalogue, layout: Layout, instance: dg.DagsterInstance) -> Survey:
    """Look at the manifests of all registered chromosomes."""
    recorded = instance.get_materialized_partitions(TARGETS) & instance.get_materialized_partitions(BLOCKS)
    registered = registered_chromosomes(instance)
    stretches: list[list[str]] = []
    to_do = waiting = bytes_to_write = 0
    versions: dict[str, str] = {}
    for keys in genome_ranges(registered):
        tasks, _ = tasks_of_keys(catalogue, layout, keys)
        if not tasks:
            waiting += len(keys)
            continue
        versions |= {key: task.blocks.fingerprint for key, task in tasks.items()}
        done, unbuilt = sort_out(tasks.values())
        finished = {outcome.key for outcome in done} & recorded
        places = [place for place, key in enumerate(keys) if key not in finished]
        if places:
            stretches.append(keys[places[0] : places[-1] + 1])
        to_do += len(places)
        bytes_to_write += space_of(unbuilt)
    about = catalogue.model_dump(mode="json")
    version = fingerprint_of({"catalogue": about, "chromosomes": versions, "platform": __version__})
    of_this = _finished(layout, instance, version)
    return Survey(len(registered), to_do, waiting, bytes_to_write, tuple(stretches), version, of_this)


def _finished(layout: Layout, instance: dg.DagsterInstance, version: str) -> bool:
    run = next(iter(instance.get_runs(dg.RunsFilter(job_name=FINISH), limit=1)), None)
    if run is None or run.tags.get(VERSION_TAG) != version or run.status != dg.DagsterRunStatus.SUCCESS:
        return False
    events = [entry.dagster_event for entry in instance.all_logs(run.run_id)]
    if faults_of(event for event in events if event is not None):
        return False
    try:
        return all(latest_version(instance, dg.AssetKey(name)) == now for name, now in of_dataset(layout).items())
    except FileNotFoundError:
        return False
