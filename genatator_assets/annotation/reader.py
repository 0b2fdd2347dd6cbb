"""Read an annotation, GFF3, GTF or a table, into gene models: every transcript and its exons."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.attributes import Attributes
from genatator_assets.annotation.flavours import FlavourName, Words, detect_flavour, flavour_named, words
from genatator_assets.annotation.lines import COLUMNS, COMMENT, Piece, Places, first_lines, open_pieces, show
from genatator_assets.annotation.models import Assembled, assemble, gene_models
from genatator_assets.annotation.parsed import RAW_SCHEMA, ParsedAnnotation
from genatator_assets.annotation.parts import START, PartArray
from genatator_assets.annotation.rows import GENES, Kinds, OfParts, RowReader, Spelling
from genatator_assets.annotation.tables import Table, read_table, table_of
from genatator_assets.annotation.tally import SEQUENCE_REGION, Tally
from genatator_assets.catalogue.model import TypeRules
from genatator_assets.errors import AnnotationError

_SNIFFED_LINES = 2_000
_NAMES_OF_SEQUENCES = (SEQUENCE_REGION, b"##species")
_AT_ONCE = 10_000


def read_annotation(
    path: Path, flavour: FlavourName | None = None, types: TypeRules | None = None, max_malformed: float = 0.0
) -> ParsedAnnotation:
    """Read the gene models of a GFF3 or GTF file, or of a table as in `tables`; None detects the flavour.

    Malformed lines are counted and passed over as long as they are no greater share of all than `max_malformed`; a
    malformed transcript is a transcript all the same. In GTF, transcripts without a row of their own are put together
    from their parts.

    Raises:
        AnnotationError: the file is empty, truncated or binary, too many lines are malformed (the message names the
            first), or there are no transcripts.
    """
    head = first_lines(path, _SNIFFED_LINES, _NAMES_OF_SEQUENCES)
    own = words().with_types(types or TypeRules())
    if table := table_of(head):
        return _of_table(path, table, own, max_malformed)
    spelling, name = _spelling(path, head, flavour, own)
    reader = RowReader(spelling, Tally(path, spelling.attributes))
    gff3 = spelling.attributes.gff3
    with open_pieces(path) as pieces:
        raw = pa.Table.from_batches(reader.transcripts(pieces), RAW_SCHEMA)
    reader.tally.require_few_malformed(max_malformed)
    genes = pa.Table.from_batches(reader.genes, GENES)
    parents = {**reader.unknown, **dict.fromkeys(genes["key"].to_pylist(), "a gene")}
    assembled = assemble(raw, reader.parts, gff3, parents)
    raw, of_added = _from_first_parts(path, spelling, raw, assembled)
    if not len(raw) + len(of_added):
        raise AnnotationError(_no_transcripts(path, reader.tally.by_type()))
    models = gene_models(raw, assembled, of_added, genes, own, spelling.flavour.biotype_is_type)
    return ParsedAnnotation(
        transcripts=models.transcripts,
        flavour=name,
        feature_counts=reader.tally.by_type(),
        malformed=reader.tally.malformed,
        malformed_lines=tuple(reader.tally.first_malformed()),
        regions=reader.tally.regions,
        exons=models.exons,
        parts_of_others=assembled.others,
        doubtful=models.doubtful,
    )


def _of_table(path: Path, table: Table, own: Words, max_malformed: float) -> ParsedAnnotation:
    """Read a table with a row for each transcript."""
    tally = Tally(path, Attributes([]))
    with open_pieces(path) as pieces:
        raw, parts = read_table(pieces, table, tally, own)
    tally.require_few_malformed(max_malformed)
    if not len(raw):
        raise AnnotationError(_no_transcripts(path, tally.by_type()))
    assembled = assemble(raw, parts, True, {})
    models = gene_models(raw, assembled, RAW_SCHEMA.empty_table(), GENES.empty_table(), own, False)
    return ParsedAnnotation(
        transcripts=models.transcripts,
        flavour="generic",
        feature_counts=tally.by_type(),
        malformed=tally.malformed,
        malformed_lines=tuple(tally.first_malformed()),
        regions={},
        exons=models.exons,
    )


def _spelling(path: Path, head: list[bytes], flavour: FlavourName | None, own: Words) -> tuple[Spelling, FlavourName]:
    """Return how a file spells what it says, by its first lines."""
    told = [line for line in head if line.strip() and line[0] != COMMENT]
    columns = [line.rstrip(b"\r").split(b"\t") for line in told]
    rows = [row[COLUMNS - 1] for row in columns if len(row) >= COLUMNS and row[3].isdigit() and row[4].isdigit()]
    if told and not any(len(row) >= COLUMNS for row in columns):
        raise AnnotationError(
            f"{path}: none of its first {len(told):,} lines has {COLUMNS} columns with tabs between, as GFF3 and GTF"
            f" have, or those of BED12 or genePred; the first has {_columns_of(told[0])}: {show(told[0].strip())}"
        )
    attributes = Attributes(rows, gff3_stated=any(line.startswith(b"##gff-version") and b"3" in line for line in head))
    name = flavour or detect_flavour(rows, attributes.gff3)
    numbered = any(b"exon_number" in row for row in rows)
    return Spelling(attributes, flavour_named(name), own, numbered), name


def _columns_of(line: bytes) -> str:
    tabs = len(line.split(b"\t"))
    blanks = len(line.split())
    if tabs == 1 and blanks >= COLUMNS:
        return f"blanks in the place of tabs, {blanks} words"
    return f"{tabs} column{'s' * (tabs > 1)}"


def _no_transcripts(path: Path, counts: Mapping[str, int]) -> str:
    commonest = sorted(counts.items(), key=lambda item: -item[1])[:6]
    found = ", ".join(f"{count:,} {feature}" for feature, count in commonest)
    return (
        f"{path}: found no transcripts; its rows are: {found or 'none'}. Expected rows of type transcript, mRNA,"
        " lnc_RNA and the like (column 3), or in GTF exons with a transcript_id. Where only genes are annotated, the"
        " ends of their transcripts are not known, and none are made up: give an annotation with a transcript level, or"
        " say in the catalogue which rows are transcripts: annotation.types"
    )


# Transcripts without a row, and rows without a gene


@dataclass(frozen=True)
class _Wanted:
    """A transcript of which the first part is looked for: its number and ID, and where its parts lie."""

    number: int
    name: str
    start: int
    end: int
    strand: int


@dataclass
class _SecondLook(RowReader):
    """Goes through a file again for the first parts of some transcripts, by sequence and ID with a tab between."""

    wanted: dict[str, list[_Wanted]] = field(default_factory=dict)
    found: list[tuple[_Wanted, int, bytes]] = field(default_factory=list)

    def _take_others(self, piece: Piece, rows: Places) -> None:
        """Pass over transcripts and genes."""

    def _take_parts(self, piece: Piece, kinds: Kinds) -> None:
        columns = piece.columns
        for seqid, rows, names, plain in self.by_sequence(piece, self.spelling.parts.parts(piece, kinds)):
            keys = {code: key for code, name in enumerate(names) if (key := f"{seqid}\t{name}") in self.wanted}
            likely = np.isin(rows["name"], list(keys)) & (rows["kind"] != START) if keys else np.zeros(len(rows), bool)
            for row in np.flatnonzero(likely).tolist():
                line = columns.plain[plain[row : row + 1]]
                self._take(keys[int(rows["name"][row])], rows[row], piece.number + int(line[0]), piece.lines(line)[0])

    def _take(self, key: str, part: PartArray, number: int, line: bytes) -> None:
        wanted = self.wanted.get(key, [])
        for one in wanted[:]:
            if one.start <= part["start"] and part["end"] <= one.end and part["strand"] * one.strand >= 0:
                wanted.remove(one)
                self.found.append((one, number, line))
        if not wanted:
            self.wanted.pop(key, None)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Return the transcripts that were found (RAW_SCHEMA), in the order of their numbers."""
        self.found.sort(key=lambda found: found[0].number)
        for begin in range(0, len(self.found), _AT_ONCE):
            some = self.found[begin : begin + _AT_ONCE]
            start, end = (np.array([getattr(one, edge) for one, _, _ in some]) for edge in ("start", "end"))
            places = OfParts([one.name for one, _, _ in some], start, end)
            yield self.batch([line for _, _, line in some], [number for _, number, _ in some], places)


