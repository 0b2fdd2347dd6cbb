"""Hypothesis strategies: files made by their grammars, mostly right and sometimes not, and mutations of real files."""

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import mutations
from hypothesis import strategies as st
from mutations import ODD_NUMBERS, ODD_TEXTS, TRICK_NAMES

ODD = st.sampled_from(ODD_TEXTS) | st.text(max_size=8)
NUMBERS = st.sampled_from(ODD_NUMBERS)
SEQUENCE_NAMES = (
    st.sampled_from(["chr1", "chr2", "1", "2", "MT", "NC_000001.11", "Mt"])
    | st.sampled_from([name for name in TRICK_NAMES if " " not in name])
    | st.text("abcdefgh./\\%:|,;=*", min_size=1, max_size=12)
)


def mutated(contents: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """One of `contents`, damaged."""
    return st.builds(mutations.mutated, st.sampled_from(contents), st.randoms(use_true_random=False))


def rarely(strange: st.SearchStrategy[str], usual: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Give something strange once in about twenty times; simplest is the usual."""
    return st.integers(0, 19).flatmap(lambda number: strange if number == 19 else usual)


# FASTA


@dataclass(frozen=True)
class Record:
    """A sequence of a FASTA file."""

    name: str
    letters: str


@st.composite
def records(draw: st.DrawFn, most: int = 3, most_letters: int = 240) -> tuple[Record, ...]:
    """Sequences of different names; the letters are a short motif again and again, which shrinks well."""
    names = draw(st.lists(SEQUENCE_NAMES, min_size=1, max_size=most, unique=True))
    motifs = st.text("ACGTacgtNnRYKu-", min_size=1, max_size=6)
    return tuple(Record(name, draw(motifs) * draw(st.integers(1, most_letters // 6))) for name in names)


@st.composite
def spelled(draw: st.DrawFn, of: Sequence[Record]) -> bytes:
    """Spell records as FASTA: any width, with or without descriptions; usually right, plain or gzip."""
    newline = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    text = draw(rarely(ODD, st.just("")))
    for record in of:
        width = draw(st.sampled_from([1, 7, 60, 10_000]))
        described = draw(st.sampled_from(["", " a sequence", "\tx"]) | rarely(ODD, st.just("")))
        lines = [record.letters[start : start + width] for start in range(0, len(record.letters), width)]
        lines.append(draw(rarely(ODD, st.just(""))))
        text += newline.join([f">{record.name}{described}", *lines]) + newline
    content = text.encode("utf-8", "surrogatepass")
    return gzip.compress(content, mtime=0) if draw(st.booleans()) else content


def fasta() -> st.SearchStrategy[bytes]:
    """A FASTA file of a few short sequences."""
    return records().flatmap(spelled)


# GFF3 and GTF

_TYPES = st.sampled_from(
    ["mRNA", "lnc_RNA", "transcript", "gene", "exon", "CDS", "processed_transcript", "pseudogene", "lincRNA", "region"]
)
_BIOTYPES = st.sampled_from(["protein_coding", "lncRNA", "lincRNA", "miRNA", "pseudogene"])
_IDS = (
    st.sampled_from(["t1", "t2", "rna-t1", "transcript:t1", "g1", "gene-g1", "gene:g1"])
    | ODD
    | st.sampled_from(TRICK_NAMES)
)
_GFF3_KEYS = (
    "ID",
    "Parent",
    "transcript_id",
    "gene_id",
    "biotype",
    "gene_biotype",
    "gbkey",
    "partial",
    "pseudo",
    "part",
)
_GTF_KEYS = (
    "gene_id",
    "transcript_id",
    "transcript_type",
    "gene_type",
    "transcript_biotype",
    "gene_biotype",
    "tag",
    "partial",
    "part",
)
_MARKS = {"partial": "true", "pseudo": "true", "gbkey": "mRNA", "part": "1/2"}
_DIRECTIVES = (
    "##gff-version 3", "##FASTA", "###", "#", "", ">chr1", "##sequence-region chr1 1 100", "##sequence-region chr1 1 x", "##provider: GENCODE",
    "##sequence-region", "#!genome-build GRCh38", "##species x", "track name=x", "ACGT",
)  # fmt: skip


@st.composite
def attributes(draw: st.DrawFn, gff3: bool) -> str:
    """Column 9 of a row."""
    keys = draw(st.lists(st.sampled_from(_GFF3_KEYS if gff3 else _GTF_KEYS), max_size=5))
    if draw(st.integers(0, 4)):
        keys = ["ID" if gff3 else "transcript_id", *keys]
    told = [(key, _MARKS[key] if key in _MARKS else draw(_BIOTYPES if key.endswith("type") else _IDS)) for key in keys]
    spelt = [f"{key}={value}" if gff3 else f'{key} "{value}"' for key, value in told]
    return draw(st.sampled_from([";", "; ", ";;", " ; "])).join(spelt) + draw(st.sampled_from(["", ";", "; "]))


@st.composite
def row(draw: st.DrawFn, names: st.SearchStrategy[str], length: int, gff3: bool) -> str:
    """A row; most lie within 1 to `length`."""
    start = draw(st.integers(1, length))
    end = draw(st.integers(start, length))
    columns = [
        draw(names),
        draw(st.sampled_from(["HAVANA", "RefSeq", "."])),
        draw(_TYPES),
        draw(rarely(NUMBERS, st.just(str(start)))),
        draw(rarely(NUMBERS, st.just(str(end)))),
        ".",
        draw(st.sampled_from(["+", "-", "+", "-", "+", "-", ".", "?", ""]) | rarely(ODD, st.just("+"))),
        draw(st.sampled_from([".", "0"])),
        draw(attributes(gff3)),
    ]
    return draw(st.sampled_from(["\t"] * 19 + [" "])).join(columns[: draw(st.sampled_from([9] * 19 + [8, 3]))])


@st.composite
def annotation(draw: st.DrawFn, of: Sequence[Record] = (Record("chr1", "A" * 100),)) -> bytes:
    """A GFF3 or GTF file whose rows lie on the given sequences, or on none; usually right, plain or gzip."""
    gff3 = draw(st.booleans())
    names = st.sampled_from([record.name for record in of]) | rarely(SEQUENCE_NAMES, st.just(of[0].name))
    length = min(len(record.letters) for record in of)
    lines = [*draw(st.lists(st.sampled_from(_DIRECTIVES[:1]), max_size=1))]
    for _ in range(draw(st.integers(0, 12))):
        lines.append(draw(rarely(st.sampled_from(_DIRECTIVES) | ODD, row(names, length, gff3))))
    text = draw(st.sampled_from(["\n", "\n", "\r\n"])).join([*lines, ""])
    content = text.encode("utf-8", "surrogatepass")
    return gzip.compress(content, mtime=0) if draw(st.booleans()) else content


# Tables of names


@st.composite
def names_table(draw: st.DrawFn, of: Sequence[Record] = (Record("chr1", "A" * 100),)) -> bytes:
    """An assembly report, or a chromAlias table of either kind, for the given sequences and one more."""
    others = SEQUENCE_NAMES | st.just("na") | rarely(ODD, st.just("chr1"))
    rows = [(record.name, str(len(record.letters))) for record in of] + [("another", "5")]
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    match draw(st.sampled_from(["report", "header", "pairs", "bare"])):
        case "report":
            lines = ["# Assembly name: x", "# Sequence-Name\tGenBank-Accn\tSequence-Length\tUCSC-style-name"]
            lines += [
                "\t".join([name, draw(others), draw(rarely(NUMBERS, st.just(length))), draw(others)])
                for name, length in rows
            ]
        case "header":
            lines = ["# ucsc\tassembly\tgenbank", *("\t".join([name, draw(others), draw(others)]) for name, _ in rows)]
        case "pairs":
            lines = [f"{draw(others)}\t{name}\tensembl,ucsc" for name, _ in rows]
        case _:
            lines = [draw(rarely(ODD, st.just(f"{name}\t{draw(others)}"))) for name, _ in rows]
    return newline.join([*lines, ""]).encode("utf-8", "surrogatepass")


# Catalogues

_ODD_VALUES = (
    "", "~", "[]", "{}", "[1, 2]", "{a: 1}", "true", "1", "-1", "0", "1.5", ".nan", ".inf", "1e400", "1_000", "0x" + "f" * 5_000, "9" * 4_301,
    '!!int ""', '!!float ""', "!!bool x", '!!timestamp "x"', "!!binary x", "!!set {a, b}", "!!omap [a: 1]", "!!python/name:os.system", "2020-13-45",
    "2020-01-01", "1:30:00", "*none", "&a [*a]", "|\n    a\n    b", '"\\ud800"', '"\\0"', '"\\e[2J"', "'../../x'", "/dev/zero", "/", ".", "..", "~root/x", "x" * 5_000,
    "[" * 200 + "]" * 200,
)  # fmt: skip
_GENOMES = st.sampled_from(["g", "hg38", "GCF_009914755.1", "a.b+c-d_e"]) | st.sampled_from(TRICK_NAMES)
_KEYS = (
    "genome", "species", "accession", "sequence", "annotation", "aliases", "simulate", "min_chromosome_length_bp", "kernel", "chromosomes",
    "splits", "path", "url", "md5", "flavour", "types", "include", "exclude", "train", "validation", "default", "strict", "<<", "a\\nb",
)  # fmt: skip
_VALUES: dict[str, Sequence[str]] = {
    "kernel": (
        "{}",
        "{shape: box}",
        "{width_bp: 3, radius_bp: 5}",
        "{radius_bp: 0}",
        "{shape: gaussian, width_bp: 1e-300}",
    ),
    "block_size_bp": ("50", "100", "1_000", "10_000_000"),
    "min_chromosome_length_bp": ("1", "20"),
    "block_writer": ("pages", "pyarrow"),
    "species": ("Homo sapiens", "a|b", '"a\\nb"', "日本"),
}


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@st.composite
def catalogue(draw: st.DrawFn) -> bytes:
    """A catalogue that names the files sequence, annotation and aliases beside it; sometimes right."""

    def value(key: str) -> str:
        return draw(rarely(st.sampled_from(_ODD_VALUES), st.sampled_from(_VALUES[key])))

    lines = [f"dataset: {draw(rarely(st.sampled_from(_ODD_VALUES), st.just('fuzz')))}"]
    lines += [
        f"{key}: {value(key)}"
        for key in draw(st.sets(st.sampled_from(sorted(_VALUES)), max_size=4))
        if key != "species"
    ]
    lines.append("assemblies:")
    for genome in draw(st.lists(_GENOMES, max_size=3)):
        lines += [f"  - genome: {_quoted(genome)}", f"    species: {value('species')}"]
        lines += ["    sequence: {path: sequence}", "    annotation: {path: annotation}"][
            : draw(st.sampled_from([2] * 9 + [1]))
        ]
        for key in draw(st.lists(st.sampled_from(_KEYS), max_size=2, unique=True)):
            if key not in ("genome", "species", "sequence", "annotation"):
                lines.append(f'    "{key}": {draw(st.sampled_from(_ODD_VALUES))}')
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")


# All of it


@dataclass(frozen=True)
class Inputs:
    """The files of a dataset of one genome; `records` are what the FASTA file holds, where that is known."""

    sequence: bytes
    annotation: bytes
    aliases: bytes | None
    catalogue: str
    records: tuple[Record, ...] | None = None


@st.composite
def rules(draw: st.DrawFn, with_aliases: bool, block_sizes: Sequence[int]) -> str:
    """A catalogue of one genome, with right values."""
    lines = [
        "dataset: fuzz",
        f"block_size_bp: {draw(st.sampled_from(block_sizes))}",
        f"min_chromosome_length_bp: {draw(st.sampled_from([1, 20]))}",
        f"kernel: {draw(st.sampled_from(_VALUES['kernel'][:4]))}",
        f"block_writer: {draw(st.sampled_from(_VALUES['block_writer']))}",
        "assemblies:",
        f"  - genome: {draw(st.sampled_from(['g', 'a.b+c-d_e', 'x' * 200]))}",
        f"    species: {draw(st.sampled_from(_VALUES['species']))}",
        "    sequence: {path: sequence}",
        "    annotation: {path: annotation, max_malformed: %s, lengths: %s, partial: %s}"
        % tuple(draw(st.sampled_from(choice)) for choice in (["0.5", "0"], ["compare", "ignore"], ["keep", "drop"])),
        *(["    aliases: {path: aliases}"] if with_aliases else []),
    ]
    return "\n".join(lines) + "\n"


@st.composite
def made_inputs(draw: st.DrawFn) -> Inputs:
    """A tiny genome made by the grammars."""
    of = draw(records())
    aliases = draw(st.none() | names_table(of))
    return Inputs(draw(spelled(of)), draw(annotation(of)), aliases, draw(rules(aliases is not None, [50, 100])), of)


def damaged_inputs(pairs: Sequence[tuple[bytes, bytes]]) -> st.SearchStrategy[Inputs]:
    """A short real sequence with its real transcripts, of which one file or both are damaged."""

    def inputs(pair: tuple[bytes, bytes], damage: tuple[bool, bool], random: object, catalogue: str) -> Inputs:
        hurt: Callable[[bytes], bytes] = lambda content: mutations.mutated(content, random, 3)  # type: ignore[arg-type]
        sequence, annotation = (hurt(part) if hit else part for part, hit in zip(pair, damage, strict=True))
        return Inputs(sequence, annotation, None, catalogue)

    which = st.sampled_from([(False, True), (False, True), (True, False), (True, True)])
    return st.builds(
        inputs, st.sampled_from(pairs), which, st.randoms(use_true_random=False), rules(False, [5_000, 9_999])
    )
