"""BAM and bigWig to tracks, windows of tracks and one-hot DNA, against samtools, pysam, bedtools, pyBigWig, tangermeme.

    python benchmarks/signals.py [--python OTHER] [--repeat 3] [--only bam windows] [--folder FOLDER]

A random chromosome of 63 Mbp (as long as human chr20) with 1.5 million reads of 50 bp, half of them in 40,000 peaks,
and their depth as bigWig. Each way runs in a process of its own, of which the CPU seconds (user and system, of all
threads and children) are counted from when its imports are done, and the peak of memory; of `--repeat` runs the
quickest is shown, because other work of the machine makes no run quicker. samtools and bedtools are Debian's packages.
tangermeme and deepTools are asked for in the Python `--python`, an environment of their own
(`python -m venv rivals; rivals/bin/pip install tangermeme deeptools`), and left out without it.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

MB = 1024
LENGTH, READS, READ_BP = 63_025_520, 1_500_000, 50
WINDOWS, WINDOW_BP, DNA_BP, BATCH = 10_000, 1_000, 2_114, 64
CHROM = "chr20"

Measured = tuple[float, float]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--python", type=Path)
    options.add_argument("--repeat", type=int, default=3)
    options.add_argument("--only", nargs="*", choices=COMPARED, default=list(COMPARED))
    options.add_argument("--folder", type=Path, help="keep what is made here, and use it again")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="signals-") as temporary:
        folder = given.folder or Path(temporary)
        if not (folder / "root").is_dir():
            step("make", folder)
        for name in given.only:
            COMPARED[name](Compared(folder, given.python, given.repeat))


class Compared:
    """Ways of doing one thing; the best run of each is printed, with its ratio to the rival."""

    def __init__(self, folder: Path, other: Path | None, repeat: int) -> None:
        self.folder, self.other, self.repeat = folder, other, repeat

    def show(self, title: str, count: int, unit: str, ways: dict[str, str], elsewhere: dict[str, str]) -> None:
        """The first way is the one that the others are compared with."""
        print(f"{title}\n  {'':34s}{'CPU s':>8s}{unit + '/s':>14s}{'x first':>9s}{'MB':>7s}")
        runs = [(name, way, Path(sys.executable)) for name, way in ways.items()]
        runs += [(name, way, self.other) for name, way in elsewhere.items() if self.other]
        first = 0.0
        for name, way, python in runs:
            cpu, memory = min(step(way, self.folder, python=python) for _ in range(self.repeat))
            first = first or cpu
            print(f"  {name:34s}{cpu:8.2f}{count / cpu:14,.0f}{first / cpu:9.2f}{memory:7.0f}", flush=True)


def compare_bam(compared: Compared) -> None:
    ways = {
        "samtools view -c": "samtools",
        "ours: stored track, both strands": "our_bam",
        "ours: stored depth": "our_depth",
        "pysam, a loop": "pysam_loop",
        "bedtools genomecov -5": "bedtools",
        "samtools depth": "samtools_depth",
    }
    elsewhere = {"deepTools bamCoverage, 50 bp": "deeptools"}
    compared.show("BAM -> counts of 5' ends", READS, "reads", ways, elsewhere)


def compare_bigwig(compared: Compared) -> None:
    ways = {"pyBigWig intervals, read only": "pybigwig", "ours: stored track": "our_bigwig"}
    compared.show("bigWig -> runs of a chromosome", LENGTH, "bases", ways, {})


def compare_windows(compared: Compared) -> None:
    ways = {
        "pyBigWig values, random": "pybigwig_values",
        "pyBigWig values, sorted": "pybigwig_sorted",
        "ours: Cover, batches of 64": "our_cover",
        "ours: window set, batches of 64": "our_set",
        "ours: ds.track_data, one by one": "our_track_data",
        "ours: cold, one by one, from disk": "our_cold",
    }
    compared.show(f"{WINDOWS:,} windows of {WINDOW_BP:,} bp, base by base", WINDOWS, "windows", ways, {})


def compare_dna(compared: Compared) -> None:
    ways = {"pyfaidx, a loop": "pyfaidx_loop", "ours: Bioseq, batches of 64": "our_bioseq"}
    elsewhere = {"tangermeme extract_loci": "tangermeme"}
    compared.show(f"{WINDOWS:,} windows of {DNA_BP:,} bp, one-hot", WINDOWS, "windows", ways, elsewhere)


COMPARED = {"bam": compare_bam, "bigwig": compare_bigwig, "windows": compare_windows, "dna": compare_dna}


def step(name: str, folder: str | Path, python: Path = Path(sys.executable)) -> Measured:
    """Run a step in a process of its own; return its CPU seconds and the peak of its memory in MB."""
    done = subprocess.run([python, __file__, "--step", name, folder], stdout=subprocess.PIPE, text=True, check=True)
    cpu, memory = map(float, done.stdout.split()[-2:])
    return cpu, memory


def timed(make: Callable[[Path], Callable[[], object]], folder: Path) -> None:
    """Make a step ready, run it, and print what it used."""
    run = make(folder)
    before = used()
    run()
    who = resource.RUSAGE_CHILDREN if make.__name__ in PROGRAMS else resource.RUSAGE_SELF
    print(used() - before, resource.getrusage(who).ru_maxrss / MB)


def used() -> float:
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in both)


def places(folder: Path) -> list[int]:
    return [int(line.split()[1]) for line in (folder / "windows.bed").read_text().splitlines()]


# Ours


def recording(folder: Path, **entry: object) -> Callable[[], object]:
    import oxbow.core  # noqa: F401 - imports are not what is measured

    import genatator_assets.signals.formats
    import genatator_assets.sources.inputs  # noqa: F401
    from genatator_assets.signals.recording import recording_of
    from genatator_assets.signals.section import TrackEntry
    from genatator_assets.signals.tasks import RecordingTask, build_recordings
    from genatator_assets.sources.chromosomes import Chromosome

    chromosome = Chromosome("g", "Homo sapiens", CHROM, LENGTH, (), True, None, "train")
    own = recording_of(TrackEntry.model_validate(entry), "g")
    root = Path(tempfile.mkdtemp(dir=folder))

    def run() -> None:
        (outcome,) = build_recordings([RecordingTask(root, own, (chromosome,))])
        if outcome.error:
            raise SystemExit(outcome.error)

    return run


def our_bam(folder: Path) -> Callable[[], object]:
    return recording(folder, name="a", reads={"path": folder / "reads.bam"}, stranded=True)


def our_depth(folder: Path) -> Callable[[], object]:
    return recording(folder, name="a", reads={"path": folder / "reads.bam"}, count="depth")


def our_bigwig(folder: Path) -> Callable[[], object]:
    return recording(folder, name="a", signal={"path": folder / "depth.bw"})


def our_cover(folder: Path) -> Callable[[], object]:
    from genatator_assets.genomic import Cover

    cover = Cover.create_from_bigwig("a", folder / "depth.bw", roi=folder / "windows.bed", binsize=WINDOW_BP)
    _ = cover[0]  # reads the chromosome: compare "bigWig -> runs"
    return in_batches(cover.__getitem__)


def our_set(folder: Path) -> Callable[[], object]:
    from genatator_assets.reading import open_dataset

    windows = open_dataset(folder / "root").window_set("windows")
    run = in_batches(windows.batch)
    run()  # reads the runs: `our_cold` measures that
    return run


def our_track_data(folder: Path) -> Callable[[], object]:
    from genatator_assets.reading import open_dataset

    dataset = open_dataset(folder / "root")
    starts = places(folder)

    def run() -> None:
        for start in starts:
            dataset.track_data("g", CHROM, start, start + WINDOW_BP, ["depth"])

    run()
    return run


def our_cold(folder: Path) -> Callable[[], object]:
    from genatator_assets.tracks.track_file import TrackFile
    from genatator_assets.work.layout_signals import SignalLayout

    path = SignalLayout(folder / "root").track("g", "depth", CHROM)
    starts = places(folder)

    def run() -> None:
        file = TrackFile.open(path)
        for start in starts:
            file.within(start, start + WINDOW_BP)

    return run


def our_bioseq(folder: Path) -> Callable[[], object]:
    from genatator_assets.genomic import Bioseq

    dna = Bioseq.create_from_refgenome("a", folder / "g.fa", roi=folder / "dna.bed", binsize=DNA_BP)
    return in_batches(dna.__getitem__)


def in_batches(read: Callable[[list[int]], object]) -> Callable[[], object]:
    def run() -> None:
        for first in range(0, WINDOWS, BATCH):
            read(list(range(first, min(first + BATCH, WINDOWS))))

    return run


# Rivals


def program(*arguments: object) -> Callable[[], object]:
    return lambda: subprocess.run([*map(str, arguments)], stdout=subprocess.DEVNULL, check=True)


def samtools(folder: Path) -> Callable[[], object]:
    return program("samtools", "view", "-c", folder / "reads.bam")


def samtools_depth(folder: Path) -> Callable[[], object]:
    return program("samtools", "depth", folder / "reads.bam")


def bedtools(folder: Path) -> Callable[[], object]:
    return program("bedtools", "genomecov", "-5", "-bg", "-ibam", folder / "reads.bam")


def deeptools(folder: Path) -> Callable[[], object]:
    bins = ("-bs", 50, "-p", 1)
    script = Path(sys.executable).with_name("bamCoverage")
    return program(sys.executable, script, "-b", folder / "reads.bam", "-o", folder / "deeptools.bw", *bins)


def pysam_loop(folder: Path) -> Callable[[], object]:
    import numpy as np
    import pysam

    def run() -> None:
        counts = np.zeros((2, LENGTH), np.float32)
        with pysam.AlignmentFile(str(folder / "reads.bam")) as file:
            for read in file.fetch(CHROM):
                if read.is_reverse:
                    counts[1, read.reference_end - 1] += 1
                else:
                    counts[0, read.reference_start] += 1

    return run


def pybigwig(folder: Path) -> Callable[[], object]:
    import pyBigWig

    return lambda: pyBigWig.open(str(folder / "depth.bw")).intervals(CHROM)


def pybigwig_values(folder: Path, *, ordered: bool = False) -> Callable[[], object]:
    import pyBigWig

    starts = sorted(places(folder)) if ordered else places(folder)
    file = pyBigWig.open(str(folder / "depth.bw"))
    return lambda: [file.values(CHROM, start, start + WINDOW_BP, numpy=True) for start in starts]


def pybigwig_sorted(folder: Path) -> Callable[[], object]:
    return pybigwig_values(folder, ordered=True)


def pyfaidx_loop(folder: Path) -> Callable[[], object]:
    import numpy as np
    import pyfaidx

    fasta = pyfaidx.Fasta(str(folder / "g.fa"), as_raw=True)
    eye = np.zeros((256, 4), np.uint8)
    eye[list(b"ACGT"), range(4)] = 1
    starts = places(folder)
    return lambda: [eye[np.frombuffer(fasta[CHROM][start : start + DNA_BP].encode(), np.uint8)] for start in starts]


def tangermeme(folder: Path) -> Callable[[], object]:
    import pandas as pd
    from tangermeme.io import extract_loci

    starts = places(folder)
    loci = pd.DataFrame({"chrom": CHROM, "start": starts, "end": [start + DNA_BP for start in starts]})

    def run() -> object:
        return extract_loci(loci, str(folder / "g.fa"), in_window=DNA_BP, n_jobs=1)

    run()  # it compiles itself the first time
    return run


PROGRAMS = {"samtools", "samtools_depth", "bedtools", "deeptools"}


# Made data


def make(folder: Path) -> Callable[[], object]:
    import numpy as np

    rng = np.random.default_rng(1)
    letters = np.frombuffer(b"ACGT", np.uint8)[rng.integers(0, 4, LENGTH)].tobytes().decode()
    with (folder / "g.fa").open("w") as out:
        print(f">{CHROM}", file=out)
        out.writelines(f"{letters[start : start + 60]}\n" for start in range(0, LENGTH, 60))
    subprocess.run(["samtools", "faidx", folder / "g.fa"], check=True)
    centres = rng.integers(1_000, LENGTH - 2_000, 40_000)
    in_peaks = centres[rng.integers(0, 40_000, READS)] + rng.normal(0, 200, READS).astype(int)
    start = np.sort(np.where(rng.random(READS) < 0.5, in_peaks, rng.integers(0, LENGTH - READ_BP, READS)))
    start = np.clip(start, 0, LENGTH - READ_BP)
    make_reads(folder, start.tolist(), rng.integers(0, 2, READS).tolist(), letters)
    make_depth(folder, start)
    firsts = rng.integers(0, LENGTH - DNA_BP, WINDOWS).tolist()
    for name, length in (("windows.bed", WINDOW_BP), ("dna.bed", DNA_BP)):
        (folder / name).write_text("".join(f"{CHROM}\t{first}\t{first + length}\n" for first in firsts))
    make_root(folder)
    return lambda: None


def make_reads(folder: Path, start: list[int], reverse: list[int], letters: str) -> None:
    quality = "".join(chr(33 + 20 + number * 7 % 20) for number in range(READ_BP))
    run = ["samtools", "view", "-b", "-o", folder / "reads.bam", "-"]
    with subprocess.Popen(run, stdin=subprocess.PIPE, text=True) as writer:
        assert writer.stdin is not None
        writer.stdin.write(f"@HD\tVN:1.6\tSO:coordinate\n@SQ\tSN:{CHROM}\tLN:{LENGTH}\n")
        for number, (at, back) in enumerate(zip(start, reverse, strict=True)):
            read = letters[at : at + READ_BP]
            own = quality[number % 20 :] + quality[: number % 20]
            fields = (f"read{number}", 16 * back, CHROM, at + 1, 60, f"{READ_BP}M", "*", 0, 0, read, own)
            print(*fields, sep="\t", file=writer.stdin)
    subprocess.run(["samtools", "index", folder / "reads.bam"], check=True)


def make_depth(folder: Path, start) -> None:
    import numpy as np
    import pyBigWig

    change = np.bincount(start, minlength=LENGTH + 1) - np.bincount(start + READ_BP, minlength=LENGTH + 1)
    edges = np.flatnonzero(change)
    depth = np.cumsum(change[edges])[:-1]
    kept = depth > 0
    first, last, value = edges[:-1][kept], edges[1:][kept], depth[kept].astype(float)
    file = pyBigWig.open(str(folder / "depth.bw"), "w")
    file.addHeader([(CHROM, LENGTH)])
    for at in range(0, len(first), 1_000_000):
        own = slice(at, at + 1_000_000)
        file.addEntries([CHROM] * len(first[own]), first[own], ends=last[own], values=value[own])
    file.close()


def make_root(folder: Path) -> None:
    """Build a dataset of the bigWig file, with the windows as a window set."""
    (folder / "c.yaml").write_text(
        f"""
dataset: benchmark
gene_finding: false
assemblies: [{{genome: g, species: Homo sapiens, sequence: {{path: g.fa}}}}]
signals:
  tracks: [{{name: depth, signal: {{path: depth.bw}}, missing: zero}}]
  windows: [{{name: windows, regions: {{path: windows.bed}}, binsize_bp: {WINDOW_BP}, tracks: [depth]}}]
"""
    )
    build = ("build", "--catalogue", folder / "c.yaml", "--root", folder / "root")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(
        [sys.executable, "-m", "genatator_assets.cli", *build], stdout=subprocess.DEVNULL, env=environment, check=True
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        timed(globals()[sys.argv[2]], Path(sys.argv[3]))
    else:
        main()
