"""Flavours of annotation, each by its own conventions: hand-made lines for every rule, and real files."""

import gzip
from collections import Counter

import oracle
import pytest
from annotationfiles import row, text_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genatator_assets.annotation.parsed import PARSED_SCHEMA
from genatator_assets.annotation.reader import read_annotation
from genatator_assets.annotation.select import select
from genatator_assets.annotation.suspicions import require_something
from genatator_assets.catalogue.model import TypeRules
from genatator_assets.errors import AnnotationError
from genatator_assets.sources.chromosomes import Chromosome


@pytest.fixture
def parse(tmp_path):
    """Return a function that reads lines as an annotation."""

    def parsed(*lines, **how):
        path = tmp_path / "annotation"
        path.write_text(text_of(*lines))
        return read_annotation(path, **how)

    return parsed


def told(parsed, *columns):
    """Tuples of some columns, a value alone where there is one column."""
    rows = [tuple(entry.values()) for entry in parsed.transcripts.select(list(columns)).to_pylist()]
    return [row[0] for row in rows] if len(columns) == 1 else rows


# RefSeq


def test_refseq_rows_of_one_cds_share_an_id_and_alignments_are_no_transcripts(parse):
    parsed = parse(
        row("gene", "ID=gene-A;gbkey=Gene;gene_biotype=protein_coding", 1, 90),
        row("mRNA", "ID=rna-NM_1.1;Parent=gene-A;gbkey=mRNA;transcript_id=NM_1.1", 1, 90),
        row("exon", "ID=exon-NM_1.1-1;Parent=rna-NM_1.1;gbkey=mRNA;transcript_id=NM_1.1", 1, 40),
        row("CDS", "ID=cds-NP_1.1;Parent=rna-NM_1.1;gbkey=CDS;protein_id=NP_1.1", 9, 40),
        row("CDS", "ID=cds-NP_1.1;Parent=rna-NM_1.1;gbkey=CDS;protein_id=NP_1.1", 60, 80),
        row("cDNA_match", "ID=match-1;Target=NM_1.1 1 40 +;gap_count=1", 1, 40, "?"),
        row("cDNA_match", "ID=match-1;Target=NM_1.1 41 90 +", 51, 90, "."),
    )
    assert told(parsed, "transcript_id", "row_id", "start", "end", "type") == [("NM_1.1", "rna-NM_1.1", 0, 90, "mRNA")]
    assert parsed.feature_counts == {"CDS": 2, "cDNA_match": 2, "exon": 1, "gene": 1, "mRNA": 1}
    assert parsed.malformed == 0


def test_refseq_hands_a_biotype_down_from_the_first_parent_that_states_one(parse):
    parsed = parse(
        row("gene", "ID=gene-A;gbkey=Gene"),
        row("gene", "ID=gene-B%2CC;gbkey=Gene;gene_biotype=snoRNA%3B x"),
        row("pseudogene", "ID=gene-D;gbkey=Gene;gene_biotype=pseudogene"),
        row("transcript", "ID=rna-1;Parent=gene-A,gene-B%2CC,gene-D"),
        row("transcript", "ID=rna-2;Parent=gene-D,gene-B%2CC"),
        row("transcript", "ID=rna-3;Parent=gene-A,gene-unknown"),
        row("transcript", "ID=rna-4;gene=A%2CB"),
        row("transcript", "ID=rna-5;Parent=gene-B%2CC"),
    )
    assert told(parsed, "transcript_id", "gene_id", "biotype") == [
        ("1", "A", "snoRNA; x"),
        ("2", "D", "pseudogene"),
        ("3", "A", None),
        ("4", "A,B", None),
        ("5", "B,C", "snoRNA; x"),
    ]


def test_gff3_spells_letters_as_percent_codes_in_column_one_and_in_values(parse):
    parsed = parse(
        row("mRNA", "ID=rna-a%3Bb;Parent=gene-x%3D1;gbkey=mRNA;transcript_biotype=%C3%A9", chrom="chr%7C1%25"),
        "##sequence-region chr%7C1%25 1 500",
    )
    assert told(parsed, "seqid", "transcript_id", "row_id", "gene_id", "biotype") == [
        ("chr|1%", "a;b", "rna-a;b", "x=1", "é")
    ]
    assert parsed.regions == {"chr|1%": 500}


def test_gtf_does_not_spell_letters_as_percent_codes(parse):
    parsed = parse(row("transcript", 'gene_id "g%3B"; transcript_id "t%3B"; gene_type "x";', chrom="chr%7C1"))
    assert told(parsed, "seqid", "transcript_id", "gene_id") == [("chr%7C1", "t%3B", "g%3B")]


MARKS = [
    ("", (False, False, False)),
    ("pseudo=true", (True, False, False)),
    ("pseudo=false", (False, False, False)),
    ("part=1", (False, True, False)),
    ("exception=trans-splicing", (False, True, False)),
    ("exception=ribosomal slippage", (False, False, False)),
    ("partial=true;start_range=.,11", (False, False, True)),
    ("tag=basic,mRNA_start_NF", (False, False, True)),
    ("tag=cds_end_NF,basic", (False, False, True)),
    ("Name=NF;gene=part", (False, False, False)),
    ("pseudo=true;partial=true;part=2;exception=trans-splicing", (True, True, True)),
]


