"""GFF3 and GTF in, transcripts with a reason out, and what targets are painted from."""

import gzip
import itertools
import json
from collections import Counter
from pathlib import Path

import numpy as np
import oracle
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from genatator_assets.annotation import reader
from genatator_assets.annotation.flavours import feature_types, flavour_named
from genatator_assets.annotation.landmarks import GROUPS, STRANDS, landmarks_of
from genatator_assets.annotation.reader import PARSED_SCHEMA, ParsedAnnotation, read_annotation
from genatator_assets.annotation.select import REASONS, SCHEMA, count_reasons, select
from genatator_assets.annotation.transcripts import is_ready, read_summary, read_transcripts, select_isoforms
from genatator_assets.catalogue import load_catalogue
from genatator_assets.errors import AnnotationError, DatasetError
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.sources.chromosomes import Chromosome
from genatator_assets.work.layout import Layout


def row(feature, attributes, first=11, last=20, strand="+", chrom="chr1"):
    """A line of GFF3 or GTF without its end."""
    return f"{chrom}\tsource\t{feature}\t{first}\t{last}\t.\t{strand}\t.\t{attributes}"


GTF = "\n".join(
    [
        "##provider: GENCODE",
        row("gene", 'gene_id "G1"; gene_type "protein_coding";', 1, 90),
        row("transcript", 'gene_id "G1"; transcript_id "T1"; transcript_type "protein_coding";', 1, 90),
        row("exon", 'gene_id "G1"; transcript_id "T1"; transcript_type "protein_coding";', 1, 40),
        "",
        "# between",
        row("transcript", 'gene_id "G2"; transcript_id "T2"; transcript_type "lincRNA";', 7, 7, "-", "chr2"),
        row("transcript", 'gene_id "G3"; transcript_id "T3"; transcript_type "snoRNA";', 5, 6, "."),
        row("transcript", 'gene_id "G3"; transcript_id "T4";', 5, 6),
        "",
    ]
)
# chrom, 0-based start, end, strand, transcript_id, gene_id, type, biotype, source_line, read off GTF by eye
GTF_ROWS = [
    ("chr1", 0, 90, "+", "T1", "G1", "mRNA", "protein_coding", 3),
    ("chr2", 6, 7, "-", "T2", "G2", "lncRNA", "lincRNA", 7),
    ("chr1", 4, 6, ".", "T3", "G3", "other", "snoRNA", 8),
    ("chr1", 4, 6, "+", "T4", "G3", "other", None, 9),
]
REFSEQ = "\n".join(
    [
        "##gff-version 3",
        row("region", "ID=chr1:1..90;gbkey=Src", 1, 90),
        row("gene", "ID=gene-A;gbkey=Gene;gene_biotype=protein_coding"),
        row("mRNA", "ID=rna-NM_1.1;Parent=gene-A;gbkey=mRNA;transcript_id=NM_1.1"),
        row("exon", "ID=exon-1;Parent=rna-NM_1.1;gbkey=mRNA;transcript_id=NM_1.1"),
        row("pseudogene", "ID=gene-B;gbkey=Gene;gene_biotype=transcribed_pseudogene"),
        row("transcript", "ID=rna-NR_2.1;Parent=gene-B;gbkey=misc_RNA;transcript_id=NR_2.1"),
        row("lnc_RNA", "ID=rna-C;Parent=gene-C;gbkey=ncRNA"),
        "",
    ]
)
REFSEQ_ROWS = [
    ("chr1", 10, 20, "+", "NM_1.1", "A", "mRNA", "protein_coding", 4),
    ("chr1", 10, 20, "+", "NR_2.1", "B", "other", "transcribed_pseudogene", 7),
    ("chr1", 10, 20, "+", "C", "C", "lncRNA", None, 8),
]
REFSEQ_GTF = "\n".join(
    [
        "#gtf-version 2.2",
        row("gene", 'gene_id "A"; transcript_id ""; gbkey "Gene"; gene "A"; gene_biotype "protein_coding"; '),
        row("transcript", 'gene_id "A"; transcript_id "NM_1.1"; gbkey "mRNA"; transcript_biotype "mRNA"; '),
        row("exon", 'gene_id "A"; transcript_id "NM_1.1"; gbkey "mRNA"; transcript_biotype "mRNA"; '),
        row("transcript", 'gene_id "B"; transcript_id "NR_2.1"; gbkey "ncRNA"; transcript_biotype "lnc_RNA"; '),
        row("transcript", 'gene_id "C"; transcript_id "NR_3.1"; gbkey "tRNA"; transcript_biotype "tRNA"; '),
        "",
    ]
)
REFSEQ_GTF_ROWS = [
    ("chr1", 10, 20, "+", "NM_1.1", "A", "mRNA", "mRNA", 3),
    ("chr1", 10, 20, "+", "NR_2.1", "B", "lncRNA", "lnc_RNA", 5),
    ("chr1", 10, 20, "+", "NR_3.1", "C", "other", "tRNA", 6),
]
ENSEMBL = "\n".join(
    [
        "##gff-version 3",
        row("processed_transcript", "ID=gene:ENSG1;biotype=antisense;gene_id=ENSG1"),
        row("processed_transcript", "ID=transcript:ENST1;Parent=gene:ENSG1;biotype=antisense;transcript_id=ENST1"),
        row("mRNA", "ID=transcript:ENST2;Parent=gene:ENSG1;biotype=protein_coding"),
        row("mRNA", "ID=transcript:ENST3;Parent=gene:ENSG1;biotype=nonsense_mediated_decay"),
        row("pseudogene", "ID=gene:ENSG2;biotype=unitary_pseudogene;gene_id=ENSG2"),
        row("pseudogene", "ID=transcript:ENST4;Parent=gene:ENSG2;biotype=unitary_pseudogene"),
        "",
    ]
)
ENSEMBL_ROWS = [
    ("chr1", 10, 20, "+", "ENST1", "ENSG1", "lncRNA", "antisense", 3),
    ("chr1", 10, 20, "+", "ENST2", "ENSG1", "mRNA", "protein_coding", 4),
    ("chr1", 10, 20, "+", "ENST3", "ENSG1", "other", "nonsense_mediated_decay", 5),
    ("chr1", 10, 20, "+", "ENST4", "ENSG2", "other", "unitary_pseudogene", 7),
]
FILES = {
    "gencode": (GTF, GTF_ROWS),
    "refseq": (REFSEQ, REFSEQ_ROWS),
    "refseq gtf": (REFSEQ_GTF, REFSEQ_GTF_ROWS),
    "ensembl": (ENSEMBL, ENSEMBL_ROWS),
}


