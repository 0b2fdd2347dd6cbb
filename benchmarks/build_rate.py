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
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from genatator_assets.annotation.transcripts import select_isoforms
from genatator_assets.blocks.chromosome import ChromosomeTask, build_chromosomes
from genatator_assets.blocks.contract import block_intervals
from genatator_assets.catalogue import Catalogue
from genatator_assets.dataset.index import build_index
from genatator_assets.dataset.statistics import build_statistics
from genatator_assets.dataset.tasks import chromosome_tasks, included_chromosomes
from genatator_assets.simulate import Simulation, write_assembly
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.sources.sequence import read_dna
from genatator_assets.targets.store import read_segments
from genatator_assets.work.layout import Layout
from genatator_assets.work.outcome import Outcome
from genatator_assets.work.pool import process_pool, run_batches

GENOME = "sim"


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
            bare.append(time_bare_writing(catalogue, layout))
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
    return Catalogue.model_validate({"dataset": "benchmark", "assemblies": [assembly]})


def time_build(catalogue: Catalogue, layout: Layout) -> tuple[float, float]:
    """The whole way with one worker process; seconds, and the worker's peak memory in MB."""
    with process_pool(1) as pool:
        pool.submit(peak_memory_mb).result()  # the worker's start is not the build's
        started = time.perf_counter()
        import_assembly(catalogue, GENOME, layout)
        select_isoforms(catalogue, GENOME, layout)
        chroms = [chromosome.chrom for chromosome in included_chromosomes(catalogue, layout)[GENOME]]
        tasks = chromosome_tasks(catalogue, layout, GENOME, chroms)
        outcomes = run_batches(pool, build_all, tasks, lambda _: None)
        build_index(catalogue, layout)
        build_statistics(catalogue, layout)
        seconds = time.perf_counter() - started
        if failed := [outcome for outcome in outcomes if outcome.error]:
            raise RuntimeError(failed)
        return seconds, pool.submit(peak_memory_mb).result()


def build_all(tasks: Sequence[ChromosomeTask]) -> list[Outcome]:
    return build_chromosomes(tasks)


def peak_memory_mb() -> float:
    """Peak of this process since it began; ru_maxrss would also count its parent's memory before exec."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


def time_bare_writing(catalogue: Catalogue, layout: Layout) -> float:
    """Seconds that pyarrow takes to write the same columns from dense arrays in memory; making those isn't timed."""
    seconds = 0.0
    schema = pa.schema(
        [("dna_sequence", pa.string()), ("targets", pa.list_(pa.list_(pa.float32(), 12))), ("metadata", pa.string())]
    )
    for chromosome in included_chromosomes(catalogue, layout)[GENOME]:
        segments = read_segments(layout.segments(GENOME, chromosome.chrom), chromosome.length)
        for start, end in block_intervals(chromosome.length, catalogue.block_size_bp):
            dna = read_dna(layout.sequence(GENOME), chromosome.chrom, start, end)
            dense = segments.dense(start, end)
            bases = pa.FixedSizeListArray.from_arrays(pa.array(dense.reshape(-1)), 12)
            targets = pa.ListArray.from_arrays([0, end - start], bases)
            table = pa.table([pa.array([dna]), targets, pa.array(["{}"])], schema=schema)
            path = layout.root / "bare.parquet"
            started = time.perf_counter()
            pq.write_table(table, path, compression="zstd", compression_level=1, use_dictionary=False)
            seconds += time.perf_counter() - started
            path.unlink()
    return seconds


if __name__ == "__main__":
    main()
