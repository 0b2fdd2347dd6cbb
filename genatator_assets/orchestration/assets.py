"""The assets, from assemblies to the dataset's card. They call the library and say what came of it."""

from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from contextlib import closing

import dagster as dg
import pyarrow as pa

from genatator_assets.annotation import select
from genatator_assets.annotation.transcripts import select_isoforms
from genatator_assets.blocks import contract
from genatator_assets.blocks.chromosome import ChromosomeTask, build_chromosomes
from genatator_assets.catalogue import Catalogue
from genatator_assets.dataset import index
from genatator_assets.dataset.card import text_tables, write_card
from genatator_assets.dataset.statistics import build_statistics, read_statistics
from genatator_assets.dataset.tasks import (
    in_words,
    included_chromosomes,
    require_own_root,
    sort_out,
    space_of,
    tasks_of_keys,
)
from genatator_assets.errors import GenatatorError
from genatator_assets.orchestration import metadata
from genatator_assets.orchestration.partitions import CHROMOSOMES, genome_partitions, register_chromosomes
from genatator_assets.orchestration.progress import Progress
from genatator_assets.orchestration.resources import Workers
from genatator_assets.sources import chromosomes as sources
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.targets import store
from genatator_assets.version import __version__
from genatator_assets.work.layout import Layout, chromosome_key
from genatator_assets.work.machine import require_space
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.pool import run_batches

CATALOGUE = dg.AssetKey("chromosome_catalogue")
TARGETS = dg.AssetKey("chromosome_targets")
BLOCKS = dg.AssetKey("blocks")

_VERSION_LETTERS = 16
"""Of a fingerprint: enough to tell a chromosome's versions apart, in events of which there are thousands."""


def build_assets(catalogue: Catalogue) -> list[dg.AssetsDefinition]:
    """Give the assets of a catalogue."""
    return [
        *_genome_assets(catalogue),
        _catalogue_asset(catalogue),
        _chromosome_assets(catalogue),
        *_dataset_assets(catalogue),
    ]


def _genome_assets(catalogue: Catalogue) -> list[dg.AssetsDefinition]:
    genomes, one_run = genome_partitions(catalogue), dg.BackfillPolicy.single_run()

    @dg.asset(
        partitions_def=genomes,
        backfill_policy=one_run,
        code_version=__version__,
        group_name="sources",
        kinds={"fasta", "parquet"},
        metadata=metadata.column_schema(sources.SCHEMA),
        description="An assembly's sequence, checked, decompressed and indexed, and its table of chromosomes: which"
        " are included, in which split, and why the others are not.",
    )
    def assembly(context: dg.AssetExecutionContext, layout: dg.ResourceParam[Layout]) -> dg.MaterializeResult[None]:
        def work(genome: str) -> metadata.Metadata:
            return metadata.of_assembly(layout, import_assembly(catalogue, genome, layout))

        return _each_genome(context, work)

    @dg.asset(
        partitions_def=genomes,
        backfill_policy=one_run,
        code_version=__version__,
        deps=[assembly],
        group_name="annotation",
        kinds={"gff", "parquet"},
        metadata=metadata.column_schema(select.SCHEMA),
        description="Every transcript of an assembly's annotation: all isoforms of mRNA and lncRNA genes that are"
        " selected, and all others with the reason why they are not.",
    )
    def selected_isoforms(
        context: dg.AssetExecutionContext, layout: dg.ResourceParam[Layout]
    ) -> dg.MaterializeResult[None]:
        def work(genome: str) -> metadata.Metadata:
            return metadata.of_annotation(layout, select_isoforms(catalogue, genome, layout))

        return _each_genome(context, work)

    return [assembly, selected_isoforms]


def _catalogue_asset(catalogue: Catalogue) -> dg.AssetsDefinition:
    @dg.asset(
        deps=["assembly", "selected_isoforms"],
        group_name="catalogue",
        code_version=__version__,
        description="The chromosomes that there are to build, of all assemblies; registers them as partitions.",
    )
    def chromosome_catalogue(
        context: dg.AssetExecutionContext, layout: dg.ResourceParam[Layout]
    ) -> dg.MaterializeResult[None]:
        require_own_root(catalogue, layout)
        included = included_chromosomes(catalogue, layout)
        keys = [chromosome_key(genome, c.chrom) for genome, chromosomes in included.items() for c in chromosomes]
        not_ready = [genome for genome in catalogue.genomes if genome not in included]
        added, removed = register_chromosomes(context.instance, keys, not_ready)
        return dg.MaterializeResult(
            metadata={
                **metadata.of_catalogue(catalogue, included),
                "partitions added": len(added),
                "partitions removed": len(removed),
            }
        )

    return chromosome_catalogue


