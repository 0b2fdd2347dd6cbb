"""What `explain` says of transcripts, on a real dataset and for each reason."""

import dataclasses

import pyarrow.compute as pc
import pytest
import yaml
from conftest import command

from genatator_assets.annotation.explained import Explained, Known, explained
from genatator_assets.annotation.flavours import words
from genatator_assets.annotation.reader import read_annotation
from genatator_assets.annotation.select import MEANINGS, REASONS
from genatator_assets.catalogue.model import TypeRules
from genatator_assets.errors import DatasetError, QueryError
from genatator_assets.query.explain import explain

GENCODE = "human_GRCh38_chr1_1Mb/trimmed_gencode.v29.chr1_1-1000000.gtf.gz"
# Line 64 of GENCODE: chr1 HAVANA transcript 65419 71585 . + . gene_id "ENSG00000186092.6"; ...
OR4F5 = [
    "ENST00000641515.2 of gene ENSG00000186092.6 (OR4F5), GRCh38-chr1-1Mb",
    "selected: it is in the targets",
    f"read as mRNA, biotype protein_coding from line 64 of DATA/{GENCODE}",
    "chr1:65,419-71,585 (+); 0-based [65,418, 71,585)",
    "TSS at 65,418; polyA at 71,584 (0-based)",
    # its rows exon, CDS and stop_codon: lines 65 to 74
    "3 exons of 2,618 bp: 65,419-65,433, 65,520-65,573, 69,037-71,585",
    "2 introns of 3,549 bp: 65,434-65,519, 65,574-69,036",
    "2 CDS pieces of 981 bp: 65,565-65,573 (phase 0), 69,037-70,008 (phase 0)",
    "in blocks/train/genome=GRCh38-chr1-1Mb/chrom=chr1/0.parquet: [0, 250,000) of the train split",
]
REJECTED = Explained(
    genome="g",
    chrom="chr1",
    start=10,
    end=20,
    strand="-",
    transcript_id="t",
    gene_id=None,
    type="mRNA",
    biotype=None,
    reason="pseudo",
    malformed=None,
    source_line=1_234,
    seqid="1",
    chrom_length=15,
    shares_tss=True,
    annotation="a.gff",
    blocks=(),
)


@pytest.mark.parametrize(
    "name",
    ["ENST00000641515.2", "ENST00000641515", "enst00000641515.2", "transcript:ENST00000641515", "chr1:65,500..65,510"],
)
def test_a_selected_transcript_is_explained_with_its_line_sites_and_blocks(data, four_genomes, name):
    (found,) = explain(four_genomes.root, name)
    assert found.lines() == [line.replace("DATA", str(data.resolve())) for line in OR4F5]


def test_a_gene_explains_all_its_transcripts(four_genomes):
    # zcat GENCODE | awk -F'\t' '$3 == "transcript" && /ENSG00000186092.6/': two transcripts, both protein_coding
    for name in ("ENSG00000186092.6", "gene:ensg00000186092", "OR4F5", "or4f5", "GRCh38-chr1-1Mb:OR4F5"):
        found = explain(four_genomes.root, name)
        assert [one.transcript_id for one in found] == ["ENST00000641515.2", "ENST00000335137.4"]


@pytest.mark.parametrize(
    ("place", "transcripts"),
    [  # by the rows of the two transcripts: 65,419-71,585 and 69,055-70,108
        ("chr1:69054", {"ENST00000641515.2"}),
        ("1:69,055", {"ENST00000641515.2", "ENST00000335137.4"}),
        ("grch38-chr1-1mb:CHR1:70108-70108", {"ENST00000641515.2", "ENST00000335137.4"}),
        ("chr1:70_109-70_200", {"ENST00000641515.2"}),
    ],
)
def test_a_place_explains_what_lies_there(four_genomes, place, transcripts):
    assert {one.transcript_id for one in explain(four_genomes.root, place)} == transcripts


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("OR4F5X", "goes by 'OR4F5X'; did you mean 'OR4F5'?"),
        ("ENSG0000018609", "did you mean 'ENSG00000186092.6'"),
        ("chr1:1-2000000", "chr1 of GRCh38-chr1-1Mb has the bases 1-1,000,000; found 1-2,000,000"),
        ("chr1:20-10", "'chr1:20-10' is reversed: it ends at 10, before 20"),
        ("chr1:0", "has the bases 1-1,000,000; found 0"),
        ("chr1:5", "no transcript of GRCh38-chr1-1Mb lies at 'chr1:5'"),
        ("chrM:5", "goes by 'chrM:5'; expected chr1:1,001-2,000, chr1:1001..2000"),
    ],
)
def test_what_is_not_there_is_told_as_it_was_typed(four_genomes, name, told):
    with pytest.raises(QueryError) as error:
        explain(four_genomes.root, name)
    assert told in str(error.value)


