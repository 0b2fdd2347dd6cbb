"""SQL over a dataset: the views, what is refused, and every standing check passing on a good dataset and failing."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from built import (
    BLOCKS,
    CHROMOSOMES,
    NT,
    BlockParts,
    Dataset,
    build_small,
    copy_of,
    edit_block,
    edit_rows,
)
from click.testing import CliRunner

from genatator_assets.cli import main
from genatator_assets.errors import DatasetError, QueryError
from genatator_assets.query.checks import check_names, describe_check, run_check, warns
from genatator_assets.query.connect import ask, connect

CHR1 = "blocks/train/genome=sim-gencode/chrom=chr1"
BLOCK = f"{CHR1}/60000.parquet"
HUMAN = {"genome": "sim-gencode", "chrom": "chr1"}
VIEWS = {
    "exons",
    "genes",
    "introns",
    "n_gaps",
    "sequences",
    "coding",
    "suspicions",
    "block_targets",
    "blocks",
    "channels",
    "chromosomes",
    "dna_alphabet",
    "input_files",
    "lineage",
    "segments",
    "sites",
    "species_coverage",
    "split_overview",
    "statistics",
    "stored_blocks",
    "target_sums",
    "transcript_reasons",
    "transcripts",
}

Row = dict[str, Any]
Damage = Callable[[Path], None]


@pytest.fixture
def root(dataset: Dataset, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return copy_of(dataset, tmp_path / "root")


def answer(root: Path, question: str) -> list[tuple[Any, ...]]:
    with connect(root) as connection:
        return list(ask(connection, question).rows)


def offenders(root: Path, check: str) -> list[Row]:
    """What a check finds, with paths relative to the root."""
    with connect(root) as connection:
        finding = run_check(connection, check)
    assert finding.offenders == len(finding.sample.rows)
    assert finding.passed == (finding.offenders == 0)
    rows = [dict(zip(finding.sample.columns, row, strict=True)) for row in finding.sample.rows]
    return [{**row, "file": row["file"].removeprefix(f"{root.resolve()}/")} if "file" in row else row for row in rows]


# --- How a dataset gets damaged ---


def index_block(start: int, /, **changed: Any) -> Damage:
    """Change one row of the index: a block of the human chr1."""

    def change(rows: list[Row]) -> list[Row]:
        return [{**row, **changed} if is_block(row, start) else row for row in rows]

    return lambda root: edit_rows(root / "dataset/blocks.parquet", change)


def is_block(row: Row, start: int) -> bool:
    return (row["genome"], row["chrom"], row["start"]) == ("sim-gencode", "chr1", start)


def index_chrom(chrom: str, /, **changed: Any) -> Damage:
    """Change all rows of a chromosome in the index."""

    def change(rows: list[Row]) -> list[Row]:
        return [{**row, **changed} if row["chrom"] == chrom else row for row in rows]

    return lambda root: edit_rows(root / "dataset/blocks.parquet", change)


def index_channel(chrom: str, channel: int, **cell: float | None) -> Damage:
    """Change one channel's target_sum or target_max in all rows of a chromosome in the index."""

    def change(rows: list[Row]) -> list[Row]:
        for row in rows:
            for name, value in cell.items():
                if row["chrom"] == chrom:
                    row[name][channel] = value
        return rows

    return lambda root: edit_rows(root / "dataset/blocks.parquet", change)


def forget_block(start: int) -> Damage:
    return lambda root: edit_rows(
        root / "dataset/blocks.parquet", lambda rows: [row for row in rows if not is_block(row, start)]
    )


def list_block_twice(root: Path) -> None:
    edit_rows(root / "dataset/blocks.parquet", lambda rows: [*rows, *(row for row in rows if is_block(row, 60_000))])


def forget_chromosome(root: Path) -> None:
    edit_rows(root / "dataset/blocks.parquet", lambda rows: [row for row in rows if row["chrom"] != "chr2"])


def forget_genome(root: Path) -> None:
    """As if the import of a genome had failed."""
    shutil.rmtree(root / "assemblies/sim-refseq")
    edit_rows(root / "dataset/blocks.parquet", lambda rows: [row for row in rows if row["genome"] != "sim-refseq"])


def same_dna(start: int, genome: str, chrom: str) -> Damage:
    """Return a block of the human chr1 the DNA hash of another chromosome's first block."""

    def change(rows: list[Row]) -> list[Row]:
        (other,) = [row for row in rows if (row["genome"], row["chrom"], row["start"]) == (genome, chrom, 0)]
        return [{**row, "dna_sha256": other["dna_sha256"]} if is_block(row, start) else row for row in rows]

    return lambda root: edit_rows(root / "dataset/blocks.parquet", change)


def remove_file(root: Path) -> None:
    (root / BLOCK).unlink()


def write(path: str) -> Damage:
    return lambda root: (root / path).write_text("x") and None


def add_orphan(root: Path) -> None:
    shutil.copy(root / BLOCK, root / CHR1 / "240000.parquet")


def metadata(**changed: Any) -> Damage:
    return lambda root: edit_block(root / BLOCK, lambda block: block.metadata.update(changed))


def no_metadata(key: str) -> Damage:
    return lambda root: edit_block(root / BLOCK, lambda block: block.metadata.pop(key))


def metadata_text(text: str) -> Damage:
    def change(root: Path) -> None:
        table = pq.ParquetFile(root / BLOCK).read()
        pq.write_table(table.set_column(2, "metadata", pa.array([text])), root / BLOCK)

    return change


def rename(place: str) -> Damage:
    def change(root: Path) -> None:
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / BLOCK).rename(root / place)

    return change


def swap_target_names(root: Path) -> None:
    def swap(block: BlockParts) -> None:
        names = block.metadata["target_names"]
        names[0], names[1] = names[1], names[0]

    edit_block(root / BLOCK, swap)


def dna_one_letter_short(root: Path) -> None:
    def shorten(block: BlockParts) -> None:
        block.dna = block.dna[:-1]

    edit_block(root / BLOCK, shorten)


def targets_cut(rows: int = 0, channels: int = 0) -> Damage:
    def cut(block: BlockParts) -> None:
        length, width = block.targets.shape
        block.targets = np.ascontiguousarray(block.targets[: length - rows, : width - channels])

    return lambda root: edit_block(root / BLOCK, cut)


