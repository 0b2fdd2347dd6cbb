"""Rows of the published form, and the files that they are written into."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from genatator_assets.annotation.structure import LABELS, Places, Runs

ROWS_SCHEMA = pa.schema(
    [
        ("dna_sequence", pa.string()),
        ("labels", pa.list_(pa.list_(pa.float32(), len(LABELS)))),
        ("metadata", pa.string()),
        ("status", pa.int32()),
    ]
)
"""A row per transcript: its bases, its labels (L x 5), seven fields that say which it is, and whether it represents its
gene (1 or 0)."""

SETTINGS = {
    "use_dictionary": ["status"],  # of labels, a dictionary takes twice the time and saves a sixth
    "write_statistics": ["metadata", "status"],
    "compression": "zstd",
    "compression_level": 1,
    "write_page_checksum": True,
}

ROW_GROUP_BP, ROW_GROUP_ROWS = 500_000, 100
"""At most so many bases (10 MB once read) and rows stand in a row group, or one row: the hub's viewer takes at most
300 MB of one."""

FILE_BP = 200_000_000


def row_group(dna: list[bytes], runs: Runs, metadata: pa.Array, status: npt.NDArray[np.int32]) -> pa.Table:
    """Return the rows of some transcripts, from their bases and runs."""
    offsets = np.concatenate([[0], np.cumsum([len(bases) for bases in dna])]).astype(np.int32)
    values = pa.array(runs.dense().reshape(-1))
    labels = pa.ListArray.from_arrays(pa.array(offsets), pa.FixedSizeListArray.from_arrays(values, len(LABELS)))
    texts = pa.StringArray.from_buffers(len(dna), pa.py_buffer(offsets), pa.py_buffer(b"".join(dna)))
    return pa.Table.from_arrays(
        [texts, labels.cast(ROWS_SCHEMA.field("labels").type), metadata, pa.array(status)], schema=ROWS_SCHEMA
    )


def pieces_of(lengths: Places, most_bp: int, most_rows: int | None = None) -> Iterator[slice]:
    """Cut rows of some lengths, in their order, into pieces of at most so many bases and rows, but at least one row.

    >>> [(piece.start, piece.stop) for piece in pieces_of(np.array([4, 4, 9, 1]), 8)]
    [(0, 2), (2, 3), (3, 4)]
    """
    begin = bases = 0
    for number, length in enumerate(lengths.tolist()):
        if number > begin and (bases + length > most_bp or number - begin == most_rows):
            yield slice(begin, number)
            begin, bases = number, 0
        bases += length
    if len(lengths) > begin:
        yield slice(begin, len(lengths))
