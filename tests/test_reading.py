"""Reading a dataset: from a root, from a release and from others' files; windows, their rule and their order."""

import json
import multiprocessing
import os
import pickle
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import oracle
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from blockfiles import blocks_of, read_block
from built import CHROMOSOMES, NT, copy_of, edit_block
from hypothesis import given
from hypothesis import strategies as st
from releases import NESTINGS, blocks_only, foreign, published, write_foreign

import genatator_assets as ga
from genatator_assets import reading
from genatator_assets.errors import DatasetError, GenatatorError, ReadingError
from genatator_assets.gene_finding.channels import CHANNELS
from genatator_assets.reading import Interval, Window, Windows
from genatator_assets.reading.store import Chromosome
from genatator_assets.reading.window import one_hot
from genatator_assets.reading.windows import runs_of_n, step_of
from genatator_assets.release import release as make_release
from genatator_assets.tracks.runs import covered_before
from genatator_assets.tracks.segments import Segments
from genatator_assets.work.cache import Cache

# By hand, from the card's table of channels: + and - stand side by side.
OTHER_STRAND = [1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10]


@pytest.fixture(scope="module")
def stores(dataset, tmp_path_factory):
    """The same small dataset, kept in every way that can be opened."""
    folder = tmp_path_factory.mktemp("stores")
    return {
        "root": dataset.root,
        "published": published(dataset.root, folder / "published"),
        "split folders": published(dataset.root, folder / "split-folders", prefix=""),
        "blocks and index": blocks_only(dataset.root, folder / "blocks-only"),
        "others' files": foreign(dataset.root, folder / "foreign"),
    }


WAYS = ["root", "published", "split folders", "blocks and index", "others' files"]


@pytest.fixture(scope="module")
def truth(dataset):
    """DNA and dense targets of every chromosome, decoded by pyarrow."""
    chromosomes = {}
    for genome in dataset.catalogue.genomes:
        for chrom, blocks in blocks_of(dataset.root, genome).items():
            dna, targets = "".join(block.dna for block in blocks), np.concatenate([block.targets for block in blocks])
            chromosomes[genome, chrom] = dna, targets
    return chromosomes


# --- opening ---


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, genatator_assets; print(sorted({'numpy', 'pyarrow', 'torch', 'dagster'} & set(sys.modules)))"
    assert printed_by(code) == "[]"


def test_reading_imports_neither_dagster_nor_torch_nor_matplotlib(dataset):
    code = f"""
import sys, genatator_assets as ga
ds = ga.open_dataset({str(dataset.root)!r})
ds.read(ds.windows(1000)[0])
print(sorted({{'torch', 'dagster', 'matplotlib', 'duckdb'}} & set(sys.modules)))"""
    assert printed_by(code) == "[]"


