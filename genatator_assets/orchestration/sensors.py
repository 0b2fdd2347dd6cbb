"""Sensors: the next step when one has succeeded, a build when catalogue or inputs have changed, word of failed runs.

They are off unless the settings say otherwise; anybody can switch them in the UI, under Automation.
"""

import glob
import json
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import dagster as dg

from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import FINISH, Part
from genatator_assets.errors import CatalogueError
from genatator_assets.orchestration.assets import BLOCKS, CATALOGUE, RELEASE_FOLDER
from genatator_assets.orchestration.carried import CARD, CARRY_ON, backfill_asks_for, backfill_tags
from genatator_assets.orchestration.everything import EVERYTHING
from genatator_assets.orchestration.jobs import BUILD_BLOCKS, RELEASE, Job
from genatator_assets.orchestration.outcomes import faults_of_run
from genatator_assets.orchestration.part_assets import registering_assets
from genatator_assets.orchestration.partitions import range_tags
from genatator_assets.orchestration.settings import Settings
from genatator_assets.orchestration.survey import VERSION_TAG, Survey, survey
from genatator_assets.parts import asked_parts, load_catalogue, part_named, parts_of
from genatator_assets.work.layout import Layout
from genatator_assets.work.manifest import fingerprint_of

_SECONDS = 10
_COMMAND_SECONDS = 60


def build_sensors(settings: Settings, catalogue: Catalogue, jobs: Sequence[Job]) -> list[dg.SensorDefinition]:
    """Return the sensors of a code location with these jobs."""
    following = [job for job in jobs if job.name in {EVERYTHING, BUILD_BLOCKS, *parts_of(catalogue), FINISH, RELEASE}]
    return [
        _carry_on(settings, catalogue, following),
        _changes(settings),
        _failures(settings),
    ]


