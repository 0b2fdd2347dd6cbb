"""The input files, read plainly, for verifying: parts of some transcripts line by line, and whole sequences."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from genatator_assets.errors import AnnotationError, SequenceError
from genatator_assets.sources.opened import opened

_EXONS = {"exon", "pseudogenic_exon", "coding_exon", "noncoding_exon"}
_CODING = {"cds", "stop_codon"}
_UNTRANSLATED = {"utr", "five_prime_utr", "three_prime_utr", "5utr", "3utr", "5'-utr", "3'-utr"}
_OF_GTF = re.compile(r"""transcript_id\s*[ =]\s*["']?([^"';]*)["']?""")
_OF_GFF3 = re.compile(r"(?:^|;)\s*Parent\s*=\s*([^;]*)")
_LETTERS = bytes(byte if byte in b"ACGT" else ord("N") for byte in range(256))
_NUMBERS = re.compile(r"\d+")

Stretch = tuple[int, int]


@dataclass
class Parts:
    """Stretches [start, end), 0-based half-open, with their strand: exons, coding sequence, untranslated regions.

    `phases` has the rows of coding sequence alone, without those of stop codons, with their phase as it is written.
    """

    exons: list[tuple[int, int, str]] = field(default_factory=list)
    coding: list[tuple[int, int, str]] = field(default_factory=list)
    untranslated: list[tuple[int, int, str]] = field(default_factory=list)
    phases: list[tuple[int, int, str, str]] = field(default_factory=list)


@dataclass
class Found:
    """Parts by the annotation's name of the sequence and of the transcript; whether there are rows of stop codons."""

    parts: dict[tuple[str, str], Parts] = field(default_factory=dict)
    has_stop_rows: bool = False


def parts_of(path: Path, names: Collection[str]) -> Found:
    """Read the parts of transcripts of some names: IDs in GFF3, transcript_id in GTF, names in tables."""
    found, wanted = Found(), set(names)
    with opened(path, "annotation", AnnotationError) as lines:
        number = 0
        for raw in lines:
            for line in raw.decode("utf-8", "replace").rstrip("\r\n").split("\r"):
                number += 1
                columns = line.rstrip("\t").split("\t")
                if line.startswith(("#", "track", "browser")) or len(columns) < 8:
                    continue
                if len(columns) >= 9 and columns[3].isdigit() and columns[6] in "+-.?" and not columns[1].isdigit():
                    _take_row(found, wanted, columns)
                else:
                    _take_table_row(found, wanted, columns, number)
    return found


def _take_row(found: Found, wanted: set[str], columns: list[str]) -> None:
    """Take a row of GFF3 or GTF."""
    kind = columns[2].lower()
    found.has_stop_rows |= kind == "stop_codon"
    if kind not in _EXONS | _CODING | _UNTRANSLATED:
        return
    if parents := _OF_GFF3.search(columns[8]):
        names = [unquote(name.strip()) for name in parents[1].split(",")]
    else:
        names = [name[1].strip() for name in (_OF_GTF.search(columns[8]),) if name]
    stretch = int(columns[3]) - 1, int(columns[4]), columns[6]
    for name in names:
        if name in wanted:
            parts = found.parts.setdefault((columns[0], name), Parts())
            of_kind = parts.exons if kind in _EXONS else parts.coding if kind in _CODING else parts.untranslated
            of_kind.append(stretch)
            if kind == "cds":
                parts.phases.append((*stretch, columns[7]))


def _take_table_row(found: Found, wanted: set[str], columns: list[str], number: int) -> None:
    """Take a row of BED12 or genePred, whose ID is its name and the number of its line."""
    if len(columns) >= 12 and columns[5] in ("+", "-"):
        chrom, name, strand, start = columns[0], columns[3], columns[5], int(columns[1])
        thick = int(columns[6]), int(columns[7])
        lengths, begins = _numbers(columns[10]), _numbers(columns[11])
        exons = [(start + at, start + at + length) for length, at in zip(lengths, begins, strict=False)]
    else:
        place = next((place for place in (2, 3) if columns[place] in ("+", "-")), None)
        if place is None or len(columns) < place + 8:
            return
        chrom, name, strand = columns[place - 1], columns[place - 2], columns[place]
        thick = int(columns[place + 3]), int(columns[place + 4])
        exons = list(zip(_numbers(columns[place + 6]), _numbers(columns[place + 7]), strict=False))
    name = f"{name}:{number}"
    if name in wanted:
        parts = found.parts.setdefault((chrom, name), Parts())
        parts.exons += [(first, last, strand) for first, last in exons]
        cut = [(max(first, thick[0]), min(last, thick[1])) for first, last in exons]
        parts.coding += [(first, last, strand) for first, last in cut if last > first]
        parts.phases += [(first, last, strand, ".") for first, last in cut if last > first]


def _numbers(text: str) -> list[int]:
    return [int(number) for number in _NUMBERS.findall(text)]


def sequences(path: Path, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """Return (name, bases) of some sequences of a FASTA file, in its order: A, C, G, T and N."""
    name, lines = "", list[bytes]()
    with opened(path, "sequence", SequenceError) as text:
        for line in text:
            if line.startswith(b">"):
                if lines:
                    yield name, b"".join(lines).upper().translate(_LETTERS)
                name, lines = line[1:].split()[0].decode(), []
            elif name in wanted:
                lines += line.split()
    if lines:
        yield name, b"".join(lines).upper().translate(_LETTERS)
