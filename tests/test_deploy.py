"""The files under deploy/: what they call exists, what they name fits together, and the SLURM job builds a dataset."""

import importlib.util
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import dask
import psutil
import pytest
import yaml
from click import Command, Group, UsageError
from dagster._cli.api import api_cli
from dagster._cli.code_server import code_server_cli
from dagster._core.instance.config import dagster_instance_config
from dagster._daemon.cli import run_command
from dagster_webserver.cli import dagster_webserver
from distributed.cli import dask_scheduler, dask_worker

from genatator_assets.cli import main
from genatator_assets.orchestration.instance import HOME_VARIABLE
from genatator_assets.orchestration.settings import CATALOGUE_VARIABLE, DASK_VARIABLE, ROOT_VARIABLE
from genatator_assets.version import __version__
from genatator_assets.work.storage import CACHE_VARIABLE

REPOSITORY = Path(__file__).resolve().parents[1]
DEPLOY = REPOSITORY / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
SMALL, BLOCKS = REPOSITORY / "tests" / "catalogues" / "small.yaml", 12
COMMANDS: dict[str, Command] = {
    "dask scheduler": dask_scheduler.main,
    "dask worker": dask_worker.main,
    "dagster code-server": code_server_cli,
    "dagster api": api_cli,
    "dagster-daemon run": run_command,
    "dagster-webserver": dagster_webserver,
    **{f"genatator-assets {name}": main.get_command(None, name) for name in main.list_commands(None)},
}
OVERLAYS = ("build", "ui")


# Kubernetes: what `kubectl apply -k` makes, as far as the manifests say it themselves


def kustomization(folder):
    return yaml.safe_load((KUBERNETES / folder / "kustomization.yaml").read_text())


def documents(overlay):
    """The objects of an overlay and of what it is based on, by kind and name."""
    files = [KUBERNETES / "base" / file for file in kustomization("base")["resources"]]
    assert kustomization(overlay)["resources"][0] == "../base"
    files += [KUBERNETES / overlay / file for file in kustomization(overlay)["resources"][1:]]
    made = [one for file in files for one in yaml.safe_load_all(file.read_text())]
    return {(one["kind"], one["metadata"]["name"]): one for one in made}


def pods(overlay):
    made = documents(overlay).items()
    return {name: one["spec"]["template"] for (_, name), one in made if "template" in one["spec"]}


def containers(overlay):
    return {one["name"]: one for pod in pods(overlay).values() for one in pod["spec"]["containers"]}


def settings(*folders):
    """The variables of all containers; those of a later folder take the place of earlier ones."""
    literals = [one for folder in folders for one in kustomization(folder)["configMapGenerator"][0]["literals"]]
    return dict(literal.split("=", 1) for literal in literals)


def parsed(command, variables=None):
    """The values of a command line by name; an option that isn't known is an error, and so is an unknown variable."""
    words = [re.sub(r"\$\((\w+)\)", lambda found: (variables or {})[found[1]], word) for word in command]
    words = [word.replace("/etc/dagster", str(KUBERNETES / "ui")) for word in words]  # as it is mounted
    size = 1 if words[0] in COMMANDS else 2
    found, arguments = COMMANDS[" ".join(words[:size])], words[size:]
    if isinstance(found, Group):
        found, arguments = found.commands[arguments[0]], arguments[1:]
    return found.make_context(words[0], arguments).params


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("component", [(), ("tls",)], ids=["open", "tls"])
def test_kubernetes_commands_are_understood(overlay, component):
    variables = settings("base", *component)
    said = {name: parsed(one["command"], variables) for name, one in containers(overlay).items()}
    protocol = "tls" if component else "tcp"
    assert (said["scheduler"]["protocol"], said["scheduler"]["port"]) == (protocol, "8786")
    service = documents(overlay)["Service", "genatator-scheduler"]["spec"]
    address = f"{protocol}://genatator-scheduler:{service['ports'][0]['port']}"
    assert (said["worker"]["scheduler"], variables[DASK_VARIABLE]) == (address, address)
    assert (said["worker"]["nthreads"], said["worker"]["memory_limit"]) == (1, "1.5GB")
    if overlay == "build":
        assert said["build"]["dask"] == address
        assert (str(said["build"]["root"]), said["build"]["catalogue"]) == ("/data/dataset", "/data/catalogue.yaml")
    else:
        assert sorted(said) == ["code", "daemon", "scheduler", "webserver", "worker"]


