"""Gene models from annotations as other tools write them: types by evidence, transcripts from their own parts, exons.

The files in tests/cases come from reports to other tools' trackers, made anew; what is right is worked out by hand.
"""

import bz2
import gzip
import lzma
import zipfile
from pathlib import Path

import oracle
import pytest
from annotationfiles import row, text_of

from genatator_assets.annotation.evidence import Evidence, type_of
from genatator_assets.annotation.flavours import words
from genatator_assets.annotation.parsed import EXONS_SCHEMA
from genatator_assets.annotation.reader import read_annotation
from genatator_assets.annotation.select import select
from genatator_assets.annotation.suspicions import require_something, suspicions
from genatator_assets.catalogue.model import TypeRules
from genatator_assets.errors import AnnotationError, SequenceError
from genatator_assets.sources.chromosomes import Chromosome
from genatator_assets.sources.fasta import import_fasta

CASES = Path(__file__).parent / "cases"


def chromosome(chrom, length=20_000):
    return Chromosome("g", "S s", chrom, length, (), True, None, "train")


@pytest.fixture
def read(tmp_path):
    """Return a function that reads lines, or bytes, as an annotation."""

    def reading(*lines, **how):
        path = tmp_path / "annotation"
        path.write_bytes(lines[0] if isinstance(lines[0], bytes) else text_of(*lines).encode())
        return read_annotation(path, **how)

    return reading


def selected_of(parsed, *chromosomes):
    return select("g", parsed, list(chromosomes) or [chromosome("chr1")])


def told(parsed, *columns, chromosomes=()):
    """Tuples of some columns of what was selected, a value alone where there is one column."""
    table = selected_of(parsed, *chromosomes).transcripts
    rows = [tuple(entry.values()) for entry in table.select(list(columns)).to_pylist()]
    return [row[0] for row in rows] if len(columns) == 1 else rows


def exons_of(parsed, transcript=0):
    """The exons of a transcript: (start, end, cds_start, cds_end, phase)."""
    own = [tuple(one.values()) for one in parsed.exons.to_pylist() if one["transcript"] == transcript]
    return [one[1:6] for one in own]


# What users reported

# transcript_id, start, end, strand, type, type_from, reason
EXPECTED = {
    "01-refseq-ncRNA-lncRNA.gff3": [
        ("XR_1.1", 1000, 2000, "+", "lncRNA", "ncrna_class", "selected"),
        ("XM_2.1", 5000, 6000, "-", "mRNA", "column_3", "selected"),
        ("NR_3.1", 8000, 8130, "+", "other", "ncrna_class", "other_type"),
    ],
    "02-gtf-some-transcript-rows-missing.gtf": [
        ("T1", 1000, 2000, "+", "mRNA", "biotype", "selected"),
        ("REP1.1", 7000, 8000, "+", "mRNA", "biotype", "selected"),
    ],
    "04-gtf-one-id-at-two-loci.gtf": [
        ("NM_9", 1000, 1600, "+", "mRNA", "cds", "selected"),
        ("NM_9", 15000, 15600, "+", "mRNA", "cds", "selected"),
    ],
    "06-gff3-ids-gene-colon-no-biotype.gff3": [
        ("mRNA:Sx01g1.1.1", 1000, 2000, "+", "mRNA", "column_3", "selected"),
    ],
    "07-ensembl-gff3-with-added-genes.gff3": [
        ("T1", 1000, 2000, "+", "mRNA", "biotype", "selected"),
        ("evm.model.chr1.1", 5000, 6000, "+", "mRNA", "column_3", "selected"),
        ("XL1-1", 8000, 9000, "+", "lncRNA", "column_3", "selected"),
    ],
    "09-word-biotype-in-comment.gff3": [("g1.t1", 1000, 2000, "+", "mRNA", "column_3", "selected")],
    "12-gff3-discontinuous-mrna.gff3": [("m1", 1000, 2000, "+", "mRNA", "column_3", "selected")],
    "15-gtf-spelling.gtf": [("t1", 1000, 2000, "+", "mRNA", "cds", "selected")],
    "16-trailing-tab.gff3": [("m1", 1000, 2000, "+", "mRNA", "column_3", "selected")],
    "17-cr-only.gff3": [("m1", 1000, 2000, "+", "mRNA", "column_3", "selected")],
    "18-bigGenePred-more-columns.bed": [("T1", 1000, 2000, "+", "mRNA", "cds", "selected")],
    "19-knownGene.txt": [("T1", 1000, 2000, "+", "mRNA", "cds", "selected")],
    "20-partly-unknown-names.gff3": [
        ("m1", 1000, 2000, "+", "mRNA", "column_3", "selected"),
        ("m2", 1000, 2000, "+", "mRNA", "column_3", "chromosome_unknown"),
        ("m3", 3000, 4000, "+", "mRNA", "column_3", "chromosome_unknown"),
    ],
    "23-gencode-v19-names-of-lncRNA.gtf": [
        ("T1", 1000, 1501, "+", "lncRNA", "biotype", "selected"),
        ("T2", 3000, 3501, "+", "lncRNA", "biotype", "selected"),
        ("T3", 5000, 5501, "+", "lncRNA", "biotype", "selected"),
        ("T4", 7000, 7501, "+", "lncRNA", "biotype", "selected"),
        ("T5", 9000, 9501, "+", "mRNA", "biotype", "selected"),
        ("T6", 11000, 11501, "+", "other", "biotype", "other_type"),
        ("T7", 13000, 13501, "+", "other", "biotype", "other_type"),
    ],
    "25-parts-on-the-other-strand.gff3": [
        ("g1.1", 1000, 2000, "+", "mRNA", "column_3", "inconsistent_parts"),
        ("g2.1", 5000, 5283, "-", "mRNA", "column_3", "inconsistent_parts"),
        ("m3", 15000, 16000, "+", "mRNA", "column_3", "selected"),
    ],
    "27-zip-bundle.zip": [("m1", 0, 10, "+", "mRNA", "column_3", "selected")],
}
REFUSED = {"11-stringtie-only.gtf"}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_reported_file_gives_what_is_right(name):
    columns = ("transcript_id", "start", "end", "strand", "type", "type_from", "reason")
    both = (chromosome("chr1"), chromosome("NC_1.11"))
    assert told(read_annotation(CASES / name), *columns, chromosomes=both) == EXPECTED[name]


def test_transcripts_of_stringtie_are_refused_with_the_remedy():
    parsed = read_annotation(CASES / "11-stringtie-only.gtf")
    with pytest.raises(AnnotationError) as caught:
        require_something(parsed, selected_of(parsed))
    assert str(caught.value) == (
        "none of its 1 transcripts is an mRNA or a lncRNA: none states a biotype or has a CDS (they are 1 transcript)."
        " Say in the catalogue what they are, such as annotation: {types: {lncRNA: [transcript]}}, or give an"
        " annotation with coding sequences, such as TransDecoder predicts"
    )
    taken = read_annotation(CASES / "11-stringtie-only.gtf", types=TypeRules(lncRNA=("transcript",)))
    require_something(taken, selected_of(taken))
    assert told(taken, "type", "type_from") == [("lncRNA", "column_3")]


