"""Rows of a dense matrix, so that no HDF5 chunk is decompressed twice and memory stays bounded.

HDF5 chunks of a wide matrix are tall and narrow: a thousand rows of a hundred columns. A few rows would need all chunks
of a band of a thousand. So a band is read at once, a strip of its columns after the other, and of each strip only what
is not zero is kept.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genatator_assets.sources.h5ad.rows import Numbers, Rows, offsets_of

_STRIP_BYTES = 16 << 20
_TALLEST_BAND = 4_096
_ROWS_AT_ONCE = 512


def dense_rows(node: Any, wanted: Numbers) -> Iterator[Rows]:
    """Return the rows of a dataset [rows, genes] with the numbers `wanted`, which ascend, without their zeros."""
    height, width = _band_and_strip(node)
    for band in np.split(wanted, np.flatnonzero(np.diff(wanted // height)) + 1):
        yield from _band_rows(node, band, width)


def _band_and_strip(node: Any) -> tuple[int, int]:
    """Return the rows of a band and the columns of a strip: whole chunks, where a strip of them fits in memory."""
    chunk_rows, chunk_columns = node.chunks or (1, node.shape[1])
    height = min(_TALLEST_BAND, chunk_rows * max(1, _ROWS_AT_ONCE // chunk_rows))
    width = max(1, _STRIP_BYTES // (height * node.dtype.itemsize))
    return height, max(chunk_columns, width - width % chunk_columns)


def _band_rows(node: Any, wanted: Numbers, width: int) -> Iterator[Rows]:
    """Return the rows of one band."""
    first, last = int(wanted[0]), int(wanted[-1]) + 1
    chosen = np.zeros(last - first, bool)
    chosen[wanted - first] = True
    strips = []
    for left in range(0, node.shape[1], width):
        block = node[first:last, left : left + width]
        strips.append(_sparse(block if chosen.all() else block[chosen], left))
    if len(strips) == 1:
        yield strips[0]
        return
    for top in range(0, len(wanted), _ROWS_AT_ONCE):
        yield _side_by_side(strips, top, min(top + _ROWS_AT_ONCE, len(wanted)))


def _sparse(block: NDArray[Any], left: int) -> Rows:
    """Return what is not zero in a block; NaN is not."""
    found = block != 0
    columns = np.flatnonzero(found) % block.shape[1]
    offsets = offsets_of(np.count_nonzero(found, axis=1))
    return Rows(offsets, (columns + left).astype(np.int32), block[found])


def _side_by_side(strips: list[Rows], top: int, bottom: int) -> Rows:
    """Return the rows [top, bottom) of strips that lie one right of the other."""
    counts = np.array([np.diff(strip.offsets[top : bottom + 1]) for strip in strips])
    offsets = offsets_of(counts.sum(axis=0))
    genes = np.empty(offsets[-1], np.int32)
    values = np.empty(offsets[-1], strips[0].values.dtype)
    begins = offsets[:-1].copy()
    for strip, count in zip(strips, counts, strict=True):
        inside = slice(strip.offsets[top], strip.offsets[bottom])
        target = np.arange(inside.stop - inside.start) + np.repeat(begins - offsets_of(count)[:-1], count)
        genes[target], values[target] = strip.genes[inside], strip.values[inside]
        begins += count
    return Rows(offsets, genes, values)
