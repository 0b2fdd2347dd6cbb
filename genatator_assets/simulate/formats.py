"""The annotation formats: GENCODE GTF, Ensembl GTF and RefSeq GFF3, as text; only here intervals are 1-based."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from genatator_assets.simulate.genes import Gene, GeneKind, Interval, Transcript, TranscriptKind
from genatator_assets.simulate.model import ASSEMBLY, SPECIES, Flavour, Molecule

# NCBI's taxon of artificial sequences.
TAXON = 32630


@dataclass(frozen=True)
class Format:
    """How a flavour writes annotation: the file's ending, and text for the file, a molecule and a gene."""

    suffix: str
    header: str
    molecule: Callable[[Molecule], str]
    gene: Callable[[str, Gene], str]
    footer: str


class Part(NamedTuple):
    """The part of a stretch of transcript that lies in one exon: 0-based half-open on the molecule."""

    exon: int
    start: int
    end: int
    phase: int


def parts(gene: Gene, transcript: Transcript, stretch: Interval) -> list[Part]:
    """Where a stretch of the spliced transcript lies on the molecule, from 5' to 3'.

    The phase is the number of bases until the next codon begins, if a codon begins with the stretch.
    """
    low, high = stretch
    forward = gene.locus.strand == "+"
    found = []
    offset = 0
    for index, (start, end) in enumerate(transcript.exons):
        first, last = max(low - offset, 0), min(high - offset, end - start)
        if first < last:
            phase = (low - offset - first) % 3
            place = (start + first, start + last) if forward else (end - last, end - first)
            found.append(Part(index, *place, phase))
        offset += end - start
    return found


def _symbol(gene: Gene) -> str:
    match gene.locus.kind:
        case "coding":
            return f"SIM{gene.number}"
        case "lncrna":
            return f"LINC{gene.number:05d}"
        case "snorna":
            return f"SNORD{gene.number}"
        case "pseudogene":
            return f"SIM{gene.number}P"


def _transcript_number(gene: Gene, index: int) -> int:
    # A gene has at most six transcripts.
    return gene.number * 10 + index


def _exon_numbers(gene: Gene) -> dict[Interval, int]:
    """A number for every exon; transcripts that share an exon share its number."""
    # A gene has at most 72 exons.
    distinct = dict.fromkeys(exon for transcript in gene.transcripts for exon in transcript.exons)
    return {exon: gene.number * 100 + index for index, exon in enumerate(distinct)}


def _line(head: str, feature: str, place: Interval, tail: str, attributes: str) -> str:
    """A row of nine columns: the head is molecule and source, the tail score, strand and phase."""
    return f"{head}\t{feature}\t{place[0] + 1}\t{place[1]}\t{tail}\t{attributes}\n"


# --- GTF: GENCODE's and Ensembl's files have the same rows with different attributes and UTRs.


@dataclass(frozen=True, slots=True)
class _GtfAttributes:
    """The attributes of a transcript's rows: of the transcript, and for each exon of the rows within it."""

    transcript: str
    exon: list[str]
    cds: list[str]
    codon: list[str]


def _no_text(_: Molecule) -> str:
    return ""


def _gtf_exon_lines(head: str, gene: Gene, transcript: Transcript, attributes: _GtfAttributes) -> list[str]:
    """The rows of exons, each followed by its CDS and codons. The CDS doesn't include the stop codon."""
    strand = gene.locus.strand
    tail = f".\t{strand}\t."
    lines = [
        [_line(head, "exon", exon, tail, text)] for exon, text in zip(transcript.exons, attributes.exon, strict=True)
    ]
    if transcript.coding is not None:
        low, high = transcript.coding
        for feature, stretch, texts in (
            ("CDS", (low, high - 3), attributes.cds),
            ("start_codon", (low, low + 3), attributes.codon),
            ("stop_codon", (high - 3, high), attributes.codon),
        ):
            for index, start, end, phase in parts(gene, transcript, stretch):
                lines[index].append(_line(head, feature, (start, end), f".\t{strand}\t{phase}", texts[index]))
    return [line for lines_of_exon in lines for line in lines_of_exon]