def test_every_reported_file_is_tested():
    assert {path.name for path in CASES.iterdir()} == set(EXPECTED) | REFUSED


# What a transcript is

EVIDENCE = [
    # the first that says anything counts, whatever the others say
    (Evidence("lncRNA", "snoRNA", "mRNA", "protein_coding", coding=True), ("lncRNA", "biotype")),
    (Evidence("retained_intron", "lncRNA", "lnc_RNA", "lncRNA"), ("other", "biotype")),
    (Evidence(None, "lncRNA", "ncRNA", "snoRNA"), ("lncRNA", "ncrna_class")),
    (Evidence("ncRNA", "lncRNA", "transcript"), ("lncRNA", "ncrna_class")),
    (Evidence(None, "antisense_RNA", "ncRNA", "lncRNA"), ("other", "ncrna_class")),
    (Evidence(None, "other", "ncRNA", "lncRNA"), ("lncRNA", "gene_biotype")),
    (Evidence(None, None, "ncRNA", "lncRNA"), ("lncRNA", "gene_biotype")),
    (Evidence(None, None, "lnc_RNA", "protein_coding"), ("lncRNA", "column_3")),
    (Evidence(None, None, "mRNA", "lncRNA"), ("mRNA", "column_3")),
    (Evidence(None, None, "snoRNA", "lncRNA"), ("other", "column_3")),
    (Evidence(None, None, "antisense_RNA", "lncRNA"), ("other", "column_3")),
    (Evidence("antisense_RNA"), ("lncRNA", "biotype")),
    (Evidence("antisense", None, "transcript"), ("lncRNA", "biotype")),
    # RefSeq's misc_RNA
    (Evidence(None, None, "transcript", "lncRNA", misc_rna=True), ("other", "column_3")),
    (Evidence("transcript", None, "transcript", "lncRNA", misc_rna=True), ("other", "column_3")),
    # a gene's biotype: protein_coding only with a CDS
    (Evidence(None, None, "transcript", "protein_coding", coding=True), ("mRNA", "gene_biotype")),
    (Evidence(None, None, "transcript", "protein_coding"), ("other", "none")),
    (Evidence(None, None, "transcript", "lncRNA", coding=True), ("lncRNA", "gene_biotype")),
    (Evidence(None, None, "transcript", "pseudogene", coding=True), ("other", "gene_biotype")),
    (Evidence(None, None, "ncRNA", "protein_coding", coding=True), ("other", "none")),
    # the last resort
    (Evidence(None, None, "transcript", None, coding=True), ("mRNA", "cds")),
    (Evidence(None, None, "ncRNA", None, coding=True), ("other", "none")),
    (Evidence(None, None, "transcript"), ("other", "none")),
    # processed_transcript is a lncRNA in genes that are
    *((Evidence("processed_transcript", None, "transcript", gene), ("lncRNA", "biotype")) for gene in
      ("processed_transcript", "lincRNA", "antisense", "sense_overlapping", "3prime_overlapping_ncrna", "lncRNA")),
    *((Evidence("processed_transcript", None, "transcript", gene), ("other", "biotype")) for gene in
      ("protein_coding", "transcribed_unprocessed_pseudogene", "polymorphic_pseudogene", "IG_C_gene", None)),
]  # fmt: skip


@pytest.mark.parametrize(("evidence", "expected"), EVIDENCE)
def test_a_type_follows_from_the_first_evidence_that_says_anything(evidence, expected):
    assert type_of(evidence, words()) == expected


def test_names_that_gencode_gave_up_are_lncrna_in_every_flavour():
    """GENCODE: lncRNA replaced these; and both ways in which the releases spell two of them."""
    names = "3prime_overlapping_ncRNA 3prime_overlapping_ncrna antisense bidirectional_promoter_lncRNA lincRNA"
    names += " bidirectional_promoter_lncrna macro_lncRNA non_coding sense_intronic sense_overlapping"
    for name in names.split():
        assert type_of(Evidence(name), words()) == ("lncRNA", "biotype")
        assert type_of(Evidence(None, None, "transcript", name), words()) == ("lncRNA", "gene_biotype")


def test_in_gtf_of_refseq_biotypes_are_types_of_column_three():
    told = {
        word: type_of(Evidence(word, None, "transcript", "lncRNA"), words(), biotype_is_type=True)[0]
        for word in ("mRNA", "lnc_RNA", "antisense_RNA", "snoRNA", "primary_transcript")
    }
    assert told == {
        "mRNA": "mRNA",
        "lnc_RNA": "lncRNA",
        "antisense_RNA": "other",
        "snoRNA": "other",
        "primary_transcript": "other",
    }


def test_types_of_a_catalogue_count_wherever_they_stand():
    own = words().with_types(TypeRules(lncRNA=("TEC", "ncRNA", "misc_RNA")))
    for evidence in (
        Evidence("TEC"),
        Evidence(None, "misc_RNA", "ncRNA"),
        Evidence(None, None, "ncRNA"),
        Evidence(None, None, "transcript", "TEC"),
    ):
        assert type_of(evidence, own)[0] == "lncRNA"
    assert type_of(Evidence("lincRNA"), own) == ("other", "biotype")
    assert type_of(Evidence("protein_coding"), own) == ("mRNA", "biotype")


def test_old_refseq_states_the_class_in_the_gene_alone_or_in_the_transcript_alone(read):
    parsed = read(
        row("gene", "ID=gene0;gbkey=Gene;gene_biotype=lncRNA"),
        row("ncRNA", "ID=rna0;Parent=gene0;gbkey=ncRNA;transcript_id=XR_1.1"),
        row("gene", "ID=gene1;gbkey=Gene"),
        row("ncRNA", "ID=rna1;Parent=gene1;gbkey=ncRNA;ncrna_class=lncRNA;transcript_id=XR_2.1"),
        row("gene", "ID=gene2;gbkey=Gene;gene_biotype=lncRNA"),
        row("transcript", "ID=rna2;Parent=gene2;gbkey=misc_RNA;transcript_id=XR_3.1"),
        row("ncRNA", "ID=rna3;Parent=gene2;gbkey=ncRNA;ncrna_class=SRP_RNA;transcript_id=NR_4.1"),
    )
    assert told(parsed, "transcript_id", "type", "type_from") == [
        ("XR_1.1", "lncRNA", "gene_biotype"),
        ("XR_2.1", "lncRNA", "ncrna_class"),
        ("XR_3.1", "other", "column_3"),
        ("NR_4.1", "other", "ncrna_class"),
    ]


