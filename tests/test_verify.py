"""Verifying: nothing differs on good datasets, real ones too, and every planted fault is found where it is."""

import gzip
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import oracle
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from built import BLOCKS, NT, BlockParts, Dataset, build_small, copy_of, edit_block, edit_rows
from conftest import command
from hypothesis import given
from hypothesis import strategies as st

from genatator_assets.errors import CatalogueError, DatasetError
from genatator_assets.gene_finding.section import Kernel
from genatator_assets.gene_finding.verify import Difference, Report, inputs, verify
from genatator_assets.gene_finding.verify.derive import CHANNELS, Selected, expected_targets, heights
from genatator_assets.gene_finding.verify.inputs import fasta_slices
from genatator_assets.parts import load_catalogue
from genatator_assets.work.layout import Layout

CHR1 = "blocks/train/genome=sim-gencode/chrom=chr1"
BLOCK = f"{CHR1}/60000.parquet"
PLACE = ("sim-gencode", "chr1", 60_000)
INDEX = "dataset/blocks.parquet"

Damage = Callable[[Path], None]
Row = dict[str, Any]


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The same dataset as it was made with another kernel."""
    folder = tmp_path_factory.mktemp("older") / "older"
    text = (tmp_path_factory.getbasetemp() / "small/catalogue.yaml").read_text()
    return build_small(folder, text.replace("gene_finding: {", f"gene_finding: {{{OLD_KERNEL}, "))


OLD_KERNEL = "kernel: {shape: laplace, width_bp: 10, radius_bp: 20}"


@pytest.fixture
def root(dataset: Dataset, tmp_path: Path) -> Path:
    return copy_of(dataset, tmp_path / "root")


def verified(dataset: Dataset, root: Path, **how: Any) -> Report:
    how = {"genomes": ["sim-gencode"], **how}
    return verify(dataset.catalogue, Layout(root), **how)


def found(dataset: Dataset, root: Path, **how: Any) -> list[tuple[Any, ...]]:
    """What differs, as (genome, chrom, position, what)."""
    return [(d.genome, d.chrom, d.position, d.what) for d in verified(dataset, root, **how).differences]


# --- Good datasets ---


def test_nothing_differs_on_a_good_dataset(dataset):
    report = verify(dataset.catalogue, dataset.layout)
    assert report.differences == ()
    assert (report.blocks, report.blocks_in_all, report.nt, report.genomes, report.seed) == (
        BLOCKS,
        BLOCKS,
        NT,
        3,
        None,
    )


def test_several_workers_say_the_same(dataset, root):
    edit_block(root / BLOCK, lambda block: block.targets.fill(0))
    assert verified(dataset, root, workers=2).differences == verified(dataset, root).differences != ()


@pytest.mark.parametrize("arguments", [(), ("--sample", "10", "--seed", "3", "--genome", "GCF_000146045.2_R64")])
def test_nothing_differs_on_real_genomes(four_genomes, arguments):
    where = ("--catalogue", str(four_genomes.catalogue), "--root", str(four_genomes.root))
    done = command("verify", *where, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    told = "10 of 57 blocks, drawn by seed 3, of 1 genomes" if arguments else "70 of 70 blocks of 4 genomes"
    assert f"Compared {told}" in done.stdout
    assert "Nothing differs." in done.stdout


def test_rows_that_run_past_the_end_are_rejected_alike(untrimmed):
    report = verify(load_catalogue(untrimmed.catalogue), Layout(untrimmed.root))
    assert report.differences == ()
    assert report.blocks == 4


# --- The plain definition, against the oracle ---

transcripts = st.builds(
    lambda first, length, strand, kind: oracle.Transcript("c", first, min(first + length, 120), strand, kind),
    st.integers(1, 120),
    st.integers(0, 60),
    st.sampled_from("+-"),
    st.sampled_from(["mRNA", "lncRNA"]),
)


@given(
    st.lists(transcripts, max_size=8),
    st.sampled_from(["laplace", "gaussian", "triangular", "box"]),
    st.floats(0.5, 30),
    st.integers(0, 40),
    st.integers(0, 119),
    st.integers(1, 120),
)
def test_derived_targets_are_the_oracles(chosen, shape, width, radius, start, size):
    end = min(start + size, 120)
    selected = Selected(
        np.array([one.start - 1 for one in chosen], np.int64),
        np.array([one.end for one in chosen], np.int64),
        np.array([one.strand == "+" for one in chosen], np.bool_),
        np.array([one.kind == "mRNA" for one in chosen], np.bool_),
    )
    peak = heights(Kernel(shape=shape, width_bp=width, radius_bp=radius))
    expected = oracle.targets(120, chosen, shape, width, radius)[start:end]
    np.testing.assert_array_equal(expected_targets(selected, peak, start, end), expected)


def test_channels_are_the_cards():
    assert list(CHANNELS) == oracle.TARGET_NAMES


letters = st.text(st.sampled_from("ACGTNacgtnRyKu-"), max_size=90)


@given(
    st.lists(letters, min_size=1, max_size=4),
    st.integers(1, 30),
    st.integers(1, 12),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(20, 32),
)
def test_slices_of_a_fasta_are_the_oracles(tmp_path_factory, sequences, width, slice_bp, newline, piece_bytes):
    path = tmp_path_factory.mktemp("fasta") / "x.fa.gz"
    with gzip.open(path, "wt", newline="") as file:
        for number, sequence in enumerate(sequences):
            wrapped = [sequence[place : place + width] for place in range(0, len(sequence), width)]
            file.write(newline.join([f">s{number} some words", *wrapped]) + newline)
    expected = {name: oracle.contract_dna(raw) for name, raw in oracle.read_fasta(path).items()}
    with mock.patch.object(inputs, "_LONGEST_PIECE", piece_bytes):
        slices = list(fasta_slices(path, slice_bp))
    assert {(name, start) for name, start, _ in slices} == {
        (name, start) for name, dna in expected.items() for start in range(0, len(dna), slice_bp)
    }
    for name, start, dna in slices:
        assert dna.decode() == expected[name][start : start + slice_bp]


# --- Planted faults ---


def block(change: Callable[[BlockParts], Any]) -> Damage:
    return lambda root: edit_block(root / BLOCK, change)


def flip_base(parts: BlockParts) -> None:
    letter = {"A": "C"}.get(parts.dna[100], "A")
    parts.dna = parts.dna[:100] + letter + parts.dna[101:]


def lower_case(parts: BlockParts) -> None:
    parts.dna = parts.dna[:5] + parts.dna[5:9].lower() + parts.dna[9:]


def shorten(parts: BlockParts) -> None:
    parts.dna, parts.targets = parts.dna[:-1], parts.targets[:-1].copy()


def shift_peaks(parts: BlockParts) -> None:
    parts.targets[:, 0] = np.roll(parts.targets[:, 0], 1)


def swap_strands(parts: BlockParts) -> None:
    parts.targets = np.ascontiguousarray(parts.targets[:, [1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10]])


def not_a_number(parts: BlockParts) -> None:
    parts.targets[7, 3] = np.nan


def above_one(parts: BlockParts) -> None:
    parts.targets[7, 3] = 1.5


def below_mrna(parts: BlockParts) -> None:
    parts.targets[7, 7] = 0.5


def null_cell(parts: BlockParts) -> None:
    parts.targets = parts.targets.tolist()
    parts.targets[7][3] = None


def null_base(parts: BlockParts) -> None:
    parts.targets = parts.targets.tolist()
    parts.targets[7] = None


def eleven_channels(parts: BlockParts) -> None:
    parts.targets = np.ascontiguousarray(parts.targets[:, :11])


def table(change: Callable[[pa.Table], pa.Table]) -> Damage:
    def damage(root: Path) -> None:
        pq.write_table(change(pq.ParquetFile(root / BLOCK).read()), root / BLOCK)

    return damage


def rows(path: str, change: Callable[[list[Row]], list[Row]]) -> Damage:
    return lambda root: edit_rows(root / path, change)


def index_row(**changed: Any) -> Damage:
    return rows(INDEX, lambda rows: [{**row, **changed} if row["path"] == BLOCK else row for row in rows])


def index_number(name: str, channel: int, value: float | None) -> Damage:
    def change(rows: list[Row]) -> list[Row]:
        for row in rows:
            if row["path"] == BLOCK:
                row[name][channel] = value
        return rows

    return rows_of_index(change)


def rows_of_index(change: Callable[[list[Row]], list[Row]]) -> Damage:
    return rows(INDEX, change)


def segments(change: Callable[[list[Row]], list[Row]]) -> Damage:
    return rows("targets/sim-gencode/chr1.parquet", change)


def truncate(path: str, kept: int) -> Damage:
    return lambda root: os.truncate(root / path, kept)


def flip_bit(root: Path) -> None:
    content = bytearray((root / BLOCK).read_bytes())
    content[len(content) // 2] ^= 1
    (root / BLOCK).write_bytes(content)


def orphan(root: Path) -> None:
    shutil.copy(root / BLOCK, root / CHR1 / "240000.parquet")


def length_of(chrom: str, change: int) -> Damage:
    return rows(
        "assemblies/sim-gencode/chromosomes.parquet",
        lambda rows: [{**row, "length": row["length"] + change * (row["chrom"] == chrom)} for row in rows],
    )


def transcript(**changed: Any) -> Damage:
    return rows(
        "annotation/sim-gencode/transcripts.parquet",
        lambda rows: [{**row, **changed} if row["source_line"] == 7 else row for row in rows],
    )


FILE = (*PLACE, "file's sha256")
BYTES = (*PLACE, "file's bytes")
CHANNELS_3 = (*PLACE[:2], 60_007, "primary_polya_-")

# name: damage, all that is found but what the block's file's own size and hash say
FAULTS: dict[str, tuple[Damage, list[tuple[Any, ...]]]] = {
    "flipped base": (block(flip_base), [(*PLACE[:2], 60_100, "dna_sequence")]),
    "lower case": (
        block(lower_case),
        [(*PLACE, "dna_sequence letters"), (*PLACE[:2], 60_005, "dna_sequence")],
    ),
    "NaN": (block(not_a_number), [CHANNELS_3, (*PLACE, "targets outside [0, 1] or NaN")]),
    "above 1": (block(above_one), [CHANNELS_3, (*PLACE, "targets outside [0, 1] or NaN")]),
    "combined below mRNA": (
        block(below_mrna),
        [(*PLACE[:2], 60_007, "mrna_tss_-"), (*PLACE, "combined targets below mRNA")],
    ),
    "null cell": (block(null_cell), [(*PLACE, "nulls")]),
    "base without targets": (block(null_base), [(*PLACE, "nulls")]),
    "eleven channels": (block(eleven_channels), [(*PLACE, "columns")]),
    "two rows": (table(lambda read: pa.concat_tables([read, read])), [(*PLACE, "rows")]),
    "no rows": (table(lambda read: read.slice(0, 0)), [(*PLACE, "rows")]),
    "a column more": (table(lambda read: read.append_column("x", pa.array([1]))), [(*PLACE, "columns")]),
    "a column less": (table(lambda read: read.drop_columns(["metadata"])), [(*PLACE, "columns")]),
    "float64 targets": (
        table(lambda read: read.set_column(1, "targets", read["targets"].cast(pa.list_(pa.list_(pa.float64(), 12))))),
        [(*PLACE, "columns")],
    ),
    "a base short": (
        block(shorten),
        [(*PLACE, "dna_sequence length"), (*PLACE, "targets")],
    ),
    "truncated file": (truncate(BLOCK, 5_000), [(*PLACE, "file")]),
    "empty file": (truncate(BLOCK, 0), [(*PLACE, "file")]),
    "flipped bit": (flip_bit, [(*PLACE, "file")]),
    "metadata, another split": (
        block(lambda parts: parts.metadata.update(split="test")),
        [(*PLACE, "metadata split")],
    ),
    "metadata, another end": (
        block(lambda parts: parts.metadata.update(end=119_999)),
        [(*PLACE, "metadata end")],
    ),
    "metadata, start as text": (
        block(lambda parts: parts.metadata.update(start="60000")),
        [(*PLACE, "metadata start")],
    ),
    "metadata, true for a number": (
        block(lambda parts: parts.metadata.update(block_size_bp=60_000.0)),
        [(*PLACE, "metadata block_size_bp")],
    ),
    "metadata, a key less": (
        block(lambda parts: parts.metadata.pop("chrom_length")),
        [(*PLACE, "metadata chrom_length")],
    ),
    "metadata, a key more": (
        block(lambda parts: parts.metadata.update(note="x")),
        [(*PLACE, "metadata note")],
    ),
    "metadata, names swapped": (
        block(lambda parts: parts.metadata["target_names"].reverse()),
        [(*PLACE, "metadata target_names")],
    ),
    "metadata, no object": (
        table(lambda read: read.set_column(2, "metadata", pa.array(["[]"]))),
        [(*PLACE, "metadata")],
    ),
    "metadata, no JSON": (
        table(lambda read: read.set_column(2, "metadata", pa.array(["{"]))),
        [(*PLACE, "metadata")],
    ),
    "missing block": (lambda root: (root / BLOCK).unlink(), [(*PLACE, "file")]),
    "a block too many": (orphan, [("sim-gencode", None, None, "file")]),
    "not in the index": (
        rows_of_index(lambda rows: [row for row in rows if row["path"] != BLOCK]),
        [(*PLACE, "index")],
    ),
    "twice in the index": (
        rows_of_index(lambda rows: [*rows, *(row for row in rows if row["path"] == BLOCK)]),
        [(*PLACE, "index")],
    ),
    "in the index only": (
        rows_of_index(lambda rows: [*rows, {**rows[0], "path": f"{CHR1}/7.parquet"}]),
        [("sim-gencode", None, None, "index")],
    ),
    "index, another start": (index_row(start=1), [(*PLACE, "index start")]),
    "index, another split": (index_row(split="test"), [(*PLACE, "index split")]),
    "index, another count": (index_row(N=1_000_000), [(*PLACE, "index N")]),
    "index, another DNA": (index_row(dna_sha256="0" * 64), [(*PLACE, "index dna_sha256")]),
    "index, another sum": (index_number("target_sum", 5, 1e6), [(*PLACE, "index sum intragenic_regions_-")]),
    "index, no sum": (index_number("target_sum", 5, None), [(*PLACE, "index sum intragenic_regions_-")]),
    "index, another count above 0": (
        index_number("target_positive", 5, 7),
        [(*PLACE, "index positive intragenic_regions_-")],
    ),
    "index, another greatest": (index_number("target_max", 0, 0.25), [(*PLACE, "index max primary_tss_+")]),
    "segments, a run less": (
        segments(
            lambda rows: [row for row in rows if (row["channel"], row["start"]) != ("intragenic_regions_+", 2_500)]
        ),
        [("sim-gencode", "chr1", 2_500, "segments intragenic_regions_+")],
    ),
    "segments, truncated": (
        truncate("targets/sim-gencode/chr1.parquet", 100),
        [("sim-gencode", "chr1", start, "file") for start in (0, 60_000, 120_000, 180_000)],
    ),
    "table of chromosomes, another split": (
        rows(
            "assemblies/sim-gencode/chromosomes.parquet",
            lambda rows: [{**row, "split": "test" if row["chrom"] == "chr2" else row["split"]} for row in rows],
        ),
        [
            *(("sim-gencode", "chr2", start, what) for start in (0, 60_000, 120_000) for what in ("file", "index")),
            *[("sim-gencode", None, None, "file")] * 3,
            *[("sim-gencode", None, None, "index")] * 3,
            ("sim-gencode", "chr2", None, "chromosomes: length, split, aliases, sha256"),
        ],
    ),
    "table of chromosomes, another alias": (
        rows(
            "assemblies/sim-gencode/chromosomes.parquet",
            lambda rows: [{**row, "aliases": ["one"] if row["chrom"] == "chr1" else row["aliases"]} for row in rows],
        ),
        [("sim-gencode", "chr1", None, "chromosomes: length, split, aliases, sha256")],
    ),
    "table of transcripts, another end": (
        transcript(end=2_600, reason="selected"),
        [("sim-gencode", "chr1", 2_500, "transcripts")],
    ),
    "table of transcripts, a row less": (
        rows("annotation/sim-gencode/transcripts.parquet", lambda rows: rows[:-1]),
        [("sim-gencode", None, None, "transcripts")],
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_planted_fault_is_found_where_it_is(dataset, root, name):
    damage, expected = FAULTS[name]
    damage(root)
    differing = found(dataset, root)
    beside = [difference for difference in differing if difference not in (FILE, BYTES)]
    assert beside == expected
    changed = (root / BLOCK).is_file() and (root / BLOCK).read_bytes() != (dataset.root / BLOCK).read_bytes()
    assert (FILE in differing) == changed


def test_shifted_peak_is_told_with_what_was_expected_and_found(dataset, root):
    """A TSS of chr1's + strand at 2,500 (the first + transcript of the simulated annotation), one base to the right."""
    first = f"{CHR1}/0.parquet"
    edit_block(root / first, shift_peaks)
    differences = {d.what: d for d in verified(dataset, root).differences}
    told = differences["primary_tss_+"]
    before = np.float32(np.exp(-10.0))  # at 20 bp, the radius, laplace of width 2
    assert (told.position, told.expected, told.found) == (2_480, str(float(before)), "0.0")
    assert set(differences) - {"primary_tss_+"} <= {"file's sha256", "file's bytes", "combined targets below mRNA"}