GENCODE_HEADER = f"""\
##description: evidence-based annotation of the simulated genome ({ASSEMBLY}), version 1
##provider: GENCODE
##contact: nobody@example.org
##format: gtf
##date: 2024-01-01
"""
GENCODE_GENES: dict[GeneKind, str] = {
    "coding": "protein_coding",
    "lncrna": "lncRNA",
    "snorna": "snoRNA",
    "pseudogene": "transcribed_unprocessed_pseudogene",
}
GENCODE_TRANSCRIPTS: dict[TranscriptKind, str] = {
    "coding": "protein_coding",
    "retained_intron": "retained_intron",
    "decay": "nonsense_mediated_decay",
    "lncrna": "lncRNA",
    "snorna": "snoRNA",
    "pseudogene": "processed_transcript",
}


def _gencode_gene(molecule: str, gene: Gene) -> str:
    locus, number = gene.locus, gene.number
    level = _gencode_level(gene)
    head = f"{molecule}\t{'ENSEMBL' if level == 3 else 'HAVANA'}"
    tail = f".\t{locus.strand}\t."
    attributes = (
        f'gene_id "ENSG{number:011d}.{1 + number % 9}"; gene_type "{GENCODE_GENES[locus.kind]}"; '
        f'gene_name "{_symbol(gene)}"; level {level}; havana_gene "OTTHUMG{number:011d}.{1 + number % 5}";'
    )
    exon_numbers = _exon_numbers(gene)
    lines = [_line(head, "gene", (locus.start, locus.end), tail, attributes)]
    for index, transcript in enumerate(gene.transcripts):
        texts = _gencode_attributes(gene, index, exon_numbers)
        lines.append(_line(head, "transcript", (transcript.start, transcript.end), tail, texts.transcript))
        lines += _gtf_exon_lines(head, gene, transcript, texts)
        lines += _gencode_utr_lines(head, gene, transcript, texts)
    return "".join(lines)


def _gencode_level(gene: Gene) -> int:
    return 3 if gene.number % 7 == 0 else 2


def _gencode_attributes(gene: Gene, index: int, exon_numbers: dict[Interval, int]) -> _GtfAttributes:
    transcript, number, symbol = gene.transcripts[index], _transcript_number(gene, index), _symbol(gene)
    start = (
        f'gene_id "ENSG{gene.number:011d}.{1 + gene.number % 9}"; '
        f'transcript_id "ENST{number:011d}.{1 + number % 7}"; '
        f'gene_type "{GENCODE_GENES[gene.locus.kind]}"; gene_name "{symbol}"; '
        f'transcript_type "{GENCODE_TRANSCRIPTS[transcript.kind]}"; transcript_name "{symbol}-{201 + index}"; '
    )
    protein = "" if transcript.coding is None else f'protein_id "ENSP{number:011d}.{1 + number % 4}"; '
    end = (
        f'level {_gencode_level(gene)}; {protein}transcript_support_level "{1 + number % 5}"; '
        f'{_tags(transcript, index)}havana_gene "OTTHUMG{gene.number:011d}.{1 + gene.number % 5}"; '
        f'havana_transcript "OTTHUMT{number:011d}.1";'
    )
    exons = [
        f'{start}exon_number {position}; exon_id "ENSE{exon_numbers[exon]:011d}.1"; {end}'
        for position, exon in enumerate(transcript.exons, 1)
    ]
    return _GtfAttributes(start + end, exons, exons, exons)


def _tags(transcript: Transcript, index: int) -> str:
    if transcript.kind in {"retained_intron", "decay"}:
        return ""
    if index > 0:
        return 'tag "basic"; '
    return 'tag "basic"; tag "Ensembl_canonical"; ' + ('tag "CCDS"; ' if transcript.kind == "coding" else "")