def printed_by(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout.strip()


def test_other_names_of_the_package_are_no_attributes():
    with pytest.raises(AttributeError, match="no attribute 'open_datasets'"):
        ga.open_datasets  # noqa: B018


class Listing:
    """A store that has chromosomes and nothing else."""

    origin = Path("nowhere")
    chromosomes = tuple(
        Chromosome(genome, chrom, 10, "train")
        for genome in ("hg38", "GCF_1")
        for chrom in ("chrX", "chr10", "chr2", "chr1", "10", "chr2_random")
    )


def test_chromosomes_come_in_the_order_of_people():
    ds = reading.Dataset(Listing())
    assert ds.genomes == ("GCF_1", "hg38")
    names = [one.chrom for one in ds.chromosomes(genome="hg38")]
    assert names == ["10", "chr1", "chr2", "chr2_random", "chr10", "chrX"]


def test_a_seed_gives_the_same_windows_however_the_dataset_is_kept(stores):
    orders = {tuple(ga.open_dataset(stores[way]).windows(5_000, shuffle=True, seed=3)) for way in WAYS}
    assert len(orders) == 1


@pytest.mark.parametrize("way", WAYS)
def test_what_is_in_it(stores, way):
    ds = ga.open_dataset(stores[way])
    assert ds.splits == ("train", "validation", "test")
    assert ds.genomes == ("sim-ensembl", "sim-gencode", "sim-refseq")
    assert len(ds.chromosomes()) == CHROMOSOMES
    assert sum(one.length for one in ds.chromosomes()) == NT
    assert {one.genome for one in ds.chromosomes(split="test")} == {"sim-refseq"}
    (held_out,) = ds.chromosomes("validation", "sim-gencode")
    assert (held_out.chrom, held_out.split) == ("chr3", "validation")
    assert ds["train"].chromosomes() == ds.chromosomes("train")
    assert ds["train"].splits == ("train",)
    assert len(ds["train"].chromosomes(genome="sim-gencode")) == 2
    assert repr(ds).endswith("3 genomes, 1,000,000 bp; chromosomes: train 4, validation 1, test 2>")


def test_a_folder_name_decides_the_split_of_a_release(dataset, tmp_path):
    published(dataset.root, tmp_path / "release")
    (tmp_path / "release/data/validation").rename(tmp_path / "release/data/held-out")
    assert ga.open_dataset(tmp_path / "release").splits == ("train", "test", "held-out")


def test_chromosomes_without_targets_yet_are_not_there(dataset, tmp_path):
    root = copy_of(dataset, tmp_path / "root")
    (root / "targets/sim-gencode/chr1.parquet").unlink()
    ds = ga.open_dataset(root)
    assert len(ds.chromosomes()) == CHROMOSOMES - 1
    with pytest.raises(ReadingError, match="genome sim-gencode: no chromosome 'chr1'"):
        ds.window("sim-gencode", "chr1", 0, 10)


def test_a_root_that_is_only_prepared_has_nothing_to_read(dataset, tmp_path):
    shutil.copytree(dataset.root / "assemblies", tmp_path / "assemblies")
    (tmp_path / "targets").mkdir()
    with pytest.raises(DatasetError, match="no targets of any chromosome yet; run 'genatator-assets build'"):
        ga.open_dataset(tmp_path)


@pytest.mark.parametrize(
    ("folder", "message"),
    [
        ("roo", r"roo is not a folder; did you mean 'root'\?"),
        ("nowhere/at/all", "all is not a folder"),
        ("other", r"other holds no dataset; expected a root .* it has notes\.txt"),
        ("empty", "empty holds no dataset; .* it has nothing"),
    ],
)
def test_what_is_no_dataset_is_told(tmp_path, folder, message):
    for name in ("root", "other", "empty"):
        (tmp_path / name).mkdir()
    (tmp_path / "other/notes.txt").touch()
    with pytest.raises(DatasetError, match=message):
        ga.open_dataset(tmp_path / folder)


# --- reading an interval ---


@pytest.mark.parametrize("way", WAYS)
def test_a_chromosome_is_rebuilt_whole(stores, truth, way):
    ds = ga.open_dataset(str(stores[way]))
    for (genome, chrom), (dna, targets) in truth.items():
        window = ds.chromosome(genome, chrom)
        assert window.dna == dna
        assert window.targets.dtype == np.float32
        np.testing.assert_array_equal(window.targets, targets)


@pytest.mark.parametrize("way", WAYS)
@given(drawn=st.data())
def test_any_window_is_a_slice_of_its_chromosome(stores, truth, way, drawn):
    ds = OPENED.setdefault(stores[way], ga.open_dataset(stores[way]))
    genome, chrom = drawn.draw(st.sampled_from(sorted(truth)))
    dna, targets = truth[genome, chrom]
    start = drawn.draw(st.integers(0, len(dna) - 1) | st.sampled_from([59_999, 60_000]))
    end = drawn.draw(st.integers(start + 1, min(start + 70_000, len(dna))))
    columns = drawn.draw(st.lists(st.integers(0, 11), min_size=1, unique=True))
    window = ds.window(genome, chrom, start, end, channels=[oracle.TARGET_NAMES[column] for column in columns])
    assert window.dna == dna[start:end]
    np.testing.assert_array_equal(window.targets, targets[start:end, columns])


OPENED: dict[Path, object] = {}


def test_real_genomes_are_read_as_their_blocks_have_them(four_genomes):
    ds = ga.open_dataset(four_genomes.root)
    seen = set()
    for path in sorted((four_genomes.root / "blocks").rglob("*.parquet")):
        block = read_block(path)
        place = [block.metadata[key] for key in ("genome", "chrom", "start", "end")]
        window = ds[block.metadata["split"]].window(*place)
        assert window.dna == block.dna
        np.testing.assert_array_equal(window.targets, block.targets)
        seen.add((place[0], place[1]))
    assert seen == {(one.genome, one.chrom) for one in ds.chromosomes()}
    assert len({genome for genome, _ in seen}) == 4


def test_a_real_genome_is_read_as_the_oracle_has_it(data, four_genomes):
    ds = ga.open_dataset(four_genomes.root)["test"]
    sequences = oracle.read_fasta(data / "ncbi_dimorphilus_6contigs/ncbi.fasta")
    transcripts = oracle.selected_transcripts(data / "ncbi_dimorphilus_6contigs/ncbi.gff.gz", "refseq")
    chromosomes = ds.chromosomes(genome="GCA_904063045.1")
    assert len(chromosomes) == 5
    for one in chromosomes:
        own = [transcript for transcript in transcripts if transcript.chrom == one.chrom]
        window = ds.window(one.genome, one.chrom, 10_000, 30_000)
        assert window.dna == oracle.contract_dna(sequences[one.chrom])[10_000:30_000]
        expected = oracle.targets(one.length, own, "gaussian", 3.0, 15)
        np.testing.assert_array_equal(window.targets, expected[10_000:30_000])


def test_a_window_says_what_it_is(small):
    window = small.window("sim-gencode", "chr3", 1_000, 3_000, channels="mrna")
    assert window.interval == Interval("sim-gencode", "chr3", 1_000, 3_000, "+")
    (chromosome,) = small.chromosomes("validation")
    assert window.metadata == {
        "genome": "sim-gencode",
        "split": "validation",
        "chrom": "chr3",
        "start": 1_000,
        "end": 3_000,
        "strand": "+",
        "chrom_length": chromosome.length,
        "sequence_length": 2_000,
        "target_shape": [2_000, 6],
        "target_names": oracle.TARGET_NAMES[6:],
    }
    assert json.loads(json.dumps(window.metadata)) == window.metadata
    with pytest.raises(AttributeError):
        window.dna = ""


@pytest.mark.parametrize(
    ("channels", "columns"),
    [("all", range(12)), ("combined", range(6)), ("mrna", range(6, 12)), (["mrna_tss_-", "primary_tss_+"], [7, 0])],
)
def test_channels_come_as_asked(small, truth, channels, columns):
    window = small.window("sim-gencode", "chr1", 0, 50_000, channels=channels)
    assert list(window.channels) == [oracle.TARGET_NAMES[column] for column in columns]
    expected = truth["sim-gencode", "chr1"][1][:50_000, list(columns)]
    assert expected.any(axis=0).all()  # else columns could be exchanged unseen
    np.testing.assert_array_equal(window.targets, expected)


@pytest.mark.parametrize(
    ("start", "end", "before", "after"), [(-5, 10, 5, 0), (-3, None, 3, 4), (None, None, 0, 4), (-9, -4, 5, 0)]
)
def test_padding_is_n_without_targets(small, truth, start, end, before, after):
    dna, targets = truth["sim-gencode", "chr1"]
    start = len(dna) - 6 if start is None else start
    end = len(dna) + 4 if end is None else end
    window = small.window("sim-gencode", "chr1", start, end, pad=True)
    length, inner = end - start, slice(max(0, start), max(0, min(end, len(dna))))
    assert window.dna == "N" * before + dna[inner] + "N" * after
    assert window.targets.shape == (length, 12)
    np.testing.assert_array_equal(window.targets[before : length - after], targets[inner])
    assert not window.targets[:before].any()
    assert not window.targets[length - after :].any()
    np.testing.assert_array_equal(window.inside(), [before <= base < length - after for base in range(length)])


def test_a_window_beyond_the_end_is_all_padding(small, truth):
    length = len(truth["sim-gencode", "chr1"][0])
    window = small.window("sim-gencode", "chr1", length + 5, length + 12, pad=True)
    assert (window.dna, window.targets.any(), window.inside().any()) == ("NNNNNNN", False, False)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            ("sim-gencod", "chr1", 0, 1),
            r"no genome 'sim-gencod' in .*; did you mean 'sim-gencode'\?; there are sim-ens",
        ),
        (
            ("sim-gencode", "chr11", 0, 1),
            r"sim-gencode: no chromosome 'chr11' in .*; did you mean 'chr1'\?; there are ch",
        ),
        (
            ("sim-gencode", "chr1", -1, 10),
            r"chr1 of sim-gencode is \[0, \d{3},\d{3}\); found \[-1, 10\): .*pad=True",
        ),
        (("sim-gencode", "chr1", 5, 10**9), r"found \[5, 1,000,000,000\)"),
        (("sim-gencode", "chr1", 10, 10), r"start=10 is not before end=10"),
        (("sim-gencode", "chr1", 10, 5), r"start=10 is not before end=5"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(small, asked, message):
    with pytest.raises(ReadingError, match=message):
        small.window(*asked)


@pytest.mark.parametrize(
    ("channels", "message"),
    [
        ("mRNA", "channels='mRNA' is not a group of channels; expected 'all', 'combined', 'mrna'"),
        ("mrna_tss_+", "or a list of names"),
        (["mrna_tss"], r"no channel 'mrna_tss'; did you mean 'mrna_tss_[+-]'\?; there are primary_tss_"),
        (["mrna_tss_+", "mrna_tss_+"], "names one of them twice"),
    ],
)
def test_channels_that_are_not_there_are_told(small, channels, message):
    with pytest.raises(ReadingError, match=message):
        small.window("sim-gencode", "chr1", 0, 10, channels=channels)


def test_splits_that_are_not_there_are_told(small):
    with pytest.raises(ReadingError, match=r"no split 'valid' .*did you mean 'validation'\?; there are train, val"):
        small["valid"]
    with pytest.raises(ReadingError, match="no split 'dev'"):
        small.windows(100, split="dev")
    with pytest.raises(ReadingError, match="chr3 of sim-gencode is in split validation, and this is split train"):
        small["train"].window("sim-gencode", "chr3", 0, 10)


# --- one-hot and the other strand ---


@given(st.text("ACGTN"))
def test_one_hot_by_hand(dna):
    hot = one_hot(dna)
    assert hot.dtype == np.uint8
    assert hot.tolist() == [[int(letter == base) for base in "ACGT"] for letter in dna]


@pytest.mark.parametrize(("channels", "swapped"), [("all", OTHER_STRAND), ("combined", OTHER_STRAND[:6])])
def test_the_reverse_complement_exchanges_strands(small, channels, swapped):
    window = small.window("sim-gencode", "chr1", 10_000, 60_000, channels=channels)
    other = window.reverse_complement()
    complement = {"A": "T", "C": "G", "G": "C", "T": "A", "N": "N"}
    assert other.dna == "".join(complement[letter] for letter in reversed(window.dna))
    assert other.channels == window.channels
    np.testing.assert_array_equal(other.targets, window.targets[::-1][:, swapped])
    assert other.targets.flags.c_contiguous
    assert (other.interval.strand, other.interval.start, other.metadata["strand"]) == ("-", 10_000, "-")
    again = other.reverse_complement()
    assert (again.interval, again.dna) == (window.interval, window.dna)
    np.testing.assert_array_equal(again.targets, window.targets)
    read = small.read(other.interval, channels=channels)
    assert read.dna == other.dna
    np.testing.assert_array_equal(read.targets, other.targets)


def test_padding_is_turned_round_too(small):
    window = small.window("sim-gencode", "chr1", -2, 3, pad=True)
    assert window.reverse_complement().inside().tolist() == [True, True, True, False, False]


def test_a_channel_without_its_other_strand_can_not_be_reversed(small):
    window = small.window("sim-gencode", "chr1", 0, 10, channels=["mrna_tss_+", "primary_tss_-"])
    with pytest.raises(ReadingError, match=r"mrna_tss_\+ can't be reversed without mrna_tss_-"):
        window.reverse_complement()


def test_a_window_whose_parts_differ_in_length_is_no_window():
    with pytest.raises(ValueError, match="are not those of"):
        Window(Interval("g", "c", 0, 3), "AC", np.zeros((3, 1), np.float32), ("mrna_tss_+",), "train", 10)


# --- loci ---


def test_a_locus_is_counted_from_one():
    interval = Interval.from_locus("hg38:chr20:1,000,000-1,050,000")
    assert (interval.genome, interval.chrom, interval.start, interval.end) == ("hg38", "chr20", 999_999, 1_050_000)
    assert str(interval) == "hg38:chr20:1,000,000-1,050,000"


def test_names_of_chromosomes_may_have_colons():
    assert Interval.from_locus("hg38:HLA*01:01:5-9") == Interval("hg38", "HLA*01:01", 4, 9)


@pytest.mark.parametrize("locus", ["chr20:1-5", "hg38:chr20", "hg38:chr20:1", "hg38:chr20:a-b", "", "hg38:chr20:9-5"])
def test_what_is_no_locus_is_told(locus):
    with pytest.raises(ReadingError, match=r"is not a locus; expected genome:chrom|is not before end=5"):
        Interval.from_locus(locus)


# --- blocks that are not as they should be ---


@pytest.fixture
def release(dataset, tmp_path):
    """A release that may be damaged: copies, not links."""
    return Path(shutil.copytree(published(dataset.root, tmp_path / "links"), tmp_path / "release"))


def block_of(release, chrom, number):
    files = [(read_block(path).metadata, path) for path in sorted(release.rglob("*.parquet"))]
    own = [path for said, path in files if (said["genome"], said["chrom"]) == ("sim-gencode", chrom)]
    return sorted(own, key=lambda path: read_block(path).metadata["start"])[number]


def change(**said):
    return lambda parts: parts.metadata.update(said)


@pytest.mark.parametrize(
    ("number", "damage", "message"),
    [
        (0, os.unlink, r"sim-gencode chr1: \[0, 60,000\) is missing before"),
        (1, os.unlink, r"sim-gencode chr1: between .* and .*: \[60,000, 120,000\) is missing"),
        (-1, os.unlink, r"sim-gencode chr1: \[\d+,\d+, \d+,\d+\) is missing after"),
        (1, lambda path: shutil.copy(path, path.with_name("again.parquet")), "sim-gencode chr1: between .*: overlap"),
        (0, lambda path: edit_block(path, change(chrom_length=10**6)), "disagree on its split or length"),
        (0, lambda path: path.rename(path.parents[2] / "test" / "moved.parquet"), "disagree on its split or length"),
        (0, lambda path: edit_block(path, change(start=-5)), r"is not that of a block .*\[-5, 60,000\) is not a place"),
        (0, lambda path: edit_block(path, change(end=None)), "its metadata is not that of a block"),
        (0, lambda path: edit_block(path, lambda parts: parts.metadata.pop("chrom")), "KeyError.'chrom'"),
        (0, lambda path: rewrite(path, metadata=["no JSON"]), "its metadata is not that of a block"),
        (0, lambda path: rewrite(path, metadata=["[]"]), "its metadata is not that of a block"),
        (0, lambda path: rewrite(path, metadata=[None]), "its metadata is not that of a block"),
        (0, lambda path: rewrite(path, metadata=["{}", "{}"]), "is not a block: it has 2 rows of metadata"),
        (0, lambda path: rewrite(path, other=[1]), "is not a block: it has 1 rows of other, expected one"),
        (0, lambda path: os.truncate(path, 500), "can't be read as a block"),
    ],
)
def test_an_incomplete_or_damaged_release_is_told_when_it_is_opened(release, number, damage, message):
    damage(block_of(release, "chr1", number))
    with pytest.raises(DatasetError, match=message) as told:
        ga.open_dataset(release)
    assert str(release) in str(told.value)


def rewrite(path, **columns):
    pq.write_table(pa.table(columns), path)


def test_an_index_of_blocks_that_are_elsewhere_is_not_believed(dataset, tmp_path):
    folder = blocks_only(dataset.root, tmp_path / "moved")
    (folder / "blocks").rename(folder / "data")
    assert len(ga.open_dataset(folder).chromosomes()) == CHROMOSOMES
    next((folder / "data/validation").rglob("0.parquet")).unlink()
    with pytest.raises(DatasetError, match=r"sim-gencode chr3: \[0, 60,000\) is missing before"):
        ga.open_dataset(folder)


def test_many_incomplete_chromosomes_are_counted(release):
    for path in release.rglob("*.parquet"):
        edit_block(path, change(chrom_length=10**6))
    with pytest.raises(DatasetError, match="and 2 more chromosomes\nGet the missing files"):
        ga.open_dataset(release)


def set_value(value):
    def change(targets):
        targets[7, 3] = value
        return targets

    return change


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda targets: targets[:-1], r"targets of 59,999 bases, but its metadata says \[0, 60,000"),
        (lambda targets: targets[:, :11], r"targets of 55,000 bases, but its metadata says \[0, 60,000"),
        (set_value(1.5), r"values of primary_polya_- lie between .* and 1\.5, expected \[0, 1\]"),
        (set_value(-0.5), r"values of primary_polya_- lie between -0\.5 and 1\.0"),
        (set_value(np.nan), "values of runs must be finite"),  # as a null becomes
    ],
)
def test_others_targets_that_are_not_as_they_should_be_are_told_when_they_are_read(release, damage, message):
    path = block_of(release, "chr1", 0)
    block = read_block(path)
    write_foreign(path, replace(block, targets=damage(block.targets.copy())))
    with pytest.raises(DatasetError, match=message) as told:
        ga.open_dataset(release).window("sim-gencode", "chr1", 0, 100)
    assert str(path) in str(told.value)


