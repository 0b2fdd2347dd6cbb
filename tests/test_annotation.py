"""GFF3 and GTF in, transcripts with a reason out, and what targets are painted from."""

import gzip
import json
import re
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from annotationfiles import row

from genatator_assets.annotation import lines, rows, transcripts
from genatator_assets.annotation.parsed import PARSED_SCHEMA
from genatator_assets.annotation.reader import read_annotation
from genatator_assets.annotation.transcripts import is_ready, read_summary, read_transcripts, select_isoforms
from genatator_assets.errors import AnnotationError, DatasetError
from genatator_assets.gene_finding.blocks.chromosome import build_chromosomes
from genatator_assets.gene_finding.tasks import chromosome_tasks
from genatator_assets.parts import load_catalogue
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.work.layout import Layout
from genatator_assets.work.manifest import read_manifest
from genatator_assets.work.unit import Step

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
# the columns TOLD (start is 0-based), read off GTF by eye
TOLD = ["seqid", "start", "end", "strand", "transcript_id", "gene_id", "type", "biotype", "source_line"]
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
    return [tuple(entry.values()) for entry in table.select(TOLD).to_pylist()]


@pytest.fixture
def parse(tmp_path):
    """Return a function that reads a text or bytes as an annotation."""

    def parsed(content, flavour=None, types=None, max_malformed=0.0):
        path = tmp_path / "annotation"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_annotation(path, flavour, types, max_malformed)

    return parsed


@pytest.fixture
def refusal(parse, tmp_path):
    """Return a function that returns the message, without the file's name, with which an annotation is refused."""

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
@pytest.mark.parametrize(("piece", "batch"), [(1, 1), (100, 2), (300, 3)])
def test_the_sizes_of_pieces_and_batches_make_no_difference(parse, monkeypatch, name, piece, batch):
    monkeypatch.setattr(lines, "PIECE_BYTES", piece)
    monkeypatch.setattr(rows, "_AT_ONCE", batch)
    text, expected = FILES[name]
    assert rows_of(parse(text).transcripts) == expected


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


def test_a_comment_may_follow_the_columns(parse):
    """The specification of GTF has a place for comments behind the attributes."""
    lines = [
        row("transcript", 'transcript_id "a"; gene_id "g"; # in column nine'),
        row("transcript", 'transcript_id "b"; gene_id "g";\t# behind a tab'),
        row("transcript", 'transcript_id "c"; gene_id "g";\t#behind a tab\twith another'),
        "#" + row("transcript", 'transcript_id "d"; gene_id "g";\t# all of it'),
        row("exon", 'transcript_id "c"; gene_id "g";\t# not a transcript'),
    ]
    parsed = parse("\n".join(lines))
    assert parsed.transcripts["transcript_id"].to_pylist() == ["a", "b", "c"]
    assert parsed.transcripts["gene_id"].to_pylist() == ["g"] * 3
    assert parsed.feature_counts == {"exon": 1, "transcript": 3}
    exons = [line.replace("\ttranscript\t", "\texon\t") for line in lines]
    joined = parse("\n".join(exons))
    assert joined.transcripts["transcript_id"].to_pylist() == ["a", "b", "c"]
    assert joined.feature_counts == {"exon": 4}


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
        ("ID=rna-2;;Parent=gene-1;;", "2", "1", None),
        ("ID=rna-2;Parent=gene-1;;; ", "2", "1", None),
        ("ID=rna-2;Parent=gene-1,gene-2;gene=A", "2", "1", None),
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
        ('gene_id "G"; transcript_id "T";;', "T", "G", None),
        (';gene_id "G";transcript_id "T"; ; ', "T", "G", None),
        ('gene_id "G,H"; transcript_id "T,U";', "T,U", "G,H", None),
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
        ("##provider: GENCODE", "generic"),
        ("# whitefly biotype B; gbkey=x; gene_type=y", "generic"),
        (row("region", "Note=says gbkey=x and gene_type=y"), "generic"),
        (row("region", "ID=x;gbkey=Src"), "refseq"),
        (row("gene", "gbkey=Gene;gene_biotype=protein_coding"), "refseq"),
        (row("gene", 'gene_id "A"; gbkey "Gene"; gene_biotype "x";'), "refseq"),
        (row("gene", "ID=ENSG1;gene_type=protein_coding"), "gencode"),
        (row("gene", 'gene_id "ENSG1"; transcript_type "x";'), "gencode"),
        (row("gene", 'gene_id "ENSG1"; gene_biotype "x";'), "ensembl"),
        (row("gene", 'gene_id "x"; biotype "x";'), "ensembl"),
        (row("gene", "ID=x;biotype=protein_coding"), "generic"),
        (row("gene", "ID=x;gene_biotype=protein_coding"), "generic"),
        (row("gene", "ID=Gene:x;biotype=protein_coding"), "generic"),
        (row("gene", 'gene_id "x"; gene_name "y";'), "generic"),
        (row("gene", "ID=gene:x"), "generic"),
        (row("tRNA", "ID=transcript:x"), "generic"),
        (row("gene", "ID=gene:x;biotype=protein_coding"), "ensembl"),
        (row("tRNA", "biotype=tRNA;ID=transcript:x"), "ensembl"),
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
    assert (read["seqid"], read["strand"], read["gene_id"]) == ("chr�", "�", "�")


