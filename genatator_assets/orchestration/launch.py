"""Dagster's own commands: serving the UI, and launching a job and waiting for what becomes of it.

`dagster job launch` itself always exits 0, also when the run fails.
"""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import dagster as dg

from genatator_assets.catalogue.values import nearest
from genatator_assets.errors import DatasetError
from genatator_assets.orchestration.instance import HOME_VARIABLE, dagster_home
from genatator_assets.orchestration.jobs import FINISH, PREPARE, RELEASE
from genatator_assets.orchestration.outcomes import faults_of
from genatator_assets.orchestration.partitions import genome_part, genome_ranges, range_tags, registered_chromosomes
from genatator_assets.orchestration.settings import Settings
from genatator_assets.orchestration.survey import survey
from genatator_assets.parts import load_catalogue
from genatator_assets.work.files import path_name
from genatator_assets.work.layout import Layout

_TO = "..."
_LAUNCH_TAG = "genatator/launch"
_POLL_SECONDS = 0.5
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
            CatalogueError: a genome is not in the catalogue.
            DatasetError: a chromosome is not registered, or none is yet.
        """
        catalogue = load_catalogue(self.settings.catalogue)
        genomes = [catalogue.assembly(genome).genome for genome in wanted.genomes]
        if job in {FINISH, RELEASE}:
            return [{}]
        if job == PREPARE:
            return [range_tags([genome]) for genome in genomes] or [range_tags(catalogue.genomes)]
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

    def launch(self, job: str, tags: Mapping[str, str]) -> str:
        """Launch one run of `job` and give its id.

        Raises:
            DatasetError: Dagster did not take it; its own words are in the message.
        """
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

    def wait(self, run_id: str) -> tuple[str, list[str]]:
        """Wait until a run has ended, however it ends; give its status and all faults.

        Raises:
            DatasetError: the run was deleted in the meantime.
        """
        while (run := self.instance.get_run_by_id(run_id)) and run.status not in _ENDED:
            time.sleep(_POLL_SECONDS)
        if run is None:
            raise DatasetError(f"run {run_id} was deleted while it was waited for")
        events = [entry.dagster_event for entry in self.instance.all_logs(run_id)]
        faults = faults_of(event for event in events if event is not None)
        if run.status != dg.DagsterRunStatus.SUCCESS and not faults:
            faults = [f"the run ended as {run.status.value}; see its log in Dagster's UI"]
        return run.status.value, faults


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
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    command = [sys.executable, "-m", "dagster", "dev", "-w", str(workspace_file()), "-h", "127.0.0.1", "-p", str(port)]
    os.execve(sys.executable, command, _environment(settings))  # noqa: S606


def _environment(settings: Settings) -> dict[str, str]:
    """Return the environment in which Dagster's own commands serve a dataset."""
    return {**os.environ, **settings.as_environment(), HOME_VARIABLE: str(dagster_home(settings.root))}


def workspace_file() -> Path:
    """Return the workspace.yaml beside the installed definitions.py.

    Raises:
        DatasetError: the package was installed without its repository.
    """
    spec = importlib.util.find_spec("definitions")
    path = Path(spec.origin).with_name("workspace.yaml") if spec and spec.origin else Path("workspace.yaml")
    if not path.is_file():
        raise DatasetError(f"no workspace file at {path}; give one with --workspace")
    return path
