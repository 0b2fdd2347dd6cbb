"""Tests of the oracle itself: arrays worked out by hand, and counts made with awk on the real inputs.

The sums on real inputs come from one chain, run on the annotation file alone. Rows of selected transcripts as
`chrom start end strand kind` (column 3 and the biotype picked by awk) go to:

    distinct TSS:   awk '{print $1, ($4 == "+") ? $2 : $3}' rows | sort -u | wc -l
    distinct polyA: awk '{print $1, ($4 == "+") ? $3 : $2}' rows | sort -u | wc -l
    bases covered:  sort -k1,1 -k2,2n rows | awk '{
                    if ($1 != c || $2 > e) {t += e - s; c = $1; s = $2 - 1; e = $3} else if ($3 > e) e = $3
                    } END {print t + e - s}'
"""

import gzip
from collections import Counter

import numpy as np
import pytest
from oracle import (
    TARGET_NAMES,
    Transcript,
    attribute,
    block_bounds,
    contract_dna,
    inside,
    joined_transcripts,
    read_fasta,
    renamed,
    selected_transcripts,
    targets,
)

LENGTH = 60

# exp(-1/2), exp(-1) and exp(-3/2): laplace of width 2 at one, two and three bases from the site
K1 = 0.6065306597126334
K2 = 0.36787944117144233
K3 = 0.22313016014842982
PEAK = [K3, K2, K1, 1, K1, K2, K3]


def assert_channels(values, expected):
    """Compare all twelve channels; a channel that is not named must be zero everywhere."""
    assert values.dtype == np.float32
    assert values.shape == (LENGTH, 12)
    for channel, name in enumerate(TARGET_NAMES):
        wanted = expected.get(name, [0] * LENGTH)
        assert len(wanted) == LENGTH
        assert values[:, channel].tolist() == np.array(wanted, dtype=np.float32).tolist(), name


def mrna(start, end, strand="+"):
    return Transcript("c", start, end, strand, "mRNA")


def lncrna(start, end, strand="+"):
    return Transcript("c", start, end, strand, "lncRNA")


def test_target_names_are_those_of_the_card():
    assert len(TARGET_NAMES) == len(set(TARGET_NAMES)) == 12
    assert TARGET_NAMES[:6] == [
        f"{track}_{strand}" for track in ("primary_tss", "primary_polya", "intragenic_regions") for strand in "+-"
    ]
    assert TARGET_NAMES[6:] == [
        f"{track}_{strand}" for track in ("mrna_tss", "mrna_polya", "mrna_intragenic_regions") for strand in "+-"
    ]


def test_two_transcripts_by_hand():
    # mRNA on +: bases 10..39, TSS at base 10, polyA at base 39.
    # lncRNA on -: bases 20..57, TSS at base 57 (its peak loses one base at the end), polyA at base 20.
    values = targets(LENGTH, [mrna(11, 40, "+"), lncrna(21, 58, "-")], radius=3)
    tss_plus = [0] * 7 + PEAK + [0] * 46
    polya_plus = [0] * 36 + PEAK + [0] * 17
    body_plus = [0] * 10 + [1] * 30 + [0] * 20
    assert_channels(
        values,
        {
            "primary_tss_+": tss_plus,
            "primary_polya_+": polya_plus,
            "intragenic_regions_+": body_plus,
            "mrna_tss_+": tss_plus,
            "mrna_polya_+": polya_plus,
            "mrna_intragenic_regions_+": body_plus,
            "primary_tss_-": [0] * 54 + [K3, K2, K1, 1, K1, K2],
            "primary_polya_-": [0] * 17 + PEAK + [0] * 36,
            "intragenic_regions_-": [0] * 20 + [1] * 38 + [0] * 2,
        },
    )


def test_minus_strand_mrna():
    tss = [0] * 36 + PEAK + [0] * 17
    polya = [0] * 7 + PEAK + [0] * 46
    body = [0] * 10 + [1] * 30 + [0] * 20
    assert_channels(
        targets(LENGTH, [mrna(11, 40, "-")], radius=3),
        {
            "primary_tss_-": tss,
            "primary_polya_-": polya,
            "intragenic_regions_-": body,
            "mrna_tss_-": tss,
            "mrna_polya_-": polya,
            "mrna_intragenic_regions_-": body,
        },
    )


