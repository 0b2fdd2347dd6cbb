"""Small slices of the real files, to be mutated. They are cut at run time and never committed."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

_ANNOTATIONS = (
    "alpha_globin_8species/GRCm38.mm10.subset.gff3",
    "alpha_globin_8species/refseq.hg38.gtf",
    "annotation_scale/gencode_small/gencode.gff3",
    "annotation_scale/gencode_small/gencode_human.gtf.gz",
    "annotation_scale/gencode_small/parY.annotation.gtf",
    "annotation_scale/hg38_ensembl_gff3/Homo_sapiens.GRCh38.86.chromosome.7.gff3.gz",
    "annotation_scale/hg38_ensembl_gff3/vep_chr21.test.gff.gz",
    "annotation_scale/hg38_ensembl_gff3/vep_chr21.test.gtf.gz",
    "annotation_scale/refseq_small/hg19_chrY_300kb_genes.gtf",
    "annotation_scale/refseq_small/refseq_grch38.p14_mt.gff",
    "annotation_scale/refseq_small/refseq_test.historical_RS_2024_08.gff",
    "annotation_scale/refseq_small/vep_refseq_NC_000021.9.gff.gz",
    "drosophila/chrX_dm3_pygenometracks/dm3_subset_BDGP5.78.gtf.gz",
    "human_GRCh38_chr9_1Mb/Homo_sapiens.GRCh38.91_chr9_1_1000000.gtf",
    "korflab_1pct_athaliana/1pct.gff3",
    "korflab_1pct_celegans/1pct.gff3",
    "korflab_1pct_dmelanogaster/1pct.gff3",
    "mouse_chr9_4M_and_MAPT/MAPT.Mouse.genedb.gtf",
    "ncbi_dimorphilus_6contigs/ncbi.gff.gz",
    "yeast_R64/refseq/GCF_000146045.2_R64_genomic_subset.gff.gz",
    "yeast_chr1_2_gbrowse/yeast_chr1+2.gff3",
)
_SEQUENCES = (
    "alpha_globin_8species/genomes/galGal4.fa",
    "basset_gip_janggu/janggu_resources/sample_protein.fa",
    "human_GRCh38_chr1_1Mb/hg38_chr1_1-1000000.fa.gz",
    "human_GRCh38_chr9_1Mb/Homo_sapiens.GRCh38.dna_sm.primary_assembly_chr9_1_1000000.fa",
    "korflab_1pct_celegans/1pct.fa",
    "ncbi_dimorphilus_6contigs/ncbi.fasta",
    "yeast_R64/refseq/GCF_000146045.2_R64_genomic.fna.gz",
)
# An assembly's folder, sequence and annotation, and how much of the first sequence is cut out, with its transcripts.
_PAIRS = (
    ("human_GRCh38_chr1_1Mb", "hg38_chr1_1-1000000.fa.gz", "gencode.v29.chr1_to_1.53Mb.gtf.gz", 14_500),
    (
        "human_GRCh38_chr9_1Mb",
        "Homo_sapiens.GRCh38.dna_sm.primary_assembly_chr9_1_1000000.fa",
        "Homo_sapiens.GRCh38.91_chr9_1_1000000.gtf",
        31_000,
    ),
    ("korflab_1pct_athaliana", "1pct.fa", "1pct.gff3", 9_000),
    ("korflab_1pct_celegans", "1pct.fa", "1pct.gff3", 17_000),
    ("ncbi_dimorphilus_6contigs", "ncbi.fasta", "ncbi.gff.gz", 15_000),
    (
        "yeast_R64/refseq",
        "GCF_000146045.2_R64_genomic.fna.gz",
        "GCF_000146045.2_R64_genomic_subset.gff.gz",
        10_500,
    ),
)
_ROWS, _SEQUENCE_LINES, _ALIASED = 24, 12, 12


@dataclass(frozen=True)
class Pair:
    """The first bases of an assembly's first sequence, and the rows of its annotation that lie there."""

    sequence: bytes
    annotation: bytes


