"""Windows read into arrays that are kept, backwards, and as batches: each equals the window that is read alone."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from releases import published
from torch.utils.data import BatchSampler, DataLoader, SequentialSampler

import genatator_assets as ga
from genatator_assets.errors import ReadingError
from genatator_assets.gene_finding.blocks import window as pages
from genatator_assets.gene_finding.blocks.encode.pages import read_target_page
from genatator_assets.gene_finding.channels import CHANNELS
from genatator_assets.reading import Interval
from genatator_assets.reading.torch import WindowDataset, WindowStream, collate

LENGTH = 4_096

# By hand, from the card's table of channels: + and - stand side by side.
OTHER_STRAND = [1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10]

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded, use of fork:DeprecationWarning")


@pytest.fixture(scope="module")
def kept(dataset, tmp_path_factory):
    """The same small dataset as a root and as a release."""
    release = published(dataset.root, tmp_path_factory.mktemp("batches") / "release")
    return {"root": ga.open_dataset(dataset.root), "release": ga.open_dataset(release)}


def drawn_interval(draw, dataset, length):
    chromosome = draw(st.sampled_from(dataset.chromosomes()))
    start = draw(st.integers(-length, chromosome.length))
    return Interval(chromosome.genome, chromosome.chrom, start, start + length, draw(st.sampled_from("+-")))


@pytest.mark.parametrize("way", ["root", "release"])
@given(drawn=st.data())
def test_a_window_of_the_other_strand_is_the_reverse_complement(kept, way, drawn):
    ds = kept[way]
    minus = replace(drawn_interval(drawn.draw, ds, drawn.draw(st.integers(1, 9_000))), strand="-")
    plus = ds.read(replace(minus, strand="+"), pad=True)
    read = ds.read(minus, pad=True)
    np.testing.assert_array_equal(read.targets, plus.targets[::-1, OTHER_STRAND])
    assert read.dna == plus.dna[::-1].translate(str.maketrans("ACGT", "TGCA"))
    assert read.inside().tolist() == plus.inside()[::-1].tolist()


def test_a_channel_is_read_of_the_other_strand_without_its_partner(kept):
    plus = kept["root"].chromosome("sim-gencode", "chr1")
    own, other = (CHANNELS.index_of(f"intragenic_regions_{strand}") for strand in "+-")
    read = kept["root"].read(replace(plus.interval, strand="-"), channels=["intragenic_regions_+"])
    assert plus.targets[:, other].any()
    assert not np.array_equal(plus.targets[:, own], plus.targets[:, other])
    np.testing.assert_array_equal(read.targets[:, 0], plus.targets[::-1, other])


@pytest.mark.parametrize("way", ["root", "release"])
@given(drawn=st.data())
def test_a_batch_has_the_windows_that_are_read_one_by_one(kept, way, drawn):
    ds, length = kept[way], drawn.draw(st.integers(1, 3_000))
    intervals = [drawn_interval(drawn.draw, ds, length) for _ in range(drawn.draw(st.integers(1, 4)))]
    how = {
        "channels": drawn.draw(st.sampled_from(["all", "mrna", ["mrna_tss_-", "primary_tss_+"]])),
        "context": drawn.draw(st.integers(0, 3)),
        "pad": True,
    }
    windows = [ds.read(one, **how) for one in intervals]
    by_base, by_channel = (ds.read_batch(intervals, channels_first=first, **how) for first in (False, True))
    assert by_base.intervals == tuple(intervals)
    for number, window in enumerate(windows):
        np.testing.assert_array_equal(by_base.dna[number], window.one_hot())
        np.testing.assert_array_equal(by_base.targets[number], window.targets)
        inside = True if by_base.inside is None else by_base.inside[number]
        assert np.all(inside == window.inside())
    np.testing.assert_array_equal(by_channel.dna, by_base.dna.transpose(0, 2, 1))
    np.testing.assert_array_equal(by_channel.targets, by_base.targets.transpose(0, 2, 1))
    assert (by_base.inside is None) == all(window.inside().all() for window in windows)
    assert by_base.channels == windows[0].channels


def test_short_windows_of_a_batch_are_filled_up_if_that_is_allowed(kept):
    windows = kept["root"].windows(LENGTH)[-1:]
    (last,) = windows
    batch = kept["root"].read_batch(windows, pad=True)
    assert batch.inside.tolist() == [[base < last.length for base in range(LENGTH)]]
    np.testing.assert_array_equal(batch.targets[0, : last.length], kept["root"].read(last).targets)
    assert kept["root"].read_batch(windows).targets.shape == (1, last.length, 12)


def test_arrays_that_are_given_are_written_over_and_are_the_results(kept):
    ds, place = kept["root"], Interval("sim-gencode", "chr1", 50_000, 54_096)
    expected = ds.read(place)
    targets = np.full((LENGTH, 12), 7, np.float32)
    assert ds.read(place, out=targets).targets is targets
    np.testing.assert_array_equal(targets, expected.targets)
    by_channel = np.full((12, LENGTH), 7, np.float32)
    ds.read(place, out=by_channel.T)
    np.testing.assert_array_equal(by_channel, expected.targets.T)
    dna, targets = np.full((2, LENGTH, 4), 7, np.uint8), np.full((2, LENGTH, 12), 7, np.float32)
    batch = ds.read_batch([place, place], out=(dna, targets))
    assert batch.dna is dna
    assert batch.targets is targets
    for number in (0, 1):
        np.testing.assert_array_equal(dna[number], expected.one_hot())
        np.testing.assert_array_equal(targets[number], expected.targets)
    assert repr(batch) == "<2 windows of 4,096 bp: 12 channels>"


def test_what_can_not_be_a_batch_is_told(kept):
    ds, place = kept["root"], Interval("sim-gencode", "chr1", 0, 10)
    with pytest.raises(ReadingError, match=r"windows of one length, found \[10, 11\]"):
        ds.read_batch([place, replace(place, end=11)])
    with pytest.raises(ReadingError, match="windows of one length, found no window"):
        ds.read_batch([])
    wrong = (np.empty((1, 10, 4), np.uint8), np.empty((1, 12, 10), np.float32))
    with pytest.raises(ReadingError, match=re.escape("expected uint8 (1, 10, 4) and float32 (1, 10, 12)")):
        ds.read_batch([place], out=wrong)
    with pytest.raises(ReadingError, match=re.escape("were to be written into float64 (10, 12)")):
        ds.read(place, out=np.empty((10, 12)))
    with pytest.raises(ReadingError, match="stay within it"):
        ds.read_batch([replace(place, start=-1, end=9)])


# --- PyTorch ---


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_of_the_loader_are_the_same_however_they_are_put_together(kept, workers):
    mapped = WindowDataset(kept["root"], kept["root"].windows(LENGTH)[-30:], channels="mrna")
    one_by_one = [mapped[place] for place in range(len(mapped))]
    batches = BatchSampler(SequentialSampler(mapped), 8, drop_last=False)
    copied = list(DataLoader(mapped, batch_sampler=batches, num_workers=workers))
    whole = list(DataLoader(mapped, batch_sampler=batches, num_workers=workers, collate_fn=collate))
    streamed = list(DataLoader(WindowStream(mapped, shuffle=False, batch_size=8), batch_size=None, num_workers=workers))
    assert [len(batch["dna"]) for batch in whole] == [8, 8, 8, 6]
    for ways in zip(copied, whole, streamed, strict=True):
        for batch in ways:
            assert batch.keys() == one_by_one[0].keys()
            for name in ("dna", "targets", "inside", "start", "end"):
                assert torch.equal(batch[name], ways[0][name])
            assert [batch[name] for name in ("genome", "chrom", "strand")] == [
                ways[0][name] for name in ("genome", "chrom", "strand")
            ]
    together = {name: torch.cat([batch[name] for batch in whole]) for name in ("dna", "targets", "inside")}
    for number, item in enumerate(one_by_one):
        assert all(torch.equal(together[name][number], item[name]) for name in together)
    assert not together["inside"].all()


def test_a_stream_of_batches_goes_on_after_the_last_batch_seen(kept):
    mapped = WindowDataset(kept["root"], kept["root"].windows(LENGTH)[:7], transform=place_of)
    stream = WindowStream(mapped, seed=5, batch_size=2)
    passed = iter(stream)
    seen = [next(passed).tolist() for _ in range(2)]
    resumed = WindowStream(mapped, seed=5, batch_size=2)
    resumed.load_state_dict(stream.state_dict())
    assert [*seen, *(batch.tolist() for batch in resumed)] == [
        batch.tolist() for batch in WindowStream(mapped, seed=5, batch_size=2)
    ]
    with pytest.raises(ReadingError, match="batch_size"):
        WindowStream(mapped, seed=5, batch_size=3).load_state_dict(stream.state_dict())


def test_a_batch_is_not_copied_when_it_is_put_together(kept):
    mapped = WindowDataset(kept["root"], kept["root"].windows(LENGTH)[:4])
    items = mapped.__getitems__([0, 1])
    batch = collate(items)
    assert batch["targets"][1].data_ptr() == items[1]["targets"].data_ptr()
    assert isinstance(items[0]["start"], int)


def test_channels_come_first_by_choice(kept):
    windows = kept["root"].windows(LENGTH)[:4]
    plain, first = (WindowDataset(kept["root"], windows, channels_first=choice) for choice in (False, True))
    for name in ("dna", "targets"):
        assert torch.equal(first[3][name], plain[3][name].T)
        assert torch.equal(first.take(windows[1:])[0][name], plain[1][name].T)


def place_of(window):
    return window.interval.start


def test_batches_of_a_stream_with_a_transform_are_collated(kept):
    mapped = WindowDataset(kept["root"], kept["root"].windows(LENGTH)[:5], transform=place_of)
    stream = WindowStream(mapped, shuffle=False, batch_size=2)
    expected = [one.start for one in mapped.windows]
    assert [batch.tolist() for batch in stream] == [expected[:2], expected[2:4], expected[4:]]
    assert len(stream) == 3
    with pytest.raises(ReadingError, match="batch_size"):
        WindowStream(mapped, batch_size=0)


# --- pages of a release ---


def test_a_page_that_was_seen_is_not_unzipped_again(dataset, tmp_path, monkeypatch):
    ds = ga.open_dataset(published(dataset.root, tmp_path / "release"))
    unzipped = []

    def counted(data, bases, channels):
        unzipped.append(bases)
        return read_target_page(data, bases, channels)

    monkeypatch.setattr(pages, "read_target_page", counted)
    pages._alike.cache_clear()
    whole = ds.chromosome("sim-gencode", "chr1")
    bases, seen = sum(unzipped), len(unzipped)
    assert 0 < bases <= whole.interval.length  # those that are alike are unzipped once
    for start in range(0, whole.interval.length - 5_000, 1_777):
        read = ds.window("sim-gencode", "chr1", start, start + 5_000)
        np.testing.assert_array_equal(read.targets, whole.targets[start : start + 5_000])
    assert len(unzipped) == seen
