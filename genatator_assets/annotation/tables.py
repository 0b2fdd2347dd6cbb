"""Tables with a row for each transcript: BED12, and UCSC's genePred, refFlat, refGene, knownGene and bigGenePred."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from genatator_assets.annotation.flavours import Words
from genatator_assets.annotation.lines import COMMENT, Piece
from genatator_assets.annotation.parsed import RAW_SCHEMA
from genatator_assets.annotation.parts import CDS, EXON, MOST_BP, NO_PHASE, OPEN_LEFT, OPEN_RIGHT, PART, Parts
from genatator_assets.annotation.tally import MOST_DIGITS, MalformedRowError, Tally

_HEADERS = (b"track", b"browser")
_STRANDS = {b"+": 1, b"-": -1, b".": 0}
_STATUS = (b"none", b"unk", b"incmpl", b"cmpl")
_INCOMPLETE = b"incmpl"
_ROWS_PER_BATCH = 1_024


@dataclass(frozen=True)
class Table:
    """A format: the number of its columns and the places of some, counted from 0.

    `start` and `coding` are the starts (0-based) of the transcript and its coding sequence; their ends stand behind.
    `blocks` is the number of exons; behind it stand their lengths and starts in it or, where `absolute`, their starts
    and ends. `status` is whether the coding sequence is complete at its least base; behind it stand its greatest, and
    the frames of exons. `more`: other columns may follow.
    """

    name: str
    columns: int
    chrom: int
    strand: int
    start: int
    coding: int
    transcript: int
    blocks: int
    gene: int | None = None
    gene_name: int | None = None
    status: int | None = None
    kind: int | None = None
    absolute: bool = True
    more: bool = False
    bin: bool = False

    def fits(self, columns: list[bytes]) -> bool:
        """Return whether a row may be of this format."""
        if len(columns) < self.columns or (len(columns) > self.columns and not self.more):
            return False
        if columns[self.strand] not in _STRANDS or (self.bin and not columns[0].isdigit()):
            return False
        if self.status is not None and columns[self.status] not in _STATUS:
            return False
        numbers = [columns[self.blocks], *columns[self.start : self.start + 2], *columns[self.coding : self.coding + 2]]
        return all(number.isdigit() and len(number) <= MOST_DIGITS for number in numbers)


def _bed(name: str, columns: int, **more: int) -> Table:
    """Return a format of BED: other columns may follow."""
    table = Table(
        name, columns, chrom=0, strand=5, start=1, coding=6, transcript=3, blocks=9, absolute=False, more=True
    )
    return replace(table, **more)  # type: ignore[arg-type]


_TABLES = (
    _bed("bigGenePred", 20, gene=17, gene_name=18, status=13, kind=16),
    _bed("BED12", 12),
    Table("genePred", 10, chrom=1, strand=2, start=3, coding=5, transcript=0, blocks=7),
    Table("genePred with bin", 11, chrom=2, strand=3, start=4, coding=6, transcript=1, blocks=8, bin=True),
    Table("refFlat", 11, chrom=2, strand=3, start=4, coding=6, transcript=1, blocks=8, gene=0),
    Table("knownGene", 12, chrom=1, strand=2, start=3, coding=5, transcript=0, blocks=7),
    Table("genePredExt", 15, chrom=1, strand=2, start=3, coding=5, transcript=0, blocks=7, gene=11, status=12),
    Table("refGene", 16, chrom=2, strand=3, start=4, coding=6, transcript=1, blocks=8, gene=12, status=13, bin=True),
)


def table_of(lines: Iterable[bytes]) -> Table | None:
    """Return the format that the first row of a file fits, None where it is none of these."""
    first = next(filter(None, map(_columns, lines)), [])
    return next((table for table in _TABLES if table.fits(first)), None)


def read_table(pieces: Iterator[Piece], table: Table, tally: Tally, words: Words) -> tuple[pa.Table, dict[str, Parts]]:
    """Read the transcripts of a table (RAW_SCHEMA) and their parts by sequence: exons, and where there is coding
    sequence, their coding parts."""
    parts: dict[str, Parts] = {}
    rows: list[dict[str, object]] = []
    batches: list[pa.RecordBatch] = []
    for piece in pieces:
        for number, line in enumerate(piece.text[:-1].split(b"\n"), piece.number):
            if columns := _columns(line):
                tally.counts[table.name.encode()] += 1
                try:
                    row, own = _read(number, columns, table, words)
                    parts.setdefault(str(row["seqid"]), Parts()).add(own, pa.array([row["row_id"]], pa.string()))
                except MalformedRowError as error:
                    tally.note_malformed(number, line, str(error))
                    row = {"malformed": str(error), "source_line": number}
                rows.append(row)
        batches.append(_batch(rows))
        rows = []
    return pa.Table.from_batches(batches, RAW_SCHEMA), parts


def _batch(rows: list[dict[str, object]]) -> pa.RecordBatch:
    marks = {"pseudo": False, "trans_spliced": False, "partial": False, "misc_rna": False, "tags": []}
    return pa.RecordBatch.from_pylist([marks | row for row in rows], RAW_SCHEMA)


def _columns(line: bytes) -> list[bytes]:
    """Return the columns of a row, and none of a line that is no row."""
    if not line.strip() or line[0] == COMMENT or line.startswith(_HEADERS):
        return []
    return line.rstrip(b"\r\n").split(b"\t")


def _read(number: int, columns: list[bytes], table: Table, words: Words) -> tuple[dict[str, object], np.ndarray]:
    """Rows have no IDs, and one transcript may lie at several places: the line's number is a part of row_id."""
    if not table.fits(columns):
        expected = f"{table.columns}{' or more' * table.more}"
        raise MalformedRowError(f"found {len(columns)} columns that don't fit {table.name}, which has {expected}")
    start, end = map(int, columns[table.start : table.start + 2])
    if not start < end <= MOST_BP:
        raise MalformedRowError(f"found start {start} and end {end}, expected start < end, and end <= {MOST_BP:,}")
    told = [column.decode("utf-8", "replace") for column in columns]

    def of(column: int | None) -> str | None:
        return (told[column] or None) if column is not None else None

    kind = of(table.kind)
    row = {
        "seqid": told[table.chrom],
        "start": start,
        "end": end,
        "strand": told[table.strand],
        "transcript_id": told[table.transcript],
        "gene_id": of(table.gene),
        "gene_name": of(table.gene_name),
        "row_id": f"{told[table.transcript]}:{number}",
        "biotype": kind if kind is not None and words.biotype_in(kind) else None,
        "source_line": number,
    }
    return row, _parts(columns, table, start, end)


