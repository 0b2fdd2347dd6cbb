"""The two partition sets: genomes, fixed by the catalogue, and chromosomes, registered once assemblies are known."""

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby

import dagster as dg

from genatator_assets.catalogue import Catalogue
from genatator_assets.work.files import path_name

CHROMOSOMES = dg.DynamicPartitionsDefinition(name="chromosomes")
"""Keys are `<genome>/<chrom>`, so that `<genome>/` in the UI's partition box filters a genome's chromosomes."""

RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"


def genome_partitions(catalogue: Catalogue) -> dg.StaticPartitionsDefinition:
    """Return the partitions of assets that are made once per genome."""
    return dg.StaticPartitionsDefinition(list(catalogue.genomes))


def registered_chromosomes(instance: dg.DagsterInstance) -> list[str]:
    """Return the registered keys in Dagster's order, which is that of registration."""
    return registered(instance, str(CHROMOSOMES.name))


def registered(instance: dg.DagsterInstance, name: str) -> list[str]:
    """Return the registered keys of a dynamic set in Dagster's order, which is that of registration."""
    return list(instance.get_dynamic_partitions(name))


def register(instance: dg.DagsterInstance, name: str, keys: Sequence[str]) -> tuple[list[str], list[str]]:
    """Make `keys` the registered ones of a dynamic set; return those added and those removed.

    Keys that stay are not touched: their history is kept.
    """
    before = registered(instance, name)
    known, wanted = set(before), set(keys)
    added, removed = [key for key in keys if key not in known], [key for key in before if key not in wanted]
    for key in removed:
        instance.delete_dynamic_partition(name, key)
    if added:
        instance.add_dynamic_partitions(name, added)
    return added, removed


def register_chromosomes(
    instance: dg.DagsterInstance, keys: list[str], not_ready: Collection[str] = ()
) -> tuple[list[str], list[str]]:
    """Make `keys` the registered ones; give those added and those removed.

    Keys that stay are not touched, and those of genomes that are not ready stay: their history is kept.
    """
    absent = {path_name(genome) for genome in not_ready}
    kept = [key for key in registered_chromosomes(instance) if genome_part(key) in absent and key not in set(keys)]
    return register(instance, str(CHROMOSOMES.name), [*keys, *kept])


def genome_ranges(keys: Iterable[str]) -> list[list[str]]:
    """Cut keys in Dagster's order into contiguous stretches of one genome, each of which one run can carry.

    >>> genome_ranges(["a/1", "a/2", "b/1", "a/3"])
    [['a/1', 'a/2'], ['b/1'], ['a/3']]
    """
    return [list(stretch) for _, stretch in groupby(keys, key=genome_part)]


def genome_part(key: str) -> str:
    """Return a key's genome as it is spelt there."""
    return key.partition("/")[0]


def range_tags(keys: Sequence[str]) -> dict[str, str]:
    """Return the tags of a run over the stretch from the first to the last of `keys`."""
    return {RANGE_START_TAG: keys[0], RANGE_END_TAG: keys[-1]}
