"""Work for workers of tests, and what it does to them; a module of its own, so that a cluster's workers find it."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from genatator_assets.work.outcome import Outcome


@dataclass(frozen=True)
class Job:
    """A task, and what it does to its worker."""

    key: str
    size: int
    deed: str = "work"
    mark: str = ""


def do(jobs):
    for job in jobs:
        match job.deed:
            case "exit":
                os._exit(3)
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "kill once":
                try:
                    Path(job.mark).touch(exist_ok=False)
                except FileExistsError:
                    continue
                os.kill(os.getpid(), signal.SIGKILL)
            case "rest":
                time.sleep(0.1)
            case "sleep":
                time.sleep(60)
            case "raise":
                raise RuntimeError("not caught")
    return [Outcome(job.key, "built", {"worker": os.getpid(), "batch": len(jobs)}) for job in jobs]
