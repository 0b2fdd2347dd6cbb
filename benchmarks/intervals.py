"""BED lists to regions to HDF5, against Basset's algorithm in plain Python, bedtools, and h5py writing ready arrays.

    python benchmarks/intervals.py BED [BED ...] --sizes hg19.sizes [--genome] [--bgzip] [--many 1 3 10]

Each way runs in a process of its own, of which CPU seconds (user and system) and the peak of memory are taken. BED files
are those of the acceptance fixtures, for example; `--genome` also runs the whole documented command on a random genome
with the lengths of `--sizes`, which takes gigabytes of disk; `--many` measures how cost grows, in millions of intervals.
Basset is Python 2; `basset_*` are its two scripts' steps in Python 3: line by line, base by base, as they go about it.
"""

import argparse
import gzip
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import numpy as np

SIZE, OVERLAP = 600, 200
MB = 1 << 20


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
        folder = Path(name)
        listed = folder / "list.txt"
        listed.write_text("".join(f"{bed.resolve()}\n" for bed in given.beds))
        rows = sum(gzip.open(bed, "rb").read().count(b"\n") for bed in given.beds)
        print(f"{rows:,} intervals of {len(given.beds)} files -> regions of {SIZE} bp")
        regions(folder, listed, given, rows)
        sequences(folder, given.sequences)
        if given.genome:
            whole(folder, listed, given)
        for millions in given.many:
            growth(folder, int(millions * 1e6))


def regions(folder: Path, listed: Path, given: argparse.Namespace, rows: int) -> None:
    common = ["--sizes", given.sizes, "--regions-only", folder / "regions.bed", "--loglevel", "off"]
    ways = {
        "Basset's preprocess, in Python 3": run(__file__, "basset_features", folder, given.sizes, *given.beds),
        "intervals --method basset": cli("-i", listed, *common, "--method", "basset", "--chromosomes", "all"),
        "intervals (gip)": cli("-i", listed, *common),
    }
    if shutil.which("bedtools"):
        beds = " ".join(str(bed) for bed in given.beds)
        command = f"zcat {beds} | bedtools sort -i - | bedtools merge -d -{OVERLAP} -i - > {folder}/merged.bed"
        ways["bedtools sort, merge (another rule)"] = measure(["bash", "-c", command])
    slowest = next(iter(ways.values()))
    for name, (cpu, memory) in ways.items():
        print(f"  {name:38s} {cpu:7.2f} s CPU {rows / cpu / 1e3:8.0f} k/s {slowest[0] / cpu:6.1f} x {memory:6.0f} MB")


def sequences(folder: Path, count: int) -> None:
    """Regions of one chromosome to HDF5."""
    print(f"{count:,} regions of {SIZE} bp -> HDF5")
    run(__file__, "make_features", folder, count)
    few = 2_000
    ways = {
        "Basset's seq_hdf5, in Python 3": (run(__file__, "basset_sequences", folder, few), few),
        "basset-hdf5, of features": (
            cli("basset-hdf5", folder / "features.fa", folder / "act.txt", folder / "a.h5", "-t", "0.1", "-v", "0.1"),
            count,
        ),
        "basset-hdf5, of a genome": (
            cli("basset-hdf5", folder / "one.fa", folder / "act.txt", folder / "b.h5", "-t", "0.1", "-v", "0.1"),
            count,
        ),
        "intervals": (
            cli("-i", folder / "features.txt", "-f", folder / "one.fa", "-o", folder / "c.h5", "--loglevel", "off"),
            count,
        ),
        "h5py, ready arrays": (run(__file__, "ready_arrays", folder, count), count),
    }
    empty, _ = cli("--help")
    (slowest, few), _ = ways["Basset's seq_hdf5, in Python 3"], None
    per_region = slowest[0] / few
    for name, ((cpu, memory), regions_written) in ways.items():
        rate = cpu / regions_written
        print(f"  {name:38s} {cpu:7.2f} s CPU {1 / rate / 1e3:8.1f} k/s {per_region / rate:6.1f} x {memory:6.0f} MB")
    print(f"  ({empty:.2f} s of each of ours are Python and imports)")


