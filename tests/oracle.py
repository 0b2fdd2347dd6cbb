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

# Words that make a transcript an mRNA or a lncRNA, by where they stand; other words there make it "other".
BIOTYPES = {
    "protein_coding": "mRNA",
    "mRNA": "mRNA",
    "lncRNA": "lncRNA",
    "lnc_RNA": "lncRNA",
    "lincRNA": "lncRNA",
    "antisense": "lncRNA",
    "antisense_RNA": "lncRNA",
    "sense_intronic": "lncRNA",
    "sense_overlapping": "lncRNA",
    "3prime_overlapping_ncRNA": "lncRNA",
    "3prime_overlapping_ncrna": "lncRNA",
    "bidirectional_promoter_lncRNA": "lncRNA",
    "bidirectional_promoter_lncrna": "lncRNA",
    "macro_lncRNA": "lncRNA",
    "non_coding": "lncRNA",
}
TYPES = {"mRNA": "mRNA", "lnc_RNA": "lncRNA", "lncRNA": "lncRNA", "lincRNA": "lncRNA", "antisense_lncRNA": "lncRNA"}
VAGUE = ["transcript", "ncRNA", "other", "ncRNA_gene", "gene"]

GENES = ["gene", "pseudogene", "ncRNA_gene", "lincRNA_gene", "snoRNA_gene", "miRNA_gene", "rRNA_gene", "snRNA_gene"]
# Rows that are parts of transcripts, and rows that are transcripts, in the files that tests read.
PARTS = ["exon", "CDS", "stop_codon", "start_codon", "UTR", "Selenocysteine", "pseudogenic_exon"]
PARTS += [f"{end}_prime_{utr}" for end in ("five", "three") for utr in ("UTR", "utr")]
TRANSCRIPT = re.compile(r".*RNA|.*transcript|.*_gene_segment|mRNA_TE_gene|NMD_transcript_variant|processed_pseudogene")


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


def kind_by_evidence(row: list[str], gene_biotype: str | None, coding: bool, refseq: bool) -> str:  # noqa: PLR0911
    """What a transcript is, "mRNA", "lncRNA" or "other", by the first evidence that says anything."""
    feature, column = row[2], row[8]
    own = next(
        filter(None, (attribute(column, key) for key in ("transcript_biotype", "transcript_type", "biotype"))), None
    )
    if own is not None and own not in VAGUE:
        if own == "processed_transcript":
            of_lncrna = gene_biotype == "processed_transcript" or BIOTYPES.get(gene_biotype or "") == "lncRNA"
            return "lncRNA" if of_lncrna else "other"
        if refseq and own == "antisense_RNA":  # RefSeq's biotypes are types of column 3
            return "other"
        return BIOTYPES.get(own, "other")
    ncrna_class = attribute(column, "ncrna_class")
    if ncrna_class is not None and ncrna_class != "other":
        return "lncRNA" if ncrna_class == "lncRNA" else "other"
    if feature not in (*VAGUE, *PARTS):
        return TYPES.get(feature, "other")
    if attribute(column, "gbkey") == "misc_RNA":
        return "other"
    if gene_biotype == "processed_transcript":
        return "lncRNA"
    may_code = coding and feature != "ncRNA"
    if gene_biotype is not None and gene_biotype not in VAGUE:
        told = BIOTYPES.get(gene_biotype, "other")
        if told != "mRNA" or may_code:
            return told
    return "mRNA" if may_code else "other"


def is_marked(attributes: str) -> bool:
    """Whether the ninth column calls the transcript pseudo or trans-spliced (RefSeq numbers the parts of such)."""
    return (
        attribute(attributes, "pseudo") == "true"
        or attribute(attributes, "exception") == "trans-splicing"
        or attribute(attributes, "part") is not None
    )


@dataclass(frozen=True)
class Model:
    """A transcript with its exons and coding sequence: 1-based, both ends inside, ascending; the phases are those that
    the annotation states for CDS rows, by their place."""

    name: str
    row: list[str]
    kind: str
    exons: list[tuple[int, int]]
    coding: list[tuple[int, int]]
    phases: dict[tuple[int, int], str]


