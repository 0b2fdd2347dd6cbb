"""The truth of a split as files, with which predictions are scored without the dataset; a part of every release."""

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.gff3 import gff3_lines
from genatator_assets.evaluation.predictions import TRUTH_FILE
from genatator_assets.evaluation.truth import Truth
from genatator_assets.work.files import Measured, measure, whole_file
from genatator_assets.work.tables import write_table
from genatator_assets.work.unit import Provenance

TRANSCRIPTS_SCHEMA = pa.schema(
    [
        ("genome", pa.string()),
        ("chrom", pa.string()),
        ("gene", pa.string()),
        ("transcript", pa.string()),
        ("type", pa.string()),
        ("strand", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("tss", pa.int64()),
        ("polya", pa.int64()),
        ("exons", pa.int64()),
        ("representative", pa.bool_()),
    ]
)
"""A row per selected transcript; start and end are 0-based half-open, tss and polya its first and last base."""

SITES_SCHEMA = pa.schema(
    [
        ("genome", pa.string()),
        ("chrom", pa.string()),
        ("strand", pa.string()),
        ("kind", pa.string()),
        ("position", pa.int64()),
        ("transcripts", pa.int64()),
        ("genes", pa.int64()),
        ("mrna", pa.int64()),
        ("lncrna", pa.int64()),
    ]
)
"""A row per distinct site, tss or polya, 0-based: how many transcripts and genes it has, and of which types."""


def write_truth(truth: Truth, folder: Path, made_from: Provenance) -> dict[Path, Measured]:
    """Write truth.gff3.gz, sites.tsv and regions.bed, and the tables transcripts and sites; return what was written.

    Where the split has several genomes, the first three stand in a folder for each.
    """
    transcripts = transcripts_table(truth)
    written = {
        (path := folder / f"{name}.parquet"): write_table(path, table, made_from)
        for name, table in (("transcripts", transcripts), ("sites", sites_table(transcripts)))
    }
    genomes = list(dict.fromkeys(one.genome for one in truth.places.sequences))
    for genome in genomes:
        own = folder if len(genomes) == 1 else folder / genome
        lengths = {one.chrom: one.length for one in truth.places.sequences if one.genome == genome}
        rows = pc.indices_nonzero(pc.equal(truth.tables["genome"], genome))
        number = np.full(len(truth.tables) + 1, -1, np.int32)
        number[rows.to_numpy()] = np.arange(len(rows))
        place = number[truth.exons["transcript"].to_numpy()]
        exons = truth.exons.set_column(0, "transcript", pa.array(place)).filter(pa.array(place >= 0))
        texts = {
            TRUTH_FILE: gff3_lines(lengths, truth.tables.take(rows), exons),
            "sites.tsv": site_lines(transcripts.filter(pc.equal(transcripts["genome"], genome))),
            "regions.bed": region_lines(truth, genome),
        }
        written |= {own / name: _write(own / name, lines) for name, lines in texts.items()}
    return written


def _write(path: Path, lines: Iterable[str]) -> Measured:
    """Write lines, compressed if the name says so; the same lines give the same bytes."""
    with whole_file(path) as temporary:
        with temporary.open("wb") as handle:
            zipped = gzip.GzipFile(filename="", mode="wb", fileobj=handle, mtime=0) if path.suffix == ".gz" else None
            file = zipped or handle
            for line in lines:
                file.write(f"{line}\n".encode())
            if zipped is not None:
                zipped.close()
        return measure(temporary)


def transcripts_table(truth: Truth) -> pa.Table:
    """Return the transcripts of a truth (TRANSCRIPTS_SCHEMA), sorted by genome, chromosome, start, end and name."""
    rows = truth.tables
    forward = pc.equal(rows["strand"], "+")
    last = pc.subtract(rows["end"], 1)
    columns = {
        "gene": pc.coalesce(rows["gene_id"], rows["transcript_id"]),
        "transcript": rows["transcript_id"],
        "tss": pc.if_else(forward, rows["start"], last),
        "polya": pc.if_else(forward, last, rows["start"]),
        "exons": pc.cast(rows["exons"], pa.int64()),
        **{name: rows[name] for name in ("genome", "chrom", "type", "strand", "start", "end", "representative")},
    }
    table = pa.table([columns[name] for name in TRANSCRIPTS_SCHEMA.names], schema=TRANSCRIPTS_SCHEMA)
    return table.sort_by([(name, "ascending") for name in ("genome", "chrom", "start", "end", "transcript")])


def sites_table(transcripts: pa.Table) -> pa.Table:
    """Return the distinct sites of transcripts (SITES_SCHEMA)."""
    kinds = []
    for kind in ("tss", "polya"):
        rows = pa.table(
            {
                **{name: transcripts[name] for name in ("genome", "chrom", "strand", "gene")},
                "kind": pa.repeat(pa.scalar(kind), len(transcripts)),
                "position": transcripts[kind],
                "mrna": pc.cast(pc.equal(transcripts["type"], "mRNA"), pa.int64()),
                "lncrna": pc.cast(pc.equal(transcripts["type"], "lncRNA"), pa.int64()),
            }
        )
        keys = ["genome", "chrom", "strand", "kind", "position"]
        counts = [("gene", "count"), ("gene", "count_distinct"), ("mrna", "sum"), ("lncrna", "sum")]
        kinds.append(rows.group_by(keys).aggregate(counts))
    found = pa.concat_tables(kinds)
    renamed = {"gene_count": "transcripts", "gene_count_distinct": "genes", "mrna_sum": "mrna", "lncrna_sum": "lncrna"}
    found = found.rename_columns([renamed.get(name, name) for name in found.column_names])
    found = found.select(SITES_SCHEMA.names).cast(SITES_SCHEMA)
    return found.sort_by([(name, "ascending") for name in ("genome", "chrom", "position", "strand", "kind")])


def site_lines(transcripts: pa.Table) -> Iterator[str]:
    """Return transcripts as the published table of sites has them: TSS and PolyA counted from 1."""
    yield "gene\ttranscript\ttype\tTSS\tPolyA\tstrand"
    kinds = {"mRNA": "mRNA", "lncRNA": "lnc_RNA"}
    for row in transcripts.to_pylist():
        ends = (str(row["tss"] + 1), str(row["polya"] + 1))
        yield "\t".join([row["gene"], row["transcript"], kinds[row["type"]], *ends, row["strand"]])


def region_lines(truth: Truth, genome: str) -> Iterator[str]:
    """Return what is judged as BED: the sequences without the parts that are masked."""
    for number, one in enumerate(truth.places.sequences):
        if one.genome == genome:
            start, end = truth.places.judged_on(number)
            yield from (f"{one.chrom}\t{a}\t{b}" for a, b in zip(start.tolist(), end.tolist(), strict=True))