def whole(folder: Path, listed: Path, given: argparse.Namespace) -> None:
    """The documented command on a genome of real lengths."""
    run(__file__, "make_genome", folder, given.sizes)
    fastas = [folder / "genome.fa"]
    if given.bgzip:
        import pysam

        pysam.tabix_compress(str(fastas[0]), f"{fastas[0]}.gz")
        pysam.faidx(f"{fastas[0]}.gz")
        fastas.append(folder / "genome.fa.gz")
    for fasta in fastas:
        cpu, memory = cli("-i", listed, "-f", fasta, "-o", folder / "whole.h5", "--loglevel", "off")
        size = (folder / "whole.h5").stat().st_size / MB
        print(f"the documented command, {fasta.name}: {cpu:.1f} s CPU, {memory:.0f} MB; the file has {size:,.0f} MB")
        hashing, _ = measure(["sha256sum", str(fasta)])
        print(f"  (sha256sum of {fasta.name} alone: {hashing:.1f} s CPU)")


def growth(folder: Path, count: int) -> None:
    run(__file__, "make_many", folder, count)
    for method in ("gip", "basset"):
        cpu, memory = cli(
            *("-i", folder / "many.txt", "--sizes", folder / "many.sizes", "--regions-only", folder / "many.out"),
            *("--method", method, "--loglevel", "off"),
        )
        print(f"{count / 1e6:g} M intervals, {method}: {cpu:.1f} s CPU ({cpu / count * 1e6:.2f} us each), {memory:.0f} MB")


def run(script: str, *arguments: object) -> tuple[float, float]:
    return measure([sys.executable, script, "--step", *map(str, arguments)])


def cli(*arguments: object) -> tuple[float, float]:
    return measure([sys.executable, "-m", "genatator_assets.cli", "intervals", *map(str, arguments)])