def test_a_flavour_is_that_of_most_rows_that_show_one_and_decides_spelling_alone(read):
    refseq = [row("mRNA", f"ID=rna-{n};Parent=gene-{n};gbkey=mRNA") for n in range(3)]
    ensembl = [row("mRNA", f"ID=transcript:T{n};Parent=gene:G{n};biotype=lncRNA") for n in range(2)]
    parsed = read(*refseq, *ensembl, row("lnc_RNA", "ID=x1;Parent=gene-x"))
    assert parsed.flavour == "refseq"
    assert told(parsed, "transcript_id", "gene_id", "type") == [
        ("0", "0", "mRNA"), ("1", "1", "mRNA"), ("2", "2", "mRNA"),
        ("transcript:T0", "gene:G0", "lncRNA"), ("transcript:T1", "gene:G1", "lncRNA"), ("x1", "x", "lncRNA"),
    ]  # fmt: skip


def test_a_gene_may_follow_its_transcripts_and_hands_down_its_name(read):
    parsed = read(
        row("transcript", "ID=t1;Parent=g1"),
        row("gene", "ID=g1;Name=ABC1;gene_biotype=lncRNA"),
        row("transcript", "ID=t2;Parent=g1", chrom="chr2"),
    )
    rows = parsed.transcripts.select(["type", "gene_name", "gene_biotype"]).to_pylist()
    assert [tuple(one.values()) for one in rows] == [
        ("lncRNA", "ABC1", "lncRNA"),
        ("other", None, None),  # a gene is one of its own sequence
    ]  # fmt: skip


# Transcripts without a row


def gtf(feature, first, last, strand="+", name="T", more="", source="source"):
    return row(feature, f'gene_id "G"; transcript_id "{name}"; {more}', first, last, strand, source=source)


def numbered(*places, strand="+", name="T", first=1):
    return [
        gtf("exon", *place, strand, name, f'exon_number "{number}";') for number, place in enumerate(places, first)
    ]  # fmt: skip


def test_a_file_with_some_transcript_rows_missing_keeps_all_its_transcripts(read):
    """TSEBRA and GeneMark leave rows out; single-cell tutorials append reporter genes."""
    parsed = read(
        row("gene", "g1", 11, 90),
        row("transcript", "g1.t1", 11, 90),
        gtf("CDS", 11, 40, name="g1.t1"),
        gtf("CDS", 101, 140, name="g1.t2"),
        gtf("exon", 91, 150, name="g1.t2"),
        gtf("stop_codon", 141, 143, name="g1.t2"),
        gtf("CDS", 201, 240, "-", name="only-cds"),
        gtf("stop_codon", 198, 200, "-", name="only-cds"),
        gtf("UTR", 241, 250, "-", name="only-cds"),
        gtf("start_codon", 301, 303, name="nothing-else"),
    )
    assert told(parsed, "transcript_id", "start", "end", "type", "assembled_from", "source_line", "gene_id") == [
        ("g1.t1", 10, 90, "mRNA", "row", 2, "G"),
        ("g1.t2", 90, 150, "mRNA", "parts", 4, "G"),
        ("only-cds", 197, 250, "mRNA", "parts", 7, "G"),
    ]


def test_what_is_put_together_has_what_its_first_part_says(read):
    more = 'gene_name "ABC"; gene_biotype "protein_coding"; transcript_biotype "protein_coding"; tag "basic"; tag "x";'
    parsed = read(gtf("exon", 11, 40, more=more, source="havana"), gtf("CDS", 11, 40, more='gene_name "other";'))
    columns = ("gene_name", "biotype", "gene_biotype", "source", "row_type", "tags")
    assert told(parsed, *columns) == [("ABC", "protein_coding", "protein_coding", "havana", None, ["basic", "x"])]


@pytest.mark.parametrize("damage", ["start", "end"])
def test_what_is_left_of_a_trimmed_transcript_is_not_taken_for_one(read, damage):
    """A CDS row that meets no exon row: the exon was cut away with the transcript's row."""
    exon, cds = {"start": ((11, 40), (61, 90)), "end": ((61, 90), (11, 40))}[damage]
    parsed = read(gtf("exon", *exon), gtf("CDS", *cds), gtf("CDS", *exon))
    assert told(parsed, "reason") == ["inconsistent_parts"]


# One ID at several places

FAR = 10_000
SHAPE = ((11, 40), (61, 100))


def moved(by):
    return [(start + by, end + by) for start, end in SHAPE]


PLACES = {
    "two loci": ([*numbered(*SHAPE), *numbered(*moved(500))], [(10, 100, "+"), (510, 600, "+")]),
    "three loci, sorted": (
        sorted(
            [*numbered(*SHAPE), *numbered(*moved(500)), *numbered(*moved(1000))],
            key=lambda line: int(line.split("\t")[3]),
        ),
        [(10, 100, "+"), (510, 600, "+"), (1010, 1100, "+")],
    ),
    "two loci on -, numbers fall along the sequence": (
        [*numbered(*SHAPE[::-1], strand="-"), *numbered(*moved(500)[::-1], strand="-")],
        [(10, 100, "-"), (510, 600, "-")],
    ),
    "two loci on -, numbers rise along the sequence": (
        [*numbered(*SHAPE, strand="-"), *numbered(*moved(500), strand="-")],
        [(10, 100, "-"), (510, 600, "-")],
    ),
    "the second placement lacks an exon": (
        [*numbered(*SHAPE, (121, 130)), *numbered(*moved(500))],
        [(10, 130, "+"), (510, 600, "+")],
    ),
    "one exon each": ([*numbered(SHAPE[0]), *numbered(moved(500)[0])], [(10, 40, "+"), (510, 540, "+")]),
    "far copies without numbers": (
        [gtf("exon", *place) for place in (*SHAPE, *moved(FAR))],
        [(10, 100, "+"), (FAR + 10, FAR + 100, "+")],
    ),
    "inverted repeats, both complete": (
        [*numbered(*SHAPE), *numbered(*moved(500)[::-1], strand="-")],
        [(10, 100, "+"), (510, 600, "-")],
    ),
    "inverted repeats without numbers": (
        [*(gtf("exon", *place) for place in SHAPE), *(gtf("exon", 600 - e, 600 - s, "-") for s, e in SHAPE)],
        [(10, 100, "+"), (499, 589, "-")],
    ),
    # and what is one molecule
    "a long intron": (numbered(SHAPE[0], moved(FAR)[1]), [(10, FAR + 100, "+")]),
    "even exons": ([gtf("exon", n * 200 + 1, n * 200 + 100) for n in range(4)], [(0, 700, "+")]),
    "a repeated row": ([*numbered(*SHAPE), *numbered(*SHAPE)], [(10, 100, "+")]),
    "exons that overlap": ([*numbered(*SHAPE), *numbered((11, 45), (58, 100))], [(10, 100, "+")]),
    "numbers of chance": (numbered((11, 20), (61, 70), (31, 40)), [(10, 70, "+")]),
}


