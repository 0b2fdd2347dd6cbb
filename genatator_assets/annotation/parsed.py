"""What is read of an annotation, before anything is selected: every transcript, and what could not be read."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.flavours import FlavourName, Marks, TranscriptType

_ROWS_PER_BATCH = 1_024

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


Row: TypeAlias = tuple[
    str | None,  # seqid
    int | None,  # start
    int | None,  # end
    str | None,  # strand
    str | None,  # transcript_id
    str | None,  # gene_id
    str | None,  # row_id
    TranscriptType | None,  # type; None is for its CDS rows to tell
    str | None,  # biotype
    str | None,  # malformed
    int,  # source_line
    bytes,  # column 9, in which its marks stand
]
"""A transcript's values, as in PARSED_SCHEMA. A named tuple takes ten times as long to make, and there are many."""

_ROW_COLUMNS: tuple[str, ...] = (
    *("seqid", "start", "end", "strand", "transcript_id", "gene_id", "row_id", "type", "biotype"),
    *("malformed", "source_line", "text"),
)


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


def batches(rows: Iterable[Row], marks: Marks) -> Iterator[pa.RecordBatch]:
    """Turn rows into Arrow batches as they come, so that a file's transcripts never are Python objects all at once."""
    iterator = iter(rows)
    while batch := list(islice(iterator, _ROWS_PER_BATCH)):
        yield _batch(batch, marks)


def _batch(rows: list[Row], marks: Marks) -> pa.RecordBatch:
    columns: dict[str, Any] = dict(zip(_ROW_COLUMNS, zip(*rows, strict=True), strict=True))
    texts = pa.array(columns.pop("text"), pa.binary())
    columns |= {mark: _has_any(texts, words) for mark, words in marks}
    return pa.RecordBatch.from_arrays(
        [pa.array(columns[field.name], field.type) for field in PARSED_SCHEMA], schema=PARSED_SCHEMA
    )


def _has_any(texts: pa.BinaryArray, words: tuple[str, ...]) -> pa.BooleanArray:
    """Return which texts hold one of the words. A search for each is quicker than one for all of them."""
    return reduce(pc.or_, [pc.match_substring_regex(texts, pattern=re.escape(word)) for word in words])
