"""What a machine carries, inside and outside of containers, and one writer at a time."""

import errno
import fcntl
import os
import subprocess
import sys
from contextlib import contextmanager

import psutil
import pytest

from genatator_assets.errors import DatasetError, GenatatorError
from genatator_assets.work import machine
from genatator_assets.work.files import whole_file
from genatator_assets.work.lock import holder_of, only_writer, remove_temporaries
from genatator_assets.work.machine import (
    WORKER_MEMORY_BYTES,
    available_cores,
    available_memory,
    default_workers,
    require_space,
)

FREE, CORES = 16_000_000_000, 16


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """A machine of 16 cores and 16 GB free; gives what writes its control groups: {path: text}."""
    free = psutil.virtual_memory()._replace(available=FREE)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(CORES)), raising=False)
    monkeypatch.setattr(machine, "_MEMBERSHIP", tmp_path / "cgroup")
    monkeypatch.setattr(machine, "_GROUPS", tmp_path / "groups")

    def write(membership, files):
        (tmp_path / "cgroup").write_text(membership)
        for name, text in files.items():
            path = tmp_path / "groups" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n")

    return write


# Control groups: the layouts are those of the kernel's documentation (cgroup-v1/memory.txt, cgroup-v2.rst)

V1 = "9:cpuset:/\n4:memory:/docker/ab\n2:cpu,cpuacct:/docker/ab\n1:name=systemd:/docker/ab\n0::/docker/ab\n"
NO_V1_LIMIT = "9223372036854771712"


def test_without_control_groups_the_machine_is_the_limit(groups):
    assert (available_cores(), available_memory()) == (CORES, FREE)
    groups("0::/\n", {})
    assert (available_cores(), available_memory()) == (CORES, FREE)


@pytest.mark.parametrize(
    ("group", "files", "expected"),
    [
        # 4 GB less 1.5 GB that is in use, of which 0.5 GB can be dropped
        ("/", {"memory.max": "4000000000", "memory.current": "1500000000"}, 3_000_000_000),
        ("/job/step", {"job/memory.max": "4000000000", "job/memory.current": "1500000000"}, 2_500_000_000),
        ("/job/step", {"job/step/memory.max": "max", "job/step/memory.current": "1"}, FREE),
        ("/job", {"job/memory.max": "32000000000", "job/memory.current": "0"}, FREE),
        ("/job", {"job/memory.max": "1000000000", "job/memory.current": "1000000001"}, 0),
        ("/elsewhere", {"job/memory.max": "1000000000", "job/memory.current": "0"}, FREE),
    ],
)
def test_memory_under_version_2(groups, group, files, expected):
    groups(f"0::{group}\n", {**files, "memory.stat": "anon 7\ninactive_file 500000000\nactive_file 3"})
    assert available_memory() == expected


@pytest.mark.parametrize("seen_at", ["memory/docker/ab", "memory"])  # a container often sees its own as the topmost
def test_memory_under_version_1(groups, seen_at):
    files = {
        f"{seen_at}/memory.limit_in_bytes": "2000000000",
        f"{seen_at}/memory.usage_in_bytes": "900000000",
        f"{seen_at}/memory.stat": "inactive_file 1\ntotal_inactive_file 300000000",
    }
    groups(V1, files)
    assert available_memory() == 1_400_000_000
    groups(V1, {f"{seen_at}/memory.limit_in_bytes": NO_V1_LIMIT})
    assert available_memory() == FREE


