"""The small figures of the UI: what is drawn is what was counted by hand, and each is small enough to be shown at once.

(What they look like, people must see: docs/images, by tests/browser.)
"""

from itertools import accumulate

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from blockfiles import blocks_of
from dagster import AssetKey, AssetMaterialization, AssetRecordsFilter
from dagster._serdes import serialize_value
from drawn import drawn
from hypothesis import given
from hypothesis import strategies as st

from genatator_assets.annotation.select import REASONS
from genatator_assets.annotation.select import SCHEMA as TRANSCRIPTS
from genatator_assets.annotation.transcripts import read_transcripts
from genatator_assets.gene_finding.blocks.chromosome import build_chromosomes
from genatator_assets.gene_finding.index import SCHEMA as INDEX
from genatator_assets.gene_finding.landmarks import StrandLandmarks, begins_of
from genatator_assets.gene_finding.statistics import (
    compute_statistics,
    densities_of,
    lengths_of_splits,
    read_statistics,
)
from genatator_assets.gene_finding.tasks import chromosome_tasks
from genatator_assets.orchestration import metadata
from genatator_assets.orchestration.along import n_digits
from genatator_assets.orchestration.figures import (
    coverage_figure,
    densities_figure,
    lengths_figure,
    reasons_figure,
    transcripts_figure,
)
from genatator_assets.orchestration.instance import open_instance

BLUE, ORANGE, GREEN, PURPLE, GREY = "#26a", "#d71", "#2a6", "#65b", "#bbb"
AT_ONCE = 999  # characters: Dagster's UI shows Markdown of less than 1,000 at once
A_MATERIALISATION = 100_000  # bytes
NO_N = "0" * 240
SITES = np.empty(0, np.int64)


def intervals(*of_strand):
    return StrandLandmarks(SITES, SITES, *np.array(of_strand, np.int64).reshape(-1, 2).T)


def landmarks(plus, minus):
    return {("combined", "+"): intervals(*plus), ("combined", "-"): intervals(*minus)}


# --- a chromosome; 2,400 bp in 120 columns of 20 bp, each 2 units wide ---


def test_transcripts_are_counted_where_they_begin_and_n_stands_behind():
    """Two begin in the first column, one in the second and one in the last; N are two and half a stretch of 10 bp."""
    figure = drawn(transcripts_figure(np.array([0, 5, 30, 2390]), 2_400, "ff" + "0" * 236 + "80"))
    assert figure.size == (240, 16 + 7)
    assert [colour for colour, _ in figure.paths] == [GREY, BLUE]
    assert figure.outlines(BLUE) == ["M0 16v-16h2v8h2v8h234v-8h2v8"]
    n, line, *marks = figure.outlines(GREY)
    assert n == "M0 16v-16h2v16h236v-4h2v4"  # 8/15 of a stretch is 4/15 of a column: 4.3 of 16
    assert line == "M0 16h240v.3H0"
    assert marks == [f"M{x} 16v2h.5v-2" for x in (50, 100, 150, 200)]
    assert figure.texts == [(51, 22, "500 bp"), (101, 22, "1,000 bp"), (151, 22, "1,500 bp"), (201, 22, "2,000 bp")]
    assert figure.caption == "4 begin in 2.40 kbp, at most 2 in 20 bp. Grey: N."


def test_coverage_is_a_share_of_each_column_up_and_down():
    """+ covers the first column and half of the second, - half of the first; then all of it a quarter as much."""
    figure = drawn(coverage_figure(landmarks([(0, 30)], [(10, 20)]), 2_400, NO_N))
    assert figure.size == (240, 20)
    assert figure.outlines(PURPLE) == ["M0 10v-10h2v5h2v5", "M0 10v5h2v-5"]
    assert figure.outlines(GREY) == ["M0 10h240v.3H0"]
    assert figure.caption == "Share of bases, + up and - down, at most 100 %. No N."
    figure = drawn(coverage_figure(landmarks([(2_380, 2_385)], [(2_399, 2_400)]), 2_400, None))
    assert figure.outlines(PURPLE) == ["M238 10v-10h2v10", "M238 10v2h2v-2"]
    assert figure.caption == "Share of bases, + up and - down, at most 25 %."


