"""Workers: batches, pools of processes, what dies with a worker and what does not, and what a machine carries."""

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future
from contextlib import closing, contextmanager
from itertools import pairwise

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jobs import Job, do

from genatator_assets.work.pool import InProcess, LocalWorkers, batches, kept, process_pool, run_batches, run_tasks


@given(st.lists(st.integers(1, 30), max_size=60), st.integers(1, 40))
def test_batches_hold_every_task_once_largest_first_and_small_ones_together(lengths, batch_size):
    jobs = [Job(f"{number:02}", length) for number, length in enumerate(lengths)]
    found = batches(iter(jobs), batch_size)
    together = [job for batch in found for job in batch]
    assert sorted(together, key=lambda job: job.key) == jobs
    assert [job.size for job in together] == sorted(lengths, reverse=True)
    assert all(len(batch) == 1 or sum(job.size for job in batch) <= batch_size for batch in found)
    assert all(sum(job.size for job in batch) + after[0].size > batch_size for batch, after in pairwise(found))


def test_batches_of_a_small_genome_by_hand():
    sizes = {"chr1": 25, "chr2": 12, "chr3": 6, "b": 4, "a": 4, "c": 1}
    found = batches([Job(key, size) for key, size in sizes.items()], batch_size=10)
    assert [[job.key for job in batch] for batch in found] == [["chr1"], ["chr2"], ["chr3", "a"], ["b", "c"]]


def by_key(outcomes):
    return sorted(outcomes, key=lambda outcome: outcome.key)


def test_a_pool_gives_an_outcome_for_every_task():
    jobs = [Job(f"g/{number}", number * 1_000_000) for number in (3, 12, 1, 10, 11, 2)]
    outcomes = by_key(run_batches(LocalWorkers(2), do, jobs))
    assert [outcome.key for outcome in outcomes] == ["g/1", "g/10", "g/11", "g/12", "g/2", "g/3"]
    assert [outcome.facts["batch"] for outcome in outcomes] == [3, 1, 1, 1, 3, 3]  # 1, 2 and 3 Mb together
    assert os.getpid() not in {outcome.facts["worker"] for outcome in outcomes}


def test_a_small_genome_is_shared_among_all_workers():
    jobs = [Job(f"{number:02}", 1_000) for number in range(40)]
    outcomes = list(run_batches(LocalWorkers(2), do, jobs))
    assert [outcome.facts["batch"] for outcome in outcomes] == [10] * 40  # one batch in each, and the next at hand


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("deed", ["exit", "kill"])
def test_only_the_task_that_kills_its_worker_fails(deed, workers):
    """It dies in the midst of others: some wait, some are with other workers, some are in its own batch."""
    sizes = {"a": 30, "b": 29, "c": 28, "e": 26, "f": 25, "g": 1, "h": 1}
    jobs = [Job(key, size * 1_000_000) for key, size in sizes.items()] + [Job("deadly", 2_000_000, deed)]
    outcomes = by_key(run_batches(LocalWorkers(workers), do, jobs))
    assert [outcome.key for outcome in outcomes] == ["a", "b", "c", "deadly", "e", "f", "g", "h"]
    assert [outcome.key for outcome in outcomes if outcome.error] == ["deadly"]
    assert "it may have run out of memory. Give workers more memory, or use fewer, and run again" in outcomes[3].error


def test_a_task_whose_worker_was_killed_from_outside_is_built(tmp_path):
    jobs = [Job("once", 20_000_000, "kill once", str(tmp_path / "mark")), Job("other", 15_000_000)]
    outcomes = by_key(run_batches(LocalWorkers(1), do, jobs))
    assert [(outcome.key, outcome.error) for outcome in outcomes] == [("once", None), ("other", None)]
    assert (tmp_path / "mark").exists()


def workers_in(outcomes):
    return {outcome.facts["worker"] for outcome in outcomes}


def test_kept_processes_serve_one_run_after_another_and_are_gone_at_the_end():
    jobs = [Job("one", 1), Job("two", 1)]
    with kept(LocalWorkers(1)) as workers:
        (first,) = workers_in(run_batches(workers, do, jobs))
        assert workers_in(run_batches(workers, do, jobs)) == {first}
        assert first != os.getpid()
    assert not psutil.pid_exists(first)


@pytest.mark.parametrize("deed", ["exit", "kill"])
def test_a_run_after_one_whose_worker_died_has_another(deed):
    with kept(LocalWorkers(1)) as workers:
        (first,) = workers_in(run_batches(workers, do, [Job("one", 1)]))
        (died,) = run_batches(workers, do, [Job("deadly", 1, deed)])
        assert "may have run out of memory" in died.error
        (second,) = workers_in(run_batches(workers, do, [Job("one", 1)]))
        assert not psutil.pid_exists(first)
    assert second not in (first, os.getpid())


def test_kept_processes_end_at_once_when_a_run_is_left():
    with kept(LocalWorkers(1)) as workers:
        with closing(run_batches(workers, do, [Job("one", 1), Job("two", 1)])) as outcomes:
            first = next(outcomes).facts["worker"]
        assert workers_in(run_batches(workers, do, [Job("one", 1)])) != {first}