@pytest.mark.parametrize(
    ("membership", "files", "expected"),
    [
        ("0::/\n", {"cpu.max": "max 100000"}, CORES),
        ("0::/\n", {"cpu.max": "400000 100000"}, 4),
        ("0::/\n", {"cpu.max": "50000 100000"}, 1),  # half a core is one worker
        ("0::/a/b\n", {"a/cpu.max": "250000 100000", "a/b/cpu.max": "max 100000"}, 3),
        (V1, {"cpu/docker/ab/cpu.cfs_quota_us": "-1", "cpu/docker/ab/cpu.cfs_period_us": "100000"}, CORES),
        (V1, {"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "50000"}, 2),
    ],
)
def test_cores_under_both_versions(groups, membership, files, expected):
    groups(membership, files)
    assert available_cores() == expected


@pytest.mark.parametrize(("cores", "free", "expected"), [(8, 100, 8), (8, 4.1, 4), (8, 0.1, 1), (1, 100, 1)])
def test_there_are_as_many_workers_as_cores_unless_memory_is_short(monkeypatch, cores, free, expected):
    monkeypatch.setattr(machine, "available_cores", lambda: cores)
    monkeypatch.setattr(machine, "available_memory", lambda: int(free * WORKER_MEMORY_BYTES))
    assert default_workers() == expected


def test_this_machine_carries_something():
    assert 1 <= default_workers() <= os.cpu_count()


# Space


def test_space_that_is_missing_is_told_before_anything_is_written(tmp_path):
    require_space(tmp_path / "not" / "there" / "yet", 1)
    free = psutil.disk_usage(str(tmp_path)).free
    message = (
        r"root has too little space: about .* GB are still to be written, .* GB are free, 1,000\.\d\d GB are missing"
    )
    with pytest.raises(GenatatorError, match=message):
        require_space(tmp_path / "root", free + 1_000_000_000_000)
    assert list(tmp_path.iterdir()) == []


# One writer

HOLDER = """
import sys, time
from pathlib import Path
from genatator_assets.work.lock import only_writer
with only_writer(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@contextmanager
def holder(root, seconds):
    """Another process that holds the lock, for some seconds or until the block ends."""
    command = [sys.executable, "-c", HOLDER, root, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def holder_of_lock(root):
    return (root / ".lock.holder").read_text()


def test_a_second_writer_is_refused_and_told_who_is_the_first(tmp_path):
    with holder(tmp_path, 60) as first:
        message = rf"another build writes to .*: .*\.lock is held by process {first.pid} on \S+ since \d{{4}}-"
        with pytest.raises(DatasetError, match=message), only_writer(tmp_path):
            pytest.fail("two writers")
    with only_writer(tmp_path):  # the lock of a writer that was killed is no lock
        pass


def test_a_patient_writer_says_for_whom_it_waits_and_then_writes(tmp_path):
    told = []
    with holder(tmp_path, 1) as first, only_writer(tmp_path, told.append):
        assert first.wait(5) == 0
        assert f"process {os.getpid()} on" in holder_of_lock(tmp_path)
    assert len(told) == 1
    assert f"held by process {first.pid} on" in told[0]


def test_a_lock_is_let_go_when_writing_fails(tmp_path):
    with pytest.raises(ValueError, match="wrong"), only_writer(tmp_path):
        raise ValueError("wrong")
    with only_writer(tmp_path):
        pass


def test_nothing_is_left_of_a_lock_but_the_empty_file_that_is_locked(tmp_path):
    with only_writer(tmp_path):
        pass
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [(".lock", b"")]


def test_a_lock_that_is_a_link_is_refused_and_what_it_points_to_is_kept(tmp_path):
    precious, root = tmp_path / "precious", tmp_path / "root"
    precious.write_text("of somebody else")
    root.mkdir()
    (root / ".lock").symlink_to(precious)
    told = rf"{root}/\.lock is a symbolic link, which is not followed; delete it"
    with pytest.raises(DatasetError, match=told), only_writer(root):
        pytest.fail("followed")
    (root / ".lock").unlink()
    (root / ".lock.holder").symlink_to(precious)
    with only_writer(root):
        assert not (root / ".lock.holder").is_symlink()
    assert precious.read_text() == "of somebody else"


def test_a_file_that_has_the_lock_s_name_is_not_emptied(tmp_path):
    (tmp_path / ".lock").write_text("written by an earlier version")
    with only_writer(tmp_path):
        pass
    assert (tmp_path / ".lock").read_text() == "written by an earlier version"


@pytest.mark.parametrize("error", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_where_there_are_no_locks_writing_goes_on_and_leaves_nothing_that_blocks(tmp_path, monkeypatch, error):
    def no_locks(*_):
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    for _ in range(2):
        with only_writer(tmp_path):
            (tmp_path / "written").touch()
    assert {path.name for path in tmp_path.iterdir()} <= {".lock", "written"}


def test_who_writes_can_be_asked_without_changing_anything(tmp_path):
    assert holder_of(tmp_path / "not there") is None
    assert holder_of(tmp_path) is None
    assert list(tmp_path.iterdir()) == []
    with holder(tmp_path, 60) as first:
        assert holder_of(tmp_path).startswith(f"process {first.pid} on ")
    assert holder_of(tmp_path) is None


def test_temporaries_of_killed_writers_are_removed_and_nothing_else(tmp_path):
    kept = [
        tmp_path / "a" / "file.parquet",
        tmp_path / ".lock",
        tmp_path / "a" / "file.tmp",
        tmp_path / ".dagster" / "x",
    ]
    for path in kept:
        path.parent.mkdir(exist_ok=True)
        path.write_text("kept")
    code = "import os, sys; from pathlib import Path; from genatator_assets.work.files import whole_file\n"
    code += "with whole_file(Path(sys.argv[1])) as file: file.write_text('half'); os._exit(9)"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code, tmp_path / "a" / "b" / "file"], check=False)
    left = [path for path in tmp_path.rglob("*") if path.is_file() and path not in kept]
    assert len(left) == 2
    assert remove_temporaries(tmp_path) == 2
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)
    with whole_file(tmp_path / "a" / "b" / "file") as file:
        file.write_text("whole")