@pytest.mark.parametrize("flavour", ["refseq", "gencode", "ensembl", "generic"])
def test_marks_of_a_transcript_in_gff3(parse, flavour):
    rows = [row("mRNA", f"ID=t{number};transcript_id=t{number};{mark}") for number, (mark, _) in enumerate(MARKS)]
    parsed = parse(*rows, flavour=flavour)
    assert told(parsed, "pseudo", "trans_spliced", "partial") == [expected for _, expected in MARKS]


@pytest.mark.parametrize("flavour", ["refseq", "gencode", "ensembl", "generic"])
def test_marks_of_a_transcript_in_gtf(parse, flavour):
    spelt = [
        ("", (False, False, False)),
        ('pseudo "true";', (True, False, False)),
        ('part "1";', (False, True, False)),
        ('exception "trans-splicing";', (False, True, False)),
        ('exception "unclassified transcription discrepancy"; note "is part "', (False, False, False)),
        ('partial "true";', (False, False, True)),
        ('tag "cds_start_NF"; tag "mRNA_start_NF";', (False, False, True)),
        ('tag "basic"; tag "mRNA_end_NF"; tag "CCDS";', (False, False, True)),
        ('gene_name "NF1"; level 2;', (False, False, False)),
        ('note "tag mRNA_start_NF; pseudo true"; apart "1";', (False, False, False)),
        ("trans_splicing; level 2", (False, True, False)),
    ]
    rows = [
        row("transcript", f'gene_id "g"; transcript_id "t{number}"; {mark}') for number, (mark, _) in enumerate(spelt)
    ]
    assert told(parse(*rows, flavour=flavour), "pseudo", "trans_spliced", "partial") == [it for _, it in spelt]


def test_strands_that_are_none_are_kept_as_they_are(parse):
    rows = [row("mRNA", f"ID=rna-{n};gbkey=mRNA", strand=strand) for n, strand in enumerate("+-.?")]
    assert told(parse(*rows), "strand") == ["+", "-", ".", "?"]


# GENCODE


def test_gencode_has_one_transcript_on_both_sex_chromosomes(parse):
    """Older releases mark the copy on chrY, newer ones give both the same ID."""
    text = 'gene_id "ENSG1.2"; transcript_id "ENST1.1{}"; gene_type "protein_coding"; transcript_type "protein_coding";'
    parsed = parse(
        row("transcript", text.format(""), chrom="chrX"),
        row("transcript", text.format("_PAR_Y"), chrom="chrY"),
        row("transcript", text.format(""), strand="-", chrom="chrY"),
    )
    assert told(parsed, "seqid", "transcript_id") == [
        ("chrX", "ENST1.1"),
        ("chrY", "ENST1.1_PAR_Y"),
        ("chrY", "ENST1.1"),
    ]
    chromosomes = [Chromosome("g", "S s", chrom, 99, (), True, None, "train") for chrom in ("chrX", "chrY")]
    assert select("g", parsed, chromosomes).transcripts["reason"].to_pylist() == ["selected"] * 3


# Ensembl


def test_old_ensembl_gff3_types_genes_as_it_types_transcripts(parse):
    parsed = parse(
        row("lincRNA_gene", "ID=gene:G1;biotype=lincRNA;gene_id=G1"),
        row("lincRNA", "ID=transcript:T1;Parent=gene:G1;biotype=lincRNA;transcript_id=T1"),
        row("processed_transcript", "ID=gene:G2;biotype=antisense;gene_id=G2"),
        row("processed_transcript", "ID=transcript:T2;Parent=gene:G2;biotype=antisense;transcript_id=T2"),
        row("pseudogene", "ID=gene:G3;biotype=unitary_pseudogene;gene_id=G3"),
        row("pseudogene", "ID=transcript:T3;Parent=gene:G3;biotype=unitary_pseudogene;transcript_id=T3"),
        row("RNA", "ID=gene:G4;biotype=misc_RNA"),
        row("transcript", "ID=transcript:T4;Parent=gene:G4;biotype=misc_RNA"),
        row("transcript", "ID=transcript:T5;Parent=gene:G1;biotype=protein_coding"),
        row("pseudogene", "ID=pseudo1;biotype=pseudogene"),
    )
    assert parsed.flavour == "ensembl"
    assert told(parsed, "transcript_id", "gene_id", "row_id", "type") == [
        ("T1", "G1", "transcript:T1", "lncRNA"),
        ("T2", "G2", "transcript:T2", "lncRNA"),
        ("T3", "G3", "transcript:T3", "other"),
        ("T4", "G4", "transcript:T4", "other"),
        ("T5", "G1", "transcript:T5", "mRNA"),
    ]


def test_a_malformed_gene_is_no_transcript_whatever_its_type(parse):
    fine = row("processed_transcript", "ID=transcript:T1;Parent=gene:G1;biotype=antisense")
    parsed = parse(row("processed_transcript", "ID=gene:G1\tmore"), fine, max_malformed=1.0)
    assert told(parsed, "transcript_id") == ["T1"]
    assert parsed.malformed == 1


# Any other


