"""Dagster's record: its own storage reads what ours stored, whatever is killed; and what can't be kept is told."""

import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import Queue
from types import SimpleNamespace

import dagster as dg
import psutil
import pytest
from dagster._core.events import AssetMaterializationPlannedData, DagsterEvent, StepMaterializationData
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy.exc import OperationalError

from genatator_assets.errors import GenatatorError
from genatator_assets.orchestration.build import build
from genatator_assets.orchestration.instance import open_instance
from genatator_assets.orchestration.progress import Progress
from genatator_assets.orchestration.record import EventLog
from genatator_assets.orchestration.settings import Settings

SMALL = Path(__file__).parent / "catalogues" / "small.yaml"
ASSET = dg.AssetKey("blocks")

pytestmark = [
    pytest.mark.filterwarnings("ignore:Parameter `backfill_policy`"),
    pytest.mark.filterwarnings("ignore:Function `.*BackfillPolicy"),
]


def materialized(run, partition):
    materialization = dg.AssetMaterialization(ASSET, partition=partition, tags={"dagster/data_version": "abc"})
    return EventLogEntry(
        error_info=None,
        level=10,
        user_message="",
        run_id=run,
        timestamp=1.0,
        step_key="step",
        job_name="job",
        dagster_event=DagsterEvent(
            event_type_value="ASSET_MATERIALIZATION",
            job_name="job",
            step_key="step",
            event_specific_data=StepMaterializationData(materialization),
        ),
    )


def seen_by_dagster(folder, run):
    """What Dagster's own storage finds in the files: partitions of the run, and of the asset in all runs."""
    storage = SqliteEventLogStorage(str(folder))
    in_run = [record.event_log_entry.dagster_event.partition for record in storage.get_records_for_run(run).records]
    return in_run, storage.get_materialized_partitions(ASSET)


def test_dagster_s_own_storage_reads_what_ours_wrote_and_ours_goes_on_with_what_it_wrote(tmp_path):
    ours = EventLog(str(tmp_path))
    ours.store_event(materialized("run", "a"))
    assert seen_by_dagster(tmp_path, "run") == (["a"], {"a"})  # while ours is open
    SqliteEventLogStorage(str(tmp_path)).store_event(materialized("run", "b"))
    ours.store_event(materialized("run", "c"))
    tags = ours.get_latest_tags_by_partition(ASSET, dg.DagsterEventType.ASSET_MATERIALIZATION, ["dagster/data_version"])
    assert tags == {key: {"dagster/data_version": "abc"} for key in "abc"}
    ours.dispose()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.db", "run.db"]  # nothing to be written back
    assert seen_by_dagster(tmp_path, "run") == (["a", "b", "c"], {"a", "b", "c"})


def planned(run, partition):
    return EventLogEntry(
        error_info=None,
        level=10,
        user_message="",
        run_id=run,
        timestamp=1.0,
        step_key="step",
        job_name="job",
        dagster_event=DagsterEvent.build_asset_materialization_planned_event(
            "job", "step", AssetMaterializationPlannedData(ASSET, partition=partition, partitions_subset=None)
        ),
    )


def test_what_was_planned_and_not_made_is_known_and_the_run_s_log_is_not_filled_with_it(tmp_path):
    ours = EventLog(str(tmp_path))
    for event in (planned("run", "a"), planned("run", "b"), planned("run", None), materialized("run", "a")):
        ours.store_event(event)
    ours.dispose()
    in_run, made = seen_by_dagster(tmp_path, "run")
    assert (in_run, made) == ([None, "a"], {"a"})
    dagster = SqliteEventLogStorage(str(tmp_path))
    attempted = dagster.get_latest_asset_partition_materialization_attempts_without_materializations(ASSET)
    assert {partition: run for partition, (run, _) in attempted.items()} == {"b": "run"}


def last_materialized(folder):
    event = SqliteEventLogStorage(str(folder)).get_asset_records([ASSET])[0].asset_entry.last_materialization
    return event.dagster_event.partition


def test_events_of_a_block_are_stored_together_however_it_ends(tmp_path):
    ours = EventLog(str(tmp_path))
    ours.store_event(materialized("run", "a"))
    with suppress(KeyboardInterrupt), ours.together():
        for event in (materialized("run", "b"), materialized("run", "c"), planned("run", "d")):
            ours.store_event(event)
        assert seen_by_dagster(tmp_path, "run") == (["a"], {"a"})  # by another connection, nothing of it yet
        assert ours.get_materialized_partitions(ASSET) == {"a", "b", "c"}
        raise KeyboardInterrupt
    assert seen_by_dagster(tmp_path, "run") == (["a", "b", "c"], {"a", "b", "c"})
    assert last_materialized(tmp_path) == "c"
    ours.store_event_batch([materialized("run", "e"), materialized("other", "f")])
    assert seen_by_dagster(tmp_path, "run") == (["a", "b", "c", "e"], set("abcef"))
    assert last_materialized(tmp_path) == "f"


