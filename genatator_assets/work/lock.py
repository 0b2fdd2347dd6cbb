"""One writer at a time under a dataset's root, and no leftovers of writers that were killed."""

import errno
import fcntl
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from genatator_assets.errors import DatasetError
from genatator_assets.work.files import TEMPORARY_SUFFIX
from genatator_assets.work.layout import Layout
from genatator_assets.work.storage import is_remote

_NO_LOCKS_HERE = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}
_SECONDS_BETWEEN_TRIES = 0.5


@contextmanager
def only_writer(root: Path, wait: Callable[[str], None] | None = None) -> Iterator[None]:
    """Keep other writers away from `root` while the block lasts; the system lets go of it if we are killed.

    If there is another: wait for it, having called `wait` once with who it is; without `wait`, refuse. A file system
    that knows no locks keeps nobody away; files are whole there too. Of a remote root only writers of this machine
    are kept away.

    Raises:
        DatasetError: there is another writer, and nobody said to wait.
    """
    path = Layout(root).lock
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as handle:
        if not _taken(handle):
            holder = f"{path} is held by {path.read_text().strip() or 'another process'}"
            if wait is None:
                raise DatasetError(f"another build writes to {root}: {holder}; wait for it, or end it")
            wait(holder)
            while not _taken(handle):
                time.sleep(_SECONDS_BETWEEN_TRIES)
        handle.truncate(0)
        now = datetime.now(UTC)
        handle.write(f"process {os.getpid()} on {socket.gethostname()} since {now:%Y-%m-%d %H:%M:%S} UTC\n")
        handle.flush()
        try:
            yield
        finally:
            handle.truncate(0)


def _taken(handle: TextIO) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS_HERE:
            raise
    return True


def remove_temporaries(root: Path) -> int:
    """Remove what killed writers left under `root` (its only writer calls this); give how many files it was.

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