@pytest.mark.parametrize("name", PLACES)
def test_one_id_at_several_places_is_several_transcripts_unless_it_is_one_molecule(read, name):
    lines, expected = PLACES[name]
    assert told(read(*lines), "start", "end", "strand") == expected
    assert set(told(read(*lines), "transcript_id", "reason")) == {("T", "other_type")}


@pytest.mark.parametrize("name", ["two loci", "three loci, sorted", "two loci on -, numbers fall along the sequence"])
def test_a_row_over_several_placements_is_not_believed(read, name):
    lines, expected = PLACES[name]
    strand = expected[0][2]
    parsed = read(gtf("transcript", 11, 1100, strand, more='transcript_biotype "lncRNA";'), *lines)
    assert told(parsed, "start", "end", "strand") == expected
    assert set(told(parsed, "type", "assembled_from", "reason")) == {("lncRNA", "parts", "selected")}
    assert [exon[:2] for exon in exons_of(parsed, 1)] == [(start - 1 + 500, end + 500) for start, end in SHAPE]


def test_a_row_of_one_placement_is_believed_and_the_other_is_put_together(read):
    parsed = read(gtf("transcript", 5, 105), *numbered(*SHAPE), *numbered(*moved(500)))
    assert told(parsed, "start", "end", "assembled_from") == [(4, 105, "row"), (510, 600, "parts")]
    assert told(parsed, "exons") == [2, 2]


def test_two_rows_with_one_id_have_the_parts_that_lie_in_them(read):
    parsed = read(
        gtf("transcript", 11, 100), gtf("transcript", 511, 600), *numbered(*moved(500)), *numbered(*SHAPE),
        gtf("CDS", 21, 40), gtf("transcript", 511, 600),
    )  # fmt: skip
    assert told(parsed, "start", "end", "type", "exons", "coding_bp", "reason") == [
        (10, 100, "mRNA", 2, 20, "selected"),
        (510, 600, "other", 2, 0, "other_type"),
        (510, 600, "other", 0, 0, "other_type"),
    ]


def test_exons_shared_out_between_strands_are_trans_spliced(read):
    """rps12 of chloroplasts, mod(mdg4) of flies: numbers that go on, or exons that are not those of a copy."""
    shared = [*numbered((11, 40)), *numbered((101, 140), (161, 200), strand="-", first=2), gtf("CDS", 11, 40)]
    parsed = read(*shared)
    assert told(parsed, "start", "end", "strand", "reason") == [
        (10, 40, "+", "trans_spliced"),
        (100, 200, "-", "other_type"),
    ]
    assert told(parsed, "trans_spliced") == [True, True]
    without = read(gtf("exon", 11, 40), gtf("exon", 101, 140, "-"), gtf("exon", 161, 180, "-"))
    assert told(without, "trans_spliced") == [True, True]


@pytest.mark.parametrize(
    "mark", ["exception=trans-splicing", "trans_splicing=true", "trans_splicing=", "part=1/2", "trans_splicing"]
)
def test_transcripts_that_say_so_are_trans_spliced(read, mark):
    parsed = read(row("mRNA", f"ID=m1;{mark}", 11, 40), row("mRNA", "ID=m2;Note=trans_splicing=true", 11, 40))
    assert told(parsed, "reason") == ["trans_spliced", "selected"]


# Features of GFF3 on several lines


def gff(feature, attributes, first, last, strand="+"):
    return row(feature, attributes, first, last, strand)


def test_lines_with_one_id_are_one_feature(read):
    parsed = read(
        gff("mRNA", "ID=m1", 11, 40),
        gff("mRNA", "ID=m1", 61, 100),
        gff("mRNA", "ID=m1", 131, 150),
        gff("exon", "Parent=m1", 11, 40),
        gff("exon", "Parent=m1", 131, 150),
        gff("mRNA", "ID=m2", 11, 40, "-"),
        gff("mRNA", "ID=m2", 11, 40, "-"),
        gff("mRNA", "ID=m3", 11, 40),
        gff("mRNA", "ID=m3", 61, 90, "-"),
    )
    assert told(parsed, "transcript_id", "start", "end", "strand", "exons", "reason") == [
        ("m1", 10, 150, "+", 2, "selected"),
        ("m2", 10, 40, "-", 0, "selected"),
        ("m2", 10, 40, "-", 0, "duplicate"),
        ("m3", 10, 40, "+", 0, "trans_spliced"),
        ("m3", 60, 90, "-", 0, "trans_spliced"),
    ]


def test_lines_with_one_id_on_both_strands_are_two_if_both_are_complete(read):
    """ndhB and the like, in both inverted repeats of a chloroplast."""
    parsed = read(
        gff("mRNA", "ID=m", 11, 100),
        gff("mRNA", "ID=m", 501, 590, "-"),
        *(gff("exon", "Parent=m", *place) for place in SHAPE),
        *(gff("exon", "Parent=m", 601 - end, 601 - start, "-") for start, end in SHAPE),
    )
    assert told(parsed, "start", "end", "strand", "exons", "reason") == [
        (10, 100, "+", 2, "selected"),
        (500, 590, "-", 2, "selected"),
    ]


def test_lines_with_one_id_are_several_if_their_exons_cannot_be_one_molecule(read):
    lines = [gff("mRNA", "ID=m", 11, 100), gff("mRNA", "ID=m", FAR + 11, FAR + 100)]
    parsed = read(*lines, *(gff("exon", "Parent=m", *place) for place in (*SHAPE, *moved(FAR))))
    assert told(parsed, "start", "end", "exons") == [(10, 100, 2), (FAR + 10, FAR + 100, 2)]


def test_a_transcript_without_an_id_is_one_where_it_has_no_parts(read):
    parsed = read(
        "##gff-version 3", gff("mRNA", "Name=abc", 11, 40), gff("mRNA", "Note=x", 51, 60), gff("mRNA", ".", 61, 70)
    )
    assert told(parsed, "transcript_id", "reason") == [
        ("abc", "selected"),
        ("mRNA-3", "selected"),
        ("mRNA-4", "selected"),
    ]


# Parts


def test_parts_name_their_transcripts_in_many_ways(read):
    parsed = read(
        gff("mRNA", "ID=m1", 1, 100),
        gff("mRNA", "ID=m2", 1, 100),
        gff("exon", "Parent=m1, m2", 1, 40),
        gff("exon", "Parent=m2,m1", 61, 100),
        gff("CDS", "ID=c;Derives_from=m1", 11, 40),
        gff("CDS", "ID=c;Note=Parent=m1;Parent=m2,m2-Protein;", 21, 30),
        gff("CDS", "ID=d", 71, 80),
    )
    assert exons_of(parsed, 0) == [(0, 40, 10, 40, 0), (60, 100, None, None, None)]
    assert exons_of(parsed, 1) == [(0, 40, 20, 30, 0), (60, 100, None, None, None)]
    assert parsed.parts_of_others == {}


