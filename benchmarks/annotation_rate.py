"""Annotation rate: every transcript of a file, against pyranges reading the same file.

    python benchmarks/annotation_rate.py [--lines 500000] [FILE ...]

Each reader runs in a process of its own, in turn; prints lines a second, by the clock and of the processor's time (on a
busy machine only the latter says anything), the ratio and peak memory. "Splitting only" cuts every line at its tabs and
nothing else: Python's own limit. Without a FILE a GENCODE GTF and a RefSeq GFF3 are simulated.
"""

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from genatator_assets.simulate import Simulation, write_assembly

READERS = {
    "genatator-assets": """
from genatator_assets.annotation.reader import read_annotation
read = lambda path: read_annotation(Path(path)).transcripts.num_rows
""",
    "splitting only": """
import gzip
def read(path):
    with gzip.open(path) if path.endswith(".gz") else open(path, "rb", 1 << 20) as handle:
        return sum(len(line.split(b"\\t")) == 9 for line in handle)
""",
    "pyranges": """
import pyranges
read = lambda path: len(pyranges.read_gff3(path) if "gff" in path else pyranges.read_gtf(path))
""",
}
TIMED = """
import json, re, sys, time, warnings
from pathlib import Path
import pandas  # imports are not timed, and pyarrow would import it at its first array
warnings.simplefilter("ignore")
{reader}
started, cpu_started = time.perf_counter(), time.process_time()
rows = read(sys.argv[1])
seconds, cpu = time.perf_counter() - started, time.process_time() - cpu_started
memory = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
print(json.dumps(dict(rows=rows, seconds=seconds, cpu=cpu, memory=memory)))
"""
ROUNDS = 3


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--lines", type=int, default=500_000)
    options.add_argument("files", nargs="*", type=Path)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for path in given.files or [simulated(Path(folder), flavour, given.lines) for flavour in ("gencode", "refseq")]:
            compare(path)


def simulated(folder: Path, flavour: str, lines: int) -> Path:
    """An annotation of about so many lines: genes are packed densely, so that the DNA beside it stays small."""
    wanted = Simulation.model_validate(
        {"seed": 1, "total_bp": max(100_000, lines * 25), "chromosomes": 3, "genes_per_mb": 1000, "flavour": flavour}
    )
    written = write_assembly(wanted, folder / flavour)
    text = written.annotation.read_text().splitlines(keepends=True)
    written.annotation.write_text("".join(text[:lines]))
    return written.annotation


def compare(path: Path) -> None:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as handle:
        lines = sum(1 for _ in handle)
    print(f"{path.name}: {lines:,} lines, {path.stat().st_size / 1e6:.0f} MB")
    rates = {}
    for name, reader in READERS.items():
        runs = [measure(reader, path) for _ in range(ROUNDS)]
        best = min(runs, key=lambda run: run["cpu"])
        rates[name] = lines / best["cpu"]
        print(
            f"  {name:18s} {rates[name]:12,.0f} lines/s of the processor's time,"
            f" {lines / min(run['seconds'] for run in runs):12,.0f} by the clock,"
            f" {best['memory']:6.0f} MB peak, {best['rows']:,} rows kept"
        )
    print(f"  ratio {rates['genatator-assets'] / rates['pyranges']:.1f} x")


def measure(reader: str, path: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", TIMED.format(reader=reader), str(path)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