def rows_of(table):
    return [tuple(entry.values()) for entry in table.to_pylist()]


@pytest.fixture
def parse(tmp_path):
    """Give a function that reads a text or bytes as an annotation."""

    def parsed(content, flavour=None):
        path = tmp_path / "annotation"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_annotation(path, flavour)

    return parsed


@pytest.fixture
def refusal(parse, tmp_path):
    """Give a function that returns the message, without the file's name, with which an annotation is refused."""

    def message(content, flavour=None):
        with pytest.raises(AnnotationError) as caught:
            parse(content, flavour)
        assert str(caught.value).startswith(f"{tmp_path / 'annotation'}:")
        return str(caught.value).removeprefix(f"{tmp_path / 'annotation'}:")

    return message


# Reading


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("given_flavour", [False, True], ids=["detected", "given"])
def test_each_flavour_gives_every_transcript_with_all_its_columns(parse, name, given_flavour):
    text, rows = FILES[name]
    flavour = name.split()[0]
    parsed = parse(text, flavour if given_flavour else None)
    assert parsed.flavour == flavour
    assert parsed.transcripts.schema == PARSED_SCHEMA
    assert rows_of(parsed.transcripts) == rows


@pytest.mark.parametrize(
    "spelled",
    [
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: content.removesuffix(b"\n"),
        lambda content: b"\xef\xbb\xbf" + content,
        gzip.compress,
        lambda content: gzip.compress(b"\xef\xbb\xbf" + content),
        lambda content: gzip.compress(content[:200]) + gzip.compress(content[200:]),
        lambda content: gzip.compress(content.replace(b"\n", b"\r\n").rstrip()),
    ],
    ids=["CRLF", "no last end", "BOM", "gzip", "gzip BOM", "gzip members", "gzip CRLF, no last end"],
)
@pytest.mark.parametrize("name", FILES)
def test_line_ends_byte_order_mark_and_compression_leave_no_trace(parse, name, spelled):
    text, rows = FILES[name]
    assert rows_of(parse(spelled(text.encode())).transcripts) == rows


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("batch", [1, 2, 3])
def test_the_size_of_batches_makes_no_difference(parse, monkeypatch, name, batch):
    monkeypatch.setattr(reader, "_ROWS_PER_BATCH", batch)
    text, rows = FILES[name]
    table = parse(text).transcripts
    assert table["chrom"].num_chunks == -(-len(rows) // batch)
    assert rows_of(table) == rows


def test_source_lines_count_comments_and_blank_lines(parse):
    nine_columns = "#" + row("transcript", 'transcript_id "commented";')
    lines = ["", nine_columns, " \t ", row("mRNA", "ID=a"), "#", "###", "\t" * 3, row("mRNA", "ID=b")]
    parsed = parse("\n".join(lines), "refseq")
    assert list(
        zip(*parsed.transcripts.select(["transcript_id", "source_line"]).to_pydict().values(), strict=True)
    ) == [
        ("a", 4),
        ("b", 8),
    ]
    assert parsed.feature_counts == {"mRNA": 2}


@pytest.mark.parametrize("end_of_rows", ["##FASTA\n", ">chr1 a sequence\n"])
def test_sequences_at_the_end_are_not_read(parse, end_of_rows):
    text = row("mRNA", "ID=a") + "\n" + end_of_rows + "ACGT\n" + row("mRNA", "ID=b") + "\nnot\tnine\n"
    parsed = parse(text, "refseq")
    assert parsed.transcripts["transcript_id"].to_pylist() == ["a"]
    assert parsed.feature_counts == {"mRNA": 1}


def test_rows_are_counted_by_type(parse):
    # of REFSEQ, counted by eye
    expected = {"region": 1, "gene": 1, "mRNA": 1, "exon": 1, "pseudogene": 1, "transcript": 1, "lnc_RNA": 1}
    assert parse(REFSEQ).feature_counts == expected
    assert list(parse(REFSEQ).feature_counts) == sorted(expected)
    assert parse(GTF).feature_counts == {"exon": 1, "gene": 1, "transcript": 4}


@pytest.mark.parametrize(
    ("attributes", "transcript", "gene", "biotype"),
    [
        ("ID=rna-1;Parent=gene-1;transcript_id=NM_1", "NM_1", "1", None),
        ("transcript_id=NM_1;Parent=gene-1", "NM_1", "1", None),
        ("Parent=gene-1;transcript_id=NM_1;", "NM_1", "1", None),
        ("Parent=gene-1; transcript_id=NM_1 ; transcript_biotype=x", "NM_1", "1", "x"),
        ("  transcript_id=NM_1;Parent=gene-1", "NM_1", "1", None),
        ("orig_transcript_id=gnl|x;transcript_id=NM_1", "NM_1", None, None),
        ("transcript_id=NM_1;orig_transcript_id=gnl|x", "NM_1", None, None),
        ("orig_transcript_id=gnl|x;ID=rna-2", "2", None, None),
        ("GeneID=7;ID=rna-2", "2", None, None),
        ("ID=rna-2;ID=rna-3;transcript_biotype=x;transcript_biotype=y", "2", None, "x"),
        ("transcript_id=;ID=rna-2;transcript_biotype=;Parent=", "2", None, None),
        ("transcript_id=NM_1;Parent=;gene_id=;gene=A", "NM_1", "A", None),
        ("Note=says transcript_id=no and ID=no;ID=rna-2", "2", None, None),
        ("Note=#1 #2;transcript_id=NM_1#2", "NM_1#2", None, None),
        ("transcript_id=a%3Bb%2Cc%20%C3%A9;Parent=gene-a%253Bb", "a;b,c é", "a%3Bb", None),
        ("transcript_id=50%;Parent=gene-%zz", "50%", "%zz", None),
        ("transcript_id=rna-rna-1;Parent=gene-rna-1", "rna-1", "rna-1", None),
        ("transcript_id=my-rna-1;Parent=rna-9", "my-rna-1", "9", None),
    ],
)
def test_attributes_of_gff3(parse, attributes, transcript, gene, biotype):
    read = parse(row("mRNA", attributes) + "\n", "refseq").transcripts.to_pylist()
    assert [(one["transcript_id"], one["gene_id"], one["biotype"]) for one in read] == [(transcript, gene, biotype)]


@pytest.mark.parametrize(
    ("attributes", "transcript", "gene", "biotype"),
    [
        ('gene_id "G"; transcript_id "T"; transcript_type "lncRNA";', "T", "G", "lncRNA"),
        ('transcript_id "T"; transcript_type "lncRNA"; gene_id "G"', "T", "G", "lncRNA"),
        ('gene_id "G";transcript_id "T";transcript_type "x"', "T", "G", "x"),
        ('gene_id "G";  transcript_id "T" ; level 2; transcript_type "x" ', "T", "G", "x"),
        ('havana_gene_id "OTT"; gene_id "G"; transcript_id "T";', "T", "G", None),
        ('orig_transcript_id "O"; havana_gene_id "OTT"; transcript_id "T";', "T", None, None),
        ('gene_id "G"; gene_id "H"; transcript_id "T"; transcript_id "U"; transcript_type "";', "T", "G", None),
        ('transcript_id "T"; transcript_type ""; transcript_biotype "y";', "T", None, "y"),
        ('note "a; b # c"; transcript_id "T;#1"; gene_id "G%3B"', "T;#1", "G%3B", None),
        ('transcript_id "rna-T"; gene_id "gene:G";', "rna-T", "gene:G", None),
    ],
)
def test_attributes_of_gtf(parse, attributes, transcript, gene, biotype):
    read = parse(row("transcript", attributes) + "\n", "gencode").transcripts.to_pylist()
    assert [(one["transcript_id"], one["gene_id"], one["biotype"]) for one in read] == [(transcript, gene, biotype)]


def test_ensembl_prefixes_are_taken_off_and_those_of_refseq_are_not(parse):
    text = row("mRNA", "ID=transcript:rna-1;Parent=gene:gene-1;biotype=protein_coding")
    read = parse(text, "ensembl").transcripts.to_pylist()
    assert [(one["transcript_id"], one["gene_id"]) for one in read] == [("rna-1", "gene-1")]


def test_a_transcript_whose_id_begins_with_gene_is_a_transcript(parse):
    text = row("gene", "ID=gene1") + "\n" + row("mRNA", "ID=gene1.t1;Parent=gene1")
    assert parse(text, "refseq").transcripts["transcript_id"].to_pylist() == ["gene1.t1"]


@pytest.mark.parametrize(
    ("line", "flavour"),
    [
        ("##provider: GENCODE", "gencode"),
        ("#description: x\n##provider: GENCODE", "gencode"),
        (row("region", "ID=x;gbkey=Src"), "refseq"),
        (row("gene", "gbkey=Gene;gene_biotype=protein_coding"), "refseq"),
        (row("gene", 'gene_id "A"; gbkey "Gene"; gene_biotype "x";'), "refseq"),
        (row("gene", "ID=ENSG1;gene_type=protein_coding"), "gencode"),
        (row("gene", 'gene_id "ENSG1"; transcript_type "x";'), "gencode"),
        (row("gene", 'gene_id "ENSG1"; gene_biotype "x";'), "ensembl"),
        (row("gene", "ID=x;biotype=protein_coding"), "ensembl"),
        (row("gene", "ID=gene:x"), "ensembl"),
        (row("tRNA", "ID=transcript:x"), "ensembl"),
    ],
)
def test_every_sign_of_a_flavour_counts(parse, line, flavour):
    text = f"{line}\n" + row("transcript", 'transcript_id "T"' if '"' in line else "transcript_id=T")
    assert parse(text).flavour == flavour


def test_the_spelling_of_attributes_is_that_of_most_rows(parse):
    odd = [row("gene", "ID=gene:G;biotype=protein_coding"), row("region", ".")]
    transcripts = [row("transcript", f'transcript_id "T{n}"; transcript_biotype "protein_coding";') for n in range(3)]
    assert parse("\n".join(odd + transcripts)).transcripts["transcript_id"].to_pylist() == ["T0", "T1", "T2"]


def test_thousands_of_sequence_region_lines_hide_neither_flavour_nor_spelling(parse):
    regions = "".join(f"##sequence-region   scaffold_{number} 1 5000\n" for number in range(3000))
    parsed = parse(regions + ENSEMBL)
    assert parsed.flavour == "ensembl"
    assert parsed.transcripts["source_line"].to_pylist() == [3003, 3004, 3005, 3007]


def test_text_that_is_not_utf8_is_read_with_replacements(parse):
    line = row("mRNA", "ID=rna-1;gene=X", strand="Y").encode()
    line = line.replace(b"X", b"\xff").replace(b"Y", b"\x80").replace(b"chr1", b"chr\xfe")
    read = parse(line, "refseq").transcripts.to_pylist()[0]
    assert (read["chrom"], read["strand"], read["gene_id"]) == ("chr�", "�", "�")


@pytest.mark.parametrize(("first", "last"), [("1", "1"), ("0001", "0010"), ("1", "9" * 18)])
def test_the_widest_and_narrowest_intervals(parse, first, last):
    read = parse(row("mRNA", "ID=rna-1", first, last), "refseq").transcripts.to_pylist()[0]
    assert (read["start"], read["end"]) == (0, int(last))


def test_the_mapping_of_types_is_that_of_the_contract():
    names = "lncRNA lincRNA antisense antisense_RNA sense_intronic sense_overlapping 3prime_overlapping_ncRNA"
    names += " bidirectional_promoter_lncRNA macro_lncRNA non_coding"
    for flavour in ("gencode", "ensembl"):
        words = flavour_named(flavour)
        assert words.types == {"mRNA": ("protein_coding",), "lncRNA": tuple(names.split())}
        assert words.type_of("mRNA", "retained_intron") == "other"
        assert words.type_of("mRNA", None) == "other"
    refseq = flavour_named("refseq")
    assert [refseq.type_of(feature, "protein_coding") for feature in ("mRNA", "lnc_RNA", "ncRNA", "transcript")] == [
        "mRNA",
        "lncRNA",
        "other",
        "other",
    ]
    assert not feature_types().transcript & feature_types().gene


# Refusals

FINE = row("mRNA", "ID=rna-1;gbkey=mRNA") + "\n"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("chr1 mRNA 1 20", "found 1 tab-separated columns, expected 9"),
        (row("mRNA", "ID=rna-2") + "\tmore", "found 10 tab-separated columns, expected 9"),
        (row("exon", "ID=x").rsplit("\t", 1)[0], "found 8 tab-separated columns, expected 9"),
        (row("mRNA", "ID=rna-2", 21, 20), "found start '21' and end '20', expected 1 <= start <= end"),
        (row("mRNA", "ID=rna-2", 0, 20), "found start '0' and end '20', expected 1 <= start <= end"),
        (row("mRNA", "ID=rna-2", -5, 20), "found start '-5' and end '20', expected 1 <= start <= end"),
        (row("mRNA", "ID=rna-2", "1e3", 2000), "found start '1e3' and end '2000', expected 1 <= start <= end"),
        (row("mRNA", "ID=rna-2", "", 20), "found start '' and end '20', expected 1 <= start <= end"),
        (row("mRNA", "ID=rna-2", 1, "²"), "found start '1' and end '²', expected 1 <= start <= end"),
        (row("mRNA", "ID=rna-2", 1, " 20"), "found start '1' and end ' 20', expected 1 <= start <= end"),
        (row("mRNA", "ID=rna-2", 1, 10**18), f"found start '1' and end '{10**18}', expected 1 <= start <= end"),
        (row("mRNA", "ID=rna-2", 1, "9" * 9000), f"found start '1' and end '{'9' * 120}', expected 1 <= start <= end"),
        (row("mRNA", "Name=x"), "the transcript has no transcript_id or ID"),
        (row("mRNA", "ID=;transcript_id="), "the transcript has no transcript_id or ID"),
        (row("mRNA", "."), "the transcript has no transcript_id or ID"),
    ],
)
@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
def test_a_malformed_row_is_named_with_what_was_found_and_expected(refusal, line, why, compressed):
    content = ("# comment\n" + FINE + line + "\n" + FINE).encode()
    message = refusal(gzip.compress(content) if compressed else content)
    assert message == f"3: {why}. Mend or remove the line: {line[:120]!r}"