def test_parts_of_what_is_no_transcript_are_counted_by_what_it_is(read):
    parsed = read(
        gff("gene", "ID=g", 1, 100),
        gff("CDS", "ID=c1;Parent=g", 1, 30),
        gff("CDS", "ID=c1;Parent=g", 41, 70),
        gff("my_transcript", "ID=x;Parent=g", 1, 100),
        gff("exon", "Parent=x", 1, 30),
        gff("exon", "Parent=gone", 1, 30),
        gff("mRNA", "ID=m;Parent=g", 1, 100),
        gff("exon", "Parent=m,gone", 1, 30),
    )
    assert parsed.parts_of_others == {
        "CDS of a gene": 2, "exon of my_transcript": 1, "exon of what has no row": 1
    }  # fmt: skip
    kinds = {one.kind for one in suspicions(parsed, selected_of(parsed), [chromosome("chr1")])}
    assert kinds == {"cds_without_transcript", "unknown_transcript_type"}


INCONSISTENT = {
    "on the other strand": ([("exon", 11, 40, "-")], "inconsistent_parts"),
    "CDS on the other strand": ([("exon", 11, 40, "+"), ("CDS", 11, 40, "-")], "inconsistent_parts"),
    "behind it": ([("exon", 11, 40, "+"), ("exon", 101, 110, "+")], "inconsistent_parts"),
    "before it": ([("exon", 1, 10, "+"), ("exon", 11, 40, "+")], "inconsistent_parts"),
    "without a strand": ([("exon", 11, 40, ".")], "selected"),
    "reaching out": ([("exon", 11, 140, "+")], "selected"),
    "UTR elsewhere": ([("exon", 11, 40, "+"), ("UTR", 201, 210, "+")], "selected"),
}


@pytest.mark.parametrize("name", INCONSISTENT)
@pytest.mark.parametrize("gff3", [True, False], ids=["gff3", "gtf"])
def test_parts_on_the_other_strand_or_wholly_outside_are_inconsistent(read, name, gff3):
    parts, reason = INCONSISTENT[name]
    if gff3:
        lines = [gff("mRNA", "ID=m", 11, 100), *(gff(kind, "Parent=m", *place) for kind, *place in parts)]
    else:
        biotype = 'transcript_biotype "protein_coding";'
        lines = [gtf("transcript", 11, 100, more=biotype), *(gtf(kind, *place) for kind, *place in parts)]
    assert told(read(*lines), "reason") == [reason]


# Exons


def test_exons_have_their_coding_parts_and_phases(read):
    parsed = read(
        gff("mRNA", "ID=p", 1, 100),
        gff("mRNA", "ID=n", 201, 300, "-"),
        *(gff("exon", "Parent=p", *place) for place in [(1, 30), (41, 60), (71, 100)]),
        *(gff("exon", "Parent=n", *place, "-") for place in [(201, 230), (241, 260), (271, 300)]),
        gff("CDS", "ID=c;Parent=p", 11, 30).replace("\t.\tID=c;", "\t0\tID=c;"),
        gff("CDS", "ID=c;Parent=p", 41, 60).replace("\t.\tID=c;", "\t1\tID=c;"),
        gff("CDS", "ID=d;Parent=n", 251, 260, "-"),
        gff("CDS", "ID=d;Parent=n", 271, 290, "-"),
    )
    assert parsed.exons.schema == EXONS_SCHEMA
    assert exons_of(parsed, 0) == [(0, 30, 10, 30, 0), (40, 60, 40, 60, 1), (70, 100, None, None, None)]
    # counted, where no phase is stated: 20 bases before it, so that one more ends the seventh codon
    assert exons_of(parsed, 1) == [(200, 230, None, None, None), (240, 260, 250, 260, 1), (270, 300, 270, 290, 0)]
    assert told(parsed, "exons", "exonic_bp", "coding_bp", "cds_complete_5", "cds_complete_3") == [
        (3, 80, 40, True, False),
        (3, 80, 30, True, True),
    ]


def test_gaps_in_the_coding_part_of_an_exon_are_kept(read):
    """+1 slippage leaves a base out, -1 slippage reads one twice, and a second reading frame may follow the first."""
    cds = {"plus": [(11, 40), (42, 71)], "minus": [(11, 40), (40, 69)], "two": [(11, 40), (61, 69)]}
    lines = [gff("mRNA", f"ID={name}", 1, 100) for name in cds]
    lines += [gff("exon", f"Parent={name}", 1, 100) for name in cds]
    lines += [gff("CDS", f"ID=c;Parent={name}", *place) for name, places in cds.items() for place in places]
    parsed = read(*lines)
    assert [one["cds_gaps"] for one in parsed.exons.to_pylist()] == [[40, 41], [40, 39], [40, 60]]
    assert told(parsed, "exons", "coding_bp", "cds_complete_3") == [(1, 60, True), (1, 59, True), (1, 39, True)]


def test_exons_that_repeat_overlap_and_touch_are_one(read):
    parsed = read(
        gff("mRNA", "ID=t", 1, 90),
        *(gff("exon", "Parent=t", *place) for place in [(1, 30), (1, 30), (21, 40), (41, 50), (81, 90)]),
        gff("CDS", "Parent=t", 5, 50),
    )
    assert exons_of(parsed) == [(0, 50, 4, 50, 0), (80, 90, None, None, None)]


def test_without_exon_rows_exons_are_the_cds_and_the_utrs(read):
    parsed = read(
        gff("mRNA", "ID=t", 1001, 1500, "-"),
        gff("three_prime_UTR", "Parent=t", 1001, 1050, "-"),
        gff("CDS", "Parent=t", 1051, 1110, "-"),
        gff("CDS", "Parent=t", 1401, 1460, "-"),
        gff("five_prime_UTR", "Parent=t", 1461, 1500, "-"),
        gff("mRNA", "ID=u", 1, 90),
        gff("CDS", "Parent=u", 1, 30),
    )
    assert exons_of(parsed, 0) == [(1000, 1110, 1050, 1110, 0), (1400, 1500, 1400, 1460, 0)]
    assert exons_of(parsed, 1) == [(0, 30, 0, 30, 0)]
    assert told(parsed, "exons_from_parts") == [True, True]


def test_the_coding_part_has_the_stop_codon_wherever_the_file_has_it(read):
    """GTF has it in a row of its own, which an intron may split; some GFF3 has it twice."""
    parsed = read(
        *(gtf("exon", *place) for place in [(101, 200), (301, 400)]),
        gtf("CDS", 133, 198), gtf("stop_codon", 199, 200), gtf("stop_codon", 301, 301).replace("\t+\t.", "\t+\t1"),
        *(gtf(*part, name="twice") for part in [("CDS", 133, 200), ("exon", 101, 200), ("stop_codon", 198, 200)]),
    )  # fmt: skip
    assert exons_of(parsed, 0) == [(100, 200, 132, 200, 0), (300, 400, 300, 301, 1)]
    assert exons_of(parsed, 1) == [(100, 200, 132, 200, 0)]


