"""What became of runs, in words: faults of steps and checks that did not pass."""

from collections.abc import Iterable

import dagster as dg


def faults_of(events: Iterable[dg.DagsterEvent]) -> list[str]:
    """Give why steps failed and which checks did not pass; steps that were skipped because of them say nothing."""
    faults = []
    for event in events:
        if event.is_step_failure:
            data = event.step_failure_data
            stated = data.user_failure_data.description if data.user_failure_data else None
            faults.append(stated or data.error_display_string)
        elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            evaluation = event.asset_check_evaluation_data
            if not evaluation.passed:
                faults.append(f"check {evaluation.check_name}: {evaluation.description}")
    return faults