def _carry_on(settings: Settings, catalogue: Catalogue, next_jobs: Sequence[Job]) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name=CARRY_ON,
        run_status=dg.DagsterRunStatus.SUCCESS,
        request_jobs=next_jobs,
        minimum_interval_seconds=_SECONDS,
        default_status=_status(settings.sensors),
        description="After a run that registered chromosomes: one of `build_blocks` for all that are to be built. After"
        " the last blocks: `finish`. After the genomes of a backfill that asks for more: `build_everything` for it."
        " What fails is not followed by anything.",
    )
    def carry_on(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
        instance, run = context.instance, context.dagster_run
        if run.job_name == EVERYTHING and backfill_asks_for(instance, run, RELEASE_FOLDER):
            return dg.RunRequest(job_name=RELEASE, tags=backfill_tags(run))
        parts = asked_parts(catalogue)
        made = {asset for asset in _followed(parts) if _made_by(instance, asset) == run.run_id}
        if not made:
            return dg.SkipReason("the run made nothing that a step follows")
        found = survey(catalogue, Layout(settings.root), instance)
        if step := _step_to_do(found, made, instance, run):
            return step
        if found.anything_to_do or found.finished or not (found.chromosomes or found.parts):
            return dg.SkipReason(f"{found.in_words()}; {'' if found.finished else 'not '}finished")
        return dg.RunRequest(job_name=FINISH, tags={VERSION_TAG: found.version})

    return carry_on


def _step_to_do(
    found: Survey, made: set[dg.AssetKey], instance: dg.DagsterInstance, run: dg.DagsterRun
) -> dg.RunRequest | None:
    """Return the step that builds what there is to do after a run that made this; None if no step does."""
    parts = [part_named(name) for name in found.parts]
    registering = {CATALOGUE, *(asset for part in parts for asset in registering_assets(part))}
    if registering & made and found.anything_to_do and backfill_asks_for(instance, run, CARD):
        tags = backfill_tags(run)
        # Once for each backfill: several of its runs may register something.
        return dg.RunRequest(job_name=EVERYTHING, tags=tags, run_key=" ".join([EVERYTHING, *tags.values()]))
    if CATALOGUE in made and found.to_do:
        tags = range_tags([found.stretches[0][0], found.stretches[-1][-1]])
        return dg.RunRequest(job_name=BUILD_BLOCKS, tags=tags)
    for part, one in found.parts.items():
        own = {dg.AssetKey(asset.name) for asset in part_named(part).assets}
        if one.keys and not own & made:  # what a run of its own left undone has failed
            return dg.RunRequest(job_name=part, tags=range_tags(one.keys) if one.keys != [""] else {})
    return None


def _followed(parts: Sequence[Part]) -> set[dg.AssetKey]:
    """Return the assets whose making is followed by a step."""
    of_parts = (stage.assets for part in parts for stage in part.stages if stage.job != FINISH)
    own = {dg.AssetKey(asset.name) for assets in of_parts for asset in assets}
    return {dg.AssetKey("assembly"), CATALOGUE, BLOCKS, *own}


def _made_by(instance: dg.DagsterInstance, asset: dg.AssetKey) -> str | None:
    """Return the id of the run that last made an asset, or a partition of it."""
    return next((record.run_id for record in instance.fetch_materializations(asset, limit=1).records), None)


def _changes(settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        name="changes",
        job_name=EVERYTHING,
        minimum_interval_seconds=_SECONDS,
        description="When the catalogue or a file that it names by path has changed: a run of `build_everything`. The"
        " first look counts as a change. Files are known by size and time; what has an address is not looked at.",
    )
    def changes(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        try:
            seen = fingerprint_of(_as_it_is(load_catalogue(settings.catalogue)))
        except (CatalogueError, OSError) as error:
            return dg.SkipReason(f"the catalogue can't be used: {error}")
        if seen == context.cursor:
            return dg.SkipReason("nothing has changed")
        return dg.SensorResult(run_requests=[dg.RunRequest()], cursor=seen)

    return changes


def _as_it_is(catalogue: Catalogue) -> Mapping[str, object]:
    found = {str(path): path.stat() for path in _named(catalogue.model_dump()) if path.exists()}
    files = {path: [one.st_size, one.st_mtime_ns] for path, one in sorted(found.items())}
    return {"catalogue": catalogue.model_dump(mode="json"), "files": files}


def _named(value: object, key: str = "") -> Iterator[Path]:
    """Yield the files and folders that a catalogue names, in whichever section, by their paths or by a pattern."""
    if isinstance(value, Path):
        yield value
    elif key == "glob" and isinstance(value, str):
        yield from map(Path, glob.glob(value, recursive=True))  # noqa: PTH207 - the pattern is absolute
    elif isinstance(value, Mapping):
        for name, inside in value.items():
            yield from _named(inside, name)
    elif isinstance(value, list | tuple):
        for inside in value:
            yield from _named(inside)


def _failures(settings: Settings) -> dg.SensorDefinition:
    @dg.run_failure_sensor(
        name="failures",
        minimum_interval_seconds=_SECONDS,
        default_status=_status(settings.on_failure is not None),
        description="Runs the command in GENATATOR_ON_FAILURE for each failed run, giving it the run as JSON.",
    )
    def failures(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
        if settings.on_failure is None:
            return dg.SkipReason("GENATATOR_ON_FAILURE names no command")
        run = context.dagster_run
        word = {
            "root": str(settings.root),
            "catalogue": settings.catalogue,
            "job": run.job_name,
            "run_id": run.run_id,
            "faults": faults_of_run(context.instance, run),
        }
        command = shlex.split(settings.on_failure)
        subprocess.run(command, input=json.dumps(word), text=True, check=True, timeout=_COMMAND_SECONDS)  # noqa: S603
        return None

    return failures


def _status(on: bool) -> dg.DefaultSensorStatus:
    return dg.DefaultSensorStatus.RUNNING if on else dg.DefaultSensorStatus.STOPPED
