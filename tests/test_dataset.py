"""The index, the statistics and the card: against values by hand and against the block files themselves."""

import hashlib
import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from blockfiles import read_block
from built import BLOCKS, CHROMOSOMES, NT, Dataset, build_small, copy_of

from genatator_assets.annotation.select import SCHEMA as TRANSCRIPTS
from genatator_assets.errors import DatasetError
from genatator_assets.gene_finding.card import shared_loci, text_tables
from genatator_assets.gene_finding.index import SCHEMA as INDEX
from genatator_assets.gene_finding.index import build_index
from genatator_assets.gene_finding.statistics import TABLES, build_statistics, compute_statistics, read_statistics
from genatator_assets.gene_finding.tasks import chromosome_tasks
from genatator_assets.parts import load_catalogue
from genatator_assets.sources.assembly import import_assembly
from genatator_assets.work.layout import Layout

Row = dict[str, Any]


@pytest.fixture(scope="module")
def index(dataset: Dataset) -> list[Row]:
    return rows_of(dataset.layout.index)


@pytest.fixture
def layout(dataset: Dataset, tmp_path: Path) -> Layout:
    """A copy that a test may damage."""
    return Layout(copy_of(dataset, tmp_path / "root"))


def rows_of(path: Path) -> list[Row]:
    return pq.ParquetFile(path).read().to_pylist()


# --- The index ---


