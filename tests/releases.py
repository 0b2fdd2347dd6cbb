"""Folders of blocks alone, made from a root: as published, and as another program would write them."""

import os
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from blockfiles import Block, read_block


def published(root: Path, folder: Path, prefix: str = "data") -> Path:
    """The blocks of a root in the published layout: data/<split>/part-NNNNN/, three files a part."""
    for split in sorted((root / "blocks").iterdir()):
        for number, path in enumerate(sorted(split.rglob("*.parquet"))):
            to = folder / prefix / split.name / f"part-{number // 3:05d}" / f"{number:06d}.parquet"
            to.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, to)
    return folder


def blocks_only(root: Path, folder: Path) -> Path:
    """The blocks of a root with their index, and nothing else."""
    for part in ("blocks", "dataset"):
        shutil.copytree(root / part, folder / part)
    return folder


NESTINGS = ("list of lists", "large lists", "lists of fixed size", "doubles")


def foreign(root: Path, folder: Path) -> Path:
    """The blocks of a root as plain pyarrow writes them, in four nestings by turns: without our metadata."""
    for number, path in enumerate(sorted((root / "blocks").rglob("*.parquet"))):
        block = read_block(path)
        to = folder / "data" / block.metadata["split"] / "part-00000" / f"{number}.parquet"
        to.parent.mkdir(parents=True, exist_ok=True)
        write_foreign(to, block, NESTINGS[number % len(NESTINGS)])
    return folder


def write_foreign(path: Path, block: Block, nesting: str = NESTINGS[0]) -> None:
    metadata = pa.array([str(block.metadata).replace("'", '"')])
    columns = {"metadata": metadata, "targets": nested(block.targets, nesting), "dna_sequence": pa.array([block.dna])}
    if nesting != "list of lists":
        columns = dict(reversed(columns.items()))
    pq.write_table(pa.table(columns), path)


def nested(targets: np.ndarray, nesting: str) -> pa.Array:
    """A column of one row, L x C values."""
    length, channels = targets.shape
    values = pa.array(targets.reshape(-1), pa.float64() if nesting == "doubles" else pa.float32())
    edges = np.arange(0, length * channels + 1, channels)
    match nesting:
        case "large lists":
            inner = pa.LargeListArray.from_arrays(pa.array(edges, pa.int64()), values)
            return pa.LargeListArray.from_arrays(pa.array([0, length], pa.int64()), inner)
        case "lists of fixed size":
            inner = pa.FixedSizeListArray.from_arrays(values, channels)
        case _:
            inner = pa.ListArray.from_arrays(pa.array(edges, pa.int32()), values)
    return pa.ListArray.from_arrays([0, length], inner)
