"""Build rate: FASTA and annotation to blocks, index and statistics, against bare pyarrow writing the same arrays.

    python benchmarks/build_rate.py [--total-bp 60000000] [--chromosomes 1] [--rounds 3]

Both sides run in this one run, on one core each, in turn. The bare side is given finished dense arrays and DNA in
memory, a block at a time, and only its writing is timed. Prints nucleotides a second, the ratio, and peak memory.
"""

import argparse
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from genatator_assets.annotation.transcripts import select_isoforms
from genatator_assets.catalogue import Catalogue
from genatator_assets.gene_finding.blocks.chromosome import build_chromosomes
from genatator_assets.gene_finding.blocks.contract import block_intervals
from genatator_assets.gene_finding.index import build_index
from genatator_assets.gene_finding.section import gene_finding_of
from genatator_assets.gene_finding.statistics import build_statistics
from genatator_assets.gene_finding.tasks import chromosome_tasks, included_chromosomes
from genatator_assets.parts import validate
from genatator_assets.simulate import Simulation, write_assembly
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.sources.sequence import read_dna
from genatator_assets.tracks.store import read_segments
from genatator_assets.work.layout import Layout
from genatator_assets.work.pool import process_pool, run_batches

GENOME = "sim"
BARE = pa.schema(
    [("dna_sequence", pa.string()), ("targets", pa.list_(pa.list_(pa.float32(), 12))), ("metadata", pa.string())]
)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--total-bp", type=int, default=60_000_000)
    options.add_argument("--chromosomes", type=int, default=1)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        inputs = write_assembly(
            Simulation(seed=1, total_bp=given.total_bp, chromosomes=given.chromosomes, flavour="gencode"),
            Path(folder) / "inputs",
        )
        catalogue = catalogue_of(inputs.sequence, inputs.annotation)
        built, bare, memory = [], [], []
        for number in range(given.rounds):
            layout = Layout(Path(folder) / f"root-{number}")
            seconds, peak = time_build(catalogue, layout)
            built.append(seconds)
            memory.append(peak)
            bare.append(time_bare_writing(catalogue, layout).seconds)
            print(f"round {number + 1}: build {seconds:.2f} s, bare pyarrow {bare[-1]:.2f} s")
    ours, theirs = statistics.median(built), statistics.median(bare)
    print(f"build          {given.total_bp / ours / 1e6:8.1f} Mnt/s   median of {given.rounds}")
    print(f"bare pyarrow   {given.total_bp / theirs / 1e6:8.1f} Mnt/s")
    print(f"ratio          {ours / theirs:8.2f}         build time / bare writing time (goal <= 1.5)")
    print(f"worker memory  {max(memory):8.0f} MB      peak (goal <= 1500)")


def catalogue_of(sequence: Path, annotation: Path) -> Catalogue:
    assembly = {
        "genome": GENOME,
        "species": "Simulata exempli",
        "sequence": {"path": sequence},
        "annotation": {"path": annotation},
    }
    return validate({"dataset": "benchmark", "assemblies": [assembly]})


def time_build(catalogue: Catalogue, layout: Layout) -> tuple[float, float]:
    """The whole way with one worker process; seconds, and the worker's peak memory in MB."""
    with process_pool(1) as pool:
        pool.submit(peak_memory_mb).result()  # the worker's start is not the build's
        started = time.perf_counter()
        import_assembly(catalogue, GENOME, layout)
        select_isoforms(catalogue, GENOME, layout)
        build_blocks(catalogue, layout, pool)
        build_index(catalogue, layout)
        build_statistics(catalogue, layout)
        return time.perf_counter() - started, pool.submit(peak_memory_mb).result()


@dataclass(frozen=True)
class Started:
    """A pool of processes that is there already and stays."""

    pool: Executor
    at_once: int = 2
    death: type[Exception] = BrokenExecutor

    @contextmanager
    def executor(self) -> Iterator[Executor]:
        yield self.pool


def build_blocks(catalogue: Catalogue, layout: Layout, pool: Executor) -> None:
    chroms = [chromosome.chrom for chromosome in included_chromosomes(catalogue, layout)[GENOME]]
    tasks = chromosome_tasks(catalogue, layout, GENOME, chroms)
    if failed := [outcome for outcome in run_batches(Started(pool), build_chromosomes, tasks) if outcome.error]:
        raise RuntimeError(failed)


def peak_memory_mb() -> float:
    """Peak of this process since it began; ru_maxrss would also count its parent's memory before exec."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


@dataclass(frozen=True)
class Bare:
    """What pyarrow wrote, and its seconds by the clock and of the processor."""

    nt: int
    seconds: float
    cpu: float


def time_bare_writing(catalogue: Catalogue, layout: Layout, every: int = 1) -> Bare:
    """What pyarrow takes to write the same columns from dense arrays in memory, of every so many blocks.

    Making those arrays isn't timed.
    """
    nt, seconds, cpu = 0, 0.0, 0.0
    blocks = [
        (chromosome, *interval)
        for chromosome in included_chromosomes(catalogue, layout)[GENOME]
        for interval in block_intervals(chromosome.length, gene_finding_of(catalogue).block_size_bp)
    ]
    for chromosome, start, end in blocks[::every]:
        segments = read_segments(layout.segments(GENOME, chromosome.chrom), chromosome.length)
        dna = read_dna(layout.sequence(GENOME), chromosome.chrom, start, end)
        dense = segments.dense(start, end)
        bases = pa.FixedSizeListArray.from_arrays(pa.array(dense.reshape(-1)), 12)
        targets = pa.ListArray.from_arrays([0, end - start], bases)
        table = pa.table([pa.array([dna]), targets, pa.array(["{}"])], schema=BARE)
        path = layout.root / "bare.parquet"
        started, used = time.perf_counter(), time.process_time()
        pq.write_table(table, path, compression="zstd", compression_level=1, use_dictionary=False)
        seconds += time.perf_counter() - started
        cpu += time.process_time() - used
        nt += end - start
        path.unlink()
    return Bare(nt, seconds, cpu)


if __name__ == "__main__":
    main()
