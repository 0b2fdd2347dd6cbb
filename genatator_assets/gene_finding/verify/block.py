"""One block, compared clause by clause of the contract with what the inputs and the catalogue say."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from genatator_assets.gene_finding.section import Kernel
from genatator_assets.gene_finding.verify.bases import Compared, Runs, compare_targets
from genatator_assets.gene_finding.verify.derive import CHANNELS, Selected, heights
from genatator_assets.gene_finding.verify.difference import Difference
from genatator_assets.work.files import sha256_of_file
from genatator_assets.work.tables import readable

_COLUMNS = {
    "dna_sequence": pa.string(),
    "targets": pa.list_(pa.list_(pa.float32(), len(CHANNELS))),
    "metadata": pa.string(),
}
_SUMS_AGREE = 1e-9  # sums of floats in another order


@dataclass(frozen=True)
class BlockToVerify:
    """Block [start, end) of a chromosome; `dna` and `selected` come from the inputs, `inputs` are their hashes."""

    root: Path
    path: str
    genome: str
    split: str
    chrom: str
    start: int
    chrom_length: int
    block_size_bp: int
    kernel: Kernel
    inputs: Mapping[str, str]
    segments: Path
    index_row: Mapping[str, Any] | None
    dna: bytes
    selected: Selected

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.dna)

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """What its metadata must say."""
        return {
            "genome": self.genome,
            "split": self.split,
            "chrom": self.chrom,
            "start": self.start,
            "end": self.end,
            "chrom_length": self.chrom_length,
            "sequence_length": len(self.dna),
            "target_shape": [len(self.dna), len(CHANNELS)],
            "target_names": list(CHANNELS),
            "block_size_bp": self.block_size_bp,
        }

    def differs(self, what: str, expected: object, found: object, count: int = 1, at: int | None = None) -> Difference:
        """Describe that something of it differs, `at` a base of the chromosome or, by default, at its start."""
        position = self.start if at is None else at
        return Difference(self.genome, self.chrom, position, what, str(expected), str(found), count)


def verify_block(block: BlockToVerify) -> list[Difference]:
    """Compare a block's file, its row of the index and the runs of its interval with the inputs.

    That a file or row is not there at all is told elsewhere.
    """
    path = block.root / block.path
    if not path.is_file():
        return []
    differences = [] if block.index_row is None else list(_of_index(block, path, block.index_row))
    try:
        file = pq.ParquetFile(readable(path), page_checksum_verification=True)
        stated = stated_faults(block.inputs, block.kernel, file.metadata.metadata or {})
        differences += [block.differs(*fault) for fault in stated]
        table = file.read()
    except (ValueError, OSError) as error:
        return [*differences, block.differs("file", "a Parquet file", f"{block.path}: {error}")]
    if shape := list(_of_shape(block, table)):
        return differences + shape
    differences += _of_metadata(block, table["metadata"][0].as_py())
    differences += _of_dna(block, table["dna_sequence"][0].as_py().encode())
    return differences + list(_of_targets(block, table["targets"].chunk(0).flatten().flatten().to_numpy()))


def _of_index(block: BlockToVerify, path: Path, row: Mapping[str, Any]) -> Iterator[Difference]:
    stated = ("genome", "split", "chrom", "start", "end", "chrom_length")
    expected = {key: block.metadata[key] for key in stated}
    expected |= {letter: block.dna.count(letter.encode()) for letter in "ACGTN"}
    expected |= {"dna_sha256": hashlib.sha256(block.dna).hexdigest()}
    file = {"bytes": path.stat().st_size, "sha256": sha256_of_file(path)}
    for key, value in expected.items():
        if row[key] != value:
            yield block.differs(f"index {key}", value, row[key])
    for key, value in file.items():
        if row[key] != value:
            yield block.differs(f"file's {key}", row[key], value)


def stated_faults(
    must: Mapping[str, str], kernel: Kernel, said: Mapping[bytes, bytes]
) -> Iterator[tuple[str, object, object]]:
    """Compare the inputs and the kernel that a block's footer says it was made from with those that they must be.

    Yields what differs, what was expected, what was found.
    """
    inputs = _json(said.get(b"genatator_assets.inputs", b"{}").decode())
    parameters = _json(said.get(b"genatator_assets.parameters", b"{}").decode())
    stated_inputs = {name: inputs.get(name) for name in must} if isinstance(inputs, dict) else inputs
    if stated_inputs != dict(must):
        yield "stated inputs", dict(must), stated_inputs
    stated = parameters.get("kernel") if isinstance(parameters, dict) else None
    if stated != kernel.model_dump(mode="json"):
        yield "stated kernel", kernel.model_dump(mode="json"), stated


def _of_shape(block: BlockToVerify, table: pa.Table) -> Iterator[Difference]:
    """The columns, one row, and no nulls at any depth: without these nothing else can be compared."""
    columns = {field.name: field.type for field in table.schema}
    if columns != _COLUMNS or len(table.column_names) != len(_COLUMNS):
        yield block.differs("columns", _COLUMNS, columns)
    elif len(table) != 1:
        yield block.differs("rows", 1, len(table))
    else:
        bases = table["targets"].chunk(0).values
        nulls = sum(column.null_count for column in table.columns) + bases.null_count + bases.values.null_count
        if nulls:
            yield block.differs("nulls", 0, nulls, nulls)


def _of_metadata(block: BlockToVerify, text: str) -> Iterator[Difference]:
    found = _json(text)
    if not isinstance(found, dict):
        yield block.differs("metadata", "a JSON object", text[:80])
        return
    for key in dict.fromkeys([*block.metadata, *found]):
        expected, value = block.metadata.get(key, "no such key"), found.get(key, "no such key")
        if json.dumps(expected) != json.dumps(value):  # 1, 1.0 and true are different here
            yield block.differs(f"metadata {key}", expected, value)


def _of_dna(block: BlockToVerify, found: bytes) -> Iterator[Difference]:
    if foreign := sorted(set(found) - set(b"ACGTN")):
        count = sum(found.count(bytes([letter])) for letter in foreign)
        yield block.differs("dna_sequence letters", "ACGTN", bytes(foreign).decode("ascii", "replace"), count)
    if len(found) != len(block.dna):
        yield block.differs("dna_sequence length", len(block.dna), len(found))
        return
    wrong = np.flatnonzero(np.frombuffer(found, np.uint8) != np.frombuffer(block.dna, np.uint8))
    if len(wrong):
        first = int(wrong[0])
        letters = chr(block.dna[first]), chr(found[first])
        yield block.differs("dna_sequence", *letters, len(wrong), block.start + first)


def _of_targets(block: BlockToVerify, values: npt.NDArray[np.float32]) -> Iterator[Difference]:
    if len(values) != len(block.dna) * len(CHANNELS):
        yield block.differs("targets", f"{len(block.dna):,} x {len(CHANNELS)}", f"{len(values):,} values")
        return
    found = values.reshape(-1, len(CHANNELS))
    try:
        runs = Runs.read(block.segments)
    except (ValueError, OSError) as error:
        yield block.differs("file", "a Parquet file", f"{block.segments}: {error}")
        runs = None
    compared = compare_targets(block.selected, heights(block.kernel), block.start, found, runs)
    for prefix, mismatches in (("", compared.in_block), ("segments ", compared.in_segments)):
        for channel, first in sorted(mismatches.items()):
            yield block.differs(prefix + CHANNELS[channel], first.expected, first.found, first.count, first.position)
    if compared.illegal:
        yield block.differs("targets outside [0, 1] or NaN", 0, compared.illegal, compared.illegal)
    if compared.below_mrna:
        yield block.differs("combined targets below mRNA", 0, compared.below_mrna, compared.below_mrna)
    if block.index_row is not None:
        yield from _of_sums(block, compared, block.index_row)


def _of_sums(block: BlockToVerify, compared: Compared, row: Mapping[str, Any]) -> Iterator[Difference]:
    for number, channel in enumerate(CHANNELS):
        total, stated = float(compared.sums[number]), row["target_sum"][number]
        if stated is None or not abs(stated - total) <= _SUMS_AGREE * max(1.0, total):
            yield block.differs(f"index sum {channel}", total, stated)
        greatest, stated = float(compared.greatest[number]), row["target_max"][number]
        if stated != greatest:
            yield block.differs(f"index max {channel}", greatest, stated)
        positive, stated = int(compared.positive[number]), row["target_positive"][number]
        if stated != positive:
            yield block.differs(f"index positive {channel}", positive, stated)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