def test_generic_gff3_is_classified_by_column_three(parse):
    """Of Drosophila, C. elegans and Arabidopsis, each as its database writes it."""
    parsed = parse(
        row("gene", "ID=FBgn0031208;Name=CR11023"),
        row("mRNA", "ID=FBtr0078166;Name=l(2)gl-RB;Parent=FBgn0002121"),
        row("mRNA", "ID=Transcript:Y74C9A.3.1;Parent=Gene:WBGene00022277;Name=Y74C9A.3.1"),
        row("lincRNA", "ID=Transcript:linc-1;Parent=Gene:WBGene1"),
        row("ncRNA", "ID=AT1G01448.1;Parent=AT1G01448"),
        row("mRNA_TE_gene", "ID=AT1G02228.1;Parent=AT1G02228"),
        row("lnc_RNA", "ID=t;Parent=g"),
        row("antisense_lncRNA", "ID=u;Parent=g"),
    )
    assert parsed.flavour == "generic"
    assert told(parsed, "transcript_id", "gene_id", "type") == [
        ("FBtr0078166", "FBgn0002121", "mRNA"),
        ("Transcript:Y74C9A.3.1", "Gene:WBGene00022277", "mRNA"),
        ("Transcript:linc-1", "Gene:WBGene1", "lncRNA"),
        ("AT1G01448.1", "AT1G01448", "other"),
        ("AT1G02228.1", "AT1G02228", "other"),
        ("t", "g", "lncRNA"),
        ("u", "g", "lncRNA"),
    ]


def test_a_generic_transcript_with_a_cds_is_an_mrna(parse):
    gff3 = parse(
        row("gene", "ID=g1"),
        row("transcript", "ID=g1.t1;Parent=g1"),
        row("CDS", "ID=c;Parent=g1.t1,g1.t3"),
        row("transcript", "ID=g1.t2;Parent=g1"),
        row("transcript", "ID=g1.t3;Parent=g1"),
        row("transcript", "ID=g1.t4;Parent=g1;biotype=snoRNA"),
        row("CDS", "ID=c;Parent=g1.t4"),
        row("transcript", "ID=g1.t5;Parent=g1;biotype=protein_coding"),
        row("ncRNA", "ID=g1.t6"),
        row("CDS", "ID=c;Parent=g1.t6"),
    )
    assert gff3.flavour == "generic"
    assert told(gff3, "type") == ["mRNA", "other", "mRNA", "other", "mRNA", "other"]
    gtf = parse(
        row("CDS", 'gene_id "g1"; transcript_id "t1";'),
        row("transcript", 'gene_id "g1"; transcript_id "t1";'),
        row("transcript", 'gene_id "g1"; transcript_id "t2";'),
        row("exon", 'gene_id "g1"; transcript_id "t2";'),
    )
    assert gtf.flavour == "generic"
    assert told(gtf, "type") == ["mRNA", "other"]


def test_ids_may_come_again_on_another_sequence(parse):
    """Gene finders that run by chromosome number their transcripts anew on each."""
    parsed = parse(
        row("transcript", 'gene_id "g1"; transcript_id "g1.t1";', chrom="chr1"),
        row("CDS", 'gene_id "g1"; transcript_id "g1.t1";', chrom="chr1"),
        row("transcript", 'gene_id "g1"; transcript_id "g1.t1";', chrom="chr2"),
    )
    assert told(parsed, "seqid", "type") == [("chr1", "mRNA"), ("chr2", "other")]


def test_a_transcript_of_braker_has_its_name_alone_in_column_nine(parse):
    parsed = parse(
        row("gene", "g1", 1, 90),
        row("transcript", "g1.t1", 1, 90),
        row("CDS", 'transcript_id "g1.t1"; gene_id "g1";', 1, 40),
        row("exon", 'transcript_id "g1.t1"; gene_id "g1";', 1, 40),
        row("CDS", 'transcript_id "g1.t1"; gene_id "g1";', 51, 90),
        row("transcript", "g1.t2", 1, 80),
    )
    assert parsed.flavour == "generic"
    assert told(parsed, "transcript_id", "gene_id", "row_id", "type") == [
        ("g1.t1", "g1", "g1.t1", "mRNA"),  # its parts name the gene
        ("g1.t2", None, "g1.t2", "other"),
    ]


@pytest.mark.parametrize("text", [".", "", "g1 t1", 'x "y"', "a;b", "Name=a"])
def test_what_is_no_name_alone_is_none(parse, text):
    fine = [row("transcript", 'transcript_id "t1";') for _ in range(3)]
    parsed = parse(*fine, row("transcript", text), max_malformed=0.5)
    assert told(parsed, "malformed")[3] == "the transcript has no transcript_id or ID"


# Transcripts put together from their parts


