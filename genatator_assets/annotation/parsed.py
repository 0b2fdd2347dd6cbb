"""What is read of an annotation, before anything is selected: every transcript, and what could not be read."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa

from genatator_assets.annotation.flavours import FlavourName, TranscriptType

_ROWS_PER_BATCH = 2_048

PARSED_SCHEMA = pa.schema(
    [
        ("seqid", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("strand", pa.string()),
        ("transcript_id", pa.string()),
        ("gene_id", pa.string()),
        ("row_id", pa.string()),
        ("type", pa.string()),
        ("biotype", pa.string()),
        ("pseudo", pa.bool_()),
        ("trans_spliced", pa.bool_()),
        ("partial", pa.bool_()),
        ("malformed", pa.string()),
        ("source_line", pa.int64()),
    ]
)
"""What is read of a transcript: `seqid` is the annotation's own name of the sequence; start and end are 0-based
half-open; `row_id` is the row's own ID in GFF3, and transcript_id in GTF; `malformed` says what is wrong with a row
that can't be read, which has neither start nor end then; source_line counts from 1."""


class Row(NamedTuple):
    """A transcript, as in PARSED_SCHEMA; `type` None is for its CDS rows to tell."""

    seqid: str | None
    start: int | None
    end: int | None
    strand: str | None
    transcript_id: str | None
    gene_id: str | None
    row_id: str | None
    type: TranscriptType | None
    biotype: str | None
    pseudo: bool
    trans_spliced: bool
    partial: bool
    malformed: str | None
    source_line: int


@dataclass(frozen=True)
class MalformedLine:
    """A line that can't be read: its number, counted from 1, why, and its text, cut where it is long."""

    line: int
    why: str
    text: str


@dataclass(frozen=True)
class ParsedAnnotation:
    """The transcripts of a file (PARSED_SCHEMA), its flavour, and how many rows of each type it has.

    `malformed` counts the lines that can't be read; `malformed_lines` are the first of them. `regions` are the lengths
    in bp that `##sequence-region` lines state, by name.
    """

    transcripts: pa.Table
    flavour: FlavourName
    feature_counts: Mapping[str, int]
    malformed: int
    malformed_lines: tuple[MalformedLine, ...]
    regions: Mapping[str, int]


def batches(rows: Iterable[Row]) -> Iterator[pa.RecordBatch]:
    """Turn rows into Arrow batches as they come, so that a file's transcripts never are Python objects all at once."""
    waiting: list[Row] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == _ROWS_PER_BATCH:
            yield _batch(waiting)
            waiting = []
    if waiting:
        yield _batch(waiting)


def _batch(rows: list[Row]) -> pa.RecordBatch:
    arrays = [
        pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), PARSED_SCHEMA, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=PARSED_SCHEMA)
