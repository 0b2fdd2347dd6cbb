"""The files under deploy/: what they call exists, what they name fits together, and the SLURM job builds a dataset."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import yaml
from click import Command, UsageError
from dagster._core.instance.config import dagster_instance_config
from distributed.cli import dask_scheduler, dask_worker

from genatator_assets.cli import main
from genatator_assets.orchestration.instance import HOME_VARIABLE
from genatator_assets.work.storage import CACHE_VARIABLE

REPOSITORY = Path(__file__).resolve().parents[1]
DEPLOY = REPOSITORY / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
SMALL, BLOCKS = REPOSITORY / "tests" / "catalogues" / "small.yaml", 12
COMMANDS: dict[str, Command] = {
    "dask scheduler": dask_scheduler.main,
    "dask worker": dask_worker.main,
    **{f"genatator-assets {name}": command for name, command in main.commands.items()},
}


def documents():
    """What `kubectl apply -k` makes, by kind and name."""
    files = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["resources"]
    made = [one for file in files for one in yaml.safe_load_all((KUBERNETES / file).read_text())]
    return {(one["kind"], one["metadata"]["name"]): one for one in made}


def pods():
    return {name: one["spec"]["template"] for (_, name), one in documents().items() if "template" in one["spec"]}


def containers():
    return {name: container for name, pod in pods().items() for container in pod["spec"]["containers"]}


def parsed(command):
    """The values of a command line by name; an option that isn't known is an error."""
    program, name, *arguments = command
    return COMMANDS[f"{program} {name}"].make_context(name, list(arguments)).params


def test_kubernetes_commands_are_understood():
    said = {name: parsed(container["command"]) for name, container in containers().items()}
    assert sorted(said) == ["genatator-build", "genatator-scheduler", "genatator-workers"]
    assert said["genatator-scheduler"]["port"] == "8786"
    assert said["genatator-workers"]["scheduler"] == said["genatator-build"]["dask"]
    assert (said["genatator-workers"]["nthreads"], said["genatator-workers"]["memory_limit"]) == (1, "1.5GB")


@pytest.mark.parametrize(
    "command", ["dask worker --nthreds 1", "dask scheduler --no-dashbord", "genatator-assets build --dusk x"]
)
def test_what_is_not_an_option_is_found(command):
    with pytest.raises(UsageError):
        parsed(command.split())


