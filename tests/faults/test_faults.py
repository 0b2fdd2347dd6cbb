"""Whatever is killed, full, cut short or flipped, building again ends in the bytes of a build that nobody disturbed.

    make faults     the full form: 25 moments of death, each over a root of its own; `make test` tries two over one

A dataset's records name the folder where simulated inputs stand, so every build here has the same root in its turn.
"""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import psutil
import pytest
from cluster import dask_cluster

from genatator_assets.orchestration.build import build
from genatator_assets.orchestration.instance import open_instance
from genatator_assets.orchestration.progress import Progress
from genatator_assets.orchestration.settings import Settings
from genatator_assets.work.layout import Layout
from genatator_assets.work.made import SUFFIX

pytestmark = [
    pytest.mark.filterwarnings("ignore:Parameter `backfill_policy`"),
    pytest.mark.filterwarnings("ignore:Function `.*BackfillPolicy"),
]

FULL = bool(os.environ.get("FAULTS_FULL"))
CATALOGUE = """
dataset: faults
gene_finding: {block_size_bp: 500_000}
min_chromosome_length_bp: 20_000
assemblies:
  - genome: large
    species: Simulata magna
    simulate: {seed: 5, total_bp: 24_000_000, chromosomes: 4, flavour: gencode}
    splits: {validation: [chr2]}
  - genome: many
    species: Simulata parva
    simulate: {seed: 6, total_bp: 600_000, chromosomes: 8, flavour: refseq}
    splits: {default: test}
"""
CHROMOSOMES = 12


class Said(Progress):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def say(self, text: str) -> None:
        self.texts.append(text)


@dataclass(frozen=True)
class Undisturbed:
    """A build that nobody disturbed: the files that it made by path, and how long it took."""

    base: Path
    files: dict[str, str]
    seconds: float


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    base = tmp_path_factory.mktemp("faults")
    (base / "catalogue.yaml").write_text(CATALOGUE)
    begun = time.monotonic()
    assert finish(base) == [f"0 chromosomes intact, {CHROMOSOMES} to do"]
    seconds = time.monotonic() - begun
    (base / "root").rename(base / "undisturbed")
    return Undisturbed(base, files_of(base / "undisturbed"), seconds)


@pytest.fixture
def base(undisturbed: Undisturbed) -> Iterator[Path]:
    """The folder of the catalogue and of a root that does not exist yet."""
    yield undisturbed.base
    shutil.rmtree(undisturbed.base / "root")


@pytest.fixture
def built(undisturbed: Undisturbed) -> Iterator[Path]:
    """The same, with a finished root."""
    shutil.copytree(undisturbed.base / "undisturbed", undisturbed.base / "root")
    yield undisturbed.base
    shutil.rmtree(undisturbed.base / "root")


def files_of(root: Path) -> dict[str, str]:
    """SHA-256 of every file by path; without Dagster's record, which states times, and what is left of a lock."""
    stable = (path for path in root.rglob("*") if path.is_file() and ".dagster" not in path.parts)
    paths = [path for path in stable if path.suffix != SUFFIX]  # records of runs hold times
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(paths)
        if path != Layout(root).lock
    }


def command(base: Path, *more: str) -> list[str]:
    where = ("--catalogue", str(base / "catalogue.yaml"), "--root", str(base / "root"))
    return [sys.executable, "-m", "genatator_assets.cli", "build", "--workers", "2", *where, *more]


def environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith(("GENATATOR_", "DAGSTER_"))}


