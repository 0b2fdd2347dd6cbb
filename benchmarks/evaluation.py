"""How fast predictions are scored: gene models of a genome, and scores per base of the size of a validation split.

    python benchmarks/evaluation.py [--gigabases 0.256] [--workers 2]

Gene models: 200,000 predicted and 200,000 true transcripts on 24 chromosomes, all k at once. Scores per base: float16
of twelve channels, in .npz files, against simulated targets; reading and all results included. Times are CPU seconds
and seconds on the clock; memory is the peak of the largest process.
"""

import argparse
import json
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from genatator_assets.evaluation.levels import KS, Comparison
from genatator_assets.evaluation.models import Models, Parts
from genatator_assets.evaluation.places import Judged, Places
from genatator_assets.evaluation.scoring import Rules, score
from genatator_assets.gene_finding.channels import CHANNELS
from genatator_assets.tracks.store import SCHEMA
from genatator_assets.work.layout import Layout
from genatator_assets.work.tables import write_table
from genatator_assets.work.unit import Provenance

TRANSCRIPTS, GENES, CHROMOSOMES, CHROMOSOME_BP = 200_000, 40_000, 24, 125_000_000


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--gigabases", type=float, default=0.256)
    options.add_argument("--workers", type=int, default=2)
    given = options.parse_args()
    apart(gene_models)
    with tempfile.TemporaryDirectory() as folder:
        apart(make_scores, Path(folder), given.gigabases)
        apart(per_base, Path(folder), given.gigabases, given.workers)