def _gencode_utr_lines(head: str, gene: Gene, transcript: Transcript, attributes: _GtfAttributes) -> list[str]:
    """UTR rows; the one after the CDS begins with the stop codon, as in the real files."""
    if transcript.coding is None:
        return []
    low, high = transcript.coding
    return [
        _line(head, "UTR", (part.start, part.end), f".\t{gene.locus.strand}\t.", attributes.exon[part.exon])
        for stretch in ((0, low), (high - 3, transcript.spliced_length))
        for part in parts(gene, transcript, stretch)
    ]


ENSEMBL_HEADER = f"""\
#!genome-build {ASSEMBLY}
#!genome-version {ASSEMBLY}
#!genome-date 2024-01
#!genebuild-last-updated 2024-01
"""
ENSEMBL_GENES: dict[GeneKind, str] = {**GENCODE_GENES, "pseudogene": "unprocessed_pseudogene"}
ENSEMBL_TRANSCRIPTS: dict[TranscriptKind, str] = {
    **GENCODE_TRANSCRIPTS,
    "pseudogene": "unprocessed_pseudogene",
}


def _ensembl_gene(molecule: str, gene: Gene) -> str:
    locus = gene.locus
    head = f"{molecule}\t{_ensembl_source(gene)}"
    tail = f".\t{locus.strand}\t."
    exon_numbers = _exon_numbers(gene)
    attributes = f"{_ensembl_gene_id(gene)} {_ensembl_gene_name(gene)}"
    lines = [_line(head, "gene", (locus.start, locus.end), tail, attributes)]
    for index, transcript in enumerate(gene.transcripts):
        texts = _ensembl_attributes(gene, index, exon_numbers)
        lines.append(_line(head, "transcript", (transcript.start, transcript.end), tail, texts.transcript))
        lines += _gtf_exon_lines(head, gene, transcript, texts)
        lines += _ensembl_utr_lines(head, gene, transcript, texts)
    return "".join(lines)


def _ensembl_source(gene: Gene) -> str:
    return ("havana", "ensembl", "ensembl_havana")[gene.number % 3]


def _ensembl_gene_id(gene: Gene) -> str:
    return f'gene_id "ENSG{gene.number:011d}"; gene_version "{1 + gene.number % 9}";'


def _ensembl_gene_name(gene: Gene) -> str:
    return (
        f'gene_name "{_symbol(gene)}"; gene_source "{_ensembl_source(gene)}"; '
        f'gene_biotype "{ENSEMBL_GENES[gene.locus.kind]}";'
    )


def _ensembl_attributes(gene: Gene, index: int, exon_numbers: dict[Interval, int]) -> _GtfAttributes:
    transcript, number = gene.transcripts[index], _transcript_number(gene, index)
    # In the real rows the exon's number stands before the gene's name and the other identifiers after it.
    start = f'{_ensembl_gene_id(gene)} transcript_id "ENST{number:011d}"; transcript_version "{1 + number % 7}"; '
    middle = (
        f'{_ensembl_gene_name(gene)} transcript_name "{_symbol(gene)}-{201 + index}"; '
        f'transcript_source "{_ensembl_source(gene)}"; '
        f'transcript_biotype "{ENSEMBL_TRANSCRIPTS[transcript.kind]}"; '
    )
    end = f'{_tags(transcript, index)}transcript_support_level "{1 + number % 5}";'
    protein = f'protein_id "ENSP{number:011d}"; protein_version "{1 + number % 4}"; '
    bare = [f'{start}exon_number "{position}"; {middle}' for position in range(1, len(transcript.exons) + 1)]
    return _GtfAttributes(
        transcript=start + middle + end,
        exon=[
            f'{text}exon_id "ENSE{exon_numbers[exon]:011d}"; exon_version "1"; {end}'
            for text, exon in zip(bare, transcript.exons, strict=True)
        ],
        cds=[text + protein + end for text in bare],
        codon=[text + end for text in bare],
    )