def test_rows_that_are_no_transcripts_may_have_odd_coordinates(parse):
    assert parse(FINE + row("exon", ".", "?", 0)).feature_counts == {"exon": 1, "mRNA": 1}


NO_FLAVOUR = (
    ": found none of the attributes gbkey (RefSeq), gene_type or transcript_type (GENCODE), biotype, gene_biotype or"
    " transcript_biotype (Ensembl). Say it in the catalogue: annotation.flavour: refseq, gencode or ensembl."
)


@pytest.mark.parametrize("content", [b"", gzip.compress(b"")], ids=["plain", "gzip"])
@pytest.mark.parametrize("flavour", [None, "refseq"])
def test_an_empty_file_is_refused(refusal, content, flavour):
    assert refusal(content, flavour) == " the file is empty; expected GFF3 or GTF"


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[:-9],
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[:5],
        lambda whole: whole[:-8] + b"\0" * 8,
        lambda whole: whole[:40] + b"\xff" * 40 + whole[80:],
        lambda whole: whole + b"more",
    ],
    ids=["end", "half", "header only", "checksum", "middle", "trailing junk"],
)
def test_a_truncated_or_damaged_gzip_is_refused(refusal, damage):
    whole = gzip.compress("".join(row("mRNA", f"ID=rna-{n * n * 7919};gbkey=x") + "\n" for n in range(4000)).encode())
    message = refusal(damage(whole))
    assert message.startswith(" the compressed file is truncated or damaged (")
    assert message.endswith("); get it again")