def test_lncrna_is_in_the_combined_channels_only():
    assert_channels(
        targets(LENGTH, [lncrna(11, 40)], radius=3),
        {
            "primary_tss_+": [0] * 7 + PEAK + [0] * 46,
            "primary_polya_+": [0] * 36 + PEAK + [0] * 17,
            "intragenic_regions_+": [0] * 10 + [1] * 30 + [0] * 20,
        },
    )


def test_overlapping_peaks_merge_by_maximum():
    # TSS at bases 10 and 13: bases 11 and 12 are one base from the nearer site. The polyA of both is base 39.
    values = targets(LENGTH, [lncrna(11, 40), lncrna(14, 40)], radius=3)
    assert_channels(
        values,
        {
            "primary_tss_+": [0] * 7 + [K3, K2, K1, 1, K1, K1, 1, K1, K2, K3] + [0] * 43,
            "primary_polya_+": [0] * 36 + PEAK + [0] * 17,
            "intragenic_regions_+": [0] * 10 + [1] * 30 + [0] * 20,
        },
    )


def test_merging_takes_mrna_and_lncrna_together_in_the_combined_channels_only():
    values = targets(LENGTH, [lncrna(11, 30), mrna(14, 40)], radius=3)
    polya_30_and_40 = [0] * 26 + PEAK + [0] * 3 + PEAK + [0] * 17
    assert_channels(
        values,
        {
            "primary_tss_+": [0] * 7 + [K3, K2, K1, 1, K1, K1, 1, K1, K2, K3] + [0] * 43,
            "primary_polya_+": polya_30_and_40,
            "intragenic_regions_+": [0] * 10 + [1] * 30 + [0] * 20,
            "mrna_tss_+": [0] * 10 + PEAK + [0] * 43,
            "mrna_polya_+": [0] * 36 + PEAK + [0] * 17,
            "mrna_intragenic_regions_+": [0] * 13 + [1] * 27 + [0] * 20,
        },
    )


def test_peaks_are_cut_at_both_ends_of_the_chromosome():
    assert_channels(
        targets(LENGTH, [lncrna(1, 60, "+"), lncrna(2, 59, "-")], radius=3),
        {
            "primary_tss_+": [1, K1, K2, K3] + [0] * 56,
            "primary_polya_+": [0] * 56 + [K3, K2, K1, 1],
            "intragenic_regions_+": [1] * 60,
            "primary_tss_-": [0] * 55 + [K3, K2, K1, 1, K1],
            "primary_polya_-": [K1, 1, K1, K2, K3] + [0] * 55,
            "intragenic_regions_-": [0] + [1] * 58 + [0],
        },
    )


def test_transcript_of_one_base():
    peak = [0] * 27 + PEAK + [0] * 26
    assert_channels(
        targets(LENGTH, [lncrna(31, 31)], radius=3),
        {
            "primary_tss_+": peak,
            "primary_polya_+": peak,
            "intragenic_regions_+": [0] * 30 + [1] + [0] * 29,
        },
    )


@pytest.mark.parametrize(
    ("shape", "one", "two", "three"),
    [
        ("laplace", 0.6065306597126334, 0.36787944117144233, 0.22313016014842982),
        ("gaussian", 0.8824969025845955, 0.6065306597126334, 0.32465246735834974),  # exp of -1/8, -1/2, -9/8
        ("triangular", 0.5, 0, 0),
        ("box", 1, 1, 1),
    ],
)
def test_kernel_shapes_of_width_2_and_radius_3(shape, one, two, three):
    values = targets(LENGTH, [lncrna(31, 50)], shape=shape, width=2.0, radius=3)
    peak = [three, two, one, 1, one, two, three]
    assert_channels(
        values,
        {
            "primary_tss_+": [0] * 27 + peak + [0] * 26,
            "primary_polya_+": [0] * 46 + peak + [0] * 7,
            "intragenic_regions_+": [0] * 30 + [1] * 20 + [0] * 10,
        },
    )


def test_default_kernel_is_laplace_2_cut_at_20():
    tss = targets(LENGTH, [lncrna(31, 31)])[:, 0]
    assert tss[30] == 1
    assert tss[28] == tss[32] == np.float32(0.36787944117144233)
    assert tss[10] == tss[50] == np.float32(4.5399929762484854e-05)  # exp(-10)
    assert tss[9] == tss[51] == 0
    assert np.count_nonzero(tss) == 41
    # 1 + 2 / (exp(1/2) - 1) = 4.08299 for the whole kernel; 2 exp(-10) / (exp(1/2) - 1) = 0.00014 is cut off
    assert tss.sum(dtype=np.float64) == pytest.approx(4.08299 - 0.00014, abs=2e-5)


