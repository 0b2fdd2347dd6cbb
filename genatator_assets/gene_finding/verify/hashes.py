"""Every block file read again, in pieces: whether it is byte for byte the one that the index knows."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from genatator_assets.work.files import sha256_of_file
from genatator_assets.work.layout import Layout
from genatator_assets.work.storage import ask_each, is_remote
from genatator_assets.work.tables import read_table


@dataclass(frozen=True)
class ChangedFile:
    """A block's file, relative to the root, whose bytes are not those that the index knows."""

    genome: str
    chrom: str
    path: str
    index_sha256: str | None
    file_sha256: str


def changed_blocks(layout: Layout) -> Iterator[ChangedFile]:
    """Return the block files that have changed since they were indexed; those that are missing are told elsewhere.

    Raises:
        DatasetError: the dataset has no index.
    """
    columns = ["genome", "chrom", "path", "sha256"]
    rows = read_table(layout.index, columns=columns).to_pylist()

    def hashed(row: dict[str, str | None]) -> str | None:
        path = layout.root / str(row["path"])
        return sha256_of_file(path) if path.is_file() else None

    if is_remote(layout.root):
        found = list(ask_each(layout.root, hashed, rows))
    else:
        with ThreadPoolExecutor(os.cpu_count()) as threads:  # hashing leaves the interpreter to the others
            found = list(threads.map(hashed, rows))
    for row, sha256 in zip(rows, found, strict=True):
        if sha256 is not None and sha256 != row["sha256"]:
            yield ChangedFile(row["genome"], row["chrom"], row["path"], row["sha256"], sha256)
