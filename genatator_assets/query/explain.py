"""What became of a transcript: selected or not and why, where it stands in the annotation, where it lies in blocks."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from genatator_assets.annotation.select import MEANINGS, Reason
from genatator_assets.catalogue.values import nearest
from genatator_assets.errors import QueryError
from genatator_assets.query.connect import ask, connect
from genatator_assets.sources.assembly import read_source
from genatator_assets.work.layout import Layout

_MATCHES = """
select genome, chrom, start, "end", strand, transcript_id, gene_id, type, biotype, reason, malformed, source_line,
    seqid, t.length, exists (from transcripts o where o.selected and (o.genome, o.chrom, o.strand) = (t.genome, t.chrom,
        t.strand) and o.source_line <> t.source_line and case when t.strand = '+' then o.start = t.start
        else o."end" = t."end" end) as shares_tss
from (select t.*, c.length from transcripts t left join chromosomes c using (genome, chrom)) t
where list_contains([transcript_id, row_id, gene_id, regexp_replace(transcript_id, '\\.[0-9]+$', '')], $name)
order by genome, source_line
"""
_BLOCKS = """
select path, start, "end", split from blocks
where genome = $genome and chrom = $chrom and start < $last and "end" > $first order by start
"""


@dataclass(frozen=True)
class Explained:
    """One transcript of one genome; start and end are 0-based half-open, None where its line can't be read."""

    genome: str
    chrom: str | None
    start: int | None
    end: int | None
    strand: str | None
    transcript_id: str | None
    gene_id: str | None
    type: str
    biotype: str | None
    reason: Reason
    malformed: str | None
    source_line: int
    seqid: str | None
    chrom_length: int | None
    shares_tss: bool
    annotation: str
    blocks: tuple[str, ...]

    def lines(self) -> list[str]:
        """Describe it in words, the first line being the title."""
        biotype = f", biotype {self.biotype}" if self.biotype else ""
        gene = f" of gene {self.gene_id}" if self.gene_id else ""
        return [
            f"{self.transcript_id or 'a transcript without an id'}{gene}, {self.genome}",
            f"{'selected' if self.reason == 'selected' else f'not selected ({self.reason})'}:"
            f" {MEANINGS[self.reason]}{self._evidence()}",
            f"read as {self.type}{biotype} from line {self.source_line:,} of {self.annotation}",
            *self._place(),
            *(f"in {block}" for block in self.blocks),
        ]

    def _evidence(self) -> str:
        match self.reason:
            case "malformed":
                return f": {self.malformed}"
            case "out_of_bounds":
                return f": it ends at {self.end:,}, {self.chrom} has {self.chrom_length:,} bp"
            case "chromosome_too_short":
                return f": {self.chrom} has {self.chrom_length:,} bp"
            case "chromosome_unknown" | "chromosome_excluded":
                return f": {self.seqid}"
            case "no_strand":
                return f": found {self.strand!r}"
            case _:
                return ""

    def _place(self) -> list[str]:
        if self.start is None or self.end is None:
            return []
        called = f", which the annotation calls {self.seqid}" if self.seqid != self.chrom else ""
        place = (
            f"{self.chrom}:{self.start + 1:,}-{self.end:,} ({self.strand}){called};"
            f" 0-based [{self.start:,}, {self.end:,})"
        )
        if self.strand not in {"+", "-"}:
            return [place]
        tss, polya = (self.start, self.end - 1) if self.strand == "+" else (self.end - 1, self.start)
        shared = ", shared with other selected transcripts" if self.shares_tss and self.reason == "selected" else ""
        return [place, f"TSS at {tss:,}{shared}; polyA at {polya:,} (0-based)"]


def explain(root: Path, name: str) -> list[Explained]:
    """Explain every transcript of the dataset at `root` that goes by `name`: a transcript's id, with or without its
    version, a row's ID in GFF3, or a gene's id.

    Raises:
        DatasetError: there is no dataset at `root`.
        QueryError: no transcript goes by that name; the nearest one is named.
    """
    with connect(root) as connection:
        ask(connection, "select 1 from transcripts limit 1")  # says so, where no annotation has been read
        found = connection.execute(_MATCHES, {"name": name}).fetchall()
        if not found:
            raise QueryError(f"no transcript of {root} goes by {name!r}{_near(connection, name)}")
        return [_explained(connection, Layout(root), row) for row in found]


def _explained(connection: duckdb.DuckDBPyConnection, layout: Layout, row: tuple[Any, ...]) -> Explained:
    told = (read_source(layout, row[0]).annotation_path, _blocks(connection, layout, *row[:4]))
    return Explained(*(*row, *told))


def _blocks(
    connection: duckdb.DuckDBPyConnection, layout: Layout, genome: str, chrom: str, start: int | None, end: int | None
) -> tuple[str, ...]:
    if start is None or not layout.index.is_file():
        return ()
    found = connection.execute(_BLOCKS, {"genome": genome, "chrom": chrom, "first": start, "last": end}).fetchall()
    return tuple(f"{path}: [{first:,}, {last:,}) of the {split} split" for path, first, last, split in found)


def _near(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """Name the nearest transcript among those that begin alike."""
    alike = connection.execute(
        "select distinct transcript_id from transcripts order by jaro_winkler_similarity(transcript_id, $name) desc"
        " nulls last limit 20",
        {"name": name},
    ).fetchall()
    return nearest(name, [transcript for (transcript,) in alike if transcript])