COMPLETE = {
    "tags": ([("exon", 1, 90, ""), ("CDS", 1, 90, "")], 'tag "cds_start_NF"; tag "cds_end_NF";', (False, False)),
    "mRNA alone": ([("exon", 1, 90, ""), ("CDS", 1, 90, "")], 'tag "mRNA_start_NF";', (True, True)),
    "phase": ([("exon", 1, 90, ""), ("CDS", 1, 90, "1")], "", (False, False)),
    "remainder": ([("exon", 1, 90, ""), ("CDS", 1, 89, "")], "", (True, False)),
    "no stop": ([("exon", 1, 90, ""), ("CDS", 1, 90, ""), ("start_codon", 1, 3, "")], "", (True, False)),
    "stop": ([("exon", 1, 90, ""), ("CDS", 1, 87, ""), ("stop_codon", 88, 90, "")], "", (False, True)),
}


@pytest.mark.parametrize("name", COMPLETE)
def test_what_says_that_a_coding_sequence_is_complete(read, name):
    parts, tags, expected = COMPLETE[name]
    other = [gtf(kind, 1, 90, name="O") for kind in ("exon", "CDS")]
    other += [gtf("start_codon", 1, 3, name="O"), gtf("stop_codon", 88, 90, name="O")] if "stop" in name else []
    biotype = f'transcript_biotype "protein_coding"; {tags}'
    lines = [gtf(kind, first, last).replace("\t+\t.", f"\t+\t{phase or '.'}") for kind, first, last, phase in parts]
    parsed = read(gtf("transcript", 1, 90, more=biotype), *lines, *other)
    assert told(parsed, "cds_complete_5", "cds_complete_3")[0] == expected


def test_ncbi_says_in_the_cds_rows_where_they_go_on(read):
    def cds(name, first, last, strand, ranges):
        return gff("CDS", f"ID=c;Parent={name};gbkey=CDS;partial=true;{ranges}", first, last, strand)

    parsed = read(
        *(gff("mRNA", f"ID={name};partial=true", 1, 90, strand) for name, strand in zip("abcd", "+-+-", strict=True)),
        cds("a", 1, 90, "+", "start_range=.,1"),
        cds("b", 1, 90, "-", "start_range=.,1"),
        cds("c", 1, 90, "+", "end_range=90,."),
        cds("d", 1, 90, "-", "end_range=90,."),
    )
    assert told(parsed, "cds_complete_5", "cds_complete_3") == [
        (False, True),
        (True, False),
        (True, False),
        (False, True),
    ]


TABLE_ROWS = {
    "BED12": ("chr1\t10\t90\tT\t0\t-\t15\t80\t0\t2\t20,30,\t0,50,", [(10, 30, 15, 30, 1), (60, 90, 60, 80, 0)]),
    "BED12+2": ("chr1\t10\t90\tT\t0\t-\t15\t80\t0\t2\t20,30\t0,50\tx\ty", [(10, 30, 15, 30, 1), (60, 90, 60, 80, 0)]),
    "genePred": ("T\tchr1\t+\t10\t90\t15\t80\t2\t10,60,\t30,90,", [(10, 30, 15, 30, 0), (60, 90, 60, 80, 0)]),
    "genePred with bin": ("585\tT\tchr1\t+\t10\t90\t15\t15\t1\t10,\t90,", [(10, 90, None, None, None)]),
    "knownGene": ("T\tchr1\t+\t10\t90\t15\t80\t2\t10,60,\t30,90,\tP\tuc1", [(10, 30, 15, 30, 0), (60, 90, 60, 80, 0)]),
    # exonFrames: bases of the codon that began before
    "refGene": (
        "585\tT\tchr1\t+\t10\t90\t15\t80\t2\t10,60,\t30,90,\t0\tG\tincmpl\tcmpl\t1,2,",
        [(10, 30, 15, 30, 2), (60, 90, 60, 80, 1)],
    ),
}


@pytest.mark.parametrize("name", TABLE_ROWS)
def test_exons_of_tables(read, name):
    line, expected = TABLE_ROWS[name]
    parsed = read("track name=x", line)
    assert list(parsed.feature_counts) == [name.partition("+")[0]]
    assert exons_of(parsed) == expected
    assert told(parsed, "exons", "coding_bp") == [(len(expected), sum((e[3] or 0) - (e[2] or 0) for e in expected))]


def test_exons_of_tables_lie_in_their_transcripts(read):
    with pytest.raises(AnnotationError, match=r"annotation:1: found exons that don't lie in \[10, 90\)"):
        read("chr1\t10\t90\tT\t0\t-\t15\t80\t0\t2\t20,31,\t0,50,")
    with pytest.raises(AnnotationError, match="annotation:1: found '20,30,40,', expected 2 numbers"):
        read("chr1\t10\t90\tT\t0\t-\t15\t80\t0\t2\t20,30,40,\t0,50,")


# Exons of real files, against the oracle

REAL = {
    "human_GRCh38_chr1_1Mb/gencode.v29.chr1_to_1.53Mb.gtf.gz": "gencode",
    "human_GRCh38_chr9_1Mb/Homo_sapiens.GRCh38.91_chr9_1_1000000.gtf": "ensembl",
    "annotation_scale/hg38_ensembl_gff3/vep_chr21.test.gff.gz": "ensembl",
    "annotation_scale/gencode_small/gencode.gff3": "gencode",
    "annotation_scale/refseq_small/vep_refseq_NC_000021.9.gff.gz": "refseq",
    "yeast_R64/refseq/GCF_000146045.2_R64_genomic_subset.gff.gz": "refseq",
    "korflab_1pct_athaliana/1pct.gff3": "generic",
    "korflab_1pct_celegans/1pct.gff3": "generic",
    "korflab_1pct_dmelanogaster/1pct.gff3": "generic",
    "ncbi_dimorphilus_6contigs/ncbi.gff.gz": "refseq",
}


