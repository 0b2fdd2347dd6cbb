"""What became of a transcript: selected or not and why, where it stands in the annotation, where it lies in blocks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.gff3 import coding_pieces
from genatator_assets.annotation.lookup import looks_like_place, names_near, no_such, place_of, rows_named
from genatator_assets.annotation.select import MEANINGS, Reason
from genatator_assets.annotation.transcripts import read_exons, read_summary, read_transcripts
from genatator_assets.errors import QueryError, ReadingError
from genatator_assets.query.connect import ask, connect
from genatator_assets.sources.assembly import read_source
from genatator_assets.sources.chromosomes import Chromosome, read_chromosomes
from genatator_assets.work.files import plain_name
from genatator_assets.work.layout import Layout

_MOST_SHOWN = 12
_BLOCKS = """
select path, start, "end", split from blocks
where genome = $genome and chrom = $chrom and start < $last and "end" > $first order by start
"""


Stretch = tuple[int, int]
"""Start and end, 0-based half-open."""


@dataclass(frozen=True)
class Explained:
    """One transcript of one genome; start and end are 0-based half-open, None where its line can't be read.

    `exons` are stretches [start, end), `coding` those of its coding sequence with their phases, stop codon included.
    `letting_in` is the line of a catalogue that would make one of type `other` count.
    """

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
    gene_name: str | None = None
    row_type: str | None = None
    gene_biotype: str | None = None
    type_from: str = "biotype"
    exons: tuple[Stretch, ...] = ()
    coding: tuple[tuple[int, int, int], ...] = ()
    letting_in: str | None = None

    def lines(self) -> list[str]:
        """Describe it in words, the first line being the title."""
        biotype = f", biotype {self.biotype}" if self.biotype else ""
        known_as = f" ({self.gene_name})" if self.gene_name and self.gene_name != self.gene_id else ""
        gene = f" of gene {self.gene_id}{known_as}" if self.gene_id else known_as
        return [
            f"{self.transcript_id or 'a transcript without an id'}{gene}, {self.genome}",
            f"{'selected' if self.reason == 'selected' else f'not selected ({self.reason})'}:"
            f" {MEANINGS[self.reason]}{self._evidence()}",
            f"read as {self.type}{biotype} from line {self.source_line:,} of {self.annotation}",
            *self._other(),
            *self._place(),
            *self._model(),
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
                called = self.chrom if self.chrom in {None, self.seqid} else f"{self.chrom}, there {self.seqid}"
                return f": {called or self.seqid}"
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
        if self.strand not in {"+", "-"} or self.reason != "selected":
            return [place]  # it has no sites in the targets
        tss, polya = (self.start, self.end - 1) if self.strand == "+" else (self.end - 1, self.start)
        shared = ", shared with other selected transcripts" if self.shares_tss else ""
        return [place, f"TSS at {tss:,}{shared}; polyA at {polya:,} (0-based)"]

    def _other(self) -> list[str]:
        """Say by what it is of type other, and what would let it in."""
        if self.reason != "other_type":
            return []
        words = {"column 3": self.row_type, "biotype": self.biotype, "gene's biotype": self.gene_biotype}
        found = ", ".join(f"{what} {word}" for what, word in words.items() if word)
        decided = {"none": "nothing says what it is", "column_3": "column 3 decided", "cds": "its CDS decided"}.get(
            self.type_from, f"its {self.type_from.replace('_', ' ')} decided"
        )
        lines = [f"its row has {found}; {decided}" if found else decided]
        return [*lines, f"to let it in, in the catalogue: {self.letting_in}"] if self.letting_in else lines

    def _model(self) -> list[str]:
        """Describe its exons, introns and coding sequence, counted from 1 with both ends inside."""
        if not self.exons:
            return [] if self.start is None else ["the annotation has no exons of it"]
        introns = [(one[1], other[0]) for one, other in zip(self.exons, self.exons[1:], strict=False)]
        lines = [_counted("exon", self.exons)]
        if introns:
            lines.append(_counted("intron", introns))
        if self.coding:
            phases = [f" (phase {phase})" for *_, phase in self.coding]
            lines.append(_counted("CDS piece", [(start, end) for start, end, _ in self.coding], phases))
        return lines


def _counted(what: str, stretches: Sequence[Stretch], remarks: Sequence[str] = ()) -> str:
    count, total = len(stretches), sum(end - start for start, end in stretches)
    remarks = remarks or [""] * count
    shown = [
        f"{start + 1:,}-{end:,}{remark}" for (start, end), remark in zip(stretches[:_MOST_SHOWN], remarks, strict=False)
    ]
    more = f", ... ({count - _MOST_SHOWN:,} more)" if count > _MOST_SHOWN else ""
    return f"{count:,} {what}{'' if count == 1 else 's'} of {total:,} bp: {', '.join(shown)}{more}"


def explain(root: Path, name: str) -> list[Explained]:
    """Explain every transcript of the dataset at `root` that goes by `name`, or that lies at a place.

    `name`: a transcript's id or its row's ID in GFF3, a gene's id or name; with or without prefix and version, in any
    letter case. A place is written in any of the forms of `annotation.lookup.place_of`.

    Raises:
        DatasetError: there is no dataset at `root`.
        QueryError: nothing goes by that name; the nearest ones are named.
    """
    with connect(root) as connection:
        ask(connection, "select 1 from transcripts limit 1")  # says so, where no annotation has been read
        layout = Layout(root)
        folders = sorted(
            folder for folder in layout.annotations.iterdir() if (folder / "transcripts.parquet").is_file()
        )
        genomes = [plain_name(folder.name) for folder in folders]
        return [
            one
            for genome, table, rows in _found(layout, genomes, name)
            for one in _explained(connection, layout, genome, table, rows)
        ]


def _found(layout: Layout, genomes: Sequence[str], name: str) -> list[tuple[str, pa.Table, np.ndarray]]:
    """Return the rows that are meant, by genome."""
    tables = {genome: read_transcripts(layout, genome) for genome in genomes}
    own, _, rest = name.partition(":")
    named = {own: tables[own]} if rest and own in tables else tables
    for said, within in ((name, tables), (rest, named)):
        found = [(genome, table, rows_named(table, said)) for genome, table in within.items() if said]
        if any(len(rows) for *_, rows in found):
            return [one for one in found if len(one[2])]
    chromosomes = [one for genome in genomes for one in _chromosomes(layout, genome)]
    try:
        place = place_of(name, chromosomes)
    except ReadingError as error:
        raise QueryError(str(error)) from error
    if place:
        table = tables[place.genome]
        here = pc.and_(pc.less(table["start"], place.end), pc.greater(table["end"], place.start))
        rows = np.flatnonzero(pc.fill_null(pc.and_(here, pc.equal(table["chrom"], place.chrom)), False).to_numpy())
        if len(rows):
            return [(place.genome, table, rows)]
        raise QueryError(f"no transcript of {place.genome} lies at {name!r}{_left_out(chromosomes, place.chrom)}")
    near = [] if looks_like_place(name) else names_near(tables.values(), name)
    raise QueryError(no_such(name, f"no transcript, gene or place of {layout.root}", near))


def _chromosomes(layout: Layout, genome: str) -> list[Chromosome]:
    path = layout.chromosomes(genome)
    return read_chromosomes(path) if path.is_file() else []


def _left_out(chromosomes: Iterable[Chromosome], chrom: str) -> str:
    reasons = [one.reason for one in chromosomes if one.chrom == chrom and one.reason]
    return f", whose sequence is left out ({reasons[0].replace('_', ' ')})" if reasons else ""


def _explained(
    connection: duckdb.DuckDBPyConnection, layout: Layout, genome: str, table: pa.Table, rows: np.ndarray
) -> list[Explained]:
    lengths = {one.chrom: one.length for one in _chromosomes(layout, genome)}
    annotation = str(read_source(layout, genome).inputs["annotation"].path)
    exons = read_exons(layout, genome)
    exons = exons.filter(pc.is_in(exons["transcript"], pa.array(rows, pa.int32()))).to_pylist()
    told = []
    for place, row in zip(rows.tolist(), table.take(pa.array(rows)).to_pylist(), strict=True):
        own = sorted((one for one in exons if one["transcript"] == place), key=lambda one: int(one["start"]))
        told.append(
            Explained(
                **{name: row[name] for name in _AS_THEY_ARE},
                chrom_length=lengths.get(row["chrom"]),
                shares_tss=_shares_tss(table, place, row),
                annotation=annotation,
                blocks=_blocks(connection, layout, genome, row["chrom"], row["start"], row["end"]),
                exons=tuple((one["start"], one["end"]) for one in own),
                coding=tuple(piece for one in own for piece in coding_pieces(one, row["strand"])),
                letting_in=_letting_in(layout, genome, row),
            )
        )
    return told


_AS_THEY_ARE = (
    *("genome", "chrom", "start", "end", "strand", "transcript_id", "gene_id", "type", "biotype", "reason"),
    *("malformed", "source_line", "seqid", "gene_name", "row_type", "gene_biotype", "type_from"),
)


def _shares_tss(table: pa.Table, place: int, row: dict[str, Any]) -> bool:
    """Return whether another selected transcript begins at the same base."""
    if not row["selected"]:
        return False
    edge = "start" if row["strand"] == "+" else "end"
    same = table["selected"]
    for column in ("chrom", "strand", edge):
        same = pc.and_(same, pc.equal(table[column], row[column]))
    return any(other != place for other in pc.indices_nonzero(pc.fill_null(same, False)).to_pylist())


def _letting_in(layout: Layout, genome: str, row: dict[str, Any]) -> str | None:
    """Return the key of a catalogue with which a transcript of type `other` counts as lncRNA."""
    word = {"biotype": row["biotype"], "gene_biotype": row["gene_biotype"], "ncrna_class": None}.get(
        row["type_from"], row["row_type"]
    )
    if row["reason"] != "other_type" or not word or not layout.annotation_summary(genome).is_file():
        return None
    usual = read_summary(layout, genome).types["lncRNA"]
    return f"annotation: {{types: {{lncRNA: [{', '.join(dict.fromkeys([word, *usual]))}]}}}}"


def _blocks(
    connection: duckdb.DuckDBPyConnection, layout: Layout, genome: str, chrom: str, start: int | None, end: int | None
) -> tuple[str, ...]:
    if start is None or not layout.index.is_file():
        return ()
    found = connection.execute(_BLOCKS, {"genome": genome, "chrom": chrom, "first": start, "last": end}).fetchall()
    return tuple(f"{path}: [{first:,}, {last:,}) of the {split} split" for path, first, last, split in found)
