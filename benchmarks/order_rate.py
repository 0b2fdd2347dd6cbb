"""Windows in random order, and in random order along the chromosomes, with caches from nothing to everything.

    python benchmarks/order_rate.py [--length 16384] [--windows 400]

A simulated genome of 60 Mbp, in three chromosomes; one process. Of random order, what a cache can keep is read before;
along the chromosomes, the first ten times as many windows are counted with all that is decoded for them. Milliseconds
are those of a core.
"""

import argparse
import tempfile
import time
from pathlib import Path

from read_rate import build, release

import genatator_assets as ga
from genatator_assets.reading import Dataset, Windows

CATALOGUE = """
dataset: orders
gene_finding: {{block_writer: {writer}}}
assemblies:
  - genome: sim
    species: Simulata
    simulate: {{seed: 1, total_bp: 60_000_000, chromosomes: 3, short_scaffolds: 0, flavour: gencode}}
"""
CACHES = (0, 30, 60, 120, 1_000)
"""Megabytes; DNA, a byte a base, has half of them."""


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--length", type=int, default=16_384)
    options.add_argument("--windows", type=int, default=100)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = build(Path(folder) / "built", "pages", CATALOGUE)
        kept = {"root": root, "release": release(root, Path(folder) / "release")}
        print("| ms a window | cache | random order | along, buffer 1 | along, buffer 1,000 |")
        print("| --- | --- | --- | --- | --- |")
        for name, place in kept.items():
            for megabytes in CACHES:
                rates = [rate(place, megabytes, given.length, given.windows, buffer) for buffer in (0, 1, 1_000)]
                print(f"| {name} | {megabytes:,} MB |", " | ".join(f"{one:.2f}" for one in rates), "|", flush=True)


def rate(place: Path, megabytes: int, length: int, count: int, buffer: int) -> float:
    """Return the milliseconds of a core that a window takes; buffer 0 is random order throughout."""
    dataset = ga.open_dataset(place, cache_bytes=megabytes * 1_000_000)
    windows = dataset.windows(length)
    if buffer:
        return seconds(dataset, windows.shuffled(1, along="chromosomes", buffer=buffer)[: 10 * count]) * 1_000
    order = windows.shuffled(1)
    seconds(dataset, order[:count])
    return seconds(dataset, order[count : 2 * count]) * 1_000


def seconds(dataset: Dataset, windows: Windows) -> float:
    begun = time.process_time()
    for one in windows:
        dataset.read(one)
    return (time.process_time() - begun) / len(windows)


if __name__ == "__main__":
    main()
