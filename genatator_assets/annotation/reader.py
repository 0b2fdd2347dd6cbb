"""A streaming reader of GFF3 and GTF, plain or gzip, that keeps transcripts only and every one of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, lru_cache, partial
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.exons import transcripts_from_parts
from genatator_assets.annotation.flavours import (
    Flavour,
    FlavourName,
    detect_flavour,
    feature_types,
    flavour_named,
    marks,
)
from genatator_assets.annotation.lines import COLUMNS, COMMENT, END_OF_ROWS, Attributes, open_lines, show
from genatator_assets.annotation.parsed import PARSED_SCHEMA, ParsedAnnotation, Row, batches
from genatator_assets.annotation.tables import table_of, transcripts_from_table
from genatator_assets.annotation.tally import SEQUENCE_REGION, MalformedRowError, Tally, interval
from genatator_assets.catalogue.model import TypeRules
from genatator_assets.errors import AnnotationError

_SNIFFED_LINES = 2_000
_GENE_ID = "gene:"
_NAMES_OF_SEQUENCES = (SEQUENCE_REGION, b"##species")


def read_annotation(
    path: Path, flavour: FlavourName | None = None, types: TypeRules | None = None, max_malformed: float = 0.0
) -> ParsedAnnotation:
    """Read every transcript of a GFF3 or GTF file, or of a table as in `tables`; None detects the flavour.

    Malformed lines are counted and passed over as long as they are no greater share of all than `max_malformed`; a
    malformed transcript is a transcript all the same. Where a GTF file has no rows of transcripts, they are put
    together from their exons.

    Raises:
        AnnotationError: the file is empty, truncated or binary, too many lines are malformed (the message names the
            first), or there are no transcripts.
    """
    head = _head(path)
    table = table_of(head)
    attributes = Attributes([]) if table else _attributes(path, head)
    name: FlavourName = "generic" if table else flavour or detect_flavour(head)
    read_as = flavour_named(name).with_types(types or TypeRules())
    reader = _Reader(read_as, attributes)
    if table:
        transcripts, tally = _read(path, attributes, partial(transcripts_from_table, table=table))
    else:
        transcripts, tally = _read(path, attributes, reader.rows)
        if not len(transcripts) and not attributes.gff3:
            transcripts, tally = _read(path, attributes, partial(transcripts_from_parts, flavour=read_as))
    tally.require_few_malformed(max_malformed)
    if not len(transcripts):
        raise AnnotationError(_no_transcripts(path, tally.by_type()))
    return ParsedAnnotation(
        transcripts=reader.with_coding(transcripts),
        flavour=name,
        feature_counts=tally.by_type(),
        malformed=tally.malformed,
        malformed_lines=tuple(tally.malformed_lines),
        regions=tally.regions,
    )


def _read(path: Path, attributes: Attributes, rows_of: Callable[..., Iterator[Row]]) -> tuple[pa.Table, Tally]:
    """Go through a file once: `rows_of` gives the transcripts in `lines` and notes in `tally` what else it meets."""
    tally = Tally(path, attributes)
    with open_lines(path) as lines:
        rows = rows_of(lines=lines, tally=tally)
        return pa.Table.from_batches(batches(rows, marks(attributes.gff3)), PARSED_SCHEMA), tally


def _head(path: Path) -> list[bytes]:
    """Return a file's first lines.

    A draft assembly's file may begin with thousands of lines that only name its sequences: these are passed over.
    """
    with open_lines(path) as lines:
        return list(islice((line for line in lines if not line.startswith(_NAMES_OF_SEQUENCES)), _SNIFFED_LINES))


def _attributes(path: Path, head: list[bytes]) -> Attributes:
    """Report a file's spelling of attributes from its first lines."""
    told = [line for line in head if line[0] != COMMENT and line.strip()]
    rows = [line for line in told if line.count(b"\t") == COLUMNS - 1]
    if told and not rows:
        raise AnnotationError(
            f"{path}: none of its first {len(told):,} lines has {COLUMNS} columns with tabs between, as GFF3 and GTF"
            f" have, or those of BED12 or genePred; the first is {show(told[0].strip())}"
            + ("; it has spaces where the tabs should be" if _spaced(told[0]) else "")
        )
    return Attributes([line.split(b"\t")[-1] for line in rows])


def _spaced(line: bytes) -> bool:
    words = line.split()
    return len(words) >= COLUMNS and words[3].isdigit() and words[4].isdigit()


def _no_transcripts(path: Path, counts: Mapping[str, int]) -> str:
    commonest = sorted(counts.items(), key=lambda item: -item[1])[:6]
    found = ", ".join(f"{count:,} {feature}" for feature, count in commonest)
    return (
        f"{path}: found no transcripts; its rows are: {found or 'none'}. Expected rows of type transcript, mRNA,"
        " lnc_RNA and the like (column 3), or in GTF exons with a transcript_id. Where only genes are annotated, the"
        " ends of their transcripts are not known, and none are made up: give an annotation with a transcript level."
    )


