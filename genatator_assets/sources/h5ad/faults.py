"""What can be wrong with an HDF5 file, in words: damage, and compression that needs a plugin."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from genatator_assets.errors import H5adError, optional_import

# Of the HDF Group's register of filters, those that single-cell tools write.
_FILTERS = {
    32000: "LZF",
    32001: "Blosc",
    32004: "LZ4",
    32008: "bitshuffle",
    32013: "ZFP",
    32015: "Zstandard",
    32026: "Blosc2",
}


@contextmanager
def damage_reported(path: Path, what: str) -> Iterator[None]:
    """Report that `what` can't be read from a file, for h5py raises OSError, which does not name the file.

    Raises:
        H5adError: reading in the block failed.
    """
    try:
        yield
    except OSError as error:
        raise H5adError(f"{path}: {what} can't be read ({error}); the file is damaged or incomplete") from error


def require_filters(path: Path, node: Any) -> None:
    """Ensure that a dataset can be decompressed; hdf5plugin is loaded if that is what it needs and it is installed.

    Raises:
        H5adError: it is compressed by a filter that is not there.
    """
    if _missing_filter(node) is None:
        return
    with suppress(ModuleNotFoundError):
        importlib.import_module("hdf5plugin")  # registers its filters
    if missing := _missing_filter(node):
        raise H5adError(
            f"{path}: {node.name} is compressed with {missing}, which HDF5 does not know here:"
            " pip install hdf5plugin, or write the file again with gzip"
        )


def _missing_filter(node: Any) -> str | None:
    with optional_import("h5py", "cells"):
        import h5py  # noqa: PLC0415 - an extra

    properties = node.id.get_create_plist()
    for number in range(properties.get_nfilters()):
        code, _, _, name = properties.get_filter(number)
        if not h5py.h5z.filter_avail(code):
            return _FILTERS.get(code, name.decode("utf-8", "replace") or f"the filter {code}")
    return None
