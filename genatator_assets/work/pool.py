"""Running batches of work on an executor: largest first, outcomes instead of exceptions, children ended."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Protocol, TypeVar

import psutil

from genatator_assets.work.outcome import Outcome

WORKER_MEMORY_BYTES = 500_000_000
"""What one worker needs at most, with room to spare: `make bench` measures it."""

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
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent)
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


def _end_with_parent() -> None:
    """See to it that this worker ends when its parent is killed: it would wait for more work for ever."""

    def wait() -> None:
        if parent := multiprocessing.parent_process():
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


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
    waiting = {_submit(executor, work, batch): batch for batch in batches(tasks)}
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


def _submit(
    executor: Executor, work: Callable[[Sequence[TaskType]], list[Outcome]], batch: list[TaskType]
) -> Future[list[Outcome]]:
    """Hand over a batch; a pool that a dying worker has broken refuses it at once, which is the batch's result."""
    try:
        return executor.submit(work, batch)
    except BrokenProcessPool as error:
        refused: Future[list[Outcome]] = Future()
        refused.set_exception(error)
        return refused