@pytest.mark.parametrize(("first", "last"), [("1", "1"), ("0001", "0010"), ("1", "9" * 18)])
def test_the_widest_and_narrowest_intervals(parse, first, last):
    read = parse(row("mRNA", "ID=rna-1", first, last), "refseq").transcripts.to_pylist()[0]
    assert (read["start"], read["end"]) == (0, int(last))


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
        (row("exon", ".", "?", 0), "found start '?' and end '0', expected 1 <= start <= end"),
        (row("CDS", "Parent=rna-1", 5, 2**31), "found end 2,147,483,648, expected at most 2,147,483,647"),
    ],
)
@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
def test_a_malformed_row_is_named_with_what_was_found_and_expected(refusal, line, why, compressed):
    content = ("# comment\n" + FINE + line + "\n" + FINE).encode()
    message = refusal(gzip.compress(content) if compressed else content)
    assert message == (
        f"3: {why}. Mend or remove the line: {line[:120]!r} (1 of 3 lines are malformed, none is allowed)"
    )


def test_rows_that_are_no_transcripts_may_have_odd_coordinates(parse):
    assert parse(FINE + row("region", ".", "?", 0)).feature_counts == {"mRNA": 1, "region": 1}


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


NO_ROWS = (
    " none of its first {} lines has 9 columns with tabs between, as GFF3 and GTF have, or those of BED12 or genePred;"
    " the first has {}: {}"
)


@pytest.mark.parametrize("flavour", [None, "refseq"])
def test_binary_junk_is_refused(refusal, flavour):
    junk = np.random.default_rng(1).integers(0, 256, 100_000, np.uint8).tobytes()
    assert re.fullmatch(NO_ROWS.format(r"\d+", r"\d+ columns?", "'.*'"), refusal(junk, flavour))


def test_a_file_with_spaces_for_tabs_is_refused_and_says_so(refusal):
    line = row("mRNA", "ID=rna-1;gbkey=mRNA").replace("\t", "    ")
    blanks = "blanks in the place of tabs, 9 words"
    assert refusal(f"##gff-version 3\n{line}\n" * 3) == NO_ROWS.format(3, blanks, repr(line))
    assert refusal("a line\nanother\n") == NO_ROWS.format(2, "1 column", "'a line'")
    assert refusal("chr1\t1\t9\n") == NO_ROWS.format(1, "3 columns", r"'chr1\t1\t9'")


