"""Dagster's own commands: serving the UI, and launching a job and waiting for what becomes of it.

`dagster job launch` itself always exits 0, also when the run fails.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import dagster as dg
from dagster._core.run_coordinator import QueuedRunCoordinator
from dagster._daemon.controller import get_daemon_statuses
from dagster._daemon.run_coordinator import QueuedRunCoordinatorDaemon

from genatator_assets.catalogue import Catalogue
from genatator_assets.catalogue.part import FINISH, PREPARE
from genatator_assets.catalogue.remembered import require_same_dataset
from genatator_assets.catalogue.values import nearest
from genatator_assets.errors import DatasetError, GenatatorError
from genatator_assets.orchestration.everything import EVERYTHING
from genatator_assets.orchestration.instance import CONFIGURATION, HOME_VARIABLE, dagster_home, environment_of
from genatator_assets.orchestration.jobs import RELEASE, assets_of
from genatator_assets.orchestration.outcomes import faults_of_run
from genatator_assets.orchestration.part_assets import keys_of_part, survey_part
from genatator_assets.orchestration.partitions import genome_part, genome_ranges, range_tags, registered_chromosomes
from genatator_assets.orchestration.settings import Settings
from genatator_assets.orchestration.survey import survey
from genatator_assets.parts import PARTS, load_catalogue, part_named, parts_of
from genatator_assets.work.files import path_name
from genatator_assets.work.layout import Layout
from genatator_assets.work.terminal import say

_TO = "..."
_LAUNCH_TAG = "genatator/launch"
_HOST = "127.0.0.1"
_POLL_SECONDS = 0.5
_TOLD_SECONDS = 60
_DAEMON_SECONDS = 120  # daemons say every 30 s that they live
WORKSPACE = Path(__file__).with_name("workspace.yaml")
"""The code location as it is installed."""

_ENDED = {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}


@dataclass(frozen=True)
class Wanted:
    """What a person wants a job to be run for: all, unless something is named.

    `chromosomes` is the key of one, or those of the first and the last with `...` between; `to_do` leaves out what is
    built.
    """

    genomes: tuple[str, ...] = ()
    chromosomes: str | None = None
    to_do: bool = False


@dataclass(frozen=True)
class Launcher:
    """Launches runs of a dataset's jobs through the code location in `workspace`."""

    settings: Settings
    instance: dg.DagsterInstance
    workspace: Path

    def tags_of_runs(self, job: str, wanted: Wanted) -> list[dict[str, str]]:
        """Return the tags of each run that `job` takes for what is wanted.

        Raises:
            CatalogueError: a genome is not in the catalogue, or the root was built from a dataset of another name.
            DatasetError: a chromosome is not registered, or none is yet; or the catalogue has no such job.
        """
        catalogue = load_catalogue(self.settings.catalogue)
        require_same_dataset(catalogue, self.settings.root)
        genomes = [catalogue.assembly(genome).genome for genome in wanted.genomes]
        if job in {EVERYTHING, FINISH, RELEASE}:
            return [{}]
        if job == PREPARE:
            every = [range_tags(catalogue.genomes)] if catalogue.genomes else [{}]
            return [range_tags([genome]) for genome in genomes] or every
        if job in PARTS:
            return self._tags_of_part(catalogue, job, wanted.to_do)
        registered = registered_chromosomes(self.instance)
        if not registered:
            raise DatasetError(f"no chromosomes are known: run {PREPARE!r} first")
        stretches: Iterable[list[str]] = genome_ranges(registered)
        if wanted.to_do:
            stretches = survey(catalogue, Layout(self.settings.root), self.instance).stretches
        if genomes:
            names = {path_name(genome) for genome in genomes}
            stretches = [keys for keys in stretches if genome_part(keys[0]) in names]
        if wanted.chromosomes:
            asked = set(_stretch(registered, wanted.chromosomes))
            stretches = [kept for keys in stretches if (kept := [key for key in keys if key in asked])]
        return [range_tags(keys) for keys in stretches]

    def _tags_of_part(self, catalogue: Catalogue, name: str, to_do: bool) -> list[dict[str, str]]:
        if not assets_of(catalogue, name):
            jobs = [one for one in parts_of(catalogue) if assets_of(catalogue, one)]
            raise DatasetError(f"{catalogue.origin} has no job {name!r}; its parts have {', '.join(jobs) or 'none'}")
        part, root = part_named(name).as_asked(catalogue), self.settings.root
        keys = keys_of_part(catalogue, part, root, self.instance)
        if not keys:
            raise DatasetError(f"nothing is known yet of what {name!r} builds: run {PREPARE!r} first")
        if to_do:
            keys = survey_part(catalogue, part, root, self.instance).keys
        return [range_tags(keys) if keys != [""] else {}] if keys else []

    def require_daemon(self) -> None:
        """See that runs will be started: by the launching itself, or by a daemon that takes them out of a queue.

        Raises:
            GenatatorError: they would wait for ever.
        """
        queue = QueuedRunCoordinatorDaemon.daemon_type()
        if not isinstance(self.instance.run_coordinator, QueuedRunCoordinator):
            return
        daemons = get_daemon_statuses(
            self.instance, [queue], ignore_errors=True, heartbeat_tolerance_seconds=_DAEMON_SECONDS
        )
        if not daemons[queue].healthy:
            home = dagster_home(self.settings.root)
            raise GenatatorError(
                f"runs wait in the queue of {home}, and no daemon takes them out: run 'dagster-daemon run' with this"
                f" {HOME_VARIABLE} and a workspace, or unset {HOME_VARIABLE}, or have runs start at once by the"
                f" run_coordinator of {CONFIGURATION}"
            )

    def launch(self, job: str, tags: Mapping[str, str]) -> str:
        """Launch one run of `job` and give its id.

        Raises:
            GenatatorError: no daemon would ever start it.
            DatasetError: Dagster did not take it; its own words are in the message.
        """
        self.require_daemon()
        mark = uuid.uuid4().hex
        command = [sys.executable, "-m", "dagster", "job", "launch", "-w", str(self.workspace), "-j", job]
        command += ["--tags", json.dumps({**tags, _LAUNCH_TAG: mark})]
        environment = _environment(self.settings)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        runs = self.instance.get_runs(dg.RunsFilter(tags={_LAUNCH_TAG: mark}), limit=1)
        if not runs:
            said = done.stderr.strip() or done.stdout.strip()
            raise DatasetError(f"'dagster job launch' (exit code {done.returncode}) launched nothing:\n{said}")
        return runs[0].run_id

    def wait(self, run_id: str, tell: Callable[[str], None], timeout: float | None = None) -> tuple[str, list[str]]:
        """Wait until a run has ended, however it ends, or `timeout` seconds; give its status and all faults.

        Once a minute `tell` is called with how it stands.

        Raises:
            DatasetError: the run was deleted in the meantime.
            GenatatorError: the daemon that should start it is gone.
        """
        began = told = time.monotonic()
        while (run := self.instance.get_run_by_id(run_id)) and run.status not in _ENDED:
            now = time.monotonic()
            if timeout is not None and now - began >= timeout:
                return run.status.value, [f"run {run_id} has not ended in {timeout:,.0f} s; it goes on without us"]
            if now - told >= _TOLD_SECONDS:
                tell(f"{run_id} {run.status.value}, {(now - began) / 60:.0f} min")
                told = now
                if run.status == dg.DagsterRunStatus.QUEUED:
                    self.require_daemon()
            time.sleep(_POLL_SECONDS)
        if run is None:
            raise DatasetError(f"run {run_id} was deleted while it was waited for")
        return run.status.value, faults_of_run(self.instance, run)