def test_kubernetes_pods_find_scheduler_and_volume():
    service = documents()["Service", "genatator-scheduler"]["spec"]
    assert pods()["genatator-scheduler"]["metadata"]["labels"] == service["selector"]
    address = f"tcp://genatator-scheduler:{service['ports'][0]['port']}"
    build, workers = containers()["genatator-build"], containers()["genatator-workers"]
    assert parsed(build["command"])["dask"] == address
    claim = documents()["PersistentVolumeClaim", "genatator-root"]
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    for name, container in (("genatator-build", build), ("genatator-workers", workers)):
        volumes = {volume["name"]: volume for volume in pods()[name]["spec"]["volumes"]}
        places = {mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"]}
        assert places["/data"]["persistentVolumeClaim"]["claimName"] == "genatator-root"
    said = parsed(build["command"])
    assert str(said["root"]).startswith("/data/")
    assert said["catalogue"].startswith("/data/")
    assert [one["name"] for one in build["env"]] == [HOME_VARIABLE, CACHE_VARIABLE]


def test_kubernetes_selectors_and_images_agree():
    for (kind, name), one in documents().items():
        if kind == "Deployment":
            labels = pods()[name]["metadata"]["labels"]
            assert one["spec"]["selector"]["matchLabels"] == labels, name
    assert {container["image"] for container in containers().values()} == {"genatator-assets"}
    settings = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
    assert [image["name"] for image in settings["images"]] == ["genatator-assets"]
    assert {("Deployment", replica["name"]) for replica in settings["replicas"]} < set(documents())


def test_the_image_is_made_of_files_that_there_are():
    lines = (KUBERNETES / "Dockerfile").read_text().splitlines()
    copied = [name for line in lines if line.startswith("COPY") for name in line.split()[1:-1]]
    assert [name for name in copied if not (REPOSITORY / name).exists()] == []
    stated = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["images"][0]["newTag"]
    assert f"genatator-assets:{stated}" in lines[0]


def test_dagster_understands_the_configuration_for_postgresql():
    said, _ = dagster_instance_config(str(DEPLOY / "postgres"))
    assert said["storage"]["postgres"]["postgres_db"]["hostname"] == {"env": "DAGSTER_PG_HOST"}


SRUN = """#!/usr/bin/env bash
# As many times as --ntasks says, and all of them end with it.
trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
trap 'exit 143' TERM
count=${1#--ntasks=}
shift
for _ in $(seq "$count"); do "$@" & done
wait
"""


@pytest.fixture
def slurm(tmp_path):
    """What runs the job's script as SLURM does, with stand-ins of these commands beside srun."""

    def start(**commands):
        tools = tmp_path / "bin"
        tools.mkdir()
        for name, text in {"srun": SRUN, **commands}.items():
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("GENATATOR_", "DAGSTER_"))}
        environment = {
            **inherited,
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "SLURM_NTASKS": "3",
            "SLURM_JOB_ID": "17",
            "TMPDIR": str(tmp_path),
        }
        job = ["bash", str(DEPLOY / "slurm" / "build.sbatch"), str(SMALL), str(tmp_path / "root")]
        return subprocess.Popen(job, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    yield start
    assert list(tmp_path.glob("root/.dask-*")) == []
    assert list(tmp_path.glob("tmp.*")) == []
    assert within(30, lambda: [one for one in psutil.process_iter() if str(tmp_path) in command_of(one)] == [])


def python_module(name):
    return f'#!/bin/sh\nexec "{sys.executable}" -m {name} "$@"\n'


def test_the_slurm_job_builds_a_dataset_and_leaves_nobody_behind(slurm, tmp_path):
    job = slurm(**{"dask": python_module("dask"), "genatator-assets": python_module("genatator_assets.cli")})
    printed, said = job.communicate(timeout=300)
    assert job.returncode == 0, printed + said
    assert "0 chromosomes intact, 4 to do" in said
    assert "tls://" in said  # where the scheduler is; workers and build would not find it without the certificate
    root = tmp_path / "root"
    assert len(list(root.glob("blocks/*/*/*/*.parquet"))) == BLOCKS
    assert (root / ".dagster" / "history" / "runs" / "index.db").is_file()


# A scheduler that says where it is, and a build that writes a record and takes a moment to end when it is told to.
SCHEDULER = """#!/usr/bin/env bash
while [ "$1" != --scheduler-file ]; do shift; done
echo there > "$2"
exec sleep 600
"""
ENDLESS_BUILD = """#!/usr/bin/env bash
trap 'sleep 0.5; echo closed > "$DAGSTER_HOME/record"; exit 143' TERM
echo open > "$DAGSTER_HOME/record"
echo "begun with certificates of $(ls "$(dirname "$DASK_DISTRIBUTED__COMM__TLS__CA_FILE")" | xargs)"
ls -ld "$(dirname "$DASK_DISTRIBUTED__COMM__TLS__CA_FILE")"
while :; do sleep 0.1; done
"""


def test_the_slurm_job_saves_its_record_when_its_time_is_nearly_up(slurm, tmp_path):
    job = slurm(**{"dask": SCHEDULER, "genatator-assets": ENDLESS_BUILD})
    assert job.stdout.readline() == "begun with certificates of cert.pem key.pem scheduler.json\n"
    assert job.stdout.readline().startswith("drwx------ ")
    job.send_signal(signal.SIGTERM)  # as `--signal=B:TERM@300` has SLURM do
    _, said = job.communicate(timeout=30)
    assert "its time is up" in said
    assert job.returncode == 143
    assert (tmp_path / "root" / ".dagster" / "record").read_text() == "closed\n"


def test_the_slurm_job_asks_for_the_signal_it_waits_for():
    text = (DEPLOY / "slurm" / "build.sbatch").read_text()
    assert re.search(r"^#SBATCH --signal=B:TERM@(\d+)$", text, re.MULTILINE)[1] == "300"
    subprocess.run(["bash", "-n", DEPLOY / "slurm" / "build.sbatch"], check=True)


def command_of(process):
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def within(seconds, condition):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True
