"""Random windows of targets: from segments, from a block through its page table, and by decoding the block.

    python benchmarks/window_rate.py [--length 131072] [--windows 200]

One full block of a simulated chromosome, one core; the first window of each way is not timed.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from block_encodings import LENGTH, segments_of

from genatator_assets.gene_finding.blocks.contract import BlockPlace
from genatator_assets.gene_finding.blocks.window import read_targets
from genatator_assets.gene_finding.blocks.write import write_block
from genatator_assets.simulate import Simulation, write_assembly
from genatator_assets.work.unit import Provenance

Read = Callable[[int, int], np.ndarray]


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--length", type=int, default=131_072)
    options.add_argument("--windows", type=int, default=200)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        simulation = Simulation(seed=1, total_bp=LENGTH, chromosomes=1, short_scaffolds=0, flavour="gencode")
        segments = segments_of(write_assembly(simulation, Path(folder)).annotation)
        place = BlockPlace("sim", "train", "chr1", 0, LENGTH, LENGTH, LENGTH)
        paths = {writer: Path(folder) / f"{writer}.parquet" for writer in ("pages", "pyarrow")}
        for writer, path in paths.items():
            write_block(path, "N" * LENGTH, segments, place, Provenance(), writer)
        ways: dict[str, tuple[Read, int]] = {
            "segments": (segments.dense, given.windows),
            "block, page table": (lambda start, end: read_targets(paths["pages"], start, end), given.windows),
            "block, decoded by pyarrow": (lambda start, end: read_targets(paths["pyarrow"], start, end), 3),
        }
        rates = {name: rate(read, given.length, windows) for name, (read, windows) in ways.items()}
        slowest = min(rates.values())
        for name, per_second in rates.items():
            print(f"{name:28s} {per_second:8.1f} windows/s  {1000 / per_second:8.2f} ms  {per_second / slowest:7.1f} x")


def rate(read: Read, length: int, windows: int) -> float:
    starts = np.random.default_rng(1).integers(0, LENGTH - length, windows + 1).tolist()
    read(starts[0], starts[0] + length)
    started = time.perf_counter()
    for start in starts[1:]:
        read(start, start + length)
    return windows / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
