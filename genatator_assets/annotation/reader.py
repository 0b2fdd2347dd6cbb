"""A streaming reader of GFF3 and GTF, plain or gzip, that keeps transcripts only and every one of them."""

import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import pyarrow as pa

from genatator_assets.annotation.flavours import (
    Flavour,
    FlavourName,
    TranscriptType,
    detect_flavour,
    feature_types,
    flavour_named,
)
from genatator_assets.errors import AnnotationError

_BUFFER_BYTES = 1 << 20
_ROWS_PER_BATCH = 2_048
_COLUMNS = 9
_SNIFFED_LINES = 2_000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_COMMENT = ord("#")
_BEFORE_KEY = (b";", b"; ")
_MOST_DIGITS = 18
_GENE_ID = "gene:"
_NAMES_OF_SEQUENCES = (b"##sequence-region", b"##species")
_GFF3_ATTRIBUTE = re.compile(rb"\s*[^\s=;\"]+=")

PARSED_SCHEMA = pa.schema(
    [
        ("chrom", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("strand", pa.string()),
        ("transcript_id", pa.string()),
        ("gene_id", pa.string()),
        ("type", pa.string()),
        ("biotype", pa.string()),
        ("source_line", pa.int64()),
    ]
)
"""What is read of a transcript: start and end are 0-based half-open; source_line counts from 1."""


@dataclass(frozen=True)
class ParsedAnnotation:
    """The transcripts of a file (PARSED_SCHEMA), its flavour, and how many rows of each type it has."""

    transcripts: pa.Table
    flavour: FlavourName
    feature_counts: dict[str, int]


class _Row(NamedTuple):
    chrom: str
    start: int
    end: int
    strand: str
    transcript_id: str | None
    gene_id: str | None
    type: TranscriptType
    biotype: str | None
    source_line: int


def read_annotation(path: Path, flavour: FlavourName | None = None) -> ParsedAnnotation:
    """Read every transcript of a GFF3 or GTF file; None detects the flavour.

    Raises:
        AnnotationError: the file is empty, truncated or binary, a row is malformed (the message names the line),
            the flavour can't be told, or there are no transcripts.
    """
    name, attributes = _sniff(path, flavour)
    counts: dict[bytes, int] = {}
    reader = _Reader(path, flavour_named(name), attributes, counts)
    with _lines(path) as lines:
        batches = list(_batches(reader.rows(lines)))
    if not batches:
        raise AnnotationError(_no_transcripts(path, counts))
    shown = {feature.decode("utf-8", "replace"): count for feature, count in sorted(counts.items())}
    return ParsedAnnotation(pa.Table.from_batches(batches), name, shown)


def _sniff(path: Path, flavour: FlavourName | None) -> tuple[FlavourName, "_Attributes"]:
    """Tell a file's flavour, unless it is given, and its spelling of attributes from its first lines.

    A draft assembly's file may begin with thousands of lines that only name its sequences: these are passed over.
    """
    with _lines(path) as lines:
        head = list(islice((line for line in lines if not line.startswith(_NAMES_OF_SEQUENCES)), _SNIFFED_LINES))
    texts = [line.split(b"\t")[-1] for line in head if line.count(b"\t") == _COLUMNS - 1 and line[0] != _COMMENT]
    return flavour or detect_flavour(head, path), _Attributes(texts)


@contextmanager
def _lines(path: Path) -> Iterator[io.BufferedReader]:
    """Open a plain or gzip file for reading lines."""
    with io.BufferedReader(path.open("rb", buffering=0), _BUFFER_BYTES) as handle:
        compressed = handle.read(2) == b"\x1f\x8b"
        handle.seek(0)
        lines: io.BufferedReader[Any] = (
            io.BufferedReader(gzip.GzipFile(fileobj=handle), _BUFFER_BYTES) if compressed else handle
        )
        try:
            if lines.peek(len(_BYTE_ORDER_MARK)).startswith(_BYTE_ORDER_MARK):
                lines.read(len(_BYTE_ORDER_MARK))
            if not lines.peek(1):
                raise AnnotationError(f"{path}: the file is empty; expected GFF3 or GTF")
            yield lines
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise AnnotationError(
                f"{path}: the compressed file is truncated or damaged ({error}); get it again"
            ) from error


def _batches(rows: Iterator[_Row]) -> Iterator[pa.RecordBatch]:
    """Turn rows into Arrow batches as they come, so that a file's transcripts never are Python objects all at once."""
    waiting: list[_Row] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == _ROWS_PER_BATCH:
            yield _batch(waiting)
            waiting = []
    if waiting:
        yield _batch(waiting)


def _batch(rows: list[_Row]) -> pa.RecordBatch:
    arrays = [
        pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), PARSED_SCHEMA, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=PARSED_SCHEMA)


def _no_transcripts(path: Path, counts: dict[bytes, int]) -> str:
    commonest = sorted(counts.items(), key=lambda item: -item[1])[:6]
    found = ", ".join(f"{count:,} {feature.decode('utf-8', 'replace')}" for feature, count in commonest)
    return (
        f"{path}: found no transcripts; its rows are: {found or 'none'}. Expected rows of type transcript, mRNA,"
        " lnc_RNA and the like (column 3); give an annotation with a transcript level."
    )


