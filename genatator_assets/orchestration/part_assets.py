"""Dagster's assets and checks of the parts, made of what each part says of itself (`catalogue.part`)."""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import FINISH, GENOMES, Check, Finding, Part, Partitions, Shown, Stage
from genatator_assets.orchestration import columns, metadata, versions
from genatator_assets.orchestration.carried import LEFT_OUT, is_carried_on
from genatator_assets.orchestration.failures import Failures, offending
from genatator_assets.orchestration.partitions import genome_partitions, register, registered
from genatator_assets.orchestration.progress import Progress, in_percent
from genatator_assets.orchestration.resources import Workers, Writer
from genatator_assets.work.files import path_name
from genatator_assets.work.layout import Layout, chromosome_key
from genatator_assets.work.manifest import Manifest
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.pool import run_batches
from genatator_assets.work.storage import ask_each
from genatator_assets.work.text import Markdown, TextTable
from genatator_assets.work.unit import Task

_SHOWN_ROWS = 3

Partitioning = dg.StaticPartitionsDefinition | dg.DynamicPartitionsDefinition | None


def part_assets(catalogue: Catalogue, part: Part) -> list[dg.AssetsDefinition]:
    """Return the assets of a part, a multi-asset for each stage."""
    return [_stage(catalogue, part, stage) for stage in part.stages]


def partitions_of(catalogue: Catalogue, partitions: Partitions | None) -> Partitioning:
    """Return Dagster's partitions of a set."""
    if partitions is None:
        return None
    if partitions.dynamic:
        return dg.DynamicPartitionsDefinition(name=partitions.name)
    if partitions is GENOMES:
        return genome_partitions(catalogue)
    return dg.StaticPartitionsDefinition(list(partitions.keys(catalogue, Path())))