def _from_first_parts(path: Path, spelling: Spelling, raw: pa.Table, assembled: Assembled) -> tuple[pa.Table, pa.Table]:
    """Return the rows, with the genes that only their parts name, and what is known of transcripts without rows."""
    gff3, rows = spelling.attributes.gff3, len(raw)
    wanted: dict[str, list[_Wanted]] = {}
    for number, (_, one) in enumerate(assembled.added, rows):
        if one.like is None:
            name = one.name.partition("\t")[2]
            wanted.setdefault(one.name, []).append(_Wanted(number, name, one.start, one.end, one.strand))
    without = np.empty(0, np.int64)
    if not gff3:
        without = np.flatnonzero(pc.is_null(raw["gene_id"]).to_numpy() & (assembled.known["count"][:rows] > 0))
        for row in without.tolist():
            seqid, name = raw["seqid"][row].as_py(), raw["row_id"][row].as_py()
            place = int(assembled.start[row]), int(assembled.end[row])
            wanted.setdefault(f"{seqid}\t{name}", []).append(_Wanted(row, name, *place, 0))
    if not assembled.added and not len(without):
        return raw, RAW_SCHEMA.empty_table()
    look = _SecondLook(spelling, Tally(path, spelling.attributes), wanted=wanted)
    if wanted:
        with open_pieces(path) as pieces:
            for _ in look.transcripts(pieces):
                pass
    read = pa.Table.from_batches(look.batches(), RAW_SCHEMA)
    number_of = {one.number: place for place, (one, _, _) in enumerate(look.found)}
    like = [
        number_of[number] + rows if one.like is None else one.like
        for number, (_, one) in enumerate(assembled.added, rows)
    ]
    of_added = pa.concat_tables([raw, read]).take(pa.array(like, pa.int64()))
    return _with_genes(raw, {row: number_of[row] for row in without.tolist() if row in number_of}, read), of_added


def _with_genes(raw: pa.Table, places: Mapping[int, int], read: pa.Table) -> pa.Table:
    """Return rows with the genes that their first parts name, which stand in another table at `places`."""
    if not places:
        return raw
    for name in ("gene_id", "genes", "gene_name", "gene_biotype"):
        values, of_parts = raw[name].to_pylist(), read[name].to_pylist()
        for row, place in places.items():
            values[row] = values[row] or of_parts[place]
        field_of = RAW_SCHEMA.field(name)
        raw = raw.set_column(RAW_SCHEMA.get_field_index(name), field_of, pa.array(values, pa.string()))
    return raw
