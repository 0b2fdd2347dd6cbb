"""A stream of windows in training: which process reads what, how far it is, and where it goes on."""

import json
import subprocess
import sys

import pytest
from built import build_small
from releases import published
from test_torch import batches, flat, place_of, places
from torch.utils.data import DataLoader
from torchdata.stateful_dataloader import StatefulDataLoader

from genatator_assets import open_dataset
from genatator_assets.errors import ReadingError
from genatator_assets.reading.torch import WindowDataset, WindowStream

LENGTH = 4_096

pytestmark = [
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded, use of fork:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:'set_vital' is deprecated:UserWarning"),  # torchdata 0.11 with newer torch
]


@pytest.fixture(scope="module")
def mapped(small):
    return WindowDataset(small, small.windows(LENGTH), transform=place_of)


# --- length and batches ---


@pytest.mark.parametrize("along", [None, "chromosomes"])
def test_a_stream_and_its_loader_know_how_long_they_are(mapped, along):
    for rank in (0, 1):
        stream = WindowStream(mapped, seed=5, along=along, batch_size=6, rank=rank, world_size=2)
        read = batches(DataLoader(stream, batch_size=None, num_workers=2))
        assert len(stream) == len(read) == -(-(len(mapped) // 2) // 6)
        assert sorted(map(len, read), reverse=True)[:-1] == [6] * (len(read) - 1)


# --- the middle of an epoch ---


def test_a_stream_goes_on_in_the_middle_of_an_epoch(mapped):
    stream = WindowStream(mapped, seed=2)
    stream.set_epoch(3)
    whole = list(stream)
    reading = iter(stream)
    begun = [next(reading) for _ in range(10)]
    state = json.loads(json.dumps(stream.state_dict()))
    other = WindowStream(mapped, seed=2)
    other.load_state_dict(state)
    assert begun + list(other) == whole == places(mapped.windows.shuffled(2, 3))
    assert list(other) == places(mapped.windows.shuffled(2, 0))  # the next epoch is a whole one
    state = stream.state_dict()
    assert list(reading) == whole[10:]
    assert (state["taken"], stream.state_dict()["taken"]) == (10, len(whole))
    stream.set_epoch(4)
    assert [stream.state_dict()[name] for name in ("epoch", "taken")] == [4, 0]


def test_a_state_of_another_stream_is_refused(small, mapped):
    state = WindowStream(mapped, seed=2).state_dict()
    with pytest.raises(ReadingError, match="a stream with seed=2, and this one has seed=3: make it as that"):
        WindowStream(mapped, seed=3).load_state_dict(state)
    others = WindowDataset(small, small.windows(LENGTH, overlap=0.5), transform=place_of)
    with pytest.raises(ReadingError, match="a stream with windows="):
        WindowStream(others, seed=2).load_state_dict(state)
    with pytest.raises(ReadingError, match="expected what state_dict"):
        WindowStream(mapped).load_state_dict({"epoch": 1})


def test_a_loader_that_does_not_ask_its_workers_is_not_believed(mapped):
    stream = WindowStream(mapped, seed=2)
    state = stream.state_dict()
    next(iter(DataLoader(stream, batch_size=4, num_workers=1)))
    with pytest.raises(ReadingError, match="StatefulDataLoader"):
        stream.state_dict()
    stream.load_state_dict(state)
    with pytest.raises(ReadingError, match="give it to the load_state_dict"):
        list(DataLoader(stream, batch_size=4, num_workers=1))


# --- all of it, wherever the dataset is ---


def epoch_in_two_parts(mapped, rank, along):
    """The windows of a rank: what two workers gave before and after the state was kept, and the whole by one loader."""

    def loader():
        stream = WindowStream(mapped, seed=7, along=along, buffer=20, batch_size=4, rank=rank, world_size=2)
        stream.set_epoch(1)
        return StatefulDataLoader(stream, batch_size=None, num_workers=2)

    first, begun = loader(), []
    for batch in first:
        begun.append(list(zip(*batch, strict=True)))
        if len(begun) == 9:
            state = first.state_dict()
            break
    second = loader()
    second.load_state_dict(state)
    return [(genome, chrom, int(start)) for batch in begun + batches(second) for genome, chrom, start in batch], flat(
        loader()
    )


@pytest.mark.parametrize("along", [None, "chromosomes"])
def test_two_ranks_of_two_workers_read_every_window_once(dataset, s3_root, tmp_path, along):
    orders = []
    for kept in (dataset.root, published(dataset.root, tmp_path / "release"), s3_root):
        ds = open_dataset(kept)
        mapped = WindowDataset(ds, ds.windows(LENGTH), transform=place_of)
        lanes = []
        for rank in (0, 1):
            resumed, uninterrupted = epoch_in_two_parts(mapped, rank, along)
            assert resumed == uninterrupted
            lanes.append(resumed)
        assert len(lanes[0]) == len(lanes[1]) == len(mapped) // 2
        together = lanes[0] + lanes[1]
        assert len(set(together)) == len(together) >= len(mapped) - 1
        assert set(together) <= set(places(mapped.windows))
        orders.append(lanes)
    assert orders[0] == orders[1] == orders[2]
    assert orders[0] != places(mapped.windows)


# --- memory ---

SIXTY_MILLION = """
dataset: flat
gene_finding: {block_size_bp: 500_000}
min_chromosome_length_bp: 50_000
assemblies:
  - genome: sim
    species: Simulata plana
    simulate: {seed: 1, total_bp: 60_000_000, chromosomes: 6, flavour: gencode}
"""
READING = """
import sys, genatator_assets as ga
from resource import RUSAGE_SELF, getrusage
ds = ga.open_dataset(sys.argv[1], cache_bytes=2_000_000)
windows = ds.windows(1_000, stride=2_000).shuffled(1)[:20_000]
assert len(windows) == 20_000
for count, one in enumerate(windows, 1):
    ds.read(one)
    if count in (20, 20_000):
        print(getrusage(RUSAGE_SELF).ru_maxrss // 1_024)
"""


@pytest.mark.slow
def test_memory_stays_flat_in_random_order_beyond_the_cache(tmp_path):
    release = published(build_small(tmp_path / "built", SIXTY_MILLION).root, tmp_path / "release")
    done = subprocess.run([sys.executable, "-c", READING, str(release)], capture_output=True, text=True, check=True)
    begun, ended = map(int, done.stdout.split())
    assert ended - begun < 25  # MB; the blocks' DNA alone is 60 MB
