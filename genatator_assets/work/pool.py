"""Running batches of work on an executor: largest first, outcomes instead of exceptions, children ended."""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Protocol, TypeVar

import psutil

from genatator_assets.work.outcome import Outcome

WORKER_MEMORY_BYTES = 1_500_000_000
"""What one worker needs at most: a dense 10-Mb block of twelve float32 channels and its encoding."""

BATCH_BP = 10_000_000
"""Small chromosomes are put together into tasks of about this many bases."""


class Task(Protocol):
    """A unit of work that names itself and knows its size in bases."""

    @property
    def key(self) -> str:
        """Name of the unit."""

    @property
    def length(self) -> int:
        """Size in bases."""


TaskType = TypeVar("TaskType", bound=Task)


def default_workers() -> int:
    """As many workers as there are cores, but no more than memory carries."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, psutil.virtual_memory().available // WORKER_MEMORY_BYTES))


@contextmanager
def process_pool(workers: int) -> Iterator[Executor]:
    """Give a pool of spawned processes that is gone, children too, when the block is left by any way."""
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    try:
        yield pool
    except BaseException:
        children = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for child in children:
            child.terminate()
        raise
    else:
        pool.shutdown()


def batches(tasks: Iterable[TaskType], batch_bp: int = BATCH_BP) -> list[list[TaskType]]:
    """Order tasks largest first and put small ones together up to `batch_bp` bases."""
    batched: list[list[TaskType]] = []
    room = 0
    for task in sorted(tasks, key=lambda task: (-task.length, task.key)):
        if task.length > room:
            batched.append([])
            room = max(batch_bp, task.length)
        batched[-1].append(task)
        room -= task.length
    return batched


def run_batches(
    executor: Executor,
    work: Callable[[Sequence[TaskType]], list[Outcome]],
    tasks: Iterable[TaskType],
    on_outcome: Callable[[Outcome], None],
) -> list[Outcome]:
    """Run `work` on batches of `tasks`; give an outcome per task, in the order of their keys.

    `on_outcome` is called in this process as results come in. A batch whose worker died yields a failed
    outcome for each of its tasks.
    """
    waiting = {executor.submit(work, batch): batch for batch in batches(tasks)}
    outcomes: list[Outcome] = []
    for future in as_completed(waiting):
        try:
            results = future.result()
        except BrokenProcessPool:
            reason = "A worker process died: it may have run out of memory. Use fewer workers and run again."
            results = [Outcome(task.key, "failed", error=reason) for task in waiting[future]]
        outcomes += results
        for outcome in results:
            on_outcome(outcome)
    return sorted(outcomes, key=lambda outcome: outcome.key)
