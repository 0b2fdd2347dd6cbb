"""The assets, from assemblies to the dataset's card. They call the library and say what came of it."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace

import dagster as dg

from genatator_assets.annotation import select
from genatator_assets.annotation.genomes import GenomeTask, bring_in_all
from genatator_assets.catalogue import Catalogue
from genatator_assets.errors import GenatatorError
from genatator_assets.gene_finding import index
from genatator_assets.gene_finding.blocks import contract
from genatator_assets.gene_finding.blocks.chromosome import ChromosomeTask, build_chromosomes
from genatator_assets.gene_finding.statistics import TABLES, build_statistics, lengths_of_splits
from genatator_assets.gene_finding.tasks import (
    in_words,
    included_chromosomes,
    require_own_root,
    sort_out,
    space_of,
    tasks_of_keys,
    with_landmarks,
)
from genatator_assets.orchestration import columns, metadata, versions
from genatator_assets.orchestration.carried import LEFT_OUT, is_carried_on
from genatator_assets.orchestration.failures import Failures
from genatator_assets.orchestration.part_assets import part_assets
from genatator_assets.orchestration.partitions import (
    CHROMOSOMES,
    genome_partitions,
    register_chromosomes,
    registered_chromosomes,
)
from genatator_assets.orchestration.progress import Progress
from genatator_assets.orchestration.record import together
from genatator_assets.orchestration.resources import Workers, Writer
from genatator_assets.parts import asked_parts, needs_of, parts_of
from genatator_assets.query.catalog import write_catalog
from genatator_assets.release import release as make_release
from genatator_assets.release.card import write_card
from genatator_assets.sources import chromosomes as sources
from genatator_assets.sources.fetch import Cache
from genatator_assets.sources.inputs import fetch_inputs
from genatator_assets.tracks import store
from genatator_assets.work.layout import Layout, chromosome_key
from genatator_assets.work.machine import require_space
from genatator_assets.work.made import recorded
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.pool import outcomes_by_batch

ASSEMBLY = dg.AssetKey("assembly")
TRANSCRIPTS = dg.AssetKey("selected_isoforms")
CATALOGUE = dg.AssetKey("chromosome_catalogue")
RELEASE_FOLDER = dg.AssetKey("release")
TARGETS = dg.AssetKey("chromosome_targets")
BLOCKS = dg.AssetKey("blocks")

_RECORDED_TOGETHER = 200
"""Chromosomes whose events are stored in one transaction: others who want to write wait for so many."""


def build_assets(catalogue: Catalogue) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """Return the assets of a catalogue: those of its assemblies, of the parts that it asks for, and of the dataset."""
    return [
        *([_genome_assets(catalogue)] if catalogue.assemblies else []),
        *(_gene_finding_assets(catalogue) if "gene_finding" in parts_of(catalogue) else []),
        *(asset for part in asked_parts(catalogue) for asset in part_assets(catalogue, part)),
        *_dataset_assets(catalogue, _before_the_card(catalogue)),
    ]


def _gene_finding_assets(catalogue: Catalogue) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    return [
        _catalogue_asset(catalogue),
        versions.inputs_spec(),
        _chromosome_assets(catalogue),
        *_index_assets(catalogue),
    ]


def _before_the_card(catalogue: Catalogue) -> list[str]:
    """Return the assets that the card is written after: the last of each part, or the assemblies if there is none."""
    last = [part.assets[-1].name for part in asked_parts(catalogue) if part.assets]
    if "gene_finding" in parts_of(catalogue):
        return ["split_statistics", *last]
    return last or [ASSEMBLY.to_user_string()]


def _genome_assets(catalogue: Catalogue) -> dg.AssetsDefinition:
    annotated = "annotation" in needs_of(catalogue)

    @dg.multi_asset(
        name="genomes",
        specs=[
            dg.AssetSpec(
                ASSEMBLY,
                code_version=versions.code_version("assembly"),
                group_name="assemblies",
                kinds={"fasta", "parquet"},
                metadata=columns.columns(sources.SCHEMA, columns.ASSEMBLY),
                description="An assembly's sequence, checked, decompressed and indexed, and its table of chromosomes:"
                " which are included, in which split, and why the others are not.",
            ),
            dg.AssetSpec(
                TRANSCRIPTS,
                deps=[ASSEMBLY],
                code_version=versions.code_version("selected_isoforms"),
                group_name="assemblies",
                kinds={"gff", "parquet"},
                metadata=columns.columns(select.SCHEMA, columns.TRANSCRIPTS),
                description="Every transcript of an assembly's annotation: all isoforms of mRNA and lncRNA genes that"
                " are selected, and all others with the reason why they are not.",
            ),
        ][: 2 if annotated else 1],
        partitions_def=genome_partitions(catalogue),
        backfill_policy=dg.BackfillPolicy.single_run(),
        can_subset=True,
    )
    def genomes(
        context: dg.AssetExecutionContext,
        layout: dg.ResourceParam[Layout],
        writer: Writer,
        workers: Workers,
        progress: dg.ResourceParam[Progress],
    ) -> Iterator[dg.MaterializeResult[None]]:
        """Both assets in one step: in two, a bad sequence of one genome would keep Dagster from beginning the second
        for all genomes.
        """
        failures = Failures("genomes", len(context.partition_keys), context)
        cache = Cache(watch=progress.downloads(context.log))
        tasks = []
        for genome in context.partition_keys:
            try:
                fetch_inputs(catalogue.assembly(genome), cache)
            except Exception as error:  # noqa: BLE001 - one bad genome must not take the others down
                failures.add(Outcome.failed(genome, error))
            else:
                tasks.append(_genome_task(catalogue, genome, layout, context))
        done: dict[dg.AssetKey, dict[str, metadata.Metadata]] = {ASSEMBLY: {}, TRANSCRIPTS: {}}
        for outcome in bring_in_all(tasks, workers.crew()):
            if (chromosomes := outcome.facts.get("assembly")) is not None:
                done[ASSEMBLY][outcome.key] = metadata.of_assembly(layout, chromosomes)
            if (summary := outcome.facts.get("annotation")) is not None:
                done[TRANSCRIPTS][outcome.key] = metadata.of_annotation(layout, summary)
            if outcome.error:
                failures.add(outcome)
        yield from _of_genomes(context, layout, done, failures)

    return genomes


def _catalogue_asset(catalogue: Catalogue) -> dg.AssetsDefinition:
    @dg.asset(
        deps=[ASSEMBLY, TRANSCRIPTS],
        backfill_policy=dg.BackfillPolicy.single_run(),  # else `dg launch --partition-range` refuses the job
        group_name="assemblies",
        code_version=versions.code_version("chromosome_catalogue"),
        description="The chromosomes that there are to build, of all assemblies; registers them as partitions.",
    )
    def chromosome_catalogue(
        context: dg.AssetExecutionContext, layout: dg.ResourceParam[Layout], writer: Writer
    ) -> dg.MaterializeResult[None]:
        with _told():
            require_own_root(catalogue, layout)
        included = included_chromosomes(catalogue, layout)
        keys = [chromosome_key(genome, c.chrom) for genome, chromosomes in included.items() for c in chromosomes]
        not_ready = [genome for genome in catalogue.genomes if genome not in included]
        added, removed = register_chromosomes(context.instance, keys, not_ready)
        inputs = versions.of_chromosomes(catalogue, layout, keys)
        return dg.MaterializeResult(
            metadata={
                **metadata.of_catalogue(catalogue, included),
                "partitions added": f"{len(added):,}",
                "partitions removed": f"{len(removed):,}",
                "chromosomes with new inputs": f"{versions.observe_inputs(context, inputs):,}",
            },
            data_version=versions.data_version(inputs.values()),
        )

    return chromosome_catalogue


def _chromosome_assets(catalogue: Catalogue) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="chromosomes",
        specs=[
            dg.AssetSpec(
                TARGETS,
                deps=[versions.INPUTS],
                group_name="gene_finding",
                kinds={"numpy", "parquet"},
                metadata=columns.columns(store.SCHEMA, columns.TARGETS),
                code_version=versions.code_version("chromosome_targets"),
                description="The twelve target channels of a whole chromosome, as runs of equal value:"
                " `targets/<genome>/<chrom>.parquet`.",
                skippable=True,
            ),
            dg.AssetSpec(
                BLOCKS,
                deps=[TARGETS],
                group_name="gene_finding",
                kinds={"parquet"},
                metadata=columns.columns(contract.SCHEMA, columns.BLOCKS),
                code_version=versions.code_version("blocks"),
                description="DNA and dense targets of a chromosome, cut into blocks of one row and one file each:"
                " `blocks/<split>/genome=<genome>/chrom=<chrom>/<start>.parquet`.",
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
        writer: Writer,
        workers: Workers,
        progress: dg.ResourceParam[Progress],
    ) -> Iterator[dg.AssetMaterialization]:
        """Both assets in one task a chromosome: what is painted is cut at once, not stored and read back first.

        Each chromosome is recorded when it is done, by an event of its own: the result of a whole run would claim
        the failed ones too, and saying of each what it holds would take a time that grows with the square of their
        number. The assets are skippable because there is no such result.
        """
        with_blocks = BLOCKS in context.selected_asset_keys
        failures = Failures("chromosomes", len(context.partition_keys), context)
        tasks, not_ready = tasks_of_keys(catalogue, layout, context.partition_keys, with_blocks)
        for key, error in not_ready.items():
            failures.add(Outcome(key, "failed", error=error))
        tasks = {key: replace(task, run_id=context.run.run_id) for key, task in tasks.items()}
        observed = versions.latest_observation(context.instance, versions.INPUTS)
        figures = metadata.ChromosomeFigures(layout)
        with closing(_outcomes(layout, tasks, context.log, workers, progress)) as batches:
            for outcomes in batches:
                for outcome in outcomes:
                    if outcome.error:
                        failures.add(outcome)
                made = [(tasks[outcome.key], outcome) for outcome in outcomes if not outcome.error]
                with together(context.instance):
                    yield from _events(made, observed, context, figures)
        if failures:
            raise failures.failure()

    return chromosomes


def _index_assets(catalogue: Catalogue) -> list[dg.AssetsDefinition]:
    @dg.asset(
        deps=[BLOCKS],
        group_name="gene_finding",
        kinds={"parquet"},
        code_version=versions.code_version("block_index"),
        metadata=columns.columns(index.SCHEMA, columns.INDEX),
        output_required=False,
        description="A row per block: typed metadata, composition, target sums, hash and path.",
    )
    def block_index(
        context: dg.AssetExecutionContext, layout: dg.ResourceParam[Layout], writer: Writer
    ) -> Iterator[dg.MaterializeResult[None]]:
        if _is_left_to_carry_on(context, catalogue, layout):
            context.log.warning(LEFT_OUT)
            return
        with _told(), recorded(layout.index, context.run.run_id):
            summary = index.build_index(catalogue, layout)
        yield dg.MaterializeResult(
            metadata=metadata.of_index(layout, summary), data_version=versions.of_files(layout.index)
        )

    @dg.asset(
        deps=[block_index],
        group_name="gene_finding",
        kinds={"duckdb", "parquet"},
        code_version=versions.code_version("split_statistics"),
        description="The card's tables: splits, DNA alphabet, target sums and densities, species, reasons.",
    )
    def split_statistics(
        context: dg.AssetExecutionContext, layout: dg.ResourceParam[Layout], writer: Writer
    ) -> dg.MaterializeResult[None]:
        with _told(), recorded(layout.statistics(TABLES[0]).parent, context.run.run_id):
            tables = build_statistics(catalogue, layout)
        stored = versions.of_files(*(layout.statistics(name) for name in TABLES))
        return dg.MaterializeResult(
            metadata=metadata.of_statistics(tables, lengths_of_splits(layout)), data_version=stored
        )

    return [block_index, split_statistics]


def _dataset_assets(catalogue: Catalogue, after: Sequence[str]) -> list[dg.AssetsDefinition]:
    @dg.asset(
        deps=list(after),
        group_name="dataset",
        kinds={"markdown"},
        code_version=versions.code_version("dataset_card"),
        description="The dataset's card: what it is and its statistics, a page for each part; and beside it its views"
        " and macros for DuckDB.",
    )
    def dataset_card(
        context: dg.AssetExecutionContext, layout: dg.ResourceParam[Layout], writer: Writer
    ) -> dg.MaterializeResult[None]:
        with _told(), recorded(layout.card, context.run.run_id):
            text = write_card(catalogue, layout)
            write_catalog(layout)
        return dg.MaterializeResult(
            metadata=metadata.of_card(layout, text), data_version=versions.of_files(layout.card, layout.catalog)
        )

    @dg.asset(
        deps=[dataset_card],
        group_name="dataset",
        kinds={"parquet", "markdown"},
        code_version=versions.code_version("release"),
        description="The dataset as it is published: blocks in the hub's layout, a preview, the card with its front"
        " matter, tables and checksums, in one folder.",
    )
    def release(layout: dg.ResourceParam[Layout], writer: Writer) -> dg.MaterializeResult[None]:
        with _told():
            made = make_release(layout)
        return dg.MaterializeResult(metadata=metadata.of_release(made))

    return [dataset_card, release]


def _is_left_to_carry_on(context: dg.AssetExecutionContext, catalogue: Catalogue, layout: Layout) -> bool:
    """Return whether this run's backfill is carried on, and some chromosomes are still to be built."""
    if not is_carried_on(context.instance, context.run, CATALOGUE):
        return False
    keys = registered_chromosomes(context.instance)
    tasks, not_ready = tasks_of_keys(catalogue, layout, keys)
    return not keys or bool(not_ready) or bool(sort_out(tasks.values())[1])