@pytest.mark.parametrize(
    "command", ["dask worker --nthreds 1", "dask scheduler --no-dashbord", "genatator-assets build --dusk x"]
)
def test_what_is_not_an_option_is_found(command):
    with pytest.raises(UsageError):
        parsed(command.split())


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kubernetes_pods_have_what_their_settings_name(overlay):
    variables = settings("base")
    assert {CATALOGUE_VARIABLE, ROOT_VARIABLE, CACHE_VARIABLE, HOME_VARIABLE, DASK_VARIABLE} < set(variables)
    made = documents(overlay)
    assert made["PersistentVolumeClaim", "genatator-root"]["spec"]["accessModes"] == ["ReadWriteMany"]
    for name, pod in pods(overlay).items():
        volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
        for container in pod["spec"]["containers"]:
            assert container["envFrom"] == [{"configMapRef": {"name": "genatator"}}], name
            places = {mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"]}
            if name != "genatator-scheduler":
                assert places["/data"]["persistentVolumeClaim"]["claimName"] == "genatator-root"
            if name in {"genatator-build", "genatator-ui"}:
                assert variables[HOME_VARIABLE] in places


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kubernetes_selectors_and_images_agree(overlay):
    made = documents(overlay)
    for (kind, name), one in made.items():
        if kind == "Deployment":
            assert one["spec"]["selector"]["matchLabels"].items() <= pods(overlay)[name]["metadata"]["labels"].items()
        if kind == "Service":
            assert one["spec"]["selector"].items() <= pods(overlay)[name]["metadata"]["labels"].items()
    assert {container["image"] for container in containers(overlay).values()} == {"genatator-assets"}
    (image,) = kustomization(overlay)["images"]
    assert (image["name"], image["newTag"]) == ("genatator-assets", __version__)
    assert {("Deployment", replica["name"]) for replica in kustomization(overlay)["replicas"]} < set(made)


def test_only_pods_of_ours_reach_the_scheduler():
    policy = documents("build")["NetworkPolicy", "genatator-scheduler"]["spec"]
    (rule,) = policy["ingress"]
    (source,) = rule["from"]
    assert (policy["policyTypes"], rule["ports"]) == (["Ingress"], [{"port": 8786}])
    for overlay in OVERLAYS:
        for name, pod in pods(overlay).items():
            assert source["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items(), name


def test_certificates_are_where_the_settings_look_for_them():
    added = settings("tls")
    files = {value for value in added.values() if value.startswith("/")}
    assert files == {"/tls/cert.pem", "/tls/key.pem"}
    for name in (name for name in added if name.startswith("DASK_DISTRIBUTED__")):
        key = name.removeprefix("DASK_").lower().replace("__", ".").replace("_", "-")
        assert dask.config.get(key, "unknown") != "unknown", key
    targets = set()
    for patch in kustomization("tls")["patches"]:
        targets.add((patch["target"]["kind"], patch["target"]["name"]))
        volume, mount = (operation["value"] for operation in yaml.safe_load(patch["patch"]))
        assert (volume["secret"]["secretName"], mount["mountPath"], mount["name"]) == (
            "genatator-tls",
            "/tls",
            volume["name"],
        )
    assert targets == {
        (kind, name)
        for overlay in OVERLAYS
        for (kind, name), one in documents(overlay).items()
        if "template" in one["spec"]
    }


def test_webserver_and_daemon_know_the_code_server_and_share_one_record():
    folder = KUBERNETES / "ui"
    said = {name: parsed(one["command"], settings("base")) for name, one in containers("ui").items()}
    (location,) = yaml.safe_load((folder / "workspace.yaml").read_text())["load_from"]
    assert (location["grpc_server"]["port"], said["code"]["host"]) == (said["code"]["port"], "127.0.0.1")
    assert importlib.util.find_spec(said["code"]["module_name"])
    for name in ("webserver", "daemon"):
        mounted = {mount["mountPath"]: mount for mount in containers("ui")[name]["volumeMounts"]}
        assert said[name]["workspace"] == (str(folder / "workspace.yaml"),)
        assert mounted["/etc/dagster/workspace.yaml"]["subPath"] == "workspace.yaml"
        assert mounted["/dagster/dagster.yaml"]["subPath"] == "dagster.yaml"
    assert documents("ui")["Deployment", "genatator-ui"]["spec"]["strategy"] == {"type": "Recreate"}
    configured, _ = dagster_instance_config(str(folder))
    assert configured["storage"]["custom"]["class"] == "Record"
    assert configured["telemetry"] == {"enabled": False}
    assert set(kustomization("ui")["configMapGenerator"][0]["files"]) == {"dagster.yaml", "workspace.yaml"}
    (port,) = documents("ui")["Service", "genatator-ui"]["spec"]["ports"]
    assert port["targetPort"] == said["webserver"]["port"]


# The image, and the workflow of GitHub Actions: both of an installed wheel


def test_the_image_is_made_of_a_wheel_and_nothing_else():
    text = (DEPLOY / "Dockerfile").read_text()
    instructions = re.findall(r"^([A-Z]+) (.*)$", text, re.MULTILINE)
    copied = [words.split()[:-1] for name, words in instructions if name == "COPY"]
    assert copied == [["genatator_assets-*.whl", "constraints.txt"]]
    assert (REPOSITORY / "constraints.txt").is_file()
    extras = re.search(r"^ARG EXTRAS=(\S+)$", text, re.MULTILINE)[1].split(",")
    known = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(extras) <= set(known)
    assert ("USER", "1000") in instructions
    assert f"genatator-assets:{__version__}" in text
    for name, words in instructions:
        if name == "RUN":
            subprocess.run(["bash", "-n", "-c", words], check=True)


def test_the_workflow_s_commands_are_understood():
    workflow = yaml.safe_load((DEPLOY / "github" / "dataset.yaml").read_text())
    variables = workflow["env"]
    assert re.fullmatch(rf"genatator-assets\[hub\]=={__version__}", variables["PACKAGE"])
    assert {CATALOGUE_VARIABLE, ROOT_VARIABLE, CACHE_VARIABLE} < set(variables)
    (job,) = workflow["jobs"].values()
    called = []
    for step in job["steps"]:
        assert ("uses" in step) != ("run" in step)
        if "uses" in step:
            assert re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"])
            continue
        subprocess.run(["bash", "-n", "-c", step["run"]], check=True)
        words = [word for word in shlex.split(step["run"], comments=True) if word not in {"||", "true"}]
        if words[0] == "genatator-assets":
            called.append(words[1])
            parsed(words)
        for name in re.findall(r"\$(\w+)", step["run"]):
            assert name in {**variables, **step.get("env", {})}, name
    assert called == ["plan", "fetch", "build", "status", "release", "push"]
    (cache,) = [step["with"] for step in job["steps"] if "cache" in step.get("uses", "")]
    assert cache["path"] == variables[CACHE_VARIABLE]
    triggers = workflow[True]  # YAML 1.1 reads the key `on` so
    assert set(triggers) == {"push", "workflow_dispatch"}


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