def apart(work: Callable[..., None], *arguments: Any) -> None:
    """Run work in a process of its own: the peak of a process counts for all that it starts."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(process.exitcode)


def gene_models() -> None:
    random = np.random.default_rng(1)
    true = transcripts(random)
    moved = random.integers(-300, 300, TRANSCRIPTS)
    predicted = replace(true, start=np.maximum(true.start + moved, 0))
    lengths = np.full(CHROMOSOMES, CHROMOSOME_BP)
    with timed(f"{TRANSCRIPTS:,} x {TRANSCRIPTS:,} intervals, all k"):
        pairs = Comparison.of(predicted, true, lengths, KS, stranded=True).pairs
    print(f"{'':60s} {len(pairs.predicted):,} pairs")
    places = Places(tuple(Judged("g", f"chr{number}", CHROMOSOME_BP) for number in range(CHROMOSOMES)))
    with timed("the same at all levels, with bootstrap intervals"):
        score(predicted, true, places, Rules())


def transcripts(random: np.random.Generator) -> Models:
    """Transcripts of one to eleven exons, some of which share their start, as isoforms do."""
    gene = np.sort(random.integers(0, GENES, TRANSCRIPTS))
    seq, strand = random.integers(0, CHROMOSOMES, GENES), random.choice([-1, 1], GENES)
    start = random.integers(0, CHROMOSOME_BP - 100_000, GENES)[gene]
    start += random.integers(0, 3, TRANSCRIPTS) * random.integers(0, 2_000, TRANSCRIPTS)
    length, count = random.integers(2_000, 60_000, TRANSCRIPTS), random.integers(1, 12, TRANSCRIPTS)
    owner = np.repeat(np.arange(TRANSCRIPTS), count)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    step = np.repeat(length // (2 * count), count)
    exon = np.repeat(start, count) + 2 * place * step
    parts = Parts.of(owner, exon, exon + step, TRANSCRIPTS)
    return Models(
        seq=seq[gene],
        strand=strand[gene].astype(np.int8),
        start=start,
        end=start + length,
        gene=gene,
        kind=np.zeros(TRANSCRIPTS, np.int8),
        ids=np.arange(TRANSCRIPTS).astype(object),
        gene_ids=np.arange(GENES).astype(object),
        exons=parts,
        cds=parts,
    )


def lengths_of(gigabases: float) -> dict[str, int]:
    """Three chromosomes, in size to each other as those of the published validation split."""
    return {f"chr{number}": int(gigabases * 1e9 * share) for number, share in ((8, 0.57), (20, 0.25), (21, 0.18))}


def make_scores(folder: Path, gigabases: float) -> None:
    root, predictions = folder / "root", folder / "predictions"
    predictions.mkdir()
    lengths = lengths_of(gigabases)
    random = np.random.default_rng(2)
    chromosomes = [
        {"genome": "g", "species": "s", "chrom": chrom, "length": length, "aliases": [], "included": True}
        | {"reason": None, "split": "validation", "sha256": None}
        for chrom, length in lengths.items()
    ]
    layout = Layout(root)
    write_table(layout.chromosomes("g"), pa.Table.from_pylist(chromosomes), Provenance())
    empty_annotation(layout)
    noise = random.random(8_000_000, np.float32).astype(np.float16)
    for chrom, length in lengths.items():
        write_table(layout.segments("g", chrom), targets(random, length), Provenance())
        column = np.resize(noise, length)
        np.savez(predictions / f"{chrom}.npz", **dict.fromkeys(CHANNELS.names, column))


def per_base(folder: Path, gigabases: float, workers: int) -> None:
    total = sum(lengths_of(gigabases).values())
    command = [
        "evaluate",
        str(folder / "predictions"),
        "--root",
        str(folder / "root"),
        "--split",
        "validation",
        "--workers",
        str(workers),
    ]
    with timed(f"{total / 1e6:,.0f} Mb x {len(CHANNELS)} float16 scores, {workers} workers", resource.RUSAGE_CHILDREN):
        subprocess.run([sys.executable, "-m", "genatator_assets.cli", *command], check=True, stdout=subprocess.DEVNULL)


def empty_annotation(layout: Layout) -> None:
    from genatator_assets.annotation.parsed import EXONS_SCHEMA
    from genatator_assets.annotation.select import SCHEMA as TRANSCRIPTS_SCHEMA
    from genatator_assets.sources.assembly import Source
    from genatator_assets.sources.input_file import InputFile

    write_table(layout.transcripts("g"), TRANSCRIPTS_SCHEMA.empty_table(), Provenance())
    write_table(layout.exons("g"), EXONS_SCHEMA.empty_table(), Provenance())
    given = InputFile(Path("none"), "0" * 64)
    source = Source("g", {"sequence": given, "annotation": given}, indexed_bytes=0, indexed_sha256="0" * 64)
    layout.source("g").write_text(json.dumps(source.as_record()))


def targets(random: np.random.Generator, length: int) -> pa.Table:
    """Runs as of a human chromosome: sites of 41 bp every 30 kb, intragenic stretches over half of the bases."""
    rows: list[pa.Table] = []
    for channel in CHANNELS:
        if channel.kind == "intragenic":
            start = np.arange(0, length - 60_000, 60_000)
            end = start + 30_000
        else:
            sites = np.unique(random.integers(100, length - 100, length // 30_000)) // 100 * 100
            start = np.unique(sites)
            end = start + 41
        constant = {"genome": ["g"] * len(start), "chrom": ["chr"] * len(start), "channel": [channel.name] * len(start)}
        rows.append(pa.table({**constant, "start": start, "end": end, "value": np.ones(len(start), np.float32)}))
    return pa.concat_tables(rows).cast(SCHEMA)


class timed:  # noqa: N801
    """Prints how long a block took; of this process, or of those that it starts, commands and their workers."""

    def __init__(self, what: str, who: int = resource.RUSAGE_SELF) -> None:
        self.what, self.who = what, who

    def __enter__(self) -> None:
        self.clock, self.cpu = time.perf_counter(), self.cpu_seconds()

    def __exit__(self, *_: object) -> None:
        clock, cpu = time.perf_counter() - self.clock, self.cpu_seconds() - self.cpu
        peak = resource.getrusage(self.who).ru_maxrss
        print(f"{self.what:60s} {clock:7.1f} s {cpu:7.1f} CPU s {peak / 1e3:7.0f} MB")

    def cpu_seconds(self) -> float:
        usage = resource.getrusage(self.who)
        return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
