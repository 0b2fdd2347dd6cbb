"""A second, slow and obvious implementation of the targets, to compare the product with, base for base.

Nothing here is imported from the package under test, and no code is shared with it: loops over bases
and transcripts, plain Python, and numpy only as the place where the numbers are kept.
"""

import gzip
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import numpy as np

TARGET_NAMES = [
    "primary_tss_+",
    "primary_tss_-",
    "primary_polya_+",
    "primary_polya_-",
    "intragenic_regions_+",
    "intragenic_regions_-",
    "mrna_tss_+",
    "mrna_tss_-",
    "mrna_polya_+",
    "mrna_polya_-",
    "mrna_intragenic_regions_+",
    "mrna_intragenic_regions_-",
]

# The kind of a row by its type alone: RefSeq's, and the terms of the Sequence Ontology that other files use.
TYPED_FEATURES = {
    "refseq": {"mRNA": "mRNA", "lnc_RNA": "lncRNA"},
    "generic": {
        "mRNA": "mRNA",
        "lnc_RNA": "lncRNA",
        "lncRNA": "lncRNA",
        "lincRNA": "lncRNA",
        "antisense_RNA": "lncRNA",
        "antisense_lncRNA": "lncRNA",
    },
}

# Rows that stand for a transcript: "transcript" alone in GTF and GENCODE, typed rows too in Ensembl GFF3.
TRANSCRIPT_FEATURES = {
    "gencode": ["transcript"],
    "ensembl": ["transcript", "mRNA", "lnc_RNA", "lincRNA"],
}

# Where the biotype of a transcript is written: Ensembl GTF has the first key, Ensembl GFF3 the second.
BIOTYPE_KEYS = {
    "gencode": ["transcript_type"],
    "ensembl": ["transcript_biotype", "biotype"],
}

BIOTYPES = {
    "protein_coding": "mRNA",
    "lncRNA": "lncRNA",
    "lincRNA": "lncRNA",
    "antisense": "lncRNA",
    "antisense_RNA": "lncRNA",
    "sense_intronic": "lncRNA",
    "sense_overlapping": "lncRNA",
    "3prime_overlapping_ncRNA": "lncRNA",
    "bidirectional_promoter_lncRNA": "lncRNA",
    "macro_lncRNA": "lncRNA",
    "non_coding": "lncRNA",
}


@dataclass(frozen=True)
class Transcript:
    """One selected transcript; start and end as in the file: 1-based, both inclusive."""

    chrom: str
    start: int
    end: int
    strand: str
    kind: str  # "mRNA" or "lncRNA"


def open_text(path: Path) -> TextIO:
    if str(path).endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8")
    return Path(path).open(encoding="utf-8")


def read_fasta(path: Path) -> dict[str, str]:
    """Every sequence of the file as it is written, by its id: the header up to the first white space."""
    pieces: dict[str, list[str]] = {}
    name = ""
    with open_text(path) as lines:
        for line in lines:
            if line.startswith(">"):
                name = line[1:].split()[0]
                pieces[name] = []
            elif line.strip():
                pieces[name].append(line.strip())
    return {name: "".join(parts) for name, parts in pieces.items()}


def contract_dna(raw: str) -> str:
    return "".join(letter if letter in "ACGT" else "N" for letter in raw.upper())


def read_rows(path: Path) -> Iterator[list[str]]:
    """The rows of nine columns of a GTF or GFF3 file."""
    with open_text(path) as lines:
        for line in lines:
            if line.startswith("##FASTA"):
                return
            if line.startswith("#") or not line.strip():
                continue
            columns = line.rstrip("\r\n").split("\t")
            if len(columns) != 9:
                raise ValueError(f"not nine columns: {line!r}")
            yield columns


def attribute(column: str, key: str) -> str | None:
    """The value of a key in the ninth column, written `key "value";` (GTF) or `key=value;` (GFF3)."""
    found = re.search(rf'(?:^|;)\s*{key}(?: "([^"]*)"|=([^;]*))', column)
    if found is None:
        return None
    return found[1] if found[1] is not None else found[2]


def kind_of(feature: str, attributes: str, flavour: str) -> str | None:
    """The kind "mRNA" or "lncRNA" of a row, None when the row is not a selected transcript."""
    if flavour in TYPED_FEATURES:
        return TYPED_FEATURES[flavour].get(feature)
    if feature not in TRANSCRIPT_FEATURES[flavour]:
        return None
    for key in BIOTYPE_KEYS[flavour]:
        biotype = attribute(attributes, key)
        if biotype is not None:
            return BIOTYPES.get(biotype)
    return None


