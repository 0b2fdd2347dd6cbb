"""Watches code at work: what it writes outside a folder, and how long it takes."""

import faulthandler
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Which arguments of an audit event are paths that change (https://docs.python.org/3/library/audit_events.html).
_CHANGING = {
    "os.rename": (0, 1),
    "os.remove": (0,),
    "os.mkdir": (0,),
    "os.rmdir": (0,),
    "os.link": (1,),
    "os.symlink": (1,),
    "os.chmod": (0,),
    "os.chown": (0,),
    "os.utime": (0,),
    "shutil.rmtree": (0,),
    "shutil.move": (0, 1),
}

Snapshot = dict[str, tuple[int, int, int]]


class OutsideError(BaseException):
    """Something was written outside the root; no handler in the package can catch it."""


class HangError(BaseException):
    """Something took too long."""


class _Watch:
    """The one audit hook of this process, which can't be taken off again; it sleeps while `root` is None."""

    root: Path | None = None
    installed = False


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    root = _Watch.root
    if root is None:
        return
    if event == "open":
        path, _, flags = arguments
        changed = [path] if flags & _WRITING else []
    else:
        changed = [arguments[place] for place in _CHANGING.get(event, ())]
    if event.startswith("os.") and arguments[-1] not in (-1, None):
        return  # relative to an open folder: part of shutil.rmtree, which was seen itself
    for path in changed:
        if isinstance(path, (str, bytes, os.PathLike)) and not _inside(path, root):
            _Watch.root = None
            raise OutsideError(f"{event}{arguments} is outside {root}")


def _inside(path: Any, root: Path) -> bool:
    real = os.path.realpath(os.fsdecode(path))
    return real in (str(root), os.devnull) or real.startswith(f"{root}/")


@contextmanager
def writes_only_to(root: Path) -> Iterator[None]:
    """Let code change files at and below `root` only.

    Python's own calls are seen by an audit hook and stopped before they happen, wherever they lead; what compiled
    code does (pyarrow opens files itself) shows in what stands around the root afterwards.

    Raises:
        OutsideError: something outside is, or would have been, changed.
    """
    if not _Watch.installed:
        sys.addaudithook(_hook)
        _Watch.installed = True
    root = Path(os.path.realpath(root))
    before, bytecode = _surroundings(root), sys.dont_write_bytecode
    _Watch.root, sys.dont_write_bytecode = root, True
    try:
        yield
    finally:
        _Watch.root, sys.dont_write_bytecode = None, bytecode
    if changed := _surroundings(root).items() ^ before.items():
        raise OutsideError(f"changed beside {root}: {sorted({name for name, _ in changed})}")
    _require_no_way_out(root)


def _surroundings(root: Path) -> Snapshot:
    """Return size, time and inode of all that stands in the parent of `root`, but for `root` itself."""
    found = {}
    for folder, folders, files in os.walk(root.parent):
        if Path(folder) == root.parent and root.name in folders:
            folders.remove(root.name)
        for name in (*folders, *files):
            told = os.lstat(os.path.join(folder, name))  # noqa: PTH118 - quicker than Path, and run for each input
            found[os.path.join(folder, name)] = (told.st_size, told.st_mtime_ns, told.st_ino)  # noqa: PTH118
    return found


def _require_no_way_out(root: Path) -> None:
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(folder, name)
            if path.is_symlink() or not path.resolve().is_relative_to(root):
                raise OutsideError(f"{path} leads out of {root}")


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """End code that takes more than `seconds` of the processor, which says more than a clock where machines are busy.

    What waits, or is compiled and does not hear the alarm, is ended with the whole process after twenty times as long.

    Raises:
        HangError: it takes longer.
    """

    def too_long(*_: object) -> NoReturn:
        raise HangError(f"took more than {seconds} s")

    previous = signal.signal(signal.SIGPROF, too_long)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    faulthandler.dump_traceback_later(20 * seconds, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)
