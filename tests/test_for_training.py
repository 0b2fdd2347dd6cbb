"""What training asks for beyond single windows: soft masking, context, augmentation, sites, negatives, balance."""

import pickle
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from releases import blocks_only, published
from torch.utils.data import DataLoader

import genatator_assets as ga
from genatator_assets.errors import BedError, ReadingError
from genatator_assets.reading import Interval
from genatator_assets.reading.torch import WindowStream
from genatator_assets.release import release

GENOME, CHROM = "sim-ensembl", "1"


@pytest.fixture(scope="module")
def stores(dataset, tmp_path_factory):
    """The small dataset as a root, as a release, and as blocks with nothing else."""
    folder = tmp_path_factory.mktemp("stores")
    release(dataset.layout, folder / "release")
    return {"root": dataset.root, "release": folder / "release", "blocks": blocks_only(dataset.root, folder / "blocks")}


def letters_of(root: Path, genome: str) -> dict[str, bytes]:
    """The sequences of a genome as its FASTA file has them, by the plainest of readers."""
    text = (root / "assemblies" / genome / "sequence.fa").read_bytes()
    records = [record.partition(b"\n") for record in text.split(b">")[1:]]
    return {head.split()[0].decode(): sequence.replace(b"\n", b"") for head, _, sequence in records}


# --- soft masking ---


@pytest.mark.parametrize("way", ["root", "release"])
def test_soft_masked_is_what_the_fasta_file_has_in_lower_case(dataset, stores, way):
    ds = ga.open_dataset(stores[way])
    letters = letters_of(dataset.root, GENOME)[CHROM]
    lower = np.array([letter >= ord("a") for letter in letters])
    edges = np.flatnonzero(np.diff(lower))
    assert len(edges) > 20
    inside_of_one = int(next(a for a, b in pairwise(edges) if b - a > 4)) + 2
    for start, end in [(0, len(letters)), (int(edges[3]), int(edges[9]) + 1), (inside_of_one, inside_of_one + 2)]:
        window = ds.window(GENOME, CHROM, start, end)
        assert window.soft_masked.dtype == bool
        np.testing.assert_array_equal(window.soft_masked, lower[start:end])
        np.testing.assert_array_equal(window.reverse_complement().soft_masked, lower[start:end][::-1])


def test_soft_masking_outside_the_chromosome_is_none(stores):
    ds = ga.open_dataset(stores["root"])
    inner = ds.window(GENOME, CHROM, 0, 3_000)
    padded = ds.window(GENOME, CHROM, -500, 3_000, pad=True)
    assert not padded.soft_masked[:500].any()
    np.testing.assert_array_equal(padded.soft_masked[500:], inner.soft_masked)


def test_blocks_alone_say_that_they_do_not_keep_soft_masking(stores):
    window = ga.open_dataset(stores["blocks"]).window(GENOME, CHROM, 0, 1_000)
    with pytest.raises(ReadingError, match=r"expected .*soft_masked\.parquet, which a root and a release have"):
        _ = window.soft_masked


@pytest.mark.parametrize("way", ["root", "release"])
def test_a_window_that_was_sent_elsewhere_still_knows_its_soft_masking(stores, way):
    ds = ga.open_dataset(stores[way])
    window = ds.window(GENOME, CHROM, 0, 40_000, channels="mrna")
    sent = pickle.loads(pickle.dumps(window))
    assert len(pickle.dumps(window.lower_case)) < 1_000  # neither the index of blocks nor what is kept goes along
    assert sent.soft_masked.any()
    np.testing.assert_array_equal(sent.soft_masked, window.soft_masked)


# --- context ---


@pytest.mark.parametrize("way", ["root", "release", "blocks"])
@pytest.mark.parametrize("strand", ["+", "-"])
def test_context_is_dna_on_either_side_of_the_targets(stores, way, strand):
    ds = ga.open_dataset(stores[way])
    interval, wide = (Interval(GENOME, CHROM, 60_000 - edge, 60_500 + edge, strand) for edge in (0, 300))
    window, plain, around = ds.read(interval, context=300), ds.read(interval), ds.read(wide)
    assert (window.interval, window.context, window.dna) == (interval, 300, around.dna)
    np.testing.assert_array_equal(window.targets, plain.targets)
    np.testing.assert_array_equal(window.inside(), plain.inside())
    assert window.one_hot().shape == (1_100, 4)
    assert window.metadata["sequence_length"] == 1_100
    assert window.metadata["target_shape"] == [500, 12]
    if way != "blocks":
        np.testing.assert_array_equal(window.soft_masked, around.soft_masked)