def test_swapped_strand_is_found_in_every_channel_that_has_anything(dataset, root):
    edit_block(root / BLOCK, swap_strands)
    told = [d for d in verified(dataset, root).differences if d.what in CHANNELS]
    before = pq.ParquetFile(dataset.root / BLOCK).read()["targets"].chunk(0).flatten().flatten().to_numpy()
    filled = before.reshape(-1, 12).any(axis=0)
    expected = [name for number, name in enumerate(CHANNELS) if filled[number] or filled[number ^ 1]]
    assert [d.what for d in told] == expected


def test_stale_block_of_an_older_kernel_is_found_even_if_the_index_agrees(dataset, older, root):
    """Its runs are those of the present kernel; the file and its row of the index are the older ones."""
    first = f"{CHR1}/0.parquet"
    shutil.copy(older.root / first, root / first)
    (stale,) = [row for row in pq.read_table(older.root / INDEX).to_pylist() if row["path"] == first]
    edit_rows(root / INDEX, lambda rows: [stale if row["path"] == first else row for row in rows])
    differences = verified(dataset, root).differences
    assert {(d.genome, d.chrom) for d in differences} == {PLACE[:2]}
    told = {d.what: d for d in differences}
    assert "'width_bp': 2.0" in told["stated kernel"].expected
    assert "'width_bp': 10.0" in told["stated kernel"].found
    assert any(what in CHANNELS and "tss" in what for what in told)
    assert not any("intragenic" in what for what in told)
    assert not any(what.startswith("segments") or what.startswith("file") for what in told)


