"""Gene models and sites out of files: GFF3, GTF, BED12 and the like by the annotation reader, BED6, tables of sites."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.parsed import EXONS_SCHEMA
from genatator_assets.annotation.reader import read_annotation
from genatator_assets.errors import EvaluationError
from genatator_assets.evaluation.models import Models
from genatator_assets.evaluation.naming import Dropped, Names
from genatator_assets.evaluation.tables import models_of
from genatator_assets.regions.bed import NAME, STRAND, read_bed

SITE_KINDS = ("tss", "polya")
TRUTH_FILE = "truth.gff3.gz"
_SITES_HEADER = ["gene", "transcript", "type", "TSS", "PolyA", "strand"]
_TYPES = {"mRNA": "mRNA", "lnc_RNA": "lncRNA", "lncRNA": "lncRNA"}
_COLUMNS = ("transcript_id", "gene_id", "strand", "start", "end", "type")
_BED_COLUMNS = 12


@dataclass(frozen=True, eq=False)
class Found:
    """The transcripts that stand in a file (columns of `_COLUMNS`, and seqid), their exons, and stated lengths."""

    transcripts: pa.Table
    exons: pa.Table
    lengths: dict[str, int]

    def of(self, wanted: pa.ChunkedArray) -> "Found":
        """Return some of the transcripts with their exons; `wanted` is a mask."""
        number = np.cumsum(wanted.to_numpy()) - 1
        exons = self.exons.filter(pc.take(wanted, self.exons["transcript"]))
        column = pa.array(number[exons["transcript"].to_numpy()].astype(np.int32))
        return Found(self.transcripts.filter(wanted), exons.set_column(0, "transcript", column), self.lengths)


def read_models(path: Path, names: Names, dropped: Dropped, genome: str | None = None) -> Models:
    """Read predicted transcripts, and place them on the judged sequences.

    Raises:
        EvaluationError: a name is not one of a judged sequence, or a position lies past its end.
        AnnotationError, BedError: the file can't be read.
    """
    return place_models(path, read_transcripts(path), names, dropped, genome)


def place_models(path: Path, found: Found, names: Names, dropped: Dropped, genome: str | None = None) -> Models:
    """Place transcripts on the judged sequences, as `read_models` does."""
    rows = found.transcripts
    seq = names.numbers(rows["seqid"].to_pylist(), str(path), dropped, genome)
    seq = names.within(seq, rows["end"].to_numpy(), rows["transcript_id"].to_pylist(), str(path), dropped)
    return models_of(rows, found.exons, seq)


def read_transcripts(path: Path) -> Found:
    """Read the transcripts of a file; a file that only has comments has none.

    Raises:
        AnnotationError, BedError: the file can't be read.
    """
    first = next(_rows(path), b"")
    columns = first.rstrip(b"\r\n").split(b"\t")
    if not first:
        return Found(_table([]), EXONS_SCHEMA.empty_table(), {})
    if columns == [name.encode() for name in _SITES_HEADER]:
        raise EvaluationError(
            f"{path} is a table of sites, which does not say on which sequence they lie; expected GFF3, GTF or BED"
        )
    if 3 <= len(columns) < _BED_COLUMNS and columns[1].isdigit() and columns[2].isdigit():
        return _of_bed(path)
    parsed = read_annotation(path)
    rows = parsed.transcripts.select(["seqid", *_COLUMNS])
    return Found(rows, parsed.exons, dict(parsed.regions)).of(pc.is_valid(rows["start"]))


def _rows(path: Path) -> Iterator[bytes]:
    """Return the lines of a file that are no comments, headers of browsers, or blank."""
    with path.open("rb") as handle:
        lines = gzip.GzipFile(fileobj=handle) if handle.peek(2)[:2] == b"\x1f\x8b" else handle
        yield from (line for line in lines if line.strip() and not line.startswith((b"#", b"track ", b"browser ")))


def _of_bed(path: Path) -> Found:
    bed = read_bed(path, columns=(NAME, STRAND), max_malformed=0)
    ids, chroms = bed.columns[NAME], bed.chrom
    strands = np.array([".", "+", "-"])[bed.strands()]
    lines = zip(ids.of.tolist(), bed.line.tolist(), strict=True)
    named = [ids.values[name] or f"line {line}" for name, line in lines]
    table = pa.table(
        {
            "seqid": [chroms.values[chrom] for chrom in chroms.of.tolist()],
            "transcript_id": named,
            "gene_id": named,
            "strand": strands.tolist(),
            "start": bed.start,
            "end": bed.end,
            "type": pa.repeat(pa.scalar("other"), len(bed)),
        }
    )
    return Found(table, EXONS_SCHEMA.empty_table(), {})


def read_sites(path: Path, names: Names, dropped: Dropped, genome: str | None = None) -> dict[str, Models]:
    """Read predicted sites, BED6 of single bases named tss or polya: each kind as transcripts of one base.

    Raises:
        EvaluationError: a row is no single base, or is named otherwise.
        BedError: the file can't be read.
    """
    found = _of_bed(path)
    rows = found.transcripts
    wrong = [
        number
        for number, (name, length) in enumerate(
            zip(rows["transcript_id"].to_pylist(), pc.subtract(rows["end"], rows["start"]).to_pylist(), strict=True)
        )
        if name.lower() not in SITE_KINDS or length != 1
    ]
    if wrong:
        row = rows.slice(wrong[0], 1).to_pylist()[0]
        raise EvaluationError(
            f"{path}: found {row['transcript_id']!r} of {row['end'] - row['start']} bp on {row['seqid']}; expected"
            f" sites of 1 bp named {' or '.join(SITE_KINDS)}"
        )
    kinds = pc.utf8_lower(rows["transcript_id"])
    return {kind: place_models(path, found.of(pc.equal(kinds, kind)), names, dropped, genome) for kind in SITE_KINDS}


def _table(rows: list[dict[str, object]]) -> pa.Table:
    text, number = pa.string(), pa.int64()
    kinds = {"seqid": text, **{name: number if name in ("start", "end") else text for name in _COLUMNS}}
    return pa.Table.from_pylist(rows, pa.schema(list(kinds.items())))