def test_radius_zero_marks_the_sites_alone():
    assert_channels(
        targets(LENGTH, [lncrna(11, 40)], radius=0),
        {
            "primary_tss_+": [0] * 10 + [1] + [0] * 49,
            "primary_polya_+": [0] * 39 + [1] + [0] * 20,
            "intragenic_regions_+": [0] * 10 + [1] * 30 + [0] * 20,
        },
    )


def test_no_transcripts_no_signal():
    assert_channels(targets(LENGTH, []), {})


def test_the_other_strand_is_the_mirror_image():
    plus = [mrna(3, 17), lncrna(5, 44), mrna(30, 60)]
    minus = [Transcript("c", 61 - one.end, 61 - one.start, "-", one.kind) for one in plus]
    forward = targets(LENGTH, plus)
    mirrored = targets(LENGTH, minus)[::-1]
    for channel in range(0, 12, 2):  # + strand channels are the even ones
        assert forward[:, channel].any()
        assert np.array_equal(forward[:, channel], mirrored[:, channel + 1])


def test_targets_refuse_what_they_cannot_place():
    with pytest.raises(ValueError, match="not inside"):
        targets(LENGTH, [mrna(1, 61)])
    with pytest.raises(ValueError, match="not inside"):
        targets(LENGTH, [mrna(0, 10)])
    with pytest.raises(ValueError, match="several chromosomes"):
        targets(LENGTH, [mrna(1, 5), Transcript("d", 1, 5, "+", "mRNA")])
    with pytest.raises(ValueError, match="shape"):
        targets(LENGTH, [mrna(1, 5)], shape="cosine")


def test_inside():
    keep = [mrna(1, 60), lncrna(60, 60)]
    drop = [mrna(1, 61), mrna(0, 5), Transcript("other", 1, 5, "+", "mRNA")]
    assert inside(keep + drop, {"c": 60}) == keep


def test_block_bounds():
    assert block_bounds(25, 10) == [(0, 10), (10, 20), (20, 25)]
    assert block_bounds(20, 10) == [(0, 10), (10, 20)]
    assert block_bounds(9, 10) == [(0, 9)]
    assert len(block_bounds(248_387_328, 10_000_000)) == 25


def test_contract_dna():
    assert contract_dna("acgtnACGTNrYkMU-*") == "ACGTNACGTNNNNNNNN"


def test_read_fasta(tmp_path):
    text = ">a first sequence\nACgt\nnn\n\n>b\tsecond\nT\n>empty\n"
    plain = tmp_path / "x.fa"
    plain.write_text(text)
    packed = tmp_path / "x.fa.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    assert read_fasta(plain) == read_fasta(packed) == {"a": "ACgtnn", "b": "T", "empty": ""}


def test_attribute():
    gtf = 'gene_id "G;1"; gene_biotype "lncRNA"; transcript_biotype "protein_coding"; level 2;'
    assert attribute(gtf, "transcript_biotype") == "protein_coding"
    assert attribute(gtf, "biotype") is None
    gff3 = "ID=transcript:T1;Parent=gene:G1;biotype=lincRNA;version=1"
    assert attribute(gff3, "biotype") == "lincRNA"
    assert attribute(gff3, "version") == "1"
    assert attribute(gff3, "transcript_biotype") is None


def write_rows(path, *rows):
    text = "##header\n" + "".join(
        f"c\tsource\t{feature}\t{start}\t{end}\t.\t{strand}\t.\t{attributes}\n"
        for feature, start, end, strand, attributes in rows
    )
    path.write_text(text)
    return path


def test_refseq_rows(tmp_path):
    path = write_rows(
        tmp_path / "x.gff3",
        ("gene", 1, 9, "+", "ID=gene-A;gene_biotype=protein_coding"),
        ("mRNA", 1, 9, "+", "ID=rna-A;Parent=gene-A"),
        ("mRNA", 1, 8, "+", "ID=rna-B;Parent=gene-A"),
        ("exon", 1, 9, "+", "Parent=rna-A"),
        ("lnc_RNA", 5, 7, "-", "ID=rna-C"),
        ("mRNA", 5, 7, "?", "ID=rna-D"),
        ("transcript", 5, 7, "+", "ID=rna-E;transcript_biotype=retained_intron"),
        ("antisense_RNA", 5, 7, "+", "ID=rna-F"),
        ("mRNA", 5, 7, "+", "ID=rna-G;pseudo=true"),
        ("mRNA", 5, 7, "+", "ID=rna-H;part=1"),
        ("mRNA", 5, 7, "+", "ID=rna-I;exception=trans-splicing"),
        ("mRNA", 2, 9, "+", "ID=rna-J;partial=true;exception=ribosomal slippage;Note=pseudo=true"),
    )
    assert selected_transcripts(path, "refseq") == [mrna(1, 9), mrna(1, 8), lncrna(5, 7, "-"), mrna(2, 9)]