def test_whole_dataset_of_an_older_kernel_is_found(dataset, older):
    report = verify(dataset.catalogue, older.layout)
    stale = {(d.genome, d.chrom, d.position) for d in report.differences if d.what == "stated kernel"}
    assert len(stale) == BLOCKS


@pytest.mark.parametrize("name", ["annotation.gtf", "sequence.fa"])
@pytest.mark.parametrize("gone", [False, True])
def test_input_that_changed_or_is_gone_is_told_and_nothing_is_compared_with_it(tmp_path, name, gone):
    small = build_small(tmp_path / "own")
    path = small.layout.simulated("sim-gencode") / name
    content = path.read_bytes()
    path.unlink()
    if not gone:
        path.write_bytes(content.replace(b"chr1", b"chrA", 1))
    report = verify(small.catalogue, small.layout)
    (told,) = report.differences
    assert (told.genome, told.what) == ("sim-gencode", f"input {'annotation' if 'gtf' in name else 'sequence'}")
    assert (told.found == "no such file") == gone
    assert report.nt == 600_000  # of the two other genomes
    assert report.blocks < report.blocks_in_all == BLOCKS


def test_chromosome_table_with_another_length_is_found(dataset, root):
    length_of("chr1", +10)(root)
    differences = verified(dataset, root).differences
    (told,) = [d for d in differences if d.what == "chromosomes: length, split, aliases, sha256"]
    assert told.chrom == "chr1"
    assert told.expected.startswith("(204083, 'train'")
    assert told.found == told.expected.replace("204083", "204093")