def test_a_file_without_transcripts_says_which_rows_it_has(refusal):
    counts = {"gene": 3, "exon": 1200, "CDS": 5}
    lines = [row(feature, "ID=x;gbkey=y") for feature, count in counts.items() for _ in range(count)]
    assert refusal("\n".join(lines)) == (
        " found no transcripts; its rows are: 1,200 exon, 5 CDS, 3 gene. Expected rows of type transcript, mRNA,"
        " lnc_RNA and the like (column 3), or in GTF exons with a transcript_id. Where only genes are annotated, the"
        " ends of their transcripts are not known, and none are made up: give an annotation with a transcript level, or"
        " say in the catalogue which rows are transcripts: annotation.types"
    )
    assert refusal("# gbkey \n").startswith(" found no transcripts; its rows are: none.")


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

    def catalogue(self, least=50, **rules):
        path = self.folder / "catalogue.yaml"
        annotation = json.dumps({"path": "annotation.gtf", **rules})
        path.write_text(
            f"dataset: d\nmin_chromosome_length_bp: {least}\nassemblies:\n  - genome: g\n    species: S s\n"
            f"    sequence: {{path: sequence.fa}}\n    annotation: {annotation}\n"
        )
        return load_catalogue(path)

    def import_it(self, **how):
        import_assembly(self.catalogue(**how), "g", self.layout)

    def select_it(self, **how):
        return select_isoforms(self.catalogue(**how), "g", self.layout)

    def is_ready(self, **how):
        return is_ready(self.catalogue(**how), self.layout, "g")

    @property
    def ready(self):
        return self.is_ready()

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
    assert rows_of(table) == GTF_ROWS
    assert table["reason"].to_pylist() == ["selected", "selected", "other_type", "other_type"]
    summary = read_summary(selected.layout, "g")
    assert (summary.genome, summary.flavour, summary.transcripts) == ("g", "gencode", 4)
    assert summary.rows == {"exon": 1, "gene": 1, "transcript": 4}
    assert summary.reasons == {"selected": 2, "other_type": 2}
    assert summary.unknown_names == {}
    assert (summary.malformed, summary.malformed_lines) == (0, ())
    assert "protein_coding" in summary.types["mRNA"]


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
    assert not selected.is_ready(least=100)
    assert selected.select_it(least=100).reasons == {"selected": 1, "other_type": 2, "chromosome_too_short": 1}
    assert selected.is_ready(least=100)


@pytest.mark.parametrize(
    "rule",
    [
        {"flavour": "gencode"},
        {"types": {"lncRNA": ["snoRNA"]}},
        {"partial": "drop"},
        {"lengths": "ignore"},
        {"max_malformed": 0.5},
        {"strict": True},
    ],
)
def test_a_genome_selected_by_other_rules_is_not_ready(selected, rule):
    assert not selected.is_ready(**rule)
    selected.select_it(**rule)
    assert selected.is_ready(**rule)
    assert not selected.ready


def test_another_place_of_the_same_annotation_changes_nothing(selected):
    (selected.folder / "copy.gtf").write_text(GTF)
    assert selected.is_ready(path="copy.gtf")


def test_the_same_annotation_is_not_read_again(selected, monkeypatch):
    before, summary = selected.table.stat().st_mtime_ns, read_summary(selected.layout, "g")
    selected.import_it()
    assert selected.select_it() == summary
    assert selected.table.stat().st_mtime_ns == before
    monkeypatch.setattr(transcripts, "STEP", Step("transcripts", 7))
    assert selected.select_it().step == 7


@pytest.mark.parametrize(
    "damage",
    [
        lambda layout: layout.transcripts("g").write_bytes(b"damaged"),
        lambda layout: layout.exons("g").write_bytes(b"damaged"),
        lambda layout: layout.annotation_summary("g").write_text("{"),
    ],
    ids=["table", "exons", "summary"],
)
def test_what_is_damaged_is_read_again(selected, damage):
    before = selected.table.read_bytes()
    damage(selected.layout)
    selected.select_it()
    assert selected.ready
    assert selected.table.read_bytes() == before


