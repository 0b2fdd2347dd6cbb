"""The rows of a GFF3 or GTF file, read in one pass: transcripts, genes, and the parts of transcripts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from genatator_assets.annotation.attributes import AttributeColumns, Attributes
from genatator_assets.annotation.flavours import (
    Flavour,
    Words,
    attribute_keys,
    feature_types,
    marks,
    partial_tags,
)
from genatator_assets.annotation.lines import (
    COMMENT,
    END_OF_ROWS,
    Columns,
    Flags,
    Piece,
    Places,
    numbers,
    show,
    spelled,
    strings,
)
from genatator_assets.annotation.parsed import RAW_SCHEMA
from genatator_assets.annotation.parts import (
    CDS,
    EXON,
    MOST_BP,
    START,
    STOP,
    UTR,
    FoundParts,
    PartArray,
    PartReader,
    Parts,
    split_lists,
)
from genatator_assets.annotation.tally import MalformedRowError, Tally, interval

GENES = pa.schema([("key", pa.string()), ("biotype", pa.string()), ("name", pa.string())])
"""Genes: the sequence and the ID with a tab between, what they are, what they are called."""

Kinds = npt.NDArray[np.uint8]

_AT_ONCE = 4_096
_GENE_PREFIX = "gene:"
_ID_TELLS = re.compile(rb"[\t;]ID=(gene|transcript):")
_NO_GENE_TYPES = ["gene", "transcript", "processed_transcript", "mRNA", "ncRNA", "RNA"]
_KINDS = {"exon": EXON, "cds": CDS, "stop_codon": STOP, "utr": UTR, "start_codon": START}


@dataclass(frozen=True)
class Spelling:
    """How a file spells what it says, and which words mean what."""

    attributes: Attributes
    flavour: Flavour
    words: Words
    numbered: bool
    """Whether its exons have an exon_number."""

    @cached_property
    def parts(self) -> PartReader:
        """What finds the parts of transcripts."""
        features = feature_types()
        kinds = {name.encode(): kind for key, kind in _KINDS.items() for name in getattr(features, key)}
        keys = ("Parent", "Derives_from") if self.attributes.gff3 else ("transcript_id",)
        own = {word.encode() for word in self.words.own}
        kinds = {name: kind for name, kind in kinds.items() if name not in own}
        return PartReader(kinds, self.attributes, keys, self.numbered)

    @cached_property
    def transcript_types(self) -> frozenset[bytes]:
        """Types of rows that are transcripts."""
        return frozenset(name.encode() for name in (*feature_types().transcript, *self.words.own))

    @cached_property
    def gene_types(self) -> frozenset[bytes]:
        """Types of rows that are genes."""
        return frozenset(name.encode() for name in feature_types().gene) - self.transcript_types

    @cached_property
    def ids_tell_types(self) -> bool:
        """Whether IDs say what is a gene and what a transcript: Ensembl typed both alike once."""
        return self.attributes.gff3 and _GENE_PREFIX in self.flavour.prefixes and "gene" not in self.words.own


@dataclass(frozen=True, eq=False)
class OfParts:
    """Transcripts without rows of their own: their IDs and where they lie, 0-based half-open."""

    names: list[str]
    start: Places
    end: Places


@dataclass
class RowReader:
    """Reads the rows of one file: `transcripts` returns its transcripts, and the rest is kept here on the way."""

    spelling: Spelling
    tally: Tally
    parts: dict[str, Parts] = field(default_factory=dict)
    genes: list[pa.RecordBatch] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)
    """Types of rows that are parts of something and neither transcripts nor known parts, by sequence and ID."""
    _pending: dict[bool, tuple[list[int], list[bytes]]] = field(
        default_factory=lambda: {True: ([], []), False: ([], [])}
    )
    """Numbers and lines of transcripts (True) and genes (False), which are read many at once."""

    def transcripts(self, pieces: Iterator[Piece]) -> Iterator[pa.RecordBatch]:
        """Return the transcripts that have rows (RAW_SCHEMA)."""
        for whole in pieces:
            piece, ended = self._rows_only(whole)
            kinds = self.spelling.parts.kinds_of(piece, self.tally.counts)
            self._take_parts(piece, kinds)
            self._take_others(piece, np.flatnonzero(kinds == 0))
            yield from self._read(_AT_ONCE)
            if ended:
                break
        yield from self._read(1)

    def _read(self, least: int) -> Iterator[pa.RecordBatch]:
        """Read the transcripts and genes that wait, if there are enough of them."""
        for are_transcripts, (places, lines) in self._pending.items():
            if len(lines) >= least:
                if are_transcripts:
                    yield self.batch(lines, places)
                else:
                    self._note_genes(lines)
                places.clear()
                lines.clear()

    def _rows_only(self, piece: Piece) -> tuple[Piece, bool]:
        """Return a piece in which all rows are plain, up to the sequences that may stand behind them, and whether there
        were any: a row may have a comment behind its columns, or empty ones."""
        columns, ended = _up_to_the_end(piece)
        tidied: dict[int, bytes] = {}
        for place in columns.odd().tolist():
            line = piece.text[columns.begins[place] : columns.ends[place]]
            try:
                if row := self.tally.row_of(line):
                    tidied[place] = b"\t".join(row)
            except MalformedRowError as error:
                self.tally.note_malformed(piece.number + place, line, str(error))
        if not tidied:
            return Piece(piece.text, piece.number, columns), ended
        begins, ends = columns.begins.tolist(), columns.ends.tolist()
        lines = (piece.text[begin:end] for begin, end in zip(begins, ends, strict=True))
        text = b"".join(tidied.get(place, line) + b"\n" for place, line in enumerate(lines))
        return Piece(text, piece.number), ended

    # Parts

    def _take_parts(self, piece: Piece, kinds: Kinds) -> None:
        """Keep the parts of a piece, by sequence; `kinds` are those of the plain rows, 0 for no part."""
        found = self.spelling.parts.parts(piece, kinds)
        for number, line in zip((found.bad + piece.number).tolist(), piece.lines(found.bad), strict=True):
            self.tally.note_malformed(number, line, _why_no_part(line))
        for seqid, rows, names, _ in self.by_sequence(piece, found):
            self.parts.setdefault(seqid, Parts()).add(rows, pa.array(names, pa.string()))

    def by_sequence(self, piece: Piece, found: FoundParts) -> Iterator[tuple[str, PartArray, list[str], Places]]:
        """Return for each sequence of a piece its parts, their names, and the plain rows that they are."""
        rows, names, plain = split_lists(found, self.spelling.attributes)
        for seqid, places in _by_sequence(piece, plain):
            own = rows[places]
            if len(own) < len(rows):
                used, own["name"] = np.unique(own["name"], return_inverse=True)
                yield self._plain(seqid), own, [names[number] for number in used.tolist()], plain[places]
            else:
                yield self._plain(seqid), own, names, plain

    def _plain(self, value: bytes) -> str:
        return self.spelling.attributes.plain(value)

    # Transcripts and genes

    def _take_others(self, piece: Piece, rows: Places) -> None:
        """Count the plain rows that are no parts, and keep the lines of transcripts and genes."""
        spelling, columns = self.spelling, piece.columns
        features = columns.texts(piece.text, 2, rows)
        self.tally.counts.update(features)
        places = columns.plain[rows]
        for place, line, feature in zip(places.tolist(), piece.lines(places), features, strict=True):
            if feature in spelling.transcript_types or feature in spelling.gene_types:
                is_transcript = feature in spelling.transcript_types
                if spelling.ids_tell_types and (told := _ID_TELLS.search(line)):
                    is_transcript = told[1] == b"transcript"
            else:
                if spelling.attributes.gff3 and b"Parent" in line:
                    self._note_unknown(line)
                continue
            places_of, lines = self._pending[is_transcript]
            places_of.append(piece.number + place)
            lines.append(line)

    def _note_unknown(self, line: bytes) -> None:
        columns = line.split(b"\t")
        if name := self.spelling.attributes.value(columns[8], ["ID"]):
            self.unknown[f"{self._plain(columns[0])}\t{self._plain(name)}"] = self._plain(columns[2])

    def _note_genes(self, lines: list[bytes]) -> None:
        keys, piece = attribute_keys(), Piece(b"\n".join(lines) + b"\n", 0)
        rows = np.arange(len(lines))
        attributes = self._attribute_columns(piece.columns.texts(piece.text, 8, rows))
        name = attributes.values(["ID"] if self.spelling.attributes.gff3 else self.spelling.flavour.gene_id)
        of_row = self._column(piece, 2)
        of_row = pc.if_else(pc.is_in(of_row, pa.array(_NO_GENE_TYPES)), None, of_row)
        columns = [
            pc.binary_join_element_wise(self._column(piece, 0), name, "\t"),
            pc.coalesce(attributes.values(keys.of_gene), of_row),
            attributes.values(keys.name_of_gene),
        ]
        self.genes.append(pa.RecordBatch.from_arrays(columns, schema=GENES))

    def _attribute_columns(self, texts: list[bytes]) -> AttributeColumns:
        attributes = self.spelling.attributes
        return AttributeColumns(texts if attributes.exact else list(map(attributes.tidied, texts)), attributes)

    def _column(self, piece: Piece, column: int) -> pa.StringArray:
        """Return a column of all plain rows as strings."""
        begins, ends = piece.columns.bounds(column)
        values = strings(np.frombuffer(piece.text, np.uint8), begins, ends, np.ones(len(begins), bool))
        return self._decoded(values) if column == 0 else values

    def _decoded(self, values: pa.StringArray) -> pa.StringArray:
        if not self.spelling.attributes.gff3 or not pc.any(pc.match_substring(values, "%")).as_py():
            return values
        return pa.array([self._plain(value.encode()) for value in values.to_pylist()], pa.string())

    def batch(self, lines: list[bytes], numbers: list[int], of_parts: OfParts | None = None) -> pa.RecordBatch:
        """Return transcripts (RAW_SCHEMA) by the lines of plain rows, and their numbers.

        `of_parts`: where the transcripts lie and what they are called, if the rows are parts of them.
        """
        piece = Piece(b"\n".join(lines) + b"\n", 0)
        texts = piece.columns.texts(piece.text, 8, np.arange(len(lines)))
        spelling, keys = self.spelling, attribute_keys()
        gff3, flavour = spelling.attributes.gff3, spelling.flavour
        attributes = self._with_names(texts)
        row_id = attributes.values(["ID"] if gff3 else [])
        name = attributes.values(flavour.transcript_id)
        row_type, number = self._column(piece, 2), pa.array(numbers, pa.int64())
        if gff3 and name.null_count:
            made_up = pc.binary_join_element_wise(row_type, number.cast(pa.string()), "-")
            name = pc.coalesce(name, attributes.values(["Name"]), made_up)
        if of_parts is None:
            start, end, why = self._places(piece, name)
        else:
            start, end, why = of_parts.start, of_parts.end, [None] * len(lines)
            name = pa.array(of_parts.names, pa.string())
        for line, of_line, reason in zip(lines, numbers, why, strict=True):
            if reason is not None:
                self.tally.note_malformed(of_line, line, reason)
        read = np.array([one is None for one in why], bool)
        gene, genes = self._genes_of(attributes)
        source, tags = self._column(piece, 1), attributes.lists("tag")
        biotype = attributes.values(keys.biotype)
        columns = {
            "seqid": self._column(piece, 0),
            "start": pa.array(start, pa.int64(), mask=~read),
            "end": pa.array(end, pa.int64(), mask=~read),
            "strand": pc.if_else(pa.array(read), self._column(piece, 6), None),
            "transcript_id": _without_prefix(name, flavour.prefixes),
            "gene_id": gene,
            "gene_name": attributes.values(keys.gene_name),
            "row_id": pc.coalesce(row_id, name),
            "row_type": row_type if of_parts is None else pa.nulls(len(lines), pa.string()),
            "source": source,
            "biotype": biotype if gff3 else pc.coalesce(biotype, self._biotypes_in(source)),
            "ncrna_class": attributes.values(keys.ncrna_class),
            "gene_biotype": attributes.values(keys.gene_biotype),
            "genes": genes,
            "malformed": pa.array(why, pa.string()),
            "source_line": number,
            "tags": tags,
            **{mark: attributes.has(words) for mark, words in marks(gff3)},
        }
        columns["partial"] |= _with_partial_tags(tags)
        return pa.RecordBatch.from_arrays(
            [pa.array(columns[name], RAW_SCHEMA.field(name).type) for name in RAW_SCHEMA.names], schema=RAW_SCHEMA
        )

    def _with_names(self, texts: list[bytes]) -> AttributeColumns:
        """Return the attributes of transcripts; where the exact spelling finds no name they are spelled anew."""
        keys = self.spelling.flavour.transcript_id
        if self.spelling.attributes.exact:
            attributes = AttributeColumns(texts, self.spelling.attributes)
            unnamed = np.flatnonzero(pc.is_null(attributes.values(keys)).to_numpy(zero_copy_only=False))
            if not len(unnamed):
                return attributes
        else:
            unnamed = np.arange(len(texts))
        texts = list(texts)
        for place in unnamed.tolist():
            texts[place] = self._exactly(texts[place])
        return AttributeColumns(texts, self.spelling.attributes)

    def _exactly(self, text: bytes) -> bytes:
        attributes = self.spelling.attributes
        bare = attributes.bare(text)
        return attributes.tidied(text) if bare is None else attributes.opening("transcript_id") + bare + b'";'

    def _places(self, piece: Piece, names: pa.StringArray) -> tuple[Places, Places, list[str | None]]:
        """Return start and end of transcripts and what is wrong with their rows, None for nothing."""
        letters = np.frombuffer(piece.text, np.uint8)
        (first, one), (last, other) = (numbers(letters, *piece.columns.bounds(column)) for column in (3, 4))
        why: list[str | None] = [None] * len(names)
        for place in np.flatnonzero(pc.is_null(names).to_numpy(zero_copy_only=False)).tolist():
            why[place] = f"the transcript has no {' or '.join(self.spelling.flavour.transcript_id)}"
        for place in np.flatnonzero(~(one & other & (first >= 1) & (first <= last))).tolist():
            row = np.array([place])
            first_text, last_text = (piece.columns.texts(piece.text, column, row)[0] for column in (3, 4))
            why[place] = f"found start {show(first_text)} and end {show(last_text)}, expected 1 <= start <= end"
        return first - 1, last, why

    def _genes_of(self, attributes: AttributeColumns) -> tuple[pa.StringArray, pa.StringArray]:
        """Return the gene of each transcript, the first of its parents, and all parents as they name themselves."""
        flavour = self.spelling.flavour
        named = attributes.values(flavour.gene_id)
        if not self.spelling.attributes.gff3:
            return _without_prefix(named, flavour.prefixes), named
        parents = attributes.values(["Parent"], decoded=False)
        if not pc.any(pc.match_substring(parents, ",")).as_py():  # nobody has several: nothing is taken apart
            one = pc.coalesce(attributes.values(["Parent"]), named)
            return _without_prefix(one, flavour.prefixes), one
        lists = [
            None if one is None else [self._plain(name) for name in self.spelling.attributes.listed(one.encode())]
            for one in parents.to_pylist()
        ]
        first = pc.coalesce(pa.array([one[0] if one else None for one in lists], pa.string()), named)
        every = pc.coalesce(pa.array(["\t".join(one) if one else None for one in lists], pa.string()), named)
        return _without_prefix(first, flavour.prefixes), every

    def _biotypes_in(self, sources: pa.StringArray) -> pa.StringArray:
        """Return the biotypes in column 2, where GTF of old releases of Ensembl has them."""
        encoded = sources.dictionary_encode()
        known = pa.array(map(self.spelling.words.biotype_in, encoded.dictionary.to_pylist()), pa.string())
        return pc.take(known, encoded.indices)


def _why_no_part(line: bytes) -> str:
    """Say why a row can't be a part."""
    first, last = line.split(b"\t")[3:5]
    try:
        return f"found end {interval(first, last)[1]:,}, expected at most {MOST_BP:,}"
    except MalformedRowError as error:
        return str(error)