class _Reader:
    """Reads the transcripts of one file."""

    def __init__(self, flavour: Flavour, attributes: Attributes) -> None:
        features = feature_types()
        self._flavour = flavour
        self._attributes = attributes
        self._plain = cache(attributes.plain)
        self._gene_named = lru_cache(1)(self._gene_of)  # a gene's transcripts stand together
        self._type_of = cache(flavour.type_of)
        self._transcript_types = {name.encode(): name for name in (*features.transcript, *flavour.transcript_types)}
        self._noted: dict[bytes, Callable[[list[bytes]], None]] = {}
        if flavour.gene_biotype:
            self._noted |= {name.encode(): self._note_gene for name in features.gene}
        if flavour.coding != "other":
            self._noted |= {name.encode(): self._note_coding for name in features.cds}
        self._id = attributes.openings(["ID"] if attributes.gff3 else [])
        self._parent = attributes.openings(["Parent"] if attributes.gff3 else [])
        self._transcript_id = attributes.openings(flavour.transcript_id)
        self._coding_name = self._parent or self._transcript_id
        self._gene_id = attributes.openings(flavour.gene_id)
        self._biotype = attributes.openings(flavour.biotype)
        self._gene_biotype = attributes.openings(flavour.gene_biotype)
        self._biotype_of_gene: dict[bytes, str] = {}
        self._coding: set[tuple[bytes, bytes]] = set()

    def rows(self, lines: Iterable[bytes], tally: Tally) -> Iterator[Row]:
        """Return the transcripts. This loop passes over most lines: it does the least that finds a malformed row."""
        counts, transcripts, noted = tally.counts, self._transcript_types, self._noted
        for number, line in enumerate(lines, 1):
            columns = line.split(b"\t")
            try:
                if len(columns) != COLUMNS or line[0] == COMMENT:
                    if line.startswith(END_OF_ROWS):
                        return
                    if not tally.is_row(line, columns):
                        continue
                feature = columns[2]
                counts[feature] += 1
                if feature in transcripts:
                    if row := self._transcript(number, columns):
                        yield row
                elif feature in noted:
                    noted[feature](columns)
            except MalformedRowError as error:
                tally.note_malformed(number, line, str(error))
                yield from self._malformed(number, columns, str(error))

    def with_coding(self, transcripts: pa.Table) -> pa.Table:
        """Fill in the types that only CDS rows can tell."""
        plain = self._attributes.plain
        coding = pa.array(sorted(f"{plain(seqid)}\t{plain(name)}" for seqid, name in self._coding), pa.string())
        place = pc.binary_join_element_wise(transcripts["seqid"], transcripts["row_id"], "\t")
        types = pc.if_else(pc.is_in(place, coding), self._flavour.coding, "other")
        column = transcripts.schema.get_field_index("type")
        return transcripts.set_column(column, "type", pc.coalesce(transcripts["type"], types))

    def _note_gene(self, columns: list[bytes]) -> None:
        name = self._attributes.find(columns[8], self._id)
        biotype = self._attributes.find(columns[8], self._gene_biotype)
        if name and biotype:
            self._biotype_of_gene[name] = self._plain(biotype)

    def _note_coding(self, columns: list[bytes]) -> None:
        if names := self._attributes.find(columns[8], self._coding_name):
            self._coding.update((columns[0], name) for name in self._listed(names))

    def _transcript(self, number: int, columns: list[bytes]) -> Row | None:
        seqid, source, feature, first, last, _, strand, _, text, *_ = columns
        attributes = self._attributes
        row_id = parents = None
        if attributes.gff3:
            row_id, parents = attributes.first(text, self._id), attributes.find(text, self._parent)
            if row_id and row_id.startswith(_GENE_ID):
                return None
        start, end = interval(first, last)
        name = attributes.first(text, self._transcript_id) or attributes.bare(text)
        if not name:
            raise MalformedRowError(f"the transcript has no {' or '.join(self._flavour.transcript_id)}")
        gene = parents or attributes.find(text, self._gene_id)
        stated = attributes.find(text, self._biotype)
        biotype = self._plain(stated) if stated else self._biotype_elsewhere(parents, source)
        return (
            self._plain(seqid),
            start,
            end,
            self._plain(strand),
            self._without_prefix(name),
            self._gene_named(gene) if gene else None,
            row_id or name,
            self._type_of(self._transcript_types[feature], biotype),
            biotype,
            None,
            number,
            text,
        )

    def _malformed(self, number: int, columns: list[bytes], why: str) -> Iterator[Row]:
        """Of a line that can't be read, if it is a transcript's, give as much as is certain."""
        if len(columns) < 3 or columns[2] not in self._transcript_types:
            return
        text = columns[:COLUMNS][-1]
        row_id = self._attributes.first(text, self._id)
        if row_id and row_id.startswith(_GENE_ID):
            return
        name = self._attributes.first(text, self._transcript_id)
        gene = self._attributes.find(text, self._parent) or self._attributes.find(text, self._gene_id)
        yield (
            self._plain(columns[0]),
            None,
            None,
            None,
            name and self._without_prefix(name),
            self._gene_named(gene) if gene else None,
            row_id or name,
            self._type_of(self._transcript_types[columns[2]], None) or "other",
            None,
            why,
            number,
            b"",
        )

    def _listed(self, value: bytes) -> list[bytes]:
        """Return the values of a list of GFF3; in GTF there are no lists."""
        return value.split(b",") if self._attributes.gff3 else [value]

    def _gene_of(self, parents: bytes) -> str:
        """Return a transcript's gene: the first of its parents."""
        return self._without_prefix(self._attributes.plain(self._listed(parents)[0]))

    def _biotype_elsewhere(self, parents: bytes | None, source: bytes) -> str | None:
        """Return the biotype of the first gene that states one, or else that in column 2."""
        if parents and self._biotype_of_gene:
            for gene in self._listed(parents):
                if biotype := self._biotype_of_gene.get(gene):
                    return biotype
        return self._flavour.biotype_in(self._plain(source))

    def _without_prefix(self, name: str) -> str:
        """Take off a prefix such as `rna-`."""
        if name.startswith(self._flavour.prefixes):
            return next(name[len(prefix) :] for prefix in self._flavour.prefixes if name.startswith(prefix)) or name
        return name
