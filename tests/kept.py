"""A folder in which something slow was built, given to one test after another as it was at first.

Records of a dataset name the folder where its inputs stand, so every test gets it at the same place.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def keep(folder: Path) -> Path:
    """Put a folder aside, to be given by `given`; its path stays its name."""
    folder.rename(_kept(folder))
    return folder


@contextmanager
def given(folder: Path) -> Iterator[Path]:
    """Return a kept folder for a test to do with it what it likes."""
    shutil.copytree(_kept(folder), folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _kept(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.kept")