def test_generic_rows(tmp_path):
    path = write_rows(
        tmp_path / "x.gff3",
        ("gene", 1, 9, "+", "ID=A"),
        ("mRNA", 1, 9, "+", "ID=A.1;Parent=A"),
        ("lincRNA", 5, 7, "-", "ID=B.1"),
        ("ncRNA", 5, 7, "-", "ID=C.1"),
    )
    assert selected_transcripts(path, "generic") == [mrna(1, 9), lncrna(5, 7, "-")]


def test_joined_rows(tmp_path):
    path = write_rows(
        tmp_path / "x.gtf",
        ("exon", 11, 20, "+", 'gene_id "A"; transcript_id "A1";'),
        ("CDS", 15, 20, "+", 'gene_id "A"; transcript_id "A1";'),
        ("exon", 31, 40, "-", 'gene_id "B"; transcript_id "B1";'),
        ("exon", 5, 8, "+", 'gene_id "A"; transcript_id "A1";'),
        ("stop_codon", 21, 23, "+", 'gene_id "A"; transcript_id "A1";'),
        ("CDS", 5, 9, "-", 'gene_id "A"; transcript_id "A1";'),
    )
    assert joined_transcripts(path) == [mrna(5, 20), mrna(5, 9, "-")]


def test_chromosomes_are_renamed():
    assert renamed([mrna(1, 9)], {"c": "chrC"}) == [Transcript("chrC", 1, 9, "+", "mRNA")]
    assert renamed([mrna(1, 9)], {"d": "chrD"}) == [mrna(1, 9)]


def test_gencode_rows(tmp_path):
    path = write_rows(
        tmp_path / "x.gtf",
        ("gene", 1, 9, "+", 'gene_id "A"; gene_type "protein_coding";'),
        (
            "transcript",
            1,
            9,
            "+",
            'gene_id "A"; gene_type "protein_coding"; transcript_type "protein_coding";',
        ),
        (
            "transcript",
            1,
            8,
            "+",
            'gene_id "A"; gene_type "protein_coding"; transcript_type "retained_intron";',
        ),
        ("exon", 1, 9, "+", 'gene_id "A"; transcript_type "protein_coding";'),
        ("transcript", 2, 7, "-", 'gene_id "B"; transcript_type "lincRNA";'),
        ("transcript", 3, 7, "-", 'gene_id "B"; transcript_type "3prime_overlapping_ncRNA";'),
        ("transcript", 4, 7, ".", 'gene_id "B"; transcript_type "lncRNA";'),
        ("transcript", 5, 7, "+", 'gene_id "C"; transcript_type "processed_transcript";'),
    )
    assert selected_transcripts(path, "gencode") == [mrna(1, 9), lncrna(2, 7, "-"), lncrna(3, 7, "-")]


def test_ensembl_rows(tmp_path):
    path = write_rows(
        tmp_path / "x.gff3",
        ("gene", 1, 9, "+", "ID=gene:A;biotype=protein_coding"),
        ("mRNA", 1, 9, "+", "ID=transcript:A1;biotype=protein_coding"),
        ("NMD_transcript_variant", 1, 9, "+", "ID=transcript:A2;biotype=nonsense_mediated_decay"),
        ("lincRNA_gene", 2, 7, "-", "ID=gene:B;biotype=lincRNA"),
        ("lincRNA", 2, 7, "-", "ID=transcript:B1;biotype=lincRNA"),
        ("lnc_RNA", 3, 7, "-", "ID=transcript:B2;biotype=lncRNA"),
        ("transcript", 4, 7, "-", "ID=transcript:B3;biotype=antisense"),
        ("transcript", 5, 7, "+", 'gene_biotype "lncRNA"; transcript_biotype "protein_coding";'),
    )
    assert selected_transcripts(path, "ensembl") == [
        mrna(1, 9),
        lncrna(2, 7, "-"),
        lncrna(3, 7, "-"),
        lncrna(4, 7, "-"),
        mrna(5, 7),
    ]


