"""The expression matrix of an h5ad file: rows of it, whichever way it is stored.

| layout | how rows are read | what is read twice |
| --- | --- | --- |
| CSR | slices of data and indices, from the first wanted row to the last | HDF5 chunks at the ends of slices |
| dense | bands as high as HDF5's chunks, strips of columns within a band | bands at the ends of a range |
| CSC | all of it, for any rows: `spill.py` sorts it by rows first | nothing, once it is sorted |
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from genatator_assets.errors import H5adError, optional_import
from genatator_assets.sources.h5ad.dense import dense_rows
from genatator_assets.sources.h5ad.faults import damage_reported, require_filters
from genatator_assets.sources.h5ad.frame import text_of
from genatator_assets.sources.h5ad.rows import Numbers, Rows, grouped_by_row

_CACHE_SLOTS, _LARGEST_CACHE_BYTES = 11, 64 << 20

PIECE = 200_000
"""Stored values that are read at once, unless a single row has more: some MB, which fit the processor's cache."""

Layout = Literal["csr", "csc", "dense"]


class RowSource(Protocol):
    """What rows can be read from."""

    def rows(self, wanted: Numbers) -> Iterator[Rows]:
        """Return the rows with the numbers `wanted`, which ascend, piece by piece."""


@dataclass(frozen=True)
class Matrix:
    """A matrix of cells x genes; `stored` is the number of its values in the file, zeros or not."""

    path: Path
    name: str
    layout: Layout
    shape: tuple[int, int]
    stored: int
    _node: Any

    @classmethod
    def of(cls, path: Path, name: str, node: Any) -> "Matrix":
        """Look at a dataset, which is dense, or at a group, which is sparse.

        Raises:
            H5adError: it is neither, it is damaged, or HDF5 can't decompress it.
        """
        if not hasattr(node, "keys"):
            require_filters(path, node)
            rows, columns = node.shape
            return cls(path, name, "dense", (rows, columns), rows * columns, node)
        told = text_of(node.attrs.get("encoding-type", node.attrs.get("h5sparse_format", "no encoding")))
        layout: Layout | None = {"csr": "csr", "csc": "csc"}.get(told.removesuffix("_matrix"))  # type: ignore[assignment]
        shape = node.attrs.get("shape", node.attrs.get("h5sparse_shape"))
        if layout is None or shape is None or not {"data", "indices", "indptr"} <= set(node):
            raise H5adError(f"{path}: {name} is stored as {told!r}; expected a dense matrix, csr_matrix or csc_matrix")
        for part in ("data", "indices", "indptr"):
            require_filters(path, node[part])
        matrix = cls(path, name, layout, (int(shape[0]), int(shape[1])), len(node["data"]), node)
        if len(node["indices"]) != matrix.stored or len(node["indptr"]) != matrix.shape[layout == "csc"] + 1:
            raise H5adError(
                f"{path}: {name} has {matrix.stored:,} values, {len(node['indices']):,} indices and"
                f" {len(node['indptr']):,} pointers for {matrix.shape[0]:,} x {matrix.shape[1]:,}; the file is damaged"
            )
        return matrix

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its values."""
        found: np.dtype[Any] = (self._node if self.layout == "dense" else self._node["data"]).dtype
        return found

    def rows(self, wanted: Numbers) -> Iterator[Rows]:
        """Return the rows with the numbers `wanted`, which ascend, piece by piece.

        Raises:
            H5adError: the file is damaged.
        """
        if len(wanted) == 0:
            return
        with damage_reported(self.path, self.name):
            if self.layout == "dense":
                yield from dense_rows(self._node, wanted)
            elif self.layout == "csr":
                yield from self._csr_rows(wanted)
            else:
                yield self._csc_rows(wanted)

    def _csr_rows(self, wanted: Numbers) -> Iterator[Rows]:
        top = int(wanted[0])
        pointers = self.pointers(top, int(wanted[-1]) + 1)
        for piece in _pieces(pointers[wanted - top], pointers[wanted - top + 1]):
            numbers = wanted[piece]
            inside = pointers[numbers[0] - top : numbers[-1] + 2 - top]
            genes, values = self.entries(int(inside[0]), int(inside[-1]), self.shape[1])
            chosen = np.zeros(len(inside) - 1, bool)
            chosen[numbers - numbers[0]] = True
            yield self._in_order(Rows(inside - inside[0], genes, values).select(chosen), numbers)

    def _in_order(self, rows: Rows, numbers: Numbers) -> Rows:
        """Return rows with their genes in ascending order, as most writers but not all have them."""
        ascending = rows.genes[1:] > rows.genes[:-1]
        begins = rows.offsets[1:-1]
        ascending[begins[(begins > 0) & (begins < len(rows.genes))] - 1] = True
        if ascending.all():
            return rows
        row_of_each = np.repeat(np.arange(len(rows)), np.diff(rows.offsets))
        order = np.lexsort((rows.genes, row_of_each))
        genes = rows.genes[order]
        twice = (genes[1:] == genes[:-1]) & (row_of_each[1:] == row_of_each[:-1])
        if twice.any():
            at = int(np.argmax(twice))
            raise H5adError(
                f"{self.path}: {self.name} has two values for cell {numbers[row_of_each[at]]:,} and gene {genes[at]:,}"
                " (counted from 0); add them up (sum_duplicates) and write the file again"
            )
        return Rows(rows.offsets, genes, rows.values[order])

    def _csc_rows(self, wanted: Numbers) -> Rows:
        """Return rows by going through all columns: for a few rows only, as all of them are held together."""
        place = np.full(self.shape[0], -1, np.int32)
        place[wanted] = np.arange(len(wanted), dtype=np.int32)
        pieces = [(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, self.dtype))]
        for rows, genes, values in self.by_columns():
            chosen = place[rows] >= 0
            pieces.append((place[rows[chosen]], genes[chosen], values[chosen]))
        rows, genes, values = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
        return self._in_order(grouped_by_row(rows, genes, values, len(wanted)), wanted)

    def by_columns(self) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[Any]]]:
        """Go once through a CSC matrix: rows, genes, values of some columns after the other."""
        with damage_reported(self.path, self.name):
            pointers = self.pointers(0, self.shape[1])
            first = 0
            while first < self.shape[1]:
                limit = pointers[first] + PIECE
                last = max(first + 1, int(np.searchsorted(pointers, limit, side="right")) - 1)
                rows, values = self.entries(int(pointers[first]), int(pointers[last]), self.shape[0])
                counts = np.diff(pointers[first : last + 1])
                yield rows, np.repeat(np.arange(first, last, dtype=np.int32), counts), values
                first = last

    def pointers(self, start: int, stop: int) -> Numbers:
        """Return where rows [start, stop) of CSR, or columns of CSC, begin in the data, and where the last one ends."""
        found: Numbers = self._node["indptr"][start : stop + 1].astype(np.int64)
        if found[0] < 0 or found[-1] > self.stored or (np.diff(found) < 0).any():
            raise H5adError(f"{self.path}: {self.name}/indptr does not ascend from 0 to the end; the file is damaged")
        return found

    def entries(self, start: int, stop: int, limit: int) -> tuple[NDArray[np.int32], NDArray[Any]]:
        """Return indices and values [start, stop) of the data; all indices must lie in [0, limit)."""
        indices, values = self._parts[0][start:stop], self._parts[1][start:stop]
        if len(indices) and (indices.min() < 0 or indices.max() >= limit):
            raise H5adError(
                f"{self.path}: {self.name} has the index {indices.max():,}, expected less than {limit:,}; it is damaged"
            )
        return indices.astype(np.int32, copy=False), values

    @cached_property
    def _parts(self) -> tuple[Any, Any]:
        """Return the datasets; while they stay open, HDF5 keeps the chunk that the last slice ended in."""
        return _keeping_a_chunk(self._node, "indices"), _keeping_a_chunk(self._node, "data")


def _keeping_a_chunk(group: Any, name: str) -> Any:
    """Open a dataset with a cache that holds one of its HDF5 chunks, for whatever size they are, slices cut them."""
    with optional_import("h5py", "cells"):
        import h5py  # noqa: PLC0415 - an extra

    if group[name].chunks is None:
        return group[name]
    chunk = math.prod(group[name].chunks) * group[name].dtype.itemsize
    access = h5py.h5p.create(h5py.h5p.DATASET_ACCESS)
    access.set_chunk_cache(_CACHE_SLOTS, min(chunk, _LARGEST_CACHE_BYTES), 1.0)
    # It must not be open already: all handles of a dataset share the cache of the first.
    return h5py.Dataset(h5py.h5d.open(group.id, name.encode(), access))


def _pieces(begins: Numbers, ends: Numbers) -> Iterator[slice]:
    """Cut rows, which lie at [begins, ends) of the data, into pieces to read at once: close together and short."""
    for group in np.split(np.arange(len(begins)), np.flatnonzero(begins[1:] - ends[:-1] > PIECE // 8) + 1):
        first, stop = int(group[0]), int(group[-1]) + 1
        while first < stop:
            last = int(np.searchsorted(ends[:stop], begins[first] + PIECE, side="right"))
            yield slice(first, last := max(first + 1, last))
            first = last
