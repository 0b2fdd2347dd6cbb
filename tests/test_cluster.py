"""Workers of a Dask cluster: a real scheduler and two real workers on 127.0.0.1."""

import importlib
import re
import sys

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