def _lines(path: Path) -> Iterator[bytes]:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as handle:
        yield from handle


@cache
def annotations(data: Path) -> tuple[bytes, ...]:
    """Of each real annotation the head, and rows from the first transcript (or exon) on; a few are compressed."""
    cut = [_head_and_rows(data / name) for name in _ANNOTATIONS]
    return (*cut, *(gzip.compress(text, mtime=0) for text in cut[:3]))


def _head_and_rows(path: Path) -> bytes:
    head = [line for line in islice(_lines(path), 8) if line.startswith(b"#")]
    rows = [line for line in islice(_lines(path), 3_000) if not line.startswith(b"#")]
    words = (b"\tmRNA\t", b"\ttranscript\t", b"\tlnc_RNA\t")
    first = next((number for number, row in enumerate(rows) if any(word in row for word in words)), 0)
    return b"".join([*head, *rows[max(0, first - 1) :][:_ROWS]])


@cache
def sequences(data: Path) -> tuple[bytes, ...]:
    """Of each real FASTA file its first lines, with a second header in the middle; some of them compressed."""
    cut = []
    for name in _SEQUENCES:
        lines = list(islice(_lines(data / name), _SEQUENCE_LINES))
        lines.insert(_SEQUENCE_LINES // 2, b">second of two\n")
        text = b"".join(lines)
        cut.append(gzip.compress(text, mtime=0) if name.endswith(".gz") else text)
    return tuple(cut)


@cache
def aliases(data: Path) -> tuple[bytes, ...]:
    """The names of hg38 and T2T, as an assembly report and as the two kinds of chromAlias table."""
    tables = []
    for name in ("hg38", "hs1"):
        rows = [line.rstrip(b"\n").split(b"\t") for line in _lines(data / f"chrom_sizes/mapped/{name}.seqinfo.tsv")]
        named = [(ucsc, length, *others.split(b",")) for ucsc, length, *_, others in rows[1 : _ALIASED + 1]]
        report = [b"# Sequence-Name\tGenBank-Accn\tRefSeq-Accn\tSequence-Length\tUCSC-style-name"]
        report += [b"\t".join([*others, length, ucsc]) for ucsc, length, *others in named]
        header = [b"# ucsc\tassembly\tgenbank\trefseq", *(b"\t".join([ucsc, *others]) for ucsc, _, *others in named)]
        pairs = [b"%s\t%s\tensembl,ucsc" % (other, ucsc) for ucsc, _, *others in named for other in others]
        tables += [b"\r\n".join([*report, b""]), b"\n".join([*header, b""]), b"\n".join([*pairs, b""])]
    return tuple(tables)


@cache
def catalogues() -> tuple[bytes, ...]:
    """The catalogues of the tests and of the package."""
    here = Path(__file__).resolve().parent
    presets = here.parents[1] / "genatator_assets" / "catalogue" / "presets"
    folders = (here.parent / "catalogues", presets, here / "found")
    return tuple(path.read_bytes() for folder in folders for path in sorted(folder.glob("*.yaml")))


@cache
def pairs(data: Path) -> tuple[Pair, ...]:
    """Assemblies of one short real sequence with real transcripts."""
    return tuple(
        _pair(data / folder / sequence, data / folder / annotation, length)
        for folder, sequence, annotation, length in _PAIRS
    )


def _pair(sequence: Path, annotation: Path, length: int) -> Pair:
    lines = _lines(sequence)
    header, taken = next(lines), []
    name = header[1:].split()[0]
    while sum(len(line) - 1 for line in taken) < length:
        taken.append(next(lines))
    inside = [line for line in islice(_lines(annotation), 4_000) if _is_inside(line, name, length)]
    return Pair(header + b"".join(taken), b"".join(inside))


def _is_inside(line: bytes, name: bytes, length: int) -> bool:
    on_it = line.startswith(name + b"\t") and int(line.split(b"\t")[4]) <= length
    return on_it or line.startswith((b"##gff", b"##provider"))