def test_context_past_a_chromosomes_end_is_n(stores):
    ds = ga.open_dataset(stores["root"])
    length = ds.chromosomes(genome=GENOME)[0].length
    whole = ds.chromosome(GENOME, CHROM, channels="mrna")
    window = ds.window(GENOME, CHROM, length - 1_000, length, context=400)
    assert window.dna == whole.dna[-1_400:] + "N" * 400
    np.testing.assert_array_equal(window.targets[:, 6:], whole.targets[-1_000:])
    assert ds.window(GENOME, CHROM, 0, 10, context=5).dna == "N" * 5 + whole.dna[:15]


@pytest.mark.parametrize(("context", "told"), [(-1, "at least 0"), (1.5, "a whole number"), ("8", "a whole number")])
def test_context_is_a_number_of_bases(stores, context, told):
    with pytest.raises(ReadingError, match=f"found context=.*, expected {told}"):
        ga.open_dataset(stores["root"]).window(GENOME, CHROM, 0, 10, context=context)


# --- windows that are moved and turned ---


def shown(windows):
    return [str(one) + one.strand for one in windows]


def test_what_becomes_of_a_window_is_decided_by_seed_epoch_and_place(stores):
    """The same in any order, on any rank and among any other windows, so that an epoch can be resumed."""
    how = {"shift": 300, "reverse_complement": True}
    of_root, of_release = (ga.open_dataset(stores[way]).windows(5_000, overlap=0.5) for way in ("root", "release"))
    varied = of_root.augmented(7, 3, **how)
    assert shown(of_release.augmented(7, 3, **how)) == shown(varied)
    order = np.random.default_rng(1).permutation(len(of_root))
    assert shown(of_root.take(order).augmented(7, 3, **how)) == shown(varied.take(order))
    assert shown(of_root.lane(1, 3).augmented(7, 3, **how)) == shown(varied.lane(1, 3))
    alone = ga.open_dataset(stores["root"]).windows(5_000, overlap=0.5, split="validation")
    assert shown(alone.augmented(7, 3, **how)) == [
        line for line, one in zip(shown(varied), of_root, strict=True) if one.chrom == "chr3"
    ]
    assert shown(of_root.augmented(7, 4, **how)) != shown(varied) != shown(of_root.augmented(8, 3, **how))


def test_shifts_are_even_and_stay_on_the_chromosome(stores):
    windows = ga.open_dataset(stores["root"]).windows(1_000, stride=50)
    moved = windows.augmented(1, shift=4)
    difference = moved.start - windows.start
    assert (moved.end - moved.start == windows.end - windows.start).all()
    lengths = np.array([one.length for one in windows.chromosomes])[windows.number]
    assert (moved.start >= 0).all()
    assert (moved.end <= lengths).all()
    free = (windows.start >= 4) & (windows.end <= lengths - 4)
    counted = np.bincount(difference[free] + 4, minlength=9)
    assert len(counted) == 9
    expected = np.count_nonzero(free) / 9
    assert np.abs(counted - expected).max() < 5 * np.sqrt(expected)  # five standard deviations
    assert not moved.reverse.any()


def test_half_of_the_windows_are_turned_and_are_reverse_complements(stores):
    ds = ga.open_dataset(stores["root"])
    windows = ds.windows(1_000, stride=100)
    turned = windows.augmented(1, reverse_complement=True)
    assert abs(turned.reverse.mean() - 0.5) < 5 * 0.5 / np.sqrt(len(windows))
    assert (turned.start == windows.start).all()
    place = int(np.flatnonzero(turned.reverse)[40])
    assert turned[place].strand == "-"
    assert ds.read(turned[place]).dna == ds.read(windows[place]).reverse_complement().dna


def test_a_stream_varies_its_windows_in_each_epoch_anew(stores):
    ds = ga.open_dataset(stores["root"])["train"]
    windows = ds.windows(5_000)
    mapped = windows.to_torch(channels="mrna", context=100)
    stream = WindowStream(mapped, seed=3, shift=200, reverse_complement=True)
    for epoch in range(2):
        stream.set_epoch(epoch)
        expected = windows.augmented(3, epoch, shift=200, reverse_complement=True).shuffled(3, epoch)
        for item, one in zip(stream, expected, strict=True):
            assert (item["chrom"], item["start"]) == (one.chrom, one.start)
            assert (item["dna"].shape, item["targets"].shape) == ((5_200, 4), (5_000, 6))
    window = ds.read(expected[0], channels="mrna", context=100)
    stream.set_epoch(1)
    item = next(iter(stream))
    np.testing.assert_array_equal(item["dna"], window.one_hot())
    np.testing.assert_array_equal(item["targets"], window.targets)
    ranks = [
        WindowStream(mapped, seed=3, shift=200, reverse_complement=True, rank=rank, world_size=2) for rank in (0, 1)
    ]
    for rank in ranks:
        rank.set_epoch(1)
    together = [(item["chrom"], item["start"]) for pair in zip(*ranks, strict=True) for item in pair]
    assert together == [(one.chrom, one.start) for one in expected][: len(together)]