def test_nulls_among_targets_are_told(release):
    path = block_of(release, "chr1", 0)
    edit_block(path, null_cell)
    strip_our_metadata(path)
    with pytest.raises(DatasetError, match="values of runs must be finite"):
        ga.open_dataset(release).window("sim-gencode", "chr1", 0, 100)


def null_cell(parts):
    parts.targets = parts.targets.tolist()
    parts.targets[5][5] = None


def strip_our_metadata(path):
    pq.write_table(pq.ParquetFile(path).read().replace_schema_metadata(), path)


def test_dna_of_another_length_is_told_when_it_is_read(release):
    path = block_of(release, "chr1", 0)
    edit_block(path, lambda parts: setattr(parts, "dna", parts.dna[:-1]))
    with pytest.raises(DatasetError, match=r"59,999 bases of DNA, but its metadata says \[0, 60,000\); get it again"):
        ga.open_dataset(release).window("sim-gencode", "chr1", 0, 100)


def test_bases_of_eleven_and_thirteen_values_are_told(release):
    """As many values as there should be, and between those bases all in the wrong channel."""
    path = block_of(release, "chr1", 0)
    block = read_block(path)
    rows = block.targets.tolist()
    rows[10].append(rows[9].pop())
    targets = pa.array([rows], pa.list_(pa.list_(pa.float32())))
    rewrite(path, dna_sequence=[block.dna], targets=targets, metadata=[json.dumps(block.metadata)])
    with pytest.raises(DatasetError, match="its targets are not 12 values a base"):
        ga.open_dataset(release).window("sim-gencode", "chr1", 0, 100)


