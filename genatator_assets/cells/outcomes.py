"""Why a dataset could not be built is kept beside it, for the summary of all."""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from genatator_assets.cells.layout import CellsLayout
from genatator_assets.errors import H5adError
from genatator_assets.work.files import write_json
from genatator_assets.work.outcome import Outcome, Task, guarded

AnyTask = TypeVar("AnyTask", bound=Task)
INPUT = "input"
"""A fact of an outcome: the file is at fault, so trying again does not help."""


def noted(work: Callable[[AnyTask], Outcome], task: AnyTask, layout: CellsLayout, dataset: str, step: str) -> Outcome:
    """Do a step's `work` for a task; an error becomes a failed outcome, and is noted as the dataset's."""
    outcome = guarded(blaming(work), task)
    note(outcome, layout, dataset, step)
    return outcome


def blaming(work: Callable[[AnyTask], Outcome]) -> Callable[[AnyTask], Outcome]:
    """Return `work` so that a fault of the file is told as such."""

    def blamed(task: AnyTask) -> Outcome:
        try:
            return work(task)
        except H5adError as error:
            return Outcome(task.key, "failed", {INPUT: True}, str(error))

    return blamed


def note(outcome: Outcome, layout: CellsLayout, dataset: str, step: str) -> None:
    """Keep why a dataset failed in a step, or forget that it did."""
    if outcome.error:
        attempts = read_failure(layout, dataset).get("attempts", 0) + 1
        write_json(layout.failure(dataset), {"step": step, "error": outcome.error, "attempts": attempts})
    elif read_failure(layout, dataset).get("step") == step:
        layout.failure(dataset).unlink(missing_ok=True)


def read_failure(layout: CellsLayout, dataset: str) -> Mapping[str, Any]:
    """Return in which `step` a dataset failed, the `error` and after how many `attempts`; nothing if it did not."""
    try:
        told: Mapping[str, Any] = json.loads(layout.failure(dataset).read_text())
    except FileNotFoundError:
        return {}
    return told
