"""Workers of a Dask cluster: a real scheduler and two real workers on 127.0.0.1."""

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cluster import dask_cluster
from jobs import Job, do

from genatator_assets.errors import ClusterError
from genatator_assets.work import cluster as under_test
from genatator_assets.work.cluster import DaskWorkers
from genatator_assets.work.pool import run_batches


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with dask_cluster(tmp_path_factory.mktemp("dask")) as running:
        yield running


@pytest.fixture
def workers(cluster):
    return DaskWorkers(cluster.scheduler_file)


def by_key(outcomes):
    return sorted(outcomes, key=lambda outcome: outcome.key)


def test_a_cluster_gives_an_outcome_for_every_task(cluster, workers):
    jobs = [Job(f"{number:02}", number * 1_000_000, "rest") for number in range(1, 30)]
    outcomes = by_key(run_batches(workers, do, jobs))
    assert [outcome.key for outcome in outcomes] == [job.key for job in jobs]
    assert {outcome.facts["worker"] for outcome in outcomes} == {worker.pid for worker in cluster.workers()}


def test_a_cluster_is_also_known_by_its_address(workers):
    with workers.executor() as executor:
        address = executor._client.scheduler.address
    outcomes = list(run_batches(DaskWorkers(address), do, [Job("a", 1)]))
    assert [(outcome.key, outcome.error) for outcome in outcomes] == [("a", None)]


def test_only_the_task_that_kills_its_workers_fails(workers):
    jobs = [Job("a", 30_000_000), Job("b", 20_000_000), Job("deadly", 2_000_000, "kill"), Job("with it", 1_000_000)]
    outcomes = by_key(run_batches(workers, do, jobs))
    assert [outcome.key for outcome in outcomes] == ["a", "b", "deadly", "with it"]
    assert [outcome.key for outcome in outcomes if outcome.error] == ["deadly"]
    assert "it may have run out of memory" in outcomes[2].error


def test_a_task_whose_worker_was_killed_from_outside_is_done_by_another(workers, tmp_path):
    jobs = [Job("once", 20_000_000, "kill once", str(tmp_path / "mark")), Job("other", 15_000_000)]
    outcomes = by_key(run_batches(workers, do, jobs))
    assert [(outcome.key, outcome.error) for outcome in outcomes] == [("once", None), ("other", None)]


def test_a_batch_that_raises_fails_and_leaves_the_others_alone(workers):
    outcomes = by_key(run_batches(workers, do, [Job("bad", 20_000_000, "raise"), Job("good", 15_000_000)]))
    assert [outcome.status for outcome in outcomes] == ["failed", "built"]
    assert outcomes[0].error.startswith("RuntimeError: not caught")
    assert re.search(r"jobs\.py\", line \d+, in do\n", outcomes[0].traceback)


def test_workers_of_another_version_are_refused(workers, monkeypatch):
    monkeypatch.setattr(under_test, "__version__", "999.1")
    with pytest.raises(ClusterError, match=r"genatator-assets 999\.1 is here, but tcp://127\.0\.0\.1:\d+ has \d"):
        list(run_batches(workers, do, [Job("a", 1)]))


def test_a_cluster_without_workers_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(under_test, "_SECONDS_FOR_WORKERS", 1)
    with dask_cluster(tmp_path, workers=0) as empty, pytest.raises(ClusterError, match="no workers for 1 s"):
        list(run_batches(DaskWorkers(empty.scheduler_file), do, [Job("a", 1)]))


def test_a_scheduler_that_is_lost_is_told(tmp_path):
    with dask_cluster(tmp_path) as lost:
        outcomes = run_batches(DaskWorkers(lost.scheduler_file), do, [Job("a", 30_000_000), Job("b", 1, "sleep")])
        assert next(outcomes).key == "a"
        lost.scheduler.kill()
        with pytest.raises(ClusterError, match="was lost; start it and run again"):
            next(outcomes)


@pytest.mark.parametrize("where", ["no/such/file.json", "127.0.0.1:8786", "http://127.0.0.1:8786"])
def test_what_is_neither_an_address_nor_a_file_is_told(where):
    with pytest.raises(ClusterError, match="neither an address such as tcp://host:8786 nor the path"):
        list(run_batches(DaskWorkers(where), do, [Job("a", 1)]))


def test_a_scheduler_that_does_not_answer_is_told(monkeypatch):
    monkeypatch.setattr(under_test, "_SECONDS_TO_CONNECT", 1)
    with pytest.raises(ClusterError, match="no Dask scheduler answers at tcp://127"):
        list(run_batches(DaskWorkers("tcp://127.0.0.1:1"), do, [Job("a", 1)]))


def test_without_dask_it_is_said_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"pip install 'genatator-assets\[dask\]'"):
        DaskWorkers("tcp://127.0.0.1:1")
    assert importlib.import_module("genatator_assets.orchestration")  # which needs none


# Certificates: Dask's own configuration, from the environment, as deploy/ sets it


def certificate(folder):
    """A certificate that whoever has its files may use, made as the SLURM job makes it; the variables that name it."""
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 60 -subj /CN=test"
    folder.mkdir()
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    tls = "DASK_DISTRIBUTED__COMM__TLS__"
    return {
        "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "true",
        f"{tls}CA_FILE": str(folder / "cert.pem"),
        **{f"{tls}{who}__CERT": str(folder / "cert.pem") for who in ("SCHEDULER", "WORKER", "CLIENT")},
        **{f"{tls}{who}__KEY": str(folder / "key.pem") for who in ("SCHEDULER", "WORKER", "CLIENT")},
    }


ASK = """
import sys
from jobs import Job, do
from genatator_assets.errors import ClusterError
from genatator_assets.work import cluster
from genatator_assets.work.pool import run_batches
cluster._SECONDS_TO_CONNECT = 3
try:
    print([outcome.status for outcome in run_batches(cluster.DaskWorkers(sys.argv[1]), do, [Job("a", 1)])])
except ClusterError as error:
    print(error)
"""


def test_only_who_has_the_certificate_is_let_in(tmp_path, monkeypatch):
    ours, others = certificate(tmp_path / "ours"), certificate(tmp_path / "others")

    def told(where, environment):
        path = os.pathsep.join([str(Path(__file__).parents[1]), str(Path(__file__).parent)])
        done = subprocess.run(
            [sys.executable, "-c", ASK, where],
            env={**os.environ, "PYTHONPATH": path, **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    bare = {name: value for name, value in os.environ.items() if not name.startswith("DASK_")}
    with monkeypatch.context() as patch:
        for name, value in ours.items():
            patch.setenv(name, value)
        with dask_cluster(tmp_path, workers=1, protocol="tls") as cluster:
            address = json.loads(Path(cluster.scheduler_file).read_text())["address"]
            assert address.startswith("tls://")
            patch.undo()
            assert bare == {name: value for name, value in os.environ.items() if not name.startswith("DASK_")}
            assert told(cluster.scheduler_file, ours) == "['built']"
            assert "can't be used: TLS expects" in told(address, {})
            assert "this command needs the same certificate" in told(address, others)
            assert "this command needs the same certificate" in told(address.replace("tls", "tcp"), {})
            assert "encryption required by Dask configuration" in told(address.replace("tls", "tcp"), ours)
            lost = {name: value.replace("ours", "lost") for name, value in ours.items()}
            assert "names no certificate that is there" in told(address, lost)