def _stage(catalogue: Catalogue, part: Part, stage: Stage) -> dg.AssetsDefinition:
    partitioned = stage.partitions is not None
    specs = [
        dg.AssetSpec(
            asset.name,
            deps=list(asset.after),
            description=asset.description,
            group_name=part.name,
            kinds=set(asset.kinds),
            metadata=columns.columns(asset.schema, asset.columns_from) if asset.schema else {},
            # What is partitioned is recorded key by key: there is no result of the whole run. Tables over all units
            # may be left to the sensor that carries on.
            skippable=partitioned or stage.job == FINISH,
        )
        for asset in stage.assets
    ]

    @dg.multi_asset(
        name=f"make_{stage.assets[0].name}",
        specs=specs,
        partitions_def=partitions_of(catalogue, stage.partitions),
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def make(
        context: dg.AssetExecutionContext,
        layout: dg.ResourceParam[Layout],
        writer: Writer,
        workers: Workers,
        progress: dg.ResourceParam[Progress],
    ) -> Iterator[Any]:
        if stage.job == FINISH and _is_left_to_carry_on(context, catalogue, part, layout.root):
            context.log.warning(LEFT_OUT)
            return
        keys = context.partition_keys if partitioned else [""]
        failures = Failures(stage.partitions.name if stage.partitions else part.name, len(keys), context)
        found = stage.tasks(catalogue, layout.root, keys)
        for key, fault in found.faults.items():
            failures.add(Outcome(key, "failed", error=fault))
        record = _Recorder(context, stage)
        with closing(_outcomes(part, stage, list(found.by_key.values()), context, workers, progress)) as outcomes:
            for outcome in outcomes:
                if outcome.error:
                    failures.add(outcome)
                else:
                    yield from record.of(found.by_key[outcome.key])
        if stage.registers:
            register(context.instance, stage.registers.name, stage.registers.keys(catalogue, layout.root))
        if failures:
            raise failures.failure()

    return make


def registering_assets(part: Part) -> list[dg.AssetKey]:
    """Return the assets of a part that register its partitions."""
    return [dg.AssetKey(asset.name) for stage in part.stages if stage.registers for asset in stage.assets]


def keys_of_part(catalogue: Catalogue, part: Part, root: Path, instance: dg.DagsterInstance) -> list[str]:
    """Return the partitions of a part's own job: [""] if it has none, [] if none is registered yet."""
    return next(
        (_keys(catalogue, stage.partitions, root, instance) for stage in part.stages if not stage.job), list[str]()
    )


def _is_left_to_carry_on(context: dg.AssetExecutionContext, catalogue: Catalogue, part: Part, root: Path) -> bool:
    """Return whether this run's backfill is carried on, and some units of the part are still to be made."""
    registering = registering_assets(part)
    if not (registering and is_carried_on(context.instance, context.run, *registering)):
        return False
    found = survey_part(catalogue, part, root, context.instance)
    return found.to_do > 0 or found.tasks == 0


@dataclass(frozen=True)
class PartSurvey:
    """What is to be done of a part: `keys` from the first such partition to the last ([""] without partitions, [] for
    nothing), and the version of everything that its own job makes."""

    keys: list[str]
    tasks: int
    to_do: int
    versions: Mapping[str, str]


def survey_part(catalogue: Catalogue, part: Part, root: Path, instance: dg.DagsterInstance) -> PartSurvey:
    """Look at the manifests of all units that the part's own job makes, and at what Dagster has on record of them."""
    places: set[int] = set()
    every: list[str] = []
    versions_of: dict[str, str] = {}
    for stage in part.stages:
        if stage.job:
            continue
        every = _keys(catalogue, stage.partitions, root, instance)
        tasks = stage.tasks(catalogue, root, every).by_key
        done = {task.key for task in sort_out(tasks.values(), root)[0]} & _recorded(stage, every, instance)
        places |= {place for place, key in enumerate(every) if key not in done}
        for task in tasks.values():
            versions_of |= {f"{name} {task.key}": unit.fingerprint for name, unit in task.units.items()}
    keys = every[min(places) : max(places) + 1] if places else []
    return PartSurvey(keys, len(every), len(places), versions_of)


def _keys(catalogue: Catalogue, partitions: Partitions | None, root: Path, instance: dg.DagsterInstance) -> list[str]:
    if partitions is None:
        return [""]
    if partitions.dynamic:
        return registered(instance, partitions.name)
    return list(partitions.keys(catalogue, root))


def _recorded(stage: Stage, keys: list[str], instance: dg.DagsterInstance) -> set[str]:
    assets = [dg.AssetKey(asset.name) for asset in stage.assets]
    if stage.partitions is None:
        there = all(instance.get_latest_materialization_event(asset) for asset in assets)
        return {""} if there else set()
    return set(keys).intersection(*(instance.get_materialized_partitions(asset) for asset in assets))


def sort_out(tasks: Iterable[Task], root: Path) -> tuple[list[Task], list[Task]]:
    """Separate tasks whose units are all finished from the others."""
    tasks = list(tasks)
    done: list[Task] = []
    to_do: list[Task] = []
    for task, finished in zip(tasks, ask_each(root, is_finished, tasks), strict=True):
        (done if finished else to_do).append(task)
    return done, to_do


def is_finished(task: Task) -> bool:
    """Return whether all units of a task are finished."""
    return all(unit.finished() for unit in task.units.values())


def _outcomes(
    part: Part,
    stage: Stage,
    tasks: list[Task],
    context: dg.AssetExecutionContext,
    workers: Workers,
    progress: Progress,
) -> Generator[Outcome]:
    """Yield the outcomes of the tasks that need no work, and then of the others as workers come back with them."""
    done, to_do = sort_out(tasks, tasks[0].units[stage.assets[0].name].root) if tasks else ([], [])
    context.log.info(f"{part.name}: {len(done):,} intact, {len(to_do):,} to do")
    yield from (Outcome(task.key, "intact") for task in done)
    pieces = _Pieces(stage, to_do)
    yield from pieces.none_of()
    if len(pieces.sizes) == 1:  # nobody waits for processes to start
        yield from pieces.joined(stage.build(pieces.all))
        return
    with progress.of(context.log, part.name, sum(pieces.sizes.values()), in_percent) as tell:
        for outcome in run_batches(workers.crew(), stage.build, pieces.all) if pieces.all else ():
            tell(outcome, pieces.sizes[outcome.key])
            yield from pieces.joined([outcome])


class _Pieces:
    """What tasks are cut into; without a stage's `pieces` each task is a piece, and its outcome is that of the task."""

    def __init__(self, stage: Stage, tasks: Sequence[Task]) -> None:
        self._join = stage.join
        self._tasks = {task.key: task for task in tasks}
        cut = {task.key: list(stage.pieces(task)) if stage.pieces else [task] for task in tasks}
        self._task_of = {piece.key: key for key, pieces in cut.items() for piece in pieces}
        self._missing = {key: len(pieces) for key, pieces in cut.items()}
        self._outcomes: dict[str, list[Outcome]] = {key: [] for key in cut}
        self.all: list[Any] = [piece for pieces in cut.values() for piece in pieces]
        self.sizes = {piece.key: piece.size for piece in self.all}

    def none_of(self) -> Iterator[Outcome]:
        """Yield the outcomes of the tasks that there is no piece of."""
        return (self._whole(key) for key, missing in self._missing.items() if not missing)

    def joined(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        """Take the outcomes of pieces; yield those of the tasks that now have all of theirs."""
        for outcome in outcomes:
            key = self._task_of[outcome.key]
            self._outcomes[key].append(outcome)
            if len(self._outcomes[key]) == self._missing[key]:
                yield self._whole(key)

    def _whole(self, key: str) -> Outcome:
        outcomes = self._outcomes.pop(key)
        return self._join(self._tasks[key], outcomes) if self._join else outcomes[0]


class _Recorder:
    """Records what was made, by an event for each asset and key, or by the results of a stage without partitions."""

    def __init__(self, context: dg.AssetExecutionContext, stage: Stage) -> None:
        self._context, self._stage = context, stage
        self._parents = {asset.name: versions.parents(context, dg.AssetKey(asset.name)) for asset in stage.assets}

    def of(self, task: Task) -> Iterator[dg.AssetMaterialization | dg.MaterializeResult[None]]:
        """Record what a task made."""
        manifests = {name: manifest for name, unit in task.units.items() if (manifest := unit.finished())}
        shown = self._stage.show(task, manifests)
        for asset in self._stage.assets:
            version = task.units[asset.name].fingerprint
            entries = {**_stored(manifests[asset.name]), **_entries(shown.get(asset.name, {}))}
            if self._stage.partitions is None:
                data_version = versions.data_version([version])
                yield dg.MaterializeResult(asset_key=asset.name, metadata=entries, data_version=data_version)
            else:
                tags = versions.event_tags(dg.AssetKey(asset.name), version, self._parents[asset.name])
                yield metadata.of_partition(dg.AssetKey(asset.name), task.key, entries, tags)


def _stored(manifest: Manifest) -> metadata.Metadata:
    return {"files": len(manifest.outputs), "bytes": sum(output.bytes for output in manifest.outputs)}


def _entries(shown: Shown) -> metadata.Metadata:
    """Return what a part shows as Dagster's metadata."""
    return {_TITLES.get(title, title): _value(value) for title, value in shown.items()}


_TITLES = {"uri": "dagster/uri", "rows": "dagster/row_count"}


def _value(value: int | float | str | Path | TextTable) -> Any:
    match value:
        case TextTable():
            return metadata.markdown_table(value.header, value.rows)
        case Path():
            return dg.MetadataValue.path(str(value))
        case Markdown():
            return dg.MetadataValue.md(value)
    return value


def part_checks(catalogue: Catalogue, part: Part) -> list[dg.AssetChecksDefinition]:
    """Return the checks of a part that are not SQL."""
    return [_check(catalogue, check) for check in part.checks]


def _check(catalogue: Catalogue, check: Check) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=check.asset, name=check.name, description=check.description, blocking=check.blocking)
    def checked(layout: dg.ResourceParam[Layout]) -> dg.AssetCheckResult:
        finding = check.run(catalogue, layout.root)
        rows = [tuple(str(cell) for cell in row) for row in finding.rows]
        first = "; ".join(" ".join(row) for row in rows[:_SHOWN_ROWS])
        left = finding.offenders - min(_SHOWN_ROWS, len(rows))
        more = f"; ... and {left:,} more" if left else ""
        told = f"{finding.offenders:,} offend: {first}{more}" if finding.offenders else "nothing offends"
        shown: Mapping[str, Any] = (
            {"sample": metadata.markdown_table(finding.columns, rows, of=finding.offenders)} if rows else {}
        )
        return dg.AssetCheckResult(
            passed=finding.passed,
            severity=dg.AssetCheckSeverity.WARN if check.warns else dg.AssetCheckSeverity.ERROR,
            description=Markdown.of(": ".join(filter(None, [finding.note, told]))),
            metadata={"offenders": finding.offenders, **offending(_keys_of(finding)), **shown},
        )

    return checked


def _keys_of(finding: Finding) -> set[str]:
    """Return the keys of all chromosomes that offend, or of genomes; none if the rows don't name them all."""
    if not {"genome", "chrom"} <= set(finding.columns) or finding.offenders > len(finding.rows):
        return set()
    named = [dict(zip(finding.columns, row, strict=True)) for row in finding.rows]
    return {chromosome_key(row["genome"], row["chrom"]) if row["chrom"] else path_name(row["genome"]) for row in named}
