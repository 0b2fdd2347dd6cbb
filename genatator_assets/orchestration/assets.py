"""The assets, from assemblies to the dataset's card. They call the library and say what came of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import dagster as dg
import pyarrow as pa

from genatator_assets.annotation import select
from genatator_assets.annotation.transcripts import select_isoforms
from genatator_assets.blocks import contract
from genatator_assets.blocks.chromosome import ChromosomeTask, build_chromosomes
from genatator_assets.catalogue import Catalogue
from genatator_assets.dataset import index
from genatator_assets.dataset.card import text_tables, write_card
from genatator_assets.dataset.statistics import TABLES, build_statistics, read_statistics
from genatator_assets.dataset.tasks import chromosome_tasks, included_chromosomes, require_own_root
from genatator_assets.errors import GenatatorError
from genatator_assets.orchestration import metadata
from genatator_assets.orchestration.partitions import CHROMOSOMES, genome_partitions, register_chromosomes
from genatator_assets.orchestration.progress import Progress
from genatator_assets.orchestration.resources import Workers
from genatator_assets.query.catalog import write_catalog
from genatator_assets.sources import chromosomes as sources
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.sources.fetch import Cache
from genatator_assets.targets import store
from genatator_assets.version import __version__
from genatator_assets.work.layout import Layout, chromosome_key, parse_key
from genatator_assets.work.made import recorded
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.pool import run_batches

TARGETS = dg.AssetKey("chromosome_targets")
BLOCKS = dg.AssetKey("blocks")

PerPartition = Mapping[str, metadata.Metadata]


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
    def assembly(
        context: dg.AssetExecutionContext, layout: dg.ResourceParam[Layout], progress: dg.ResourceParam[Progress]
    ) -> dg.MaterializeResult[None]:
        cache = Cache(watch=progress.downloads(context.log))

        def work(genome: str) -> metadata.Metadata:
            with recorded(layout.source(genome), context.run_id):
                return metadata.of_assembly(layout, import_assembly(catalogue, genome, layout, cache))

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
            with recorded(layout.annotation_summary(genome), context.run_id):
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
                deps=["chromosome_catalogue"],
                group_name="targets",
                kinds={"numpy", "parquet"},
                metadata=metadata.column_schema(store.SCHEMA),
                code_version=__version__,
                description="The twelve target channels of a whole chromosome, as runs of equal value.",
            ),
            dg.AssetSpec(
                BLOCKS,
                deps=[TARGETS],
                group_name="blocks",
                kinds={"parquet"},
                metadata=metadata.column_schema(contract.SCHEMA),
                code_version=__version__,
                description="DNA and dense targets of a chromosome, cut into blocks: one row and one file each.",
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
    ) -> Iterator[dg.MaterializeResult[None]]:
        """Both assets in one task a chromosome: what is painted is cut at once, not stored and read back first."""
        with_blocks = BLOCKS in context.selected_asset_keys
        tasks, failed = _tasks(catalogue, layout, list(context.partition_keys), with_blocks)
        tasks = {key: replace(task, run_id=context.run_id) for key, task in tasks.items()}
        outcomes = _run(tasks, context, workers, progress)
        shown = {outcome.key: _shown(layout, tasks[outcome.key], outcome) for outcome in outcomes if not outcome.error}
        failed |= {outcome.key: outcome.error for outcome in outcomes if outcome.error}
        results = [
            _materialize(context, asset, {key: of_asset[asset] for key, of_asset in shown.items()}, failed)
            for asset in (TARGETS, BLOCKS)
            if asset in context.selected_asset_keys
        ]
        if failed:
            raise _failure("chromosomes", failed, len(shown) + len(failed))
        yield from results

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
    def block_index(context: dg.AssetExecutionContext, layout: dg.ResourceParam[Layout]) -> dg.MaterializeResult[None]:
        with recorded(layout.index, context.run_id):
            summary = index.build_index(catalogue, layout)
        return dg.MaterializeResult(metadata=metadata.of_index(layout, summary))

    @dg.asset(
        deps=[block_index],
        group_name="dataset",
        kinds={"duckdb", "parquet"},
        code_version=__version__,
        description="The card's tables: splits, DNA alphabet, target sums and densities, species, reasons.",
    )
    def split_statistics(
        context: dg.AssetExecutionContext, layout: dg.ResourceParam[Layout]
    ) -> dg.MaterializeResult[None]:
        with recorded(layout.statistics(TABLES[0]).parent, context.run_id):
            tables = build_statistics(catalogue, layout)
        return dg.MaterializeResult(metadata=_statistics_metadata(tables))

    @dg.asset(
        deps=[split_statistics],
        group_name="dataset",
        kinds={"markdown"},
        code_version=__version__,
        description="The dataset's card: what it is and its statistics, as text; and beside it its views and macros"
        " for DuckDB.",
    )
    def dataset_card(context: dg.AssetExecutionContext, layout: dg.ResourceParam[Layout]) -> dg.MaterializeResult[None]:
        with recorded(layout.card, context.run_id):
            text = write_card(catalogue, layout, read_statistics(layout))
            write_catalog(layout)
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
    result = _materialize(context, context.asset_key, done, failed)
    if failed:
        raise _failure("genomes", failed, len(done) + len(failed))
    return result


def _tasks(
    catalogue: Catalogue, layout: Layout, keys: list[str], with_blocks: bool
) -> tuple[dict[str, ChromosomeTask], dict[str, str]]:
    """Give the tasks of chromosomes by key, and why those of genomes that aren't ready have none."""
    by_genome: dict[str, list[str]] = {}
    for key in keys:
        by_genome.setdefault(parse_key(key)[0], []).append(key)
    tasks: dict[str, ChromosomeTask] = {}
    failed: dict[str, str] = {}
    for genome, of_genome in by_genome.items():
        try:
            made = chromosome_tasks(catalogue, layout, genome, [parse_key(key)[1] for key in of_genome], with_blocks)
            tasks |= {task.key: task for task in made}
        except GenatatorError as error:
            failed |= dict.fromkeys(of_genome, str(error))
    return tasks, failed