def test_the_line_that_lets_a_transcript_in_does_so(four_genomes, data):
    (found,) = explain(four_genomes.root, "NR_132149.1")
    assert "its row has column 3 ncRNA, biotype ncRNA, gene's biotype ncRNA; nothing says what it is" in found.lines()
    assert found.letting_in == "annotation: {types: {lncRNA: [usual, ncRNA]}}"
    rules = yaml.safe_load(found.letting_in)["annotation"]["types"]
    path = data / "yeast_R64/refseq/GCF_000146045.2_R64_genomic_subset.gff.gz"
    for types, kind in ((TypeRules(), "other"), (TypeRules(**rules), "lncRNA")):
        (row,) = (
            read_annotation(path, types=types).transcripts.filter(pc.field("row_id") == "rna-NR_132149.1").to_pylist()
        )
        assert row["type"] == kind


def test_what_a_catalogue_says_already_stays_in_the_line_that_lets_a_transcript_in():
    row = dict.fromkeys(("genome", "chrom", "start", "end", "strand", "transcript_id", "gene_id", "malformed", "seqid"))
    row |= {"reason": "other_type", "type": "other", "type_from": "column_3", "row_type": "ncRNA", "source_line": 1}
    row |= dict.fromkeys(("biotype", "gene_biotype", "gene_name"))
    for stated, told in ((("TEC",), "TEC, ncRNA"), (("usual", "TEC"), "usual, TEC, ncRNA"), ((), "ncRNA")):
        known = words().with_types(TypeRules(lncRNA=stated)).listed()["lncRNA"]
        found = explained(row, [], Known("a.gff", tuple(known)), chrom_length=None)
        assert found.letting_in == f"annotation: {{types: {{lncRNA: [{told}]}}}}"


def test_the_id_of_a_gff3_row_names_a_transcript_too(four_genomes):
    (found,) = explain(four_genomes.root, "rna-NR_132149.1")
    assert (found.transcript_id, found.reason) == ("NR_132149.1", "other_type")


def test_the_nearest_name_is_told(four_genomes):
    told = r"no transcript, gene or place of .* goes by 'ENST00000641515.9'; did you mean 'ENST00000641515.2'"
    with pytest.raises(QueryError, match=told):
        explain(four_genomes.root, "ENST00000641515.9")


def test_without_a_dataset_it_says_so(tmp_path):
    with pytest.raises(DatasetError, match="holds no dataset"):
        explain(tmp_path, "t")


def test_the_command_prints_it(four_genomes):
    done = command("explain", "ENST00000641515", "--root", str(four_genomes.root))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1] == "  selected: it is in the targets"
    absent = command("explain", "nothing", "--root", str(four_genomes.root))
    assert (absent.returncode, absent.stdout) == (2, "")


@pytest.mark.parametrize(
    ("changed", "evidence"),
    [
        ({"reason": "out_of_bounds"}, ": it ends at 20, chr1 has 15 bp"),
        ({"reason": "chromosome_too_short"}, ": chr1 has 15 bp"),
        ({"reason": "chromosome_unknown", "chrom": "1"}, ": 1"),
        ({"reason": "chromosome_excluded"}, ": chr1, there 1"),
        ({"reason": "no_strand", "strand": "?"}, ": found '?'"),
        ({"reason": "malformed", "malformed": "found 8 columns"}, ": found 8 columns"),
        ({"reason": "pseudo"}, ""),
    ],
)
def test_a_rejection_is_told_with_its_evidence(changed, evidence):
    told = dataclasses.replace(REJECTED, **changed)
    assert told.lines()[1] == f"not selected ({told.reason}): {MEANINGS[told.reason]}{evidence}"


def test_another_name_of_the_sequence_and_the_minus_strand_are_told():
    assert REJECTED.lines()[2:] == [  # no sites: it is not in the targets
        "read as mRNA from line 1,234 of a.gff",
        "chr1:11-20 (-), which the annotation calls 1; 0-based [10, 20)",
        "the annotation has no exons of it",
    ]
    assert dataclasses.replace(REJECTED, reason="selected").lines()[4] == (
        "TSS at 19, shared with other selected transcripts; polyA at 10 (0-based)"
    )
    assert len(dataclasses.replace(REJECTED, start=None, end=None).lines()) == 3


def test_every_reason_has_a_meaning():
    assert list(MEANINGS) == list(REASONS)