@pytest.mark.parametrize("nesting", NESTINGS)
def test_lower_case_and_other_letters_of_others_become_the_contracts(release, nesting):
    path = block_of(release, "chr1", 0)
    block = read_block(path)
    write_foreign(path, replace(block, dna=block.dna[:4].lower() + "RyK-" + block.dna[8:]), nesting)
    ds = ga.open_dataset(release)
    assert ds.window("sim-gencode", "chr1", 0, 10).dna == block.dna[:4].upper() + "NNNN" + block.dna[8:10]


# --- what is kept ---


def test_the_cache_keeps_what_was_used_last():
    made = []
    cache = Cache(lambda key: made.append(key) or key, size=lambda value: 10, limit_bytes=25)
    for key in (1, 2, 1, 3, 1, 2):
        assert cache(key) == key
    assert made == [1, 2, 3, 2]  # 3 drove out 2, which had been used longer ago than 1; then 2 drove out 3
    assert len(cache) == 2


def test_one_value_is_kept_even_if_it_is_too_large():
    cache = Cache(str, size=len, limit_bytes=1)
    assert [cache(12345), cache(12345), len(cache)] == ["12345", "12345", 1]


def test_a_copy_for_another_process_is_small_and_reads_the_same(small):
    interval = Interval("sim-gencode", "chr1", 100, 5_000)
    here = small.read(interval)
    sent = pickle.dumps(small)
    assert len(sent) < 5_000  # no segments go with it
    there = pickle.loads(sent).read(interval)
    assert here.dna == there.dna
    np.testing.assert_array_equal(here.targets, there.targets)