def test_transcripts_are_put_together_from_exons_and_cds(parse):
    parsed = parse(
        "# UCSC's refGene",
        row("exon", 'gene_id "A"; transcript_id "NM_1"; ', 11, 20),
        row("CDS", 'gene_id "A"; transcript_id "NM_1"; ', 15, 20),
        row("exon", 'gene_id "B"; transcript_id "NR_1"; ', 5, 9, "-"),
        row("start_codon", 'gene_id "A"; transcript_id "NM_1"; ', 1, 3),
        row("exon", 'gene_id "A"; transcript_id "NM_1"; ', 31, 40),
        row("exon", 'gene_id "C"; transcript_id "NM_1"; ', 1, 4, chrom="chr2"),
        row("exon", 'gene_id "D"; transcript_id "NM_1"; ', 51, 60, "-"),
        row("CDS", 'gene_id "A"; transcript_id "NM_1"; ', 31, 42),
        row("exon", 'gene_id "E";', 1, 2),
    )
    assert parsed.flavour == "generic"
    columns = ("seqid", "start", "end", "strand", "transcript_id", "gene_id", "row_id", "type", "source_line")
    assert told(parsed, *columns) == [
        ("chr1", 10, 42, "+", "NM_1", "A", "NM_1", "mRNA", 2),
        ("chr1", 4, 9, "-", "NR_1", "B", "NR_1", "other", 4),
        ("chr2", 0, 4, "+", "NM_1", "C", "NM_1", "other", 7),
        ("chr1", 50, 60, "-", "NM_1", "D", "NM_1", "other", 8),
    ]
    assert parsed.feature_counts == {"CDS": 2, "exon": 6, "start_codon": 1}
    assert parsed.malformed == 0


def test_parts_state_biotype_and_marks_too(parse):
    text = 'gene_id "G"; gene_biotype "x"; transcript_id "T{}"; transcript_biotype "{}"; {}'
    parsed = parse(
        row("exon", text.format(1, "protein_coding", 'tag "mRNA_end_NF";')),
        row("exon", text.format(2, "lincRNA", "")),
        row("exon", text.format(3, "snoRNA", 'pseudo "true";')),
    )
    assert parsed.flavour == "ensembl"
    assert told(parsed, "type", "biotype", "pseudo", "partial") == [
        ("mRNA", "protein_coding", False, True),
        ("lncRNA", "lincRNA", False, False),
        ("other", "snoRNA", True, False),
    ]


@pytest.mark.parametrize("feature", ["transcript", "exon"])
def test_old_gtf_of_ensembl_states_the_biotype_in_column_two(parse, feature):
    """Up to release 75, of which the one of GRCh37 is much used; before that one it has no rows of transcripts."""
    text = ' gene_id "G"; transcript_id "T{}"; gene_name "N"; gene_source "havana"; gene_biotype "protein_coding";'
    parsed = parse(
        row(feature, text.format(1), source="protein_coding"),
        row("CDS", text.format(1), source="protein_coding"),
        row(feature, text.format(2), source="lincRNA"),
        row(feature, text.format(3), source="nonsense_mediated_decay"),
        row(feature, text.format(4) + ' transcript_biotype "snoRNA"', source="lincRNA"),
        row(feature, text.format(5), source="havana"),
    )
    assert parsed.flavour == "ensembl"
    assert told(parsed, "type", "biotype") == [
        ("mRNA", "protein_coding"),
        ("lncRNA", "lincRNA"),
        ("other", "nonsense_mediated_decay"),
        ("other", "snoRNA"),
        ("other", "protein_coding"),  # its gene's, and it has no CDS
    ]


def test_malformed_parts_are_counted(parse):
    parsed = parse(
        row("exon", 'transcript_id "T";', 11, 20),
        row("exon", 'transcript_id "T";', 30, 29),
        row("exon", 'transcript_id "T"').rsplit("\t", 1)[0],
        "##sequence-region chr1 1 500",
        row("CDS", 'transcript_id "T";', "x", 40),
        row("gene", 'gene_id "T";', 5, 4),
        max_malformed=0.6,
    )
    assert told(parsed, "start", "end", "type") == [(10, 20, "other")]
    assert [line.line for line in parsed.malformed_lines] == [2, 3, 5]
    assert parsed.malformed == 3
    assert parsed.regions == {"chr1": 500}
    assert parsed.feature_counts == {"CDS": 1, "exon": 2, "gene": 1}


@pytest.mark.parametrize("end", ["##FASTA", ">chr1"])
def test_sequences_after_parts_are_not_read(parse, end):
    part = row("exon", 'transcript_id "T";', 11, 20)
    assert told(parse(part, end, part.replace("20", "99")), "end") == [20]


def test_gff3_without_transcripts_is_not_put_together(parse):
    with pytest.raises(AnnotationError, match="found no transcripts; its rows are: 1 exon, 1 gene"):
        parse(row("gene", "ID=g"), row("exon", "ID=e;Parent=g;transcript_id=t"))


# Tables with a row for each transcript