def _ensembl_utr_lines(head: str, gene: Gene, transcript: Transcript, attributes: _GtfAttributes) -> list[str]:
    """UTR rows; neither includes a codon, as in the real files."""
    if transcript.coding is None:
        return []
    low, high = transcript.coding
    return [
        _line(head, feature, (part.start, part.end), f".\t{gene.locus.strand}\t.", attributes.transcript)
        for feature, stretch in (
            ("five_prime_utr", (0, low)),
            ("three_prime_utr", (high, transcript.spliced_length)),
        )
        for part in parts(gene, transcript, stretch)
    ]


# --- GFF3: NCBI's files of RefSeq.

REFSEQ_HEADER = f"""\
##gff-version 3
#!gff-spec-version 1.21
#!processor NCBI annotwriter
#!genome-build {ASSEMBLY}
#!annotation-source Simulated annotation
"""
REFSEQ_GENES: dict[GeneKind, str] = {
    "coding": "protein_coding",
    "lncrna": "lncRNA",
    "snorna": "snoRNA",
    "pseudogene": "pseudogene",
}
# The row's type and its gbkey; RefSeq knows neither retained introns nor decay, and calls both miscellaneous.
REFSEQ_TRANSCRIPTS: dict[TranscriptKind, tuple[str, str]] = {
    "coding": ("mRNA", "mRNA"),
    "retained_intron": ("transcript", "misc_RNA"),
    "decay": ("transcript", "misc_RNA"),
    "lncrna": ("lnc_RNA", "ncRNA"),
    "snorna": ("snoRNA", "ncRNA"),
}
PRODUCTS: dict[GeneKind, str] = {
    "coding": "simulated protein",
    "lncrna": "uncharacterized LOC",
    "snorna": "small nucleolar RNA, C/D box",
    "pseudogene": "simulated pseudogene",
}
_RESERVED = str.maketrans({character: f"%{ord(character):02X}" for character in "%;=&,\t\n"})


def _encoded(text: str) -> str:
    """The text of an attribute with GFF3's reserved characters percent-encoded."""
    return text.translate(_RESERVED)


def _refseq_molecule(molecule: Molecule) -> str:
    place = (
        f"chromosome={molecule.chromosome};gbkey=Src;genome=chromosome"
        if molecule.chromosome is not None
        else "chromosome=Unknown;gbkey=Src;genome=genomic"
    )
    attributes = (
        f"ID={molecule.name}:1..{molecule.length};Dbxref=taxon:{TAXON};Name={molecule.chromosome or 'Unknown'};"
        f"{place};mol_type=genomic DNA;note={_encoded(f'{SPECIES}; simulated, not sequenced')}"
    )
    return f"##sequence-region {molecule.name} 1 {molecule.length}\n" + _line(
        f"{molecule.name}\tRefSeq", "region", (0, molecule.length), ".\t+\t.", attributes
    )


def _refseq_gene(molecule: str, gene: Gene) -> str:
    locus, symbol = gene.locus, _symbol(gene)
    head = f"{molecule}\t{'Gnomon' if _is_predicted(gene) else 'BestRefSeq'}"
    tail = f".\t{locus.strand}\t."
    feature, pseudo = ("pseudogene", ";pseudo=true") if locus.kind == "pseudogene" else ("gene", "")
    attributes = (
        f"ID=gene-{symbol};Dbxref=GeneID:{gene.number};Name={symbol};description={_product(gene)};gbkey=Gene;"
        f"gene={symbol};gene_biotype={REFSEQ_GENES[locus.kind]}{pseudo}"
    )
    lines = [_line(head, feature, (locus.start, locus.end), tail, attributes)]
    if locus.kind == "pseudogene":
        return "".join(lines + _refseq_pseudogene_exons(head, gene))
    for index in range(len(gene.transcripts)):
        lines += _refseq_transcript(head, gene, index)
    return "".join(lines)


