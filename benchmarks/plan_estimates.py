"""What the plan estimates by: bytes and seconds a nucleotide, and seconds a chromosome, of datasets built for it.

    python benchmarks/plan_estimates.py [--total-bp 200000000] [--genes-per-mb 20] [--chromosomes 300]

Builds a simulated assembly step by step, with one worker, from gzip files, as NCBI and UCSC give them. Then builds two
datasets of a million bases through Dagster, of 3 and of --chromosomes chromosomes: the first is nearly all start, the
difference is what chromosomes cost there. Prints each beside what genatator_assets/gene_finding/plan.py reckons with.
"""

import argparse
import gzip
import shutil
import tempfile
import time
from pathlib import Path

from build_rate import GENOME, build_blocks, catalogue_of

from genatator_assets.annotation.transcripts import select_isoforms
from genatator_assets.gene_finding import plan
from genatator_assets.gene_finding.index import build_index
from genatator_assets.gene_finding.statistics import build_statistics
from genatator_assets.orchestration.build import build
from genatator_assets.orchestration.progress import Progress
from genatator_assets.orchestration.settings import Settings
from genatator_assets.simulate import Simulation, write_assembly
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.work.layout import Layout
from genatator_assets.work.pool import process_pool


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--total-bp", type=int, default=200_000_000)
    options.add_argument("--genes-per-mb", type=float, default=20)
    options.add_argument("--chromosomes", type=int, default=300)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        by_step(Path(folder), given.total_bp, given.genes_per_mb)
        few = seconds_through_dagster(Path(folder) / "few", 3)
        many = seconds_through_dagster(Path(folder) / "many", given.chromosomes)
    print_beside("start", few, plan.START_S, "s")
    print_beside("a chromosome", (many - few) / (given.chromosomes - 3), plan.CHROMOSOME_S, "s")


def by_step(folder: Path, total_bp: int, genes_per_mb: float) -> None:
    simulation = Simulation(seed=1, total_bp=total_bp, chromosomes=6, genes_per_mb=genes_per_mb, flavour="gencode")
    inputs = write_assembly(simulation, folder)
    catalogue = catalogue_of(compressed(inputs.sequence), compressed(inputs.annotation))
    layout = Layout(folder / "root")
    with process_pool(1) as pool:
        pool.submit(time.time).result()  # the worker's start is not counted
        started = time.perf_counter()
        import_assembly(catalogue, GENOME, layout)
        selected = select_isoforms(catalogue, GENOME, layout).reasons["selected"]
        prepared = time.perf_counter()
        build_blocks(catalogue, layout, pool)
        build_index(catalogue, layout)
        build_statistics(catalogue, layout)
        built = time.perf_counter()
    print(f"{selected / total_bp * 1e6:.0f} selected transcripts a Mbp")
    root = layout.root
    print_beside("sequences", size(root / "assemblies") / total_bp, plan.SEQUENCE_BYTES_PER_NT, "bytes/nt")
    targets = size(root / "targets") + size(root / "annotation") + size(root / "dataset")
    print_beside("targets and tables", targets / total_bp, plan.TARGET_BYTES_PER_NT, "bytes/nt")
    print_beside("blocks", size(root / "blocks") / total_bp, plan.BLOCK_BYTES_PER_NT, "bytes/nt")
    print_beside("preparing", total_bp / (prepared - started) / 1e6, plan.PREPARED_NT_PER_S / 1e6, "Mnt/s")
    print_beside("building", total_bp / (built - prepared) / 1e6, plan.BUILT_NT_PER_S / 1e6, "Mnt/s a worker")


def seconds_through_dagster(folder: Path, chromosomes: int) -> float:
    folder.mkdir()
    catalogue = folder / "catalogue.yaml"
    simulate = f"{{seed: 1, total_bp: 1_000_000, chromosomes: {chromosomes}, flavour: gencode}}"
    catalogue.write_text(
        "dataset: benchmark\nmin_chromosome_length_bp: 100\nassemblies:\n"
        f"  - {{genome: sim, species: Simulata exempli, simulate: {simulate}}}\n"
    )
    started = time.perf_counter()
    if faults := build(Settings(str(catalogue), folder / "root", 1), Progress()):
        raise RuntimeError(faults)
    return time.perf_counter() - started


def compressed(path: Path) -> Path:
    packed = path.with_name(f"{path.name}.gz")
    with path.open("rb") as source, gzip.open(packed, "wb", compresslevel=6) as target:
        shutil.copyfileobj(source, target)
    return packed


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def print_beside(what: str, measured: float, reckoned: float, unit: str) -> None:
    print(f"{what:20} {measured:10.4f} {unit:14}   plan: {reckoned:g}", flush=True)


if __name__ == "__main__":
    main()
