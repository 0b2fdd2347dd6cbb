"""A window of a block's targets straight from its file: through the page table, or else by pyarrow."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from genatator_assets.errors import DatasetError
from genatator_assets.gene_finding.blocks.encode.pages import read_target_page
from genatator_assets.gene_finding.blocks.encode.table import PAGE_TABLE_KEY, PageTable
from genatator_assets.gene_finding.channels import CHANNELS
from genatator_assets.tracks.painting import Painter, RunTable
from genatator_assets.tracks.runs import Values
from genatator_assets.work.tables import require_known_format

_CHANNELS = len(CHANNELS)
_STRETCH_BP = 1 << 15
_SMALL_BYTES = 512


@dataclass(frozen=True, eq=False)
class BlockTargets:
    """The targets of a block file of `bases` bases, ready to be read; `table` is None where the file has none."""

    path: Path
    bases: int
    table: PageTable | None

    def read(self, start: int, end: int) -> Values:
        """Return the targets of bases [start, end), counted from the block's own start: float32 [end - start, 12].

        Raises:
            ValueError: the interval is reversed or leaves the block.
            DatasetError: the file is damaged.
        """
        if not 0 <= start <= end <= self.bases:
            raise ValueError(f"{start=}, {end=} is not an interval within the block's [0, {self.bases})")
        try:
            if self.table is None:
                return _by_pyarrow(self.path, self.bases)[start:end]
            return _by_pages(self.path, self.table, start, end)
        except (ValueError, OSError) as error:
            raise _damaged(self.path, error) from error

    def stretches(self, start: int, end: int) -> range:
        """Return the stretches of pages that hold bases [start, end) of a block with a page table, by number."""
        bases = self._table.bases
        first, last = bases[bases.searchsorted(start, "right") - 1], bases[bases.searchsorted(end) - 1]
        return range(int(first) // _STRETCH_BP, int(last) // _STRETCH_BP + 1)

    def painter(self, stretch: int) -> Painter:
        """Unzip the pages of a stretch and return their runs, counted from the block's own start.

        Raises:
            DatasetError: the file is damaged.
        """
        table = self._table
        first, last = table.bases[:-1].searchsorted((stretch * _STRETCH_BP, (stretch + 1) * _STRETCH_BP)).tolist()
        bases, edges = table.bases[first : last + 1].tolist(), table.edges[first : last + 1].tolist()
        try:
            with self.path.open("rb") as handle:
                handle.seek(edges[0])
                data = handle.read(edges[-1] - edges[0])
            runs = [
                _page_runs(first + number, data[edge - edges[0] : after - edges[0]], stop - begin).moved(begin)
                for number, ((edge, after), (begin, stop)) in enumerate(
                    zip(pairwise(edges), pairwise(bases), strict=True)
                )
            ]
        except (ValueError, OSError) as error:
            raise _damaged(self.path, error) from error
        return Painter.of(RunTable.together(runs))

    @property
    def _table(self) -> PageTable:
        if self.table is None:
            raise ValueError(f"{self.path} has no page table")
        return self.table


def _page_runs(number: int, data: bytes, bases: int) -> RunTable:
    """Return the runs of a page, counted from its own start."""
    try:
        return (_alike if len(data) < _SMALL_BYTES else _unzipped)(data, bases)
    except ValueError as error:
        raise ValueError(f"page {number:,} of its targets: {error}") from error


def _unzipped(data: bytes, bases: int) -> RunTable:
    return RunTable.of_dense(read_target_page(data, bases, _CHANNELS), 0)


_alike = lru_cache(maxsize=4_096)(_unzipped)
"""Most pages are constant, small and alike, byte by byte: these are unzipped once."""


def read_targets(path: Path, start: int, end: int) -> Values:
    """Return the targets of bases [start, end) of a block, counted from its own start: float32 [end - start, 12].

    A file with a page table is read page by page, so that a window costs what it covers; any other file of the
    contract (such as the published dataset's) is decoded whole by pyarrow first.

    Raises:
        ValueError: the interval is reversed or leaves the block.
        DatasetError: the file is damaged, or its page table does not tell the truth.
    """
    return open_targets(path).read(start, end)


def open_targets(path: Path) -> BlockTargets:
    """Read a block file's footer.

    Raises:
        DatasetError: the file is no block, damaged or of another format, or its page table does not tell the truth.
    """
    try:
        footer = pq.read_metadata(path)
    except (ValueError, OSError) as error:
        raise DatasetError(f"{path} can't be read as a block ({error}); build or get it again") from error
    require_known_format(path, footer.metadata)
    chunks = [footer.row_group(0).column(number) for number in range(footer.num_columns)] if footer.num_rows else []
    of_targets = [chunk for chunk in chunks if chunk.path_in_schema.split(".")[0] == "targets"]
    if (footer.num_row_groups, footer.num_rows, len(chunks), len(of_targets)) != (1, 1, 3, 1):
        raise DatasetError(
            f"{path} is not a block: {footer.num_rows:,} rows of {footer.num_columns} columns, not 1 of 3"
        )
    (chunk,) = of_targets
    bases = chunk.num_values // _CHANNELS
    stored = (footer.metadata or {}).get(PAGE_TABLE_KEY.encode())
    try:
        table = None if stored is None else _true_table(stored.decode(), chunk, bases)
    except ValueError as error:
        raise _damaged(path, error) from error
    return BlockTargets(path, bases, table)


def _damaged(path: Path, error: Exception) -> DatasetError:
    return DatasetError(f"{path} is damaged: {error}; build or get it again")


def _true_table(stored: str, chunk: pq.ColumnChunkMetaData, length: int) -> PageTable:
    """Decode a table and compare it with what the footer says of the column."""
    table = PageTable.decode(stored)
    first, last = chunk.data_page_offset, chunk.data_page_offset + chunk.total_compressed_size
    if (table.edges[0], table.edges[-1], table.bases[-1]) != (first, last, length):
        raise ValueError(
            f"its page table has {table.bases[-1]:,} bases at bytes {table.edges[0]:,} to {table.edges[-1]:,},"
            f" expected {length:,} at {first:,} to {last:,}"
        )
    return table


def _by_pages(path: Path, table: PageTable, start: int, end: int) -> Values:
    window = np.empty((end - start, _CHANNELS), np.float32)
    if start == end:
        return window
    opening = int(np.searchsorted(table.bases, start, side="right")) - 1
    with path.open("rb") as handle:
        handle.seek(int(table.edges[opening]))
        for page in range(opening, int(np.searchsorted(table.bases, end))):
            first, last = int(table.bases[page]), int(table.bases[page + 1])
            data = handle.read(int(table.edges[page + 1] - table.edges[page]))
            try:
                values = read_target_page(data, last - first, _CHANNELS)
            except ValueError as error:
                raise ValueError(f"page {page:,} of its targets: {error}") from error
            left, right = max(first, start), min(last, end)
            window[left - start : right - start] = values[left - first : right - first]
    return window


def _by_pyarrow(path: Path, length: int) -> Values:
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        bases = file.read(columns=["targets"])["targets"].combine_chunks().flatten()
    widths = pc.list_value_length(bases).to_numpy(zero_copy_only=False)
    if len(bases) != length or np.any(widths != _CHANNELS):
        raise ValueError(f"its targets are not {_CHANNELS} values a base")
    values: Values = bases.flatten().to_numpy(zero_copy_only=False).astype(np.float32, copy=False)
    return values.reshape(length, _CHANNELS)
