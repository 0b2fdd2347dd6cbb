"""A CSC matrix sorted by rows on disk, in one pass: its columns can't be read by rows otherwise.

The pass sorts some million values at a time by rows and appends them as a *run*. The rows of a range are then a short
stretch of every run, and as runs come in the order of columns, so do the genes of each row. No more is held in memory
than one run, and later the rows that are asked for.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genatator_assets.sources.h5ad.matrix import PIECE, Matrix
from genatator_assets.sources.h5ad.rows import Numbers, Rows, grouped_by_row, offsets_of
from genatator_assets.work.files import whole_folder

_RUN = 2_000_000
_MOST_BUCKETS = 4_096
_MOST_ROWS = 1 << 16  # so that a row's place in its bucket is a uint16, for which sorting is quickest
_PARTS, _ENDS = ("rows", "genes", "values"), "ends"


def spill(matrix: Matrix, folder: Path, key: str) -> "Spill":
    """Write a CSC matrix sorted by rows to `folder`, whole or not at all, unless it stands there by the same `key`."""
    if (there := Spill(folder)).key == key:
        return there
    n_rows, stored = matrix.shape[0], max(1, matrix.stored)
    bucket = min(_MOST_ROWS, -(-n_rows * max(PIECE, stored // _MOST_BUCKETS) // stored))
    buckets = -(-n_rows // bucket)
    with whole_folder(folder) as beside:
        with ExitStack() as stack:
            files = {part: stack.enter_context((beside / part).open("wb")) for part in (*_PARTS, _ENDS)}
            written = 0
            for rows, genes, values in _runs(matrix):
                numbers = (rows // bucket).astype(np.uint16)
                order = np.argsort(numbers, kind="stable")
                (rows % bucket).astype(np.uint16)[order].tofile(files["rows"])
                genes[order].tofile(files["genes"])
                values[order].tofile(files["values"])
                (written + offsets_of(np.bincount(numbers, minlength=buckets))).tofile(files[_ENDS])
                written += len(rows)
        about = {"key": key, "rows": n_rows, "bucket": bucket, "buckets": buckets, "dtype": matrix.dtype.str}
        (beside / "spill.json").write_text(json.dumps(about))
    return Spill(folder)


def _runs(matrix: Matrix) -> Iterator[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]:
    """Put the pieces of a matrix together to runs."""
    held: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]] = []
    for piece in matrix.by_columns():
        held.append(piece)
        if sum(len(rows) for rows, _, _ in held) >= _RUN:
            yield _together(held)
            held = []
    if held:
        yield _together(held)


def _together(pieces: Sequence[tuple[NDArray[Any], ...]]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    rows, genes, values = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    return rows, genes, values


@dataclass(frozen=True)
class Spill:
    """A matrix sorted by rows, in a folder of its own."""

    folder: Path

    @cached_property
    def _about(self) -> dict[str, Any]:
        try:
            about: dict[str, Any] = json.loads((self.folder / "spill.json").read_text())
        except FileNotFoundError:
            return {}
        return about

    @property
    def key(self) -> str | None:
        """What it was made from; None where there is none."""
        return self._about.get("key")

    @cached_property
    def _ends(self) -> Numbers:
        """Return where each bucket begins in each run, and where the last one ends: int64 [runs, buckets + 1]."""
        width = self._about["buckets"] + 1
        if not (self.folder / _ENDS).stat().st_size:
            return np.empty((0, width), np.int64)
        return np.memmap(self.folder / _ENDS, np.int64, "r").reshape(-1, width)

    def _part(self, name: str, dtype: str, number: int) -> NDArray[Any]:
        """Return one of the three arrays of a bucket: its stretches of all runs, one after the other."""
        size = np.dtype(dtype).itemsize
        return np.concatenate(
            [
                np.fromfile(self.folder / name, dtype, last - first, offset=first * size)
                for first, last in self._ends[:, number : number + 2].tolist()
            ]
            or [np.empty(0, dtype)]
        )

    def rows(self, wanted: Numbers) -> Iterator[Rows]:
        """Return the rows with the numbers `wanted`, which ascend, piece by piece."""
        bucket, n_rows = self._about["bucket"], self._about["rows"]
        for numbers in np.split(wanted, np.flatnonzero(np.diff(wanted // bucket)) + 1):
            if len(numbers) == 0:
                continue
            number = int(numbers[0]) // bucket
            rows = self._part("rows", "<u2", number)
            genes, values = self._part("genes", "<i4", number), self._part("values", self._about["dtype"], number)
            chosen = np.zeros(min(bucket, n_rows - number * bucket), bool)
            chosen[numbers - number * bucket] = True
            yield grouped_by_row(rows, genes, values, len(chosen)).select(chosen)