BED12 = "chr1\t10\t90\tT{}\t0\t{}\t{}\t{}\t0\t2\t20,30,\t0,50,"
GENE_PRED = "T{}\tchr1\t{}\t10\t90\t{}\t{}\t2\t10,60,\t30,90,"
TABLES = {
    "BED12": (BED12, None),
    "bigGenePred": (BED12 + "\tT1\tcmpl\tcmpl\t0,1,\tnone\tG1\tsymbol\tnone", "G1"),
    "genePred": (GENE_PRED, None),
    "genePredExt": (GENE_PRED + "\t0\tG1\tcmpl\tcmpl\t0,1,", "G1"),
    "refFlat": ("G1\t" + GENE_PRED, "G1"),
    "refGene": ("585\t" + GENE_PRED + "\t0\tG1\tcmpl\tcmpl\t0,1,", "G1"),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_transcripts_are_told_by_their_columns(parse, name):
    line, gene = TABLES[name]
    coding, other, unstranded = (line.format(*what) for what in [(1, "+", 15, 80), (2, "-", 90, 90), (3, ".", 10, 11)])
    parsed = parse("#a header", "track name=x", "browser hide all", coding, other, "", unstranded, coding)
    assert parsed.flavour == "generic"
    columns = ("seqid", "start", "end", "strand", "transcript_id", "gene_id", "type", "source_line")
    assert told(parsed, *columns) == [
        ("chr1", 10, 90, "+", "T1", gene, "mRNA", 4),
        ("chr1", 10, 90, "-", "T2", gene, "other", 5),
        ("chr1", 10, 90, ".", "T3", gene, "mRNA", 7),
        ("chr1", 10, 90, "+", "T1", gene, "mRNA", 8),
    ]
    assert len(set(told(parsed, "row_id"))) == 4
    assert parsed.feature_counts == {name: 4}
    assert parsed.malformed == 0


def test_one_transcript_of_a_table_may_lie_on_both_strands(parse):
    parsed = parse(*(TABLES["refGene"][0].format(1, strand, 15, 80) for strand in "+-"))
    chromosomes = [Chromosome("g", "S s", "chr1", 99, (), True, None, "train")]
    assert select("g", parsed, chromosomes).transcripts["reason"].to_pylist() == ["selected"] * 2


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (
            BED12.format(1, "+", 15, 80).replace("\t90\t", "\t10\t"),
            "found start 10 and end 10, expected start < end, and end <= 2,147,483,647",
        ),
        (BED12.format(1, "+", 15, -1), "found 12 columns that don't fit BED12, which has 12 or more"),
        (BED12.format(1, "+", 15, "9" * 30), "found 12 columns that don't fit BED12, which has 12 or more"),
        (BED12.format(1, "x", 15, 80), "found 12 columns that don't fit BED12, which has 12 or more"),
        ("chr1 10 90", "found 1 columns that don't fit BED12, which has 12 or more"),
        ("chr1\t10\t90\tT1\t0\t+", "found 6 columns that don't fit BED12, which has 12 or more"),
    ],
)
def test_malformed_rows_of_tables_are_counted(parse, broken, why):
    fine = BED12.format(1, "+", 15, 80)
    parsed = parse(fine, broken, max_malformed=0.5)
    assert told(parsed, "malformed", "source_line") == [(None, 1), (why, 2)]
    assert [(line.line, line.why) for line in parsed.malformed_lines] == [(2, why)]
    with pytest.raises(
        AnnotationError, match=r"annotation:2: found .* \(1 of 2 lines are malformed, none is allowed\)"
    ):
        parse(fine, broken)


def test_bed_of_six_columns_is_no_annotation(parse):
    with pytest.raises(AnnotationError, match="or those of BED12 or genePred; the first has 6 columns: 'chr1"):
        parse("chr1\t10\t90\tT1\t0\t+")


def test_a_real_bed12_of_fly_transcripts(data):
    parsed = read_annotation(data / "drosophila/chrX_dm3_pygenometracks/dm3_genes.bed.gz")
    # zcat FILE | awk '{n[($7 < $8) $6]++} END {for (k in n) print k, n[k]}'
    assert Counter(told(parsed, "type", "strand")) == {
        ("mRNA", "+"): 1132,
        ("mRNA", "-"): 1199,
        ("other", "+"): 174,
        ("other", "-"): 212,
    }
    assert parsed.feature_counts == {"BED12": 2717}
    # its first line: chrX 18879 19093 CR40469 0 + 19093 19093
    assert told(parsed, "seqid", "start", "end", "transcript_id", "type")[0] == (
        *("chrX", 18_879, 19_093, "CR40469"),
        "other",
    )


# A catalogue's own types


def test_a_catalogues_types_stand_in_the_place_of_a_flavours(parse):
    lines = [
        row("mRNA", "ID=rna-1;gbkey=mRNA"),
        row("lnc_RNA", "ID=rna-2;gbkey=ncRNA"),
        row("snoRNA", "ID=rna-3;gbkey=ncRNA"),
        row("my_transcript", "ID=rna-4"),
        row("gene", "ID=gene-A"),
    ]
    assert told(parse(*lines), "type") == ["mRNA", "lncRNA", "other"]
    more = TypeRules(lncRNA=("snoRNA", "my_transcript"))
    assert told(parse(*lines, types=more), "type") == ["mRNA", "other", "lncRNA", "lncRNA"]
    as_well = TypeRules(lncRNA=("usual", "snoRNA"), mRNA=("my_transcript", "usual"))
    assert told(parse(*lines, types=as_well), "type") == ["mRNA", "lncRNA", "lncRNA", "mRNA"]
    assert told(parse(*lines, types=TypeRules(mRNA=("lnc_RNA",))), "type") == ["other", "mRNA", "other"]
    assert told(parse(*lines, types=TypeRules(mRNA=())), "type") == ["other", "lncRNA", "other"]


