"""What training asks for beyond single windows: soft masking, context, augmentation, sites, negatives, balance."""

import pickle
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from releases import blocks_only

import genatator_assets as ga
from genatator_assets.errors import ReadingError
from genatator_assets.reading import Interval
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