def test_rows_must_have_nine_columns_and_a_known_flavour(tmp_path):
    path = tmp_path / "x.gff3"
    path.write_text("c\tsource\tmRNA\t1\t9\n")
    with pytest.raises(ValueError, match="nine columns"):
        selected_transcripts(path, "refseq")
    with pytest.raises(ValueError, match="flavour"):
        selected_transcripts(path, "augustus")


def count(transcripts):
    return Counter((one.kind, one.strand) for one in transcripts)


def check_genome(sequences, transcripts, peaks, covered):
    """Peaks of exactly 1.0 are the distinct sites, the sum of an intragenic channel is the covered bases."""
    ones = np.zeros(12, dtype=np.int64)
    for chrom, sequence in sequences.items():
        values = targets(len(sequence), [one for one in transcripts if one.chrom == chrom])
        assert (values[:, :6] >= values[:, 6:]).all()
        assert values.min() == 0
        assert values.max() <= 1
        assert np.isin(values[:, [4, 5, 10, 11]], [0, 1]).all()
        ones += (values == 1).sum(axis=0)
    assert ones[[0, 1, 2, 3, 6, 7, 8, 9]].tolist() == peaks
    assert ones[[4, 5, 10, 11]].tolist() == covered


def test_human_chr1_gencode(data):
    folder = data / "human_GRCh38_chr1_1Mb"
    sequences = read_fasta(folder / "hg38_chr1_1-1000000.fa.gz")
    # zcat FASTA | grep -v '>' | fold -w1 | sort | uniq -c
    assert Counter(contract_dna(sequences["chr1"])) == {
        "A": 239_437,
        "C": 193_030,
        "G": 190_464,
        "T": 217_069,
        "N": 160_000,
    }

    # zcat GTF | awk -F'\t' '$3=="transcript"{match($9,/transcript_type "[^"]*"/);
    #     print $7, substr($9,RSTART,RLENGTH)}' | sort | uniq -c
    # protein_coding 21 + and 6 -; lincRNA 46 + and 16 -; antisense 1 + and 3 -; no other lncRNA biotype
    found = selected_transcripts(folder / "trimmed_gencode.v29.chr1_1-1000000.gtf.gz", "gencode")
    assert count(found) == {
        ("mRNA", "+"): 21,
        ("mRNA", "-"): 6,
        ("lncRNA", "+"): 46 + 1,
        ("lncRNA", "-"): 16 + 3,
    }

    # The same count with ($5 <= 1000000) in front. Not inside: 108 protein_coding (2 of them begin inside),
    # 11 lincRNA, 10 antisense, 2 sense_intronic.
    untrimmed = selected_transcripts(folder / "gencode.v29.chr1_to_1.53Mb.gtf.gz", "gencode")
    assert len(untrimmed) == 27 + 66 + 108 + 11 + 10 + 2
    assert inside(untrimmed, {"chr1": 1_000_000}) == found

    check_genome(
        sequences,
        found,
        peaks=[49, 25, 58, 25, 13, 6, 12, 6],
        covered=[138_580, 118_934, 41_319, 24_979],
    )


def test_human_chr1_ensembl_has_another_name_for_the_chromosome(data):
    folder = data / "human_GRCh38_chr1_1Mb"
    # zcat GTF | awk '$3=="transcript"' by transcript_biotype, as above: protein_coding 27, lncRNA 145
    found = selected_transcripts(folder / "trimmed_ensembl.chr1_1-1000000.seqid_1.gtf.gz", "ensembl")
    assert Counter(one.kind for one in found) == {"mRNA": 27, "lncRNA": 145}
    assert inside(found, {"1": 1_000_000}) == found
    assert inside(found, {"chr1": 1_000_000}) == []


def test_human_chr9_ensembl_91(data):
    folder = data / "human_GRCh38_chr9_1Mb"
    sequences = read_fasta(folder / "Homo_sapiens.GRCh38.dna_sm.primary_assembly_chr9_1_1000000.fa")
    # the same fold -w1 count, upper and lower case letters added
    assert Counter(contract_dna(sequences["9"])) == {
        "A": 154_070 + 125_654,
        "C": 110_565 + 98_883,
        "G": 112_013 + 98_787,
        "T": 160_858 + 129_170,
        "N": 10_000,
    }

    # the same awk with transcript_biotype: protein_coding 17 + and 12 -; antisense_RNA 1 + and 19 -;
    # lincRNA 7 + and 5 -; sense_intronic 3 +
    found = selected_transcripts(folder / "Homo_sapiens.GRCh38.91_chr9_1_1000000.gtf", "ensembl")
    assert count(found) == {
        ("mRNA", "+"): 17,
        ("mRNA", "-"): 12,
        ("lncRNA", "+"): 1 + 7 + 3,
        ("lncRNA", "-"): 19 + 5,
    }
    assert inside(found, {"9": 1_000_000}) == found
    check_genome(
        sequences,
        found,
        peaks=[28, 35, 25, 35, 17, 12, 15, 11],
        covered=[687_768, 139_751, 668_380, 78_221],
    )