def _stretch(registered: Sequence[str], asked: str) -> Sequence[str]:
    """Return the registered keys from one to another, in Dagster's order."""
    first, _, last = asked.partition(_TO)
    for key in (first, last or first):
        if key not in registered:
            raise DatasetError(f"no chromosome {key!r} is registered{nearest(key, list(registered))}")
    start, end = registered.index(first), registered.index(last or first)
    if start > end:
        raise DatasetError(f"{last} comes before {first} among the registered chromosomes; exchange them")
    return registered[start : end + 1]


def serve(settings: Settings, port: int) -> NoReturn:
    """Become `dagster dev` for a dataset: webserver and daemon.

    A shell starts background jobs with interrupts ignored, and Dagster would then ignore being terminated too.

    Raises:
        CatalogueError: the catalogue can't be used.
        GenatatorError: something else uses the port, or Dagster's home can't be used.
    """
    load_catalogue(settings.catalogue)
    environment = _environment(settings)
    with socket.socket() as trying:
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind((_HOST, port))
        except OSError as error:
            raise GenatatorError(
                f"port {port} of {_HOST} can't be used ({error.strerror}); give another --port"
            ) from error
    say(f"Dagster's UI starts; in half a minute it is at http://{_HOST}:{port}. Ctrl-C ends it.", errors=True)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # `dagster dev` itself is not out of date: its successor is another package, and it says so each time.
    python = [sys.executable, "-W", "ignore:Function `dev_command` is superseded"]
    command = [*python, "-m", "dagster", "dev", "-w", str(WORKSPACE), "-h", _HOST, "-p", str(port)]
    os.execve(sys.executable, command, environment)  # noqa: S606


def _environment(settings: Settings) -> dict[str, str]:
    """Return the environment in which Dagster's own commands serve a dataset."""
    return {**os.environ, **settings.as_environment(), **environment_of(settings.root)}
