"""WebDataset of windows: tar files that are read from end to end, from a disk, a web server or an object store."""

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from genatator_assets.reading.arguments import whole
from genatator_assets.reading.channels import Channels
from genatator_assets.reading.dataset import Dataset
from genatator_assets.reading.exports.common import new_folder, read_windows
from genatator_assets.reading.window import Interval, Window
from genatator_assets.reading.windows import Windows

PER_SHARD = 1_000


def write_webdataset(
    dataset: Dataset,
    windows: Windows,
    folder: str | Path,
    channels: Channels = "all",
    tell: Callable[[int], None] = lambda windows: None,
    per_shard: int = PER_SHARD,
) -> list[Path]:
    """Write windows in their order into a new folder, `per_shard` a file: windows-000000.tar ...; `tell` hears of each.

    A window of L bases and C channels is three files of one name, its number:

    .x.npy.gz   uint8 [L, 4]: columns A, C, G, T; N is four zeros
    .y.npy.gz   float32 [L, C]
    .json       genome, chrom, start, end (0-based half-open), strand, split, channels

    A window that is shorter than L is filled up with zeros: it has end - start bases.

    Raises:
        ReadingError: there are no windows or no such channel, or something stands in the folder.
        DatasetError: a file of the dataset is damaged.
        OSError: a file can't be written.
    """
    per_shard, folder = whole("per_shard", per_shard, 1), Path(folder)
    read = enumerate(read_windows(dataset, windows, channels))
    names = []
    with new_folder(folder) as temporary:
        shard: tarfile.TarFile | None = None
        for place, (one, window) in read:
            if place % per_shard == 0:
                if shard is not None:
                    shard.close()
                names.append(f"windows-{place // per_shard:06d}.tar")
                shard = tarfile.open(temporary / names[-1], "w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115
            assert shard is not None  # noqa: S101 - the first window opens one
            _write(shard, f"{place:09d}", one, window)
            tell(1)
        if shard is not None:
            shard.close()
    return [folder / name for name in names]


def _write(shard: tarfile.TarFile, key: str, one: Interval, window: Window) -> None:
    about = {
        "genome": one.genome,
        "chrom": one.chrom,
        "start": one.start,
        "end": one.end,
        "strand": one.strand,
        "split": window.split,
        "channels": list(window.channels),
    }
    parts = {"x.npy.gz": _packed(window.one_hot()), "y.npy.gz": _packed(window.targets)}
    for ending, content in {**parts, "json": json.dumps(about).encode()}.items():
        info = tarfile.TarInfo(f"{key}.{ending}")  # no time and no owner: the same windows give the same bytes
        info.size = len(content)
        shard.addfile(info, io.BytesIO(content))


def _packed(array: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return gzip.compress(file.getvalue(), compresslevel=1, mtime=0)
