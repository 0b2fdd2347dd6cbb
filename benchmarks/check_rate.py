"""How long the standing checks of a dataset take, and in how much memory: each in a process of its own.

    python benchmarks/check_rate.py                         the demo, and one simulated chromosome of 59 Mbp
    python benchmarks/check_rate.py CATALOGUE ROOT ...      datasets that are built already

Peak memory is that of the process, in which importing the package alone takes the first figure.
"""

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from genatator_assets.orchestration.build import build
from genatator_assets.orchestration.progress import Progress
from genatator_assets.orchestration.settings import Settings
from genatator_assets.parts import load_catalogue, part_named
from genatator_assets.query.checks import check_names, run_check
from genatator_assets.query.connect import connect

LARGE = """
dataset: large
assemblies:
  - genome: large
    species: Simulata magna
    simulate: {seed: 5, total_bp: 59_000_000, chromosomes: 1, short_scaffolds: 0, flavour: gencode}
"""


def main() -> None:
    """Print a table."""
    print("| dataset | check | seconds | of a core | peak memory, MB |\n| --- | --- | --- | --- | --- |")
    if given := sys.argv[1:]:
        for catalogue, root in zip(given[::2], given[1::2], strict=True):
            report(catalogue, Path(root))
        return
    with tempfile.TemporaryDirectory(prefix="genatator-bench-") as folder:
        large = Path(folder, "large.yaml")
        large.write_text(LARGE)
        for catalogue, name in (("demo", "demo"), (str(large), "large")):
            build(Settings(catalogue, Path(folder, name)), Progress())
            report(catalogue, Path(folder, name))


def report(catalogue: str, root: Path) -> None:
    """Measure each check of a built dataset; all in SQL that take less than a tenth of a second are one row."""
    dataset = load_catalogue(catalogue).dataset
    print(f"| {dataset} | (nothing) | {measured(nothing, catalogue, root)} |")
    for check in part_named("gene_finding").checks:
        print(f"| {dataset} | `{check.name}` | {measured(of_part, catalogue, root, check.name)} |")
    for name in ("index_agrees_with_targets", "combined_covers_mrna"):
        print(f"| {dataset} | `{name}` | {measured(of_sql, catalogue, root, name)} |")
    print(
        f"| {dataset} | all that are SQL | {measured(of_sql, catalogue, root, *check_names('gene_finding'))} |",
        flush=True,
    )


def nothing(_catalogue: str, _root: Path) -> None:
    """Import only."""


def of_part(catalogue: str, root: Path, name: str) -> None:
    """Run a check that is not SQL."""
    (check,) = (one for one in part_named("gene_finding").checks if one.name == name)
    assert check.run(load_catalogue(catalogue), root).passed


def of_sql(_: str, root: Path, *names: str) -> None:
    """Run checks in SQL."""
    with connect(root) as connection:
        for name in names:
            assert run_check(connection, name).passed


def measured(work: Callable[..., None], *arguments: object) -> str:
    """Return the time and the peak memory of a process that does some work."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        seconds, core, peak = pool.apply(_measure, (work, arguments))
    return f"{seconds:.2f} | {core:.2f} | {peak:,.0f}"


def _measure(work: Callable[..., None], arguments: tuple[object, ...]) -> tuple[float, float, float]:
    began, core = time.perf_counter(), time.process_time()
    work(*arguments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return time.perf_counter() - began, time.process_time() - core, peak


if __name__ == "__main__":
    main()
