"""HDF5 of windows, all of one length, for Keras and whatever else reads arrays. One window after another is written."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genatator_assets.errors import optional_import
from genatator_assets.reading.channels import EVERY, Channels, channel_numbers
from genatator_assets.reading.dataset import Dataset
from genatator_assets.reading.exports.common import read_windows
from genatator_assets.reading.windows import Windows
from genatator_assets.version import __version__
from genatator_assets.work.files import whole_file

with optional_import("h5py", "export"):
    import h5py

_PACKED: dict[str, Any] = {"compression": "gzip", "compression_opts": 1}


def write_windows(
    dataset: Dataset,
    windows: Windows,
    path: str | Path,
    channels: Channels = "all",
    tell: Callable[[int], None] = lambda windows: None,
) -> None:
    """Write windows in their order; `tell` hears of each. In the file, of n windows of L bases:

    x       uint8 [n, L, 4]: columns A, C, G, T; N is four zeros
    y       float32 [n, L, C]: columns as the attribute `channels` names them
    genome, chrom, split, strand    text [n];  start, end    int64 [n], 0-based half-open

    A window that is shorter than L is filled up with zeros behind its end: it has end - start bases.

    Raises:
        ReadingError: there are no windows, or there is no such channel.
        DatasetError: a file of the dataset is damaged.
        OSError: the file can't be written.
    """
    names = [EVERY.names[number] for number in channel_numbers(channels)]
    count, length = len(windows), windows.length
    read = enumerate(read_windows(dataset, windows, channels))
    with whole_file(Path(path)) as temporary, h5py.File(temporary, "w") as file:
        file.attrs.update({"channels": names, "bases": "ACGT", "genatator_assets.platform_version": __version__})
        x = file.create_dataset("x", (count, length, 4), np.uint8, chunks=(1, length, 4), **_PACKED)
        y = file.create_dataset("y", (count, length, len(names)), np.float32, chunks=(1, length, len(names)), **_PACKED)
        _write_places(file, windows)
        for place, (_, window) in read:
            x[place], y[place] = window.one_hot(), window.targets
            tell(1)


def _write_places(file: Any, windows: Windows) -> None:
    for name in ("genome", "chrom", "split"):
        texts = [getattr(chromosome, name) for chromosome in windows.chromosomes]
        _write_texts(file, name, texts, windows.number)
    _write_texts(file, "strand", ["+", "-"], windows.reverse.astype(np.int8))
    for name, positions in (("start", windows.start), ("end", windows.end)):
        file.create_dataset(name, data=positions, **_PACKED)


def _write_texts(file: Any, name: str, texts: Sequence[str], number: Any) -> None:
    """Write a text for each window, all of one width: such columns are small when they are packed."""
    width = max(len(text.encode()) for text in texts)
    data = np.array([text.encode() for text in texts], h5py.string_dtype("utf-8", width))[number]
    file.create_dataset(name, data=data, dtype=data.dtype, **_PACKED)
