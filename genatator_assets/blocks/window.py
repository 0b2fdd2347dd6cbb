"""A window of a block's targets straight from its file: through the page table, or else by pyarrow."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from genatator_assets.blocks.encode.pages import read_target_page
from genatator_assets.blocks.encode.table import PAGE_TABLE_KEY, PageTable
from genatator_assets.errors import DatasetError
from genatator_assets.targets.channels import CHANNELS
from genatator_assets.targets.segments import Values

_CHANNELS = len(CHANNELS)
_TARGETS = 1


def read_targets(path: Path, start: int, end: int) -> Values:
    """Give the targets of bases [start, end) of a block, counted from the block's own start: float32 [end - start, 12].

    A file with a page table is read page by page, so that a window costs what it covers; any other file of the
    contract (such as the published dataset's) is decoded whole by pyarrow first.

    Raises:
        ValueError: the interval is reversed or leaves the block.
        DatasetError: the file is damaged, or its page table does not tell the truth.
    """
    try:
        footer = pq.read_metadata(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise DatasetError(f"{path} can't be read as a block ({error}); build or get it again") from error
    if (footer.num_row_groups, footer.num_rows, footer.num_columns) != (1, 1, 3):
        raise DatasetError(f"{path} is no block: {footer.num_rows:,} rows of {footer.num_columns} columns, not 1 of 3")
    chunk = footer.row_group(0).column(_TARGETS)
    length = chunk.num_values // _CHANNELS
    if not 0 <= start <= end <= length:
        raise ValueError(f"{start=}, {end=} is no interval within the block's [0, {length})")
    stored = (footer.metadata or {}).get(PAGE_TABLE_KEY.encode())
    try:
        if stored is None:
            return _by_pyarrow(path, length)[start:end]
        table = PageTable.decode(stored.decode())
        _require_truth(table, chunk, length)
        return _by_pages(path, table, length, start, end)
    except (pa.ArrowInvalid, OSError, ValueError) as error:
        raise DatasetError(f"{path} is damaged: {error}; build or get it again") from error


def _require_truth(table: PageTable, chunk: pq.ColumnChunkMetaData, length: int) -> None:
    """Compare a table with what the footer says of the column."""
    first, last = chunk.data_page_offset, chunk.data_page_offset + chunk.total_compressed_size
    pages = -(-length // table.bases_per_page)
    if (table.edges[0], table.edges[-1], len(table.edges) - 1) != (first, last, pages):
        raise ValueError(
            f"its page table has {len(table.edges) - 1:,} pages at bytes {table.edges[0]:,} to {table.edges[-1]:,},"
            f" expected {pages:,} at {first:,} to {last:,}"
        )


def _by_pages(path: Path, table: PageTable, length: int, start: int, end: int) -> Values:
    window = np.empty((end - start, _CHANNELS), np.float32)
    if start == end:
        return window
    bases_per_page = table.bases_per_page
    pages = range(start // bases_per_page, -(-end // bases_per_page))
    with path.open("rb") as handle:
        handle.seek(int(table.edges[pages[0]]))
        for page in pages:
            first, last = page * bases_per_page, min((page + 1) * bases_per_page, length)
            data = handle.read(int(table.edges[page + 1] - table.edges[page]))
            try:
                values = read_target_page(data, last - first)
            except ValueError as error:
                raise ValueError(f"page {page:,} of its targets: {error}") from error
            left, right = max(first, start), min(last, end)
            window[left - start : right - start] = values[left - first : right - first]
    return window


def _by_pyarrow(path: Path, length: int) -> Values:
    column = pq.ParquetFile(path, page_checksum_verification=True).read(columns=["targets"])["targets"]
    values: Values = column.combine_chunks().flatten().flatten().to_numpy(zero_copy_only=False).astype(np.float32)
    return values.reshape(length, _CHANNELS)
