"""How fast the leakage report is made: sketching, looking k-mers up, and proteins beside blastp.

    python benchmarks/leakage.py [--data FOLDER]

FOLDER holds yeast_R64 of the real data; without it, proteins are random. blastp (Debian: ncbi-blast+) is run if it is
installed, on the same proteins, with one thread. CPU seconds of this process, and of blastp.
"""

import argparse
import os
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from genatator_assets.annotation.transcripts import read_exons, read_transcripts, select_isoforms
from genatator_assets.leakage.genes import genes_of, proteins_of
from genatator_assets.leakage.kmers import Kmers
from genatator_assets.leakage.proteins import Words, best_shares
from genatator_assets.leakage.windows import occurs_in
from genatator_assets.parts import validate
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.tracks.runs import distinct
from genatator_assets.work.layout import Layout

_LETTERS = "ACDEFGHIKLMNPQRSTVWY"


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--data", type=Path, default=os.environ.get("GENATATOR_TEST_DATA"))
    given = options.parse_args()
    kmers()
    lookup()
    with tempfile.TemporaryDirectory() as folder:
        proteins(Path(folder), given.data)


def kmers() -> None:
    dna = np.frombuffer(b"ACGT", np.uint8)[np.random.default_rng(1).integers(0, 4, 50_000_000)].tobytes().decode()
    for k in (21, 24, 31, 32):
        seconds = cpu(lambda k=k: Kmers(k, 20).of(dna))
        print(f"sketching, k = {k}: {50 / seconds:6.1f} Mbp per CPU second")


def lookup() -> None:
    random = np.random.default_rng(2)
    train = distinct(random.integers(0, 1 << 60, 40_000_000).astype(np.uint64))
    query = np.append(train[:: len(train) // 300_000], random.integers(0, 1 << 60, 300_000).astype(np.uint64))
    print(f"{len(query):,} hashes among {len(train):,}: {cpu(lambda: occurs_in(query, train)):6.2f} CPU seconds")


def proteins(folder: Path, data: Path | None) -> None:
    found = yeast(folder, Path(data)) if data else random_proteins()
    judged, train = found[: len(found) // 2], found[len(found) // 2 :]
    ours = cpu(lambda: best_shares(Words.of(judged), Words.of(train)))
    letters = sum(map(len, found)) / 1e6
    print(f"{len(judged):,} proteins against {len(train):,} ({letters:.1f} M letters): {ours:6.2f} CPU seconds")
    if shutil.which("blastp") is None:
        print("blastp is not installed")
        return
    for name, sequences in (("judged", judged), ("train", train)):
        lines = (f">{number}\n{sequence.replace('*', 'X')}\n" for number, sequence in enumerate(sequences) if sequence)
        (folder / f"{name}.fa").write_text("".join(lines))
    before = children_seconds()
    subprocess.run(["makeblastdb", "-in", "train.fa", "-dbtype", "prot"], cwd=folder, check=True, capture_output=True)
    command = ["blastp", "-query", "judged.fa", "-db", "train.fa", "-evalue", "1e-5", "-outfmt", "6"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    theirs = children_seconds() - before
    print(f"blastp: {theirs:6.1f} CPU seconds, {theirs / ours:,.0f} x as long")


def yeast(folder: Path, data: Path) -> list[str]:
    files = data / "yeast_R64" / "refseq"
    assembly = {
        "genome": "R64",
        "species": "Saccharomyces cerevisiae",
        "sequence": {"path": str(files / "GCF_000146045.2_R64_genomic.fna.gz")},
        "annotation": {"path": str(files / "GCF_000146045.2_R64_genomic_subset.gff.gz")},
    }
    catalogue, layout = validate({"dataset": "yeast", "assemblies": [assembly]}), Layout(folder / "root")
    import_assembly(catalogue, "R64", layout)
    select_isoforms(catalogue, "R64", layout)
    transcripts = read_transcripts(layout, "R64")
    genes = genes_of(transcripts, transcripts["chrom"].unique().to_pylist())
    return proteins_of(layout, "R64", genes, transcripts, read_exons(layout, "R64"))


def random_proteins() -> list[str]:
    random = np.random.default_rng(3)
    return ["".join(random.choice(list(_LETTERS), 490)) for _ in range(6_000)]


def cpu(work) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
