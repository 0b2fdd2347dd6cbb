"""The first hour: homes and settings that can't be used, launching and waiting, the job of all steps, sensors, and an
installed package without its repository."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest
import yaml
from click.testing import CliRunner
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill
from dagster._core.remote_origin import InProcessCodeLocationOrigin, RemoteInstigatorOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, SensorInstigatorData
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._daemon.run_coordinator import QueuedRunCoordinatorDaemon
from dagster._daemon.types import DaemonHeartbeat

from genatator_assets.catalogue.remembered import remember
from genatator_assets.cli import main
from genatator_assets.errors import DatasetError, GenatatorError
from genatator_assets.orchestration import build_definitions, launch
from genatator_assets.orchestration.instance import CONFIGURATION, environment_of, open_instance
from genatator_assets.orchestration.launch import Launcher
from genatator_assets.orchestration.outcomes import faults_of_run
from genatator_assets.orchestration.partitions import range_tags
from genatator_assets.orchestration.settings import Settings
from genatator_assets.parts import load_catalogue

REPOSITORY = Path(__file__).resolve().parents[1]
SMALL = REPOSITORY / "tests" / "catalogues" / "small.yaml"
CHROMOSOMES = {"one/chr1", "one/chr2", "two/NC_912001.1", "two/NC_912002.1"}

pytestmark = pytest.mark.filterwarnings("ignore:Function `.*BackfillPolicy")


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    for name in [name for name in os.environ if name.startswith(("DAGSTER_", "GENATATOR_"))]:
        if name != "GENATATOR_TEST_DATA":
            monkeypatch.delenv(name)


# What can't be used is told in one line, and exits with 2


def refused(*arguments, **environment):
    result = CliRunner(env=environment).invoke(main, arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert isinstance(result.exception, SystemExit)
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.mark.parametrize("command", [["build"], ["launch", "prepare"], ["ui"]])
def test_homes_that_can_not_be_used(command, tmp_path):
    where = ("--catalogue", str(SMALL), "--root", str(tmp_path / "root"))
    assert "DAGSTER_HOME is 'here', expected an absolute path such as /" in refused(
        *command, *where, DAGSTER_HOME="here"
    )
    (tmp_path / "file").touch()
    home = str(tmp_path / "file/home")
    assert f"Dagster's record can't be kept in {home} (" in refused(*command, *where, DAGSTER_HOME=home)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/dagster.yaml").write_text("run_coordinator: 3\n")
    if command != ["ui"]:  # that hands it to Dagster
        result = CliRunner(env={"DAGSTER_HOME": str(tmp_path / "other")}).invoke(main, [*command, *where])
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith(f"Error: Dagster can't use {tmp_path}/other/dagster.yaml: ")


@pytest.mark.parametrize("value", ["abc", "-1", "1.5"])
@pytest.mark.parametrize("command", [["launch", "prepare"], ["ui"], ["build"]])
def test_workers_that_are_no_number(command, value, tmp_path):
    where = ("--catalogue", str(SMALL), "--root", str(tmp_path))
    result = CliRunner(env={"GENATATOR_WORKERS": value}).invoke(main, [*command, *where])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "GENATATOR_WORKERS" in result.stderr
    assert value in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", [["ui"], ["launch", "prepare"], ["build"]])
def test_a_catalogue_that_is_not_there(command, tmp_path):
    said = refused(*command, "--catalogue", "nofile.yaml", "--root", str(tmp_path / "root"))
    assert said.startswith("Error: nofile.yaml: no such catalogue")


def test_a_root_of_another_dataset_is_launched_nothing_in(tmp_path):
    remember(load_catalogue("demo"), tmp_path)
    said = refused("launch", "build_everything", "--catalogue", str(SMALL), "--root", str(tmp_path))
    assert f"{tmp_path} was built from the dataset 'demo', and {SMALL} is of 'small'" in said


def test_a_port_that_is_taken(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refused("ui", "--catalogue", str(SMALL), "--root", str(tmp_path), "--port", str(port))
    assert f"port {port} of 127.0.0.1 can't be used (Address already in use)" in said


# Homes


def test_an_empty_home_gets_what_the_root_s_own_has(tmp_path, monkeypatch):
    with open_instance(tmp_path / "root"):
        own = (tmp_path / "root/.dagster/dagster.yaml").read_text()
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    with open_instance(tmp_path / "root"):
        assert (tmp_path / "home/dagster.yaml").read_text() == own == CONFIGURATION.read_text()


def test_telemetry_is_off_in_every_home(tmp_path, monkeypatch):
    """Ours says so in its dagster.yaml, and any other is used with the variable that Dagster looks at."""
    assert yaml.safe_load(CONFIGURATION.read_text())["telemetry"] == {"enabled": False}
    foreign_home(tmp_path, monkeypatch)
    assert environment_of(tmp_path)["DAGSTER_DISABLE_TELEMETRY"]
    with open_instance(tmp_path):
        assert os.environ["DAGSTER_DISABLE_TELEMETRY"]
    assert "DAGSTER_DISABLE_TELEMETRY" not in os.environ


def foreign_home(folder, monkeypatch):
    """A home with Dagster's own defaults: runs wait in a queue for a daemon."""
    (folder / "dagster.yaml").write_text("nux: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(folder))


# Launching


def test_without_a_daemon_nothing_is_put_into_a_queue(tmp_path, monkeypatch):
    foreign_home(tmp_path, monkeypatch)
    where = ("--catalogue", str(SMALL), "--root", str(tmp_path / "root"))
    said = refused("launch", "prepare", *where)
    assert f"runs wait in the queue of {tmp_path}, and no daemon takes them out: run 'dagster-daemon run'" in said
    with open_instance(tmp_path / "root") as instance:
        assert instance.get_runs_count() == 0


def test_a_daemon_that_lives_is_relied_on_and_one_that_did_is_not(tmp_path, monkeypatch):
    foreign_home(tmp_path, monkeypatch)
    with open_instance(tmp_path / "root") as instance:
        launcher = Launcher(Settings(str(SMALL), tmp_path / "root"), instance, Path("unused"))
        queue = QueuedRunCoordinatorDaemon.daemon_type()
        now = time.time()
        instance.add_daemon_heartbeat(DaemonHeartbeat(now, queue, None, None))
        launcher.require_daemon()
        instance.add_daemon_heartbeat(DaemonHeartbeat(now - 3_600, queue, None, None))
        with pytest.raises(GenatatorError, match="no daemon takes them out"):
            launcher.require_daemon()


class Clock:
    """A clock that goes only when somebody sleeps."""

    def __init__(self):
        self.now = 1_000.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def waited(monkeypatch, statuses, timeout=None):
    """Wait for a run that has each status for so many seconds, then the next."""
    clock = Clock()
    monkeypatch.setattr(launch, "time", clock)
    ends = [(1_000 + sum(seconds for _, seconds in statuses[: place + 1])) for place in range(len(statuses))]

    def run_now(_run_id):
        status = next((status for (status, _), end in zip(statuses, ends, strict=True) if clock.now < end), None)
        return status and SimpleNamespace(status=status, run_id="r")

    instance = SimpleNamespace(get_run_by_id=run_now, all_logs=lambda *_, **__: [], run_coordinator=None)
    told = []
    launcher = Launcher(Settings(str(SMALL), Path("unused")), instance, Path("unused"))
    return told, lambda: launcher.wait("r", told.append, timeout)


def test_waiting_says_a_line_a_minute(monkeypatch):
    status = dg.DagsterRunStatus
    told, wait = waited(monkeypatch, [(status.QUEUED, 90), (status.STARTED, 100), (status.SUCCESS, 9)])
    assert wait() == ("SUCCESS", [])
    assert told == ["r QUEUED, 1 min", "r STARTED, 2 min", "r STARTED, 3 min"]


def test_waiting_ends_after_its_time(monkeypatch):
    told, wait = waited(monkeypatch, [(dg.DagsterRunStatus.STARTED, 1_000)], timeout=30)
    assert wait() == ("STARTED", ["run r has not ended in 30 s; it goes on without us"])
    assert told == []


def test_waiting_for_a_run_that_somebody_deletes(monkeypatch):
    _, wait = waited(monkeypatch, [(dg.DagsterRunStatus.STARTED, 5)])
    with pytest.raises(DatasetError, match="run r was deleted"):
        wait()


def test_the_time_to_wait_is_an_option(tmp_path, monkeypatch):
    monkeypatch.setattr(Launcher, "launch", lambda *_: "r")
    monkeypatch.setattr(Launcher, "wait", lambda _self, run_id, _tell, timeout: ("STARTED", [f"{run_id} {timeout}"]))
    where = ("--catalogue", str(SMALL), "--root", str(tmp_path))
    result = CliRunner().invoke(main, ["launch", "build_everything", "--timeout", "7.5", *where])
    assert (result.exit_code, result.stderr) == (1, "failed: r 7.5\n")


def test_launching_by_hand_as_the_docs_say(tmp_path):
    page = (REPOSITORY / "docs" / "operations.md").read_text()
    recipe = re.search(r"By hand it is\n\n```console\n(.*?)```", page, re.DOTALL)[1]
    python = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    recipe = recipe.replace("=F ", f"={SMALL} ").replace("DIR", str(tmp_path / "root"))
    done = subprocess.run(
        ["bash", "-euc", recipe],
        cwd=REPOSITORY,
        env={**os.environ, "PATH": python},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with open_instance(tmp_path / "root") as instance:
        run = next(run for run in instance.get_runs() if run.job_name == "build_everything")
        launcher = Launcher(Settings(str(SMALL), tmp_path / "root"), instance, Path("unused"))
        assert launcher.wait(run.run_id, print, timeout=120) == ("SUCCESS", [])


def test_a_range_of_genomes_by_dg(tmp_path):
    dg_command = Path(sys.executable).with_name("dg")
    (tmp_path / "home").mkdir()
    (tmp_path / "home/dagster.yaml").write_text(CONFIGURATION.read_text())
    settings = Settings(str(SMALL), tmp_path / "root").as_environment()
    done = subprocess.run(
        [dg_command, "launch", "--job", "prepare", "--partition-range", "one...two"],
        cwd=REPOSITORY,
        env={**os.environ, **settings, "DAGSTER_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "root/annotation").iterdir()} == {"one", "two"}


# All steps in one, and steps one by one by the sensors


@pytest.fixture
def settings(tmp_path):
    return Settings(str(SMALL), tmp_path / "root", workers=0)


def run(settings, instance, job, tags=None):
    """Run a job as the UI's runs do."""
    definition = build_definitions(settings).resolve_job_def(job)
    result = definition.execute_in_process(instance=instance, tags=tags or {}, raise_on_error=False)
    return instance.get_run_by_id(result.run_id)


def test_jobs_say_in_which_order_they_come():
    jobs = build_definitions(Settings(str(SMALL), Path("unused"))).jobs
    assert [(job.name, job.description.partition(":")[0]) for job in jobs] == [
        ("build_everything", "All steps in one"),
        ("prepare", "Step 1 of 3"),
        ("build_blocks", "Step 2 of 3"),
        ("finish", "Step 3 of 3"),
        ("make_release", "Afterwards"),
    ]


def test_one_job_does_all_steps(settings):
    with open_instance(settings.root) as instance:
        ended = run(settings, instance, "build_everything")
        assert ended.status == dg.DagsterRunStatus.SUCCESS
        log = [entry.user_message for entry in instance.all_logs(ended.run_id)]
        assert "0 chromosomes intact, 4 to do" in log
        assert [line for line in log if line.startswith("two: ")][-1] == "two: 500.00 kbp of 500.00 kbp"
        assert sorted(run.job_name for run in instance.get_runs()) == [
            *("build_blocks", "build_blocks", "build_everything", "finish", "prepare"),
        ]
        assert instance.get_materialized_partitions(dg.AssetKey("blocks")) == CHROMOSOMES
    assert (settings.root / "dataset/README.md").is_file()


def test_what_one_of_the_steps_finds_fails_the_job_of_all(settings, tmp_path):
    catalogue = yaml.safe_load(SMALL.read_text())
    catalogue["assemblies"][0]["splits"] = {"validation": ["chr99"]}
    (tmp_path / "bad.yaml").write_text(yaml.safe_dump(catalogue))
    bad = Settings(str(tmp_path / "bad.yaml"), settings.root, workers=0)
    with open_instance(settings.root) as instance:
        failed = run(bad, instance, "build_everything")
        assert failed.status == dg.DagsterRunStatus.FAILURE
        assert any("chr99" in fault for fault in faults_of_run(instance, failed))
        assert instance.get_materialized_partitions(dg.AssetKey("blocks")) == {
            key for key in CHROMOSOMES if key.startswith("two/")
        }


def backfill_of_all(instance, *assets):
    """A backfill that asks for assets, as "Materialize all" makes it; give the tags of its runs."""
    asked = [dg.AssetKey(asset) for asset in assets]
    backfill = PartitionBackfill("all", BulkActionStatus.REQUESTED, False, {}, time.time(), asset_selection=asked)
    instance.add_backfill(backfill)
    return {"dagster/backfill": "all"}


def switch_carry_on(instance, status):
    origin = RemoteInstigatorOrigin(
        RemoteRepositoryOrigin(InProcessCodeLocationOrigin(LoadableTargetOrigin(python_file="f")), "r"), "carry_on"
    )
    state = InstigatorState(origin, InstigatorType.SENSOR, status, SensorInstigatorData())
    instance.add_instigator_state(state)


@pytest.mark.parametrize("release", [False, True])
def test_materialize_all_on_an_empty_root_is_carried_on_as_one_backfill(settings, release):
    """Its own runs know of no chromosome: the index leaves its turn out, and what the sensor launches belongs to it."""
    asked = ["assembly", "selected_isoforms", "chromosome_catalogue", "block_index", "dataset_card"]
    with open_instance(settings.root) as instance:
        switch_carry_on(instance, InstigatorStatus.DECLARED_IN_CODE)
        tags = backfill_of_all(instance, *asked, *(["release"] if release else []))
        early = run(settings, instance, "finish", tags)
        assert early.status == dg.DagsterRunStatus.SUCCESS
        said = [entry.user_message for entry in instance.all_logs(early.run_id)]
        assert any(line.startswith("Not made yet: first something is to be built") for line in said)
        assert faults_of_run(instance, early) == []
        ended = run(settings, instance, "prepare", {**range_tags(["one", "two"]), **tags})
        early = run(settings, instance, "finish", tags)
        assert early.status == dg.DagsterRunStatus.SUCCESS
        assert instance.get_latest_materialization_event(dg.AssetKey("block_index")) is None
        asked = followed(settings, instance, ended)
        assert (asked.job_name, asked.tags) == ("build_everything", tags)
        ended = run(settings, instance, asked.job_name, asked.tags)
        assert ended.status == dg.DagsterRunStatus.SUCCESS
        for asset in ("block_index", "dataset_card"):  # made by a run of the backfill
            made = instance.get_latest_materialization_event(dg.AssetKey(asset))
            assert instance.get_run_by_id(made.run_id).tags["dagster/backfill"] == "all"
        asked = followed(settings, instance, ended)
        if not release:
            assert asked.skip_message == "the run made nothing that a step follows"
            return
        assert (asked.job_name, asked.tags) == ("make_release", tags)
        assert run(settings, instance, asked.job_name, asked.tags).status == dg.DagsterRunStatus.SUCCESS


@pytest.mark.parametrize(
    ("status", "asked"),
    [
        (InstigatorStatus.STOPPED, ["chromosome_catalogue", "block_index", "dataset_card"]),
        (InstigatorStatus.RUNNING, ["assembly", "block_index", "dataset_card"]),
        (InstigatorStatus.RUNNING, ["chromosome_catalogue", "block_index"]),
    ],
)
def test_an_index_that_nobody_would_carry_on_fails(settings, status, asked):
    """The sensor is off, or the backfill registers no chromosomes, or it does not ask for all that follows."""
    with open_instance(settings.root) as instance:
        switch_carry_on(instance, status)
        failed = run(settings, instance, "finish", backfill_of_all(instance, *asked))
        assert failed.status == dg.DagsterRunStatus.FAILURE
        assert "there are no blocks yet" in faults_of_run(instance, failed)[0]


def test_a_backfill_of_prepare_is_followed_by_the_next_step(settings):
    with open_instance(settings.root) as instance:
        tags = backfill_of_all(instance, "assembly", "selected_isoforms", "chromosome_catalogue")
        ended = run(settings, instance, "prepare", {**range_tags(["one", "two"]), **tags})
        assert followed(settings, instance, ended).job_name == "build_blocks"


def test_an_index_without_blocks_says_first_what_to_do(settings):
    with open_instance(settings.root) as instance:
        assert run(settings, instance, "prepare", range_tags(["one", "two"])).is_finished
        failed = run(settings, instance, "finish")
        (error,) = [
            entry.dagster_event.step_failure_data.error
            for entry in instance.all_logs(failed.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
            if entry.dagster_event.step_key == "block_index"
        ]
        first_line = error.message.splitlines()[0]
        assert first_line.endswith(
            f"Failure: there are no blocks yet: run 'build_everything', or 'prepare' and then 'build_blocks';"
            f" {settings.root}/blocks holds no finished blocks"
        )


def sensor(settings, name):
    return build_definitions(settings).resolve_sensor_def(name)


def context_of(instance, ended):
    """What sensors of runs are given."""
    (entry,) = instance.all_logs(
        ended.run_id, of_type={dg.DagsterEventType.RUN_SUCCESS, dg.DagsterEventType.RUN_FAILURE}
    )
    return dg.build_run_status_sensor_context("a_sensor", entry.dagster_event, instance, ended)


def followed(settings, instance, ended):
    """What the sensor `carry_on` asks for after a run."""
    return sensor(settings, "carry_on")(context_of(instance, ended))


def test_the_sensor_carries_a_build_on_step_by_step(settings):
    with open_instance(settings.root) as instance:
        ended = run(settings, instance, "prepare", range_tags(["one", "two"]))
        asked = followed(settings, instance, ended)
        assert asked.job_name == "build_blocks"
        assert asked.tags == range_tags(["one/chr1", "two/NC_912002.1"])
        ended = run(settings, instance, asked.job_name, asked.tags)
        assert instance.get_materialized_partitions(dg.AssetKey("blocks")) == CHROMOSOMES
        asked = followed(settings, instance, ended)
        assert asked.job_name == "finish"
        ended = run(settings, instance, asked.job_name, asked.tags)
        assert ended.status == dg.DagsterRunStatus.SUCCESS
        assert followed(settings, instance, ended).skip_message == "the run made nothing that a step follows"
        ended = run(settings, instance, "prepare", range_tags(["one", "two"]))
        assert followed(settings, instance, ended).skip_message == "4 chromosomes intact, 0 to do; finished"


def test_the_sensor_waits_for_the_last_blocks(settings):
    """Somebody builds one chromosome by hand: the rest is hers to ask for."""
    with open_instance(settings.root) as instance:
        run(settings, instance, "prepare", range_tags(["one", "two"]))
        ended = run(settings, instance, "build_blocks", range_tags(["one/chr1"]))
        skipped = followed(settings, instance, ended)
        assert skipped.skip_message == "1 chromosomes intact, 3 to do; not finished"


def test_sensors_are_off_unless_they_are_asked_for(settings):
    def running(**asked):
        chosen = Settings(str(SMALL), settings.root, **asked)
        return {
            one.name
            for one in build_definitions(chosen).sensors
            if one.default_status == dg.DefaultSensorStatus.RUNNING
        }

    assert running() == set()
    assert running(sensors=True) == {"carry_on"}
    assert running(on_failure="mail") == {"failures"}


def test_the_ui_has_the_sensor_on(tmp_path, monkeypatch):
    served = []
    monkeypatch.setattr(launch, "serve", lambda settings, port: served.append((settings, port)))
    where = ("--catalogue", str(SMALL), "--root", str(tmp_path))
    assert CliRunner().invoke(main, ["ui", *where]).exit_code == 0
    assert served == [(Settings(str(SMALL), tmp_path, sensors=True), 3000)]


INPUTS = {"g.fa": ">a\nACGT\n", "g.gtf": "", "peaks.bed": "a\t0\t2\n", "x.bedgraph": "a\t0\t2\t1\n"}
OF_ALL_PARTS = """\
dataset: d
gene_finding: false
assemblies:
  - {genome: g, species: S, sequence: {path: g.fa}, annotation: {path: g.gtf}}
intervals: [{name: peaks, genome: g, beds: [{path: peaks.bed}], length_bp: 2}]
signals: {tracks: [{name: x, genome: g, signal: {path: x.bedgraph}}]}
cells: {datasets: [{glob: "*.h5ad"}]}
"""


@pytest.mark.parametrize("changed", [*INPUTS, "one.h5ad"])
def test_a_change_of_any_part_s_input_is_noticed(tmp_path, changed):
    for name, text in {**INPUTS, "one.h5ad": "", "catalogue.yaml": OF_ALL_PARTS}.items():
        (tmp_path / name).write_text(text)
    changes = sensor(Settings(str(tmp_path / "catalogue.yaml"), tmp_path / "root"), "changes")
    with dg.DagsterInstance.ephemeral() as instance:
        cursor = changes(dg.build_sensor_context(instance)).cursor
        assert isinstance(changes(dg.build_sensor_context(instance, cursor=cursor)), dg.SkipReason)
        (tmp_path / changed).write_text("another")
        assert len(changes(dg.build_sensor_context(instance, cursor=cursor)).run_requests) == 1


def test_changes_are_noticed(tmp_path):
    fasta, gtf, catalogue = tmp_path / "g.fa", tmp_path / "g.gtf", tmp_path / "catalogue.yaml"
    fasta.write_text(">a\nACGT\n")
    gtf.write_text("")
    text = "dataset: d\nassemblies:\n  - {genome: g, species: S, sequence: {path: g.fa}, annotation: {path: g.gtf}}\n"
    catalogue.write_text(text)
    changes = sensor(Settings(str(catalogue), tmp_path / "root"), "changes")
    cursor = None

    def asked():
        nonlocal cursor
        with dg.DagsterInstance.ephemeral() as instance:
            told = changes(dg.build_sensor_context(instance, cursor=cursor))
        if isinstance(told, dg.SkipReason):
            return told.skip_message
        cursor = told.cursor
        return len(told.run_requests)

    assert changes.job_name == "build_everything"
    assert asked() == 1
    assert asked() == "nothing has changed"
    fasta.write_text(">a\nACGTA\n")
    assert asked() == 1
    assert asked() == "nothing has changed"
    catalogue.write_text(text.replace("species: S", "species: T"))
    assert asked() == 1
    catalogue.write_text("dataset: d\nassembly: []\n")
    assert "did you mean 'assemblies'" in asked()
    catalogue.write_text(text)
    assert asked() == 1
    assert asked() == "nothing has changed"


def test_a_command_is_told_of_failed_runs(settings, tmp_path):
    hook = f"""{sys.executable} -c 'import sys; open("{tmp_path}/told", "w").write(sys.stdin.read())'"""
    telling = Settings(settings.catalogue, settings.root, workers=1, on_failure=hook)
    with open_instance(settings.root) as instance:
        failed = run(settings, instance, "finish")
        sensor(telling, "failures")(context_of(instance, failed).for_run_failure())
    told = json.loads((tmp_path / "told").read_text())
    assert {key: told[key] for key in ("root", "catalogue", "job", "run_id")} == {
        "root": str(settings.root),
        "catalogue": str(SMALL),
        "job": "finish",
        "run_id": failed.run_id,
    }
    assert any("there are no blocks yet" in fault for fault in told["faults"])


def test_the_demo_installs_what_users_need_and_no_more():
    done = subprocess.run(
        ["make", "--dry-run", "demo", "DEMO_VENV=unused"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    (install,) = [line for line in done.stdout.splitlines() if "pip install" in line]
    assert install.startswith("unused/bin/python ")
    assert install.endswith(" --editable . --no-compile")


# An installed package needs nothing of the repository; test_orchestration.py launches jobs from the wheel alone


def test_the_wheel_installs_one_package(installed):
    assert {path.name for path in installed.iterdir() if path.suffix != ".dist-info"} == {"genatator_assets"}


def test_every_file_of_the_package_is_in_the_wheel(installed):
    def files(folder):
        return {
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }

    assert files(installed / "genatator_assets") == files(REPOSITORY / "genatator_assets")