def target(value: float, base: int = 7, channel: int = 3) -> Damage:
    def change(block: BlockParts) -> None:
        block.targets[base, channel] = value

    return lambda root: edit_block(root / BLOCK, change)


def all_targets(value: float) -> Damage:
    return lambda root: edit_block(root / BLOCK, lambda block: block.targets.fill(value))


def above_one_in_the_index_too(root: Path) -> None:
    target(1.5)(root)
    index_block(60_000, target_max=[1.5] * 12)(root)


def null_cell(root: Path) -> None:
    def change(block: BlockParts) -> None:
        block.targets = block.targets.tolist()
        block.targets[7][3] = None

    edit_block(root / BLOCK, change)


def null_base(root: Path) -> None:
    def change(block: BlockParts) -> None:
        block.targets = block.targets.tolist()
        block.targets[7] = None

    edit_block(root / BLOCK, change)


def two_rows(root: Path) -> None:
    table = pq.ParquetFile(root / BLOCK).read()
    pq.write_table(pa.concat_tables([table, table]), root / BLOCK)


def no_rows(root: Path) -> None:
    pq.write_table(pq.ParquetFile(root / BLOCK).read().slice(0, 0), root / BLOCK)


def column_more(root: Path) -> None:
    table = pq.ParquetFile(root / BLOCK).read()
    pq.write_table(table.append_column("labels", pa.array(["x"])), root / BLOCK)


def column_less(root: Path) -> None:
    pq.write_table(pq.ParquetFile(root / BLOCK).read().drop_columns(["targets"]), root / BLOCK)


def doubles(root: Path) -> None:
    table = pq.ParquetFile(root / BLOCK).read()
    pq.write_table(
        table.set_column(1, "targets", table["targets"].cast(pa.list_(pa.list_(pa.float64(), 12)))), root / BLOCK
    )


def segments(change: Callable[[list[Row]], list[Row]]) -> Damage:
    return lambda root: edit_rows(root / "targets/sim-gencode/chr1.parquet", change)


def end_combined_run_early(rows: list[Row]) -> list[Row]:
    first = ("intragenic_regions_+", 2_500)
    return [{**row, "end": 37_000} if (row["channel"], row["start"]) == first else row for row in rows]


def lengthen_combined_run(rows: list[Row]) -> list[Row]:
    first = ("intragenic_regions_+", 2_500)
    return [{**row, "end": 60_007} if (row["channel"], row["start"]) == first else row for row in rows]


def a_little_more(rows: list[Row]) -> list[Row]:
    for row in rows:
        if is_block(row, 60_000):
            row["target_sum"][4] *= 1 + 1e-8
    return rows


def lower_combined_peak(rows: list[Row]) -> list[Row]:
    peak = ("primary_tss_+", 2_500)
    return [{**row, "value": 0.5} if (row["channel"], row["start"]) == peak else row for row in rows]


def drop_combined_channel(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["channel"] != "intragenic_regions_+"]


def transcript(**changed: Any) -> Damage:
    """Change the selected transcript of line 7 of the human annotation, on chr1."""

    def change(rows: list[Row]) -> list[Row]:
        return [{**row, **changed} if row["source_line"] == 7 else row for row in rows]

    return lambda root: edit_rows(root / "annotation/sim-gencode/transcripts.parquet", change)


def select_nothing_on_chr3(root: Path) -> None:
    edit_rows(
        root / "annotation/sim-gencode/transcripts.parquet",
        lambda rows: [{**row, "selected": row["selected"] and row["chrom"] != "chr3"} for row in rows],
    )


def suspicion(kind: str, told: str) -> Damage:
    def damage(root: Path) -> None:
        path = root / "annotation/sim-refseq/summary.json"
        summary = json.loads(path.read_text())
        path.write_text(json.dumps({**summary, "suspicions": [{"kind": kind, "told": told}]}))

    return damage


def select_nothing_of_refseq(root: Path) -> None:
    edit_rows(
        root / "annotation/sim-refseq/transcripts.parquet", lambda rows: [{**row, "selected": False} for row in rows]
    )


# --- Each check, damage, and what must be found (each row found must have these values) ---