def test_a_catalogue_may_say_that_transcripts_of_no_stated_type_count(parse):
    """StringTie's say neither a biotype nor a coding sequence."""
    lines = [
        row("transcript", 'gene_id "S.1"; transcript_id "S.1.1"; cov "7.1";'),
        row("exon", 'gene_id "S.1"; transcript_id "S.1.1"; cov "7.1";'),
        row("transcript", 'gene_id "S.1"; transcript_id "S.1.2"; transcript_biotype "protein_coding";'),
    ]
    assert told(parse(*lines, flavour="generic"), "type") == ["other", "mRNA"]
    types = TypeRules(lncRNA=("transcript",))
    assert told(parse(*lines, flavour="generic", types=types), "type") == ["lncRNA", "mRNA"]
    misc = row("transcript", "ID=rna-1;Parent=gene-A;gbkey=misc_RNA")
    assert told(parse(misc, types=types), "type") == ["lncRNA"]


def test_a_catalogues_types_are_biotypes_where_the_flavour_goes_by_biotype(parse):
    text = 'gene_id "G"; transcript_id "T{}"; gene_type "x"; transcript_type "{}";'
    lines = [row("transcript", text.format(n, kind)) for n, kind in enumerate(["protein_coding", "TEC", "lncRNA"])]
    assert told(parse(*lines, types=TypeRules(lncRNA=("TEC",))), "type") == ["mRNA", "lncRNA", "other"]


# Real files

SCALE = "annotation_scale"
# flavour, mRNA, lncRNA, all transcripts with a row; counted by zcat -f FILE | awk -F'\t' '!/^#/ && ...', where ... is
#   GTF: $3 == "transcript", then $9 ~ KEY " \"(BIOTYPES)\"", KEY transcript_type or transcript_biotype
#   GFF3 of GENCODE: $3 == "transcript" && $9 ~ /^ID=ENST/, then ";transcript_type=(BIOTYPES);"
#   GFF3 of Ensembl: $9 ~ /^ID=transcript:/, then ";biotype=(BIOTYPES);", and processed_transcript where the gene's
#     biotype, looked up by Parent, is processed_transcript: 27 of chr7, 2 of chr21
#   GFF3 of RefSeq: $3 != "exon" && $9 ~ /(^|;)ID=rna/, then $3 == "mRNA", and $3 == "lnc_RNA" or ncrna_class=lncRNA
#   generic GFF3: {print $3} | sort | uniq -c, the types that are RNAs or transcripts added up: 459 mRNA + 11
#   mRNA_TE_gene + 12 ncRNA + 7 pseudogenic_transcript + 2 miRNA + 2 rRNA + 2 snoRNA + 5 tRNA; 303 mRNA + 48 ncRNA + 32
#   pseudogenic_transcript + 6 circular_ncRNA + 6 nc_primary_transcript + 6 snoRNA + 8 piRNA + 4 miRNA + 2 pre_miRNA + 4
#   tRNA + 1 pseudogenic_tRNA (transcript_region is none); 236 mRNA
REAL = {
    "human_GRCh38_chr1_1Mb/trimmed_gencode.v29.chr1_1-1000000.gtf.gz": ("gencode", 27, 66, 194),
    "human_GRCh38_chr1_1Mb/gencode.v29.chr1_to_1.53Mb.gtf.gz": ("gencode", 135, 89, 470),
    "human_GRCh38_chr1_1Mb/trimmed_ensembl.chr1_1-1000000.seqid_1.gtf.gz": ("ensembl", 27, 145, 223),
    "human_GRCh38_chr9_1Mb/Homo_sapiens.GRCh38.91_chr9_1_1000000.gtf": ("ensembl", 29, 35, 105),
    "yeast_R64/refseq/GCF_000146045.2_R64_genomic_subset.gff.gz": ("refseq", 5966, 0, 6091),
    "ncbi_dimorphilus_6contigs/ncbi.gff.gz": ("refseq", 17, 0, 17),
    f"{SCALE}/hg38_ensembl_gff3/Homo_sapiens.GRCh38.86.chromosome.7.gff3.gz": ("ensembl", 3608, 1095 + 27, 9437),
    f"{SCALE}/hg38_ensembl_gff3/vep_chr21.test.gff.gz": ("ensembl", 839, 587 + 2, 2414),
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
    f"{SCALE}/refseq_small/vep_refseq_NC_000021.9.gff.gz": ("refseq", 37, 28, 78),
    # its one gene row is written as GFF3
    f"{SCALE}/refseq_small/ensembl_test.GRCh38.104.gtf": ("ensembl", 1, 0, 1),
    "mouse_chr9_4M_and_MAPT/chr9.4M.gtf.gz": ("gencode", 31, 5, 54),
    "mouse_chr9_4M_and_MAPT/MAPT.Mouse.genedb.gtf": ("gencode", 8, 0, 12),
    # transcript_biotype instead of biotype
    "alpha_globin_8species/GRCm38.mm10.subset.gff3": ("ensembl", 20, 0, 20),
    "drosophila/chrX_dm3_pygenometracks/dm3_subset_BDGP5.78.gtf.gz": ("ensembl", 857, 0, 919),
    "korflab_1pct_athaliana/1pct.gff3": ("generic", 459, 0, 500),
    "korflab_1pct_celegans/1pct.gff3": ("generic", 303, 0, 420),
    "korflab_1pct_dmelanogaster/1pct.gff3": ("generic", 236, 0, 236),
}