class _Attributes:
    """Finds attributes in column 9, spelt as in GFF3 (`key=value`) or in GTF (`key "value"`), as most samples are."""

    def __init__(self, samples: list[bytes]) -> None:
        spelt = [_GFF3_ATTRIBUTE.match(sample) is not None for sample in samples if sample.strip() not in (b"", b".")]
        self.gff3 = 2 * sum(spelt) > len(spelt)

    def openings(self, keys: Iterable[str]) -> list[bytes]:
        """Give what stands before the values of `keys`, to be used with `first`."""
        return [f"{key}=".encode() if self.gff3 else f'{key} "'.encode() for key in keys]

    def first(self, text: bytes, openings: list[bytes]) -> str | None:
        """Give the value of the first attribute that is there and not empty."""
        closing = b";" if self.gff3 else b'"'
        for opening in openings:
            begin = text.find(opening)
            while begin > 0 and not (text.endswith(_BEFORE_KEY, 0, begin) or text[:begin].rstrip()[-1:] in (b"", b";")):
                begin = text.find(opening, begin + 1)
            if begin >= 0:
                begin += len(opening)
                end = text.find(closing, begin)
                if value := text[begin : end if end >= 0 else None].strip():
                    return self._plain(value)
        return None

    def _plain(self, value: bytes) -> str:
        plain = value.decode("utf-8", "replace")
        return unquote(plain) if self.gff3 and "%" in plain else plain


class _Reader:
    """Reads the rows of one file."""

    def __init__(self, path: Path, flavour: Flavour, attributes: _Attributes, counts: dict[bytes, int]) -> None:
        features = feature_types()
        self._path = path
        self._flavour = flavour
        self._attributes = attributes
        self._counts = counts
        self._transcript_types = {name.encode(): name for name in (*features.transcript, *flavour.more_transcripts)}
        self._gene_types = {name.encode() for name in features.gene}
        self._id = attributes.openings(["ID"])
        self._parent = attributes.openings(["Parent"])
        self._transcript_id = attributes.openings(flavour.transcript_id)
        self._gene_id = attributes.openings(flavour.gene_id)
        self._biotype = attributes.openings(flavour.biotype)
        self._gene_biotype = attributes.openings(flavour.gene_biotype)
        self._biotype_of_gene: dict[str, str] = {}

    def rows(self, lines: Iterable[bytes]) -> Iterator[_Row]:
        """Give the transcripts. This loop passes over most lines: it does the least that finds a malformed row."""
        counts, transcripts = self._counts, self._transcript_types
        genes = self._gene_types if self._gene_biotype else set()
        for number, line in enumerate(lines, 1):
            columns = line.split(b"\t")
            if len(columns) != _COLUMNS or line[0] == _COMMENT:
                if line.startswith((b"##FASTA", b">")):
                    return
                if line[0] == _COMMENT or not line.strip():
                    continue
                raise self._malformed(number, line, f"found {len(columns)} tab-separated columns, expected {_COLUMNS}")
            feature = columns[2]
            counts[feature] = counts[feature] + 1 if feature in counts else 1
            if feature in transcripts:
                row = self._transcript(number, line, columns)
                if row is not None:
                    yield row
            elif feature in genes:
                self._remember_gene(columns[8])

    def _remember_gene(self, text: bytes) -> None:
        name = self._attributes.first(text, self._id)
        biotype = self._attributes.first(text, self._gene_biotype)
        if name and biotype:
            self._biotype_of_gene[name] = biotype

    def _transcript(self, number: int, line: bytes, columns: list[bytes]) -> _Row | None:
        chrom, _, feature, first, last, _, strand, _, text = columns
        attribute = self._attributes.first
        if self._attributes.gff3 and (attribute(text, self._id) or "").startswith(_GENE_ID):
            return None
        start, end = self._interval(number, line, first, last)
        name = attribute(text, self._transcript_id)
        if not name:
            raise self._malformed(number, line, f"the transcript has no {' or '.join(self._flavour.transcript_id)}")
        biotype = attribute(text, self._biotype) or self._inherited_biotype(text)
        return _Row(
            chrom.decode("utf-8", "replace"),
            start,
            end,
            strand.decode("utf-8", "replace"),
            self._bare(name),
            self._bare(attribute(text, self._gene_id)),
            self._flavour.type_of(self._transcript_types[feature], biotype),
            biotype,
            number,
        )

    def _inherited_biotype(self, text: bytes) -> str | None:
        if not self._gene_biotype:
            return None
        return self._biotype_of_gene.get(self._attributes.first(text, self._parent) or "")

    def _interval(self, number: int, line: bytes, first: bytes, last: bytes) -> tuple[int, int]:
        """Turn 1-based inclusive columns 4 and 5 into a 0-based half-open interval."""
        numbers = first.isdigit() and last.isdigit() and max(len(first), len(last)) <= _MOST_DIGITS
        if not numbers or not 1 <= int(first) <= int(last):
            raise self._malformed(
                number, line, f"found start {_show(first)} and end {_show(last)}, expected 1 <= start <= end"
            )
        return int(first) - 1, int(last)

    def _bare(self, name: str | None) -> str | None:
        """Take off a prefix such as `rna-`."""
        if name is not None:
            for prefix in self._flavour.prefixes:
                if name.startswith(prefix):
                    return name.removeprefix(prefix)
        return name

    def _malformed(self, number: int, line: bytes, why: str) -> AnnotationError:
        return AnnotationError(f"{self._path}:{number}: {why}. Mend or remove the line: {_show(line.strip())}")


def _show(text: bytes) -> str:
    return repr(text[:120].decode("utf-8", "backslashreplace"))
