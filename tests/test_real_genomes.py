"""Real genomes of several flavours through the one command, compared with the oracle base for base."""

import json

import numpy as np
import oracle
import pyarrow.parquet as pq
import pytest
from blockfiles import blocks_of, read_block
from conftest import command

HUMAN_1 = "human_GRCh38_chr1_1Mb/hg38_chr1_1-1000000.fa.gz"
TRIMMED = "human_GRCh38_chr1_1Mb/trimmed_gencode.v29.chr1_1-1000000.gtf.gz"
UNTRIMMED = "human_GRCh38_chr1_1Mb/gencode.v29.chr1_to_1.53Mb.gtf.gz"
HUMAN_9 = "human_GRCh38_chr9_1Mb/Homo_sapiens.GRCh38.dna_sm.primary_assembly_chr9_1_1000000.fa"
ENSEMBL_9 = "human_GRCh38_chr9_1Mb/Homo_sapiens.GRCh38.91_chr9_1_1000000.gtf"
YEAST = "yeast_R64/refseq/GCF_000146045.2_R64_genomic.fna.gz"
YEAST_GFF = "yeast_R64/refseq/GCF_000146045.2_R64_genomic_subset.gff.gz"
DIMORPHILUS = "ncbi_dimorphilus_6contigs/ncbi.fasta"
DIMORPHILUS_GFF = "ncbi_dimorphilus_6contigs/ncbi.gff.gz"
ENSEMBL_1 = "human_GRCh38_chr1_1Mb/trimmed_ensembl.chr1_1-1000000.seqid_1.gtf.gz"
ARABIDOPSIS = "korflab_1pct_athaliana/1pct.fa"
ARABIDOPSIS_GFF = "korflab_1pct_athaliana/1pct.gff3"
ALPHA_GLOBIN = "alpha_globin_8species/genomes/hg38.fa"
REFGENE = "alpha_globin_8species/refseq.hg38.gtf"

LAPLACE, GAUSSIAN = ("laplace", 2.0, 20), ("gaussian", 3.0, 15)
# genome, FASTA, annotation, flavour, least length of a chromosome, the oracle's kernel
GENOMES = {
    "GRCh38-chr1-1Mb": (HUMAN_1, TRIMMED, "gencode", 100_000, LAPLACE),
    "GRCh38-chr9-1Mb": (HUMAN_9, ENSEMBL_9, "ensembl", 100_000, LAPLACE),
    "GCF_000146045.2_R64": (YEAST, YEAST_GFF, "refseq", 100_000, LAPLACE),
    "GCA_904063045.1": (DIMORPHILUS, DIMORPHILUS_GFF, "refseq", 30_000, GAUSSIAN),
}


TRIANGULAR = ("triangular", 12.0, 9)
MORE_GENOMES = {
    "GRCh38-chr1-1Mb-Ensembl": (HUMAN_1, ENSEMBL_1, "ensembl", 100_000, LAPLACE),  # its sequence is called 1
    "TAIR10-1pct": (ARABIDOPSIS, ARABIDOPSIS_GFF, "generic", 100_000, LAPLACE),
    "hg38-alpha-globin": (ALPHA_GLOBIN, REFGENE, None, 1_000, TRIANGULAR),  # exons and CDS only
}
CALLED = {"1": "chr1"}


@pytest.mark.parametrize("genome", GENOMES)
def test_every_base_and_channel_equals_the_oracle(data, four_genomes, genome):
    compare(data, four_genomes.root, genome, GENOMES[genome], 250_000)


@pytest.mark.parametrize("genome", MORE_GENOMES)
def test_every_base_and_channel_of_more_flavours_equals_the_oracle(data, more_flavours, genome):
    compare(data, more_flavours.root, genome, MORE_GENOMES[genome], 100_000)


def compare(data, root, genome, facts, block_size):
    fasta, annotation, flavour, least, kernel = facts
    sequences = {name: raw for name, raw in oracle.read_fasta(data / fasta).items() if len(raw) >= least}
    path = data / annotation
    found = oracle.selected_transcripts(path, flavour) if flavour else oracle.joined_transcripts(path)
    transcripts = oracle.inside(oracle.renamed(found, CALLED), {name: len(raw) for name, raw in sequences.items()})
    assert transcripts
    built = blocks_of(root, genome)
    assert set(built) == set(sequences)
    for chrom, raw in sequences.items():
        blocks = built[chrom]
        bounds = [(block.metadata["start"], block.metadata["end"]) for block in blocks]
        assert bounds == oracle.block_bounds(len(raw), block_size)
        assert "".join(block.dna for block in blocks) == oracle.contract_dna(raw)
        own = [transcript for transcript in transcripts if transcript.chrom == chrom]
        expected = oracle.targets(len(raw), own, *kernel)
        np.testing.assert_array_equal(np.concatenate([block.targets for block in blocks]), expected)


