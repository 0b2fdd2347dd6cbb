"""One writer at a time under a dataset's root, and no leftovers of writers that were killed."""

import errno
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from genatator_assets.errors import DatasetError
from genatator_assets.work.files import TEMPORARY_SUFFIX, whole_file
from genatator_assets.work.layout import Layout
from genatator_assets.work.storage import is_remote

_NO_LOCKS_HERE = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}
_SECONDS_BETWEEN_TRIES = 0.5


@contextmanager
def only_writer(root: Path, wait: Callable[[str], None] | None = None) -> Iterator[None]:
    """Keep other writers away from `root` while the block lasts; the system releases the lock if we are killed.

    If there is another writer: wait for it, having called `wait` once with who it is; without `wait`, refuse. A file
    system without locks keeps nobody away; files are whole there too. Of a remote root only writers of this machine
    are kept away. The lock file itself is never written to: who holds it stands in a file beside it.

    Raises:
        DatasetError: there is another writer and no `wait`, or the lock file is a symbolic link.
    """
    layout = Layout(root)
    layout.lock.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(layout.lock, thread_local=False, fallback_to_soft=False, poll_interval=_SECONDS_BETWEEN_TRIES)
    try:
        _take(lock, layout, wait)
        now = datetime.now(UTC)
        with whole_file(layout.lock_holder) as temporary:
            temporary.write_text(f"process {os.getpid()} on {socket.gethostname()} since {now:%Y-%m-%d %H:%M:%S} UTC\n")
        try:
            yield
        finally:
            layout.lock_holder.unlink(missing_ok=True)
    finally:
        lock.release()


def holder_of(root: Path) -> str | None:
    """Return who writes to `root` now, in words; None if nobody does.

    Only asks: a root that is not there, or whose lock nobody ever took, is left as it is.
    """
    layout = Layout(root)
    if not layout.lock.is_file():
        return None
    lock = FileLock(layout.lock, blocking=False, fallback_to_soft=False)
    try:
        with lock:
            return None
    except Timeout:
        return _holder(layout)
    except OSError:  # no locks here, or not ours to write: then nobody can say
        return None


def _take(lock: FileLock, layout: Layout, wait: Callable[[str], None] | None) -> None:
    try:
        try:
            lock.acquire(blocking=False)
        except Timeout:
            holder = f"{layout.lock} is held by {_holder(layout)}"
            if wait is None:
                raise DatasetError(f"another build writes to {layout.root}: {holder}; wait for it, or end it") from None
            wait(holder)
            lock.acquire()
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise DatasetError(
                f"{layout.lock} is a symbolic link, which is not followed; delete it and run again"
            ) from error
        if error.errno not in _NO_LOCKS_HERE:
            raise


def _holder(layout: Layout) -> str:
    try:
        said = "" if layout.lock_holder.is_symlink() else layout.lock_holder.read_text().strip()
    except (OSError, ValueError):
        said = ""
    return said or "another process"


def remove_temporaries(root: Path) -> int:
    """Remove what killed writers left under `root` (its only writer calls this); return how many files it was.

    Under a remote root they leave nothing.
    """
    if is_remote(root):
        return 0
    left = [
        Path(folder, name)
        for folder, _, names in os.walk(root)
        for name in names
        if name.startswith(".") and name.endswith(TEMPORARY_SUFFIX)
    ]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)