@pytest.mark.parametrize("name", REAL)
def test_the_exons_of_a_real_file_are_those_that_the_oracle_reads(data, name):
    parsed = read_annotation(data / name)
    exons = {number: [] for number in range(len(parsed.transcripts))}
    for one in parsed.exons.to_pylist():
        exons[one.pop("transcript")].append(one)
    rows = parsed.transcripts.to_pylist()
    models = oracle.models(data / name, REAL[name])
    assert [one["row_id"] for one in rows] == [model.name for model in models]
    for number, (one, model) in enumerate(zip(rows, models, strict=True)):
        assert one["type"] == model.kind
        assert [(exon["start"] + 1, exon["end"]) for exon in exons[number]] == model.exons
        coding = [piece for exon in exons[number] for piece in pieces_of(exon)]
        assert oracle.joined((start + 1, end) for start, end in coding) == model.coding
        assert one["exonic_bp"] == sum(end - start + 1 for start, end in model.exons)
        assert one["coding_bp"] == sum(end - start + 1 for start, end in model.coding)
        stated = {place: phase for place, phase in model.phases.items() if phase in "012"}
        for exon in exons[number]:
            own = [place for place in stated if exon["start"] < place[0] and place[1] <= exon["end"]]
            if own:
                first = min(own) if one["strand"] == "+" else max(own, key=lambda place: place[1])
                assert exon["phase"] == int(stated[first])


def pieces_of(exon):
    """The coding pieces of an exon."""
    if exon["cds_start"] is None:
        return []
    edges = [exon["cds_start"], *(exon["cds_gaps"] or []), exon["cds_end"]]
    return list(zip(edges[::2], edges[1::2], strict=True))


# Spelling

SPELLINGS = {
    "single quotes": "gene_id 'G'; transcript_id 'T'; transcript_biotype 'lncRNA';",
    "no quotes": "gene_id G; transcript_id T; transcript_biotype lncRNA",
    "=": "gene_id=G;transcript_id=T;transcript_biotype=lncRNA",
    "= and quotes": 'gene_id="G"; transcript_id="T"; transcript_biotype="lncRNA"',
    "blanks": 'gene_id  "G" ;   transcript_id   "T"; transcript_biotype "lncRNA" ;',
    "no blanks": 'gene_id"G";transcript_id"T";transcript_biotype"lncRNA";',
    "a semicolon in a value": 'gene_id "G"; note "a; transcript_id x"; transcript_id "T"; transcript_biotype "lncRNA";',
}


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("among", [0, 400], ids=["alone", "among others"])
def test_gtf_is_read_however_it_is_spelled(read, name, among):
    plain = [gtf("transcript", 1, 9, name=f"U{n}", more='transcript_biotype "snoRNA";') for n in range(among)]
    text = SPELLINGS[name]
    parsed = read(*plain, row("transcript", text, 11, 90), row("exon", text, 11, 30), row("exon", text, 61, 90))
    columns = ("transcript_id", "gene_id", "type", "exons")
    assert told(parsed, *columns)[among:] == [("T", "G", "lncRNA", 2)]
    assert parsed.malformed == 0


def test_gff3_is_read_with_blanks_around_its_attributes(read):
    parsed = read(
        "##gff-version 3",
        gff("mRNA", " ID = m1 ; Parent = g1 ; Name = x", 1, 90),
        gff("exon", "ID = e1; Parent = m1 , m2", 1, 90),
    )
    assert told(parsed, "transcript_id", "gene_id", "exons") == [("m1", "g1", 1)]


@pytest.mark.parametrize("tail", ["\t", "\t\t\t", "\t \t"])
def test_empty_columns_behind_the_ninth_are_nothing(read, tail):
    lines = [gff("mRNA", "ID=m1", 1, 90), gff("exon", "Parent=m1", 1, 30), gff("exon", "Parent=m1", 61, 90)]
    for number in range(len(lines)):
        some = [line + tail if place >= number else line for place, line in enumerate(lines)]
        assert told(read(*some), "transcript_id", "source_line", "exons") == [("m1", 1, 2)]
    with pytest.raises(AnnotationError, match="annotation:1: found 10 tab-separated columns, expected 9"):
        read(lines[0] + "\tmore")