def test_binary_junk_is_refused(refusal):
    junk = np.random.default_rng(1).integers(0, 256, 100_000, np.uint8).tobytes()
    assert refusal(junk).endswith(NO_FLAVOUR)
    assert refusal(junk, "refseq").startswith("1: found 1 tab-separated columns, expected 9. Mend or remove the line: ")


def test_a_flavour_that_does_not_show_says_what_to_write(refusal):
    text = "# made by hand\n" + row("mRNA", "ID=a") + "\n"
    assert refusal(text) == " can't tell the annotation's flavour from its first 2 lines" + NO_FLAVOUR


def test_a_file_without_transcripts_says_which_rows_it_has(refusal):
    counts = {"gene": 3, "exon": 1200, "CDS": 5}
    lines = [row(feature, "ID=x;gbkey=y") for feature, count in counts.items() for _ in range(count)]
    assert refusal("\n".join(lines)) == (
        " found no transcripts; its rows are: 1,200 exon, 5 CDS, 3 gene. Expected rows of type transcript, mRNA,"
        " lnc_RNA and the like (column 3); give an annotation with a transcript level."
    )
    assert refusal("# gbkey \n").startswith(" found no transcripts; its rows are: none.")


# Real files

SCALE = "annotation_scale"
# flavour, mRNA, lncRNA, all transcripts; counted by zcat -f FILE | awk -F'\t' '!/^#/ && ...', where ... is
#   GTF: $3 == "transcript", then $9 ~ KEY " \"(BIOTYPES)\"", KEY transcript_type or transcript_biotype
#   GFF3 of GENCODE: $3 == "transcript" && $9 ~ /^ID=ENST/, then ";transcript_type=(BIOTYPES);"
#   GFF3 of Ensembl: $9 ~ /^ID=transcript:/, then ";biotype=(BIOTYPES);"
#   GFF3 of RefSeq: $3 != "exon" && $9 ~ /(^|;)ID=rna/, then $3 == "mRNA" and $3 == "lnc_RNA"
REAL = {
    "human_GRCh38_chr1_1Mb/trimmed_gencode.v29.chr1_1-1000000.gtf.gz": ("gencode", 27, 66, 194),
    "human_GRCh38_chr1_1Mb/gencode.v29.chr1_to_1.53Mb.gtf.gz": ("gencode", 135, 89, 470),
    "human_GRCh38_chr1_1Mb/trimmed_ensembl.chr1_1-1000000.seqid_1.gtf.gz": ("ensembl", 27, 145, 223),
    "human_GRCh38_chr9_1Mb/Homo_sapiens.GRCh38.91_chr9_1_1000000.gtf": ("ensembl", 29, 35, 105),
    "yeast_R64/refseq/GCF_000146045.2_R64_genomic_subset.gff.gz": ("refseq", 5966, 0, 6091),
    "ncbi_dimorphilus_6contigs/ncbi.gff.gz": ("refseq", 17, 0, 17),
    f"{SCALE}/hg38_ensembl_gff3/Homo_sapiens.GRCh38.86.chromosome.7.gff3.gz": ("ensembl", 3608, 1095, 9437),
    f"{SCALE}/hg38_ensembl_gff3/vep_chr21.test.gff.gz": ("ensembl", 839, 587, 2414),
    f"{SCALE}/hg38_ensembl_gff3/vep_chr21.test.gtf.gz": ("ensembl", 33, 42, 103),
    f"{SCALE}/gencode_small/basic.annotation.gtf": ("gencode", 28, 0, 59),
    f"{SCALE}/gencode_small/parY.annotation.gtf": ("gencode", 28, 0, 59),
    f"{SCALE}/gencode_small/ensembl_human.gtf.gz": ("ensembl", 50, 160, 280),
    f"{SCALE}/gencode_small/gencode_human.gtf.gz": ("gencode", 135, 89, 470),
    f"{SCALE}/gencode_small/gencode.gff3": ("gencode", 2, 8, 18),
    f"{SCALE}/gencode_small/seg1.gencodeV47.gtf": ("gencode", 1, 0, 1),
    f"{SCALE}/refseq_small/refseq_grch37_mt.gff": ("refseq", 0, 0, 24),
    f"{SCALE}/refseq_small/refseq_grch38.p14_mt.gff": ("refseq", 13, 0, 37),
    f"{SCALE}/refseq_small/refseq_test.GRCh38.p13_genomic.109.20210514.gff": ("refseq", 2, 0, 2),
    f"{SCALE}/refseq_small/refseq_test.GRCh38.p14_genomic.RS_2023_03.gff": ("refseq", 2, 0, 2),
    f"{SCALE}/refseq_small/refseq_test.historical_RS_2024_08.gff": ("refseq", 5, 0, 5),
    f"{SCALE}/refseq_small/vep_refseq_NC_000021.9.gff.gz": ("refseq", 37, 0, 78),
    "mouse_chr9_4M_and_MAPT/chr9.4M.gtf.gz": ("gencode", 31, 5, 54),
    "mouse_chr9_4M_and_MAPT/MAPT.Mouse.genedb.gtf": ("gencode", 8, 0, 12),
}