OF_BLOCK = {"file": BLOCK}
FAULTS: dict[str, list[tuple[str, Damage, list[Row]]]] = {
    "block_size_is_kept": [
        ("longer than stated", metadata(block_size_bp=59_999), [{**OF_BLOCK, "block_size_bp": 59_999}]),
        ("more than ten million", metadata(block_size_bp=10_000_001), [{**OF_BLOCK, "block_size_bp": 10_000_001}]),
        ("none stated", no_metadata("block_size_bp"), [{**OF_BLOCK, "block_size_bp": None}]),
        ("empty", metadata(end=60_000), [{**OF_BLOCK, "start": 60_000, "end": 60_000}]),
    ],
    "blocks_are_as_planned": [
        ("block forgotten", forget_block(60_000), [{**HUMAN, "start": 60_000, "end": None, "fault": "is missing"}]),
        (
            "ends early",
            index_block(180_000, end=204_082),
            [{**HUMAN, "end": 204_082, "planned_end": 204_083, "fault": "ends elsewhere"}],
        ),
        (
            "starts elsewhere",
            index_block(60_000, start=60_001),
            [
                {**HUMAN, "start": 60_000, "planned_end": 120_000, "fault": "is missing"},
                {**HUMAN, "start": 60_001, "planned_end": None, "fault": "is not planned"},
            ],
        ),
        (
            "chromosome forgotten",
            forget_chromosome,
            [{**HUMAN, "chrom": "chr2", "start": start, "fault": "is missing"} for start in (0, 60_000, 120_000)],
        ),
    ],
    "blocks_are_contiguous": [
        ("gap", index_block(60_000, end=119_990), [{**HUMAN, "start": 120_000, "previous_end": 119_990}]),
        ("overlap", index_block(60_000, end=120_001), [{**HUMAN, "start": 120_000, "previous_end": 120_001}]),
        ("block forgotten", forget_block(60_000), [{**HUMAN, "start": 120_000, "previous_end": 60_000}]),
        ("block twice", list_block_twice, [{**HUMAN, "start": 60_000, "previous_end": 120_000}]),
    ],
    "blocks_cover_chromosomes": [
        ("first not at 0", index_block(0, start=1), [{**HUMAN, "first_start": 1}]),
        ("first forgotten", forget_block(0), [{**HUMAN, "first_start": 60_000}]),
        (
            "last end short",
            index_block(180_000, end=204_082),
            [{**HUMAN, "last_end": 204_082, "chrom_length": 204_083}],
        ),
        (
            "one states another length",
            index_block(60_000, chrom_length=204_084),
            [{**HUMAN, "least_stated_length": 204_083, "greatest_stated_length": 204_084}],
        ),
        ("all state another length", index_chrom("chr1", chrom_length=204_082), [{**HUMAN, "chrom_length": 204_083}]),
        ("no such chromosome", index_chrom("chr1", chrom="chr9"), [{"chrom": "chr9", "chrom_length": None}]),
    ],
    "combined_covers_mrna": [
        (
            "combined run ends early",
            segments(end_combined_run_early),
            [{**HUMAN, "kind": "intragenic", "strand": "+", "position": 37_000, "mrna_value": 1.0}],
        ),
        (
            "combined peak is lower",
            segments(lower_combined_peak),
            [{**HUMAN, "kind": "tss", "strand": "+", "position": 2_500, "mrna_value": 1.0, "combined_value": 0.5}],
        ),
        (
            "no combined channel",
            segments(drop_combined_channel),
            [{**HUMAN, "position": start, "combined_value": None} for start in (2_500, 41_702)],
        ),
    ],
    "combined_sums_cover_mrna": [
        (
            "a lower sum",
            index_channel("chr1", 0, target_sum=0.5),
            [{**HUMAN, "kind": "tss", "strand": "+", "combined_sum": 0.5}],
        ),
        (
            "a lower greatest value",
            index_channel("chr1", 4, target_max=0.5),
            [
                {**HUMAN, "kind": "intragenic", "start": start, "combined_max": 0.5, "mrna_max": 1.0}
                for start in (0, 60_000)
            ],
        ),
        (
            "no sum",
            index_channel("chr1", 10, target_sum=None),
            [{**HUMAN, "kind": "intragenic", "strand": "+", "mrna_sum": None}] * 4,
        ),
    ],
    "every_chromosome_has_blocks": [
        ("no blocks", forget_chromosome, [{**HUMAN, "chrom": "chr2", "fault": "has no finished blocks"}]),
        (
            "blocks of an unknown chromosome",
            index_block(0, chrom="chr9"),
            [{**HUMAN, "chrom": "chr9", "fault": "is not included in the catalogue"}],
        ),
        ("genome not imported", forget_genome, [{"genome": "sim-refseq", "chrom": None, "fault": "is not imported"}]),
    ],
    "folders_agree_with_metadata": [
        ("folder of another split", rename(BLOCK.replace("train", "test")), [{"file": BLOCK.replace("train", "test")}]),
        ("folder of another chromosome", rename(BLOCK.replace("chr1", "chr2")), [{}]),
        ("another start", rename(BLOCK.replace("60000", "60001")), [{"file": f"{CHR1}/60001.parquet"}]),
        ("metadata of another split", metadata(split="test"), [OF_BLOCK]),
        ("metadata of another genome", metadata(genome="hg19"), [OF_BLOCK]),
        ("metadata without a chromosome", no_metadata("chrom"), [{**OF_BLOCK, "by_metadata": None}]),
    ],
    "index_agrees_with_files": [
        ("file missing", remove_file, [{**OF_BLOCK, "fault": "the file is missing: build again"}]),
        (
            "file too many",
            add_orphan,
            [
                {
                    "file": f"{CHR1}/240000.parquet",
                    "fault": "not in the index: if a build leaves it so, delete the file",
                }
            ],
        ),
        *(
            (f"{name} among the blocks", write(f"blocks/{name}"), [{"file": f"blocks/{name}", "index_bytes": None}])
            for name in ("stray.parquet", "train/x.parquet", "train/genome=sim-gencode/chrom=chr1/notes.txt", "README")
        ),
        ("listed twice", list_block_twice, [{**OF_BLOCK, "fault": "listed more than once"}]),
        # A single NaN leaves no trace in the footer's least and greatest value: the file's size gives it away.
        ("NaN", target(np.nan), [{**OF_BLOCK, "fault": "the sizes differ: delete the file and build again"}]),
    ],
    "index_agrees_with_metadata": [
        ("start", metadata(start=60_001), [{**OF_BLOCK, "start": 60_000, "stored_start": 60_001}]),
        ("end", metadata(end=119_999), [OF_BLOCK]),
        ("chrom", metadata(chrom="chr2"), [{**OF_BLOCK, "chrom": "chr1", "stored_chrom": "chr2"}]),
        ("genome", metadata(genome="hg19"), [{**OF_BLOCK, "genome": "sim-gencode", "stored_genome": "hg19"}]),
        ("split", metadata(split="test"), [OF_BLOCK]),
        ("chrom_length", metadata(chrom_length=1), [OF_BLOCK]),
        ("no genome", no_metadata("genome"), [{**OF_BLOCK, "stored_genome": None}]),
    ],
    "index_agrees_with_targets": [
        (
            "a run ends early",
            segments(end_combined_run_early),
            [{**HUMAN, "start": 0, "channels": [4]}],
        ),
        (
            "a run goes on into the next block",
            segments(lengthen_combined_run),
            [{**HUMAN, "start": 0, "channels": [4]}, {**HUMAN, "start": 60_000, "channels": [4]}],
        ),
        (
            "a run past the last block",
            segments(lambda rows: [*rows, {**rows[0], "start": 240_000, "end": 240_001, "value": 0.5}]),
            [{**HUMAN, "start": 240_000, "channels": [0], "run_sums": [0.5], "index_sums": [None]}],
        ),
        (
            "a peak is lower",
            segments(lower_combined_peak),
            [{**HUMAN, "start": 0, "channels": [0], "index_maxima": [1.0]}],
        ),
        (
            "a channel without runs",
            segments(drop_combined_channel),
            [{**HUMAN, "start": start, "channels": [4], "run_sums": [0.0]} for start in (0, 60_000)],
        ),
        (
            "another sum in the index",
            index_channel("chr3", 10, target_sum=0.25),
            [{"chrom": "chr3", "channels": [10], "index_sums": [0.25]}] * 2,
        ),
        (
            "a sum that is off by a hundred-millionth",
            lambda root: edit_rows(root / "dataset/blocks.parquet", a_little_more),
            [{**HUMAN, "start": 60_000, "channels": [4]}],
        ),
        ("no sum in the index", index_channel("chr3", 10, target_sum=None), [{"channels": [10]}] * 2),
        (
            "another count of bases above 0 in the index",
            index_channel("chr3", 10, target_positive=1),
            [{"chrom": "chr3", "channels": [10], "index_positives": [1]}] * 2,
        ),
        ("no greatest value in the index", index_channel("chr3", 10, target_max=None), [{"channels": [10]}] * 2),
        (
            "another count in the index",
            index_block(60_000, A=1, C=2, G=3, T=4, N=60_000),
            [{**HUMAN, "start": 60_000, "channels": None, "bases": 60_000, "letters": 60_010}],
        ),
        ("no count in the index", index_block(60_000, A=None), [{**HUMAN, "start": 60_000, "letters": None}]),
    ],
    "lengths_agree": [
        ("DNA short", dna_one_letter_short, [{**OF_BLOCK, "dna_length": 59_999, "target_values": 720_000}]),
        ("targets short", targets_cut(rows=1), [{**OF_BLOCK, "dna_length": 60_000, "target_values": 719_988}]),
        ("eleven channels", targets_cut(channels=1), [{**OF_BLOCK, "target_values": 660_000}]),
        ("base without targets", null_base, [{**OF_BLOCK, "target_values": 719_989}]),
        ("sequence_length", metadata(sequence_length=59_999), [{**OF_BLOCK, "sequence_length": 59_999}]),
        ("no sequence_length", no_metadata("sequence_length"), [{**OF_BLOCK, "sequence_length": None}]),
        ("interval", metadata(end=119_999), [{**OF_BLOCK, "interval_length": 59_999}]),
    ],
    "metadata_is_complete": [
        ("a key less", no_metadata("chrom_length"), [OF_BLOCK]),
        ("a key more", metadata(labels=1), [OF_BLOCK]),
        ("start as text", metadata(start="60000"), [OF_BLOCK]),
        ("length as a fraction", metadata(sequence_length=60_000.0), [OF_BLOCK]),
        ("no list", metadata(target_shape=60_000), [OF_BLOCK]),
        ("null", metadata(split=None), [OF_BLOCK]),
        ("not JSON", metadata_text("genome=sim"), [{**OF_BLOCK, "structure": "genome=sim"}]),
        ("no object", metadata_text("[]"), [OF_BLOCK]),
    ],
    "one_row_of_three_columns": [
        ("two rows", two_rows, [{**OF_BLOCK, "rows": 2}]),
        ("no rows", no_rows, [{**OF_BLOCK, "rows": 0}]),
        ("a column more", column_more, [{**OF_BLOCK, "rows": 1}]),
        ("a column less", column_less, [{**OF_BLOCK, "columns": ["dna_sequence BYTE_ARRAY", "metadata BYTE_ARRAY"]}]),
        ("float64 targets", doubles, [OF_BLOCK]),
    ],
    "peaks_where_sites_are": [
        (
            "no peak of 1",
            index_channel("chr1", 0, target_max=0.5),
            [{**HUMAN, "channel": "primary_tss_+", "transcripts": 4, "greatest": 0.5}],
        ),
        (
            "greatest unknown",
            index_channel("chr1", 0, target_max=None),
            [{**HUMAN, "channel": "primary_tss_+", "greatest": None}],
        ),
        (
            "a sum where no site is",
            index_channel("chr3", 10, target_sum=0.25),
            [{"chrom": "chr3", "channel": "mrna_intragenic_regions_+", "transcripts": 0, "total": 0.5}],
        ),
        (
            "targets of nothing",
            select_nothing_on_chr3,
            [
                {"chrom": "chr3", "channel": f"{group}{kind}_-", "transcripts": 0, "greatest": 1.0}
                for group, kinds in (
                    ("", ["intragenic_regions"]),
                    ("mrna_", ["intragenic_regions", "polya", "tss"]),
                    ("primary_", ["polya", "tss"]),
                )
                for kind in kinds
            ],
        ),
    ],
    "annotations_look_right": [
        (
            "an annotation of another version",
            suspicion("versions_differ", "1 names of the annotation differ"),
            [{"genome": "sim-refseq", "kind": "versions_differ", "told": "1 names of the annotation differ"}],
        ),
    ],
    "every_genome_has_selected_transcripts": [
        ("an annotation misread", select_nothing_of_refseq, [{"genome": "sim-refseq"}]),
    ],
    "selected_transcripts_are_inside": [
        ("past the end", transcript(end=204_084), [{**HUMAN, "source_line": 7, "end": 204_084, "length": 204_083}]),
        ("before the start", transcript(start=-1), [{**HUMAN, "source_line": 7, "start": -1}]),
        ("empty", transcript(end=2_500), [{**HUMAN, "source_line": 7, "start": 2_500, "end": 2_500}]),
        ("no strand", transcript(strand="."), [{**HUMAN, "source_line": 7, "strand": "."}]),
        ("null strand", transcript(strand=None), [{**HUMAN, "source_line": 7, "strand": None}]),
        ("other type", transcript(type="other"), [{**HUMAN, "source_line": 7, "type": "other"}]),
        ("unknown chromosome", transcript(chrom="chr9"), [{"chrom": "chr9", "source_line": 7, "length": None}]),
        (
            "chromosome left out",
            transcript(chrom="chrUn_sim0002", start=1, end=2),
            [{"chrom": "chrUn_sim0002", "source_line": 7, "included": False}],
        ),
    ],
    "sequences_are_in_one_split": [
        (
            "a block of train in test",
            same_dna(60_000, "sim-refseq", "NC_903001.1"),
            [{"splits": ["test", "train"], "blocks": 2}],
        ),
        ("a hash is missing", index_block(60_000, dna_sha256=None), [{"dna_sha256": None, "first_paths": [BLOCK]}]),
    ],
    "splits_are_disjoint": [
        ("one block elsewhere", index_block(60_000, split="test"), [{**HUMAN, "catalogue_split": "train"}]),
        (
            "all elsewhere",
            index_chrom("chr1", split="test"),
            [{**HUMAN, "splits": ["test"], "catalogue_split": "train"}],
        ),
    ],
    "targets_are_in_range": [
        ("above 1", target(1.5), [{**OF_BLOCK, "greatest": 1.5}]),
        ("above 1 in the index too", above_one_in_the_index_too, [{**OF_BLOCK, "index_greatest": 1.5}]),
        ("below 0", target(-0.25), [{**OF_BLOCK, "least": -0.25}]),
        ("infinite", target(np.inf), [OF_BLOCK]),
        ("all NaN", all_targets(np.nan), [OF_BLOCK]),
        ("peak lost", all_targets(0), [{**OF_BLOCK, "greatest": 0.0, "index_greatest": 1.0}]),
        ("null cell", null_cell, [{**OF_BLOCK, "nulls": 1}]),
        ("base without targets", null_base, [{**OF_BLOCK, "nulls": 1}]),
    ],
    "twelve_channels": [
        ("target_names in another order", swap_target_names, [OF_BLOCK]),
        ("no target_names", no_metadata("target_names"), [{**OF_BLOCK, "target_names": None}]),
        ("eleven stated", metadata(target_shape=[60_000, 11]), [{**OF_BLOCK, "channels": "11"}]),
        ("another length stated", metadata(target_shape=[59_999, 12]), [OF_BLOCK]),
        ("no target_shape", no_metadata("target_shape"), [{**OF_BLOCK, "channels": None}]),
    ],
}


