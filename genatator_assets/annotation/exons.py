"""Transcripts put together from their exons and coding sequences, where a GTF file has no rows of transcripts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from genatator_assets.annotation.flavours import Flavour, feature_types
from genatator_assets.annotation.lines import COLUMNS, COMMENT, END_OF_ROWS
from genatator_assets.annotation.parsed import Row
from genatator_assets.annotation.tally import MalformedRowError, Tally, interval


@dataclass(frozen=True)
class _Part:
    """A row of type exon or CDS; start and end are 0-based half-open."""

    seqid: str
    strand: str
    start: int
    end: int
    transcript_id: str
    gene_id: str | None
    biotype: str | None
    coding: bool
    source_line: int
    text: bytes


@dataclass
class _Growing:
    first: _Part
    start: int
    end: int
    coding: bool


def transcripts_from_parts(lines: Iterable[bytes], flavour: Flavour, tally: Tally) -> Iterator[Row]:
    """Return a transcript for each sequence, strand and transcript_id, from the start of its first to the end of its
    last part; its source_line is that of the part that came first."""
    growing: dict[tuple[str, str, str], _Growing] = {}
    for part in _parts(lines, flavour, tally):
        key = part.seqid, part.strand, part.transcript_id
        if known := growing.get(key):
            known.start, known.end = min(known.start, part.start), max(known.end, part.end)
            known.coding |= part.coding
        else:
            growing[key] = _Growing(part, part.start, part.end, part.coding)
    for transcript in growing.values():
        yield _row(transcript, flavour)


def _parts(lines: Iterable[bytes], flavour: Flavour, tally: Tally) -> Iterator[_Part]:
    features, attributes = feature_types(), tally.attributes
    is_coding = {name.encode(): name in features.cds for name in (*features.exon, *features.cds)}
    transcript_id = attributes.openings(flavour.transcript_id)
    gene_id, biotype = attributes.openings(flavour.gene_id), attributes.openings(flavour.biotype)
    for number, line in enumerate(lines, 1):
        columns = line.split(b"\t")
        try:
            if len(columns) != COLUMNS or line[0] == COMMENT:
                if line.startswith(END_OF_ROWS):
                    return
                if not tally.is_row(line, columns):
                    continue
            seqid, source, feature, first, last, _, strand, _, text, *_ = columns
            tally.counts[feature] += 1
            if feature not in is_coding or not (name := attributes.first(text, transcript_id)):
                continue
            start, end = interval(first, last)
        except MalformedRowError as error:
            tally.note_malformed(number, line, str(error))
            continue
        yield _Part(
            seqid=attributes.plain(seqid),
            strand=attributes.plain(strand),
            start=start,
            end=end,
            transcript_id=name,
            gene_id=attributes.first(text, gene_id),
            biotype=attributes.first(text, biotype) or flavour.biotype_in(attributes.plain(source)),
            coding=is_coding[feature],
            source_line=number,
            text=text,
        )


def _row(transcript: _Growing, flavour: Flavour) -> Row:
    first = transcript.first
    told = flavour.type_of("transcript", first.biotype)
    return (
        first.seqid,
        transcript.start,
        transcript.end,
        first.strand,
        first.transcript_id,
        first.gene_id,
        first.transcript_id,
        told or (flavour.coding if transcript.coding else "other"),
        first.biotype,
        None,
        first.source_line,
        first.text,
    )