def test_yeast_refseq(data):
    folder = data / "yeast_R64" / "refseq"
    sequences = read_fasta(folder / "GCF_000146045.2_R64_genomic.fna.gz")
    # zcat FASTA | awk '/^>/ {n++; next} {l += length($0)} END {print n, l}'
    # NC_001224.1 is the mitochondrion, shorter than the least length of a chromosome
    assert len(sequences) == 17
    assert sum(map(len, sequences.values())) == 12_157_105
    assert len(sequences.pop("NC_001224.1")) == 85_779

    # zcat GFF3 | awk -F'\t' '{print $3, $7, /pseudo=true/}' | sort | uniq -c: mRNA 3001 + and 2953 -, and with
    # pseudo=true 11 + and 1 -; no lnc_RNA. By $1: none on the mitochondrion, 92 and a pseudo one on NC_001133.9
    found = selected_transcripts(folder / "GCF_000146045.2_R64_genomic_subset.gff.gz", "refseq")
    assert count(found) == {("mRNA", "+"): 3001, ("mRNA", "-"): 2953}
    assert sum(one.chrom == "NC_001133.9" for one in found) == 92
    assert inside(found, {chrom: len(sequence) for chrom, sequence in sequences.items()}) == found
    check_genome(
        sequences,
        found,
        peaks=[2976, 2936, 3001, 2953] * 2,
        covered=[4_449_399, 4_329_782] * 2,
    )


def test_dimorphilus_ncbi(data):
    folder = data / "ncbi_dimorphilus_6contigs"
    sequences = read_fasta(folder / "ncbi.fasta")
    # the first two columns of the .fai that comes with the file
    assert {chrom: len(sequence) for chrom, sequence in sequences.items()} == {
        "CAJFCJ010000053.1": 109_277,
        "CAJFCJ010000097.1": 78_757,
        "CAJFCJ010000121.1": 38_272,
        "CAJFCJ010000155.1": 38_181,
        "CAJFCJ010000181.1": 112_475,
        "CAJFCJ010000025.1": 3_418,
    }

    # zcat GFF3 | awk -F'\t' '{print $3, $7}' | sort | uniq -c: mRNA 9 + and 8 -
    # two + transcripts share both ends, two - transcripts share the polyA
    found = selected_transcripts(folder / "ncbi.gff.gz", "refseq")
    assert count(found) == {("mRNA", "+"): 9, ("mRNA", "-"): 8}
    assert found[0] == Transcript("CAJFCJ010000053.1", 4883, 5264, "-", "mRNA")
    check_genome(sequences, found, peaks=[8, 8, 8, 7] * 2, covered=[14_300, 6_810] * 2)


@pytest.mark.parametrize(
    ("name", "mrnas", "lncrnas"),
    [
        # zcat GFF3 | awk -F'\t' '!/^#/{match($9,/biotype=[^;]*/);
        #     print $3, substr($9,1,5), substr($9,RSTART,RLENGTH)}' | sort | uniq -c, lines with ID=tr:
        # mRNA protein_coding 3608; lincRNA 468;
        # transcript antisense 580, sense_overlapping 24, sense_intronic 23; processed_transcript whose gene, looked up
        # by Parent, is a processed_transcript too: 27
        ("Homo_sapiens.GRCh38.86.chromosome.7.gff3.gz", 3608, 580 + 24 + 23 + 468 + 27),
        # transcript protein_coding 839, antisense 177, sense_intronic 21, sense_overlapping 11,
        # 3prime_overlapping_ncRNA 1; lincRNA 377; processed_transcript as above 2
        ("vep_chr21.test.gff.gz", 839, 177 + 21 + 11 + 1 + 377 + 2),
    ],
)
def test_ensembl_gff3(data, name, mrnas, lncrnas):
    found = selected_transcripts(data / "annotation_scale" / "hg38_ensembl_gff3" / name, "ensembl")
    assert Counter(one.kind for one in found) == {"mRNA": mrnas, "lncRNA": lncrnas}