@pytest.mark.parametrize("lost", ["transcripts", "exons", "annotation_summary", "chromosomes", "source"])
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
        (GTF.replace("chr", "CHROMOSOME"), "genome g: the annotation and the FASTA file name their sequences diff"),
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
    assert sorted(path.name for path in selected.table.parent.iterdir()) == ["exons.parquet", "transcripts.parquet"]
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
    assert not is_ready(catalogue, selected.layout, "g")
    assert selected.table.read_bytes() == before


def test_isoforms_of_an_assembly_that_is_not_imported_are_refused(genome):
    with pytest.raises(DatasetError, match=r"genome g has not been imported; build its assembly first"):
        genome.select_it()


def test_the_flavour_of_the_catalogue_is_used(genome):
    genome.import_it(flavour="refseq")
    summary = genome.select_it(flavour="refseq")
    # its words count all the same, whatever the spelling
    assert (summary.flavour, summary.reasons) == ("refseq", {"selected": 2, "other_type": 2})


def test_the_same_inputs_give_the_same_bytes(selected, tmp_path):
    other = Genome(tmp_path / "at another place")
    other.import_it()
    other.select_it()
    assert other.table.read_bytes() == selected.table.read_bytes()
    files = [layout.annotation_summary("g").read_bytes() for layout in (selected.layout, other.layout)]
    assert files[0] == files[1]
    assert str(tmp_path).encode() not in files[0] + selected.table.read_bytes()


def test_the_table_says_what_it_was_made_from(selected):
    metadata = pq.read_metadata(selected.table).metadata
    inputs = json.loads(metadata[b"genatator_assets.inputs"])
    assert set(inputs) == {"sequence", "annotation"}
    assert inputs["annotation"] == read_summary(selected.layout, "g").sha256
    selection = json.loads(metadata[b"genatator_assets.parameters"])
    assert (selection["flavour"], selection["partial"]) == ("gencode", "keep")
    assert "protein_coding" in selection["types"]["mRNA"]


def test_the_types_of_the_catalogue_are_used_and_recorded(selected):
    rules = {"types": {"mRNA": ["snoRNA"]}}
    summary = selected.select_it(**rules)
    # T1 protein_coding, T2 lincRNA, T3 snoRNA without a strand, T4 without a biotype
    assert summary.reasons == {"selected": 1, "other_type": 2, "no_strand": 1}
    assert summary.types["mRNA"] == ["snoRNA"]
    assert read_summary(selected.layout, "g").selection["types"]["mRNA"] == ["snoRNA"]
    assert json.loads(pq.read_metadata(selected.table).metadata[b"genatator_assets.parameters"]) == json.loads(
        json.dumps(summary.selection)
    )


def test_partial_transcripts_are_dropped_where_the_catalogue_says_so(selected):
    selected.annotation.write_text(GTF.replace('"lincRNA";', '"lincRNA"; tag "cds_end_NF";'))
    selected.import_it()
    assert selected.select_it().reasons == {"selected": 2, "other_type": 2}
    assert selected.select_it(partial="drop").reasons == {"selected": 1, "other_type": 2, "partial": 1}


def test_lengths_are_compared_unless_the_catalogue_says_not_to(selected):
    selected.annotation.write_text("##sequence-region chr1 1 301\n" + GTF)
    selected.import_it()
    with pytest.raises(AnnotationError, match="chr1: 301 bp in the annotation, 300 in the FASTA file"):
        selected.select_it()
    assert selected.select_it(lengths="ignore").reasons == {"selected": 2, "other_type": 2}


BROKEN = row("transcript", 'gene_id "G9"; transcript_id "T9"; transcript_type "protein_coding";', 9, 8)
COLUMNS_MISSING = "chr1 transcript 1 9"


@pytest.fixture
def broken(genome):
    """A genome with two malformed lines in a hundred and four (GTF has six rows): line 10 and the last."""
    exons = "\n".join(row("exon", 'gene_id "G1"; transcript_id "T1";') for _ in range(96))
    genome.annotation.write_text(f"{GTF}{BROKEN}\n{exons}\n{COLUMNS_MISSING}\n")
    genome.import_it()
    return genome