@pytest.mark.parametrize("name", REAL)
def test_a_real_file_gives_the_transcripts_that_the_oracle_reads(data, name):
    flavour, mrna, lncrna, all_transcripts = REAL[name]
    parsed = read_annotation(data / name)
    assert parsed.flavour == flavour
    with_rows = [one for one in parsed.transcripts.to_pylist() if one["assembled_from"] == "row"]
    assert len(with_rows) == all_transcripts
    # a transcript that was trimmed away left parts: CDS rows without their exons
    assert parsed.transcripts.num_rows - all_transcripts == (3 if "trimmed" in name else 0)
    assert parsed.malformed == 0
    typed = [one for one in with_rows if one["type"] != "other"]
    assert Counter(one["type"] for one in typed) == Counter(mRNA=mrna, lncRNA=lncrna) - Counter()
    selected = [one for one in typed if not one["pseudo"] and not one["trans_spliced"]]
    assert [(one["seqid"], one["start"] + 1, one["end"], one["strand"], one["type"]) for one in selected] == [
        (one.chrom, one.start, one.end, one.strand, one.kind)
        for one in oracle.selected_transcripts(data / name, flavour)
    ]
    assert parsed.feature_counts == Counter(columns[2] for columns in oracle.read_rows(data / name))


@pytest.mark.parametrize("name", REAL)
def test_the_line_of_a_real_file_holds_the_transcript(data, name):
    with oracle.open_text(data / name) as handle:
        lines = handle.read().splitlines()
    for one in read_annotation(data / name).transcripts.to_pylist():
        if one["assembled_from"] == "parts":
            continue
        columns = lines[one["source_line"] - 1].split("\t")
        assert (columns[0], columns[6]) == (one["seqid"], one["strand"])
        assert (int(columns[3]), int(columns[4])) == (one["start"] + 1, one["end"])
        assert one["transcript_id"] in columns[8]
        assert one["row_id"] in columns[8]
        assert one["gene_id"] is None or one["gene_id"] in columns[8]
        assert (one["source"], one["row_type"]) == (columns[1], columns[2])


@pytest.mark.parametrize(
    ("name", "column", "count"),
    [
        # zcat -f FILE | awk -F'\t' '$3 == "transcript" || $3 == "mRNA"' | grep -c WORD
        ("yeast_R64/refseq/GCF_000146045.2_R64_genomic_subset.gff.gz", "pseudo", 12),
        ("yeast_R64/refseq/GCF_000146045.2_R64_genomic_subset.gff.gz", "partial", 5954),
        ("yeast_R64/refseq/GCF_000146045.2_R64_genomic_subset.gff.gz", "trans_spliced", 0),
        ("human_GRCh38_chr1_1Mb/gencode.v29.chr1_to_1.53Mb.gtf.gz", "partial", 61),
        ("human_GRCh38_chr1_1Mb/ensembl.chr1_to_1.20Mb.seqid_1.gtf.gz", "partial", 29),
        ("human_GRCh38_chr9_1Mb/Homo_sapiens.GRCh38.91_chr9_1_1000000.gtf", "partial", 15),
        ("human_GRCh38_chr9_1Mb/Homo_sapiens.GRCh38.91_chr9_1_1000000.gtf", "pseudo", 0),
        (f"{SCALE}/gencode_small/basic.annotation.gtf", "partial", 18),
    ],
)
def test_marks_of_real_transcripts(data, name, column, count):
    assert sum(told(read_annotation(data / name), column)) == count


def test_genes_and_biotypes_of_real_refseq(data):
    table = read_annotation(data / "yeast_R64/refseq/GCF_000146045.2_R64_genomic_subset.gff.gz").transcripts
    first = next(one for one in table.to_pylist() if one["type"] == "mRNA")
    # zcat FILE | grep -m1 -P '\tmRNA\t'
    assert (first["transcript_id"], first["row_id"]) == ("NM_001184582.1", "rna-NM_001184582.1")
    assert first["gene_id"] == "YAL067W-A"
    # by awk: gene_biotype by ID of the gene and pseudogene rows, looked up by the Parent of the 5,966 mRNA rows
    biotypes = Counter(one["biotype"] for one in table.to_pylist() if one["type"] == "mRNA")
    assert biotypes == {"protein_coding": 5954, "pseudogene": 12}
    assert all(one["pseudo"] == (one["biotype"] == "pseudogene") for one in table.to_pylist() if one["type"] == "mRNA")


def test_lengths_that_real_files_state(data):
    yeast = read_annotation(data / "yeast_R64/refseq/GCF_000146045.2_R64_genomic_subset.gff.gz").regions
    # zcat FILE | grep -c '^##sequence-region'
    assert len(yeast) == 17
    assert yeast["NC_001224.1"] == 85_779
    assert read_annotation(data / "alpha_globin_8species/GRCm38.mm10.subset.gff3").regions == {"chr17": 139_285}


