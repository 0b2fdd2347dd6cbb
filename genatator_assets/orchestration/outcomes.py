"""What became of runs, in words: faults of steps and checks that did not pass."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

from genatator_assets.errors import ClusterError
from genatator_assets.orchestration.failures import FAILED, OFFENDING
from genatator_assets.orchestration.partitions import genome_part
from genatator_assets.work.text import Markdown, first_of

_OURS = "genatator_assets.errors."
_NAMED_CHECKS = 3

TELLING = {
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED,
}
"""The kinds of events that `faults_of` looks at."""


def faults_of(events: Iterable[dg.DagsterEvent]) -> list[str]:
    """Return what went wrong in one run, or in several that belong together, causes first and each told once.

    First why steps failed; steps that were skipped because of them say nothing. Then the checks that did not pass,
    but for those that only find what has failed already. Checks that had nothing to look at stand in one clause.

    Raises:
        KeyboardInterrupt: a step was interrupted, which Dagster takes for a fault of the step.
        ClusterError: there are no workers any more, which is no step's fault either.
    """
    events = list(events)
    faults: list[str] = []
    failed: set[str] = set()
    for event in events:
        if event.is_step_failure and not _is_of_checks(event):
            keys = _keys(_metadata_of(event), FAILED)
            if not keys or not failed.issuperset(keys):  # a later step finds nothing of what has failed before
                faults.append(_fault(event))
            failed |= set(keys) - {""}  # what has no partitions has no name by which it could be known again
    faults += _of_checks(events, failed)
    if faults and (skipped := _skipped_checks(events)):
        faults[0] += f"\nSkipped, because there is nothing yet to check: {first_of(skipped, _NAMED_CHECKS)}"
    return faults


def faults_of_run(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[str]:
    """Return what went wrong in a recorded run: as `faults_of`, or why no step began, or at least its status.

    Raises:
        KeyboardInterrupt, ClusterError: as `faults_of`.
    """
    entries = instance.all_logs(run.run_id, of_type=TELLING | {dg.DagsterEventType.RUN_FAILURE})
    events = [entry.dagster_event for entry in entries if entry.dagster_event]
    faults = faults_of(events)
    if run.status != dg.DagsterRunStatus.SUCCESS and not faults:  # such as another writer's lock that can't be used
        errors = [event.job_failure_data.error for event in events if event.is_job_failure]
        faults = [_told_by(run.job_name, error) for error in errors if error]
    if run.status != dg.DagsterRunStatus.SUCCESS and not faults:
        faults = [f"the run ended as {run.status.value}; see its log in Dagster's UI"]
    return faults


def _is_of_checks(event: dg.DagsterEvent) -> bool:
    """Return whether a step only failed because checks that it made did not pass: they are told themselves."""
    error = event.step_failure_data.error
    return error is not None and error.cls_name == "DagsterAssetCheckFailedError"


def _of_checks(events: list[dg.DagsterEvent], failed: set[str]) -> Iterator[str]:
    """Return each fault that checks found, with the names of the checks that say it."""
    said: dict[str, list[str]] = {}
    for event in events:
        if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            evaluation = event.asset_check_evaluation_data
            offending = _keys(evaluation.metadata, OFFENDING)
            known = offending and all(key in failed or genome_part(key) in failed for key in offending)
            warns = evaluation.severity is dg.AssetCheckSeverity.WARN
            if not evaluation.passed and not known and not warns:
                said.setdefault(Markdown(evaluation.description or "did not pass").shown(), []).append(
                    evaluation.check_name
                )
    for description, checks in said.items():
        yield f"check{'s' if len(checks) > 1 else ''} {', '.join(checks)}: {description}"


def _skipped_checks(events: list[dg.DagsterEvent]) -> list[str]:
    """Return the checks that were planned and not evaluated, in any of the runs."""
    planned, evaluated = dict[str, None](), set[str]()
    for event in events:
        if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
            planned[event.asset_check_planned_data.check_name] = None
        elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            evaluated.add(event.asset_check_evaluation_data.check_name)
    return [name for name in planned if name not in evaluated]


def _metadata_of(event: dg.DagsterEvent) -> Mapping[str, dg.MetadataValue[Any]]:
    told = event.step_failure_data.user_failure_data
    return told.metadata if told else {}


def _keys(metadata: Mapping[str, dg.MetadataValue[Any]], entry: str) -> set[str]:
    value = metadata.get(entry)
    return set(value.value) if isinstance(value, dg.JsonMetadataValue) and value.value else set()


def _fault(event: dg.DagsterEvent) -> str:
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    return _told_by(event.step_key, data.error)


def _told_by(name: str | None, error: SerializableErrorInfo | None) -> str:
    """Return what an error says, by the cause that a user can mend if there is one."""
    causes = []
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
            return f"{name}: {said}"
    return f"{name}: {causes[-1].message.strip() if causes else 'failed'}"