@pytest.mark.parametrize("way", ["root", "published"])
def test_memory_stays_flat_over_ten_thousand_windows(stores, way):
    """What is kept is bounded: so tightly here that each chromosome drives out the one before."""
    ds = ga.open_dataset(stores[way], cache_bytes=1)
    windows = ds.windows(2_048, stride=95)
    assert len(windows) > 10_000
    before = 0
    for number, interval in enumerate(windows[:10_000]):
        ds.read(interval)
        if number == 2_000:
            before = psutil.Process().memory_info().rss
    assert psutil.Process().memory_info().rss - before < 20_000_000


@pytest.mark.parametrize("way", ["root", "published"])
def test_forked_processes_do_not_disturb_each_other(stores, way):
    """They inherit the file that their parent has open; if they read through it, they would move each other."""
    ds = ga.open_dataset(stores[way])
    windows = ds.windows(2_000, stride=300)
    expected = [ds.read(interval).dna for interval in windows[:3_000]]
    with multiprocessing.get_context("fork").Pool(4, initializer=inherit, initargs=(ds, windows)) as pool:
        assert pool.map(read_inherited, range(3_000), chunksize=50) == expected


def inherit(ds, windows):
    INHERITED[:] = [ds, windows]


def read_inherited(place):
    ds, windows = INHERITED
    return ds.read(windows[place]).dna