@contextmanager
def building(base: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """A build in a group of processes of its own, all of which end with the block."""
    process = subprocess.Popen(
        command(base, *more),
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            if members(process.pid):
                os.killpg(process.pid, signal.SIGKILL)


def members(group: int) -> list[psutil.Process]:
    """The living processes of a group."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


def finish(base: Path, check_hashes: bool = False) -> list[str]:
    """Build to the end, which must go well; give what was said."""
    said = Said()
    assert build(Settings(str(base / "catalogue.yaml"), base / "root", workers=2), said, check_hashes) == []
    return said.texts


def wait_until(condition: Callable[[], object], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def begun(base: Path) -> bool:
    """Whether a first block is there, and many are not."""
    return any((base / "root" / "blocks").rglob("*.parquet"))


def pool_workers(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return [child for child in members(process.pid) if "spawn_main" in " ".join(child.cmdline())]


# Killed


def test_a_build_that_is_killed_at_any_moment_is_finished_by_the_next(undisturbed: Undisturbed) -> None:
    """In the full form every second death comes while blocks are written, which is a small part of the whole."""
    roots, deaths = (25, 1) if FULL else (1, 2)
    moments = random.Random(os.environ.get("FAULTS_SEED", "1"))
    for number in range(roots):
        for _ in range(deaths):
            with building(undisturbed.base) as process:
                if number % 2:
                    wait_until(lambda: begun(undisturbed.base))
                moment = moments.uniform(0, 1 if number % 2 else undisturbed.seconds)
                time.sleep(moment)
                if members(process.pid):
                    os.killpg(process.pid, signal.SIGKILL)
        (said,) = finish(undisturbed.base)
        print(f"killed {moment:.2f} s after {'the first block' if number % 2 else 'the start'}: {said}")
        assert files_of(undisturbed.base / "root") == undisturbed.files
        assert [run.status for run in runs_of(undisturbed.base) if not run.is_finished] == []
        shutil.rmtree(undisturbed.base / "root")


def runs_of(base: Path) -> Sequence[dg.DagsterRun]:
    with open_instance(base / "root") as instance:
        return instance.get_runs()


def test_a_worker_that_is_killed_costs_nothing_and_neither_does_a_second_build(
    base: Path, undisturbed: Undisturbed
) -> None:
    with building(base) as first:
        wait_until(lambda: begun(base))
        first.send_signal(signal.SIGSTOP)  # else it could end before the second begins
        pool_workers(first)[-1].kill()
        second = subprocess.run(command(base), env=environment(), capture_output=True, text=True, check=False)
        first.send_signal(signal.SIGCONT)
        assert second.returncode == 2
        assert f"held by process {first.pid} on" in second.stderr
        assert "Traceback" not in second.stderr
        _, said = first.communicate()
        assert first.returncode == 0, said
    assert files_of(base / "root") == undisturbed.files


def test_a_worker_of_a_cluster_that_is_killed_costs_nothing(
    base: Path, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    with dask_cluster(tmp_path) as cluster:
        before = {worker.pid for worker in cluster.workers()}
        with building(base, "--dask", cluster.scheduler_file) as process:
            wait_until(lambda: begun(base))
            cluster.workers()[0].kill()
            _, said = process.communicate()
            assert process.returncode == 0, said
        wait_until(lambda: len(cluster.workers()) == 2)
        assert {worker.pid for worker in cluster.workers()} != before
    assert files_of(base / "root") == undisturbed.files


def test_an_interrupt_ends_all_workers_in_three_seconds(base: Path, undisturbed: Undisturbed) -> None:
    with building(base) as process:
        wait_until(lambda: begun(base))
        assert len(pool_workers(process)) == 2
        os.killpg(process.pid, signal.SIGINT)  # what a terminal does at Ctrl-C
        wait_until(lambda: not pool_workers(process), seconds=3)
        wait_until(lambda: not members(process.pid), seconds=30)
        _, said = process.communicate()
    assert process.returncode == 1
    assert "Traceback" not in said
    assert "run again to go on" in said
    finish(base)
    assert files_of(base / "root") == undisturbed.files


# Full


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
def test_a_disk_that_fills_up_is_told_and_loses_nothing(undisturbed: Undisturbed) -> None:
    root = undisturbed.base / "root"
    root.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", root], check=True)
    try:
        with building(undisturbed.base) as process:
            wait_until(lambda: begun(undisturbed.base))
            fill(root / "ballast")
            _, said = process.communicate()
        assert process.returncode in {1, 2}, said
        assert "No space left on device" in said or "disk is full" in said
        assert "Traceback" not in said
        (root / "ballast").unlink()
        finish(undisturbed.base)
        assert files_of(root) == undisturbed.files
    finally:
        subprocess.run(["umount", "--lazy", root], check=True)
        root.rmdir()


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(bytes(1 << 16))
        except OSError:
            return


# Damaged


def test_blocks_that_are_cut_short_or_have_a_flipped_bit_are_built_again(built: Path, undisturbed: Undisturbed) -> None:
    layout = Layout(built / "root")
    short = layout.block("train", "large", "chr1", 500_000)
    short.write_bytes(short.read_bytes()[:-1])
    assert finish(built) == [f"{CHROMOSOMES - 1} chromosomes intact, 1 to do"]
    assert files_of(built / "root") == undisturbed.files
    for path in (layout.block("train", "large", "chr4", 0), layout.segments("large", "chr3")):
        flipped = bytearray(path.read_bytes())
        flipped[len(flipped) // 2] ^= 1
        path.write_bytes(flipped)
    *told, last = finish(built, check_hashes=True)
    assert sorted(told) == [  # as the two workers come to them
        "blocks/train/genome=large/chrom=chr4/0.parquet is damaged: it is made again",
        "targets/large/chr3.parquet is damaged: it is made again",
    ]
    assert last == f"{CHROMOSOMES - 2} chromosomes intact, 2 to do"
    assert files_of(built / "root") == undisturbed.files
