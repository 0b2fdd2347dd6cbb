"""What became of runs, in words: faults of steps and checks that did not pass."""

from collections.abc import Iterable

import dagster as dg

_OURS = "genatator_assets.errors."


def faults_of(events: Iterable[dg.DagsterEvent]) -> list[str]:
    """Give why steps failed and which checks did not pass; steps that were skipped because of them say nothing.

    Raises:
        KeyboardInterrupt: a step was interrupted, which Dagster takes for a fault of the step.
    """
    faults = []
    for event in events:
        if event.is_step_failure:
            faults.append(_fault(event))
        elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            evaluation = event.asset_check_evaluation_data
            if not evaluation.passed:
                faults.append(f"check {evaluation.check_name}: {evaluation.description}")
    return faults


def _fault(event: dg.DagsterEvent) -> str:
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    error = data.error
    while error and error.cause:
        error = error.cause
    if error is None:
        return f"{event.step_key}: failed for a reason that Dagster did not record"
    if error.cls_name == "DagsterExecutionInterruptedError":
        raise KeyboardInterrupt
    said = error.message.strip()
    if said.startswith(_OURS):  # a user can mend it; where in the code it arose says nothing
        said = said.partition(": ")[2]
    return f"{event.step_key}: {said}"
