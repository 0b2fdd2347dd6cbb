"""Reading blocks in tests, by pyarrow alone: nothing here is imported from the package."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq


@dataclass(frozen=True)
class Block:
    path: Path
    dna: str
    targets: np.ndarray
    metadata: dict[str, Any]


def read_block(path: Path) -> Block:
    """A block as a user of the published dataset reads it; `targets` is float32 [L, 12]."""
    table = pq.ParquetFile(path, page_checksum_verification=True).read()
    values = table["targets"].combine_chunks().flatten().flatten()
    dna = table["dna_sequence"][0].as_py()
    return Block(path, dna, values.to_numpy().reshape(len(dna), 12), json.loads(table["metadata"][0].as_py()))


def blocks_of(root: Path, genome: str) -> dict[str, list[Block]]:
    """The blocks of a genome by chromosome, found by their metadata and in the order of their starts."""
    found: dict[str, list[Block]] = {}
    for path in sorted(root.glob("blocks/**/*.parquet")):
        block = read_block(path)
        if block.metadata["genome"] == genome:
            found.setdefault(block.metadata["chrom"], []).append(block)
    return {chrom: sorted(blocks, key=lambda block: block.metadata["start"]) for chrom, blocks in found.items()}
