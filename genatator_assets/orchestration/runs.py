"""Old runs in Dagster's record: those that nothing which there is now was made by."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
import sqlalchemy as sa
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, SqlEventLogStorageTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage

from genatator_assets.errors import DatasetError

_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_TELL_OF_ASSETS = [dg.DagsterEventType.ASSET_MATERIALIZATION.value, dg.DagsterEventType.ASSET_OBSERVATION.value]


def old_runs(instance: dg.DagsterInstance, days: float) -> list[dg.RunRecord]:
    """Return the ended runs from before so many days of which Dagster needs nothing any more.

    Needed are the runs that hold the latest materialisation or observation of any partition, the latest evaluation of a
    check, and the latest run of each job: without them Dagster would show what there is as missing.

    Raises:
        DatasetError: the record is kept in a storage that can't be asked.
    """
    before = datetime.now(UTC) - timedelta(days=days)
    records = instance.get_run_records(dg.RunsFilter(statuses=_ENDED, created_before=before))
    needed = _with_latest_events(instance)
    jobs = {record.dagster_run.job_name for record in records}
    needed |= {run.run_id for job in jobs for run in instance.get_runs(dg.RunsFilter(job_name=job), limit=1)}
    return [record for record in records if record.dagster_run.run_id not in needed]


def delete_runs(instance: dg.DagsterInstance, records: Sequence[dg.RunRecord]) -> None:
    """Delete runs with their logs."""
    for record in records:
        instance.delete_run(record.dagster_run.run_id)


def _with_latest_events(instance: dg.DagsterInstance) -> set[str]:
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        raise DatasetError(f"Dagster's record is a {type(storage).__name__}: delete old runs by Dagster itself")
    events, checks = SqlEventLogStorageTable.c, AssetCheckExecutionsTable.c
    latest = (
        sa.select(sa.func.max(events.id))
        .where(events.dagster_event_type.in_(_TELL_OF_ASSETS), events.asset_key.is_not(None))
        .group_by(events.asset_key, events.partition, events.dagster_event_type)
    )
    of_checks = sa.select(sa.func.max(checks.id)).group_by(checks.asset_key, checks.check_name, checks.partition)
    with storage.index_connection() as connection:
        found = [
            *connection.execute(sa.select(events.run_id).where(events.id.in_(latest)).distinct()),
            *connection.execute(sa.select(checks.run_id).where(checks.id.in_(of_checks)).distinct()),
        ]
    return {run_id for (run_id,) in found}