@pytest.mark.parametrize("name", REAL)
def test_a_real_file_gives_the_transcripts_that_the_oracle_reads(data, name):
    flavour, mrna, lncrna, all_transcripts = REAL[name]
    parsed = read_annotation(data / name)
    assert parsed.flavour == flavour
    assert parsed.transcripts.num_rows == all_transcripts
    selected = [one for one in parsed.transcripts.to_pylist() if one["type"] != "other"]
    assert Counter(one["type"] for one in selected) == Counter(mRNA=mrna, lncRNA=lncrna) - Counter()
    assert [(one["chrom"], one["start"] + 1, one["end"], one["strand"], one["type"]) for one in selected] == [
        (one.chrom, one.start, one.end, one.strand, one.kind)
        for one in oracle.selected_transcripts(data / name, flavour)
    ]
    assert parsed.feature_counts == Counter(columns[2] for columns in oracle.read_rows(data / name))


@pytest.mark.parametrize("name", REAL)
def test_the_line_of_a_real_file_holds_the_transcript(data, name):
    with oracle.open_text(data / name) as handle:
        lines = handle.read().splitlines()
    for one in read_annotation(data / name).transcripts.to_pylist():
        columns = lines[one["source_line"] - 1].split("\t")
        assert (columns[0], columns[6]) == (one["chrom"], one["strand"])
        assert (int(columns[3]), int(columns[4])) == (one["start"] + 1, one["end"])
        assert one["transcript_id"] in columns[8]
        assert one["gene_id"] is None or one["gene_id"] in columns[8]


def test_genes_and_biotypes_of_real_refseq(data):
    table = read_annotation(data / "yeast_R64/refseq/GCF_000146045.2_R64_genomic_subset.gff.gz").transcripts
    first = next(one for one in table.to_pylist() if one["type"] == "mRNA")
    # zcat FILE | grep -m1 -P '\tmRNA\t'
    assert (first["transcript_id"], first["gene_id"]) == ("NM_001184582.1", "YAL067W-A")
    # by awk: gene_biotype by ID of the gene and pseudogene rows, looked up by the Parent of the 5,966 mRNA rows
    biotypes = Counter(one["biotype"] for one in table.to_pylist() if one["type"] == "mRNA")
    assert biotypes == {"protein_coding": 5954, "pseudogene": 12}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("yeast_chr1_2_gbrowse/yeast_chr1+2.gff3", "can't tell the annotation's flavour"),
        ("korflab_1pct_athaliana/1pct.gff3", "can't tell the annotation's flavour"),
        ("alpha_globin_8species/refseq.hg38.gtf", "can't tell the annotation's flavour"),
        ("drosophila/chrX_dm3_pygenometracks/HoxD.gtf", "found no transcripts; its rows are: 37 exon."),
    ],
)
def test_a_real_file_that_does_not_suit_says_why(data, name, said):
    with pytest.raises(AnnotationError) as caught:
        read_annotation(data / name)
    assert said in str(caught.value)


@pytest.fixture(scope="session")
def pieces(data):
    """Give the beginning of a real file, with some transcripts in it."""

    def piece(name):
        with oracle.open_text(data / name) as handle:
            rows = [line for line in handle if not line.startswith("#")]
        first = next(number for number, line in enumerate(rows) if "transcript_id" in line or "=rna-" in line)
        return ("##gff-version 3\n# a comment\n" + "".join(rows[max(0, first - 1) : first + 24])).encode()

    return piece


# How to damage bytes: what to do, at which place from 0 to 1, and what to put there or how many to take away.
PLACE = st.floats(0, 1, exclude_max=True)
DAMAGES = st.lists(
    st.one_of(
        st.tuples(st.just("put"), PLACE, st.sampled_from([bytes([value]) for value in b'\t\n\r\0;="%#>-0 A\xff'])),
        st.tuples(st.just("insert"), PLACE, st.sampled_from([b"\t", b"\n", b"##FASTA\n", b"\xef\xbb\xbf", b"%"])),
        st.tuples(st.just("delete"), PLACE, st.integers(1, 200)),
        st.tuples(st.just("cut"), PLACE, st.just(0)),
    ),
    min_size=1,
    max_size=6,
)


def damaged(content, how):
    for kind, place, what in how:
        at = int(place * len(content))
        if kind == "cut":
            content = content[:at]
        elif kind == "delete":
            content = content[:at] + content[at + what :]
        else:
            content = content[:at] + what + content[at + (kind == "put") :]
    return content