def is_marked(attributes: str) -> bool:
    """Whether the ninth column calls the transcript pseudo or trans-spliced (RefSeq numbers the parts of such)."""
    return (
        attribute(attributes, "pseudo") == "true"
        or attribute(attributes, "exception") == "trans-splicing"
        or attribute(attributes, "part") is not None
    )


def selected_transcripts(path: Path, flavour: str) -> list[Transcript]:
    """Every selected isoform on + or -, in the file's order."""
    if flavour not in (*TYPED_FEATURES, *TRANSCRIPT_FEATURES):
        raise ValueError(f"unknown flavour: {flavour}")
    selected = []
    for chrom, _, feature, start, end, _, strand, _, attributes in read_rows(path):
        kind = kind_of(feature, attributes, flavour)
        if kind is not None and strand in ("+", "-") and not is_marked(attributes):
            selected.append(Transcript(chrom, int(start), int(end), strand, kind))
    return selected


def joined_transcripts(path: Path) -> list[Transcript]:
    """The mRNAs of a GTF file without rows of transcripts: those with a CDS row, from their first to last base."""
    rows: dict[tuple[str, str, str], list[list[str]]] = {}
    for columns in read_rows(path):
        name = attribute(columns[8], "transcript_id")
        if columns[2] in ("exon", "CDS") and name:
            rows.setdefault((columns[0], columns[6], name), []).append(columns)
    return [
        Transcript(chrom, min(int(row[3]) for row in own), max(int(row[4]) for row in own), strand, "mRNA")
        for (chrom, strand, _), own in rows.items()
        if any(row[2] == "CDS" for row in own)
    ]


def renamed(transcripts: Iterable[Transcript], names: dict[str, str]) -> list[Transcript]:
    """The transcripts with their chromosomes called by other names."""
    return [replace(one, chrom=names.get(one.chrom, one.chrom)) for one in transcripts]


def inside(transcripts: Iterable[Transcript], lengths: dict[str, int]) -> list[Transcript]:
    """The transcripts that lie wholly on a sequence of known length."""
    return [one for one in transcripts if one.chrom in lengths and one.start >= 1 and one.end <= lengths[one.chrom]]


def kernel(shape: str, width: float, distance: int) -> float:
    if shape == "laplace":
        return math.exp(-abs(distance) / width)
    if shape == "gaussian":
        return math.exp(-(distance**2) / (2 * width**2))
    if shape == "triangular":
        return max(0.0, 1 - abs(distance) / width)
    if shape == "box":
        return 1.0
    raise ValueError(f"unknown kernel shape: {shape}")


def put_peak(values: np.ndarray, channel: int, site: int, peak: dict[int, np.float32]) -> None:
    """Lay one peak over a channel: at every base the higher of what was there and the peak."""
    for distance, height in peak.items():
        base = site + distance
        if 0 <= base < len(values):
            values[base, channel] = max(values[base, channel], height)


def targets(
    length: int,
    transcripts: Iterable[Transcript],
    shape: str = "laplace",
    width: float = 2.0,
    radius: int = 20,
) -> np.ndarray:
    """The array [length, 12] of one whole chromosome; every transcript given must be of that chromosome."""
    transcripts = list(transcripts)
    if len({one.chrom for one in transcripts}) > 1:
        raise ValueError("the transcripts are of several chromosomes")

    peak = {distance: np.float32(kernel(shape, width, distance)) for distance in range(-radius, radius + 1)}
    values = np.zeros((length, 12), dtype=np.float32)

    for one in transcripts:
        first = one.start - 1
        last = one.end - 1
        if not 0 <= first <= last < length:
            raise ValueError(f"not inside a sequence of {length} bases: {one}")

        if one.strand == "+":
            sign, tss, polya = "+", first, last
        else:
            sign, tss, polya = "-", last, first

        names = [(f"primary_tss_{sign}", f"primary_polya_{sign}", f"intragenic_regions_{sign}")]
        if one.kind == "mRNA":
            names.append((f"mrna_tss_{sign}", f"mrna_polya_{sign}", f"mrna_intragenic_regions_{sign}"))

        for tss_name, polya_name, intragenic_name in names:
            put_peak(values, TARGET_NAMES.index(tss_name), tss, peak)
            put_peak(values, TARGET_NAMES.index(polya_name), polya, peak)
            intragenic = TARGET_NAMES.index(intragenic_name)
            for base in range(first, last + 1):
                values[base, intragenic] = 1.0

    return values


def block_bounds(length: int, block_size: int) -> list[tuple[int, int]]:
    """The 0-based half-open bounds of the blocks of one chromosome."""
    bounds = []
    start = 0
    while start < length:
        end = min(start + block_size, length)
        bounds.append((start, end))
        start = end
    return bounds