# --- What is odd and allowed: no check may find fault with it ---

ODD = """
dataset: odd
gene_finding: {block_size_bp: 60_000}
min_chromosome_length_bp: 1
assemblies:
  - genome: odd-1
    species: "Homo's"
    sequence: {path: odd.fa}
    annotation: {path: odd.gtf}
    chromosomes: {exclude: [left_out]}
    splits: {validation: ["HLA*01:02"]}
  - genome: odd.+2
    species: "Homo's"
    sequence: {path: one.fa}
    annotation: {path: one.gtf}
    gene_finding: {kernel: {shape: box, width_bp: 1, radius_bp: 100}}
    splits: {default: test}
"""

ODD_SEQUENCES = {
    "genes_at_both_ends": ("ACGTTGCA" * 15_001)[:120_001],  # the last block is a base
    "exactly_two_blocks": ("GATTACA" * 17_143)[:120_000],
    "its_twin": ("GATTACA" * 17_143)[:120_000].lower(),
    "nothing_but_n": "N" * 70_000,
    "no_genes": "acgtRYKM" * 100,
    "lncRNA_alone": "ACGT" * 200,
    "HLA*01:02": "CCGG" * 250,
    "one_base": "A",
    "left_out": "ACGT" * 100,
}
"""All of one split, but for the last of two blocks of N in the other genome."""