def test_what_can_not_be_varied_is_told_before_any_worker_starts(stores):
    ds = ga.open_dataset(stores["root"])
    windows = ds.windows(5_000)
    with pytest.raises(ReadingError, match="found shift=-1, expected at least 0"):
        WindowStream(windows.to_torch(), shift=-1)
    with pytest.raises(ReadingError, match=r"mrna_tss_\+ can't be reversed without mrna_tss_-"):
        WindowStream(windows.to_torch(channels=["mrna_tss_+"]), reverse_complement=True)
    with pytest.raises(
        ReadingError, match=r"found shares=.*expected a number for each of sim-ensembl, sim-gencode, sim-refseq"
    ):
        WindowStream(windows.to_torch(), balance={"sim-ensembl": 1})
    with pytest.raises(ReadingError, match="were not made by a dataset"):
        replace(windows, dataset=None).to_torch()


# --- genomes in balance ---


def genome_counts(windows):
    return Counter(one.genome for one in windows)


def test_weights_make_genomes_equally_likely(stores):
    windows = ga.open_dataset(stores["root"]).windows(1_000)
    weights, counts = windows.weights(), genome_counts(windows)
    assert len(set(counts.values())) > 1  # else nothing is tried
    of_genome = np.array([one.genome for one in windows])
    for genome, count in counts.items():
        np.testing.assert_allclose(weights[of_genome == genome], 1 / 3 / count)
    shared = windows.weights({"sim-ensembl": 0, "sim-gencode": 3, "sim-refseq": 1})
    sums = [shared[of_genome == genome].sum() for genome in sorted(counts)]
    np.testing.assert_allclose(sums, [0, 0.75, 0.25])