INHERITED: list = []


# --- which windows there are ---


def trainers_windows(length, max_len, step):
    """The published trainer's loop."""
    if length <= max_len:
        return [(0, length)]
    windows, start = [], 0
    while start < length:
        end = min(length, start + max_len)
        windows.append((start, end))
        if end == length:
            break
        start += step
    return windows


def chromosomes_of(lengths):
    return [Chromosome("g", f"chr{number}", length, "train") for number, length in enumerate(lengths)]


@given(st.lists(st.integers(1, 300), min_size=1, max_size=4), st.integers(1, 120), st.floats(0, 0.999))
def test_windows_are_those_of_the_published_trainer(lengths, length, overlap):
    windows = Windows.of(chromosomes_of(lengths), length, step_of(length, overlap, None))
    step = max(1, int(length * (1.0 - overlap)))
    expected = [
        (f"chr{number}", start, end)
        for number, own in enumerate(lengths)
        for start, end in trainers_windows(own, length, step)
    ]
    assert [(one.chrom, one.start, one.end) for one in windows] == expected
    assert len(windows) == len(expected)


@given(st.integers(1, 300), st.integers(1, 120), st.integers(1, 400))
def test_windows_of_any_stride(chromosome, length, stride):
    windows = Windows.of(chromosomes_of([chromosome]), length, step_of(length, None, stride))
    assert [(one.start, one.end) for one in windows] == trainers_windows(chromosome, length, stride)


def test_windows_stand_side_by_side_unless_told_otherwise(small):
    windows = small.windows(50_000, split="validation")
    (chromosome,) = small.chromosomes("validation")
    starts = list(range(0, chromosome.length, 50_000))
    assert windows.start.tolist() == starts
    assert windows.end.tolist() == [*starts[1:], chromosome.length]


def test_a_chromosome_shorter_than_the_window_is_one_window(small):
    (chromosome,) = small.chromosomes("validation")
    windows = small["validation"].windows(10**6, overlap=0.5)
    assert list(windows) == [Interval("sim-gencode", "chr3", 0, chromosome.length)]
    assert small.read(windows[0]).targets.shape == (chromosome.length, 12)


def test_windows_are_a_sequence_of_arrays(small):
    windows = small.windows(1_000, overlap=0.5)
    assert windows[-1] == list(windows)[-1]
    assert list(windows[5:50:7]) == list(windows)[5:50:7]
    assert isinstance(windows[2:4], Windows)
    assert windows[3] in windows
    with pytest.raises(IndexError):
        windows[len(windows)]
    assert repr(windows) == f"<{len(windows):,} windows of 1,000 bp on 7 chromosomes>"
    assert len(pickle.dumps(windows)) < 24 * len(windows) + 2_000


