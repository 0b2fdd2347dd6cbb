"""A CSC matrix sorted by rows on disk, in one pass: its columns can't be read by rows otherwise.

The pass sorts some million values at a time by rows and appends them as a *run*. The rows of a range are then a short
stretch of every run, and as runs came in the order of columns, so do the genes of each row. Nothing is ever held but one
run, and later the rows that are asked for.
"""

import json
from collections.abc import Iterator
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

_RUN = 4_000_000
_MOST_ROWS = 1 << 16  # so that a row's place in its bucket is a uint16, for which sorting is quickest
_PARTS = ("rows", "genes", "values")


def spill(matrix: Matrix, folder: Path, key: str) -> "Spill":
    """Write a CSC matrix sorted by rows to `folder`, whole or not at all, unless it stands there by the same `key`."""
    stored = Spill(folder)
    if stored.key == key:
        return stored
    n_rows = matrix.shape[0]
    bucket = min(_MOST_ROWS, max(1, PIECE * n_rows // max(1, matrix.stored)))
    runs = [np.zeros(-(-n_rows // bucket) + 1, np.int64)]
    with whole_folder(folder) as beside:
        with ExitStack() as stack:
            files = {part: stack.enter_context((beside / part).open("wb")) for part in _PARTS}
            for rows, genes, values in _runs(matrix):
                numbers = rows // bucket
                order = np.argsort(numbers.astype(np.min_scalar_type(len(runs[0]))), kind="stable")
                in_bucket = (rows % bucket).astype(np.uint16)
                for part, of_part in zip(_PARTS, (in_bucket, genes, values), strict=True):
                    of_part[order].tofile(files[part])
                runs.append(runs[-1][-1] + offsets_of(np.bincount(numbers, minlength=len(runs[0]) - 1)))
        np.save(beside / "runs.npy", np.array(runs[1:], np.int64).reshape(-1, len(runs[0])))
        about = {"key": key, "rows": n_rows, "bucket": bucket, "dtype": matrix.dtype.str}
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


def _together(pieces: list[tuple[NDArray[Any], ...]]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
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
        """Return where each bucket begins in each run: int64 [runs, buckets + 1]."""
        found: Numbers = np.load(self.folder / "runs.npy")
        return found

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
