"""The preview: some cells of each split, from all datasets, with the same columns whatever obs has. It is what a hub's
viewer opens at once, and what code is tried on."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

CELLS = 100
"""Cells of a split; of so many datasets at most."""

SCHEMA = pa.schema(
    [
        ("dataset", pa.string()),
        ("cell_id", pa.string()),
        ("cell_sentence", pa.string()),
        ("n_genes", pa.int32()),
        ("age", pa.float64()),
        *(
            (name, pa.string())
            for name in ("donor", "split", "organism", "tissue", "cell_type", "assay", "sex", "disease")
        ),
        *((name, pa.string()) for name in ("dataset_id", "collection_id", "publication_title", "publication_doi")),
    ]
)
"""Columns that a dataset has not are null."""


def preview_of(root: Path, chunks: Sequence[Mapping[str, Any]]) -> dict[str | None, pa.Table]:
    """Return the preview of each split (None where nothing is split): the first cells of each dataset's first chunk.

    chunks: rows of `gather.CHUNKS`.
    """
    first: dict[str | None, dict[str, Path]] = {}
    for row in chunks:
        first.setdefault(row["split"], {}).setdefault(row["dataset"], root / row["path"])
    return {split: pa.concat_tables(_cells(of_split)) for split, of_split in first.items()}


def _cells(paths: Mapping[str, Path]) -> Iterator[pa.Table]:
    each = max(1, CELLS // len(paths))
    for dataset, path in list(paths.items())[:CELLS]:
        with pq.ParquetFile(path) as file:
            names = [name for name in SCHEMA.names if name in file.schema_arrow.names]
            cells = pa.Table.from_batches([next(file.iter_batches(each, row_groups=[0], columns=names))])
        told = {"dataset": pa.array([dataset] * len(cells)), **{name: cells[name] for name in names}}
        columns = [told.get(field.name, pa.nulls(len(cells))).cast(field.type) for field in SCHEMA]
        yield pa.table(columns, SCHEMA)