def test_balanced_windows_have_equal_shares_and_repeat_as_little_as_can_be(stores):
    windows = ga.open_dataset(stores["root"]).windows(1_000)
    balanced = windows.balanced(1)
    assert len(balanced) == len(windows)
    assert max(genome_counts(balanced).values()) - min(genome_counts(balanced).values()) <= 1
    for genome, count in genome_counts(windows).items():
        times = Counter(str(one) for one in balanced if one.genome == genome)
        wanted = genome_counts(balanced)[genome]
        assert set(times.values()) <= {wanted // count, wanted // count + 1}
        assert len(times) == min(count, wanted)
    assert shown(windows.balanced(1)) == shown(balanced) != shown(windows.balanced(1, epoch=1))
    three_to_one = windows.balanced(1, shares={"sim-ensembl": 0, "sim-gencode": 3, "sim-refseq": 1})
    counted = genome_counts(three_to_one)
    assert counted["sim-ensembl"] == 0
    assert counted["sim-gencode"] == pytest.approx(3 * counted["sim-refseq"], abs=2)


def test_a_stream_in_balance_is_shared_by_ranks_without_a_rest_of_its_own(stores):
    windows = ga.open_dataset(stores["root"]).windows(5_000)
    ranks = [
        WindowStream(windows.to_torch(transform=place_of), seed=2, balance=True, rank=rank, world_size=2)
        for rank in (0, 1)
    ]
    seen = [one for rank in ranks for one in rank]
    assert len(seen) == len(windows) // 2 * 2
    assert Counter(seen) <= Counter((one.genome, one.chrom, one.start) for one in windows.balanced(2))
    counted = Counter(genome for genome, _, _ in seen)
    assert max(counted.values()) - min(counted.values()) <= 2


def place_of(window):
    return window.interval.genome, window.interval.chrom, window.interval.start


# --- windows around something, and without it ---


def test_windows_around_tss_have_a_site_in_their_middle(dataset, stores):
    """The sites are taken from the annotation's table by hand."""
    ds = ga.open_dataset(stores["root"])
    rows = pq.read_table(dataset.layout.transcripts("sim-gencode")).to_pylist()
    lengths = {one.chrom: one.length for one in ds.chromosomes(genome="sim-gencode")}
    sites = {
        (row["chrom"], row["start"] if row["strand"] == "+" else row["end"] - 1, row["strand"])
        for row in rows
        if row["selected"] and row["chrom"] in lengths
    }
    expected = {(chrom, min(max(0, site - 500), lengths[chrom] - 1_000), strand) for chrom, site, strand in sites}
    assert len(expected) >= 5
    windows = ds.select(genome="sim-gencode").windows_around("tss", 1_000, oriented=True)
    assert [(one.chrom, one.start, one.strand) for one in windows] == sorted(expected)
    assert {one.length for one in windows} == {1_000}
    plain = ds.select(genome="sim-gencode").windows_around(["primary_tss_+", "primary_tss_-"], 1_000)
    assert [(one.chrom, one.start) for one in plain] == sorted({(chrom, start) for chrom, start, _ in expected})
    assert not plain.reverse.any()
    middle = next(one for one in windows if 0 < one.start < lengths[one.chrom] - 1_000 and one.strand == "-")
    window = ds.read(middle)
    assert window.targets[499, window.channels.index("primary_tss_+")] == 1  # read on its own strand


@pytest.mark.parametrize("what", ["tss", "polya", "sites"])
def test_sites_are_the_same_however_the_dataset_is_kept(stores, what):
    root, *others = (shown(ga.open_dataset(path).windows_around(what, 2_000)) for path in stores.values())
    assert root
    assert others == [root, root]


def test_negatives_have_no_base_of_a_gene_and_positives_are_joined_to_them(stores):
    ds = ga.open_dataset(stores["root"])
    everything = ds.windows(1_000, split="train")
    expected = [one for one in everything if not ds.read(one).targets.any()]
    negatives = ds.windows(1_000, split="train", without="all", shuffle=True, seed=4)
    assert 0 < len(expected) < len(everything)
    assert sorted(shown(negatives)) == sorted(shown(expected))
    assert shown(negatives) != shown(expected)
    no_sites = ds.windows(1_000, split="train", without="sites")
    assert shown(no_sites) == [
        line for line, one in zip(shown(everything), everything, strict=True) if not ds.read(one).targets[:, :4].any()
    ]
    positives = ds.windows_around("tss", 1_000)
    together = positives + negatives[:10]
    assert shown(together) == shown(positives) + shown(negatives)[:10]
    assert together.to_torch()[len(together) - 1]["start"] == negatives[9].start
    with pytest.raises(ReadingError, match="windows of 1,000 bp and of 500 bp can't be read together"):
        _ = positives + ds.windows(500)


def bed(path: Path, *rows: tuple) -> Path:
    path.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
    return path


def test_windows_that_touch_excluded_regions_are_left_out(stores, tmp_path):
    ds = ga.open_dataset(stores["root"])
    regions = bed(tmp_path / "blacklist.bed", ("chr1", 1_999, 2_001), ("2", 0, 1_000), ("chr2", 5_000, 5_001))
    one = ds.select(genome="sim-ensembl")
    assert [chromosome.chrom for chromosome in one.chromosomes()] == ["1", "2"]  # chr1 and chr2 are their other names
    kept = one.windows(1_000, exclude=regions)
    gone = set(shown(one.windows(1_000))) - set(shown(kept))
    assert gone == {
        f"sim-ensembl:{chrom}:{start + 1:,}-{start + 1_000:,}+"
        for chrom, start in [("1", 1_000), ("1", 2_000), ("2", 0), ("2", 5_000)]
    }
    wider = one.windows(1_000, exclude=regions, margin=1_000)
    assert set(shown(kept)) - set(shown(wider)) == {
        f"sim-ensembl:{chrom}:{start + 1:,}-{start + 1_000:,}+"
        for chrom, start in [("1", 0), ("1", 3_000), ("2", 1_000), ("2", 4_000), ("2", 6_000)]
    }
    by_genome = ds.windows(1_000, exclude={"sim-ensembl": regions})
    assert len(ds.windows(1_000)) - len(by_genome) == 4


def test_a_mask_that_names_genomes_is_applied_to_each(stores, tmp_path):
    ds = ga.open_dataset(stores["root"])
    mask = bed(tmp_path / "train_mask.bed", ("1", 0, 10, "sim-ensembl"), ("chr1", 3_000, 3_010, "sim-gencode"))
    gone = set(shown(ds.windows(1_000))) - set(shown(ds.windows(1_000, exclude=mask)))
    assert gone == {"sim-ensembl:1:1-1,000+", "sim-gencode:chr1:3,001-4,000+"}
    of_one = ds.select(genome="sim-gencode")
    assert len(of_one.windows(1_000)) - len(of_one.windows(1_000, exclude=mask)) == 1


def test_windows_around_the_regions_of_a_bed_file(stores, tmp_path):
    """By hand: the middle of a region is (start + end) // 2, and 500 bp of a window of 1,000 lie before it."""
    regions = bed(
        tmp_path / "peaks.bed",
        ("chr1", 10_000, 10_100, "a", 0, "-"),
        ("chr1", 100, 101, "b", 0, "+"),
        ("chr2", 122_440, 122_448, "c", 0, "-"),
        ("chr1", 10_000, 10_100, "again", 0, "-"),
        ("chr3", 5_000, 5_000, "empty", 0, "+"),
        ("chrUn", 5_000, 5_010, "elsewhere", 0, "+"),
    )
    ds = ga.open_dataset(stores["root"]).select(genome="sim-gencode")
    windows = ds.windows_around(regions, 1_000, oriented=True)
    assert list(windows) == [
        Interval("sim-gencode", "chr1", 0, 1_000, "+"),
        Interval("sim-gencode", "chr1", 9_550, 10_550, "-"),
        Interval("sim-gencode", "chr2", 121_448, 122_448, "-"),
    ]
    assert list(ds.windows_around(str(regions), 1_000, split="validation")) == []
    (whole,) = ds.windows_around(bed(tmp_path / "one.bed", ("chr3", 1, 2)), 100_000)
    assert (whole.start, whole.end) == (0, 73_469)


def test_regions_that_can_not_be_placed_are_told(stores, tmp_path):
    ds = ga.open_dataset(stores["root"])
    regions = bed(tmp_path / "a.bed", ("chr1", 0, 10))
    with pytest.raises(
        ReadingError, match=r"a\.bed does not say of which genome its regions are; .* give \{genome: file\}"
    ):
        ds.windows(1_000, exclude=regions)
    with pytest.raises(ReadingError, match="has no genome 'hg19'"):
        ds.windows(1_000, exclude={"hg19": regions})
    foreign = bed(tmp_path / "b.bed", ("Scaffold_7", 0, 10))
    with pytest.raises(
        ReadingError, match=r"b\.bed: none of its chromosomes is one of sim-gencode: found Scaffold_7, expected"
    ):
        ds.select(genome="sim-gencode").windows(1_000, exclude=foreign)
    with pytest.raises(BedError, match=r"peaks\.bed"):
        ds.select(genome="sim-gencode").windows_around(tmp_path / "peaks.bed", 1_000)
    with pytest.raises(ReadingError, match="intragenic_regions_\\+ marks no sites, but intervals"):
        ds.windows_around("genes", 1_000)
    with pytest.raises(ReadingError, match="found margin=-5, expected at least 0"):
        ds.windows(1_000, without="tss", margin=-5)


# --- how rare positives are ---


@pytest.mark.parametrize("way", ["root", "release", "blocks", "no index"])
def test_positive_shares_are_those_of_the_targets(dataset, stores, tmp_path, way):
    if way == "no index":
        ds = ga.open_dataset(published(dataset.root, tmp_path / "published"))
    else:
        ds = ga.open_dataset(stores[way])
    train = ds["train"]
    targets = np.concatenate([train.chromosome(one.genome, one.chrom).targets for one in train.chromosomes()])
    counted = (targets > 0).sum(axis=0)
    assert 0 < counted.min() < counted.max()
    np.testing.assert_array_equal(ds.positive_share(split="train"), counted / len(targets))
    np.testing.assert_array_equal(train.positive_share("mrna"), counted[6:] / len(targets))
    weights = ds.pos_weight(["mrna_tss_-", "mrna_tss_+"], split="train")
    expected = [(len(targets) - counted[channel]) / counted[channel] for channel in (7, 6)]
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights, expected, rtol=1e-6)
    one = ds.select(genome="sim-ensembl").positive_share()
    assert not np.array_equal(one, ds.positive_share())


def test_batches_of_varied_windows_are_what_single_reads_are(stores):
    ds = ga.open_dataset(stores["root"])
    windows = ds.windows(5_000).augmented(2, shift=100, reverse_complement=True)[:12]
    assert 0 < windows.reverse.sum() < 12
    (batch,) = DataLoader(windows.to_torch(channels="mrna", context=50), batch_size=12)
    for place, one in enumerate(windows):
        filled = replace(one, end=one.start + 5_000)
        window = ds.read(filled, channels="mrna", context=50, pad=True)
        np.testing.assert_array_equal(batch["dna"][place].numpy(), window.one_hot())
        np.testing.assert_array_equal(batch["targets"][place].numpy(), window.targets)
        assert (batch["start"][place], batch["strand"][place]) == (one.start, one.strand)