def test_a_million_windows_are_made_at_once():
    windows = Windows.of(chromosomes_of([100_000_000] * 3), 131_072, 200)
    assert len(windows) == 3 * (1 + -(-(100_000_000 - 131_072) // 200))
    assert windows.shuffled(1)[0].length == 131_072


def test_shuffling_is_decided_by_seed_and_epoch(small):
    plain = small.windows(1_000)
    order = small.windows(1_000, shuffle=True, seed=5)
    assert list(order) != list(plain)
    assert sorted(map(str, order)) == sorted(map(str, plain))
    assert list(order) == list(small.windows(1_000, shuffle=True, seed=5)) == list(plain.shuffled(5, epoch=0))
    assert list(order) != list(small.windows(1_000, shuffle=True, seed=6))
    assert list(order) != list(plain.shuffled(5, epoch=1))


@given(st.integers(0, 60), st.integers(1, 8))
def test_lanes_are_equal_and_share_no_window(count, world_size):
    windows = Windows.of(chromosomes_of([count * 10]) if count else [], 10, 10)
    lanes = [list(windows.lane(rank, world_size)) for rank in range(world_size)]
    assert {len(lane) for lane in lanes} == {count // world_size}
    together = [interval for lane in lanes for interval in lane]
    assert len(set(together)) == len(together)
    assert set(together) == set(list(windows)[: count - count % world_size])


@given(st.text("AN", min_size=1, max_size=60), st.data())
def test_n_letters_are_counted(dna, data):
    start = data.draw(st.integers(0, len(dna)))
    end = data.draw(st.integers(start, len(dna)))
    starts, ends = runs_of_n(dna)
    counted = covered_before(starts, ends, np.array([end])) - covered_before(starts, ends, np.array([start]))
    assert counted.tolist() == [dna[start:end].count("N")]


@pytest.mark.parametrize("way", ["root", "published"])
@pytest.mark.parametrize("fraction", [0.0, 0.1, 1.0])
def test_windows_with_too_much_n_are_dropped(stores, truth, fraction, way, monkeypatch):
    monkeypatch.setattr("genatator_assets.reading.choice._PIECE_BP", 7_777)
    ds = ga.open_dataset(stores[way])
    expected = [
        one
        for one in ds.windows(3_000, overlap=0.3)
        if (dna := truth[one.genome, one.chrom][0][one.start : one.end]).count("N") <= fraction * len(dna)
    ]
    assert list(ds.windows(3_000, overlap=0.3, drop_n_fraction=fraction)) == expected
    everything = len(ds.windows(3_000, overlap=0.3))
    assert (len(expected) == everything) == (fraction == 1.0)  # else nothing is tried


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"length": 0}, "windows of length=0 bp have no bases"),
        (
            {"length": 5, "overlap": 1.0},
            r"overlap=1\.0 is not a share of a window; expected at least 0 and less than 1",
        ),
        ({"length": 5, "overlap": -0.1}, r"overlap=-0\.1 is not a share"),
        ({"length": 5, "overlap": 0.5, "stride": 2}, r"found both overlap=0\.5 and stride=2"),
        ({"length": 5, "stride": 0}, "stride=0 does not move forward"),
        ({"length": 5, "drop_n_fraction": 2}, "drop_n_fraction=2 is not a share"),
    ],
)
def test_windows_that_make_no_sense_are_told(small, how, message):
    with pytest.raises(ReadingError, match=message):
        small.windows(**how)


