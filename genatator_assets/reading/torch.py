"""Windows and transcripts for PyTorch, map-style and iterable, for several workers, forked or spawned, and ranks.

Workers share nothing that is open: files are opened in the process that reads them.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from genatator_assets.errors import ReadingError, optional_import
from genatator_assets.reading.arguments import BUFFER, whole
from genatator_assets.reading.channels import EVERY, Channels, channel_numbers, opposite_columns, require_values
from genatator_assets.reading.shapes import Shapes
from genatator_assets.tracks.bins import Aggregate

if TYPE_CHECKING:
    from genatator_assets.reading.dataset import Dataset
    from genatator_assets.reading.transcripts import Transcript, Transcripts
    from genatator_assets.reading.window import Interval, Window
    from genatator_assets.reading.window_set import WindowSet
    from genatator_assets.reading.windows import Along, Shares, Windows

with optional_import("torch", "torch", "PyTorch"):
    import torch
    from torch.utils import data

Item = dict[str, Any]


def as_tensors(window: Window) -> Item:
    """Return a window as tensors: `dna` uint8 [L, 4], `targets` float32 [L, C], `inside` bool [L].

    The columns of `dna` are A, C, G and T; N is four zeros. With context it has so many rows more on either side.
    `inside` is false where a window was filled up past the end of its chromosome. Beside them stand `genome`, `chrom`,
    `start`, `end` and `strand`, and `tracks`, float32 [bins, T], if tracks were asked for.
    """
    interval = window.interval
    tracks = {} if window.tracks is None else {"tracks": torch.from_numpy(window.tracks)}
    return {
        **tracks,
        "dna": torch.from_numpy(window.one_hot()),
        "targets": torch.from_numpy(window.targets),
        "inside": torch.from_numpy(window.inside()),
        "genome": interval.genome,
        "chrom": interval.chrom,
        "start": interval.start,
        "end": interval.end,
        "strand": interval.strand,
    }


class Views(list[Item]):
    """Items of which each is a view of one batch."""

    def __init__(self, batch: Item) -> None:
        """Take the batch apart."""
        super().__init__(
            {name: _item(values[place]) for name, values in batch.items()} for place in range(len(batch["dna"]))
        )
        self.batch = batch


def _item(value: Any) -> Any:
    return value.item() if torch.is_tensor(value) and not value.ndim else value


def collate(items: Sequence[Any]) -> Any:
    """Put items together for `DataLoader`: as torch does, or, where they were read as one batch, without a copy."""
    return items.batch if isinstance(items, Views) else data.default_collate(list(items))


def _empty(shape: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
    """Return a tensor to write into: in a worker it lies in shared memory, from which the loader takes it as it is."""
    empty = torch.empty(0, dtype=dtype)
    if data.get_worker_info() is None:
        return empty.new_empty(shape)
    storage = empty.untyped_storage()._new_shared(math.prod(shape) * dtype.itemsize)  # type: ignore[no-untyped-call]  # as torch's own collate does
    return empty.set_(storage).view(shape)


class WindowDataset(data.Dataset[Any]):
    """A dataset's windows by their place, for any sampler; all of one length: short ones are filled up with N.

    For several ranks use `torch.utils.data.DistributedSampler(windows, shuffle=True, drop_last=True)`.
    """

    def __init__(  # noqa: PLR0913 - what is read of a window
        self,
        dataset: Dataset,
        windows: Windows,
        *,
        channels: Channels = "all",
        transform: Callable[[Window], Any] = as_tensors,
        context: int = 0,
        tracks: Sequence[str] = (),
        resolution: int = 1,
        aggregate: Aggregate | None = None,
        normalize: bool = False,
        channels_first: bool = False,
    ) -> None:
        """`transform` makes of a `Window` what the loader collates; with spawned workers it must be picklable.

        The other arguments are those of `Dataset.window`; the windows' length must be a multiple of `resolution`. With
        `channels_first`, tensors are [4, L], [C, L] and [T, bins], as convolutions take them; a transform of one's own
        gets a `Window`, which is as always.
        """
        require_values(channels, tracks)  # what makes no sense shows here, not in a worker
        channel_numbers(channels)
        self.dataset, self.windows, self.channels, self.transform = dataset, windows, channels, transform
        self.channels_first = channels_first
        self.how: dict[str, Any] = {
            "context": whole("context", context),
            "tracks": tuple(tracks),
            "resolution": resolution,
            "aggregate": aggregate,
            "normalize": normalize,
        }

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.windows)

    def __getitem__(self, place: int) -> Any:
        """Read a window and transform it."""
        if self.transform is as_tensors and self.channels_first:
            return self.__getitems__([place])[0]
        one = self.windows[place]
        filled = replace(one, end=one.start + self.windows.length)
        return self.transform(self.dataset.read(filled, channels=self.channels, pad=True, **self.how))

    def __getitems__(self, places: Sequence[int]) -> list[Any]:
        """Read several windows; without a transform of one's own they are read as one batch, of which each is a view.

        `DataLoader` calls this; with `collate_fn=collate` it takes the batch as it is, instead of copying windows.
        """
        if self.transform is not as_tensors:
            return [self[place] for place in places]
        return Views(self.batch([self.windows[place] for place in places]))

    def batch(self, windows: Sequence[Interval]) -> Item:
        """Read windows as one batch of tensors, each named as in `as_tensors`; in a worker, in shared memory."""
        intervals = [replace(one, end=one.start + self.windows.length) for one in windows]
        channels, context = len(self.dataset.channel_numbers(self.channels)), self.how["context"]
        shapes = Shapes.of(
            len(intervals),
            self.windows.length + 2 * context,
            self.windows.length,
            channels,
            channels_first=self.channels_first,
        )
        dna, targets = _empty(shapes.dna, torch.uint8), _empty(shapes.targets, torch.float32)
        read = self.dataset.read_batch(
            intervals,
            channels=self.channels,
            pad=True,
            channels_first=self.channels_first,
            out=(dna.numpy(), targets.numpy()),
            **self.how,
        )
        inside = torch.ones((len(intervals), self.windows.length), dtype=torch.bool)
        if read.inside is not None:
            inside = torch.from_numpy(read.inside)
        tracks = {} if read.tracks is None else {"tracks": torch.from_numpy(read.tracks)}
        return {
            **tracks,
            "dna": dna,
            "targets": targets,
            "inside": inside,
            "genome": [one.genome for one in intervals],
            "chrom": [one.chrom for one in intervals],
            "start": torch.tensor([one.start for one in intervals]),
            "end": torch.tensor([one.end for one in intervals]),
            "strand": [one.strand for one in intervals],
        }

    def require_both_strands(self) -> None:
        """Check that windows can be turned over.

        Raises:
            ReadingError: a channel is read without that of the other strand.
        """
        opposite_columns([EVERY.names[number] for number in channel_numbers(self.channels)])

    def take(self, windows: Windows) -> WindowDataset:
        """Return other windows, read in the same way."""
        return WindowDataset(
            self.dataset,
            windows,
            channels=self.channels,
            transform=self.transform,
            channels_first=self.channels_first,
            **self.how,
        )


class WindowStream(data.IterableDataset[Any]):
    """A dataset's windows one after another, each epoch in an order of its own that seed and epoch decide.

    Each rank has a lane of len(windows) // world_size windows, all equally long and no window in two, and each of its
    workers a share of that. With equally many workers all ranks get equally many batches, and the same ones again for
    the same seed and epoch.

    Rank and world_size are those of `torch.distributed` if it is initialised, else RANK and WORLD_SIZE of the
    environment, where torchrun puts them, else 0 and 1, unless they are given.

    A `torchdata.stateful_dataloader.StatefulDataLoader` goes on in the middle of an epoch with the very next batch: it
    keeps the `state_dict` of each worker's stream.
    """

    def __init__(  # noqa: PLR0913 - how windows are drawn, and by whom
        self,
        mapped: WindowDataset,
        *,
        shuffle: bool = True,
        seed: int = 0,
        along: Along | None = None,
        buffer: int = BUFFER,
        shift: int = 0,
        reverse_complement: bool = False,
        balance: bool | Shares = False,
        rank: int | None = None,
        world_size: int | None = None,
        batch_size: int | None = None,
    ) -> None:
        """Take windows, their channels and their transform from a map-style dataset.

        `along` and `buffer` are those of `Windows.shuffled`; a worker's share is then of few chromosomes, not of all.

        In each epoch, anew, windows are moved by up to `shift` bp and, with `reverse_complement`, half of them turned
        (`Windows.augmented`); with `balance`, genomes come equally often, or by the shares given (`Windows.balanced`).
        With `batch_size` whole batches come, each written once, for `DataLoader(stream, batch_size=None)`: the same
        ones for any number of workers, of which each reads every so many-th batch.

        Raises:
            ReadingError: an argument makes no sense, or the environment and `torch.distributed` disagree on the rank.
        """
        self.batch_size = None if batch_size is None else whole("batch_size", batch_size, least=1)
        self._given = rank is not None and world_size is not None
        if rank is not None and world_size is not None:
            self.rank, self.world_size = rank, world_size
        elif rank is None and world_size is None:
            self.rank, self.world_size = _rank_of_process() or (0, 1)
        else:
            raise ReadingError(f"found {rank=} and {world_size=}, expected both or neither")
        self.mapped, self.shuffle, self.seed, self.balance = mapped, shuffle, whole("seed", seed), balance
        self.along, self.buffer = along, buffer
        self.varied: dict[str, Any] = {"shift": shift, "reverse_complement": reverse_complement}
        if along is not None and not shuffle:
            raise ReadingError(f"found {along=} with shuffle=False, which is along the chromosomes anyway; give one")
        mapped.windows[:0].augmented(seed, shift=shift)  # what makes no sense shows here, not in a worker
        mapped.windows[:0].shuffled(seed, along=along, buffer=buffer)
        if reverse_complement:
            mapped.require_both_strands()
        if isinstance(balance, Mapping):
            mapped.windows.weights(balance)
        mapped.windows[:0].lane(self.rank, self.world_size)
        self._epoch = _shared()  # workers that live on see it change
        self._workers_read = _shared()
        self._place = _Place(0, 0)
        self._loaded: tuple[int, _Place] | None = None

    def __len__(self) -> int:
        """Number of windows of this rank in an epoch, or of batches; those of all its workers together."""
        self._require_rank()
        return math.ceil(len(self.mapped.windows) // self.world_size / (self.batch_size or 1))

    def set_epoch(self, epoch: int) -> None:
        """Set which epoch comes next, without which each is like the first. A loaded state is of its own epoch."""
        self._epoch.fill_(whole("epoch", epoch))
        if self._loaded is None and epoch != self._place.epoch:
            self._place = _Place(epoch, 0)

    def windows_of_epoch(self, epoch: int) -> Windows:
        """Return the windows of an epoch as they are drawn, moved and turned, not yet shuffled."""
        windows = self.mapped.windows
        if self.balance:
            windows = windows.balanced(self.seed, epoch, None if self.balance is True else self.balance)
        return windows.augmented(self.seed, epoch, **self.varied)

    def __iter__(self) -> Iterator[Any]:
        """Go through this worker's share of this rank's lane; after `load_state_dict`, from where that state was."""
        self._require_rank()
        self._workers_read.fill_(data.get_worker_info() is not None)
        self._place = self._begin()
        return self._from(self._place)

    def state_dict(self) -> dict[str, Any]:
        """Return how far this process has read the epoch, as plain values, equal for ranks that are equally far.

        With workers, each has a state of its own, which torchdata's `StatefulDataLoader` asks for and puts together.

        Raises:
            ReadingError: this is not the process that reads: a `DataLoader` of torch doesn't ask its workers.
        """
        if data.get_worker_info() is None and self._workers_read:
            raise ReadingError(
                "workers read this stream, and how far each is, is known to none but it: use"
                " torchdata.stateful_dataloader.StatefulDataLoader, and keep what its state_dict() returns"
            )
        return {**self._place.__dict__, "stream": self._as_made()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on, in the iteration that comes next, where a stream of the same kind was; of root, release or S3 alike.

        Raises:
            ReadingError: it is no such state, or that of a stream made in another way.
        """
        made = self._as_made()
        if set(state) != {"epoch", "taken", "stream"} or set(state["stream"]) != set(made):
            raise ReadingError(f"found {str(state)[:200]}, expected what state_dict() of a WindowStream returned")
        if differing := [name for name, value in made.items() if state["stream"][name] != value]:
            found, expected = ({name: of[name] for name in differing} for of in (state["stream"], made))
            raise ReadingError(
                f"the state is of a stream with {_said(found)}, and this one has {_said(expected)}: make it as"
                " that one was made, or begin the epoch anew"
            )
        place = _Place(whole("epoch", state["epoch"]), whole("taken", state["taken"]))
        self._place, self._loaded = place, (os.getpid(), place)

    def _begin(self) -> _Place:
        if self._loaded is None:
            return _Place(int(self._epoch), 0)
        process, place = self._loaded
        if process != os.getpid():
            raise ReadingError(
                "the state was loaded by another process than the worker that reads: give it to the load_state_dict of"
                " torchdata's StatefulDataLoader"
            )
        self._loaded = None
        return place

    def _from(self, place: _Place) -> Iterator[Any]:
        share = self.mapped.take(self._share(place.epoch))
        while place.taken < len(share):
            places = range(place.taken, min(place.taken + (self.batch_size or 1), len(share)))
            read = share[place.taken] if self.batch_size is None else collate(share.__getitems__(places))
            place.taken = places.stop
            yield read

    def _share(self, epoch: int) -> Windows:
        """Return the windows of this worker: batches of the lane by turns or, along chromosomes, consecutive ones."""
        windows, along = self.windows_of_epoch(epoch), self.along is not None
        if self.shuffle:
            windows = windows.shuffled(self.seed, epoch, along=self.along, buffer=self.buffer)
        lane = windows.lane(self.rank, self.world_size, consecutive=along)
        worker, workers = _worker()
        batch = np.arange(len(lane)) // (self.batch_size or 1)
        batches = math.ceil(len(lane) / (self.batch_size or 1))
        first, last = worker * batches // workers, (worker + 1) * batches // workers
        return lane.take((first <= batch) & (batch < last) if along else batch % workers == worker)

    def _as_made(self) -> dict[str, Any]:
        """Return what decides which windows this process reads in which order, but for the epoch and the rank."""
        worker, workers = _worker()
        order = {"shuffle": self.shuffle, "seed": self.seed, "along": self.along, "buffer": self.buffer}
        drawn = {"balance": dict(self.balance) if isinstance(self.balance, Mapping) else self.balance, **self.varied}
        shares = {"world_size": self.world_size, "batch_size": self.batch_size, "worker": worker, "workers": workers}
        windows = {"windows": len(self.mapped), "fingerprint": self.mapped.windows.fingerprint}
        return {**windows, **order, **drawn, **shares}

    def _require_rank(self) -> None:
        now = None if self._given else _rank_of_process()
        if now is not None and now != (self.rank, self.world_size):
            raise ReadingError(
                f"the stream was made as rank {self.rank} of {self.world_size}, and this process is rank {now[0]} of"
                f" {now[1]} now: make it after torch.distributed.init_process_group, or give rank and world_size"
            )

    def __getstate__(self) -> dict[str, Any]:
        """Return what spawned workers get, which don't know what torch.distributed says here."""
        self._require_rank()
        return self.__dict__