def test_another_thread_s_event_waits_for_a_block_and_is_not_of_it(tmp_path):
    ours = EventLog(str(tmp_path))
    other = threading.Thread(target=lambda: ours.store_event(materialized("run", "b")))
    with ours.together():
        ours.store_event(materialized("run", "a"))
        other.start()
        ours.store_event(materialized("run", "c"))
    other.join()
    assert seen_by_dagster(tmp_path, "run") == (["a", "c", "b"], {"a", "b", "c"})


def test_no_event_is_lost_with_a_process_that_is_killed(tmp_path):
    code = (
        f"import os, sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_record import EventLog, materialized\n"
        f"log = EventLog({str(tmp_path)!r})\n"
        "for number in range(20): log.store_event(materialized('run', str(number)))\n"
        "os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    expected = [str(number) for number in range(20)]
    assert seen_by_dagster(tmp_path, "run") == (expected, set(expected))


def test_writers_beside_each_other_lose_nothing(tmp_path):
    logs = [EventLog(str(tmp_path)) for _ in range(2)]  # as build, webserver and daemon have one each
    SqliteEventLogStorage(str(tmp_path)).store_event(materialized("first", "first"))

    def write(number):
        logs[number % 2].store_event(materialized(f"run{number % 3}", str(number)))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(60)))
    for log in logs:
        log.dispose()
    assert seen_by_dagster(tmp_path, "run0")[1] == {"first", *map(str, range(60))}


def test_few_files_are_open_however_many_runs_there_are(tmp_path):
    log = EventLog(str(tmp_path))
    for number in range(8):
        log.store_event(materialized(f"run{number}", "a"))
    opened = {Path(file.path).name for file in psutil.Process().open_files() if str(tmp_path) in file.path}
    assert {name for name in opened if name.endswith(".db")} == {"index.db", "run5.db", "run6.db", "run7.db"}
    log.wipe()
    log.store_event(materialized("run0", "b"))
    assert seen_by_dagster(tmp_path, "run0") == (["b"], {"b"})
    log.dispose()


def test_a_dataset_s_record_is_kept_by_it(tmp_path, monkeypatch):
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with open_instance(tmp_path) as instance:
        assert isinstance(instance.event_log_storage, EventLog)
        instance.report_runless_asset_event(dg.AssetMaterialization(ASSET, partition="a"))
    index = tmp_path / ".dagster" / "history" / "runs" / "index.db"
    with sqlite3.connect(index) as database:
        assert database.execute("select partition from event_logs").fetchall() == [("a",)]
    database.close()


def test_an_empty_dagster_home_is_made_ready_and_another_s_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "new"))
    with open_instance(tmp_path / "root") as instance:
        assert isinstance(instance.event_log_storage, EventLog)
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "history").mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(theirs))
    with open_instance(tmp_path / "root") as instance:
        assert not isinstance(instance.event_log_storage, EventLog)
    assert not (theirs / "dagster.yaml").exists()


@pytest.mark.parametrize(
    ("free", "message"),
    [
        (1_000, r"the disk is full, 1.0 kB are left for .*/\.dagster \(disk I/O error\)\. Free some space"),
        (10**12, r"can't be kept \(disk I/O error\)\. What is finished is kept: mend that and run again\."),
    ],
)
def test_a_record_that_can_t_be_kept_is_told(tmp_path, monkeypatch, free, message):
    monkeypatch.delenv("DAGSTER_HOME", raising=False)

    def fail(*_):
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
        raise OperationalError("insert", {}, sqlite3.OperationalError("disk I/O error"))

    monkeypatch.setattr(EventLog, "store_event", fail)
    with pytest.raises(GenatatorError, match=message):
        build(Settings(str(SMALL), tmp_path, workers=0), Progress())


def test_a_run_that_goes_on_is_seen_as_it_goes(tmp_path):
    """The UI follows a run's log; while the writer keeps its connection open, only the write-ahead log changes."""
    written, watching = EventLog(str(tmp_path)), EventLog(str(tmp_path))
    seen: Queue[str] = Queue()
    written.store_event(materialized("run", "a/0"))
    cursor = watching.get_records_for_run("run").cursor
    watching.watch("run", cursor, lambda entry, _cursor: seen.put(entry.dagster_event.partition))
    try:
        for number in range(1, 4):
            written.store_event(materialized("run", f"a/{number}"))
            assert seen.get(timeout=30) == f"a/{number}"
    finally:
        for storage in (watching, written):
            storage.dispose()