ODD_TRANSCRIPTS = [  # 0-based
    ("genes_at_both_ends", 0, 1, "+", "protein_coding"),
    ("genes_at_both_ends", 0, 120_001, "-", "protein_coding"),
    ("genes_at_both_ends", 120_000, 120_001, "+", "lncRNA"),
    ("genes_at_both_ends", 59_990, 60_000, "+", "lncRNA"),  # ends where a block does
    ("genes_at_both_ends", 60_000, 60_010, "+", "protein_coding"),  # begins where a block does
    ("exactly_two_blocks", 5, 119_000, "+", "protein_coding"),
    ("exactly_two_blocks", 5, 119_000, "+", "protein_coding"),  # the same once more
    ("exactly_two_blocks", 5, 119_000, "+", "lncRNA"),
    ("lncRNA_alone", 3, 50, "-", "lncRNA"),
    ("HLA*01:02", 10, 20, "+", "protein_coding"),
    ("one_base", 0, 1, "+", "protein_coding"),
    ("left_out", 0, 400, "+", "protein_coding"),
    ("no_genes", 0, 700, "+", "processed_pseudogene"),
    ("nowhere", 0, 5, "+", "protein_coding"),
]


def gtf(transcripts: list[tuple[str, int, int, str, str]]) -> str:
    rows = []
    for number, (chrom, start, end, strand, kind) in enumerate(transcripts):
        names = f'gene_id "g{number}"; transcript_id "t{number}"; gene_type "{kind}"; transcript_type "{kind}";'
        rows += [
            f"{chrom}\tHAVANA\t{feature}\t{start + 1}\t{end}\t.\t{strand}\t.\t{names}\n"
            for feature in ("gene", "transcript", "exon")
        ]
    return "".join(rows)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of everything that is odd and allowed."""
    folder = tmp_path_factory.mktemp("odd")
    (folder / "odd.fa").write_text("".join(f">{name}\n{dna}\n" for name, dna in ODD_SEQUENCES.items()))
    (folder / "odd.gtf").write_text(gtf(ODD_TRANSCRIPTS))
    (folder / "one.fa").write_text(f">only\n{'TTGCA' * 100}\n>nothing_but_n\n{'N' * 70_000}\n")
    (folder / "one.gtf").write_text(gtf([("only", 0, 500, "-", "protein_coding")]))
    return build_small(folder / "dataset", ODD.replace("path: ", "path: ../")).root


def test_the_odd_dataset_is_as_odd_as_it_says(odd):
    assert answer(odd, "select count(*), count(distinct dna_sha256) from blocks") == [(16, 10)]
    assert answer(odd, "select genome, count(*) from transcripts where selected group by all order by all") == [
        ("odd-1", 11),
        ("odd.+2", 1),
    ]
    without = "select chrom from block_targets group by genome, chrom having max(target_max) = 0 order by genome, chrom"
    assert answer(odd, without) == [("its_twin",), ("no_genes",), ("nothing_but_n",), ("nothing_but_n",)]


@pytest.mark.parametrize("check", [name for name in check_names("gene_finding") if not warns(name)])
def test_no_check_finds_fault_with_what_is_odd_and_allowed(odd, check):
    assert offenders(odd, check) == []


def two_runs_for_one(rows: list[Row]) -> list[Row]:
    """Cut every run of ten bases and more in two that touch."""
    cut = []
    for row in rows:
        middle = (row["start"] + row["end"]) // 2
        long = row["end"] - row["start"] >= 10
        cut += [{**row, "end": middle}, {**row, "start": middle}] if long else [row]
    return cut


def in_another_order(root: Path) -> None:
    for table in ("dataset/blocks.parquet", "targets/sim-gencode/chr1.parquet"):
        edit_rows(root / table, lambda rows: rows[::-1])


def rejected_transcript(**changed: Any) -> Damage:
    def change(rows: list[Row]) -> list[Row]:
        first = next(row for row in rows if not row["selected"])
        return [{**row, **changed} if row is first else row for row in rows]

    return lambda root: edit_rows(root / "annotation/sim-gencode/transcripts.parquet", change)


def all_n(root: Path) -> None:
    edit_rows(
        root / "dataset/blocks.parquet",
        lambda rows: [{**row, "A": 0, "C": 0, "G": 0, "T": 0, "N": 60_000, "dna_sha256": "n"} for row in rows],
    )


def a_rounding_more(root: Path) -> None:
    def change(rows: list[Row]) -> list[Row]:
        return [{**row, "target_sum": [value * (1 + 1e-13) for value in row["target_sum"]]} for row in rows]

    edit_rows(root / "dataset/blocks.parquet", change)


ODDITIES: dict[str, list[tuple[str, Damage]]] = {
    "combined_covers_mrna": [("runs cut in two", segments(two_runs_for_one)), ("another order", in_another_order)],
    "combined_sums_cover_mrna": [("a rounding", a_rounding_more)],
    "blocks_are_as_planned": [("another order", in_another_order)],
    "blocks_are_contiguous": [("another order", in_another_order)],
    "index_agrees_with_targets": [
        ("runs cut in two", segments(two_runs_for_one)),
        ("another order", in_another_order),
        ("a rounding", a_rounding_more),
    ],
    "selected_transcripts_are_inside": [
        ("a rejected one past the end", rejected_transcript(end=10**9)),
        ("a rejected one before the start", rejected_transcript(start=-5)),
        ("a rejected one on no strand", rejected_transcript(strand=".")),
        ("a rejected one of nowhere", rejected_transcript(chrom="nowhere")),
        ("one at base 0", transcript(start=0)),
        ("one up to the last base", transcript(end=204_083)),
    ],
    "peaks_where_sites_are": [("a rejected one where no site is", rejected_transcript(chrom="chr3", strand="-"))],
    "sequences_are_in_one_split": [
        ("equal blocks in one split", same_dna(60_000, "sim-gencode", "chr2")),
        ("nothing but N", all_n),
    ],
    "metadata_is_complete": [("a start of 0", metadata(start=0))],
}


@pytest.mark.parametrize(
    ("check", "oddity"),
    [pytest.param(check, oddity, id=f"{check}: {name}") for check, of in ODDITIES.items() for name, oddity in of],
)
def test_a_check_holds_back_where_something_is_only_odd(root, check, oddity):
    oddity(root)
    assert offenders(root, check) == []


# --- Every check on a good dataset, and on damaged ones ---


def test_every_check_is_shown_failing():
    assert set(FAULTS) == set(check_names("gene_finding"))
    assert all(FAULTS.values())


@pytest.mark.parametrize("check", check_names("gene_finding"))
def test_check_passes_on_a_good_dataset(dataset, check):
    assert offenders(dataset.root, check) == []


@pytest.mark.parametrize(
    ("check", "damage", "expected"),
    [
        pytest.param(check, damage, expected, id=f"{check}: {name}")
        for check, cases in FAULTS.items()
        for name, damage, expected in cases
    ],
)
def test_check_names_what_offends(root, check, damage, expected):
    damage(root)
    found = offenders(root, check)
    assert len(found) == len(expected)
    assert [{key: row[key] for key in wanted} for row, wanted in zip(found, expected, strict=True)] == expected


@pytest.mark.parametrize("check", check_names("gene_finding"))
def test_check_says_what_it_demands(check):
    assert describe_check(check).endswith(".")


def test_finding_shows_only_the_first_offenders(root):
    for number in range(25):
        shutil.copy(root / BLOCK, root / CHR1 / f"9{number:02}.parquet")
    with connect(root) as connection:
        finding = run_check(connection, "index_agrees_with_files")
    assert finding.offenders == 25
    assert len(finding.sample.rows) == 20


def test_check_of_what_is_not_built_says_so(dataset, tmp_path):
    shutil.copytree(dataset.root / "assemblies", tmp_path / "assemblies")
    with connect(tmp_path) as connection, pytest.raises(QueryError, match="has not been built yet"):
        run_check(connection, "blocks_are_contiguous")


TWINS = """
dataset: twins
gene_finding: {block_size_bp: 60_000}
min_chromosome_length_bp: 50_000
assemblies:
  - genome: a
    species: S
    simulate: {seed: 1, total_bp: 100_000, chromosomes: 1, short_scaffolds: 0, flavour: gencode}
  - genome: b
    species: S
    simulate: {seed: 1, total_bp: 100_000, chromosomes: 1, short_scaffolds: 0, flavour: gencode}
    splits: {default: test}
