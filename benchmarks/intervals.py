"""BED lists to regions to HDF5, against Basset's way in plain Python, bedtools, and h5py writing ready arrays.

    python benchmarks/intervals.py BED [BED ...] --sizes hg19.sizes [--genome] [--bgzip] [--many 1 3 10]

The BED files may be those of the acceptance fixtures. Each way runs in a process of its own, of which the CPU seconds
(user and system, children too) are counted from when its imports are done, and the peak of memory. `--genome` also runs
the whole documented command on a random genome with the lengths of `--sizes`, which takes gigabytes of disk; `--many`
measures how cost grows, in millions of intervals. Basset is Python 2: `basset_features` and `basset_sequences` go about
it as its two scripts do (a file for each chromosome and strand, sorted by bedtools; base by base), in Python 3.
"""

import argparse
import gzip
import os
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from itertools import islice, pairwise
from pathlib import Path

import h5py
import numpy as np
import pysam
from isal import isal_zlib

from genatator_assets.intervals.basset_hdf5 import Shares, write_basset_hdf5
from genatator_assets.intervals.dataset import Recipe, attributes_of, prepare_listed
from genatator_assets.intervals.features import write_bed
from genatator_assets.intervals.lists import Listed
from genatator_assets.intervals.regions import Rules
from genatator_assets.intervals.write import Encoding, write_hdf5
from genatator_assets.regions.sizes import read_sizes
from genatator_assets.sources.stretches import open_indexed

SIZE, OVERLAP = 600, 200
MB = 1 << 20
FEW = 2_000
BGZIP_HEADER = bytes.fromhex("1f8b08040000000000ff060042430200")
BGZIP_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")

Measured = tuple[float, float]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("beds", nargs="+", type=Path)
    options.add_argument("--sizes", type=Path, required=True)
    options.add_argument("--genome", action="store_true")
    options.add_argument("--bgzip", action="store_true")
    options.add_argument("--many", nargs="*", type=float, default=[])
    options.add_argument("--sequences", type=int, default=50_000)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="intervals-") as name:
        compare_regions(Path(name), given.sizes, given.beds)
        compare_sequences(Path(name), given.sequences)
        if given.genome:
            run_whole(Path(name), given.sizes, given.beds, given.bgzip)
        for millions in given.many:
            grow(Path(name), int(millions * 1e6))


def compare_regions(folder: Path, sizes: Path, beds: list[Path]) -> None:
    rows = sum(gzip.decompress(bed.read_bytes()).count(b"\n") for bed in beds)
    print(f"{rows:,} intervals of {len(beds)} files -> labelled regions of {SIZE} bp, as BED")
    ways = {
        "Basset's preprocess_features": step("basset_features", folder, sizes, *beds),
        "ours, method: basset": step("our_regions", folder, sizes, "basset", *beds),
        "ours, method: gip": step("our_regions", folder, sizes, "gip", *beds),
        "bedtools sort, merge (another rule)": step("bedtools", folder, *beds),
    }
    slowest, _ = ways["Basset's preprocess_features"]
    for name, (cpu, memory) in ways.items():
        print(f"  {name:38s} {cpu:7.2f} s {rows / cpu / 1e3:8.0f} k/s {slowest / cpu:6.1f} x {memory:6.0f} MB")


def compare_sequences(folder: Path, count: int) -> None:
    print(f"{count:,} regions of {SIZE} bp -> HDF5")
    step("make_features", folder, count)
    ways = {
        "Basset's seq_hdf5": (*step("basset_sequences", folder, FEW), FEW),
        "ours, basset-hdf5 of features": (*step("our_basset_hdf5", folder, "features.fa"), count),
        "ours, basset-hdf5 of a genome": (*step("our_basset_hdf5", folder, "one.fa"), count),
        "ours, BED and FASTA to six tables": (*step("our_tables", folder), count),
    }
    slowest, _, few = ways["Basset's seq_hdf5"]
    for name, (cpu, memory, written) in ways.items():
        faster = (slowest / few) / (cpu / written)
        print(f"  {name:38s} {cpu:7.2f} s {written / cpu / 1e3:8.1f} k/s {faster:6.1f} x {memory:6.0f} MB")
    print("the tables alone, of regions that are known, beside h5py writing as many sequences that are encoded already")
    for compression in ("none", "lzf", "gzip"):
        ours, memory = step("our_sequences", folder, compression)
        ready, _ = step("ready_arrays", folder, count, compression)
        print(f"  {compression:38s} {ours:7.2f} s, h5py {ready:.2f} s: {ours / ready:.2f} x {memory:6.0f} MB")


