"""What `explain` says of transcripts, on a real dataset and for each reason."""

import dataclasses

import pytest
from conftest import command

from genatator_assets.annotation.select import MEANINGS, REASONS
from genatator_assets.errors import DatasetError, QueryError
from genatator_assets.query.explain import Explained, explain

GENCODE = "human_GRCh38_chr1_1Mb/trimmed_gencode.v29.chr1_1-1000000.gtf.gz"
# Line 64 of GENCODE: chr1 HAVANA transcript 65419 71585 . + . gene_id "ENSG00000186092.6"; ...
OR4F5 = [
    "ENST00000641515.2 of gene ENSG00000186092.6, GRCh38-chr1-1Mb",
    "selected: it is in the targets",
    f"read as mRNA, biotype protein_coding from line 64 of DATA/{GENCODE}",
    "chr1:65,419-71,585 (+); 0-based [65,418, 71,585)",
    "TSS at 65,418; polyA at 71,584 (0-based)",
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


@pytest.mark.parametrize("name", ["ENST00000641515.2", "ENST00000641515"])
def test_a_selected_transcript_is_explained_with_its_line_sites_and_blocks(data, four_genomes, name):
    (found,) = explain(four_genomes.root, name)
    assert found.lines() == [line.replace("DATA", str(data.resolve())) for line in OR4F5]


def test_a_gene_explains_all_its_transcripts(four_genomes):
    # zcat GENCODE | awk -F'\t' '$3 == "transcript" && /ENSG00000186092.6/': two transcripts, both protein_coding
    found = explain(four_genomes.root, "ENSG00000186092.6")
    assert [one.transcript_id for one in found] == ["ENST00000641515.2", "ENST00000335137.4"]


def test_the_id_of_a_gff3_row_names_a_transcript_too(four_genomes):
    (found,) = explain(four_genomes.root, "rna-NR_132149.1")
    assert (found.transcript_id, found.reason) == ("NR_132149.1", "other_type")


def test_the_nearest_name_is_told(four_genomes):
    with pytest.raises(QueryError, match=r"no transcript of .* goes by 'ENST00000641515.9'; did you mean 'ENST0000064"):
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
        ({"reason": "chromosome_unknown"}, ": 1"),
        ({"reason": "chromosome_excluded"}, ": 1"),
        ({"reason": "no_strand", "strand": "?"}, ": found '?'"),
        ({"reason": "malformed", "malformed": "found 8 columns"}, ": found 8 columns"),
        ({"reason": "pseudo"}, ""),
    ],
)
def test_a_rejection_is_told_with_its_evidence(changed, evidence):
    told = dataclasses.replace(REJECTED, **changed)
    assert told.lines()[1] == f"not selected ({told.reason}): {MEANINGS[told.reason]}{evidence}"


def test_another_name_of_the_sequence_and_the_minus_strand_are_told():
    assert REJECTED.lines()[2:] == [
        "read as mRNA from line 1,234 of a.gff",
        "chr1:11-20 (-), which the annotation calls 1; 0-based [10, 20)",
        "TSS at 19; polyA at 10 (0-based)",
    ]
    assert dataclasses.replace(REJECTED, reason="selected").lines()[4] == (
        "TSS at 19, shared with other selected transcripts; polyA at 10 (0-based)"
    )
    assert len(dataclasses.replace(REJECTED, start=None, end=None).lines()) == 3


def test_every_reason_has_a_meaning():
    assert list(MEANINGS) == list(REASONS)