def _parts(columns: list[bytes], table: Table, start: int, end: int) -> np.ndarray:
    one, other = (_numbers(columns[table.blocks + place], columns[table.blocks]) for place in (1, 2))
    starts, ends = (one, other) if table.absolute else (start + other, start + other + one)
    if np.any(starts >= ends) or np.any(starts < start) or np.any(ends > end):
        raise MalformedRowError(f"found exons that don't lie in [{start}, {end}), expected exons within the transcript")
    strand = _STRANDS[columns[table.strand]]
    first, last = map(int, columns[table.coding : table.coding + 2])
    coding, coding_ends = np.maximum(starts, first), np.minimum(ends, last)
    coded = np.flatnonzero(coding < coding_ends)
    parts = np.zeros(len(starts) + len(coded), PART)
    parts["start"], parts["end"] = np.append(starts, coding[coded]), np.append(ends, coding_ends[coded])
    parts["kind"] = np.repeat([EXON, CDS], [len(starts), len(coded)])
    parts["strand"], parts["phase"] = strand, NO_PHASE
    if table.status is not None:
        frames = _numbers(columns[table.status + 2], columns[table.blocks])[coded]
        parts["phase"][len(starts) :] = np.where(frames >= 0, -frames % 3, NO_PHASE)
        for mark, status in ((OPEN_LEFT, table.status), (OPEN_RIGHT, table.status + 1)):
            if columns[status] == _INCOMPLETE:
                parts["marks"] |= mark
    return parts


def _numbers(text: bytes, count: bytes) -> np.ndarray:
    """Return the numbers of a list such as `10,60,`.

    Raises:
        MalformedRowError: they are not as many as they should be, or no numbers.
    """
    found = text.rstrip(b",").split(b",")
    try:
        numbers = np.array([int(one) for one in found], np.int64)
    except (ValueError, OverflowError):
        numbers = np.empty(0, np.int64)
    if len(numbers) != int(count):
        raise MalformedRowError(
            f"found {text[:60].decode('utf-8', 'backslashreplace')!r}, expected {int(count)} numbers"
        )
    return numbers
