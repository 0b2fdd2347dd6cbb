"""What is still to do: chromosomes that are not built as the catalogue says, or that Dagster has no record of."""

from dataclasses import dataclass

import dagster as dg

from genatator_assets.catalogue import Catalogue
from genatator_assets.dataset.tasks import in_words, sort_out, space_of, tasks_of_keys
from genatator_assets.orchestration.assets import BLOCKS, TARGETS
from genatator_assets.orchestration.partitions import genome_ranges, registered_chromosomes
from genatator_assets.work.layout import Layout


@dataclass(frozen=True)
class Survey:
    """`stretches`: of each genome with something to do, the keys from its first such chromosome to its last."""

    chromosomes: int
    to_do: int
    bytes_to_write: int
    stretches: tuple[list[str], ...]

    def in_words(self) -> str:
        """Say it to a person."""
        return in_words(self.chromosomes - self.to_do, self.to_do)


def survey(catalogue: Catalogue, layout: Layout, instance: dg.DagsterInstance) -> Survey:
    """Look at the manifests of all registered chromosomes."""
    recorded = instance.get_materialized_partitions(TARGETS) & instance.get_materialized_partitions(BLOCKS)
    registered = registered_chromosomes(instance)
    stretches: list[list[str]] = []
    to_do = bytes_to_write = 0
    for keys in genome_ranges(registered):
        tasks, _ = tasks_of_keys(catalogue, layout, keys)
        done, unbuilt = sort_out(tasks.values())
        finished = {outcome.key for outcome in done} & recorded
        places = [place for place, key in enumerate(keys) if key not in finished]
        if places:
            stretches.append(keys[places[0] : places[-1] + 1])
        to_do += len(places)
        bytes_to_write += space_of(unbuilt)
    return Survey(len(registered), to_do, bytes_to_write, tuple(stretches))