@contextmanager
def _told() -> Iterator[None]:
    """Have what a user can mend stand in the first line of the step's error, not below words of Dagster's own."""
    try:
        yield
    except GenatatorError as error:
        raise dg.Failure(str(error), allow_retries=False) from error


_VERSION_OF = {ASSEMBLY: versions.of_assembly, TRANSCRIPTS: versions.of_transcripts}


def _genome_task(catalogue: Catalogue, genome: str, layout: Layout, context: dg.AssetExecutionContext) -> GenomeTask:
    selected = context.selected_asset_keys
    return GenomeTask(
        catalogue.of_genome(genome), layout.root, ASSEMBLY in selected, TRANSCRIPTS in selected, context.run.run_id
    )


def _of_genomes(
    context: dg.AssetExecutionContext,
    layout: Layout,
    done: Mapping[dg.AssetKey, Mapping[str, metadata.Metadata]],
    failures: Failures,
) -> Iterator[dg.MaterializeResult[None]]:
    """Record what was brought in, in the order of the run's genomes; fail if a genome failed.

    A genome without an annotation counts as having brought its (no) isoforms in: else what follows would be skipped.
    """
    for asset in (asset for asset in _VERSION_OF if asset in context.selected_asset_keys):
        version_of = _VERSION_OF[asset]
        brought_in = {genome: done[asset][genome] for genome in context.partition_keys if genome in done[asset]}
        if failures:  # the run's own result would claim all of them
            made_from = versions.parents(context, asset)
            for genome, entries in brought_in.items():
                tags = versions.event_tags(asset, version_of(layout, genome), made_from)
                context.log_event(dg.AssetMaterialization(asset, partition=genome, metadata=entries, tags=tags))
            continue
        for genome, entries in brought_in.items():
            context.add_asset_metadata(entries, asset_key=asset, partition_key=genome)
        data_version = versions.data_version(version_of(layout, genome) for genome in brought_in)
        yield dg.MaterializeResult(asset_key=asset, data_version=data_version)
    if failures:
        raise failures.failure()


