"""The whole way for a catalogue, through Dagster and in this process: prepare, build the blocks, finish."""

import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import dagster as dg
from sqlalchemy.exc import DBAPIError

from genatator_assets.catalogue.part import FINISH, PREPARE
from genatator_assets.errors import GenatatorError
from genatator_assets.gene_finding.tasks import require_own_root
from genatator_assets.orchestration.definitions import build_definitions
from genatator_assets.orchestration.instance import dagster_home, open_instance
from genatator_assets.orchestration.jobs import BUILD_BLOCKS, OF_GENOMES, assets_of
from genatator_assets.orchestration.outcomes import TELLING, faults_of
from genatator_assets.orchestration.partitions import range_tags, registered_chromosomes
from genatator_assets.orchestration.progress import Progress
from genatator_assets.orchestration.resources import WRITER, Crew, workers_of, writing
from genatator_assets.orchestration.settings import Settings
from genatator_assets.orchestration.survey import VERSION_TAG, survey
from genatator_assets.parts import load_catalogue, parts_of
from genatator_assets.work.damage import discard_damaged, stored_units
from genatator_assets.work.layout import Layout
from genatator_assets.work.lock import remove_temporaries
from genatator_assets.work.machine import free_bytes, require_space
from genatator_assets.work.pool import Workers, kept, run_batches
from genatator_assets.work.text import format_bytes

_BUILD_TAG = "genatator/build"
_KEPT = "What is finished is kept: mend that and run again."
_FULL_BYTES = 50_000_000  # a disk with less is full: what failed there gave back what it had taken
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def build(
    settings: Settings,
    progress: Progress,
    check_hashes: bool = False,
    wait: Callable[[str], None] | None = None,
    only: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> list[str]:
    """Build a dataset; give all faults, none if all is well. A bad genome or chromosome leaves the others alone.

    Only what is missing, damaged or made from something else is built. A file is damaged if its size is not that
    which was written or, with `check_hashes`, if any of its bytes isn't. If nothing is built, and nothing has changed
    since all was checked, nothing is checked again. If another build writes to the root, this one refuses, or with
    `wait` says who it is and waits. `only` names the one part that is built, with what it needs.
    `tags` are put on all runs.

    Raises:
        CatalogueError: the catalogue can't be used.
        DatasetError: the root holds another dataset, or another build writes to it.
        ClusterError: the Dask cluster can't be used.
        GenatatorError: there is too little space.
    """
    catalogue, layout = load_catalogue(settings.catalogue), Layout(settings.root)
    require_own_root(catalogue, layout)
    with (
        _signals_kept(),
        _workers_of(settings) as workers,
        _in_words(layout.root),
        open_instance(layout.root) as instance,
        writing(catalogue, layout.root, wait, progress.say),
    ):
        overrides = {
            "progress": dg.ResourceDefinition.hardcoded_resource(progress),
            "workers": dg.ResourceDefinition.hardcoded_resource(Crew(workers)),
            WRITER: dg.ResourceDefinition.hardcoded_resource(None),  # we are the only writer, not each run
        }
        definitions = build_definitions(settings, overrides)
        remove_temporaries(layout.root)
        _close_killed_runs(instance, layout)
        if check_hashes:
            _discard_damaged(layout, workers, progress)
        run = partial(_run, definitions, instance=instance, all_tags={**(tags or {}), _BUILD_TAG: str(layout.root)})
        prepared, genomes = assets_of(catalogue, PREPARE, only), range_tags(catalogue.genomes or [""])
        events = run(PREPARE, tags=genomes if catalogue.genomes else {}, only=prepared) if prepared else []
        later = [asset for asset in prepared if asset not in OF_GENOMES]
        if later and faults_of(events):  # then the step after the bad genome's was skipped; the good ones go on
            events += run(PREPARE, tags={}, only=later)
        found = survey(catalogue, layout, instance)
        progress.say(found.in_words())
        require_space(layout.root, found.bytes_to_write)
        for keys in found.stretches if only in (None, "gene_finding") else ():
            events += run(BUILD_BLOCKS, tags=range_tags(keys))
        for part, one in found.parts.items():
            if one.keys and only in (None, part):
                events += run(part, tags=range_tags(one.keys) if one.keys != [""] else {})
        unfinished = faults_of(events) or found.anything_to_do or not found.finished
        if unfinished and (registered_chromosomes(instance) or found.parts or not parts_of(catalogue)):
            version = {VERSION_TAG: survey(catalogue, layout, instance).version if found.parts else found.version}
            events += run(FINISH, tags=version if only is None else {}, only=assets_of(catalogue, FINISH, only))
    return faults_of(events)


@contextmanager
def _workers_of(settings: Settings) -> Iterator[Workers]:
    """Return the workers of the whole build; a cluster that doesn't answer is told before anything is done."""
    workers = workers_of(settings).crew()
    if settings.dask:
        with workers.executor():
            pass
    with kept(workers) as all_along:
        yield all_along


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Leave the process as it was: runs of Dagster make SIGTERM an interrupt, which forked processes would inherit."""
    if threading.current_thread() is not threading.main_thread():  # only there has Dagster done so, or may we
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _in_words(root: Path) -> Iterator[None]:
    """Describe what stops a whole build: a full disk, mostly, be it under a file or under Dagster's record.

    SQLite has several words for a full disk, among them "disk I/O error".
    """
    try:
        yield
    except DBAPIError as error:
        home = dagster_home(root)
        free = free_bytes(home)
        if free is not None and free < _FULL_BYTES:
            raise GenatatorError(
                f"Dagster's record can't be kept: the disk is full, {format_bytes(free)} are left for {home}"
                f" ({error.orig}). Free some space and run again: what is finished is kept."
            ) from error
        raise GenatatorError(f"Dagster's record can't be kept ({error.orig}). {_KEPT}") from error
    except OSError as error:
        raise GenatatorError(f"{error}. {_KEPT}") from error


def _discard_damaged(layout: Layout, workers: Workers, progress: Progress) -> None:
    """Read every stored byte before anything is made of it; this build makes again what is not as it was written."""
    for outcome in run_batches(workers, discard_damaged, stored_units(layout.root)):
        if outcome.error:
            progress.say(f"{outcome.key}: {outcome.error}")
        for path in outcome.facts.get("damaged", ()):
            progress.say(f"{path} is damaged: it is made again")


def _close_killed_runs(instance: dg.DagsterInstance, layout: Layout) -> None:
    """Mark runs of earlier builds that were killed as failed: nothing else does, and no build resumes them."""
    unfinished = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
    for run in instance.get_runs(dg.RunsFilter(tags={_BUILD_TAG: str(layout.root)}, statuses=unfinished)):
        instance.report_run_failed(run, "The build was killed.")


def _run(
    definitions: dg.Definitions,
    job: str,
    *,
    instance: dg.DagsterInstance,
    all_tags: Mapping[str, str],
    tags: Mapping[str, str],
    only: Sequence[str] = (),
) -> list[dg.DagsterEvent]:
    """Run a job; return its events that tell of faults, or of checks."""
    result = definitions.resolve_job_def(job).execute_in_process(
        run_config=_QUIET,
        instance=instance,
        tags={**all_tags, **tags},
        asset_selection=[dg.AssetKey(asset) for asset in only] if only else None,
        raise_on_error=False,
    )
    events = [one.dagster_event for one in instance.all_logs(result.run_id, of_type=TELLING) if one.dagster_event]
    faults_of(events)  # an interruption, or a lost cluster, ends the build
    return events