def test_genome_that_was_not_imported_is_told(dataset, root):
    shutil.rmtree(root / "assemblies/sim-refseq")
    whats = [d.what for d in verified(dataset, root, genomes=["sim-refseq"]).differences]
    assert whats[0] == "chromosomes"


def test_dataset_without_an_index_is_a_users_error(dataset, root):
    (root / INDEX).unlink()
    with pytest.raises(DatasetError, match=r"blocks\.parquet does not exist"):
        verified(dataset, root)


def test_an_index_of_an_earlier_version_is_a_users_error(dataset, root):
    table = pq.read_table(root / INDEX)
    pq.write_table(table.drop_columns(["target_positive"]), root / INDEX)
    with pytest.raises(DatasetError, match="has no column target_positive: an earlier version made it"):
        verified(dataset, root)


def test_unknown_genome_is_a_users_error(dataset):
    with pytest.raises(CatalogueError, match="did you mean 'sim-gencode'"):
        verified(dataset, dataset.root, genomes=["sim-gencod"])


# --- Samples ---


def test_sample_is_stated_and_the_same_each_time(dataset, root):
    for path in root.glob("blocks/**/*.parquet"):
        edit_block(path, lambda parts: parts.targets.fill(0.5))

    def drawn(**how: Any) -> tuple[Report, set[tuple[Any, ...]]]:
        report = verify(dataset.catalogue, Layout(root), **how)
        return report, {(d.genome, d.chrom, d.position) for d in report.differences if d.what == "file's sha256"}

    report, first = drawn(sample=5, seed=1)
    assert (report.blocks, report.blocks_in_all, report.seed, len(first)) == (5, BLOCKS, 1, 5)
    assert drawn(sample=5, seed=1)[1] == first
    assert drawn(sample=5, seed=2)[1] != first
    assert len(drawn(sample=1_000)[1]) == BLOCKS