TEXT = text_of("##gff-version 3", gff("mRNA", "ID=m1;Note=é", 1, 90), gff("exon", "Parent=m1", 1, 30))
CONTAINERS = {
    "bzip2": bz2.compress(TEXT.encode()),
    "two bzip2 streams": bz2.compress(TEXT[:30].encode()) + bz2.compress(TEXT[30:].encode()),
    "xz": lzma.compress(TEXT.encode()),
    "UTF-16": TEXT.encode("utf-16"),
    "UTF-16, other way round": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "UTF-16 without a mark": TEXT.encode("utf-16-le"),
    "UTF-16 in gzip": gzip.compress(TEXT.encode("utf-16")),
    "line ends of old Macs": TEXT.replace("\n", "\r").encode(),
    "line ends of old Macs in UTF-16": TEXT.replace("\n", "\r").encode("utf-16"),
    "line ends of old Macs in xz": lzma.compress(TEXT.replace("\n", "\r").encode()),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_file_is_read_whatever_it_is_packed_in(read, name):
    parsed = read(CONTAINERS[name])
    assert told(parsed, "transcript_id", "start", "end", "source_line", "exons") == [("m1", 0, 90, 2, 1)]


@pytest.mark.parametrize("name", ["bzip2", "xz", "UTF-16 in gzip"])
def test_a_file_that_is_cut_off_is_refused(read, name):
    with pytest.raises(
        AnnotationError, match=r"annotation: the compressed file is truncated or damaged \(.*\); get it"
    ):
        read(CONTAINERS[name][:-20])
    damaged = CONTAINERS[name][:40] + b"\xff" * 20 + CONTAINERS[name][60:]
    with pytest.raises(AnnotationError, match=r"annotation: the compressed file is truncated or damaged \("):
        read(damaged)


def zipped(path, **files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path.read_bytes()


BUNDLE = "ncbi_dataset/data/GCF_1.1/"


TAR = gzip.compress(b"x" * 257 + b"ustar\x0000" + b"\0" * 300, mtime=0)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (b"\x28\xb5\x2f\xfd more", "compressed by zstd, expected a text file: FASTA, GFF3, GTF, BED12 or genePred"),
        (b"\x04\x22\x4d\x18 more", "compressed by lz4"),
        (b"\x43\x27\x41\x1a more", "a 2bit file, expected a text file"),
        (b"\x1a\x41\x27\x43 more", "a 2bit file"),
        (b"7z\xbc\xaf\x27\x1c more", "a 7z archive"),
        (b"Rar!\x1a\x07 more", "a rar archive"),
        (b"\xeb\xf2\x89\x87 more", "a bigBed file"),
        (b"SQLite format 3\x00 more", "an SQLite database"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (TAR, "a tar archive; unpack it and give the file inside"),
    ],
)
def test_what_is_no_text_is_refused_by_its_name(read, tmp_path, what, said):
    with pytest.raises(AnnotationError) as caught:
        read(what)
    assert str(caught.value).startswith(f"{tmp_path / 'annotation'}: {said}")
    (tmp_path / "sequence").write_bytes(what)
    with pytest.raises(SequenceError) as refused:
        import_fasta(tmp_path / "sequence", tmp_path / "copy.fa")
    assert str(refused.value).startswith(f"{tmp_path / 'sequence'}: {said}")


def test_a_zip_archive_is_refused_unless_it_is_a_bundle_of_ncbi(read, tmp_path):
    def refusal(**files):
        with pytest.raises(AnnotationError) as caught:
            read(zipped(tmp_path / "x.zip", **files))
        return str(caught.value).removeprefix(f"{tmp_path / 'annotation'}: ")

    assert refusal(**{"genes.gff3": TEXT}).startswith("a zip archive: unzip it and give the file inside; only NCBI's")
    assert refusal(**{"xl/workbook.xml": ""}).startswith("an Excel workbook; save it as text")
    assert refusal(**{BUNDLE + "x_genomic.fna": ">a\nA\n"}) == (
        "this bundle of NCBI has no annotation; download it with --include gff3"
    )
    fetch = {"ncbi_dataset/data/assembly_data_report.jsonl": "", "ncbi_dataset/fetch.txt": ""}
    assert "it is dehydrated; run 'datasets rehydrate'" in refusal(**fetch)
    two = {f"ncbi_dataset/data/GC{letter}_1.1/genomic.gff": TEXT for letter in "AF"}
    assert refusal(**two).startswith("this bundle of NCBI holds 2 assemblies (GCA_1.1, GCF_1.1)")


def test_a_bundle_of_ncbi_is_read(read, tmp_path):
    files = {
        "README.md": "x",
        BUNDLE + "GCF_1.1_x_genomic.fna": ">chr1\nACGT\n",
        BUNDLE + "cds_from_genomic.fna": ">cds\nA\n",
        BUNDLE + "rna.fna": ">rna\nA\n",
        BUNDLE + "genomic.gtf": "not this",
        BUNDLE + "genomic.gff": TEXT,
    }
    content = zipped(tmp_path / "x.zip", **files)
    assert told(read(content), "transcript_id", "exons") == [("m1", 1)]
    import_fasta(tmp_path / "x.zip", tmp_path / "copy.fa")
    assert (tmp_path / "copy.fa").read_text() == ">chr1\nACGT\n"
    by_chromosome = {
        BUNDLE + "chr1.fna": ">chr1\nAC",
        BUNDLE + "chr2.fna": ">chr2\nGT\n",
        BUNDLE + "rna.fna": ">r\nA\n",
    }
    zipped(tmp_path / "y.zip", **by_chromosome)
    import_fasta(tmp_path / "y.zip", tmp_path / "copy.fa")
    assert (tmp_path / "copy.fa").read_text() == ">chr1\nAC\n>chr2\nGT\n"


@pytest.mark.parametrize(
    "packed",
    [bz2.compress, lzma.compress, lambda text: text.replace(b"\n", b"\r"), lambda text: text.decode().encode("utf-16")],
    ids=["bzip2", "xz", "old Mac", "UTF-16"],
)
def test_a_sequence_is_read_whatever_it_is_packed_in(tmp_path, packed):
    (tmp_path / "x").write_bytes(packed(b">chr1\nACGTACGTAC\n>chr2 more\nACgt\n"))
    import_fasta(tmp_path / "x", tmp_path / "copy.fa")
    assert (tmp_path / "copy.fa").read_text() == ">chr1\nACGTACGTAC\n>chr2 more\nACgt\n"


# Suspicions


def kinds_of(parsed, *chromosomes):
    chromosomes = list(chromosomes) or [chromosome("chr1")]
    return {one.kind: one.told for one in suspicions(parsed, select("g", parsed, chromosomes), chromosomes)}


def test_a_biotype_that_sounds_like_lncrna_and_is_not_read_as_one_is_told(read):
    lines = [gtf("transcript", 1, 9, name=f"t{n}", more='transcript_biotype "LncRNA_new";') for n in range(3)]
    lines.append(gtf("transcript", 1, 9, name="m", more='transcript_biotype "protein_coding";'))
    told_of = kinds_of(read(*lines))
    assert set(told_of) == {"lncrna_read_as_other"}
    assert told_of["lncrna_read_as_other"].startswith(
        "3 transcripts of biotype or class 'LncRNA_new' are read as other"
    )
    assert kinds_of(read(*lines, types=TypeRules(lncRNA=("LncRNA_new",)))) == {}


def test_thousands_of_mrna_without_any_lncrna_are_told(read):
    lines = [gff("mRNA", f"ID=m{n}", n + 1, n + 9) for n in range(2_000)]
    assert set(kinds_of(read(*lines))) == {"no_lncrna"}
    assert kinds_of(read(*lines[1:])) == {}
    assert kinds_of(read(*lines, gff("lnc_RNA", "ID=l", 1, 9))) == {}


def test_names_of_another_version_and_chromosomes_without_genes_are_told():
    parsed = read_annotation(CASES / "20-partly-unknown-names.gff3")
    told_of = kinds_of(parsed, chromosome("chr1"), chromosome("NC_1.11"))
    assert set(told_of) == {"versions_differ", "chromosomes_without_genes", "many_chromosome_unknown"}
    assert "NC_1.10 is NC_1.11 in the FASTA file" in told_of["versions_differ"]
    assert "1 chromosomes enter a split without a single gene (NC_1.11 (train))" in told_of["chromosomes_without_genes"]
    assert told_of["many_chromosome_unknown"].startswith("2 of 3 mRNAs and lncRNAs lie on sequences")


def test_a_large_share_out_of_bounds_or_inconsistent_is_told(read):
    lines = [gff("mRNA", f"ID=m{n}", 1, 90) for n in range(40)]
    outside = [gff("mRNA", f"ID=o{n}", 1, 200) for n in range(2)]
    assert kinds_of(read(*lines, *outside), chromosome("chr1", 100)) == {}
    outside.append(gff("mRNA", "ID=o3", 1, 200))
    assert set(kinds_of(read(*lines, *outside), chromosome("chr1", 100))) == {"many_out_of_bounds"}
    odd = [gff("exon", f"Parent=m{n}", 1, 90, "-") for n in range(3)]
    assert set(kinds_of(read(*lines, *odd))) == {"many_inconsistent_parts"}


def test_nothing_that_is_left_is_an_error_with_its_cause(read):
    parsed = read(gff("mRNA", "ID=a", 1, 90), gff("mRNA", "ID=b;pseudo=true", 1, 90), gff("tRNA", "ID=c", 1, 9))
    with pytest.raises(AnnotationError) as caught:
        require_something(parsed, selected_of(parsed, chromosome("chr1", 50)))
    assert str(caught.value) == ("none of its 2 mRNAs and lncRNAs can be used: 1 out_of_bounds, 1 pseudo")
    others = read(gff("tRNA", "ID=c", 1, 9), gff("transcript", "ID=d;biotype=snoRNA", 1, 9))
    with pytest.raises(
        AnnotationError, match="none of its 2 transcripts is an mRNA or a lncRNA: they are 1 tRNA, 1 snoRNA"
    ):
        require_something(others, selected_of(others))