SMALL_REAL = [name for name in REAL if "vep" not in name and "p14" not in name and "MAPT" not in name]


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", SMALL_REAL)
def test_a_damaged_file_gives_a_table_or_an_annotation_error(pieces, tmp_path_factory, name, compressed):
    path = tmp_path_factory.mktemp("damaged") / "annotation"
    whole = gzip.compress(pieces(name), mtime=0) if compressed else pieces(name)
    flavour = REAL[name][0]
    path.write_bytes(whole)
    assert read_annotation(path).transcripts.num_rows > 0

    @settings(max_examples=15, deadline=10_000, suppress_health_check=[HealthCheck.too_slow], database=None)
    @given(DAMAGES, st.sampled_from([None, flavour]))
    def check(how, stated):
        path.write_bytes(damaged(whole, how))
        try:
            table = read_annotation(path, stated).transcripts
        except AnnotationError as error:
            message = str(error)
        else:
            message = f"{path}:"
            assert table.schema == PARSED_SCHEMA
            assert all(0 <= one["start"] < one["end"] and one["transcript_id"] for one in table.to_pylist())
        assert message.startswith(f"{path}:")
        assert len(message) < 1_000

    check()


# Selection


def chromosome(chrom, length, reason=None):
    return Chromosome("g", "S s", chrom, length, (), reason is None, reason, None if reason else "train")


CHROMOSOMES = [chromosome("chr3", 300), chromosome("out", 200, "excluded"), chromosome("tiny", 50, "too_short")]
PARSED = {"strand": "+", "transcript_id": "T", "gene_id": "G", "type": "mRNA", "biotype": None, "source_line": 1}


def parsed_of(*transcripts):
    """A parsed annotation of (chrom, start, end) or dicts of what differs from PARSED."""
    table = pa.Table.from_pylist([{**PARSED, **one} for one in transcripts], PARSED_SCHEMA)
    return ParsedAnnotation(table, "gencode", {})


def test_reasons_are_looked_at_in_the_documented_order():
    """Every combination of faults, against the faults in the order in which they are told to count."""
    lengths = {"chr3": 300, "out": 200, "tiny": 50}
    combinations = [
        {"type": kind, "strand": strand, "chrom": chrom, "start": 0, "end": end}
        for kind, strand, chrom, end in itertools.product(
            ["mRNA", "lncRNA", "other"], ["+", "-", ".", "?", ""], ["chr3", "out", "tiny", "nowhere"], [50, 300, 301]
        )
    ]
    expected = []
    for one in combinations:
        faults = [
            ("other_type", one["type"] == "other"),
            ("no_strand", one["strand"] not in ("+", "-")),
            ("chromosome_unknown", one["chrom"] == "nowhere"),
            ("chromosome_excluded", one["chrom"] == "out"),
            ("chromosome_too_short", one["chrom"] == "tiny"),
            ("out_of_bounds", one["end"] > lengths.get(one["chrom"], 0)),
        ]
        expected.append(next((reason for reason, holds in faults if holds), "selected"))
    table = select("g", parsed_of(*combinations), CHROMOSOMES)
    assert table["reason"].to_pylist() == expected
    assert table["selected"].to_pylist() == [reason == "selected" for reason in expected]
    assert set(expected) == set(REASONS)
    # 2 types x 2 strands x ends 50 and 300 on chr3; a third of all, 20 x 3, are of another type
    assert (expected.count("selected"), expected.count("other_type")) == (8, 60)


# one transcript for every reason, and no two of them alike; faults that come later are there too
EVERY_REASON = [
    ({"chrom": "chr3", "end": 301}, "out_of_bounds"),
    ({"chrom": "chr3", "end": 300}, "selected"),
    ({"chrom": "tiny", "end": 60}, "chromosome_too_short"),
    ({"chrom": "nowhere", "end": 60}, "chromosome_unknown"),
    ({"chrom": "nowhere", "end": 60, "strand": "."}, "no_strand"),
    ({"chrom": "out", "end": 250}, "chromosome_excluded"),
    ({"chrom": "chr3", "end": 10, "type": "lncRNA", "strand": "-"}, "selected"),
    ({"chrom": "nowhere", "end": 60, "strand": ".", "type": "other"}, "other_type"),
    ({"chrom": "nowhere", "end": 60, "strand": "?"}, "no_strand"),
]


def test_transcripts_keep_their_order_and_all_columns():
    given = [
        {**one, "start": 5, "transcript_id": f"T{n}", "source_line": 9 - n} for n, (one, _) in enumerate(EVERY_REASON)
    ]
    table = select("a-genome", parsed_of(*given), CHROMOSOMES)
    assert table.schema == SCHEMA
    assert table.to_pylist() == [
        {"genome": "a-genome", **PARSED, **one, "selected": reason == "selected", "reason": reason}
        for one, (_, reason) in zip(given, EVERY_REASON, strict=True)
    ]


def test_reasons_are_counted_in_the_order_of_reasons():
    table = select("g", parsed_of(*({**one, "start": 0} for one, _ in EVERY_REASON)), CHROMOSOMES)
    assert list(count_reasons(table).items()) == [
        ("selected", 2),
        ("other_type", 1),
        ("no_strand", 2),
        ("chromosome_unknown", 1),
        ("chromosome_excluded", 1),
        ("chromosome_too_short", 1),
        ("out_of_bounds", 1),
    ]
    assert list(count_reasons(table.slice(2, 3)).items()) == [
        ("no_strand", 1),
        ("chromosome_unknown", 1),
        ("chromosome_too_short", 1),
    ]
    assert count_reasons(table.slice(0, 0)) == {}


@pytest.mark.parametrize(
    ("found", "known", "shown"),
    [
        (["NC_1.1"], ["NC_2.9", "NC_1.2"], "NC_1.1, the FASTA file has NC_2.9, NC_1.2; did you mean 'NC_1.2'?"),
        (["1"], ["chrIV"], "1, the FASTA file has chrIV"),
        (["1", "2", "1"], ["a", "b", "c", "d", "e", "f"], "1, 2, the FASTA file has a, b, c, d, e, ... (6 names)"),
    ],
)
def test_names_that_have_nothing_in_common_are_an_error(found, known, shown):
    parsed = parsed_of(*({"chrom": chrom, "start": 0, "end": 9} for chrom in found))
    with pytest.raises(AnnotationError) as caught:
        select("g", parsed, [chromosome(chrom, 10) for chrom in known])
    assert str(caught.value) == (
        "genome g: no sequence name of the annotation occurs in the FASTA file. Both files must name the sequences"
        f" alike: the annotation has {shown}"
    )


def test_one_name_in_common_is_enough_even_that_of_an_excluded_chromosome():
    parsed = parsed_of(*({"chrom": chrom, "start": 0, "end": 9} for chrom in ("1", "out")))
    table = select("g", parsed, CHROMOSOMES)
    assert table["reason"].to_pylist() == ["chromosome_unknown", "chromosome_excluded"]