"""


def test_one_sequence_under_two_names_in_two_splits_is_found(tmp_path):
    root = build_small(tmp_path / "twins", TWINS).root
    found = offenders(root, "sequences_are_in_one_split")
    assert [row["first_paths"] for row in found] == [
        [f"blocks/test/genome=b/chrom=chr1/{start}.parquet", f"blocks/train/genome=a/chrom=chr1/{start}.parquet"]
        for start in (0, 60_000)
    ]


# --- Views ---


def test_there_are_these_views(dataset):
    assert {name for (name,) in answer(dataset.root, "show tables")} == VIEWS


@pytest.mark.parametrize("view", sorted(VIEWS - {"suspicions"}))
def test_view_answers(dataset, view):
    with connect(dataset.root) as connection:
        found = ask(connection, f"select * from {view}")
    assert found.rows
    assert all(len(row) == len(found.columns) for row in found.rows)


def test_views_hold_the_dataset(dataset):
    (counts,) = answer(
        dataset.root,
        """select (select count(*) from blocks), (select count(*) from stored_blocks),
        (select count(*) from block_targets), (select count(*) from chromosomes where included),
        (select sum(length(dna_sequence)) from stored_blocks),
        (select value from statistics where split = 'test' and statistic = 'chroms')""",
    )
    assert counts == (BLOCKS, BLOCKS, 12 * BLOCKS, CHROMOSOMES, NT, 2)


def test_block_targets_pair_each_channel_with_its_numbers(dataset):
    (row,) = answer(
        dataset.root,
        """select b.target_sum[12] = t.target_sum, b.target_max[12] = t.target_max, t.channel
        from block_targets t join blocks b using (genome, chrom, start)
        where t.channel_index = 11 and genome = 'sim-gencode' and chrom = 'chr1' and start = 0""",
    )
    assert row == (True, True, "mrna_intragenic_regions_-")


# --- What is asked ---

READING = [
    "from blocks select count(*)",
    "with x as (select 1) select * from x;",
    "select 1 -- one",
    "values (1), (2)",
    "describe blocks",
    "describe select 1",
    "show tables",
    "summarize blocks",
    "explain select * from blocks",
    "EXPLAIN ANALYZE select count(*) from blocks;",
    "explain (format json) select 1",
    "pivot blocks on split in ('train', 'test') using count(*)",
    "from target_runs('sim-gencode', 'chr1', 2_000, 3_000)",
    "explain from targets('sim-gencode', 'chr1', 0, 5)",
    "with t as (from targets('sim-gencode', 'chr1', 0, 5)) select * from t",
    "select dna('sim-gencode', 'chr1', 0, 5)",
]

WRITING = [
    "copy (select 1) to '{out}'",
    "copy (select 1) to '{out}' (format parquet)",
    "with x as (copy (select 1) to '{out}') select * from x",
    "explain analyze copy (select 1) to '{out}'",
    "explain (analyze) copy (select 1) to '{out}'",
    "explain analyze with x as (copy (select 1) to '{out}') select * from x",
    "explain analyze create table t as select 1",
    "explain analyze drop view blocks",
    "explain analyze attach '{out}'",
    "select * from query('copy (select 1) to ''{out}''')",
    "select * from enable_logging('QueryLog', storage = 'file', storage_path = '{out}')",
    "call enable_logging('QueryLog', storage = 'file', storage_path = '{out}')",
    "select 1) ; copy (select 1) to '{out}'; select (1",
    "select 1; copy (select 1) to '{out}'",
    "export database '{out}'",
    "attach '{out}'",
    "pragma enable_profiling = 'json'",
    "pragma profiling_output = '{out}'",
    "pragma import_database('{out}')",
    "set threads = 1",
    "reset threads",
    "create table t (a int)",
    "create or replace view blocks as select 1",
    "create or replace macro root() as '/'",
    "drop macro table targets",
    "set variable root = '/'",
    "reset variable root",
    "select * from targets('sim-gencode', 'chr1', 0, (copy (select 1) to '{out}'))",
    "insert into blocks values (1)",
    "with x as (insert into blocks select * from blocks returning *) select * from x",
    "update blocks set start = 1",
    "delete from blocks",
    "drop view blocks",
    "alter view blocks rename to b",
    "install httpfs",
    "load httpfs",
    "prepare p as copy (select 1) to '{out}'",
    "begin",
    "checkpoint",
    "",
    ";",
    "-- nothing",
]


@pytest.mark.parametrize("question", READING)
def test_reading_is_answered(dataset, question):
    assert answer(dataset.root, question)


@pytest.mark.parametrize("question", WRITING)
def test_writing_is_refused(dataset, tmp_path, monkeypatch, question):
    monkeypatch.chdir(tmp_path)
    with connect(dataset.root) as connection:
        with pytest.raises(QueryError):
            ask(connection, question.format(out=tmp_path / "out"))
        assert ask(connection, "select count(*) from blocks").rows == ((BLOCKS,),)
    assert list(tmp_path.iterdir()) == []


def test_refusal_says_what_to_ask_with(dataset):
    with pytest.raises(QueryError, match="found a statement of type DROP; datasets are read-only: ask with SELECT"):
        answer(dataset.root, "drop view blocks")


def test_copy_is_refused_with_the_option_that_writes(dataset):
    with pytest.raises(QueryError, match=r"only a file that the command line names is written: .* with -o FILE"):
        answer(dataset.root, "copy (select 1) to 'a.csv'")


def test_fault_is_shown_in_the_line_where_it_is(dataset):
    with pytest.raises(QueryError, match=r"LINE 2:\s+nothing\n"):
        answer(dataset.root, "select\n  nothing\nfrom blocks")


def test_order_of_the_question_is_kept(dataset):
    starts = answer(dataset.root, "select start from blocks where chrom = 'chr1' order by start desc")
    assert starts == [(180_000,), (120_000,), (60_000,), (0,)]


def test_variables_of_the_program_are_no_tables(dataset):
    with pytest.raises(QueryError, match="Table with name connection does not exist"):
        answer(dataset.root, "select * from connection")


# --- What can be read ---


@pytest.fixture(scope="module")
def fenced(dataset, tmp_path_factory):
    """A root with files of somebody else around it and links to them in it."""
    folder = tmp_path_factory.mktemp("fenced")
    root = copy_of(dataset, folder / "root")
    for name in ("outside", "root-too"):
        (folder / name).mkdir()
        (folder / name / "secret.csv").write_text("secret\n1\n")
    (root / "notes.csv").write_text("note\n7\n")
    (root / "link").symlink_to(folder / "outside")
    (root / "linked.csv").symlink_to(folder / "outside" / "secret.csv")
    return root


OUTSIDE = [
    "{root}/../outside/secret.csv",
    "{root}-too/secret.csv",
    "{root}/link/secret.csv",
    "{root}/linked.csv",
    "{root}/l*.csv",
    "{root}/*/secret.csv",
    "file://{root}/../outside/secret.csv",
    "/etc/passwd",
    "/proc/self/environ",
    "secret.csv",
    "http://127.0.0.1:9/secret.csv",
    "s3://bucket/secret.csv",
]


@pytest.mark.parametrize("reader", ["read_text('{}')", "read_csv('{}')", "sniff_csv('{}')"])
@pytest.mark.parametrize("path", OUTSIDE)
def test_what_is_outside_the_root_can_not_be_read(fenced, monkeypatch, path, reader):
    monkeypatch.chdir(fenced.parent / "outside")
    question = f"select * from {reader.format(path.format(root=fenced))}"
    with pytest.raises(
        QueryError, match=r"disabled by configuration[\s\S]*Questions read files of the root only; --allow"
    ):
        answer(fenced, question)


def test_what_is_in_the_root_can_be_read(fenced):
    assert answer(fenced, f"select note from '{fenced}/notes.csv'") == [(7,)]
    assert answer(fenced, f"select count(*) from read_parquet('{fenced}/dataset/blocks.parquet')") == [(BLOCKS,)]


@pytest.mark.parametrize("named", ["outside", "outside/secret.csv"])
def test_what_is_allowed_can_be_read_and_nothing_beside_it(fenced, named):
    secret = "select * from '{}/secret.csv'"
    with connect(fenced, [fenced.parent / named]) as connection:
        assert ask(connection, secret.format(fenced.parent / "outside")).rows == ((1,),)
        with pytest.raises(QueryError, match="disabled by configuration"):
            ask(connection, secret.format(f"{fenced}-too"))


def test_the_command_allows_what_it_is_told(fenced, monkeypatch):
    monkeypatch.chdir(fenced.parent)
    question = "select secret + count(*) as s from 'outside/secret.csv', blocks group by secret"
    arguments = ["sql", question, "--root", str(fenced), "--format", "csv"]
    told = CliRunner().invoke(main, [*arguments, "--allow", "outside"])
    assert (told.exit_code, told.stdout) == (0, f"s\n{BLOCKS + 1}\n")
    told = CliRunner().invoke(main, arguments)
    assert told.exit_code == 2
    assert "--allow names others" in told.stderr


@pytest.mark.parametrize(
    "setting",
    ["enable_external_access = true", "allowed_directories = ['/']", "autoload_known_extensions = true"],
)
def test_the_fence_can_not_be_taken_away(fenced, setting):
    with connect(fenced) as connection, pytest.raises(duckdb.Error, match="configuration has been locked"):
        connection.execute(f"set {setting}")


def test_extensions_are_neither_fetched_nor_loaded(fenced):
    with connect(fenced) as connection:
        for statement in ("install httpfs", "load httpfs", "install spatial from community"):
            with pytest.raises(duckdb.Error, match=r"disabled (by|through) configuration"):
                connection.execute(statement)


def test_a_large_folder_that_is_a_link_is_part_of_the_root(dataset, tmp_path):
    root = copy_of(dataset, tmp_path / "root")
    (root / "blocks").rename(tmp_path / "large disk")
    (root / "blocks").symlink_to(tmp_path / "large disk")
    assert answer(root, "select count(*) from stored_blocks") == [(BLOCKS,)]
    assert offenders(root, "index_agrees_with_files") == []


def test_nothing_is_left_where_a_question_spilled(dataset, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with connect(dataset.root) as connection:
        connection.execute("select * from range(10) order by all").fetchall()
        (folder,) = connection.execute("select value from duckdb_settings() where name = 'temp_directory'").fetchone()
        assert Path(folder).parent == tmp_path
    assert list(tmp_path.iterdir()) == []


# --- Roots ---


@pytest.mark.parametrize(
    ("name", "decoy"),
    [
        ("a b", "ab"),
        ("it's", "its"),
        ('say "so"', "say so"),
        ("x[1]", "x1"),
        ("st*r", "star"),
        ("wh?t", "what"),
        ("per%20cent", "per cent"),
        ("{root} {glob_root}", "root"),
    ],
)
def test_root_may_have_any_name(dataset, tmp_path, name, decoy):
    copy_of(dataset, tmp_path / decoy)  # a pattern in the name would find its files too
    root = copy_of(dataset, tmp_path / name)
    assert answer(root, "select count(*), count(distinct file) from stored_blocks") == [(BLOCKS, BLOCKS)]
    assert [check for check in check_names("gene_finding") if offenders(root, check)] == []


def test_root_may_be_relative_or_a_link(dataset, tmp_path, monkeypatch):
    (tmp_path / "link").symlink_to(dataset.root)
    monkeypatch.chdir(tmp_path)
    root = Path("link")
    assert answer(root, "select count(*) from blocks") == [(BLOCKS,)]
    for check in ("index_agrees_with_files", "index_agrees_with_metadata", "targets_are_in_range"):
        assert offenders(root, check) == []


@pytest.mark.parametrize("name", ["missing", "empty", "file"])
def test_root_without_a_dataset_is_named(tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match=f"{name} holds no dataset"), connect(tmp_path / name):
        pass


@pytest.mark.parametrize("view", ["blocks", "stored_blocks", "transcripts", "segments", "statistics", "block_targets"])
def test_view_that_is_not_built_yet_says_so(dataset, tmp_path, view):
    shutil.copytree(dataset.root / "assemblies", tmp_path / "assemblies")
    assert answer(tmp_path, "select count(*) from chromosomes where included") == [(CHROMOSOMES,)]
    with pytest.raises(QueryError, match=f"'{view}' has not been built yet at this root"):
        answer(tmp_path, f"select * from {view}")


@pytest.mark.parametrize("damaged", ["dataset/blocks.parquet", f"{CHR1}/0.parquet", BLOCK])
@pytest.mark.parametrize("kept", [0, 1_000])
def test_damaged_file_is_named(root, damaged, kept):
    os.truncate(root / damaged, kept)
    with pytest.raises((DatasetError, QueryError), match=damaged):
        answer(root, "select count(*) from stored_blocks, blocks")