def _is_predicted(gene: Gene) -> bool:
    return gene.number % 3 == 0


def _product(gene: Gene) -> str:
    return _encoded(f"{PRODUCTS[gene.locus.kind]} {gene.number}")


def _refseq_pseudogene_exons(head: str, gene: Gene) -> list[str]:
    """A pseudogene's exons belong to the gene itself: there's no transcript between, as in the real files."""
    symbol = _symbol(gene)
    attributes = f"Parent=gene-{symbol};Dbxref=GeneID:{gene.number};gbkey=exon;gene={symbol};pseudo=true"
    tail = f".\t{gene.locus.strand}\t."
    return [
        _line(head, "exon", exon, tail, f"ID=id-{symbol}-{position};{attributes}")
        for position, exon in enumerate(gene.transcripts[0].exons, 1)
    ]


def _refseq_transcript(head: str, gene: Gene, index: int) -> list[str]:
    transcript, symbol, strand = gene.transcripts[index], _symbol(gene), gene.locus.strand
    feature, gbkey = REFSEQ_TRANSCRIPTS[transcript.kind]
    accession = _refseq_accession(gene, index)
    product = _product(gene) + _encoded(f", transcript variant {index + 1}" if len(gene.transcripts) > 1 else "")
    dbxref = f"Dbxref=GeneID:{gene.number},GenBank:{accession}"
    described = f"gbkey={gbkey};gene={symbol};product={product};transcript_id={accession}"
    attributes = f"ID=rna-{accession};Parent=gene-{symbol};{dbxref};Name={accession};{_note(gene)}{described}"
    tail = f".\t{strand}\t."
    lines = [_line(head, feature, (transcript.start, transcript.end), tail, attributes)]
    of_exon = f"Parent=rna-{accession};{dbxref};{described}"
    for position, exon in enumerate(transcript.exons, 1):
        lines.append(_line(head, "exon", exon, tail, f"ID=exon-{accession}-{position};{of_exon}"))
    if feature == "mRNA" and transcript.coding is not None:
        # All rows of a CDS have one ID, and they include the stop codon.
        of_cds = _refseq_cds_attributes(gene, index, accession)
        for _, start, end, phase in parts(gene, transcript, transcript.coding):
            lines.append(_line(head, "CDS", (start, end), f".\t{strand}\t{phase}", of_cds))
    return lines


def _refseq_accession(gene: Gene, index: int) -> str:
    prefix = ("N", "X")[_is_predicted(gene)] + ("M" if gene.transcripts[index].kind == "coding" else "R")
    return f"{prefix}_{_transcript_number(gene, index):09d}.1"


def _note(gene: Gene) -> str:
    if _is_predicted(gene):
        return ""
    return f"Note={_encoded('simulated; 100% identical, gaps=0')};"


def _refseq_cds_attributes(gene: Gene, index: int, accession: str) -> str:
    protein = f"{accession[0]}P_{accession[3:]}"
    isoform = _encoded(f", isoform {index + 1}") if len(gene.transcripts) > 1 else ""
    return (
        f"ID=cds-{protein};Parent=rna-{accession};Dbxref=GeneID:{gene.number},GenBank:{protein};Name={protein};"
        f"gbkey=CDS;gene={_symbol(gene)};product={_product(gene)}{isoform};protein_id={protein}"
    )


FORMATS: dict[Flavour, Format] = {
    "gencode": Format("gtf", GENCODE_HEADER, _no_text, _gencode_gene, ""),
    "ensembl": Format("gtf", ENSEMBL_HEADER, _no_text, _ensembl_gene, ""),
    "refseq": Format("gff3", REFSEQ_HEADER, _refseq_molecule, _refseq_gene, "###\n"),
}