def _run(
    tasks: Mapping[str, ChromosomeTask], context: dg.AssetExecutionContext, workers: Workers, progress: Progress
) -> list[Outcome]:
    title = ", ".join(sorted({task.genome for task in tasks.values()}))
    with (
        workers.executor() as executor,
        progress.of(context.log, title, sum(task.length for task in tasks.values())) as tell,
    ):
        outcomes = run_batches(
            executor, build_chromosomes, tasks.values(), lambda outcome: tell(outcome, tasks[outcome.key].length)
        )
    intact = sum(outcome.status == "intact" for outcome in outcomes)
    context.log.info(f"{title}: {intact:,} of {len(outcomes):,} chromosomes were intact, the others were to do")
    return outcomes


def _shown(layout: Layout, task: ChromosomeTask, outcome: Outcome) -> dict[dg.AssetKey, metadata.Metadata]:
    shown = {TARGETS: metadata.of_targets(layout, task.genome, task.chrom, outcome.facts["targets"])}
    if task.with_blocks:
        shown[BLOCKS] = metadata.of_blocks(layout, task.split, task.genome, task.chrom, outcome.facts["blocks"])
    return shown


def _materialize(
    context: dg.AssetExecutionContext, asset: dg.AssetKey, shown: PerPartition, failed: Mapping[str, str]
) -> dg.MaterializeResult[None]:
    """Give each partition of a run its own metadata. Where some failed, the good ones are logged one by one, because
    the run's own result would claim all of them."""
    for key, entries in shown.items():
        if failed:
            context.log_event(dg.AssetMaterialization(asset_key=asset, partition=key, metadata=entries))
        else:
            context.add_asset_metadata(entries, asset_key=asset, partition_key=key)
    return dg.MaterializeResult(asset_key=asset)


def _failure(what: str, failed: Mapping[str, str], count: int) -> dg.Failure:
    shown = "\n".join(f"{key}: {error}" for key, error in list(failed.items())[:20])
    return dg.Failure(
        f"{len(failed):,} of {count:,} {what} failed:\n{shown}",
        metadata={"failed": dg.MetadataValue.json(dict(list(failed.items())[:50]))},
        allow_retries=False,
    )
