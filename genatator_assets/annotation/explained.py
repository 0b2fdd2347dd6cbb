"""What became of a transcript, in words: selected or not and why, and what its annotation says of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.flavours import words
from genatator_assets.annotation.gff3 import coding_pieces
from genatator_assets.annotation.select import MEANINGS, Reason
from genatator_assets.annotation.transcripts import read_summary
from genatator_assets.sources.assembly import read_source
from genatator_assets.work.layout import Layout

_MOST_SHOWN = 12

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


@dataclass(frozen=True)
class Known:
    """What is known of an annotation: its path, and the words that made transcripts lncRNA, if anybody knows."""

    annotation: str = "its annotation"
    lncrna_words: tuple[str, ...] | None = None

    @classmethod
    def of(cls, layout: Layout, genome: str) -> Self:
        """Read it; of a release there may be nothing."""
        if not layout.annotation_summary(genome).is_file():
            return cls()
        known = layout.source(genome).is_file()
        path = str(read_source(layout, genome).inputs["annotation"].path) if known else "its annotation"
        return cls(path, tuple(read_summary(layout, genome).types["lncRNA"]))


def sharing_tss(transcripts: pa.Table) -> np.ndarray:
    """Return of each row of `annotation.select.SCHEMA` whether it is selected and another one begins at its base."""
    edges = pc.if_else(pc.equal(transcripts["strand"], "+"), transcripts["start"], transcripts["end"])
    rows = pa.array(np.arange(len(transcripts)))
    places = pa.table([transcripts["chrom"], transcripts["strand"], edges, rows], ["chrom", "strand", "edge", "row"])
    groups = places.filter(transcripts["selected"]).group_by(["chrom", "strand", "edge"]).aggregate([("row", "list")])
    shared = groups["row_list"].filter(pc.greater(pc.list_value_length(groups["row_list"]), 1))
    shares = np.zeros(len(transcripts), bool)
    shares[pc.list_flatten(shared).to_numpy()] = True
    return shares


def explained(
    row: dict[str, Any],
    exons: Sequence[dict[str, Any]],
    known: Known,
    *,
    chrom_length: int | None,
    shares_tss: bool = False,
    blocks: tuple[str, ...] = (),
) -> Explained:
    """Return what is to be said of a transcript (`annotation.select.SCHEMA`) and its exons (`EXONS_SCHEMA`)."""
    own = sorted(exons, key=lambda one: int(one["start"]))
    return Explained(
        **{name: row[name] for name in _AS_THEY_ARE},
        chrom_length=chrom_length,
        shares_tss=shares_tss,
        annotation=known.annotation,
        blocks=blocks,
        exons=tuple((one["start"], one["end"]) for one in own),
        coding=tuple(piece for one in own for piece in coding_pieces(one, row["strand"])),
        letting_in=_letting_in(row, known.lncrna_words) if known.lncrna_words is not None else None,
    )


_AS_THEY_ARE = (
    *("genome", "chrom", "start", "end", "strand", "transcript_id", "gene_id", "type", "biotype", "reason"),
    *("malformed", "source_line", "seqid", "gene_name", "row_type", "gene_biotype", "type_from"),
)


def _letting_in(row: dict[str, Any], lncrna_words: Sequence[str]) -> str | None:
    """Return the key of a catalogue with which a transcript of type `other` counts as lncRNA."""
    word = {"biotype": row["biotype"], "gene_biotype": row["gene_biotype"], "ncrna_class": None}.get(
        row["type_from"], row["row_type"]
    )
    if row["reason"] != "other_type" or not word:
        return None
    usual = words().listed()["lncRNA"]
    as_usual = set(usual) <= set(lncrna_words)
    kept = ["usual", *(one for one in lncrna_words if one not in usual)] if as_usual else lncrna_words
    return f"annotation: {{types: {{lncRNA: [{', '.join([*kept, word])}]}}}}"


def _counted(what: str, stretches: Sequence[Stretch], remarks: Sequence[str] = ()) -> str:
    count, total = len(stretches), sum(end - start for start, end in stretches)
    remarks = remarks or [""] * count
    shown = [
        f"{start + 1:,}-{end:,}{remark}" for (start, end), remark in zip(stretches[:_MOST_SHOWN], remarks, strict=False)
    ]
    more = f", ... ({count - _MOST_SHOWN:,} more)" if count > _MOST_SHOWN else ""
    return f"{count:,} {what}{'' if count == 1 else 's'} of {total:,} bp: {', '.join(shown)}{more}"
