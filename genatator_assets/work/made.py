"""Who made something, where, when and how long it took: a small record beside the files, which never say it themselves.

So the files of a dataset are the same bytes whoever makes them; only these records, all named `*.made`, differ.
"""

import json
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from genatator_assets.work.files import write_json
from genatator_assets.work.storage import is_remote

SUFFIX = ".made"


@dataclass(frozen=True)
class Made:
    """`run_id` is Dagster's, None without it; `started` is in UTC, as ISO 8601."""

    run_id: str | None
    host: str
    started: str
    seconds: float


def record_of(path: Path) -> Path:
    """Return where the record of a unit is whose main file is `path`.

    >>> record_of(Path("targets/g/NC_1.1.json")).as_posix()
    'targets/g/NC_1.1.made'
    """
    return path.with_suffix(SUFFIX)


@contextmanager
def recorded(path: Path, run_id: str | None) -> Iterator[None]:
    """Record beside `path` who makes it in the block; nothing if the block fails, or leaves alone what is there."""
    started, clock, before = datetime.now(UTC), time.perf_counter(), _written(path)
    yield
    if before is not None and before == _written(path) and record_of(path).is_file():
        return
    seconds = round(time.perf_counter() - clock, 3)
    write_json(record_of(path), asdict(Made(run_id, platform.node(), started.isoformat(timespec="seconds"), seconds)))


def _written(path: Path) -> int | None:
    """Return when a file of this machine was written; object stores know only the second."""
    return None if is_remote(path) or not path.exists() else path.stat().st_mtime_ns


def read_made(path: Path) -> Made | None:
    """Read who made `path`; None where nothing is recorded."""
    try:
        return Made(**json.loads(record_of(path).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