def test_malformed_lines_are_counted_kept_and_passed_over_up_to_a_share(broken):
    summary = broken.select_it(max_malformed=2 / 104)
    assert summary.reasons == {"selected": 2, "malformed": 1, "other_type": 2}
    assert summary.malformed == 2
    assert [(line.line, line.why, line.text) for line in summary.malformed_lines] == [
        (10, "found start '9' and end '8', expected 1 <= start <= end", repr(BROKEN)),
        (107, "found 1 tab-separated columns, expected 9", repr(COLUMNS_MISSING)),
    ]
    assert read_summary(broken.layout, "g") == summary
    row_of = {one["transcript_id"]: one for one in read_transcripts(broken.layout, "g").to_pylist()}["T9"]
    assert row_of == {
        "genome": "g",
        "chrom": "chr1",
        "seqid": "chr1",
        "start": None,
        "end": None,
        "strand": None,
        "transcript_id": "T9",
        "gene_id": "G9",
        "gene_name": None,
        "row_id": "T9",
        "row_type": "transcript",
        "source": "source",
        "type": "other",
        "type_from": "none",
        "biotype": "protein_coding",
        "gene_biotype": None,
        "tags": [],
        "pseudo": False,
        "trans_spliced": False,
        "partial": False,
        "malformed": "found start '9' and end '8', expected 1 <= start <= end",
        "assembled_from": "row",
        "source_line": 10,
        "exons": 0,
        "exonic_bp": 0,
        "coding_bp": 0,
        "cds_complete_5": None,
        "cds_complete_3": None,
        "exons_from_parts": False,
        "selected": False,
        "reason": "malformed",
        "segmentation_reason": "malformed",
        "representative": False,
        "representative_by": None,
    }


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        ({}, "more than the 1.000% that annotation.max_malformed allows"),
        ({"max_malformed": 0.019}, "more than the 1.900% that annotation.max_malformed allows"),
        ({"max_malformed": 0}, "none is allowed"),
        ({"max_malformed": 0.5, "strict": True}, "none is allowed"),
    ],
)
def test_more_malformed_lines_than_allowed_are_fatal(broken, rules, allowed):
    with pytest.raises(AnnotationError) as caught:
        broken.select_it(**rules)
    assert str(caught.value) == (
        f"{broken.annotation}:10: found start '9' and end '8', expected 1 <= start <= end. Mend or remove the line:"
        f" {BROKEN!r} (2 of 104 lines are malformed, {allowed})"
    )
    assert not broken.layout.transcripts("g").exists()


def test_the_first_hundred_malformed_lines_are_kept(genome):
    genome.annotation.write_text(GTF + f"{COLUMNS_MISSING}\n" * 150)
    genome.import_it()
    summary = genome.select_it(max_malformed=1)
    assert summary.malformed == 150
    assert [line.line for line in summary.malformed_lines] == list(range(10, 110))


def test_blocks_are_made_anew_when_other_transcripts_count_and_only_then(selected):
    def build(**rules):
        tasks = chromosome_tasks(selected.catalogue(**rules), selected.layout, "g", ["chr1", "chr2"])
        return [outcome.status for outcome in build_chromosomes(tasks)]

    assert build() == ["built", "built"]
    assert build() == ["intact", "intact"]
    with pytest.raises(DatasetError, match="genome g is not ready"):
        build(max_malformed=0.5)
    selected.select_it(max_malformed=0.5)
    assert build(max_malformed=0.5) == ["intact", "intact"]
    selected.select_it(types={"mRNA": ["snoRNA"]})
    assert build(types={"mRNA": ["snoRNA"]}) == ["built", "built"]
    made_from = read_manifest(selected.layout.blocks_manifest("train", "g", "chr1")).made_from
    assert made_from["parameters"]["selection"] == read_summary(selected.layout, "g").selection
    selected.select_it(partial="drop")
    assert build(partial="drop") == ["built", "built"]
