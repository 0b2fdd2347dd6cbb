"""What a picture and a page of a locus show alike: which transcripts, and the words and colours of everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.explained import sharing_tss
from genatator_assets.annotation.gff3 import coding_pieces

if TYPE_CHECKING:
    from genatator_assets.reading.window import Interval

TYPES = {"mRNA": "#2f6db5", "lncRNA": "#d9821a", "other": "#8f8f8f"}
REASONS = {
    **{"other_type": TYPES["other"], "pseudo": "#a8749b", "duplicate": "#b59a3c", "partial": "#4f9ca3"},
    **{"trans_spliced": "#cf5a78", "inconsistent_parts": "#96694c", "out_of_bounds": "#d2613a", "no_strand": "#5b6470"},
}
KINDS = {"tss": ("TSS", "#1c8a63"), "polya": ("polyA", "#c23b3b"), "intragenic": ("intragenic", "#6a5fb0")}
GROUPED = {"selected": True, "rejected": False}
GROUPS = {"combined": "all isoforms", "mrna": "mRNA only"}

Line: TypeAlias = tuple[str, str]
"""A line of text, and its colour."""

Row: TypeAlias = dict[str, Any]
"""A transcript, with the columns of `annotation.select.SCHEMA` and what `transcripts_at` adds."""


def transcripts_at(transcripts: pa.Table, exons: pa.Table, interval: Interval) -> dict[str, list[Row]]:
    """Return the `selected` and the `rejected` transcripts that overlap an interval, in stacking order.

    transcripts: `annotation.select.SCHEMA`; exons: `annotation.parsed.EXONS_SCHEMA`. A row has its `exons` and `coding`
    pieces, too: ascending stretches [start, end), 0-based half-open; its exons' rows as `parts`; its
    `number` in the table; and `shares_tss`.
    """
    overlap = pc.and_(pc.less(transcripts["start"], interval.end), pc.greater(transcripts["end"], interval.start))
    places = pc.indices_nonzero(pc.fill_null(pc.and_(pc.equal(transcripts["chrom"], interval.chrom), overlap), False))
    own = exons.filter(pc.is_in(exons["transcript"], places.cast(pa.int32()))).to_pylist()
    parts: dict[int, list[Row]] = {place: [] for place in places.to_pylist()}
    for exon in sorted(own, key=lambda exon: int(exon["start"])):
        parts[exon["transcript"]].append(exon)
    sharing = sharing_tss(transcripts)
    rows = [
        row
        | {"number": place, "parts": of, "shares_tss": bool(sharing[place])}
        | {"exons": [(exon["start"], exon["end"]) for exon in of]}
        | {"coding": [piece[:2] for exon in of for piece in coding_pieces(exon, row["strand"])]}
        for row, (place, of) in zip(transcripts.take(places).to_pylist(), parts.items(), strict=True)
    ]
    rows.sort(key=lambda row: (row["start"], -row["end"], row["transcript_id"]))
    return {name: [row for row in rows if row["selected"] is wanted] for name, wanted in GROUPED.items()}


def genes_of(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Group transcripts by gene and strand, each with the name that people know it by, in the order given."""
    genes: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        genes.setdefault((row["gene_id"] or row["transcript_id"], row["strand"]), []).append(row)
    return [(own[0]["gene_name"] or gene, own) for (gene, _), own in genes.items()]


def colour_of(row: Row) -> str:
    """Return the colour of a transcript: that of its type if it is selected, else that of its reason."""
    return TYPES[row["type"]] if row["selected"] else REASONS.get(row["reason"], TYPES["other"])


def counted(rows: Sequence[Row]) -> list[Line]:
    """Count the types of selected transcripts, or the reasons of rejected ones, the most frequent first.

    >>> counted([{"selected": False, "type": "other", "reason": "other_type"}])
    [('1 other type', '#8f8f8f')]
    """
    counts = Counter((row["type"] if row["selected"] else in_words(row), colour_of(row)) for row in rows)
    return [(f"{count:,} {said}", colour) for (said, colour), count in counts.most_common()]


def in_words(row: Row) -> str:
    """Return the reason for which a transcript is rejected, as words."""
    return str(row["reason"]).replace("_", " ")