def test_index_lists_each_block_file_once_with_its_size_and_hash(dataset, index):
    listed = {row["path"]: (row["bytes"], row["sha256"]) for row in index}
    files = [path for path in dataset.root.glob("blocks/**/*") if path.suffix == ".parquet"]
    found = {
        path.relative_to(dataset.root).as_posix(): (
            len(path.read_bytes()),
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in files
    }
    assert len(index) == len(listed) == BLOCKS
    assert listed == found


def test_index_says_what_the_files_hold(dataset, index):
    for row in index:
        block = read_block(dataset.root / row["path"])
        keys = ("genome", "split", "chrom", "start", "end", "chrom_length")
        assert [row[key] for key in keys] == [block.metadata[key] for key in keys]
        assert [row[letter] for letter in "ACGTN"] == [block.dna.count(letter) for letter in "ACGTN"]
        assert sum(row[letter] for letter in "ACGTN") == row["end"] - row["start"]
        np.testing.assert_allclose(row["target_sum"], block.targets.sum(axis=0, dtype=np.float64), rtol=1e-12)
        assert row["target_max"] == block.targets.max(axis=0).tolist()
        assert row["target_positive"] == (block.targets > 0).sum(axis=0).tolist()


def test_index_knows_the_species(index):
    assert {(row["genome"], row["species"]) for row in index} == {
        ("sim-gencode", "Simulata humana"),
        ("sim-ensembl", "Simulata humana"),
        ("sim-refseq", "Simulata nova"),
    }


def test_index_summary_counts(dataset, index):
    summary = dataset.index
    assert (summary.blocks, summary.chromosomes, summary.nt, summary.absent) == (BLOCKS, CHROMOSOMES, NT, ())
    assert summary.bytes == sum(row["bytes"] for row in index)


def test_index_says_what_it_was_made_from(dataset):
    said = pq.read_metadata(dataset.layout.index).metadata
    inputs = json.loads(said[b"genatator_assets.inputs"])
    fasta = dataset.layout.simulated("sim-gencode") / "sequence.fa"
    assert inputs["sim-gencode.sequence"] == hashlib.sha256(fasta.read_bytes()).hexdigest()
    assert len(inputs) == 6
    assert json.loads(said[b"genatator_assets.parameters"]) == {
        "dataset": "small",
        "block_size_bp": 60_000,
        "genomes": ["sim-gencode", "sim-ensembl", "sim-refseq"],
        "license": "other",
    }


def test_chromosomes_without_finished_blocks_are_named(dataset, layout):
    layout.blocks_manifest("train", "sim-gencode", "chr2").unlink()
    layout.blocks_manifest("test", "sim-refseq", "NC_903002.1").write_text("{")
    summary = build_index(dataset.catalogue, layout)
    assert summary.absent == ("sim-gencode/chr2", "sim-refseq/NC_903002.1")
    assert (summary.blocks, summary.chromosomes) == (BLOCKS - 5, CHROMOSOMES - 2)
    assert {row["chrom"] for row in rows_of(layout.index)} == {"chr1", "chr3", "1", "2", "NC_903001.1"}


def test_genome_without_annotation_does_not_stop_the_others(dataset, layout):
    """Its assembly is imported, its annotation could not be read: the rest of the dataset is indexed."""
    shutil.rmtree(layout.transcripts("sim-refseq").parent)
    summary = build_index(dataset.catalogue, layout)
    assert (summary.absent, summary.chromosomes) == (("sim-refseq",), CHROMOSOMES - 2)
    overview = build_statistics(dataset.catalogue, layout)["split_overview"].to_pylist()
    assert [row["split"] for row in overview] == ["train", "validation"]


def test_index_of_nothing_is_an_error(dataset, tmp_path):
    layout = Layout(tmp_path)
    with pytest.raises(DatasetError, match="holds no finished blocks"):
        build_index(dataset.catalogue, layout)
    import_assembly(dataset.catalogue, "sim-gencode", layout)
    with pytest.raises(DatasetError, match="holds no finished blocks"):
        build_index(dataset.catalogue, layout)
    assert not layout.index.exists()


@pytest.mark.parametrize("chrom", ["chr9", "chrUn_sim0001"])
def test_task_of_a_chromosome_that_is_not_included_is_an_error(dataset, chrom):
    with pytest.raises(DatasetError, match=f"genome sim-gencode has no chromosomes {chrom}"):
        chromosome_tasks(dataset.catalogue, dataset.layout, "sim-gencode", ["chr1", chrom])


# --- Statistics, by hand ---


def block(place: str, start: int, end: int, length: int, letters: str, **more: Any) -> Row:
    """A row of an index; `place` is split/genome/chrom, `letters` count A, C, G, T and N."""
    split, genome, chrom = place.split("/")
    counts = {letter: letters.count(letter) for letter in "ACGTN"}
    assert sum(counts.values()) == end - start
    return {
        "genome": genome,
        "species": "ape" if genome == "g3" else "mouse",
        "split": split,
        "chrom": chrom,
        "start": start,
        "end": end,
        "chrom_length": length,
        **counts,
        "target_sum": [0.0] * 12,
        "target_max": [0.0] * 12,
        "target_positive": [0] * 12,
        "path": f"{place}/{start}",
        "bytes": 1,
        "sha256": "",
        **more,
    }


def transcript(place: str, kind: str, reason: str = "selected") -> Row:
    genome, chrom = place.split("/")
    row = dict.fromkeys(TRANSCRIPTS.names) | {"genome": genome, "chrom": chrom, "type": kind}
    return {**row, "selected": reason == "selected", "reason": reason}


@pytest.fixture(scope="module")
def by_hand() -> dict[str, list[Row]]:
    """Chromosomes of 10, 4 and 7 bp in train (two genomes of one species), 5 in validation, 8 in test."""
    first = {"target_sum": [1.5, 0.25, *[0.0] * 10], "target_max": [1.0, 0.25, *[0.0] * 10]}
    second = {"target_sum": [2.7, *[0.0] * 11], "target_max": [0.5, *[0.0] * 11]}
    first["target_positive"], second["target_positive"] = [2, 1, *[0] * 10], [3, *[0] * 11]
    blocks = [
        block("test/g3/chr1", 0, 8, 8, "ACGTACGT"),
        block("validation/g1/chr3", 0, 5, 5, "NNNNA"),
        block("train/g1/chr1", 0, 6, 10, "AAACGN", **first),
        block("train/g1/chr1", 6, 10, 10, "TTTT", **second),
        block("train/g1/chr2", 0, 4, 4, "CCNN"),
        block("train/g2/chr1", 0, 7, 7, "GGGGGGG"),
    ]
    transcripts = [
        transcript("g1/chr1", "mRNA"),
        transcript("g1/chr1", "mRNA"),
        transcript("g1/chr1", "lncRNA"),
        transcript("g1/chr1", "other", "other_type"),
        transcript("g1/chr9", "mRNA"),  # selected, but its chromosome is not in the index
        transcript("g2/chr1", "lncRNA"),
        transcript("g2/chr1", "mRNA", "out_of_bounds"),
        transcript("g3/chr1", "mRNA"),
    ]
    index = pa.Table.from_pylist(blocks, INDEX)
    tables = compute_statistics(index, pa.Table.from_pylist(transcripts, TRANSCRIPTS))
    return {name: table.to_pylist() for name, table in tables.items()}


def test_split_overview_by_hand(by_hand):
    train, validation, test = by_hand["split_overview"]
    assert train == {
        "split": "train",
        "species": 1,
        "genomes": 2,
        "chroms": 3,
        "blocks": 4,
        "rows": 4,
        "files": 4,
        "nt": 21,
        "chrom_mean_bp": 7.0,
        "chrom_std_bp": pytest.approx(math.sqrt((9 + 9 + 0) / 3)),
        "chrom_min_bp": 4,
        "chrom_max_bp": 10,
        "selected_transcripts": 4,
        "lncrna_transcripts": 2,
        "mrna_transcripts": 2,
    }
    counts = ("split", "species", "genomes", "chroms", "blocks", "nt", "chrom_std_bp", "chrom_min_bp")
    assert [validation[key] for key in counts] == ["validation", 1, 1, 1, 1, 5, 0.0, 5]
    assert [test[key] for key in counts] == ["test", 1, 1, 1, 1, 8, 0.0, 8]
    kinds = ("selected_transcripts", "lncrna_transcripts", "mrna_transcripts")
    assert [[row[key] for key in kinds] for row in (validation, test)] == [[0, 0, 0], [1, 0, 1]]


def test_dna_alphabet_by_hand(by_hand):
    keys = ("split", "files", "rows", "nt", "canonical", "noncanonical", "A", "C", "G", "T", "N")
    assert [[row[key] for key in keys] for row in by_hand["dna_alphabet"]] == [
        ["train", 4, 4, 21, 18, 3, 3, 3, 8, 4, 3],
        ["validation", 1, 1, 5, 1, 4, 1, 0, 0, 0, 4],
        ["test", 1, 1, 8, 8, 0, 2, 2, 2, 2, 0],
    ]
    percentages = [row["noncanonical_percent"] for row in by_hand["dna_alphabet"]]
    assert percentages == pytest.approx([100 * 3 / 21, 80.0, 0.0])


def test_target_sums_by_hand(by_hand):
    rows = by_hand["target_sums"]
    order = [(split, channel) for split in ("train", "validation", "test") for channel in range(12)]
    assert [(row["split"], row["channel"]) for row in rows] == order
    assert [row["target"] for row in rows[:2]] == ["primary_tss_+", "primary_tss_-"]
    assert [row["target_sum"] for row in rows[:3]] == pytest.approx([1.5 + 2.7, 0.25, 0.0])
    assert [row["target_max"] for row in rows[:3]] == [1.0, 0.25, 0.0]
    assert [row["density"] for row in rows[:3]] == pytest.approx([(1.5 + 2.7) / 21, 0.25 / 21, 0.0])
    assert [row["target_positive"] for row in rows[:3]] == [5, 1, 0]
    assert [row["positive_share"] for row in rows[:3]] == pytest.approx([5 / 21, 1 / 21, 0.0])
    assert all((row["target_sum"], row["target_max"], row["density"]) == (0, 0, 0) for row in rows[2:])


def test_species_coverage_by_hand(by_hand):
    assert [list(row.values()) for row in by_hand["species_coverage"]] == [
        ["g1", "mouse", "train", 2, 3, 14, 3],
        ["g1", "mouse", "validation", 1, 1, 5, 0],
        ["g2", "mouse", "train", 1, 1, 7, 1],
        ["g3", "ape", "test", 1, 1, 8, 1],
    ]


def test_transcript_reasons_by_hand(by_hand):
    assert [tuple(row.values()) for row in by_hand["transcript_reasons"]] == [
        ("g1", "selected", "mRNA", 3),
        ("g1", "selected", "lncRNA", 1),
        ("g1", "other_type", "other", 1),
        ("g2", "selected", "lncRNA", 1),
        ("g2", "out_of_bounds", "mRNA", 1),
        ("g3", "selected", "mRNA", 1),
    ]


def test_text_is_in_the_cards_formats(by_hand):
    tables = {name: pa.Table.from_pylist(rows) for name, rows in by_hand.items()}
    overview, alphabet, sums, *_ = text_tables(tables)
    bp = ("21 bp", "7 bp", "2 bp", "4 bp", "10 bp")
    assert overview.rows[0] == ("train", "1", "3", "4", "4", "4", *bp, "4", "2", "2")
    assert alphabet.rows[0] == ("train", "4", "4", "21", "18", "3", "14.285714%", "'N':3")
    assert alphabet.rows[2] == ("test", "1", "1", "8", "8", "0", "0.000000%", "-")
    assert sums.rows[0] == ("train", "primary_tss_+", "4.200", "1.000", "20.000000%", "23.809524%")


# --- Statistics of the built dataset, recomputed from the block files ---


@pytest.fixture(scope="module")
def recomputed(dataset: Dataset) -> dict[str, Row]:
    """Per split, by pyarrow and numpy alone."""
    found: dict[str, Row] = {}
    for path in sorted(dataset.root.glob("blocks/*/*/*/*.parquet")):
        block = read_block(path)
        row = found.setdefault(
            block.metadata["split"], {"dna": "", "sum": np.zeros(12), "max": np.zeros(12), "lengths": {}, "blocks": 0}
        )
        row["positive"] = row.get("positive", 0) + (block.targets > 0).sum(axis=0)
        row["dna"] += block.dna
        row["sum"] += block.targets.sum(axis=0, dtype=np.float64)
        row["max"] = np.maximum(row["max"], block.targets.max(axis=0))
        row["lengths"][block.metadata["genome"], block.metadata["chrom"]] = block.metadata["chrom_length"]
        row["blocks"] += 1
    return found


def test_overview_agrees_with_the_files(dataset, recomputed):
    overview = rows_of(dataset.layout.statistics("split_overview"))
    assert [row["split"] for row in overview] == ["train", "validation", "test"]
    for row in overview:
        files = recomputed[row["split"]]
        lengths = np.array(list(files["lengths"].values()))
        assert (row["nt"], row["blocks"], row["files"]) == (len(files["dna"]), files["blocks"], files["blocks"])
        assert (row["chroms"], row["chrom_min_bp"], row["chrom_max_bp"]) == (len(lengths), lengths.min(), lengths.max())
        assert (row["chrom_mean_bp"], row["chrom_std_bp"]) == pytest.approx((lengths.mean(), lengths.std()))
        assert row["selected_transcripts"] == row["lncrna_transcripts"] + row["mrna_transcripts"]
    assert sum(row["nt"] for row in overview) == NT


def test_alphabet_agrees_with_the_files(dataset, recomputed):
    for row in rows_of(dataset.layout.statistics("dna_alphabet")):
        dna = recomputed[row["split"]]["dna"]
        assert [row[letter] for letter in "ACGTN"] == [dna.count(letter) for letter in "ACGTN"]
        assert row["canonical"] + row["noncanonical"] == row["nt"] == len(dna)
        assert row["noncanonical_percent"] == pytest.approx(100 * dna.count("N") / len(dna))


def test_target_sums_agree_with_the_files(dataset, recomputed):
    rows = rows_of(dataset.layout.statistics("target_sums"))
    assert len(rows) == 36
    for row in rows:
        files = recomputed[row["split"]]
        assert row["target_sum"] == pytest.approx(files["sum"][row["channel"]], rel=1e-12)
        assert row["target_max"] == files["max"][row["channel"]]
        assert row["density"] == pytest.approx(files["sum"][row["channel"]] / len(files["dna"]), rel=1e-12)
        assert row["target_positive"] == files["positive"][row["channel"]]
        assert row["positive_share"] == pytest.approx(row["target_positive"] / len(files["dna"]), rel=1e-12)


def test_transcripts_are_counted_as_in_their_tables(dataset):
    transcripts = [row for genome in dataset.catalogue.genomes for row in rows_of(dataset.layout.transcripts(genome))]
    overview = rows_of(dataset.layout.statistics("split_overview"))
    for key, kinds in (("lncrna_transcripts", {"lncRNA"}), ("mrna_transcripts", {"mRNA"})):
        assert sum(row[key] for row in overview) == sum(t["selected"] and t["type"] in kinds for t in transcripts)
    reasons = rows_of(dataset.layout.statistics("transcript_reasons"))
    assert sum(row["transcripts"] for row in reasons) == len(transcripts)


def test_stored_statistics_are_those_computed(dataset):
    stored = read_statistics(dataset.layout)
    assert tuple(stored) == TABLES
    again = compute_statistics(
        pq.ParquetFile(dataset.layout.index).read(),
        pa.concat_tables([pq.ParquetFile(dataset.layout.transcripts(g)).read() for g in dataset.catalogue.genomes]),
    )
    assert all(stored[name].equals(again[name]) for name in TABLES)


def test_the_card_says_which_splits_share_their_loci_with_train(dataset):
    about = "There are assemblies of one species in both: sim-gencode in validation, sim-ensembl in train"
    assert f"**The split validation shares its loci with train.** {about} (Simulata humana)." in dataset.card
    assert "The split test shares" not in dataset.card


def test_the_published_test_split_is_said_to_share_its_loci_with_train():
    assemblies = load_catalogue("genatator-v1").assemblies
    rows = [
        {"genome": one.genome, "species": one.species, "split": split}
        for one in assemblies
        for split in {one.splits.default, *(["validation"] if one.splits.validation else [])}
    ]
    sentences = shared_loci(pa.Table.from_pylist(rows))
    assert len(sentences) == 1
    assert "The split test shares its loci with train" in sentences[0]
    assert ": GCF_009914755.1_T2T-CHM13v2.0 in test, hg38 in train (Homo sapiens). A model has seen" in sentences[0]


def test_card_has_every_table(dataset):
    assert dataset.layout.card.read_text() == dataset.card
    for table in text_tables(read_statistics(dataset.layout)):
        assert f"### {table.title}\n\n{table.as_markdown()}" in dataset.card
    assert "| train | 1 | 4 | 13 | 13 | 13 | 626.53 kbp |" in dataset.card
    assert "at most 60,000 nucleotides" in dataset.card
    assert "shape='laplace' width_bp=2.0 radius_bp=20" in dataset.card


def test_statistics_without_an_index_are_an_error(dataset, layout):
    layout.index.unlink()
    with pytest.raises(DatasetError, match=r"blocks\.parquet does not exist"):
        build_statistics(dataset.catalogue, layout)


def test_statistics_never_pass_over_a_genome_without_transcripts(dataset, layout):
    layout.transcripts("sim-ensembl").unlink()
    with pytest.raises(DatasetError, match=r"sim-ensembl/transcripts\.parquet does not exist"):
        build_statistics(dataset.catalogue, layout)


def test_statistics_that_are_not_computed_yet_are_an_error(tmp_path):
    with pytest.raises(DatasetError, match=r"split_overview\.parquet does not exist"):
        read_statistics(Layout(tmp_path))


# --- The same bytes, always ---


def test_building_again_elsewhere_gives_the_same_bytes(dataset, tmp_path):
    again = build_small(tmp_path / "again")

    def contents(root: Path) -> dict[str, bytes]:
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.parquet")}

    first, second = contents(dataset.root), contents(again.root)
    assert len(first) == 3 + 3 + 3 + 3 + CHROMOSOMES + BLOCKS + 1 + len(TABLES)
    assert first.keys() == second.keys()
    assert [path for path in first if first[path] != second[path]] == []
    assert dataset.card == again.card
