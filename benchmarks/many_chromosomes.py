"""Thousands of chromosomes: what Dagster and the manifests cost, whatever the chromosomes hold.

    python benchmarks/many_chromosomes.py [--chromosomes 14491] [--assemblies 40] [--root FOLDER]

Builds simulated assemblies of tiny chromosomes (2 kb on average) through Dagster; then builds again with nothing
changed, and with the kernel of one assembly changed. Prints seconds, and the bytes by which Dagster's record grew.
With --root the dataset is kept there.
"""

import argparse
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from genatator_assets.catalogue import load_catalogue
from genatator_assets.orchestration.build import build
from genatator_assets.orchestration.definitions import build_definitions
from genatator_assets.orchestration.instance import open_instance
from genatator_assets.orchestration.partitions import range_tags, registered_chromosomes
from genatator_assets.orchestration.progress import Progress
from genatator_assets.orchestration.settings import Settings
from genatator_assets.orchestration.survey import survey
from genatator_assets.work.layout import Layout

MEAN_BP = 2_000
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class Printed(Progress):
    """Prints what is said."""

    def say(self, text: str) -> None:
        print(f"  {text}", flush=True)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--chromosomes", type=int, default=14_491)
    options.add_argument("--assemblies", type=int, default=40)
    options.add_argument("--root", type=Path)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = given.root or Path(folder) / "root"
        settings = Settings(write_catalogue(Path(folder) / "a.yaml", given.chromosomes, given.assemblies), root)
        timed("build", settings, given.chromosomes)
        print(f"  Dagster's record: {record_bytes(root) / given.chromosomes / 2:,.0f} bytes a key and asset")
        with open_instance(root) as instance:
            begun = time.perf_counter()
            survey(load_catalogue(settings.catalogue), Layout(root), instance)
            print(f"checking all manifests: {time.perf_counter() - begun:.1f} s", flush=True)
        timed("build again, nothing changed", settings, given.chromosomes)
        changed = write_catalogue(Path(folder) / "b.yaml", given.chromosomes, given.assemblies, {"shape": "box"})
        timed("build again, the kernel of one assembly changed", Settings(changed, root), given.chromosomes)
        one_run(Settings(changed, root), given.chromosomes, Path(folder) / "home")


def write_catalogue(path: Path, chromosomes: int, assemblies: int, kernel: dict[str, Any] | None = None) -> str:
    """A catalogue of assemblies with equally many chromosomes; `kernel` is the first one's."""
    entries: list[dict[str, Any]] = []
    for number in range(assemblies):
        count = chromosomes // assemblies + (number < chromosomes % assemblies)
        simulated = {"seed": number, "total_bp": MEAN_BP * count, "chromosomes": count, "short_scaffolds": 0}
        entries.append(
            {
                "genome": f"GCF_{900_000_000 + number}.1_simulated",
                "species": f"Simulata {number}",
                "simulate": {**simulated, "flavour": "refseq"},
            }
        )
    if kernel:
        entries[0]["kernel"] = kernel
    path.write_text(yaml.safe_dump({"dataset": "many", "min_chromosome_length_bp": 100, "assemblies": entries}))
    return str(path)


def timed(what: str, settings: Settings, chromosomes: int) -> None:
    print(what, flush=True)
    begun = time.perf_counter()
    faults = build(settings, Printed())
    seconds = time.perf_counter() - begun
    if faults:
        raise RuntimeError(faults)
    print(f"  {seconds:.1f} s, {1000 * seconds / chromosomes:.1f} ms a chromosome", flush=True)


def one_run(settings: Settings, chromosomes: int, home: Path) -> None:
    """All chromosomes, which are finished, in one run, and a new record of it: what is left is Dagster's own cost."""
    with open_instance(settings.root) as instance:
        keys = registered_chromosomes(instance)
    home.mkdir()
    shutil.copy(Layout(settings.root).dagster_home / "dagster.yaml", home)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        instance.add_dynamic_partitions("chromosomes", keys)
        job = build_definitions(settings).resolve_job_def("build_blocks")
        begun = time.perf_counter()
        job.execute_in_process(instance=instance, tags=range_tags(keys), run_config=QUIET)
        seconds = time.perf_counter() - begun
    print(f"all in one run, all intact: {seconds:.1f} s, {1000 * seconds / chromosomes:.1f} ms a chromosome")


def record_bytes(root: Path) -> int:
    """Size of Dagster's record, its write-ahead logs written back."""
    total = 0
    for path in Layout(root).dagster_home.rglob("*.db"):
        with closing(sqlite3.connect(path)) as database:
            database.execute("pragma wal_checkpoint(truncate)")
        total += path.stat().st_size
    return total


if __name__ == "__main__":
    main()