def _without_prefix(names: pa.StringArray, prefixes: tuple[str, ...]) -> pa.StringArray:
    """Take off a prefix such as `rna-`; a name that is nothing else stays as it is."""
    found = names
    for prefix in prefixes:
        longer = pc.and_(pc.starts_with(names, prefix), pc.greater(pc.binary_length(names), len(prefix)))
        found = pc.if_else(longer, pc.utf8_slice_codeunits(names, len(prefix)), found)
    return found


def _with_partial_tags(tags: pa.ListArray) -> Flags:
    """Return which transcripts have a tag that marks them as partial."""
    flat, found = pc.list_flatten(tags), np.zeros(len(tags), bool)
    for ending in partial_tags():
        found[pc.list_parent_indices(tags).filter(pc.ends_with(flat, ending)).to_numpy()] = True
    return found


def _up_to_the_end(piece: Piece) -> tuple[Columns, bool]:
    """Leave out sequences that stand behind the rows, and say whether there were any."""
    columns = piece.columns
    first = np.frombuffer(piece.text, np.uint8)[columns.begins]
    for line in np.flatnonzero((first == COMMENT) | (first == ord(">"))).tolist():
        if piece.text.startswith(END_OF_ROWS, int(columns.begins[line])):
            return columns.first(line), True
    return columns, False


def _by_sequence(piece: Piece, rows: Places) -> Iterator[tuple[bytes, Places]]:
    """Return each sequence on which some plain rows of a piece lie, and which of them do. Mostly it is one."""
    if not len(rows):
        return
    first = piece.columns.texts(piece.text, 0, rows[:1])[0]
    begins, ends = (edge[rows] for edge in piece.columns.bounds(0))
    if len(spelled(np.frombuffer(piece.text, np.uint8), begins, ends, first)) == len(rows):
        yield first, np.arange(len(rows))
        return
    places: dict[bytes, list[int]] = {}
    for place, seqid in enumerate(piece.columns.texts(piece.text, 0, rows)):
        places.setdefault(seqid, []).append(place)
    for seqid, own in places.items():
        yield seqid, np.array(own)