def run_whole(folder: Path, sizes: Path, beds: list[Path], bgzip: bool) -> None:
    """Run the documented command on a genome of real lengths, Python's start and all."""
    listed = folder / "list.txt"
    listed.write_text("".join(f"{bed.resolve()}\n" for bed in beds))
    step("make_genome", folder, sizes)
    for name in ("genome.fa", "genome.fa.gz") if bgzip else ("genome.fa",):
        if name.endswith(".gz"):
            step("pack", folder / "genome.fa")
        cpu, memory = command("-i", listed, "-f", folder / name, "-o", folder / "whole.h5", "--loglevel", "off")
        size = (folder / "whole.h5").stat().st_size / MB
        print(f"the documented command on {name}: {cpu:.1f} s CPU, {memory:.0f} MB; the HDF5 file has {size:,.0f} MB")


def grow(folder: Path, count: int) -> None:
    step("make_many", folder, count)
    for method in ("gip", "basset"):
        cpu, memory = step("our_regions", folder, folder / "many.sizes", method, folder / "many.bed")
        print(f"{count / 1e6:g} M intervals, {method}: {cpu:.1f} s, {cpu / count * 1e6:.2f} us each, {memory:.0f} MB")


def step(name: str, *arguments: object) -> Measured:
    """Run a step in a process of its own; return its CPU seconds and the peak of its memory in MB."""
    run = [sys.executable, __file__, "--step", name, *map(str, arguments)]
    done = subprocess.run(run, stdout=subprocess.PIPE, text=True, check=True)
    cpu, memory = map(float, done.stdout.split()[-2:])
    return cpu, memory


def command(*arguments: object) -> Measured:
    """Run `genatator-assets intervals`; return its CPU seconds and the peak of its memory in MB."""
    run = [sys.executable, "-m", "genatator_assets.cli", "intervals", *map(str, arguments)]
    process = subprocess.Popen(run, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(run)} failed")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def timed(run: Callable[..., Callable[[], None] | None], arguments: list[str]) -> None:
    """Run a step and print what it used."""
    before = used()
    if rest := run(*arguments):  # what is to be measured, where something had to be made ready
        before = used()
        rest()
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(used() - before, peak / 1024)


def used() -> float:
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in both)


# Ours


def our_regions(folder: str, sizes: str, method: str, *beds: str) -> None:
    basset = method == "basset"
    rules = Rules("basset" if basset else "gip", SIZE, OVERLAP, ends="shift" if basset else "pad")
    recipe = Recipe(rules, chromosomes="all" if basset else "autosomes")
    prepared = prepare_listed([Listed(Path(bed)) for bed in beds], read_sizes(Path(sizes)), recipe)
    write_bed(Path(folder, f"{method}.bed"), prepared.dataset)


def our_basset_hdf5(folder: str, fasta: str) -> None:
    write_basset_hdf5(Path(folder, "a.h5"), Path(folder, fasta), Path(folder, "act.txt"), Shares(0.1, 0.1))


def our_tables(folder: str) -> None:
    fasta = Path(folder, "one.fa")
    with open_indexed(fasta) as genome:
        prepared = prepare_listed([Listed(Path(folder, "features.bed"))], genome.lengths, Recipe())
        write_hdf5(Path(folder, "c.h5"), genome, prepared.dataset, attributes_of(prepared, fasta), Encoding())


def our_sequences(folder: str, compression: str) -> Callable[[], None]:
    fasta, encoding = Path(folder, "one.fa"), Encoding(compression=compression)
    with open_indexed(fasta) as genome:
        prepared = prepare_listed([Listed(Path(folder, "features.bed"))], genome.lengths, Recipe())

    def write() -> None:
        with open_indexed(fasta) as genome:
            write_hdf5(Path(folder, f"{compression}.h5"), genome, prepared.dataset, {}, encoding)

    return write


