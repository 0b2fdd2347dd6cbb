"""One full block written in different ways: seconds, bytes, and memory; the figures behind docs/format.md.

    python benchmarks/block_encodings.py

The block is 10,000,000 simulated bases with the genes of 20 per Mbp. Each way runs in a process of its own, twice;
the better time counts. Making the dense array that pyarrow needs is not in its time, but is in its memory.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from genatator_assets.annotation.reader import read_annotation
from genatator_assets.annotation.select import select
from genatator_assets.gene_finding.blocks.contract import SCHEMA, BlockPlace
from genatator_assets.gene_finding.blocks.encode import cut, encode_block
from genatator_assets.gene_finding.blocks.encode.pages import Compressor
from genatator_assets.gene_finding.kernels import kernel_values
from genatator_assets.gene_finding.landmarks import landmarks_of
from genatator_assets.gene_finding.paint import paint
from genatator_assets.gene_finding.section import Kernel
from genatator_assets.simulate import Simulation, write_assembly
from genatator_assets.sources.chromosomes import Chromosome
from genatator_assets.sources.fasta import import_fasta
from genatator_assets.sources.sequence import read_dna
from genatator_assets.tracks.segments import Segments

LENGTH = 10_000_000
PLAIN = {"compression": "zstd", "compression_level": 1, "use_dictionary": False}
WAYS: dict[str, dict[str, Any]] = {
    "pyarrow zstd 1, plain": PLAIN,
    "pyarrow zstd 1, plain, page checksums": {**PLAIN, "write_page_checksum": True},
    "pyarrow zstd 1, dictionary": {**PLAIN, "use_dictionary": ["targets.list.element.list.element"]},
    "pyarrow zstd 3, plain": {**PLAIN, "compression_level": 3},
    "pyarrow snappy, plain": {"compression": "snappy", "use_dictionary": False},
    "pyarrow lz4, plain": {"compression": "lz4", "use_dictionary": False},
    "pyarrow zstd 1, byte stream split": {
        **PLAIN,
        "column_encoding": {"targets.list.element.list.element": "BYTE_STREAM_SPLIT"},
    },
    **{
        f"cells of {cell:,} bases, pages of {bases:,}": {"cell": cell, "bases": bases}
        for cell in (500, 1_000, 2_000)
        for bases in (4_000, 8_000, 16_000, 32_000)
    },
    **{f"cells of {bases:,} bases, pages as large": {"cell": bases, "bases": bases} for bases in (8_000, 16_000)},
    "targets alone, pyarrow": {**PLAIN, "write_page_checksum": True, "alone": True},
    "targets alone, pages": {"cell": cut.CELL_BP, "bases": cut.CELL_BP * cut.CELLS_PER_PAGE, "alone": True},
}


def main() -> None:
    if len(sys.argv) == 4:
        print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        inputs = write_assembly(
            Simulation(seed=1, total_bp=LENGTH, chromosomes=1, short_scaffolds=0, flavour="gencode"), Path(folder)
        )
        print(f"{'way':40s} {'s':>7s} {'MB':>7s} {'peak MB':>8s}")
        for way in WAYS:
            runs = [one_run(way, inputs.sequence, inputs.annotation) for _ in range(2)]
            best = min(runs, key=lambda run: run["seconds"])
            print(f"{way:40s} {best['seconds']:7.3f} {best['bytes'] / 1e6:7.3f} {best['memory']:8.0f}", flush=True)


def one_run(way: str, sequence: Path, annotation: Path) -> dict[str, float]:
    command = [sys.executable, __file__, way, str(sequence), str(annotation)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def measure(way: str, sequence: Path, annotation: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        indexed, path = Path(folder) / "sequence.fa", Path(folder) / "block.parquet"
        import_fasta(sequence, indexed)
        dna, segments = read_dna(indexed, "chr1", 0, LENGTH), segments_of(annotation)
        seconds = write(way, path, dna, segments)
        return {"seconds": seconds, "bytes": path.stat().st_size, "memory": peak_memory_mb()}


def segments_of(annotation: Path) -> Segments:
    chromosome = Chromosome("sim", "Simulata exempli", "chr1", LENGTH, (), True, None, "train")
    transcripts = select("sim", read_annotation(annotation), [chromosome]).transcripts
    return paint(landmarks_of(transcripts, {"chr1": chromosome.length})["chr1"], LENGTH, kernel_values(Kernel()))


def write(way: str, path: Path, dna: str, segments: Segments) -> float:
    place = BlockPlace("sim", "train", "chr1", 0, LENGTH, LENGTH, LENGTH)
    settings = dict(WAYS[way])
    alone = settings.pop("alone", False)
    if "cell" in settings:
        cut.CELL_BP, cut.CELLS_PER_PAGE = settings["cell"], settings["bases"] // settings["cell"]
        started = time.perf_counter()
        with path.open("wb") as handle:
            if alone:
                pieces = cut.target_pages(Compressor(), segments, cut.cut_into_pages(segments, 0, LENGTH))
                handle.writelines(page.data for page in pieces)
            else:
                encode_block(handle, dna, segments, place, {})
        return time.perf_counter() - started
    dense = segments.dense(0, LENGTH)
    bases = pa.FixedSizeListArray.from_arrays(pa.array(dense.reshape(-1)), 12)
    columns = [pa.array([dna]), pa.ListArray.from_arrays([0, LENGTH], bases), pa.array([place.metadata_json()])]
    table = pa.table(columns, schema=SCHEMA).select(["targets"] if alone else SCHEMA.names)
    started = time.perf_counter()
    pq.write_table(table, path, **settings)
    return time.perf_counter() - started


def peak_memory_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


if __name__ == "__main__":
    main()