def test_missing_block_is_found_whatever_is_drawn(dataset, root):
    (root / BLOCK).unlink()
    for seed in range(3):
        assert (*PLACE, "file") in found(dataset, root, sample=1, seed=seed)


# --- The command ---


def catalogue_of(dataset: Dataset) -> str:
    return str(dataset.root.parent / "catalogue.yaml")


def test_command_prints_the_first_differences_and_counts_all(dataset, root):
    for path in root.glob("blocks/train/genome=sim-gencode/**/*.parquet"):
        edit_block(path, lambda parts: parts.targets.fill(0.5))
    done = command("verify", "--catalogue", catalogue_of(dataset), "--root", str(root), "--genome", "sim-gencode")
    assert done.returncode == 1
    shown = [line for line in done.stdout.splitlines() if line.startswith("│ sim-gencode")]
    assert len(shown) == 20
    assert "primary_tss_+ 7" in done.stdout.split("In all: ")[1]
    assert "differences." in done.stdout
    assert "Traceback" not in done.stderr


def test_command_without_a_dataset_is_a_users_error(dataset, tmp_path):
    done = command("verify", "--catalogue", catalogue_of(dataset), "--root", str(tmp_path))
    assert done.returncode == 2
    assert "does not exist" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_difference_is_a_value():
    one = Difference("g", "c", 5, "primary_tss_+", "1.0", "0.0")
    assert replace(one, count=2).count == 2
