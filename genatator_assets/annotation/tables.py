"""Tables with a row for each transcript: BED12, and genePred, refFlat, refGene and bigGenePred of UCSC."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from genatator_assets.annotation.flavours import TranscriptType
from genatator_assets.annotation.lines import COMMENT
from genatator_assets.annotation.parsed import Row
from genatator_assets.annotation.tally import MOST_DIGITS, MalformedRowError, Tally

_HEADERS = (b"track", b"browser")
_STRANDS = (b"+", b"-", b".")


@dataclass(frozen=True)
class Table:
    """A format: the number of its columns and the places of some, counted from 0.

    `start` and `coding` are the starts (0-based) of the transcript and its coding sequence; their ends stand behind.
    """

    name: str
    columns: int
    chrom: int
    strand: int
    start: int
    coding: int
    transcript: int
    gene: int | None = None

    def fits(self, columns: list[bytes]) -> bool:
        """Return whether a row may be of this format."""
        if len(columns) != self.columns or columns[self.strand] not in _STRANDS:
            return False
        numbers = columns[self.start : self.start + 2] + columns[self.coding : self.coding + 2]
        return all(number.isdigit() and len(number) <= MOST_DIGITS for number in numbers)


_TABLES = (
    Table("BED12", 12, chrom=0, strand=5, start=1, coding=6, transcript=3),
    Table("bigGenePred", 20, chrom=0, strand=5, start=1, coding=6, transcript=3, gene=17),
    Table("genePred", 10, chrom=1, strand=2, start=3, coding=5, transcript=0),
    Table("refFlat", 11, chrom=2, strand=3, start=4, coding=6, transcript=1, gene=0),
    Table("genePredExt", 15, chrom=1, strand=2, start=3, coding=5, transcript=0, gene=11),
    Table("refGene", 16, chrom=2, strand=3, start=4, coding=6, transcript=1, gene=12),
)


def table_of(lines: Iterable[bytes]) -> Table | None:
    """Return the format that the first row of a file fits, None where it is none of these."""
    first = next(filter(None, map(_columns, lines)), [])
    return next((table for table in _TABLES if table.fits(first)), None)


def transcripts_from_table(lines: Iterable[bytes], table: Table, tally: Tally) -> Iterator[Row]:
    """Return the transcript of each row: an mRNA where it has a coding sequence, which then starts before its end."""
    for number, line in enumerate(lines, 1):
        if columns := _columns(line):
            tally.counts[table.name.encode()] += 1
            try:
                yield _row(number, columns, table)
            except MalformedRowError as error:
                tally.note_malformed(number, line, str(error))
                yield (None, None, None, None, None, None, None, "other", None, str(error), number, b"")


def _columns(line: bytes) -> list[bytes]:
    """Return the columns of a row, and none of a line that is no row."""
    if not line.strip() or line[0] == COMMENT or line.startswith(_HEADERS):
        return []
    return line.rstrip(b"\r\n").split(b"\t")


def _row(number: int, columns: list[bytes], table: Table) -> Row:
    """Rows have no IDs, and one transcript may lie at several places: the line's number is a part of row_id."""
    if not table.fits(columns):
        raise MalformedRowError(f"found {len(columns)} columns that don't fit {table.name}, which has {table.columns}")
    start, end = map(int, columns[table.start : table.start + 2])
    first, last = map(int, columns[table.coding : table.coding + 2])
    if start >= end:
        raise MalformedRowError(f"found start {start} and end {end}, expected start < end")
    told = [column.decode("utf-8", "replace") for column in columns]
    chrom, strand, name = told[table.chrom], told[table.strand], told[table.transcript]
    gene = None if table.gene is None else told[table.gene]
    kind: TranscriptType = "mRNA" if first < last else "other"
    return (chrom, start, end, strand, name, gene, f"{name}:{number}", kind, None, None, number, b"")