@pytest.mark.parametrize(
    ("name", "flavour", "transcripts", "coding"),
    [
        # exons and CDS by column 1, 7 and transcript_id, counted by awk: distinct ones, and those with a CDS
        ("alpha_globin_8species/refseq.hg38.gtf", "generic", 17, 14),
        (f"{SCALE}/refseq_small/hg19_chrY_300kb_genes.gtf", "generic", 5, 2),
    ],
)
def test_transcripts_of_ucsc_are_put_together(data, name, flavour, transcripts, coding):
    parsed = read_annotation(data / name)
    assert (parsed.flavour, parsed.transcripts.num_rows, parsed.malformed) == (flavour, transcripts, 0)
    mrnas = [one for one in parsed.transcripts.to_pylist() if one["type"] == "mRNA"]
    assert len(mrnas) == coding
    assert [(one["seqid"], one["start"] + 1, one["end"], one["strand"]) for one in mrnas] == [
        (one.chrom, one.start, one.end, one.strand) for one in oracle.joined_transcripts(data / name)
    ]


def test_exons_of_ensembl_are_put_together_by_biotype(data):
    parsed = read_annotation(data / "drosophila/chrX_dm3_pygenometracks/HoxD.gtf")
    assert parsed.flavour == "ensembl"
    # awk: 37 exons of 15 transcripts, all protein_coding, none with a CDS row; least start and greatest end of two
    assert told(parsed, "type", "biotype") == [("mRNA", "protein_coding")] * 15
    places = {one["transcript_id"]: (one["start"] + 1, one["end"]) for one in parsed.transcripts.to_pylist()}
    assert places["ENSMUST00000001872"] == (74_668_310, 74_671_599)
    assert places["ENSMUST00000047830"] == (74_739_619, 74_747_900)


def test_genes_without_transcripts_are_an_error_that_says_so(data):
    """SGD's genes and CDS of yeast: of its rows only tRNA, snoRNA and the like are transcripts."""
    parsed = read_annotation(data / "yeast_chr1_2_gbrowse/yeast_chr1+2.gff3")
    # cut -f3 FILE | sort | uniq -c
    assert Counter(told(parsed, "type")) == {"other": 17 + 3 + 2 + 1}
    assert parsed.regions == {}
    lengths = {"chrI": 230_208, "chrII": 813_178}
    chromosomes = [Chromosome("g", "S s", chrom, length, (), True, None, "train") for chrom, length in lengths.items()]
    with pytest.raises(AnnotationError) as caught:
        require_something(parsed, select("g", parsed, chromosomes))
    assert str(caught.value) == (
        "none of its 23 transcripts is an mRNA or a lncRNA: they are 17 tRNA, 3 snoRNA, 2 ncRNA, 1 snRNA; and 616 rows"
        " are CDS of a gene, for which no transcript is made up. Give an annotation with mRNA or lncRNA transcripts, or"
        " say in the catalogue which types or biotypes count: annotation: {types: {mRNA: [...], lncRNA: [...]}}"
    )
    genes = TypeRules(mRNA=("gene",))
    taken = read_annotation(data / "yeast_chr1_2_gbrowse/yeast_chr1+2.gff3", types=genes)
    assert Counter(told(select("g", taken, chromosomes), "type", "reason")) == {
        ("mRNA", "selected"): 573,
        ("other", "other_type"): 23,
    }


# Damaged files


@pytest.fixture(scope="session")
def pieces(data):
    """Return the beginning of a real file, with some transcripts in it."""

    def piece(name):
        with oracle.open_text(data / name) as handle:
            rows = [line for line in handle if not line.startswith("#")]
        signs = ("transcript_id", "=rna-", "\tmRNA\t")
        first = next(number for number, line in enumerate(rows) if any(sign in line for sign in signs))
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


PARTS_ONLY = {"alpha_globin_8species/refseq.hg38.gtf": ("generic",)}
SMALL_REAL = {name: facts for name, facts in REAL.items() if "vep" not in name and "p14" not in name} | PARTS_ONLY


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", SMALL_REAL)
def test_a_damaged_file_gives_a_table_or_an_annotation_error(pieces, tmp_path_factory, name, compressed):
    path = tmp_path_factory.mktemp("damaged") / "annotation"
    whole = gzip.compress(pieces(name), mtime=0) if compressed else pieces(name)
    path.write_bytes(whole)
    assert read_annotation(path).transcripts.num_rows > 0

    @settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], database=None)
    @given(DAMAGES, st.sampled_from([None, SMALL_REAL[name][0]]), st.sampled_from([0.0, 0.1, 1.0]))
    def check(how, stated, max_malformed):
        path.write_bytes(damaged(whole, how))
        try:
            parsed = read_annotation(path, stated, max_malformed=max_malformed)
        except AnnotationError as error:
            message = str(error)
        else:
            message = f"{path}:"
            assert parsed.transcripts.schema == PARSED_SCHEMA
            assert parsed.malformed >= sum(one is not None for one in told(parsed, "malformed"))
            for one in parsed.transcripts.to_pylist():
                assert one["malformed"] or (0 <= one["start"] < one["end"] and one["transcript_id"])
                assert not one["malformed"] or (one["start"], one["end"], one["strand"]) == (None, None, None)
        assert message.startswith(f"{path}:")
        assert len(message) < 1_000

    check()


def test_an_id_that_is_a_prefix_and_no_more_stays_as_it_is(parse):
    read = parse(row("mRNA", "ID=rna-;Parent=gene-;gbkey=mRNA")).transcripts.to_pylist()[0]
    assert (read["transcript_id"], read["gene_id"]) == ("rna-", "gene-")
