"""bigWig: a file per genome and channel. Runs go from the segments into the files; nothing is made dense."""

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from genatator_assets.errors import optional_import
from genatator_assets.reading.along import chromosomes_by_name, runs_along
from genatator_assets.reading.channels import EVERY, Channels, channel_numbers
from genatator_assets.reading.dataset import Dataset
from genatator_assets.reading.exports.common import file_name
from genatator_assets.reading.store import Chromosome
from genatator_assets.tracks.runs import Runs
from genatator_assets.work.files import whole_file

with optional_import("pyBigWig", "export"):
    import pyBigWig

_RUNS_AT_ONCE = 100_000
_ROOM_BYTES = 200_000_000
_LAST_BYTES = bytes.fromhex("26fc8f88")


def write_bigwig(dataset: Dataset, folder: str | Path, channels: Channels = "all") -> list[Path]:
    """Write <genome>[.<split>].<channel>.bw into a folder; a file lists all chromosomes, also those without a value.

    Raises:
        ReadingError: there is no such channel.
        DatasetError: a file of the dataset is damaged.
        OSError: a file can't be written, or the disk is nearly full.
    """
    numbers = channel_numbers(channels)
    written: list[Path] = []
    for genome in dataset.genomes:
        names = [file_name(genome, dataset.split, f"{EVERY.names[number]}.bw") for number in numbers]
        paths = [Path(folder) / name for name in names]
        _write_genome(dataset, genome, paths, numbers)
        written += paths
    return written


def _write_genome(dataset: Dataset, genome: str, paths: Sequence[Path], channels: Sequence[int]) -> None:
    chromosomes = chromosomes_by_name(dataset, genome)
    with ExitStack() as stack:
        files = [stack.enter_context(opened_bigwig(path, chromosomes)) for path in paths]
        for chromosome in chromosomes:
            for stretch in runs_along(dataset, chromosome, channels):
                require_room(paths[0].parent)
                for file, runs in zip(files, stretch, strict=True):
                    add_runs(file, chromosome.chrom, runs)


@contextmanager
def opened_bigwig(path: Path, chromosomes: Sequence[Chromosome]) -> Iterator[Any]:
    """Open a bigWig file that is written whole or not at all; it lists these chromosomes."""
    with whole_file(path) as temporary:
        temporary.touch()  # says why, if it can't be
        file = pyBigWig.open(str(temporary), "w")
        try:
            file.addHeader([(one.chrom, one.length) for one in chromosomes])
            yield file
        finally:
            file.close()
        _require_end(temporary)


def add_runs(file: Any, chrom: str, runs: Runs) -> None:
    """Write runs that lie right of all before."""
    for first in range(0, len(runs.start), _RUNS_AT_ONCE):
        piece = slice(first, first + _RUNS_AT_ONCE)
        start = runs.start[piece]
        file.addEntries([chrom] * len(start), start, ends=runs.end[piece], values=runs.value[piece])


def require_room(folder: Path) -> None:
    """Refuse to go on where a write might fail: pyBigWig never comes back from one (0.3.29)."""
    if (free := shutil.disk_usage(folder).free) < _ROOM_BYTES:
        raise OSError(errno.ENOSPC, f"only {free:,} bytes are free, expected {_ROOM_BYTES:,}", str(folder))


def _require_end(path: Path) -> None:
    """Refuse a file that pyBigWig could not finish, of which it says so on standard error only."""
    with path.open("rb") as handle:
        handle.seek(-len(_LAST_BYTES), os.SEEK_END)
        if handle.read() != _LAST_BYTES:
            raise OSError(errno.EIO, "pyBigWig could not finish the file", str(path))