def measure(command: list[str]) -> tuple[float, float]:
    """Run a command; return its CPU seconds and the peak of its memory in MB."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


# Steps that run in processes of their own


def basset_features(folder: str, sizes: str, *beds: str) -> None:
    lengths = {name: int(length) for name, length, *_ in (line.split() for line in open(sizes))}
    of_strand = defaultdict(list)
    for target, bed in enumerate(beds):
        for line in gzip.open(bed, "rt"):
            columns = line.rstrip().split("\t")
            strand = columns[5] if len(columns) > 5 and columns[5] in "+-" else "+"
            middle = (int(columns[1]) + int(columns[2])) // 2
            of_strand[columns[0], strand].append((middle, target))
    with open(Path(folder, "basset.bed"), "w") as out, open(Path(folder, "basset_act.txt"), "w") as table:
        for (chrom, strand), features in of_strand.items():
            features.sort()
            last = lengths.get(chrom, 1 << 60) - SIZE
            pile: list[list] = []
            for middle, target in [*features, (1 << 61, 0)]:
                start = middle if middle == 1 << 61 else min(last, max(0, middle - SIZE // 2))
                if pile and pile[-1][0] + SIZE - OVERLAP <= start:
                    for place, active in merge_pile(pile):
                        acts = ",".join(map(str, sorted(active)))
                        print(chrom, place, place + SIZE, ".", 1, strand, acts, sep="\t", file=out)
                        row = [int(number in active) for number in range(len(beds))]
                        print(f"{chrom}:{place}-{place + SIZE}({strand})", *row, sep="\t", file=table)
                    pile = []
                pile.append([start, {target}])


def merge_pile(pile: list[list]) -> list[list]:
    while len(pile) > 1:
        overlaps = [left[0] + SIZE - right[0] for left, right in pairwise(pile)]
        best = overlaps.index(max(overlaps))
        if overlaps[best] < OVERLAP:
            break
        left, right = pile[best : best + 2]
        weights = 1 + len(left[1]), 1 + len(right[1])
        place = int(0.5 + (left[0] * weights[0] + right[0] * weights[1]) / sum(weights))
        pile[best : best + 2] = [[place, left[1] | right[1]]]
    return pile


def make_features(folder: str, count: str) -> None:
    rng = np.random.default_rng(1)
    length = 60_000_000
    sequence = np.frombuffer(b"ACGT", np.uint8)[rng.integers(0, 4, length)].tobytes().decode()
    with open(Path(folder, "one.fa"), "w") as out:
        print(">chr1", file=out)
        out.writelines(f"{sequence[start : start + 60]}\n" for start in range(0, length, 60))
    subprocess.run(["samtools", "faidx", Path(folder, "one.fa")], check=True)
    starts = np.arange(int(count)) * (length // int(count))
    with (
        open(Path(folder, "features.fa"), "w") as fasta,
        open(Path(folder, "act.txt"), "w") as table,
        open(Path(folder, "features.bed"), "w") as bed,
    ):
        print("", *"abc", sep="\t", file=table)
        for number, start in enumerate(starts.tolist()):
            name = f"chr1:{start}-{start + SIZE}(+)"
            print(f">{name}\n{sequence[start : start + SIZE]}", file=fasta)
            print(name, *(int(number % 3 == column) for column in range(3)), sep="\t", file=table)
            print("chr1", start, start + SIZE, sep="\t", file=bed)
    Path(folder, "features.txt").write_text(f"{folder}/features.bed\n")


def basset_sequences(folder: str, count: str) -> None:
    import h5py

    rows = {}
    with open(Path(folder, "features.fa")) as fasta:
        for _, (header, sequence) in zip(range(int(count)), zip(fasta, fasta, strict=True), strict=False):
            one = np.zeros((4, len(sequence) - 1), np.float16)
            for place, base in enumerate(sequence[:-1]):
                one["ACGT".index(base), place] = 1
            rows[header[1:-1]] = one.flatten()
    with open(Path(folder, "act.txt")) as table:
        next(table)
        active = {line.split()[0]: np.array(line.split()[1:], float) for line, _ in zip(table, range(int(count)), strict=False)}
    order = np.random.RandomState(1).permutation(len(rows))
    inputs = np.vstack(list(rows.values()))[order].reshape(len(rows), 4, 1, -1)
    outputs = np.vstack([active[name] for name in rows])[order]
    with h5py.File(Path(folder, "basset.h5"), "w") as file:
        file["train_in"], file["train_out"] = inputs, outputs


def ready_arrays(folder: str, count: str) -> None:
    import h5py

    batch = np.zeros((4_096, SIZE, 4), np.uint8)
    with h5py.File(Path(folder, "ready.h5"), "w") as file:
        table = file.create_dataset("training_sequences", (int(count), SIZE, 4), np.uint8)
        for first in range(0, int(count), len(batch)):
            table[first : first + len(batch)] = batch[: int(count) - first]


def make_genome(folder: str, sizes: str) -> None:
    rng = np.random.default_rng(1)
    piece = np.frombuffer(b"ACGTacgt", np.uint8)[rng.integers(0, 8, 60 * 200_003)]
    lines = np.append(piece.reshape(-1, 60), np.full((200_003, 1), 10, np.uint8), axis=1).tobytes()
    with open(Path(folder, "genome.fa"), "wb") as out:
        for line in open(sizes):
            name, length = line.split()[:2]
            whole_lines, rest = divmod(int(length), 60)
            out.write(f">{name}\n".encode())
            for _ in range(whole_lines // 200_003):
                out.write(lines)
            out.write(lines[: whole_lines % 200_003 * 61])
            out.write(lines[:rest] + b"\n" * bool(rest))
    subprocess.run(["samtools", "faidx", Path(folder, "genome.fa")], check=True)


def make_many(folder: str, count: str) -> None:
    rng = np.random.default_rng(1)
    each, chromosomes = int(count) // 20, 20
    with open(Path(folder, "many.bed"), "w") as out:
        for chrom in range(1, chromosomes + 1):
            start = np.sort(rng.integers(0, 140_000_000, each))
            end = start + rng.integers(100, 1_000, each)
            out.writelines(f"chr{chrom}\t{first}\t{last}\n" for first, last in zip(start.tolist(), end.tolist(), strict=True))
    Path(folder, "many.txt").write_text(f"{folder}/many.bed\n")
    Path(folder, "many.sizes").write_text("".join(f"chr{chrom}\t150000000\n" for chrom in range(1, chromosomes + 1)))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        globals()[sys.argv[2]](*sys.argv[3:])
    else:
        main()