def test_no_workers_but_this_process():
    jobs = [Job("good", 20_000_000), Job("bad", 20_000_000, "raise"), Job("other", 20_000_000)]  # a batch each
    outcomes = by_key(run_batches(InProcess(), do, jobs))
    assert [outcome.key for outcome in outcomes] == ["bad", "good", "other"]
    assert [outcome.facts.get("worker") for outcome in outcomes if not outcome.error] == [os.getpid()] * 2


def test_one_task_alone_is_done_in_this_process_and_several_are_handed_out():
    assert workers_in(run_tasks(LocalWorkers(1), do, [Job("one", 1)])) == {os.getpid()}
    assert os.getpid() not in workers_in(run_tasks(LocalWorkers(1), do, [Job("one", 1), Job("two", 1)]))


def test_several_deadly_tasks_among_good_ones_are_all_named():
    jobs = [Job(f"{number:02}", 1_000_000, "kill" if number % 4 == 0 else "work") for number in range(12)]
    outcomes = by_key(run_batches(LocalWorkers(2), do, jobs))
    assert [outcome.key for outcome in outcomes if outcome.error] == ["00", "04", "08"]
    assert len(outcomes) == 12


def test_workers_that_die_of_anything_are_not_tried_for_ever():
    outcomes = by_key(run_batches(LocalWorkers(1), do, [Job(f"{number:02}", 1, "exit") for number in range(40)]))
    assert len(outcomes) == 40
    assert all(outcome.error for outcome in outcomes)
    assert sum("again when it did nothing else" in outcome.error for outcome in outcomes) == 3
    assert sum("Not tried again" in outcome.error for outcome in outcomes) == 37


class Inline(Executor):
    """Runs work at once, in this process."""

    def submit(self, work, *args):
        done = Future()
        try:
            done.set_result(work(*args))
        except Exception as error:  # noqa: BLE001
            done.set_exception(error)
        return done


class InlineWorkers:
    at_once = 1
    death = ZeroDivisionError

    @contextmanager
    def executor(self):
        yield Inline()


def test_any_executor_will_do():
    outcomes = list(run_batches(InlineWorkers(), do, [Job("b", 1), Job("a", 2)]))
    assert [outcome.key for outcome in outcomes] == ["a", "b"]


def test_a_batch_that_raises_fails_and_leaves_the_others_alone():
    jobs = [Job("bad", 20_000_000, "raise"), Job("good", 15_000_000)]
    outcomes = list(run_batches(InlineWorkers(), do, jobs))
    assert [(outcome.key, outcome.status) for outcome in outcomes] == [("bad", "failed"), ("good", "built")]
    assert re.fullmatch(r"RuntimeError: not caught \(jobs\.py:\d+ in do\)", outcomes[0].error)


def test_what_a_worker_raises_has_the_traceback_of_its_process():
    (outcome,) = run_batches(LocalWorkers(1), do, [Job("bad", 1, "raise")])
    assert outcome.error == "RuntimeError: not caught"
    assert re.search(r"jobs\.py\", line \d+, in do\n", outcome.traceback)


def test_nobody_works_on_after_outcomes_are_no_longer_wanted():
    jobs = [Job("quick", 30_000_000), *(Job(f"long {number}", 20_000_000, "sleep") for number in range(4))]
    with closing(run_batches(LocalWorkers(2), do, jobs)) as outcomes:
        assert next(outcomes).key == "quick"
        left = workers()
    assert len(left) == 2
    assert end_in_time(left)


def running(process):
    """Look without waiting: psutil would reap the pool's children, which then waits for them for ever."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def end_in_time(processes, seconds=3):
    deadline = time.monotonic() + seconds
    while (left := [process for process in processes if running(process)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    for process in left:
        process.kill()
    return not left


def workers():
    return [psutil.Process(child.pid) for child in multiprocessing.active_children()]


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt])
def test_leaving_a_pool_by_an_exception_ends_its_busy_workers(interruption):
    left = []

    def leave():
        with process_pool(2) as pool:
            pool.submit(os.getpid).result()
            for _ in range(4):
                pool.submit(do, [Job("long", 1, "sleep")])
            left.extend(workers())
            raise interruption

    with pytest.raises(interruption):
        leave()
    assert len(left) == 2
    assert end_in_time(left)


def test_leaving_a_pool_well_ends_its_workers():
    with process_pool(1) as pool:
        pool.submit(os.getpid).result()
        left = workers()
    assert len(left) == 1
    assert end_in_time(left)


PARENT = """
import os, time
from genatator_assets.work.pool import process_pool
if __name__ == "__main__":
    with process_pool(1) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_a_parent_that_is_killed(tmp_path, how):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as parent:
        worker = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(how)
    assert end_in_time([worker])


def test_what_workers_of_genomes_and_chromosomes_import_is_light():
    """Each worker imports it first, and holds it all along."""
    code = (
        "import sys, genatator_assets.gene_finding.blocks.chromosome, genatator_assets.annotation.genomes;"
        "print(*{'pandas', 'pyranges', 'dagster', 'duckdb', 'requests', 'rich'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == []
