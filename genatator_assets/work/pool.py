"""Running batches of work on workers: largest first, outcomes instead of exceptions, children ended."""

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from genatator_assets.work.outcome import Outcome

BATCH_SIZE = 10_000_000
"""Small tasks are put together into batches of about this size, or less if workers would have none otherwise."""

_DIED_OF_IT = (
    "A worker died while it did this, and again when it did nothing else: it may have run out of memory."
    " Give workers more memory, or use fewer, and run again."
)
_DIE_OF_ANYTHING = (
    "Not tried again, because workers died of whatever they were given: they may have run out of memory."
    " Give workers more memory, or use fewer, and run again."
)
_MOST_DEATHS_IN_A_ROW = 3


class Sized(Protocol):
    """A task that names itself and knows how large it is, in any measure that all tasks of a run share."""

    @property
    def key(self) -> str:
        """Name of the task."""

    @property
    def size(self) -> int:
        """How large it is."""


class Workers(Protocol):
    """Those who work: processes of this machine, or a cluster."""

    @property
    def local(self) -> bool:
        """Whether they are processes of this machine, beside this one: they see its temporary files."""

    @property
    def at_once(self) -> int:
        """How many batches are handed over before the first of them comes back."""

    @property
    def death(self) -> type[Exception]:
        """What a batch raises whose worker died."""

    def executor(self) -> AbstractContextManager[Executor]:
        """Return an executor; when the block is left, by any way, it does nothing more for us."""


@dataclass(frozen=True)
class LocalWorkers:
    """A pool of `count` processes on this machine, made anew whenever one of them has died."""

    count: int
    death: type[Exception] = BrokenExecutor
    local: bool = True

    @property
    def at_once(self) -> int:
        """One batch in each worker, and the next at hand: only these are in doubt when a worker dies."""
        return 2 * self.count

    def executor(self) -> AbstractContextManager[Executor]:
        """Return a pool of processes."""
        return process_pool(self.count)


@contextmanager
def kept(workers: Workers) -> Iterator[Workers]:
    """Within the block, have processes of this machine serve one run of batches after another.

    Otherwise each run starts its own, which import all that they need first.
    """
    if not isinstance(workers, LocalWorkers):
        yield workers
        return
    keeping = _KeptWorkers(workers)
    try:
        yield keeping
    finally:
        keeping.close()


class _KeptWorkers:
    death: type[Exception] = BrokenExecutor
    local = True

    def __init__(self, workers: LocalWorkers) -> None:
        self._workers = workers
        self._pool: Executor | None = None
        self._open = ExitStack()

    @property
    def at_once(self) -> int:
        return self._workers.at_once

    @contextmanager
    def executor(self) -> Iterator[Executor]:
        if self._pool is None:
            self._pool = self._open.enter_context(self._workers.executor())
        try:
            yield self._pool
            self._pool.submit(os.getpid)  # refused if one of the processes has died: the next run gets others
        except self.death:
            self.close()
        except BaseException:
            self._pool = None
            self._open.__exit__(*sys.exc_info())  # ends the processes at once, whatever they are at
            raise

    def close(self) -> None:
        self._pool = None
        self._open.close()


@dataclass(frozen=True)
class InProcess:
    """Nobody but this process: a debugger sees all that is done, and nothing waits for processes to start."""

    at_once: int = 1
    death: type[Exception] = BrokenExecutor
    local: bool = False

    def executor(self) -> AbstractContextManager[Executor]:
        """Return an executor that works at once, while it is handed the work."""
        return _AtOnce()


class _AtOnce(Executor):
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - as of a process: whoever asks for the result is told
            future.set_exception(error)
        return future


@contextmanager
def process_pool(workers: int) -> Iterator[Executor]:
    """Return a pool of spawned processes that is gone, children too, when the block is left by any way."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_follow_parent)
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


def _follow_parent() -> None:
    """Ensure that this worker ends when its parent is killed: it would wait for more work for ever.

    Ctrl-C reaches all processes of a terminal; what becomes of this one is the parent's to decide.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def wait_for_parent() -> None:
        if parent := multiprocessing.parent_process():
            parent.join()
            os._exit(1)

    threading.Thread(target=wait_for_parent, daemon=True).start()


