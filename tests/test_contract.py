"""Every clause of the loader contract, on blocks that were built from real genomes.

The clauses are those of the public trainer's loader and those that it does not check, as in docs/format.md.
"""

import itertools
import json

import duckdb
import numpy as np
import oracle
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from blockfiles import read_block

KEYS = [
    "genome",
    "split",
    "chrom",
    "start",
    "end",
    "chrom_length",
    "sequence_length",
    "target_shape",
    "target_names",
    "block_size_bp",
]


@pytest.fixture(scope="module")
def paths(four_genomes):
    found = sorted(four_genomes.root.glob("blocks/**/*.parquet"))
    assert len(found) == 70  # 4 + 4 + 57 of yeast + 5, by hand from the lengths at 250,000 a block
    return found


@pytest.fixture(scope="module")
def blocks(paths):
    return [read_block(path) for path in paths]


def test_exactly_three_columns_of_the_stated_types(paths):
    expected = pa.schema(
        [("dna_sequence", pa.string()), ("targets", pa.list_(pa.list_(pa.float32(), 12))), ("metadata", pa.string())]
    )
    for path in paths:
        assert pq.read_schema(path).equals(expected)


def test_one_row_and_one_row_group_a_file(paths):
    for path in paths:
        footer = pq.read_metadata(path)
        assert (footer.num_rows, footer.num_row_groups) == (1, 1)


def test_metadata_is_a_cheap_column_of_its_own(paths):
    for path in paths:
        group = pq.read_metadata(path).row_group(0)
        sizes = {group.column(i).path_in_schema: group.column(i).total_compressed_size for i in range(3)}
        assert sizes["metadata"] < 2_000


def test_metadata_is_a_json_object_with_the_stated_keys(blocks):
    for block in blocks:
        assert list(block.metadata) == KEYS


def test_dna_targets_and_metadata_have_one_length(blocks):
    for block in blocks:
        length = len(block.dna)
        assert block.targets.shape == (length, 12)
        assert block.metadata["sequence_length"] == length == block.metadata["end"] - block.metadata["start"]
        assert block.metadata["target_shape"] == [length, 12]


def test_no_gaps_or_overlaps_and_the_whole_chromosome(blocks):
    chromosomes = {}
    for block in blocks:
        chromosomes.setdefault((block.metadata["genome"], block.metadata["chrom"]), []).append(block.metadata)
    for of_chromosome in chromosomes.values():
        ordered = sorted(of_chromosome, key=lambda metadata: metadata["start"])
        assert ordered[0]["start"] == 0
        assert all(a["end"] == b["start"] for a, b in itertools.pairwise(ordered))
        assert {metadata["chrom_length"] for metadata in ordered} == {ordered[-1]["end"]}
        assert len({metadata["split"] for metadata in ordered}) == 1


def test_blocks_are_no_longer_than_the_block_size(blocks):
    assert {block.metadata["block_size_bp"] for block in blocks} == {250_000}
    assert max(len(block.dna) for block in blocks) == 250_000


def test_the_alphabet_is_acgtn(blocks):
    assert {letter for block in blocks for letter in set(block.dna)} <= set("ACGTN")


def test_targets_are_floats_from_0_to_1_without_nulls(paths, blocks):
    for path, block in zip(paths, blocks, strict=True):
        assert block.targets.dtype == np.float32
        assert np.isfinite(block.targets).all()
        assert block.targets.min() >= 0
        assert block.targets.max() <= 1
        assert pq.read_metadata(path).row_group(0).column(1).statistics.null_count == 0


def test_combined_channels_are_never_below_mrna_only_ones(blocks):
    for block in blocks:
        assert (block.targets[:, :6] >= block.targets[:, 6:]).all()


def test_target_names_are_the_cards(blocks):
    assert all(block.metadata["target_names"] == oracle.TARGET_NAMES for block in blocks)


def test_split_of_metadata_is_the_folder(paths, blocks, four_genomes):
    for path, block in zip(paths, blocks, strict=True):
        assert path.relative_to(four_genomes.root / "blocks").parts[0] == block.metadata["split"]


def test_every_file_says_what_it_was_made_from(paths):
    for path in paths:
        said = {key.decode(): value.decode() for key, value in pq.read_metadata(path).metadata.items()}
        assert said["genatator_assets.format_version"] == "1"
        inputs = {"sequence", "annotation", "transcripts", "bases", "targets"}
        assert set(json.loads(said["genatator_assets.inputs"])) == inputs
        assert {"kernel", "length", "block_size_bp"} <= set(json.loads(said["genatator_assets.parameters"]))


def test_duckdb_reads_the_same(blocks):
    block = blocks[0]
    query = "select dna_sequence, targets, metadata ->> 'chrom' from read_parquet(?, hive_partitioning = false)"
    ((dna, targets, chrom),) = duckdb.execute(query, [str(block.path)]).fetchall()
    assert (dna, chrom) == (block.dna, block.metadata["chrom"])
    np.testing.assert_array_equal(np.array(targets, np.float32), block.targets)


def test_polars_reads_the_same(blocks):
    block = blocks[-1]
    row = pl.read_parquet(block.path, hive_partitioning=False)
    assert row.columns == ["dna_sequence", "targets", "metadata"]
    np.testing.assert_array_equal(np.stack(row["targets"][0].to_numpy()), block.targets)


@pytest.mark.filterwarnings("default::DeprecationWarning")
def test_datasets_streams_them_by_the_cards_snippets(four_genomes, blocks, monkeypatch, tmp_path):
    """The card's own snippets: load by split with a local pattern, inspect a row, select the target groups."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    from datasets import load_dataset  # noqa: PLC0415 - it reads the environment when imported

    splits = ("train", "validation", "test")
    data_files = {split: f"{four_genomes.root}/blocks/{split}/**/*.parquet" for split in splits}
    loaded = load_dataset("parquet", data_files=data_files, streaming=True)
    for split in splits:
        metadata_only = loaded[split].select_columns(["metadata"])
        assert sum(1 for _ in metadata_only) == sum(block.metadata["split"] == split for block in blocks)
    by_place = {(b.metadata["genome"], b.metadata["chrom"], b.metadata["start"]): b for b in blocks}
    for row in loaded["validation"]:
        assert set(row) == {"dna_sequence", "targets", "metadata"}
        metadata = json.loads(row["metadata"])
        block = by_place[metadata["genome"], metadata["chrom"], metadata["start"]]
        assert row["dna_sequence"] == block.dna
        y = np.asarray(row["targets"], dtype=np.float32)
        assert y.shape == (len(block.dna), 12)
        np.testing.assert_array_equal(y[:, list(range(6, 12))], block.targets[:, 6:])
