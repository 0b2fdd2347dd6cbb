"""Hypothesis strategies: files made by their grammars, mostly right and sometimes not, and damaged real files."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import mutations
from hypothesis import strategies as st
from mutations import ODD_NUMBERS, ODD_TEXTS, TRICK_NAMES
from seeds import Pair

ODD = st.sampled_from(ODD_TEXTS) | st.text(max_size=8)
NUMBERS = st.sampled_from(ODD_NUMBERS)
IDS = (
    st.sampled_from(["chr1", "chr2", "1", "2", "MT", "NC_000001.11", "Mt"])
    | st.sampled_from([name for name in TRICK_NAMES if " " not in name])
    | st.text("abcdefgh./\\%:|,;=*", min_size=1, max_size=12)
)


def rarely(strange: st.SearchStrategy[str], usual: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return something strange once in about forty times."""
    return st.integers(0, 39).flatmap(lambda number: strange if number == 39 else usual)


def damaged(contents: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """One of `contents`, damaged."""
    return st.builds(mutations.mutated, st.sampled_from(contents), st.randoms(use_true_random=False))


@st.composite
def _encoded(draw: st.DrawFn, text: str) -> bytes:
    """Spell a text as a file: sometimes with another line end, sometimes as gzip."""
    content = text.replace("\n", draw(st.sampled_from(["\n", "\n", "\r\n"]))).encode("utf-8", "surrogatepass")
    return gzip.compress(content, mtime=0) if draw(st.booleans()) else content


# FASTA


@dataclass(frozen=True)
class Record:
    """A sequence of a FASTA file."""

    name: str
    letters: str


@st.composite
def records(draw: st.DrawFn) -> tuple[Record, ...]:
    """One to three sequences; the letters are a short motif again and again, which shrinks well."""
    names = draw(st.lists(IDS, min_size=1, max_size=3, unique=True))
    motifs = st.text("ACGTacgtnNnRYKu-", min_size=1, max_size=6)
    return tuple(Record(name, draw(motifs) * draw(st.integers(4, 40))) for name in names)


@st.composite
def fasta(draw: st.DrawFn, of: Sequence[Record] | None = None) -> bytes:
    """Sequences as FASTA: lines of any width, with or without descriptions."""
    text = draw(rarely(ODD, st.just("")))
    for record in of or draw(records()):
        width = draw(st.sampled_from([1, 7, 60, 10_000]))
        description = draw(rarely(ODD, st.sampled_from(["", " a sequence", "\tx"])))
        lines = [record.letters[start : start + width] for start in range(0, len(record.letters), width)]
        text += "\n".join([f">{record.name}{description}", *lines, draw(rarely(ODD, st.just(""))), ""])
    return draw(_encoded(text))


# GFF3 and GTF

_TYPES = st.sampled_from(
    ["mRNA", "lnc_RNA", "transcript", "gene", "exon", "CDS", "processed_transcript", "pseudogene", "lincRNA", "region"]
)
_BIOTYPES = st.sampled_from(["protein_coding", "lncRNA", "lincRNA", "miRNA", "pseudogene"])
_FEATURE_IDS = rarely(
    ODD | st.sampled_from(TRICK_NAMES),
    st.sampled_from(["t1", "t2", "t3", "rna-t1", "transcript:t1", "g1", "gene-g1", "gene:g1"]),
)
_MARKS = {"partial": "true", "pseudo": "true", "gbkey": "mRNA", "part": "1/2"}
_GFF3_KEYS = ["ID", "Parent", "transcript_id", "gene_id", "biotype", "gene_biotype", *_MARKS]
_GTF_KEYS = ["gene_id", "transcript_id", "transcript_type", "gene_type", "transcript_biotype", "gene_biotype", *_MARKS]
_DIRECTIVES = (
    "##gff-version 3", "##FASTA", "###", "#", "", ">chr1", "##sequence-region chr1 1 100",
    "##sequence-region chr1 1 x", "##provider: GENCODE", "##sequence-region", "#!genome-build GRCh38", "##species x",
    "track name=x", "ACGT",
)  # fmt: skip


@st.composite
def attributes(draw: st.DrawFn, gff3: bool) -> str:
    """Column 9 of a row."""
    keys = draw(st.lists(st.sampled_from(_GFF3_KEYS if gff3 else _GTF_KEYS), max_size=4))
    if not draw(rarely(st.just("none"), st.just(""))):
        keys = ["ID" if gff3 else "transcript_id", *keys]
    told = [(key, _MARKS[key] if key in _MARKS else draw(_BIOTYPES if "type" in key else _FEATURE_IDS)) for key in keys]
    spelt = [f"{key}={value}" if gff3 else f'{key} "{value}"' for key, value in told]
    return draw(st.sampled_from([";", "; ", ";;", " ; "])).join(spelt) + draw(st.sampled_from(["", ";", "; "]))


@st.composite
def row(draw: st.DrawFn, of: Sequence[Record], gff3: bool) -> str:
    """A row; most lie within one of the sequences."""
    record = draw(st.sampled_from(of))
    start = draw(st.integers(1, len(record.letters)))
    end = draw(st.integers(start, len(record.letters)))
    columns = [
        draw(rarely(IDS, st.just(record.name))),
        "HAVANA",
        draw(_TYPES),
        draw(rarely(NUMBERS, st.just(str(start)))),
        draw(rarely(NUMBERS, st.just(str(end)))),
        ".",
        draw(rarely(ODD, st.sampled_from(["+", "-", "+", "-", "+", "-", ".", "?", ""]))),
        ".",
        draw(attributes(gff3)),
    ]
    line = "\t".join(columns)
    return draw(rarely(st.sampled_from([line.replace("\t", " "), "\t".join(columns[:8]), line + "\t"]), st.just(line)))


@st.composite
def annotation(draw: st.DrawFn, of: Sequence[Record] = (Record("chr1", "A" * 100), Record("a/b", "C" * 9))) -> bytes:
    """A GFF3 or GTF file whose rows lie on the given sequences, or now and then on none."""
    gff3 = draw(st.booleans())
    lines = draw(st.lists(rarely(st.sampled_from(_DIRECTIVES) | ODD, row(of, gff3)), min_size=1, max_size=12))
    return draw(_encoded("\n".join([*draw(st.sampled_from([[], ["##gff-version 3"]])), *lines, ""])))


# Tables of names


@st.composite
def names_table(draw: st.DrawFn, of: Sequence[Record] = (Record("chr1", "A" * 100),)) -> bytes:
    """An assembly report, or a chromAlias table of either kind, for the given sequences and one more."""
    rows = [(record.name, str(len(record.letters))) for record in of] + [("another", "5")]
    others = iter(draw(st.lists(IDS, min_size=2 * len(rows), max_size=2 * len(rows), unique=True)))
    named = [(name, length, draw(rarely(ODD, st.just(next(others)))), next(others)) for name, length in rows]
    match draw(st.sampled_from(["report", "header", "pairs"])):
        case "report":
            lines = ["# Assembly name: x", "# Sequence-Name\tGenBank-Accn\tSequence-Length\tUCSC-style-name"]
            lines += [f"{name}\t{one}\t{draw(rarely(NUMBERS, st.just(bp)))}\tna" for name, bp, one, _ in named]
        case "header":
            lines = ["# ucsc\tassembly\tgenbank", *(f"{name}\t{one}\t{other}" for name, _, one, other in named)]
        case _:
            lines = [f"{one}\t{name}\tensembl,ucsc" for name, _, one, _ in named]
    return "\n".join([*lines, draw(rarely(ODD, st.just("")))]).encode("utf-8", "surrogatepass")


# Catalogues

_ODD_VALUES = (
    "", "~", "[]", "{}", "[1, 2]", "{a: 1}", "true", "1", "-1", "0", "1.5", ".nan", ".inf", "1e400", "1_000",
    "9" * 4_301, "0x" + "f" * 5_000, '!!int ""', '!!float ""', "!!bool x", '!!timestamp "x"', "!!binary x",
    "!!set {a, b}", "!!omap [a: 1]", "!!python/name:os.system", "2020-13-45", "2020-01-01", "1:30:00",
    "1" + ":1" * 200 + ".5", "*none", "&a [*a]", '"\\ud800"', '"\\0"', '"\\e[2J"', '"a\\nb"', "'../../x'",
    "/dev/zero", "/", ".", "..", "~root/x", "x" * 5_000, "[" * 200 + "]" * 200, "{path: sequence}",
    "{path: [sequence]}", "{path: ~}", "{url: https://x/y}", "{train: [a, a]}", "{<<: {a: 1}}",
)  # fmt: skip
ODD_VALUES = st.sampled_from(_ODD_VALUES)
_KEYS = (
    "accession", "aliases", "simulate", "min_chromosome_length_bp", "gene_finding", "chromosomes", "splits", "path",
    "url", "<<", "flavour", "types", "include", "a\\nb", "a\\e[2J", "",
)  # fmt: skip
_SPECIES = st.sampled_from(["Homo sapiens", "a|b", "日本", "'*a* `b` <c>'"])
_KERNELS = st.sampled_from(["{}", "{shape: box}", "{width_bp: 3, radius_bp: 5}", "{radius_bp: 0}"])
_WRITERS = st.sampled_from(["pages", "pages", "pyarrow"])


@st.composite
def catalogue(draw: st.DrawFn) -> bytes:
    """A catalogue that names the files `sequence` and `annotation` beside it."""
    rules = {
        "dataset": st.just("fuzz"),
        "gene_finding": st.just(""),
        "  kernel": _KERNELS,
        "  block_size_bp": st.just("1_000"),
        "  block_writer": _WRITERS,
    }
    lines = [f"{key}: {draw(rarely(ODD_VALUES, usual))}" for key, usual in rules.items()]
    lines.append(draw(rarely(st.sampled_from(["", "&a x: *a", "<<: *a", "- a", "\t", "---"]), st.just("assemblies:"))))
    for number in range(draw(st.integers(0, 3))):
        genome = draw(rarely(ODD_VALUES | st.sampled_from(TRICK_NAMES), st.just(f"g{number}")))
        lines += [f"  - genome: {genome}", f"    species: {draw(rarely(ODD_VALUES, _SPECIES))}"]
        lines += ["    sequence: {path: sequence}", "    annotation: {path: annotation}"]
        lines += [f'    "{draw(st.sampled_from(_KEYS))}": {draw(ODD_VALUES)}'] * draw(st.sampled_from([0, 0, 0, 1]))
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")


# All of it


@dataclass(frozen=True)
class Inputs:
    """The files of a dataset of one genome."""

    sequence: bytes
    annotation: bytes
    aliases: bytes | None
    catalogue: str


@st.composite
def rules_of_one(draw: st.DrawFn, with_aliases: bool, block_sizes: Sequence[int]) -> str:
    """A catalogue of one genome, without faults."""
    reading = {"max_malformed": ["0.5", "0"], "lengths": ["compare", "ignore"], "partial": ["keep", "drop"]}
    told = "".join(f", {key}: {draw(st.sampled_from(values))}" for key, values in reading.items())
    lines = [
        "dataset: fuzz",
        f"min_chromosome_length_bp: {draw(st.sampled_from([1, 20]))}",
        "gene_finding:",
        f"  block_size_bp: {draw(st.sampled_from(block_sizes))}",
        f"  kernel: {draw(_KERNELS)}",
        f"  block_writer: {draw(_WRITERS)}",
        "assemblies:",
        f"  - genome: {draw(st.sampled_from(['g', 'a.b+c-d_e', 'x' * 100]))}",
        f"    species: {draw(_SPECIES)}",
        "    sequence: {path: sequence}",
        f"    annotation: {{path: annotation{told}}}",
        *(["    aliases: {path: aliases}"] if with_aliases else []),
    ]
    return "\n".join(lines) + "\n"


@st.composite
def made_inputs(draw: st.DrawFn) -> Inputs:
    """A tiny genome made by the grammars."""
    of = draw(records())
    aliases = draw(st.none() | names_table(of))
    return Inputs(draw(fasta(of)), draw(annotation(of)), aliases, draw(rules_of_one(aliases is not None, [50, 100])))


@st.composite
def damaged_inputs(draw: st.DrawFn, pairs: Sequence[Pair]) -> Inputs:
    """A short real sequence with its real transcripts, of which one file or both are damaged."""
    pair, random = draw(st.sampled_from(pairs)), draw(st.randoms(use_true_random=False))
    hurt = draw(st.sampled_from(["annotation", "annotation", "sequence", "both"]))
    return Inputs(
        pair.sequence if hurt == "annotation" else _hurt(pair.sequence, random),
        pair.annotation if hurt == "sequence" else _hurt(pair.annotation, random),
        None,
        draw(rules_of_one(with_aliases=False, block_sizes=[5_000, 9_999])),
    )


def _hurt(content: bytes, random: Random) -> bytes:
    return mutations.mutated(content, random, most=3)