def test_a_chromosome_without_transcripts_is_a_line():
    figure = drawn(transcripts_figure(SITES, 150_000, NO_N))
    assert [colour for colour, _ in figure.paths] == [GREY]
    assert figure.caption == "0 begin in 150.00 kbp, at most 0 in 1.25 kbp. No N."
    figure = drawn(coverage_figure(landmarks([], []), 150_000, NO_N))
    assert figure.outlines(PURPLE) == []
    assert figure.caption.endswith("at most 0 %. No N.")


@given(st.integers(0, 2**32), st.integers(1, 300_000_000), st.integers(0, 20_000))
def test_whatever_a_chromosome_holds_its_figures_are_shown_at_once(seed, length, transcripts):
    draws = np.random.default_rng(seed)
    begins = np.sort(draws.integers(0, length, transcripts))
    edges = [np.unique(draws.integers(0, length + 1, transcripts)) for _ in "+-"]
    pairs = [each[: len(each) // 2 * 2].reshape(-1, 2) for each in edges]
    digits = "".join(f"{digit:x}" for digit in draws.integers(0, 16, 240))
    for made in (transcripts_figure(begins, length, digits), coverage_figure(landmarks(*pairs), length, digits)):
        assert len(made) <= AT_ONCE
        figure = drawn(made)
        width, height = figure.size
        for colour in (BLUE, PURPLE, GREY):
            for outline in figure.outlines(colour):
                for x, y in figure.corners(outline):
                    assert 0 <= x <= width
                    assert 0 <= y <= height


def test_columns_are_as_fine_as_fits():
    """A quiet chromosome is drawn in 120 columns (edges at every 2nd unit), a noisy one in fewer."""
    draws = np.random.default_rng(1)
    quiet, noisy = np.array([30]), np.sort(draws.integers(0, 2_400, 1_000))
    assert drawn(transcripts_figure(quiet, 2_400, NO_N)).outlines(BLUE) == ["M2 16v-16h2v16"]
    (outline,) = drawn(transcripts_figure(noisy, 2_400, "0f" * 120)).outlines(BLUE)
    columns = {x for x, _ in drawn(transcripts_figure(noisy, 2_400, "0f" * 120)).corners(outline)}
    assert 25 <= len(columns) <= 81
    counted = transcripts_figure(noisy, 2_400, None)
    finer = drawn(counted)
    assert len({x for x, _ in finer.corners(*finer.outlines(BLUE))}) > len(columns)


# --- what is drawn of a chromosome that was built ---


def test_n_along_a_chromosome_is_that_of_its_blocks():
    """By hand: blocks of 600,000 and 400,000 bp, a quarter and all of them N, in 240 stretches of 4,167 bp."""
    digits = n_digits([(600_000, 150_000), (1_000_000, 400_000)], 1_000_000)
    assert digits == "4" * 144 + "f" * 96
    assert n_digits([(1_000, 0)], 1_000) == "0" * 240


def test_a_built_chromosome_says_where_its_blocks_end_and_their_n(dataset):
    (task,) = chromosome_tasks(dataset.catalogue, dataset.layout, "sim-ensembl", ["1"])
    (outcome,) = build_chromosomes([task])
    assert outcome.status == "intact"
    blocks = blocks_of(dataset.root, "sim-ensembl")["1"]
    ends = list(accumulate(len(block.dna) for block in blocks))
    assert outcome.facts["blocks"]["n"] == [
        (end, block.dna.count("N")) for end, block in zip(ends, blocks, strict=True)
    ]


def test_transcripts_begin_where_the_table_says(dataset):
    for genome in dataset.catalogue.genomes:
        path = dataset.root / f"annotation/{genome}/transcripts.parquet"
        rows = pq.ParquetFile(path).read().to_pylist()
        names = sorted({row["chrom"] for row in rows if row["selected"]})
        assert len(names) > 1
        for chrom, begins in begins_of(read_transcripts(dataset.layout, genome), names).items():
            assert begins.tolist() == sorted(
                row["start"] if row["strand"] == "+" else row["end"] - 1
                for row in rows
                if row["selected"] and row["chrom"] == chrom
            )


def test_only_the_longest_chromosomes_of_a_genome_have_figures(dataset, monkeypatch):
    """Whichever are built: of the two of sim-refseq the first is the longer one."""
    monkeypatch.setattr(metadata, "DRAWN", 1)
    rows = pq.ParquetFile(dataset.root / "assemblies/sim-refseq/chromosomes.parquet").read().to_pylist()
    longer, shorter = sorted((row for row in rows if row["included"]), key=lambda row: -row["length"])
    figures = metadata.ChromosomeFigures(dataset.layout)
    for row, shown in ((longer, {"transcripts", "intragenic"}), (shorter, set())):
        (task,) = chromosome_tasks(dataset.catalogue, dataset.layout, "sim-refseq", [row["chrom"]])
        assert set(figures.of(task, [(row["length"], 0)])) == shown


# --- splits ---


def test_lengths_are_on_a_logarithmic_axis():
    """From 100 kbp to 1 Mbp in 120 columns; 200 kbp is at log10(2) = 0.301: in column 36, at unit 72."""
    figure = drawn(lengths_figure({"train": np.array([100_000, 999_999, 100_000]), "test": np.array([200_000])}))
    assert figure.size == (240, 2 * 19 + 7)
    assert figure.outlines(BLUE) == ["M0 19v-12h2v12h236v-6h2v6"]
    assert figure.outlines(GREEN) == ["M72 38v-12h2v12"]
    assert figure.outlines(GREY) == ["M0 38h240v.3H0", *(f"M{x} 38v2h.5v-2" for x in (0, 72, 168))]
    assert figure.texts[:2] == [
        (0, 5, "train: 3, at most 2 in a column"),
        (0, 24, "test: 1, at most 1 in a column"),
    ]
    assert figure.texts[2:] == [(1, 44, "100 kbp"), (73, 44, "200 kbp"), (169, 44, "500 kbp")]


def test_densities_are_bars_in_the_channels_order_with_a_scale_for_each_kind():
    """Full is 164 units: 0.04 % of TSS and polyA channels, 25 % of intragenic ones."""
    train = np.array([4e-4, 2e-4, 1e-4, 0, 0.25, 0.125, 4e-4, 0, 0, 0, 0.0625, 0])
    figure = drawn(densities_figure({"train": train, "test": train / 2}))
    assert figure.outlines(BLUE) == [
        f"M76 {y}h{long}"
        for y, long in zip(
            (3, 6, 11, 14, 19, 22, 27, 30, 35, 38, 43, 46), (164, 82, 41, 0, 164, 82, 164, 0, 0, 0, 41, 0), strict=True
        )
    ]
    assert [outline.partition("h")[2] for outline in figure.outlines(GREEN)][:5] == ["82", "41", "20", "0", "82"]
    assert [name for _, _, name in figure.texts] == [
        "primary_tss",
        "primary_polya",
        "intragenic_regions",
        "mrna_tss",
        "mrna_polya",
        "mrna_intragenic_regions",
    ]
    assert figure.caption == "Train blue, test green; + above -. Longest: TSS, polyA 0.04 %, intragenic 25 %."


def test_densities_of_nothing_are_drawn_too():
    assert drawn(densities_figure({"test": np.zeros(12)})).outlines(GREEN) == [
        f"M76 {y}h0" for y in (3, 5, 9, 11, 15, 17, 21, 23, 27, 29, 33, 35)
    ]


def test_counts_by_reason_are_bars():
    figure = drawn(reasons_figure({"selected": 1_000, "pseudo": 500, "duplicate": 1}))
    assert figure.outlines(BLUE) == ["M76 5h164"]
    assert figure.outlines(GREY) == ["M76 11h82", "M76 17h1"]
    assert figure.texts == [(0, 6, "selected 1,000"), (0, 12, "pseudo 500"), (0, 18, "duplicate 1")]
    assert drawn(reasons_figure({"other_type": 3})).outlines(BLUE) == []


def test_what_is_drawn_of_splits_is_what_the_index_and_the_statistics_have(dataset):
    rows = pq.ParquetFile(dataset.layout.index).read().to_pylist()
    chromosomes = {(row["split"], row["genome"], row["chrom"], row["chrom_length"]) for row in rows}
    lengths = lengths_of_splits(dataset.layout)
    assert {split: sorted(of_split) for split, of_split in lengths.items()} == {
        split: sorted(one[3] for one in chromosomes if one[0] == split) for split in ("train", "validation", "test")
    }
    densities = densities_of(read_statistics(dataset.layout)["target_sums"])
    for split, of_split in densities.items():
        ours = [row for row in rows if row["split"] == split]
        nt = sum(row["end"] - row["start"] for row in ours)
        np.testing.assert_allclose(of_split, np.sum([row["target_sum"] for row in ours], axis=0) / nt)


# --- sizes ---


def test_no_materialisation_of_the_demo_shows_more_than_100_kb(demo):
    sizes = {}
    with open_instance(demo / "demo-data") as instance:
        for asset in instance.all_asset_keys():
            records = instance.fetch_materializations(AssetRecordsFilter(asset), limit=1_000).records
            sizes[asset.to_user_string()] = [len(serialize_value(one.asset_materialization)) for one in records]
    assert {asset for asset, of_asset in sizes.items() if of_asset} == {
        *("assembly", "selected_isoforms", "chromosome_catalogue", "chromosome_targets", "blocks"),
        *("block_index", "split_statistics", "dataset_card"),
    }
    assert max(size for of_asset in sizes.values() for size in of_asset) <= A_MATERIALISATION
    assert max(sizes["blocks"]) <= 2 * AT_ONCE + 1_000


def test_as_many_genomes_as_you_like_show_no_more_than_100_kb(tmp_path):
    """40 genomes of 14,491 chromosomes, with every reason and type in each."""
    draws = np.random.default_rng(1)
    length = np.minimum(np.exp(draws.normal(13.5, 1.6, 14_491)) + 100_000, 1e9).astype(np.int64)
    number = np.arange(len(length))
    genomes = [f"GCF_{900_000_000 + n % 40}.1_of_a_long_name" for n in number]
    sums = length[:, None] * np.tile([1e-4, 1e-4, 1e-4, 1e-4, 0.3, 0.3], 2) * draws.random((len(length), 12))
    columns = {
        "genome": genomes,
        "species": [f"Genus species {n % 40}" for n in number],
        "split": np.where(number % 97 > 5, "train", np.where(number % 97 > 2, "validation", "test")),
        "chrom": [f"NC_{n:06}.1" for n in number],
        "start": np.zeros(len(length), np.int64),
        "end": length,
        "chrom_length": length,
        "target_sum": list(sums),
        "target_max": list(np.ones((len(length), 12), np.float32)),
        "target_positive": list(np.ceil(sums).astype(np.int64)),
        "path": [str(n) for n in number],
    }
    same = {name: np.zeros(len(length), np.int64) for name in ("A", "C", "G", "T", "N", "bytes")}
    index = pa.table({**columns, **same, "sha256": genomes, "dna_sha256": genomes}).select(INDEX.names).cast(INDEX)
    rows = [
        {"genome": genome, "chrom": "NC_000001.1", "type": kind, "reason": reason, "selected": reason == "selected"}
        for genome in sorted(set(genomes))
        for reason in REASONS
        for kind in ("mRNA", "lncRNA", "other")
    ]
    tables = compute_statistics(index, pa.Table.from_pylist(rows, TRANSCRIPTS))
    lengths = {split: length[columns["split"] == split] for split in ("train", "validation", "test")}
    shown = metadata.of_statistics(tables, lengths)
    assert len(shown["Chromosome lengths"].value) <= AT_ONCE
    assert len(shown["Densities"].value) <= AT_ONCE
    assert shown["Transcripts by reason"].value.endswith(" more lines")
    assert len(serialize_value(AssetMaterialization(AssetKey("split_statistics"), metadata=shown))) <= A_MATERIALISATION