TaskType = TypeVar("TaskType", bound=Sized)
Work = Callable[[Sequence[TaskType]], list[Outcome]]


def batches(tasks: Iterable[TaskType], batch_size: int) -> list[list[TaskType]]:
    """Order tasks largest first and put small ones together up to `batch_size`."""
    batched: list[list[TaskType]] = []
    room = 0
    for task in sorted(tasks, key=lambda task: (-task.size, task.key)):
        if task.size > room:
            batched.append([])
            room = max(batch_size, task.size)
        batched[-1].append(task)
        room -= task.size
    return batched


def run_batches(workers: Workers, work: Work[TaskType], tasks: Iterable[TaskType]) -> Iterator[Outcome]:
    """Run `work` on batches of `tasks`; yield an outcome per task, as they come in."""
    with closing(outcomes_by_batch(workers, work, tasks)) as done:
        for outcomes in done:
            yield from outcomes


def outcomes_by_batch(
    workers: Workers, work: Work[TaskType], tasks: Iterable[TaskType]
) -> Generator[Sequence[Outcome]]:
    """Run `work` on batches of `tasks`; yield the outcomes of each batch when it is done.

    What was in the hands of a worker that died is run again when all else is done: task by task, one at a time. So
    only a task that kills its worker again fails, by its name. When that has happened several times in a row, the
    machine is to blame, and what is left fails without being tried.
    """
    tasks = list(tasks)
    batch_size = min(BATCH_SIZE, sum(task.size for task in tasks) // workers.at_once)
    waiting, lost = deque(batches(tasks, batch_size)), list[TaskType]()
    while waiting:
        lost += yield from _run_until_one_dies(workers, work, waiting, workers.at_once)
    alone, deaths = deque([task] for task in lost), 0
    while alone:
        before = len(alone)
        killers = yield from _run_until_one_dies(workers, work, alone, at_once=1)
        deaths = deaths + len(killers) if len(killers) == before - len(alone) else 0
        yield _failed(killers, _DIED_OF_IT)
        if deaths >= _MOST_DEATHS_IN_A_ROW:
            yield _failed([task for (task,) in alone], _DIE_OF_ANYTHING)
            return


def run_tasks(workers: Workers, work: Work[TaskType], tasks: Iterable[TaskType]) -> Iterator[Outcome]:
    """Run `work` as `run_batches` does, but a single task in this process: nothing is gained by starting others."""
    tasks = list(tasks)
    return run_batches(workers if len(tasks) > 1 else InProcess(), work, tasks)


def _run_until_one_dies(
    workers: Workers, work: Work[TaskType], waiting: deque[list[TaskType]], at_once: int
) -> Generator[Sequence[Outcome], None, list[TaskType]]:
    """Run batches off `waiting` on one executor; return the tasks that were lost with their workers.

    A pool of processes breaks then, and what was not handed over yet stays in `waiting`; a cluster goes on.
    """
    lost: list[TaskType] = []
    broken = False
    with workers.executor() as executor:
        running: dict[Future[list[Outcome]], list[TaskType]] = {}
        while running or (waiting and not broken):
            while waiting and len(running) < at_once and not broken:
                try:
                    future = executor.submit(work, waiting[0])
                except workers.death:
                    broken = True
                else:
                    running[future] = waiting.popleft()
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                batch = running.pop(future)
                try:
                    yield future.result()
                except workers.death:
                    lost += batch
                except CancelledError:  # not of the batch: a cluster went away
                    raise
                except Exception as error:  # noqa: BLE001 - such as a package that a cluster's worker lacks
                    yield [Outcome.failed(task.key, error) for task in batch]
    return lost


def _failed(tasks: Iterable[TaskType], error: str) -> list[Outcome]:
    return [Outcome(task.key, "failed", error=error) for task in tasks]
