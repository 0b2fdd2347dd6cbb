"""What became of runs, in words: faults of steps and checks that did not pass."""

from collections.abc import Iterable

import dagster as dg

from genatator_assets.errors import ClusterError
from genatator_assets.work.text import Markdown

_OURS = "genatator_assets.errors."


def faults_of(events: Iterable[dg.DagsterEvent]) -> list[str]:
    """Return why steps failed and which checks did not pass; steps that were skipped because of them say nothing.

    Raises:
        KeyboardInterrupt: a step was interrupted, which Dagster takes for a fault of the step.
        ClusterError: there are no workers any more, which is no step's fault either.
    """
    faults = []
    for event in events:
        if event.is_step_failure:
            faults.append(_fault(event))
        elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            evaluation = event.asset_check_evaluation_data
            if not evaluation.passed:
                faults.append(f"check {evaluation.check_name}: {Markdown(evaluation.description or '').shown()}")
    return faults


def faults_of_run(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[str]:
    """Return why a recorded run failed, and which of its checks did not pass.

    Raises:
        KeyboardInterrupt, ClusterError: as `faults_of`.
    """
    events = [entry.dagster_event for entry in instance.all_logs(run.run_id)]
    faults = faults_of(event for event in events if event is not None)
    if run.status != dg.DagsterRunStatus.SUCCESS and not faults:
        faults = [f"the run ended as {run.status.value}; see its log in Dagster's UI"]
    return faults


def _fault(event: dg.DagsterEvent) -> str:
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    causes = []
    error = data.error
    while error:
        causes.append(error)
        error = error.cause
    if any(cause.cls_name == "DagsterExecutionInterruptedError" for cause in causes):
        raise KeyboardInterrupt
    for cause in causes:
        if cause.message.startswith(_OURS):  # a user can mend it; where in the code it arose says nothing
            said = cause.message.partition(": ")[2].strip()
            if cause.cls_name == ClusterError.__name__:
                raise ClusterError(said)
            return f"{event.step_key}: {said}"
    return f"{event.step_key}: {causes[-1].message.strip() if causes else 'failed'}"
