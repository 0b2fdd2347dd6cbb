"""What a loader demands of stored rows: the columns, lengths, labels and metadata of a sample of them."""

import random
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from genatator_assets.catalogue import Catalogue
from genatator_assets.segmentation.card import manifests_of
from genatator_assets.segmentation.rows import ROWS_SCHEMA

_METADATA = re.compile(r"([^|]*\|){2}(mRNA|lnc_RNA)\|[+-]\|[^|]+\|[^|]+\|(\d+):(\d+)")
_LETTERS = b"ACGTN"


def faults_of(catalogue: Catalogue, root: Path, rows: int) -> Iterator[str]:
    """Return what is wrong with about so many rows of each genome, drawn by a seed: whole row groups are read."""
    for genome, manifest in manifests_of(catalogue, root).items():
        files = [root / output.path for output in manifest.outputs if len(Path(output.path).parts) == 4]
        groups = [(file, number) for file in files for number in range(pq.read_metadata(file).num_row_groups)]
        seen = 0
        for file, number in random.Random(genome).sample(groups, len(groups)):  # noqa: S311 - can be drawn again
            opened = pq.ParquetFile(file)
            if opened.schema_arrow.names != ROWS_SCHEMA.names:
                yield f"{file}: expected the columns {', '.join(ROWS_SCHEMA.names)}"
                break
            group = opened.read_row_group(number)
            yield from (f"{file}: row {place} of row group {number}: {told}" for place, told in _of_group(group))
            seen += len(group)
            if seen >= rows:
                break


def _of_group(group: pa.Table) -> Iterator[tuple[int, str]]:
    for place, (dna, metadata, status) in enumerate(
        zip(*(group[name].to_pylist() for name in ("dna_sequence", "metadata", "status")), strict=True)
    ):
        labels = group["labels"][place].values.flatten().to_numpy().reshape(-1, 5)
        yield from ((place, told) for told in _of_row(dna, labels, metadata, status))


def _of_row(dna: str, labels: np.ndarray, metadata: str, status: int) -> Iterator[str]:
    said = _METADATA.fullmatch(metadata)
    if said is None:
        yield f"metadata {metadata!r} are not seven fields with '|' between"
        return
    length = int(said[4]) - int(said[3])
    if not len(dna) == len(labels) == length:
        yield f"{len(dna):,} bases, {len(labels):,} labels, and metadata say {length:,}"
        return
    if dna.encode().translate(None, _LETTERS):
        yield "bases are not of A, C, G, T and N alone"
    if status not in (0, 1):
        yield f"status is {status}, expected 0 or 1"
    five, exon, intron, three, coding = labels.T
    if not np.isin(labels, (0, 1)).all() or np.any(exon + intron != 1):
        yield "labels are not 0 or 1, or exon and intron don't exclude each other"
    if np.any(five + three + coding > exon):
        yield "5UTR, 3UTR and CDS overlap, or lie outside of exons"
    if said[2] == "lnc_RNA" and np.any(five + three + coding):
        yield "a lncRNA has coding sequence or UTRs"
