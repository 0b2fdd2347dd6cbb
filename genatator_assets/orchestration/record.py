"""Dagster's record in SQLite, written quickly: its own event log opens and closes a file for each event.

Files, tables and everything that reads them are Dagster's own: `storage` may be taken out of dagster.yaml at any time.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.event_api import EventHandlerFn
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log.sqlite.sqlite_event_log import (
    SqliteEventLogStorage,
    SqliteEventLogStorageWatchdog,
)
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, RootTransaction, create_engine, event
from watchdog.events import FileSystemEvent
from watchdog.observers import Observer

_KEPT_FILES = 4
"""The index and a few runs; webserver and daemon look at thousands of runs in turn."""


class Record(DagsterSqliteStorage):
    """Dagster's storage in SQLite, with our event log in its place."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        """Keep everything under `base_dir`, where Dagster by itself would."""
        super().__init__(base_dir, inst_data)
        self._event_log_storage = EventLog(str(Path(base_dir, "history", "runs")))

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]) -> "Record":
        """Make it as dagster.yaml says."""
        return cls.from_local(config_value["base_dir"], inst_data)


def together(instance: dg.DagsterInstance) -> AbstractContextManager[None]:
    """Return a block whose events are stored in one transaction, if the record is ours; no other is held up."""
    storage = instance.event_log_storage
    return storage.together() if isinstance(storage, EventLog) else nullcontext()


class EventLog(SqliteEventLogStorage):
    """Dagster's event log, with connections that are kept open.

    Events are in the file when they are stored, so that none is lost whatever is killed; they are not synced one by
    one, so that a power cut may cost the last of them. What these told of is then intact, and is recorded again.
    """

    _obs: Any

    def __init__(self, base_dir: str) -> None:
        """Open nothing yet."""
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._there: set[str] = set()
        self._batch: _Batch | None = None
        super().__init__(base_dir)

    def has_table(self, table_name: str) -> bool:
        """Return whether there is a table. This is asked for each event, and none ever vanishes."""
        if table_name not in self._there and super().has_table(table_name):
            self._there.add(table_name)
        return table_name in self._there

    def store_event(self, event: EventLogEntry) -> None:
        """Store an event. That a run intends a partition is looked for in the index alone, and stored only there."""
        told = event.dagster_event
        if told is None or not told.is_asset_materialization_planned or told.partition is None:
            super().store_event(event)
            return
        with self.index_transaction() as connection:
            stored = connection.execute(self.prepare_insert_event(event))
            self._store_asset_event(connection, event, stored.lastrowid)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events in one transaction."""
        with self.together():
            for one in events:
                self.store_event(one)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Store the events of a block in one transaction of each file, which is committed however the block is left.

        What others want to write waits for that long.
        """
        if self._batch_of_this_thread():
            yield
            return
        with self._db_lock:
            self._batch = _Batch(threading.get_ident())
            try:
                yield
            finally:
                self._finish(self._batch)

    def delete_events(self, run_id: str) -> None:
        """Delete a run's events, and its file, which Dagster by itself would leave behind empty."""
        super().delete_events(run_id)
        with self._db_lock:
            if engine := self._engines.pop(run_id, None):
                engine.dispose()
            self._initialized_dbs.discard(run_id)
            for left in ("", "-wal", "-shm"):
                Path(f"{self.path_for_shard(run_id)}{left}").unlink(missing_ok=True)

    def watch(self, run_id: str, cursor: str | None, callback: EventHandlerFn) -> None:
        """Call `callback` with the events of a run as they come, as the UI does with the log of a run that goes on."""
        if self._obs is None:
            self._obs = Observer()
            self._obs.start()
        watcher = _Watcher(self, run_id, callback, cursor)
        self._watchers[run_id][callback] = (watcher, self._obs.schedule(watcher, self._base_dir, recursive=True))

    def wipe(self) -> None:
        """Delete all events."""
        self._close()
        super().wipe()

    def dispose(self) -> None:
        """Close the files."""
        self._close()
        super().dispose()

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        if batch := self._batch_of_this_thread():
            if shard not in batch.opened:
                opened = self._ready(shard).connect()
                batch.opened[shard] = opened, opened.begin()
            yield batch.opened[shard][0]
            return
        with self._db_lock, self._ready(shard).begin() as connection:
            yield connection

    def _batch_of_this_thread(self) -> "_Batch | None":
        batch = self._batch
        return batch if batch and batch.thread == threading.get_ident() else None

    def _finish(self, batch: "_Batch") -> None:
        """Write what is last of each asset, and commit."""
        try:
            for one, event_id in sorted(batch.last.values(), key=lambda told: told[1]):
                with self.index_transaction() as connection:
                    super()._store_asset_event(connection, one, event_id)
        finally:
            self._batch = None
            for connection, transaction in batch.opened.values():
                transaction.commit()
                connection.close()

    def _store_asset_event(self, conn: Connection, event: EventLogEntry, event_id: int) -> None:
        """Note what is the latest of an asset, which Dagster looks up at once; of a batch only the last matters."""
        if self._batch is None:
            super()._store_asset_event(conn, event, event_id)
        elif event.dagster_event and event.dagster_event.asset_key:
            self._batch.last[event.dagster_event.asset_key, event.dagster_event.event_type] = event, event_id

    def _ready(self, shard: str) -> Engine:
        engine = self._engine(shard)
        if shard not in self._initialized_dbs:
            self._initdb(engine)
            self._initialized_dbs.add(shard)
        return engine

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        if column_name not in self._there and super()._has_asset_key_col_on_connection(conn, column_name):
            self._there.add(column_name)
        return column_name in self._there

    def _engine(self, shard: str) -> Engine:
        if shard not in self._engines:
            where = self.conn_string_for_shard(shard)
            self._engines[shard] = create_engine(where, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS})
            event.listen(self._engines[shard], "connect", _sync_seldom)
        self._engines.move_to_end(shard)
        while len(self._engines) > _KEPT_FILES:
            _, oldest = self._engines.popitem(last=False)
            oldest.dispose()
        return self._engines[shard]

    def _close(self) -> None:
        with self._db_lock:
            while self._engines:
                _, engine = self._engines.popitem()
                engine.dispose()


class _Batch:
    """The open transactions of a thread, by file, and the last event of each asset and kind."""

    def __init__(self, thread: int) -> None:
        self.thread = thread
        self.opened: dict[str, tuple[Connection, RootTransaction]] = {}
        self.last: dict[tuple[dg.AssetKey, dg.DagsterEventType], tuple[EventLogEntry, int]] = {}


class _Watcher(SqliteEventLogStorageWatchdog):
    """Also notices what is in the write-ahead log: a connection that is kept open leaves new events there for long."""

    def __init__(
        self, storage: SqliteEventLogStorage, run_id: str, callback: EventHandlerFn, cursor: str | None
    ) -> None:
        super().__init__(storage, run_id, callback, cursor)
        self._patterns = [self._log_path, f"{self._log_path}-wal"]

    def on_modified(self, event: FileSystemEvent) -> None:
        self._process_log()


def _sync_seldom(connection: Any, _record: object) -> None:
    """Sync when the write-ahead log is written back, not for each event."""
    connection.execute("pragma synchronous = normal")
