"""What exports share: names of files and folders, and windows in their order."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from genatator_assets.errors import ReadingError
from genatator_assets.reading.channels import Channels
from genatator_assets.reading.dataset import Dataset
from genatator_assets.reading.window import Interval, Window
from genatator_assets.reading.windows import Windows
from genatator_assets.work.files import path_name, whole_folder


def file_name(genome: str, split: str | None, what: str) -> str:
    """Name a file of a genome, or of one split of it.

    >>> file_name("hg38", None, "mrna_tss_+.bw"), file_name("hg38", "test", "gff3")
    ('hg38.mrna_tss_+.bw', 'hg38.test.gff3')
    """
    return ".".join([path_name(genome), *([split] if split else []), what])


def read_windows(dataset: Dataset, windows: Windows, channels: Channels) -> Iterator[tuple[Interval, Window]]:
    """Read windows in their order, all of one length: a shorter one is filled up with N and zeros behind its end.

    Raises:
        ReadingError: there are none, or there is no such channel.
    """
    if not len(windows):
        raise ReadingError(f"{dataset.store.origin}: there are no windows to write; choose others")
    filled = ((one, replace(one, end=one.start + windows.length)) for one in windows)
    return ((one, dataset.read(whole, channels=channels, pad=True)) for one, whole in filled)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Return a folder that takes the place of `path` when the block ends well; what stands there stays.

    Raises:
        ReadingError: something stands there.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ReadingError(f"{path} is there already; remove it, or give another place")
    with whole_folder(path) as temporary:
        yield temporary