# Landmarks


def transcripts_of(*transcripts):
    """A transcript table of (chrom, start, end, strand, type[, selected])."""
    rows = [
        {**PARSED, "genome": "g", "chrom": chrom, "start": start, "end": end, "strand": strand, "type": kind}
        | {"selected": not rejected, "reason": "other_type" if rejected else "selected"}
        for chrom, start, end, strand, kind, *rejected in transcripts
    ]
    return pa.Table.from_pylist(rows, SCHEMA)


def plain(landmarks):
    """Landmarks of chromosomes as plain values: (tss, polya, [(start, end) of unions])."""
    return {
        (chrom, *key): (
            piece.tss.tolist(),
            piece.polya.tolist(),
            list(zip(piece.starts.tolist(), piece.ends.tolist(), strict=True)),
        )
        for chrom, pieces in landmarks.items()
        for key, piece in pieces.items()
    }


NOTHING = ([], [], [])


def test_sites_are_distinct_and_intervals_are_joined_by_strand_and_group():
    table = transcripts_of(
        ("chr1", 50, 60, "+", "mRNA"),
        ("chr1", 10, 20, "+", "mRNA"),
        ("chr1", 10, 30, "+", "lncRNA"),  # the same TSS
        ("chr1", 12, 15, "+", "mRNA"),  # nested
        ("chr1", 30, 35, "+", "lncRNA"),  # adjacent
        ("chr1", 40, 60, "+", "lncRNA"),  # the same polyA
        ("chr1", 25, 45, "-", "mRNA"),  # across, on the other strand
        ("chr1", 40, 45, "-", "lncRNA"),
        ("chr1", 0, 100, "-", "mRNA", "rejected"),
    )
    assert plain(landmarks_of(table, [chromosome("chr1", 100)])) == {
        ("chr1", "combined", "+"): ([10, 12, 30, 40, 50], [14, 19, 29, 34, 59], [(10, 35), (40, 60)]),
        ("chr1", "combined", "-"): ([44], [25, 40], [(25, 45)]),
        ("chr1", "mrna", "+"): ([10, 12, 50], [14, 19, 59], [(10, 20), (50, 60)]),
        ("chr1", "mrna", "-"): ([44], [25], [(25, 45)]),
    }


def test_neighbouring_chromosomes_do_not_touch_and_their_order_is_free():
    table = transcripts_of(
        ("b", 0, 10, "+", "mRNA"),
        ("a", 90, 100, "+", "mRNA"),
        ("b", 40, 50, "+", "mRNA"),
        ("c", 0, 1, "+", "mRNA"),
        ("elsewhere", 0, 10, "+", "mRNA"),
    )
    lengths = {"a": 100, "b": 50, "empty": 20, "c": 1}
    expected = {
        "a": ([90], [99], [(90, 100)]),
        "b": ([0, 40], [9, 49], [(0, 10), (40, 50)]),
        "c": ([0], [0], [(0, 1)]),
        "empty": NOTHING,
    }
    for order in itertools.permutations(lengths):
        found = landmarks_of(table, [chromosome(chrom, lengths[chrom]) for chrom in order])
        assert list(found) == list(order)
        values = plain(found)
        for chrom in order:
            assert values[chrom, "combined", "+"] == values[chrom, "mrna", "+"] == expected[chrom]
            assert values[chrom, "combined", "-"] == values[chrom, "mrna", "-"] == NOTHING


@pytest.mark.parametrize("transcripts", [[], [("chr1", 0, 5, "+", "mRNA", "rejected")], [("chr2", 0, 5, "+", "mRNA")]])
def test_without_selected_transcripts_every_group_is_there_and_empty(transcripts):
    found = landmarks_of(transcripts_of(*transcripts), [chromosome("chr1", 10)])
    assert plain(found) == {("chr1", group, strand): NOTHING for group in GROUPS for strand in STRANDS}
    assert all(part.dtype == np.int64 for part in vars(found["chr1"]["mrna", "-"]).values())


def test_genomes_longer_than_31_bits_count_on():
    length = 1_700_000_000
    table = transcripts_of(("c", 5, length, "-", "mRNA"), ("c", length - 1, length, "-", "mRNA"))
    found = landmarks_of(table, [chromosome(chrom, length) for chrom in "abc"])
    assert plain(found)["c", "mrna", "-"] == ([length - 1], [5, length - 1], [(5, length)])
    assert plain(found)["b", "mrna", "-"] == NOTHING


LENGTHS = {"a": 12, "b": 1, "c": 7, "d": 20}


@st.composite
def placed(draw):
    chrom = draw(st.sampled_from(list(LENGTHS)))
    start = draw(st.integers(0, LENGTHS[chrom] - 1))
    end = draw(st.integers(start + 1, LENGTHS[chrom]))
    rejected = ("rejected",) if draw(st.integers(0, 5)) == 5 else ()
    kind = draw(st.sampled_from(["mRNA", "lncRNA"]))
    return (chrom, start, end, draw(st.sampled_from("+-")), kind, *rejected)


@settings(max_examples=60, deadline=None)
@given(st.lists(placed(), max_size=12), st.permutations(list(LENGTHS)), st.integers(0, 4))
@example([(chrom, 0, length, "+", "mRNA") for chrom, length in LENGTHS.items()], list(LENGTHS), 4)
def test_landmarks_equal_sets_and_a_sweep(transcripts, order, asked):
    """The reference counts bases, one by one, and joins intervals that overlap or touch."""
    order = order[:asked]
    expected = {}
    for chrom, group, strand in itertools.product(order, GROUPS, STRANDS):
        own = sorted(
            (one[1], one[2])
            for one in transcripts
            if one[0] == chrom and one[3] == strand and (group == "combined" or one[4] == "mRNA") and len(one) == 5
        )
        unions = []
        for start, end in own:
            if unions and start <= unions[-1][1]:
                unions[-1] = (unions[-1][0], max(end, unions[-1][1]))
            else:
                unions.append((start, end))
        first, last = sorted({start for start, _ in own}), sorted({end - 1 for _, end in own})
        expected[chrom, group, strand] = (first, last, unions) if strand == "+" else (last, first, unions)
    found = landmarks_of(transcripts_of(*transcripts), [chromosome(chrom, LENGTHS[chrom]) for chrom in order])
    assert plain(found) == expected


# One genome, from the file to the table