# Rivals


def basset_features(folder: str, sizes: str, *beds: str) -> None:
    with Path(sizes).open() as table:
        lengths = {name: int(length) for name, length, *_ in map(str.split, table)}
    by_strand = {}
    for target, bed in enumerate(beds):
        with gzip.open(bed, "rt") as lines:
            for line in lines:
                columns = line.rstrip("\n").split("\t")
                strand = columns[5] if len(columns) > 5 and columns[5] in "+-" else "+"
                key = columns[0], strand
                if key not in by_strand:
                    by_strand[key] = Path(folder, f"{columns[0]}_{strand}.bed").open("w")  # noqa: SIM115
                middle = (int(columns[1]) + int(columns[2])) // 2
                columns += [""] * (7 - len(columns))
                columns[1], columns[2], columns[5], columns[6] = str(middle), str(middle + 1), strand, str(target)
                print("\t".join(columns[:7]), file=by_strand[key])
    with Path(folder, "basset.bed").open("w") as out:
        for (chrom, strand), handle in by_strand.items():
            handle.close()
            run = ["bedtools", "sort", "-i", handle.name]
            ordered = subprocess.run(run, stdout=subprocess.PIPE, text=True, check=True).stdout
            last = lengths.get(chrom, 1 << 60) - SIZE
            pile: list[list] = []
            for line in ordered.splitlines():
                columns = line.split("\t")
                start = min(last, max(0, int(columns[1]) - SIZE // 2))
                if pile and pile[-1][0] + SIZE - OVERLAP <= start:
                    write_pile(out, chrom, strand, pile)
                    pile = []
                pile.append([start, {int(columns[6])}])
            write_pile(out, chrom, strand, pile)
    with Path(folder, "basset.bed").open() as features, Path(folder, "basset_act.txt").open("w") as table:
        for line in features:
            columns = line.rstrip().split("\t")
            row = ["0"] * len(beds)
            for target in columns[6].split(","):
                row[int(target)] = "1"
            print(f"{columns[0]}:{columns[1]}-{columns[2]}({columns[5]})", *row, sep="\t", file=table)


def write_pile(out, chrom: str, strand: str, pile: list[list]) -> None:
    while len(pile) > 1:
        overlaps = [left[0] + SIZE - right[0] for left, right in pairwise(pile)]
        best = overlaps.index(max(overlaps))
        if overlaps[best] < OVERLAP:
            break
        left, right = pile[best : best + 2]
        weights = [1 + len(left[1]), 1 + len(right[1])]
        middle = np.average([left[0] + SIZE // 2, right[0] + SIZE // 2], weights=weights)
        pile[best : best + 2] = [[int(0.5 + middle) - SIZE // 2, left[1] | right[1]]]
    for start, active in pile:
        columns = (chrom, start, start + SIZE, ".", 1, strand, ",".join(map(str, sorted(active))))
        print(*columns, sep="\t", file=out)


def basset_sequences(folder: str, count: str) -> None:
    rows = {}
    with Path(folder, "features.fa").open() as fasta:
        for header, sequence in islice(zip(fasta, fasta, strict=True), int(count)):
            one = np.zeros((4, len(sequence) - 1), np.float16)
            for place, base in enumerate(sequence[:-1]):
                one["ACGT".index(base), place] = 1
            rows[header[1:-1]] = one.flatten()
    with Path(folder, "act.txt").open() as table:
        next(table)
        active = {name: np.array(values, float) for name, *values in map(str.split, islice(table, int(count)))}
    order = np.random.RandomState(1).permutation(len(rows))
    inputs = np.vstack(list(rows.values()))[order].reshape(len(rows), 4, 1, -1)
    outputs = np.vstack([active[name] for name in rows])[order]
    with h5py.File(Path(folder, "basset.h5"), "w") as file:
        file["train_in"], file["train_out"] = inputs, outputs


def bedtools(folder: str, *beds: str) -> None:
    columns = f"zcat {' '.join(beds)} | cut -f 1-3"
    merged = f"{columns} | bedtools sort -i - | bedtools merge -d -{OVERLAP} -i - > {folder}/merged.bed"
    subprocess.run(["bash", "-c", merged], check=True)


def ready_arrays(folder: str, count: str, compression: str) -> Callable[[], None]:
    ready = np.eye(4, dtype=np.uint8)[np.random.default_rng(1).integers(0, 4, (int(count), SIZE))]
    packed = {} if compression == "none" else {"compression": compression, "chunks": (64, SIZE, 4)}
    packed |= {"compression_opts": 1} if compression == "gzip" else {}

    def write() -> None:
        with h5py.File(Path(folder, f"ready_{compression}.h5"), "w") as file:
            table = file.create_dataset("training_sequences", ready.shape, np.uint8, **packed)
            for first in range(0, len(ready), 4_096):
                table[first : first + 4_096] = ready[first : first + 4_096]

    return write


# Made data


def make_features(folder: str, count: str) -> None:
    length = 60_000_000
    random = np.random.default_rng(1).integers(0, 4, length)
    sequence = np.frombuffer(b"ACGT", np.uint8)[random].tobytes().decode()
    with Path(folder, "one.fa").open("w") as out:
        print(">chr1", file=out)
        out.writelines(f"{sequence[start : start + 60]}\n" for start in range(0, length, 60))
    pysam.faidx(str(Path(folder, "one.fa")))
    rows: dict[str, list[str]] = {"features.fa": [], "act.txt": ["\ta\tb\tc\n"], "features.bed": []}
    for number, start in enumerate(range(0, length, length // int(count))):
        name = f"chr1:{start}-{start + SIZE}(+)"
        rows["features.fa"].append(f">{name}\n{sequence[start : start + SIZE]}\n")
        rows["act.txt"].append("\t".join([name, *("1" if number % 3 == column else "0" for column in range(3))]) + "\n")
        rows["features.bed"].append(f"chr1\t{start}\t{start + SIZE}\n")
    for name, lines in rows.items():
        Path(folder, name).write_text("".join(lines))


def make_genome(folder: str, sizes: str) -> None:
    lines_each = 200_003
    random = np.random.default_rng(1).integers(0, 8, 60 * lines_each)
    bases = np.frombuffer(b"ACGTacgt", np.uint8)[random].reshape(-1, 60)
    lines = np.append(bases, np.full((lines_each, 1), ord("\n"), np.uint8), axis=1).tobytes()
    with Path(folder, "genome.fa").open("wb") as out, Path(sizes).open() as table:
        for name, length, *_ in map(str.split, table):
            whole, rest = divmod(int(length), 60)
            out.write(f">{name}\n".encode())
            for _ in range(whole // lines_each):
                out.write(lines)
            out.write(lines[: whole % lines_each * 61])
            out.write(lines[:rest] + b"\n" * bool(rest))
    pysam.faidx(str(Path(folder, "genome.fa")))


def pack(fasta: str) -> None:
    """Write a bgzip file: by isal, because bgzip's own level takes minutes for three gigabases."""
    with Path(fasta).open("rb") as plain, Path(f"{fasta}.gz").open("wb") as packed:
        while block := plain.read(65_280):
            deflate = isal_zlib.compressobj(1, wbits=-15)
            body = deflate.compress(block) + deflate.flush()
            sizes = struct.pack("<H", len(body) + 25), struct.pack("<II", zlib.crc32(block), len(block))
            packed.write(BGZIP_HEADER + sizes[0] + body + sizes[1])
        packed.write(BGZIP_END)
    shutil.copy(f"{fasta}.fai", f"{fasta}.gz.fai")


def make_many(folder: str, count: str) -> None:
    rng = np.random.default_rng(1)
    with Path(folder, "many.bed").open("w") as out, Path(folder, "many.sizes").open("w") as table:
        for number in range(1, 21):
            start = np.sort(rng.integers(0, 140_000_000, int(count) // 20))
            end = start + rng.integers(100, 1_000, len(start))
            rows = zip(start.tolist(), end.tolist(), strict=True)
            out.writelines(f"chr{number}\t{first}\t{last}\n" for first, last in rows)
            print(f"chr{number}\t150000000", file=table)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        timed(globals()[sys.argv[2]], sys.argv[3:])
    else:
        main()