def _chromosome_assets(catalogue: Catalogue) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="chromosomes",
        specs=[
            dg.AssetSpec(
                TARGETS,
                deps=[CATALOGUE],
                group_name="targets",
                kinds={"numpy", "parquet"},
                metadata=metadata.column_schema(store.SCHEMA),
                code_version=__version__,
                description="The twelve target channels of a whole chromosome, as runs of equal value:"
                " targets/<genome>/<chrom>.parquet.",
                skippable=True,
            ),
            dg.AssetSpec(
                BLOCKS,
                deps=[TARGETS],
                group_name="blocks",
                kinds={"parquet"},
                metadata=metadata.column_schema(contract.SCHEMA),
                code_version=__version__,
                description="DNA and dense targets of a chromosome, cut into blocks of one row and one file each:"
                " blocks/<split>/genome=<genome>/chrom=<chrom>/<start>.parquet.",
                skippable=True,
            ),
        ],
        partitions_def=CHROMOSOMES,
        backfill_policy=dg.BackfillPolicy.single_run(),
        can_subset=True,
    )
    def chromosomes(
        context: dg.AssetExecutionContext,
        layout: dg.ResourceParam[Layout],
        workers: Workers,
        progress: dg.ResourceParam[Progress],
    ) -> Iterator[dg.AssetMaterialization]:
        """Both assets in one task a chromosome: what is painted is cut at once, not stored and read back first.

        Each chromosome is recorded when it is done, by an event of its own: the result of a whole run would claim
        the failed ones too, and saying of each what it holds would take a time that grows with the square of their
        number. The assets are skippable because there is no such result.
        """
        with_blocks = BLOCKS in context.selected_asset_keys
        tasks, failed = tasks_of_keys(catalogue, layout, context.partition_keys, with_blocks)
        catalogued = metadata.latest_version(context.instance, CATALOGUE)
        with closing(_outcomes(layout, tasks, context.log, workers, progress)) as outcomes:
            for outcome in outcomes:
                if outcome.error:
                    failed[outcome.key] = outcome.error
                    continue
                yield from _events(tasks[outcome.key], outcome, catalogued, context.selected_asset_keys)
        if failed:
            raise _failure("chromosomes", failed, len(context.partition_keys))

    return chromosomes


def _dataset_assets(catalogue: Catalogue) -> list[dg.AssetsDefinition]:
    @dg.asset(
        deps=[BLOCKS],
        group_name="dataset",
        kinds={"parquet"},
        code_version=__version__,
        metadata=metadata.column_schema(index.SCHEMA),
        description="A row per block: typed metadata, composition, target sums, hash and path.",
    )
    def block_index(layout: dg.ResourceParam[Layout]) -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata=metadata.of_index(layout, index.build_index(catalogue, layout)))

    @dg.asset(
        deps=[block_index],
        group_name="dataset",
        kinds={"duckdb", "parquet"},
        code_version=__version__,
        description="The card's tables: splits, DNA alphabet, target sums and densities, species, reasons.",
    )
    def split_statistics(layout: dg.ResourceParam[Layout]) -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata=_statistics_metadata(build_statistics(catalogue, layout)))

    @dg.asset(
        deps=[split_statistics],
        group_name="dataset",
        kinds={"markdown"},
        code_version=__version__,
        description="The dataset's card: what it is and its statistics, as text.",
    )
    def dataset_card(layout: dg.ResourceParam[Layout]) -> dg.MaterializeResult[None]:
        text = write_card(catalogue, layout, read_statistics(layout))
        return dg.MaterializeResult(
            metadata={"dagster/uri": dg.MetadataValue.path(layout.card), "card": dg.MetadataValue.md(text)}
        )

    return [block_index, split_statistics, dataset_card]


def _statistics_metadata(tables: Mapping[str, pa.Table]) -> metadata.Metadata:
    return {table.title: dg.MetadataValue.md(table.fitting().as_markdown()) for table in text_tables(tables)}


def _each_genome(
    context: dg.AssetExecutionContext, work: Callable[[str], metadata.Metadata]
) -> dg.MaterializeResult[None]:
    """Do `work` for each genome of a run; a bad one leaves the others alone and fails by name."""
    done: dict[str, metadata.Metadata] = {}
    failed: dict[str, str] = {}
    for genome in context.partition_keys:
        try:
            done[genome] = work(genome)
        except GenatatorError as error:
            failed[genome] = str(error)
    if failed:  # then the run's own result would claim all of them
        for genome, entries in done.items():
            context.log_event(dg.AssetMaterialization(context.asset_key, partition=genome, metadata=entries))
        raise _failure("genomes", failed, len(done) + len(failed))
    for genome, entries in done.items():
        context.add_asset_metadata(entries, partition_key=genome)
    return dg.MaterializeResult()


def _outcomes(
    layout: Layout, tasks: Mapping[str, ChromosomeTask], log: dg.DagsterLogManager, workers: Workers, progress: Progress
) -> Generator[Outcome]:
    """Give the outcomes of the tasks that need no work, and then of the others as workers come back with them."""
    done, to_do = sort_out(tasks.values())
    title = ", ".join(sorted({task.genome for task in tasks.values()}))
    log.info(f"{title}: {in_words(len(done), len(to_do))}")
    require_space(layout.root, space_of(to_do))
    yield from done
    with progress.of(log, title, sum(task.length for task in to_do)) as tell:
        for outcome in run_batches(workers.crew(), build_chromosomes, to_do):
            tell(outcome, tasks[outcome.key].length)
            yield outcome


def _events(
    task: ChromosomeTask, outcome: Outcome, catalogued: str, selected: Collection[dg.AssetKey]
) -> Iterator[dg.AssetMaterialization]:
    """Record what was made of a chromosome."""
    targets, blocks = task.targets_fingerprint[:_VERSION_LETTERS], task.blocks_fingerprint[:_VERSION_LETTERS]
    if TARGETS in selected:
        holds = metadata.of_targets(outcome.facts["targets"])
        yield metadata.of_partition(TARGETS, task.key, holds, targets, {CATALOGUE: catalogued})
    if BLOCKS in selected:
        holds = metadata.of_blocks(outcome.facts["blocks"])
        yield metadata.of_partition(BLOCKS, task.key, holds, blocks, {TARGETS: targets})


def _failure(what: str, failed: Mapping[str, str], count: int) -> dg.Failure:
    shown = "\n".join(f"{key}: {error}" for key, error in list(failed.items())[:20])
    return dg.Failure(
        f"{len(failed):,} of {count:,} {what} failed:\n{shown}",
        metadata={"failed": dg.MetadataValue.json(dict(list(failed.items())[:50]))},
        allow_retries=False,
    )
