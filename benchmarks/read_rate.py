"""Random windows of DNA and targets as a model reads them, beside what one does without the package.

    python benchmarks/read_rate.py [--length 131072] [--windows 2000] [--files 2000] [--no-card]

A simulated chromosome of 30 Mbp in three full blocks; one process, one core. Each way reads windows of random places in
random order, DNA and all twelve channels; what it keeps is filled before, and how long that takes is told apart. The
card's own way takes about 10 GB of memory.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet as pq
from datasets import load_dataset

import genatator_assets as ga
from genatator_assets.annotation.transcripts import select_isoforms
from genatator_assets.gene_finding.blocks.chromosome import build_chromosomes
from genatator_assets.gene_finding.tasks import chromosome_tasks, included_chromosomes
from genatator_assets.parts import load_catalogue
from genatator_assets.reading import Dataset, Interval, Windows
from genatator_assets.reading.blocks import found_blocks
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.work.layout import Layout

CATALOGUE = """
dataset: rate
gene_finding: {{block_writer: {writer}}}
assemblies:
  - genome: sim
    species: Simulata
    simulate: {{seed: 1, total_bp: 30_000_000, chromosomes: 1, short_scaffolds: 0, flavour: gencode}}
"""
PUBLISHED_FILES = 21_439


def main() -> None:
    if len(sys.argv) == 3 and sys.argv[1] in ALONE:
        print(json.dumps(ALONE[sys.argv[1]](Path(sys.argv[2]))))
        return
    options = argparse.ArgumentParser()
    options.add_argument("--length", type=int, default=131_072)
    options.add_argument("--windows", type=int, default=2_000)
    options.add_argument("--files", type=int, default=2_000)
    options.add_argument("--no-card", action="store_true")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        roots = {writer: build(Path(folder) / writer, writer) for writer in ("pages", "pyarrow")}
        releases = {writer: release(root, Path(folder) / f"release-{writer}") for writer, root in roots.items()}
        opened = {
            "root": ga.open_dataset(roots["pages"]),
            "blocks with page tables": ga.open_dataset(releases["pages"]),
            "blocks without": ga.open_dataset(releases["pyarrow"]),
        }
        windows = opened["root"].windows(given.length, stride=997, shuffle=True, seed=1)
        flat = in_own_process("memory", roots["pages"])
        print(f"memory after 1,000 and 10,000 windows of the root: {flat[0]:,.0f} and {flat[1]:,.0f} MB")
        rates = {}
        for name, dataset in opened.items():
            print(f"{name}: {first_touch(dataset):.2f} s of a core for the first window of each of 3 blocks")
            rates[name] = rate(dataset.read, windows[: given.windows])
        rates["root, one-hot"] = rate(lambda one: opened["root"].read(one).one_hot(), windows[: given.windows])
        blocks = sorted(releases["pyarrow"].rglob("*.parquet"))
        rates["decoding the block by pyarrow"] = rate(lambda one: decode(blocks, one), windows[:3])
        if not given.no_card:
            wall, processor, megabytes = in_own_process("card", blocks[0])
            rates["the card's np.asarray(row['targets'])"] = wall, processor
            print(f"the card's way takes {megabytes:,.0f} MB")
        print(f"{'windows/s':40s} {'core time':>10s} {'wall time':>10s}")
        for name, (wall, processor) in rates.items():
            print(f"{name:40s} {1 / processor:10.2f} {1 / wall:10.2f}")
        print(counting(opened["root"]))
        print(opening(releases["pages"], Path(folder) / "many", given.files))


def build(folder: Path, writer: str, catalogue_text: str = CATALOGUE) -> Path:
    """Build a root without Dagster."""
    folder.mkdir()
    (folder / "catalogue.yaml").write_text(catalogue_text.format(writer=writer))
    catalogue, layout = load_catalogue(folder / "catalogue.yaml"), Layout(folder / "root")
    import_assembly(catalogue, "sim", layout)
    select_isoforms(catalogue, "sim", layout)
    names = [chromosome.chrom for chromosome in included_chromosomes(catalogue, layout)["sim"]]
    for outcome in build_chromosomes(chromosome_tasks(catalogue, layout, "sim", names)):
        assert outcome.status == "built", outcome.error
    return layout.root


def release(root: Path, folder: Path) -> Path:
    """Link the blocks in the published layout."""
    for number, path in enumerate(sorted((root / "blocks/train").rglob("*.parquet"))):
        to = folder / f"data/train/part-00000/{number}.parquet"
        to.parent.mkdir(parents=True, exist_ok=True)
        os.link(path, to)
    return folder


def first_touch(dataset: Dataset) -> float:
    started = time.process_time()
    for start in (0, 10_000_000, 20_000_000):
        dataset.window("sim", "chr1", start, start + 1)
    return time.process_time() - started


def rate(read: Callable[[Interval], object], windows: Windows) -> tuple[float, float]:
    """Return the seconds a window, by the clock and of a core: on a machine that is shared, the second says more."""
    wall, processor = time.perf_counter(), time.process_time()
    for interval in windows:
        read(interval)
    return (time.perf_counter() - wall) / len(windows), (time.process_time() - processor) / len(windows)


def decode(blocks: list[Path], interval: Interval) -> tuple[str, np.ndarray]:
    """Decode all of the block (of the first one, if there are two) that a window lies in."""
    number, start = divmod(interval.start, 10_000_000)
    with pq.ParquetFile(blocks[number]) as file:
        table = file.read(columns=["dna_sequence", "targets"])
    dna = table["dna_sequence"][0].as_py()
    targets = table["targets"].combine_chunks().flatten().flatten().to_numpy().reshape(-1, 12)
    return dna[start : start + interval.length], targets[start : start + interval.length].copy()


def in_own_process(what: str, path: Path) -> list[float]:
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "HF_HOME": cache, "HF_HUB_OFFLINE": "1"}
        done = subprocess.run(
            [sys.executable, __file__, what, str(path)], env=environment, capture_output=True, text=True, check=True
        )
    return json.loads(done.stdout.splitlines()[-1])


def card(block: Path) -> list[float]:
    """Read one row as the published card shows it: seconds by the clock and of a core, and megabytes at the peak."""
    dataset = load_dataset("parquet", data_files={"train": str(block)})["train"]
    wall, processor = time.perf_counter(), time.process_time()
    row = dataset[0]
    targets = np.asarray(row["targets"], dtype=np.float32)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    assert targets.shape == (len(row["dna_sequence"]), 12)
    return [wall, processor, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000]


def memory(root: Path) -> list[float]:
    """Return the megabytes of this process after 1,000 and 10,000 windows."""
    dataset = ga.open_dataset(root)
    after = []
    for count, interval in enumerate(dataset.windows(131_072, stride=997, shuffle=True, seed=1)[:10_000], 1):
        dataset.read(interval)
        if count in (1_000, 10_000):
            after.append(psutil.Process().memory_info().rss / 1e6)
    return after


def counting(dataset: Dataset) -> str:
    """Time what `drop_n_fraction` adds."""
    started = time.perf_counter()
    dataset.windows(131_072, drop_n_fraction=0.5)
    return f"counting N of 30 Mbp: {time.perf_counter() - started:.2f} s"


def opening(source: Path, folder: Path, files: int) -> str:
    """Time the index of so many block files: of links to one block."""
    block = next(source.rglob("*.parquet"))
    (folder / "data/train").mkdir(parents=True)
    for number in range(files):
        os.link(block, folder / f"data/train/{number}.parquet")
    started = time.perf_counter()
    assert len(found_blocks(folder)) == files
    seconds = time.perf_counter() - started
    return (
        f"index of {files:,} block files: {seconds:.2f} s, {1000 * seconds / files:.2f} ms each;"
        f" {PUBLISHED_FILES:,} at that rate: {PUBLISHED_FILES * seconds / files:.1f} s"
    )


ALONE: dict[str, Callable[[Path], list[float]]] = {"card": card, "memory": memory}

if __name__ == "__main__":
    main()
