"""What is read of an annotation, before anything is selected: every transcript and its exons, and what could not be
read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from genatator_assets.annotation.flavours import FlavourName

PARSED_SCHEMA = pa.schema(
    [
        ("seqid", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("strand", pa.string()),
        ("transcript_id", pa.string()),
        ("gene_id", pa.string()),
        ("gene_name", pa.string()),
        ("row_id", pa.string()),
        ("row_type", pa.string()),
        ("source", pa.string()),
        ("type", pa.string()),
        ("type_from", pa.string()),
        ("biotype", pa.string()),
        ("gene_biotype", pa.string()),
        ("tags", pa.list_(pa.string())),
        ("pseudo", pa.bool_()),
        ("trans_spliced", pa.bool_()),
        ("partial", pa.bool_()),
        ("malformed", pa.string()),
        ("assembled_from", pa.string()),
        ("source_line", pa.int64()),
        ("exons", pa.int32()),
        ("exonic_bp", pa.int32()),
        ("coding_bp", pa.int32()),
        ("cds_complete_5", pa.bool_()),
        ("cds_complete_3", pa.bool_()),
        ("exons_from_parts", pa.bool_()),
        ("fault", pa.string()),
    ]
)
"""What is read of a transcript: `seqid` is the annotation's own name of the sequence; start and end are 0-based
half-open; `row_id` is the row's own ID in GFF3, and transcript_id in GTF; `row_type` and `source` are columns 3 and 2;
`type_from` says what `type` follows from; `biotype` is its own or else its gene's; `malformed` says what is wrong with
a row that can't be read, which has neither start nor end then; `assembled_from` is `parts` where there is no row;
source_line counts from 1. exonic_bp and coding_bp are bases of exons and of coding sequence in them, and where there is
some, cds_complete_5 and cds_complete_3 say whether the annotation has its beginning and its end; `exons_from_parts` is
whether there are no exon rows, so that exons are the coding sequence and UTRs; `fault` is what contradicts itself
(FAULTS).
"""

FAULTS = ("inconsistent_parts", "cds_outside_exons", "exon_outside_transcript")
"""The faults of transcripts, the first counts: a part on the other strand or wholly outside; coding sequence that is in
no exon; an exon that reaches out."""

EXONS_SCHEMA = pa.schema(
    [
        ("transcript", pa.int32()),
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("cds_start", pa.int32()),
        ("cds_end", pa.int32()),
        ("phase", pa.int8()),
        ("cds_gaps", pa.list_(pa.int32())),
    ]
)
"""A row per exon: the transcript's place in the table of transcripts (from 0); [start, end), 0-based half-open, exons
that overlap or touch being one; the least and the greatest end of its coding part, and its phase: how many bases at its
beginning (in the direction of transcription) belong to a codon that began before. Null where nothing is coding.
`cds_gaps` is null but where the coding part is not all of [cds_start, cds_end): pairs of the end of a piece and the
start of the next, which is greater where bases are left out (a second reading frame, +1 slippage) and less where they
are read twice (-1 slippage)."""


RAW_SCHEMA = pa.schema(
    [
        *(PARSED_SCHEMA.field(name) for name in ("seqid", "start", "end", "strand", "transcript_id", "gene_id")),
        *(PARSED_SCHEMA.field(name) for name in ("gene_name", "row_id", "row_type", "source", "biotype")),
        pa.field("ncrna_class", pa.string()),
        pa.field("gene_biotype", pa.string()),
        pa.field("genes", pa.string()),
        *(PARSED_SCHEMA.field(name) for name in ("malformed", "source_line", "pseudo", "trans_spliced", "partial")),
        pa.field("misc_rna", pa.bool_()),
        pa.field("tags", pa.list_(pa.string())),
    ]
)
"""What is read of transcripts before their parts and genes are looked at: `biotype` is their own; `genes` are those of
which they are a part, as the rows of genes name themselves, with tabs between."""


@dataclass(frozen=True)
class MalformedLine:
    """A line that can't be read: its number, counted from 1, why, and its text, cut where it is long."""

    line: int
    why: str
    text: str


@dataclass(frozen=True)
class ParsedAnnotation:
    """The transcripts of a file (PARSED_SCHEMA), their exons (EXONS_SCHEMA), its flavour, and its rows of each type.

    `malformed` counts the lines that can't be read; `malformed_lines` are the first of them. `regions` are the lengths
    in bp that `##sequence-region` lines state, by name. `parts_of_others` counts parts of what is no transcript, by
    what they are and what they are part of; `doubtful` the transcripts of type `other` by biotypes, or classes of
    ncRNA, that sound like lncRNA.
    """

    transcripts: pa.Table
    flavour: FlavourName
    feature_counts: Mapping[str, int]
    malformed: int
    malformed_lines: tuple[MalformedLine, ...]
    regions: Mapping[str, int]
    exons: pa.Table = field(default_factory=EXONS_SCHEMA.empty_table)
    parts_of_others: Mapping[str, int] = field(default_factory=dict)
    doubtful: Mapping[str, int] = field(default_factory=dict)
