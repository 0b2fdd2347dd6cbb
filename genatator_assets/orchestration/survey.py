"""What is still to do: chromosomes that are not built as the catalogue says, or that Dagster has no record of; and
whether the dataset's tables and card are of these very chromosomes."""

from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg

from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import FINISH
from genatator_assets.gene_finding import index, statistics
from genatator_assets.gene_finding.tasks import count_block_files, in_words, sort_out, space_of, tasks_of_keys
from genatator_assets.orchestration.assets import BLOCKS, TARGETS
from genatator_assets.orchestration.outcomes import faults_of_run
from genatator_assets.orchestration.part_assets import PartSurvey, survey_part
from genatator_assets.orchestration.partitions import genome_ranges, registered_chromosomes
from genatator_assets.orchestration.versions import latest_version, of_dataset
from genatator_assets.parts import asked_parts
from genatator_assets.work.layout import Layout
from genatator_assets.work.manifest import fingerprint_of

_CALLED = {"gene_finding": "channel sets"}

VERSION_TAG = "genatator/dataset_version"
"""On runs of `finish`: the version of what they finished."""


@dataclass(frozen=True)
class Survey:
    """`stretches`: of each genome with something to do, the keys from its first such chromosome to its last.

    `waiting` chromosomes are registered, but their genomes are not ready, so that only preparing these can help.
    `parts`: what is to be done of other parts. `version` is of all that decides the dataset's content; `finished`
    says that the latest run of `finish` was of it, that no check failed there, that its files are as it left them, and
    that there are no others among the blocks.
    """

    chromosomes: int
    to_do: int
    waiting: int
    bytes_to_write: int
    stretches: tuple[list[str], ...]
    parts: Mapping[str, PartSurvey]
    version: str
    finished: bool

    def in_words(self) -> str:
        """Show it to a person."""
        waiting = f", {self.waiting:,} of genomes that are not ready" if self.waiting else ""
        words = (
            [in_words(self.chromosomes - self.to_do - self.waiting, self.to_do) + waiting] if self.chromosomes else []
        )
        words += [
            f"{_CALLED.get(name, name)}: {one.tasks - one.to_do:,} intact, {one.to_do:,} to do"
            for name, one in self.parts.items()
        ]
        return "; ".join(words)

    @property
    def anything_to_do(self) -> bool:
        """Whether anything is to be built."""
        return self.to_do > 0 or any(one.to_do for one in self.parts.values())


def survey(catalogue: Catalogue, layout: Layout, instance: dg.DagsterInstance) -> Survey:
    """Look at the manifests of all registered chromosomes, and of what the other parts make."""
    recorded = instance.get_materialized_partitions(TARGETS) & instance.get_materialized_partitions(BLOCKS)
    registered = registered_chromosomes(instance)
    stretches: list[list[str]] = []
    to_do = waiting = bytes_to_write = blocks = 0
    versions: dict[str, str] = {}
    for keys in genome_ranges(registered):
        tasks, _ = tasks_of_keys(catalogue, layout, keys)
        if not tasks:
            waiting += len(keys)
            continue
        versions |= {key: task.blocks.fingerprint for key, task in tasks.items()}
        done, unbuilt = sort_out(tasks.values())
        blocks += sum(outcome.facts["blocks"]["blocks"] for outcome in done)
        finished = {outcome.key for outcome in done} & recorded
        places = [place for place, key in enumerate(keys) if key not in finished]
        if places:
            stretches.append(keys[places[0] : places[-1] + 1])
        to_do += len(places)
        bytes_to_write += space_of(unbuilt)
    others = [part for part in asked_parts(catalogue) if part.stages]
    parts = {part.name: survey_part(catalogue, part, layout.root, instance) for part in others}
    made = {name: dict(found.versions) for name, found in parts.items()}
    about = catalogue.model_dump(mode="json")
    steps = dict([index.STEP, statistics.STEP])
    version = fingerprint_of({"catalogue": about, "chromosomes": versions, "parts": made, "steps": steps})
    of_this = _finished(catalogue, layout, instance, version) and count_block_files(layout) == blocks
    return Survey(len(registered), to_do, waiting, bytes_to_write, tuple(stretches), parts, version, of_this)


def _finished(catalogue: Catalogue, layout: Layout, instance: dg.DagsterInstance, version: str) -> bool:
    run = next(iter(instance.get_runs(dg.RunsFilter(job_name=FINISH), limit=1)), None)
    if run is None or run.tags.get(VERSION_TAG) != version or run.status != dg.DagsterRunStatus.SUCCESS:
        return False
    if faults_of_run(instance, run):
        return False
    try:
        files = of_dataset(catalogue, layout)
        return all(latest_version(instance, dg.AssetKey(name)) == now for name, now in files.items())
    except FileNotFoundError:
        return False