def test_rows_past_the_end_are_rejected_by_name_and_the_rest_is_built(data, untrimmed):
    lengths = {"chr1": 1_000_000}
    everything = oracle.selected_transcripts(data / UNTRIMMED, "gencode")
    inside = oracle.inside(everything, lengths)
    transcripts = pq.read_table(untrimmed.root / "annotation/GRCh38-chr1-1Mb/transcripts.parquet").to_pylist()
    rejected = [row for row in transcripts if row["reason"] == "out_of_bounds"]
    assert len(rejected) == len(everything) - len(inside) == 131  # 224 - 93, by awk: see test_oracle.py
    assert all(row["end"] > 1_000_000 and row["transcript_id"].startswith("ENST") for row in rejected)
    built = blocks_of(untrimmed.root, "GRCh38-chr1-1Mb")["chr1"]
    expected = oracle.targets(1_000_000, inside)
    np.testing.assert_array_equal(np.concatenate([block.targets for block in built]), expected)


def test_a_kept_peak_crosses_a_blocks_edge(four_genomes):
    """A site within 20 bp of a multiple of 250,000 must have its tail in the neighbouring block."""
    root = four_genomes.root
    sites = json.loads(
        sql(
            root,
            """select before.path as path_before, after.path as path_after
            from blocks before join blocks after on before.genome = after.genome and before.chrom = after.chrom
                and before."end" = after.start
            where exists (from segments s where s.genome = before.genome and s.chrom = before.chrom
                and s.channel like '%tss%' and s."end" = before."end")
            and exists (from segments s where s.genome = before.genome and s.chrom = before.chrom
                and s.channel like '%tss%' and s.start = before."end")""",
        )
    )
    assert sites, "no peak lies on an edge: choose another block size"
    for site in sites:
        before, after = (read_block(root / site[side]) for side in ("path_before", "path_after"))
        assert np.any((before.targets[-1] > 0) & (after.targets[0] > 0))


@pytest.mark.parametrize(
    ("genome", "reasons"),
    [
        # transcripts in the file, by grep on column 3 and biotype: see test_oracle.py for the selected ones
        ("GRCh38-chr1-1Mb", {"selected": 93, "other_type": 102, "inconsistent_parts": 2}),
        ("GRCh38-chr9-1Mb", {"selected": 64, "other_type": 41}),
        ("GCF_000146045.2_R64", {"selected": 5954, "pseudo": 12, "other_type": 125}),
        ("GCA_904063045.1", {"selected": 15, "chromosome_too_short": 2}),
    ],
)
def test_every_transcript_is_accounted_for(four_genomes, genome, reasons):
    assert reasons_of(four_genomes.root, genome) == reasons


@pytest.mark.parametrize(
    ("genome", "reasons"),
    [
        # by awk: see test_flavours.py; of the 459 mRNAs of Arabidopsis one lies on ChrC and one on ChrM
        ("GRCh38-chr1-1Mb-Ensembl", {"selected": 172, "other_type": 52, "inconsistent_parts": 2}),
        ("TAIR10-1pct", {"selected": 457, "other_type": 41, "chromosome_too_short": 2}),
        ("hg38-alpha-globin", {"selected": 14, "other_type": 3}),
    ],
)
def test_every_transcript_of_more_flavours_is_accounted_for(more_flavours, genome, reasons):
    assert reasons_of(more_flavours.root, genome) == reasons


def test_names_of_both_files_are_kept(more_flavours):
    rows = json.loads(sql(more_flavours.root, "select distinct genome, chrom, seqid from transcripts order by all"))
    named = [row for row in rows if row["chrom"] != row["seqid"]]
    assert named == [{"genome": "GRCh38-chr1-1Mb-Ensembl", "chrom": "chr1", "seqid": "1"}]


def reasons_of(root, genome):
    counted = json.loads(
        sql(root, f"select reason, count(*) as n from transcripts where genome = '{genome}' group by 1")
    )
    return {row["reason"]: row["n"] for row in counted}


def test_the_mitochondrion_of_yeast_is_too_short(four_genomes):
    rows = json.loads(sql(four_genomes.root, "select chrom, length, reason from chromosomes where reason is not null"))
    assert {"chrom": "NC_001224.1", "length": 85779, "reason": "too_short"} in rows


def test_what_the_command_prints_are_the_cards_tables(four_genomes):
    for title in ("Split-level overview", "DNA alphabet summary", "Target sums and densities", "Transcripts by reason"):
        assert title in four_genomes.printed


def sql(root, question):
    done = command("sql", "--root", str(root), "--format", "json", question)
    assert done.returncode == 0, done.stderr
    return done.stdout
