"""The contract of a block: its columns, its metadata and how a chromosome is cut. Nothing here reads or writes."""

import json
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from genatator_assets.gene_finding.channels import CHANNELS

SCHEMA = pa.schema(
    [
        ("dna_sequence", pa.string()),
        ("targets", pa.list_(pa.list_(pa.float32(), len(CHANNELS)))),
        ("metadata", pa.string()),
    ]
)
"""Exactly these columns: readers of the published dataset read ours unchanged."""


@dataclass(frozen=True)
class BlockPlace:
    """Where a block lies: [start, end) of a chromosome, 0-based half-open."""

    genome: str
    split: str
    chrom: str
    start: int
    end: int
    chrom_length: int
    block_size_bp: int

    def metadata(self) -> dict[str, Any]:
        """Return the block's metadata, in the published order of keys."""
        length = self.end - self.start
        return {
            "genome": self.genome,
            "split": self.split,
            "chrom": self.chrom,
            "start": self.start,
            "end": self.end,
            "chrom_length": self.chrom_length,
            "sequence_length": length,
            "target_shape": [length, len(CHANNELS)],
            "target_names": list(CHANNELS.names),
            "block_size_bp": self.block_size_bp,
        }

    def metadata_json(self) -> str:
        """Return the block's metadata as the JSON string that is stored."""
        return json.dumps(self.metadata())


def block_starts(length: int, block_size_bp: int) -> range:
    """Return where the blocks of a chromosome of `length` bp begin, 0-based; there are as many blocks as starts.

    >>> list(block_starts(25, 10)), len(block_starts(25, 10))
    ([0, 10, 20], 3)
    """
    return range(0, length, block_size_bp)


def block_intervals(length: int, block_size_bp: int) -> list[tuple[int, int]]:
    """Cut a chromosome of `length` bp into 0-based half-open intervals, all but the last of `block_size_bp`.

    >>> block_intervals(25, 10)
    [(0, 10), (10, 20), (20, 25)]
    """
    return [(start, min(start + block_size_bp, length)) for start in block_starts(length, block_size_bp)]
