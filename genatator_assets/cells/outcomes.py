"""Outcomes of the part's units: what goes wrong with one is told by its name, and leaves the others alone."""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from genatator_assets.errors import GenatatorError
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.pool import Task

AnyTask = TypeVar("AnyTask", bound=Task)


def guarded(work: Callable[[AnyTask], Outcome], task: AnyTask) -> Outcome:
    """Do `work` for a task; an error becomes a failed outcome."""
    try:
        return work(task)
    except GenatatorError as error:
        return Outcome(task.key, "failed", {"fault": type(error).__name__}, str(error))
    except Exception as error:  # noqa: BLE001 - one bad file must not take the others down
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno} in {place.name}"
        return Outcome(task.key, "failed", error=f"{type(error).__name__}: {error} ({where})")
