"""A real Dask cluster on 127.0.0.1: a scheduler and two workers, processes of this test's own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

_TESTS = Path(__file__).resolve().parent
_COMMON = ("--no-dashboard", "--host", "127.0.0.1", "--scheduler-file")


@dataclass(frozen=True)
class Cluster:
    scheduler_file: str
    scheduler: subprocess.Popen[bytes]
    nannies: tuple[subprocess.Popen[bytes], ...]

    def workers(self) -> list[psutil.Process]:
        """The processes that work: each is a nanny's child, and another one after it was killed."""
        children = [child for nanny in self.nannies for child in psutil.Process(nanny.pid).children()]
        return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


@contextmanager
def dask_cluster(folder: Path, workers: int = 2, protocol: str = "tcp") -> Iterator[Cluster]:
    """Start one; end it, by the ids of its processes, when the block is left."""
    file = folder / "scheduler.json"
    with ExitStack() as started:
        how = ("scheduler", "--port", "0", "--protocol", protocol, *_COMMON, str(file))
        scheduler = started.enter_context(_running(folder, *how))
        for _ in range(600):
            if file.is_file():
                break
            time.sleep(0.1)
        worker = ("worker", "--nthreads", "1", "--memory-limit", "1GB", "--local-directory", str(folder))
        nannies = [started.enter_context(_running(folder, *worker, *_COMMON, str(file))) for _ in range(workers)]
        yield Cluster(str(file), scheduler, tuple(nannies))


@contextmanager
def _running(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    path = os.pathsep.join([str(_TESTS.parent), str(_TESTS)])
    with (folder / "dask.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments],
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONPATH": path},
            cwd=folder,
        )
    try:
        yield process
    finally:
        left = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for child in left:
            if child.is_running():
                child.kill()