@dataclass
class _Place:
    """How many windows of its share of an epoch a process has given."""

    epoch: int
    taken: int


def _shared() -> torch.Tensor:
    """Return a number, 0, that this process and its workers share."""
    number = torch.zeros((), dtype=torch.int64)
    number.share_memory_()  # type: ignore[no-untyped-call]
    return number


def _worker() -> tuple[int, int]:
    """Return which worker of how many this process is; one that reads by itself is the only one."""
    worker = data.get_worker_info()
    return (worker.id, worker.num_workers) if worker else (0, 1)


def _said(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items())


def _rank_of_process() -> tuple[int, int] | None:
    """Return the rank of this process and the number of ranks, by torch.distributed or torchrun; None if neither says.

    Raises:
        ReadingError: they disagree, or RANK or WORLD_SIZE is not a number.
    """
    known = torch.distributed.is_available() and torch.distributed.is_initialized()
    inside = (torch.distributed.get_rank(), torch.distributed.get_world_size()) if known else None
    outside = _rank_of_environment()
    if inside and outside and inside != outside:
        raise ReadingError(
            f"torch.distributed says rank {inside[0]} of {inside[1]}, and RANK and WORLD_SIZE say {outside[0]} of"
            f" {outside[1]}; give rank and world_size"
        )
    return inside or outside


