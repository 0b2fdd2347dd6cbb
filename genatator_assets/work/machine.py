"""What this machine has to give, or the container that it is: cores, memory and disk, and whether that is enough."""

import math
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil

from genatator_assets.errors import GenatatorError
from genatator_assets.work.storage import is_remote

WORKER_MEMORY_BYTES = 500_000_000
"""What one worker needs at most, with room to spare: `make bench` measures it."""

_MEMBERSHIP = Path("/proc/self/cgroup")
_GROUPS = Path("/sys/fs/cgroup")
_NO_LIMIT = {"max", "-1"}


def default_workers() -> int:
    """As many workers as there are cores, but no more than fit into memory."""
    return max(1, min(available_cores(), available_memory() // WORKER_MEMORY_BYTES))


def available_cores() -> int:
    """Cores that this process may use: those it is bound to, and no more than its control groups' share of time."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([bound, *(math.ceil(share) for share in _processor_shares())])


def available_memory() -> int:
    """Bytes that can still be used: free in the machine, and free under the limits of all control groups above us."""
    return max(0, min([psutil.virtual_memory().available, *_memory_left()]))


def require_space(root: Path, needed_bytes: int) -> None:
    """Make sure that a file system has room for what is still to be written under `root`, which need not exist yet.

    Raises:
        GenatatorError: there is too little; the message says how much is missing.
    """
    free = free_bytes(root)
    if free is not None and free < needed_bytes:
        raise GenatatorError(
            f"{root} has too little space: about {_gb(needed_bytes)} are still to be written, {_gb(free)} are free,"
            f" {_gb(needed_bytes - free)} are missing. Free that much or give another --root"
        )


def free_bytes(root: Path) -> int | None:
    """Return what is free in the file system of `root`, which need not exist yet; object stores don't say: None."""
    if is_remote(root):
        return None
    existing = next(folder for folder in (root.absolute(), *root.absolute().parents) if folder.is_dir())
    return shutil.disk_usage(existing).free


def _gb(size: int) -> str:
    return f"{size / 1e9:,.2f} GB"


def _memory_left() -> Iterator[int]:
    """Return what each control group leaves; pages of files that were read count as used there, but can be dropped."""
    for group in _control_groups("memory"):
        for limit, used, dropped in (
            ("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ):
            if (most := _number(group / limit)) is not None:
                statistics = dict(line.split() for line in _text(group / "memory.stat").splitlines())
                yield most - (_number(group / used) or 0) + int(statistics.get(dropped, 0))


def _processor_shares() -> Iterator[float]:
    for group in _control_groups("cpu"):
        quota, _, period = _text(group / "cpu.max").partition(" ")
        if period and quota not in _NO_LIMIT:
            yield int(quota) / int(period)
        if (quota_us := _number(group / "cpu.cfs_quota_us")) is not None:
            yield quota_us / (_number(group / "cpu.cfs_period_us") or 100_000)


def _control_groups(controller: str) -> Iterator[Path]:
    """Return the folders of the control groups that this process is in, from its own up, of both versions.

    A container may see itself as the topmost one, and its path may not exist there: what is missing says nothing.
    """
    for line in _text(_MEMBERSHIP).splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            top = _GROUPS / controller
        elif not controllers:
            top = _GROUPS
        else:
            continue
        own = top / path.lstrip("/")
        yield from (own, *(parent for parent in own.parents if parent.is_relative_to(top)))


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text and text not in _NO_LIMIT else None


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