@given(
    st.lists(st.integers(1, 300), min_size=1, max_size=6), st.integers(1, 40), st.integers(0, 9), st.integers(0, 2**40)
)
def test_along_chromosomes_few_are_read_at_a_time(megabases, buffer, epoch, seed):
    windows = Windows.of(chromosomes_of([size * 1_000_000 for size in megabases]), 1_000_000, 1_000_000)
    order = windows.shuffled(seed, epoch, along="chromosomes", buffer=buffer)
    assert sorted(zip(order.number, order.start, strict=True)) == list(zip(windows.number, windows.start, strict=True))
    assert list(order) == list(windows.shuffled(seed, epoch, along="chromosomes", buffer=buffer))
    stretches = list(zip(order.number.tolist(), (order.start // 10_000_000).tolist(), strict=True))
    sizes = Counter(stretches)
    for first in range(0, len(order), buffer):
        own = [sizes[one] for one in set(stretches[first : first + buffer])]
        assert sum(sorted(own)[:-2]) <= buffer  # all but the first and the last lie in the buffer whole
    seen = [number for number, _ in stretches]
    places = [[place for place, number in enumerate(seen) if number == one] for one in set(seen)]
    assert all(max(own) - min(own) + 1 < len(own) + 2 * buffer for own in places)


def test_an_order_that_is_not_there_is_told(small):
    with pytest.raises(ReadingError, match="found along='genomes', expected 'chromosomes', or None"):
        small.windows(1_000).shuffled(1, along="genomes")
    with pytest.raises(ReadingError, match="found buffer=0, expected at least 1"):
        small.windows(1_000).shuffled(1, along="chromosomes", buffer=0)


@pytest.mark.parametrize(("rank", "world_size"), [(-1, 2), (2, 2), (0, 0)])
def test_ranks_that_make_no_sense_are_told(small, rank, world_size):
    with pytest.raises(ReadingError, match=f"{rank=} is not one of {world_size=}"):
        small.windows(1_000).lane(rank, world_size)


# --- runs from dense targets ---


@given(st.lists(st.lists(st.sampled_from([0.0, 0.25, 1.0]), min_size=12, max_size=12), min_size=1, max_size=40))
def test_runs_of_dense_targets_make_the_same_targets(rows):
    dense = np.array(rows, np.float32)
    np.testing.assert_array_equal(Segments.from_dense(dense, CHANNELS).dense(0, len(dense)), dense)


# --- the public names ---


def test_the_public_names_complete_and_are_imported_when_used():
    assert set(dir(ga)) == {
        "Dataset", "Interval", "Scores", "Transcript", "Transcripts", "Window", "WindowDataset", "WindowStream",
        "Windows", "__version__",
        "evaluate", "open_dataset",
    }  # fmt: skip
    for name in dir(ga):
        assert getattr(ga, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'open_datset'"):
        _ = ga.open_datset
    code = (
        "import sys, genatator_assets as ga; ga.Interval; assert not {'torch', 'duckdb', 'dagster'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_window_is_described_in_a_line(dataset):
    window = ga.open_dataset(dataset.root).window("sim-gencode", "chr1", 1_000, 3_000, channels="mrna")
    assert repr(window) == "<window sim-gencode:chr1:1,001-3,000 (+), train: 6 channels>"


@pytest.mark.parametrize("edges", [(1.0, 5), ("1", 5), (1, None)])
def test_edges_are_whole_numbers(edges):
    with pytest.raises(ReadingError, match="is not a whole number of bases"):
        ga.Interval("g", "c", *edges)


def test_edges_may_be_numpy_s():
    interval = ga.Interval("g", "c", np.int32(1), np.uint8(5))
    assert (interval.start, interval.end) == (1, 5)
    assert type(interval.start) is int


# --- the documentation ---


@pytest.mark.parametrize("way", ["root", "release", "blocks and index"])
def test_the_examples_of_the_page_run(dataset, stores, tmp_path, monkeypatch, way):
    page = (Path(__file__).resolve().parents[1] / "docs/reading.md").read_text()
    examples = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(examples) >= 5
    monkeypatch.chdir(tmp_path)
    opened = make_release(dataset.layout, tmp_path / "whole").folder if way == "release" else stores[way]
    (tmp_path / "demo-data").symlink_to(opened)
    published(dataset.root, tmp_path / "release")
    (tmp_path / "node_modules/igv/dist").mkdir(parents=True)
    (tmp_path / "node_modules/igv/dist/igv.min.js").write_text("var igv = {createBrowser() {}}")
    names: dict = {}
    for example in examples:
        of_blocks = example.replace("window.soft_masked", "# ")  # which blocks alone don't keep
        exec(of_blocks if way == "blocks and index" else example, names)
    assert names["window"].targets.shape[1] == 6
    assert (tmp_path / "locus.png").stat().st_size > 10_000
    assert names["html"].startswith("<!doctype html>")


def test_errors_of_reading_are_users_errors():
    assert issubclass(ReadingError, GenatatorError)


# --- arguments ---


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda ds: ds.windows(1000.5), "found length=1000.5, expected a whole number"),
        (lambda ds: ds.windows("16384"), "found length='16384', expected a whole number"),
        (lambda ds: ds.windows(1_000, stride=1.5), "found stride=1.5, expected a whole number"),
        (lambda ds: ds.windows(1_000, overlap="a"), "overlap='a' is not a share of a window"),
        (lambda ds: ds.windows(1_000, drop_n_fraction="a"), "drop_n_fraction='a' is not a share"),
        (lambda ds: ds.windows(1_000, shuffle=True, seed=None), "found seed=None, expected a whole number"),
        (lambda ds: ds.windows(1_000, shuffle=True, seed=-1), "found seed=-1, expected at least 0"),
        (lambda ds: ds.windows(1_000).shuffled(1, -1), "found epoch=-1, expected at least 0"),
        (lambda ds: ds.windows(1_000).lane(0.5, 2), "found rank=0.5, expected a whole number"),
        (lambda ds: ds.windows(1_000)[1.5], "found 1.5 as the place of a window"),
        (lambda ds: ds.window("sim-gencode", "chr1", 0.7, 10.2), "start=0.7 is not a whole number"),
        (lambda ds: ds.window("sim-gencode", "chr1", 0, 10, channels=[]), r"found channels=\[\] and no tracks"),
        (lambda ds: ds.window("sim-gencode", "chr1", 0, 10, channels=3), "found channels=3, expected 'all'"),
        (lambda ds: ds.read(("sim-gencode", "chr1", 0, 10)), "expected an Interval or a place"),
        (lambda ds: ds.read("sim-gencode:chr1"[::-1]), "no chromosome, gene or transcript"),
        (lambda ds: ds[3], "no split 3"),
        (list, "can't be iterated; iterate .chromosomes"),
    ],
)
def test_an_argument_that_makes_no_sense_is_refused_in_words(small, ask, message):
    with pytest.raises(ReadingError, match=message):
        ask(small)


def test_a_place_is_read_as_it_is_written_in_a_browser(small):
    written, counted = small.read("sim-gencode:chr1:1,001-2,000"), small.window("sim-gencode", "chr1", 1_000, 2_000)
    assert written.interval == counted.interval
    assert written.dna == counted.dna


def test_windows_at_some_places_or_of_a_mask(small):
    windows = small.windows(4_096)
    assert list(windows[[3, 1]]) == list(windows[np.array([3, 1])]) == [windows[3], windows[1]]
    assert list(windows[np.arange(len(windows)) == 2]) == [windows[2]]
