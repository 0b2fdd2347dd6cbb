"""Random windows of DNA and targets as a model reads them, beside what one does without the package.

    python benchmarks/read_rate.py --side-by-side [--genvarloader PYTHON]
    python benchmarks/read_rate.py [--length 131072] [--windows 2000] [--files 2000] [--no-card]

The first form compares with other libraries, at 131,072 and 16,384 bases; PYTHON is the interpreter of an environment
with GenVarLoader (`python -m venv gvl; gvl/bin/pip install genvarloader`). The second one:

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
from dataclasses import replace
from pathlib import Path

import datasets
import h5py
import numpy as np
import psutil
import pyarrow.parquet as pq
import pyBigWig
from datasets import load_dataset
from datasets.arrow_writer import ArrowWriter
from pyfaidx import Fasta

import genatator_assets as ga
from genatator_assets.annotation.transcripts import select_isoforms
from genatator_assets.gene_finding.blocks.chromosome import build_chromosomes
from genatator_assets.gene_finding.tasks import chromosome_tasks, included_chromosomes
from genatator_assets.parts import load_catalogue
from genatator_assets.reading import Dataset, Interval, Window, Windows
from genatator_assets.reading.blocks import found_blocks
from genatator_assets.reading.store import Chromosome
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
    options.add_argument("--side-by-side", action="store_true")
    options.add_argument("--genvarloader", metavar="PYTHON")
    given = options.parse_args()
    if given.side_by_side:
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            root = build(folder / "built", "pages")
            blocks = release(root, folder / "release")
            for length in (131_072, 16_384):
                print(told(side_by_side(root, blocks, folder, length, given.genvarloader), length))
        return
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


SPAN_BP = 10_000_000
BATCH, ROUNDS = 8, 5


def side_by_side(root: Path, release: Path, folder: Path, length: int, genvarloader: str | None) -> dict[str, float]:
    """Return the seconds of a core for a window of DNA and twelve channels, of ours and of rivals, in batches of 8.

    Windows lie side by side in the first block, and are read in random order: `datasets` and GenVarLoader read only
    windows that were cut or written before. What is asked for the first time is read before the clock starts.
    """
    opened, blocks = ga.open_dataset(root), ga.open_dataset(release)
    chromosome = opened.chromosomes()[0]
    starts = np.arange(0, SPAN_BP - length, length)
    intervals = [Interval("sim", chromosome.chrom, int(start), int(start) + length) for start in starts]
    order = np.random.default_rng(1).permutation(len(starts))
    batches = [order[first : first + BATCH].tolist() for first in range(0, len(order) - BATCH + 1, BATCH)]
    fasta = opened.store.fastas("sim")
    bigwigs = export_bigwigs(opened, folder)
    dna, targets = np.empty((BATCH, length, 4), np.uint8), np.empty((BATCH, length, 12), np.float32)
    by_channel = np.empty((BATCH, 4, length), np.uint8), np.empty((BATCH, 12, length), np.float32)
    copied = np.ones((length, 12), np.float32)
    raw = os.open(fasta, os.O_RDONLY)

    def floor(places: list[int]) -> None:
        """Copy as many targets from memory, and read as many letters."""
        for number, place in enumerate(places):
            np.copyto(targets[number], copied)
            os.pread(raw, length * 61 // 60, int(starts[place]) * 61 // 60).translate(None, b"\n").decode()

    def one_by_one(dataset: Dataset, strand: str = "+") -> Callable[[list[int]], None]:
        def read(places: list[int]) -> None:
            for number, place in enumerate(places):
                dataset.read(replace(intervals[place], strand=strand), out=targets[number])

        return read

    faidx, open_bigwigs = Fasta(str(fasta), as_raw=True, sequence_always_upper=True), [*map(pyBigWig.open, bigwigs)]

    def pybigwig(places: list[int]) -> None:
        for number, place in enumerate(places):
            start = int(starts[place])
            faidx[chromosome.chrom][start : start + length]
            for channel, one in enumerate(open_bigwigs):
                values = one.values(chromosome.chrom, start, start + length, numpy=True)
                targets[number, :, channel] = np.nan_to_num(values, copy=False)

    tables = write_hdf5(opened, chromosome, folder / "dense.h5")

    def hdf5(places: list[int]) -> None:
        for number, place in enumerate(places):
            start = int(starts[place])
            tables["dna"][start : start + length].tobytes()
            tables["targets"].read_direct(targets[number], np.s_[start : start + length])

    rows = cut_windows(opened, intervals, folder / f"rows-{length}")
    ways: dict[str, Callable[[list[int]], object]] = {
        "memcpy + DNA": floor,
        "root, window by window, out=": one_by_one(opened),
        "root, the - strand": one_by_one(opened, "-"),
        "root, window by window, new memory": lambda places: [opened.read(intervals[place]) for place in places],
        "root, windows and one-hot, stacked": lambda places: stacked([opened.read(intervals[p]) for p in places]),
        "root, batch": lambda places: opened.read_batch([intervals[place] for place in places]),
        "root, batch, out=": lambda places: opened.read_batch([intervals[p] for p in places], out=(dna, targets)),
        "root, batch, channels first, out=": lambda places: opened.read_batch(
            [intervals[place] for place in places], channels_first=True, out=by_channel
        ),
        "release, window by window, out=": one_by_one(blocks),
        "release, batch, out=": lambda places: blocks.read_batch([intervals[p] for p in places], out=(dna, targets)),
        "pyBigWig + pyfaidx": pybigwig,
        "h5py, dense, lzf": hdf5,
        "datasets, windows cut before": lambda places: rows[places],
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for name, read in ways.items():
        for places in batches[: len(batches) if name.startswith(("root", "release")) else 2]:
            read(places)
    for _ in range(ROUNDS):
        for name, read in ways.items():
            some = batches if name.startswith(("memcpy", "root", "release")) else batches[:20]
            begun = time.process_time()
            for places in some:
                read(places)
            seconds[name].append((time.process_time() - begun) / len(some) / BATCH)
    found = {name: float(np.median(own)) for name, own in seconds.items()}
    if genvarloader:
        bed = folder / f"windows-{length}.bed"
        bed.write_text("".join(f"{one.chrom}\t{one.start}\t{one.end}\n" for one in intervals))
        script = Path(__file__).with_name("read_rate_genvarloader.py")
        one_core = {"NUMBA_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1", "RAYON_NUM_THREADS": "1"}
        done = subprocess.run(
            [genvarloader, script, fasta, bed, *bigwigs],
            env={**os.environ, **one_core, "PYTHONPATH": ""},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        found["GenVarLoader, windows written before"] = json.loads(done.stdout.splitlines()[-1])[0]
    return found


def stacked(windows: list[Window]) -> tuple[np.ndarray, np.ndarray]:
    return np.stack([one.one_hot() for one in windows]), np.stack([one.targets for one in windows])


def export_bigwigs(dataset: Dataset, folder: Path) -> list[str]:
    """Write each channel as bigWig."""
    (chromosome,) = dataset.chromosomes()
    paths = []
    for channel, runs in enumerate(dataset.store.segments(chromosome).runs):
        paths.append(str(folder / f"{channel}.bw"))
        with pyBigWig.open(paths[-1], "w") as file:
            file.addHeader([(chromosome.chrom, chromosome.length)])
            names = [chromosome.chrom] * len(runs)
            file.addEntries(names, runs.start.tolist(), runs.end.tolist(), runs.value.tolist())
    return paths


def write_hdf5(dataset: Dataset, chromosome: Chromosome, path: Path) -> h5py.File:
    """Write the first block as dense arrays, in chunks of 16,384 bases."""
    with h5py.File(path, "w") as file:
        made = file.create_dataset("targets", (SPAN_BP, 12), "f4", chunks=(16_384, 12), compression="lzf")
        for start in range(0, SPAN_BP, 16_384 * 64):
            end = min(start + 16_384 * 64, SPAN_BP)
            made[start:end] = dataset.window("sim", chromosome.chrom, start, end).targets
        dna = dataset.store.dna(chromosome, 0, SPAN_BP).encode()
        file.create_dataset("dna", data=np.frombuffer(dna, np.uint8), chunks=(16_384,))
    return h5py.File(path, "r")


def cut_windows(dataset: Dataset, intervals: list[Interval], folder: Path) -> datasets.Dataset:
    """Write windows as the rows of a table of `datasets`, which maps it into memory."""
    shape = (intervals[0].length, 12)
    features = datasets.Features({"dna": datasets.Value("string"), "targets": datasets.Array2D(shape, "float32")})
    arrow = str(folder) + ".arrow"
    with ArrowWriter(path=arrow, features=features, writer_batch_size=16) as writer:
        for one in intervals:
            read = dataset.read(one)
            writer.write({"dna": read.dna, "targets": read.targets})
        writer.finalize()
    return datasets.Dataset.from_file(arrow).with_format("numpy")


def told(found: dict[str, float], length: int) -> str:
    """Return a table of ms a window, beside memcpy + DNA."""
    floor = found["memcpy + DNA"]
    rivals = {name: took for name, took in found.items() if not name.startswith(("memcpy", "root", "release"))}
    best = min(rivals, key=lambda name: rivals[name])
    lines = [f"| {length:,} bases | ms of a core | of memcpy + DNA |", "| --- | --- | --- |"]
    lines += [f"| {name} | {1e3 * took:.3f} | {took / floor:.2f} |" for name, took in found.items()]
    ratios = [f"{rivals[best] / found[own]:.1f} times `{own}`" for own in ("root, batch, out=", "root, batch")]
    lines.append(f"The best rival is {best}: {' and '.join(ratios)}.")
    return "\n".join(lines)


ALONE: dict[str, Callable[[Path], list[float]]] = {"card": card, "memory": memory}

if __name__ == "__main__":
    main()
