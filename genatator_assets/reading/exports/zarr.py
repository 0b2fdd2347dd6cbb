"""Zarr of windows, all of one length: arrays of which some windows are read at once, from a disk or an object store."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from genatator_assets.errors import optional_import
from genatator_assets.reading.channels import EVERY, Channels, channel_numbers
from genatator_assets.reading.dataset import Dataset
from genatator_assets.reading.exports.common import new_folder, read_windows
from genatator_assets.reading.window import Window
from genatator_assets.reading.windows import Windows
from genatator_assets.version import __version__

with optional_import("zarr", "export"):
    import zarr
    from zarr.codecs import ZstdCodec

_SHARD_BYTES = 250_000_000
_MOST_IN_A_SHARD = 1_000


def write_zarr(
    dataset: Dataset,
    windows: Windows,
    folder: str | Path,
    channels: Channels = "all",
    tell: Callable[[int], None] = lambda windows: None,
) -> None:
    """Write windows in their order into a new folder, Zarr of format 3; `tell` hears of each. It holds, of n windows of
    L bases, the arrays of `hdf5.write_windows`:

    x       uint8 [n, L, 4]: columns A, C, G, T; N is four zeros
    y       float32 [n, L, C]: columns as the attribute `channels` names them
    genome, chrom, split, strand    text [n];  start, end    int64 [n], 0-based half-open

    A window is a chunk, and many are a shard: a file of at most 250 MB before it is packed.

    Raises:
        ReadingError: there are no windows or no such channel, or something stands in the folder.
        DatasetError: a file of the dataset is damaged.
        OSError: a file can't be written.
    """
    names = [EVERY.names[number] for number in channel_numbers(channels)]
    count, length = len(windows), windows.length
    read = (window for _, window in read_windows(dataset, windows, channels))
    a_shard = max(1, min(count, _MOST_IN_A_SHARD, _SHARD_BYTES // (length * (4 + 4 * len(names)))))
    with new_folder(Path(folder)) as temporary:
        about = {"channels": names, "bases": "ACGT", "genatator_assets.platform_version": __version__}
        group = zarr.create_group(temporary, zarr_format=3, attributes=about)
        x = _create(group, "x", (count, length, 4), "uint8", a_shard)
        y = _create(group, "y", (count, length, len(names)), "float32", a_shard)
        for name, (kind, values) in _places(windows).items():
            array = group.create_array(name, shape=(count,), chunks=(count,), dtype=kind)
            array[:] = values
        for first, batch in _batches(read, a_shard):
            x[first : first + len(batch)] = np.stack([window.one_hot() for window in batch])
            y[first : first + len(batch)] = np.stack([window.targets for window in batch])
            tell(len(batch))


def _create(group: Any, name: str, shape: tuple[int, ...], dtype: str, a_shard: int) -> Any:
    return group.create_array(
        name,
        shape=shape,
        dtype=dtype,
        chunks=(1, *shape[1:]),
        shards=(a_shard, *shape[1:]),
        compressors=ZstdCodec(level=1),
    )


def _places(windows: Windows) -> dict[str, tuple[str, Any]]:
    """Return the type and the values of the arrays that say where windows are."""
    of = [windows.chromosomes[number] for number in windows.number.tolist()]
    texts = {name: [getattr(one, name) for one in of] for name in ("genome", "chrom", "split")}
    texts["strand"] = ["-" if turned else "+" for turned in windows.reverse.tolist()]
    edges = {"start": ("int64", windows.start), "end": ("int64", windows.end)}
    return {name: ("string", np.array(text, object)) for name, text in texts.items()} | edges


def _batches(read: Iterator[Window], size: int) -> Iterator[tuple[int, list[Window]]]:
    first = 0
    while batch := list(islice(read, size)):
        yield first, batch
        first += len(batch)