def _rank_of_environment() -> tuple[int, int] | None:
    said = {name: os.environ[name] for name in ("RANK", "WORLD_SIZE") if name in os.environ}
    if not said:
        return None
    if len(said) == 1 or not all(number.isdecimal() for number in said.values()):
        found = ", ".join(f"{name}={value!r}" for name, value in said.items())
        raise ReadingError(f"found {found} in the environment, expected RANK and WORLD_SIZE as torchrun sets them")
    return int(said["RANK"]), int(said["WORLD_SIZE"])


def transcript_tensors(transcript: Transcript) -> Item:
    """Return a transcript as tensors: `dna` uint8 [L, 4] (A, C, G, T) and `labels` float32 [L, 5] (5UTR, exon, intron,
    3UTR, CDS); beside them stand its other fields."""
    fields = {name: value for name, value in vars(transcript).items() if name not in ("dna", "labels")}
    arrays = {"dna": transcript.one_hot(), "labels": np.array(transcript.labels)}
    return {**{name: torch.from_numpy(array) for name, array in arrays.items()}, **fields}


class TranscriptDataset(data.Dataset[Any]):
    """Transcripts by their place, for any sampler; whole, so that they differ in length unless `transform` crops."""

    def __init__(self, transcripts: Transcripts, transform: Callable[[Transcript], Any] = transcript_tensors) -> None:
        """`transform` makes of a `Transcript` what the loader collates; with spawned workers it must be picklable."""
        self.transcripts, self.transform = transcripts, transform

    def __len__(self) -> int:
        """Number of transcripts."""
        return len(self.transcripts)

    def __getitem__(self, place: int) -> Any:
        """Read a transcript and transform it."""
        return self.transform(self.transcripts[place])


class WindowSetDataset(data.Dataset[Item]):
    """The windows of a set by their place: `tracks` float32 [bins, T], `dna` uint8 [positions, words] if the set has a
    sequence, and `genome`, `chrom`, `start`, `end`, `strand` and `split`."""

    def __init__(self, windows: WindowSet) -> None:
        """Take the windows of a set."""
        self.windows = windows

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.windows)

    def __getitem__(self, place: int) -> Item:
        """Read a window."""
        window = self.windows[place]
        dna = {} if window.dna is None else {"dna": torch.from_numpy(window.dna)}
        return {"tracks": torch.from_numpy(window.values), **dna, **window.place}