def is_gff3(path: Path) -> bool:
    """Whether column 9 has `key=value`, by most rows."""
    columns = [row[8] for row in read_rows(path)][:500]
    return 2 * sum(re.match(r"\s*[^\s=;\"]+=", column) is not None for column in columns) > len(columns)


def joined(intervals: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Intervals of which those that overlap or touch are one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def without(intervals: list[tuple[int, int]], within: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The parts of intervals that lie within others."""
    return [
        (max(start, first), min(end, last))
        for start, end in intervals
        for first, last in within
        if max(start, first) <= min(end, last)
    ]


def models(path: Path, flavour: str) -> list[Model]:
    """Every transcript that has a row, in the file's order, with its parts. Only for files without odd IDs."""
    gff3, rows = is_gff3(path), list(read_rows(path))
    genes: dict[tuple[str, str], str] = {}
    found: list[list[str]] = []
    parts: dict[tuple[str, str], list[list[str]]] = {}
    for row in rows:
        name = attribute(row[8], "ID") if gff3 else attribute(row[8], "gene_id")
        is_gene = row[2] in GENES or (flavour == "ensembl" and (name or "").startswith("gene:"))
        if is_gene and not (flavour == "ensembl" and (name or "").startswith("transcript:")):
            told = [attribute(row[8], key) for key in ("gene_biotype", "gene_type", "biotype")]
            told += [row[2] if row[2] not in ("gene", "ncRNA_gene") else None]
            if any(told):
                genes[row[0], name or ""] = next(filter(None, told))  # type: ignore[assignment]
        elif row[2] in PARTS:
            parents = attribute(row[8], "Parent" if gff3 else "transcript_id") or ""
            for parent in parents.split(","):
                parts.setdefault((row[0], parent.strip()), []).append(row)
        elif TRANSCRIPT.fullmatch(row[2]) or (name or "").startswith("transcript:"):
            found.append(row)
    return [_model(row, genes, parts, gff3, flavour) for row in found]


def _model(
    row: list[str],
    genes: dict[tuple[str, str], str],
    parts: dict[tuple[str, str], list[list[str]]],
    gff3: bool,
    flavour: str,
) -> Model:
    name = (attribute(row[8], "ID") if gff3 else attribute(row[8], "transcript_id")) or ""
    own = parts.get((row[0], name), [])
    exons = [part for part in own if part[2] in ("exon", "pseudogenic_exon")]
    exons = exons or [part for part in own if part[2] in ("CDS", "stop_codon") or part[2].lower().endswith("utr")]
    coding = [part for part in own if part[2] in ("CDS", "stop_codon")]
    of_gene = (attribute(row[8], "gene_biotype"), attribute(row[8], "gene_type"))
    if not any(of_gene):
        parents = (attribute(row[8], "Parent") if gff3 else attribute(row[8], "gene_id")) or ""
        of_gene = tuple(genes.get((row[0], parent)) for parent in parents.split(","))
    gene = next(filter(None, of_gene), None)
    unions = joined((int(part[3]), int(part[4])) for part in exons)
    coded = joined(without([(int(part[3]), int(part[4])) for part in coding], unions))
    return Model(
        name,
        row,
        kind_by_evidence(row, gene, bool(coded), flavour == "refseq"),
        unions,
        coded,
        {(int(part[3]), int(part[4])): part[7] for part in own if part[2] == "CDS"},
    )


def selected_transcripts(path: Path, flavour: str) -> list[Transcript]:
    """Every selected isoform on + or -, in the file's order."""
    if flavour not in ("refseq", "gencode", "ensembl", "generic"):
        raise ValueError(f"unknown flavour: {flavour}")
    return [
        Transcript(model.row[0], int(model.row[3]), int(model.row[4]), model.row[6], model.kind)
        for model in models(path, flavour)
        if model.kind != "other" and model.row[6] in ("+", "-") and not is_marked(model.row[8])
    ]


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