class Genome:
    """A catalogue of one small genome: chr1 of 300 bp, chr2 of 80 bp."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.layout = Layout(folder / "root")
        self.annotation = folder / "annotation.gtf"
        folder.mkdir(exist_ok=True)
        (folder / "sequence.fa").write_text(">chr1\n" + "ACGT" * 75 + "\n>chr2\n" + "ACGT" * 20 + "\n")
        self.annotation.write_text(GTF)

    def catalogue(self, least=50, flavour="auto"):
        path = self.folder / "catalogue.yaml"
        path.write_text(
            f"dataset: d\nmin_chromosome_length_bp: {least}\nassemblies:\n  - genome: g\n    species: S s\n"
            "    sequence: {path: sequence.fa}\n"
            f"    annotation: {{path: annotation.gtf, flavour: {flavour}}}\n"
        )
        return load_catalogue(path)

    def import_it(self, **how):
        import_assembly(self.catalogue(**how), "g", self.layout)

    def select_it(self, **how):
        return select_isoforms(self.catalogue(**how), "g", self.layout)

    @property
    def ready(self):
        return is_ready(self.layout, "g")

    @property
    def table(self):
        return self.layout.transcripts("g")


@pytest.fixture
def genome(tmp_path):
    return Genome(tmp_path / "genome")


@pytest.fixture
def selected(genome):
    genome.import_it()
    genome.select_it()
    return genome


def test_the_table_and_the_summary_hold_what_the_annotation_says(selected):
    table = read_transcripts(selected.layout, "g")
    assert rows_of(table.select(PARSED_SCHEMA.names)) == GTF_ROWS
    assert table["reason"].to_pylist() == ["selected", "selected", "other_type", "other_type"]
    summary = read_summary(selected.layout, "g")
    assert (summary.genome, summary.flavour, summary.transcripts) == ("g", "gencode", 4)
    assert summary.rows == {"exon": 1, "gene": 1, "transcript": 4}
    assert summary.reasons == {"selected": 2, "other_type": 2}


def test_a_genome_is_ready_only_once_its_isoforms_are_selected(genome):
    assert not genome.ready
    genome.import_it()
    assert not genome.ready
    genome.select_it()
    assert genome.ready


@pytest.mark.parametrize("change", [lambda text: text + "\n", lambda text: text.replace("lincRNA", "snoRNA")])
def test_a_genome_whose_annotation_changed_is_not_ready(selected, change):
    selected.annotation.write_text(change(GTF))
    selected.import_it()
    assert not selected.ready
    selected.select_it()
    assert selected.ready


def test_a_genome_whose_chromosomes_changed_is_not_ready(selected):
    selected.import_it()
    assert selected.ready
    selected.import_it(least=100)
    assert not selected.ready
    assert selected.select_it(least=100).reasons == {"selected": 1, "other_type": 2, "chromosome_too_short": 1}
    assert selected.ready


@pytest.mark.parametrize("lost", ["transcripts", "annotation_summary", "chromosomes", "source"])
def test_a_genome_that_lost_a_file_is_not_ready(selected, lost):
    getattr(selected.layout, lost)("g").unlink()
    assert not selected.ready


@pytest.mark.parametrize("damage", [b"{", b"[]", b'{"genome": "g", "unknown": 1}', b"\xff"])
def test_a_damaged_summary_is_named_with_the_remedy(selected, damage):
    path = selected.layout.annotation_summary("g")
    path.write_bytes(damage)
    with pytest.raises(DatasetError, match=r"summary.json can't be read \(.*\); delete it and build again"):
        read_summary(selected.layout, "g")


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (GTF.replace("\t7\t7\t", "\t8\t7\t"), "annotation.gtf:7: found start '8' and end '7'"),
        (GTF.replace("chr", "CHROMOSOME"), "no sequence name of the annotation occurs in the FASTA file"),
        ("", "the file is empty"),
    ],
)
def test_a_failed_run_leaves_the_old_table_whole_and_the_genome_not_ready(selected, bad, said):
    before = selected.table.read_bytes()
    selected.annotation.write_text(bad)
    selected.import_it()
    with pytest.raises(AnnotationError) as caught:
        selected.select_it()
    assert said in str(caught.value)
    assert not selected.ready
    assert selected.table.read_bytes() == before
    assert [path.name for path in selected.table.parent.iterdir()] == ["transcripts.parquet"]
    with pytest.raises(
        DatasetError, match=r"summary.json does not exist: build the selected isoforms of genome g first"
    ):
        read_summary(selected.layout, "g")
    selected.annotation.write_text(GTF)
    selected.import_it()
    selected.select_it()
    assert selected.ready
    assert selected.table.read_bytes() == before


@pytest.mark.parametrize("change", [lambda path: path.write_text(GTF + "\n"), Path.unlink], ids=["edited", "removed"])
def test_an_annotation_that_changed_since_the_import_is_refused(selected, change):
    before, catalogue = selected.table.read_bytes(), selected.catalogue()
    change(selected.annotation)
    with pytest.raises(AnnotationError) as caught:
        select_isoforms(catalogue, "g", selected.layout)
    assert str(caught.value) == (
        f"{selected.annotation} changed or was removed since the assembly of g was imported; build the assembly again"
    )
    assert not selected.ready
    assert selected.table.read_bytes() == before


def test_isoforms_of_an_assembly_that_is_not_imported_are_refused(genome):
    with pytest.raises(DatasetError, match=r"genome g has not been imported; build its assembly first"):
        genome.select_it()


def test_the_flavour_of_the_catalogue_is_used(genome):
    genome.import_it(flavour="refseq")
    summary = genome.select_it(flavour="refseq")
    assert (summary.flavour, summary.reasons) == ("refseq", {"other_type": 4})


def test_the_same_inputs_give_the_same_bytes(selected, tmp_path):
    other = Genome(tmp_path / "at another place")
    other.import_it()
    other.select_it(flavour="gencode")
    assert other.table.read_bytes() == selected.table.read_bytes()
    files = [layout.annotation_summary("g").read_bytes() for layout in (selected.layout, other.layout)]
    assert files[0] == files[1]
    assert str(tmp_path).encode() not in files[0] + selected.table.read_bytes()


def test_the_table_says_what_it_was_made_from(selected):
    metadata = pq.read_metadata(selected.table).metadata
    inputs = json.loads(metadata[b"genatator_assets.inputs"])
    assert set(inputs) == {"sequence", "annotation"}
    assert inputs["annotation"] == read_summary(selected.layout, "g").sha256
    assert json.loads(metadata[b"genatator_assets.parameters"])["flavour"] == "gencode"