def _outcomes(
    layout: Layout, tasks: Mapping[str, ChromosomeTask], log: dg.DagsterLogManager, workers: Workers, progress: Progress
) -> Generator[Sequence[Outcome]]:
    """Yield some outcomes at a time: those of the tasks that need no work, then the others as workers are done."""
    done, to_do = sort_out(tasks.values())
    title = ", ".join(sorted({task.genome for task in tasks.values()}))
    log.info(f"{title}: {in_words(len(done), len(to_do))}")
    require_space(layout.root, space_of(to_do))
    yield from _some_at_a_time(done)
    with progress.of(log, title, sum(task.size for task in to_do)) as tell:
        for outcomes in outcomes_by_batch(workers.crew(), build_chromosomes, with_landmarks(layout, to_do)):
            for outcome in outcomes:
                tell(outcome, tasks[outcome.key].size)
            yield from _some_at_a_time(outcomes)


def _some_at_a_time(outcomes: Sequence[Outcome]) -> Iterator[Sequence[Outcome]]:
    return (outcomes[at : at + _RECORDED_TOGETHER] for at in range(0, len(outcomes), _RECORDED_TOGETHER))


def _events(
    made: Sequence[tuple[ChromosomeTask, Outcome]],
    observed: int | None,
    context: dg.AssetExecutionContext,
    figures: metadata.ChromosomeFigures,
) -> Iterator[dg.AssetMaterialization]:
    """Record what was made of some chromosomes; `observed` is the event that told of their inputs."""
    if TARGETS in context.selected_asset_keys:
        for task, outcome in made:
            inputs = versions.Parent(task.blocks.fingerprint, observed)
            tags = versions.event_tags(TARGETS, task.targets.fingerprint, {versions.INPUTS: inputs})
            yield metadata.of_partition(TARGETS, task.key, metadata.of_targets(outcome.facts["targets"]), tags)
    if BLOCKS in context.selected_asset_keys:
        painted = versions.latest_materialization(context.instance, TARGETS)  # of all of these, or later
        for task, outcome in made:
            targets = versions.Parent(task.targets.fingerprint, painted)
            tags = versions.event_tags(BLOCKS, task.blocks.fingerprint, {TARGETS: targets})
            facts = outcome.facts["blocks"]
            shown = {**metadata.of_blocks(facts), **figures.of(task, facts["n"])}
            yield metadata.of_partition(BLOCKS, task.key, shown, tags)
