"""Windows in PyTorch: what workers, ranks, epochs and seeds give, compared with reading in this process."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, DistributedSampler
from torchdata.stateful_dataloader import StatefulDataLoader

from genatator_assets.errors import ReadingError
from genatator_assets.reading import Window
from genatator_assets.reading.torch import WindowDataset, WindowStream

LENGTH = 4_096

pytestmark = [
    pytest.mark.filterwarnings("ignore:This DataLoader will create 4 worker processes:UserWarning"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded, use of fork:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def windows(small):
    return small.windows(LENGTH, overlap=0.5)


@pytest.fixture(scope="module")
def mapped(small, windows):
    return WindowDataset(small, windows, channels="mrna")


def place_of(window: Window) -> tuple[str, str, int]:
    """A transform that tells which window it was; at the top level, because spawned workers must find it."""
    return window.interval.genome, window.interval.chrom, window.interval.start


def places(windows):
    return [(one.genome, one.chrom, one.start) for one in windows]


def batches(loader):
    return [list(zip(*batch, strict=True)) for batch in loader]


def flat(loader):
    return [(genome, chrom, int(start)) for batch in batches(loader) for genome, chrom, start in batch]


# --- one window ---


def test_an_item_is_the_window_as_tensors(small, windows, mapped):
    item, window = mapped[7], small.read(windows[7], channels="mrna")
    assert {name: (value.dtype, tuple(value.shape)) for name, value in item.items() if torch.is_tensor(value)} == {
        "dna": (torch.uint8, (LENGTH, 4)),
        "targets": (torch.float32, (LENGTH, 6)),
        "inside": (torch.bool, (LENGTH,)),
    }
    np.testing.assert_array_equal(item["dna"].numpy(), window.one_hot())
    np.testing.assert_array_equal(item["targets"].numpy(), window.targets)
    assert item["inside"].all()
    assert (item["genome"], item["chrom"], item["start"]) == place_of(window)


def test_the_last_window_of_a_chromosome_is_filled_up(small, windows, mapped):
    last = next(number for number, one in enumerate(windows) if one.length < LENGTH)
    one, item = windows[last], mapped[last]
    assert item["targets"].shape == (LENGTH, 6)
    assert item["inside"].tolist() == [base < one.length for base in range(LENGTH)]
    assert not item["dna"][one.length :].any()
    np.testing.assert_array_equal(item["dna"][: one.length].numpy(), small.read(one).one_hot())


def test_a_wrong_channel_is_told_before_any_worker_starts(small, windows):
    with pytest.raises(ReadingError, match="is not a group of channels"):
        WindowDataset(small, windows, channels="lncrna")


# --- workers ---


@pytest.mark.parametrize("start_method", ["fork", "spawn"])
def test_four_workers_give_what_one_process_gives(small, mapped, start_method):
    small.read(mapped.windows[0])  # the parent has files open that forked workers inherit
    loader = DataLoader(mapped, batch_size=8, num_workers=4, multiprocessing_context=start_method)
    number = 0
    for batch in loader:
        for dna, targets in zip(batch["dna"], batch["targets"], strict=True):
            alone = mapped[number]
            assert torch.equal(dna, alone["dna"])
            assert torch.equal(targets, alone["targets"])
            number += 1
    assert number == len(mapped)


def test_four_workers_of_a_stream_share_its_windows(small, windows):
    stream = WindowStream(WindowDataset(small, windows, transform=place_of), seed=3)
    seen = flat(DataLoader(stream, batch_size=5, num_workers=4))
    assert sorted(seen) == sorted(places(windows))
    assert seen == flat(DataLoader(stream, batch_size=5, num_workers=4))


# --- order, epochs and ranks ---


def test_a_stream_is_shuffled_by_seed_and_epoch(small, windows):
    def stream(**how):
        return WindowStream(WindowDataset(small, windows, transform=place_of), **how)

    first = list(stream(seed=1))
    assert first == places(windows.shuffled(1, 0)) == list(stream(seed=1))
    assert first != list(stream(seed=2))
    assert sorted(first) == sorted(places(windows))
    assert list(stream(shuffle=False)) == places(windows)
    next_epoch = stream(seed=1)
    next_epoch.set_epoch(1)
    assert list(next_epoch) == places(windows.shuffled(1, 1)) != first


def test_workers_that_live_on_see_the_epoch_change(small, windows):
    stream = WindowStream(WindowDataset(small, windows, transform=place_of), seed=1)
    loader = DataLoader(stream, batch_size=7, num_workers=1, persistent_workers=True, multiprocessing_context="spawn")
    epochs = []
    for epoch in range(3):
        stream.set_epoch(epoch)
        epochs.append(flat(loader))
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert all(sorted(epoch) == sorted(places(windows)) for epoch in epochs)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("world_size", [4, 5])
def test_ranks_get_equally_many_batches_and_no_window_twice(small, windows, world_size, workers):
    mapped = WindowDataset(small, windows, transform=place_of)
    lanes = []
    for rank in range(world_size):
        stream = WindowStream(mapped, seed=9, rank=rank, world_size=world_size)
        lanes.append(batches(DataLoader(stream, batch_size=5, num_workers=workers)))
    assert len({tuple(len(batch) for batch in lane) for lane in lanes}) == 1
    together = [window for lane in lanes for batch in lane for window in batch]
    assert len(together) == len(set(together)) == len(windows) // world_size * world_size
    assert len(windows) % world_size  # else nothing had to be left out


def test_a_distributed_sampler_serves_the_map_style(small, windows):
    mapped = WindowDataset(small, windows, transform=place_of)
    lanes = []
    for rank in range(3):
        sampler = DistributedSampler(mapped, num_replicas=3, rank=rank, shuffle=True, seed=4, drop_last=True)
        lanes.append(flat(DataLoader(mapped, batch_size=5, sampler=sampler)))
    assert {len(lane) for lane in lanes} == {len(windows) // 3}
    assert len(set(lanes[0] + lanes[1] + lanes[2])) == len(windows) // 3 * 3


def test_rank_and_world_size_come_from_torch_distributed(small, windows, tmp_path):
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/meet", rank=0, world_size=1)
    try:
        stream = WindowStream(WindowDataset(small, windows))
        assert (stream.rank, stream.world_size) == (0, 1)
        told = WindowStream(WindowDataset(small, windows), rank=1, world_size=2)
        assert (told.rank, told.world_size) == (1, 2)
    finally:
        torch.distributed.destroy_process_group()


def test_a_wrong_rank_is_told_before_any_worker_starts(small, windows):
    with pytest.raises(ReadingError, match="rank=2 is not one of world_size=2"):
        WindowStream(WindowDataset(small, windows), rank=2, world_size=2)


@pytest.fixture
def group(tmp_path):
    """Make this process rank 0 of 1 by torch.distributed."""

    def begin():
        torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/meet", rank=0, world_size=1)

    yield begin
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def test_before_torch_distributed_the_rank_is_torchrun_s(small, windows, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "4")
    mapped = WindowDataset(small, windows, transform=place_of)
    assert list(WindowStream(mapped, seed=1)) == places(windows.shuffled(1, 0).lane(1, 4))
    assert list(WindowStream(mapped, seed=1, rank=0, world_size=2)) == places(windows.shuffled(1, 0).lane(0, 2))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"RANK": "1"}, "found RANK='1' in the environment, expected RANK and WORLD_SIZE"),
        ({"RANK": "x", "WORLD_SIZE": "2"}, "found RANK='x', WORLD_SIZE='2' in the environment"),
        ({"RANK": "2", "WORLD_SIZE": "2"}, "rank=2 is not one of world_size=2"),
    ],
)
def test_a_rank_of_the_environment_that_makes_no_sense_is_told(small, windows, monkeypatch, said, message):
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ReadingError, match=message):
        WindowStream(WindowDataset(small, windows))


def test_ranks_that_disagree_are_refused(small, windows, monkeypatch, group):
    mapped = WindowDataset(small, windows, transform=place_of)
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    early = WindowStream(mapped)
    group()
    with pytest.raises(ReadingError, match=r"torch.distributed says rank 0 of 1, and RANK and WORLD_SIZE say 0 of 2"):
        WindowStream(mapped)
    monkeypatch.delenv("RANK")
    monkeypatch.delenv("WORLD_SIZE")
    with pytest.raises(ReadingError, match=r"made as rank 0 of 2, and this process is rank 0 of 1 now"):
        iter(early)
    assert len(list(WindowStream(mapped, rank=0, world_size=2))) == len(windows) // 2


def test_half_a_rank_is_refused(small, windows):
    with pytest.raises(ReadingError, match="found rank=1 and world_size=None, expected both or neither"):
        WindowStream(WindowDataset(small, windows), rank=1)


# --- where a stream is ---


def test_the_length_of_a_stream_is_that_of_its_lane(small, windows):
    mapped = WindowDataset(small, windows, transform=place_of)
    assert len(WindowStream(mapped)) == len(windows)
    assert len(WindowStream(mapped, rank=1, world_size=5)) == len(windows) // 5
    assert len(DataLoader(WindowStream(mapped), batch_size=7)) == -(-len(windows) // 7)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_stream_goes_on_in_the_middle_of_an_epoch(small, windows, workers):
    read = []

    def noted(window):
        read.append(window.interval)
        return place_of(window)

    def loader():
        stream = WindowStream(WindowDataset(small, windows, transform=noted), seed=3, rank=1, world_size=2)
        stream.set_epoch(2)
        return StatefulDataLoader(stream, batch_size=3, num_workers=workers)

    whole = batches(loader())
    first = loader()
    begun = [batch for _, batch in zip(range(3), first, strict=False)]
    state = first.state_dict()
    read.clear()
    again = loader()
    again.dataset.set_epoch(0)  # the state knows better
    again.load_state_dict(state)
    rest = batches(again)
    assert [list(map(tuple, batch)) for batch in whole[3:]] == [list(map(tuple, batch)) for batch in rest]
    assert len(begun) == 3
    if workers == 0:
        assert len(read) == sum(map(len, rest))  # nothing is read twice
    assert len(batches(again)) == len(whole)  # the next epoch is whole


def test_a_state_of_another_stream_is_refused(small, windows):
    mapped = WindowDataset(small, windows, transform=place_of)
    stream = WindowStream(mapped, seed=3)
    state = stream.state_dict()
    for other, name in (
        (WindowStream(mapped, seed=4), "seed=3"),
        (WindowStream(mapped, seed=3, rank=0, world_size=2), "world_size=1"),
        (WindowStream(mapped.take(windows[1:]), seed=3), f"windows={len(windows)}"),
    ):
        with pytest.raises(ReadingError, match=f"the state is of a stream with {name}"):
            other.load_state_dict(state)


# --- without PyTorch ---


def test_without_pytorch_the_error_says_how_to_install_it():
    code = "import sys; sys.modules['torch'] = None; import genatator_assets.reading.torch"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "this needs PyTorch, which is not installed: pip install 'genatator-assets[torch]'" in done.stderr
